//! `hoptrail policy generate`.

use std::path::PathBuf;

use clap::{Arg, Args, Subcommand, ValueEnum};

use super::super::days::LAST_OF_ALL;
use super::super::{AwsArgs, ConfigArgs, DayArgs, heading};
use super::PolicyKnowledgeArgs;
use crate::exit;

/// `hoptrail policy generate`.
#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    /// The goal.
    #[command(subcommand)]
    pub(crate) goal: GenerateGoal,
}

/// A goal.
#[derive(Debug, Subcommand)]
pub(crate) enum GenerateGoal {
    /// Let calls through profiles pass a Region deny of --org, and nothing else: the changed SCP
    #[command(next_line_help = true, after_help = exit::help())]
    Exempt(Box<ExemptArgs>),
    /// Allow global profiles from these source Regions, and from no others
    #[command(next_line_help = true, after_help = exit::help())]
    EnableGlobal(Box<EnableGlobalArgs>),
    /// Deny global cross-Region inference, also through application profiles
    #[command(next_line_help = true, after_help = exit::help())]
    DisableGlobal(Box<DisableGlobalArgs>),
    /// Deny inference outside of Regions, or of a geography, whichever way a model is called
    #[command(next_line_help = true, after_help = exit::help())]
    Regions(Box<OnlyRegionsArgs>),
    /// Deny models that are called without a profile
    #[command(next_line_help = true, after_help = exit::help())]
    ProfilesOnly(Box<ProfilesOnlyArgs>),
    /// Deny all models but these: by their IDs, through profiles, at the mantle endpoint
    #[command(next_line_help = true, after_help = exit::help())]
    Models(Box<ModelsArgs>),
    /// Deny inference to all accounts but these, everywhere or outside of Regions
    #[command(next_line_help = true, after_help = exit::help())]
    Accounts(Box<AccountsArgs>),
    /// Deny calls with Bedrock API keys
    #[command(next_line_help = true, after_help = exit::help())]
    NoApiKeys(Box<NoApiKeysArgs>),
    /// Allow one model or profile: an identity-based policy
    #[command(next_line_help = true, after_help = exit::help())]
    Identity(Box<IdentityArgs>),
    /// Allow what a principal has called, and nothing else: an identity-based policy from the tables
    #[command(next_line_help = true, after_help = exit::help())]
    LeastPrivilege(Box<LeastPrivilegeArgs>),
    /// Let calls through profiles pass the control CT.MULTISERVICE.PV.1: its parameters, and the SCP that must
    /// stand beside them
    #[command(next_line_help = true, after_help = exit::help())]
    ControlTower(Box<ControlTowerArgs>),
}

/// `exempt`.
#[derive(Debug, Args)]
#[command(mut_args(without_aws))]
pub(crate) struct ExemptArgs {
    /// What passes: a geography (us, eu), global, a profile ID, application-profiles, or the ARN of one
    #[arg(required = true, value_name = "PROFILE")]
    pub(crate) profiles: Vec<String>,
    /// What is common.
    #[command(flatten)]
    pub(crate) common: GenerateCommonArgs,
}

/// `enable-global`.
#[derive(Debug, Args)]
#[command(mut_args(without_aws))]
pub(crate) struct EnableGlobalArgs {
    /// Source Regions of global calls
    #[arg(required = true, value_name = "REGION")]
    pub(crate) regions: Vec<String>,
    /// What is common.
    #[command(flatten)]
    pub(crate) common: GenerateCommonArgs,
}

/// `disable-global`.
#[derive(Debug, Args)]
#[command(mut_args(without_aws))]
pub(crate) struct DisableGlobalArgs {
    /// What is common.
    #[command(flatten)]
    pub(crate) common: GenerateCommonArgs,
}

/// `regions`.
#[derive(Debug, Args)]
#[command(mut_args(without_aws))]
pub(crate) struct OnlyRegionsArgs {
    /// Regions in which models may run
    #[arg(required_unless_present = "geography", value_name = "REGION")]
    pub(crate) regions: Vec<String>,
    /// The Regions of a geography, by the catalog: us, eu, jp
    #[arg(long, value_name = "SCOPE", conflicts_with = "regions")]
    pub(crate) geography: Option<String>,
    /// What is common.
    #[command(flatten)]
    pub(crate) common: GenerateCommonArgs,
}

