//! The slow reader: the whole document as a tree, every record looked at in full, one after another.

use std::collections::BTreeMap;

use bedrock::alias::DiscoveredAlias;
use bedrock::cost::{Certainty, Latency, Said};
use bedrock::{Attribute, CallId, EventKind, JobStatus, Outcome};

use super::envelopes;
use super::fields::{Complaints, time_ms};
use super::json::Json;
use super::logged::Logged;
use super::who::{joined, who};

/// What a document holds.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Expected {
    pub(crate) records: u64,
    pub(crate) skipped: u64,
    pub(crate) calls: Vec<Logged>,
    /// Events of Bedrock's that are no calls.
    pub(crate) others: Vec<Logged>,
    /// Those that have no usable ID or time.
    pub(crate) without_id: u64,
    /// The number of each rejected record, with all that is wrong with it.
    pub(crate) rejected: Vec<(u64, Vec<String>)>,
    /// Token counts of calls that are none.
    pub(crate) rejected_counts: u64,
    pub(crate) discovered: Vec<DiscoveredAlias>,
    pub(crate) job_states: Vec<(Box<str>, JobStatus)>,
    pub(crate) unknown: BTreeMap<String, u64>,
}

/// Why a document is unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    NotJson,
    NoRecords,
    DuplicateList,
    TwoShapes,
}

/// What the reference says of each event name: sections 2.2 to 2.4 of the reference on CloudTrail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Call,
    Learn,
    Job,
    Unknown,
    Other,
}

pub(crate) const RUNTIME: &str = "bedrock.amazonaws.com";
pub(crate) const RUNTIME_HOST: &str = "bedrock-runtime.amazonaws.com";
pub(crate) const MANTLE: &str = "bedrock-mantle.amazonaws.com";

/// Event names that are generated, by event source.
pub(crate) const EVENTS: &[(&str, &str, Verdict)] = &[
    (RUNTIME, "Converse", Verdict::Call),
    (RUNTIME, "ConverseStream", Verdict::Call),
    (RUNTIME, "InvokeModel", Verdict::Call),
    (RUNTIME, "InvokeModelWithResponseStream", Verdict::Call),
    (RUNTIME, "InvokeModelWithBidirectionalStream", Verdict::Call),
    (RUNTIME, "StartAsyncInvoke", Verdict::Call),
    (RUNTIME_HOST, "Converse", Verdict::Call),
    (RUNTIME_HOST, "InvokeModel", Verdict::Call),
    (MANTLE, "CreateInference", Verdict::Call),
    (RUNTIME, "CreateInferenceProfile", Verdict::Learn),
    (RUNTIME, "CreateProvisionedModelThroughput", Verdict::Learn),
    (RUNTIME, "CreateCustomModelDeployment", Verdict::Learn),
    (RUNTIME, "CreateChatCompletion", Verdict::Unknown),
    (RUNTIME, "CreateResponse", Verdict::Unknown),
    (RUNTIME, "ConverseV2", Verdict::Unknown),
    (RUNTIME, "InvokeModel\u{e9}", Verdict::Unknown),
    (MANTLE, "InvokeModel", Verdict::Unknown),
    (RUNTIME, "GetFoundationModelAvailability", Verdict::Other),
    (RUNTIME, "PutFoundationModelEntitlement", Verdict::Other),
    (RUNTIME, "CreateFoundationModelAgreement", Verdict::Other),
    (RUNTIME, "ListFoundationModelAgreementOffers", Verdict::Other),
    (RUNTIME, "GetFoundationModel", Verdict::Other),
    (RUNTIME, "ListAsyncInvokes", Verdict::Other),
    (RUNTIME, "GetAsyncInvoke", Verdict::Other),
    (RUNTIME, "CountTokens", Verdict::Other),
    (RUNTIME, "InvokeAgent", Verdict::Other),
    (RUNTIME, "InvokeFlow", Verdict::Other),
    (RUNTIME, "RetrieveAndGenerate", Verdict::Other),
    (RUNTIME, "ApplyGuardrail", Verdict::Other),
    (RUNTIME, "CreateModelInvocationJob", Verdict::Job),
    (RUNTIME, "StopModelInvocationJob", Verdict::Job),
    (RUNTIME, "GetModelInvocationJob", Verdict::Other),
    (RUNTIME, "PutObject", Verdict::Other),
    (MANTLE, "GetInference", Verdict::Other),
    (MANTLE, "ListModels", Verdict::Other),
];

