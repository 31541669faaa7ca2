//! Builds the tables of a day, and puts them in place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bedrock::cost::Usage;
use bedrock::{Call, Context, Knowledge, Meaning, Outcome};
use bytes::Bytes;
use jiff::civil::Date;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use store::Store;
use tables::group::Groups;
use tables::{
    DENIALS, DenialRow, INGEST, INVOCATIONS, IngestRow, Invocation, MODEL_COSTS,
    ROUTING_DISTRIBUTION, ROW_GROUP_ROWS, Status, Table, TableWriter, UNRESOLVED_MODELS,
};

use crate::collect::{ObjectRecord, StoredCall};
use crate::dedup::{Distinct, distinct};
use crate::error::Error;
use crate::join::Requests;
use crate::outcome::Day;
use crate::price::{Pricer, usage_of_trail};
use crate::tally::Tally;

/// What the tables of every day are built with.
#[derive(Debug)]
pub struct Publisher {
    objects: Vec<ObjectRecord>,
    /// The place of each object's key among all keys.
    ranks: Vec<u32>,
    /// What each context means, by its address.
    meanings: FxHashMap<usize, Arc<Meaning>>,
    /// Keeps the contexts alive, and with them their addresses.
    _contexts: Vec<Arc<Context>>,
    knowledge: Knowledge,
    requests: Option<Requests>,
}

/// The tables of a day.
#[derive(Debug)]
pub struct DayTables {
    /// What the summary says of the day.
    pub day: Day,
    /// The files with their keys, relative to the destination.
    pub files: Vec<(String, Bytes)>,
    /// Calls that were written.
    pub written: u64,
    /// Calls that were dropped.
    pub duplicates: u64,
    /// The numbers of the invocation log's entries that calls took.
    pub joined: Vec<u32>,
    /// Successful calls without such an entry.
    pub calls_without_entry: u64,
    /// The day's sums.
    pub tally: Tally,
}

/// How often an object gave a call to a day.
#[derive(Debug, Default, Clone, Copy)]
struct Given {
    written: i64,
    duplicates: i64,
}

impl Publisher {
    /// Works out what every context means, in parallel; call it on the workers.
    pub fn new(
        objects: Vec<ObjectRecord>,
        ranks: Vec<u32>,
        contexts: Vec<Arc<Context>>,
        knowledge: Knowledge,
        requests: Option<Requests>,
    ) -> Self {
        let meanings = contexts
            .par_iter()
            .map(|context| (Arc::as_ptr(context).addr(), Arc::new(knowledge.meaning_of(context))))
            .collect();
        Publisher { objects, ranks, meanings, _contexts: contexts, knowledge, requests }
    }

    /// What the invocation logs counted, given back after the last day.
    pub fn into_requests(self) -> Option<Requests> {
        self.requests
    }

