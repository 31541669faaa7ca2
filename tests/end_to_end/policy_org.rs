//! `policy simulate`: forms of organizations, their changes, and who is not subject to them.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::policy::{FULL, ROLE, SONNET, organization, region_deny, rows, simulate};
use crate::world::{Run, World, repository};

#[test]
fn what_is_no_organization_is_named_as_what_it_is() {
    let world = World::new();
    let call = [SONNET, "--region", "us-east-1", "--principal", ROLE, "--org"];
    for (name, text, expected) in [
        (
            "terraform.tfstate",
            r#"{"version":4,"terraform_version":"1.9","serial":1,"lineage":"x","resources":[]}"#,
            "found a Terraform state: give what `terraform show -json` prints of it",
        ),
        (
            "details.json",
            r#"{"UserDetailList":[],"GroupDetailList":[],"RoleDetailList":[],"Policies":[]}"#,
            "found the output of `aws iam get-account-authorization-details`: give it to --identity",
        ),
        (
            "cfct/manifest.yaml.j2",
            "version: 1",
            "expected manifest.yaml, found manifest.yaml.j2 only: fill it in first",
        ),
        (
            "collected/aws/aws/accounts/111122223333/iam/role/app/metadata.json",
            "{}",
            "found an iam-collect folder without an organization",
        ),
        ("empty/readme.txt", "", "found no JSON file"),
        (
            "other/roles.json",
            r#"{"Roles":[]}"#,
            "roles.json: line 1, column 1: expected the output of an `aws organizations` command",
        ),
        (
            "plan.json",
            r#"{"format_version":"1.2"}"#,
            "plan.json: line 1, column 1: expected planned_values",
        ),
        (
            "stack.yaml",
            "a: [",
            "stack.yaml: line 1, column 4: expected YAML, found unclosed bracket",
        ),
    ] {
        world.write(name, text);
        let path = world.path(name.split('/').next().unwrap()).display().to_string();
        simulate(&world, &[&call[..], &[&path]].concat()).says(1, &[expected]);
    }
    simulate(&world, &[&call[..], &["/no/such/path"]].concat())
        .says(1, &["could not read /no/such/path"]);
}

