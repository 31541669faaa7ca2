//! `--layout any`: files that are not a trail, in every shape that records come in.

use serde_json::{Value, json};
use testkit::gzip;

use crate::world::{ACCOUNT, World, call, document, other_event, texts, with, without};

const TIME: &str = "2026-10-05T12:00:00Z";
const DAY: &str = "2026-10-05";

fn check(file: &str, content: impl AsRef<[u8]>, n_calls: usize) {
    let world = World::new();
    world.write(&format!("trail/{file}"), content);
    world.run(&["--layout", "any"]).ends(0);
    let summary = world.summary();
    assert_eq!(summary["objects"]["read"], 1, "{file}");
    assert_eq!(summary["written"], n_calls, "{file}");
    assert_eq!(world.event_ids(DAY).len(), n_calls, "{file}");
    let ingest = world.rows("ingest", DAY);
    assert_eq!(texts(&ingest, "key"), [file]);
    assert!(ingest[0]["delivery_day"].is_null(), "its key has none");
}

#[test]
fn every_document_shape_is_read() {
    let records = [call("e1", TIME), call("e2", TIME), other_event("e3")];
    let array = json!(records);
    let lines = records.iter().map(|record| format!("{record}\n")).collect::<String>();
    let pretty = serde_json::to_string_pretty(&records[0]).unwrap();
    let event = |record: &Value| {
        json!({
            "EventId": record["eventID"], "EventName": record["eventName"], "ReadOnly": "true",
            "EventTime": "2026-10-05T14:00:00+02:00", "Resources": [],
            "CloudTrailEvent": record.to_string(),
        })
    };
    let lookup = json!({ "Events": records.iter().map(event).collect::<Vec<_>>() });
    check("a/document.json.gz", document(&records), 2);
    check("document.json", json!({ "Records": records }).to_string(), 2);
    check("array.json", array.to_string(), 2);
    check("array.json.gz", gzip(serde_json::to_string_pretty(&array).unwrap().as_bytes()), 2);
    check("lines.json", &lines, 2);
    check("lines.json.gz", gzip(lines.trim_end().as_bytes()), 2);
    check("one.json", &pretty, 1);
    check("several.json", pretty + &records[1].to_string(), 2);
    check("lookup-events.json", serde_json::to_string_pretty(&lookup).unwrap(), 2);
}

/// A zstd frame of one block that is not compressed (RFC 8878, section 3.1.1).
fn zstd(text: &[u8]) -> Vec<u8> {
    let size = u32::try_from(text.len()).unwrap();
    let (size_of_text, block) = (size.to_le_bytes(), (size << 3 | 1).to_le_bytes());
    [&[0x28, 0xb5, 0x2f, 0xfd, 0xa0], &size_of_text[..], &block[..3], text].concat()
}

#[test]
fn every_envelope_and_encoding_is_read() {
    let records = [call("e1", TIME), call("e2", TIME)];
    let each = |wrap: &dyn Fn(&Value) -> Value| {
        records.iter().map(|record| format!("{}\n", wrap(record))).collect::<String>()
    };
    let message = |record: &Value| json!({ "id": "1", "message": record.to_string() });
    let subscription = |record: &Value| {
        let text = json!({ "messageType": "DATA_MESSAGE", "logEvents": [message(record)] });
        gzip(text.to_string().as_bytes())
    };
    let members = [subscription(&records[0]), subscription(&records[1])].concat();
    check("detail.json", each(&|r| json!({ "detail-type": "x", "detail": r })), 2);
    check("members.json.gz", members, 2);
    let events = records.iter().map(message).collect::<Vec<_>>();
    check("filter-log-events.json", json!({ "events": events }).to_string(), 2);
    check("message.json", each(&message), 2);
    check("original.json", each(&|r| json!({ "event": { "original": r.to_string() } })), 2);
    check("raw.json", each(&|r| json!({ "_raw": r.to_string() })), 2);
    let lines = records.iter().map(|r| format!("2026-10-05T12:00:01.000Z {r}\n"));
    check("export.json.gz", gzip(lines.collect::<String>().as_bytes()), 2);
    let table = "eventID,eventTime,eventSource,eventName,requestParameters\n\
                 e1,2026-10-05 12:00:00.000,bedrock.amazonaws.com,Converse,{modelId=amazon.nova-pro-v1:0}\n";
    check("lake.json.gz", gzip(table.as_bytes()), 1);
    let nested = |record: &Value| {
        let text = record["userIdentity"].to_string();
        with(record.clone(), "/userIdentity", text)
    };
    check("nested.json", each(&nested), 2);
    let marked = format!("\u{feff}{}", json!(records));
    let utf16 = marked.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    check("utf16.json", utf16, 2);
    check("marked.json", marked, 2);
    check("zstd.json", zstd(json!({ "Records": records }).to_string().as_bytes()), 2);
}

/// The content of an object decides how it is read, in a trail too.
#[test]
fn trail_with_another_shape_is_read() {
    let world = World::new();
    let key = world.object("20261005T1210Z", "lines", &[]);
    let lines = [call("e1", TIME), call("e2", TIME)].map(|record| record.to_string());
    world.write(&format!("trail/{key}"), gzip(lines.join("\n").as_bytes()));
    world.run(&["--day", DAY]).ends(0);
    assert_eq!(world.event_ids(DAY), ["e1", "e2"]);
}

