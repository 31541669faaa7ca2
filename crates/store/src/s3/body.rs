//! Reading an object: a body that is resumed where it broke off.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use crate::body::Chunks;
use crate::error::{Cause, Error, Operation};
use crate::s3::error::innermost;
use crate::s3::{Inner, unquoted};
use crate::store::ObjectMeta;

/// The rest of an object, if it is still the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rest<'a> {
    /// The first byte.
    from: u64,
    /// Without its quotes.
    etag: &'a str,
}

impl Inner {
    /// An object, or the rest of it.
    pub(super) async fn get(
        &self,
        key: &str,
        rest: Option<Rest<'_>>,
    ) -> Result<(ObjectMeta, ByteStream), Error> {
        let mut call = self.client.get_object().bucket(&self.bucket).key(self.full(key));
        if let Some(Rest { from, etag }) = rest {
            call = call.range(format!("bytes={from}-")).if_match(format!("\"{etag}\""));
        }
        let call = call.set_request_payer(self.payer()).set_expected_bucket_owner(self.owner());
        let answer = call.send().await.map_err(|error| self.get_error(key, &error))?;
        if let Some(Rest { from, etag }) = rest {
            // Some services ignore the condition.
            if answer.e_tag.clone().map(unquoted).as_deref() != Some(etag) {
                return Err(Error::Changed { target: self.target(key) });
            }
            let range = answer.content_range().unwrap_or_default();
            if !range.starts_with(&format!("bytes {from}-")) {
                let source = "the service does not send the range that was asked for";
                return Err(self.other(Operation::Get, key, source));
            }
        }
        let size_bytes = answer.content_length.and_then(|size| u64::try_from(size).ok());
        let Some(size_bytes) = size_bytes else {
            return Err(self.other(Operation::Get, key, "the answer has no length"));
        };
        let etag = answer.e_tag.map(unquoted);
        let meta = ObjectMeta { key: key.to_owned(), size_bytes, etag, is_archived: false };
        Ok((meta, answer.body))
    }

    fn get_error(&self, key: &str, error: &SdkError<GetObjectError>) -> Error {
        match (self.error(Operation::Get, key, error), error.as_service_error()) {
            (Error::Archived { target, .. }, Some(GetObjectError::InvalidObjectState(state))) => {
                let storage_class = state.storage_class().map(ToString::to_string);
                let storage_class = match (storage_class, state.access_tier()) {
                    (Some(class), Some(tier)) => Some(format!("{class}, {tier}")),
                    (class, _) => class,
                };
                Error::Archived { target, storage_class }
            }
            (error, _) => error,
        }
    }
}

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
            // Without an ETag it is unknown whether the rest belongs to the beginning.
            if self.n_tries >= self.inner.max_tries || self.etag.is_empty() {
                return Err(self.interrupted(cause));
            }
            // The SDK pauses between tries of a request; this is for bodies that break off at once.
            tokio::time::sleep(self.inner.first_pause * (self.n_tries - 1)).await;
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
