//! Simulated calls as people read them: the legs of one call, or a row for each of many.

use std::collections::BTreeSet;

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use policy::{Certainty, DecidedLeg, Leg, Simulation, Verdict};

use super::calls::AskedCall;
use super::change;
use crate::answer::table::width;
use crate::command::explain::wrapped;
use crate::escape::escaped;
use crate::number::counted;

/// Between two columns.
const GAP: u16 = 2;

/// What the last column, which is wrapped, has at least.
const MIN_LAST_COLUMN: u16 = 20;

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
            "{}{}: {} ({}) of {} from {} by {caller}",
            found.verdict.as_str(),
            before.unwrap_or_default(),
            call.operation.name,
            call.operation.action,
            escaped(&call.model_ref),
            call.region
        ),
        width(),
    );
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let rows = leg_rows(found, call.operation.action);
    if !rows.is_empty() {
        text += &format!("\n{}", table(&["leg", "Region", "verdict", "decided by"], &rows));
    }
    for note in exemption.map(str::to_owned).into_iter().chain(change::sentence(found)) {
        text += &format!("\n{}", wrapped(&escaped(&note), width()));
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    text
}

/// Rows without their Regions: the certainty, the other cells, and the Regions.
pub(super) type Rows<'a> = Vec<(Certainty, Vec<String>, Vec<&'a str>)>;

/// A row for each leg.
fn leg_rows(found: &Simulation<'_>, action: &str) -> Vec<Vec<String>> {
    let mut rows = Rows::new();
    for decided in &found.legs {
        let verdict = decided.decision.verdict.as_str().to_owned();
        let cells = vec![leg_name(&decided.leg, action, None), verdict, decided_by(decided)];
        add_row(&mut rows, &decided.leg, cells);
    }
    with_regions(rows)
}

/// What a leg is about, with what is special of it: its certainty, and its action, if that is not the one of the call.
pub(super) fn leg_name(leg: &Leg, action: &str, note: Option<&str>) -> String {
    let possible = (leg.certainty == Certainty::Possible).then_some("possible");
    let other_action = (leg.action != action).then_some(leg.action);
    let notes = possible.into_iter().chain(other_action).chain(note).collect::<Vec<_>>();
    match notes.join(", ") {
        notes if notes.is_empty() => leg.kind.as_str().to_owned(),
        notes => format!("{} ({notes})", leg.kind.as_str()),
    }
}

/// Adds a row; possible legs that only differ in their Region are one.
pub(super) fn add_row<'a>(rows: &mut Rows<'a>, leg: &'a Leg, cells: Vec<String>) {
    let is_possible = leg.certainty == Certainty::Possible;
    let same = rows.iter_mut().find(|(certainty, known, _)| {
        is_possible && *certainty == Certainty::Possible && *known == cells
    });
    match same {
        Some((_, _, regions)) => regions.push(&leg.requested_region),
        None => rows.push((leg.certainty, cells, vec![&leg.requested_region])),
    }
}

/// The rows with their Regions, or how many these are, as their second cells.
pub(super) fn with_regions(rows: Rows<'_>) -> Vec<Vec<String>> {
    let row = |(_, mut cells, regions): (Certainty, Vec<String>, Vec<&str>)| {
        let regions = match regions.as_slice() {
            [region] => (*region).to_owned(),
            many => counted(many.len() as u64, "Region"),
        };
        cells.insert(1, regions);
        cells
    };
    rows.into_iter().map(row).collect()
}

/// The first statement that decides, and how many others do.
pub(super) fn decided_by(decided: &DecidedLeg<'_>) -> String {
    let reasons = &decided.decision.reasons;
    // Of an allowed leg, the last level is nearest to the caller.
    let first = match decided.decision.verdict {
        Verdict::Allowed => reasons.last(),
        _ => reasons.first(),
    };
    let Some(first) = first else { return String::new() };
    // What is open beside a denial is in the sentence.
    let of_verdict = reasons.iter().filter(|reason| reason.effect == first.effect);
    let others = match (decided.decision.verdict, of_verdict.count() - 1) {
        (Verdict::Allowed, _) | (_, 0) => String::new(),
        (_, others) => format!(", and {others} more"),
    };
    let open = match decided.decision.verdict {
        Verdict::Indeterminate if !decided.decision.unknown.is_empty() => {
            let keys = decided.decision.unknown.iter().map(String::as_str).collect::<Vec<_>>();
            format!("; hangs on {}", keys.join(", "))
        }
        _ => String::new(),
    };
    escaped(&format!("{}{others}{open}", change::statement_name(first))).into_owned()
}

