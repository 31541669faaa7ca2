//! What config/deploy/aws/policy.json allows is what the program asks for: no action less, and none more.

use std::collections::BTreeSet;
use std::fs;

use s3_server::{Bucket, Config, Failure, Fault, Kind, Recorded, Server};
use serde_json::{Value, json};
use store::{S3, S3Options, StaticCredentials, Store};

use crate::costs::{answer, counts, entry, lines, log_key};
use crate::read::fed;
use crate::world::{World, repository, sample};

const RANGE: [&str; 4] = ["--from", "2026-10-05", "--to", "2026-10-07"];

/// The action that S3 asks for, and on what; `None` if nothing comes of a refusal.
///
/// Source: "Required permissions for Amazon S3 API operations" in the S3 user guide.
fn asked(request: &Recorded) -> Option<(&'static str, String)> {
    let Recorded { kind, bucket, key, .. } = request;
    let action = match kind {
        // The Region is in the answer's headers either way. Here, it is always refused.
        Kind::HeadBucket => return None,
        Kind::List => "s3:ListBucket",
        Kind::Get | Kind::HeadObject => "s3:GetObject",
        Kind::Put | Kind::Create | Kind::Part | Kind::Complete => "s3:PutObject",
        Kind::Abort => "s3:AbortMultipartUpload",
        Kind::Delete => "s3:DeleteObject",
        Kind::Other => panic!("no action is known for {request:?}"),
    };
    let path = if action == "s3:ListBucket" { String::new() } else { format!("/{key}") };
    Some((action, format!("arn:aws:s3:::{bucket}{path}")))
}

fn each(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(values) => values.iter().map(|value| value.as_str().unwrap()).collect(),
        value => vec![value.as_str().unwrap()],
    }
}

/// Whether a text is as a pattern with `*` says.
fn is_like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            text.char_indices().any(|(at, _)| is_like(rest, &text[at..])) || is_like(rest, "")
        }),
    }
}

/// Whether a statement's conditions hold; a key that a request does not have never matches.
fn holds(statement: &Value, request: &Recorded) -> bool {
    let Some(conditions) = statement.get("Condition") else { return true };
    let patterns = &conditions["StringLike"]["s3:prefix"];
    assert_eq!(*conditions, json!({ "StringLike": { "s3:prefix": patterns } }));
    let prefix = request.prefix.as_ref();
    prefix.is_some_and(|prefix| each(patterns).iter().any(|pattern| is_like(pattern, prefix)))
}

/// What is wrong with a policy for these requests: those that it refuses, and actions that none needs.
fn problems(statements: &[Value], requests: &[Recorded]) -> BTreeSet<String> {
    let mut problems = BTreeSet::new();
    let mut used = BTreeSet::new();
    for request in requests {
        let Some((action, resource)) = asked(request) else { continue };
        let allows = |statement: &&Value| {
            assert_eq!(statement["Effect"], "Allow");
            each(&statement["Action"]).contains(&action)
                && each(&statement["Resource"]).iter().any(|it| is_like(it, &resource))
                && holds(statement, request)
        };
        let allowing = statements.iter().filter(allows).collect::<Vec<_>>();
        if allowing.is_empty() {
            let of = request.prefix.as_ref().map(|prefix| format!(" with prefix `{prefix}`"));
            problems.insert(format!("refuses {action} on {resource}{}", of.unwrap_or_default()));
        }
        used.extend(allowing.iter().map(|statement| (statement["Sid"].as_str().unwrap(), action)));
    }
    for statement in statements {
        let sid = statement["Sid"].as_str().unwrap();
        let unused =
            each(&statement["Action"]).into_iter().filter(|action| !used.contains(&(sid, action)));
        problems.extend(unused.map(|action| format!("{sid}: nothing needs {action}")));
    }
    problems
}

/// The statements of a file in `config` that are about S3; of KMS, S3 alone knows who asks.
fn statements(name: &str) -> Vec<Value> {
    let text = fs::read_to_string(repository().join("config").join(name)).unwrap();
    let mut policy = serde_json::from_str::<Value>(&text).unwrap();
    let mut statements = std::mem::take(policy["Statement"].as_array_mut().unwrap());
    statements.retain(|it| !each(&it["Action"]).iter().any(|action| action.starts_with("kms:")));
    statements
}

/// The statement of `config/recipes/access.yaml` on readings.
fn on_readings() -> Value {
    let text = fs::read_to_string(repository().join("config/recipes/access.yaml")).unwrap();
    let (_, statement) = text.split_once("- Sid: ReadAndWriteReadings").unwrap();
    let (_, actions) = statement.split_once("Action: [").unwrap();
    let (actions, rest) = actions.split_once(']').unwrap();
    assert!(rest.contains("${DestinationBucket}/${Readings}/*"));
    json!({
        "Sid": "ReadAndWriteReadings",
        "Effect": "Allow",
        "Action": actions.split(", ").collect::<Vec<_>>(),
        "Resource": "arn:aws:s3:::analytics/readings/*",
    })
}

/// A service as docs/deploy.md names its buckets, and a world to ask it from.
struct Account {
    server: Server,
    world: World,
}

