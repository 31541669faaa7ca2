//! Legs: what each kind of call is authorized for.

use bedrock::{Aliases, Catalog, Regions};
use policy::leg::ImpossibleCall;
use policy::{Call, Certainty, KeyState, Knowledge, Legs, Operation};

const SONNET: &str = "anthropic.claude-sonnet-4-6";
const ARN: &str = "arn:aws:bedrock:us-east-1:111122223333";

fn legs(
    operation: &str,
    model_ref: &str,
    region: &str,
    has_api_key: Option<bool>,
) -> Result<Legs, ImpossibleCall> {
    let catalog = Catalog::parse(
        &format!(
            "model_id,canonical_id,provider,name\n{SONNET},,Anthropic,Claude\namazon.nova-pro-v1:0,,Amazon,Nova\n"
        ),
        &format!(
            "profile_id,source_region,destination_regions\nus.{SONNET},us-east-1,us-east-1;us-east-2\n\
             us.{SONNET},us-west-1,us-east-1;us-east-2\nus-gov.{SONNET},us-gov-west-1,\nglobal.{SONNET},us-east-1,ALL_COMMERCIAL\n"
        ),
    );
    let mut aliases = Aliases::default();
    aliases
        .add_csv(&format!(
            "model_ref,model\n{ARN}:application-inference-profile/a,us.{SONNET}\n\
             {ARN}:application-inference-profile/b,arn:aws:bedrock:us-east-1::foundation-model/{SONNET}\n\
             {ARN}:application-inference-profile/c,{ARN}:application-inference-profile/a\n\
             {ARN}:application-inference-profile/d,{ARN}:application-inference-profile/d\n"
        ))
        .unwrap();
    let (catalog, regions) = (catalog.unwrap(), Regions::embedded());
    let operation = Operation::find(operation).unwrap();
    let call = Call { operation, model_ref, region, account: "111122223333", has_api_key };
    Legs::of(call, Knowledge { catalog: &catalog, regions: &regions, aliases: &aliases })
}

/// Each leg on a line: kind, action, resource, requested Region, key; `?` after a possible one.
fn shown(operation: &str, model_ref: &str, region: &str, has_api_key: Option<bool>) -> Vec<String> {
    let found = legs(operation, model_ref, region, has_api_key).unwrap();
    let leg = |leg: &policy::Leg| {
        let key = match &leg.inference_profile_arn {
            KeyState::Absent => "-",
            KeyState::Values(values) => values[0].strip_prefix(ARN).unwrap_or(&values[0]),
            _ => "?",
        };
        let possible = if leg.certainty == Certainty::Possible { "?" } else { "" };
        let resource = leg.resource.strip_prefix("arn:aws:").unwrap_or(&leg.resource);
        let action = leg.action.strip_prefix("bedrock:").unwrap_or(leg.action);
        format!(
            "{}{possible} {action} {resource} {} {key}",
            leg.kind.as_str(),
            leg.requested_region
        )
    };
    let mut lines = found.legs.iter().map(leg).collect::<Vec<_>>();
    lines.extend(found.missing.map(|missing| format!("missing: {missing}")));
    lines
}

#[test]
fn direct_call_needs_the_model_in_its_region() {
    let expected = [format!(
        "source_model InvokeModel bedrock:us-east-2::foundation-model/{SONNET} us-east-2 -"
    )];
    assert_eq!(shown("Converse", SONNET, "us-east-2", Some(false)), expected);
    let arn = format!("arn:aws:bedrock:us-east-2::foundation-model/{SONNET}");
    assert_eq!(shown("Converse", &arn, "us-east-2", Some(false)), expected);
}

