//! What a day was built from and what it came to, written last: a day whose inputs have not changed
//! need not be rebuilt.
//!
//! A manifest holds no time and nothing of the machine: the same input gives the same bytes.

mod batch_job;
mod late;
mod log_set;
mod source_set;

use std::collections::{BTreeMap, BTreeSet};

use bedrock::{Knowledge, Versions};
use bytes::Bytes;
use futures::stream::{StreamExt, TryStreamExt};
use jiff::civil::Date;
use logs::layout::LogKind;
use serde::{Deserialize, Serialize};
use store::{ListRequest, Pages, Store, read_at_most};
use tables::INVOCATIONS;
use tables::table::SCHEMA_VERSION;

pub(crate) use batch_job::{BatchJob, KnownOutput, OutputProblem, OutputSources};
pub(crate) use late::{MissingCalls, missing_calls};
pub(crate) use log_set::{LogSet, LogSources};
pub(crate) use source_set::{SourceSet, Sources};

use crate::batch::CreatedJobs;
use crate::dates::DayRange;
use crate::error::Error;
use crate::outcome::counts::check_sum;
use crate::settings::Settings;
use crate::source::Callers;

/// The folder of the manifests, relative to the destination.
pub(crate) const FOLDER: &str = "_hoptrail/manifest/";

/// The version of this shape. A manifest of another one counts as none, apart from the first.
const FORMAT: u32 = 2;

/// A larger one is not read: a day that a hundred thousand objects had late calls for has 20 MB.
const MAX_BYTES: u64 = 256 << 20;

/// The manifest of one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The version of the shape.
    format: u32,
    /// The day.
    pub dt: Date,
    /// False if an object was unreadable or a record rejected: the next run rebuilds the day.
    pub is_complete: bool,
    /// What the day was built with.
    pub made_with: MadeWith,
    /// The objects that are read for the day: those delivered on it and in its late window.
    pub trail: Sources,
    /// Whether these are model invocation logs, because no trail was read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_without_trail: bool,
    /// Calls of the day that only invocation logs have.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub log_calls: u64,
    /// Calls about midnight that the day had while it was built from invocation logs alone, and that a trail in their
    /// place does not have: how many of them the day before or after may have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub entries_left_out: BTreeMap<Date, u64>,
    /// The model invocation logs around the day; `None` if it was built without.
    pub invocation_logs: Option<LogSources>,
    /// Objects delivered later than that which had calls of the day all the same.
    pub late_objects: Vec<LateObject>,
    /// Objects delivered on the day with calls of days that they are not read for, by key.
    pub calls_elsewhere: BTreeMap<String, Elsewhere>,
    /// Calls of the day that addenda tell, as [`crate::day::calls::Identities`] holds them: their table has the
    /// ids of the addenda.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addenda: Vec<String>,
    /// Days that have a call which would be this day's otherwise: it is rebuilt when one of them is.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub yields_to: BTreeSet<Date>,
    /// The day before as this day was compared with it, so that an event on both is one call, and a job on both one
    /// job; `None` if there was no such day, or it changes yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared_with: Option<Compared>,
    /// References that no alias was known for: the day is rebuilt when one is.
    pub without_alias: Vec<String>,
    /// Who called where: their model invocation logs may be at locations of their own.
    #[serde(default, skip_serializing_if = "Callers::is_empty")]
    pub callers: Callers,
    /// The ARNs of the batch jobs that events of the day create: days beside each other are compared by them.
    #[serde(default, skip_serializing_if = "CreatedJobs::is_empty")]
    pub created_jobs: CreatedJobs,
    /// The batch jobs that have a row on the day, by their IDs: it is rebuilt when more is known of one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub batch_jobs: BTreeMap<String, BatchJob>,
    /// Locations of model invocation logs that could not be read, as a user would write them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub logs_not_read: BTreeSet<String>,
    /// The sums of the table `ingest`.
    pub counts: Counts,
    /// The files.
    pub outputs: Vec<Output>,
    /// The files of the build that is being replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<Output>,
    /// The run that is replacing the day: until it is done, the manifest vouches for no file. No two runs write
    /// the same, so that none takes another's for its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_by: Option<String>,
}

/// The calls and batch jobs of a day as another day was compared with them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Compared {
    /// The day.
    pub dt: Date,
    /// What it was compared by, as [`Manifest::compared_sha256`] gives it.
    pub sha256: String,
}

