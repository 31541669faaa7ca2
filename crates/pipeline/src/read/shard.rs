//! Reads one of several parts of a range, which lists for itself: nobody has to hand keys about.
//!
//! Which objects are a shard's own is told by what their names say, and by nothing that another shard would have
//! to know: the account, the Region, and the day of the delivery, or else the whole name. Therefore each object is of
//! one shard, whichever folders each of them finds, and copies of one object are of the same.

use std::collections::BTreeMap;
use std::fs::File;
use std::pin::pin;
use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::civil::Date;
use logs::layout::{Delivery, KeyParts, LogKind};
use store::{Guard, Store};
use tokio::sync::mpsc;

use super::cutter::Cutter;
use super::rows::Rows;
use super::{Job, ReadEndpoints, ReadOutcome, invocation_logs, keep};
use crate::dates::{DayRange, Shard, days_of_delivery};
use crate::error::Error;
use crate::outcome::progress::Progress;
use crate::settings::Settings;
use crate::shards::ShardSummary;
use crate::source::folders::has_objects;
use crate::source::found::{Discovery, Extent, RegionFolder};
use crate::source::list::{
    LISTED_AHEAD, ListCounts, Listed, ListedObject, Selection, delivery_days, find_folders, groups,
    list_days,
};
use crate::work::{Workers, run_waiting};

/// Files that are written at a time.
const WRITTEN_AT_ONCE: usize = 8;

/// Lists a part of what a range is read from, reads it, and writes the rows of each day to a file of its own in a
/// folder; last, what it read.
///
/// # Errors
/// If the source cannot be listed or fails as a whole, or the folder cannot be written: then the shard is not
/// done, whatever is there of it.
pub async fn read_shard(
    endpoints: ReadEndpoints<'_>,
    shard: Shard,
    folder: &dyn Store,
    settings: &Settings,
    progress: &Progress,
) -> Result<ReadOutcome, Error> {
    let workers = Workers::start(settings.threads)?;
    let range = settings.range.ok_or(Error::NoRange)?;
    let job = Job { endpoints, settings, workers: &workers, progress, range };
    // From now on until it is done, what an earlier try wrote is not whole.
    folder.delete(&ShardSummary::key(shard)).await.map_err(Error::Write)?;
    let cutter = Arc::new(Cutter::new(settings, range, endpoints.invocation_logs.is_some()));
    let (rows, given) = Rows::new(settings);
    let (cutting, bound) = (Arc::clone(&cutter), rows.bound.clone());
    let mut writing = pin!(run_waiting(move || cutting.write_days(given, &bound)));
    let reading = async {
        let list = async |sender| list(&job, shard, sender).await;
        let mut read = job.read(list, &rows).await?;
        let is_own = |object: &ListedObject| {
            shard.has(&unit_of(&object.meta.key, object.delivery, LogKind::ModelInvocation))
        };
        read.logs = invocation_logs::read(&job, &rows, is_own).await?;
        rows.end();
        Ok::<_, Error>(read)
    };
    let mut read = tokio::select! {
        biased;
        // It ends early only if it fails.
        written = &mut writing => return Err(written?.err().unwrap_or(Error::Worker)),
        read = reading => read?,
    };
    let days = writing.await??;
    let n_rows = days.iter().map(|(day, (_, rows))| (*day, *rows)).collect::<BTreeMap<_, _>>();
    write_files(folder, shard, days).await?;
    keep(endpoints.destination, std::mem::take(&mut read.collected.learned)).await?;
    let all_rows = n_rows.values().sum();
    let (source, made_with) = (endpoints.source.store.location(), cutter.made_with().clone());
    let summary = ShardSummary::new(shard, range, (source, made_with), &read.sums, n_rows);
    folder.put(&ShardSummary::key(shard), summary.to_json()?).await.map_err(Error::Write)?;
    Ok(read.outcome(&job, all_rows))
}

async fn write_files(
    folder: &dyn Store,
    shard: Shard,
    days: BTreeMap<Date, (File, u64)>,
) -> Result<(), Error> {
    let write = async |(day, (file, _)): (Date, (File, u64))| {
        let key = ShardSummary::rows_key(shard, day);
        folder.put_if(&key, file.into(), &Guard::default()).await.map_err(Error::Write).map(drop)
    };
    stream::iter(days).map(write).buffer_unordered(WRITTEN_AT_ONCE).try_collect().await
}

/// What decides whose an object is.
fn unit_of(name: &str, delivery: Option<Delivery>, kind: LogKind) -> String {
    let KeyParts { account, log, region, .. } = KeyParts::of(name, kind);
    match (account, log, region, delivery) {
        (Some(account), Some(log), Some(region), Some(delivery)) => {
            unit(account, log, region, delivery.day)
        }
        _ => name.to_owned(),
    }
}

