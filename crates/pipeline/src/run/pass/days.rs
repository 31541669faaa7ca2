//! Takes the days of a pass, in their order, from what was read for them to what is published.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::StreamExt;
use jiff::ToSpan;
use jiff::civil::Date;

use super::Scheduler;
use super::tasks::Tasks;
use crate::day::collect::DayState;
use crate::day::manifest::Manifest;
use crate::day::prepare::{OtherDays, Prepared, Ready, prepare};
use crate::day::publish::{DayInputs, build};
use crate::day::replace::{replace, withdraw_all};
use crate::error::Error;
use crate::join::ListedLogs;
use crate::run::schedule::Reason;
use crate::run::state::PublishedDay;
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

    /// The days beside one that are not built now: one event on two days is on neighbors.
    fn others(&self, day: Date) -> OtherDays {
        let beside = [day.yesterday(), day.tomorrow()].into_iter().filter_map(Result::ok);
        let is_as_published =
            |day: &Date| !self.schedule.is_built(*day) && !self.state.built_calls.has(*day);
        OtherDays {
            built: self.state.built_calls.clone(),
            neighbours: beside.filter(is_as_published).collect(),
            will_ask: !self.waiting.is_empty()
                || self.collected.days_with_objects().next().is_some()
                || self.state.manifests.keys().any(|known| *known != day),
        }
    }

    /// Records what was found out about a day, and begins to build and publish it if it can be.
    pub(super) async fn publish_if_ready(
        &mut self,
        tasks: &mut Tasks<'a>,
        day: Date,
        prepared: Prepared,
    ) -> Result<(), Error> {
        match prepared {
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
                if !ready.shared.is_empty() {
                    // A day that is being published would write its manifest after it is withdrawn.
                    while let Some(published) = tasks.publishing.next().await {
                        self.finish(published?);
                    }
                    withdraw_all(self.job.endpoints.destination, &ready.shared).await?;
                    self.shared.append(&mut ready.shared);
                }
                let identities = std::mem::take(&mut ready.distinct.identities);
                self.state.built_calls.remember(day, identities);
                let destination = self.job.endpoints.destination;
                self.state.add_discovered(destination, &mut self.collected.discovered).await?;
                tasks.publishing.push(self.publish(day, *ready));
            }
        }
        Ok(())
    }

    /// Builds a day and publishes it.
    fn publish(&self, day: Date, ready: Ready) -> BoxFuture<'a, Result<PublishedDay, Error>> {
        let job = self.job;
        let mut manifest = Manifest::new(day, self.state.made_with.clone());
        manifest.trail = match &self.request.named {
            // Its objects were not listed: what was listed for it before is what it is built from.
            Some(named) => named.trail.clone(),
            None => self.schedule.sources(day),
        };
        manifest.invocation_logs = self.logs.as_ref().map(|logs| logs.sources(day));
        manifest.logs_not_read = self.logs.as_ref().map(ListedLogs::not_read).unwrap_or_default();
        let previous = self.state.manifests.get(&day).cloned().flatten();
        let reason = self.schedule.reason(day).unwrap_or(match job.settings.layout {
            Layout::Any => Reason::AnyLayout,
            Layout::Trail | Layout::Auto => Reason::New,
        });
        let knowledge = Arc::clone(&self.state.knowledge);
        let requests = self.requests.clone();
        let built_at_once = Arc::clone(&self.built_at_once);
        let publishing = async move {
            let Ready { objects, by_key, distinct, late_objects, calls_elsewhere, .. } = ready;
            manifest.yields_to = ready.yields_to;
            manifest.addenda = ready.addenda;
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
            manifest.callers = std::mem::take(&mut tables.callers);
            let files = std::mem::take(&mut tables.files);
            let rows = files.iter().map(|file| (file.table, file.output.rows)).collect();
            let destination = job.endpoints.destination;
            let manifest = replace(destination, day, files, manifest, previous.as_ref()).await?;
            Ok(PublishedDay { day, reason, rows, tables, manifest })
        };
        publishing.boxed()
    }

    pub(super) fn finish(&mut self, mut published: PublishedDay) {
        self.job.progress.published();
        self.entries.append(&mut published.tables.joined);
        self.calls_without_entry += published.tables.calls_without_entry;
        self.collected.left += self.state.record_published(published);
    }
}
