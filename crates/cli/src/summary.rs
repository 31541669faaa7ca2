//! The summary that a run prints: a [`page`], or with `--full` all that is known of the run: most calls first, and
//! every route that leaves its jurisdiction.

mod activity;
pub(crate) mod age;
mod batch;
mod cost;
pub(crate) mod found;
mod logs;
pub(crate) mod new_denials;
pub(crate) mod page;
pub(crate) mod partial;
mod routing;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bedrock::Knowledge;
use pipeline::{Denied, NotReopened, ObjectProblem, Outcome, UnresolvedReference};

use crate::escape::escaped;
use crate::number::{bytes, counted, grouped};

/// How many lines a list has; the rest is counted.
const SHOWN_LINES: usize = 10;
/// Where a list is whole that no table holds.
const JSON_SUMMARY: &str = "the JSON summary";

/// Outcomes and residencies in the order in which they are shown, each with its label.
const OUTCOMES: [(&str, &str); 4] = [
    ("succeeded", "succeeded"),
    ("denied", "denied"),
    ("throttled", "throttled"),
    ("failed", "failed"),
];
const RESIDENCIES: [(&str, &str); 4] = [
    ("same_region", "same Region"),
    ("same_jurisdiction", "same jurisdiction"),
    (routing::OTHER_JURISDICTION, "other jurisdiction"),
    ("unknown", "unknown jurisdiction"),
];

/// What `settle` says where it had nothing to rebuild.
pub(crate) fn settled(outcome: &Outcome) -> String {
    let range = outcome.range.as_deref().unwrap_or("all days");
    let days = counted(outcome.unchanged.len() as u64, "published day");
    let pairs = match outcome.settled.len() {
        0 => "settled already".to_owned(),
        pairs => format!("{} compared with the day before", counted(pairs as u64, "day")),
    };
    format!("hoptrail  {range}\n\n{:<12} {days}, {pairs}; nothing to rebuild\n", "Settled")
}

/// The summary. Writing to a string cannot fail; therefore, results of `writeln!` are ignored.
pub(crate) fn text(outcome: &Outcome, knowledge: &Knowledge) -> String {
    let mut out = String::new();
    let range = outcome.range.as_deref().unwrap_or("all days");
    let _ = writeln!(out, "hoptrail  {range}\n");
    let mut line = |name: &str, value: String| {
        let _ = writeln!(out, "{name:<12} {value}");
    };
    read(&mut line, outcome);
    written(&mut line, outcome);
    calls(&mut line, outcome);
    cost::write(&mut out, outcome);
    if let Some(log) = &outcome.invocation_log {
        logs::invocation_log(&mut out, log, &outcome.log_evidence);
    }
    logs::request_metadata(&mut out, &outcome.request_metadata);
    if let Some(digests) = &outcome.digests {
        logs::digest_files(&mut out, digests);
    }
    routing::write(&mut out, &outcome.routes);
    denials(&mut out, outcome);
    activity::error_reasons(&mut out, &outcome.error_reasons);
    unresolved(&mut out, &outcome.unresolved);
    activity::write(&mut out, outcome);
    unknown_operations(&mut out, outcome);
    let objects = &outcome.objects;
    let unreadable = &objects.unreadable_objects;
    problems(&mut out, "Unreadable objects", unreadable, objects.unreadable, "ingest");
    let rejected = &objects.objects_with_rejected_records;
    let all = rejected.len() as u64;
    problems(&mut out, "Objects with rejected records", rejected, all, "ingest");
    if let Some(outputs) = &outcome.batch_outputs {
        let unusable = &outputs.unusable;
        let all = unusable.len() as u64;
        problems(&mut out, "Outputs of batch jobs", unusable, all, JSON_SUMMARY);
    }
    found::copies(&mut out, &objects.copies_of_other_size);
    found::trails(&mut out, &outcome.trails);
    found::not_searched(&mut out, &outcome.not_searched);
    age::write(&mut out, outcome, knowledge);
    out
}

fn read(line: &mut impl FnMut(&str, String), outcome: &Outcome) {
    let objects = &outcome.objects;
    let read = counted(objects.read + objects.unreadable, "object");
    line("Read", format!("{read}, {}, from {}", bytes(objects.bytes), outcome.source));
    let records = &outcome.records;
    let parts = [
        format!("{}: {}", counted(records.records, "record"), counted(records.calls, "call")),
        format!("{} (skipped)", counted(records.skipped, "other event")),
        format!("{} rejected", grouped(records.rejected)),
    ];
    line("", parts.join(" · "));
    skipped_by_region(line, outcome);
    if objects.unreadable > 0 {
        line("", counted(objects.unreadable, "unreadable object"));
    }
    skipped(line, outcome);
}

