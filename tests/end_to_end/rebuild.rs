//! Published days: which are rebuilt and why, and which are not replaced.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use s3_server::{Bucket, Config, Server};
use serde_json::{Value, json};

use crate::backfill::{ACCOUNTS, DAYS, Objects, backfill};
use crate::world::{
    Run, Tree, World, assert_adds_up, assert_same, call, document, key, name, sum, texts, tree,
    with,
};

const RANGE: [&str; 4] = ["--from", DAYS[0], "--to", DAYS[4]];
const TIME: &str = "2026-10-05T12:00:00Z";

/// A trail whose days have nothing to do with one another, and its tables.
fn built() -> (World, Objects) {
    let world = World::new();
    let objects = backfill(5, 3).plain();
    objects.write(&world);
    range(&world, &[]).ends(0);
    (world, objects)
}

fn range(world: &World, more: &[&str]) -> Run {
    let run = world.run(&[&RANGE, more].concat());
    if run.code == 0 || run.code == 3 {
        assert_all_adds_up(world);
    }
    run
}

/// Asserts the sums of the summary, of `ingest` and of the manifests against one another.
#[track_caller]
fn assert_all_adds_up(world: &World) {
    let summary = world.summary();
    assert_adds_up(&summary);
    let n = |value: &Value| value.as_i64().unwrap();
    let mut written = 0;
    for day in summary["days"].as_array().unwrap() {
        let rows = world.rows("invocations", day["dt"].as_str().unwrap());
        written += i64::try_from(rows.len()).unwrap();
    }
    assert_eq!(n(&summary["written"]), written, "{summary}");
    for day in DAYS {
        let manifest = world.out().join(format!("_hoptrail/manifest/dt={day}.json"));
        let Ok(manifest) = fs::read(manifest) else { continue };
        let manifest = serde_json::from_slice::<Value>(&manifest).unwrap();
        let ingest = world.rows("ingest", day);
        for column in ["records", "calls", "skipped", "rejected", "written", "duplicates"] {
            assert_eq!(n(&manifest["counts"][column]), sum(&ingest, column), "{day} {column}");
        }
        let of_object = |row: &crate::world::Row| {
            let n = |column: &str| row[column].as_i64().unwrap();
            assert_eq!(n("records"), n("calls") + n("skipped") + n("rejected"), "{row:?}");
            assert_eq!(n("calls"), n("written") + n("duplicates") + n("other_day"), "{row:?}");
        };
        ingest.iter().filter(|row| !row["records"].is_null()).for_each(of_object);
        let rows = world.rows("invocations", day);
        assert_eq!(sum(&ingest, "written"), i64::try_from(rows.len()).unwrap(), "{day}");
    }
}

/// The days that were built, each with its reason.
fn days(world: &World) -> Vec<(String, String)> {
    let summary = world.summary();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let days = summary["days"].as_array().unwrap();
    let found = days.iter().map(|day| (text(&day["dt"]), text(&day["reason"]))).collect::<Vec<_>>();
    let unchanged = summary["unchanged"].as_array().unwrap().iter().map(text);
    let all = found.iter().map(|(day, _)| day.clone()).chain(unchanged).collect::<BTreeSet<_>>();
    let not_replaced = summary["not_replaced"].as_array().unwrap().len();
    assert_eq!(
        all.len() + not_replaced,
        DAYS.len(),
        "each is built, unchanged, or not replaced: {summary}"
    );
    found
}

/// What a fresh run writes now.
fn fresh(world: &World, more: &[&str]) -> Tree {
    let (trail, out) = (world.text("trail"), world.text("fresh"));
    let _ = fs::remove_dir_all(&out);
    let locations = ["run", "--source", &trail, "--dest", &out];
    world.hoptrail(&[&locations[..], &RANGE, more].concat()).ends(0);
    tree(&world.path("fresh"))
}

#[track_caller]
fn assert_fresh(world: &World, more: &[&str], what: &str) {
    assert_same(&tree(&world.out()), &fresh(world, more), what);
}

