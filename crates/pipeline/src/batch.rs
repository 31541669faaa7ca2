//! Batch inference jobs: what is known of them besides the events that create them. Their states come from
//! other events of whatever day, and are kept at the destination; what they counted comes from their output.

mod created;
mod outputs;
mod states;

use std::collections::{BTreeMap, BTreeSet};

use bedrock::JobStates;

pub(crate) use created::CreatedJobs;
pub(crate) use outputs::{DayOutputs, ListedOutputs, list_outputs};

use crate::day::manifest::{BatchJob, Manifest};
use crate::run::schedule::Reason;

/// The ARNs of jobs by their IDs: one each, unless jobs of several accounts or Regions have one ID.
pub(crate) type JobArns = BTreeMap<Box<str>, BTreeSet<Box<str>>>;

/// What is known of jobs now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownJobs<'a> {
    /// Their states.
    pub(crate) states: &'a JobStates,
    /// Their outputs, if there are locations of such.
    pub(crate) outputs: Option<&'a ListedOutputs<'a>>,
}

impl KnownJobs<'_> {
    /// Whether outputs of a day could not be read when it was built, and may be read now.
    pub(crate) fn is_partial(&self, manifest: &Manifest) -> bool {
        self.outputs.is_some() && manifest.batch_jobs.values().any(BatchJob::is_partial)
    }

    /// Why a published day is rebuilt: more is known of its jobs than when it was built. An output that is not
    /// there any more, or that this run has no location of, is no reason, and nor is a state that only the manifest
    /// has.
    pub(crate) fn reason(&self, manifest: &Manifest) -> Option<Reason> {
        let has_news = |(id, known): &(&String, &BatchJob)| {
            let output = self.outputs.and_then(|outputs| outputs.sources(id));
            let has_output =
                output.is_some_and(|now| known.output.as_ref().map(|it| &it.all) != Some(&now));
            has_output || self.states.get(id) > known.status
        };
        let jobs = manifest.batch_jobs.iter().filter(has_news).count() as u64;
        (jobs > 0).then_some(Reason::BatchJobs { jobs })
    }
}
