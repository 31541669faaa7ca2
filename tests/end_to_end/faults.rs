//! S3 that fails, now and then or for good: nothing is lost, nothing is counted twice, and the next run
//! repairs what is missing.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use s3_server::{Bucket, Config, Failure, Fault, Kind, Server, When};
use serde_json::Value;

use crate::backfill::{DAYS, Objects, backfill};
use crate::world::{
    Run, Tree, World, assert_adds_up, assert_same, name, rows, sample, sum, tables, texts,
};

const RANGE: [&str; 4] = ["--from", DAYS[0], "--to", DAYS[4]];
const DEST: &str = "s3://analytics/bedrock";

fn server(objects: &Objects, page_size: usize) -> Server {
    let config = Config::new().bucket(objects.bucket()).bucket(Bucket::new("analytics"));
    Server::start(config.page_size(page_size)).unwrap()
}

fn command(world: &World, server: &Server, dest: &str, more: &[&str]) -> Command {
    let locations = ["run", "--source", "s3://trail", "--dest", dest];
    let summary = ["--summary-json", "summary.json"];
    world.command_on(server, &[&locations[..], &RANGE, &summary, more].concat())
}

fn run(world: &World, server: &Server, dest: &str, more: &[&str]) -> Run {
    Run::of(command(world, server, dest, more).output().unwrap())
}

/// One try and one more: what fails for good is known to fail soon.
fn run_with_two_tries(world: &World, server: &Server, dest: &str) -> Run {
    Run::of(command(world, server, dest, &[]).env("AWS_MAX_ATTEMPTS", "2").output().unwrap())
}

/// What the destination on S3 holds, without manifests.
fn in_bucket(server: &Server) -> Tree {
    let content = |key: String| {
        let bytes = server.object("analytics", &key).unwrap().to_vec();
        (key.strip_prefix("bedrock/").unwrap().to_owned(), bytes)
    };
    let keys = server.keys("analytics").into_iter();
    keys.filter(|key| !key.contains("manifest/")).map(content).collect()
}

/// What a run without faults writes.
fn expected(objects: &Objects) -> Tree {
    let world = World::new();
    let out = world.text("out");
    run(&world, &server(objects, 1000), &out, &[]).ends(0);
    assert_adds_up(&world.summary());
    tables(&world.out())
}

fn days(world: &World, list: &str) -> Vec<String> {
    let summary = world.summary();
    let text = |day: &Value| day["dt"].as_str().or(day.as_str()).unwrap().to_owned();
    summary[list].as_array().unwrap().iter().map(text).collect()
}

/// One request in twenty fails, in every possible way, at the source and the destination.
#[test]
fn occasional_faults_do_not_change_the_tables() {
    let objects = backfill(7, 12);
    let expected = expected(&objects);
    // A stall costs its whole limit; therefore, there is only one.
    let every = [
        Failure::SlowDown,
        Failure::InternalError,
        Failure::Reset,
        Failure::Cut(0),
        Failure::Cut(100),
        Failure::IgnoreRange,
    ];
    let per_mille = |seed, rate| When::PerMille { seed, rate };
    let lost = Failure::Refuse { status: 503, code: "ServiceUnavailable", message: "Later." };
    for seed in 0..2 {
        let server = server(&objects, 9);
        let on = |kind, failure: Failure, seed, rate| {
            Fault::always(failure).on(kind).when(per_mille(seed, rate))
        };
        let mut faults = Vec::new();
        if seed == 0 {
            faults.push(Fault::always(Failure::Stall(30)).on(Kind::Get).when(When::Nth(40)));
        }
        for (n, failure) in (0u64..).zip(every) {
            faults.push(on(Kind::Get, failure, seed * 100 + n, 12));
        }
        let refusals =
            [Failure::SlowDown, Failure::InternalError, Failure::Reset, Failure::Lost, lost];
        for (n, failure) in (0u64..).zip(refusals) {
            for kind in [Kind::List, Kind::Put, Kind::Delete] {
                faults.push(on(kind, failure, seed * 1000 + n, 30));
            }
        }
        faults.push(on(Kind::List, Failure::Cut(80), seed + 7, 12));
        server.set_faults(faults);
        let world = World::new();
        run(&world, &server, DEST, &[]).ends(0);
        let n_faults = server.stats().faults;
        assert!(n_faults >= 20, "{n_faults} faults");
        assert_same(&in_bucket(&server), &expected, &format!("seed {seed}"));
        assert_eq!(server.n_open_uploads("analytics"), 0);
        assert_adds_up(&world.summary());
        // Once more under the same faults: nothing has changed.
        run(&world, &server, DEST, &[]).ends(0);
        assert_eq!(days(&world, "unchanged"), DAYS);
    }
}