#[test]
fn unchanged_day_is_not_rebuilt() {
    let (world, _) = built();
    let before = tree(&world.out());
    range(&world, &[]).ends(0);
    assert_eq!(days(&world), []);
    assert_eq!(world.summary()["objects"]["read"], 0, "nothing is fetched");
    assert_same(&tree(&world.out()), &before, "unchanged");
    range(&world, &["--force"]).ends(0);
    assert_eq!(days(&world), DAYS.map(|day| (day.to_owned(), "--force".to_owned())));
    assert_same(&tree(&world.out()), &before, "--force");
}

/// Half of the source is gone: no day is replaced, unless the user allows it.
#[test]
fn shrunk_source_replaces_no_day_without_allow_shrink() {
    let (world, objects) = built();
    let before = tree(&world.out());
    let gone = objects.0.keys().step_by(2).collect::<Vec<_>>();
    gone.iter().for_each(|key| fs::remove_file(world.trail().join(key)).unwrap());
    let of_day = |key: &&&String, day: &str| key.contains(&day.replace('-', "/"));
    // Once more: it is not replaced any time.
    for more in [&[][..], &["--force"], &["--late-window", "2d"], &[]] {
        let run = range(&world, more).ends(1);
        assert_same(&tree(&world.out()), &before, "not replaced");
        assert!(run.stderr.contains("--allow-shrink"), "{}", run.stderr);
        for day in DAYS {
            let lost = gone.iter().filter(|key| of_day(key, day)).count();
            let line = run.stderr.lines().find(|line| line.contains(day)).unwrap();
            assert!(line.contains("is left as it is"), "{line}");
            // Objects of the next morning are those of this day too.
            let n = line.split(" of the ").next().unwrap().rsplit(' ').next().unwrap();
            assert!(n.parse::<usize>().unwrap() >= lost, "{line}");
            let example = line.rsplit(' ').next().unwrap().trim_end_matches('.');
            assert!(gone.iter().any(|key| name(key) == example), "{line}");
        }
        let not_replaced = world.summary()["not_replaced"].as_array().unwrap().len();
        assert_eq!(not_replaced, DAYS.len());
        assert_eq!(world.summary()["days"], json!([]));
        assert_all_adds_up(&world);
    }
    range(&world, &["--allow-shrink"]).ends(0);
    assert_eq!(days(&world).len(), 5);
    assert_fresh(&world, &[], "--allow-shrink");
    range(&world, &[]).ends(0);
    assert_eq!(days(&world), []);
}

/// Only the days that would lose something are not replaced.
#[test]
fn shrunk_day_is_not_replaced_and_other_days_are() {
    let (world, objects) = built();
    let noon = |day: &str| {
        let date = day.replace('-', "");
        objects.0.keys().find(|key| key.contains(&format!("{date}T0800Z"))).unwrap()
    };
    fs::remove_file(world.trail().join(noon(DAYS[1]))).unwrap();
    let new = world.object("20261008T1210Z", "new", &[call("new", "2026-10-08T12:00:00Z")]);
    let before = tree(&world.out());
    let run = range(&world, &[]).ends(1);
    let example = format!("for example {}", name(noon(DAYS[1])));
    assert!(run.stderr.contains("1 of the ") && run.stderr.contains(&example), "{}", run.stderr);
    assert_eq!(days(&world).len(), 1);
    let now = tree(&world.out());
    // The day after it was compared with it.
    let compared = format!("_hoptrail/manifest/dt={}.json", DAYS[4]);
    let others = now.iter().filter(|(name, _)| !name.contains(DAYS[3]) && **name != compared);
    for (name, bytes) in others {
        assert!(before[name] == *bytes, "{name}");
    }
    assert!(texts(&world.rows("ingest", DAYS[3]), "key").contains(&name(&new).to_owned()));
    // The object is back.
    world.write(&format!("trail/{}", noon(DAYS[1])), &objects.tree()[noon(DAYS[1])]);
    range(&world, &[]).ends(0);
    assert_fresh(&world, &[], "it is back");
}

