//! Builds the tables of a day.

mod calls;
mod ingest;

use std::sync::Arc;

use bedrock::Knowledge;
use bytes::Bytes;
use jiff::civil::Date;
use tables::Table;

use crate::calls::Distinct;
use crate::collect::ObjectRecord;
use crate::error::Error;
use crate::join::Requests;
use crate::manifest::{Counts, Output};
use crate::tally::Tally;

/// What the tables of a day are built from.
#[derive(Debug)]
pub struct DayInputs {
    /// The day.
    pub day: Date,
    /// Its objects; a call's object is a place in this list.
    pub objects: Vec<Arc<ObjectRecord>>,
    /// The places of the objects in the order of their keys.
    pub by_key: Vec<u32>,
    /// Its calls without duplicates.
    pub distinct: Distinct,
    /// What is known.
    pub knowledge: Arc<Knowledge>,
    /// What the model invocation logs counted.
    pub requests: Option<Arc<Requests>>,
}

/// The tables of a day.
#[derive(Debug)]
pub struct DayTables {
    /// The files.
    pub files: Vec<TableFile>,
    /// The sums of `ingest`.
    pub counts: Counts,
    /// False if an object was unreadable, has rejected records, or is not as its digest says.
    pub is_complete: bool,
    /// References that no alias was known for, in order.
    pub without_alias: Vec<String>,
    /// The numbers of the invocation log's entries that calls took.
    pub joined: Vec<u32>,
    /// Successful calls without such an entry.
    pub calls_without_entry: u64,
    /// The day's sums.
    pub tally: Tally,
}

/// One file of a day.
#[derive(Debug)]
pub struct TableFile {
    /// The table.
    pub table: &'static str,
    /// What the manifest says of it.
    pub output: Output,
    /// Its content.
    pub bytes: Bytes,
}

/// Builds the tables of a day; call it on the workers.
///
/// # Errors
/// If a table cannot be encoded, or calls in a temporary file cannot be read.
pub fn build(inputs: DayInputs) -> Result<DayTables, Error> {
    let DayInputs { day, objects, by_key, distinct, knowledge, requests } = inputs;
    let Distinct { calls, references, kept, dropped, .. } = distinct;
    let (of_calls, of_objects) = rayon::join(
        || calls::build(day, calls, references, &objects, &knowledge, requests.as_deref()),
        || ingest::build(day, &objects, &by_key, &kept, &dropped),
    );
    let (mut of_calls, of_objects) = (of_calls?, of_objects?);
    of_calls.files.push(of_objects.file);
    Ok(DayTables {
        files: of_calls.files,
        counts: of_objects.counts,
        is_complete: of_objects.is_complete,
        without_alias: of_calls.without_alias,
        joined: of_calls.joined,
        calls_without_entry: of_calls.calls_without_entry,
        tally: of_calls.tally,
    })
}

impl TableFile {
    fn encode<R: Sync>(table: &'static Table<R>, day: Date, rows: &[R]) -> Result<Self, Error> {
        let bytes = tables::write(table, rows)
            .map_err(|source| Error::Encode { day: day.to_string(), source })?;
        Ok(TableFile::new(table.name, day, bytes, rows.len() as u64))
    }

    fn new(table: &'static str, day: Date, bytes: Vec<u8>, rows: u64) -> Self {
        let output = Output {
            key: tables::layout::part_key(table, day),
            bytes: bytes.len() as u64,
            rows,
            sha256: Output::hash(&bytes),
        };
        TableFile { table, output, bytes: Bytes::from(bytes) }
    }
}
