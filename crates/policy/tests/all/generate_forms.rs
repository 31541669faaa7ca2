//! Forms of generated policies: names and documents that need quotes are what they were when they are read back.
//! `scripts/check_policies.py` reads all forms with the parsers of others.

use std::sync::Arc;

use bedrock::denial::PolicyType;
use policy::generate::Part;
use policy::generate::form::{Deployment, Form, FormFile, node_id};
use policy::{Document, Policy};
use serde_json::Value;

/// What every form has to quote.
const NASTY: &str = r#"a "b" 'c' \d ${e} %{f} #: - é"#;

const DOCUMENT: &str = r#"{"Version":"2012-10-17","Statement":{"Sid":"X","Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalTag/it's":["${aws:username}","100%{x}"]}}}}"#;

fn policy(id: &str, name: &str) -> Arc<Policy> {
    let document = Document::read(DOCUMENT, PolicyType::ServiceControl).unwrap();
    let [id, name, file] = [id, name, "x.json"].map(str::to_owned);
    Arc::new(Policy { id, name, file, document })
}

fn new(name: &str) -> Part {
    Part::New(policy(name, name), PolicyType::ServiceControl)
}

fn to(targets: &[&str]) -> Deployment {
    Deployment {
        description: "denies nasty things".to_owned(),
        targets: targets.iter().map(|it| (*it).to_owned()).collect(),
        home_region: Some("eu-west-1".to_owned()),
        ..Deployment::default()
    }
}

fn files(form: Form, part: Part, targets: &[&str]) -> Vec<FormFile> {
    form.files(&[part], &to(targets)).unwrap()
}

/// A text in quotes, as JSON and YAML read it alike.
fn unquoted(text: &str) -> String {
    serde_json::from_str(text.trim()).unwrap()
}

#[test]
fn names_are_quoted_in_yaml() {
    for (form, key, units) in [
        (Form::Cfct, "resource_file: ", "organizational_units:"),
        (Form::Lza, "policy: ", "organizationalUnits:"),
    ] {
        let files = files(form, new(NASTY), &[NASTY]);
        let text = &files[0].text;
        let value = |key: &str| {
            let (_, rest) = text.split_once(key).unwrap();
            unquoted(rest.lines().next().unwrap())
        };
        assert_eq!(value("- name: "), NASTY);
        assert_eq!(value("description: "), "Denies nasty things");
        assert_eq!(value(key), files[1].path);
        assert!(files[1].path.bytes().all(|b| b.is_ascii_graphic() && b != b'\''), "{files:?}");
        assert_eq!(files[1].text, DOCUMENT);
        let (_, unit) = text.split_once(units).unwrap();
        assert_eq!(unquoted(unit.trim().trim_start_matches("- ")), NASTY);
    }
}

#[test]
fn templates_of_terraform_are_escaped() {
    let files = files(Form::Terraform, new(NASTY), &["ou-ab12-11111111"]);
    let text = &files[0].text;
    assert!(!text.replace("$${", "").contains("${"), "{text}");
    assert!(!text.replace("%%{", "").contains("%{"), "{text}");
    let (_, rest) = text.split_once("jsonencode(").unwrap();
    let (content, _) = rest.split_once("\n  })").unwrap();
    let content = format!("{content}}}").replace("$${", "${").replace("%%{", "%{");
    let expected = serde_json::from_str::<Value>(DOCUMENT).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&content).unwrap(), expected);
}

#[test]
fn commands_are_words_of_a_shell() {
    let files = files(Form::Cli, new(NASTY), &["arn:aws:organizations::1:ou/o-x/ou-ab12-11111111"]);
    let lines = files[0].text.lines().collect::<Vec<_>>();
    assert_eq!(lines.len(), 2);
    assert!(
        lines[0].contains(&format!("--name '{}'", NASTY.replace('\'', r"'\''"))),
        "{}",
        lines[0]
    );
    assert!(lines[0].contains(&DOCUMENT.replace('\'', r"'\''")));
    assert_eq!(
        lines[1],
        "aws organizations attach-policy --policy-id \"$policy_id\" --target-id ou-ab12-11111111"
    );

    let changed = |id: &str| Part::Changed {
        document: policy(id, "x").document.clone(),
        policy: policy(id, "x"),
        statements: vec![0],
    };
    let update = |id: &str| Form::Cli.files(&[changed(id)], &to(&[])).unwrap()[0].text.clone();
    assert!(
        update("p-abcd1234").starts_with("aws organizations update-policy --policy-id p-abcd1234 ")
    );
    assert!(update("x.json").contains("list-policies --filter SERVICE_CONTROL_POLICY"));
    assert!(!update("p-$(rm)").contains("p-$(rm)"));
}

#[test]
fn cloudformation_has_a_resource_id_of_letters_and_digits() {
    let files = files(Form::CloudFormation, new(NASTY), &["r-ab12"]);
    let template = serde_json::from_str::<Value>(&files[0].text).unwrap();
    let (id, resource) = template["Resources"].as_object().unwrap().iter().next().unwrap();
    assert!(id.bytes().all(|b| b.is_ascii_alphanumeric()), "{id}");
    assert_eq!(resource["Properties"]["Name"], NASTY);
    let expected = serde_json::from_str::<Value>(DOCUMENT).unwrap();
    assert_eq!(resource["Properties"]["Content"], expected);
}

#[test]
fn document_that_white_space_takes_over_the_limit_has_none() {
    let values = (0..520).map(|n| format!("\"{n:012}\"")).collect::<Vec<_>>().join(",");
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Action":"*","Resource":"*","Condition":{{"StringNotEquals":{{"aws:PrincipalAccount":[{values}]}}}}}}}}"#
    );
    let document = Document::read(&text, PolicyType::ServiceControl).unwrap();
    let part = new("x").with_document(document);
    assert_eq!(files(Form::Json, part, &[])[0].text, format!("{text}\n"));
}

#[test]
fn id_of_a_node_is_the_end_of_its_arn() {
    let arn = "arn:aws:organizations::999988887777:ou/o-exampleorg/ou-ab12-11111111";
    assert_eq!(node_id(arn), "ou-ab12-11111111");
    assert_eq!(node_id("Sandbox/Team"), "Sandbox/Team");
}
