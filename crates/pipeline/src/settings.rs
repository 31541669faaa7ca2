//! What a run is asked to do.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bedrock::Accounts;
use logs::Limits;
use logs::digest::PublicKeys;
use logs::invocation::MetadataKeys;
use logs::layout::LogKind;

use crate::dates::{DayRange, Shard};
use crate::omit::Omitted;

/// How objects are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// Trails; where there is none, the folders by day of Firehose or Hive. Pruned by day.
    #[default]
    Auto,
    /// Trails only.
    Trail,
    /// Every object that may be a log file, whatever its key.
    Any,
}

/// What a run is asked to do, and with how much.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The days that are written. `None`, for [`Layout::Any`] only: every day that there is.
    pub range: Option<DayRange>,
    /// Which part of a longer range these days are, if other runs build the rest at the same time.
    pub shard: Option<Shard>,
    /// How long after midnight objects are still read for the day before, in minutes.
    pub late_window_minutes: i64,
    /// How many days before its delivery a call may be for its day to be opened again, although the range
    /// does not have it: 0 opens none.
    pub reopen_days: u16,
    /// How objects are found.
    pub layout: Layout,
    /// Which logs the source is made of: model invocation logs where there is no trail.
    pub kind: LogKind,
    /// Whether calls that only invocation logs have are rows, beside those of a trail.
    pub include_orphans: bool,
    /// How many folders are listed at most to find trails, apart from those of accounts.
    pub max_search_requests: u64,
    /// How many objects are listed and not yet read at most, as far as their number can be known before: days
    /// are listed as many at a time as have so many objects, but at least one.
    pub keys_in_window: u64,
    /// How many days are listed at a time at least, before it is known how many objects a day has.
    pub first_window_days: i64,
    /// The accounts to read; empty means all.
    pub accounts: BTreeSet<String>,
    /// The Regions to read; empty means all.
    pub regions: BTreeSet<String>,
    /// Threads that inflate, parse and encode.
    pub threads: usize,
    /// Requests in flight at most. Latency asks for many, whatever the number of cores.
    pub requests_in_flight: usize,
    /// Bytes at most that are fetched and not yet read.
    pub bytes_in_flight: u64,
    /// Whether days are rebuilt that have not changed.
    pub force: bool,
    /// How long another run is waited for that holds a day.
    pub lease_wait: Duration,
    /// Whether days are written without leases and conditions: for services that do not know them, where
    /// nothing else writes to the destination.
    pub no_lease: bool,
    /// Whether a day may be replaced by one that was built from fewer source objects.
    pub allow_shrink: bool,
    /// Whether log files are compared with CloudTrail's digest files; `limits.sha256` goes with it.
    pub verify_digests: bool,
    /// The keys that sign digest files; without them signatures are not checked.
    pub digest_keys: Option<PublicKeys>,
    /// The keys of request metadata that are taken from model invocation logs.
    pub request_metadata: MetadataKeys,
    /// Columns that are left empty.
    pub omitted: Omitted,
    /// What accounts are called, to be written as a table; without, the one that is there stays.
    pub account_names: Option<Arc<Accounts>>,
    /// How much one object may take.
    pub limits: Limits,
}

impl Settings {
    /// The defaults, for a range.
    pub fn new(range: Option<DayRange>) -> Self {
        Settings {
            range,
            shard: None,
            late_window_minutes: 6 * 60,
            // CloudTrail tries for 30 days to deliver log files to a bucket that cannot be reached
            // (CloudTrail user guide, "Creating a trail").
            reopen_days: 30,
            layout: Layout::Auto,
            kind: LogKind::CloudTrail,
            include_orphans: false,
            max_search_requests: 5000,
            // Each takes 250 to 400 bytes.
            keys_in_window: 1_500_000,
            first_window_days: 2,
            accounts: BTreeSet::new(),
            regions: BTreeSet::new(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            requests_in_flight: 64,
            bytes_in_flight: 64 << 20,
            force: false,
            lease_wait: Duration::ZERO,
            no_lease: false,
            allow_shrink: false,
            verify_digests: false,
            digest_keys: None,
            request_metadata: MetadataKeys::default(),
            omitted: Omitted::default(),
            account_names: None,
            limits: Limits::new(64 << 20, 8 << 30),
        }
    }

    /// What changes a reading of the same objects, for the manifest.
    pub(crate) fn reading(&self) -> String {
        let Limits { inflated_bytes, accept_trailing_members, sha256, .. } = self.limits;
        let members = if accept_trailing_members { "any number of members" } else { "one member" };
        let digests = if sha256 { ", compared with digests" } else { "" };
        let filter = |what: &str, chosen: &BTreeSet<String>| match chosen.len() {
            0 => String::new(),
            _ => format!(", {what} {}", chosen.iter().cloned().collect::<Vec<_>>().join(" ")),
        };
        let accounts = filter("accounts", &self.accounts);
        let regions = filter("Regions", &self.regions);
        let files = match (self.kind, self.layout) {
            (LogKind::ModelInvocation, Layout::Any) => "any model invocation log",
            (LogKind::ModelInvocation, _) => "model invocation logs",
            (_, Layout::Any) => "any file",
            _ => "log files",
        };
        let orphans = if self.include_orphans { ", with calls of invocation logs" } else { "" };
        format!(
            "{files}, {members}, at most {inflated_bytes} bytes{digests}{accounts}{regions}{orphans}"
        )
    }

    pub(crate) fn admits(chosen: &BTreeSet<String>, name: &str) -> bool {
        chosen.is_empty() || chosen.contains(name)
    }
}
