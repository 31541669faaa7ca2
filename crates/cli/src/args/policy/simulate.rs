//! `hoptrail policy simulate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::super::days::LAST_OF_ALL;
use super::super::{AwsArgs, ConfigArgs, DayArgs, heading};
use super::{PoliciesArgs, PolicyKnowledgeArgs};

/// `hoptrail policy simulate`.
#[derive(Debug, Args)]
#[command(mut_arg("last", |arg| arg.help(LAST_OF_ALL)))]
#[command(mut_arg("region", |arg| arg.help_heading(heading::CALL).help(
    "Source Region, or several separated by commas [default: that of an ARN]. With --event-id, the AWS Region of the \
     first S3 request"
)))]
pub(crate) struct SimulateArgs {
    /// Model IDs, profile IDs, or ARNs. Several, or several Regions or accounts, make a table with a row
    /// for each combination
    #[arg(required_unless_present_any = ["calls", "event_id"], conflicts_with_all = ["calls", "event_id"])]
    #[arg(value_name = "MODEL_ID_OR_ARN")]
    pub(crate) model_refs: Vec<String>,
    /// What is called.
    #[command(flatten)]
    pub(crate) call: SimulatedCallArgs,
    /// Which policies.
    #[command(flatten)]
    pub(crate) policies: PoliciesArgs,
    /// Where the tables are, for --event-id: s3://bucket/prefix or a folder
    #[arg(long, env = "HOPTRAIL_DEST", value_name = "URI", help_heading = heading::CALL)]
    pub(crate) dest: Option<String>,
    /// The days of the event; all that are published if none are given.
    #[command(flatten)]
    pub(crate) days: DayArgs,
    /// What is known of models and profiles.
    #[command(flatten)]
    pub(crate) knowledge: PolicyKnowledgeArgs,
    /// Output format: text, or an object for each call as jsonl [default: text, with --calls jsonl]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "FORMAT")]
    #[arg(help_heading = heading::OUTPUT)]
    pub(crate) output: Option<SimulateOutput>,
    /// End with exit code 4 if a call has another verdict: allowed, denied, or indeterminate
    #[arg(long, value_enum, hide_possible_values = true, value_name = "VERDICT")]
    #[arg(help_heading = heading::OUTPUT)]
    pub(crate) expect: Option<ExpectedVerdict>,
    /// Threads that answer --calls [default: one per core]
    #[arg(long, env = "HOPTRAIL_THREADS", value_name = "N", help_heading = heading::PERFORMANCE)]
    pub(crate) threads: Option<usize>,
    /// How to reach S3.
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    /// The settings file.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// What is called, from where, by whom.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::CALL)]
pub(crate) struct SimulatedCallArgs {
    /// Account that calls (repeatable, or separated by commas) [default: that of --principal]
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    pub(crate) account: Vec<String>,
    /// Role, user, or session that calls: its ARN
    #[arg(long, value_name = "ARN")]
    pub(crate) principal: Option<String>,
    /// API operation
    #[arg(long, value_name = "NAME", default_value = "Converse")]
    pub(crate) operation: String,
    /// The calls carry a Bedrock API key
    #[arg(long)]
    pub(crate) api_key: bool,
    /// Value of a condition key, over all that is implied; a key with several values is given several
    /// times (as the next two, repeatable)
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) context: Vec<String>,
    /// Condition key that the calls do not have
    #[arg(long, value_name = "KEY")]
    pub(crate) absent: Vec<String>,
    /// Condition key that the calls have, with a value that is not known
    #[arg(long, value_name = "KEY")]
    pub(crate) present: Vec<String>,
    /// Calls as JSON lines, or - for standard input: objects with id, event_name, model_ref, region, account,
    /// principal_arn, api_key, context, absent, and present
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "region", "account", "principal", "operation", "api_key", "context", "absent", "present",
    ])]
    pub(crate) calls: Option<PathBuf>,
    /// A call of the tables in --dest, denied or not, by its event ID (repeatable)
    #[arg(long, value_delimiter = ',', value_name = "ID", conflicts_with_all = [
        "calls", "account", "principal", "operation", "api_key",
    ])]
    pub(crate) event_id: Vec<String>,
}

/// A format of `policy simulate`. The variants have no doc comments, because clap would list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SimulateOutput {
    Text,
    Jsonl,
}

/// The verdict that every call must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExpectedVerdict {
    /// Allowed.
    Allowed,
    /// Denied.
    Denied,
    /// Indeterminate.
    Indeterminate,
}