impl Account {
    fn new() -> Self {
        let log = lines(&[entry("r", "2026-10-05T12:00:00Z", &counts(1), &answer(1))]);
        let logs = Bucket::new("bedrock-logs").object(&log_key("2026/10/05/12", "a"), log);
        let config = Config { records: true, ..Config::new() }
            .bucket(Bucket::from_folder("org-trail", &sample()).unwrap())
            .bucket(logs)
            .bucket(Bucket::new("analytics"))
            .fault(Fault::always(Failure::AccessDenied).on(Kind::HeadBucket));
        Self { server: Server::start(config).unwrap(), world: World::new() }
    }

    /// Runs a command of the three days; of its exit code it is asserted that the tables came to be.
    fn hoptrail(&self, arguments: &[&str]) {
        let run = self.world.hoptrail_on(&self.server, arguments);
        assert!([0, 3].contains(&run.code), "{arguments:?}: {}{}", run.stdout, run.stderr);
        assert!(!run.stderr.contains("AccessDenied"), "{}", run.stderr);
    }

    fn run(&self, more: &[&str]) {
        let run = ["run", "--source", "s3://org-trail", "--dest", "s3://analytics/bedrock"];
        self.hoptrail(&[&run[..], &RANGE, more].concat());
    }

    /// Writes an object in parts, whole and not: a table of that size is of a day with millions of calls.
    async fn write_in_parts(&self, prefix: &str) {
        let options = S3Options {
            endpoint_url: Some(self.server.url()),
            credentials: Some(StaticCredentials {
                access_key_id: "id".to_owned(),
                secret_access_key: "secret".to_owned(),
                session_token: None,
            }),
            ..S3Options::default()
        };
        let store = S3::connect("analytics", prefix, &options).await.unwrap();
        let content = bytes::Bytes::from(vec![7; 65 << 20]);
        store.put("large", content.clone()).await.unwrap();
        self.server.set_faults(vec![Fault::always(Failure::AccessDenied).on(Kind::Complete)]);
        store.put("large", content).await.unwrap_err();
        self.server.set_faults(Vec::new());
        store.delete("large").await.unwrap();
    }
}

/// Asserts that statements are what these requests need, and that each action more or less is noticed.
#[track_caller]
fn assert_exact(statements: &[Value], requests: &[Recorded]) {
    assert_eq!(problems(statements, requests), BTreeSet::new());
    for (index, statement) in statements.iter().enumerate() {
        let actions = each(&statement["Action"]);
        let with = |actions: Vec<&str>| {
            let mut statements = statements.to_vec();
            statements[index]["Action"] = json!(actions);
            problems(&statements, requests)
        };
        for action in &actions {
            let fewer = actions.iter().copied().filter(|it| it != action).collect();
            assert!(!with(fewer).is_empty(), "without {action} of {statement}");
        }
        let prefixes = &statement["Condition"]["StringLike"]["s3:prefix"];
        for index_of_prefix in 0..prefixes.as_array().map_or(0, Vec::len) {
            let mut statements = statements.to_vec();
            let prefixes = &mut statements[index]["Condition"]["StringLike"]["s3:prefix"];
            let prefix = prefixes.as_array_mut().unwrap().remove(index_of_prefix);
            let found = problems(&statements, requests);
            assert!(!found.is_empty(), "without prefix {prefix} in {statement}");
        }
        let others = ["s3:HeadObject", "s3:GetBucketLocation", "s3:GetObjectTagging", "s3:*"];
        for more in others.into_iter().chain(["s3:PutObject"]).filter(|it| !actions.contains(it)) {
            let found = with([&actions[..], &[more]].concat());
            assert_eq!(found.len(), 1, "with {more} in {statement}: {found:?}");
        }
    }
}

#[tokio::test]
async fn policy_allows_what_the_commands_need_and_no_more() {
    let account = Account::new();
    account.run(&[]);
    account.run(&["--verify-digests"]);
    account.run(&["--force"]);
    let both = ["--source", "s3://org-trail", "--dest", "s3://analytics/bedrock"];
    for command in ["plan", "settle", "verify"] {
        account.hoptrail(&[&[command], &both[..], &RANGE].concat());
    }
    account.hoptrail(&[&["plan", "--preflight"], &both[..], &RANGE].concat());
    let page = account.world.text("page.html");
    let dest = ["--dest", "s3://analytics/bedrock"];
    account.hoptrail(&[&["show", "cost"], &dest[..]].concat());
    account.hoptrail(&[&["report", "-o", &page], &dest[..]].concat());
    account.write_in_parts("bedrock").await;
    let mut statements = statements("deploy/aws/policy.json");
    assert_exact(&statements, &account.server.recorded());

    let read = ["read", "--shard", "0/1", "-o", "s3://analytics/readings/october/"];
    let read = [&read[..], &both, &RANGE].concat();
    fed(account.world.command_on(&account.server, &read), "").ends(0);
    let build = ["build", "--readings", "s3://analytics/readings/october/"];
    account.hoptrail(&[&build[..], &both, &RANGE].concat());
    account.write_in_parts("readings").await;
    statements.push(on_readings());
    assert_exact(&statements, &account.server.recorded());
}

#[test]
fn options_of_the_policy_allow_what_invocation_logs_need_and_no_more() {
    let account = Account::new();
    account.run(&["--invocation-logs", "s3://bedrock-logs"]);
    let requests = account.server.recorded();
    let of_logs = requests.into_iter().filter(|it| it.bucket == "bedrock-logs");
    assert_exact(&statements("deploy/aws/policy-options.json"), &of_logs.collect::<Vec<_>>());
}
