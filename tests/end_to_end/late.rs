//! Calls that are delivered after their day was published: they open it again.

use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use jiff::ToSpan;
use jiff::civil::{Date, date};
use s3_server::{Bucket, Config, Failure, Fault, Kind, Server};
use serde_json::{Value, json};

use crate::denials::{failed, refused_at_endpoint};
use crate::world::{
    ACCOUNT, REGION, Run, Tree, World, assert_adds_up, assert_same, call, document, key, name,
    texts, tree, with,
};

const FIRST: Date = date(2026, 9, 1);
const NIGHTS: i64 = 45;
/// So many days back late objects are delivered.
const DAYS_BACK: [std::ops::RangeInclusive<i64>; 2] = [1..=30, 31..=40];

fn day(index: i64) -> Date {
    FIRST.checked_add(index.days()).unwrap()
}

fn days_back() -> impl Iterator<Item = i64> {
    DAYS_BACK.into_iter().flatten()
}

/// The night of the late object of so many days back. Those that are too late have calls of the first four
/// days, the others of days after them.
fn night_of(days_back: i64) -> i64 {
    if days_back > 30 { days_back + days_back % 4 } else { days_back + 4 + days_back % 7 }
}

/// The same trail as of each night: an object of the day, one of the morning with a call of the day before,
/// and the late objects; it gives those that are too late.
fn deliver(world: &World, night: i64) -> Vec<String> {
    let stamp = |time: &str| format!("{}T{time}Z", day(night).to_string().replace('-', ""));
    let at = |index: i64, time: &str| format!("{}T{time}Z", day(index));
    world.object(&stamp("1210"), "noon", &[call(&format!("noon{night}"), &at(night, "12:00:00"))]);
    let morning = call(&format!("morning{night}"), &at(night - 1, "23:59:00"));
    world.object(&stamp("0030"), "morning", &[morning]);
    let mut too_late = Vec::new();
    for back in days_back().filter(|back| night_of(*back) == night) {
        let own = call(&format!("own{back}"), &at(night, "13:00:00"));
        let late = call(&format!("late{back}"), &at(night - back, "13:00:00"));
        let key = world.object(&stamp("1310"), &format!("late{back}"), &[own, late]);
        too_late.extend(DAYS_BACK[1].contains(&back).then(|| name(&key).to_owned()));
    }
    too_late
}

/// `hoptrail run` from the trail to a destination.
fn arguments<'a>(trail: &'a str, dest: &'a str, range: &'a [String]) -> Vec<&'a str> {
    let mut all = vec!["run", "--source", trail, "--dest", dest, "--summary-json", "summary.json"];
    all.extend(range.iter().map(String::as_str));
    all
}

fn run(world: &World, dest: &str, range: &[String]) -> Run {
    world.hoptrail(&arguments(&world.text("trail"), &world.text(dest), range))
}

/// Runs until the day is being replaced, and is killed then. That is sure to be in time on S3 only: the
/// destination is a bucket meanwhile.
fn run_killed(world: &World, range: &[String], replaces: Date) {
    let server = Server::start(Config::new().bucket(Bucket::new("tables"))).unwrap();
    for (name, bytes) in tree(&world.out()) {
        server.put_object("tables", &name, bytes);
    }
    let key = format!("invocations/dt={replaces}");
    server.set_faults(vec![Fault::always(Failure::SlowDown).on(Kind::Put).key(&key)]);
    let trail = world.text("trail");
    let mut command = world.command_on(&server, &arguments(&trail, "s3://tables", range));
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let is_withdrawn = || {
        let manifest = format!("_hoptrail/manifest/dt={replaces}.json");
        let manifest = server.object("tables", &manifest).unwrap();
        String::from_utf8_lossy(&manifest).contains("\"replaced\"")
    };
    let limit = Instant::now() + Duration::from_secs(60);
    while !is_withdrawn() {
        assert!(run.try_wait().unwrap().is_none() && Instant::now() < limit, "not replaced");
        std::thread::sleep(Duration::from_millis(2));
    }
    run.kill().unwrap();
    assert_eq!(run.wait().unwrap().code(), None);
    for key in server.keys("tables") {
        world.write(&format!("out/{key}"), server.object("tables", &key).unwrap());
    }
}

/// What a destination holds of the days from an index on.
fn built(world: &World, dest: &str, from: i64) -> Tree {
    let mut files = tree(&world.path(dest));
    files.retain(|name, _| {
        let dt = name.split("dt=").nth(1).and_then(|rest| rest.get(..10));
        dt.is_some_and(|dt| dt.parse::<Date>().unwrap() >= day(from))
    });
    files
}

