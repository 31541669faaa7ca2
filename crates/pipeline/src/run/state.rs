//! What a run knows from pass to pass: its job, what is published, and what each day came to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bedrock::{JobStates, Knowledge, Outcome as CallOutcome};
use jiff::civil::Date;
use logs::Reading;
use store::Store;

use crate::batch::{DayOutputs, KnownJobs, ListedOutputs, list_outputs};
use crate::dates::DayRange;
use crate::day::collect::Learned;
use crate::day::manifest::{self, Counts, LateObject, MadeWith, Manifest, OutputProblem, Sources};
use crate::day::prepare::BuiltCalls;
use crate::day::publish::DayTables;
use crate::digests::{Comparison, Status};
use crate::error::Error;
use crate::join::Requests;
use crate::lease::Leases;
use crate::outcome::progress::{Finished, Progress};
use crate::outcome::tally::Tally;
use crate::outcome::{BatchOutputs, Day, ObjectProblem, Outcome, ShrinkRefusal};
use crate::run::kept;
use crate::run::readings::DayReadings;
use crate::run::schedule::{Reason, alias_known_now};
use crate::run::windows::Part;
use crate::settings::Settings;
use crate::source::fetch::ReadObject;
use crate::source::found::Discovery;
use crate::source::list::ListedObject;
use crate::source::{Callers, LogLocations, OpenLogs, Source};
use crate::work::Workers;

/// Where a run reads and writes.
#[derive(Debug, Clone, Copy)]
pub struct Endpoints<'a> {
    /// The trail.
    pub source: Source<'a>,
    /// The model invocation logs, if there are any.
    pub invocation_logs: Option<&'a OpenLogs>,
    /// Those whose locations depend on who called where; they go before `invocation_logs`.
    pub log_locations: Option<&'a dyn LogLocations>,
    /// The outputs of batch inference jobs, if there are any: the location, or several as one (a
    /// [`Several`](store::Several)).
    pub batch_outputs: Option<&'a dyn Store>,
    /// Where the tables are written.
    pub destination: &'a dyn Store,
}

impl<'a> Endpoints<'a> {
    /// The locations of the model invocation logs of these callers, if they depend on them.
    pub(super) async fn open_logs(&self, callers: &Callers) -> Option<OpenLogs> {
        Some(self.log_locations?.open(callers).await)
    }

    /// Lists the outputs of batch jobs, if there are locations of such.
    pub(super) async fn list_outputs(&self) -> Result<Option<ListedOutputs<'a>>, Error> {
        match self.batch_outputs {
            Some(store) => list_outputs(store).await.map(Some),
            None => Ok(None),
        }
    }

    /// The same with these logs, if there are any.
    pub(super) fn with_logs<'b>(self, logs: Option<&'b OpenLogs>) -> Endpoints<'b>
    where
        'a: 'b,
    {
        Endpoints { invocation_logs: logs.or(self.invocation_logs), ..self }
    }
}

/// What a run works with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) endpoints: Endpoints<'a>,
    pub(crate) settings: &'a Settings,
    pub(crate) workers: &'a Workers,
    pub(crate) progress: &'a Progress,
    pub(crate) leases: &'a Leases<'a>,
    /// The outputs of batch jobs, as they were when the run began.
    pub(crate) outputs: Option<&'a ListedOutputs<'a>>,
}

