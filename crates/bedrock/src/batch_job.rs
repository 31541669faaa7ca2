//! Batch inference jobs: which state a job is in, and what its output counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What begins the ARN of a job, after its Region and account.
const RESOURCE: &str = "model-invocation-job/";

/// The longest ID that is taken for one: those of AWS have 12 characters (`jobArn` of `CreateModelInvocationJob` in the
/// Bedrock API reference).
const MAX_ID_CHARS: usize = 64;

/// The state of a job, in the order in which a job goes through them; of the last five it ends in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum JobStatus {
    /// It was created.
    Submitted,
    /// Its input is checked.
    Validating,
    /// It waits for its turn.
    Scheduled,
    /// It runs.
    InProgress,
    /// Somebody has asked to stop it.
    Stopping,
    /// It was stopped.
    Stopped,
    /// It did not run at all in time.
    Expired,
    /// It has failed.
    Failed,
    /// It ran out of time: a part of its records is processed.
    PartiallyCompleted,
    /// All its records are processed.
    Completed,
}

/// How AWS spells each (`ModelInvocationJobSummary` in the Bedrock API reference).
const NAMES: [(JobStatus, &str); 10] = [
    (JobStatus::Submitted, "Submitted"),
    (JobStatus::Validating, "Validating"),
    (JobStatus::Scheduled, "Scheduled"),
    (JobStatus::InProgress, "InProgress"),
    (JobStatus::Stopping, "Stopping"),
    (JobStatus::Stopped, "Stopped"),
    (JobStatus::Expired, "Expired"),
    (JobStatus::Failed, "Failed"),
    (JobStatus::PartiallyCompleted, "PartiallyCompleted"),
    (JobStatus::Completed, "Completed"),
];

/// What the output of a job counts, of all its records together. A count that it lacks is `None`, which is
/// not 0.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(default)]
pub struct JobOutput {
    /// Records that were processed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processed_records: Option<i64>,
    /// Those of them that gave an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub succeeded_records: Option<i64>,
    /// Those of them that gave an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_records: Option<i64>,
    /// Records that were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<i64>,
    /// Input tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<i64>,
    /// Output tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<i64>,
}

impl JobStatus {
    /// Reads the name of a state, as AWS spells it.
    pub fn parse(text: &str) -> Option<Self> {
        NAMES.iter().find(|(_, name)| *name == text).map(|(status, _)| *status)
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        NAMES[self as usize].1
    }

    /// Whether a job stays in it.
    pub fn is_final(self) -> bool {
        self >= JobStatus::Stopped
    }

    /// The state of a job that was last said to be in this one, and has this output. An output is written
    /// when a job ends; what it counts says how it ended as far as records were processed.
    #[must_use]
    pub fn with_output(self, output: &JobOutput) -> Self {
        match (output.processed_records, output.records) {
            _ if self.is_final() => self,
            (Some(processed), Some(all)) if processed > 0 && processed >= all => {
                JobStatus::Completed
            }
            (Some(processed), Some(_)) if processed > 0 => match self {
                JobStatus::Stopping => JobStatus::Stopped,
                _ => JobStatus::PartiallyCompleted,
            },
            _ => self,
        }
    }
}

impl JobOutput {
    /// Whether it counts tokens.
    pub fn has_tokens(&self) -> bool {
        self.input_tokens.is_some() || self.output_tokens.is_some()
    }

    /// Whether no more records were processed, answered, or refused than there are.
    pub fn adds_up(&self) -> bool {
        let parts = [self.processed_records, self.succeeded_records, self.failed_records];
        self.records.is_none_or(|all| parts.into_iter().flatten().all(|part| part <= all))
    }

    /// The input and output tokens that can be right. An answered record has input, so that 0 is no count of it, and
    /// nor is 0 output beside it. If the records do not add up, no count is.
    pub fn tokens(&self) -> [Option<i64>; 2] {
        if !self.adds_up() {
            return [None, None];
        }
        let has_answers = self.succeeded_records.is_some_and(|records| records > 0);
        let input = self.input_tokens.filter(|tokens| !has_answers || *tokens > 0);
        let output = self.output_tokens;
        [input, output.filter(|tokens| !has_answers || *tokens > 0 || input.is_some())]
    }
}

/// What is known of the states of jobs, by their IDs. Of several states of one job the last one counts, in
/// whichever order they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobStates(BTreeMap<Box<str>, JobStatus>);

impl JobStates {
    /// Adds a state, and says whether that is news.
    pub fn add(&mut self, job_id: &str, status: JobStatus) -> bool {
        match self.0.get_mut(job_id) {
            Some(known) if *known >= status => false,
            Some(known) => {
                *known = status;
                true
            }
            None => self.0.insert(job_id.into(), status).is_none(),
        }
    }

    /// The last known state of a job.
    pub fn get(&self, job_id: &str) -> Option<JobStatus> {
        self.0.get(job_id).copied()
    }

    /// As lines of a file, by their IDs.
    pub fn to_lines(&self) -> String {
        self.0.iter().map(|(id, status)| format!("{id},{}\n", status.as_str())).collect()
    }

