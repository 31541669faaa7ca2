//! Writes to a day: under its lease, and on the condition that what is there is what was found. A write whose condition fails is repeated only
//! while the lease is this run's, so that a run that was paused changes nothing that another has written.

use std::sync::Arc;

use jiff::civil::Date;
use logs::hash::{sha256, to_hex};
use store::{Condition, Content, Deleted, Put, Store};

use crate::day::manifest::{self, Manifest};
use crate::day::spool::Spooled;
use crate::error::Error;
use crate::lease::{DayLease, LeaseError, Leases};

/// How often a write is repeated with the `ETag` of what is there by then. Only a writer without a lease makes
/// that necessary more than once.
const MAX_TRIES: usize = 5;

/// Writes to a day that this run holds.
#[derive(Debug, Clone)]
pub(crate) struct DayWriter<'a> {
    destination: &'a dyn Store,
    leases: &'a Leases<'a>,
    lease: Arc<DayLease>,
}

impl<'a> DayWriter<'a> {
    pub(crate) fn new(
        destination: &'a dyn Store,
        leases: &'a Leases<'a>,
        lease: Arc<DayLease>,
    ) -> Self {
        DayWriter { destination, leases, lease }
    }

    /// The day.
    pub(crate) fn day(&self) -> Date {
        self.lease.day
    }

    /// Names this run among all.
    pub(crate) fn run(&self) -> &str {
        self.leases.run()
    }

    /// Where it writes.
    pub(crate) fn destination(&self) -> &'a dyn Store {
        self.destination
    }

    /// The manifest of the day, if it can be understood, and its `ETag`; `None` if there is none. It was read while
    /// the day was surely this run's: a run that goes on after it was paused does not take what its successor
    /// has written for what it may replace.
    ///
    /// # Errors
    /// [`LeaseError::Lost`] if the day is not this run's any more; if the destination cannot be read.
    pub(crate) async fn read_manifest(&self) -> Result<Option<(Option<Manifest>, String)>, Error> {
        let found = manifest::read_tagged(self.destination, self.day()).await?;
        self.leases.check(&self.lease).await?;
        Ok(found)
    }

    /// Writes an object whose content has this SHA-256, in hexadecimal, in place of the one with the `ETag`
    /// `known`, or where there was none; returns its `ETag`.
    ///
    /// # Errors
    /// [`LeaseError::Lost`] if the day is not this run's any more; if the destination cannot be written.
    pub(crate) async fn put(
        &self,
        key: &str,
        content: Content,
        sha256: &str,
        known: Option<String>,
    ) -> Result<String, Error> {
        let mut known = known;
        for _ in 0..MAX_TRIES {
            let guard = self.lease.guard(condition(known));
            match self.destination.put_if(key, content.clone(), &guard).await {
                Ok(Put::Done { etag }) => return Ok(etag),
                Ok(Put::ConditionFailed) => {}
                Err(error) => return Err(self.not_written(error)),
            }
            let there = Spooled::fetch_tagged(self.destination, key).await?;
            match there {
                // The answer to a first try was lost, or the same is there already.
                Some((file, etag)) if file.sha256 == sha256 => return Ok(etag),
                there => known = there.map(|(_, etag)| etag),
            }
            // After what is there was looked at: what another run writes from now on differs from it.
            self.leases.check(&self.lease).await?;
        }
        Err(self.leases.lost(self.day()).into())
    }

    /// Writes the manifest of the day as [`DayWriter::put`] does.
    ///
    /// # Errors
    /// As [`DayWriter::put`].
    pub(crate) async fn put_manifest(
        &self,
        manifest: &Manifest,
        known: Option<String>,
    ) -> Result<String, Error> {
        let json = manifest.to_json()?;
        let sha256 = to_hex(&sha256(&json));
        self.put(&Manifest::key(self.day()), json.into(), &sha256, known).await
    }

    /// Writes the manifest of the day if the one there has this `ETag`, or if there is none, and returns its own
    /// `ETag`; `None` if another run has written it meanwhile.
    ///
    /// # Errors
    /// As [`DayWriter::put`].
    pub(crate) async fn replace_manifest(
        &self,
        manifest: &Manifest,
        known: Option<String>,
    ) -> Result<Option<String>, Error> {
        let (key, json) = (Manifest::key(self.day()), manifest.to_json()?);
        let guard = self.lease.guard(condition(known));
        match self.destination.put_if(&key, json.clone().into(), &guard).await {
            Ok(Put::Done { etag }) => Ok(Some(etag)),
            Ok(Put::ConditionFailed) => {
                // The answer to a first try may have been lost.
                let there = Spooled::fetch_tagged(self.destination, &key).await?;
                let sha256 = to_hex(&sha256(&json));
                Ok(there.filter(|(file, _)| file.sha256 == sha256).map(|(_, etag)| etag))
            }
            Err(error) => Err(self.not_written(error)),
        }
    }

    /// That the day was written by another run since this one has looked at it.
    pub(crate) fn overtaken(&self) -> Error {
        let (day, location) = (self.day(), self.destination.location());
        LeaseError::Overtaken { day, location }.into()
    }

    /// Deletes an object of this `ETag`; false if the service cannot do so on a condition.
    ///
    /// # Errors
    /// As [`DayWriter::put`].
    pub(crate) async fn delete(&self, key: &str, etag: &str) -> Result<bool, Error> {
        if !self.leases.can_delete() {
            return Ok(false);
        }
        let guard = self.lease.guard(condition(Some(etag.to_owned())));
        match self.destination.delete_if(key, &guard).await {
            // What anybody has put there meanwhile is not this run's.
            Ok(Deleted::Done | Deleted::ConditionFailed) => Ok(true),
            Ok(Deleted::NotSupported) => Ok(false),
            Err(error) => Err(self.not_written(error)),
        }
    }

    /// Removes what a run that was killed has left of an object, if this run has taken its lease over.
    ///
    /// # Errors
    /// If the destination cannot be written.
    pub(crate) async fn remove_unfinished(&self, key: &str) -> Result<(), Error> {
        if !self.lease.is_taken_over {
            return Ok(());
        }
        self.destination.remove_unfinished(key).await.map_err(Error::Write)
    }

    /// Gives the day back.
    ///
    /// # Errors
    /// If the destination cannot be written.
    pub(crate) async fn release(&self) -> Result<(), LeaseError> {
        self.leases.release(&self.lease).await
    }

    fn not_written(&self, error: store::Error) -> Error {
        match error {
            store::Error::TooLate { .. } => self.leases.lost(self.day()).into(),
            error @ store::Error::NotConditional { .. } => self.leases.not_written(error).into(),
            error => Error::Write(error),
        }
    }
}

fn condition(known: Option<String>) -> Condition {
    match known {
        Some(etag) => Condition::Unchanged { etag },
        None => Condition::Absent,
    }
}

#[cfg(test)]
mod simulation;
