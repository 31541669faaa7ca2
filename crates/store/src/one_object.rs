//! One object of a store, with nothing else beside it.

use std::fs::File;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::error::Error;
use crate::store::{Condition, ListPage, ListRequest, Object, Put, Store};

/// One object of a store.
#[derive(Debug)]
pub struct OneObject {
    store: Arc<dyn Store>,
    key: String,
}

impl OneObject {
    /// An object, if it is there.
    ///
    /// # Errors
    /// If the store cannot be listed.
    pub async fn find(store: Arc<dyn Store>, key: String) -> Result<Option<Self>, Error> {
        let one = OneObject { store, key };
        let is_there = !one.list(&ListRequest::all("")).await?.objects.is_empty();
        Ok(is_there.then_some(one))
    }
}

#[async_trait]
impl Store for OneObject {
    fn location(&self) -> String {
        format!("{}/{}", self.store.location().trim_end_matches('/'), self.key)
    }

    fn is_one_object(&self) -> bool {
        true
    }

    async fn list(&self, request: &ListRequest) -> Result<ListPage, Error> {
        let is_after = request.start_after.as_ref().is_none_or(|after| *after < self.key);
        if !self.key.starts_with(&request.prefix) || !is_after {
            return Ok(ListPage::default());
        }
        let mut page = self.store.list(&ListRequest::all(&self.key).page_size(1)).await?;
        page.objects.retain(|meta| meta.key == self.key);
        Ok(ListPage { objects: page.objects, ..ListPage::default() })
    }

    async fn get(&self, key: &str) -> Result<Object, Error> {
        self.store.get(key).await
    }

    async fn put(&self, key: &str, bytes: Bytes) -> Result<(), Error> {
        self.store.put(key, bytes).await
    }

    async fn put_file(&self, key: &str, file: File) -> Result<(), Error> {
        self.store.put_file(key, file).await
    }

    async fn put_if(&self, key: &str, bytes: Bytes, condition: Condition) -> Result<Put, Error> {
        self.store.put_if(key, bytes, condition).await
    }

    async fn delete(&self, key: &str) -> Result<(), Error> {
        self.store.delete(key).await
    }
}
