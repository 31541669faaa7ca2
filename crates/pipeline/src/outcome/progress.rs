//! How far a run is, for whoever shows it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{Outcome, Records};

/// Counters that a run raises while it goes. They only inform: no decision rests on them.
#[derive(Debug, Default)]
pub struct Progress {
    found_objects: AtomicU64,
    listed_objects: AtomicU64,
    listed_bytes: AtomicU64,
    read_objects: AtomicU64,
    read_bytes: AtomicU64,
    days_published: AtomicU64,
    days_to_publish: AtomicU64,
    is_listed: AtomicBool,
    finished: Mutex<Finished>,
}

/// What a run has finished. Until its end, the counts are those of the days that are published: an object that
/// two of them are read from counts for both. As in an [`Outcome`], `records = calls + skipped + rejected` and
/// `calls = written + duplicates + other_day`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Finished {
    /// Days that were written.
    pub days_built: u64,
    /// Days of the range that were left as they are.
    pub days_unchanged: u64,
    /// Days that were not replaced, because source objects would have been lost.
    pub days_held: u64,
    /// Days outside the range that were written, because calls of them were delivered late.
    pub days_reopened: u64,
    /// Objects that were read to their end.
    pub objects_read: u64,
    /// Objects that could not be read.
    pub objects_unreadable: u64,
    /// Bytes of both, as stored.
    pub bytes_read: u64,
    /// The records.
    pub records: Records,
    /// Calls that were written.
    pub written: u64,
    /// Calls that another record was counted for already.
    pub duplicates: u64,
    /// Calls of other days than those that were built.
    pub other_day: u64,
}

impl From<&Outcome> for Finished {
    fn from(outcome: &Outcome) -> Self {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        Finished {
            days_built: count(outcome.days.len()),
            days_unchanged: count(outcome.unchanged.len()),
            days_held: count(outcome.not_replaced.len()),
            days_reopened: count(outcome.days.iter().filter(|day| day.is_reopened).count()),
            objects_read: outcome.objects.read,
            objects_unreadable: outcome.objects.unreadable,
            bytes_read: outcome.objects.bytes,
            records: outcome.records,
            written: outcome.written,
            duplicates: outcome.duplicates,
            other_day: outcome.out_of_range.values().sum::<u64>() + outcome.calls_left,
        }
    }
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// Objects that listings gave so far, to be read or not.
    pub found_objects: u64,
    /// Objects to read, as far as is known so far.
    pub listed_objects: u64,
    /// Their bytes as stored.
    pub listed_bytes: u64,
    /// Objects read so far, unreadable ones included.
    pub read_objects: u64,
    /// Their bytes as stored.
    pub read_bytes: u64,
    /// Days published so far.
    pub days_published: u64,
    /// Days to publish in all; 0 until all is read.
    pub days_to_publish: u64,
    /// Whether all objects are found, and the totals are final.
    pub is_listed: bool,
}

impl Progress {
    /// The counters now.
    pub fn snapshot(&self) -> Snapshot {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Snapshot {
            found_objects: get(&self.found_objects),
            listed_objects: get(&self.listed_objects),
            listed_bytes: get(&self.listed_bytes),
            read_objects: get(&self.read_objects),
            read_bytes: get(&self.read_bytes),
            days_published: get(&self.days_published),
            days_to_publish: get(&self.days_to_publish),
            is_listed: self.is_listed.load(Ordering::Relaxed),
        }
    }

    /// What is finished.
    pub fn finished(&self) -> Finished {
        let finished = *self.finished.lock().unwrap_or_else(PoisonError::into_inner);
        // Days do not know how large their objects are as stored.
        match finished.bytes_read {
            0 => Finished { bytes_read: self.read_bytes.load(Ordering::Relaxed), ..finished },
            _ => finished,
        }
    }

    pub(crate) fn set_finished(&self, finished: Finished) {
        *self.finished.lock().unwrap_or_else(PoisonError::into_inner) = finished;
    }

    pub(crate) fn found(&self) {
        self.found_objects.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn listed(&self, bytes: u64) {
        self.listed_objects.fetch_add(1, Ordering::Relaxed);
        self.listed_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn all_listed(&self) {
        self.is_listed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn read(&self, bytes: u64) {
        self.read_objects.fetch_add(1, Ordering::Relaxed);
        self.read_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn publishing(&self, days: usize) {
        let published = self.days_published.load(Ordering::Relaxed);
        self.days_to_publish.store(published + days as u64, Ordering::Relaxed);
    }

    pub(crate) fn published(&self) {
        self.days_published.fetch_add(1, Ordering::Relaxed);
    }
}
