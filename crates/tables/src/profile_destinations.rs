//! The table `profile_destinations`: where profiles may send calls, and where they did.

use std::cmp::Ordering;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::column::{
    Column,
    Value::{Count, Flag, Text},
    optional, required,
};
use crate::merge::GroupRow;
use crate::references::Refers;
use crate::table::Table;

/// One row: a Region that a profile may send calls to, or did send calls to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationRow {
    /// Who called the profile, and so on.
    pub key: DestinationKey,
    /// Whether the catalog has the Region among those of the profile; `None` if it does not know the profile.
    pub is_declared: Option<bool>,
    /// Calls that succeeded there.
    pub succeeded_calls: i64,
}

/// What tells rows apart, in the order of the table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DestinationKey {
    /// The account that called.
    pub account_id: Option<Arc<str>>,
    /// The system profile.
    pub profile_id: Arc<str>,
    /// The Region that calls were sent to.
    pub source_region: Option<Arc<str>>,
    /// The Region where they may run, or ran.
    pub destination_region: Arc<str>,
}

/// The table `profile_destinations`.
pub static PROFILE_DESTINATIONS: Table<DestinationRow> = Table {
    name: "profile_destinations",
    grain: "account × profile_id × source_region × destination_region",
    doc: "Where the profiles that were called on the day may send calls, and where they did.",
    is_by_day: true,
    columns: COLUMNS,
    order: DestinationRow::compare_group,
    refers: Refers::NOTHING,
};

const COLUMNS: &[Column<DestinationRow>] = &[
    optional("account_id", Text(|r| r.key.account_id.as_deref()), "As in invocations."),
    required(
        "profile_id",
        Text(|r| Some(&r.key.profile_id)),
        "The ID of the system-defined inference profile that was called, also of the one below an application profile.",
    ),
    optional("source_region", Text(|r| r.key.source_region.as_deref()), "As in invocations."),
    required(
        "destination_region",
        Text(|r| Some(&r.key.destination_region)),
        "A Region that the profile may send calls to from source_region, or did send calls to.",
    ),
    optional(
        "is_declared",
        Flag(|r| r.is_declared),
        "Whether the catalog has the Region among the destinations of the profile; null if it does not know them.",
    ),
    required(
        "succeeded_calls",
        Count(|r| Some(r.succeeded_calls)),
        "Calls that succeeded there; 0 if the Region is declared and was not used.",
    ),
];

impl GroupRow for DestinationRow {
    fn compare_group(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }

    fn merge(&mut self, other: Self) {
        self.succeeded_calls += other.succeeded_calls;
    }
}