/// An object that was read before and cannot be read now: its day is not replaced.
#[test]
fn day_whose_object_became_unreadable_is_not_replaced() {
    let (world, objects) = built();
    let before = tree(&world.out());
    let key = objects.0.keys().find(|key| key.contains("20261007T0800Z")).unwrap();
    world.write(&format!("trail/{key}"), b"no gzip and no JSON");
    let run = range(&world, &[]).ends(1);
    let parts = ["2026-10-07 is left as it is: 1 of the ", "cannot be read any more", name(key)];
    parts.iter().for_each(|part| assert!(run.stderr.contains(part), "{part}: {}", run.stderr));
    assert_same(&tree(&world.out()), &before, "not replaced");
    assert_eq!(days(&world), []);
    range(&world, &["--allow-shrink"]).ends(3);
    let ingest = world.rows("ingest", DAYS[2]);
    let row = ingest.iter().find(|row| row["key"] == name(key)).unwrap();
    assert_eq!(row["status"], "unreadable");
    // A partial day is never taken for unchanged.
    range(&world, &[]).ends(3);
    assert_eq!(days(&world), [(DAYS[2].to_owned(), "partial before".to_owned())]);
    world.write(&format!("trail/{key}"), &objects.tree()[key]);
    range(&world, &[]).ends(0);
    assert_eq!(days(&world).len(), 1);
    assert_fresh(&world, &[], "it can be read again");
}

/// A late object rebuilds exactly the days that it has calls of.
#[test]
fn late_object_rebuilds_exactly_its_days() {
    let (world, _) = built();
    let opened = |world: &World| days(world).into_iter().map(|(day, _)| day).collect::<Vec<_>>();
    // In the late window of the day before.
    world.object("20261007T0130Z", "in", &[call("in", "2026-10-06T23:58:00Z")]);
    range(&world, &[]).ends(0);
    assert_eq!(opened(&world), [DAYS[1], DAYS[2]], "it is read for both");
    assert!(world.event_ids(DAYS[1]).contains(&"in".to_owned()));
    assert_fresh(&world, &[], "in the late window");
    // Far outside of it.
    let far = [call("far", "2026-10-05T12:30:00Z"), call("own", "2026-10-09T12:29:00Z")];
    let key = world.object("20261009T1230Z", "far", &far);
    range(&world, &[]).ends(0);
    assert_eq!(opened(&world), [DAYS[0], DAYS[4]]);
    assert!(world.event_ids(DAYS[0]).contains(&"far".to_owned()));
    assert!(texts(&world.rows("ingest", DAYS[0]), "key").contains(&name(&key).to_owned()));
    assert_fresh(&world, &[], "far outside of it");
    range(&world, &[]).ends(0);
    assert_eq!(opened(&world), [""; 0]);
    // A day alone does not lose it.
    world.run(&["--day", DAYS[0], "--force"]).ends(0);
    assert_fresh(&world, &[], "a day alone");
    // The late object is gone. Its day of delivery is left as it is, and shrinks if the user says so;
    // the day of its call keeps it, because nothing of that day's own has changed.
    fs::remove_file(world.trail().join(&key)).unwrap();
    let before = tree(&world.out());
    range(&world, &[]).ends(1);
    assert_same(&tree(&world.out()), &before, "not replaced");
    range(&world, &["--allow-shrink"]).ends(0);
    assert_eq!(opened(&world), [DAYS[4]]);
    assert!(world.event_ids(DAYS[0]).contains(&"far".to_owned()));
    assert!(!world.event_ids(DAYS[4]).contains(&"own".to_owned()));
}

/// Objects of the morning are read for two days. One of the days is published and is rebuilt, which is
/// known only when everything is listed: until then, no object may be read for the other day alone.
#[test]
fn object_of_two_days_is_read_once_for_both() {
    let mut config = Config::new().bucket(Bucket::new("trail")).page_size(1);
    config.latency = Duration::from_millis(2);
    let server = Server::start(config).unwrap();
    let world = World::new();
    let put = |stamp: &str, name: &str, time: &str| {
        let key = key(ACCOUNTS[0], "us-east-1", stamp, name);
        server.put_object("trail", &key, document(&[call(name, time)]));
    };
    put("20261005T1210Z", "first", TIME);
    let run = |out: &str, range: &[&str]| {
        let locations = ["run", "--source", "s3://trail", "--dest", out];
        world.hoptrail_on(&server, &[&locations[..], range].concat()).ends(0);
    };
    let (out, other) = (world.text("out"), world.text("fresh"));
    run(&out, &["--day", DAYS[0]]);
    for n in 0..20 {
        put(&format!("20261006T01{n:02}Z"), &format!("late{n}"), "2026-10-05T23:59:00Z");
        put(&format!("20261006T12{n:02}Z"), &format!("new{n}"), "2026-10-06T12:00:00Z");
    }
    run(&out, &["--from", DAYS[0], "--to", DAYS[1]]);
    assert_eq!(world.event_ids(DAYS[0]).len(), 21);
    run(&other, &["--from", DAYS[0], "--to", DAYS[1]]);
    assert_same(&tree(&world.out()), &tree(&world.path("fresh")), "a nightly run");
}

