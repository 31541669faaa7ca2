//! `hoptrail plan`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{
    AwsArgs, ConfigArgs, DestArgs, KnowledgeArgs, LogArgs, PerformanceArgs, ReadDayArgs, RunArgs,
    SourceArgs, heading,
};

/// `hoptrail plan`: the options of `run` that say what it would do.
#[derive(Debug, Args)]
#[command(mut_arg("dest", |arg| arg.help(
    "Where `run` would write: s3://bucket/prefix or a folder; shows which days it would build, and why"
)))]
#[command(mut_arg("wait_lock", |arg| arg.hide(true)))]
pub(crate) struct PlanArgs {
    /// What to read.
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Which days.
    #[command(flatten)]
    pub(crate) days: ReadDayArgs,
    /// What to read besides CloudTrail's log files.
    #[command(flatten)]
    pub(crate) logs: LogArgs,
    /// Where to write.
    #[command(flatten)]
    pub(crate) dest: DestArgs,
    /// What is known.
    #[command(flatten)]
    pub(crate) knowledge: KnowledgeArgs,
    /// With how much.
    #[command(flatten)]
    pub(crate) performance: PerformanceArgs,
    /// Try what a run needs instead: list, read one object of each account, and write, read, and delete
    /// an object at the destination. Prints what is missing as statements of IAM policies; nothing that
    /// it writes stays
    #[arg(long, help_heading = heading::OUTPUT)]
    pub(crate) preflight: bool,
    /// What to plan, and how.
    #[command(flatten)]
    pub(crate) objects: PlanObjectArgs,
    /// How to reach S3.
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    /// The settings file.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// Which objects `plan` is about, and what it prints of them.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::OUTPUT)]
pub(crate) struct PlanObjectArgs {
    /// Output: a plan for people (text) or programs (json); the objects that a run would read, as JSON
    /// lines {"key": "...", "size": N, "etag": "..."} (keys); or the folders that it would list, as JSON
    /// lines for --folders (folders)
    #[arg(long, value_enum, hide_possible_values = true, value_name = "FORMAT", default_value_t)]
    pub(crate) output: PlanOutput,
    /// List only these folders, without a search for trails: some of the lines of --output folders, in a
    /// file, or - for standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["keys", "preflight"])]
    pub(crate) folders: Option<PathBuf>,
    /// List nothing, and take these objects: lines as those of --output keys, in a file, or - for standard
    /// input; those of other days are left out
    #[arg(long, value_name = "FILE", conflicts_with = "preflight")]
    pub(crate) keys: Option<PathBuf>,
    /// Write how many objects and bytes each day is read from, and their fingerprint, as JSON lines to a
    /// file; those of parts add up
    #[arg(long, value_name = "FILE", conflicts_with = "preflight")]
    pub(crate) sums: Option<PathBuf>,
}

impl PlanArgs {
    /// The run that is planned.
    pub(crate) fn into_run(self) -> RunArgs {
        let PlanArgs { source, days, logs, dest, knowledge, performance, aws, config, .. } = self;
        RunArgs {
            source,
            days,
            logs,
            dest,
            knowledge,
            performance,
            aws,
            config,
            ..RunArgs::default()
        }
    }
}

/// A format of `plan`. The variants have no doc comments, because clap would list them with `--help`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanOutput {
    #[default]
    Text,
    Json,
    Keys,
    Folders,
}
