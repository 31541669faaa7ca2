//! Prices as the text of a price file.

use jiff::civil::Date;

use super::PriceRow;
use super::file::COLUMNS;
use crate::csv_file;

/// A price file of these rows, sorted by the texts of their columns, as `config/prices.csv` is.
///
/// # Errors
/// None in practice: writing to memory does not fail.
pub fn to_csv(rows: &[PriceRow]) -> Result<String, csv::Error> {
    let mut rows = rows.iter().collect::<Vec<_>>();
    rows.sort_by_key(|row| {
        let band = row.context_over_tokens;
        let texts = (&row.model_id, row.routing.as_str(), &row.source_region, row.tier.as_str());
        (texts, band, row.kind.as_str(), row.valid_from)
    });
    csv_file::to_csv(COLUMNS.into_iter(), rows.into_iter().map(fields))
}

fn fields(row: &PriceRow) -> [String; COLUMNS.len()] {
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    [
        row.model_id.to_string(),
        row.routing.as_str().to_owned(),
        row.source_region.to_string(),
        row.tier.as_str().to_owned(),
        row.context_over_tokens.to_string(),
        row.kind.as_str().to_owned(),
        row.price.to_string(),
        day(row.valid_from),
        day(row.valid_until),
        row.source.to_string(),
        day(row.source_date),
    ]
}
