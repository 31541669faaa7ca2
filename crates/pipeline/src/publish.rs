//! Builds the tables of a day.

use std::collections::BTreeSet;
use std::sync::Arc;

use bedrock::cost::Usage;
use bedrock::resolve::Unresolved;
use bedrock::{Call, Context, Knowledge, Meaning, Outcome};
use bytes::Bytes;
use jiff::civil::Date;
use rayon::prelude::*;
use tables::group::Groups;
use tables::{
    DENIALS, DenialRow, INGEST, INVOCATIONS, IngestRow, Invocation, MODEL_COSTS,
    ROUTING_DISTRIBUTION, ROW_GROUP_ROWS, Status, Table, TableWriter, UNRESOLVED_MODELS,
};

use crate::calls::Distinct;
use crate::collect::ObjectRecord;
use crate::error::Error;
use crate::join::Requests;
use crate::manifest::Counts;
use crate::price::{Pricer, usage_of_trail};
use crate::tally::Tally;

/// What the tables of a day are built from.
#[derive(Debug)]
pub struct DayInputs {
    /// The day.
    pub day: Date,
    /// Its objects; a call's object is a place in this list.
    pub objects: Vec<Arc<ObjectRecord>>,
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
    /// Its key, relative to the destination.
    pub key: String,
    /// Its content.
    pub bytes: Bytes,
    /// Its rows.
    pub rows: u64,
}

/// Builds the tables of a day; call it on the workers.
///
/// # Errors
/// If a table cannot be encoded, or calls in a temporary file cannot be read.
pub fn build(inputs: DayInputs) -> Result<DayTables, Error> {
    let DayInputs { day, objects, distinct, knowledge, requests } = inputs;
    let Distinct { mut calls, references, count, kept, dropped, .. } = distinct;
    let meanings = references
        .contexts
        .par_iter()
        .map(|context| Arc::new(knowledge.meaning_of(context)))
        .collect::<Vec<_>>();
    let ingest = ingest(&objects, &kept, &dropped);

    let mut groups = Groups::default();
    let mut pricer = Pricer::new(&knowledge, day);
    let mut join = DayJoin::default();
    let mut refused = Vec::new();
    let mut files = Files { day, files: Vec::new() };
    let encode = |source| Error::Encode { day: day.to_string(), source };
    let mut invocations = TableWriter::new(&INVOCATIONS).map_err(encode)?;
    // A row group at a time, because rows are several times larger than the calls they are made of.
    loop {
        let group = calls.take(ROW_GROUP_ROWS, &references).map_err(Error::Temporary)?;
        if group.is_empty() {
            break;
        }
        let mut rows = Vec::with_capacity(group.len());
        for stored in group {
            let call = references.call(&stored);
            let meaning = Arc::clone(&meanings[stored.context as usize]);
            let logged = requests.as_deref().and_then(|all| join.usage(all, &call, &meaning));
            let usage = logged.or_else(|| usage_of_trail(&call));
            let cost = pricer.cost(&call.context, &meaning, usage.as_ref());
            let log_object = Arc::clone(&objects[stored.object as usize].key);
            let row = Invocation { call, meaning, log_object, usage, cost };
            groups.add(&row);
            rows.push(row);
        }
        refused.extend(denials(&rows));
        invocations.write_row_group(&rows).map_err(encode)?;
    }
    files.push(INVOCATIONS.name, count, invocations.finish().map_err(encode)?);
    let mut tally = Tally::default();
    for (_, group) in groups.groups() {
        tally.add(group);
    }
    files.add(&DENIALS, &refused)?;
    files.add(&ROUTING_DISTRIBUTION, &groups.routing_distribution())?;
    files.add(&MODEL_COSTS, &groups.model_costs(&knowledge.prices.version()))?;
    files.add(&UNRESOLVED_MODELS, &groups.unresolved_models())?;
    files.add(&INGEST, &ingest)?;
    let DayJoin { taken, calls_without_entry } = join;
    Ok(DayTables {
        files: files.files,
        counts: Counts::of_ingest(&ingest),
        without_alias: without_alias(&references.contexts, &meanings),
        joined: taken.into_iter().collect(),
        calls_without_entry,
        tally,
    })
}

