//! Tables of records as CSV: query results of CloudTrail Lake, and exports of Athena.
//!
//! The header has the names of a record's fields, at least `eventID`, `eventTime`, `eventSource`, and
//! `eventName`, in any order and case (see [`columns`](super::columns)). A column `eventJson` has the record
//! itself.

use std::io::{self, Read};

use super::columns::{COLUMNS, Column, Restored, column};
use super::{Found, Seen, json};
use crate::object::Unreadable;
use crate::reject::Rejection;

/// The column of CloudTrail Lake that has the event as JSON.
const EVENT_JSON: &str = "eventJson";

/// Whether a line is a header with columns of a record: two, because a word alone may be a text.
pub(super) fn is_header(line: &str) -> bool {
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
    let Some(Ok(names)) = reader.records().next() else { return false };
    names.iter().filter(|name| is_known(name.trim())).count() >= 2
}

fn is_known(name: &str) -> bool {
    column(name).is_some() || name.eq_ignore_ascii_case(EVENT_JSON)
}

/// Gives the records of a table.
///
/// # Errors
/// If a column is missing without which there is no call, a quote is misplaced, or a row has more or fewer
/// values than the header.
pub(super) fn read(text: impl Read, each: &mut dyn FnMut(Found<'_>)) -> Result<Seen, Unreadable> {
    let mut reader = ::csv::ReaderBuilder::new().from_reader(Quotes::new(text));
    let header = Header::read(reader.headers().map_err(of_csv)?)?;
    if let Some(note) = header.note() {
        each(Found::Note(note));
    }
    let mut row = ::csv::StringRecord::new();
    while reader.read_record(&mut row).map_err(of_csv)? {
        let event = header.event_json.and_then(|index| row.get(index)).unwrap_or_default().trim();
        if !event.is_empty() {
            json::read_text(event, EVENT_JSON, each);
            continue;
        }
        match header.record(&row) {
            Ok(record) => each(Found::Record(&record)),
            Err(rejection) => each(Found::Rejected(rejection)),
        }
    }
    Ok(Seen { is_any: true, has_records: false })
}

fn of_csv(error: ::csv::Error) -> Unreadable {
    let line = error.position().map_or(1, ::csv::Position::line);
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => Unreadable::of_io(&error),
        ::csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let reason = format!("expected {expected_len} values, found {len}");
            Unreadable::Csv { line, reason }
        }
        _ => Unreadable::Csv { line, reason: "expected UTF-8".to_owned() },
    }
}

/// The columns of a table.
struct Header {
    /// The known column at each position.
    columns: Vec<Option<&'static Column>>,
    event_json: Option<usize>,
}

impl Header {
    fn read(names: &::csv::StringRecord) -> Result<Self, Unreadable> {
        let columns = names.iter().map(|name| column(name.trim())).collect::<Vec<_>>();
        let is_event = |name: &str| name.trim().eq_ignore_ascii_case(EVENT_JSON);
        let header = Header { columns, event_json: names.iter().position(is_event) };
        let number = |column: &Column| {
            header.columns.iter().flatten().filter(|found| found.name == column.name).count()
        };
        if let Some(twice) = COLUMNS.iter().find(|column| number(column) > 1) {
            let reason = format!("expected the column {} once, found it twice", twice.name);
            return Err(Unreadable::Csv { line: 1, reason });
        }
        let missing = header.missing(|column| column.kind.is_required());
        match header.event_json.is_none() && !missing.is_empty() {
            true => Err(Unreadable::MissingColumns { names: missing }),
            false => Ok(header),
        }
    }

    /// The names of the columns of some kind that there are none of.
    fn missing(&self, is_asked: impl Fn(&Column) -> bool) -> String {
        let is_missing = |column: &&Column| {
            is_asked(column)
                && !self.columns.iter().flatten().any(|found| found.name == column.name)
        };
        let names = COLUMNS.iter().filter(is_missing).map(|column| column.name);
        names.collect::<Vec<_>>().join(", ")
    }

    /// What is null because there is no column for it.
    fn note(&self) -> Option<String> {
        let missing = self.missing(|column| !column.kind.is_optional());
        let is_whole = self.event_json.is_some() || missing.is_empty();
        (!is_whole).then(|| format!("columns that are missing, whose values are null: {missing}"))
    }

    /// The record of a row as JSON.
    fn record(&self, row: &::csv::StringRecord) -> Result<String, Rejection> {
        let mut record = Restored::default();
        for (column, value) in self.columns.iter().zip(row) {
            if let Some(column) = column {
                record.add_text(column, value);
            }
        }
        record.finish()
    }
}

/// A text whose quotes are checked on the way: quotes begin and end values, and are doubled in them. The
/// reader of CSV takes others as they come, and would join rows silently.
struct Quotes<R> {
    text: R,
    state: Quote,
    line: u64,
    /// The line on which the last quoted value began.
    opened: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quote {
    /// At the beginning of a value.
    Begin,
    /// In a value without quotes.
    Plain,
    /// In a value with quotes.
    Inside,
    /// Behind a quote in a value with quotes: its end, or the first of two.
    Behind,
}

impl<R: Read> Quotes<R> {
    fn new(text: R) -> Self {
        Quotes { text, state: Quote::Begin, line: 1, opened: 1 }
    }

    fn step(&mut self, byte: u8) -> Result<(), &'static str> {
        self.line += u64::from(byte == b'\n');
        self.state = match (self.state, byte) {
            (Quote::Begin, b'"') => {
                self.opened = self.line;
                Quote::Inside
            }
            (Quote::Behind, b'"') => Quote::Inside,
            (Quote::Inside, b'"') => Quote::Behind,
            (Quote::Inside, _) => Quote::Inside,
            (_, b',' | b'\r' | b'\n') => Quote::Begin,
            (Quote::Plain, b'"') => return Err("expected a value without quotes, found one"),
            (Quote::Behind, _) => {
                return Err("expected a comma behind the quote of a value, or two quotes in it");
            }
            _ => Quote::Plain,
        };
        Ok(())
    }
}

impl<R: Read> Read for Quotes<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let broken = |line, reason: &str| {
            let error = Unreadable::Csv { line, reason: reason.to_owned() };
            io::Error::new(io::ErrorKind::InvalidData, error)
        };
        let count = self.text.read(out)?;
        for byte in &out[..count] {
            self.step(*byte).map_err(|reason| broken(self.line, reason))?;
        }
        if count == 0 && !out.is_empty() && self.state == Quote::Inside {
            return Err(broken(self.opened, "expected the end of a quoted value, found none"));
        }
        Ok(count)
    }
}
