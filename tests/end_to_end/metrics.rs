//! Metrics of runs and verifications: what they say, in which forms, and that they are written however a run ends.

#![expect(clippy::float_cmp, reason = "counts are whole numbers, and the same text is read")]

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use s3_server::{Bucket, Config, Failure, Fault, Kind, Server, When};
use serde_json::{Map, Value};

use crate::backfill::{DAYS, backfill};
use crate::world::{Run, World, call, sample};

type Metrics = BTreeMap<String, f64>;

/// The metrics of a file of JSON; each count adds up.
#[track_caller]
fn metrics(world: &World, name: &str) -> Metrics {
    let text = fs::read_to_string(world.path(name)).unwrap();
    let members = serde_json::from_str::<Map<String, Value>>(&text).unwrap();
    let numbers = members.into_iter().filter(|(name, _)| name != "Destination");
    let found = numbers.map(|(name, value)| (name, value.as_f64().unwrap())).collect::<Metrics>();
    assert_adds_up(&found);
    found
}

#[track_caller]
fn assert_adds_up(found: &Metrics) {
    let sum = |names: &[&str]| names.iter().map(|name| found[*name]).sum::<f64>();
    assert_eq!(found["Records"], sum(&["Calls", "Skipped", "Rejected"]), "{found:?}");
    assert_eq!(found["Calls"], sum(&["Written", "Duplicates", "OtherDay"]), "{found:?}");
}

/// The metrics of a line in the embedded metric format, which is as CloudWatch's specification has it.
#[track_caller]
fn of_emf(line: &str) -> Metrics {
    const UNITS: [&str; 4] = ["Count", "Bytes", "Seconds", "None"];
    assert!(line.len() < 32 * 1024, "{} bytes", line.len());
    let line = serde_json::from_str::<Map<String, Value>>(line).unwrap();
    let metadata = line["_aws"].as_object().unwrap();
    assert_eq!(metadata.keys().collect::<Vec<_>>(), ["CloudWatchMetrics", "Timestamp"]);
    // Milliseconds, which a log takes of at most two weeks ago.
    assert!(metadata["Timestamp"].as_u64().unwrap() > 1_760_000_000_000);
    let [directive] = metadata["CloudWatchMetrics"].as_array().unwrap().as_slice() else {
        panic!("one directive: {metadata:?}");
    };
    assert_eq!(directive["Namespace"], "hoptrail");
    assert_eq!(directive["Dimensions"], serde_json::json!([["Destination"]]));
    let dimension = line["Destination"].as_str().unwrap();
    assert!((1..=1024).contains(&dimension.len()) && dimension.is_ascii());
    let declared = directive["Metrics"].as_array().unwrap();
    assert!((1..=100).contains(&declared.len()));
    let mut found = Metrics::new();
    for metric in declared {
        let name = metric["Name"].as_str().unwrap();
        assert!(UNITS.contains(&metric["Unit"].as_str().unwrap()), "{metric}");
        assert!(found.insert(name.to_owned(), line[name].as_f64().unwrap()).is_none(), "{name}");
    }
    // A member that is not declared would be no metric.
    assert_eq!(line.len(), found.len() + 2);
    found
}

/// The metrics of a text of Prometheus, each with its help and type.
#[track_caller]
fn of_prometheus(text: &str, destination: &str) -> Metrics {
    let mut found = Metrics::new();
    for lines in text.lines().collect::<Vec<_>>().chunks(3) {
        let [help, kind, sample] = lines else { panic!("{lines:?}") };
        let name = kind.strip_prefix("# TYPE ").unwrap().strip_suffix(" gauge").unwrap();
        assert!(help.starts_with(&format!("# HELP {name} ")), "{help}");
        let label = format!("{name}{{destination=\"{destination}\"}} ");
        let value = sample.strip_prefix(&label).unwrap().parse().unwrap();
        found.insert(name.to_owned(), value);
    }
    found
}

