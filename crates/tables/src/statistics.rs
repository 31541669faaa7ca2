//! The least and the greatest text of a column in a row group, found among the values that occur.

use parquet::data_type::ByteArray;
use parquet::file::statistics::{Statistics, ValueStatistics};

/// Texts of more bytes leave a row group without bounds: they would make the footer large, and nobody
/// looks for a range of them.
const MAX_TEXT_BYTES: usize = 256;

/// What the footer says of a column in a row group.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    least: Option<Box<[u8]>>,
    greatest: Option<Box<[u8]>>,
    has_long_text: bool,
    nulls: u64,
}

impl Bounds {
    /// Takes in a text that occurs.
    pub(crate) fn add_text(&mut self, text: &[u8]) {
        self.has_long_text |= text.len() > MAX_TEXT_BYTES;
        if self.has_long_text {
            return;
        }
        if self.least.as_deref().is_none_or(|least| text < least) {
            self.least = Some(text.into());
        }
        if self.greatest.as_deref().is_none_or(|greatest| text > greatest) {
            self.greatest = Some(text.into());
        }
    }

    /// Takes in rows without a value.
    pub(crate) fn add_nulls(&mut self, rows: usize) {
        self.nulls += rows as u64;
    }

    /// As the footer has it.
    pub(crate) fn into_statistics(self) -> Statistics {
        let bound = |text: Option<Box<[u8]>>| {
            text.filter(|_| !self.has_long_text).map(|text| ByteArray::from(text.into_vec()))
        };
        let (least, greatest) = (bound(self.least), bound(self.greatest));
        let nulls = Some(self.nulls);
        Statistics::ByteArray(ValueStatistics::new(least, greatest, None, nulls, false))
    }
}
