//! What a bill says of list prices, as rows of a price file.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::over_days::{Stretch, stretches};
use super::{Billed, Key, ListBasis, Reconciliation, Verdict};
use crate::billing::amount::Amount;
use crate::billing::ratio::Pair;
use crate::price::{Routing, Tier, TokenKind};

/// What a bill says of list prices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prices {
    /// The rows with which the list prices agree.
    pub rows: Vec<PriceRow>,
    /// Lines whose price differs without a row.
    pub n_without_row: u64,
}

/// A row of a price file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceRow {
    /// The canonical id of the model.
    pub model_id: String,
    /// Through which kind of profile.
    pub routing: Routing,
    /// The source Region.
    pub region: String,
    /// The service tier.
    pub tier: Tier,
    /// Which tokens.
    pub kind: TokenKind,
    /// The price in US dollars.
    pub usd_per_million: Amount,
    /// The first day of the price; `None` is the first of the comparison.
    pub valid_from: Option<Date>,
    /// The first day on which it no longer holds; `None` is the one after the comparison.
    pub valid_until: Option<Date>,
    /// Whether the bill has it as the list price; it may be one that was negotiated if not.
    pub is_list_price: bool,
}

/// What a price is of.
type Place = (String, String, Routing, Tier, TokenKind);

/// What the tokens of a place are billed.
#[derive(Default)]
struct Days {
    /// By day.
    billed: BTreeMap<Date, Vec<Billed>>,
    /// The days on which the price is another than that of the tables.
    differing: BTreeSet<Date>,
}

/// The prices of the lines whose list price differs, each for the days on which it holds. Of long context the bill
/// does not say where it begins, of batch jobs the tables have one cost for all kinds: these have no row. The same is
/// true of tokens that have not one price on a day, and of those that cost nothing, which are a credit or a free
/// tier.
pub fn prices(found: &Reconciliation) -> Prices {
    let mut all = Prices::default();
    let mut places = BTreeMap::<Place, Days>::new();
    for line in &found.lines {
        let is_compared = matches!(line.comparison.verdict, Verdict::Agree | Verdict::PriceDiffers)
            && line.comparison.totals.is_none()
            && line.parts.iter().all(|part| !part.is_long);
        let is_differing =
            line.comparison.verdict == Verdict::PriceDiffers && !line.comparison.is_net;
        all.n_without_row += u64::from(is_differing && !is_compared);
        for part in line.parts.iter().filter(|_| is_compared) {
            let Key { day, region, model_id, routing, tier, .. } = &line.key;
            let of = (model_id.clone(), region.clone(), *routing, *tier, part.kind);
            let days = places.entry(of).or_default();
            days.billed.entry(*day).or_default().push(part.billed);
            if is_differing {
                days.differing.insert(*day);
            }
        }
    }
    for (place, days) in places {
        let prices = days.prices();
        let has_none = |day: &&Date| !prices.iter().any(|it| it.has(**day));
        all.n_without_row += days.differing.iter().filter(has_none).count() as u64;
        all.rows.extend(prices.into_iter().map(|price| days.row(&place, price)));
    }
    all
}

impl Days {
    /// The prices of days on which they differ.
    fn prices(&self) -> Vec<Stretch> {
        let pairs =
            self.billed.iter().map(|(day, billed)| (*day, billed.iter().map(pair).collect()));
        let (mut prices, _) = stretches(&pairs.collect());
        let is_differing = |it: &Stretch| self.differing.iter().any(|day| it.has(*day));
        prices.retain(|it| it.ratio > Amount::ZERO && is_differing(it));
        prices
    }

    fn row(&self, (model_id, region, routing, tier, kind): &Place, price: Stretch) -> PriceRow {
        let is_list_price =
            self.billed.values().flatten().all(|billed| billed.basis == ListBasis::List);
        PriceRow {
            model_id: model_id.clone(),
            routing: *routing,
            region: region.clone(),
            tier: *tier,
            kind: *kind,
            usd_per_million: price.ratio,
            valid_from: price.from,
            valid_until: price.until,
            is_list_price,
        }
    }
}

fn pair(billed: &Billed) -> Pair {
    Pair { part: billed.list_cost, of: billed.tokens.per_million(), slack: billed.rounding() }
}
