//! Replaces a day at the destination: what it was built from, what a replacement would lose, and the
//! order in which files are put, deleted and vouched for.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{StreamExt, TryStreamExt};
use jiff::civil::Date;
use store::{ObjectMeta, Store, list_all, read_if_there};
use tables::read::IngestedObject;
use tables::{INGEST, Status};

use crate::day::collect::DayState;
use crate::day::fence::DayWriter;
use crate::day::manifest::{LateObject, Manifest, Output};
use crate::day::publish::TableFile;
use crate::day::spool::Spooled;
use crate::error::Error;
use crate::outcome::ShrinkRefusal;
use crate::source::STANDARD_INPUT;

/// Files of a day that are put at the same time.
const PUTS_AT_ONCE: usize = 7;

/// What a day that is published was built from.
#[derive(Debug)]
pub(crate) enum ExistingDay {
    /// There is no such day.
    Absent,
    /// These objects, by key.
    Objects(Vec<IngestedObject>),
    /// It is not known, because its `ingest` cannot be read.
    Unknown(String),
}

impl ExistingDay {
    /// Forgets the other objects.
    pub(crate) fn retain(&mut self, keep: impl Fn(&IngestedObject) -> bool) {
        if let ExistingDay::Objects(objects) = self {
            objects.retain(keep);
        }
    }
}

/// Whether a day may be replaced.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReplaceDecision {
    /// Nothing is lost.
    Safe,
    /// That is known only when these objects are read too, because the day has calls of them.
    NeedsObjects(Vec<LateObject>),
    /// Source objects would be lost.
    WouldShrink(ShrinkRefusal),
}

/// Looks at what a day was built from.
///
/// # Errors
/// If the destination cannot be read.
pub(crate) async fn existing_day(destination: &dyn Store, day: Date) -> Result<ExistingDay, Error> {
    let key = tables::layout::part_key(INGEST.name, day);
    let found = read_if_there(destination, &key).await.map_err(Error::Destination)?;
    let Some((_, file)) = found else { return Ok(ExistingDay::Absent) };
    Ok(match tables::read::ingest(&file) {
        Ok(objects) => ExistingDay::Objects(objects),
        Err(error) => ExistingDay::Unknown(error.to_string()),
    })
}

/// Compares what the day was built from with what was read for it now. `is_read_for` says whether an object of a key is
/// delivered for the day; one that is not, and that gave calls to it, is needed as well.
pub(crate) fn decide(
    day: Date,
    existing: &ExistingDay,
    state: &DayState,
    takes_any: bool,
    is_read_for: impl Fn(&str) -> bool,
) -> ReplaceDecision {
    let objects = match existing {
        ExistingDay::Absent => return ReplaceDecision::Safe,
        ExistingDay::Objects(objects) => objects,
        ExistingDay::Unknown(error) => {
            return ReplaceDecision::WouldShrink(ShrinkRefusal {
                dt: day.to_string(),
                objects: 0,
                of: 0,
                example: tables::layout::part_key(INGEST.name, day),
                why: format!(
                    "what it was built from is not known, because its {} cannot be read: {error}",
                    INGEST.name
                ),
            });
        }
    };
    let read = state.objects.iter().map(|object| (object.key.as_ref(), object));
    let read = read.collect::<BTreeMap<_, _>>();
    let (mut needed, mut gone, mut unreadable) = (Vec::new(), Vec::new(), Vec::new());
    for object in objects {
        // What could not be read gave nothing that could be lost.
        if object.status == Status::Unreadable {
            continue;
        }
        match read.get(object.key.as_str()) {
            // What comes from standard input always has the same name, and no other trace of it is left.
            Some(now) if object.key == STANDARD_INPUT && now.size_bytes != object.bytes => {
                gone.push(object.key.as_str());
            }
            Some(now) if now.unreadable.is_none() => {}
            Some(_) => unreadable.push(object.key.as_str()),
            // Where keys have no days, an object is counted for any day of a run: it gave this one nothing.
            None if takes_any && object.written == 0 => {}
            None if is_read_for(&object.key) => gone.push(object.key.as_str()),
            None => {
                needed.push(LateObject { key: object.key.clone(), bytes: object.bytes });
            }
        }
    }
    let why = match (gone.is_empty(), unreadable.is_empty()) {
        (true, true) if needed.is_empty() => return ReplaceDecision::Safe,
        (true, true) => return ReplaceDecision::NeedsObjects(needed),
        (false, true) => "are not there any more",
        (true, false) => "cannot be read any more",
        (false, false) => "are not there or cannot be read any more",
    };
    let lost = gone.iter().chain(&unreadable);
    ReplaceDecision::WouldShrink(ShrinkRefusal {
        dt: day.to_string(),
        objects: (gone.len() + unreadable.len()) as u64,
        of: objects.len() as u64,
        example: lost.min().map(|key| (*key).to_owned()).unwrap_or_default(),
        why: why.to_owned(),
    })
}

