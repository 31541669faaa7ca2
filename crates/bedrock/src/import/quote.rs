//! The prices that files quote.

use std::collections::BTreeMap;
use std::io::BufRead;

use jiff::civil::Date;

use super::names::Names;
use super::price_list::PriceList;
use super::{ImportError, Unread, offers, price_list};
use crate::catalog::Catalog;
use crate::dimension::Dimension;
use crate::money::UsdPerMillion;
use crate::price::PriceRow;
use crate::region::Regions;

/// A price as a file quotes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The row: `valid_from` is the day since which the file says that the price is valid, and
    /// `source_date` that on which it says so.
    pub row: PriceRow,
    /// The file, and where in it.
    pub at: Box<str>,
    /// Of the mantle endpoint, whose price counts only where the model has no other.
    pub is_mantle: bool,
}

/// What files of prices say.
#[derive(Debug)]
pub struct PriceImport<'a> {
    pub(super) names: Names<'a>,
    pub(super) regions: &'a Regions,
    /// The day on which files without a date were asked for.
    pub(super) asked: Date,
    /// The prices, in the order of the files.
    pub quotes: Vec<Quote>,
    /// What is not understood.
    pub unread: Vec<Unread>,
    /// How many prices are understood as not per token, by the word or unit that says so.
    pub other_units: BTreeMap<String, u64>,
}

impl<'a> PriceImport<'a> {
    /// Starts without files. `asked` is the date of files that have none.
    pub fn new(catalog: &'a Catalog, regions: &'a Regions, asked: Date) -> Self {
        PriceImport {
            names: Names::of(catalog),
            regions,
            asked,
            quotes: Vec::new(),
            unread: Vec::new(),
            other_units: BTreeMap::new(),
        }
    }

    /// Reads a file as a stream: the output of `aws bedrock list-foundation-model-agreement-offers` or
    /// `aws pricing get-products`, or an offer file of the AWS Price List, as JSON or CSV.
    ///
    /// # Errors
    /// If it is none of these, is cut off, has another currency, or a price that is no plain number.
    pub fn read(&mut self, file: &str, mut bytes: impl BufRead) -> Result<(), ImportError> {
        let start = bytes
            .fill_buf()
            .map_err(|source| ImportError::Csv { file: file.to_owned(), source: source.into() })?;
        // Windows writes a byte order mark before UTF-8.
        let n_mark = if start.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let start = &start[n_mark..];
        let is_json = start.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        bytes.consume(n_mark);
        let before = self.n_prices();
        let mut list = PriceList::new(self, file);
        if is_json {
            if let Some(offers) = price_list::json::read(&mut list, bytes)? {
                offers::read(self, file, offers)?;
            }
        } else {
            price_list::csv::read(&mut list, bytes)?;
        }
        if self.n_prices() == before {
            self.unread(file.to_owned(), "no price in it");
        }
        Ok(())
    }

    /// How many prices were read, whatever became of them.
    fn n_prices(&self) -> u64 {
        let n_listed = self.quotes.len() as u64 + self.unread.len() as u64;
        n_listed + self.other_units.values().sum::<u64>()
    }

    pub(super) fn unread(&mut self, at: String, why: impl Into<String>) {
        self.unread.push(Unread { at, why: why.into() });
    }

    pub(super) fn other_unit(&mut self, unit: String) {
        *self.other_units.entry(unit).or_default() += 1;
    }

    /// Adds a price.
    pub(super) fn quote(&mut self, at: String, target: &Target, quoted: Quoted<'_>) {
        if quoted.price == UsdPerMillion::default() {
            return self.unread(at, "a price of 0, which is not taken for free");
        }
        let Dimension { kind, routing, tier, is_long } = target.dimension;
        let context_over_tokens = match (is_long, long_context(&target.model_id)) {
            (false, _) => 0,
            (true, Some(over)) => over,
            (true, None) => {
                let why = format!("where the long context of {} begins", target.model_id);
                return self.unread(at, why);
            }
        };
        let row = PriceRow {
            line: 0,
            model_id: target.model_id.clone(),
            routing,
            source_region: target.source_region.clone(),
            tier,
            context_over_tokens,
            kind,
            price: quoted.price,
            valid_from: Some(quoted.since),
            valid_until: None,
            source: quoted.source.into(),
            source_date: Some(quoted.seen),
        };
        self.quotes.push(Quote { row, at: at.into(), is_mantle: target.is_mantle });
    }
}

/// What a price is for.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) model_id: Box<str>,
    pub(super) source_region: Box<str>,
    pub(super) dimension: Dimension,
    pub(super) is_mantle: bool,
}

/// A price and its dates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quoted<'a> {
    pub(super) price: UsdPerMillion,
    pub(super) since: Date,
    pub(super) seen: Date,
    pub(super) source: &'a str,
}

/// Above how much input the long context of a model begins; the files do not say it. Source: the vendors'
/// columns on the Amazon Bedrock pricing page.
fn long_context(model_id: &str) -> Option<i64> {
    if model_id == "anthropic.claude-haiku-5-5" {
        return Some(100_000);
    }
    match model_id.split_once('.')?.0 {
        "anthropic" => Some(200_000),
        "openai" => Some(272_000),
        _ => None,
    }
}
