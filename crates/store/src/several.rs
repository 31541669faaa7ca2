//! Several stores that are read as one: each is a folder of it.

use std::sync::Arc;

use async_trait::async_trait;

use crate::content::Content;
use crate::error::Error;
use crate::guard::Guard;
use crate::store::{Deleted, ListPage, ListRequest, Object, Put, Store};

/// What the folders' names begin with.
const MARK: &str = "@";

/// Stores that are read as one. The keys of the first begin with `@001/`, those of the second with `@002/`,
/// in the order in which they are given; a key without such a folder is looked for in each of them, in that
/// order. Nothing can be written.
#[derive(Debug)]
pub struct Several {
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    /// What is put in front of names in it that are not told apart otherwise.
    name: Option<String>,
    store: Arc<dyn Store>,
}

impl Several {
    /// These stores, in their order, each with what is put in front of names in it, if anything.
    pub fn new(stores: impl IntoIterator<Item = (Option<String>, Arc<dyn Store>)>) -> Self {
        let parts = stores.into_iter().map(|(name, store)| Part { name, store });
        Self { parts: parts.collect() }
    }

    /// The folders of the stores, in their order, each with a `/` at its end.
    pub fn folders(&self) -> Vec<String> {
        (0..self.parts.len()).map(Self::folder).collect()
    }

    /// A key or prefix as a user would write it: with the location that it is at.
    pub fn shown(&self, key: &str) -> String {
        match self.part_of(key) {
            Some((_, part, key)) => {
                format!("{}/{key}", part.store.location().trim_end_matches('/'))
            }
            None => key.to_owned(),
        }
    }

    /// The name of the object of a key: its key in its own store, with the name of the store, if it has one,
    /// as a folder in front.
    pub fn name_of(&self, key: &str) -> String {
        match self.part_of(key) {
            Some((_, Part { name: Some(name), .. }, key)) => format!("{name}/{key}"),
            Some((_, _, key)) => key.to_owned(),
            None => key.to_owned(),
        }
    }

    fn folder(index: usize) -> String {
        format!("{MARK}{:03}/", index + 1)
    }

    /// The index of the store that a key is in, and its key there; `None` if the key names none.
    fn split(key: &str) -> Option<(usize, &str)> {
        let (number, key) = key.strip_prefix(MARK)?.split_once('/')?;
        let is_number = number.len() >= 3 && number.bytes().all(|byte| byte.is_ascii_digit());
        let index = is_number.then(|| number.parse::<usize>().ok()).flatten()?.checked_sub(1)?;
        Some((index, key))
    }

    fn part_of<'k>(&self, key: &'k str) -> Option<(usize, &Part, &'k str)> {
        let (index, key) = Self::split(key)?;
        Some((index, self.parts.get(index)?, key))
    }

    /// A page of the whole: the folders, or what is in one of them after the other.
    async fn list_root(&self, request: &ListRequest) -> Result<ListPage, Error> {
        if request.delimiter {
            let after = request.after().unwrap_or_default().to_owned();
            let prefixes = self.folders().into_iter().filter(|folder| *folder > after).collect();
            return Ok(ListPage { prefixes, ..ListPage::default() });
        }
        // The token is that of the store, below its folder.
        let (index, token) = match request.token.as_deref().and_then(Self::split) {
            Some((index, token)) => (index, Some(token).filter(|token| !token.is_empty())),
            None => (0, None),
        };
        let Some(part) = self.parts.get(index) else { return Ok(ListPage::default()) };
        let folder = Self::folder(index);
        let after = request.start_after.as_deref();
        let start_after = match after.and_then(Self::split) {
            Some((of, key)) if of == index => Some(key.to_owned()),
            _ => None,
        };
        let is_before = after.is_some_and(|after| start_after.is_none() && *after > *folder);
        let mut page = ListPage::default();
        if !is_before {
            let token = token.map(str::to_owned);
            let inner = ListRequest { start_after, token, ..request.clone() };
            page = in_folder(&folder, part.store.list(&inner).await?);
        }
        let next = (index + 1 < self.parts.len()).then(|| Self::folder(index + 1));
        page.next = page.next.map(|token| format!("{folder}{token}")).or(next);
        Ok(page)
    }

    fn unwritable(&self, key: &str) -> Error {
        Error::InvalidKey {
            key: key.to_owned(),
            location: self.location(),
            reason: "several locations are only read",
        }
    }
}

/// A page of a store, seen from outside of its folder.
fn in_folder(folder: &str, mut page: ListPage) -> ListPage {
    let names = page.objects.iter_mut().map(|object| &mut object.key);
    for name in names.chain(&mut page.prefixes) {
        name.insert_str(0, folder);
    }
    page
}

#[async_trait]
impl Store for Several {
    fn location(&self) -> String {
        let locations = self.parts.iter().map(|part| part.store.location());
        locations.collect::<Vec<_>>().join(", ")
    }

    fn several(&self) -> Option<&Several> {
        Some(self)
    }

    async fn list(&self, request: &ListRequest) -> Result<ListPage, Error> {
        if request.prefix.is_empty() {
            return self.list_root(request).await;
        }
        let Some((index, part, prefix)) = self.part_of(&request.prefix) else {
            return Ok(ListPage::default());
        };
        let folder = Self::folder(index);
        let after = request.start_after.as_deref();
        let start_after = match after.and_then(Self::split) {
            Some((of, key)) if of == index => Some(key.to_owned()),
            _ if after.is_some_and(|after| *after > *folder) => return Ok(ListPage::default()),
            _ => None,
        };
        let inner = ListRequest { prefix: prefix.to_owned(), start_after, ..request.clone() };
        Ok(in_folder(&folder, part.store.list(&inner).await?))
    }

    async fn get(&self, key: &str) -> Result<Object, Error> {
        if let Some((_, part, key)) = self.part_of(key) {
            return part.store.get(key).await;
        }
        for Part { name, store } in &self.parts {
            let below = |name: &String| key.strip_prefix(name.as_str())?.strip_prefix('/');
            match store.get(name.as_ref().and_then(below).unwrap_or(key)).await {
                Err(error) if error.is_not_found() => {}
                found => return found,
            }
        }
        Err(Error::NotFound { target: format!("{key} in {}", self.location()) })
    }

    async fn put_if(&self, key: &str, _: Content, _: &Guard) -> Result<Put, Error> {
        Err(self.unwritable(key))
    }

    async fn delete_if(&self, key: &str, _: &Guard) -> Result<Deleted, Error> {
        Err(self.unwritable(key))
    }
}
