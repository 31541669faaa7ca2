//! Invalid input: one clear sentence and the right exit code; everything else is still read.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use s3_server::{Bucket, Config, Failure, Fault, Kind, Server};
use serde_json::{Value, json};
use testkit::gzip;

use crate::world::{Run, World, call, document, other_event, sum, texts, with, without};

const TIME: &str = "2026-10-05T12:00:00Z";
const DAY: &str = "2026-10-05";

fn good() -> World {
    let world = World::new();
    world.object("20261005T1210Z", "good", &[call("e1", TIME)]);
    world
}

fn run_from(world: &World, source: &str, dest: &str) -> Run {
    world.hoptrail(&["run", "--source", source, "--dest", dest, "--day", DAY])
}

#[test]
fn missing_location_is_named_in_the_error() {
    let world = World::new();
    let out = world.text("out");
    let nowhere = world.text("nowhere");
    run_from(&world, &nowhere, &out).says(1, &["there is no folder", &nowhere]);
    run_from(&world, "ftp://x/y", &out).says(2, &["--source", "ftp://x/y", "s3://bucket/prefix"]);
    run_from(&world, "s3://", &out).says(2, &["--source", "names no bucket"]);
    let server = Server::start(Config::new().bucket(Bucket::new("logs"))).unwrap();
    let on = |source: &str, dest: &str| {
        world.hoptrail_on(&server, &["run", "--source", source, "--dest", dest, "--day", DAY])
    };
    on("s3://nosuch", &out).says(1, &["there is no bucket `nosuch`"]);
    on(&world.text("trail"), "s3://nosuch").says(1, &["there is no bucket `nosuch`"]);
    on("s3://logs/some/prefix", &out).says(
        1,
        &["no CloudTrail log files below s3://logs/some/prefix/", "<account>/CloudTrail/<Region>"],
    );
    assert!(!world.path("out/ingest").exists(), "nothing is written");
}

#[test]
fn folder_without_a_trail_is_an_error_that_names_its_content() {
    let world = World::new();
    world.write("trail/photos/2026/x.jpg", "x");
    run_from(&world, &world.text("trail"), &world.text("out"))
        .says(1, &["no CloudTrail log files below", "found `photos/`", "--layout any"]);
}

#[test]
fn missing_credentials_and_profiles_are_named_in_the_error() {
    let world = good();
    let server = Server::start(Config::new().bucket(Bucket::new("logs"))).unwrap();
    let arguments = ["plan", "--source", "s3://logs", "--day", DAY];
    let run = |more: &[&str]| {
        let mut command = world.command(&[&arguments[..], more].concat());
        command.env("AWS_ENDPOINT_URL", server.url());
        Run::of(command.output().unwrap())
    };
    run(&[]).says(1, &["no usable AWS credentials", "AWS_PROFILE"]);
    world.write(".aws/config", "[profile dev]\nregion = eu-west-1\n");
    run(&["--profile", "nosuch"]).says(1, &["there is no AWS profile `nosuch`", "there are: dev"]);
    server.set_faults(vec![Fault::always(Failure::ExpiredToken)]);
    world
        .hoptrail_on(&server, &arguments)
        .says(1, &["AWS rejects the credentials", "ExpiredToken"]);
    server.set_faults(vec![Fault::always(Failure::AccessDenied)]);
    world.hoptrail_on(&server, &arguments).says(1, &["access denied: may not list", "s3://logs"]);
    let mut command = world.command_on(&server, &arguments);
    command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1").env("AWS_MAX_ATTEMPTS", "1");
    let run = Run::of(command.output().unwrap());
    run.says(1, &["could not open the source", "http://127.0.0.1:1 cannot be reached"]);
}

