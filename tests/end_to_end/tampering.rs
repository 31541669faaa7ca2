//! Log files that were changed: digest files show it, and so do bytes after the gzip member.

use std::fs;

use testkit::gzip;

use crate::world::{World, call, document, sample, texts, tree};

const D5: &str = "2026-10-05";

/// A copy of the bundled sample, whose digest files list two log files of the 5th.
fn sample_world() -> World {
    let world = World::new();
    for (key, bytes) in tree(&sample()) {
        world.write(&format!("trail/{key}"), bytes);
    }
    world
}

/// The keys of the log files with a status, as `ingest` has them.
fn keys_with(world: &World, status: &str) -> Vec<String> {
    let mut rows = world.rows("ingest", D5);
    rows.retain(|row| row["digest_status"] == status);
    texts(&rows, "key")
}

#[test]
fn changed_log_file_does_not_match_its_digest() {
    let world = sample_world();
    world.run(&["--day", D5]).ends(0);
    assert!(world.rows("ingest", D5).iter().all(|row| row["digest_status"].is_null()));
    // What was not compared before is read again.
    world.run(&["--day", D5, "--verify-digests"]).ends(0);
    let valid = keys_with(&world, "valid");
    assert_eq!(valid.len(), 2, "{valid:?}");
    assert_eq!(world.summary()["digests"]["log_files"]["valid"], 2);
    assert_eq!(world.summary()["digests"]["errors"], 0);

    // A record more, in a sound object.
    let key_of = |name: &String| {
        let keys = tree(&sample()).into_keys();
        keys.into_iter().find(|key| key.ends_with(name.as_str())).unwrap()
    };
    world.write(
        &format!("trail/{}", key_of(&valid[0])),
        document(&[call("e1", "2026-10-05T13:00:00Z")]),
    );
    let run = world.run(&["--day", D5, "--verify-digests"]).ends(1);
    assert!(run.stderr.contains("--verify-digests: 1 problem"), "{}", run.stderr);
    assert_eq!(keys_with(&world, "mismatch"), valid[..1]);
    let problem = &world.summary()["digests"]["problems"][0];
    assert_eq!(
        (&problem["key"], &problem["kind"]),
        (&valid[0].as_str().into(), &"wrong_log".into())
    );

    // And one less object: the day is not replaced, and the digest names what is missing.
    fs::remove_file(world.trail().join(key_of(&valid[1]))).unwrap();
    world.run(&["--day", D5, "--verify-digests", "--force"]).ends(1);
    let summary = world.summary();
    let problems = summary["digests"]["problems"].as_array().unwrap();
    let is_missing =
        |p: &serde_json::Value| p["kind"] == "missing_log" && p["key"] == valid[1].as_str();
    assert!(problems.iter().any(is_missing), "{problems:?}");
}

#[test]
fn gzip_members_after_the_first_are_read_only_on_request() {
    let world = World::new();
    let (first, second) = (call("e1", "2026-10-05T12:00:00Z"), call("e2", "2026-10-05T12:00:01Z"));
    let document = serde_json::json!({ "Records": [first, second] }).to_string();
    let (head, tail) = document.as_bytes().split_at(document.len() / 2);
    let key = world.object("20261005T1210Z", "a", &[]);
    world.write(&format!("trail/{key}"), [gzip(head), gzip(tail)].concat());
    let run = world.run(&["--day", D5]).ends(3);
    assert!(run.stdout.contains("bytes after the gzip member"), "{}", run.stdout);
    assert!(world.event_ids(D5).is_empty());
    world.run(&["--day", D5, "--accept-trailing-members"]).ends(0);
    assert_eq!(world.event_ids(D5), ["e1", "e2"]);
}
