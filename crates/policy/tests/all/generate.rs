//! What `generate` writes: each goal's matrix holds on several organizations, each weakened result is refuted,
//! and every document is read as strictly as any other.

use std::collections::BTreeSet;

use bedrock::denial::PolicyType;
use bedrock::{Aliases, Catalog, Regions};
use policy::generate::goal::{
    AccountList, ApprovedModels, ControlTower, DisableGlobal, EnableGlobal, Exempt, Exempted,
    IdentityPolicy, LeastPrivilege, NoApiKeys, OnlyRegions, PastCall, ProfilesOnly,
};
use policy::generate::{
    Expected, Generated, Goal, Ground, Part, Place, Scene, Size, Wanted, generate, matrix,
};
use policy::{Document, Knowledge, Level, Verdict};
use serde_json::{Value, json};

use crate::world::{FULL_ACCESS, level, scp};

const ACCOUNT: &str = "111122223333";
const OTHER_ACCOUNT: &str = "444455556666";
const SONNET: &str = "anthropic.claude-sonnet-4-6";
const OWN: &str =
    "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/own0prof1le0";

struct World {
    catalog: Catalog,
    regions: Regions,
    aliases: Aliases,
}

fn world() -> World {
    let mut aliases = Aliases::default();
    aliases.add_csv(&format!("model_ref,model\n{OWN},us.{SONNET}\n")).unwrap();
    World { catalog: Catalog::embedded(), regions: Regions::embedded(), aliases }
}

fn strings(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|it| (*it).to_owned()).collect()
}

/// The Region deny of Control Tower, with fewer actions.
fn region_deny(sid: &str, regions: &[&str]) -> String {
    let regions = serde_json::to_string(regions).unwrap();
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Condition":{{"StringNotEquals":{{"aws:RequestedRegion":{regions}}},
        "ArnNotLike":{{"aws:PrincipalARN":["arn:aws:iam::*:role/AWSControlTowerExecution"]}}}},"Resource":"*","Effect":"Deny",
        "NotAction":["iam:*","kms:*","sts:*","s3:ListAllMyBuckets"],"Sid":"{sid}"}}]}}"#
    )
}

fn place(account: &str, levels: Vec<Level>) -> Place {
    let (organization_id, organization_path) = (None, None);
    Place { account: account.to_owned(), levels, organization_id, organization_path }
}

/// Nothing but what AWS attaches; a Region deny; the same two units below, beside an SCP that is not about
/// Bedrock.
fn organizations() -> Vec<(&'static str, Vec<Place>)> {
    let deny = region_deny("GRREGIONDENY", &["us-east-1"]);
    let leave = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"organizations:LeaveOrganization","Resource":"*"}}"#;
    let nested = || {
        vec![
            level("r-ab12", &[FULL_ACCESS, leave]),
            level("ou-ab12-1", &[FULL_ACCESS, &deny]),
            level("ou-ab12-2", &[FULL_ACCESS]),
            level("account", &[FULL_ACCESS]),
        ]
    };
    vec![
        ("open", vec![place(ACCOUNT, vec![level("root", &[FULL_ACCESS])])]),
        ("region deny", vec![place(ACCOUNT, vec![level("root", &[FULL_ACCESS, &deny])])]),
        ("nested", vec![place(ACCOUNT, nested()), place(OTHER_ACCOUNT, nested())]),
    ]
}

fn scene(world: &World, wanted: &Wanted<'_>) -> Scene {
    Scene::choose(wanted, &world.catalog, &world.regions).unwrap()
}

fn of_us(world: &World) -> Scene {
    let is_model = |model: &str| model == SONNET;
    let regions = ["us-east-1", "eu-west-1"].map(str::to_owned).to_vec();
    let geography = Some("us".to_owned());
    scene(world, &Wanted { regions, geography, is_model: &is_model, ..Wanted::default() })
}

fn of_eu(world: &World) -> Scene {
    let (regions, geography) = (vec!["eu-west-1".to_owned()], Some("eu".to_owned()));
    scene(world, &Wanted { regions, geography, ..Wanted::default() })
}

fn ground<'w>(world: &'w World, places: Vec<Place>, scene: Scene) -> Ground<'w> {
    Ground::new(places, scene, &world.catalog, &world.regions, world.aliases.clone())
}

fn exempt(exempted: &[Exempted]) -> Exempt {
    Exempt { exempted: exempted.to_vec(), regions: Vec::new() }
}

