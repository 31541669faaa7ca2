//! What would become of the days.

use std::fmt::Write as _;

use pipeline::{PlannedAction, PlannedDay};

use crate::escape::escaped;
use crate::number::{counted, grouped};

/// How many days are named.
const SHOWN: usize = 20;

/// `1 new, 2 unchanged`.
pub(super) fn counts(days: &[PlannedDay]) -> String {
    let parts = PlannedAction::ALL.into_iter().filter_map(|action| {
        let n_days = days.iter().filter(|day| day.action == action).count() as u64;
        (n_days > 0).then(|| format!("{} {}", grouped(n_days), name(action)))
    });
    let parts = parts.collect::<Vec<_>>();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

/// The days outside the range that would be opened again.
pub(super) fn reopened(days: &[String]) -> String {
    let (first, last) = (days.first().map_or("", String::as_str), days.last());
    let last = last.filter(|last| *last != first).map(|last| format!(" to {last}"));
    format!(
        "{} outside the range for late calls, {first}{}; its requests are not counted",
        counted(days.len() as u64, "day"),
        last.unwrap_or_default()
    )
}

/// The days that would not stay as they are, each with the reason.
pub(super) fn write(out: &mut String, days: &[PlannedDay]) {
    let changed = days.iter().filter(|day| day.action != PlannedAction::Unchanged);
    let changed = changed.collect::<Vec<_>>();
    if changed.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nDays that are new or changed\n");
    for PlannedDay { dt, action, reason } in changed.iter().take(SHOWN) {
        let reason = escaped(reason.as_deref().unwrap_or_default());
        let _ = match action {
            PlannedAction::Refuse => writeln!(out, "  {dt}  not replaced: {reason}"),
            _ => writeln!(out, "  {dt}  {reason}"),
        };
    }
    if changed.len() > SHOWN {
        let more = grouped((changed.len() - SHOWN) as u64);
        let _ = writeln!(out, "  and {more} more (--output json lists all)");
    }
}

fn name(action: PlannedAction) -> &'static str {
    match action {
        PlannedAction::New => "new",
        PlannedAction::Rebuild => "rebuilt",
        PlannedAction::Refuse => "not replaced",
        PlannedAction::Unchanged => "unchanged",
    }
}
