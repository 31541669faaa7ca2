//! Rows into the bytes of one Parquet file, a row group at a time and its columns in parallel.

use std::sync::Arc;

use arrow::array::Array;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, ArrowWriterOptions,
    compute_leaves,
};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;

use crate::array::array;
use crate::column::Column;
use crate::table::{SCHEMA_VERSION, Table};

/// Rows per row group: enough for Athena to read in one go, and few enough to bound what is held.
pub const ROW_GROUP_ROWS: usize = 128 * 1024;

/// Rows that are turned into one Arrow array.
const ARRAY_ROWS: usize = 8 * 1024;

/// The entries of the footer.
pub(crate) const TABLE_KEY: &str = "hoptrail.table";
pub(crate) const SCHEMA_VERSION_KEY: &str = "hoptrail.schema_version";
pub(crate) const TOOL_VERSION_KEY: &str = "hoptrail.version";

/// A table that cannot be written. None of this depends on the input.
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
}

/// Writes one Parquet file. The same row groups give the same bytes, on any number of threads.
pub struct TableWriter<R: 'static> {
    table: &'static Table<R>,
    schema: SchemaRef,
    file: SerializedFileWriter<Vec<u8>>,
    factory: ArrowRowGroupWriterFactory,
    row_groups: usize,
}

impl<R: Sync> TableWriter<R> {
    /// Begins a file.
    ///
    /// # Errors
    /// If Parquet refuses the declaration of the table.
    pub fn new(table: &'static Table<R>) -> Result<Self, WriteError> {
        let encode = |source| WriteError::Encode { table: table.name, source };
        let schema = table.schema();
        let options = ArrowWriterOptions::new()
            .with_properties(properties(table))
            // Readers take the types from Parquet's own schema, which every one of them knows.
            .with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(Vec::new(), Arc::clone(&schema), options);
        let (file, factory) =
            writer.and_then(ArrowWriter::into_serialized_writer).map_err(encode)?;
        Ok(TableWriter { table, schema, file, factory, row_groups: 0 })
    }

    /// Writes a row group: at most [`ROW_GROUP_ROWS`] rows, in the table's order, after those of the
    /// groups before. The columns are encoded in parallel on the calling thread's rayon pool.
    ///
    /// # Errors
    /// If a row does not fit the declaration of its table.
    pub fn write_row_group(&mut self, rows: &[R]) -> Result<(), WriteError> {
        let table = self.table;
        debug_assert!(rows.is_sorted_by(|a, b| (table.order)(a, b).is_le()), "{}", table.name);
        if rows.is_empty() {
            return Ok(());
        }
        let encode = |source| WriteError::Encode { table: table.name, source };
        let writers = self.factory.create_column_writers(self.row_groups).map_err(encode)?;
        let columns = table.columns.par_iter().zip(writers);
        let chunks = columns
            .map(|(column, writer)| self.column_chunk(column, writer, rows))
            .collect::<Result<Vec<_>, _>>()?;
        let mut row_group = self.file.next_row_group().map_err(encode)?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut row_group).map_err(encode)?;
        }
        row_group.close().map_err(encode)?;
        self.row_groups += 1;
        Ok(())
    }

    fn column_chunk(
        &self,
        column: &Column<R>,
        mut writer: ArrowColumnWriter,
        rows: &[R],
    ) -> Result<ArrowColumnChunk, WriteError> {
        let table = self.table.name;
        let encode = |source| WriteError::Encode { table, source };
        let field = self
            .schema
            .field_with_name(column.name)
            .map_err(|error| encode(ParquetError::General(error.to_string())))?;
        for rows in rows.chunks(ARRAY_ROWS) {
            let values = array(column, rows);
            if !column.nullable && values.null_count() > 0 {
                return Err(WriteError::Null { table, column: column.name });
            }
            for leaf in compute_leaves(field, &values).map_err(encode)? {
                writer.write(&leaf).map_err(encode)?;
            }
        }
        writer.close().map_err(encode)
    }

    /// Ends the file and returns its bytes.
    ///
    /// # Errors
    /// If Parquet refuses.
    pub fn finish(self) -> Result<Vec<u8>, WriteError> {
        let table = self.table.name;
        self.file.into_inner().map_err(|source| WriteError::Encode { table, source })
    }
}

impl<R> std::fmt::Debug for TableWriter<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} after {} row groups", self.table.name, self.row_groups)
    }
}

