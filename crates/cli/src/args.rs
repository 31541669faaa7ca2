//! The command line. Most options can also be set in the environment (`HOPTRAIL_...`) or in the
//! `--config` file; the command line wins over the environment, and the environment over the file.
//!
//! Doc comments of fields are the text of `--help`. None has a second paragraph, because clap then
//! prints every option with blank lines around it.

#![expect(clippy::doc_markdown, reason = "clap prints doc comments as they are")]

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use pipeline::OmittedColumn;
use tables::query::SUBJECTS;

use crate::config::source::SourceKey;
use crate::exit;
use crate::report::LogFormat;

/// The headings of `--help`.
mod heading {
    pub(super) const SOURCE: &str = "Source";
    pub(super) const DAYS: &str = "Days (UTC)";
    pub(super) const DESTINATION: &str = "Destination";
    pub(super) const MODELS: &str = "Models and prices";
    pub(super) const PERFORMANCE: &str = "Performance";
    pub(super) const OUTPUT: &str = "Output";
    pub(super) const FILTERS: &str = "Filters";
    pub(super) const ANSWER: &str = "Answer";
    pub(super) const AWS: &str = "AWS";
    pub(super) const REFERENCES: &str = "References";
    pub(super) const IN_USE: &str = "Regions in use";
}

/// Global options come after the options of a command.
const LAST: usize = 900;

/// Find out where your Amazon Bedrock requests ran and what they cost, from your own CloudTrail
#[derive(Debug, Parser)]
#[command(name = "hoptrail", version, max_term_width = 80, after_help = exit::HELP)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// How to report.
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read CloudTrail for a range of days and write the tables as Parquet
    #[command(next_line_help = true, after_help = exit::HELP)]
    Run(Box<RunArgs>),
    /// Compare days that were built at once with one another, and rebuild those that one `run` over
    /// all of them would have built otherwise
    #[command(next_line_help = true, after_help = exit::HELP)]
    Settle(Box<RunArgs>),
    /// Show what `run` would list, fetch, and build, and the price of its requests; or try what it needs
    #[command(next_line_help = true, after_help = exit::HELP)]
    Plan(Box<PlanArgs>),
    /// Compare the tables with their manifests; report missing, changed, or unexpected files. Checks
    /// all published days unless days are given
    #[command(next_line_help = true, after_help = exit::HELP)]
    Verify(Box<VerifyArgs>),
    /// Answer questions from the written tables: where calls ran, what they cost, what was denied
    #[command(next_line_help = true, after_help = exit::HELP)]
    Show(Box<ShowArgs>),
    /// Write a page for a browser: where calls ran, what they cost, what was denied. One HTML file, without
    /// scripts, that requests nothing
    #[command(next_line_help = true, after_help = exit::HELP)]
    Report(Box<ReportArgs>),
    /// Print the DDL that creates the tables in a query engine
    #[command(next_line_help = true, after_help = exit::HELP)]
    Ddl(DdlArgs),
    /// Show, check, export, or import prices
    #[command(after_help = exit::HELP)]
    Prices(PricesArgs),
    /// Export, check, compare, or import catalogs: models, profiles, and Regions
    #[command(after_help = exit::HELP)]
    Catalog(CatalogArgs),
    /// Show how model identifiers are read, which models they are, and where they may run; read an
    /// AccessDenied error; or list the Regions that the profiles in use need
    #[command(next_line_help = true, after_help = exit::HELP)]
    Explain(Box<ExplainArgs>),
}

/// How to report. These options belong to every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = heading::OUTPUT)]
pub(crate) struct OutputArgs {
    /// Format of messages on stderr
    #[arg(long, global = true, value_enum, value_name = "FORMAT", env = "HOPTRAIL_LOG_FORMAT")]
    #[arg(display_order = LAST)]
    pub(crate) log_format: Option<LogFormat>,
    /// Show no progress
    #[arg(long, global = true, display_order = LAST)]
    pub(crate) no_progress: bool,
}

