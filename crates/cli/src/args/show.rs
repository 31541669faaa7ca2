//! `hoptrail show`.

use std::path::PathBuf;

use bedrock::cost::OtherRate;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use tables::query::SUBJECTS;

use super::days::LAST_OF_ALL;
use super::{AwsArgs, ConfigArgs, DayArgs, RateArgs, heading};

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

/// A rate of `--as`, by its name.
fn other_rate() -> impl TypedValueParser<Value = OtherRate> {
    PossibleValuesParser::new(OtherRate::ALL.map(|(name, _)| name))
        .try_map(|name| OtherRate::parse(&name).ok_or("no such rate"))
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
