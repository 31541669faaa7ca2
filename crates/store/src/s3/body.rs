//! A body that is resumed where it broke off.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use crate::body::Chunks;
use crate::error::{Cause, Error};
use crate::s3::Inner;
use crate::s3::error::innermost;
use crate::store::ObjectMeta;

/// The longest pause before a body is resumed.
const MAX_PAUSE: Duration = Duration::from_secs(20);

/// The body of an object. When the connection breaks, stalls, or ends before the promised length,
/// the rest is asked for, as long as the object is the same; a number of times in a row, unless
/// something arrives in between.
#[derive(Debug)]
pub(super) struct Resumed {
    inner: Arc<Inner>,
    key: String,
    etag: String,
    size_bytes: u64,
    received_bytes: u64,
    stream: ByteStream,
    n_tries: u32,
}

impl Resumed {
    pub(super) fn new(inner: Arc<Inner>, meta: &ObjectMeta, stream: ByteStream) -> Self {
        Self {
            inner,
            key: meta.key.clone(),
            etag: meta.etag.clone().unwrap_or_default(),
            size_bytes: meta.size_bytes,
            received_bytes: 0,
            stream,
            n_tries: 1,
        }
    }

    async fn resume(&mut self, mut cause: Cause) -> Result<(), Error> {
        loop {
            // Without an ETag nobody could tell whether the rest belongs to the beginning.
            if self.n_tries >= self.inner.max_tries || self.etag.is_empty() {
                return Err(self.interrupted(cause));
            }
            tokio::time::sleep(self.pause()).await;
            self.n_tries += 1;
            match self.inner.get(&self.key, Some((self.received_bytes, &self.etag))).await {
                Ok((_, stream)) => {
                    self.stream = stream;
                    return Ok(());
                }
                // The SDK has tried often enough in one request.
                Err(error) if error.is_transient() => return Err(self.interrupted(error.into())),
                Err(error @ Error::Other { .. }) => cause = error.into(),
                Err(Error::NotFound { target }) => return Err(Error::Changed { target }),
                Err(error) => return Err(error),
            }
        }
    }

    /// Grows with the tries, and differs between objects that broke off at the same moment.
    fn pause(&self) -> Duration {
        let longest = self.inner.first_pause.saturating_mul(1 << (self.n_tries - 1).min(16));
        let mut hasher = DefaultHasher::new();
        (&self.key, self.n_tries).hash(&mut hasher);
        let per_mille = 500 + (hasher.finish() % 500) as u32;
        longest.min(MAX_PAUSE) * per_mille / 1000
    }

    fn interrupted(&self, cause: Cause) -> Error {
        Error::Interrupted {
            target: self.inner.target(&self.key),
            received_bytes: self.received_bytes,
            size_bytes: self.size_bytes,
            source: Some(cause),
        }
    }
}

#[async_trait]
impl Chunks for Resumed {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            if self.received_bytes == self.size_bytes {
                return Ok(None);
            }
            let cause = match self.stream.next().await {
                Some(Ok(chunk)) if chunk.is_empty() => continue,
                Some(Ok(chunk)) => {
                    let received_bytes = self.received_bytes + chunk.len() as u64;
                    if received_bytes > self.size_bytes {
                        return Err(self.interrupted("the service sends more than that".into()));
                    }
                    self.received_bytes = received_bytes;
                    self.n_tries = 1;
                    return Ok(Some(chunk));
                }
                Some(Err(error)) => innermost(&error),
                None => "the connection was closed".into(),
            };
            self.resume(cause.into()).await?;
        }
    }
}
