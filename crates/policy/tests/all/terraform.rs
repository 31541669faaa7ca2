//! `terraform show -json`: plans and states, what refers to what, and what is refused.

use policy::intake::{FromFiles, terraform};
use policy::{FileProblem, Level};
use serde_json::{Value, json};

const DENY: &str = r#"{"Statement":[{"Effect":"Deny","Action":"bedrock:*","Resource":"*"}]}"#;

/// A state that attaches policies to nodes that it does not have.
fn state() -> Value {
    let attachment = |name: &str, policy: &str, target: &str| {
        json!({"address": format!("aws_organizations_policy_attachment.{name}"), "mode": "managed",
            "type": "aws_organizations_policy_attachment", "name": name,
            "values": {"policy_id": policy, "target_id": target, "id": format!("{target}:{policy}")}})
    };
    json!({
        "format_version": "1.0", "terraform_version": "1.9.5",
        "values": {"root_module": {
            "resources": [
                {"address": "aws_organizations_policy.deny", "mode": "managed", "type": "aws_organizations_policy",
                 "name": "deny", "values": {"id": "p-deny1234", "name": "Deny", "content": DENY, "type": "SERVICE_CONTROL_POLICY"}},
                {"address": "aws_organizations_policy.tags", "mode": "managed", "type": "aws_organizations_policy",
                 "name": "tags", "values": {"id": "p-tags1234", "name": "Tags", "content": "{}", "type": "TAG_POLICY"}},
                {"address": "aws_s3_bucket.x", "mode": "managed", "type": "aws_s3_bucket", "name": "x", "values": {}},
            ],
            "child_modules": [{"address": "module.attach[\"a.b\"]", "resources": [
                attachment("deny", "p-deny1234", "ou-ab12-11111111"),
                attachment("tags", "p-tags1234", "ou-ab12-11111111"),
                attachment("full", "p-FullAWSAccess", "ou-ab12-22222222"),
                attachment("account", "p-deny1234", "111122223333"),
            ]}],
        }},
    })
}

/// A plan of a policy that is not there yet, and of an attachment that only refers to it.
fn plan() -> Value {
    json!({
        "format_version": "1.2", "terraform_version": "1.9.5",
        "planned_values": {"root_module": {"resources": [
            {"address": "aws_organizations_policy.deny[0]", "mode": "managed", "type": "aws_organizations_policy",
             "name": "deny", "index": 0, "values": {"name": "Deny", "content": DENY, "type": "SERVICE_CONTROL_POLICY"}},
            {"address": "aws_organizations_policy_attachment.deny", "mode": "managed",
             "type": "aws_organizations_policy_attachment", "name": "deny", "values": {"skip_destroy": null}},
        ]}},
        "prior_state": {"format_version": "1.0", "values": {"root_module": {"resources": [
            {"address": "data.aws_organizations_organization.this", "mode": "data", "type": "aws_organizations_organization",
             "name": "this", "values": {"id": "o-exampleorg", "master_account_id": "999988887777", "feature_set": "ALL",
             "roots": [{"id": "r-ab12", "name": "Root", "policy_types": [{"type": "SERVICE_CONTROL_POLICY", "status": "ENABLED"}]}]}},
        ]}}},
        "configuration": {"root_module": {"resources": [
            {"address": "aws_organizations_policy_attachment.deny", "mode": "managed",
             "type": "aws_organizations_policy_attachment", "name": "deny", "expressions": {
                "policy_id": {"references": ["aws_organizations_policy.deny[0].id", "aws_organizations_policy.deny[0]", "aws_organizations_policy.deny"]},
                "target_id": {"references": ["data.aws_organizations_organization.this.roots[0].id", "data.aws_organizations_organization.this.roots[0]", "data.aws_organizations_organization.this.roots", "data.aws_organizations_organization.this"]},
             }},
        ]}},
    })
}

fn read(value: &Value) -> Result<FromFiles, String> {
    terraform::read("x.json", &format!("{value:#}")).map_err(|it: FileProblem| it.to_string())
}

