//! Writes rows as an Arrow IPC stream.

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, Int32Builder, Int64Builder, StringBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, SchemaRef};
use bedrock::Fingerprint;

use crate::made_with::MadeWith;
use crate::payload::{Counts, Log, Packer, Trail};
use crate::row::{Given, Object, Row};
use crate::schema::{CLOUDTRAIL, INVOCATION_LOG, schema};

/// A batch is written once it has so many bytes of payload: what an engine moves at once.
const BATCH_BYTES: usize = 1 << 20;

/// A batch is written once it has so many rows.
const BATCH_ROWS: usize = 1024;

/// A longer payload is refused, in bytes: one more row fits into a batch, whose payloads may have 2 GiB.
const MAX_PAYLOAD_BYTES: usize = 1 << 30;

/// Why rows cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The stream cannot be written.
    #[error("readings cannot be written")]
    Arrow(#[source] ArrowError),
    /// A row cannot be packed.
    #[error("the readings of {key} cannot be packed")]
    Pack {
        /// The key of its object.
        key: String,
        /// Why.
        #[source]
        source: postcard::Error,
    },
    /// A row is too long.
    #[error(
        "the readings of {key} are too long for a row: expected up to {MAX_PAYLOAD_BYTES} bytes, found {bytes}"
    )]
    TooLong {
        /// The key of its object.
        key: String,
        /// How many bytes its payload has.
        bytes: usize,
    },
    /// What the readings were made with cannot be written.
    #[error("what readings were made with cannot be written")]
    MadeWith(#[source] serde_json::Error),
}

impl WriteError {
    /// Whether nobody reads the stream any more.
    pub fn is_broken_pipe(&self) -> bool {
        let WriteError::Arrow(ArrowError::IoError(_, error)) = self else { return false };
        error.kind() == io::ErrorKind::BrokenPipe
    }
}

/// Writes rows as an Arrow IPC stream. Without [`Writer::finish`], what was written is cut off.
pub struct Writer<W: Write> {
    stream: StreamWriter<BufWriter<W>>,
    schema: SchemaRef,
    made_with: Fingerprint,
    columns: Columns,
}

/// The rows that are not written yet.
#[derive(Debug, Default)]
struct Columns {
    rows: usize,
    payload_bytes: usize,
    dt: StringBuilder,
    source: StringBuilder,
    is_late: BooleanBuilder,
    key: StringBuilder,
    bytes: Int64Builder,
    etag: StringBuilder,
    delivery_day: StringBuilder,
    unreadable: StringBuilder,
    records: Int64Builder,
    calls: Int64Builder,
    skipped: Int64Builder,
    rejected: Int64Builder,
    sha256: StringBuilder,
    part: Int32Builder,
    parts: Int32Builder,
    payload: BinaryBuilder,
}

impl<W: Write> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl<W: Write> Writer<W> {
    /// Begins a stream with its schema.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(writer: W, made_with: &MadeWith) -> Result<Self, WriteError> {
        let schema = schema(made_with).map_err(WriteError::MadeWith)?;
        let stream = StreamWriter::try_new_buffered(writer, &schema).map_err(WriteError::Arrow)?;
        let made_with = made_with.fingerprint();
        Ok(Writer { stream, schema, made_with, columns: Columns::default() })
    }

    /// Writes a row, now or with those that come.
    ///
    /// # Errors
    /// If it cannot be written, or is too long.
    pub fn write(&mut self, row: &Row) -> Result<(), WriteError> {
        self.columns.add(row, self.made_with)?;
        let Columns { rows, payload_bytes, .. } = self.columns;
        if rows >= BATCH_ROWS || payload_bytes >= BATCH_BYTES { self.write_batch() } else { Ok(()) }
    }

    fn write_batch(&mut self) -> Result<(), WriteError> {
        if self.columns.rows == 0 {
            return Ok(());
        }
        let columns = std::mem::take(&mut self.columns).finish();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns);
        batch.and_then(|batch| self.stream.write(&batch)).map_err(WriteError::Arrow)
    }

    /// Writes what is left and the end marker, and gives the writer back.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.write_batch()?;
        finish(self.stream)
    }
}

