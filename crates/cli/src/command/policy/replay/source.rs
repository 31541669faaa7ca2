//! Tables of log files, for as long as a replay takes.

use anyhow::Context;
use tempfile::TempDir;

use crate::args::{
    DestArgs, OutputArgs, PerformanceArgs, ReadDayArgs, ReplayArgs, RunArgs, SourceArgs,
};
use crate::command::run;
use crate::exit::Failure;
use crate::messages::Messages;
use crate::summary;

/// Builds the tables of `--source`, and sets `--dest` to them. The folder goes when it is dropped.
///
/// # Errors
/// If the source cannot be read, or there is no place for the tables.
pub(super) fn tables(
    args: &mut ReplayArgs,
    output: &OutputArgs,
    messages: &Messages,
) -> Result<Option<TempDir>, Failure> {
    if args.source.is_empty() {
        return Ok(None);
    }
    let folder = tempfile::tempdir().context("could not make a temporary folder")?;
    let dest = folder.path().join("tables").display().to_string();
    let run = RunArgs {
        source: SourceArgs { source: args.source.clone(), ..SourceArgs::default() },
        days: ReadDayArgs { days: args.days.clone(), ..ReadDayArgs::default() },
        dest: DestArgs { dest: Some(dest.clone()), ..DestArgs::default() },
        knowledge: args.knowledge.clone().into(),
        performance: PerformanceArgs { threads: args.threads, ..PerformanceArgs::default() },
        aws: args.aws.clone(),
        config: args.config.clone(),
        ..RunArgs::default()
    };
    let outcome = run::build_tables(run, output, messages)?;
    for reason in summary::partial::reasons(&outcome) {
        messages.warn(&reason);
    }
    args.dest = Some(dest);
    Ok(Some(folder))
}
