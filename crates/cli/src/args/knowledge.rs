//! What is known of models, Regions, and prices.

use std::path::PathBuf;

use clap::Args;

use super::heading;

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

/// What other rates are looked up in: what the days were built with.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::MODELS)]
pub(crate) struct RateArgs {
    /// Price book to look other rates up in, instead of the built-in one: that of the runs
    #[arg(long, env = "HOPTRAIL_PRICES", value_name = "FILE")]
    pub(crate) prices: Option<PathBuf>,
    /// Prices that correct or complete it: those of the runs
    #[arg(long, env = "HOPTRAIL_PRICE_OVERRIDES", value_name = "FILE")]
    pub(crate) price_overrides: Option<PathBuf>,
    /// Prices per unit that belong to it: those of the runs
    #[arg(long, env = "HOPTRAIL_UNIT_PRICES", value_name = "FILE")]
    pub(crate) unit_prices: Option<PathBuf>,
    /// Folder with the catalog that says how models can be called, instead of the built-in one
    #[arg(long, env = "HOPTRAIL_CATALOG", value_name = "DIR")]
    pub(crate) catalog: Option<PathBuf>,
    /// Files or folders with rows to add to the catalog; they replace those with the same key
    #[arg(long, env = "HOPTRAIL_CATALOG_ADD", value_delimiter = ',', value_name = "PATH")]
    pub(crate) catalog_add: Vec<PathBuf>,
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
