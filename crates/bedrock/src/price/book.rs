//! The price book: which row has the price of a call.

use jiff::civil::Date;

use super::check::check_names;
use super::file::{Finding, PriceFileError, Role, read};
use super::rate_card::{Band, RateCard};
use super::units::UnitPrices;
use super::{ALL_COMMERCIAL, PriceRow, Routing, Tier, TokenKind, is_commercial};
use crate::catalog::Catalog;
use crate::fingerprint::Fingerprint;
use crate::region::Regions;
use crate::sorted::equal_range;

/// The price book that ships with hoptrail.
pub const EMBEDDED: &str = include_str!("../../../../config/prices.csv");

/// All prices of a run: a book, and the overrides that were laid over it.
#[derive(Debug, Clone)]
pub struct PriceBook {
    /// The book, then each file of overrides. The rows of a layer are in the order of their keys.
    layers: Vec<Vec<PriceRow>>,
    /// What is billed by other units than tokens.
    units: UnitPrices,
    fingerprint: Fingerprint,
}

/// What the price of a call hangs on, apart from its day and its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PriceKey<'a> {
    /// The canonical model id.
    pub model_id: &'a str,
    /// Through which kind of profile.
    pub routing: Routing,
    /// The Region that the call was sent to; where it ran does not matter.
    pub source_region: &'a str,
    /// The tier that served the call, not the one asked for.
    pub tier: Tier,
}

impl PriceBook {
    /// The price book that ships with hoptrail.
    ///
    /// # Panics
    /// Never in a released build: a test reads the embedded file.
    #[expect(clippy::expect_used, reason = "a test reads the embedded file")]
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED).expect("config/prices.csv is well-formed")
    }

    /// Reads a price book: CSV with the columns of `config/prices.csv`, in any order. Prices per unit are those
    /// that ship with hoptrail.
    ///
    /// # Errors
    /// If a line cannot be used, or if a key has two prices on one day.
    pub fn parse(text: &str) -> Result<Self, PriceFileError> {
        let rows = read(text, Role::Book)?;
        let (units, fingerprint) = (UnitPrices::embedded(), Fingerprint::of(text));
        Ok(PriceBook { layers: vec![rows], units, fingerprint })
    }

    /// Lays overrides over the book: negotiated rates, in a CSV with the same columns, of which
    /// `source` and `source_date` may be left out or empty.
    ///
    /// An override that applies to a call wins over every row below, for its model, routing, Region,
    /// tier, band and token kind, on the days from its `valid_from` up to its `valid_until`; on
    /// other days, and for every other key, the book applies as before. An override for `*` wins in
    /// every commercial Region, also in those that have a row of their own in the book; it yields to
    /// an override for the Region itself. Nothing is derived: who negotiated input and output only
    /// still pays the book's price for the cache, and a band, tier or routing keeps the book's price
    /// until it has an override of its own.
    ///
    /// # Errors
    /// If a line cannot be used, or if a key has two prices on one day. The book is then unchanged.
    pub fn overlay(&mut self, text: &str) -> Result<(), PriceFileError> {
        self.layers.push(read(text, Role::Overrides)?);
        self.fingerprint = self.fingerprint.and(text);
        Ok(())
    }

    /// Whether calls are resolved to the models of all overrides, and come from their Regions.
    ///
    /// # Errors
    /// If a row names no known model, another id of one, or no known Region: it would never be found.
    pub fn require_known_overrides(
        &self,
        models: &Catalog,
        regions: &Regions,
    ) -> Result<(), PriceFileError> {
        let overrides = self.layers.iter().skip(1).flatten();
        let problems = overrides.flat_map(|row| {
            let found = check_names(row, models, regions);
            found.map(|problem| Finding { line: row.line, problem })
        });
        let mut findings = problems.collect::<Vec<_>>();
        findings.sort_by_key(|finding| finding.line);
        PriceFileError::unless_empty(findings)
    }

    /// The rows of the book, without overrides, in the order of their keys and days.
    pub fn rows(&self) -> &[PriceRow] {
        self.layers.first().map_or(&[], Vec::as_slice)
    }

    /// The newest date of a source of the book.
    pub fn newest(&self) -> Option<Date> {
        self.rows().iter().filter_map(|row| row.source_date).max()
    }

    /// The column `price_version`: the [`Fingerprint`] of the book, of the overrides in their order, and of the
    /// prices per unit.
    pub fn version(&self) -> String {
        self.fingerprint.and(&self.units.version()).to_string()
    }

    /// The same book with other prices per unit.
    #[must_use]
    pub fn with_units(self, units: UnitPrices) -> Self {
        PriceBook { units, ..self }
    }

    /// The prices per unit.
    pub fn units(&self) -> &UnitPrices {
        &self.units
    }

    /// The prices of a kind of call on a day; `None` if there are none, and the model is billed by nothing else
    /// than tokens.
    ///
    /// A Region's own rows for a band and token kind shut out the rows for [`ALL_COMMERCIAL`], which
    /// apply in the commercial partition only. Neither another tier nor the other routing is a substitute.
    ///
    /// A band that begins on a later day still cuts the prices below it off: what more input cost
    /// before is then not known, and what less input cost is no substitute. The same holds for a band
    /// that the standard tier has and this one lacks. A band that has ended is gone.
    pub fn rate_card(&self, regions: &Regions, key: &PriceKey<'_>, day: Date) -> Option<RateCard> {
        let layers = self.layers_for(regions, key);
        let standard = self.layers_for(regions, &PriceKey { tier: Tier::Standard, ..*key });
        let mut thresholds = layers
            .iter()
            .chain(&standard)
            .flat_map(LayerRows::iter)
            .filter(|row| !row.is_over_on(day))
            .map(|row| row.context_over_tokens)
            .collect::<Vec<_>>();
        thresholds.sort_unstable();
        thresholds.dedup();
        let bands = thresholds.into_iter().map(|context_over_tokens| Band {
            context_over_tokens,
            prices: TokenKind::ALL
                .map(|kind| Some(winner(&layers, context_over_tokens, kind, day)?.price)),
        });
        let bands = bands.collect::<Vec<_>>();
        let has_price = bands.iter().any(|band| band.prices.iter().any(Option::is_some));
        let units = self.units.card(regions, key, day);
        let has_units = units.of_model().next().is_some();
        (has_price || has_units).then(|| RateCard {
            bands: if has_price { bands } else { Vec::new() },
            has_tokens: self.rows_of(key.model_id).next().is_some(),
            has_units,
            units,
            terms: None,
            guardrail_terms: None,
        })
    }

    /// What guardrails are billed by on a day, for calls whose own price is not known.
    pub fn rate_card_of_guardrails(&self, regions: &Regions, region: &str, day: Date) -> RateCard {
        RateCard {
            bands: Vec::new(),
            has_tokens: false,
            has_units: false,
            units: self.units.card_of_guardrails(regions, region, day),
            terms: None,
            guardrail_terms: None,
        }
    }

    /// All rows of a model: the book's first, each layer in the order of routing, Region, tier, band,
    /// token kind and day.
    pub fn rows_of(&self, model_id: &str) -> impl Iterator<Item = &PriceRow> {
        self.layers
            .iter()
            .flat_map(move |layer| equal_range(layer, |row| (*row.model_id).cmp(model_id)))
    }

    /// The rows that price a model's calls from a Region on a day, for every routing and tier.
    pub fn rows_for<'a>(
        &'a self,
        regions: &'a Regions,
        model_id: &'a str,
        source_region: &'a str,
        day: Date,
    ) -> impl Iterator<Item = &'a PriceRow> {
        self.rows_of(model_id).filter(move |row| {
            let key = PriceKey { model_id, routing: row.routing, source_region, tier: row.tier };
            let layers = self.layers_for(regions, &key);
            winner(&layers, row.context_over_tokens, row.kind, day)
                .is_some_and(|found| std::ptr::eq(found, *row))
        })
    }

    /// The rows that could price a kind of call: the topmost layer first.
    fn layers_for(&self, regions: &Regions, key: &PriceKey<'_>) -> Vec<LayerRows<'_>> {
        let is_commercial = is_commercial(regions, key.source_region);
        let layers = self.layers.iter().rev().map(|layer| LayerRows {
            own: rows_in(layer, key, key.source_region),
            flat: if is_commercial { rows_in(layer, key, ALL_COMMERCIAL) } else { &[] },
        });
        layers.collect()
    }
}

