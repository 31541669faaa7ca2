//! How calls ended and why, from error codes and messages.

use bedrock::denial::PolicyType;
use bedrock::{ErrorReason, Knowledge, Meaning, MeaningKey, Outcome};

fn meaning(code: &str, message: &str) -> Meaning {
    let key = MeaningKey {
        error_code: Some(code),
        error_message: Some(message),
        source_region: Some("us-east-1"),
        ..MeaningKey::default()
    };
    Knowledge::embedded().meaning(key)
}

fn check(code: &str, message: &str, outcome: &str, reason: Option<&str>) {
    let found = meaning(code, message);
    let found = (found.outcome.as_str(), found.error_reason.map(ErrorReason::as_str));
    assert_eq!(found, (outcome, reason), "{code} {message}");
}

#[test]
fn outcome_and_reason_follow_from_the_error_code() {
    for (code, outcome, reason) in [
        ("", "succeeded", None),
        ("AccessDenied", "denied", None),
        ("AccessDeniedException", "denied", None),
        ("Client.UnauthorizedOperation", "denied", None),
        ("accessDeniedException", "denied", None),
        ("VpceAccessDenied", "denied", Some("policy")),
        ("ThrottlingException", "throttled", None),
        ("ModelNotReadyException", "throttled", Some("unavailable")),
        ("ServiceQuotaExceededException", "throttled", Some("quota")),
        ("TooManyRequestsException", "throttled", Some("too_many_requests")),
        ("TooManyRequestsError", "throttled", Some("too_many_requests")),
        ("ServiceUnavailableException", "failed", Some("unavailable")),
        ("ModelTimeoutException", "failed", Some("timeout")),
        ("ModelErrorException", "failed", None),
        ("ModelStreamErrorException", "failed", None),
        ("InternalServerException", "failed", None),
        ("ValidationException", "failed", Some("validation")),
        ("ResourceNotFoundException", "failed", None),
        ("Exception", "failed", None),
    ] {
        check(code, "x", outcome, reason);
    }
    assert_eq!(Outcome::of_error_code(None), Outcome::Succeeded);
}

#[test]
fn message_says_more_than_the_code() {
    let validation = "ValidationException";
    let not_found = "ResourceNotFoundException";
    let throttling = "ThrottlingException";
    for (code, message, reason) in [
        (
            validation,
            "Invocation of model ID anthropic.claude-sonnet-4-6 with on-demand throughput isn\u{2019}t \
             supported. Retry your request with the ID or ARN of an inference profile.",
            "needs_profile",
        ),
        (validation, "The provided model identifier is invalid.", "invalid_model"),
        (validation, "Too many input tokens. Max input tokens: 8192", "validation"),
        (validation, "messages: at least one message is required", "validation"),
        (not_found, "Access denied. This Model is marked by provider as Legacy and you", "legacy"),
        (not_found, "This model version has reached the end of its life.", "legacy"),
        (
            not_found,
            "Model use case details have not been submitted for this account.",
            "model_access",
        ),
        (throttling, "Too many requests, please wait before trying again.", "too_many_requests"),
        (throttling, "Your request rate is too high.", "too_many_requests"),
        (throttling, "Too many tokens, please wait before trying again.", "too_many_tokens"),
        (throttling, "Too many tokens per day, please wait before trying again.", "tokens_per_day"),
        (
            "AccessDenied",
            "You don't have access to the model with the specified model ID.",
            "model_access",
        ),
        (
            "AccessDenied",
            "Model access is denied due to IAM user or service role is not authorized to perform \
             the required AWS Marketplace actions (aws-marketplace:Subscribe).",
            "marketplace",
        ),
        (
            "AccessDenied",
            "Model access is denied due to INVALID_PAYMENT_INSTRUMENT: a valid payment instrument \
             must be provided. Your AWS Marketplace subscription cannot be completed.",
            "payment",
        ),
        (
            "AccessDenied",
            "User: arn:aws:iam::111122223333:user/ada is not authorized to perform: \
             bedrock:InvokeModel on resource: * with an explicit deny",
            "policy",
        ),
    ] {
        check(code, message, Outcome::of_error_code(Some(code)).as_str(), Some(reason));
    }
    check("AccessDenied", "Your account is not authorized to invoke this API.", "denied", None);
}

