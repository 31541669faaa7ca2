//! The table `denials`: every refused call, with what its message says.

use std::sync::Arc;

use bedrock::Call;
use bedrock::Meaning;
use bedrock::denial::{Denial, Leg, PolicyType};

use crate::column::{
    Column,
    Value::{Id, Text, Time},
    optional, required,
};
use crate::table::Table;

/// One row: a refused call.
#[derive(Debug, Clone)]
pub struct DenialRow {
    /// The call as logged.
    pub call: Call,
    /// What it means.
    pub meaning: Arc<Meaning>,
}

/// The table `denials`.
pub static DENIALS: Table<DenialRow> = Table {
    name: "denials",
    grain: "one refused call",
    doc: "Calls with the outcome denied: which action on which resource, by which kind of policy.",
    columns: COLUMNS,
    order: |a, b| {
        (a.call.event_time_ms, &a.call.event_id).cmp(&(b.call.event_time_ms, &b.call.event_id))
    },
};

const COLUMNS: &[Column<DenialRow>] = &[
    required("event_time", Time(|r| Some(r.call.event_time_ms)), "When the request completed."),
    required("event_id", Id(|r| Some(&r.call.event_id)), "As in invocations."),
    optional("account_id", Text(|r| r.call.context.account_id.as_deref()), "As in invocations."),
    optional(
        "principal_arn",
        Text(|r| r.call.context.principal.arn.as_deref()),
        "As in invocations.",
    ),
    optional(
        "principal_name",
        Text(|r| r.call.context.principal.name.as_deref()),
        "As in invocations.",
    ),
    optional(
        "source_region",
        Text(|r| r.call.context.source_region.as_deref()),
        "As in invocations.",
    ),
    required("target", Text(|r| Some(r.meaning.resolution.target.as_str())), "As in invocations."),
    optional(
        "scope",
        Text(|r| r.meaning.resolution.scope.as_deref()),
        "As profile_scope in invocations.",
    ),
    optional(
        "model_id",
        Text(|r| r.meaning.resolution.model.as_ref().ok().map(|model| model.id.as_str())),
        "As in invocations.",
    ),
    optional("model_ref", Text(|r| r.call.context.model_ref.as_deref()), "As in invocations."),
    optional(
        "denied_action",
        Text(|r| r.denial().and_then(|denial| denial.action.as_deref())),
        "The IAM action that was refused.",
    ),
    optional(
        "denied_resource",
        Text(|r| r.denial().and_then(|denial| denial.resource.as_deref())),
        "The resource that it was refused on.",
    ),
    optional(
        "blocked_region",
        Text(|r| r.denial().and_then(Denial::blocked_region)),
        "The Region of that resource; unspecified is the Region-less leg of a global profile.",
    ),
    optional(
        "leg",
        Text(|r| {
            let source_region = r.call.context.source_region.as_deref();
            r.denial().and_then(|denial| denial.leg(source_region)).map(Leg::as_str)
        }),
        "The leg of the call: profile, source_model, destination_model, global_model.",
    ),
    optional(
        "policy_type",
        Text(|r| r.denial().and_then(|denial| denial.policy_type).map(PolicyType::as_str)),
        "The kind of policy, such as service_control_policy; null if the message names none.",
    ),
    optional(
        "policy_arn",
        Text(|r| r.denial().and_then(|denial| denial.policy_arn.as_deref())),
        "The policy, if the message names it.",
    ),
    optional(
        "message",
        Text(|r| r.call.context.error_message.as_deref()),
        "The errorMessage of CloudTrail.",
    ),
];

impl DenialRow {
    fn denial(&self) -> Option<&Denial> {
        self.meaning.denial.as_ref()
    }
}