/// `profiles-only`.
#[derive(Debug, Args)]
#[command(mut_args(without_aws))]
pub(crate) struct ProfilesOnlyArgs {
    /// Leave calls to the mantle endpoint, which know no profiles, as they are
    #[arg(long)]
    pub(crate) keep_mantle: bool,
    /// What is common.
    #[command(flatten)]
    pub(crate) common: GenerateCommonArgs,
}

/// `models`.
#[derive(Debug, Args)]
#[command(mut_args(without_aws))]
pub(crate) struct ModelsArgs {
    /// Model IDs without a scope, or patterns: anthropic.*
    #[arg(required = true, value_name = "MODEL")]
    pub(crate) models: Vec<String>,
    /// What is common.
    #[command(flatten)]
    pub(crate) common: GenerateCommonArgs,
}

/// `accounts`.
#[derive(Debug, Args)]
#[command(mut_arg("last", |arg| arg.help(LAST_OF_ALL)))]
pub(crate) struct AccountsArgs {
    /// Account IDs; with --dest, those of the tables that used cross-Region inference come to them
    #[arg(required_unless_present = "dest", value_name = "ACCOUNT")]
    pub(crate) accounts: Vec<String>,
    /// Regions in which the other accounts may run models still
    #[arg(long, value_delimiter = ',', value_name = "REGION")]
    pub(crate) within: Vec<String>,
    /// Where the history is.
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    /// What is common.
    #[command(flatten)]
    pub(crate) common: GenerateCommonArgs,
}

/// `no-api-keys`.
#[derive(Debug, Args)]
#[command(mut_args(without_aws))]
pub(crate) struct NoApiKeysArgs {
    /// Deny the creation of long-term keys, too
    #[arg(long)]
    pub(crate) creation: bool,
    /// What is common.
    #[command(flatten)]
    pub(crate) common: GenerateCommonArgs,
}

/// `identity`.
#[derive(Debug, Args)]
#[command(mut_args(without_aws))]
pub(crate) struct IdentityArgs {
    /// Model ID, profile ID, or ARN of an application profile
    #[arg(value_name = "MODEL_ID_OR_ARN")]
    pub(crate) model_ref: String,
    /// What is common.
    #[command(flatten)]
    pub(crate) common: GenerateCommonArgs,
}

/// `least-privilege`.
#[derive(Debug, Args)]
#[command(mut_arg("last", |arg| arg.help(LAST_OF_ALL)))]
pub(crate) struct LeastPrivilegeArgs {
    /// Where the history is.
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    /// What is common.
    #[command(flatten)]
    pub(crate) common: GenerateCommonArgs,
}

/// `control-tower`.
#[derive(Debug, Args)]
#[command(mut_args(without_aws))]
pub(crate) struct ControlTowerArgs {
    /// What passes: a geography (us, eu), global, a profile ID, application-profiles, or the ARN of one
    #[arg(required = true, value_name = "PROFILE")]
    pub(crate) profiles: Vec<String>,
    /// Regions that the control allows [default: those of the control in --org]
    #[arg(long, value_delimiter = ',', value_name = "REGION")]
    pub(crate) allowed_region: Vec<String>,
    /// ARN of the control, for terraform and cloudformation: the API controlIdentifier in the console
    /// [default: cli asks the Control Catalog]
    #[arg(long, value_name = "ARN")]
    pub(crate) control: Option<String>,
    /// ARN of the enabled control, if there is one: its parameters are updated
    #[arg(long, value_name = "ARN")]
    pub(crate) enabled_control: Option<String>,
    /// What is common.
    #[command(flatten)]
    pub(crate) common: GenerateCommonArgs,
}

/// The tables that a goal is taken from.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::HISTORY)]
pub(crate) struct HistoryArgs {
    /// Where the tables are: s3://bucket/prefix or a folder
    #[arg(long, env = "HOPTRAIL_DEST", value_name = "URI")]
    pub(crate) dest: Option<String>,
    /// The days; all that are published if none are given.
    #[command(flatten)]
    pub(crate) days: DayArgs,
}