#[test]
fn sample_has_the_same_metrics_in_all_forms() {
    let world = World::new();
    let (source, out) = (sample().display().to_string(), world.text("out"));
    let range = ["--from", "2026-10-05", "--to", "2026-10-07"];
    let outputs = ["--metrics", "emf,prometheus=m.prom", "--metrics", "json=m.json"];
    let options = ["run", "--source", &source, "--dest", &out, "--summary-json", "summary.json"];
    let run = world.hoptrail(&[&options[..], &range, &outputs].concat()).ends(0);
    let json = metrics(&world, "m.json");
    let (summary, last) = run.stdout.trim_end().rsplit_once('\n').unwrap();
    assert!(summary.contains("Outcome"), "the summary comes first");
    assert_eq!(of_emf(last), json);
    let text = fs::read_to_string(world.path("m.prom")).unwrap();
    let prometheus = of_prometheus(&text, &out);
    assert_eq!(prometheus.len(), json.len());
    assert_eq!(prometheus["hoptrail_calls"], json["Calls"]);
    let hours = json["NewestDayBuiltAgeHours"];
    let seconds = prometheus["hoptrail_newest_day_built_age_seconds"];
    assert!((seconds - hours * 3_600.0).abs() < 1.0 && hours > 24.0, "{hours} {seconds}");

    let summary = world.summary();
    let count = |pointer: &str| summary.pointer(pointer).unwrap().as_f64().unwrap();
    for (name, pointer) in [
        ("Records", "/records/records"),
        ("Calls", "/records/calls"),
        ("Skipped", "/records/skipped"),
        ("Rejected", "/records/rejected"),
        ("Written", "/written"),
        ("Duplicates", "/duplicates"),
        ("ObjectsRead", "/objects/read"),
        ("ObjectsUnreadable", "/objects/unreadable"),
        ("BytesRead", "/objects/bytes"),
        ("Denied", "/outcomes/denied"),
        ("OtherJurisdiction", "/residency/other_jurisdiction"),
        ("Unpriced", "/cost/calls_unpriced"),
        ("PricedCalls", "/cost/succeeded_calls_priced"),
        ("SucceededCalls", "/cost/succeeded_calls"),
    ] {
        assert_eq!(json[name], count(pointer), "{name}");
    }
    let unresolved = summary["unresolved"].as_array().unwrap().iter();
    let unresolved = unresolved.map(|of| of["calls"].as_f64().unwrap()).sum::<f64>();
    assert_eq!(json["Unresolved"], unresolved);
    for (name, expected) in
        [("RunSucceeded", 1.0), ("ExitCode", 0.0), ("DaysBuilt", 3.0), ("DaysUnchanged", 0.0)]
    {
        assert_eq!(json[name], expected, "{name}");
    }
    for name in ["Records", "Denied", "Unresolved", "OtherJurisdiction", "PeakMemoryBytes"] {
        assert!(json[name] > 0.0, "{name}");
    }
    for name in ["UnapprovedRegion", "VerifySucceeded", "Findings"] {
        assert!(!json.contains_key(name), "{name}");
    }

    // Days that are left as they are still have what is wrong with them.
    let more = ["--approved-regions", "us-east-1", "--metrics", "json=again.json"];
    world.hoptrail(&[&options[..], &range, &more].concat()).ends(0);
    let again = metrics(&world, "again.json");
    assert_eq!((again["DaysBuilt"], again["DaysUnchanged"]), (0.0, 3.0));
    for name in ["OtherJurisdiction", "Unresolved", "Unpriced"] {
        assert_eq!(again[name], json[name], "{name}");
    }
    assert!(again["UnapprovedRegion"] > 0.0);
}

/// The destination fails at a write: the days that were published before it count, and no others.
#[test]
fn run_that_fails_says_what_it_had_finished() {
    let source = sample().display().to_string();
    let mut seen = Vec::new();
    // How many writes there are, and in which order days come to their end, is not the test's to know.
    for n_written in (0..).step_by(3) {
        let server = Server::start(Config::new().bucket(Bucket::new("analytics"))).unwrap();
        let fault = Fault::always(Failure::AccessDenied).on(Kind::Put).when(When::After(n_written));
        server.set_faults(vec![fault]);
        let world = World::new();
        let arguments = ["run", "--source", &source, "--dest", "s3://analytics/t"];
        let range = ["--from", "2026-10-05", "--to", "2026-10-07", "--metrics", "json=m.json"];
        let mut command = world.command_on(&server, &[&arguments[..], &range].concat());
        let run = Run::of(command.env("AWS_MAX_ATTEMPTS", "1").output().unwrap());
        if run.code == 0 {
            break;
        }
        run.ends(1);
        let found = metrics(&world, "m.json");
        assert_eq!((found["RunSucceeded"], found["ExitCode"]), (0.0, 1.0));
        assert_eq!(found["Written"] > 0.0, found["DaysBuilt"] > 0.0, "{found:?}");
        assert!(!found.contains_key("Denied"), "what is not known is left out");
        seen.push(found["DaysBuilt"]);
    }
    assert_eq!(seen[0], 0.0);
    assert!(seen.iter().any(|days| *days > 0.0), "one of them had published days: {seen:?}");
}

