//! What the same tokens cost at another rate: at the other routing, or in another tier. It is worked out from the
//! sums of calls, which the tables have, and not from single calls: the price of a kind of tokens may depend on the
//! input of its call, but where it does, the sum of the tokens and that of their costs say how many had which price.

use std::collections::HashMap;

use jiff::civil::Date;

use super::{BOUNDED, CostGap, CostGaps, tier};
use crate::meaning::Knowledge;
use crate::price::{PriceKey, RateCard, Routing, Tier, TokenKind};

/// The rate that costs are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherRate {
    /// The same tier, routed like this.
    Routing(Routing),
    /// The same routing, in this tier.
    Tier(Tier),
}

/// Calls that have in common what their price hangs on, as sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallSums<'a> {
    /// The canonical model id.
    pub model_id: Option<&'a str>,
    /// Where they were sent.
    pub source_region: Option<&'a str>,
    /// The scope of their profile.
    pub profile_scope: Option<&'a str>,
    /// Their tier, as logged.
    pub service_tier: Option<&'a str>,
    /// Their UTC day.
    pub day: Date,
    /// Why their cost is not full.
    pub gaps: CostGaps,
    /// The version of the price book that their cost is from.
    pub price_version: &'a str,
    /// Input, output, cache reads, cache writes.
    pub tokens: [TokenSum; 4],
}

/// Tokens of one kind, and what they cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenSum {
    /// How many; `None` if no call has a count.
    pub count: Option<i64>,
    /// Their list cost in units of 10^-12 US dollars; `None` if none has a price.
    pub cost: Option<i128>,
}

/// What calls cost at the other rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rated {
    /// They have that rate.
    Already,
    /// Their tokens, in units of 10^-12 US dollars.
    Cost(i128),
}

/// Why calls cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoRate {
    /// The catalog knows no way to call the model so from this source Region.
    NoRoute,
    /// The price book has no such price for some of their tokens.
    NoPrice,
    /// Their cost has no part of tokens.
    NoTokens,
    /// Their tier was only asked for.
    TierUnknown,
    /// The price book does not give the cost that the tables have.
    OtherPrices,
    /// How much more or less the other rate is differs among their tokens, and how many are which is not known.
    RatesDiffer,
}

/// The kinds of tokens of each sum.
const KINDS: [&[TokenKind]; 4] = [
    &[TokenKind::Input],
    &[TokenKind::Output],
    &[TokenKind::CacheRead],
    &[TokenKind::CacheWrite5m, TokenKind::CacheWrite1h],
];

impl OtherRate {
    /// Those that users may ask for, by their names.
    pub const ALL: [(&str, OtherRate); 4] = [
        ("routing=global", OtherRate::Routing(Routing::Global)),
        ("routing=regional", OtherRate::Routing(Routing::Regional)),
        ("tier=flex", OtherRate::Tier(Tier::Flex)),
        ("tier=batch", OtherRate::Tier(Tier::Batch)),
    ];

    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        OtherRate::ALL.iter().find(|(name, _)| *name == text).map(|(_, rate)| *rate)
    }

    /// Its name, such as `routing=global`.
    pub fn name(self) -> String {
        match self {
            OtherRate::Routing(routing) => format!("routing={}", routing.as_str()),
            OtherRate::Tier(tier) => format!("tier={}", tier.as_str()),
        }
    }

    /// It in words, behind "at".
    pub fn label(self) -> String {
        match self {
            OtherRate::Routing(routing) => format!("{} routing", routing.as_str()),
            OtherRate::Tier(tier) => format!("{} prices", tier.as_str().replace('_', "-")),
        }
    }
}

impl NoRate {
    /// Its name for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            NoRate::NoRoute => "no_route",
            NoRate::NoPrice => "no_price",
            NoRate::NoTokens => "no_tokens",
            NoRate::TierUnknown => "tier_unknown",
            NoRate::OtherPrices => "other_prices",
            NoRate::RatesDiffer => "rates_differ",
        }
    }

    /// It in words.
    pub fn label(self) -> &'static str {
        match self {
            NoRate::NoRoute => "cannot be called so, as far as the catalog knows",
            NoRate::NoPrice => "no such price",
            NoRate::NoTokens => "not billed by tokens",
            NoRate::TierUnknown => "service tier unknown",
            NoRate::OtherPrices => "cost from another price book",
            NoRate::RatesDiffer => "not known which of several prices applied",
        }
    }
}

/// Looks costs at another rate up. A rate card is looked up once.
#[derive(Debug)]
pub struct Rates<'k> {
    knowledge: &'k Knowledge,
    rate: OtherRate,
    version: String,
    cards: HashMap<CardKey, Option<RateCard>>,
}

