//! `hoptrail policy replay`.

use clap::{Args, ValueEnum};
use policy::replay::Class;

use super::super::days::LAST_OF_ALL;
use super::super::{AwsArgs, ConfigArgs, DayArgs, heading};
use super::{PoliciesArgs, PolicyKnowledgeArgs};

/// `hoptrail policy replay`.
#[derive(Debug, Args)]
#[command(mut_arg("last", |arg| arg.help(LAST_OF_ALL)))]
pub(crate) struct ReplayArgs {
    /// Where the tables are: s3://bucket/prefix or a folder
    #[arg(long, env = "HOPTRAIL_DEST", value_name = "URI", help_heading = heading::DESTINATION)]
    pub(crate) dest: Option<String>,
    /// CloudTrail log files, in place of tables: they are read as by `run`, into a temporary folder
    /// (repeatable; needs days)
    #[arg(long, value_name = "URI", help_heading = heading::SOURCE)]
    pub(crate) source: Vec<String>,
    /// Which days; all that are published if none are given.
    #[command(flatten)]
    pub(crate) days: DayArgs,
    /// Which policies.
    #[command(flatten)]
    pub(crate) policies: PoliciesArgs,
    /// What to tell rows apart by, besides the class: account, ou, principal, model, profile, region, or day
    /// (repeatable, or separated by commas)
    #[arg(long, value_enum, value_delimiter = ',', hide_possible_values = true)]
    #[arg(value_name = "WHAT", help_heading = heading::OUTPUT)]
    pub(crate) by: Vec<ReplayBy>,
    /// Output format: text, json, csv, or parquet
    #[arg(long, value_enum, hide_possible_values = true, default_value_t)]
    #[arg(value_name = "FORMAT", help_heading = heading::OUTPUT)]
    pub(crate) output: ReplayOutput,
    /// End with exit code 4 if there are calls of a class: newly-denied, newly-allowed, undecided, or
    /// contradiction (repeatable, or separated by commas)
    #[arg(long, value_enum, value_delimiter = ',', hide_possible_values = true)]
    #[arg(value_name = "CLASS", help_heading = heading::OUTPUT)]
    pub(crate) fail_on: Vec<ReplayGate>,
    /// What is known of models and profiles.
    #[command(flatten)]
    pub(crate) knowledge: PolicyKnowledgeArgs,
    /// Threads that simulate [default: one per core]
    #[arg(long, env = "HOPTRAIL_THREADS", value_name = "N", help_heading = heading::PERFORMANCE)]
    pub(crate) threads: Option<usize>,
    /// How to reach S3.
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    /// The settings file.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// What rows are told apart by. The variants have no doc comments, because clap would list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReplayBy {
    Account,
    Ou,
    Principal,
    Model,
    Profile,
    Region,
    Day,
}

/// A format of `policy replay`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReplayOutput {
    #[default]
    Text,
    Json,
    Csv,
    Parquet,
}

/// A class that ends a replay with exit code 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReplayGate {
    NewlyDenied,
    NewlyAllowed,
    Undecided,
    Contradiction,
}

impl ReplayBy {
    /// The name of the column.
    pub(crate) fn column(self) -> &'static str {
        match self {
            ReplayBy::Account => "account_id",
            ReplayBy::Ou => "ou",
            ReplayBy::Principal => "principal",
            ReplayBy::Model => "model_id",
            ReplayBy::Profile => "profile_id",
            ReplayBy::Region => "source_region",
            ReplayBy::Day => "dt",
        }
    }
}

impl ReplayGate {
    /// As it is given, and the class.
    pub(crate) fn class(self) -> (&'static str, Class) {
        match self {
            ReplayGate::NewlyDenied => ("newly-denied", Class::NewlyDenied),
            ReplayGate::NewlyAllowed => ("newly-allowed", Class::NewlyAllowed),
            ReplayGate::Undecided => ("undecided", Class::Undecided),
            ReplayGate::Contradiction => ("contradiction", Class::Contradiction),
        }
    }
}