/// One event on two days is the earlier one's. When that loses it, it is the later one's.
#[test]
fn call_returns_to_the_later_day_when_the_earlier_loses_it() {
    let world = World::new();
    world.object("20261005T1210Z", "a", &[call("a", TIME)]);
    let gone = world.object("20261005T2359Z", "b", &[call("e", "2026-10-05T23:59:59Z")]);
    world.object("20261006T0005Z", "c", &[call("e", "2026-10-06T00:00:00Z")]);
    let ids = || [world.event_ids(DAYS[0]), world.event_ids(DAYS[1])].concat();
    // Whichever was first; the other one is told by the manifest that it has to be built again.
    for order in [[DAYS[0], DAYS[1]], [DAYS[1], DAYS[0]]] {
        let _ = fs::remove_dir_all(world.out());
        order.iter().for_each(|day| drop(world.run(&["--day", day]).ends(0)));
        world.run(&["--from", DAYS[0], "--to", DAYS[1]]).ends(0);
        assert_eq!(ids(), ["a", "e"], "{order:?}");
    }
    fs::remove_file(world.trail().join(gone)).unwrap();
    world.run(&["--from", DAYS[0], "--to", DAYS[1], "--allow-shrink"]).ends(0);
    assert_eq!(world.event_ids(DAYS[1]), ["e"]);
}

/// Models, prices, and aliases are part of what a day is built from.
#[test]
fn day_is_rebuilt_when_models_or_prices_change() {
    let (world, _) = built();
    let repository = crate::world::repository();
    let prices = fs::read_to_string(repository.join("config/prices.csv")).unwrap();
    let fewer = prices.trim_end().rsplit_once('\n').unwrap().0.to_owned() + "\n";
    let own_prices = world.write("prices.csv", fewer);
    let models = fs::read_to_string(repository.join("config/models.csv")).unwrap();
    world.write("catalog/models.csv", models + "newcomer.m-1,newcomer.m-1,Newcomer,M 1,,,own\n");
    let catalog = world.text("catalog");
    let profile =
        "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/k1a2b3c4d5e6";
    let alias = format!("model_ref,model\n{profile},deepseek.v3.2\n");
    let aliases = world.write("aliases.csv", alias);
    for (more, reason) in [
        (vec!["--late-window", "3h"], "a late window of 180 instead of 360 minutes"),
        (vec!["--catalog", &catalog], "another catalog"),
        (vec!["--aliases", &aliases], "other aliases"),
        (vec!["--prices", &own_prices], "another price book"),
    ] {
        range(&world, &more).ends(0);
        let found = days(&world);
        assert_eq!(found.len(), 5, "{reason}");
        // Fewer objects are read for a day with a smaller window, which goes first.
        let is_said = |(_, found): &(String, String)| {
            found.contains(reason) || reason.contains("window") && found.contains("source objects")
        };
        assert!(found.iter().all(is_said), "{reason}: {found:?}");
        range(&world, &more).ends(0);
        assert_eq!(days(&world), [], "{reason}");
        range(&world, &[]).ends(0);
        assert_eq!(days(&world).len(), 5, "{reason}: and back");
        assert_fresh(&world, &[], reason);
    }
}

