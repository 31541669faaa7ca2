//! Calls that were refused or failed, and requests that only network activity events tell of.

use serde_json::{Value, json};
use testkit::gzip;

use crate::world::{
    ACCOUNT, REGION, World, assert_adds_up, assert_same, call, document, sum, tables, texts, with,
    without,
};

const DAY: &str = "2026-10-05";
const ANY: &[&str] = &["--layout", "any", "--day", DAY];

pub(crate) fn failed(event_id: &str, code: &str, message: &str) -> Value {
    let record = call(event_id, "2026-10-05T12:00:00Z");
    let record = with(with(record, "/errorCode", code), "/errorMessage", message);
    without(with(record, "/eventCategory", "Management"), "additionalEventData")
}

/// A network activity event about the request of the call with this number, in the shape of CloudTrail's own.
pub(crate) fn refused_at_endpoint(event_id: &str, of_call: &str) -> Value {
    let record =
        failed(event_id, "VpceAccessDenied", "The request was denied due to a VPC endpoint policy");
    let record = with(record, "/eventType", "AwsVpceEvent");
    let record = with(record, "/eventCategory", "NetworkActivity");
    let record = with(record, "/requestID", format!("request-of-{of_call}"));
    let record = with(record, "/vpcEndpointId", "vpce-0a1b2c3d4e5f67890");
    with(record, "/requestParameters", Value::Null)
}

#[test]
fn reason_is_in_both_tables_and_in_the_summary_with_the_way_out() {
    let world = World::new();
    let no_access = "You don't have access to the model with the specified model ID.";
    let profile =
        "Invocation of model ID zai.glm-5 with on-demand throughput isn\u{2019}t supported.";
    let records = [
        failed("e1", "AccessDenied", no_access),
        failed("e2", "AccessDenied", no_access),
        failed("e3", "ValidationException", profile),
        failed("e4", "ServiceQuotaExceededException", "x"),
        failed("e5", "ModelErrorException", "x"),
        call("e6", "2026-10-05T12:00:00Z"),
    ];
    world.object("20261005T1210Z", "x", &records);
    let run = world.run(&["--day", DAY]).ends(0);
    let reasons = |table| {
        let rows = world.rows(table, DAY);
        let reasons = rows.iter().map(|row| row["error_reason"].clone());
        reasons.collect::<Vec<_>>()
    };
    let expected = json!(["model_access", "model_access", "needs_profile", "quota", null, null]);
    assert_eq!(json!(reasons("invocations")), expected);
    assert_eq!(json!(reasons("denials")), json!(["model_access", "model_access"]));
    let outcomes = texts(&world.rows("invocations", DAY), "outcome");
    assert_eq!(outcomes[2..], ["failed", "throttled", "failed", "succeeded"]);
    for shown in [
        "        2  –               model access not granted",
        "        2  model access not granted\n           → ",
        "        1  needs an inference profile\n           → call the model by the ID of an inference",
        "        1  quota exceeded\n",
    ] {
        assert!(run.stdout.contains(shown), "no `{shown}` in: {}", run.stdout);
    }
    assert!(!run.stdout.contains("no policy named"), "{}", run.stdout);
}

#[test]
fn model_of_a_denied_call_without_one_is_that_of_the_denied_resource() {
    let world = World::new();
    let message = "User: arn:aws:iam::111122223333:user/ada is not authorized to perform: \
                   bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-1:111122223333:\
                   inference-profile/us.amazon.nova-pro-v1:0 because no identity-based policy allows \
                   the bedrock:InvokeModel action";
    let without_model =
        with(failed("e1", "AccessDenied", message), "/requestParameters", Value::Null);
    let with_model = failed("e2", "AccessDenied", message);
    world.object("20261005T1210Z", "x", &[without_model, with_model]);
    world.run(&["--day", DAY]).ends(0);
    let rows = world.rows("denials", DAY);
    let shown = rows.iter().map(|row| {
        ["model_id", "profile_scope", "target_type", "model_basis"]
            .map(|column| row[column].clone())
    });
    let expected = json!([
        ["amazon.nova-pro-v1:0", "us", "geo_profile", "denied_resource"],
        ["anthropic.claude-sonnet-4-6", "us", "geo_profile", "call"],
    ]);
    assert_eq!(json!(shown.collect::<Vec<_>>()), expected);
    assert_eq!(rows[0]["model_ref"], Value::Null, "as logged");
    assert_eq!(world.rows("invocations", DAY)[0]["model_id"], Value::Null);
    assert_eq!(sum(&world.rows("unresolved_models", DAY), "calls"), 1);
}