/// Reads a file of JSON: one value after another, each a record, a list of them, or an envelope.
pub(crate) fn read(document: &[u8]) -> Result<Expected, Why> {
    let first = document.iter().find(|byte| !byte.is_ascii_whitespace());
    if !first.is_some_and(|byte| b"{[".contains(byte)) {
        return Err(Why::NotJson);
    }
    let mut expected = Expected::default();
    let mut is_known = false;
    for value in Json::parse_all(document).ok_or(Why::NotJson)? {
        is_known |= envelopes::value(&value, 0, &mut expected)?;
    }
    if is_known { Ok(expected) } else { Err(Why::NoRecords) }
}

impl Expected {
    pub(super) fn skip(&mut self) {
        self.records += 1;
        self.skipped += 1;
    }

    pub(super) fn reject(&mut self, field: &str) {
        self.records += 1;
        self.rejected.push((self.records, vec![field.to_owned()]));
    }

    pub(super) fn add(&mut self, record: &Json) {
        self.records += 1;
        match self.judge(record) {
            Ok(Some(call)) => self.calls.push(call),
            Ok(None) => self.skipped += 1,
            Err(wrong) => self.rejected.push((self.records, wrong)),
        }
    }

    /// The call that a record is, nothing if it is skipped, or all that is wrong with it.
    fn judge(&mut self, record: &Json) -> Result<Option<Logged>, Vec<String>> {
        if !record.is_object() {
            return Err(vec!["record".to_owned()]);
        }
        let source = record.get("eventSource").and_then(Json::as_text).unwrap_or_default();
        if !is_bedrock(source) {
            return Ok(None);
        }
        let event_type = record.get("eventType").and_then(Json::as_text).unwrap_or_default();
        let summaries = ["AwsAggregatedEvent", "AwsCloudTrailInsight"];
        if summaries.contains(&event_type) {
            return Ok(None);
        }
        if event_type == "AwsVpceEvent" || category(record).as_deref() == Some("NetworkActivity") {
            let code = some_text(record, "errorCode");
            if Outcome::of_error_code(code.as_deref()) == Outcome::Denied {
                self.other(other(record, EventKind::Refusal));
            }
            return Ok(None);
        }
        let name = record.get("eventName").and_then(Json::as_text).unwrap_or_default();
        if name.is_empty() {
            return Err(vec!["eventName".to_owned()]);
        }
        let event = EVENTS.iter().find(|event| (event.0, event.1) == (source, name));
        let verdict = match event {
            Some(event) => event.2,
            None if ![RUNTIME, RUNTIME_HOST, MANTLE].contains(&source) => Verdict::Other,
            None => panic!("{source} {name} is not in the table"),
        };
        match verdict {
            Verdict::Call => {
                let (call, rejected_counts) = call(record, name)?;
                self.rejected_counts += rejected_counts;
                return Ok(Some(call));
            }
            Verdict::Learn => self.discovered.extend(discovered(record)),
            Verdict::Job if some_text(record, "errorCode").is_some() => {}
            Verdict::Job if name.starts_with("Create") => {
                self.other(other(record, EventKind::BatchJob));
                return Ok(None);
            }
            Verdict::Job => {
                let job = told(record, "requestParameters", "jobIdentifier");
                let id = job.map(|job| job.rsplit('/').next().unwrap_or_default().to_owned());
                let id = id.filter(|id| !id.is_empty() && !id.contains(':'));
                self.job_states.extend(id.map(|id| (id.into(), JobStatus::Stopping)));
            }
            Verdict::Unknown => *self.unknown.entry(name.to_owned()).or_default() += 1,
            Verdict::Other => {}
        }
        self.other(other(record, EventKind::Other));
        Ok(None)
    }

