//! The AWS Price List: offer files of Amazon Bedrock (`AmazonBedrock`, `AmazonBedrockFoundationModels`,
//! `AmazonBedrockService`), and what `aws pricing get-products` prints of them.
//!
//! A product says what is billed, a term what it costs. Nothing of a file is held but what its products
//! mean, by SKU.

pub(super) mod csv;
pub(super) mod json;

use std::collections::HashMap;

use jiff::civil::Date;

use super::ImportError;
use super::quote::{PriceImport, Quoted, Target};
use crate::dimension::{self, NoDimension};
use crate::money::{Usd, UsdPerMillion};

/// What is read of a product.
#[derive(Debug, Default)]
pub(super) struct Product {
    pub(super) region_code: String,
    pub(super) usage_type: String,
    pub(super) model: String,
    pub(super) service_name: String,
    pub(super) service_tier: String,
}

/// What a product costs.
#[derive(Debug)]
pub(super) struct Price<'a> {
    pub(super) sku: &'a str,
    /// The day since which it is valid, as `2026-08-01T00:00:00Z` or `2026-08-01`.
    pub(super) effective_date: &'a str,
    /// From how many units on it applies.
    pub(super) begin_range: &'a str,
    pub(super) unit: &'a str,
    /// The amount, in US dollars.
    pub(super) usd: &'a str,
}

/// What the reading of one file has found.
#[derive(Debug)]
pub(super) struct PriceList<'i, 'k> {
    import: &'i mut PriceImport<'k>,
    file: String,
    /// When the file was published, and the source of its rows.
    published: Option<(Date, String)>,
    products: HashMap<Box<str>, Meaning>,
}

/// What a product means.
#[derive(Debug)]
enum Meaning {
    Tokens(Target),
    OtherUnit(Box<str>),
    Unknown(Box<str>),
}

impl<'i, 'k> PriceList<'i, 'k> {
    pub(super) fn new(import: &'i mut PriceImport<'k>, file: &str) -> Self {
        PriceList { import, file: file.to_owned(), published: None, products: HashMap::new() }
    }

    /// Where something is in the file.
    fn at(&self, place: &str) -> String {
        format!("{}: {place}", self.file)
    }

    /// Checks the version of the format.
    pub(super) fn format(&self, version: &str) -> Result<(), ImportError> {
        if ["v1.0", "aws_v1"].contains(&version) {
            return Ok(());
        }
        let problem = format!("expected v1.0 or aws_v1, found `{version}`: a newer format");
        Err(ImportError::content(self.at("formatVersion"), problem))
    }

    /// Takes the date of publication.
    pub(super) fn published(&mut self, text: &str) -> Result<(), ImportError> {
        let date = date(text).ok_or_else(|| {
            let problem = format!("expected a date and time, found `{text}`");
            ImportError::content(self.at("publicationDate"), problem)
        })?;
        self.published = Some((date, format!("AWS Price List {date}")));
        Ok(())
    }

    /// Takes a product.
    pub(super) fn product(&mut self, sku: &str, product: &Product) {
        let meaning = match self.target(product) {
            Ok(target) => Meaning::Tokens(target),
            Err(NoDimension::OtherUnit(word)) => Meaning::OtherUnit(word.into()),
            Err(NoDimension::Unknown(why)) => {
                Meaning::Unknown(format!("{}: {why}", product.usage_type).into())
            }
        };
        self.products.insert(sku.into(), meaning);
    }

