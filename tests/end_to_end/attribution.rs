//! Who called: sessions, request metadata, tags of profiles; and columns that are left empty.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};
use testkit::gzip;

use crate::world::{ACCOUNT, REGION, Row, Run, World, call, rows, sample, tree, with, without};

const DAY: &str = "2026-10-05";
const NOON: &str = "2026-10-05T12:00:00Z";

/// The columns of `model_costs` that tell its rows apart, and those that are no sums.
const OF_MODEL: [&str; 11] = [
    "account_id",
    "source_region",
    "model_id",
    "model_name",
    "target_type",
    "profile_scope",
    "profile_name",
    "principal_name",
    "service_tier",
    "cost_basis",
    "cost_gap",
];
const NO_SUM: &str = "price_version";

/// The call of a session of a role.
fn call_of(event_id: &str, role: &str, session: &str) -> Value {
    let arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}");
    let record = with(call(event_id, NOON), "/userIdentity/arn", arn);
    with(record, "/userIdentity/sessionContext/sessionIssuer/userName", role)
}

/// The entry of the invocation log for a call.
fn entry(event_id: &str, metadata: &Value) -> Value {
    json!({
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": NOON,
        "accountId": ACCOUNT,
        "region": REGION,
        "requestId": format!("request-of-{event_id}"),
        "operation": "Converse",
        "modelId": "us.anthropic.claude-sonnet-4-6",
        "input": { "inputTokenCount": 1000, "cacheReadInputTokenCount": 40000 },
        "output": { "outputTokenCount": 500 },
        "requestMetadata": metadata,
    })
}

fn write_logs(world: &World, entries: &[Value]) {
    let lines = entries.iter().map(|entry| entry.to_string() + "\n").collect::<String>();
    let key = format!(
        "AWSLogs/{ACCOUNT}/BedrockModelInvocationLogs/{REGION}/2026/10/05/12/\
         20261005T120530123Z_0a1b2c3d4e5f6789.json.gz"
    );
    world.write(&format!("logs/{key}"), gzip(lines.as_bytes()));
}

/// A value of a sum: a number, or money as its digits; null adds nothing.
fn units(value: &Value) -> Option<i128> {
    match value {
        Value::Null => None,
        Value::Number(number) => number.as_i64().map(i128::from),
        text => Some(text.as_str().unwrap().replace('.', "").parse().unwrap()),
    }
}

/// The sums of rows by the texts of some columns; a sum is null where no row has a value.
fn sums(rows: &[Row], by: &[&str]) -> BTreeMap<Vec<String>, BTreeMap<String, Option<i128>>> {
    let mut sums = BTreeMap::<Vec<String>, BTreeMap<String, Option<i128>>>::new();
    for row in rows {
        let group = sums.entry(by.iter().map(|column| row[*column].to_string()).collect());
        let group = group.or_default();
        let of_caller = ["session_name", "request_metadata", "profile_tags", NO_SUM];
        let measures = row.iter().filter(|(column, _)| {
            !OF_MODEL.contains(&column.as_str()) && !of_caller.contains(&column.as_str())
        });
        for (column, value) in measures {
            let sum = group.entry(column.clone()).or_default();
            *sum = match (*sum, units(value)) {
                (Some(a), Some(b)) => Some(a + b),
                (a, b) => a.or(b),
            };
        }
    }
    sums
}

/// Asserts that `attributed_costs` adds up to `model_costs` to the last digit, in all that both tell apart and by each
/// column alone.
#[track_caller]
fn assert_adds_up(world: &World, day: &str) -> (usize, usize) {
    let (attributed, costs) = (world.rows("attributed_costs", day), world.rows("model_costs", day));
    assert_eq!(sums(&attributed, &OF_MODEL), sums(&costs, &OF_MODEL));
    for column in OF_MODEL {
        assert_eq!(sums(&attributed, &[column]), sums(&costs, &[column]), "{column}");
    }
    (attributed.len(), costs.len())
}

