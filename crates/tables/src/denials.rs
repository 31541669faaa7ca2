//! The table `denials`: every refused call, with what its message says.

use bedrock::denial::{Denial, Leg, PolicyType};
use bedrock::{CallId, Caller, Outcome};

use crate::column::{
    Column,
    Value::{CallerText, ContextText, Id, Time},
    optional, required,
};
use crate::table::{Refers, Table};

/// One row: a refused call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DenialRow {
    /// When the request completed, in milliseconds since 1970 UTC.
    pub event_time_ms: i64,
    /// CloudTrail's `eventID`.
    pub event_id: CallId,
    /// The number of its context.
    pub context: u32,
    /// The number of its caller.
    pub caller: u32,
}

/// The table `denials`.
pub static DENIALS: Table<DenialRow> = Table {
    name: "denials",
    grain: "one refused call",
    doc: "Calls with the outcome denied: which action on which resource, by which kind of policy.",
    columns: COLUMNS,
    order: |a, b| (a.event_time_ms, &a.event_id).cmp(&(b.event_time_ms, &b.event_id)),
    refers: Refers {
        context: |r| r.context,
        has_context: |c| c.meaning.outcome == Outcome::Denied,
        caller: |r| r.caller,
        object: |_| 0,
    },
};

const COLUMNS: &[Column<DenialRow>] = &[
    required("event_time", Time(|r| Some(r.event_time_ms)), "When the request completed."),
    required("event_id", Id(|r| Some(&r.event_id)), "As in invocations."),
    optional("account_id", ContextText(|c| c.context.account_id()), "As in invocations."),
    optional("principal_arn", CallerText(Caller::arn), "As in invocations."),
    optional("principal_name", ContextText(|c| c.context.principal_name()), "As in invocations."),
    optional("source_region", ContextText(|c| c.context.source_region()), "As in invocations."),
    required(
        "target_type",
        ContextText(|c| Some(c.meaning.resolution.target_type.as_str())),
        "As in invocations.",
    ),
    optional(
        "profile_scope",
        ContextText(|c| c.meaning.resolution.profile_scope.as_deref()),
        "As profile_scope in invocations.",
    ),
    optional(
        "model_id",
        ContextText(|c| c.model().map(|model| model.id.as_str())),
        "As in invocations.",
    ),
    optional("model_ref", ContextText(|c| c.context.model_ref()), "As in invocations."),
    optional(
        "denied_action",
        ContextText(|c| c.meaning.denial.as_ref().and_then(|denial| denial.action.as_deref())),
        "The IAM action that was refused.",
    ),
    optional(
        "denied_resource",
        ContextText(|c| c.meaning.denial.as_ref().and_then(|denial| denial.resource.as_deref())),
        "The resource that it was refused on.",
    ),
    optional(
        "blocked_region",
        ContextText(|c| c.meaning.denial.as_ref().and_then(Denial::blocked_region)),
        "The Region of that resource; unspecified is the Region-less leg of a global profile.",
    ),
    optional(
        "leg",
        ContextText(|c| {
            let source_region = c.context.source_region();
            c.meaning.denial.as_ref().and_then(|denial| denial.leg(source_region)).map(Leg::as_str)
        }),
        "The leg of the call: profile, source_model, destination_model, global_model.",
    ),
    optional(
        "policy_type",
        ContextText(|c| {
            c.meaning.denial.as_ref().and_then(|denial| denial.policy_type).map(PolicyType::as_str)
        }),
        "The kind of policy, such as service_control_policy; null if the message names none.",
    ),
    optional(
        "policy_arn",
        ContextText(|c| c.meaning.denial.as_ref().and_then(|denial| denial.policy_arn.as_deref())),
        "The policy, if the message names it.",
    ),
    optional(
        "message",
        ContextText(|c| c.context.error_message()),
        "The errorMessage of CloudTrail.",
    ),
];