/// Where the records are that are no calls: most first.
fn skipped_by_region(line: &mut impl FnMut(&str, String), outcome: &Outcome) {
    let mut regions = outcome.skipped_by_region.iter().collect::<Vec<_>>();
    regions.sort_by_key(|(_, records)| std::cmp::Reverse(**records));
    if regions.is_empty() {
        return;
    }
    let regions = regions.iter().map(|(region, n)| format!("{} {}", escaped(region), grouped(**n)));
    line("", format!("skipped by Region: {}", shortened(regions.collect())));
}

fn skipped(line: &mut impl FnMut(&str, String), outcome: &Outcome) {
    let objects = &outcome.objects;
    let mut parts = Vec::new();
    if objects.skipped > 0 {
        let example = escaped(objects.skipped_example.as_deref().unwrap_or_default());
        let files = match objects.skipped {
            1 => "1 file that is no log file".to_owned(),
            files => format!("{} files that are no log files", grouped(files)),
        };
        parts.push(format!("{files}, such as {example}"));
    }
    if objects.copies > 0 {
        parts.push(format!("{} of other objects", counted_copies(objects.copies)));
    }
    if !parts.is_empty() {
        line("Skipped", parts.join(" · "));
    }
}

fn counted_copies(copies: u64) -> String {
    if copies == 1 { "1 copy".to_owned() } else { format!("{} copies", grouped(copies)) }
}

fn written(line: &mut impl FnMut(&str, String), outcome: &Outcome) {
    let days = counted(outcome.days.len() as u64, "day");
    let written = counted(outcome.written, "call");
    line("Wrote", format!("{written} on {days} to {}", outcome.destination));
    if outcome.is_without_trail {
        let operations = ::logs::invocation::LOGGED_OPERATIONS.join(", ");
        line("", format!("without CloudTrail: calls of {operations} where they are logged;"));
        line(
            "",
            "all others are missing, and so are addresses, user agents, and error messages"
                .to_owned(),
        );
    }
    rebuilt(line, outcome);
    if outcome.duplicates > 0 {
        line("", format!("{} dropped", counted(outcome.duplicates, "duplicate")));
    }
    if outcome.calls_left > 0 {
        let left = counted(outcome.calls_left, "call");
        line("", format!("{left} in days that were not rebuilt, or read again"));
    }
    if !outcome.out_of_range.is_empty() {
        let sum = outcome.out_of_range.values().sum();
        let days = outcome.out_of_range.iter().map(|(day, n)| format!("{day}: {}", grouped(*n)));
        let days = shortened(days.collect());
        line("", format!("{} outside the range ({days})", counted(sum, "call")));
    }
    if !outcome.unchanged.is_empty() {
        let days = counted(outcome.unchanged.len() as u64, "day");
        let names = shortened(outcome.unchanged.clone());
        line("Unchanged", format!("{days} (--force rebuilds them): {names}"));
    }
    if !outcome.not_replaced.is_empty() {
        let days = counted(outcome.not_replaced.len() as u64, "day");
        let names = shortened(outcome.not_replaced.iter().map(|loss| loss.dt.clone()).collect());
        let why = "would lose what they were built from; --allow-shrink";
        line("Not replaced", format!("{days} ({why}): {names}"));
    }
    if !outcome.not_reopened.is_empty() {
        let days = counted(outcome.not_reopened.len() as u64, "day");
        let of_day = |day: &NotReopened| match day.calls {
            Some(calls) => format!("{} ({})", day.dt, counted(calls, "call")),
            None => day.dt.clone(),
        };
        let names = shortened(outcome.not_reopened.iter().map(of_day).collect());
        line("Not reopened", format!("{days} without calls that were delivered late: {names}"));
    }
    if outcome.objects.read_again > 0 {
        let objects = counted(outcome.objects.read_again, "object");
        line("Read again", format!("{objects}, for days that were built once more"));
    }
}

/// Days that were published before, by the reason for rebuilding them.
fn rebuilt(line: &mut impl FnMut(&str, String), outcome: &Outcome) {
    let mut reasons = BTreeMap::<(&str, &str), Vec<String>>::new();
    for day in outcome.days.iter().filter(|day| day.is_rebuilt) {
        let what = if day.is_reopened { "reopened" } else { "rebuilt" };
        reasons.entry((what, &day.reason)).or_default().push(day.dt.clone());
    }
    for ((what, reason), days) in reasons {
        line("", format!("{what}: {} ({})", shortened(days), escaped(reason)));
    }
}