    /// Adds those of a file that [`JobStates::to_lines`] wrote.
    ///
    /// # Errors
    /// The number of the first line that is none of these.
    pub fn add_lines(&mut self, text: &str) -> Result<(), usize> {
        for (number, line) in text.lines().enumerate() {
            let parts = line
                .rsplit_once(',')
                .filter(|(id, _)| is_id(id))
                .and_then(|(id, name)| Some((id, JobStatus::parse(name)?)));
            let (id, status) = parts.ok_or(number + 1)?;
            self.add(id, status);
        }
        Ok(())
    }
}

/// The ID of a job in its ARN, or the ID itself: the name of the folder that the job writes its output to. `None` if the
/// text is neither.
pub fn job_id(arn_or_id: &str) -> Option<&str> {
    let id = match arn_or_id.split_once(RESOURCE) {
        Some((_, id)) => id,
        None => arn_or_id,
    };
    is_id(id).then_some(id)
}

/// Whether a text has the form of an ID: it is written to a file as it is.
fn is_id(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=MAX_ID_CHARS).contains(&text.len()) && text.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_of_the_states() {
        for (number, (status, name)) in NAMES.into_iter().enumerate() {
            assert_eq!((status as usize, JobStatus::parse(name)), (number, Some(status)));
        }
        assert_eq!(JobStatus::parse("completed"), None);
    }

    #[test]
    fn output_tells_how_a_job_ended_unless_an_event_does() {
        let status = |said: JobStatus, processed, records| {
            let output =
                JobOutput { processed_records: processed, records, ..JobOutput::default() };
            said.with_output(&output).as_str()
        };
        assert_eq!(status(JobStatus::Submitted, Some(5), Some(5)), "Completed");
        assert_eq!(status(JobStatus::Stopping, Some(5), Some(5)), "Completed");
        assert_eq!(status(JobStatus::InProgress, Some(4), Some(5)), "PartiallyCompleted");
        assert_eq!(status(JobStatus::Stopping, Some(4), Some(5)), "Stopped");
        assert_eq!(status(JobStatus::Failed, Some(5), Some(5)), "Failed");
        // The output of a job that failed early.
        assert_eq!(status(JobStatus::Submitted, Some(0), Some(0)), "Submitted");
        assert_eq!(status(JobStatus::Submitted, Some(0), Some(5)), "Submitted");
        assert_eq!(status(JobStatus::Submitted, None, Some(5)), "Submitted");
    }

    #[test]
    fn last_state_counts_in_any_order() {
        let said = [JobStatus::Stopping, JobStatus::InProgress, JobStatus::Stopped];
        for start in 0..said.len() {
            let mut states = JobStates::default();
            for n in 0..said.len() {
                states.add("a", said[(start + n) % said.len()]);
            }
            assert!(!states.add("a", JobStatus::Submitted));
            assert_eq!(states.get("a"), Some(JobStatus::Stopped));
        }
    }

    #[test]
    fn states_come_back_from_their_lines() {
        let mut states = JobStates::default();
        states.add("b", JobStatus::Failed);
        states.add("a", JobStatus::Completed);
        assert_eq!(states.to_lines(), "a,Completed\nb,Failed\n");
        let mut found = JobStates::default();
        assert_eq!((found.add_lines(&states.to_lines()), &found), (Ok(()), &states));
        assert_eq!(JobStates::default().add_lines("a,Failed\nb,failed\n"), Err(2));
    }

    #[test]
    fn id_is_the_last_part_of_the_arn() {
        let arn = "arn:aws:bedrock:us-east-1:111122223333:model-invocation-job/abc123def456";
        assert_eq!(job_id(arn), Some("abc123def456"));
        assert_eq!(job_id("abc123def456"), Some("abc123def456"));
        let (longest, too_long) = ("a".repeat(64), "a".repeat(65));
        assert_eq!(job_id(&longest), Some(longest.as_str()));
        let empty = "arn:aws:bedrock:us-east-1:1:model-invocation-job/";
        for text in ["", empty, "a/b", "arn:aws:x", "a\nb", "a,b", "a b", "ä", "a.b", &too_long] {
            assert_eq!(job_id(text), None, "{text}");
        }
    }

    #[test]
    fn tokens_that_cannot_be_right_are_none() {
        let tokens = |records, [processed, succeeded, input, output]: [i64; 4]| {
            JobOutput {
                processed_records: Some(processed),
                succeeded_records: Some(succeeded),
                failed_records: Some(0),
                records: Some(records),
                input_tokens: Some(input),
                output_tokens: Some(output),
            }
            .tokens()
        };
        assert_eq!(tokens(5, [5, 5, 10, 20]), [Some(10), Some(20)]);
        // Embeddings have no output.
        assert_eq!(tokens(5, [5, 5, 10, 0]), [Some(10), Some(0)]);
        assert_eq!(tokens(5, [5, 5, 0, 20]), [None, Some(20)]);
        assert_eq!(tokens(5, [5, 5, 0, 0]), [None, None]);
        assert_eq!(tokens(5, [5, 0, 0, 0]), [Some(0), Some(0)]);
        assert_eq!(tokens(0, [0, 0, 0, 0]), [Some(0), Some(0)]);
        assert_eq!(tokens(4, [5, 4, 10, 20]), [None, None]);
        assert_eq!(tokens(4, [4, 5, 10, 20]), [None, None]);
    }
}
