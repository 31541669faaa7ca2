//! `policy replay`: what a change of policies would have done to the calls of the bundled sample, how well the
//! sample's policies explain it, formats, gates, days, and a trail in place of tables.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};

use crate::policy::{FULL, region_deny, rows};
use crate::world::{Run, World, repository, sample};

const DAYS: [&str; 3] = ["2026-10-05", "2026-10-06", "2026-10-07"];
const CHANGE: &str = "ou-ab12-workload:p-regions01";

/// A world with the tables of the sample.
fn world() -> (World, String) {
    let world = World::new();
    let (source, out) = (sample().display().to_string(), world.text("out"));
    let arguments =
        ["run", "--source", &source, "--dest", &out, "--from", DAYS[0], "--to", DAYS[2]];
    world.hoptrail(&arguments).ends(0);
    (world, out)
}

fn organization(file: &str) -> String {
    repository().join("tests/sample/organization").join(file).display().to_string()
}

fn change() -> String {
    format!("{CHANGE}={}", organization("p-regions02.json"))
}

fn replay(world: &World, out: &str, arguments: &[&str]) -> Run {
    let org = organization("org.json");
    let base = ["policy", "replay", "--dest", out, "--org", &org];
    world.hoptrail(&[&base[..], arguments].concat())
}

fn object(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap()
}

fn classes(found: &Value) -> BTreeMap<String, u64> {
    let classes = found["calls_by_class"].as_object().unwrap().iter();
    classes.map(|(class, calls)| (class.clone(), calls.as_u64().unwrap())).collect()
}

#[test]
fn policies_of_the_sample_deny_every_refusal_that_names_an_scp_on_its_leg() {
    let (world, out) = world();
    let denials = DAYS.iter().flat_map(|day| world.rows("denials", day)).collect::<Vec<_>>();
    let of_scp = denials.iter().filter(|row| row["policy_type"] == "service_control_policy");
    let of_scp = of_scp.collect::<Vec<_>>();
    let naming = of_scp.iter().filter(|row| !row["policy_arn"].is_null());
    assert_eq!((of_scp.len(), naming.count()), (14, 11));

    let found = object(&replay(&world, &out, &["--output", "json"]).ends(0));
    let expected = json!({
        "outcomes": 411, "reproduced": 310, "contradicted": 73, "open": 28, "not_comparable": 33,
        "legs": 14, "legs_reproduced": 14,
        "policies": 11, "policies_deciding": 11, "policies_not_there": 0,
    });
    assert_eq!(found["audit"], expected);
    assert_eq!(found["has_changes"], false);
    let expected = [
        ("contradiction", 73),
        ("newly_allowed", 0),
        ("newly_denied", 0),
        ("still_allowed", 330),
        ("still_denied", 37),
        ("undecided", 4),
    ];
    let expected = expected.map(|(class, calls)| (class.to_owned(), calls));
    assert_eq!(classes(&found), BTreeMap::from(expected));

    // The same leg by leg.
    let ids = of_scp.iter().map(|row| row["event_id"].as_str().unwrap());
    let ids = ids.collect::<Vec<_>>().join(",");
    let org = organization("org.json");
    let arguments = ["policy", "simulate", "--dest", &out, "--org", &org, "--event-id", &ids];
    let aliases = aliases(&world);
    let more = ["--output", "jsonl", "--expect", "denied", "--aliases", &aliases];
    let run = world.hoptrail(&[&arguments[..], &more].concat()).ends(0);
    let answers = run.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    for (row, answer) in of_scp.iter().zip(answers) {
        assert_eq!(row["event_id"], answer["id"]);
        let is_logged = |leg: &&Value| {
            leg["resource"] == row["denied_resource"]
                && (leg["leg"] == row["leg"] || leg["leg"] == "application_profile")
        };
        let logged = answer["legs"].as_array().unwrap().iter().find(is_logged).unwrap();
        assert_eq!(logged["verdict"], "denied", "{row:?}");
        assert_eq!(logged["decided_by"][0]["policy"], "p-regions01");
    }
}

/// A file of what the run has discovered of opaque ARNs.
fn aliases(world: &World) -> String {
    let discovered = fs::read_to_string(world.text("out/_hoptrail/aliases.csv")).unwrap();
    let rows = discovered.lines().map(|line| {
        let mut cells = line.split(',');
        format!("{},{}\n", cells.next().unwrap(), cells.next().unwrap())
    });
    world.write("aliases.csv", rows.collect::<String>())
}

