//! Records of the shapes that were seen in real trails, each with the call that it is.
//!
//! The records are made up after those shapes: ids, addresses and names are AWS's documentation
//! values. A field that AWS adds later must not matter, so that some carry fields of no meaning here.

use std::collections::BTreeMap;

use bedrock::{Attribute, CallId, EventKind};
use logs::{Limits, Reading, Scratch, Shape, Unreadable, read_stream, read_whole};

use logged::Logged;

#[path = "reference/logged.rs"]
mod logged;

const LIMITS: Limits = Limits::new(1 << 20, 1 << 20);

/// Converse on a geographic profile through a VPC endpoint: it ran elsewhere, tokens are counted, and
/// `sharedEventID` is on a call of one account.
const TOKENS: &str = r#"{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROACKCEVSQ6C2EXAMPLE:i-0a1b2c3d4e5f67890","arn":"arn:aws:sts::111122223333:assumed-role/search-service/i-0a1b2c3d4e5f67890","accountId":"111122223333","accessKeyId":"ASIAIOSFODNN7EXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROACKCEVSQ6C2EXAMPLE","arn":"arn:aws:iam::111122223333:role/search-service","accountId":"111122223333","userName":"search-service"},"attributes":{"creationDate":"2026-07-01T05:00:00Z","mfaAuthenticated":"false"},"ec2RoleDelivery":"2.0"}},"eventTime":"2026-07-01T06:30:15Z","eventSource":"bedrock.amazonaws.com","eventName":"Converse","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.44","userAgent":"Boto3/1.42.97 md/Botocore#1.42.97 ua/2.1","requestParameters":{"modelId":"us.anthropic.claude-sonnet-4-6","inferenceConfig":{"maxTokens":4096}},"responseElements":null,"additionalEventData":{"inferenceRegion":"us-west-2","inputTokens":1200,"outputTokens":345},"requestID":"0d2e6a53-0c44-4a3e-9d52-5b7f0a1c2d3e","eventID":"5f0c7a0e-1f4b-4d0e-8a58-6a2f4d1b9c01","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","sharedEventID":"7b1a9c52-58d1-4b7e-9a55-0f4c3d2e1b0a","vpcEndpointId":"vpce-0a1b2c3d4e5f67890","vpcEndpointAccountId":"111122223333","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"bedrock-runtime.us-east-1.amazonaws.com"}}"#;

/// A role of IAM Identity Center with its path, served in the source Region: no
/// `additionalEventData`. Pretty, as from a console.
const AT_HOME: &str = r#"{
  "eventVersion": "1.11",
  "userIdentity": {
    "type": "AssumedRole",
    "principalId": "AROACKCEVSQ6C2EXAMPLE:mary.major@example.com",
    "arn": "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Research_0123456789abcdef/mary.major@example.com",
    "accountId": "111122223333",
    "sessionContext": {
      "sessionIssuer": {
        "type": "Role",
        "arn": "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Research_0123456789abcdef",
        "userName": "AWSReservedSSO_Research_0123456789abcdef"
      },
      "attributes": { "mfaAuthenticated": "false" }
    }
  },
  "eventTime": "2025-04-04T10:20:30Z",
  "eventSource": "bedrock.amazonaws.com",
  "eventName": "Converse",
  "awsRegion": "eu-west-1",
  "sourceIPAddress": "198.51.100.7",
  "userAgent": "aws-cli/2.23.13 exec-env/CloudShell md/command#bedrock-runtime.converse",
  "requestParameters": { "modelId": "eu.amazon.nova-pro-v1:0" },
  "responseElements": null,
  "requestID": "1c9b7a6d-2f30-4a5b-8c7d-9e0f1a2b3c4d",
  "eventID": "2d0c8b7e-3041-4b6c-9d8e-0f1a2b3c4d5e",
  "readOnly": true,
  "recipientAccountId": "111122223333",
  "sessionCredentialFromConsole": "true"
}"#;

/// An IAM user in 2024, version 1.10, on a model of the Region.
const IAM_USER: &str = r#"{"eventVersion":"1.10","userIdentity":{"type":"IAMUser","principalId":"AIDACKCEVSQ6C2EXAMPLE","arn":"arn:aws:iam::444455556666:user/richard-roe","accountId":"444455556666","accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"richard-roe"},"eventTime":"2024-09-02T03:04:05Z","eventSource":"bedrock.amazonaws.com","eventName":"InvokeModel","awsRegion":"us-west-2","sourceIPAddress":"203.0.113.9","userAgent":"Boto3/1.34.162","requestParameters":{"modelId":"anthropic.claude-3-5-sonnet-20240620-v1:0"},"responseElements":null,"requestID":"3e1d9c8f-4152-4c7d-8e9f-1a2b3c4d5e6f","eventID":"4f2e0d90-5263-4d8e-9fa0-2b3c4d5e6f70","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"444455556666","eventCategory":"Management"}"#;

