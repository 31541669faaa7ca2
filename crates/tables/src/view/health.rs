//! Views of what was read, and what of it is not understood.

use super::{DT, View, column, count, example};
use crate::column::Type::{Flag, Text, Time};

pub(super) const UNRESOLVED: View = View {
    name: "unresolved",
    grain: "dt × model_ref × reason",
    doc: "Model identifiers without a known model, and why.",
    columns: &[
        DT,
        column("model_ref", Text, "The model identifier as logged."),
        column("reason", Text, "As in unresolved_models."),
        count("calls", "Calls with this model identifier."),
        count("accounts", "The number of accounts that they came from."),
        column("first_seen", Time, "The first of them on this day."),
        column("last_seen", Time, "The last of them on this day."),
    ],
    sql: "\
SELECT dt, model_ref, reason, calls, accounts, first_seen, last_seen
FROM unresolved_models",
    example: example!("unresolved"),
};

pub(super) const INGEST_HEALTH: View = View {
    name: "ingest_health",
    grain: "dt",
    doc: "What each day was built from, and whether the counts add up.",
    columns: &[
        DT,
        count("objects", "Objects that were read for the day, also those of the late window."),
        count("unreadable_objects", "Those that could not be read."),
        count("mismatched_objects", "Those that are not as the digest files of the trail say."),
        count("bytes", "Their size as stored."),
        count("records", "Records: calls + skipped + rejected."),
        count("calls", "Calls of any day: written + duplicates + other_day."),
        count("skipped", "Records that are not calls."),
        count("rejected", "Records that look like calls but cannot be used."),
        count("written", "Calls that are rows of invocations on this day."),
        count("duplicates", "Calls of this day that another record has too."),
        count("other_day", "Calls of other days."),
        column("adds_up", Flag, "Whether records and calls are the sums of their parts."),
    ],
    sql: "\
SELECT dt,
  COUNT(*) AS objects,
  CAST(SUM(CASE WHEN status = 'unreadable' THEN 1 ELSE 0 END) AS bigint) AS unreadable_objects,
  CAST(SUM(CASE WHEN digest_status = 'mismatch' THEN 1 ELSE 0 END) AS bigint) AS mismatched_objects,
  CAST(SUM(bytes) AS bigint) AS bytes,
  CAST(SUM(records) AS bigint) AS records,
  CAST(SUM(calls) AS bigint) AS calls,
  CAST(SUM(skipped) AS bigint) AS skipped,
  CAST(SUM(rejected) AS bigint) AS rejected,
  CAST(SUM(written) AS bigint) AS written,
  CAST(SUM(duplicates) AS bigint) AS duplicates,
  CAST(SUM(other_day) AS bigint) AS other_day,
  SUM(records) = SUM(calls) + SUM(skipped) + SUM(rejected)
    AND SUM(calls) = SUM(written) + SUM(duplicates) + SUM(other_day) AS adds_up
FROM ingest
GROUP BY dt",
    example: example!("ingest_health"),
};