fn calls(line: &mut impl FnMut(&str, String), outcome: &Outcome) {
    if outcome.written == 0 {
        return;
    }
    let parts = |labels: [(&str, &str); 4], counts: &BTreeMap<&str, u64>| {
        let part = |(name, label): (&str, &str)| {
            counts.get(name).map(|calls| format!("{} {label}", grouped(*calls)))
        };
        labels.into_iter().filter_map(part).collect::<Vec<_>>().join(" · ")
    };
    line("Outcome", parts(OUTCOMES, &outcome.outcomes));
    line("Ran in", parts(RESIDENCIES, &outcome.residency));
}

fn denials(out: &mut String, outcome: &Outcome) {
    let denials = &outcome.denials;
    if denials.is_empty() {
        return;
    }
    let sum = denials.iter().map(|denied| denied.calls).sum::<u64>();
    let without_call = outcome.denied_without_call;
    let calls = counted(sum - without_call, "call");
    let requests = match without_call {
        0 => String::new(),
        n => format!(" and {} that only VPC endpoints saw", counted(n, "request")),
    };
    let by = "by blocked Region, policy type, and evaluated resource (leg)";
    let _ = writeln!(out, "\nDenied: {calls}{requests}, {by}\n");
    for denied in denials.iter().take(SHOWN_LINES) {
        let region = denied.blocked_region.as_deref().unwrap_or("–");
        let policy = denied.policy_type.unwrap_or_else(|| why(denied));
        let leg = denied.leg.unwrap_or("–");
        let arn = denied.policy_arn.as_deref().unwrap_or_default();
        let line =
            format!("  {:>7}  {region:<15} {policy:<27} {leg:<18} {arn}", grouped(denied.calls));
        let _ = writeln!(out, "{}", escaped(line.trim_end()));
    }
    more(out, denials.len(), "denials");
}

/// Why a call was denied, where no policy is named.
fn why(denied: &Denied) -> &'static str {
    let is_policy = denied.error_reason == Some(bedrock::ErrorReason::Policy.as_str());
    denied.label.filter(|_| !is_policy).unwrap_or("no policy named")
}

fn unresolved(out: &mut String, references: &[UnresolvedReference]) {
    if references.is_empty() {
        return;
    }
    let sum = references.iter().map(|reference| reference.calls).sum();
    let _ = writeln!(out, "\nNo known model: {}\n", counted(sum, "call"));
    let shown = &references[..references.len().min(SHOWN_LINES)];
    for reference in shown {
        let name = reference.model_ref.as_deref().unwrap_or("(none logged)");
        let calls = grouped(reference.calls);
        let _ = writeln!(out, "  {calls:>7}  {}  {}", escaped(name), reference.reason);
    }
    more(out, references.len(), "unresolved_models");
    let mut explained = Vec::new();
    for reference in shown {
        if !explained.contains(&reference.reason) {
            explained.push(reference.reason);
            let _ = writeln!(out, "           {}: {}", reference.reason, reference.hint);
        }
    }
}

fn unknown_operations(out: &mut String, outcome: &Outcome) {
    if outcome.unknown_operations.is_empty() {
        return;
    }
    let _ =
        writeln!(out, "\nEvents that look like inference but are unknown to hoptrail (skipped)\n");
    for (name, count) in &outcome.unknown_operations {
        let _ = writeln!(out, "  {:>7}  {}", grouped(*count), escaped(name));
    }
}

fn problems(out: &mut String, title: &str, problems: &[ObjectProblem], all: u64, list: &str) {
    if problems.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title}: {}\n", grouped(all));
    for problem in problems.iter().take(SHOWN_LINES) {
        let _ = writeln!(out, "  {}\n      {}", escaped(&problem.key), escaped(&problem.reason));
    }
    more(out, usize::try_from(all).unwrap_or(usize::MAX), list);
}

/// Counts the lines that are not shown, and names where they are.
fn more(out: &mut String, all: usize, list: &str) {
    if all > SHOWN_LINES {
        let _ = writeln!(out, "  and {} more (see {list})", grouped((all - SHOWN_LINES) as u64));
    }
}

fn shortened(mut parts: Vec<String>) -> String {
    let hidden = parts.len().saturating_sub(SHOWN_LINES);
    parts.truncate(SHOWN_LINES);
    if hidden > 0 {
        parts.push(format!("and {hidden} more"));
    }
    parts.join(", ")
}
