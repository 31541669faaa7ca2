//! What the crate promises, by subject. A new test goes to the module of its subject.

mod batch_cost;
mod cost;
mod discounts;
mod meaning;
mod model_ids;
mod money;
mod other_rate;
mod price_check;
mod price_vectors;
mod prices;
mod texts;
mod units;
