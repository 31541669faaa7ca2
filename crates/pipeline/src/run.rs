//! The run as a whole: passes over the days until every day stands as it should, and what they came to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bedrock::alias::DiscoveredAlias;
use bedrock::{Knowledge, Outcome as CallOutcome};
use jiff::civil::Date;
use store::Store;
use tables::table::SCHEMA_VERSION;

use crate::digests::{Comparison, Status, read_digests};
use crate::error::Error;
use crate::fetch::ReadObject;
use crate::learnt;
use crate::manifest::{self, Counts, MadeWith, Manifest};
use crate::outcome::{Day, InvocationLog, Outcome};
use crate::pass::{BuiltDay, Joined, Order, PassEnd, pass};
use crate::plan::nothing_found;
use crate::prepare::BuiltCalls;
use crate::progress::Progress;
use crate::replace::Loss;
use crate::schedule::{Reason, alias_known_now};
use crate::settings::Settings;
use crate::tally::Tally;
use crate::trail::TrailReading;
use crate::work::Workers;

/// Days are opened again by what later days tell of them. More often than this they cannot.
const MAX_PASSES: usize = 8;

/// A place with logs. `root_path` is its own path, whose last name may tell the level that it is at.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The place.
    pub store: &'a dyn Store,
    /// Its prefix or folder.
    pub root_path: &'a str,
}

/// Where a run reads and writes, and with what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) source: Source<'a>,
    pub(crate) invocation_logs: Option<Source<'a>>,
    pub(crate) destination: &'a dyn Store,
    pub(crate) settings: &'a Settings,
    pub(crate) workers: &'a Workers,
    pub(crate) progress: &'a Progress,
}

/// What a run knows, from pass to pass.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) knowledge: Arc<Knowledge>,
    pub(crate) made_with: MadeWith,
    /// The manifests of the range as they stand at the destination now.
    pub(crate) manifests: BTreeMap<Date, Option<Manifest>>,
    /// The calls of the days that were built.
    pub(crate) built_calls: BuiltCalls,
    /// Days that were not built because nothing has changed.
    pub(crate) unchanged: BTreeSet<Date>,
    /// Days that were not built because something would have been lost.
    pub(crate) refused: BTreeMap<Date, Loss>,
    digests: Option<Comparison>,
    days: BTreeMap<Date, DayDone>,
}

/// A day that was built.
#[derive(Debug)]
struct DayDone {
    reason: Reason,
    rows: BTreeMap<&'static str, u64>,
    counts: Counts,
    tally: Tally,
}

/// Reads a trail, and model invocation logs if there are any, and writes the tables of each day to a
/// destination.
///
/// # Errors
/// If a source cannot be listed or the destination cannot be written. Days that were published
/// before stand.
pub async fn run(
    source: Source<'_>,
    invocation_logs: Option<Source<'_>>,
    destination: &dyn Store,
    settings: &Settings,
    mut knowledge: Knowledge,
    progress: &Progress,
) -> Result<Outcome, Error> {
    let workers = Workers::start(settings.threads)?;
    learnt::load(destination, &mut knowledge.aliases).await?;
    let manifests = manifest::load(destination, settings.range).await?;
    let mut state = State::new(knowledge, settings, manifests);
    let job = Job { source, invocation_logs, destination, settings, workers: &workers, progress };
    let mut outcome = Outcome {
        source: source.store.location(),
        destination: destination.location(),
        range: settings.range.map(|range| range.to_string()),
        ..Outcome::default()
    };
    if let (true, Some(range)) = (settings.verify_digests, settings.range) {
        let keys = settings.digest_keys.as_ref();
        let Source { store, root_path } = source;
        let digests = read_digests(store, root_path, settings, range, &workers, keys).await?;
        state.digests = Some(Comparison::new(digests));
    }
    let mut order = Order { looks_at_all: true, ..Order::default() };
    for n_passes in 1.. {
        let mut end = pass(&job, &mut state, order).await?;
        state.learn(destination, &mut end.collected.discovered).await?;
        if n_passes == 1 {
            outcome.begin(&end);
            if end.n_listed == 0 && state.refused.is_empty() && state.unchanged.is_empty() {
                let discovery = &end.listed.discovery;
                outcome.nothing_found = nothing_found(source.store, settings, discovery).await?;
            }
            outcome.invocation_log =
                end.joined.take().map(|joined| state.invocation_log(joined, settings));
        }
        order = state.reopened(&end);
        outcome.add(end);
        if order.open.is_empty() {
            break;
        }
        if n_passes == MAX_PASSES {
            return Err(Error::Unsettled { passes: n_passes });
        }
    }
    state.tell(&mut outcome);
    debug_assert!(outcome.adds_up(), "{outcome:?}");
    Ok(outcome)
}

impl State {
    fn new(
        knowledge: Knowledge,
        settings: &Settings,
        manifests: BTreeMap<Date, Option<Manifest>>,
    ) -> Self {
        let made_with = MadeWith {
            hoptrail: env!("CARGO_PKG_VERSION").to_owned(),
            schema: SCHEMA_VERSION,
            knowledge: knowledge.versions(),
            late_window_minutes: settings.late_window_minutes,
            reading: settings.reading(),
        };
        State {
            knowledge: Arc::new(knowledge),
            made_with,
            manifests,
            built_calls: BuiltCalls::default(),
            unchanged: BTreeSet::new(),
            refused: BTreeMap::new(),
            digests: None,
            days: BTreeMap::new(),
        }
    }

