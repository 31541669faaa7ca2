//! The content of an object, in chunks.

use std::fmt::Debug;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};

use crate::error::Error;

/// What is reserved at most before anything has arrived: a length that comes from outside must not
/// decide an allocation.
const MAX_RESERVED_BYTES: u64 = 16 << 20;

/// The content of an object. Reading it to the end, or to an error, takes it from its source;
/// dropping it before gives the rest up.
#[derive(Debug)]
pub struct Body {
    size_bytes: u64,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Whole(Option<Bytes>),
    Chunks(Box<dyn Chunks>),
}

/// A source of chunks, for a store's own bodies.
#[async_trait]
pub trait Chunks: Send + Sync + Debug {
    /// The next chunk; `None` after the last. Not called again after `None` or an error.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if the content ends early and cannot be resumed.
    async fn next(&mut self) -> Result<Option<Bytes>, Error>;
}

impl Body {
    /// A body whose content is already there.
    pub fn whole(bytes: Bytes) -> Self {
        Self { size_bytes: bytes.len() as u64, source: Source::Whole(Some(bytes)) }
    }

    /// A body of `size_bytes` in chunks.
    pub fn chunks(size_bytes: u64, chunks: impl Chunks + 'static) -> Self {
        Self { size_bytes, source: Source::Chunks(Box::new(chunks)) }
    }

    /// The next chunk, which is not empty; `None` at the end.
    ///
    /// # Errors
    /// The content breaks off and cannot be resumed, or has been replaced meanwhile.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        match &mut self.source {
            Source::Whole(bytes) => Ok(bytes.take().filter(|bytes| !bytes.is_empty())),
            Source::Chunks(chunks) => loop {
                match chunks.next().await? {
                    Some(chunk) if chunk.is_empty() => {}
                    chunk => return Ok(chunk),
                }
            },
        }
    }

    /// The whole content. One that comes in one chunk is not copied.
    ///
    /// # Errors
    /// As [`Body::chunk`].
    pub async fn collect(mut self) -> Result<Bytes, Error> {
        let Some(first) = self.chunk().await? else { return Ok(Bytes::new()) };
        let Some(second) = self.chunk().await? else { return Ok(first) };
        let reserved = self.size_bytes.min(MAX_RESERVED_BYTES) as usize;
        let mut content = BytesMut::with_capacity(reserved.max(first.len() + second.len()));
        content.extend_from_slice(&first);
        content.extend_from_slice(&second);
        while let Some(chunk) = self.chunk().await? {
            content.extend_from_slice(&chunk);
        }
        Ok(content.freeze())
    }
}
