//! Takes the days of a pass, in their order, from what was read for them to what is published.

use std::collections::BTreeMap;
use std::sync::Arc;

use bedrock::JobStates;
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::StreamExt;
use jiff::ToSpan;
use jiff::civil::Date;
use logs::layout::LogKind;
use tables::INVOCATIONS;
use tokio::sync::watch;

use super::Scheduler;
use super::tasks::Tasks;
use crate::day::collect::DayState;
use crate::day::fence::DayWriter;
use crate::day::manifest::{Compared, Manifest};
use crate::day::prepare::{Counted, OtherDays, Prepared, Ready, prepare};
use crate::day::publish::{DayInputs, DayJobs, TableFile, build};
use crate::day::replace::{replace, withdraw};
use crate::error::Error;
use crate::join::ListedLogs;
use crate::lease::Wait;
use crate::run::schedule::Reason;
use crate::run::state::{Job, PublishedDay};
use crate::settings::Layout;

/// Days after a day that are read before it is built: what is late is seldom later, and few days have to
/// be rebuilt.
const HELD_BACK_DAYS: i64 = 2;

impl<'a> Scheduler<'a, '_> {
    /// Begins to prepare the next day if its turn has come. One is prepared at a time, and one day more
    /// than workers is on its way, because one that is being put needs none.
    pub(super) fn prepare_next_day(&mut self, tasks: &mut Tasks<'a>) {
        let job = self.job;
        if tasks.preparing.is_empty()
            && tasks.publishing.len() <= job.settings.threads.max(1)
            && let Some((day, state)) = self.next_day()
        {
            let others = self.others(day);
            let is_reopened = self.reopened_day().is_some();
            let preparing = async move {
                let prepared = prepare(job, day, state, others, is_reopened).await;
                prepared.map(|prepared| (day, prepared))
            };
            tasks.preparing.push(preparing.boxed());
        }
    }

    /// The first day that waits, if all of it is read and of the days right after it.
    fn next_day(&mut self) -> Option<(Date, DayState)> {
        if self.is_all_read() {
            self.collected.assign_unplaced();
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

    /// The days beside one that are not built now: one event on two days is on neighbors. A shard leaves
    /// days outside its slice to `settle`.
    fn others(&self, day: Date) -> OtherDays {
        let beside = [day.yesterday(), day.tomorrow()].into_iter().filter_map(Result::ok);
        let is_as_published = |day: &Date| {
            let is_left = self.state.not_replaced.contains_key(day);
            (!self.schedule.is_built(*day) || is_left) && !self.state.built_calls.has(*day)
        };
        let is_admitted = |day: &Date| self.state.may_change(*day);
        let leaves_time = self.reopened_day().is_some() && !self.state.is_settling;
        OtherDays {
            wait: if leaves_time { Wait::UntilFree } else { Wait::AsAsked },
            known: self.state.manifests.get(&day).cloned(),
            built: self.state.built_calls.clone(),
            compares_requests: self.collected.keeps_requests,
            neighbours: beside.filter(is_as_published).filter(is_admitted).collect(),
            will_ask: !self.waiting.is_empty()
                || self.request.part.is_some()
                || self.collected.days_with_objects().next().is_some()
                || self.state.manifests.keys().any(|known| *known != day),
        }
    }

    /// Records what was found out about a day, and begins to build and publish it if it can be.
    pub(super) async fn publish_if_ready(
        &mut self,
        tasks: &mut Tasks<'a>,
        day: Date,
        prepared: Prepared<'a>,
    ) -> Result<(), Error> {
        match prepared {
            Prepared::Changed(state, found) => {
                self.decide_again(day, *state, found.map(|found| found.map(|it| *it)));
            }
            Prepared::Needs(state, objects) => {
                self.collected.restore_day(day, *state);
                for object in objects {
                    self.add_late(day, object);
                }
                self.waiting.insert(day);
            }
            Prepared::NotReplaced(refusal, calls) => {
                self.collected.left += calls;
                self.state.not_replaced.insert(day, refusal);
                self.job.progress.published();
            }
            Prepared::Ready(mut ready) => {
                let seen = self.neighbours_seen(day, &ready);
                if !ready.counted.shared.is_empty() {
                    // A day that is being published would write its manifest after it is withdrawn.
                    while let Some(published) = tasks.publishing.next().await {
                        self.finish(published?);
                    }
                    self.withdraw(&ready).await?;
                }
                let identities = std::mem::take(&mut ready.counted.distinct.identities);
                let jobs = ready.counted.jobs.clone();
                self.state.built_calls.remember(day, identities, jobs);
                let destination = self.job.endpoints.destination;
                self.state.learn(destination, &mut self.collected.learned).await?;
                tasks.publishing.push(self.publish(day, *ready, seen));
            }
        }
        Ok(())
    }

    /// The days beside one that it was compared with, and that keep their calls and jobs. Of one that is built in
    /// this pass too, the hash is known only when it is encoded.
    fn neighbours_seen(&self, day: Date, ready: &Ready<'a>) -> NeighboursSeen {
        let mut seen = NeighboursSeen::default();
        for beside in [day.yesterday(), day.tomorrow()].into_iter().filter_map(Result::ok) {
            if ready.counted.shared.contains(&beside) {
                continue;
            }
            if let Some(encoded) = self.encoded.get(&beside) {
                seen.encoded.insert(beside, encoded.clone());
            } else if let Some(sha256) = ready.compared.get(&beside) {
                seen.known.insert(beside, sha256.clone());
            } else if self.state.built_calls.has(beside)
                && let Some(sha256) = self.state.compared_sha256(beside)
            {
                seen.known.insert(beside, sha256);
            }
        }
        seen
    }

    /// Withdraws the days that have to let go of a call or a job, because the one that is ready has it. One that is
    /// not as it was compared is left: it is not settled then.
    async fn withdraw(&mut self, ready: &Ready<'a>) -> Result<(), Error> {
        let Job { endpoints, leases, .. } = *self.job;
        for day in &ready.counted.shared {
            let known = ready.compared.get(day).cloned();
            let Some(sha256) = known.or_else(|| self.state.compared_sha256(*day)) else { continue };
            let lease = leases.take(*day, Wait::UntilFree).await?;
            let writer = DayWriter::new(endpoints.destination, leases, lease);
            let withdrawn = withdraw(&writer, &sha256).await?;
            writer.release().await?;
            if let Some(withdrawn) = withdrawn {
                if let Some(known) = self.state.manifests.get_mut(day) {
                    *known = Some(withdrawn);
                }
                self.shared.insert(*day);
            }
        }
        Ok(())
    }

    /// Builds a day and publishes it.
    fn publish(
        &mut self,
        day: Date,
        ready: Ready<'a>,
        seen: NeighboursSeen,
    ) -> BoxFuture<'a, Result<PublishedDay, Error>> {
        let job = self.job;
        let manifest = self.manifest_of(day);
        let reason = self.schedule.reason(day).unwrap_or(match job.settings.layout {
            Layout::Any => Reason::AnyLayout,
            Layout::Trail | Layout::Auto => Reason::New,
        });
        let knowledge = Arc::clone(&self.state.knowledge);
        let job_states = Arc::new(self.job_states_with(ready.previous.manifest.as_ref()));
        let (requests, omitted) = (self.requests.clone(), job.settings.omitted);
        let built_at_once = Arc::clone(&self.built_at_once);
        let (encoded, is_encoded) = watch::channel(None);
        self.encoded.insert(day, is_encoded);
        let publishing = async move {
            let mut manifest = manifest;
            let Ready { writer, previous, counted, outputs, .. } = ready;
            let Counted { objects, by_key, distinct, left_out, .. } = counted;
            let before = previous.manifest.as_ref();
            let calls_left_out = left_out.as_ref().map_or(0, |left_out| left_out.all);
            let carried = before.filter(|_| !job.settings.include_orphans);
            manifest.entries_left_out = match left_out {
                Some(left_out) => left_out.at_midnight,
                None => carried.map(|it| it.entries_left_out.clone()).unwrap_or_default(),
            };
            let of_other_logs = before.filter(|it| it.kind() != manifest.kind());
            let calls_before = of_other_logs.map(|it| it.counts.written);
            manifest.yields_to = counted.yields_to;
            manifest.addenda = counted.addenda;
            manifest.late_objects = counted.late_objects.into_iter().collect();
            manifest.calls_elsewhere = counted.calls_elsewhere;
            let none = BTreeMap::new();
            let jobs_before = before.filter(|_| !job.settings.allow_shrink);
            let jobs_before = jobs_before.map_or(&none, |before| &before.batch_jobs);
            manifest.batch_jobs = outputs.of_day(&counted.jobs.by_id(), &job_states, jobs_before);
            manifest.created_jobs = counted.jobs;
            let outputs = Arc::new(outputs);
            let jobs = DayJobs {
                of_day_before: manifest.created_jobs.of_day_before().clone(),
                states: Arc::clone(&job_states),
                outputs: Arc::clone(&outputs),
            };
            let inputs =
                DayInputs { day, objects, by_key, distinct, knowledge, requests, jobs, omitted };
            let mut tables = {
                // The semaphore is never closed.
                let _turn = built_at_once.acquire().await;
                job.workers.run(move || build(inputs)).await??
            };
            manifest.counts = tables.counts;
            manifest.is_complete = tables.is_complete;
            manifest.log_calls = tables.tally.log.calls;
            manifest.without_alias = std::mem::take(&mut tables.without_alias);
            manifest.callers = std::mem::take(&mut tables.callers);
            if let Some(logs) = &mut manifest.invocation_logs {
                logs.joined = tables.joined.len() as u64;
            }
            let files = std::mem::take(&mut tables.files);
            let rows = files.iter().map(|file| (file.table, file.output.rows)).collect();
            let calls = files.iter().find(|file| file.table == INVOCATIONS.name);
            // Nobody waits for it if no other day does.
            let compared =
                |file: &TableFile| manifest.created_jobs.compared_sha256(&file.output.sha256);
            let _ = encoded.send(calls.map(compared));
            let seen = seen.all().await?;
            let before = day.yesterday().ok();
            let compared =
                before.and_then(|dt| Some(Compared { dt, sha256: seen.get(&dt)?.clone() }));
            manifest.compared_with = compared;
            let reason = match calls_before {
                None => reason,
                Some(before) => {
                    let now = Some((manifest.counts.written, calls_left_out));
                    Reason::OtherLogs { kind: job.settings.kind, before, now }
                }
            };
            let manifest = replace(&writer, files, manifest, previous).await?;
            writer.release().await?;
            let outputs = Arc::unwrap_or_clone(outputs);
            Ok(PublishedDay { day, reason, rows, tables, manifest, seen, outputs })
        };
        publishing.boxed()
    }

    /// The states of batch jobs, with those that a day was built with: the file of states may have been deleted.
    fn job_states_with(&self, before: Option<&Manifest>) -> JobStates {
        let mut states = self.state.job_states.clone();
        for (id, job) in before.into_iter().flat_map(|before| &before.batch_jobs) {
            job.status.map(|status| states.add(id, status));
        }
        states
    }

    /// What is known of a day before it is built.
    fn manifest_of(&self, day: Date) -> Manifest {
        let mut manifest = Manifest::new(day, self.state.made_with.clone());
        manifest.trail = match &self.request.named {
            // Its objects were not listed: what was listed for it before is what it is built from.
            Some(named) => named.trail.clone(),
            None => self.schedule.sources(day),
        };
        manifest.is_without_trail = self.job.settings.kind == LogKind::ModelInvocation;
        manifest.invocation_logs = self.logs.as_ref().map(|logs| logs.sources(day));
        manifest.logs_not_read = self.logs.as_ref().map(ListedLogs::not_read).unwrap_or_default();
        manifest
    }

    pub(super) fn finish(&mut self, mut published: PublishedDay) {
        self.job.progress.published();
        self.entries.append(&mut published.tables.joined);
        self.calls_without_entry += published.tables.calls_without_entry;
        self.collected.left += self.state.record_published(published);
        self.job.progress.set_finished(self.state.finished());
    }
}

/// What a day is [compared by](Manifest::compared_sha256), once its `invocations` are encoded.
pub(super) type Encoded = watch::Receiver<Option<String>>;

/// The days beside one that it was compared with.
#[derive(Debug, Default)]
struct NeighboursSeen {
    known: BTreeMap<Date, String>,
    encoded: BTreeMap<Date, Encoded>,
}

impl NeighboursSeen {
    /// What each was compared by.
    async fn all(self) -> Result<BTreeMap<Date, String>, Error> {
        let NeighboursSeen { mut known, encoded } = self;
        for (day, mut encoded) in encoded {
            // Its sender is gone if the day could not be built: then that error ends the run.
            let sha256 = encoded.wait_for(Option::is_some).await.map_err(|_| Error::Worker)?;
            known.extend(sha256.clone().map(|sha256| (day, sha256)));
        }
        Ok(known)
    }
}
