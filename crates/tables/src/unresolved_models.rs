//! The table `unresolved_models`: references that no model was found for.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use bedrock::resolve::Unresolved;
use serde::{Deserialize, Serialize};

use crate::column::{
    Column,
    Value::{Count, Text, Time},
    optional, required,
};
use crate::merge::GroupRow;
use crate::references::Refers;
use crate::table::Table;

/// One row: a reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnresolvedRow {
    /// The reference as logged.
    pub model_ref: Option<Arc<str>>,
    /// Why no model was found.
    pub reason: Unresolved,
    /// How many calls there were.
    pub calls: i64,
    /// The first call of the day, in milliseconds since 1970 UTC.
    pub first_seen_ms: i64,
    /// The last call of the day.
    pub last_seen_ms: i64,
    /// The accounts that called.
    pub accounts: BTreeSet<Option<Arc<str>>>,
}

/// The table `unresolved_models`.
pub static UNRESOLVED_MODELS: Table<UnresolvedRow> = Table {
    name: "unresolved_models",
    grain: "model_ref × reason",
    doc: "Model identifiers without a known model, and why.",
    is_by_day: true,
    columns: COLUMNS,
    order: UnresolvedRow::compare_group,
    refers: Refers::NOTHING,
};

const COLUMNS: &[Column<UnresolvedRow>] = &[
    optional(
        "model_ref",
        Text(|r| r.model_ref.as_deref()),
        "The model identifier as logged (modelId), the first 2,048 characters of it.",
    ),
    required(
        "reason",
        Text(|r| Some(r.reason.as_str())),
        "no_reference, unknown_form, no_alias, alias_loop, not_in_catalog, ambiguous.",
    ),
    required("calls", Count(|r| Some(r.calls)), "Calls with this model identifier."),
    required("first_seen", Time(|r| Some(r.first_seen_ms)), "The first of them on this day."),
    required("last_seen", Time(|r| Some(r.last_seen_ms)), "The last of them on this day."),
    required(
        "accounts",
        Count(|r| i64::try_from(r.accounts.len()).ok()),
        "The number of accounts that they came from.",
    ),
];

impl GroupRow for UnresolvedRow {
    fn compare_group(&self, other: &Self) -> Ordering {
        (&self.model_ref, self.reason).cmp(&(&other.model_ref, other.reason))
    }

    fn merge(&mut self, mut other: Self) {
        self.calls += other.calls;
        self.first_seen_ms = self.first_seen_ms.min(other.first_seen_ms);
        self.last_seen_ms = self.last_seen_ms.max(other.last_seen_ms);
        self.accounts.append(&mut other.accounts);
    }
}
