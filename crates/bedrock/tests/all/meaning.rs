//! Where a call ran, its residency, and whether it was denied.

use bedrock::region::{Residency, is_region_shaped};
use bedrock::resolve::Unresolved;
use bedrock::{Alias, Knowledge, Meaning, MeaningKey, Regions, TargetType};

#[test]
fn order_of_values_is_that_of_their_names() {
    use TargetType as T;
    let targets = [
        T::ApplicationProfile,
        T::CustomModel,
        T::FoundationModel,
        T::GeoProfile,
        T::GlobalProfile,
        T::ImportedModel,
        T::MarketplaceEndpoint,
        T::Prompt,
        T::PromptRouter,
        T::Provisioned,
        T::Unknown,
    ];
    assert!(targets.is_sorted() && targets.map(T::as_str).is_sorted());
    let residencies =
        [Residency::OtherJurisdiction, Residency::SameJurisdiction, Residency::SameRegion];
    assert!(residencies.is_sorted() && residencies.map(Residency::as_str).is_sorted());
    use Unresolved as U;
    let reasons =
        [U::AliasLoop, U::Ambiguous, U::NoAlias, U::NoReference, U::NotInCatalog, U::UnknownForm];
    assert!(reasons.is_sorted() && reasons.map(U::as_str).is_sorted());
}

#[test]
fn residency_compares_jurisdictions() {
    let regions = Regions::embedded();
    let cases = [
        ("us-east-1", "us-east-1", Some(Residency::SameRegion)),
        ("us-east-1", "us-west-2", Some(Residency::SameJurisdiction)),
        ("eu-central-1", "eu-west-3", Some(Residency::SameJurisdiction)),
        ("eu-west-1", "eu-west-2", Some(Residency::OtherJurisdiction)),
        ("eu-central-1", "eu-central-2", Some(Residency::OtherJurisdiction)),
        ("ca-central-1", "us-east-1", Some(Residency::OtherJurisdiction)),
        ("ap-northeast-1", "ap-northeast-3", Some(Residency::SameJurisdiction)),
        ("us-gov-west-1", "us-east-1", Some(Residency::SameJurisdiction)),
        ("us-east-1", "xx-north-9", None),
        ("xx-north-9", "xx-north-9", Some(Residency::SameRegion)),
    ];
    for (source, inference, expected) in cases {
        assert_eq!(regions.residency(source, inference), expected, "{source} {inference}");
    }
}

#[test]
fn users_file_regroups_regions() {
    let mut regions = Regions::embedded();
    let file = "region_code,jurisdiction\neu-west-2,European Union\nmoon-base-1,Moon\n";
    regions.regroup(file).expect("well-formed");
    assert_eq!(regions.residency("eu-west-1", "eu-west-2"), Some(Residency::SameJurisdiction));
    assert_eq!(regions.jurisdiction("moon-base-1"), Some("Moon"));
    assert!(regions.regroup("region,geo\n").is_ok(), "an empty file regroups nothing");
    assert!(regions.regroup("region,geo\na,b\n").is_err());
}

#[test]
fn region_code_is_known_by_its_shape() {
    for code in ["us-east-1", "us-gov-west-1", "eusc-de-east-1", "us-isob-east-1"] {
        assert!(is_region_shaped(code), "{code}");
    }
    for text in ["", "us-east", "CloudTrail", "111122223333", "2026", "us-east-1a", "a-1"] {
        assert!(!is_region_shaped(text), "{text}");
    }
}

#[test]
fn call_ran_where_its_record_says_or_in_its_source_region() {
    let knowledge = Knowledge::embedded();
    let check = |logged: Option<&str>, error: Option<&str>, expected: &str| {
        let found = knowledge.meaning(MeaningKey {
            source_region: Some("eu-central-1"),
            logged_inference_region: logged,
            error_code: error,
            ..MeaningKey::default()
        });
        let found = format!(
            "{} {} {}",
            found.inference_region.as_deref().unwrap_or("-"),
            found.basis.as_str(),
            found.residency.map_or("-", Residency::as_str)
        );
        assert_eq!(found, expected);
    };
    check(None, None, "eu-central-1 source same_region");
    check(Some("eu-central-1"), None, "eu-central-1 logged same_region");
    check(Some("eu-west-1"), None, "eu-west-1 logged same_jurisdiction");
    check(Some("us-east-1"), None, "us-east-1 logged other_jurisdiction");
    check(Some("mars-1"), None, "mars-1 logged -");
    check(None, Some("AccessDenied"), "- none -");
    check(None, Some("ThrottlingException"), "- none -");
    check(Some("eu-west-1"), Some("ModelErrorException"), "eu-west-1 logged same_jurisdiction");
}

/// CloudTrail's goes before the invocation log's, and that before what is concluded from success.
#[test]
fn inference_region_of_the_invocation_log_is_taken_where_cloudtrail_has_none() {
    let knowledge = Knowledge::embedded();
    let check = |logged: Option<&str>, error_code: Option<&str>, expected: &str| {
        let found = knowledge.meaning(MeaningKey {
            source_region: Some("eu-central-1"),
            logged_inference_region: logged,
            entry_inference_region: Some("us-east-1"),
            error_code,
            ..MeaningKey::default()
        });
        let residency = found.residency.map_or("-", Residency::as_str);
        let region = found.inference_region.as_deref().unwrap_or("-");
        assert_eq!(format!("{region} {} {residency}", found.basis.as_str()), expected);
    };
    check(None, None, "us-east-1 invocation_log other_jurisdiction");
    check(None, Some("ModelErrorException"), "us-east-1 invocation_log other_jurisdiction");
    check(Some("eu-west-1"), None, "eu-west-1 logged same_jurisdiction");
}

