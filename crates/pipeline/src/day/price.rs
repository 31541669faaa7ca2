//! From a call's tokens to its cost, at the price of its day.

use bedrock::cost::{Cost, TokenSource, Unpriced, Usage, price_key};
use bedrock::price::RateCard;
use bedrock::{Knowledge, Meaning, TextId};
use jiff::civil::Date;
use rustc_hash::FxHashMap;

/// Prices the calls of one day. A rate card is looked up once for all calls of one meaning and tier.
#[derive(Debug)]
pub(crate) struct Pricer<'a> {
    knowledge: &'a Knowledge,
    day: Date,
    cards: FxHashMap<(u32, Option<TextId>), Result<RateCard, Unpriced>>,
}

/// What the price of a call depends on, besides its tokens. A meaning says nothing of the source
/// Region, but calls of one meaning have the same.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Priced<'a> {
    /// The number of the meaning, and the meaning.
    pub(crate) meaning: (u32, &'a Meaning),
    /// Where the call was sent.
    pub(crate) source_region: Option<&'a str>,
    /// The id of the service tier, and the tier.
    pub(crate) service_tier: (Option<TextId>, Option<&'a str>),
}

impl<'a> Pricer<'a> {
    /// A pricer for a day.
    pub(crate) fn new(knowledge: &'a Knowledge, day: Date) -> Self {
        Pricer { knowledge, day, cards: FxHashMap::default() }
    }

    /// What a call cost, or why that is not known.
    ///
    /// # Errors
    /// If it is not known.
    pub(crate) fn cost(
        &mut self,
        priced: Priced<'_>,
        usage: Option<&Usage>,
    ) -> Result<Cost, Unpriced> {
        let Knowledge { prices, regions, .. } = self.knowledge;
        let key = (priced.meaning.0, priced.service_tier.0);
        let card = self.cards.entry(key).or_insert_with(|| {
            let resolution = &priced.meaning.1.resolution;
            let key = price_key(resolution, priced.source_region, priced.service_tier.1)?;
            prices.rate_card(regions, &key, self.day).ok_or(Unpriced::NoPrice)
        });
        card.as_ref().map_err(|reason| *reason)?.cost(usage.ok_or(Unpriced::NoTokens)?)
    }

    /// Begins with calls whose meanings and tiers have other numbers.
    pub(crate) fn clear(&mut self) {
        self.cards.clear();
    }
}

/// The tokens that CloudTrail itself counts: a lower bound, because it has no counts of the cache.
pub(crate) fn usage_of_trail(input: Option<i64>, output: Option<i64>) -> Option<Usage> {
    let is_counted = input.is_some() || output.is_some();
    is_counted.then_some(Usage {
        input,
        output,
        cache_read: None,
        cache_write: None,
        cache_write_1h: None,
        source: TokenSource::CloudTrail,
    })
}
