//! What a call cost: its tokens and other units at the prices of its day, and why that is not all or not known.
//!
//! The way there is [`price_key`], [`PriceBook::rate_card`](crate::PriceBook::rate_card) and
//! [`Figure::of`], of which only the last differs between calls that have everything but their tokens in
//! common. More evidence never gives less: a kind of tokens that has no count or no price is named, and what is
//! known of the other kinds is a lower bound.

mod batch;
mod gap;
mod other_rate;
mod tier;
mod units;
mod usage;

pub use gap::{CostGap, CostGaps};
pub use other_rate::{CallSums, NoRate, OtherRate, Rated, Rates, TokenSum};
pub use tier::{
    BATCH_TIER, Certainty, LATENCY_OPTIMIZED, Latency, OTHER_TIER, Said, price_key, tier,
    tier_name, tier_names,
};
pub use units::{Guardrail, UnitCounts, UnitSums};
pub use usage::{Counts, TokenSource, Usage, counts_cache_in_input};

use serde::{Deserialize, Serialize};

use crate::discount::Term;
use crate::money::{DiscountedSum, Factor, Usd};
use crate::price::{Band, RateCard, TokenKind};

/// What is known of the cost of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Figure {
    /// The cost; `None` if nothing is known of it.
    pub cost: Option<Cost>,
    /// Why it is not full, or not known.
    pub gaps: CostGaps,
}

/// What a call cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cost {
    /// Of the input, without the cache; `None` where there is no count or no price.
    pub input: Option<Usd>,
    /// Of the output.
    pub output: Option<Usd>,
    /// Of reading from the cache.
    pub cache_read: Option<Usd>,
    /// Of writing to the cache, for five minutes and for an hour.
    pub cache_write: Option<Usd>,
    /// Of other units than text tokens, such as images or tokens of speech.
    pub units: Option<Usd>,
    /// The sum of the five.
    pub total: Usd,
    /// The upper end of an estimate.
    pub max: Option<Usd>,
    /// What the same charges cost by what was negotiated, rounded half up to 10^-12 US dollars; `None` without
    /// a discount file.
    pub contracted: Option<Usd>,
    /// Whether that is all.
    pub basis: CostBasis,
}

/// Whether a cost is all that the call cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CostBasis {
    /// It is between two amounts, of which the lower one is meant.
    Estimate,
    /// It is: every kind that is billed has a count and a price.
    Full,
    /// It is a lower bound.
    LowerBound,
}

/// What leaves a cost between two bounds; any other gap leaves it without an upper one.
const BOUNDED: [CostGap; 4] = [
    CostGap::InputIncludesCache,
    CostGap::CountsDisagree,
    CostGap::ContextUnknown,
    CostGap::TierUnknown,
];

impl Figure {
    /// What is known of the cost of a call with these tokens and other units; `None` is without any count. `cards`
    /// has the prices that it may have had, more than one if its tier is not known, which is then among the `gaps`.
    ///
    /// All tokens have the prices of the band that the whole input belongs to. Where something is billed that is
    /// not counted, a cost of 0 says nothing: it is no cost.
    pub fn of(
        cards: &[&RateCard],
        usage: Option<&Usage>,
        units: Option<&UnitCounts>,
        mut gaps: CostGaps,
    ) -> Self {
        let usage = usage.copied().unwrap_or_else(|| Usage::of_trail([None; 2]));
        let mut least: Option<Reading> = None;
        let mut most = Usd::ZERO;
        for card in cards {
            each_reading(&usage, card, |tokens| {
                let reading = card.reading(tokens, units);
                gaps |= reading.gaps;
                most = most.max(reading.total);
                if least.is_none_or(|least| reading.total < least.total) {
                    least = Some(reading);
                }
            });
        }
        let disagrees = usage.exceeding.iter().any(Option::is_some);
        gaps |= disagrees.then_some(CostGap::CountsDisagree).into_iter().collect();
        let is_nothing = least.is_some_and(|least| least.total == Usd::ZERO);
        if is_nothing && cards.iter().any(|card| card.has_units()) {
            gaps |= CostGap::UnitNotTokens.into();
        }
        let is_nothing = is_nothing && gaps.has(CostGap::UnitNotTokens);
        let least = least.filter(|least| least.is_known && !is_nothing);
        Figure { cost: least.map(|least| least.cost(most, gaps)), gaps }
    }
}

impl Figure {
    /// What is known of the cost of a call that has no price for `gaps`: what a guardrail covered has one in `card`.
    pub fn of_guardrail(card: &RateCard, units: Option<&UnitCounts>, gaps: CostGaps) -> Self {
        let of_guardrail = Figure::of(&[card], None, units, gaps);
        let bound = |cost| Cost { max: None, basis: CostBasis::LowerBound, ..cost };
        Figure { cost: of_guardrail.cost.map(bound), ..of_guardrail }
    }
}

