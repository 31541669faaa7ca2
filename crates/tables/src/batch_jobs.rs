//! The table `batch_jobs`: every batch inference job, on the day of its creation.

use std::sync::Arc;

use bedrock::cost::{Figure, TokenSource};
use bedrock::{Attribute, Attributes, CallId, JobOutput, JobStatus, Usd};

use crate::column::{
    Column,
    Value::{self, Count, Gaps, Id, Meaning, Money, ObjectKey, Text, Time},
    optional, required,
};
use crate::references::Refers;
use crate::table::Table;

/// One row: a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchJobRow {
    /// When it was created, in milliseconds since 1970 UTC.
    pub event_time_ms: i64,
    /// CloudTrail's `eventID` of its creation.
    pub event_id: CallId,
    /// Its state.
    pub status: JobStatus,
    /// What its output counts, if there is one.
    pub output: Option<ReadOutput>,
    /// What is known of its cost.
    pub figure: Figure,
    /// The ids of its texts.
    pub attributes: Attributes,
    /// The number of its meaning.
    pub meaning: u32,
    /// The number of the object that it was read from.
    pub object: u32,
}

/// The output of a job that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOutput {
    /// What it counts.
    pub counts: JobOutput,
    /// The name of the file, below the location of the outputs.
    pub object: Arc<str>,
}

/// The table `batch_jobs`.
pub static BATCH_JOBS: Table<BatchJobRow> = Table {
    name: "batch_jobs",
    grain: "one batch inference job",
    doc: "Batch inference jobs on the day of their creation: their requests are no calls, and their cost is in no other table.",
    is_by_day: true,
    columns: COLUMNS,
    order: |a, b| (a.event_time_ms, &a.event_id).cmp(&(b.event_time_ms, &b.event_id)),
    refers: Refers {
        attribute: |r, attribute| r.attributes[attribute],
        meaning: |r| r.meaning,
        object: |r| r.object,
    },
};

impl BatchJobRow {
    fn count(&self, of: fn(&JobOutput) -> Option<i64>) -> Option<i64> {
        of(&self.output.as_ref()?.counts)
    }
}

const COLUMNS: &[Column<BatchJobRow>] = &[
    required("event_time", Time(|r| Some(r.event_time_ms)), "When the job was created."),
    optional(
        "job_arn",
        Value::Attribute(Attribute::JobArn),
        "The ARN of the job; null if the event does not say, and then no output is found for it.",
    ),
    optional("account_id", Value::Attribute(Attribute::AccountId), "As in invocations."),
    optional("source_region", Value::Attribute(Attribute::SourceRegion), "As in invocations."),
    optional(
        "principal_arn",
        Value::Attribute(Attribute::PrincipalArn),
        "The ARN of who created the job.",
    ),
    optional("principal_name", Value::Attribute(Attribute::PrincipalName), "As in invocations."),
    required(
        "target_type",
        Meaning(|m| Some(m.resolution.target_type.as_str())),
        "As in invocations.",
    ),
    optional(
        "profile_scope",
        Meaning(|m| m.resolution.profile_scope.as_deref()),
        "As in invocations.",
    ),
    optional("profile_id", Meaning(|m| m.resolution.profile_id.as_deref()), "As in invocations."),
    optional(
        "model_id",
        Meaning(|m| m.model().map(|model| model.id.as_str())),
        "As in invocations.",
    ),
    optional(
        "model_name",
        Meaning(|m| m.model().and_then(|model| model.name.as_deref())),
        "As in invocations.",
    ),
    optional(
        "model_provider",
        Meaning(|m| m.model().map(|model| model.provider.as_str())),
        "As in invocations.",
    ),
    required(
        "model_match",
        Meaning(|m| Some(m.model().map_or("none", |model| model.matched.as_str()))),
        "As in invocations.",
    ),
    optional("model_ref", Value::Attribute(Attribute::ModelRef), "As in invocations."),
    required(
        "status",
        Text(|r| Some(r.status.as_str())),
        "The last known state, as AWS spells it: Submitted (nothing but the creation is known), Validating, Scheduled, InProgress, Stopping, Stopped, Expired, Failed, PartiallyCompleted, Completed.",
    ),
    optional(
        "records",
        Count(|r| r.count(|output| output.records)),
        "Records that the job was given (totalRecordCount of its output); null without output.",
    ),
    optional(
        "input_tokens",
        Count(|r| r.count(|output| output.input_tokens)),
        "Input tokens of all records (inputTokenCount of the output).",
    ),
    optional(
        "output_tokens",
        Count(|r| r.count(|output| output.output_tokens)),
        "Output tokens of all records (outputTokenCount of the output).",
    ),
    optional(
        "token_source",
        Text(|r| {
            let counts = &r.output.as_ref()?.counts;
            counts.has_tokens().then(|| TokenSource::JobOutput.as_str())
        }),
        "job_output; null if there are no token counts.",
    ),
    optional(
        "list_cost_usd",
        Money(|r| r.figure.cost.map(|cost| cost.total.units())),
        "The cost in US dollars at the list prices of the batch tier in the source Region on the day of creation; null if unknown. It is in no other table.",
    ),
    optional(
        "cost_basis",
        Text(|r| r.figure.cost.map(|cost| cost.basis.as_str())),
        "As in invocations.",
    ),
    optional("cost_gap", Gaps(|r| r.figure.gaps), "As in invocations."),
    optional(
        "list_cost_max_usd",
        Money(|r| r.figure.cost.and_then(|cost| cost.max).map(Usd::units)),
        "As in invocations.",
    ),
    optional(
        "contracted_cost_usd",
        Money(|r| r.figure.cost.and_then(|cost| cost.contracted).map(Usd::units)),
        "As in invocations.",
    ),
    required("event_id", Id(|r| Some(&r.event_id)), "The eventID of CloudTrail."),
    optional("job_name", Value::Attribute(Attribute::JobName), "The name of the job."),
    optional(
        "processed_records",
        Count(|r| r.count(|output| output.processed_records)),
        "Records that were processed (processedRecordCount).",
    ),
    optional(
        "succeeded_records",
        Count(|r| r.count(|output| output.succeeded_records)),
        "Records with an answer (successRecordCount).",
    ),
    optional(
        "failed_records",
        Count(|r| r.count(|output| output.failed_records)),
        "Records with an error (errorRecordCount).",
    ),
    optional("profile_name", Meaning(|m| m.resolution.alias_name.as_deref()), "As in invocations."),
    required("log_object", ObjectKey, "The object that the event was read from."),
    optional(
        "output_object",
        Text(|r| Some(&r.output.as_ref()?.object)),
        "The file that the counts are from, below the location of the outputs.",
    ),
];
