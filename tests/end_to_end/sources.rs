//! Trails wherever they are: layouts, filters, one object, and what is found beside.

use std::fs;

use s3_server::{Bucket, Config, Server};
use serde_json::json;

use crate::world::{Run, World, assert_same, call, document, key, name, texts, tree, with};

const DAY: &str = "2026-10-05";
const TIME: &str = "2026-10-05T12:00:00Z";
const OTHER: &str = "444455556666";

/// A call of another account, to another Region.
fn other_call(event_id: &str) -> serde_json::Value {
    let record = with(call(event_id, TIME), "/recipientAccountId", OTHER);
    with(record, "/awsRegion", "eu-central-1")
}

/// Control Tower's default bucket, with what is left of the time before its migration.
fn control_tower() -> World {
    let world = World::new();
    let key = |account, region, unique| {
        let key = key(account, region, "20261005T1210Z", unique);
        key.strip_prefix("AWSLogs/").unwrap().to_owned()
    };
    let mine = document(&[call("e1", TIME)]);
    let others = document(&[other_call("e2")]);
    let new = "trail/o-x1/AWSLogs/o-x1";
    world.write(&format!("{new}/{}", key("111122223333", "us-east-1", "a")), &mine);
    world.write(&format!("{new}/{}", key(OTHER, "eu-central-1", "b")), &others);
    world.write(&format!("{new}/111122223333/CloudTrail-Digest/us-east-1/x.json.gz"), "x");
    world.write("trail/o-x1/AWSLogs/111122223333/Config/us-east-1/2026/10/5/c.json.gz", "x");
    let old = document(&[call("e3", TIME)]);
    world.write(&format!("trail/AWSLogs/o-x1/{}", key("111122223333", "us-east-1", "c")), old);
    world
}

#[test]
fn control_towers_bucket_gives_the_same_bytes_from_every_level() {
    let world = control_tower();
    let bucket = Bucket::from_folder("control-tower", &world.trail()).unwrap();
    let server = Server::start(Config::new().bucket(bucket)).unwrap();
    for filter in [&[][..], &["--account", "111122223333", "--source-region", "us-east-1"]] {
        let run = |source: &str| {
            let fresh = World::new();
            let out = fresh.text("out");
            let arguments = ["run", "--source", source, "--dest", &out, "--day", DAY];
            let run = fresh.hoptrail_on(&server, &[&arguments[..], filter].concat()).ends(0);
            assert_eq!(run.stderr, "", "{source}");
            (fresh.event_ids(DAY), tree(&fresh.out()))
        };
        let (events, _) = run("s3://control-tower");
        assert_eq!(events.len(), if filter.is_empty() { 3 } else { 2 }, "{events:?}");
        let (_, expected) = run("s3://control-tower/o-x1");
        for level in ["AWSLogs", "AWSLogs/o-x1"] {
            let (_, found) = run(&format!("s3://control-tower/o-x1/{level}"));
            assert_same(&found, &expected, level);
            let folder = world.trail().join("o-x1").join(level).display().to_string();
            let (_, mut found) = run(&folder);
            let mut expected = expected.clone();
            for tree in [&mut found, &mut expected] {
                // ETags of a folder are others.
                tree.retain(|name, _| !name.contains("_hoptrail/manifest/"));
            }
            assert_same(&found, &expected, &folder);
        }
    }
}

/// Objects have the same names from every level, and days are not rebuilt for it.
#[test]
fn source_at_another_level_leaves_published_days_as_they_are() {
    let world = control_tower();
    let run = |level: &str| {
        let (source, out) = (world.text(level), world.text("out"));
        let run = ["run", "--source", &source, "--dest", &out, "--day", DAY];
        world.hoptrail(&[&run[..], &["--summary-json", "summary.json"]].concat()).ends(0)
    };
    run("trail/o-x1");
    let before = tree(&world.out());
    for level in ["trail/o-x1/AWSLogs", "trail/o-x1/AWSLogs/o-x1", "trail/o-x1"] {
        let run = run(level);
        assert!(!run.stderr.contains("not there any more"), "{}", run.stderr);
        assert_same(&tree(&world.out()), &before, level);
        assert_eq!(world.summary()["objects"]["read"], 0, "{level}: {}", world.summary());
    }
}