/// The sample through connections of each bad kind: the same tables, or nothing of them.
#[test]
fn sample_through_bad_connections_has_the_same_tables() {
    let server = || {
        let trail = Bucket::from_folder("trail", &sample()).unwrap();
        let config = Config::new().bucket(trail).bucket(Bucket::new("analytics"));
        Server::start(config.page_size(9)).unwrap()
    };
    let (world, whole) = (World::new(), server());
    run(&world, &whole, DEST, &[]).ends(0);
    let expected = in_bucket(&whole);
    let share =
        |failure, rate| vec![Fault::always(failure).when(When::PerMille { seed: rate, rate })];
    let get = |failure| Fault::always(failure).on(Kind::Get).when(When::FirstPerKey(1));
    for faults in [
        share(Failure::Close, 100),
        share(Failure::Close, 300),
        share(Failure::Reset, 50),
        share(Failure::Lost, 100),
        share(Failure::SlowDown, 300),
        share(Failure::Cut(50), 300),
        vec![get(Failure::Cut(50))],
        vec![get(Failure::Shorten(50))],
        vec![get(Failure::Shorten(0))],
        vec![Fault::always(Failure::Shorten(300)).on(Kind::List).when(When::Nth(3))],
        vec![Fault::always(Failure::RepeatPage).on(Kind::List).when(When::Every(2))],
    ] {
        let (world, server) = (World::new(), server());
        server.set_faults(faults.clone());
        let run = run(&world, &server, DEST, &[]);
        if run.code == 1 && faults[0].kind == Some(Kind::List) {
            assert_eq!(in_bucket(&server).len(), 0, "{faults:?}: {}", run.stderr);
            continue;
        }
        run.ends(0);
        assert!(server.stats().faults > 0, "{faults:?}");
        assert_same(&in_bucket(&server), &expected, &format!("{faults:?}"));
        assert_adds_up(&world.summary());
    }
}

/// A service that walks folders skips one whose name, without its slash, a listing starts after.
#[test]
fn service_that_walks_folders_has_the_same_tables_and_unchanged_days() {
    let objects = backfill(7, 3);
    let server = server(&objects, 9);
    server.set_faults(vec![Fault::always(Failure::SkipFolder).on(Kind::List)]);
    let world = World::new();
    run(&world, &server, DEST, &[]).ends(0);
    assert_same(&in_bucket(&server), &expected(&objects), "tables");
    run(&world, &server, DEST, &[]).ends(0);
    assert_eq!(days(&world, "unchanged"), DAYS);
}

/// Services that ignore conditions, or do not know them, take --no-lease: the same tables, aliases, and unchanged
/// days.
#[test]
fn service_without_conditions_is_refused_unless_leases_are_off() {
    let objects = backfill(7, 3);
    let expected = expected(&objects);
    for (failure, reason) in [
        (Failure::IgnoreConditions, "the service ignores the conditions of writes"),
        (Failure::RefuseConditions, "the service knows no conditional writes"),
    ] {
        let server = server(&objects, 1000);
        server.set_faults(vec![Fault::always(failure)]);
        let world = World::new();
        let refusal = "runs cannot be kept apart in s3://analytics/bedrock/: ";
        run(&world, &server, DEST, &[]).says(1, &[refusal, reason, "at a time: --no-lease"]);
        assert_eq!(server.keys("analytics"), Vec::<String>::new());
        run(&world, &server, DEST, &["--no-lease"]).ends(0);
        assert_same(&in_bucket(&server), &expected, reason);
        run(&world, &server, DEST, &["--no-lease"]).ends(0);
        assert_eq!(days(&world, "unchanged"), DAYS);
    }
}

/// An object that always fails is in `ingest` with its cause, its days are partial, and the next run
/// without the fault rebuilds exactly those.
#[test]
fn object_that_always_fails_makes_its_days_partial_until_it_is_repaired() {
    let objects = backfill(8, 3).plain();
    let expected = expected(&objects);
    let key = objects.0.keys().find(|key| key.contains("20261007T0800Z")).unwrap().clone();
    for (failure, cause) in [
        (Failure::AccessDenied, "denied"),
        (Failure::NoSuchKey, "not"),
        (Failure::Cut(0), "0 of "),
        (Failure::Reset, "Connection reset"),
        (Failure::InternalError, "InternalError"),
        (Failure::Shorten(10), "gzip"),
    ] {
        let server = server(&objects, 1000);
        let world = World::new();
        server.set_faults(vec![Fault::always(failure).on(Kind::Get).key(&key)]);
        let out = world.text("out");
        for again in [false, true] {
            run_with_two_tries(&world, &server, &out).ends(3);
            let built = days(&world, "days");
            if again {
                assert_eq!(built, [DAYS[2]], "{failure:?}: the partial day alone");
            }
            assert_adds_up(&world.summary());
            assert_eq!(world.summary()["objects"]["unreadable"], 1);
            let complaint = &world.summary()["objects"]["unreadable_objects"][0];
            assert_eq!(complaint["key"], name(&key));
            let ingest = world.rows("ingest", DAYS[2]);
            let row = ingest.iter().find(|row| row["key"] == name(&key)).unwrap();
            assert_eq!(row["status"], "unreadable", "{failure:?}");
            let error = row["reason"].as_str().unwrap();
            assert!(error.contains(cause), "{failure:?}: {error}");
            for day in DAYS.into_iter().filter(|day| *day != DAYS[2]) {
                let name = format!("invocations/dt={day}/part-0.parquet");
                let found = std::fs::read(world.out().join(&name)).unwrap();
                assert!(found == expected[&name], "{failure:?}: {name}");
            }
        }
        server.set_faults(Vec::new());
        run(&world, &server, &out, &[]).ends(0);
        assert_eq!(days(&world, "days"), [DAYS[2]], "{failure:?}");
        assert_same(&tables(&world.out()), &expected, &format!("{failure:?}"));
    }
}

