//! The table `unresolved_models`: references that no model was found for.

use crate::column::{
    Column,
    Value::{Count, Text, Time},
    optional, required,
};
use crate::table::{Refers, Table};

/// One row: a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnresolvedRow {
    /// The reference as logged.
    pub model_ref: Option<Box<str>>,
    /// Why no model was found.
    pub reason: &'static str,
    /// How many calls there were.
    pub calls: i64,
    /// The first call of the day, in milliseconds since 1970 UTC.
    pub first_seen_ms: i64,
    /// The last call of the day.
    pub last_seen_ms: i64,
    /// How many accounts called.
    pub accounts: i64,
}

/// The table `unresolved_models`.
pub static UNRESOLVED_MODELS: Table<UnresolvedRow> = Table {
    name: "unresolved_models",
    grain: "model_ref × reason",
    doc: "Model references that stand for no model that is known, and why.",
    columns: COLUMNS,
    order: |a, b| (&a.model_ref, a.reason).cmp(&(&b.model_ref, b.reason)),
    refers: Refers::NOTHING,
};

const COLUMNS: &[Column<UnresolvedRow>] = &[
    optional("model_ref", Text(|r| r.model_ref.as_deref()), "The model reference as logged."),
    required(
        "reason",
        Text(|r| Some(r.reason)),
        "no_reference, unknown_form, no_alias, alias_loop, not_in_catalog, ambiguous.",
    ),
    required("calls", Count(|r| Some(r.calls)), "Calls with this reference."),
    required("first_seen", Time(|r| Some(r.first_seen_ms)), "The first of them on this day."),
    required("last_seen", Time(|r| Some(r.last_seen_ms)), "The last of them on this day."),
    required("accounts", Count(|r| Some(r.accounts)), "How many accounts they came from."),
];
