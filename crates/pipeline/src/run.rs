//! The run as a whole: list, fetch and read; then learn; then publish day by day.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::mem;
use std::sync::Arc;

use bedrock::{Knowledge, Outcome as CallOutcome};
use futures::stream::{FuturesUnordered, StreamExt};
use jiff::civil::Date;
use logs::{Limits, Reading, Shape, Unreadable};
use store::Store;
use tokio::sync::mpsc;

use crate::collect::{Collected, ObjectRecord, StoredCall, ranks};
use crate::day::days_of_delivery;
use crate::dedup::distinct_days;
use crate::error::Error;
use crate::fetch::{Decoder, Fetcher};
use crate::join::read_requests;
use crate::learnt;
use crate::outcome::{Complaint, InvocationLog, MAX_LISTED, Objects, Outcome, Records};
use crate::plan::{LISTED_AHEAD, Listed, list_all, nothing_found};
use crate::progress::Progress;
use crate::publish::{Publisher, put};
use crate::settings::{Layout, Settings};
use crate::tally::Tally;
use crate::work::Workers;

/// A place with logs. `root_path` is its own path, whose last name may tell the level that it is at.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The place.
    pub store: &'a dyn Store,
    /// Its prefix or folder.
    pub root_path: &'a str,
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

    let (mut collected, listed) = read_all(source, settings, &workers, progress).await?;
    let mut outcome = summary(source.store, destination, settings, &collected, &listed);
    if collected.objects.is_empty() {
        outcome.nothing_found = nothing_found(source.store, settings, &listed.discovery).await?;
        return Ok(outcome);
    }
    let requests = match invocation_logs {
        Some(Source { store, root_path }) => {
            Some(read_requests(store, root_path, settings, &workers, progress).await?)
        }
        None => None,
    };
    for alias in mem::take(&mut collected.learnt) {
        knowledge.aliases.learn(alias);
    }
    outcome.learnt_aliases = knowledge.aliases.learnt().count() as u64;
    learnt::save(destination, &knowledge.aliases).await?;

    let objects = mem::take(&mut collected.objects);
    let contexts = mem::take(&mut collected.contexts).into_iter().collect();
    let mut days = mem::take(&mut collected.days);
    let (objects, ranks, days, dropped) = workers
        .run(move || {
            let ranks = ranks(&objects);
            let dropped = distinct_days(&mut days, |object| ranks[object as usize]);
            (objects, ranks, days, dropped)
        })
        .await?;
    let days = days_to_publish(settings, &objects, days, dropped);
    let publisher =
        workers.run(move || Publisher::new(objects, ranks, contexts, knowledge, requests)).await?;
    let tally =
        publish_all(destination, days, publisher, settings, &workers, progress, &mut outcome)
            .await?;
    outcome.outcomes =
        CallOutcome::ALL.map(CallOutcome::as_str).into_iter().zip(tally.by_outcome).collect();
    outcome.cost = tally.coverage();
    outcome.costs = tally.costs();
    outcome.routes = tally.routes();
    outcome.denials = tally.denials();
    outcome.unresolved = tally.unresolved();
    outcome.residency = tally.by_residency;
    debug_assert!(outcome.adds_up(), "{outcome:?}");
    Ok(outcome)
}

/// Lists, fetches and reads, all at once.
async fn read_all(
    source: Source<'_>,
    settings: &Settings,
    workers: &Workers,
    progress: &Progress,
) -> Result<(Collected, Listed), Error> {
    let (sender, receiver) = mpsc::channel(LISTED_AHEAD);
    let listing = async {
        let listed = list_all(source.store, source.root_path, settings, sender).await;
        progress.all_listed();
        listed
    };
    let decoder = TrailDecoder { shape: settings.shape(), limits: settings.limits };
    let fetcher = Fetcher::new(source.store, settings, workers, decoder);
    let mut collected = Collected::default();
    let take = |read| collected.add(read, settings.range);
    let reading = fetcher.read_all(receiver, progress, take);
    // The first error ends both: a listing that failed is not waited for by the reading.
    let (listed, ()) = futures::future::try_join(listing, reading).await?;
    Ok((collected, listed))
}

/// Reads CloudTrail's objects.
#[derive(Debug, Clone, Copy)]
struct TrailDecoder {
    shape: Shape,
    limits: Limits,
}

impl Decoder for TrailDecoder {
    type Reading = Reading;

    fn whole(&self, body: &[u8], scratch: &mut Vec<u8>) -> Result<Reading, Unreadable> {
        logs::read_whole(body, self.shape, &self.limits, scratch)
    }

    fn stream(&self, body: impl BufRead) -> Result<Reading, Unreadable> {
        logs::read_stream(body, self.shape, &self.limits)
    }
}

