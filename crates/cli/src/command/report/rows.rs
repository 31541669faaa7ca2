//! Answers as the rows that the page is made from. Names from logs have their control characters escaped.

use jiff::civil::Date;
use report::{
    Calls, Cost, CostOf, Day, DayState, Denial, Gap, Hour, ModelDay, OtherRate, Outside, Path,
    Unresolved,
};
use tables::query::{ACCOUNT_ID, AccountColumn, Answer, AtRate, CHANGE, Cell};

use crate::escape::escaped;

/// The rows of an answer.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    answer: &'a Answer,
}

/// A row, with the columns of its answer.
#[derive(Debug, Clone, Copy)]
struct Row<'a> {
    answer: &'a Answer,
    cells: &'a [Cell],
}

impl<'a> Rows<'a> {
    pub(super) fn of(answer: &'a Answer) -> Self {
        Rows { answer }
    }

    fn iter(&self) -> impl Iterator<Item = Row<'a>> + use<'a> {
        let answer = self.answer;
        answer.rows.iter().map(move |cells| Row { answer, cells })
    }

    pub(super) fn hours(&self) -> Vec<Hour> {
        let hour = |row: Row<'_>| {
            Some(Hour {
                hour_ms: row.time("event_hour")?,
                source: row.text("source_region"),
                scope: row.text("profile_scope"),
                inference: row.text("inference_region"),
                calls: row.count("calls"),
            })
        };
        self.iter().filter_map(hour).collect()
    }

    pub(super) fn paths(&self) -> Vec<Path> {
        let path = |row: Row<'_>| Path {
            source: row.text("source_region"),
            scope: row.text("profile_scope"),
            inference: row.text("inference_region"),
            basis: row.text("inference_region_basis"),
            residency: row.text("residency"),
            is_declared: row.flag("is_declared"),
            model: row.text("model_name"),
            calls: Calls {
                all: row.count("calls"),
                succeeded: row.count("succeeded_calls"),
                denied: row.count("denied_calls"),
                throttled: row.count("throttled_calls"),
                failed: row.count("failed_calls"),
            },
        };
        self.iter().map(path).collect()
    }

    pub(super) fn model_days(&self) -> Vec<ModelDay> {
        let model_day = |row: Row<'_>| {
            Some(ModelDay { date: row.day()?, model: row.text("model_name"), cost: row.cost() })
        };
        self.iter().filter_map(model_day).collect()
    }

    pub(super) fn costs_of(&self, column: &str) -> Vec<CostOf> {
        let cost_of =
            |row: Row<'_>| CostOf { name: row.text(column), title: None, cost: row.cost() };
        self.iter().map(cost_of).collect()
    }

    pub(super) fn costs_of_accounts(&self) -> Vec<CostOf> {
        let title = |row: Row<'_>| row.text(AccountColumn::Name.name());
        let cost_of = |row: Row<'_>| CostOf {
            name: row.text(ACCOUNT_ID),
            title: title(row),
            cost: row.cost(),
        };
        self.iter().map(cost_of).collect()
    }

    pub(super) fn gaps(&self) -> Vec<Gap> {
        let gap = |row: Row<'_>| Gap {
            model: row.text("model_name"),
            gap: row.text("cost_gap"),
            cost: row.cost(),
        };
        self.iter().map(gap).collect()
    }

    /// The total of an answer at another rate; `None` if no call is compared.
    pub(super) fn total_at_rate(&self, at: &AtRate) -> Option<OtherRate> {
        let total = Row { answer: self.answer, cells: &self.answer.total };
        let rate = OtherRate {
            change: total.money(CHANGE)?,
            compared: total.count("calls_other_rate"),
            already: total.count("calls_already"),
            without: total.count("calls_without_rate"),
            is_one_way: at.is_one_way,
            has_other_prices: at.has_other_prices,
            has_estimates: at.has_estimates,
        };
        Some(rate).filter(|rate| rate.compared > 0)
    }

    pub(super) fn outside(&self) -> Vec<Outside> {
        let outside = |row: Row<'_>| Outside {
            account: row.text("account_id"),
            is_direct: row.flag("is_direct"),
            profile: row.text("profile_id"),
            source: row.text("source_region"),
            inference: row.text("inference_region"),
            calls: row.count("calls"),
        };
        self.iter().map(outside).collect()
    }

    pub(super) fn denials(&self) -> Vec<Denial> {
        let denial = |row: Row<'_>| Denial {
            blocked: row.text("blocked_region"),
            policy_type: row.text("policy_type"),
            policy_arn: row.text("policy_arn"),
            leg: row.text("leg"),
            scope: row.text("profile_scope"),
            calls: row.count("denied_calls"),
            first_ms: row.time("first_seen"),
            last_ms: row.time("last_seen"),
        };
        self.iter().map(denial).collect()
    }

    pub(super) fn unresolved(&self) -> Vec<Unresolved> {
        let unresolved = |row: Row<'_>| Unresolved {
            model_ref: row.text("model_ref"),
            reason: row.text("reason"),
            calls: row.count("calls"),
            first_ms: row.time("first_seen"),
            last_ms: row.time("last_seen"),
        };
        self.iter().map(unresolved).collect()
    }

    /// A day of `ingest`; its counts are 0 if it was not built.
    pub(super) fn day(&self, date: Date, state: DayState) -> Day {
        let row = self.iter().find(|row| row.day() == Some(date));
        let count = |name: &str| row.map_or(0, |row| row.count(name));
        Day {
            date,
            state,
            objects: count("objects"),
            unreadable_objects: count("unreadable_objects"),
            records: count("records"),
            rejected: count("rejected"),
            written: count("written"),
        }
    }
}

impl Row<'_> {
    #[expect(clippy::expect_used, reason = "each question of the page has the columns read of it")]
    fn cell(&self, name: &str) -> &Cell {
        let place = self.answer.columns.iter().position(|column| column == name);
        &self.cells[place.expect("a column of the question")]
    }

    fn text(&self, name: &str) -> Option<String> {
        match self.cell(name) {
            Cell::Text(text) => Some(escaped(text).into_owned()),
            _ => None,
        }
    }

    fn flag(&self, name: &str) -> Option<bool> {
        match self.cell(name) {
            Cell::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    /// Counts are never negative; a sum of none is 0.
    fn count(&self, name: &str) -> u64 {
        match self.cell(name) {
            Cell::Count(count) => u64::try_from(*count).unwrap_or_default(),
            _ => 0,
        }
    }

    fn money(&self, name: &str) -> Option<i128> {
        match self.cell(name) {
            Cell::Money(units) => Some(*units),
            _ => None,
        }
    }

    fn time(&self, name: &str) -> Option<i64> {
        match self.cell(name) {
            Cell::Time(ms) => Some(*ms),
            _ => None,
        }
    }

    fn day(&self) -> Option<Date> {
        match self.cell("dt") {
            Cell::Text(day) => day.parse().ok(),
            _ => None,
        }
    }

    fn cost(&self) -> Cost {
        Cost {
            calls: self.count("calls"),
            succeeded: self.count("succeeded_calls"),
            priced: self.count("calls_priced"),
            lower_bound: self.count("calls_lower_bound"),
            unpriced: self.count("calls_unpriced"),
            list: self.money("list_cost_usd"),
            list_max: self.money("list_cost_max_usd"),
            contracted: self.money("contracted_cost_usd"),
        }
    }
}
