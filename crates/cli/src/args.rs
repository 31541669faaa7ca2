//! What can be typed. Every flag of a run may also stand in the environment as `HOPTRAIL_...` or in the
//! file of `--config`; flags win over the environment, and that over the file.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::report::LogFormat;

/// Tells where your Amazon Bedrock requests really ran, from your own CloudTrail.
#[derive(Debug, Parser)]
#[command(name = "hoptrail", version, max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to talk about it.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read CloudTrail over a range of days and write the tables as Parquet
    ///
    /// Exit codes: 0 done; 1 failed; 2 usage; 3 partial (something unreadable or rejected, the rest is
    /// published); 4 a gate of --fail-on tripped; 5 nothing matched (--fail-on empty); 130 interrupted
    /// (SIGINT); 143 ended (SIGTERM).
    Run(Box<RunArgs>),
    /// Show what a run would list, fetch and write, and what the requests cost; nothing is fetched
    Plan(Box<PlanArgs>),
    /// Compare the tables with their manifests: what is missing, changed or foreign
    ///
    /// Without days, all that stand. With --source, tells also which days have other source objects than
    /// they were built from; nothing is fetched from there.
    ///
    /// Exit codes: 0 all is as it should be; 1 something is not.
    Verify(Box<VerifyArgs>),
    /// Print the DDL of the tables
    Ddl(DdlArgs),
    /// Show or check prices
    Prices(PricesArgs),
    /// Show how model references are read, what they resolve to, and where they may run
    ///
    /// Exit codes: 0 all known; 5 a reference that stands for no known model.
    Explain(ExplainArgs),
}

/// How to talk.
#[derive(Debug, Clone, Args)]
pub struct OutputArgs {
    /// How messages on stderr are written
    #[arg(long, global = true, value_enum, env = "HOPTRAIL_LOG_FORMAT")]
    pub log_format: Option<LogFormat>,
    /// Show no progress
    #[arg(long, global = true)]
    pub no_progress: bool,
}

/// `hoptrail run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// What to read.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Where to write: `s3://bucket/prefix` or a folder
    #[arg(long, env = "HOPTRAIL_DEST", value_name = "URI")]
    pub dest: Option<String>,
    /// Model invocation logs, for exact token counts: `s3://bucket/prefix` or a folder, at any level at
    /// or above `BedrockModelInvocationLogs/`
    #[arg(long, env = "HOPTRAIL_INVOCATION_LOGS", value_name = "URI")]
    pub invocation_logs: Option<String>,
    /// Compare every log file with CloudTrail's digest files; what was changed or is missing ends with
    /// exit code 1
    #[arg(long, env = "HOPTRAIL_VERIFY_DIGESTS")]
    pub verify_digests: bool,
    /// The keys that sign digest files: the output of `aws cloudtrail list-public-keys` as it is
    #[arg(long, env = "HOPTRAIL_DIGEST_KEYS", value_name = "FILE", requires = "verify_digests")]
    pub digest_keys: Option<PathBuf>,
    /// Read all members of an object that is several gzip members; CloudTrail writes one, so that more
    /// may be forged
    #[arg(long, env = "HOPTRAIL_ACCEPT_TRAILING_MEMBERS")]
    pub accept_trailing_members: bool,
    /// Build days again that have not changed
    #[arg(long)]
    pub force: bool,
    /// Replace a day even if source objects that it was built from are gone
    #[arg(long)]
    pub allow_shrink: bool,
    /// Wait while another run writes to the destination, at most so long: 30m, 6h [without a value: 1d]
    #[arg(
        long,
        env = "HOPTRAIL_WAIT_LOCK",
        value_name = "DURATION",
        num_args = 0..=1,
        default_missing_value = "1d"
    )]
    pub wait_lock: Option<String>,
    /// What is known.
    #[command(flatten)]
    pub knowledge: KnowledgeArgs,
    /// End with exit code 4 (5 for empty) if there is any of this
    #[arg(long, value_enum, value_delimiter = ',', env = "HOPTRAIL_FAIL_ON", value_name = "GATE")]
    pub fail_on: Vec<Gate>,
    /// Write the summary as JSON to this file; `-` is stdout, without the summary for people
    #[arg(long, env = "HOPTRAIL_SUMMARY_JSON", value_name = "FILE")]
    pub summary_json: Option<PathBuf>,
}

