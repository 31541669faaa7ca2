//! What the template is filled with: the page as headings, tables, and drawings, with every text as it is
//! shown.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::drawing::Drawing;
use crate::model::Cost;
use crate::number::{NONE, at_least, decimal, dollars, grouped, percent, quotient};

/// Characters that a name has in a table at most.
const NAME_CHARACTERS: usize = 160;

/// Rows of a table that is folded away at least.
const LONG_TABLE: usize = 42;

/// Columns of a table that is set close at least.
const DENSE_TABLE: usize = 12;

/// Characters of a name that stays in one line.
const SHORT_NAME: usize = 28;

/// A text; if it is a figure, with its exact value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Datum {
    /// What people read.
    pub(crate) text: String,
    /// What programs read.
    pub(crate) value: Option<String>,
}

/// A figure of the headline.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) datum: Datum,
    /// What it means, in pieces.
    pub(crate) detail: Vec<Datum>,
    /// Whether it asks for attention.
    pub(crate) is_alert: bool,
}

/// A chapter of the page.
#[derive(Debug)]
pub(crate) struct Section {
    /// Its anchor.
    pub(crate) id: &'static str,
    pub(crate) heading: &'static str,
    pub(crate) parts: Vec<Part>,
}

/// Drawings with the table of the same figures, and the command that prints it.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) heading: String,
    /// How it is read.
    pub(crate) note: &'static str,
    pub(crate) drawings: Vec<Drawing>,
    pub(crate) tables: Vec<Table>,
    /// Whether the tables need the whole width, below the drawings.
    pub(crate) is_wide: bool,
    pub(crate) command: String,
}

/// What a color means.
#[derive(Debug, Clone)]
pub(crate) struct LegendItem {
    /// The class of the shapes.
    pub(crate) class: String,
    pub(crate) text: String,
}

/// Figures as rows. The last rows are all others and the total.
#[derive(Debug)]
pub(crate) struct Table {
    /// What it is about.
    pub(crate) caption: String,
    pub(crate) heads: Vec<String>,
    /// How many of the columns are names.
    pub(crate) n_names: usize,
    pub(crate) rows: Vec<Vec<Datum>>,
    /// All rows that have none of their own, and how many they are.
    pub(crate) others: Option<Vec<Datum>>,
    /// The sums over all; `None` where nothing can be added up.
    pub(crate) total: Option<Vec<Datum>>,
}

