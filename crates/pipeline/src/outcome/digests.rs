//! What CloudTrail's digest files say, as a run reports it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::problems::MAX_LISTED;

/// What is wrong with a digest, or with what a digest lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// There are no digests, or they are out of reach.
    NoDigests,
    /// A digest cannot be had or read.
    Unreadable,
    /// A digest was found where it does not belong.
    Misplaced,
    /// A digest has another hash than the next one says.
    WrongHash,
    /// A digest's signature is wrong.
    WrongSignature,
    /// A signature cannot be checked, because its public key was not given.
    NoPublicKey,
    /// A digest is named by the next one and is not there.
    MissingDigest,
    /// A chain starts anew: the deliveries before are covered by no digest, or by another chain's.
    Restarted,
    /// A digest names one before it that is no predecessor: of the same time or later.
    NotAPredecessor,
    /// Two digests list one log file with different hashes.
    Contradiction,
    /// A log file has another hash than its digest says.
    WrongLog,
    /// A log file is listed by no digest, although digests cover the time of its delivery.
    UnlistedLog,
    /// A log file is listed by a digest and is not there.
    MissingLog,
}

/// A problem, as a sentence about a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// What it concerns: the key of a digest or a log file, relative to the source; or the source.
    pub key: String,
    /// What kind it is.
    pub kind: ProblemKind,
    /// What was expected and what was found.
    pub reason: String,
}

/// How much was checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct DigestCounts {
    /// Digests that were found: `valid + invalid`.
    pub digests: u64,
    /// Digests whose log files count.
    pub valid: u64,
    /// Digests that are unreadable or misplaced, or whose hash or signature is wrong, or that only such
    /// digests vouch for.
    pub invalid: u64,
    /// Digests that no later one names: the newest of each chain, which nothing vouches for yet, and
    /// those before a missing one.
    pub not_named: u64,
    /// Chains that they belong to.
    pub chains: u64,
    /// Digests that a later valid one names with the same hash.
    pub hashes_valid: u64,
    /// Digests whose signature is valid.
    pub signatures_valid: u64,
    /// Digests whose signature was not checked: without public keys, and those that are not named.
    pub signatures_not_checked: u64,
    /// Log files of the range that valid digests list.
    pub log_files: u64,
    /// Log files that they list and that were written elsewhere: to another bucket or prefix.
    pub log_files_elsewhere: u64,
}

/// What CloudTrail's digest files say of the log files that were read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DigestOutcome {
    /// How much was checked.
    pub counts: DigestCounts,
    /// Log files that were read, by their status.
    pub log_files: BTreeMap<&'static str, u64>,
    /// Problems that mean that logs were changed or are missing, or cannot be vouched for.
    pub errors: u64,
    /// Problems that may have harmless reasons.
    pub warnings: u64,
    /// The problems, errors first, then by key; the first 100.
    pub problems: Vec<Problem>,
}

impl DigestOutcome {
    /// Adds a problem.
    pub(crate) fn add(&mut self, problem: Problem) {
        let count = if problem.kind.is_error() { &mut self.errors } else { &mut self.warnings };
        *count += 1;
        let order = |problem: &Problem| (!problem.kind.is_error(), problem.clone());
        let index = self.problems.partition_point(|known| order(known) <= order(&problem));
        if index < MAX_LISTED {
            self.problems.insert(index, problem);
            self.problems.truncate(MAX_LISTED);
        }
    }
}

impl ProblemKind {
    /// Whether it means that logs were changed or are missing, or that nothing vouches for them. What
    /// else there is may have a harmless reason: a second trail, validation that was switched off for
    /// a while, a key that was not given.
    pub fn is_error(self) -> bool {
        !matches!(
            self,
            ProblemKind::UnlistedLog | ProblemKind::Restarted | ProblemKind::NoPublicKey
        )
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.reason)
    }
}
