//! The tables of a day's calls: those that have a row for a call, and those that count calls.

use std::sync::Arc;

use bedrock::Knowledge;
use jiff::civil::Date;
use tables::{DENIALS, INVOCATIONS};

use super::TableFile;
use crate::day::calls::SortedCalls;
use crate::day::collect::ObjectRecord;
use crate::day::rows::{DayJoin, DayRows, FinishedRows};
use crate::error::Error;
use crate::join::Requests;
use crate::outcome::tally::Tally;

/// What a day's calls come to.
#[derive(Debug)]
pub(super) struct OfCalls {
    pub(super) files: Vec<TableFile>,
    /// References that no alias was known for, in order.
    pub(super) without_alias: Vec<String>,
    /// The numbers of the invocation log's entries that calls took.
    pub(super) joined: Vec<u32>,
    /// Successful calls without such an entry.
    pub(super) calls_without_entry: u64,
    pub(super) tally: Tally,
}

/// Builds the tables of a day's calls, which refer to `objects` by number.
///
/// # Errors
/// If a table cannot be encoded, or calls in a temporary file cannot be read.
pub(super) fn build(
    day: Date,
    mut calls: SortedCalls,
    objects: &[Arc<ObjectRecord>],
    knowledge: &Knowledge,
    requests: Option<&Requests>,
) -> Result<OfCalls, Error> {
    let keys = objects.iter().map(|object| Arc::clone(&object.key)).collect::<Vec<_>>();
    let encode = |error| Error::of_table(day, error);
    let mut rows = DayRows::new(day, &keys, knowledge, requests).map_err(encode)?;
    while rows.add(&mut calls)? {}
    let finished = rows.finish(calls.texts())?;
    let FinishedRows { invocations, denials, group_tables, join, without_alias, tally } = finished;
    let DayJoin { taken, calls_without_entry } = join;
    let mut files = vec![
        TableFile::new(INVOCATIONS.name, day, invocations.0, invocations.1),
        TableFile::new(DENIALS.name, day, denials.0, denials.1),
    ];
    files.extend(group_tables.write(day)?);
    Ok(OfCalls {
        files,
        without_alias: without_alias.into_iter().collect(),
        joined: taken.into_iter().collect(),
        calls_without_entry,
        tally,
    })
}
