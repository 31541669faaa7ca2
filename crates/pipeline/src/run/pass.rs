//! One pass over the days: lists, decides which days are built, and then reads, builds and publishes at
//! the same time. Days are finished in their order, so that a run that is interrupted has published the
//! first of them.

mod days;
mod decide;
mod rows;
mod tasks;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::StreamExt;
use jiff::civil::Date;
use logs::Reading;
use logs::invocation::InvocationReading;
use logs::layout::LogKind;
use readings::Row;
use tokio::sync::{Semaphore, mpsc};

use crate::day::collect::Collected;
use crate::day::manifest;
use crate::error::Error;
use crate::join::{ListedLogs, Requests, days_of_log, list_logs};
use crate::outcome::counts::check_sum;
use crate::run::pass::days::Encoded;
use crate::run::pass::rows::{TakenRows, read_rows};
use crate::run::pass::tasks::{Event, Tasks};
use crate::run::schedule::{Reason, Schedule};
use crate::run::state::{Job, Joined, PassRequest, State};
use crate::settings::{Layout, Settings};
use crate::source::fetch::{Fetcher, ReadObject};
use crate::source::filter::{Filter, Seen};
use crate::source::found::Discovery;
use crate::source::health::{Health, LAST_ANSWERS};
use crate::source::list::{LISTED_AHEAD, Listed, ListedObject, list_found};
use crate::source::trail::TrailDecoder;

/// Batches of rows on their way: each may hold as many calls as a large object.
const ROWS_AHEAD: usize = 2;

/// Objects on their way to being fetched. One at a time would cost a turn of the I/O thread each.
const SENT_AHEAD: usize = 256;

/// What a pass came to, apart from what it left in the state of the run.
#[derive(Debug)]
pub(super) struct PassEnd {
    /// What the listing found.
    pub(super) listed: Listed,
    /// How many objects were listed.
    pub(super) n_listed: u64,
    /// What was read.
    pub(super) collected: Collected,
    /// How many objects were read for days before too, in other passes of the run.
    pub(super) n_read_again: u64,
    /// The days that were to be built.
    pub(super) built: BTreeSet<Date>,
    /// Days that have to let go of a call that another day has now.
    pub(super) shared: BTreeSet<Date>,
    /// What the model invocation logs counted, with what was joined.
    pub(super) joined: Option<Joined>,
    /// The accounts and Regions of the calls that were read, if some are not asked for.
    pub(super) seen: Seen,
}

/// Makes a pass.
pub(super) async fn pass(
    job: &Job<'_>,
    state: &mut State,
    request: PassRequest,
) -> Result<PassEnd, Error> {
    let (to_fetch, fetched) = mpsc::channel(SENT_AHEAD);
    // There is always room for what comes back: no more is out.
    let (done, read) = mpsc::channel(max_in_flight(job.settings));
    let Settings { layout, kind, limits, .. } = *job.settings;
    let (takes_any, keys) = (layout == Layout::Any, job.settings.request_metadata.clone());
    let decoder = TrailDecoder { takes_any, kind, limits, keys };
    let source = job.endpoints.source.store;
    let health = Health::new(source, "the source", kind, true);
    let fetcher = Fetcher::new(source, job.settings, job.workers, decoder, &health);
    let filter = Filter::new(job.settings);
    let reading = fetcher.read_all(fetched, job.progress, |mut object| {
        filter.apply(&mut object);
        // The receiver is gone if the pass failed, and that error is returned.
        let _ = done.try_send(object);
        Ok(())
    });
    let scheduling = Scheduler::new(job, state, request, (&health, &filter)).run(to_fetch, read);
    // The first error ends both. Reading comes first: a task that never has to wait is made to by tokio
    // after a number of steps, and listing alone would take them all until there is nothing to list.
    let ((), mut end) = futures::future::try_join(reading, scheduling).await?;
    end.seen = filter.seen();
    end.collected.objects.archived = health.n_archived();
    Ok(end)
}

/// How many objects may be sent to be fetched and not taken back as read. Enough for every request and
/// every worker, with queues between them that are seldom empty; not more, because what is read is held in
/// memory until it is taken.
fn max_in_flight(settings: &Settings) -> usize {
    4 * SENT_AHEAD + settings.requests_in_flight.max(1) + settings.threads.max(1)
}

