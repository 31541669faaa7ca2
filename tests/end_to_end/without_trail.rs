//! Days that are built from model invocation logs alone, or with calls that only these have.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};
use testkit::{Dice, gzip};

use crate::world::{
    ACCOUNT, REGION, Row, Run, World, assert_adds_up, assert_same, call, sum, tables, texts, tree,
    with, without,
};

const DAY: &str = "2026-10-05";
const DAYS: [&str; 3] = ["2026-10-05", "2026-10-06", "2026-10-07"];
const NOON: &str = "2026-10-05T12:00:00Z";
const MARKER: &str = "xyzzy-prompt-4419";

/// An entry of a model invocation log, with its bodies.
fn entry(request_id: &str, timestamp: &str) -> Value {
    json!({
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": timestamp,
        "accountId": ACCOUNT,
        "identity": { "arn": "arn:aws:sts::111122223333:assumed-role/app/session-7" },
        "region": REGION,
        "requestId": request_id,
        "operation": "Converse",
        "modelId": "us.anthropic.claude-sonnet-4-6",
        "input": {
            "inputContentType": "application/json",
            "inputBodyJson": { "messages": [{ "content": MARKER }] },
            "inputTokenCount": 1000,
        },
        "output": {
            "outputContentType": "application/json",
            "outputBodyJson": { "text": MARKER, "metrics": { "latencyMs": 815 } },
            "outputTokenCount": 100,
        },
    })
}

fn lines(entries: &[Value]) -> Vec<u8> {
    let lines = entries.iter().map(|entry| entry.to_string() + "\n").collect::<String>();
    gzip(lines.as_bytes())
}

/// Writes a log of the hour `2026/10/05/12`, and gives its name in tables.
pub(crate) fn log(world: &World, hour: &str, name: &str, entries: &[Value]) -> String {
    let below = format!("{ACCOUNT}/BedrockModelInvocationLogs/{REGION}/{hour}/{name}.json.gz");
    world.write(&format!("logs/AWSLogs/{below}"), lines(entries));
    below
}

/// `hoptrail run` from the logs alone.
pub(crate) fn run(world: &World, more: &[&str]) -> Run {
    let (logs, out) = (world.text("logs"), world.text("out"));
    let mut all = vec!["run", "--invocation-logs", &logs, "--dest", &out];
    all.extend(more);
    all.extend(["--summary-json", "summary.json"]);
    let run = world.hoptrail(&all);
    if run.code != 2 {
        assert_adds_up(&world.summary());
    }
    run
}

/// `hoptrail run` from the trail and the logs.
pub(crate) fn run_with_trail(world: &World, more: &[&str]) -> Run {
    let run = world.run(&[&["--invocation-logs", "logs"], more].concat());
    assert_adds_up(&world.summary());
    run
}

/// That each object of a day, and the day, has counts that add up.
#[track_caller]
pub(crate) fn assert_ingest_adds_up(world: &World, day: &str) {
    let ingest = world.rows("ingest", day);
    for row in &ingest {
        let n = |column: &str| row[column].as_i64().unwrap();
        assert_eq!(n("records"), n("calls") + n("skipped") + n("rejected"), "{row:?}");
        assert_eq!(n("calls"), n("written") + n("duplicates") + n("other_day"), "{row:?}");
    }
    let rows = world.rows("invocations", day);
    assert_eq!(sum(&ingest, "written"), rows.len() as i64);
    for table in ["routing_distribution", "model_costs"] {
        assert_eq!(sum(&world.rows(table, day), "calls"), rows.len() as i64, "{table}");
    }
}

pub(crate) fn requests(world: &World, day: &str) -> Vec<String> {
    texts(&world.rows("invocations", day), "request_id")
}

pub(crate) fn by_request(world: &World, day: &str) -> BTreeMap<String, Row> {
    let rows = world.rows("invocations", day);
    rows.into_iter().map(|row| (row["request_id"].as_str().unwrap().to_owned(), row)).collect()
}