impl Datum {
    /// A text that is no figure.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Datum { text: text.into(), value: None }
    }

    /// A name of the logs, cut if it is very long; null has a dash.
    pub(crate) fn name(name: Option<&str>) -> Self {
        Datum::plain(cut(name.unwrap_or(NONE), NAME_CHARACTERS))
    }

    /// Whether it stays in one line.
    pub(crate) fn is_short(&self) -> bool {
        self.text.chars().count() <= SHORT_NAME
    }

    /// A count.
    pub(crate) fn count(count: u64) -> Self {
        Datum { text: grouped(count), value: Some(count.to_string()) }
    }

    /// A part of a whole, in percent; its value is a quotient with six decimal places.
    pub(crate) fn share(part: u64, whole: u64) -> Self {
        Datum { text: percent(part, whole), value: quotient(part.into(), whole.into(), 6) }
    }

    /// A list cost, or at least so much.
    pub(crate) fn list_cost(cost: &Cost) -> Self {
        Datum::amount(cost.list, cost.is_lower_bound())
    }

    /// What a list cost comes to with a discount file: no more certain than that.
    pub(crate) fn contracted_cost(cost: &Cost) -> Self {
        Datum::amount(cost.contracted, cost.is_lower_bound())
    }

    /// The upper end of estimates; a lower bound has none.
    pub(crate) fn upper_end(cost: &Cost) -> Self {
        Datum::amount(cost.list_max.filter(|_| !cost.is_lower_bound()), false)
    }

    /// A difference of costs, in words, or at least so much; its value has the sign.
    pub(crate) fn change(units: i128, is_at_least: bool) -> Self {
        let amount = units.abs();
        let amount = match is_at_least {
            true => format!("≥ {}", at_least(amount)),
            false => dollars(amount),
        };
        let text = match units {
            0 => "the same".to_owned(),
            ..0 => format!("{amount} less"),
            _ => format!("{amount} more"),
        };
        Datum { text, value: Some(decimal(units)) }
    }

    /// The size of a difference in percent of a cost; its value is a quotient with six decimal places.
    pub(crate) fn percent_of(change: i128, cost: Option<i128>) -> Self {
        let whole = cost.unwrap_or_default().unsigned_abs();
        let value = quotient(change.unsigned_abs(), whole, 6);
        let percent = change.unsigned_abs().checked_mul(100);
        let text = percent.and_then(|percent| quotient(percent, whole, 1));
        Datum { text: text.map_or_else(|| NONE.to_owned(), |text| format!("{text} %")), value }
    }

    fn amount(units: Option<i128>, is_lower_bound: bool) -> Self {
        let Some(units) = units else { return Datum::plain(NONE) };
        let text = if is_lower_bound { format!("≥ {}", at_least(units)) } else { dollars(units) };
        Datum { text, value: Some(decimal(units)) }
    }

    /// A day, whose text is exact.
    pub(crate) fn day(date: Date) -> Self {
        Datum::plain(date.to_string())
    }

    /// A time, to the second.
    pub(crate) fn time(ms: Option<i64>) -> Self {
        let Some(time) = ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()) else {
            return Datum::plain(NONE);
        };
        let value = time.to_string();
        let text = value.get(..19).unwrap_or(&value).replace('T', " ");
        Datum { text, value: Some(value) }
    }

    /// The effective number of Regions: 1 divided by the sum of the squared shares.
    pub(crate) fn effective_number(counts: &[u64]) -> Self {
        let sum = counts.iter().map(|count| u128::from(*count)).sum::<u128>();
        let of_squares =
            counts.iter().try_fold(0_u128, |sum, n| sum.checked_add(u128::from(*n).pow(2)));
        let number = |places| quotient(sum.checked_mul(sum)?, of_squares?, places);
        Datum { text: number(1).unwrap_or_else(|| NONE.to_owned()), value: number(6) }
    }
}

impl Table {
    /// Whether it is folded away.
    pub(crate) fn is_long(&self) -> bool {
        self.rows.len() >= LONG_TABLE
    }

    /// Whether it is set close.
    pub(crate) fn is_dense(&self) -> bool {
        self.heads.len() >= DENSE_TABLE
    }
}

/// The first characters of a text; `…` marks that it was cut.
pub(crate) fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_owned(),
        Some(_) => {
            text.chars().take(characters.saturating_sub(1)).chain(std::iter::once('…')).collect()
        }
    }
}

/// The `n` largest rows by `rank`, the greatest first, and all others. One row more is not called others.
pub(crate) fn largest<T, K: Ord>(
    mut rows: Vec<T>,
    n: usize,
    rank: impl Fn(&T) -> K,
) -> (Vec<T>, Vec<T>) {
    rows.sort_by_key(|row| std::cmp::Reverse(rank(row)));
    let n = if rows.len() == n + 1 { n + 1 } else { n };
    let others = rows.split_off(n.min(rows.len()));
    (rows, others)
}

/// What the row of all others is called.
pub(crate) fn others_name(n: usize) -> Datum {
    Datum { text: format!("others ({})", grouped(n as u64)), value: Some(n.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effective_number_of_equal_shares_is_their_number() {
        let text = |counts: &[u64]| Datum::effective_number(counts).text;
        assert_eq!([text(&[7, 7, 7]), text(&[5]), text(&[90, 10])], ["3.0", "1.0", "1.2"]);
        assert_eq!([text(&[]), text(&[0])], [NONE, NONE]);
        let exact = Datum::effective_number(&[90, 10]).value;
        assert_eq!(exact.as_deref(), Some("1.219512"));
    }

    #[test]
    fn one_row_alone_is_not_others() {
        let split = |n| largest((1..=n).collect::<Vec<u32>>(), 3, |row| *row);
        assert_eq!(split(4), (vec![4, 3, 2, 1], vec![]));
        assert_eq!(split(5), (vec![5, 4, 3], vec![2, 1]));
    }

    #[test]
    fn long_name_is_cut_between_characters() {
        assert_eq!([cut("äöü", 3), cut("äöüß", 3)], ["äöü", "äö…"]);
    }
}
