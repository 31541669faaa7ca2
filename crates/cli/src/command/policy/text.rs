//! Simulated calls as people read them: the legs of one call, or a row for each of many.

use comfy_table::{ContentArrangement, Table, presets};
use policy::{Certainty, DecidedLeg, Simulation, Verdict};

use super::calls::AskedCall;
use super::change;
use crate::answer::table::width;
use crate::command::explain::wrapped;
use crate::escape::escaped;

/// Between two columns.
const GAP: u16 = 2;

/// A call, and what it comes to.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) call: &'a AskedCall,
    pub(super) found: Simulation<'a>,
    /// The verdict without the changes of the options, if there are any.
    pub(super) before: Option<Verdict>,
}

/// A call with its legs, and what would have to change.
pub(super) fn of_call(row: &Row<'_>, exemption: Option<&str>) -> String {
    let Row { call, found, before } = row;
    let before = before.map(|it| format!(" ({} before the change)", it.as_str()));
    let caller = call.principal.as_ref().map_or(&call.account, |principal| &principal.arn);
    let mut text = wrapped(
        &format!(
            "{}{}: {} of {} from {} by {caller}",
            found.verdict.as_str(),
            before.unwrap_or_default(),
            call.operation.name,
            escaped(&call.model_ref),
            call.region
        ),
        width(),
    );
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let rows = found.legs.iter().map(leg_row).collect::<Vec<_>>();
    if !rows.is_empty() {
        text +=
            &format!("\n{}", table(&["leg", "action", "Region", "verdict", "decided by"], &rows));
    }
    for note in exemption.map(str::to_owned).into_iter().chain(change::sentence(found)) {
        text += &format!("\n{}", wrapped(&escaped(&note), width()));
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    text
}

fn leg_row(decided: &DecidedLeg<'_>) -> Vec<String> {
    let possible = match decided.leg.certainty {
        Certainty::Required => "",
        Certainty::Possible => " (possible)",
    };
    vec![
        format!("{}{possible}", decided.leg.kind.as_str()),
        decided.leg.action.to_owned(),
        decided.leg.requested_region.clone(),
        decided.decision.verdict.as_str().to_owned(),
        decided_by(decided),
    ]
}

/// The first statement that decides, and how many others do.
fn decided_by(decided: &DecidedLeg<'_>) -> String {
    let reasons = &decided.decision.reasons;
    // Of an allowed leg, the last level is nearest to the caller.
    let first = match decided.decision.verdict {
        Verdict::Allowed => reasons.last(),
        _ => reasons.first(),
    };
    let Some(first) = first else { return String::new() };
    let others = match (decided.decision.verdict, reasons.len() - 1) {
        (Verdict::Allowed, _) | (_, 0) => String::new(),
        (_, others) => format!(", and {others} more"),
    };
    let open = match decided.decision.unknown.iter().map(String::as_str).collect::<Vec<_>>() {
        keys if keys.is_empty() => String::new(),
        keys => format!("; hangs on {}", keys.join(", ")),
    };
    escaped(&format!("{}{others}{open}", change::statement_name(first))).into_owned()
}

/// One row of each call.
pub(super) fn of_grid(calls: &[Row<'_>]) -> String {
    let has_changes = calls.iter().any(|row| row.before.is_some());
    let mut header = vec!["reference", "Region", "account", "verdict", "legs", "decided by"];
    if has_changes {
        header.insert(3, "before");
    }
    let rows = calls.iter().map(|Row { call, found, before }| {
        let open = found.legs.iter().filter(|decided| is_open(decided, found.verdict));
        let open = open.collect::<Vec<_>>();
        let mut row =
            vec![escaped(&call.model_ref).into_owned(), call.region.clone(), call.account.clone()];
        row.extend(before.map(|before| before.as_str().to_owned()));
        row.extend([
            found.verdict.as_str().to_owned(),
            leg_names(&open),
            open.first().map(|decided| decided_by(decided)).unwrap_or_default(),
        ]);
        row
    });
    table(&header, &rows.collect::<Vec<_>>())
}

/// The kinds of legs, each with its Regions.
fn leg_names(legs: &[&DecidedLeg<'_>]) -> String {
    const MAX_REGIONS: usize = 3;
    let mut kinds = Vec::<(&str, Vec<&str>)>::new();
    for decided in legs {
        let (kind, region) = (decided.leg.kind.as_str(), decided.leg.requested_region.as_str());
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, regions)) if regions.contains(&region) => {}
            Some((_, regions)) => regions.push(region),
            None => kinds.push((kind, vec![region])),
        }
    }
    let name = |(kind, regions): &(&str, Vec<&str>)| match regions.len().checked_sub(MAX_REGIONS) {
        None | Some(0) => format!("{kind} {}", regions.join(" ")),
        Some(others) => format!("{kind} {} +{others}", regions[..MAX_REGIONS].join(" ")),
    };
    kinds.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Whether a leg makes a call what it is.
fn is_open(decided: &DecidedLeg<'_>, verdict: Verdict) -> bool {
    match verdict {
        Verdict::Allowed => false,
        Verdict::Denied => {
            decided.leg.certainty == Certainty::Required
                && decided.decision.verdict == Verdict::Denied
        }
        Verdict::Indeterminate => decided.decision.verdict != Verdict::Allowed,
    }
}

fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(width().and_then(|width| u16::try_from(width).ok()).unwrap_or(u16::MAX));
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP));
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
