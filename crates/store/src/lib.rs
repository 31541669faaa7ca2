//! Moves bytes in and out: S3, a folder, memory. Knows none of the other crates.
//!
//! A [`Store`] lists, reads, writes whole and deletes. Where bytes are is a [`Location`]; what may
//! go wrong is an [`Error`], told apart by what the caller can do about it. A bound on requests is a
//! wrapper around a store, not an option of it. The feature `testing` adds a store in memory.

#[cfg(not(unix))]
compile_error!("hoptrail runs on Unix only: folders are read and locked as POSIX defines it");

mod body;
mod content;
mod error;
mod folder;
mod given;
mod guard;
mod limited;
mod listing;
mod one_object;
mod open;
mod s3;
mod several;
mod store;
mod uri;

#[cfg(feature = "testing")]
mod memory;

pub use body::{Body, Chunks};
pub use content::Content;
pub use error::{Cause, Error, Operation};
pub use folder::Folder;
pub use given::Given;
pub use guard::{Clock, Condition, Deadline, Guard, SystemClock};
pub use limited::Limited;
pub use listing::{
    Pages, list_all, list_folders, list_folders_or_empty, read_at_most, read_if_there,
};
#[cfg(feature = "testing")]
pub use memory::Memory;
pub use one_object::OneObject;
pub use open::{open_destination, open_source};
pub use s3::{AddressingStyle, Encryption, S3, S3Options, StaticCredentials};
pub use several::Several;
pub use store::{Deleted, ListPage, ListRequest, Object, ObjectMeta, Put, Store};
pub use uri::{Location, ParseLocationError};
