//! One pass over the days: lists, decides which days are built, and then reads, builds and publishes at
//! the same time. Days are finished in their order, so that a run that is broken off has its first days.

mod decide;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::FutureExt;
use futures::stream::{FuturesUnordered, StreamExt};
use jiff::ToSpan;
use jiff::civil::Date;
use tokio::sync::{Semaphore, mpsc};

use crate::collect::{Collected, DayState};
use crate::error::Error;
use crate::fetch::{Fetcher, ReadObject};
use crate::join::{ListedLogs, Requests, list_logs};
use crate::list::ListedObject;
use crate::manifest::{LateObject, Manifest};
use crate::plan::{LISTED_AHEAD, Listed, list_all};
use crate::prepare::{OtherDays, Prepared, Ready, prepare};
use crate::publish::{DayInputs, DayTables, build};
use crate::replace::{replace, withdraw_all};
use crate::run::{Job, State};
use crate::schedule::{Reason, Schedule};
use crate::settings::Layout;
use crate::trail::{TrailDecoder, TrailReading};

/// Objects on their way to being fetched. One at a time would cost a turn of the I/O thread each.
const SENT_AHEAD: usize = 256;

/// Days after a day that are read before it is built: what is late is seldom later, so that few days have
/// to be opened again.
const HELD_BACK_DAYS: i64 = 2;

/// What a pass is to do.
#[derive(Debug, Default)]
pub(crate) struct Order {
    /// Days that are built whatever their manifests say.
    pub(crate) open: BTreeMap<Date, Reason>,
    /// Objects that are read for a day although they are not delivered for it.
    pub(crate) late: BTreeMap<Date, BTreeSet<LateObject>>,
    /// Whether the other days of the range are looked at too.
    pub(crate) looks_at_all: bool,
}

/// What a pass came to, apart from what it told the state of the run.
#[derive(Debug)]
pub(crate) struct PassEnd {
    /// What the listing met.
    pub(crate) listed: Listed,
    /// How many objects were listed.
    pub(crate) n_listed: u64,
    /// What was read.
    pub(crate) collected: Collected,
    /// Days that have to let go of a call that another day has now.
    pub(crate) shared: BTreeSet<Date>,
    /// What the model invocation logs counted, with what was joined.
    pub(crate) joined: Option<Joined>,
}

/// What the days took from the model invocation logs.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) requests: Arc<Requests>,
    pub(crate) entries: Vec<u32>,
    pub(crate) calls_without_entry: u64,
}

/// A day that stands at the destination now.
pub(crate) struct BuiltDay {
    pub(crate) day: Date,
    pub(crate) reason: Reason,
    pub(crate) rows: BTreeMap<&'static str, u64>,
    pub(crate) tables: DayTables,
    pub(crate) manifest: Manifest,
}

/// Makes a pass.
pub(crate) async fn pass(job: &Job<'_>, state: &mut State, order: Order) -> Result<PassEnd, Error> {
    let (to_fetch, fetched) = mpsc::channel(SENT_AHEAD);
    let (done, read) = mpsc::unbounded_channel();
    let decoder = TrailDecoder { shape: job.settings.shape(), limits: job.settings.limits };
    let fetcher = Fetcher::new(job.source.store, job.settings, job.workers, decoder);
    let reading = fetcher.read_all(fetched, job.progress, |object| {
        // The receiver is gone if the pass failed, which is told there.
        let _ = done.send(object);
    });
    let conducting = Conductor::new(job, state, order).conduct(to_fetch, read);
    // The first error ends both. Reading comes first: a task that never has to wait is made to by tokio
    // after a number of steps, and listing alone would take them all until there is nothing to list.
    let ((), end) = futures::future::try_join(reading, conducting).await?;
    Ok(end)
}

/// What a pass knows while it goes on.
struct Conductor<'a, 'j> {
    job: &'a Job<'j>,
    state: &'a mut State,
    order: Order,
    schedule: Schedule<'a>,
    collected: Collected,
    n_listed: u64,
    /// Objects that were sent to be fetched and have not come back.
    in_flight: u64,
    /// Late objects on their way, by key, with the days that need them.
    late_for: BTreeMap<String, Vec<Date>>,
    /// Days that wait for their turn.
    waiting: BTreeSet<Date>,
    /// As many days are built at a time as there are workers: a worker that waits for a part of its day
    /// would begin another day, and come back to the first only when that is done.
    built_at_once: Arc<Semaphore>,
    shared: BTreeSet<Date>,
    logs: Option<ListedLogs>,
    requests: Option<Arc<Requests>>,
    entries: Vec<u32>,
    calls_without_entry: u64,
}

