//! From a call's tokens to its cost, at the price of its day.

use bedrock::Knowledge;
use bedrock::cost::{Cost, TokenSource, Unpriced, Usage, price_key};
use bedrock::price::RateCard;
use jiff::civil::Date;
use rustc_hash::FxHashMap;
use tables::ContextMeaning;

/// Prices the calls of one day. The prices of a context are looked up once.
#[derive(Debug)]
pub struct Pricer<'a> {
    knowledge: &'a Knowledge,
    day: Date,
    by_context: FxHashMap<u32, Result<RateCard, Unpriced>>,
}

impl<'a> Pricer<'a> {
    /// A pricer for a day.
    pub fn new(knowledge: &'a Knowledge, day: Date) -> Self {
        Pricer { knowledge, day, by_context: FxHashMap::default() }
    }

    /// What a call of a context cost, or why that is not known. `number` stands for this context
    /// whenever this pricer is asked.
    ///
    /// # Errors
    /// If it is not known.
    pub fn cost(
        &mut self,
        number: u32,
        ContextMeaning { context, meaning }: &ContextMeaning,
        usage: Option<&Usage>,
    ) -> Result<Cost, Unpriced> {
        let (knowledge, day) = (self.knowledge, self.day);
        let card = self.by_context.entry(number).or_insert_with(|| {
            let key = price_key(
                &meaning.resolution,
                context.source_region.as_deref(),
                context.service_tier.as_deref(),
            )?;
            knowledge.prices.rate_card(&knowledge.regions, &key, day).ok_or(Unpriced::NoPrice)
        });
        card.as_ref().map_err(|reason| *reason)?.cost(usage.ok_or(Unpriced::NoTokens)?)
    }
}

/// The tokens that CloudTrail itself counts: a lower bound, because it has no counts of the cache.
pub fn usage_of_trail(input: Option<i64>, output: Option<i64>) -> Option<Usage> {
    let is_counted = input.is_some() || output.is_some();
    is_counted.then_some(Usage {
        input,
        output,
        cache_read: None,
        cache_write: None,
        cache_write_1h: None,
        source: TokenSource::CloudTrail,
        input_includes_cache: false,
    })
}