#[test]
fn people_behind_one_role_have_a_row_each() {
    let world = World::new();
    let people = ["ana@example.com", "bo@example.com", "cy@example.com", "dee@example.com"];
    let mut calls = Vec::new();
    for (person, name) in people.iter().enumerate() {
        let of_person = |n| call_of(&format!("{name}-{n}"), "AWSReservedSSO_Developers", name);
        calls.extend((0..=person).map(of_person));
    }
    // Objects do not share their texts.
    for (object, calls) in calls.chunks(3).enumerate() {
        world.object("20261005T1210Z", &format!("x{object}"), calls);
    }
    world.run(&["--day", DAY]).ends(0);
    let rows = world.rows("attributed_costs", DAY);
    let found = rows.iter().map(|row| (row["session_name"].as_str(), row["calls"].as_i64()));
    let expected = (1..).zip(people).map(|(calls, name)| (Some(name), Some(calls)));
    assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    for column in ["request_metadata", "profile_tags"] {
        assert!(rows.iter().all(|row| row[column].is_null()));
    }
    assert_eq!(assert_adds_up(&world, DAY), (4, 1));
    assert_eq!(world.summary()["days"][0]["rows"]["attributed_costs"], 4);
}

#[test]
fn attributed_costs_of_the_sample_add_up_to_its_model_costs() {
    let world = World::new();
    let source = sample().display().to_string();
    let (from, to) = ("2026-10-05", "2026-10-07");
    let range = ["--from", from, "--to", to];
    world.hoptrail(&[&["run", "--source", &source, "--dest", "out"], &range[..]].concat());
    let mut all = (0, 0);
    for day in [from, "2026-10-06", to] {
        let (attributed, costs) = assert_adds_up(&world, day);
        all = (all.0 + attributed, all.1 + costs);
    }
    assert!(all.0 >= all.1 && all.1 > 10, "{all:?}");
}

/// Five calls of a gateway for two users of a team and one of another, and one call that the log does not have.
fn gateway() -> World {
    let world = World::new();
    let users = [
        ("e1", "ana", "payments"),
        ("e2", "bo", "payments"),
        ("e3", "ana", "payments"),
        ("e4", "cy", "search"),
    ];
    let mut calls = users.map(|(id, ..)| call_of(id, "gateway", "task-1")).to_vec();
    calls.push(call_of("e5", "gateway", "task-1"));
    calls.push(call_of("e6", "gateway", "task-1"));
    world.object("20261005T1210Z", "x", &calls);
    let of_user = |(id, user, team): (&str, &str, &str)| {
        entry(id, &json!({ "user_id": user, "team": team, "ticket": "xyzzy-ticket" }))
    };
    let mut entries = users.map(of_user).to_vec();
    entries.push(entry("e5", &json!({ "ticket": "xyzzy-ticket" })));
    write_logs(&world, &entries);
    world
}

fn run_gateway(world: &World, more: &[&str]) -> Run {
    world.run(&[&["--day", DAY, "--invocation-logs", "logs"], more].concat()).ends(0)
}

#[test]
fn request_metadata_tells_users_and_teams_of_a_gateway_apart() {
    let world = gateway();
    run_gateway(&world, &["--request-metadata", "user_id,team"]);
    let metadata = |row: &Row| row["request_metadata"].clone();
    let ana = json!({ "team": "payments", "user_id": "ana" });
    let bo = json!({ "team": "payments", "user_id": "bo" });
    let cy = json!({ "team": "search", "user_id": "cy" });
    let found = world.rows("invocations", DAY).iter().map(metadata).collect::<Vec<_>>();
    assert_eq!(found, [&ana, &bo, &ana, &cy, &Value::Null, &Value::Null].map(Clone::clone));

    let rows = world.rows("attributed_costs", DAY);
    let found =
        rows.iter().map(|row| (metadata(row), row["calls"].clone(), row["list_cost_usd"].clone()));
    // 1,000 input, 40,000 cached, and 500 output tokens; of the last call only what CloudTrail counts.
    let full = |calls: i64, cost: &str| (json!(calls), json!(cost));
    let expected = [
        (Value::Null, full(1, "0.024750000000")),
        (ana, full(2, "0.049500000000")),
        (bo, full(1, "0.024750000000")),
        (cy, full(1, "0.024750000000")),
        (Value::Null, full(1, "0.000066000000")),
    ];
    let expected = expected.map(|(metadata, (calls, cost))| (metadata, calls, cost));
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert_eq!(assert_adds_up(&world, DAY), (5, 2));
}