type CardKey = (String, String, Routing, Tier, Date);

/// What tokens of one kind cost in a band, in units of 10^-12 US dollars a token, and at the other rate.
type Pair = (i128, Option<i128>);

impl<'k> Rates<'k> {
    /// Begins.
    pub fn new(knowledge: &'k Knowledge, rate: OtherRate) -> Self {
        let version = knowledge.prices.version();
        Rates { knowledge, rate, version, cards: HashMap::new() }
    }

    /// The version of the price book that the other rates are from.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What calls that have a cost cost at the other rate, their tokens alone.
    ///
    /// # Errors
    /// If that is not known: why.
    pub fn of(&mut self, calls: &CallSums<'_>) -> Result<Rated, NoRate> {
        let own = Routing::of_scope(calls.profile_scope);
        let own_tier = tier(calls.service_tier).map_err(|_| NoRate::TierUnknown)?;
        let is_tier_unknown = calls.gaps.has(CostGap::TierUnknown);
        let is_already = match self.rate {
            OtherRate::Routing(routing) => routing == own,
            OtherRate::Tier(_) if is_tier_unknown => return Err(NoRate::TierUnknown),
            OtherRate::Tier(tier) => tier == own_tier,
        };
        if is_already {
            return Ok(Rated::Already);
        }
        let is_used = |sum: &TokenSum| sum.cost.unwrap_or(0) > 0 || sum.count.unwrap_or(0) > 0;
        if !calls.tokens.iter().any(is_used) {
            return Err(NoRate::NoTokens);
        }
        let (Some(model), Some(region)) = (calls.model_id, calls.source_region) else {
            return Err(NoRate::NoPrice);
        };
        if let OtherRate::Routing(routing) = self.rate {
            self.find_route(routing, model, region)?;
        }
        // What was asked for a tier was served in it, or in the standard one.
        let standard = is_tier_unknown.then_some(Tier::Standard);
        let mut pairs = [(); 4].map(|()| Vec::new());
        for tier in [Some(own_tier), standard].into_iter().flatten() {
            let (other_routing, other_tier) = match self.rate {
                OtherRate::Routing(routing) => (routing, tier),
                OtherRate::Tier(other) => (own, other),
            };
            let now = (model, own, region, tier);
            let other = (model, other_routing, region, other_tier);
            let is_same_book = calls.price_version == self.version;
            let no_card = if is_same_book { NoRate::NoPrice } else { NoRate::OtherPrices };
            self.look_up(now, calls.day);
            self.look_up(other, calls.day);
            let card = self.card(now, calls.day).ok_or(no_card)?;
            let other = self.card(other, calls.day).ok_or(NoRate::NoPrice)?;
            for (pairs, kinds) in pairs.iter_mut().zip(KINDS) {
                add_pairs(pairs, card, other, kinds);
            }
        }
        let of = CostsOf {
            is_same_book: calls.price_version == self.version,
            is_exact: !BOUNDED.iter().any(|gap| calls.gaps.has(*gap)),
        };
        if !of.is_exact {
            // Which kinds the tokens are is not known either.
            let all = pairs.concat();
            pairs = [(); 4].map(|()| all.clone());
        }
        let mut cost = 0;
        for ((pairs, sum), kinds) in pairs.iter().zip(&calls.tokens).zip(KINDS) {
            // Those without a price are counted, too.
            let is_whole = !kinds.iter().any(|kind| calls.gaps.has(CostGap::no_price(*kind)));
            if let Some(of_kind) = sum.cost {
                cost += of.at_other_rate(pairs, sum.count.filter(|_| is_whole), of_kind)?;
            }
        }
        Ok(Rated::Cost(cost))
    }

    /// Whether the catalog knows a way to call a model so.
    fn find_route(&self, routing: Routing, model_id: &str, region: &str) -> Result<(), NoRate> {
        let catalog = &self.knowledge.catalog;
        let is_such = |profile: &&str| {
            let scope = profile.split_once('.').map(|(scope, _)| scope);
            Routing::of_scope(scope) == routing
        };
        let has_profile = catalog.profiles_of(model_id, region).iter().any(is_such);
        let is_on_demand = || {
            let model = catalog.models().iter().find(|model| model.id == model_id);
            model.and_then(|model| model.is_on_demand_in(region)) == Some(true)
        };
        let is_known = has_profile || routing == Routing::Regional && is_on_demand();
        if is_known { Ok(()) } else { Err(NoRate::NoRoute) }
    }

