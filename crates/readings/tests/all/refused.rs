//! Streams that are refused: cut off, of another version, made with other options, rows that cannot be.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::Schema;
use jiff::civil::date;
use readings::{MadeWith, ReadError, Reader, Row, rows_of};
use testkit::Dice;

use crate::generate::{made_with, object, reading};
use crate::round_trip::stream;

fn rows() -> Vec<Row> {
    let mut dice = Dice::new(5);
    let range = date(2026, 10, 4)..=date(2026, 10, 7);
    let mut row = || {
        let (object, reading) = (object(&mut dice), reading(&mut dice));
        rows_of(&object, Ok(reading), |_| true, &[date(2026, 10, 5)], &range)
    };
    row().into_iter().chain(row()).collect()
}

/// How many rows come before the error.
fn error_of(stream: &[u8], expected: &MadeWith) -> (usize, ReadError) {
    let reader = match Reader::new(stream, expected) {
        Ok(reader) => reader,
        Err(error) => return (0, error),
    };
    let mut rows = 0;
    for row in reader {
        match row {
            Ok(_) => rows += 1,
            Err(error) => return (rows, error),
        }
    }
    panic!("{rows} rows without an error");
}

/// The stream as an engine would write it, with another schema or other columns.
fn rewritten(
    stream: &[u8],
    metadata: impl Fn(&str) -> Option<String>,
    columns: impl Fn(&str, ArrayRef) -> Option<ArrayRef>,
) -> Vec<u8> {
    let reader = StreamReader::try_new(stream, None).expect("a stream");
    let old = reader.schema();
    let (key, text) = old.metadata().iter().next().expect("metadata");
    let metadata = metadata(text).map(|text| HashMap::from([(key.clone(), text)]));
    let batches = reader.map(|batch| {
        let batch = batch.expect("a batch");
        let columns = old.fields().iter().zip(batch.columns()).filter_map(|(field, column)| {
            let column = columns(field.name(), Arc::clone(column))?;
            Some((field.as_ref().clone().with_data_type(column.data_type().clone()), column))
        });
        let (fields, columns): (Vec<_>, Vec<_>) = columns.unzip();
        let schema = Schema::new_with_metadata(fields, metadata.clone().unwrap_or_default());
        RecordBatch::try_new(Arc::new(schema), columns).expect("a batch")
    });
    let batches = batches.collect::<Vec<_>>();
    let mut writer = StreamWriter::try_new(Vec::new(), &batches[0].schema()).expect("a stream");
    batches.iter().for_each(|batch| writer.write(batch).expect("a batch"));
    writer.into_inner().expect("a stream")
}

fn same(_: &str, column: ArrayRef) -> Option<ArrayRef> {
    Some(column)
}

#[test]
fn stream_that_ends_early_is_an_error_at_every_byte() {
    let stream = stream(&rows());
    for end in 0..stream.len() {
        let (_, error) = error_of(&stream[..end], &made_with());
        assert!(matches!(error, ReadError::CutOff), "{end} of {}: {error:?}", stream.len());
    }
}

#[test]
fn stream_behind_another_is_an_error() {
    let stream = stream(&rows());
    let twice = [stream.as_slice(), &stream].concat();
    let (found, error) = error_of(&twice, &made_with());
    assert_eq!(found, rows().len());
    assert!(matches!(error, ReadError::MoreThanOne), "{error:?}");
}

#[test]
fn readings_of_another_format_are_refused_by_number() {
    let other = |text: &str| Some(text.replace("\"format\":2", "\"format\":1"));
    let (_, error) = error_of(&rewritten(&stream(&rows()), other, same), &made_with());
    let expected =
        "expected readings of format 2, found format 1: read the objects again with this version";
    assert_eq!(error.to_string(), expected);
    let (_, error) = error_of(&rewritten(&stream(&rows()), |_| None, same), &made_with());
    assert!(error.to_string().starts_with("expected readings, found an Arrow stream without"));
}

#[test]
fn readings_made_with_other_options_are_refused_with_what_differs() {
    let stream = stream(&rows());
    let same = made_with();
    for (expected, difference) in [
        (
            MadeWith { late_window_minutes: 60, ..same.clone() },
            "late window in minutes: expected `60`, found `360`",
        ),
        (
            MadeWith { hoptrail: "0.2.0".into(), reading: "any file".into(), ..same.clone() },
            "hoptrail: expected `0.2.0`, found `0.1.0`; \
             reading: expected `any file`, found `log files, one member`",
        ),
        (
            MadeWith { request_metadata: Vec::new(), ..same.clone() },
            "request metadata: expected ``, found `team`",
        ),
        (
            MadeWith { omitted: vec!["source_ip".into()], ..same.clone() },
            "omitted columns: expected `source_ip`, found ``",
        ),
    ] {
        let (_, error) = error_of(&stream, &expected);
        let expected = format!("the readings were made with other options: {difference}");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn rows_made_with_other_options_are_refused_under_a_schema_that_fits() {
    let expected = MadeWith { late_window_minutes: 60, ..made_with() };
    let minutes = |text: &str| Some(text.replace("360", "60"));
    let (found, error) = error_of(&rewritten(&stream(&rows()), minutes, same), &expected);
    assert_eq!(found, 0);
    let error = error.to_string();
    assert!(error.ends_with("it was made with other options, or by another version"), "{error}");
}

#[test]
fn columns_that_are_missing_or_cannot_be_are_refused() {
    let text = |text: &str| Some(text.to_owned());
    let check = |changed: &str, value: fn(usize) -> Option<ArrayRef>, expected: &str| {
        let columns = |name: &str, column: ArrayRef| match name == changed {
            true => value(column.len()),
            false => Some(column),
        };
        let (_, error) = error_of(&rewritten(&stream(&rows()), text, columns), &made_with());
        let error = error.to_string();
        assert!(error.contains(expected), "{changed}: {error}");
    };
    check("key", |_| None, "expected a column `key` of type Utf8, found none");
    let numbers = |rows| Some(Arc::new(Int64Array::from(vec![-1; rows])) as ArrayRef);
    let texts = |rows| Some(Arc::new(StringArray::from(vec!["x"; rows])) as ArrayRef);
    let nulls = |rows| Some(Arc::new(StringArray::new_null(rows)) as ArrayRef);
    check("dt", numbers, "expected a column `dt` of type Utf8, found Int64");
    check("dt", texts, "expected a day as YYYY-MM-DD in `dt`, found `x`");
    check("dt", nulls, "expected a value of `dt`, found null");
    check("source", texts, "expected a source of `cloudtrail` or `invocation_log`, found `x`");
    check("bytes", numbers, "expected a count in `bytes`, found -1");
    check("sha256", texts, "expected a SHA-256, found `x`");
    // A row that says of itself that it is unreadable has no calls.
    check("unreadable", texts, "something follows its last value");
    let ones = |rows| Some(Arc::new(Int64Array::from(vec![1000; rows])) as ArrayRef);
    check("calls", ones, "it has another number of calls than its column");
}