/// `hoptrail run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// What to read.
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Which days.
    #[command(flatten)]
    pub(crate) days: DayArgs,
    /// Build only part I of N of the days, I from 0 to N-1, while other runs build the others: the
    /// index and size of an AWS Batch array job, or of a Kubernetes indexed job
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
    /// How to reach S3.
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    /// The settings file.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// `hoptrail plan`: the options of `run` that say what it would do.
#[derive(Debug, Args)]
#[command(mut_arg("dest", |arg| arg.help(
    "Where `run` would write: s3://bucket/prefix or a folder; shows which days it would build, and why"
)))]
#[command(mut_arg("wait_lock", |arg| arg.hide(true)))]
pub(crate) struct PlanArgs {
    /// What to read.
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Which days.
    #[command(flatten)]
    pub(crate) days: DayArgs,
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
    /// Try what a run needs instead: list, read one object of each account, and write, read, and delete
    /// an object at the destination. Prints what is missing as statements of IAM policies; nothing that
    /// it writes stays
    #[arg(long, help_heading = heading::OUTPUT)]
    pub(crate) preflight: bool,
    /// Output format
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t, help_heading = heading::OUTPUT)]
    pub(crate) output: Output,
    /// How to reach S3.
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    /// The settings file.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

impl PlanArgs {
    /// The run that is planned.
    pub(crate) fn into_run(self) -> RunArgs {
        let PlanArgs { source, days, logs, dest, knowledge, performance, aws, config, .. } = self;
        let (fail_on, summary_json) = (Vec::new(), None);
        RunArgs {
            shard: None,
            source,
            days,
            logs,
            dest,
            knowledge,
            performance,
            approved_regions: None,
            accounts: None,
            fail_on,
            full: false,
            summary_json,
            aws,
            config,
        }
    }
}

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
    pub(crate) days: DayArgs,
    /// Where the tables are: s3://bucket/prefix or a folder
    #[arg(long, env = "HOPTRAIL_DEST", value_name = "URI", help_heading = heading::DESTINATION)]
    pub(crate) dest: Option<String>,
    /// Output format
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t, help_heading = heading::OUTPUT)]
    pub(crate) output: Output,
    /// How to reach S3.
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    /// The settings file.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// `hoptrail show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// What to show
    #[arg(value_name = "SUBJECT", value_parser = PossibleValuesParser::new(SUBJECTS.iter().map(|it| it.name)))]
    pub(crate) subject: String,
    /// Where the tables are: s3://bucket/prefix or a folder
    #[arg(long, env = "HOPTRAIL_DEST", value_name = "URI", help_heading = heading::DESTINATION)]
    pub(crate) dest: Option<String>,
    /// Which days; all that are published if none are given.
    #[command(flatten)]
    pub(crate) days: ShownDayArgs,
    /// Which rows of the table.
    #[command(flatten)]
    pub(crate) filters: FilterArgs,
    /// Columns to tell rows apart by, such as dt, account_id, ou, or request_metadata.team (repeatable, or
    /// separated by commas)
    #[arg(long, value_delimiter = ',', value_name = "COLUMN", help_heading = heading::ANSWER)]
    pub(crate) by: Vec<String>,
    /// Show only the first N rows, and one of all others [default: 20 in a table on a terminal]
    #[arg(long, value_name = "N", help_heading = heading::ANSWER)]
    pub(crate) top: Option<usize>,
    /// Column to sort by: greatest first; a column of --by, least first
    #[arg(long, value_name = "COLUMN", help_heading = heading::ANSWER)]
    pub(crate) sort: Option<String>,
    /// Names of accounts, in place of those of the table accounts: a file as for `run`
    #[arg(long, value_name = "FILE", conflicts_with = "sql", help_heading = heading::ANSWER)]
    pub(crate) accounts: Option<PathBuf>,
    /// Output format: table, csv, json, jsonl, or markdown
    #[arg(long, value_enum, hide_possible_values = true, default_value_t)]
    #[arg(value_name = "FORMAT", help_heading = heading::ANSWER)]
    pub(crate) format: AnswerFormat,
    /// Print the question as SQL instead, for athena, spark, or duckdb; nothing is read
    /// [default of --sql alone: athena]
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "athena")]
    #[arg(hide_possible_values = true, conflicts_with_all = ["budget", "format"])]
    #[arg(value_name = "ENGINE", help_heading = heading::ANSWER)]
    pub(crate) sql: Option<SqlEngine>,
    /// Compare with the days before: as many, or the month before if the days are a whole month
    #[arg(long, value_enum, hide_possible_values = true, conflicts_with_all = ["sql", "budget"])]
    #[arg(value_name = "previous", help_heading = heading::ANSWER)]
    pub(crate) compare: Option<Compare>,
    /// End with exit code 4 if the list cost of the answer is, or may be, greater, and with 3 if that
    /// cannot be told (cost only)
    #[arg(long, value_name = "USD", help_heading = heading::ANSWER)]
    pub(crate) budget: Option<String>,
    /// How to reach S3.
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    /// The settings file.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// `hoptrail report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Where the tables are: s3://bucket/prefix or a folder
    #[arg(long, env = "HOPTRAIL_DEST", value_name = "URI", help_heading = heading::DESTINATION)]
    pub(crate) dest: Option<String>,
    /// Which days; all that are published if none are given.
    #[command(flatten)]
    pub(crate) days: ShownDayArgs,
    /// Page to write, or - for stdout
    #[arg(short = 'o', long, value_name = "FILE", help_heading = heading::OUTPUT)]
    pub(crate) output: PathBuf,
    /// Names of accounts, in place of those of the table accounts: a file as for `run`
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT)]
    pub(crate) accounts: Option<PathBuf>,
    /// Say on the page when it was made; without it, the same tables give the same page
    #[arg(long, help_heading = heading::OUTPUT)]
    pub(crate) stamp: bool,
    /// How to reach S3.
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    /// The settings file.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// Which days are shown.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::DAYS)]
pub(crate) struct ShownDayArgs {
    /// The last N whole days, up to yesterday [default: all that are published] [env: HOPTRAIL_LAST=]
    #[arg(long, value_name = "N")]
    pub(crate) last: Option<u32>,
    /// One day: YYYY-MM-DD, today, yesterday, or 7d (seven days ago) [env: HOPTRAIL_DAY=]
    #[arg(long, value_name = "DAY", conflicts_with = "last")]
    pub(crate) day: Option<String>,
    /// First day [env: HOPTRAIL_FROM=]
    #[arg(long, alias = "start-time", value_name = "DAY", conflicts_with_all = ["day", "last"])]
    pub(crate) from: Option<String>,
    /// Last day, included [default: the day of --from] [env: HOPTRAIL_TO=]
    #[arg(long, alias = "end-time", value_name = "DAY", requires = "from")]
    pub(crate) to: Option<String>,
}

