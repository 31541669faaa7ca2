//! A wrapper that bounds the requests in flight.

use std::fs::File;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::body::{Body, Chunks};
use crate::error::Error;
use crate::folder::LocalReader;
use crate::store::{Condition, ListPage, ListRequest, Object, Put, Store};

/// Bounds the requests in flight to a store. An object that is read counts until its body has come
/// to its end or is dropped: who holds as many unread bodies as there are places, and asks for one
/// more, waits for ever. Files that are read with [`Store::local`] are no requests and do not count.
#[derive(Debug)]
pub struct Limited {
    store: Arc<dyn Store>,
    places: Arc<Semaphore>,
}

impl Limited {
    /// At most `max_in_flight` requests at once; at least one.
    pub fn new(store: Arc<dyn Store>, max_in_flight: usize) -> Self {
        Self { store, places: Arc::new(Semaphore::new(max_in_flight.max(1))) }
    }

    async fn place(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.places).acquire_owned().await.expect("the semaphore is never closed")
    }
}

#[async_trait]
impl Store for Limited {
    fn location(&self) -> String {
        self.store.location()
    }

    async fn list(&self, request: &ListRequest) -> Result<ListPage, Error> {
        let _place = self.place().await;
        self.store.list(request).await
    }

    async fn get(&self, key: &str) -> Result<Object, Error> {
        let place = self.place().await;
        let Object { meta, body } = self.store.get(key).await?;
        let chunks = Placed { body, place: Some(place) };
        let body = Body::chunks(meta.size_bytes, chunks);
        Ok(Object { meta, body })
    }

    fn local(&self) -> Option<LocalReader> {
        self.store.local()
    }

    async fn put(&self, key: &str, bytes: Bytes) -> Result<(), Error> {
        let _place = self.place().await;
        self.store.put(key, bytes).await
    }

    async fn put_file(&self, key: &str, file: File) -> Result<(), Error> {
        let _place = self.place().await;
        self.store.put_file(key, file).await
    }

    async fn put_if(&self, key: &str, bytes: Bytes, condition: Condition) -> Result<Put, Error> {
        let _place = self.place().await;
        self.store.put_if(key, bytes, condition).await
    }

    async fn delete(&self, key: &str) -> Result<(), Error> {
        let _place = self.place().await;
        self.store.delete(key).await
    }
}

/// A body that holds its place until its end.
#[derive(Debug)]
struct Placed {
    body: Body,
    place: Option<OwnedSemaphorePermit>,
}

#[async_trait]
impl Chunks for Placed {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let chunk = self.body.chunk().await;
        if !matches!(chunk, Ok(Some(_))) {
            self.place = None;
        }
        chunk
    }
}