#[test]
fn trails_and_folders_that_were_not_searched_are_listed() {
    let world = control_tower();
    world.write("trail/firehose/2026/10/05/12/s-1-2026-10-05-12-02-11-u", "x");
    let run = world.run(&["--day", DAY]).ends(0);
    for line in [
        "Trails: 2",
        "  AWSLogs/o-x1/  1 account · 1 Region · 2026-10-05",
        "  o-x1/AWSLogs/o-x1/  2 accounts · 2 Regions · 2026-10-05",
        "Not searched: 3 folders",
        "  o-x1/AWSLogs/111122223333/Config/  AWS Config",
        "  o-x1/AWSLogs/o-x1/111122223333/CloudTrail-Digest/  digest files",
    ] {
        assert!(run.stdout.lines().any(|found| found == line), "{line}: {}", run.stdout);
    }
    let summary = world.summary();
    assert_eq!(summary["not_searched"]["count"], 3);
    assert!(summary["not_searched"]["folders"]["firehose/2026/"].is_string(), "{summary}");
    assert_eq!(summary["trails"][1]["accounts"], json!(["111122223333", OTHER]));
}

#[test]
fn filters_hold_by_records_where_keys_say_nothing() {
    let lines = format!("{}\n{}\n", call("e1", TIME), other_call("e2"));
    for (file, layout) in [
        ("trail/a.json", &["--layout", "any"][..]),
        ("trail/firehose/2026/10/05/12/s-1-2026-10-05-12-02-11-u", &["--day", DAY]),
    ] {
        let world = World::new();
        world.write(file, &lines);
        let run = |filter: &[&str]| world.run(&[layout, filter, &["--allow-shrink"]].concat());
        run(&["--account", OTHER]).ends(0);
        assert_eq!(world.event_ids(DAY), ["e2"], "{file}");
        run(&["--source-region", "us-east-1"]).ends(0);
        assert_eq!(world.event_ids(DAY), ["e1"], "{file}");
        run(&[]).ends(0);
        assert_eq!(world.event_ids(DAY), ["e1", "e2"], "{file}");
        let run = run(&["--account", "999999999999"]).ends(1);
        let error = "`999999999999`; found `111122223333`, `444455556666`";
        assert!(run.stderr.contains(error), "{}", run.stderr);
    }
}

#[test]
fn filter_that_cannot_be_or_matches_nothing_is_never_silent() {
    let world = control_tower();
    for (filter, code, parts) in [
        (["--source-region", "use1"], 2, ["us-east-1", "`use1`"]),
        (["--source-region", "US-EAST-1"], 2, ["`US-EAST-1`", "did you mean `us-east-1`?"]),
        (["--source-region", " us-east-1"], 2, ["` us-east-1`", "did you mean `us-east-1`?"]),
        (["--source-region", "N. Virginia"], 2, ["`N. Virginia`", "did you mean `us-east-1`?"]),
        (["--account", "12345678901"], 2, ["12 digits", "`12345678901`"]),
        (["--source-region", "us-west-9"], 1, ["`us-west-9`", "`eu-central-1`, `us-east-1`"]),
        (["--account", "999999999999"], 1, ["`999999999999`", "`111122223333`"]),
    ] {
        for command in ["run", "plan"] {
            let (source, out) = (world.text("trail"), world.text("out"));
            let arguments = [command, "--source", &source, "--dest", &out, "--day", DAY];
            let run = world.hoptrail(&[&arguments[..], &filter].concat()).ends(code);
            for part in parts {
                assert!(run.stderr.contains(part), "{filter:?}: {}", run.stderr);
            }
        }
    }
    assert!(!world.path("out/ingest").exists(), "nothing is written");
    let several = format!("{OTHER},999999999999");
    let run = world.run(&["--day", DAY, "--account", &several]).ends(3);
    assert!(run.stderr.contains("--account 999999999999: nothing"), "{}", run.stderr);
    assert_eq!(world.event_ids(DAY), ["e2"]);
}

