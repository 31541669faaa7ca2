//! What `read` writes of objects whose keys it is given, and which input it refuses.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_ipc::reader::StreamReader;
use s3_server::{Bucket, Config, Failure, Fault, Kind, Server};
use serde_json::{Value, json};
use testkit::gzip;

use crate::world::{ACCOUNT, REGION, World, call, document, key, name, with};

const RANGE: [&str; 4] = ["--from", "2026-10-05", "--to", "2026-10-06"];

/// How `read` ended, with the bytes that it wrote.
pub(crate) struct Read {
    code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Read {
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.stderr);
        assert!(code != 3 || self.stderr.contains("warning: "), "exit 3 without a reason");
        self
    }

    /// Its rows, sorted, each as the columns that are not null, without its payload.
    pub(crate) fn rows(&self) -> Vec<Value> {
        rows(&self.stdout)
    }
}

pub(crate) fn rows(stream: &[u8]) -> Vec<Value> {
    let reader = StreamReader::try_new(stream, None).unwrap();
    let mut rows = Vec::new();
    for batch in reader {
        let batch = batch.unwrap();
        let schema = batch.schema();
        for row in 0..batch.num_rows() {
            let mut values = serde_json::Map::new();
            for (field, column) in schema.fields().iter().zip(batch.columns()) {
                if !column.is_null(row) && field.data_type() != &DataType::Binary {
                    values.insert(field.name().clone(), cell(column.as_ref(), row));
                }
            }
            rows.push(Value::Object(values));
        }
    }
    rows.sort_by_key(|row| format!("{} {} {}", row["dt"], row["key"], row["part"]));
    rows
}

fn cell(column: &dyn Array, row: usize) -> Value {
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).into(),
        DataType::Boolean => column.as_boolean().value(row).into(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).into(),
        DataType::Timestamp(..) => {
            // The tables have milliseconds.
            (column.as_primitive::<TimestampMicrosecondType>().value(row) / 1000).into()
        }
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).into(),
        other => panic!("no column is {other}"),
    }
}

/// Runs a command with input.
pub(crate) fn fed(mut command: Command, input: &str) -> Read {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // The command may end before it has read all.
    let feeding = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    Read { code: output.status.code().unwrap_or(-1), stdout: output.stdout, stderr }
}

fn read(world: &World, keys: &str, more: &[&str]) -> Read {
    let arguments = [&["read", "--source", "trail"][..], &RANGE, more].concat();
    fed(world.command(&arguments), keys)
}

/// A line for a key of the trail, with its size.
fn line(world: &World, key: &str) -> String {
    let size = fs::metadata(world.trail().join(key)).map_or(1, |found| found.len());
    format!("{}\n", json!({ "key": key, "size": size, "etag": format!("etag of {}", name(key)) }))
}

fn lines(world: &World, keys: &[String]) -> String {
    keys.iter().map(|key| line(world, key)).collect()
}

/// Two objects of the days, one of both of them, and two with late calls; of the last one only the late call is of
/// the days.
fn trail(world: &World) -> Vec<String> {
    let at = |id: &str, time: &str| call(id, time);
    vec![
        world.object("20261005T1210Z", "a", &[at("a", "2026-10-05T12:00:00Z")]),
        world.object(
            "20261006T0010Z",
            "b",
            &[at("b1", "2026-10-05T23:59:00Z"), at("b2", "2026-10-06T00:01:00Z")],
        ),
        world.object("20261006T1210Z", "c", &[at("c", "2026-10-05T02:00:00Z")]),
        world.object(
            "20261007T0010Z",
            "d",
            &[at("d1", "2026-10-05T23:59:00Z"), at("d2", "2026-10-07T00:01:00Z")],
        ),
    ]
}

