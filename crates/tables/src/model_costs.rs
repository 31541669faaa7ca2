//! The table `model_costs`: what each model cost, and how sure that is. Its rows and columns are those of
//! `attributed_costs` too, which tells callers apart.

use std::cmp::Ordering;
use std::sync::Arc;

use bedrock::cost::{Cost, CostBasis};
use bedrock::money::Usd;
use bedrock::{CostGaps, Meaning, TargetType};
use serde::{Deserialize, Serialize};

use crate::attributed_costs::Caller;
use crate::column::{
    Column,
    Value::{Count, Gaps, Money, Text},
    optional, required,
};
use crate::invocations::Invocation;
use crate::merge::{GroupRow, sum};
use crate::references::Refers;
use crate::table::Table;

/// One row: what its calls have in common, and what they cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostRow {
    /// What the calls have in common. Many rows of `attributed_costs` share one.
    pub key: Arc<ModelCostKey>,
    /// Who made them; nobody in `model_costs`.
    pub caller: Caller,
    /// What they cost.
    pub sums: CostSums,
    /// The version of the price book.
    pub price_version: Arc<str>,
}

/// What the calls of a row have in common, in the order of the table. The columns are those of
/// `invocations`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ModelCostKey {
    /// See `invocations`, and so on.
    pub account_id: Option<Arc<str>>,
    /// See `invocations`.
    pub source_region: Option<Arc<str>>,
    /// What was called.
    pub called: Arc<Called<Box<str>>>,
    /// See `invocations`.
    pub principal_name: Option<Arc<str>>,
    /// See `invocations`.
    pub service_tier: Option<Arc<str>>,
    /// See `invocations`.
    pub cost_basis: Option<CostBasis>,
    /// See `invocations`.
    pub cost_gap: CostGaps,
}

/// What was called, as far as costs are told apart by it; `T` is the text. The columns are those of
/// `invocations`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Called<T> {
    /// See `invocations`, and so on.
    pub model_id: Option<T>,
    /// See `invocations`.
    pub model_name: Option<T>,
    /// See `invocations`.
    pub target_type: TargetType,
    /// See `invocations`.
    pub profile_scope: Option<T>,
    /// See `invocations`.
    pub profile_name: Option<T>,
}

/// Sums over calls. A sum is `None` if no call has a value, which is not 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostSums {
    /// All calls.
    pub calls: i64,
    /// Calls that succeeded.
    pub succeeded_calls: i64,
    /// Calls with token counts: `calls_with_tokens + calls_with_units = calls_priced + calls_unpriced`.
    pub calls_with_tokens: i64,
    /// Calls without token counts of which other units are counted.
    pub calls_with_units: i64,
    /// Calls with a cost.
    pub calls_priced: i64,
    /// Those of `succeeded_calls` with token counts.
    pub succeeded_calls_with_tokens: i64,
    /// Those of `calls_with_units` that succeeded.
    pub succeeded_calls_with_units: i64,
    /// Those of `succeeded_calls` with a cost.
    pub succeeded_calls_priced: i64,
    /// Calls whose cost is a lower bound.
    pub calls_lower_bound: i64,
    /// Calls whose cost is an estimate.
    pub calls_estimate: i64,
    /// Calls with counts but no cost.
    pub calls_unpriced: i64,
    /// Tokens: input, output, cache read, cache write.
    pub tokens: [Option<i64>; 4],
    /// Other units: images, tokens of speech, search units, units of guardrails.
    pub units: [Option<i64>; 4],
    /// Costs of the tokens, and of other units.
    pub costs: [Option<Usd>; 5],
    /// The sum of the costs.
    pub cost: Option<Usd>,
    /// The same with the upper ends of the estimates.
    pub cost_max: Option<Usd>,
    /// The sum of what the calls cost by what was negotiated.
    pub contracted: Option<Usd>,
    /// Calls that cost something else by what was negotiated than at list prices.
    pub calls_discounted: i64,
}