#[test]
fn one_object_or_file_is_read_whatever_it_is_called() {
    let names = ["events.json", "r.csv", "plain", "_x.parquet", "111122223333_elb_us-east-1_x.log"];
    let world = World::new();
    for file in names {
        let folder = file.replace('.', "-");
        world.write(&format!("trail/{folder}/{file}"), call("e1", TIME).to_string());
        world.write(&format!("trail/{folder}/{file}2"), call("e2", TIME).to_string());
    }
    let bucket = Bucket::from_folder("logs", &world.trail()).unwrap();
    let server = Server::start(Config::new().bucket(bucket)).unwrap();
    for file in names {
        let key = format!("{}/{file}", file.replace('.', "-"));
        for source in [world.text(&format!("trail/{key}")), format!("s3://logs/{key}")] {
            let fresh = World::new();
            let out = fresh.text("out");
            let arguments = ["run", "--source", &source, "--dest", &out, "--day", DAY];
            fresh.hoptrail_on(&server, &arguments).ends(0);
            assert_eq!(fresh.event_ids(DAY), ["e1"], "{source}");
            assert_eq!(texts(&fresh.rows("ingest", DAY), "key"), [file], "{source}");
        }
    }
}

#[test]
fn restored_object_of_a_trail_belongs_to_the_day_in_its_name() {
    let world = World::new();
    let key = world.object("20261005T1210Z", "x", &[call("e1", TIME)]);
    let restored = key.replace("us-east-1/2026/10/05", "us-east-1/restored/2026/10/20");
    let restored = restored.replace("_x.json", "_r.json");
    world.write(&format!("trail/{restored}"), document(&[call("e2", TIME)]));
    world.run(&["--day", DAY]).ends(0);
    assert_eq!(world.event_ids(DAY), ["e1", "e2"]);
}

#[test]
fn files_beside_days_are_counted_or_their_folder_is_named() {
    let region = "AWSLogs/111122223333/CloudTrail/us-east-1";
    let trail = key("111122223333", "us-east-1", "20261005T1210Z", "x");
    let trails = name(&trail);
    let flat = trails.rsplit('/').next().unwrap();
    for (day, loose, folder) in [
        (trail.as_str(), &format!("{region}/misc/x.json.gz")[..], None),
        (&trail, &format!("{region}/2026/10/loose.json.gz"), None),
        (&trail, "other/x.json", Some("other/")),
        (flat, "export.json", None),
        ("a/dt=2026-10-05/p", "a/loose.json", Some("a/")),
        ("fh/2026/10/05/12/p", "other/x.json", Some("other/")),
    ] {
        let world = World::new();
        world.write(&format!("trail/{day}"), document(&[call("e1", TIME)]));
        world.write(&format!("trail/{loose}"), document(&[call("e2", TIME)]));
        world.run(&["--day", DAY]).ends(0);
        assert_eq!(world.event_ids(DAY), ["e1"], "{loose}");
        let summary = world.summary();
        match folder {
            Some(folder) => {
                assert!(summary["not_searched"]["folders"][folder].is_string(), "{loose}");
            }
            None => assert_eq!(summary["objects"]["skipped_example"], loose, "{loose}"),
        }
    }
}

#[test]
fn search_that_ends_at_its_limit_names_twenty_folders_and_the_count() {
    let world = World::new();
    for number in 10..40 {
        world.write(&format!("trail/z{number}/y/x.txt"), "x");
    }
    let run = world.run(&["--day", DAY, "--max-search-requests", "1"]).ends(1);
    let names = (10..30).map(|number| format!("`z{number}/`")).collect::<Vec<_>>().join(", ");
    let limit = "(the limit of 1 search requests was reached), and 10 more";
    let expected = format!("not searched: 30 folders: {names} {limit}");
    assert!(run.stderr.contains(&expected), "{}", run.stderr);
}

#[test]
fn standard_input_is_read_as_one_object() {
    let world = World::new();
    let read = |document: Vec<u8>, arguments: &[&str]| {
        let all = ["run", "--source", "-", "--dest", "out", "--summary-json", "summary.json"];
        let file = fs::File::open(world.write("input", document)).unwrap();
        let mut command = world.command(&[&all[..], arguments].concat());
        Run::of(command.stdin(file).output().unwrap())
    };
    let one = document(&[call("e1", TIME)]);
    read(one.clone(), &[]).ends(0);
    assert_eq!(world.event_ids(DAY), ["e1"]);
    assert_eq!(texts(&world.rows("ingest", DAY), "key"), ["stdin"]);
    read(one, &["--day", DAY]).ends(0);
    let other = document(&[call("e2", TIME), call("e3", TIME)]);
    let refused = read(other.clone(), &["--day", DAY]).ends(1);
    assert!(refused.stderr.contains("--allow-shrink"), "{}", refused.stderr);
    assert_eq!(world.event_ids(DAY), ["e1"]);
    read(other, &["--day", DAY, "--allow-shrink"]).ends(0);
    assert_eq!(world.event_ids(DAY), ["e2", "e3"]);
}

