//! Prices per unit: what a row of `config/unit_prices.csv` says, and which rows have the prices of a call.
//!
//! The rows also say by which units a model is billed: a row without a price says that no source has one.

mod file;

use std::sync::LazyLock;

use jiff::civil::Date;

pub use file::{
    UnitPriceFileError, UnitPriceFinding, UnitPriceProblem, check_unit_prices, is_unit_file,
};

use super::unit::{Shape, Unit, Variant};
use super::{ALL_COMMERCIAL, PriceKey, Routing, Tier, is_commercial};
use crate::fingerprint::Fingerprint;
use crate::money::UsdPerUnit;
use crate::region::Regions;
use crate::sorted::equal_range;

/// The prices per unit that ship with hoptrail.
pub const EMBEDDED_UNITS: &str = include_str!("../../../../config/unit_prices.csv");

/// How `model_id` writes "whatever model is called", for what guardrails are billed by.
pub const ANY_MODEL: &str = "*";

/// The rows that ship with hoptrail: whatever other file is used, they say by which units models are billed.
static BUILT_IN: LazyLock<Vec<UnitRow>> = LazyLock::new(built_in);

/// Prices per unit.
#[derive(Debug, Clone)]
pub struct UnitPrices {
    /// In the order of their models, units, and so on.
    rows: Vec<UnitRow>,
    fingerprint: Fingerprint,
}

/// One price, as a line of a file states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitRow {
    /// The line of its file, from 1 for the header.
    pub line: u64,
    /// The canonical model id, or [`ANY_MODEL`].
    pub model_id: Box<str>,
    /// Through which kind of profile.
    pub routing: Routing,
    /// The Region that the call was sent to, or [`ALL_COMMERCIAL`].
    pub source_region: Box<str>,
    /// The tier that served the call.
    pub tier: Tier,
    /// What is counted.
    pub unit: Unit,
    /// What else the price depends on.
    pub variant: Variant,
    /// The price; `None` if no source has one.
    pub price: Option<UsdPerUnit>,
    /// The first day (UTC) of the price; `None` is open.
    pub valid_from: Option<Date>,
    /// The first day (UTC) that no longer has the price; `None` is open.
    pub valid_until: Option<Date>,
    /// Where the price was published.
    pub source: Box<str>,
    /// The source's date.
    pub source_date: Date,
}

/// The prices per unit that one kind of call has on one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UnitCard {
    /// By unit; `None` if the call is not billed by it.
    rates: [Option<Vec<UnitRate>>; Unit::ALL.len()],
}

/// The price of a variant of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct UnitRate {
    variant: Variant,
    price: UsdPerUnit,
}

impl UnitPrices {
    /// The prices per unit that ship with hoptrail.
    ///
    /// # Panics
    /// Never in a released build: a test reads the embedded file.
    pub fn embedded() -> Self {
        UnitPrices { rows: BUILT_IN.clone(), fingerprint: Fingerprint::of(EMBEDDED_UNITS) }
    }

    /// Reads a file: CSV with the columns of `config/unit_prices.csv`, in any order. It replaces all prices; that
    /// a model is billed by a unit that the file has no row for, the built-in file still says.
    ///
    /// # Errors
    /// If a line cannot be used, or if a key has two prices on one day.
    pub fn parse(text: &str) -> Result<Self, UnitPriceFileError> {
        let rows = file::read(text)?;
        let built_in = Fingerprint::of(EMBEDDED_UNITS);
        let fingerprint = if text == EMBEDDED_UNITS { built_in } else { built_in.and(text) };
        Ok(UnitPrices { rows, fingerprint })
    }

    /// The [`Fingerprint`] of the built-in file, and of the one that is used instead.
    pub fn version(&self) -> String {
        self.fingerprint.to_string()
    }

    /// All rows, in the order of their keys and days.
    pub fn rows(&self) -> &[UnitRow] {
        &self.rows
    }

    /// The rows as a file, sorted as `config/unit_prices.csv` is.
    ///
    /// # Errors
    /// None in practice: writing to memory does not fail.
    pub fn to_csv(&self) -> Result<String, csv::Error> {
        file::to_csv(&self.rows)
    }

    /// Whether a model is billed by a unit.
    pub fn bills(&self, model_id: &str, unit: Unit) -> bool {
        let all = [self.rows_of(model_id), rows_of(&BUILT_IN, model_id)];
        all.into_iter().flatten().any(|row| row.unit == unit)
    }