#[test]
fn calls_are_read_from_invocation_logs_where_there_is_no_trail() {
    let world = World::new();
    let user = "arn:aws:iam::111122223333:user/team/ada";
    let failed = without(without(entry("denied", NOON), "input"), "output");
    let entries = [
        with(entry("plain", NOON), "/inferenceRegion", "us-west-2"),
        with(with(entry("user", NOON), "/identity/arn", user), "/operation", "InvokeModel"),
        with(entry("tier", NOON), "/serviceTier", "flex"),
        with(failed, "/errorCode", "AccessDeniedException"),
        with(entry("unknown", NOON), "/modelId", "who.knows"),
        with(entry("nobody", NOON), "/identity/arn", format!("{MARKER} is no ARN")),
        without(entry("unnamed", NOON), "operation"),
        with(entry("other", NOON), "/schemaType", "AnotherLog"),
    ];
    let name = log(&world, "2026/10/05/12", "a", &entries);
    let done = run(&world, &["--day", DAY]).ends(3);
    let shown = "without CloudTrail: calls of Converse, ConverseStream, InvokeModel, \
                 InvokeModelWithResponseStream where they are logged";
    assert!(done.stdout.contains(shown), "{}", done.stdout);
    assert_ingest_adds_up(&world, DAY);
    let rows = by_request(&world, DAY);
    assert_eq!(rows.len(), 6);
    let plain = &rows["plain"];
    for (column, expected) in [
        ("event_id", Value::Null),
        ("call_source", json!("invocation_log")),
        ("account_id", json!(ACCOUNT)),
        ("source_region", json!(REGION)),
        ("inference_region", json!("us-west-2")),
        ("inference_region_basis", json!("invocation_log")),
        ("residency", json!("same_jurisdiction")),
        ("event_name", json!("Converse")),
        ("target_type", json!("geo_profile")),
        ("model_id", json!("anthropic.claude-sonnet-4-6")),
        ("principal_type", json!("AssumedRole")),
        ("principal_arn", json!("arn:aws:sts::111122223333:assumed-role/app/session-7")),
        ("principal_name", json!("app")),
        ("session_name", json!("session-7")),
        ("source_ip", Value::Null),
        ("outcome", json!("succeeded")),
        ("input_tokens", json!(1000)),
        ("output_tokens", json!(100)),
        ("token_source", json!("invocation_log")),
        ("cost_basis", json!("full")),
        ("log_object", json!(name)),
        ("latency_ms", json!(815)),
    ] {
        assert_eq!(plain[column], expected, "{column}");
    }
    let user = ["principal_type", "principal_name", "session_name", "inference_region_basis"]
        .map(|column| rows["user"][column].clone());
    assert_eq!(user, [json!("IAMUser"), json!("ada"), Value::Null, json!("source")]);
    assert_eq!(rows["tier"]["service_tier"], "flex");
    let denied = ["outcome", "error_code", "inference_region"].map(|c| rows["denied"][c].clone());
    assert_eq!(denied, [json!("denied"), json!("AccessDeniedException"), Value::Null]);
    assert_eq!(rows["nobody"]["principal_arn"], Value::Null);
    let denials = world.rows("denials", DAY);
    assert_eq!(denials.len(), 1);
    assert_eq!(denials[0]["event_id"], Value::Null);
    assert_eq!(world.rows("unresolved_models", DAY)[0]["model_ref"], "who.knows");
    let summary = world.summary();
    assert_eq!(summary["calls_from_log"], 6);
    assert_eq!(summary["is_without_trail"], true);
    let rejected = &summary["objects"]["objects_with_rejected_records"][0]["reason"];
    assert_eq!(
        rejected,
        "1 rejected: entry of request unnamed: operation: expected a string, found nothing"
    );
    let mut all = format!("{summary}{}{}", done.stdout, done.stderr);
    for bytes in tree(&world.out()).into_values() {
        all += &String::from_utf8_lossy(&bytes);
    }
    for table in ::tables::table::all() {
        all += &format!("{:?}", world.rows(table.name, DAY));
    }
    assert!(all.contains("session-7") && !all.contains(MARKER), "a prompt was let out");
}

#[test]
fn day_of_unchanged_logs_is_left_and_one_of_other_logs_is_rebuilt() {
    let world = World::new();
    log(&world, "2026/10/05/12", "a", &[entry("a", NOON)]);
    run(&world, &["--day", DAY]).ends(0);
    let before = tree(&world.out());
    run(&world, &["--day", DAY]).ends(0);
    assert_eq!(world.summary()["unchanged"], json!([DAY]));
    assert_same(&tree(&world.out()), &before, "unchanged");
    log(&world, "2026/10/05/13", "b", &[entry("b", "2026-10-05T13:00:00Z")]);
    run(&world, &["--day", DAY]).ends(0);
    assert_eq!(requests(&world, DAY), ["a", "b"]);
    // What it was built from may not be lost.
    fs::remove_dir_all(world.path("logs")).unwrap();
    log(&world, "2026/10/05/13", "b", &[entry("b", "2026-10-05T13:00:00Z")]);
    let refused = run(&world, &["--day", DAY]).ends(1);
    assert!(refused.stderr.contains("1 of the 2 source objects"), "{}", refused.stderr);
    assert_eq!(requests(&world, DAY), ["a", "b"]);
    run(&world, &["--day", DAY, "--allow-shrink"]).ends(0);
    assert_eq!(requests(&world, DAY), ["b"]);
    world.hoptrail(&["verify", "--dest", "out"]).ends(0);
}

