//! What the fields of a record become: which one counts of several, and what counts as none.

use std::io::Write;

use bedrock::cost::{Certainty, Latency};
use bedrock::{Attribute, Part};
use flate2::Compression;
use flate2::write::GzEncoder;
use logs::{Limits, Reading, Scratch, Shape, read_whole};

use logged::Logged;

#[path = "reference/logged.rs"]
mod logged;

const LIMITS: Limits = Limits::new(1 << 20, 1 << 20);

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).expect("memory");
    encoder.finish().expect("memory")
}

/// A record with nothing but what a call must have, and these fields.
fn record(fields: &str) -> String {
    format!(
        r#"{{"eventSource":"bedrock.amazonaws.com","eventName":"Converse","eventTime":"2026-08-01T12:00:00Z","eventID":"e-1"{fields}}}"#
    )
}

fn read(records: &[String], scratch: &mut Scratch) -> Reading {
    let text = format!("{{\"Records\":[{}]}}", records.join(","));
    let found = read_whole(&gzip(text.as_bytes()), Shape::Trail, &LIMITS, scratch);
    let strict = read_whole(text.as_bytes(), Shape::Trail, &LIMITS, &mut Scratch::default());
    let (found, strict) = (found.expect("readable"), strict.expect("readable"));
    assert_eq!(Logged::all(&found.calls), Logged::all(&strict.calls), "{text}");
    assert_eq!(found.rejections, strict.rejections, "{text}");
    // Nothing is held of what the same scratch read before.
    let bytes = |reading: &Reading| reading.calls.texts.text_bytes();
    assert_eq!(bytes(&found), bytes(&strict), "{text}");
    assert!(found.adds_up() && found.skipped == strict.skipped, "{text}");
    found
}

fn call(fields: &str) -> Logged {
    let reading = read(&[record(fields)], &mut Scratch::default());
    assert_eq!(reading.rejections, [""; 0], "{fields}");
    Logged::all(&reading.calls).remove(0)
}

#[track_caller]
fn check(fields: &str, attribute: Attribute, expected: Option<&str>) {
    assert_eq!(call(fields).get(attribute), expected, "{fields}");
}

/// The fields that make a record unusable, in the words of its sentence.
#[track_caller]
fn rejected(record: String, sentence: &str) {
    let reading = read(&[record], &mut Scratch::default());
    assert_eq!(reading.rejected, 1);
    assert!(reading.rejections[0].starts_with(sentence), "{}", reading.rejections[0]);
}