/// Which rows of a table are shown: those that pass every filter.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::FILTERS)]
pub(crate) struct FilterArgs {
    /// Only this account (as every filter, repeatable, or several values separated by commas)
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    pub(crate) account: Vec<String>,
    /// Only this model: its ID or its name
    #[arg(long, value_delimiter = ',', value_name = "MODEL")]
    pub(crate) model: Vec<String>,
    /// Only calls to this Region
    #[arg(long, value_delimiter = ',', value_name = "REGION")]
    pub(crate) source_region: Vec<String>,
    /// Only calls that ran in this Region
    #[arg(long, value_delimiter = ',', value_name = "REGION")]
    pub(crate) inference_region: Vec<String>,
    /// Only profiles of this scope: us, eu, global, ...
    #[arg(long, value_delimiter = ',', value_name = "SCOPE")]
    pub(crate) profile_scope: Vec<String>,
    /// Only this role or user
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    pub(crate) principal: Vec<String>,
    /// Only this session
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    pub(crate) session: Vec<String>,
}

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

/// Which days.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::DAYS)]
pub(crate) struct DayArgs {
    /// The last N whole days, up to yesterday [env: HOPTRAIL_LAST=]
    #[arg(long, value_name = "N")]
    pub(crate) last: Option<u32>,
    /// One day: YYYY-MM-DD, today, yesterday, or 7d (seven days ago) [env: HOPTRAIL_DAY=]
    #[arg(long, value_name = "DAY", conflicts_with = "last")]
    pub(crate) day: Option<String>,
    /// First day [env: HOPTRAIL_FROM=]
    #[arg(long, alias = "start-time", value_name = "DAY", conflicts_with_all = ["day", "last"])]
    pub(crate) from: Option<String>,
    /// Last day, included [default: the day of --from] [env: HOPTRAIL_TO=]
    #[arg(long, alias = "end-time", value_name = "DAY", requires = "from")]
    pub(crate) to: Option<String>,
    /// How long after midnight objects are still read for the day before: 90m, 6h, 2d
    /// [default: 6h]
    #[arg(long, env = "HOPTRAIL_LATE_WINDOW", value_name = "DURATION")]
    pub(crate) late_window: Option<String>,
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

/// Where to write.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::DESTINATION)]
pub(crate) struct DestArgs {
    /// Where to write the tables: s3://bucket/prefix or a folder
    #[arg(long, env = "HOPTRAIL_DEST", value_name = "URI")]
    pub(crate) dest: Option<String>,
    /// Rebuild unchanged days
    #[arg(long)]
    pub(crate) force: bool,
    /// Replace a day even if source objects or logs that it was built from are lost
    #[arg(long)]
    pub(crate) allow_shrink: bool,
    /// Columns to leave empty in every table, with what quotes their values: message, principal_arn,
    /// request_metadata, session_name, source_ip, user_agent (repeatable, or separated by commas)
    #[arg(long, value_parser = omitted_column(), value_delimiter = ',')]
    #[arg(hide_possible_values = true, env = "HOPTRAIL_OMIT", value_name = "COLUMN")]
    pub(crate) omit: Vec<OmittedColumn>,
    /// Encryption of what is written: AES256 (a key of S3) or aws:kms (a key of KMS), for buckets
    /// that demand it
    #[arg(long, value_enum, hide_possible_values = true, env = "HOPTRAIL_SSE")]
    #[arg(value_name = "ALGORITHM")]
    pub(crate) sse: Option<Sse>,
    /// KMS key of --sse aws:kms: ID, ARN, or alias [default: the account's key for S3]
    #[arg(long, env = "HOPTRAIL_SSE_KMS_KEY_ID", value_name = "KEY")]
    pub(crate) sse_kms_key_id: Option<String>,
    /// Canned ACL of what is written, such as bucket-owner-full-control
    #[arg(long, value_enum, hide_possible_values = true, env = "HOPTRAIL_ACL", value_name = "ACL")]
    pub(crate) acl: Option<Acl>,
    /// How many days before its delivery a call may be for its published day to be opened again
    /// although the days of this run do not include it: 30d; 0 for never [default: 30d, as long as
    /// AWS retries a delivery]
    #[arg(long, env = "HOPTRAIL_REOPEN", value_name = "DAYS", help_heading = heading::DAYS)]
    pub(crate) reopen: Option<String>,
    /// Maximum time to wait while another run writes a day: 30m, 6h [without a value: 1d; without
    /// the option, another run that holds the day is an error]
    #[arg(long, env = "HOPTRAIL_WAIT_LOCK", value_name = "DURATION")]
    #[arg(num_args = 0..=1, default_missing_value = "1d")]
    pub(crate) wait_lock: Option<String>,
    /// Write without leases, for services that do not know conditional writes: only if nothing else
    /// writes to the destination at the same time
    #[arg(long, env = "HOPTRAIL_NO_LEASE")]
    pub(crate) no_lease: bool,
}

/// What is known of models, Regions, and prices.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::MODELS)]
pub(crate) struct KnowledgeArgs {
    /// What opaque model identifiers denote, and their tags: a .toml or .csv file, or the .json output
    /// of `aws bedrock list-inference-profiles` or of other commands that list such resources
    /// (repeatable; later files win)
    #[arg(long, env = "HOPTRAIL_ALIASES", value_delimiter = ',', value_name = "FILE")]
    pub(crate) aliases: Vec<PathBuf>,
    /// Folder with models.csv, inference_profiles.csv, or regions.csv to use instead of the
    /// built-in ones
    #[arg(long, env = "HOPTRAIL_CATALOG", value_name = "DIR")]
    pub(crate) catalog: Option<PathBuf>,
    /// Models, profiles, or Regions to add to the catalog: a file like config/models.csv, or a folder
    /// as for --catalog; its rows replace those with the same key (repeatable; later ones win)
    #[arg(long, env = "HOPTRAIL_CATALOG_ADD", value_delimiter = ',', value_name = "PATH")]
    pub(crate) catalog_add: Vec<PathBuf>,
    /// Negotiated discounts, for contracted_cost_usd beside list costs: a CSV file with a factor, or a
    /// usd_per_million, by any of model_id, provider, source_region, routing, service_tier,
    /// context_over_tokens, token_kind, valid_from, and valid_until
    #[arg(long, env = "HOPTRAIL_DISCOUNT", value_name = "FILE")]
    pub(crate) discount: Option<PathBuf>,
    /// Jurisdictions of Regions, over the built-in ones: a CSV file with the columns
    /// region_code,jurisdiction
    #[arg(long, env = "HOPTRAIL_JURISDICTIONS", value_name = "FILE")]
    pub(crate) jurisdictions: Option<PathBuf>,
    /// Price book to use instead of the built-in one: a CSV file like config/prices.csv
    #[arg(long, env = "HOPTRAIL_PRICES", value_name = "FILE")]
    pub(crate) prices: Option<PathBuf>,
    /// Prices that correct or complete the price book's list prices: a CSV file with the same columns;
    /// each row wins over the book's with the same key, on the days for which it is valid
    #[arg(long, env = "HOPTRAIL_PRICE_OVERRIDES", value_name = "FILE")]
    pub(crate) price_overrides: Option<PathBuf>,
    /// Prices of what is not billed by text tokens (images, seconds, speech, queries, guardrail units)
    /// to use instead of the built-in ones: a CSV file like config/unit_prices.csv
    #[arg(long, env = "HOPTRAIL_UNIT_PRICES", value_name = "FILE")]
    pub(crate) unit_prices: Option<PathBuf>,
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

/// How to reach S3. What is not set comes from the environment and files of the AWS SDK.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::AWS)]
pub(crate) struct AwsArgs {
    /// AWS profile
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// AWS Region of the first request, which finds the bucket's Region. To read only calls to a
    /// Region, use --source-region
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Custom S3 endpoint URL
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    /// Where the bucket's name is in URLs: in the path (path), in the host (virtual), or in the path
    /// where the endpoint is an IP address or a name without a dot (auto) [default: the profile's
    /// s3.addressing_style, else auto]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "STYLE")]
    pub(crate) addressing_style: Option<AddressingStyleArg>,
    /// Account that must own the destination's bucket; requests to a bucket of another account fail
    #[arg(long, env = "HOPTRAIL_EXPECTED_BUCKET_OWNER", value_name = "ACCOUNT")]
    pub(crate) expected_bucket_owner: Option<String>,
    /// Accept charges for requests to a Requester Pays bucket
    #[arg(long)]
    pub(crate) requester_pays: bool,
    /// Do not sign requests, for public buckets
    #[arg(long)]
    pub(crate) no_sign_request: bool,
}

/// The settings file.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = clap::builder::Resettable::Reset)]
pub(crate) struct ConfigArgs {
    /// Settings in a TOML file; options and the environment override it
    #[arg(long, env = "HOPTRAIL_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// `hoptrail ddl`.
#[derive(Debug, Args)]
pub(crate) struct DdlArgs {
    /// Output: SQL for Amazon Athena (athena), Spark (spark), or DuckDB (duckdb), a template that sets up
    /// Athena (cloudformation), or a page of documentation (markdown)
    #[arg(value_enum, hide_possible_values = true)]
    pub(crate) dialect: Dialect,
    /// Where the tables are: s3://bucket/prefix, for spark and duckdb also a folder (required for all
    /// but markdown)
    #[arg(long, value_name = "URI", required_if_eq_any([
        ("dialect", "athena"), ("dialect", "spark"), ("dialect", "duckdb"), ("dialect", "cloudformation"),
    ]))]
    pub(crate) location: Option<String>,
    /// Regions where calls may run, for the views: a list with commas between, or a CSV file with the columns
    /// account_id,region (* for all accounts)
    #[arg(long, value_name = "LIST|FILE")]
    pub(crate) approved_regions: Option<String>,
    /// Account that is billed for all accounts, for the view focus_1_2: 12 digits
    #[arg(long, value_name = "ACCOUNT_ID")]
    pub(crate) payer: Option<String>,
    /// Name of the Glue database that the template of cloudformation creates
    #[arg(long, value_name = "NAME", default_value = "hoptrail")]
    pub(crate) database: String,
}

