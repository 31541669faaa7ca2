//! Counts calls: over the Regions, by what they cost, and over the references that no model was found
//! for.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;
use std::sync::Arc;

use bedrock::cost::CostBasis;
use bedrock::money::Usd;
use bedrock::region::Residency;
use bedrock::{Outcome, Usage};
use rustc_hash::FxHashMap;

use crate::invocations::Invocation;
use crate::model_costs::{CostSums, ModelCostKey, ModelCostRow};
use crate::referred::ContextMeaning;
use crate::routing_distribution::{Counts, RoutingKey, RoutingRow};
use crate::unresolved_models::UnresolvedRow;

const HOUR_MS: i64 = 3_600_000;

/// Counts a day's calls, in the order of their times.
///
/// A call is counted under the number of its context, which costs no comparison of texts. What a table
/// tells apart are texts: which contexts are one route is found once, before the first call; the rest is
/// added up after the last one.
#[derive(Debug)]
pub struct Groups<'a> {
    contexts: &'a [ContextMeaning],
    by_context: Vec<ContextSums>,
    /// The routes, in the order of the table.
    routes: Vec<Arc<RoutingKey>>,
    /// The calls of `hour_ms` by route.
    hour: Vec<Counts>,
    hour_ms: i64,
    routing_distribution: Vec<RoutingRow>,
}

/// A day's calls, counted.
#[derive(Debug)]
pub struct Grouped<'a> {
    /// The rows of `routing_distribution`, in the table's order.
    pub routing_distribution: Vec<RoutingRow>,
    contexts: &'a [ContextMeaning],
    by_context: Vec<ContextSums>,
}

/// The calls of a day that have a context in common.
#[derive(Debug, Clone, Copy)]
pub struct Group<'a> {
    /// What they have in common, and what that means.
    pub context: &'a ContextMeaning,
    /// How many they are, and what they cost.
    pub sums: &'a CostSums,
    /// The first of them, in milliseconds since 1970 UTC.
    pub first_seen_ms: i64,
    /// The last of them.
    pub last_seen_ms: i64,
}

#[derive(Debug, Clone)]
struct ContextSums {
    /// The context's route, by number.
    route: u32,
    /// The place of its outcome in [`Outcome::ALL`].
    outcome: Option<usize>,
    is_ok: bool,
    sums: CostSums,
    first_seen_ms: i64,
    last_seen_ms: i64,
}

impl<'a> Groups<'a> {
    /// Nothing is counted yet. `contexts` are those that the calls are going to refer to.
    pub fn new(contexts: &'a [ContextMeaning]) -> Self {
        let (ways, way_of) = in_order(contexts.iter().map(way));
        let with_ways = contexts.iter().zip(way_of);
        let with_ways = with_ways.map(|(known, way)| (known.context.account_id(), way));
        let (routes, route_of) = in_order(with_ways);
        let sums = |(context, route)| ContextSums::new(context, route);
        let by_context = contexts.iter().zip(route_of).map(sums).collect();
        let key = |(account_id, way): (_, u32)| routing_key(account_id, ways[way as usize]);
        let routes = routes.into_iter().map(|route| Arc::new(key(route))).collect::<Vec<_>>();
        let hour = vec![Counts::default(); routes.len()];
        let (hour_ms, routing_distribution) = (i64::MIN, Vec::new());
        Groups { contexts, by_context, routes, hour, hour_ms, routing_distribution }
    }

    /// Counts a call, which is not earlier than those that were counted before.
    ///
    /// # Panics
    /// If it refers to a context that is none of those that were given.
    pub fn add(&mut self, row: &Invocation) {
        let event_time_ms = row.event_time_ms;
        let hour_ms = event_time_ms.div_euclid(HOUR_MS) * HOUR_MS;
        if hour_ms != self.hour_ms {
            debug_assert!(hour_ms > self.hour_ms, "{hour_ms} after {}", self.hour_ms);
            self.end_hour();
            self.hour_ms = hour_ms;
        }
        let of_context = &mut self.by_context[row.context as usize];
        if of_context.sums.calls == 0 {
            of_context.first_seen_ms = event_time_ms;
        }
        of_context.last_seen_ms = event_time_ms;
        of_context.sums.add_call(of_context.is_ok, row);
        self.hour[of_context.route as usize].add_call(of_context.outcome, row.usage.as_ref());
    }

