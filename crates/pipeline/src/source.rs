//! What is read: folders are discovered, objects listed, and their bytes fetched.

pub(crate) mod discover;
pub(crate) mod fetch;
pub(crate) mod list;
