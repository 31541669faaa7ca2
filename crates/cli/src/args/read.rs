//! `hoptrail read`.

use clap::{Args, ValueEnum};

use super::{
    AwsArgs, ConfigArgs, DestArgs, KnowledgeArgs, LogArgs, PerformanceArgs, ReadDayArgs, RunArgs,
    SourceArgs, heading,
};

/// `hoptrail read`: the options of `run` that say what is read, and how.
#[derive(Debug, Args)]
#[command(mut_arg("dest", |arg| arg.help(
    "Where the days are going to be built: what is learned of opaque ARNs and of batch jobs is added there at \
     the end, for all days to know"
)))]
#[command(mut_arg("invocation_logs", |arg| arg.help(
    "Model invocation logs, which are read too: all that are about the days. Of several reads of the same days, \
     give them to one, or to all shards (repeatable)"
)))]
#[command(mut_arg("verify_digests", |arg| arg.help(
    "Hash every log file, for `build --verify-digests` to compare with CloudTrail's digest files"
)))]
#[command(mut_args(|arg| match arg.get_id().as_str() {
    "force" | "allow_shrink" | "reopen" | "wait_lock" | "no_lease" | "batch_outputs" | "digest_keys" => {
        arg.hide(true)
    }
    _ => arg,
}))]
pub(crate) struct ReadArgs {
    /// What to read.
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Which days.
    #[command(flatten)]
    pub(crate) days: ReadDayArgs,
    /// What to read besides CloudTrail's log files.
    #[command(flatten)]
    pub(crate) logs: LogArgs,
    /// Take no keys, but list part I of N of the source, I from 0 to N-1, while other reads take the
    /// others: the index and size of an AWS Batch array job, or of a Kubernetes indexed job; each a
    /// number, or the name of an environment variable
    #[arg(long, env = "HOPTRAIL_SHARD", value_name = "I/N", help_heading = heading::READINGS)]
    pub(crate) shard: Option<String>,
    /// What to write: readings, for `build`; or calls, a row for each call with what it means, as columns of
    /// `invocations` without counts of invocation logs and without costs, and as often as it was delivered
    /// [default: readings]
    #[arg(
        long,
        value_enum,
        hide_possible_values = true,
        default_value_t,
        hide_default_value = true
    )]
    #[arg(value_name = "FORM", help_heading = heading::READINGS)]
    pub(crate) form: FormArg,
    /// Where to write the readings: an object or a file, or - for standard output; with --shard, the folder
    /// of all shards, for `build --readings` [default: -]
    #[arg(short, long, value_name = "URI|-", help_heading = heading::READINGS)]
    pub(crate) out: Option<String>,
    /// Where to keep what is learned, and how to write.
    #[command(flatten)]
    pub(crate) dest: DestArgs,
    /// What calls mean.
    #[command(flatten)]
    pub(crate) knowledge: KnowledgeArgs,
    /// With how much.
    #[command(flatten)]
    pub(crate) performance: PerformanceArgs,
    /// How to reach S3.
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    /// The settings file.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

impl ReadArgs {
    /// A run of the same options.
    pub(crate) fn into_run(self) -> RunArgs {
        let ReadArgs {
            source, days, shard, logs, dest, knowledge, performance, aws, config, ..
        } = self;
        RunArgs {
            source,
            days,
            shard,
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

/// What `read` writes. The variants have no doc comments, because clap would list them with `--help`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormArg {
    #[default]
    Readings,
    Calls,
}
