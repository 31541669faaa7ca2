//! The run as a whole: makes passes over the days until no day is left to build, settles them, and adds up
//! what they came to.

pub(crate) mod decision;
pub(crate) mod discovered;
pub(crate) mod kept;
mod pass;
mod readings;
pub(crate) mod reopen;
pub(crate) mod schedule;
pub(crate) mod settle;
mod state;
mod windows;

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;

use bedrock::{JobStates, Knowledge};
use jiff::civil::Date;
use logs::layout::LogKind;
use store::SystemClock;

use crate::accounts;
use crate::batch::ListedOutputs;
use crate::dates::DayRange;
use crate::day::manifest;
use crate::day::outputs::changed_days;
use crate::digests::{Comparison, read_digests};
use crate::error::Error;
use crate::join::LogCounts;
use crate::lease::{Holder, LeaseError, LeaseOptions, Leases};
use crate::outcome::Outcome;
use crate::outcome::progress::{Finished, Progress};
use crate::run::pass::{PassEnd, pass};
pub(crate) use crate::run::state::Job;
use crate::run::state::{Joined, PassRequest, State};
use crate::run::windows::{Found, Left, Windows};
use crate::settings::Settings;
use crate::source::filter::Seen;
use crate::source::list::{Listed, find_folders};
use crate::source::nothing_found::nothing_found;
use crate::source::{Callers, OpenLogs, Source};
use crate::work::Workers;

pub use readings::Readings;
pub(crate) use readings::made_with as readings_made_with;
pub use state::Endpoints;

/// Days are rebuilt because of what is read for later days. More often than this they cannot be.
const MAX_PASSES: usize = 8;

/// What a run has to say while it goes on.
#[derive(Debug)]
pub enum Notice<'a> {
    /// It waits for another run that holds this day; all days, if none is named.
    Waiting(Option<Date>, &'a Holder),
    /// It begins.
    Begun,
    /// It could not give its leases back, which will expire.
    NotReleased(LeaseError),
}