#[test]
fn folder_of_files_alone_is_read_whatever_they_are_called() {
    for file in ["events.json", "event_history.json", "bedrock.jsonl", "a.json.gz"] {
        let world = World::new();
        world.write(&format!("trail/{file}"), document(&[call("e1", TIME)]));
        let bucket = Bucket::from_folder("logs", &world.trail()).unwrap();
        let server = Server::start(Config::new().bucket(bucket)).unwrap();
        let folder = world.text("trail");
        for source in [folder.as_str(), "s3://logs"] {
            let fresh = World::new();
            let out = fresh.text("out");
            let arguments = ["--source", source, "--dest", &out, "--day", DAY];
            for command in ["plan", "run", "verify"] {
                let run =
                    fresh.hoptrail_on(&server, &[&[command], &arguments[..]].concat()).ends(0);
                assert!(run.stderr.contains("--layout any"), "{command}: {}", run.stderr);
            }
            assert_eq!(fresh.event_ids(DAY), ["e1"], "{source} {file}");
        }
    }
}

#[test]
fn folder_of_files_is_no_such_with_a_folder_beside_them_or_another_layout() {
    let world = World::new();
    world.write("trail/events.json", document(&[call("e1", TIME)]));
    world.run(&["--day", DAY, "--layout", "trail"]).ends(1);
    world.write("trail/other/events.json", document(&[call("e2", TIME)]));
    world.run(&["--day", DAY]).ends(1);
    fs::remove_dir_all(world.path("trail/other")).unwrap();
    world.object("20261005T1210Z", "x", &[call("e3", TIME)]);
    world.run(&["--day", DAY]).ends(0);
    assert_eq!(world.event_ids(DAY), ["e3"]);
}

#[test]
fn files_of_desktops_and_markers_of_folders_are_skipped_and_counted() {
    let world = World::new();
    let key = world.object("20261005T1210Z", "x", &[call("e1", TIME)]);
    let (folder, file) = key.rsplit_once('/').unwrap();
    world.write(&format!("trail/{folder}/._{file}"), [0, 5, 22, 7]);
    world.write(&format!("trail/{folder}/.DS_Store"), "x");
    let run = world.run(&["--day", DAY]).ends(0);
    assert!(run.stdout.contains("2 files that are no log files, such as"), "{}", run.stdout);
    assert_eq!(texts(&world.rows("ingest", DAY), "key"), [name(&key)]);
    assert_eq!(world.summary()["objects"]["skipped"], 2);
}

#[test]
fn range_with_files_of_another_kind_names_them_and_the_days_there_are() {
    let world = World::new();
    world.object("20261001T1210Z", "x", &[call("e1", "2026-10-01T12:00:00Z")]);
    let folder = "trail/AWSLogs/111122223333/CloudTrail/us-east-1/2026/10/05";
    world.write(&format!("{folder}/part-0.parquet"), "x");
    let run = world.run(&["--day", DAY]).ends(0);
    for part in
        ["no log files delivered on 2026-10-05", "(.parquet: 1)", "2026-10-01 to 2026-10-05"]
    {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
}

#[test]
fn copy_of_another_size_makes_the_run_partial() {
    let world = World::new();
    let key = world.object("20261005T1210Z", "x", &[call("e1", TIME)]);
    let copy = format!("replica/{key}");
    world.write(&format!("trail/{copy}"), document(&[call("e1", TIME)]));
    let run = world.run(&["--day", DAY]).ends(0);
    assert!(run.stdout.contains("1 copy of other objects"), "{}", run.stdout);
    world.write(&format!("trail/{copy}"), document(&[call("e1", TIME), call("e2", TIME)]));
    world.run(&["--day", DAY, "--force"]).ends(3);
    let problems = &world.summary()["objects"]["copies_of_other_size"];
    assert_eq!(problems[0]["key"], copy.as_str(), "{problems}");
    assert_eq!(world.event_ids(DAY), ["e1"], "the first by key is read");
}