fn days(from: Date, to: Date) -> Vec<String> {
    ["--from".to_owned(), from.to_string(), "--to".to_owned(), to.to_string()].to_vec()
}

/// The objects of the days that a run named as not opened again.
fn not_reopened(summary: &Value) -> BTreeSet<String> {
    let days = summary["not_reopened"].as_array().unwrap().iter();
    let objects = days.flat_map(|day| day["objects"].as_array().unwrap());
    objects.map(|key| key.as_str().unwrap().to_owned()).collect()
}

/// Late objects of 1 to 40 days back, under nightly runs over two days, one of which is killed.
#[test]
fn late_calls_of_30_days_back_reach_their_days_and_later_ones_are_named() {
    let world = World::new();
    let (mut too_late, mut named) = (BTreeSet::new(), BTreeSet::new());
    for night in 0..NIGHTS {
        too_late.extend(deliver(&world, night));
        // The night of the delivery and the next one read the day of the delivery.
        let names = |back: i64| (0..=1).contains(&(night - night_of(back)));
        let names_some = DAYS_BACK[1].clone().any(names);
        let range = days(day((night - 1).max(0)), day(night));
        if night == night_of(20) {
            run_killed(&world, &range, day(night - 20));
            continue;
        }
        let run = run(&world, "out", &range).ends(if names_some { 3 } else { 0 });
        let summary = world.summary();
        assert_adds_up(&summary);
        named.extend(not_reopened(&summary));
        if night == night_of(10) {
            let opened = day(night - 10);
            let reason = "object delivered late";
            let line = run.stdout.lines().find(|line| line.contains("reopened: ")).unwrap();
            assert!(line.contains(&opened.to_string()) && line.contains(reason), "{line}");
            // Those of the day and of the next morning, and its late ones.
            let again = summary["objects"]["read_again"].as_u64().unwrap();
            assert!((4..=6).contains(&again), "{again}");
            assert!(run.stdout.contains(&format!("{again} objects, for days")), "{}", run.stdout);
        }
    }
    assert_eq!(named, too_late);
    assert_eq!(named.len(), 10);
    let (first, last) = (day(0), day(NIGHTS - 1));
    run(&world, "backfill", &days(first, last)).ends(0);
    // The first of them says what it was compared with, which is a day that lacks calls.
    let from_4 = |dest: &str| {
        let mut built = built(&world, dest, 4);
        built.remove(&format!("_hoptrail/manifest/dt={}.json", day(4)));
        built
    };
    assert_same(&from_4("out"), &from_4("backfill"), "30 days back");

    let (trail, out) = (world.text("trail"), world.text("out"));
    let verify = ["verify", "--dest", &out, "--source", &trail, "--output", "json"];
    let found = world.hoptrail(&verify).ends(1).stdout;
    let found = serde_json::from_str::<Value>(&found).unwrap();
    let findings = found["findings"].as_array().unwrap().iter();
    let missing = findings.filter(|finding| finding["kind"] == "late_calls");
    let missing = missing.map(|finding| finding["key"].as_str().unwrap().to_owned());
    assert_eq!(missing.collect::<BTreeSet<_>>(), too_late);
    assert_eq!(found["findings"].as_array().unwrap().len(), 10, "{found}");
    let late = &found["source"]["late_calls"];
    assert_eq!((&late["calls"], &late["days"]), (&json!(10), &json!(4)));
    let range = [&late["from"], &late["to"]].map(|day| day.as_str().unwrap().parse().unwrap());
    run(&world, "out", &days(range[0], range[1])).ends(0);
    assert_same(&built(&world, "out", 0), &built(&world, "backfill", 0), "all");
    world.hoptrail(&verify).ends(0);
}

/// Six published days, and then an object with a call of the second, which lack it yet.
fn published() -> (World, String) {
    let world = World::new();
    for night in 0..6 {
        deliver_plain(&world, night);
    }
    world.run(&["--from", "2026-09-01", "--to", "2026-09-06"]).ends(0);
    let late = call("late", "2026-09-02T13:00:00Z");
    let key =
        world.object("20260906T1310Z", "late", &[late.clone(), with(late, "/eventID", "late2")]);
    (world, name(&key).to_owned())
}

fn deliver_plain(world: &World, night: i64) {
    let stamp = format!("{}T1210Z", day(night).to_string().replace('-', ""));
    let record = call(&format!("noon{night}"), &format!("{}T12:00:00Z", day(night)));
    world.object(&stamp, "noon", &[record]);
}

const NIGHT: [&str; 4] = ["--from", "2026-09-05", "--to", "2026-09-06"];
const OPENED: &str = "2026-09-02";

fn of_day(world: &World) -> Tree {
    let mut files = tree(&world.out());
    files.retain(|name, _| name.contains(OPENED));
    files
}

