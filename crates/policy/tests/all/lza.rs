//! Configurations of the Landing Zone Accelerator: units, accounts, strategies, replacements, and what is refused.

use std::collections::BTreeMap;

use policy::intake::{FromFiles, lza};
use policy::{FileProblem, Level};

use crate::forms::in_folder;

const ORGANIZATION: &str = "\
enable: true
organizationalUnits:
  # {{ nothing }} is open in a comment
  - name: Workloads/Prod
  - name: Workloads
  - name: Suspended
    ignore: true
quarantineNewAccounts:
  enable: true
  scpPolicyName: Quarantine
serviceControlPolicies:
  - name: Guardrails
    description: >
      Denies Bedrock
    policy: service-control-policies/guardrails.json
    type: customerManaged
    deploymentTargets:
      organizationalUnits:
        - Workloads
      accounts: [Payments]
  - name: AllowList
    description: Allows Bedrock
    strategy: allow-list
    policy: service-control-policies/allow.json
    type: customerManaged
    deploymentTargets:
      organizationalUnits: [Workloads/Prod]
  - name: Quarantine
    description: Waits
    policy: service-control-policies/allow.json
    type: customerManaged
    deploymentTargets:
      organizationalUnits: []
resourceControlPolicies:
  - name: Perimeter
    policy: x.json
    deploymentTargets: {organizationalUnits: [Root]}
taggingPolicies:
  - name: Tags
    policy: x.json
    deploymentTargets: {organizationalUnits: [{{ Units }}]}
";

const GUARDRAILS: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Effect": "Deny", "Action": "bedrock:*", "Resource": "arn:${PARTITION}:bedrock:${HOME_REGION}:*:*",
   "Condition": {
     "ArnNotLike": {"aws:PrincipalArn": [
       "arn:${PARTITION}:iam::${MANAGEMENT_ACCOUNT_ID}:role/${ACCELERATOR_PREFIX}*",
       "arn:${PARTITION}:iam::*:role/${MANAGEMENT_ACCOUNT_ACCESS_ROLE}"]},
     "NotIpAddress": {"aws:SourceIp": ${ACCEL_LOOKUP::CUSTOM:CIDRS}},
     "StringNotEquals": {"aws:PrincipalTag/owner": "${aws:PrincipalTag/team}",
       "aws:PrincipalAccount": [${ACCEL_LOOKUP::ACCOUNT_ID:ACCOUNT:Payments}]}}}]}"#;

const ACCOUNTS: &str = "\
mandatoryAccounts:
  - {name: Management, email: Root@example.com, organizationalUnit: Root}
  - {name: LogArchive, email: logs@example.com, organizationalUnit: Workloads}
workloadAccounts:
  - name: Payments
    email: payments@example.com
    organizationalUnit: Workloads/Prod
accountIds:
  - {email: root@example.com, accountId: '999988887777'}
  - {email: payments@example.com, accountId: 111122223333}
";

const REPLACEMENTS: &str = "\
globalReplacements:
  - {key: CIDRS, type: StringList, value: [10.0.1.0/24, 10.0.2.0/24]}
  - {key: Units, type: StringList, value: [Workloads, Suspended]}
  - {key: Region, type: String, value: us-gov-west-1}
  - {key: Secret, path: /accelerator/secret}
";

const GLOBAL: &str = "homeRegion: &home {{ Region }}\nenabledRegions: [*home]\nmanagementAccountAccessRole: AWSControlTowerExecution\nother: [{{account Management}}]\n";

fn files() -> BTreeMap<String, String> {
    [
        ("organization-config.yaml", ORGANIZATION),
        ("accounts-config.yaml", ACCOUNTS),
        ("replacements-config.yaml", REPLACEMENTS),
        ("global-config.yaml", GLOBAL),
        ("service-control-policies/guardrails.json", GUARDRAILS),
        (
            "service-control-policies/allow.json",
            r#"{"Statement":{"Effect":"Allow","Action":"bedrock:*","Resource":"*"}}"#,
        ),
    ]
    .map(|(name, text)| (name.to_owned(), text.to_owned()))
    .into()
}

