//! `hoptrail policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::days::LAST_OF_ALL;
use super::{AwsArgs, ConfigArgs, DayArgs, KnowledgeArgs, heading};
use crate::exit;

/// `hoptrail policy`.
#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: PolicyCommand,
}

/// What to do with policies.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Say whether policies allow calls, authorization by authorization, and which statement decides. A
    /// call through a profile is authorized for the profile, for the model in the source Region, and for
    /// the model in every Region of the profile
    #[command(next_line_help = true, after_help = exit::HELP)]
    Simulate(Box<SimulateArgs>),
}

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
    pub(crate) policies: SimulatedPolicyArgs,
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

/// The policies that callers are subject to.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::POLICIES)]
pub(crate) struct SimulatedPolicyArgs {
    /// Organization with its SCPs: an org.json of nodes, accounts, and files; a folder of outputs of `aws
    /// organizations`; or one SCP, to be simulated at a root beside FullAWSAccess
    #[arg(long, value_name = "PATH")]
    pub(crate) org: Option<PathBuf>,
    /// Attach an SCP to a node of the organization (as the next two, repeatable)
    #[arg(long, value_name = "NODE=FILE", requires = "org")]
    pub(crate) policy: Vec<String>,
    /// Put an SCP in place of one that is attached to a node, which is named by its ID, name, or file
    #[arg(long, value_name = "NODE:POLICY=FILE", requires = "org")]
    pub(crate) replace: Vec<String>,
    /// Detach an SCP from a node
    #[arg(long, value_name = "NODE:POLICY", requires = "org")]
    pub(crate) remove: Vec<String>,
    /// Identity-based policy of the principal (repeatable); one of them has to allow
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Vec<PathBuf>,
    /// Permissions boundary of the principal
    #[arg(long, value_name = "FILE")]
    pub(crate) boundary: Option<PathBuf>,
    /// Session policy (repeatable); one of them has to allow
    #[arg(long, value_name = "FILE")]
    pub(crate) session_policy: Vec<PathBuf>,
    /// Policy of the VPC endpoint that the calls go through
    #[arg(long, value_name = "FILE")]
    pub(crate) endpoint_policy: Option<PathBuf>,
}

/// What is known of models and profiles.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::MODELS)]
pub(crate) struct PolicyKnowledgeArgs {
    /// What application profiles and other opaque identifiers denote: a .toml or .csv file, or the .json
    /// output of `aws bedrock list-inference-profiles` (repeatable)
    #[arg(long, env = "HOPTRAIL_ALIASES", value_delimiter = ',', value_name = "FILE")]
    pub(crate) aliases: Vec<PathBuf>,
    /// Folder with models.csv, inference_profiles.csv, or regions.csv to use instead of the built-in ones
    #[arg(long, env = "HOPTRAIL_CATALOG", value_name = "DIR")]
    pub(crate) catalog: Option<PathBuf>,
    /// Files or folders with rows to add to the catalog, such as destinations of profiles
    #[arg(long, env = "HOPTRAIL_CATALOG_ADD", value_delimiter = ',', value_name = "PATH")]
    pub(crate) catalog_add: Vec<PathBuf>,
}

impl From<PolicyKnowledgeArgs> for KnowledgeArgs {
    fn from(args: PolicyKnowledgeArgs) -> Self {
        let PolicyKnowledgeArgs { aliases, catalog, catalog_add } = args;
        KnowledgeArgs { aliases, catalog, catalog_add, ..KnowledgeArgs::default() }
    }
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