/// Asserts that a night leaves the day as it is, names its calls, and ends with 3.
#[track_caller]
fn assert_left(world: &World, more: &[&str], before: &Tree, key: &str, why: &str) {
    let run = world.run(&[&NIGHT[..], more].concat()).ends(3);
    assert_same(&of_day(world), before, why);
    let summary = world.summary();
    assert_adds_up(&summary);
    let named = &summary["not_reopened"][0];
    assert_eq!((&named["dt"], &named["calls"]), (&json!(OPENED), &json!(2)), "{summary}");
    assert_eq!(named["objects"], json!([key]));
    for part in [why, "2 calls delivered late", "hoptrail run --from 2026-09-02 --to 2026-09-06"] {
        assert!(run.stderr.contains(part), "no `{part}` in: {}", run.stderr);
    }
    assert!(run.stdout.contains("Not reopened"), "{}", run.stdout);
}

#[test]
fn day_that_would_lose_expired_objects_is_not_reopened() {
    let (world, late) = published();
    let before = of_day(&world);
    let noon = key(ACCOUNT, REGION, "20260902T1210Z", "noon");
    let bytes = fs::read(world.trail().join(&noon)).unwrap();
    fs::remove_file(world.trail().join(&noon)).unwrap();
    // The next night is no other.
    for _ in 0..2 {
        assert_left(&world, &[], &before, &late, "cannot be read any more");
        assert_left(&world, &["--allow-shrink"], &before, &late, "cannot be read any more");
    }
    world.write(&format!("trail/{noon}"), bytes);
    world.run(&NIGHT).ends(0);
    assert_eq!(world.event_ids(OPENED), ["noon1", "late", "late2"]);
    assert_eq!(world.summary()["out_of_range"], json!({}), "they are in");
}

#[test]
fn day_that_filters_would_shrink_is_not_reopened() {
    let (world, late) = published();
    let other = key("222233334444", REGION, "20260902T1210Z", "noon");
    world.write(&format!("trail/{other}"), document(&[call("other", "2026-09-02T12:00:00Z")]));
    world.run(&["--day", OPENED, "--reopen", "0"]).ends(0);
    let before = of_day(&world);
    assert_left(&world, &["--account", ACCOUNT], &before, &late, "--account or --source-region");
    world.run(&NIGHT).ends(0);
    assert_eq!(world.event_ids(OPENED), ["noon1", "other", "late", "late2"]);
}

#[test]
fn day_with_invocation_logs_is_not_reopened_without_them() {
    let (world, late) = published();
    let logs = "logs/AWSLogs/111122223333/BedrockModelInvocationLogs/us-east-1/2026/09";
    let entry = |id: &str, time: &str| {
        json!({
            "schemaType": "ModelInvocationLog", "schemaVersion": "1.0", "timestamp": time,
            "accountId": ACCOUNT, "region": REGION, "requestId": id, "operation": "Converse",
            "modelId": "us.anthropic.claude-sonnet-4-6",
            "input": { "inputTokenCount": 100 }, "output": { "outputTokenCount": 20 },
        })
        .to_string()
    };
    let first = entry("request-of-noon1", "2026-09-02T12:00:00Z");
    let first = world.write(&format!("{logs}/02/12/a.json"), first);
    let with_logs = ["--invocation-logs", &world.text("logs")];
    world.run(&[&["--day", OPENED, "--reopen", "0"], &with_logs[..]].concat()).ends(0);
    let before = of_day(&world);
    assert_left(&world, &[], &before, &late, "it was built with model invocation logs");
    world.write(&format!("{logs}/03/12/b.json"), entry("other", "2026-09-03T12:00:00Z"));
    let bytes = fs::read(&first).unwrap();
    fs::remove_file(&first).unwrap();
    assert_left(&world, &with_logs, &before, &late, "log objects: 1 before, 0 now");
    fs::write(&first, b"\x1f\x8bno gzip").unwrap();
    assert_left(&world, &with_logs, &before, &late, "1 now, 1 of them unreadable");
    fs::write(first, bytes).unwrap();
    world.run(&[&NIGHT, &with_logs[..]].concat()).ends(0);
    let tokens = world.rows("invocations", OPENED);
    assert_eq!(tokens[0]["token_source"], "invocation_log");
    assert_eq!(texts(&tokens, "event_id"), ["noon1", "late", "late2"]);
}

