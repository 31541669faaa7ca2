//! Which calls were denied by which policy, and whether they still are.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{blank, command, day_of, scope_name};
use crate::drawing::{Bar, Drawing, DrawingError};
use crate::model::{DayState, Denial, Report};
use crate::view::{Datum, Part, Table, cut, largest, others_name};

/// Rows of the table, and bars of the drawing.
const ROWS: usize = 40;
const BARS: usize = 12;

pub(super) fn part(report: &Report) -> Result<Part, DrawingError> {
    Ok(Part {
        heading: "Denied calls by blocked Region and policy".to_owned(),
        note: "The last day is the last one of the range that is built. A blocked Region is that of the \
               resource that was denied; for the Region-less model of a global profile it is \
               unspecified. Requests that only a VPC endpoint saw are counted too.",
        drawings: bars(&report.denials)?.into_iter().collect(),
        tables: vec![table(report)],
        is_wide: true,
        command: command(
            report,
            "denials --by blocked_region,policy_type,policy_arn,leg,profile_scope",
        ),
    })
}

fn bars(rows: &[Denial]) -> Result<Option<Drawing>, DrawingError> {
    let mut by_region = BTreeMap::<Option<&str>, u64>::new();
    for row in rows {
        *by_region.entry(row.blocked.as_deref()).or_default() += row.calls;
    }
    let regions = by_region.into_iter().collect::<Vec<_>>();
    let (shown, others) = largest(regions, BARS, |(region, calls)| (*calls, Reverse(*region)));
    let name = |region: Option<&str>| cut(region.unwrap_or("not known"), 36);
    let mut lines =
        shown.into_iter().map(|(region, calls)| (name(region), calls)).collect::<Vec<_>>();
    if !others.is_empty() {
        let sum = others.iter().map(|(_, calls)| calls).sum();
        lines.push((format!("others ({})", others.len()), sum));
    }
    let bar = |(name, calls): (String, u64)| Bar {
        name,
        datum: Datum::count(calls),
        weight: calls.into(),
    };
    let label = "Bars of the denied calls by blocked Region; the table has every figure".to_owned();
    Drawing::of_bars(lines.into_iter().map(bar).collect(), "bar-denied", label)
}

fn table(report: &Report) -> Table {
    let is_built = |state| matches!(state, DayState::Built | DayState::Partial);
    let last_day = report.days.iter().rev().find(|day| is_built(day.state)).map(|day| day.date);
    let key = |row: &Denial| {
        let Denial { blocked, policy_type, policy_arn, leg, scope, .. } = row;
        [blocked, policy_type, policy_arn, leg, scope].map(Clone::clone)
    };
    let (shown, others) =
        largest(report.denials.clone(), ROWS, |row| (row.calls, Reverse(key(row))));
    let ends = |rows: &[Denial]| {
        let first = rows.iter().filter_map(|row| row.first_ms).min();
        let last = rows.iter().filter_map(|row| row.last_ms).max();
        let is_still = last_day.is_some() && last.and_then(day_of) == last_day;
        let still = Datum::plain(if is_still { "yes" } else { "no" });
        let calls = rows.iter().map(|row| row.calls).sum();
        [Datum::count(calls), Datum::time(first), Datum::time(last), still]
    };
    let row = |row: &Denial| {
        let scope = Datum::plain(cut(scope_name(row.scope.as_deref()), 40));
        let names = [&row.blocked, &row.policy_type, &row.policy_arn, &row.leg];
        let names = names.map(|name| Datum::name(name.as_deref()));
        names.into_iter().chain([scope]).chain(ends(std::slice::from_ref(row))).collect::<Vec<_>>()
    };
    let with_ends = |first: Datum, rows: &[Denial]| {
        std::iter::once(first).chain(blank(4)).chain(ends(rows)).collect::<Vec<_>>()
    };
    let heads = [
        "blocked Region",
        "policy type",
        "policy",
        "evaluated resource",
        "profile scope",
        "calls",
        "first seen (UTC)",
        "last seen (UTC)",
        "on the last day",
    ];
    Table {
        caption: "Denied calls".to_owned(),
        heads: heads.map(str::to_owned).into(),
        n_names: 5,
        rows: shown.iter().map(row).collect(),
        others: (!others.is_empty()).then(|| with_ends(others_name(others.len()), &others)),
        total: Some(with_ends(Datum::plain("total"), &report.denials)),
    }
}
