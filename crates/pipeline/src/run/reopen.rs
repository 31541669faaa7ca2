//! Days outside the range of a run that are opened again: an object that was delivered late has calls of
//! them, more is known of their batch jobs, or a run was interrupted while it replaced them.
//!
//! Such a day is built from the objects that its table `ingest` names, and from the late ones; nothing is
//! listed for it. It never loses an object, whatever the options. Each day has a pass of its own: what is
//! held does not grow with their number.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use logs::invocation::MetadataKeys;
use logs::layout::{KeyParts, LogKind};
use store::Store;
use tables::read::IngestedObject;

use crate::batch::KnownJobs;
use crate::dates::{DayRange, is_read_for};
use crate::day::kinds::is_invocation_log;
use crate::day::manifest::{self, LateObject, Manifest, MissingCalls, missing_calls};
use crate::day::replace::{ExistingDay, existing_day};
use crate::digests::{Comparison, read_digests};
use crate::error::Error;
use crate::lease::LeaseError;
use crate::omit::{Omitted, OmittedColumn};
use crate::outcome::{NotReopened, Outcome};
use crate::run::MAX_PASSES;
use crate::run::pass::{PassEnd, pass};
use crate::run::schedule::Reason;
use crate::run::state::{Job, NamedObjects, PassRequest, State};
use crate::settings::{Layout, Settings};
use crate::source::Source;
use crate::source::discover::discover;
use crate::source::list::{At, ListedObject};

/// Why a day is opened again, and with what.
#[derive(Debug, Default)]
pub(crate) struct Opening {
    /// Objects that it does not have.
    pub(super) missing: Vec<MissingCalls>,
    /// Why, if it lacks none.
    pub(super) reason: Option<Reason>,
}

/// Opens the days that need it, in their order. `withdrawn` are those that let go of a call in this run.
///
/// # Errors
/// As those of a pass. A day that cannot be opened is left as it is, and reported.
pub(super) async fn reopen(
    job: &Job<'_>,
    state: &mut State,
    outcome: &mut Outcome,
    withdrawn: &BTreeSet<Date>,
) -> Result<(), Error> {
    let Settings { range, layout, reopen_days, .. } = *job.settings;
    let Some(range) = range.filter(|_| layout != Layout::Any && reopen_days > 0) else {
        return Ok(());
    };
    let destination = job.endpoints.destination;
    let jobs = job.known_jobs(&state.job_states);
    let (mut queue, too_late) =
        openings(destination, reopen_days, range, &state.manifests, jobs).await?;
    outcome.not_reopened.extend(too_late);
    leave_held(job, &mut queue).await?;
    add_shared(&mut queue, withdrawn);
    open_all(job, state, outcome, queue).await
}

/// Leaves out the days that another run is publishing now: they look as if it were interrupted.
async fn leave_held(job: &Job<'_>, queue: &mut BTreeMap<Date, Opening>) -> Result<(), Error> {
    let mut held = BTreeSet::new();
    for (day, opening) in &*queue {
        if opening.missing.is_empty() && job.leases.is_held(*day).await? {
            held.insert(*day);
        }
    }
    queue.retain(|day, _| !held.contains(day));
    Ok(())
}

/// Opens these days, in their order, and those that let go of a call meanwhile.
///
/// # Errors
/// As [`reopen`].
pub(super) async fn open_all(
    job: &Job<'_>,
    state: &mut State,
    outcome: &mut Outcome,
    mut queue: BTreeMap<Date, Opening>,
) -> Result<(), Error> {
    if !queue.is_empty() && state.discovery.is_empty() {
        let store = job.endpoints.source.store;
        state.discovery = Arc::new(discover(store, job.settings, job.settings.kind).await?);
    }
    let mut n_passes = BTreeMap::<Date, usize>::new();
    while let Some((day, opening)) = queue.pop_first() {
        let passes = n_passes.entry(day).or_default();
        *passes += 1;
        if *passes > MAX_PASSES {
            return Err(Error::NotConverged { passes: MAX_PASSES });
        }
        let refused = match named_objects(job, state, day, &opening).await? {
            Err(why) => Some(why),
            Ok(None) => continue,
            Ok(Some(named)) => match open(job, state, day, &opening, named).await {
                Ok(end) => {
                    add_shared(&mut queue, &end.shared);
                    let refusal = state.not_replaced.remove(&day);
                    outcome.add_reopened(day, end, refusal.is_none());
                    refusal.map(|refusal| refusal.reason())
                }
                // It is that run's now, and the next one's to open.
                Err(Error::Lease(error @ LeaseError::Held { .. })) if !state.is_settling => {
                    Some(error.to_string())
                }
                Err(error) => return Err(error),
            },
        };
        if let Some(why) = refused {
            outcome.not_reopened.push(opening.refused(day, why));
        }
    }
    outcome.not_reopened.sort_by(|a, b| a.dt.cmp(&b.dt));
    Ok(())
}

