//! Reading files on the thread that needs them, without a runtime.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};

use crate::error::Error;
use crate::folder::read::{OpenFile, shortened};
use crate::folder::{Inner, key};

/// The files of a folder. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LocalReader {
    inner: Arc<Inner>,
}

/// Opens files one after the other. Of those that lie side by side, all but the first are opened in
/// their folder, which saves the system the way there.
#[derive(Debug)]
pub struct LocalFiles {
    inner: Arc<Inner>,
    /// The folder of the file before, relative to the root: empty, or ends with `/`.
    folder: Option<String>,
    /// The same, once it was opened.
    open_folder: Option<OwnedFd>,
}

/// A file that is read up to the size that it had when it was opened.
#[derive(Debug)]
pub struct LocalFile<'f> {
    root: &'f Path,
    key: &'f str,
    file: File,
    received_bytes: u64,
    size_bytes: u64,
}

impl LocalReader {
    pub(super) fn new(inner: Arc<Inner>) -> Self {
        Self { inner }
    }

    /// To open files one after the other.
    pub fn files(&self) -> LocalFiles {
        LocalFiles { inner: Arc::clone(&self.inner), folder: None, open_folder: None }
    }
}

impl LocalFiles {
    /// Opens the file of a key. A pipe, a folder or the like is not found, and is not waited for.
    ///
    /// # Errors
    /// As [`crate::Store::get`].
    pub fn open<'f>(&'f mut self, key: &'f str) -> Result<LocalFile<'f>, Error> {
        let (file, metadata) = match self.open_in_folder(key) {
            Some(open) => open,
            None => {
                let OpenFile { file, metadata, .. } = self.inner.open(key)?;
                (file, metadata)
            }
        };
        let (root, size_bytes) = (&self.inner.root, metadata.len());
        Ok(LocalFile { root, key, file, received_bytes: 0, size_bytes })
    }

    /// Opens a file in the folder of the file before. `None` if it lies elsewhere, or for whatever reason
    /// it cannot be: its whole path is then tried, and tells why.
    fn open_in_folder(&mut self, key: &str) -> Option<(File, Metadata)> {
        let (folder, name) = key.split_at(key.rfind('/').map_or(0, |slash| slash + 1));
        if self.folder.as_deref() != Some(folder) {
            self.folder = Some(folder.to_owned());
            self.open_folder = None;
            return None;
        }
        if key::refusal(name).is_some() {
            return None;
        }
        let open_folder = match &self.open_folder {
            Some(open) => open,
            None => {
                if folder.strip_suffix('/').and_then(key::refusal).is_some() {
                    return None;
                }
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
                let path = self.inner.root.join(folder);
                self.open_folder.insert(rustix::fs::open(path, flags, Mode::empty()).ok()?)
            }
        };
        // As for a file that is opened by its path, a pipe is not waited for.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(open_folder, name, flags, Mode::empty()).ok()?);
        let metadata = file.metadata().ok().filter(Metadata::is_file)?;
        Some((file, metadata))
    }
}

impl LocalFile<'_> {
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
                Ok(0) => return Err(shortened(&self.path(), self.received_bytes, self.size_bytes)),
                Ok(count) => {
                    self.received_bytes += count as u64;
                    return Ok(count);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => return Err(Error::Unreadable { path: self.path(), source }),
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

    /// Only errors need it.
    fn path(&self) -> PathBuf {
        self.root.join(self.key)
    }
}
