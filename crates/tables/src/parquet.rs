//! Arrow batches into the bytes of one Parquet file.

use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use crate::batch::batch;
use crate::table::{SCHEMA_VERSION, Table};

/// Rows per row group: enough for Athena to read in one go, and few enough to bound what is held.
pub const ROW_GROUP_ROWS: usize = 128 * 1024;

/// Rows that are turned into one Arrow batch.
const BATCH_ROWS: usize = 8 * 1024;

/// A table that cannot be written. None of this depends on the input.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Arrow refused a batch.
    #[error("table {table}: the rows do not fit the schema")]
    Batch {
        /// The table.
        table: &'static str,
        /// What Arrow says.
        #[source]
        source: ArrowError,
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

/// Writes rows, which have to be in the table's order, as one Parquet file. The same rows give the
/// same bytes.
///
/// # Errors
/// If a row does not fit the declaration of its table.
pub fn write<R>(table: &Table<R>, rows: &[R]) -> Result<Vec<u8>, WriteError> {
    debug_assert!(rows.is_sorted_by(|a, b| (table.order)(a, b).is_le()), "{}", table.name);
    let encode = |source| WriteError::Encode { table: table.name, source };
    let options = ArrowWriterOptions::new()
        .with_properties(properties(table))
        // Readers take the types from Parquet's own schema, which every one of them knows.
        .with_skip_arrow_metadata(true);
    let mut writer =
        ArrowWriter::try_new_with_options(Vec::new(), table.schema(), options).map_err(encode)?;
    for rows in rows.chunks(BATCH_ROWS) {
        let batch =
            batch(table, rows).map_err(|source| WriteError::Batch { table: table.name, source })?;
        writer.write(&batch).map_err(encode)?;
    }
    writer.into_inner().map_err(encode)
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
            entry("hoptrail.version", version.to_owned()),
            entry("hoptrail.schema_version", SCHEMA_VERSION.to_string()),
            entry("hoptrail.table", table.name.to_owned()),
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