#[test]
fn run_that_is_stopped_writes_metrics() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let world = World::new();
        let objects = backfill(23, 2).plain();
        let stall = Fault::always(Failure::Stall(0)).on(Kind::Get);
        let server = Server::start(Config::new().bucket(objects.bucket()).fault(stall)).unwrap();
        let out = world.text("out");
        let arguments = ["run", "--source", "s3://trail", "--dest", &out, "--day", DAYS[0]];
        let mut command =
            world.command_on(&server, &[&arguments[..], &["--metrics", "emf"]].concat());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        while server.stats().gets == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        let kill = format!("kill -{signal} {}", child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let run = Run::of(child.wait_with_output().unwrap()).ends(code);
        let found = of_emf(run.stdout.trim_end());
        assert_adds_up(&found);
        assert_eq!((found["RunSucceeded"], found["ExitCode"]), (0.0, f64::from(code)));
    }
}

#[test]
fn exit_codes_of_runs_are_in_their_metrics() {
    let world = World::new();
    world.object("20261005T1310Z", "a", &[call("e", "2026-10-05T13:00:00Z")]);
    let of = |day: &str, more: &[&str], code: i32| {
        let metrics_to = ["--day", day, "--metrics", "json=m.json"];
        world.run(&[&metrics_to[..], more].concat()).ends(code);
        let found = metrics(&world, "m.json");
        assert_eq!(found["ExitCode"], f64::from(code));
        assert_eq!(found["RunSucceeded"], f64::from(u8::from(code == 0)));
        found
    };
    of("2026-10-05", &[], 0);
    of("2026-10-05", &["--approved-regions", "eu-central-1", "--fail-on", "unapproved-region"], 4);
    let nothing = of("2026-10-04", &["--fail-on", "empty"], 5);
    assert_eq!(nothing["Records"], 0.0);
    assert!(!nothing.contains_key("NewestDayBuiltAgeHours"));
    world.write("trail/AWSLogs/111122223333/CloudTrail/us-east-1/2026/10/05/111122223333_CloudTrail_us-east-1_20261005T1320Z_b.json.gz", "no gzip");
    assert_eq!(of("2026-10-05", &[], 3)["ObjectsUnreadable"], 1.0);
}

#[test]
fn metrics_that_cannot_be_written_change_no_exit_code() {
    let world = World::new();
    world.object("20261005T1310Z", "a", &[call("e", "2026-10-05T13:00:00Z")]);
    // A pipe that nobody reads would keep the run from its end.
    let pipe = world.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let run = world.run(&["--day", "2026-10-05", "--metrics", "json=pipe"]).ends(0);
    assert!(run.stderr.contains("to pipe: expected a regular file, or none"), "{}", run.stderr);
    let run = world.run(&["--day", "2026-10-05", "--metrics", "prometheus=none/m.prom"]).ends(0);
    assert!(run.stderr.contains("could not write the metrics to none/m.prom"), "{}", run.stderr);
    // A folder with the name is not replaced, and nothing is left beside it.
    fs::create_dir(world.path("taken")).unwrap();
    let run = world.run(&["--day", "2026-10-05", "--metrics", "json=taken"]).ends(0);
    assert!(run.stderr.contains("could not write the metrics to taken"), "{}", run.stderr);
    let names = fs::read_dir(world.path("")).unwrap().map(|it| it.unwrap().file_name());
    assert!(!names.into_iter().any(|it| it.to_string_lossy().ends_with(".tmp")));
    // Nobody reads stdout.
    let (trail, out) = (world.text("trail"), world.text("out"));
    let arguments = ["run", "--source", &trail, "--dest", &out, "--day", "2026-10-05"];
    let mut command = world.command(&[&arguments[..], &["--metrics", "emf"]].concat());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn options_that_cannot_be_met_are_named() {
    let world = World::new();
    for (value, expected) in [
        ("statsd", "expected emf, prometheus, or json"),
        ("json=", "expected a file after `=`"),
        ("emf,json", "expected one form on stdout"),
        ("json=a,emf=a", "expected a file for each form, found a twice"),
        ("json=a,emf=./a", "expected a file for each form, found a twice"),
        ("json=-", "expected a file after `=`; stdout is without `=`"),
        ("prometheus=m.txt", "expected a file whose name ends in .prom"),
    ] {
        let run = world.run(&["--day", "2026-10-05", "--metrics", value]).ends(2);
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    }
    let (trail, out) = (world.text("trail"), world.text("out"));
    let arguments = ["run", "--source", &trail, "--dest", &out, "--day", "2026-10-05"];
    let both = ["--metrics", "emf", "--summary-json", "-"];
    world
        .hoptrail(&[&arguments[..], &both].concat())
        .says(2, &["expected =FILE beside --summary-json -"]);
    let both = ["--metrics", "json=a.json", "--summary-json", "./a.json"];
    world
        .hoptrail(&[&arguments[..], &both].concat())
        .says(2, &["expected a file other than ./a.json, which --summary-json is"]);
    let verify = ["verify", "--dest", &out, "--output", "json", "--metrics", "json"];
    world.hoptrail(&verify).says(2, &["expected =FILE beside --output json"]);
}

/// An alarm waits for one series of each destination.
#[test]
fn destination_is_named_without_a_slash_at_its_end() {
    let world = World::new();
    let trail = backfill(3, 2).bucket();
    let config = Config::new().bucket(trail).bucket(Bucket::new("analytics"));
    let server = Server::start(config).unwrap();
    let run = |dest: &str| {
        let run = ["run", "--source", "s3://trail", "--dest", dest, "--day", DAYS[0]];
        let run = world.hoptrail_on(&server, &[&run[..], &["--metrics", "emf"]].concat()).ends(0);
        let line = run.stdout.lines().last().unwrap().to_owned();
        serde_json::from_str::<Value>(&line).unwrap()["Destination"].clone()
    };
    for dest in ["s3://analytics/bedrock", "s3://analytics/bedrock/"] {
        assert_eq!(run(dest), "s3://analytics/bedrock", "{dest}");
    }
    assert_eq!(run("s3://analytics"), "s3://analytics");
    world.object("20261005T1310Z", "a", &[call("e", "2026-10-05T13:00:00Z")]);
    for (dest, expected) in [("tables", "tables"), ("tables/", "tables")] {
        let run = ["run", "--source", "trail", "--dest", dest, "--day", "2026-10-05"];
        world.hoptrail(&[&run[..], &["--metrics", "json=m.json"]].concat()).ends(0);
        let text = fs::read_to_string(world.path("m.json")).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["Destination"], expected);
    }
}

