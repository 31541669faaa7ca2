//! What is read back of a file that was written before.

use std::error::Error as _;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use tables::read::{Footer, IngestedObject, ReadError, footer, ingest};
use tables::table::SCHEMA_VERSION;
use tables::{INGEST, IngestRow, MODEL_COSTS, References, Status, write};

/// An `ingest` of objects with these keys; the number of an object is its index.
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
        account_id: None,
        region: None,
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
    let entries =
        entries.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), (*value).to_owned()));
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
    [("hoptrail.table", "ingest"), ("hoptrail.schema_version", "1"), ("hoptrail.version", "0.1.0")];

/// An `ingest` with one row of these values.
fn ingest_of(key: &str, status: Option<&str>, bytes: ArrayRef, written: Option<i64>) -> Bytes {
    let columns = [
        ("key", one_text(Some(key))),
        ("status", one_text(status)),
        ("bytes", bytes),
        ("written", one_count(written)),
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
    check(Bytes::from_static(b"{}"), "expected a Parquet file, found 2 bytes without its footer");
    let costs = write(&MODEL_COSTS, References::default(), &[], Vec::new()).expect("no rows fit");
    check(Bytes::from(costs), "expected the table ingest, found \"model_costs\"");
    let [table, version, tool] = ENTRIES;
    for (entries, expected) in [
        (
            &[][..],
            "expected hoptrail.schema_version in the footer of a file of hoptrail, found no such entry",
        ),
        (
            &[table, (version.0, "one"), tool],
            "expected a number as hoptrail.schema_version in the footer, found \"one\"",
        ),
        (
            &[table, (version.0, "99"), tool],
            "table ingest: expected at most schema version 7, found 99",
        ),
        (&ENTRIES, "table ingest: expected a column status of type string, found no such column"),
    ] {
        check(file(&[("key", one_text(Some("a")))], entries), expected);
    }
    let (read, five) = (Some("read"), one_count(Some(5)));
    for (status, bytes, written, expected) in [
        (read, one_text(Some("5")), Some(1), "a column bytes of type bigint, found Utf8"),
        (Some("lost"), five.clone(), Some(1), "read or unreadable in status, found \"lost\""),
        (None, five.clone(), Some(1), "a text in status, found null"),
        (read, one_count(Some(-5)), Some(1), "a count of 0 or more in bytes, found -5"),
        (read, five, None, "a count of 0 or more in written, found null"),
    ] {
        let file = ingest_of("a", status, bytes, written);
        check(file, &format!("table ingest: expected {expected}"));
    }
}

#[test]
fn damaged_pages_are_an_error() {
    let keys = (0..100).map(|n| format!("{n:03}")).collect::<Vec<_>>();
    let keys = keys.iter().map(String::as_str).collect::<Vec<_>>();
    let whole = written(&keys, |n| row(n, Status::Read, n.into(), n.into()));
    let mut damaged = whole.clone();
    // The pages are between the magic bytes and the footer.
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
