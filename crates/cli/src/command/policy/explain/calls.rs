//! The calls that can have led to a denial, and all that each of them needs.

use bedrock::arn::Arn;
use bedrock::catalog::{Destinations, Lookup};
use bedrock::denial::UNSPECIFIED_REGION;
use bedrock::{Knowledge, TargetType};
use policy::{Call, Leg, LegKind, Legs, OPERATIONS, Operation};

use super::pasted::Record;
use crate::command::explain::denial::DenialExplanation;

/// The account in ARNs where that of the caller is not known.
pub(super) const ANY_ACCOUNT: &str = "ACCOUNT";

/// A call that can have led to a denial.
#[derive(Debug, Clone)]
pub(super) struct Led {
    pub(super) operation: &'static Operation,
    pub(super) model_ref: String,
    pub(super) region: String,
    pub(super) has_api_key: bool,
    pub(super) legs: Legs,
}

/// Where the call was sent, if that is known: by the record, by the option, or by the ARN of a profile.
pub(super) fn source_region(
    found: &DenialExplanation,
    record: Option<&Record>,
    asked: Option<&str>,
) -> Option<String> {
    let of_record = record.and_then(|it| it.region.clone());
    let of_profile = || {
        let arn = found.denied_resource.as_deref().and_then(Arn::parse)?;
        let is_of_source = arn.service.starts_with("bedrock") && !arn.account.is_empty();
        (is_of_source && !arn.region.is_empty()).then(|| arn.region.to_owned())
    };
    of_record.or_else(of_profile).or_else(|| asked.map(str::to_owned))
}

/// The calls; none where the text is not about one, or does not say enough.
pub(super) fn calls(
    found: &DenialExplanation,
    record: Option<&Record>,
    source: Option<&str>,
    account: Option<&str>,
    knowledge: &Knowledge,
) -> Vec<Led> {
    let Some(operation) = operation(found, record) else { return Vec::new() };
    let is_key =
        found.denied_action.as_deref().is_some_and(|it| it.ends_with(":CallWithBearerToken"));
    let has_api_key = is_key || record.and_then(|it| it.has_api_key) == Some(true);
    let led = |model_ref: &str, region: &str| {
        let account = account.unwrap_or(ANY_ACCOUNT);
        let has_key = Some(has_api_key);
        let call = Call { operation, model_ref, region, account, has_api_key: has_key };
        let Knowledge { catalog, regions, aliases, .. } = knowledge;
        let legs = Legs::of(call, policy::Knowledge { catalog, regions, aliases }).ok()?;
        let (model_ref, region) = (model_ref.to_owned(), region.to_owned());
        Some(Led { operation, model_ref, region, has_api_key, legs })
    };
    let of_record = record.and_then(|it| it.model_ref.as_deref()).zip(source);
    if let Some((model_ref, region)) = of_record {
        return led(model_ref, region).into_iter().collect();
    }
    let pairs = pairs(found, source, knowledge);
    pairs.iter().filter_map(|(model_ref, region)| led(model_ref, region)).collect()
}

/// The operation that the text names, or one that is authorized for the same action.
fn operation(found: &DenialExplanation, record: Option<&Record>) -> Option<&'static Operation> {
    let named = record.and_then(|it| it.event_name.as_deref()).or(found.operation.as_deref());
    let action = found.denied_action.as_deref()?;
    let is_of = |it: &&Operation| it.action == action || it.bearer_action == Some(action);
    let of_name = named.and_then(Operation::find).filter(is_of);
    of_name.or_else(|| OPERATIONS.iter().find(|it| is_of(it)))
}

