//! A store in a folder: keys are paths below it.
//!
//! Symbolic links are followed; one that leads back to a folder that is being walked is passed
//! over, as are broken ones. What is neither a file nor a folder is not listed. A file whose name
//! is not UTF-8 is listed with a lossy name, under which it then does not exist. Two limits
//! go beyond S3's: a key cannot have empty, `.` or `..` parts, and `a` and `a/b` cannot both exist.

mod key;
mod lock;
mod read;
mod walk;
mod write;

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{fs, panic};

use async_trait::async_trait;

use crate::content::Content;
use crate::error::Error;
use crate::folder::walk::{Item, Walk};
use crate::folder::write::Unsynced;
use crate::guard::Guard;
use crate::store::{Deleted, ListPage, ListRequest, Object, Put, Store};

/// Walks that are kept between pages. Each holds the entries of the folders from its start to where
/// it is. A walk that was given up for a newer one is begun anew at its page, which costs reading those
/// folders once more.
const MAX_KEPT_WALKS: usize = 64;

/// A store in a folder.
#[derive(Debug, Clone)]
pub struct Folder {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    walks: Mutex<VecDeque<Kept>>,
    unsynced: Unsynced,
}

/// A walk between two pages.
#[derive(Debug)]
struct Kept {
    /// For the next page, as [`begun`] gives it.
    request: ListRequest,
    walk: Walk,
}

impl Folder {
    /// A folder that exists.
    ///
    /// # Errors
    /// [`Error::FolderNotFound`], [`Error::NotAFolder`], [`Error::Unreadable`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let root = path.into();
        match fs::metadata(&root) {
            Ok(metadata) if metadata.is_dir() => Ok(Self::new(root)),
            Ok(_) => Err(Error::NotAFolder { path: root }),
            Err(source) if is_absent(&source) => Err(Error::folder_not_found(root)),
            Err(source) => Err(Error::Unreadable { path: root, source }),
        }
    }

    /// A folder that is made if it is missing, and that can be written.
    ///
    /// # Errors
    /// [`Error::NotAFolder`], [`Error::Unwritable`].
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let root = path.into();
        if fs::metadata(&root).is_ok_and(|metadata| !metadata.is_dir()) {
            return Err(Error::NotAFolder { path: root });
        }
        let made = Self::new(root.clone());
        match made.inner.make_root() {
            Ok(()) => Ok(made),
            Err(source) => Err(Error::Unwritable { path: root, source }),
        }
    }

    fn new(root: PathBuf) -> Self {
        let (walks, unsynced) = (Mutex::default(), Unsynced::default());
        Self { inner: Arc::new(Inner { root, walks, unsynced }) }
    }

    /// File systems answer late: their calls run where they do not hold up the runtime.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let inner = Arc::clone(&self.inner);
        run_blocking(move || work(&inner)).await
    }
}

#[async_trait]
impl Store for Folder {
    fn location(&self) -> String {
        self.inner.root.display().to_string()
    }

    async fn list(&self, request: &ListRequest) -> Result<ListPage, Error> {
        let request = request.clone();
        self.blocking(move |inner| inner.list(&request)).await
    }

    async fn get(&self, key: &str) -> Result<Object, Error> {
        let key = key.to_owned();
        self.blocking(move |inner| inner.get(key)).await
    }

    async fn put_if(&self, key: &str, content: Content, guard: &Guard) -> Result<Put, Error> {
        let (key, guard) = (key.to_owned(), guard.clone());
        self.blocking(move |inner| inner.put_if(&key, &content, &guard)).await
    }

    async fn delete_if(&self, key: &str, guard: &Guard) -> Result<Deleted, Error> {
        let (key, guard) = (key.to_owned(), guard.clone());
        self.blocking(move |inner| inner.delete_if(&key, &guard)).await
    }

    async fn age(&self, key: &str) -> Result<Option<(String, Duration)>, Error> {
        let path = self.inner.path(key)?;
        self.blocking(move |_| match read::age(&path) {
            Err(source) if is_absent(&source) => Ok(None),
            age => age.map(Some).map_err(|source| Error::Unreadable { path, source }),
        })
        .await
    }

    async fn remove_unfinished(&self, key: &str) -> Result<(), Error> {
        let path = self.inner.path(key)?;
        self.blocking(move |_| match write::remove_unfinished(&path) {
            Err(source) if !is_absent(&source) => Err(Error::Unwritable { path, source }),
            _ => Ok(()),
        })
        .await
    }
}

