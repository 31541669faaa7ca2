//! Why a cost is not all that AWS bills, or not known: one closed list.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

use serde::{Deserialize, Serialize};

use crate::model_ref::TargetType;
use crate::price::TokenKind;

/// One reason, in the order in which several are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CostGap {
    /// No source counts the input.
    NoCountInput,
    /// No source counts the output.
    NoCountOutput,
    /// No source counts what was read from the cache: only the invocation log does.
    NoCountCacheRead,
    /// No source counts what was written to the cache.
    NoCountCacheWrite,
    /// It is not known for how long cache writes are kept, which decides on their price.
    CacheWriteTtlUnknown,
    /// The input that CloudTrail counts includes what was read from and written to the cache.
    InputIncludesCache,
    /// CloudTrail counts more of a kind than the invocation log does.
    CountsDisagree,
    /// A batch job's output counts the input of all its records, and not that of each, which decides on the
    /// price where a long context has one of its own.
    ContextUnknown,
    /// The book has prices for the call, but none for its input.
    NoPriceInput,
    /// The same for the output.
    NoPriceOutput,
    /// The same for what was read from the cache.
    NoPriceCacheRead,
    /// The same for what was written to the cache for five minutes.
    NoPriceCacheWrite5m,
    /// The same for what was written to the cache for an hour.
    NoPriceCacheWrite1h,
    /// The book has no price for the model, routing, source Region, and tier on this day.
    NoPrice,
    /// The service tier was asked for, and no record says which one served the call; or it is none that
    /// we know.
    TierUnknown,
    /// The service tier has no price per token (`reserved`), or is a choice that AWS makes (`auto`).
    TierNotTokens,
    /// Something is billed that is not text tokens, such as speech, images, or what a guardrail checks, and that
    /// is not counted, or has no price.
    UnitNotTokens,
    /// The model is not known.
    UnresolvedModel,
    /// Provisioned throughput is billed by the hour.
    Provisioned,
    /// A custom model has prices of its own, which no source states.
    CustomModel,
    /// An imported model is billed by the minute.
    ImportedModel,
    /// A prompt router is billed besides the model that it invokes, at a price that no source states.
    PromptRouter,
    /// A marketplace endpoint is billed by the hour.
    MarketplaceEndpoint,
}

/// What every reason is called in the column `cost_gap`, and in words.
const TEXTS: [(CostGap, &str, &str); 23] = [
    (CostGap::NoCountInput, "no_count_input", "input count missing"),
    (CostGap::NoCountOutput, "no_count_output", "output count missing"),
    (CostGap::NoCountCacheRead, "no_count_cache_read", "cache read count missing"),
    (CostGap::NoCountCacheWrite, "no_count_cache_write", "cache write count missing"),
    (CostGap::CacheWriteTtlUnknown, "cache_write_ttl_unknown", "lifetime of cache writes unknown"),
    (CostGap::InputIncludesCache, "input_includes_cache", "input count includes the cache"),
    (CostGap::CountsDisagree, "counts_disagree", "CloudTrail counts more than the invocation log"),
    (CostGap::ContextUnknown, "context_unknown", "input of single records unknown"),
    (CostGap::NoPriceInput, "no_price_input", "no price of input"),
    (CostGap::NoPriceOutput, "no_price_output", "no price of output"),
    (CostGap::NoPriceCacheRead, "no_price_cache_read", "no price of cache reads"),
    (CostGap::NoPriceCacheWrite5m, "no_price_cache_write_5m", "no price of cache writes"),
    (CostGap::NoPriceCacheWrite1h, "no_price_cache_write_1h", "no price of one-hour cache writes"),
    (CostGap::NoPrice, "no_price", "no price"),
    (CostGap::TierUnknown, "tier_unknown", "service tier unknown"),
    (CostGap::TierNotTokens, "tier_not_tokens", "service tier without a price per token"),
    (CostGap::UnitNotTokens, "unit_not_tokens", "billed by more than text tokens"),
    (CostGap::UnresolvedModel, "unresolved_model", "model unknown"),
    (CostGap::Provisioned, "provisioned", "provisioned throughput, billed by the hour"),
    (CostGap::CustomModel, "custom_model", "custom model, prices not published"),
    (CostGap::ImportedModel, "imported_model", "imported model, billed by the minute"),
    (CostGap::PromptRouter, "prompt_router", "prompt router, its own charge not published"),
    (CostGap::MarketplaceEndpoint, "marketplace_endpoint", "endpoint, billed by the hour"),
];

/// Some reasons.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CostGaps(u32);

impl CostGap {
    /// Every reason, in order.
    pub fn all() -> impl Iterator<Item = CostGap> {
        TEXTS.iter().map(|(gap, ..)| *gap)
    }

