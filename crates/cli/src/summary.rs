//! What a run did, for people: most calls first, and nothing cut off that left its jurisdiction.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use pipeline::{
    Denied, DigestOutcome, InvocationLog, ModelCost, ObjectProblem, Outcome, RegionShare, Route,
    UnresolvedReference,
};

use crate::number::{bytes, counted, grouped, percent};
use crate::plain::plain;

/// How many routes are shown; the rest is counted.
const SHOWN_ROUTES: usize = 12;
/// How many lines other lists have.
const SHOWN_LINES: usize = 10;
/// The length of the longest bar.
const BAR_CELLS: u64 = 24;

const OTHER_JURISDICTION: &str = "other_jurisdiction";

/// The summary. Writing into a string cannot fail, so that results of `writeln!` are let go.
pub fn text(outcome: &Outcome) -> String {
    let mut out = String::new();
    head(&mut out, outcome);
    costs(&mut out, outcome);
    if let Some(log) = &outcome.invocation_log {
        invocation_log(&mut out, log);
    }
    if let Some(digests) = &outcome.digests {
        digest_files(&mut out, digests);
    }
    routes(&mut out, &outcome.routes);
    denials(&mut out, &outcome.denials);
    unresolved(&mut out, &outcome.unresolved);
    unknown_operations(&mut out, outcome);
    let objects = &outcome.objects;
    let unreadable = &objects.unreadable_objects;
    complaints(&mut out, "Unreadable objects", unreadable, objects.unreadable, "ingest");
    let rejected = &objects.objects_with_rejected_records;
    let all = rejected.len() as u64;
    complaints(&mut out, "Objects with rejected records", rejected, all, "ingest");
    out
}

fn head(out: &mut String, outcome: &Outcome) {
    let range = outcome.range.as_deref().unwrap_or("every day found");
    let _ = writeln!(out, "hoptrail  {range}");
    let _ = writeln!(out);
    let mut line = |name: &str, value: String| {
        let _ = writeln!(out, "{name:<9} {value}");
    };
    let objects = &outcome.objects;
    let read = counted(objects.read + objects.unreadable, "object");
    line("Read", format!("{read}, {}, from {}", bytes(objects.bytes), outcome.source));
    let records = &outcome.records;
    let parts = [
        format!("{}: {}", counted(records.records, "record"), counted(records.calls, "call")),
        format!("{} skipped", grouped(records.skipped)),
        format!("{} rejected", grouped(records.rejected)),
        counted(objects.unreadable, "unreadable object"),
    ];
    line("", parts.join(" · "));
    skipped(&mut line, outcome);
    let days = counted(outcome.days.len() as u64, "day");
    let written = counted(outcome.written, "call");
    line("Wrote", format!("{written} on {days} to {}", outcome.destination));
    again(&mut line, outcome);
    if !outcome.unchanged.is_empty() {
        let days = counted(outcome.unchanged.len() as u64, "day");
        let names = shortened(outcome.unchanged.clone());
        line("Unchanged", format!("{days}, skipped (--force builds them again): {names}"));
    }
    if !outcome.not_replaced.is_empty() {
        let days = counted(outcome.not_replaced.len() as u64, "day");
        let names = outcome.not_replaced.iter().map(|loss| loss.dt.clone()).collect();
        line("Refused", format!("{days}, left as they are: {}", shortened(names)));
    }
    if outcome.duplicates > 0 {
        line("", format!("{} dropped", counted(outcome.duplicates, "duplicate")));
    }
    if outcome.calls_left > 0 {
        let left = counted(outcome.calls_left, "call");
        line("", format!("{left} of days that were left as they are"));
    }
    if !outcome.out_of_range.is_empty() {
        let sum = outcome.out_of_range.values().sum();
        let days = outcome.out_of_range.iter().map(|(day, n)| format!("{day}: {}", grouped(*n)));
        let days = shortened(days.collect());
        line("", format!("{} outside the range ({days})", counted(sum, "call")));
    }
    if outcome.written > 0 {
        let share = |(name, calls): (&&str, &u64)| format!("{} {name}", grouped(*calls));
        let outcomes = ["succeeded", "denied", "throttled", "failed"]
            .iter()
            .filter_map(|name| outcome.outcomes.get_key_value(name))
            .map(share);
        line("Outcome", outcomes.collect::<Vec<_>>().join(" · "));
        let names = ["same_region", "same_jurisdiction", OTHER_JURISDICTION, "unknown"];
        let places =
            names.iter().filter_map(|name| outcome.residency.get_key_value(name)).map(share);
        line("Ran in", places.collect::<Vec<_>>().join(" · "));
    }
}

