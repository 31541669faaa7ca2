//! A day that was built with model invocation logs is not rebuilt without them, or with fewer.

use std::fs;

use serde_json::{Value, json};

use crate::world::{ACCOUNT, REGION, Run, World, assert_adds_up, assert_same, call, tree};

const DAY: &str = "2026-10-05";
const LOGS: [&str; 2] = ["--invocation-logs", "logs"];

fn log(id: &str) -> String {
    json!({
        "schemaType": "ModelInvocationLog", "schemaVersion": "1.0",
        "timestamp": "2026-10-05T12:00:00Z", "accountId": ACCOUNT, "region": REGION,
        "requestId": format!("request-of-{id}"), "operation": "Converse",
        "modelId": "us.anthropic.claude-sonnet-4-6",
        "input": { "inputTokenCount": 100 }, "output": { "outputTokenCount": 20 },
    })
    .to_string()
}

/// The path of a log.
fn log_path(id: &str) -> String {
    format!("logs/AWSLogs/{ACCOUNT}/BedrockModelInvocationLogs/{REGION}/2026/10/05/12/{id}.json")
}

/// Three calls, each with its log, published.
fn published(more: &[&str]) -> World {
    let world = World::new();
    world.object(
        "20261005T1210Z",
        "a",
        &["a", "b", "c"].map(|id| call(id, "2026-10-05T12:00:00Z")),
    );
    ["a", "b", "c"].iter().for_each(|id| drop(world.write(&log_path(id), log(id))));
    run(&world, more).ends(0);
    assert_eq!(n_joined(&world), 3);
    world
}

fn run(world: &World, more: &[&str]) -> Run {
    let run = world.run(&[&["--day", DAY], more].concat());
    assert_adds_up(&world.summary());
    run
}

/// Calls whose tokens are from the logs.
fn n_joined(world: &World) -> usize {
    let rows = world.rows("invocations", DAY);
    rows.iter().filter(|row| row["token_source"] == "invocation_log").count()
}

fn manifest(world: &World) -> Value {
    let path = world.out().join(format!("_hoptrail/manifest/dt={DAY}.json"));
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Asserts that the day stays as it is, and that a message has its numbers of log objects.
#[track_caller]
fn assert_left(world: &World, more: &[&str], numbers: &str) {
    let before = tree(&world.out());
    let refused = run(world, more).ends(1);
    assert_same(&tree(&world.out()), &before, numbers);
    for part in
        [DAY, "is left as it is: it would lose model invocation logs ", numbers, "--allow-shrink"]
    {
        assert!(refused.stderr.contains(part), "no `{part}` in {}", refused.stderr);
    }
}

#[test]
fn day_keeps_its_logs_in_a_run_without_them() {
    let world = published(&LOGS);
    let before = tree(&world.out());
    for more in [&[][..], &["--allow-shrink"]] {
        run(&world, more).ends(0);
        assert_eq!(world.summary()["unchanged"], json!([DAY]));
        assert_same(&tree(&world.out()), &before, "unchanged");
    }
    let none = "log objects: 3 before, 0 now without --invocation-logs)";
    assert_left(&world, &["--force"], none);
    world.object("20261005T1220Z", "d", &[call("d", "2026-10-05T12:00:00Z")]);
    assert_left(&world, &[], none);
    run(&world, &LOGS).ends(0);
    assert_eq!((n_joined(&world), world.event_ids(DAY).len()), (3, 4));
    run(&world, &["--force", "--allow-shrink"]).ends(0);
    assert_eq!((n_joined(&world), &manifest(&world)["invocation_logs"]), (0, &Value::Null));
}

#[test]
fn day_is_not_rebuilt_with_fewer_logs() {
    let world = published(&LOGS);
    let first = world.path(&log_path("a"));
    let bytes = fs::read(&first).unwrap();
    fs::remove_file(&first).unwrap();
    for more in [&LOGS[..], &["--force", LOGS[0], LOGS[1]]] {
        assert_left(&world, more, "log objects: 3 before, 2 now)");
    }
    // One that cannot be read is none.
    fs::write(&first, "{").unwrap();
    assert_left(&world, &LOGS, "log objects: 3 before, 3 now, 1 of them unreadable)");
    run(&world, &[&LOGS[..], &["--allow-shrink"]].concat()).ends(3);
    assert_eq!(n_joined(&world), 2);
    // It is tried again, and no loss any more.
    run(&world, &LOGS).ends(3);
    assert_eq!(world.summary()["days"][0]["reason"], "partial before");
    // Without logs there is nothing to try.
    run(&world, &[]).ends(0);
    assert_eq!(world.summary()["unchanged"], json!([DAY]));
    fs::write(&first, bytes).unwrap();
    run(&world, &LOGS).ends(0);
    assert_eq!(n_joined(&world), 3);
    run(&world, &LOGS).ends(0);
    assert_eq!(world.summary()["unchanged"], json!([DAY]));
}

/// Logs whose names have no date are those of every day.
#[test]
fn logs_without_a_date_are_kept_too() {
    let world = World::new();
    let calls = ["a", "b"].map(|id| call(id, "2026-10-05T12:00:00Z"));
    world.object("20261005T1210Z", "a", &calls);
    world.write("export.json", format!("{}\n{}\n", log("a"), log("b")));
    let export = ["--invocation-logs", "export.json"];
    run(&world, &export).ends(0);
    assert_eq!(n_joined(&world), 2);
    assert_left(&world, &["--force"], "log objects: 1 before, 0 now");
    // Another export is other input.
    world.write("export.json", log("a"));
    run(&world, &export).ends(0);
    assert_eq!(n_joined(&world), 1);
}

#[test]
fn any_layout_keeps_logs_too() {
    let any = ["--layout", "any"];
    let world = World::new();
    world.object("20261005T1210Z", "a", &[call("a", "2026-10-05T12:00:00Z")]);
    world.write(&log_path("a"), log("a"));
    world.run(&[&any[..], &LOGS].concat()).ends(0);
    assert_eq!(n_joined(&world), 1);
    let before = tree(&world.out());
    let refused = world.run(&any).ends(1);
    assert!(refused.stderr.contains("log objects: 1 before, 0 now"), "{}", refused.stderr);
    assert_adds_up(&world.summary());
    assert_same(&tree(&world.out()), &before, "left");
}

#[test]
fn manifest_lists_logs_without_their_location() {
    let world = published(&LOGS);
    let logs = manifest(&world)["invocation_logs"].clone();
    assert_eq!(
        (&logs["objects"], &logs["unreadable"], &logs["joined"]),
        (&json!(3), &json!(0), &json!(3))
    );
    let folder = format!("{ACCOUNT}/BedrockModelInvocationLogs/{REGION}");
    assert_eq!(logs["folders"], json!({ folder: 3 }));
    let before = tree(&world.out());
    fs::rename(world.path("logs"), world.path("moved")).unwrap();
    run(&world, &["--force", "--invocation-logs", &world.text("moved")]).ends(0);
    assert_same(&tree(&world.out()), &before, "the same logs");
}
