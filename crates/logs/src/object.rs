//! One object of a trail: from its bytes to its calls, with counts that add up.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};

use bedrock::Calls;
use bedrock::alias::DiscoveredAlias;
use serde_json::error::Category;

use crate::document::{self, Shape, TWO_RECORDS};
use crate::gzip::{self, GzipError, Members};
use crate::hash::{Hashed, sha256};
use crate::record::{Note, Record, RecordReader};
use crate::reject::Rejection;
use crate::scratch::Scratch;
use crate::value::is_json;
use crate::walk::{self, Unsupported};

/// How much an object may take, and what is asked of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Objects that inflate to more are inflated as a stream, in bytes.
    pub in_memory_bytes: u64,
    /// Objects that inflate to more are unreadable, in bytes.
    pub inflated_bytes: u64,
    /// Whether an object may be more than one gzip member. CloudTrail never writes such objects, so that
    /// by default what follows the first member makes an object unreadable: it may be forged.
    pub accept_trailing_members: bool,
    /// Whether [`Reading::sha256`] is worked out, which a digest file is compared with.
    pub sha256: bool,
}

impl Limits {
    /// These sizes, one gzip member, and no hash.
    pub const fn new(in_memory_bytes: u64, inflated_bytes: u64) -> Self {
        let (accept_trailing_members, sha256) = (false, false);
        Limits { in_memory_bytes, inflated_bytes, accept_trailing_members, sha256 }
    }

    /// The gzip members that an object may have.
    pub fn members(&self) -> Members {
        if self.accept_trailing_members { Members::All } else { Members::One }
    }
}

/// What an object held. `records = calls + skipped + rejected`.
#[derive(Debug, Default)]
pub struct Reading {
    /// Records of any kind.
    pub records: u64,
    /// Records that are no calls.
    pub skipped: u64,
    /// Calls that cannot be used.
    pub rejected: u64,
    /// The calls, and the events of Bedrock's among `skipped`, in the order of the object.
    pub calls: Calls,
    /// Events of Bedrock's among `skipped` that have no usable ID or time, so that they cannot be counted by
    /// name.
    pub events_without_id: u64,
    /// The first rejected records, as sentences.
    pub rejections: Vec<String>,
    /// What the object says about opaque ARNs.
    pub discovered: Vec<DiscoveredAlias>,
    /// Event names that look like inference and that we do not know, with their number.
    pub unknown_operations: BTreeMap<String, u64>,
    /// The SHA-256 of the inflated text, or of a plain body as it is; only if [`Limits::sha256`] asks
    /// for it. That is what a digest file holds of a log file.
    pub sha256: Option<[u8; 32]>,
}

/// Why an object cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There are no bytes.
    #[error("empty object: expected gzip or JSON")]
    Empty,
    /// It cannot be inflated.
    #[error("{0}")]
    Gzip(GzipError),
    /// It is neither gzip nor JSON.
    #[error("neither gzip nor JSON")]
    NeitherGzipNorJson,
    /// It is no JSON.
    #[error("not JSON at line {line}, column {column}")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// Its JSON ends early.
    #[error("truncated JSON: it ends at line {line}, column {column}")]
    TruncatedJson {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// It has no records.
    #[error("no `Records`: expected an object with `Records`, an array of CloudTrail records")]
    NoRecords,
    /// It has two arrays of records.
    #[error("duplicate key `Records`")]
    TwoRecords,
    /// It is larger than may be.
    #[error("larger than the cap of {cap_bytes} bytes")]
    OverCap {
        /// The cap, in bytes.
        cap_bytes: u64,
    },
    /// A record of it is larger than may be.
    #[error("a record is larger than the cap of {cap_bytes} bytes")]
    RecordOverCap {
        /// The cap, in bytes.
        cap_bytes: u64,
    },
    /// Its bytes could not be had.
    #[error("{0}")]
    Body(String),
}

/// How many rejected records of an object are described one by one.
pub(crate) const MAX_REJECTIONS: usize = 3;

/// The most that a record of a streamed object may take. CloudTrail's own limit for an event is 256 KB
/// (CloudTrail user guide, quotas).
const MAX_RECORD_BYTES: u64 = 64 << 20;

/// The part of a streamed object that is held inflated.
pub(crate) const STREAM_WINDOW_BYTES: usize = 256 * 1024;