/// Denied because the account had no access to the model: the error comes last, and the time has seven digits.
const MODEL_ACCESS: &str = r#"{"eventVersion":"1.09","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::1234567890:user/admin","accountId":"1234567890","userName":"admin"},"eventTime":"2024-06-07T08:09:10.1230000Z","eventSource":"bedrock.amazonaws.com","eventName":"InvokeModel","awsRegion":"eu-west-3","sourceIPAddress":"203.0.113.10","userAgent":"Python/3.11 aiohttp/3.9.5","requestParameters":{"modelId":"anthropic.claude-3-sonnet-20240229-v1:0"},"responseElements":null,"requestID":"50a1b2c3-6374-4e9f-80b1-3c4d5e6f7081","eventID":"61b2c3d4-7485-4fa0-91c2-4d5e6f708192","readOnly":true,"recipientAccountId":"1234567890","errorCode":"AccessDenied","errorMessage":"You don't have access to the model with the specified model ID."}"#;

/// As published by somebody who took the time out.
const REDACTED: &str = r#"{"eventVersion":"1.09","userIdentity":{"type":"IAMUser","arn":"[REDACTED]","userName":"[REDACTED]"},"eventTime":"[REDACTED]","eventSource":"bedrock.amazonaws.com","eventName":"InvokeModel","awsRegion":"us-east-1","errorCode":"ValidationException","errorMessage":"max_tokens_to_sample: range: 1..1,000,000","requestParameters":{"modelId":"anthropic.claude-v2"},"responseElements":null,"requestID":"72c3d4e5-8596-40b1-a2d3-5e6f708192a3","eventID":"83d4e5f6-96a7-41c2-b3e4-6f708192a3b4"}"#;

/// Control-plane events with a model id, keys in the order of the alphabet.
const DECOYS: &[&str] = &[
    r#"{"awsRegion":"us-east-1","eventID":"94e5f607-a7b8-42d3-84f5-708192a3b4c5","eventName":"GetFoundationModelAvailability","eventSource":"bedrock.amazonaws.com","eventTime":"2024-10-17T20:11:22Z","readOnly":true,"requestParameters":{"modelId":"anthropic.claude-3-sonnet-20240229-v1:0%3A28k"},"responseElements":null,"userIdentity":{"type":"AssumedRole"}}"#,
    r#"{"awsRegion":"us-east-1","eventID":"a5f60718-b8c9-43e4-9506-8192a3b4c5d6","eventName":"CreateFoundationModelAgreement","eventSource":"bedrock.amazonaws.com","eventTime":"2024-10-17T20:09:51Z","readOnly":false,"requestParameters":{"modelId":"anthropic.claude-3-sonnet-20240229-v1:0"},"responseElements":{"modelId":"anthropic.claude-3-sonnet-20240229-v1"},"userIdentity":{"type":"AssumedRole"}}"#,
];

/// The other endpoint: a data event with the model elsewhere, a tier, and what the customer attached.
const MANTLE: &str = r#"{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/BedrockAPIKey-x1y2","accountId":"111122223333","userName":"BedrockAPIKey-x1y2"},"eventTime":"2026-05-06T07:08:09Z","eventSource":"bedrock-mantle.amazonaws.com","eventName":"CreateInference","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.0","userAgent":"OpenAI/Python 1.50.0","requestParameters":{"model":"openai.gpt-oss-120b","stream":true,"service_tier":"flex","metadata":{"team":"search","modelId":"no"},"callWithBearerToken":true,"bearerTokenType":"ABSK"},"responseElements":null,"requestID":"a1b2c3d4-5678-90ab-cdef-EXAMPLE22222","eventID":"a1b2c3d4-5678-90ab-cdef-EXAMPLE11111","readOnly":false,"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"111122223333","eventCategory":"Data"}"#;

/// A global profile that ran in another Region, without token counts.
const GLOBAL: &str = r#"{"eventVersion":"1.11","eventTime":"2025-10-11T12:13:14Z","eventSource":"bedrock.amazonaws.com","eventName":"InvokeModel","awsRegion":"ap-southeast-2","requestParameters":{"modelId":"global.anthropic.claude-sonnet-4-5-20250929-v1:0"},"responseElements":null,"additionalEventData":{"inferenceRegion":"ap-southeast-4"},"eventID":"b6071829-c9da-44f5-8617-92a3b4c5d6e7"}"#;

const DIGEST: &str = r#"{"awsAccountId":"111122223333","digestStartTime":"2026-08-17T14:01:31Z","digestEndTime":"2026-08-17T15:01:31Z","digestS3Object":"AWSLogs/111122223333/CloudTrail-Digest/us-east-2/2026/08/17/x.json.gz","previousDigestSignature":null,"logFiles":[{"s3Bucket":"amzn-s3-demo-bucket","hashAlgorithm":"SHA-256"}]}"#;

