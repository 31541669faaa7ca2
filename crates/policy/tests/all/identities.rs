//! Policies of roles and users of whole accounts: `get-account-authorization-details`, and what is decided with
//! what of them is missing.

use bedrock::denial::PolicyType;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use policy::intake::Identity;
use policy::intake::authorization_details::{AuthorizationDetails, is_details};
use policy::{Context, Level, Levels, Principal, Request, Verdict};
use serde_json::{Value, json};

use crate::world::{FULL_ACCESS, level};

/// What was found of somebody's policies, by their names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    policies: Vec<String>,
    boundary: Option<Vec<String>>,
    pub(crate) missing: Option<String>,
}

impl Found {
    pub(crate) fn new(policies: &[&str], boundary: Option<&[&str]>, missing: Option<&str>) -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
        Found {
            policies: texts(policies),
            boundary: boundary.map(texts),
            missing: missing.map(str::to_owned),
        }
    }
}

pub(crate) fn of_identity(identity: &Identity) -> Found {
    let mut levels = Vec::new();
    identity.add_to(&mut levels);
    let names = |of: PolicyType| {
        let level = levels.iter().find(|level: &&Level| level.policy_type == of)?;
        Some(level.policies.iter().map(|it| it.name.clone()).collect::<Vec<_>>())
    };
    Found {
        policies: names(PolicyType::IdentityBased).unwrap_or_default(),
        boundary: names(PolicyType::PermissionsBoundary),
        missing: identity.missing(),
    }
}

const DENY: &str =
    r#"{"Statement":[{"Effect":"Deny","Action":"bedrock:InvokeModel","Resource":"*"}]}"#;
