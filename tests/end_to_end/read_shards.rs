//! `read --shard`: all shards together have each row once, whatever the source looks like.

use std::fs;

use s3_server::{Bucket, Config, Failure, Fault, Kind, Server};
use serde_json::{Value, json};

use crate::read::{fed, rows};
use crate::world::{ACCOUNT, REGION, World, call, document, key, sample};

const RANGE: [&str; 4] = ["--from", "2026-10-05", "--to", "2026-10-07"];
const OTHER: &str = "444455556666";

/// The rows of all shards, from the files that their summaries name.
fn rows_of_shards(world: &World, folder: &str, count: usize) -> Vec<Value> {
    let mut all = Vec::new();
    for index in 0..count {
        let name = format!("shard-{index}-of-{count}");
        let summary = fs::read(world.path(&format!("{folder}/{name}.json"))).unwrap();
        let summary = serde_json::from_slice::<Value>(&summary).unwrap();
        assert_eq!(summary["shard"], format!("{index}/{count}"));
        for (day, n_rows) in summary["rows"].as_object().unwrap() {
            let path = world.path(&format!("{folder}/dt={day}/{name}.arrow"));
            let found = rows(&fs::read(path).unwrap());
            assert_eq!(found.len() as u64, n_rows.as_u64().unwrap());
            assert!(found.iter().all(|row| row["dt"] == **day), "{day}: {found:?}");
            all.extend(found);
        }
    }
    all.sort_by_key(|row| format!("{} {} {}", row["dt"], row["key"], row["part"]));
    all
}

/// The rows of the keys that a plan lists.
fn rows_of_keys(world: &World, source: &str, more: &[&str]) -> Vec<Value> {
    let plan = [&["plan", "--output", "keys", "--source", source][..], &RANGE].concat();
    let keys = world.hoptrail(&plan).ends(0).stdout;
    let read = [&["read", "--source", source][..], &RANGE, more].concat();
    fed(world.command(&read), &keys).ends(0).rows()
}

/// Asserts that shards of several numbers have the rows that a read of all keys has.
#[track_caller]
fn check(world: &World, source: &str, more: &[&str]) {
    let expected = rows_of_keys(world, source, more);
    assert!(!expected.is_empty());
    for count in [1, 2, 5] {
        let folder = format!("readings/{count}");
        for index in 0..count {
            let shard = format!("{index}/{count}");
            let read = ["read", "--shard", &shard, "-o", &folder, "--source", source];
            fed(world.command(&[&read[..], &RANGE, more].concat()), "").ends(0);
        }
        let found = rows_of_shards(world, &folder, count);
        assert_eq!(found, expected, "{count} shards");
    }
    fs::remove_dir_all(world.path("readings")).unwrap();
}

fn time(day: u8) -> String {
    format!("2026-10-{day:02}T12:00:00Z")
}

fn stamp(day: u8) -> String {
    format!("202610{day:02}T1210Z")
}

#[test]
fn shards_of_the_sample_have_each_row_once() {
    check(&World::new(), &sample().display().to_string(), &[]);
}

#[test]
fn shards_have_each_row_once_where_only_folders_or_files_say_the_day() {
    let world = World::new();
    for day in 5..=8 {
        for hour in 0..4 {
            let file = format!("s-1-2026-10-{day:02}-{hour:02}-02-11-u");
            let path = format!("trail/firehose/2026/10/{day:02}/{hour:02}/{file}");
            world.write(&path, call(&format!("f{day}{hour}"), &time(day)).to_string());
        }
    }
    check(&world, "trail", &[]);
    // With a trail beside it, it is not searched.
    for day in 5..=8 {
        for account in [ACCOUNT, OTHER] {
            let key = key(account, REGION, &stamp(day), "t");
            world.write(&format!("trail/{key}"), document(&[call(&format!("t{day}"), &time(day))]));
        }
    }
    check(&world, "trail", &[]);
}

#[test]
fn copies_of_an_object_are_of_one_shard() {
    let world = World::new();
    for day in 5..=8 {
        for (account, unique) in [(ACCOUNT, "a"), (OTHER, "b")] {
            let key = key(account, REGION, &stamp(day), unique);
            let body = document(&[call(&format!("{unique}{day}"), &time(day))]);
            world.write(&format!("trail/{key}"), &body);
            // In another trail, and among files that have no folders of their own.
            world.write(&format!("trail/copy/{key}"), &body);
        }
    }
    check(&world, "trail", &[]);
    for day in 5..=6 {
        let key = key(ACCOUNT, REGION, &stamp(day), "a");
        let file = key.rsplit('/').next().unwrap();
        let body = fs::read(world.trail().join(&key)).unwrap();
        world.write(&format!("trail/restored/{file}"), body);
    }
    check(&world, "trail", &[]);
}