/// What a call cost if its tokens were counted like this.
#[derive(Debug, Clone, Copy)]
struct Reading {
    /// By kind.
    costs: [Option<Usd>; TokenKind::ALL.len()],
    units: Option<Usd>,
    total: Usd,
    /// What that comes to by what was negotiated.
    contracted: Option<DiscountedSum>,
    gaps: CostGaps,
    /// Whether that says anything: a kind that was used has a price, or nothing but the cache can have been
    /// used.
    is_known: bool,
}

impl Reading {
    fn cost(self, most: Usd, gaps: CostGaps) -> Cost {
        let [input, output, cache_read, write_5m, write_1h] = self.costs;
        let basis = match gaps.without(BOUNDED.into_iter().collect()) {
            _ if gaps.is_empty() => CostBasis::Full,
            CostGaps::NONE => CostBasis::Estimate,
            _ => CostBasis::LowerBound,
        };
        let cache_write = match (write_5m, write_1h) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (a, b) => a.or(b),
        };
        let max = (basis == CostBasis::Estimate).then_some(most);
        let contracted = self.contracted.map(DiscountedSum::rounded);
        let Reading { units, total, .. } = self;
        Cost { input, output, cache_read, cache_write, units, total, max, contracted, basis }
    }
}

impl RateCard {
    /// What the call cost, the units added to the tokens.
    fn reading(&self, tokens: &Tokens, units: Option<&UnitCounts>) -> Reading {
        let band = self.band(tokens.n_context());
        match (band, units) {
            // Most calls.
            (Some(band), None) if !self.has_units() => self.token_reading(band, tokens),
            (_, None) => self.reading_with_units(band, tokens, &UnitCounts::default()),
            (_, Some(units)) => self.reading_with_units(band, tokens, units),
        }
    }

    fn reading_with_units(
        &self,
        band: Option<&Band>,
        tokens: &Tokens,
        units: &UnitCounts,
    ) -> Reading {
        let of_units = self.unit_reading(&tokens.counts, units);
        let text = Tokens { counts: self.text_tokens(tokens.counts, units), ..*tokens };
        let mut reading = match band {
            Some(band) => self.token_reading(band, &text),
            // Without a price for any token, they are not what is billed, or it is not known what they cost.
            None => {
                let no_price = tokens.gaps | CostGap::NoPrice.into();
                let gaps = if self.has_tokens() { no_price } else { CostGaps::NONE };
                let costs = [None; TokenKind::ALL.len()];
                let contracted = self.terms().map(|_| DiscountedSum::default());
                Reading { costs, units: None, total: Usd::ZERO, contracted, gaps, is_known: false }
            }
        };
        reading.units = of_units.cost();
        let cost = reading.units.unwrap_or_default();
        reading.total = reading.total.saturating_add(cost);
        if let Some(contracted) = &mut reading.contracted {
            self.add_contracted(contracted, &of_units);
        }
        reading.gaps |= of_units.gaps;
        reading.is_known |= cost > Usd::ZERO;
        reading
    }

    fn token_reading(&self, band: &Band, tokens: &Tokens) -> Reading {
        let (mut costs, mut gaps) = ([None; TokenKind::ALL.len()], tokens.gaps);
        let (mut has_price, mut lacks) = (false, false);
        // The input of a model that has other prices is billed by something else than tokens.
        let is_input_of_units = band.price(TokenKind::Input).is_none() && self.has_units();
        for kind in TokenKind::ALL {
            let Some(count) = tokens.counts[kind as usize] else { continue };
            let is_of_units = kind == TokenKind::Input && is_input_of_units;
            if count > 0 && band.price(kind).is_none() && !is_of_units {
                lacks = true;
                gaps |= CostGap::no_price(kind).into();
            }
            costs[kind as usize] = match band.least_price(kind) {
                _ if count == 0 => Some(Usd::ZERO),
                None => None,
                Some(price) => {
                    has_price = true;
                    Some(price.of_tokens(count))
                }
            };
        }
        let missing = missing_sides(band, tokens);
        lacks |= !missing.is_empty();
        if band.price(TokenKind::Input).is_none() && !is_input_of_units {
            gaps |= CostGap::NoPriceInput.into();
        }
        if is_kept_time_unknown(band, tokens) {
            gaps |= CostGap::CacheWriteTtlUnknown.into();
        }
        // No five parts reach the greatest amount, see `money`.
        let total = costs.into_iter().flatten().fold(Usd::ZERO, Usd::saturating_add);
        let is_known = has_price || (!lacks && costs.iter().any(Option::is_some));
        let contracted = self.contracted(band, tokens, &costs);
        Reading { costs, units: None, total, contracted, gaps: gaps | missing, is_known }
    }

    /// What the kinds that have a list cost come to by what was negotiated: a rate for a kind without a list
    /// price says nothing.
    fn contracted(
        &self,
        band: &Band,
        tokens: &Tokens,
        costs: &[Option<Usd>; TokenKind::ALL.len()],
    ) -> Option<DiscountedSum> {
        let terms = self.terms()?;
        let mut sum = DiscountedSum::default();
        for kind in TokenKind::ALL {
            let Some((cost, count)) = costs[kind as usize].zip(tokens.counts[kind as usize]) else {
                continue;
            };
            match terms.of_tokens(band.context_over_tokens, kind) {
                Term::Factor(factor) => sum.add(cost, factor),
                Term::Rate(price) => sum.add(price.of_tokens(count), Factor::ONE),
            }
        }
        Some(sum)
    }
}

