//! One column of a row group: from values to what is appended to the file.

use std::io::Write;

use arrow::array::Array;
use arrow::datatypes::Field;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, compute_leaves};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedRowGroupWriter;

use crate::array::Values;
use crate::column::Column;
use crate::dictionary::{DictionaryColumn, WrittenColumn};
use crate::statistics::Bounds;

/// A column that is being written.
pub(crate) enum ColumnWriter {
    /// Of texts that rows name by number.
    Dictionary(DictionaryColumn),
    /// Of anything else.
    Array {
        /// Parquet's own writer.
        writer: Box<ArrowColumnWriter>,
        /// Kept here for ids, whose bounds tell nothing: the writer would compare each with both.
        bounds: Option<Bounds>,
    },
}

/// A column that was written.
pub(crate) enum ColumnChunk {
    Dictionary(WrittenColumn),
    Array(ArrowColumnChunk),
}

impl ColumnWriter {
    /// Parquet's own writer for a column.
    pub(crate) fn array<R>(column: &Column<R>, writer: ArrowColumnWriter) -> Self {
        let bounds = column.is_id().then(Bounds::default);
        ColumnWriter::Array { writer: Box::new(writer), bounds }
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
            (ColumnWriter::Array { writer, bounds }, Values::Array(array)) => {
                if let Some(bounds) = bounds {
                    bounds.add_nulls(array.null_count());
                }
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
            ColumnWriter::Array { .. } => 0,
        }
    }

    /// Ends the column.
    ///
    /// # Errors
    /// If it cannot be encoded.
    pub(crate) fn close(self) -> Result<ColumnChunk, ParquetError> {
        match self {
            ColumnWriter::Dictionary(column) => Ok(ColumnChunk::Dictionary(column.close()?)),
            ColumnWriter::Array { writer, bounds } => {
                let mut chunk = writer.close()?;
                if let Some(bounds) = bounds {
                    let ColumnCloseResult { metadata, .. } = chunk.close_mut();
                    let builder = metadata.clone().into_builder();
                    *metadata = builder.set_statistics(bounds.into_statistics()).build()?;
                }
                Ok(ColumnChunk::Array(chunk))
            }
        }
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
            ColumnChunk::Dictionary(column) => row_group.append_column(&column.bytes, column.close),
            ColumnChunk::Array(chunk) => chunk.append_to_row_group(row_group),
        }
    }
}
