//! Which day a call belongs to, and that it counts once.

use std::fs;

use serde_json::json;

use crate::world::{Row, World, assert_same, call, name, sum, texts, tree, with, without};

const D4: &str = "2026-10-04";
const D5: &str = "2026-10-05";
const D6: &str = "2026-10-06";
const D7: &str = "2026-10-07";

fn ingest_keys(world: &World, day: &str) -> Vec<String> {
    texts(&world.rows("ingest", day), "key")
}

/// Lesson 5: records of one file on both sides of midnight.
#[test]
fn records_on_both_sides_of_midnight_are_split_by_day() {
    let world = World::new();
    let records = [call("e1", "2026-10-05T23:59:59.999Z"), call("e2", "2026-10-06T00:00:00Z")];
    let key = world.object("20261006T0005Z", "x", &records);
    world.run(&["--from", D5, "--to", D6]).ends(0);
    assert_eq!(world.event_ids(D5), ["e1"]);
    assert_eq!(world.event_ids(D6), ["e2"]);
    for day in [D5, D6] {
        let rows = world.rows("ingest", day);
        assert_eq!(texts(&rows, "key"), [name(&key)], "it is in both days");
        assert_eq!((sum(&rows, "written"), sum(&rows, "other_day")), (1, 1));
        assert_eq!(rows[0]["delivery_day"], D6);
    }
}

#[test]
fn time_with_an_offset_belongs_to_its_utc_day() {
    let world = World::new();
    let records = [call("e1", "2026-10-06T01:30:00+02:00"), call("e2", "2026-10-05T12:00:00Z")];
    world.object("20261005T2345Z", "x", &records);
    world.run(&["--day", D5]).ends(0);
    assert_eq!(world.event_ids(D5), ["e2", "e1"], "in the order of their times");
}

#[test]
fn late_window_bounds_which_objects_are_read() {
    let world = World::new();
    let inside = world.object("20261006T0559Z", "in", &[call("in", "2026-10-05T23:00:00Z")]);
    let outside = world.object("20261006T0600Z", "out", &[call("out", "2026-10-05T23:00:00Z")]);
    let [inside, outside] = [inside, outside].map(|key| name(&key).to_owned());
    let keys = || ingest_keys(&world, D5);
    world.run(&["--day", D5]).ends(0);
    assert_eq!((keys(), world.event_ids(D5)), (vec![inside.clone()], vec!["in".to_owned()]));
    world.run(&["--day", D5, "--late-window", "361m"]).ends(0);
    assert_eq!(keys(), [inside.clone(), outside.clone()]);
    assert_eq!(world.event_ids(D5), ["in", "out"]);
    // What a day was built from is not lost by a window that is smaller.
    for window in ["6h", "0h"] {
        world.run(&["--day", D5, "--late-window", window]).ends(0);
        assert_eq!(world.event_ids(D5), ["in", "out"], "{window}");
    }
    fs::remove_dir_all(world.out()).unwrap();
    let run = world.run(&["--day", D5, "--late-window", "0h"]).ends(0);
    assert!(run.stderr.contains("no objects delivered on 2026-10-05"), "{}", run.stderr);
    // Read for its own day, a late record reaches the day of its event all the same.
    world.run(&["--from", D5, "--to", D6]).ends(0);
    assert_eq!(world.event_ids(D5), ["in", "out"]);
    assert_eq!(keys(), [inside.clone(), outside.clone()]);
    assert_eq!(ingest_keys(&world, D6), [inside, outside]);
}

/// Lesson 5: records that land two days late.
#[test]
fn record_delivered_two_days_late_reaches_its_day() {
    let world = World::new();
    world.object("20261005T1210Z", "a", &[call("e1", "2026-10-05T12:00:00Z")]);
    let late = [call("e2", "2026-10-05T13:00:00Z"), call("e3", "2026-10-07T20:00:00Z")];
    let late = world.object("20261007T2010Z", "b", &late);
    world.run(&["--from", D5, "--to", D7]).ends(0);
    assert_eq!(world.event_ids(D5), ["e1", "e2"]);
    assert_eq!(world.event_ids(D7), ["e3"]);
    assert!(
        ingest_keys(&world, D5).contains(&name(&late).to_owned()),
        "an object that gave a call is in its day"
    );
    world.run(&["--day", D5, "--force"]).ends(0);
    assert_eq!(world.event_ids(D5), ["e1", "e2"], "what is there is kept");
    fs::remove_dir_all(world.out()).unwrap();
    world.run(&["--day", D5]).ends(0);
    assert_eq!(world.event_ids(D5), ["e1"], "outside the declared window");
    world.run(&["--day", D5, "--late-window", "3d"]).ends(0);
    assert_eq!(world.event_ids(D5), ["e1", "e2"]);
    assert_eq!(world.summary()["out_of_range"], json!({ "2026-10-07": 1 }));
}