/// What a pass knows while it goes on.
struct Scheduler<'a, 'j> {
    job: &'a Job<'j>,
    state: &'a mut State,
    health: &'a Health,
    filter: &'a Filter<'a>,
    request: PassRequest,
    schedule: Schedule<'a>,
    collected: Collected,
    /// The trails that were found, once all is listed.
    discovery: Arc<Discovery>,
    n_listed: u64,
    n_read_again: u64,
    /// Objects that were sent to be fetched and have not come back.
    n_in_flight: usize,
    /// Objects that have come back.
    n_taken: usize,
    /// How many had when the last unreadable object of a day did.
    unreadable_at: BTreeMap<Date, usize>,
    /// What readings gave, if there are any.
    rows: Option<TakenRows>,
    /// Late objects on their way, by key, with the days that need them.
    late_for: BTreeMap<String, Vec<Date>>,
    /// Days that wait for their turn.
    waiting: BTreeSet<Date>,
    /// As many days are built at a time as there are workers: a worker that waits for a part of its day
    /// would begin another day, and come back to the first only when that is done.
    built_at_once: Arc<Semaphore>,
    shared: BTreeSet<Date>,
    /// The days that are published or being published.
    encoded: BTreeMap<Date, Encoded>,
    /// The days that are built whatever their manifests say.
    asked_for: BTreeSet<Date>,
    logs: Option<ListedLogs>,
    requests: Option<Arc<Requests>>,
    entries: Vec<u32>,
    calls_without_entry: u64,
}

impl<'a, 'j> Scheduler<'a, 'j> {
    fn new(
        job: &'a Job<'j>,
        state: &'a mut State,
        request: PassRequest,
        (health, filter): (&'a Health, &'a Filter<'a>),
    ) -> Self {
        let (range, window) = (job.settings.range, job.settings.late_window_minutes);
        let takes_every_day = job.settings.layout == Layout::Any;
        // A call of another part of the run is not outside its range.
        let range_of_run = request.part.as_ref().map(|part| part.run).or(range);
        Scheduler {
            job,
            state,
            health,
            filter,
            request,
            schedule: Schedule::new(range, window, takes_every_day, job.progress),
            collected: Collected::new(
                range_of_run,
                window,
                takes_every_day,
                job.settings.include_orphans,
                job.settings.omitted,
            ),
            discovery: Arc::default(),
            n_listed: 0,
            n_read_again: 0,
            n_in_flight: 0,
            n_taken: 0,
            unreadable_at: BTreeMap::new(),
            rows: None,
            late_for: BTreeMap::new(),
            waiting: BTreeSet::new(),
            built_at_once: Arc::new(Semaphore::new(job.settings.threads.max(1))),
            shared: BTreeSet::new(),
            encoded: BTreeMap::new(),
            asked_for: BTreeSet::new(),
            logs: None,
            requests: None,
            entries: Vec::new(),
            calls_without_entry: 0,
        }
    }

    /// Until the last object is listed, days without a manifest are read. Then it is decided which others
    /// are built too, and days are prepared and published while the rest is read.
    async fn run(
        mut self,
        to_fetch: mpsc::Sender<ListedObject>,
        read: mpsc::Receiver<ReadObject<Reading>>,
    ) -> Result<PassEnd, Error> {
        self.begin().await?;
        let (sender, listed) = mpsc::channel(LISTED_AHEAD);
        let (row_sender, rows) = mpsc::channel(ROWS_AHEAD);
        let listing = self.listing(sender, row_sender);
        let mut tasks = Tasks::new(listing, (listed, rows), to_fetch, read);
        let mut all_listed = None;
        loop {
            if all_listed.is_some() {
                if self.may_prepare() {
                    self.prepare_next_day(&mut tasks);
                }
                if tasks.have_no_days() && self.waiting.is_empty() && self.is_all_read() {
                    break;
                }
            }
            let may_send =
                self.schedule.has_next() && self.n_in_flight < max_in_flight(self.job.settings);
            match tasks.next(may_send).await? {
                Event::ObjectRead(object) => {
                    self.take(object)?;
                    // What else has come is taken in the same turn: each turn asks for everything.
                    while let Ok(object) = tasks.read.try_recv() {
                        self.take(object)?;
                    }
                    self.check_source(&mut tasks, false).await?;
                }
                Event::DayPublished(day) => self.finish(*day),
                Event::DayPrepared(day, prepared) => {
                    self.check_source(&mut tasks, true).await?;
                    let prepared = self.keep_logs(day, prepared).await?;
                    self.publish_if_ready(&mut tasks, day, prepared).await?;
                }
                Event::FetcherHasRoom => self.send(&tasks.to_fetch),
                Event::ObjectListed(object) => {
                    self.list(object);
                    self.list_others(&mut tasks);
                }
                Event::RowsRead(rows) => self.take_rows(rows)?,
                Event::AllListed(listed) => {
                    self.take_other_rows(&mut tasks)?;
                    self.check_rows(&listed)?;
                    let (source, settings) = (self.job.endpoints.source, self.job.settings);
                    // Of a part, it does not say what the others have.
                    if self.request.part.is_none()
                        && let Some(error) = listed.nothing_matches(source.store, settings)
                    {
                        return Err(error);
                    }
                    self.list_others(&mut tasks);
                    if self.request.part.as_ref().is_none_or(|part| part.is_last) {
                        self.job.progress.all_listed();
                    }
                    self.discovery = Arc::clone(&listed.discovery);
                    all_listed = Some(listed);
                    self.decide();
                    self.leave_unchanged_rows();
                    // One that is opened again is waited for.
                    if self.reopened_day().is_none() {
                        self.job.leases.check_free(&self.waiting).await?;
                    }
                    self.read_logs().await?;
                }
            }
        }
        self.health.check(true)?;
        Ok(self.end(all_listed.unwrap_or_default()))
    }

    /// Begins to list what there is to read: the source, objects that are known, or the rows of readings.
    fn listing(
        &mut self,
        objects: mpsc::Sender<ListedObject>,
        rows: mpsc::Sender<Vec<Row>>,
    ) -> BoxFuture<'a, Result<Listed, Error>> {
        let (job, discovery) = (self.job, Arc::clone(&self.state.discovery));
        if let Some(named) = &mut self.request.named {
            return list_named(std::mem::take(&mut named.objects), discovery, objects).boxed();
        }
        if let Some(readings) = self.request.readings.take() {
            let has_late = self.state.has_late_objects();
            return read_rows(job, readings, has_late, discovery, rows).boxed();
        }
        let before = self.request.part.as_ref().and_then(|part| part.before);
        list_found(job.endpoints.source.store, job.settings, discovery, before, objects).boxed()
    }