#[test]
fn other_files_are_skipped_or_unreadable() {
    let world = World::new();
    world.write("trail/records/a.json.gz", document(&[call("e1", TIME)]));
    world.write("trail/records/b.json", call("e2", "2026-10-06T12:00:00Z").to_string());
    world.write("trail/package.json", r#"{"name":"package","version":"1.0.0"}"#);
    world.write("trail/README.md", "# Records\n");
    world.write("trail/photo.png", [0x89, b'P', b'N', b'G']);
    world.write("trail/CloudTrail-Digest/d.json.gz", gzip(br#"{"digestStartTime":"x"}"#));
    let run = world.run(&["--layout", "any"]).ends(3);
    assert_eq!(
        (world.event_ids(DAY), world.event_ids("2026-10-06")),
        (vec!["e1".into()], vec!["e2".into()])
    );
    let summary = world.summary();
    assert_eq!(summary["objects"]["skipped"], 3, "the text, the image and the digest");
    assert_eq!(summary["objects"]["unreadable"], 1);
    assert!(run.stdout.contains("package.json\n      no `Records`"), "{}", run.stdout);
}

/// A trail can be read this way too; then its layout prunes nothing.
#[test]
fn range_keeps_only_its_days() {
    let world = World::new();
    let records = [call("e1", TIME), call("e2", "2026-10-06T12:00:00Z")];
    world.object("20261020T1210Z", "x", &records);
    world.run(&["--layout", "any", "--day", DAY]).ends(0);
    assert_eq!(world.event_ids(DAY), ["e1"]);
    assert_eq!(world.summary()["out_of_range"], json!({ "2026-10-06": 1 }));
    assert!(world.event_ids("2026-10-06").is_empty());
}

#[test]
fn files_without_bedrock_are_read_and_skipped() {
    const N_FILES: usize = 300;
    let sources = ["s3", "ec2", "sts", "kms", "iam", "lambda", "sagemaker", "logs"];
    let world = World::new();
    for index in 0..N_FILES {
        let id = format!("e{index}");
        let source = format!("{}.amazonaws.com", sources[index % sources.len()]);
        let mut record = with(other_event(&id), "/eventSource", source);
        // Records of other services are not ours to judge.
        match index % 5 {
            0 => record["eventTime"] = "[REDACTED]".into(),
            1 => record["eventID"] = Value::Null,
            2 => record["eventName"] = "InvokeModel".into(),
            3 => record["userAgent"] = "bedrock.amazonaws.com".into(),
            _ => record["requestParameters"] = Value::Null,
        }
        world.write(&format!("trail/{index}.json"), serde_json::to_string_pretty(&record).unwrap());
    }
    for range in [&[][..], &["--from", "2020-01-01", "--to", "2026-12-31"]] {
        let run = world.run(&[&["--layout", "any"], range].concat()).ends(0);
        assert_eq!(run.stderr, "");
        let summary = world.summary();
        let expected = json!({ "records": N_FILES, "calls": 0, "skipped": N_FILES, "rejected": 0 });
        assert_eq!(summary["records"], expected);
        assert_eq!(summary["objects"]["unreadable"], 0);
        assert_eq!(summary["unknown_operations"], json!({}));
    }
}

/// Lesson 1: ids and accounts come from the spelling that AWS uses, and from no other.
#[test]
fn field_names_match_only_in_aws_spelling() {
    let world = World::new();
    let right = call("e1", TIME);
    let text = call("e2", TIME).to_string();
    let wrong = text.replace("\"eventID\"", "\"eventId\"");
    let half = text.replace("\"requestID\"", "\"requestId\"");
    let half = half.replace("recipientAccountId", "awsAccountId");
    world.write("trail/a.json", format!("{right}\n{wrong}\n{half}\n"));
    world.run(&["--layout", "any"]).ends(3);
    let rows = world.rows("invocations", DAY);
    assert_eq!(texts(&rows, "event_id"), ["e1", "e2"], "without an eventID it is rejected");
    assert_eq!(rows[0]["request_id"], "request-of-e1");
    assert_eq!(rows[0]["account_id"], "111122223333");
    assert!(rows[1]["request_id"].is_null() && rows[1]["account_id"].is_null());
}

/// Objects of no day are counted for the day of the run that read them.
#[test]
fn day_that_was_built_alone_is_built_again_in_a_range() {
    let world = World::new();
    world.write("trail/x/a.json", document(&[call("e1", "2026-10-05T12:00:00Z")]));
    world.write("trail/x/b.json", document(&[call("e2", "2026-10-06T12:00:00Z")]));
    let any = ["--layout", "any"];
    world.run(&[&any[..], &["--day", "2026-10-05"]].concat()).ends(0);
    world.run(&[&any[..], &["--from", "2026-10-05", "--to", "2026-10-06"]].concat()).ends(0);
    assert_eq!(world.event_ids("2026-10-05"), ["e1"]);
    assert_eq!(world.event_ids("2026-10-06"), ["e2"]);
}

#[test]
fn calls_that_do_not_say_their_account_are_named_by_a_filter() {
    let world = World::new();
    let unnamed = without(call("e1", "2026-10-05T12:00:00Z"), "recipientAccountId");
    world.write("trail/x/a.json", document(&[unnamed, call("e2", "2026-10-05T12:00:00Z")]));
    let run = world.run(&["--layout", "any", "--day", "2026-10-05", "--account", ACCOUNT]).ends(3);
    assert!(run.stderr.contains("1 Bedrock events do not say"), "{}", run.stderr);
    assert_eq!(world.event_ids("2026-10-05"), ["e2"]);
    assert_eq!(world.summary()["left_without_name"], 1);
}
