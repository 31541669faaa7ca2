//! A log file's text, taken apart into the texts of its records: JSON, lines of an export of CloudWatch
//! Logs, or CSV. Which of them it is, its beginning tells; what wraps the records in JSON, their keys (see
//! [`envelope`](crate::envelope)).

mod columns;
mod csv;
mod export;
pub(crate) mod json;
mod struct_text;

use std::io::{self, BufReader, Cursor, Read};

use serde_json::value::RawValue;

use crate::object::{STREAM_WINDOW_BYTES, Unreadable};
use crate::reject::Rejection;

/// What a document holds, one after the other.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// The text of a record, or of what is where a record should be.
    Record(&'a str),
    /// A line that is no record: log groups hold others. Counted as a skipped record.
    LogLine,
    /// A record that cannot be got at.
    Rejected(Rejection),
    /// Something about all records, as a sentence. Not counted.
    Note(String),
}

/// What was seen in a document.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Seen {
    /// Anything that is known: a record, a list, an envelope.
    pub(crate) is_any: bool,
    /// A list `Records` in no envelope: the document is of the shape that CloudTrail delivers.
    pub(crate) has_records: bool,
}

/// How the records of a text are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Export,
    Csv,
}

/// A text's first line tells its format; in all that is read, it begins and ends within so much.
const MAX_FIRST_LINE_BYTES: usize = 64 * 1024;

impl Format {
    /// The format of a text that begins so.
    fn of(head: &str) -> Option<Self> {
        let head = head.trim_start();
        if head.starts_with(['{', '[']) {
            return Some(Format::Json);
        }
        let first_line = head.lines().next().unwrap_or_default();
        if export::is_line(first_line) {
            return Some(Format::Export);
        }
        csv::is_header(first_line).then_some(Format::Csv)
    }
}

/// Gives what is in a whole text to `each`.
///
/// # Errors
/// If the text is of no known format, broken, or without any record. Records may have been given until
/// there.
pub(crate) fn read_str(text: &str, each: &mut dyn FnMut(Found<'_>)) -> Result<Seen, Unreadable> {
    let head = &text[..text.floor_char_boundary(MAX_FIRST_LINE_BYTES)];
    match Format::of(head) {
        Some(Format::Json) => {
            let deserializer = &mut serde_json::Deserializer::from_str(text);
            json::read::<_, &RawValue>(deserializer, each).map_err(Unreadable::of_json)
        }
        Some(Format::Export) => export::read(text.as_bytes(), each),
        Some(Format::Csv) => csv::read(text.as_bytes(), each),
        None => Err(Unreadable::NeitherGzipNorJson),
    }
}

/// The same for a text in UTF-8 that is read as a stream; one record at a time is held.
///
/// # Errors
/// As [`read_str`], or if reading fails.
pub(crate) fn read_stream(
    mut text: impl Read,
    each: &mut dyn FnMut(Found<'_>),
) -> Result<Seen, Unreadable> {
    let head = head(&mut text).map_err(|error| Unreadable::of_io(&error))?;
    let format = Format::of(&String::from_utf8_lossy(&head));
    let text = BufReader::with_capacity(STREAM_WINDOW_BYTES, Cursor::new(head).chain(text));
    match format {
        Some(Format::Json) => {
            let deserializer = &mut serde_json::Deserializer::from_reader(text);
            json::read::<_, Box<RawValue>>(deserializer, each).map_err(Unreadable::of_json)
        }
        Some(Format::Export) => export::read(text, each),
        Some(Format::Csv) => csv::read(text, each),
        None => Err(Unreadable::NeitherGzipNorJson),
    }
}

/// The beginning of a text: as much as its format needs to be known.
fn head(text: &mut impl Read) -> io::Result<Vec<u8>> {
    let (mut head, mut n_read) = (vec![0; MAX_FIRST_LINE_BYTES], 0);
    loop {
        let count = match text.read(&mut head[n_read..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            count => count?,
        };
        n_read += count;
        let begin = head[..n_read].trim_ascii_start();
        let is_enough =
            begin.starts_with(b"{") || begin.starts_with(b"[") || begin.contains(&b'\n');
        if is_enough || count == 0 {
            head.truncate(n_read);
            return Ok(head);
        }
    }
}
