//! Trails in a temporary folder, runs of the built program, tables read back as rows.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Decimal128Type, Int64Type, TimestampMillisecondType};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use s3_server::Server;
use serde_json::{Map, Value, json};
use testkit::gzip;

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "us-east-1";

/// A row of a table by column. Times are milliseconds.
pub(crate) type Row = Map<String, Value>;

/// A file tree by relative path.
pub(crate) type Tree = BTreeMap<String, Vec<u8>>;

/// A temporary folder with a trail in `trail` and a destination in `out`.
pub(crate) struct World {
    folder: tempfile::TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("trail")).unwrap();
        World { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    pub(crate) fn trail(&self) -> PathBuf {
        self.path("trail")
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.path("out")
    }

    /// Writes a file below the folder, and the folders above it.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    /// Writes an object of the trail and gives its key; its name is [`name`] of it.
    pub(crate) fn object(&self, stamp: &str, name: &str, records: &[Value]) -> String {
        let key = key(ACCOUNT, REGION, stamp, name);
        self.write(&format!("trail/{key}"), document(records));
        key
    }

    /// `hoptrail run` from the trail to the destination; it must not end before its summary.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let (trail, out) = (self.text("trail"), self.text("out"));
        let mut all = vec!["run", "--source", &trail, "--dest", &out];
        all.extend(arguments);
        all.extend(["--summary-json", "summary.json"]);
        self.hoptrail(&all)
    }

    /// Runs the program in the folder with an empty environment.
    pub(crate) fn hoptrail(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().unwrap())
    }

    /// The same with AWS credentials and the S3 server as the endpoint.
    pub(crate) fn hoptrail_on(&self, server: &Server, arguments: &[&str]) -> Run {
        Run::of(self.command_on(server, arguments).output().unwrap())
    }

    pub(crate) fn command_on(&self, server: &Server, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command.env("AWS_ENDPOINT_URL", server.url());
        command.env("AWS_ACCESS_KEY_ID", "id").env("AWS_SECRET_ACCESS_KEY", "secret");
        command
    }

    /// The same with the summary as a page, as it is without options.
    pub(crate) fn page(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).env_remove("HOPTRAIL_FULL").output().unwrap())
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hoptrail"));
        command.args(arguments).env_clear().current_dir(self.folder.path());
        // Off AWS, nothing must go looking for settings of the user's or the machine's metadata.
        command.env("HOME", self.folder.path()).env("AWS_EC2_METADATA_DISABLED", "true");
        // All that is known of a run is looked at, not only its page.
        command.env("HOPTRAIL_FULL", "true");
        command
    }

    /// The summary of the last `run`.
    pub(crate) fn summary(&self) -> Value {
        serde_json::from_slice(&fs::read(self.path("summary.json")).unwrap()).unwrap()
    }

    /// The rows of a table on a day; none if the day was not written.
    pub(crate) fn rows(&self, table: &str, day: &str) -> Vec<Row> {
        let path = self.out().join(format!("{table}/dt={day}/part-0.parquet"));
        if path.exists() { rows(&path) } else { Vec::new() }
    }

    /// The event ids of a day's calls.
    pub(crate) fn event_ids(&self, day: &str) -> Vec<String> {
        texts(&self.rows("invocations", day), "event_id")
    }
}

impl Run {
    pub(crate) fn of(output: Output) -> Self {
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asserts the exit code and gives the run back.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        assert!(code != 3 || !self.stderr.is_empty(), "exit 3 without a reason: {}", self.stdout);
        self
    }

    /// Asserts that one sentence came on stderr and nothing on stdout, with these parts in it.
    #[track_caller]
    pub(crate) fn says(self, code: i32, parts: &[&str]) -> Self {
        let run = self.ends(code);
        assert_eq!(run.stdout, "", "{}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
        for part in parts {
            assert!(run.stderr.contains(part), "no `{part}` in: {}", run.stderr);
        }
        run
    }
}

/// A successful call, in the shape of a real record.
pub(crate) fn call(event_id: &str, event_time: &str) -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": "arn:aws:sts::111122223333:assumed-role/app/session",
            "accountId": ACCOUNT,
            "sessionContext": { "sessionIssuer": { "type": "Role", "userName": "app" } },
        },
        "eventTime": event_time,
        "eventSource": "bedrock.amazonaws.com",
        "eventName": "Converse",
        "awsRegion": REGION,
        "sourceIPAddress": "192.0.2.20",
        "requestParameters": { "modelId": "us.anthropic.claude-sonnet-4-6" },
        "responseElements": null,
        "additionalEventData": {
            "inferenceRegion": "us-east-2", "inputTokens": 10, "outputTokens": 2,
        },
        "requestID": format!("request-of-{event_id}"),
        "eventID": event_id,
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
    })
}

/// A record with one field replaced; `null` stays a value, [`without`] removes.
pub(crate) fn with(mut record: Value, pointer: &str, value: impl Into<Value>) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    record.pointer_mut(parent).unwrap()[name] = value.into();
    record
}

pub(crate) fn without(mut record: Value, name: &str) -> Value {
    record.as_object_mut().unwrap().remove(name).unwrap();
    record
}

