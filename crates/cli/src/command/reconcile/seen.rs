//! What the tables have of the tokens that bills charge.

use bedrock::billing::{Amount, Key, SeenUsage};
use bedrock::cost::{CostGap, tier};
use bedrock::model_ref::TargetType;
use bedrock::price::{Routing, Tier};
use tables::query::{Aggregate, Answer, Cell, Key as Column, Measure, Question, Sort};

/// What usage is told apart by, in both tables, after the day.
const KEYS: [&str; 5] =
    ["account_id", "source_region", "model_id", "profile_scope", "principal_name"];

/// Of the kinds of tokens, in their order.
const TOKENS: [&str; 4] =
    ["input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"];
const COSTS: [&str; 4] = [
    "list_input_cost_usd",
    "list_output_cost_usd",
    "list_cache_read_cost_usd",
    "list_cache_write_cost_usd",
];

/// What is not counted of a call, by the column `cost_gap`, in the order of the kinds.
const NO_COUNTS: [CostGap; 4] = [
    CostGap::NoCountInput,
    CostGap::NoCountOutput,
    CostGap::NoCountCacheRead,
    CostGap::NoCountCacheWrite,
];

/// What the tables have.
#[derive(Default)]
pub(super) struct SeenTokens {
    pub(super) usage: Vec<SeenUsage>,
    /// Calls without a known account, Region, or model.
    pub(super) unresolved: u64,
    /// Calls that are not billed by the token of a foundation model: to custom and imported models, to provisioned
    /// and reserved capacity, with speech.
    pub(super) other_units: u64,
}

/// The questions: about calls, then about batch jobs.
pub(super) fn questions(by_principal: bool) -> [Question; 2] {
    let keys = KEYS.into_iter().filter(|key| by_principal || *key != "principal_name");
    let mut keys = std::iter::once(Column::Day).chain(keys.map(Column::Column)).collect::<Vec<_>>();
    keys.extend(["target_type", "cost_gap"].map(Column::Column));
    let sum = |name: &'static str| Measure { name, of: Aggregate::Sum(name) };
    let mut of_calls = ["succeeded_calls", "calls_with_tokens"].map(sum).to_vec();
    of_calls.extend(TOKENS.map(sum));
    of_calls.extend(COSTS.map(sum));
    of_calls.extend(["contracted_cost_usd", "speech_tokens"].map(sum));
    let of_jobs = vec![
        Measure { name: "jobs", of: Aggregate::Rows },
        Measure { name: "jobs_with_tokens", of: Aggregate::RowsWith("token_source", "job_output") },
        sum("input_tokens"),
        sum("output_tokens"),
        sum("list_cost_usd"),
        sum("contracted_cost_usd"),
    ];
    let question = |table, keys, measures| Question {
        table,
        keys,
        measures,
        filters: Vec::new(),
        outside: None,
        sort: Sort { place: 0, is_descending: false },
        top: None,
    };
    let mut with_tier = keys.clone();
    with_tier.push(Column::Column("service_tier"));
    [question("model_costs", with_tier, of_calls), question("batch_jobs", keys, of_jobs)]
}

impl SeenTokens {
    /// Adds an answer about calls, or about batch jobs.
    pub(super) fn add(&mut self, answer: &Answer, is_of_jobs: bool) {
        for row in &answer.rows {
            let cell = |name: &str| {
                let place = answer.columns.iter().position(|column| column == name);
                place.map_or(&Cell::Null, |place| &row[place])
            };
            let count = |name: &str| match cell(name) {
                Cell::Count(n) => Some(*n),
                _ => None,
            };
            let money = |name: &str| match cell(name) {
                Cell::Money(units) => Some(Amount::of_table(*units)),
                _ => None,
            };
            let text = |name: &str| match cell(name) {
                Cell::Text(text) => Some(text.to_string()),
                _ => None,
            };
            let whole =
                |name: &str| u64::try_from(count(name).unwrap_or_default()).unwrap_or_default();
            let (calls, counted) = match is_of_jobs {
                true => (whole("jobs"), whole("jobs_with_tokens")),
                false => (whole("succeeded_calls"), whole("calls_with_tokens")),
            };
            let day = text("dt").and_then(|day| day.parse().ok());
            let key = (day, text("account_id"), text("source_region"), text("model_id"));
            let (Some(day), Some(account_id), Some(region), Some(model_id)) = key else {
                self.unresolved += calls;
                continue;
            };
            let tier = match is_of_jobs {
                true => Some(Tier::Batch),
                false => tier(text("service_tier").as_deref()).ok(),
            };
            let is_speech = count("speech_tokens").is_some();
            let is_other = is_of_other_unit(text("target_type").as_deref()) || is_speech;
            let Some(tier) = tier.filter(|_| !is_other) else {
                self.other_units += calls;
                continue;
            };
            let is_global = text("profile_scope").as_deref() == Some("global");
            let gaps = text("cost_gap").unwrap_or_default();
            let has_gap = |gap: CostGap| gaps.split(',').any(|found| found == gap.as_str());
            self.usage.push(SeenUsage {
                key: Key {
                    day,
                    account_id,
                    region,
                    model_id,
                    routing: if is_global { Routing::Global } else { Routing::Regional },
                    tier,
                    principal: text("principal_name"),
                },
                calls,
                calls_counted: NO_COUNTS
                    .map(|gap| if has_gap(gap) { 0 } else { counted.min(calls) }),
                tokens: TOKENS.map(count),
                list_cost: COSTS.map(money),
                total_list_cost: money("list_cost_usd").filter(|_| is_of_jobs),
                contracted_cost: money("contracted_cost_usd"),
            });
        }
    }
}

/// Whether what was called is billed otherwise than by the token of a foundation model.
fn is_of_other_unit(target_type: Option<&str>) -> bool {
    const OTHERS: [TargetType; 4] = [
        TargetType::CustomModel,
        TargetType::ImportedModel,
        TargetType::MarketplaceEndpoint,
        TargetType::Provisioned,
    ];
    target_type.is_some_and(|found| OTHERS.iter().any(|other| other.as_str() == found))
}