fn unit(account: &str, log: &str, region: &str, day: Date) -> String {
    format!("{account}/{log}/{region}/{day}")
}

/// Folders that are listed together, and on which days of delivery.
struct Part {
    folders: Arc<Discovery>,
    first: Date,
    last: Date,
    /// Whether all that is there is the shard's own.
    is_own: bool,
}

/// Lists what is a shard's own.
async fn list(
    job: &Job<'_>,
    shard: Shard,
    objects: mpsc::Sender<ListedObject>,
) -> Result<Listed, Error> {
    let Job { settings, range, .. } = *job;
    let (source, kind, window) =
        (job.endpoints.source.store, settings.kind, settings.late_window_minutes);
    let found = Arc::new(find_folders(source, settings).await?);
    let whole = Arc::new(part(found.regions.clone(), &found));
    let has_objects = has_objects(source, settings, whole).await?;
    let parts = parts(&found, shard, delivery_days(settings, range), has_objects);
    let counts = ListCounts::default();
    let wanted = |delivery| days_of_delivery(delivery, range, window).next().is_some();
    let (to_filter, mut mixed) = mpsc::channel::<ListedObject>(LISTED_AHEAD);
    let filtering = async {
        while let Some(object) = mixed.recv().await {
            // The receiver is gone if reading failed, and that error is returned.
            if shard.has(&unit_of(&object.meta.key, object.delivery, kind))
                && objects.send(object).await.is_err()
            {
                break;
            }
        }
        Ok(())
    };
    let listing = async {
        let to_filter = to_filter;
        let list = async |part: Part| {
            let Part { folders, first, last, is_own } = part;
            let selection = Selection { kind, first, last, wanted: &wanted };
            let sender = if is_own { &objects } else { &to_filter };
            list_days(source, settings, selection, &folders, &counts, sender).await
        };
        let at_once = settings.requests_in_flight.max(1);
        stream::iter(parts).map(list).buffer_unordered(at_once).try_collect::<()>().await
    };
    futures::future::try_join(listing, filtering).await?;
    let listing = counts.into_listing(source);
    listing.check_names(source)?;
    Ok(Listed { listing, discovery: found, ..Listed::default() })
}

/// Some Regions' folders, and those of other layouts.
fn part(regions: Vec<RegionFolder>, found: &Discovery) -> Discovery {
    let others = found.others.clone();
    Discovery { regions, others, extent: Extent::GivenPart, ..Discovery::default() }
}

/// What a shard lists: of Regions' folders only its own days, of all others everything.
fn parts(
    found: &Arc<Discovery>,
    shard: Shard,
    (first, last): (Date, Date),
    has_objects: bool,
) -> Vec<Part> {
    let all = |folders| Part { folders, first, last, is_own: false };
    // Where nothing is found in the days, it is looked for beside them.
    if !has_objects {
        return vec![all(Arc::clone(found))];
    }
    // Objects of theirs may have the names of objects in Regions' folders.
    if found.others.iter().any(|folder| folder.is_named) {
        return vec![all(Arc::new(part(found.regions.clone(), found)))];
    }
    let mut parts = Vec::new();
    if !found.others.is_empty() {
        parts.push(all(Arc::new(part(Vec::new(), found))));
    }
    for group in groups(&found.regions) {
        let regions = group.iter().map(|folder| (*folder).clone()).collect();
        let folders = Discovery { regions, extent: Extent::GivenPart, ..Discovery::default() };
        let folders = Arc::new(folders);
        let accounts = group.iter().map(|folder| folder.account.as_deref());
        match accounts.collect::<Option<Vec<_>>>().as_deref().zip(group.first()) {
            Some(([account, ..], RegionFolder { log, region, .. })) => {
                let is_own = |day: &Date| shard.has(&unit(account, log, region, *day));
                parts.extend(runs(first, last, is_own).into_iter().map(|(first, last)| {
                    let folders = Arc::clone(&folders);
                    Part { folders, first, last, is_own: true }
                }));
            }
            // Only the files say whose they are.
            _ => parts.push(all(folders)),
        }
    }
    parts
}

/// Days that follow one another, of those that are chosen: they are listed together.
fn runs(first: Date, last: Date, is_chosen: impl Fn(&Date) -> bool) -> Vec<(Date, Date)> {
    let mut runs = Vec::<(Date, Date)>::new();
    let days = DayRange::new(first, last).into_iter().flat_map(|range| range.days());
    for day in days.filter(|day| is_chosen(day)) {
        match runs.last_mut() {
            Some((_, end)) if end.tomorrow().is_ok_and(|next| next == day) => *end = day,
            _ => runs.push((day, day)),
        }
    }
    runs
}
