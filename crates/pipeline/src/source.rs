//! What is read: folders are discovered, objects listed, and their bytes fetched.

pub(crate) mod discover;
pub(crate) mod fetch;
pub(crate) mod filter;
pub(crate) mod folders;
pub(crate) mod found;
pub(crate) mod health;
pub(crate) mod keys;
pub(crate) mod known;
pub(crate) mod lines;
pub(crate) mod list;
pub(crate) mod nothing_found;
pub(crate) mod trail;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Arc;

use futures::future::BoxFuture;
use store::{Several, Store};

use crate::outcome::ObjectProblem;

/// The name of what is read from standard input.
pub const STANDARD_INPUT: &str = "stdin";

/// Where logs are read. The path tells why there are no digest files where the source begins inside a trail,
/// beside which they are; the search for trails does not look at it.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The bucket or folder, or several as one (a [`Several`]).
    pub store: &'a dyn Store,
    /// The prefix or folder of the store's root; of several, all of them, one after the other.
    pub root_path: &'a str,
}

/// Locations of model invocation logs, open.
#[derive(Debug)]
pub struct OpenLogs {
    /// The location, or several as one (a [`Several`]).
    pub store: Arc<dyn Store>,
    /// Locations that could not be opened, and why.
    pub not_opened: Vec<ObjectProblem>,
    /// Whether a location that cannot be listed is named, rather than an error.
    pub may_lack: bool,
}

/// The accounts that calls were logged in, each with the Regions that they were sent to.
pub type Callers = BTreeMap<String, BTreeSet<String>>;

/// Locations of model invocation logs that depend on the accounts and Regions of the calls: AWS writes
/// these logs to a bucket of the same account and Region only (Bedrock user guide, "Monitor model
/// invocation").
pub trait LogLocations: Debug + Sync {
    /// Opens those of some accounts and Regions. One that cannot be opened is named.
    fn open<'a>(&'a self, callers: &'a Callers) -> BoxFuture<'a, OpenLogs>;
}

/// The folders in a store that are searched each for itself: one of each of several sources.
pub(crate) fn roots(store: &dyn Store) -> Vec<String> {
    store.several().map_or_else(|| vec![String::new()], Several::folders)
}

/// A key or prefix as a user would write it: of several sources, with its location.
pub(crate) fn shown(store: &dyn Store, key: &str) -> String {
    store.several().map_or_else(|| key.to_owned(), |several| several.shown(key))
}

#[cfg(test)]
mod tests;