/// Why a day is not worth opening again: a late object of it cannot be read.
pub(crate) fn unreadable_late_object(
    day: Date,
    state: &DayState,
    is_read_for: impl Fn(&str) -> bool,
) -> Option<ShrinkRefusal> {
    let unreadable = state.objects.iter().find_map(|object| {
        let reason = object.unreadable.as_ref().filter(|_| !is_read_for(&object.key))?;
        Some(format!("{}, delivered late, cannot be read: {reason}", object.key))
    });
    unreadable.map(|why| ShrinkRefusal::because(day, why))
}

/// The manifest of an earlier build of a day, as this run found it under the day's lease.
#[derive(Debug, Clone, Default)]
pub(crate) struct Previous {
    /// The manifest, if it can be understood.
    pub(crate) manifest: Option<Manifest>,
    /// Its `ETag`; `None` if there is none.
    pub(crate) etag: Option<String>,
}

/// Lets the manifest vouch for nothing; puts the files of a day, each whole, and each only if the file there is still the one that was found; deletes
/// what an earlier build left under other keys; then writes the manifest, which vouches for all of it.
///
/// # Errors
/// If the destination cannot be written, or the day is not this run's any more. [`Error::Counts`] if the counts
/// do not add up: then nothing is written.
pub(crate) async fn replace(
    writer: &DayWriter<'_>,
    files: Vec<TableFile>,
    mut manifest: Manifest,
    previous: Previous,
) -> Result<Manifest, Error> {
    let day = writer.day();
    manifest.outputs = files.iter().map(|file| file.output.clone()).collect();
    let checked = manifest.check_counts();
    checked.map_err(|reason| Error::Counts { of: day.to_string(), reason })?;
    let files_there = match previous.etag {
        Some(_) => files_of(writer.destination(), day).await?,
        None => BTreeMap::new(),
    };
    let mut withdrawn = previous.manifest.as_ref().unwrap_or(&manifest).withdrawn(writer.run());
    // A run that is killed from here on leaves some of both builds.
    withdrawn.replaced.extend(manifest.outputs.iter().cloned());
    // A run that has lost its lease without noticing may have published the day: what was decided is void.
    writer.remove_unfinished(&Manifest::key(day)).await?;
    let withdrawn_etag = writer.replace_manifest(&withdrawn, previous.etag).await?;
    let withdrawn_etag = withdrawn_etag.ok_or_else(|| writer.overtaken())?;
    futures::stream::iter(files)
        .map(|file| {
            let key = file.output.key.clone();
            let etag = files_there.get(&key).and_then(|meta| meta.etag.clone());
            async move { put(writer, &key, file, etag).await }
        })
        .buffer_unordered(PUTS_AT_ONCE)
        .try_collect::<Vec<()>>()
        .await?;
    if let Some(before) = previous.manifest {
        let emptied = delete_leftovers(writer, &before, &manifest, &files_there).await?;
        manifest.outputs.extend(emptied);
    }
    writer.put_manifest(&manifest, Some(withdrawn_etag)).await?;
    Ok(manifest)
}

async fn put(
    writer: &DayWriter<'_>,
    key: &str,
    file: TableFile,
    etag: Option<String>,
) -> Result<(), Error> {
    writer.remove_unfinished(key).await?;
    let sha256 = file.output.sha256.clone();
    writer.put(key, file.content(), &sha256, etag).await.map(drop)
}

