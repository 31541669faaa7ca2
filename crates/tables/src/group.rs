//! Counts calls: over the Regions, and over the references that no model was found for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bedrock::cost::CostBasis;
use bedrock::money::Usd;
use bedrock::region::Residency;
use bedrock::{Context, Meaning, Outcome};
use rustc_hash::FxHashMap;

use crate::invocations::Invocation;
use crate::model_costs::{CostSums, ModelCostKey, ModelCostRow};
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
    /// What they cost.
    pub sums: CostSums,
    /// The first of them, in milliseconds since 1970 UTC.
    pub first_seen_ms: i64,
    /// The last of them.
    pub last_seen_ms: i64,
}

impl Groups {
    /// Counts a call.
    pub fn add(&mut self, row: &Invocation) {
        let event_time_ms = row.call.event_time_ms;
        let hour_ms = event_time_ms.div_euclid(HOUR_MS) * HOUR_MS;
        let address = Arc::as_ptr(&row.call.context).addr();
        let group = self.by_context.entry((hour_ms, address)).or_insert_with(|| Group {
            context: Arc::clone(&row.call.context),
            meaning: Arc::clone(&row.meaning),
            counts: Counts::default(),
            sums: CostSums::default(),
            first_seen_ms: event_time_ms,
            last_seen_ms: event_time_ms,
        });
        group.counts.add_call(row);
        group.sums.add_call(row);
        group.first_seen_ms = group.first_seen_ms.min(event_time_ms);
        group.last_seen_ms = group.last_seen_ms.max(event_time_ms);
    }

    /// The rows of `routing_distribution`, in the table's order.
    pub fn routing_distribution(&self) -> Vec<RoutingRow> {
        let mut rows = BTreeMap::<RoutingKey, Counts>::new();
        for (hour_ms, group) in self.groups() {
            rows.entry(group.routing_key(hour_ms)).or_default().add(&group.counts);
        }
        rows.into_iter().map(|(key, counts)| RoutingRow { key, counts }).collect()
    }

    /// The rows of `model_costs`, in the table's order.
    pub fn model_costs(&self, price_version: &str) -> Vec<ModelCostRow> {
        let mut rows = BTreeMap::<ModelCostKey, CostSums>::new();
        for (_, group) in self.groups() {
            rows.entry(group.model_cost_key()).or_default().add(&group.sums);
        }
        let row = |(key, sums)| ModelCostRow { key, sums, price_version: price_version.to_owned() };
        rows.into_iter().map(row).collect()
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

impl Group {
    fn model_cost_key(&self) -> ModelCostKey {
        let resolution = &self.meaning.resolution;
        let model = resolution.model.as_ref().ok();
        ModelCostKey {
            account_id: self.context.account_id.clone(),
            source_region: self.context.source_region.clone(),
            model_id: model.map(|model| model.id.clone()),
            model_name: model.and_then(|model| model.name.clone()),
            target: resolution.target.as_str(),
            scope: resolution.scope.clone(),
            profile_name: resolution.alias_name.clone(),
            principal_name: self.context.principal.name.clone(),
            service_tier: self.context.service_tier.clone(),
        }
    }
}

impl CostSums {
    fn add_call(&mut self, row: &Invocation) {
        let is_ok = row.meaning.outcome == Outcome::Ok;
        let mut one = CostSums { calls: 1, ok_calls: i64::from(is_ok), ..CostSums::default() };
        if let Some(usage) = row.usage {
            one.calls_with_tokens = 1;
            one.ok_calls_with_tokens = one.ok_calls;
            one.tokens = [usage.input, usage.output, usage.cache_read, usage.cache_write];
            match row.cost {
                Ok(cost) => {
                    one.calls_priced = 1;
                    one.ok_calls_priced = one.ok_calls;
                    one.calls_partial = i64::from(cost.basis == CostBasis::Partial);
                    one.costs = [cost.input, cost.output, cost.cache_read, cost.cache_write];
                    one.cost = Some(cost.total);
                }
                Err(_) => one.calls_unpriced = 1,
            }
        }
        self.add(&one);
    }

    /// Adds other sums.
    pub fn add(&mut self, other: &CostSums) {
        self.calls += other.calls;
        self.ok_calls += other.ok_calls;
        self.calls_with_tokens += other.calls_with_tokens;
        self.calls_priced += other.calls_priced;
        self.ok_calls_with_tokens += other.ok_calls_with_tokens;
        self.ok_calls_priced += other.ok_calls_priced;
        self.calls_partial += other.calls_partial;
        self.calls_unpriced += other.calls_unpriced;
        for (mine, others) in self.tokens.iter_mut().zip(other.tokens) {
            *mine = sum(*mine, others, i64::saturating_add);
        }
        for (mine, others) in self.costs.iter_mut().zip(other.costs) {
            *mine = sum(*mine, others, Usd::saturating_add);
        }
        self.cost = sum(self.cost, other.cost, Usd::saturating_add);
    }
}

/// A sum in which nothing is not 0.
fn sum<T>(a: Option<T>, b: Option<T>, add: impl Fn(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(add(a, b)),
        (a, b) => a.or(b),
    }
}

impl Counts {
    /// Adds a call.
    pub fn add_call(&mut self, row: &Invocation) {
        let outcome = row.meaning.outcome;
        self.add(&Counts {
            calls: 1,
            by_outcome: Outcome::ALL.map(|known| i64::from(known == outcome)),
            input_tokens: row.usage.and_then(|usage| usage.input),
            output_tokens: row.usage.and_then(|usage| usage.output),
        });
    }

    /// Adds other counts. Sums of tokens that would not fit stay at the largest number.
    pub fn add(&mut self, other: &Counts) {
        self.calls += other.calls;
        for (mine, others) in self.by_outcome.iter_mut().zip(other.by_outcome) {
            *mine += others;
        }
        self.input_tokens = sum(self.input_tokens, other.input_tokens, i64::saturating_add);
        self.output_tokens = sum(self.output_tokens, other.output_tokens, i64::saturating_add);
    }
}
