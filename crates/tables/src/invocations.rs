//! The table `invocations`: every call, as logged and as understood.

use bedrock::cost::{Cost, CostBasis, TokenSource, Unpriced, Usage};
use bedrock::region::Residency;
use bedrock::{CallId, Caller};

use crate::column::{
    Column,
    Value::{CallerText, ContextFlag, ContextText, Count, Id, Money, ObjectKey, OneOf, Time},
    optional, required,
};
use crate::table::{Refers, Table};

/// One row: what only this call has. What it shares with others it refers to by number, see
/// [`Referred`](crate::Referred).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// When the request completed, in milliseconds since 1970 UTC.
    pub event_time_ms: i64,
    /// CloudTrail's `eventID`.
    pub event_id: CallId,
    /// CloudTrail's `requestID`.
    pub request_id: Option<CallId>,
    /// Its tokens; `None` if no log has a count.
    pub usage: Option<Usage>,
    /// What it cost, or why that is not known.
    pub cost: Result<Cost, Unpriced>,
    /// The number of its context.
    pub context: u32,
    /// The number of its caller.
    pub caller: u32,
    /// The number of the object that it was read from.
    pub object: u32,
}

/// The table `invocations`.
pub static INVOCATIONS: Table<Invocation> = Table {
    name: "invocations",
    grain: "one call",
    doc: "Every Bedrock inference call: where it was sent, where it ran, which model it was.",
    columns: COLUMNS,
    order: |a, b| (a.event_time_ms, &a.event_id).cmp(&(b.event_time_ms, &b.event_id)),
    refers: Refers {
        context: |r| r.context,
        has_context: |_| true,
        caller: |r| r.caller,
        object: |r| r.object,
    },
};

const COLUMNS: &[Column<Invocation>] = &[
    required("event_time", Time(|r| Some(r.event_time_ms)), "When the request completed."),
    required("event_id", Id(|r| Some(&r.event_id)), "The eventID of CloudTrail."),
    optional(
        "request_id",
        Id(|r| r.request_id.as_ref()),
        "The requestID of CloudTrail, which is the requestId of the model invocation log.",
    ),
    optional(
        "account_id",
        ContextText(|c| c.context.account_id()),
        "The account that the event was delivered to (recipientAccountId).",
    ),
    optional(
        "source_region",
        ContextText(|c| c.context.source_region()),
        "The Region that the request was sent to (awsRegion).",
    ),
    optional(
        "inference_region",
        ContextText(|c| c.meaning.inference_region.as_deref()),
        "The Region that the request ran in; null if it did not run.",
    ),
    required(
        "inference_region_basis",
        ContextText(|c| Some(c.meaning.basis.as_str())),
        "What inference_region rests on: logged, source (it stayed where it was sent), none.",
    ),
    optional(
        "residency",
        ContextText(|c| c.meaning.residency.map(Residency::as_str)),
        "same_region, same_jurisdiction, other_jurisdiction; null if it did not run or a jurisdiction is unknown.",
    ),
    required(
        "event_name",
        ContextText(|c| Some(c.context.event_name())),
        "The eventName of CloudTrail.",
    ),
    required(
        "target_type",
        ContextText(|c| Some(c.meaning.resolution.target_type.as_str())),
        "What was called: foundation_model, geo_profile, global_profile, application_profile, and so on.",
    ),
    optional(
        "profile_scope",
        ContextText(|c| c.meaning.resolution.profile_scope.as_deref()),
        "The scope of the inference profile: us, eu, apac, jp, au, ca, in, us-gov, global.",
    ),
    optional(
        "profile_id",
        ContextText(|c| c.meaning.resolution.profile_id.as_deref()),
        "The id of the inference profile.",
    ),
    optional(
        "model_id",
        ContextText(|c| c.model().map(|model| model.id.as_str())),
        "The canonical foundation model id; null if unresolved.",
    ),
    optional(
        "model_name",
        ContextText(|c| c.model().and_then(|model| model.name.as_deref())),
        "The name of the model as AWS prints it.",
    ),
    optional(
        "model_provider",
        ContextText(|c| c.model().map(|model| model.provider.as_str())),
        "The provider of the model.",
    ),
    required(
        "model_match",
        ContextText(|c| Some(c.model().map_or("none", |model| model.matched.as_str()))),
        "How the model was found: exact, base (its id apart from date and version), none.",
    ),
    optional("model_ref", ContextText(|c| c.context.model_ref()), "The model reference as logged."),
    optional(
        "principal_type",
        ContextText(|c| c.context.principal_type()),
        "The userIdentity.type of CloudTrail.",
    ),
    optional("principal_arn", CallerText(Caller::arn), "The ARN of the caller."),
    optional(
        "principal_name",
        ContextText(|c| c.context.principal_name()),
        "The role or user of the caller, without the session.",
    ),
    optional(
        "session_name",
        CallerText(Caller::session_name),
        "The name of the session of the role.",
    ),
    optional(
        "api_key",
        ContextFlag(|c| c.context.api_key()),
        "Whether the call carried a bearer token (Bedrock API key); null if the record does not say.",
    ),
    optional(
        "source_ip",
        CallerText(Caller::address),
        "The address of the caller, or the AWS service that called.",
    ),
    optional(
        "user_agent",
        ContextText(|c| c.context.user_agent()),
        "The user agent of the caller.",
    ),
    optional(
        "vpc_endpoint_id",
        ContextText(|c| c.context.vpc_endpoint_id()),
        "The VPC endpoint that the request came through.",
    ),
    required(
        "outcome",
        ContextText(|c| Some(c.meaning.outcome.as_str())),
        "succeeded, denied, throttled, failed.",
    ),
    optional("error_code", ContextText(|c| c.context.error_code()), "The errorCode of CloudTrail."),
    optional("service_tier", ContextText(|c| c.context.service_tier()), "The service tier."),
    optional(
        "input_tokens",
        Count(|r| r.usage.and_then(|usage| usage.input)),
        "Input tokens, without cache reads and writes.",
    ),
    optional("output_tokens", Count(|r| r.usage.and_then(|usage| usage.output)), "Output tokens."),
    optional(
        "cache_read_tokens",
        Count(|r| r.usage.and_then(|usage| usage.cache_read)),
        "Input tokens read from the prompt cache.",
    ),
    optional(
        "cache_write_tokens",
        Count(|r| r.usage.and_then(|usage| usage.cache_write)),
        "Input tokens written to the prompt cache.",
    ),
    optional(
        "token_source",
        OneOf(TokenSource::NAMES, |r| r.usage.map(|usage| usage.source as usize)),
        "Where the token counts come from: invocation_log, cloudtrail; null if there are none.",
    ),
    optional(
        "list_cost_usd",
        Money(|r| r.cost.ok().map(|cost| cost.total.units())),
        "The cost in US dollars at list prices; null if unknown.",
    ),
    optional(
        "cost_basis",
        OneOf(CostBasis::NAMES, |r| r.cost.ok().map(|cost| cost.basis as usize)),
        "full; lower_bound (such as without cache tokens); null if there is no cost.",
    ),
    required("log_object", ObjectKey, "The object that the call was read from."),
    optional(
        "profile_name",
        ContextText(|c| c.meaning.resolution.alias_name.as_deref()),
        "The name that an alias gives to what was called, such as an application profile.",
    ),
];