/// The days before the range that lack late objects, have batch jobs that more is known of, or were interrupted, as the manifests of the range and of
/// the days before it show; and calls that are too late to open their day, of those that were delivered on
/// days of the range.
///
/// # Errors
/// If the destination cannot be read.
pub(crate) async fn openings(
    destination: &dyn Store,
    reopen_days: u16,
    range: DayRange,
    manifests: &BTreeMap<Date, Option<Manifest>>,
    jobs: KnownJobs<'_>,
) -> Result<(BTreeMap<Date, Opening>, Vec<NotReopened>), Error> {
    let days = i64::from(reopen_days);
    let before = range.before(days);
    let before = manifest::load(destination, Some(before)).await?;
    let (mut queue, mut too_late) = (BTreeMap::<Date, Opening>::new(), Vec::new());
    for (day, manifest) in &before {
        let reason = match manifest {
            Some(manifest) if manifest.is_withdrawn() => Some(Reason::Interrupted),
            Some(manifest) => jobs.reason(manifest),
            None => None,
        };
        if reason.is_some() {
            queue.entry(*day).or_default().reason = reason;
        }
    }
    let missing = missing_calls(destination, &[&before, manifests]).await?;
    for (day, late) in missing.into_iter().filter(|(day, _)| !range.contains(*day)) {
        let (near, far): (Vec<_>, Vec<_>) =
            late.into_iter().partition(|late| late.delivered <= day.saturating_add(days.days()));
        let far = far.into_iter().filter(|late| range.contains(late.delivered));
        let far = Opening { missing: far.collect(), reason: None };
        if !far.missing.is_empty() {
            let why = format!("delivered more than {days} days later (--reopen)");
            too_late.push(far.refused(day, why));
        }
        if !near.is_empty() {
            queue.entry(day).or_default().missing = near;
        }
    }
    Ok((queue, too_late))
}

/// Adds days that let go of a call: they have to be built once more.
pub(super) fn add_shared(queue: &mut BTreeMap<Date, Opening>, days: &BTreeSet<Date>) {
    for day in days {
        queue.entry(*day).or_default().reason.get_or_insert(Reason::SharedEvents);
    }
}

/// What a day is built from when it is opened; `None` if it is not published, or why it is left as it is.
async fn named_objects(
    job: &Job<'_>,
    state: &mut State,
    day: Date,
    opening: &Opening,
) -> Result<Result<Option<NamedObjects>, String>, Error> {
    let Job { endpoints, settings, .. } = job;
    let Some(published) = manifest::read(endpoints.destination, day).await? else {
        return Ok(Ok(None));
    };
    let Some(published) = published else {
        return Ok(Err("its manifest is corrupt, or of another version of hoptrail".to_owned()));
    };
    let is_interrupted = opening.missing.is_empty() && opening.reason == Some(Reason::Interrupted);
    if is_interrupted && !published.is_withdrawn() {
        // Another run has published it meanwhile.
        state.manifests.insert(day, Some(published));
        return Ok(Ok(None));
    }
    if published.kind() != settings.kind {
        let why = match published.kind() {
            LogKind::ModelInvocation => "it was built from model invocation logs without a trail",
            _ => "it was built from CloudTrail, and this run has no --source",
        };
        return Ok(Err(why.to_owned()));
    }
    if published.log_calls > 0 && settings.kind == LogKind::CloudTrail && !settings.include_orphans
    {
        let why =
            "it has calls that only invocation logs have, and this run has no --include-orphans";
        return Ok(Err(why.to_owned()));
    }
    if published.invocation_logs.is_some() && endpoints.invocation_logs.is_none() {
        let why = "it was built with model invocation logs, and this run has none";
        return Ok(Err(why.to_owned()));
    }
    let ingested = match existing_day(endpoints.destination, day).await? {
        ExistingDay::Objects(ingested) => ingested,
        ExistingDay::Absent => return Ok(Err("its table ingest does not exist".to_owned())),
        ExistingDay::Unknown(error) => {
            return Ok(Err(format!("its table ingest cannot be read: {error}")));
        }
    };
    let late = opening.missing.iter().map(|late| &late.object.key);
    let left_out = |key: &&String| !is_admitted(settings, key);
    if let Some(key) = ingested.iter().map(|object| &object.key).chain(late).find(left_out) {
        let options = "--account or --source-region of this run leaves out";
        return Ok(Err(format!("{options} some of its objects, for example {key}")));
    }
    // Invocation logs whose entries are calls beside those of a trail are read as logs.
    let is_of_source = |object: &IngestedObject| {
        settings.kind == LogKind::ModelInvocation || !is_invocation_log(&object.key)
    };
    let objects = ingested.into_iter().filter(is_of_source).filter_map(|object| {
        let delivery = settings.kind.delivery(&object.key)?;
        let LateObject { key, bytes } = LateObject { key: object.key, bytes: object.bytes };
        let is_own = is_read_for(delivery, day, settings.late_window_minutes);
        let meta = store::ObjectMeta { key, size_bytes: bytes, etag: None, is_archived: false };
        let at = At::OneOf(state.discovery.keys_of(&meta.key, settings.kind).into());
        is_own.then_some(ListedObject { meta, at, delivery: Some(delivery), is_late: false })
    });
    let named = NamedObjects { objects: objects.collect(), trail: published.trail.clone() };
    state.manifests.insert(day, Some(published));
    Ok(Ok(Some(named)))
}

