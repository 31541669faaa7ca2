//! `hoptrail explain`.

use clap::{Args, ValueEnum};

use super::days::LAST_OF_ALL;
use super::{AwsArgs, ConfigArgs, DayArgs, KnowledgeArgs, heading};

/// `hoptrail explain`.
#[derive(Debug, Args)]
#[command(mut_arg("last", |arg| arg.help(LAST_OF_ALL)))]
#[command(mut_arg("region", |arg| arg.help_heading(heading::REFERENCES).help(
    "Source Region: show the destinations from there only, and its prices; the Region of an ARN comes first. \
     With --in-use, the AWS Region of the first S3 request"
)))]
pub(crate) struct ExplainArgs {
    /// Model IDs, profile IDs, or ARNs; the text of an AccessDenied error; or - for standard input with
    /// one of these, or with many references: one a line, or a column of CSV
    #[arg(
        required_unless_present = "in_use",
        conflicts_with = "in_use",
        value_name = "MODEL_ID_OR_ARN"
    )]
    pub(crate) model_refs: Vec<String>,
    /// Column of the CSV on standard input [default: the first of model_ref, model_id, model, model_arn,
    /// inference_profile_arn, inference_profile_id, line_item_resource_id, resource_id, in any spelling]
    #[arg(long, value_name = "NAME", help_heading = heading::REFERENCES)]
    pub(crate) column: Option<String>,
    /// UTC day of the prices: YYYY-MM-DD, today, yesterday, or 7d (seven days ago)
    #[arg(long, value_name = "DAY", default_value = "today", help_heading = heading::REFERENCES)]
    pub(crate) at: String,
    /// Add list prices to the rows of csv and jsonl
    #[arg(long, help_heading = heading::REFERENCES)]
    pub(crate) with_prices: bool,
    /// List the Regions that the profiles need which the tables in --dest have calls of, to paste into a
    /// policy
    #[arg(long, help_heading = heading::IN_USE)]
    pub(crate) in_use: bool,
    /// Where the tables are: s3://bucket/prefix or a folder
    #[arg(long, env = "HOPTRAIL_DEST", value_name = "URI", help_heading = heading::IN_USE)]
    pub(crate) dest: Option<String>,
    /// Which days; all that are published if none are given.
    #[command(flatten)]
    pub(crate) days: DayArgs,
    /// What is known.
    #[command(flatten)]
    pub(crate) knowledge: KnowledgeArgs,
    /// Output format: text, json, or a row for each reference as csv or jsonl
    #[arg(long, value_enum, hide_possible_values = true, value_name = "FORMAT", default_value_t)]
    #[arg(help_heading = heading::OUTPUT)]
    pub(crate) output: ExplainOutput,
    /// How to reach S3.
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    /// The settings file.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// A format of `explain`. The variants have no doc comments, because clap would list them with `--help`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExplainOutput {
    #[default]
    Text,
    Json,
    Jsonl,
    Csv,
}
