//! A store in memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Seek};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use bytes::Bytes;

use crate::body::Body;
use crate::error::Error;
use crate::store::{Condition, ListPage, ListRequest, Object, ObjectMeta, Put, Store};

/// A store in memory: for tests, and the model of what the others do.
#[derive(Debug, Default)]
pub struct Memory {
    objects: Mutex<BTreeMap<String, Bytes>>,
}

impl Memory {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    fn objects(&self) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
        self.objects.lock().expect("no holder panics")
    }
}

#[async_trait]
impl Store for Memory {
    fn location(&self) -> String {
        "memory:".to_owned()
    }

    async fn list(&self, request: &ListRequest) -> Result<ListPage, Error> {
        Ok(page(&self.objects(), request))
    }

    async fn get(&self, key: &str) -> Result<Object, Error> {
        let bytes = self.objects().get(key).cloned();
        let bytes = bytes.ok_or_else(|| Error::NotFound { target: format!("memory:{key}") })?;
        Ok(Object { meta: meta(key, &bytes), body: Body::whole(bytes) })
    }

    async fn put(&self, key: &str, bytes: Bytes) -> Result<(), Error> {
        self.objects().insert(key.to_owned(), bytes);
        Ok(())
    }

    async fn put_file(&self, key: &str, mut file: File) -> Result<(), Error> {
        let mut content = Vec::new();
        let read = file.rewind().and_then(|()| file.read_to_end(&mut content));
        read.map_err(|source| Error::Unreadable { path: "memory".into(), source })?;
        self.put(key, content.into()).await
    }

    async fn put_if(&self, key: &str, bytes: Bytes, condition: Condition) -> Result<Put, Error> {
        let mut objects = self.objects();
        let holds = match (objects.get(key), condition) {
            (present, Condition::Absent) => present.is_none(),
            (None, Condition::Unchanged { .. }) => false,
            (Some(present), Condition::Unchanged { etag: wanted }) => etag(present) == wanted,
        };
        if !holds {
            return Ok(Put::ConditionFailed);
        }
        let etag = etag(&bytes);
        objects.insert(key.to_owned(), bytes);
        Ok(Put::Done { etag })
    }

    async fn delete(&self, key: &str) -> Result<(), Error> {
        self.objects().remove(key);
        Ok(())
    }
}

fn page(objects: &BTreeMap<String, Bytes>, request: &ListRequest) -> ListPage {
    let prefix = request.prefix.as_str();
    let after = request.after();
    let mut page = ListPage::default();
    let mut last = None;
    let from = match after {
        Some(after) if after >= prefix => Bound::Excluded(after),
        _ => Bound::Included(prefix),
    };
    let mut range = objects.range::<str, _>((from, Bound::Unbounded));
    while let Some((key, bytes)) = range.next() {
        let Some(rest) = key.strip_prefix(prefix) else { break };
        let folder = match rest.find('/') {
            Some(slash) if request.delimiter => Some(&key[..=prefix.len() + slash]),
            _ => None,
        };
        let name = folder.unwrap_or(key);
        if folder.is_some() {
            // `0` is the character after `/`.
            let next = format!("{}0", name.strip_suffix('/').unwrap_or(name));
            range = objects.range::<str, _>((Bound::Included(next.as_str()), Bound::Unbounded));
        }
        if after.is_some_and(|after| name <= after) {
            continue;
        }
        if page.objects.len() + page.prefixes.len() == request.limit() {
            page.next = last;
            break;
        }
        last = Some(name.to_owned());
        match folder {
            Some(folder) => page.prefixes.push(folder.to_owned()),
            None => page.objects.push(meta(key, bytes)),
        }
    }
    page
}

fn meta(key: &str, bytes: &Bytes) -> ObjectMeta {
    let (key, size_bytes) = (key.to_owned(), bytes.len() as u64);
    ObjectMeta { key, size_bytes, etag: Some(etag(bytes)), is_archived: false }
}

fn etag(bytes: &Bytes) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