/// An event of another service.
pub(crate) fn other_event(event_id: &str) -> Value {
    let record = call(event_id, "2026-10-05T12:00:00Z");
    with(with(record, "/eventSource", "s3.amazonaws.com"), "/eventName", "GetObject")
}

/// `<account>_CloudTrail_<region>_<stamp>_<name>.json.gz` in its folders.
pub(crate) fn key(account: &str, region: &str, stamp: &str, name: &str) -> String {
    let (year, month, day) = (&stamp[..4], &stamp[4..6], &stamp[6..8]);
    format!(
        "AWSLogs/{account}/CloudTrail/{region}/{year}/{month}/{day}/\
         {account}_CloudTrail_{region}_{stamp}_{name}.json.gz"
    )
}

/// The name of the object of a key in tables, manifests, and messages: what is below its trail.
pub(crate) fn name(key: &str) -> &str {
    let is_account = |name: &&str| name.len() == 12 && name.bytes().all(|b| b.is_ascii_digit());
    let account = key.split('/').find(is_account).unwrap();
    &key[key.find(account).unwrap()..]
}

/// An object as CloudTrail delivers it.
pub(crate) fn document(records: &[Value]) -> Vec<u8> {
    gzip(json!({ "Records": records }).to_string().as_bytes())
}

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The bundled sample.
pub(crate) fn sample() -> PathBuf {
    repository().join("tests/sample/org-trail")
}

/// The files below a folder with their content, without the empty file that writers wait at.
pub(crate) fn tree(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with(".store-tmp-lock") {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                tree.insert(name, fs::read(path).unwrap());
            }
        }
    }
    tree
}

/// The files below a folder without manifests: they contain what differs between destinations.
pub(crate) fn tables(root: &Path) -> Tree {
    let mut tree = tree(root);
    tree.retain(|name, _| !name.contains("_hoptrail/manifest/"));
    tree
}

/// Asserts that two trees have the same files with the same bytes.
#[track_caller]
pub(crate) fn assert_same(found: &Tree, expected: &Tree, what: &str) {
    assert!(!expected.is_empty(), "{what}: nothing to compare");
    assert!(found.keys().eq(expected.keys()), "{what}: {:?}", found.keys());
    for (name, bytes) in expected {
        let found = &found[name];
        if name.ends_with(".json") || name.ends_with(".csv") {
            let lines = |bytes: &[u8]| {
                let text = String::from_utf8_lossy(bytes);
                text.lines().map(str::to_owned).collect::<Vec<_>>()
            };
            let differs = lines(found).into_iter().zip(lines(bytes)).find(|(a, b)| a != b);
            assert_eq!(differs, None, "{what}: {name} has other lines");
        }
        assert!(found == bytes, "{what}: {name} has other bytes");
    }
}

/// The rows of a Parquet file.
pub(crate) fn rows(path: &Path) -> Vec<Row> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let mut rows = Vec::new();
    for batch in reader.build().unwrap() {
        let batch = batch.unwrap();
        let schema = batch.schema();
        for index in 0..batch.num_rows() {
            let cell = |column: usize| {
                let name = schema.field(column).name().clone();
                (name, cell(batch.column(column).as_ref(), index))
            };
            rows.push((0..batch.num_columns()).map(cell).collect());
        }
    }
    rows
}

fn cell(column: &dyn Array, index: usize) -> Value {
    if column.is_null(index) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(index).into(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(index).into(),
        DataType::Boolean => column.as_boolean().value(index).into(),
        DataType::Timestamp(..) => {
            column.as_primitive::<TimestampMillisecondType>().value(index).into()
        }
        // Money as text, digit by digit.
        DataType::Decimal128(..) => {
            column.as_primitive::<Decimal128Type>().value_as_string(index).into()
        }
        DataType::Map(..) => {
            let pairs = column.as_map().value(index);
            let text = |part: usize, pair| pairs.column(part).as_string::<i32>().value(pair);
            let pair = |pair| (text(0, pair).to_owned(), text(1, pair).into());
            Value::Object((0..pairs.len()).map(pair).collect())
        }
        other => panic!("no test has read a {other} yet"),
    }
}

pub(crate) fn texts(rows: &[Row], column: &str) -> Vec<String> {
    rows.iter().map(|row| row[column].as_str().unwrap().to_owned()).collect()
}

/// The sum of a column; null adds nothing.
pub(crate) fn sum(rows: &[Row], column: &str) -> i64 {
    rows.iter().filter_map(|row| row[column].as_i64()).sum()
}

/// Asserts that what a summary counts adds up: every record is a call or none, and every call is somewhere.
#[track_caller]
pub(crate) fn assert_adds_up(summary: &Value) {
    let n = |value: &Value| value.as_i64().unwrap();
    let records = &summary["records"];
    let parts = ["calls", "skipped", "rejected"].map(|part| n(&records[part]));
    assert_eq!(n(&records["records"]), parts.iter().sum::<i64>(), "{summary}");
    let out_of_range = summary["out_of_range"].as_object().unwrap().values().map(n).sum::<i64>();
    let parts = ["written", "duplicates", "calls_left"].map(|part| n(&summary[part]));
    assert_eq!(n(&records["calls"]), parts.iter().sum::<i64>() + out_of_range, "{summary}");
}
