//! The trait that every store fulfils, and what goes in and out of it.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::body::Body;
use crate::content::Content;
use crate::error::Error;
use crate::guard::Guard;
use crate::several::Several;

/// Holds objects under keys: a bucket from a prefix on, a folder, memory.
///
/// Keys are relative to the store's root, have `/` between their parts and no `/` at their start.
/// What every store promises beyond the signatures is written down as tests, in
/// `tests/contract/promises.rs`.
#[async_trait]
pub trait Store: Send + Sync + Debug {
    /// Where this is, as a user would write it: `s3://bucket/prefix/`, or the path of a folder. For
    /// messages.
    fn location(&self) -> String;

    /// The stores that are read as this one, if it is several.
    fn several(&self) -> Option<&Several> {
        None
    }

    /// Whether it is one object that was asked for by its name, with nothing else beside it.
    fn is_one_object(&self) -> bool {
        false
    }

    /// One page of a listing, in ascending order of the UTF-8 bytes of the names. A prefix under
    /// which there is nothing gives an empty page.
    ///
    /// # Errors
    /// The store is gone or may not be listed, or cannot be reached.
    async fn list(&self, request: &ListRequest) -> Result<ListPage, Error>;

    /// An object, its body to be read in chunks. Where the body breaks off, it is resumed if the
    /// store can do so, and is an error otherwise: a body never ends early in silence.
    ///
    /// # Errors
    /// [`Error::NotFound`]; the object may not be read; the store cannot be reached.
    async fn get(&self, key: &str) -> Result<Object, Error>;

    /// Writes an object whole if its guard's condition holds at that moment: who reads the key sees the old
    /// content or the new one. Of any number of writers with the same condition, in whatever processes, one
    /// is done and the condition of the others fails.
    ///
    /// The write may have been done although its condition or the request fails: the answer was lost, and the
    /// request that was sent again meets what the first one wrote. Who has to know looks what is there.
    ///
    /// # Errors
    /// [`Error::TooLate`] if the guard's deadline passed before the write was tried, or tried again; the store
    /// cannot be written; the key is not one that it can hold; the service knows no conditional writes.
    async fn put_if(&self, key: &str, content: Content, guard: &Guard) -> Result<Put, Error>;

    /// Deletes an object if its guard's condition holds at that moment; an absent one is fine with
    /// [`Condition::Any`](crate::Condition::Any).
    ///
    /// # Errors
    /// [`Error::TooLate`]; the object may not be deleted; the store cannot be reached.
    async fn delete_if(&self, key: &str, guard: &Guard) -> Result<Deleted, Error>;

    /// The `etag` of an object and how long ago it was written, both by the store's own clock; `None` if there
    /// is no such object, or the store has no clock.
    ///
    /// # Errors
    /// The object may not be read; the store cannot be reached.
    async fn age(&self, key: &str) -> Result<Option<(String, Duration)>, Error> {
        let _ = key;
        Ok(None)
    }

    /// Removes what writers of this object have left that did not come to their end, and that no listing
    /// shows. Nobody else may be writing it.
    ///
    /// # Errors
    /// The store cannot be written.
    async fn remove_unfinished(&self, key: &str) -> Result<(), Error> {
        let _ = key;
        Ok(())
    }

    /// Writes an object whole, whatever is there.
    ///
    /// # Errors
    /// As [`Store::put_if`].
    async fn put(&self, key: &str, bytes: Bytes) -> Result<(), Error> {
        self.put_if(key, bytes.into(), &Guard::default()).await.map(drop)
    }

    /// Deletes an object; an absent one is fine.
    ///
    /// # Errors
    /// As [`Store::delete_if`].
    async fn delete(&self, key: &str) -> Result<(), Error> {
        self.delete_if(key, &Guard::default()).await.map(drop)
    }
}

/// What to list. For all pages of a listing, only `token` differs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListRequest {
    /// What every key begins with. Any text: `2026/08/` is a folder, `2026/0` is part of a name.
    pub prefix: String,
    /// Whether to stop at the next `/` after the prefix: keys that go on after it are summed up in
    /// [`ListPage::prefixes`].
    pub delimiter: bool,
    /// With `delimiter`, whether a folder may be listed that holds nothing. Only file systems have such,
    /// and to look into every folder costs them more than the listing itself.
    pub or_empty: bool,
    /// Only names greater than this, in the order of their bytes; a name is a key or, with
    /// `delimiter`, a common prefix. So `a/` is not listed after `a/b`, although `a/c` is under it.
    pub start_after: Option<String>,
    /// Where the page before this one ended: its [`ListPage::next`].
    pub token: Option<String>,
    /// The most names in the page: 1 to 1,000, which is also the default. A page may have fewer.
    pub page_size: Option<usize>,
}

impl ListRequest {
    /// Every key that begins with `prefix`.
    pub fn all(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..Self::default() }
    }

    /// The keys and folders directly under `prefix`, which is empty or ends with `/`.
    pub fn folder(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), delimiter: true, ..Self::default() }
    }

    /// With folders that hold nothing, if that is faster.
    #[must_use]
    pub fn or_empty(mut self) -> Self {
        self.or_empty = true;
        self
    }

    /// Only names greater than `name`.
    #[must_use]
    pub fn start_after(mut self, name: impl Into<String>) -> Self {
        self.start_after = Some(name.into());
        self
    }

    /// At most so many names in a page.
    #[must_use]
    pub fn page_size(mut self, page_size: usize) -> Self {
        self.page_size = Some(page_size);
        self
    }

    /// The most names in the page, within what S3 allows.
    pub(crate) fn limit(&self) -> usize {
        self.page_size.unwrap_or(1000).clamp(1, 1000)
    }

    /// The name that all names of the page are greater than: for stores whose token is the last
    /// name of the page before.
    pub(crate) fn after(&self) -> Option<&str> {
        self.token.as_deref().or(self.start_after.as_deref())
    }
}

/// A page of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListPage {
    /// In ascending order of their keys.
    pub objects: Vec<ObjectMeta>,
    /// In ascending order; each begins with the asked prefix and ends with `/`.
    pub prefixes: Vec<String>,
    /// The token of the next page. A page may be empty and still have a next one.
    pub next: Option<String>,
}

/// An object without its content.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectMeta {
    /// Relative to the store's root.
    pub key: String,
    /// The length of the content in bytes.
    pub size_bytes: u64,
    /// Differs when the content was replaced. Of S3 without its quotes, of a folder made of the
    /// time of the last change and the size; not to be compared between stores.
    pub etag: Option<String>,
    /// Whether it is in an archive and must be restored before it can be read, as far as a listing of
    /// S3 says so: of the storage classes `GLACIER` and `DEEP_ARCHIVE`. False for an object that is read.
    pub is_archived: bool,
}

/// An object whose content has not been read yet.
#[derive(Debug)]
pub struct Object {
    /// As a listing would show it at the moment of the answer.
    pub meta: ObjectMeta,
    /// The content.
    pub body: Body,
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// It was done.
    Done {
        /// That of what was written, as [`ObjectMeta::etag`].
        etag: String,
    },
    /// The condition does not hold, or another writer is at it at the same time. Nothing was written.
    ConditionFailed,
}

/// What became of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It was done.
    Done,
    /// The condition does not hold. Nothing was deleted.
    ConditionFailed,
    /// The service does not know conditions for deletions. Nothing was deleted.
    NotSupported,
}