impl<'a> Job<'a> {
    /// What is known of batch jobs with these states.
    pub(crate) fn known_jobs(&self, states: &'a JobStates) -> KnownJobs<'a> {
        KnownJobs { states, outputs: self.outputs }
    }
}

/// What a pass is to do.
#[derive(Debug, Default)]
pub(super) struct PassRequest {
    /// Days that are built whatever their manifests say.
    pub(super) rebuild: BTreeMap<Date, Reason>,
    /// Objects that are read for a day although they are not delivered for it.
    pub(super) late: BTreeMap<Date, BTreeSet<LateObject>>,
    /// Whether the other days of the range are checked too.
    pub(super) checks_all_days: bool,
    /// What is read in place of a listing, for a day that is opened again.
    pub(super) named: Option<NamedObjects>,
    /// What is read in place of a listing and of objects.
    pub(super) readings: Option<DayReadings>,
    /// Which part of a run it is, if it is not the whole.
    pub(super) part: Option<Part>,
}

/// What a published day was built from.
#[derive(Debug)]
pub(super) struct NamedObjects {
    /// The objects that are read for it, late ones apart.
    pub(super) objects: Vec<ListedObject>,
    /// What the listing showed of them.
    pub(super) trail: Sources,
}

/// What a run knows.
#[derive(Debug)]
pub(super) struct State {
    pub(super) knowledge: Arc<Knowledge>,
    pub(super) made_with: MadeWith,
    /// The states of batch jobs that events tell.
    pub(super) job_states: JobStates,
    /// What is wrong with outputs of batch jobs that were read, by their keys.
    output_problems: BTreeMap<String, ObjectProblem>,
    /// How many could be read.
    n_outputs_read: u64,
    /// The manifests of the range that are at the destination now.
    pub(super) manifests: BTreeMap<Date, Option<Manifest>>,
    /// Days whose files were not as they were written when the run began, with the first such file.
    pub(super) changed_files: BTreeMap<Date, String>,
    /// The calls and batch jobs of the days that were built.
    pub(super) built_calls: BuiltCalls,
    /// Days that were not built because nothing has changed.
    pub(super) unchanged: BTreeSet<Date>,
    /// Days that were not replaced because they would have lost source objects.
    pub(super) not_replaced: BTreeMap<Date, ShrinkRefusal>,
    pub(super) digests: Option<Comparison>,
    /// The trails that the first pass found.
    pub(super) discovery: Arc<Discovery>,
    /// Of the days that were built, those beside them that they were compared with, and what these were compared by.
    pub(super) seen: BTreeMap<Date, BTreeMap<Date, String>>,
    /// Days that were compared with the day before after they were published.
    pub(super) settled: BTreeSet<Date>,
    /// The days that the run is asked to write.
    pub(super) range: Option<DayRange>,
    /// How many days before and after them it may change too, if it is a shard.
    beside: Option<i64>,
    /// Whether days are settled only: then a day that another run holds is an error, and not left to it.
    pub(super) is_settling: bool,
    days: BTreeMap<Date, BuiltDay>,
}

/// A day that was built.
#[derive(Debug)]
struct BuiltDay {
    reason: Reason,
    rows: BTreeMap<&'static str, u64>,
    counts: Counts,
    tally: Tally,
}

/// A day that was published.
#[derive(Debug)]
pub(super) struct PublishedDay {
    pub(super) day: Date,
    pub(super) reason: Reason,
    pub(super) rows: BTreeMap<&'static str, u64>,
    pub(super) tables: DayTables,
    pub(super) manifest: Manifest,
    /// The days beside it that it was compared with, and what these were compared by.
    pub(super) seen: BTreeMap<Date, String>,
    /// What was read for its batch jobs.
    pub(super) outputs: DayOutputs,
}

/// What the days took from the model invocation logs.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) requests: Arc<Requests>,
    pub(super) entries: Vec<u32>,
    pub(super) calls_without_entry: u64,
}

impl State {
    pub(super) fn new(
        knowledge: Knowledge,
        settings: &Settings,
        manifests: BTreeMap<Date, Option<Manifest>>,
    ) -> Self {
        let made_with = MadeWith::new(&knowledge, settings);
        State {
            knowledge: Arc::new(knowledge),
            made_with,
            job_states: JobStates::default(),
            output_problems: BTreeMap::new(),
            n_outputs_read: 0,
            manifests,
            changed_files: BTreeMap::new(),
            built_calls: BuiltCalls::default(),
            unchanged: BTreeSet::new(),
            not_replaced: BTreeMap::new(),
            digests: None,
            discovery: Arc::default(),
            seen: BTreeMap::new(),
            settled: BTreeSet::new(),
            range: settings.range,
            beside: settings.shard.map(|_| 0),
            is_settling: false,
            days: BTreeMap::new(),
        }
    }

    /// Adds what the trail says about opaque ARNs and about states of batch jobs, and keeps it at the destination
    /// before a day is built with it.
    ///
    /// # Errors
    /// If the destination cannot be written.
    pub(super) async fn learn(
        &mut self,
        destination: &dyn Store,
        new: &mut Learned,
    ) -> Result<(), Error> {
        let Learned { aliases, job_states } = std::mem::take(new);
        let mut has_news = false;
        for (id, status) in job_states {
            has_news |= self.job_states.add(&id, status);
        }
        if has_news {
            kept::merge(destination, &mut self.job_states).await?;
        }
        if aliases.is_empty() {
            return Ok(());
        }
        let known = &mut Arc::make_mut(&mut self.knowledge).aliases;
        let mut has_news = false;
        for alias in aliases {
            has_news |= known.add_discovered(alias);
        }
        if has_news { kept::merge(destination, known).await } else { Ok(()) }
    }

    /// Whether the digests of a day were read.
    pub(super) fn has_digests_of(&self, day: Date) -> bool {
        self.digests.is_some() && self.range.is_some_and(|range| range.contains(day))
    }

    /// Whether the run may change a day: a shard changes none that is not its own.
    pub(super) fn may_change(&self, day: Date) -> bool {
        let (Some(beside), Some(range)) = (self.beside, self.range) else { return true };
        range.beside(beside).contains(day)
    }

