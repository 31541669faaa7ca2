//! What the metrics are taken from.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use pipeline::{Finished, Outcome};

use crate::exit::Exit;
use crate::summary::page::GateCounts;

/// What a command came to.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    /// The destination, as it is shown.
    pub(crate) destination: String,
    /// When the command ended.
    pub(crate) ended: Timestamp,
    /// Its exit code.
    pub(crate) exit_code: u8,
    /// How long it took.
    pub(crate) duration: Duration,
    /// The most memory that it held, where the system says.
    pub(crate) peak_memory_bytes: Option<u64>,
    /// Of a run.
    pub(crate) run: Option<RunValues>,
    /// Of a verification.
    pub(crate) verify: Option<VerifyValues>,
}

/// What a run came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct RunValues {
    /// Whether it read days; `settle` does not pass for a run.
    pub(crate) is_run: bool,
    /// What it finished.
    pub(crate) finished: Finished,
    /// What its calls came to; `None` if it did not end by itself.
    pub(crate) outcomes: Option<Outcomes>,
    /// How many hours ago its newest day ended.
    pub(crate) newest_day_age_hours: Option<f64>,
}

/// What the calls of a run came to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Outcomes {
    pub(crate) denied: u64,
    pub(crate) other_jurisdiction: u64,
    pub(crate) undeclared_region: u64,
    /// `None` without a list of approved Regions.
    pub(crate) unapproved_region: Option<u64>,
    pub(crate) unresolved: u64,
    pub(crate) unpriced: u64,
    pub(crate) priced_calls: u64,
    pub(crate) succeeded_calls: u64,
}

/// What a verification came to; both are 0 if it did not end by itself.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct VerifyValues {
    /// The days that were verified.
    pub(crate) days: u64,
    /// What was found.
    pub(crate) findings: u64,
}

impl Values {
    /// What every command has.
    pub(crate) fn new(destination: String, exit: Exit, duration: Duration) -> Self {
        let (ended, exit_code) = (Timestamp::now(), exit.code());
        let peak_memory_bytes = peak_memory_bytes();
        Values {
            // One destination is one series, however it is written.
            destination: match destination.trim_end_matches('/') {
                "" => destination,
                trimmed => trimmed.to_owned(),
            },
            ended,
            exit_code,
            duration,
            peak_memory_bytes,
            run: None,
            verify: None,
        }
    }
}

impl RunValues {
    /// Of a run that ended by itself.
    pub(crate) fn of_outcome(
        outcome: &Outcome,
        of_tables: GateCounts,
        has_approved_regions: bool,
        now: Timestamp,
    ) -> Self {
        let unresolved = outcome.unresolved.iter().map(|reference| reference.calls).sum::<u64>();
        let outcomes = Outcomes {
            denied: outcome.outcomes.get("denied").copied().unwrap_or_default(),
            other_jurisdiction: outcome.other_jurisdiction().max(of_tables.other_jurisdiction),
            undeclared_region: of_tables.undeclared_region,
            unapproved_region: has_approved_regions.then_some(of_tables.unapproved_region),
            unresolved: unresolved.max(of_tables.unresolved),
            unpriced: outcome.unpriced().max(of_tables.unpriced),
            priced_calls: outcome.cost.succeeded_calls_priced,
            succeeded_calls: outcome.cost.succeeded_calls,
        };
        let days = outcome.days.iter().map(|day| &day.dt).chain(&outcome.unchanged);
        let newest = days.filter_map(|day| day.parse::<Date>().ok()).max();
        RunValues {
            is_run: true,
            finished: Finished::from(outcome),
            outcomes: Some(outcomes),
            newest_day_age_hours: newest.and_then(|day| hours_since_end(day, now)),
        }
    }
}

/// How many hours ago a day ended, in UTC; 0 if it has not.
fn hours_since_end(day: Date, now: Timestamp) -> Option<f64> {
    const SECONDS_OF_HOUR: f64 = 3_600.0;
    let end = day.checked_add(1.day()).ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
    Some((now.duration_since(end).as_secs_f64() / SECONDS_OF_HOUR).max(0.0))
}

/// The high-water mark of this process's memory, as Linux has it.
fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib = line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_of_a_day_begins_at_its_end() {
        let now = "2026-10-06T12:00:00Z".parse::<Timestamp>().unwrap();
        for (day, hours) in [("2026-10-05", 12.0), ("2026-10-04", 36.0), ("2026-10-06", 0.0)] {
            assert_eq!(hours_since_end(day.parse().unwrap(), now), Some(hours), "{day}");
        }
    }
}
