//! One object of a store, with nothing else beside it.

use std::sync::Arc;

use async_trait::async_trait;

use crate::content::Content;
use crate::error::Error;
use crate::guard::Guard;
use crate::store::{Deleted, ListPage, ListRequest, Object, Put, Store};

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

    async fn put_if(&self, key: &str, content: Content, guard: &Guard) -> Result<Put, Error> {
        self.store.put_if(key, content, guard).await
    }

    async fn delete_if(&self, key: &str, guard: &Guard) -> Result<Deleted, Error> {
        self.store.delete_if(key, guard).await
    }
}
