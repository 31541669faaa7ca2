//! One CloudTrail record: a call, something to learn from, or skipped.

use std::borrow::Cow;
use std::sync::Arc;

use bedrock::alias::DiscoveredAlias;
use bedrock::{Call, CallId, Caller, Context};

use crate::candidate::is_candidate;
use crate::context::{Contexts, Draft, Text};
use crate::field::{self, Fields, place};
use crate::identity::{Identity, identity};
use crate::learn::discovered_alias;
use crate::operation::{Operation, is_bedrock, operation};
use crate::recall::Glance;
use crate::reject::Rejection;

/// What a record is to us.
#[derive(Debug)]
pub enum Record {
    /// An inference call.
    Call(Call),
    /// An event that tells what an opaque ARN stands for. Passed over as a record.
    Discovered(DiscoveredAlias),
    /// An event of Bedrock's that looks like inference under a name that we do not know, with that
    /// name. Passed over as a record.
    Unknown(String),
    /// Anything else.
    Skipped,
}

pub(crate) const RECORD: &[&str; 17] = &[
    "eventSource",
    "eventName",
    "eventType",
    "eventID",
    "eventTime",
    "requestID",
    "awsRegion",
    "recipientAccountId",
    "userIdentity",
    "sourceIPAddress",
    "userAgent",
    "vpcEndpointId",
    "errorCode",
    "errorMessage",
    "requestParameters",
    "additionalEventData",
    "addendum",
];
pub(crate) const REQUEST_PARAMETERS: &[&str; 5] =
    &["modelId", "model", "serviceTier", "service_tier", "callWithBearerToken"];
pub(crate) const ADDITIONAL_EVENT_DATA: &[&str; 6] = &[
    "inferenceRegion",
    "inputTokens",
    "outputTokens",
    "callWithBearerToken",
    "resolvedServiceTier",
    "serviceTier",
];
pub(crate) const IDENTITY: usize = place(RECORD, "userIdentity");
const ORIGINAL: &[&str; 1] = &["originalEventID"];
const SERVICE_TIER: &[&str; 1] = &["type"];

/// Event types that summarize events; they lie in folders of their own.
const SUMMARIES: &[&str] = &["AwsAggregatedEvent", "AwsCloudTrailInsight"];

/// Reads the text of one record.
///
/// # Errors
/// If it is no object, or an inference call with a field that cannot be used.
pub fn read(text: &str, contexts: &mut Contexts) -> Result<Record, Rejection> {
    if !text.starts_with('{') {
        let found = field::kind(text).to_owned();
        return Err(Rejection { field: "record", expected: "an object", found });
    }
    if !is_candidate(text.as_bytes()) {
        return Ok(Record::Skipped);
    }
    read_candidate(text, contexts)
}

/// Reads the text of one record that begins with a brace and may be Bedrock's.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_candidate(text: &str, contexts: &mut Contexts) -> Result<Record, Rejection> {
    let mut glance = Glance::none();
    if contexts.recall.look(text, &mut glance).is_none() {
        // It may be a call, so that one that cannot be taken apart is not skipped.
        return match field::object(Some(text), "record", RECORD)? {
            Some(fields) => read_fields(text, &fields, None, contexts),
            None => Ok(Record::Skipped),
        };
    }
    // What made a context in a call before makes one here. Only what is this call's own can be wrong
    // then, and all else is told first.
    if let Some(context) = contexts.recall.context(&glance.key) {
        let mut own = Own::of(&glance.fields);
        own.input_tokens = glance.input_tokens;
        own.output_tokens = glance.output_tokens;
        let context = Arc::clone(context);
        let caller = |address: Option<&str>| contexts.recall.caller(&glance, address);
        return own.call(own.read()?, context, caller).map(Record::Call);
    }
    let record = read_fields(text, &glance.fields, Some(&glance), contexts)?;
    if let Record::Call(call) = &record {
        contexts.recall.hold(glance.key, &call.context);
    }
    Ok(record)
}

