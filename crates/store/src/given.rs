//! One object whose content was given, such as what came from standard input.

use async_trait::async_trait;
use bytes::Bytes;

use crate::body::Body;
use crate::content::Content;
use crate::error::{Error, Operation};
use crate::guard::Guard;
use crate::store::{Deleted, ListPage, ListRequest, Object, ObjectMeta, Put, Store};

/// One object whose content is in memory. It is only read.
#[derive(Debug)]
pub struct Given {
    meta: ObjectMeta,
    bytes: Bytes,
}

impl Given {
    /// An object of a name. `etag` must differ where the content does.
    pub fn new(key: &str, etag: String, content: Vec<u8>) -> Self {
        let (key, size_bytes) = (key.to_owned(), content.len() as u64);
        let meta = ObjectMeta { key, size_bytes, etag: Some(etag), is_archived: false };
        Given { meta, bytes: content.into() }
    }

    fn refuse<T>(&self, operation: Operation) -> Result<T, Error> {
        let source = Some("it is only read".into());
        Err(Error::Other { operation, target: self.location(), code: None, source })
    }
}

#[async_trait]
impl Store for Given {
    fn location(&self) -> String {
        self.meta.key.clone()
    }

    fn is_one_object(&self) -> bool {
        true
    }

    async fn list(&self, request: &ListRequest) -> Result<ListPage, Error> {
        let key = self.meta.key.as_str();
        let is_asked_for =
            key.starts_with(&request.prefix) && request.after().is_none_or(|after| after < key);
        let objects = is_asked_for.then(|| self.meta.clone()).into_iter().collect();
        Ok(ListPage { objects, ..ListPage::default() })
    }

    async fn get(&self, key: &str) -> Result<Object, Error> {
        if key != self.meta.key {
            return Err(Error::NotFound { target: key.to_owned() });
        }
        Ok(Object { meta: self.meta.clone(), body: Body::whole(self.bytes.clone()) })
    }

    async fn put_if(&self, _: &str, _: Content, _: &Guard) -> Result<Put, Error> {
        self.refuse(Operation::Put)
    }

    async fn delete_if(&self, _: &str, _: &Guard) -> Result<Deleted, Error> {
        self.refuse(Operation::Delete)
    }
}
