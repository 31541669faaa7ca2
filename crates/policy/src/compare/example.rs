//! Actions, resources, and values that requests really have: a difference is easier to see on them.

use super::class::Choice;
use crate::glob::Symbol;
use crate::key::{self, KeyType};

/// A class that has some of these shows the first one.
const ACTIONS: &[&str] = &[
    "bedrock:InvokeModel",
    "bedrock:InvokeModelWithResponseStream",
    "bedrock:CallWithBearerToken",
    "bedrock:ApplyGuardrail",
    "bedrock:CreateModelInvocationJob",
    "bedrock:CountTokens",
    "bedrock:ListFoundationModels",
    "bedrock:GetFoundationModel",
    "bedrock:InvokeAgent",
    "bedrock-mantle:CreateInference",
    "bedrock-mantle:CallWithBearerToken",
    "iam:GetRole",
    "iam:CreateUser",
    "iam:PassRole",
    "s3:GetObject",
    "s3:PutObject",
    "s3:ListBucket",
    "sts:AssumeRole",
    "ec2:RunInstances",
    "ec2:DescribeInstances",
    "kms:Decrypt",
    "lambda:InvokeFunction",
    "logs:PutLogEvents",
    "organizations:LeaveOrganization",
    "cloudtrail:StopLogging",
];

/// Models and profiles, for actions of Bedrock.
const RESOURCES: &[&str] = &[
    "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-6",
    "arn:aws:bedrock:us-east-2::foundation-model/anthropic.claude-sonnet-4-6",
    "arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-pro-v1:0",
    "arn:aws:bedrock:::foundation-model/anthropic.claude-sonnet-4-6",
    "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-sonnet-4-6",
    "arn:aws:bedrock:us-east-1:111122223333:inference-profile/global.anthropic.claude-sonnet-4-6",
    "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/a1b2c3d4e5f6",
    "*",
];

/// Values of keys, by the names of these in lower case.
const VALUES: &[(&str, &[&str])] = &[
    (
        "aws:requestedregion",
        &["us-east-1", "us-east-2", "us-west-2", "eu-central-1", "eu-west-1", "unspecified"],
    ),
    (
        "bedrock:inferenceprofilearn",
        &[
            "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-sonnet-4-6",
            "arn:aws:bedrock:us-east-1:111122223333:inference-profile/global.anthropic.claude-sonnet-4-6",
            "arn:aws:bedrock:eu-central-1:111122223333:inference-profile/eu.amazon.nova-pro-v1:0",
            "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/a1b2c3d4e5f6",
        ],
    ),
    ("aws:principalarn", &["arn:aws:iam::111122223333:role/App", "arn:aws:iam::111122223333:root"]),
    ("aws:principalaccount", &["111122223333", "444455556666"]),
    ("aws:resourceaccount", &["111122223333", "444455556666"]),
    ("aws:principalorgid", &["o-exampleorg"]),
    ("aws:resourceorgid", &["o-exampleorg"]),
    ("aws:principaltype", &["AssumedRole", "User", "Account"]),
    ("aws:sourceip", &["203.0.113.7", "10.0.0.1"]),
    ("bedrock:bearertokentype", &["SHORT_TERM", "LONG_TERM"]),
    ("bedrock:servicetier", &["default", "priority"]),
];

/// Keys that every request has.
const ALWAYS_THERE: &[&str] = &[
    "aws:currenttime",
    "aws:epochtime",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principaltype",
    "aws:requestedregion",
    "aws:securetransport",
    "aws:userid",
    "aws:viaawsservice",
];

/// Values for a request where the policies name none.
pub(super) const OTHER_VALUES: [&str; 2] = ["other", "another"];

/// The ranks of values that a policy writes, that are made up, and that hardly any request has. Examples rank before
/// them, by their places in the lists.
pub(super) const WRITTEN: u32 = 200;
pub(super) const MADE_UP: u32 = 300;
pub(super) const UNLIKELY: u32 = 500;

