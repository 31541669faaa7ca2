//! A wrapper that bounds the requests in flight.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::body::{Body, Chunks};
use crate::content::Content;
use crate::error::Error;
use crate::guard::Guard;
use crate::several::Several;
use crate::store::{Deleted, ListPage, ListRequest, Object, Put, Store};

/// Bounds the requests in flight to a store. An object that is read counts until its body has come
/// to its end or is dropped: a caller that holds as many unread bodies as there are permits, and asks
/// for one more, waits forever.
#[derive(Debug)]
pub struct Limited {
    store: Arc<dyn Store>,
    permits: Arc<Semaphore>,
}

impl Limited {
    /// At most `max_in_flight` requests at once; at least one.
    pub fn new(store: Arc<dyn Store>, max_in_flight: usize) -> Self {
        Self { store, permits: Arc::new(Semaphore::new(max_in_flight.max(1))) }
    }

    async fn permit(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.permits).acquire_owned().await.expect("the semaphore is never closed")
    }
}

#[async_trait]
impl Store for Limited {
    fn location(&self) -> String {
        self.store.location()
    }

    fn several(&self) -> Option<&Several> {
        self.store.several()
    }

    async fn list(&self, request: &ListRequest) -> Result<ListPage, Error> {
        let _permit = self.permit().await;
        self.store.list(request).await
    }

    async fn get(&self, key: &str) -> Result<Object, Error> {
        let permit = self.permit().await;
        let Object { meta, body } = self.store.get(key).await?;
        let chunks = Permitted { body, permit: Some(permit) };
        let body = Body::chunks(meta.size_bytes, chunks);
        Ok(Object { meta, body })
    }

    async fn put_if(&self, key: &str, content: Content, guard: &Guard) -> Result<Put, Error> {
        let _permit = self.permit().await;
        self.store.put_if(key, content, guard).await
    }

    async fn delete_if(&self, key: &str, guard: &Guard) -> Result<Deleted, Error> {
        let _permit = self.permit().await;
        self.store.delete_if(key, guard).await
    }

    async fn age(&self, key: &str) -> Result<Option<(String, Duration)>, Error> {
        let _permit = self.permit().await;
        self.store.age(key).await
    }

    async fn remove_unfinished(&self, key: &str) -> Result<(), Error> {
        let _permit = self.permit().await;
        self.store.remove_unfinished(key).await
    }
}

/// A body that holds its permit until its end.
#[derive(Debug)]
struct Permitted {
    body: Body,
    permit: Option<OwnedSemaphorePermit>,
}

#[async_trait]
impl Chunks for Permitted {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let chunk = self.body.chunk().await;
        if !matches!(chunk, Ok(Some(_))) {
            self.permit = None;
        }
        chunk
    }
}