    fn other(&mut self, other: Option<Logged>) {
        match other {
            Some(other) => self.others.push(other),
            None => self.without_id += 1,
        }
    }
}

/// `bedrock.amazonaws.com` and `bedrock-NAME.amazonaws.com`.
fn is_bedrock(source: &str) -> bool {
    let name = source.strip_suffix(".amazonaws.com").and_then(|s| s.strip_prefix("bedrock"));
    name.is_some_and(|name| {
        let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        name.is_empty() || (name.starts_with('-') && is_word)
    })
}

/// A text in an element of a record, unless CloudTrail hides it.
fn told(record: &Json, element: &str, name: &str) -> Option<Box<str>> {
    let element = record.get(element).filter(|element| element.is_object())?;
    some_text(element, name).filter(|text| **text != *"HIDDEN_DUE_TO_SECURITY_REASONS")
}

fn some_text(record: &Json, name: &str) -> Option<Box<str>> {
    Complaints::default().text(record.get(name), name)
}

fn category(record: &Json) -> Option<Box<str>> {
    some_text(record, "eventCategory").or_else(|| {
        let is_management = Complaints::default().boolean(record.get("managementEvent"), "")?;
        Some(if is_management { "Management" } else { "Data" }.into())
    })
}

const MODEL_KEYS: &[&str] = &[
    "modelId",
    "modelArn",
    "model",
    "modelIdentifier",
    "baseModelIdentifier",
    "targetModelId",
    "foundationModel",
];

/// The model in an object of a request, or in the objects in that.
fn model_of(object: &Json, keys: &[&str], depth: u32) -> Option<Box<str>> {
    if !object.is_object() {
        return None;
    }
    let Json::Object(fields) = object else { return None };
    let nested = || {
        let is_nested = |name: &str| depth > 0 && !keys.contains(&name);
        let nested = ["modelArn", "modelIdentifier", "embeddingModelArn", "copyFrom"];
        let fields = fields.iter().filter(|(name, _)| name.as_deref().is_some_and(is_nested));
        fields.map(|(_, value)| value).find_map(|value| model_of(value, &nested, depth - 1))
    };
    keys.iter().find_map(|key| some_text(object, key)).or_else(nested)
}

/// An event that is no call. What is wrong with it is left out, apart from its ID and time.
fn other(record: &Json, kind: EventKind) -> Option<Logged> {
    let mut wrong = Complaints::default();
    let event_id = wrong.required(record, "eventID");
    let event_time = wrong.required(record, "eventTime");
    let event_time_ms = wrong.time_ms(&event_time, "eventTime");
    if !wrong.0.is_empty() {
        return None;
    }
    let caller = who(record.get("userIdentity"), &mut wrong);
    let caller = Some(caller).filter(|_| wrong.0.is_empty());
    let (arn, name) = caller.map(|caller| (caller.arn, caller.name)).unwrap_or_default();
    let request = record.get("requestParameters");
    let model = request.and_then(|request| model_of(request, MODEL_KEYS, 3));
    let addendum = Complaints::default().object(record.get("addendum"), "");
    let refusal = |text: Option<Box<str>>| text.filter(|_| kind == EventKind::Refusal);
    let of_job = |text: Option<Box<str>>| text.filter(|_| kind == EventKind::BatchJob);
    let attributes = [
        (Attribute::AccountId, some_text(record, "recipientAccountId")),
        (Attribute::SourceRegion, some_text(record, "awsRegion")),
        (Attribute::EventName, some_text(record, "eventName")),
        (Attribute::ModelRef, model),
        (Attribute::PrincipalArn, arn),
        (Attribute::PrincipalName, name),
        (Attribute::ErrorCode, some_text(record, "errorCode")),
        (Attribute::ErrorMessage, refusal(some_text(record, "errorMessage"))),
        (Attribute::EventCategory, refusal(Some("NetworkActivity".into()))),
        (
            Attribute::EventSource,
            some_text(record, "eventSource").filter(|_| kind != EventKind::Refusal),
        ),
        (Attribute::JobArn, of_job(told(record, "responseElements", "jobArn"))),
        (Attribute::JobName, of_job(told(record, "requestParameters", "jobName"))),
    ];
    let logged = |(attribute, text): (Attribute, Option<Box<str>>)| Some((attribute, text?.into()));
    Some(Logged {
        kind,
        event_time_ms,
        event_id: CallId::new(&event_id),
        original_event_id: some_text(&addendum, "originalEventID").map(|id| CallId::new(&id)),
        request_id: some_text(record, "requestID").map(|id| CallId::new(&id)),
        input_tokens: None,
        output_tokens: None,
        tier_certainty: None,
        latency: None,
        has_guardrail: false,
        attributes: attributes.into_iter().filter_map(logged).collect(),
    })
}