/// One request of an account in a Region is one call, on neighboring days too: that of the earlier day.
#[test]
fn request_of_an_account_in_a_region_is_one_call() {
    let world = World::new();
    let (late, early) = ("2026-10-05T23:59:59Z", "2026-10-06T00:00:01Z");
    let other = |pointer: &str, value: &str| with(entry("same", NOON), pointer, value);
    let first = with(entry("same", NOON), "/operation", "ConverseStream");
    log(&world, "2026/10/05/12", "b", &[entry("same", NOON), entry("same", NOON)]);
    log(
        &world,
        "2026/10/05/12",
        "a",
        &[first, other("/accountId", "444455556666"), other("/region", "eu-west-1")],
    );
    log(&world, "2026/10/05/23", "c", &[entry("midnight", late)]);
    log(&world, "2026/10/06/00", "d", &[entry("midnight", early), entry("next", early)]);
    for order in [["2026-10-05", "2026-10-06"], ["2026-10-06", "2026-10-05"]] {
        let _ = fs::remove_dir_all(world.out());
        for day in order {
            run(&world, &["--day", day]).ends(0);
        }
        run(&world, &["--from", "2026-10-05", "--to", "2026-10-06"]).ends(0);
        for day in order {
            assert_ingest_adds_up(&world, day);
        }
        assert_eq!(requests(&world, DAY), ["same", "same", "same", "midnight"], "{order:?}");
        assert_eq!(requests(&world, "2026-10-06"), ["next"], "{order:?}");
        let names = texts(&world.rows("invocations", DAY), "event_name");
        assert_eq!(names.iter().filter(|name| *name == "ConverseStream").count(), 1);
        world.hoptrail(&["verify", "--dest", "out"]).ends(0);
    }
}

/// How far from midnight an entry of the day on its other side may be, in minutes.
const MINUTES_BESIDE: i64 = 60;

/// How many minutes after the beginning of [`DAYS`] an entry was made.
fn minute(entry: &Value) -> i64 {
    let time = entry["timestamp"].as_str().unwrap();
    let day = DAYS.iter().position(|day| time.starts_with(day)).unwrap() as i64;
    let number = |at: usize| time[at..at + 2].parse::<i64>().unwrap();
    (day * 24 + number(11)) * 60 + number(14)
}

/// What each day must have, worked out from the entries one by one.
fn expected(objects: &BTreeMap<String, Vec<Value>>) -> BTreeMap<String, BTreeSet<String>> {
    let mut of_days = BTreeMap::<String, BTreeSet<String>>::new();
    let mut of_day_before = BTreeSet::new();
    for (number, day) in (0..).zip(DAYS) {
        let mut of_this_day = BTreeSet::new();
        let (begin, end) = (number * 24 * 60, (number + 1) * 24 * 60);
        for entry in objects.values().flatten() {
            if !entry["timestamp"].as_str().unwrap().starts_with(day) {
                continue;
            }
            let key = |entry: &Value| {
                ["accountId", "region", "requestId"].map(|name| entry[name].to_string())
            };
            if of_day_before.contains(&key(entry)) || !of_this_day.insert(key(entry)) {
                continue;
            }
            let near = begin - MINUTES_BESIDE..end + MINUTES_BESIDE;
            let is_same =
                |other: &&Value| key(other) == key(entry) && near.contains(&minute(other));
            let mut all = objects.values().flatten().filter(is_same).collect::<Vec<_>>();
            all.sort_by_key(|entry| std::cmp::Reverse(minute(entry)));
            let count = |pointer: &str| {
                all.iter().find_map(|entry| entry.pointer(pointer).filter(|count| !count.is_null()))
            };
            of_days.entry(day.to_owned()).or_default().insert(shown(
                &entry["requestId"],
                &entry["accountId"],
                &all[0]["operation"],
                [count("/input/inputTokenCount"), count("/output/outputTokenCount")],
            ));
        }
        of_day_before = of_this_day;
    }
    of_days
}

fn shown(
    request: &Value,
    account: &Value,
    operation: &Value,
    counts: [Option<&Value>; 2],
) -> String {
    let counts = counts.map(|count| count.filter(|count| !count.is_null()));
    format!("{request} {account} {operation} {counts:?}")
}

