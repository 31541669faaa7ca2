//! Runs that are killed, also while they replace days: published days are complete, and the next run ends as if
//! nothing had happened.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use ring::digest::{SHA256, digest};
use s3_server::{Bucket, Config, Server};
use serde_json::Value;
use testkit::Dice;

use crate::backfill::{DAYS, backfill};
use crate::world::{Tree, World, assert_same};

const RANGE: [&str; 4] = ["--from", DAYS[0], "--to", DAYS[4]];

/// The names of the files below a folder that a reader sees: not those that a writer has not finished.
/// What comes and goes meanwhile may be missed.
fn names(root: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().display().to_string();
            if path.is_dir() {
                folders.push(path);
            } else if !name.contains(".store-tmp-") {
                names.push(name);
            }
        }
    }
    names
}

/// Those files with their content. What comes and goes meanwhile may be missed.
fn published(root: &Path) -> Tree {
    let content = |name: String| {
        let bytes = fs::read(root.join(&name)).ok()?;
        Some((name, bytes))
    };
    names(root).into_iter().filter_map(content).collect()
}

/// What a bucket holds below `bedrock/`.
fn in_bucket(server: &Server) -> Tree {
    let content = |key: String| {
        let bytes = server.object("analytics", &key)?;
        Some((key.strip_prefix("bedrock/").unwrap().to_owned(), bytes.to_vec()))
    };
    server.keys("analytics").into_iter().filter_map(content).collect()
}

/// Asserts that every table can be read to its end, and that what a manifest vouches for is there.
fn assert_whole(files: &Tree, what: &str) {
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with(".parquet")) {
        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes.clone()))
            .unwrap_or_else(|error| panic!("{what}: {name}: {error}"));
        for batch in reader.build().unwrap() {
            batch.unwrap_or_else(|error| panic!("{what}: {name}: {error}"));
        }
    }
    for (name, manifest) in files.iter().filter(|(name, _)| name.contains("manifest/dt=")) {
        let manifest = serde_json::from_slice::<Value>(manifest)
            .unwrap_or_else(|error| panic!("{what}: {name}: {error}"));
        for output in manifest["outputs"].as_array().unwrap() {
            let key = output["key"].as_str().unwrap();
            let bytes = files.get(key).unwrap_or_else(|| panic!("{what}: {name}: no {key}"));
            let found = digest(&SHA256, bytes);
            let found = found.as_ref().iter().map(|b| format!("{b:02x}")).collect::<String>();
            assert_eq!(output["sha256"], found, "{what}: {name}: {key} has other bytes");
        }
    }
}

/// How many files there are, of tables and of manifests.
fn count<'a>(names: impl IntoIterator<Item = &'a String>) -> (usize, usize) {
    let names = names.into_iter().collect::<Vec<_>>();
    let n = |part: &str| names.iter().filter(|name| name.contains(part)).count();
    (n(".parquet"), n("manifest/dt="))
}

/// Lets a run go on until a moment, and kills it. False if it has ended before.
fn kill(mut run: Child, mut is_time: impl FnMut() -> bool, more: Duration) -> bool {
    let limit = Instant::now() + Duration::from_secs(60);
    let mut has_ended = false;
    while !is_time() && !has_ended {
        assert!(Instant::now() < limit, "the run hangs");
        std::thread::sleep(Duration::from_micros(500));
        has_ended = run.try_wait().unwrap().is_some();
    }
    std::thread::sleep(more);
    // A process that has ended cannot be killed.
    let _ = run.kill();
    let status = run.wait().unwrap();
    assert!(status.code().is_none_or(|code| code == 0), "it ended with {status}");
    status.code().is_some()
}

/// Kills at this many moments, a multiple of three; at every third the run after it is left alone and compared.
#[expect(clippy::too_many_arguments, reason = "the same steps over two kinds of stores")]
fn kill_and_resume(
    n_kills: u64,
    seed: u64,
    took: Duration,
    start: impl Fn() -> Child,
    names: impl Fn() -> Vec<String>,
    files: impl Fn() -> Tree,
    clear: impl Fn(),
    expected: &Tree,
) {
    let mut dice = Dice::new(seed);
    let mut n_publishing = 0;
    for n in 0..n_kills {
        let what = format!("kill {n}");
        let run = start();
        let micros = u64::try_from(took.as_micros()).unwrap();
        let has_ended = if n % 2 == 0 {
            let started = Instant::now();
            let moment = Duration::from_micros(dice.below(micros));
            kill(run, || started.elapsed() >= moment, Duration::ZERO)
        } else {
            // Some files later than now, and a little more.
            let now = count(names().iter());
            let wanted = 1 + usize::try_from(dice.below(20)).unwrap();
            let more = Duration::from_micros(dice.below(micros / 40));
            let is_time = || {
                let then = count(names().iter());
                then.0 + then.1 >= now.0 + now.1 + wanted
            };
            kill(run, is_time, more)
        };
        let standing = files();
        assert_whole(&standing, &what);
        let (n_tables, n_manifests) = count(standing.keys());
        n_publishing += u64::from(!has_ended && n_tables > 0 && n_manifests <= DAYS.len());
        if n % 3 == 2 {
            let began = Instant::now();
            assert!(start().wait().unwrap().success(), "{what}: it does not resume");
            assert!(began.elapsed() < Duration::from_secs(60), "{what}: it waited");
            assert_same(&files(), expected, &what);
            clear();
        }
    }
    assert!(n_publishing * 3 >= n_kills, "{n_publishing} of {n_kills} hit a run that publishes");
}

