//! Compares a destination with its manifests, and on request with its source. Nothing is written.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{StreamExt, TryStreamExt};
use jiff::civil::Date;
use logs::layout::LogKind;
use serde::Serialize;
use store::{ListRequest, ObjectMeta, Pages, Store};
use tables::INVOCATIONS;
use tokio::sync::mpsc;

use crate::day::{DayRange, days_of_delivery};
use crate::error::Error;
use crate::manifest::{Counts, Manifest, Output, SourceSet, load};
use crate::plan::{LISTED_AHEAD, list_all};
use crate::run::Source;
use crate::settings::Settings;
use crate::spool::Spooled;

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
    pub sound_files: u64,
    /// Their bytes.
    pub sound_bytes: u64,
    /// Days that were built with something missing: they are built again by the next run.
    pub partial: Vec<String>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What the source has that the days were not built from; `None` if it was not asked.
    pub source: Option<SourceCheck>,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The day.
    pub dt: String,
    /// The file, relative to the destination.
    pub key: String,
    /// What kind of thing it is.
    pub kind: FindingKind,
    /// What was expected and what was found.
    pub reason: String,
}

/// What may be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A file that the manifest names is not there.
    Missing,
    /// A file has another content than the manifest says.
    Changed,
    /// A file lies in a partition and no manifest names it. Athena reads it all the same.
    Foreign,
    /// Files lie in a partition of a day without a manifest: a run was broken off, or an older hoptrail
    /// wrote them.
    NoManifest,
    /// The manifest cannot be understood.
    DamagedManifest,
    /// The counts of a day contradict each other.
    Counts,
    /// A run was broken off while it replaced the files of the day, or was about to: what stands may be of
    /// two builds.
    BrokenOff,
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
/// If a place cannot be listed or read. What is missing or wrong there is no error.
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
    let mut named = BTreeSet::new();
    let mut outputs = Vec::new();
    for (day, manifest) in &manifests {
        let Some(manifest) = manifest else {
            let reason = "the manifest is damaged, or of another version of hoptrail".to_owned();
            found.find(*day, Manifest::key(*day), FindingKind::DamagedManifest, reason);
            continue;
        };
        if manifest.is_broken_off() {
            let reason =
                "a run was broken off while it replaced the day: the next run of it builds it";
            found.find(*day, Manifest::key(*day), FindingKind::BrokenOff, reason.to_owned());
            continue;
        }
        if !manifest.is_complete {
            found.partial.push(day.to_string());
        }
        if let Some(reason) = contradiction(manifest) {
            found.find(*day, Manifest::key(*day), FindingKind::Counts, reason);
        }
        named.extend(manifest.outputs.iter().map(|output| output.key.as_str()));
        outputs.extend(manifest.outputs.iter().map(|output| (*day, output)));
    }
    let checks = futures::stream::iter(outputs)
        .map(|(day, output)| async move {
            Ok::<_, Error>((day, output, check(destination, output).await?))
        })
        .buffered(READ_AT_ONCE);
    for (day, output, finding) in checks.try_collect::<Vec<_>>().await? {
        match finding {
            None => {
                found.sound_files += 1;
                found.sound_bytes += output.bytes;
            }
            Some((kind, reason)) => found.find(day, output.key.clone(), kind, reason),
        }
    }
    for (day, meta) in partition_files(destination, range).await? {
        if named.contains(meta.key.as_str()) {
            continue;
        }
        let (kind, reason) = match manifests.get(&day) {
            // Its manifest names no file, and is a finding already.
            Some(Some(manifest)) if manifest.is_broken_off() => continue,
            Some(_) => (FindingKind::Foreign, "no manifest names it, and Athena reads it"),
            None => (
                FindingKind::NoManifest,
                "its day has no manifest: the next run of the day builds it",
            ),
        };
        found.find(day, meta.key, kind, reason.to_owned());
    }
    found.findings.sort();
    if let Some(source) = source {
        found.source = Some(check_source(source, settings, &manifests).await?);
    }
    Ok(found)
}

impl Verification {
    /// Whether all is as it should be. Days that are partial or have new source objects are the next
    /// run's business, and no fault of the destination.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    fn find(&mut self, day: Date, key: String, kind: FindingKind, reason: String) {
        self.findings.push(Finding { dt: day.to_string(), key, kind, reason });
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

/// What contradicts itself in a manifest.
fn contradiction(manifest: &Manifest) -> Option<String> {
    let Counts { records, calls, skipped, rejected, written, duplicates, other_day, .. } =
        manifest.counts;
    let rows_of = |table: &str| {
        let mut outputs = manifest.outputs.iter();
        outputs.find(|output| output.key.starts_with(table)).map_or(0, |output| output.rows)
    };
    let invocations = rows_of(INVOCATIONS.name);
    if records != calls + skipped + rejected {
        Some(format!(
            "expected records = calls + skipped + rejected, found {records} = {calls} + \
             {skipped} + {rejected}"
        ))
    } else if calls != written + duplicates + other_day {
        Some(format!(
            "expected calls = written + duplicates + other_day, found {calls} = {written} + \
             {duplicates} + {other_day}"
        ))
    } else if written != invocations {
        Some(format!(
            "expected as many rows of invocations as calls written, found {invocations} and {written}"
        ))
    } else {
        None
    }
}

/// The files in the partitions of all tables.
async fn partition_files(
    destination: &dyn Store,
    range: Option<DayRange>,
) -> Result<Vec<(Date, ObjectMeta)>, Error> {
    let mut files = Vec::new();
    for table in tables::all() {
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
    // Without days the ones that stand are compared, and those between them.
    let mut standing = manifests.keys().copied();
    let first = standing.next();
    let all = first.and_then(|first| DayRange::new(first, standing.next_back().unwrap_or(first)));
    let Some(range) = settings.range.or(all) else { return Ok(SourceCheck::default()) };
    let settings = &Settings { range: Some(range), ..settings.clone() };
    let (sender, mut receiver) = mpsc::channel(LISTED_AHEAD);
    let mut days = BTreeMap::<Date, SourceSet>::new();
    let listing = list_all(source.store, source.root_path, settings, sender);
    let taking = async {
        while let Some(object) = receiver.recv().await {
            let delivery = LogKind::CloudTrail.delivery(&object.meta.key);
            let window = settings.late_window_minutes;
            for day in delivery.into_iter().flat_map(|d| days_of_delivery(d, range, window)) {
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