fn call(record: &Json, event_name: &str) -> Result<(Logged, u64), Vec<String>> {
    let mut wrong = Complaints::default();
    let event_id = wrong.required(record, "eventID");
    let event_time = wrong.required(record, "eventTime");
    let event_time_ms = wrong.time_ms(&event_time, "eventTime");
    let request_id = wrong.text(record.get("requestID"), "requestID");

    let request = wrong.element(record.get("requestParameters"), "requestParameters");
    let additional = wrong.element(record.get("additionalEventData"), "additionalEventData");
    let addendum = wrong.element(record.get("addendum"), "addendum");

    let mut model_ref = wrong.text(request.get("modelId"), "requestParameters.modelId");
    if request.get("modelId").is_none_or(|id| *id == Json::Text(Some(String::new()))) {
        model_ref = wrong.text(request.get("model"), "requestParameters.model");
    }
    let bearer = additional.get("callWithBearerToken").or(request.get("callWithBearerToken"));
    let tiers = [
        additional.get("resolvedServiceTier"),
        additional.get("serviceTier"),
        additional.get("service_tier"),
        request.get("serviceTier"),
        request.get("service_tier"),
    ];
    let certainty = match tiers[0].or(tiers[1]).or(tiers[2]) {
        Some(_) => Certainty::Resolved,
        None => Certainty::Requested,
    };
    let tier_name = tiers.into_iter().flatten().next().and_then(service_tier);
    let original = addendum.get("originalEventID");
    let original = wrong.text(original, "addendum.originalEventID");
    let inference_region = additional.get("inferenceRegion");
    let account_id = wrong.text(record.get("recipientAccountId"), "recipientAccountId");
    let source_region = wrong.text(record.get("awsRegion"), "awsRegion");
    let inference_region = wrong.text(inference_region, "additionalEventData.inferenceRegion");
    let who = who(record.get("userIdentity"), &mut wrong);
    let api_key = wrong.boolean(bearer, "callWithBearerToken");
    let user_agent = wrong.text(record.get("userAgent"), "userAgent");
    let vpc_endpoint_id = wrong.text(record.get("vpcEndpointId"), "vpcEndpointId");
    let error_code = wrong.text(record.get("errorCode"), "errorCode");
    let error_message = wrong.text(record.get("errorMessage"), "errorMessage");
    let source_ip = wrong.text(record.get("sourceIPAddress"), "sourceIPAddress");
    let attributes = [
        (Attribute::AccountId, account_id),
        (Attribute::SourceRegion, source_region),
        (Attribute::InferenceRegion, inference_region),
        (Attribute::EventName, Some(event_name.into())),
        (Attribute::ModelRef, model_ref),
        (Attribute::PrincipalType, who.kind),
        (Attribute::PrincipalArn, who.arn),
        (Attribute::PrincipalName, who.name),
        (Attribute::SessionName, who.session_name),
        (Attribute::Caller, who.caller),
        (Attribute::Connection, connection(record)),
        (Attribute::ApiKey, api_key.map(|is_used| is_used.to_string().into())),
        (Attribute::SourceIp, source_ip),
        (Attribute::UserAgent, user_agent),
        (Attribute::VpcEndpointId, vpc_endpoint_id),
        (Attribute::EventCategory, error_code.as_ref().and_then(|_| category(record))),
        (Attribute::ErrorCode, error_code),
        (Attribute::ErrorMessage, error_message),
        (Attribute::ServiceTier, tier_name.clone()),
    ];
    let logged = |(attribute, text): (Attribute, Option<Box<str>>)| Some((attribute, text?.into()));
    let input_tokens = additional.get("inputTokens");
    let output_tokens = additional.get("outputTokens");
    let call = Logged {
        kind: EventKind::Call,
        event_time_ms,
        event_id: CallId::new(&event_id),
        original_event_id: original.map(|id| CallId::new(&id)),
        request_id: request_id.map(|id| CallId::new(&id)),
        input_tokens: wrong.count(input_tokens),
        output_tokens: wrong.count(output_tokens),
        tier_certainty: tier_name.as_ref().map(|_| certainty),
        latency: latency(&additional, Certainty::Resolved).or(latency(&request, Certainty::Logged)),
        has_guardrail: ["guardrailConfig", "guardrailIdentifier"]
            .into_iter()
            .any(|name| request.get(name).is_some()),
        attributes: attributes.into_iter().filter_map(logged).collect(),
    };
    if wrong.0.is_empty() { Ok((call, wrong.1)) } else { Err(wrong.0) }
}