/// Denies Bedrock outside of one Region to an organizational unit, in each form that may say so.
fn forms(world: &World) -> Vec<(&'static str, String)> {
    let deny = region_deny("OnlyVirginia", r#"["us-east-1"]"#);
    let unit = "ou-ab12-11111111";
    world.write("cfct/policies/deny.json", &deny);
    let resource = json!({"name": "deny", "resource_file": "policies/deny.json", "deploy_method": "scp",
        "deployment_targets": {"organizational_units": ["Workloads"]}});
    let manifest = json!({"region": "us-east-1", "version": "2021-03-15", "resources": [resource]});
    world.write("cfct/manifest.yaml", manifest.to_string());
    world.write("lza/deny.json", &deny);
    world.write(
        "lza/organization-config.yaml",
        format!(
            "enable: true\norganizationalUnits:\n  - name: Workloads\norganizationalUnitIds:\n  - {{name: Root, id: r-ab12}}\n  \
             - {{name: Workloads, id: {unit}}}\nserviceControlPolicies:\n  - name: deny\n    policy: deny.json\n    type: \
             customerManaged\n    deploymentTargets: {{organizationalUnits: [Workloads]}}\n"
        ),
    );
    let named = |name: &str, kind: &str, values: Value| {
        json!({"address": format!("aws_organizations_{kind}.{name}"), "mode": "managed", "name": name,
            "type": format!("aws_organizations_{kind}"), "values": values})
    };
    let resources = [
        named("deny", "policy", json!({"id": "p-deny1234", "name": "deny", "content": deny})),
        named(
            "workloads",
            "organizational_unit",
            json!({"id": unit, "name": "Workloads", "parent_id": "r-ab12"}),
        ),
        named("deny", "policy_attachment", json!({"policy_id": "p-deny1234", "target_id": unit})),
    ];
    let state =
        json!({"format_version": "1.0", "values": {"root_module": {"resources": resources}}});
    world.write("state.json", format!("{state:#}"));
    let policy = json!({"Type": "AWS::Organizations::Policy", "Properties": {"Name": "deny",
        "Type": "SERVICE_CONTROL_POLICY", "Content": deny, "TargetIds": [unit]}});
    world.write("template.json", json!({"Resources": {"Deny": policy}}).to_string());
    world.write(
        "template.yaml",
        format!(
            "Resources:\n  Deny:\n    Type: AWS::Organizations::Policy\n    Properties:\n      Name: deny\n      Type: \
             SERVICE_CONTROL_POLICY\n      TargetIds: [!Sub '{unit}']\n      Content: {deny}\n"
        ),
    );
    vec![
        ("cfct", "Workloads".to_owned()),
        ("cfct/manifest.yaml", "Workloads".to_owned()),
        ("lza", unit.to_owned()),
        ("state.json", unit.to_owned()),
        ("template.json", unit.to_owned()),
        ("template.yaml", unit.to_owned()),
    ]
}

#[test]
fn part_of_an_organization_decides_what_it_can_and_all_with_the_unit() {
    let world = World::new();
    for (form, unit) in forms(&world) {
        let path = world.text(form);
        let call = [SONNET, "--region", "us-east-1", "--principal", ROLE, "--org", &path];
        let run = simulate(&world, &call).ends(0);
        assert!(run.stdout.starts_with("indeterminate: "), "{form}: {}", run.stdout);
        // A policy that is a part of the template has the line that it has there.
        let line = if form == "template.yaml" { 10 } else { 3 };
        let decided = format!("OnlyVirginia of deny, line {line}, at {unit}");
        assert!(run.stdout.contains(&decided), "{form}: {}", run.stdout);
        let end = format!(
            "To decide it, say which organizational unit the account is in (--unit NODE): SCPs at {unit} do not allow it."
        );
        let text = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.ends_with(&end), "{form}: {text}");
        assert!(
            run.stderr.contains("policies of the") && run.stderr.contains("are simulated"),
            "{}",
            run.stderr
        );
        assert!(!run.stderr.contains("not in the organization"), "{}", run.stderr);
        // What no policy of the part denies is allowed wherever the account is.
        let direct = [
            "anthropic.claude-sonnet-4-6",
            "--region",
            "us-east-1",
            "--principal",
            ROLE,
            "--org",
            &path,
            "--expect",
            "allowed",
        ];
        simulate(&world, &direct).ends(0);
        for (unit, verdict) in [
            (unit.as_str(), "denied"),
            (
                if form == "state.json" || form.starts_with("lza") { "r-ab12" } else { "Root" },
                "allowed",
            ),
        ] {
            // A template that has the ID of a unit only knows the root by that.
            let unit = if form.starts_with("template") && unit == "Root" { "r-ab12" } else { unit };
            let placed = [&call[..], &["--unit", unit, "--expect", verdict]].concat();
            simulate(&world, &placed).ends(0);
        }
        let run = simulate(&world, &[&call[..], &["--unit", "Nowhere"]].concat()).ends(2);
        let expected = "error: --unit: organization: expected one of its units (";
        assert!(
            run.stderr.contains(expected) && run.stderr.contains("found `Nowhere`"),
            "{}",
            run.stderr
        );
    }
    let org = organization(&world);
    let whole =
        [SONNET, "--region", "us-east-1", "--principal", ROLE, "--org", &org, "--unit", "r-ab12"];
    simulate(&world, &whole)
        .says(2, &["expected no unit: the organization says where its accounts are"]);
}

