//! A `CloudFormation` template in JSON.

use bedrock::denial::PolicyType;

use super::{Deployment, FormFile};
use crate::generate::draft::{list, object, text};
use crate::generate::{Control, GenerateError, Part};
use crate::json::{Node, Value};
use crate::problem::Position;

pub(super) fn files(parts: &[Part], to: &Deployment) -> Result<Vec<FormFile>, GenerateError> {
    let mut resources = Vec::new();
    for part in parts {
        let name = to.name(part);
        let resource = match part {
            Part::Control(control) => of_control(control, to)?,
            Part::New(policy, PolicyType::IdentityBased) => object([
                ("Type", text("AWS::IAM::ManagedPolicy")),
                (
                    "Properties",
                    object([
                        ("ManagedPolicyName", text(name)),
                        ("Description", text(to.description())),
                        ("PolicyDocument", policy.document.source.clone()),
                    ]),
                ),
            ]),
            Part::New(..) | Part::Changed { .. } => {
                let Some(document) = part.document() else { continue };
                let mut properties = vec![
                    ("Name", text(name)),
                    ("Description", text(to.description())),
                    ("Type", text("SERVICE_CONTROL_POLICY")),
                    ("Content", document.source.clone()),
                ];
                if !to.targets.is_empty() {
                    let targets = to.target_ids().into_iter().map(text).collect();
                    properties.push(("TargetIds", list(targets)));
                }
                let type_name = text("AWS::Organizations::Policy");
                object([("Type", type_name), ("Properties", of_members(properties))])
            }
        };
        resources.push((logical_id(name), resource));
    }
    let resources = Node { position: Position::default(), value: Value::Object(resources) };
    let template = object([
        ("AWSTemplateFormatVersion", text("2010-09-09")),
        ("Description", text(to.description())),
        ("Resources", resources),
    ]);
    let text = format!("{}\n", template.to_json(Some(2)));
    Ok(vec![FormFile { path: "template.json".to_owned(), text }])
}

fn of_members(members: Vec<(&str, Node)>) -> Node {
    let members = members.into_iter().map(|(name, node)| (name.to_owned(), node)).collect();
    Node { position: Position::default(), value: Value::Object(members) }
}

fn of_control(control: &Control, to: &Deployment) -> Result<Node, GenerateError> {
    let parameter = |(key, values): &(&str, Vec<String>)| {
        let values = list(values.iter().map(text).collect());
        object([("Key", text(*key)), ("Value", values)])
    };
    let parameters = list(control.parameters.iter().map(parameter).collect());
    Ok(object([
        ("Type", text("AWS::ControlTower::EnabledControl")),
        (
            "Properties",
            object([
                ("ControlIdentifier", text(to.control_arn(control, "--form cloudformation")?)),
                ("TargetIdentifier", text(to.control_target()?)),
                ("Parameters", parameters),
            ]),
        ),
    ]))
}

/// Letters and digits, each word with a capital: `DenyBedrockGlobal`.
fn logical_id(name: &str) -> String {
    let words = name.split(|it: char| !it.is_ascii_alphanumeric());
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|it| it.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    let id = words.map(capital).collect::<String>();
    if id.starts_with(|it: char| it.is_ascii_alphabetic()) { id } else { format!("Policy{id}") }
}