/// Every file that a run writes, and what it says, as one text.
fn written(world: &World, run: &Run) -> String {
    let mut all = format!("{}\n{}\n{}", run.stdout, run.stderr, world.summary());
    for (name, bytes) in tree(&world.out()) {
        all += &String::from_utf8_lossy(&bytes);
        if name.ends_with(".parquet") {
            all += &format!("{:?}", rows(&world.out().join(name)));
        }
    }
    all
}

#[test]
fn request_metadata_that_is_not_asked_for_reaches_no_output() {
    let world = gateway();
    let all = written(&world, &run_gateway(&world, &["--request-metadata", "user_id,team"]));
    assert!(all.contains("payments") && all.contains("ana"));
    assert!(!all.contains("xyzzy") && !all.contains("ticket"));
    for options in
        [&["--force"][..], &["--request-metadata", "user_id,team", "--omit", "request_metadata"]]
    {
        let all = written(&world, &run_gateway(&world, options));
        assert!(!all.contains("payments") && !all.contains("xyzzy"), "{options:?}");
        for table in ["invocations", "attributed_costs"] {
            let rows = world.rows(table, DAY);
            assert!(rows.iter().all(|row| row["request_metadata"].is_null()), "{table}");
        }
        assert_eq!(assert_adds_up(&world, DAY), (2, 2));
    }
}

#[test]
fn request_metadata_of_any_shape_are_bounded_and_counted() {
    let world = World::new();
    let ids = ["e1", "e2", "e3", "e4"];
    world.object("20261005T1210Z", "x", &ids.map(|id| call_of(id, "gateway", "task-1")));
    let mut many =
        (0..1000).map(|n| (format!("key{n}"), json!("v"))).collect::<serde_json::Map<_, _>>();
    many.insert("account_id".to_owned(), json!("a\u{0}b"));
    let metadata = [
        Value::Object(many),
        json!({ "account_id": "é".repeat(32 << 10), "dt": 7 }),
        json!("account_id"),
        json!({ "account_id": "" }),
    ];
    write_logs(
        &world,
        &ids.into_iter().zip(&metadata).map(|(id, of)| entry(id, of)).collect::<Vec<_>>(),
    );
    let run = run_gateway(&world, &["--request-metadata", "dt,account_id"]);
    let found = world.rows("invocations", DAY);
    let found = found.iter().map(|row| row["request_metadata"].clone()).collect::<Vec<_>>();
    let maps = [json!("a\u{fffd}b"), json!("é".repeat(256)), Value::Null, json!("")];
    let expected = maps.map(|value| match value {
        Value::Null => value,
        value => json!({ "account_id": value }),
    });
    assert_eq!(found, expected);
    let counts = json!({ "values_cut": 1, "values_not_strings": 2 });
    let said = [
        "Request metadata: 1 value longer than 256 characters: cut",
        "Request metadata: 2 values that are no strings: left out",
    ];
    assert_eq!(world.summary()["request_metadata"], counts);
    assert!(said.iter().all(|line| run.stdout.contains(line)), "{}", run.stdout);
    assert_adds_up(&world, DAY);

    // Where there is no trail, too.
    let options = ["--request-metadata", "dt,account_id", "--summary-json", "summary.json"];
    let run = ["run", "--invocation-logs", "logs", "--dest", "other", "--day", DAY];
    world.hoptrail(&[&run[..], &options].concat()).ends(0);
    let found = rows(&world.path(&format!("other/invocations/dt={DAY}/part-0.parquet")));
    let mut found = found.iter().map(|row| row["request_metadata"].clone()).collect::<Vec<_>>();
    let mut expected = expected.to_vec();
    found.sort_by_key(Value::to_string);
    expected.sort_by_key(Value::to_string);
    assert_eq!(found, expected);
    assert_eq!(world.summary()["request_metadata"], counts);
}

/// Texts of the columns that may be omitted, in two calls of which one is denied.
const SESSION: &str = "xyzzy.session@example.com";
const ARN: &str = "arn:aws:sts::111122223333:assumed-role/app/xyzzy.session@example.com";
const IP: &str = "198.51.100.77";
const AGENT: &str = "xyzzy-agent/1.0";
const MESSAGE: &str = "is not authorized to perform: bedrock:InvokeModel";