/// What a day was built with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MadeWith {
    /// The version of hoptrail.
    pub hoptrail: String,
    /// The version of the tables' schema.
    pub schema: u32,
    /// The fingerprints of catalog, Regions, prices, and the user's aliases and discounts.
    pub knowledge: Versions,
    /// The late window, in minutes.
    pub late_window_minutes: i64,
    /// What else changes a reading: which limits bodies have, whether digests were compared.
    pub reading: String,
    /// The keys of request metadata that were taken from model invocation logs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_metadata: Vec<String>,
    /// The columns that were left empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub omitted: Vec<String>,
}

/// An object that was delivered after the late window of a day that it has calls of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct LateObject {
    /// Its key, relative to the source.
    pub key: String,
    /// Its size as stored.
    pub bytes: u64,
}

/// The days of calls that an object is not read for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Elsewhere {
    /// The object's size as stored.
    pub bytes: u64,
    /// The days.
    pub days: BTreeSet<Date>,
    /// How many calls it has of each. Manifests that were written before this was counted have none.
    #[serde(default)]
    pub calls: BTreeMap<Date, u64>,
}

/// The sums of a day's `ingest`: `records = calls + skipped + rejected` and
/// `calls = written + duplicates + other_day`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Objects.
    pub objects: u64,
    /// Objects that could not be read.
    pub unreadable: u64,
    /// Records of the others.
    pub records: u64,
    /// Calls among them, of any day.
    pub calls: u64,
    /// Records that are none.
    pub skipped: u64,
    /// Calls that cannot be used.
    pub rejected: u64,
    /// Calls of the day, each once: the rows of `invocations`.
    pub written: u64,
    /// Calls of the day that are in another record too.
    pub duplicates: u64,
    /// Calls of other days.
    pub other_day: u64,
}

/// A file of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Output {
    /// Its key, relative to the destination.
    pub key: String,
    /// Its length.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
    /// The SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    /// The MD5 of its content, in hexadecimal: what a listing of S3 shows as its `ETag`, unless it is
    /// encrypted with KMS or was written in parts. Manifests of earlier versions have none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub md5: String,
}

impl MadeWith {
    /// What a run of this version builds with.
    pub(crate) fn new(knowledge: &Knowledge, settings: &Settings) -> Self {
        MadeWith {
            hoptrail: env!("CARGO_PKG_VERSION").to_owned(),
            schema: SCHEMA_VERSION,
            knowledge: knowledge.versions(),
            late_window_minutes: settings.late_window_minutes,
            reading: settings.reading(),
            request_metadata: settings.request_metadata.iter().map(str::to_owned).collect(),
            omitted: settings.omitted.names().map(str::to_owned).collect(),
        }
    }
}

impl Manifest {
    /// A manifest of this version's shape.
    pub(crate) fn new(day: Date, made_with: MadeWith) -> Self {
        Manifest {
            format: FORMAT,
            dt: day,
            is_complete: true,
            made_with,
            trail: Sources::default(),
            is_without_trail: false,
            log_calls: 0,
            entries_left_out: BTreeMap::new(),
            invocation_logs: None,
            late_objects: Vec::new(),
            calls_elsewhere: BTreeMap::new(),
            addenda: Vec::new(),
            yields_to: BTreeSet::new(),
            compared_with: None,
            without_alias: Vec::new(),
            callers: Callers::new(),
            created_jobs: CreatedJobs::default(),
            batch_jobs: BTreeMap::new(),
            logs_not_read: BTreeSet::new(),
            counts: Counts::default(),
            outputs: Vec::new(),
            replaced: Vec::new(),
            withdrawn_by: None,
        }
    }

    /// The same, vouching for nothing: what is there from the time when `run` begins to replace files of the
    /// day until its new manifest is written. It keeps what is known of late objects.
    #[must_use]
    pub(crate) fn withdrawn(&self, run: &str) -> Self {
        let mut withdrawn = self.clone();
        withdrawn.is_complete = false;
        withdrawn.compared_with = None;
        withdrawn.replaced.append(&mut withdrawn.outputs);
        withdrawn.withdrawn_by = Some(run.to_owned());
        withdrawn
    }

