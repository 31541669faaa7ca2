//! The least and the greatest text of a column in a row group, found among the values that occur.

use arrow::array::{Array, StringArray, UInt32Array};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::statistics::{Statistics, ValueStatistics};

use crate::array::Values;

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
    /// Takes in the values of a batch. Ids, which are no distinct values, have no bounds.
    pub(crate) fn add(&mut self, values: &Values) {
        match values {
            Values::Rows(array) => {
                self.has_long_text = true;
                self.nulls += array.null_count() as u64;
            }
            Values::Distinct { values, places } => {
                self.nulls += null_rows(values, places);
                values.iter().flatten().for_each(|text| self.add_text(text.as_bytes()));
            }
        }
    }

    fn add_text(&mut self, text: &[u8]) {
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

    /// Puts them where the writer would have put its own.
    ///
    /// # Errors
    /// If Parquet refuses.
    pub(crate) fn write_into(self, column: &mut ColumnCloseResult) -> Result<(), ParquetError> {
        let bound = |text: Option<Box<[u8]>>| {
            text.filter(|_| !self.has_long_text).map(|text| ByteArray::from(text.into_vec()))
        };
        let (least, greatest) = (bound(self.least), bound(self.greatest));
        let statistics = ValueStatistics::new(least, greatest, None, Some(self.nulls), false);
        let metadata = column.metadata.clone().into_builder();
        column.metadata = metadata.set_statistics(Statistics::ByteArray(statistics)).build()?;
        Ok(())
    }
}

fn null_rows(values: &StringArray, places: &UInt32Array) -> u64 {
    if values.null_count() == 0 {
        return 0;
    }
    let places = places.values().iter();
    places.filter(|place| values.is_null(**place as usize)).count() as u64
}