/// Goals that add SCPs.
fn denying(world: &World) -> Vec<Box<dyn Goal>> {
    let sonnet = [SONNET.to_owned()];
    vec![
        Box::new(DisableGlobal),
        Box::new(OnlyRegions::of(
            strings(&["us-east-1", "us-east-2", "us-west-2"]),
            &world.catalog,
        )),
        Box::new(OnlyRegions::of(strings(&["us-east-1"]), &world.catalog)),
        Box::new(OnlyRegions::of_geography("eu", &world.catalog, &world.regions).unwrap()),
        Box::new(ProfilesOnly::default()),
        Box::new(ProfilesOnly { spares_mantle: true }),
        Box::new(ApprovedModels::new(&sonnet, &world.catalog).unwrap()),
        Box::new(AccountList { accounts: strings(&[OTHER_ACCOUNT]), regions: strings(&[]) }),
        Box::new(AccountList {
            accounts: strings(&[OTHER_ACCOUNT]),
            regions: strings(&["us-east-1", "us-east-2"]),
        }),
        Box::new(NoApiKeys::default()),
    ]
}

fn of_identities(world: &World) -> Vec<Box<dyn Goal>> {
    let knowledge =
        Knowledge { catalog: &world.catalog, regions: &world.regions, aliases: &world.aliases };
    let policy = |reference: &str, account: Option<&str>| -> Box<dyn Goal> {
        let regions = strings(&["us-east-1"]);
        Box::new(IdentityPolicy::new(reference, regions, account, knowledge).unwrap())
    };
    let call = |operation: &str, model_ref: &str, has_api_key: bool| PastCall {
        operation: operation.to_owned(),
        model_ref: model_ref.to_owned(),
        region: "us-east-1".to_owned(),
        has_api_key,
    };
    let past = [
        call("ConverseStream", &format!("us.{SONNET}"), false),
        call("Converse", OWN, true),
        call("CreateInference", SONNET, false),
        call("CreateModelInvocationJob", SONNET, false),
    ];
    vec![
        policy(&format!("us.{SONNET}"), Some(ACCOUNT)),
        policy(&format!("us.{SONNET}"), None),
        policy(&format!("global.{SONNET}"), Some(ACCOUNT)),
        policy(SONNET, Some(ACCOUNT)),
        policy(OWN, Some(ACCOUNT)),
        Box::new(LeastPrivilege::new(&past.into_iter().collect(), ACCOUNT, knowledge).unwrap()),
    ]
}

fn checked(goal: &dyn Goal, ground: &Ground<'_>) -> Generated {
    let found = generate(goal, ground).unwrap();
    let failed = found.matrix.cells.iter().filter(|cell| !cell.holds());
    let failed = failed.map(|cell| {
        format!(
            "{} from {} by {}: {:?}, {:?} -> {:?}",
            cell.call.label(),
            cell.call.region,
            cell.account,
            cell.expected,
            cell.before,
            cell.after
        )
    });
    let failed = failed.collect::<Vec<_>>();
    assert!(failed.is_empty(), "{}\n{failed:#?}\n{}", goal.sentence(), documents(&found));
    assert!(found.matrix.holds());
    for part in &found.parts {
        let Some(document) = part.document() else { continue };
        for text in [document.to_json(None), document.to_json(Some(2))] {
            let read = Document::read(&text, part.policy_type()).unwrap();
            assert_eq!(read.to_json(None), document.to_json(None));
        }
        let size = Size::of(document, part.policy_type());
        assert!(size.is_within_limit() && size.indented <= size.limit, "{size:?}");
    }
    found
}

fn documents(found: &Generated) -> String {
    let documents = found.parts.iter().filter_map(Part::document);
    documents.map(|it| it.to_json(Some(2))).collect::<Vec<_>>().join("\n")
}

#[test]
fn matrix_of_every_goal_that_denies_holds_on_every_organization() {
    let world = world();
    for (name, places) in organizations() {
        for goal in denying(&world) {
            let found = checked(goal.as_ref(), &ground(&world, places.clone(), of_us(&world)));
            assert_eq!(found.parts.len(), 1, "{name}: {}", goal.sentence());
            assert!(found.obstacles.is_empty());
            assert!(found.matrix.cells.len() >= 25);
        }
    }
}