#[test]
fn every_reason_has_a_name_of_its_own_and_the_first_three_a_way_out() {
    let names = ErrorReason::ALL.map(ErrorReason::as_str);
    assert!(names.iter().all(|name| names.iter().filter(|other| *other == name).count() == 1));
    let with_hint = ErrorReason::ALL.into_iter().filter(|reason| reason.hint().is_some());
    assert_eq!(with_hint.collect::<Vec<_>>(), ErrorReason::ALL[..3]);
}

#[test]
fn endpoint_policy_is_named_by_the_code_the_message_or_a_network_activity_event() {
    let policy_type = |meaning: &Meaning| meaning.denial.as_ref().and_then(|d| d.policy_type);
    let endpoint = Some(PolicyType::VpcEndpoint);
    assert_eq!(policy_type(&meaning("VpceAccessDenied", "")), endpoint);
    let message = "The request was denied due to a VPC endpoint policy";
    assert_eq!(policy_type(&meaning("AccessDenied", message)), endpoint);

    let unnamed = meaning("AccessDenied", "Access Denied");
    assert_eq!((policy_type(&unnamed), unnamed.error_reason), (None, None));
    let told = unnamed.denied_by_endpoint();
    assert_eq!((policy_type(&told), told.error_reason), (endpoint, Some(ErrorReason::Policy)));

    let named = "User: x is not authorized to perform: bedrock:InvokeModel with an explicit deny in \
                 a service control policy";
    let named = meaning("AccessDenied", named).denied_by_endpoint();
    assert_eq!(policy_type(&named), Some(PolicyType::ServiceControl));
}

#[test]
fn denied_resource_names_the_model_where_the_record_does_not() {
    let check = |resource: &str, model_ref: Option<&str>, expected: &str| {
        let message = format!(
            "User: x is not authorized to perform: bedrock:InvokeModel on resource: {resource}"
        );
        let found = Knowledge::embedded().meaning(MeaningKey {
            error_code: Some("AccessDenied"),
            error_message: Some(&message),
            model_ref,
            source_region: Some("eu-west-1"),
            ..MeaningKey::default()
        });
        let denied = found.denied_resolution();
        let model = denied.model.as_ref().map_or("-", |model| model.id.as_str());
        let scope = denied.profile_scope.as_deref().unwrap_or("-");
        let basis = if found.denied_model.is_some() { "denied_resource" } else { "call" };
        let shown = format!("{model} {scope} {} {basis}", denied.target_type.as_str());
        assert_eq!(shown, expected, "{resource}");
        // What the call itself says of its model stays as it is.
        assert_eq!(found.model().is_some(), model_ref.is_some(), "{resource}");
    };
    let nova = "amazon.nova-pro-v1:0";
    check(
        &format!("arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.{nova}"),
        None,
        &format!("{nova} eu geo_profile denied_resource"),
    );
    check(
        &format!("arn:aws:bedrock:eu-west-3::foundation-model/{nova}"),
        None,
        &format!("{nova} - unknown denied_resource"),
    );
    check(
        &format!("arn:aws:bedrock:::foundation-model/{nova}"),
        None,
        &format!("{nova} global global_profile denied_resource"),
    );
    check(
        &format!("arn:aws:bedrock:eu-west-3::foundation-model/{nova}"),
        Some("amazon.nova-lite-v1:0"),
        "amazon.nova-lite-v1:0 - foundation_model call",
    );
    check("arn:aws:bedrock:eu-west-1:111122223333:guardrail/x", None, "- - unknown call");
    check("*", None, "- - unknown call");
}
