//! Two answers to one question beside each other: about days, and about days before them.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::answer::nulls_last;
use super::{Answer, Cell, Row};

/// What a row of one answer alone is.
const NEW: &str = "new";
const GONE: &str = "gone";

/// The columns of a comparison that stand behind the keys: of each measure the value before, the value, and of the
/// first one the change; then whether the row is new or gone.
fn columns(now: &Answer, measures: &[&str]) -> Vec<String> {
    let mut columns = now.columns[..now.n_keys].to_vec();
    for (place, measure) in measures.iter().enumerate() {
        columns.push(format!("{measure}_before"));
        columns.push((*measure).to_owned());
        if place == 0 {
            columns.push(format!("{measure}_change"));
        }
    }
    columns.push("status".to_owned());
    columns
}

impl Answer {
    /// Compares an answer with that to the same question about other days. The first of the `measures` is what the
    /// order follows: the greatest change comes first. A row that one of the answers lacks counts as 0 in its
    /// change; a value that is null in a row makes the change null, because it is not known. `sort` is another column to
    /// follow, keys from the least to the greatest, all others the other way round.
    ///
    /// # Errors
    /// The columns that there are, if `sort` is none of them.
    ///
    /// # Panics
    /// If an answer lacks a measure, or has a row of all others.
    pub fn compared(
        self,
        before: &Answer,
        measures: &[&str],
        sort: Option<&str>,
        top: Option<usize>,
    ) -> Result<Answer, Vec<String>> {
        assert!(self.others.is_none() && before.others.is_none(), "both answers have all rows");
        #[expect(clippy::expect_used, reason = "documented")]
        let place =
            |measure: &&str| self.columns.iter().position(|it| it == measure).expect("a measure");
        let places = measures.iter().map(place).collect::<Vec<_>>();
        let n_keys = self.n_keys;
        let by_keys = |answer: &Answer| {
            let rows = answer.rows.iter().map(|row| (row[..n_keys].to_vec(), row.clone()));
            rows.collect::<BTreeMap<_, _>>()
        };
        let (mut old, new) = (by_keys(before), by_keys(&self));
        let mut rows = Vec::with_capacity(new.len());
        for (keys, row) in new {
            let earlier = old.remove(&keys);
            rows.push(pair(keys, earlier.as_ref(), Some(&row), &places));
        }
        rows.extend(old.into_iter().map(|(keys, row)| pair(keys, Some(&row), None, &places)));
        let columns = columns(&self, measures);
        let place = |sort: &str| columns.iter().position(|column| column == sort);
        let sort = sort.map(|sort| place(sort).ok_or_else(|| columns.clone())).transpose()?;
        rows.sort_by(|a, b| {
            let by_keys = (0..n_keys).map(|key| nulls_last(&a[key], &b[key], false));
            let by_column = match sort {
                Some(place) => nulls_last(&a[place], &b[place], place >= n_keys),
                None => magnitude(&b[n_keys + 2]).cmp(&magnitude(&a[n_keys + 2])),
            };
            by_column.then_with(|| by_keys.fold(Ordering::Equal, Ordering::then))
        });
        let no_keys = vec![Cell::Null; n_keys];
        let mut total = pair(no_keys.clone(), Some(&before.total), Some(&self.total), &places);
        clear_status(&mut total);
        let rest = rows.split_off(top.unwrap_or(rows.len()).min(rows.len()));
        let others = (!rest.is_empty()).then(|| (rest.len(), added(no_keys, &rest)));
        let rows_read = self.rows_read + before.rows_read;
        Ok(Answer { columns, n_keys, rows, others, total, rows_read })
    }
}

fn pair(keys: Row, before: Option<&Row>, now: Option<&Row>, places: &[usize]) -> Row {
    let mut row = keys;
    for (index, place) in places.iter().enumerate() {
        let value = |side: Option<&Row>| side.map_or(Cell::Null, |side| side[*place].clone());
        let (old, new) = (value(before), value(now));
        let change = (index == 0).then(|| {
            let change = |old: Option<i128>, new: Option<i128>| Some(new? - old?);
            let number = |side: Option<&Row>, cell: &Cell| side.map_or(Some(0), |_| number(cell));
            let change = change(number(before, &old), number(now, &new));
            let is_money = matches!(old, Cell::Money(_)) || matches!(new, Cell::Money(_));
            change.map_or(Cell::Null, |change| of_number(change, is_money))
        });
        row.extend([old, new]);
        row.extend(change);
    }
    row.push(match (before, now) {
        (None, _) => Cell::Text(NEW.into()),
        (_, None) => Cell::Text(GONE.into()),
        _ => Cell::Null,
    });
    row
}

