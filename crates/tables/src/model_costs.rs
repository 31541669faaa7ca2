//! The table `model_costs`: what each model cost, and how sure that is.

use bedrock::money::Usd;

use crate::column::{
    Column,
    Value::{Count, Money, Text},
    optional, required,
};
use crate::table::{Refers, Table};

/// One row: what its calls have in common, and what they cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelCostRow {
    /// What the calls have in common.
    pub key: ModelCostKey,
    /// What they cost.
    pub sums: CostSums,
    /// The version of the price book.
    pub price_version: String,
}

/// What the calls of a row have in common, in the order of the table. The columns are those of
/// `invocations`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelCostKey {
    /// See `invocations`, and so on.
    pub account_id: Option<Box<str>>,
    /// See `invocations`.
    pub source_region: Option<Box<str>>,
    /// See `invocations`.
    pub model_id: Option<String>,
    /// See `invocations`.
    pub model_name: Option<String>,
    /// See `invocations`.
    pub target_type: &'static str,
    /// See `invocations.profile_scope`.
    pub profile_scope: Option<String>,
    /// See `invocations`.
    pub principal_name: Option<Box<str>>,
    /// See `invocations`.
    pub service_tier: Option<Box<str>>,
    /// See `invocations`.
    pub profile_name: Option<String>,
}

/// Sums over calls. A sum is `None` if no call has a value, which is not 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CostSums {
    /// All calls.
    pub calls: i64,
    /// Calls that succeeded.
    pub succeeded_calls: i64,
    /// Calls with token counts: `calls_priced + calls_unpriced`.
    pub calls_with_tokens: i64,
    /// Calls with a cost.
    pub calls_priced: i64,
    /// Those of `succeeded_calls` with token counts.
    pub succeeded_calls_with_tokens: i64,
    /// Those of `succeeded_calls` with a cost.
    pub succeeded_calls_priced: i64,
    /// Calls whose cost is a lower bound.
    pub calls_lower_bound: i64,
    /// Calls with token counts and without a cost.
    pub calls_unpriced: i64,
    /// Tokens: input, output, cache read, cache write.
    pub tokens: [Option<i64>; 4],
    /// Costs of these.
    pub costs: [Option<Usd>; 4],
    /// The sum of the costs.
    pub cost: Option<Usd>,
}

/// The table `model_costs`.
pub static MODEL_COSTS: Table<ModelCostRow> = Table {
    name: "model_costs",
    grain: "account × source_region × model × target_type × profile_scope × principal_name × service_tier × profile_name",
    doc: "What each model cost at list prices, with the counts that say how much of it is covered.",
    columns: COLUMNS,
    order: |a, b| a.key.cmp(&b.key),
    refers: Refers::NOTHING,
};

fn money(cost: Option<Usd>) -> Option<i128> {
    cost.map(Usd::units)
}

const COLUMNS: &[Column<ModelCostRow>] = &[
    optional("account_id", Text(|r| r.key.account_id.as_deref()), "As in invocations."),
    optional("source_region", Text(|r| r.key.source_region.as_deref()), "As in invocations."),
    optional("model_id", Text(|r| r.key.model_id.as_deref()), "As in invocations."),
    optional("model_name", Text(|r| r.key.model_name.as_deref()), "As in invocations."),
    required("target_type", Text(|r| Some(r.key.target_type)), "As in invocations."),
    optional(
        "profile_scope",
        Text(|r| r.key.profile_scope.as_deref()),
        "As profile_scope in invocations.",
    ),
    optional("principal_name", Text(|r| r.key.principal_name.as_deref()), "As in invocations."),
    optional("service_tier", Text(|r| r.key.service_tier.as_deref()), "As in invocations."),
    required("calls", Count(|r| Some(r.sums.calls)), "All calls."),
    required("succeeded_calls", Count(|r| Some(r.sums.succeeded_calls)), "Calls that succeeded."),
    required(
        "calls_with_tokens",
        Count(|r| Some(r.sums.calls_with_tokens)),
        "Calls with token counts: calls_priced + calls_unpriced.",
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
    optional("list_input_cost_usd", Money(|r| money(r.sums.costs[0])), "The cost of input."),
    optional("list_output_cost_usd", Money(|r| money(r.sums.costs[1])), "The cost of output."),
    optional(
        "list_cache_read_cost_usd",
        Money(|r| money(r.sums.costs[2])),
        "The cost of cache reads.",
    ),
    optional(
        "list_cache_write_cost_usd",
        Money(|r| money(r.sums.costs[3])),
        "The cost of cache writes.",
    ),
    optional(
        "list_cost_usd",
        Money(|r| money(r.sums.cost)),
        "The cost of the priced calls in US dollars at list prices; null if none is priced.",
    ),
    required(
        "calls_lower_bound",
        Count(|r| Some(r.sums.calls_lower_bound)),
        "Calls whose cost is a lower bound.",
    ),
    required(
        "calls_unpriced",
        Count(|r| Some(r.sums.calls_unpriced)),
        "Calls with token counts and without a cost.",
    ),
    required("price_version", Text(|r| Some(&r.price_version)), "The version of the price book."),
    optional("profile_name", Text(|r| r.key.profile_name.as_deref()), "As in invocations."),
];
