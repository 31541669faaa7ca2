//! `hoptrail policy explain`.

use clap::{Args, ValueEnum};

use super::super::heading;
use super::{PoliciesArgs, PolicyKnowledgeArgs};

/// `hoptrail policy explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainDenialArgs {
    /// Text with a denial in it, or several: what the AWS CLI, an SDK, or an application prints, the body
    /// of a response, a CloudTrail record; or - for standard input
    #[arg(required = true, value_name = "MESSAGE")]
    pub(crate) texts: Vec<String>,
    /// Source Region: where the call was sent [default: that of a record or of a profile's ARN]
    #[arg(long, value_name = "REGION", help_heading = heading::CALL)]
    pub(crate) region: Option<String>,
    /// Account that called [default: that of the caller in the text]
    #[arg(long, value_name = "ID", help_heading = heading::CALL)]
    pub(crate) account: Option<String>,
    /// Role, user, or session that called: its ARN, with the path that the text lacks [default: that of
    /// the text]
    #[arg(long, value_name = "ARN", help_heading = heading::CALL)]
    pub(crate) principal: Option<String>,
    /// Which policies, if their statements are to be named.
    #[command(flatten)]
    pub(crate) policies: PoliciesArgs,
    /// What is known of models and profiles.
    #[command(flatten)]
    pub(crate) knowledge: PolicyKnowledgeArgs,
    /// Output format: text, or json
    #[arg(long, value_enum, hide_possible_values = true, value_name = "FORMAT", default_value_t)]
    #[arg(help_heading = heading::OUTPUT)]
    pub(crate) output: ExplainDenialOutput,
}

/// A format of `policy explain`. The variants have no doc comments, because clap would list them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExplainDenialOutput {
    #[default]
    Text,
    Json,
}
