//! The bundled sample: what a run finds is what `scripts/make-sample` counted when it wrote it.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Map, Value, json};

use crate::golden::check;
use crate::world::{Row, World, repository, sample, sum};

const DAYS: [&str; 3] = ["2026-10-05", "2026-10-06", "2026-10-07"];

fn run() -> World {
    let world = World::new();
    let (source, out) = (sample().display().to_string(), world.text("out"));
    let arguments =
        ["run", "--source", &source, "--dest", &out, "--from", DAYS[0], "--to", DAYS[2]];
    let json = ["--summary-json", "summary.json"];
    let run = world.hoptrail(&[&arguments[..], &json].concat()).ends(0);
    assert_eq!(run.stderr, "", "no terminal, no progress");
    check("summary.txt", &run.stdout.replace(&source, "SAMPLE").replace(&out, "OUT"));
    world
}

fn all_rows(world: &World, table: &str) -> Vec<Row> {
    DAYS.iter().flat_map(|day| world.rows(table, day)).collect()
}

/// How many rows there are of each value. Null is `null`.
fn count_by(rows: &[Row], column: &str) -> Value {
    let mut counts = BTreeMap::<String, u64>::new();
    for row in rows {
        let value = row[column].as_str().unwrap_or("null").to_owned();
        *counts.entry(value).or_default() += 1;
    }
    json!(counts)
}

/// How many rows there are of each combination, as objects with `calls`.
fn combinations<'a>(
    rows: impl Iterator<Item = &'a Row>,
    values: impl Fn(&Row) -> Vec<(&'static str, Value)>,
) -> Vec<Value> {
    let mut counts = BTreeMap::<String, u64>::new();
    for row in rows {
        let object = values(row).into_iter().map(|(name, value)| (name.to_owned(), value));
        *counts.entry(Value::Object(object.collect()).to_string()).or_default() += 1;
    }
    let object = |(object, calls): (String, u64)| {
        let mut object = serde_json::from_str::<Value>(&object).unwrap();
        object["calls"] = calls.into();
        object
    };
    counts.into_iter().map(object).collect()
}

