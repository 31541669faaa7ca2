//! `hoptrail report`.

use std::path::PathBuf;

use clap::Args;

use super::days::LAST_OF_ALL;
use super::{AwsArgs, ConfigArgs, DayArgs, RateArgs, heading};

/// `hoptrail report`.
#[derive(Debug, Args)]
#[command(mut_arg("last", |arg| arg.help(LAST_OF_ALL)))]
pub(crate) struct ReportArgs {
    /// Where the tables are: s3://bucket/prefix or a folder
    #[arg(long, env = "HOPTRAIL_DEST", value_name = "URI", help_heading = heading::DESTINATION)]
    pub(crate) dest: Option<String>,
    /// Which days; all that are published if none are given.
    #[command(flatten)]
    pub(crate) days: DayArgs,
    /// Page to write, or - for stdout
    #[arg(short = 'o', long, value_name = "FILE", help_heading = heading::OUTPUT)]
    pub(crate) output: PathBuf,
    /// Regions where calls may run, for a chapter on those that ran elsewhere: a list such as
    /// eu-central-1,eu-west-1, or a CSV file with the columns account_id,region, where * is every account
    #[arg(long, env = "HOPTRAIL_APPROVED_REGIONS", value_name = "LIST|FILE", help_heading = heading::OUTPUT)]
    pub(crate) approved_regions: Option<String>,
    /// Names of accounts, in place of those of the table accounts: a file as for `run`
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT)]
    pub(crate) accounts: Option<PathBuf>,
    /// Say on the page when it was made; without it, the same tables give the same page
    #[arg(long, help_heading = heading::OUTPUT)]
    pub(crate) stamp: bool,
    /// The rates that costs are compared with.
    #[command(flatten)]
    pub(crate) rates: RateArgs,
    /// How to reach S3.
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    /// The settings file.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}
