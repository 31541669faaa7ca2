//! Compares a destination with its manifests, and on request with its source. Nothing is written.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{StreamExt, TryStreamExt};
use jiff::civil::Date;
use serde::Serialize;
use store::{ListRequest, ObjectMeta, Pages, Store, list_all};
use tokio::sync::mpsc;

use crate::accounts;
use crate::dates::{DayRange, days_of_delivery};
use crate::day::kinds::lost_between;
use crate::day::manifest::{Manifest, MissingCalls, Output, SourceSet, load, missing_calls, read};
use crate::day::spool::Spooled;
use crate::error::Error;
use crate::run::settle::is_settled;
use crate::settings::Settings;
use crate::source::Source;
use crate::source::list::{self, LISTED_AHEAD};

/// Files that are read at the same time.
const READ_AT_ONCE: usize = 4;

/// What was found. Lists are in the order of days and keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// What was looked at.
    pub destination: String,
    /// The days that were looked at; `None` if all.
    pub range: Option<String>,
    /// Days with a manifest.
    pub days: u64,
    /// Files that are as their manifests say.
    pub valid_files: u64,
    /// Their bytes.
    pub valid_bytes: u64,
    /// Days that were built with something missing: the next run rebuilds them.
    pub partial: Vec<String>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What the source has that the days were not built from; `None` if it was not listed.
    pub source: Option<SourceCheck>,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The day; `None` for the table of accounts, which has none.
    pub dt: Option<String>,
    /// The file, relative to the destination.
    pub key: String,
    /// What kind of finding it is.
    pub kind: FindingKind,
    /// What was expected and what was found.
    pub reason: String,
}

/// What may be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A file that the manifest names does not exist.
    Missing,
    /// A file has another content than the manifest says.
    Changed,
    /// A file is in a partition, and no manifest names it; or it is beside the table of accounts. Athena reads
    /// it all the same.
    Unexpected,
    /// The table of accounts cannot be read as one.
    CorruptAccounts,
    /// A file is in a partition of a day without a manifest: a run was interrupted, or another program
    /// wrote it.
    NoManifest,
    /// The manifest cannot be understood.
    CorruptManifest,
    /// The counts of a day contradict each other.
    Counts,
    /// A run was interrupted while it replaced the files of the day, or was about to: they may be of two
    /// builds.
    Interrupted,
    /// The day was not compared with the day before as it is now: an event on both may count twice.
    Unsettled,
    /// An object that was delivered late has calls of the day, which was built without it. The key is the
    /// object's, relative to the source. Looked for only together with the source.
    LateCalls,
}

/// What a source has, seen from the manifests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SourceCheck {
    /// Where was looked.
    pub source: String,
    /// Days whose objects are those that they were built from.
    pub unchanged: u64,
    /// Days that have other objects now.
    pub changed: Vec<ChangedDay>,
    /// Days with objects and without a manifest.
    pub not_built: Vec<ChangedDay>,
    /// Calls that were delivered late and that their days do not have; each of their objects is a finding.
    pub late_calls: Option<LateCalls>,
}

/// Calls that their days do not have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LateCalls {
    /// How many; `None` if a manifest does not say.
    pub calls: Option<u64>,
    /// How many days lack some.
    pub days: u64,
    /// The first of them.
    pub from: String,
    /// The last day on which one of their objects was delivered. A run from there to here enters them.
    pub to: String,
}

/// A day whose objects are not those that it was built from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedDay {
    /// The day.
    pub dt: String,
    /// How many objects it was built from.
    pub before: u64,
    /// How many there are.
    pub now: u64,
}

