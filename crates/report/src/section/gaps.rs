//! Calls without a known model, and calls without a cost.

use std::cmp::Reverse;

use super::{blank, command};
use crate::model::{Cost, Gap, Report, Unresolved};
use crate::view::{Datum, Part, Table, largest, others_name};

/// Rows of the tables.
const ROWS: usize = 30;

pub(super) fn parts(report: &Report) -> Vec<Part> {
    let unresolved = Part {
        heading: "Model identifiers without a known model".to_owned(),
        note: "An alias resolves an identifier that does not name its model; a catalog names models that \
               this build does not know.",
        drawings: Vec::new(),
        tables: vec![unresolved(&report.unresolved)],
        is_wide: false,
        command: command(report, "unresolved --by model_ref,reason"),
    };
    let unpriced = Part {
        heading: "Why costs are missing or not full".to_owned(),
        note: "By model and cost gap. Unpriced calls have counts of tokens or other units, but no cost; \
               calls without counts are neither priced nor unpriced.",
        drawings: Vec::new(),
        tables: vec![gaps(&report.gaps)],
        is_wide: false,
        command: command(report, "cost --by cost_gap,model_name"),
    };
    vec![unresolved, unpriced]
}

fn unresolved(rows: &[Unresolved]) -> Table {
    let key = |row: &Unresolved| (row.model_ref.clone(), row.reason.clone());
    let (shown, others) = largest(rows.to_vec(), ROWS, |row| (row.calls, Reverse(key(row))));
    let measures = |rows: &[Unresolved]| {
        let first = rows.iter().filter_map(|row| row.first_ms).min();
        let last = rows.iter().filter_map(|row| row.last_ms).max();
        let calls = rows.iter().map(|row| row.calls).sum();
        [Datum::count(calls), Datum::time(first), Datum::time(last)]
    };
    let row = |row: &Unresolved| {
        let names = [&row.model_ref, &row.reason].map(|name| Datum::name(name.as_deref()));
        names.into_iter().chain(measures(std::slice::from_ref(row))).collect::<Vec<_>>()
    };
    let line = |first: Datum, rows: &[Unresolved]| {
        std::iter::once(first).chain(blank(1)).chain(measures(rows)).collect::<Vec<_>>()
    };
    let heads = ["model identifier", "reason", "calls", "first seen (UTC)", "last seen (UTC)"];
    Table {
        caption: "Unresolved model identifiers".to_owned(),
        heads: heads.map(str::to_owned).into(),
        n_names: 2,
        rows: shown.iter().map(row).collect(),
        others: (!others.is_empty()).then(|| line(others_name(others.len()), &others)),
        total: Some(line(Datum::plain("total"), rows)),
    }
}

/// Only rows of which a call has a gap.
fn gaps(rows: &[Gap]) -> Table {
    let rows = rows.iter().filter(|row| row.gap.is_some()).cloned().collect::<Vec<_>>();
    let all = rows.iter().fold(Cost::default(), |sum, row| sum.plus(row.cost));
    let key = |row: &Gap| (row.model.clone(), row.gap.clone());
    let (shown, others) =
        largest(rows, ROWS, |row| (row.cost.unpriced, row.cost.succeeded, Reverse(key(row))));
    let measures = |cost: &Cost| {
        let without = cost.succeeded.saturating_sub(cost.priced);
        [cost.unpriced, cost.lower_bound, without, cost.succeeded].map(Datum::count)
    };
    let row = |row: &Gap| {
        let names = [&row.model, &row.gap].map(|name| Datum::name(name.as_deref()));
        names.into_iter().chain(measures(&row.cost)).collect::<Vec<_>>()
    };
    let line = |first: Datum, cost: &Cost| {
        std::iter::once(first).chain(blank(1)).chain(measures(cost)).collect::<Vec<_>>()
    };
    let of_others = others.iter().fold(Cost::default(), |sum, row| sum.plus(row.cost));
    let heads = ["model", "cost gap", "unpriced", "lower bounds", "without a cost", "succeeded"];
    Table {
        caption: "Calls with a cost gap".to_owned(),
        heads: heads.map(str::to_owned).into(),
        n_names: 2,
        rows: shown.iter().map(row).collect(),
        others: (!others.is_empty()).then(|| line(others_name(others.len()), &of_others)),
        total: Some(line(Datum::plain("total"), &all)),
    }
}