    /// Makes rows of what was counted in an hour.
    fn end_hour(&mut self) {
        for (key, counts) in self.routes.iter().zip(&mut self.hour) {
            if counts.calls > 0 {
                let (event_hour_ms, key) = (self.hour_ms, Arc::clone(key));
                let counts = std::mem::take(counts);
                self.routing_distribution.push(RoutingRow { event_hour_ms, key, counts });
            }
        }
    }

    /// Ends the counting.
    pub fn finish(mut self) -> Grouped<'a> {
        self.end_hour();
        let Groups { contexts, by_context, routing_distribution, .. } = self;
        Grouped { routing_distribution, contexts, by_context }
    }
}

impl Grouped<'_> {
    /// The rows of `model_costs`, in the table's order.
    pub fn model_costs(&self, price_version: &str) -> Vec<ModelCostRow> {
        let (keys, places) = in_order(self.groups().map(|group| cost_texts(group.context)));
        let mut sums = vec![CostSums::default(); keys.len()];
        for (group, place) in self.groups().zip(places) {
            sums[place as usize].add(group.sums);
        }
        let row = |(texts, sums)| {
            let (key, price_version) = (model_cost_key(texts), price_version.to_owned());
            ModelCostRow { key, sums, price_version }
        };
        keys.into_iter().zip(sums).map(row).collect()
    }

    /// The rows of `unresolved_models`, in the table's order.
    pub fn unresolved_models(&self) -> Vec<UnresolvedRow> {
        type Key<'a> = (Option<&'a str>, &'static str);
        let mut rows = BTreeMap::<Key<'_>, (UnresolvedRow, BTreeSet<Option<&str>>)>::new();
        for group in self.groups() {
            let ContextMeaning { context, meaning } = group.context;
            let Err(reason) = meaning.resolution.model else { continue };
            let model_ref = context.model_ref();
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
            row.calls += group.sums.calls;
            row.first_seen_ms = row.first_seen_ms.min(group.first_seen_ms);
            row.last_seen_ms = row.last_seen_ms.max(group.last_seen_ms);
            accounts.insert(context.account_id());
            row.accounts = i64::try_from(accounts.len()).unwrap_or(i64::MAX);
        }
        rows.into_values().map(|(row, _)| row).collect()
    }

    /// The calls by context, of those contexts that have any, in the order of their numbers. That order
    /// may depend on the order of arrival: whoever takes them adds them up into something ordered.
    pub fn groups(&self) -> impl Iterator<Item = Group<'_>> {
        let all = self.contexts.iter().zip(&self.by_context);
        all.filter(|(_, counted)| counted.sums.calls > 0).map(|(context, counted)| Group {
            context,
            sums: &counted.sums,
            first_seen_ms: counted.first_seen_ms,
            last_seen_ms: counted.last_seen_ms,
        })
    }
}

impl ContextSums {
    fn new(context: &ContextMeaning, route: u32) -> Self {
        let outcome = context.meaning.outcome;
        ContextSums {
            route,
            outcome: Outcome::ALL.iter().position(|known| *known == outcome),
            is_ok: outcome == Outcome::Succeeded,
            sums: CostSums::default(),
            first_seen_ms: 0,
            last_seen_ms: 0,
        }
    }
}

/// Things in their order, each once, and the place of each of `all` among them.
fn in_order<T: Copy + Ord + Hash>(all: impl Iterator<Item = T>) -> (Vec<T>, Vec<u32>) {
    let mut numbers = FxHashMap::<T, u32>::default();
    let number = |thing| {
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        *numbers.entry(thing).or_insert(next)
    };
    let of_all = all.map(number).collect::<Vec<_>>();
    let mut ordered = numbers.into_iter().collect::<Vec<_>>();
    ordered.sort_unstable();
    let mut places = vec![0; ordered.len()];
    for (place, (_, number)) in (0u32..).zip(&ordered) {
        places[*number as usize] = place;
    }
    let ordered = ordered.into_iter().map(|(thing, _)| thing).collect();
    (ordered, of_all.into_iter().map(|number| places[number as usize]).collect())
}

/// The fields of a [`RoutingKey`] behind the account, in their order, borrowed. Accounts go the same
/// ways, so that these are compared among themselves first.
type Way<'a> = (
    Option<&'a str>,
    &'static str,
    Option<&'a str>,
    Option<&'a str>,
    Option<&'a str>,
    Option<&'a str>,
    &'static str,
    Option<&'static str>,
);

