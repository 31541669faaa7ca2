//! `hoptrail policy`.

mod diff;
mod explain;
mod generate;
mod kind;
mod lint;
mod minify;
mod replay;
mod simulate;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{KnowledgeArgs, heading};
use crate::exit;

pub(crate) use diff::{DiffArgs, ExpectedComparison};
pub(crate) use explain::{ExplainDenialArgs, ExplainDenialOutput};
pub(crate) use generate::{
    AccountsArgs, ControlTowerArgs, FormArgument, GenerateArgs, GenerateCommonArgs, GenerateGoal,
    HistoryArgs,
};
pub(crate) use kind::PolicyKind;
pub(crate) use lint::{LintArgs, LintOutput, LintSeverity};
pub(crate) use minify::{MinifyArgs, PolicyReport};
pub(crate) use replay::{ReplayArgs, ReplayBy, ReplayOutput};
pub(crate) use simulate::{ExpectedVerdict, SimulateArgs, SimulateOutput, SimulatedCallArgs};

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
    /// Say what a denial says, from any text that has one: which authorization was denied by which kind of
    /// policy, what the text does not say, which calls can have led there, and all that these need. With
    /// policies, also which statements deny them. No trail and no credentials are needed
    #[command(next_line_help = true, after_help = exit::help())]
    Explain(Box<ExplainDenialArgs>),
    /// Say whether policies allow calls, authorization by authorization, and which statement decides. A
    /// call through a profile is authorized for the profile, for the model in the source Region, and for
    /// the model in every Region of the profile
    #[command(next_line_help = true, after_help = exit::help())]
    Simulate(Box<SimulateArgs>),
    /// Find faults of policy documents, each with its line and, where one can show it, the call that proves
    /// it: the verdict with the fault and without it
    #[command(next_line_help = true, after_help = exit::help())]
    Lint(Box<LintArgs>),
    /// Write the smallest policy for a goal, and try it: every way to call a model, before and after
    #[command(after_help = exit::help())]
    Generate(GenerateArgs),
    /// Make a policy shorter without changing what it says, with proof, and compare its size, as it is saved,
    /// with AWS's limit. The policy goes to stdout, the report to stderr
    #[command(next_line_help = true, after_help = exit::help())]
    Minify(MinifyArgs),
    /// Say whether two policies say the same of every request, or show short requests on which they differ
    #[command(next_line_help = true, after_help = exit::help())]
    Diff(DiffArgs),
    /// Say what changed policies would have done to the calls that were logged; without a change, how well
    /// the policies explain what was logged
    #[command(next_line_help = true, after_help = exit::help())]
    Replay(Box<ReplayArgs>),
}

/// The policies that callers are subject to.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::POLICIES)]
pub(crate) struct PoliciesArgs {
    /// Organization with its SCPs: an org.json of nodes, accounts, and files; a folder of outputs of `aws
    /// organizations`; an iam-collect folder; a Landing Zone Accelerator configuration; a CfCT package; the
    /// output of `terraform show -json`; a CloudFormation template; or one SCP, to be simulated at a root
    /// beside FullAWSAccess
    #[arg(long, value_name = "PATH")]
    pub(crate) org: Option<PathBuf>,
    /// Organizational unit of the accounts, by its ID, name, or path, where the organization does not say it
    #[arg(long, value_name = "NODE", requires = "org")]
    pub(crate) unit: Option<String>,
    /// Attach an SCP to a node of the organization (as the next two, repeatable)
    #[arg(long, value_name = "NODE=FILE", requires = "org")]
    pub(crate) policy: Vec<String>,
    /// Put an SCP in place of one that is attached to a node, which is named by its ID, name, or file
    #[arg(long, value_name = "NODE:POLICY=FILE", requires = "org")]
    pub(crate) replace: Vec<String>,
    /// Detach an SCP from a node
    #[arg(long, value_name = "NODE:POLICY", requires = "org")]
    pub(crate) remove: Vec<String>,
    /// Identity-based policy of the principal (repeatable), one of which has to allow; or what has those of
    /// whole accounts: the output of `aws iam get-account-authorization-details`, or an iam-collect folder
    #[arg(long, value_name = "PATH")]
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
