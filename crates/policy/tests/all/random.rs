//! Random policies and requests: the crate agrees with the second evaluator, and what it decides without
//! knowing a key holds for every value of it.

use std::collections::BTreeMap;

use policy::{Context, KeyState, Levels, Request, Verdict};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use testkit::Dice;

use crate::second::{self, Keys};
use crate::world;

pub(crate) const ACTIONS: &[&str] = &[
    "bedrock:InvokeModel",
    "bedrock:InvokeModelWithResponseStream",
    "bedrock:CallWithBearerToken",
];
const ACTION_PATTERNS: &[&str] = &[
    "*",
    "bedrock:*",
    "bedrock:Invoke*",
    "BEDROCK:invokemodel",
    "bedrock:*Stream",
    "iam:*",
    "bedrock:Invoke?odel",
];
pub(crate) const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:bedrock:us-east-1::foundation-model/a",
    "arn:aws:bedrock:::foundation-model/a",
    "arn:aws:bedrock:us-east-2::foundation-model/b-v1:0",
    "arn:aws:bedrock:us-east-1:1:inference-profile/us.a",
];
const RESOURCE_PATTERNS: &[&str] = &[
    "*",
    "arn:aws:bedrock:*",
    "arn:aws:bedrock:*::foundation-model/*",
    "arn:aws:bedrock:*:*:foundation-model/a",
    "arn:aws:bedrock:us-*-1::foundation-model/a",
    "arn:aws:bedrock:us-east-?:*:inference-profile/*",
    "arn:aws:bedrock:*::foundation-model/${aws:username}",
    "arn:aws:bedrock:*::foundation-model/b-*:0",
];