/// Reads a trail, and model invocation logs if there are any, and writes the tables of each day to a
/// destination, of which it holds the day's lease meanwhile. When `stop` is done the run ends early, and gives
/// back what it holds.
///
/// # Errors
/// If another run holds a day, a source cannot be listed or the destination cannot be written;
/// [`Error::Stopped`] if it ended early. Days that were published before are complete.
pub async fn run(
    endpoints: Endpoints<'_>,
    settings: &Settings,
    knowledge: Knowledge,
    progress: &Progress,
    notify: impl Fn(Notice<'_>) + Send + Sync,
    stop: impl Future<Output = ()>,
) -> Result<Outcome, Error> {
    with_leases(endpoints, settings, &notify, stop, async |leases| {
        run_with_leases((endpoints, None), settings, knowledge, progress, leases).await
    })
    .await
}

/// Builds days from readings, in place of listing and fetching the source. All else is as [`run`]; objects that a
/// published day needs and the readings lack are fetched.
///
/// # Errors
/// As [`run`], and if the readings are cut off, were made with something else, or do not add up to their sums: then
/// nothing of the day is published.
pub async fn build(
    (endpoints, readings): (Endpoints<'_>, Readings),
    settings: &Settings,
    knowledge: Knowledge,
    progress: &Progress,
    notify: impl Fn(Notice<'_>) + Send + Sync,
    stop: impl Future<Output = ()>,
) -> Result<Outcome, Error> {
    with_leases(endpoints, settings, &notify, stop, async |leases| {
        run_with_leases((endpoints, Some(readings)), settings, knowledge, progress, leases).await
    })
    .await
}

/// Makes days that are published as one run over all of them would have left them: compares those that were
/// built without regard to one another, and rebuilds those that lack late calls, an alias, or have an event
/// that is another day's. Reads manifests only where there is nothing to do.
///
/// # Errors
/// As [`run`].
pub async fn settle(
    endpoints: Endpoints<'_>,
    settings: &Settings,
    knowledge: Knowledge,
    progress: &Progress,
    notify: impl Fn(Notice<'_>) + Send + Sync,
    stop: impl Future<Output = ()>,
) -> Result<Outcome, Error> {
    with_leases(endpoints, settings, &notify, stop, async |leases| {
        let workers = Workers::start(settings.threads)?;
        let mut state = begin(endpoints, settings, knowledge).await?;
        let mut outcome = Outcome::new(endpoints, settings);
        let outputs = endpoints.list_outputs().await?;
        let outputs = outputs.as_ref();
        let job = Job { endpoints, settings, workers: &workers, progress, leases, outputs };
        settle::settle(&job, &mut state, &mut outcome).await?;
        leases.clear_stale(|day| state.may_change(day)).await?;
        end(state, outcome, &job)
    })
    .await
}

/// Does the work of a run, and keeps its leases meanwhile.
async fn with_leases(
    endpoints: Endpoints<'_>,
    settings: &Settings,
    notify: &(impl Fn(Notice<'_>) + Send + Sync),
    stop: impl Future<Output = ()>,
    work: impl AsyncFnOnce(&Leases<'_>) -> Result<Outcome, Error>,
) -> Result<Outcome, Error> {
    let mut stop = pin!(stop);
    let options = LeaseOptions { wait: settings.lease_wait, is_off: settings.no_lease };
    let clock = Arc::new(SystemClock);
    let leases = Leases::new(endpoints.destination, clock, options, |day, holder| {
        notify(Notice::Waiting(Some(day), holder));
    });
    tokio::select! {
        biased;
        waited = leases.wait_for_old_version(|holder| notify(Notice::Waiting(None, holder))) => waited?,
        () = &mut stop => return Err(Error::Stopped),
    }
    notify(Notice::Begun);
    let outcome = tokio::select! {
        biased;
        () = &mut stop => Err(Error::Stopped),
        lost = leases.keep() => Err(lost.into()),
        outcome = work(&leases) => outcome,
    };
    if let Err(error) = leases.release_all().await {
        notify(Notice::NotReleased(error));
    }
    outcome
}

/// What is known before the first day is read. What accounts are called is written first: no day depends on it.
async fn begin(
    endpoints: Endpoints<'_>,
    settings: &Settings,
    mut knowledge: Knowledge,
) -> Result<State, Error> {
    if let Some(accounts) = &settings.account_names {
        accounts::write(endpoints.destination, accounts).await?;
    }
    kept::load(endpoints.destination, &mut knowledge.aliases).await?;
    let mut job_states = JobStates::default();
    kept::load(endpoints.destination, &mut job_states).await?;
    let manifests = manifest::load(endpoints.destination, settings.range).await?;
    let mut state = State::new(knowledge, settings, manifests);
    state.job_states = job_states;
    Ok(state)
}

/// What a run came to.
fn end(state: State, mut outcome: Outcome, job: &Job<'_>) -> Result<Outcome, Error> {
    outcome.batch_outputs = job.outputs.map(|outputs| state.batch_outputs(outputs));
    state.write_into(job.settings.range, &mut outcome);
    let checked = outcome.check_counts();
    checked.map_err(|reason| Error::Counts { of: "the run".to_owned(), reason })?;
    job.progress.set_finished(Finished::from(&outcome));
    Ok(outcome)
}

async fn run_with_leases(
    (endpoints, readings): (Endpoints<'_>, Option<Readings>),
    settings: &Settings,
    knowledge: Knowledge,
    progress: &Progress,
    leases: &Leases<'_>,
) -> Result<Outcome, Error> {
    let Endpoints { source, destination, .. } = endpoints;
    let workers = Workers::start(settings.threads)?;
    let mut state = begin(endpoints, settings, knowledge).await?;
    state.changed_files = changed_days(destination, &state.manifests).await?;
    state.digests = digests(endpoints.source, settings, &workers).await?;
    let mut readings = match (readings, settings.range) {
        (Some(readings), range) => {
            let range = range.ok_or(Error::NoRange)?;
            let mut readings = readings.by_day(source.store, settings, range).await?;
            state.learn(destination, &mut readings.learned).await?;
            Some(readings)
        }
        (None, _) => {
            state.discovery = Arc::new(find_folders(source.store, settings).await?);
            None
        }
    };
    let mut windows = match readings {
        Some(_) => Windows::of_days(settings),
        None => Windows::new(settings, &state.discovery),
    };
    let outputs = endpoints.list_outputs().await?;
    let outputs = outputs.as_ref();
    let mut run = Passes::begin(endpoints, (&workers, progress, leases), settings, state).await;
    run.outputs = outputs;
    while let Some((settings, mut request)) = windows.next() {
        if let (Some(readings), Some(day)) = (&mut readings, settings.range) {
            request.readings = Some(readings.of(day.from(), &settings));
        }
        let mut end = run.pass(&settings, request).await?;
        windows.take(&mut end);
        run.outcome.objects.read_again += end.n_read_again;
        run.outcome.add(end);
    }
    run.outcome.begin(&windows.found, settings);
    if windows.found.n_listed == 0 && run.state.has_no_days() {
        run.outcome.nothing_found =
            nothing_found(source.store, settings, &windows.found.listed).await?;
    }
    for n_passes in 2.. {
        run.counts_logs = !run.left.without_logs.is_empty();
        if run.counts_logs {
            run.log_counts = LogCounts::default();
        }
        let request = run.left.request(&run.state);
        if request.rebuild.is_empty() || readings.is_some() {
            break;
        }
        if n_passes > MAX_PASSES {
            return Err(Error::NotConverged { passes: MAX_PASSES });
        }
        for (settings, request) in windows.split(&request) {
            let end = run.pass(&settings, request).await?;
            run.outcome.objects.read_again += end.collected.objects.all();
            run.outcome.add(end);
        }
    }
    let Passes { mut state, mut outcome, withdrawn, logs, log_counts, .. } = run;
    outcome.invocation_log = log_counts.end(|day| state.is_built(settings.range, day));
    if let Some(log) = &outcome.invocation_log {
        outcome.request_metadata.add(log.metadata);
    }
    let job = Job {
        endpoints: endpoints.with_logs(logs.as_ref()),
        settings,
        workers: &workers,
        progress,
        leases,
        outputs,
    };
    if readings.is_some() {
        settle::open_built(&job, &mut state, &mut outcome).await?;
    }
    reopen::reopen(&job, &mut state, &mut outcome, &withdrawn).await?;
    settle::settle_neighbours(&job, &mut state, &mut outcome).await?;
    leases.clear_stale(|day| settings.range.is_none_or(|range| range.contains(day))).await?;
    end(state, outcome, &job)
}

/// The digest files of the range, if log files are to be compared with them.
async fn digests(
    source: Source<'_>,
    settings: &Settings,
    workers: &Workers,
) -> Result<Option<Comparison>, Error> {
    let Some(range) = settings.range.filter(|_| settings.verify_digests) else { return Ok(None) };
    let keys = settings.digest_keys.as_ref();
    let Source { store, root_path } = source;
    let digests = read_digests(store, root_path, settings, range, workers, keys).await?;
    Ok(Some(Comparison::new(digests)))
}

/// The passes of a run, with what they know of one another.
struct Passes<'a> {
    endpoints: Endpoints<'a>,
    workers: &'a Workers,
    progress: &'a Progress,
    leases: &'a Leases<'a>,
    state: State,
    outcome: Outcome,
    outputs: Option<&'a ListedOutputs<'a>>,
    /// Those of the model invocation logs that depend on who called.
    logs: Option<OpenLogs>,
    callers: Callers,
    range: Option<DayRange>,
    log_counts: LogCounts,
    /// Whether the run reports what the next passes join: they have the logs of every caller.
    counts_logs: bool,
    /// Days beside the range that let go of a call.
    withdrawn: BTreeSet<Date>,
    left: Left,
}

impl<'a> Passes<'a> {
    async fn begin(
        endpoints: Endpoints<'a>,
        (workers, progress, leases): (&'a Workers, &'a Progress, &'a Leases<'a>),
        settings: &Settings,
        state: State,
    ) -> Self {
        let outcome = Outcome::new(endpoints, settings);
        let callers = state.callers();
        let logs = endpoints.open_logs(&callers).await;
        Passes {
            endpoints,
            workers,
            progress,
            leases,
            state,
            outcome,
            outputs: None,
            logs,
            callers,
            range: settings.range,
            log_counts: LogCounts::default(),
            counts_logs: true,
            withdrawn: BTreeSet::new(),
            left: Left::default(),
        }
    }

    /// Makes a pass, and takes note of what it leaves to others.
    async fn pass(&mut self, settings: &Settings, request: PassRequest) -> Result<PassEnd, Error> {
        let endpoints = self.endpoints.with_logs(self.logs.as_ref());
        let Passes { workers, progress, leases, outputs, .. } = *self;
        let job = Job { endpoints, settings, workers, progress, leases, outputs };
        let mut end = pass(&job, &mut self.state, request).await?;
        self.state.learn(endpoints.destination, &mut end.collected.learned).await?;
        if let Some(joined) = end.joined.take().filter(|_| self.counts_logs) {
            let Joined { requests, entries, calls_without_entry } = joined;
            let is_built = |day| self.state.is_built(self.range, day);
            self.log_counts.add(&requests, &entries, calls_without_entry, is_built);
        }
        self.left.take(&mut end);
        let new_callers =
            self.logs.as_ref().map(|_| self.state.days_with_new_callers(&self.callers));
        if let Some(days) = new_callers.filter(|days| !days.is_empty()) {
            self.callers = self.state.callers();
            self.logs = self.endpoints.open_logs(&self.callers).await;
            self.left.without_logs.extend(days);
        }
        let is_beside = |day: &&Date| !self.state.manifests.contains_key(*day);
        self.withdrawn.extend(end.shared.iter().filter(is_beside));
        Ok(end)
    }
}

impl Outcome {
    fn new(endpoints: Endpoints<'_>, settings: &Settings) -> Self {
        Outcome {
            source: endpoints.source.store.location(),
            is_without_trail: settings.kind == LogKind::ModelInvocation,
            destination: endpoints.destination.location(),
            range: settings.range.map(|range| range.to_string()),
            ..Outcome::default()
        }
    }

    /// Adds what the listing of the days found: that of days that are rebuilt finds the same.
    fn begin(&mut self, found: &Found, settings: &Settings) {
        let Listed { listing, discovery, trails, unmatched, has_unnamed, .. } = &found.listed;
        let objects = &mut self.objects;
        objects.skipped = listing.skipped;
        objects.skipped_example.clone_from(&listing.skipped_example);
        objects.copies = listing.copies;
        objects.copies_of_other_size.clone_from(&listing.copies_of_other_size);
        self.trails.clone_from(trails);
        self.not_searched = discovery.not_searched.clone();
        self.has_reached_search_limit = discovery.has_reached_limit;
        self.unmatched = match has_unnamed {
            false => unmatched.clone(),
            true => found.seen.unmatched(unmatched),
        };
        let Seen { accounts, regions, without_name } = &found.seen;
        self.left_without_name = *without_name;
        if *has_unnamed {
            let nothing = |option, asked: &BTreeSet<String>, there: &BTreeSet<String>| {
                let is_met = asked.is_empty() || there.is_empty() || !asked.is_disjoint(there);
                let error = || {
                    Error::nothing_matches(option, asked, self.source.clone(), there).to_string()
                };
                (!is_met).then(error)
            };
            let of_accounts = nothing("--account", &settings.accounts, accounts);
            self.nothing_matches =
                of_accounts.or_else(|| nothing("--source-region", &settings.regions, regions));
        }
    }

    /// Adds what a pass read.
    fn add(&mut self, end: PassEnd) {
        let collected = end.collected;
        self.objects.add(collected.objects);
        self.records.add(collected.records);
        self.calls_left += collected.left;
        for (day, calls) in collected.out_of_range {
            *self.out_of_range.entry(day.to_string()).or_default() += calls;
        }
        for (name, count) in collected.unknown_operations {
            *self.unknown_operations.entry(name).or_default() += count;
        }
        for (region, records) in collected.skipped_by_region {
            *self.skipped_by_region.entry(region).or_default() += records;
        }
        self.events_left += collected.events_left;
        self.events_without_id += collected.events_without_id;
        self.request_metadata.add(collected.metadata);
    }

    /// Adds what was read for a day that was opened again, or was to be. Calls of other days in its
    /// objects are of days that have them; its own, which the range's objects had, are in it now.
    fn add_reopened(&mut self, day: Date, mut end: PassEnd, is_open: bool) {
        self.objects.read_again += end.collected.objects.all();
        end.collected.unknown_operations.clear();
        let elsewhere = std::mem::take(&mut end.collected.out_of_range);
        self.calls_left += elsewhere.into_values().sum::<u64>();
        if is_open && let Some(calls) = self.out_of_range.remove(&day.to_string()) {
            self.calls_left += calls;
        }
        self.add(end);
    }
}