fn names(levels: &[Level]) -> Vec<String> {
    let level = |level: &Level| {
        let names = level.policies.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join("+");
        format!("{} {names}", level.node.as_deref().unwrap())
    };
    levels.iter().map(level).collect()
}

#[test]
fn state_attaches_policies_to_nodes_of_which_it_has_the_ids_only() {
    let found = read(&state()).unwrap();
    assert_eq!(found.other_policies, [("Tags".to_owned(), "TAG_POLICY".to_owned())]);
    let scps = found.organization.scps("111122223333").unwrap();
    assert_eq!(names(&scps.levels), ["r-ab12 FullAWSAccess", "111122223333 FullAWSAccess+Deny"]);
    let elsewhere = ["ou-ab12-11111111 FullAWSAccess+Deny", "ou-ab12-22222222 FullAWSAccess"];
    assert_eq!(names(&scps.elsewhere), elsewhere);
    let mut placed = found.organization.clone();
    placed.place("ou-ab12-11111111").unwrap();
    let scps = placed.scps("444455556666").unwrap();
    assert_eq!(
        names(&scps.levels),
        ["r-ab12 FullAWSAccess", "ou-ab12-11111111 FullAWSAccess+Deny"]
    );
    // What is between the root and the unit is not known.
    assert_eq!(names(&scps.elsewhere), ["ou-ab12-22222222 FullAWSAccess"]);
    assert!(found.notes[0].starts_with("only the policies of the Terraform state are simulated"));
}

/// The organization is known, and the root; not what is between the root and the account.
#[test]
fn path_of_an_account_is_not_guessed() {
    let mut state = state();
    let organization = json!({"address": "aws_organizations_organization.this", "mode": "managed",
        "type": "aws_organizations_organization", "name": "this", "values": {"id": "o-exampleorg",
        "roots": [{"id": "r-ab12", "name": "Root"}]}});
    let unit = json!({"address": "aws_organizations_organizational_unit.known", "mode": "managed",
        "type": "aws_organizations_organizational_unit", "name": "known",
        "values": {"id": "ou-ab12-33333333", "name": "Known", "parent_id": "r-ab12"}});
    let resources = state["values"]["root_module"]["resources"].as_array_mut().unwrap();
    resources.extend([organization, unit]);
    let mut organization = read(&state).unwrap().organization;
    let path =
        |organization: &policy::Organization, account| organization.organization_path(account);
    assert_eq!(path(&organization, "111122223333"), None);
    organization.place("ou-ab12-11111111").unwrap();
    assert_eq!(path(&organization, "111122223333"), None);
    organization.place("Known").unwrap();
    let expected = Some("o-exampleorg/r-ab12/ou-ab12-33333333/".to_owned());
    assert_eq!(path(&organization, "111122223333"), expected);
    assert_eq!(path(&organization, "444455556666"), expected);
}

#[test]
fn references_say_what_a_plan_does_not_know() {
    let found = read(&plan()).unwrap();
    let scps = found.organization.scps("111122223333").unwrap();
    assert_eq!(names(&scps.elsewhere), ["r-ab12 FullAWSAccess+Deny"]);
    assert_eq!(found.organization.management_account.as_deref(), Some("999988887777"));
    assert!(found.notes[0].starts_with("only the policies of the Terraform plan are simulated"));
}

/// Another instance of the same resource.
fn second_policy(plan: &mut Value) {
    let resources = &mut plan["planned_values"]["root_module"]["resources"];
    let mut second = resources[0].clone();
    second["address"] = json!("aws_organizations_policy.deny[\"a.b\"]");
    second["values"]["name"] = json!("Second");
    resources.as_array_mut().unwrap().push(second);
}

#[test]
fn references_tell_instances_apart_by_their_index() {
    for (index, name) in [("0", "Deny"), ("\"a.b\"", "Second")] {
        let mut plan = plan();
        second_policy(&mut plan);
        let instance = format!("aws_organizations_policy.deny[{index}]");
        let expressions = "/configuration/root_module/resources/0/expressions/policy_id/references";
        *plan.pointer_mut(expressions).unwrap() =
            json!([format!("{instance}.id"), instance, "aws_organizations_policy.deny"]);
        let scps = read(&plan).unwrap().organization.scps("111122223333").unwrap();
        assert_eq!(names(&scps.elsewhere), [format!("r-ab12 FullAWSAccess+{name}")]);
    }
}