/// Compares.
///
/// # Errors
/// If the destination or the source cannot be listed or read. What is missing or wrong there is no error.
pub async fn verify(
    destination: &dyn Store,
    source: Option<Source<'_>>,
    settings: &Settings,
) -> Result<Verification, Error> {
    let range = settings.range;
    let manifests = load(destination, range).await?;
    let mut found = Verification {
        destination: destination.location(),
        range: range.map(|range| range.to_string()),
        days: manifests.len() as u64,
        ..Verification::default()
    };
    let outputs = found.check_manifests(&manifests);
    found.check_pairs(destination, &manifests).await?;
    found.check_outputs(destination, &outputs).await?;
    let named = outputs.iter().map(|(_, output)| output.key.as_str()).collect();
    for (day, meta) in partition_files(destination, range).await? {
        found.check_named(&manifests, &named, day, meta);
    }
    found.check_accounts(destination).await?;
    if let Some(source) = source {
        let mut check = check_source(source, settings, &manifests).await?;
        check.late_calls = found.find_late_calls(destination, range).await?;
        found.source = Some(check);
    }
    found.findings.sort();
    Ok(found)
}

impl Verification {
    /// Whether all is as it should be. Days that are partial or have new source objects are the next
    /// run's business, and no fault of the destination.
    pub fn is_valid(&self) -> bool {
        self.findings.is_empty()
    }

    fn find(&mut self, day: Date, key: String, kind: FindingKind, reason: impl Into<String>) {
        let dt = Some(day.to_string());
        self.findings.push(Finding { dt, key, kind, reason: reason.into() });
    }

    /// Looks for calls of late objects that days of the range lack, or that were delivered on one.
    async fn find_late_calls(
        &mut self,
        destination: &dyn Store,
        range: Option<DayRange>,
    ) -> Result<Option<LateCalls>, Error> {
        let is_of_range = |day: Date| range.is_none_or(|range| range.contains(day));
        let delivered_since = range.and_then(|range| DayRange::new(range.from(), Date::MAX));
        let manifests = load(destination, delivered_since).await?;
        let mut late_calls = None::<LateCalls>;
        for (day, mut late) in missing_calls(destination, &[&manifests]).await? {
            late.retain(|late| is_of_range(day) || is_of_range(late.delivered));
            let Some(last) = late.iter().map(|late| late.delivered).max() else { continue };
            let of_day = late.iter().map(|late| late.calls).sum::<Option<u64>>();
            let empty = LateCalls { calls: Some(0), from: day.to_string(), ..LateCalls::default() };
            let sums = late_calls.get_or_insert(empty);
            sums.days += 1;
            sums.calls = sums.calls.zip(of_day).map(|(sum, calls)| sum + calls);
            sums.to = last.to_string().max(std::mem::take(&mut sums.to));
            for MissingCalls { object, delivered, calls, .. } in late {
                let calls = calls.map_or("calls".to_owned(), |calls| format!("{calls} calls"));
                let reason =
                    format!("delivered on {delivered} with {calls} that {day} does not have");
                self.find(day, object.key, FindingKind::LateCalls, reason);
            }
        }
        Ok(late_calls)
    }

