//! Exact comparison: random pairs of documents against brute force with the second evaluator, and what cannot
//! be told.

use std::collections::BTreeMap;

use bedrock::denial::PolicyType;
use policy::compare::{Comparison, Differences, Outcome, Witness, compare};
use policy::{Document, KeyState};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use testkit::Dice;

use crate::second::{self, Keys};
use crate::world;

pub(crate) fn document(text: &str) -> Document {
    Document::read(text, PolicyType::ServiceControl).unwrap_or_else(|it| panic!("{text}: {it}"))
}

/// What the second evaluator makes of a document by itself.
pub(crate) fn outcome(document: &Value, action: &str, resource: &str, keys: &Keys) -> Outcome {
    let full = serde_json::from_str(world::FULL_ACCESS).unwrap();
    if !second::allows(&[vec![document.clone(), full]], action, resource, keys) {
        Outcome::Denies
    } else if second::allows(&[vec![document.clone()]], action, resource, keys) {
        Outcome::Allows
    } else {
        Outcome::Neither
    }
}

/// The keys of a witness; those that it does not name are absent.
pub(crate) fn keys(witness: &Witness) -> Keys {
    let state = |(key, state): &(String, KeyState)| match state {
        KeyState::Values(values) => Some((key.to_lowercase(), values.clone())),
        _ => None,
    };
    witness.keys.iter().filter_map(state).collect()
}

/// That both documents say of a request what it says that they do.
pub(crate) fn check_witness(witness: &Witness, old: &Value, new: &Value) {
    let of = |document| outcome(document, &witness.action, &witness.resource, &keys(witness));
    assert_eq!((of(old), of(new)), (witness.old, witness.new), "{witness:?}\n{old}\n{new}");
}

fn differences(old: &Value, new: &Value) -> Differences {
    match compare(&document(&old.to_string()), &document(&new.to_string())) {
        Comparison::Different(differences) => differences,
        other => panic!("{other:?}: {old} {new}"),
    }
}

/// For every combination of these patterns that an action can match, there is one below that does.
const ACTION_PATTERNS: &[&str] = &["*", "s:*", "s:a*", "s:*b", "s:ab", "S:A", "t:*", "s:?", "*:a"];
const ACTIONS: &[&str] =
    &["s:a", "s:b", "s:ab", "s:ac", "s:cb", "s:c", "s:cc", "s:acb", "t:a", "t:b", "u:a", "u:c"];
const RESOURCE_PATTERNS: &[&str] = &[
    "*",
    "arn:p:s:*",
    "arn:p:s:*:*:a",
    "arn:p:s:r?:1:*",
    "arn:p:s:::a",
    "arn:p:s:rx:1:a",
    "arn:p:t:*",
];
const RESOURCES: &[&str] = &[
    "*",
    "arn:p:s:::a",
    "arn:p:s:::b",
    "arn:p:s:rx:1:a",
    "arn:p:s:rx:1:b",
    "arn:p:s:ry:1:a",
    "arn:p:s:q:1:a",
    "arn:p:t:q:1:a",
    "arn:p:u:::a",
];