fn expected_row(world: &World, dt: &str, key: &str, is_late: bool, counts: [u64; 2]) -> Value {
    let [records, calls] = counts;
    let delivery_day =
        format!("{}-{}-{}", &day_of(key)[..4], &day_of(key)[4..6], &day_of(key)[6..]);
    json!({
        "dt": dt, "source": "cloudtrail", "is_late": is_late, "key": key,
        "bytes": fs::metadata(world.trail().join(key)).unwrap().len(),
        "etag": format!("etag of {}", name(key)), "delivery_day": delivery_day,
        "records": records, "calls": calls, "skipped": records - calls, "rejected": 0,
        "part": 0, "parts": 1,
    })
}

fn day_of(key: &str) -> &str {
    &key.rsplit('_').nth(1).unwrap()[..8]
}

#[test]
fn each_object_gives_a_row_to_each_of_its_days_in_any_order_of_keys() {
    let world = World::new();
    let mut keys = trail(&world);
    let other = call("x", "2026-10-05T12:00:00Z");
    let other = with(other, "/eventSource", "s3.amazonaws.com");
    keys.push(world.object("20261005T1310Z", "none", &[other]));
    let [a, b, c, d, none] = <&[String; 5]>::try_from(keys.as_slice()).unwrap().clone();
    let [a, b, c, d, none] = [&a, &b, &c, &d, &none];
    let [first, second] = ["2026-10-05", "2026-10-06"];
    let expected = [
        expected_row(&world, first, a, false, [1, 1]),
        expected_row(&world, first, none, false, [1, 0]),
        expected_row(&world, first, b, false, [2, 2]),
        expected_row(&world, first, c, true, [1, 1]),
        expected_row(&world, first, d, true, [2, 2]),
        expected_row(&world, second, b, false, [2, 2]),
        expected_row(&world, second, c, false, [1, 1]),
        expected_row(&world, second, d, false, [2, 2]),
    ];
    for turn in 0..keys.len() {
        keys.rotate_left(turn);
        let found = read(&world, &lines(&world, &keys), &["--threads", "2"]).ends(0);
        assert_eq!(found.rows(), expected, "{}", found.stderr);
        let summary = "read 5 objects, ";
        assert!(found.stderr.contains(summary), "{}", found.stderr);
        assert!(found.stderr.contains(": 7 records, 6 calls; wrote 8 rows"), "{}", found.stderr);
    }
}

#[test]
fn keys_of_other_days_are_left_out_and_counted() {
    let world = World::new();
    let mut keys = trail(&world);
    keys.push(world.object("20261008T1210Z", "later", &[call("x", "2026-10-05T12:00:00Z")]));
    let found = read(&world, &lines(&world, &keys), &[]).ends(0);
    assert!(!found.stdout.windows(5).any(|bytes| bytes == b"later"));
    assert!(found.stderr.contains("1 key left out: not of the days"), "{}", found.stderr);
}

#[test]
fn empty_input_gives_a_schema_and_no_rows() {
    let world = World::new();
    for input in ["", "\n\n"] {
        let found = read(&world, input, &["--late-window", "90m"]).ends(0);
        assert_eq!(found.rows(), [] as [Value; 0]);
        let schema = StreamReader::try_new(found.stdout.as_slice(), None).unwrap().schema();
        assert!(schema.fields().iter().all(|field| field.is_nullable()), "{schema:?}");
        let metadata = serde_json::from_str::<Value>(&schema.metadata()["hoptrail.readings"]);
        let metadata = metadata.unwrap();
        assert_eq!(metadata["format"], 2);
        assert_eq!(metadata["made_with"]["late_window_minutes"], 90);
    }
}

#[test]
fn line_that_is_no_key_of_the_source_is_named_and_nothing_is_whole() {
    let world = World::new();
    let keys = trail(&world);
    let good = line(&world, &keys[0]);
    let bad = |text: String, parts: &[&str]| {
        let found = read(&world, &format!("{good}\n{text}\n{good}"), &[]).ends(2);
        assert!(found.stderr.starts_with("error: standard input, line 3: "), "{}", found.stderr);
        for part in parts {
            assert!(found.stderr.contains(part), "no `{part}` in {}", found.stderr);
        }
        let eos = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
        assert!(!found.stdout.ends_with(&eos), "an end marker in spite of the error");
    };
    bad("AWSLogs/x.json.gz".to_owned(), &["expected {"]);
    bad(json!({ "key": keys[0], "size": 1 }).to_string(), &["missing field `etag`"]);
    let of = |key: &str| json!({ "key": key, "size": 1, "etag": "" }).to_string();
    bad(of(&format!("../{}", keys[0])), &["is outside of"]);
    bad(of("notes.txt"), &["`notes.txt` is no log file"]);
}

