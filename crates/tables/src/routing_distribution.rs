//! The table `routing_distribution`: how calls spread over the Regions.

use std::cmp::Ordering;
use std::sync::Arc;

use bedrock::meaning::Basis;
use bedrock::region::Residency;
use bedrock::{Meaning, TargetType, Usage};
use serde::{Deserialize, Serialize};

use crate::column::{
    Column,
    Value::{Count, Flag, Text, Time},
    optional, required,
};
use crate::invocations::declared_destinations;
use crate::merge::{GroupRow, sum};
use crate::references::Refers;
use crate::table::Table;

/// One row: what its calls have in common, and how many they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoutingRow {
    /// What the calls have in common.
    pub key: RoutingKey,
    /// How many they are.
    pub counts: Counts,
}

/// What the calls of a row have in common, in the order of the table. The columns are those of
/// `invocations`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RoutingKey {
    /// The beginning of the hour, in milliseconds since 1970 UTC.
    pub event_hour_ms: i64,
    /// See `invocations`, and so on.
    pub account_id: Option<Arc<str>>,
    /// See `invocations`.
    pub source_region: Option<Arc<str>>,
    /// The way that they took.
    pub route: Arc<Route<Box<str>>>,
}

/// What was called and where it ran; `T` is the text. The columns are those of `invocations`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Route<T> {
    /// See `invocations`, and so on.
    pub target_type: TargetType,
    /// See `invocations`.
    pub profile_scope: Option<T>,
    /// See `invocations`.
    pub model_id: Option<T>,
    /// See `invocations`.
    pub model_name: Option<T>,
    /// See `invocations`.
    pub inference_region: Option<T>,
    /// See `invocations`.
    pub inference_region_basis: Basis,
    /// See `invocations`.
    pub residency: Option<Residency>,
    /// See `invocations`.
    pub declared_destinations: Option<i64>,
    /// See `invocations`.
    pub is_declared: Option<bool>,
}

/// Counts of calls and tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    doc: "Where calls were sent and where they ran, by the hour.",
    is_by_day: true,
    columns: COLUMNS,
    order: RoutingRow::compare_group,
    refers: Refers::NOTHING,
};

const COLUMNS: &[Column<RoutingRow>] = &[
    required("event_hour", Time(|r| Some(r.key.event_hour_ms)), "Start of the hour (UTC)."),
    optional("account_id", Text(|r| r.key.account_id.as_deref()), "As in invocations."),
    optional("source_region", Text(|r| r.key.source_region.as_deref()), "As in invocations."),
    required("target_type", Text(|r| Some(r.key.route.target_type.as_str())), "As in invocations."),
    optional("profile_scope", Text(|r| r.key.route.profile_scope.as_deref()), "As in invocations."),
    optional("model_id", Text(|r| r.key.route.model_id.as_deref()), "As in invocations."),
    optional("model_name", Text(|r| r.key.route.model_name.as_deref()), "As in invocations."),
    optional(
        "inference_region",
        Text(|r| r.key.route.inference_region.as_deref()),
        "As in invocations.",
    ),
    required(
        "inference_region_basis",
        Text(|r| Some(r.key.route.inference_region_basis.as_str())),
        "As in invocations.",
    ),
    optional(
        "residency",
        Text(|r| r.key.route.residency.map(Residency::as_str)),
        "As in invocations.",
    ),
    required("calls", Count(|r| Some(r.counts.calls)), "All calls."),
    required("succeeded_calls", Count(|r| Some(r.counts.by_outcome[0])), "Calls that succeeded."),
    required("denied_calls", Count(|r| Some(r.counts.by_outcome[1])), "Calls that were denied."),
    required(
        "throttled_calls",
        Count(|r| Some(r.counts.by_outcome[2])),
        "Calls that were throttled.",
    ),
    required(
        "failed_calls",
        Count(|r| Some(r.counts.by_outcome[3])),
        "Calls that failed for another reason.",
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
    optional(
        "declared_destinations",
        Count(|r| r.key.route.declared_destinations),
        "As in invocations.",
    ),
    optional("is_declared", Flag(|r| r.key.route.is_declared), "As in invocations."),
];

impl<'m> Route<&'m str> {
    /// The route of a call with this meaning.
    pub(crate) fn of(meaning: &'m Meaning) -> Self {
        let (resolution, model) = (&meaning.resolution, meaning.model());
        Route {
            target_type: resolution.target_type,
            profile_scope: resolution.profile_scope.as_deref(),
            model_id: model.map(|model| &*model.id),
            model_name: model.and_then(|model| model.name.as_deref()),
            inference_region: meaning.inference_region.as_deref(),
            inference_region_basis: meaning.basis,
            residency: meaning.residency,
            declared_destinations: declared_destinations(meaning),
            is_declared: meaning.is_declared,
        }
    }

    /// With texts of its own.
    pub(crate) fn owned(self) -> Route<Box<str>> {
        Route {
            target_type: self.target_type,
            profile_scope: self.profile_scope.map(Box::from),
            model_id: self.model_id.map(Box::from),
            model_name: self.model_name.map(Box::from),
            inference_region: self.inference_region.map(Box::from),
            inference_region_basis: self.inference_region_basis,
            residency: self.residency,
            declared_destinations: self.declared_destinations,
            is_declared: self.is_declared,
        }
    }
}

impl GroupRow for RoutingRow {
    fn compare_group(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }

    fn merge(&mut self, other: Self) {
        self.counts.add(&other.counts);
    }
}

impl Counts {
    /// Adds a call, whose outcome is told by its place in [`bedrock::Outcome::ALL`].
    pub(crate) fn add_call(&mut self, outcome: Option<usize>, usage: Option<&Usage>) {
        self.calls += 1;
        if let Some(outcome) = outcome {
            self.by_outcome[outcome] += 1;
        }
        if let Some(usage) = usage {
            self.add_tokens(usage.input, usage.output);
        }
    }

    /// Adds other counts.
    pub fn add(&mut self, other: &Counts) {
        self.calls += other.calls;
        for (mine, others) in self.by_outcome.iter_mut().zip(other.by_outcome) {
            *mine += others;
        }
        self.add_tokens(other.input_tokens, other.output_tokens);
    }

    /// Sums that would not fit stay at the largest number.
    fn add_tokens(&mut self, input: Option<i64>, output: Option<i64>) {
        self.input_tokens = sum(self.input_tokens, input, i64::saturating_add);
        self.output_tokens = sum(self.output_tokens, output, i64::saturating_add);
    }
}
