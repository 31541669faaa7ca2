//! Looks at a day before it is built: what a replacement would lose, and which calls are left when each
//! counts once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use logs::layout::{KeyParts, LogKind};
use rayon::prelude::*;
use tables::read::IngestedObject;

use crate::batch::{CreatedJobs, DayOutputs};
use crate::dates::is_read_for;
use crate::day::calls::{Distinct, Identities, Identity, Rules};
use crate::day::collect::{DayState, ObjectRecord};
use crate::day::fence::DayWriter;
use crate::day::kinds::{
    LeftOut, entries_before, is_invocation_log, left_out, of_other_kind, without_orphans,
};
use crate::day::manifest::{Elsewhere, LateObject, Manifest};
use crate::day::published::{PublishedCalls, published_calls};
use crate::day::replace::{
    ExistingDay, Previous, ReplaceDecision, decide, existing_day, unreadable_late_object,
};
use crate::error::Error;
use crate::join::days_of_log;
use crate::lease::Wait;
use crate::outcome::ShrinkRefusal;
use crate::run::Job;
use crate::settings::{Layout, Settings};

/// What becomes of a day that was read.
#[derive(Debug)]
pub(crate) enum Prepared<'a> {
    /// Another run has published it meanwhile, or removed it: its manifest is this now.
    Changed(Box<DayState>, Option<Option<Box<Manifest>>>),
    /// These objects have to be read as well.
    Needs(Box<DayState>, Vec<LateObject>),
    /// It is left as it is; so many calls were read for it.
    NotReplaced(ShrinkRefusal, u64),
    /// It can be built.
    Ready(Box<Ready<'a>>),
}

/// A day that can be built.
#[derive(Debug)]
pub(crate) struct Ready<'a> {
    /// Writes to it.
    pub(crate) writer: DayWriter<'a>,
    /// What an earlier build left.
    pub(crate) previous: Previous,
    /// The published days that it was compared with, with what [they are compared by](Manifest::compared_sha256).
    pub(crate) compared: BTreeMap<Date, String>,
    /// What it is built from.
    pub(crate) counted: Counted,
    /// What was read for its batch jobs.
    pub(crate) outputs: DayOutputs,
}

/// What a day is built from, each call once.
#[derive(Debug)]
pub(crate) struct Counted {
    /// Its objects.
    pub(crate) objects: Vec<Arc<ObjectRecord>>,
    /// Their numbers in the order of their keys.
    pub(crate) by_key: Vec<u32>,
    /// Its calls.
    pub(crate) distinct: Distinct,
    /// Its batch jobs.
    pub(crate) jobs: CreatedJobs,
    /// Objects that are not read for the day and had calls of it.
    pub(crate) late_objects: BTreeSet<LateObject>,
    /// Objects delivered on the day with calls of days that they are not read for.
    pub(crate) calls_elsewhere: BTreeMap<String, Elsewhere>,
    /// Days that have to let go of a call or a batch job, because this one has it.
    pub(crate) shared: BTreeSet<Date>,
    /// Days that have a call which would be this one's otherwise.
    pub(crate) yields_to: BTreeSet<Date>,
    /// Calls that addenda tell, as the manifest keeps them.
    pub(crate) addenda: Vec<String>,
    /// Calls of a build from invocation logs alone that are left out, if there was one.
    pub(crate) left_out: Option<LeftOut>,
}

/// Which calls and batch jobs the days have that were built, so that one event on two days is one call, and one job on
/// two days one job.
#[derive(Debug, Default, Clone)]
pub(crate) struct BuiltCalls {
    days: BTreeMap<Date, Arc<Identities>>,
    jobs: BTreeMap<Date, Arc<CreatedJobs>>,
    /// Published days that left a call to the day that is looked at.
    yielding: BTreeSet<Date>,
    /// Published days that were built from other logs than this run reads: they keep their calls.
    fixed: BTreeSet<Date>,
}

/// Calls that are remembered in all: 128 MB. Beyond that the oldest days are forgotten, but never the
/// last one: one event on two days is rare, and those are neighbours.
const MAX_REMEMBERED: usize = 8 << 20;

/// What is known of a day, and of the days around it, before it is looked at.
#[derive(Debug)]
pub(crate) struct OtherDays {
    /// The manifest of the day that it was decided upon.
    pub(crate) known: Option<Option<Manifest>>,
    /// For how long another run is waited for that holds the day: what a user says of it is about the days
    /// of the run.
    pub(crate) wait: Wait,
    /// The calls of those that were built.
    pub(crate) built: BuiltCalls,
    /// Neighbors that are not built now: if they are published, their calls count too.
    pub(crate) neighbours: Vec<Date>,
    /// Whether the requests of the calls are compared.
    pub(crate) compares_requests: bool,
    /// Whether others are going to ask for the calls of this one.
    pub(crate) will_ask: bool,
}