/// The table `model_costs`.
pub static MODEL_COSTS: Table<CostRow> = Table {
    name: "model_costs",
    grain: "account × source_region × model × target_type × profile_scope × profile_name × principal_name × service_tier × cost_basis × cost_gap",
    doc: "What each model cost at list prices, with counts that show how much of it is covered.",
    is_by_day: true,
    columns: COLUMNS,
    order: CostRow::compare_group,
    refers: Refers::NOTHING,
};

fn money(cost: Option<Usd>) -> Option<i128> {
    cost.map(Usd::units)
}

/// The columns, which `attributed_costs` has too.
pub(crate) const COLUMNS: &[Column<CostRow>] = &[
    optional("account_id", Text(|r| r.key.account_id.as_deref()), "As in invocations."),
    optional("source_region", Text(|r| r.key.source_region.as_deref()), "As in invocations."),
    optional("model_id", Text(|r| r.key.called.model_id.as_deref()), "As in invocations."),
    optional("model_name", Text(|r| r.key.called.model_name.as_deref()), "As in invocations."),
    required(
        "target_type",
        Text(|r| Some(r.key.called.target_type.as_str())),
        "As in invocations.",
    ),
    optional(
        "profile_scope",
        Text(|r| r.key.called.profile_scope.as_deref()),
        "As in invocations.",
    ),
    optional("principal_name", Text(|r| r.key.principal_name.as_deref()), "As in invocations."),
    optional("service_tier", Text(|r| r.key.service_tier.as_deref()), "As in invocations."),
    required("calls", Count(|r| Some(r.sums.calls)), "All calls."),
    required("succeeded_calls", Count(|r| Some(r.sums.succeeded_calls)), "Calls that succeeded."),
    required(
        "calls_with_tokens",
        Count(|r| Some(r.sums.calls_with_tokens)),
        "Calls with token counts.",
    ),
    required("calls_priced", Count(|r| Some(r.sums.calls_priced)), "Calls with a cost."),
    optional(
        "input_tokens",
        Count(|r| r.sums.tokens[0]),
        "Input tokens; null if no call has a count.",
    ),
    optional("output_tokens", Count(|r| r.sums.tokens[1]), "Output tokens."),
    optional("cache_read_tokens", Count(|r| r.sums.tokens[2]), "Input tokens read from the cache."),
    optional(
        "cache_write_tokens",
        Count(|r| r.sums.tokens[3]),
        "Input tokens written to the cache.",
    ),
    optional(
        "list_input_cost_usd",
        Money(|r| money(r.sums.costs[0])),
        "The list cost of input tokens.",
    ),
    optional(
        "list_output_cost_usd",
        Money(|r| money(r.sums.costs[1])),
        "The list cost of output tokens.",
    ),
    optional(
        "list_cache_read_cost_usd",
        Money(|r| money(r.sums.costs[2])),
        "The list cost of cache reads.",
    ),
    optional(
        "list_cache_write_cost_usd",
        Money(|r| money(r.sums.costs[3])),
        "The list cost of cache writes.",
    ),
    optional(
        "list_cost_usd",
        Money(|r| money(r.sums.cost)),
        "The list cost of the priced calls in US dollars, the sum of the four parts and list_unit_cost_usd, of estimates the lower end; null if none is priced.",
    ),
    required(
        "calls_lower_bound",
        Count(|r| Some(r.sums.calls_lower_bound)),
        "Calls whose cost is a lower bound.",
    ),
    required(
        "calls_unpriced",
        Count(|r| Some(r.sums.calls_unpriced)),
        "Calls with counts of tokens or other units but no cost: see cost_gap.",
    ),
    required("price_version", Text(|r| Some(&r.price_version)), "The version of the price book."),
    optional("profile_name", Text(|r| r.key.called.profile_name.as_deref()), "As in invocations."),
    optional("cost_basis", Text(|r| r.key.cost_basis.map(CostBasis::as_str)), "As in invocations."),
    optional("cost_gap", Gaps(|r| r.key.cost_gap), "As in invocations."),
    optional(
        "list_cost_max_usd",
        Money(|r| money(r.sums.upper_end())),
        "The sum of the upper ends of estimates in US dollars at list prices; null for every other cost_basis.",
    ),
    optional(
        "contracted_cost_usd",
        Money(|r| money(r.sums.contracted)),
        "The sum of contracted_cost_usd of invocations; null without a discount file, or if no call is priced.",
    ),
    optional("images", Count(|r| r.sums.units[0]), "Images that were generated or embedded."),
    optional(
        "speech_tokens",
        Count(|r| r.sums.units[1]),
        "Tokens of speech, which are among input_tokens and output_tokens too.",
    ),
    optional("search_units", Count(|r| r.sums.units[2]), "Search units of rerankers."),
    optional(
        "guardrail_units",
        Count(|r| r.sums.units[3]),
        "Text units and images that guardrails covered, of policies that are not free.",
    ),
    optional(
        "list_unit_cost_usd",
        Money(|r| money(r.sums.costs[4])),
        "The list cost of other units than text tokens: images, speech, queries, guardrails.",
    ),
    required(
        "calls_with_units",
        Count(|r| Some(r.sums.calls_with_units)),
        "Calls without token counts of which other units are counted: calls_with_tokens + calls_with_units = calls_priced + calls_unpriced.",
    ),
];