/// `hoptrail explain`.
#[derive(Debug, Args)]
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
    pub(crate) days: ShownDayArgs,
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

/// `hoptrail prices`.
#[derive(Debug, Args)]
pub(crate) struct PricesArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: PricesCommand,
}

/// What to do with prices.
#[derive(Debug, Subcommand)]
pub(crate) enum PricesCommand {
    /// Show the prices of a model in a source Region on a day, each with its origin
    #[command(next_line_help = true, after_help = exit::HELP)]
    Show(PricesShowArgs),
    /// Check a price file of your own, line by line
    #[command(next_line_help = true, after_help = exit::HELP)]
    Check(PricesCheckArgs),
    /// Write the price book as a file for --prices, or prices per unit as one for --unit-prices
    #[command(next_line_help = true, after_help = exit::HELP)]
    Export(PricesExportArgs),
    /// Bring a price book up to date with what AWS prints: the output of `aws bedrock
    /// list-foundation-model-agreement-offers` or `aws pricing get-products`, and the offer files of
    /// Amazon Bedrock in the AWS Price List (JSON or CSV)
    #[command(next_line_help = true, after_help = exit::HELP)]
    Import(PricesImportArgs),
}

/// `hoptrail prices import`.
#[derive(Debug, Args)]
pub(crate) struct PricesImportArgs {
    /// Files to read
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Price book to write, for --prices; or - for stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
    /// Price book to bring up to date instead of the built-in one
    #[arg(long, env = "HOPTRAIL_PRICES", value_name = "FILE")]
    pub(crate) prices: Option<PathBuf>,
    /// UTC day on which files without a date were asked for: YYYY-MM-DD, today, yesterday, or 7d
    #[arg(long, value_name = "DAY", default_value = "today")]
    pub(crate) at: String,
    /// What is known of models and Regions.
    #[command(flatten)]
    pub(crate) base: CatalogBaseArgs,
}

