//! A batch inference job as a day was built with it: its state and its output are input as source objects are.

use bedrock::{JobOutput, JobStatus};
use serde::{Deserialize, Serialize};

use super::Sources;

/// A job of a day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BatchJob {
    /// Its state, as events tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<JobStatus>,
    /// Its output, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<OutputSources>,
    /// What its output counts: the day keeps that if the output is not there any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<KnownOutput>,
    /// What is wrong with files of its output that could be read: they are not read again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<OutputProblem>,
}

/// The output that counts for a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownOutput {
    /// The name of the file, below the location of the outputs.
    pub object: String,
    /// What it counts.
    #[serde(flatten)]
    pub counts: JobOutput,
}

/// What is wrong with a file of an output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OutputProblem {
    /// The name of the file, below the location of the outputs.
    pub object: String,
    /// In words.
    pub reason: String,
}

/// The files of a job that count what it has done: one, unless the output was copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OutputSources {
    /// All of them.
    #[serde(flatten)]
    pub all: Sources,
    /// How many of them could be read.
    pub readable: u64,
}

impl BatchJob {
    /// Whether a file of its output could not be read.
    pub(crate) fn is_partial(&self) -> bool {
        self.output.as_ref().is_some_and(|output| output.readable < output.all.objects)
    }
}