    /// The rows that price a model's calls from a Region on a day, for every routing and tier.
    pub fn rows_for<'a>(
        &'a self,
        regions: &'a Regions,
        model_id: &'a str,
        source_region: &'a str,
        day: Date,
    ) -> impl Iterator<Item = &'a UnitRow> {
        let rows = self.rows_of(model_id);
        rows.iter().filter(move |row| is_meant(rows, row, regions, source_region, day))
    }

    /// What guardrails are billed by on a day, whatever is called.
    pub(super) fn card_of_guardrails(
        &self,
        regions: &Regions,
        region: &str,
        day: Date,
    ) -> UnitCard {
        let (routing, tier) = (Routing::Regional, Tier::Standard);
        let key = PriceKey { model_id: ANY_MODEL, routing, source_region: region, tier };
        let mut card = UnitCard::default();
        self.add(&mut card, regions, &key, day);
        card
    }

    /// The prices of a kind of call on a day, as a [`PriceBook`](super::PriceBook) finds those of tokens.
    pub(super) fn card(&self, regions: &Regions, key: &PriceKey<'_>, day: Date) -> UnitCard {
        let mut card = UnitCard::default();
        for row in rows_of(&BUILT_IN, key.model_id) {
            card.rates[row.unit as usize].get_or_insert_default();
        }
        self.add(&mut card, regions, key, day);
        // A guardrail costs the same whichever way the call goes.
        let any = PriceKey {
            model_id: ANY_MODEL,
            routing: Routing::Regional,
            tier: Tier::Standard,
            ..*key
        };
        self.add(&mut card, regions, &any, day);
        card
    }

    fn add(&self, card: &mut UnitCard, regions: &Regions, key: &PriceKey<'_>, day: Date) {
        let rows = self.rows_of(key.model_id);
        for row in rows {
            let rates = card.rates[row.unit as usize].get_or_insert_default();
            let is_of_key = row.routing == key.routing && row.tier == key.tier;
            if is_of_key && is_meant(rows, row, regions, key.source_region, day) {
                let variant = row.variant;
                rates.extend(row.price.map(|price| UnitRate { variant, price }));
            }
        }
    }

    fn rows_of(&self, model_id: &str) -> &[UnitRow] {
        rows_of(&self.rows, model_id)
    }
}

/// The rows of a model.
fn rows_of<'a>(rows: &'a [UnitRow], model_id: &str) -> &'a [UnitRow] {
    equal_range(rows, |row| (*row.model_id).cmp(model_id))
}

#[expect(clippy::expect_used, reason = "a test reads the embedded file")]
fn built_in() -> Vec<UnitRow> {
    file::read(EMBEDDED_UNITS).expect("config/unit_prices.csv is well-formed")
}

/// Whether a row has the price of calls from a Region on a day. A Region's own row shuts out that of all
/// commercial Regions.
fn is_meant(rows: &[UnitRow], row: &UnitRow, regions: &Regions, region: &str, day: Date) -> bool {
    let is_own = |other: &UnitRow| *other.source_region == *region && other.what() == row.what();
    let is_here = match &*row.source_region {
        ALL_COMMERCIAL => is_commercial(regions, region) && !rows.iter().any(is_own),
        own => own == region,
    };
    is_here && row.is_valid_on(day)
}

impl UnitRow {
    /// What makes two rows the same price in different Regions.
    fn what(&self) -> (&str, Routing, Tier, Unit, Variant) {
        (&self.model_id, self.routing, self.tier, self.unit, self.variant)
    }

    fn is_valid_on(&self, day: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= day)
            && self.valid_until.is_none_or(|until| day < until)
    }
}

impl UnitCard {
    /// The units that the model is billed by.
    pub(crate) fn of_model(&self) -> impl Iterator<Item = Unit> {
        let units = Unit::ALL.into_iter().filter(|unit| !unit.is_of_guardrail());
        units.filter(|unit| self.is_billed_by(*unit))
    }

    /// Whether a call is billed by a unit, as far as is known.
    pub(crate) fn is_billed_by(&self, unit: Unit) -> bool {
        self.rates[unit as usize].is_some()
    }

    /// The lowest price that a unit may have, and whether it has no other; `None` if no price is known.
    pub(crate) fn price(&self, unit: Unit, shape: &Shape) -> Option<(UsdPerUnit, bool)> {
        let rates = self.rates[unit as usize].as_deref().unwrap_or_default();
        let sides = rates.iter().filter_map(|rate| match rate.variant {
            Variant::Image(side, _) => Some(side),
            _ => None,
        });
        let mut sides = sides.collect::<Vec<_>>();
        sides.sort_unstable();
        // What is no variant that has a price costs no less than if that were not known.
        let shapes = [*shape, Shape { size: None, ..*shape }, Shape::default()];
        let ranges = shapes
            .iter()
            .map(|shape| range(rates.iter().filter(|rate| rate.variant.may_be(shape, &sides))));
        let (at, [least, most]) = ranges.enumerate().find_map(|(at, range)| Some((at, range?)))?;
        let is_certain = at == 0 && least == most && !shape.exceeds(&sides);
        Some((least, is_certain))
    }

    /// The lowest and the highest price of a unit; `None` if no price is known.
    pub(super) fn range(&self, unit: Unit) -> Option<[UsdPerUnit; 2]> {
        range(self.rates[unit as usize].as_deref().unwrap_or_default().iter())
    }
}

fn range<'r>(rates: impl Iterator<Item = &'r UnitRate> + Clone) -> Option<[UsdPerUnit; 2]> {
    let prices = rates.map(|rate| rate.price);
    Some([prices.clone().min()?, prices.max()?])
}