/// References that an alias would be needed for.
fn without_alias(contexts: &[Arc<Context>], meanings: &[Arc<Meaning>]) -> Vec<String> {
    let all = contexts.iter().zip(meanings).filter_map(|(context, meaning)| {
        let lacks_alias = meaning.resolution.model == Err(Unresolved::NoAlias);
        context.model_ref.as_deref().filter(|_| lacks_alias)
    });
    all.collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect()
}

/// A row for each object, in the order of their keys.
fn ingest(objects: &[Arc<ObjectRecord>], kept: &[u32], dropped: &[u32]) -> Vec<IngestRow> {
    let mut order = (0..objects.len()).collect::<Vec<_>>();
    order.sort_unstable_by_key(|object| &objects[*object].key);
    let row = |object: usize| {
        let given = Given { written: kept[object].into(), duplicates: dropped[object].into() };
        ingest_row(&objects[object], given)
    };
    order.into_iter().map(row).collect()
}

impl Counts {
    fn of_ingest(rows: &[IngestRow]) -> Self {
        let count = |of: &dyn Fn(&IngestRow) -> i64| {
            rows.iter().map(|row| u64::try_from(of(row)).unwrap_or_default()).sum()
        };
        Counts {
            objects: rows.len() as u64,
            unreadable: count(&|row| i64::from(row.status == Status::Unreadable)),
            records: count(&|row| row.records),
            calls: count(&|row| row.calls),
            passed_over: count(&|row| row.passed_over),
            rejected: count(&|row| row.rejected),
            written: count(&|row| row.written),
            duplicates: count(&|row| row.duplicates),
            other_day: count(&|row| row.other_day),
        }
    }

    /// Whether something could not be read or used.
    pub fn is_complete(&self) -> bool {
        self.unreadable == 0 && self.rejected == 0
    }
}

/// How often an object gave a call to a day.
#[derive(Debug, Default, Clone, Copy)]
struct Given {
    written: i64,
    duplicates: i64,
}

/// The join of a day's calls.
#[derive(Debug, Default)]
struct DayJoin {
    taken: BTreeSet<u32>,
    calls_without_entry: u64,
}

impl DayJoin {
    /// The tokens that the invocation log has for a call. An entry serves one call only: two events of
    /// one request would count its tokens twice.
    fn usage(&mut self, requests: &Requests, call: &Call, meaning: &Meaning) -> Option<Usage> {
        let entry = requests.entry_of(call).filter(|entry| self.taken.insert(*entry));
        if entry.is_none() && meaning.outcome == Outcome::Ok {
            self.calls_without_entry += 1;
        }
        requests.usage(entry?, meaning)
    }
}

fn denials(rows: &[Invocation]) -> impl Iterator<Item = DenialRow> {
    let denied = rows.iter().filter(|row| row.meaning.outcome == Outcome::Denied);
    denied.map(|row| DenialRow { call: row.call.clone(), meaning: Arc::clone(&row.meaning) })
}

fn ingest_row(object: &ObjectRecord, given: Given) -> IngestRow {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let calls = count(object.calls);
    let (status, reason) = match &object.unreadable {
        Some(reason) => (Status::Unreadable, Some(reason.clone())),
        None => {
            let reason = (!object.rejections.is_empty()).then(|| object.rejections.join("; "));
            (Status::Read, reason)
        }
    };
    IngestRow {
        key: object.key.as_ref().to_owned(),
        delivery_day: object.delivery.map(|delivery| delivery.day.to_string()),
        bytes: count(object.size_bytes),
        status,
        reason,
        records: count(object.records),
        calls,
        passed_over: count(object.passed_over),
        rejected: count(object.rejected),
        written: given.written,
        duplicates: given.duplicates,
        other_day: calls - given.written - given.duplicates,
        digest_status: None,
    }
}

struct Files {
    day: Date,
    files: Vec<TableFile>,
}

impl Files {
    fn add<R: Sync>(&mut self, table: &'static Table<R>, rows: &[R]) -> Result<(), Error> {
        let bytes = tables::write(table, rows)
            .map_err(|source| Error::Encode { day: self.day.to_string(), source })?;
        self.push(table.name, rows.len() as u64, bytes);
        Ok(())
    }

    fn push(&mut self, table: &'static str, rows: u64, bytes: Vec<u8>) {
        let key = tables::layout::part_key(table, self.day);
        self.files.push(TableFile { table, key, bytes: Bytes::from(bytes), rows });
    }
}
