//! `policy simulate`: forms of organizations, changes, many calls, gates, invalid input. What policies mean is tested in
//! the crate `policy`.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::world::{Run, World, repository, sample};

const SONNET: &str = "us.anthropic.claude-sonnet-4-6";
const ROLE: &str = "arn:aws:iam::111122223333:role/App";
const FULL: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

/// Denies all Regions but one.
fn region_deny(sid: &str, regions: &str) -> String {
    format!(
        "{{\"Version\":\"2012-10-17\",\n\"Statement\":[\n{{\"Sid\":\"{sid}\",\"Effect\":\"Deny\",\"NotAction\":\"iam:*\",\
         \"Resource\":\"*\",\"Condition\":{{\"StringNotEquals\":{{\"aws:RequestedRegion\":{regions}}}}}}}]}}"
    )
}

/// An organization with one unit, two accounts in it, and the management account.
fn organization(world: &World) -> String {
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

fn simulate(world: &World, arguments: &[&str]) -> Run {
    world.hoptrail(&[&["policy", "simulate"], arguments].concat())
}

/// The rows of a table, by their cells, which have two blanks between them.
fn rows(text: &str) -> Vec<Vec<&str>> {
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
    let action = "bedrock:InvokeModel";
    let allowed = "statement 0 of full, line 1, at 111122223333";
    let expected = [
        vec!["leg", "action", "Region", "verdict", "decided by"],
        vec!["profile", action, "us-east-1", "allowed", allowed],
        vec!["source_model", action, "us-east-1", "allowed", allowed],
        vec!["destination_model", action, "us-east-2", "denied", denied],
        vec!["destination_model", action, "us-west-2", "denied", denied],
    ];
    assert_eq!(rows[2..7], expected);
    let change = format!(
        "To allow it, {denied} must spare us-east-2 and us-west-2: add them to the values of aws:RequestedRegion, or exempt the \
         profile there (ArnNotLike, bedrock:InferenceProfileArn, \
         arn:aws:bedrock:us-east-1:*:inference-profile/{SONNET}); no Allow elsewhere lifts a Deny."
    );
    assert_eq!(run.stdout.lines().last().unwrap(), change);
    assert_eq!(run.stderr, "");
}

/// What `change` says is what changes the verdict.
#[test]
fn changes_of_the_organization_change_verdicts() {
    let world = World::new();
    let org = organization(&world);
    let more =
        world.write("more.json", region_deny("Us", r#"["us-east-1","us-east-2","us-west-2"]"#));
    let none = world.write(
        "none.json",
        r#"{"Statement":{"Effect":"Deny","Action":"bedrock:*","Resource":"*"}}"#,
    );
    let unit = "ou-ab12-11111111";
    let (replace, remove) = (format!("{unit}:deny.json={more}"), format!("{unit}:deny"));
    let (attach, detach) = (format!("111122223333={none}"), "111122223333:full.json".to_owned());
    for (changes, verdict) in [
        (vec![], "denied"),
        (vec!["--replace", &replace], "allowed"),
        (vec!["--remove", &remove], "allowed"),
        (vec!["--remove", &remove, "--policy", &attach], "denied"),
        (vec!["--remove", &remove, "--remove", &detach], "denied"),
    ] {
        let call = [
            SONNET,
            "--region",
            "us-east-1",
            "--principal",
            ROLE,
            "--org",
            &org,
            "--expect",
            verdict,
        ];
        simulate(&world, &[&call[..], &changes].concat()).ends(0);
    }
    let change = [
        "--region",
        "us-east-1,us-west-2",
        "--principal",
        ROLE,
        "--org",
        &org,
        "--remove",
        &remove,
    ];
    let run = simulate(&world, &[&[SONNET][..], &change].concat()).ends(0);
    let rows = rows(&run.stdout);
    assert_eq!(
        rows[0],
        ["reference", "Region", "account", "before", "verdict", "legs", "decided by"]
    );
    assert_eq!(rows[1], [SONNET, "us-east-1", "111122223333", "denied", "allowed"]);
    let one =
        [SONNET, "--region", "us-east-1", "--principal", ROLE, "--org", &org, "--remove", &remove];
    let run = simulate(&world, &one).ends(0);
    assert!(
        run.stdout.starts_with("allowed (denied before the change): Converse of"),
        "{}",
        run.stdout
    );
    let run = simulate(&world, &[&one[..], &["--output", "jsonl"]].concat()).ends(0);
    let found = serde_json::from_str::<Value>(&run.stdout).unwrap();
    assert_eq!((&found["before"], &found["verdict"]), (&json!("denied"), &json!("allowed")));
    for (option, value, expected) in [
        (
            "--remove",
            "ou-none:x",
            "--remove: ou-none: expected the ID of a node, found none of the organization",
        ),
        (
            "--remove",
            "r-ab12:deny",
            "--remove: r-ab12: expected one of its policies (full), found `deny`",
        ),
    ] {
        simulate(
            &world,
            &[SONNET, "--region", "us-east-1", "--principal", ROLE, "--org", &org, option, value],
        )
        .says(1, &[expected]);
    }
    for (option, value) in
        [("--remove", "r-ab12"), ("--policy", "r-ab12="), ("--replace", "r-ab12:x")]
    {
        simulate(
            &world,
            &[SONNET, "--region", "us-east-1", "--principal", ROLE, "--org", &org, option, value],
        )
        .says(2, &[option, "expected NODE"]);
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
    let verdicts = rows[1..].iter().map(|row| [row[0], row[1], row[2], row[3]]);
    let global = "global.anthropic.claude-sonnet-4-6";
    let expected = [
        [SONNET, "us-east-1", "111122223333", "denied"],
        [SONNET, "us-east-1", "444455556666", "allowed"],
        [SONNET, "us-west-2", "111122223333", "denied"],
        [SONNET, "us-west-2", "444455556666", "allowed"],
        [global, "us-east-1", "111122223333", "denied"],
        [global, "us-east-1", "444455556666", "allowed"],
        [global, "us-west-2", "111122223333", "denied"],
        [global, "us-west-2", "444455556666", "allowed"],
    ];
    assert_eq!(verdicts.collect::<Vec<_>>(), expected);
    assert_eq!(rows[5][4], "global_model unspecified");
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
fn line_that_is_no_call_ends_with_its_number_after_the_answers_before_it() {
    let world = World::new();
    let org = organization(&world);
    let good =
        json!({"model_ref": SONNET, "region": "us-east-1", "account": "111122223333"}).to_string();
    for (line, expected) in [
        ("{", "line 2: expected a call as a JSON object: EOF while parsing an object"),
        (
            r#"{"region":"us-east-1"}"#,
            "line 2: expected a call as a JSON object: missing field `model_ref`",
        ),
        (r#"{"model_ref":"a","user":"b"}"#, "unknown field `user`"),
        (
            r#"{"model_ref":"a","region":"us-east-1"}"#,
            "line 2: expected account, or principal_arn with one",
        ),
        (
            r#"{"model_ref":"a","region":"us-east-1","account":"1"}"#,
            "line 2: account: expected 12 digits, found `1`",
        ),
        (
            r#"{"model_ref":"a","account":"111122223333"}"#,
            "line 2: region: expected the code of an AWS Region",
        ),
        (
            r#"{"model_ref":"a","region":"us-east-1","account":"111122223333","principal_arn":"App"}"#,
            "line 2: principal_arn: expected the ARN",
        ),
        (
            r#"{"model_ref":"a","region":"us-east-1","account":"444455556666","principal_arn":"arn:aws:iam::111122223333:role/App"}"#,
            "line 2: account: expected 111122223333, that of the principal, found 444455556666",
        ),
        (
            r#"{"model_ref":"a","region":"us-east-1","account":"111122223333","event_name":"Chat"}"#,
            "line 2: event_name: expected one of Converse,",
        ),
        (
            r#"{"model_ref":"a","region":"us-east-1","account":"111122223333","context":{"a:b":{}}}"#,
            "line 2: context: a:b: expected texts, found `{}`",
        ),
        (
            r#"{"model_ref":"a","region":"us-east-1","account":"111122223333","absent":["a:b"],"present":["A:B"]}"#,
            "line 2: expected each key in one of context, absent, and present, found A:B in two",
        ),
        (
            r#"{"model_ref":"arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-sonnet-4-6","region":"us-east-1","account":"111122223333"}"#,
            "line 2: expected an ARN of the source Region us-east-1, found one of us-west-2",
        ),
    ] {
        let file = world.write("calls.jsonl", format!("{good}\n{line}\n{good}\n"));
        let run = simulate(&world, &["--calls", &file, "--org", &org]).ends(2);
        assert!(run.stderr.contains(expected), "{expected}: {}", run.stderr);
        assert_eq!(run.stdout.lines().count(), 1, "{line}");
    }
}

#[test]
fn options_that_are_missing_or_invalid_are_named() {
    let world = World::new();
    let org = organization(&world);
    for (arguments, expected) in [
        (
            vec![SONNET, "--account", "111122223333", "--region", "us-east-1"],
            "expected policies: --org, --identity",
        ),
        (
            vec![SONNET, "--org", &org, "--region", "us-east-1"],
            "expected --account, or --principal with one",
        ),
        (
            vec![SONNET, "--org", &org, "--account", "111122223333"],
            "expected --region for `us.anthropic.claude-sonnet-4-6`",
        ),
        (
            vec![SONNET, "--org", &org, "--account", "1", "--region", "us-east-1"],
            "--account: expected 12 digits, found `1`",
        ),
        (
            vec![SONNET, "--org", &org, "--principal", ROLE, "--region", "virginia"],
            "--region: expected the code of an AWS Region",
        ),
        (
            vec![SONNET, "--org", &org, "--principal", "App", "--region", "us-east-1"],
            "--principal: expected the ARN",
        ),
        (
            vec![
                SONNET,
                "--org",
                &org,
                "--principal",
                ROLE,
                "--region",
                "us-east-1",
                "--operation",
                "Chat",
            ],
            "--operation: expected one of Converse, ConverseStream",
        ),
        (
            vec![
                SONNET,
                "--org",
                &org,
                "--principal",
                ROLE,
                "--region",
                "us-east-1",
                "--context",
                "a",
            ],
            "--context: expected KEY=VALUE, found `a`",
        ),
        (
            vec![
                SONNET,
                "--org",
                &org,
                "--principal",
                ROLE,
                "--region",
                "us-east-1",
                "--context",
                "a:b=c",
                "--absent",
                "A:b",
            ],
            "found A:b in two",
        ),
        (
            vec![
                "anthropic.claude-sonnet-4-6",
                "--org",
                &org,
                "--principal",
                ROLE,
                "--region",
                "us-gov-west-1",
            ],
            "expected an ARN of the partition of the source Region, aws-us-gov, found one of aws: `arn:aws:iam::",
        ),
        (vec!["--calls", "x", "--output", "text", "--org", &org], "--calls is answered as jsonl"),
    ] {
        simulate(&world, &arguments).says(2, &[expected]);
    }
}

#[test]
fn file_that_is_invalid_is_named_with_line_and_element() {
    let world = World::new();
    let call = [SONNET, "--region", "us-east-1", "--principal", ROLE];
    let bad = "{\"Version\": \"2012-10-17\",\n\"Statement\": [{\"Effect\": \"Deny\", \"Action\": \"*\", \"Resource\": \"*\",\n\
               \"Condition\": {\"StringEqual\": {\"a:b\": \"c\"}}}]}";
    let found = "line 3, column 30: Statement[0].Condition: expected a condition operator, such as StringEquals, found \
                 `StringEqual`";
    let policy = world.write("bad.json", bad);
    for option in ["--org", "--identity", "--boundary", "--session-policy"] {
        simulate(&world, &[&call[..], &[option, &policy]].concat()).says(1, &["bad.json: ", found]);
    }
    let org = organization(&world);
    world.write("org/deny.json", bad);
    simulate(&world, &[&call[..], &["--org", &org]].concat())
        .says(1, &["org.json: ", "deny.json: ", found]);
    fs::remove_file(world.path("org/deny.json")).unwrap();
    simulate(&world, &[&call[..], &["--org", &org]].concat())
        .says(1, &["could not read", "deny.json"]);
    let orphan = fs::read_to_string(&org)
        .unwrap()
        .replace("\"parent\":\"ou-ab12-11111111\"", "\"parent\":\"ou-none\"");
    world.write("org/deny.json", FULL);
    world.write("org/org.json", orphan);
    let expected =
        "111122223333: expected a parent among the nodes, found ou-none, which is not there";
    simulate(&world, &[&call[..], &["--org", &org]].concat())
        .says(1, &["org.json: line 1, ", expected]);
}

#[test]
fn forms_that_are_not_read_are_named() {
    let world = World::new();
    let call = [SONNET, "--region", "us-east-1", "--principal", ROLE, "--org"];
    for (name, text, expected) in [
        (
            "plan.json",
            r#"{"terraform_version":"1.9","planned_values":{}}"#,
            "found the output of `terraform show -json`, which is not read",
        ),
        (
            "template.json",
            r#"{"Resources":{}}"#,
            "found a CloudFormation template, which is not read",
        ),
        (
            "lza/organization-config.yaml",
            "enable: true",
            "found a Landing Zone Accelerator configuration, which is not read",
        ),
        ("cfct/manifest.yaml", "version: 1", "found a CfCT package, which is not read"),
        (
            "collect/aws/aws/organizations/o-x/structure.json",
            "{}",
            "found an iam-collect folder, which is not read",
        ),
        ("empty/readme.txt", "", "found no JSON file"),
        (
            "other/roles.json",
            r#"{"Roles":[]}"#,
            "roles.json: line 1, column 1: expected the output of an `aws organizations` command",
        ),
    ] {
        world.write(name, text);
        let path = world.path(name.split('/').next().unwrap()).display().to_string();
        simulate(&world, &[&call[..], &[&path]].concat()).says(1, &[expected]);
    }
    simulate(&world, &[&call[..], &["/no/such/path"]].concat())
        .says(1, &["could not read /no/such/path"]);
}

#[test]
fn folder_of_outputs_is_an_organization() {
    let world = World::new();
    let summary =
        |id: &str, name: &str| json!({"Id": id, "Name": name, "Type": "SERVICE_CONTROL_POLICY"});
    let (full, deny) =
        (summary("p-FullAWSAccess", "FullAWSAccess"), summary("p-regiondeny", "RegionDeny"));
    let content = region_deny("OnlyVirginia", r#"["us-east-1"]"#);
    let guardrails = json!({"Id": "p-guardrails1", "Name": "Guardrails", "Type": "BEDROCK_POLICY"});
    for (name, value) in [
        (
            "organization.json",
            json!({"Organization": {"Id": "o-exampleorg", "MasterAccountId": "999988887777"}}),
        ),
        ("roots.json", json!({"Roots": [{"Id": "r-ab12", "Name": "Root"}]})),
        ("accounts-r-ab12.json", json!({"Accounts": [{"Id": "111122223333", "Name": "Payments"}]})),
        ("policy-1.json", json!({"Policy": {"PolicySummary": full, "Content": FULL}})),
        ("policy-2.json", json!({"Policy": {"PolicySummary": deny, "Content": content}})),
        ("policy-3.json", json!({"Policy": {"PolicySummary": guardrails, "Content": "{}"}})),
        ("policies-r-ab12.json", json!({"Policies": [full]})),
        ("policies-111122223333.json", json!({"Policies": [full, deny]})),
    ] {
        world.write(&format!("aws/{name}"), value.to_string());
    }
    let folder = world.path("aws").display().to_string();
    let run =
        simulate(&world, &[SONNET, "--region", "us-east-1", "--principal", ROLE, "--org", &folder]);
    let run = run.ends(0);
    assert_eq!(
        run.stderr,
        "policy Guardrails is of the type BEDROCK_POLICY, which is not simulated\n"
    );
    assert!(
        run.stdout.contains("denied   OnlyVirginia of RegionDeny, line 3, at 111122223333"),
        "{}",
        run.stdout
    );
}

/// An `aws` that prints files of a folder by its arguments, and counts its requests.
const FAKE_AWS: &str = r#"#!/usr/bin/env bash
echo "$*" >>"$ANSWERS/requests"
name=$2
case $3 in --parent-id|--target-id|--policy-id) name=$name-$4 ;; esac
cat "$ANSWERS/$name.json"
"#;

#[test]
fn collected_organization_is_simulated() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = World::new();
    let aws = world.write("bin/aws", FAKE_AWS);
    fs::set_permissions(&aws, fs::Permissions::from_mode(0o755)).unwrap();
    let summary =
        |id: &str, name: &str| json!({"Id": id, "Name": name, "Type": "SERVICE_CONTROL_POLICY"});
    let (full, deny) =
        (summary("p-FullAWSAccess", "FullAWSAccess"), summary("p-regiondeny", "RegionDeny"));
    let unit = "ou-ab12-11111111";
    for (name, value) in [
        (
            "describe-organization",
            json!({"Organization": {"Id": "o-exampleorg", "MasterAccountId": "999988887777"}}),
        ),
        ("list-roots", json!({"Roots": [{"Id": "r-ab12", "Name": "Root"}]})),
        (
            "list-accounts-for-parent-r-ab12",
            json!({"Accounts": [{"Id": "999988887777", "Name": "Management"}]}),
        ),
        (
            "list-accounts-for-parent-ou-ab12-11111111",
            json!({"Accounts": [{"Id": "111122223333", "Name": "Payments"}]}),
        ),
        (
            "list-organizational-units-for-parent-r-ab12",
            json!({"OrganizationalUnits": [{"Id": unit, "Name": "Workloads"}]}),
        ),
        (
            "list-organizational-units-for-parent-ou-ab12-11111111",
            json!({"OrganizationalUnits": []}),
        ),
        ("list-policies-for-target-r-ab12", json!({"Policies": [full]})),
        ("list-policies-for-target-999988887777", json!({"Policies": [full]})),
        ("list-policies-for-target-111122223333", json!({"Policies": [full]})),
        ("list-policies-for-target-ou-ab12-11111111", json!({"Policies": [full, deny]})),
        (
            "describe-policy-p-FullAWSAccess",
            json!({"Policy": {"PolicySummary": full, "Content": FULL}}),
        ),
        (
            "describe-policy-p-regiondeny",
            json!({"Policy": {"PolicySummary": deny, "Content": region_deny("OnlyVirginia", r#"["us-east-1"]"#)}}),
        ),
    ] {
        world.write(&format!("answers/{name}.json"), serde_json::to_string_pretty(&value).unwrap());
    }
    let collect = || {
        let mut command = Command::new(repository().join("scripts/collect-organization"));
        command.arg(world.path("collected")).env("ANSWERS", world.path("answers"));
        let path = format!("{}:{}", world.text("bin"), std::env::var("PATH").unwrap());
        Run::of(command.env("PATH", path).env("COLLECT_PAUSE", "0").output().unwrap()).ends(0)
    };
    assert!(collect().stderr.ends_with("12 files\n"));
    // What is there is not asked for again.
    fs::remove_file(world.path("collected/describe-policy-p-regiondeny.json")).unwrap();
    collect();
    let requests = fs::read_to_string(world.path("answers/requests")).unwrap();
    assert_eq!(requests.lines().count(), 13);

    let folder = world.text("collected");
    let call = [
        SONNET,
        "--region",
        "us-east-1",
        "--org",
        &folder,
        "--output",
        "jsonl",
        "--principal",
        ROLE,
    ];
    let run = simulate(&world, &call).ends(0);
    let found = serde_json::from_str::<Value>(&run.stdout).unwrap();
    assert_eq!(found["verdict"], "denied");
    let decided = &found["legs"][2]["decided_by"][0];
    assert_eq!((&decided["node"], &decided["policy"]), (&json!(unit), &json!("RegionDeny")));
}

#[test]
fn who_is_not_subject_to_scps_is_allowed_and_told_so() {
    let world = World::new();
    let org = organization(&world);
    world.write("org/full.json", r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#);
    for (principal, expected) in [
        ("arn:aws:iam::999988887777:role/App", "SCPs do not apply to the management account"),
        (
            "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
            "SCPs do not apply to service-linked roles",
        ),
    ] {
        let call = [
            SONNET,
            "--region",
            "us-east-1",
            "--principal",
            principal,
            "--org",
            &org,
            "--expect",
            "allowed",
        ];
        let run = simulate(&world, &call).ends(0);
        assert!(run.stdout.contains(expected), "{}", run.stdout);
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

#[test]
fn reference_that_is_not_known_is_indeterminate_and_named() {
    let world = World::new();
    let org = organization(&world);
    let of = |reference: &str| {
        simulate(
            &world,
            &[reference, "--region", "us-east-1", "--account", "444455556666", "--org", &org],
        )
    };
    let run = of("no-model").ends(5);
    assert!(run.stdout.contains("indeterminate"), "{}", run.stdout);
    let run = of("us.anthropic.claude-sonet-4-6").ends(0);
    let meant = "did you mean `us.anthropic.claude-sonnet-4-6`?";
    assert!(run.stderr.contains("the catalog has no profile"), "{}", run.stderr);
    assert!(run.stderr.contains(meant), "{}", run.stderr);
    let opaque = "arn:aws:bedrock:us-east-1:444455556666:application-inference-profile/abc";
    let run = of(opaque).ends(0);
    assert!(run.stdout.contains("add an alias for it (--aliases FILE)"), "{}", run.stdout);
    let alias = world.write("aliases.csv", format!("model_ref,model\n{opaque},{SONNET}\n"));
    let call = [
        opaque,
        "--account",
        "444455556666",
        "--org",
        &org,
        "--aliases",
        &alias,
        "--expect",
        "allowed",
    ];
    simulate(&world, &call).ends(0);
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
            "event {}: logged as denied: {} on {}, leg {}, by service control policy{}\n",
            row["event_id"].as_str().unwrap(),
            row["denied_action"].as_str().unwrap(),
            row["denied_resource"].as_str().unwrap(),
            row["leg"].as_str().unwrap(),
            policy.unwrap_or_default()
        );
        assert!(run.stderr.contains(&note), "{note}: {}", run.stderr);
    }

    let none = ["--event-id", "none", "--dest", &out, "--org", &org];
    let expected = "no call of 2026-10-05 to 2026-10-07 in";
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
