//! What stands at a destination is input too: files that were changed, manifests and leases that others wrote,
//! services that do not keep runs apart.

use std::fs;
use std::time::Duration;

use s3_server::{Bucket, Config, Failure, Fault, Kind, Server};
use serde_json::{Value, json};

use crate::backfill::{DAYS, backfill};
use crate::world::{Run, World, assert_same, tree};

const RANGE: [&str; 4] = ["--from", DAYS[0], "--to", DAYS[4]];
const ELSEWHERE: &str = r#"{"host": "else\nwhere\u001b[31m", "pid": 7, "process": "another-boot pid:[1] 99",
    "since": "2026-10-05T00:00:00Z", "until": "9999-01-01T00:00:00Z"}"#;

fn built() -> World {
    let world = World::new();
    backfill(3, 2).write(&world);
    world.run(&RANGE).ends(0);
    world
}

/// Asserts that a run rebuilds the second day for a file that is not as it was written.
fn assert_rebuilt(world: &World, run: Run, what: &str) {
    run.ends(0);
    let days = &world.summary()["days"];
    // Others may have left a call to it.
    let day = days.as_array().unwrap().iter().find(|day| day["dt"] == DAYS[1]);
    let reason =
        format!("denials/dt={}/part-0.parquet is missing or not as it was written", DAYS[1]);
    assert_eq!(day.map(|day| &day["reason"]), Some(&json!(reason)), "{what}: {days}");
}

#[test]
fn file_that_is_missing_or_has_another_size_is_written_again() {
    let world = built();
    let before = tree(&world.out());
    let path = world.out().join(format!("denials/dt={}/part-0.parquet", DAYS[1]));
    fs::remove_file(&path).unwrap();
    assert_rebuilt(&world, world.run(&RANGE), "removed");
    assert_same(&tree(&world.out()), &before, "removed");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    assert_rebuilt(&world, world.run(&RANGE), "cut");
    assert_same(&tree(&world.out()), &before, "cut");
}

#[test]
fn file_of_the_same_size_with_another_etag_is_written_again() {
    let world = World::new();
    let (trail, analytics) = (backfill(3, 2).bucket(), Bucket::new("analytics"));
    let server = Server::start(Config::new().bucket(trail).bucket(analytics)).unwrap();
    let summary = world.text("summary.json");
    let locations = ["run", "--source", "s3://trail", "--dest", "s3://analytics/bedrock"];
    let more = ["--summary-json", &summary];
    let run = || world.hoptrail_on(&server, &[&locations[..], &RANGE, &more].concat());
    run().ends(0);
    let key = format!("bedrock/denials/dt={}/part-0.parquet", DAYS[1]);
    let before = server.object("analytics", &key).unwrap();
    let mut other = before.to_vec();
    other[9] ^= 1;
    server.put_object("analytics", &key, other);
    assert_rebuilt(&world, run(), "changed");
    assert_eq!(server.object("analytics", &key).unwrap(), before);
}

/// A manifest names files that are to be deleted. Only those of its own day's tables are.
#[test]
fn crafted_manifest_deletes_no_file_of_anybody_else() {
    let world = built();
    let key = format!("_hoptrail/manifest/dt={}.json", DAYS[1]);
    let mut manifest =
        serde_json::from_slice::<Value>(&fs::read(world.out().join(&key)).unwrap()).unwrap();
    let table =
        fs::read(world.out().join(format!("denials/dt={}/part-0.parquet", DAYS[1]))).unwrap();
    let output = |key: &str| {
        let outputs = manifest["outputs"].as_array().unwrap();
        let is_denials = |output: &&Value| output["key"].as_str().unwrap().starts_with("denials/");
        let mut output = outputs.iter().find(is_denials).unwrap().clone();
        output["key"] = json!(key);
        output
    };
    let others = [
        "team/report.parquet".to_owned(),
        format!("denials/dt={}/part-0.parquet", DAYS[2]),
        format!("denials/dt={}/notes.parquet", DAYS[1]),
        "../beside.parquet".to_owned(),
    ];
    let own = format!("denials/dt={}/part-1.parquet", DAYS[1]);
    let named = others.iter().chain([&own]).map(|key| output(key)).collect::<Vec<_>>();
    manifest["outputs"].as_array_mut().unwrap().extend(named);
    for key in others.iter().chain([&own]) {
        let path = world.out().join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &table).unwrap();
    }
    fs::write(world.out().join(&key), manifest.to_string()).unwrap();
    world.run(&[&RANGE[..], &["--force"]].concat()).ends(0);
    for key in &others {
        assert!(world.out().join(key).exists(), "{key}");
    }
    assert!(!world.out().join(&own).exists(), "an earlier build's file of its own table");
}

