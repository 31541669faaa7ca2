//! `plan --output keys|folders`, `--folders`, `--keys`, and `--sums`: what programs that share a run move about.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use jiff::civil::date;
use s3_server::{Bucket, Config, MadeUpTrail, Server};
use serde_json::{Value, json};

use crate::listing::peak_kib;
use crate::world::{ACCOUNT, REGION, Run, World, call, document, key, sample};

const DAYS: [&str; 4] = ["--from", "2026-10-05", "--to", "2026-10-07"];

/// `plan` of a source and some days.
fn plan<'a>(source: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["plan", "--source", source], &DAYS[..], more].concat()
}

/// Runs the program with a text as its standard input.
fn with_input(world: &World, server: Option<&Server>, arguments: &[&str], input: &str) -> Run {
    let mut command = match server {
        Some(server) => world.command_on(server, arguments),
        None => world.command(arguments),
    };
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_owned());
    // A program that has found a mistake reads no further.
    let writing = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let run = Run::of(child.wait_with_output().unwrap());
    writing.join().unwrap();
    run
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines = text.lines().collect::<Vec<_>>();
    lines.sort_unstable();
    lines
}

/// The sums of days, each as its objects, bytes, and fingerprint.
fn sums(world: &World, file: &str) -> BTreeMap<String, Value> {
    let lines = lines(&fs::read_to_string(world.path(file)).unwrap());
    let day = |line: Value| {
        let dt = line["dt"].as_str().unwrap().to_owned();
        (dt, json!([line["objects"], line["bytes"], line["fingerprint"]]))
    };
    lines.into_iter().map(day).collect()
}

#[test]
fn keys_and_sums_of_the_sample_are_what_a_run_is_built_from() {
    let (world, source) = (World::new(), sample().display().to_string());
    let run = world.hoptrail(&plan(&source, &["--output", "keys", "--sums", "sums"])).ends(0);
    assert_eq!(run.stderr, "");
    let keys = lines(&run.stdout);
    assert_eq!(keys.len(), 84);
    for line in &keys {
        let path = sample().join(line["key"].as_str().unwrap());
        assert_eq!(line["size"], fs::metadata(&path).unwrap().len(), "{line}");
        assert!(!line["etag"].as_str().unwrap().is_empty(), "{line}");
    }
    // Each day's manifest has the same sum.
    let build = ["run", "--source", &source, "--dest", "out"];
    world.hoptrail(&[&build[..], &DAYS].concat()).ends(0);
    let sums = sums(&world, "sums");
    assert_eq!(sums.len(), 3);
    for (day, sum) in &sums {
        let manifest = world.path(&format!("out/_hoptrail/manifest/dt={day}.json"));
        let manifest: Value = serde_json::from_slice(&fs::read(manifest).unwrap()).unwrap();
        let trail = &manifest["trail"];
        let built = json!([trail["objects"], trail["bytes"], trail["fingerprint"]]);
        assert_eq!(built, *sum, "{day}");
    }
    // Beside a plan for people, and of keys that are given.
    let text = world.hoptrail(&plan(&source, &["--sums", "beside"])).ends(0).stdout;
    assert_eq!(text, world.hoptrail(&plan(&source, &[])).ends(0).stdout);
    let given = plan(&source, &["--keys", "-", "--sums", "given"]);
    let text = with_input(&world, None, &given, &run.stdout).ends(0).stdout;
    assert!(text.contains("Objects    84, ") && text.contains("0 LIST"), "{text}");
    for file in ["beside", "given"] {
        assert_eq!(self::sums(&world, file), sums, "{file}");
    }
}