/// Lesson 6: records of two days, accounts and Regions in one file.
#[test]
fn file_of_several_days_accounts_and_regions_is_split() {
    let world = World::new();
    let first = call("e1", "2026-10-05T12:00:00Z");
    let other_account =
        with(call("e2", "2026-10-06T12:00:00Z"), "/recipientAccountId", "012345678901");
    let other_region = with(call("e3", "2026-10-05T12:00:01Z"), "/awsRegion", "us-west-2");
    world.object("20261006T1210Z", "x", &[other_account, first, other_region]);
    world.run(&["--from", D5, "--to", D6]).ends(0);
    let accounts_and_regions = |rows: Vec<Row>| {
        let account_and_region =
            |row: &Row| format!("{} {}", row["account_id"], row["source_region"]);
        rows.iter().map(account_and_region).collect::<Vec<_>>()
    };
    let expected =
        ["\"111122223333\" \"us-east-1\"".to_owned(), "\"111122223333\" \"us-west-2\"".to_owned()];
    assert_eq!(accounts_and_regions(world.rows("invocations", D5)), expected);
    assert_eq!(
        accounts_and_regions(world.rows("invocations", D6)),
        ["\"012345678901\" \"us-east-1\""]
    );
}

#[test]
fn call_outside_the_range_is_counted_by_day() {
    let world = World::new();
    let records = [
        call("e1", "2026-10-03T12:00:00Z"),
        call("e2", "2026-10-04T12:00:00Z"),
        call("e3", "2026-10-04T12:00:00Z"),
        call("e4", "2026-10-05T12:00:00Z"),
        call("e5", "2026-10-06T00:00:00Z"),
    ];
    world.object("20261005T1210Z", "x", &records);
    let run = world.run(&["--day", D5]).ends(0);
    let expected = json!({ "2026-10-03": 1, "2026-10-04": 2, "2026-10-06": 1 });
    assert_eq!(world.summary()["out_of_range"], expected);
    let shown = "4 calls outside the range (2026-10-03: 1, 2026-10-04: 2, 2026-10-06: 1)";
    assert!(run.stdout.contains(shown), "{}", run.stdout);
    assert_eq!(world.event_ids(D5), ["e4"]);
    assert!(world.rows("invocations", D4).is_empty() && world.rows("invocations", D6).is_empty());
}

#[test]
fn last_n_days_end_yesterday() {
    let world = World::new();
    let days = || {
        let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let ago = |days: i64| today.checked_sub(jiff::ToSpan::days(days)).unwrap();
        format!("{} to {}", ago(3), ago(1))
    };
    world.object("20261005T1210Z", "x", &[call("e1", "2026-10-05T12:00:00Z")]);
    // The day may end while this runs.
    let before = days();
    world.run(&["--last", "3"]).ends(0);
    let found = world.summary()["range"].as_str().unwrap().to_owned();
    assert!([before, days()].contains(&found), "{found}");
}

/// Lesson 15: one `eventID` is one call, across objects and re-deliveries.
#[test]
fn duplicate_event_id_counts_once() {
    let world = World::new();
    let time = "2026-10-05T12:00:00Z";
    let first = world.object("20261005T1210Z", "a", &[call("e1", time), call("e1", time)]);
    let second = world.object("20261005T1410Z", "b", &[call("e1", time), call("e2", time)]);
    let third = world.object("20261006T0110Z", "c", &[call("e2", time)]);
    world.run(&["--day", D5]).ends(0);
    assert_eq!(world.event_ids(D5), ["e1", "e2"]);
    let rows = world.rows("ingest", D5);
    let counts = |row: &Row| {
        let n = |column: &str| row[column].as_i64().unwrap();
        (row["key"].as_str().unwrap().to_owned(), n("written"), n("duplicates"), n("other_day"))
    };
    let [first, second, third] = [first, second, third].map(|key| name(&key).to_owned());
    let expected = [(first, 1, 1, 0), (second, 1, 1, 0), (third, 0, 1, 0)];
    assert_eq!(rows.iter().map(counts).collect::<Vec<_>>(), expected);
    assert_eq!(world.summary()["duplicates"], 3);
    assert_eq!(sum(&world.rows("routing_distribution", D5), "calls"), 2);
}

/// Lesson 15: `sharedEventID` says nothing about that.
#[test]
fn calls_with_one_shared_event_id_count_twice() {
    let world = World::new();
    let shared = |id: &str| {
        let mut record = call(id, "2026-10-05T12:00:00Z");
        record["sharedEventID"] = "shared".into();
        record
    };
    world.object("20261005T1210Z", "x", &[shared("e1"), shared("e2")]);
    world.run(&["--day", D5]).ends(0);
    assert_eq!(world.event_ids(D5), ["e1", "e2"]);
}