/// A key, the values that a request may have of it, operators, values of policies.
type KeyRow =
    (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const KEYS: &[KeyRow] = &[
    (
        "aws:PrincipalTag/team",
        &["a", "b", "ab", "A", "B", "c", "ac", "cb", "cc", "a*", "A*", "*b", "*B", "*", "?"],
        &[
            "StringEquals",
            "StringNotEquals",
            "StringLike",
            "StringNotLike",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringEqualsIfExists",
            "StringNotLikeIfExists",
            "Null",
        ],
        &["a", "b", "a*", "*b", "A", "?", "*"],
    ),
    (
        "aws:ViaAWSService",
        &["true", "false"],
        &["Bool", "BoolIfExists", "Null"],
        &["true", "false"],
    ),
    (
        "bedrock:InferenceProfileArn",
        &[
            "arn:aws:bedrock:r:1:inference-profile/us.a",
            "arn:aws:bedrock:r:1:inference-profile/global.a",
            "arn:aws:bedrock:r:1:application-inference-profile/x",
        ],
        &[
            "ArnLike",
            "ArnNotLike",
            "ArnEquals",
            "ArnNotEquals",
            "StringLike",
            "StringNotLike",
            "ArnNotLikeIfExists",
            "Null",
        ],
        &[
            "arn:aws:bedrock:*:*:inference-profile/us.*",
            "arn:*:bedrock:*:1:*inference-profile/*",
            "arn:aws:bedrock:*:inference-profile/us.*",
            "arn:aws:bedrock:r:1:inference-profile/${aws:username}",
        ],
    ),
    (
        "aws:username",
        &["a", "b", "us.a", "*"],
        &["StringEquals", "StringNotLike", "Null"],
        &["a", "us.*", "${aws:PrincipalTag/team}", "${aws:PrincipalTag/team, 'a'}", "${*}"],
    ),
    (
        "aws:CalledVia",
        &["x", "y", "x|y"],
        &[
            "ForAnyValue:StringEquals",
            "ForAllValues:StringEquals",
            "ForAnyValue:StringNotEquals",
            "ForAllValues:StringNotLike",
            "ForAllValues:StringLikeIfExists",
            "ForAnyValue:StringLikeIfExists",
        ],
        &["x", "y", "*", "z"],
    ),
    (
        "aws:MultiFactorAuthAge",
        &["5", "300", "-1"],
        &[
            "NumericLessThan",
            "NumericGreaterThanEquals",
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThanIfExists",
        ],
        &["5", "60", "300"],
    ),
    (
        "aws:SourceIp",
        &["203.0.113.7", "198.51.100.1"],
        &["IpAddress", "NotIpAddress", "IpAddressIfExists", "NotIpAddressIfExists"],
        &["203.0.113.0/24", "0.0.0.0/0", "198.51.100.1/32"],
    ),
];

fn some(dice: &mut Dice, from: &[&str]) -> Value {
    let n = 1 + dice.index(3);
    let mut values = (0..n).map(|_| json!(*dice.pick(from))).collect::<Vec<_>>();
    if values.len() == 1 && dice.below(2) == 0 { values.remove(0) } else { Value::Array(values) }
}

fn condition(dice: &mut Dice) -> Value {
    let mut operators = Map::new();
    for _ in 0..1 + dice.index(3) {
        let (key, _, names, values) = dice.pick(KEYS);
        let name = *dice.pick(names);
        let values = match name {
            "Null" => some(dice, &["true", "false"]),
            _ if name.starts_with("Arn") || !name.starts_with("Bool") => some(dice, values),
            _ => some(dice, &["true", "false"]),
        };
        let tests = operators.entry(name).or_insert_with(|| json!({}));
        tests[*key] = values;
    }
    Value::Object(operators)
}

fn statement(dice: &mut Dice, allow_of_four: u64) -> Value {
    let mut statement = Map::new();
    let effect = if dice.below(4) < allow_of_four { "Allow" } else { "Deny" };
    statement.insert("Effect".into(), json!(effect));
    let action = if dice.below(3) == 0 { "NotAction" } else { "Action" };
    statement.insert(action.into(), some(dice, ACTION_PATTERNS));
    let resource = if dice.below(4) == 0 { "NotResource" } else { "Resource" };
    statement.insert(resource.into(), some(dice, RESOURCE_PATTERNS));
    if dice.below(4) > 0 {
        statement.insert("Condition".into(), condition(dice));
    }
    Value::Object(statement)
}

pub(crate) fn document(dice: &mut Dice) -> Value {
    let statements = (0..1 + dice.index(3)).map(|_| statement(dice, 2)).collect::<Vec<_>>();
    let mut document = json!({ "Statement": statements });
    if dice.below(4) > 0 {
        document["Version"] = json!("2012-10-17");
    }
    document
}

/// Levels of documents; most levels have what AWS attaches, so that something is allowed.
fn levels(dice: &mut Dice) -> Vec<Vec<Value>> {
    let mut levels = Vec::new();
    for _ in 0..1 + dice.index(3) {
        let mut documents = (0..1 + dice.index(2)).map(|_| document(dice)).collect::<Vec<_>>();
        if dice.below(3) > 0 {
            documents.push(serde_json::from_str(world::FULL_ACCESS).unwrap());
        }
        levels.push(documents);
    }
    levels
}

fn prepared(levels: &[Vec<Value>]) -> Levels {
    let level = |(index, documents): (usize, &Vec<Value>)| {
        let texts = documents.iter().map(Value::to_string).collect::<Vec<_>>();
        world::level(&format!("n{index}"), &texts.iter().map(String::as_str).collect::<Vec<_>>())
    };
    Levels::new(levels.iter().enumerate().map(level).collect())
}

fn values(text: &str) -> Vec<String> {
    text.split('|').map(str::to_owned).collect()
}

fn context(states: &BTreeMap<&str, KeyState>) -> Context {
    let mut context = Context::default();
    for (key, state) in states {
        context.set(key, state.clone());
    }
    context
}

/// All ways in which the open keys may be known.
pub(crate) fn completions(states: &BTreeMap<&str, KeyState>) -> Vec<Keys> {
    let mut all = vec![Keys::new()];
    for (key, pool, _, _) in KEYS {
        let options = match &states[key] {
            KeyState::Absent => vec![None],
            KeyState::Values(values) => vec![Some(values.clone())],
            state => {
                let of_pool = pool.iter().map(|text| Some(values(text)));
                of_pool.chain((*state == KeyState::Unknown).then_some(None)).collect()
            }
        };
        let with = |keys: &Keys, option: &Option<Vec<String>>| {
            let mut keys = keys.clone();
            if let Some(values) = option {
                keys.insert(key.to_lowercase(), values.clone());
            }
            keys
        };
        all = all.iter().flat_map(|keys| options.iter().map(move |it| with(keys, it))).collect();
    }
    all
}

fn is_variable(levels: &[Vec<Value>], key: &str) -> bool {
    let text = serde_json::to_string(levels).unwrap().to_lowercase();
    text.contains(&format!("${{{}", key.to_lowercase()))
}

pub(crate) struct Case {
    pub(crate) levels: Vec<Vec<Value>>,
    pub(crate) states: BTreeMap<&'static str, KeyState>,
    action: &'static str,
    resource: &'static str,
}

pub(crate) fn case(dice: &mut Dice, open_of_eight: u64) -> Case {
    let levels = levels(dice);
    let mut states = BTreeMap::new();
    for (key, pool, _, _) in KEYS {
        let state = match dice.below(8) {
            roll if roll < open_of_eight => {
                if dice.below(3) == 0 {
                    KeyState::Present
                } else {
                    KeyState::Unknown
                }
            }
            _ if dice.below(3) == 0 => KeyState::Absent,
            _ => KeyState::Values(values(dice.pick::<&str>(pool))),
        };
        states.insert(*key, state);
    }
    let (action, resource) = (*dice.pick(ACTIONS), *dice.pick(RESOURCES));
    Case { levels, states, action, resource }
}

/// Checks one case; whether it was decided although a key was open.
fn check(case: &Case) -> Option<Verdict> {
    let all = completions(&case.states);
    if all.len() > 600 {
        return None;
    }
    let levels = prepared(&case.levels);
    let request = Request { action: case.action, resource: case.resource };
    let found = levels.decide(request, &context(&case.states));
    let allowed =
        all.iter().map(|keys| second::allows(&case.levels, case.action, case.resource, keys));
    let allowed = allowed.collect::<Vec<_>>();
    let shown = || {
        let documents = serde_json::to_string_pretty(&case.levels).unwrap();
        format!("{} {}\n{:?}\n{documents}\n{found:?}", case.action, case.resource, case.states)
    };
    let is_open = all.len() > 1;
    match found.verdict {
        Verdict::Allowed => assert!(allowed.iter().all(|it| *it), "allowed: {}", shown()),
        Verdict::Denied => assert!(!allowed.iter().any(|it| *it), "denied: {}", shown()),
        Verdict::Indeterminate => {
            assert!(is_open, "every key is known: {}", shown());
            assert!(!found.unknown.is_empty(), "names no key: {}", shown());
            // These keys have values for every combination of their patterns in the pool, and witnesses.
            let is_sharp = |key: &str| {
                ["aws:PrincipalTag/team", "aws:ViaAWSService"].contains(&key)
                    && !is_variable(&case.levels, key)
            };
            let open = case
                .states
                .iter()
                .filter(|(_, state)| matches!(state, KeyState::Present | KeyState::Unknown));
            let is_sharp = open.map(|(key, _)| key).all(|key| is_sharp(key));
            let agree = allowed.iter().all(|it| *it == allowed[0]);
            assert!(!is_sharp || !agree, "could be decided: {}", shown());
        }
    }
    is_open.then_some(found.verdict)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn known_requests_are_decided_as_by_the_second_evaluator(seed: u64) {
        check(&case(&mut Dice::new(seed), 0));
    }

    #[test]
    fn verdicts_hold_for_every_value_of_what_is_not_known(seed: u64) {
        check(&case(&mut Dice::new(seed), 2));
    }

    /// To know more never turns one verdict into the other.
    #[test]
    fn knowing_one_more_key_keeps_a_verdict(seed: u64) {
        let dice = &mut Dice::new(seed);
        let case = case(dice, 4);
        let levels = prepared(&case.levels);
        let request = Request { action: case.action, resource: case.resource };
        let before = levels.decide(request, &context(&case.states)).verdict;
        for (key, pool, _, _) in KEYS {
            let state = &case.states[key];
            if matches!(state, KeyState::Absent | KeyState::Values(_)) {
                continue;
            }
            let known = pool.iter().map(|text| KeyState::Values(values(text)));
            let absent = (*state == KeyState::Unknown).then_some(KeyState::Absent);
            for state in known.chain(absent).chain([KeyState::Present]) {
                let mut states = case.states.clone();
                states.insert(key, state);
                let after = levels.decide(request, &context(&states)).verdict;
                prop_assert!(before == Verdict::Indeterminate || before == after, "{key}: {before:?} {after:?}");
            }
        }
    }
}

/// The cases above are worth something: each verdict is frequent, also where keys are open.
#[test]
fn random_cases_have_every_verdict() {
    let mut counts = BTreeMap::new();
    for seed in 0..400 {
        if let Some(verdict) = check(&case(&mut Dice::new(seed), 2)) {
            *counts.entry(verdict).or_insert(0) += 1;
        }
    }
    let least = [Verdict::Allowed, Verdict::Denied, Verdict::Indeterminate];
    assert!(
        least.iter().all(|verdict| counts.get(verdict).is_some_and(|n| *n >= 15)),
        "{counts:?}"
    );
}
