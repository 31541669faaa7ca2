//! The table `denials`: every denied call, with what its message says, and every request that only a network
//! activity event tells was denied.

use bedrock::denial::{Denial, Leg, PolicyType};
use bedrock::{Attribute, Attributes, CallId, CallSource, ErrorReason};

use crate::column::{
    Column,
    Value::{self, Id, Meaning, Time},
    optional, required,
};
use crate::references::Refers;
use crate::table::Table;

/// One row: a denied call, or a request that only a network activity event tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DenialRow {
    /// When the request completed, in milliseconds since 1970 UTC.
    pub event_time_ms: i64,
    /// CloudTrail's `eventID`, or what takes its place in the order of calls that have none.
    pub event_id: CallId,
    /// Which log it was read from.
    pub source: CallSource,
    /// The ids of its texts.
    pub attributes: Attributes,
    /// The number of its meaning.
    pub meaning: u32,
}

/// The table `denials`.
pub static DENIALS: Table<DenialRow> = Table {
    name: "denials",
    grain: "one denied call, or one request that only a network activity event says was denied",
    doc: "Denied calls: which action on which resource, by which type of policy.",
    is_by_day: true,
    columns: COLUMNS,
    order: |a, b| (a.event_time_ms, &a.event_id).cmp(&(b.event_time_ms, &b.event_id)),
    refers: Refers {
        attribute: |r, attribute| r.attributes[attribute],
        meaning: |r| r.meaning,
        object: |_| 0,
    },
};

const COLUMNS: &[Column<DenialRow>] = &[
    required("event_time", Time(|r| Some(r.event_time_ms)), "When the request completed."),
    optional(
        "event_id",
        Id(|r| (r.source == CallSource::CloudTrail).then_some(&r.event_id)),
        "As in invocations.",
    ),
    optional("account_id", Value::Attribute(Attribute::AccountId), "As in invocations."),
    optional("principal_arn", Value::Attribute(Attribute::PrincipalArn), "As in invocations."),
    optional("principal_name", Value::Attribute(Attribute::PrincipalName), "As in invocations."),
    optional("source_region", Value::Attribute(Attribute::SourceRegion), "As in invocations."),
    required(
        "target_type",
        Meaning(|m| Some(m.denied_resolution().target_type.as_str())),
        "As in invocations; see model_basis.",
    ),
    optional(
        "profile_scope",
        Meaning(|m| m.denied_resolution().profile_scope.as_deref()),
        "As in invocations; see model_basis.",
    ),
    optional(
        "model_id",
        Meaning(|m| m.denied_resolution().model.as_ref().ok().map(|model| model.id.as_str())),
        "As in invocations; see model_basis.",
    ),
    optional("model_ref", Value::Attribute(Attribute::ModelRef), "As in invocations."),
    optional(
        "denied_action",
        Meaning(|m| m.denial.as_ref().and_then(|denial| denial.action.as_deref())),
        "The IAM action that was denied.",
    ),
    optional(
        "denied_resource",
        Meaning(|m| m.denial.as_ref().and_then(|denial| denial.resource.as_deref())),
        "The resource that it was denied on.",
    ),
    optional(
        "blocked_region",
        Meaning(|m| m.denial.as_ref().and_then(Denial::blocked_region)),
        "The Region of that resource; unspecified for the Region-less model of a global profile.",
    ),
    optional(
        "leg",
        Meaning(|m| m.leg.map(Leg::as_str)),
        "Which resource of the cross-Region call was evaluated and denied: profile, source_model, destination_model, global_model.",
    ),
    optional(
        "policy_type",
        Meaning(|m| {
            m.denial.as_ref().and_then(|denial| denial.policy_type).map(PolicyType::as_str)
        }),
        "The type of the policy, such as service_control_policy; vpc_endpoint_policy also if a network activity event of the request says so; null if neither names one.",
    ),
    optional(
        "policy_arn",
        Meaning(|m| m.denial.as_ref().and_then(|denial| denial.policy_arn.as_deref())),
        "The policy, if the message names it.",
    ),
    optional(
        "message",
        Value::Attribute(Attribute::ErrorMessage),
        "The errorMessage of CloudTrail.",
    ),
    optional(
        "event_category",
        Value::Attribute(Attribute::EventCategory),
        "Management or Data: a call. NetworkActivity: no event but that of the VPC endpoint tells of the request, and invocations has no row for it. Null if the record does not say.",
    ),
    required(
        "model_basis",
        Meaning(|m| Some(m.denied_model.as_ref().map_or("call", |_| "denied_resource"))),
        "Where target_type, profile_scope, and model_id come from: call (model_ref), or denied_resource where the record names no model.",
    ),
    optional(
        "error_reason",
        Meaning(|m| m.error_reason.map(ErrorReason::as_str)),
        "As in invocations.",
    ),
];