/// Credentials that expire halfway: published days stay, and the next run builds the rest.
#[test]
fn expired_credentials_end_the_run_and_the_next_one_resumes() {
    let objects = backfill(9, 3).plain();
    let expected = expected(&objects);
    let server = server(&objects, 1000);
    let world = World::new();
    // The objects of the last two days.
    let late = |part: &str| Fault::always(Failure::ExpiredToken).key(part);
    let n_puts = 10;
    server.set_faults(vec![late("2026/10/08/"), late("2026/10/09/")]);
    let ended = run_with_two_tries(&world, &server, DEST).ends(1);
    assert!(ended.stderr.contains("the source cannot be read: "), "{}", ended.stderr);
    let published = in_bucket(&server);
    published.iter().for_each(|(name, bytes)| assert!(expected[name] == *bytes, "{name}"));
    server.set_faults(Vec::new());
    run(&world, &server, DEST, &[]).ends(0);
    assert_same(&in_bucket(&server), &expected, "resumed");
    // Another destination, which cannot be written any more after some files.
    for key in server.keys("analytics") {
        server.delete_object("analytics", &key);
    }
    let writes = Fault::always(Failure::ExpiredToken).on(Kind::Put).when(When::After(n_puts));
    server.set_faults(vec![writes]);
    let ended = run_with_two_tries(&world, &server, DEST).ends(1);
    assert!(ended.stderr.contains("the destination cannot be written"), "{}", ended.stderr);
    server.set_faults(Vec::new());
    run(&world, &server, DEST, &[]).ends(0);
    assert_same(&in_bucket(&server), &expected, "resumed");
}

/// A run with other prices is interrupted between two files of a day; then one with the prices of before
/// does not take the day for unchanged.
#[test]
fn day_interrupted_between_its_files_is_rebuilt() {
    let objects = backfill(11, 1).plain();
    let expected = expected(&objects);
    let server = server(&objects, 1000);
    let world = World::new();
    run(&world, &server, DEST, &[]).ends(0);
    let prices = std::fs::read_to_string(crate::world::repository().join("config/prices.csv"));
    // Another book of the same prices would be the same.
    let header = prices.unwrap().lines().next().unwrap().to_owned() + "\n";
    let own = world.write("prices.csv", header);
    let fault = Fault::always(Failure::SlowDown).on(Kind::Put).key("/denials/");
    server.set_faults(vec![fault]);
    let mut other = command(&world, &server, DEST, &["--prices", &own]);
    Run::of(other.env("AWS_MAX_ATTEMPTS", "2").output().unwrap()).ends(1);
    server.set_faults(Vec::new());
    assert!(in_bucket(&server) != expected, "some files are replaced");
    run(&world, &server, DEST, &[]).ends(0);
    assert_same(&in_bucket(&server), &expected, "with the prices of before");
    let summary = world.summary();
    assert_eq!(summary["days"][0]["reason"], "previous build was interrupted");
}

/// The sums of `ingest` on a folder with the tables that a run under faults wrote.
#[test]
fn ingest_counts_each_call_once_under_faults() {
    let objects = backfill(10, 4);
    let server = server(&objects, 20);
    let flaky = |failure, seed| {
        Fault::always(failure).on(Kind::Get).when(When::PerMille { seed, rate: 60 })
    };
    server.set_faults(vec![flaky(Failure::Cut(60), 1), flaky(Failure::Reset, 2)]);
    let world = World::new();
    let out = world.text("out");
    run(&world, &server, &out, &[]).ends(0);
    let mut ids = Vec::new();
    for day in DAYS {
        let part = |table: &str| world.out().join(format!("{table}/dt={day}/part-0.parquet"));
        let invocations = rows(&part("invocations"));
        let written = sum(&rows(&part("ingest")), "written");
        assert_eq!(written, i64::try_from(invocations.len()).unwrap(), "{day}");
        ids.extend(texts(&invocations, "event_id"));
    }
    let n = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), n, "each call once");
}

/// A run that seems to hang reports what it waits for, long before it gives up.
#[test]
fn store_that_does_not_answer_is_reported() {
    let world = World::new();
    let config = Config::new().bucket(Bucket::new("logs")).latency(Duration::from_secs(60));
    let server = Server::start(config).unwrap();
    let out = world.text("out");
    let arguments = ["run", "--source", "s3://logs/org", "--dest", &out, "--day", DAYS[0]];
    let mut command = world.command_on(&server, &arguments);
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(run.stderr.take().unwrap()).read_line(&mut line).unwrap();
    run.kill().unwrap();
    run.wait().unwrap();
    assert_eq!(line, "no response from s3://logs/org/ for 5 s, still waiting\n");
}