/// The account of the endpoint, whether it is of the console, the host, and the version of TLS.
fn connection(record: &Json) -> Option<Box<str>> {
    let tls = Complaints::default().element(record.get("tlsDetails"), "");
    let console = record.get("sessionCredentialFromConsole");
    let console = Complaints::default().boolean(console, "");
    joined([
        some_text(record, "vpcEndpointAccountId"),
        console.map(|is_console| is_console.to_string().into()),
        some_text(&tls, "clientProvidedHostHeader"),
        some_text(&tls, "tlsVersion"),
    ])
}

/// The latency of a `performanceConfig` of the usual shape, or the plain one.
fn latency(part: &Json, certainty: Certainty) -> Option<Said<Latency>> {
    let config = part.get("performanceConfig").filter(|config| config.is_object());
    let of_config = config.and_then(|config| config.get("latency"));
    let parse = |latency: Option<&Json>| Latency::parse(latency?.as_text()?);
    let value = parse(of_config).or(parse(part.get("performanceConfigLatency")))?;
    Some(Said { value, certainty })
}

/// A tier is a name, or an object with the name as its `type`. Anything else is nothing.
fn service_tier(tier: &Json) -> Option<Box<str>> {
    let name = if tier.is_object() { tier.get("type")? } else { tier };
    name.as_text().filter(|name| !name.is_empty()).map(Box::from)
}

/// What does not fit is skipped, also a record with a text or a number that is none to a program.
fn discovered(record: &Json) -> Option<DiscoveredAlias> {
    if !record.is_sound() || record.get("errorCode").is_some() {
        return None;
    }
    let element = |name| {
        let value = record.get(name)?;
        let parsed = value.as_text().and_then(|text| Json::parse(text.as_bytes()));
        Some(parsed.filter(Json::is_sound).unwrap_or_else(|| value.clone()))
    };
    let (request, response) = (&element("requestParameters")?, &element("responseElements")?);
    let told = |object: &Json, key| {
        let text = object.get_in_any_case(key)?.as_text()?;
        (!text.is_empty() && text != "HIDDEN_DUE_TO_SECURITY_REASONS").then(|| text.to_owned())
    };
    let arn = ["inferenceProfileArn", "provisionedModelArn", "customModelDeploymentArn"];
    let name = ["inferenceProfileName", "provisionedModelName", "modelDeploymentName"];
    let source = match request.get_in_any_case("modelSource") {
        Some(source @ Json::Object(_)) => source,
        _ => request,
    };
    let model = ["copyFrom", "modelSource", "modelArn", "modelId"];
    Some(DiscoveredAlias {
        model_ref: arn.iter().find_map(|key| told(response, key))?,
        model: model.iter().find_map(|key| told(source, key))?,
        name: name.iter().find_map(|key| told(request, key)).unwrap_or_default(),
        event_time_ms: time_ms(record.get("eventTime")?.as_text()?)?,
        event_id: record.get("eventID")?.as_text()?.to_owned(),
    })
}
