//! The metrics, as one table, which all forms and `docs/metrics.md` follow.

use super::values::{Outcomes, RunValues, Values};

/// A metric.
#[derive(Debug)]
pub(super) struct Metric {
    /// Its name in CloudWatch and JSON.
    pub(super) name: &'static str,
    /// Its name in Prometheus: with the unit that is usual there.
    pub(super) prometheus: &'static str,
    /// The unit, as CloudWatch calls it.
    pub(super) unit: Unit,
    /// What it counts: a sentence.
    pub(super) about: &'static str,
    /// Its value; `None` if there is none, which is not 0.
    pub(super) value: fn(&Values) -> Option<f64>,
}

/// A unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Count,
    Bytes,
    Seconds,
    /// CloudWatch has no hours.
    Hours,
    None,
}

impl Unit {
    /// What CloudWatch calls it.
    pub(super) fn cloudwatch(self) -> &'static str {
        match self {
            Unit::Count => "Count",
            Unit::Bytes => "Bytes",
            Unit::Seconds => "Seconds",
            Unit::Hours | Unit::None => "None",
        }
    }

    /// How many of Prometheus's unit one of it is.
    pub(super) fn in_prometheus(self) -> f64 {
        const SECONDS_OF_HOUR: f64 = 3_600.0;
        if self == Unit::Hours { SECONDS_OF_HOUR } else { 1.0 }
    }

    /// What the docs call it.
    #[cfg(test)]
    fn shown(self) -> &'static str {
        match self {
            Unit::Hours => "hours",
            Unit::None => "none",
            Unit::Count => "Count",
            Unit::Bytes => "Bytes",
            Unit::Seconds => "Seconds",
        }
    }
}

/// Counts are far below what a float tells apart.
#[expect(clippy::cast_precision_loss, reason = "2^53 calls are more than there will be")]
fn float(count: u64) -> f64 {
    count as f64
}

fn of_run(values: &Values, get: impl Fn(&RunValues) -> u64) -> Option<f64> {
    values.run.as_ref().map(|run| float(get(run)))
}

fn of_outcome(values: &Values, get: impl Fn(&Outcomes) -> u64) -> Option<f64> {
    values.run.as_ref()?.outcomes.as_ref().map(|outcomes| float(get(outcomes)))
}

const fn metric(
    name: &'static str,
    prometheus: &'static str,
    about: &'static str,
    value: fn(&Values) -> Option<f64>,
) -> Metric {
    Metric { name, prometheus, unit: Unit::Count, about, value }
}