#[test]
fn late_object_that_cannot_be_read_leaves_its_day_as_it_is() {
    let (world, late) = published();
    world.run(&[&NIGHT[..], &["--reopen", "0"]].concat()).ends(0);
    let before = of_day(&world);
    fs::remove_file(world.trail().join(format!("AWSLogs/{late}"))).unwrap();
    // Its day of delivery would lose it too; the day before has a night of its own.
    let night = ["--from", "2026-09-06", "--to", "2026-09-07"];
    world.run(&night).ends(1);
    assert_same(&of_day(&world), &before, "not reopened");
    let why = world.summary()["not_reopened"][0]["why"].as_str().unwrap().to_owned();
    assert!(why.contains("delivered late, cannot be read"), "{why}");
}

#[test]
fn reopen_0_opens_no_day() {
    let (world, late) = published();
    let before = of_day(&world);
    let run = world.run(&[&NIGHT[..], &["--reopen", "0"]].concat()).ends(0);
    assert_same(&of_day(&world), &before, "--reopen 0");
    assert!(run.stdout.contains("2 calls outside the range (2026-09-02: 2)"), "{}", run.stdout);
    // Looking for them takes the source, and tells how they come in.
    let verify = ["verify", "--dest", &world.text("out"), "--source", &world.text("trail")];
    let run = world.hoptrail(&verify).ends(1);
    for part in ["2 calls delivered late", "--from 2026-09-02 --to 2026-09-06", &late] {
        assert!(run.stdout.contains(part), "no `{part}` in: {}", run.stdout);
    }
    // A later night makes up for it, from the manifests alone.
    deliver_plain(&world, 6);
    deliver_plain(&world, 7);
    world.run(&["--from", "2026-09-07", "--to", "2026-09-08"]).ends(0);
    assert_eq!(world.event_ids(OPENED), ["noon1", "late", "late2"]);
    world.hoptrail(&verify).ends(0);
}

#[test]
fn day_that_was_never_published_is_not_opened() {
    let world = World::new();
    world.object("20260906T1310Z", "late", &[call("late", "2026-09-02T13:00:00Z")]);
    let run = world.run(&NIGHT).ends(0);
    assert!(run.stdout.contains("1 call outside the range (2026-09-02: 1)"), "{}", run.stdout);
    assert!(of_day(&world).is_empty());
}

#[test]
fn reopen_that_is_no_number_of_days_is_a_usage_error() {
    let world = World::new();
    for value in ["30", "400d", "30h", "d"] {
        let run = world.run(&[&NIGHT[..], &["--reopen", value]].concat());
        run.says(2, &["--reopen: expected a number of days", value]);
    }
}

/// A request that only a VPC endpoint saw, and the refusal of a call that was logged without its reason.
#[test]
fn refusals_at_endpoints_delivered_late_reach_their_day() {
    let world = World::new();
    let refused = failed("e1", "AccessDenied", "Access Denied");
    let at = |record: Value| with(record, "/eventTime", "2026-09-02T12:00:00Z");
    world.object("20260902T1210Z", "noon", &[at(refused)]);
    world.run(&["--from", "2026-09-01", "--to", "2026-09-04"]).ends(0);
    assert_eq!(world.rows("denials", OPENED)[0]["policy_type"], Value::Null);
    let late =
        ["e1", "none"].map(|of_call| at(refused_at_endpoint(&format!("n-{of_call}"), of_call)));
    world.object("20260906T1310Z", "late", &late);
    world.run(&NIGHT).ends(0);
    let rows = world.rows("denials", OPENED);
    assert_eq!(texts(&rows, "event_id"), ["e1", "n-none"]);
    assert_eq!(texts(&rows, "policy_type"), ["vpc_endpoint_policy"; 2]);
}

/// Keys in Hive folders do not name the account: a filter may leave out calls of any of them.
#[test]
fn day_of_hive_folders_is_not_replaced_by_a_run_with_a_filter() {
    let world = World::new();
    let other = with(call("e2", "2026-09-02T13:00:00Z"), "/recipientAccountId", "444455556666");
    let both = [call("e1", "2026-09-02T12:00:00Z"), other];
    world.write("trail/events/dt=2026-09-02/a.json.gz", document(&both));
    world.run(&["--day", OPENED]).ends(0);
    let before = of_day(&world);
    for account in [ACCOUNT, "999999999999"] {
        world.run(&["--day", OPENED, "--account", account]).ends(1);
        assert_same(&of_day(&world), &before, account);
    }
    world.write(
        "trail/events/dt=2026-09-06/late.json.gz",
        document(&[call("e3", "2026-09-02T14:00:00Z")]),
    );
    world.run(&[&NIGHT[..], &["--account", ACCOUNT]].concat()).ends(3);
    assert_same(&of_day(&world), &before, "not opened again");
    world.run(&NIGHT).ends(0);
    assert_eq!(world.event_ids(OPENED), ["e1", "e2", "e3"]);
}
