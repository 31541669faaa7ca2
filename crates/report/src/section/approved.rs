//! Calls that ran outside the approved Regions.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{blank, command, region_name};
use crate::drawing::{Bar, Drawing, DrawingError};
use crate::model::{Approved, Outside, Report};
use crate::view::{Datum, Part, Table, cut, largest, others_name};

/// Rows of the table, and bars of the drawing.
const ROWS: usize = 40;
const BARS: usize = 12;

pub(super) fn part(report: &Report, approved: &Approved) -> Result<Part, DrawingError> {
    let question = format!(
        "routing --approved-regions {} --by account_id,is_direct,profile_id,source_region,inference_region",
        approved.option
    );
    Ok(Part {
        heading: "Calls that ran outside the approved Regions".to_owned(),
        note: "Whatever the profile: a call counts where it ran. Direct calls were sent to the Region itself and \
               not through a profile: a policy should have stopped those.",
        drawings: bars(&approved.outside)?.into_iter().collect(),
        tables: vec![table(&approved.outside)],
        is_wide: true,
        command: command(report, &question),
    })
}

/// All calls, and those of them that are direct.
pub(super) fn counts(rows: &[Outside]) -> [u64; 2] {
    let direct = rows.iter().filter(|row| row.is_direct == Some(true));
    [rows.iter().map(|row| row.calls).sum(), direct.map(|row| row.calls).sum()]
}

fn bars(rows: &[Outside]) -> Result<Option<Drawing>, DrawingError> {
    let mut by_region = BTreeMap::<Option<&str>, u64>::new();
    for row in rows {
        *by_region.entry(row.inference.as_deref()).or_default() += row.calls;
    }
    let regions = by_region.into_iter().collect::<Vec<_>>();
    let (shown, others) = largest(regions, BARS, |(region, calls)| (*calls, Reverse(*region)));
    let name = |region: Option<&str>| cut(region_name(region), 36);
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
    let label = "Bars of the calls outside the approved Regions by the Region that they ran in; the table has every \
                 figure";
    Drawing::of_bars(lines.into_iter().map(bar).collect(), "bar-outside", label.to_owned())
}

fn table(rows: &[Outside]) -> Table {
    let key = |row: &Outside| {
        let Outside { account, is_direct, profile, source, inference, .. } = row.clone();
        (account, is_direct, profile, source, inference)
    };
    let (shown, others) = largest(rows.to_vec(), ROWS, |row| (row.calls, Reverse(key(row))));
    let row = |row: &Outside| {
        let direct = match row.is_direct {
            Some(true) => "direct",
            Some(false) => "through a profile",
            None => "not known",
        };
        let [account, profile, source, inference] =
            [&row.account, &row.profile, &row.source, &row.inference]
                .map(|name| Datum::name(name.as_deref()));
        vec![account, Datum::plain(direct), profile, source, inference, Datum::count(row.calls)]
    };
    let sum = |first: Datum, rows: &[Outside]| {
        let calls = Datum::count(counts(rows)[0]);
        std::iter::once(first).chain(blank(4)).chain([calls]).collect::<Vec<_>>()
    };
    let heads = ["account", "sent", "profile", "source Region", "inference Region", "calls"];
    Table {
        caption: "Calls outside the approved Regions".to_owned(),
        heads: heads.map(str::to_owned).into(),
        n_names: 5,
        rows: shown.iter().map(row).collect(),
        others: (!others.is_empty()).then(|| sum(others_name(others.len()), &others)),
        total: Some(sum(Datum::plain("total"), rows)),
    }
}