/// Takes the lease of a day, and looks at it. One that is opened again outside the range has to get all that it
/// is opened for. Only a day that is ready keeps its lease.
///
/// # Errors
/// If another run holds the day, the destination cannot be read, or temporary files cannot be written.
pub(crate) async fn prepare<'a>(
    job: &'a Job<'a>,
    day: Date,
    state: DayState,
    others: OtherDays,
    is_reopened: bool,
) -> Result<Prepared<'a>, Error> {
    let destination = job.endpoints.destination;
    let lease = job.leases.take(day, others.wait).await?;
    let writer = DayWriter::new(destination, job.leases, lease);
    let (found, etag) = writer.read_manifest().await?.unzip();
    if found != others.known {
        writer.release().await?;
        return Ok(Prepared::Changed(
            Box::new(state),
            found.map(|manifest| manifest.map(Box::new)),
        ));
    }
    let previous = Previous { manifest: found.flatten(), etag };
    let prepared = match not_ready(job, day, &state, &previous, is_reopened).await? {
        Some(NotReady::Needs(objects)) => Prepared::Needs(Box::new(state), objects),
        Some(NotReady::Refused(refusal)) => Prepared::NotReplaced(refusal, state.n_calls),
        None => {
            let OtherDays { mut built, neighbours, compares_requests, will_ask, .. } = others;
            let mut compared = BTreeMap::new();
            for neighbour in neighbours {
                built.jobs.remove(&neighbour);
                let published =
                    published_calls(destination, job, neighbour, compares_requests).await?;
                let Some(published) = published else { continue };
                let PublishedCalls { identities, jobs, sha256, yields_to, kind, .. } = published;
                if kind != job.settings.kind {
                    built.fixed.insert(neighbour);
                }
                compared.insert(neighbour, sha256);
                built.days.insert(neighbour, Arc::new(identities));
                built.jobs.insert(neighbour, Arc::new(jobs));
                // One of other logs cannot be built again now: it is not settled.
                if kind == job.settings.kind && yields_to.contains(&day) {
                    built.yielding.insert(neighbour);
                }
            }
            let before = entries_before(job, day, &previous).await?;
            let counting = move || distinct(day, state, (&built, will_ask), before.as_ref());
            let counted = job.workers.run(counting).await??;
            let jobs = counted.jobs.by_id();
            let mut outputs = match job.outputs {
                Some(listed) => listed.read(&jobs).await,
                None => DayOutputs::default(),
            };
            let before = previous.manifest.as_ref().filter(|_| !job.settings.allow_shrink);
            if let Some(before) = before {
                outputs.keep(&jobs, &before.batch_jobs);
            }
            let ready = Ready { writer, previous, compared, counted, outputs };
            return Ok(Prepared::Ready(Box::new(ready)));
        }
    };
    writer.release().await?;
    Ok(prepared)
}

/// Why a day is not built now.
enum NotReady {
    Needs(Vec<LateObject>),
    Refused(ShrinkRefusal),
}

/// Looks at what a replacement of a day would lose.
async fn not_ready(
    job: &Job<'_>,
    day: Date,
    state: &DayState,
    previous: &Previous,
    is_reopened: bool,
) -> Result<Option<NotReady>, Error> {
    let settings = job.settings;
    if settings.allow_shrink {
        return Ok(None);
    }
    if let Some(decided) = of_other_kind(day, state.n_calls == 0, settings.kind, previous) {
        return Ok(decided.err().map(NotReady::Refused));
    }
    if let Some(refusal) = without_orphans(settings, day, previous) {
        return Ok(Some(NotReady::Refused(refusal)));
    }
    let mut existing = existing_day(job.endpoints.destination, day).await?;
    if settings.kind == LogKind::CloudTrail && !settings.include_orphans {
        // Logs that gave no call are none that could be lost.
        existing.retain(|object| object.written > 0 || !is_invocation_log(&object.key));
    }
    if let Some(refusal) = other_filters(settings, day, &existing, previous) {
        return Ok(Some(NotReady::Refused(refusal)));
    }
    let takes_any = settings.layout == Layout::Any;
    let is_read_for = |key: &str| {
        if settings.kind == LogKind::CloudTrail && is_invocation_log(key) {
            let delivery = LogKind::ModelInvocation.delivery(key);
            return delivery.is_none_or(|d| days_of_log(d, settings).any(|of| of == day));
        }
        let delivery = settings.kind.delivery(key);
        takes_any || delivery.is_none_or(|d| is_read_for(d, day, settings.late_window_minutes))
    };
    Ok(match decide(day, &existing, state, takes_any, is_read_for) {
        ReplaceDecision::Safe if is_reopened => {
            unreadable_late_object(day, state, is_read_for).map(NotReady::Refused)
        }
        ReplaceDecision::Safe => None,
        ReplaceDecision::NeedsObjects(objects) => Some(NotReady::Needs(objects)),
        ReplaceDecision::WouldShrink(refusal) => Some(NotReady::Refused(refusal)),
    })
}

