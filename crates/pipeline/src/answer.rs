//! Answers questions from the published tables. Nothing is written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bedrock::Accounts;
use futures::stream::{StreamExt, TryStreamExt};
use jiff::civil::Date;
use store::Store;
use tables::layout::part_key;
use tables::query::{Answer, Answering, Question};
use tokio::task::spawn_blocking;

use crate::accounts;
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
    /// What it rests on.
    pub basis: Basis,
}

/// The days that an answer rests on.
#[derive(Debug, Clone, Default)]
pub struct Basis {
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
    /// Whether it is known what any account is called; false if nobody asked.
    pub has_accounts: bool,
}

/// Answers questions about the days of a range, or about all that are published. Only the files of their tables are
/// read, each once, and of them the columns that are asked for.
///
/// # Errors
/// If the destination cannot be listed or read. A file that is no table, or not the one that was written, is no
/// error: it is named.
pub async fn answers(
    destination: &dyn Store,
    range: Option<DayRange>,
    questions: Vec<Question>,
) -> Result<Vec<Answered>, Error> {
    answers_with_accounts(destination, range, questions, None).await
}

/// As [`answers`], with what accounts are called; `None` takes it from the table at the destination.
///
/// # Errors
/// As [`answers`].
pub async fn answers_with_accounts(
    destination: &dyn Store,
    range: Option<DayRange>,
    questions: Vec<Question>,
    accounts: Option<Accounts>,
) -> Result<Vec<Answered>, Error> {
    let manifests = load(destination, range).await?;
    let mut basis = Basis::of(&manifests, range);
    let accounts = match accounts {
        None if questions.iter().any(Question::names_accounts) => {
            basis.accounts_of(destination).await?
        }
        given => given,
    };
    basis.has_accounts = accounts.is_some();
    let accounts = Arc::new(accounts.unwrap_or_default());
    let tables = questions.iter().map(|question| question.table).collect::<BTreeSet<_>>();
    let mut answering = Vec::with_capacity(questions.len());
    for question in questions {
        let table = question.table;
        let question = Answering::new(question).map_err(Error::Answer)?;
        answering.push((table, question.with_accounts(Arc::clone(&accounts))));
    }
    let mut unreadable = BTreeMap::<&str, Vec<(String, String)>>::new();
    let published = manifests.values().flatten().filter(|manifest| !manifest.is_withdrawn());
    let files = tables.iter().flat_map(|table| {
        let outputs = published.clone().filter_map(|manifest| output_of(manifest, table));
        outputs.map(|(day, output)| (*table, day, output))
    });
    let fetch = |(table, day, output): (&'static str, Date, Output)| async move {
        let file = Spooled::fetch(destination, &output.key).await?;
        Ok::<_, Error>((table, day, output, file))
    };
    let mut fetched = futures::stream::iter(files).map(fetch).buffered(FETCHED_AT_ONCE);
    while let Some((table, day, output, file)) = fetched.try_next().await? {
        let reason = match &file {
            None => Some("it does not exist".to_owned()),
            Some(file) if file.sha256 != output.sha256 => {
                Some(format!("it is not the file that was written (bytes: {})", file.n_bytes))
            }
            Some(_) => None,
        };
        let (Some(file), None) = (file, &reason) else {
            let reason = reason.unwrap_or_default();
            unreadable.entry(table).or_default().push((output.key, reason));
            continue;
        };
        let add = move || {
            let of_table = answering.iter_mut().filter(|(other, _)| *other == table);
            let mut questions = of_table.map(|(_, question)| question).collect::<Vec<_>>();
            let added = file.answer(&mut questions, day);
            (answering, added)
        };
        let (given_back, added) = spawn_blocking(add).await.map_err(|_| Error::Worker)?;
        added.map_err(Error::Answer)?;
        answering = given_back;
    }
    let finish = |(table, answering): (&str, Answering)| {
        let mut basis = basis.clone();
        basis.unreadable.extend(unreadable.get(table).into_iter().flatten().cloned());
        Ok(Answered { answer: answering.finish().map_err(Error::Answer)?, basis })
    };
    answering.into_iter().map(finish).collect()
}

impl Basis {
    pub(crate) fn of(
        manifests: &BTreeMap<Date, Option<Manifest>>,
        range: Option<DayRange>,
    ) -> Self {
        let first_and_last = manifests.keys().next().zip(manifests.keys().next_back());
        let all = first_and_last.and_then(|(first, last)| DayRange::new(*first, *last));
        let range = range.or(all);
        let mut basis = Basis { range, ..Basis::default() };
        for day in range.into_iter().flat_map(|range| range.days()) {
            let manifest = match manifests.get(&day) {
                Some(Some(manifest)) if !manifest.is_withdrawn() => manifest,
                other => {
                    basis.missing.push(day);
                    match other {
                        Some(Some(_)) => basis.interrupted.push(day),
                        Some(None) => {
                            basis.unreadable.push((Manifest::key(day), CORRUPT.to_owned()));
                        }
                        None => {}
                    }
                    continue;
                }
            };
            basis.days += 1;
            if !manifest.is_complete {
                basis.partial.push(day);
            }
            basis.price_versions.insert(manifest.made_with.knowledge.prices.clone());
        }
        basis
    }

    /// The table of accounts, if there is one that can be read.
    async fn accounts_of(&mut self, destination: &dyn Store) -> Result<Option<Accounts>, Error> {
        Ok(match accounts::read(destination).await? {
            accounts::Found::Nothing => None,
            accounts::Found::Table(accounts, _) => Some(accounts),
            accounts::Found::Unreadable(reason) => {
                self.unreadable.push((accounts::key(), reason));
                None
            }
        })
    }
}

const CORRUPT: &str = "the manifest is corrupt, or of another version of hoptrail";

/// The file of a table that a day has.
fn output_of(manifest: &Manifest, table: &str) -> Option<(Date, Output)> {
    let key = part_key(table, manifest.dt);
    let output = manifest.outputs.iter().find(|output| output.key == key)?;
    Some((manifest.dt, output.clone()))
}