fn way(known: &ContextMeaning) -> Way<'_> {
    let ContextMeaning { context, meaning } = known;
    let model = known.model();
    (
        context.source_region(),
        meaning.resolution.target_type.as_str(),
        meaning.resolution.profile_scope.as_deref(),
        model.map(|model| model.id.as_str()),
        model.and_then(|model| model.name.as_deref()),
        meaning.inference_region.as_deref(),
        meaning.basis.as_str(),
        meaning.residency.map(Residency::as_str),
    )
}

fn routing_key(account_id: Option<&str>, way: Way<'_>) -> RoutingKey {
    RoutingKey {
        account_id: account_id.map(Box::from),
        source_region: way.0.map(Box::from),
        target_type: way.1,
        profile_scope: way.2.map(str::to_owned),
        model_id: way.3.map(str::to_owned),
        model_name: way.4.map(str::to_owned),
        inference_region: way.5.map(str::to_owned),
        inference_region_basis: way.6,
        residency: way.7,
    }
}

/// The fields of a [`ModelCostKey`] in their order, borrowed.
type CostTexts<'a> = (
    Option<&'a str>,
    Option<&'a str>,
    Option<&'a str>,
    Option<&'a str>,
    &'static str,
    Option<&'a str>,
    Option<&'a str>,
    Option<&'a str>,
    Option<&'a str>,
);

fn cost_texts(known: &ContextMeaning) -> CostTexts<'_> {
    let ContextMeaning { context, meaning } = known;
    let (resolution, model) = (&meaning.resolution, known.model());
    (
        context.account_id(),
        context.source_region(),
        model.map(|model| model.id.as_str()),
        model.and_then(|model| model.name.as_deref()),
        resolution.target_type.as_str(),
        resolution.profile_scope.as_deref(),
        context.principal_name(),
        context.service_tier(),
        resolution.alias_name.as_deref(),
    )
}

fn model_cost_key(texts: CostTexts<'_>) -> ModelCostKey {
    ModelCostKey {
        account_id: texts.0.map(Box::from),
        source_region: texts.1.map(Box::from),
        model_id: texts.2.map(str::to_owned),
        model_name: texts.3.map(str::to_owned),
        target_type: texts.4,
        profile_scope: texts.5.map(str::to_owned),
        principal_name: texts.6.map(Box::from),
        service_tier: texts.7.map(Box::from),
        profile_name: texts.8.map(str::to_owned),
    }
}

impl CostSums {
    fn add_call(&mut self, is_ok: bool, row: &Invocation) {
        let ok = i64::from(is_ok);
        self.calls += 1;
        self.succeeded_calls += ok;
        let Some(usage) = &row.usage else { return };
        self.calls_with_tokens += 1;
        self.succeeded_calls_with_tokens += ok;
        self.add_tokens([usage.input, usage.output, usage.cache_read, usage.cache_write]);
        match &row.cost {
            Ok(cost) => {
                self.calls_priced += 1;
                self.succeeded_calls_priced += ok;
                self.calls_lower_bound += i64::from(cost.basis == CostBasis::LowerBound);
                let parts = [cost.input, cost.output, cost.cache_read, cost.cache_write];
                self.add_costs(parts, Some(cost.total));
            }
            Err(_) => self.calls_unpriced += 1,
        }
    }

    /// Adds other sums.
    pub fn add(&mut self, other: &CostSums) {
        self.calls += other.calls;
        self.succeeded_calls += other.succeeded_calls;
        self.calls_with_tokens += other.calls_with_tokens;
        self.calls_priced += other.calls_priced;
        self.succeeded_calls_with_tokens += other.succeeded_calls_with_tokens;
        self.succeeded_calls_priced += other.succeeded_calls_priced;
        self.calls_lower_bound += other.calls_lower_bound;
        self.calls_unpriced += other.calls_unpriced;
        self.add_tokens(other.tokens);
        self.add_costs(other.costs, other.cost);
    }

    fn add_tokens(&mut self, tokens: [Option<i64>; 4]) {
        for (mine, others) in self.tokens.iter_mut().zip(tokens) {
            *mine = sum(*mine, others, i64::saturating_add);
        }
    }

