//! One CloudTrail record: a call, another event of Bedrock's, or neither. This is the one reader of records, and the one
//! place that knows what their fields mean.
//!
//! To read one more field: a member of [`Fields`], an arm in [`RecordReader::fields`], its value in
//! [`RecordReader::skipped`] and, for what calls share, a line in [`RecordReader::attributes`]. A field of a nested
//! element that is read already is a member of [`Request`], [`Additional`] or [`Principal`] instead.

mod batch_job;
mod other;

use std::borrow::Cow;

use bedrock::alias::DiscoveredAlias;
use bedrock::cost::{Certainty, Latency, Said};
use bedrock::part::Connection;
use bedrock::{
    Attribute, Attributes, Call, CallId, EventKind, InternerFull, JobStatus, Outcome, TextId,
    Texts, cut,
};

use crate::discover::discovered_alias;
use crate::event_time::EventTimes;
use crate::identity::identity;
use crate::memo::Memo;
use crate::operation::{Operation, is_bedrock, operation};
use crate::reject::Rejection;
use crate::value::{boolean, count, element, is_json, object, put, required, text};
use crate::walk::members;

/// What a record is to us.
#[derive(Debug)]
pub(crate) enum Record {
    /// An inference call, with the token counts that are no whole numbers. Those are null in it.
    Call(Call, Vec<Rejection>),
    /// Another event of Bedrock's, which is skipped as a record and counted by name; `None` if it has no
    /// usable ID or time.
    Other(Option<Call>, Note),
    /// EventBridge's own event that a batch inference job, of this ID, is in another state. It is skipped.
    JobState(Box<str>, JobStatus),
    /// Anything else.
    Skipped,
}

/// What else an event says that is no call.
#[derive(Debug)]
pub(crate) enum Note {
    /// Nothing.
    Nothing,
    /// Which model an opaque ARN is.
    Discovered(DiscoveredAlias),
    /// In which state the batch inference job of this ID is.
    JobState(Box<str>, JobStatus),
    /// It looks like inference under this name, which we do not know.
    Unknown(String),
}

/// Event types that summarize events; they are delivered into folders of their own.
const SUMMARIES: &[&str] = &["AwsAggregatedEvent", "AwsCloudTrailInsight"];

/// The type and the category of network activity events, which tell of requests through VPC endpoints beside the
/// management and data events of the same requests (CloudTrail user guide, "Logging network activity events").
const NETWORK_ACTIVITY_TYPE: &str = "AwsVpceEvent";
const NETWORK_ACTIVITY: &str = "NetworkActivity";

/// The fields of a record that are read, as their text; absent and null are `None`.
#[derive(Default)]
struct Fields<'a> {
    event_source: Option<&'a str>,
    event_name: Option<&'a str>,
    event_type: Option<&'a str>,
    event_category: Option<&'a str>,
    management_event: Option<&'a str>,
    event_id: Option<&'a str>,
    event_time: Option<&'a str>,
    request_id: Option<&'a str>,
    account_id: Option<&'a str>,
    source_region: Option<&'a str>,
    user_identity: Option<&'a str>,
    source_ip: Option<&'a str>,
    user_agent: Option<&'a str>,
    vpc_endpoint_id: Option<&'a str>,
    error_code: Option<&'a str>,
    error_message: Option<&'a str>,
    request_parameters: Option<&'a str>,
    response_elements: Option<&'a str>,
    detail_type: Option<&'a str>,
    detail: Option<&'a str>,
    additional_event_data: Option<&'a str>,
    addendum: Option<&'a str>,
    vpc_endpoint_account_id: Option<&'a str>,
    is_from_console: Option<&'a str>,
    tls_details: Option<&'a str>,
}

/// What is read of `requestParameters`.
#[derive(Debug, Clone)]
struct Request {
    model_ref: Option<TextId>,
    /// Used only if `additionalEventData` has none; an error in it counts only then.
    api_key: Result<Option<TextId>, Rejection>,
    service_tier: Tier,
    latency: Option<Latency>,
    has_guardrail: bool,
}