/// In whatever order days are built, and with however many threads.
#[test]
fn days_of_logs_alone_are_those_of_a_slow_reference() {
    for seed in 0..4 {
        let mut dice = Dice::new(seed);
        let mut objects = BTreeMap::<String, Vec<Value>>::new();
        for n in 0..60 {
            let day = *dice.pick(&DAYS);
            let (hour, minute) = (dice.below(24), dice.below(60));
            let time = format!("{day}T{hour:02}:{minute:02}:00Z");
            let request = format!("request {}", dice.below(40));
            let count = |is_there: bool| if is_there { json!(n) } else { Value::Null };
            let (input, output) = (n % 3 != 0, n % 3 != 1);
            let made = with(entry(&request, &time), "/input/inputTokenCount", count(input));
            let made = with(made, "/output/outputTokenCount", count(output));
            let made = with(made, "/accountId", *dice.pick(&[ACCOUNT, "444455556666"]));
            let made = with(made, "/operation", *dice.pick(&["Converse", "InvokeModel"]));
            let key = format!("{}/{hour:02}/{}", day.replace('-', "/"), dice.below(3));
            objects.entry(key).or_default().push(made);
        }
        let world = World::new();
        for (key, entries) in &objects {
            let (hour, name) = key.rsplit_once('/').unwrap();
            log(&world, hour, name, entries);
        }
        let all = ["--from", DAYS[0], "--to", DAYS[2]];
        run(&world, &[&all[..], &["--threads", "1"]].concat()).ends(0);
        let once = tables(&world.out());
        let of_days = expected(&objects);
        for day in DAYS {
            assert_ingest_adds_up(&world, day);
            let rows = world.rows("invocations", day);
            let found = rows.iter().map(|row| {
                shown(
                    &row["request_id"],
                    &row["account_id"],
                    &row["event_name"],
                    [Some(&row["input_tokens"]), Some(&row["output_tokens"])],
                )
            });
            let found = found.collect::<BTreeSet<_>>();
            assert_eq!(found, of_days[day], "{day}, seed {seed}");
            assert_eq!(found.len(), rows.len(), "{day}, seed {seed}");
        }
        fs::remove_dir_all(world.out()).unwrap();
        for day in [DAYS[2], DAYS[0], DAYS[1]] {
            run(&world, &["--day", day, "--threads", "4"]).ends(0);
        }
        run(&world, &all).ends(0);
        assert_same(&tables(&world.out()), &once, &format!("one by one, seed {seed}"));
    }
}

#[test]
fn trail_takes_the_place_of_logs_and_not_the_other_way_round() {
    let world = World::new();
    log(&world, "2026/10/05/12", "a", &[entry("request-of-e", NOON), entry("orphan", NOON)]);
    log(&world, "2026/10/06/12", "b", &[entry("next", "2026-10-06T12:00:00Z")]);
    let days = ["--from", DAY, "--to", "2026-10-06"];
    run(&world, &days).ends(0);
    assert_eq!(requests(&world, DAY), ["orphan", "request-of-e"]);
    world.object("20261005T1205Z", "x", &[call("e", NOON)]);
    let done = run_with_trail(&world, &days).ends(1);
    assert!(done.stderr.contains("2026-10-06 is left as it is: it was built from model invocation logs, and --source has no call of the day (calls before: 1)"), "{}", done.stderr);
    assert_eq!(world.event_ids(DAY), ["e"]);
    let row = &world.rows("invocations", DAY)[0];
    assert_eq!(
        [&row["call_source"], &row["token_source"]],
        [&json!("cloudtrail"), &json!("invocation_log")]
    );
    assert_ingest_adds_up(&world, DAY);
    let before = tree(&world.out());
    let refused = run(&world, &["--day", DAY]).ends(1);
    let why =
        "it was built from CloudTrail (objects: 1), which a run without --source does not read";
    assert!(refused.stderr.contains(why), "{}", refused.stderr);
    assert_same(&tree(&world.out()), &before, "refused");
    let logs = world.text("logs");
    let plan = ["plan", "--invocation-logs", &logs, "--dest", "out", "--day", DAY];
    let plan = world.hoptrail(&plan).ends(0);
    assert!(plan.stdout.contains(why), "{}", plan.stdout);
    run(&world, &["--day", DAY, "--allow-shrink"]).ends(0);
    assert_eq!(requests(&world, DAY), ["orphan", "request-of-e"]);
    // A trail alone does as well.
    world.run(&["--day", DAY]).ends(0);
    assert_eq!(world.event_ids(DAY), ["e"]);
    world.hoptrail(&["verify", "--dest", "out"]).ends(0);
}

#[test]
fn orphans_are_rows_only_if_asked_for() {
    let world = World::new();
    world.object("20261005T1205Z", "x", &[call("e", NOON)]);
    // The call of the first one is on the next day.
    world.object("20261006T0005Z", "y", &[call("midnight", "2026-10-06T00:00:01Z")]);
    let name = log(
        &world,
        "2026/10/05/12",
        "a",
        &[entry("request-of-e", NOON), entry("orphan", NOON), entry("orphan", NOON)],
    );
    log(&world, "2026/10/05/23", "b", &[entry("request-of-midnight", "2026-10-05T23:59:58Z")]);
    let days = ["--from", DAY, "--to", "2026-10-06"];
    run_with_trail(&world, &days).ends(0);
    assert_eq!(requests(&world, DAY), ["request-of-e"]);
    assert_eq!(world.summary()["invocation_log"]["without_call"], 1);
    let orphans = [&days[..], &["--include-orphans"]].concat();
    let done = run_with_trail(&world, &orphans).ends(0);
    assert!(done.stdout.contains("1 call that only the invocation logs have"), "{}", done.stdout);
    assert_eq!(requests(&world, DAY), ["orphan", "request-of-e"]);
    assert_eq!(requests(&world, "2026-10-06"), ["request-of-midnight"]);
    let rows = by_request(&world, DAY);
    let orphan = ["event_id", "call_source", "log_object", "input_tokens"]
        .map(|column| rows["orphan"][column].clone());
    assert_eq!(orphan, [Value::Null, json!("invocation_log"), json!(name), json!(1000)]);
    assert_eq!(rows["request-of-e"]["call_source"], "cloudtrail");
    assert_eq!(rows["request-of-e"]["token_source"], "invocation_log");
    for day in [DAY, "2026-10-06"] {
        assert_ingest_adds_up(&world, day);
    }
    run_with_trail(&world, &orphans).ends(0);
    assert_eq!(world.summary()["unchanged"], json!([DAY, "2026-10-06"]));
    // Day by day it comes to the same, in either order.
    let once = tables(&world.out());
    for order in [[DAY, "2026-10-06"], ["2026-10-06", DAY]] {
        fs::remove_dir_all(world.out()).unwrap();
        for day in order {
            run_with_trail(&world, &["--day", day, "--include-orphans"]).ends(0);
        }
        run_with_trail(&world, &orphans).ends(0);
        assert_same(&tables(&world.out()), &once, &format!("{order:?}"));
    }
    world.hoptrail(&["verify", "--dest", "out"]).ends(0);
    // The trail's record comes later, and takes the place of the orphan.
    let late = with(call("late", NOON), "/requestID", "orphan");
    world.object("20261005T1300Z", "z", &[late]);
    run_with_trail(&world, &orphans).ends(0);
    assert_eq!(world.event_ids(DAY), ["e", "late"]);
    assert_ingest_adds_up(&world, DAY);
}

