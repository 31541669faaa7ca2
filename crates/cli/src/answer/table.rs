//! The table that people read on a terminal.

use std::fmt::Write as _;
use std::io::IsTerminal;

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, Row as TableRow, Table, presets,
};
use report::number::{at_least, dollars};
use tables::query::{ACCOUNT_ID, AccountColumn, Answer, CHANGE, Cell, Row};

use super::cells;
use crate::number::{counted, grouped, percent};

/// The least columns that a key is cut to, by how many keys there are. Names of models and Regions differ at their
/// ends.
const MIN_KEY_WIDTHS: [usize; 3] = [24, 16, 14];

/// The column that a table of costs never lacks.
const LIST_COST: &str = "list_cost_usd";

/// Columns of the same calls at other prices.
const BESIDE_LIST_COST: [&str; 2] = ["contracted_cost_usd", "list_cost_usd_other_rate"];

/// Between two columns.
const GAP: usize = 2;

/// Columns that a table leaves out, because a note below or another column says enough; formats for programs have
/// them.
const LEFT_OUT: [&str; 6] = [
    "calls_lower_bound_before",
    "calls_with_tokens",
    "calls_with_units",
    "calls_lower_bound",
    "cache_write_tokens",
    "list_cost_max_usd",
];

/// An answer as a table of so many columns, with what its cost covers, and with a line end.
pub(crate) fn of_width(answer: &Answer, width: Option<usize>) -> String {
    let (mut text, too_wide) = rows_and_others(answer, width);
    if !too_wide.is_empty() {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "\nToo wide for this terminal: {} (--format csv has all)",
            too_wide.join(", ")
        );
    }
    text.push_str(&coverage(answer));
    text
}

/// The table alone.
pub(crate) fn rows_only(answer: &Answer, width: Option<usize>) -> String {
    rows_and_others(answer, width).0
}

