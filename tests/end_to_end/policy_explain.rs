//! `policy explain`: texts that people paste, what they say and do not say, and what policies say of them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::process::Stdio;
use std::thread;

use serde_json::{Value, json};

use crate::policy::{FULL, region_deny};
use crate::world::{Row, Run, World, repository, sample};

const MODEL: &str = "anthropic.claude-sonnet-4-6";
const SONNET: &str = "us.anthropic.claude-sonnet-4-6";
const WHO: &str = "User: arn:aws:sts::111122223333:assumed-role/App/session";
const BY_SCP: &str = "with an explicit deny in a service control policy";
const SCP: &str =
    "arn:aws:organizations::999988887777:policy/o-exampleorg/service_control_policy/p-regiondeny";

fn message(action: &str, resource: &str, reason: &str) -> String {
    let on = if resource.is_empty() { String::new() } else { format!(" on resource: {resource}") };
    format!("{WHO} is not authorized to perform: {action}{on} {reason}").trim_end().to_owned()
}

fn of_model(region: &str, reason: &str) -> String {
    let resource = format!("arn:aws:bedrock:{region}::foundation-model/{MODEL}");
    message("bedrock:InvokeModel", &resource, reason)
}

fn explain(world: &World, arguments: &[&str]) -> Run {
    world.hoptrail(&[&["policy", "explain"], arguments].concat())
}