/// A key, operators, values of policies, values of requests (`|` between several).
type KeyRow =
    (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const KEYS: &[KeyRow] = &[
    (
        "aws:PrincipalTag/team",
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
        &["a", "b", "ab", "A", "B", "c", "ac", "cb", "cc", "a*", "A*", "*b", "*B", "*", "?"],
    ),
    (
        "aws:CalledVia",
        &[
            "ForAnyValue:StringEquals",
            "ForAllValues:StringEquals",
            "ForAnyValue:StringNotEquals",
            "ForAllValues:StringNotLike",
            "ForAllValues:StringLikeIfExists",
            "ForAnyValue:StringLikeIfExists",
        ],
        &["x", "y", "*", "z"],
        &[
            "x",
            "y",
            "z",
            "w",
            "*",
            "x|y",
            "x|z",
            "x|w",
            "y|z",
            "y|w",
            "z|w",
            "x|y|z",
            "x|y|w",
            "x|z|w",
            "y|z|w",
            "x|y|z|w",
            "x|*",
            "y|*",
            "z|*",
            "x|y|*",
            "x|z|*",
            "y|z|*",
            "x|y|z|*",
            "w|*",
            "x|w|*",
            "y|w|*",
            "z|w|*",
            "x|y|w|*",
            "x|z|w|*",
            "y|z|w|*",
            "x|y|z|w|*",
        ],
    ),
    (
        "aws:MultiFactorAuthAge",
        &[
            "NumericLessThan",
            "NumericGreaterThanEquals",
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThanIfExists",
            "Null",
        ],
        &["5", "60", "300"],
        &["4", "5", "6", "60", "61", "300", "301"],
    ),
    (
        "aws:ViaAWSService",
        &["Bool", "BoolIfExists", "Null"],
        &["true", "false"],
        &["true", "false"],
    ),
    (
        "bedrock:InferenceProfileArn",
        &[
            "ArnLike",
            "ArnNotLike",
            "ArnEquals",
            "StringLike",
            "StringNotLike",
            "ArnNotLikeIfExists",
        ],
        &["arn:a:b:*:*:p/u.*", "arn:*:b:*:1:*p/*", "arn:a:b:*:p/u.*", "arn:a:b:r:1:p/u.a"],
        &[
            "arn:a:b::1:p/g",
            "arn:a:b:1:p/u.a",
            "arn:a:b:::1:p/g",
            "arn:a:b:::p/u.a",
            "arn:a:b::1:p/u.a",
            "arn:a:b:::1:p/u.a",
            "arn:a:b:::q:p/u.a",
            "arn:a:b:r:1:p/u.a",
            "arn:a:b::1:1:p/u.a",
            "none",
        ],
    ),
];

fn some(dice: &mut Dice, from: &[&str]) -> Value {
    let n = 1 + dice.index(3);
    let mut values = (0..n).map(|_| json!(*dice.pick(from))).collect::<Vec<_>>();
    if values.len() == 1 && dice.below(2) == 0 { values.remove(0) } else { Value::Array(values) }
}

fn statement(dice: &mut Dice, rows: &[KeyRow], has_resources: bool) -> Value {
    let mut statement = Map::new();
    let effect = if dice.below(2) == 0 { "Allow" } else { "Deny" };
    statement.insert("Effect".into(), json!(effect));
    let action = if dice.below(3) == 0 { "NotAction" } else { "Action" };
    statement.insert(action.into(), some(dice, ACTION_PATTERNS));
    let resource = if dice.below(4) == 0 && has_resources { "NotResource" } else { "Resource" };
    let patterns = if has_resources { RESOURCE_PATTERNS } else { &["*"] };
    statement.insert(resource.into(), some(dice, patterns));
    let mut condition = Map::new();
    for _ in 0..dice.index(3) {
        let (key, operators, values, _) = dice.pick(rows);
        let operator = *dice.pick(operators);
        let values: &[&str] = if operator == "Null" { &["true", "false"] } else { values };
        let tests = condition.entry(operator).or_insert_with(|| json!({}));
        tests[*key] = some(dice, values);
    }
    if !condition.is_empty() || dice.below(4) == 0 {
        statement.insert("Condition".into(), Value::Object(condition));
    }
    Value::Object(statement)
}

/// A list of texts below a member, if there is one.
fn as_list(statement: &mut Value, name: &str) -> Option<Vec<Value>> {
    match statement.get_mut(name)?.take() {
        Value::Array(values) => Some(values),
        one => Some(vec![one]),
    }
}

/// A document that may be equal: in another order, with lists split, entries repeated or added, or changed.
fn changed(dice: &mut Dice, old: &Value, rows: &[KeyRow], has_resources: bool) -> Value {
    let mut statements = old["Statement"].as_array().unwrap().clone();
    for _ in 0..1 + dice.index(2) {
        let place = dice.index(statements.len());
        match dice.below(7) {
            0 => dice.shuffle(&mut statements),
            1 => statements.push(statements[place].clone()),
            2 => {
                let name =
                    if statements[place].get("Action").is_some() { "Action" } else { "NotAction" };
                let mut actions = as_list(&mut statements[place], name).unwrap();
                actions.push(json!(*dice.pick(ACTION_PATTERNS)));
                statements[place][name] = Value::Array(actions);
            }
            // A list becomes two statements, which is the same for `Action`.
            3 => {
                let name =
                    if statements[place].get("Action").is_some() { "Action" } else { "NotAction" };
                let mut actions = as_list(&mut statements[place], name).unwrap();
                let rest = actions.split_off(actions.len() / 2);
                let mut other = statements[place].clone();
                other[name] = Value::Array(rest);
                statements[place][name] = Value::Array(actions.clone());
                if actions.is_empty() {
                    statements[place] = other;
                } else {
                    statements.push(other);
                }
            }
            4 => statements.push(statement(dice, rows, has_resources)),
            5 if statements.len() > 1 => {
                statements.remove(place);
            }
            _ => statements[place] = statement(dice, rows, has_resources),
        }
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// A pair of documents, and all requests that can tell them apart.
pub(crate) struct Case {
    pub(crate) old: Value,
    pub(crate) new: Value,
    rows: Vec<KeyRow>,
    has_resources: bool,
}

pub(crate) fn case(dice: &mut Dice) -> Case {
    // Two keys, or one key and resources: so that all combinations are few.
    let has_resources = dice.below(2) == 0;
    let mut rows = KEYS.to_vec();
    dice.shuffle(&mut rows);
    rows.truncate(if has_resources { 1 } else { 2 });
    let n = 1 + dice.index(3);
    let statements = (0..n).map(|_| statement(dice, &rows, has_resources)).collect::<Vec<_>>();
    let old = json!({ "Version": "2012-10-17", "Statement": statements });
    let new = changed(dice, &old, &rows, has_resources);
    Case { old, new, rows, has_resources }
}

/// All requests of a case on which the documents differ.
pub(crate) fn brute_force(case: &Case) -> BTreeMap<(Outcome, Outcome), usize> {
    let mut states = vec![Keys::new()];
    for (key, _, _, values) in &case.rows {
        let with = |keys: &Keys| {
            let known = values.iter().map(|values| {
                let values = values.split('|').map(str::to_owned).collect();
                let mut keys = keys.clone();
                keys.insert(key.to_lowercase(), values);
                keys
            });
            known.chain([keys.clone()]).collect::<Vec<_>>()
        };
        states = states.iter().flat_map(with).collect();
    }
    let resources = if case.has_resources { RESOURCES } else { &["*"] };
    let mut found = BTreeMap::new();
    for keys in &states {
        for action in ACTIONS {
            for resource in resources {
                let of = |document| outcome(document, action, resource, keys);
                let pair = (of(&case.old), of(&case.new));
                if pair.0 != pair.1 {
                    *found.entry(pair).or_insert(0) += 1;
                }
            }
        }
    }
    found
}

/// Checks one case; whether the documents are equal.
fn check(case: &Case) -> bool {
    let expected = brute_force(case);
    let (old, new) = (&case.old, &case.new);
    let shown = || format!("{old:#}\n{new:#}\n{expected:?}");
    let found = match compare(&document(&old.to_string()), &document(&new.to_string())) {
        Comparison::Equal => {
            assert!(expected.is_empty(), "they differ: {}", shown());
            return true;
        }
        Comparison::Different(found) => found,
        other => panic!("{other:?}: {}", shown()),
    };
    assert!(!expected.is_empty(), "they are equal: {}\n{found:?}", shown());
    assert!(!found.may_have_others);
    let is_there =
        |asked: fn(Outcome, Outcome) -> bool| expected.keys().any(|(old, new)| asked(*old, *new));
    let Differences { only_old_allows, only_new_allows, only_old_denies, only_new_denies, .. } =
        &found;
    for (witness, is_there) in [
        (only_old_allows, is_there(|old, _| old == Outcome::Allows)),
        (only_new_allows, is_there(|_, new| new == Outcome::Allows)),
        (only_old_denies, is_there(|old, new| (old, new) == (Outcome::Denies, Outcome::Neither))),
        (only_new_denies, is_there(|old, new| (old, new) == (Outcome::Neither, Outcome::Denies))),
    ] {
        assert_eq!(witness.is_some(), is_there, "{}\n{found:?}", shown());
    }
    for witness in found.witnesses() {
        check_witness(witness, old, new);
    }
    false
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn comparison_is_that_of_all_requests(seed: u64) {
        check(&case(&mut Dice::new(seed)));
    }
}

#[test]
fn random_pairs_are_equal_and_different() {
    let equal = (0..50).filter(|seed| check(&case(&mut Dice::new(*seed)))).count();
    assert!((8..42).contains(&equal), "{equal}");
}

fn of_statements(statements: &str) -> Value {
    serde_json::from_str(&format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#))
        .unwrap()
}

/// A Deny of everything under a condition.
fn deny_if(condition: &str) -> String {
    format!(r#"{{"Effect":"Deny","Action":"*","Resource":"*","Condition":{{{condition}}}}}"#)
}

fn compared(old: &str, new: &str) -> Comparison {
    let [old, new] = [old, new].map(|it| document(&of_statements(it).to_string()));
    compare(&old, &new)
}

#[test]
fn witness_is_short_and_real() {
    let deny = |actions: &str, regions: &str| {
        of_statements(&format!(
            r#"{{"Effect":"Deny","NotAction":{actions},"Resource":"*","Condition":{{
                "StringNotEquals":{{"aws:RequestedRegion":{regions}}},
                "ArnNotLike":{{"aws:PrincipalArn":"arn:*:iam::*:role/Admin*"}}}}}}"#
        ))
    };
    let old = deny(r#"["iam:*","sts:*"]"#, r#"["us-east-1"]"#);
    let new = deny(r#"["iam:*","sts:*","bedrock:*"]"#, r#"["us-east-1"]"#);
    let found = differences(&old, &new);
    let witness = found.only_old_denies.as_deref().unwrap();
    assert_eq!(witness.action, "bedrock:InvokeModel");
    assert!(witness.resource.contains("foundation-model"), "{}", witness.resource);
    let region = ("aws:RequestedRegion".to_owned(), KeyState::value("us-east-2"));
    let role = "arn:aws:iam::111122223333:role/App";
    assert_eq!(witness.keys, [("aws:PrincipalArn".to_owned(), KeyState::value(role)), region]);
    assert_eq!((witness.old, witness.new), (Outcome::Denies, Outcome::Neither));
    assert_eq!((witness.old_statement, witness.new_statement), (Some(0), None));
    assert_eq!(found.witnesses().count(), 1);
    check_witness(witness, &old, &new);

    let new = deny(r#"["iam:*","sts:*"]"#, r#"["us-east-1","us-east-2"]"#);
    let found = differences(&old, &new);
    let [witness] = found.witnesses().collect::<Vec<_>>()[..] else { panic!("{found:?}") };
    assert_eq!(witness.keys[1].1, KeyState::value("us-east-2"));
}

#[test]
fn explicit_deny_and_no_allow_are_told_apart() {
    let allow = r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#;
    let deny = r#"{"Effect":"Deny","NotAction":"s3:*","Resource":"*"}"#;
    let (old, new) = (of_statements(allow), of_statements(&format!("{allow},{deny}")));
    let found = differences(&old, &new);
    assert_eq!(found.witnesses().count(), 1);
    let witness = found.only_new_denies.as_deref().unwrap();
    assert_eq!((witness.old, witness.new), (Outcome::Neither, Outcome::Denies));
    assert_eq!(witness.new_statement, Some(1));
}

#[test]
fn variables_are_equal_where_they_are_the_same_and_else_need_a_request() {
    let team =
        |value: &str| deny_if(&format!(r#""StringNotEquals":{{"aws:ResourceTag/team":{value}}}"#));
    let own = r#""${aws:PrincipalTag/team}""#;
    assert_eq!(compared(&team(own), &team(&format!("[{own},{own}]"))), Comparison::Equal);
    let Comparison::Different(found) = compared(&team(own), &team(r#""x""#)) else { panic!() };
    for witness in found.witnesses() {
        let (old, new) = (of_statements(&team(own)), of_statements(&team(r#""x""#)));
        check_witness(witness, &old, &new);
    }
    // Without a value, a variable takes its statement away; so a default is not the same.
    let default = r#""${aws:PrincipalTag/team, 'x'}""#;
    assert!(matches!(compared(&team(own), &team(default)), Comparison::Different(_)));
    // What is covered beside a variable is not needed. What only a variable could cover is not taken apart.
    let name = |text: &str| deny_if(&format!(r#""StringLike":{{"aws:username":{text}}}"#));
    let covered = name(r#"["a*","ab","${aws:PrincipalTag/team}"]"#);
    let without = name(r#"["a*","${aws:PrincipalTag/team}"]"#);
    assert_eq!(compared(&covered, &without), Comparison::Equal);
    let own = name(r#"["${aws:username}","a"]"#);
    assert_eq!(compared(&own, &name(r#""${aws:username}""#)), Comparison::Open);
    let bucket = |text: &str| format!(r#"{{"Effect":"Allow","Action":"s3:*","Resource":{text}}}"#);
    let home = r#""arn:aws:s3:::b/${aws:username}/*""#;
    assert_eq!(compared(&bucket(home), &bucket(&format!("[{home}]"))), Comparison::Equal);
    let Comparison::Different(found) = compared(&bucket(home), &bucket(r#""arn:aws:s3:::b/*""#))
    else {
        panic!()
    };
    assert!(found.only_new_allows.is_some());
    let (old, new) =
        (of_statements(&bucket(home)), of_statements(&bucket(r#""arn:aws:s3:::b/*""#)));
    found.witnesses().for_each(|witness| check_witness(witness, &old, &new));
}

/// A placeholder that nobody replaced is no key, and takes its statement away.
#[test]
fn placeholders_are_no_keys_of_a_request() {
    let deny = |name: &str| {
        deny_if(&format!(r#""ArnNotLike":{{"aws:PrincipalArn":"arn:aws:iam::{name}:role/A"}}"#))
    };
    let found = compared(&deny("${Account}"), &deny("111122223333"));
    let Comparison::Different(found) = found else { panic!("{found:?}") };
    let [witness] = found.witnesses().collect::<Vec<_>>()[..] else { panic!("{found:?}") };
    assert_eq!((witness.old, witness.new), (Outcome::Neither, Outcome::Denies));
    assert!(witness.keys.iter().all(|(key, _)| key == "aws:PrincipalArn"), "{witness:?}");
}

#[test]
fn version_decides_whether_there_are_variables() {
    let text = |version: &str| {
        let statement =
            r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${aws:username}"}"#;
        format!(r#"{{"Version":"{version}","Statement":{statement}}}"#)
    };
    let [old, new] = ["2008-10-17", "2012-10-17"].map(|version| document(&text(version)));
    assert!(matches!(compare(&old, &new), Comparison::Different(_)));
}

/// Pairs of conditions, and whether they hold for the same requests.
const CONDITIONS: &[(&str, &str, bool)] = &[
    (
        r#""IpAddress":{"aws:SourceIp":["10.0.0.0/8","10.1.0.0/16"]}"#,
        r#""IpAddress":{"aws:SourceIp":"10.0.0.0/8"}"#,
        true,
    ),
    (
        r#""IpAddress":{"aws:SourceIp":["10.0.0.0/9","10.128.0.0/9"]}"#,
        r#""IpAddress":{"aws:SourceIp":"10.0.0.0/8"}"#,
        true,
    ),
    (
        r#""IpAddress":{"aws:SourceIp":["10.0.0.0/9","10.128.0.0/10"]}"#,
        r#""IpAddress":{"aws:SourceIp":"10.0.0.0/8"}"#,
        false,
    ),
    // There are IPv6 addresses.
    (r#""IpAddress":{"aws:SourceIp":"0.0.0.0/0"}"#, r#""Null":{"aws:SourceIp":"false"}"#, false),
    (
        r#""IpAddress":{"aws:SourceIp":["0.0.0.0/0","::/0"]}"#,
        r#""Null":{"aws:SourceIp":"false"}"#,
        true,
    ),
    (
        r#""NumericLessThan":{"aws:MultiFactorAuthAge":["60","5"]}"#,
        r#""NumericLessThan":{"aws:MultiFactorAuthAge":60}"#,
        true,
    ),
    (
        r#""NumericEquals":{"aws:MultiFactorAuthAge":"60"}"#,
        r#""NumericEquals":{"aws:MultiFactorAuthAge":"60.0"}"#,
        true,
    ),
    (
        r#""NumericLessThanEquals":{"aws:MultiFactorAuthAge":"5"}"#,
        r#""NumericLessThan":{"aws:MultiFactorAuthAge":"6"}"#,
        false,
    ),
    (
        r#""DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}"#,
        r#""DateGreaterThan":{"aws:CurrentTime":"1767225600"}"#,
        true,
    ),
    (
        r#""DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}"#,
        r#""DateGreaterThanEquals":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}"#,
        false,
    ),
    (
        r#""Bool":{"aws:SecureTransport":["true","false"]}"#,
        r#""Null":{"aws:SecureTransport":"false"}"#,
        true,
    ),
    (
        r#""Bool":{"aws:SecureTransport":"false"}"#,
        r#""BoolIfExists":{"aws:SecureTransport":"false"}"#,
        false,
    ),
    (
        r#""StringLike":{"aws:PrincipalTag/a":"*"}"#,
        r#""Null":{"aws:PrincipalTag/a":"false"}"#,
        true,
    ),
    (
        r#""StringLike":{"aws:PrincipalTag/a":"?*"}"#,
        r#""Null":{"aws:PrincipalTag/a":"false"}"#,
        false,
    ),
    (r#""ArnLike":{"aws:PrincipalArn":"arn:*"}"#, r#""ArnLike":{"aws:PrincipalArn":[]}"#, true),
    (
        r#""ForAnyValue:StringEquals":{"aws:CalledVia":"a"}"#,
        r#""ForAllValues:StringEquals":{"aws:CalledVia":"a"}"#,
        false,
    ),
    // A key that hoptrail does not know, with one value: a table of several is not asked for.
    (
        r#""StringEquals":{"ec2:Owner":["b","a"]}"#,
        r#""StringEquals":{"ec2:Owner":["a","b"]}"#,
        true,
    ),
];

#[test]
fn kinds_of_values_are_compared_by_what_they_mean() {
    for (old, new, is_equal) in CONDITIONS {
        let found = compared(&deny_if(old), &deny_if(new));
        assert_eq!(found == Comparison::Equal, *is_equal, "{old} {new} {found:?}");
        assert!(*is_equal || matches!(found, Comparison::Different(_)), "{old} {new} {found:?}");
    }
}

#[test]
fn what_aws_does_not_define_is_neither_equal_nor_shown_to_differ() {
    // Several values without ForAllValues or ForAnyValue: whether all or any of them count is not documented.
    let one = |values: &str| deny_if(&format!(r#""StringEquals":{{"aws:CalledVia":{values}}}"#));
    let two = format!("{},{}", one(r#""a""#), one(r#""b""#));
    assert_eq!(compared(&two, &one(r#"["a","b"]"#)), Comparison::Open);
    assert_eq!(compared(&one(r#"["a","b"]"#), &one(r#"["b","a","b"]"#)), Comparison::Equal);
    // A key that is compared as a number and as a text.
    let [text, number] =
        [r#""StringEquals":{"x:k":"1"}"#, r#""NumericEquals":{"x:k":1}"#].map(deny_if);
    assert!(matches!(compared(&text, &number), Comparison::Open | Comparison::Different(_)));
    let both = format!("{text},{number}");
    assert_eq!(compared(&both, &format!("{number},{text}")), Comparison::Equal);
}

#[test]
fn documents_that_take_too_long_are_given_up() {
    let hostile = |first: &str| {
        let patterns =
            (0..12).map(|it| format!("\"s:*{first}{}{}\"", "?".repeat(20 + it), it % 10));
        let patterns = patterns.collect::<Vec<_>>().join(",");
        format!(r#"{{"Effect":"Deny","Action":[{patterns}],"Resource":"*"}}"#)
    };
    assert_eq!(compared(&hostile("a"), &hostile("b")), Comparison::TooLarge);
}

/// Many statements are compared without all combinations of what they say.
#[test]
fn many_statements_are_compared() {
    let statement = |index: usize| {
        format!(
            r#"{{"Effect":"Deny","Action":["s{index}:*","t:Get{index}*"],"Resource":"arn:aws:s3:::b{index}/*","Condition":
               {{"StringNotEquals":{{"aws:RequestedRegion":"r{index}"}},"StringLike":{{"aws:PrincipalTag/k{}":"a*"}},
               "Bool":{{"aws:ViaAWSService":"{}"}}}}}}"#,
            index % 12,
            index.is_multiple_of(2)
        )
    };
    let statements = (0..40).map(statement).collect::<Vec<_>>();
    let mut reversed = statements.clone();
    reversed.reverse();
    assert_eq!(compared(&statements.join(","), &reversed.join(",")), Comparison::Equal);
    reversed.pop();
    let found = compared(&statements.join(","), &reversed.join(","));
    let Comparison::Different(found) = found else { panic!("{found:?}") };
    assert_eq!(found.only_old_denies.unwrap().old_statement, Some(0));
}

/// Of callers, only the same are the same.
#[test]
fn callers_are_compared_as_they_are_written() {
    let endpoint = |principal: &str| {
        let statement =
            format!(r#"{{"Effect":"Allow","Principal":{principal},"Action":"*","Resource":"*"}}"#);
        let text = of_statements(&statement).to_string();
        Document::read(&text, PolicyType::VpcEndpoint).unwrap()
    };
    let compared = |old: &str, new: &str| compare(&endpoint(old), &endpoint(new));
    assert_eq!(compared(r#""*""#, r#"{"AWS":"*"}"#), Comparison::Equal);
    let two = r#"{"AWS":["111122223333","arn:aws:iam::444455556666:root"]}"#;
    assert_eq!(compared(two, r#"{"AWS":["444455556666","111122223333"]}"#), Comparison::Equal);
    let found = compared(two, r#"{"AWS":"444455556666"}"#);
    let Comparison::Different(found) = found else { panic!("{found:?}") };
    let witness = found.only_old_allows.unwrap();
    let account = ("aws:PrincipalAccount".to_lowercase(), KeyState::value("111122223333"));
    assert!(witness.keys.contains(&account), "{witness:?}");
    let [one, other] =
        ["a.amazonaws.com", "b.amazonaws.com"].map(|it| format!(r#"{{"Service":"{it}"}}"#));
    assert_eq!(compared(&one, &one), Comparison::Equal);
    assert_eq!(compared(&one, &other), Comparison::Open);
}
