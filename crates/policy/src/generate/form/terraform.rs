//! Terraform with the AWS provider: policies and their attachments. `jsonencode` sends a document without white
//! space.

use bedrock::denial::PolicyType;

use super::{Deployment, FormFile, identifier};
use crate::document::Document;
use crate::generate::{Control, GenerateError, Part};

pub(super) fn files(parts: &[Part], to: &Deployment) -> Result<Vec<FormFile>, GenerateError> {
    let mut blocks = Vec::new();
    for part in parts {
        let name = to.name(part);
        match part {
            Part::Control(control) => blocks.push(of_control(control, to)?),
            Part::New(policy, PolicyType::IdentityBased) => {
                blocks.push(of_identity(name, &policy.document, to));
            }
            Part::New(..) | Part::Changed { .. } => {
                let Some(document) = part.document() else { continue };
                blocks.push(of_scp(name, document, to));
                blocks.extend(attachments(name, to));
            }
        }
    }
    Ok(vec![FormFile { path: "main.tf".to_owned(), text: blocks.join("\n") }])
}

fn of_scp(name: &str, document: &Document, to: &Deployment) -> String {
    format!(
        "resource \"aws_organizations_policy\" \"{}\" {{\n  name        = {}\n  description = {}\n  type        = \
         \"SERVICE_CONTROL_POLICY\"\n  content     = {}\n}}\n",
        identifier(name),
        quoted(name),
        quoted(&to.description()),
        encoded(document)
    )
}

fn of_identity(name: &str, document: &Document, to: &Deployment) -> String {
    format!(
        "resource \"aws_iam_policy\" \"{}\" {{\n  name        = {}\n  description = {}\n  policy      = {}\n}}\n",
        identifier(name),
        quoted(name),
        quoted(&to.description()),
        encoded(document)
    )
}

fn attachments(name: &str, to: &Deployment) -> Vec<String> {
    let policy = identifier(name);
    let attachment = |target: &str| {
        format!(
            "resource \"aws_organizations_policy_attachment\" \"{policy}_{}\" {{\n  policy_id = \
             aws_organizations_policy.{policy}.id\n  target_id = {}\n}}\n",
            identifier(target),
            quoted(target)
        )
    };
    to.target_ids().into_iter().map(attachment).collect()
}

fn of_control(control: &Control, to: &Deployment) -> Result<String, GenerateError> {
    let mut block = format!(
        "resource \"aws_controltower_control\" \"region_deny\" {{\n  control_identifier = {}\n  target_identifier  = {}\n",
        quoted(to.control_arn(control, "--form terraform")?),
        quoted(to.control_target()?)
    );
    for (key, values) in &control.parameters {
        let values = values.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(", ");
        block += &format!(
            "\n  parameters {{\n    key   = {}\n    value = jsonencode([{values}])\n  }}\n",
            quoted(key)
        );
    }
    Ok(block + "}\n")
}

/// A JSON document is an expression of Terraform, too.
fn encoded(document: &Document) -> String {
    let lines = document.to_json(Some(2));
    format!("jsonencode({})", without_templates(&lines).replace('\n', "\n  "))
}

fn quoted(text: &str) -> String {
    without_templates(&serde_json::Value::from(text).to_string())
}

/// Variables of policies are none of Terraform.
fn without_templates(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}
