//! The table `invocations`: every call, as logged and as understood.

use bedrock::cost::{CostBasis, Figure, TokenSource, UnitSums, Usage};
use bedrock::region::Residency;
use bedrock::{Attribute, Attributes, CallId, CallSource, ErrorReason, Part, Usd};

use crate::column::{
    Column,
    Value::{
        self, AttributeFlag, AttributeMap, Count, Gaps, Id, Meaning, MeaningCount, MeaningFlag,
        Money, ObjectKey, OneOf, PartFlag, Time,
    },
    optional, required,
};
use crate::references::Refers;
use crate::table::Table;

/// One row: what only this call has. What it shares with others it refers to by number, see
/// [`References`](crate::References).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// When the request completed, in milliseconds since 1970 UTC.
    pub event_time_ms: i64,
    /// CloudTrail's `eventID`, or what takes its place in the order of calls that have none.
    pub event_id: CallId,
    /// Which log it was read from.
    pub source: CallSource,
    /// CloudTrail's `requestID`.
    pub request_id: Option<CallId>,
    /// Its tokens; `None` if no log has a count.
    pub usage: Option<Usage>,
    /// What was counted of other units than text tokens.
    pub units: UnitSums,
    /// What is known of its cost.
    pub figure: Figure,
    /// How long it took, in milliseconds, if an invocation log says so.
    pub latency_ms: Option<i64>,
    /// How long it took until the first byte of a streamed answer.
    pub first_byte_ms: Option<i64>,
    /// The ids of its texts.
    pub attributes: Attributes,
    /// The number of its meaning.
    pub meaning: u32,
    /// The number of the object that it was read from.
    pub object: u32,
}

/// The table `invocations`.
pub static INVOCATIONS: Table<Invocation> = Table {
    name: "invocations",
    grain: "one call",
    doc: "Every Bedrock inference call: where it was sent, where it ran, which model it called.",
    is_by_day: true,
    columns: COLUMNS,
    order: |a, b| (a.event_time_ms, &a.event_id).cmp(&(b.event_time_ms, &b.event_id)),
    refers: Refers {
        attribute: |r, attribute| r.attributes[attribute],
        meaning: |r| r.meaning,
        object: |r| r.object,
    },
};

/// The value of the column `declared_destinations`.
pub(crate) fn declared_destinations(meaning: &bedrock::Meaning) -> Option<i64> {
    i64::try_from(meaning.declared.as_ref()?.len()).ok()
}