/// Reads a whole body. `scratch` is kept by the caller for the next one.
///
/// # Errors
/// If the object is unreadable; nothing of it is used then.
pub fn read_whole(
    body: &[u8],
    shape: Shape,
    limits: &Limits,
    scratch: &mut Scratch,
) -> Result<Reading, Unreadable> {
    if body.is_empty() {
        return Err(Unreadable::Empty);
    }
    let hashed = |text: &[u8], reading: Reading| {
        let sha256 = limits.sha256.then(|| sha256(text));
        Reading { sha256, ..reading }
    };
    if !gzip::is_gzip(body) {
        return read_text(body, shape).map(|reading| hashed(body, reading));
    }
    let cap_bytes = limits.in_memory_bytes.min(limits.inflated_bytes);
    if cap_bytes < limits.inflated_bytes && gzip::stated_bytes(body) > Some(cap_bytes) {
        return read_stream(body, shape, limits);
    }
    let Scratch { text, reader } = scratch;
    match gzip::inflate(body, text, limits.members(), cap_bytes) {
        Ok(text) => {
            let reading =
                read_walking(text, reader).or_else(|Unsupported| read_text(text, shape))?;
            Ok(hashed(text, reading))
        }
        Err(GzipError::OverCap { .. }) if cap_bytes < limits.inflated_bytes => {
            read_stream(body, shape, limits)
        }
        Err(error) => Err(Unreadable::Gzip(error)),
    }
}

/// Reads a body as a stream: what is held does not grow with it, but for the calls in it.
///
/// # Errors
/// As [`read_whole`], or if reading fails.
pub fn read_stream(
    mut body: impl BufRead,
    shape: Shape,
    limits: &Limits,
) -> Result<Reading, Unreadable> {
    let head = body.fill_buf().map_err(|error| Unreadable::Body(error.to_string()))?;
    if head.is_empty() {
        return Err(Unreadable::Empty);
    }
    if gzip::is_gzip(head) {
        let text = gzip::Member::new(body, limits.members(), limits.inflated_bytes);
        read_streamed_text(text, shape, limits)
    } else {
        read_streamed_text(Capped::new(body, limits), shape, limits)
    }
}

fn read_streamed_text(
    text: impl Read,
    shape: Shape,
    limits: &Limits,
) -> Result<Reading, Unreadable> {
    let mut text = Hashed::new(text, limits.sha256);
    let since_record = Cell::new(0);
    let records = RecordsCapped { text: &mut text, since_record: &since_record };
    let window = BufReader::with_capacity(STREAM_WINDOW_BYTES, records);
    let reading = read_with(|each| {
        let each = &mut |record: &str| {
            since_record.set(0);
            each(record);
        };
        document::read_stream(window, shape, each)
    })?;
    // A document that was read was read to the end of its text.
    Ok(Reading { sha256: text.finish(), ..reading })
}

/// Reads a text that a checksum vouches for, of the plain shape that CloudTrail writes. Only records
/// that may be Bedrock's are read. If one of those is no JSON, the strict reader has to read the
/// document from its beginning.
///
/// Of a document that is JSON, both give the same. They differ only in documents that are not JSON and
/// that the strict reader rejects as a whole: where only records that do not name Bedrock are broken, in
/// the ways that [`walk`](crate::walk) lists, those are skipped and all others are read. A body
/// without a checksum is read strictly.
fn read_walking(text: &[u8], reader: &mut RecordReader) -> Result<Reading, Unsupported> {
    let mut reading = Reading::default();
    let walked = walk::records(text, &mut |found| {
        if !found.has_source && !found.has_unicode_escapes {
            reading.skip();
            return Ok(());
        }
        // Records are long: with vectors this takes a third of the standard library's time.
        let record = simdutf8::basic::from_utf8(&text[found.range]).map_err(|_| Unsupported)?;
        let n_rejected = reading.rejected;
        reading.add(reader.read(record));
        // Only the strict reader can tell a broken record from a broken document.
        if reading.rejected > n_rejected && !is_json(record) { Err(Unsupported) } else { Ok(()) }
    });
    reading.calls.texts = reader.take_texts();
    walked.map(|()| reading)
}

fn read_text(text: &[u8], shape: Shape) -> Result<Reading, Unreadable> {
    let begins_as_json = text.trim_ascii_start().first().is_some_and(|b| b"{[".contains(b));
    let found = read_with(|each| document::read_slice(text, shape, each));
    match found {
        Err(Unreadable::NotJson { .. } | Unreadable::TruncatedJson { .. }) if !begins_as_json => {
            Err(Unreadable::NeitherGzipNorJson)
        }
        found => found,
    }
}