impl<'m> Called<&'m str> {
    /// What a call with this meaning called.
    pub(crate) fn of(meaning: &'m Meaning) -> Self {
        let (resolution, model) = (&meaning.resolution, meaning.model());
        Called {
            model_id: model.map(|model| &*model.id),
            model_name: model.and_then(|model| model.name.as_deref()),
            target_type: resolution.target_type,
            profile_scope: resolution.profile_scope.as_deref(),
            profile_name: resolution.alias_name.as_deref(),
        }
    }

    /// With texts of its own.
    pub(crate) fn owned(self) -> Called<Box<str>> {
        Called {
            model_id: self.model_id.map(Box::from),
            model_name: self.model_name.map(Box::from),
            target_type: self.target_type,
            profile_scope: self.profile_scope.map(Box::from),
            profile_name: self.profile_name.map(Box::from),
        }
    }
}

impl GroupRow for CostRow {
    fn compare_group(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key).then_with(|| self.caller.cmp(&other.caller))
    }

    fn merge(&mut self, other: Self) {
        self.sums.add(&other.sums);
    }
}

impl CostSums {
    /// Adds a call.
    pub fn add_call(&mut self, succeeded: bool, row: &Invocation) {
        let succeeded = i64::from(succeeded);
        self.calls += 1;
        self.succeeded_calls += succeeded;
        let (units, has_cost) = (row.units.counts(), row.figure.cost.is_some());
        if let Some(usage) = &row.usage {
            self.calls_with_tokens += 1;
            self.succeeded_calls_with_tokens += succeeded;
            let tokens = [usage.input, usage.output, usage.cache_read, usage.cache_write];
            self.add_counts(tokens, units);
        } else if has_cost || row.units.is_any() {
            self.calls_with_units += 1;
            self.succeeded_calls_with_units += succeeded;
            self.add_counts([None; 4], units);
        } else {
            return;
        }
        match &row.figure.cost {
            Some(cost) => {
                self.calls_priced += 1;
                self.succeeded_calls_priced += succeeded;
                self.calls_lower_bound += i64::from(cost.basis == CostBasis::LowerBound);
                self.calls_estimate += i64::from(cost.basis == CostBasis::Estimate);
                let Cost { input, output, cache_read, cache_write, units, .. } = *cost;
                let parts = [input, output, cache_read, cache_write, units];
                self.add_costs(parts, Some(cost.total), Some(cost.max.unwrap_or(cost.total)));
                self.add_contracted(cost.contracted);
                let is_discounted = cost.contracted.is_some_and(|usd| usd != cost.total);
                self.calls_discounted += i64::from(is_discounted);
            }
            None => self.calls_unpriced += 1,
        }
    }