    /// Lets a shard change the days right beside its own too: the pairs with them are its to settle.
    pub(super) fn settles(&mut self) {
        self.is_settling = true;
        self.beside = self.beside.map(|_| 1);
    }

    /// What days beside a day are [compared by](Manifest::compared_sha256), if its manifest is known; `None` if it
    /// vouches for none.
    pub(super) fn compared_sha256(&self, day: Date) -> Option<String> {
        self.manifests.get(&day)?.as_ref()?.compared_sha256()
    }

    /// The days that were built.
    pub(super) fn built_days(&self) -> impl Iterator<Item = Date> {
        self.days.keys().copied()
    }

    /// Compares an object that was read with what the digests say of it, if they were read.
    pub(super) fn compare_with_digests(&mut self, read: &ReadObject<Reading>) -> Option<Status> {
        let sha256 = read.reading.as_ref().ok()?.sha256?;
        self.compare_with_digest(&read.listed.meta.key, &sha256)
    }

    /// The same with the SHA-256 of what it holds.
    pub(super) fn compare_with_digest(&mut self, key: &str, sha256: &[u8; 32]) -> Option<Status> {
        Some(self.digests.as_mut()?.compare(key, sha256))
    }

    /// Whether a published day has calls of objects that it is not read for, or has such objects with calls of others.
    pub(super) fn has_late_objects(&self) -> bool {
        let mut published = self.manifests.values().flatten();
        published.any(|manifest| {
            !manifest.late_objects.is_empty() || !manifest.calls_elsewhere.is_empty()
        })
    }

    /// Records that a log file exists, read or not.
    pub(super) fn record_listed(&mut self, key: &str) {
        if let Some(comparison) = &mut self.digests {
            comparison.is_there(key);
        }
    }

    /// Records that a day was published, and returns how many calls an earlier build of it in the same
    /// run had.
    pub(super) fn record_published(&mut self, published: PublishedDay) -> u64 {
        let PublishedDay { day, reason, rows, tables, manifest, seen, outputs } = published;
        self.n_outputs_read += outputs.n_read;
        self.output_problems.extend(outputs.problems.into_iter().map(|it| (it.key.clone(), it)));
        self.seen.insert(day, seen);
        self.manifests.insert(day, Some(manifest));
        self.changed_files.remove(&day);
        self.unchanged.remove(&day);
        let built = BuiltDay { reason, rows, counts: tables.counts, tally: tables.tally };
        let before = self.days.insert(day, built);
        before.map_or(0, |before| before.counts.written + before.counts.duplicates)
    }

    /// Whether the run found no day that is published already.
    pub(super) fn has_no_days(&self) -> bool {
        self.not_replaced.is_empty() && self.unchanged.is_empty()
    }

    /// The days that a pass left otherwise than they should be: those that `late` objects have calls of,
    /// those that are to let go of a call that is `shared`, and those whose aliases or batch jobs more is known of
    /// by now.
    pub(super) fn days_to_rebuild(
        &self,
        late: &BTreeMap<Date, BTreeSet<LateObject>>,
        shared: &BTreeSet<Date>,
    ) -> PassRequest {
        let mut request = PassRequest::default();
        for (day, objects) in late {
            request.rebuild.insert(*day, Reason::LateObjects { objects: objects.len() as u64 });
            request.late.insert(*day, objects.clone());
        }
        // Days outside the range are not built now; their manifests were withdrawn.
        for day in shared.iter().filter(|day| self.manifests.contains_key(day)) {
            request.rebuild.entry(*day).or_insert(Reason::SharedEvents);
        }
        for (day, manifest) in &self.manifests {
            // Outputs are listed once in a run: they are as they were when the day was built.
            let jobs = KnownJobs { states: &self.job_states, outputs: None };
            let known_now = |manifest| {
                alias_known_now(manifest, &self.knowledge).or_else(|| jobs.reason(manifest))
            };
            if let Some(reason) = manifest.as_ref().and_then(known_now) {
                request.rebuild.entry(*day).or_insert(reason);
            }
        }
        request.rebuild.retain(|day, _| !self.not_replaced.contains_key(day));
        request
    }

    /// Who called where on the days of the range, as far as they are published.
    pub(super) fn callers(&self) -> Callers {
        manifest::callers(&self.manifests)
    }

    /// The days with callers that were not known before: their model invocation logs have not been read.
    pub(super) fn days_with_new_callers(&self, known: &Callers) -> Vec<Date> {
        let is_known = |account: &String, region: &String| {
            known.get(account).is_some_and(|regions| regions.contains(region))
        };
        let has_new = |manifest: &Manifest| {
            let mut callers = manifest.callers.iter();
            callers
                .any(|(account, regions)| regions.iter().any(|region| !is_known(account, region)))
        };
        let days = self.manifests.iter().filter(|(day, manifest)| {
            manifest.as_ref().is_some_and(has_new) && !self.not_replaced.contains_key(day)
        });
        days.map(|(day, _)| *day).collect()
    }