/// Reads a record that was taken apart. The glance at it, if there was one, knows callers that are held.
fn read_fields(
    text: &str,
    fields: &Fields<'_, 17>,
    glance: Option<&Glance<'_>>,
    contexts: &mut Contexts,
) -> Result<Record, Rejection> {
    let Ok(Some(event_source)) = field::text(fields.raw("eventSource"), "eventSource") else {
        return Ok(Record::Skipped);
    };
    if !is_bedrock(&event_source) || is_summary(fields) {
        return Ok(Record::Skipped);
    }
    let event_name = required(fields.raw("eventName"), "eventName")?;
    match operation(&event_source, &event_name) {
        Operation::Call => call(fields, &event_name, glance, contexts).map(Record::Call),
        Operation::Learn => Ok(discovered_alias(text).map_or(Record::Skipped, Record::Discovered)),
        Operation::Unknown => Ok(Record::Unknown(event_name.into_owned())),
        Operation::Other => Ok(Record::Skipped),
    }
}

fn is_summary(fields: &Fields<'_, 17>) -> bool {
    let event_type = field::text(fields.raw("eventType"), "eventType");
    matches!(event_type, Ok(Some(event_type)) if SUMMARIES.contains(&event_type.as_ref()))
}

/// What only one call says, as it stands in the record; absent and null are `None`.
#[derive(Debug, Default)]
struct Own<'a> {
    event_id: Option<&'a str>,
    event_time: Option<&'a str>,
    request_id: Option<&'a str>,
    addendum: Option<&'a str>,
    input_tokens: Option<&'a str>,
    output_tokens: Option<&'a str>,
    source_ip: Option<&'a str>,
}

impl<'a> Own<'a> {
    /// Takes what stands in the record itself.
    fn of(fields: &Fields<'a, 17>) -> Self {
        const ID: usize = place(RECORD, "eventID");
        const TIME: usize = place(RECORD, "eventTime");
        const REQUEST_ID: usize = place(RECORD, "requestID");
        const ADDENDUM: usize = place(RECORD, "addendum");
        const SOURCE_IP: usize = place(RECORD, "sourceIPAddress");
        Own {
            event_id: fields.at(ID),
            event_time: fields.at(TIME),
            request_id: fields.at(REQUEST_ID),
            addendum: fields.at(ADDENDUM),
            source_ip: fields.at(SOURCE_IP),
            ..Own::default()
        }
    }

    /// The id of the event, and its time in milliseconds.
    fn read(&self) -> Result<(CallId, i64), Rejection> {
        let event_id = match self.event_id.and_then(uuid) {
            Some(id) => id,
            None => CallId::new(&required(self.event_id, "eventID")?),
        };
        Ok((event_id, field::time_ms(&required(self.event_time, "eventTime")?, "eventTime")?))
    }

    /// The call. What is wrong with the id and the time is told before what is wrong with a context, and
    /// all else after it.
    fn call(
        &self,
        (event_id, event_time_ms): (CallId, i64),
        context: Arc<Context>,
        caller: impl FnOnce(Option<&str>) -> Caller,
    ) -> Result<Call, Rejection> {
        Ok(Call {
            event_time_ms,
            event_id,
            original_event_id: original_event_id(self.addendum)?,
            request_id: match self.request_id.and_then(uuid) {
                Some(id) => Some(id),
                None => filled(self.request_id, "requestID")?.map(|id| CallId::new(&id)),
            },
            input_tokens: field::count(self.input_tokens, "additionalEventData.inputTokens")?,
            output_tokens: field::count(self.output_tokens, "additionalEventData.outputTokens")?,
            caller: caller(filled(self.source_ip, "sourceIPAddress")?.as_deref()),
            context,
        })
    }
}

