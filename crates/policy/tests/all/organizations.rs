//! Organizations: their forms, what is wrong with them, and what follows from them for a caller.

use std::collections::BTreeMap;
use std::sync::Arc;

use bedrock::{Aliases, Catalog, Regions};
use policy::intake::aws_cli;
use policy::intake::own::{OwnOrganization, is_own};
use policy::{
    Call, Caller, KeyState, Knowledge, Levels, Operation, Organization, Policy, Principal, Verdict,
    simulate,
};
use serde_json::{Value, json};

use crate::world::{FULL_ACCESS, level, scp};

const UNIT: &str = "ou-ab12-11111111";

fn own() -> Value {
    json!({
        "organization_id": "o-exampleorg", "management_account": "999988887777",
        "nodes": [
            {"id": "r-ab12", "parent": null, "policies": ["full.json"]},
            {"id": UNIT, "name": "Workloads", "parent": "r-ab12", "policies": ["full.json", "deny.json"]},
        ],
        "accounts": [
            {"id": "111122223333", "name": "Payments", "parent": UNIT, "policies": ["full.json"]},
            {"id": "999988887777", "parent": "r-ab12", "policies": []},
        ],
    })
}

fn policies() -> BTreeMap<String, Arc<Policy>> {
    let deny = r#"{"Statement":{"Effect":"Deny","Action":"bedrock:*","Resource":"*"}}"#;
    [("full.json", FULL_ACCESS), ("deny.json", deny)]
        .map(|(name, text)| (name.to_owned(), scp(name, text)))
        .into()
}

fn read(own: &Value) -> Result<Organization, String> {
    let text = serde_json::to_string_pretty(own).unwrap();
    let own = OwnOrganization::read(&text).map_err(|it| it.to_string())?;
    own.with_policies(&policies()).map_err(|it| it.to_string())
}

/// The nodes above an account with their policies.
fn levels(organization: &Organization, account: &str) -> Vec<String> {
    let levels = organization.levels(account).unwrap();
    let level = |level: &policy::Level| {
        let names = level.policies.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join("+");
        format!("{} {names}", level.node.as_deref().unwrap())
    };
    levels.iter().map(level).collect()
}

#[test]
fn levels_and_path_of_an_account_come_from_its_nodes() {
    let organization = read(&own()).unwrap();
    let expected =
        ["r-ab12 full.json", "ou-ab12-11111111 full.json+deny.json", "111122223333 full.json"];
    assert_eq!(levels(&organization, "111122223333"), expected);
    let path = organization.organization_path("111122223333");
    assert_eq!(path.as_deref(), Some("o-exampleorg/r-ab12/ou-ab12-11111111/"));
    assert_eq!(organization.levels("444455556666").map(|it| it.len()), None);
    assert!(organization.has_account("111122223333") && !organization.has_account("444455556666"));
    // A unit is no account.
    assert!(!organization.has_account(UNIT));
    assert_eq!(organization.levels(UNIT).map(|it| it.len()), None);
    assert_eq!(organization.accounts().collect::<Vec<_>>(), ["111122223333", "999988887777"]);
}

