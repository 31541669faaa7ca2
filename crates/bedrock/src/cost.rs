//! What a call cost: its tokens at the prices of its day, or why that is not known.
//!
//! The way there is [`price_key`], [`PriceBook::rate_card`](crate::PriceBook::rate_card) and
//! [`RateCard::cost`], of which only the last differs between calls that have everything but their tokens in
//! common.

use crate::model_ref::TargetType;
use crate::money::{Usd, UsdPerMillion};
use crate::price::{Band, PriceKey, RateCard, Routing, Tier, TokenKind};
use crate::resolve::Resolution;

/// The tokens of a call, as logged. `None` is a count that the log does not have, which is not 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Usage {
    /// Input tokens without those of the cache.
    pub input: Option<i64>,
    /// Output tokens.
    pub output: Option<i64>,
    /// Input tokens read from the cache.
    pub cache_read: Option<i64>,
    /// Input tokens written to the cache, however long they are kept.
    pub cache_write: Option<i64>,
    /// Those of `cache_write` that are kept for an hour; `None` if the log does not say.
    pub cache_write_1h: Option<i64>,
    /// Where the counts come from.
    pub source: TokenSource,
}

/// Where token counts come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TokenSource {
    /// The model invocation log, which has all kinds. A kind of the cache that an entry does not
    /// name was not used.
    InvocationLog,
    /// CloudTrail, which has no counts of the cache.
    CloudTrail,
}

/// What a call cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cost {
    /// Of the input, without the cache; `None` where there is no count.
    pub input: Option<Usd>,
    /// Of the output.
    pub output: Option<Usd>,
    /// Of reading from the cache.
    pub cache_read: Option<Usd>,
    /// Of writing to the cache, for five minutes and for an hour.
    pub cache_write: Option<Usd>,
    /// The sum of the four.
    pub total: Usd,
    /// Whether that is all.
    pub basis: CostBasis,
}

/// Whether a cost is all that the call cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CostBasis {
    /// It is.
    Full,
    /// It is a lower bound: the tokens of the cache are not known, or not for how long they were
    /// written, or the input is billed by something else than tokens.
    LowerBound,
}

/// Why a call has no cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unpriced {
    /// What was called is not billed by the token.
    NoPerTokenPrice,
    /// The model is not known.
    UnresolvedModel,
    /// The service tier is none that we know.
    UnknownTier,
    /// The book has no price for the model, routing, source Region and tier on this day.
    NoPrice,
    /// The log has no token counts, or lacks one that has a price.
    NoTokens,
    /// The book has prices for the call, but none for a kind of tokens that it used.
    NoPriceOfKind,
}

/// How records and users name the tiers; `None` is capacity that is not billed by the token.
/// CloudTrail and the API say `default` for the standard tier.
const TIERS: &[(&str, Option<Tier>)] = &[
    ("default", Some(Tier::Standard)),
    ("standard", Some(Tier::Standard)),
    ("batch", Some(Tier::Batch)),
    ("flex", Some(Tier::Flex)),
    ("priority", Some(Tier::Priority)),
    ("ultrafast", Some(Tier::Ultrafast)),
    ("latency_optimized", Some(Tier::LatencyOptimized)),
    ("reserved", None),
];

/// What the price of a call hangs on. The tier is the one that served the call; a record that names
/// none was served by the standard tier.
///
/// # Errors
/// If no price can be meant.
pub fn price_key<'a>(
    resolution: &'a Resolution,
    source_region: Option<&'a str>,
    service_tier: Option<&str>,
) -> Result<PriceKey<'a>, Unpriced> {
    if !resolution.target_type.has_price_per_token() {
        return Err(Unpriced::NoPerTokenPrice);
    }
    let model = resolution.model.as_ref().map_err(|_| Unpriced::UnresolvedModel)?;
    Ok(PriceKey {
        model_id: &model.id,
        routing: Routing::of_scope(resolution.profile_scope.as_deref()),
        source_region: source_region.ok_or(Unpriced::NoPrice)?,
        tier: tier(service_tier)?,
    })
}

/// Reads the name of a tier, in any case.
fn tier(text: Option<&str>) -> Result<Tier, Unpriced> {
    let text = text.map(str::trim).filter(|text| !text.is_empty()).unwrap_or("standard");
    let known = TIERS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    let (_, tier) = known.ok_or(Unpriced::UnknownTier)?;
    tier.ok_or(Unpriced::NoPerTokenPrice)
}

