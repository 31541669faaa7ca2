//! Which days.

use clap::Args;

use super::heading;

/// The help of `--last` where days need not be given.
pub(super) const LAST_OF_ALL: &str = "The last N whole days, up to yesterday [default: all that are published] [env: HOPTRAIL_LAST=]";

/// Which days.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::DAYS)]
pub(crate) struct DayArgs {
    /// The last N whole days, up to yesterday [env: HOPTRAIL_LAST=]
    #[arg(long, value_name = "N")]
    pub(crate) last: Option<u32>,
    /// One day: YYYY-MM-DD, today, yesterday, or 7d (seven days ago) [env: HOPTRAIL_DAY=]
    #[arg(long, value_name = "DAY", conflicts_with = "last")]
    pub(crate) day: Option<String>,
    /// First day [env: HOPTRAIL_FROM=]
    #[arg(long, alias = "start-time", value_name = "DAY", conflicts_with_all = ["day", "last"])]
    pub(crate) from: Option<String>,
    /// Last day, included [default: the day of --from] [env: HOPTRAIL_TO=]
    #[arg(long, alias = "end-time", value_name = "DAY", requires = "from")]
    pub(crate) to: Option<String>,
}

/// Which days are read, and how far beyond them.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::DAYS)]
pub(crate) struct ReadDayArgs {
    /// Which days.
    #[command(flatten)]
    pub(crate) days: DayArgs,
    /// How long after midnight objects are still read for the day before: 90m, 6h, 2d
    /// [default: 6h]
    #[arg(long, env = "HOPTRAIL_LATE_WINDOW", value_name = "DURATION")]
    pub(crate) late_window: Option<String>,
}