    /// Looks at the manifests themselves, and returns the files that they vouch for.
    fn check_manifests<'m>(
        &mut self,
        manifests: &'m BTreeMap<Date, Option<Manifest>>,
    ) -> Vec<(Date, &'m Output)> {
        let mut outputs = Vec::new();
        for (day, manifest) in manifests {
            let key = Manifest::key(*day);
            let Some(manifest) = manifest else {
                let reason = "the manifest is corrupt, or of another version of hoptrail";
                self.find(*day, key, FindingKind::CorruptManifest, reason);
                continue;
            };
            if manifest.is_withdrawn() {
                let reason =
                    "a run was interrupted while it replaced the day; the next run rebuilds it";
                self.find(*day, key, FindingKind::Interrupted, reason);
                continue;
            }
            if !manifest.is_complete {
                self.partial.push(day.to_string());
            }
            if let Err(reason) = manifest.check_counts() {
                self.find(*day, key, FindingKind::Counts, reason);
            }
            outputs.extend(manifest.outputs.iter().map(|output| (*day, output)));
        }
        outputs
    }

    /// Looks whether each day was compared with the day before.
    async fn check_pairs(
        &mut self,
        destination: &dyn Store,
        manifests: &BTreeMap<Date, Option<Manifest>>,
    ) -> Result<(), Error> {
        for (day, manifest) in manifests {
            let (Some(manifest), Ok(before)) = (manifest, day.yesterday()) else { continue };
            let looked_up;
            let earlier = match manifests.get(&before) {
                Some(known) => known.as_ref(),
                // The day before the range.
                None => {
                    looked_up = read(destination, before).await?.flatten();
                    looked_up.as_ref()
                }
            };
            if !is_settled(earlier, manifest) {
                let left_out = earlier.and_then(|earlier| lost_between(earlier, manifest));
                let reason = left_out.map(|calls| format!(
                    "of {before} and {day}, one was built from CloudTrail in place of model invocation logs and the \
                     other was not: calls of these logs that CloudTrail may have on the other day are on neither \
                     (calls: {calls}): hoptrail run --from {before} --to {day}, with --source, and where there is \
                     no trail of one of them with --include-orphans"
                ));
                let reason = reason.unwrap_or_else(|| format!(
                    "{day} was not compared with {before}, and a call or batch job on both may count twice: \
                     hoptrail settle, or a run over both"
                ));
                self.find(*day, Manifest::key(*day), FindingKind::Unsettled, reason);
            }
        }
        Ok(())
    }

    /// Reads the files that manifests vouch for, and compares them.
    async fn check_outputs(
        &mut self,
        destination: &dyn Store,
        outputs: &[(Date, &Output)],
    ) -> Result<(), Error> {
        let mut checks = futures::stream::iter(outputs)
            .map(|(day, output)| async move {
                Ok::<_, Error>((*day, *output, check(destination, output).await?))
            })
            .buffered(READ_AT_ONCE);
        while let Some((day, output, finding)) = checks.try_next().await? {
            match finding {
                None => {
                    self.valid_files += 1;
                    self.valid_bytes += output.bytes;
                }
                Some((kind, reason)) => self.find(day, output.key.clone(), kind, reason),
            }
        }
        Ok(())
    }

    /// Reads the table of accounts, which there may be, and looks for files beside it.
    async fn check_accounts(&mut self, destination: &dyn Store) -> Result<(), Error> {
        let mut find = |key, kind, reason| {
            self.findings.push(Finding { dt: None, key, kind, reason });
        };
        match accounts::read(destination).await? {
            accounts::Found::Nothing => {}
            accounts::Found::Table(_, bytes) => {
                self.valid_files += 1;
                self.valid_bytes += bytes;
            }
            accounts::Found::Unreadable(reason) => {
                find(accounts::key(), FindingKind::CorruptAccounts, reason);
            }
        }
        let folder = format!("{}/", tables::ACCOUNTS.name);
        let files = list_all(destination, &folder).await.map_err(Error::Destination)?;
        for meta in files.into_iter().filter(|meta| meta.key != accounts::key()) {
            let reason = "it is not the table of accounts, and Athena reads it".to_owned();
            find(meta.key, FindingKind::Unexpected, reason);
        }
        Ok(())
    }

    /// Looks whether a file in a partition is one that a manifest vouches for.
    fn check_named(
        &mut self,
        manifests: &BTreeMap<Date, Option<Manifest>>,
        named: &BTreeSet<&str>,
        day: Date,
        meta: ObjectMeta,
    ) {
        if named.contains(meta.key.as_str()) {
            return;
        }
        match manifests.get(&day) {
            // Its manifest names no file, and is a finding already.
            Some(Some(manifest)) if manifest.is_withdrawn() => {}
            Some(_) => {
                let reason = "no manifest names it, and Athena reads it";
                self.find(day, meta.key, FindingKind::Unexpected, reason);
            }
            None => {
                let reason = "its day has no manifest; the next run of the day builds it";
                self.find(day, meta.key, FindingKind::NoManifest, reason);
            }
        }
    }
}