#[test]
fn matrix_of_every_goal_that_allows_holds_or_names_what_denies() {
    let world = world();
    for (name, mut places) in organizations() {
        places.truncate(1);
        for goal in of_identities(&world) {
            let ground = ground(&world, places.clone(), of_us(&world));
            let found = generate(goal.as_ref(), &ground).unwrap();
            if name == "open" {
                checked(goal.as_ref(), &ground);
                continue;
            }
            // Direct calls and the mantle endpoint need no other Region.
            let is_denied = found.obstacles.iter().filter_map(|it| it.statement.as_ref());
            for statement in is_denied {
                assert_eq!(statement.managed.as_deref(), Some("the Sid GRREGIONDENY"));
            }
            assert_eq!(
                found.matrix.holds(),
                found.obstacles.is_empty(),
                "{name}: {}",
                goal.sentence()
            );
        }
    }
}

#[test]
fn exemption_opens_what_is_asked_for_and_is_short() {
    let world = world();
    let scope = |it: &str| Exempted::Scope(it.to_owned());
    let cases = [
        (vec![scope("us")], 90),
        (vec![scope("global")], 90),
        (vec![Exempted::Profile(format!("us.{SONNET}"))], 120),
        (vec![Exempted::ApplicationProfile(OWN.to_owned())], 130),
        (vec![Exempted::ApplicationProfiles], 350),
        (vec![scope("us"), Exempted::ApplicationProfiles], 400),
        (vec![scope("us"), scope("global"), Exempted::ApplicationProfiles], 260),
    ];
    for (exempted, most) in cases {
        let goal = exempt(&exempted);
        for (name, places) in organizations().into_iter().skip(1) {
            let ground = ground(&world, places, of_us(&world));
            let found = checked(&goal, &ground);
            assert!(found.obstacles.is_empty(), "{name}: {exempted:?}");
            let [Part::Changed { policy, document, statements }] = found.parts.as_slice() else {
                panic!("{name}: {:?}", found.parts);
            };
            assert_eq!(statements, &[0]);
            let more = document.to_json(None).len() - policy.document.to_json(None).len();
            assert!(more <= most, "{exempted:?}: {more}");
            assert!(found.matrix.cells.iter().any(|it| it.expected == Expected::Allowed));
        }
        // Where nothing denies, nothing has to change.
        let (_, places) = organizations().remove(0);
        let found = checked(&goal, &ground(&world, places, of_us(&world)));
        assert!(found.parts.is_empty() && !found.matrix.has_changes());
    }
}

#[test]
fn exemption_leaves_all_else_of_a_document_as_it_is() {
    let world = world();
    let text = region_deny("GRREGIONDENY", &["us-east-1"]);
    let places = vec![place(ACCOUNT, vec![level("root", &[FULL_ACCESS, &text])])];
    let goal = exempt(&[Exempted::Scope("us".to_owned())]);
    let found = checked(&goal, &ground(&world, places, of_us(&world)));
    let expected = Document::read(&text, PolicyType::ServiceControl).unwrap().to_json(None).replace(
        r#"["arn:aws:iam::*:role/AWSControlTowerExecution"]"#,
        r#"["arn:aws:iam::*:role/AWSControlTowerExecution"],"bedrock:InferenceProfileArn":"arn:*:bedrock:*:*:inference-profile/us.*""#,
    );
    assert_eq!(found.parts[0].document().unwrap().to_json(None), expected);
}

/// A statement as an object, another operator for Regions, the key in another case and with a value, no
/// `ArnNotLike`.
#[test]
fn exemption_fits_statements_of_other_forms() {
    let world = world();
    let body = |condition: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{condition}}}}}"#
        )
    };
    let new = r#""arn:*:bedrock:*:*:inference-profile/us.*""#;
    for (condition, changed) in [
        (
            r#"{"StringNotLike":{"aws:RequestedRegion":"us-east-1"}}"#.to_owned(),
            format!(
                r#"{{"StringNotLike":{{"aws:RequestedRegion":"us-east-1"}},"ArnNotLike":{{"bedrock:InferenceProfileArn":{new}}}}}"#
            ),
        ),
        (
            r#"{"StringEquals":{"aws:requestedRegion":["us-east-2","us-west-2"]},"ArnNotLike":{"Bedrock:InferenceProfileARN":"arn:aws:bedrock:*:*:inference-profile/eu.*"}}"#.to_owned(),
            format!(
                r#"{{"StringEquals":{{"aws:requestedRegion":["us-east-2","us-west-2"]}},"ArnNotLike":{{"Bedrock:InferenceProfileARN":["arn:aws:bedrock:*:*:inference-profile/eu.*",{new}]}}}}"#
            ),
        ),
    ] {
        let text = body(&condition);
        let places = vec![place(ACCOUNT, vec![level("root", &[FULL_ACCESS, &text])])];
        let goal = exempt(&[Exempted::Scope("us".to_owned())]);
        let found = checked(&goal, &ground(&world, places, of_us(&world)));
        assert_eq!(found.parts[0].document().unwrap().to_json(None), body(&changed));
        let more = body(&changed).len() - text.len();
        assert!(more <= 90, "{more}");
    }
}