fn omitted_world() -> World {
    let world = World::new();
    let record = |id: &str| {
        let record = with(call_of(id, "app", SESSION), "/sourceIPAddress", IP);
        with(record, "/userAgent", AGENT)
    };
    let denied = with(without(record("e2"), "additionalEventData"), "/errorCode", "AccessDenied");
    let resource = "arn:aws:bedrock:us-east-2::foundation-model/anthropic.claude-sonnet-4-6";
    let message = format!(
        "User: {ARN} {MESSAGE} on resource: {resource} with an explicit deny in a service control policy"
    );
    let denied = with(denied, "/errorMessage", message);
    let other = with(record("e3"), "/eventName", "ApplyGuardrail");
    let user = with(record("e4"), "/userIdentity/arn", "arn:aws:iam::111122223333:user/ops");
    let user = with(user, "/userIdentity/type", "IAMUser");
    world.object("20261005T1210Z", "x", &[record("e1"), denied, other, user]);
    world
}

/// For each column, what must not be anywhere.
const OMITTED: [(&str, &[&str]); 6] = [
    ("message", &[MESSAGE]),
    ("principal_arn", &[ARN, "arn:aws:iam::111122223333:user/ops"]),
    ("request_metadata", &[]),
    ("session_name", &[SESSION]),
    ("source_ip", &[IP]),
    ("user_agent", &[AGENT]),
];

#[test]
fn omitted_columns_are_null_and_their_values_nowhere() {
    let world = omitted_world();
    let all = written(&world, &world.run(&["--day", DAY]).ends(0));
    for value in OMITTED.iter().flat_map(|(_, values)| *values) {
        assert!(all.contains(value), "{value} is nowhere anyway");
    }
    let before = ["invocations", "denials", "attributed_costs"].map(|table| world.rows(table, DAY));
    let every = OMITTED.map(|(column, _)| column).join(",");
    let one_each = OMITTED.iter().map(|(column, values)| (*column, values.to_vec()));
    let all_values = OMITTED.iter().flat_map(|(_, values)| values.to_vec()).collect();
    for (columns, values) in one_each.chain([(every.as_str(), all_values)]) {
        let all = written(&world, &world.run(&["--day", DAY, "--omit", columns]).ends(0));
        for value in values {
            assert!(!all.contains(value), "--omit {columns}: {value}");
        }
        let after =
            ["invocations", "denials", "attributed_costs"].map(|table| world.rows(table, DAY));
        for (before, after) in before.iter().flatten().zip(after.iter().flatten()) {
            for (column, value) in after {
                // The same in other words goes with it.
                let name = match column.as_str() {
                    "iam_principal_arn" => "principal_arn",
                    "source_identity" => "session_name",
                    name => name,
                };
                let is_omitted = columns.split(',').any(|omitted| omitted == name);
                // An ARN ends with its session, and a message quotes an ARN.
                let quotes = match column.as_str() {
                    "principal_arn" => columns.contains("session_name") && before[column] == ARN,
                    "message" => {
                        columns.contains("principal_arn") || columns.contains("session_name")
                    }
                    _ => false,
                };
                match value {
                    Value::Null if is_omitted || before[column].is_null() => {}
                    _ if quotes => {
                        let is_redacted =
                            value.as_str().is_none_or(|text| text.contains("(omitted)"));
                        assert!(is_redacted, "{column}: {value}");
                    }
                    _ => assert_eq!(value, &before[column], "--omit {columns}: {column}"),
                }
            }
        }
        // What the message says is known all the same.
        let denial = &after[1][0];
        assert_eq!(denial["policy_type"], "service_control_policy");
        assert_eq!(denial["blocked_region"], "us-east-2");
        assert_eq!(assert_adds_up(&world, DAY).1, 3);
    }
}

/// A later run, without the option, opens the day again for a late call.
#[test]
fn what_a_day_was_built_without_stays_away_when_it_is_opened_again() {
    let world = World::new();
    world.object("20261005T1210Z", "x", &[call_of("e1", "app", SESSION)]);
    world.run(&["--day", DAY, "--omit", "session_name"]).ends(0);
    let late = call_of("e2", "app", "other.session");
    world.object("20261007T1210Z", "late", &[late]);
    world.run(&["--day", "2026-10-07"]).ends(0);
    let rows = world.rows("invocations", DAY);
    assert_eq!(rows.len(), 2, "it was opened again");
    for row in rows {
        assert_eq!([&row["session_name"], &row["principal_arn"]], [&Value::Null, &Value::Null]);
    }
}