/// Ends a stream, and gives its writer back.
pub(crate) fn finish<W: Write>(mut stream: StreamWriter<BufWriter<W>>) -> Result<W, WriteError> {
    stream.finish().map_err(WriteError::Arrow)?;
    let buffered = stream.into_inner().map_err(WriteError::Arrow)?;
    let flushed = buffered.into_inner().map_err(io::IntoInnerError::into_error);
    let io = |error: io::Error| WriteError::Arrow(error.into());
    let mut writer = flushed.map_err(io)?;
    writer.flush().map_err(io)?;
    Ok(writer)
}

impl Columns {
    fn add(&mut self, row: &Row, made_with: Fingerprint) -> Result<(), WriteError> {
        let Row { dt, is_late, object, part, parts, given } = row;
        let Object { key, size_bytes, etag, delivery_day } = object;
        let mut packer = Packer::new(made_with);
        let packed = match given {
            Given::Trail(Err(_)) | Given::InvocationLog(Err(_)) => Ok((None, None)),
            Given::Trail(Ok(part)) => {
                Trail::pack(part, &mut packer).map(|(counts, sha256)| (Some(counts), sha256))
            }
            Given::InvocationLog(Ok(reading)) => {
                Log::pack(reading, &mut packer).map(|counts| (Some(counts), None))
            }
        };
        let (counts, sha256) =
            packed.map_err(|source| WriteError::Pack { key: key.clone(), source })?;
        let payload = packer.finish();
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Err(WriteError::TooLong { key: key.clone(), bytes: payload.len() });
        }
        self.rows += 1;
        self.payload_bytes += payload.len();
        self.dt.append_value(dt.to_string());
        self.source.append_value(match given {
            Given::Trail(_) => CLOUDTRAIL,
            Given::InvocationLog(_) => INVOCATION_LOG,
        });
        self.is_late.append_value(*is_late);
        self.key.append_value(key);
        self.bytes.append_value(size_bytes.cast_signed());
        self.etag.append_option(etag.as_deref());
        self.delivery_day.append_option(delivery_day.map(|day| day.to_string()));
        self.unreadable.append_option(given.unreadable());
        self.add_counts(counts);
        self.sha256.append_option(sha256.map(hex::encode));
        self.part.append_value(part.cast_signed());
        self.parts.append_value(parts.cast_signed());
        self.payload.append_value(payload);
        Ok(())
    }

    fn add_counts(&mut self, counts: Option<Counts>) {
        let count = |of: fn(Counts) -> u64| counts.map(of).map(u64::cast_signed);
        self.records.append_option(count(|counts| counts.records));
        self.calls.append_option(count(|counts| counts.calls));
        self.skipped.append_option(count(|counts| counts.skipped));
        self.rejected.append_option(count(|counts| counts.rejected));
    }

    /// The columns, in the order of [`COLUMNS`](crate::schema::COLUMNS).
    fn finish(mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.dt.finish()),
            Arc::new(self.source.finish()),
            Arc::new(self.is_late.finish()),
            Arc::new(self.key.finish()),
            Arc::new(self.bytes.finish()),
            Arc::new(self.etag.finish()),
            Arc::new(self.delivery_day.finish()),
            Arc::new(self.unreadable.finish()),
            Arc::new(self.records.finish()),
            Arc::new(self.calls.finish()),
            Arc::new(self.skipped.finish()),
            Arc::new(self.rejected.finish()),
            Arc::new(self.sha256.finish()),
            Arc::new(self.part.finish()),
            Arc::new(self.parts.finish()),
            Arc::new(self.payload.finish()),
        ]
    }
}
