//! `hoptrail verify`.

use clap::Args;

use super::{AwsArgs, ConfigArgs, Output, ReadDayArgs, SourceArgs, heading};
use crate::metrics::MetricsOutput;

/// `hoptrail verify`.
#[derive(Debug, Args)]
#[command(mut_arg("source", |arg| arg.help(
    "List also the days whose source objects are not those that the day was built from: \
     s3://bucket/prefix or a folder; nothing is fetched from there"
)))]
pub(crate) struct VerifyArgs {
    /// What the tables were built from.
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Which days.
    #[command(flatten)]
    pub(crate) days: ReadDayArgs,
    /// Where the tables are: s3://bucket/prefix or a folder
    #[arg(long, env = "HOPTRAIL_DEST", value_name = "URI", help_heading = heading::DESTINATION)]
    pub(crate) dest: Option<String>,
    /// Output format
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t, help_heading = heading::OUTPUT)]
    pub(crate) output: Output,
    /// Write metrics of the verification at its end, as `run --metrics` does
    #[arg(long, value_delimiter = ',', env = "HOPTRAIL_METRICS", value_name = "FORM[=FILE]")]
    #[arg(help_heading = heading::OUTPUT)]
    pub(crate) metrics: Vec<MetricsOutput>,
    /// How to reach S3.
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    /// The settings file.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}
