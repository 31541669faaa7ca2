//! What a run has to know of a file that was written before: what its footer says of it, which objects
//! an `ingest` names, and which events `invocations` holds.
//!
//! Only files of hoptrail are read, and what they lack is an error, never a default: a run that takes
//! a file for something else could let source objects go that stand nowhere any more.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, TimestampMillisecondType};
use arrow::error::ArrowError;
use bedrock::CallId;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::{FileMetaData, ParquetMetaDataReader};
use parquet::file::reader::ChunkReader;

use crate::column::Type;
use crate::ingest::{INGEST, Status};
use crate::invocations::INVOCATIONS;
use crate::properties::{SCHEMA_VERSION_KEY, TABLE_KEY, TOOL_VERSION_KEY};
use crate::table::SCHEMA_VERSION;

/// What the footer of a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footer {
    /// The name of the table.
    pub table: String,
    /// The version of the table's schema; [`SCHEMA_VERSION`] is that of this build.
    pub schema_version: u32,
    /// The version of the hoptrail that wrote the file.
    pub tool_version: String,
    /// How many rows there are.
    pub rows: u64,
}

/// An object that a day was built from, as a row of `ingest` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestedObject {
    /// The object's key, relative to the source.
    pub key: String,
    /// Whether it was read.
    pub status: Status,
    /// Its size as stored, in bytes.
    pub bytes: u64,
    /// Its calls that were written for the day.
    pub written: u64,
}

/// A file that cannot be taken for what it should be.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes have no footer of Parquet.
    #[error("expected a Parquet file, found {size_bytes} bytes without its footer")]
    NotParquet {
        /// How many bytes there are.
        size_bytes: u64,
        /// What Parquet says.
        #[source]
        source: ParquetError,
    },
    /// The footer lacks an entry of hoptrail.
    #[error("expected {key} in the footer of a file of hoptrail, found no such entry")]
    NoEntry {
        /// The key of the entry.
        key: &'static str,
    },
    /// An entry of the footer is not of its form.
    #[error("expected a number as {key} in the footer, found {found:?}")]
    NotANumber {
        /// The key of the entry.
        key: &'static str,
        /// Its value.
        found: String,
    },
    /// The footer counts no rows.
    #[error("expected a number of rows in the footer, found {found}")]
    NoRowCount {
        /// The count.
        found: i64,
    },
    /// The file holds another table.
    #[error("expected the table {expected}, found {found:?}")]
    OtherTable {
        /// The table that was asked for.
        expected: &'static str,
        /// The table that the footer names.
        found: String,
    },
    /// The file was written by a later hoptrail, whose columns may mean something else.
    #[error("table {table}: expected at most schema version {SCHEMA_VERSION}, found {found}")]
    LaterSchema {
        /// The table.
        table: &'static str,
        /// The version in the footer.
        found: u32,
    },
    /// A column is missing or has another type.
    #[error("table {table}: expected a column {column} of type {}, found {found}", .expected.athena())]
    Column {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// Its declared type.
        expected: Type,
        /// The type in the file, or that there is none.
        found: String,
    },
    /// A value is none that the column can have.
    #[error("table {table}: expected {expected} in {column}, found {found}")]
    Value {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What it can hold.
        expected: &'static str,
        /// What it holds.
        found: String,
    },
    /// The footer is whole and the pages are not.
    #[error("table {table}: the rows cannot be decoded")]
    Rows {
        /// The table.
        table: &'static str,
        /// What Parquet says.
        #[source]
        source: ParquetError,
    },
    /// Likewise, as Arrow says it.
    #[error("table {table}: the rows cannot be decoded")]
    Batch {
        /// The table.
        table: &'static str,
        /// What Arrow says.
        #[source]
        source: ArrowError,
    },
}

/// Reads the footer of a file. No row is decoded.
///
/// # Errors
/// If the bytes are no Parquet file, or none that hoptrail wrote.
pub fn footer(file: &impl ChunkReader) -> Result<Footer, ReadError> {
    let metadata = ParquetMetaDataReader::new()
        .parse_and_finish(file)
        .map_err(|source| ReadError::NotParquet { size_bytes: file.len(), source })?;
    footer_of(metadata.file_metadata())
}