impl RateCard {
    /// What a call with these tokens cost, exactly. All its tokens have the prices of the band that
    /// its whole input belongs to. A kind with tokens but no price leaves the whole call without
    /// cost; a kind without tokens needs no price.
    ///
    /// # Errors
    /// If the cost is not known.
    pub fn cost(&self, usage: &Usage) -> Result<Cost, Unpriced> {
        let tokens = BillableTokens::of(usage);
        let band = self.band(tokens.n_context()).ok_or(Unpriced::NoPrice)?;
        let input = side_cost(band, TokenKind::Input, tokens.input)?;
        let output = side_cost(band, TokenKind::Output, tokens.output)?;
        if input.is_none() && output.is_none() {
            return Err(Unpriced::NoTokens);
        }
        let cache_read = kind_cost(band, TokenKind::CacheRead, tokens.cache_read)?;
        let write_5m = kind_cost(band, TokenKind::CacheWrite5m, tokens.cache_write_5m)?;
        let write_1h = kind_cost(band, TokenKind::CacheWrite1h, tokens.cache_write_1h)?;
        let cache_write = write_5m.map(|cost| cost.saturating_add(write_1h.unwrap_or_default()));
        let parts = [input, output, cache_read, cache_write];
        let has_all_tokens = usage.source == TokenSource::InvocationLog
            && band.price(TokenKind::Input).is_some()
            && !is_kept_time_unknown(band, &tokens);
        Ok(Cost {
            input,
            output,
            cache_read,
            cache_write,
            // No four parts reach the greatest amount, see `money`.
            total: parts.into_iter().flatten().fold(Usd::ZERO, Usd::saturating_add),
            basis: if has_all_tokens { CostBasis::Full } else { CostBasis::LowerBound },
        })
    }
}

/// Tokens as they are billed: no token is counted twice.
struct BillableTokens {
    input: Option<i64>,
    output: Option<i64>,
    cache_read: Option<i64>,
    /// Also those of which it is not known for how long they are kept.
    cache_write_5m: Option<i64>,
    cache_write_1h: Option<i64>,
}

impl BillableTokens {
    /// A count below 0 is no count.
    fn of(usage: &Usage) -> Self {
        let known = |count: Option<i64>| count.filter(|count| *count >= 0);
        let cache_read = known(usage.cache_read);
        let (cache_write_5m, cache_write_1h) =
            match (known(usage.cache_write), known(usage.cache_write_1h)) {
                (Some(all), Some(kept)) if kept <= all => (Some(all - kept), Some(kept)),
                (None, Some(kept)) => (Some(0), Some(kept)),
                // A part that exceeds the whole is meaningless.
                (all, _) => (all, None),
            };
        let (input, output) = (known(usage.input), known(usage.output));
        BillableTokens { input, output, cache_read, cache_write_5m, cache_write_1h }
    }

    /// The whole input, which decides on the band: as far as it is known.
    fn n_context(&self) -> i128 {
        let parts = [self.input, self.cache_read, self.cache_write_5m, self.cache_write_1h];
        parts.into_iter().flatten().map(i128::from).sum()
    }
}

/// The cost of input or output. A count that is missing is no obstacle where the model has no such
/// tokens to bill: embeddings have no output.
fn side_cost(band: &Band, kind: TokenKind, count: Option<i64>) -> Result<Option<Usd>, Unpriced> {
    let is_billed = |price: UsdPerMillion| price.of_tokens(1) > Usd::ZERO;
    match count {
        None if band.price(kind).is_some_and(is_billed) => Err(Unpriced::NoTokens),
        count => kind_cost(band, kind, count),
    }
}

/// The cost of a kind of tokens whose count may be missing.
fn kind_cost(band: &Band, kind: TokenKind, count: Option<i64>) -> Result<Option<Usd>, Unpriced> {
    match (count, band.price(kind)) {
        (None, _) => Ok(None),
        (Some(0), _) => Ok(Some(Usd::ZERO)),
        (Some(count), Some(price)) => Ok(Some(price.of_tokens(count))),
        (Some(_), None) => Err(Unpriced::NoPriceOfKind),
    }
}

/// Whether tokens were written to the cache, the log does not say for how long, and that matters.
/// They have the price of five minutes then, which is the lower one.
fn is_kept_time_unknown(band: &Band, tokens: &BillableTokens) -> bool {
    let one_hour = band.price(TokenKind::CacheWrite1h);
    tokens.cache_write_1h.is_none()
        && tokens.cache_write_5m.is_some_and(|count| count > 0)
        && one_hour.is_some_and(|price| Some(price) != band.price(TokenKind::CacheWrite5m))
}

impl TokenSource {
    /// The values of the column `token_source`, in the order of the variants.
    pub const NAMES: &[&str] = &["invocation_log", "cloudtrail"];

    /// The value of the column `token_source`.
    pub fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

impl CostBasis {
    /// The values of the column `cost_basis`, in the order of the variants.
    pub const NAMES: &[&str] = &["full", "lower_bound"];

    /// The value of the column `cost_basis`.
    pub fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

impl Unpriced {
    /// A short name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Unpriced::NoPerTokenPrice => "no_per_token_price",
            Unpriced::UnresolvedModel => "unresolved_model",
            Unpriced::UnknownTier => "unknown_tier",
            Unpriced::NoPrice => "no_price",
            Unpriced::NoTokens => "no_tokens",
            Unpriced::NoPriceOfKind => "no_price_of_kind",
        }
    }
}

impl TargetType {
    /// Whether what was called can be billed by the token. Provisioned throughput and marketplace
    /// endpoints are billed by the hour, imported models by the minute; custom models on demand and
    /// prompt routers have prices of their own, which no source states.
    pub fn has_price_per_token(self) -> bool {
        match self {
            TargetType::FoundationModel
            | TargetType::GeoProfile
            | TargetType::GlobalProfile
            | TargetType::ApplicationProfile
            | TargetType::Prompt
            | TargetType::Unknown => true,
            TargetType::Provisioned
            | TargetType::CustomModel
            | TargetType::ImportedModel
            | TargetType::PromptRouter
            | TargetType::MarketplaceEndpoint => false,
        }
    }
}
