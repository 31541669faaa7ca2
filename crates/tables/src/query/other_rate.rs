//! What costs would be at another rate, for any columns: a question with more keys gives the rows of `model_costs`, whose
//! calls have in common what their price hangs on, and these are put together again. Whether calls are compared is
//! decided row by row, so that it does not depend on the columns that are asked for.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use bedrock::CostGaps;
use bedrock::cost::{CallSums, NoRate, Rated, Rates, TokenSum};

use super::answer::nulls_last;
use super::{Aggregate, Answer, Cell, Key, Measure, Question, Row, Sort};
use crate::column::Type;
use crate::model_costs::MODEL_COSTS;

const CALLS: [&str; 5] =
    ["calls", "succeeded_calls", "calls_priced", "calls_lower_bound", "calls_unpriced"];
const TOKENS: [&str; 4] =
    ["input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"];
const COSTS: [&str; 4] = [
    "list_input_cost_usd",
    "list_output_cost_usd",
    "list_cache_read_cost_usd",
    "list_cache_write_cost_usd",
];
const LIST_COST: &str = "list_cost_usd";

/// The measures of an answer.
const MEASURES: [&str; 12] = [
    LIST_COST,
    "list_cost_usd_other_rate",
    CHANGE,
    "list_cost_percent_change",
    "calls_other_rate",
    "calls_already",
    "calls_without_rate",
    CALLS[0],
    CALLS[1],
    CALLS[2],
    CALLS[3],
    CALLS[4],
];

/// The difference in dollars, which the order follows.
pub const CHANGE: &str = "list_cost_usd_change";

/// An answer at another rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtRate {
    /// The answer: costs as they are and at the other rate, the difference, and how many calls are compared. Where calls
    /// cannot be, both costs have what they cost.
    pub answer: Answer,
    /// The calls that cannot be compared, by the reason.
    pub without_rate: BTreeMap<NoRate, i64>,
    /// Whether the other rate is nowhere higher, or nowhere lower: what is not known then makes the difference no
    /// smaller.
    pub is_one_way: bool,
    /// Whether some of the costs are from another version of the price book than the rates.
    pub has_other_prices: bool,
    /// Whether some of the costs that are compared are estimates, which count with their lower ends.
    pub has_estimates: bool,
}

/// Sums over calls.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    cost: Option<i128>,
    other: Option<i128>,
    compared: i64,
    already: i64,
    without: i64,
    calls: [i64; CALLS.len()],
}

impl Question {
    /// The question whose answer [`AtRate::of`] takes: about the same rows, each apart.
    #[must_use]
    pub fn for_rates(&self) -> Question {
        let mut keys = self.keys.clone();
        let texts = MODEL_COSTS.columns.iter().filter(|column| column.kind() == Type::Text);
        for key in std::iter::once(Key::Day).chain(texts.map(|column| Key::Column(column.name))) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let names = CALLS.into_iter().chain(TOKENS).chain(COSTS).chain([LIST_COST]);
        let measures = names.map(|name| Measure { name, of: Aggregate::Sum(name) }).collect();
        let sort = Sort { place: 0, is_descending: false };
        Question {
            table: self.table,
            keys,
            measures,
            filters: self.filters.clone(),
            outside: None,
            sort,
            top: None,
        }
    }
}

/// A row of an answer, by the names of its columns.
struct Named<'a> {
    columns: &'a [String],
    row: &'a Row,
}

impl<'a> Named<'a> {
    /// # Panics
    /// If there is no such column.
    #[expect(clippy::expect_used, reason = "documented by AtRate::of")]
    fn cell(&self, name: &str) -> &'a Cell {
        let place = self.columns.iter().position(|column| column == name);
        &self.row[place.expect("a column of the question")]
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        if let Cell::Text(text) = self.cell(name) { Some(text) } else { None }
    }

    fn count(&self, name: &str) -> Option<i64> {
        if let Cell::Count(count) = self.cell(name) { Some(*count) } else { None }
    }

    fn money(&self, name: &str) -> Option<i128> {
        if let Cell::Money(units) = self.cell(name) { Some(*units) } else { None }
    }

    /// The calls of the row; `None` if they have no cost, or their day cannot be read, which it can.
    fn priced(&self) -> Option<CallSums<'a>> {
        self.text("cost_basis")?;
        let sum = |(tokens, cost)| TokenSum { count: self.count(tokens), cost: self.money(cost) };
        let [input, output, read, write] = [0, 1, 2, 3].map(|kind| (TOKENS[kind], COSTS[kind]));
        Some(CallSums {
            model_id: self.text("model_id"),
            source_region: self.text("source_region"),
            profile_scope: self.text("profile_scope"),
            service_tier: self.text("service_tier"),
            day: self.text("dt")?.parse().ok()?,
            gaps: CostGaps::parse(self.text("cost_gap").unwrap_or_default()),
            price_version: self.text("price_version").unwrap_or_default(),
            tokens: [input, output, read, write].map(sum),
        })
    }
}

impl Sums {
    fn of(row: &Named<'_>) -> Self {
        let calls = CALLS.map(|name| row.count(name).unwrap_or_default());
        let cost = row.money(LIST_COST);
        Sums { cost, other: cost, calls, ..Sums::default() }
    }

    fn add(&mut self, more: &Sums) {
        let sum = |a: Option<i128>, b: Option<i128>| match (a, b) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
        self.cost = sum(self.cost, more.cost);
        self.other = sum(self.other, more.other);
        self.compared += more.compared;
        self.already += more.already;
        self.without += more.without;
        for (calls, more) in self.calls.iter_mut().zip(more.calls) {
            *calls += more;
        }
    }

