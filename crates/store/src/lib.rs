//! Moves bytes in and out: S3, a folder, memory. Knows none of the other crates.
//!
//! A [`Store`] lists, reads, writes whole and deletes. Where bytes are is a [`Location`]; what may
//! go wrong is an [`Error`], told apart by what the caller can do about it. Limits and scripted
//! failures are wrappers around a store, not options of it. The feature `contract` makes the tests
//! public that every store passes.

#[cfg(not(unix))]
compile_error!("hoptrail runs on Unix only: folders are read and locked as POSIX defines it");

mod body;
mod error;
mod faulty;
mod folder;
mod limited;
mod listing;
mod memory;
mod open;
mod s3;
mod store;
mod uri;

#[cfg(feature = "contract")]
pub mod contract;

pub use body::{Body, Chunks};
pub use error::{Cause, Error, Operation};
pub use faulty::{Failure, Fault, Faulty};
pub use folder::{Folder, LocalFile, LocalFiles, LocalReader};
pub use limited::Limited;
pub use listing::{Pages, list_all, list_folders, list_folders_or_empty, read_if_there};
pub use memory::Memory;
pub use open::{open_destination, open_source};
pub use s3::{S3, S3Options, StaticCredentials};
pub use store::{Condition, ListPage, ListRequest, Object, ObjectMeta, Put, Store};
pub use uri::{Location, ParseLocationError};
