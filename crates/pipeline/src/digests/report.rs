//! What the digests say: of each log file, and of themselves.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use logs::hash::to_hex;
use logs::layout::LogKind;
use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::outcome::digests::{DigestCounts, Problem, ProblemKind};

/// What the digests say of a log file that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// A digest lists it, with this hash.
    Valid,
    /// A digest lists it with another hash.
    Mismatch,
    /// Digests cover the time of its delivery, and do not list it.
    NotListed,
    /// No digest covers the time of its delivery: not yet, not any more, or no valid one.
    NoDigest,
}

/// What the digests of a range say.
#[derive(Debug, Default)]
pub(crate) struct Digests {
    pub(super) counts: DigestCounts,
    pub(super) problems: Vec<Problem>,
    /// The keys of the digests that log files are listed by.
    pub(super) keys: Vec<Box<str>>,
    pub(super) listed: FxHashMap<Box<str>, Listed>,
    /// The times that are covered, by Region's folder of log files; in order, apart from each other.
    pub(super) covered: BTreeMap<String, Vec<(Timestamp, Timestamp)>>,
}

/// A log file that a digest lists.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed {
    pub(super) sha256: [u8; 32],
    /// The number of the digest in [`Digests::keys`].
    pub(super) digest: u32,
}

/// The time in the name of a log file is about that of its delivery: the digest after it may list it. Only if the time until then is covered too, in minutes, is a file *not listed*.
const MAY_BE_LISTED_LATER_MINUTES: i64 = 60;

impl Digests {
    /// The SHA-256 that a digest lists a log file with; `None` if none lists it.
    pub(crate) fn expected(&self, key: &str) -> Option<[u8; 32]> {
        self.listed.get(key).map(|listed| listed.sha256)
    }

    /// What the digests say of a log file that was read, by its key relative to the source and the
    /// SHA-256 of its inflated text ([`logs::Reading::sha256`]).
    pub(crate) fn status(&self, key: &str, sha256: &[u8; 32]) -> Status {
        match self.listed.get(key) {
            Some(listed) if listed.sha256 == *sha256 => Status::Valid,
            Some(_) => Status::Mismatch,
            None if self.is_covered(key) => Status::NotListed,
            None => Status::NoDigest,
        }
    }

    /// The same as a problem, if it is one.
    pub(crate) fn problem(&self, key: &str, sha256: &[u8; 32]) -> Option<Problem> {
        let (kind, reason) = match (self.status(key, sha256), self.listed.get(key)) {
            (Status::Mismatch, Some(listed)) => {
                let (expected, found) = (to_hex(&listed.sha256), to_hex(sha256));
                let digest = &self.keys[listed.digest as usize];
                let reason =
                    format!("expected SHA-256 {expected} as `{digest}` says, found {found}");
                (ProblemKind::WrongLog, reason)
            }
            (Status::NotListed, _) => {
                let reason = "digests cover the time of its delivery, and none lists it";
                (ProblemKind::UnlistedLog, reason.to_owned())
            }
            _ => return None,
        };
        Some(Problem { key: key.to_owned(), kind, reason })
    }

    /// The log files of the range that digests list and that are not there, in the order of their keys.
    /// `is_there` says whether a key was listed, read or not.
    pub(crate) fn missing_logs(&self, is_there: impl Fn(&str) -> bool) -> Vec<Problem> {
        let missing = self.listed.iter().filter(|(key, _)| !is_there(key));
        let mut problems = missing
            .map(|(key, listed)| Problem {
                key: key.as_ref().to_owned(),
                kind: ProblemKind::MissingLog,
                reason: format!(
                    "`{}` lists it, and it is not there",
                    self.keys[listed.digest as usize]
                ),
            })
            .collect::<Vec<_>>();
        problems.sort();
        problems
    }

    /// What is wrong with the digests themselves, in the order of their keys.
    pub(crate) fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// How much was checked.
    pub(crate) fn counts(&self) -> DigestCounts {
        self.counts
    }

    /// Those of a source that has none.
    pub(super) fn without_any(location: String, root_path: &str) -> Self {
        let mut digests = Digests::default();
        digests.add_absent(location, root_path);
        digests
    }

    /// Adds that a source has none; `root_path` is its own path.
    pub(super) fn add_absent(&mut self, location: String, root_path: &str) {
        let begins_in_trail = root_path.split('/').any(|name| name == LogKind::CloudTrail.folder());
        let reason = match begins_in_trail {
            false => {
                "expected digest files in `AWSLogs/<account>/CloudTrail-Digest/<Region>/`, found \
                 none; is log file validation on?"
            }
            true => {
                "expected a source at or above the account's folder, because digest files are \
                 beside `CloudTrail/`; found one that begins in it"
            }
        };
        let (kind, reason) = (ProblemKind::NoDigests, reason.to_owned());
        self.problems.push(Problem { key: location, kind, reason });
    }

    /// Whether digests cover the delivery of a log file until any of them would have listed it.
    fn is_covered(&self, key: &str) -> bool {
        let times = key.rsplitn(5, '/').nth(4).and_then(|folder| self.covered.get(folder));
        let Some((times, from)) = times.zip(delivered_at(key)) else { return false };
        let Ok(until) = from.checked_add(MAY_BE_LISTED_LATER_MINUTES.minutes()) else {
            return false;
        };
        let after = times.partition_point(|(start, _)| *start <= from);
        after > 0 && until <= times[after - 1].1
    }
}

/// When a log file was delivered, by its name.
fn delivered_at(key: &str) -> Option<Timestamp> {
    let delivery = LogKind::CloudTrail.delivery(key)?;
    let midnight = TimeZone::UTC.to_timestamp(delivery.day.at(0, 0, 0, 0)).ok()?;
    midnight.checked_add(delivery.minute?.minutes()).ok()
}

impl Status {
    /// The name of the status in tables.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Status::Valid => "valid",
            Status::Mismatch => "mismatch",
            Status::NotListed => "not_listed",
            Status::NoDigest => "no_digest",
        }
    }
}