#[test]
fn iam_collect_folder_has_the_organization_and_the_policies_of_its_roles() {
    let world = World::new();
    let organization = "collected/aws/aws/organizations/o-exampleorg";
    let arn = |id: &str| format!("arn:aws:organizations::aws:policy/service_control_policy/{id}");
    let full = arn("p-FullAWSAccess");
    let deny = arn("p-Deny1234");
    let content = region_deny("OnlyVirginia", r#"["us-east-1"]"#);
    for (name, text) in [
        ("metadata.json", json!({"id": "o-exampleorg", "rootAccountId": "999988887777", "features": {"SERVICE_CONTROL_POLICY": true}}).to_string()),
        ("ous.json", json!({"r-ab12": {"scps": [full], "rcps": []}}).to_string()),
        ("accounts.json", json!({"111122223333": {"ou": "r-ab12", "scps": [full, deny], "rcps": []}}).to_string()),
        ("scps/p-fullawsaccess/policy.json", FULL.to_owned()),
        ("scps/p-deny1234/policy.json", content),
        ("scps/p-deny1234/metadata.json", json!({"name": "RegionDeny"}).to_string()),
    ] {
        world.write(&format!("{organization}/{name}"), text);
    }
    let role = "collected/aws/aws/accounts/111122223333/iam/role/app";
    world.write(&format!("{role}/metadata.json"), json!({"arn": ROLE, "name": "App"}).to_string());
    let path = world.text("collected");
    let call = [SONNET, "--region", "us-east-1", "--principal", ROLE, "--org", &path];
    let run = simulate(&world, &call).ends(0);
    assert_eq!(run.stderr, "");
    assert!(
        run.stdout.contains("denied   OnlyVirginia of RegionDeny, line 3, at 111122223333"),
        "{}",
        run.stdout
    );
    // The role has no policy that allows.
    let direct = [
        "anthropic.claude-sonnet-4-6",
        "--region",
        "us-east-1",
        "--principal",
        ROLE,
        "--org",
        &path,
    ];
    simulate(&world, &[&direct[..], &["--expect", "allowed"]].concat()).ends(0);
    simulate(&world, &[&direct[..], &["--identity", &path, "--expect", "denied"]].concat()).ends(0);
    let managed = json!(["arn:aws:iam::aws:policy/AmazonBedrockFullAccess"]);
    world.write(&format!("{role}/managed-policies.json"), managed.to_string());
    let run = simulate(
        &world,
        &[&direct[..], &["--identity", &path, "--expect", "indeterminate"]].concat(),
    )
    .ends(0);
    let text = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = "To decide it, complete what is missing: the managed policy arn:aws:iam::aws:policy/AmazonBedrockFullAccess is \
               not in the file.";
    assert!(text.ends_with(end), "{text}");
}

#[test]
fn authorization_details_have_the_policies_of_every_role() {
    let world = World::new();
    let allow = json!({"Statement": {"Effect": "Allow", "Action": "bedrock:*", "Resource": "*"}});
    let role = |name: &str, policies: Value| json!({"RoleName": name, "Arn": format!("arn:aws:iam::111122223333:role/{name}"), "RolePolicyList": policies, "AttachedManagedPolicies": []});
    let roles = [
        role("App", json!([{"PolicyName": "Bedrock", "PolicyDocument": allow}])),
        role("Other", json!([])),
    ];
    let details = json!({"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": roles, "Policies": []});
    let first = world.write("details.json", details.to_string());
    let none =
        json!({"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []});
    let second = world.write("other-account.json", none.to_string());
    for (principal, verdict) in [
        ("arn:aws:iam::111122223333:role/App", "allowed"),
        ("arn:aws:sts::111122223333:assumed-role/App/x", "allowed"),
        ("arn:aws:iam::111122223333:role/Other", "denied"),
        ("arn:aws:iam::111122223333:role/None", "indeterminate"),
    ] {
        // In whichever order; another account has nothing to say.
        for files in [[&first, &second], [&second, &first]] {
            let call = [
                SONNET,
                "--region",
                "us-east-1",
                "--principal",
                principal,
                "--identity",
                files[0],
                "--identity",
                files[1],
                "--expect",
                verdict,
            ];
            simulate(&world, &call).ends(0);
        }
    }
    let unknown =
        [SONNET, "--region", "us-east-1", "--account", "111122223333", "--identity", &first];
    let run = simulate(&world, &unknown).ends(0);
    assert!(
        run.stdout.contains("the caller is not known: give it (--principal)"),
        "{}",
        run.stdout
    );
    // Many callers, each with its own policies.
    let line = |name: &str| {
        json!({"model_ref": SONNET, "region": "us-east-1", "principal_arn": format!("arn:aws:iam::111122223333:role/{name}")}).to_string()
    };
    let calls = world.write("calls.jsonl", [line("App"), line("Other"), line("App")].join("\n"));
    let run = simulate(&world, &["--calls", &calls, "--identity", &first]).ends(0);
    let verdicts = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["verdict"].clone());
    assert_eq!(verdicts.collect::<Vec<_>>(), ["allowed", "denied", "allowed"]);
}

#[test]
fn scps_that_are_switched_off_are_not_simulated() {
    let world = World::new();
    let deny = json!({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}).to_string();
    let summary = json!({"Id": "p-deny1234", "Name": "Deny", "Type": "SERVICE_CONTROL_POLICY"});
    for (features, types, expected) in [
        ("ALL", json!([{"Type": "TAG_POLICY", "Status": "ENABLED"}]), "SCPs are not switched on"),
        ("CONSOLIDATED_BILLING", json!([]), "SCPs are not switched on"),
    ] {
        for (name, value) in [
            (
                "organization.json",
                json!({"Organization": {"Id": "o-exampleorg", "MasterAccountId": "999988887777", "FeatureSet": features}}),
            ),
            (
                "roots.json",
                json!({"Roots": [{"Id": "r-ab12", "Name": "Root", "PolicyTypes": types}]}),
            ),
            (
                "accounts-r-ab12.json",
                json!({"Accounts": [{"Id": "111122223333", "Name": "Payments"}]}),
            ),
            ("policy.json", json!({"Policy": {"PolicySummary": summary, "Content": deny}})),
            ("policies-111122223333.json", json!({"Policies": [summary]})),
        ] {
            world.write(&format!("off/{name}"), value.to_string());
        }
        let path = world.text("off");
        let call = [
            SONNET,
            "--region",
            "us-east-1",
            "--principal",
            ROLE,
            "--org",
            &path,
            "--expect",
            "allowed",
        ];
        let run = simulate(&world, &call).ends(0);
        assert!(
            run.stderr.contains(expected) && run.stderr.contains("no SCP is simulated"),
            "{}",
            run.stderr
        );
        assert!(
            run.stdout.contains("SCPs are not switched on in the organization"),
            "{}",
            run.stdout
        );
        let foreign =
            [SONNET, "--region", "us-east-1", "--account", "444455556666", "--org", &path];
        let run = simulate(&world, &foreign).ends(0);
        assert!(run.stdout.starts_with("indeterminate"), "{}", run.stdout);
        assert!(
            run.stderr.contains("1 of 1 call: the account is not in the organization"),
            "{}",
            run.stderr
        );
    }
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
    let perimeter =
        json!({"Id": "p-perimeter", "Name": "Perimeter", "Type": "RESOURCE_CONTROL_POLICY"});
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
        ("rcps-r-ab12.json", json!({"Policies": [perimeter]})),
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
        "1 RCP (Perimeter) is not simulated: RCPs do not apply to Amazon Bedrock\npolicy Guardrails is of the type \
         BEDROCK_POLICY, which is not simulated: where it applies, a call needs bedrock:ApplyGuardrail on a guardrail of the \
         management account, too\n"
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