/// What is read of `additionalEventData`.
struct Additional {
    inference_region: Option<TextId>,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    api_key: Option<TextId>,
    service_tier: Tier,
    latency: Option<Latency>,
    wrong_counts: Vec<Rejection>,
}

/// The principal of a call.
#[derive(Debug, Clone)]
struct Principal {
    kind: Option<TextId>,
    arn: Option<TextId>,
    name: Option<TextId>,
    session_name: Option<TextId>,
    caller: Option<TextId>,
}

/// What `InvokeModel` calls the latency of `performanceConfig`, which has a header of its own there (Bedrock API
/// reference, `InvokeModel`).
const PLAIN_LATENCY: &str = "performanceConfigLatency";

/// The service tier of an element. `None`: it has none, and the next element is asked. `Some(None)`: it has
/// one that cannot be read, and no other is asked.
type Tier = Option<Option<TextId>>;

/// Reads records, and holds the texts of their calls until they are taken.
///
/// Nested elements repeat from call to call: each distinct one is read once.
#[derive(Debug, Default)]
pub(crate) struct RecordReader {
    texts: Texts,
    principals: Memo<Result<Principal, Rejection>>,
    requests: Memo<Result<Request, Rejection>>,
    /// What was made of `tlsDetails`, with what else a record says of its connection.
    connections: Memo<Result<Option<TextId>, Rejection>>,
    /// The key of a connection, which is written anew for each.
    connection: String,
    /// Elements that are not read; whether each is JSON.
    others: Memo<bool>,
    event_times: EventTimes,
}

impl RecordReader {
    /// Takes the texts of the calls that were read. The calls that are read next refer to others.
    pub(crate) fn take_texts(&mut self) -> Texts {
        let RecordReader { texts, principals, requests, connections, .. } = self;
        principals.clear();
        requests.clear();
        connections.clear();
        std::mem::take(texts)
    }

    /// Reads the text of one record. One that is no JSON is rejected.
    ///
    /// # Errors
    /// If it is no object, or an inference call with a field that cannot be used.
    pub(crate) fn read(&mut self, record: &str) -> Result<Record, Rejection> {
        let fields = self.fields(record)?;
        let event_source = text(fields.event_source, "eventSource").ok().flatten();
        let event_source = event_source.filter(|source| is_bedrock(source));
        let event_type = text(fields.event_type, "eventType").ok().flatten();
        let is_summary = event_type.as_deref().is_some_and(|kind| SUMMARIES.contains(&kind));
        let Some(event_source) = event_source.filter(|_| !is_summary) else {
            let state = fields.job_state();
            let record = state.map_or(Record::Skipped, |(id, to)| Record::JobState(id, to));
            return self.skipped(&fields, record);
        };
        let is_network_activity = event_type.as_deref() == Some(NETWORK_ACTIVITY_TYPE)
            || fields.category().is_some_and(|category| category == NETWORK_ACTIVITY);
        if is_network_activity {
            // Those of requests that were let through say no more than the events of these requests.
            if fields.outcome() != Outcome::Denied {
                return self.skipped(&fields, Record::Skipped);
            }
            let refusal = self.event(&fields, &event_source, EventKind::Refusal);
            return self.skipped(&fields, Record::Other(refusal, Note::Nothing));
        }
        let event_name = required(fields.event_name, "eventName")?;
        let mut kind = EventKind::Other;
        let note = match operation(&event_source, &event_name) {
            Operation::Call => return self.call(&fields, &event_name),
            Operation::Discover => discovered_alias(record).map_or(Note::Nothing, Note::Discovered),
            Operation::Unknown => Note::Unknown(cut(&event_name).to_owned()),
            // One that failed has created no job.
            Operation::CreateBatchJob if fields.outcome() == Outcome::Succeeded => {
                kind = EventKind::BatchJob;
                Note::Nothing
            }
            Operation::StopBatchJob => fields
                .stopped_job()
                .map_or(Note::Nothing, |id| Note::JobState(id, JobStatus::Stopping)),
            Operation::CreateBatchJob | Operation::Other => Note::Nothing,
        };
        let event = self.event(&fields, &event_source, kind);
        self.skipped(&fields, Record::Other(event, note))
    }