/// Tokens as they are billed: no token is counted twice.
#[derive(Debug, Clone, Copy)]
struct Tokens {
    /// By kind. Cache writes of which it is not known for how long they are kept are among those for five
    /// minutes, which have the lower price.
    counts: [Option<i64>; TokenKind::ALL.len()],
    is_kept_time_known: bool,
    gaps: CostGaps,
}

impl Tokens {
    /// A count below 0 is no count.
    fn of(usage: &Usage) -> Self {
        let known = |count: Option<i64>| count.filter(|count| *count >= 0);
        let (cache_write_5m, cache_write_1h) =
            match (known(usage.cache_write), known(usage.cache_write_1h)) {
                (Some(all), Some(kept)) if kept <= all => (Some(all - kept), Some(kept)),
                (None, Some(kept)) => (Some(0), Some(kept)),
                // A part that exceeds the whole is meaningless.
                (all, _) => (all, None),
            };
        let cache_read = known(usage.cache_read);
        let mut gaps = CostGaps::NONE;
        if usage.source == TokenSource::CloudTrail {
            gaps = [CostGap::NoCountCacheRead, CostGap::NoCountCacheWrite].into_iter().collect();
        }
        let (input, output) = (known(usage.input), known(usage.output));
        let counts = [input, output, cache_read, cache_write_5m, cache_write_1h];
        Tokens { counts, is_kept_time_known: cache_write_1h.is_some(), gaps }
    }

    /// The whole input, which decides on the band: as far as it is known.
    fn n_context(&self) -> i128 {
        let [input, _, cache @ ..] = self.counts;
        [input].into_iter().chain(cache).flatten().map(i128::from).sum()
    }
}

/// Gives each way in which the tokens of a call can be read, and all that is between these: usually one.
fn each_reading(usage: &Usage, card: &RateCard, mut read: impl FnMut(&Tokens)) {
    const OF_INPUT: [TokenKind; 4] =
        [TokenKind::Input, TokenKind::CacheRead, TokenKind::CacheWrite5m, TokenKind::CacheWrite1h];
    let tokens = Tokens::of(usage);
    if !usage.input_includes_cache {
        read(&tokens);
        if usage.exceeding.iter().any(Option::is_some) {
            let [input, output] = usage.exceeding;
            let (input, output) = (input.or(usage.input), output.or(usage.output));
            read(&Tokens::of(&Usage { input, output, ..*usage }));
        }
        return;
    }
    // The whole input as one kind, whichever: the band is the same, and every division costs something between.
    for kind in OF_INPUT {
        let mut counts =
            [Some(0), tokens.counts[TokenKind::Output as usize], Some(0), Some(0), Some(0)];
        counts[kind as usize] = tokens.counts[TokenKind::Input as usize];
        let is_written = matches!(kind, TokenKind::CacheWrite5m | TokenKind::CacheWrite1h);
        let has_price =
            card.band(tokens.n_context()).is_some_and(|band| band.price(kind).is_some());
        // A model may have but one time, or none, for which it keeps what is written.
        if has_price || !is_written {
            let gaps = CostGap::InputIncludesCache.into();
            read(&Tokens { counts, is_kept_time_known: true, gaps });
        }
    }
}

/// Input and output that were not counted. That is no obstacle where the model has no such tokens to bill:
/// embeddings have no output.
fn missing_sides(band: &Band, tokens: &Tokens) -> CostGaps {
    let sides =
        [(TokenKind::Input, CostGap::NoCountInput), (TokenKind::Output, CostGap::NoCountOutput)];
    let is_billed = |kind| band.price(kind).is_some_and(|price| price.of_tokens(1) > Usd::ZERO);
    let missing = |(kind, gap): (TokenKind, CostGap)| {
        (tokens.counts[kind as usize].is_none() && is_billed(kind)).then_some(gap)
    };
    sides.into_iter().filter_map(missing).collect()
}

/// Whether tokens were written to the cache, the log does not say for how long, and that matters.
fn is_kept_time_unknown(band: &Band, tokens: &Tokens) -> bool {
    let one_hour = band.price(TokenKind::CacheWrite1h);
    !tokens.is_kept_time_known
        && tokens.counts[TokenKind::CacheWrite5m as usize].is_some_and(|count| count > 0)
        && one_hour.is_some_and(|price| Some(price) != band.price(TokenKind::CacheWrite5m))
}

impl CostBasis {
    /// The values of the column `cost_basis`, in the order of the variants.
    pub const NAMES: &[&str] = &["estimate", "full", "lower_bound"];

    /// The value of the column `cost_basis`.
    pub fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}
