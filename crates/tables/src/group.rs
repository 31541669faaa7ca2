//! Counts calls: over the Regions, and over the references that no model was found for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bedrock::region::Residency;
use bedrock::{Call, Context, Meaning, Outcome};
use rustc_hash::FxHashMap;

use crate::routing_distribution::{Counts, RoutingKey, RoutingRow};
use crate::unresolved_models::UnresolvedRow;

const HOUR_MS: i64 = 3_600_000;

/// Counts a day's calls.
///
/// Calls are counted per hour and context first, which costs no comparison of texts, because a
/// context is held once; contexts that differ only in what a table leaves out are added up at the end.
#[derive(Debug, Default)]
pub struct Groups {
    by_context: FxHashMap<(i64, usize), Group>,
}

/// The calls of one context in one hour.
#[derive(Debug)]
pub struct Group {
    /// What they have in common.
    pub context: Arc<Context>,
    /// What that means.
    pub meaning: Arc<Meaning>,
    /// How many they are.
    pub counts: Counts,
    /// The first of them, in milliseconds since 1970 UTC.
    pub first_seen_ms: i64,
    /// The last of them.
    pub last_seen_ms: i64,
}

impl Groups {
    /// Counts a call.
    pub fn add(&mut self, call: &Call, meaning: &Arc<Meaning>) {
        let hour_ms = call.event_time_ms.div_euclid(HOUR_MS) * HOUR_MS;
        let group = self
            .by_context
            .entry((hour_ms, Arc::as_ptr(&call.context).addr()))
            .or_insert_with(|| Group {
                context: Arc::clone(&call.context),
                meaning: Arc::clone(meaning),
                counts: Counts::default(),
                first_seen_ms: call.event_time_ms,
                last_seen_ms: call.event_time_ms,
            });
        group.counts.add_call(meaning.outcome, call.input_tokens, call.output_tokens);
        group.first_seen_ms = group.first_seen_ms.min(call.event_time_ms);
        group.last_seen_ms = group.last_seen_ms.max(call.event_time_ms);
    }

    /// The rows of `routing_distribution`, in the table's order.
    pub fn routing_distribution(&self) -> Vec<RoutingRow> {
        let mut rows = BTreeMap::<RoutingKey, Counts>::new();
        for (hour_ms, group) in self.groups() {
            rows.entry(group.routing_key(hour_ms)).or_default().add(&group.counts);
        }
        rows.into_iter().map(|(key, counts)| RoutingRow { key, counts }).collect()
    }

    /// The rows of `unresolved_models`, in the table's order.
    pub fn unresolved_models(&self) -> Vec<UnresolvedRow> {
        type Key<'a> = (Option<&'a str>, &'static str);
        let mut rows = BTreeMap::<Key<'_>, (UnresolvedRow, BTreeSet<Option<&str>>)>::new();
        for (_, group) in self.groups() {
            let Err(reason) = group.meaning.resolution.model else { continue };
            let model_ref = group.context.model_ref.as_deref();
            let (row, accounts) = rows.entry((model_ref, reason.as_str())).or_insert_with(|| {
                let row = UnresolvedRow {
                    model_ref: model_ref.map(Box::from),
                    reason: reason.as_str(),
                    calls: 0,
                    first_seen_ms: group.first_seen_ms,
                    last_seen_ms: group.last_seen_ms,
                    accounts: 0,
                };
                (row, BTreeSet::new())
            });
            row.calls += group.counts.calls;
            row.first_seen_ms = row.first_seen_ms.min(group.first_seen_ms);
            row.last_seen_ms = row.last_seen_ms.max(group.last_seen_ms);
            accounts.insert(group.context.account_id.as_deref());
            row.accounts = i64::try_from(accounts.len()).unwrap_or(i64::MAX);
        }
        rows.into_values().map(|(row, _)| row).collect()
    }

    /// The groups with the beginning of their hour, in no particular order: whoever takes them adds
    /// them up into something ordered.
    pub fn groups(&self) -> impl Iterator<Item = (i64, &Group)> {
        self.by_context.iter().map(|((hour_ms, _), group)| (*hour_ms, group))
    }
}

impl Group {
    fn routing_key(&self, event_hour_ms: i64) -> RoutingKey {
        let model = self.meaning.resolution.model.as_ref().ok();
        RoutingKey {
            event_hour_ms,
            account_id: self.context.account_id.clone(),
            source_region: self.context.source_region.clone(),
            target: self.meaning.resolution.target.as_str(),
            scope: self.meaning.resolution.scope.clone(),
            model_id: model.map(|model| model.id.clone()),
            model_name: model.and_then(|model| model.name.clone()),
            inference_region: self.meaning.inference_region.clone(),
            inference_region_basis: self.meaning.basis.as_str(),
            residency: self.meaning.residency.map(Residency::as_str),
        }
    }
}

impl Counts {
    /// Adds a call.
    pub fn add_call(&mut self, outcome: Outcome, input: Option<i64>, output: Option<i64>) {
        let mut one = Counts { calls: 1, input_tokens: input, output_tokens: output, ..*self };
        one.by_outcome = Outcome::ALL.map(|known| i64::from(known == outcome));
        self.add(&one);
    }

    /// Adds other counts. Sums of tokens that would not fit stay at the largest number.
    pub fn add(&mut self, other: &Counts) {
        let sum = |a: Option<i64>, b: Option<i64>| match (a, b) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (a, b) => a.or(b),
        };
        self.calls += other.calls;
        for (mine, others) in self.by_outcome.iter_mut().zip(other.by_outcome) {
            *mine += others;
        }
        self.input_tokens = sum(self.input_tokens, other.input_tokens);
        self.output_tokens = sum(self.output_tokens, other.output_tokens);
    }
}
