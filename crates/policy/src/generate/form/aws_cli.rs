//! Commands of the AWS CLI, each on one line, for a shell.

use bedrock::denial::PolicyType;

use super::{Deployment, FormFile};
use crate::evaluate::Policy;
use crate::generate::{Control, GenerateError, Part};

pub(super) fn files(parts: &[Part], to: &Deployment) -> Result<Vec<FormFile>, GenerateError> {
    let mut lines = Vec::new();
    for part in parts {
        let Some(document) = part.document() else {
            if let Part::Control(control) = part {
                lines.push(of_control(control, to)?);
            }
            continue;
        };
        let (name, content) = (quoted(to.name(part)), quoted(&document.to_json(None)));
        let description = quoted(&to.description());
        match part {
            Part::Changed { policy, .. } => lines.push(format!(
                "aws organizations update-policy --policy-id {} --content {content}",
                policy_id(policy)
            )),
            _ if part.policy_type() == PolicyType::IdentityBased => lines.push(format!(
                "aws iam create-policy --policy-name {name} --description {description} --policy-document {content}"
            )),
            _ => {
                let create = format!(
                    "aws organizations create-policy --type SERVICE_CONTROL_POLICY --name {name} --description \
                     {description} --content {content}"
                );
                let targets = to.target_ids();
                if targets.is_empty() {
                    lines.push(create);
                    continue;
                }
                lines.push(format!(
                    "policy_id=$({create} --query Policy.PolicySummary.Id --output text)"
                ));
                lines.extend(targets.iter().map(|target| {
                    format!(
                        "aws organizations attach-policy --policy-id \"$policy_id\" --target-id {}",
                        quoted(target)
                    )
                }));
            }
        }
    }
    Ok(vec![FormFile { path: "commands.sh".to_owned(), text: lines.join("\n") + "\n" }])
}

/// The command that enables a control, beside forms that cannot hold it.
pub(super) fn control_file(control: &Control, to: &Deployment) -> Result<FormFile, GenerateError> {
    let text = format!("{}\n", of_control(control, to)?);
    Ok(FormFile { path: "control.sh".to_owned(), text })
}

fn of_control(control: &Control, to: &Deployment) -> Result<String, GenerateError> {
    let parameter =
        |(key, values): &(&str, Vec<String>)| serde_json::json!({"key": key, "value": values});
    let parameters = control.parameters.iter().map(parameter).collect::<serde_json::Value>();
    let parameters = quoted(&parameters.to_string());
    let region = to.home_region("a control")?;
    if let Some(enabled) = &to.enabled_control {
        return Ok(format!(
            "aws controltower update-enabled-control --region {region} --enabled-control-identifier {} --parameters \
             {parameters}",
            quoted(enabled)
        ));
    }
    Ok(format!(
        "aws controltower enable-control --region {region} --target-identifier {} --control-identifier {} --parameters \
         {parameters}",
        quoted(to.control_target()?),
        control_arn(control, to, region)
    ))
}

/// The ARN of a control, or a command that finds it by its alias in the Control Catalog. The catalog has pages,
/// each of which prints a line; therefore, the result is not in quotes.
fn control_arn(control: &Control, to: &Deployment, region: &str) -> String {
    if let Some(known) = &to.control {
        return quoted(known);
    }
    let query = format!("Controls[?contains(Aliases || `[]`, `\"{}\"`)].Arn", control.identifier);
    format!(
        "$(aws controlcatalog list-controls --region {region} --query {} --output text)",
        quoted(&query)
    )
}

/// The ID of a policy, if it is known by one; else a command that finds it by its name.
fn policy_id(policy: &Policy) -> String {
    if policy.id.starts_with("p-")
        && policy.id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    {
        return policy.id.clone();
    }
    let query = format!("Policies[?Name=='{}'].Id | [0]", policy.name.replace('\'', ""));
    format!(
        "\"$(aws organizations list-policies --filter SERVICE_CONTROL_POLICY --query {} --output text)\"",
        quoted(&query)
    )
}

/// A word for a shell: plain, or in single quotes.
fn quoted(text: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:=,@".contains(&b);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}
