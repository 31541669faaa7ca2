//! What is read.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::heading;
use crate::config::source::SourceKey;

/// What to read.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::SOURCE)]
pub(crate) struct SourceArgs {
    /// CloudTrail log files: s3://bucket/prefix or a folder, at any level above or below CloudTrail/,
    /// one object or file, or - for standard input (repeatable: a call that several have counts once)
    #[arg(long, env = "HOPTRAIL_SOURCE", value_name = "URI")]
    pub(crate) source: Vec<String>,
    /// Those of the settings file, which may say how each is reached.
    #[arg(skip)]
    pub(crate) of_file: Vec<SourceKey>,
    /// Read only this account (repeatable)
    #[arg(long, env = "HOPTRAIL_ACCOUNT", value_delimiter = ',', value_name = "ID")]
    pub(crate) account: Vec<String>,
    /// Read only calls to this Region (repeatable)
    #[arg(long, env = "HOPTRAIL_SOURCE_REGION", value_delimiter = ',', value_name = "REGION")]
    pub(crate) source_region: Vec<String>,
    /// How to find objects: trails, or, where there is none, folders by day of Firehose or Hive
    /// (auto); trails only (trail); every file that may be a log, whatever its key, without pruning
    /// by day (any) [default: auto]
    #[arg(long, value_enum, hide_possible_values = true, env = "HOPTRAIL_LAYOUT")]
    pub(crate) layout: Option<LayoutArg>,
    /// Maximum number of LIST requests to find trails, in each source, apart from those for the
    /// accounts of a trail [default: 5000]
    #[arg(long, env = "HOPTRAIL_MAX_SEARCH_REQUESTS", value_name = "N")]
    pub(crate) max_search_requests: Option<u64>,
}

impl SourceArgs {
    /// The sources: those of the command line, else those of the environment, else those of the file.
    pub(crate) fn all(&self) -> Vec<SourceKey> {
        match self.source.as_slice() {
            [] => self.of_file.clone(),
            typed => typed.iter().map(|uri| SourceKey::of_uri(uri)).collect(),
        }
    }
}

/// What to read besides CloudTrail's log files, and how strictly.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::SOURCE)]
pub(crate) struct LogArgs {
    /// Model invocation logs, for exact token counts: s3://bucket/prefix or a folder, at any level
    /// above or below BedrockModelInvocationLogs/ (repeatable; {account} and {region} are filled in
    /// from the calls; with --source, one of several that cannot be read is named, and the run is
    /// partial). Without --source, the calls themselves are read from them
    #[arg(long, env = "HOPTRAIL_INVOCATION_LOGS", value_name = "URI")]
    pub(crate) invocation_logs: Vec<String>,
    /// Also write calls that only the invocation logs have, because no trail tells of them
    #[arg(long, env = "HOPTRAIL_INCLUDE_ORPHANS")]
    pub(crate) include_orphans: bool,
    /// Outputs of batch inference jobs, for their record and token counts and their cost:
    /// s3://bucket/prefix or a folder above the folders of the jobs (repeatable)
    #[arg(long, env = "HOPTRAIL_BATCH_OUTPUTS", value_name = "URI")]
    pub(crate) batch_outputs: Vec<String>,
    /// Keys of the request metadata in model invocation logs that are written to the tables, up to 16
    /// (repeatable, or separated by commas); others are not read
    #[arg(long, env = "HOPTRAIL_REQUEST_METADATA", value_delimiter = ',', value_name = "KEY")]
    pub(crate) request_metadata: Vec<String>,
    /// Compare every log file with CloudTrail's digest files; end with exit code 1 if any log file
    /// is missing or was changed
    #[arg(long, env = "HOPTRAIL_VERIFY_DIGESTS")]
    pub(crate) verify_digests: bool,
    /// Public keys of the digest files' signatures: the output of `aws cloudtrail list-public-keys`
    #[arg(long, env = "HOPTRAIL_DIGEST_KEYS", value_name = "FILE")]
    pub(crate) digest_keys: Option<PathBuf>,
    /// Read all members of an object that consists of several gzip members. CloudTrail writes one;
    /// others may be forged
    #[arg(long, env = "HOPTRAIL_ACCEPT_TRAILING_MEMBERS")]
    pub(crate) accept_trailing_members: bool,
}

/// How objects are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LayoutArg {
    /// Trails; where there is none, folders by day of Firehose or Hive.
    Auto,
    /// Trails only.
    Trail,
    /// Every file that may be a log, whatever its key.
    Any,
}
