//! `hoptrail catalog`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::CatalogBaseArgs;
use crate::exit;

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
    #[command(next_line_help = true, after_help = exit::help())]
    Export(CatalogExportArgs),
    /// Check catalog files of your own, line by line
    #[command(next_line_help = true, after_help = exit::help())]
    Check(CatalogCheckArgs),
    /// List the rows that differ between two catalogs
    #[command(next_line_help = true, after_help = exit::help())]
    Diff(CatalogDiffArgs),
    /// Bring a catalog up to date with the output of `aws bedrock list-foundation-models`,
    /// `get-foundation-model`, `list-inference-profiles`, or `get-inference-profile`
    #[command(next_line_help = true, after_help = exit::help())]
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
