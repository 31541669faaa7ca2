//! `hoptrail policy minify`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use policy::minify::Pipeline;

use super::super::heading;
use super::PolicyKind;

/// `hoptrail policy minify`.
#[derive(Debug, Args)]
pub(crate) struct MinifyArgs {
    /// Policy, or - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Type of the policy: scp, rcp, identity (a customer managed policy), boundary, session, or endpoint
    #[arg(long = "type", value_enum, default_value = "scp", hide_possible_values = true)]
    #[arg(value_name = "TYPE")]
    pub(crate) kind: PolicyKind,
    /// Drop Sids, too; without that, statements with Sids of their own stay apart
    #[arg(long)]
    pub(crate) drop_sids: bool,
    /// What saves the policy, for its size: console (white space is taken out), api (AWS CLI, SDKs, Terraform's
    /// file()), terraform (jsonencode()), lza (Landing Zone Accelerator), or cfct (Customizations for AWS
    /// Control Tower)
    #[arg(long = "as", value_enum, default_value = "api", hide_possible_values = true)]
    #[arg(value_name = "PIPELINE")]
    pub(crate) pipeline: SavedAs,
    /// Most bytes that the policy may have, or else exit code 4 [default: of scp 10240, rcp 5120, identity and
    /// boundary 6144 without white space, session 2048, endpoint 20480]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Write the policy to a file instead of stdout
    #[arg(short = 'o', long = "to", value_name = "FILE", help_heading = heading::OUTPUT)]
    pub(crate) to: Option<PathBuf>,
    /// Format of the report on stderr: text or json
    #[arg(long, value_enum, default_value = "text", hide_possible_values = true)]
    #[arg(value_name = "FORMAT", help_heading = heading::OUTPUT)]
    pub(crate) output: PolicyReport,
}

/// What saves a policy. The variants have no doc comments, because clap would list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SavedAs {
    Console,
    Api,
    Terraform,
    Lza,
    Cfct,
}

/// A format of `policy minify` and `policy diff`. The variants have no doc comments, because clap would list
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyReport {
    Text,
    Json,
}

impl From<SavedAs> for Pipeline {
    fn from(saved_as: SavedAs) -> Self {
        match saved_as {
            SavedAs::Console => Pipeline::Console,
            SavedAs::Api => Pipeline::Api,
            SavedAs::Terraform => Pipeline::Terraform,
            SavedAs::Lza => Pipeline::Lza,
            SavedAs::Cfct => Pipeline::Cfct,
        }
    }
}
