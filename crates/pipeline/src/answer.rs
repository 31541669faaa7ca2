//! Answers questions from the published tables. Nothing is written.

use std::collections::BTreeSet;

use futures::stream::{StreamExt, TryStreamExt};
use jiff::civil::Date;
use store::Store;
use tables::layout::part_key;
use tables::query::{Answer, Answering, Question};
use tokio::task::spawn_blocking;

use crate::dates::DayRange;
use crate::day::manifest::{Manifest, Output, load};
use crate::day::spool::Spooled;
use crate::error::Error;

/// Files that are fetched at the same time.
const FETCHED_AT_ONCE: usize = 8;

/// An answer, and what it rests on.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The answer.
    pub answer: Answer,
    /// The days that were asked about; `None` if nothing is published and no days were named.
    pub range: Option<DayRange>,
    /// How many of them are published.
    pub days: u64,
    /// Those that are not, in order.
    pub missing: Vec<Date>,
    /// Those that a run is replacing, or was interrupted while it did, in order: they are missing too.
    pub interrupted: Vec<Date>,
    /// Those that were built without an object that cannot be read, or without a rejected record, in order.
    pub partial: Vec<Date>,
    /// Files that could not be read, with the reason, in the order of their days.
    pub unreadable: Vec<(String, String)>,
    /// The versions of the price book that the days were built with.
    pub price_versions: BTreeSet<String>,
}

/// Answers a question about the days of a range, or about all that are published. Only the files of the question's
/// table are read, and of them its columns.
///
/// # Errors
/// If the destination cannot be listed or read. A file that is no table, or not the one that was written, is no
/// error: it is named.
pub async fn answer(
    destination: &dyn Store,
    range: Option<DayRange>,
    question: Question,
) -> Result<Answered, Error> {
    let manifests = load(destination, range).await?;
    let first_and_last = manifests.keys().next().zip(manifests.keys().next_back());
    let all = first_and_last.and_then(|(first, last)| DayRange::new(*first, *last));
    let range = range.or(all);
    let mut found = Answered {
        answer: empty(&question)?,
        range,
        days: 0,
        missing: Vec::new(),
        interrupted: Vec::new(),
        partial: Vec::new(),
        unreadable: Vec::new(),
        price_versions: BTreeSet::new(),
    };
    let mut files = Vec::new();
    for day in range.into_iter().flat_map(|range| range.days()) {
        let manifest = match manifests.get(&day) {
            Some(Some(manifest)) if !manifest.is_withdrawn() => manifest,
            other => {
                found.missing.push(day);
                match other {
                    Some(Some(_)) => found.interrupted.push(day),
                    Some(None) => found.unreadable.push((Manifest::key(day), CORRUPT.to_owned())),
                    None => {}
                }
                continue;
            }
        };
        found.days += 1;
        if !manifest.is_complete {
            found.partial.push(day);
        }
        found.price_versions.insert(manifest.made_with.knowledge.prices.clone());
        files.extend(output_of(manifest, question.table).map(|output| (day, output)));
    }
    let fetch = |(day, output): (Date, Output)| async move {
        let file = Spooled::fetch(destination, &output.key).await?;
        Ok::<_, Error>((day, output, file))
    };
    let mut fetched = futures::stream::iter(files).map(fetch).buffered(FETCHED_AT_ONCE);
    let mut answering = Answering::new(question.clone()).map_err(Error::Answer)?;
    while let Some((day, output, file)) = fetched.try_next().await? {
        let Some(file) = file else {
            found.unreadable.push((output.key, "it does not exist".to_owned()));
            continue;
        };
        if file.sha256 != output.sha256 {
            let reason = format!("it is not the file that was written (bytes: {})", file.n_bytes);
            found.unreadable.push((output.key, reason));
            continue;
        }
        let add = move || {
            let added = file.answer(&mut answering, day);
            (answering, added)
        };
        let (given_back, added) = spawn_blocking(add).await.map_err(|_| Error::Worker)?;
        added.map_err(Error::Answer)?;
        answering = given_back;
    }
    found.answer = answering.finish().map_err(Error::Answer)?;
    Ok(found)
}

const CORRUPT: &str = "the manifest is corrupt, or of another version of hoptrail";

fn empty(question: &Question) -> Result<Answer, Error> {
    Answering::new(question.clone()).and_then(Answering::finish).map_err(Error::Answer)
}

/// The file of a table that a day has.
fn output_of(manifest: &Manifest, table: &str) -> Option<Output> {
    let key = part_key(table, manifest.dt);
    manifest.outputs.iter().find(|output| output.key == key).cloned()
}