/// `hoptrail prices export`.
#[derive(Debug, Args)]
pub(crate) struct PricesExportArgs {
    /// File to write, or - for stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
    /// Price book to export instead of the built-in one
    #[arg(long, env = "HOPTRAIL_PRICES", value_name = "FILE")]
    pub(crate) prices: Option<PathBuf>,
    /// Write the prices of what is not billed by text tokens instead, as a file for --unit-prices
    #[arg(long)]
    pub(crate) units: bool,
    /// The prices for --units to export instead of the built-in ones
    #[arg(long, env = "HOPTRAIL_UNIT_PRICES", value_name = "FILE")]
    pub(crate) unit_prices: Option<PathBuf>,
}

/// `hoptrail catalog`.
#[derive(Debug, Args)]
pub(crate) struct CatalogArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: CatalogCommand,
}

/// What to do with a catalog.
#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// Write the catalog as files for --catalog: models.csv, inference_profiles.csv, and regions.csv
    #[command(next_line_help = true, after_help = exit::HELP)]
    Export(CatalogExportArgs),
    /// Check catalog files of your own, line by line
    #[command(next_line_help = true, after_help = exit::HELP)]
    Check(CatalogCheckArgs),
    /// List the rows that differ between two catalogs
    #[command(next_line_help = true, after_help = exit::HELP)]
    Diff(CatalogDiffArgs),
    /// Bring a catalog up to date with the output of `aws bedrock list-foundation-models`,
    /// `get-foundation-model`, `list-inference-profiles`, or `get-inference-profile`
    #[command(next_line_help = true, after_help = exit::HELP)]
    Import(CatalogImportArgs),
}