#[test]
fn object_that_is_gone_is_a_row_that_says_so() {
    let world = World::new();
    let keys = trail(&world);
    let input = lines(&world, &keys);
    fs::remove_file(world.trail().join(&keys[1])).unwrap();
    let broken = world.trail().join(&keys[0]);
    fs::write(&broken, &fs::read(&broken).unwrap()[..40]).unwrap();
    let found = read(&world, &input, &[]).ends(3);
    let rows = found.rows();
    let unreadable = |key: &String| {
        let rows = rows.iter().filter(|row| row["key"] == **key).cloned().collect::<Vec<_>>();
        let reasons = rows.iter().map(|row| row["unreadable"].as_str().unwrap().to_owned());
        assert!(rows.iter().all(|row| row.get("records").is_none() && row["is_late"] == false));
        reasons.collect::<Vec<_>>()
    };
    let gone = unreadable(&keys[1]);
    assert_eq!(gone.len(), 2, "of both its days");
    assert!(gone[0].contains("does not exist"), "{gone:?}");
    assert_eq!(unreadable(&keys[0]).len(), 1);
    assert!(found.stderr.contains("2 unreadable objects"), "{}", found.stderr);
    // The others are whole.
    assert_eq!(rows.len(), 7);
}

#[test]
fn source_that_fails_as_a_whole_ends_without_an_end_marker() {
    let world = World::new();
    let (mut bucket, mut input) = (Bucket::new("trail"), String::new());
    for n in 0..60 {
        let key = key(ACCOUNT, REGION, "20261005T1210Z", &format!("n{n}"));
        let body = document(&[call(&format!("e{n}"), "2026-10-05T12:00:00Z")]);
        let of = json!({ "key": format!("logs/{key}"), "size": body.len(), "etag": "e" });
        input += &format!("{of}\n");
        bucket = bucket.object(&format!("logs/{key}"), body);
    }
    let denied = Failure::Refuse { status: 403, code: "AccessDenied", message: "no" };
    for (faults, code) in [(vec![], 0), (vec![Fault::always(denied).on(Kind::Get)], 1)] {
        let config = Config { buckets: vec![bucket.clone()], faults, ..Config::default() };
        let server = Server::start(config).unwrap();
        let arguments = [&["read", "--source", "s3://trail/logs"][..], &RANGE].concat();
        let found = fed(world.command_on(&server, &arguments), &input).ends(code);
        match code {
            0 => {
                let rows = found.rows();
                assert_eq!(rows.len(), 60);
                // The whole key in the bucket, as it was given.
                assert!(rows[0]["key"].as_str().unwrap().starts_with("logs/AWSLogs/"), "{rows:?}");
            }
            _ => assert!(found.stderr.contains("the source cannot be read"), "{}", found.stderr),
        }
    }
}