    fn add_costs(&mut self, costs: [Option<Usd>; 4], cost: Option<Usd>) {
        for (mine, others) in self.costs.iter_mut().zip(costs) {
            *mine = sum(*mine, others, Usd::saturating_add);
        }
        self.cost = sum(self.cost, cost, Usd::saturating_add);
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
    /// Adds a call, whose outcome is told by its place in [`Outcome::ALL`]. Sums of tokens that would
    /// not fit stay at the largest number.
    fn add_call(&mut self, outcome: Option<usize>, usage: Option<&Usage>) {
        self.calls += 1;
        if let Some(outcome) = outcome {
            self.by_outcome[outcome] += 1;
        }
        if let Some(usage) = usage {
            self.input_tokens = sum(self.input_tokens, usage.input, i64::saturating_add);
            self.output_tokens = sum(self.output_tokens, usage.output, i64::saturating_add);
        }
    }
}

#[cfg(test)]
mod tests {
    use bedrock::cost::{TokenSource, Unpriced};
    use bedrock::{CallId, Context, Knowledge, Said};

    use super::*;

    fn contexts() -> Vec<ContextMeaning> {
        let context = |event_name: &str, region: &str, error_code: Option<&str>| {
            let (account_id, source_region) = (Some("111122223333"), Some(region));
            let said =
                Said { account_id, source_region, event_name, error_code, ..Said::default() };
            Context::new(&said)
        };
        let contexts = [
            context("Converse", "us-west-2", None),
            context("InvokeModel", "eu-central-1", None),
            context("Converse", "eu-central-1", None),
            context("Converse", "eu-central-1", Some("ThrottlingException")),
        ];
        let knowledge = Knowledge::embedded();
        let meaning = |context: Context| {
            let meaning = Arc::new(knowledge.meaning_of(&context));
            ContextMeaning { context: Arc::new(context), meaning }
        };
        contexts.map(meaning).to_vec()
    }

    fn call(event_time_ms: i64, context: u32, input: Option<i64>) -> Invocation {
        let usage = input.map(|input| Usage {
            input: Some(input),
            output: None,
            cache_read: None,
            cache_write: None,
            cache_write_1h: None,
            source: TokenSource::CloudTrail,
            input_includes_cache: false,
        });
        Invocation {
            event_time_ms,
            event_id: CallId::new("e"),
            request_id: None,
            usage,
            cost: Err(Unpriced::NoPrice),
            context,
            caller: 0,
            object: 0,
        }
    }

    #[test]
    fn contexts_of_one_route_are_added_up_by_the_hour() {
        let contexts = contexts();
        let mut groups = Groups::new(&contexts);
        let calls = [
            call(0, 0, None),
            call(1, 1, Some(5)),
            call(2, 2, Some(7)),
            call(HOUR_MS - 1, 3, None),
            call(HOUR_MS, 2, None),
            call(3 * HOUR_MS, 2, None),
        ];
        calls.iter().for_each(|call| groups.add(call));
        let groups = groups.finish();
        let rows = groups.routing_distribution.iter().map(|row| {
            let region = row.key.source_region.as_deref().unwrap_or_default().to_owned();
            let ran = row.key.inference_region.is_some();
            let hour = row.event_hour_ms / HOUR_MS;
            (hour, region, ran, row.counts.by_outcome, row.counts.input_tokens)
        });
        let expected = [
            (0, "eu-central-1".to_owned(), false, [0, 0, 1, 0], None),
            (0, "eu-central-1".to_owned(), true, [2, 0, 0, 0], Some(12)),
            (0, "us-west-2".to_owned(), true, [1, 0, 0, 0], None),
            (1, "eu-central-1".to_owned(), true, [1, 0, 0, 0], None),
            (3, "eu-central-1".to_owned(), true, [1, 0, 0, 0], None),
        ];
        assert_eq!(rows.collect::<Vec<_>>(), expected);
        let costs = groups.model_costs("1");
        let counted = |row: &ModelCostRow| {
            (
                row.sums.calls,
                row.sums.succeeded_calls,
                row.sums.calls_with_tokens,
                row.sums.calls_unpriced,
            )
        };
        assert_eq!(costs.iter().map(counted).collect::<Vec<_>>(), [(5, 4, 2, 2), (1, 1, 0, 0)]);
        let unresolved = groups.unresolved_models();
        let [row] = unresolved.as_slice() else { panic!("one reference: none") };
        let seen = (row.calls, row.first_seen_ms, row.last_seen_ms, row.accounts);
        assert_eq!(seen, (6, 0, 3 * HOUR_MS, 1));
    }
}