    /// The upper end of the costs, if there are estimates among them.
    pub fn upper_end(&self) -> Option<Usd> {
        self.cost_max.filter(|_| self.calls_estimate > 0)
    }

    /// All sums: numbers of calls, counts of tokens and other units, amounts.
    pub(crate) fn parts_mut(
        &mut self,
    ) -> ([&mut i64; 12], [&mut Option<i64>; 8], [&mut Option<Usd>; 8]) {
        let CostSums {
            calls,
            succeeded_calls,
            calls_with_tokens,
            calls_with_units,
            calls_priced,
            succeeded_calls_with_tokens,
            succeeded_calls_with_units,
            succeeded_calls_priced,
            calls_lower_bound,
            calls_estimate,
            calls_unpriced,
            tokens: [tokens_in, tokens_out, tokens_read, tokens_written],
            units: [images, speech, searches, guardrails],
            costs: [input, output, cache_read, cache_write, other_units],
            cost,
            cost_max,
            contracted,
            calls_discounted,
        } = self;
        let calls = [
            calls,
            succeeded_calls,
            calls_with_tokens,
            calls_with_units,
            calls_priced,
            succeeded_calls_with_tokens,
            succeeded_calls_with_units,
            succeeded_calls_priced,
            calls_lower_bound,
            calls_estimate,
            calls_unpriced,
            calls_discounted,
        ];
        let counts = [
            tokens_in,
            tokens_out,
            tokens_read,
            tokens_written,
            images,
            speech,
            searches,
            guardrails,
        ];
        let amounts =
            [input, output, cache_read, cache_write, other_units, cost, cost_max, contracted];
        (calls, counts, amounts)
    }

    /// Adds other sums.
    pub fn add(&mut self, other: &CostSums) {
        self.calls += other.calls;
        self.succeeded_calls += other.succeeded_calls;
        self.calls_with_tokens += other.calls_with_tokens;
        self.calls_with_units += other.calls_with_units;
        self.succeeded_calls_with_units += other.succeeded_calls_with_units;
        self.calls_priced += other.calls_priced;
        self.succeeded_calls_with_tokens += other.succeeded_calls_with_tokens;
        self.succeeded_calls_priced += other.succeeded_calls_priced;
        self.calls_lower_bound += other.calls_lower_bound;
        self.calls_estimate += other.calls_estimate;
        self.calls_unpriced += other.calls_unpriced;
        self.add_counts(other.tokens, other.units);
        self.calls_discounted += other.calls_discounted;
        self.add_costs(other.costs, other.cost, other.cost_max);
        self.add_contracted(other.contracted);
    }

    /// Sums of tokens that would not fit stay at the largest number, and so do those of costs.
    fn add_counts(&mut self, tokens: [Option<i64>; 4], units: [Option<i64>; 4]) {
        let mine = self.tokens.iter_mut().chain(&mut self.units);
        for (mine, others) in mine.zip(tokens.into_iter().chain(units)) {
            *mine = sum(*mine, others, i64::saturating_add);
        }
    }

    fn add_costs(&mut self, costs: [Option<Usd>; 5], cost: Option<Usd>, cost_max: Option<Usd>) {
        for (mine, others) in self.costs.iter_mut().zip(costs) {
            *mine = sum(*mine, others, Usd::saturating_add);
        }
        self.cost = sum(self.cost, cost, Usd::saturating_add);
        self.cost_max = sum(self.cost_max, cost_max, Usd::saturating_add);
    }

    fn add_contracted(&mut self, contracted: Option<Usd>) {
        self.contracted = sum(self.contracted, contracted, Usd::saturating_add);
    }
}