    /// Takes a record apart. What is not read is checked; the other values are where they are read.
    fn fields<'a>(&mut self, record: &'a str) -> Result<Fields<'a>, Rejection> {
        let mut fields = Fields::default();
        let others = &mut self.others;
        object(Some(record), "record", |key, value| match key {
            "eventSource" => put(&mut fields.event_source, value),
            "eventName" => put(&mut fields.event_name, value),
            "eventType" => put(&mut fields.event_type, value) && is_json(value),
            "eventCategory" => put(&mut fields.event_category, value) && is_json(value),
            "managementEvent" => put(&mut fields.management_event, value) && is_json(value),
            "eventID" => put(&mut fields.event_id, value),
            "eventTime" => put(&mut fields.event_time, value),
            "requestID" => put(&mut fields.request_id, value),
            "recipientAccountId" => put(&mut fields.account_id, value),
            "awsRegion" => put(&mut fields.source_region, value),
            "userIdentity" => put(&mut fields.user_identity, value),
            "sourceIPAddress" => put(&mut fields.source_ip, value),
            "userAgent" => put(&mut fields.user_agent, value),
            "vpcEndpointId" => put(&mut fields.vpc_endpoint_id, value),
            "errorCode" => put(&mut fields.error_code, value),
            "errorMessage" => put(&mut fields.error_message, value),
            "requestParameters" => put(&mut fields.request_parameters, value),
            "responseElements" => {
                let is_whole = match value.starts_with(['{', '[']) {
                    true => others.get(value, || is_json(value)),
                    false => is_json(value),
                };
                put(&mut fields.response_elements, value) && is_whole
            }
            "detail-type" => put(&mut fields.detail_type, value) && is_json(value),
            "detail" => put(&mut fields.detail, value) && is_json(value),
            "additionalEventData" => put(&mut fields.additional_event_data, value),
            "addendum" => put(&mut fields.addendum, value),
            "vpcEndpointAccountId" => {
                put(&mut fields.vpc_endpoint_account_id, value) && is_json(value)
            }
            "sessionCredentialFromConsole" => {
                put(&mut fields.is_from_console, value) && is_json(value)
            }
            // It is read with the call, or checked with the rest.
            "tlsDetails" => put(&mut fields.tls_details, value),
            _ if value.starts_with(['{', '[']) => others.get(value, || is_json(value)),
            _ => is_json(value),
        })?;
        Ok(fields)
    }

    /// Checks the values that only a call's reader checks otherwise, and gives the record back.
    fn skipped(&mut self, fields: &Fields<'_>, record: Record) -> Result<Record, Rejection> {
        let values = [
            fields.event_source,
            fields.event_name,
            fields.event_id,
            fields.event_time,
            fields.request_id,
            fields.account_id,
            fields.source_region,
            fields.user_identity,
            fields.source_ip,
            fields.user_agent,
            fields.vpc_endpoint_id,
            fields.error_code,
            fields.error_message,
            fields.request_parameters,
            fields.additional_event_data,
            fields.addendum,
        ];
        let tls = fields.tls_details.is_none_or(|tls| self.others.get(tls, || is_json(tls)));
        match tls && values.into_iter().flatten().all(is_json) {
            true => Ok(record),
            false => Err(no_json()),
        }
    }

    fn call(&mut self, fields: &Fields<'_>, event_name: &str) -> Result<Record, Rejection> {
        let event_id = required_id(fields.event_id, "eventID")?;
        let event_time = required(fields.event_time, "eventTime")?;
        let event_time_ms = self.event_times.time_ms(&event_time, "eventTime")?;
        let texts = &mut self.texts;
        let request = element(fields.request_parameters);
        let request = self.requests.get(&request, || Request::read(&request, texts))?;
        // It has the counts of the call, so that it hardly repeats.
        let additional = Additional::read(&element(fields.additional_event_data), texts)?;
        let mut attributes = self.attributes(fields, event_name)?;
        attributes[Attribute::Connection] = self.connection(fields)?;
        attributes[Attribute::ModelRef] = request.model_ref;
        attributes[Attribute::InferenceRegion] = additional.inference_region;
        attributes[Attribute::ApiKey] = match additional.api_key {
            Some(api_key) => Some(api_key),
            None => request.api_key?,
        };
        // The applied tier takes precedence over the requested one.
        let tier = additional.service_tier.or(request.service_tier).flatten();
        attributes[Attribute::ServiceTier] = tier;
        let certainty = match additional.service_tier {
            Some(_) => Certainty::Resolved,
            None => Certainty::Requested,
        };
        let said =
            |latency: Option<Latency>, certainty| latency.map(|value| Said { value, certainty });
        let latency = said(additional.latency, Certainty::Resolved)
            .or(said(request.latency, Certainty::Logged));
        let call = Call {
            kind: EventKind::Call,
            event_time_ms,
            event_id,
            original_event_id: original_event_id(fields.addendum)?.map(Box::new),
            request_id: id(fields.request_id, "requestID")?,
            input_tokens: additional.input_tokens,
            output_tokens: additional.output_tokens,
            tier_certainty: tier.map(|_| certainty),
            latency,
            logged: None,
            has_guardrail: request.has_guardrail,
            attributes,
        };
        Ok(Record::Call(call, additional.wrong_counts))
    }

    /// The attributes that are fields of the record itself, and those of the principal.
    fn attributes(
        &mut self,
        fields: &Fields<'_>,
        event_name: &str,
    ) -> Result<Attributes, Rejection> {
        let (texts, mut attributes) = (&mut self.texts, Attributes::default());
        let identity = element(fields.user_identity);
        let principal = self.principals.get(&identity, || Principal::read(&identity, texts))?;
        attributes[Attribute::PrincipalType] = principal.kind;
        attributes[Attribute::PrincipalArn] = principal.arn;
        attributes[Attribute::PrincipalName] = principal.name;
        attributes[Attribute::SessionName] = principal.session_name;
        attributes[Attribute::Caller] = principal.caller;
        texts.set(&mut attributes, Attribute::EventName, Some(event_name))?;
        for (attribute, raw, field) in [
            (Attribute::AccountId, fields.account_id, "recipientAccountId"),
            (Attribute::SourceRegion, fields.source_region, "awsRegion"),
            (Attribute::SourceIp, fields.source_ip, "sourceIPAddress"),
            (Attribute::UserAgent, fields.user_agent, "userAgent"),
            (Attribute::VpcEndpointId, fields.vpc_endpoint_id, "vpcEndpointId"),
            (Attribute::ErrorCode, fields.error_code, "errorCode"),
            (Attribute::ErrorMessage, fields.error_message, "errorMessage"),
        ] {
            texts.set(&mut attributes, attribute, text(raw, field)?.as_deref())?;
        }
        if attributes[Attribute::ErrorCode].is_some() {
            let category = fields.category();
            texts.set(&mut attributes, Attribute::EventCategory, category.as_deref())?;
        }
        Ok(attributes)
    }
}