/// With a text on standard input.
fn piped(world: &World, arguments: &[&str], text: &str) -> Run {
    let mut command = world.command(&[&["policy", "explain", "-"], arguments].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let text = text.as_bytes().to_vec();
    let writing = thread::spawn(move || drop(stdin.write_all(&text)));
    let run = Run::of(child.wait_with_output().unwrap());
    writing.join().unwrap();
    run
}

fn answers(run: &Run) -> Vec<Value> {
    serde_json::from_str(&run.stdout).unwrap_or_else(|it| panic!("{it}: {}", run.stdout))
}

/// The only answer to a text.
fn answer(world: &World, arguments: &[&str], text: &str, code: i32) -> Value {
    let run = piped(world, &[arguments, &["--output", "json"]].concat(), text).ends(code);
    let mut all = answers(&run);
    assert_eq!(all.len(), 1, "{text}: {}", run.stdout);
    all.remove(0)
}

/// The calls of an answer: what was called, from where.
fn calls(answer: &Value) -> Vec<String> {
    let all = answer["calls"].as_array().unwrap().iter();
    all.map(|it| {
        format!("{} {}", it["model_ref"].as_str().unwrap(), it["source_region"].as_str().unwrap())
    })
    .collect()
}

#[test]
fn what_a_text_says_is_read_whatever_kind_of_policy_denied() {
    let world = World::new();
    let destination = "arn:aws:bedrock:us-east-2::foundation-model/anthropic.claude-sonnet-4-6";
    let global = "arn:aws:bedrock:::foundation-model/anthropic.claude-sonnet-4-6";
    let profile =
        "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-sonnet-4-6";
    let (invoke, stream) = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream");
    let with_arn = format!("{BY_SCP}: {SCP}");
    for (action, resource, reason, kind, policy_type, region, leg) in [
        (invoke, destination, BY_SCP, "explicit", "service_control_policy", "us-east-2", ""),
        (invoke, destination, &with_arn, "explicit", "service_control_policy", "us-east-2", ""),
        (
            stream,
            global,
            BY_SCP,
            "explicit",
            "service_control_policy",
            "unspecified",
            "global_model",
        ),
        (
            invoke,
            profile,
            "because no identity-based policy allows the bedrock:InvokeModel action",
            "implicit",
            "identity_based_policy",
            "us-east-1",
            "profile",
        ),
        (
            invoke,
            destination,
            "because no permissions boundary allows the bedrock:InvokeModel action",
            "implicit",
            "permissions_boundary",
            "us-east-2",
            "",
        ),
        (
            invoke,
            destination,
            "because no session policy allows the bedrock:InvokeModel action",
            "implicit",
            "session_policy",
            "us-east-2",
            "",
        ),
        (
            invoke,
            destination,
            "because no VPC endpoint policy allows the bedrock:InvokeModel action",
            "implicit",
            "vpc_endpoint_policy",
            "us-east-2",
            "",
        ),
        (
            invoke,
            destination,
            "with an explicit deny in a resource control policy",
            "explicit",
            "resource_control_policy",
            "us-east-2",
            "",
        ),
        (invoke, destination, "", "", "", "us-east-2", ""),
    ] {
        let text = message(action, resource, reason);
        let found = answer(&world, &[], &text, 0);
        let said = |name: &str| found["denial"][name].as_str().unwrap_or_default().to_owned();
        let names =
            ["denied_action", "denied_resource", "denial", "policy_type", "blocked_region", "leg"];
        assert_eq!(names.map(said), [action, resource, kind, policy_type, region, leg], "{text}");
        assert_eq!(said("policy_arn"), if reason.contains(SCP) { SCP } else { "" });
        assert!(found["is_denial"].as_bool().unwrap());
        assert!(!calls(&found).is_empty(), "{text}");
    }
    // Of other services, what is said is said.
    let text = message("ec2:RunInstances", "arn:aws:ec2:us-west-2:111122223333:instance/*", BY_SCP);
    let found = answer(&world, &[], &text, 0);
    assert_eq!(found["denial"]["denied_action"], "ec2:RunInstances");
    assert_eq!(found["calls"], json!([]));
}

/// As a terminal cuts lines, and as an editor does; quoted, in JSON, in a log.
#[test]
fn text_says_the_same_however_it_was_pasted() {
    let world = World::new();
    let text = format!(
        "An error occurred (AccessDeniedException) when calling the Converse operation: {}",
        of_model("us-east-2", &format!("{BY_SCP}: {SCP}"))
    );
    let expected = answer(&world, &[], &text, 0)["denial"].clone();
    let cut = |width: usize| {
        text.as_bytes()
            .chunks(width)
            .map(|it| String::from_utf8_lossy(it))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let wrapped = |width: usize| {
        let mut lines = vec![String::new()];
        for word in text.split(' ') {
            match lines.last_mut() {
                Some(last) if last.is_empty() => last.push_str(word),
                Some(last) if last.len() + 1 + word.len() <= width => {
                    *last = format!("{last} {word}");
                }
                _ => lines.push(word.to_owned()),
            }
        }
        lines.join("\n")
    };
    for pasted in [
        wrapped(60),
        wrapped(80),
        wrapped(100),
        wrapped(60).lines().map(|line| format!("> {line}\n")).collect(),
        format!("$ aws bedrock-runtime converse …\n\n{text}\n\n$ "),
        format!("`{text}`"),
        format!("2026-12-01T10:00:00Z ERROR {text}\n2026-12-01T10:00:01Z INFO done\n"),
        json!({"time": "2026-12-01", "level": "error", "message": text}).to_string(),
        json!({ "error": { "message": text } }).to_string(),
        serde_json::to_string_pretty(&json!([{ "log": text }])).unwrap(),
        format!(
            "Traceback (most recent call last):\n  File \"x.py\", line 1\nbotocore.errorfactory.AccessDeniedException: {text}"
        ),
    ] {
        assert_eq!(answer(&world, &[], &pasted, 0)["denial"], expected, "{pasted}");
    }
    // Where a terminal cut a word that is no ARN, the text cannot be known; elsewhere it can.
    let mut n_read = 0;
    for width in [73, 88, 101, 120, 139, 158] {
        let run = piped(&world, &["--output", "json"], &cut(width));
        n_read += answers(&run).iter().filter(|it| it["denial"] == expected).count();
    }
    assert!(n_read >= 2, "{n_read}");
    // As arguments that were not quoted.
    let words = text.split(' ').collect::<Vec<_>>();
    let run = explain(&world, &[&words[..], &["--output", "json"]].concat()).ends(0);
    assert_eq!(answers(&run)[0]["denial"], expected);
}

#[test]
fn several_denials_of_a_text_are_answered_one_by_one() {
    let world = World::new();
    let (one, two) = (of_model("us-east-2", BY_SCP), of_model("us-west-2", BY_SCP));
    let text = format!("{one}\nretrying\n{one}\n{two}\n{}\n", json!({ "Message": one }));
    let run = piped(&world, &["--output", "json"], &text).ends(0);
    let found = answers(&run);
    let of = |it: &Value| (it["denial"]["blocked_region"].clone(), it["times"].clone());
    let expected = [(json!("us-east-2"), json!(3)), (json!("us-west-2"), json!(1))];
    assert_eq!(found.iter().map(of).collect::<Vec<_>>(), expected);
    let run = explain(&world, &[&one, &two]).ends(0);
    assert_eq!(run.stdout.matches("\n  resource ").count(), 2, "{}", run.stdout);
}

/// A record says where the call was sent and what was called; each denied call of the sample is read as `run` reads it.
#[test]
fn records_narrow_the_calls_to_one() {
    let world = World::new();
    let record = json!({
        "eventVersion": "1.11", "eventID": "c3fb129b-0175-41fd-a3c3-6ce100dcdf03",
        "eventTime": "2026-10-06T21:07:06Z", "eventSource": "bedrock.amazonaws.com", "eventName": "Converse",
        "awsRegion": "us-west-2", "recipientAccountId": "111122223333",
        "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/App/session",
                         "accountId": "111122223333"},
        "requestParameters": {"modelId": SONNET}, "additionalEventData": {"callWithBearerToken": true},
        "errorCode": "AccessDenied", "errorMessage": of_model("us-east-2", BY_SCP),
    });
    let found = answer(&world, &[], &record.to_string(), 0);
    assert_eq!(calls(&found), [format!("{SONNET} us-west-2")]);
    assert_eq!(found["event_id"], "c3fb129b-0175-41fd-a3c3-6ce100dcdf03");
    assert_eq!(found["denial"]["leg"], "destination_model");
    let legs = found["calls"][0]["legs"].as_array().unwrap().iter();
    let legs = legs.map(|leg| {
        let is_named = if leg["is_named"].as_bool().unwrap() { " named" } else { "" };
        let [kind, region] = ["leg", "requested_region"].map(|name| leg[name].as_str().unwrap());
        format!("{kind} {region}{is_named}")
    });
    let expected = [
        "bearer_token us-west-2",
        "profile us-west-2",
        "source_model us-west-2",
        "destination_model us-east-1",
        "destination_model us-east-2 named",
    ];
    assert_eq!(legs.collect::<Vec<_>>(), expected);
    // The option is for what the record does not say.
    let asked = answer(&world, &["--region", "us-east-1"], &record.to_string(), 0);
    assert_eq!(calls(&asked), calls(&found));
    let asked = answer(&world, &["--region", "us-east-1"], &of_model("us-east-2", BY_SCP), 0);
    assert_eq!(calls(&asked), [format!("{SONNET} us-east-1")]);
    // A text alone leaves every profile with the Region, and a call in the Region itself.
    let open = answer(&world, &[], &of_model("us-east-2", BY_SCP), 0);
    let sources = ["ca-central-1", "ca-west-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2"];
    let expected = sources.map(|region| format!("{SONNET} {region}"));
    let expected = [&[format!("global.{MODEL} us-east-2")][..], &expected].concat();
    assert_eq!(calls(&open), expected);
}

#[test]
fn denials_of_the_sample_are_read_as_a_run_reads_them() {
    let world = World::new();
    let (source, out) = (sample().display().to_string(), world.text("out"));
    let days = ["--from", "2026-10-05", "--to", "2026-10-07"];
    world.hoptrail(&[&["run", "--source", &source, "--dest", &out], &days[..]].concat()).ends(0);
    let rows = ["2026-10-05", "2026-10-06", "2026-10-07"]
        .iter()
        .flat_map(|day| world.rows("denials", day));
    let rows = rows.filter(|row| row["denied_action"].is_string());
    // Retries say the same.
    let of = |row: &Row| (row["message"].to_string(), row["source_region"].to_string());
    let rows = rows.map(|row| (of(&row), row)).collect::<BTreeMap<_, _>>();
    assert!(rows.len() > 10, "{}", rows.len());
    for row in rows.values() {
        let (text, region) =
            (row["message"].as_str().unwrap(), row["source_region"].as_str().unwrap());
        let found = answer(&world, &["--region", region], text, 0);
        for name in [
            "denied_action",
            "denied_resource",
            "blocked_region",
            "leg",
            "policy_type",
            "policy_arn",
        ] {
            assert_eq!(found["denial"][name], row[name], "{name}: {text}");
        }
        let model_ref = row["model_ref"].as_str();
        let is_listed = calls(&found).iter().any(|call| {
            Some(call.as_str()) == model_ref.map(|it| format!("{it} {region}")).as_deref()
        });
        assert!(is_listed || row["target_type"] != "geo_profile", "{row:?}: {:?}", calls(&found));
    }
}

/// An organization whose policies have the IDs of AWS as names of files.
fn organization(world: &World, regions: &str) -> String {
    world.write("org/p-FullAWSAccess.json", FULL);
    world.write("org/p-regiondeny.json", region_deny("OnlyVirginia", regions));
    let own = json!({
        "organization_id": "o-exampleorg", "management_account": "999988887777",
        "nodes": [
            {"id": "r-ab12", "parent": null, "policies": ["p-FullAWSAccess.json"]},
            {"id": "ou-ab12-11111111", "parent": "r-ab12", "policies": ["p-FullAWSAccess.json", "p-regiondeny.json"]},
        ],
        "accounts": [
            {"id": "111122223333", "parent": "ou-ab12-11111111", "policies": ["p-FullAWSAccess.json"]},
            {"id": "999988887777", "parent": "r-ab12", "policies": ["p-FullAWSAccess.json"]},
        ],
    });
    world.write("org/org.json", own.to_string())
}

#[test]
fn policies_name_the_statements_that_deny_and_how_they_agree() {
    let world = World::new();
    let org = organization(&world, r#"["us-east-1"]"#);
    let identity = r#"{"Statement":{"Effect":"Allow","Action":"bedrock:*","Resource":"*"}}"#;
    let identity = world.write("identity.json", identity);
    let by_identity = "because no identity-based policy allows the bedrock:InvokeModel action";
    let by = |arn: &str| format!("{BY_SCP}: {arn}");
    let (other_policy, other_org) =
        (SCP.replace("p-regiondeny", "p-other000"), SCP.replace("o-exampleorg", "o-otherorg00"));
    let full = SCP.replace("p-regiondeny", "p-FullAWSAccess");
    for (blocked, reason, verdict, agreement) in [
        ("us-east-2", by(SCP), "denied", "these policies deny it, by the one that the text names"),
        ("us-east-2", BY_SCP.to_owned(), "denied", "these policies deny it, too"),
        (
            "us-east-1",
            by(SCP),
            "allowed",
            "these policies allow it: they are not those that denied, but older, newer, or attached elsewhere",
        ),
        (
            "us-east-2",
            by(&other_policy),
            "denied",
            "these policies do not have the one that the text names",
        ),
        (
            "us-east-2",
            by(&full),
            "denied",
            "these policies deny it, and not by the one that the text names",
        ),
        (
            "us-east-2",
            by(&other_org),
            "denied",
            "the text names a policy of another organization than o-exampleorg: these policies are not those that denied",
        ),
        (
            "us-east-2",
            by_identity.to_owned(),
            "denied",
            "the text names an identity-based policy, which these policies do not have: give it with --identity",
        ),
    ] {
        let text = of_model(blocked, &reason);
        let found = answer(&world, &["--org", &org, "--region", "us-east-1"], &text, 0);
        let policies = &found["policies"];
        assert_eq!(policies["agreement"], agreement, "{text}");
        assert_eq!(policies["verdicts"], json!([verdict]), "{text}");
        let calls = found["calls"].as_array().unwrap();
        let call = calls.iter().find(|call| call["model_ref"] == SONNET).unwrap();
        assert_eq!(call["verdict"], "denied", "the other Region is denied, too");
        let verdicts =
            call["legs"].as_array().unwrap().iter().map(|leg| leg["verdict"].as_str().unwrap());
        assert_eq!(verdicts.collect::<Vec<_>>(), ["allowed", "allowed", "denied", "denied"]);
        assert_eq!(call["legs"][2]["decided_by"][0]["sid"], "OnlyVirginia");
        assert!(
            call["change"].as_str().unwrap().contains("must spare us-east-2 and us-west-2"),
            "{call}"
        );
    }
    let text = of_model("us-east-2", &by(SCP));
    let run = explain(&world, &[&text, "--org", &org, "--region", "us-east-1"]).ends(0);
    for expected in [
        "\n  decided by    OnlyVirginia of p-regiondeny, line 3, at ou-ab12-11111111\n",
        "\n  attached      p-regiondeny to ou-ab12-11111111\n",
        "\n  verdict       these policies deny it, by the one that the text names\n",
        "\ndestination_model (in the text)  us-east-2  denied   OnlyVirginia of p-regiondeny, line 3, at ou-ab12-11111111\n",
        "\nTo allow it, OnlyVirginia of p-regiondeny, line 3, at ou-ab12-11111111 must spare us-east-2 and us-west-2:",
    ] {
        assert!(run.stdout.contains(expected), "{expected}: {}", run.stdout);
    }
    // Several calls: each with what denies it.
    let run = explain(&world, &[&text, "--org", &org]).ends(0);
    let from = "of us.anthropic.claude-sonnet-4-6 from us-east-1 needs";
    let line = run.stdout.lines().find(|line| line.contains(from)).unwrap();
    assert!(line.ends_with("; denied: us-east-2, us-west-2 by OnlyVirginia of p-regiondeny, line 3, at ou-ab12-11111111"), "{line}");
    // With the policies of the caller, too.
    let both = ["--org", &org, "--identity", &identity, "--region", "us-east-1"];
    let found = answer(&world, &both, &of_model("us-east-2", by_identity), 0);
    assert_eq!(found["policies"]["agreement"], "these policies deny it, too");
}

#[test]
fn caller_that_the_text_does_not_say_is_asked_for() {
    let world = World::new();
    let org = organization(&world, r#"["us-east-1"]"#);
    let text = of_model("us-east-2", BY_SCP)
        .replace("arn:aws:sts::111122223333:assumed-role/App/session", "***");
    let found = answer(&world, &["--org", &org, "--region", "us-east-1"], &text, 0);
    assert_eq!(found["policies"], Value::Null);
    assert!(found["notes"][0].as_str().unwrap().ends_with("--account ID"), "{found}");
    assert!(
        found["not_said"].to_string().contains("which account called (--account, --principal)"),
        "{found}"
    );
    let account = ["--org", &org, "--region", "us-east-1", "--account", "111122223333"];
    let found = answer(&world, &account, &text, 0);
    assert_eq!(found["policies"]["verdicts"], json!(["denied"]));
    // The path of the role, which the text lacks.
    let deny = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Team","Effect":"Deny","Action":"*","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/team/*"}}}]}"#;
    let deny = world.write("team.json", deny);
    let text = of_model("us-east-2", BY_SCP);
    let asked = ["--org", &deny, "--region", "us-east-1"];
    let found = answer(&world, &asked, &text, 0);
    assert_eq!(found["policies"]["verdicts"], json!(["indeterminate"]));
    let role = ["--principal", "arn:aws:iam::111122223333:role/team/App"];
    let found = answer(&world, &[&asked[..], &role].concat(), &text, 0);
    assert_eq!(found["policies"]["verdicts"], json!(["denied"]));
    // A record has it.
    let record = json!({
        "eventVersion": "1.11", "eventID": "c3fb129b-0175-41fd-a3c3-6ce100dcdf03",
        "eventTime": "2026-10-06T21:07:06Z", "eventSource": "bedrock.amazonaws.com", "eventName": "Converse",
        "awsRegion": "us-east-1", "recipientAccountId": "111122223333",
        "userIdentity": {
            "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/App/session",
            "accountId": "111122223333",
            "sessionContext": {"sessionIssuer": {
                "type": "Role", "arn": "arn:aws:iam::111122223333:role/team/App", "accountId": "111122223333",
            }},
        },
        "requestParameters": {"modelId": SONNET}, "errorCode": "AccessDenied", "errorMessage": text,
    });
    let found = answer(&world, &asked, &record.to_string(), 0);
    assert_eq!(found["policies"]["verdicts"], json!(["denied"]));
    assert!(!found["not_said"].to_string().contains("the path of the role"), "{found}");
    // Who is not subject to SCPs, and of whom they are not known.
    for (account, agreement) in [
        (
            "999988887777",
            "the text names an SCP, but SCPs do not apply to the management account: these policies are not those that \
             denied",
        ),
        (
            "123456789012",
            "the account 123456789012 is not in the organization: its SCPs are not known",
        ),
    ] {
        let text = text.replace("111122223333", account);
        let found = answer(&world, &["--org", &org, "--region", "us-east-1"], &text, 0);
        assert_eq!(found["policies"]["agreement"], agreement);
    }
}

#[test]
fn denial_that_no_call_of_the_catalog_leads_to_is_said() {
    let world = World::new();
    let found = answer(&world, &["--region", "eu-west-1"], &of_model("us-east-2", BY_SCP), 0);
    assert_eq!(found["calls"], json!([]));
    let note = "by the catalog, no call from eu-west-1 needs anthropic.claude-sonnet-4-6 in us-east-2: is it the source \
                Region (--region), and is the catalog new enough (--catalog-add)?";
    assert_eq!(found["notes"], json!([note]));
    // A model that the catalog does not know can have been called directly.
    let text = of_model("us-east-2", BY_SCP).replace(MODEL, "anthropic.claude-new-9");
    let found = answer(&world, &[], &text, 0);
    assert_eq!(calls(&found), ["anthropic.claude-new-9 us-east-2"]);
}

#[test]
fn errors_that_only_look_like_denials_are_named_as_what_they_are() {
    let world = World::new();
    let quoted = |text: &str| {
        format!(
            "An error occurred (AccessDeniedException) when calling the Converse operation: {text}"
        )
    };
    for (text, reason) in [
        ("You don't have access to the model with the specified model ID.", "model_access"),
        ("Your account is not authorized to invoke this API operation.", "account_not_authorized"),
        (
            "Model access is denied due to IAM user or service role is not authorized to perform the required AWS \
             Marketplace actions (aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe) to enable access to this \
             model.",
            "marketplace",
        ),
        (
            "Model access is denied due to INVALID_PAYMENT_INSTRUMENT: A valid payment instrument must be provided.",
            "payment",
        ),
    ] {
        for text in [text.to_owned(), quoted(text), json!({ "message": text }).to_string()] {
            let found = answer(&world, &[], &text, 5);
            assert_eq!(found["look_alike"]["reason"], reason, "{text}");
            assert_eq!((&found["is_denial"], &found["not_said"]), (&json!(false), &json!([])));
            let run = piped(&world, &[], &text).ends(5);
            assert!(run.stdout.starts_with("Not a denial by a policy: "), "{}", run.stdout);
        }
    }
    // A denial by a policy is one, whatever stands beside it.
    let both = format!(
        "{}\n\n{}",
        quoted("You don't have access to the model."),
        of_model("us-east-2", BY_SCP)
    );
    let run = piped(&world, &["--output", "json"], &both).ends(0);
    let kinds = answers(&run).iter().map(|it| it["is_denial"].clone()).collect::<Vec<_>>();
    assert_eq!(kinds, [json!(false), json!(true)]);
}

#[test]
fn exit_codes_tell_what_was_found() {
    let world = World::new();
    let text = of_model("us-east-2", BY_SCP);
    explain(&world, &["all is well"]).says(5, &["expected a text with a denial", "found none"]);
    piped(&world, &[], "").says(5, &["found none"]);
    assert_eq!(piped(&world, &["--output", "json"], "nothing").ends(5).stdout, "[]\n");
    piped(&world, &[], "Access Denied").ends(5);
    let run = piped(&world, &[], &format!("{text}\n\nAccess Denied\n")).ends(3);
    assert_eq!(run.stderr, "warning: 1 part of the text could not be read as a denial\n");
    assert!(explain(&world, &[]).ends(2).stderr.contains("<MESSAGE>"));
    explain(&world, &["-", &text]).says(2, &["- is standard input"]);
    explain(&world, &[&text, "--region", "us-east-9"])
        .says(2, &["--region: expected the code", "`us-east-9`"]);
    explain(&world, &[&text, "--account", "1"]).says(2, &["--account: expected 12 digits"]);
    explain(&world, &[&text, "--principal", "App"]).says(2, &["--principal: expected the ARN"]);
    explain(&world, &[&text, "--org", "/no/such/file"]).says(1, &["could not read /no/such/file"]);
    explain(&world, &[&text, "--policy", "r=x"]).ends(2);
    let long = "x".repeat((16 << 20) + 1);
    piped(&world, &[], &long).says(2, &["at most 16 MiB"]);
}

#[test]
fn command_writes_the_change_for_what_was_called() {
    let world = World::new();
    let org = organization(&world, r#"["us-east-1"]"#);
    let commands = |arguments: &[&str], text: &str| {
        let found = answer(&world, arguments, text, 0);
        found["commands"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let generate = |goal: &str, rest: &str| format!("hoptrail policy generate {goal} {rest}");
    let scp = of_model("us-east-2", BY_SCP);
    let from = ["--region", "us-east-1"];
    let account = "--account 111122223333";
    assert_eq!(
        commands(&from, &scp),
        [generate("exempt", &format!("{SONNET} --org PATH --region us-east-1 {account}"))]
    );
    let asked = commands(&[&from[..], &["--org", &org]].concat(), &scp);
    assert_eq!(
        asked,
        [generate("exempt", &format!("{SONNET} --org {org} --region us-east-1 {account}"))]
    );
    // One for each profile that can have been called.
    let global = format!("global.{MODEL}");
    let both =
        [&global, SONNET].map(|it| generate("exempt", &format!("{it} --org PATH {account}")));
    assert_eq!(commands(&[], &scp), both);
    let implicit = "because no identity-based policy allows the bedrock:InvokeModel action";
    assert_eq!(
        commands(&from, &of_model("us-east-2", implicit)),
        [generate("identity", &format!("{SONNET} --region us-east-1 {account}"))]
    );
    // A control of Control Tower is not edited: its parameters are.
    world.write("org/p-regiondeny.json", region_deny("CTMULTISERVICEPV1", r#"["us-east-1"]"#));
    let asked = commands(&[&from[..], &["--org", &org]].concat(), &scp);
    let rest =
        format!("{SONNET} --org {org} --target ou-ab12-11111111 --region us-east-1 {account}");
    assert_eq!(asked, [generate("control-tower", &rest)]);
    // The leg of the profile has no key that an exemption could look at; others have no goal.
    let profile = format!("arn:aws:bedrock:us-east-1:111122223333:inference-profile/{SONNET}");
    for text in [
        message("bedrock:InvokeModel", &profile, BY_SCP),
        of_model("us-east-2", ""),
        of_model("us-east-2", "with an explicit deny in an identity-based policy"),
        of_model("us-east-2", "because no session policy allows the bedrock:InvokeModel action"),
        message("ec2:RunInstances", "*", BY_SCP),
    ] {
        assert_eq!(commands(&from, &text), [""; 0], "{text}");
    }
}

#[test]
fn explain_points_to_policy_explain() {
    let world = World::new();
    let run = world.hoptrail(&["explain", &of_model("us-east-2", BY_SCP)]).ends(0);
    assert!(run.stdout.contains("\n  more          `hoptrail policy explain` "), "{}", run.stdout);
}

#[test]
fn text_fits_80_columns_and_no_control_character_reaches_the_terminal() {
    let world = World::new();
    let org = organization(&world, r#"["us-east-1"]"#);
    let evil = of_model("us-east-2", BY_SCP).replace("session", "\u{1b}[31msession\u{7}");
    for text in [of_model("us-east-2", BY_SCP), evil] {
        for more in [&[][..], &["--org", &org], &["--org", &org, "--region", "us-east-1"]] {
            let arguments = [&["policy", "explain", &text], more].concat();
            let run =
                Run::of(world.command(&arguments).env("COLUMNS", "80").output().unwrap()).ends(0);
            assert!(!run.stdout.contains(['\u{1b}', '\u{7}']), "{:?}", run.stdout);
            for line in run.stdout.lines().filter(|line| !line.contains("arn:")) {
                assert!(line.chars().count() <= 80, "{line}");
            }
        }
    }
}

fn page(name: &str) -> String {
    fs::read_to_string(repository().join("docs").join(name)).unwrap()
}

/// The blocks of a language, in order.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let after = page.split(&fence).skip(1);
    after.map(|text| text.split("```").next().unwrap().to_owned()).collect()
}

/// The words of a line, of which those in quotes are one.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut parts = line.split('"').enumerate();
    let mut words = Vec::new();
    for (place, part) in parts.by_ref() {
        match place % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

#[test]
fn page_shows_what_is_printed() {
    let page = page("policy-explain.md");
    let words = words(&blocks(&page, "sh")[0]);
    let arguments = words.iter().skip(1).map(String::as_str).collect::<Vec<_>>();
    let world = World::new();
    let mut command = world.command(&arguments);
    // As wide as the page.
    let run = Run::of(command.env("COLUMNS", "112").output().unwrap()).ends(0);
    assert_eq!(run.stdout, blocks(&page, "text")[0]);
}

/// Each command of the page, in its order, on the sample.
#[test]
fn walkthrough_ends_with_a_policy_that_lets_the_call_pass() {
    let organization = repository().join("tests/sample/organization");
    let help = World::new().hoptrail(&["policy", "--help"]).ends(0).stdout;
    let world = World::new();
    let (source, organization) =
        (sample().display().to_string(), organization.display().to_string());
    let mut n_commands = 0;
    for line in blocks(&page("policy-walkthrough.md"), "sh").iter().flat_map(|block| block.lines())
    {
        let (command, output) =
            line.split_once(" > ").map_or((line, None), |(it, file)| (it, Some(file)));
        let words = words(command).into_iter().skip(1).map(|word| {
            let word = word.replace("tests/sample/org-trail", &source);
            word.replace("tests/sample/organization", &organization)
        });
        let words = words.collect::<Vec<_>>();
        let arguments = words.iter().map(String::as_str).collect::<Vec<_>>();
        if arguments[0] == "policy" {
            assert!(help.contains(&format!("\n  {} ", arguments[1])), "no such command: {line}");
        }
        let run = Run::of(world.command(&arguments).output().unwrap());
        assert_eq!(run.code, 0, "{line}: {}", run.stderr);
        if let Some(file) = output {
            world.write(file, &run.stdout);
        }
        n_commands += 1;
    }
    assert!(n_commands >= 9, "{n_commands}");
}
