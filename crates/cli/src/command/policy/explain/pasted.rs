//! What was pasted, taken apart: a denial each, and the record of CloudTrail that it is from, if it is from one.

use bedrock::call::{Attribute, Call, Texts};
use bedrock::part::Part as CallerPart;
use bedrock::{Outcome, denial};
use logs::{Limits, Scratch, Shape};

/// The longest text that is read.
pub(super) const MAX_BYTES: u64 = 16 << 20;

/// A text of a denial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) text: String,
    pub(super) record: Option<Record>,
}

/// What a record says of a call beside its message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) event_id: String,
    pub(super) event_name: Option<String>,
    pub(super) model_ref: Option<String>,
    pub(super) region: Option<String>,
    pub(super) principal_arn: Option<String>,
    /// The role or user, a role with its path.
    pub(super) iam_principal_arn: Option<String>,
    pub(super) has_api_key: Option<bool>,
    /// The message, or the code where there is none.
    message: String,
}

/// The denials of a text, those of records first.
pub(super) fn parts(text: &str) -> Vec<Part> {
    let records = records(text);
    let is_of_record = |message: &str| records.iter().any(|it| message.ends_with(&it.message));
    let others = denial::messages(text).into_iter().filter(|message| !is_of_record(message));
    let others = others.map(|text| Part { text, record: None }).collect::<Vec<_>>();
    let of_records =
        records.into_iter().map(|it| Part { text: it.message.clone(), record: Some(it) });
    of_records.chain(others).collect()
}

/// The denied events of Bedrock's, where a text is a record or holds some.
fn records(text: &str) -> Vec<Record> {
    if !text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']) {
        return Vec::new();
    }
    let limits = Limits::new(MAX_BYTES, MAX_BYTES);
    let read = logs::read_whole(text.as_bytes(), Shape::Any, &limits, &mut Scratch::default());
    let Ok(reading) = read else { return Vec::new() };
    let texts = &reading.calls.texts;
    let all = reading.calls.rows.iter().chain(&reading.calls.others);
    all.filter_map(|call| record(call, texts)).collect()
}

fn record(call: &Call, texts: &Texts) -> Option<Record> {
    let get = |attribute| texts.get(&call.attributes, attribute).map(str::to_owned);
    let code = get(Attribute::ErrorCode);
    let message = get(Attribute::ErrorMessage);
    let is_denied = Outcome::of_error_code(code.as_deref()) == Outcome::Denied
        || message.as_deref().is_some_and(denial::is_of_denial);
    let message = message.or(code).filter(|_| is_denied)?;
    Some(Record {
        event_id: call.event_id.to_string(),
        event_name: get(Attribute::EventName),
        model_ref: get(Attribute::ModelRef),
        region: get(Attribute::SourceRegion),
        principal_arn: get(Attribute::PrincipalArn),
        iam_principal_arn: texts
            .part(&call.attributes, CallerPart::IamPrincipalArn)
            .map(str::to_owned),
        has_api_key: get(Attribute::ApiKey).map(|flag| flag == "true"),
        message,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const MESSAGE: &str = "User: arn:aws:sts::111122223333:assumed-role/App/s is not authorized to perform: bedrock:InvokeModel \
                           on resource: arn:aws:bedrock:us-east-2::foundation-model/anthropic.claude-sonnet-4-6 with an \
                           explicit deny in a service control policy";

    fn event(source: &str, region: &str) -> Value {
        json!({
            "eventVersion": "1.11", "eventID": "c3fb129b-0175-41fd-a3c3-6ce100dcdf03",
            "eventTime": "2026-10-06T21:07:06Z", "eventSource": source, "eventName": "Converse", "awsRegion": region,
            "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/App/s",
                             "accountId": "111122223333"},
            "requestParameters": {"modelId": "us.anthropic.claude-sonnet-4-6"}, "recipientAccountId": "111122223333",
            "errorCode": "AccessDenied", "errorMessage": MESSAGE,
        })
    }

    /// The Region and the model of the record of each part.
    fn check(text: &str, expected: &[Option<(&str, &str)>]) {
        let parts = parts(text);
        let found = parts.iter().map(|part| {
            part.record.as_ref().map(|it| {
                (
                    it.region.as_deref().unwrap_or_default(),
                    it.model_ref.as_deref().unwrap_or_default(),
                )
            })
        });
        assert_eq!(found.collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn record_is_read_in_every_envelope() {
        let call = Some(("us-east-1", "us.anthropic.claude-sonnet-4-6"));
        let event = event("bedrock.amazonaws.com", "us-east-1");
        check(&event.to_string(), &[call]);
        check(&serde_json::to_string_pretty(&event).unwrap(), &[call]);
        check(&json!({"Records": [event, event]}).to_string(), &[call, call]);
        let looked_up = json!({"Events": [{"EventId": "x", "CloudTrailEvent": event.to_string()}]});
        check(&looked_up.to_string(), &[call]);
    }

    #[test]
    fn what_is_no_record_of_bedrock_is_a_text() {
        check(MESSAGE, &[None]);
        check(&json!({ "Message": MESSAGE }).to_string(), &[None]);
        check(&event("s3.amazonaws.com", "us-east-1").to_string(), &[None]);
        let mut succeeded = event("bedrock.amazonaws.com", "us-east-1");
        for name in ["errorCode", "errorMessage"] {
            succeeded.as_object_mut().unwrap().remove(name);
        }
        check(&succeeded.to_string(), &[]);
        check("nothing", &[]);
    }
}
