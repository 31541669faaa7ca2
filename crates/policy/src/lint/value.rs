//! Values that tell the tests of a key apart, and texts that a pattern matches.

use std::sync::LazyLock;

use bedrock::Regions;

use super::part::Clause;
use super::placeholder;
use super::trial::{ACCOUNT, ROLE};
use crate::condition::Literal;
use crate::glob::{Glob, witnesses};
use crate::known::KeyState;

/// The steps of the search for the values of a key.
const MAX_STEPS: usize = 2_000_000;

/// Keys that every request has.
const ALWAYS: [&str; 3] = ["aws:principalaccount", "aws:principalarn", "aws:requestedregion"];

/// Regions that are tried first.
const REGIONS: [&str; 6] =
    ["us-east-1", "eu-west-1", "ap-southeast-2", "us-west-2", "sa-east-1", "unspecified"];

/// States of a key that its tests tell apart, likely ones first, and whether there are no others.
pub(super) fn candidates(key: &str, clauses: &[&Clause], region: &str) -> (Vec<KeyState>, bool) {
    let mut states = preferred(key, region);
    let mut is_complete = true;
    let mut globs = Vec::new();
    for clause in clauses {
        let is_one = clause.condition.test.quantifier == crate::operator::Quantifier::One;
        is_complete &= is_one || clause.is_null();
        for (text, value) in clause.condition.texts.iter().zip(&clause.condition.values) {
            match value {
                Literal::Pattern(pattern) => {
                    is_complete &= pattern.keys().next().is_none();
                    globs.extend(pattern.glob());
                    states.push(KeyState::value(concrete(text, &placeholder_value)));
                }
                Literal::Bool(_) => {
                    states.extend(["true", "false"].map(KeyState::value));
                }
                Literal::Null(_) => {}
                Literal::Number(_)
                | Literal::Date(_)
                | Literal::Address(_)
                | Literal::Binary(_) => {
                    is_complete = false;
                    states.push(KeyState::value(text.split('/').next().unwrap_or_default()));
                    let others =
                        ["0", "1", "1000000000", "2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"];
                    states.extend(others.map(KeyState::value));
                    states.extend(["203.0.113.9", "10.1.2.3"].map(KeyState::value));
                }
            }
        }
    }
    if !ALWAYS.contains(&key) {
        states.push(KeyState::Absent);
    }
    match witnesses(&globs, &[], MAX_STEPS) {
        Some(texts) => states.extend(texts.into_iter().map(KeyState::value)),
        None => is_complete = false,
    }
    (states, is_complete)
}

/// What a key usually is.
pub(super) fn preferred(key: &str, region: &str) -> Vec<KeyState> {
    match key {
        "aws:requestedregion" => [region].into_iter().chain(REGIONS).map(KeyState::value).collect(),
        "aws:principalarn" => {
            static REGIONS: LazyLock<Regions> = LazyLock::new(Regions::embedded);
            let partition = crate::leg::partition(region, &REGIONS);
            let role = |path: &str| {
                KeyState::value(format!("arn:{partition}:iam::{ACCOUNT}:role/{path}{ROLE}"))
            };
            vec![role(""), role("other/")]
        }
        "aws:principalaccount" | "aws:resourceaccount" => {
            [ACCOUNT, "999988887777"].map(KeyState::value).into()
        }
        "aws:viaawsservice" | "aws:principalisawsservice" => vec![KeyState::value("false")],
        _ => Vec::new(),
    }
}

/// A text that a pattern matches, with likely parts in an ARN.
pub(super) fn concrete(pattern: &str, replaced: &impl Fn(&str) -> String) -> String {
    let mut pattern = pattern.to_owned();
    for found in placeholder::of_text(&pattern) {
        pattern = pattern.replace(&found, &replaced(&found));
    }
    let parts = pattern.splitn(6, ':').collect::<Vec<_>>();
    let wild = |part: &str, instead: &str| match part {
        "*" => instead.to_owned(),
        _ => part.replace('*', "example").replace('?', "x"),
    };
    match parts.as_slice() {
        ["arn" | "*", partition, service, region, account, resource] => {
            let has_account = !resource.starts_with("foundation-model/");
            let (in_region, in_account) = match *service {
                "iam" | "sts" => ("", ACCOUNT),
                "s3" => ("", ""),
                _ if has_account => ("us-east-1", ACCOUNT),
                _ => ("us-east-1", ""),
            };
            format!(
                "arn:{}:{}:{}:{}:{}",
                wild(partition, "aws"),
                wild(service, "bedrock"),
                wild(region, in_region),
                wild(account, in_account),
                wild(resource, "example")
            )
        }
        _ => wild(&pattern, "example"),
    }
}

/// The same text with a value for each variable.
pub(super) fn with_variables(text: &str) -> String {
    let mut parts = text.split("${");
    let mut found = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('}') {
            Some((key, rest)) if key.contains(':') => found += &format!("example{rest}"),
            _ => found += &format!("${{{part}"),
        }
    }
    found
}

/// What a placeholder may have been meant for.
pub(super) fn placeholder_value(placeholder: &str) -> String {
    let lower = placeholder.to_lowercase();
    let has = |word: &str| lower.contains(word);
    match () {
        () if has("account") => ACCOUNT,
        () if has("region") => "us-east-1",
        () if has("partition") => "aws",
        () => "example",
    }
    .to_owned()
}

/// Whether a pattern covers another: everything that the other matches, it matches, too. `false` if that is not
/// sure.
pub(super) fn covers(wide: &Glob, narrow: &Glob) -> bool {
    let found = witnesses(&[wide, narrow], &[], MAX_STEPS);
    found.is_some_and(|texts| texts.iter().all(|it| wide.is_match(it) || !narrow.is_match(it)))
}