fn footer_of(metadata: &FileMetaData) -> Result<Footer, ReadError> {
    let entry = |key: &'static str| {
        let entries = metadata.key_value_metadata().into_iter().flatten();
        let mut values = entries.filter(|entry| entry.key == key).map(|entry| entry.value.clone());
        values.next().flatten().ok_or(ReadError::NoEntry { key })
    };
    let schema_version = entry(SCHEMA_VERSION_KEY)?;
    let schema_version = schema_version.parse().map_err(|_| ReadError::NotANumber {
        key: SCHEMA_VERSION_KEY,
        found: schema_version.clone(),
    })?;
    let found = metadata.num_rows();
    let rows = u64::try_from(found).map_err(|_| ReadError::NoRowCount { found })?;
    Ok(Footer {
        table: entry(TABLE_KEY)?,
        schema_version,
        tool_version: entry(TOOL_VERSION_KEY)?,
        rows,
    })
}

const EVENT_TIME: &str = "event_time";
const EVENT_ID: &str = "event_id";
const ACCOUNT_ID: &str = "account_id";
const SOURCE_REGION: &str = "source_region";
const REQUEST_ID: &str = "request_id";
const KEY: &str = "key";
const STATUS: &str = "status";
const BYTES: &str = "bytes";
const WRITTEN: &str = "written";

/// Reads the objects of a file of the table `ingest`, in the order of their keys. Only the columns
/// that are asked for are decoded.
///
/// # Errors
/// If the file is no `ingest` of hoptrail, or of a later schema than this build knows, or damaged.
pub fn ingest(file: &Bytes) -> Result<Vec<IngestedObject>, ReadError> {
    surviving(INGEST.name, || read_ingest(file))
}

fn read_ingest(file: &Bytes) -> Result<Vec<IngestedObject>, ReadError> {
    let table = INGEST.name;
    let columns =
        [(KEY, Type::Text), (STATUS, Type::Text), (BYTES, Type::Count), (WRITTEN, Type::Count)];
    let reader = rows(file.clone(), table, columns)?;
    let mut objects = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|source| ReadError::Batch { table, source })?;
        for row in 0..batch.num_rows() {
            objects.push(IngestedObject {
                key: text(&batch, KEY, row)?.to_owned(),
                status: status(text(&batch, STATUS, row)?)?,
                bytes: count(&batch, BYTES, row)?,
                written: count(&batch, WRITTEN, row)?,
            });
        }
    }
    Ok(objects)
}

/// Gives the event ids of a file of the table `invocations`, which is held or lies on disk, to `take`, in
/// the order of its rows.
///
/// # Errors
/// As those of [`ingest`]. Some ids may have been given by then.
pub fn event_ids(
    file: impl ChunkReader + 'static,
    mut take: impl FnMut(CallId),
) -> Result<(), ReadError> {
    let table = INVOCATIONS.name;
    surviving(table, || {
        for batch in rows(file, table, [(EVENT_ID, Type::Text)])? {
            let batch = batch.map_err(|source| ReadError::Batch { table, source })?;
            let column = batch[EVENT_ID].as_string::<i32>();
            column.iter().flatten().map(CallId::new).for_each(&mut take);
        }
        Ok(())
    })
}

/// As [`event_ids`], with the time of each call in milliseconds since 1970 UTC, and its key as one of its request
/// ([`CallId::of_entry`]): it takes the place of
/// an id that a call does not have. Calls without a request have none.
///
/// # Errors
/// As those of [`event_ids`].
pub fn event_and_request_ids(
    file: impl ChunkReader + 'static,
    mut take: impl FnMut(i64, Option<CallId>, Option<CallId>),
) -> Result<(), ReadError> {
    let table = INVOCATIONS.name;
    let columns = [EVENT_ID, ACCOUNT_ID, SOURCE_REGION, REQUEST_ID];
    let [event, account, region, request] = columns.map(|name| (name, Type::Text));
    surviving(table, || {
        let all = [(EVENT_TIME, Type::Time), event, account, region, request];
        for batch in rows(file, table, all)? {
            let batch = batch.map_err(|source| ReadError::Batch { table, source })?;
            let [events, accounts, regions, requests] =
                columns.map(|name| batch[name].as_string::<i32>());
            let times = batch[EVENT_TIME].as_primitive::<TimestampMillisecondType>();
            let of_row = |row: usize| {
                let text = |column: &'_ StringArray| {
                    column.is_valid(row).then(|| column.value(row).to_owned())
                };
                let request = text(requests).map(|request| {
                    CallId::of_entry(text(accounts).as_deref(), text(regions).as_deref(), &request)
                });
                (times.value(row), text(events).map(|event| CallId::new(&event)), request)
            };
            for (time_ms, event, request) in (0..batch.num_rows()).map(of_row) {
                take(time_ms, event, request);
            }
        }
        Ok(())
    })
}