#[test]
fn folders_of_the_sample_together_have_its_keys() {
    let (world, source) = (World::new(), sample().display().to_string());
    let whole = world.hoptrail(&plan(&source, &["--output", "keys"])).ends(0).stdout;
    let folders = world.hoptrail(&plan(&source, &["--output", "folders"])).ends(0).stdout;
    let listing = plan(&source, &["--folders", "-", "--output", "keys"]);
    let mut parts = String::new();
    for line in folders.lines() {
        parts += &with_input(&world, None, &listing, line).ends(0).stdout;
    }
    assert_eq!(sorted(&parts), sorted(&whole));
    assert!(folders.lines().count() > 5, "{folders}");
    world.write("folders", &folders);
    let listing = plan(&source, &["--folders", "folders", "--output", "keys"]);
    assert_eq!(sorted(&world.hoptrail(&listing).ends(0).stdout), sorted(&whole));
    // An account's folders are left out where another one is asked for.
    let other = ["--account", "012345678901"];
    let whole = world.hoptrail(&[&plan(&source, &["--output", "keys"])[..], &other].concat());
    let part = world.hoptrail(&[&listing[..], &other].concat()).ends(0);
    assert_eq!((sorted(&part.stdout), part.stderr), (sorted(&whole.stdout), String::new()));
}

fn bucket() -> Bucket {
    let mut bucket = Bucket::new("logs");
    for (day, n) in [("05", 1), ("06", 2), ("07", 3)] {
        let name = key(ACCOUNT, REGION, &format!("202610{day}T1210Z"), &format!("n{n}"));
        let body = document(&[call(&format!("e{n}"), &format!("2026-10-{day}T12:00:00Z"))]);
        bucket = bucket.object(&format!("trails/{name}"), body);
    }
    bucket
}

#[test]
fn keys_of_a_bucket_are_whole_and_those_of_other_days_are_left_out() {
    let (world, server) = (World::new(), Server::start(Config::new().bucket(bucket())).unwrap());
    let source = "s3://logs/trails";
    let run = world.hoptrail_on(&server, &plan(source, &["--output", "keys"])).ends(0);
    let listed = lines(&run.stdout);
    let found = listed.iter().map(|line| line["key"].as_str().unwrap()).collect::<BTreeSet<_>>();
    let all = server.keys("logs");
    assert_eq!(found, all.iter().map(String::as_str).collect());
    let folders = world.hoptrail_on(&server, &plan(source, &["--output", "folders"])).ends(0);
    let folder = format!("trails/AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/");
    assert_eq!(lines(&folders.stdout), [json!({ "folder": folder })]);

    let day = ["plan", "--source", source, "--day", "2026-10-06", "--keys", "-"];
    let day = [&day[..], &["--output", "keys", "--sums", "sums"]].concat();
    // A quoted ETag, as S3 has it in headers, and columns of an inventory that are not needed.
    let etag = listed[0]["etag"].as_str().unwrap();
    let given = run.stdout.replace(&format!("\"{etag}\""), &format!("\"\\\"{etag}\\\"\""));
    let given = given.replace("{\"key\"", "{\"bucket\":\"logs\",\"key\"");
    let part = with_input(&world, Some(&server), &day, &given).ends(0);
    assert_eq!(part.stdout.lines().count(), 1, "{}", part.stdout);
    assert!(run.stdout.contains(part.stdout.trim()), "{}", part.stdout);
    assert!(part.stderr.contains("2 objects of --keys left out"), "{}", part.stderr);
    assert_eq!(sums(&world, "sums").into_keys().collect::<Vec<_>>(), ["2026-10-06"]);
    let none = with_input(&world, Some(&server), &day, "\n").ends(0);
    assert_eq!((none.stdout, none.stderr), (String::new(), String::new()));
    assert_eq!(sums(&world, "sums").len(), 0);
}

