//! A body that is resumed where it broke off.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use crate::body::Chunks;
use crate::error::{Cause, Error};
use crate::s3::Inner;
use crate::s3::error::innermost;
use crate::s3::get::Rest;
use crate::s3::pause::pause;
use crate::store::ObjectMeta;

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
            tokio::time::sleep(pause(self.inner.first_pause, self.n_tries, &self.key)).await;
            self.n_tries += 1;
            let rest = Rest { from: self.received_bytes, etag: &self.etag };
            match self.inner.get(&self.key, Some(rest)).await {
                Ok((_, stream)) => {
                    self.stream = stream;
                    return Ok(());
                }
                // One request has been tried often enough.
                Err(error) if error.is_transient() => return Err(self.interrupted(error.into())),
                Err(error @ Error::Other { .. }) => cause = error.into(),
                Err(Error::NotFound { target }) => return Err(Error::Changed { target }),
                Err(error) => return Err(error),
            }
        }
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
            let next = tokio::time::timeout(self.inner.stall_limit, self.stream.next()).await;
            let cause = match next {
                Ok(Some(Ok(chunk))) if chunk.is_empty() => continue,
                Ok(Some(Ok(chunk))) => {
                    let received_bytes = self.received_bytes + chunk.len() as u64;
                    if received_bytes > self.size_bytes {
                        return Err(self.interrupted("the service sends more than that".into()));
                    }
                    self.received_bytes = received_bytes;
                    self.n_tries = 1;
                    return Ok(Some(chunk));
                }
                Ok(Some(Err(error))) => innermost(&error),
                Ok(None) => "the connection was closed".into(),
                Err(_) => format!("nothing came for {:?}", self.inner.stall_limit),
            };
            self.resume(cause.into()).await?;
        }
    }
}
