//! `hoptrail run`, and what `build` adds to it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{
    AwsArgs, ConfigArgs, DestArgs, KnowledgeArgs, LogArgs, ReadDayArgs, SourceArgs, heading,
};
use crate::metrics::MetricsOutput;

/// `hoptrail run`.
#[derive(Debug, Default, Args)]
pub(crate) struct RunArgs {
    /// What to read.
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Which days.
    #[command(flatten)]
    pub(crate) days: ReadDayArgs,
    /// Build only part I of N of the days, I from 0 to N-1, while other runs build the others: the
    /// index and size of an AWS Batch array job, or of a Kubernetes indexed job; each a
    /// number, or the name of an environment variable
    #[arg(long, env = "HOPTRAIL_SHARD", value_name = "I/N", help_heading = heading::DAYS)]
    pub(crate) shard: Option<String>,
    /// What to read besides CloudTrail's log files.
    #[command(flatten)]
    pub(crate) logs: LogArgs,
    /// Where to write.
    #[command(flatten)]
    pub(crate) dest: DestArgs,
    /// What is known.
    #[command(flatten)]
    pub(crate) knowledge: KnowledgeArgs,
    /// With how much.
    #[command(flatten)]
    pub(crate) performance: PerformanceArgs,
    /// End with exit code 4 if a call ran in another jurisdiction (other-jurisdiction), in a Region that
    /// its profile does not declare (undeclared-region) or that --approved-regions lacks
    /// (unapproved-region), was denied by a policy (policy-denial), has no known model (unresolved), has
    /// counts but no cost (unpriced), or has tokens that should have a price and have none, so not
    /// images, provisioned throughput, and the like (unpriced-tokens); with exit code 5 if there was
    /// nothing to read (empty). All days of the run count, also those that were left as they are.
    /// Separate several by commas
    #[arg(long, value_enum, value_delimiter = ',', hide_possible_values = true)]
    #[arg(env = "HOPTRAIL_FAIL_ON", value_name = "CONDITION", help_heading = heading::OUTPUT)]
    pub(crate) fail_on: Vec<Gate>,
    /// For policy-denial of --fail-on, count only denials whose policy, blocked Region, and profile the day
    /// before had not together
    #[arg(long, env = "HOPTRAIL_SINCE_LAST", help_heading = heading::OUTPUT)]
    pub(crate) since_last: bool,
    /// Regions where calls may run: a list such as eu-central-1,eu-west-1, or a CSV file with the columns
    /// account_id,region, where * is every account. Changes no table
    #[arg(long, env = "HOPTRAIL_APPROVED_REGIONS", value_name = "LIST|FILE", help_heading = heading::OUTPUT)]
    pub(crate) approved_regions: Option<String>,
    /// Names of accounts, for the table accounts, which views and other commands read: the output of `aws
    /// organizations list-accounts`, or a CSV file with the columns account_id,name,ou. Without the
    /// option, the table stays as it is
    #[arg(long, env = "HOPTRAIL_ACCOUNTS", value_name = "FILE", help_heading = heading::DESTINATION)]
    pub(crate) accounts: Option<PathBuf>,
    /// Print all that is known of the run instead of a page
    #[arg(long, env = "HOPTRAIL_FULL", help_heading = heading::OUTPUT)]
    pub(crate) full: bool,
    /// Write the summary as JSON to a file, or with `-` to stdout instead of the text summary
    #[arg(long, env = "HOPTRAIL_SUMMARY_JSON", value_name = "FILE", help_heading = heading::OUTPUT)]
    pub(crate) summary_json: Option<PathBuf>,
    /// Write metrics of the run at its end, however it ends: for CloudWatch in the embedded metric format (emf),
    /// for Prometheus's textfile collector (prometheus), or as json; to stdout after the summary, or with =FILE
    /// to a file. Separate several by commas
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

/// `hoptrail build`.
#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// What to build from.
    #[command(flatten)]
    pub(crate) readings: ReadingsArgs,
    /// All else is as in a run.
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Readings, and what they are to add up to.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = heading::READINGS)]
pub(crate) struct ReadingsArgs {
    /// Readings of the days: `-` for an Arrow stream on stdin, or the folder that `read --shard` wrote to
    #[arg(long, env = "HOPTRAIL_READINGS", value_name = "URI|-")]
    pub(crate) readings: String,
    /// What each day is to be built from, as `plan --sums` wrote it: days whose readings do not add up to
    /// it are not published. Required with `--readings -`; shards have their own
    #[arg(long, value_name = "FILE")]
    pub(crate) sums: Option<PathBuf>,
}

/// With how much of the machine and of S3.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::PERFORMANCE)]
pub(crate) struct PerformanceArgs {
    /// Threads that decompress, parse, and encode [default: one per core]
    #[arg(long, env = "HOPTRAIL_THREADS", value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Maximum number of requests in flight [default: 64]
    #[arg(long, env = "HOPTRAIL_CONCURRENCY", value_name = "N")]
    pub(crate) concurrency: Option<usize>,
    /// Maximum MiB that are fetched and not yet read [default: 64]
    #[arg(long, env = "HOPTRAIL_FETCH_AHEAD_MIB", value_name = "MIB")]
    pub(crate) fetch_ahead_mib: Option<u64>,
    /// Maximum MiB of an object after decompression; larger objects are unreadable [default: 8192]
    #[arg(long, env = "HOPTRAIL_MAX_INFLATED_MIB", value_name = "MIB")]
    pub(crate) max_inflated_mib: Option<u64>,
}

/// A condition of `--fail-on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Gate {
    /// A call ran in another jurisdiction than it was sent to.
    OtherJurisdiction,
    /// A call ran in a Region that its profile does not declare.
    UndeclaredRegion,
    /// A call ran in a Region that is not approved.
    UnapprovedRegion,
    /// A policy denied a call.
    PolicyDenial,
    /// A model identifier has no known model.
    Unresolved,
    /// A call with counts has no cost.
    Unpriced,
    /// A call has no cost, and tokens that should have a price.
    UnpricedTokens,
    /// There was nothing to read.
    Empty,
}
