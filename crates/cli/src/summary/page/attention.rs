//! What somebody should look at, each with the command that shows more.

use std::fmt::Write as _;

use pipeline::Outcome;
use tables::query::Cell;

use super::{Found, count, sum};
use crate::number::{counted, grouped};
use crate::summary::routing::OTHER_JURISDICTION;

/// Writes the list; nothing if there is nothing.
pub(super) fn write(out: &mut String, outcome: &Outcome, found: &Found) {
    let lines = lines(outcome, found);
    if !lines.is_empty() {
        let _ = writeln!(out, "\nTo look at (each command with --dest and the days)\n");
    }
    for (what, command) in lines {
        let _ = writeln!(out, "  {what:<40} {command}");
    }
    let _ = writeln!(out, "\nMore on this run: --full, or as data: --summary-json FILE");
}

fn lines(outcome: &Outcome, found: &Found) -> Vec<(String, &'static str)> {
    let mut lines = Vec::new();
    let mut line = |calls: u64, what: &str, command: &'static str| {
        if calls > 0 {
            lines.push((format!("{} {what}", counted(calls, "call")), command));
        }
    };
    let routing = &found.residency;
    let left = routing.rows.iter().find(|row| row[0] == Cell::Text(OTHER_JURISDICTION.into()));
    let left = left.map_or(0, |row| count(routing, row, "succeeded_calls"));
    line(left, "ran in another jurisdiction", "hoptrail show routing --by residency");
    let cost = &found.models.answer;
    let unknown = cost.rows.iter().find(|row| row[0] == Cell::Null);
    let unknown = unknown.map_or(0, |row| count(cost, row, "calls"));
    line(unknown, "without a known model", "hoptrail show unresolved");
    let uncounted = sum(cost, "succeeded_calls")
        .saturating_sub(sum(cost, "calls_with_tokens") + sum(cost, "calls_with_units"));
    let has_logs = outcome.invocation_log.is_some();
    let logs = if has_logs {
        "hoptrail show cost --by cost_gap"
    } else {
        "hoptrail run --invocation-logs"
    };
    line(uncounted, "without token counts", logs);
    line(
        sum(cost, "calls_unpriced"),
        "with counts but no cost",
        "hoptrail show cost --by cost_gap",
    );
    let objects = outcome.objects.unreadable;
    if objects > 0 {
        lines.push((
            counted(objects, "unreadable object"),
            "hoptrail show ingest --by status,reason",
        ));
    }
    let rejected = outcome.records.rejected;
    if rejected > 0 {
        lines.push((
            format!("{} rejected records", grouped(rejected)),
            "hoptrail show ingest --by key",
        ));
    }
    let not_reopened = outcome.not_reopened.len() as u64;
    if not_reopened > 0 {
        let what = format!("{} without calls that came late", counted(not_reopened, "day"));
        lines.push((what, "hoptrail verify --source"));
    }
    lines
}
