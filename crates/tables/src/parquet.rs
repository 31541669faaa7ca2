//! Rows into the bytes of one Parquet file, a batch at a time and its columns in parallel.

use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::Array as _;
use arrow::datatypes::{Field, Schema, SchemaRef};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;
use rayon::prelude::*;

use crate::batch::Batch;
use crate::column::Column;
use crate::properties::{ROW_GROUP_BYTES, compression, properties};
use crate::references::References;
use crate::table::Table;

pub use crate::properties::ROW_GROUP_ROWS;

/// Rows that are encoded at a time, by one task for each column. What is held is looked at in between.
pub const PIECE_ROWS: usize = 16 * 1024;

/// A table that cannot be written. None of this depends on what is in the rows.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A column that is declared as never null has a row without a value.
    #[error("table {table}: expected a value in every row of {column}, found null")]
    Null {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// Parquet refused.
    #[error("table {table}: the file cannot be encoded")]
    Encode {
        /// The table.
        table: &'static str,
        /// What Parquet says.
        #[source]
        source: ParquetError,
    },
    /// The sink failed.
    #[error("table {table}: the file cannot be written")]
    Sink {
        /// The table.
        table: &'static str,
        /// What the sink says.
        #[source]
        source: io::Error,
    },
}

impl WriteError {
    fn new(table: &'static str, source: ParquetError) -> Self {
        let source = match source {
            ParquetError::External(source) => match source.downcast::<io::Error>() {
                Ok(source) => return WriteError::Sink { table, source: *source },
                Err(source) => ParquetError::External(source),
            },
            source => source,
        };
        WriteError::Encode { table, source }
    }
}

/// Writes one Parquet file into a sink, a row group at a time. The same batches give the same bytes, on
/// any number of threads.
pub struct TableWriter<R: 'static, W: Write> {
    table: &'static Table<R>,
    schema: SchemaRef,
    file: SerializedFileWriter<W>,
    columns: ArrowRowGroupWriterFactory,
    open: Option<RowGroup>,
    row_groups: usize,
}

/// A row group that is being written.
struct RowGroup {
    /// For each column of the table, the columns of Parquet that it takes.
    columns: Vec<Vec<ArrowColumnWriter>>,
    rows: usize,
}

impl<R: Sync, W: Write + Send> TableWriter<R, W> {
    /// Begins a file.
    ///
    /// # Errors
    /// If Parquet refuses the declaration of the table, or the sink fails.
    pub fn new(table: &'static Table<R>, sink: W) -> Result<Self, WriteError> {
        Self::of_rows(table, usize::MAX, sink)
    }

    /// Begins a file of at most so many rows.
    fn of_rows(table: &'static Table<R>, rows: usize, sink: W) -> Result<Self, WriteError> {
        let encode = |source| WriteError::new(table.name, source);
        let schema = table.schema();
        let parquet_schema = ArrowSchemaConverter::new().convert(&schema).map_err(encode)?;
        let root = parquet_schema.root_schema_ptr();
        let file =
            SerializedFileWriter::new(sink, root, Arc::new(properties(table, compression(rows))));
        let file = file.map_err(encode)?;
        let columns = ArrowRowGroupWriterFactory::new(&file, Arc::clone(&schema));
        Ok(TableWriter { table, schema, file, columns, open: None, row_groups: 0 })
    }

    /// Writes rows, in the table's order, after those that were written before; `references` is what
    /// these rows refer to. Best are [`PIECE_ROWS`] at a time. A row group ends by itself after as
    /// many, or when it is large. The columns are encoded in parallel on the calling thread's rayon
    /// pool.
    ///
    /// # Errors
    /// If a row does not fit the declaration of its table, or the sink fails.
    ///
    /// # Panics
    /// If a row refers to what is not there.
    pub fn write(&mut self, rows: &[R], references: References<'_>) -> Result<(), WriteError> {
        let table = self.table;
        debug_assert!(rows.is_sorted_by(|a, b| (table.order)(a, b).is_le()), "{}", table.name);
        let mut rows = rows;
        while !rows.is_empty() {
            let mut group = match self.open.take() {
                Some(group) => group,
                None => self.row_group()?,
            };
            let fitting = rows.len().min(PIECE_ROWS).min(ROW_GROUP_ROWS - group.rows);
            let (piece, later) = rows.split_at(fitting);
            group.write(table, &self.schema, &Batch::new(table, piece, references))?;
            rows = later;
            if group.is_full() {
                self.close(group)?;
            } else {
                self.open = Some(group);
            }
        }
        Ok(())
    }