/// As with the logs of a trail: what is left out has to be asked for.
/// A request ID of another account or Region is another request.
#[test]
fn entry_joins_a_call_of_its_account_and_region_only() {
    let world = World::new();
    let id = "request-of-e";
    world.object("20261005T1205Z", "a", &[call("e", NOON), call("f", NOON), call("g", NOON)]);
    let other = with(entry(id, NOON), "/accountId", "444455556666");
    let elsewhere = with(entry(id, NOON), "/region", "eu-west-1");
    let nowhere = without(without(entry("request-of-f", NOON), "accountId"), "region");
    let unsure = with(nowhere.clone(), "/requestId", "request-of-g");
    let one = with(unsure.clone(), "/accountId", ACCOUNT);
    let another = with(unsure, "/region", REGION);
    log(&world, "2026/10/05/12", "a", &[other, elsewhere, nowhere, one, another]);
    let columns = ["account_id", "source_region", "call_source", "token_source", "input_tokens"];
    let found = |rows: &[Row]| {
        let of_e = rows.iter().filter(|row| row["request_id"] == id);
        of_e.map(|row| json!(columns.map(|column| row[column].clone()))).collect::<Vec<_>>()
    };
    run_with_trail(&world, &["--day", DAY]).ends(0);
    let rows = world.rows("invocations", DAY);
    let own = json!([ACCOUNT, REGION, "cloudtrail", "cloudtrail", 10]);
    assert_eq!(found(&rows), std::slice::from_ref(&own));
    let source = |id: &str| {
        let row = rows.iter().find(|row| row["request_id"] == id);
        row.expect("a call")["token_source"].clone()
    };
    assert_eq!(source("request-of-f"), "invocation_log");
    assert_eq!(source("request-of-g"), "cloudtrail", "two entries fit equally");
    let log = &world.summary()["invocation_log"];
    let counts = ["joined", "duplicates", "without_call"].map(|name| log[name].as_u64().unwrap());
    assert_eq!(counts, [1, 0, 4], "{log}");
    run_with_trail(&world, &["--day", DAY, "--include-orphans"]);
    let of_log = |account: &str, region: &str| {
        json!([account, region, "invocation_log", "invocation_log", 1000])
    };
    let mut found = found(&world.rows("invocations", DAY));
    found.sort_by_key(Value::to_string);
    let all = [of_log(ACCOUNT, "eu-west-1"), own, of_log("444455556666", REGION)];
    assert_eq!(found, all);
}

#[test]
fn day_with_orphans_is_not_rebuilt_without_them() {
    let world = World::new();
    world.object("20261005T1205Z", "x", &[call("e", NOON)]);
    log(&world, "2026/10/05/12", "a", &[entry("orphan", NOON)]);
    run_with_trail(&world, &["--day", DAY, "--include-orphans"]).ends(0);
    let refused = run_with_trail(&world, &["--day", DAY]).ends(1);
    let why =
        "it would lose calls that only model invocation logs have (calls: 1; --include-orphans";
    assert!(refused.stderr.contains(why), "{}", refused.stderr);
    assert_eq!(world.rows("invocations", DAY).len(), 2);
    run_with_trail(&world, &["--day", DAY, "--allow-shrink"]).ends(0);
    assert_eq!(world.event_ids(DAY), ["e"]);
    // Where no log gave a call, nothing is lost.
    log(&world, "2026/10/05/12", "a", &[entry("request-of-e", NOON)]);
    run_with_trail(&world, &["--day", DAY, "--include-orphans"]).ends(0);
    run_with_trail(&world, &["--day", DAY]).ends(0);
    assert_eq!(world.event_ids(DAY), ["e"]);
}