#[test]
fn change_gives_the_listed_counts_which_add_up_to_the_calls() {
    let (world, out) = world();
    let changed = change();
    let found = object(
        &replay(
            &world,
            &out,
            &["--replace", &changed, "--output", "json", "--by", "account,profile"],
        )
        .ends(0),
    );
    let expected = [
        ("contradiction", 73),
        ("newly_allowed", 3),
        ("newly_denied", 8),
        ("still_allowed", 297),
        ("still_denied", 34),
        ("undecided", 29),
    ];
    let expected = expected.map(|(class, calls)| (class.to_owned(), calls));
    assert_eq!(classes(&found), BTreeMap::from(expected));
    let calls = DAYS.iter().map(|day| world.rows("invocations", day).len() as u64).sum::<u64>();
    assert_eq!(classes(&found).values().sum::<u64>(), calls);
    assert_eq!(found["calls"], calls);
    let of_rows =
        found["rows"].as_array().unwrap().iter().map(|row| row["calls"].as_u64().unwrap());
    assert_eq!(of_rows.sum::<u64>(), calls);

    let of_class = |class: &str| {
        let rows = found["rows"].as_array().unwrap().iter().filter(|row| row["class"] == class);
        rows.cloned().collect::<Vec<_>>()
    };
    // Refused at us-east-2, which the changed policy spares for the profile.
    let allowed = of_class("newly_allowed");
    assert_eq!(allowed.len(), 1);
    let expected = json!({
        "account_id": "111122223333", "profile_id": "us.anthropic.claude-sonnet-4-6",
        "class": "newly_allowed", "calls": 3, "callers": 1, "accounts": 1, "models": 1,
        "first_seen": allowed[0]["first_seen"], "last_seen": allowed[0]["last_seen"],
        "examples": allowed[0]["examples"],
        "decided_by": [{
            "kind": "service_control_policy", "effect": "explicit", "node": "ou-ab12-workload",
            "policy": "p-regions01", "statement": 0, "sid": "ApprovedRegions", "file": "p-regions01.json", "line": 4,
            "calls": 3,
        }],
        "unknown": [], "missing": [],
    });
    assert_eq!(allowed[0], expected);
    let denials = DAYS.iter().flat_map(|day| world.rows("denials", day)).collect::<Vec<_>>();
    let lifted = denials.iter().filter(|row| row["blocked_region"] == "us-east-2");
    let times = lifted.clone().map(|row| row["event_id"].clone()).collect::<Vec<_>>();
    assert_eq!((times.len(), &allowed[0]["examples"][0]), (3, &times[0]));
    // Calls that ran, of which the changed policy does not spare the profile any more.
    let denied = of_class("newly_denied");
    assert_eq!(denied.len(), 1);
    assert_eq!(denied[0]["profile_id"], "apac.anthropic.claude-sonnet-4-20250514-v1:0");
    assert_eq!(denied[0]["decided_by"][0]["policy"], "p-regions02");
    let ran = DAYS.iter().flat_map(|day| world.rows("invocations", day));
    let ran = ran.filter(|row| {
        row["profile_id"] == denied[0]["profile_id"] && row["outcome"] == "succeeded"
    });
    assert_eq!(ran.count(), 8);
    let notes = found["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap());
    let notes = notes.collect::<Vec<_>>();
    assert!(notes[0].contains("may refuse them still"), "{notes:?}");
}

#[test]
fn text_csv_and_parquet_have_the_same_rows() {
    let (world, out) = world();
    let changed = change();
    let of = |arguments: &[&str]| {
        replay(&world, &out, &[&["--replace", &changed], arguments].concat()).ends(0)
    };
    let text = of(&[]).stdout;
    let cells = rows(&text);
    let head = "Replay of 444 calls, 2026-10-05 to 2026-10-07, 3 of 3 days built";
    assert_eq!(cells[0], [head]);
    let expected = ["newly_denied", "8", "1", "1", "1", "2026-10-05", "2026-10-07"];
    assert!(cells.contains(&expected.to_vec()), "{text}");
    assert!(text.contains("\nnewly_denied: 8 calls\n  ApprovedRegions of p-regions02, line 4, at ou-ab12-workload: 8\n"));
    assert!(
        text.contains("reproduce 310 of 411 logged outcomes (73 contradicted, 28 open)"),
        "{text}"
    );
    let org = organization("org.json");
    let arguments = [
        "policy",
        "replay",
        "--dest",
        &out,
        "--org",
        &org,
        "--replace",
        &changed,
        "--by",
        "ou,region,model",
    ];
    let narrow = world.command(&arguments).env("COLUMNS", "80").output().unwrap();
    let narrow = Run::of(narrow).ends(0).stdout;
    assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");

    let csv = of(&["--output", "csv", "--by", "day,ou,region,model"]).stdout;
    let json = object(&of(&["--output", "json", "--by", "day,ou,region,model"]));
    let mut reader = csv.lines();
    let head = "dt,ou,source_region,model_id,class,calls,callers,accounts,models,first_seen,last_seen,\
                examples,decided_by,unknown,missing";
    assert_eq!(reader.next().unwrap(), head);
    assert_eq!(reader.count(), json["rows"].as_array().unwrap().len());
    let days = json["rows"].as_array().unwrap().iter().map(|row| row["dt"].as_str().unwrap());
    assert_eq!(days.collect::<BTreeSet<_>>(), BTreeSet::from(DAYS));
    let ous = json["rows"].as_array().unwrap().iter().map(|row| row["ou"].clone());
    assert!(
        ous.clone().any(|ou| ou == "ou-ab12-workload")
            && ous.clone().any(|ou| ou == "ou-ab12-support0")
    );
}

#[test]
fn threads_and_a_trail_in_place_of_tables_change_nothing() {
    let (world, out) = world();
    let changed = change();
    let arguments = ["--replace", &changed, "--output", "json", "--by", "principal,day"];
    let of = |threads: &str| {
        replay(&world, &out, &[&arguments[..], &["--threads", threads]].concat()).ends(0).stdout
    };
    let one = of("1");
    assert_eq!([of("2"), of("13")], [one.clone(), one.clone()]);
    let (source, org) = (sample().display().to_string(), organization("org.json"));
    let base = ["policy", "replay", "--source", &source, "--org", &org];
    let days = ["--from", DAYS[0], "--to", DAYS[2]];
    let run = world.hoptrail(&[&base[..], &days, &arguments].concat()).ends(0);
    assert_eq!(run.stdout, one);
}

#[test]
fn gates_end_with_4_and_nothing_with_5() {
    let (world, out) = world();
    let changed = change();
    let run = replay(&world, &out, &["--replace", &changed, "--fail-on", "newly-denied,undecided"]);
    let run = run.ends(4);
    let expected =
        "warning: --fail-on newly-denied: 8 calls\nwarning: --fail-on undecided: 29 calls\n";
    assert!(run.stderr.ends_with(expected), "{}", run.stderr);
    replay(&world, &out, &["--fail-on", "newly-denied,newly-allowed"]).ends(0);
    replay(&world, &out, &["--fail-on", "contradiction"]).ends(4);
    let run = replay(&world, &out, &["--day", "2026-11-01"]).ends(5);
    assert!(run.stderr.contains("nothing is published"), "{}", run.stderr);
    replay(&world, &world.text("nothing"), &[]).ends(1);
    let run = replay(&world, &out, &["--threads", "0"]).ends(2);
    assert!(run.stderr.contains("--threads"), "{}", run.stderr);
}

#[test]
fn condition_on_time_cuts_the_calls_at_its_literal() {
    let (world, out) = world();
    let calls = DAYS.iter().flat_map(|day| world.rows("invocations", day));
    let calls = calls.filter(|row| row["account_id"] == "012345678901").collect::<Vec<_>>();
    // One that ran, half a minute before the literal.
    let at = calls.iter().filter(|row| row["outcome"] == "succeeded").nth(20).unwrap();
    let time = |row: &crate::world::Row| {
        jiff::Timestamp::from_millisecond(row["event_time"].as_i64().unwrap()).unwrap()
    };
    let literal = jiff::Timestamp::from_second(time(at).as_second() + 30).unwrap();
    let deny = json!({"Version": "2012-10-17", "Statement": {
        "Sid": "FromThen", "Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"DateGreaterThanEquals": {"aws:CurrentTime": literal.to_string()}},
    }});
    let file = world.write("then.json", deny.to_string());
    let policy = format!("012345678901={file}");
    let found = object(
        &replay(&world, &out, &["--policy", &policy, "--by", "account", "--output", "json"])
            .ends(0),
    );
    let of = |class: &str| {
        let rows = found["rows"].as_array().unwrap().iter();
        let mut rows =
            rows.filter(|row| row["account_id"] == "012345678901" && row["class"] == class);
        rows.next().map_or(0, |row| row["calls"].as_u64().unwrap())
    };
    let ran = calls.iter().filter(|row| {
        // What was throttled or failed was no less authorized before.
        row["outcome"] != "denied"
            && row["target_type"] != "prompt"
            && row["principal_type"] != "AWSService"
            && row["principal_type"] != "AWSAccount"
    });
    let minute = jiff::SignedDuration::from_secs(61);
    let n = |is_it: &dyn Fn(jiff::Timestamp) -> bool| {
        ran.clone().filter(|row| is_it(time(row))).count() as u64
    };
    let after = n(&|time| time.duration_since(literal) > minute);
    let within = n(&|time| time.duration_since(literal).abs() <= minute);
    assert!(after > 10 && within > 0, "{after} {within}");
    assert_eq!(of("newly_denied"), after, "{found:#}");
    assert!(of("undecided") >= within);
}

#[test]
fn account_that_the_organization_does_not_have_is_counted_and_undecided() {
    let (world, out) = world();
    world.write("org/full.json", FULL);
    world.write("org/deny.json", region_deny("None", r#"["eu-central-1"]"#));
    let own = json!({
        "organization_id": "o-exampleorg1", "management_account": "111122223333",
        "nodes": [{"id": "r-ab12", "parent": null, "policies": ["full.json"]}],
        "accounts": [{"id": "444455556666", "parent": "r-ab12", "policies": ["full.json"]}],
    });
    let org = world.write("org/org.json", own.to_string());
    let deny = format!("r-ab12={}", world.text("org/deny.json"));
    let base = ["policy", "replay", "--dest", &out, "--org", &org, "--policy", &deny];
    let run = world.hoptrail(&[&base[..], &["--by", "account", "--output", "json"]].concat());
    let run = run.ends(0);
    assert!(
        run.stderr.contains("62 of 444 calls: the account is not in the organization"),
        "{}",
        run.stderr
    );
    let found = object(&run);
    let of = |account: &str, class: &str| {
        let mut rows = found["rows"].as_array().unwrap().iter();
        let row = rows.find(|row| row["account_id"] == account && row["class"] == class);
        row.map_or(0, |row| row["calls"].as_u64().unwrap())
    };
    assert_eq!(of("012345678901", "newly_denied"), 0);
    assert!(of("012345678901", "undecided") > 40);
    // The management account is not subject to SCPs: that one refused its calls contradicts it.
    assert_eq!(of("111122223333", "newly_denied"), 0);
    assert_eq!(of("111122223333", "contradiction"), 12);
    assert!(of("444455556666", "newly_denied") > 50);
}

#[test]
fn page_shows_what_is_printed() {
    let page = fs::read_to_string(repository().join("docs/policy-replay.md")).unwrap();
    let block = |language: &str| {
        let (_, rest) = page.split_once(&format!("```{language}\n")).unwrap();
        rest.split("```").next().unwrap().to_owned()
    };
    let world = World::new();
    let root = format!("{}/", repository().display());
    let command = block("sh").replace("tests/sample", &format!("{root}tests/sample"));
    let arguments =
        command.trim().strip_prefix("hoptrail ").unwrap().split(' ').collect::<Vec<_>>();
    // As wide as the page.
    let run = Run::of(world.command(&arguments).env("COLUMNS", "112").output().unwrap()).ends(0);
    assert_eq!(run.stdout, block("text"));
}

/// Grouped replay against one call at a time: `simulate` says what the policies make of each, before and after, and
/// what the log says decides on the class.
#[test]
fn grouped_replay_is_as_good_as_one_call_at_a_time() {
    let (world, out) = world();
    let rows = DAYS.iter().flat_map(|day| world.rows("invocations", day)).collect::<Vec<_>>();
    let denials = DAYS.iter().flat_map(|day| world.rows("denials", day)).collect::<Vec<_>>();
    let named = denials.iter().filter(|row| !row["policy_type"].is_null());
    let named = named.map(|row| (row["event_id"].clone(), row["policy_type"].clone()));
    let named = named.map(|(id, kind)| (id.to_string(), kind)).collect::<BTreeMap<_, _>>();
    // Callers of known accounts, and what can be simulated.
    let simulated = rows.iter().filter(|row| {
        let kinds = ["AssumedRole", "IAMUser", "Root", "FederatedUser"];
        kinds.contains(&row["principal_type"].as_str().unwrap_or("IAMUser"))
            && !row["model_ref"].is_null()
            && row["event_name"] != "CreateChatCompletion"
    });
    let simulated = simulated.collect::<Vec<_>>();
    let ids = simulated.iter().map(|row| row["event_id"].as_str().unwrap()).collect::<Vec<_>>();
    let ids = ids.join(",");
    let (org, aliases) = (organization("org.json"), aliases(&world));
    for (number, regions) in
        [r#"["us-east-1","us-east-2"]"#, r#"["eu-central-1","eu-west-1","unspecified"]"#]
            .into_iter()
            .enumerate()
    {
        let file = world.write(&format!("deny-{number}.json"), region_deny("Regions", regions));
        let change = format!("r-ab12={file}");
        let arguments = ["policy", "simulate", "--dest", &out, "--org", &org, "--policy", &change];
        let more = ["--event-id", &ids, "--output", "jsonl", "--aliases", &aliases];
        let run = world.hoptrail(&[&arguments[..], &more].concat()).ends(0);
        let mut expected = BTreeMap::<(String, String), u64>::new();
        for (row, line) in simulated.iter().zip(run.stdout.lines()) {
            let answer = serde_json::from_str::<Value>(line).unwrap();
            assert_eq!(answer["id"], row["event_id"]);
            let class = class_of(row, named.get(&row["event_id"].to_string()), &answer);
            let key = (row["event_id"].as_str().unwrap().to_owned(), class.to_owned());
            *expected.entry(key).or_default() += 1;
        }
        let mut slow = BTreeMap::<String, u64>::new();
        for (_, class) in expected.keys() {
            *slow.entry(class.clone()).or_default() += 1;
        }
        let found = object(
            &replay(&world, &out, &["--policy", &change, "--output", "json", "--by", "principal"])
                .ends(0),
        );
        let mut grouped = classes(&found);
        // The calls that were left out are undecided, or were refused.
        let left_out = (rows.len() - simulated.len()) as u64;
        let total = |all: &BTreeMap<String, u64>| all.values().sum::<u64>();
        assert_eq!(total(&grouped), total(&slow) + left_out);
        for class in ["still_allowed", "newly_denied", "newly_allowed", "contradiction"] {
            let (slow, grouped) = (slow.remove(class), grouped.remove(class).filter(|n| *n > 0));
            assert_eq!(slow, grouped, "{class} {regions}");
        }
        assert!(found["requests"].as_u64().unwrap() < found["calls"].as_u64().unwrap() / 3);
    }
}

/// The class of a call by its own answer.
fn class_of(row: &crate::world::Row, policy_type: Option<&Value>, answer: &Value) -> &'static str {
    let (before, after) = (answer["before"].as_str().unwrap(), answer["verdict"].as_str().unwrap());
    let outcome = row["outcome"].as_str().unwrap();
    let is_before = ["validation", "invalid_model", "needs_profile", "legacy"]
        .contains(&row["error_reason"].as_str().unwrap_or_default());
    if outcome == "failed" && is_before {
        return match (before, after) {
            ("allowed", "allowed") => "still_allowed",
            ("allowed", "denied") => "newly_denied",
            ("denied", "allowed") => "newly_allowed",
            ("denied", "denied") => "still_denied",
            _ => "undecided",
        };
    }
    if outcome != "denied" {
        return match (before, after) {
            ("denied", _) => "contradiction",
            (_, "allowed") => "still_allowed",
            (_, "denied") => "newly_denied",
            _ => "undecided",
        };
    }
    match policy_type.and_then(Value::as_str) {
        Some("service_control_policy") if before == "allowed" => "contradiction",
        Some("service_control_policy") if after == "allowed" => "newly_allowed",
        Some("service_control_policy") if after == "indeterminate" => "undecided",
        None if before == "denied" && after == "allowed" => "newly_allowed",
        _ => "still_denied",
    }
}
