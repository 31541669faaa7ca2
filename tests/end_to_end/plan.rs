//! What `plan` says of a run, against what the run does; `--preflight`, which tries what a run needs.

use s3_server::{Bucket, Config, Failure, Fault, Kind, Server};
use serde_json::{Value, json};

use crate::world::{ACCOUNT, REGION, Run, World, call, document, key, name};

const RANGE: [&str; 4] = ["--from", "2026-10-05", "--to", "2026-10-08"];
const LOCATIONS: [&str; 4] = ["--source", "s3://org-trail", "--dest", "s3://analytics/bedrock"];
const OTHER_ACCOUNT: &str = "444455556666";

fn object(stamp: &str, id: &str, time: &str) -> (String, Vec<u8>) {
    (key(ACCOUNT, REGION, stamp, id), document(&[call(id, time)]))
}

/// Two objects on each of three days, one of them in the late window of the first.
fn server() -> Server {
    let mut trail = Bucket::new("org-trail");
    for (stamp, id, time) in [
        ("20261005T1210Z", "a1", "2026-10-05T12:00:00Z"),
        ("20261005T1310Z", "a2", "2026-10-05T13:00:00Z"),
        ("20261006T0010Z", "b1", "2026-10-05T23:59:00Z"),
        ("20261006T1210Z", "b2", "2026-10-06T12:00:00Z"),
        ("20261007T1210Z", "c1", "2026-10-07T12:00:00Z"),
        ("20261007T1310Z", "c2", "2026-10-07T13:00:00Z"),
    ] {
        let (key, body) = object(stamp, id, time);
        trail = trail.object(&key, body);
    }
    let (other, body) = (key(OTHER_ACCOUNT, REGION, "20261006T1210Z", "o1"), document(&[]));
    let trail = trail.object(&other, body);
    let logs = Bucket::new("bedrock-logs").object(LOG, "{}").object(LATER_LOG, "{}");
    let buckets = vec![trail, logs, Bucket::new("analytics")];
    Server::start(Config { buckets, records: true, ..Config::default() }).unwrap()
}

const LOG: &str = "AWSLogs/111122223333/BedrockModelInvocationLogs/us-east-1/2026/10/06/12/20261006T121000000Z_x.json.gz";
const LATER_LOG: &str = "AWSLogs/111122223333/BedrockModelInvocationLogs/us-east-1/2026/10/07/12/20261007T121000000Z_x.json.gz";

fn plan(world: &World, server: &Server, more: &[&str]) -> Value {
    let arguments = [&["plan"][..], &LOCATIONS, &["--output", "json"], more].concat();
    serde_json::from_str(&world.hoptrail_on(server, &arguments).ends(0).stdout).unwrap()
}

/// Objects that were fetched from the sources.
fn gets(server: &Server) -> u64 {
    let recorded = server.recorded();
    let of_source = |bucket: &str| bucket == "org-trail" || bucket == "bedrock-logs";
    recorded.iter().filter(|r| r.kind == Kind::Get && of_source(&r.bucket)).count() as u64
}