/// Where keys have no days, a trail and logs are told apart as well.
#[test]
fn orphans_of_any_layout_are_rows_too() {
    let world = World::new();
    world.write("trail/calls.json", json!({ "Records": [call("e", NOON)] }).to_string());
    let entries =
        [entry("request-of-e", NOON), entry("orphan", NOON), entry("next", "2026-10-06T00:00:00Z")];
    world.write("logs/entries.json.gz", lines(&entries));
    let any = ["--layout", "any", "--include-orphans"];
    run_with_trail(&world, &any).ends(0);
    assert_eq!(requests(&world, DAY), ["orphan", "request-of-e"]);
    assert_eq!(requests(&world, "2026-10-06"), ["next"]);
    for day in [DAY, "2026-10-06"] {
        assert_ingest_adds_up(&world, day);
    }
    let once = tables(&world.out());
    run_with_trail(&world, &any).ends(0);
    assert_same(&tables(&world.out()), &once, "once more");
    let alone = World::new();
    alone.write("logs/entries.json.gz", lines(&entries));
    run(&alone, &["--layout", "any"]).ends(0);
    assert_eq!(requests(&alone, DAY), ["orphan", "request-of-e"]);
    assert_ingest_adds_up(&alone, DAY);
}

/// An entry that does not say its account or its Region is that of a call all the same.
#[test]
fn entry_without_account_or_region_is_no_orphan_of_a_call() {
    for names in [&["accountId"][..], &["region"], &["accountId", "region"]] {
        let world = World::new();
        world.object("20261005T1205Z", "x", &[call("e", NOON)]);
        let entry =
            names.iter().fold(entry("request-of-e", NOON), |entry, name| without(entry, name));
        log(&world, "2026/10/05/12", "a", &[entry]);
        run_with_trail(&world, &["--day", DAY, "--include-orphans"]).ends(0);
        assert_eq!(world.event_ids(DAY), ["e"], "{names:?}");
        assert_eq!(world.rows("invocations", DAY).len(), 1, "{names:?}");
    }
}

#[test]
fn what_is_omitted_is_omitted_in_orphans_of_any_layout() {
    let world = World::new();
    world.write("trail/calls.json", json!({ "Records": [call("e", NOON)] }).to_string());
    let of_a_later_day = "2026-10-06T12:00:00Z";
    let arn = "arn:aws:sts::111122223333:assumed-role/app/xyzzy";
    let of_xyzzy = with(entry("orphan", of_a_later_day), "/identity", json!({ "arn": arn }));
    world.write("logs/entries.json.gz", lines(&[of_xyzzy]));
    let columns = |options: &[&str]| {
        run_with_trail(&world, options).ends(0);
        let rows = world.rows("invocations", "2026-10-06");
        ["principal_arn", "session_name"].map(|column| rows[0][column].clone())
    };
    let any = ["--layout", "any", "--include-orphans"];
    assert_eq!(columns(&any), [json!(arn), json!("xyzzy")]);
    let omit = [&any[..], &["--omit", "principal_arn,session_name"]].concat();
    assert_eq!(columns(&omit), [Value::Null, Value::Null]);
}

/// A day of logs alone lets a neighbor of a trail keep what both have: it could not be built again without its trail.
#[test]
fn day_of_logs_alone_yields_to_a_neighbor_of_a_trail() {
    let world = World::new();
    world.object("20261006T0005Z", "x", &[call("e", "2026-10-06T00:00:01Z")]);
    log(&world, "2026/10/05/23", "a", &[entry("orphan", "2026-10-06T00:00:00Z")]);
    run_with_trail(&world, &["--day", "2026-10-06", "--include-orphans"]).ends(0);
    let before = tree(&world.out().join("invocations"));
    let night = "2026-10-05T23:59:59Z";
    let entries = [entry("request-of-e", night), entry("orphan", night), entry("own", night)];
    log(&world, "2026/10/05/23", "b", &entries);
    run(&world, &["--day", DAY]).ends(0);
    assert_eq!(requests(&world, DAY), ["own"]);
    let after = tree(&world.out().join("invocations"));
    assert!(before.iter().all(|(name, bytes)| after[name] == *bytes), "the neighbor changed");
    world.hoptrail(&["verify", "--dest", "out"]).ends(0);
}

