//! Forms in which policies are deployed, as the texts of files.

mod aws_cli;
mod cfct;
mod cloudformation;
mod json;
mod lza;
mod terraform;
mod yaml;

use bedrock::arn::Arn;
use bedrock::denial::PolicyType;

use super::{Control, GenerateError, Part, Size, managed_by_control_tower};
use crate::document::Document;

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The document.
    Json,
    /// A package of Customizations for AWS Control Tower: `manifest.yaml` and a file for each policy.
    Cfct,
    /// Entries of the Landing Zone Accelerator's `organization-config.yaml`, and a file for each policy.
    Lza,
    /// Terraform: policies and attachments.
    Terraform,
    /// A `CloudFormation` template.
    CloudFormation,
    /// Commands of the AWS CLI.
    Cli,
}

/// What a form says of where policies go.
#[derive(Debug, Clone, Default)]
pub struct Deployment {
    /// The name of new policies, in place of the goal's.
    pub name: Option<String>,
    /// What the policy does.
    pub description: String,
    /// What it is attached to: IDs, ARNs, or names of organizational units.
    pub targets: Vec<String>,
    /// The home Region of Control Tower.
    pub home_region: Option<String>,
    /// The ARN of the organizational unit of a control.
    pub control_target: Option<String>,
    /// The ARN of the control itself.
    pub control: Option<String>,
    /// The ARN of a control that is enabled already.
    pub enabled_control: Option<String>,
}

/// A file of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormFile {
    /// Its path below the folder of the form.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The characters of a description that AWS Organizations takes.
const MAX_DESCRIPTION: usize = 512;

impl Form {
    /// The name, as an option has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Form::Json => "json",
            Form::Cfct => "cfct",
            Form::Lza => "lza",
            Form::Terraform => "terraform",
            Form::CloudFormation => "cloudformation",
            Form::Cli => "cli",
        }
    }

    /// The files of parts.
    ///
    /// # Errors
    /// If the form cannot hold a part, or lacks something that it has to say.
    pub fn files(self, parts: &[Part], to: &Deployment) -> Result<Vec<FormFile>, GenerateError> {
        for part in parts {
            self.check(part)?;
        }
        match self {
            Form::Json => json::files(parts, to),
            Form::Cfct => cfct::files(parts, to),
            Form::Lza => lza::files(parts, to),
            Form::Terraform => terraform::files(parts, to),
            Form::CloudFormation => cloudformation::files(parts, to),
            Form::Cli => aws_cli::files(parts, to),
        }
    }

    fn check(self, part: &Part) -> Result<(), GenerateError> {
        let is_of_organization = matches!(self, Form::Cfct | Form::Lza);
        if is_of_organization && part.policy_type() == PolicyType::IdentityBased {
            return Err(GenerateError::goal(format!(
                "expected --form json, terraform, cloudformation, or cli for an identity-based policy, found {}",
                self.as_str()
            )));
        }
        match part {
            // A second SCP beside that of Control Tower lifts nothing.
            Part::Changed { policy, .. } if !matches!(self, Form::Json | Form::Cli) => {
                match managed_by_control_tower(policy) {
                    Some(why) => Err(GenerateError::goal(format!(
                        "expected --form json or cli, found {}: {} is a document of Control Tower ({why}), and another \
                         SCP beside it lifts nothing",
                        self.as_str(),
                        policy.name
                    ))),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

impl Deployment {
    /// The name of a part's policy.
    fn name<'a>(&'a self, part: &'a Part) -> &'a str {
        match (part, &self.name) {
            (Part::New(..), Some(name)) => name,
            _ => part.name(),
        }
    }

    /// The description as AWS takes it.
    fn description(&self) -> String {
        let mut letters = self.description.chars();
        let first = letters.next().map(|it| it.to_ascii_uppercase());
        let text = first.into_iter().chain(letters).collect::<String>();
        match text.char_indices().nth(MAX_DESCRIPTION - 1) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }

    fn home_region(&self, form: &str) -> Result<&str, GenerateError> {
        self.home_region.as_deref().ok_or_else(|| {
            GenerateError::goal(format!("{form} needs --home-region, that of Control Tower"))
        })
    }

    /// Targets as IDs, which ARNs end with.
    fn target_ids(&self) -> Vec<&str> {
        self.targets.iter().map(|target| node_id(target)).collect()
    }

    /// Targets as names of organizational units, which is all that `CfCT` and the Landing Zone Accelerator
    /// know.
    fn unit_names(&self, form: &str) -> Result<Vec<&str>, GenerateError> {
        let is_id = |name: &str| {
            let is_account = name.len() == 12 && name.bytes().all(|b| b.is_ascii_digit());
            is_account
                || name.starts_with("arn:")
                || name.starts_with("ou-")
                || name.starts_with("r-")
        };
        if self.targets.is_empty() {
            return Err(GenerateError::goal(format!(
                "{form} needs --target, the name of an organizational unit"
            )));
        }
        match self.targets.iter().find(|it| is_id(it)) {
            Some(id) => Err(GenerateError::goal(format!(
                "--target: expected the name of an organizational unit for {form}, found `{id}`"
            ))),
            None => Ok(self.targets.iter().map(String::as_str).collect()),
        }
    }

    fn control_target(&self) -> Result<&str, GenerateError> {
        let is_unit = |arn: &&str| {
            Arn::parse(arn)
                .is_some_and(|it| it.service == "organizations" && it.resource_type() == "ou")
        };
        self.control_target.as_deref().filter(is_unit).ok_or_else(|| {
            GenerateError::goal(
                "a control needs --target with the ARN of an organizational unit \
                 (arn:aws:organizations::…:ou/o-…/ou-…), or with its ID and an --org that says organization_id and \
                 management_account",
            )
        })
    }

    /// The ARN of a control. It has an ID that AWS chose (`arn:aws:controlcatalog:::control/…`), and no dots.
    fn control_arn(&self, control: &Control, form: &str) -> Result<&str, GenerateError> {
        self.control.as_deref().ok_or_else(|| {
            GenerateError::goal(format!(
                "{form} needs --control, the ARN that the console of Control Tower shows for {} as its API \
                 controlIdentifier",
                control.identifier
            ))
        })
    }
}

/// The ID of a node, which its ARN ends with.
pub fn node_id(target: &str) -> &str {
    match target.rsplit_once('/') {
        Some((_, id)) if target.starts_with("arn:") => id,
        _ => target,
    }
}

/// The name of a file for a policy.
fn file_name(name: &str) -> String {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.');
    let plain = name.chars().map(|it| if is_plain(it) { it } else { '-' }).collect::<String>();
    format!("{}.json", plain.trim_start_matches('.'))
}

/// The name of a resource: letters, digits, and underscores.
fn identifier(name: &str) -> String {
    let plain = name.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '_' });
    let plain = plain.collect::<String>();
    if plain.starts_with(|it: char| it.is_ascii_alphabetic()) {
        plain
    } else {
        format!("p_{plain}")
    }
}

/// A document for people, unless its white space takes it over the limit.
fn readable(document: &Document, policy_type: PolicyType) -> String {
    let size = Size::of(document, policy_type);
    let is_counted = policy_type != PolicyType::IdentityBased;
    let indent = if is_counted && size.indented > size.limit { None } else { Some(2) };
    document.to_json(indent)
}
