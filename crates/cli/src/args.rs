//! The command line. Most options can also be set in the environment (`HOPTRAIL_...`) or in the
//! `--config` file; the command line wins over the environment, and the environment over the file.
//!
//! Doc comments of fields are the text of `--help`. None has a second paragraph, because clap then
//! prints every option with blank lines around it.

#![expect(clippy::doc_markdown, reason = "clap prints doc comments as they are")]

mod aws;
mod catalog;
mod days;
mod ddl;
mod destination;
mod explain;
mod generate;
mod knowledge;
mod plan;
mod policy;
mod prices;
mod read;
mod reconcile;
mod report;
mod run;
mod show;
mod source;
mod verify;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::aws::{AddressingStyleArg, AwsArgs};
pub(crate) use self::catalog::{
    CatalogArgs, CatalogCheckArgs, CatalogCommand, CatalogDiffArgs, CatalogExportArgs,
    CatalogImportArgs,
};
pub(crate) use self::days::{DayArgs, ReadDayArgs};
pub(crate) use self::ddl::{DdlArgs, Dialect};
pub(crate) use self::destination::{Acl, DestArgs, Sse};
pub(crate) use self::explain::{ExplainArgs, ExplainOutput};
pub(crate) use self::generate::{GenerateArgs, Generated};
pub(crate) use self::knowledge::{CatalogBaseArgs, KnowledgeArgs, RateArgs};
pub(crate) use self::plan::{PlanArgs, PlanObjectArgs, PlanOutput};
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
pub(crate) use self::report::ReportArgs;
pub(crate) use self::run::{BuildArgs, Gate, PerformanceArgs, ReadingsArgs, RunArgs};
pub(crate) use self::show::{AnswerFormat, Compare, FilterArgs, ShowArgs, SqlEngine};
pub(crate) use self::source::{LayoutArg, LogArgs, SourceArgs};
pub(crate) use self::verify::VerifyArgs;
use crate::exit;
use crate::messages::LogFormat;
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
#[command(name = "hoptrail", version = VERSION, max_term_width = 80, after_help = exit::help())]
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
    #[command(next_line_help = true, after_help = exit::help())]
    Run(Box<RunArgs>),
    /// Compare days that were built at once with one another, and rebuild those that one `run` over
    /// all of them would have built otherwise
    #[command(next_line_help = true, after_help = exit::help())]
    Settle(Box<RunArgs>),
    /// Read objects whose keys come on standard input, as JSON lines of `plan --output keys`, and write what
    /// each gives to each day as an Arrow IPC stream, for `build`
    #[command(next_line_help = true, after_help = exit::help())]
    Read(Box<ReadArgs>),
    /// Build days from what `read` wrote, in place of listing and fetching the source
    #[command(next_line_help = true, after_help = exit::help())]
    Build(Box<BuildArgs>),
    /// Show what `run` would list, fetch, and build, and the price of its requests; or try what it needs
    #[command(next_line_help = true, after_help = exit::help())]
    Plan(Box<PlanArgs>),
    /// Compare the tables with their manifests; report missing, changed, or unexpected files. Checks
    /// all published days unless days are given
    #[command(next_line_help = true, after_help = exit::help())]
    Verify(Box<VerifyArgs>),
    /// Answer questions from the written tables: where calls ran, what they cost, what was denied
    #[command(next_line_help = true, after_help = exit::help())]
    Show(Box<ShowArgs>),
    /// Write a page for a browser: where calls ran, what they cost, what was denied. One HTML file, without
    /// scripts, that requests nothing
    #[command(next_line_help = true, after_help = exit::help())]
    Report(Box<ReportArgs>),
    /// Print the DDL that creates the tables in a query engine
    #[command(next_line_help = true, after_help = exit::help())]
    Ddl(DdlArgs),
    /// Show, check, export, or import prices
    #[command(after_help = exit::help())]
    Prices(PricesArgs),
    /// Export, check, compare, or import catalogs: models, profiles, and Regions
    #[command(after_help = exit::help())]
    Catalog(CatalogArgs),
    /// Show how model identifiers are read, which models they are, and where they may run; read an
    /// AccessDenied error; or list the Regions that the profiles in use need
    #[command(next_line_help = true, after_help = exit::help())]
    Explain(Box<ExplainArgs>),
    /// Say what policies make of calls: which of their authorizations are denied, by which statement
    #[command(after_help = exit::help())]
    Policy(PolicyArgs),
    /// Compare what AWS bills with what the tables have, line by line, from the Parquet files of a CUR 2.0
    /// or FOCUS 1.2 export
    #[command(next_line_help = true, after_help = exit::help())]
    Reconcile(Box<ReconcileArgs>),
    /// Write manual pages, or the completions of a shell
    #[command(hide = true, after_help = exit::help())]
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

/// The settings file.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = clap::builder::Resettable::Reset)]
pub(crate) struct ConfigArgs {
    /// Settings in a TOML file; options and the environment override it
    #[arg(long, env = "HOPTRAIL_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// An output format. The variants have no doc comments, because clap would list them with `--help`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    #[default]
    Text,
    Json,
}