    fn look_up(&mut self, key: (&str, Routing, &str, Tier), day: Date) {
        let (model_id, routing, source_region, tier) = key;
        let Knowledge { prices, regions, .. } = self.knowledge;
        self.cards.entry(card_key(key, day)).or_insert_with(|| {
            prices.rate_card(regions, &PriceKey { model_id, routing, source_region, tier }, day)
        });
    }

    fn card(&self, key: (&str, Routing, &str, Tier), day: Date) -> Option<&RateCard> {
        self.cards.get(&card_key(key, day))?.as_ref()
    }
}

fn card_key((model, routing, region, tier): (&str, Routing, &str, Tier), day: Date) -> CardKey {
    (model.to_owned(), region.to_owned(), routing, tier, day)
}

/// Adds the prices that tokens of some kinds have, band by band, each once.
fn add_pairs(pairs: &mut Vec<Pair>, card: &RateCard, other: &RateCard, kinds: &[TokenKind]) {
    let of_band = |card: &RateCard, over: i64, kind| {
        let band = card.band(i128::from(over) + 1)?;
        Some(band.least_price(kind)?.of_tokens(1).units())
    };
    for band in card.bands().iter().chain(other.bands()) {
        for kind in kinds {
            // Without a price of its own, such tokens are in no cost.
            let Some(price) = of_band(card, band.context_over_tokens, *kind) else { continue };
            let pair = (price, of_band(other, band.context_over_tokens, *kind));
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
    }
    pairs.sort_unstable();
}

/// How much is known of sums.
#[derive(Debug, Clone, Copy)]
struct CostsOf {
    /// Whether their costs are from the same price book.
    is_same_book: bool,
    /// Whether each kind of tokens is counted, and none of them estimated.
    is_exact: bool,
}

impl CostsOf {
    /// What tokens of a kind cost at the other rate.
    fn at_other_rate(self, pairs: &[Pair], count: Option<i64>, cost: i128) -> Result<i128, NoRate> {
        let counted = count.filter(|_| self.is_exact).map(i128::from);
        let is_free = pairs.iter().any(|(price, _)| *price == 0);
        if cost == 0 && (!is_free || counted == Some(0)) {
            return Ok(0);
        }
        if let Some(found) = counted.and_then(|count| self.by_counts(pairs, count, cost)) {
            return found;
        }
        if !self.is_same_book {
            return Err(NoRate::OtherPrices);
        }
        by_ratio(pairs, cost)
    }

    /// From how many tokens had which price, if the sums say so.
    fn by_counts(self, pairs: &[Pair], count: i128, cost: i128) -> Option<Result<i128, NoRate>> {
        let of = |(_, other): Pair, count: i128| match (count, other) {
            (0, _) => Ok(0),
            (_, Some(other)) => Ok(other * count),
            (_, None) => Err(NoRate::NoPrice),
        };
        // If all had the lowest price, or the highest.
        let has_one_price = |price| pairs.iter().filter(|(other, _)| *other == price).count() == 1;
        let ends = [pairs.first()?, pairs.last()?];
        let whole = ends.into_iter().find(|(price, _)| price * count == cost);
        if let Some(pair) = whole.filter(|(price, _)| has_one_price(*price)) {
            return Some(of(*pair, count));
        }
        let [low, high] = pairs else { return None };
        let dearer = (cost - low.0 * count, high.0 - low.0);
        // Of another price book, two prices that happen to fit say nothing.
        if dearer.1 == 0 || dearer.0 % dearer.1 != 0 || !self.is_same_book {
            return None;
        }
        let n_high = dearer.0 / dearer.1;
        let is_part = (0..=count).contains(&n_high);
        let sum = || Ok(of(*low, count - n_high)? + of(*high, n_high)?);
        is_part.then(sum)
    }
}

/// From the cost, where the other rate is the same part of every price.
fn by_ratio(pairs: &[Pair], cost: i128) -> Result<i128, NoRate> {
    if pairs.iter().any(|(_, other)| other.is_none()) {
        return Err(NoRate::NoPrice);
    }
    let &[(price, Some(other)), ..] = pairs else { return Err(NoRate::OtherPrices) };
    let is_same = |pair: &Pair| pair.1.is_some_and(|of| of * price == other * pair.0);
    if price == 0 || !pairs.iter().all(is_same) {
        return Err(NoRate::RatesDiffer);
    }
    // No cost of tokens is so large that the product is not a number.
    let product = cost.checked_mul(other).ok_or(NoRate::RatesDiffer)?;
    if product % price == 0 { Ok(product / price) } else { Err(NoRate::OtherPrices) }
}
