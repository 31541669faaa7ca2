//! `hoptrail verify`: the tables against their manifests, and against the source.

use std::fs;

use serde_json::Value;

use crate::world::{Run, World, call};

const D5: &str = "2026-10-05";
const D6: &str = "2026-10-06";

/// Two published days.
fn built() -> World {
    let world = World::new();
    world.object("20261005T1210Z", "a", &[call("e1", "2026-10-05T12:00:00Z")]);
    world.object("20261006T1210Z", "b", &[call("e2", "2026-10-06T12:00:00Z")]);
    world.run(&["--from", D5, "--to", D6]).ends(0);
    world
}

fn verify(world: &World, more: &[&str]) -> (Run, Value) {
    let out = world.text("out");
    let run = world.hoptrail(&[&["verify", "--dest", &out, "--output", "json"][..], more].concat());
    let found = serde_json::from_str(&run.stdout).unwrap();
    (run, found)
}

/// The findings as `kind key`.
fn findings(found: &Value) -> Vec<String> {
    let findings = found["findings"].as_array().unwrap().iter();
    let shown = findings.map(|finding| {
        let text = |name: &str| finding[name].as_str().unwrap().to_owned();
        format!("{} {}", text("kind"), text("key"))
    });
    shown.collect()
}

#[test]
fn written_tables_are_valid() {
    let world = built();
    let (run, found) = verify(&world, &[]);
    run.ends(0);
    assert_eq!(findings(&found), Vec::<String>::new());
    assert_eq!((&found["days"], &found["valid_files"]), (&2.into(), &20.into()));
    assert!(found["source"].is_null(), "the source was not asked");
}

/// A run that is killed while it replaces a day leaves one finding, and the next run repairs it.
/// A location with a slip in its name must not keep a nightly check green.
#[test]
fn location_where_nothing_is_published_is_named() {
    let world = built();
    for more in [&["--dest", "other"][..], &["--dest", "out", "--day", "2026-10-09"]] {
        fs::create_dir_all(world.path("other")).unwrap();
        let run = world.hoptrail(&[&["verify"], more].concat()).ends(5);
        assert!(run.stderr.contains("nothing is published"), "{}", run.stderr);
    }
}

#[test]
fn half_replaced_day_is_found() {
    let world = built();
    let key = format!("_hoptrail/manifest/dt={D5}.json");
    let manifest = fs::read(world.out().join(&key)).unwrap();
    let mut manifest = serde_json::from_slice::<Value>(&manifest).unwrap();
    manifest["replaced"] = manifest["outputs"].take();
    manifest["outputs"] = Value::Array(Vec::new());
    manifest["is_complete"] = false.into();
    world.write(&format!("out/{key}"), manifest.to_string());
    let (run, found) = verify(&world, &[]);
    run.ends(1);
    assert_eq!(findings(&found), [format!("interrupted {key}")]);
    world.run(&["--from", D5, "--to", D6]).ends(0);
    let (run, found) = verify(&world, &[]);
    run.ends(0);
    assert_eq!(findings(&found), Vec::<String>::new());
}

#[test]
fn missing_changed_and_unexpected_files_are_found() {
    let world = built();
    let path = |key: &str| world.out().join(key);
    fs::remove_file(path("denials/dt=2026-10-05/part-0.parquet")).unwrap();
    let changed = path("invocations/dt=2026-10-05/part-0.parquet");
    let mut bytes = fs::read(&changed).unwrap();
    bytes[100] ^= 1;
    fs::write(changed, bytes).unwrap();
    world.write("out/ingest/dt=2026-10-06/theirs.parquet", "theirs");
    fs::remove_file(path("_hoptrail/manifest/dt=2026-10-06.json")).unwrap();
    world.write("out/_hoptrail/manifest/dt=2026-10-07.json", "{");
    let (run, found) = verify(&world, &[]);
    let run = run.ends(1);
    assert!(run.stderr.contains("verification failed for"), "{}", run.stderr);
    let found = findings(&found);
    let expected = [
        "missing denials/dt=2026-10-05/part-0.parquet",
        "changed invocations/dt=2026-10-05/part-0.parquet",
        "no_manifest ingest/dt=2026-10-06/part-0.parquet",
        "no_manifest ingest/dt=2026-10-06/theirs.parquet",
        "corrupt_manifest _hoptrail/manifest/dt=2026-10-07.json",
    ];
    for expected in expected {
        assert!(found.iter().any(|found| found == expected), "{expected} in {found:?}");
    }
    // One day alone.
    let (run, one_day) = verify(&world, &["--day", D5]);
    run.ends(1);
    assert_eq!(findings(&one_day), &expected[..2]);
}

#[test]
fn file_beside_those_of_a_day_is_unexpected() {
    let world = built();
    world.write("out/ingest/dt=2026-10-06/theirs.parquet", "theirs");
    let (run, found) = verify(&world, &[]);
    run.ends(1);
    assert_eq!(findings(&found), ["unexpected ingest/dt=2026-10-06/theirs.parquet"]);
}

#[test]
fn each_finding_has_its_way_out_within_80_columns() {
    let world = built();
    let text = |code: i32| {
        let (trail, out) = (world.text("trail"), world.text("out"));
        let run = world.hoptrail(&["verify", "--dest", &out, "--source", &trail]).ends(code);
        let of_locations = |line: &&str| line.contains(&out) || line.contains(&trail);
        let too_wide = run.stdout.lines().filter(|line| line.chars().count() > 80);
        assert!(
            too_wide.clone().all(|line| of_locations(&line)),
            "{:?}",
            too_wide.collect::<Vec<_>>()
        );
        run.stdout
    };
    let (again, delete) =
        ("To write a day again: hoptrail run --day 2026-10-05", "yours to delete");
    assert!(!text(0).contains(again));
    world.write("out/ingest/dt=2026-10-06/theirs.parquet", "x");
    let found = text(1);
    assert!(found.contains(delete) && !found.contains(again), "{found}");
    world.write("out/denials/dt=2026-10-05/part-0.parquet", "x");
    world.object("20261006T1310Z", "c", &[call("e3", "2026-10-06T13:00:00Z")]);
    let found = text(1);
    assert!(found.contains(delete) && found.contains(again), "{found}");
    assert!(found.contains("objects changed since the day was built"), "{found}");
}

#[test]
fn source_shows_which_days_have_changed_objects() {
    let world = built();
    world.object("20261005T1510Z", "c", &[call("e3", "2026-10-05T15:00:00Z")]);
    world.object("20261007T1210Z", "d", &[call("e4", "2026-10-07T12:00:00Z")]);
    let trail = world.text("trail");
    let (run, found) = verify(&world, &["--source", &trail, "--from", D5, "--to", "2026-10-07"]);
    run.ends(0);
    let source = &found["source"];
    assert_eq!(source["unchanged"], 1);
    let days = |name: &str| {
        let days = source[name].as_array().unwrap().iter();
        days.map(|day| format!("{} {} {}", day["dt"], day["before"], day["now"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(days("changed"), ["\"2026-10-05\" 1 2"]);
    assert_eq!(days("not_built"), ["\"2026-10-07\" 0 1"]);
    // Without days, the published days are compared.
    let (_, found) = verify(&world, &["--source", &trail]);
    assert_eq!(found["source"]["not_built"], Value::Array(Vec::new()));
}