fn clear_status(row: &mut Row) {
    if let Some(status) = row.last_mut() {
        *status = Cell::Null;
    }
}

/// Rows as one. Nulls count for nothing.
fn added(keys: Row, rows: &[Row]) -> Row {
    let (mut sums, n_keys) = (keys, rows[0].len());
    for place in sums.len()..n_keys {
        let numbers = rows.iter().map(|row| &row[place]).filter_map(number).collect::<Vec<_>>();
        let is_money = rows.iter().any(|row| matches!(row[place], Cell::Money(_)));
        sums.push(match numbers.is_empty() {
            true => Cell::Null,
            false => of_number(numbers.into_iter().sum(), is_money),
        });
    }
    clear_status(&mut sums);
    sums
}

fn number(cell: &Cell) -> Option<i128> {
    match cell {
        Cell::Count(count) => Some((*count).into()),
        Cell::Money(units) => Some(*units),
        _ => None,
    }
}

fn of_number(number: i128, is_money: bool) -> Cell {
    match i64::try_from(number) {
        Ok(count) if !is_money => Cell::Count(count),
        _ => Cell::Money(number),
    }
}

/// How great a change is: one that is not known is the least.
fn magnitude(change: &Cell) -> Option<u128> {
    number(change).map(i128::unsigned_abs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(rows: &[(&str, Option<i64>)]) -> Answer {
        let cell = |value: Option<i64>| value.map_or(Cell::Null, Cell::Count);
        let row =
            |(key, value): &(&str, Option<i64>)| vec![Cell::Text((*key).into()), cell(*value)];
        let total = rows.iter().filter_map(|(_, value)| *value).sum();
        Answer {
            columns: vec!["model".to_owned(), "calls".to_owned()],
            n_keys: 1,
            rows: rows.iter().map(row).collect(),
            others: None,
            total: vec![Cell::Null, Cell::Count(total)],
            rows_read: rows.len() as u64,
        }
    }

    #[test]
    fn greatest_change_comes_first_and_what_is_not_known_is_none() {
        let before = answer(&[("a", Some(10)), ("gone", Some(7)), ("b", None), ("same", Some(1))]);
        let now = answer(&[("a", Some(4)), ("new", Some(9)), ("b", Some(3)), ("same", Some(1))]);
        let found = now.clone().compared(&before, &["calls"], None, None).expect("no sort");
        let columns = ["model", "calls_before", "calls", "calls_change", "status"];
        assert_eq!(found.columns, columns);
        let text = |row: &Row| {
            let cell = |cell: &Cell| match cell {
                Cell::Null => "-".to_owned(),
                Cell::Text(text) => text.to_string(),
                other => number(other).expect("a number").to_string(),
            };
            row.iter().map(cell).collect::<Vec<_>>().join(" ")
        };
        let rows = found.rows.iter().map(text).collect::<Vec<_>>();
        let expected =
            ["new - 9 9 new", "gone 7 - -7 gone", "a 10 4 -6 -", "same 1 1 0 -", "b - 3 - -"];
        assert_eq!(rows, expected);
        assert_eq!(text(&found.total), "- 18 17 -1 -");
        let top = now.clone().compared(&before, &["calls"], None, Some(2)).expect("no sort");
        assert_eq!(top.rows, found.rows[..2]);
        let (n, others) = top.others.expect("three more");
        assert_eq!((n, text(&others).as_str()), (3, "- 11 8 -6 -"));
        let sorted = |sort| {
            let found = now.clone().compared(&before, &["calls"], Some(sort), None)?;
            Ok::<_, Vec<String>>(found.rows.iter().map(text).collect::<Vec<_>>().join(", "))
        };
        let by_model = "a 10 4 -6 -, b - 3 - -, gone 7 - -7 gone, new - 9 9 new, same 1 1 0 -";
        assert_eq!(sorted("model").as_deref(), Ok(by_model));
        let by_calls = "new - 9 9 new, a 10 4 -6 -, b - 3 - -, same 1 1 0 -, gone 7 - -7 gone";
        assert_eq!(sorted("calls").as_deref(), Ok(by_calls));
        assert_eq!(sorted("size"), Err(columns.map(str::to_owned).to_vec()));
    }
}