    /// Takes a price of a product.
    pub(super) fn price(&mut self, price: &Price<'_>) -> Result<(), ImportError> {
        let at = self.at(price.sku);
        let Some(meaning) = self.products.get(price.sku) else {
            self.import.unread(at, "a price of a product that the file does not list before it");
            return Ok(());
        };
        let n_tokens = match (tokens(price.unit), meaning) {
            (_, Meaning::OtherUnit(word)) => {
                self.import.other_unit(word.to_string());
                return Ok(());
            }
            (None, _) => {
                self.import.other_unit(price.unit.to_owned());
                return Ok(());
            }
            (Some(_), Meaning::Unknown(why)) => {
                self.import.unread(at, why.to_string());
                return Ok(());
            }
            (Some(n_tokens), Meaning::Tokens(_)) => n_tokens,
        };
        let Meaning::Tokens(target) = meaning else { return Ok(()) };
        if !["", "0"].contains(&price.begin_range) {
            let why = format!("a price that begins at {} units", price.begin_range);
            self.import.unread(at, why);
            return Ok(());
        }
        let content = |problem: String| ImportError::content(&at, problem);
        let usd = price.usd.parse::<Usd>().map_err(|error| content(format!("USD: {error}")))?;
        let Some(per_million) = UsdPerMillion::from_usd_per(usd, n_tokens) else {
            let why = format!("{usd} per {}: finer than the tables keep", price.unit);
            self.import.unread(at, why);
            return Ok(());
        };
        let since = date(price.effective_date)
            .ok_or_else(|| content(format!("effectiveDate: found `{}`", price.effective_date)))?;
        let Some((seen, source)) = &self.published else {
            return Err(content("expected a publicationDate before it, found none".to_owned()));
        };
        let quoted = Quoted { price: per_million, since, seen: *seen, source };
        self.import.quote(at, target, quoted);
        Ok(())
    }

    /// What a product is for.
    fn target(&self, product: &Product) -> Result<Target, NoDimension> {
        let unknown = |why: String| NoDimension::Unknown(why);
        let usage = Usage::of(&product.usage_type, &product.service_tier)?;
        let dimension = dimension::read(&usage.dimension)?;
        let names = &self.import.names;
        let service = product.service_name.strip_suffix(" (Amazon Bedrock Edition)");
        let candidates = [usage.segment, &product.model, service.unwrap_or_default()];
        let named = candidates.into_iter().filter(|name| !name.is_empty());
        let mut found = named.clone().filter_map(|name| names.model(name)).collect::<Vec<_>>();
        found.dedup();
        let model_id = match found.as_slice() {
            [model] => *model,
            [] => {
                let named = named.collect::<Vec<_>>().join("`, `");
                return Err(unknown(format!("no known model is called `{named}`")));
            }
            several => return Err(unknown(format!("which of {} it is", several.join(", ")))),
        };
        if self.import.regions.get(&product.region_code).is_none() {
            return Err(unknown(format!("unknown Region `{}`", product.region_code)));
        }
        let (model_id, source_region) = (model_id.into(), product.region_code.as_str().into());
        Ok(Target { model_id, source_region, dimension, is_mantle: usage.is_mantle })
    }
}

/// The parts of a usage type.
struct Usage<'a> {
    /// What the model is called; empty where the service is named after it.
    segment: &'a str,
    /// The words of its dimension.
    dimension: String,
    is_mantle: bool,
}

impl<'a> Usage<'a> {
    /// `USE1-MP:USE1_InputTokenCount_Global-Units` of a Marketplace model, or
    /// `USE1-NovaPro-mantle-input-tokens-flex`: Region, model, dimension.
    fn of(usage_type: &'a str, service_tier: &str) -> Result<Self, NoDimension> {
        if let Some((_, metered)) = usage_type.split_once("-MP:") {
            let name = metered.strip_suffix("-Units").unwrap_or(metered);
            let is_code =
                |head: &str| head.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
            let dimension = match name.split_once('_') {
                Some((head, name)) if is_code(head) => name,
                _ => name,
            };
            return Ok(Usage { segment: "", dimension: dimension.to_owned(), is_mantle: false });
        }
        // The words of the dimension begin with one of these.
        const STARTS: [&str; 4] = ["-cache-", "-cached-", "-input-", "-output-"];
        let (_, rest) = usage_type.split_once('-').unwrap_or(("", usage_type));
        let start = STARTS.iter().filter_map(|start| rest.find(start)).min();
        let Some(start) = start else {
            return Err(NoDimension::Unknown("which tokens it counts".to_owned()));
        };
        let (segment, dimension) = rest.split_at(start);
        let mantle = segment.strip_suffix("-mantle");
        Ok(Usage {
            segment: mantle.unwrap_or(segment),
            dimension: format!("{}-{service_tier}", &dimension[1..]),
            is_mantle: mantle.is_some(),
        })
    }
}

/// How many tokens a unit is. Marketplace models have `Units`, of a million tokens.
fn tokens(unit: &str) -> Option<i128> {
    match unit {
        "1K tokens" => Some(1_000),
        "1M tokens" | "Units" => Some(1_000_000),
        _ => None,
    }
}

/// The day of a date and time.
fn date(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}
