//! Whether a service heeds conditions. Some accept the headers and write all the same, so that runs would
//! replace one another's files.

use bytes::Bytes;
use store::{Condition, Content, Deleted, Guard, Put, Store};

use super::LeaseError;

/// Tries what must fail, with the lease that this run has just written and `etag` as the answer had it: writes of
/// the same content, and a deletion. Returns whether the service knows conditions for deletions (if not,
/// the lease may be gone), or `None` if it turns out that the lease was this run's no more.
///
/// # Errors
/// [`LeaseError::Service`] if it ignores those of writes.
pub(super) async fn knows_conditional_deletes(
    destination: &dyn Store,
    key: &str,
    etag: &str,
    content: &Bytes,
) -> Result<Option<bool>, LeaseError> {
    let put = async |condition: &Condition| {
        let guard = Guard::of(condition.clone());
        let put = destination.put_if(key, Content::from(content.clone()), &guard).await;
        put.map(|put| put != Put::ConditionFailed).map_err(LeaseError::Write)
    };
    // As long as a real one, for services that look at its form.
    let other = Condition::Unchanged { etag: "0".repeat(etag.len().max(1)) };
    let is_absent = put(&Condition::Absent).await?;
    // What was written just now is there, unless the condition was ignored.
    if put(&other).await? || (is_absent && put(&Condition::Absent).await?) {
        // Ours, or nobody's that could be told.
        destination.delete(key).await.map_err(LeaseError::Write)?;
        let location = destination.location();
        let reason = "the service ignores the conditions of writes (If-Match, If-None-Match)";
        return Err(LeaseError::Service { location, reason });
    }
    if is_absent {
        return Ok(None);
    }
    match destination.delete_if(key, &Guard::of(other)).await {
        Ok(deleted) => Ok(Some(deleted == Deleted::ConditionFailed)),
        Err(error) => Err(LeaseError::Write(error)),
    }
}