#[test]
fn objects_beside_the_days_are_of_one_shard_where_the_days_have_none() {
    // After the days, and before them.
    for folder in ["restored/", ""] {
        let world = World::new();
        for day in 5..=7 {
            let key = key(ACCOUNT, REGION, &stamp(day), "x");
            let beside = key.replace(&format!("2026/10/{day:02}/"), folder);
            let body = document(&[call(&format!("e{day}"), &time(day))]);
            world.write(&format!("trail/{beside}"), body);
        }
        check(&world, "trail", &[]);
    }
}

#[test]
fn each_log_of_model_invocations_is_of_one_shard() {
    let world = World::new();
    for day in 5..=7 {
        world.object(&stamp(day), "x", &[call(&format!("e{day}"), &time(day))]);
        for hour in [2, 12] {
            let entry = json!({
                "schemaType": "ModelInvocationLog", "schemaVersion": "1.0",
                "timestamp": time(day), "accountId": ACCOUNT, "region": REGION,
                "requestId": format!("request-of-e{day}"), "operation": "Converse",
                "modelId": "us.anthropic.claude-sonnet-4-6", "input": { "inputTokenCount": 100 },
            });
            let folder = format!("AWSLogs/{ACCOUNT}/BedrockModelInvocationLogs/{REGION}");
            let path = format!("logs/{folder}/2026/10/{day:02}/{hour:02}/x.json");
            world.write(&path, entry.to_string());
        }
    }
    let rows = rows_of_keys(&world, "trail", &["--invocation-logs", "logs"]);
    let of_logs = rows.iter().filter(|row| row["source"] == "invocation_log").count();
    assert_eq!(of_logs, 8, "six logs, those at night for two days: {rows:?}");
    check(&world, "trail", &["--invocation-logs", "logs"]);
}

/// A trail on S3, with so many objects of each of two accounts on each day.
fn bucket(n_objects: usize) -> Bucket {
    let mut bucket = Bucket::new("trail");
    for day in 5..=7 {
        for (account, n) in
            [ACCOUNT, OTHER].into_iter().flat_map(|it| (0..n_objects).map(move |n| (it, n)))
        {
            let body = document(&[call(&format!("e{day}{n}"), &time(day))]);
            bucket = bucket.object(&key(account, REGION, &stamp(day), &format!("x{n}")), body);
        }
    }
    bucket
}

#[test]
fn shard_that_fails_leaves_no_summary_of_an_earlier_try() {
    let world = World::new();
    let read = ["read", "--shard", "0/1", "-o", "readings", "--source", "s3://trail"];
    let read = [&read[..], &RANGE].concat();
    let summary = world.path("readings/shard-0-of-1.json");
    let denied = Failure::Refuse { status: 403, code: "AccessDenied", message: "no" };
    for (faults, code) in [(vec![], 0), (vec![Fault::always(denied).on(Kind::Get)], 1), (vec![], 0)]
    {
        let config = Config { buckets: vec![bucket(5)], faults, ..Config::default() };
        let server = Server::start(config).unwrap();
        fed(world.command_on(&server, &read), "").ends(code);
        assert_eq!(summary.exists(), code == 0);
    }
}

#[test]
fn shards_fetch_each_object_once_and_write_to_s3() {
    let world = World::new();
    let buckets = vec![bucket(1), Bucket::new("analytics")];
    let server = Server::start(Config { buckets, records: true, ..Config::default() }).unwrap();
    for shard in ["0/3", "1/3", "2/3"] {
        let out = "s3://analytics/readings/october/";
        let read = ["read", "--shard", shard, "-o", out, "--source", "s3://trail"];
        fed(world.command_on(&server, &[&read[..], &RANGE].concat()), "").ends(0);
    }
    let recorded = server.recorded();
    let gets = recorded.iter().filter(|it| it.kind == Kind::Get && it.bucket == "trail");
    assert_eq!(gets.count(), 6);
    let keys = server.keys("analytics");
    let summaries = keys.iter().filter(|key| key.ends_with("-of-3.json")).count();
    assert_eq!(summaries, 3, "{keys:?}");
    let n_rows = keys.iter().filter(|key| key.ends_with(".arrow")).map(|key| {
        assert!(key.starts_with("readings/october/dt=2026-10-0"), "{key}");
        rows(&server.object("analytics", key).unwrap()).len()
    });
    assert_eq!(n_rows.sum::<usize>(), 6);
}

#[test]
fn shard_that_cannot_be_is_refused() {
    let world = World::new();
    let refused = |shard: &str, more: &[&str], part: &str| {
        let read = ["read", "--shard", shard, "--source", "trail"];
        let found = fed(world.command(&[&read[..], &RANGE, more].concat()), "").ends(2);
        assert!(found.stderr.contains(part), "no `{part}` in {}", found.stderr);
    };
    let out = ["-o", "readings"];
    refused("5/5", &out, "--shard 5/5: I must be 0 to 4");
    refused("0/0", &out, "--shard 0/0: N must be 1 or more");
    refused("a/b", &out, "--shard: expected I/N such as 0/365, found `a/b`");
    refused("0/1", &[], "--out: expected the folder of all shards");
    refused("0/1", &["-o", "trail/readings"], "inside the source");
    assert!(!world.path("readings").exists());
}
