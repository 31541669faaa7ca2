//! Builds the tables of a day.

use std::collections::BTreeSet;
use std::sync::Arc;

use bedrock::meaning::MeaningKey;
use bedrock::resolve::Unresolved;
use bedrock::{Context, Knowledge};
use bytes::Bytes;
use jiff::civil::Date;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use tables::{
    ContextMeaning, DENIALS, INGEST, INVOCATIONS, IngestRow, MODEL_COSTS, ROUTING_DISTRIBUTION,
    Referred, Status, Table, UNRESOLVED_MODELS,
};

use crate::calls::Distinct;
use crate::collect::ObjectRecord;
use crate::digests;
use crate::error::Error;
use crate::join::Requests;
use crate::manifest::{Counts, Output};
use crate::rows::{CallWriter, DayJoin, RowMaker};
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
    let DayInputs { day, objects, distinct, knowledge, requests } = inputs;
    let Distinct { calls, mut references, kept, dropped, .. } = distinct;
    let contexts = with_meanings(std::mem::take(&mut references.contexts), &knowledge);
    let keys = objects.iter().map(|object| Arc::clone(&object.key)).collect::<Vec<_>>();
    let referred = Referred { contexts: &contexts, callers: &references.callers, objects: &keys };
    let ingest = ingest(&objects, &kept, &dropped);

    let encode = |source| Error::Encode { day: day.to_string(), source };
    let requests = requests.as_deref();
    let (mut maker, writer) = rayon::join(
        || RowMaker::new(day, calls, &references, &contexts, &knowledge, requests),
        || CallWriter::new(referred).map_err(encode),
    );
    let mut writer = writer?;
    // No more than two batches of rows are held: one is made while the one before is encoded.
    let (mut made, mut full) = (Vec::new(), Vec::new());
    loop {
        let (read, encoded) = rayon::join(|| maker.make(&mut made), || writer.write(&full));
        read.map_err(Error::Temporary)?;
        encoded.map_err(encode)?;
        if made.is_empty() {
            break;
        }
        std::mem::swap(&mut made, &mut full);
    }
    let (mut groups, DayJoin { taken, calls_without_entry }) = maker.finish();
    let mut tally = Tally::default();
    groups.groups().for_each(|group| tally.add(group));
    let (of_calls, others) = rayon::join(
        || {
            let [(invocations, n_invocations), (denials, n_denials)] =
                writer.finish().map_err(encode)?;
            Ok::<_, Error>([
                TableFile::new(INVOCATIONS.name, day, invocations, n_invocations),
                TableFile::new(DENIALS.name, day, denials, n_denials),
            ])
        },
        || {
            let routing =
                TableFile::encode(&ROUTING_DISTRIBUTION, day, groups.routing_distribution())?;
            let costs = groups.model_costs(&knowledge.prices.version());
            Ok::<_, Error>([
                routing,
                TableFile::encode(&MODEL_COSTS, day, &costs)?,
                TableFile::encode(&UNRESOLVED_MODELS, day, &groups.unresolved_models())?,
                TableFile::encode(&INGEST, day, &ingest)?,
            ])
        },
    );
    Ok(DayTables {
        files: of_calls?.into_iter().chain(others?).collect(),
        counts: Counts::of_ingest(&ingest),
        is_complete: is_complete(&objects),
        without_alias: without_alias(&contexts),
        joined: taken.into_iter().collect(),
        calls_without_entry,
        tally,
    })
}

/// Contexts with what they mean, worked out once for each key.
fn with_meanings(contexts: Vec<Arc<Context>>, knowledge: &Knowledge) -> Vec<ContextMeaning> {
    let mut numbers = FxHashMap::default();
    let mut keys = Vec::new();
    let mut places = Vec::with_capacity(contexts.len());
    for context in &contexts {
        let key = MeaningKey::of(context);
        places.push(*numbers.entry(key).or_insert(keys.len()));
        if places.last() == Some(&keys.len()) {
            keys.push(key);
        }
    }
    let meanings = keys.into_par_iter().map(|key| Arc::new(knowledge.meaning(key)));
    let meanings = meanings.collect::<Vec<_>>();
    let meaning = |(context, place): (Arc<Context>, usize)| {
        let meaning = Arc::clone(&meanings[place]);
        ContextMeaning { context, meaning }
    };
    contexts.into_iter().zip(places).map(meaning).collect()
}

/// References that an alias would be needed for.
fn without_alias(contexts: &[ContextMeaning]) -> Vec<String> {
    let all = contexts.iter().filter_map(|ContextMeaning { context, meaning }| {
        let lacks_alias = meaning.resolution.model == Err(Unresolved::NoAlias);
        context.model_ref().filter(|_| lacks_alias)
    });
    all.collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect()
}

fn is_complete(objects: &[Arc<ObjectRecord>]) -> bool {
    let is_sound = |object: &Arc<ObjectRecord>| {
        object.unreadable.is_none()
            && object.rejected == 0
            && object.digest_status != Some(digests::Status::Mismatch)
    };
    objects.iter().all(is_sound)
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
}

/// How often an object gave a call to a day.
#[derive(Debug, Default, Clone, Copy)]
struct Given {
    written: i64,
    duplicates: i64,
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
        digest_status: object.digest_status.map(digests::Status::as_str),
    }
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

#[cfg(test)]
mod tests {
    use bedrock::Said;

    use super::*;

    #[test]
    fn what_tells_the_same_has_one_meaning() {
        let knowledge = Knowledge::embedded();
        let context = |event_name: &str, error_code: Option<&str>, region: &str| {
            let source_region = Some(region);
            let said = Said { event_name, error_code, source_region, ..Said::default() };
            Arc::new(Context::new(&said))
        };
        let contexts = vec![
            context("Converse", None, "us-east-1"),
            context("InvokeModel", None, "us-east-1"),
            context("Converse", Some("AccessDenied"), "us-east-1"),
            context("Converse", None, "eu-west-1"),
            context("InvokeModel", Some("AccessDenied"), "us-east-1"),
        ];
        let found = with_meanings(contexts.clone(), &knowledge);
        assert_eq!(found.len(), contexts.len());
        for (found, context) in found.iter().zip(&contexts) {
            assert!(Arc::ptr_eq(&found.context, context));
            assert_eq!(*found.meaning, knowledge.meaning_of(context));
        }
        for (place, same) in [(1, 0), (4, 2)] {
            assert!(Arc::ptr_eq(&found[place].meaning, &found[same].meaning));
        }
    }
}
