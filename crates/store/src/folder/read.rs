//! Reading a file: a small one whole, a large one in chunks.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use rustix::fs::OFlags;

use crate::body::{Body, Chunks};
use crate::error::Error;
use crate::folder::{run_blocking, write};
use crate::store::{Object, ObjectMeta};

/// The size of a chunk, up to which a file is also read at once.
const CHUNK_BYTES: usize = 1 << 20;

/// Opening does not wait for another program.
const NO_WAIT: i32 = OFlags::NONBLOCK.bits().cast_signed();

/// Opens a regular file. What is something else is not found.
pub(super) fn open(path: &Path) -> io::Result<(File, Metadata)> {
    // Without the flag, opening a pipe would wait for its other end.
    let file = match File::options().read(true).custom_flags(NO_WAIT).open(path) {
        Ok(file) => file,
        Err(error) => match path.metadata() {
            // A socket cannot be opened.
            Ok(metadata) if !metadata.is_file() => return Err(ErrorKind::NotFound.into()),
            // With the flag, a file that another program has leased cannot be waited for.
            Ok(_) if error.kind() == ErrorKind::WouldBlock => File::open(path)?,
            _ => return Err(error),
        },
    };
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok((file, metadata)) } else { Err(ErrorKind::NotFound.into()) }
}

/// A file that was opened, as an object.
pub(super) fn object(
    key: String,
    path: PathBuf,
    file: File,
    metadata: &Metadata,
) -> Result<Object, Error> {
    let meta = meta(key, metadata);
    let size_bytes = meta.size_bytes;
    let mut content = FileChunks { path, file: Arc::new(file), received_bytes: 0, size_bytes };
    if size_bytes > CHUNK_BYTES as u64 {
        return Ok(Object { meta, body: Body::chunks(size_bytes, content) });
    }
    let bytes = match read_chunk(&content.file, size_bytes) {
        Ok(bytes) => bytes,
        Err(source) => return Err(Error::Unreadable { path: content.path, source }),
    };
    let body = if bytes.len() as u64 == size_bytes {
        Body::whole(bytes)
    } else {
        // It has become shorter: the error belongs to the body.
        content.received_bytes = bytes.len() as u64;
        Body::chunks(size_bytes, content)
    };
    Ok(Object { meta, body })
}

/// What a listing shows of a file.
pub(super) fn meta(key: String, metadata: &Metadata) -> ObjectMeta {
    ObjectMeta { key, size_bytes: metadata.len(), etag: Some(etag(metadata)), is_archived: false }
}

/// Made of the time of the last change and the size.
pub(super) fn etag(metadata: &Metadata) -> String {
    format!("{:x}.{:x}-{:x}", metadata.mtime(), metadata.mtime_nsec(), metadata.len())
}

/// The `etag` of a file, and how long ago it was written: by the clock of its file system, which a file that
/// is written just now shows.
pub(super) fn age(path: &Path) -> io::Result<(String, Duration)> {
    let now = write::create_temporary(path)?;
    let metadata = fs::metadata(path)?;
    let age = now.as_file().metadata()?.modified()?.duration_since(metadata.modified()?);
    Ok((etag(&metadata), age.unwrap_or_default()))
}

/// A file that is read in chunks, up to the size that it had when it was opened.
#[derive(Debug)]
struct FileChunks {
    path: PathBuf,
    file: Arc<File>,
    received_bytes: u64,
    size_bytes: u64,
}

fn read_chunk(file: &File, left_bytes: u64) -> io::Result<Bytes> {
    let chunk_bytes = left_bytes.min(CHUNK_BYTES as u64);
    let mut chunk = Vec::with_capacity(chunk_bytes as usize);
    file.take(chunk_bytes).read_to_end(&mut chunk)?;
    Ok(Bytes::from(chunk))
}

#[async_trait]
impl Chunks for FileChunks {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let left_bytes = self.size_bytes - self.received_bytes;
        if left_bytes == 0 {
            return Ok(None);
        }
        let file = Arc::clone(&self.file);
        let chunk = run_blocking(move || read_chunk(&file, left_bytes)).await;
        let chunk =
            chunk.map_err(|source| Error::Unreadable { path: self.path.clone(), source })?;
        if chunk.is_empty() {
            return Err(Error::Interrupted {
                target: self.path.display().to_string(),
                received_bytes: self.received_bytes,
                size_bytes: self.size_bytes,
                source: Some("the file has become shorter".into()),
            });
        }
        self.received_bytes += chunk.len() as u64;
        Ok(Some(chunk))
    }
}