/// Plans and runs, and asserts that the run does what the plan says, which is what is expected: what becomes of
/// each day, with the beginning of the reason, and how much is fetched.
#[track_caller]
fn check(world: &World, server: &Server, more: &[&str], days: &[(&str, &str, &str)], fetched: u64) {
    let more = [&RANGE[..], more].concat();
    let before = (gets(server), server.keys("analytics"));
    let plan = plan(world, server, &more);
    assert_eq!((gets(server), server.keys("analytics")), before, "a plan only lists");
    let planned = plan["plan"]["days"].as_array().unwrap();
    assert_eq!(planned.len(), days.len(), "{plan:#}");
    for (planned, (dt, action, reason)) in planned.iter().zip(days) {
        assert_eq!((&planned["dt"], &planned["action"]), (&json!(dt), &json!(action)), "{plan:#}");
        assert!(planned["reason"].as_str().unwrap_or_default().starts_with(reason), "{plan:#}");
    }
    assert_eq!(plan["get_requests"], fetched, "{plan:#}");

    let summary = ["--summary-json", "summary.json"];
    let run = [&["run"][..], &LOCATIONS, &summary, &more].concat();
    let is_refused = days.iter().any(|(_, action, _)| *action == "refuse");
    world.hoptrail_on(server, &run).ends(i32::from(is_refused));
    assert_eq!(gets(server) - before.0, fetched, "the run fetches what the plan says");
    let summary = world.summary();
    let is = |action: &str| {
        let days = planned.iter().filter(|day| day["action"] == action);
        days.map(|day| day["dt"].clone()).collect::<Vec<_>>()
    };
    let dts = |list: &str| -> Vec<Value> {
        let days = summary[list].as_array().unwrap().iter();
        days.map(|day| if day.is_string() { day.clone() } else { day["dt"].clone() }).collect()
    };
    assert_eq!(dts("unchanged"), is("unchanged"), "{summary:#}");
    assert_eq!(dts("not_replaced"), is("refuse"), "{summary:#}");
    for day in summary["days"].as_array().unwrap() {
        let planned = planned.iter().find(|planned| planned["dt"] == day["dt"]).unwrap();
        assert_eq!(day["reason"], planned["reason"]);
        assert_eq!(day["is_rebuilt"], planned["action"] == "rebuild", "{day}");
    }
}

#[test]
fn run_does_what_the_plan_says() {
    let (world, server) = (World::new(), server());
    let [a, b, c] = ["2026-10-05", "2026-10-06", "2026-10-07"];
    let new = "not built before";
    check(&world, &server, &[], &[(a, "new", new), (b, "new", new), (c, "new", new)], 7);
    let unchanged = (b, "unchanged", "");
    let all_unchanged = [(a, "unchanged", ""), unchanged, (c, "unchanged", "")];
    check(&world, &server, &[], &all_unchanged, 0);
    let text = [&["plan"][..], &LOCATIONS, &RANGE].concat();
    let text = world.hoptrail_on(&server, &text).ends(0).stdout;
    assert!(text.contains("Objects    0 of 7, 0 B"), "{text}");
    assert!(text.contains("Days       3 unchanged"), "{text}");

    // In the late window of one day: two days are rebuilt, and what both have is fetched once.
    let (late, body) = object("20261007T0010Z", "n1", "2026-10-06T23:59:00Z");
    server.put_object("org-trail", &late, body);
    let objects = "other source objects (3 before, 4 now)";
    let days = [(a, "unchanged", ""), (b, "rebuild", objects), (c, "rebuild", "other source")];
    check(&world, &server, &[], &days, 6);

    let forced = [a, b, c].map(|day| (day, "rebuild", "--force"));
    check(&world, &server, &["--force"], &forced, 8);
    let window = [a, b, c].map(|day| (day, "rebuild", ""));
    check(&world, &server, &["--late-window", "7h"], &window, 8);

    // An object that is gone: its day is read, and left as it is.
    let gone = key(ACCOUNT, REGION, "20261007T1210Z", "c1");
    server.delete_object("org-trail", &gone);
    let refused = (c, "refuse", "1 of the 3 source objects that it was built from are not there");
    let days = [(a, "unchanged", ""), unchanged, refused];
    check(&world, &server, &["--late-window", "7h"], &days, 2);
    let text = [&["plan"][..], &LOCATIONS, &RANGE, &["--late-window", "7h"]].concat();
    let text = world.hoptrail_on(&server, &text).ends(0).stdout;
    let line = format!("{c}  not replaced: 1 of the 3 source objects");
    assert!(text.contains(&line) && text.contains(name(&gone)), "{text}");
    let days = [(a, "unchanged", ""), unchanged, (c, "rebuild", "other source objects")];
    check(&world, &server, &["--late-window", "7h", "--allow-shrink"], &days, 2);
}