    /// Its name in the column `cost_gap`.
    pub fn as_str(self) -> &'static str {
        TEXTS[self as usize].1
    }

    /// It in words.
    pub fn label(self) -> &'static str {
        TEXTS[self as usize].2
    }

    /// A kind of tokens without a price.
    pub(super) fn no_price(kind: TokenKind) -> Self {
        match kind {
            TokenKind::Input => CostGap::NoPriceInput,
            TokenKind::Output => CostGap::NoPriceOutput,
            TokenKind::CacheRead => CostGap::NoPriceCacheRead,
            TokenKind::CacheWrite5m => CostGap::NoPriceCacheWrite5m,
            TokenKind::CacheWrite1h => CostGap::NoPriceCacheWrite1h,
        }
    }

    /// What is billed besides the tokens of the model, by what was called.
    pub fn beside_model(target: TargetType) -> Option<Self> {
        (target == TargetType::PromptRouter).then_some(CostGap::PromptRouter)
    }

    /// Why what was called cannot be billed by the token, if its model is known.
    pub(super) fn of_target(target: TargetType) -> Option<Self> {
        match target {
            TargetType::FoundationModel
            | TargetType::GeoProfile
            | TargetType::GlobalProfile
            | TargetType::ApplicationProfile
            | TargetType::Prompt
            | TargetType::PromptRouter
            | TargetType::Unknown => None,
            TargetType::Provisioned => Some(CostGap::Provisioned),
            TargetType::CustomModel => Some(CostGap::CustomModel),
            TargetType::ImportedModel => Some(CostGap::ImportedModel),
            TargetType::MarketplaceEndpoint => Some(CostGap::MarketplaceEndpoint),
        }
    }
}

impl CostGaps {
    /// No reason.
    pub const NONE: CostGaps = CostGaps(0);

    /// Reads a value of the column `cost_gap`; names that are unknown are left out.
    pub fn parse(text: &str) -> Self {
        CostGap::all().filter(|gap| text.split(',').any(|name| name == gap.as_str())).collect()
    }

    /// The reasons, in the order of the list.
    pub fn iter(self) -> impl Iterator<Item = CostGap> {
        CostGap::all().filter(move |gap| self.has(*gap))
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a reason is among them.
    pub fn has(self, gap: CostGap) -> bool {
        self.0 & CostGaps::from(gap).0 != 0
    }

    /// Whether tokens should have a price and have none: a newer price book, an override, or an alias may give them
    /// one, but not what is billed by other units, or by the hour.
    pub fn awaits_price(self) -> bool {
        let has_any = |gaps: &[CostGap]| gaps.iter().any(|gap| self.has(*gap));
        has_any(&[
            CostGap::NoPriceInput,
            CostGap::NoPriceOutput,
            CostGap::NoPriceCacheRead,
            CostGap::NoPriceCacheWrite5m,
            CostGap::NoPriceCacheWrite1h,
            CostGap::NoPrice,
            CostGap::TierUnknown,
            CostGap::UnresolvedModel,
        ]) && !has_any(&[
            CostGap::TierNotTokens,
            CostGap::Provisioned,
            CostGap::CustomModel,
            CostGap::ImportedModel,
            CostGap::MarketplaceEndpoint,
        ])
    }

    /// Those that are not among others.
    pub(super) fn without(self, others: CostGaps) -> Self {
        CostGaps(self.0 & !others.0)
    }
}

impl From<CostGap> for CostGaps {
    fn from(gap: CostGap) -> Self {
        CostGaps(1 << gap as u32)
    }
}

impl BitOr for CostGaps {
    type Output = CostGaps;
    fn bitor(self, other: CostGaps) -> CostGaps {
        CostGaps(self.0 | other.0)
    }
}

impl BitOrAssign for CostGaps {
    fn bitor_assign(&mut self, other: CostGaps) {
        *self = *self | other;
    }
}

impl FromIterator<CostGap> for CostGaps {
    fn from_iter<I: IntoIterator<Item = CostGap>>(gaps: I) -> Self {
        gaps.into_iter().fold(CostGaps::NONE, |all, gap| all | gap.into())
    }
}

impl fmt::Display for CostGaps {
    /// The value of the column `cost_gap`: the names, joined by commas.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().enumerate().try_for_each(|(at, gap)| {
            f.write_str(if at == 0 { "" } else { "," })?;
            f.write_str(gap.as_str())
        })
    }
}

/// The order of the texts, in which tables are sorted.
impl Ord for CostGaps {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        if self == other {
            return std::cmp::Ordering::Equal;
        }
        self.to_string().cmp(&other.to_string())
    }
}

impl PartialOrd for CostGaps {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_in_the_order_of_the_list() {
        for (number, (gap, ..)) in TEXTS.iter().enumerate() {
            assert_eq!(*gap as usize, number, "{gap:?}");
        }
        let gaps = [CostGap::TierUnknown, CostGap::NoCountOutput].into_iter().collect::<CostGaps>();
        assert_eq!(gaps.to_string(), "no_count_output,tier_unknown");
    }
}