#[test]
fn keys_of_several_sources_are_uris() {
    let world = World::new();
    let server = Server::start(Config::new().bucket(bucket())).unwrap();
    let name = key("222233334444", REGION, "20261006T1310Z", "o");
    world.write(&format!("other/{name}"), document(&[call("o", "2026-10-06T13:00:00Z")]));
    let (source, other) = ("s3://logs/trails", ["--source", "other"]);
    let keys = plan(source, &[&other[..], &["--output", "keys"]].concat());
    let run = world.hoptrail_on(&server, &keys).ends(0);
    let found = lines(&run.stdout);
    let found = found.iter().map(|line| line["key"].as_str().unwrap()).collect::<BTreeSet<_>>();
    let logs = server.keys("logs");
    let uris = logs.iter().map(|key| format!("s3://logs/{key}")).collect::<Vec<_>>();
    let other_uri = format!("other/{name}");
    let expected = uris.iter().map(String::as_str).chain([other_uri.as_str()]);
    assert_eq!(found, expected.collect::<BTreeSet<_>>());
    let given = [&keys[..], &["--keys", "-"]].concat();
    let given = with_input(&world, Some(&server), &given, &run.stdout).ends(0);
    assert_eq!(sorted(&given.stdout), sorted(&run.stdout));
    let folders = plan(source, &[&other[..], &["--output", "folders"]].concat());
    let folders = world.hoptrail_on(&server, &folders).ends(0).stdout;
    let given = [&keys[..], &["--folders", "-"]].concat();
    let given = with_input(&world, Some(&server), &given, &folders).ends(0);
    assert_eq!(sorted(&given.stdout), sorted(&run.stdout));
}