/// Models and profiles with the Regions that they can have been called from.
fn pairs(
    found: &DenialExplanation,
    source: Option<&str>,
    knowledge: &Knowledge,
) -> Vec<(String, String)> {
    let Some(resource) = found.denied_resource.as_deref() else { return Vec::new() };
    let Some(arn) = Arn::parse(resource) else { return Vec::new() };
    if arn.service == "bedrock-mantle" {
        // The only project that is simulated.
        let is_default = arn.resource == "project/default";
        let pair = || ("any model".to_owned(), arn.region.to_owned());
        return is_default.then(pair).into_iter().collect();
    }
    if arn.service != "bedrock" {
        return Vec::new();
    }
    let read = knowledge.catalog.read(resource);
    match (&found.model_id, read.target_type) {
        (_, TargetType::GeoProfile | TargetType::GlobalProfile) => {
            vec![(arn.resource_id().to_owned(), arn.region.to_owned())]
        }
        (Some(model), TargetType::FoundationModel) => {
            let blocked = found.blocked_region.as_deref().unwrap_or_default();
            of_model(model, blocked, source, knowledge)
        }
        (_, TargetType::Unknown) => Vec::new(),
        _ if arn.region.is_empty() => Vec::new(),
        _ => vec![(resource.to_owned(), arn.region.to_owned())],
    }
}

/// A model that was denied in a Region: called through a profile that may send calls there, or directly.
fn of_model(
    model: &str,
    blocked: &str,
    source: Option<&str>,
    knowledge: &Knowledge,
) -> Vec<(String, String)> {
    let Knowledge { catalog, regions, .. } = knowledge;
    let partition = |region: &str| regions.get(region).map(|it| it.partition.as_str());
    let mut found = Vec::new();
    for profile in catalog.profiles_of_model(model) {
        let by_source = catalog.profile(profile).into_iter().flatten();
        for (from, destinations) in
            by_source.filter(|(from, _)| source.is_none_or(|it| it == *from))
        {
            let may_be_there = match destinations {
                Destinations::AllCommercial => blocked == UNSPECIFIED_REGION || blocked == from,
                Destinations::Regions(all) => blocked == from || all.iter().any(|it| it == blocked),
                Destinations::NotPublished => {
                    blocked == from
                        || partition(blocked).is_some_and(|it| Some(it) == partition(from))
                }
            };
            if may_be_there {
                found.push((profile.to_owned(), from.clone()));
            }
        }
    }
    let is_direct = match catalog.model(model) {
        Lookup::Exact(model) => model.is_on_demand_in(blocked) != Some(false),
        _ => true,
    };
    if is_direct && blocked != UNSPECIFIED_REGION && source.is_none_or(|it| it == blocked) {
        found.push((model.to_owned(), blocked.to_owned()));
    }
    found
}