/// Writes rows, which have to be in the table's order, as one Parquet file.
///
/// # Errors
/// As [`TableWriter::write_row_group`].
pub fn write<R: Sync>(table: &'static Table<R>, rows: &[R]) -> Result<Vec<u8>, WriteError> {
    let mut writer = TableWriter::new(table)?;
    for rows in rows.chunks(ROW_GROUP_ROWS) {
        writer.write_row_group(rows)?;
    }
    writer.finish()
}

fn properties<R>(table: &Table<R>) -> WriterProperties {
    let entry = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
    let version = env!("CARGO_PKG_VERSION");
    let mut properties = WriterProperties::builder()
        // Level 1 writes as little as level 3 on these columns, in two thirds of the time.
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_created_by(format!("hoptrail {version}"))
        .set_key_value_metadata(Some(vec![
            entry(TOOL_VERSION_KEY, version.to_owned()),
            entry(SCHEMA_VERSION_KEY, SCHEMA_VERSION.to_string()),
            entry(TABLE_KEY, table.name.to_owned()),
        ]));
    for column in table.columns.iter().filter(|column| column.is_id()) {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(column.name), false);
    }
    properties.build()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Array, AsArray};
    use arrow::datatypes::{Int64Type, TimestampMillisecondType};
    use bedrock::cost::{TokenSource, Unpriced, Usage};
    use bedrock::{Call, CallId, Context, Knowledge};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;
    use crate::{INVOCATIONS, Invocation};

    fn rows(count: i64) -> Vec<Invocation> {
        let context = Arc::new(Context {
            source_region: Some("us-east-1".into()),
            event_name: "Converse".into(),
            model_ref: Some("us.anthropic.claude-sonnet-4-6".into()),
            ..Context::default()
        });
        let meaning = Arc::new(Knowledge::embedded().meaning_of(&context));
        let call = |index: i64| Call {
            event_time_ms: 1_780_000_000_000 + index,
            event_id: CallId::new(&format!("event-{index}")),
            original_event_id: None,
            request_id: None,
            input_tokens: None,
            output_tokens: None,
            context: Arc::clone(&context),
        };
        let row = |index| Invocation {
            call: call(index),
            meaning: Arc::clone(&meaning),
            log_object: "a.json.gz".into(),
            usage: Some(Usage {
                input: (index % 2 == 0).then_some(index),
                output: None,
                cache_read: None,
                cache_write: None,
                cache_write_1h: None,
                source: TokenSource::CloudTrail,
                input_includes_cache: false,
            }),
            cost: Err(Unpriced::NoTokens),
        };
        (0..count).map(row).collect()
    }

    #[test]
    fn what_was_written_is_read_back() {
        let rows = rows(20_000);
        let bytes = write(&INVOCATIONS, &rows).expect("the rows fit");
        assert_eq!(bytes, write(&INVOCATIONS, &rows).expect("the rows fit"), "the same bytes");
        let reader =
            ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).expect("Parquet");
        let schema = reader.schema();
        let expected = INVOCATIONS.schema();
        let names = |schema: &arrow::datatypes::Schema| {
            schema
                .fields()
                .iter()
                .map(|f| (f.name().clone(), f.data_type().clone(), f.is_nullable()))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(schema), names(&expected));
        let mut index = 0;
        for batch in reader.build().expect("Parquet") {
            let batch = batch.expect("a batch");
            let times = batch["event_time"].as_primitive::<TimestampMillisecondType>();
            let ids = batch["event_id"].as_string::<i32>();
            let tokens = batch["input_tokens"].as_primitive::<Int64Type>();
            for row in 0..batch.num_rows() {
                let call = &rows[index].call;
                assert_eq!(times.value(row), call.event_time_ms);
                assert_eq!(ids.value(row), call.event_id.to_string());
                let found = tokens.is_valid(row).then(|| tokens.value(row));
                assert_eq!(found, rows[index].usage.and_then(|usage| usage.input));
                index += 1;
            }
        }
        assert_eq!(index, rows.len());
    }

    #[test]
    fn a_table_without_rows_has_its_schema() {
        let bytes = write(&INVOCATIONS, &[]).expect("no rows fit");
        let reader =
            ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).expect("Parquet");
        assert_eq!(reader.schema().fields().len(), INVOCATIONS.columns.len());
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    }
}