#[test]
fn plan_counts_invocation_logs_of_the_days_that_would_be_built() {
    let (world, server) = (World::new(), server());
    let [a, b, c] = ["2026-10-05", "2026-10-06", "2026-10-07"];
    let new = [a, b, c].map(|day| (day, "new", "not built before"));
    let logs = ["--invocation-logs", "s3://bedrock-logs"];
    check(&world, &server, &logs, &new, 9);
    let later = LATER_LOG.replace("121000", "131000");
    server.put_object("bedrock-logs", &later, "{}");
    let days =
        [(a, "unchanged", ""), (b, "unchanged", ""), (c, "rebuild", "other model invocation logs")];
    check(&world, &server, &logs, &days, 4);
    // Without logs the days stay as they are: they would lose their tokens.
    let planned = plan(&world, &server, &RANGE)["plan"]["days"].clone();
    let is_unchanged = |day: &Value| day["action"] == "unchanged";
    assert!(planned.as_array().unwrap().iter().all(is_unchanged), "{planned:#}");
}

#[test]
fn plan_names_days_that_late_calls_open_again() {
    let (world, server) = (World::new(), server());
    let run =
        |more: &[&str]| world.hoptrail_on(&server, &[&["run"][..], &LOCATIONS, more].concat());
    run(&["--day", "2026-10-05"]).ends(0);
    let (late, body) = object("20261009T1210Z", "l1", "2026-10-05T12:30:00Z");
    server.put_object("org-trail", &late, body);
    let day = ["--day", "2026-10-09"];
    assert_eq!(plan(&world, &server, &day)["plan"]["reopened_days"], json!([]), "not known yet");
    run(&["--day", "2026-10-09", "--reopen", "0"]).ends(0);
    let found = plan(&world, &server, &day);
    assert_eq!(found["plan"]["reopened_days"], json!(["2026-10-05"]), "{found:#}");
    run(&day).ends(0);
    let found = plan(&world, &server, &day);
    assert_eq!(found["plan"]["reopened_days"], json!([]), "{found:#}");
}

fn preflight(world: &World, server: &Server, more: &[&str]) -> Run {
    let logs = ["--invocation-logs", "s3://bedrock-logs", "--preflight"];
    let arguments = [&["plan"][..], &LOCATIONS, &logs, &RANGE, more].concat();
    world.hoptrail_on(server, &arguments)
}

#[test]
fn preflight_tries_everything_and_leaves_nothing() {
    let (world, server) = (World::new(), server());
    let keys = || ["org-trail", "bedrock-logs", "analytics"].map(|bucket| server.keys(bucket));
    let before = keys();
    let run = preflight(&world, &server, &["--output", "json"]).ends(0);
    assert_eq!(keys(), before);
    let found = serde_json::from_str::<Value>(&run.stdout).unwrap();
    let needs = found["tries"].as_array().unwrap().iter();
    let needs = needs.map(|tried| (tried["need"].as_str().unwrap(), tried["account"].as_str()));
    let expected = [
        ("list_source", None),
        ("read_source", Some(ACCOUNT)),
        ("read_source", Some(OTHER_ACCOUNT)),
        ("list_invocation_logs", None),
        ("read_invocation_logs", None),
        ("list_destination", None),
        ("write_destination", None),
        ("refuse_second_write", None),
        ("read_destination", None),
        ("delete_destination", None),
    ];
    assert_eq!(needs.collect::<Vec<_>>(), expected);
    assert_eq!((&found["missing"], &found["left"]), (&json!([]), &Value::Null));
    let n = |kind: Kind| server.recorded().iter().filter(|request| request.kind == kind).count();
    let counted = ["get", "put", "delete"].map(|kind| found["requests"][kind].as_u64().unwrap());
    let made = [Kind::Get, Kind::Put, Kind::Delete].map(|kind| n(kind) as u64);
    assert_eq!(counted, made, "{found:#}");
    let text = preflight(&world, &server, &[]).ends(0).stdout;
    assert!(text.contains("one object of each of 2 accounts"), "{text}");

    // A folder, which does not exist and is not made.
    let source = ["plan", "--preflight", "--source", "s3://org-trail", "--dest", "new/out"];
    let folder = world.hoptrail_on(&server, &[&source[..], &RANGE].concat()).ends(0);
    assert!(folder.stdout.contains("delete what was written"), "{}", folder.stdout);
    let left = std::fs::read_dir(world.path("")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), ["trail"]);

    // Nothing to read: that it may be read is not shown.
    let empty = ["--from", "2026-11-05", "--to", "2026-11-06"];
    let run = world.hoptrail_on(&server, &[&source[..], &empty].concat()).ends(3);
    assert!(run.stdout.contains("not tried  read the source"), "{}", run.stdout);
}

