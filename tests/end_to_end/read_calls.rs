//! `read --form calls`: a row for each call, which says what the table `invocations` says of it.

use std::collections::BTreeMap;

use arrow_ipc::reader::StreamReader;
use serde_json::{Value, json};

use crate::read::{fed, rows};
use crate::world::{World, call, sample, with};

const RANGE: [&str; 4] = ["--from", "2026-10-05", "--to", "2026-10-07"];

/// The calls of all keys of a source.
fn calls(world: &World, source: &str, more: &[&str]) -> Vec<Value> {
    let plan = [&["plan", "--output", "keys", "--source", source][..], &RANGE].concat();
    let keys = world.hoptrail(&plan).ends(0).stdout;
    let read = ["read", "--form", "calls", "--source", source];
    let found = fed(world.command(&[&read[..], &RANGE, more].concat()), &keys).ends(0);
    let calls = rows(&found.stdout);
    assert!(found.stderr.contains(&format!("wrote {} rows", calls.len())), "{}", found.stderr);
    calls
}

#[test]
fn calls_of_the_sample_are_those_of_the_table() {
    let world = World::new();
    let source = sample().display().to_string();
    let out = world.text("out");
    let run = ["run", "--source", &source, "--dest", &out];
    world.hoptrail(&[&run[..], &RANGE].concat()).ends(0);
    let mut by_id = BTreeMap::<String, Vec<Value>>::new();
    for call in calls(&world, &source, &["--dest", &out]) {
        by_id.entry(call["event_id"].as_str().unwrap().to_owned()).or_default().push(call);
    }
    let mut n_rows = 0;
    for day in ["2026-10-05", "2026-10-06", "2026-10-07"] {
        for row in world.rows("invocations", day) {
            let found = &by_id[row["event_id"].as_str().unwrap()];
            for call in found {
                let call = call.as_object().unwrap();
                assert_eq!(call["dt"], day);
                let key = call["key"].as_str().unwrap();
                assert!(key.ends_with(row["log_object"].as_str().unwrap()) || found.len() > 1);
                for (column, expected) in &row {
                    let found = call.get(column).unwrap_or(&Value::Null);
                    let is_there = COLUMNS.contains(&column.as_str());
                    assert!(
                        !is_there || found == expected,
                        "{column}: {found} for {expected}, {row:?}"
                    );
                }
            }
            n_rows += 1;
        }
    }
    assert_eq!(n_rows, 444);
}

/// The columns that both have.
const COLUMNS: [&str; 43] = [
    "event_time",
    "event_id",
    "request_id",
    "account_id",
    "source_region",
    "inference_region",
    "inference_region_basis",
    "residency",
    "event_name",
    "target_type",
    "profile_scope",
    "profile_id",
    "profile_name",
    "model_id",
    "model_name",
    "model_provider",
    "model_match",
    "model_ref",
    "principal_type",
    "principal_arn",
    "principal_name",
    "session_name",
    "api_key",
    "source_ip",
    "user_agent",
    "vpc_endpoint_id",
    "outcome",
    "error_code",
    "declared_destinations",
    "is_declared",
    "inference_region_opt_in",
    "iam_principal_arn",
    "principal_account_id",
    "principal_id",
    "is_temporary_credential",
    "mfa_authenticated",
    "invoked_by",
    "source_identity",
    "federated_provider",
    "vpc_endpoint_account_id",
    "is_from_console",
    "endpoint_host",
    "tls_version",
];

#[test]
fn call_is_there_as_often_as_it_was_delivered_with_its_place() {
    let world = World::new();
    let addendum = with(call("b", "2026-10-05T12:00:00Z"), "/eventID", "c");
    let addendum =
        with(addendum, "/addendum", json!({ "reason": "UPDATED_DATA", "originalEventID": "b" }));
    let first = world.object(
        "20261005T1210Z",
        "x",
        &[call("a", "2026-10-05T12:00:00Z"), call("b", "2026-10-05T12:00:01Z")],
    );
    let second = world.object(
        "20261006T0010Z",
        "y",
        &[call("a", "2026-10-05T12:00:00Z"), addendum, call("d", "2026-10-04T12:00:00Z")],
    );
    let found = calls(&world, "trail", &["--omit", "source_ip"]);
    let shown = found.iter().map(|row| {
        assert!(row.get("source_ip").is_none(), "{row}");
        assert_eq!((&row["logged_input_tokens"], &row["dt"]), (&json!(10), &json!("2026-10-05")));
        let of = |name: &str| row.get(name).cloned().unwrap_or_default();
        json!([of("key"), of("index"), of("event_id"), of("original_event_id")])
    });
    let mut shown = shown.collect::<Vec<_>>();
    shown.sort_by_key(Value::to_string);
    // The call of a day that is not asked for has a place, and no row.
    let expected = [
        json!([first, 0, "a", null]),
        json!([first, 1, "b", null]),
        json!([second, 0, "a", null]),
        json!([second, 1, "c", "b"]),
    ];
    assert_eq!(shown, expected);
}

#[test]
fn empty_input_gives_the_columns_of_calls() {
    let world = World::new();
    let read = ["read", "--form", "calls", "--source", "trail"];
    let found = fed(world.command(&[&read[..], &RANGE].concat()), "").ends(0);
    let schema = StreamReader::try_new(found.stdout.as_slice(), None).unwrap().schema();
    assert!(schema.fields().iter().all(|field| field.is_nullable()), "{schema:?}");
    assert!(COLUMNS.iter().all(|name| schema.field_with_name(name).is_ok()), "{schema:?}");
    assert_eq!(schema.metadata()["hoptrail.calls"], "1");
    let shard = ["--shard", "0/1", "-o", "readings"];
    let found = fed(world.command(&[&read[..], &RANGE, &shard].concat()), "").ends(2);
    assert!(found.stderr.contains("--shard writes readings"), "{}", found.stderr);
}
