//! `policy simulate`: one call, grids, many calls, calls of the tables, gates. What policies mean is tested in
//! the crate `policy`.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::world::{Run, World, repository, sample};

pub(crate) const SONNET: &str = "us.anthropic.claude-sonnet-4-6";
pub(crate) const ROLE: &str = "arn:aws:iam::111122223333:role/App";
pub(crate) const FULL: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

/// Denies all Regions but one.
pub(crate) fn region_deny(sid: &str, regions: &str) -> String {
    format!(
        "{{\"Version\":\"2012-10-17\",\n\"Statement\":[\n{{\"Sid\":\"{sid}\",\"Effect\":\"Deny\",\"NotAction\":\"iam:*\",\
         \"Resource\":\"*\",\"Condition\":{{\"StringNotEquals\":{{\"aws:RequestedRegion\":{regions}}}}}}}]}}"
    )
}

/// An organization with one unit, two accounts in it, and the management account.
pub(crate) fn organization(world: &World) -> String {
    world.write("org/full.json", FULL);
    world.write("org/deny.json", region_deny("OnlyVirginia", r#"["us-east-1"]"#));
    let own = json!({
        "organization_id": "o-exampleorg", "management_account": "999988887777",
        "nodes": [
            {"id": "r-ab12", "parent": null, "policies": ["full.json"]},
            {"id": "ou-ab12-11111111", "parent": "r-ab12", "policies": ["full.json", "deny.json"]},
        ],
        "accounts": [
            {"id": "111122223333", "parent": "ou-ab12-11111111", "policies": ["full.json"]},
            {"id": "444455556666", "parent": "r-ab12", "policies": ["full.json"]},
            {"id": "999988887777", "parent": "r-ab12", "policies": ["full.json"]},
        ],
    });
    world.write("org/org.json", own.to_string())
}

pub(crate) fn simulate(world: &World, arguments: &[&str]) -> Run {
    world.hoptrail(&[&["policy", "simulate"], arguments].concat())
}

/// The rows of a table, by their cells, which have two blanks between them.
pub(crate) fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines()
        .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect()
}

#[test]
fn page_shows_what_is_printed() {
    let page = fs::read_to_string(repository().join("docs/policies.md")).unwrap();
    let block = |language: &str| {
        let (_, rest) = page.split_once(&format!("```{language}\n")).unwrap();
        rest.split("```").next().unwrap().to_owned()
    };
    let world = World::new();
    let policy = world.write("region-deny.json", block("json"));
    let command = block("sh").replace("region-deny.json", &policy);
    let arguments =
        command.trim().strip_prefix("hoptrail ").unwrap().split(' ').collect::<Vec<_>>();
    // As wide as the page.
    let run = Run::of(world.command(&arguments).env("COLUMNS", "112").output().unwrap()).ends(0);
    assert_eq!(run.stdout, block("text"));
}

#[test]
fn denied_call_names_node_policy_sid_line_and_what_would_have_to_change() {
    let world = World::new();
    let org = organization(&world);
    let run =
        simulate(&world, &[SONNET, "--region", "us-east-1", "--principal", ROLE, "--org", &org])
            .ends(0);
    let rows = rows(&run.stdout);
    let denied = "OnlyVirginia of deny, line 3, at ou-ab12-11111111";
    let allowed = "statement 1 of full, line 1, at 111122223333";
    let expected = [
        vec!["leg", "Region", "verdict", "decided by"],
        vec!["profile", "us-east-1", "allowed", allowed],
        vec!["source_model", "us-east-1", "allowed", allowed],
        vec!["destination_model", "us-east-2", "denied", denied],
        vec!["destination_model", "us-west-2", "denied", denied],
    ];
    assert_eq!(rows[2..7], expected);
    assert!(
        run.stdout.starts_with(&format!("denied: Converse (bedrock:InvokeModel) of {SONNET} from"))
    );
    let change = format!(
        "To allow it, {denied} must spare us-east-2 and us-west-2: add them to the values of aws:RequestedRegion, or exempt the \
         profile there (ArnNotLike, bedrock:InferenceProfileArn, \
         arn:aws:bedrock:us-east-1:*:inference-profile/{SONNET}); no Allow elsewhere lifts a Deny."
    );
    assert_eq!(run.stdout.lines().last().unwrap(), change);
    assert_eq!(run.stderr, "");
}

/// Who lifts a denial meets what is open beside it next.
#[test]
fn sentence_names_what_else_denies_and_what_may() {
    let world = World::new();
    let deny = |condition: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Sid":"Team","Effect":"Deny","Action":"*","Resource":"*","Condition":{condition}}}}}"#
        )
    };
    let by_path = r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/team/*"}}"#;
    let path = world.write("path.json", deny(by_path));
    let everyone = world.write("everyone.json", deny("{}"));
    let session = "arn:aws:sts::111122223333:assumed-role/App/session";
    let s3 = r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    let identity = world.write("identity.json", s3);
    let model = "anthropic.claude-sonnet-4-6";
    let last = |more: &[&str]| {
        let call =
            [model, "--region", "us-east-1", "--principal", session, "--identity", &identity];
        let run = simulate(&world, &[&call[..], more].concat()).ends(0);
        run.stdout.lines().last().unwrap().to_owned()
    };
    let allow = "an identity-based policy must allow bedrock:InvokeModel on \
                 arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-6";
    let hangs = "Whether Team of path, line 1, at root denies it, too, depends on aws:PrincipalArn (--context KEY=VALUE, \
                 --absent KEY, --present KEY).";
    assert_eq!(last(&["--org", &path]), format!("To allow it, {allow}. {hangs}"));
    let arn = "aws:PrincipalArn=arn:aws:iam::111122223333:role/App";
    assert_eq!(last(&["--org", &path, "--context", arn]), format!("To allow it, {allow}."));
    let denies = "Team of everyone, line 1, at root must not deny bedrock:InvokeModel on \
                  arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-6";
    assert_eq!(
        last(&["--org", &everyone]),
        format!("To allow it, {denies}, and {allow}; no Allow elsewhere lifts a Deny.")
    );
}

#[test]
fn text_fits_a_terminal_of_80_columns() {
    let world = World::new();
    let org = organization(&world);
    let session = "arn:aws:sts::111122223333:assumed-role/App/session";
    let global = "global.anthropic.claude-sonnet-4-6";
    for arguments in [
        vec![SONNET, "--region", "us-east-1", "--principal", session, "--api-key"],
        vec![
            SONNET,
            "--region",
            "us-east-1",
            "--principal",
            session,
            "--operation",
            "ConverseStream",
        ],
        vec![SONNET, global, "--region", "us-east-1,us-west-2", "--account", "111122223333"],
        vec![
            SONNET,
            global,
            "--region",
            "us-east-1,us-west-2",
            "--account",
            "111122223333,444455556666",
        ],
    ] {
        let arguments = [&["policy", "simulate"], &arguments[..], &["--org", &org]].concat();
        let run = Run::of(world.command(&arguments).env("COLUMNS", "80").output().unwrap()).ends(0);
        for line in run.stdout.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        let words = run.stdout.split_whitespace().collect::<Vec<_>>();
        assert!(words.contains(&SONNET), "an ID is cut: {}", run.stdout);
        assert!(words.iter().any(|word| word.starts_with("destination_model")), "{}", run.stdout);
    }
}

#[test]
fn several_references_regions_and_accounts_make_a_grid() {
    let world = World::new();
    let org = organization(&world);
    let arguments = [
        SONNET,
        "global.anthropic.claude-sonnet-4-6",
        "--region",
        "us-east-1,us-west-2",
        "--account",
        "111122223333,444455556666",
        "--org",
        &org,
    ];
    let run = simulate(&world, &arguments).ends(0);
    let rows = rows(&run.stdout);
    let verdicts = rows[1..].iter().map(|row| [row[0], row[1], row[2]]);
    let global = "global.anthropic.claude-sonnet-4-6";
    let expected = [
        [SONNET, "us-east-1 111122223333", "denied"],
        [SONNET, "us-east-1 444455556666", "allowed"],
        [SONNET, "us-west-2 111122223333", "denied"],
        [SONNET, "us-west-2 444455556666", "allowed"],
        [global, "us-east-1 111122223333", "denied"],
        [global, "us-east-1 444455556666", "allowed"],
        [global, "us-west-2 111122223333", "denied"],
        [global, "us-west-2 444455556666", "allowed"],
    ];
    assert_eq!(verdicts.collect::<Vec<_>>(), expected);
    let by = "global_model unspecified: OnlyVirginia of deny, line 3, at ou-ab12-11111111";
    assert_eq!(rows[5][3], by);
    let gate = [&arguments[..], &["--expect", "allowed"]].concat();
    let run = simulate(&world, &gate).ends(4);
    assert_eq!(run.stderr, "warning: --expect allowed: 4 of 8 calls have another verdict\n");
}

#[test]
fn lines_are_answered_by_lines() {
    let world = World::new();
    let org = organization(&world);
    let call = |id: &str, account: &str, more: Value| {
        let mut call = json!({"id": id, "event_name": "Converse", "model_ref": SONNET, "region": "us-east-1", "account": account, "api_key": false});
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call.to_string()
    };
    let lines = [
        call("1", "111122223333", json!({"principal_arn": ROLE})),
        call(
            "2",
            "444455556666",
            json!({"context": {"aws:PrincipalTag/x": ["y"]}, "absent": ["aws:SourceVpc"], "present": []}),
        ),
        String::new(),
        call("3", "999988887777", json!({})),
        call("4", "123456789012", json!({})),
        call("5", "111122223333", json!({"context": {"aws:RequestedRegion": "us-east-1"}})),
    ];
    let file = world.write("calls.jsonl", lines.join("\n"));
    let run = simulate(&world, &["--calls", &file, "--org", &org]).ends(0);
    let answers = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .collect::<Vec<_>>();
    let verdicts =
        answers.iter().map(|it| [it["id"].as_str().unwrap(), it["verdict"].as_str().unwrap()]);
    let expected = [
        ["1", "denied"],
        ["2", "allowed"],
        ["3", "allowed"],
        ["4", "indeterminate"],
        ["5", "allowed"],
    ];
    assert_eq!(verdicts.collect::<Vec<_>>(), expected);
    assert!(
        run.stderr.contains("1 of 5 calls: the account is not in the organization"),
        "{}",
        run.stderr
    );
    let leg = &answers[0]["legs"][2];
    let expected = json!({
        "leg": "destination_model", "certainty": "required", "action": "bedrock:InvokeModel",
        "resource": "arn:aws:bedrock:us-east-2::foundation-model/anthropic.claude-sonnet-4-6",
        "requested_region": "us-east-2",
        "inference_profile_arn": format!("arn:aws:bedrock:us-east-1:111122223333:inference-profile/{SONNET}"),
        "verdict": "denied",
        "decided_by": [{
            "kind": "service_control_policy", "effect": "explicit", "node": "ou-ab12-11111111", "policy": "deny",
            "statement": 0, "sid": "OnlyVirginia", "file": "deny.json", "line": 3,
        }],
        "unknown": [],
    });
    assert_eq!(*leg, expected);
    assert!(
        answers[0]["change"]
            .as_str()
            .unwrap()
            .starts_with("To allow it, OnlyVirginia of deny, line 3,")
    );
    assert_eq!(answers[1]["change"], Value::Null);

    // The same from standard input.
    let mut command = world.command(&["policy", "simulate", "--calls", "-", "--org", &org]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    assert_eq!(Run::of(child.wait_with_output().unwrap()).ends(0).stdout, run.stdout);
}

#[test]
fn many_lines_are_answered_in_their_order_by_any_number_of_threads() {
    let world = World::new();
    let org = organization(&world);
    let line = |number: usize| {
        let (account, region) = (["111122223333", "444455556666"][number % 2], "us-east-1");
        let mut call = json!({"id": number.to_string(), "model_ref": SONNET, "region": region, "account": account});
        // Most calls agree in all but their IDs.
        match number % 7 {
            0 => call["principal_arn"] = format!("arn:aws:iam::{account}:role/app-{number}").into(),
            1 => {
                let given = ["us-east-1", "us-west-2"][number % 3 % 2];
                call["context"] = json!({ "aws:RequestedRegion": given });
            }
            2 => call["api_key"] = number.is_multiple_of(3).into(),
            3 => call["id"] = Value::Null,
            _ => {}
        }
        call.to_string()
    };
    let lines = (0..3_000).map(line).collect::<Vec<_>>();
    let file = world.write("calls.jsonl", lines.join("\n"));
    let of = |threads: &str| {
        simulate(&world, &["--calls", &file, "--org", &org, "--threads", threads]).ends(0).stdout
    };
    let all = of("1");
    assert_eq!([of("2"), of("5")], [all.clone(), all.clone()]);
    assert_eq!(all.lines().count(), lines.len());
    for number in [0, 1, 2, 3, 4, 7, 8, 9, 2_998, 2_999] {
        let file = world.write("one.jsonl", &lines[number]);
        let one = simulate(&world, &["--calls", &file, "--org", &org]).ends(0).stdout;
        assert_eq!(all.lines().nth(number), one.lines().next(), "{number}");
    }
    // What is wrong is found at its line, whichever thread has it.
    let mut wrong = lines.clone();
    wrong[1_700] = "{}".to_owned();
    let file = world.write("wrong.jsonl", wrong.join("\n"));
    for threads in ["1", "2", "5"] {
        let run =
            simulate(&world, &["--calls", &file, "--org", &org, "--threads", threads]).ends(2);
        assert!(run.stderr.contains("wrong.jsonl: line 1701: "), "{}", run.stderr);
        assert_eq!(run.stdout.lines().count(), 1_700);
        assert!(all.starts_with(&run.stdout));
    }
}

#[test]
fn identity_policy_must_allow_every_leg() {
    let world = World::new();
    let geo = |actions: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":{actions},"Resource":["arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.*","arn:aws:bedrock:*::foundation-model/*"]}}]}}"#
        )
    };
    let invoke = world.write("invoke.json", geo(r#""bedrock:InvokeModel""#));
    let both = world.write("both.json", geo(r#""bedrock:InvokeModel*""#));
    for (policy, operation, more, verdict) in [
        (&invoke, "Converse", &[][..], "allowed"),
        (&invoke, "ConverseStream", &[], "denied"),
        (&both, "ConverseStream", &[], "allowed"),
        (&both, "Converse", &["--api-key"], "denied"),
    ] {
        let call = [
            SONNET,
            "--region",
            "us-east-1",
            "--principal",
            ROLE,
            "--identity",
            policy,
            "--operation",
            operation,
            "--expect",
            verdict,
        ];
        simulate(&world, &[&call[..], more].concat()).ends(0);
    }
    let run = simulate(
        &world,
        &[SONNET, "--region", "us-east-1", "--principal", ROLE, "--identity", &both, "--api-key"],
    );
    let change = "To allow it, an identity-based policy must allow bedrock:CallWithBearerToken.";
    assert_eq!(run.ends(0).stdout.lines().last(), Some(change));
}

/// Every denial of the sample in another Region that names an SCP is denied by such an SCP, on the logged leg.
#[test]
fn denied_calls_of_the_tables_are_denied_on_the_logged_leg() {
    let world = World::new();
    let (source, out) = (sample().display().to_string(), world.text("out"));
    world
        .hoptrail(&[
            "run",
            "--source",
            &source,
            "--dest",
            &out,
            "--from",
            "2026-10-05",
            "--to",
            "2026-10-07",
        ])
        .ends(0);
    let org = world.write(
        "regions.json",
        region_deny("Regions", r#"["us-east-1","eu-central-1","ap-northeast-1"]"#),
    );
    let days = ["2026-10-05", "2026-10-06", "2026-10-07"];
    let denials = days.iter().flat_map(|day| world.rows("denials", day));
    let of_scp = denials
        .filter(|row| row["policy_type"] == "service_control_policy" && row["leg"] != "profile");
    let of_scp = of_scp.collect::<Vec<_>>();
    assert_eq!(of_scp.len(), 13);
    let ids =
        of_scp.iter().map(|row| row["event_id"].as_str().unwrap()).collect::<Vec<_>>().join(",");
    let call = [
        "--event-id",
        &ids,
        "--dest",
        &out,
        "--org",
        &org,
        "--output",
        "jsonl",
        "--expect",
        "denied",
    ];
    let run = simulate(&world, &call).ends(0);
    let answers = run.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    for (row, answer) in of_scp.iter().zip(answers) {
        assert_eq!(row["event_id"], answer["id"]);
        let is_logged = |leg: &&Value| {
            leg["leg"] == row["leg"] && leg["requested_region"] == row["blocked_region"]
        };
        let logged = answer["legs"].as_array().unwrap().iter().find(is_logged).unwrap();
        assert_eq!(logged["verdict"], "denied", "{row:?}");
        assert_eq!(logged["resource"], row["denied_resource"]);
        let policy = row["policy_arn"].as_str().map(|arn| format!(" ({arn})"));
        let note = format!(
            "event {}: logged as denied: {} on {}, leg {}, by an SCP{}\n",
            row["event_id"].as_str().unwrap(),
            row["denied_action"].as_str().unwrap(),
            row["denied_resource"].as_str().unwrap(),
            row["leg"].as_str().unwrap(),
            policy.unwrap_or_default()
        );
        assert!(run.stderr.contains(&note), "{note}: {}", run.stderr);
    }
}

#[test]
fn events_that_are_not_there_end_with_5() {
    let world = World::new();
    let (source, out) = (sample().display().to_string(), world.text("out"));
    world.hoptrail(&["run", "--source", &source, "--dest", &out, "--day", "2026-10-05"]).ends(0);
    let org = world.write("full.json", FULL);
    let none = ["--event-id", "none", "--dest", &out, "--org", &org];
    let expected = "no call of 2026-10-05 in";
    let run = simulate(&world, &none).ends(5);
    assert!(run.stderr.contains(expected), "{}", run.stderr);
    let empty = ["--event-id", "x", "--dest", &world.text("nothing"), "--org", &org];
    assert_eq!(simulate(&world, &empty).stdout, "");
    simulate(&world, &["--event-id", "x", "--org", &org]).ends(2);
    let day = [
        SONNET,
        "--region",
        "us-east-1",
        "--principal",
        ROLE,
        "--org",
        &org,
        "--day",
        "2026-10-05",
    ];
    let run = simulate(&world, &day).ends(2);
    assert!(
        run.stderr.contains("--last, --day, --from, and --to are about --event-id"),
        "{}",
        run.stderr
    );
}
