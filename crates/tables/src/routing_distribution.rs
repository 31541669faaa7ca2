//! The table `routing_distribution`: how calls spread over the Regions.

use std::sync::Arc;

use crate::column::{
    Column,
    Value::{Count, Text, Time},
    optional, required,
};
use crate::table::{Refers, Table};

/// One row: what its calls have in common, and how many they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutingRow {
    /// The beginning of the hour, in milliseconds since 1970 UTC.
    pub event_hour_ms: i64,
    /// What else the calls have in common, held once for all hours.
    pub key: Arc<RoutingKey>,
    /// How many they are.
    pub counts: Counts,
}

/// What the calls of a row have in common besides the hour, in the order of the table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoutingKey {
    /// See `invocations`, and so on.
    pub account_id: Option<Box<str>>,
    /// See `invocations`.
    pub source_region: Option<Box<str>>,
    /// See `invocations`.
    pub target_type: &'static str,
    /// See `invocations.profile_scope`.
    pub profile_scope: Option<String>,
    /// See `invocations`.
    pub model_id: Option<String>,
    /// See `invocations`.
    pub model_name: Option<String>,
    /// See `invocations`.
    pub inference_region: Option<String>,
    /// See `invocations`.
    pub inference_region_basis: &'static str,
    /// See `invocations`.
    pub residency: Option<&'static str>,
}

/// Counts of calls and tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All calls.
    pub calls: i64,
    /// Calls by outcome, in the order of [`bedrock::Outcome::ALL`].
    pub by_outcome: [i64; 4],
    /// Input tokens of the calls that have a count; `None` if none has.
    pub input_tokens: Option<i64>,
    /// Output tokens, likewise.
    pub output_tokens: Option<i64>,
}

/// The table `routing_distribution`.
pub static ROUTING_DISTRIBUTION: Table<RoutingRow> = Table {
    name: "routing_distribution",
    grain: "event_hour × account × source_region × target_type × profile_scope × model × inference_region",
    doc: "Where requests were sent and where they ran, by the hour.",
    columns: COLUMNS,
    order: |a, b| (a.event_hour_ms, &a.key).cmp(&(b.event_hour_ms, &b.key)),
    refers: Refers::NOTHING,
};

const COLUMNS: &[Column<RoutingRow>] = &[
    required("event_hour", Time(|r| Some(r.event_hour_ms)), "The hour, by its beginning."),
    optional("account_id", Text(|r| r.key.account_id.as_deref()), "As in invocations."),
    optional("source_region", Text(|r| r.key.source_region.as_deref()), "As in invocations."),
    required("target_type", Text(|r| Some(r.key.target_type)), "As in invocations."),
    optional(
        "profile_scope",
        Text(|r| r.key.profile_scope.as_deref()),
        "As profile_scope in invocations.",
    ),
    optional("model_id", Text(|r| r.key.model_id.as_deref()), "As in invocations."),
    optional("model_name", Text(|r| r.key.model_name.as_deref()), "As in invocations."),
    optional("inference_region", Text(|r| r.key.inference_region.as_deref()), "As in invocations."),
    required(
        "inference_region_basis",
        Text(|r| Some(r.key.inference_region_basis)),
        "As in invocations.",
    ),
    optional("residency", Text(|r| r.key.residency), "As in invocations."),
    required("calls", Count(|r| Some(r.counts.calls)), "All calls."),
    required("succeeded_calls", Count(|r| Some(r.counts.by_outcome[0])), "Calls that succeeded."),
    required("denied_calls", Count(|r| Some(r.counts.by_outcome[1])), "Calls that were refused."),
    required(
        "throttled_calls",
        Count(|r| Some(r.counts.by_outcome[2])),
        "Calls that were throttled.",
    ),
    required(
        "failed_calls",
        Count(|r| Some(r.counts.by_outcome[3])),
        "Calls that failed otherwise.",
    ),
    optional(
        "input_tokens",
        Count(|r| r.counts.input_tokens),
        "Input tokens of the calls that have a count; null if none has.",
    ),
    optional(
        "output_tokens",
        Count(|r| r.counts.output_tokens),
        "Output tokens of the calls that have a count; null if none has.",
    ),
];
