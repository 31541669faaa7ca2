//! What is wrong with single objects, as a run reports it.

use serde::Serialize;

/// How many unreadable objects are listed one by one. All are rows of `ingest`.
pub(crate) const MAX_LISTED: usize = 100;

/// What is wrong with an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectProblem {
    /// The object's key.
    pub key: String,
    /// What is wrong.
    pub reason: String,
}
