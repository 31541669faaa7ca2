//! Readings that shards wrote into one folder: `dt=DAY/shard-I-of-N.arrow` for each day that a shard has rows of, and
//! last `shard-I-of-N.json`, which says what the shard read. Days are built from the shards together: a folder that
//! lacks one has less of every day.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::civil::Date;
use readings::MadeWith;
use serde::{Deserialize, Serialize};
use store::{ListRequest, Pages, Store, read_at_most};

use crate::dates::{DayRange, Shard};
use crate::error::Error;
use crate::sums::Sums;

/// The version of the summary's shape.
const FORMAT: u32 = 1;

/// A larger summary is none: a thousand days have 200 KB.
const MAX_BYTES: u64 = 64 << 20;

/// Summaries that are fetched at a time.
const AT_ONCE: usize = 16;

/// What a shard read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShardSummary {
    format: u32,
    /// Where its objects are.
    source: String,
    /// What its readings were made with.
    pub made_with: MadeWith,
    /// The first day of the range.
    pub from: Date,
    /// The last day of the range.
    pub to: Date,
    /// Which shard it is, as `I/N`.
    pub shard: String,
    /// What each day is read from, by this shard: JSON Lines, as `plan --sums` writes them.
    pub sums: Vec<String>,
    /// How many rows it has of each day.
    pub rows: BTreeMap<Date, u64>,
}

/// The readings of all shards.
#[derive(Debug, Clone)]
pub(crate) struct Shards {
    store: Arc<dyn Store>,
    summaries: Vec<(Shard, ShardSummary)>,
    /// What each day is to be built from.
    pub(crate) sums: Sums,
}

/// A file of rows of one day.
#[derive(Debug, Clone)]
pub(crate) struct ShardFile {
    /// Where it is.
    pub(crate) store: Arc<dyn Store>,
    /// Its key.
    pub(crate) key: String,
    /// How many rows it has.
    pub(crate) rows: u64,
}

impl ShardSummary {
    /// What a shard read of a range, with this.
    pub(crate) fn new(
        shard: Shard,
        range: DayRange,
        (source, made_with): (String, MadeWith),
        sums: &Sums,
        rows: BTreeMap<Date, u64>,
    ) -> Self {
        let sums = sums.to_lines().lines().map(str::to_owned).collect();
        let (from, to) = (range.from(), range.to());
        ShardSummary {
            format: FORMAT,
            source,
            made_with,
            from,
            to,
            shard: shard.to_string(),
            sums,
            rows,
        }
    }

    /// The key of a shard's summary.
    pub(crate) fn key(shard: Shard) -> String {
        format!("{}.json", name(shard))
    }

    /// The key of a shard's rows of a day.
    pub(crate) fn rows_key(shard: Shard, day: Date) -> String {
        format!("dt={day}/{}.arrow", name(shard))
    }

    /// The bytes to write.
    ///
    /// # Errors
    /// None in practice: all of it can be written as JSON.
    pub(crate) fn to_json(&self) -> Result<Bytes, Error> {
        let mut text = serde_json::to_string_pretty(self).map_err(Error::Manifest)?;
        text.push('\n');
        Ok(Bytes::from(text))
    }
}

fn name(shard: Shard) -> String {
    let (index, count) = shard.parts();
    format!("shard-{index}-of-{count}")
}

