//! Reading files on the thread that needs them, without a runtime.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::Error;
use crate::folder::Inner;
use crate::folder::read::{OpenFile, shortened};

/// Opens the files of a folder. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LocalReader {
    inner: Arc<Inner>,
}

/// A file that is read up to the size that it had when it was opened.
#[derive(Debug)]
pub struct LocalFile {
    path: PathBuf,
    file: File,
    received_bytes: u64,
    size_bytes: u64,
}

impl LocalReader {
    pub(super) fn new(inner: Arc<Inner>) -> Self {
        Self { inner }
    }

    /// Opens the file of a key. A pipe, a folder or the like is not found, and is not waited for.
    ///
    /// # Errors
    /// As [`crate::Store::get`].
    pub fn open(&self, key: &str) -> Result<LocalFile, Error> {
        let OpenFile { path, file, metadata } = self.inner.open(key)?;
        Ok(LocalFile { path, file, received_bytes: 0, size_bytes: metadata.len() })
    }
}

impl LocalFile {
    /// The length of the whole content in bytes.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Reads some of what is left into `out`, and tells how many bytes; 0 at the end.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if the file has become shorter; [`Error::Unreadable`].
    pub fn read(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        let left_bytes = self.size_bytes - self.received_bytes;
        let wanted = usize::try_from(left_bytes).unwrap_or(usize::MAX).min(out.len());
        if wanted == 0 {
            return Ok(0);
        }
        loop {
            match self.file.read(&mut out[..wanted]) {
                Ok(0) => return Err(shortened(&self.path, self.received_bytes, self.size_bytes)),
                Ok(count) => {
                    self.received_bytes += count as u64;
                    return Ok(count);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => return Err(Error::Unreadable { path: self.path.clone(), source }),
            }
        }
    }

    /// Reads what is left into the beginning of `buffer`, and returns that part of it. The buffer grows
    /// as far as [`LocalFile::size_bytes`] says, so ask it before, and never shrinks: memory that is used
    /// again is not cleared again.
    ///
    /// # Errors
    /// As [`LocalFile::read`].
    pub fn read_rest<'b>(&mut self, buffer: &'b mut Vec<u8>) -> Result<&'b [u8], Error> {
        let left_bytes = self.size_bytes - self.received_bytes;
        let left_bytes = usize::try_from(left_bytes).unwrap_or(usize::MAX);
        if buffer.len() < left_bytes {
            buffer.resize(left_bytes, 0);
        }
        let content = &mut buffer[..left_bytes];
        let mut filled = 0;
        while filled < content.len() {
            filled += self.read(&mut content[filled..])?;
        }
        Ok(content)
    }
}