fn read_with(
    read: impl FnOnce(&mut dyn FnMut(&str)) -> Result<(), serde_json::Error>,
) -> Result<Reading, Unreadable> {
    let (mut reading, mut reader) = (Reading::default(), RecordReader::default());
    read(&mut |text| reading.add(reader.read(text))).map_err(Unreadable::of_json)?;
    reading.calls.texts = reader.take_texts();
    Ok(reading)
}

impl Reading {
    fn skip(&mut self) {
        self.records += 1;
        self.skipped += 1;
    }

    fn add(&mut self, record: Result<Record, Rejection>) {
        match record {
            Ok(Record::Call(call)) => {
                self.records += 1;
                self.calls.rows.push(call);
                return;
            }
            Ok(Record::Other(event, note)) => {
                match event {
                    Some(event) => self.calls.others.push(event),
                    None => self.events_without_id += 1,
                }
                match note {
                    Note::Nothing => {}
                    Note::Discovered(alias) => self.discovered.push(alias),
                    Note::Unknown(name) => *self.unknown_operations.entry(name).or_default() += 1,
                }
            }
            Ok(Record::Skipped) => {}
            Err(rejection) => {
                self.records += 1;
                self.rejected += 1;
                if self.rejections.len() < MAX_REJECTIONS {
                    self.rejections.push(format!("record {}: {rejection}", self.records));
                }
                return;
            }
        }
        self.skip();
    }

    /// Whether the counts add up.
    pub fn adds_up(&self) -> bool {
        self.records == self.calls.rows.len() as u64 + self.skipped + self.rejected
    }
}

impl Unreadable {
    /// Says what is wrong with a document in our words. The parser's own words may quote the text,
    /// which is not ours to show.
    pub(crate) fn of_json(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            Category::Io => Unreadable::of_io(&error.into()),
            Category::Eof => Unreadable::TruncatedJson { line, column },
            Category::Syntax => Unreadable::NotJson { line, column },
            Category::Data if error.to_string().starts_with(TWO_RECORDS) => Unreadable::TwoRecords,
            Category::Data => Unreadable::NoRecords,
        }
    }

    fn of_io(error: &io::Error) -> Self {
        let inner = error.get_ref();
        if let Some(gzip) = inner.and_then(|inner| inner.downcast_ref::<GzipError>()) {
            return Unreadable::Gzip(gzip.clone());
        }
        if let Some(unreadable) = inner.and_then(|inner| inner.downcast_ref::<Unreadable>()) {
            return unreadable.clone();
        }
        Unreadable::Body(error.to_string())
    }
}

/// A text whose records are each under a cap: a record is held while it is read, and a text without an
/// end to its record would be held whole.
struct RecordsCapped<'c, R> {
    text: R,
    /// What was read since the last record ended, give or take the window that is read ahead.
    since_record: &'c Cell<u64>,
}

impl<R: Read> Read for RecordsCapped<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.text.read(out)?;
        let since_record = self.since_record.get() + count as u64;
        self.since_record.set(since_record);
        if since_record > MAX_RECORD_BYTES + STREAM_WINDOW_BYTES as u64 {
            let error = Unreadable::RecordOverCap { cap_bytes: MAX_RECORD_BYTES };
            return Err(io::Error::new(io::ErrorKind::InvalidData, error));
        }
        Ok(count)
    }
}

/// A plain body under the cap.
pub(crate) struct Capped<'l, R> {
    body: R,
    left_bytes: u64,
    limits: &'l Limits,
}

impl<'l, R: BufRead> Capped<'l, R> {
    pub(crate) fn new(body: R, limits: &'l Limits) -> Self {
        Capped { body, left_bytes: limits.inflated_bytes, limits }
    }
}

impl<R: BufRead> Read for Capped<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.body.read(out)?;
        match self.left_bytes.checked_sub(count as u64) {
            Some(left_bytes) => {
                self.left_bytes = left_bytes;
                Ok(count)
            }
            None => {
                let error = Unreadable::OverCap { cap_bytes: self.limits.inflated_bytes };
                Err(io::Error::new(io::ErrorKind::InvalidData, error))
            }
        }
    }
}