/// Parquet's reader asserts some of what damaged offsets break. Damage is an error of the file and must
/// not end the run.
pub(crate) fn surviving<T>(
    table: &'static str,
    read: impl FnOnce() -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        let text = format!("the reader panicked: {}", text.unwrap_or("without a message"));
        Err(ReadError::Rows { table, source: ParquetError::General(text) })
    })
}

/// Gives the rows of a file of a table to `take`, with those of the columns that the file has: a file of an earlier
/// schema lacks some.
///
/// # Errors
/// If the file is no such table, of a later schema than this build knows, or damaged, and those of `take`.
pub(crate) fn scan(
    file: impl ChunkReader + 'static,
    table: &'static str,
    columns: &[(&'static str, Type)],
    mut take: impl FnMut(RecordBatch) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    surviving(table, || {
        for batch in present_rows(file, table, columns, true)? {
            take(batch.map_err(|source| ReadError::Batch { table, source })?)?;
        }
        Ok(())
    })
}

/// The rows of a file of a table with some of its columns, if they are as declared.
fn rows<const N: usize>(
    file: impl ChunkReader + 'static,
    table: &'static str,
    columns: [(&'static str, Type); N],
) -> Result<ParquetRecordBatchReader, ReadError> {
    present_rows(file, table, &columns, false)
}

/// The same; the file may lack columns if `may_lack`.
fn present_rows(
    file: impl ChunkReader + 'static,
    table: &'static str,
    columns: &[(&'static str, Type)],
    may_lack: bool,
) -> Result<ParquetRecordBatchReader, ReadError> {
    let metadata = checked(&file, table, columns, may_lack)?;
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    built(projected(builder, columns), table)
}

/// The footer of a file of a table whose columns are as declared; the file may lack columns if `may_lack`.
fn checked(
    file: &impl ChunkReader,
    table: &'static str,
    columns: &[(&'static str, Type)],
    may_lack: bool,
) -> Result<ArrowReaderMetadata, ReadError> {
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = ArrowReaderMetadata::load(file, options)
        .map_err(|source| ReadError::NotParquet { size_bytes: file.len(), source })?;
    let footer = footer_of(metadata.metadata().file_metadata())?;
    if footer.table != table {
        return Err(ReadError::OtherTable { expected: table, found: footer.table });
    }
    if footer.schema_version > SCHEMA_VERSION {
        return Err(ReadError::LaterSchema { table, found: footer.schema_version });
    }
    for (column, expected) in columns.iter().copied() {
        let field = metadata.schema().field_with_name(column).ok();
        let found = field.map(|field| field.data_type().clone());
        let is_valid = match &found {
            Some(found) => *found == expected.arrow(),
            None => may_lack,
        };
        if !is_valid {
            let found = found.as_ref().map_or("no such column".to_owned(), DataType::to_string);
            return Err(ReadError::Column { table, column, expected, found });
        }
    }
    Ok(metadata)
}

fn projected<T: ChunkReader + 'static>(
    builder: ParquetRecordBatchReaderBuilder<T>,
    columns: &[(&'static str, Type)],
) -> ParquetRecordBatchReaderBuilder<T> {
    let names = columns.iter().map(|(name, _)| *name);
    let mask = ProjectionMask::columns(builder.parquet_schema(), names);
    builder.with_projection(mask)
}

fn built<T: ChunkReader + 'static>(
    builder: ParquetRecordBatchReaderBuilder<T>,
    table: &'static str,
) -> Result<ParquetRecordBatchReader, ReadError> {
    builder.build().map_err(|source| ReadError::Rows { table, source })
}

/// Rows whose texts are numbers of entries of a dictionary, as the file has them.
pub(crate) struct DictionaryRows {
    reader: ParquetRecordBatchReader,
    all_columns: Vec<String>,
}

impl DictionaryRows {
    /// The names of all columns of the file.
    pub(crate) fn all_columns(&self) -> &[String] {
        &self.all_columns
    }
}

impl Iterator for DictionaryRows {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.reader.next()
    }
}

/// The rows of a file of a table with those of the columns that it has, and texts as dictionaries.
pub(crate) fn dictionary_rows(
    file: impl ChunkReader + 'static,
    table: &'static str,
    columns: &[(&'static str, Type)],
) -> Result<DictionaryRows, ReadError> {
    /// Rows that are decoded at a time.
    const BATCH_ROWS: usize = 8 * 1024;
    let metadata = checked(&file, table, columns, true)?;
    let is_text =
        |name: &str| columns.iter().any(|(column, kind)| *column == name && *kind == Type::Text);
    let fields = metadata.schema().fields().iter().map(|field| {
        if !is_text(field.name()) {
            return Arc::clone(field);
        }
        let texts = DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into());
        Arc::new(Field::new(field.name(), texts, field.is_nullable()))
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let all_columns = schema.fields().iter().map(|field| field.name().clone()).collect();
    let options = ArrowReaderOptions::new().with_schema(schema);
    let metadata = ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options)
        .map_err(|source| ReadError::Rows { table, source })?;
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    let builder = projected(builder, columns).with_batch_size(BATCH_ROWS);
    Ok(DictionaryRows { reader: built(builder, table)?, all_columns })
}

/// A column of some rows, which are in order.
pub(crate) fn rows_at(
    file: impl ChunkReader + 'static,
    table: &'static str,
    column: (&'static str, Type),
    rows: &[u64],
) -> Result<ParquetRecordBatchReader, ReadError> {
    let metadata = checked(&file, table, &[column], false)?;
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    let n_rows = builder.metadata().file_metadata().num_rows();
    let n_rows = usize::try_from(n_rows).unwrap_or_default();
    let places = rows.iter().filter_map(|row| usize::try_from(*row).ok());
    let ranges = places.filter(|place| *place < n_rows).map(|place| place..place + 1);
    let selection = RowSelection::from_consecutive_ranges(ranges, n_rows);
    built(projected(builder, &[column]).with_row_selection(selection), table)
}

fn text<'a>(
    batch: &'a RecordBatch,
    column: &'static str,
    row: usize,
) -> Result<&'a str, ReadError> {
    let values = batch[column].as_string::<i32>();
    values.is_valid(row).then(|| values.value(row)).ok_or_else(|| value(column, "a text", "null"))
}

fn count(batch: &RecordBatch, column: &'static str, row: usize) -> Result<u64, ReadError> {
    let values = batch[column].as_primitive::<Int64Type>();
    let found = values.is_valid(row).then(|| values.value(row));
    found.and_then(|found| u64::try_from(found).ok()).ok_or_else(|| {
        let found = found.map_or("null".to_owned(), |found| found.to_string());
        value(column, "a count of 0 or more", &found)
    })
}

fn status(text: &str) -> Result<Status, ReadError> {
    let known = Status::ALL.into_iter().find(|status| status.as_str() == text);
    known.ok_or_else(|| value(STATUS, "read or unreadable", &format!("{text:?}")))
}

fn value(column: &'static str, expected: &'static str, found: &str) -> ReadError {
    ReadError::Value { table: INGEST.name, column, expected, found: found.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn panic_of_the_reader_is_an_error_with_its_text() {
        let found = surviving::<()>("ingest", || panic!("offset {} is wrong", 7));
        let source = found.expect_err("it panics").source().map(ToString::to_string);
        let expected = "Parquet error: the reader panicked: offset 7 is wrong";
        assert_eq!(source.as_deref(), Some(expected));
    }
}
