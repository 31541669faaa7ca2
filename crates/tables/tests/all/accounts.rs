//! The table `accounts`, written and read back.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use bedrock::{Account, Accounts};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use tables::accounts::{read, write};
use tables::write_empty;

fn accounts(rows: &[(&str, &str, &str)]) -> Accounts {
    let mut accounts = Accounts::default();
    for (id, name, ou) in rows {
        accounts.add(Account::new(id, name, ou).expect("an ID")).expect("each once");
    }
    accounts
}

/// A file of another make with these ids.
fn file(ids: &[Option<&str>]) -> Bytes {
    let entry = |key: &str, value: &str| KeyValue::new(key.to_owned(), value.to_owned());
    let entries = vec![
        entry("hoptrail.table", "accounts"),
        entry("hoptrail.schema_version", "6"),
        entry("hoptrail.version", "0.2.0"),
    ];
    let ids = Arc::new(StringArray::from(ids.to_vec())) as ArrayRef;
    let batch = RecordBatch::try_from_iter([("account_id", ids)]).expect("a column");
    let properties = WriterProperties::builder().set_key_value_metadata(Some(entries)).build();
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).expect("a schema");
    writer.write(&batch).expect("memory");
    writer.close().expect("memory");
    Bytes::from(bytes)
}

#[test]
fn accounts_are_read_as_they_were_written_and_in_any_order() {
    let long = "n".repeat(10_000);
    let rows = [
        ("999999999999", "\u{1b}[2J\n\"', é", "Prod/EU"),
        ("000000000001", "", ""),
        ("111122223333", long.as_str(), ""),
    ];
    let listed = accounts(&rows);
    let written = write(&listed, Vec::new()).expect("the rows fit");
    assert_eq!(read(&Bytes::from(written.clone())).expect("a table"), listed);
    let mut backwards = rows;
    backwards.reverse();
    assert_eq!(write(&accounts(&backwards), Vec::new()).expect("the rows fit"), written);
    let empty = write_empty("accounts", Vec::new()).expect("no rows fit");
    assert!(read(&Bytes::from(empty)).expect("a table").is_empty());
}

#[test]
fn account_that_cannot_be_is_named() {
    let known = read(&file(&[Some("111122223333")])).expect("a column that is there is enough");
    assert_eq!(known, accounts(&[("111122223333", "", "")]));
    for (ids, expected) in [
        (
            &[Some("111122223333"), Some("111122223333")][..],
            "table accounts: expected each account once in account_id, found 111122223333 twice",
        ),
        (&[Some("1")], "table accounts: expected 12 digits in account_id, found \"1\""),
        (&[None], "table accounts: expected 12 digits in account_id, found \"\""),
    ] {
        assert_eq!(read(&file(ids)).expect_err(expected).to_string(), expected);
    }
}

#[test]
fn damage_is_an_error_or_changes_names_alone() {
    let listed = accounts(&[("111122223333", "Payments", "Prod"), ("444455556666", "Lab", "")]);
    let whole = write(&listed, Vec::new()).expect("the rows fit");
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        // No panic, and no account twice.
        if let Ok(found) = read(&Bytes::from(damaged)) {
            assert!(found.iter().count() <= 2, "{at}");
        }
    }
    for end in [whole.len() - 1, whole.len() / 2, 0] {
        assert!(read(&Bytes::copy_from_slice(&whole[..end])).is_err(), "{end}");
    }
    let other = write_empty("ingest", Vec::new()).expect("no rows fit");
    let error = read(&Bytes::from(other)).expect_err("another table").to_string();
    assert_eq!(error, "expected the table accounts, found \"ingest\"");
}