    /// Behind its keys, in the order of `MEASURES`.
    fn row(&self, keys: Row) -> Row {
        let money = |units: Option<i128>| units.map_or(Cell::Null, Cell::Money);
        let change = self.cost.zip(self.other).map(|(cost, other)| other - cost);
        let percent = change.zip(self.cost).and_then(|(change, cost)| percent(change, cost));
        let mut row = keys;
        row.extend([money(self.cost), money(self.other), money(change)]);
        row.push(percent.map_or(Cell::Null, Cell::Percent));
        let counts = [self.compared, self.already, self.without].into_iter().chain(self.calls);
        row.extend(counts.map(Cell::Count));
        row
    }
}

/// A part of a whole in hundredths of a percent, rounded half away from 0; `None` without a whole.
fn percent(part: i128, whole: i128) -> Option<i64> {
    let scaled = part.checked_mul(10_000)?;
    let half = whole / 2 * scaled.signum();
    i64::try_from((scaled + half).checked_div(whole)?).ok()
}

impl AtRate {
    /// What was `asked`, at the rate of `rates`, from the answer to [`Question::for_rates`]. Without `sort`, the greatest
    /// change comes first; `sort` is a column to follow, keys from the least to the greatest, all others the other way
    /// round.
    ///
    /// # Errors
    /// The columns that there are, if `sort` is none of them.
    ///
    /// # Panics
    /// If the answer is to another question.
    pub fn of(
        asked: &Question,
        fine: &Answer,
        rates: &mut Rates<'_>,
        sort: Option<&str>,
        top: Option<usize>,
    ) -> Result<Self, Vec<String>> {
        let n_keys = asked.keys.len();
        let mut groups = BTreeMap::<Row, Sums>::new();
        let mut without_rate = BTreeMap::new();
        let (mut has_lower, mut has_higher) = (false, false);
        let (mut has_other_prices, mut has_estimates) = (false, false);
        for row in &fine.rows {
            let named = Named { columns: &fine.columns, row };
            let mut sums = Sums::of(&named);
            let n_priced = named.count("calls_priced").unwrap_or_default();
            if let Some(calls) = named.priced() {
                has_other_prices |= calls.price_version != rates.version();
                match rates.of(&calls) {
                    Ok(Rated::Already) => sums.already = n_priced,
                    Ok(Rated::Cost(other)) => {
                        // What is billed by other units stays as it is.
                        let now = calls.tokens.iter().filter_map(|sum| sum.cost).sum::<i128>();
                        has_estimates |= named.text("cost_basis") == Some("estimate");
                        has_lower |= other < now;
                        has_higher |= other > now;
                        sums.other = sums.cost.map(|cost| cost + other - now);
                        sums.compared = n_priced;
                    }
                    Err(reason) => {
                        sums.without = n_priced;
                        *without_rate.entry(reason).or_default() += n_priced;
                    }
                }
            }
            groups.entry(row[..n_keys].to_vec()).or_default().add(&sums);
        }
        let mut columns = asked.keys.iter().map(Key::name).collect::<Vec<_>>();
        columns.extend(MEASURES.map(str::to_owned));
        let sort = match sort {
            Some(sort) => {
                let place = columns.iter().position(|column| column == sort);
                Some(place.ok_or_else(|| columns.clone())?)
            }
            None => None,
        };
        let answer = put_into_order(groups, columns, n_keys, sort, top, fine.rows_read);
        let is_one_way = !(has_lower && has_higher);
        Ok(AtRate { answer, without_rate, is_one_way, has_other_prices, has_estimates })
    }
}

fn put_into_order(
    groups: BTreeMap<Row, Sums>,
    columns: Vec<String>,
    n_keys: usize,
    sort: Option<usize>,
    top: Option<usize>,
    rows_read: u64,
) -> Answer {
    let no_keys = || vec![Cell::Null; n_keys];
    let all = |sums: &mut dyn Iterator<Item = &Sums>| {
        let mut all = Sums::default();
        sums.for_each(|sums| all.add(sums));
        all.row(no_keys())
    };
    let total = all(&mut groups.values());
    let mut rows =
        groups.into_iter().map(|(keys, sums)| (sums.row(keys), sums)).collect::<Vec<_>>();
    let change = |sums: &Sums| sums.cost.zip(sums.other).map(|(cost, other)| (other - cost).abs());
    rows.sort_by(|(a, of_a), (b, of_b)| {
        let by_column = match sort {
            Some(place) => nulls_last(&a[place], &b[place], place >= n_keys),
            None => change(of_b).cmp(&change(of_a)),
        };
        let by_keys = (0..n_keys).map(|key| nulls_last(&a[key], &b[key], false));
        by_column.then_with(|| by_keys.fold(Ordering::Equal, Ordering::then))
    });
    let rest = rows.split_off(top.unwrap_or(rows.len()).min(rows.len()));
    let others =
        (!rest.is_empty()).then(|| (rest.len(), all(&mut rest.iter().map(|(_, sums)| sums))));
    let rows = rows.into_iter().map(|(row, _)| row).collect();
    Answer { columns, n_keys, rows, others, total, rows_read }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_is_rounded_half_away_from_zero() {
        let found = [(-1, 11), (1, 10), (-1, 200_000), (1, 200_001), (5, 0), (0, 3)];
        let found = found.map(|(part, whole)| percent(part, whole));
        assert_eq!(found, [Some(-909), Some(1000), Some(-0), Some(0), None, Some(0)]);
        assert_eq!([percent(-1, 20_000), percent(1, 20_000)], [Some(-1), Some(1)]);
        assert_eq!(percent(-1, 20_001), Some(0));
    }
}