fn call<'a>(
    fields: &Fields<'a, 17>,
    event_name: &'a str,
    glance: Option<&Glance<'a>>,
    contexts: &mut Contexts,
) -> Result<Call, Rejection> {
    let mut own = Own::of(fields);
    let id_and_time = own.read()?;
    let text = |name: &'static str| filled(fields.raw(name), name);

    let request = fields.raw("requestParameters");
    let request = field::object(request, "requestParameters", REQUEST_PARAMETERS)?;
    let request = |name: &'static str| request.as_ref().and_then(|fields| fields.raw(name));
    let model_ref = match filled(request("modelId"), "requestParameters.modelId")? {
        Some(model_id) => Some(model_id),
        // The mantle endpoint names the model so.
        None => filled(request("model"), "requestParameters.model")?,
    };

    let additional = fields.raw("additionalEventData");
    let additional = field::object(additional, "additionalEventData", ADDITIONAL_EVENT_DATA)?;
    let additional = |name: &'static str| additional.as_ref().and_then(|fields| fields.raw(name));
    own.input_tokens = additional("inputTokens");
    own.output_tokens = additional("outputTokens");
    let bearer = additional("callWithBearerToken").or_else(|| request("callWithBearerToken"));
    // Where CloudTrail writes the service tier is not documented; these are the API's spellings, the
    // tier that was applied before the one that was asked for.
    let service_tier = additional("resolvedServiceTier")
        .or_else(|| additional("serviceTier"))
        .or_else(|| request("serviceTier"))
        .or_else(|| request("service_tier"));

    let account_id = text("recipientAccountId")?;
    let source_region = text("awsRegion")?;
    let inference_region = additional("inferenceRegion");
    let inference_region = filled(inference_region, "additionalEventData.inferenceRegion")?;
    // What was glanced at need not be taken apart again.
    let identity = match glance {
        Some(_) => Identity::default(),
        None => identity(fields.raw("userIdentity"))?,
    };
    let (principal_type, principal_name) = match glance {
        Some(glance) => contexts.recall.principal(glance).texts(),
        None => (identity.kind.as_deref(), identity.name.as_deref()),
    };
    let draft = Draft {
        account_id,
        source_region,
        logged_inference_region: inference_region,
        event_name,
        model_ref,
        principal_type,
        principal_name,
        api_key: field::boolean(bearer, "callWithBearerToken")?,
        user_agent: text("userAgent")?,
        vpc_endpoint_id: text("vpcEndpointId")?,
        error_code: text("errorCode")?,
        error_message: text("errorMessage")?,
        service_tier: tier(service_tier),
    };
    let context = contexts.known.hold(&draft);
    own.call(id_and_time, context, |address| match glance {
        Some(glance) => contexts.recall.caller(glance, address),
        None => identity.session().at(address),
    })
}

/// The id that a string is, if it is a UUID, in which there can be no escapes.
fn uuid(raw: &str) -> Option<CallId> {
    const RAW_BYTES: usize = 38;
    let text = raw.strip_prefix('"')?.strip_suffix('"').filter(|_| raw.len() == RAW_BYTES)?;
    Some(CallId::new(text)).filter(|id| matches!(id, CallId::Uuid(_)))
}

/// The event that an addendum amends.
fn original_event_id(addendum: Option<&str>) -> Result<Option<CallId>, Rejection> {
    let addendum = field::object(addendum, "addendum", ORIGINAL)?;
    let original = addendum.and_then(|fields| fields.raw("originalEventID"));
    let original = field::text(original, "addendum.originalEventID")?;
    Ok(original.filter(|id| !id.is_empty()).map(|id| CallId::new(&id)))
}

/// A string that must be there.
fn required<'a>(raw: Option<&'a str>, field: &'static str) -> Result<Cow<'a, str>, Rejection> {
    let found = || Rejection { field, expected: "a string", found: "nothing".to_owned() };
    filled(raw, field)?.ok_or_else(found)
}

/// A string; an empty one says as little as none.
fn filled<'a>(raw: Option<&'a str>, field: &'static str) -> Result<Text<'a>, Rejection> {
    Ok(field::text(raw, field)?.filter(|text| !text.is_empty()))
}