/// Days that stood before, by the reason for building them again.
fn again(line: &mut impl FnMut(&str, String), outcome: &Outcome) {
    let mut reasons = BTreeMap::<&str, Vec<String>>::new();
    for day in outcome.days.iter().filter(|day| day.is_rebuilt) {
        reasons.entry(&day.reason).or_default().push(day.dt.clone());
    }
    for (reason, days) in reasons {
        line("", format!("again: {} ({})", shortened(days), plain(reason)));
    }
}

fn skipped(line: &mut impl FnMut(&str, String), outcome: &Outcome) {
    let objects = &outcome.objects;
    let mut parts = Vec::new();
    if objects.sibling_folders > 0 {
        let folders = counted(objects.sibling_folders, "folder");
        parts.push(format!("{folders} of digests, insights and other logs"));
    }
    if objects.skipped > 0 {
        parts.push(format!("{} that are no log files", counted(objects.skipped, "file")));
    }
    if objects.folders_not_searched > 0 {
        let folders = counted(objects.folders_not_searched, "folder");
        parts.push(format!("{folders} beside AWSLogs/, not searched"));
    }
    if !parts.is_empty() {
        line("Passed by", parts.join(" · "));
    }
}

/// A total is never shown without its coverage.
fn costs(out: &mut String, outcome: &Outcome) {
    let all = &outcome.cost;
    if all.succeeded_calls == 0 {
        return;
    }
    let cost = all.list_cost_usd.as_deref().map_or("unknown".to_owned(), dollars);
    let _ = writeln!(
        out,
        "\nCost at list prices: {cost}, of {} out of {} that succeeded ({})",
        grouped(all.succeeded_calls_priced),
        counted(all.succeeded_calls, "call"),
        percent(all.succeeded_calls_priced, all.succeeded_calls)
    );
    let without = all.succeeded_calls.saturating_sub(all.succeeded_calls_with_tokens);
    let mut notes = Vec::new();
    let failed = all.calls_priced.saturating_sub(all.succeeded_calls_priced);
    if failed > 0 {
        notes.push(format!("and of calls that failed: {}", grouped(failed)));
    }
    if all.calls_lower_bound > 0 {
        notes.push(format!("lower bounds: {}", grouped(all.calls_lower_bound)));
    }
    if all.calls_unpriced > 0 {
        notes.push(format!("tokens without a price: {}", grouped(all.calls_unpriced)));
    }
    if without > 0 {
        notes.push(format!("without token counts: {}", grouped(without)));
    }
    if !notes.is_empty() {
        let _ = writeln!(out, "  {}", notes.join(" · "));
    }
    let priced = |model: &&ModelCost| model.coverage.list_cost_usd.is_some();
    let shown = outcome.costs.iter().filter(priced).collect::<Vec<_>>();
    if !shown.is_empty() {
        let _ = writeln!(out);
    }
    for model in shown.iter().take(SHOWN_LINES) {
        let coverage = &model.coverage;
        let cost = coverage.list_cost_usd.as_deref().map(dollars).unwrap_or_default();
        let share = percent(coverage.succeeded_calls_priced, coverage.succeeded_calls);
        let _ = writeln!(
            out,
            "  {cost:>14}  {:<24} {share:>7} of {}",
            label(model),
            counted(coverage.succeeded_calls, "call")
        );
    }
    more(out, shown.len(), "model_costs");
    let unpriced = outcome.costs.iter().filter(|model| model.coverage.calls_unpriced > 0);
    let unpriced = unpriced
        .map(|model| format!("{} ({})", label(model), grouped(model.coverage.calls_unpriced)));
    let unpriced = unpriced.collect::<Vec<_>>();
    if !unpriced.is_empty() {
        let _ = writeln!(out, "\n  No price for tokens of: {}", shortened(unpriced));
    }
}

fn invocation_log(out: &mut String, log: &InvocationLog) {
    let objects = counted(log.objects, "object");
    let entries = match log.entries {
        1 => "1 entry".to_owned(),
        entries => format!("{} entries", grouped(entries)),
    };
    let _ = writeln!(out, "\nModel invocation logs: {entries} in {objects}, {}", bytes(log.bytes));
    let parts = [
        format!("{} joined", grouped(log.joined)),
        format!("{} without a call", grouped(log.without_call)),
        format!("{} of other days", grouped(log.other_days)),
        counted(log.duplicates, "duplicate"),
        format!("{} rejected", grouped(log.rejected)),
        counted(log.unreadable, "unreadable object"),
    ];
    let _ = writeln!(out, "  {}", parts.join(" · "));
    if log.calls_without_entry > 0 {
        let calls = counted(log.calls_without_entry, "call");
        let _ = writeln!(out, "  {calls} that succeeded without an entry");
    }
    for left_over in log.left_over.iter().take(SHOWN_LINES) {
        let account = plain(left_over.account_id.as_deref().unwrap_or("–"));
        let model = plain(left_over.model_ref.as_deref().unwrap_or("(no reference)"));
        let _ = writeln!(
            out,
            "  {:>7}  without a call: account {account}, {model}",
            grouped(left_over.entries)
        );
    }
    if log.left_over.len() > SHOWN_LINES {
        let _ = writeln!(out, "  and {} more", grouped((log.left_over.len() - SHOWN_LINES) as u64));
    }
    let title = "Invocation logs that are unreadable or have rejected entries";
    let all = log.unreadable_objects.len() as u64;
    complaints(out, title, &log.unreadable_objects, all, "the summary as JSON");
}

