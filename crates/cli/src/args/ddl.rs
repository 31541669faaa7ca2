//! `hoptrail ddl`.

use clap::{Args, ValueEnum};

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
