//! From a call's tokens to its cost, at the price of its day.

use bedrock::Knowledge;
use bedrock::cost::{Cost, TokenSource, Unpriced, Usage, price_key};
use bedrock::price::{PriceKey, RateCard};
use jiff::civil::Date;
use rustc_hash::FxHashMap;
use tables::ContextMeaning;

/// Prices the calls of one day. The prices of a context are looked up once, and few contexts differ in
/// them.
#[derive(Debug)]
pub struct Pricer<'a> {
    knowledge: &'a Knowledge,
    day: Date,
    /// The place of each context's prices among `cards`, once it was looked up.
    by_context: Vec<Option<Result<u32, Unpriced>>>,
    by_key: FxHashMap<PriceKey<'a>, u32>,
    /// `None` where no price is known.
    cards: Vec<Option<RateCard>>,
}

impl<'a> Pricer<'a> {
    /// A pricer for a day, with so many contexts.
    pub fn new(knowledge: &'a Knowledge, day: Date, contexts: usize) -> Self {
        let (by_key, cards) = (FxHashMap::default(), Vec::new());
        Pricer { knowledge, day, by_context: vec![None; contexts], by_key, cards }
    }

    /// What a call of a context cost, or why that is not known. `number` stands for this context
    /// whenever this pricer is asked.
    ///
    /// # Errors
    /// If it is not known.
    ///
    /// # Panics
    /// If there are not so many contexts.
    pub fn cost(
        &mut self,
        number: u32,
        ContextMeaning { context, meaning }: &'a ContextMeaning,
        usage: Option<&Usage>,
    ) -> Result<Cost, Unpriced> {
        let Pricer { knowledge: Knowledge { prices, regions, .. }, day, by_key, cards, .. } = self;
        let place = self.by_context[number as usize].get_or_insert_with(|| {
            let key =
                price_key(&meaning.resolution, context.source_region(), context.service_tier())?;
            Ok(*by_key.entry(key).or_insert_with_key(|key| {
                cards.push(prices.rate_card(regions, key, *day));
                u32::try_from(cards.len() - 1).unwrap_or(u32::MAX)
            }))
        });
        let card = self.cards[(*place)? as usize].as_ref().ok_or(Unpriced::NoPrice)?;
        card.cost(usage.ok_or(Unpriced::NoTokens)?)
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