const AGGREGATED: &str = r#"{"eventVersion":"1.0","accountId":"111122223333","eventId":"c718293a-daeb-4506-9728-a3b4c5d6e7f8","eventCategory":"Aggregated","eventType":"AwsAggregatedEvent","awsRegion":"us-west-2","eventSource":"bedrock.amazonaws.com","timeWindow":{"windowStart":"2026-08-17T19:20:00Z"},"summary":{"primaryDimension":{"dimension":"eventName","statistics":[{"name":"InvokeModelWithBidirectionalStream","value":1000}]}}}"#;

fn read(text: &str, shape: Shape) -> Result<Reading, Unreadable> {
    let whole = read_whole(text.as_bytes(), shape, &LIMITS, &mut Scratch::default());
    let streamed = read_stream(text.as_bytes(), shape, &LIMITS);
    assert_eq!(whole.as_ref().map(shown), streamed.as_ref().map(shown));
    whole
}

/// What is compared of a reading.
fn shown(reading: &Reading) -> (Vec<Logged>, String) {
    let Reading {
        records,
        skipped,
        rejected,
        calls,
        rejections,
        discovered,
        unknown_operations,
        ..
    } = reading;
    let others = (records, skipped, rejected, rejections, discovered, unknown_operations);
    (Logged::all(calls), format!("{others:?} {:?}", Logged::each(&calls.others, &calls.texts)))
}

fn trail(records: &[&str]) -> Reading {
    let text = format!("{{\"Records\":[{}]}}\n", records.join(","));
    let reading = read(&text, Shape::Trail).expect("readable");
    assert!(reading.adds_up());
    reading
}

fn call(record: &str) -> Logged {
    let reading = trail(&[record]);
    assert_eq!((reading.records, reading.calls.rows.len()), (1, 1), "{:?}", reading.rejections);
    Logged::all(&reading.calls).remove(0)
}

#[test]
fn tokens_through_a_vpc_endpoint() {
    let call = call(TOKENS);
    let attributes = [
        (Attribute::AccountId, "111122223333"),
        (Attribute::SourceRegion, "us-east-1"),
        (Attribute::InferenceRegion, "us-west-2"),
        (Attribute::EventName, "Converse"),
        (Attribute::ModelRef, "us.anthropic.claude-sonnet-4-6"),
        (Attribute::PrincipalType, "AssumedRole"),
        (
            Attribute::PrincipalArn,
            "arn:aws:sts::111122223333:assumed-role/search-service/i-0a1b2c3d4e5f67890",
        ),
        (Attribute::PrincipalName, "search-service"),
        (Attribute::SessionName, "i-0a1b2c3d4e5f67890"),
        (Attribute::SourceIp, "192.0.2.44"),
        (Attribute::UserAgent, "Boto3/1.42.97 md/Botocore#1.42.97 ua/2.1"),
        (Attribute::VpcEndpointId, "vpce-0a1b2c3d4e5f67890"),
        (
            Attribute::Caller,
            "arn:aws:iam::111122223333:role/search-service\x00111122223333\0AROACKCEVSQ6C2EXAMPLE\0true\0\0\0\0",
        ),
        (Attribute::Connection, "111122223333\0\0bedrock-runtime.us-east-1.amazonaws.com\0TLSv1.3"),
    ];
    let attributes = attributes.map(|(attribute, text)| (attribute, text.to_owned()));
    let expected = Logged {
        kind: EventKind::Call,
        event_time_ms: 1_782_887_415_000,
        event_id: CallId::new("5f0c7a0e-1f4b-4d0e-8a58-6a2f4d1b9c01"),
        original_event_id: None,
        request_id: Some(CallId::new("0d2e6a53-0c44-4a3e-9d52-5b7f0a1c2d3e")),
        input_tokens: Some(1200),
        output_tokens: Some(345),
        tier_certainty: None,
        latency: None,
        has_guardrail: false,
        attributes: BTreeMap::from(attributes),
    };
    assert_eq!(call, expected);
}

#[test]
fn served_at_home() {
    let call = call(AT_HOME);
    assert_eq!(call.get(Attribute::InferenceRegion), None);
    assert_eq!(call.get(Attribute::SourceRegion), Some("eu-west-1"));
    assert_eq!((call.input_tokens, call.output_tokens), (None, None));
    assert_eq!(
        call.get(Attribute::PrincipalName),
        Some("AWSReservedSSO_Research_0123456789abcdef")
    );
    assert_eq!(call.get(Attribute::SessionName), Some("mary.major@example.com"));
}