#[test]
fn request_refused_at_an_endpoint_is_denied_once() {
    let world = World::new();
    let unnamed = |event_id: &str| failed(event_id, "AccessDenied", "Access Denied");
    let calls = [
        unnamed("e1"),
        // Another account and another Region: not the same requests.
        with(unnamed("e2"), "/recipientAccountId", "444455556666"),
        with(unnamed("e3"), "/awsRegion", "eu-west-1"),
        with(unnamed("e4"), "/eventCategory", "Data"),
        call("e5", "2026-10-05T12:00:00Z"),
    ];
    // Redacted for the owner of the endpoint, whose account is another one.
    let redacted = json!({
        "eventVersion": "1.11", "eventTime": "2026-10-05T12:00:01Z", "eventID": "n5",
        "userIdentity": { "type": "AWSAccount", "accountId": "777788889999" },
        "eventSource": "bedrock.amazonaws.com", "eventName": "Converse", "awsRegion": REGION,
        "errorCode": "VpceAccessDenied", "requestID": "r5", "eventType": "AwsVpceEvent",
        "recipientAccountId": ACCOUNT, "eventCategory": "NetworkActivity",
    });
    let passed = without(refused_at_endpoint("n6", "e5"), "errorCode");
    let network = [
        refused_at_endpoint("n1", "e1"),
        refused_at_endpoint("n2", "e2"),
        refused_at_endpoint("n3", "e3"),
        // Of one request, and one event twice.
        refused_at_endpoint("n4", "none"),
        refused_at_endpoint("n4", "none"),
        refused_at_endpoint("n4b", "none"),
        redacted,
        passed,
    ];
    world.write("trail/a/calls.json.gz", document(&calls));
    world.write("trail/b/network.json.gz", document(&network));
    let run = world.run(ANY).ends(0);

    assert_eq!(world.event_ids(DAY), ["e1", "e2", "e3", "e4", "e5"], "no call more");
    let rows = world.rows("denials", DAY);
    let shown = rows.iter().map(|row| {
        let columns =
            ["event_id", "event_category", "policy_type", "error_reason", "principal_arn"];
        columns.map(|column| row[column].clone())
    });
    let app = "arn:aws:sts::111122223333:assumed-role/app/session";
    let endpoint = "vpc_endpoint_policy";
    let expected = json!([
        ["e1", "Management", endpoint, "policy", app],
        ["e2", "Management", null, null, app],
        ["e3", "Management", null, null, app],
        ["e4", "Data", null, null, app],
        ["n2", "NetworkActivity", endpoint, "policy", app],
        ["n3", "NetworkActivity", endpoint, "policy", app],
        ["n4", "NetworkActivity", endpoint, "policy", app],
        ["n5", "NetworkActivity", endpoint, "policy", null],
    ]);
    assert_eq!(json!(shown.collect::<Vec<_>>()), expected);
    let reasons = texts(&world.rows("ingest", DAY), "status");
    assert_eq!(reasons, ["read", "read"]);
    assert_eq!(sum(&world.rows("ingest", DAY), "skipped"), 8, "{:?}", world.rows("ingest", DAY));
    assert!(
        world.rows("other_activity", DAY).is_empty(),
        "the calls themselves are no other activity"
    );
    let summary = world.summary();
    assert_adds_up(&summary);
    assert_eq!(summary["denied_without_call"], 4);
    let title = "Denied: 4 calls and 4 requests that only VPC endpoints saw";
    assert!(run.stdout.contains(title), "{}", run.stdout);
}

/// Network activity events may be delivered before or after the calls, in one object or several.
#[test]
fn same_tables_for_any_number_of_threads_and_order_of_delivery() {
    let records = (0..40).map(|n| {
        let (id, of) = (format!("n{n}"), format!("e{}", n % 25));
        match n % 2 {
            0 => failed(&format!("e{n}"), "AccessDenied", "Access Denied"),
            _ => refused_at_endpoint(&id, &of),
        }
    });
    let records = records.collect::<Vec<_>>();
    let mut before = None;
    for threads in ["1", "4"] {
        let world = World::new();
        for (n, records) in records.chunks(7).enumerate() {
            let text = json!({ "Records": records }).to_string();
            world.write(&format!("trail/{n}.json.gz"), gzip(text.as_bytes()));
        }
        world.run(&["--layout", "any", "--threads", threads]).ends(0);
        let found = tables(&world.out());
        assert_same(&found, before.get_or_insert(found.clone()), threads);
    }
}