/// `hoptrail plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// What to read.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Where a run would write: shows which of the days it would replace
    #[arg(long, env = "HOPTRAIL_DEST", value_name = "URI")]
    pub dest: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// `hoptrail verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Where the tables are: `s3://bucket/prefix` or a folder
    #[arg(long, env = "HOPTRAIL_DEST", value_name = "URI")]
    pub dest: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
    /// The days, all without; and the source: with one, tells which days have other objects there than
    /// they were built from.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// What to read, and with how much.
#[derive(Debug, Clone, Default, Args)]
pub struct SourceArgs {
    /// Where CloudTrail delivers: `s3://bucket/prefix` or a folder, at any level at or above CloudTrail/
    #[arg(long, env = "HOPTRAIL_SOURCE", value_name = "URI")]
    pub source: Option<String>,
    /// The first UTC day: YYYY-MM-DD, today, yesterday, or 7d (seven days ago)
    #[arg(long, alias = "start-time", value_name = "DAY", conflicts_with_all = ["day", "last"])]
    pub from: Option<String>,
    /// The last UTC day, included; the day of --from if left out
    #[arg(long, alias = "end-time", value_name = "DAY", requires = "from")]
    pub to: Option<String>,
    /// One UTC day
    #[arg(long, value_name = "DAY", conflicts_with = "last")]
    pub day: Option<String>,
    /// The last N whole UTC days, up to yesterday
    ///
    /// Without any of these four flags, `HOPTRAIL_DAY`, `HOPTRAIL_FROM` with `HOPTRAIL_TO`, or
    /// `HOPTRAIL_LAST` says the days.
    #[arg(long, value_name = "N")]
    pub last: Option<u32>,
    /// How long after midnight objects are still read for the day before: 6h, 90m, 2d [default: 6h]
    #[arg(long, env = "HOPTRAIL_LATE_WINDOW", value_name = "DURATION")]
    pub late_window: Option<String>,
    /// How objects are found [default: trail]
    #[arg(long, value_enum, env = "HOPTRAIL_LAYOUT")]
    pub layout: Option<LayoutArg>,
    /// Read only this account (repeatable)
    #[arg(long, env = "HOPTRAIL_ACCOUNT", value_delimiter = ',', value_name = "ID")]
    pub account: Vec<String>,
    /// Read only what was called in this Region (repeatable)
    #[arg(long, env = "HOPTRAIL_SOURCE_REGION", value_delimiter = ',', value_name = "REGION")]
    pub source_region: Vec<String>,
    /// Threads that inflate, parse and encode [default: one per core]
    #[arg(long, env = "HOPTRAIL_THREADS", value_name = "N")]
    pub threads: Option<usize>,
    /// Requests in flight at most [default: 64]
    #[arg(long, env = "HOPTRAIL_CONCURRENCY", value_name = "N")]
    pub concurrency: Option<usize>,
    /// MiB at most that are fetched and not yet read [default: 64]
    #[arg(long, env = "HOPTRAIL_FETCH_AHEAD_MIB", value_name = "MIB")]
    pub fetch_ahead_mib: Option<u64>,
    /// MiB that an object may inflate to; larger ones are unreadable [default: 8192]
    #[arg(long, env = "HOPTRAIL_MAX_INFLATED_MIB", value_name = "MIB")]
    pub max_inflated_mib: Option<u64>,
    /// How to reach S3.
    #[command(flatten)]
    pub aws: AwsArgs,
    /// Settings in TOML; flags and the environment win over it
    #[arg(long, env = "HOPTRAIL_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// How to reach S3. What is not set comes from the AWS SDK's environment and files.
#[derive(Debug, Clone, Default, Args)]
pub struct AwsArgs {
    /// The AWS profile
    #[arg(long, value_name = "NAME", help_heading = "AWS")]
    pub profile: Option<String>,
    /// The AWS Region to ask first; a bucket's own is found. To restrict what is read: --source-region
    #[arg(long, value_name = "REGION", help_heading = "AWS")]
    pub region: Option<String>,
    /// Another S3 service
    #[arg(long, value_name = "URL", help_heading = "AWS")]
    pub endpoint_url: Option<String>,
    /// Agree to be charged, for buckets whose owner demands it
    #[arg(long, help_heading = "AWS")]
    pub requester_pays: bool,
    /// Send no credentials, for public buckets
    #[arg(long, help_heading = "AWS")]
    pub no_sign_request: bool,
}

/// What is known of models, Regions and opaque references.
#[derive(Debug, Clone, Default, Args)]
pub struct KnowledgeArgs {
    /// A folder whose `models.csv`, `inference_profiles.csv` and `regions.csv` replace the built-in ones
    #[arg(long, env = "HOPTRAIL_CATALOG", value_name = "DIR")]
    pub catalog: Option<PathBuf>,
    /// A price book that replaces the built-in one: CSV like config/prices.csv
    #[arg(long, env = "HOPTRAIL_PRICES", value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// Prices that win over the book's, such as negotiated ones: the same columns
    #[arg(long, env = "HOPTRAIL_PRICE_OVERRIDES", value_name = "FILE")]
    pub price_overrides: Option<PathBuf>,
    /// What opaque references stand for: .toml, .csv, or the .json of
    /// `aws bedrock list-inference-profiles` (repeatable; later ones win)
    #[arg(long, env = "HOPTRAIL_ALIASES", value_delimiter = ',', value_name = "FILE")]
    pub aliases: Vec<PathBuf>,
    /// Regroups Regions into jurisdictions: CSV of `region_code,jurisdiction`
    #[arg(long, env = "HOPTRAIL_JURISDICTIONS", value_name = "FILE")]
    pub jurisdictions: Option<PathBuf>,
}

/// `hoptrail ddl`.
#[derive(Debug, Args)]
pub struct DdlArgs {
    /// For whom
    #[arg(value_enum)]
    pub dialect: Dialect,
    /// Where the tables lie: `s3://bucket/prefix`
    #[arg(long, value_name = "URI", required_if_eq("dialect", "athena"))]
    pub location: Option<String>,
}

/// `hoptrail explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Model ids, profile ids or ARNs
    #[arg(required = true, value_name = "MODEL_ID_OR_ARN")]
    pub references: Vec<String>,
    /// The source Region: shows the destinations from there only, and the prices there
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// The UTC day of the prices: YYYY-MM-DD, today, yesterday, or 7d
    #[arg(long, value_name = "DAY", default_value = "today")]
    pub at: String,
    /// What is known.
    #[command(flatten)]
    pub knowledge: KnowledgeArgs,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// `hoptrail prices`.
#[derive(Debug, Args)]
pub struct PricesArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: PricesCommand,
}