#[test]
fn an_iam_user_of_2024() {
    let call = call(IAM_USER);
    assert_eq!(call.event_time_ms, 1_725_246_245_000);
    assert_eq!(call.get(Attribute::PrincipalType), Some("IAMUser"));
    assert_eq!(call.get(Attribute::PrincipalName), Some("richard-roe"));
    assert_eq!(call.get(Attribute::SessionName), None);
    assert_eq!(call.get(Attribute::ModelRef), Some("anthropic.claude-3-5-sonnet-20240620-v1:0"));
    assert_eq!(
        (
            call.get(Attribute::ApiKey),
            call.get(Attribute::ServiceTier),
            call.get(Attribute::ErrorCode)
        ),
        (None, None, None)
    );
}

#[test]
fn denied_without_model_access() {
    let call = call(MODEL_ACCESS);
    assert_eq!(call.event_time_ms, 1_717_747_750_123);
    assert_eq!(call.get(Attribute::ErrorCode), Some("AccessDenied"));
    let message = "You don't have access to the model with the specified model ID.";
    assert_eq!(call.get(Attribute::ErrorMessage), Some(message));
    assert_eq!(call.get(Attribute::AccountId), Some("1234567890"));
    assert_eq!(call.get(Attribute::ModelRef), Some("anthropic.claude-3-sonnet-20240229-v1:0"));
}

#[test]
fn a_redacted_time_is_rejected_by_name() {
    let reading = trail(&[TOKENS, REDACTED]);
    assert_eq!((reading.calls.rows.len(), reading.rejected), (1, 1));
    assert_eq!(
        reading.rejections,
        [
            r#"record 2: eventTime: expected a time such as 2026-08-01T12:00:00Z, found "[REDACTED]""#
        ]
    );
}

#[test]
fn decoys_are_no_calls() {
    let reading = trail(DECOYS);
    assert_eq!((reading.records, reading.skipped), (2, 2));
    assert!(reading.unknown_operations.is_empty() && reading.discovered.is_empty());
}

#[test]
fn the_other_endpoint() {
    let call = call(MANTLE);
    assert_eq!(call.get(Attribute::EventName), Some("CreateInference"));
    assert_eq!(call.get(Attribute::ModelRef), Some("openai.gpt-oss-120b"));
    assert_eq!(call.get(Attribute::ApiKey), Some("true"));
    assert_eq!(call.get(Attribute::ServiceTier), Some("flex"));
    assert_eq!(call.event_id.to_string(), "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111");
    assert!(!format!("{call:?}").contains("search"), "what the customer attached is not held");
}

#[test]
fn a_global_profile_that_ran_elsewhere() {
    let call = call(GLOBAL);
    assert_eq!(call.get(Attribute::InferenceRegion), Some("ap-southeast-4"));
    let (tokens, request_id) = ((call.input_tokens, call.output_tokens), &call.request_id);
    assert_eq!((tokens, request_id), ((None, None), &None));
    let principal = (call.get(Attribute::PrincipalType), call.get(Attribute::PrincipalName));
    assert_eq!(principal, (None, None));
    assert_eq!((call.get(Attribute::PrincipalArn), call.get(Attribute::SessionName)), (None, None));
}

#[test]
fn the_output_of_lookup_events() {
    let event = |record: &str| {
        let record = serde_json::Value::from(record);
        format!(
            r#"{{"EventId":"5f0c7a0e","EventName":"Converse","ReadOnly":"true","EventTime":"2026-07-01T08:30:15+02:00","EventSource":"bedrock.amazonaws.com","Resources":[],"CloudTrailEvent":{record}}}"#
        )
    };
    let events = [TOKENS, AT_HOME, REDACTED, DECOYS[0]].map(event).join(",\n");
    let text = format!("{{\"Events\":[{events}],\"NextToken\":\"EXAMPLE\"}}");
    for shape in [Shape::Trail, Shape::Any] {
        let reading = read(&text, shape).expect("readable");
        assert_eq!((reading.records, reading.rejected, reading.skipped), (4, 1, 1));
        assert_eq!(Logged::all(&reading.calls), [call(TOKENS), call(AT_HOME)]);
    }
}

#[test]
fn other_logs_beside_a_trail_are_skipped() {
    for shape in [Shape::Trail, Shape::Any] {
        for other in [DIGEST, AGGREGATED] {
            let reading = read(other, shape).expect("readable");
            assert_eq!((reading.records, reading.skipped), (1, 1), "{other}");
        }
        let list = format!("[{AGGREGATED},{AGGREGATED}]");
        let reading = read(&list, shape).expect("readable");
        assert_eq!((reading.records, reading.skipped), (2, 2));
        let other = read("{\"name\":\"package\"}", shape);
        assert_eq!(other.err(), Some(Unreadable::NoRecords));
    }
}

#[test]
fn a_file_without_records() {
    assert_eq!(trail(&[]).records, 0);
}
