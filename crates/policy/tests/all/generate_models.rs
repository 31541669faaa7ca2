//! What `generate` says holds of every model of a scope, and from every source Region, and not of one alone.

use bedrock::{Aliases, Catalog, Regions};
use policy::generate::goal::{EnableGlobal, Exempt, Exempted, OnlyRegions};
use policy::generate::{
    Expected, Generated, Goal, Ground, Part, Place, Scene, Wanted, generate, matrix,
};
use policy::{Document, Level, Verdict};
use serde_json::{Value, json};

use crate::world::{FULL_ACCESS, level};

const ACCOUNT: &str = "111122223333";
const NOVA: &str = "amazon.nova-lite-v1:0";

fn deny(resource: &str, condition: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "Regions", "Effect": "Deny", "Action": "bedrock:InvokeModel*", "Resource": resource,
        "Condition": condition,
    }]})
    .to_string()
}

/// Denies Regions but for profiles of some models.
fn partly_exempt(profiles: &[&str]) -> String {
    let arn = |it: &&str| format!("arn:aws:bedrock:*:*:inference-profile/{it}");
    let arns = profiles.iter().map(arn).collect::<Vec<_>>();
    let condition = json!({
        "StringNotEquals": {"aws:RequestedRegion": ["us-east-1"]},
        "ArnNotLike": {"bedrock:InferenceProfileArn": arns},
    });
    deny("*", &condition)
}

fn at_root(policies: &[&str]) -> Vec<Place> {
    let levels: Vec<Level> = vec![level("root", &[&[FULL_ACCESS], policies].concat())];
    let (organization_id, organization_path) = (None, None);
    vec![Place { account: ACCOUNT.to_owned(), levels, organization_id, organization_path }]
}

/// The result on a matrix of one model, Nova Lite.
fn result(goal: &dyn Goal, policies: &[&str]) -> Generated {
    let (catalog, regions) = (Catalog::embedded(), Regions::embedded());
    let is_model = |model: &str| model == NOVA;
    let wanted = Wanted {
        regions: vec!["us-east-1".to_owned()],
        geography: Some("us".to_owned()),
        is_model: &is_model,
        is_other: &|model: &str| model.starts_with("amazon."),
    };
    let scene = Scene::choose(&wanted, &catalog, &regions).unwrap();
    let ground = Ground::new(at_root(policies), scene, &catalog, &regions, Aliases::default());
    let found = generate(goal, &ground).unwrap();
    // A result that changes nothing proves nothing where something has to pass.
    if !found.parts.is_empty() {
        assert!(!matrix::prove(goal, &ground, &[]).unwrap().holds(), "{}", goal.sentence());
    }
    found
}

fn exempt(exempted: Exempted) -> Exempt {
    Exempt { exempted: vec![exempted], regions: Vec::new() }
}

fn scope(scope: &str) -> Exempted {
    Exempted::Scope(scope.to_owned())
}

/// The profile patterns of the only changed statement.
fn spared(found: &Generated) -> Vec<String> {
    assert!(found.matrix.holds() && found.obstacles.is_empty(), "{:?}", found.obstacles);
    let [Part::Changed { document, .. }] = found.parts.as_slice() else {
        panic!("{:?}", found.parts);
    };
    patterns(document)
}

fn patterns(document: &Document) -> Vec<String> {
    let document = serde_json::from_str::<Value>(&document.to_json(None)).unwrap();
    match &document["Statement"][0]["Condition"]["ArnNotLike"]["bedrock:InferenceProfileArn"] {
        Value::String(one) => vec![one.clone()],
        many => serde_json::from_value(many.clone()).unwrap(),
    }
}

#[test]
fn models_that_are_exempt_already_do_not_hide_those_that_are_not() {
    let cases = [
        (scope("us"), vec!["us.amazon.*", "us.anthropic.claude-haiku-*"], "us.*"),
        (scope("us"), vec!["us.amazon.*", "us.anthropic.*", "us.meta.*"], "us.*"),
        (scope("global"), vec!["global.amazon.*"], "global.*"),
    ];
    for (exempted, before, new) in cases {
        let found = result(&exempt(exempted), &[&partly_exempt(&before)]);
        let expected = format!("arn:*:bedrock:*:*:inference-profile/{new}");
        assert_eq!(spared(&found).last(), Some(&expected));
        let opened = found.matrix.cells.iter().filter(|it| it.is_opened());
        assert!(opened.clone().count() > 1);
        assert!(opened.clone().all(|it| it.call.is_of_catalog && it.expected == Expected::Allowed));
    }
    // Where all of them are, nothing has to change.
    let all = partly_exempt(&["us.*"]);
    assert!(result(&exempt(scope("us")), &[&all]).parts.is_empty());
}