/// Publishes every day, a few at a time.
async fn publish_all(
    destination: &dyn Store,
    days: BTreeMap<Date, DayInputs>,
    publisher: Publisher,
    settings: &Settings,
    workers: &Workers,
    progress: &Progress,
    outcome: &mut Outcome,
) -> Result<Tally, Error> {
    progress.publishing(days.len());
    let publisher = Arc::new(publisher);
    let mut joined = Vec::new();
    let mut calls_without_entry = 0;
    let mut waiting = days.into_iter();
    let mut in_flight = FuturesUnordered::new();
    let mut tally = Tally::default();
    loop {
        while in_flight.len() < settings.threads.max(1)
            && let Some((day, inputs)) = waiting.next()
        {
            let publisher = Arc::clone(&publisher);
            in_flight.push(async move {
                let DayInputs { calls, read, on_another_day } = inputs;
                let build = move || publisher.build(day, calls, &read, &on_another_day);
                let mut built = workers.run(build).await??;
                put(destination, mem::take(&mut built.files)).await?;
                Ok::<_, Error>(built)
            });
        }
        let Some(built) = in_flight.next().await else { break };
        let built = built?;
        progress.published();
        outcome.written += built.written;
        outcome.duplicates += built.duplicates;
        outcome.days.push(built.day);
        joined.extend(built.joined);
        calls_without_entry += built.calls_without_entry;
        tally.merge(built.tally);
    }
    outcome.days.sort_by(|a, b| a.dt.cmp(&b.dt));
    // Every task has given its share back.
    let requests = Arc::into_inner(publisher).and_then(Publisher::into_requests);
    outcome.invocation_log = requests.map(|requests| {
        let counts = requests.into_counts(&joined, settings.range);
        InvocationLog { calls_without_entry, ..counts }
    });
    Ok(tally)
}

/// What the tables of a day are built from.
#[derive(Default)]
struct DayInputs {
    calls: Vec<StoredCall>,
    /// The numbers of the objects that were read for the day.
    read: Vec<u32>,
    /// The number of the object of each call that another day has already.
    on_another_day: Vec<u32>,
}

/// The days with their calls and with the objects that were read for them.
///
/// A day without any object is left as it is at the destination. With [`Layout::Any`] an object is read
/// for the days of its calls; one that gave none counts for the first day, so that every object stands
/// somewhere.
fn days_to_publish(
    settings: &Settings,
    objects: &[ObjectRecord],
    calls: BTreeMap<Date, Vec<StoredCall>>,
    dropped: BTreeMap<Date, Vec<u32>>,
) -> BTreeMap<Date, DayInputs> {
    let inputs = |(day, calls)| (day, DayInputs { calls, ..DayInputs::default() });
    let mut days = calls.into_iter().map(inputs).collect::<BTreeMap<_, _>>();
    for (day, objects) in dropped {
        days.entry(day).or_default().on_another_day = objects;
    }
    let first_day = settings.range.map(|range| range.from()).or(days.keys().next().copied());
    for (number, object) in (0u32..).zip(objects) {
        match (settings.layout, object.delivery, settings.range) {
            (Layout::Trail, Some(delivery), Some(range)) => {
                let late_window_minutes = settings.late_window_minutes;
                for day in days_of_delivery(delivery, range, late_window_minutes) {
                    days.entry(day).or_default().read.push(number);
                }
            }
            _ if object.calls_in_range == 0 => {
                if let Some(first_day) = first_day {
                    days.entry(first_day).or_default().read.push(number);
                }
            }
            _ => {}
        }
    }
    days
}

fn summary(
    source: &dyn Store,
    destination: &dyn Store,
    settings: &Settings,
    collected: &Collected,
    listed: &Listed,
) -> Outcome {
    let mut objects = Objects {
        passed_by: listed.passed_by,
        sibling_folders: listed.discovery.siblings,
        folders_not_searched: listed.discovery.not_searched,
        ..Objects::default()
    };
    let mut records = Records::default();
    for object in &collected.objects {
        objects.add(object);
        records.records += object.records;
        records.calls += object.calls;
        records.passed_over += object.passed_over;
        records.rejected += object.rejected;
    }
    objects.sort_complaints();
    Outcome {
        source: source.location(),
        destination: destination.location(),
        range: settings.range.map(|range| range.to_string()),
        objects,
        records,
        out_of_range: collected
            .out_of_range
            .iter()
            .map(|(day, calls)| (day.to_string(), *calls))
            .collect(),
        unknown_operations: collected.unknown_operations.clone(),
        ..Outcome::default()
    }
}

impl Objects {
    fn add(&mut self, object: &ObjectRecord) {
        self.bytes += object.size_bytes;
        let complaint = |reason: String| Complaint { key: object.key.as_ref().to_owned(), reason };
        match &object.unreadable {
            Some(reason) => {
                self.unreadable += 1;
                self.unreadable_objects.push(complaint(reason.clone()));
            }
            None => self.read += 1,
        }
        if object.rejected > 0 {
            let reason = format!("{} rejected: {}", object.rejected, object.rejections.join("; "));
            self.objects_with_rejected_records.push(complaint(reason));
        }
    }

    fn sort_complaints(&mut self) {
        for complaints in [&mut self.unreadable_objects, &mut self.objects_with_rejected_records] {
            complaints.sort_by(|a, b| a.key.cmp(&b.key));
            complaints.truncate(MAX_LISTED);
        }
    }
}
