//! The tables of a day's calls: those that have a row for a call, and those that count calls.

use std::collections::BTreeSet;
use std::sync::Arc;

use bedrock::meaning::MeaningKey;
use bedrock::resolve::Unresolved;
use bedrock::{Context, Knowledge};
use jiff::civil::Date;
use rustc_hash::FxHashMap;
use tables::group::Grouped;
use tables::{
    ContextMeaning, DENIALS, INVOCATIONS, MODEL_COSTS, ROUTING_DISTRIBUTION, Referred,
    UNRESOLVED_MODELS,
};

use super::TableFile;
use crate::day::calls::{References, SortedCalls};
use crate::day::collect::ObjectRecord;
use crate::day::rows::{CallWriter, DayJoin, RowMaker};
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

/// Builds the tables of a day's calls, which refer to `references` and to `objects` by number.
///
/// # Errors
/// If a table cannot be encoded, or calls in a temporary file cannot be read.
pub(super) fn build(
    day: Date,
    calls: SortedCalls,
    mut references: References,
    objects: &[Arc<ObjectRecord>],
    knowledge: &Knowledge,
    requests: Option<&Requests>,
) -> Result<OfCalls, Error> {
    let contexts = with_meanings(std::mem::take(&mut references.contexts), knowledge);
    let keys = objects.iter().map(|object| Arc::clone(&object.key)).collect::<Vec<_>>();
    let referred = Referred { contexts: &contexts, callers: &references.callers, objects: &keys };

    let encode = |error| Error::of_table(day, error);
    let (mut maker, writer) = rayon::join(
        || RowMaker::new(day, calls, &references, &contexts, knowledge, requests),
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
    let (grouped, DayJoin { taken, calls_without_entry }) = maker.finish();
    let (of_rows, (of_groups, tally)) = rayon::join(
        || {
            let [(invocations, n_invocations), (denials, n_denials)] =
                writer.finish().map_err(encode)?;
            Ok::<_, Error>([
                TableFile::new(INVOCATIONS.name, day, invocations, n_invocations),
                TableFile::new(DENIALS.name, day, denials, n_denials),
            ])
        },
        || rayon::join(|| group_files(day, &grouped, knowledge), || tally(&grouped)),
    );
    Ok(OfCalls {
        files: of_rows?.into_iter().chain(of_groups?).collect(),
        without_alias: without_alias(&contexts),
        joined: taken.into_iter().collect(),
        calls_without_entry,
        tally,
    })
}

/// The tables that count calls.
fn group_files(
    day: Date,
    grouped: &Grouped<'_>,
    knowledge: &Knowledge,
) -> Result<[TableFile; 3], Error> {
    let nothing = Referred::default();
    let (routing, (costs, unresolved)) = rayon::join(
        || TableFile::encode(&ROUTING_DISTRIBUTION, day, nothing, &grouped.routing_distribution),
        || {
            let costs = grouped.model_costs(&knowledge.prices.version());
            let unresolved = grouped.unresolved_models();
            let costs = TableFile::encode(&MODEL_COSTS, day, nothing, &costs);
            (costs, TableFile::encode(&UNRESOLVED_MODELS, day, nothing, &unresolved))
        },
    );
    Ok([routing?, costs?, unresolved?])
}

fn tally(grouped: &Grouped<'_>) -> Tally {
    let mut tally = Tally::default();
    grouped.groups().for_each(|group| tally.add(group));
    tally
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
    let meanings = keys.into_iter().map(|key| Arc::new(knowledge.meaning(key)));
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
