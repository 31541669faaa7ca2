//! How a run ends: what it warns of, and its exit code.

use pipeline::Outcome;

use crate::args::Gate;
use crate::exit::Exit;
use crate::messages::Messages;
use crate::number;
use crate::summary::new_denials::NewDenials;
use crate::summary::page::GateCounts;

/// Names new denials, and days that have none to compare with; returns how many requests were denied.
pub(super) fn tell_new(new: &NewDenials, messages: &Messages) -> u64 {
    const SHOWN: usize = 10;
    for day in &new.without_day_before {
        messages.warn(&format!(
            "--since-last: the day before {day} is not built, or cannot be read: all denials of {day} count as new"
        ));
    }
    for kind in new.kinds.iter().take(SHOWN) {
        messages.warn(&format!("new denial: {kind}"));
    }
    if new.kinds.len() > SHOWN {
        messages.warn(&format!(
            "{} more new denials: see `hoptrail show denials`",
            new.kinds.len() - SHOWN
        ));
    }
    new.requests
}

/// Names the first days outside the range that were written again.
fn reopened(outcome: &Outcome, messages: &Messages) {
    const SHOWN: usize = 10;
    let days = outcome.days.iter().filter(|day| day.is_reopened).collect::<Vec<_>>();
    for day in days.iter().take(SHOWN) {
        messages.note(&format!("{} was opened again: {}", day.dt, day.reason));
    }
    if days.len() > SHOWN {
        let more = days.len() - SHOWN;
        messages.note(&format!("{more} more days were opened again; --summary-json lists all"));
    }
}

/// Names the first days that lack calls, and how they come in.
fn not_reopened(outcome: &Outcome, messages: &Messages) {
    const SHOWN: usize = 10;
    for day in outcome.not_reopened.iter().take(SHOWN) {
        messages.warn(&day.to_string());
    }
    if outcome.not_reopened.len() > SHOWN {
        let more = outcome.not_reopened.len() - SHOWN;
        messages.warn(&format!("{more} more days lack calls; --summary-json lists all"));
    }
    let last = outcome.not_reopened.iter().filter_map(|day| day.delivered.as_ref()).max();
    if let (Some(first), Some(last)) = (outcome.not_reopened.first(), last) {
        let (from, to) = (&first.dt, last);
        messages.warn(&format!(
            "to enter these calls: hoptrail run --from {from} --to {to}, with the options that these \
             days were built with (--source, --dest, --invocation-logs, and all others)"
        ));
    }
}

/// How the run ends. A day that was not replaced takes precedence over everything else, because its tables are
/// not those of its source. A gate takes precedence over a partial result: it holds whatever is missing. Gates
/// are about what was built and, as the tables say, about the other days of the range.
pub(super) fn exit(
    outcome: &Outcome,
    (of_tables, policies): (GateCounts, (u64, &str)),
    gates: &[Gate],
    is_partial: bool,
    messages: &Messages,
) -> Exit {
    if !outcome.not_replaced.is_empty() {
        for refusal in &outcome.not_replaced {
            messages.error(&refusal.to_string());
        }
        messages.error("to replace these days anyway, use --allow-shrink");
        return Exit::Failed;
    }
    if let Some(digests) = outcome.digests.as_ref().filter(|digests| digests.errors > 0) {
        let errors = number::counted(digests.errors, "problem");
        messages.error(&format!("--verify-digests: {errors} with log files or digest files"));
        return Exit::Failed;
    }
    if let Some(reason) = &outcome.nothing_matches {
        messages.error(reason);
        return Exit::Failed;
    }
    if outcome.nothing_found.is_some() && gates.contains(&Gate::Empty) {
        return Exit::Nothing;
    }
    let mut tripped = false;
    let mut trip = |gate: Gate, calls: u64, what: &str| {
        if calls > 0 && gates.contains(&gate) {
            // Requests that only VPC endpoints saw are no calls.
            let noun = if gate == Gate::PolicyDenial { "request" } else { "call" };
            messages.error(&format!("--fail-on: {} {what}", number::counted(calls, noun)));
            tripped = true;
        }
    };
    let unresolved = outcome.unresolved.iter().map(|reference| reference.calls).sum::<u64>();
    for (gate, built, all, what) in [
        (
            Gate::OtherJurisdiction,
            outcome.other_jurisdiction(),
            of_tables.other_jurisdiction,
            "ran in another jurisdiction",
        ),
        (
            Gate::UndeclaredRegion,
            0,
            of_tables.undeclared_region,
            "ran in a Region that its profile does not declare",
        ),
        (
            Gate::UnapprovedRegion,
            0,
            of_tables.unapproved_region,
            "ran in a Region that is not approved",
        ),
        (Gate::PolicyDenial, 0, policies.0, policies.1),
        (Gate::Unresolved, unresolved, of_tables.unresolved, "without a known model"),
        (Gate::Unpriced, outcome.unpriced(), of_tables.unpriced, "with counts but no cost"),
        (
            Gate::UnpricedTokens,
            outcome.unpriced_tokens,
            of_tables.unpriced_tokens,
            "with tokens that have no price",
        ),
    ] {
        trip(gate, built.max(all), what);
    }
    reopened(outcome, messages);
    not_reopened(outcome, messages);
    match (tripped, is_partial || !outcome.not_reopened.is_empty()) {
        (true, _) => Exit::Gate,
        (false, true) => Exit::Partial,
        (false, false) => Exit::Done,
    }
}
