//! What was asked, how much of it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::request::Kind;

/// What was asked since the start or the last [`crate::Server::reset_stats`]. A request counts
/// when its head has arrived, whatever the answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Pages of listings.
    pub lists: u64,
    /// `GetObject`, with or without a range.
    pub gets: u64,
    /// Those of `gets` that asked for a range.
    pub range_gets: u64,
    /// `HeadObject`.
    pub head_objects: u64,
    /// `HeadBucket`.
    pub head_buckets: u64,
    /// `PutObject`.
    pub puts: u64,
    /// `CreateMultipartUpload`.
    pub creates: u64,
    /// `UploadPart`.
    pub parts: u64,
    /// `CompleteMultipartUpload`.
    pub completes: u64,
    /// `AbortMultipartUpload`.
    pub aborts: u64,
    /// `DeleteObject`.
    pub deletes: u64,
    /// Anything else.
    pub others: u64,
    /// Answers that a fault changed.
    pub faults: u64,
    /// Requests that carried `x-amz-request-payer`.
    pub requester_pays: u64,
    /// Requests without a signature.
    pub unsigned: u64,
    /// The most requests at once, from a request's head to its answer's last byte.
    pub max_in_flight: u64,
    /// Connections accepted.
    pub connections: u64,
}

impl Stats {
    /// All requests.
    pub fn requests(&self) -> u64 {
        let heads = self.head_objects + self.head_buckets;
        let uploads = self.creates + self.parts + self.completes + self.aborts;
        self.lists + self.gets + heads + self.puts + uploads + self.deletes + self.others
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    kinds: [AtomicU64; Kind::ALL.len()],
    pub(crate) range_gets: AtomicU64,
    pub(crate) faults: AtomicU64,
    pub(crate) requester_pays: AtomicU64,
    pub(crate) unsigned: AtomicU64,
    pub(crate) connections: AtomicU64,
    in_flight: AtomicU64,
    max_in_flight: AtomicU64,
}

/// A request in flight, as long as it lives. The answer's body carries it.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Counters>);

impl Counters {
    pub(crate) fn begin(self: &Arc<Self>, kind: Kind) -> InFlight {
        self.kinds[kind as usize].fetch_add(1, Ordering::Relaxed);
        let now = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.max_in_flight.fetch_max(now, Ordering::Relaxed);
        InFlight(Arc::clone(self))
    }

    pub(crate) fn stats(&self) -> Stats {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let kind = |kind: Kind| count(&self.kinds[kind as usize]);
        Stats {
            lists: kind(Kind::List),
            gets: kind(Kind::Get),
            range_gets: count(&self.range_gets),
            head_objects: kind(Kind::HeadObject),
            head_buckets: kind(Kind::HeadBucket),
            puts: kind(Kind::Put),
            creates: kind(Kind::Create),
            parts: kind(Kind::Part),
            completes: kind(Kind::Complete),
            aborts: kind(Kind::Abort),
            deletes: kind(Kind::Delete),
            others: kind(Kind::Other),
            faults: count(&self.faults),
            requester_pays: count(&self.requester_pays),
            unsigned: count(&self.unsigned),
            max_in_flight: count(&self.max_in_flight),
            connections: count(&self.connections),
        }
    }

    pub(crate) fn reset(&self) {
        let all = [
            &self.range_gets,
            &self.faults,
            &self.requester_pays,
            &self.unsigned,
            &self.connections,
            &self.max_in_flight,
        ];
        for counter in self.kinds.iter().chain(all) {
            counter.store(0, Ordering::Relaxed);
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
