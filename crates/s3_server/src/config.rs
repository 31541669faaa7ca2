//! What a server is started with.

use std::time::Duration;

use crate::bucket::Bucket;
use crate::fault::Fault;

/// What a server is started with. The default is one without buckets, on a free port, that
/// answers at once.
#[derive(Debug, Default)]
pub struct Config {
    /// The buckets that exist.
    pub buckets: Vec<Bucket>,
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Waited before every answer.
    pub latency: Duration,
    /// The most entries in a page of a listing; a request may ask for fewer. S3 has 1,000, which
    /// is also what `None` means.
    pub page_size: Option<usize>,
    /// Whether to keep the head of every request, for [`crate::Server::recorded`].
    pub records: bool,
    /// How requests fail, from the start on; [`crate::Server::set_faults`] replaces them.
    pub faults: Vec<Fault>,
}

impl Config {
    /// The default.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more bucket.
    #[must_use]
    pub fn bucket(mut self, bucket: Bucket) -> Self {
        self.buckets.push(bucket);
        self
    }

    /// With one more way to fail.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// With this cap on the entries in a page.
    #[must_use]
    pub fn page_size(mut self, page_size: usize) -> Self {
        self.page_size = Some(page_size);
        self
    }

    /// With this wait before every answer.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }
}