#[test]
fn commands_know_days_of_logs_alone() {
    let world = World::new();
    log(&world, "2026/10/05/12", "a", &[entry("a", NOON)]);
    log(&world, "2026/10/06/12", "b", &[entry("b", "2026-10-06T12:00:00Z")]);
    let (logs, out) = (world.text("logs"), world.text("out"));
    let both = ["--invocation-logs", &logs, "--dest", &out, "--from", DAY, "--to", "2026-10-06"];
    let command =
        |name: &str, more: &[&str]| world.hoptrail(&[&[name][..], &both[..], more].concat());
    let plan = command("plan", &[]).ends(0);
    assert!(plan.stdout.contains("2 new"), "{}", plan.stdout);
    for shard in ["0/2", "1/2"] {
        command("run", &["--shard", shard]).ends(0);
    }
    command("settle", &[]).ends(0);
    world.hoptrail(&["verify", "--dest", "out"]).ends(0);
    let plan = command("plan", &[]).ends(0);
    assert!(plan.stdout.contains("2 unchanged"), "{}", plan.stdout);
    command("plan", &["--preflight"]).says(2, &["--preflight needs --source"]);
    command("run", &["--verify-digests"]).says(2, &["--verify-digests needs --source"]);
    let template =
        ["run", "--invocation-logs", "s3://logs-{account}", "--dest", &out, "--day", DAY];
    world.hoptrail(&template).says(2, &["{account}", "needs --source"]);
    let nothing = ["run", "--source", &logs, "--dest", &out, "--day", DAY, "--include-orphans"];
    world
        .hoptrail(&nothing)
        .says(2, &["--include-orphans has no effect without --invocation-logs"]);
    world.hoptrail(&["run", "--dest", &out, "--day", DAY]).says(2, &["--source is missing"]);
}

/// An entry that was delivered long after its day still comes to it.
#[test]
fn entry_delivered_late_opens_its_day_again() {
    let world = World::new();
    log(&world, "2026/10/05/12", "a", &[entry("a", NOON)]);
    run(&world, &["--day", DAY]).ends(0);
    log(&world, "2026/10/07/12", "b", &[entry("late", NOON), entry("b", "2026-10-07T12:00:00Z")]);
    run(&world, &["--day", "2026-10-07"]).ends(0);
    assert_eq!(requests(&world, DAY), ["a", "late"]);
    assert_eq!(requests(&world, "2026-10-07"), ["b"]);
    for day in [DAY, "2026-10-07"] {
        assert_ingest_adds_up(&world, day);
    }
}

/// A call that one log has before midnight and the other one after it is on one day, whichever of the two days a trail
/// takes first.
#[test]
fn call_at_midnight_counts_once_beside_a_day_of_other_logs() {
    let (five, six) = (DAY, "2026-10-06");
    let (before, after) = ("2026-10-05T23:59:59Z", "2026-10-06T00:00:00Z");
    let both = ["--from", five, "--to", six];
    let world = World::new();
    log(&world, "2026/10/05/23", "a", &[entry("request-of-down", before), entry("own", NOON)]);
    log(&world, "2026/10/06/00", "b", &[entry("request-of-up", after)]);
    world.object("20261006T0005Z", "x", &[call("down", after), call("up", before)]);
    world.object("20261005T1205Z", "y", &[with(call("own", NOON), "/requestID", "own")]);
    for first in [six, five] {
        let _ = fs::remove_dir_all(world.out());
        run(&world, &both).ends(0);
        let done = run_with_trail(&world, &["--day", first]).ends(0);
        // What is on both days is left to the one that cannot be built again.
        let found = [five, six].map(|day| requests(&world, day));
        match first == six {
            true => {
                assert_eq!(found, [&["own", "request-of-down"][..], &[]]);
                let why = "CloudTrail in place of model invocation logs (calls: 1 before, 0 now; left out: 1)";
                assert!(done.stdout.contains(why), "{}", done.stdout);
                let repair = "hoptrail run --from 2026-10-05 --to 2026-10-06, with --source";
                let why = "calls of these logs that CloudTrail may have on the other day are on neither (calls: 1)";
                let verify = ["verify", "--dest", "out", "--output", "json"];
                let verify = world.hoptrail(&verify).ends(1);
                assert!(verify.stdout.contains(why), "{}", verify.stdout);
                let settle =
                    ["settle", "--source", "trail", "--invocation-logs", "logs", "--dest", "out"];
                let settled = world.hoptrail(&[&settle[..], &both].concat()).ends(3);
                assert!(verify.stdout.contains(repair), "{}", verify.stdout);
                assert!(settled.stderr.contains(repair), "{}", settled.stderr);
            }
            false => assert_eq!(found, [&["own"][..], &["request-of-up"]]),
        }
        for day in [five, six] {
            assert_ingest_adds_up(&world, day);
        }
        run_with_trail(&world, &both).ends(0);
        let found = [five, six].map(|day| requests(&world, day));
        assert_eq!(found, [&["own", "request-of-up"][..], &["request-of-down"]], "{first}");
        world.hoptrail(&["verify", "--dest", "out"]).ends(0);
    }
}