#[test]
fn range_without_objects_is_a_warning() {
    let world = good();
    let arguments = ["--from", "2026-09-01", "--to", "2026-09-30"];
    let run = world.run(&arguments).ends(0);
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    for part in [
        "warning: no objects delivered on 2026-09-01 to 2026-09-30",
        "looked at 1 prefix,",
        "AWSLogs/111122223333/CloudTrail/us-east-1/",
        "the only day with a folder there is 2026-10-05",
    ] {
        assert!(run.stderr.contains(part), "no `{part}` in {}", run.stderr);
    }
    let nothing = &world.summary()["nothing_found"];
    assert_eq!((&nothing["prefixes"], &nothing["near"]), (&1.into(), &json!([DAY])));
    world.run(&[&arguments[..], &["--fail-on", "empty"]].concat()).ends(5);
    assert!(!world.path("out/ingest").exists(), "no empty tables are written");
    let source = world.text("trail");
    let plan = ["plan", "--source", &source, "--from", "2026-09-01"];
    assert!(world.hoptrail(&plan).ends(0).stderr.contains("with a folder there is 2026-10-05"));
}

/// Every way that an object can be unreadable, with the reason that is reported.
fn unreadable_bodies() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let whole = document(&[call("lost", TIME)]);
    let forged = [whole.clone(), document(&[call("forged", TIME)])].concat();
    let mut damaged = whole.clone();
    let middle = damaged.len() - 6;
    damaged[middle] ^= 0xff;
    let bomb = gzip(&vec![b' '; 3 << 20]);
    vec![
        ("bomb", bomb, "more than the cap of 1048576 bytes"),
        ("damaged", damaged, "damaged gzip"),
        ("empty", Vec::new(), "empty object"),
        ("forged", forged, "bytes after the gzip member"),
        ("garbage", b"hello".to_vec(), "neither gzip nor JSON"),
        ("norecords", gzip(br#"{"records":[]}"#), "no `Records`"),
        ("nojson", gzip(b"{\"Records\":[{]}"), "not JSON at line 1, column 14"),
        ("nolist", gzip(br#"{"Records":{}}"#), "no `Records`"),
        ("shortjson", gzip(b"{\"Records\":["), "truncated JSON"),
        ("truncated", whole[..whole.len() - 10].to_vec(), "truncated gzip"),
        ("twice", gzip(br#"{"Records":[],"Records":[]}"#), "duplicate key `Records`"),
    ]
}

/// Lessons 4 and 12: each is accepted or rejected on purpose, counted, and the run goes on.
#[test]
fn unreadable_object_is_counted_and_the_run_is_partial() {
    let world = good();
    let bodies = unreadable_bodies();
    for (name, body, _) in &bodies {
        let key = world.object("20261005T1310Z", name, &[]);
        fs::write(world.trail().join(key), body).unwrap();
    }
    let run = world.run(&["--day", DAY, "--max-inflated-mib", "1"]).ends(3);
    assert_eq!(world.event_ids(DAY), ["e1"], "the rest goes on, nothing of the others is used");
    let ingest = world.rows("ingest", DAY);
    assert_eq!(ingest.len(), 1 + bodies.len());
    let summary = world.summary();
    assert_eq!(summary["objects"]["unreadable"], bodies.len());
    let complaints = summary["objects"]["unreadable_objects"].as_array().unwrap();
    for (name, body, reason) in &bodies {
        let is_it = |key: &Value| key.as_str().unwrap().contains(&format!("_{name}."));
        let row = ingest.iter().find(|row| is_it(&row["key"])).unwrap();
        assert_eq!((&row["status"], &row["bytes"]), (&"unreadable".into(), &body.len().into()));
        assert!(row["reason"].as_str().unwrap().contains(reason), "{name}: {}", row["reason"]);
        assert_eq!((&row["records"], &row["calls"]), (&0.into(), &0.into()));
        let complaint = complaints.iter().find(|complaint| is_it(&complaint["key"])).unwrap();
        assert_eq!(complaint["reason"], row["reason"]);
    }
    assert!(run.stdout.contains("11 unreadable objects"), "{}", run.stdout);
    assert!(run.stdout.contains("Unreadable objects: 11"), "{}", run.stdout);
    assert!(run.stdout.contains("and 1 more (see ingest)"), "{}", run.stdout);
}

/// An object that is gone, or may not be read, when it is fetched.
#[test]
fn object_that_cannot_be_fetched_is_unreadable() {
    let world = good();
    for name in ["gone", "secret"] {
        world.object("20261005T1310Z", name, &[call(name, TIME)]);
    }
    let bucket = Bucket::from_folder("logs", &world.trail()).unwrap();
    let fault = |failure, name| Fault::always(failure).on(Kind::Get).key(name);
    let config = Config::new()
        .bucket(bucket)
        .fault(fault(Failure::NoSuchKey, "_gone."))
        .fault(fault(Failure::AccessDenied, "_secret."));
    let server = Server::start(config).unwrap();
    let out = world.text("out");
    world
        .hoptrail_on(&server, &["run", "--source", "s3://logs", "--dest", &out, "--day", DAY])
        .ends(3);
    assert_eq!(world.event_ids(DAY), ["e1"]);
    let ingest = world.rows("ingest", DAY);
    assert_eq!(texts(&ingest, "status"), ["read", "unreadable", "unreadable"]);
    assert!(ingest[1]["reason"].as_str().unwrap().contains("does not exist"));
    assert!(ingest[2]["reason"].as_str().unwrap().contains("access denied"));
}

/// A count is no reason to lose a call; a whole number is one however it is written.
#[test]
fn rejected_token_count_is_null_and_the_run_is_partial() {
    let world = World::new();
    let with_tokens =
        |id: &str, tokens: Value| with(call(id, TIME), "/additionalEventData/inputTokens", tokens);
    let whole = ["1200.0", "1.2e3", "\"1200\""].map(|tokens| serde_json::from_str(tokens).unwrap());
    for (index, tokens) in whole.into_iter().enumerate() {
        world.object("20261005T1210Z", "whole", &[with_tokens(&format!("e{index}"), tokens)]);
        world.run(&["--day", DAY]).ends(0);
        let row = &world.rows("invocations", DAY)[0];
        assert_eq!((&row["input_tokens"], &row["output_tokens"]), (&1200.into(), &2.into()));
    }
    let rejected = [json!(-5), json!(1.5), json!("many"), json!({})];
    let records = rejected.map(|tokens| with_tokens("e1", tokens));
    world.object("20261005T1210Z", "whole", &records);
    let run = world.run(&["--day", DAY]).ends(3);
    let row = &world.rows("invocations", DAY)[0];
    assert_eq!((&row["input_tokens"], &row["output_tokens"]), (&Value::Null, &2.into()));
    let ingest = &world.rows("ingest", DAY)[0];
    assert_eq!((&ingest["calls"], &ingest["rejected"]), (&4.into(), &0.into()));
    let sentence = "record 1: additionalEventData.inputTokens: expected a whole number";
    assert!(ingest["reason"].as_str().unwrap().starts_with(sentence), "{}", ingest["reason"]);
    assert!(run.stdout.contains("4 values rejected"), "{}", run.stdout);
}

#[test]
fn byte_that_is_no_utf8_rejects_its_record_only() {
    let world = World::new();
    let key = world.object("20261005T1210Z", "bytes", &[]);
    let text = json!({ "Records": [call("e1", TIME), call("e2", TIME), other_event("o")] });
    let text = text.to_string().replacen("192.0.2.20", "192.0.2.\u{7f}", 1);
    let broken = text.bytes().map(|byte| if byte == 0x7f { 0xff } else { byte });
    world.write(&format!("trail/{key}"), gzip(&broken.collect::<Vec<_>>()));
    world.run(&["--day", DAY]).ends(3);
    assert_eq!(world.event_ids(DAY), ["e2"]);
    let ingest = &world.rows("ingest", DAY)[0];
    let counts = ["records", "calls", "skipped", "rejected"].map(|name| ingest[name].as_i64());
    assert_eq!(counts, [3, 1, 1, 1].map(Some));
    assert!(ingest["reason"].as_str().unwrap().starts_with("record 1: record: expected UTF-8"));
}

#[test]
fn rejected_record_is_counted_and_the_run_is_partial() {
    let world = good();
    let record = || call("bad", TIME);
    let rejected = [
        (without(record(), "eventID"), "eventID: expected a string, found nothing"),
        (without(record(), "eventTime"), "eventTime: expected a string, found nothing"),
        (with(record(), "/eventID", 7), "eventID: expected"),
        (with(record(), "/eventTime", "yesterday"), "eventTime: expected a time such as"),
        (with(record(), "/eventTime", "1969-12-31T23:59:59Z"), "a time from 2013 to 2100"),
        (with(record(), "/eventTime", "9999-01-01T00:00:00Z"), "a time from 2013 to 2100"),
        (with(record(), "/requestParameters/modelId", json!(["x"])), "requestParameters.modelId"),
        (with(record(), "/requestParameters", "x"), "requestParameters: expected"),
        (with(record(), "/awsRegion", json!({})), "awsRegion: expected"),
        (json!("text"), "record: expected an object"),
    ];
    for (index, (record, _)) in rejected.iter().enumerate() {
        let ok = call(&format!("ok-{index:02}"), TIME);
        world.object(
            "20261005T1310Z",
            &format!("r{index:02}"),
            &[ok, record.clone(), other_event("o")],
        );
    }
    let run = world.run(&["--day", DAY]).ends(3);
    assert_eq!(
        world.event_ids(DAY).len(),
        1 + rejected.len(),
        "the others of each object are kept"
    );
    let ingest = world.rows("ingest", DAY);
    for (row, (record, reason)) in ingest[1..].iter().zip(&rejected) {
        assert_eq!(row["status"], "read", "{record}");
        let counts =
            ["records", "calls", "skipped", "rejected", "written"].map(|n| row[n].as_i64());
        assert_eq!(counts, [3, 1, 1, 1, 1].map(Some), "{record}");
        let found = row["reason"].as_str().unwrap();
        assert!(found.starts_with("record 2: ") && found.contains(reason), "{found}");
    }
    let summary = world.summary();
    assert_eq!(summary["records"]["rejected"], rejected.len());
    assert_eq!(sum(&ingest, "rejected"), 10);
    let listed = summary["objects"]["objects_with_rejected_records"].as_array().unwrap();
    assert_eq!(listed.len(), rejected.len());
    assert!(run.stdout.contains("10 rejected"), "{}", run.stdout);
    assert!(run.stdout.contains("Objects with rejected records: 10"), "{}", run.stdout);
}

#[test]
fn number_or_boolean_as_string_is_read() {
    let world = World::new();
    let mut record = with(call("e1", TIME), "/additionalEventData/inputTokens", "1234");
    record["additionalEventData"]["callWithBearerToken"] = "true".into();
    world.object("20261005T1210Z", "x", &[record]);
    world.run(&["--day", DAY]).ends(0);
    let row = &world.rows("invocations", DAY)[0];
    assert_eq!((&row["input_tokens"], &row["api_key"]), (&1234.into(), &true.into()));
}

#[test]
fn destination_that_cannot_be_written_is_named_in_the_error() {
    let world = good();
    let source = world.text("trail");
    let file = world.write("file", "x");
    run_from(&world, &source, &file).says(1, &["could not open the destination", &file]);
    let below = format!("{file}/out");
    run_from(&world, &source, &below).says(1, &["could not open the destination", &file]);
    let inside = world.text("trail/out");
    run_from(&world, &source, &inside).says(
        2,
        &["the destination", &inside, "is inside the source", "expected a location outside"],
    );
    run_from(&world, &source, &source).says(2, &["is inside the source"]);
    let server = Server::start(
        Config::new()
            .bucket(Bucket::new("out"))
            .fault(Fault::always(Failure::AccessDenied).on(Kind::Put)),
    )
    .unwrap();
    let arguments = ["run", "--source", &source, "--dest", "s3://out", "--day", DAY];
    world
        .hoptrail_on(&server, &arguments)
        .says(1, &["the destination cannot be written", "may not write `s3://out/"]);
    world
        .hoptrail_on(
            &server,
            &["run", "--source", "s3://out", "--dest", "s3://out/x", "--day", DAY],
        )
        .says(2, &["is inside the source"]);
}

#[test]
fn corrupt_aliases_at_the_destination_are_an_error() {
    let world = good();
    world.write("out/_hoptrail/aliases.csv", "no,such,columns\n1,2,3\n");
    run_from(&world, &world.text("trail"), &world.text("out"))
        .says(1, &["_hoptrail/aliases.csv", "corrupt", "repair or delete it"]);
}

#[test]
fn invalid_option_value_is_a_usage_error() {
    let world = good();
    let check = |more: &[&str], parts: &[&str]| {
        let run = world.run(more).ends(2);
        assert_eq!(run.stdout, "");
        for part in parts {
            assert!(run.stderr.contains(part), "no `{part}` in {}", run.stderr);
        }
    };
    check(
        &["--from", "2026-10-06", "--to", "2026-10-05"],
        &["--from 2026-10-06 is after --to 2026-10-05: expected the earlier day first"],
    );
    check(&[], &["no days are given: expected --last N, --day DAY, or --from DAY --to DAY"]);
    check(&["--day", "2026-02-30"], &["--day: expected YYYY-MM-DD", "2026-02-30"]);
    check(&["--day", DAY, "--last", "2"], &["--last"]);
    check(&["--last", "0"], &["--last: expected 1 to 36500 days"]);
    check(&["--to", DAY], &["--from"]);
    check(&["--day", DAY, "--late-window", "6"], &["--late-window: expected a duration", "`6`"]);
    check(&["--day", DAY, "--threads", "0"], &["--threads: expected a number from 1"]);
    check(&["--day", DAY, "--concurrency", "x"], &["--concurrency", "x"]);
    check(&["--day", DAY, "--account", "123"], &["--account: expected 12 digits, found `123`"]);
    check(&["--day", DAY, "--layout", "hive"], &["--layout", "hive", "trail, any"]);
    check(&["--day", DAY, "--fail-on", "weather"], &["--fail-on", "weather", "other-jurisdiction"]);
    check(&["--day", DAY, "--region", "eu-west-1"], &["--region", "--source-region eu-west-1"]);
    check(&["--day", DAY, "--nosuch"], &["--nosuch"]);
    assert!(!world.out().exists(), "nothing was begun");
    world.hoptrail(&[]).ends(2);
    world.hoptrail(&["run", "--day", DAY]).says(2, &["--source is missing"]);
    let source = world.text("trail");
    world.hoptrail(&["run", "--source", &source, "--day", DAY]).says(2, &["--dest is missing"]);
    world.hoptrail(&["ddl", "athena"]).ends(2);
    world
        .hoptrail(&["ddl", "athena", "--location", "out"])
        .says(2, &["--location: expected s3://"]);
    world.hoptrail(&["explain"]).ends(2);
}

#[test]
fn invalid_file_of_settings_or_models_is_named_in_the_error() {
    let world = good();
    let check = |flag: &str, name: &str, text: &str, parts: &[&str]| {
        let file = world.write(name, text);
        let (source, out) = (world.text("trail"), world.text("out"));
        let arguments = ["run", "--source", &source, "--dest", &out, "--day", DAY, flag, &file];
        let run = world.hoptrail(&arguments).ends(2);
        assert_eq!(run.stdout, "");
        for part in [&[file.as_str()], parts].concat() {
            assert!(run.stderr.contains(part), "no `{part}` in {}", run.stderr);
        }
    };
    check("--config", "a.toml", "threads = 'two'", &["invalid settings file"]);
    check("--config", "b.toml", "treads = 2", &["invalid settings file", "unknown field `treads`"]);
    check(
        "--aliases",
        "c.toml",
        "[aliases]\n",
        &["invalid file", ": expected TOML with `[[alias]]`"],
    );
    check("--aliases", "d.csv", "a,b\n1,2\n", &["expected CSV with the columns model_ref,model"]);
    check(
        "--aliases",
        "e.json",
        "{}",
        &["expected the output of `aws bedrock list-inference-profiles`"],
    );
    check("--aliases", "f.txt", "", &["expected a name that ends in .toml, .csv, or .json"]);
    check(
        "--jurisdictions",
        "g.csv",
        "a,b\n1,2\n",
        &["expected CSV with the columns region_code,jurisdiction"],
    );
    world.write("catalog/models.csv", "id\nx\n");
    let catalog = world.text("catalog");
    let empty = world.text("trail");
    for (arguments, parts) in [
        (["--catalog", &catalog], [catalog.as_str(), "invalid file"]),
        (["--catalog", &empty], [empty.as_str(), "expected at least one of models.csv"]),
        (["--aliases", "no.csv"], ["could not read no.csv", "No such file"]),
    ] {
        let arguments = [&["explain", "deepseek.v3.2"][..], &arguments].concat();
        world.hoptrail(&arguments).says(2, &parts);
    }
    let missing = ["--config", "no.toml", "--day", DAY];
    world
        .hoptrail(&[&["plan"][..], &missing].concat())
        .says(2, &["could not read the settings file no.toml"]);
}

#[test]
fn gate_sets_the_exit_code_and_days_are_published() {
    let world = World::new();
    let unknown = with(call("e2", TIME), "/requestParameters/modelId", "mystery");
    let far = with(call("e3", TIME), "/additionalEventData/inferenceRegion", "eu-west-1");
    let key = world.object("20261005T1210Z", "x", &[call("e1", TIME)]);
    let check = |records: &[Value], gates: &str, code: i32| {
        fs::write(world.trail().join(&key), document(records)).unwrap();
        let run = world.run(&["--day", DAY, "--fail-on", gates]).ends(code);
        assert!(!world.event_ids(DAY).is_empty(), "the days are published all the same");
        run
    };
    check(&[call("e1", TIME)], "unresolved,other-jurisdiction,empty", 0);
    let run = check(&[call("e1", TIME), far.clone()], "other-jurisdiction", 4);
    assert_eq!(run.stderr, "error: --fail-on: 1 call ran in another jurisdiction\n");
    let run = check(&[call("e1", TIME), unknown.clone()], "unresolved", 4);
    assert_eq!(run.stderr, "error: --fail-on: 1 call without a known model\n");
    check(&[far, unknown.clone()], "empty", 0);
    let rejected = without(call("e4", TIME), "eventTime");
    check(&[call("e1", TIME), rejected.clone()], "unresolved", 3);
    check(&[unknown, rejected], "unresolved", 4);
}

#[test]
fn json_formats_of_messages_and_summary_are_valid() {
    let world = good();
    let run = world.run(&["--day", "2026-02-30", "--log-format", "json"]).ends(2);
    let message = serde_json::from_str::<Value>(&run.stderr).unwrap();
    assert_eq!(message["level"], "error");
    assert!(message["message"].as_str().unwrap().starts_with("--day: expected"));
    let (source, out) = (world.text("trail"), world.text("out"));
    let arguments =
        ["run", "--source", &source, "--dest", &out, "--day", DAY, "--summary-json", "-"];
    let run = world.hoptrail(&arguments).ends(0);
    assert_eq!(serde_json::from_str::<Value>(&run.stdout).unwrap()["written"], 1, "data alone");
}

/// This is found before the run, which may take hours.
#[test]
fn summary_that_cannot_be_written_is_an_error_before_the_run() {
    let world = good();
    let (source, out) = (world.text("trail"), world.text("out"));
    for path in ["nowhere/summary.json", "trail"] {
        let arguments =
            ["run", "--source", &source, "--dest", &out, "--day", DAY, "--summary-json", path];
        let expected = format!("could not write the summary {path}");
        world.hoptrail(&arguments).says(1, &[&expected]);
        assert!(!world.out().exists(), "{path}: nothing was begun");
    }
    let without_trail = World::new();
    without_trail.run(&["--day", DAY]).ends(1);
    assert!(!without_trail.path("summary.json").exists(), "no empty file is left");
}

/// A run that waits for a response that stalls.
fn stalled(world: &World) -> (Server, Child) {
    let bucket = Bucket::from_folder("logs", &world.trail()).unwrap();
    let stall = Fault::always(Failure::Stall(0)).on(Kind::Get);
    let server = Server::start(Config::new().bucket(bucket).fault(stall)).unwrap();
    let out = world.text("out");
    let arguments = ["run", "--source", "s3://logs", "--dest", &out, "--day", DAY];
    let mut command = world.command_on(&server, &arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while server.stats().gets == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    (server, child)
}

#[test]
fn signal_sets_the_exit_code_and_publishes_nothing() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let world = good();
        let (_server, child) = stalled(&world);
        let kill = format!("kill -{signal} {}", child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let run = Run::of(child.wait_with_output().unwrap());
        run.says(
            code,
            &[
                if code == 130 { "interrupted" } else { "terminated" },
                "days already published are complete",
            ],
        );
        assert!(!world.path("out/ingest").exists());
    }
}

/// A body may hold prompts, and an image of the memory would keep them.
#[cfg(target_os = "linux")]
#[test]
fn core_dumps_are_off_while_bodies_are_read() {
    let world = good();
    let (_server, mut child) = stalled(&world);
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let of_core = limits.lines().find_map(|line| line.strip_prefix("Max core file size"));
    let of_core = of_core.unwrap().split_whitespace().collect::<Vec<_>>();
    assert_eq!(of_core, ["0", "0", "bytes"]);
}

/// Callers of Bedrock choose the model ID: it must not reach the terminal as it is.
#[test]
fn control_characters_of_records_are_escaped() {
    let world = World::new();
    let evil = "us.\u{1b}[31mEVIL\u{7}.x\nFAKE LINE: 100 calls";
    let record = with(call("e", TIME), "/requestParameters/modelId", evil);
    let unknown = with(call("f", TIME), "/eventName", "Invoke\u{1b}[2JEvil");
    world.object("20261005T1310Z", "a", &[record, unknown]);
    let run = world.run(&["--day", DAY]).ends(0);
    assert!(!run.stdout.contains(['\u{1b}', '\u{7}']), "{:?}", run.stdout);
    assert!(!run.stdout.lines().any(|line| line.starts_with("FAKE")), "{}", run.stdout);
    assert!(run.stdout.contains("EVIL"), "it is shown all the same: {}", run.stdout);
    assert_eq!(world.rows("invocations", DAY)[0]["model_ref"], evil, "tables keep what was logged");
}

#[test]
fn location_that_ddl_cannot_quote_is_a_usage_error() {
    let world = World::new();
    for location in ["s3://abc/it's", "s3://abc/a\nb", "s3://abc/${dt}", "s3://abc/a\\b"] {
        world
            .hoptrail(&["ddl", "athena", "--location", location])
            .says(2, &["--location", "expected a location without"]);
    }
    for location in ["s3://abc/a*", "tables/it's", "tables/[a]", "tables/a?"] {
        world
            .hoptrail(&["ddl", "duckdb", "--location", location])
            .says(2, &["--location", "expected a location without"]);
    }
}

#[test]
fn what_ddl_puts_into_views_is_checked() {
    let world = World::new();
    let check = |option: &str, value: &str, part: &str| {
        let arguments = ["ddl", "athena", "--location", "s3://abc", option, value];
        world.hoptrail(&arguments).says(2, &[option, part]);
    };
    check("--payer", "11112222333", "expected 12 digits, found `11112222333`");
    check("--payer", "11112222333'", "expected 12 digits");
    check("--approved-regions", "eu-west-1,eu", "no file `eu-west-1,eu`");
    check("--approved-regions", "eu-west-1'", "expected the code of a Region");
    check("--approved-regions", ",", "expected at least one Region, found none");
    for (csv, part) in [
        ("", "line 1: expected account_id,region, found ``"),
        ("region\neu-west-1\n", "line 1: expected account_id,region, found `region`"),
        ("account_id,region\n", "expected at least one Region"),
        (
            "account_id,region\n*,eu-west-1\n111,eu-west-1\n",
            "line 3: expected an account of 12 digits",
        ),
        ("account_id,region\n*,Frankfurt\n", "line 2:"),
    ] {
        check("--approved-regions", &world.write("approved.csv", csv), part);
    }
}

/// Options win over the environment, even where an option conflicts with another option's variable.
#[test]
fn days_of_options_win_over_days_of_the_environment() {
    let world = good();
    let (trail, out) = (world.text("trail"), world.text("out"));
    let arguments = ["run", "--source", &trail, "--dest", &out];
    let run = |more: &[&str], variables: &[(&str, &str)]| {
        let mut command = world.command(&[&arguments[..], more].concat());
        command.envs(variables.iter().copied());
        Run::of(command.output().unwrap())
    };
    run(&["--day", DAY], &[("HOPTRAIL_LAST", "2")]).ends(0);
    run(&[], &[("HOPTRAIL_DAY", DAY)]).ends(0);
    run(&[], &[("HOPTRAIL_LAST", "two")]).says(2, &["HOPTRAIL_LAST", "`two`"]);
}

#[test]
fn name_without_s3_that_is_no_folder_is_asked_back() {
    let world = World::new();
    let ask = |arguments: &[&str], meant: &str| {
        let run = world.hoptrail(arguments).ends(1);
        let question = format!("; did you mean `{meant}`?");
        assert!(run.stderr.contains(&question), "{arguments:?}: {}", run.stderr);
    };
    let day = ["--day", "2026-10-05"];
    for name in ["org-trail", "org-trail/AWSLogs", "s3/org-trail", "logs.example.com/a/"] {
        let meant = format!("s3://{}", name.trim_start_matches("s3/"));
        for command in ["run", "plan", "settle", "verify"] {
            let rest = [&["--source", name, "--dest", "s3://x-y-z"][..], &day].concat();
            let rest = if command == "verify" { vec!["--dest", name] } else { rest };
            ask(&[&[command], &rest[..]].concat(), &meant);
        }
        ask(&["show", "cost", "--dest", name], &meant);
        ask(&["report", "--dest", name, "-o", "x.html"], &meant);
        ask(&["explain", "--in-use", "--dest", name], &meant);
    }
    let folder = world.text("trail");
    let run = ["run", "--source", &folder, "--dest", "out", "--invocation-logs", "bedrock-logs"];
    ask(&[&run[..], &day].concat(), "s3://bedrock-logs");
    // What can be no bucket is not asked back; nor is a new folder in one that is there.
    for name in ["./org-trail", "/org-trail", "Org_Trail", "x.json.gz", "trail/new", "ab"] {
        let run = world.hoptrail(&["show", "cost", "--dest", name]).ends(1);
        let all = format!("could not open the destination: there is no folder `{name}`\n");
        assert!(run.stderr.ends_with(&all), "{}", run.stderr);
    }
    let ddl = world.hoptrail(&["ddl", "athena", "--location", "analytics/bedrock"]);
    ddl.says(2, &["did you mean `s3://analytics/bedrock`?"]);
    let arn = world.hoptrail(&["show", "cost", "--dest", "arn:aws:s3:::org-trail/a/*"]);
    arn.says(2, &["is the ARN of a bucket; did you mean `s3://org-trail/a/`?"]);
}

/// From S3, a destination without `s3://` is more likely a slip; a folder may be meant all the same.
#[test]
fn folder_that_is_made_for_tables_of_a_bucket_is_named() {
    let trail = Bucket::from_folder("org-trail", &crate::world::sample()).unwrap();
    let server = Server::start(Config::new().bucket(trail)).unwrap();
    let world = World::new();
    let day = ["--day", "2026-10-05"];
    let run = ["run", "--source", "s3://org-trail", "--dest", "analytics/bedrock"];
    let run = world.hoptrail_on(&server, &[&run[..], &day].concat()).ends(0);
    let note = "the folder analytics/bedrock is made; a bucket would be s3://analytics/bedrock\n";
    assert!(run.stderr.contains(note), "{}", run.stderr);
    let again = ["run", "--source", "s3://org-trail", "--dest", "analytics/bedrock"];
    let again = world.hoptrail_on(&server, &[&again[..], &day].concat()).ends(0);
    assert!(!again.stderr.contains("is made"), "{}", again.stderr);
}