/// `hoptrail catalog import`.
#[derive(Debug, Args)]
pub(crate) struct CatalogImportArgs {
    /// Files to read. The Region that profiles were asked for is in their ARNs, or else in the name of
    /// the file: profiles.eu-west-1.json
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Folder to write the catalog to, for --catalog or --catalog-add
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
    /// UTC day on which the files were asked for: YYYY-MM-DD, today, yesterday, or 7d
    #[arg(long, value_name = "DAY", default_value = "today")]
    pub(crate) at: String,
    /// What to bring up to date.
    #[command(flatten)]
    pub(crate) base: CatalogBaseArgs,
}

/// The catalog to start from.
#[derive(Debug, Args)]
pub(crate) struct CatalogBaseArgs {
    /// Folder with models.csv, inference_profiles.csv, or regions.csv to use instead of the
    /// built-in ones
    #[arg(long, env = "HOPTRAIL_CATALOG", value_name = "DIR")]
    pub(crate) catalog: Option<PathBuf>,
    /// Files or folders with rows to add; they replace those with the same key
    #[arg(long, env = "HOPTRAIL_CATALOG_ADD", value_delimiter = ',', value_name = "PATH")]
    pub(crate) catalog_add: Vec<PathBuf>,
}

/// `hoptrail catalog export`.
#[derive(Debug, Args)]
pub(crate) struct CatalogExportArgs {
    /// Folder to write to; it is made if it does not exist
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
    /// What to export.
    #[command(flatten)]
    pub(crate) base: CatalogBaseArgs,
}

