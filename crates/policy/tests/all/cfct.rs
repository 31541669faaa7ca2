//! `CfCT` packages: what is read of a manifest, and what is refused.

use std::collections::BTreeMap;

use policy::intake::{FromFiles, cfct};

use crate::forms::in_folder;

const DENY: &str = r#"{"Version":"2012-10-17","Statement":[
  {"Sid":"Deny","Effect":"Deny","Action":"bedrock:*","Resource":"*"}]}"#;

const MANIFEST: &str = "\
---
region: us-east-1
version: 2021-03-15
resources:
  - name: parameters
    resource_file: templates/parameters.template
    parameter_file: parameters/parameters.json
    deploy_method: stack_set
    deployment_targets:
      accounts: # names or numbers
        - 111122223333
        - Payments
    regions: [us-east-1]
  - name: guardrails
    description: Denies Bedrock
    resource_file: policies/guardrails.json
    deploy_method: scp
    deployment_targets:
      organizational_units:
        - Root
        - 'Workloads: Prod'
  - name: perimeter
    resource_file: policies/perimeter.json
    deploy_method: rcp
    deployment_targets:
      organizational_units: [Workloads]
";

fn files() -> BTreeMap<String, String> {
    [("manifest.yaml", MANIFEST), ("policies/guardrails.json", DENY)]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into()
}

fn read(files: &BTreeMap<String, String>) -> Result<FromFiles, String> {
    let base = |folder: &policy::intake::Folder<'_>| {
        Ok(folder.find(cfct::MANIFEST)?.unwrap_or_default().to_owned())
    };
    let base = in_folder(files, base).map_err(|it: policy::FileProblem| it.to_string())?;
    in_folder(files, |folder| cfct::read(folder, &base)).map_err(|it| it.to_string())
}

/// The nodes of a unit with the policies of each.
fn levels(found: &FromFiles, unit: &str) -> Vec<String> {
    let mut organization = found.organization.clone();
    organization.place(unit).unwrap();
    let scps = organization.scps("111122223333").unwrap();
    assert!(scps.elsewhere.is_empty());
    let level = |level: &policy::Level| {
        let names = level.policies.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join("+");
        format!("{} {names}", level.node.as_deref().unwrap())
    };
    scps.levels.iter().map(level).collect()
}

#[test]
fn manifest_attaches_policies_to_units_by_their_names() {
    let found = read(&files()).unwrap();
    let expected = [
        "Root FullAWSAccess+guardrails",
        "Workloads FullAWSAccess",
        "Workloads:Prod FullAWSAccess+guardrails",
    ];
    assert_eq!(levels(&found, "Workloads:Prod"), expected);
    assert_eq!(
        found.other_policies,
        [("perimeter".to_owned(), "RESOURCE_CONTROL_POLICY".to_owned())]
    );
    assert_eq!(found.notes[0], "1 resource of the package are not read: stack sets");
    assert!(found.notes[1].starts_with("only the policies of the CfCT package are simulated"));
    let policy = &found.organization.scps("1").unwrap().elsewhere[0].policies[1];
    assert_eq!(
        (policy.id.as_str(), policy.file.as_str()),
        ("policies/guardrails.json", "policies/guardrails.json")
    );
    assert_eq!(policy.document.statements[0].position.line, 2);
    assert_eq!(found.organization.organization_path("111122223333"), None);
}