const BEDROCK: &str = r#"{"Statement":[{"Effect":"Allow","Action":"bedrock:*","Resource":"*"}]}"#;

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn details() -> Value {
    let arn = |rest: &str| format!("arn:aws:iam::111122223333:{rest}");
    let attached = |arn: String| json!([{"PolicyName": "x", "PolicyArn": arn}]);
    let managed = |name: &str, versions: Value| json!({"PolicyName": name, "Arn": arn(&format!("policy/{name}")), "DefaultVersionId": "v2", "PolicyVersionList": versions});
    let encoded = utf8_percent_encode(BEDROCK, NON_ALPHANUMERIC).to_string();
    json!({
        "UserDetailList": [{
            "UserName": "Ann", "Arn": arn("user/staff/Ann"), "UserPolicyList": [{"PolicyName": "Own", "PolicyDocument": encoded}],
            "GroupList": ["Admins"], "AttachedManagedPolicies": [],
        }],
        "GroupDetailList": [{
            "GroupName": "Admins", "Arn": arn("group/Admins"), "GroupPolicyList": [{"PolicyName": "OfGroup", "PolicyDocument": document(DENY)}],
            "AttachedManagedPolicies": attached(arn("policy/Managed")),
        }],
        "RoleDetailList": [
            {"RoleName": "App", "Arn": arn("role/team/App"), "AssumeRolePolicyDocument": {}, "InstanceProfileList": [],
             "RolePolicyList": [{"PolicyName": "Inline", "PolicyDocument": document(BEDROCK)}],
             "AttachedManagedPolicies": attached(arn("policy/Managed")),
             "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn("policy/Boundary")}},
            {"RoleName": "Bare", "Arn": arn("role/Bare"), "RolePolicyList": [], "AttachedManagedPolicies": attached("arn:aws:iam::aws:policy/AmazonBedrockFullAccess".to_owned())},
            {"RoleName": "Denied", "Arn": arn("role/Denied"), "RolePolicyList": [{"PolicyName": "No", "PolicyDocument": document(DENY)}],
             "AttachedManagedPolicies": attached("arn:aws:iam::aws:policy/AmazonBedrockFullAccess".to_owned())},
            {"RoleName": "Bound", "Arn": arn("role/Bound"), "RolePolicyList": [{"PolicyName": "Yes", "PolicyDocument": document(BEDROCK)}],
             "AttachedManagedPolicies": [], "PermissionsBoundary": {"PermissionsBoundaryArn": arn("policy/Gone")}},
        ],
        "Policies": [
            managed("Managed", json!([{"VersionId": "v2", "IsDefaultVersion": true, "Document": document(FULL_ACCESS)}, {"VersionId": "v1", "IsDefaultVersion": false, "Document": document(DENY)}])),
            managed("Boundary", json!([{"VersionId": "v1", "IsDefaultVersion": false, "Document": document(DENY)}, {"VersionId": "v2", "IsDefaultVersion": true, "Document": document(BEDROCK)}])),
        ],
    })
}

fn read(value: &Value) -> Result<AuthorizationDetails, String> {
    AuthorizationDetails::read("details.json", &format!("{value:#}")).map_err(|it| it.to_string())
}

fn identity(value: &Value, arn: &str) -> Result<Identity, String> {
    read(value)?.identity(&Principal::parse(arn).unwrap()).map_err(|it| it.to_string())
}

#[test]
fn policies_of_a_role_or_a_user_are_found_by_its_arn() {
    let of = |arn: &str| of_identity(&identity(&details(), arn).unwrap());
    let role = Found::new(&["Inline", "Managed"], Some(&["Boundary"]), None);
    assert_eq!(of("arn:aws:iam::111122223333:role/team/App"), role);
    assert_eq!(of("arn:aws:sts::111122223333:assumed-role/App/session"), role);
    assert_eq!(
        of("arn:aws:iam::111122223333:user/staff/Ann"),
        Found::new(&["Own", "OfGroup", "Managed"], None, None)
    );
    let missing =
        "the managed policy arn:aws:iam::aws:policy/AmazonBedrockFullAccess is not in the file";
    assert_eq!(of("arn:aws:iam::111122223333:role/Bare"), Found::new(&[], None, Some(missing)));
    let missing =
        "the permissions boundary arn:aws:iam::111122223333:policy/Gone is not in the file";
    assert_eq!(
        of("arn:aws:iam::111122223333:role/Bound"),
        Found::new(&["Yes"], Some(&[]), Some(missing))
    );
    for (arn, missing) in [
        (
            "arn:aws:iam::111122223333:role/App",
            "the role App is not in details.json: its policies are not known",
        ),
        (
            "arn:aws:iam::444455556666:role/Bare",
            "the role Bare is not in details.json: its policies are not known",
        ),
        (
            "arn:aws:sts::111122223333:assumed-role/app/x",
            "the role app is not in details.json: its policies are not known",
        ),
        (
            "arn:aws:iam::111122223333:user/Ann",
            "the user Ann is not in details.json: its policies are not known",
        ),
    ] {
        assert_eq!(of(arn), Found::new(&[], None, Some(missing)), "{arn}");
    }
    // Identity-based policies do not apply to the root user.
    let root = identity(&details(), "arn:aws:iam::111122223333:root").unwrap();
    assert!(root.is_known() && root.missing().is_none());
    let mut levels = Vec::new();
    root.add_to(&mut levels);
    assert_eq!(levels.len(), 0);
}

/// What is missing may allow or deny; what denies for sure denies still.
#[test]
fn missing_policies_leave_open_what_they_could_change() {
    let verdict = |arn: &str, action: &str, scp: &str| {
        let identity = identity(&details(), arn).unwrap();
        let mut levels = vec![level("r", &[FULL_ACCESS, scp])];
        identity.add_to(&mut levels);
        let levels = identity.mark(Levels::new(levels));
        levels.decide(Request { action, resource: "*" }, &Context::default()).verdict
    };
    let role = |name: &str| format!("arn:aws:iam::111122223333:role/{name}");
    let (invoke, list) = ("bedrock:InvokeModel", "bedrock:ListFoundationModels");
    use Verdict::{Allowed, Denied, Indeterminate};
    for (arn, action, scp, expected) in [
        (role("team/App"), invoke, FULL_ACCESS, Allowed),
        (role("team/App"), "s3:GetObject", FULL_ACCESS, Denied),
        (role("team/App"), invoke, DENY, Denied),
        (role("Bare"), invoke, FULL_ACCESS, Indeterminate),
        (role("Bare"), invoke, DENY, Denied),
        (role("Denied"), invoke, FULL_ACCESS, Denied),
        (role("Denied"), list, FULL_ACCESS, Indeterminate),
        (role("Bound"), invoke, FULL_ACCESS, Indeterminate),
        // The policies are all there and do not allow, whatever the boundary says.
        (role("Bound"), "s3:GetObject", FULL_ACCESS, Denied),
        (role("Nobody"), invoke, FULL_ACCESS, Indeterminate),
        (role("Nobody"), invoke, DENY, Denied),
        ("arn:aws:iam::111122223333:root".to_owned(), invoke, FULL_ACCESS, Allowed),
        ("arn:aws:iam::111122223333:user/staff/Ann".to_owned(), invoke, FULL_ACCESS, Denied),
        ("arn:aws:iam::111122223333:user/staff/Ann".to_owned(), list, FULL_ACCESS, Allowed),
    ] {
        assert_eq!(verdict(&arn, action, scp), expected, "{arn} {action}");
    }
}

#[test]
fn output_that_is_not_whole_is_refused() {
    type Edit<'a> = &'a dyn Fn(&mut Value);
    let role = "arn:aws:iam::111122223333:role/team/App";
    let rows: [(Edit<'_>, &str); 9] = [
        (
            &|it| it["IsTruncated"] = json!(true),
            "details.json: line 1, column 1: expected the whole output, found a page that another one follows",
        ),
        (&|it| it["NextToken"] = json!("x"), "found a page that another one follows"),
        (
            &|it| drop(it.as_object_mut().unwrap().remove("Policies")),
            "expected Policies, found none",
        ),
        (
            &|it| it["GroupDetailList"] = json!({}),
            "GroupDetailList: expected a list, found an empty object",
        ),
        (
            &|it| it["RoleDetailList"][0]["Arn"] = json!("App"),
            "RoleDetailList[0].Arn: expected an ARN, found `App`",
        ),
        (
            &|it| it["RoleDetailList"][0]["RolePolicyList"][0]["PolicyName"] = json!(1),
            "RoleDetailList[0].RolePolicyList[0].PolicyName: expected a text, found the number 1",
        ),
        (
            &|it| it["RoleDetailList"][0]["AttachedManagedPolicies"] = json!("x"),
            "AttachedManagedPolicies: expected a list, found `x`",
        ),
        (
            &|it| it["Policies"][0]["PolicyVersionList"] = json!([]),
            "Policies[0].PolicyVersionList: expected a version with IsDefaultVersion, found none",
        ),
        (&|it| it["Policies"][0]["Arn"] = json!(null), "Policies[0]: expected Arn, found none"),
    ];
    for (edit, expected) in rows {
        let mut details = details();
        edit(&mut details);
        let found = identity(&details, role).unwrap_err();
        assert!(
            found.starts_with("details.json: line ") && found.contains(expected),
            "{expected}\n{found}"
        );
    }
    // A document that is not understood is missing: others in the file are of no concern.
    for (policy, expected) in [
        (
            json!({"Statement": 1}),
            "RoleDetailList[0].RolePolicyList[0].PolicyDocument.Statement: expected a statement (an object), found the number 1",
        ),
        (json!("{"), "PolicyDocument, line 1, column 1: expected one JSON document"),
        (json!("%7B%FF"), "PolicyDocument: expected percent-encoded UTF-8, found something else"),
        (json!(null), "expected PolicyDocument, found none"),
    ] {
        let mut details = details();
        details["RoleDetailList"][0]["RolePolicyList"][0]["PolicyDocument"] = policy;
        let found = identity(&details, role);
        let found = found.map_or_else(|it| it, |it| it.missing().unwrap());
        assert!(found.contains(expected), "{expected}\n{found}");
        assert!(
            identity(&details, "arn:aws:iam::111122223333:user/staff/Ann")
                .unwrap()
                .missing()
                .is_none()
        );
    }
}

#[test]
fn form_is_told_by_its_members() {
    assert!(is_details(&details().to_string()));
    assert!(!is_details(FULL_ACCESS) && !is_details("{\"Policies\": []}") && !is_details("x"));
}
