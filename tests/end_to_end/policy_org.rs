//! `policy simulate`: forms of organizations, their changes, and who is not subject to them.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::policy::{FULL, ROLE, SONNET, organization, region_deny, rows, simulate};
use crate::world::{Run, World, repository};

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
}

#[test]
fn verdict_before_a_change_is_printed_beside_the_one_after_it() {
    let world = World::new();
    let org = organization(&world);
    let remove = "ou-ab12-11111111:deny";
    let change =
        ["--region", "us-east-1,us-west-2", "--principal", ROLE, "--org", &org, "--remove", remove];
    let run = simulate(&world, &[&[SONNET][..], &change].concat()).ends(0);
    let rows = rows(&run.stdout);
    assert_eq!(rows[0], ["Calls by the account 111122223333"]);
    assert_eq!(rows[2], ["reference", "Region", "before", "verdict", "decided by"]);
    assert_eq!(rows[3], [SONNET, "us-east-1", "denied", "allowed"]);
    let one =
        [SONNET, "--region", "us-east-1", "--principal", ROLE, "--org", &org, "--remove", remove];
    let run = simulate(&world, &one).ends(0);
    assert!(
        run.stdout
            .starts_with("allowed (denied before the change): Converse (bedrock:InvokeModel) of"),
        "{}",
        run.stdout
    );
    let run = simulate(&world, &[&one[..], &["--output", "jsonl"]].concat()).ends(0);
    let found = serde_json::from_str::<Value>(&run.stdout).unwrap();
    assert_eq!((&found["before"], &found["verdict"]), (&json!("denied"), &json!("allowed")));
}

#[test]
fn changes_of_what_is_not_there_are_named() {
    let world = World::new();
    let org = organization(&world);
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
        .says(2, &[expected]);
    }
    let attached = format!("ou-ab12-11111111={}", world.text("org/deny.json"));
    let call = [SONNET, "--region", "us-east-1", "--principal", ROLE, "--org", &org];
    simulate(&world, &[&call[..], &["--policy", &attached]].concat()).says(
        2,
        &["--policy: ou-ab12-11111111: expected a policy that it does not have yet", "deny"],
    );
    // A file that is not there is no wrong option.
    simulate(&world, &[&call[..], &["--policy", "r-ab12=none.json"]].concat())
        .says(1, &["could not read none.json"]);
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