#[test]
fn geographic_profile_needs_itself_and_the_model_everywhere() {
    let key = format!(":inference-profile/us.{SONNET}");
    let expected = [
        format!(
            "profile InvokeModelWithResponseStream bedrock:us-east-1:111122223333:inference-profile/us.{SONNET} us-east-1 -"
        ),
        format!(
            "source_model InvokeModelWithResponseStream bedrock:us-east-1::foundation-model/{SONNET} us-east-1 {key}"
        ),
        format!(
            "destination_model InvokeModelWithResponseStream bedrock:us-east-2::foundation-model/{SONNET} us-east-2 {key}"
        ),
    ];
    let id = format!("us.{SONNET}");
    assert_eq!(shown("ConverseStream", &id, "us-east-1", Some(false)), expected);
    let arn = format!("{ARN}:inference-profile/us.{SONNET}");
    assert_eq!(shown("ConverseStream", &arn, "us-east-1", Some(false)), expected);
    // The source Region is needed where it is no destination, too.
    let found = shown("Converse", &id, "us-west-1", Some(false));
    let kinds = found.iter().map(|line| line.split(' ').next().unwrap()).collect::<Vec<_>>();
    assert_eq!(kinds, ["profile", "source_model", "destination_model", "destination_model"]);
}

#[test]
fn global_profile_needs_the_model_without_a_region() {
    let key = format!(":inference-profile/global.{SONNET}");
    let found = shown("InvokeModel", &format!("global.{SONNET}"), "us-east-1", Some(false));
    let expected = [
        format!(
            "profile InvokeModel bedrock:us-east-1:111122223333:inference-profile/global.{SONNET} us-east-1 -"
        ),
        format!(
            "source_model InvokeModel bedrock:us-east-1::foundation-model/{SONNET} us-east-1 {key}"
        ),
        format!("global_model InvokeModel bedrock:::foundation-model/{SONNET} unspecified {key}"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn application_profile_carries_its_own_arn_and_may_need_the_profile_below() {
    let own = ":application-inference-profile/a";
    let expected = [
        "application_profile InvokeModel bedrock:us-east-1:111122223333:application-inference-profile/a us-east-1 -".to_owned(),
        format!("source_model InvokeModel bedrock:us-east-1::foundation-model/{SONNET} us-east-1 {own}"),
        format!("destination_model InvokeModel bedrock:us-east-2::foundation-model/{SONNET} us-east-2 {own}"),
        format!("profile? InvokeModel bedrock:us-east-1:111122223333:inference-profile/us.{SONNET} us-east-1 ?"),
    ];
    assert_eq!(shown("Converse", &format!("{ARN}{own}"), "us-east-1", Some(false)), expected);
    let of_other = shown(
        "Converse",
        &format!("{ARN}:application-inference-profile/c"),
        "us-east-1",
        Some(false),
    );
    assert_eq!(of_other.len(), 4);
    let of_model = shown(
        "Converse",
        &format!("{ARN}:application-inference-profile/b"),
        "us-east-1",
        Some(false),
    );
    assert_eq!(of_model.len(), 2);
    for opaque in ["d", "e"] {
        let found = shown(
            "Converse",
            &format!("{ARN}:application-inference-profile/{opaque}"),
            "us-east-1",
            Some(false),
        );
        assert_eq!(found.len(), 2);
        assert!(
            found[1].starts_with("missing: what the application profile is of is not known"),
            "{found:?}"
        );
    }
}

#[test]
fn destinations_that_aws_does_not_publish_are_every_region_of_the_partition() {
    let found = shown("Converse", &format!("us-gov.{SONNET}"), "us-gov-west-1", Some(false));
    let expected = format!(
        "destination_model? InvokeModel arn:aws-us-gov:bedrock:us-gov-east-1::foundation-model/{SONNET} us-gov-east-1 \
         arn:aws-us-gov:bedrock:us-gov-west-1:111122223333:inference-profile/us-gov.{SONNET}"
    );
    assert_eq!(found.len(), 3);
    assert_eq!(found[2], expected);
    // A profile that the catalog lacks, and a Region from which it has no destinations.
    for (id, region) in
        [("eu.amazon.nova-pro-v1:0", "eu-west-1"), ("us.anthropic.claude-sonnet-4-6", "us-east-2")]
    {
        let found = shown("Converse", id, region, Some(false));
        assert!(
            found.len() > 25 && found[2..].iter().all(|it| it.starts_with("destination_model?")),
            "{found:?}"
        );
        assert!(!found.iter().any(|it| it.contains("us-gov") || it.contains("cn-")));
    }
}

#[test]
fn api_key_is_a_leg_of_its_own() {
    let expected = "bearer_token CallWithBearerToken * us-east-1 -";
    assert_eq!(shown("Converse", SONNET, "us-east-1", Some(true))[0], expected);
    let found = shown("Converse", SONNET, "us-east-1", None);
    assert_eq!(found[1], "bearer_token? CallWithBearerToken * us-east-1 -");
    assert_eq!(
        shown("InvokeModelWithBidirectionalStream", SONNET, "us-east-1", Some(true)).len(),
        1
    );
}

#[test]
fn mantle_needs_the_project() {
    let expected = [
        "bearer_token bedrock-mantle:CallWithBearerToken * us-east-1 -",
        "mantle_project bedrock-mantle:CreateInference bedrock-mantle:us-east-1:111122223333:project/default us-east-1 -",
    ];
    assert_eq!(shown("CreateInference", "openai.gpt-oss-120b", "us-east-1", Some(true)), expected);
    let model =
        legs("CreateInference", "openai.gpt-oss-120b", "us-east-1", Some(true)).unwrap().model;
    assert_eq!(model.as_deref(), Some("openai.gpt-oss-120b"));
}

#[test]
fn second_action_of_a_stream_is_possible() {
    let found = shown("InvokeModelWithResponseStream", SONNET, "us-east-1", Some(false));
    let expected = [
        format!(
            "source_model InvokeModelWithResponseStream bedrock:us-east-1::foundation-model/{SONNET} us-east-1 -"
        ),
        format!(
            "source_model? InvokeModel bedrock:us-east-1::foundation-model/{SONNET} us-east-1 -"
        ),
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_is_not_simulated_is_said() {
    for (operation, model_ref, n_legs, missing) in [
        ("Converse", "no-model", 0, "the model identifier has no known form"),
        (
            "Converse",
            "arn:aws:bedrock:us-east-1:111122223333:prompt-router/x",
            0,
            "what a prompt, a prompt router, or an endpoint",
        ),
        ("Converse", "arn:aws:bedrock:us-east-1:111122223333:provisioned-model/x", 1, ""),
        ("CreateModelInvocationJob", SONNET, 1, "iam:PassRole for the role of the job"),
        (
            "CreateModelInvocationJob",
            "no-model",
            0,
            "the model identifier has no known form; iam:PassRole",
        ),
    ] {
        let found = legs(operation, model_ref, "us-east-1", Some(false)).unwrap();
        assert_eq!(found.legs.len(), n_legs, "{model_ref}");
        let found = found.missing.unwrap_or_default();
        assert!(found.starts_with(missing) && found.is_empty() == missing.is_empty(), "{found}");
    }
}

#[test]
fn arn_of_another_region_is_no_call() {
    let arn = format!("{ARN}:inference-profile/us.{SONNET}");
    let found = legs("Converse", &arn, "us-west-2", Some(false)).unwrap_err();
    assert_eq!(
        found.to_string(),
        format!("expected an ARN of the source Region us-west-2, found one of us-east-1: `{arn}`")
    );
}

#[test]
fn arn_of_another_partition_is_no_call() {
    let arn = format!("arn:aws:bedrock:us-gov-west-1::foundation-model/{SONNET}");
    let found = legs("Converse", &arn, "us-gov-west-1", Some(false)).unwrap_err();
    let expected = "expected an ARN of the partition of the source Region, aws-us-gov, found one of aws: `arn:aws:bedrock:us-gov";
    assert!(found.to_string().starts_with(expected), "{found}");
}
