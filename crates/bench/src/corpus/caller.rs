//! Who makes the calls: an identity with an address, an agent and its habits.

use std::borrow::Cow;

use super::habit::Habit;
use super::identity::Identity;
use crate::dice::Dice;

/// A caller, rendered once for all of its records.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) identity: Identity,
    pub(super) ip: String,
    /// Its user agent, in which `{api}` is replaced by the name of a service's client.
    pub(super) agent: String,
    pub(super) habits: Vec<Habit>,
    /// The VPC endpoint that it calls Bedrock through.
    pub(super) endpoint: Option<String>,
    /// Whether it calls with an API key of Bedrock's own.
    pub(super) has_api_key: bool,
}

/// What the programs of an organization are called.
pub(super) const APPS: [&str; 16] = [
    "orders-api",
    "billing-export",
    "chat-backend",
    "doc-summary",
    "search-indexer",
    "fraud-scoring",
    "data-lake-ingest",
    "ci-runner",
    "image-resizer",
    "notifications",
    "customer-portal",
    "etl-nightly",
    "inventory-sync",
    "ml-features",
    "payments-gateway",
    "support-assistant",
];

/// A user agent as it is of requests to a service, by the name of the service's client.
pub(super) fn agent_of<'a>(agent: &'a str, api: &str) -> Cow<'a, str> {
    match agent.split_once("{api}") {
        Some((before, after)) => format!("{before}{api}{after}").into(),
        None => Cow::Borrowed(agent),
    }
}

/// An address, often a private one.
pub(super) fn ip(dice: &mut Dice) -> String {
    let parts = dice.bits();
    let first = [10, 10, 10, 52, 54, 3, 18, 172][(parts & 7) as usize];
    let [_, b, c, d, ..] = parts.to_le_bytes();
    format!("{first}.{b}.{c}.{d}")
}

/// The VPC endpoint that an account calls Bedrock through, where it has one.
pub(super) fn endpoint(dice: &mut Dice) -> Option<String> {
    dice.in_a_million(300_000).then(|| format!("vpce-0{:016x}", dice.bits()))
}