/// A late object of one kind of logs is not looked for among the others.
#[test]
fn late_object_of_other_logs_is_not_read() {
    let world = World::new();
    log(&world, "2026/10/05/12", "a", &[entry("a", NOON)]);
    run(&world, &["--day", DAY]).ends(0);
    log(&world, "2026/10/07/12", "b", &[entry("late", NOON)]);
    run(&world, &["--day", "2026-10-07"]).ends(0);
    assert_eq!(requests(&world, DAY), ["a", "late"]);
    world.object("20261005T1205Z", "x", &[call("e", NOON)]);
    run_with_trail(&world, &["--day", DAY]).ends(0);
    assert_eq!(requests(&world, DAY), ["request-of-e"]);
    world.object("20261008T1205Z", "y", &[call("f", NOON)]);
    run_with_trail(&world, &["--day", "2026-10-08"]).ends(0);
    assert_eq!(world.event_ids(DAY), ["e", "f"]);
    let refused = run(&world, &["--day", DAY]).ends(1);
    assert!(!refused.stdout.contains("nreadable"), "{}", refused.stdout);
    // The late log has its calls only if the day of its delivery is of the run.
    run(&world, &["--from", DAY, "--to", "2026-10-07", "--allow-shrink"]).ends(0);
    assert_eq!(requests(&world, DAY), ["a", "late"]);
}

/// A day that the run cannot build again keeps its manifest.
#[test]
fn day_of_a_trail_is_left_whole_beside_a_day_of_logs() {
    let world = World::new();
    let night = "2026-10-05T23:59:59Z";
    world.object("20261005T2355Z", "x", &[call("e", NOON)]);
    world.object("20261006T1205Z", "y", &[call("f", "2026-10-06T12:00:00Z")]);
    let entries = [entry("orphan", night), entry("orphan-again", NOON)];
    log(&world, "2026/10/05/23", "a", &entries);
    log(&world, "2026/10/06/00", "b", &[entry("orphan", "2026-10-06T00:00:01Z")]);
    let both = ["--from", DAY, "--to", "2026-10-06"];
    run_with_trail(&world, &[&both[..], &["--include-orphans"]].concat()).ends(0);
    let manifest = "_hoptrail/manifest/dt=2026-10-06.json";
    let before = fs::read_to_string(world.out().join(manifest)).unwrap();
    run(&world, &["--day", DAY, "--allow-shrink"]).ends(0);
    let after = fs::read_to_string(world.out().join(manifest)).unwrap();
    assert_eq!(after, before);
    // It left a call to the other day as that was.
    let verify = world.hoptrail(&["verify", "--dest", "out"]).ends(1);
    assert!(verify.stdout.contains("was not compared"), "{}", verify.stdout);
    run_with_trail(&world, &[&both[..], &["--include-orphans"]].concat()).ends(0);
    world.hoptrail(&["verify", "--dest", "out"]).ends(0);
}

#[test]
fn day_of_logs_is_kept_where_the_trail_has_no_call_of_it() {
    let world = World::new();
    log(&world, "2026/10/05/12", "a", &[entry("a", NOON), entry("b", NOON)]);
    run(&world, &["--day", DAY]).ends(0);
    let other = with(call("e", NOON), "/eventSource", "s3.amazonaws.com");
    world.object("20261005T1205Z", "x", &[other]);
    let refused = world.run(&["--day", DAY]).ends(1);
    let why = "--source has no call of the day (calls before: 2)";
    assert!(refused.stderr.contains(why), "{}", refused.stderr);
    assert_eq!(requests(&world, DAY), ["a", "b"]);
    world.run(&["--day", DAY, "--allow-shrink"]).ends(0);
    assert_eq!(world.rows("invocations", DAY).len(), 0);
    world.object("20261005T1210Z", "y", &[call("e", NOON)]);
    run(&world, &["--day", DAY, "--allow-shrink"]).ends(0);
    let done = world.run(&["--day", DAY]).ends(0);
    let why = "CloudTrail in place of model invocation logs (calls: 2 before, 1 now; left out: 2)";
    assert!(done.stdout.contains(why), "{}", done.stdout);
}

/// As with the logs of a trail: the folder of an entry's log may be that of an hour before.
#[test]
fn entry_in_a_log_of_the_evening_before_is_read() {
    let world = World::new();
    let six = "2026-10-06";
    let entries = [entry("before", "2026-10-05T23:30:00Z"), entry("after", "2026-10-06T00:00:01Z")];
    log(&world, "2026/10/05/23", "a", &entries);
    log(&world, "2026/10/05/17", "b", &[entry("long", "2026-10-06T00:00:02Z")]);
    log(&world, "2026/10/06/12", "c", &[entry("noon", "2026-10-06T12:00:00Z")]);
    run(&world, &["--day", six]).ends(0);
    assert_eq!(requests(&world, six), ["after", "noon"]);
    assert_ingest_adds_up(&world, six);
    run(&world, &["--day", six]).ends(0);
    assert_eq!(world.summary()["unchanged"], json!([six]));
    // Beyond the window it is late, as others are.
    run(&world, &["--day", DAY]).ends(0);
    assert_eq!(requests(&world, DAY), ["before"]);
    run(&world, &["--from", DAY, "--to", six]).ends(0);
    assert_eq!(requests(&world, six), ["after", "long", "noon"]);
    for day in [DAY, six] {
        assert_ingest_adds_up(&world, day);
    }
    world.hoptrail(&["verify", "--dest", "out"]).ends(0);
}
