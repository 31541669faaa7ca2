//! What somebody should look at, each with the command that shows more.

use std::fmt::Write as _;

use pipeline::Outcome;

use super::{Found, GateCounts, sum};
use crate::number::{counted, grouped};

/// Writes the list; nothing if there is nothing.
pub(super) fn write(out: &mut String, outcome: &Outcome, found: &Found, gates: GateCounts) {
    let lines = lines(outcome, found, gates);
    if !lines.is_empty() {
        let _ = writeln!(out, "\nTo look at, by `hoptrail` with --dest, the days, and\n");
    }
    for (what, command) in lines {
        let _ = writeln!(out, "  {what:<36} {command}");
    }
    let _ = writeln!(out, "\nMore on what this run built: --full, or as data: --summary-json FILE");
}

fn lines(outcome: &Outcome, found: &Found, gates: GateCounts) -> Vec<(String, &'static str)> {
    let mut lines = Vec::new();
    let mut line = |calls: u64, what: &str, command: &'static str| {
        if calls > 0 {
            lines.push((format!("{} {what}", counted(calls, "call")), command));
        }
    };
    let of_residency = "show routing --by residency,source_region";
    line(gates.other_jurisdiction, "ran in another jurisdiction", of_residency);
    let of_accounts = "show routing --approved-regions LIST";
    line(gates.unapproved_region, "in a Region not approved", of_accounts);
    line(gates.undeclared_region, "in a Region not declared", "show routing --by is_declared");
    let cost = &found.models.answer;
    line(gates.unresolved, "without a known model", "show unresolved");
    let uncounted = sum(cost, "succeeded_calls")
        .saturating_sub(sum(cost, "calls_with_tokens") + sum(cost, "calls_with_units"));
    let has_logs = outcome.invocation_log.is_some();
    let logs = if has_logs { "show cost --by cost_gap" } else { "run --invocation-logs URI" };
    line(uncounted, "without token counts", logs);
    line(gates.unpriced, "with counts but no cost", "show cost --by cost_gap");
    let objects = outcome.objects.unreadable;
    if objects > 0 {
        lines.push((counted(objects, "unreadable object"), "show ingest --by status,reason"));
    }
    let rejected = outcome.records.rejected;
    if rejected > 0 {
        lines.push((format!("{} rejected records", grouped(rejected)), "show ingest --by key"));
    }
    let not_reopened = outcome.not_reopened.len() as u64;
    if not_reopened > 0 {
        let what = format!("{} without calls that came late", counted(not_reopened, "day"));
        lines.push((what, "verify --source URI"));
    }
    lines
}
