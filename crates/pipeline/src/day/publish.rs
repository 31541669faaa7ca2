//! Builds the tables of a day.

mod calls;
mod file;
mod ingest;

use std::collections::BTreeSet;
use std::sync::Arc;

use bedrock::{JobStates, Knowledge};
use jiff::civil::Date;

pub(crate) use file::TableFile;

use crate::batch::DayOutputs;
use crate::day::calls::Distinct;
use crate::day::collect::ObjectRecord;
use crate::day::manifest::Counts;
use crate::error::Error;
use crate::join::Requests;
use crate::omit::Omitted;
use crate::outcome::tally::Tally;
use crate::source::Callers;

/// What the tables of a day are built from.
#[derive(Debug)]
pub(crate) struct DayInputs {
    /// The day.
    pub(crate) day: Date,
    /// Its objects; a call's object is a place in this list.
    pub(crate) objects: Vec<Arc<ObjectRecord>>,
    /// The places of the objects in the order of their keys.
    pub(crate) by_key: Vec<u32>,
    /// Its calls without duplicates.
    pub(crate) distinct: Distinct,
    /// What is known.
    pub(crate) knowledge: Arc<Knowledge>,
    /// What the model invocation logs counted.
    pub(crate) requests: Option<Arc<Requests>>,
    /// What is known of its batch jobs.
    pub(crate) jobs: DayJobs,
    /// The columns that are left empty.
    pub(crate) omitted: Omitted,
}

/// What is known of the batch jobs of a day, besides the events that created them.
#[derive(Debug, Default)]
pub(crate) struct DayJobs {
    /// The ARNs of jobs that have no row, because the day before has them.
    pub(crate) of_day_before: BTreeSet<Box<str>>,
    /// The states of jobs, of any day.
    pub(crate) states: Arc<JobStates>,
    /// What was read of outputs.
    pub(crate) outputs: Arc<DayOutputs>,
}

/// The tables of a day.
#[derive(Debug)]
pub(crate) struct DayTables {
    /// The files.
    pub(crate) files: Vec<TableFile>,
    /// The sums of `ingest`.
    pub(crate) counts: Counts,
    /// False if an object was unreadable, has rejected records, or is not as its digest says.
    pub(crate) is_complete: bool,
    /// References that no alias was known for, in order.
    pub(crate) without_alias: Vec<String>,
    /// The numbers of the invocation log's entries that calls took.
    pub(crate) joined: Vec<u32>,
    /// Successful calls without such an entry.
    pub(crate) calls_without_entry: u64,
    /// Who called where.
    pub(crate) callers: Callers,
    /// The day's sums.
    pub(crate) tally: Tally,
}

/// Builds the tables of a day; call it on the workers.
///
/// # Errors
/// If a table cannot be encoded, or calls in a temporary file cannot be read.
pub(crate) fn build(inputs: DayInputs) -> Result<DayTables, Error> {
    let DayInputs { day, objects, by_key, distinct, knowledge, requests, jobs, omitted } = inputs;
    let Distinct { calls, has_refusals, kept, dropped, .. } = distinct;
    let (of_calls, of_objects) = rayon::join(
        || {
            let events = (calls, has_refusals);
            calls::build(day, events, &objects, &knowledge, requests.as_deref(), &jobs, omitted)
        },
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
        callers: of_calls.callers,
        tally: of_calls.tally,
    })
}
