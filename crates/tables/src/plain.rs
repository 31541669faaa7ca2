//! Columns of numbers, money and flags: each value as it is, because they hardly repeat.

use parquet::basic::{BoundaryOrder, Encoding, Type};
use parquet::data_type::FixedLenByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnIndexBuilder;
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::schema::types::ColumnDescPtr;

use crate::pages::{Pages, WrittenColumn};

/// A value as Parquet has it (Parquet format, "Plain encoding").
pub(crate) trait Plain: Copy + Ord {
    /// Its physical type.
    const TYPE: Type;

    /// Appends values to a page.
    fn append(values: &[Self], page: &mut Vec<u8>);

    /// What the footer says of a column in a row group.
    fn statistics(least: Option<Self>, greatest: Option<Self>, nulls: Option<u64>) -> Statistics;

    /// A value alone.
    fn bytes(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        Self::append(&[self], &mut bytes);
        bytes
    }
}

/// A column that is being written, a page for each batch of rows.
pub(crate) struct PlainColumn<T> {
    pages: Pages,
    /// The least and the greatest value of each page.
    index: ColumnIndexBuilder,
    /// The same of the last page that has some.
    last: Option<(T, T)>,
    /// Whether neither is ever less than on the page before.
    is_ascending: bool,
    least: Option<T>,
    greatest: Option<T>,
    nulls: u64,
}

impl<T: Plain> PlainColumn<T> {
    pub(crate) fn new(descriptor: ColumnDescPtr) -> Self {
        PlainColumn {
            pages: Pages::new(descriptor, Encoding::PLAIN),
            index: ColumnIndexBuilder::new(T::TYPE),
            last: None,
            is_ascending: true,
            least: None,
            greatest: None,
            nulls: 0,
        }
    }

    /// Writes the values of some rows.
    ///
    /// # Errors
    /// If they cannot be compressed.
    pub(crate) fn write(&mut self, values: &[Option<T>]) -> Result<(), ParquetError> {
        let mut present = Vec::with_capacity(values.len());
        present.extend(values.iter().flatten());
        let nulls = values.len() - present.len();
        self.nulls += nulls as u64;
        let (least, greatest) = (present.iter().min().copied(), present.iter().max().copied());
        let bound = |value: Option<T>| value.map(T::bytes).unwrap_or_default();
        let n_nulls = i64::try_from(nulls).unwrap_or(i64::MAX);
        self.index.append(least.is_none(), bound(least), bound(greatest), n_nulls, None);
        if let Some(bounds) = least.zip(greatest) {
            let rises = |last: (T, T)| last.0 <= bounds.0 && last.1 <= bounds.1;
            self.is_ascending &= self.last.is_none_or(rises);
            self.last = Some(bounds);
        }
        self.least = self.least.into_iter().chain(least).min();
        self.greatest = self.greatest.into_iter().chain(greatest).max();
        let mut page = self.pages.begin(values.iter().map(Option::is_some), present.len());
        page.reserve(size_of_val(present.as_slice()));
        T::append(&present, &mut page);
        self.pages.push(&page, values.len())
    }

    /// Ends the column.
    ///
    /// # Errors
    /// If it is too large.
    pub(crate) fn close(mut self) -> Result<WrittenColumn, ParquetError> {
        if self.is_ascending {
            self.index.set_boundary_order(BoundaryOrder::ASCENDING);
        }
        let statistics = T::statistics(self.least, self.greatest, Some(self.nulls));
        self.pages.finish(None, statistics, Some(self.index.build()?))
    }
}

impl Plain for i64 {
    const TYPE: Type = Type::INT64;

    fn append(values: &[Self], page: &mut Vec<u8>) {
        values.iter().for_each(|value| page.extend_from_slice(&value.to_le_bytes()));
    }

    fn statistics(least: Option<Self>, greatest: Option<Self>, nulls: Option<u64>) -> Statistics {
        Statistics::Int64(ValueStatistics::new(least, greatest, None, nulls, false))
    }
}

/// A decimal of 38 digits.
impl Plain for i128 {
    const TYPE: Type = Type::FIXED_LEN_BYTE_ARRAY;

    fn append(values: &[Self], page: &mut Vec<u8>) {
        values.iter().for_each(|value| page.extend_from_slice(&value.to_be_bytes()));
    }

    fn statistics(least: Option<Self>, greatest: Option<Self>, nulls: Option<u64>) -> Statistics {
        let bound = |value: Option<i128>| value.map(|value| FixedLenByteArray::from(value.bytes()));
        let (least, greatest) = (bound(least), bound(greatest));
        let statistics = ValueStatistics::new(least, greatest, None, nulls, false);
        Statistics::FixedLenByteArray(statistics)
    }
}

impl Plain for bool {
    const TYPE: Type = Type::BOOLEAN;

    /// Eight to a byte, the first in the lowest bit.
    fn append(values: &[Self], page: &mut Vec<u8>) {
        let bits =
            |flags: &[bool]| flags.iter().rev().fold(0, |bits, flag| bits << 1 | u8::from(*flag));
        page.extend(values.chunks(8).map(bits));
    }

    fn statistics(least: Option<Self>, greatest: Option<Self>, nulls: Option<u64>) -> Statistics {
        Statistics::Boolean(ValueStatistics::new(least, greatest, None, nulls, false))
    }
}
