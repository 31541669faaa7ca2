//! A bucket: its name, its Region, its objects in the order of their keys.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, io};

use bytes::Bytes;
use md5::{Digest, Md5};

use crate::made_up::MadeUpTrail;

/// A bucket. Its objects are in memory, or start as the files of a folder; what is written or
/// deleted later is written or deleted in memory only.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// The first segment of every request's path.
    pub name: String,
    /// The Region that it pretends to be in. A request that is signed for another one is
    /// redirected, as S3 does. `None` accepts every Region and calls itself `us-east-1`.
    pub region: Option<String>,
    pub(crate) objects: BTreeMap<String, Stored>,
    /// What is listed in place of them.
    pub(crate) made_up: Option<MadeUpTrail>,
}

/// An object. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    /// Without the quotes that it has in a header.
    pub(crate) etag: String,
    pub(crate) size_bytes: u64,
    pub(crate) modified: SystemTime,
    pub(crate) storage_class: &'static str,
    content: Content,
}

/// The storage class of what is written without one.
pub(crate) const STANDARD: &str = "STANDARD";

#[derive(Debug, Clone)]
enum Content {
    Memory(Bytes),
    File(PathBuf),
}

impl Bucket {
    /// An empty bucket that accepts every Region.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), region: None, objects: BTreeMap::new(), made_up: None }
    }

    /// A bucket of the files below a folder, indexed now; bodies are read when asked for.
    ///
    /// # Errors
    /// A folder that cannot be read, a name that is not UTF-8.
    pub fn from_folder(name: &str, folder: &Path) -> io::Result<Self> {
        let mut bucket = Self::new(name);
        index(folder, "", &mut bucket.objects)?;
        Ok(bucket)
    }

    /// A bucket of a trail whose objects are listed only: none of them can be read.
    pub fn made_up(name: &str, trail: MadeUpTrail) -> Self {
        Self { made_up: Some(trail), ..Self::new(name) }
    }

    /// With one more object.
    #[must_use]
    pub fn object(mut self, key: &str, content: impl Into<Bytes>) -> Self {
        self.objects.insert(key.to_owned(), Stored::new(content.into()));
        self
    }

    /// With one more object, of a storage class such as `GLACIER`. One of an archive cannot be read.
    #[must_use]
    pub fn object_of(
        mut self,
        storage_class: &'static str,
        key: &str,
        content: impl Into<Bytes>,
    ) -> Self {
        let object = Stored { storage_class, ..Stored::new(content.into()) };
        self.objects.insert(key.to_owned(), object);
        self
    }

    /// In this Region, and in no other.
    #[must_use]
    pub fn region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }
}

impl Stored {
    pub(crate) fn new(content: Bytes) -> Self {
        let etag = Md5::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            etag,
            size_bytes: content.len() as u64,
            modified: SystemTime::now(),
            storage_class: STANDARD,
            content: Content::Memory(content),
        }
    }

    pub(crate) fn read(&self) -> io::Result<Bytes> {
        match &self.content {
            Content::Memory(bytes) => Ok(bytes.clone()),
            Content::File(path) => fs::read(path).map(Bytes::from),
        }
    }
}

fn index(folder: &Path, prefix: &str, objects: &mut BTreeMap<String, Stored>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, format!("not UTF-8: {}", path.display()))
        })?;
        let metadata = fs::metadata(&path)?;
        let key = format!("{prefix}{name}");
        if metadata.is_dir() {
            index(&path, &format!("{key}/"), objects)?;
        } else {
            let size_bytes = metadata.len();
            let modified = metadata.modified()?;
            let etag = etag(|hasher| (&key, size_bytes, modified).hash(hasher));
            let (content, storage_class) = (Content::File(path), STANDARD);
            objects.insert(key, Stored { etag, size_bytes, modified, storage_class, content });
        }
    }
    Ok(())
}

/// 32 hexadecimal digits, as that of content has, which is its MD5.
fn etag(feed: impl Fn(&mut DefaultHasher)) -> String {
    let mut hasher = DefaultHasher::new();
    feed(&mut hasher);
    let first = hasher.finish();
    first.hash(&mut hasher);
    format!("{first:016x}{:016x}", hasher.finish())
}
