//! Folders of iam-collect: the organization, policies of roles and users, and what is refused.

use std::collections::BTreeMap;

use policy::intake::{FromFiles, iam_collect};
use policy::{FileProblem, Principal};
use serde_json::json;

use crate::forms::{Account, Unit, World, in_folder, unit_id};
use crate::identities::{Found, of_identity};
use crate::world::FULL_ACCESS;

const BASE: &str = "data/aws/aws/organizations/o-exampleorg";
const IAM: &str = "aws/aws/accounts/111122223333/iam";

fn world() -> World {
    World {
        policies: vec![
            r#"{"Statement":[{"Effect":"Deny","Action":"bedrock:*","Resource":"*"}]}"#.to_owned(),
        ],
        of_root: vec![],
        units: vec![
            Unit { parent: None, policies: vec![0] },
            Unit { parent: Some(0), policies: vec![] },
        ],
        accounts: vec![Account { unit: Some(1), policies: vec![] }],
    }
}

fn read(files: &BTreeMap<String, String>) -> Result<FromFiles, String> {
    in_folder(files, iam_collect::read).map_err(|it: FileProblem| it.to_string())
}

#[test]
fn names_and_other_policies_are_read() {
    let mut files = world().as_iam_collect();
    files.insert(
        format!("{BASE}/ous/{}/metadata.json", unit_id(0)),
        json!({"arn": "arn:x", "name": "Workloads"}).to_string(),
    );
    let ous = files[&format!("{BASE}/ous.json")].replacen(
        "\"rcps\":[]",
        r#""rcps":["arn:aws:organizations::aws:policy/resource_control_policy/p-RCPFullAWSAccess","arn:aws:organizations::999988887777:policy/o-exampleorg/resource_control_policy/p-perimeter"]"#,
        1,
    );
    files.insert(format!("{BASE}/ous.json"), ous);
    files.insert(
        format!("{BASE}/rcps/p-rcpfullawsaccess/metadata.json"),
        json!({"name": "RCPFullAWSAccess"}).to_string(),
    );
    files.insert(
        format!("{BASE}/rcps/p-perimeter/metadata.json"),
        json!({"name": "Perimeter"}).to_string(),
    );
    let found = read(&files).unwrap();
    assert_eq!(
        found.other_policies,
        [("Perimeter".to_owned(), "RESOURCE_CONTROL_POLICY".to_owned())]
    );
    let levels = found.organization.levels("111122223300").unwrap();
    let deny = &levels[1].policies[1];
    assert_eq!((deny.id.as_str(), deny.name.as_str()), ("p-Policy0000", "p-Policy0000"));
    assert_eq!(deny.file, format!("{BASE}/scps/p-policy0000/policy.json"));
    assert!(!found.organization.is_partial());
    assert_eq!(found.organization.levels("444455556666").map(|it| it.len()), None);
}

