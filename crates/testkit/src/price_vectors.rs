//! Costs that are known without the price book.

use serde::Deserialize;

const VECTORS: &str = include_str!("../../../tests/fixtures/price_vectors.csv");

/// A line of `tests/fixtures/price_vectors.csv`: a cost that was computed from published prices. See
/// `config/PRICES.md`, "How to renew it".
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the columns of the file")]
pub struct PriceVector {
    pub model_ref: String,
    pub source_region: String,
    pub service_tier: String,
    pub date: String,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cache_read_tokens: i64,
    pub cache_write_5m_tokens: i64,
    pub cache_write_1h_tokens: i64,
    /// Empty where no cost is known.
    pub list_cost_usd: String,
    pub origin: String,
}

/// All lines of the file.
///
/// # Panics
///
/// Panics if the file is malformed.
#[must_use]
pub fn price_vectors() -> Vec<PriceVector> {
    let rows = csv::Reader::from_reader(VECTORS.as_bytes()).into_deserialize();
    rows.collect::<Result<_, _>>().expect("well-formed")
}
