//! Objects that are read by some processes and days that are built by others: the same bytes as one run.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use std::{slice, thread};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use s3_server::{Bucket, Config, Failure, Fault, Server, When};
use serde_json::{Value, json};
use testkit::Dice;

use crate::backfill::{DAYS, backfill};
use crate::corpus::Corpus;
use crate::hostile::add_unreadable;
use crate::world::{Run, Tree, World, assert_same, tree};

impl World {
    /// Runs the program with this on stdin.
    pub(crate) fn fed(&self, arguments: &[&str], stdin: Vec<u8>) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let feeding = thread::spawn(move || {
            // A program that ends early reads no more.
            let _ = pipe.write_all(&stdin);
        });
        let output = child.wait_with_output().unwrap();
        feeding.join().unwrap();
        output
    }
}

fn texts(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

impl Corpus {
    /// What is read, as a plan lists it: the lines of keys. The sums go to `sums.jsonl`.
    fn keys(&self) -> Vec<String> {
        let mut plan =
            vec!["plan", "--source", &self.source, "--output", "keys", "--sums", "sums.jsonl"];
        plan.extend(self.range());
        plan.extend(texts(&self.options));
        let run = self.world.hoptrail(&plan).ends(0);
        run.stdout.lines().map(str::to_owned).collect()
    }

    /// Reads objects and all invocation logs, and gives the readings.
    #[track_caller]
    fn read(&self, keys: &[String], out: &str) -> Vec<u8> {
        self.read_with(&texts(&self.options), keys, out)
    }

    #[track_caller]
    fn read_with(&self, options: &[&str], keys: &[String], out: &str) -> Vec<u8> {
        let mut read = vec!["read", "--source", &self.source, "--dest", out];
        read.extend(self.range());
        read.extend(options);
        let output = self.world.fed(&read, (keys.join("\n") + "\n").into_bytes());
        let code = output.status.code().unwrap();
        assert!(matches!(code, 0 | 3), "{code}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Builds days from readings.
    #[track_caller]
    fn build(&self, readings: &[u8], out: &str, days: &[&str]) -> Run {
        let build = ["build", "--readings", "-", "--sums", "sums.jsonl"];
        let arguments = self.arguments(&build, out, days);
        Run::of(self.world.fed(&texts(&arguments), readings.to_vec()))
    }

    /// The same, and asserts that it ends well, perhaps with unreadable objects.
    #[track_caller]
    fn builds(&self, readings: &[u8], out: &str, days: &[&str]) -> Run {
        let run = self.build(readings, out, days);
        assert!(matches!(run.code, 0 | 3), "{days:?}: {}, {}{}", run.code, run.stdout, run.stderr);
        run
    }
}

#[test]
fn readings_piped_into_a_build_are_as_one_run() {
    for corpus in [Corpus::sample(), Corpus::hostile(21, add_unreadable)] {
        let readings = corpus.read(&corpus.keys(), "out");
        corpus.builds(&readings, "out", &corpus.range());
        corpus.assert_as_one_run("out", "built from readings");
        // Once more: nothing has changed.
        let before = tree(&corpus.world.path("out"));
        corpus.builds(&readings, "out", &corpus.range());
        if corpus.partial.is_empty() {
            assert_eq!(corpus.summary("out")["days"], json!([]), "{}", corpus.source);
        }
        assert_eq!(tree(&corpus.world.path("out")), before);
        corpus.settles("out");
    }
}

/// Each day from a stream of its rows alone, as an engine gives it.
#[test]
fn days_built_from_shuffled_readings_and_settled_are_as_one_run() {
    let corpus = Corpus::hostile(22, |_| {});
    let mut dice = Dice::new(22);
    for n_tasks in [2, 7] {
        let out = format!("of-{n_tasks}");
        let mut keys = corpus.keys();
        dice.shuffle(&mut keys);
        let size = keys.len().div_ceil(n_tasks).max(1);
        // The invocation logs are read once.
        let (objects, options) = (&["--verify-digests"], texts(&corpus.options));
        let read = keys.chunks(size).enumerate().map(|(n, keys)| match n {
            0 => corpus.read_with(&options, keys, &out),
            _ => corpus.read_with(objects, keys, &out),
        });
        let read = read.collect::<Vec<_>>();
        for n in corpus.shuffled(&mut dice) {
            let day = corpus.days[n];
            let readings = rows_of_day(&read, day, &mut dice);
            corpus.builds(&readings, &out, &["--day", day, "--reopen", "0"]);
        }
        corpus.settles(&out);
    }
}

/// The rows of a day from several streams, shuffled, as one stream with the same schema.
fn rows_of_day(streams: &[Vec<u8>], day: &str, dice: &mut Dice) -> Vec<u8> {
    let mut rows = Vec::new();
    let mut schema = None;
    for stream in streams {
        let reader = StreamReader::try_new(stream.as_slice(), None).unwrap();
        // That of the first one says that invocation logs were read.
        schema.get_or_insert(reader.schema());
        for batch in reader {
            let batch = batch.unwrap();
            let days = batch.column_by_name("dt").unwrap().as_string::<i32>().clone();
            let of_day = (0..batch.num_rows()).filter(|row| days.value(*row) == day);
            rows.extend(of_day.map(|row| batch.slice(row, 1)));
        }
    }
    dice.shuffle(&mut rows);
    stream_of(&schema.unwrap(), &rows)
}

fn stream_of(schema: &SchemaRef, batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), schema).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

/// Every row of a stream by itself.
fn single_rows(stream: &[u8]) -> (SchemaRef, Vec<RecordBatch>) {
    let reader = StreamReader::try_new(stream, None).unwrap();
    let schema = reader.schema();
    let batches = reader.map(Result::unwrap);
    let rows = batches
        .flat_map(|batch| (0..batch.num_rows()).map(|row| batch.slice(row, 1)).collect::<Vec<_>>());
    (schema, rows.collect())
}

#[test]
fn readings_that_are_not_whole_are_refused() {
    let corpus = Corpus::hostile(23, |_| {});
    let keys = corpus.keys();
    let readings = corpus.read(&keys, "out");
    let before = tree(&corpus.world.path("out"));
    let (schema, rows) = single_rows(&readings);
    let refused = |readings: &[u8], what: &str, parts: &[&str]| {
        let days = corpus.range();
        corpus.build(readings, "out", &days).says(1, parts);
        assert_eq!(tree(&corpus.world.path("out")), before, "{what}: something was published");
    };
    refused(&readings[..readings.len() - 8], "no end marker", &["cut off"]);
    refused(&readings[..readings.len() / 2], "half", &["cut off"]);
    refused(b"", "nothing", &["cut off"]);
    refused(b"{}", "no Arrow", &["readings"]);
    let is_trail = |row: &&RecordBatch| {
        let text = |column: &str| row.column_by_name(column).unwrap().as_string::<i32>().value(0);
        text("source") == "cloudtrail" && text("dt") == corpus.days[0]
    };
    let at = rows.iter().position(|row| is_trail(&row)).unwrap();
    let mut less = rows.clone();
    less.remove(at);
    refused(&stream_of(&schema, &less), "one less", &[corpus.days[0], "expected", "found"]);
    let more = [rows.clone(), vec![rows[at].clone()]].concat();
    refused(&stream_of(&schema, &more), "one twice", &[corpus.days[0], "expected", "found"]);
    let is_log = |row: &&RecordBatch| {
        row.column_by_name("source").unwrap().as_string::<i32>().value(0) == "invocation_log"
    };
    let log = rows.iter().find(is_log).unwrap().clone();
    let more = [rows.clone(), vec![log]].concat();
    refused(&stream_of(&schema, &more), "a log twice", &["part 0 of 1 is there twice"]);
    let whole = stream_of(&schema, &rows);
    let of_day = ["--day", corpus.days[1]];
    corpus.build(&whole, "out", &of_day).says(1, &["rows of", corpus.days[1]]);
    corpus
        .build(&whole, "out", &[&of_day[..], &["--late-window", "5h"]].concat())
        .says(1, &["late window in minutes: expected `300`, found `360`"]);
}

#[test]
fn readings_of_other_options_are_refused() {
    let corpus = Corpus::sample();
    let readings = corpus.read(&corpus.keys(), "out");
    let range = corpus.range();
    for (options, part) in [
        (&["--account", "111122223333"][..], "accounts 111122223333"),
        (&["--accept-trailing-members"], "any number of members"),
        (&["--omit", "source_ip"], "omitted columns"),
    ] {
        let days = [&range[..], options].concat();
        corpus.build(&readings, "out", &days).says(1, &["other options", part]);
    }
    fs::remove_file(corpus.world.path("sums.jsonl")).unwrap();
    corpus.build(&readings, "out", &range).says(1, &["sums.jsonl"]);
    corpus.world.write("sums.jsonl", "{\"dt\": 1}\n");
    corpus.build(&readings, "out", &range).says(2, &["sums.jsonl", "line 1"]);
    let arguments = corpus.arguments(&["build", "--readings", "-"], "out", &range);
    let output = corpus.world.fed(&texts(&arguments), readings);
    Run::of(output).says(2, &["--readings - needs --sums"]);
}

/// A day that loses objects of its source is left as it is; the other days are published.
#[test]
fn day_whose_source_objects_are_gone_is_not_replaced() {
    let corpus = Corpus::hostile(24, |_| {});
    let keys = corpus.keys();
    let readings = corpus.read(&keys, "out");
    corpus.builds(&readings, "out", &corpus.range());
    let published = tree(&corpus.world.path("out"));
    let day = corpus.days[3];
    let date = day.replace('-', "/");
    let gone = keys.iter().filter_map(|line| {
        let line = serde_json::from_str::<Value>(line).unwrap();
        let key = line["key"].as_str().unwrap().to_owned();
        key.contains(&date).then_some(key)
    });
    for key in gone.take(2).collect::<Vec<_>>() {
        fs::remove_file(corpus.world.path(&format!("trail/{key}"))).unwrap();
    }
    let readings = corpus.read(&corpus.keys(), "out");
    let run = corpus.build(&readings, "out", &corpus.range());
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    assert!(run.stderr.contains(day) && run.stderr.contains("--allow-shrink"), "{}", run.stderr);
    let now = tree(&corpus.world.path("out"));
    let of_day = |name: &&String| name.contains(&format!("dt={day}"));
    for name in published.keys().filter(of_day) {
        assert!(now[name] == published[name], "{name} has other bytes");
    }
}

/// Objects that come later, and are read and built in the same way, with nothing else.
#[test]
fn days_with_new_objects_are_built_again() {
    let corpus = Corpus::backfill(25);
    let mut dice = Dice::new(25);
    let keys = corpus.keys();
    let held_back = keys.iter().enumerate().filter(|_| dice.below(4) == 0).map(|(n, line)| {
        let line = serde_json::from_str::<Value>(line).unwrap();
        let path = corpus.world.path(&format!("trail/{}", line["key"].as_str().unwrap()));
        // Moved, it keeps what its ETag is made of.
        let aside = corpus.world.path(&format!("aside-{n}"));
        fs::rename(&path, &aside).unwrap();
        (path, aside)
    });
    let held_back = held_back.collect::<Vec<_>>();
    let build = || {
        let readings = corpus.read(&corpus.keys(), "out");
        for n in corpus.shuffled(&mut Dice::new(26)) {
            let day = corpus.days[n];
            let rows = rows_of_day(slice::from_ref(&readings), day, &mut Dice::new(27));
            corpus.builds(&rows, "out", &["--day", day, "--reopen", "0"]);
        }
        corpus.ends(&["settle"], "out", corpus.range());
    };
    build();
    for (path, aside) in held_back {
        fs::rename(aside, path).unwrap();
    }
    build();
    corpus.settles("out");
}

impl Corpus {
    fn shard(&self, shard: &str, out: &str, folder: &str) -> Vec<String> {
        let read =
            ["read", "--source", &self.source, "--dest", out, "--shard", shard, "-o", folder];
        let range = self.range();
        let all = read.iter().chain(&range).map(|part| (*part).to_owned());
        all.chain(self.options.iter().cloned()).collect()
    }

    #[track_caller]
    fn reads_shard(&self, shard: &str, out: &str, folder: &str) {
        let run = self.world.hoptrail(&texts(&self.shard(shard, out, folder)));
        assert!(matches!(run.code, 0 | 3), "{shard}: {}, {}{}", run.code, run.stdout, run.stderr);
    }
}

#[test]
fn days_built_from_shards_are_as_one_run() {
    let corpus = Corpus::hostile(26, add_unreadable);
    let mut dice = Dice::new(26);
    for n_shards in [1, 2, 7] {
        let (out, folder) = (format!("of-{n_shards}"), format!("readings-{n_shards}"));
        let mut shards = (0..n_shards).collect::<Vec<_>>();
        dice.shuffle(&mut shards);
        for shard in shards {
            corpus.reads_shard(&format!("{shard}/{n_shards}"), &out, &folder);
        }
        corpus.ends(&["build", "--readings", &folder], &out, corpus.range());
        corpus.assert_as_one_run(&out, "built from all shards");
    }
    for n in corpus.shuffled(&mut dice) {
        let days = ["--day", corpus.days[n], "--reopen", "0"];
        corpus.ends(&["build", "--readings", "readings-7"], "by-day", days);
    }
    corpus.settles("by-day");
}

#[test]
fn shards_that_are_not_whole_are_refused() {
    let corpus = Corpus::backfill(27);
    for shard in ["0/2", "1/2"] {
        corpus.reads_shard(shard, "out", "readings");
    }
    let before = tree(&corpus.world.path("out"));
    let whole = tree(&corpus.world.path("readings"));
    let refused = |parts: &[&str]| {
        let build = corpus.arguments(&["build", "--readings", "readings"], "out", &corpus.range());
        corpus.world.hoptrail(&texts(&build)).says(1, parts);
        assert_eq!(tree(&corpus.world.path("out")), before, "{parts:?}: something was published");
    };
    let restore = || {
        fs::remove_dir_all(corpus.world.path("readings")).unwrap();
        for (name, bytes) in &whole {
            corpus.world.write(&format!("readings/{name}"), bytes);
        }
    };
    let path = |name: &str| corpus.world.path(&format!("readings/{name}"));
    fs::remove_file(path("shard-1-of-2.json")).unwrap();
    refused(&["`shard-1-of-2.json` is missing"]);
    restore();
    corpus.world.write("readings/shard-2-of-3.json", "{}");
    refused(&["some of 2", "some of 3"]);
    restore();
    corpus.world.write("readings/shard-1-of-2.json", "{}");
    refused(&["`shard-1-of-2.json` is no summary of a shard"]);
    restore();
    let rows = format!("dt={}/shard-0-of-2.arrow", corpus.days[0]);
    fs::write(path(&rows), &whole[&rows][..whole[&rows].len() - 8]).unwrap();
    refused(&[&rows, "cut off"]);
    restore();
    let mut altered = whole[&rows].clone();
    let at = altered.windows(6).position(|text| text == b"sonnet").unwrap();
    altered[at] = b'z';
    fs::write(path(&rows), &altered).unwrap();
    refused(&[&rows, "its checksum is another"]);
    restore();
    let other = format!("dt={}/shard-0-of-2.arrow", corpus.days[1]);
    fs::write(path(&rows), &whole[&other]).unwrap();
    refused(&[corpus.days[0], corpus.days[1]]);
    fs::remove_file(path(&rows)).unwrap();
    refused(&["cannot be fetched"]);
    fs::remove_dir_all(path("")).unwrap();
    fs::create_dir(path("")).unwrap();
    refused(&["expected `shard-0-of-N.json`"]);
    restore();
    let part = corpus.world.text("trail/AWSLogs/111122223333");
    let mut read = corpus.shard("1/2", "out", "readings");
    let source = read.iter().position(|it| *it == corpus.source).unwrap();
    read[source].clone_from(&part);
    corpus.world.hoptrail(&texts(&read)).ends(0);
    refused(&["`shard-1-of-2.json`: source: expected", &part]);
    restore();
    let later = ["--day", "2026-10-12"];
    let build = corpus.arguments(&["build", "--readings", "readings"], "out", &later);
    corpus
        .world
        .hoptrail(&texts(&build))
        .says(1, &["days: expected a range with 2026-10-12 in it"]);
}

/// What is no file is not replaced by one.
#[test]
fn pipe_that_is_named_gets_the_readings() {
    let corpus = Corpus::backfill(30);
    let keys = corpus.keys();
    let expected = corpus.read(&keys, "out");
    let pipe = corpus.world.text("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reading = thread::spawn({
        let pipe = pipe.clone();
        move || fs::read(pipe).unwrap()
    });
    let mut read = vec!["read", "--source", &corpus.source, "-o", &pipe];
    read.extend(corpus.range());
    let output = corpus.world.fed(&read, (keys.join("\n") + "\n").into_bytes());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(reading.join().unwrap().len(), expected.len());
    assert!(!fs::metadata(&pipe).unwrap().is_file());
}

/// Steps that are killed at any moment, and begun again, until all of them are done.
#[test]
fn reading_and_building_that_are_killed_end_as_one_run() {
    let corpus = Corpus::backfill(28);
    let mut dice = Dice::new(28);
    let started = Instant::now();
    corpus.reads_shard("0/2", "warm", "warm-readings");
    let took_micros = u64::try_from(started.elapsed().as_micros()).unwrap();
    let (mut n_killed, mut n_rounds) = (0, 0);
    while n_killed < 50 {
        n_rounds += 1;
        assert!(n_rounds < 40, "only {n_killed} processes were killed");
        let (out, folder) = (format!("out-{n_rounds}"), format!("readings-{n_rounds}"));
        let shards = (0..3).map(|n| corpus.shard(&format!("{n}/3"), &out, &folder));
        let read = shards.collect::<Vec<_>>();
        let build = |day: &&str| {
            let days = ["--day", day, "--reopen", "0", "--wait-lock"];
            let mut build = corpus.arguments(&["build", "--readings", &folder], &out, &days);
            // Each writes a summary of its own.
            let summary = build.iter().position(|it| it.ends_with(".json")).unwrap();
            build[summary] = format!("{out}-{day}.json");
            build
        };
        let build = corpus.days.iter().map(build).collect::<Vec<_>>();
        let range = corpus.range();
        let settle = corpus.arguments(&["settle", "--wait-lock"], &out, &range);
        for steps in [read, build, vec![settle]] {
            n_killed += corpus.done_in_spite_of_kills(steps, &mut dice, took_micros);
        }
        // What a killed process has not finished is no file to a reader.
        for name in tree(&corpus.world.path(&out)).into_keys() {
            if name.contains(".store-tmp-") {
                fs::remove_file(corpus.world.path(&format!("{out}/{name}"))).unwrap();
            }
        }
        corpus.assert_as_one_run(&out, "after kills");
        fs::remove_dir_all(corpus.world.path(&folder)).unwrap();
    }
}

impl Corpus {
    /// Runs all of these at once, kills some of them, and begins those again, until each has ended well. Says how many
    /// were killed.
    fn done_in_spite_of_kills(
        &self,
        mut steps: Vec<Vec<String>>,
        dice: &mut Dice,
        took_micros: u64,
    ) -> u64 {
        let mut n_killed = 0;
        while !steps.is_empty() {
            let start = |step: Vec<String>| {
                let mut command = self.world.command(&texts(&step));
                command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
                (step, command.spawn().unwrap())
            };
            let running = std::mem::take(&mut steps).into_iter().map(start).collect::<Vec<_>>();
            for (step, mut child) in running {
                if dice.below(2) == 0 {
                    thread::sleep(Duration::from_micros(dice.below(took_micros)));
                    let _ = child.kill();
                }
                let output = child.wait_with_output().unwrap();
                let stderr = String::from_utf8_lossy(&output.stderr);
                match output.status.code() {
                    Some(code) => assert!(matches!(code, 0 | 3), "{step:?}: {code}: {stderr}"),
                    None => {
                        n_killed += 1;
                        steps.push(step);
                    }
                }
            }
        }
        n_killed
    }
}

/// One request in twenty is refused: nothing is unreadable, and nothing is lost.
#[test]
fn shards_and_builds_on_s3_that_is_slow_down_are_as_one_run() {
    let trail = backfill(29, 8).bucket();
    let config = Config::new().bucket(trail).bucket(Bucket::new("analytics"));
    let server = Server::start(config).unwrap();
    let world = World::new();
    let days = ["--from", DAYS[0], "--to", DAYS[4]];
    let run = |command: &[&str], more: &[&str]| {
        let command = [command, &["--source", "s3://trail"], &days, more].concat();
        let run = world.hoptrail_on(&server, &command);
        assert_eq!(run.code, 0, "{command:?}: {}{}", run.stdout, run.stderr);
    };
    run(&["run", "--dest", "s3://analytics/one"], &[]);
    let when = When::PerMille { seed: 29, rate: 50 };
    server.set_faults(vec![Fault::always(Failure::SlowDown).when(when)]);
    for shard in ["0/2", "1/2"] {
        let read = ["read", "--dest", "s3://analytics/two", "--shard", shard];
        run(&read, &["-o", "s3://analytics/readings/"]);
    }
    let build = ["build", "--readings", "s3://analytics/readings/"];
    run(&build, &["--dest", "s3://analytics/two"]);
    assert!(server.stats().faults > 20, "{:?}", server.stats());
    server.set_faults(Vec::new());
    let below = |prefix: &str| -> Tree {
        let keys = server.keys("analytics").into_iter().filter(|key| key.starts_with(prefix));
        let object = |key: String| {
            let bytes = server.object("analytics", &key).unwrap().to_vec();
            (key[prefix.len()..].to_owned(), bytes)
        };
        keys.map(object).collect()
    };
    assert_same(&below("two/"), &below("one/"), "through a service that slows down");
}
