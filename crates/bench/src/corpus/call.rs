//! Bedrock calls: a model reference, where it ran, tokens, and sometimes an error.

use super::caller::Caller;
use super::habit::Habit;
use super::object::Object;
use crate::dice::Dice;

/// What is particular to a call, rendered as the parts of its record.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) event_name: &'static str,
    /// Where it was sent to.
    pub(super) region: &'static str,
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
    /// The members of a VPC endpoint with a comma, or nothing.
    pub(super) endpoint: String,
    /// The members of how it was sent, each after a comma.
    pub(super) connection: String,
}

/// Errors of programs with their messages, the same for each of an account.
const PROGRAM_ERRORS: [(&str, &str); 4] = [
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

/// Errors with their messages, most of which name the caller or what it called.
const ERRORS: [(&str, &str); 6] = [
    (
        "AccessDenied",
        "User: {arn} is not authorized to perform: {action} on resource: {resource} because no identity-based policy allows the {action} action",
    ),
    (
        "AccessDenied",
        "User: {arn} is not authorized to perform: {action} on resource: {resource} with an explicit deny in a service control policy: arn:aws:organizations::{account}:policy/o-exampleorg1/service_control_policy/p-examplescp1",
    ),
    ("ThrottlingException", "Too many requests, please wait before trying again."),
    ("ThrottlingException", "Too many tokens, please wait before trying again."),
    (
        "ValidationException",
        "Invocation of model ID {model} with on-demand throughput isn\u{2019}t supported. Retry your request with the ID or ARN of an inference profile that contains this model.",
    ),
    ("ServiceUnavailableException", "Bedrock is unable to process your request."),
];

/// A version of TLS with a cipher suite.
type Tls = (&'static str, &'static str);

const TLS_1_2: Tls = ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256");
const TLS_1_3: Tls = ("TLSv1.3", "TLS_AES_128_GCM_SHA256");

impl Call {
    /// A call of one of an object's programs.
    pub(super) fn of_program(dice: &mut Dice, object: &Object, habit: &Habit) -> Self {
        let region = object.region;
        let error = dice.in_a_million(60_000).then(|| dice.pick(&PROGRAM_ERRORS));
        if let Some((code, message)) = error {
            let message = message.replace("{account}", &object.account);
            let has_request = !dice.in_a_million(100_000);
            return Call::failed(dice, habit, region, has_request, code, &message);
        }
        let inference_region = inference_region(dice, habit.destinations, region);
        Call::succeeded(dice, habit, region, inference_region, false)
    }

    /// A call of anybody else, sent to a Region of an account.
    pub(super) fn of_caller(
        dice: &mut Dice,
        caller: &Caller,
        account: &str,
        region: &'static str,
        habit: &Habit,
    ) -> Self {
        let mut call = if dice.in_a_million(50_000) {
            let (code, message) = *dice.pick(&ERRORS);
            let action = match habit.event_name {
                "ConverseStream" | "InvokeModelWithResponseStream" => {
                    "bedrock:InvokeModelWithResponseStream"
                }
                _ => "bedrock:InvokeModel",
            };
            let model = &habit.model_ref;
            let resource = match model.starts_with("arn:") {
                true => model.clone(),
                false => format!("arn:aws:bedrock:{region}:{account}:inference-profile/{model}"),
            };
            let message = message
                .replace("{arn}", &caller.identity.arn)
                .replace("{action}", action)
                .replace("{resource}", &resource)
                .replace("{model}", model)
                .replace("{account}", account);
            let has_request = !dice.in_a_million(200_000);
            Call::failed(dice, habit, region, has_request, code, &message)
        } else {
            let inference_region = inference_region(dice, habit.destinations, region);
            Call::succeeded(dice, habit, region, inference_region, caller.has_api_key)
        };
        // Keys come and go in a trail, in one order.
        call.connection = match dice.below(10) {
            0 => String::new(),
            1 | 2 => tls(TLS_1_2, region),
            _ => tls(TLS_1_3, region),
        };
        if dice.in_a_million(30_000) {
            call.connection.push_str(r#","sessionCredentialFromConsole":"true""#);
        }
        if let Some(endpoint) = &caller.endpoint {
            call.endpoint =
                format!(r#""vpcEndpointId":"{endpoint}","vpcEndpointAccountId":"{account}","#);
        }
        call
    }

    fn failed(
        dice: &mut Dice,
        habit: &Habit,
        region: &'static str,
        has_request: bool,
        code: &str,
        message: &str,
    ) -> Self {
        let model_ref = has_request.then(|| habit.model_ref.clone());
        Call {
            event_name: habit.event_name,
            region,
            inference_region: None,
            request: request(dice, habit.event_name, model_ref.as_deref()),
            model_ref,
            additional: String::new(),
            error: format!(r#""errorCode":"{code}","errorMessage":"{message}","#),
            endpoint: String::new(),
            connection: tls(TLS_1_3, region),
        }
    }

    fn succeeded(
        dice: &mut Dice,
        habit: &Habit,
        region: &'static str,
        inference_region: Option<&'static str>,
        has_api_key: bool,
    ) -> Self {
        Call {
            event_name: habit.event_name,
            region,
            inference_region,
            additional: additional(dice, inference_region, has_api_key),
            request: request(dice, habit.event_name, Some(&habit.model_ref)),
            model_ref: Some(habit.model_ref.clone()),
            error: String::new(),
            endpoint: String::new(),
            connection: tls(TLS_1_3, region),
        }
    }
}

/// Where the log says that a call ran.
fn inference_region(
    dice: &mut Dice,
    destinations: Option<&[&'static str]>,
    source: &'static str,
) -> Option<&'static str> {
    let ran_in = *dice.pick(destinations?);
    // A request that stayed has no inference Region, or its own.
    (ran_in != source || dice.in_a_million(500_000)).then_some(ran_in)
}

fn request(dice: &mut Dice, event_name: &str, model_ref: Option<&str>) -> String {
    match model_ref {
        Some(model_ref) if event_name.starts_with("Converse") => {
            let max_tokens = 512 << dice.below(6);
            format!(r#"{{"modelId":"{model_ref}","inferenceConfig":{{"maxTokens":{max_tokens}}}}}"#)
        }
        Some(model_ref) => format!(r#"{{"modelId":"{model_ref}"}}"#),
        None => "null".to_owned(),
    }
}

fn additional(dice: &mut Dice, inference_region: Option<&str>, has_api_key: bool) -> String {
    let mut members = Vec::new();
    if has_api_key {
        members.push(r#""callWithBearerToken":true"#.to_owned());
    }
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

fn tls((version, suite): Tls, region: &str) -> String {
    format!(
        r#","tlsDetails":{{"tlsVersion":"{version}","cipherSuite":"{suite}","clientProvidedHostHeader":"bedrock-runtime.{region}.amazonaws.com"}}"#
    )
}
