//! What a bill says of discounts, as rows of a discount file.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::over_days::{Stretch, stretches};
use super::{Billed, Key, ListBasis, NetComparison, Reconciliation, Verdict};
use crate::billing::amount::Amount;
use crate::billing::ratio::Pair;

/// A row of a discount file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscountRow {
    /// What is left of the list cost.
    pub factor: Amount,
    /// What it applies to: model, source Region, routing, tier, kind of tokens; `None` is any.
    pub of: [Option<String>; 5],
    /// The first day; `None` is the first of the comparison.
    pub valid_from: Option<Date>,
    /// The first day on which it no longer applies; `None` is the one after the comparison.
    pub valid_until: Option<Date>,
}

/// What a bill says of discounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discounts {
    /// The rows with which the tables' contracted cost is the net cost of the bill.
    pub rows: Vec<DiscountRow>,
    /// Kinds of usage that have not one factor on each day: they have no row, or none of some days.
    pub n_without_factor: u64,
}

/// The costs of each day.
type Days = BTreeMap<Date, Vec<Pair>>;

/// As few rows as there can be: for everything, else for each model, else for each model × Region × routing × tier ×
/// kind; of each, as few stretches of days. A factor has at most six places, and is 1 at most. Nothing, where the
/// bill has no discounts, or where the tables have them already.
pub fn discounts(found: &Reconciliation) -> Discounts {
    let is_agreed = found.lines.iter().filter(|line| line.billed.is_some()).all(|line| {
        let is_compared = matches!(line.comparison.net, NetComparison::Compared(..));
        line.comparison.verdict == Verdict::Agree && is_compared
    });
    if is_agreed {
        return Discounts::default();
    }
    let usage = found.lines.iter().flat_map(|line| {
        line.parts.iter().filter_map(|part| {
            Some((line.key.day, of(&line.key, part.kind.as_str()), pair(&part.billed)?))
        })
    });
    let mut by_place = BTreeMap::<[String; 5], Days>::new();
    for (day, of, pair) in usage {
        by_place.entry(of).or_default().entry(day).or_default().push(pair);
    }
    if let Some(stretches) = factors(by_place.values()) {
        return Discounts { rows: rows(&[const { None }; 5], stretches), n_without_factor: 0 };
    }
    let mut by_model = BTreeMap::<String, Vec<([String; 5], Days)>>::new();
    for (of, days) in by_place {
        by_model.entry(of[0].clone()).or_default().push((of, days));
    }
    let mut all = Discounts::default();
    for (model, places) in by_model {
        if let Some(stretches) = factors(places.iter().map(|(_, days)| days)) {
            all.rows.extend(rows(&[Some(model), None, None, None, None], stretches));
            continue;
        }
        for (of, days) in places {
            let (found, n_without) = stretches(&days);
            let (found, others) = found.into_iter().partition::<Vec<_>, _>(is_factor);
            all.n_without_factor += u64::from(n_without > 0 || !others.is_empty());
            all.rows.extend(rows(&of.map(Some), found));
        }
    }
    all
}

fn of(key: &Key, kind: &str) -> [String; 5] {
    let (routing, tier) = (key.routing.as_str(), key.tier.as_str());
    [&key.model_id, &key.region, routing, tier, kind].map(str::to_owned)
}

/// List and net cost; `None` where the bill does not have both, or charges nothing.
fn pair(billed: &Billed) -> Option<Pair> {
    let has_both = billed.basis != ListBasis::Net && billed.list_cost > Amount::ZERO;
    has_both.then(|| Pair { part: billed.net_cost, of: billed.list_cost, slack: billed.rounding() })
}

/// The factors of all of these; `None` if they have not one on each day, or one that is none of a discount.
fn factors<'a>(all: impl IntoIterator<Item = &'a Days>) -> Option<Vec<Stretch>> {
    let mut days = Days::new();
    for (day, pairs) in all.into_iter().flatten() {
        days.entry(*day).or_default().extend(pairs);
    }
    let (found, n_without) = stretches(&days);
    (n_without == 0 && found.iter().all(is_factor)).then_some(found)
}

/// Whether it is a factor of a discount.
fn is_factor(it: &Stretch) -> bool {
    (Amount::ZERO..=Amount::whole(1)).contains(&it.ratio)
}

fn rows(of: &[Option<String>; 5], stretches: Vec<Stretch>) -> Vec<DiscountRow> {
    let discounts = stretches.into_iter().filter(|it| it.ratio != Amount::whole(1));
    let row = |it: Stretch| DiscountRow {
        factor: it.ratio,
        of: of.clone(),
        valid_from: it.from,
        valid_until: it.until,
    };
    discounts.map(row).collect()
}