#[test]
fn organization_that_is_no_tree_is_not_read() {
    let edited = |edit: &dyn Fn(&mut Value)| {
        let mut own = own();
        edit(&mut own);
        read(&own).unwrap_err()
    };
    for (edit, expected) in [
        (
            &(|own: &mut Value| own["nodes"][0]["parent"] = json!(UNIT)) as &dyn Fn(&mut Value),
            "organization: expected a root: a node without a parent, found none",
        ),
        (
            &|own: &mut Value| own["nodes"][1]["parent"] = json!(null),
            "r-ab12: expected one root, which is ou-ab12-11111111, found a second node without a parent",
        ),
        (
            &|own: &mut Value| own["nodes"][1]["parent"] = json!(UNIT),
            "expected nodes that end at a root, found a cycle",
        ),
        (
            &|own: &mut Value| own["accounts"][0]["parent"] = json!("ou-none"),
            "111122223333: expected a parent among the nodes, found ou-none, which is not there",
        ),
        (
            &|own: &mut Value| own["accounts"][0]["parent"] = json!("999988887777"),
            "found the account 999988887777",
        ),
        (
            &|own: &mut Value| own["accounts"][1]["id"] = json!("111122223333"),
            "111122223333: expected each node once, found it twice",
        ),
        (
            &|own: &mut Value| own["accounts"][0]["policies"] = json!(["none.json"]),
            "111122223333: expected a policy that was read, found none.json",
        ),
        (
            &|own: &mut Value| own["accounts"][0]["policies"] = json!(vec!["full.json"; 11]),
            "111122223333: expected at most 10 SCPs, as many as AWS attaches, found 11",
        ),
        (
            &|own: &mut Value| own["accounts"][0]["id"] = json!("1111"),
            "accounts[0].id: expected an account ID (a text of 12 digits), found `1111`",
        ),
        (
            &|own: &mut Value| own["accounts"][0]["parent"] = json!(null),
            "accounts[0].parent: expected the ID of a node, found null",
        ),
        (
            &|own: &mut Value| own["accounts"][0]["policy"] = json!([]),
            "accounts[0]: expected id, name, parent, or policies, found `policy`",
        ),
        (
            &|own: &mut Value| own["management_account"] = json!("x"),
            "management_account: expected an account ID (a text of 12 digits) or null, found `x`",
        ),
        (
            &|own: &mut Value| own["nodes"] = json!({}),
            "nodes: expected a list, found an empty object",
        ),
        (
            &|own: &mut Value| own["roots"] = json!([]),
            "expected organization_id, management_account, nodes, accounts, found `roots`",
        ),
    ] {
        let found = edited(edit);
        assert!(found.starts_with("line ") && found.ends_with(expected), "{expected}: {found}");
    }
    // The line is that of the node.
    let found = edited(&|own| own["accounts"][0]["parent"] = json!("ou-none"));
    assert!(found.starts_with("line 3, "), "{found}");
    let mut units = own();
    for depth in 0..6 {
        let parent = if depth == 0 { UNIT.to_owned() } else { format!("ou-ab12-depth{depth}") };
        let node =
            json!({"id": format!("ou-ab12-depth{}", depth + 1), "parent": parent, "policies": []});
        units["nodes"].as_array_mut().unwrap().push(node);
    }
    assert!(
        read(&units)
            .unwrap_err()
            .ends_with("expected at most 5 organizational units below each other, found 6")
    );
}

#[test]
fn changes_name_nodes_and_policies_that_are_there() {
    let mut organization = read(&own()).unwrap();
    let numbered = |n: u32| {
        let name = if n == 0 { "new.json".to_owned() } else { format!("new-{n}.json") };
        let text = format!(
            r#"{{"Statement":{{"Sid":"N{n}","Effect":"Allow","Action":"*","Resource":"*"}}}}"#
        );
        scp(&name, &text)
    };
    let new = || numbered(0);
    organization.attach("111122223333", new()).unwrap();
    organization.replace(UNIT, "deny.json", new()).unwrap();
    organization.detach("r-ab12", "full.json").unwrap();
    let expected =
        ["r-ab12 ", "ou-ab12-11111111 full.json+new.json", "111122223333 full.json+new.json"];
    assert_eq!(levels(&organization, "111122223333"), expected);
    for (found, expected) in [
        (
            organization.attach("ou-none", new()),
            "ou-none: expected the ID of a node, found none of the organization",
        ),
        (
            organization.detach(UNIT, "x"),
            "ou-ab12-11111111: expected one of its policies (full.json, new.json), found `x`",
        ),
        // By its ID, and by what it says.
        (
            organization.attach("111122223333", new()),
            "111122223333: expected a policy that it does not have yet, found new.json, which is attached as new.json",
        ),
        (
            organization.attach("111122223333", scp("other.json", FULL_ACCESS)),
            "111122223333: expected a policy that it does not have yet, found other.json, which is attached as full.json",
        ),
        (
            organization.replace("r-ab12", "full.json", new()),
            "r-ab12: expected one of its policies (), found `full.json`",
        ),
    ] {
        assert_eq!(found.unwrap_err().to_string(), expected);
    }
    for n in 1..=8 {
        organization.attach(UNIT, numbered(n)).unwrap();
    }
    assert!(organization.attach(UNIT, numbered(9)).unwrap_err().to_string().ends_with("found 11"));
}

#[test]
fn form_is_told_by_its_members() {
    assert!(is_own(&own().to_string()));
    assert!(!is_own(FULL_ACCESS));
    assert!(!is_own("nodes"));
}

