//! Looks at a day before it is built: what a replacement would lose, and which calls are left when each
//! counts once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use logs::layout::{KeyParts, LogKind};
use store::Store;
use tables::INVOCATIONS;
use tables::read::IngestedObject;

use crate::dates::is_read_for;
use crate::day::calls::{Distinct, Identities, Identity, Rules};
use crate::day::collect::{DayState, ObjectRecord};
use crate::day::manifest::{self, Elsewhere, LateObject};
use crate::day::replace::{
    ExistingDay, ReplaceDecision, decide, existing_day, unreadable_late_object,
};
use crate::day::spool::Spooled;
use crate::error::Error;
use crate::outcome::ShrinkRefusal;
use crate::run::Job;
use crate::settings::{Layout, Settings};
use crate::work::Workers;

/// What becomes of a day that was read.
#[derive(Debug)]
pub(crate) enum Prepared {
    /// These objects have to be read as well.
    Needs(Box<DayState>, Vec<LateObject>),
    /// It is left as it is; so many calls were read for it.
    NotReplaced(ShrinkRefusal, u64),
    /// It can be built.
    Ready(Box<Ready>),
}

/// A day that can be built.
#[derive(Debug)]
pub(crate) struct Ready {
    /// Its objects.
    pub(crate) objects: Vec<Arc<ObjectRecord>>,
    /// Their numbers in the order of their keys.
    pub(crate) by_key: Vec<u32>,
    /// Its calls.
    pub(crate) distinct: Distinct,
    /// Objects that are not read for the day and had calls of it.
    pub(crate) late_objects: BTreeSet<LateObject>,
    /// Objects delivered on the day with calls of days that they are not read for.
    pub(crate) calls_elsewhere: BTreeMap<String, Elsewhere>,
    /// Days that have to let go of a call, because this one has it.
    pub(crate) shared: BTreeSet<Date>,
    /// Days that have a call which would be this one's otherwise.
    pub(crate) yields_to: BTreeSet<Date>,
    /// Calls that addenda tell, as the manifest keeps them.
    pub(crate) addenda: Vec<String>,
}

/// Which calls the days have that were built, so that one event on two days is one call.
#[derive(Debug, Default, Clone)]
pub(crate) struct BuiltCalls {
    days: BTreeMap<Date, Arc<Identities>>,
}

/// Calls that are remembered in all: 128 MB. Beyond that the oldest days are forgotten, but never the
/// last one: one event on two days is rare, and those are neighbours.
const MAX_REMEMBERED: usize = 8 << 20;

/// The days around one that is looked at.
#[derive(Debug)]
pub(crate) struct OtherDays {
    /// The calls of those that were built.
    pub(crate) built: BuiltCalls,
    /// Neighbors that are not built now: if they are published, their calls count too.
    pub(crate) neighbours: Vec<Date>,
    /// Whether others are going to ask for the calls of this one.
    pub(crate) will_ask: bool,
}

/// Looks at a day. One that is opened again outside the range has to get all that it is opened for.
///
/// # Errors
/// If the destination cannot be read, or temporary files cannot be written.
pub(crate) async fn prepare(
    job: &Job<'_>,
    day: Date,
    state: DayState,
    others: OtherDays,
    is_reopened: bool,
) -> Result<Prepared, Error> {
    let Job { settings, workers, .. } = *job;
    let destination = job.endpoints.destination;
    if !settings.allow_shrink {
        let existing = existing_day(destination, day).await?;
        if let Some(refusal) = other_filters(job, day, &existing).await? {
            return Ok(Prepared::NotReplaced(refusal, state.n_calls));
        }
        let takes_any = settings.layout == Layout::Any;
        let is_read_for = |key: &str| {
            let delivery = LogKind::CloudTrail.delivery(key);
            takes_any || delivery.is_none_or(|d| is_read_for(d, day, settings.late_window_minutes))
        };
        match decide(day, &existing, &state, takes_any, is_read_for) {
            ReplaceDecision::Safe if is_reopened => {
                if let Some(refusal) = unreadable_late_object(day, &state, is_read_for) {
                    return Ok(Prepared::NotReplaced(refusal, state.n_calls));
                }
            }
            ReplaceDecision::Safe => {}
            ReplaceDecision::NeedsObjects(objects) => {
                return Ok(Prepared::Needs(Box::new(state), objects));
            }
            ReplaceDecision::WouldShrink(refusal) => {
                return Ok(Prepared::NotReplaced(refusal, state.n_calls));
            }
        }
    }
    let OtherDays { mut built, neighbours, will_ask } = others;
    for neighbour in neighbours {
        if let Some(identities) = published_calls(destination, workers, neighbour).await? {
            built.days.insert(neighbour, Arc::new(identities));
        }
    }
    workers.run(move || distinct(day, state, &built, will_ask)).await?
}