#[test]
fn session_of_a_batch_job_is_omitted() {
    let world = World::new();
    let created = crate::batch_jobs::created("n1ghtlyj0b01", NOON);
    let created = with(created, "/userIdentity/arn", ARN);
    world.object("20261005T1210Z", "x", &[created]);
    world.run(&["--day", DAY]).ends(0);
    assert_eq!(world.rows("batch_jobs", DAY)[0]["principal_arn"], ARN);
    world.run(&["--day", DAY, "--omit", "session_name"]).ends(0);
    assert_eq!(world.rows("batch_jobs", DAY)[0]["principal_arn"], Value::Null);
}

/// As `json.dumps` of Python writes them.
#[test]
fn metadata_of_characters_beyond_the_first_65536_is_read_as_it_is() {
    let world = World::new();
    world.object("20261005T1210Z", "x", &[call_of("e1", "app", "a"), call_of("e2", "app", "a")]);
    let key = format!(
        "logs/AWSLogs/{ACCOUNT}/BedrockModelInvocationLogs/{REGION}/2026/10/05/12/\
         20261005T120530123Z_0a1b2c3d4e5f6789.json.gz"
    );
    let entries = [("e1", "\\ud83d\\ude00"), ("e2", "\\ud83d\\udc00")].map(|(id, escaped)| {
        entry(id, &json!({ "team": "TEAM" })).to_string().replace("TEAM", escaped) + "\n"
    });
    world.write(&key, gzip(entries.concat().as_bytes()));
    let logs = world.text("logs");
    world.run(&["--day", DAY, "--invocation-logs", &logs, "--request-metadata", "team"]).ends(0);
    let rows = world.rows("attributed_costs", DAY);
    let mut teams = rows.iter().map(|row| row["request_metadata"].to_string()).collect::<Vec<_>>();
    teams.sort();
    assert_eq!(teams, [r#"{"team":"🐀"}"#, r#"{"team":"😀"}"#]);
}

#[test]
fn omitted_session_is_one_row() {
    let world = World::new();
    let calls = ["ana", "bo", "cy"].map(|name| call_of(name, "app", name));
    world.object("20261005T1210Z", "x", &calls);
    world.run(&["--day", DAY]).ends(0);
    assert_eq!(world.rows("attributed_costs", DAY).len(), 3);
    world.run(&["--day", DAY, "--omit", "session_name"]).ends(0);
    let rows = world.rows("attributed_costs", DAY);
    assert_eq!((rows.len(), &rows[0]["calls"]), (1, &json!(3)));
}

#[test]
fn other_omitted_columns_or_keys_rebuild_a_day() {
    let world = gateway();
    let reason = |options: &[&str]| {
        run_gateway(&world, options);
        world.summary()["days"][0]["reason"].as_str().map(str::to_owned)
    };
    let because = |text: &str| Some(text.to_owned());
    assert_eq!(reason(&[]), because("not built before"));
    assert_eq!(reason(&["--omit", "source_ip,user_agent"]), because("other omitted columns"));
    assert_eq!(reason(&["--omit", "user_agent", "--omit", "source_ip"]), None);
    let keys = ["--omit", "user_agent,source_ip", "--request-metadata", "team"];
    assert_eq!(reason(&keys), because("other keys of request metadata"));
    assert_eq!(reason(&keys), None);
    let manifest = fs::read(world.out().join("_hoptrail/manifest/dt=2026-10-05.json")).unwrap();
    let manifest = serde_json::from_slice::<Value>(&manifest).unwrap();
    assert_eq!(manifest["made_with"]["omitted"], json!(["source_ip", "user_agent"]));
    assert_eq!(manifest["made_with"]["request_metadata"], json!(["team"]));
    // Without logs, a day keeps those that it was built with.
    world.run(&["--day", DAY, "--omit", "user_agent,source_ip"]).ends(0);
    assert_eq!(world.summary()["days"], json!([]));
}

#[test]
fn tags_of_application_profiles_are_a_column() {
    let world = World::new();
    let profiles = ["search", "chat", "other"].map(|name| {
        format!("arn:aws:bedrock:{REGION}:{ACCOUNT}:application-inference-profile/{name}")
    });
    let of_profile = |(id, arn): (&str, &String)| {
        with(call_of(id, "app", "task"), "/requestParameters/modelId", arn.as_str())
    };
    let calls = ["e1", "e2", "e3"].into_iter().zip(&profiles).map(of_profile).collect::<Vec<_>>();
    world.object("20261005T1210Z", "x", &calls);
    let tags = |row: &Row| (row["profile_name"].clone(), row["profile_tags"].clone());
    let check = |aliases: &[(&str, String)], expected: &[(Value, Value)]| {
        let mut options = vec!["--day", DAY];
        for (name, text) in aliases {
            world.write(name, text);
            options.extend(["--aliases", name]);
        }
        world.run(&options).ends(0);
        let mut found = world.rows("attributed_costs", DAY).iter().map(tags).collect::<Vec<_>>();
        found.sort_by_key(|(name, _)| name.to_string());
        assert_eq!(found, expected);
        assert_adds_up(&world, DAY);
        assert_ne!(world.summary()["days"], json!([]), "other tags rebuild the day");
    };
    let [search, chat, _] = &profiles;
    let model = "anthropic.claude-sonnet-4-6";
    let csv = format!(
        "model_ref,model,name,tags\n{search},{model},search,team=retrieval; env=a=b\n{chat},{model},chat,\n"
    );
    let of_search = json!({ "team": "retrieval", "env": "a=b" });
    let expected = [
        (json!("chat"), Value::Null),
        (json!("search"), of_search.clone()),
        (Value::Null, Value::Null),
    ];
    check(&[("aliases.csv", csv)], &expected);
    let toml = format!(
        "[[alias]]\nmodel_ref = '{search}'\nmodel = '{model}'\nname = 'search'\n\
         tags = {{ team = 'retrieval' }}\n\
         [[alias]]\nmodel_ref = '{chat}'\nmodel = '{model}'\nname = 'chat'\n"
    );
    // What the tagging API says of a profile goes with what an alias file says of its model.
    let of_api = json!({ "ResourceTagMappingList": [
        { "ResourceARN": chat, "Tags": [{ "Key": "team", "Value": "support" }] },
    ] });
    let expected = [
        (json!("chat"), json!({ "team": "support" })),
        (json!("search"), json!({ "team": "retrieval" })),
        (Value::Null, Value::Null),
    ];
    check(&[("aliases.toml", toml), ("tags.json", of_api.to_string())], &expected);

    world.write("wrong.csv", format!("model_ref,model,tags\n{search},{model},team\n"));
    let run = world.run(&["--day", DAY, "--aliases", "wrong.csv"]);
    run.says(2, &["wrong.csv", "row 1: expected tags as key=value", "found `team`"]);
}

#[test]
fn invalid_keys_and_columns_are_usage_errors() {
    let world = omitted_world();
    let names = OMITTED.map(|(column, _)| column);
    let run = world.run(&["--day", DAY, "--omit", "source_ip,event_id"]).ends(2);
    assert!(run.stderr.contains("event_id"), "{}", run.stderr);
    assert!(names.iter().all(|name| run.stderr.contains(name)), "{}", run.stderr);
    let keys = "--request-metadata";
    let world_has_no_logs = world.run(&["--day", DAY, keys, "team"]);
    world_has_no_logs.says(2, &["--request-metadata has no effect without --invocation-logs"]);
    let (long, many) =
        ("k".repeat(257), (0..17).map(|n| format!("k{n}")).collect::<Vec<_>>().join(","));
    for (value, expected) in [
        (long.as_str(), "expected keys of 1 to 256 characters, found one of 257"),
        ("team,", "expected keys of 1 to 256 characters, found one of 0"),
        (&many, "expected up to 16 keys, found 17"),
    ] {
        let run = world.run(&["--day", DAY, "--invocation-logs", "logs", keys, value]);
        run.says(2, &["--request-metadata: ", expected]);
    }
}
