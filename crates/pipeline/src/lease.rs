//! One run at a time writes to a destination: a lease, an object that a run writes under a condition,
//! renews while it goes on, and deletes at its end.
//!
//! A lease that was not renewed for [`TERM`] is stale, and so is one whose process is known to be gone;
//! both are taken over. Clocks of two machines may differ by a part of the term without harm: a lease
//! is renewed four times in it.

mod holder;

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use store::{Condition, Put, Store, read_if_there};

pub(crate) use holder::Holder;
use holder::TERM;

/// The key of the lease, relative to the destination.
pub(crate) const LEASE_KEY: &str = "_hoptrail/lease.json";

/// How often it is renewed.
const RENEWED_EVERY: Duration = Duration::from_secs(30);
/// How often a run that waits looks whether it has ended.
const ASKED_EVERY: Duration = Duration::from_millis(500);

/// A destination that this run holds.
#[derive(Debug)]
pub(crate) struct Lease<'a> {
    destination: &'a dyn Store,
    holder: Holder,
    etag: String,
}

/// Why a destination cannot be held.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Another run holds it.
    #[error(
        "another run is writing to {location}: {holder}; its lease `{LEASE_KEY}` holds until {:.0} unless \
         it is renewed; to wait for it: --wait-lock",
        holder.until
    )]
    Held {
        /// The destination.
        location: String,
        /// Who holds it.
        holder: Box<Holder>,
    },
    /// Another run has taken it over.
    #[error("another run has taken over {location}: this one did not renew its lease in time")]
    Lost {
        /// The destination.
        location: String,
    },
    /// The destination cannot be read.
    #[error("the destination cannot be read")]
    Read(#[source] store::Error),
    /// The destination cannot be written, or knows no conditional writes.
    #[error("the destination cannot be written")]
    Write(#[source] store::Error),
    /// The lease cannot be written as JSON.
    #[error("the lease cannot be encoded")]
    Encode(#[source] serde_json::Error),
}

impl<'a> Lease<'a> {
    /// Takes the lease of a destination. Another run's is waited for as long as `wait` says; `note` is
    /// called once before it waits.
    ///
    /// # Errors
    /// [`LeaseError::Held`] if another run holds it; if the destination cannot be read or written, or knows
    /// no conditional writes.
    pub(crate) async fn take(
        destination: &'a dyn Store,
        wait: Duration,
        note: impl FnOnce(&Holder),
    ) -> Result<Self, LeaseError> {
        let give_up = Timestamp::now().saturating_add(wait).unwrap_or(Timestamp::MAX);
        let mut note = Some(note);
        loop {
            let holder = Holder::this_process();
            let found = read(destination).await?;
            let condition = match &found {
                None => Condition::Absent,
                Some((other, etag)) if other.is_stale() => {
                    Condition::Unchanged { etag: etag.clone() }
                }
                Some((other, _)) => {
                    if Timestamp::now() >= give_up {
                        return Err(LeaseError::Held {
                            location: destination.location(),
                            holder: Box::new(other.clone()),
                        });
                    }
                    if let Some(note) = note.take() {
                        note(other);
                    }
                    tokio::time::sleep(ASKED_EVERY).await;
                    continue;
                }
            };
            if let Some(etag) = write(destination, &holder, condition).await? {
                return Ok(Lease { destination, holder, etag });
            }
            // Another run was faster: look at what it wrote.
        }
    }

    /// Renews the lease from time to time; ends only if that fails.
    pub(crate) async fn keep(&mut self) -> LeaseError {
        loop {
            tokio::time::sleep(RENEWED_EVERY).await;
            if let Err(error) = self.renew().await {
                return error;
            }
        }
    }

    async fn renew(&mut self) -> Result<(), LeaseError> {
        let holder = Holder { until: Holder::end_of_term(), ..self.holder.clone() };
        let condition = Condition::Unchanged { etag: self.etag.clone() };
        let written = write(self.destination, &holder, condition).await?;
        self.etag = written.ok_or_else(|| self.lost())?;
        self.holder = holder;
        Ok(())
    }

    /// Makes sure that the lease is ours, and remains so for a while.
    async fn check(&mut self) -> Result<(), LeaseError> {
        if self.holder.until < Timestamp::now().saturating_add(TERM / 2).unwrap_or(Timestamp::MAX) {
            return self.renew().await;
        }
        // Nobody takes over a lease before its end: it is enough to look.
        match read(self.destination).await? {
            Some((_, etag)) if etag == self.etag => Ok(()),
            _ => Err(self.lost()),
        }
    }

    fn lost(&self) -> LeaseError {
        LeaseError::Lost { location: self.destination.location() }
    }

    /// Gives the destination back.
    ///
    /// # Errors
    /// If the lease is another run's now, or the destination cannot be written.
    pub(crate) async fn release(mut self) -> Result<(), LeaseError> {
        // Only what is still ours is deleted.
        self.check().await?;
        self.destination.delete(LEASE_KEY).await.map_err(LeaseError::Write)
    }
}

/// Who holds the destination, with the `ETag` of the lease. A corrupt lease counts as
/// stale: it does not say whose it is.
async fn read(destination: &dyn Store) -> Result<Option<(Holder, String)>, LeaseError> {
    let found = read_if_there(destination, LEASE_KEY).await.map_err(LeaseError::Read)?;
    Ok(found.map(|(meta, json)| {
        let holder = serde_json::from_slice(&json).unwrap_or_else(|_| Holder::unknown());
        (holder, meta.etag.unwrap_or_default())
    }))
}

/// Writes a lease and returns its `ETag`; `None` if the condition does not hold.
async fn write(
    destination: &dyn Store,
    holder: &Holder,
    condition: Condition,
) -> Result<Option<String>, LeaseError> {
    let json = serde_json::to_vec_pretty(holder).map_err(LeaseError::Encode)?;
    match destination.put_if(LEASE_KEY, Bytes::from(json), condition).await {
        Ok(Put::Done { etag }) => Ok(Some(etag)),
        // The answer to a first try may have been lost: then the lease that is there is this one.
        Ok(Put::ConditionFailed) => match read(destination).await? {
            Some((found, etag)) if found == *holder => Ok(Some(etag)),
            _ => Ok(None),
        },
        Err(error) => Err(LeaseError::Write(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use store::Memory;
    use testkit::block_on;

    use super::*;

    /// One that is looked at, and one that is renewed because it is about to end.
    #[test]
    fn release_deletes_no_lease_of_another_run() {
        let store = Memory::new();
        block_on(async {
            for (until, is_renewed) in [(Holder::end_of_term(), false), (Timestamp::MIN, true)] {
                let taken = async || {
                    let mut lease =
                        Lease::take(&store, Duration::ZERO, |_| {}).await.expect("free");
                    lease.holder.until = until;
                    lease
                };
                let mut lease = taken().await;
                let etag = lease.etag.clone();
                lease.check().await.expect("ours");
                assert_eq!(lease.etag != etag, is_renewed);
                lease.release().await.expect("ours");

                let mut lease = taken().await;
                store.put(LEASE_KEY, Bytes::from_static(b"{}")).await.expect("memory");
                let lost = [lease.renew().await, lease.release().await];
                assert!(lost.iter().all(|e| matches!(e, Err(LeaseError::Lost { .. }))), "{lost:?}");
                assert!(read(&store).await.expect("memory").is_some());
                store.delete(LEASE_KEY).await.expect("memory");

                let lease = taken().await;
                store.delete(LEASE_KEY).await.expect("memory");
                let error = lease.release().await.expect_err("nobody's");
                assert!(matches!(error, LeaseError::Lost { .. }), "{error}");
            }
        });
    }
}
