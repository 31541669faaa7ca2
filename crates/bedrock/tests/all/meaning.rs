//! Where a call ran, its residency, and whether it was denied.

use bedrock::region::{Residency, is_region_shaped};
use bedrock::resolve::Unresolved;
use bedrock::{Knowledge, MeaningKey, Regions, TargetType};

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