/// Only a prompt router and a prompt have a model that is chosen for each call.
#[test]
fn model_that_a_prompt_router_invoked_is_the_model_of_the_call() {
    let mut knowledge = Knowledge::embedded();
    let router = "arn:aws:bedrock:us-east-1:111122223333:prompt-router/abcdef123456";
    let prompt = "arn:aws:bedrock:us-east-1:111122223333:prompt/ABCDEFGHIJ";
    let alias =
        Alias { model: Some("amazon.nova-pro-v1:0".to_owned()), name: Some("mine".to_owned()) };
    knowledge.aliases.add(prompt, alias);
    let check = |model_ref: &str, invoked_model: Option<&str>, expected: &str| {
        let key = MeaningKey { model_ref: Some(model_ref), invoked_model, ..MeaningKey::default() };
        let resolution = knowledge.meaning(key).resolution;
        let model = match &resolution.model {
            Ok(model) => format!("{} {}", model.id, model.matched.as_str()),
            Err(reason) => reason.as_str().to_owned(),
        };
        let scope = resolution.profile_scope.as_deref().unwrap_or("-");
        let shown = format!("{} {scope} {model}", resolution.target_type.as_str());
        assert_eq!(shown, expected, "{model_ref} {invoked_model:?}");
    };
    let lite = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0";
    let profile =
        "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.amazon.nova-lite-v1:0";
    check(router, None, "prompt_router - no_alias");
    check(router, Some(lite), "prompt_router - amazon.nova-lite-v1:0 exact");
    check(router, Some(profile), "prompt_router us amazon.nova-lite-v1:0 exact");
    check(router, Some("amazon.nova-lite"), "prompt_router - amazon.nova-lite-v1:0 base");
    check(router, Some("amazon.nova-9-xl-v1:0"), "prompt_router - not_in_catalog");
    check(prompt, None, "prompt - amazon.nova-pro-v1:0 exact");
    check(prompt, Some(lite), "prompt - amazon.nova-lite-v1:0 exact");
    check("amazon.nova-pro-v1:0", Some(lite), "foundation_model - amazon.nova-pro-v1:0 exact");
}

#[test]
fn only_denied_calls_have_a_denial() {
    let knowledge = Knowledge::embedded();
    let has_denial = |code: &str| {
        let error_message = Some("Access denied. This Model is marked by provider as Legacy");
        let key = MeaningKey { error_code: Some(code), error_message, ..MeaningKey::default() };
        knowledge.meaning(key).denial.is_some()
    };
    assert!(!has_denial("ResourceNotFoundException"));
    assert!(has_denial("AccessDenied"));
}

/// How many destinations the catalog gives, whether the call ran in one of them, and in a Region that has to be
/// enabled.
fn declared(
    knowledge: &Knowledge,
    model_ref: &str,
    source: &str,
    ran: &str,
) -> (Option<usize>, [Option<bool>; 2]) {
    let ran = (!ran.is_empty()).then_some(ran);
    let error = ran.is_none().then_some("ThrottlingException");
    let Meaning { declared, is_declared, is_opt_in, .. } = knowledge.meaning(MeaningKey {
        model_ref: Some(model_ref),
        source_region: Some(source),
        logged_inference_region: ran,
        error_code: error,
        ..MeaningKey::default()
    });
    (declared.map(|regions| regions.len()), [is_declared, is_opt_in])
}

#[test]
fn destinations_of_a_call_are_those_of_its_profile_from_its_source_region() {
    let knowledge = Knowledge::embedded();
    let (yes, no) = (Some(true), Some(false));
    let us = "us.anthropic.claude-sonnet-4-6";
    let global = "global.anthropic.claude-sonnet-4-6";
    let commercial = Some(knowledge.regions.commercial().len());
    for (model_ref, source, ran, destinations, expected) in [
        (us, "us-east-1", "us-west-2", Some(3), [yes, no]),
        (us, "us-west-1", "us-west-2", Some(4), [yes, no]),
        (us, "us-east-1", "us-west-1", Some(3), [no, no]),
        (us, "us-east-1", "xx-north-9", Some(3), [no, None]),
        (us, "us-east-1", "", Some(3), [None, None]),
        // The profile cannot be called there, as far as the catalog knows.
        (us, "eu-west-1", "us-west-2", None, [None, no]),
        (global, "us-east-1", "ap-southeast-3", commercial, [yes, yes]),
        (global, "us-east-1", "us-gov-west-1", commercial, [no, None]),
        // A new Region may be one of all commercial Regions.
        (global, "us-east-1", "xx-north-9", commercial, [None, None]),
        ("us.anthropic.claude-unheard-of-v1:0", "us-east-1", "us-west-2", None, [None, no]),
        ("anthropic.claude-sonnet-4-6", "us-east-1", "us-east-1", None, [None, no]),
    ] {
        let found = declared(&knowledge, model_ref, source, ran);
        assert_eq!(found, (destinations, expected), "{model_ref} {source} {ran}");
    }
}

#[test]
fn application_profile_has_the_destinations_of_the_profile_below_it() {
    let mut knowledge = Knowledge::embedded();
    let arn = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/088k6ehrxpci";
    assert_eq!(declared(&knowledge, arn, "us-east-1", "us-west-2").0, None);
    let alias =
        Alias { model: Some("us.anthropic.claude-sonnet-4-6".to_owned()), ..Alias::default() };
    knowledge.aliases.add(arn, alias);
    let found = declared(&knowledge, arn, "us-east-1", "us-west-2");
    assert_eq!(found, (Some(3), [Some(true), Some(false)]));
}