#[test]
fn foreign_lease_is_named_on_one_line_and_what_it_says_of_times_is_not_believed() {
    let world = built();
    let lease = world.out().join(format!("_hoptrail/lease/dt={}.json", DAYS[1]));
    fs::create_dir_all(lease.parent().unwrap()).unwrap();
    for (text, named) in
        [(ELSEWHERE, "process 7 on else"), (&"x".repeat(1 << 20), "cannot be read")]
    {
        fs::write(&lease, text).unwrap();
        let run = world.run(&[&RANGE[..], &["--force"]].concat());
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        assert!(!run.stderr.contains('\u{1b}'), "{}", run.stderr);
        run.says(1, &[named, DAYS[1], "--wait-lock"]);
        // Three minutes later it is stale, whatever it says.
        let old = std::time::SystemTime::now() - Duration::from_secs(181);
        fs::File::options().write(true).open(&lease).unwrap().set_modified(old).unwrap();
        world.run(&[&RANGE[..], &["--force"]].concat()).ends(0);
        assert!(!lease.exists());
    }
}

/// Three runs at once would all write there.
#[test]
fn service_that_ignores_conditions_is_refused() {
    let world = World::new();
    let (trail, analytics) = (backfill(3, 2).bucket(), Bucket::new("analytics"));
    let server = Server::start(Config::new().bucket(trail).bucket(analytics)).unwrap();
    let run = |more: &[&str]| {
        let locations = ["run", "--source", "s3://trail", "--dest", "s3://analytics/bedrock"];
        world.hoptrail_on(&server, &[&locations[..], &RANGE, more].concat())
    };
    let refuse = |status, code| Failure::Refuse { status, code, message: "" };
    let cases = [
        (Fault::always(Failure::IgnoreConditions), "the service ignores the conditions of writes"),
        (
            Fault::always(refuse(501, "NotImplemented")).on(Kind::Put),
            "the service knows no conditional writes",
        ),
    ];
    for (fault, reason) in cases {
        server.set_faults(vec![fault]);
        run(&[]).says(
            1,
            &["runs cannot be kept apart in s3://analytics/bedrock", reason, "--no-lease"],
        );
        let left = server.keys("analytics");
        assert!(left.iter().all(|key| !key.contains("dt=") && !key.contains("lease")), "{left:?}");
    }
    server.set_faults(vec![Fault::always(Failure::IgnoreConditions)]);
    run(&["--no-lease"]).ends(0);
    server.set_faults(Vec::new());
    run(&[]).ends(0);
    let verify = ["verify", "--dest", "s3://analytics/bedrock"];
    world.hoptrail_on(&server, &verify).ends(0);
}

/// Conditions of writes are known, and those of deletions are not: nothing is deleted.
#[test]
fn service_without_conditional_deletions_serves() {
    let world = World::new();
    let (trail, analytics) = (backfill(3, 2).bucket(), Bucket::new("analytics"));
    let server = Server::start(Config::new().bucket(trail).bucket(analytics)).unwrap();
    let run = || {
        let locations = ["run", "--source", "s3://trail", "--dest", "s3://analytics/bedrock"];
        world.hoptrail_on(&server, &[&locations[..], &RANGE].concat())
    };
    let refuse = Failure::Refuse { status: 501, code: "NotImplemented", message: "" };
    server.set_faults(vec![Fault::always(refuse).on(Kind::Delete)]);
    run().ends(0);
    let leases = server.keys("analytics").into_iter().filter(|key| key.contains("/lease/"));
    let leases = leases.collect::<Vec<_>>();
    assert_eq!(leases.len(), DAYS.len(), "given back, and not deleted");
    // None of them is held.
    server.put_object(
        "trail",
        &server.keys("trail")[0].replace(".json.gz", "-2.json.gz"),
        "{\"Records\":[]}",
    );
    run().ends(0);
}