#[test]
fn attributes_of_one_field_are_its_text() {
    for (field, attribute) in [
        ("recipientAccountId", Attribute::AccountId),
        ("awsRegion", Attribute::SourceRegion),
        ("sourceIPAddress", Attribute::SourceIp),
        ("userAgent", Attribute::UserAgent),
        ("vpcEndpointId", Attribute::VpcEndpointId),
        ("errorCode", Attribute::ErrorCode),
        ("errorMessage", Attribute::ErrorMessage),
    ] {
        let found = call(&format!(r#","{field}":"a\"b""#));
        assert_eq!(found.get(attribute), Some("a\"b"), "{field}");
        assert_eq!(found.attributes.len(), 2, "{field}: and the name of the event");
        for none in ["null", "\"\""] {
            assert_eq!(call(&format!(r#","{field}":{none}"#)).attributes.len(), 1, "{field}");
        }
        rejected(record(&format!(r#","{field}":5"#)), &format!("record 1: {field}: "));
    }
}

#[test]
fn inference_region_that_is_absent_is_none() {
    let logged =
        r#","awsRegion":"us-east-1","additionalEventData":{"inferenceRegion":"us-west-2"}"#;
    check(logged, Attribute::InferenceRegion, Some("us-west-2"));
    check(r#","awsRegion":"us-east-1""#, Attribute::InferenceRegion, None);
}

#[test]
fn model_named_twice_is_the_model_id() {
    for (request, expected) in [
        (r#"{"modelId":"a","model":"b"}"#, Some("a")),
        (r#"{"model":"b","modelId":"a"}"#, Some("a")),
        (r#"{"model":"b"}"#, Some("b")),
        (r#"{"modelId":"","model":"b"}"#, Some("b")),
        (r#"{"modelId":null,"model":"b"}"#, Some("b")),
        (r#"{"modelId":"a","model":5}"#, Some("a")),
        ("{}", None),
        ("null", None),
    ] {
        check(&format!(r#","requestParameters":{request}"#), Attribute::ModelRef, expected);
    }
}

/// The tier that was applied, then the one that was asked for.
#[test]
fn service_tier_named_more_than_once_is_the_applied_one() {
    for (request, additional, expected) in [
        ("{}", "{}", None),
        (r#"{"serviceTier":"a"}"#, "{}", Some("a")),
        (r#"{"service_tier":"b"}"#, "{}", Some("b")),
        (r#"{"service_tier":"b","serviceTier":"a"}"#, "{}", Some("a")),
        (r#"{"serviceTier":"a"}"#, r#"{"serviceTier":"c"}"#, Some("c")),
        (r#"{"serviceTier":"a"}"#, r#"{"resolvedServiceTier":"d"}"#, Some("d")),
        (r#"{"serviceTier":"a"}"#, r#"{"serviceTier":"c","resolvedServiceTier":"d"}"#, Some("d")),
        (r#"{"serviceTier":"a"}"#, r#"{"serviceTier":null}"#, Some("a")),
        (r#"{"serviceTier":"a"}"#, r#"{"service_tier":"e"}"#, Some("e")),
        (r#"{"serviceTier":"a"}"#, r#"{"service_tier":"e","serviceTier":"c"}"#, Some("c")),
        (r#"{"serviceTier":"a"}"#, r#"{"serviceTier":{}}"#, None),
        (r#"{"serviceTier":"a"}"#, r#"{"resolvedServiceTier":7,"serviceTier":"c"}"#, None),
    ] {
        let fields =
            format!(r#","requestParameters":{request},"additionalEventData":{additional}"#);
        check(&fields, Attribute::ServiceTier, expected);
    }
}

/// The latency that served the call, then the one among the parameters of the request.
#[test]
fn latency_is_that_of_the_performance_config() {
    let optimized = r#"{"performanceConfig":{"latency":"optimized"}}"#;
    let standard = r#"{"performanceConfig":{"latency":"standard"}}"#;
    for (request, additional, expected) in [
        ("{}", "{}", None),
        (optimized, "{}", Some((Latency::Optimized, Certainty::Logged))),
        (optimized, standard, Some((Latency::Standard, Certainty::Resolved))),
        ("{}", optimized, Some((Latency::Optimized, Certainty::Resolved))),
        (r#"{"performanceConfig":"optimized"}"#, "{}", None),
        (
            r#"{"performanceConfigLatency":"optimized"}"#,
            "{}",
            Some((Latency::Optimized, Certainty::Logged)),
        ),
        (
            optimized,
            r#"{"performanceConfigLatency":"standard"}"#,
            Some((Latency::Standard, Certainty::Resolved)),
        ),
        (r#"{"performanceConfigLatency":{"latency":"optimized"}}"#, "{}", None),
        (r#"{"performanceConfig":{"latency":["optimized"]}}"#, "{}", None),
    ] {
        let fields =
            format!(r#","requestParameters":{request},"additionalEventData":{additional}"#);
        let found = call(&fields).latency.map(|said| (said.value, said.certainty));
        assert_eq!(found, expected, "{fields}");
    }
}

/// No shape of it is documented, so that none loses the call.
#[test]
fn service_tier_of_another_shape_is_none() {
    for (tier, expected) in [
        (r#"{"type":"flex"}"#, Some("flex")),
        (r#"{"x":{"type":"no"},"\u0074ype":"fl\u0065x"}"#, Some("flex")),
        (r#"{"type":"priority","type":"flex"}"#, Some("flex")),
        (r#"{"type":"flex","type":null}"#, None),
        (r#"{"type":5}"#, None),
        (r#"{"type":"flex","\ud800":1}"#, None),
        (r#"{"type":""}"#, None),
        (r#""""#, None),
        (r#""\ud800""#, None),
        ("[]", None),
        ("true", None),
    ] {
        check(
            &format!(r#","requestParameters":{{"serviceTier":{tier}}}"#),
            Attribute::ServiceTier,
            expected,
        );
    }
}

#[test]
fn api_key_named_twice_is_that_of_the_additional_event_data() {
    for (request, additional, expected) in [
        ("true", "null", Some("true")),
        ("\"false\"", "null", Some("false")),
        ("null", "\"true\"", Some("true")),
        ("true", "false", Some("false")),
        ("5", "true", Some("true")),
        ("null", "null", None),
    ] {
        let fields = format!(
            r#","requestParameters":{{"callWithBearerToken":{request}}},"additionalEventData":{{"callWithBearerToken":{additional}}}"#
        );
        check(&fields, Attribute::ApiKey, expected);
    }
    for element in ["requestParameters", "additionalEventData"] {
        for wrong in ["5", "\"True\"", "\"\"", "[]"] {
            let fields = format!(r#","{element}":{{"callWithBearerToken":{wrong}}}"#);
            rejected(record(&fields), "record 1: callWithBearerToken: ");
        }
    }
}

#[test]
fn ids_and_tokens_are_those_of_their_fields() {
    let call = call(
        r#","requestID":"r-1","addendum":{"originalEventID":"o-1"},"additionalEventData":{"inputTokens":17,"outputTokens":"5"}"#,
    );
    let ids = [Some(call.event_id), call.request_id, call.original_event_id];
    let ids = ids.map(|id| id.map(|id| id.to_string()));
    assert_eq!(ids.each_ref().map(Option::as_deref), [Some("e-1"), Some("r-1"), Some("o-1")]);
    assert_eq!((call.input_tokens, call.output_tokens), (Some(17), Some(5)));
}

#[test]
fn record_without_what_a_call_must_have_is_rejected() {
    for field in ["eventName", "eventTime", "eventID"] {
        for none in ["null", "\"\"", "5"] {
            let expected = format!("record 1: {field}: ");
            rejected(record(&format!(r#","{field}":{none}"#)), &expected);
        }
    }
}

#[test]
fn summaries_of_events_are_skipped() {
    for kind in ["AwsAggregatedEvent", "AwsCloudTrailInsight"] {
        let records = [record(&format!(r#","eventType":"{kind}""#)), record("")];
        let reading = read(&records, &mut Scratch::default());
        assert_eq!((reading.skipped, reading.calls.rows.len()), (1, 1), "{kind}");
    }
}

#[test]
fn events_that_are_no_calls_are_skipped_and_kept_by_name() {
    let arn = r#","requestParameters":{"modelId":"m"},"responseElements":{"provisionedModelArn":"arn:x"}"#;
    let named = |name: &str| record(arn).replace("Converse", name);
    let names =
        ["ConverseV2", "CreateProvisionedModelThroughput", "GetFoundationModel", "ConverseV2"];
    let reading = read(&names.map(named), &mut Scratch::default());
    assert_eq!((reading.records, reading.skipped, reading.calls.rows.len()), (4, 4, 0));
    assert_eq!(reading.unknown_operations, [("ConverseV2".to_owned(), 2)].into());
    let aliases = reading.discovered.iter().map(|alias| (&*alias.model_ref, &*alias.model));
    assert!(aliases.eq([("arn:x", "m")]));
}

#[test]
fn source_in_escapes_is_that_of_a_call() {
    for source in [r"\u0062edrock.amazonaws.com", r"bedrock\u002eamazonaws.com"] {
        let record = record(&format!(r#","eventSource":"{source}""#));
        let record = record.replacen(r#""eventSource":"bedrock.amazonaws.com","#, "", 1);
        let reading = read(&[record], &mut Scratch::default());
        assert_eq!(reading.calls.rows.len(), 1, "{source}");
    }
}

#[test]
fn object_after_an_unreadable_one_has_its_own_texts() {
    let scratch = &mut Scratch::default();
    let call = record(r#","userAgent":"of another object""#);
    for broken in [r#"{"eventSource":"bedrock.amazonaws.com","x":nul}"#, "{", "{}}"] {
        let text = format!("{{\"Records\":[{call},{broken}]}}");
        let found = read_whole(&gzip(text.as_bytes()), Shape::Trail, &LIMITS, scratch);
        assert!(found.is_err(), "{broken}");
        assert_eq!(read(&[record(r#","userAgent":"cli""#)], scratch).calls.rows.len(), 1);
    }
}

/// Elements that were read before are read from memory, whose texts are those of another object.
#[test]
fn objects_read_one_after_another_have_their_own_texts() {
    let record = |n: usize| {
        record(&format!(
            r#","userIdentity":{{"type":"IAMUser","userName":"u{n}"}},"requestParameters":{{"modelId":"m{n}"}},"additionalEventData":{{"inferenceRegion":"r{n}"}},"userAgent":"a{n}","x":[{n}]"#
        ))
    };
    let scratch = &mut Scratch::default();
    for order in [[0, 1, 2, 0], [2, 1, 1, 0], [1, 1, 3, 2], [3, 0, 3, 1]] {
        let reading = read(&order.map(record), scratch);
        let calls = Logged::all(&reading.calls);
        assert_eq!(calls.len(), order.len());
        for (call, n) in calls.iter().zip(order) {
            for (attribute, letter) in [
                (Attribute::PrincipalName, 'u'),
                (Attribute::ModelRef, 'm'),
                (Attribute::InferenceRegion, 'r'),
                (Attribute::UserAgent, 'a'),
            ] {
                assert_eq!(call.get(attribute), Some(&*format!("{letter}{n}")), "{order:?}");
            }
        }
    }
}

/// Every type of the user guide: the name of the caller and of the session.
#[test]
fn caller_has_the_name_of_its_type() {
    for (identity, name, session) in [
        (
            r#"{"type":"AssumedRole","principalId":"AROAEXAMPLE:i-01","arn":"arn:aws:sts::111122223333:assumed-role/app/i-01","sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/team/app","userName":"app"}}}"#,
            Some("app"),
            Some("i-01"),
        ),
        (
            r#"{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_X_0123/ada@example.com"}"#,
            Some("AWSReservedSSO_X_0123"),
            Some("ada@example.com"),
        ),
        (r#"{"type":"AssumedRole","principalId":"AROAEXAMPLE:s"}"#, None, Some("s")),
        (r#"{"type":"AssumedRole","principalId":"AROAEXAMPLE:a:b"}"#, None, Some("a:b")),
        (
            r#"{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/path/ada","userName":"ada"}"#,
            Some("ada"),
            None,
        ),
        (
            r#"{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/path/ada"}"#,
            Some("ada"),
            None,
        ),
        (r#"{"type":"Root","arn":"arn:aws:iam::111122223333:root"}"#, Some("root"), None),
        (
            r#"{"type":"FederatedUser","arn":"arn:aws:sts::111122223333:federated-user/bo","sessionContext":{"sessionIssuer":{"type":"IAMUser","userName":"ada"}}}"#,
            Some("bo"),
            None,
        ),
        (r#"{"type":"AWSAccount","accountId":"012345678901"}"#, Some("012345678901"), None),
        (
            r#"{"type":"AWSService","invokedBy":"bedrock.amazonaws.com"}"#,
            Some("bedrock.amazonaws.com"),
            None,
        ),
        (
            r#"{"type":"IdentityCenterUser","onBehalfOf":{"userId":"u-1","identityStoreArn":"x"}}"#,
            Some("u-1"),
            None,
        ),
        (r#"{"type":"WebIdentityUser","userName":"w"}"#, Some("w"), None),
        ("{}", None, None),
        ("null", None, None),
        // Of names in several fields the first of its type counts.
        (
            r#"{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/cut/i-01","userName":"ada","invokedBy":"x","sessionContext":{"sessionIssuer":{"userName":"uncut"}}}"#,
            Some("uncut"),
            Some("i-01"),
        ),
        (
            r#"{"type":"SAMLUser","arn":"arn:aws:iam::111122223333:user/bo","sessionContext":{"sessionIssuer":{"userName":"issuer"}}}"#,
            Some("bo"),
            None,
        ),
        // An empty name is none.
        (
            r#"{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/app/","sessionContext":{"sessionIssuer":{"userName":""}}}"#,
            Some("app"),
            None,
        ),
        (r#"{"type":"AssumedRole","principalId":"AROAEXAMPLE:"}"#, None, None),
        (r#"{"type":"IdentityCenterUser","onBehalfOf":{"userId":""}}"#, None, None),
        (r#"{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/"}"#, None, None),
    ] {
        let call = call(&format!(r#","userIdentity":{identity}"#));
        let found = [Attribute::PrincipalName, Attribute::SessionName].map(|name| call.get(name));
        assert_eq!(found, [name, session], "{identity}");
    }
    // The service that called for somebody is all that is known of the caller.
    for kind in ["AssumedRole", "AWSAccount", "IdentityCenterUser", "IAMUser"] {
        let fields =
            format!(r#","userIdentity":{{"type":"{kind}","invokedBy":"agents.amazonaws.com"}}"#);
        check(&fields, Attribute::PrincipalName, Some("agents.amazonaws.com"));
    }
}

#[test]
fn caller_of_another_shape_is_rejected() {
    for (identity, field) in [
        ("\"me\"", "userIdentity"),
        (r#"{"arn":5}"#, "userIdentity.arn"),
        (r#"{"sessionContext":[]}"#, "userIdentity.sessionContext"),
    ] {
        let record = record(&format!(r#","userIdentity":{identity}"#));
        rejected(record, &format!("record 1: {field}: "));
    }
}

/// What is said of the caller of a record, from the ARN that signed to the provider; `-` where it is not said.
fn caller(identity: &str) -> [String; 8] {
    let found = call(&format!(r#","userIdentity":{identity}"#));
    let text = found.get(Attribute::Caller).unwrap_or_default();
    std::array::from_fn(|place| Part::ALL[place].of_text(text).unwrap_or("-").to_owned())
}

const ROLE: &str = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/Dev";

/// A session of a role, with more in its context and beside it.
fn session(in_context: &str, beside: &str) -> String {
    format!(
        r#"{{"type":"AssumedRole","principalId":"AROAEXAMPLE:ada@example.com","arn":"arn:aws:sts::111122223333:assumed-role/Dev/ada@example.com","accountId":"111122223333","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROAEXAMPLE","arn":"{ROLE}","accountId":"111122223333","userName":"Dev"}}{in_context}}}{beside}}}"#
    )
}

#[test]
fn role_signs_with_its_path_and_its_session_is_left_out() {
    let of_role = [ROLE, "111122223333", "AROAEXAMPLE", "true", "-", "-", "-", "-"];
    assert_eq!(caller(&session("", "")), of_role);
    // That the session had no MFA does not say whether the request had the key.
    let attributes =
        |with| format!(r#","attributes":{{"creationDate":"x","mfaAuthenticated":{with}}}"#);
    assert_eq!(caller(&session(&attributes("\"false\""), "")), of_role);
    for with in ["\"true\"", "true"] {
        assert_eq!(caller(&session(&attributes(with), ""))[4], "true");
    }
    assert_eq!(caller(&session(&attributes("5"), "")), of_role);
    let more = r#","sourceIdentity":"ada","webIdFederationData":{"federatedProvider":"accounts.google.com","attributes":{}}"#;
    let found = caller(&session(more, r#","invokedBy":"athena.amazonaws.com""#));
    assert_eq!(found[5..], ["athena.amazonaws.com", "ada", "accounts.google.com"]);
    // What is of another type, or missing, is not said, and the call is none the worse for it.
    for more in [r#","sourceIdentity":5"#, r#","attributes":[]"#, r#","webIdFederationData":"x""#] {
        assert_eq!(caller(&session(more, "")), of_role, "{more}");
    }
    let without_issuer = r#"{"type":"AssumedRole","principalId":"AROAEXAMPLE:x"}"#;
    assert_eq!(caller(without_issuer), ["-", "-", "AROAEXAMPLE", "true", "-", "-", "-", "-"]);
}

#[test]
fn who_signed_is_what_policies_call_the_principal() {
    let user = "arn:aws:iam::111122223333:user/team/ada";
    let root = "arn:aws:iam::111122223333:root";
    let federated = "arn:aws:sts::111122223333:federated-user/bo";
    let role = "arn:aws:iam::111122223333:role/app";
    for (kind, arn, expected) in [
        ("IAMUser", user, user),
        ("Root", root, root),
        ("FederatedUser", federated, federated),
        ("Role", role, role),
        ("IAMUser", root, "-"),
        ("Root", user, "-"),
        ("AWSAccount", user, "-"),
        ("IdentityCenterUser", user, "-"),
        ("Unknown", role, "-"),
        ("AssumedRole", role, "-"),
    ] {
        let found = caller(&format!(r#"{{"type":"{kind}","arn":"{arn}"}}"#));
        assert_eq!(found[0], expected, "{kind} {arn}");
    }
}

#[test]
fn access_key_or_else_a_session_says_whether_credentials_were_temporary() {
    let attributes =
        r#","sessionContext":{"sessionIssuer":{},"attributes":{"mfaAuthenticated":"false"}}"#;
    let without = r#","sessionContext":{"sessionIssuer":{},"attributes":{ }}"#;
    for (kind, key, context, is_temporary, mfa) in [
        ("IAMUser", "AKIAEXAMPLE", "", "false", "-"),
        ("IAMUser", "ASIAEXAMPLE", attributes, "true", "false"),
        ("IAMUser", "ASIAEXAMPLE", "", "true", "-"),
        ("IAMUser", "", attributes, "true", "false"),
        ("IAMUser", "", without, "-", "-"),
        ("IAMUser", "", "", "-", "-"),
        // A service calls with the credentials of a user: the key is the user's.
        ("IAMUser", "AKIAEXAMPLE", attributes, "false", "-"),
        ("Root", "ASIAEXAMPLE", attributes, "true", "false"),
        ("AssumedRole", "AKIAEXAMPLE", attributes, "true", "-"),
        ("FederatedUser", "", attributes, "true", "-"),
        ("AWSService", "", "", "-", "-"),
    ] {
        let found = caller(&format!(r#"{{"type":"{kind}","accessKeyId":"{key}"{context}}}"#));
        assert_eq!(found[3..5], [is_temporary, mfa], "{kind} {key} {context}");
    }
}

#[test]
fn connection_is_host_version_and_whose_endpoint() {
    let connection = |fields: &str| {
        let found = call(fields);
        let text = found.get(Attribute::Connection).unwrap_or_default().to_owned();
        std::array::from_fn::<_, 4, _>(|place| {
            Part::ALL[8 + place].of_text(&text).unwrap_or("-").to_owned()
        })
    };
    let tls = r#","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"x","clientProvidedHostHeader":"h"}"#;
    let account = r#","vpcEndpointAccountId":"444455556666""#;
    let console = r#","sessionCredentialFromConsole":"true""#;
    for (fields, expected) in [
        (tls.to_owned(), ["-", "-", "h", "TLSv1.3"]),
        (format!("{tls}{account}"), ["444455556666", "-", "h", "TLSv1.3"]),
        (format!("{console}{tls}{account}"), ["444455556666", "true", "h", "TLSv1.3"]),
        (console.to_owned(), ["-", "true", "-", "-"]),
        (r#","sessionCredentialFromConsole":true"#.to_owned(), ["-", "true", "-", "-"]),
        (r#","tlsDetails":{"tlsVersion":7}"#.to_owned(), ["-"; 4]),
        (r#","tlsDetails":"none","vpcEndpointAccountId":5"#.to_owned(), ["-"; 4]),
        (r#","tlsDetails":null"#.to_owned(), ["-"; 4]),
        // Exports of tables have it as a string of JSON.
        (r#","tlsDetails":"{\"tlsVersion\":\"TLSv1.2\"}""#.to_owned(), ["-", "-", "-", "TLSv1.2"]),
    ] {
        assert_eq!(connection(&fields), expected, "{fields}");
    }
}

/// Elements are read once for each of their texts, whatever else their records have.
#[test]
fn equal_tls_details_with_and_without_an_endpoint_are_told_apart() {
    let tls = r#","tlsDetails":{"tlsVersion":"TLSv1.3"}"#;
    let account = |account| format!(r#"{tls},"vpcEndpointAccountId":"{account}""#);
    let console = format!(r#"{tls},"sessionCredentialFromConsole":"true""#);
    let all = [tls.to_owned(), account(1), console, account(2), account(1), tls.to_owned()];
    let records = all.iter().map(|fields| record(fields)).collect::<Vec<_>>();
    let reading = read(&records, &mut Scratch::default());
    let calls = Logged::all(&reading.calls);
    let shown =
        calls.iter().map(|call| call.get(Attribute::Connection).unwrap().replace('\0', "|"));
    assert_eq!(
        shown.collect::<Vec<_>>(),
        ["|||TLSv1.3", "1|||TLSv1.3", "|true||TLSv1.3", "2|||TLSv1.3", "1|||TLSv1.3", "|||TLSv1.3"]
    );
}
