//! One column of a row group: from values to what is appended to the file.

use std::io::Write;

use arrow::datatypes::Field;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, compute_leaves};
use parquet::basic::ZstdLevel;
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedRowGroupWriter;
use parquet::schema::types::ColumnDescPtr;

use crate::batch::Values;
use crate::column::{Column, Value};
use crate::dictionary::DictionaryColumn;
use crate::ids::IdColumn;
use crate::pages::WrittenColumn;

/// A column that is being written.
pub(crate) enum ColumnWriter {
    /// Of texts that rows name by number.
    Dictionary(DictionaryColumn),
    /// Of ids.
    Ids(IdColumn),
    /// Of anything else, by Parquet's own writer.
    Array(Box<ArrowColumnWriter>),
}

/// A column that was written.
pub(crate) enum ColumnChunk {
    /// Here.
    Ours(WrittenColumn),
    /// By Parquet's own writer.
    Array(ArrowColumnChunk),
}

/// Whether Parquet's own writer writes a column.
pub(crate) fn is_array<R>(column: &Column<R>) -> bool {
    match column.value {
        Value::Text(_)
        | Value::Count(_)
        | Value::Time(_)
        | Value::Flag(_)
        | Value::Money(_)
        | Value::ContextFlag(_) => true,
        Value::OneOf(..)
        | Value::Id(_)
        | Value::ContextText(_)
        | Value::ObjectKey
        | Value::Address => false,
    }
}

impl ColumnWriter {
    /// A writer for a column that [is no array](is_array).
    pub(crate) fn new<R>(column: &Column<R>, descriptor: ColumnDescPtr, level: ZstdLevel) -> Self {
        match column.value {
            Value::Id(_) => ColumnWriter::Ids(IdColumn::new(descriptor, level)),
            _ => ColumnWriter::Dictionary(DictionaryColumn::new(descriptor, level)),
        }
    }

    /// Writes values.
    ///
    /// # Errors
    /// If they cannot be encoded.
    ///
    /// # Panics
    /// If they are not of the column that this was made for.
    pub(crate) fn write(&mut self, field: &Field, values: Values<'_>) -> Result<(), ParquetError> {
        match (self, values) {
            (ColumnWriter::Dictionary(column), Values::Texts(texts)) => column.write(&texts),
            (ColumnWriter::Ids(column), Values::Ids(ids)) => column.write(&ids),
            (ColumnWriter::Array(writer), Values::Array(array)) => {
                let leaves = compute_leaves(field, &array)?;
                leaves.iter().try_for_each(|leaf| writer.write(leaf))
            }
            _ => panic!("values of another column than {}", field.name()),
        }
    }

    /// How much text is held until the row group ends, in bytes.
    pub(crate) fn held_bytes(&self) -> usize {
        match self {
            ColumnWriter::Dictionary(column) => column.dictionary_bytes(),
            ColumnWriter::Ids(_) | ColumnWriter::Array(_) => 0,
        }
    }

    /// Ends the column.
    ///
    /// # Errors
    /// If it cannot be encoded.
    pub(crate) fn close(self) -> Result<ColumnChunk, ParquetError> {
        Ok(match self {
            ColumnWriter::Dictionary(column) => ColumnChunk::Ours(column.close()?),
            ColumnWriter::Ids(column) => ColumnChunk::Ours(column.close()?),
            ColumnWriter::Array(writer) => ColumnChunk::Array(writer.close()?),
        })
    }
}

impl ColumnChunk {
    /// Appends it as the next column of a row group.
    ///
    /// # Errors
    /// If it is none of this row group.
    pub(crate) fn append_to<W: Write + Send>(
        self,
        row_group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> Result<(), ParquetError> {
        match self {
            ColumnChunk::Ours(column) => row_group.append_column(&column.bytes, column.close),
            ColumnChunk::Array(chunk) => chunk.append_to_row_group(row_group),
        }
    }
}