fn read(files: &BTreeMap<String, String>) -> Result<FromFiles, String> {
    in_folder(files, |folder| lza::read(folder, "")).map_err(|it: FileProblem| it.to_string())
}

fn names(levels: &[Level]) -> Vec<String> {
    let level = |level: &Level| {
        let names = level.policies.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join("+");
        format!("{} {names}", level.node.as_deref().unwrap())
    };
    levels.iter().map(level).collect()
}

#[test]
fn units_accounts_and_strategies_are_those_of_the_configuration() {
    let found = read(&files()).unwrap();
    let expected = [
        "Root FullAWSAccess",
        "Workloads FullAWSAccess+Guardrails",
        "Workloads/Prod AllowList",
        "111122223333 FullAWSAccess+Guardrails",
    ];
    let scps = found.organization.scps("111122223333").unwrap();
    assert_eq!(names(&scps.levels), expected);
    assert!(scps.elsewhere.is_empty());
    assert_eq!(found.organization.management_account.as_deref(), Some("999988887777"));
    let other = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
    let expected = [other("Perimeter", "RESOURCE_CONTROL_POLICY"), other("Tags", "TAG_POLICY")];
    assert_eq!(found.other_policies, expected);
    assert_eq!(
        found.notes[0],
        "${ACCELERATOR_PREFIX} is taken to be AWSAccelerator, the default of the installer"
    );
    assert!(
        found.notes[1].starts_with("Quarantine is attached to new accounts"),
        "{:?}",
        found.notes
    );
}

#[test]
fn unit_with_an_id_is_found_by_its_path_too() {
    let mut files = files();
    let ids = "organizationalUnitIds:\n  - {name: Root, id: r-ab12}\n  - {name: Workloads/Prod, id: ou-ab12-22222222}\n\
               serviceControlPolicies:\n";
    let organization = ORGANIZATION.replace("serviceControlPolicies:\n", ids);
    files.insert("organization-config.yaml".to_owned(), organization);
    let mut found = read(&files).unwrap().organization;
    for unit in ["Workloads/Prod", "ou-ab12-22222222"] {
        found.place(unit).unwrap();
        let scps = found.scps("444455556666").unwrap();
        let nodes = scps.levels.iter().map(|it| it.node.clone().unwrap());
        assert_eq!(nodes.collect::<Vec<_>>(), ["r-ab12", "Workloads", "ou-ab12-22222222"]);
    }
    assert!(found.place("Prod").is_err());
    files.insert(
        "organization-config.yaml".to_owned(),
        ORGANIZATION.replace("serviceControlPolicies:\n", &ids.replace("ou-ab12", "r-ab12")),
    );
    let expected = "organizationalUnitIds[1].id: expected ou-…, found `r-ab12-22222222`";
    assert!(read(&files).unwrap_err().ends_with(expected));
}

#[test]
fn replacements_are_made_and_variables_of_iam_stay() {
    let found = read(&files()).unwrap();
    let scps = found.organization.scps("111122223333").unwrap();
    let text = scps.levels[1].policies[1].document.to_json(None);
    let expected = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"bedrock:*","Resource":"arn:aws-us-gov:bedrock:us-gov-west-1:*:*","Condition":{"ArnNotLike":{"aws:PrincipalArn":["arn:aws-us-gov:iam::999988887777:role/AWSAccelerator*","arn:aws-us-gov:iam::*:role/AWSControlTowerExecution"]},"NotIpAddress":{"aws:SourceIp":["10.0.1.0/24","10.0.2.0/24"]},"StringNotEquals":{"aws:PrincipalTag/owner":"${aws:PrincipalTag/team}","aws:PrincipalAccount":["111122223333"]}}}]}"#;
    assert_eq!(text, expected);
}

