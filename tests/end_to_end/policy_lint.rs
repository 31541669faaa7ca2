//! `policy lint`: findings in three formats, gates, input that cannot be read. The rules are tested in the crate
//! `policy`.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::golden::check_file;
use crate::policy::FULL;
use crate::world::{Run, World, repository};

/// Denies all Regions but one, and exempts what it should not.
const REGION_DENY: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Deny", "NotAction": ["iam:*", "bedrock:Invoke*"], "Resource": "*",
     "Condition": {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}}
  ]
}
"#;

fn lint(world: &World, arguments: &[&str]) -> Run {
    world.hoptrail(&[&["policy", "lint"], arguments].concat())
}

/// The output of its example, and the table of all rules.
#[test]
fn page_is_up_to_date() {
    const HEAD: &str = "\n|---|---|---|---|---|\n";
    let page = fs::read_to_string(repository().join("docs/policy-lint.md")).unwrap();
    let block = |language: &str| {
        let (_, rest) = page.split_once(&format!("```{language}\n")).unwrap();
        rest.split("```").next().unwrap().to_owned()
    };
    let world = World::new();
    world.write("only-claude.json", block("json"));
    let command = block("sh");
    let arguments =
        command.trim().strip_prefix("hoptrail ").unwrap().split(' ').collect::<Vec<_>>();
    // As wide as the page.
    let run = Run::of(world.command(&arguments).env("COLUMNS", "112").output().unwrap()).ends(4);
    let shown = format!("```text\n{}```", block("text"));
    let printed = format!("```text\n{}```", run.stdout);
    let (text, _) = page.split_once(HEAD).unwrap();
    let mut expected = text.replacen(&shown, &printed, 1) + HEAD;

    let run = lint(&world, &["--rules", "--output", "json"]).ends(0);
    let rules = serde_json::from_str::<Vec<Value>>(&run.stdout).unwrap();
    assert_eq!(rules.len(), 33);
    for rule in &rules {
        let cell = |name: &str| rule[name].as_str().unwrap().replace('|', "\\|");
        let cells = ["severity", "finds", "reason", "source"].map(cell).join(" | ");
        expected += &format!("| `{}` | {cells} |\n", cell("rule"));
    }
    check_file(&repository().join("docs/policy-lint.md"), &expected);
}

#[test]
fn rules_are_printed_and_explained() {
    let world = World::new();
    let all = lint(&world, &["--rules"]).ends(0).stdout;
    let one = lint(&world, &["--explain", "stream-missing"]).ends(0).stdout;
    assert!(all.contains(&one) && one.starts_with("stream-missing: warning\n"), "{one}");
    let run = lint(&world, &["--explain", "stream"]).ends(2);
    assert!(
        run.stderr.contains("--explain: expected one of allow-cannot-lift-deny, "),
        "{}",
        run.stderr
    );
    lint(&world, &["--rules", "--output", "sarif"]).ends(2);
    lint(&world, &[]).ends(2);
}

#[test]
fn gate_trips_at_the_severity_that_is_asked_for() {
    let world = World::new();
    // A warning and nothing worse.
    world.write("scp.json", REGION_DENY);
    world.write("full.json", FULL);
    for (fail_on, code) in [("error", 0), ("warning", 4), ("note", 4)] {
        let run = lint(&world, &["scp.json", "full.json", "--fail-on", fail_on]).ends(code);
        assert!(
            run.stdout
                .starts_with("scp.json:4:47: warning: over-exemption\n  Statement[0].NotAction: "),
            "{}",
            run.stdout
        );
        assert!(run.stdout.contains("\n  allowed: bedrock:InvokeAgent on "), "{}", run.stdout);
        assert!(
            run.stdout.contains("\n  denied if NotAction has bedrock:InvokeModel* in its place\n")
        );
        assert!(
            run.stderr.starts_with("0 errors, 1 warning, 0 notes in 2 documents\n"),
            "{}",
            run.stderr
        );
        let trips = format!("--fail-on {fail_on}: 1 finding is at least so severe");
        assert_eq!(run.stderr.contains(&trips), code == 4, "{}", run.stderr);
    }
    lint(&world, &["scp.json"]).ends(0);
    let run = lint(&world, &["full.json", "--fail-on", "note"]).ends(0);
    assert_eq!(run.stdout, "");
}

