//! Calls as an Arrow IPC stream for analysts: a row for each call as it was read, with what it means. Nothing
//! is counted once here that is there twice, and nothing has a price: days are built for that.

mod columns;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io::{BufWriter, Write};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{Field, Schema, SchemaRef};
use bedrock::{Knowledge, Meaning, MeaningKey};

use crate::row::{Given, Row};
use crate::writer::{WriteError, finish};
use columns::{COLUMNS, Column, Shown};

/// The key of the schema's metadata, which has the version of the columns.
const METADATA: &str = "hoptrail.calls";

/// The version of the columns.
const FORMAT: &str = "1";

/// A batch is written once it has so many calls.
const BATCH_CALLS: usize = 8192;

/// Writes calls as an Arrow IPC stream. Without [`CallsWriter::finish`], what was written is cut off.
pub struct CallsWriter<W: Write> {
    stream: StreamWriter<BufWriter<W>>,
    schema: SchemaRef,
    knowledge: Knowledge,
    columns: Vec<Column>,
    /// The calls that are not written yet.
    n_waiting: usize,
}

impl<W: Write> fmt::Debug for CallsWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallsWriter").field("n_waiting", &self.n_waiting).finish_non_exhaustive()
    }
}

impl<W: Write> CallsWriter<W> {
    /// Begins a stream with its schema. What calls mean is drawn from `knowledge`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(writer: W, knowledge: Knowledge) -> Result<Self, WriteError> {
        // All are nullable: Spark refuses batches whose fields say otherwise.
        let fields = COLUMNS.iter().map(|(name, value)| Field::new(*name, value.data_type(), true));
        let metadata = HashMap::from([(METADATA.to_owned(), FORMAT.to_owned())]);
        let schema = Arc::new(Schema::new_with_metadata(fields.collect::<Vec<_>>(), metadata));
        let stream = StreamWriter::try_new_buffered(writer, &schema).map_err(WriteError::Arrow)?;
        let columns = COLUMNS.iter().map(|(_, value)| Column::new(*value)).collect();
        Ok(CallsWriter { stream, schema, knowledge, columns, n_waiting: 0 })
    }

    /// Writes the calls of a row, and says how many there are. An object that is unreadable has none, and nor has a
    /// model invocation log that completes calls.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write(&mut self, row: &Row) -> Result<u64, WriteError> {
        let Given::Trail(Ok(part)) = &row.given else { return Ok(0) };
        let (calls, dt) = (&part.reading.calls, row.dt.to_string());
        let mut meanings = BTreeMap::<_, Meaning>::new();
        for (call, place) in calls.rows.iter().zip(&part.places) {
            let key = MeaningKey::ATTRIBUTES.map(|attribute| call.attributes[attribute]);
            let meaning = meanings.entry(key).or_insert_with(|| {
                self.knowledge.meaning(MeaningKey::of(&call.attributes, &calls.texts))
            });
            let texts = &calls.texts;
            let shown =
                Shown { dt: &dt, key: &row.object.key, call, place: *place, meaning, texts };
            self.columns.iter_mut().for_each(|column| column.append(shown));
            self.n_waiting += 1;
            if self.n_waiting == BATCH_CALLS {
                self.write_batch()?;
            }
        }
        Ok(calls.rows.len() as u64)
    }

    fn write_batch(&mut self) -> Result<(), WriteError> {
        if self.n_waiting == 0 {
            return Ok(());
        }
        self.n_waiting = 0;
        let columns = self.columns.iter_mut().map(Column::finish).collect();
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