/// An account whose ID is not in the configuration may be any that is asked about.
#[test]
fn account_without_an_id_may_be_the_one_that_is_asked_about() {
    let mut files = files();
    let accounts =
        ACCOUNTS.replace("  - {email: payments@example.com, accountId: 111122223333}\n", "");
    files.insert("accounts-config.yaml".to_owned(), accounts);
    let guardrails = GUARDRAILS.replace("[${ACCEL_LOOKUP::ACCOUNT_ID:ACCOUNT:Payments}]", "\"1\"");
    files.insert("service-control-policies/guardrails.json".to_owned(), guardrails);
    let mut found = read(&files).unwrap().organization;
    let all = ["Payments", "LogArchive", "Root", "Workloads", "Workloads/Prod", "Suspended"];
    let nodes =
        |levels: &[Level]| levels.iter().map(|it| it.node.clone().unwrap()).collect::<Vec<_>>();
    let sorted = |mut nodes: Vec<String>| {
        nodes.sort();
        nodes
    };
    let scps = found.scps("111122223333").unwrap();
    assert_eq!(sorted(nodes(&scps.elsewhere)), sorted(all.map(str::to_owned).to_vec()));
    found.place("Workloads/Prod").unwrap();
    let scps = found.scps("111122223333").unwrap();
    assert_eq!(nodes(&scps.levels), ["Root", "Workloads", "Workloads/Prod"]);
    assert_eq!(nodes(&scps.elsewhere), ["Payments"]);
    // One whose ID is known is no other, wherever it is.
    let mut known = files.clone();
    let accounts = ACCOUNTS.replace("    organizationalUnit: Workloads/Prod\n", "");
    known.insert("accounts-config.yaml".to_owned(), accounts);
    let scps = read(&known).unwrap().organization.scps("111122223333").unwrap();
    assert_eq!(nodes(&scps.levels), ["Root", "111122223333"]);
    let units = ["Suspended", "Workloads", "Workloads/Prod"];
    assert_eq!(nodes(&scps.elsewhere), units.map(str::to_owned));
    found.place("Payments").unwrap();
    let scps = found.scps("111122223333").unwrap();
    assert_eq!(nodes(&scps.levels), ["Root", "Workloads", "Workloads/Prod", "Payments"]);
    assert!(scps.elsewhere.is_empty());
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn configuration_that_is_not_whole_is_refused() {
    let rows = [
        (
            "organization-config.yaml",
            "enable: true",
            "enable: false",
            "line 1, column 1: expected enable: true, found false",
        ),
        (
            "organization-config.yaml",
            "  - name: Workloads\n",
            "",
            "line 4, column 5: organizationalUnits[0]: expected the unit Workloads, which Workloads/Prod is in, found none",
        ),
        (
            "organization-config.yaml",
            "  - name: Suspended\n    ignore",
            "  - name: Workloads\n    ignore",
            "organizationalUnits[2]: expected each unit once, found Workloads",
        ),
        (
            "organization-config.yaml",
            "        - Workloads\n",
            "        - Workload\n",
            "line 19, column 11: serviceControlPolicies[0].deploymentTargets.organizationalUnits[0]: expected one of organizationalUnits, found `Workload`",
        ),
        (
            "organization-config.yaml",
            "[Payments]",
            "[Payment]",
            "serviceControlPolicies[0].deploymentTargets.accounts[0]: expected an account of accounts-config.yaml, found `Payment`",
        ),
        (
            "organization-config.yaml",
            "allow-list",
            "allow",
            "line 23, column 15: serviceControlPolicies[1].strategy: expected deny-list or allow-list, found `allow`",
        ),
        (
            "organization-config.yaml",
            "type: customerManaged",
            "type: awsManaged",
            "serviceControlPolicies[0]: expected a policy of the type customerManaged, found awsManaged",
        ),
        (
            "organization-config.yaml",
            "guardrails.json",
            "guardrail.json",
            "line 15, column 13: serviceControlPolicies[0].policy: expected a file of the configuration, found no service-control-policies/guardrail.json",
        ),
        (
            "organization-config.yaml",
            "{{ Units }}",
            "{{ Unit }}",
            "organization-config.yaml: line 41, column 47: expected replacements that the configuration has (accounts-config.yaml and others), found {{Unit}}",
        ),
        (
            "organization-config.yaml",
            "{{ Units }}",
            "{{ Secret }}",
            "found the parameter /accelerator/secret",
        ),
        (
            "organization-config.yaml",
            "  - name: Guardrails\n",
            "  - names: Guardrails\n",
            "serviceControlPolicies[0]: expected name, found none",
        ),
        (
            "organization-config.yaml",
            "enable: true\norg",
            "enable: true\nenable: true\norg",
            "line 2, column 1: expected each member once, found a second `enable`",
        ),
        (
            "accounts-config.yaml",
            "organizationalUnit: Workloads/Prod",
            "organizationalUnit: Prod",
            "accounts-config.yaml: line 7, column 25: workloadAccounts[0].organizationalUnit: expected one of the units of organization-config.yaml, found `Prod`",
        ),
        (
            "accounts-config.yaml",
            "111122223333",
            "1111",
            "accountIds[1].accountId: expected an account ID (12 digits), found the number 1111",
        ),
        (
            "accounts-config.yaml",
            "111122223333",
            "999988887777",
            "workloadAccounts[0].name: expected each account once, found Payments again",
        ),
        (
            "accounts-config.yaml",
            "name: LogArchive",
            "name: Management",
            "mandatoryAccounts[1].name: expected each account once, found Management again",
        ),
        (
            "service-control-policies/guardrails.json",
            "${HOME_REGION}",
            "${VPC_ID}",
            "service-control-policies/guardrails.json: line 2, column 83: expected replacements that the configuration has (accounts-config.yaml and others), found ${VPC_ID}",
        ),
        (
            "service-control-policies/guardrails.json",
            "CUSTOM:CIDRS",
            "CUSTOM:CIDR",
            "found ${ACCEL_LOOKUP::CUSTOM:CIDR}",
        ),
        (
            "service-control-policies/guardrails.json",
            "CUSTOM:CIDRS",
            "VPCE_ID:ORG",
            "found ${ACCEL_LOOKUP::VPCE_ID:ORG}",
        ),
        (
            "service-control-policies/guardrails.json",
            "ACCOUNT:Payments",
            "ACCOUNT:LogArchive",
            "found ${ACCEL_LOOKUP::ACCOUNT_ID:ACCOUNT:LogArchive}",
        ),
        (
            "service-control-policies/guardrails.json",
            "\"Deny\"",
            "\"deny\"",
            "guardrails.json: line 2, column 14: Statement[0].Effect: expected Allow or Deny, found `deny`",
        ),
        (
            "replacements-config.yaml",
            "key: Units",
            "key: CIDRS",
            "globalReplacements[1].key: expected each key once, found a second `CIDRS`",
        ),
        (
            "replacements-config.yaml",
            "type: StringList",
            "type: List",
            "globalReplacements[0].type: expected SSM, String, StringList, or Number, found `List`",
        ),
        (
            "global-config.yaml",
            "homeRegion",
            "region",
            "global-config.yaml: line 1, column 1: expected homeRegion, found none",
        ),
        (
            "global-config.yaml",
            "{{ Region }}",
            "{{ Regions }}",
            "global-config.yaml: line 1, column 19: homeRegion: expected a value without what is not known, found not-known",
        ),
    ];
    for (file, from, to, expected) in rows {
        let mut files = files();
        let text = files.get_mut(file).unwrap();
        assert!(text.contains(from), "{from}");
        *text = text.replacen(from, to, 1);
        let found = read(&files).unwrap_err();
        assert!(found.contains(expected), "{expected}\n{found}");
    }
    // Without the global configuration, nothing says the partition.
    let mut files = files();
    files.remove("global-config.yaml");
    assert!(read(&files).unwrap_err().ends_with("found ${PARTITION}"));
}
