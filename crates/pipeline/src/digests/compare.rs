//! Compares the log files of a run with what the digests say of them.

use rustc_hash::FxHashSet;

use super::report::{Digests, Status};
use crate::outcome::DigestOutcome;

/// The digests of a run, and what was compared with them so far.
#[derive(Debug)]
pub(crate) struct Comparison {
    digests: Digests,
    /// Log files that digests list and that are there.
    there: FxHashSet<Box<str>>,
    /// Log files that were compared. One that is read twice counts once.
    compared: FxHashSet<Box<str>>,
    outcome: DigestOutcome,
}

impl Comparison {
    /// Nothing is compared yet; the problems of the digests themselves are in.
    pub(crate) fn new(digests: Digests) -> Self {
        let mut outcome = DigestOutcome { counts: digests.counts(), ..DigestOutcome::default() };
        digests.problems().iter().for_each(|problem| outcome.add(problem.clone()));
        let (there, compared) = (FxHashSet::default(), FxHashSet::default());
        Comparison { digests, there, compared, outcome }
    }

    /// Takes note that a log file is there.
    pub(crate) fn is_there(&mut self, key: &str) {
        if self.digests.expected(key).is_some() {
            self.there.insert(key.into());
        }
    }

    /// Compares a log file that was read, by its key and the SHA-256 of its inflated text.
    pub(crate) fn compare(&mut self, key: &str, sha256: &[u8; 32]) -> Status {
        let status = self.digests.status(key, sha256);
        if self.compared.insert(key.into()) {
            *self.outcome.log_files.entry(status.as_str()).or_default() += 1;
            if let Some(problem) = self.digests.problem(key, sha256) {
                self.outcome.add(problem);
            }
        }
        status
    }

    /// What came of it, with the log files that digests list and that are not there.
    pub(crate) fn outcome(self) -> DigestOutcome {
        let Comparison { digests, there, mut outcome, .. } = self;
        for problem in digests.missing_logs(|key| there.contains(key)) {
            outcome.add(problem);
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn log_file_without_digests_has_status_no_digest() {
        let mut comparison = Comparison::new(Digests::without_any("here".to_owned(), ""));
        let key = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/10/05/\
                   111122223333_CloudTrail_us-east-1_20261005T1210Z_a.json.gz";
        comparison.is_there(key);
        for _ in 0..2 {
            assert_eq!(comparison.compare(key, &[7; 32]), Status::NoDigest);
        }
        let outcome = comparison.outcome();
        assert_eq!(outcome.log_files, BTreeMap::from([("no_digest", 1)]));
        assert_eq!((outcome.errors, outcome.warnings), (1, 0), "{:?}", outcome.problems);
    }
}