/// Compares a file with its manifest; `None` if it is as it should be.
async fn check(
    destination: &dyn Store,
    output: &Output,
) -> Result<Option<(FindingKind, String)>, Error> {
    let Some(file) = Spooled::fetch(destination, &output.key).await? else {
        let reason = format!("expected {} bytes, found no such file", output.bytes);
        return Ok(Some((FindingKind::Missing, reason)));
    };
    if file.sha256 != output.sha256 {
        let reason = format!(
            "expected {} bytes with SHA-256 {}, found {} bytes with {}",
            output.bytes, output.sha256, file.n_bytes, file.sha256
        );
        return Ok(Some((FindingKind::Changed, reason)));
    }
    let rows = file.footer().map(|footer| footer.rows);
    Ok(match rows {
        Ok(rows) if rows == output.rows => None,
        Ok(rows) => {
            let reason = format!("expected {} rows, found {rows}", output.rows);
            Some((FindingKind::Counts, reason))
        }
        Err(error) => Some((FindingKind::Changed, error.to_string())),
    })
}

/// The files in the partitions of all tables.
async fn partition_files(
    destination: &dyn Store,
    range: Option<DayRange>,
) -> Result<Vec<(Date, ObjectMeta)>, Error> {
    let mut files = Vec::new();
    for table in tables::by_day() {
        let folder = format!("{}/", table.name);
        let mut pages = Pages::new(destination, ListRequest::all(&folder));
        while let Some(page) = pages.next().await.map_err(Error::Destination)? {
            files.extend(page.objects.into_iter().filter_map(|meta| {
                let partition = meta.key.strip_prefix(&folder)?.split('/').next()?;
                let day = partition.strip_prefix("dt=")?.parse::<Date>().ok()?;
                range.is_none_or(|range| range.contains(day)).then_some((day, meta))
            }));
        }
    }
    Ok(files)
}

/// Lists the source and compares each day with what it was built from.
async fn check_source(
    source: Source<'_>,
    settings: &Settings,
    manifests: &BTreeMap<Date, Option<Manifest>>,
) -> Result<SourceCheck, Error> {
    // Without a range the published days are compared, and those between them.
    let mut published = manifests.keys().copied();
    let first = published.next();
    let all = first.and_then(|first| DayRange::new(first, published.next_back().unwrap_or(first)));
    let Some(range) = settings.range.or(all) else { return Ok(SourceCheck::default()) };
    let settings = &Settings { range: Some(range), ..settings.clone() };
    let (sender, mut receiver) = mpsc::channel(LISTED_AHEAD);
    let mut days = BTreeMap::<Date, SourceSet>::new();
    let listing = list::list_all(source.store, settings, sender);
    let taking = async {
        while let Some(object) = receiver.recv().await {
            let window = settings.late_window_minutes;
            for day in object.delivery.into_iter().flat_map(|d| days_of_delivery(d, range, window))
            {
                days.entry(day).or_default().add(&object.meta);
            }
        }
        Ok(())
    };
    futures::future::try_join(listing, taking).await?;
    let mut check = SourceCheck { source: source.store.location(), ..SourceCheck::default() };
    let all = days.keys().chain(manifests.keys()).collect::<BTreeSet<_>>();
    for day in all {
        let now = days.get(day).cloned().unwrap_or_default().sources();
        let before = manifests.get(day).and_then(Option::as_ref).map(|known| &known.trail);
        let changed = ChangedDay {
            dt: day.to_string(),
            before: before.map_or(0, |before| before.objects),
            now: now.objects,
        };
        match before {
            Some(before) if *before == now => check.unchanged += 1,
            Some(_) => check.changed.push(changed),
            None => check.not_built.push(changed),
        }
    }
    Ok(check)
}
