//! What is written: bytes that are held, or a file of this machine for what is too large to be held.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;

/// What is written. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Content {
    /// Bytes.
    Bytes(Bytes),
    /// What a file holds, from its beginning to its end.
    File(Arc<File>),
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Content::Bytes(bytes)
    }
}

impl From<File> for Content {
    fn from(file: File) -> Self {
        Content::File(Arc::new(file))
    }
}

impl Content {
    /// Its length in bytes.
    pub(crate) fn size_bytes(&self) -> io::Result<usize> {
        match self {
            Content::Bytes(bytes) => Ok(bytes.len()),
            Content::File(file) => {
                usize::try_from(file.metadata()?.len()).map_err(io::Error::other)
            }
        }
    }

    /// A part of it. A file blocks.
    pub(crate) fn part(&self, range: Range<usize>) -> io::Result<Bytes> {
        match self {
            Content::Bytes(bytes) => Ok(bytes.slice(range)),
            Content::File(file) => {
                let mut part = vec![0; range.len()];
                file.read_exact_at(&mut part, range.start as u64)?;
                Ok(Bytes::from(part))
            }
        }
    }
}