#[test]
fn scps_that_are_switched_off_do_not_apply() {
    let mut files = world().as_iam_collect();
    let metadata = files[&format!("{BASE}/metadata.json")].replace("true", "false");
    files.insert(format!("{BASE}/metadata.json"), metadata);
    let found = read(&files).unwrap().organization;
    assert!(found.why_switched_off().unwrap().starts_with("SCPs are not switched on"));
    assert!(found.scps("111122223300").unwrap().levels.is_empty());
    assert!(found.scps("444455556666").is_none());
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn folder_that_is_not_whole_is_refused() {
    let rows = [
        (
            "metadata.json",
            "rootAccountId",
            "account",
            "metadata.json: line 1, column 1: expected rootAccountId, found none",
        ),
        (
            "metadata.json",
            "999988887777",
            "9999",
            "rootAccountId: expected an account ID (12 digits), found `9999`",
        ),
        (
            "ous.json",
            "ou-ab12-00000000\",\"rcps",
            "ou-none\",\"rcps",
            "ou-ab12-00000001: expected a parent among the nodes, found ou-none, which is not there",
        ),
        (
            "ous.json",
            "\"parent\":\"r-ab12\"",
            "\"parent\":\"ou-ab12-00000001\"",
            "expected nodes that end at a root, found a cycle",
        ),
        (
            "ous.json",
            "\"parent\":\"r-ab12\",",
            "",
            "ous.json: line 1, column 21: ou-ab12-00000000: expected r-…, or ou-… with its parent, found ou-ab12-00000000",
        ),
        (
            "ous.json",
            "p-Policy0000",
            "p-None0000",
            "ou-ab12-00000000.scps[1]: expected the policy in data/aws/aws/organizations/o-exampleorg/scps/p-none0000/policy.json, found no such file",
        ),
        ("ous.json", "\"scps\":[", "\"scps\":[1,", ".scps[0]: expected a text, found the number 1"),
        (
            "accounts.json",
            "\"ou\":",
            "\"parent\":",
            "accounts.json: line 1, column 17: 111122223300: expected an account with its ou, found 111122223300",
        ),
        (
            "accounts.json",
            "{\"111122223300\"",
            "{\"999988887777\":1,\"111122223300\"",
            "accounts.json: line 1, column 169: expected each member once, found a second `999988887777`",
        ),
        (
            "accounts.json",
            "ou-ab12-00000001",
            "ou-ab12-00000002",
            "111122223300: expected a parent among the nodes, found ou-ab12-00000002",
        ),
        (
            "scps/p-policy0000/policy.json",
            "Deny",
            "deny",
            "policy.json: line 1, column 25: Statement[0].Effect: expected Allow or Deny, found `deny`",
        ),
    ];
    for (file, from, to, expected) in rows {
        let mut files = world().as_iam_collect();
        let text = files.get_mut(&format!("{BASE}/{file}")).unwrap();
        assert!(text.contains(from), "{from}: {text}");
        *text = text.replacen(from, to, 1);
        let found = read(&files).unwrap_err();
        assert!(found.contains(expected), "{expected}\n{found}");
    }
    let mut files = world().as_iam_collect();
    files.remove(&format!("{BASE}/metadata.json"));
    assert_eq!(
        read(&files).unwrap_err(),
        format!("the folder: expected {BASE}/metadata.json, found none")
    );
    files.insert("data/aws/aws/organizations/o-other/ous.json".to_owned(), "{}".to_owned());
    let found = read(&files).unwrap_err();
    assert!(
        found.starts_with(
            "the folder: expected one organization: give the folder of one of them, found"
        ),
        "{found}"
    );
}

fn identities() -> BTreeMap<String, String> {
    let inline = |name: &str| json!([{"PolicyName": name, "PolicyDocument": serde_json::from_str::<serde_json::Value>(FULL_ACCESS).unwrap()}]);
    [
        (
            "role/team%2fapp/metadata.json",
            json!({"arn": "arn:aws:iam::111122223333:role/Team/App", "name": "App",
            "permissionBoundary": "arn:aws:iam::111122223333:policy/Boundary"}),
        ),
        ("role/team%2fapp/inline-policies.json", inline("Inline")),
        (
            "role/team%2fapp/managed-policies.json",
            json!([
                "arn:aws:iam::aws:policy/job-function/Viewer",
                "arn:aws:iam::111122223333:policy/None"
            ]),
        ),
        // Ends with the name of the next one.
        ("role/aapp/metadata.json", json!({"arn": "arn:aws:iam::111122223333:role/AApp"})),
        (
            "role/other/metadata.json",
            json!({"arn": "arn:aws:iam::111122223333:role/Other", "name": "Other"}),
        ),
        (
            "aws/policy/job-function%2fviewer/current-policy.json",
            serde_json::from_str(FULL_ACCESS).unwrap(),
        ),
        ("policy/boundary/current-policy.json", serde_json::from_str(FULL_ACCESS).unwrap()),
        (
            "user/ann/metadata.json",
            json!({"arn": "arn:aws:iam::111122223333:user/Ann", "name": "Ann"}),
        ),
        (
            "user/ann/groups.json",
            json!([
                "arn:aws:iam::111122223333:group/Admins",
                "arn:aws:iam::111122223333:group/Gone"
            ]),
        ),
        ("group/admins/metadata.json", json!({"name": "Admins"})),
        ("group/admins/inline-policies.json", inline("OfGroup")),
        ("user/bad/metadata.json", json!({"arn": "arn:aws:iam::111122223333:user/Bad"})),
        (
            "user/bad/inline-policies.json",
            json!([{"PolicyName": "Bad", "PolicyDocument": {"Statement": 1}}]),
        ),
    ]
    .map(|(name, value)| (format!("{IAM}/{name}"), value.to_string()))
    .into()
}

#[test]
fn policies_of_a_role_or_a_user_are_found_by_its_arn() {
    let of = |arn: &str| -> Result<Found, FileProblem> {
        let principal = Principal::parse(arn).unwrap();
        let identity =
            in_folder(&identities(), |folder| iam_collect::identity(folder, &principal))?;
        Ok(of_identity(&identity))
    };
    let none = "the managed policy arn:aws:iam::111122223333:policy/None is not in the file";
    let role = Found::new(&["Inline", "Viewer"], Some(&["Boundary"]), Some(none));
    assert_eq!(of("arn:aws:iam::111122223333:role/Team/App").unwrap(), role);
    assert_eq!(of("arn:aws:sts::111122223333:assumed-role/App/session").unwrap(), role);
    assert_eq!(of("arn:aws:iam::111122223333:role/Other").unwrap(), Found::new(&[], None, None));
    let gone = "the group arn:aws:iam::111122223333:group/Gone is not in the file";
    assert_eq!(
        of("arn:aws:iam::111122223333:user/Ann").unwrap(),
        Found::new(&["OfGroup"], None, Some(gone))
    );
    let bad = of("arn:aws:iam::111122223333:user/Bad").unwrap().missing.unwrap();
    let expected = "the inline policy Bad cannot be read: aws/aws/accounts/111122223333/iam/user/bad/inline-policies.json: \
                    line 1, column 33: [0].PolicyDocument.Statement: expected a statement (an object), found the number 1";
    assert_eq!(bad, expected);
    for (arn, missing) in [
        (
            "arn:aws:iam::111122223333:role/App",
            "the role App is not in the folder: its policies are not known",
        ),
        (
            "arn:aws:iam::444455556666:role/Team/App",
            "the role Team/App is not in the folder: its policies are not known",
        ),
        (
            "arn:aws:sts::111122223333:federated-user/x",
            "the user of a federated session is not in the folder: its policies are not known",
        ),
    ] {
        assert_eq!(of(arn).unwrap(), Found::new(&[], None, Some(missing)), "{arn}");
    }
}
