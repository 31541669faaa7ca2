//! How a caller calls: the operation, and a model as callers spell it.

use crate::dice::Dice;

/// What a caller does again and again: programs call one model, or two, in one way.
#[derive(Debug, Clone)]
pub(super) struct Habit {
    pub(super) event_name: &'static str,
    pub(super) model_ref: String,
    /// The Regions that a profile may send it to.
    pub(super) destinations: Option<&'static [&'static str]>,
}

const EVENT_NAMES: [&str; 8] = [
    "Converse",
    "ConverseStream",
    "ConverseStream",
    "InvokeModel",
    "InvokeModel",
    "InvokeModelWithResponseStream",
    "Converse",
    "InvokeModel",
];

/// The models of most callers.
pub(super) const MODELS: &[&str] = &[
    "anthropic.claude-sonnet-4-6",
    "anthropic.claude-haiku-4-5-20251001-v1:0",
    "anthropic.claude-opus-4-5-20251101-v1:0",
    "amazon.nova-lite-v1:0",
    "amazon.nova-pro-v1:0",
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
];

/// The models where each call may be to another one.
pub(super) const MORE_MODELS: &[&str] = &[
    "anthropic.claude-sonnet-4-6",
    "anthropic.claude-haiku-4-5-20251001-v1:0",
    "anthropic.claude-opus-4-5-20251101-v1:0",
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "anthropic.claude-3-7-sonnet-20250219-v1:0",
    "amazon.nova-lite-v1:0",
    "amazon.nova-pro-v1:0",
    "amazon.nova-micro-v1:0",
    "meta.llama3-3-70b-instruct-v1:0",
    "mistral.pixtral-large-2502-v1:0",
];

const US: [&str; 3] = ["us-east-1", "us-east-2", "us-west-2"];
const EU: [&str; 5] = ["eu-central-1", "eu-north-1", "eu-south-1", "eu-west-1", "eu-west-3"];
const APAC: [&str; 5] =
    ["ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2"];
const WORLD: [&str; 6] =
    ["us-east-1", "us-west-2", "eu-west-1", "ap-northeast-1", "sa-east-1", "ca-central-1"];

impl Habit {
    /// Any operation with one of these models, called in a Region of an account.
    pub(super) fn new(dice: &mut Dice, region: &str, account: &str, models: &[&str]) -> Self {
        let event_name = *dice.pick(&EVENT_NAMES);
        let (model_ref, destinations) = model(dice, region, account, models);
        Habit { event_name, model_ref, destinations }
    }

    /// The same with a profile that sends it to three Regions at most.
    pub(super) fn with_few_destinations(self) -> Self {
        let destinations = self.destinations.map(|all| &all[..all.len().min(3)]);
        Habit { destinations, ..self }
    }

    /// The same in an operation that answers as it goes, as people at a prompt wait for it.
    pub(super) fn streaming(self) -> Self {
        Habit { event_name: "InvokeModelWithResponseStream", ..self }
    }
}

/// A reference as callers spell it, and the Regions that a profile may send it to.
fn model(
    dice: &mut Dice,
    region: &str,
    account: &str,
    models: &[&str],
) -> (String, Option<&'static [&'static str]>) {
    let (scope, destinations): (_, &'static [&'static str]) = match &region[..2] {
        "us" => ("us", &US),
        "eu" => ("eu", &EU),
        _ => ("apac", &APAC),
    };
    let id = *dice.pick(models);
    match dice.below(10) {
        0..4 => (format!("{scope}.{id}"), Some(destinations)),
        4..6 => (format!("global.{id}"), Some(&WORLD)),
        6 => (
            format!("arn:aws:bedrock:{region}:{account}:inference-profile/{scope}.{id}"),
            Some(destinations),
        ),
        7 => {
            let profile = dice.below(5) * 0x1234_5678 + 0x00ab_cdef;
            let arn = format!(
                "arn:aws:bedrock:{region}:{account}:application-inference-profile/{profile:012x}"
            );
            (arn, Some(destinations))
        }
        8 => (id.to_owned(), None),
        _ => (format!("arn:aws:bedrock:{region}::foundation-model/{id}"), None),
    }
}
