//! `policy simulate`: invalid options, files, and lines, and references that are not known.

use std::fs;

use serde_json::{Value, json};

use crate::policy::{FULL, ROLE, SONNET, organization, rows, simulate};
use crate::world::World;

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
            r#"{"model_ref":"a","region":"us-east-1","account":111122223333}"#,
            "line 2: account: expected a text of 12 digits, found the number 111122223333",
        ),
        (
            r#"{"model_ref":null,"region":"us-east-1","account":"111122223333"}"#,
            "line 2: model_ref: expected a text, found null",
        ),
        (
            r#"{"model_ref":"a","region":"us-east-1","account":"111122223333","absent":"a:b"}"#,
            "line 2: absent: expected a list of texts, found `a:b`",
        ),
        (
            r#"{"model_ref":"a","region":"us-east-1","account":"111122223333","api_key":"no"}"#,
            "line 2: api_key: expected true, false, or null, found `no`",
        ),
        (
            r#"{"model_ref":"a","region":"us-east-9","account":"111122223333"}"#,
            "line 2: region: expected the code of an AWS Region (a Region that is new is added by --catalog-add), such \
             as us-east-1, found `us-east-9`",
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
            vec![SONNET, "--org", &org, "--principal", ROLE, "--region", "us-east-1,us-esat-2"],
            "found `us-esat-2`; did you mean `us-east-2`?",
        ),
        (
            vec![
                "arn:aws:bedrock:us-east-9::foundation-model/amazon.nova-pro-v1:0",
                "--org",
                &org,
                "--principal",
                ROLE,
            ],
            "found `us-east-9`",
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

#[test]
fn options_that_contradict_are_named() {
    let world = World::new();
    let org = organization(&world);
    for (arguments, expected) in [
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

/// A slip in a key is a key that no policy asks for: the verdict is as if it was not given.
#[test]
fn keys_and_models_that_are_not_known_are_named_once() {
    let world = World::new();
    let org = organization(&world);
    let call = [
        SONNET,
        "anthropic.claude-sonnet-9-9",
        "--region",
        "us-east-1,us-west-2",
        "--account",
        "444455556666",
        "--org",
        &org,
        "--context",
        "aws:RequestdRegion=us-east-1",
        "--absent",
        "bedrock:ServiceTiers",
        "--present",
        "PrincipalArn",
        "--present",
        "aws:PrincipalTag/team",
        "--present",
        "ec2:Owner",
    ];
    let run = simulate(&world, &call).ends(0);
    let expected = "\
        warning: `aws:RequestdRegion` is no condition key that is known; did you mean `aws:RequestedRegion`?\n\
        warning: `bedrock:ServiceTiers` is no condition key that is known; did you mean `bedrock:ServiceTier`?\n\
        warning: `PrincipalArn` is no condition key that is known; did you mean `aws:PrincipalArn`?\n\
        warning: the catalog has no model `anthropic.claude-sonnet-9-9`: whether there is one is not known\n";
    let unknown = |line: &&str| !line.contains("anthropic.claude-sonnet-9-9");
    let lines = run.stderr.lines().collect::<Vec<_>>();
    assert_eq!(lines[..4].join("\n") + "\n", expected);
    assert_eq!(lines.len() - lines.iter().filter(|line| unknown(line)).count(), 2, "{lines:?}");

    let line = |n: u32| {
        let call = json!({
            "model_ref": format!("anthropic.no-model-{n}"), "region": "us-east-1", "account": "444455556666",
            "context": {"aws:RequestdRegion": "x"}, "absent": ["Foo"],
        });
        call.to_string()
    };
    let lines = (0..100).chain(0..100).map(line).collect::<Vec<_>>();
    let file = world.write("calls.jsonl", lines.join("\n"));
    let run = simulate(&world, &["--calls", &file, "--org", &org]).ends(0);
    assert_eq!(run.stdout.lines().count(), 200);
    let warnings = run.stderr.lines().collect::<Vec<_>>();
    assert_eq!(warnings.len(), 21, "{warnings:?}");
    assert!(warnings[0].contains("`aws:RequestdRegion` is no condition key"), "{warnings:?}");
    assert_eq!(warnings[1], "warning: `Foo` is no condition key that is known");
    assert_eq!(warnings[20], "warning: further warnings of this kind are left out");
}

#[test]
fn regions_that_a_profile_may_have_are_one_row() {
    let world = World::new();
    let org = organization(&world);
    let reference = "us.anthropic.claude-sonet-4-6";
    let call = [reference, "--region", "us-east-1", "--principal", ROLE, "--org", &org];
    let run = simulate(&world, &call).ends(0);
    let rows = rows(&run.stdout);
    let possible = rows.iter().filter(|row| row.first() == Some(&"destination_model (possible)"));
    let possible = possible.collect::<Vec<_>>();
    assert_eq!(possible.len(), 1, "{}", run.stdout);
    assert!(possible[0][1].ends_with(" Regions"), "{}", run.stdout);
    assert!(run.stdout.contains(" others, which are denied."), "{}", run.stdout);
    // For programs, each is a leg.
    let run = simulate(&world, &[&call[..], &["--output", "jsonl"]].concat()).ends(0);
    let found = serde_json::from_str::<Value>(&run.stdout).unwrap();
    assert!(found["legs"].as_array().unwrap().len() > 20, "{found}");
}