/// `hoptrail catalog check`.
#[derive(Debug, Args)]
pub(crate) struct CatalogCheckArgs {
    /// Folder with models.csv, inference_profiles.csv, or regions.csv, or one such file
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// Check files for --catalog-add, which may refer to rows of the catalog
    #[arg(long)]
    pub(crate) additions: bool,
}

/// `hoptrail catalog diff`.
#[derive(Debug, Args)]
pub(crate) struct CatalogDiffArgs {
    /// Folder with catalog files, or the word built-in
    pub(crate) before: PathBuf,
    /// Folder with catalog files, or the word built-in
    pub(crate) after: PathBuf,
}

/// `hoptrail prices show`.
#[derive(Debug, Args)]
pub(crate) struct PricesShowArgs {
    /// Model ID, profile ID, or ARN
    #[arg(value_name = "MODEL_ID_OR_ARN")]
    pub(crate) model_ref: String,
    /// Source Region, whose prices apply [default: the ARN's, else the first from which the profile
    /// can be called, else us-east-1]
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// UTC day: YYYY-MM-DD, today, yesterday, or 7d (seven days ago)
    #[arg(long, value_name = "DAY", default_value = "today")]
    pub(crate) at: String,
    /// What is known.
    #[command(flatten)]
    pub(crate) knowledge: KnowledgeArgs,
    /// Output format
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t, help_heading = heading::OUTPUT)]
    pub(crate) output: Output,
}