#[test]
fn global_is_enabled_where_it_is_denied_and_limited_where_it_is_not() {
    let world = world();
    let goal = EnableGlobal { regions: strings(&["us-east-1"]) };
    for (name, places) in organizations() {
        let found = checked(&goal, &ground(&world, places, of_us(&world)));
        match (name, found.parts.as_slice()) {
            ("open", [Part::New(..)]) => {}
            ("region deny" | "nested", [Part::Changed { policy, document, .. }]) => {
                let more = document.to_json(None).len() - policy.document.to_json(None).len();
                assert!(more <= 90, "{more}");
            }
            (_, parts) => panic!("{name}: {parts:?}"),
        }
    }
    // Two Regions, of which the statement spares one: the other has to be spared by Region.
    let goal = EnableGlobal { regions: strings(&["us-east-1", "us-west-2"]) };
    let (_, places) = organizations().remove(1);
    let found = generate(&goal, &ground(&world, places, of_us(&world))).unwrap();
    assert!(!found.matrix.holds());
    let [obstacle] = found.obstacles.as_slice() else { panic!("{:?}", found.obstacles) };
    let statement = obstacle.statement.as_ref().unwrap();
    let changed = serde_json::from_str::<Value>(statement.changed.as_ref().unwrap()).unwrap();
    let condition = &changed["Condition"];
    assert_eq!(
        condition["StringNotEquals"]["aws:RequestedRegion"],
        json!(["us-east-1", "us-west-2"])
    );
    assert_eq!(
        condition["ArnNotLike"]["bedrock:InferenceProfileArn"],
        json!([
            "arn:*:bedrock:us-east-1:*:inference-profile/global.*",
            "arn:*:bedrock:us-west-2:*:inference-profile/global.*"
        ])
    );
}

#[test]
fn control_of_control_tower_and_its_scp_hold_together_only() {
    let world = world();
    let us = exempt(&[Exempted::Scope("us".to_owned())]);
    let enabled = region_deny("CTMULTISERVICEPV1", &["us-east-1"]);
    let open = vec![place(ACCOUNT, vec![level("root", &[FULL_ACCESS])])];
    let with = vec![place(ACCOUNT, vec![level("root", &[FULL_ACCESS, &enabled])])];
    for places in [open, with] {
        let goal = ControlTower::new(&strings(&["us-east-1"]), us.clone(), &places).unwrap();
        let ground = ground(&world, places, of_us(&world));
        let found = checked(&goal, &ground);
        let [Part::New(..), Part::Control(control)] = found.parts.as_slice() else {
            panic!("{:?}", found.parts);
        };
        assert_eq!(
            control.parameters,
            [
                ("AllowedRegions", vec!["us-east-1".to_owned()]),
                (
                    "ExemptedActions",
                    vec![
                        "bedrock:InvokeModel".to_owned(),
                        "bedrock:InvokeModelWithResponseStream".to_owned()
                    ]
                ),
            ]
        );
        // Without the SCP, models can be called directly in any Region; without the parameters, not at all.
        for parts in [&found.parts[..1], &found.parts[1..]] {
            assert!(!matrix::prove(&goal, &ground, parts).unwrap().holds());
        }
    }
    // Another Region deny above is not lifted by what is beside it.
    let deny = region_deny("GRREGIONDENY", &["us-east-1"]);
    let places = vec![place(ACCOUNT, vec![level("root", &[FULL_ACCESS, &deny])])];
    let goal = ControlTower::new(&strings(&["us-east-1"]), us.clone(), &places).unwrap();
    let found = generate(&goal, &ground(&world, places.clone(), of_us(&world))).unwrap();
    let [obstacle] = found.obstacles.as_slice() else { panic!("{:?}", found.obstacles) };
    let statement = obstacle.statement.as_ref().unwrap();
    assert_eq!((statement.index, statement.managed.is_some()), (0, true));
    assert!(statement.changed.as_ref().unwrap().contains("inference-profile/us.*"));

    assert!(ControlTower::new(&strings(&[]), us.clone(), &places).is_err());
    let with = vec![place(ACCOUNT, vec![level("root", &[FULL_ACCESS, &enabled])])];
    assert!(ControlTower::new(&strings(&["eu-west-1"]), us, &with).is_err());
}

