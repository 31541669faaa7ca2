//! Whole listings out of pages, and whole objects that may not be there.

use bytes::Bytes;

use crate::error::Error;
use crate::store::{ListPage, ListRequest, ObjectMeta, Store};

/// The pages of a listing, one after the other.
#[derive(Debug)]
pub struct Pages<'a> {
    store: &'a dyn Store,
    request: ListRequest,
    is_done: bool,
}

impl<'a> Pages<'a> {
    /// The pages of what `request` asks for, from its token on.
    pub fn new(store: &'a dyn Store, request: ListRequest) -> Self {
        Self { store, request, is_done: false }
    }

    /// The next page; `None` after the last.
    ///
    /// # Errors
    /// As [`Store::list`]. The same page can then be asked for again.
    pub async fn next(&mut self) -> Result<Option<ListPage>, Error> {
        if self.is_done {
            return Ok(None);
        }
        let page = self.store.list(&self.request).await?;
        self.request.token.clone_from(&page.next);
        self.is_done = page.next.is_none();
        Ok(Some(page))
    }
}

/// Every object whose key begins with `prefix`, in order. For listings that fit in memory.
///
/// # Errors
/// As [`Store::list`].
pub async fn list_all(store: &dyn Store, prefix: &str) -> Result<Vec<ObjectMeta>, Error> {
    let mut pages = Pages::new(store, ListRequest::all(prefix));
    let mut objects = Vec::new();
    while let Some(page) = pages.next().await? {
        objects.extend(page.objects);
    }
    Ok(objects)
}

/// A whole object, with what is known of it; `None` if it is not there. For objects that fit in memory.
///
/// # Errors
/// As [`Store::get`] and [`Body::collect`](crate::Body::collect), but for
/// [not found](Error::is_not_found).
pub async fn read_if_there(
    store: &dyn Store,
    key: &str,
) -> Result<Option<(ObjectMeta, Bytes)>, Error> {
    match store.get(key).await {
        Ok(object) => Ok(Some((object.meta, object.body.collect().await?))),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// As [`read_if_there`], for objects that should be small: without the content if it is larger than that.
///
/// # Errors
/// As [`read_if_there`].
pub async fn read_at_most(
    store: &dyn Store,
    key: &str,
    max_bytes: u64,
) -> Result<Option<(ObjectMeta, Option<Bytes>)>, Error> {
    match store.get(key).await {
        Ok(object) if object.meta.size_bytes > max_bytes => Ok(Some((object.meta, None))),
        Ok(object) => Ok(Some((object.meta, Some(object.body.collect().await?)))),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The folders directly under `prefix`, in order, each with the prefix before it and a `/` at its
/// end. `prefix` is empty or ends with `/`.
///
/// # Errors
/// As [`Store::list`].
pub async fn list_folders(store: &dyn Store, prefix: &str) -> Result<Vec<String>, Error> {
    all_folders(store, ListRequest::folder(prefix)).await
}

/// As [`list_folders`], with folders that hold nothing if that is faster: for who looks into them
/// anyway.
///
/// # Errors
/// As [`Store::list`].
pub async fn list_folders_or_empty(store: &dyn Store, prefix: &str) -> Result<Vec<String>, Error> {
    all_folders(store, ListRequest::folder(prefix).or_empty()).await
}

async fn all_folders(store: &dyn Store, request: ListRequest) -> Result<Vec<String>, Error> {
    let mut pages = Pages::new(store, request);
    let mut folders = Vec::new();
    while let Some(page) = pages.next().await? {
        folders.extend(page.prefixes);
    }
    Ok(folders)
}