/// What one layer has for a kind of call.
#[derive(Debug, Clone, Copy)]
struct LayerRows<'a> {
    /// The Region's own rows.
    own: &'a [PriceRow],
    /// The rows of all commercial Regions.
    flat: &'a [PriceRow],
}

impl<'a> LayerRows<'a> {
    fn iter(&self) -> impl Iterator<Item = &'a PriceRow> {
        self.own.iter().chain(self.flat)
    }

    /// The row that applies on a day. A Region that has rows of its own for a band and kind does not
    /// fall back on those of all Regions on days that its own do not cover.
    fn find(&self, context_over_tokens: i64, kind: TokenKind, day: Date) -> Option<&'a PriceRow> {
        let is_meant =
            |row: &&PriceRow| row.context_over_tokens == context_over_tokens && row.kind == kind;
        let has_own = self.own.iter().any(|row| is_meant(&row));
        let rows = if has_own { self.own } else { self.flat };
        rows.iter().filter(is_meant).find(|row| row.is_valid_on(day))
    }
}

/// The row that applies, of the topmost layer that has one.
fn winner<'a>(
    layers: &[LayerRows<'a>],
    context_over_tokens: i64,
    kind: TokenKind,
    day: Date,
) -> Option<&'a PriceRow> {
    layers.iter().find_map(|layer| layer.find(context_over_tokens, kind, day))
}

fn rows_in<'a>(layer: &'a [PriceRow], key: &PriceKey<'_>, region: &str) -> &'a [PriceRow] {
    equal_range(layer, |row| {
        let found = (&*row.model_id, row.routing, &*row.source_region, row.tier);
        found.cmp(&(key.model_id, key.routing, region, key.tier))
    })
}