/// What the AWS CLI prints for the same organization.
fn outputs() -> Vec<(String, Value)> {
    let summary = |id: &str, name: &str| json!({"Id": id, "Arn": "arn:x", "Name": name, "Description": "", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": false});
    let deny = "{\n\"Version\":\"2012-10-17\",\n\"Statement\":[{\"Sid\":\"No\",\"Effect\":\"Deny\",\"Action\":\"bedrock:*\",\"Resource\":\"*\"}]}";
    let full = summary("p-FullAWSAccess", "FullAWSAccess");
    let denying = summary("p-examplepol", "NoBedrock");
    let all = [
        (
            "describe-organization.json",
            json!({"Organization": {"Id": "o-exampleorg", "MasterAccountId": "999988887777", "FeatureSet": "ALL"}}),
        ),
        (
            "list-roots.json",
            json!({"Roots": [{"Id": "r-ab12", "Arn": "arn:x", "Name": "Root", "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]}]}),
        ),
        (
            "list-organizational-units-for-parent-r-ab12.json",
            json!({"OrganizationalUnits": [{"Id": UNIT, "Arn": "arn:x", "Name": "Workloads"}]}),
        ),
        (
            "list-accounts-for-parent_ou-ab12-11111111.json",
            json!({"Accounts": [{"Id": "111122223333", "Name": "Payments", "Email": "a@example.com"}]}),
        ),
        (
            "list-accounts-for-parent-r-ab12.json",
            json!({"Accounts": [{"Id": "999988887777", "Name": "Management"}]}),
        ),
        (
            "policies/describe-policy-1.json",
            json!({"Policy": {"PolicySummary": full, "Content": FULL_ACCESS}}),
        ),
        (
            "policies/describe-policy-2.json",
            json!({"Policy": {"PolicySummary": denying, "Content": deny}}),
        ),
        ("list-policies-for-target-r-ab12.json", json!({"Policies": [full]})),
        ("list-policies-for-target-ou-ab12-11111111.json", json!({"Policies": [full, denying]})),
        ("111122223333/list-policies-for-target.json", json!({"Policies": [full]})),
        ("list-policies-for-target-999988887777.json", json!({"Policies": []})),
        ("list-accounts.json", json!({"Accounts": [{"Id": "111122223333", "Name": "Payments"}]})),
        ("list-policies.json", json!({"Policies": [full, denying]})),
    ];
    all.map(|(name, value)| (name.to_owned(), value)).into()
}

fn of_outputs(outputs: &[(String, Value)]) -> Result<policy::intake::FromFiles, String> {
    let texts =
        outputs.iter().map(|(name, value)| (name.clone(), value.to_string())).collect::<Vec<_>>();
    aws_cli::read(&texts).map_err(|it| it.to_string())
}

#[test]
fn folder_of_outputs_is_the_same_organization() {
    let found = of_outputs(&outputs()).unwrap();
    let expected = [
        "r-ab12 FullAWSAccess",
        "ou-ab12-11111111 FullAWSAccess+NoBedrock",
        "111122223333 FullAWSAccess",
    ];
    let sorted = |account: &str| {
        let mut lines = levels(&found.organization, account);
        lines[1] = lines[1].replace("NoBedrock+FullAWSAccess", "FullAWSAccess+NoBedrock");
        lines
    };
    assert_eq!(sorted("111122223333"), expected);
    assert_eq!(found.organization.management_account.as_deref(), Some("999988887777"));
    assert_eq!(
        found.organization.organization_path("111122223333").as_deref(),
        Some("o-exampleorg/r-ab12/ou-ab12-11111111/")
    );
    let deny = &found.organization.levels("111122223333").unwrap()[1].policies;
    let deny = deny.iter().find(|it| it.name == "NoBedrock").unwrap();
    assert_eq!((deny.id.as_str(), deny.document.statements[0].position.line), ("p-examplepol", 3));
}

#[test]
fn targets_of_every_policy_are_as_good_as_policies_of_every_target() {
    let mut outputs = outputs();
    outputs.retain(|(name, _)| !name.contains("for-target"));
    let target = |id: &str| json!({"TargetId": id, "Arn": "arn:x", "Name": "x", "Type": "ACCOUNT"});
    outputs.push((
        "list-targets-for-policy-p-FullAWSAccess.json".into(),
        json!({"Targets": [target("r-ab12"), target(UNIT), target("111122223333")]}),
    ));
    let neither = of_outputs(&outputs).unwrap_err();
    assert!(neither.contains("expected list-policies-for-target of 111122223333"), "{neither}");
    outputs.push((
        "list-targets-for-policy-p-examplepol.json".into(),
        json!({"Targets": [target(UNIT)]}),
    ));
    let found = of_outputs(&outputs).unwrap().organization;
    assert_eq!(levels(&found, "111122223333").len(), 3);
    assert!(levels(&found, "111122223333")[1].contains("NoBedrock"));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn folder_that_lacks_something_or_has_something_else_is_not_read() {
    type Edit<'a> = &'a dyn Fn(&mut Vec<(String, Value)>);
    let rename = |from: &'static str, to: &'static str| {
        move |outputs: &mut Vec<(String, Value)>| {
            let found = outputs.iter_mut().find(|(name, _)| name == from).unwrap();
            found.0 = to.to_owned();
        }
    };
    let without = |name: &'static str| {
        move |outputs: &mut Vec<(String, Value)>| outputs.retain(|it| it.0 != name)
    };
    let with = |name: &'static str, value: Value| {
        move |outputs: &mut Vec<(String, Value)>| outputs.push((name.to_owned(), value.clone()))
    };
    let root =
        |types: Value| json!({"Roots": [{"Id": "r-ab12", "Name": "Root", "PolicyTypes": types}]});
    let rows: [(Edit<'_>, &str); 17] = [
        (
            &with(
                "list-accounts-for-parent-r-ab12.json",
                json!({"Accounts": [{"Id": "999988887777"}, {"Id": "999988887777"}]}),
            ),
            "list-accounts-for-parent-r-ab12.json: line 1, column 42: Accounts[1].Id: expected each child once, found 999988887777 again",
        ),
        (
            &with("list-accounts-for-parent-r-ab12-2.json", json!({"Accounts": [{"Id": "1111"}]})),
            "Accounts[0].Id: expected the ID of an organizational unit or an account, found `1111`",
        ),
        (
            &with(
                "list-organizational-units-for-parent-ou-ab12-11111111.json",
                json!({"OrganizationalUnits": [{"Id": "ou-ab12-11111111"}]}),
            ),
            "OrganizationalUnits[0].Id: expected ou-ab12-11111111 below r-ab12, as in list-organizational-units-for-parent-r-ab12.json, found it below ou-ab12-11111111",
        ),
        (
            &with(
                "organization.json",
                json!({"Organization": {"Id": "o-other", "MasterAccountId": "999988887777"}}),
            ),
            "organization.json: line 1, column 23: Organization.Id: expected o-exampleorg, as in another file, found o-other",
        ),
        (
            &with(
                "roots.json",
                root(json!([{"Type": "SERVICE_CONTROL_POLICY", "Status": "PENDING_ENABLE"}])),
            ),
            "Roots[0].PolicyTypes[0].Status: expected ENABLED: the list of a moment later, found `PENDING_ENABLE`",
        ),
        (&without("list-roots.json"), "expected the output of list-roots, found none"),
        (
            &rename("list-policies-for-target-r-ab12.json", "list-policies-for-target.json"),
            "list-policies-for-target.json: line 1, column 1: expected the ID of the target in the name of the file, found none",
        ),
        (
            &rename(
                "list-policies-for-target-r-ab12.json",
                "for-target-r-ab12-and-111122223333.json",
            ),
            "expected the ID of the target in the name of the file, found 111122223333 and r-ab12",
        ),
        (
            &without("list-policies-for-target-r-ab12.json"),
            "expected list-policies-for-target of r-ab12, with r-ab12 in the name of the file, or list-targets-for-policy of every policy, found neither",
        ),
        (
            &without("policies/describe-policy-2.json"),
            "expected describe-policy of p-examplepol, which is attached to ou-ab12-11111111, found none in the folder",
        ),
        (
            &without("list-organizational-units-for-parent-r-ab12.json"),
            "expected policies of nodes that are listed, found one of ou-ab12-11111111",
        ),
        (
            &without("list-accounts-for-parent_ou-ab12-11111111.json"),
            "expected list-parents, or another list with its parent, of every node, found none with 111122223333 in it",
        ),
        (
            &with(
                "list-parents-111122223333.json",
                json!({"Parents": [{"Id": "r-ab12", "Type": "ROOT"}]}),
            ),
            "expected 111122223333 below ou-ab12-11111111, as in list-accounts-for-parent_ou-ab12-11111111.json, found it below r-ab12",
        ),
        (
            &with("list-roots-2.json", json!({"Roots": [], "NextToken": "x"})),
            "expected the whole list, found a page with NextToken after it",
        ),
        (
            &with("x.json", json!({"Buckets": []})),
            "Accounts, Parents, Policy, Policies, or Targets, found none of these",
        ),
        (
            &with("y.json", json!([])),
            "y.json: line 1, column 1: expected the output of an `aws organizations` command",
        ),
        (
            &with(
                "p.json",
                json!({"Policy": {"PolicySummary": {"Id": "p-12345678", "Name": "x", "Type": "SERVICE_CONTROL_POLICY"}, "Content": "{}"}}),
            ),
            "p.json: line 1, column 22: Policy.Content, line 1, column 1: expected a policy document with Statement, found an empty object",
        ),
    ];
    for (edit, expected) in rows {
        let mut outputs = outputs();
        edit(&mut outputs);
        let found = of_outputs(&outputs).unwrap_err();
        assert!(found.contains(expected), "{expected}\n{found}");
    }
}

#[test]
fn policies_of_other_types_are_named_and_not_used() {
    let mut outputs = outputs();
    let other = json!({"Id": "p-bedrockpol", "Name": "Guardrails", "Type": "BEDROCK_POLICY"});
    outputs.push((
        "describe-policy-3.json".into(),
        json!({"Policy": {"PolicySummary": other, "Content": "{\"any\": 1}"}}),
    ));
    let full = json!({"Id": "p-RCPFullAWSAccess", "Name": "RCPFullAWSAccess", "Type": "RESOURCE_CONTROL_POLICY"});
    outputs.push(("rcps-of-r-ab12.json".into(), json!({"Policies": [full]})));
    let found = of_outputs(&outputs).unwrap();
    assert_eq!(found.other_policies, [("Guardrails".to_owned(), "BEDROCK_POLICY".to_owned())]);
}

/// The verdict of one call under one Deny with a condition.
fn verdict(condition: &str, principal: Option<&str>, given: &[(String, KeyState)]) -> Verdict {
    let deny = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Action":"*","Resource":"*","Condition":{condition}}}}}"#
    );
    let levels = Levels::new(vec![level("r", &[FULL_ACCESS, &deny])]);
    let (catalog, regions, aliases) =
        (Catalog::embedded(), Regions::embedded(), Aliases::default());
    let principal = principal.map(|arn| Principal::parse(arn).unwrap());
    let (operation, account) = (Operation::find("Converse").unwrap(), "111122223333");
    let (model_ref, region) = ("amazon.nova-pro-v1:0", "us-east-1");
    let call = Call { operation, model_ref, region, account, has_api_key: Some(true) };
    let caller = Caller {
        account,
        principal: principal.as_ref(),
        organization_id: Some("o-exampleorg"),
        organization_path: Some("o-exampleorg/r-ab12/ou-ab12-11111111/"),
        given,
    };
    let knowledge = Knowledge { catalog: &catalog, regions: &regions, aliases: &aliases };
    simulate(call, caller, &levels, knowledge).unwrap().verdict
}

#[test]
fn keys_follow_from_the_caller_and_the_organization() {
    use Verdict::{Allowed, Denied, Indeterminate};
    let role = Some("arn:aws:iam::111122223333:role/team/App");
    let session = Some("arn:aws:sts::111122223333:assumed-role/App/x");
    let user = Some("arn:aws:iam::111122223333:user/ann");
    let sso =
        Some("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/ann");
    for (condition, principal, expected) in [
        (r#"{"StringEquals":{"aws:PrincipalOrgID":"o-exampleorg"}}"#, None, Denied),
        (r#"{"StringNotEquals":{"aws:PrincipalOrgID":"o-exampleorg"}}"#, None, Allowed),
        (
            r#"{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-exampleorg/*/ou-ab12-11111111/*"}}"#,
            None,
            Denied,
        ),
        (r#"{"StringEquals":{"aws:PrincipalAccount":"111122223333"}}"#, None, Denied),
        (r#"{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/Admin"}}"#, role, Denied),
        (r#"{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*App"}}"#, role, Allowed),
        (r#"{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/Admin"}}"#, None, Indeterminate),
        // The ARN of a session lacks the path of its role, and has its name.
        (r#"{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/Admin"}}"#, session, Denied),
        (r#"{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*App"}}"#, session, Allowed),
        (
            r#"{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/App"}}"#,
            session,
            Indeterminate,
        ),
        // A session of a permission set, whose role is below one path, with or without a Region.
        (
            r#"{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*"}}"#,
            sso,
            Allowed,
        ),
        (
            r#"{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/AWSReservedSSO_Admin_0123456789abcdef"}}"#,
            sso,
            Denied,
        ),
        (
            r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/eu-west-1/*"}}"#,
            sso,
            Indeterminate,
        ),
        // Others may have such a name without the number at its end.
        (
            r#"{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*"}}"#,
            Some("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_team/x"),
            Indeterminate,
        ),
        (
            r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/aws-service-role/*"}}"#,
            Some("arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForX/x"),
            Denied,
        ),
        (r#"{"StringEquals":{"aws:PrincipalType":"AssumedRole"}}"#, session, Denied),
        (r#"{"Null":{"aws:username":"true"}}"#, role, Denied),
        (r#"{"StringEquals":{"aws:username":"ann"}}"#, user, Denied),
        (r#"{"Null":{"aws:TokenIssueTime":"true"}}"#, role, Allowed),
        (r#"{"Null":{"aws:TokenIssueTime":"true"}}"#, user, Indeterminate),
        (r#"{"StringEquals":{"aws:PrincipalTag/team":"x"}}"#, role, Indeterminate),
        (r#"{"Bool":{"aws:PrincipalIsAWSService":"true"}}"#, role, Allowed),
        (r#"{"DateGreaterThan":{"aws:CurrentTime":"2026-01-01"}}"#, role, Indeterminate),
        // Keys that an action does not have are absent from its requests: here from the one for the API key.
        (r#"{"StringEquals":{"bedrock:ServiceTier":"flex"}}"#, role, Indeterminate),
        (r#"{"StringNotEquals":{"bedrock:ServiceTier":"flex"}}"#, role, Denied),
        (r#"{"StringEquals":{"bedrock:bearerTokenType":"LONG_TERM"}}"#, role, Indeterminate),
        (r#"{"Null":{"bedrock:BearerTokenType":"false"}}"#, role, Denied),
        (r#"{"StringEquals":{"ec2:Owner":"amazon"}}"#, role, Indeterminate),
    ] {
        assert_eq!(verdict(condition, principal, &[]), expected, "{condition} {principal:?}");
    }
}

#[test]
fn given_keys_beat_implied_ones() {
    let of = |state: KeyState| {
        let given = [("AWS:RequestedRegion".to_owned(), state)];
        verdict(r#"{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}"#, None, &given)
    };
    assert_eq!(of(KeyState::value("us-east-1")), Verdict::Denied);
    assert_eq!(of(KeyState::value("eu-west-1")), Verdict::Allowed);
    assert_eq!(of(KeyState::Absent), Verdict::Allowed);
    assert_eq!(of(KeyState::Present), Verdict::Indeterminate);
}

#[test]
fn callers_are_told_apart_by_their_arns() {
    let of =
        |arn: &str| Principal::parse(arn).map(|it| (it.account.clone(), it.is_service_linked()));
    for (arn, is_linked) in [
        ("arn:aws:iam::111122223333:role/App", false),
        (
            "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
            true,
        ),
        ("arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForX/s", true),
        ("arn:aws:sts::111122223333:assumed-role/XAWSServiceRoleForX/s", false),
        ("arn:aws:sts::111122223333:assumed-role/App/AWSServiceRoleForX", false),
        ("arn:aws:iam::111122223333:role/x/aws-service-role/App", false),
        ("arn:aws-us-gov:iam::111122223333:user/AWSServiceRoleForX", false),
        ("arn:aws:iam::111122223333:root", false),
        ("arn:aws:sts::111122223333:federated-user/x", false),
    ] {
        assert_eq!(of(arn), Some(("111122223333".to_owned(), is_linked)), "{arn}");
    }
    for arn in [
        "App",
        "arn:aws:iam::1:role/App",
        "arn:aws:s3:::bucket/x",
        "arn:aws:iam::111122223333:role/",
        "arn:aws:iam::111122223333:group/x",
    ] {
        assert_eq!(of(arn), None, "{arn}");
    }
}