/// The table, and the columns that it has no room for.
fn rows_and_others(answer: &Answer, width: Option<usize>) -> (String, Vec<&str>) {
    let mut lines = answer.rows.iter().map(|row| texts(row, answer, None)).collect::<Vec<_>>();
    lines.extend(sums(answer).into_iter().map(|(name, row)| texts(row, answer, Some(&name))));
    let all =
        (0..answer.columns.len()).filter(|place| is_shown(answer, *place)).collect::<Vec<_>>();
    let (places, too_wide) = fitting(answer, &lines, all, width);
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(width.and_then(|width| u16::try_from(width).ok()).unwrap_or(u16::MAX));
    table.set_header(places.iter().map(|place| head(&answer.columns[*place])));
    for line in lines {
        let mut row = TableRow::from(places.iter().map(|place| line[*place].clone()));
        row.max_height(1);
        table.add_row(row);
    }
    for (place, column) in places.iter().zip(table.column_iter_mut()) {
        let gap = u16::try_from(GAP).unwrap_or_default();
        column.set_padding((0, gap));
        if *place >= answer.n_keys {
            column.set_cell_alignment(CellAlignment::Right);
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    let too_wide = too_wide.iter().map(|place| answer.columns[*place].as_str()).collect();
    (text, too_wide)
}

/// The columns that fit beside each other, and those that do not: of the measures the last ones, but neither the
/// first one nor the cost.
fn fitting(
    answer: &Answer,
    lines: &[Vec<String>],
    mut places: Vec<usize>,
    width: Option<usize>,
) -> (Vec<usize>, Vec<usize>) {
    let Some(width) = width else { return (places, Vec::new()) };
    let place = answer.n_keys.clamp(1, MIN_KEY_WIDTHS.len()) - 1;
    let min_key_width = MIN_KEY_WIDTHS[place].min(width / 3);
    let of_column = |place: &usize| {
        let head = head(&answer.columns[*place]);
        let texts = lines.iter().map(|line| line[*place].as_str()).chain(head.lines());
        let widest = texts.map(|text| text.chars().count()).max().unwrap_or_default();
        GAP + if *place < answer.n_keys { widest.min(min_key_width) } else { widest }
    };
    let mut too_wide = Vec::new();
    while places.iter().map(of_column).sum::<usize>() > width {
        let may_go = |place: &usize| *place > answer.n_keys && answer.columns[*place] != LIST_COST;
        let Some(at) = places.iter().rposition(may_go) else { break };
        too_wide.insert(0, places.remove(at));
    }
    (places, too_wide)
}

/// Whether a table has a column: keys, but no names of accounts where none is known, and measures that have a
/// value.
fn is_shown(answer: &Answer, place: usize) -> bool {
    if is_of_names_alone(answer, place) {
        return false;
    }
    if answer.columns[place] == "calls_unpriced" && answer.total[place] == Cell::Count(0) {
        return false;
    }
    place < answer.n_keys
        || answer.total[place] != Cell::Null && !LEFT_OUT.contains(&answer.columns[place].as_str())
        || answer.rows.iter().any(|row| matches!(&row[place], Cell::Text(_)))
        || answer.columns[place] == LIST_COST
}

/// Whether a column has the names of the accounts beside it, and none is known.
pub(crate) fn is_of_names_alone(answer: &Answer, place: usize) -> bool {
    let is_name = answer.columns[place] == AccountColumn::Name.name();
    let has_ids = answer.columns[..answer.n_keys].iter().any(|column| column == ACCOUNT_ID);
    is_name && has_ids && answer.rows.iter().all(|row| row[place] == Cell::Null)
}

/// The rows below the others: all that have none of their own, and the sums over all.
pub(crate) fn sums(answer: &Answer) -> Vec<(String, &Row)> {
    let others = answer.others.as_ref();
    let others = others.map(|(n, row)| (format!("others ({})", grouped(*n as u64)), row));
    others.into_iter().chain([("total".to_owned(), &answer.total)]).collect()
}

/// The cells of a row as people read them; `name` is shown in place of its keys.
pub(crate) fn texts(row: &Row, answer: &Answer, name: Option<&str>) -> Vec<String> {
    let text = |(place, cell): (usize, &Cell)| match name {
        Some(name) if place == 0 && answer.n_keys > 0 => name.to_owned(),
        Some(_) if place < answer.n_keys => String::new(),
        _ if answer.columns[place] == LIST_COST => amount(row, answer, cell, ""),
        _ if BESIDE_LIST_COST.contains(&answer.columns[place].as_str()) => {
            beside_list_cost(row, answer, cell)
        }
        _ if answer.columns[place] == "list_cost_usd_before" => {
            amount(row, answer, cell, "_before")
        }
        _ if answer.columns[place] == CHANGE => change_of_rate(row, answer, cell),
        _ if answer.columns[place].ends_with("_change") => change(cell),
        None if place < answer.n_keys => short_arn(cells::short(cell)),
        _ => cells::short(cell),
    };
    row.iter().enumerate().map(text).collect()
}

/// What grew has a sign, too.
fn change(cell: &Cell) -> String {
    let sign = if matches!(cell, Cell::Count(1..) | Cell::Money(1..) | Cell::Percent(1..)) {
        "+"
    } else {
        ""
    };
    format!("{sign}{}", cells::short(cell))
}

/// A change of the cost at another rate: no more exact than the costs.
fn change_of_rate(row: &Row, answer: &Answer, cell: &Cell) -> String {
    match cell {
        Cell::Money(change) if is_lower_bound(row, answer, "") => {
            let sign = if *change > 0 { "+" } else { "" };
            format!("{sign}{}", at_least(*change))
        }
        other => change(other),
    }
}

/// The end of an ARN, which tells it from others of its column.
fn short_arn(text: String) -> String {
    match text.rsplit_once('/') {
        Some((_, end)) if text.starts_with("arn:") && !end.is_empty() => format!("…/{end}"),
        _ => text,
    }
}

/// A cost, which is never shown as if it were whole where it is not: where some of the calls that succeeded have no
/// cost, or one that is a lower bound, it is at least so much. Only the cost of estimates has an upper end.
fn amount(row: &Row, answer: &Answer, cost: &Cell, of_days: &str) -> String {
    let Cell::Money(least) = cost else { return cells::short(cost) };
    let of = |name: &str| value(row, answer, &format!("{name}{of_days}"));
    if is_lower_bound(row, answer, of_days) {
        return format!("≥ {}", at_least(*least));
    }
    match of("list_cost_max_usd") {
        Some(Cell::Money(most)) if most != least => {
            format!("{} to {}", dollars(*least), dollars(*most))
        }
        _ => dollars(*least),
    }
}

/// What was negotiated of a cost, or what it is at another rate: no more certain than the cost.
fn beside_list_cost(row: &Row, answer: &Answer, cost: &Cell) -> String {
    match cost {
        Cell::Money(least) if is_lower_bound(row, answer, "") => {
            format!("≥ {}", at_least(*least))
        }
        other => cells::short(other),
    }
}

/// Whether the cost of a row lacks something.
pub(crate) fn is_lower_bound(row: &Row, answer: &Answer, of_days: &str) -> bool {
    let of = |name: &str| match value(row, answer, &format!("{name}{of_days}")) {
        Some(Cell::Count(count)) => *count,
        _ => 0,
    };
    of("calls_lower_bound") > 0 || of("calls_priced") < of("succeeded_calls")
}

/// What was negotiated of a row's cost, in words for one line; `None` without discounts.
pub(crate) fn contracted_cost(row: &Row, answer: &Answer) -> Option<String> {
    let cost = value(row, answer, "contracted_cost_usd").filter(|cost| **cost != Cell::Null)?;
    Some(beside_list_cost(row, answer, cost))
}

/// The list cost of a row in words for one line.
pub(crate) fn list_cost(row: &Row, answer: &Answer) -> Option<String> {
    let cost = value(row, answer, LIST_COST).filter(|cost| **cost != Cell::Null)?;
    Some(amount(row, answer, cost, ""))
}

/// The cell of a row in a column of this name.
pub(crate) fn value<'r>(row: &'r Row, answer: &Answer, name: &str) -> Option<&'r Cell> {
    let place = answer.columns.iter().position(|column| column == name);
    place.map(|place| &row[place])
}

