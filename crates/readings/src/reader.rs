//! Reads rows back from an Arrow IPC stream.

mod columns;

use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_ipc::reader::StreamReader;
use arrow_schema::{ArrowError, Schema};
use bedrock::Fingerprint;
use serde::Deserialize;

use columns::Columns;

use crate::made_with::MadeWith;
use crate::row::Row;
use crate::schema::{FORMAT, METADATA, Metadata};

/// Why rows cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The stream ends before its end marker.
    #[error("the readings are cut off: expected a whole Arrow stream, found no end marker")]
    CutOff,
    /// Something follows the end marker.
    #[error("expected one Arrow stream, found more behind its end marker")]
    MoreThanOne,
    /// It is no stream of readings.
    #[error(
        "expected readings, found an Arrow stream without `{METADATA}` in the metadata of its schema"
    )]
    NotReadings,
    /// The readings are of another version.
    #[error(
        "expected readings of format {FORMAT}, found format {found}: read the objects again with this version"
    )]
    Format {
        /// The version.
        found: u32,
    },
    /// They were made with something else.
    #[error("the readings were made with other options: {difference}")]
    MadeWith {
        /// Which, with what was expected and what was found.
        difference: String,
    },
    /// A column is missing or has another type.
    #[error("expected a column `{name}` of type {expected}, found {found}")]
    Column {
        /// The column.
        name: &'static str,
        /// Its type.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A row cannot be used.
    #[error("row of `{key}` and {dt}: {reason}")]
    Row {
        /// The key of its object.
        key: String,
        /// Its day, as it says itself.
        dt: String,
        /// Why.
        reason: String,
    },
    /// It is no Arrow stream.
    #[error("expected an Arrow stream")]
    Arrow(#[source] ArrowError),
    /// It cannot be read.
    #[error("the readings cannot be read")]
    Io(#[source] io::Error),
}

/// Reads rows back, in the order of the stream. After an error nothing follows.
#[derive(Debug)]
pub struct Reader<R: Read> {
    stream: StreamReader<Watched<R>>,
    has_ended: Arc<AtomicBool>,
    made_with: Fingerprint,
    has_invocation_logs: bool,
    /// The rows that come next.
    batch: Option<Columns>,
    is_done: bool,
}

/// A stream that tells whether somebody has read to its end. Nobody does who has found an end marker.
#[derive(Debug)]
struct Watched<R> {
    bytes: BufReader<R>,
    has_ended: Arc<AtomicBool>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(out)?;
        if count == 0 && !out.is_empty() {
            self.has_ended.store(true, Ordering::Relaxed);
        }
        Ok(count)
    }
}

impl<R: Read> Reader<R> {
    /// Begins to read readings that were made with what is expected.
    ///
    /// # Errors
    /// If they are of another version, were made with something else, or are none.
    pub fn new(reader: R, expected: &MadeWith) -> Result<Self, ReadError> {
        let has_ended = Arc::new(AtomicBool::new(false));
        let bytes = BufReader::new(reader);
        let watched = Watched { bytes, has_ended: Arc::clone(&has_ended) };
        let stream = StreamReader::try_new(watched, None);
        let stream = stream.map_err(|error| ReadError::of_arrow(error, &has_ended))?;
        let has_invocation_logs = check_metadata(&stream.schema(), expected)?.has_invocation_logs;
        let made_with = expected.fingerprint();
        Ok(Reader {
            stream,
            has_ended,
            made_with,
            has_invocation_logs,
            batch: None,
            is_done: false,
        })
    }

    /// Whether model invocation logs were read too.
    pub fn has_invocation_logs(&self) -> bool {
        self.has_invocation_logs
    }

    fn next_row(&mut self) -> Result<Option<Row>, ReadError> {
        loop {
            if let Some(row) = self.batch.as_mut().and_then(Columns::next) {
                return row.unpack(self.made_with).map(Some);
            }
            match self.stream.next() {
                Some(Ok(batch)) => self.batch = Some(Columns::of(&batch)?),
                Some(Err(error)) => return Err(ReadError::of_arrow(error, &self.has_ended)),
                None if self.has_ended.load(Ordering::Relaxed) => return Err(ReadError::CutOff),
                None => return self.end(),
            }
        }
    }

    /// Checks that the stream ends where it says so.
    fn end(&mut self) -> Result<Option<Row>, ReadError> {
        match io::copy(&mut self.stream.get_mut().by_ref().take(1), &mut io::sink()) {
            Ok(0) => Ok(None),
            Ok(_) => Err(ReadError::MoreThanOne),
            Err(error) => Err(ReadError::Io(error)),
        }
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Row, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let row = self.next_row();
        self.is_done = !matches!(row, Ok(Some(_)));
        row.transpose()
    }
}

/// Checks the version first: what else the metadata says is that version's own.
fn check_metadata(schema: &Schema, expected: &MadeWith) -> Result<MadeWith, ReadError> {
    #[derive(Deserialize)]
    struct Versioned {
        format: u32,
    }
    let text = schema.metadata().get(METADATA).ok_or(ReadError::NotReadings)?;
    let Versioned { format } = serde_json::from_str(text).map_err(|_| ReadError::NotReadings)?;
    if format != FORMAT {
        return Err(ReadError::Format { found: format });
    }
    let found = serde_json::from_str::<Metadata>(text).map_err(|_| ReadError::NotReadings)?;
    match expected.difference(&found.made_with) {
        None => Ok(found.made_with),
        Some(difference) => Err(ReadError::MadeWith { difference }),
    }
}

impl ReadError {
    fn of_arrow(error: ArrowError, has_ended: &AtomicBool) -> Self {
        match error {
            _ if has_ended.load(Ordering::Relaxed) => ReadError::CutOff,
            ArrowError::IoError(_, error) => ReadError::Io(error),
            error => ReadError::Arrow(error),
        }
    }
}