impl RecordReader {
    /// What is said of the connection. It is the same from call to call, as a rule.
    fn connection(&mut self, fields: &Fields<'_>) -> Result<Option<TextId>, Rejection> {
        let Fields { tls_details, vpc_endpoint_account_id, is_from_console, .. } = *fields;
        let key = match (tls_details, vpc_endpoint_account_id, is_from_console) {
            (None, None, None) => return Ok(None),
            (Some(tls), None, None) => tls,
            _ => {
                self.connection.clear();
                for value in [vpc_endpoint_account_id, is_from_console, tls_details] {
                    self.connection.push_str(value.unwrap_or_default());
                    // No value ends with it.
                    self.connection.push('\n');
                }
                &self.connection
            }
        };
        let texts = &mut self.texts;
        self.connections.get(key, || {
            let tls = element(tls_details);
            if !is_json(&tls) {
                return Err(no_json());
            }
            let [host, version] = ["clientProvidedHostHeader", "tlsVersion"]
                .map(|name| text(member(&tls, name), name).ok().flatten());
            let account = text(vpc_endpoint_account_id, "").ok().flatten();
            let connection = Connection {
                vpc_endpoint_account_id: account.as_deref(),
                is_from_console: boolean(is_from_console, "").ok().flatten().map(|it| it == "true"),
                endpoint_host: host.as_deref(),
                tls_version: version.as_deref(),
            };
            Ok(texts.intern(Attribute::Connection, connection.text().as_deref())?)
        })
    }
}