#[test]
fn calls_beyond_the_most_of_a_row_are_in_further_parts() {
    let world = World::new();
    let record = |n: usize| {
        format!(
            r#"{{"eventVersion":"1.11","eventTime":"2026-10-05T12:00:00Z","eventSource":"bedrock.amazonaws.com","eventName":"Converse","awsRegion":"us-east-1","eventID":"{n}","requestParameters":{{"modelId":"m"}}}}"#
        )
    };
    let records = (0..100_001).map(record).collect::<Vec<_>>().join(",");
    let key = key(ACCOUNT, REGION, "20261005T1210Z", "large");
    world.write(&format!("trail/{key}"), gzip(format!(r#"{{"Records":[{records}]}}"#).as_bytes()));
    let found = read(&world, &line(&world, &key), &[]).ends(0);
    let rows = found.rows();
    let parts = rows.iter().map(|row| (&row["part"], &row["parts"], &row["calls"]));
    let all = json!(100_001);
    let two = json!(2);
    assert!(parts.eq([(&json!(0), &two, &all), (&json!(1), &two, &all)]), "{rows:?}");
}

#[test]
fn reader_that_goes_early_is_an_error_without_words() {
    let world = World::new();
    let keys = trail(&world);
    let arguments = [&["read", "--source", "trail"][..], &RANGE].concat();
    let mut command = world.command(&arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(lines(&world, &keys).as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), stderr.as_str()), (Some(1), ""));
}

#[test]
fn readings_are_written_to_a_file_or_an_object_whole_or_not_at_all() {
    let world = World::new();
    let keys = trail(&world);
    let input = lines(&world, &keys);
    let expected = read(&world, &input, &[]).ends(0).rows();
    let found = read(&world, &input, &["-o", "readings/day.arrow"]).ends(0);
    assert_eq!(found.stdout, b"");
    assert_eq!(rows(&fs::read(world.path("readings/day.arrow")).unwrap()), expected);
    read(&world, "x", &["-o", "readings/other.arrow"]).ends(2);
    assert!(!world.path("readings/other.arrow").exists());
    read(&world, &input, &["-o", "readings/"]).ends(2);
    read(&world, &input, &["-o", "trail/readings/x.arrow"]).ends(2);

    let server = Server::start(Config::new().bucket(Bucket::new("analytics"))).unwrap();
    let out = "s3://analytics/readings/day.arrow";
    let arguments = [&["read", "--source", "trail", "--out", out][..], &RANGE].concat();
    fed(world.command_on(&server, &arguments), &input).ends(0);
    let body = server.object("analytics", "readings/day.arrow").unwrap();
    assert_eq!(rows(&body), expected);
}

#[test]
fn what_is_learned_is_added_at_the_destination() {
    let world = World::new();
    let profile =
        "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/088k6ehrxpci";
    let created = json!({
        "eventVersion": "1.11", "eventTime": "2026-10-05T12:00:00Z", "eventID": "created",
        "eventSource": "bedrock.amazonaws.com", "eventName": "CreateInferenceProfile",
        "awsRegion": REGION, "recipientAccountId": ACCOUNT,
        "requestParameters": {
            "inferenceProfileName": "team",
            "modelSource": { "copyFrom": "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0" },
        },
        "responseElements": { "inferenceProfileArn": profile, "status": "ACTIVE" },
    });
    let key = world.object("20261005T1210Z", "a", &[created]);
    let input = line(&world, &key);
    read(&world, &input, &[]).ends(0);
    let aliases = world.path("out/_hoptrail/aliases.csv");
    assert!(!Path::new(&aliases).exists());
    for _ in 0..2 {
        read(&world, &input, &["--dest", "out"]).ends(0);
        let text = fs::read_to_string(&aliases).unwrap();
        assert_eq!((text.lines().count(), text.matches(profile).count()), (2, 1), "{text}");
    }
    // As a run leaves it.
    let read = fs::read(&aliases).unwrap();
    fs::remove_dir_all(world.out()).unwrap();
    world.run(&RANGE).ends(0);
    assert_eq!(fs::read(&aliases).unwrap(), read);
}

#[test]
fn omitted_columns_are_in_no_row() {
    let world = World::new();
    let keys = trail(&world);
    let input = lines(&world, &keys);
    let has = |stream: &[u8], text: &str| {
        stream.windows(text.len()).any(|bytes| bytes == text.as_bytes())
    };
    let all = read(&world, &input, &[]).ends(0);
    let some = read(&world, &input, &["--omit", "source_ip,session_name"]).ends(0);
    for text in ["192.0.2.20", "app/session"] {
        assert!(has(&all.stdout, text) && !has(&some.stdout, text), "{text}");
    }
}

#[test]
fn logs_of_model_invocations_are_rows_of_the_days_that_they_are_about() {
    let world = World::new();
    let log = |time: &str| {
        let entry = json!({
            "schemaType": "ModelInvocationLog", "schemaVersion": "1.0", "timestamp": time,
            "accountId": ACCOUNT, "region": REGION, "requestId": "r", "operation": "Converse",
            "modelId": "us.anthropic.claude-sonnet-4-6", "input": { "inputTokenCount": 100 },
        });
        gzip(entry.to_string().as_bytes())
    };
    let folder = format!("AWSLogs/{ACCOUNT}/BedrockModelInvocationLogs/{REGION}/2026/10");
    for (hour, time) in [
        ("05/12", "2026-10-05T12:00:00Z"),
        ("06/02", "2026-10-05T23:00:00Z"),
        ("07/12", "2026-10-07T12:00:00Z"),
    ] {
        world.write(&format!("logs/{folder}/{hour}/x.json.gz"), log(time));
    }
    world.write(&format!("logs/{folder}/05/13/bad.json.gz"), "{");
    let found = read(&world, "", &["--invocation-logs", "logs"]).ends(3);
    let rows = found.rows();
    let shown = |row: &Value| {
        let key = row["key"].as_str().unwrap();
        let key = key.split_once("/2026/10/").unwrap().1;
        let what = row.get("unreadable").map_or_else(|| row["records"].to_string(), |_| "-".into());
        format!("{} {} {key} {what}", row["dt"].as_str().unwrap(), row["source"].as_str().unwrap())
    };
    assert_eq!(
        rows.iter().map(shown).collect::<Vec<_>>(),
        [
            "2026-10-05 invocation_log 05/12/x.json.gz 1",
            "2026-10-05 invocation_log 05/13/bad.json.gz -",
            "2026-10-05 invocation_log 06/02/x.json.gz 1",
            "2026-10-06 invocation_log 06/02/x.json.gz 1",
        ]
    );
    assert!(found.stderr.contains("1 invocation log unreadable"), "{}", found.stderr);
}

#[test]
fn what_is_taken_of_logs_is_told_of_a_read_without_them_because_another_may_have_them() {
    let found = read(&World::new(), "", &["--request-metadata", "team", "--include-orphans"]);
    let found = found.ends(0);
    let stream = StreamReader::try_new(found.stdout.as_slice(), None).unwrap();
    let schema = stream.schema();
    let made_with = &schema.metadata()["hoptrail.readings"];
    for part in [r#""request_metadata":["team"]"#, "with calls of invocation logs"] {
        assert!(made_with.contains(part), "{made_with}");
    }
}

#[test]
fn options_that_readings_cannot_have_are_refused() {
    let world = World::new();
    let refused = |arguments: &[&str], part: &str| {
        let found = fed(world.command(&[&["read"][..], arguments].concat()), "").ends(2);
        assert!(found.stderr.contains(part), "no `{part}` in {}", found.stderr);
    };
    let day = ["--day", "2026-10-05"];
    refused(&["--source", "trail"], "no days are given");
    refused(&day, "--source is missing");
    refused(
        &[&day[..], &["--source", "trail", "--layout", "any"]].concat(),
        "a layout that has them",
    );
    refused(&[&day[..], &["--invocation-logs", "logs"]].concat(), "read needs --source");
    let template = ["--source", "trail", "--invocation-logs", "s3://logs-{account}"];
    refused(&[&day[..], &template].concat(), "has no effect on read");
}

#[test]
fn more_objects_than_may_be_held_are_read() {
    let world = World::new();
    // Each takes 4 KiB at least of what may be held: 2 MiB.
    let keys = (0..600).map(|n| {
        let (id, time) = (format!("e{n}"), "2026-10-05T12:00:00Z");
        world.object("20261005T1210Z", &format!("n{n}"), &[call(&id, time)])
    });
    let keys = keys.collect::<Vec<_>>();
    let found = read(&world, &lines(&world, &keys), &["--fetch-ahead-mib", "1"]).ends(0);
    assert_eq!(found.rows().len(), 600);
}
