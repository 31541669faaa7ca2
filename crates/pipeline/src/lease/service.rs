//! Whether a service heeds conditions. Some accept the headers and write all the same, so that runs would
//! replace one another's files.

use bytes::Bytes;
use store::{Condition, Content, Deleted, Guard, Put, Store};

use super::LeaseError;

/// Tries what must fail, with the lease that this run has just written and `etag` as the answer had it: writes of
/// the same content, and a deletion. Returns whether the service knows conditions for deletions; if not,
/// the lease may be gone.
///
/// # Errors
/// [`LeaseError::Service`] if it ignores those of writes.
pub(super) async fn knows_conditional_deletes(
    destination: &dyn Store,
    key: &str,
    etag: &str,
    content: &Bytes,
) -> Result<bool, LeaseError> {
    // As long as a real one, for services that look at its form.
    let other = Condition::Unchanged { etag: "0".repeat(etag.len().max(1)) };
    for condition in [Condition::Absent, other.clone()] {
        let (content, guard) = (Content::from(content.clone()), Guard::of(condition));
        let put = destination.put_if(key, content, &guard).await.map_err(LeaseError::Write)?;
        if put != Put::ConditionFailed {
            // Ours, or nobody's that could be told.
            destination.delete(key).await.map_err(LeaseError::Write)?;
            let location = destination.location();
            let reason = "the service ignores the conditions of writes (If-Match, If-None-Match)";
            return Err(LeaseError::Service { location, reason });
        }
    }
    match destination.delete_if(key, &Guard::of(other)).await {
        Ok(deleted) => Ok(deleted == Deleted::ConditionFailed),
        Err(error) => Err(LeaseError::Write(error)),
    }
}