/// All metrics, in the order in which they are written.
pub(super) const METRICS: &[Metric] = &[
    Metric {
        unit: Unit::None,
        ..metric(
            "RunSucceeded",
            "hoptrail_run_succeeded",
            "1 if the exit code is 0, otherwise 0. `verify` and `settle` do not write it.",
            |values| {
                let run = values.run.as_ref().filter(|run| run.is_run);
                run.map(|_| f64::from(u8::from(values.exit_code == 0)))
            },
        )
    },
    Metric {
        unit: Unit::None,
        ..metric(
            "VerifySucceeded",
            "hoptrail_verify_succeeded",
            "1 if `verify` ended with 0, otherwise 0. `run` does not write it.",
            |values| values.verify.as_ref().map(|_| f64::from(u8::from(values.exit_code == 0))),
        )
    },
    Metric {
        unit: Unit::None,
        ..metric("ExitCode", "hoptrail_exit_code", "The exit code.", |values| {
            Some(f64::from(values.exit_code))
        })
    },
    metric("DaysBuilt", "hoptrail_days_built", "Days that were written.", |values| {
        of_run(values, |run| run.finished.days_built)
    }),
    metric(
        "DaysUnchanged",
        "hoptrail_days_unchanged",
        "Days that were left as they are, because nothing of their input changed.",
        |values| of_run(values, |run| run.finished.days_unchanged),
    ),
    metric(
        "DaysHeld",
        "hoptrail_days_held",
        "Days that were not replaced, because they would have lost source objects.",
        |values| of_run(values, |run| run.finished.days_held),
    ),
    metric(
        "DaysReopened",
        "hoptrail_days_reopened",
        "Days before the range that were written again, because calls of them were delivered late.",
        |values| of_run(values, |run| run.finished.days_reopened),
    ),
    metric(
        "ObjectsRead",
        "hoptrail_objects_read",
        "Objects of the source that were read to their end.",
        |values| of_run(values, |run| run.finished.objects_read),
    ),
    metric(
        "ObjectsUnreadable",
        "hoptrail_objects_unreadable",
        "Objects of the source that could not be read.",
        |values| of_run(values, |run| run.finished.objects_unreadable),
    ),
    Metric {
        unit: Unit::Bytes,
        ..metric(
            "BytesRead",
            "hoptrail_read_bytes",
            "Bytes of all source objects that were read or unreadable, as stored.",
            |values| of_run(values, |run| run.finished.bytes_read),
        )
    },
    metric(
        "Records",
        "hoptrail_records",
        "CloudTrail records: Calls + Skipped + Rejected.",
        |values| of_run(values, |run| run.finished.records.records),
    ),
    metric(
        "Calls",
        "hoptrail_calls",
        "Records that are calls of Bedrock: Written + Duplicates + OtherDay.",
        |values| of_run(values, |run| run.finished.records.calls),
    ),
    metric("Skipped", "hoptrail_skipped", "Records of other events.", |values| {
        of_run(values, |run| run.finished.records.skipped)
    }),
    metric("Rejected", "hoptrail_rejected", "Records that cannot be used.", |values| {
        of_run(values, |run| run.finished.records.rejected)
    }),
    metric("Written", "hoptrail_written", "Calls that were written to the tables.", |values| {
        of_run(values, |run| run.finished.written)
    }),
    metric(
        "Duplicates",
        "hoptrail_duplicates",
        "Calls already counted from another record.",
        |values| of_run(values, |run| run.finished.duplicates),
    ),
    metric(
        "OtherDay",
        "hoptrail_other_day",
        "Calls of days that were not built, or that were read again for them.",
        |values| of_run(values, |run| run.finished.other_day),
    ),
    metric("Denied", "hoptrail_denied", "Written calls that were denied.", |values| {
        of_outcome(values, |outcomes| outcomes.denied)
    }),
    metric(
        "OtherJurisdiction",
        "hoptrail_other_jurisdiction",
        "Calls of the run's days that ran in another jurisdiction than that of their source Region.",
        |values| of_outcome(values, |outcomes| outcomes.other_jurisdiction),
    ),
    metric(
        "UndeclaredRegion",
        "hoptrail_undeclared_region",
        "Calls of the run's days that ran in a Region that their profile does not declare.",
        |values| of_outcome(values, |outcomes| outcomes.undeclared_region),
    ),
    metric(
        "UnapprovedRegion",
        "hoptrail_unapproved_region",
        "Calls of the run's days that ran in a Region that `--approved-regions` lacks; without that option there is \
         no such metric.",
        |values| {
            let outcomes = values.run.as_ref()?.outcomes.as_ref()?;
            outcomes.unapproved_region.map(float)
        },
    ),
    metric(
        "Unresolved",
        "hoptrail_unresolved",
        "Calls of the run's days without a known model.",
        |values| of_outcome(values, |outcomes| outcomes.unresolved),
    ),
    metric(
        "Unpriced",
        "hoptrail_unpriced",
        "Calls of the run's days with counts and without a cost.",
        |values| of_outcome(values, |outcomes| outcomes.unpriced),
    ),
    metric(
        "PricedCalls",
        "hoptrail_priced_calls",
        "Written calls that succeeded and have a cost: of SucceededCalls, the share is the coverage.",
        |values| of_outcome(values, |outcomes| outcomes.priced_calls),
    ),
    metric(
        "SucceededCalls",
        "hoptrail_succeeded_calls",
        "Written calls that succeeded.",
        |values| of_outcome(values, |outcomes| outcomes.succeeded_calls),
    ),
    metric(
        "VerifiedDays",
        "hoptrail_verified_days",
        "Days that `verify` compared with their manifests.",
        |values| values.verify.as_ref().map(|verify| float(verify.days)),
    ),
    metric(
        "Findings",
        "hoptrail_findings",
        "What `verify` found to be missing, changed, or unexpected.",
        |values| values.verify.as_ref().map(|verify| float(verify.findings)),
    ),
    Metric {
        unit: Unit::Hours,
        ..metric(
            "NewestDayBuiltAgeHours",
            "hoptrail_newest_day_built_age_seconds",
            "How long ago the newest day of the run that is built ended, in hours (Prometheus: seconds); 0 for a day \
             that has not ended.",
            |values| values.run.as_ref()?.newest_day_age_hours,
        )
    },
    Metric {
        unit: Unit::Seconds,
        ..metric(
            "DurationSeconds",
            "hoptrail_duration_seconds",
            "How long the command took, in seconds.",
            |values| Some(values.duration.as_secs_f64()),
        )
    },
    Metric {
        unit: Unit::Bytes,
        ..metric(
            "PeakMemoryBytes",
            "hoptrail_peak_memory_bytes",
            "The most memory that the process held, in bytes (Linux).",
            |values| values.peak_memory_bytes.map(float),
        )
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write as _;
    use std::fs;
    use std::path::Path;

    use super::*;

    const START: &str = "<!-- The table is generated: UPDATE=1 scripts/test -->\n";
    const END: &str = "<!-- End of the table -->\n";

    #[test]
    fn page_of_the_metrics_is_up_to_date() {
        let mut table =
            "| metric | in Prometheus | unit | what it is |\n|---|---|---|---|\n".to_owned();
        for Metric { name, prometheus, unit, about, .. } in METRICS {
            let _ = writeln!(table, "| `{name}` | `{prometheus}` | {} | {about} |", unit.shown());
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
        let page = fs::read_to_string(&path).unwrap();
        let (before, rest) = page.split_once(START).unwrap();
        let (_, after) = rest.split_once(END).unwrap();
        let expected = format!("{before}{START}{table}{END}{after}");
        if std::env::var_os("UPDATE").is_some_and(|update| update == "1") {
            fs::write(&path, expected).unwrap();
        } else {
            assert!(page == expected, "docs/metrics.md is not up to date (UPDATE=1)");
        }
    }

    #[test]
    fn names_are_unique_and_of_their_systems() {
        let names = METRICS.iter().map(|metric| metric.name).collect::<BTreeSet<_>>();
        let prometheus = METRICS.iter().map(|metric| metric.prometheus).collect::<BTreeSet<_>>();
        assert_eq!((names.len(), prometheus.len()), (METRICS.len(), METRICS.len()));
        for name in prometheus {
            assert!(name.starts_with("hoptrail_"), "{name}");
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
        }
        // What EMF allows in a line.
        assert!(METRICS.len() <= 100);
    }
}
