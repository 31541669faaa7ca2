//! `hoptrail policy diff`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::super::heading;
use super::{PolicyKind, PolicyReport};

/// `hoptrail policy diff`.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// Policy as it was
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// Policy as it would be
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
    /// Type of both: scp, rcp, identity, boundary, session, or endpoint
    #[arg(long = "type", value_enum, default_value = "scp", hide_possible_values = true)]
    #[arg(value_name = "TYPE")]
    pub(crate) kind: PolicyKind,
    /// Output format: text or json
    #[arg(long, value_enum, default_value = "text", hide_possible_values = true)]
    #[arg(value_name = "FORMAT", help_heading = heading::OUTPUT)]
    pub(crate) output: PolicyReport,
    /// End with exit code 4 unless they are equal, or different
    #[arg(long, value_enum, hide_possible_values = true, value_name = "RESULT")]
    #[arg(help_heading = heading::OUTPUT)]
    pub(crate) expect: Option<ExpectedComparison>,
}

/// How two policies must compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExpectedComparison {
    /// Proven to say the same.
    Equal,
    /// Proven to differ.
    Different,
}
