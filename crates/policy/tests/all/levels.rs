//! Levels: what a Deny, an Allow, and none of both come to, and what is decided although a key is not known.

use bedrock::denial::PolicyType;
use policy::{Level, Levels, ReasonEffect, Request, Verdict};

use crate::world::{FULL_ACCESS, context, level, of_type};

const REQUEST: Request<'_> = Request {
    action: "bedrock:InvokeModel",
    resource: "arn:aws:bedrock:us-east-1::foundation-model/a",
};

fn statement(effect: &str, rest: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"{effect}","Action":"*","Resource":"*"{rest}}}}}"#
    )
}

fn deny(condition: &str) -> String {
    statement("Deny", &format!(r#","Condition":{condition}"#))
}

fn allow(condition: &str) -> String {
    statement("Allow", &format!(r#","Condition":{condition}"#))
}

/// The verdict, the effects with their nodes, the keys.
fn decide(levels: Vec<Level>, keys: &[(&str, &str)]) -> (Verdict, Vec<String>, Vec<String>) {
    let levels = Levels::new(levels);
    let found = levels.decide(REQUEST, &context(keys));
    let reasons = found.reasons.iter().map(|reason| {
        let node = reason.level.node.as_deref().unwrap_or(reason.level.policy_type.as_str());
        let policy = reason.statement.map(|(policy, _)| format!(" {}", policy.name));
        format!("{} {node}{}", reason.effect.as_str(), policy.unwrap_or_default())
    });
    (found.verdict, reasons.collect(), found.unknown.iter().cloned().collect())
}

#[test]
fn deny_at_any_level_denies_and_every_level_must_allow() {
    let bedrock = r#"{"Statement":{"Effect":"Deny","Action":"bedrock:*","Resource":"*"}}"#;
    let only_s3 = r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    for (root, unit, account, verdict, reasons) in [
        (
            vec![FULL_ACCESS],
            vec![FULL_ACCESS],
            vec![FULL_ACCESS],
            Verdict::Allowed,
            vec!["allow r r-0", "allow ou ou-0", "allow a a-0"],
        ),
        (
            vec![FULL_ACCESS],
            vec![FULL_ACCESS, bedrock],
            vec![FULL_ACCESS],
            Verdict::Denied,
            vec!["explicit ou ou-1"],
        ),
        (
            vec![bedrock, FULL_ACCESS],
            vec![FULL_ACCESS],
            vec![bedrock],
            Verdict::Denied,
            vec!["explicit r r-0", "explicit a a-0", "implicit a"],
        ),
        // An Allow beside a Deny, or below it, does not lift it.
        (
            vec![FULL_ACCESS, bedrock, FULL_ACCESS],
            vec![FULL_ACCESS],
            vec![FULL_ACCESS],
            Verdict::Denied,
            vec!["explicit r r-1"],
        ),
        // Each level needs an Allow of its own: one at the root does not count for the unit.
        (vec![FULL_ACCESS], vec![only_s3], vec![FULL_ACCESS], Verdict::Denied, vec!["implicit ou"]),
        (vec![FULL_ACCESS], vec![FULL_ACCESS], vec![], Verdict::Denied, vec!["implicit a"]),
    ] {
        let levels = vec![level("r", &root), level("ou", &unit), level("a", &account)];
        let found = decide(levels, &[]);
        assert_eq!(
            (found.0, found.1),
            (verdict, reasons.iter().map(|it| (*it).to_owned()).collect())
        );
    }
}

#[test]
fn what_is_not_known_decides_nothing_unless_it_cannot_matter() {
    let tag = |value: &str| format!(r#"{{"StringEquals":{{"aws:PrincipalTag/t":"{value}"}}}}"#);
    let not_tag = r#"{"StringNotEquals":{"aws:PrincipalTag/t":"a"}}"#;
    let present = r#"{"Null":{"aws:PrincipalTag/t":"false"}}"#;
    let missing = r#"{"Null":{"aws:PrincipalTag/t":"true"}}"#;
    let via = r#"{"Bool":{"aws:ViaAWSService":"true"}}"#;
    let not_via = r#"{"BoolIfExists":{"aws:ViaAWSService":"false"}}"#;
    let out = Verdict::Indeterminate;
    for (name, texts, verdict) in [
        ("a Deny hangs on the tag", vec![FULL_ACCESS.to_owned(), deny(&tag("a"))], out),
        ("an Allow hangs on the tag", vec![allow(&tag("a"))], out),
        (
            "an Allow beside it does not",
            vec![allow(&tag("a")), FULL_ACCESS.to_owned()],
            Verdict::Allowed,
        ),
        (
            "a Deny beside it does not",
            vec![FULL_ACCESS.to_owned(), deny(&tag("a")), deny("{}")],
            Verdict::Denied,
        ),
        (
            "each value is denied by one",
            vec![FULL_ACCESS.to_owned(), deny(&tag("a")), deny(not_tag)],
            Verdict::Denied,
        ),
        ("each value is allowed by one", vec![allow(&tag("a")), allow(not_tag)], Verdict::Allowed),
        (
            "one of present and absent denies",
            vec![FULL_ACCESS.to_owned(), deny(present), deny(missing)],
            Verdict::Denied,
        ),
        (
            "no value is a and b",
            vec![
                FULL_ACCESS.to_owned(),
                deny(
                    r#"{"StringEquals":{"aws:PrincipalTag/t":"a"},"StringLike":{"aws:PrincipalTag/t":"b*"}}"#,
                ),
            ],
            Verdict::Allowed,
        ),
        (
            "some value is a* and *b",
            vec![
                FULL_ACCESS.to_owned(),
                deny(
                    r#"{"StringEquals":{"aws:PrincipalTag/t":"ab"},"StringLike":{"aws:PrincipalTag/t":"a*"}}"#,
                ),
            ],
            out,
        ),
        (
            "true, false, and absent are all denied",
            vec![FULL_ACCESS.to_owned(), deny(via), deny(not_via)],
            Verdict::Denied,
        ),
        (
            "two keys, each of which may spare",
            vec![FULL_ACCESS.to_owned(), deny(&tag("a")), deny(via)],
            out,
        ),
    ] {
        let texts = texts.iter().map(String::as_str).collect::<Vec<_>>();
        let (found, _, keys) = decide(vec![level("r", &texts)], &[]);
        assert_eq!(found, verdict, "{name}");
        match verdict {
            Verdict::Allowed => assert!(keys.is_empty(), "{name}: {keys:?}"),
            Verdict::Denied => {}
            Verdict::Indeterminate => assert!(!keys.is_empty(), "{name}"),
        }
    }
}

/// Who gives the account an Allow meets the open Denies next, so that the decision names them, too.
#[test]
fn denial_carries_what_is_open_beside_it() {
    let open = deny(r#"{"StringEquals":{"aws:PrincipalTag/t":"a"}}"#);
    let open_allow = allow(r#"{"StringEquals":{"aws:PrincipalTag/u":"a"}}"#);
    let all = deny("{}");
    let found = |levels: Vec<Level>| {
        let (verdict, reasons, keys) = decide(levels, &[]);
        assert_eq!(verdict, Verdict::Denied);
        (reasons.join(", "), keys.join(", "))
    };
    let of = |reasons: &str, keys: &str| (reasons.to_owned(), keys.to_owned());
    let implicit = vec![level("r", &[FULL_ACCESS, &open]), level("a", &[&open])];
    assert_eq!(found(implicit), of("implicit a, open r r-1, open a a-0", "aws:PrincipalTag/t"));
    let explicit = vec![level("r", &[FULL_ACCESS, &all]), level("a", &[&open_allow])];
    assert_eq!(found(explicit), of("explicit r r-1, open a a-0", "aws:PrincipalTag/u"));
    // An Allow that is open beside one that is not decides nothing.
    let both = vec![level("r", &[FULL_ACCESS, &all, &open_allow])];
    assert_eq!(found(both), of("explicit r r-1", ""));
}

#[test]
fn indeterminate_verdict_names_its_keys_and_statements() {
    let deny = deny(
        r#"{"StringEquals":{"aws:PrincipalTag/T":"a"},"Bool":{"aws:SecureTransport":"false"}}"#,
    );
    let levels = vec![level("r", &[FULL_ACCESS, &deny])];
    let found = decide(levels, &[("aws:securetransport", "!")]);
    let keys = ["aws:PrincipalTag/T", "aws:SecureTransport"].map(str::to_owned).to_vec();
    assert_eq!(found, (Verdict::Indeterminate, vec!["open r r-1".to_owned()], keys));
}

#[test]
fn identity_boundary_session_and_endpoint_are_levels_each() {
    let of = |policy_type: PolicyType, text: &str| Level {
        policy_type,
        node: None,
        policies: vec![of_type(policy_type.as_str(), text, policy_type)],
    };
    let endpoint = |principal: &str| {
        format!(
            r#"{{"Statement":{{"Effect":"Allow","Principal":{principal},"Action":"*","Resource":"*"}}}}"#
        )
    };
    let none = r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    let caller = [
        ("aws:PrincipalAccount", "111122223333"),
        ("aws:PrincipalArn", "arn:aws:iam::111122223333:role/App"),
    ];
    for (types, endpoint, expected) in [
        ([FULL_ACCESS; 3], endpoint(r#""*""#), "allow"),
        ([none, FULL_ACCESS, FULL_ACCESS], endpoint(r#""*""#), "implicit identity_based_policy"),
        ([FULL_ACCESS, none, FULL_ACCESS], endpoint(r#""*""#), "implicit permissions_boundary"),
        ([FULL_ACCESS, FULL_ACCESS, none], endpoint(r#""*""#), "implicit session_policy"),
        ([FULL_ACCESS; 3], endpoint(r#"{"AWS":"111122223333"}"#), "allow"),
        ([FULL_ACCESS; 3], endpoint(r#"{"AWS":"arn:aws:iam::111122223333:root"}"#), "allow"),
        ([FULL_ACCESS; 3], endpoint(r#"{"AWS":"arn:aws:iam::111122223333:role/App"}"#), "allow"),
        (
            [FULL_ACCESS; 3],
            endpoint(r#"{"AWS":"444455556666","Service":"x"}"#),
            "implicit vpc_endpoint_policy",
        ),
        (
            [FULL_ACCESS; 3],
            endpoint(r#"{"AWS":"arn:aws:sts::111122223333:assumed-role/App/x"}"#),
            "open vpc_endpoint_policy",
        ),
    ] {
        let levels = vec![
            of(PolicyType::IdentityBased, types[0]),
            of(PolicyType::PermissionsBoundary, types[1]),
            of(PolicyType::Session, types[2]),
            of(PolicyType::VpcEndpoint, &endpoint),
        ];
        let (_, reasons, _) = decide(levels, &caller);
        assert!(reasons[0].starts_with(expected), "{expected}: {reasons:?}");
    }
}

/// The account that an endpoint policy names is no witness of its conditions.
#[test]
fn principal_that_is_not_known_keeps_an_endpoint_policy_open() {
    let text = r#"{"Statement":[
        {"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},
        {"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:role/App"},"Action":"*","Resource":"*",
         "Condition":{"Null":{"aws:PrincipalArn":"false"}}}]}"#;
    let level = Level {
        policy_type: PolicyType::VpcEndpoint,
        node: None,
        policies: vec![of_type("endpoint", text, PolicyType::VpcEndpoint)],
    };
    assert_eq!(decide(vec![level], &[]).0, Verdict::Indeterminate);
}

#[test]
fn levels_that_are_not_known_allow_nothing_for_sure() {
    let full = || vec![level("r", &[FULL_ACCESS])];
    let levels = Levels::new(full()).without("the account is not in the organization");
    let found = levels.decide(REQUEST, &context(&[]));
    assert_eq!((found.verdict, found.reasons.len()), (Verdict::Indeterminate, 0));
    let levels = Levels::new(vec![level("r", &[])]).without("x");
    let found = levels.decide(REQUEST, &context(&[]));
    assert_eq!(found.verdict, Verdict::Denied);
    assert_eq!(found.reasons[0].effect, ReasonEffect::Implicit);
}