const COLUMNS: &[Column<Invocation>] = &[
    required("event_time", Time(|r| Some(r.event_time_ms)), "When the request completed."),
    optional(
        "event_id",
        Id(|r| (r.source == CallSource::CloudTrail).then_some(&r.event_id)),
        "The eventID of CloudTrail; null where call_source is invocation_log: account_id, source_region, and request_id are the key then.",
    ),
    optional(
        "request_id",
        Id(|r| r.request_id.as_ref()),
        "The requestID of CloudTrail, which is the requestId of the model invocation log.",
    ),
    optional(
        "account_id",
        Value::Attribute(Attribute::AccountId),
        "The account that the event was delivered to (recipientAccountId).",
    ),
    optional(
        "source_region",
        Value::Attribute(Attribute::SourceRegion),
        "The Region that the request was sent to (awsRegion).",
    ),
    optional(
        "inference_region",
        Meaning(|m| m.inference_region.as_deref()),
        "The Region where the request ran; null if it did not run.",
    ),
    required(
        "inference_region_basis",
        Meaning(|m| Some(m.basis.as_str())),
        "Where inference_region comes from: logged, invocation_log (not logged by CloudTrail, but by model invocation logging), source (not logged, and the call succeeded), none.",
    ),
    optional(
        "residency",
        Meaning(|m| m.residency.map(Residency::as_str)),
        "same_region, same_jurisdiction, other_jurisdiction (compares source_region with inference_region); null if it did not run or a jurisdiction is unknown.",
    ),
    required("event_name", Value::Attribute(Attribute::EventName), "The eventName of CloudTrail."),
    required(
        "target_type",
        Meaning(|m| Some(m.resolution.target_type.as_str())),
        "What was called: foundation_model, geo_profile, global_profile, application_profile, provisioned, custom_model, imported_model, prompt, prompt_router, marketplace_endpoint, unknown.",
    ),
    optional(
        "profile_scope",
        Meaning(|m| m.resolution.profile_scope.as_deref()),
        "The scope of the inference profile: us, eu, apac, jp, au, ca, in, us-gov, global.",
    ),
    optional(
        "profile_id",
        Meaning(|m| m.resolution.profile_id.as_deref()),
        "The ID of the inference profile.",
    ),
    optional(
        "model_id",
        Meaning(|m| m.model().map(|model| model.id.as_str())),
        "The ID of the foundation model; null if unresolved.",
    ),
    optional(
        "model_name",
        Meaning(|m| m.model().and_then(|model| model.name.as_deref())),
        "The name of the model, as AWS writes it.",
    ),
    optional(
        "model_provider",
        Meaning(|m| m.model().map(|model| model.provider.as_str())),
        "The provider of the model.",
    ),
    required(
        "model_match",
        Meaning(|m| Some(m.model().map_or("none", |model| model.matched.as_str()))),
        "How the model was found: exact, base (by its ID apart from date and version, or by its dated name without provider), none.",
    ),
    optional(
        "model_ref",
        Value::Attribute(Attribute::ModelRef),
        "The model identifier as logged (modelId), the first 2,048 characters of it.",
    ),
    optional(
        "principal_type",
        Value::Attribute(Attribute::PrincipalType),
        "The userIdentity.type of CloudTrail.",
    ),
    optional("principal_arn", Value::Attribute(Attribute::PrincipalArn), "The ARN of the caller."),
    optional(
        "principal_name",
        Value::Attribute(Attribute::PrincipalName),
        "The role or user of the caller, without the session.",
    ),
    optional(
        "session_name",
        Value::Attribute(Attribute::SessionName),
        "The name of the role session.",
    ),
    optional(
        "api_key",
        AttributeFlag(Attribute::ApiKey),
        "Whether the call used a bearer token (Bedrock API key); null if the record does not say.",
    ),
    optional(
        "source_ip",
        Value::Attribute(Attribute::SourceIp),
        "The IP address of the caller, or the AWS service that called.",
    ),
    optional("user_agent", Value::Attribute(Attribute::UserAgent), "The user agent of the caller."),
    optional(
        "vpc_endpoint_id",
        Value::Attribute(Attribute::VpcEndpointId),
        "The VPC endpoint that the request came through.",
    ),
    required(
        "outcome",
        Meaning(|m| Some(m.outcome.as_str())),
        "succeeded, denied, throttled, failed.",
    ),
    optional("error_code", Value::Attribute(Attribute::ErrorCode), "The errorCode of CloudTrail."),
    optional(
        "service_tier",
        Value::Attribute(Attribute::ServiceTier),
        "The service tier that served the call, else the one that was asked for (cost_gap has tier_unknown); latency_optimized for performanceConfig.",
    ),
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
        "Where the token counts come from: invocation_log, cloudtrail, both (some kinds from each); null if there are none.",
    ),
    optional(
        "list_cost_usd",
        Money(|r| r.figure.cost.map(|cost| cost.total.units())),
        "The cost in US dollars at list prices (FOCUS: ListCost), the lower end of an estimate; null if unknown.",
    ),
    optional(
        "cost_basis",
        OneOf(CostBasis::NAMES, |r| r.figure.cost.map(|cost| cost.basis as usize)),
        "full (nothing that is billed is left out), lower_bound, estimate (between list_cost_usd and list_cost_max_usd); null if there is no cost.",
    ),
    required("log_object", ObjectKey, "The object that the call was read from."),
    optional(
        "profile_name",
        Meaning(|m| m.resolution.alias_name.as_deref()),
        "The name of the application profile or other target, from an alias.",
    ),
    optional(
        "error_reason",
        Meaning(|m| m.error_reason.map(ErrorReason::as_str)),
        "Why the call did not succeed: needs_profile, model_access, marketplace, payment, legacy, invalid_model, too_many_requests, too_many_tokens, tokens_per_day, quota, timeout, unavailable, validation, policy; null if the record does not say.",
    ),
    optional(
        "list_cost_max_usd",
        Money(|r| r.figure.cost.and_then(|cost| cost.max).map(Usd::units)),
        "The upper end of an estimate, in US dollars at list prices; null for every other cost_basis.",
    ),
    optional(
        "cost_gap",
        Gaps(|r| r.figure.gaps),
        "Why the cost is not full or not known, such as no_count_output, no_price_cache_read, tier_unknown, custom_model: all reasons that hold, joined by commas in a fixed order; null if the cost is full, or the call did not run.",
    ),
    optional(
        "latency_ms",
        Count(|r| r.latency_ms),
        "How long the call took, in milliseconds, from the invocation log; null without its answer.",
    ),
    optional(
        "first_byte_ms",
        Count(|r| r.first_byte_ms),
        "How long it took until the first byte of a streamed answer, in milliseconds, from the invocation log.",
    ),
    optional(
        "contracted_cost_usd",
        Money(|r| r.figure.cost.and_then(|cost| cost.contracted).map(Usd::units)),
        "What list_cost_usd comes to with the discount file, in US dollars (FOCUS: ContractedCost), the same as list_cost_usd where no discount applies; null without a discount file, or if the cost is unknown.",
    ),
    required(
        "call_source",
        OneOf(CallSource::NAMES, |r| Some(r.source as usize)),
        "Which log the call was read from: cloudtrail, invocation_log (no trail was read, or it has no such call).",
    ),
    optional(
        "images",
        Count(|r| r.units.images),
        "Images that were generated or embedded, from the invocation log.",
    ),
    optional(
        "speech_tokens",
        Count(|r| r.units.speech_tokens),
        "Tokens of speech, which are among input_tokens and output_tokens too; null if the invocation log does not tell them from those of text.",
    ),
    optional(
        "search_units",
        Count(|r| r.units.search_units),
        "Search units of a reranker, from the invocation log.",
    ),
    optional(
        "guardrail_units",
        Count(|r| r.units.guardrail_units),
        "Text units and images that guardrails covered, of policies that are not free, from the trace in the invocation log.",
    ),
    optional(
        "request_metadata",
        AttributeMap(Attribute::RequestMetadata),
        "The keys of --request-metadata in the requestMetadata of the invocation log, with their values; null if it has none of them, and without the option.",
    ),
    optional(
        "declared_destinations",
        MeaningCount(declared_destinations),
        "How many Regions the catalog says that the profile may send calls to from source_region, all commercial Regions for a global profile; null if no system profile was called, or the catalog does not say.",
    ),
    optional(
        "is_declared",
        MeaningFlag(|m| m.is_declared),
        "Whether inference_region is one of them; null if the call did not run, or the catalog does not say.",
    ),
    optional(
        "inference_region_opt_in",
        MeaningFlag(|m| m.is_opt_in),
        "Whether an account has to enable inference_region before it can use it; null if the call did not run, or that is not known.",
    ),
    optional(
        "iam_principal_arn",
        Value::Part(Part::IamPrincipalArn),
        "The ARN of the role, with its path, or of the user or root user that signed the request: the condition key aws:PrincipalArn.",
    ),
    optional(
        "principal_account_id",
        Value::Part(Part::PrincipalAccountId),
        "The account of the caller (userIdentity.accountId), which may be another than account_id.",
    ),
    optional(
        "principal_id",
        Value::Part(Part::PrincipalId),
        "The unique ID of the role or user, without the session.",
    ),
    optional(
        "is_temporary_credential",
        PartFlag(Part::IsTemporaryCredential),
        "Whether the request was signed with temporary credentials; null if the record does not say.",
    ),
    optional(
        "mfa_authenticated",
        PartFlag(Part::MfaAuthenticated),
        "Whether the session was authenticated with MFA; null for long-term credentials, and for sessions of roles without MFA: those of federated callers lack the condition key, others have false.",
    ),
    optional(
        "invoked_by",
        Value::Part(Part::InvokedBy),
        "The AWS service that made the request, on behalf of its caller or with a role of its own; null if no service did.",
    ),
    optional(
        "source_identity",
        Value::Part(Part::SourceIdentity),
        "The source identity of the session (sts:SourceIdentity).",
    ),
    optional(
        "federated_provider",
        Value::Part(Part::FederatedProvider),
        "The identity provider that the session was begun with, of web identity federation.",
    ),
    optional(
        "vpc_endpoint_account_id",
        Value::Part(Part::VpcEndpointAccountId),
        "The account that owns the VPC endpoint.",
    ),
    optional(
        "is_from_console",
        PartFlag(Part::IsFromConsole),
        "true if the credentials were those of a console session; null otherwise.",
    ),
    optional(
        "endpoint_host",
        Value::Part(Part::EndpointHost),
        "The host that the request was sent to, such as bedrock-runtime.us-east-1.amazonaws.com.",
    ),
    optional("tls_version", Value::Part(Part::TlsVersion), "The version of TLS, such as TLSv1.3."),
];