    /// Takes in what the trail told about opaque ARNs, and keeps it at the destination before a day is
    /// built with it.
    ///
    /// # Errors
    /// If the destination cannot be written.
    pub(crate) async fn learn(
        &mut self,
        destination: &dyn Store,
        discovered: &mut Vec<DiscoveredAlias>,
    ) -> Result<(), Error> {
        if discovered.is_empty() {
            return Ok(());
        }
        let aliases = &mut Arc::make_mut(&mut self.knowledge).aliases;
        let mut has_news = false;
        for alias in discovered.drain(..) {
            has_news |= aliases.add_discovered(alias);
        }
        if has_news { learnt::save(destination, aliases).await } else { Ok(()) }
    }

    /// Compares an object that was read with what the digests say of it, if they were asked.
    pub(crate) fn compare_with_digests(
        &mut self,
        read: &ReadObject<TrailReading>,
    ) -> Option<Status> {
        let sha256 = read.reading.as_ref().ok()?.sha256?;
        Some(self.digests.as_mut()?.compare(&read.listed.meta.key, &sha256))
    }

    /// Takes note that a log file is there, read or not.
    pub(crate) fn log_is_there(&mut self, key: &str) {
        if let Some(comparison) = &mut self.digests {
            comparison.is_there(key);
        }
    }

    /// Takes note of a day that stands now, and returns how many calls stood in an earlier build of it
    /// in the same run.
    pub(crate) fn stands(&mut self, built: BuiltDay) -> u64 {
        let BuiltDay { day, reason, rows, tables, manifest } = built;
        self.manifests.insert(day, Some(manifest));
        self.unchanged.remove(&day);
        let done = DayDone { reason, rows, counts: tables.counts, tally: tables.tally };
        let before = self.days.insert(day, done);
        before.map_or(0, |before| before.counts.written + before.counts.duplicates)
    }

    /// The days that a pass left otherwise than they should be.
    fn reopened(&self, end: &PassEnd) -> Order {
        let mut order = Order::default();
        for (day, objects) in &end.collected.late {
            order.open.insert(*day, Reason::LateObjects { objects: objects.len() as u64 });
            order.late.insert(*day, objects.clone());
        }
        // Days outside the range are not built now; their manifests were withdrawn.
        for day in end.shared.iter().filter(|day| self.manifests.contains_key(day)) {
            order.open.entry(*day).or_insert(Reason::SharedEvents);
        }
        for (day, manifest) in &self.manifests {
            let known_now = |manifest| alias_known_now(manifest, &self.knowledge);
            if let Some(reason) = manifest.as_ref().and_then(known_now) {
                order.open.entry(*day).or_insert(reason);
            }
        }
        order.open.retain(|day, _| !self.refused.contains_key(day));
        order
    }

    /// What was joined, and what was left over: an entry of a day that was not built belongs to another
    /// run.
    fn invocation_log(&self, joined: Joined, settings: &Settings) -> InvocationLog {
        let is_built = |day| {
            settings.range.is_none_or(|range| range.contains(day))
                && !self.unchanged.contains(&day)
                && !self.refused.contains_key(&day)
        };
        let Joined { requests, entries, calls_without_entry } = joined;
        let counts = requests.counts(&entries, is_built);
        InvocationLog { calls_without_entry, ..counts }
    }

    /// Adds up what the days came to.
    fn tell(self, outcome: &mut Outcome) {
        let mut tally = Tally::default();
        for (day, done) in self.days {
            outcome.written += done.counts.written;
            outcome.duplicates += done.counts.duplicates;
            let DayDone { reason, rows, tally: of_day, .. } = done;
            let is_again = !matches!(reason, Reason::New | Reason::AnyLayout);
            let reason = reason.to_string();
            outcome.days.push(Day { dt: day.to_string(), reason, is_again, rows });
            tally.merge(of_day);
        }
        outcome.digests = self.digests.map(Comparison::outcome);
        outcome.unchanged = self.unchanged.iter().map(ToString::to_string).collect();
        outcome.refused = self.refused.into_values().collect();
        outcome.discovered_aliases = self.knowledge.aliases.discovered().count() as u64;
        outcome.outcomes =
            CallOutcome::ALL.map(CallOutcome::as_str).into_iter().zip(tally.by_outcome).collect();
        outcome.cost = tally.coverage();
        outcome.costs = tally.costs();
        outcome.routes = tally.routes();
        outcome.denials = tally.denials();
        outcome.unresolved = tally.unresolved();
        outcome.residency = tally.by_residency;
    }
}

impl Outcome {
    /// Takes in what the listing of the first pass met: the others see the same.
    fn begin(&mut self, end: &PassEnd) {
        self.objects.skipped = end.listed.skipped;
        self.objects.sibling_folders = end.listed.discovery.siblings;
        self.objects.folders_not_searched = end.listed.discovery.not_searched;
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
    }
}