impl Shards {
    /// Finds what the shards wrote, and checks that there is all of it, read with this.
    ///
    /// # Errors
    /// If the folder cannot be read, or lacks a shard, or has those of another number, range, or other options.
    pub(crate) async fn open(
        store: Arc<dyn Store>,
        (source, made_with): (&str, &MadeWith),
        range: DayRange,
    ) -> Result<Self, Error> {
        let fault = |what: String| Error::Shards { location: store.location(), what };
        let shards = find(store.as_ref()).await?.map_err(fault)?;
        let fetch = |shard: Shard| {
            let (key, store) = (ShardSummary::key(shard), Arc::clone(&store));
            async move {
                let found = read_at_most(store.as_ref(), &key, MAX_BYTES).await;
                let text = found.map_err(Error::FetchReadings)?.and_then(|(_, text)| text);
                Ok::<_, Error>((shard, key, text))
            }
        };
        let fetching = stream::iter(shards).map(fetch).buffered(AT_ONCE);
        let (mut summaries, mut sums) = (Vec::new(), Sums::default());
        for (shard, key, text) in fetching.try_collect::<Vec<_>>().await? {
            let text = text.ok_or_else(|| fault(format!("`{key}` is missing")))?;
            let summary = serde_json::from_slice::<ShardSummary>(&text)
                .map_err(|error| fault(format!("`{key}` is no summary of a shard: {error}")))?;
            summary
                .check(shard, (source, made_with), range)
                .map_err(|what| fault(format!("`{key}`: {what}")))?;
            let of_shard = Sums::parse(&summary.sums.join("\n"));
            sums.add(&of_shard.map_err(|error| fault(format!("`{key}`: sums: {error}")))?);
            summaries.push((shard, summary));
        }
        Ok(Shards { store, summaries, sums })
    }

    /// Whether model invocation logs were read.
    pub(crate) fn have_invocation_logs(&self) -> bool {
        self.summaries.iter().any(|(_, summary)| summary.made_with.has_invocation_logs)
    }

    /// The files with rows of a day, in the order of the shards.
    pub(crate) fn files(&self, day: Date) -> Vec<ShardFile> {
        let file = |(shard, summary): &(Shard, ShardSummary)| {
            let (store, key) = (Arc::clone(&self.store), ShardSummary::rows_key(*shard, day));
            summary.rows.get(&day).map(|rows| ShardFile { store, key, rows: *rows })
        };
        self.summaries.iter().filter_map(file).collect()
    }
}

impl ShardSummary {
    /// Checks that it is of this shard, and that its readings can be used for these days.
    fn check(
        &self,
        shard: Shard,
        (source, made_with): (&str, &MadeWith),
        range: DayRange,
    ) -> Result<(), String> {
        let differs = |what: &str, expected: &str, found: &str| {
            Err(format!("{what}: expected {expected}, found {found}"))
        };
        if self.format != FORMAT {
            return differs("format", &FORMAT.to_string(), &self.format.to_string());
        }
        if self.shard != shard.to_string() {
            return differs("shard", &shard.to_string(), &self.shard);
        }
        if self.source != source {
            return differs("source", source, &self.source);
        }
        if let Some(difference) = made_with.difference(&self.made_with) {
            return Err(format!("its readings were made with other options: {difference}"));
        }
        if self.from > range.from() || self.to < range.to() {
            let found = format!("{} to {}", self.from, self.to);
            return differs("days", &format!("a range with {range} in it"), &found);
        }
        Ok(())
    }
}

/// The shards of a folder, by the names of its files; or why they cannot be told.
async fn find(store: &dyn Store) -> Result<Result<Vec<Shard>, String>, Error> {
    let mut counts = BTreeMap::<u32, BTreeSet<u32>>::new();
    let mut pages = Pages::new(store, ListRequest::all("shard-"));
    while let Some(page) = pages.next().await.map_err(Error::FetchReadings)? {
        for (index, count) in page.objects.iter().filter_map(|meta| parse(&meta.key)) {
            counts.entry(count).or_default().insert(index);
        }
    }
    let mut counts = counts.into_iter();
    Ok(match (counts.next(), counts.next()) {
        (None, _) => {
            Err("expected `shard-0-of-N.json` and those of all other shards, found none".to_owned())
        }
        (Some((first, _)), Some((second, _))) => Err(format!(
            "expected the shards of one reading, found some of {first} and some of {second}: give each reading a \
             folder of its own"
        )),
        (Some((count, found)), None) => match (0..count).find(|index| !found.contains(index)) {
            Some(index) => Err(format!(
                "`shard-{index}-of-{count}.json` is missing: that shard is not done, or failed"
            )),
            None => Ok((0..count).filter_map(|index| Shard::new(index, count)).collect()),
        },
    })
}

/// The numbers in the name of a summary.
fn parse(key: &str) -> Option<(u32, u32)> {
    let (index, count) = key.strip_prefix("shard-")?.strip_suffix(".json")?.split_once("-of-")?;
    Some((index.parse().ok()?, count.parse().ok()?))
}