    fn row_group(&self) -> Result<RowGroup, WriteError> {
        let leaves = self.columns.create_column_writers(self.row_groups);
        let leaves = leaves.map_err(|source| WriteError::new(self.table.name, source))?;
        let mut leaves = leaves.into_iter();
        let columns = self.table.columns.iter();
        let of_column = |column: &Column<R>| leaves.by_ref().take(column.kind().leaves()).collect();
        Ok(RowGroup { columns: columns.map(of_column).collect(), rows: 0 })
    }

    fn close(&mut self, group: RowGroup) -> Result<(), WriteError> {
        let table = self.table.name;
        let encode = |source| WriteError::new(table, source);
        let leaves = group.columns.into_iter().flatten().collect::<Vec<_>>();
        let leaves = leaves.into_par_iter().with_min_len(columns_of_a_task(group.rows));
        let chunks = leaves.map(ArrowColumnWriter::close).collect::<Result<Vec<_>, _>>();
        let mut row_group = self.file.next_row_group().map_err(encode)?;
        for chunk in chunks.map_err(encode)? {
            chunk.append_to_row_group(&mut row_group).map_err(encode)?;
        }
        row_group.close().map_err(encode)?;
        self.row_groups += 1;
        Ok(())
    }

    /// Ends the file and returns the sink.
    ///
    /// # Errors
    /// If Parquet refuses, or the sink fails.
    pub fn finish(mut self) -> Result<W, WriteError> {
        if let Some(group) = self.open.take() {
            self.close(group)?;
        }
        let table = self.table.name;
        self.file.into_inner().map_err(|source| WriteError::new(table, source))
    }
}

impl RowGroup {
    fn write<R: Sync>(
        &mut self,
        table: &'static Table<R>,
        schema: &Schema,
        batch: &Batch<'_, R>,
    ) -> Result<(), WriteError> {
        let columns = table.columns.par_iter().zip(schema.fields().par_iter());
        columns.zip(&mut self.columns).with_min_len(columns_of_a_task(batch.len())).try_for_each(
            |((column, field), writers)| write_column(table.name, column, field, batch, writers),
        )?;
        self.rows += batch.len();
        Ok(())
    }

    fn is_full(&self) -> bool {
        let leaves = self.columns.iter().flatten();
        let bytes = leaves.map(ArrowColumnWriter::get_estimated_total_bytes);
        self.rows == ROW_GROUP_ROWS || bytes.sum::<usize>() >= ROW_GROUP_BYTES
    }
}

fn write_column<R>(
    table: &'static str,
    column: &Column<R>,
    field: &Field,
    batch: &Batch<'_, R>,
    writers: &mut [ArrowColumnWriter],
) -> Result<(), WriteError> {
    let encode = |source| WriteError::new(table, source);
    let array = batch.array(column).map_err(|source| encode(source.into()))?;
    if !column.nullable && array.null_count() > 0 {
        return Err(WriteError::Null { table, column: column.name });
    }
    let leaves = compute_leaves(field, &array).map_err(encode)?;
    writers
        .iter_mut()
        .zip(&leaves)
        .try_for_each(|(writer, leaf)| writer.write(leaf))
        .map_err(encode)
}

/// How many columns a thread takes at least: to wake another one costs as much as to encode some
/// thousand values.
fn columns_of_a_task(rows: usize) -> usize {
    const VALUES: usize = 8 * 1024;
    (VALUES / rows.max(1)).max(1)
}

impl<R, W: Write> std::fmt::Debug for TableWriter<R, W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} after {} row groups", self.table.name, self.row_groups)
    }
}

/// Writes rows, which have to be in the table's order, as one Parquet file, and returns the sink. A file of
/// few rows is written with less effort than [`TableWriter`] takes, which does not know how many follow.
///
/// # Errors
/// As [`TableWriter::write`].
///
/// # Panics
/// As [`TableWriter::write`].
pub fn write<R: Sync, W: Write + Send>(
    table: &'static Table<R>,
    references: References<'_>,
    rows: &[R],
    sink: W,
) -> Result<W, WriteError> {
    let mut writer = TableWriter::of_rows(table, rows.len(), sink)?;
    writer.write(rows, references)?;
    writer.finish()
}
