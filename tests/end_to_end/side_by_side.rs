//! Runs that go at the same time on one destination: what each discovers stays, and none replaces what
//! another has published meanwhile from as much or more.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use jiff::ToSpan;
use jiff::civil::{Date, date};
use s3_server::{Bucket, Config, Failure, Fault, Kind, Server};
use serde_json::{Value, json};

use crate::world::{ACCOUNT, REGION, Run, World, call, document, key, rows, texts, with};

const N_RUNS: i64 = 40;
const ALIASES: &str = "_hoptrail/aliases.csv";

fn day(index: i64) -> Date {
    date(2026, 9, 1).saturating_add(index.days())
}

/// An event that tells the model of a profile of the day, and a call of that profile.
fn records(index: i64) -> [Value; 2] {
    let profile =
        format!("arn:aws:bedrock:us-east-1:{ACCOUNT}:application-inference-profile/p{index:011}");
    let create = json!({
        "eventVersion": "1.11", "eventTime": format!("{}T08:00:00Z", day(index)),
        "eventID": format!("create{index}"), "eventSource": "bedrock.amazonaws.com",
        "eventName": "CreateInferenceProfile", "awsRegion": REGION, "recipientAccountId": ACCOUNT,
        "requestParameters": { "modelSource": { "copyFrom": format!(
            "arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/us.amazon.nova-pro-v1:0"
        ) } },
        "responseElements": { "inferenceProfileArn": profile, "status": "ACTIVE" },
    });
    let call = call(&format!("e{index}"), &format!("{}T12:00:00Z", day(index)));
    [create, with(call, "/requestParameters/modelId", profile)]
}

fn objects() -> impl Iterator<Item = (String, Vec<u8>)> {
    (0..N_RUNS).map(|index| {
        let stamp = format!("{}T1210Z", day(index).to_string().replace('-', ""));
        (key(ACCOUNT, REGION, &stamp, "a"), document(&records(index)))
    })
}

/// Starts a run for each day at once, and waits for all.
fn run_all(start: impl Fn(&str) -> Child) {
    let runs = (0..N_RUNS).map(|index| start(&day(index).to_string())).collect::<Vec<_>>();
    for run in runs {
        Run::of(run.wait_with_output().unwrap()).ends(0);
    }
}

/// What one run over all days discovers.
fn aliases_of_one_run(world: &World) -> String {
    let (first, last) = (day(0).to_string(), day(N_RUNS - 1).to_string());
    let run = ["run", "--source", "trail", "--dest", "one", "--from", &first, "--to", &last];
    world.hoptrail(&run).ends(0);
    let aliases = std::fs::read_to_string(world.path(&format!("one/{ALIASES}"))).unwrap();
    assert_eq!(aliases.matches(":application-inference-profile/").count(), 40, "{aliases}");
    aliases
}

fn spawned(mut command: std::process::Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn forty_runs_at_once_lose_no_alias_in_a_folder() {
    let world = World::new();
    objects().for_each(|(key, bytes)| drop(world.write(&format!("trail/{key}"), bytes)));
    run_all(|day| {
        spawned(world.command(&["run", "--source", "trail", "--dest", "out", "--day", day]))
    });
    let found = std::fs::read_to_string(world.out().join(ALIASES)).unwrap();
    assert_eq!(found, aliases_of_one_run(&world));
}

#[test]
fn forty_runs_at_once_lose_no_alias_on_s3() {
    let world = World::new();
    objects().for_each(|(key, bytes)| drop(world.write(&format!("trail/{key}"), bytes)));
    let server = Server::start(Config::new().bucket(Bucket::new("tables"))).unwrap();
    run_all(|day| {
        let run = ["run", "--source", "trail", "--dest", "s3://tables", "--day", day];
        spawned(world.command_on(&server, &run))
    });
    let found = server.object("tables", ALIASES).unwrap();
    assert_eq!(String::from_utf8_lossy(&found), aliases_of_one_run(&world));
}

const D1: &str = "2026-09-01";
const RUN: [&str; 7] = ["run", "--dest", "s3://tables", "--day", D1, "--summary-json", "-"];

/// Objects of a day, with a call each.
fn object_of(name: &str) -> (String, Vec<u8>) {
    (key(ACCOUNT, REGION, "20260901T1210Z", name), document(&[call(name, "2026-09-01T12:00:00Z")]))
}

/// A run whose listing has some objects is kept from reading them until another one, which sees others, has
/// published the day. Returns what the first one said of the day, and the calls that are there in the end.
fn published_meanwhile(listed: &[&str], others: &[&str]) -> (Value, Vec<String>) {
    let world = World::new();
    let add = |bucket: Bucket, prefix: &str, name: &str| {
        let (key, bytes) = object_of(name);
        bucket.object(&format!("{prefix}{key}"), bytes)
    };
    let held = listed.iter().fold(Bucket::new("held"), |bucket, name| add(bucket, "held/", name));
    let free = others.iter().fold(Bucket::new("free"), |bucket, name| add(bucket, "", name));
    let hold = Fault::always(Failure::SlowDown).on(Kind::Get).key("held/");
    let buckets = Config::new().bucket(held).bucket(free).bucket(Bucket::new("tables"));
    let server = Server::start(buckets.fault(hold)).unwrap();
    let first = [&RUN[..], &["--source", "s3://held/held"]].concat();
    let first = spawned(world.command_on(&server, &first));
    let limit = Instant::now() + Duration::from_secs(60);
    while server.stats().faults == 0 {
        assert!(Instant::now() < limit, "it reads nothing");
        std::thread::sleep(Duration::from_millis(2));
    }
    let second = [&RUN[..], &["--source", "s3://free"]].concat();
    world.hoptrail_on(&server, &second).ends(0);
    server.set_faults(Vec::new());
    let first = Run::of(first.wait_with_output().unwrap()).ends(0);
    world.hoptrail_on(&server, &["verify", "--dest", "s3://tables"]).ends(0);
    let calls = server.object("tables", &format!("invocations/dt={D1}/part-0.parquet")).unwrap();
    world.write("calls", calls);
    let summary = serde_json::from_str::<Value>(&first.stdout).unwrap();
    (summary, texts(&rows(&world.path("calls")), "event_id"))
}

#[test]
fn day_that_another_run_published_meanwhile_is_decided_on_again() {
    for (listed, others, what) in [
        (&["a", "b"][..], &["a", "b"][..], "the same"),
        (&["a", "b"], &["a", "b", "c"], "more, which came later"),
        (&["a", "b", "c"], &["a", "b"], "fewer"),
    ] {
        let (summary, calls) = published_meanwhile(listed, others);
        let is_built = !summary["days"].as_array().unwrap().is_empty();
        assert_eq!(is_built, listed.len() > others.len(), "{what}: {summary}");
        assert_eq!(calls, if is_built { listed } else { others }, "{what}");
        crate::world::assert_adds_up(&summary);
    }
}