/// Why a run that reads some accounts or Regions only does not replace a day that was built with others. Keys
/// that name neither do not show which calls would be lost.
fn other_filters(
    settings: &Settings,
    day: Date,
    existing: &ExistingDay,
    previous: &Previous,
) -> Option<ShrinkRefusal> {
    let Settings { accounts, regions, .. } = settings;
    let ExistingDay::Objects(objects) = existing else { return None };
    if accounts.is_empty() && regions.is_empty() {
        return None;
    }
    let is_unnamed = |object: &IngestedObject| {
        let KeyParts { account, region, .. } = KeyParts::of(&object.key, settings.kind);
        (!accounts.is_empty() && account.is_none()) || (!regions.is_empty() && region.is_none())
    };
    if !objects.iter().any(|object| object.written > 0 && is_unnamed(object)) {
        return None;
    }
    let reading = settings.reading();
    if previous.manifest.as_ref().is_some_and(|manifest| manifest.made_with.reading == reading) {
        return None;
    }
    let why = "it was built with other --account or --source-region, and calls may be left out";
    Some(ShrinkRefusal::because(day, why.to_owned()))
}

fn distinct(
    day: Date,
    state: DayState,
    (built, will_ask): (&BuiltCalls, bool),
    before: Option<&PublishedCalls>,
) -> Result<Counted, Error> {
    let DayState { objects, calls, jobs, requests, late_objects, calls_elsewhere, .. } = state;
    // A neighbor that was built from invocation logs has the calls of these as entries.
    let (mut requests, mut with_entry) = (requests, BTreeMap::new());
    requests.retain(|(request, call)| {
        let other = built.with_fixed_entry(day, *request);
        with_entry.extend(other.map(|other| (*call, other)));
        other.is_none()
    });
    let mut requests = requests.into_iter().map(|(request, _)| request).collect::<Vec<_>>();
    requests.par_sort_unstable();
    requests.dedup();
    let by_key = by_key(&objects);
    let ranks = places(&by_key);
    let shared = Mutex::new((BTreeSet::new(), BTreeSet::new()));
    let is_elsewhere = |identity: Identity, is_addendum: bool| {
        // An entry of an invocation log is no call of its own where CloudTrail tells of the request.
        if requests.binary_search(&identity).is_ok() {
            return true;
        }
        let (winner, losers) = match with_entry.get(&identity) {
            Some(other) => (Some(*other), Vec::new()),
            None => built.compare(day, identity, is_addendum),
        };
        if winner.is_some() || !losers.is_empty() {
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            shared.0.extend(losers);
            shared.1.extend(winner);
        }
        winner.is_some()
    };
    let rules = Rules {
        ranks: &ranks,
        is_elsewhere: &is_elsewhere,
        keeps_identities: will_ask || before.is_some(),
    };
    let distinct = calls.distinct(&rules)?;
    let addenda = distinct.identities.addenda();
    let (mut shared, yields_to) = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    // It left calls to an earlier build of this day, which this one may not have.
    shared.extend(&built.yielding);
    shared.extend(built.with_entries_of(day, &requests));
    let jobs = built.jobs_of(day, jobs);
    shared.extend(built.with_other_jobs_after(day, &jobs));
    let left_out = before.map(|before| {
        let has =
            |key| requests.binary_search(&key).is_ok() || distinct.identities.find(key).is_some();
        left_out(before, has, built, day)
    });
    let mut distinct = distinct;
    if !requests.is_empty() {
        distinct.identities = distinct.identities.with_requests(requests);
    }
    Ok(Counted {
        objects,
        by_key,
        distinct,
        jobs,
        late_objects,
        calls_elsewhere,
        shared,
        yields_to,
        addenda,
        left_out,
    })
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
    /// Remembers the calls and jobs of a day that was built, in place of those that it had before. Where there are
    /// none, or nobody was going to ask for them, those that are published count.
    pub(crate) fn remember(&mut self, day: Date, identities: Identities, jobs: CreatedJobs) {
        self.jobs.insert(day, Arc::new(jobs));
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

    /// Forgets the calls and jobs of a day that another run has published.
    pub(crate) fn forget(&mut self, day: Date) {
        self.days.remove(&day);
        self.jobs.remove(&day);
    }

    /// What a day keeps of the jobs that its events create.
    fn jobs_of(&self, day: Date, all: BTreeSet<Box<str>>) -> CreatedJobs {
        let before = day.yesterday().ok().and_then(|before| self.jobs.get(&before));
        CreatedJobs::new(all, before.map(AsRef::as_ref))
    }

    /// The day after one that has these jobs, if it has to let go of one of them, or has left one that is nowhere now.
    fn with_other_jobs_after(&self, day: Date, jobs: &CreatedJobs) -> Option<Date> {
        let after = day.tomorrow().ok().filter(|after| !self.fixed.contains(after))?;
        (!self.jobs.get(&after)?.are_after(jobs)).then_some(after)
    }

    /// Of two days whose calls are known, those that have to let go of one that the other one has too.
    pub(crate) fn losers(&self, one: Date, other: Date) -> BTreeSet<Date> {
        let (Some(calls), Some(_)) = (self.days.get(&one), self.days.get(&other)) else {
            return BTreeSet::new();
        };
        let pair = BuiltCalls {
            days: [other]
                .into_iter()
                .filter_map(|day| Some((day, self.days.get(&day)?.clone())))
                .collect(),
            jobs: BTreeMap::new(),
            yielding: BTreeSet::new(),
            fixed: BTreeSet::new(),
        };
        let mut losers = pair.with_entries_of(one, calls.requests()).collect::<BTreeSet<_>>();
        for (identity, is_addendum) in calls.iter() {
            let (winner, others) = pair.compare(one, identity, is_addendum);
            losers.extend(winner.map(|_| one));
            losers.extend(others);
        }
        losers
    }

    /// The day beside one that has a call of the request with this key, or an entry as its call.
    pub(crate) fn with_request(&self, day: Date, key: Identity) -> Option<Date> {
        let beside = [day.yesterday(), day.tomorrow()].into_iter().filter_map(Result::ok);
        let has = |calls: &Arc<Identities>| calls.has_request(key) || calls.find(key).is_some();
        beside.into_iter().find(|other| self.days.get(other).is_some_and(has))
    }

    /// The same of a day that keeps its calls.
    fn with_fixed_entry(&self, day: Date, key: Identity) -> Option<Date> {
        if self.fixed.is_empty() {
            return None;
        }
        self.with_request(day, key).filter(|other| self.fixed.contains(other))
    }

    /// The days beside one that have an entry of an invocation log as a call, although one of these requests is the
    /// call.
    fn with_entries_of(&self, day: Date, requests: &[Identity]) -> impl Iterator<Item = Date> {
        let beside = [day.yesterday(), day.tomorrow()].into_iter().filter_map(Result::ok);
        beside.filter(move |other| {
            let calls = self.days.get(other).filter(|_| !self.fixed.contains(other));
            calls.is_some_and(|calls| requests.iter().any(|request| calls.find(*request).is_some()))
        })
    }

    /// The day that has a call in place of this one, or the days that have to let go of it. An addendum is
    /// kept before what it amends, then the earlier day's record. Only the days beside it are asked, whatever
    /// else is known: days that are built one by one know no others.
    fn compare(
        &self,
        day: Date,
        identity: Identity,
        is_addendum: bool,
    ) -> (Option<Date>, Vec<Date>) {
        let mut losers = Vec::new();
        for other in [day.yesterday(), day.tomorrow()].into_iter().filter_map(Result::ok) {
            let Some(identities) = self.days.get(&other) else { continue };
            if identities.has_request(identity) {
                return (Some(other), Vec::new());
            }
            let Some(others_is_addendum) = identities.find(identity) else { continue };
            if self.fixed.contains(&other) {
                return (Some(other), Vec::new());
            }
            if (!is_addendum, day) > (!others_is_addendum, other) {
                return (Some(other), Vec::new());
            }
            losers.push(other);
        }
        (None, losers)
    }
}
