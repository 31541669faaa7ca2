//! The table `other_activity`: events of Bedrock's that are no calls, counted by name.

use std::cmp::Ordering;
use std::sync::Arc;

use bedrock::own_cost::has_own_cost;
use bedrock::{Attribute, Call, TextId, Texts};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::column::{
    Column,
    Value::{Count, Flag, Text, Time},
    optional, required,
};
use crate::merge::GroupRow;
use crate::references::Refers;
use crate::table::Table;

/// What a group's events have in common, in the order of the table.
const KEY: [Attribute; 6] = [
    Attribute::AccountId,
    Attribute::SourceRegion,
    Attribute::EventSource,
    Attribute::EventName,
    Attribute::ModelRef,
    Attribute::PrincipalName,
];

/// One row: the events of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherActivityRow {
    /// What they have in common: account, source Region, event source, event name, model identifier as
    /// logged, principal.
    pub key: [Option<Arc<str>>; KEY.len()],
    /// How many they are.
    pub counts: ActivityCounts,
}

/// How many events a group has, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityCounts {
    /// Events, each once.
    pub events: i64,
    /// Those of them with an error code.
    pub errors: i64,
    /// The first of the day, in milliseconds since 1970 UTC.
    pub first_seen_ms: i64,
    /// The last of the day.
    pub last_seen_ms: i64,
}

/// The table `other_activity`.
pub static OTHER_ACTIVITY: Table<OtherActivityRow> = Table {
    name: "other_activity",
    grain: "account × source Region × event source × event name × model_ref × principal",
    doc: "Bedrock events that are no inference calls, by name: batch jobs, agents, guardrails, settings.",
    is_by_day: true,
    columns: COLUMNS,
    order: OtherActivityRow::compare_group,
    refers: Refers::NOTHING,
};

const COLUMNS: &[Column<OtherActivityRow>] = &[
    optional("account_id", Text(|r| r.key[0].as_deref()), "As in invocations."),
    optional("source_region", Text(|r| r.key[1].as_deref()), "As in invocations."),
    required("event_source", Text(|r| r.key[2].as_deref()), "The eventSource of CloudTrail."),
    required("event_name", Text(|r| r.key[3].as_deref()), "The eventName of CloudTrail."),
    optional(
        "model_ref",
        Text(|r| r.key[4].as_deref()),
        "The model identifier in the request as logged; null if it names none.",
    ),
    optional("principal_name", Text(|r| r.key[5].as_deref()), "As in invocations."),
    required("events", Count(|r| Some(r.counts.events)), "Events; each eventID counts once."),
    required("errors", Count(|r| Some(r.counts.errors)), "Events with an errorCode."),
    required(
        "first_seen",
        Time(|r| Some(r.counts.first_seen_ms)),
        "The first of them on this day.",
    ),
    required("last_seen", Time(|r| Some(r.counts.last_seen_ms)), "The last of them on this day."),
    required(
        "has_own_cost",
        Flag(|r| Some(r.event_name().is_some_and(has_own_cost))),
        "Whether such an event is billed on its own, such as a batch job, whose cost is in batch_jobs; that of other events is in no cost column.",
    ),
];

impl OtherActivityRow {
    /// CloudTrail's `eventSource`.
    pub fn event_source(&self) -> Option<&str> {
        self.key[2].as_deref()
    }

    /// CloudTrail's `eventName`.
    pub fn event_name(&self) -> Option<&str> {
        self.key[3].as_deref()
    }

    /// The model identifier as logged.
    pub fn model_ref(&self) -> Option<&str> {
        self.key[4].as_deref()
    }
}

impl GroupRow for OtherActivityRow {
    fn compare_group(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }

    fn merge(&mut self, other: Self) {
        self.counts.merge(other.counts);
    }
}

impl ActivityCounts {
    /// Adds the counts of other events of the group.
    fn merge(&mut self, other: Self) {
        self.events += other.events;
        self.errors += other.errors;
        self.first_seen_ms = self.first_seen_ms.min(other.first_seen_ms);
        self.last_seen_ms = self.last_seen_ms.max(other.last_seen_ms);
    }
}

/// Counts events by the ids of their texts.
#[derive(Debug, Default)]
pub struct ActivityGroups(FxHashMap<[Option<TextId>; KEY.len()], ActivityCounts>);

impl ActivityGroups {
    /// Counts an event.
    pub fn add(&mut self, event: &Call) {
        let counts = ActivityCounts {
            events: 1,
            errors: event.attributes[Attribute::ErrorCode].is_some().into(),
            first_seen_ms: event.event_time_ms,
            last_seen_ms: event.event_time_ms,
        };
        let key = KEY.map(|attribute| event.attributes[attribute]);
        self.0.entry(key).and_modify(|known| known.merge(counts)).or_insert(counts);
    }

    /// How many groups are held.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no event was counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Makes rows of what was counted, in the order of the table, and begins anew.
    ///
    /// # Panics
    /// If the events refer to other texts.
    pub fn take(&mut self, texts: &Texts) -> Vec<OtherActivityRow> {
        let row = |(ids, counts): ([Option<TextId>; KEY.len()], ActivityCounts)| {
            let text = |(attribute, id): (Attribute, Option<TextId>)| {
                id.map(|id| Arc::from(texts[attribute].get(id)))
            };
            let mut parts = KEY.into_iter().zip(ids).map(text);
            let key = std::array::from_fn(|_| parts.next().flatten());
            OtherActivityRow { key, counts }
        };
        let mut rows = self.0.drain().map(row).collect::<Vec<_>>();
        rows.sort_unstable_by(GroupRow::compare_group);
        rows
    }
}