impl Fields<'_> {
    /// `Management`, `Data`, `NetworkActivity`: as the record says, or of older records by `managementEvent`.
    fn category(&self) -> Option<Cow<'_, str>> {
        if let Some(category) = text(self.event_category, "eventCategory").ok().flatten() {
            return Some(category);
        }
        match boolean(self.management_event, "managementEvent").ok().flatten()? {
            "true" => Some("Management".into()),
            _ => Some("Data".into()),
        }
    }

    /// How the request ended.
    fn outcome(&self) -> Outcome {
        let error_code = text(self.error_code, "errorCode").ok().flatten();
        Outcome::of_error_code(error_code.as_deref())
    }
}

impl Request {
    fn read(raw: &str, texts: &mut Texts) -> Result<Self, Rejection> {
        let [mut model_id, mut model, mut bearer] = [None; 3];
        let [mut tier, mut snake_tier, mut performance, mut plain_latency] = [None; 4];
        let [mut guardrail, mut guardrail_id] = [None; 2];
        object(Some(raw), "requestParameters", |key, value| match key {
            "modelId" => put(&mut model_id, value),
            "model" => put(&mut model, value) && is_json(value),
            "serviceTier" => put(&mut tier, value) && is_json(value),
            "service_tier" => put(&mut snake_tier, value) && is_json(value),
            "performanceConfig" => put(&mut performance, value) && is_json(value),
            PLAIN_LATENCY => put(&mut plain_latency, value) && is_json(value),
            "callWithBearerToken" => put(&mut bearer, value) && is_json(value),
            // Of Converse, and of `InvokeModel`.
            "guardrailConfig" => put(&mut guardrail, value) && is_json(value),
            "guardrailIdentifier" => put(&mut guardrail_id, value) && is_json(value),
            _ => is_json(value),
        })?;
        let model_ref = match text(model_id, "requestParameters.modelId")? {
            Some(model_id) => Some(model_id),
            // The mantle endpoint calls the field `model`.
            None => text(model, "requestParameters.model")?,
        };
        Ok(Request {
            model_ref: texts.intern(Attribute::ModelRef, model_ref.as_deref())?,
            api_key: api_key(bearer, texts),
            service_tier: tier.or(snake_tier).map(|raw| service_tier(raw, texts)).transpose()?,
            latency: latency(performance, plain_latency),
            has_guardrail: guardrail.or(guardrail_id).is_some(),
        })
    }
}

impl Additional {
    fn read(raw: &str, texts: &mut Texts) -> Result<Self, Rejection> {
        let [mut region, mut input, mut output, mut bearer] = [None; 4];
        let [mut resolved, mut tier, mut snake_tier, mut performance, mut plain_latency] =
            [None; 5];
        object(Some(raw), "additionalEventData", |key, value| match key {
            "inferenceRegion" => put(&mut region, value),
            "inputTokens" => put(&mut input, value) && is_json(value),
            "outputTokens" => put(&mut output, value) && is_json(value),
            "callWithBearerToken" => put(&mut bearer, value),
            "resolvedServiceTier" => put(&mut resolved, value) && is_json(value),
            "serviceTier" => put(&mut tier, value) && is_json(value),
            "service_tier" => put(&mut snake_tier, value) && is_json(value),
            "performanceConfig" => put(&mut performance, value) && is_json(value),
            PLAIN_LATENCY => put(&mut plain_latency, value) && is_json(value),
            _ => is_json(value),
        })?;
        let region = text(region, "additionalEventData.inferenceRegion")?;
        // Where CloudTrail writes the service tier is not documented; these are the APIs' spellings.
        let tier = resolved.or(tier).or(snake_tier);
        // A count that cannot be used is no reason to lose the call.
        let mut wrong_counts = Vec::new();
        let mut count = |raw, field| {
            let known = count(raw, field);
            known.unwrap_or_else(|wrong| {
                wrong_counts.push(wrong);
                None
            })
        };
        let input_tokens = count(input, "additionalEventData.inputTokens");
        let output_tokens = count(output, "additionalEventData.outputTokens");
        Ok(Additional {
            inference_region: texts.intern(Attribute::InferenceRegion, region.as_deref())?,
            input_tokens,
            output_tokens,
            api_key: api_key(bearer, texts)?,
            service_tier: tier.map(|raw| service_tier(raw, texts)).transpose()?,
            latency: latency(performance, plain_latency),
            wrong_counts,
        })
    }
}