#[test]
fn settings_file_says_where_metrics_go() {
    let world = World::new();
    world.object("20261005T1310Z", "a", &[call("e", "2026-10-05T13:00:00Z")]);
    let config = world.write("hoptrail.toml", "metrics = [\"json=m.json\"]\n");
    world.run(&["--day", "2026-10-05", "--config", &config]).ends(0);
    assert_eq!(metrics(&world, "m.json")["Calls"], 1.0);
    let config = world.write("wrong.toml", "metrics = [\"xml\"]\n");
    let run = world.run(&["--day", "2026-10-05", "--config", &config]);
    assert!(run.stderr.contains("expected emf, prometheus, or json"), "{}", run.stderr);
}

/// A verification must not pass for a run where an alarm waits for one.
#[test]
fn verification_has_metrics_of_its_own() {
    let world = World::new();
    world.object("20261005T1310Z", "a", &[call("e", "2026-10-05T13:00:00Z")]);
    world.run(&["--day", "2026-10-05"]).ends(0);
    let out = world.text("out");
    let verify = |code: i32| {
        let run = world.hoptrail(&["verify", "--dest", &out, "--metrics", "emf"]).ends(code);
        of_emf(run.stdout.trim_end().rsplit_once('\n').unwrap().1)
    };
    let found = verify(0);
    let of = |found: &Metrics| ["VerifySucceeded", "VerifiedDays", "Findings"].map(|it| found[it]);
    assert_eq!(of(&found), [1.0, 1.0, 0.0]);
    assert!(!found.contains_key("RunSucceeded") && !found.contains_key("Records"));
    // Files of a run and a verification may lie in one folder, where a series may stand once.
    let both = ["verify", "--dest", &out, "--metrics", "prometheus=v.prom"];
    world.hoptrail(&both).ends(0);
    world.run(&["--day", "2026-10-05", "--metrics", "prometheus=r.prom"]).ends(0);
    let names = |file: &str| {
        of_prometheus(&fs::read_to_string(world.path(file)).unwrap(), &out).into_keys()
    };
    let of_run = names("r.prom").collect::<Vec<_>>();
    assert!(names("v.prom").all(|name| !of_run.contains(&name)), "{of_run:?}");
    // Neither does `settle` pass for a run.
    let trail = world.text("trail");
    let settle = ["settle", "--source", &trail, "--dest", &out, "--day", "2026-10-05"];
    world.hoptrail(&[&settle[..], &["--metrics", "json=s.json"]].concat()).ends(0);
    assert!(!metrics(&world, "s.json").contains_key("RunSucceeded"));
    world.write("out/invocations/dt=2026-10-05/part-0.parquet", "changed");
    let found = verify(1);
    assert_eq!((found["VerifySucceeded"], found["ExitCode"]), (0.0, 1.0));
    assert!(found["Findings"] > 0.0);
}
