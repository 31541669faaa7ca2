//! The table `ingest`: every object that was read for a day, with counts that add up.

use std::sync::Arc;

use crate::column::{
    Column,
    Value::{Count, ObjectKey, Text},
    optional, required,
};
use crate::references::Refers;
use crate::table::Table;

/// One row: an object, seen from one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestRow {
    /// The number of the object. Numbers are given in the order of the keys.
    pub object: u32,
    /// The day that it was delivered, `YYYY-MM-DD`; `None` if its key does not say.
    pub delivery_day: Option<Arc<str>>,
    /// The account in its key; `None` if its key does not say.
    pub account_id: Option<Arc<str>>,
    /// The Region in its key, likewise.
    pub region: Option<Arc<str>>,
    /// Its size as stored.
    pub bytes: i64,
    /// Whether it was read.
    pub status: Status,
    /// Why it was not, or which records were rejected.
    pub reason: Option<String>,
    /// Its records: `calls + skipped + rejected`.
    pub records: i64,
    /// Its calls, of any day: `written + duplicates + other_day`.
    pub calls: i64,
    /// Its records that are no calls.
    pub skipped: i64,
    /// Its calls that cannot be used.
    pub rejected: i64,
    /// Its calls that were written for this day.
    pub written: i64,
    /// Its calls of this day that another record told already.
    pub duplicates: i64,
    /// Its calls of other days.
    pub other_day: i64,
    /// What the trail's digest files say of it: `valid`, `mismatch`, `not_listed`, `no_digest`; `None`
    /// where they were not asked.
    pub digest_status: Option<&'static str>,
}

/// Whether an object was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It was read to its end.
    Read,
    /// It was not, and nothing of it was used.
    Unreadable,
}

/// The table `ingest`.
pub static INGEST: Table<IngestRow> = Table {
    name: "ingest",
    grain: "one object read for this day",
    doc: "The objects that a day was built from; objects delivered in the late window are listed on both days.",
    is_by_day: true,
    columns: COLUMNS,
    order: |a, b| a.object.cmp(&b.object),
    refers: Refers { object: |row| row.object, ..Refers::NOTHING },
};

const COLUMNS: &[Column<IngestRow>] = &[
    required("key", ObjectKey, "The key of the object, relative to the source."),
    optional(
        "delivery_day",
        Text(|r| r.delivery_day.as_deref()),
        "The delivery day in its key, YYYY-MM-DD; null if the key has none.",
    ),
    required("bytes", Count(|r| Some(r.bytes)), "Its size as stored."),
    required("status", Text(|r| Some(r.status.as_str())), "read, unreadable."),
    optional(
        "reason",
        Text(|r| r.reason.as_deref()),
        "Why it is unreadable, or the first of its rejected records.",
    ),
    required("records", Count(|r| Some(r.records)), "Records read: calls + skipped + rejected."),
    required(
        "calls",
        Count(|r| Some(r.calls)),
        "Calls of any day: written + duplicates + other_day.",
    ),
    required("skipped", Count(|r| Some(r.skipped)), "Records that are not calls."),
    required(
        "rejected",
        Count(|r| Some(r.rejected)),
        "Records that look like calls but cannot be used.",
    ),
    required(
        "written",
        Count(|r| Some(r.written)),
        "Calls that are rows of invocations on this day.",
    ),
    required(
        "duplicates",
        Count(|r| Some(r.duplicates)),
        "Calls of this day that another record has too, which was kept.",
    ),
    required("other_day", Count(|r| Some(r.other_day)), "Calls of other days."),
    optional(
        "digest_status",
        Text(|r| r.digest_status),
        "What the digest files of the trail say about it: valid, mismatch, not_listed, no_digest; null where digests were not validated.",
    ),
    optional(
        "account_id",
        Text(|r| r.account_id.as_deref()),
        "The account in its key; null if the key has none.",
    ),
    optional(
        "region",
        Text(|r| r.region.as_deref()),
        "The Region in its key, whose log it is; null if the key has none.",
    ),
];

impl Status {
    /// All of them.
    pub const ALL: [Status; 2] = [Status::Read, Status::Unreadable];

    /// The value of the column `status`.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Read => "read",
            Status::Unreadable => "unreadable",
        }
    }
}