/// `hoptrail prices check`.
#[derive(Debug, Args)]
pub(crate) struct PricesCheckArgs {
    /// Price file: CSV like config/prices.csv, or like config/unit_prices.csv
    pub(crate) file: PathBuf,
    /// Check a file for --price-overrides, which need not be complete
    #[arg(long)]
    pub(crate) overrides: bool,
    /// Check a file for --discount
    #[arg(long, conflicts_with = "overrides")]
    pub(crate) discounts: bool,
    /// Price book whose bands a file for --discount may name, instead of the built-in one
    #[arg(long, env = "HOPTRAIL_PRICES", value_name = "FILE")]
    pub(crate) prices: Option<PathBuf>,
    /// Corrections of list prices, whose bands a file for --discount may name too
    #[arg(long, env = "HOPTRAIL_PRICE_OVERRIDES", value_name = "FILE")]
    pub(crate) price_overrides: Option<PathBuf>,
    /// Folder with models.csv or regions.csv to use instead of the built-in ones
    #[arg(long, env = "HOPTRAIL_CATALOG", value_name = "DIR")]
    pub(crate) catalog: Option<PathBuf>,
    /// Files or folders with rows to add to the catalog; they replace those with the same key
    #[arg(long, env = "HOPTRAIL_CATALOG_ADD", value_delimiter = ',', value_name = "PATH")]
    pub(crate) catalog_add: Vec<PathBuf>,
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

/// A column of `--omit`, by its name.
fn omitted_column() -> impl TypedValueParser<Value = OmittedColumn> {
    PossibleValuesParser::new(OmittedColumn::ALL.map(OmittedColumn::as_str))
        .try_map(|name| OmittedColumn::from_name(&name).ok_or("no such column"))
}

/// An encryption of `--sse`, spelled as in the AWS CLI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
pub(crate) enum Sse {
    /// With a key of S3.
    #[value(name = "AES256")]
    #[serde(rename = "AES256")]
    Aes256,
    /// With a key of KMS.
    #[value(name = "aws:kms")]
    #[serde(rename = "aws:kms")]
    Kms,
}

/// The canned ACLs that an object can have.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl>
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Acl {
    Private,
    PublicRead,
    PublicReadWrite,
    AuthenticatedRead,
    AwsExecRead,
    BucketOwnerRead,
    BucketOwnerFullControl,
}

/// A way to write URLs, as in the AWS configuration files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AddressingStyleArg {
    /// As the endpoint allows.
    Auto,
    /// The bucket in the path.
    Path,
    /// The bucket in the host.
    Virtual,
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

/// A format of `show`. The variants have no doc comments, because clap would list them with `--help`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnswerFormat {
    #[default]
    Table,
    Csv,
    Json,
    Jsonl,
    Markdown,
}

/// Who is to answer a question in SQL. The variants have no doc comments, because clap would list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SqlEngine {
    Athena,
    Spark,
    Duckdb,
}

/// What an answer is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Compare {
    /// The days before.
    Previous,
}

/// What the DDL is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dialect {
    /// Amazon Athena.
    Athena,
    /// Spark.
    Spark,
    /// DuckDB.
    Duckdb,
    /// AWS CloudFormation, for Athena.
    Cloudformation,
    /// A page of documentation.
    Markdown,
}

/// An output format. The variants have no doc comments, because clap would list them with `--help`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    #[default]
    Text,
    Json,
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