    /// Builds the tables of a day from its calls, the numbers of the objects that were read for it, and
    /// those of the objects whose calls stand on another day already.
    ///
    /// # Errors
    /// If a table cannot be encoded.
    pub fn build(
        &self,
        day: Date,
        calls: Vec<StoredCall>,
        read_for_day: &[u32],
        on_another_day: &[u32],
    ) -> Result<DayTables, Error> {
        let Distinct { calls, mut dropped } = distinct(calls, |object| self.ranks[object as usize]);
        dropped.extend(on_another_day);
        let ingest = self.ingest(&calls, &dropped, read_for_day);
        let (written, duplicates) = (calls.len() as u64, dropped.len() as u64);

        let mut groups = Groups::default();
        let mut pricer = Pricer::new(&self.knowledge, day);
        let mut join = DayJoin::default();
        let mut refused = Vec::new();
        let mut files = Files { day, files: Vec::new(), rows: BTreeMap::new() };
        let encode = |source| Error::Encode { day: day.to_string(), source };
        let mut invocations = TableWriter::new(&INVOCATIONS).map_err(encode)?;
        // A row group at a time, because rows are several times larger than the calls they are made of.
        let mut calls = calls.into_iter();
        while !calls.as_slice().is_empty() {
            let mut rows = Vec::with_capacity(calls.len().min(ROW_GROUP_ROWS));
            for stored in calls.by_ref().take(ROW_GROUP_ROWS) {
                let row = self.row(stored, &mut pricer, &mut join);
                groups.add(&row);
                rows.push(row);
            }
            refused.extend(denials(&rows));
            invocations.write_row_group(&rows).map_err(encode)?;
        }
        files.push(INVOCATIONS.name, written, invocations.finish().map_err(encode)?);
        let mut tally = Tally::default();
        for (_, group) in groups.groups() {
            tally.add(group);
        }
        files.add(&DENIALS, &refused)?;
        files.add(&ROUTING_DISTRIBUTION, &groups.routing_distribution())?;
        files.add(&MODEL_COSTS, &groups.model_costs(&self.knowledge.prices.version()))?;
        files.add(&UNRESOLVED_MODELS, &groups.unresolved_models())?;
        files.add(&INGEST, &ingest)?;
        let Files { files, rows, .. } = files;
        let day = Day { dt: day.to_string(), rows };
        let DayJoin { taken, calls_without_entry } = join;
        let joined = taken.into_iter().collect();
        Ok(DayTables { day, files, written, duplicates, joined, calls_without_entry, tally })
    }

    fn row(&self, stored: StoredCall, pricer: &mut Pricer<'_>, join: &mut DayJoin) -> Invocation {
        let StoredCall { call, object, .. } = stored;
        let meaning = Arc::clone(&self.meanings[&Arc::as_ptr(&call.context).addr()]);
        let logged = self.requests.as_ref().and_then(|all| join.usage(all, &call, &meaning));
        let usage = logged.or_else(|| usage_of_trail(&call));
        let cost = pricer.cost(&call.context, &meaning, usage.as_ref());
        let log_object = Arc::clone(&self.objects[object as usize].key);
        Invocation { call, meaning, log_object, usage, cost }
    }

    fn ingest(
        &self,
        calls: &[StoredCall],
        dropped: &[u32],
        read_for_day: &[u32],
    ) -> Vec<IngestRow> {
        // By rank, so that the rows come in the order of the keys.
        let mut given = BTreeMap::<(u32, u32), Given>::new();
        let ranked = |object: u32| (self.ranks[object as usize], object);
        for object in read_for_day {
            given.entry(ranked(*object)).or_default();
        }
        for stored in calls {
            given.entry(ranked(stored.object)).or_default().written += 1;
        }
        for object in dropped {
            given.entry(ranked(*object)).or_default().duplicates += 1;
        }
        let row = |((_, object), given)| ingest_row(&self.objects[object as usize], given);
        given.into_iter().map(row).collect()
    }
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
    files: Vec<(String, Bytes)>,
    rows: BTreeMap<&'static str, u64>,
}

impl Files {
    fn add<R: Sync>(&mut self, table: &'static Table<R>, rows: &[R]) -> Result<(), Error> {
        let bytes = tables::write(table, rows)
            .map_err(|source| Error::Encode { day: self.day.to_string(), source })?;
        self.push(table.name, rows.len() as u64, bytes);
        Ok(())
    }

    fn push(&mut self, table: &'static str, rows: u64, bytes: Vec<u8>) {
        self.files.push((tables::layout::part_key(table, self.day), Bytes::from(bytes)));
        self.rows.insert(table, rows);
    }
}

/// Puts the files of a day in place, each whole.
///
/// # Errors
/// If one cannot be written.
pub async fn put(destination: &dyn Store, files: Vec<(String, Bytes)>) -> Result<(), Error> {
    for (key, bytes) in files {
        destination.put(&key, bytes).await.map_err(Error::Write)?;
    }
    Ok(())
}
