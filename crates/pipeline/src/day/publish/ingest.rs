//! The table `ingest` of a day: what each of its objects gave.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use logs::layout::{KeyParts, LogKind};
use tables::{INGEST, IngestRow, References, Status};

use super::TableFile;
use crate::day::collect::ObjectRecord;
use crate::day::manifest::Counts;
use crate::digests;
use crate::error::Error;

/// What a day's objects come to.
#[derive(Debug)]
pub(super) struct OfObjects {
    pub(super) file: TableFile,
    /// The sums of the table.
    pub(super) counts: Counts,
    /// False if an object was unreadable, has rejected records, or is not as its digest says.
    pub(super) is_complete: bool,
}

/// Builds the table of a day's objects. `by_key` are their places in the order of their keys; `kept` and
/// `dropped` are how many calls of each are written for the day, and how many are duplicates.
///
/// # Errors
/// If the table cannot be encoded.
pub(super) fn build(
    day: Date,
    objects: &[Arc<ObjectRecord>],
    by_key: &[u32],
    kept: &[u32],
    dropped: &[u32],
) -> Result<OfObjects, Error> {
    let (mut days, mut names) = (DayTexts::default(), Names::default());
    let row = |(number, place): (u32, &u32)| {
        let place = *place as usize;
        row(
            number,
            &objects[place],
            kept[place].into(),
            dropped[place].into(),
            (&mut days, &mut names),
        )
    };
    let rows = (0..).zip(by_key).map(row).collect::<Vec<_>>();
    let keys = by_key.iter().map(|place| Arc::clone(&objects[*place as usize].key));
    let keys = keys.collect::<Vec<_>>();
    let references = References { objects: &keys, ..References::default() };
    Ok(OfObjects {
        file: TableFile::encode(&INGEST, day, references, &rows)?,
        counts: counts(&rows),
        is_complete: objects.iter().all(|object| is_sound(object)),
    })
}

fn is_sound(object: &ObjectRecord) -> bool {
    object.unreadable.is_none()
        && object.rejected == 0
        && object.digest_status != Some(digests::Status::Mismatch)
}

fn counts(rows: &[IngestRow]) -> Counts {
    let count = |of: &dyn Fn(&IngestRow) -> i64| {
        rows.iter().map(|row| u64::try_from(of(row)).unwrap_or_default()).sum()
    };
    Counts {
        objects: rows.len() as u64,
        unreadable: count(&|row| i64::from(row.status == Status::Unreadable)),
        records: count(&|row| row.records),
        calls: count(&|row| row.calls),
        skipped: count(&|row| row.skipped),
        rejected: count(&|row| row.rejected),
        written: count(&|row| row.written),
        duplicates: count(&|row| row.duplicates),
        other_day: count(&|row| row.other_day),
    }
}

/// Days as texts, each once: many objects have one in common.
#[derive(Debug, Default)]
struct DayTexts(BTreeMap<Date, Arc<str>>);

impl DayTexts {
    fn of(&mut self, day: Date) -> Arc<str> {
        Arc::clone(self.0.entry(day).or_insert_with(|| day.to_string().into()))
    }
}

/// Accounts and Regions, likewise.
#[derive(Debug, Default)]
struct Names(BTreeSet<Arc<str>>);

impl Names {
    fn of(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.get(name) {
            return Arc::clone(known);
        }
        let name = Arc::<str>::from(name);
        self.0.insert(Arc::clone(&name));
        name
    }
}

fn row(
    number: u32,
    object: &ObjectRecord,
    written: i64,
    duplicates: i64,
    (days, names): (&mut DayTexts, &mut Names),
) -> IngestRow {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let calls = count(object.calls);
    let (status, reason) = match &object.unreadable {
        Some(reason) => (Status::Unreadable, Some(reason.clone())),
        None => {
            let reason = (!object.rejections.is_empty()).then(|| object.rejections.join("; "));
            (Status::Read, reason)
        }
    };
    let parts = KeyParts::of(&object.key, LogKind::CloudTrail);
    IngestRow {
        object: number,
        account_id: parts.account.map(|account| names.of(account)),
        region: parts.region.map(|region| names.of(region)),
        delivery_day: object.delivery.map(|delivery| days.of(delivery.day)),
        bytes: count(object.size_bytes),
        status,
        reason,
        records: count(object.records),
        calls,
        skipped: count(object.skipped),
        rejected: count(object.rejected),
        written,
        duplicates,
        other_day: calls - written - duplicates,
        digest_status: object.digest_status.map(digests::Status::as_str),
    }
}