#[test]
fn older_manifest_and_one_in_a_folder_are_read() {
    let old = "region: us-east-1\nversion: 2020-01-01\norganization_policies:\n  - name: guardrails\n    policy_file: \
               policies/guardrails.json\n    apply_to_accounts_in_ou: [Workloads]\ncloudformation_resources: []\n";
    let mut files = files();
    files.insert("manifest.yaml".to_owned(), old.to_owned());
    let files = files.into_iter().map(|(name, text)| (format!("config/{name}"), text)).collect();
    let found = read(&files).unwrap();
    assert_eq!(
        levels(&found, "Workloads"),
        ["Root FullAWSAccess", "Workloads FullAWSAccess+guardrails"]
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn package_that_is_not_whole_is_refused() {
    type Edit<'a> = &'a dyn Fn(&mut BTreeMap<String, String>);
    let edit = |from: &'static str, to: &'static str| {
        move |files: &mut BTreeMap<String, String>| {
            let manifest = files.get_mut("manifest.yaml").unwrap();
            assert!(manifest.contains(from), "{from}");
            *manifest = manifest.replacen(from, to, 1);
        }
    };
    let policy = |text: &'static str| {
        move |files: &mut BTreeMap<String, String>| {
            files.insert("policies/guardrails.json".to_owned(), text.to_owned());
        }
    };
    let rows: [(Edit<'_>, &str); 16] = [
        (
            &edit("2021-03-15", "2022-01-01"),
            "manifest.yaml: line 3, column 10: version: expected 2021-03-15 or 2020-01-01, found `2022-01-01`",
        ),
        (
            &edit("version: 2021-03-15\n", ""),
            "manifest.yaml: line 2, column 1: expected version, found none",
        ),
        (
            &edit("deploy_method: scp", "deploy_method: SCP"),
            "manifest.yaml: line 17, column 20: resources[1].deploy_method: expected scp, rcp, or stack_set, found `SCP`",
        ),
        (
            &edit("deploy_method: scp", "deploy_method: rcp"),
            "manifest.yaml: line 2, column 1: expected a resource with deploy_method scp, found none",
        ),
        (
            &edit("policies/guardrails.json", "policies/guardrail.json"),
            "manifest.yaml: line 16, column 20: resources[1].resource_file: expected a file of the package, found no policies/guardrail.json",
        ),
        (
            &edit("policies/guardrails.json", "s3://bucket/guardrails.json"),
            "resources[1].resource_file: expected a file of the package, found `s3://bucket/guardrails.json`",
        ),
        (
            &edit("      organizational_units:\n", "      organizational_unit:\n"),
            "resources[1].deployment_targets: expected organizational_units, found none",
        ),
        (
            &edit(
                "      organizational_units:\n",
                "      accounts: [1]\n      organizational_units:\n",
            ),
            "resources[1].deployment_targets.accounts: expected organizational_units: CfCT attaches SCPs to nothing else, found a list",
        ),
        (
            &edit("        - Root\n", "        - [Root]\n"),
            "line 20, column 11: resources[1].deployment_targets.organizational_units[0]: expected a text, found a list",
        ),
        (
            &edit("        - Root\n", "        - ' : '\n"),
            "organizational_units[0]: expected the name of an organizational unit, found ` : `",
        ),
        (
            &edit("region: us-east-1", "region: {{ region }}"),
            "manifest.yaml: line 2, column 10: expected a key that is a text, found a list or an object",
        ),
        (&edit("---\n", "a: 1\n---\n"), "expected one YAML document, found a second one"),
        (
            &edit("region: us-east-1", "region: !include x"),
            "expected a value without a tag, found `!include`",
        ),
        (
            &policy("{\"Statement\":[]}"),
            "policies/guardrails.json: line 1, column 14: Statement: expected at least one statement, found an empty list",
        ),
        (
            &policy(
                "{\n \"Statement\": {\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"arn:aws:iam::{{ account }}:*\"}}",
            ),
            "policies/guardrails.json: line 2, column 70: expected a file without open variables, found `{{ account }}",
        ),
        (
            &policy(""),
            "policies/guardrails.json: line 1, column 1: expected one JSON document, found nothing",
        ),
    ];
    for (edit, expected) in rows {
        let mut files = files();
        edit(&mut files);
        let found = read(&files).unwrap_err();
        assert!(found.contains(expected), "{expected}\n{found}");
    }
    let mut files = files();
    let policy = files.remove("policies/guardrails.json").unwrap();
    files.insert("policies/guardrails.json.j2".to_owned(), policy);
    let expected =
        "expected a file of the package, found its template policies/guardrails.json.j2 only";
    assert!(read(&files).unwrap_err().contains(expected));
    files.insert("copy/x".to_owned(), String::new());
    for folder in ["a", "b"] {
        files.insert(format!("{folder}/manifest.yaml"), MANIFEST.to_owned());
    }
    files.remove("manifest.yaml");
    let expected = "a/manifest.yaml: line 1, column 1: expected one manifest.yaml: give the folder of one of them, found \
                    b/manifest.yaml, too";
    assert_eq!(read(&files).unwrap_err(), expected);
}