/// Lesson 15: an addendum replaces the record that it amends.
#[test]
fn addendum_replaces_the_record_that_it_amends() {
    let world = World::new();
    let time = "2026-10-05T12:00:00Z";
    let mut amended = with(call("e9", time), "/additionalEventData/inputTokens", 77);
    amended["addendum"] = json!({ "reason": "UPDATED_DATA", "originalEventID": "e1" });
    world.object("20261005T1210Z", "a", &[call("e1", time), call("e2", time)]);
    world.object("20261006T0110Z", "b", &[amended]);
    world.run(&["--day", D5]).ends(0);
    assert_eq!(world.event_ids(D5), ["e2", "e9"]);
    assert_eq!(world.rows("invocations", D5)[1]["input_tokens"], 77);
    assert_eq!(world.summary()["duplicates"], 1);
}

/// Lesson 13: a success without `inferenceRegion` stayed where it was sent, an error ran nowhere.
#[test]
fn inference_region_without_log_is_source_region_or_null() {
    let world = World::new();
    let time = "2026-10-05T12:00:00Z";
    let direct = with(call("e1", time), "/requestParameters/modelId", "amazon.nova-lite-v1:0");
    let failed = with(call("e3", time), "/errorCode", "ThrottlingException");
    let records = [
        without(direct, "additionalEventData"),
        without(call("e2", time), "additionalEventData"),
        without(failed, "additionalEventData"),
        call("e4", time),
    ];
    world.object("20261005T1210Z", "x", &records);
    world.run(&["--day", D5]).ends(0);
    let rows = world.rows("invocations", D5);
    let found = rows.iter().map(|row| {
        ["inference_region", "inference_region_basis", "residency"]
            .map(|column| row[column].clone())
    });
    let expected = [
        json!(["us-east-1", "source", "same_region"]),
        json!(["us-east-1", "source", "same_region"]),
        json!([null, "none", null]),
        json!(["us-east-2", "logged", "same_jurisdiction"]),
    ];
    assert_eq!(found.map(|row| json!(row)).collect::<Vec<_>>(), expected);
    assert!(rows[0]["input_tokens"].is_null(), "missing is never 0");
}

/// Lesson 7: a re-run writes the same bytes, and one with less input writes what a fresh run does.
#[test]
fn repeated_run_writes_the_same_bytes() {
    let world = World::new();
    let time = "2026-10-05T12:00:00Z";
    world.object("20261005T1210Z", "a", &[call("e1", time)]);
    let gone = world.object("20261005T1410Z", "b", &[call("e2", time), call("e1", time)]);
    world.run(&["--day", D5]).ends(0);
    let first = tree(&world.out());
    world.run(&["--day", D5, "--force"]).ends(0);
    assert_eq!(world.summary()["objects"]["read"], 2);
    assert_same(&tree(&world.out()), &first, "the same input");
    fs::remove_file(world.trail().join(gone)).unwrap();
    world.run(&["--day", D5, "--allow-shrink"]).ends(0);
    let less = tree(&world.out());
    fs::remove_dir_all(world.out()).unwrap();
    world.run(&["--day", D5]).ends(0);
    assert_same(&less, &tree(&world.out()), "less input");
    assert_ne!(less, first);
}

/// A range gives the same tables as its days one by one.
#[test]
fn days_built_one_by_one_equal_days_of_a_range() {
    let world = World::new();
    let records = [call("e1", "2026-10-05T23:59:00Z"), call("e2", "2026-10-06T00:01:00Z")];
    world.object("20261006T0005Z", "x", &records);
    world.object("20261005T1210Z", "y", &[call("e3", "2026-10-05T12:00:00Z")]);
    world.object("20261007T0310Z", "z", &[call("e4", "2026-10-06T23:00:00Z")]);
    world.run(&["--from", D5, "--to", D6]).ends(0);
    let whole = tree(&world.out());
    fs::remove_dir_all(world.out()).unwrap();
    for day in [D6, D5] {
        world.run(&["--day", day]).ends(0);
    }
    assert_same(&tree(&world.out()), &whole, "day by day");
}

#[test]
fn event_on_both_sides_of_midnight_is_one_call() {
    let world = World::new();
    world.object("20261005T2359Z", "a", &[call("e", "2026-10-05T23:59:59Z")]);
    world.object("20261006T0005Z", "b", &[call("e", "2026-10-06T00:00:00Z")]);
    world.run(&["--from", "2026-10-05", "--to", "2026-10-06"]).ends(0);
    assert_eq!(world.event_ids("2026-10-05"), ["e"], "the least key is kept");
    assert_eq!(world.event_ids("2026-10-06"), Vec::<String>::new());
    let ingest = world.rows("ingest", "2026-10-06");
    assert_eq!((sum(&ingest, "calls"), sum(&ingest, "duplicates")), (1, 1), "{ingest:?}");
    assert_eq!(world.summary()["duplicates"], 1);
}