#[test]
fn global_profiles_of_all_models_are_enabled_or_named() {
    let goal = EnableGlobal { regions: ["us-east-1".to_owned()].into() };
    let partly = partly_exempt(&["global.amazon.*"]);
    let found = result(&goal, &[&partly]);
    assert!(found.matrix.holds());
    let [Part::Changed { document, .. }, ..] = found.parts.as_slice() else {
        panic!("{:?}", found.parts);
    };
    let expected = "arn:*:bedrock:us-east-1:*:inference-profile/global.*".to_owned();
    assert_eq!(patterns(document).last(), Some(&expected));
    // A source Region that is denied needs more than an exemption by profile.
    let goal = EnableGlobal { regions: ["us-west-2".to_owned()].into() };
    let found = result(&goal, &[&partly]);
    let [obstacle] = found.obstacles.as_slice() else { panic!("{:?}", found.obstacles) };
    assert!(obstacle.statement.is_some());
}

#[test]
fn exemption_names_the_source_regions_where_the_profile_itself_is_not_denied() {
    let fm = "arn:aws:bedrock:*::foundation-model/*";
    let us = |region: &str| format!("arn:*:bedrock:{region}:*:inference-profile/us.*");
    let one = deny(fm, &json!({"StringNotEquals": {"aws:RequestedRegion": ["us-east-1"]}}));
    let found = result(&exempt(scope("us")), &[&one]);
    assert_eq!(spared(&found), [us("us-east-1")]);
    let sent = found.matrix.cells.iter().filter(|it| it.call.way.scope() == Some("us"));
    let sent = sent.filter(|it| it.call.region != "us-east-1").collect::<Vec<_>>();
    assert!(sent.len() > 100 && sent.iter().all(|it| it.after.is(Verdict::Denied)));

    // Regions that are no source of such profiles are not named, nor is a Region that is denied by its name.
    let two = json!({"StringNotLike": {"aws:RequestedRegion": ["us-west-*", "eu-west-1"]}});
    let found = result(&exempt(scope("us")), &[&deny(fm, &two)]);
    assert_eq!(spared(&found), [us("us-west-1"), us("us-west-2")]);
    let denied = json!({"StringEquals": {"aws:RequestedRegion": ["us-east-2", "ca-central-1"]}});
    let found = result(&exempt(scope("us")), &[&deny(fm, &denied)]);
    let spared_regions = spared(&found);
    assert!(spared_regions.contains(&us("us-east-1")), "{spared_regions:?}");
    assert!(!spared_regions.contains(&us("us-east-2")), "{spared_regions:?}");

    // Application profiles are nowhere listed: all Regions of the statement are named.
    let two = json!({"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}});
    let found = result(&exempt(Exempted::ApplicationProfiles), &[&deny(fm, &two)]);
    let own = |region: &str| format!("arn:*:bedrock:{region}:*:application-inference-profile/*");
    assert_eq!(spared(&found), [own("eu-west-1"), own("us-east-1")]);

    // A Region that is asked for is spared, too.
    let regions = ["us-east-1", "us-east-2"].map(str::to_owned).to_vec();
    let found = result(&Exempt { exempted: vec![scope("us")], regions }, &[&one]);
    assert_eq!(spared(&found), [us("us-east-1"), us("us-east-2")]);

    // Where the profile is denied with its Region, one pattern is enough.
    let all = deny("*", &json!({"StringNotEquals": {"aws:RequestedRegion": ["us-east-1"]}}));
    assert_eq!(spared(&result(&exempt(scope("us")), &[&all])), [us("*")]);
}

#[test]
fn models_that_are_denied_for_another_reason_stay_denied() {
    let condition = json!({"StringNotEquals": {"aws:RequestedRegion": ["us-east-1"]}});
    let regions = deny("*", &condition);
    let approved = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Deny", "Action": "bedrock:*",
        "NotResource": ["arn:aws:bedrock:*::foundation-model/amazon.*", "arn:aws:bedrock:*:*:*inference-profile/*"],
    }})
    .to_string();
    let global = EnableGlobal { regions: ["us-east-1".to_owned()].into() };
    for goal in [&exempt(scope("us")) as &dyn Goal, &global] {
        let found = result(goal, &[&regions, &approved]);
        assert_eq!(spared(&found).len(), 1);
        let other = found.matrix.cells.iter().filter(|it| it.call.model.starts_with("meta."));
        assert!(other.into_iter().all(|it| it.after.is(Verdict::Denied)));
    }
}

#[test]
fn regions_of_profiles_without_published_destinations_are_left_open() {
    let (catalog, regions) = (Catalog::embedded(), Regions::embedded());
    let wanted = Wanted { regions: vec!["us-gov-west-1".to_owned()], ..Wanted::default() };
    let scene = Scene::choose(&wanted, &catalog, &regions).unwrap();
    let ground = Ground::new(at_root(&[]), scene, &catalog, &regions, Aliases::default());
    let goal = OnlyRegions::of(["us-gov-west-1".to_owned()].into(), &catalog);
    let found = generate(&goal, &ground).unwrap();
    assert!(found.matrix.holds());
    let mut open = found.matrix.cells.iter().filter(|it| it.expected == Expected::Open);
    let open = open.find(|it| it.after.required != it.after.all).unwrap();
    assert_eq!((open.after.required, open.after.all), (Verdict::Allowed, Verdict::Denied));
}
