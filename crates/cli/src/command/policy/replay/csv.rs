//! A replay as CSV.

use super::Found;
use super::table::{Cell, columns, rows, time};
use crate::exit::Failure;

/// The rows with a header.
///
/// # Errors
/// None in practice: texts can be written to memory.
pub(super) fn of(found: &Found<'_>) -> Result<String, Failure> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(columns(found))?;
    for row in rows(found) {
        writer.write_record(row.into_iter().map(|cell| match cell {
            Cell::Text(text) => text.unwrap_or_default(),
            Cell::Count(count) => count.to_string(),
            Cell::Time(ms) => ms.map(time).unwrap_or_default(),
        }))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}