#[test]
fn statement_that_denies_for_another_reason_is_named_with_its_place() {
    let world = world();
    let deny = region_deny("GRREGIONDENY", &["us-east-1"]);
    let no_bedrock = r#"{"Version":"2012-10-17","Statement":[
{"Sid":"Harmless","Effect":"Deny","Action":"ec2:*","Resource":"*"},
{"Sid":"NoBedrock","Effect":"Deny","Action":"bedrock:*","Resource":"*"}]}"#;
    let levels =
        vec![level("root", &[FULL_ACCESS, &deny]), level("ou", &[FULL_ACCESS, no_bedrock])];
    let goal = Exempt {
        exempted: vec![Exempted::Scope("us".to_owned())],
        regions: vec!["us-east-1".to_owned()],
    };
    let found =
        generate(&goal, &ground(&world, vec![place(ACCOUNT, levels)], of_us(&world))).unwrap();
    assert!(!found.matrix.holds());
    let [obstacle] = found.obstacles.as_slice() else { panic!("{:?}", found.obstacles) };
    assert_eq!(obstacle.node.as_deref(), Some("ou"));
    let statement = obstacle.statement.as_ref().unwrap();
    assert_eq!((statement.policy.name.as_str(), statement.index), ("ou-1", 1));
    assert_eq!(statement.policy.document.statements[1].position.line, 3);
    // No condition that is added spares the profile itself.
    assert_eq!(statement.changed, None);
    assert!(obstacle.denies.iter().any(|it| it.contains("profile us-east-1")), "{obstacle:?}");

    // A node without an Allow is named, too.
    let levels = vec![level("root", &[&deny])];
    let found =
        generate(&goal, &ground(&world, vec![place(ACCOUNT, levels)], of_us(&world))).unwrap();
    let implicit = found.obstacles.iter().find(|it| it.statement.is_none()).unwrap();
    assert_eq!(implicit.node.as_deref(), Some("root"));
}

/// Each value, condition, and element that is taken away, and each text that says less.
fn weakened(document: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    match document {
        Value::Array(items) => {
            for index in 0..items.len() {
                let mut fewer = items.clone();
                fewer.remove(index);
                if !fewer.is_empty() {
                    found.push(Value::Array(fewer));
                }
                for changed in weakened(&items[index]) {
                    let mut items = items.clone();
                    items[index] = changed;
                    found.push(Value::Array(items));
                }
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                if ["Sid", "Version", "Effect"].contains(&name.as_str()) {
                    continue;
                }
                if name == "Condition" {
                    let mut fewer = members.clone();
                    fewer.remove(name);
                    found.push(Value::Object(fewer));
                }
                for changed in weakened(value) {
                    let mut members = members.clone();
                    members.insert(name.clone(), changed);
                    found.push(Value::Object(members));
                }
            }
        }
        Value::String(text) => {
            let others = [
                text.replace("us-east-1", "us-west-1"),
                text.replace(OTHER_ACCOUNT, "777788889999"),
                text.replace("InvokeModel*", "InvokeModel"),
                text.replace("InvokeModel*", "InvokeModelWithResponseStream"),
                text.replace("bedrock:*:", "bedrock:us-west-1:"),
                text.replace("arn:*:bedrock:::", "arn:*:bedrock:*::"),
                text.replace("foundation-model/*", "foundation-model/amazon.*"),
                text.replace("inference-profile/", "inference-profile/x"),
                text.replace("inference-profile/us.*", "inference-profile/*"),
                // One leg of an identity policy that allows more opens no call.
                text.replace(
                    &format!("arn:*:bedrock:*::foundation-model/{SONNET}"),
                    "arn:*:bedrock:*::foundation-model/anthropic.*",
                ),
                text.replace("true", "false"),
            ];
            found.extend(others.into_iter().filter(|it| it != text).map(Value::String));
        }
        _ => {}
    }
    found
}

/// Changes that no call of the matrix tells: of resources that are no legs, and of actions of other services.
const NOT_TOLD: [&str; 6] =
    ["model-invocation-job", "project/", "\"iam:*", "\"kms:*", "\"sts:*", "\"s3:List"];