#[test]
fn json_has_every_finding_with_its_proof() {
    let world = World::new();
    world.write("scp.json", REGION_DENY);
    let run = lint(&world, &["scp.json", "--output", "json"]).ends(0);
    let found = serde_json::from_str::<Vec<Value>>(&run.stdout).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    let mut first = found[0].clone();
    let call = first["proof"].as_object_mut().unwrap().remove("call").unwrap();
    assert!(call.as_str().unwrap().starts_with("bedrock:InvokeAgent on "), "{call}");
    let message = first.as_object_mut().unwrap().remove("message").unwrap();
    assert!(message.as_str().unwrap().starts_with("`bedrock:Invoke*` exempts "), "{message}");
    let expected = json!({
        "file": "scp.json", "rule": "over-exemption", "severity": "warning", "line": 4, "column": 47,
        "element": "Statement[0].NotAction",
        "proof": {
            "verdict": "allowed", "repaired_verdict": "denied",
            "repair": "NotAction has bedrock:InvokeModel* in its place",
        },
    });
    assert_eq!(first, expected);
    let none = world.write("full.json", FULL);
    assert_eq!(lint(&world, &[&none, "--output", "json"]).ends(0).stdout, "[]\n");
}

/// The members that the schema of SARIF 2.1.0 asks for, and those that viewers use. The schema itself was tried by
/// hand; it is too large to be here.
#[test]
fn sarif_has_rules_and_results_with_lines_and_columns() {
    let world = World::new();
    world.write("policies/a b.json", REGION_DENY.replace("us-east-1", "us-east1"));
    world.write("broken.json", "{,}");
    let run = lint(&world, &["policies/a b.json", "broken.json", "--output", "sarif"]).ends(4);
    let log = serde_json::from_str::<Value>(&run.stdout).unwrap();
    let members = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(&log), ["$schema", "runs", "version"]);
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().ends_with("/sarif-schema-2.1.0.json"));
    let runs = log["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!(members(&runs[0]), ["columnKind", "results", "tool"]);
    assert_eq!(runs[0]["columnKind"], "unicodeCodePoints");
    let driver = &runs[0]["tool"]["driver"];
    assert_eq!(driver["name"], "hoptrail");
    let rules = driver["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 33);
    for rule in rules {
        let expected = ["defaultConfiguration", "fullDescription", "id", "shortDescription"];
        assert_eq!(members(rule), expected);
        assert!(rule["fullDescription"]["text"].as_str().unwrap().ends_with('.'));
        let level = rule["defaultConfiguration"]["level"].as_str().unwrap();
        assert!(["error", "warning", "note"].contains(&level));
    }
    let results = runs[0]["results"].as_array().unwrap();
    let ids = results.iter().map(|it| it["ruleId"].as_str().unwrap()).collect::<Vec<_>>();
    let expected = ["over-exemption", "requested-region-value", "element-not-allowed", "not-json"];
    assert_eq!(ids, expected);
    for (result, (uri, line, column)) in results.iter().zip([
        ("policies/a%20b.json", 4, 47),
        ("policies/a%20b.json", 5, 63),
        ("broken.json", 1, 1),
        ("broken.json", 1, 2),
    ]) {
        assert_eq!(members(result), ["level", "locations", "message", "ruleId", "ruleIndex"]);
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let location = json!([{"physicalLocation": {
            "artifactLocation": {"uri": uri}, "region": {"startLine": line, "startColumn": column},
        }}]);
        assert_eq!(result["locations"], location);
    }
    let message = results[1]["message"]["text"].as_str().unwrap();
    assert!(message.contains(": did you mean us-east-1?. denied: "), "{message}");
}

#[test]
fn goals_say_what_has_to_be_let_through() {
    let world = World::new();
    let text = REGION_DENY.replace(r#", "bedrock:Invoke*""#, "");
    world.write("scp.json", &text);
    assert_eq!(lint(&world, &["scp.json"]).ends(0).stdout, "");
    let goal = "profile=us.anthropic.claude-sonnet-4-6,region=us-east-1";
    let global = "region=us-east-1,profile=global.anthropic.claude-sonnet-4-6";
    let run = lint(
        &world,
        &["scp.json", "--goal", goal, "--goal", global, "--output", "json", "--fail-on", "warning"],
    )
    .ends(4);
    let found = serde_json::from_str::<Vec<Value>>(&run.stdout).unwrap();
    let found = found
        .iter()
        .map(|it| (it["rule"].as_str().unwrap(), it["proof"]["repair"].as_str().unwrap()));
    let expected = [
        ("destination-missing", "aws:RequestedRegion has us-east-2, us-west-2, too"),
        ("unspecified-missing", "aws:RequestedRegion has unspecified, too"),
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    for (goal, expected) in [
        ("us-east-1", "--goal: expected profile=ID,region=CODE, found `us-east-1`"),
        ("profile=a", "--goal: expected profile=ID,region=CODE, found `profile=a`"),
        ("profile=a,profile=b,region=us-east-1", "--goal: expected profile=ID,region=CODE"),
        ("profile=a,region=us-east1", "found `us-east1`; did you mean `us-east-1`?"),
    ] {
        let run = lint(&world, &["scp.json", "--goal", goal]).ends(2);
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    }
}

#[test]
fn standard_input_and_what_is_no_text_are_read() {
    let world = World::new();
    let mut child = world
        .command(&["policy", "lint", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(REGION_DENY.as_bytes()).unwrap();
    let run = Run::of(child.wait_with_output().unwrap()).ends(0);
    assert!(run.stdout.starts_with("-:4:47: warning: over-exemption\n"), "{}", run.stdout);

    world.write("latin1.json", b"{\n \"a\": \"\xe4\"}");
    let run = lint(&world, &["latin1.json"]).ends(4);
    assert!(run.stdout.starts_with("latin1.json:2:8: error: not-json\n"), "{}", run.stdout);
    let run = lint(&world, &["none.json"]).ends(1);
    assert!(run.stderr.contains("could not read none.json"), "{}", run.stderr);
    world.write("huge.json", vec![b' '; 18 * 1024 * 1024]);
    let run = lint(&world, &["huge.json"]).ends(4);
    assert!(run.stdout.starts_with("huge.json:1:1: error: not-json\n"), "{}", run.stdout);
}

#[test]
fn policies_of_an_organization_are_looked_at() {
    let world = World::new();
    world.write("org/full.json", FULL);
    world.write("org/aws-guardrails-AbCdEf.json", REGION_DENY);
    let organization = |policies: &[&str]| {
        let own = json!({
            "management_account": "999988887777",
            "nodes": [{"id": "r-ab12", "parent": null, "policies": policies}],
            "accounts": [{"id": "111122223333", "parent": "r-ab12", "policies": ["full.json"]}],
        });
        world.write("org/org.json", own.to_string())
    };
    let org = organization(&["full.json", "aws-guardrails-AbCdEf.json"]);
    let run = lint(&world, &["--org", &org, "--output", "json"]).ends(0);
    let found = serde_json::from_str::<Vec<Value>>(&run.stdout).unwrap();
    let found = found.iter().map(|it| (it["file"].as_str().unwrap(), it["rule"].as_str().unwrap()));
    let file = world.text("org/aws-guardrails-AbCdEf.json");
    let file = file.as_str();
    let expected = [(file, "control-tower-managed"), (file, "over-exemption")];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert!(run.stderr.contains("in 2 documents"), "{}", run.stderr);

    for index in 0..10 {
        world.write(&format!("org/p{index}.json"), FULL);
    }
    let files = (0..10).map(|index| format!("p{index}.json")).collect::<Vec<_>>();
    let mut files = files.iter().map(String::as_str).collect::<Vec<_>>();
    lint(&world, &["--org", &organization(&files)]).ends(0);
    files.push("full.json");
    let run = lint(&world, &["--org", &organization(&files)]).ends(4);
    assert!(run.stdout.contains(": error: too-many-policies\n"), "{}", run.stdout);
    assert!(run.stdout.contains("r-ab12: expected at most 10 SCPs"), "{}", run.stdout);
}
