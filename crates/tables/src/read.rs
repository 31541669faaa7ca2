//! What a run has to know of a file that was written before: what its footer says of it, which objects
//! an `ingest` names, and which events `invocations` holds.
//!
//! Only files of hoptrail are read, and what they lack is an error, never a default: a run that takes
//! a file for something else could let source objects go that stand nowhere any more.

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type};
use arrow::error::ArrowError;
use bedrock::CallId;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
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

const EVENT_ID: &str = "event_id";
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

/// Parquet's reader asserts some of what damaged offsets break. Damage is an error of the file and must
/// not end the run.
fn surviving<T>(
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

/// The rows of a file of a table with some of its columns, if they are as declared.
fn rows<const N: usize>(
    file: impl ChunkReader + 'static,
    table: &'static str,
    columns: [(&'static str, Type); N],
) -> Result<ParquetRecordBatchReader, ReadError> {
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let size_bytes = file.len();
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)
        .map_err(|source| ReadError::NotParquet { size_bytes, source })?;
    let footer = footer_of(builder.metadata().file_metadata())?;
    if footer.table != table {
        return Err(ReadError::OtherTable { expected: table, found: footer.table });
    }
    if footer.schema_version > SCHEMA_VERSION {
        return Err(ReadError::LaterSchema { table, found: footer.schema_version });
    }
    for (column, expected) in columns {
        let field = builder.schema().field_with_name(column).ok();
        let found = field.map(|field| field.data_type().clone());
        if found != Some(expected.arrow()) {
            let found = found.as_ref().map_or("no such column".to_owned(), DataType::to_string);
            return Err(ReadError::Column { table, column, expected, found });
        }
    }
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.map(|(name, _)| name));
    let reader = builder.with_projection(mask).build();
    reader.map_err(|source| ReadError::Rows { table, source })
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
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::file::metadata::KeyValue;
    use parquet::file::properties::WriterProperties;

    use super::*;
    use crate::{IngestRow, MODEL_COSTS, References, write};

    /// An `ingest` of objects with these keys; the number of an object is its place.
    fn written(keys: &[&str], row: impl Fn(u32) -> IngestRow) -> Vec<u8> {
        let objects = keys.iter().map(|key| Arc::from(*key)).collect::<Vec<_>>();
        let references = References { objects: &objects, ..References::default() };
        let rows = (0..).zip(keys).map(|(object, _)| row(object)).collect::<Vec<_>>();
        write(&INGEST, references, &rows, Vec::new()).expect("the rows fit")
    }

    fn two_rows() -> Vec<u8> {
        written(&["a", "b"], |object| match object {
            0 => row(object, Status::Read, 5, 3),
            _ => row(object, Status::Unreadable, 7, 0),
        })
    }

    fn row(object: u32, status: Status, bytes: i64, written: i64) -> IngestRow {
        IngestRow {
            object,
            delivery_day: None,
            bytes,
            status,
            reason: None,
            records: written,
            calls: written,
            skipped: 0,
            rejected: 0,
            written,
            duplicates: 0,
            other_day: 0,
            digest_status: None,
        }
    }

    fn object(key: &str, status: Status, bytes: u64, written: u64) -> IngestedObject {
        IngestedObject { key: key.to_owned(), status, bytes, written }
    }

    /// A file of another make: the columns, each of one row, and the entries of its footer.
    fn file(columns: &[(&str, ArrayRef)], entries: &[(&str, &str)]) -> Bytes {
        let columns = columns.iter().map(|(name, values)| (*name, Arc::clone(values), true));
        let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one row");
        let entries = entries
            .iter()
            .map(|(key, value)| KeyValue::new((*key).to_owned(), (*value).to_owned()));
        let properties =
            WriterProperties::builder().set_key_value_metadata(Some(entries.collect())).build();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties))
            .expect("a schema that Parquet has");
        writer.write(&batch).expect("memory");
        writer.close().expect("memory");
        Bytes::from(bytes)
    }

    fn one_text(text: Option<&str>) -> ArrayRef {
        Arc::new(StringArray::from(vec![text]))
    }

    fn one_count(count: Option<i64>) -> ArrayRef {
        Arc::new(Int64Array::from(vec![count]))
    }

    const ENTRIES: [(&str, &str); 3] =
        [(TABLE_KEY, "ingest"), (SCHEMA_VERSION_KEY, "1"), (TOOL_VERSION_KEY, "0.1.0")];

    /// An `ingest` with one row of these values.
    fn ingest_of(key: &str, status: Option<&str>, bytes: ArrayRef, written: Option<i64>) -> Bytes {
        let columns = [
            (KEY, one_text(Some(key))),
            (STATUS, one_text(status)),
            (BYTES, bytes),
            (WRITTEN, one_count(written)),
        ];
        file(&columns, &ENTRIES)
    }

    #[test]
    fn what_was_written_is_known_again() {
        let file = Bytes::from(two_rows());
        let expected = Footer {
            table: "ingest".to_owned(),
            schema_version: SCHEMA_VERSION,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            rows: 2,
        };
        assert_eq!(footer(&file).expect("a footer"), expected);
        let expected = [object("a", Status::Read, 5, 3), object("b", Status::Unreadable, 7, 0)];
        assert_eq!(ingest(&file).expect("an ingest"), expected);
        let none = Bytes::from(written(&[], |object| row(object, Status::Read, 0, 0)));
        assert_eq!(ingest(&none).expect("an ingest"), []);
        assert_eq!(footer(&none).expect("a footer").rows, 0);
    }

    #[test]
    fn a_file_from_before_a_column_was_added_is_read() {
        let found = ingest(&ingest_of("a", Some("read"), one_count(Some(1)), Some(2)));
        assert_eq!(found.expect("the columns are there"), [object("a", Status::Read, 1, 2)]);
    }

    #[test]
    fn errors_name_what_is_wrong() {
        let check = |file: Bytes, expected: &str| {
            let error = ingest(&file).expect_err(expected);
            assert_eq!(error.to_string(), expected);
        };
        check(
            Bytes::from_static(b"{}"),
            "expected a Parquet file, found 2 bytes without its footer",
        );
        let costs =
            write(&MODEL_COSTS, References::default(), &[], Vec::new()).expect("no rows fit");
        check(Bytes::from(costs), "expected the table ingest, found \"model_costs\"");
        let key = [(KEY, one_text(Some("a")))];
        check(
            file(&key, &[]),
            "expected hoptrail.schema_version in the footer of a file of hoptrail, found no such entry",
        );
        check(
            file(&key, &[ENTRIES[0], (SCHEMA_VERSION_KEY, "one"), ENTRIES[2]]),
            "expected a number as hoptrail.schema_version in the footer, found \"one\"",
        );
        check(
            file(&key, &[ENTRIES[0], (SCHEMA_VERSION_KEY, "99"), ENTRIES[2]]),
            "table ingest: expected at most schema version 2, found 99",
        );
        check(
            file(&key, &ENTRIES),
            "table ingest: expected a column status of type string, found no such column",
        );
        check(
            ingest_of("a", Some("read"), one_text(Some("5")), Some(1)),
            "table ingest: expected a column bytes of type bigint, found Utf8",
        );
        check(
            ingest_of("a", Some("lost"), one_count(Some(5)), Some(1)),
            "table ingest: expected read or unreadable in status, found \"lost\"",
        );
        check(
            ingest_of("a", None, one_count(Some(5)), Some(1)),
            "table ingest: expected a text in status, found null",
        );
        check(
            ingest_of("a", Some("read"), one_count(Some(-5)), Some(1)),
            "table ingest: expected a count of 0 or more in bytes, found -5",
        );
        check(
            ingest_of("a", Some("read"), one_count(Some(5)), None),
            "table ingest: expected a count of 0 or more in written, found null",
        );
    }

    #[test]
    fn damaged_pages_are_an_error() {
        let keys = (0..100).map(|n| format!("{n:03}")).collect::<Vec<_>>();
        let keys = keys.iter().map(String::as_str).collect::<Vec<_>>();
        let whole = written(&keys, |n| row(n, Status::Read, n.into(), n.into()));
        let mut damaged = whole.clone();
        // The pages stand between the magic bytes and the footer.
        damaged[8..200].fill(0xff);
        let error = ingest(&Bytes::from(damaged)).expect_err("the first column is overwritten");
        assert_eq!(error.to_string(), "table ingest: the rows cannot be decoded");
        assert!(error.source().is_some());
        for end in [whole.len() - 1, whole.len() / 2, 0] {
            let error = ingest(&Bytes::copy_from_slice(&whole[..end])).expect_err("cut short");
            assert!(matches!(error, ReadError::NotParquet { .. }), "{end}: {error}");
        }
    }

    #[test]
    fn a_panic_of_the_reader_is_an_error_with_its_text() {
        let found = surviving::<()>("ingest", || panic!("offset {} is odd", 7));
        let source = found.expect_err("it panics").source().map(ToString::to_string);
        let expected = "Parquet error: the reader panicked: offset 7 is odd";
        assert_eq!(source.as_deref(), Some(expected));
    }

    #[test]
    fn no_damage_ends_the_run() {
        let whole = two_rows();
        for at in 0..whole.len() {
            for bit in [1, 0x80] {
                let mut damaged = whole.clone();
                damaged[at] ^= bit;
                // An error, or the rows, where the damage is in what is not asked for: no panic.
                let damaged = Bytes::from(damaged);
                let _ = (footer(&damaged), ingest(&damaged));
            }
        }
    }
}
