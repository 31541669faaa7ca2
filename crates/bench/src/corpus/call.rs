//! Bedrock calls: a model reference, where it ran, tokens, and sometimes an error.

use super::object::Object;
use crate::dice::Dice;

/// What is particular to a call, rendered as the parts of its record.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) event_name: &'static str,
    /// `requestParameters.modelId`.
    pub(super) model_ref: Option<String>,
    /// `additionalEventData.inferenceRegion`.
    pub(super) inference_region: Option<&'static str>,
    /// The JSON of `requestParameters`.
    pub(super) request: String,
    /// The member `additionalEventData` with a comma, or nothing.
    pub(super) additional: String,
    /// The members of an error with a comma, or nothing.
    pub(super) error: String,
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

const MODELS: [&str; 6] = [
    "anthropic.claude-sonnet-4-6",
    "anthropic.claude-haiku-4-5-20251001-v1:0",
    "anthropic.claude-opus-4-5-20251101-v1:0",
    "amazon.nova-lite-v1:0",
    "amazon.nova-pro-v1:0",
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
];

const US: [&str; 3] = ["us-east-1", "us-east-2", "us-west-2"];
const EU: [&str; 5] = ["eu-central-1", "eu-north-1", "eu-south-1", "eu-west-1", "eu-west-3"];
const APAC: [&str; 5] =
    ["ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2"];
const WORLD: [&str; 6] =
    ["us-east-1", "us-west-2", "eu-west-1", "ap-northeast-1", "sa-east-1", "ca-central-1"];

/// Errors with their messages; `{}` stands for who called what.
const ERRORS: [(&str, &str); 4] = [
    (
        "AccessDenied",
        "User: arn:aws:sts::{account}:assumed-role/app/session is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-2::foundation-model/anthropic.claude-sonnet-4-6 with an explicit deny in a service control policy: arn:aws:organizations::{account}:policy/o-exampleorg1/service_control_policy/p-examplescp1",
    ),
    ("ThrottlingException", "Too many requests, please wait before trying again."),
    (
        "ValidationException",
        "The value at 'messages.1.content' is \\\"blank\\\":\\nexpected text, r\u{e9}essayez.",
    ),
    ("AccessDenied", "You don't have access to the model with the specified model ID."),
];

/// What a caller does again and again: programs call one model, or two, in one way.
#[derive(Debug, Clone)]
pub(super) struct Habit {
    event_name: &'static str,
    model_ref: String,
    /// Where a profile may send it.
    places: Option<&'static [&'static str]>,
}

impl Habit {
    pub(super) fn new(dice: &mut Dice, object: &Object) -> Self {
        let event_name = *dice.pick(&EVENT_NAMES);
        let (model_ref, places) = model(dice, object);
        Habit { event_name, model_ref, places }
    }
}

impl Call {
    pub(super) fn new(dice: &mut Dice, object: &Object, habit: &Habit) -> Self {
        let source = object.region;
        let Habit { event_name, places, .. } = *habit;
        let error = dice.in_a_million(60_000).then(|| dice.pick(&ERRORS));
        let mut call = Call {
            event_name,
            model_ref: Some(habit.model_ref.clone()),
            inference_region: None,
            request: String::new(),
            additional: String::new(),
            error: String::new(),
        };
        if let Some((code, message)) = error {
            let message = message.replace("{account}", &object.account);
            call.error = format!(r#""errorCode":"{code}","errorMessage":"{message}","#);
            if dice.in_a_million(100_000) {
                call.model_ref = None;
            }
        } else {
            let ran_in = places.map_or(source, |places| *dice.pick(places));
            // A request that stayed has no inference Region, or its own.
            let is_logged = places.is_some() && (ran_in != source || dice.in_a_million(500_000));
            call.inference_region = is_logged.then_some(ran_in);
            call.additional = additional(dice, call.inference_region);
        }
        call.request = match &call.model_ref {
            Some(model_ref) if event_name.starts_with("Converse") => {
                let max_tokens = 512 << dice.below(6);
                format!(
                    r#"{{"modelId":"{model_ref}","inferenceConfig":{{"maxTokens":{max_tokens}}}}}"#
                )
            }
            Some(model_ref) => format!(r#"{{"modelId":"{model_ref}"}}"#),
            None => "null".to_owned(),
        };
        call
    }
}

/// A reference as callers spell it, and the Regions that a profile may send it to.
fn model(dice: &mut Dice, object: &Object) -> (String, Option<&'static [&'static str]>) {
    let (scope, places): (_, &'static [&'static str]) = match &object.region[..2] {
        "us" => ("us", &US),
        "eu" => ("eu", &EU),
        _ => ("apac", &APAC),
    };
    let (region, account) = (object.region, &object.account);
    let id = *dice.pick(&MODELS);
    match dice.below(10) {
        0..4 => (format!("{scope}.{id}"), Some(places)),
        4..6 => (format!("global.{id}"), Some(&WORLD)),
        6 => (
            format!("arn:aws:bedrock:{region}:{account}:inference-profile/{scope}.{id}"),
            Some(places),
        ),
        7 => {
            let profile = dice.below(5) * 0x1234_5678 + 0x00ab_cdef;
            let arn = format!(
                "arn:aws:bedrock:{region}:{account}:application-inference-profile/{profile:012x}"
            );
            (arn, Some(places))
        }
        8 => (id.to_owned(), None),
        _ => (format!("arn:aws:bedrock:{region}::foundation-model/{id}"), None),
    }
}

fn additional(dice: &mut Dice, inference_region: Option<&str>) -> String {
    let mut members = Vec::new();
    if let Some(region) = inference_region {
        members.push(format!(r#""inferenceRegion":"{region}""#));
    }
    if dice.in_a_million(800_000) {
        let (input, output) = (dice.below(30_000) + 1, dice.below(4000) + 1);
        members.push(format!(r#""inputTokens":{input},"outputTokens":{output}"#));
    }
    match members.is_empty() {
        true => String::new(),
        false => format!(r#""additionalEventData":{{{}}},"#, members.join(",")),
    }
}