/// The files in the partitions of a day, by key.
pub(crate) async fn files_of(
    destination: &dyn Store,
    day: Date,
) -> Result<BTreeMap<String, ObjectMeta>, Error> {
    let lists = tables::by_day().map(|table| async move {
        list_all(destination, &tables::layout::partition(table.name, day)).await
    });
    let lists = futures::future::try_join_all(lists).await.map_err(Error::Destination)?;
    Ok(lists.into_iter().flatten().map(|meta| (meta.key.clone(), meta)).collect())
}

/// Lets the manifest of a day vouch for nothing, before another day is published that makes it necessary to
/// rebuild it, if it is still [compared by](Manifest::compared_sha256) this SHA-256; `None` if it is not. A run that is
/// interrupted in between leaves no manifest that is wrong.
///
/// # Errors
/// As [`replace`].
pub(crate) async fn withdraw(
    writer: &DayWriter<'_>,
    compared_sha256: &str,
) -> Result<Option<Manifest>, Error> {
    let found = writer.read_manifest().await?;
    let Some((Some(manifest), etag)) = found else { return Ok(None) };
    if manifest.compared_sha256().as_deref() != Some(compared_sha256) {
        return Ok(None);
    }
    let withdrawn = manifest.withdrawn(writer.run());
    let written = writer.replace_manifest(&withdrawn, Some(etag)).await?;
    Ok(written.map(|_| withdrawn))
}

/// Deletes files of an earlier build that the new one does not have, as they were written: what
/// anybody has put there since is not ours, nor is what no build of the day can have written. Where a service
/// cannot delete on a condition, a file without rows takes its place, which the manifest then names.
async fn delete_leftovers(
    writer: &DayWriter<'_>,
    previous: &Manifest,
    now: &Manifest,
    files_there: &BTreeMap<String, ObjectMeta>,
) -> Result<Vec<Output>, Error> {
    let kept = now.outputs.iter().map(|output| output.key.as_str()).collect::<BTreeSet<_>>();
    let before = previous.outputs.iter().chain(&previous.replaced);
    let mut emptied = Vec::new();
    for leftover in before.filter(|old| !kept.contains(old.key.as_str())) {
        let table = tables::layout::table_of_part(&leftover.key, writer.day());
        let is_there =
            files_there.get(&leftover.key).is_some_and(|meta| meta.size_bytes == leftover.bytes);
        let (Some(table), true) = (table, is_there) else { continue };
        let found = Spooled::fetch_tagged(writer.destination(), &leftover.key).await?;
        let Some((_, etag)) = found.filter(|(file, _)| file.sha256 == leftover.sha256) else {
            continue;
        };
        if !writer.delete(&leftover.key, &etag).await? {
            let empty = TableFile::empty(table, &leftover.key, writer.day())?;
            emptied.push(empty.output.clone());
            put(writer, &leftover.key, empty, Some(etag)).await?;
        }
    }
    Ok(emptied)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::civil::date;
    use store::{Memory, SystemClock};
    use testkit::block_on;

    use super::*;
    use crate::day::manifest::Counts;
    use crate::lease::{LeaseOptions, Leases, Wait};

    #[test]
    fn day_whose_counts_do_not_add_up_is_not_published() {
        let day = date(2026, 10, 5);
        let mut manifest = Manifest::with_defaults(day);
        // Of three calls nobody knows where one went.
        manifest.counts = Counts { records: 3, calls: 3, other_day: 2, ..Counts::default() };
        let store = Memory::new();
        block_on(async {
            let options = LeaseOptions::default();
            let leases = Leases::new(&store, Arc::new(SystemClock), options, |_, _| {});
            let lease = leases.take(day, Wait::AsAsked).await.expect("free");
            let writer = DayWriter::new(&store, &leases, lease);
            let replaced = replace(&writer, Vec::new(), manifest, Previous::default()).await;
            let error = replaced.expect_err("does not add up").to_string();
            assert!(error.starts_with("the counts of 2026-10-05 do not add up: "), "{error}");
            writer.release().await.expect("memory");
            let written = list_all(&store, "").await.expect("memory");
            assert!(written.is_empty(), "{written:?}");
        });
    }
}