#[test]
fn lines_that_are_invalid_are_named() {
    let (world, source) = (World::new(), sample().display().to_string());
    let good =
        json!({ "key": key(ACCOUNT, REGION, "20261006T1310Z", "o"), "size": 1, "etag": "e" });
    let check = |option: &str, bad: &str, parts: &[&str]| {
        let good = if option == "--keys" { good.to_string() } else { String::new() };
        let input = format!("{good}\n\n{bad}\n");
        let line = format!("{option} -, line 3: ");
        let parts = [&[line.as_str()], parts].concat();
        let given = plan(&source, &[option, "-"]);
        with_input(&world, None, &given, &input).says(2, &parts);
        let given = plan(&source, &[option, "-", "--output", "keys", "--sums", "sums"]);
        let run = with_input(&world, None, &given, &input).ends(2);
        assert!(run.stderr.contains(&line), "{}", run.stderr);
        assert!(!world.path("sums").exists(), "sums of a part look like those of the whole");
    };
    check("--keys", "key", &["expected {\"key\"", "found no object of JSON"]);
    check("--keys", r#"{"key":"a.json.gz","size":1}"#, &["missing field `etag`"]);
    check("--keys", r#"{"key":"../a","size":1,"etag":""}"#, &["`../a` is outside of"]);
    check("--keys", r#"{"key":"cat.jpg","size":1,"etag":""}"#, &["`cat.jpg` is no log file"]);
    check("--keys", r#"{"key":"a.json","size":1,"etag":""}"#, &["`a.json` is of no trail"]);
    check("--folders", r#"{"folder":"a/"}"#, &["`a/` is no Region's folder", "expected"]);
    check("--folders", r#"["a/"]"#, &["expected {\"folder\""]);
}

#[test]
fn options_that_contradict_each_other_are_usage_errors() {
    let (world, source) = (World::new(), sample().display().to_string());
    for (more, part) in [
        (&["--output", "folders", "--keys", "k"][..], "--keys has no effect with --output folders"),
        (&["--output", "folders", "--sums", "s"], "--sums has no effect with --output folders"),
        (&["--output", "keys", "--preflight"], "--preflight prints text or json"),
        (&["--sums", "-"], "--sums: expected a file"),
        (&["--output", "folders", "--layout", "any"], "--output folders needs trails"),
        (&["--sums", "s", "--layout", "any"], "--sums needs trails"),
    ] {
        world.hoptrail(&plan(&source, more)).says(2, &[part]);
    }
    for more in [&["--keys", "k", "--folders", "f"][..], &["--keys", "k", "--preflight"]] {
        let run = world.hoptrail(&plan(&source, more)).ends(2);
        assert!(run.stderr.contains("cannot be used with"), "{}", run.stderr);
    }
    world.hoptrail(&plan("-", &["--keys", "-"])).says(2, &["are both standard input"]);
    let run = world.hoptrail(&plan(&source, &["--keys", "missing"])).says(1, &["--keys: missing"]);
    assert!(run.stderr.contains("No such file"), "{}", run.stderr);
}

#[test]
fn source_without_trails_has_no_folders_and_says_so() {
    let world = World::new();
    world.write("trail/photos/cat.jpg", "x");
    let source = world.text("trail");
    for output in ["keys", "folders"] {
        let run = world.hoptrail(&plan(&source, &["--output", output]));
        run.says(1, &["no CloudTrail log files below"]);
    }
    let run =
        world.hoptrail(&plan(&sample().display().to_string(), &["--account", "999999999999"]));
    run.says(1, &["--account: nothing below"]);
    // Days without objects are no failure, and not silent either.
    world.object("20260901T1210Z", "a", &[call("a", "2026-09-01T12:00:00Z")]);
    let run = world.hoptrail(&plan(&source, &["--output", "keys"])).ends(0);
    assert!(run.stdout.is_empty() && run.stderr.contains("2026-09-01"), "{}", run.stderr);
}

fn made_up(accounts: u64, days: u64) -> Server {
    let trail = MadeUpTrail { accounts, first: date(2026, 10, 1), days };
    Server::start(Config::new().bucket(Bucket::made_up("org", trail))).unwrap()
}

#[test]
fn reader_that_goes_away_ends_the_listing_without_an_error() {
    let (world, server) = (World::new(), made_up(3, 9));
    let mut command =
        world.command_on(&server, &plan("s3://org", &["--output", "keys", "--sums", "s"]));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::with_capacity(512, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("{\"key\":\"AWSLogs/o-example/"), "{line}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut stderr = String::new();
    child.stderr.unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(stderr, "");
    assert!(!world.path("s").exists(), "sums of a part look like those of the whole");
}

#[test]
fn memory_of_keys_does_not_grow_with_their_number() {
    let (world, server) = (World::new(), made_up(2, 41));
    let peak = |to: &str, expected: usize| {
        let source = ["plan", "--source", "s3://org", "--from", "2026-10-01", "--to", to];
        let output = ["--output", "keys", "--sums", "sums", "--concurrency", "8"];
        let mut command = world.command_on(&server, &[&source[..], &output].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let keys = BufReader::new(child.stdout.take().unwrap());
        let counting = std::thread::spawn(move || keys.lines().count());
        let peak_kib = peak_kib(&mut child);
        assert!(child.wait().unwrap().success());
        assert_eq!(counting.join().unwrap(), expected);
        peak_kib
    };
    let of_day = 2 * (3 * 288 + 14 * 2);
    let of_window = 2 * (3 * 72 + 14);
    // As many as fill all requests that are in flight.
    let small = peak("2026-10-08", 8 * of_day + of_window);
    let large = peak("2026-11-09", 40 * of_day + of_window);
    // The lines of the other days alone are 14 MB.
    assert!(large < small + 6 * 1024, "{small} KiB for 8 days, {large} KiB for 40");
}

/// Folders are found by what is above them; of what is below, objects are listed until there is one.
#[test]
fn folders_take_no_listing_of_each() {
    let (world, server) = (World::new(), made_up(12, 3));
    let source = ["plan", "--source", "s3://org", "--day", "2026-10-01", "--concurrency", "4"];
    let folders = [&source[..], &["--output", "folders"]].concat();
    let folders = world.hoptrail_on(&server, &folders).ends(0).stdout;
    assert_eq!(folders.lines().count(), 12 * 17);
    let stats = server.stats();
    // Two look at what the source is, three are above the accounts, and four are in flight.
    assert!(stats.lists <= 2 + 3 + 2 * 12 + 4, "{stats:?}");
    // A part is listed without a search.
    server.reset_stats();
    let part = folders.lines().step_by(20).map(|line| line.to_owned() + "\n").collect::<String>();
    let keys = [&source[..], &["--output", "keys", "--folders", "-"]].concat();
    let keys = with_input(&world, Some(&server), &keys, &part).ends(0).stdout;
    let is_hot =
        |line: &&str| ["eu-central-1", "us-east-1", "us-west-2"].iter().any(|r| line.contains(r));
    let n_hot = part.lines().filter(is_hot).count();
    assert_eq!(keys.lines().count(), n_hot * (288 + 72) + (part.lines().count() - n_hot) * 3);
    let stats = server.stats();
    assert!(stats.lists <= 2 + part.lines().count() as u64, "{stats:?}");
}