fn digest_files(out: &mut String, outcome: &DigestOutcome) {
    let DigestOutcome { counts, log_files, errors, warnings, problems } = outcome;
    let _ = writeln!(
        out,
        "\nDigest files: {}, {} not believed · signatures: {} right, {} not checked",
        grouped(counts.digests),
        grouped(counts.invalid),
        grouped(counts.signatures_valid),
        grouped(counts.signatures_not_checked)
    );
    let names = ["valid", "mismatch", "not_listed", "no_digest"];
    let shares = names
        .iter()
        .filter_map(|name| log_files.get(name).map(|files| format!("{} {name}", grouped(*files))));
    let shares = shares.collect::<Vec<_>>();
    if !shares.is_empty() {
        let _ = writeln!(out, "  log files read: {}", shares.join(" · "));
    }
    for problem in problems.iter().take(SHOWN_LINES) {
        let mark = if problem.kind.is_error() { "error" } else { "warning" };
        let _ =
            writeln!(out, "  {mark}: {}\n      {}", plain(&problem.key), plain(&problem.reason));
    }
    let all = usize::try_from(errors + warnings).unwrap_or(usize::MAX);
    more(out, all, "the summary as JSON");
}

fn label(model: &ModelCost) -> Cow<'_, str> {
    let names = [&model.model_name, &model.model_id, &model.model_ref];
    plain(names.into_iter().find_map(Option::as_deref).unwrap_or("(no reference)"))
}

/// A decimal number of dollars with four digits behind the point, or with as many as show the first
/// two that are not 0; cut off and not rounded up.
fn dollars(decimal: &str) -> String {
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let zeros = fraction.len() - fraction.trim_start_matches('0').len();
    let digits = if whole == "0" && zeros < fraction.len() { 4.max(zeros + 2) } else { 4 };
    let whole = whole.parse::<u64>().map_or_else(|_| whole.to_owned(), grouped);
    format!("${whole}.{:0<4}", fraction.get(..digits).unwrap_or(fraction))
}

fn routes(out: &mut String, routes: &[Route]) {
    if routes.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nWhere calls through profiles ran");
    let leaves = |route: &Route| route.regions.iter().any(is_other_jurisdiction);
    let mut hidden = 0;
    for (index, route) in routes.iter().enumerate() {
        // A route that leaves its jurisdiction is never cut off.
        if index >= SHOWN_ROUTES && !leaves(route) {
            hidden += 1;
            continue;
        }
        let name = route.model_name.as_deref().map(|n| format!(" ({n})")).unwrap_or_default();
        let source = route.source_region.as_deref().unwrap_or("an unknown Region");
        let calls = counted(route.calls, "call");
        let alias = route.profile_name.as_deref().map(|n| format!(" “{n}”")).unwrap_or_default();
        let line = format!("{}{alias}{name} from {source}: {calls}", route.profile);
        let _ = writeln!(out, "\n  {}", plain(&line));
        for place in &route.regions {
            let _ = writeln!(out, "{}", place_line(place, route.calls));
        }
    }
    if hidden > 0 {
        let more = counted(hidden, "more route");
        let _ = writeln!(out, "\n  and {more} within their jurisdiction, in routing_distribution");
    }
}

fn place_line(place: &RegionShare, whole: u64) -> String {
    let mark = if is_other_jurisdiction(place) { "  other jurisdiction" } else { "" };
    let share = percent(place.calls, whole);
    let (bar, calls) = (bar(place.calls, whole), grouped(place.calls));
    let region = plain(&place.inference_region);
    format!("    {region:<16} {bar:<24} {share:>7} {calls:>9}{mark}")
}

/// A bar in eighths of a cell.
fn bar(part: u64, whole: u64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (u128::from(part) * u128::from(BAR_CELLS) * 8) / u128::from(whole.max(1));
    let eighths = usize::try_from(eighths).unwrap_or_default();
    let bar = "█".repeat(eighths / 8) + EIGHTHS[eighths % 8];
    if bar.is_empty() && part > 0 { EIGHTHS[1].to_owned() } else { bar }
}