/// Denies one kind of request, with a message of S3, and gives what is missing by the policy that lacks it.
#[track_caller]
fn denied(kind: Kind, part: &str, message: &'static str, more: &[&str]) -> Value {
    let (world, server) = (World::new(), server());
    let refusal = Failure::Refuse { status: 403, code: "AccessDenied", message };
    server.set_faults(vec![Fault::always(refusal).on(kind).key(part)]);
    let run = preflight(&world, &server, &[&["--output", "json"], more].concat()).ends(1);
    let found = serde_json::from_str::<Value>(&run.stdout).unwrap();
    let failed = found["tries"].as_array().unwrap().iter().filter(|t| t["result"] == "failed");
    assert_eq!(failed.count(), 1, "{found:#}");
    let is_left = server.keys("analytics").len() == 1;
    assert_eq!((kind == Kind::Delete, found["left"].is_string()), (is_left, is_left), "{found:#}");
    found["missing"].clone()
}

#[test]
fn preflight_prints_statements_for_what_is_denied() {
    let check = |kind: Kind, part: &str, sid: &str, action: Value, resource: &str| {
        let expected = json!([{
            "add_to": "the policy of the caller",
            "statements": [
                { "Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource },
            ],
        }]);
        assert_eq!(denied(kind, part, "Access Denied", &[]), expected);
    };
    let trail = "arn:aws:s3:::org-trail/*";
    check(Kind::Get, "444455556666_", "ReadTrail", json!(["s3:GetObject"]), trail);
    let logs = "arn:aws:s3:::bedrock-logs/*";
    check(Kind::Get, "BedrockModel", "ReadInvocationLogs", json!(["s3:GetObject"]), logs);
    let dest = "arn:aws:s3:::analytics/bedrock/*";
    let write = json!(["s3:PutObject", "s3:AbortMultipartUpload"]);
    check(Kind::Put, "preflight", "WriteDestination", write, dest);
    check(Kind::Get, "preflight", "ReadDestination", json!(["s3:GetObject"]), dest);
    check(Kind::Delete, "preflight", "DeleteDestination", json!(["s3:DeleteObject"]), dest);

    let missing = denied(Kind::List, "bedrock/_hoptrail/", "Access Denied", &[]);
    let condition = json!({ "StringLike": { "s3:prefix": "bedrock/*" } });
    assert_eq!(missing[0]["statements"][0]["Condition"], condition, "{missing:#}");
    let resource = "arn:aws:s3:::analytics";
    assert_eq!(missing[0]["statements"][0]["Resource"], resource, "{missing:#}");
}

#[test]
fn preflight_tells_which_policy_lacks_what() {
    const KEY: &str = "User: arn:aws:sts::111122223333:assumed-role/reader/s is not authorized to \
        perform: kms:Decrypt on resource: arn:aws:kms:us-east-1:444455556666:key/abc because no \
        identity-based policy allows the kms:Decrypt action";
    const BUCKET: &str = "User: arn:aws:sts::111122223333:assumed-role/reader/s is not authorized to \
        perform: s3:PutObject on resource: \"arn:aws:s3:::analytics/bedrock/x\" because no \
        resource-based policy allows the s3:PutObject action";
    const EXPLICIT: &str = "User: arn:aws:sts::111122223333:assumed-role/reader/s is not authorized to \
        perform: s3:GetObject on resource: \"arn:aws:s3:::org-trail/x\" with an explicit deny in a \
        service control policy";
    const OLD_KEY: &str = "The ciphertext refers to a customer master key that does not exist, does not \
        exist in this region, or you are not allowed to access (KMS).";
    let key = "arn:aws:kms:us-east-1:444455556666:key/abc";
    let decrypt = |resource: &str| json!({ "Sid": "Decrypt", "Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": resource });
    let root = json!({ "AWS": "arn:aws:iam::111122223333:root" });
    let mut of_key = decrypt("*");
    of_key["Principal"] = root.clone();
    let found = denied(Kind::Get, "444455556666_", KEY, &[]);
    let expected = json!([
        { "add_to": "the policy of the caller", "statements": [decrypt(key)] },
        { "add_to": "the policy of the key, in account 444455556666", "statements": [of_key] },
    ]);
    assert_eq!(found, expected);

    let found = denied(Kind::Put, "preflight", BUCKET, &["--acl", "bucket-owner-full-control"]);
    assert_eq!(found.as_array().unwrap().len(), 1, "{found:#}");
    assert_eq!(found[0]["add_to"], "the policy of bucket analytics");
    assert_eq!(found[0]["statements"][0]["Principal"], root);
    let actions = json!(["s3:PutObject", "s3:AbortMultipartUpload", "s3:PutObjectAcl"]);
    assert_eq!(found[0]["statements"][0]["Action"], actions);

    assert_eq!(denied(Kind::Get, "444455556666_", EXPLICIT, &[]), json!([]));
    let found = denied(Kind::Get, "444455556666_", OLD_KEY, &[]);
    let placeholder = "arn:aws:kms:REGION:ACCOUNT:key/KEY-ID";
    assert_eq!(found[0]["statements"], json!([decrypt(placeholder)]));
    let found =
        denied(Kind::Put, "preflight", OLD_KEY, &["--sse", "aws:kms", "--sse-kms-key-id", key]);
    assert_eq!(found[0]["statements"][0]["Resource"], key, "{found:#}");
}

#[test]
fn preflight_says_in_words_what_is_wrong() {
    let (world, server) = (World::new(), server());
    let refusal = Failure::Refuse { status: 403, code: "AccessDenied", message: "Access Denied" };
    server.set_faults(vec![Fault::always(refusal).on(Kind::List)]);
    let run = preflight(&world, &server, &[]).ends(1);
    for part in [
        "FAILED     list the source ",
        "FAILED     list invocation logs ",
        "ok         delete what was written",
        "To be added to the policy of the caller:",
        "\"Sid\": \"ListTrail\"",
        "\"Sid\": \"ListInvocationLogs\"",
        "\"Sid\": \"ListDestination\"",
        "Note: S3 does not say who the caller is",
    ] {
        assert!(run.stdout.contains(part), "no `{part}` in: {}", run.stdout);
    }
    server.set_faults(vec![Fault::always(Failure::IgnoreConditions).on(Kind::Put)]);
    let run = preflight(&world, &server, &[]).ends(1);
    assert!(run.stdout.contains("the service ignores the condition"), "{}", run.stdout);
    assert!(!run.stdout.contains("To be added"), "{}", run.stdout);
    assert_eq!(server.keys("analytics"), Vec::<String>::new());

    let other = ["plan", "--preflight", "--source", "s3://missing", "--dest", "s3://analytics"];
    let run = world.hoptrail_on(&server, &[&other[..], &RANGE].concat()).ends(1);
    assert!(run.stdout.contains("there is no bucket `missing`"), "{}", run.stdout);
    let without = ["plan", "--preflight", "--source", "s3://org-trail"];
    world.hoptrail_on(&server, &[&without[..], &RANGE].concat()).says(2, &["--dest is missing"]);
}