    /// Whether a day is of the range of the run, and neither unchanged nor left as it is.
    pub(super) fn is_built(&self, range: Option<DayRange>, day: Date) -> bool {
        range.is_none_or(|range| range.contains(day))
            && !self.unchanged.contains(&day)
            && !self.not_replaced.contains_key(&day)
    }

    /// What there is of outputs, and what became of it.
    pub(super) fn batch_outputs(&self, listed: &ListedOutputs<'_>) -> BatchOutputs {
        let manifests = self.manifests.values().flatten();
        let jobs = manifests.flat_map(|manifest| manifest.batch_jobs.keys().map(String::as_str));
        let jobs = jobs.collect::<BTreeSet<_>>();
        // Those of unchanged days were not read again.
        let unchanged = self.unchanged.iter().filter_map(|day| self.manifests.get(day)?.as_ref());
        let known = unchanged.flat_map(|manifest| manifest.batch_jobs.values());
        let known = known.flat_map(|job| &job.problems).map(|problem| {
            let OutputProblem { object, reason } = problem.clone();
            (object.clone(), ObjectProblem { key: object, reason })
        });
        let mut problems = known.collect::<BTreeMap<_, _>>();
        problems.extend(self.output_problems.clone());
        BatchOutputs {
            found: listed.jobs().count() as u64,
            read: self.n_outputs_read,
            without_job: listed.jobs().filter(|id| !jobs.contains(id)).count() as u64,
            unusable: problems.into_values().collect(),
        }
    }

    /// Adds up what the days came to; those that are not of the range were opened again.
    /// What is finished before the run is: the days that are published by now.
    pub(super) fn finished(&self) -> Finished {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let is_reopened = |day: &&Date| self.range.is_some_and(|range| !range.contains(**day));
        let mut finished = Finished {
            days_built: count(self.days.len()),
            days_unchanged: count(self.unchanged.len()),
            days_held: count(self.not_replaced.len()),
            days_reopened: count(self.days.keys().filter(is_reopened).count()),
            ..Finished::default()
        };
        for BuiltDay { counts, .. } in self.days.values() {
            finished.objects_read += counts.objects.saturating_sub(counts.unreadable);
            finished.objects_unreadable += counts.unreadable;
            finished.records.records += counts.records;
            finished.records.calls += counts.calls;
            finished.records.skipped += counts.skipped;
            finished.records.rejected += counts.rejected;
            finished.written += counts.written;
            finished.duplicates += counts.duplicates;
            finished.other_day += counts.other_day;
        }
        finished
    }

    pub(super) fn write_into(self, range: Option<DayRange>, outcome: &mut Outcome) {
        let mut tally = Tally::default();
        for (day, built) in self.days {
            outcome.written += built.counts.written;
            outcome.duplicates += built.counts.duplicates;
            let BuiltDay { reason, rows, tally: of_day, .. } = built;
            let is_rebuilt = !matches!(reason, Reason::New | Reason::AnyLayout);
            let reason = reason.to_string();
            let is_reopened = range.is_some_and(|range| !range.contains(day));
            let dt = day.to_string();
            outcome.days.push(Day { dt, reason, is_rebuilt, is_reopened, rows });
            tally.merge(of_day);
        }
        outcome.digests = self.digests.map(Comparison::outcome);
        outcome.settled = self.settled.iter().map(ToString::to_string).collect();
        outcome.unchanged = self.unchanged.iter().map(ToString::to_string).collect();
        outcome.not_replaced = self.not_replaced.into_values().collect();
        outcome.discovered_aliases = self.knowledge.aliases.discovered().count() as u64;
        outcome.outcomes =
            CallOutcome::ALL.map(CallOutcome::as_str).into_iter().zip(tally.by_outcome).collect();
        outcome.cost = tally.coverage();
        outcome.costs = tally.costs();
        outcome.cost_gaps = tally.cost_gaps();
        outcome.log_evidence = tally.log;
        outcome.unpriced_tokens = tally.unpriced_tokens;
        outcome.uncounted_units = tally.uncounted_units;
        outcome.routes = tally.routes();
        outcome.denials = tally.denials();
        outcome.denied_without_call = tally.refusals;
        outcome.error_reasons = tally.error_reasons();
        outcome.other_activity = tally.activity.by_name();
        outcome.batch_jobs = tally.batch.by_model();
        outcome.batch_cost = tally.batch.cost();
        outcome.unresolved = tally.unresolved();
        outcome.residency = tally.by_residency;
    }
}
