//! `hoptrail generate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::heading;

/// `hoptrail generate`.
#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    /// What to write
    #[arg(value_enum, value_name = "WHAT")]
    pub(crate) what: Generated,
    /// Folder to write to, each file under the name that is usual for it [default: stdout; of man, only the
    /// page of `hoptrail`]
    #[arg(long, value_name = "DIR", help_heading = heading::OUTPUT)]
    pub(crate) out: Option<PathBuf>,
}

/// What to write. The variants have no doc comments, because clap would list them with `--help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Generated {
    Man,
    Bash,
    Zsh,
    Fish,
    Powershell,
}