    /// Whether the next day may be built. One with unreadable objects waits until it is known whether the source
    /// fails as a whole.
    fn may_prepare(&self) -> bool {
        let next = self.waiting.first().and_then(|day| self.unreadable_at.get(day));
        next.is_none_or(|at| self.n_taken >= at + LAST_ANSWERS) || self.is_all_read()
    }

    /// Ends the pass if the source has failed as a whole. Days that are being published are complete, and are
    /// not left half replaced.
    async fn check_source(&mut self, tasks: &mut Tasks<'a>, is_read: bool) -> Result<(), Error> {
        let Err(failed) = self.health.check(is_read) else { return Ok(()) };
        // Where the destination fails with the source, that is the same cause.
        while let Some(published) = tasks.publishing.next().await {
            published.into_iter().for_each(|published| self.finish(published));
        }
        Err(failed)
    }

    /// With model invocation logs all decisions come first: they are read for the days that are built,
    /// before the first of these.
    async fn begin(&mut self) -> Result<(), Error> {
        self.collected.keeps_requests = self.compares_requests().await?;
        let readings = self.request.readings.as_ref();
        let has_logs = readings.is_some_and(|readings| readings.has_invocation_logs);
        match self.job.endpoints.invocation_logs.filter(|_| !has_logs) {
            Some(logs) => {
                let listed = list_logs(logs, self.job.settings).await?;
                self.logs = Some(listed);
            }
            None => {
                self.build_new_days();
                let days = self.schedule.built_days().collect();
                self.job.leases.check_free(&days).await?;
            }
        }
        self.begin_rows();
        Ok(())
    }