impl<'a, 'j> Conductor<'a, 'j> {
    fn new(job: &'a Job<'j>, state: &'a mut State, order: Order) -> Self {
        let (range, window) = (job.settings.range, job.settings.late_window_minutes);
        let takes_every_day = job.settings.layout == Layout::Any;
        Conductor {
            job,
            state,
            order,
            schedule: Schedule::new(range, window, takes_every_day, job.progress),
            collected: Collected::new(range, window, takes_every_day),
            n_listed: 0,
            in_flight: 0,
            late_for: BTreeMap::new(),
            waiting: BTreeSet::new(),
            built_at_once: Arc::new(Semaphore::new(job.settings.threads.max(1))),
            shared: BTreeSet::new(),
            logs: None,
            requests: None,
            entries: Vec::new(),
            calls_without_entry: 0,
        }
    }

    async fn conduct(
        mut self,
        to_fetch: mpsc::Sender<ListedObject>,
        mut read: mpsc::UnboundedReceiver<ReadObject<TrailReading>>,
    ) -> Result<PassEnd, Error> {
        let job = self.job;
        match job.invocation_logs {
            Some(place) => {
                self.logs = Some(list_logs(place.store, place.root_path, job.settings).await?);
            }
            // With logs all decisions come first: they are read for the days that are built, before
            // the first of these.
            None => self.open_new_days(),
        }
        let (sender, mut listed) = mpsc::channel(LISTED_AHEAD);
        let listing = list_all(job.source.store, job.source.root_path, job.settings, sender);
        let mut listing = FuturesUnordered::from_iter([listing.boxed()]);
        let mut preparing = FuturesUnordered::new();
        let mut building = FuturesUnordered::new();
        let mut listed_all = None;
        loop {
            if listed_all.is_some() {
                // One day more than workers, because one that is being put in place needs none.
                if preparing.is_empty()
                    && building.len() <= job.settings.threads.max(1)
                    && let Some((day, state)) = self.next_day()
                {
                    let others = self.others(day);
                    preparing.push(async move {
                        let (destination, settings) = (job.destination, job.settings);
                        let prepared =
                            prepare(destination, settings, job.workers, day, state, others).await;
                        prepared.map(|prepared| (day, prepared))
                    });
                }
                let is_idle = preparing.is_empty() && building.is_empty();
                if is_idle && self.waiting.is_empty() && self.is_all_read() {
                    break;
                }
            }
            tokio::select! {
                // What is read and built goes before what is still to be fetched: that bounds what waits.
                biased;
                Some(object) = read.recv() => {
                    self.take(object)?;
                    // What else has come is taken in the same turn: each turn asks for everything.
                    while let Ok(object) = read.try_recv() {
                        self.take(object)?;
                    }
                }
                Some(built) = building.next() => self.finish(built?),
                Some(prepared) = preparing.next() => {
                    let (day, prepared) = prepared?;
                    if let Prepared::Ready(ready) = &prepared && !ready.shared.is_empty() {
                        // What is being put in place would write its manifest after it is withdrawn.
                        while let Some(built) = building.next().await {
                            self.finish(built?);
                        }
                        withdraw_all(job.destination, &ready.shared).await?;
                    }
                    if let Some(ready) = self.prepared(day, prepared).await? {
                        building.push(self.build(day, ready));
                    }
                }
                permit = to_fetch.reserve(), if self.schedule.has_next() => {
                    // The receiver is gone if fetching failed, which is told there.
                    let mut permit = permit.map_err(|_| Error::Worker)?;
                    while let Some(object) = self.schedule.next_object() {
                        self.in_flight += 1;
                        permit.send(object);
                        let Ok(another) = to_fetch.try_reserve() else { break };
                        permit = another;
                    }
                }
                Some(object) = listed.recv() => {
                    self.list(object);
                    while let Ok(object) = listed.try_recv() {
                        self.list(object);
                    }
                }
                Some(done) = listing.next() => {
                    let done = done?;
                    while let Ok(object) = listed.try_recv() {
                        self.list(object);
                    }
                    job.progress.all_listed();
                    listed_all = Some(done);
                    self.decide();
                    self.read_logs().await?;
                }
            }
        }
        let listed = listed_all.unwrap_or_default();
        Ok(self.end(listed))
    }

    fn open(&mut self, day: Date, reason: Reason) {
        self.schedule.open(day, reason);
        self.collected.begin(day);
    }

    fn list(&mut self, object: ListedObject) {
        self.n_listed += 1;
        self.state.log_is_there(&object.meta.key);
        self.schedule.add(object);
    }

    /// The days beside one that are not built now: one event on two days is on neighbours.
    fn others(&self, day: Date) -> OtherDays {
        let beside = [day.yesterday(), day.tomorrow()].into_iter().filter_map(Result::ok);
        let stands = |day: &Date| !self.schedule.is_open(*day) && !self.state.built_calls.has(*day);
        OtherDays {
            built: self.state.built_calls.clone(),
            neighbours: beside.filter(stands).collect(),
            will_ask: !self.waiting.is_empty()
                || self.collected.days_with_objects().next().is_some()
                || self.state.manifests.keys().any(|known| *known != day),
        }
    }

