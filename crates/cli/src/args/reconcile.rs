//! `hoptrail reconcile`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{AwsArgs, ConfigArgs, DayArgs, heading};

/// `hoptrail reconcile`.
#[derive(Debug, Args)]
#[command(mut_arg("last", |arg| arg.help("The last N whole days, yesterday included")))]
pub(crate) struct ReconcileArgs {
    /// Where the Parquet files of a CUR 2.0 or FOCUS 1.2 export are: s3://bucket/prefix or a folder
    #[arg(long, env = "HOPTRAIL_BILL", value_name = "URI", help_heading = heading::SOURCE)]
    pub(crate) bill: String,
    /// Where the tables are: s3://bucket/prefix or a folder
    #[arg(long, env = "HOPTRAIL_DEST", value_name = "URI", help_heading = heading::DESTINATION)]
    pub(crate) dest: Option<String>,
    /// Which days.
    #[command(flatten)]
    pub(crate) days: DayArgs,
    /// Split lines by user or role, too, of a CUR 2.0 export with line_item_iam_principal
    #[arg(long, value_enum, hide_possible_values = true, value_name = "principal")]
    #[arg(help_heading = heading::ANSWER)]
    pub(crate) by: Option<ReconcileBy>,
    /// How far the tokens of a line may be apart where some of its calls have no token counts, in percent of
    /// the bill's: 0.5%
    #[arg(long, value_name = "PERCENT", default_value = "0%", help_heading = heading::ANSWER)]
    pub(crate) tolerance: String,
    /// Names of models in bills, over the built-in ones: a CSV file with the columns
    /// billing_name,model_id,source
    #[arg(long, value_name = "FILE", help_heading = heading::MODELS)]
    pub(crate) billing_names: Option<PathBuf>,
    /// Output format: table, csv, or json
    #[arg(long, value_enum, hide_possible_values = true, default_value_t)]
    #[arg(value_name = "FORMAT", help_heading = heading::OUTPUT)]
    pub(crate) format: ReconcileFormat,
    /// End with exit code 4 if a line differs, or something of the bill is not understood (differs)
    #[arg(long, value_enum, hide_possible_values = true, value_name = "CONDITION")]
    #[arg(help_heading = heading::OUTPUT)]
    pub(crate) fail_on: Option<ReconcileGate>,
    /// How to reach S3.
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    /// The settings file.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// What lines are told apart by besides. The variants have no doc comments, because clap would list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReconcileBy {
    Principal,
}

/// A format of `reconcile`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReconcileFormat {
    #[default]
    Table,
    Csv,
    Json,
}

/// A gate of `reconcile`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReconcileGate {
    Differs,
}
