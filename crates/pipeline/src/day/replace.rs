//! Replaces a day at the destination: what it was built from, what a replacement would lose, and the
//! order in which files are put, deleted and vouched for.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{StreamExt, TryStreamExt};
use jiff::civil::Date;
use store::{Store, read_if_there};
use tables::read::IngestedObject;
use tables::{INGEST, Status};

use crate::day::collect::DayState;
use crate::day::manifest::{self, LateObject, Manifest};
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

/// Withdraws the manifest of an earlier build, if other files come; puts the files of a day, each whole; then deletes what the earlier build left under other keys; then writes the manifest,
/// which vouches for all of it.
///
/// # Errors
/// If the destination cannot be written. [`Error::Counts`] if the counts do not add up: then nothing is.
pub(crate) async fn replace(
    destination: &dyn Store,
    day: Date,
    files: Vec<TableFile>,
    mut manifest: Manifest,
    previous: Option<&Manifest>,
) -> Result<Manifest, Error> {
    manifest.outputs = files.iter().map(|file| file.output.clone()).collect();
    let checked = manifest.check_counts();
    checked.map_err(|reason| Error::Counts { of: day.to_string(), reason })?;
    if let Some(previous) = previous.filter(|previous| previous.outputs != manifest.outputs) {
        withdraw(destination, day, previous).await?;
    }
    futures::stream::iter(files)
        .map(|file| file.put(destination))
        .buffer_unordered(PUTS_AT_ONCE)
        .try_collect::<Vec<()>>()
        .await
        .map_err(Error::Write)?;
    if let Some(previous) = previous {
        delete_leftovers(destination, previous, &manifest).await?;
    }
    destination.put(&Manifest::key(day), manifest.to_json()?).await.map_err(Error::Write)?;
    Ok(manifest)
}

/// Lets the manifest of a day vouch for nothing, before its files are replaced, or before another day
/// is published that makes it necessary to rebuild it: a run that is interrupted in between leaves no
/// manifest that is wrong.
///
/// # Errors
/// If the destination cannot be written.
pub(crate) async fn withdraw(
    destination: &dyn Store,
    day: Date,
    manifest: &Manifest,
) -> Result<(), Error> {
    let withdrawn = manifest.withdrawn().to_json()?;
    destination.put(&Manifest::key(day), withdrawn).await.map_err(Error::Write)
}

/// Does so for those of the days that are published.
///
/// # Errors
/// If the destination cannot be read or written.
pub(crate) async fn withdraw_all(
    destination: &dyn Store,
    days: &BTreeSet<Date>,
) -> Result<(), Error> {
    for day in days {
        let published = manifest::read(destination, *day).await?.flatten();
        if let Some(manifest) = published.filter(|manifest| !manifest.outputs.is_empty()) {
            withdraw(destination, *day, &manifest).await?;
        }
    }
    Ok(())
}

/// Deletes files of an earlier build that the new one does not have, as they were written: what
/// anybody has put there since is not ours.
async fn delete_leftovers(
    destination: &dyn Store,
    previous: &Manifest,
    now: &Manifest,
) -> Result<(), Error> {
    let kept = now.outputs.iter().map(|output| output.key.as_str()).collect::<BTreeSet<_>>();
    let before = previous.outputs.iter().chain(&previous.replaced);
    for leftover in before.filter(|old| !kept.contains(old.key.as_str())) {
        let found = Spooled::fetch(destination, &leftover.key).await?;
        if found.is_some_and(|found| found.sha256 == leftover.sha256) {
            destination.delete(&leftover.key).await.map_err(Error::Write)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use store::{Memory, list_all};

    use super::*;
    use crate::day::manifest::Counts;

    #[test]
    fn day_whose_counts_do_not_add_up_is_not_published() {
        let day = date(2026, 10, 5);
        let mut manifest = Manifest::with_defaults(day);
        // Of three calls nobody knows where one went.
        manifest.counts = Counts { records: 3, calls: 3, other_day: 2, ..Counts::default() };
        let store = Memory::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let replaced = replace(&store, day, Vec::new(), manifest, None).await;
            let error = replaced.expect_err("does not add up").to_string();
            assert!(error.starts_with("the counts of 2026-10-05 do not add up: "), "{error}");
            let written = list_all(&store, "").await.expect("memory");
            assert!(written.is_empty(), "{written:?}");
        });
    }
}