/// Builds a day from named objects and those that it lacks.
async fn open(
    job: &Job<'_>,
    state: &mut State,
    day: Date,
    opening: &Opening,
    named: NamedObjects,
) -> Result<PassEnd, Error> {
    let (range, allow_shrink) = (DayRange::new(day, day), false);
    let mut settings = Settings { range, allow_shrink, ..job.settings.clone() };
    // What the day was built without does not come back with a run over other days.
    let published = state.manifests.get(&day).and_then(Option::as_ref);
    let omitted = published.map(|manifest| Omitted::of_names(&manifest.made_with.omitted));
    settings.omitted = settings.omitted.and(omitted.unwrap_or_default());
    if settings.omitted.has(OmittedColumn::RequestMetadata) {
        settings.request_metadata = MetadataKeys::default();
    }
    let late = opening.missing.iter().map(|late| late.object.clone()).collect();
    let request = PassRequest {
        rebuild: BTreeMap::from([(day, opening.reason())]),
        late: BTreeMap::from([(day, late)]),
        named: Some(named),
        ..PassRequest::default()
    };
    let callers = state.callers();
    let logs = job.endpoints.open_logs(&callers).await;
    let endpoints = job.endpoints.with_logs(logs.as_ref());
    // The digests of the range, if there are any, do not have those of other days.
    let of_range = match settings.verify_digests && !state.has_digests_of(day) {
        true => Some(state.digests.replace(digests_of(job, state, day, opening).await?)),
        false => None,
    };
    let job = Job { endpoints, settings: &settings, ..*job };
    let mut end = pass(&job, state, request).await?;
    if let Some(of_range) = of_range {
        state.digests = of_range;
    }
    let destination = job.endpoints.destination;
    state.learn(destination, &mut end.collected.learned).await?;
    Ok(end)
}

/// The digests of a day's objects, late ones included.
async fn digests_of(
    job: &Job<'_>,
    state: &State,
    day: Date,
    opening: &Opening,
) -> Result<Comparison, Error> {
    let known = state.manifests.get(&day).and_then(Option::as_ref);
    let known = known.into_iter().flat_map(|manifest| &manifest.late_objects);
    let delivered = known.filter_map(|late| Some(job.settings.kind.delivery(&late.key)?.day));
    let delivered = delivered.chain(opening.missing.iter().map(|late| late.delivered));
    let last = delivered.max().unwrap_or(day).max(day);
    let range = DayRange::new(day, last).ok_or(Error::NoRange)?;
    let Job { endpoints, settings, workers, .. } = *job;
    let (Source { store, root_path }, keys) = (endpoints.source, settings.digest_keys.as_ref());
    Ok(Comparison::new(read_digests(store, root_path, settings, range, workers, keys).await?))
}

/// Whether the run surely reads all calls of an object. Where the key does not name the account or the Region
/// that are asked for, its calls may be of others.
fn is_admitted(settings: &Settings, key: &str) -> bool {
    let KeyParts { account, region, .. } = KeyParts::of(key, settings.kind);
    let admits = |chosen: &BTreeSet<String>, name: Option<&str>| {
        chosen.is_empty() || name.is_some_and(|name| chosen.contains(name))
    };
    admits(&settings.accounts, account) && admits(&settings.regions, region)
}

impl Opening {
    fn reason(&self) -> Reason {
        match (self.missing.len(), &self.reason) {
            (0, Some(reason)) => reason.clone(),
            (objects, _) => Reason::LateObjects { objects: objects as u64 },
        }
    }

    /// Reports that the day is left as it is.
    fn refused(&self, day: Date, why: String) -> NotReopened {
        let objects = self.missing.iter().map(|late| late.object.key.clone()).collect();
        let delivered = self.missing.iter().map(|late| late.delivered).max();
        NotReopened {
            dt: day.to_string(),
            calls: self.missing.iter().map(|late| late.calls).sum(),
            objects,
            delivered: delivered.map(|day| day.to_string()),
            why,
        }
    }
}