/// Why a run that reads some accounts or Regions only does not replace a day that was built with others. Keys
/// that name neither do not show which calls would be lost.
async fn other_filters(
    job: &Job<'_>,
    day: Date,
    existing: &ExistingDay,
) -> Result<Option<ShrinkRefusal>, Error> {
    let Settings { accounts, regions, .. } = job.settings;
    let ExistingDay::Objects(objects) = existing else { return Ok(None) };
    if accounts.is_empty() && regions.is_empty() {
        return Ok(None);
    }
    let is_unnamed = |object: &IngestedObject| {
        let KeyParts { account, region, .. } = KeyParts::of(&object.key, LogKind::CloudTrail);
        (!accounts.is_empty() && account.is_none()) || (!regions.is_empty() && region.is_none())
    };
    if !objects.iter().any(|object| object.written > 0 && is_unnamed(object)) {
        return Ok(None);
    }
    let manifest = manifest::read(job.endpoints.destination, day).await?.flatten();
    let reading = job.settings.reading();
    if manifest.is_some_and(|manifest| manifest.made_with.reading == reading) {
        return Ok(None);
    }
    let why = "it was built with other --account or --source-region, and calls may be left out";
    Ok(Some(ShrinkRefusal::because(day, why.to_owned())))
}

/// The calls of a day that is published; `None` if no manifest vouches for it.
async fn published_calls(
    destination: &dyn Store,
    workers: &Workers,
    day: Date,
) -> Result<Option<Identities>, Error> {
    let Some(manifest) = manifest::read(destination, day).await?.flatten() else { return Ok(None) };
    let key = tables::layout::part_key(INVOCATIONS.name, day);
    if !manifest.outputs.iter().any(|output| output.key == key) {
        return Ok(None);
    }
    let Some(file) = Spooled::fetch(destination, &key).await? else { return Ok(None) };
    let read = move || {
        let mut events = Vec::new();
        file.event_ids(|id| events.push(Identity::of(&id)))?;
        Ok(Identities::standing(events, &manifest.addenda))
    };
    let published = workers.run(read).await?;
    published.map(Some).map_err(|source| Error::CorruptTable { key, source: Box::new(source) })
}

fn distinct(
    day: Date,
    state: DayState,
    built: &BuiltCalls,
    will_ask: bool,
) -> Result<Prepared, Error> {
    let DayState { objects, calls, late_objects, calls_elsewhere, .. } = state;
    let by_key = by_key(&objects);
    let ranks = places(&by_key);
    let shared = Mutex::new((BTreeSet::new(), BTreeSet::new()));
    let is_elsewhere = |identity: Identity, is_addendum: bool| {
        let (winner, losers) = built.compare(day, identity, is_addendum);
        if winner.is_some() || !losers.is_empty() {
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            shared.0.extend(losers);
            shared.1.extend(winner);
        }
        winner.is_some()
    };
    let rules = Rules { ranks: &ranks, is_elsewhere: &is_elsewhere, keeps_identities: will_ask };
    let distinct = calls.distinct(&rules)?;
    let addenda = distinct.identities.addenda();
    let (shared, yields_to) = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Prepared::Ready(Box::new(Ready {
        objects,
        by_key,
        distinct,
        late_objects,
        calls_elsewhere,
        shared,
        yields_to,
        addenda,
    })))
}

/// The numbers of objects in the order of their keys.
fn by_key(objects: &[Arc<ObjectRecord>]) -> Vec<u32> {
    let keys = objects.iter().map(|object| object.key.as_ref());
    let mut keys = keys.zip(0u32..).collect::<Vec<_>>();
    // They came in pieces of their order.
    keys.sort();
    keys.into_iter().map(|(_, number)| number).collect()
}

/// For each number its place among all.
fn places(numbers: &[u32]) -> Vec<u32> {
    let mut places = vec![0; numbers.len()];
    for (place, number) in (0u32..).zip(numbers) {
        places[*number as usize] = place;
    }
    places
}

impl BuiltCalls {
    /// Remembers the calls of a day that was built, in place of those that it had before. Where there are
    /// none, or nobody was going to ask for them, those that are published count.
    pub(crate) fn remember(&mut self, day: Date, identities: Identities) {
        if identities.len() == 0 {
            self.days.remove(&day);
            return;
        }
        self.days.insert(day, Arc::new(identities));
        let mut remembered = self.days.values().map(|day| day.len()).sum::<usize>();
        while remembered > MAX_REMEMBERED && self.days.len() > 1 {
            let Some((_, forgotten)) = self.days.pop_first() else { break };
            remembered -= forgotten.len();
        }
    }

    /// Whether the calls of a day are known.
    pub(crate) fn has(&self, day: Date) -> bool {
        self.days.contains_key(&day)
    }

    /// The day that has a call in place of this one, or the days that have to let go of it. An addendum is
    /// kept before what it amends, then the earlier day's record.
    fn compare(
        &self,
        day: Date,
        identity: Identity,
        is_addendum: bool,
    ) -> (Option<Date>, Vec<Date>) {
        let mut losers = Vec::new();
        for (other, identities) in self.days.iter().filter(|(other, _)| **other != day) {
            let Some(others_is_addendum) = identities.find(identity) else { continue };
            if (!is_addendum, day) > (!others_is_addendum, *other) {
                return (Some(*other), Vec::new());
            }
            losers.push(*other);
        }
        (None, losers)
    }
}
