//! How far a run is, for whoever shows it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

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