/// Whether a leg is the one that a text names.
pub(super) fn is_named(leg: &Leg, found: &DenialExplanation) -> bool {
    let is_action = found.denied_action.as_deref() == Some(leg.action);
    let is_resource = match (leg.kind, found.denied_resource.as_deref()) {
        (LegKind::BearerToken, _) => true,
        (_, None) => false,
        // The account in it may be masked, or that of the caller not known.
        (LegKind::Profile | LegKind::ApplicationProfile, Some(resource)) => {
            let id = |text: &str| text.rsplit('/').next().map(str::to_owned);
            resource.contains("inference-profile/") && id(resource) == id(&leg.resource)
        }
        (_, Some(resource)) => resource == leg.resource,
    };
    is_action && is_resource
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::command::explain::denial::explain;

    fn message(region: &str, model: &str) -> String {
        format!(
            "User: arn:aws:sts::111122223333:assumed-role/App/s is not authorized to perform: bedrock:InvokeModel on \
             resource: arn:aws:bedrock:{region}::foundation-model/{model} with an explicit deny in a service control \
             policy"
        )
    }

    fn found(
        text: &str,
        source: Option<&str>,
        knowledge: &Knowledge,
    ) -> BTreeSet<(String, String)> {
        let explained = explain(text, source, knowledge);
        let all = calls(&explained, None, source, Some("111122223333"), knowledge);
        all.into_iter().map(|led| (led.model_ref, led.region)).collect()
    }

    /// Every row of the profiles that ship with hoptrail, read as plain text: a denial of the model in a Region leads
    /// to all rows with that Region, and to no other.
    #[test]
    fn calls_are_those_of_the_rows_that_have_the_region() {
        let knowledge = Knowledge::embedded();
        let rows = include_str!("../../../../../../config/inference_profiles.csv").lines();
        let rows = rows.skip(1).map(|line| line.split(',').collect::<Vec<_>>()).collect::<Vec<_>>();
        assert!(rows.len() > 500);
        let model = |id: &str| id.split_once('.').unwrap().1.to_owned();
        let models = rows.iter().map(|row| model(row[0])).collect::<BTreeSet<_>>();
        let mut n = 0;
        for wanted in &models {
            for blocked in [
                "us-east-1",
                "us-east-2",
                "ca-central-1",
                "eu-south-2",
                "il-central-1",
                "ap-northeast-3",
                "us-gov-east-1",
                "",
            ] {
                let expected = rows.iter().filter(|row| model(row[0]) == *wanted);
                let expected = expected.filter(|row| match row[2] {
                    "ALL_COMMERCIAL" => blocked.is_empty() || blocked == row[1],
                    "" => {
                        blocked == row[1]
                            || blocked.starts_with("us-gov-") && row[1].starts_with("us-gov-")
                    }
                    regions if regions.split(';').any(|it| it == blocked) => true,
                    _ => blocked == row[1],
                });
                let expected = expected.map(|row| (row[0].to_owned(), row[1].to_owned()));
                let expected = expected.collect::<BTreeSet<_>>();
                let text = message(blocked, wanted);
                let all = found(&text, None, &knowledge);
                let through_profiles = all.iter().filter(|(model_ref, _)| model_ref != wanted);
                assert_eq!(through_profiles.cloned().collect::<BTreeSet<_>>(), expected, "{text}");
                // A source Region leaves those from there.
                for source in ["us-east-1", "eu-west-1"] {
                    let some = all.iter().filter(|(_, from)| from == source).cloned();
                    assert_eq!(found(&text, Some(source), &knowledge), some.collect(), "{text}");
                }
                n += expected.len();
            }
        }
        assert!(n > 1_000, "{n}");
    }

    #[test]
    fn calls_follow_from_other_resources() {
        let knowledge = Knowledge::embedded();
        let of = |action: &str, resource: &str| {
            let text =
                format!("User: x is not authorized to perform: {action} on resource: {resource}");
            let all = found(&text, None, &knowledge);
            all.into_iter()
                .map(|(model_ref, region)| format!("{model_ref} {region}"))
                .collect::<Vec<_>>()
        };
        let invoke = "bedrock:InvokeModel";
        let profile =
            "arn:aws:bedrock:us-west-2:111122223333:inference-profile/us.amazon.nova-pro-v1:0";
        assert_eq!(of(invoke, profile), ["us.amazon.nova-pro-v1:0 us-west-2"]);
        let own = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc";
        assert_eq!(of(invoke, own), [format!("{own} us-east-1")]);
        let provisioned = "arn:aws:bedrock:us-east-1:111122223333:provisioned-model/abcdefghijkl";
        assert_eq!(of(invoke, provisioned), [format!("{provisioned} us-east-1")]);
        let project =
            |id: &str| format!("arn:aws:bedrock-mantle:us-east-1:111122223333:project/{id}");
        let create = "bedrock-mantle:CreateInference";
        assert_eq!(of(create, &project("default")), ["any model us-east-1"]);
        for (action, resource) in [
            (create, project("other")),
            ("bedrock:CallWithBearerToken", "*".to_owned()),
            (
                "bedrock:ApplyGuardrail",
                "arn:aws:bedrock:us-east-1:111122223333:guardrail/a".to_owned(),
            ),
            ("s3:GetObject", "arn:aws:s3:::b/foundation-model/x".to_owned()),
            (invoke, "*".to_owned()),
        ] {
            assert_eq!(of(action, &resource), [""; 0], "{action} {resource}");
        }
    }
}