/// A tier's name, plain or as `{"type": name}`. Another shape is no reason to lose the call, because
/// no shape is documented.
fn tier(raw: Option<&str>) -> Text<'_> {
    let nested = raw.and_then(|raw| Fields::read(raw, SERVICE_TIER));
    let raw = nested.as_ref().map_or(raw, |fields| fields.raw("type"));
    filled(raw, "serviceTier").ok().flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn a_record_that_cannot_be_taken_apart_is_not_lost() {
        for text in [
            r#"{"\ud800":1,"eventSource":"bedrock.amazonaws.com"}"#,
            r#"{"eventSource":"bedrock.amazonaws.com","eventNa"#,
        ] {
            let rejection = read(text, &mut Contexts::default()).expect_err("unusable");
            assert_eq!(rejection.field, "record", "{text}");
        }
    }

    const CALL: &str = r#"{"eventVersion":"1.11", "userIdentity":{"type":"AssumedRole","principalId":"AROA:s","arn":"arn:aws:sts::111122223333:assumed-role/app/s","sessionContext":{"sessionIssuer":{"userName":"app"}}},"eventTime":"2026-08-01T12:00:00Z","eventSource":"bedrock.amazonaws.com","eventName":"Converse","awsRegion":"us-east-1","requestParameters":{"modelId":"m","n":1},"additionalEventData":{"inferenceRegion":"us-east-2","inputTokens":17},"requestID":null,"eventID":"a1e5cace-56ad-37b9-be9d-d52d0f29a6a1","n":17 ,"vpcEndpointId" : "v","eventType":"AwsApiCall"}"#;

    fn in_full(text: &str) -> Result<Record, Rejection> {
        match field::object(Some(text), "record", RECORD)? {
            Some(fields) => read_fields(text, &fields, None, &mut Contexts::default()),
            None => Ok(Record::Skipped),
        }
    }

    /// Reads a record behind others, which must not matter, and tells whether a glance was enough.
    fn check(text: &str, contexts: &mut Contexts) -> bool {
        let mut glance = Glance::none();
        let is_glance = contexts.recall.look(text, &mut glance).is_some();
        let is_known = is_glance && contexts.recall.context(&glance.key).is_some();
        if is_glance {
            let fields = Fields::read(text, RECORD).expect("a glance is at JSON only");
            for (place, name) in RECORD.iter().enumerate() {
                assert_eq!(glance.fields.at(place), fields.raw(name), "{name} of {text}");
            }
        }
        let found = format!("{:?}", read_candidate(text, contexts));
        assert_eq!(found, format!("{:?}", in_full(text)), "{text}");
        is_known
    }

    /// Records that differ from one before in a byte or two, wherever that is.
    #[test]
    fn what_was_read_before_does_not_matter() {
        let mut contexts = Contexts::default();
        let other = CALL.replace(":s\"", ":t\"").replace("app", "web").replace("\"m\"", "\"\"");
        let failed = CALL.replace("\"requestID\"", "\"errorCode\":\"AccessDenied\",\"requestID\"");
        for text in [CALL, &other, &failed] {
            assert!(!check(text, &mut contexts));
            assert!(check(text, &mut contexts));
        }
        for (key, escaped) in [
            ("errorCode", r"error\u0043ode"),
            ("eventID", r"event\u0049D"),
            ("modelId", r"model\u0049d"),
            ("inferenceRegion", r"inference\u0052egion"),
            ("inputTokens", r"\u0069nputTokens"),
        ] {
            check(&failed.replace(key, escaped), &mut contexts);
        }
        let (mut n_known, mut n_others) = (0, 0);
        for base in [CALL, &other, &failed] {
            for at in 0..base.len() {
                for piece in
                    ["", "\"", "\\", "}", ",", ":", "0", "e", " ", "\t", "]", "n", "é", ",\"n\":0"]
                {
                    let replaced = format!("{}{piece}{}", &base[..at], &base[at + 1..]);
                    let inserted = format!("{}{piece}{}", &base[..at], &base[at..]);
                    for text in [replaced, inserted].iter().filter(|text| text.starts_with('{')) {
                        match check(text, &mut contexts) {
                            true => n_known += 1,
                            false => n_others += 1,
                        }
                    }
                }
            }
        }
        assert!(n_known > 3_000 && n_others > 20_000, "{n_known} {n_others}");
    }

    /// Calls that differ in their addresses have one context, and each caller is held once.
    #[test]
    fn an_address_makes_no_context() {
        let mut contexts = Contexts::default();
        let mut call = |address: &str| {
            let field = format!("\"sourceIPAddress\":{address}");
            read_candidate(&CALL.replace("\"n\":17", &field), &mut contexts)
        };
        let mut made = |address: &str| match call(address) {
            Ok(Record::Call(call)) => call,
            other => panic!("{other:?}"),
        };
        let calls = [r#""192.0.2.1""#, r#""2001:db8::1""#, r#""192.0.2.\u0031""#, r#""""#, "null"];
        let calls = calls.map(&mut made);
        let addresses = calls.each_ref().map(|call| call.caller.address());
        let (first, other) = (Some("192.0.2.1"), Some("2001:db8::1"));
        assert_eq!(addresses, [first, other, first, None, None]);
        assert!(calls.iter().all(|call| Arc::ptr_eq(&call.context, &calls[0].context)));
        assert_eq!(calls[3].caller.place(), calls[4].caller.place(), "held once");
        let rejection = call("17").expect_err("no text");
        assert_eq!(rejection.field, "sourceIPAddress");
        let from =
            |address: &str| CALL.replace("\"n\":17", &format!("\"sourceIPAddress\":\"{address}\""));
        assert!(!check(&from("192.0.2.1"), &mut Contexts::default()));
        assert!(check(&from("198.51.100.7"), &mut contexts), "a new address needs a glance only");
    }

    /// More, and longer, than is remembered.
    #[test]
    fn what_is_forgotten() {
        let mut contexts = Contexts::default();
        let with_agent =
            |agent: &str| CALL.replace("\"n\":17", &format!("\"userAgent\":\"{agent}\""));
        let (known, long) = (with_agent("known"), with_agent(&"a".repeat(9_000)));
        let mut n_forgotten = 0;
        for number in 0..700 {
            let agent = format!("{number}{}", "x".repeat(8_000));
            assert!(!check(&with_agent(&agent), &mut contexts));
            assert!(!check(&long, &mut contexts));
            n_forgotten += u64::from(!check(&known, &mut contexts));
        }
        assert_eq!(n_forgotten, 2, "at first, and behind 4 MiB of others");
    }

    /// A session for each call makes no context, and is not remembered for ever.
    #[test]
    fn sessions_are_forgotten() {
        let mut contexts = Contexts::default();
        let in_session = |name: &str| CALL.replace(":s\"", ":t\"").replace("/s\"", name);
        let mut n_forgotten = 0;
        for number in 0..700 {
            let name = format!("/{number}{}\"", "x".repeat(8_000));
            n_forgotten += u64::from(!check(&in_session(&name), &mut contexts));
        }
        assert!((2..20).contains(&n_forgotten), "at first, and behind 4 MiB: {n_forgotten}");
    }

    /// The same fields in another order, left out, twice, or of another kind.
    #[test]
    fn other_fields_than_before() {
        let mut contexts = Contexts::default();
        let fields = serde_json::from_str::<BTreeMap<&str, &RawValue>>(CALL).expect("JSON");
        let fields = fields.iter().map(|(key, value)| format!("\"{key}\":{value}"));
        let fields = fields.collect::<Vec<_>>();
        let record = |fields: &[&str]| format!("{{{}}}", fields.join(","));
        let all = fields.iter().map(String::as_str).collect::<Vec<_>>();
        for _ in 0..2 {
            for (first, _) in all.iter().enumerate() {
                let (start, end) = all.split_at(first);
                check(&record(&[end, start].concat()), &mut contexts);
                check(&record(&[start, &end[1..]].concat()), &mut contexts);
                check(&record(&[start, &end[..1], end].concat()), &mut contexts);
                let key = all[first].split_once(':').expect("a field").0;
                for value in
                    ["null", "1", "12", "{}", "[]", "\"\"", "\"null\"", r#"{"type":"Root"}"#]
                {
                    let field = format!("{key}:{value}");
                    check(&record(&[start, &[&field], &end[1..]].concat()), &mut contexts);
                    check(&record(&[&all, &[field.as_str()][..]].concat()), &mut contexts);
                }
            }
        }
    }
}
