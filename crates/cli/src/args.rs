//! The command line. Most options can also be set in the environment (`HOPTRAIL_...`) or in the
//! `--config` file; the command line wins over the environment, and the environment over the file.
//!
//! Doc comments of fields are the text of `--help`. None has a second paragraph, because clap then
//! prints every option with blank lines around it.

#![expect(clippy::doc_markdown, reason = "clap prints doc comments as they are")]

mod aws;
mod catalog;
mod days;
mod destination;
mod generate;
mod knowledge;
mod policy;
mod prices;
mod read;
mod reconcile;
mod source;

use std::path::PathBuf;

use bedrock::cost::OtherRate;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use tables::query::SUBJECTS;

pub(crate) use self::aws::{AddressingStyleArg, AwsArgs};
pub(crate) use self::catalog::{
    CatalogArgs, CatalogCheckArgs, CatalogCommand, CatalogDiffArgs, CatalogExportArgs,
    CatalogImportArgs,
};
use self::days::LAST_OF_ALL;
pub(crate) use self::days::{DayArgs, ReadDayArgs};
pub(crate) use self::destination::{Acl, DestArgs, Sse};
pub(crate) use self::generate::{GenerateArgs, Generated};
pub(crate) use self::knowledge::{CatalogBaseArgs, KnowledgeArgs, RateArgs};
pub(crate) use self::policy::{
    AccountsArgs, ControlTowerArgs, DiffArgs, ExpectedComparison, ExpectedVerdict,
    ExplainDenialArgs, ExplainDenialOutput, FormArgument, GenerateCommonArgs, GenerateGoal,
    HistoryArgs, LintArgs, LintOutput, LintSeverity, MinifyArgs, PoliciesArgs, PolicyArgs,
    PolicyCommand, PolicyReport, ReplayArgs, ReplayBy, ReplayOutput, SimulateArgs, SimulateOutput,
    SimulatedCallArgs,
};
pub(crate) use self::prices::{
    PricesArgs, PricesCheckArgs, PricesCommand, PricesExportArgs, PricesImportArgs, PricesShowArgs,
};
pub(crate) use self::read::{FormArg, ReadArgs};
pub(crate) use self::reconcile::{ReconcileArgs, ReconcileFormat};
pub(crate) use self::source::{LayoutArg, LogArgs, SourceArgs};
use crate::exit;
use crate::messages::LogFormat;
use crate::metrics::MetricsOutput;
use crate::version::VERSION;

/// The headings of `--help`.
mod heading {
    pub(super) const SOURCE: &str = "Source";
    pub(super) const READINGS: &str = "Readings";
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
    pub(super) const CALL: &str = "Call";
    pub(super) const POLICIES: &str = "Policies";
    pub(super) const MATRIX: &str = "Calls that are tried";
    pub(super) const HISTORY: &str = "History";
}

/// Global options come after the options of a command.
const LAST: usize = 900;

/// Find out where your Amazon Bedrock requests ran and what they cost, from your own CloudTrail
#[derive(Debug, Parser)]
#[command(name = "hoptrail", version = VERSION, max_term_width = 80, after_help = exit::HELP)]
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
    /// Read objects whose keys come on standard input, as JSON lines of `plan --output keys`, and write what
    /// each gives to each day as an Arrow IPC stream, for `build`
    #[command(next_line_help = true, after_help = exit::HELP)]
    Read(Box<ReadArgs>),
    /// Build days from what `read` wrote, in place of listing and fetching the source
    #[command(next_line_help = true, after_help = exit::HELP)]
    Build(Box<BuildArgs>),
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
    /// Say what policies make of calls: which of their authorizations are denied, by which statement
    #[command(after_help = exit::HELP)]
    Policy(PolicyArgs),
    /// Compare what AWS bills with what the tables have, line by line, from the Parquet files of a CUR 2.0
    /// or FOCUS 1.2 export
    #[command(next_line_help = true, after_help = exit::HELP)]
    Reconcile(Box<ReconcileArgs>),
    /// Write manual pages, or the completions of a shell
    #[command(hide = true, after_help = exit::HELP)]
    Generate(GenerateArgs),
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
    pub(crate) days: ReadDayArgs,
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
    /// What to plan, and how.
    #[command(flatten)]
    pub(crate) objects: PlanObjectArgs,
    /// How to reach S3.
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    /// The settings file.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// Which objects `plan` is about, and what it prints of them.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::OUTPUT)]
pub(crate) struct PlanObjectArgs {
    /// Output: a plan for people (text) or programs (json); the objects that a run would read, as JSON
    /// lines {"key": "...", "size": N, "etag": "..."} (keys); or the folders that it would list, as JSON
    /// lines for --folders (folders)
    #[arg(long, value_enum, hide_possible_values = true, value_name = "FORMAT", default_value_t)]
    pub(crate) output: PlanOutput,
    /// List only these folders, without a search for trails: some of the lines of --output folders, in a
    /// file, or - for standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["keys", "preflight"])]
    pub(crate) folders: Option<PathBuf>,
    /// List nothing, and take these objects: lines as those of --output keys, in a file, or - for standard
    /// input; those of other days are left out
    #[arg(long, value_name = "FILE", conflicts_with = "preflight")]
    pub(crate) keys: Option<PathBuf>,
    /// Write how many objects and bytes each day is read from, and their fingerprint, as JSON lines to a
    /// file; those of parts add up
    #[arg(long, value_name = "FILE", conflicts_with = "preflight")]
    pub(crate) sums: Option<PathBuf>,
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
            since_last: false,
            accounts: None,
            fail_on,
            full: false,
            summary_json,
            metrics: Vec::new(),
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

/// `hoptrail show`.
#[derive(Debug, Args)]
#[command(mut_arg("last", |arg| arg.help(LAST_OF_ALL)))]
pub(crate) struct ShowArgs {
    /// What to show
    #[arg(value_name = "SUBJECT", value_parser = PossibleValuesParser::new(SUBJECTS.iter().map(|it| it.name)))]
    pub(crate) subject: String,
    /// Where the tables are: s3://bucket/prefix or a folder
    #[arg(long, env = "HOPTRAIL_DEST", value_name = "URI", help_heading = heading::DESTINATION)]
    pub(crate) dest: Option<String>,
    /// Which days; all that are published if none are given.
    #[command(flatten)]
    pub(crate) days: DayArgs,
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
    /// Show what the same tokens would cost at another rate of their days: routing=global, routing=regional,
    /// tier=flex, or tier=batch (cost only)
    #[arg(long = "as", value_parser = other_rate(), hide_possible_values = true)]
    #[arg(conflicts_with_all = ["budget", "compare"], value_name = "RATE", help_heading = heading::ANSWER)]
    pub(crate) other_rate: Option<OtherRate>,
    /// The rates of --as.
    #[command(flatten)]
    pub(crate) rates: RateArgs,
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
    /// Only calls that ran outside these Regions (routing only): a list such as eu-central-1,eu-west-1, or a
    /// CSV file with the columns account_id,region, where * is every account
    #[arg(long, value_name = "LIST|FILE")]
    pub(crate) approved_regions: Option<String>,
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

/// A rate of `--as`, by its name.
fn other_rate() -> impl TypedValueParser<Value = OtherRate> {
    PossibleValuesParser::new(OtherRate::ALL.map(|(name, _)| name))
        .try_map(|name| OtherRate::parse(&name).ok_or("no such rate"))
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

/// A format of `plan`. The variants have no doc comments, because clap would list them with `--help`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanOutput {
    #[default]
    Text,
    Json,
    Keys,
    Folders,
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