/// How much of the calls the cost covers; nothing if there is no cost to tell.
fn coverage(answer: &Answer) -> String {
    let of = |name: &str| {
        let place = answer.columns.iter().position(|column| column == name)?;
        match answer.total[place] {
            Cell::Count(count) => Some(count),
            _ => None,
        }
    };
    let Some((priced, succeeded)) = of("calls_priced").zip(of("succeeded_calls")) else {
        return String::new();
    };
    let mut text =
        format!("\nCoverage: {}", covered(priced.unsigned_abs(), succeeded.unsigned_abs()));
    for (name, what) in
        [("calls_lower_bound", "lower bounds"), ("calls_unpriced", "counts but no cost")]
    {
        if let Some(calls) = of(name).filter(|calls| *calls > 0) {
            let _ = write!(text, "; {what}: {}", grouped(calls.unsigned_abs()));
        }
    }
    if answer.rows.iter().chain([&answer.total]).any(|row| is_lower_bound(row, answer, "")) {
        text.push_str("; ≥ is at least");
    }
    text.push('\n');
    text
}

/// How many calls a cost is of. Calls that did not succeed may have counts too.
pub(crate) fn covered(priced: u64, succeeded: u64) -> String {
    let failed = priced.saturating_sub(succeeded);
    if failed > 0 {
        let priced = counted(priced, "priced call");
        return format!("{priced}, of which at least {} did not succeed", grouped(failed));
    }
    let share = percent(priced, succeeded);
    format!("{} of {}, {share}", grouped(priced), counted(succeeded, "successful call"))
}

/// The name of a column, a word a line.
fn head(name: &str) -> String {
    name.replace("_usd", "").replace('_', "\n")
}

/// The columns of the terminal; `None` if the table goes elsewhere, where nothing has to fit.
pub(crate) fn width() -> Option<usize> {
    let given = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let of_terminal = || {
        let stdout = std::io::stdout();
        let size = stdout.is_terminal().then(|| terminal_size::terminal_size_of(stdout)).flatten();
        size.map(|(width, _)| usize::from(width.0))
    };
    given.or_else(of_terminal).map(|width: usize| width.max(MIN_WIDTH))
}

/// Below that, nothing can be read.
const MIN_WIDTH: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priced_calls_that_did_not_succeed_are_said() {
        assert_eq!(covered(165, 385), "165 of 385 successful calls, 42.9 %");
        assert_eq!(covered(1, 1), "1 of 1 successful call, 100.0 %");
        assert_eq!(covered(13, 6), "13 priced calls, of which at least 7 did not succeed");
    }
}
