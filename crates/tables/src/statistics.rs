//! The least and the greatest text of a column in a row group, found among the values that occur.

use arrow::array::{Array, AsArray};
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
    /// Which of the column's texts were compared, by place.
    is_compared: Vec<bool>,
}

impl Bounds {
    /// Takes in the values of a batch. `are_same_texts` says whether they stand at the same places as
    /// those of the batches before. Ids, which have a value for each row, have no bounds.
    pub(crate) fn add(&mut self, values: &Values, are_same_texts: bool) {
        self.nulls += values.n_nulls() as u64;
        let Values::Places { texts, places } = values else {
            self.has_long_text = true;
            return;
        };
        let texts = texts.as_string::<i32>();
        if !are_same_texts {
            self.is_compared.clear();
        }
        self.is_compared.resize(texts.len(), false);
        for place in places.values() {
            let place = *place as usize;
            if !std::mem::replace(&mut self.is_compared[place], true) && texts.is_valid(place) {
                self.add_text(texts.value(place).as_bytes());
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