impl Inner {
    /// Makes the folder itself, as durable as the first file in it.
    fn make_root(&self) -> io::Result<()> {
        self.unsynced.make_folder(&self.root)?;
        write::probe(&self.root)
    }

    /// The path of a key.
    fn path(&self, key: &str) -> Result<PathBuf, Error> {
        match key::invalid(key) {
            None => Ok(self.root.join(key)),
            Some(reason) => {
                let location = self.root.display().to_string();
                Err(Error::InvalidKey { key: key.to_owned(), location, reason })
            }
        }
    }

    fn put_if(&self, key: &str, content: &Content, guard: &Guard) -> Result<Put, Error> {
        let path = self.path(key)?;
        let written = write::begin(&path, content, &self.unsynced).and_then(|written| {
            let _lock = lock::take(&self.root)?;
            // Behind the last wait: who holds the lock for long is not the one who is in time.
            if guard.check(key).is_err() {
                return Ok(None);
            }
            written.place(&path, &guard.condition).map(Some)
        });
        match written {
            Ok(Some(Some(etag))) => match self.unsynced.sync(parent(&path)) {
                Ok(()) => Ok(Put::Done { etag }),
                Err(source) => Err(Error::Unwritable { path, source }),
            },
            Ok(Some(None)) => Ok(Put::ConditionFailed),
            Ok(None) => Err(Error::TooLate { target: path.display().to_string() }),
            Err(source) => Err(Error::Unwritable { path, source }),
        }
    }

    fn delete_if(&self, key: &str, guard: &Guard) -> Result<Deleted, Error> {
        let path = self.path(key)?;
        let unwritable = |source| Error::Unwritable { path: path.clone(), source };
        let _lock = lock::take(&self.root).map_err(unwritable)?;
        guard.check(&path.display().to_string())?;
        if !write::holds(&path, &guard.condition).map_err(unwritable)? {
            return Ok(Deleted::ConditionFailed);
        }
        match write::remove(&path) {
            Err(source) if !is_absent(&source) => Err(unwritable(source)),
            _ => Ok(Deleted::Done),
        }
    }

    /// The file of a key; whatever else is there is not found.
    fn get(&self, key: String) -> Result<Object, Error> {
        let Ok(path) = self.path(&key) else { return Err(self.not_found(&key)) };
        match read::open(&path) {
            Ok((file, metadata)) => read::object(key, path, file, &metadata),
            Err(source) if is_absent(&source) => Err(self.not_found(&key)),
            Err(source) => Err(Error::Unreadable { path, source }),
        }
    }

    fn not_found(&self, key: &str) -> Error {
        Error::NotFound { target: self.root.join(key).display().to_string() }
    }

    fn list(&self, request: &ListRequest) -> Result<ListPage, Error> {
        let mut request = begun(request);
        let mut walk = match self.take_walk(&request) {
            Some(walk) => walk,
            None => Walk::begin(&self.root, &request)?,
        };
        let mut page = ListPage::default();
        while page.objects.len() + page.prefixes.len() < request.limit()
            && let Some(item) = walk.next()?
        {
            match item {
                Item::File(meta) => {
                    page.next = Some(meta.key.clone());
                    page.objects.push(meta);
                }
                Item::Folder(prefix) => {
                    page.next = Some(prefix.clone());
                    page.prefixes.push(prefix);
                }
            }
        }
        if walk.is_done()? {
            page.next = None;
        } else {
            request.start_after.clone_from(&page.next);
            self.keep_walk(Kept { request, walk });
        }
        Ok(page)
    }

    fn take_walk(&self, request: &ListRequest) -> Option<Walk> {
        let mut walks = self.walks.lock().expect("no holder panics");
        let position = walks.iter().position(|kept| kept.request == *request)?;
        Some(walks.remove(position)?.walk)
    }

    fn keep_walk(&self, kept: Kept) {
        let mut walks = self.walks.lock().expect("no holder panics");
        if walks.len() == MAX_KEPT_WALKS {
            walks.pop_front();
        }
        walks.push_back(kept);
    }
}

/// A request as one that begins a listing: a token is the name to start after.
fn begun(request: &ListRequest) -> ListRequest {
    let start_after = request.after().map(str::to_owned);
    ListRequest { start_after, token: None, ..request.clone() }
}

/// Whether there is nothing under a path, for whatever reason.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename
    )
}

async fn run_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => panic::resume_unwind(panic),
            // The runtime is shutting down, and nothing is polled any more.
            Err(_) => std::future::pending().await,
        },
    }
}

fn parent(path: &Path) -> &Path {
    // The parent of a bare name is the empty path, which means the current folder.
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