    /// Reads the model invocation logs around the days that are built.
    async fn read_logs(&mut self) -> Result<(), Error> {
        let job = self.job;
        if let (Some(logs), Some(place)) = (&mut self.logs, job.invocation_logs) {
            let is_open = |day| self.schedule.is_open(day);
            let requests = logs.read(place.store, job.settings, job.workers, job.progress, is_open);
            self.requests = Some(Arc::new(requests.await?));
        }
        Ok(())
    }

    fn take(&mut self, read: ReadObject<TrailReading>) -> Result<(), Error> {
        self.in_flight -= 1;
        let days = if read.listed.is_late {
            self.late_for.remove(&read.listed.meta.key).unwrap_or_default()
        } else {
            self.schedule.days_of(&read.listed).collect()
        };
        for day in &days {
            self.schedule.done(*day);
        }
        let digest_status = self.state.compare_with_digests(&read);
        self.collected.add(read, &days, &self.state.manifests, digest_status)
    }

    fn is_all_read(&self) -> bool {
        self.in_flight == 0 && !self.schedule.has_next()
    }

    /// The first day that waits, if all of it is read and of the days right after it.
    fn next_day(&mut self) -> Option<(Date, DayState)> {
        if self.is_all_read() {
            self.collected.place_the_rest();
            self.waiting.extend(self.collected.days_with_objects());
        } else if self.job.settings.layout == Layout::Any {
            return None;
        }
        while let Some(day) = self.waiting.first().copied() {
            let is_read = |after: i64| self.schedule.pending(day.saturating_add(after.days())) == 0;
            if !(0..=HELD_BACK_DAYS).all(is_read) {
                return None;
            }
            self.waiting.pop_first();
            if let Some(state) = self.collected.take(day) {
                return Some((day, state));
            }
        }
        None
    }

    /// Takes note of what was found out about a day, and gives it back if it can be built.
    async fn prepared(&mut self, day: Date, prepared: Prepared) -> Result<Option<Ready>, Error> {
        match prepared {
            Prepared::Needs(state, objects) => {
                self.collected.give_back(day, *state);
                for object in objects {
                    self.add_late(day, object);
                }
                self.waiting.insert(day);
                Ok(None)
            }
            Prepared::Refused(loss, calls) => {
                self.collected.left += calls;
                self.state.refused.insert(day, loss);
                self.job.progress.published();
                Ok(None)
            }
            Prepared::Ready(mut ready) => {
                self.shared.append(&mut ready.shared);
                let identities = std::mem::take(&mut ready.distinct.identities);
                self.state.built_calls.remember(day, identities);
                self.state.learn(self.job.destination, &mut self.collected.discovered).await?;
                Ok(Some(*ready))
            }
        }
    }

    /// Builds a day and puts it in place.
    fn build(
        &self,
        day: Date,
        ready: Ready,
    ) -> impl Future<Output = Result<BuiltDay, Error>> + use<'a, 'j> {
        let job = self.job;
        let mut manifest = Manifest::new(day, self.state.made_with.clone());
        manifest.trail = self.schedule.sources(day);
        manifest.invocation_logs = self.logs.as_ref().map(|logs| logs.sources(day));
        let previous = self.state.manifests.get(&day).cloned().flatten();
        let reason = self.schedule.reason(day).unwrap_or(match self.job.settings.layout {
            Layout::Any => Reason::AnyLayout,
            Layout::Trail => Reason::New,
        });
        let knowledge = Arc::clone(&self.state.knowledge);
        let requests = self.requests.clone();
        let built_at_once = Arc::clone(&self.built_at_once);
        async move {
            let Ready {
                objects,
                by_key,
                distinct,
                late_objects,
                calls_elsewhere,
                yields_to,
                addenda,
                ..
            } = ready;
            manifest.yields_to = yields_to;
            manifest.addenda = addenda;
            manifest.late_objects = late_objects.into_iter().collect();
            manifest.calls_elsewhere = calls_elsewhere;
            let inputs = DayInputs { day, objects, by_key, distinct, knowledge, requests };
            let mut tables = {
                // The semaphore is never closed.
                let _turn = built_at_once.acquire().await;
                job.workers.run(move || build(inputs)).await??
            };
            manifest.counts = tables.counts;
            manifest.is_complete = tables.is_complete;
            manifest.without_alias = std::mem::take(&mut tables.without_alias);
            let files = std::mem::take(&mut tables.files);
            let rows = files.iter().map(|file| (file.table, file.output.rows)).collect();
            let manifest =
                replace(job.destination, day, files, manifest, previous.as_ref()).await?;
            Ok(BuiltDay { day, reason, rows, tables, manifest })
        }
    }

    fn finish(&mut self, mut built: BuiltDay) {
        self.job.progress.published();
        self.entries.append(&mut built.tables.joined);
        self.calls_without_entry += built.tables.calls_without_entry;
        self.collected.left += self.state.stands(built);
    }

    fn end(self, listed: Listed) -> PassEnd {
        let Conductor { collected, n_listed, shared, entries, calls_without_entry, .. } = self;
        let joined =
            self.requests.map(|requests| Joined { requests, entries, calls_without_entry });
        PassEnd { listed, n_listed, collected, shared, joined }
    }
}