    /// Whether calls are compared with entries of invocation logs: those of the run, or of a published day that was
    /// built from them alone.
    async fn compares_requests(&self) -> Result<bool, Error> {
        let Settings { kind, include_orphans, range, .. } = *self.job.settings;
        if include_orphans || kind != LogKind::CloudTrail {
            return Ok(include_orphans);
        }
        let mut known = self.state.manifests.values().flatten();
        if known.any(|manifest| manifest.is_without_trail) {
            return Ok(true);
        }
        let beside =
            range.into_iter().flat_map(|range| [range.from().yesterday(), range.to().tomorrow()]);
        for day in beside.filter_map(Result::ok) {
            if self.state.manifests.contains_key(&day) {
                continue;
            }
            let found = manifest::read(self.job.endpoints.destination, day).await?.flatten();
            if found.is_some_and(|manifest| manifest.is_without_trail) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn build(&mut self, day: Date, reason: Reason) {
        self.schedule.build(day, reason);
        self.collected.begin(day);
    }

    fn list(&mut self, object: ListedObject) {
        self.n_listed += 1;
        self.job.progress.found();
        self.state.record_listed(&object.meta.key);
        self.schedule.add(object);
    }

    fn list_others(&mut self, tasks: &mut Tasks<'_>) {
        while let Ok(object) = tasks.listed.try_recv() {
            self.list(object);
        }
    }

    /// Sends as many objects as there is room for.
    fn send(&mut self, to_fetch: &mpsc::Sender<ListedObject>) {
        let max_in_flight = max_in_flight(self.job.settings);
        while self.n_in_flight < max_in_flight
            && let Ok(permit) = to_fetch.try_reserve()
            && let Some(object) = self.schedule.next_object()
        {
            self.n_in_flight += 1;
            permit.send(object);
        }
    }

    /// Reads the model invocation logs around the days that are built. Their entries are calls of these days too, if
    /// that is asked for; those of requests that CloudTrail tells of are left out when a day is built.
    async fn read_logs(&mut self) -> Result<(), Error> {
        if self.requests.is_some() {
            // Readings had them.
            return Ok(());
        }
        let Scheduler { job, filter, schedule, collected, request, logs, .. } = self;
        if let (Some(listed), Some(logs)) = (logs, job.endpoints.invocation_logs) {
            let settings = job.settings;
            let is_built = |day| schedule.is_built(day);
            let part = request.part.as_ref();
            let met = |day| part.map(|part| part.met(day, settings.range)).unwrap_or_default();
            let take = |log: &ReadObject<InvocationReading>| {
                if !settings.include_orphans {
                    return Ok(());
                }
                let mut read = ReadObject {
                    listed: log.listed.clone(),
                    reading: match &log.reading {
                        Ok(reading) => Ok(reading.calls()),
                        Err(reason) => Err(reason.clone()),
                    },
                };
                filter.apply(&mut read);
                check_object(&read)?;
                let delivery = read.listed.delivery;
                let days = delivery.map(|of| days_of_log(of, settings).collect::<Vec<_>>());
                collected.add_log(read, days.as_deref())
            };
            let requests = listed.read(job, logs.store.as_ref(), is_built, met, take).await?;
            self.requests = Some(Arc::new(requests));
        }
        Ok(())
    }

    fn take(&mut self, read: ReadObject<Reading>) -> Result<(), Error> {
        self.n_in_flight -= 1;
        let part = self.request.part.as_ref();
        let window = self.job.settings.late_window_minutes;
        let is_again = part.is_some_and(|part| part.has_read(&read.listed, window));
        self.n_read_again += u64::from(is_again);
        self.n_taken += 1;
        check_object(&read)?;
        let days = if read.listed.is_late {
            self.late_for.remove(&read.listed.meta.key).unwrap_or_default()
        } else {
            self.schedule.days_of(&read.listed).collect()
        };
        for day in &days {
            self.schedule.done(*day);
            if read.reading.is_err() {
                self.unreadable_at.insert(*day, self.n_taken);
            }
        }
        let digest_status = self.state.compare_with_digests(&read);
        self.collected.add(read, &days, &self.state.manifests, digest_status)
    }

    fn is_all_read(&self) -> bool {
        self.n_in_flight == 0 && !self.schedule.has_next()
    }

    fn end(self, listed: Listed) -> PassEnd {
        let Scheduler { collected, n_listed, n_read_again, shared, entries, .. } = self;
        let calls_without_entry = self.calls_without_entry;
        let joined =
            self.requests.map(|requests| Joined { requests, entries, calls_without_entry });
        let built = self.schedule.built_days().collect();
        let seen = Seen::default();
        PassEnd { listed, n_listed, n_read_again, built, collected, shared, joined, seen }
    }
}

/// Gives objects that are known in place of a listing.
async fn list_named(
    named: Vec<ListedObject>,
    discovery: Arc<Discovery>,
    objects: mpsc::Sender<ListedObject>,
) -> Result<Listed, Error> {
    for object in named {
        // The receiver is gone if the pass failed, and that error is returned.
        if objects.send(object).await.is_err() {
            break;
        }
    }
    Ok(Listed { discovery, ..Listed::default() })
}

/// Checks that the counts of an object add up.
fn check_object(read: &ReadObject<Reading>) -> Result<(), Error> {
    let Ok(reading) = &read.reading else { return Ok(()) };
    let parts = [
        ("calls", reading.calls.rows.len() as u64),
        ("skipped", reading.skipped),
        ("rejected", reading.rejected),
    ];
    let of = || format!("`{}`", read.listed.meta.key);
    let checked = check_sum(("records", reading.records), &parts);
    checked.map_err(|reason| Error::Counts { of: of(), reason })
}