impl Principal {
    fn read(raw: &str, texts: &mut Texts) -> Result<Self, Rejection> {
        let identity = identity(Some(raw))?;
        let mut intern = |attribute, text: Option<&str>| texts.intern(attribute, text);
        Ok(Principal {
            kind: intern(Attribute::PrincipalType, identity.kind.as_deref())?,
            arn: intern(Attribute::PrincipalArn, identity.arn.as_deref())?,
            name: intern(Attribute::PrincipalName, identity.name.as_deref())?,
            session_name: intern(Attribute::SessionName, identity.session_name.as_deref())?,
            caller: intern(Attribute::Caller, identity.caller.as_deref())?,
        })
    }
}

/// A value of a record that nobody could read.
fn no_json() -> Rejection {
    let (expected, found) = ("an object", "an object that is no JSON".to_owned());
    Rejection { field: "record", expected, found }
}

impl From<InternerFull> for Rejection {
    fn from(full: InternerFull) -> Self {
        let expected = "an object with fewer than 2^32 distinct texts of less than 4 GiB";
        let found = format!("{} of {} bytes, and more", full.texts, full.bytes);
        Rejection { field: "record", expected, found }
    }
}

/// Whether a call carried a bearer token.
fn api_key(raw: Option<&str>, texts: &mut Texts) -> Result<Option<TextId>, Rejection> {
    Ok(texts.intern(Attribute::ApiKey, boolean(raw, "callWithBearerToken")?)?)
}

/// A tier's name, plain or as `{"type": name}`. Another shape is no reason to lose the call, because
/// no shape is documented.
fn service_tier(raw: &str, texts: &mut Texts) -> Result<Option<TextId>, InternerFull> {
    let raw = if raw.starts_with('{') { member(raw, "type") } else { Some(raw) };
    let name = text(raw, "serviceTier").ok().flatten();
    texts.intern(Attribute::ServiceTier, name.as_deref())
}

/// The latency of a `performanceConfig`, or else the plain one, of which another shape is no reason to lose the
/// call.
fn latency(config: Option<&str>, plain: Option<&str>) -> Option<Latency> {
    let parse = |raw| Latency::parse(&text(raw, "latency").ok()??);
    let config = config.filter(|raw| raw.starts_with('{'));
    config.and_then(|config| parse(member(config, "latency"))).or_else(|| parse(plain))
}

/// The value of a member of an object; `None` if it has none, or is no JSON.
fn member<'a>(object: &'a str, wanted: &str) -> Option<&'a str> {
    let mut found = None;
    let each = |key: &str, value| {
        if key == wanted {
            put(&mut found, value);
        }
        Ok(())
    };
    members(object, each).ok()?;
    found
}

/// The event that an addendum amends.
fn original_event_id(addendum: Option<&str>) -> Result<Option<CallId>, Rejection> {
    let (mut original, addendum) = (None, element(addendum));
    object(Some(&addendum), "addendum", |key, value| match key {
        "originalEventID" => put(&mut original, value),
        _ => is_json(value),
    })?;
    id(original, "addendum.originalEventID")
}

fn id(raw: Option<&str>, field: &'static str) -> Result<Option<CallId>, Rejection> {
    Ok(text(raw, field)?.map(|id| CallId::new(&id)))
}

fn required_id(raw: Option<&str>, field: &'static str) -> Result<CallId, Rejection> {
    Ok(CallId::new(&required(raw, field)?))
}