/// What to do with prices.
#[derive(Debug, Subcommand)]
pub enum PricesCommand {
    /// Show the prices of a model that hold from a Region on a day, with their sources
    ///
    /// Exit codes: 0 there are prices; 5 the model is not known or has no price there.
    Show(PricesShowArgs),
    /// Check a price file of your own, line by line
    ///
    /// Exit codes: 0 nothing found; 1 something is wrong.
    Check(PricesCheckArgs),
}

/// `hoptrail prices show`.
#[derive(Debug, Args)]
pub struct PricesShowArgs {
    /// A model id, profile id or ARN
    #[arg(value_name = "MODEL_ID_OR_ARN")]
    pub model: String,
    /// The source Region, whose prices hold [default: that of the ARN, or the first that the profile
    /// can be called from, or us-east-1]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// The UTC day: YYYY-MM-DD, today, yesterday, or 7d
    #[arg(long, value_name = "DAY", default_value = "today")]
    pub at: String,
    /// What is known.
    #[command(flatten)]
    pub knowledge: KnowledgeArgs,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// `hoptrail prices check`.
#[derive(Debug, Args)]
pub struct PricesCheckArgs {
    /// A price file: CSV like config/prices.csv
    pub file: PathBuf,
    /// The file is for --price-overrides and need not be complete
    #[arg(long)]
    pub overrides: bool,
    /// A folder whose `models.csv` and `regions.csv` say what is known
    #[arg(long, env = "HOPTRAIL_CATALOG", value_name = "DIR")]
    pub catalog: Option<PathBuf>,
}

/// How objects are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LayoutArg {
    /// By CloudTrail's layout of keys, pruned by day
    Trail,
    /// Every .json and .json.gz, whatever its key; also single records, arrays and one record a line
    Any,
}

/// What ends a run with exit code 4, or 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// A call ran in another jurisdiction than it was sent to
    OtherJurisdiction,
    /// A reference stands for no known model
    Unresolved,
    /// A call with tokens has no price
    Unpriced,
    /// There was nothing to read
    Empty,
}

/// For whom the DDL is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Dialect {
    /// Amazon Athena
    Athena,
    /// People: a page of documentation
    Markdown,
}

/// How to print.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}
