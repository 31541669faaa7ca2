//! One column of a row group: which kind it is, and the writer of each kind.

use parquet::errors::ParquetError;
use parquet::schema::types::ColumnDescPtr;

use crate::batch::Values;
use crate::column::{Column, Value};
use crate::dictionary::DictionaryColumn;
use crate::ids::IdColumn;
use crate::pages::WrittenColumn;
use crate::plain::PlainColumn;

/// A column that is being written.
pub(crate) enum ColumnWriter {
    Texts(DictionaryColumn),
    Ids(IdColumn),
    Numbers(PlainColumn<i64>),
    Money(PlainColumn<i128>),
    Flags(PlainColumn<bool>),
}

impl ColumnWriter {
    /// The writer for a column.
    pub(crate) fn new<R>(column: &Column<R>, descriptor: ColumnDescPtr) -> Self {
        match column.value {
            Value::Text(_)
            | Value::OneOf(..)
            | Value::ContextText(_)
            | Value::CallerText(_)
            | Value::ObjectKey => ColumnWriter::Texts(DictionaryColumn::new(descriptor)),
            Value::Id(_) => ColumnWriter::Ids(IdColumn::new(descriptor)),
            Value::Count(_) | Value::Time(_) => ColumnWriter::Numbers(PlainColumn::new(descriptor)),
            Value::Money(_) => ColumnWriter::Money(PlainColumn::new(descriptor)),
            Value::Flag(_) | Value::ContextFlag(_) => {
                ColumnWriter::Flags(PlainColumn::new(descriptor))
            }
        }
    }

    /// Writes values.
    ///
    /// # Errors
    /// If they cannot be compressed.
    ///
    /// # Panics
    /// If they are not of the column that this was made for.
    pub(crate) fn write(&mut self, values: &Values<'_>) -> Result<(), ParquetError> {
        match (self, values) {
            (ColumnWriter::Texts(column), Values::Texts(texts)) => column.write(texts),
            (ColumnWriter::Ids(column), Values::Ids(ids)) => column.write(ids),
            (ColumnWriter::Numbers(column), Values::Numbers(numbers)) => column.write(numbers),
            (ColumnWriter::Money(column), Values::Money(amounts)) => column.write(amounts),
            (ColumnWriter::Flags(column), Values::Flags(flags)) => column.write(flags),
            _ => panic!("values of another column"),
        }
    }

    /// How much text is held until the row group ends, in bytes.
    pub(crate) fn held_bytes(&self) -> usize {
        match self {
            ColumnWriter::Texts(column) => column.dictionary_bytes(),
            _ => 0,
        }
    }

    /// Ends the column.
    ///
    /// # Errors
    /// If it is too large.
    pub(crate) fn close(self) -> Result<WrittenColumn, ParquetError> {
        match self {
            ColumnWriter::Texts(column) => column.close(),
            ColumnWriter::Ids(column) => column.close(),
            ColumnWriter::Numbers(column) => column.close(),
            ColumnWriter::Money(column) => column.close(),
            ColumnWriter::Flags(column) => column.close(),
        }
    }
}
