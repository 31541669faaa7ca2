//! What is read: folders are discovered, objects listed, and their bytes fetched.

pub(crate) mod discover;
pub(crate) mod fetch;
pub(crate) mod filter;
pub(crate) mod found;
pub(crate) mod known;
pub(crate) mod list;
pub(crate) mod nothing_found;
pub(crate) mod trail;

use store::Store;

/// Where logs are read. `root_path` is the path of the store's root, whose last name shows at which level
/// of CloudTrail's folders it is.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The bucket or folder.
    pub store: &'a dyn Store,
    /// Its prefix or folder.
    pub root_path: &'a str,
}

#[cfg(test)]
mod tests;