#[test]
fn organization_without_scps_has_none() {
    for (pointer, value, expected) in [
        ("/feature_set", json!("CONSOLIDATED_BILLING"), "consolidated billing only"),
        ("/roots/0/policy_types", json!([]), "SCPs are not switched on"),
        ("/enabled_policy_types", json!(["TAG_POLICY"]), "SCPs are not switched on"),
    ] {
        let mut plan = plan();
        let values =
            plan.pointer_mut("/prior_state/values/root_module/resources/0/values").unwrap();
        if pointer == "/enabled_policy_types" {
            values["enabled_policy_types"] = value;
            values["roots"][0]["policy_types"] = json!([]);
        } else {
            *values.pointer_mut(pointer).unwrap() = value;
        }
        let found = read(&plan).unwrap().organization;
        assert!(found.why_switched_off().unwrap().contains(expected), "{pointer}");
        assert!(found.scps("999988887777").unwrap().levels.is_empty());
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn output_that_is_not_whole_is_refused() {
    type Edit<'a> = &'a dyn Fn(&mut Value);
    let of_state: [(Edit<'_>, &str); 11] = [
        (&|it| it["format_version"] = json!("2.0"), "expected 1.…, found `2.0`"),
        (
            &|it| it["values"] = json!(null),
            "expected planned_values (of a plan) or values (of a state), found neither",
        ),
        (
            &|it| it["values"]["root_module"]["resources"] = json!([]),
            "expected a resource aws_organizations_policy, found none",
        ),
        (
            &|it| it["errored"] = json!(true),
            "expected a plan that is whole, found one that ended with an error",
        ),
        (
            &|it| it["values"]["root_module"]["resources"][0]["values"]["content"] = json!(null),
            "expected content of aws_organizations_policy.deny, found none",
        ),
        (
            &|it| {
                it["values"]["root_module"]["resources"][0]["values"]["content"] =
                    json!("{\n\"Statement\": 1}");
            },
            "values.root_module.resources[0].values.content, line 2, column 14: Statement: expected a statement (an object), found the number 1",
        ),
        (
            &|it| it["values"]["root_module"]["resources"][0]["values"]["content"] = json!({}),
            "values.content: expected a text, found an empty object",
        ),
        (
            &|it| {
                it["values"]["root_module"]["child_modules"][0]["resources"][0]["values"]["policy_id"] =
                    json!("p-none1234");
            },
            "child_modules[0].resources[0].values.policy_id: expected aws_organizations_policy_attachment.deny: a policy of the file, found p-none1234",
        ),
        (
            &|it| {
                it["values"]["root_module"]["child_modules"][0]["resources"][0]["values"]["target_id"] =
                    json!("Workloads");
            },
            "values.target_id: expected r-…, ou-…, or an account ID, found `Workloads`",
        ),
        (
            &|it| {
                it["values"]["root_module"]["child_modules"][0]["resources"][0]["values"]["target_id"] =
                    json!(null);
            },
            "expected target_id of aws_organizations_policy_attachment.deny, found none",
        ),
        (
            &|it| it["values"]["root_module"]["resources"][0]["type"] = json!(1),
            "resources[0].type: expected a text, found the number 1",
        ),
    ];
    let expressions = "/configuration/root_module/resources/0/expressions";
    let references = |it: &mut Value, argument: &str, references: Value| {
        it.pointer_mut(expressions).unwrap()[argument]["references"] = references;
    };
    let unknown = "a value that is known only after it is applied";
    let of_plan: [(Edit<'_>, String); 6] = [
        (
            &|it| {
                it["planned_values"]["root_module"]["resources"][0]["values"]["content"] =
                    json!(null);
            },
            format!("expected content of aws_organizations_policy.deny[0], found {unknown}"),
        ),
        (
            &|it| references(it, "policy_id", json!(["local.policies", "each.key"])),
            format!(
                "expected policy_id of aws_organizations_policy_attachment.deny, found {unknown}"
            ),
        ),
        (
            &|it| {
                references(
                    it,
                    "policy_id",
                    json!([
                        "aws_organizations_policy.deny.id",
                        "aws_organizations_policy.deny",
                        "aws_organizations_policy.other"
                    ]),
                );
            },
            format!(
                "expected policy_id of aws_organizations_policy_attachment.deny, found {unknown}"
            ),
        ),
        // A part of a policy other than its ID.
        (
            &|it| {
                references(
                    it,
                    "policy_id",
                    json!(["aws_organizations_policy.deny.name", "aws_organizations_policy.deny"]),
                );
            },
            format!(
                "expected policy_id of aws_organizations_policy_attachment.deny, found {unknown}"
            ),
        ),
        (
            &|it| references(it, "target_id", json!(["var.target"])),
            format!(
                "expected target_id of aws_organizations_policy_attachment.deny, found {unknown}"
            ),
        ),
        // Two of them, and no way to know which.
        (
            &|it| {
                second_policy(it);
                let of = ["aws_organizations_policy.deny.id", "aws_organizations_policy.deny"];
                references(it, "policy_id", json!(of));
            },
            format!(
                "expected policy_id of aws_organizations_policy_attachment.deny, found {unknown}"
            ),
        ),
    ];
    let of_plan = of_plan.iter().map(|(edit, expected)| (plan(), *edit, expected.as_str()));
    let of_state = of_state.iter().map(|(edit, expected)| (state(), *edit, *expected));
    for (mut value, edit, expected) in of_state.chain(of_plan) {
        edit(&mut value);
        let found = read(&value).unwrap_err();
        assert!(
            found.starts_with("x.json: line ") && found.contains(expected),
            "{expected}\n{found}"
        );
    }
    let mut pending = plan();
    let status = "/prior_state/values/root_module/resources/0/values/roots/0/policy_types/0/status";
    *pending.pointer_mut(status).unwrap() = json!("PENDING_DISABLE");
    let found = read(&pending).unwrap_err();
    assert!(
        found.contains("policy_types[0].status: expected ENABLED: the output of a moment later"),
        "{found}"
    );
    // Positions are those of the file.
    let mut state = state();
    state["values"]["root_module"]["resources"][0]["values"]["content"] = json!("{}");
    let text = format!("{state:#}");
    let line = text.lines().position(|line| line.contains("\"content\": \"{}\"")).unwrap() + 1;
    assert!(read(&state).unwrap_err().starts_with(&format!("x.json: line {line}, column 24: ")));
}

#[test]
fn nodes_that_are_no_tree_are_refused() {
    let unit = |name: &str, parent: &str| {
        json!({"address": format!("aws_organizations_organizational_unit.{name}"), "mode": "managed", "name": name,
            "type": "aws_organizations_organizational_unit", "values": {"id": format!("ou-ab12-{name}"), "name": name, "parent_id": parent}})
    };
    for (units, expected) in [
        (
            vec![unit("a", "ou-ab12-b"), unit("b", "ou-ab12-a")],
            "expected nodes that end at a root, found a cycle",
        ),
        (
            vec![unit("a", "r-ab12"), unit("a", "ou-ab12-11111111")],
            "expected ou-ab12-a below r-ab12, as before, found it below ou-ab12-11111111",
        ),
        (
            vec![unit("a", "111122223333")],
            "expected a root or an organizational unit as parent, found the account 111122223333",
        ),
    ] {
        let mut state = state();
        state["values"]["root_module"]["resources"].as_array_mut().unwrap().extend(units);
        let found = read(&state).unwrap_err();
        assert!(
            found.starts_with("x.json: line ") && found.contains(expected),
            "{expected}\n{found}"
        );
    }
}

#[test]
fn form_is_told_by_its_members() {
    assert!(
        terraform::is_output(&state().to_string()) && terraform::is_output(&plan().to_string())
    );
    assert!(!terraform::is_output(DENY) && !terraform::is_output("terraform_version"));
}