/// The days whose manifests vouch for nothing, because they are being replaced.
fn withdrawn(files: &Tree) -> BTreeSet<String> {
    let manifests = files.iter().filter(|(name, _)| name.contains("manifest/dt="));
    let is_withdrawn = |manifest: &[u8]| {
        let manifest = serde_json::from_slice::<Value>(manifest).unwrap();
        manifest["outputs"].as_array().unwrap().is_empty()
    };
    manifests.filter(|(_, it)| is_withdrawn(it)).map(|(name, _)| name.clone()).collect()
}

/// Kills runs that replace all days, at this many moments, a multiple of three; after every third another run is
/// left alone, and compared.
fn kill_while_replacing(
    n_kills: u64,
    seed: u64,
    took: Duration,
    start: impl Fn(&[&str]) -> Child,
    files: impl Fn() -> Tree,
    expected: &Tree,
) {
    let mut dice = Dice::new(seed);
    let micros = u64::try_from(took.as_micros()).unwrap();
    let mut n_replacing = 0;
    for n in 0..n_kills {
        let what = format!("kill {n} while replacing");
        let before = withdrawn(&files());
        let run = start(&["--force"]);
        if n % 2 == 0 {
            let started = Instant::now();
            let moment = Duration::from_micros(dice.below(micros));
            kill(run, || started.elapsed() >= moment, Duration::ZERO);
        } else {
            let more = Duration::from_micros(dice.below(micros / 10));
            kill(run, || withdrawn(&files()) != before, more);
        }
        let standing = files();
        assert_whole(&standing, &what);
        n_replacing += u64::from(withdrawn(&standing) != before);
        if n % 3 == 2 {
            assert!(start(&[]).wait().unwrap().success(), "{what}: it does not resume");
            assert_same(&files(), expected, &what);
        }
    }
    assert!(n_replacing * 4 >= n_kills, "{n_replacing} of {n_kills} hit a run that replaces");
}

#[test]
fn run_killed_at_any_moment_over_a_folder_is_completed_by_the_next() {
    let world = World::new();
    backfill(1, 3).write(&world);
    let undisturbed = world.text("undisturbed");
    let arguments = |out: &str| {
        let trail = world.text("trail");
        let locations = ["run", "--source", &trail, "--dest", out].map(str::to_owned);
        [&locations[..], &RANGE.map(str::to_owned)].concat()
    };
    let run = |out: &str, more: &[&str]| {
        let arguments = arguments(out);
        let arguments = arguments.iter().map(String::as_str).chain(more.iter().copied());
        let arguments = arguments.collect::<Vec<_>>();
        world.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let began = Instant::now();
    assert!(run(&undisturbed, &[]).wait().unwrap().success());
    let took = began.elapsed();
    let expected = published(&world.path("undisturbed"));
    assert_eq!(count(expected.keys()), (10 * 5, 5));
    let out = world.text("out");
    kill_and_resume(
        51,
        1,
        took,
        || run(&out, &[]),
        || names(&world.out()),
        || published(&world.out()),
        || fs::remove_dir_all(world.out()).unwrap(),
        &expected,
    );
    assert!(run(&out, &[]).wait().unwrap().success());
    kill_while_replacing(
        51,
        3,
        took,
        |more| run(&out, more),
        || published(&world.out()),
        &expected,
    );
}

#[test]
fn run_killed_at_any_moment_over_s3_is_completed_by_the_next() {
    let world = World::new();
    let trail = backfill(2, 1);
    let server = Server::start(
        Config::new()
            .bucket(trail.bucket())
            .bucket(Bucket::new("analytics"))
            .latency(Duration::from_millis(2)),
    )
    .unwrap();
    let run = |more: &[&str]| {
        let locations = ["run", "--source", "s3://trail", "--dest", "s3://analytics/bedrock"];
        let mut command = world.command_on(&server, &[&locations[..], &RANGE, more].concat());
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let start = || run(&[]);
    let clear = || {
        server.keys("analytics").iter().for_each(|key| server.delete_object("analytics", key));
    };
    let began = Instant::now();
    assert!(start().wait().unwrap().success());
    let took = began.elapsed();
    let expected = in_bucket(&server);
    assert_eq!(count(expected.keys()), (10 * 5, 5));
    clear();
    let names = || server.keys("analytics");
    kill_and_resume(51, 2, took, start, names, || in_bucket(&server), clear, &expected);
    assert!(start().wait().unwrap().success());
    kill_while_replacing(51, 4, took, run, || in_bucket(&server), &expected);
    assert_eq!(server.n_open_uploads("analytics"), 0);
}