    /// Which logs its objects are.
    pub(crate) fn kind(&self) -> LogKind {
        if self.is_without_trail { LogKind::ModelInvocation } else { LogKind::CloudTrail }
    }

    /// Whether it is [withdrawn](Manifest::withdrawn): a run was interrupted while it replaced the day, or
    /// is at it.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.withdrawn_by.is_some() || !self.replaced.is_empty()
    }

    /// The SHA-256 of its calls; `None` if it vouches for none.
    pub(crate) fn calls_sha256(&self) -> Option<&str> {
        let key = tables::layout::part_key(INVOCATIONS.name, self.dt);
        let output = self.outputs.iter().find(|output| output.key == key)?;
        (!self.is_withdrawn()).then_some(output.sha256.as_str())
    }

    /// What days beside it are compared by: one SHA-256 of its calls and of its batch jobs, in hexadecimal; `None` if it
    /// vouches for none.
    pub(crate) fn compared_sha256(&self) -> Option<String> {
        Some(self.created_jobs.compared_sha256(self.calls_sha256()?))
    }

    /// The key of a day's manifest.
    pub(crate) fn key(day: Date) -> String {
        format!("{FOLDER}dt={day}.json")
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

    /// Reads a manifest; `None` if it is none of this version's shape, or corrupt.
    ///
    /// # Errors
    /// [`Error::Version1`] if it is of the first version, whose tables have other columns.
    fn of_json(json: &[u8], day: Date) -> Result<Option<Self>, Error> {
        /// What a manifest of any version has.
        #[derive(Deserialize)]
        struct Versioned {
            format: u32,
        }
        match serde_json::from_slice::<Versioned>(json) {
            Ok(Versioned { format: 1 }) => Err(Error::Version1 { key: Manifest::key(day) }),
            Ok(Versioned { format: FORMAT }) => {
                let manifest = serde_json::from_slice::<Manifest>(json).ok();
                Ok(manifest.filter(|manifest| manifest.dt == day))
            }
            _ => Ok(None),
        }
    }

    /// Checks that the counts add up, and that as many calls were written as `invocations` has rows.
    ///
    /// # Errors
    /// What was expected and what was found, if they do not.
    pub(crate) fn check_counts(&self) -> Result<(), String> {
        let Counts { records, calls, skipped, rejected, .. } = self.counts;
        let Counts { written, duplicates, other_day, .. } = self.counts;
        let parts = [("calls", calls), ("skipped", skipped), ("rejected", rejected)];
        check_sum(("records", records), &parts)?;
        let parts = [("written", written), ("duplicates", duplicates), ("other_day", other_day)];
        check_sum(("calls", calls), &parts)?;
        let key = tables::layout::part_key(INVOCATIONS.name, self.dt);
        let rows = self.outputs.iter().find(|output| output.key == key);
        match rows.map_or(0, |output| output.rows) {
            rows if rows == written => Ok(()),
            rows => Err(format!(
                "expected as many rows of invocations as calls written, found {rows} and {written}"
            )),
        }
    }
}

/// The manifests of a range of days. A day whose manifest cannot be understood is in the list without
/// one: it is rebuilt.
///
/// # Errors
/// If the destination cannot be listed or read; [`Error::Version1`] if its first manifest, of whatever
/// day, or one of the range is of version 1.
pub(crate) async fn load(
    destination: &dyn Store,
    range: Option<DayRange>,
) -> Result<BTreeMap<Date, Option<Manifest>>, Error> {
    const AT_ONCE: usize = 16;
    let mut days = Vec::new();
    let mut pages = Pages::new(destination, ListRequest::all(FOLDER));
    while let Some(page) = pages.next().await.map_err(Error::Destination)? {
        days.extend(page.objects.iter().filter_map(|meta| day_of_key(&meta.key)));
    }
    let is_in_range = |day: &Date| range.is_none_or(|range| range.contains(*day));
    // Days of two versions in one destination would be read as one table.
    if let Some(first) = days.first().filter(|day| !is_in_range(day)) {
        read(destination, *first).await?;
    }
    let load = |day: Date| async move {
        let manifest = read(destination, day).await?;
        Ok::<_, Error>(manifest.map(|manifest| (day, manifest)))
    };
    let days = days.into_iter().filter(is_in_range);
    let loaded = futures::stream::iter(days).map(load).buffer_unordered(AT_ONCE);
    Ok(loaded.try_collect::<Vec<_>>().await?.into_iter().flatten().collect())
}

