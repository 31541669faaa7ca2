//! `hoptrail policy lint`.

use std::path::PathBuf;

use bedrock::denial::PolicyType;
use clap::{Args, ValueEnum};

use super::super::heading;
use super::PolicyKnowledgeArgs;

/// `hoptrail policy lint`.
#[derive(Debug, Args)]
pub(crate) struct LintArgs {
    /// Policy documents, or - for standard input
    #[arg(required_unless_present_any = ["org", "rules", "explain"], value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Type of the documents: scp, rcp, identity, boundary, session, or endpoint
    #[arg(
        long,
        value_enum,
        hide_possible_values = true,
        value_name = "TYPE",
        default_value = "scp"
    )]
    #[arg(help_heading = heading::POLICIES)]
    pub(crate) r#type: LintedType,
    /// Organization whose SCPs are checked, too, in a form that `policy simulate` takes
    #[arg(long, value_name = "PATH", help_heading = heading::POLICIES)]
    pub(crate) org: Option<PathBuf>,
    /// What the documents have to let through: profile=ID,region=CODE, with the ID or ARN of a model or a
    /// profile and the source Region (repeatable)
    #[arg(long, value_name = "GOAL", help_heading = heading::POLICIES)]
    pub(crate) goal: Vec<String>,
    /// What is known of models and profiles.
    #[command(flatten)]
    pub(crate) knowledge: PolicyKnowledgeArgs,
    /// Output format: text, json, or sarif (SARIF 2.1.0)
    #[arg(
        long,
        value_enum,
        hide_possible_values = true,
        value_name = "FORMAT",
        default_value = "text"
    )]
    #[arg(help_heading = heading::OUTPUT)]
    pub(crate) output: LintOutput,
    /// End with exit code 4 if a finding is at least so severe: error, warning, or note
    #[arg(
        long,
        value_enum,
        hide_possible_values = true,
        value_name = "SEVERITY",
        default_value = "error"
    )]
    #[arg(help_heading = heading::OUTPUT)]
    pub(crate) fail_on: LintSeverity,
    /// Print all rules
    #[arg(long, conflicts_with_all = ["files", "org", "goal", "explain"], help_heading = heading::OUTPUT)]
    pub(crate) rules: bool,
    /// Print one rule
    #[arg(long, value_name = "RULE", conflicts_with_all = ["files", "org", "goal"])]
    #[arg(help_heading = heading::OUTPUT)]
    pub(crate) explain: Option<String>,
}

/// A type of policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LintedType {
    /// A service control policy.
    Scp,
    /// A resource control policy.
    Rcp,
    /// An identity-based policy.
    Identity,
    /// A permissions boundary.
    Boundary,
    /// A session policy.
    Session,
    /// A policy of a VPC endpoint.
    Endpoint,
}

/// A format of `policy lint`. The variants have no doc comments, because clap would list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LintOutput {
    Text,
    Json,
    Sarif,
}

/// How bad a finding is at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LintSeverity {
    /// An error.
    Error,
    /// A warning.
    Warning,
    /// A note.
    Note,
}

impl From<LintedType> for PolicyType {
    fn from(linted: LintedType) -> Self {
        match linted {
            LintedType::Scp => PolicyType::ServiceControl,
            LintedType::Rcp => PolicyType::ResourceControl,
            LintedType::Identity => PolicyType::IdentityBased,
            LintedType::Boundary => PolicyType::PermissionsBoundary,
            LintedType::Session => PolicyType::Session,
            LintedType::Endpoint => PolicyType::VpcEndpoint,
        }
    }
}