fn expected() -> Map<String, Value> {
    let text = fs::read(repository().join("tests/sample/EXPECTED.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// What the tables and the summary say, in the words of EXPECTED.json.
fn found(world: &World) -> Map<String, Value> {
    let calls = all_rows(world, "invocations");
    let summary = world.summary();
    let per_day = |what: &dyn Fn(&str) -> Value| {
        Value::Object(DAYS.iter().map(|day| ((*day).to_owned(), what(day))).collect())
    };
    let ingest = |day: &str| {
        let rows = world.rows("ingest", day);
        let sum = |column: &str| sum(&rows, column);
        json!({
            "objects": rows.len(), "calls": sum("calls"), "written": sum("written"),
            "duplicates": sum("duplicates"), "other_day": sum("other_day"),
        })
    };
    let is_system =
        |row: &&Row| row["target_type"] == "geo_profile" || row["target_type"] == "global_profile";
    let is_opaque = |row: &&Row| {
        !is_system(row) && row["target_type"] != "foundation_model" && !row["model_ref"].is_null()
    };
    let with_tokens = calls.iter().filter(|row| !row["token_source"].is_null()).count();
    let found = json!({
        "range": { "from": DAYS[0], "to": DAYS[2], "late_window_hours": 6 },
        "objects": summary["objects"]["read"],
        "sibling_objects": sibling_objects(),
        "records": summary["records"]["records"],
        "calls": summary["records"]["calls"],
        "skipped": summary["records"]["skipped"],
        "rejected": summary["records"]["rejected"],
        "written": summary["written"],
        "duplicates": summary["duplicates"],
        "out_of_range": summary["out_of_range"],
        "unknown_operations": summary["unknown_operations"],
        "calls_per_day": per_day(&|day| world.rows("invocations", day).len().into()),
        "ingest_per_day": per_day(&ingest),
        "by_outcome": count_by(&calls, "outcome"),
        "by_target_type": count_by(&calls, "target_type"),
        "by_profile_scope": count_by(&calls, "profile_scope"),
        "by_operation": count_by(&calls, "event_name"),
        "by_account": count_by(&calls, "account_id"),
        "by_source_region": count_by(&calls, "source_region"),
        "by_principal_type": count_by(&calls, "principal_type"),
        "by_inference_region_basis": count_by(&calls, "inference_region_basis"),
        "by_residency": count_by(&calls, "residency"),
        "by_model_id": count_by(&calls, "model_id"),
        "api_key_calls": calls.iter().filter(|row| row["api_key"] == true).count(),
        "vpc_endpoint_calls": calls.iter().filter(|row| !row["vpc_endpoint_id"].is_null()).count(),
        "tokens": {
            "calls_with_tokens": with_tokens,
            "input_tokens": sum(&calls, "input_tokens"),
            "output_tokens": sum(&calls, "output_tokens"),
        },
        "routing": combinations(calls.iter().filter(is_system), |row| {
            let columns = ["profile_id", "source_region", "inference_region"];
            let mut values = columns.map(|column| (column, row[column].clone())).to_vec();
            values.push(("basis", row["inference_region_basis"].clone()));
            values
        }),
        "denials": combinations(all_rows(world, "denials").iter(), |row| {
            let columns = ["blocked_region", "leg", "policy_type"];
            let mut values = columns.map(|column| (column, row[column].clone())).to_vec();
            values.push(("has_policy_arn", (!row["policy_arn"].is_null()).into()));
            values
        }),
        "opaque": combinations(calls.iter().filter(is_opaque), |row| {
            vec![
                ("model_ref", row["model_ref"].clone()),
                ("target_type", row["target_type"].clone()),
                ("resolved_model_id", row["model_id"].clone()),
            ]
        }),
    });
    let Value::Object(found) = found else { unreachable!("an object was built") };
    found
}

/// Objects of digests, Insights, and so on: a trail's folders of them are not listed; therefore, only
/// `--layout any` can count them.
fn sibling_objects() -> Value {
    let world = World::new();
    let (source, out) = (sample().display().to_string(), world.text("out"));
    let arguments = ["run", "--source", &source, "--dest", &out, "--layout", "any"];
    world.hoptrail(&[&arguments[..], &["--summary-json", "summary.json"]].concat()).ends(0);
    world.summary()["objects"]["skipped"].clone()
}

/// Lists in one order, whatever the order that they were written in.
fn sorted(value: &Value) -> Value {
    let Value::Array(list) = value else { return value.clone() };
    let mut list = list.clone();
    list.sort_by_key(ToString::to_string);
    list.into()
}

#[test]
fn figures_of_the_sample_are_as_expected() {
    let found = found(&run());
    let expected = expected();
    assert!(found.keys().eq(expected.keys()), "a figure is not compared");
    for (name, expected) in &expected {
        assert_eq!(sorted(&found[name]), sorted(expected), "{name}");
    }
}

/// Invariant 3 of the design: per object, per day, and for the run as a whole.
#[test]
fn counts_add_up_per_object_day_and_run() {
    let world = run();
    let summary = world.summary();
    let mut objects = BTreeMap::new();
    for day in DAYS {
        let rows = world.rows("ingest", day);
        for row in &rows {
            let n = |column: &str| row[column].as_i64().unwrap();
            assert_eq!(n("records"), n("calls") + n("skipped") + n("rejected"), "{row:?}");
            assert_eq!(n("calls"), n("written") + n("duplicates") + n("other_day"), "{row:?}");
            let given =
                objects.entry(row["key"].to_string()).or_insert((n("records"), n("calls"), 0));
            assert_eq!((given.0, given.1), (n("records"), n("calls")), "the same from every day");
            given.2 += n("written") + n("duplicates");
        }
        let calls = world.rows("invocations", day);
        assert_eq!(sum(&rows, "written"), i64::try_from(calls.len()).unwrap(), "{day}");
        let of_object = count_by(&calls, "log_object");
        for row in &rows {
            let written = of_object.get(row["key"].as_str().unwrap()).cloned();
            assert_eq!(row["written"], written.unwrap_or(0.into()), "{row:?}");
        }
    }
    let records = objects.values().map(|object| object.0).sum::<i64>();
    assert_eq!(summary["records"]["records"], records, "every object is in some day");
    let given = objects.values().map(|object| object.2).sum::<i64>();
    let n = |value: &Value| value.as_i64().unwrap();
    assert_eq!(given, n(&summary["written"]) + n(&summary["duplicates"]));
    let outside = summary["out_of_range"].as_object().unwrap().values().map(n).sum::<i64>();
    assert_eq!(n(&summary["records"]["calls"]), given + outside);
    for day in summary["days"].as_array().unwrap() {
        for (table, count) in day["rows"].as_object().unwrap() {
            let rows = world.rows(table, day["dt"].as_str().unwrap());
            assert_eq!(rows.len() as u64, *count, "{table}");
        }
    }
}

#[test]
fn routing_distribution_sums_are_counts_over_invocations() {
    const KEYS: [&str; 9] = [
        "account_id",
        "source_region",
        "target_type",
        "profile_scope",
        "model_id",
        "model_name",
        "inference_region",
        "inference_region_basis",
        "residency",
    ];
    const COUNTS: [&str; 5] =
        ["calls", "succeeded_calls", "denied_calls", "throttled_calls", "failed_calls"];
    let world = run();
    for day in DAYS {
        let mut expected = BTreeMap::<String, [i64; 7]>::new();
        for row in world.rows("invocations", day) {
            let hour = row["event_time"].as_i64().unwrap() / 3_600_000 * 3_600_000;
            let key = format!("{hour} {:?}", KEYS.map(|key| row[key].clone()));
            let counts = expected.entry(key).or_default();
            counts[0] += 1;
            let outcome = format!("{}_calls", row["outcome"].as_str().unwrap());
            counts[COUNTS.iter().position(|count| *count == outcome).unwrap()] += 1;
            counts[5] += row["input_tokens"].as_i64().unwrap_or_default();
            counts[6] += row["output_tokens"].as_i64().unwrap_or_default();
        }
        let rows = world.rows("routing_distribution", day);
        assert_eq!(rows.len(), expected.len(), "one row for each combination");
        for row in rows {
            let key = format!("{} {:?}", row["event_hour"], KEYS.map(|key| row[key].clone()));
            let columns = [&COUNTS[..], &["input_tokens", "output_tokens"]].concat();
            let found = columns.iter().map(|column| row[*column].as_i64().unwrap_or_default());
            assert!(found.eq(expected[&key]), "{row:?}");
        }
    }
}

/// Every denied call is in `denials`, and every identifier without a model in `unresolved_models`.
#[test]
fn denied_and_unresolved_calls_are_in_their_tables() {
    let world = run();
    for day in DAYS {
        let calls = world.rows("invocations", day);
        let denied = calls.iter().filter(|row| row["outcome"] == "denied").count();
        let rows = world.rows("denials", day);
        let of_calls = rows.iter().filter(|row| row["event_category"] != "NetworkActivity");
        assert_eq!(of_calls.count(), denied);
        let unresolved = calls.iter().filter(|row| row["model_id"].is_null()).count();
        let rows = world.rows("unresolved_models", day);
        assert_eq!(sum(&rows, "calls"), i64::try_from(unresolved).unwrap());
        for row in rows {
            let same =
                |call: &&Row| call["model_ref"] == row["model_ref"] && call["model_id"].is_null();
            let times = calls.iter().filter(same).map(|call| call["event_time"].as_i64().unwrap());
            assert_eq!(row["first_seen"], times.clone().min().unwrap());
            assert_eq!(row["last_seen"], times.max().unwrap());
        }
    }
}

/// The figures of the summary file are those of the tables.
#[test]
fn summary_has_the_figures_of_the_tables() {
    let world = run();
    let summary = world.summary();
    let calls = all_rows(&world, "invocations");
    assert_eq!(summary["outcomes"], count_by(&calls, "outcome"));
    let ran = calls.iter().filter(|row| !row["inference_region"].is_null()).cloned();
    assert_eq!(summary["residency"], count_by(&ran.collect::<Vec<_>>(), "residency"));
    let number = |rows: &Value| {
        rows.as_array().unwrap().iter().map(|row| row["calls"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(number(&summary["denials"]), all_rows(&world, "denials").len() as u64);
    let unresolved = calls.iter().filter(|row| row["model_id"].is_null()).count() as u64;
    assert_eq!(number(&summary["unresolved"]), unresolved);
    let through_profiles = calls
        .iter()
        .filter(|row| !row["profile_id"].is_null() && !row["inference_region"].is_null())
        .count() as u64;
    assert_eq!(number(&summary["routes"]), through_profiles);
}
