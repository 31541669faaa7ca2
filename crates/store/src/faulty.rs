//! A wrapper that fails as a script says: for tests of what is built on a store.

use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;

use crate::body::{Body, Chunks};
use crate::error::{Error, Operation};
use crate::store::{Condition, ListPage, ListRequest, Object, Put, Store};

/// A store that fails as a script says. Without faults, it is the store that it wraps.
#[derive(Debug)]
pub struct Faulty {
    store: Arc<dyn Store>,
    faults: Mutex<Vec<Armed>>,
    n_failed: AtomicU64,
}

/// One way to fail. The first of the faults that fits a call decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which calls; [`Operation::Connect`] fits none.
    pub operation: Operation,
    /// What the key (of a listing: the prefix) contains; empty is every key.
    pub key_contains: String,
    /// The first of the calls that fit to fail, from 1.
    pub first: u64,
    /// The last one.
    pub last: u64,
    /// How.
    pub failure: Failure,
}

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// [`Error::NotFound`].
    NotFound,
    /// [`Error::AccessDenied`].
    AccessDenied,
    /// [`Error::Throttled`], as after all tries.
    Throttled,
    /// [`Error::Unreachable`].
    Unreachable,
    /// The call does its work, and the answer is lost: [`Error::Unreachable`].
    AnswerLost,
    /// The body breaks off after so many bytes: [`Error::Interrupted`]. Of other calls than `get`,
    /// [`Error::Unreachable`].
    Cut(u64),
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    n_seen: u64,
}

impl Fault {
    /// All calls of a kind fail.
    pub fn on(operation: Operation, failure: Failure) -> Self {
        Self { operation, key_contains: String::new(), first: 1, last: u64::MAX, failure }
    }

    /// Of those, only the ones whose key (of a listing: prefix) contains this.
    #[must_use]
    pub fn key(mut self, part: &str) -> Self {
        part.clone_into(&mut self.key_contains);
        self
    }

    /// Of those, only the `n`-th, from 1.
    #[must_use]
    pub fn nth(self, n: u64) -> Self {
        Self { first: n, last: n, ..self }
    }

    /// Of those, the `n`-th and all after it.
    #[must_use]
    pub fn from_nth(self, n: u64) -> Self {
        Self { first: n, last: u64::MAX, ..self }
    }
}

impl Faulty {
    /// Wraps a store.
    pub fn new(store: Arc<dyn Store>, faults: Vec<Fault>) -> Self {
        let faulty = Self { store, faults: Mutex::default(), n_failed: AtomicU64::new(0) };
        faulty.set_faults(faults);
        faulty
    }

    /// Replaces the script; counting starts afresh.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        let armed = faults.into_iter().map(|fault| Armed { fault, n_seen: 0 }).collect();
        *self.faults.lock().expect("no holder panics") = armed;
    }

    /// How many calls were made to fail so far.
    pub fn n_failed(&self) -> u64 {
        self.n_failed.load(Ordering::Relaxed)
    }

    fn failure(&self, operation: Operation, key: &str) -> Option<Failure> {
        let mut faults = self.faults.lock().expect("no holder panics");
        let mut fitting = faults.iter_mut().filter(|armed| {
            armed.fault.operation == operation && key.contains(&armed.fault.key_contains)
        });
        let failure = fitting.find_map(|armed| {
            armed.n_seen += 1;
            let fails = (armed.fault.first..=armed.fault.last).contains(&armed.n_seen);
            fails.then_some(armed.fault.failure)
        });
        self.n_failed.fetch_add(u64::from(failure.is_some()), Ordering::Relaxed);
        failure
    }

    /// Makes a change, unless the script says that it fails before.
    async fn change(
        &self,
        operation: Operation,
        key: &str,
        change: impl Future<Output = Result<(), Error>>,
    ) -> Result<(), Error> {
        let failure = self.failure(operation, key);
        if matches!(failure, None | Some(Failure::AnswerLost)) {
            change.await?;
        }
        failure.map_or(Ok(()), |failure| Err(self.error(operation, key, failure)))
    }

    fn error(&self, operation: Operation, key: &str, failure: Failure) -> Error {
        let target = format!("{}{key}", self.store.location());
        match failure {
            Failure::NotFound => Error::NotFound { target },
            Failure::AccessDenied => {
                let code = "AccessDenied".to_owned();
                Error::AccessDenied { operation, target, code, source: None }
            }
            Failure::Throttled => {
                Error::Throttled { operation, target, tries: 1, code: "SlowDown".to_owned() }
            }
            Failure::Unreachable | Failure::AnswerLost | Failure::Cut(_) => {
                let endpoint = self.store.location();
                Error::Unreachable { endpoint, source: Some("scripted".into()) }
            }
        }
    }
}

#[async_trait]
impl Store for Faulty {
    fn location(&self) -> String {
        self.store.location()
    }

    async fn list(&self, request: &ListRequest) -> Result<ListPage, Error> {
        match self.failure(Operation::List, &request.prefix) {
            Some(failure) => Err(self.error(Operation::List, &request.prefix, failure)),
            None => self.store.list(request).await,
        }
    }

    async fn get(&self, key: &str) -> Result<Object, Error> {
        let cut_at = match self.failure(Operation::Get, key) {
            None => return self.store.get(key).await,
            Some(Failure::Cut(cut_at)) => cut_at,
            Some(failure) => return Err(self.error(Operation::Get, key, failure)),
        };
        let Object { meta, body } = self.store.get(key).await?;
        let target = format!("{}{key}", self.store.location());
        let size_bytes = meta.size_bytes;
        let body =
            Body::chunks(size_bytes, Cut { target, size_bytes, body, cut_at, received_bytes: 0 });
        Ok(Object { meta, body })
    }

    async fn put(&self, key: &str, bytes: Bytes) -> Result<(), Error> {
        self.change(Operation::Put, key, self.store.put(key, bytes)).await
    }

    async fn put_file(&self, key: &str, file: File) -> Result<(), Error> {
        self.change(Operation::Put, key, self.store.put_file(key, file)).await
    }

    async fn put_if(&self, key: &str, bytes: Bytes, condition: Condition) -> Result<Put, Error> {
        match self.failure(Operation::Put, key) {
            None => self.store.put_if(key, bytes, condition).await,
            Some(failure) => {
                if failure == Failure::AnswerLost {
                    self.store.put_if(key, bytes, condition).await?;
                }
                Err(self.error(Operation::Put, key, failure))
            }
        }
    }

    async fn delete(&self, key: &str) -> Result<(), Error> {
        self.change(Operation::Delete, key, self.store.delete(key)).await
    }
}

/// A body that breaks off.
#[derive(Debug)]
struct Cut {
    target: String,
    size_bytes: u64,
    body: Body,
    cut_at: u64,
    received_bytes: u64,
}

#[async_trait]
impl Chunks for Cut {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if self.received_bytes == self.cut_at && self.cut_at < self.size_bytes {
            return Err(Error::Interrupted {
                target: self.target.clone(),
                received_bytes: self.received_bytes,
                size_bytes: self.size_bytes,
                source: Some("scripted".into()),
            });
        }
        let Some(mut chunk) = self.body.chunk().await? else { return Ok(None) };
        let left_bytes = self.cut_at - self.received_bytes;
        chunk.truncate(usize::try_from(left_bytes).unwrap_or(usize::MAX));
        self.received_bytes += chunk.len() as u64;
        Ok(Some(chunk))
    }
}