/// One row of each call. What all calls share is said above.
pub(super) fn of_grid(calls: &[Row<'_>]) -> String {
    let regions = calls.iter().map(|row| row.call.region.as_str()).collect::<BTreeSet<_>>();
    let accounts = calls.iter().map(|row| row.call.account.as_str()).collect::<BTreeSet<_>>();
    let has_changes = calls.iter().any(|row| row.before.is_some());
    let columns = [
        ("reference", true),
        ("Region", regions.len() > 1 && accounts.len() == 1),
        ("account", accounts.len() > 1 && regions.len() == 1),
        // Beside each other, they would leave no room for what decides.
        ("Region, account", regions.len() > 1 && accounts.len() > 1),
        ("before", has_changes),
        ("verdict", true),
        ("decided by", true),
    ];
    let shown = |cells: Vec<String>| {
        let cells = cells.into_iter().zip(columns).filter(|(_, (_, is_shown))| *is_shown);
        cells.map(|(cell, _)| cell).collect::<Vec<_>>()
    };
    let rows = calls.iter().map(|Row { call, found, before }| {
        let open = found.legs.iter().filter(|decided| is_open(decided, found.verdict));
        let open = open.collect::<Vec<_>>();
        shown(vec![
            escaped(&call.model_ref).into_owned(),
            call.region.clone(),
            call.account.clone(),
            format!("{} {}", call.region, call.account),
            before.map(Verdict::as_str).unwrap_or_default().to_owned(),
            found.verdict.as_str().to_owned(),
            match open.first().map(|decided| decided_by(decided)) {
                Some(by) if by.is_empty() => leg_names(&open),
                Some(by) => format!("{}: {by}", leg_names(&open)),
                None => String::new(),
            },
        ])
    });
    let header = columns.iter().filter(|(_, is_shown)| *is_shown).map(|(name, _)| *name);
    let shared = [("from", &regions), ("by the account", &accounts)].into_iter();
    let shared = shared
        .filter(|(_, all)| all.len() == 1)
        .flat_map(|(word, all)| all.iter().map(move |one| format!("{word} {one}")));
    let shared = shared.collect::<Vec<_>>().join(" ");
    let head = if shared.is_empty() { String::new() } else { format!("Calls {shared}\n\n") };
    head + &table(&header.collect::<Vec<_>>(), &rows.collect::<Vec<_>>())
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

pub(super) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    table_of(header, rows, width(), 0)
}

/// A table whose columns of at most so many characters are not broken into lines.
pub(super) fn table_with(header: &[&str], rows: &[Vec<String>], max_whole: usize) -> String {
    table_of(header, rows, width(), max_whole)
}

/// A table of so many columns of text. With `max_whole`, all other columns share what room is left.
pub(super) fn table_of(
    header: &[&str],
    rows: &[Vec<String>],
    width: Option<usize>,
    max_whole: usize,
) -> String {
    let width = width.and_then(|width| u16::try_from(width).ok()).unwrap_or(u16::MAX);
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(width);
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    let mut room = width.saturating_sub(MIN_LAST_COLUMN);
    let last = header.len() - 1;
    for (place, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, GAP));
        let cells = || rows.iter().map(|row| row[place].as_str()).chain(header[place].lines());
        if max_whole > 0 {
            let longest = cells().map(|cell| cell.chars().count()).max().unwrap_or_default();
            if longest <= max_whole {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
            continue;
        }
        if place == last {
            let least = ColumnConstraint::LowerBoundary(Width::Fixed(MIN_LAST_COLUMN));
            column.set_constraint(least);
            continue;
        }
        // No word is cut, as long as there is room: half an ID is no ID.
        let words = cells().flat_map(str::split_whitespace).map(|word| word.chars().count());
        let longest = words.max().and_then(|it| u16::try_from(it).ok()).unwrap_or(u16::MAX);
        let needed = longest.saturating_add(GAP);
        if let Some(rest) = room.checked_sub(needed) {
            room = rest;
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(needed)));
        }
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
