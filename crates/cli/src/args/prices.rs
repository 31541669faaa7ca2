//! `hoptrail prices`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{CatalogBaseArgs, KnowledgeArgs, Output, heading};
use crate::exit;

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
    #[command(next_line_help = true, after_help = exit::help())]
    Show(PricesShowArgs),
    /// Check a price file of your own, line by line
    #[command(next_line_help = true, after_help = exit::help())]
    Check(PricesCheckArgs),
    /// Write the price book as a file for --prices, or prices per unit as one for --unit-prices
    #[command(next_line_help = true, after_help = exit::help())]
    Export(PricesExportArgs),
    /// Bring a price book up to date with what AWS prints: the output of `aws bedrock
    /// list-foundation-model-agreement-offers` or `aws pricing get-products`, and the offer files of
    /// Amazon Bedrock in the AWS Price List (JSON or CSV)
    #[command(next_line_help = true, after_help = exit::help())]
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