/// What all goals have.
#[derive(Debug, Clone, Default, Args)]
#[command(mut_arg("region", |arg| arg.help_heading(heading::MATRIX).help(
    "Source Region of the calls that are tried, or several separated by commas [default: the Regions that the SCPs \
     allow]"
)))]
pub(crate) struct GenerateCommonArgs {
    /// Organization with its SCPs, or one SCP, as for `policy simulate` [default: FullAWSAccess alone]
    #[arg(long, value_name = "PATH", help_heading = heading::POLICIES)]
    pub(crate) org: Option<PathBuf>,
    /// Root, organizational unit, or account that the policy is for (repeatable): its ID, or its name
    /// [default: the root]
    #[arg(long, value_name = "NODE", help_heading = heading::POLICIES)]
    pub(crate) target: Vec<String>,
    /// Account that the calls are tried by (repeatable) [default: those of --org, one for each set of SCPs]
    #[arg(long, value_delimiter = ',', value_name = "ID", help_heading = heading::MATRIX)]
    pub(crate) account: Vec<String>,
    /// Role or user that calls [default: a role of the account]
    #[arg(long, value_name = "ARN", help_heading = heading::MATRIX)]
    pub(crate) principal: Option<String>,
    /// Model that is called [default: one that the catalog has every kind of profile for]
    #[arg(long, value_name = "MODEL_ID", help_heading = heading::MATRIX)]
    pub(crate) model: Option<String>,
    /// Value of a condition key that the SCPs ask for (as the next two, repeatable)
    #[arg(long, value_name = "KEY=VALUE", help_heading = heading::MATRIX)]
    pub(crate) context: Vec<String>,
    /// Condition key that the calls do not have
    #[arg(long, value_name = "KEY", help_heading = heading::MATRIX)]
    pub(crate) absent: Vec<String>,
    /// Condition key that the calls have, with a value that is not known
    #[arg(long, value_name = "KEY", help_heading = heading::MATRIX)]
    pub(crate) present: Vec<String>,
    /// What is known of models and profiles.
    #[command(flatten)]
    pub(crate) knowledge: PolicyKnowledgeArgs,
    /// Form: json, cfct (with -o), lza (with -o), terraform, cloudformation, or cli
    /// [default: json, of control-tower cli]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "FORM")]
    #[arg(help_heading = heading::OUTPUT)]
    pub(crate) form: Option<FormArgument>,
    /// Folder to write the files of the form to [default: one file on standard output]
    #[arg(long, short, value_name = "DIR", help_heading = heading::OUTPUT)]
    pub(crate) output: Option<PathBuf>,
    /// Name of a new policy [default: one for each goal]
    #[arg(long, value_name = "NAME", help_heading = heading::OUTPUT)]
    pub(crate) name: Option<String>,
    /// Home Region of Control Tower, for cfct and control-tower
    #[arg(long, value_name = "REGION", help_heading = heading::OUTPUT)]
    pub(crate) home_region: Option<String>,
    /// Print the report, and not the policy
    #[arg(long, conflicts_with = "output", help_heading = heading::OUTPUT)]
    pub(crate) report: bool,
    /// How to reach S3.
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    /// The settings file.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// A form of `policy generate`. The variants have no doc comments, because clap would list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormArgument {
    Json,
    Cfct,
    Lza,
    Terraform,
    #[value(name = "cloudformation")]
    CloudFormation,
    Cli,
}

impl GenerateGoal {
    /// What all goals have.
    pub(crate) fn common(&self) -> &GenerateCommonArgs {
        match self {
            GenerateGoal::Exempt(args) => &args.common,
            GenerateGoal::EnableGlobal(args) => &args.common,
            GenerateGoal::DisableGlobal(args) => &args.common,
            GenerateGoal::Regions(args) => &args.common,
            GenerateGoal::ProfilesOnly(args) => &args.common,
            GenerateGoal::Models(args) => &args.common,
            GenerateGoal::Accounts(args) => &args.common,
            GenerateGoal::NoApiKeys(args) => &args.common,
            GenerateGoal::Identity(args) => &args.common,
            GenerateGoal::LeastPrivilege(args) => &args.common,
            GenerateGoal::ControlTower(args) => &args.common,
        }
    }
}

/// Goals that read no tables have no use for the options of S3.
fn without_aws(arg: Arg) -> Arg {
    let is_of_aws = arg.get_help_heading() == Some(heading::AWS);
    if is_of_aws || arg.get_id() == "config" { arg.hide(true) } else { arg }
}