#[test]
fn every_weakened_result_is_refuted() {
    let world = world();
    let deny = region_deny("GRREGIONDENY", &["us-east-1", "eu-west-1"]);
    let two = || {
        vec![
            place(ACCOUNT, vec![level("root", &[FULL_ACCESS])]),
            place(OTHER_ACCOUNT, vec![level("root", &[FULL_ACCESS])]),
        ]
    };
    let denied = || vec![place(ACCOUNT, vec![level("root", &[FULL_ACCESS, &deny])])];
    let mut all = Vec::<(Box<dyn Goal>, Vec<Place>)>::new();
    all.extend(denying(&world).into_iter().map(|goal| (goal, two())));
    all.extend(of_identities(&world).into_iter().map(|goal| (goal, two()[..1].to_vec())));
    all.push((Box::new(EnableGlobal { regions: strings(&["us-east-1"]) }), two()));
    let us = Exempted::Scope("us".to_owned());
    all.push((Box::new(exempt(std::slice::from_ref(&us))), denied()));
    all.push((Box::new(exempt(&[us, Exempted::ApplicationProfiles])), denied()));
    let mut n_refuted = 0;
    for (goal, places) in all {
        let is_of_eu = goal.sentence().contains("eu-west-1");
        let scene = if is_of_eu { of_eu(&world) } else { of_us(&world) };
        let ground = ground(&world, places, scene);
        let found = checked(goal.as_ref(), &ground);
        for (index, part) in found.parts.iter().enumerate() {
            let document =
                serde_json::from_str::<Value>(&part.document().unwrap().to_json(None)).unwrap();
            for changed in weakened(&document) {
                let text = changed.to_string();
                let Ok(read) = Document::read(&text, part.policy_type()) else { continue };
                let mut parts = found.parts.clone();
                parts[index] = part.with_document(read);
                let holds = matrix::prove(goal.as_ref(), &ground, &parts).unwrap().holds();
                n_refuted += usize::from(!holds);
                assert!(
                    !holds || is_not_told(&document, &changed),
                    "{}\n{document}\n{changed}",
                    goal.sentence()
                );
            }
        }
    }
    assert!(n_refuted > 100, "{n_refuted}");
}

/// Whether what differs is something that no leg is about.
fn is_not_told(old: &Value, new: &Value) -> bool {
    let lines = |value: &Value| {
        let text = serde_json::to_string_pretty(value).unwrap();
        text.lines().map(|it| it.trim().trim_end_matches(',').to_owned()).collect::<BTreeSet<_>>()
    };
    let (old, new) = (lines(old), lines(new));
    old.symmetric_difference(&new).any(|line| NOT_TOLD.iter().any(|it| line.contains(it)))
}

#[test]
fn possible_legs_count_either_way() {
    // An identity policy without the system-defined profile below an application profile.
    let world = world();
    let goal = of_identities(&world).remove(4);
    let ground =
        ground(&world, vec![place(ACCOUNT, vec![level("root", &[FULL_ACCESS])])], of_us(&world));
    let found = checked(goal.as_ref(), &ground);
    let text = found.parts[0].document().unwrap().to_json(None);
    let profile = format!("arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/us.{SONNET}");
    assert!(text.contains(&profile), "{text}");
    let other = text.replace(&profile, OWN);
    let read = Document::read(&other, PolicyType::IdentityBased).unwrap();
    let parts = [found.parts[0].with_document(read)];
    let matrix = matrix::prove(goal.as_ref(), &ground, &parts).unwrap();
    let failed = matrix.cells.iter().find(|cell| !cell.holds()).unwrap();
    assert_eq!(failed.after.required, Verdict::Allowed);
    assert_eq!(failed.after.all, Verdict::Denied);
}

#[test]
fn new_policy_goes_to_the_node_that_is_named() {
    let world = world();
    let levels = vec![level("root", &[FULL_ACCESS]), level("ou", &[FULL_ACCESS])];
    let mut ground = ground(&world, vec![place(ACCOUNT, levels)], of_us(&world));
    ground.targets = vec!["ou".to_owned()];
    checked(&DisableGlobal, &ground);
    ground.targets = vec!["elsewhere".to_owned()];
    assert!(!generate(&DisableGlobal, &ground).unwrap().matrix.holds());
}

#[test]
fn sizes_are_those_of_the_text() {
    let policy = scp("x", FULL_ACCESS);
    let size = Size::of(&policy.document, PolicyType::ServiceControl);
    assert_eq!((size.compact, size.bytes, size.limit), (83, 83, 10_240));
    let identity = Size::of(&policy.document, PolicyType::IdentityBased);
    assert_eq!(identity.limit, 6_144);
}