/// Examples, the first ones of which are the best.
fn ranked(texts: &[&str]) -> Vec<Choice> {
    (0..).zip(texts).map(|(rank, text)| Choice::value(text, rank)).collect()
}

pub(super) fn actions() -> Vec<Choice> {
    ranked(ACTIONS)
}

pub(super) fn resources() -> Vec<Choice> {
    ranked(RESOURCES)
}

/// How well a resource goes with an action.
pub(super) fn resource_rank(action: &str, resource: &str) -> u32 {
    let is_of_bedrock = resource.starts_with("arn:aws:bedrock:");
    let asks_for_model = action.starts_with("bedrock:InvokeModel");
    if is_of_bedrock == asks_for_model { 0 } else { MADE_UP }
}

pub(super) fn values(key: &str) -> Vec<Choice> {
    let known = VALUES.iter().find(|(name, _)| *name == key).map(|(_, values)| *values);
    let is_bool = key::find(key).is_some_and(|key| key.key_type == KeyType::Bool);
    let real = match known {
        Some(values) => values,
        None if is_bool => &["true", "false"],
        None => &[],
    };
    let made_up = OTHER_VALUES.iter().map(|it| Choice::value(it, MADE_UP));
    ranked(real).into_iter().chain(made_up).collect()
}

/// The rank of a request without a key.
pub(super) fn rank_of_absent(key: &str) -> u32 {
    if ALWAYS_THERE.contains(&key) { UNLIKELY } else { 0 }
}

/// A text that a pattern may match: its wildcards, and the parts that a short ARN lacks, are made up.
pub(super) fn filled(symbols: &[Symbol]) -> String {
    let is_wild = |symbol: &Symbol| symbol.may_be_wild && matches!(symbol.character, '*' | '?');
    let all = symbols.split(|it| it.character == ':').collect::<Vec<_>>();
    let is_arn =
        all.first().is_some_and(|first| first.iter().map(|it| it.character).eq("arn".chars()));
    let part = |(place, part): (usize, &&[Symbol])| {
        let made_up = match place {
            1 if is_arn => "aws",
            3 if is_arn => "us-east-1",
            4 if is_arn => "111122223333",
            _ => "x",
        };
        let is_whole = part.len() == 1;
        let of_symbol = |symbol: &Symbol| match symbol {
            it if is_wild(it) && is_whole => made_up.to_owned(),
            it if is_wild(it) => "x".to_owned(),
            it => it.character.to_string(),
        };
        part.iter().map(of_symbol).collect::<String>()
    };
    let mut parts = all.iter().enumerate().map(part).collect::<Vec<_>>();
    if is_arn && symbols.last().is_some_and(is_wild) {
        let lacking = ["arn", "aws", "x", "us-east-1", "111122223333", "x"].into_iter();
        parts.extend(lacking.skip(parts.len()).map(str::to_owned));
    }
    parts.join(":")
}

/// Whether a pattern has no wildcards: then it is what requests have.
pub(super) fn is_plain(symbols: &[Symbol]) -> bool {
    !symbols.iter().any(|it| it.may_be_wild && matches!(it.character, '*' | '?'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glob::symbols;

    #[test]
    fn patterns_are_filled_with_what_requests_have() {
        for (pattern, expected) in [
            ("arn:*:iam::*:role/Admin*", "arn:aws:iam::111122223333:role/Adminx"),
            (
                "arn:aws:bedrock:us-*-1::foundation-model/*",
                "arn:aws:bedrock:us-x-1::foundation-model/x",
            ),
            ("arn:aws:bedrock:*", "arn:aws:bedrock:us-east-1:111122223333:x"),
            ("iam:*", "iam:x"),
            ("us-?", "us-x"),
        ] {
            assert_eq!(filled(&symbols(pattern)), expected);
        }
    }
}