/// The manifest of a day: `None` if there is none, `Some(None)` if it cannot be understood.
///
/// # Errors
/// If the destination cannot be read; [`Error::Version1`].
pub(crate) async fn read(
    destination: &dyn Store,
    day: Date,
) -> Result<Option<Option<Manifest>>, Error> {
    Ok(read_tagged(destination, day).await?.map(|(manifest, _)| manifest))
}

/// As [`read`], with its `ETag`.
///
/// # Errors
/// As [`read`].
pub(crate) async fn read_tagged(
    destination: &dyn Store,
    day: Date,
) -> Result<Option<(Option<Manifest>, String)>, Error> {
    let key = Manifest::key(day);
    let mut tagged = None;
    // An answer may be cut: what cannot be understood is read once more.
    for _ in 0..2 {
        let found = read_at_most(destination, &key, MAX_BYTES).await.map_err(Error::Destination)?;
        let Some((meta, json)) = found else { return Ok(None) };
        let manifest = json.map(|json| Manifest::of_json(&json, day)).transpose()?.flatten();
        let is_understood = manifest.is_some();
        tagged = Some((manifest, meta.etag.unwrap_or_default()));
        if is_understood {
            break;
        }
    }
    Ok(tagged)
}

/// Who called where on these days, as far as they are published.
pub(crate) fn callers(manifests: &BTreeMap<Date, Option<Manifest>>) -> Callers {
    let mut callers = Callers::new();
    for manifest in manifests.values().flatten() {
        for (account, regions) in &manifest.callers {
            callers.entry(account.clone()).or_default().extend(regions.iter().cloned());
        }
    }
    callers
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

fn day_of_key(key: &str) -> Option<Date> {
    key.strip_prefix(FOLDER)?.strip_prefix("dt=")?.strip_suffix(".json")?.parse().ok()
}

#[cfg(test)]
impl Manifest {
    /// One that was made with what is embedded.
    pub(crate) fn with_defaults(day: Date) -> Self {
        let made_with = MadeWith {
            hoptrail: String::new(),
            schema: SCHEMA_VERSION,
            knowledge: Knowledge::embedded().versions(),
            late_window_minutes: 0,
            reading: String::new(),
            request_metadata: Vec::new(),
            omitted: Vec::new(),
        };
        Manifest::new(day, made_with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifest_of_version_1_is_refused_by_name() {
        let day = jiff::civil::date(2026, 10, 5);
        let error = Manifest::of_json(br#"{"format": 1, "dt": "2026-10-05"}"#, day);
        let error = error.expect_err("version 1").to_string();
        assert!(error.contains("_hoptrail/manifest/dt=2026-10-05.json"), "{error}");
        assert!(error.contains("built by version 1"), "{error}");
        for other in ["", "{", r#"{"format": 2}"#, r#"{"format": 3}"#] {
            let read = Manifest::of_json(other.as_bytes(), day).expect("not of version 1");
            assert_eq!(read, None, "{other}");
        }
    }

    #[test]
    fn counts_that_do_not_add_up_are_an_error() {
        let day = jiff::civil::date(2026, 10, 5);
        let counts = Counts {
            records: 6,
            calls: 5,
            skipped: 1,
            written: 3,
            duplicates: 1,
            other_day: 1,
            ..Counts::default()
        };
        let output = |rows| Output {
            key: tables::layout::part_key(INVOCATIONS.name, day),
            bytes: 0,
            rows,
            sha256: String::new(),
            md5: String::new(),
        };
        let check = |counts: Counts, rows: u64| {
            let outputs = vec![output(rows)];
            Manifest { counts, outputs, ..Manifest::with_defaults(day) }.check_counts()
        };
        assert_eq!(check(counts, 3), Ok(()));
        for (counts, rows, expected) in [
            (Counts { records: 7, ..counts }, 3, "found 7 = 5 + 1 + 0"),
            (Counts { other_day: 2, ..counts }, 3, "found 5 = 3 + 1 + 2"),
            (counts, 4, "found 4 and 3"),
        ] {
            let error = check(counts, rows).expect_err("does not add up");
            assert!(error.ends_with(expected), "{error}");
        }
    }
}
