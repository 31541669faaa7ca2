//! Which batch jobs the events of a day create. A job is known by its ARN: an event may be delivered again with
//! another time, and whoever asks twice with one `clientRequestToken` gets the job of before. Of two days beside each
//! other the earlier one keeps it.

use std::collections::BTreeSet;
use std::fmt::Write;

use bedrock::batch_job::job_id;
use logs::hash::{sha256, to_hex};
use serde::{Deserialize, Serialize};

use super::JobArns;

/// The ARNs of the jobs that events of a day create.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CreatedJobs {
    /// Those that have a row on the day.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    own: BTreeSet<Box<str>>,
    /// Those that events of the day before create too: they have none.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    of_day_before: BTreeSet<Box<str>>,
}

impl CreatedJobs {
    /// Those of a day whose events create `all` of these jobs. What the day before has is left to it, even if that one
    /// leaves it to the day before itself: what a day keeps depends on the events of two days only.
    pub(crate) fn new(all: BTreeSet<Box<str>>, before: Option<&CreatedJobs>) -> Self {
        let Some(before) = before else { return CreatedJobs { own: all, ..Self::default() } };
        let (of_day_before, own) = all.into_iter().partition(|arn| before.has(arn));
        CreatedJobs { own, of_day_before }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.own.is_empty() && self.of_day_before.is_empty()
    }

    fn has(&self, arn: &str) -> bool {
        self.own.contains(arn) || self.of_day_before.contains(arn)
    }

    /// Whether they are what [`CreatedJobs::new`] makes of them after this day before.
    pub(crate) fn are_after(&self, before: &CreatedJobs) -> bool {
        self.of_day_before.iter().all(|arn| before.has(arn))
            && !self.own.iter().any(|arn| before.has(arn))
    }

    /// The jobs that have a row on the day, by their IDs.
    pub(crate) fn by_id(&self) -> JobArns {
        let mut by_id = JobArns::new();
        for (id, arn) in self.own.iter().filter_map(|arn| Some((job_id(arn)?, arn))) {
            by_id.entry(id.into()).or_default().insert(arn.clone());
        }
        by_id
    }

    /// Those that have no row on the day.
    pub(crate) fn of_day_before(&self) -> &BTreeSet<Box<str>> {
        &self.of_day_before
    }

    /// What a day is compared by, in hexadecimal: the SHA-256 of its calls, and with jobs that of both.
    pub(crate) fn compared_sha256(&self, calls_sha256: &str) -> String {
        if self.is_empty() {
            return calls_sha256.to_owned();
        }
        let mut text = calls_sha256.to_owned();
        for (mark, arns) in [('+', &self.own), ('-', &self.of_day_before)] {
            for arn in arns {
                // A text cannot fail to be written to.
                let _ = write!(text, "\n{mark}{}:{arn}", arn.len());
            }
        }
        to_hex(&sha256(text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arns(names: &[&str]) -> BTreeSet<Box<str>> {
        names.iter().map(|name| Box::from(*name)).collect()
    }

    /// Whatever the days before a day left to others.
    #[test]
    fn job_on_several_days_in_a_row_is_the_first_ones() {
        let first = CreatedJobs::new(arns(&["a", "b"]), None);
        let second = CreatedJobs::new(arns(&["a", "c"]), Some(&first));
        let third = CreatedJobs::new(arns(&["a", "b"]), Some(&second));
        assert_eq!((second.own, second.of_day_before), (arns(&["c"]), arns(&["a"])));
        assert_eq!((third.own, third.of_day_before), (arns(&["b"]), arns(&["a"])));
    }

    #[test]
    fn day_is_made_again_if_the_day_before_has_other_jobs_of_it() {
        let none = CreatedJobs::default();
        let before = CreatedJobs::new(arns(&["a", "b"]), None);
        let day = CreatedJobs::new(arns(&["a", "c"]), Some(&before));
        assert!(day.are_after(&before) && day.are_after(&CreatedJobs::new(arns(&["a"]), None)));
        assert!(!day.are_after(&none), "it left a job that is nowhere now");
        assert!(!day.are_after(&CreatedJobs::new(arns(&["a", "c"]), None)), "both have a job");
        assert!(none.are_after(&before));
    }

    #[test]
    fn fingerprint_has_the_calls_and_the_jobs() {
        let before = CreatedJobs::new(arns(&["a"]), None);
        let own = CreatedJobs::new(arns(&["a", "b"]), None);
        let left = CreatedJobs::new(arns(&["a", "b"]), Some(&before));
        let one = CreatedJobs::new(arns(&["a\n+1:b"]), None);
        let all = [&before, &own, &left, &one].map(|jobs| jobs.compared_sha256("calls"));
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 4, "{all:?}");
        assert_ne!(own.compared_sha256("others"), all[1]);
        assert_eq!(CreatedJobs::default().compared_sha256("calls"), "calls");
    }

    #[test]
    fn id_of_several_arns_has_them_all() {
        let [one, other] = ["us-east-1", "us-west-2"]
            .map(|region| format!("arn:aws:bedrock:{region}:1:model-invocation-job/x1"));
        let jobs = CreatedJobs::new(arns(&[&one, &other, "arn:aws:x"]), None);
        assert_eq!(jobs.by_id(), JobArns::from([("x1".into(), arns(&[&one, &other]))]));
    }
}