#[test]
fn day_with_corrupt_or_missing_manifest_is_rebuilt() {
    let (world, _) = built();
    let before = tree(&world.out());
    let manifest = |day: &str| world.out().join(format!("_hoptrail/manifest/dt={day}.json"));
    let whole = fs::read(manifest(DAYS[0])).unwrap();
    fs::write(manifest(DAYS[0]), &whole[..whole.len() / 2]).unwrap();
    fs::write(manifest(DAYS[1]), b"").unwrap();
    let other_shape = String::from_utf8(fs::read(manifest(DAYS[2])).unwrap()).unwrap();
    let other_shape = other_shape.replace("\"format\": 2", "\"format\": 3");
    fs::write(manifest(DAYS[2]), other_shape).unwrap();
    fs::remove_file(manifest(DAYS[3])).unwrap();
    range(&world, &[]).ends(0);
    let expected = DAYS[..4].iter().map(|day| ((*day).to_owned(), "not built before".to_owned()));
    assert_eq!(days(&world), expected.collect::<Vec<_>>());
    assert_same(&tree(&world.out()), &before, "repaired");
    // Tables that were written without manifests are not replaced by less.
    fs::remove_dir_all(world.out().join("_hoptrail")).unwrap();
    let of_object = texts(&world.rows("ingest", DAYS[0]), "key")[0].clone();
    let key = format!("AWSLogs/{of_object}");
    let bytes = fs::read(world.trail().join(&key)).unwrap();
    fs::remove_file(world.trail().join(&key)).unwrap();
    let run = range(&world, &[]).ends(1);
    assert!(run.stderr.contains(&format!("for example {of_object}")), "{}", run.stderr);
    assert_eq!(days(&world).len(), 4, "the others are");
    world.write(&format!("trail/{key}"), bytes);
    range(&world, &[]).ends(0);
    assert_eq!(days(&world).len(), 1);
    assert_fresh(&world, &[], "with manifests");
    // What nobody can read is nothing that could be judged.
    fs::write(world.out().join(format!("ingest/dt={}/part-0.parquet", DAYS[0])), b"PAR1").unwrap();
    let run = range(&world, &["--force"]).ends(1);
    assert!(run.stderr.contains("what it was built from is not known"), "{}", run.stderr);
    range(&world, &["--force", "--allow-shrink"]).ends(0);
    assert_fresh(&world, &[], "after all");
}

/// A file that an earlier build left under another key is deleted; anybody else's file stays.
#[test]
fn leftover_file_of_an_earlier_build_is_deleted_and_other_files_stay() {
    let world = World::new();
    world.object("20261005T1210Z", "a", &[call("e1", TIME)]);
    world.run(&["--day", DAYS[0]]).ends(0);
    let fresh = tree(&world.out());
    let part_file = |name: &str| world.out().join(format!("invocations/dt={}/{name}", DAYS[0]));
    let manifest = world.out().join(format!("_hoptrail/manifest/dt={}.json", DAYS[0]));
    let part = fs::read(part_file("part-0.parquet")).unwrap();
    let claim = |names: &[&str]| {
        let mut json = serde_json::from_slice::<Value>(&fs::read(&manifest).unwrap()).unwrap();
        let outputs = json["outputs"].as_array_mut().unwrap();
        let file = |output: &&Value| output["key"].as_str().unwrap().contains("invocations/");
        let of_part = outputs.iter().find(file).unwrap().clone();
        let named = |name: &&str| {
            let key = format!("invocations/dt={}/{name}", DAYS[0]);
            with(of_part.clone(), "/key", key)
        };
        outputs.extend(names.iter().map(named));
        fs::write(&manifest, serde_json::to_vec(&json).unwrap()).unwrap();
    };
    claim(&["part-1.parquet", "part-2.parquet", "gone.parquet"]);
    fs::write(part_file("part-1.parquet"), &part).unwrap();
    // Of that name, but not as it was written; and one that no manifest names.
    fs::write(part_file("part-2.parquet"), b"of somebody else").unwrap();
    fs::write(part_file("part-3.parquet"), &part).unwrap();
    world.run(&["--day", DAYS[0], "--force"]).ends(0);
    assert!(!part_file("part-1.parquet").exists(), "it was hoptrail's");
    assert_eq!(fs::read(part_file("part-2.parquet")).unwrap(), b"of somebody else");
    assert_eq!(fs::read(part_file("part-3.parquet")).unwrap(), part);
    fs::remove_file(part_file("part-2.parquet")).unwrap();
    fs::remove_file(part_file("part-3.parquet")).unwrap();
    assert_same(&tree(&world.out()), &fresh, "afterwards");
}