fn is_other_jurisdiction(place: &RegionShare) -> bool {
    place.residency == Some(OTHER_JURISDICTION)
}

fn denials(out: &mut String, denials: &[Denied]) {
    if denials.is_empty() {
        return;
    }
    let sum = denials.iter().map(|denied| denied.calls).sum();
    let _ =
        writeln!(out, "\nRefused: {}, by blocked Region, policy and leg\n", counted(sum, "call"));
    for denied in denials.iter().take(SHOWN_LINES) {
        let region = denied.blocked_region.as_deref().unwrap_or("–");
        let policy = denied.policy_type.unwrap_or("no policy named");
        let leg = denied.leg.unwrap_or("–");
        let arn = denied.policy_arn.as_deref().unwrap_or_default();
        let line =
            format!("  {:>7}  {region:<15} {policy:<23} {leg:<18} {arn}", grouped(denied.calls));
        let _ = writeln!(out, "{}", plain(line.trim_end()));
    }
    more(out, denials.len(), "denials");
}

fn unresolved(out: &mut String, references: &[UnresolvedReference]) {
    if references.is_empty() {
        return;
    }
    let sum = references.iter().map(|reference| reference.calls).sum();
    let _ = writeln!(out, "\nNo known model: {}\n", counted(sum, "call"));
    let shown = &references[..references.len().min(SHOWN_LINES)];
    for reference in shown {
        let name = reference.model_ref.as_deref().unwrap_or("(no reference)");
        let calls = grouped(reference.calls);
        let _ = writeln!(out, "  {calls:>7}  {}  {}", plain(name), reference.reason);
    }
    more(out, references.len(), "unresolved_models");
    let mut told = Vec::new();
    for reference in shown {
        if !told.contains(&reference.reason) {
            told.push(reference.reason);
            let _ = writeln!(out, "           {}: {}", reference.reason, reference.hint);
        }
    }
}

fn unknown_operations(out: &mut String, outcome: &Outcome) {
    if outcome.unknown_operations.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nEvents that look like inference and are not known to hoptrail\n");
    for (name, count) in &outcome.unknown_operations {
        let _ = writeln!(out, "  {:>7}  {}", grouped(*count), plain(name));
    }
}

fn complaints(out: &mut String, title: &str, complaints: &[ObjectProblem], all: u64, place: &str) {
    if complaints.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title}: {}\n", grouped(all));
    for complaint in complaints.iter().take(SHOWN_LINES) {
        let _ = writeln!(out, "  {}\n      {}", plain(&complaint.key), plain(&complaint.reason));
    }
    more(out, usize::try_from(all).unwrap_or(usize::MAX), place);
}

fn more(out: &mut String, all: usize, table: &str) {
    if all > SHOWN_LINES {
        let _ = writeln!(out, "  and {} more, in {table}", grouped((all - SHOWN_LINES) as u64));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn route(profile: &str, calls: u64, residency: &'static str) -> Route {
        let place =
            RegionShare { inference_region: "r".to_owned(), residency: Some(residency), calls };
        Route {
            profile: profile.to_owned(),
            profile_name: None,
            target_type: "geo_profile",
            model_name: None,
            source_region: Some("us-east-1".to_owned()),
            calls,
            regions: vec![place],
        }
    }

    #[test]
    fn what_left_its_jurisdiction_is_never_cut_off() {
        let mut all =
            (0..40).map(|n| route(&format!("p{n}"), 100 - n, "same_region")).collect::<Vec<_>>();
        all.push(route("stray", 1, OTHER_JURISDICTION));
        let shown = text(&Outcome { routes: all, ..Outcome::default() });
        assert!(shown.contains("p11 ") && !shown.contains("p12 "), "{shown}");
        assert!(shown.contains("stray from us-east-1: 1 call"), "{shown}");
        assert!(shown.contains("and 28 more routes within their jurisdiction"), "{shown}");
    }

    #[test]
    fn small_amounts_are_shown() {
        assert_eq!(dollars("1234567.891234"), "$1,234,567.8912");
        assert_eq!(dollars("0"), "$0.0000");
        assert_eq!(dollars("0.000066"), "$0.000066");
        assert_eq!(dollars("0.0000000123"), "$0.000000012");
        assert_eq!(dollars("0.5"), "$0.5000");
    }

    #[test]
    fn bars_are_in_proportion() {
        assert_eq!(bar(1, 1).chars().count(), 24);
        assert_eq!(bar(1, 2).chars().count(), 12);
        assert_eq!(bar(1, 1_000_000), "▏");
        assert_eq!(bar(0, 5), "");
    }
}
