//! Every operator, with values and without the key. Absent keys and negated operators are as in the IAM user
//! guide, "IAM JSON policy elements: Condition operators".

use bedrock::denial::PolicyType;
use policy::{Context, Document, Request, Truth};

use crate::world::{context, state};

const REQUEST: Request<'_> = Request {
    action: "bedrock:InvokeModel",
    resource: "arn:aws:bedrock:us-east-1::foundation-model/a",
};

fn document(condition: &str, version: &str) -> Document {
    let text = format!(
        r#"{{{version}"Statement":{{"Effect":"Deny","Action":"*","Resource":"*","Condition":{condition}}}}}"#
    );
    Document::read(&text, PolicyType::ServiceControl).unwrap_or_else(|it| panic!("{text}: {it}"))
}

fn applies(condition: &str, context: &Context) -> char {
    let document = document(condition, r#""Version":"2012-10-17","#);
    shown(&document.statements[0].applies(REQUEST, context))
}

/// `+` applies, `-` does not, `?` is unknown.
fn shown(truth: &Truth) -> char {
    match truth {
        Truth::True => '+',
        Truth::False => '-',
        Truth::Unknown(keys) => {
            assert!(!keys.is_empty());
            '?'
        }
    }
}

/// Operator, values, state of the key (see `world::state`), result.
const ROWS: &[(&str, &str, &str, char)] = &[
    // Texts.
    ("StringEquals", r#""a""#, "a", '+'),
    ("StringEquals", r#""a""#, "A", '-'),
    ("StringEquals", r#""a*""#, "ab", '-'),
    ("StringEquals", r#""a*""#, "a*", '+'),
    ("StringEquals", r#"["a","b"]"#, "b", '+'),
    ("StringEquals", r#""a""#, "-", '-'),
    ("StringEquals", r#""a""#, "?", '?'),
    ("StringEquals", r#""a""#, "!", '?'),
    ("StringEquals", "[]", "a", '-'),
    ("StringEquals", r#""us-*""#, "us-east-1", '-'),
    ("StringNotEquals", r#"["a","b"]"#, "c", '+'),
    ("StringNotEquals", r#"["a","b"]"#, "b", '-'),
    ("StringNotEquals", r#""a""#, "-", '+'),
    ("StringNotEquals", r#""a""#, "?", '?'),
    ("StringNotEquals", "[]", "a", '+'),
    ("StringEqualsIgnoreCase", r#""AbC""#, "aBc", '+'),
    ("StringEqualsIgnoreCase", r#""a*""#, "ab", '-'),
    ("StringEqualsIgnoreCase", r#""a""#, "-", '-'),
    ("StringNotEqualsIgnoreCase", r#""A""#, "a", '-'),
    ("StringNotEqualsIgnoreCase", r#""A""#, "b", '+'),
    ("StringNotEqualsIgnoreCase", r#""A""#, "-", '+'),
    ("StringLike", r#""us-*""#, "us-east-1", '+'),
    ("StringLike", r#""us-?""#, "us-12", '-'),
    ("StringLike", r#""A*""#, "ab", '-'),
    (
        "StringLike",
        r#""arn:aws:bedrock:*:inference-profile/us.*""#,
        "arn:aws:bedrock:r:1:inference-profile/us.x",
        '+',
    ),
    ("StringLike", r#""*""#, "-", '-'),
    ("StringLike", r#""*""#, "!", '+'),
    ("StringLike", r#""*""#, "?", '?'),
    ("StringNotLike", r#""us-*""#, "eu-west-1", '+'),
    ("StringNotLike", r#"["us-*","eu-*"]"#, "eu-west-1", '-'),
    ("StringNotLike", r#""us-*""#, "-", '+'),
    ("StringNotLike", r#""*""#, "!", '-'),
    ("StringNotLike", r#""*""#, "?", '?'),
    // ARNs: six parts, each on its own.
    ("ArnLike", r#""arn:*""#, "arn:x", '-'),
    ("ArnNotLike", r#""*""#, "x", '+'),
    (
        "ArnLike",
        r#""arn:aws:bedrock:*:*:inference-profile/us.*""#,
        "arn:aws:bedrock:r:1:inference-profile/us.x-v1:0",
        '+',
    ),
    (
        "ArnLike",
        r#""arn:aws:bedrock:*:inference-profile/us.*""#,
        "arn:aws:bedrock:r:1:inference-profile/us.x",
        '-',
    ),
    ("ArnLike", r#""arn:*""#, "arn:aws:bedrock:r:1:inference-profile/us.x", '-'),
    ("ArnLike", r#""arn:aws:iam::*:role/App""#, "arn:aws:iam::1:role/team/App", '-'),
    ("ArnLike", r#""arn:aws:iam::*:role/*App""#, "arn:aws:iam::1:role/team/App", '+'),
    ("ArnLike", r#""arn:aws:iam::*:role/App""#, "-", '-'),
    ("ArnLike", r#""arn:aws:iam::1:root""#, "not-an-arn", '-'),
    ("ArnEquals", r#""arn:aws:iam::*:role/App""#, "arn:aws:iam::1:role/App", '+'),
    ("ArnEquals", r#""arn:aws:iam::*:role/App""#, "-", '-'),
    ("ArnNotLike", r#""arn:aws:iam::*:role/App""#, "arn:aws:iam::1:role/App", '-'),
    ("ArnNotLike", r#""arn:aws:iam::*:role/App""#, "arn:aws:iam::1:role/Other", '+'),
    ("ArnNotLike", r#""arn:aws:iam::*:role/App""#, "-", '+'),
    (
        "ArnNotLike",
        r#""arn:aws:bedrock:*:inference-profile/us.*""#,
        "arn:aws:bedrock:r:1:inference-profile/us.x",
        '+',
    ),
    ("ArnNotEquals", r#""arn:aws:iam::*:role/App""#, "arn:aws:iam::1:role/App", '-'),
    ("ArnNotEquals", r#""arn:aws:iam::*:role/App""#, "-", '+'),
    // Numbers.
    ("NumericEquals", r#""30""#, "30.0", '+'),
    ("NumericEquals", "30", "31", '-'),
    ("NumericEquals", "30", "many", '-'),
    ("NumericEquals", "30", "-", '-'),
    ("NumericNotEquals", "30", "31", '+'),
    ("NumericNotEquals", "30", "30", '-'),
    ("NumericNotEquals", "30", "-", '+'),
    ("NumericLessThan", "30", "29.9", '+'),
    ("NumericLessThan", "30", "30", '-'),
    ("NumericLessThan", "30", "-", '-'),
    ("NumericLessThanEquals", "30", "30", '+'),
    ("NumericLessThanEquals", "30", "30.1", '-'),
    ("NumericLessThanEquals", "30", "-", '-'),
    ("NumericGreaterThan", "9", "10", '+'),
    ("NumericGreaterThan", "-1", "-2", '-'),
    ("NumericGreaterThan", "9", "-", '-'),
    ("NumericGreaterThanEquals", "9", "9", '+'),
    ("NumericGreaterThanEquals", "9", "8", '-'),
    ("NumericGreaterThanEquals", "9", "-", '-'),
    ("NumericGreaterThanEquals", "9", "?", '?'),
    // Times.
    ("DateEquals", r#""2026-10-05T00:00:00Z""#, "2026-10-05", '+'),
    ("DateEquals", r#""2026-10-05T00:00:00Z""#, "1791158400", '+'),
    ("DateEquals", r#""2026-10-05T00:00:00Z""#, "2026-10-05T02:00:00+02:00", '+'),
    ("DateEquals", r#""2026-10-05""#, "-", '-'),
    ("DateNotEquals", r#""2026-10-05""#, "2026-10-06", '+'),
    ("DateNotEquals", r#""2026-10-05""#, "-", '+'),
    ("DateLessThan", r#""2026-10-05""#, "2026-10-04T23:59:59Z", '+'),
    ("DateLessThan", r#""2026-10-05""#, "2026-10-05T00:00:00Z", '-'),
    ("DateLessThan", r#""2026-10-05""#, "-", '-'),
    ("DateLessThanEquals", r#""2026-10-05""#, "2026-10-05T00:00:00Z", '+'),
    ("DateLessThanEquals", r#""2026-10-05""#, "-", '-'),
    ("DateGreaterThan", r#""2026-10-05""#, "2026-10-05T00:00:01Z", '+'),
    ("DateGreaterThan", r#""2026-10-05""#, "-", '-'),
    ("DateGreaterThanEquals", r#""2026-10-05""#, "2026-10-05T00:00:00Z", '+'),
    ("DateGreaterThanEquals", r#""2026-10-05""#, "-", '-'),
    // True and false, bytes, addresses.
    ("Bool", r#""true""#, "true", '+'),
    ("Bool", "true", "True", '+'),
    ("Bool", r#""false""#, "true", '-'),
    ("Bool", r#""false""#, "-", '-'),
    ("BinaryEquals", r#""QmluYXJ5""#, "QmluYXJ5", '+'),
    ("BinaryEquals", r#""QmluYXJ5""#, "qmluyxj5", '-'),
    ("BinaryEquals", r#""QmluYXJ5""#, "-", '-'),
    ("IpAddress", r#""203.0.113.0/24""#, "203.0.113.77", '+'),
    ("IpAddress", r#"["203.0.113.0/24","2001:db8::/32"]"#, "2001:db8::1", '+'),
    ("IpAddress", r#""203.0.113.5""#, "203.0.113.6", '-'),
    ("IpAddress", r#""0.0.0.0/0""#, "-", '-'),
    ("IpAddress", r#""0.0.0.0/0""#, "bedrock.amazonaws.com", '-'),
    ("NotIpAddress", r#""203.0.113.0/24""#, "203.0.113.77", '-'),
    ("NotIpAddress", r#""203.0.113.0/24""#, "198.51.100.1", '+'),
    ("NotIpAddress", r#""203.0.113.0/24""#, "-", '+'),
    // Presence.
    ("Null", r#""true""#, "-", '+'),
    ("Null", r#""true""#, "x", '-'),
    ("Null", r#""true""#, "!", '-'),
    ("Null", r#""true""#, "?", '?'),
    ("Null", "false", "-", '-'),
    ("Null", "false", "x", '+'),
    ("Null", "false", "!", '+'),
    ("Null", r#"["true","false"]"#, "?", '+'),
    ("ForAnyValue:Null", r#""true""#, "-", '+'),
    ("ForAnyValue:Null", r#""true""#, "x", '-'),
    // IfExists.
    ("StringEqualsIfExists", r#""a""#, "-", '+'),
    ("StringEqualsIfExists", r#""a""#, "b", '-'),
    ("StringEqualsIfExists", r#""a""#, "?", '?'),
    ("StringNotEqualsIfExists", r#""a""#, "-", '+'),
    ("StringNotEqualsIfExists", r#""a""#, "a", '-'),
    ("StringLikeIfExists", r#""*""#, "?", '+'),
    ("ArnLikeIfExists", r#""arn:aws:iam::*:role/App""#, "-", '+'),
    ("BoolIfExists", r#""false""#, "-", '+'),
    ("BoolIfExists", r#""false""#, "true", '-'),
    ("NumericLessThanIfExists", "3", "-", '+'),
    ("DateGreaterThanIfExists", r#""2026-10-05""#, "-", '+'),
    ("IpAddressIfExists", r#""203.0.113.0/24""#, "-", '+'),
    ("NotIpAddressIfExists", r#""203.0.113.0/24""#, "203.0.113.1", '-'),
    // Several values.
    ("ForAllValues:StringEquals", r#"["a","b"]"#, "a|b", '+'),
    ("ForAllValues:StringEquals", r#"["a","b"]"#, "a|c", '-'),
    ("ForAllValues:StringEquals", r#""a""#, "-", '+'),
    ("ForAllValues:StringEquals", r#""a""#, "?", '?'),
    ("ForAllValues:StringNotEquals", r#""a""#, "b|c", '+'),
    ("ForAllValues:StringNotEquals", r#""a""#, "a|c", '-'),
    ("ForAllValues:StringNotEquals", r#""a""#, "-", '+'),
    ("ForAllValues:StringLike", r#""*""#, "?", '+'),
    ("ForAnyValue:StringEquals", r#"["a","b"]"#, "c|b", '+'),
    ("ForAnyValue:StringEquals", r#"["a","b"]"#, "c|d", '-'),
    ("ForAnyValue:StringEquals", r#""a""#, "-", '-'),
    ("ForAnyValue:StringEquals", r#""a""#, "?", '?'),
    ("ForAnyValue:StringNotEquals", r#""a""#, "a|b", '+'),
    ("ForAnyValue:StringNotEquals", r#""a""#, "a|a", '-'),
    ("ForAnyValue:StringNotEquals", r#""a""#, "-", '-'),
    ("ForAnyValue:StringLikeIfExists", r#""a*""#, "-", '+'),
    (
        "ForAnyValue:ArnLike",
        r#""arn:aws:iam::*:role/App""#,
        "arn:aws:iam::1:user/x|arn:aws:iam::1:role/App",
        '+',
    ),
    // Several values without a quantifier: not documented, therefore unknown.
    ("StringEquals", r#""a""#, "a|b", '?'),
];

#[test]
fn operators_are_as_documented() {
    for (operator, values, key, expected) in ROWS {
        let condition = format!(r#"{{"{operator}":{{"aws:PrincipalTag/K":{values}}}}}"#);
        let mut context = Context::default();
        // Names of keys mind no case.
        context.set("AWS:principaltag/k", state(key));
        assert_eq!(applies(&condition, &context), *expected, "{operator} {values} {key}");
    }
}

#[test]
fn every_operator_has_rows_with_the_key_and_without() {
    let text = include_str!("../../src/operator.rs");
    let names = text.split("operator(\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let names = names.collect::<Vec<_>>();
    assert_eq!(names.len(), 27);
    for name in names {
        let of = |is_absent: bool| {
            ROWS.iter().any(|(operator, _, key, _)| *operator == name && (*key == "-") == is_absent)
        };
        assert!(of(true) && of(false), "{name}");
    }
}

#[test]
fn operators_and_keys_must_all_hold() {
    let both = r#"{"StringEquals":{"a:x":"1","a:y":"2"},"Bool":{"a:z":"true"}}"#;
    for (x, y, z, expected) in [
        ("1", "2", "true", '+'),
        ("1", "2", "false", '-'),
        ("1", "3", "true", '-'),
        ("1", "?", "true", '?'),
        ("?", "3", "?", '-'),
    ] {
        assert_eq!(
            applies(both, &context(&[("a:x", x), ("a:y", y), ("a:z", z)])),
            expected,
            "{x} {y} {z}"
        );
    }
}

/// Values of the policy with a variable, the variable's key, the tested key, result.
#[test]
fn variables_are_replaced_or_take_the_statement_away() {
    for (operator, value, variable, key, expected) in [
        ("StringEquals", "${aws:username}", "ann", "ann", '+'),
        ("StringEquals", "${AWS:UserName}", "ann", "ann", '+'),
        ("StringEquals", "team-${aws:username}-x", "ann", "team-ann-x", '+'),
        ("StringEquals", "${aws:username}", "ann", "bob", '-'),
        ("StringEquals", "${aws:username}", "-", "ann", '-'),
        ("StringNotEquals", "${aws:username}", "-", "ann", '-'),
        ("StringNotEquals", "${aws:username}", "-", "-", '-'),
        ("StringNotEquals", "${aws:username}", "?", "-", '?'),
        ("StringEquals", "${aws:username}", "?", "ann", '?'),
        ("StringEquals", "${aws:username}", "?", "-", '-'),
        ("StringEquals", "${aws:username, 'none'}", "-", "none", '+'),
        ("StringEquals", "${aws:username, 'none'}", "ann", "none", '-'),
        // A value has no wildcards, nor has `${*}`.
        ("StringLike", "${aws:username}", "a*", "ab", '-'),
        ("StringLike", "a${*}", "-", "ab", '-'),
        ("StringLike", "a${*}", "-", "a*", '+'),
        ("StringLike", "a${?}${$}", "-", "a?$", '+'),
        ("ArnLike", "arn:aws:iam::1:role/${aws:username}", "ann", "arn:aws:iam::1:role/ann", '+'),
        ("ArnLike", "arn:aws:iam::${aws:username}:role/x", "1", "arn:aws:iam::1:role/x", '+'),
        // A placeholder is no key.
        ("StringNotEquals", "${Account}", "-", "1", '-'),
    ] {
        let condition = format!(r#"{{"{operator}":{{"aws:PrincipalTag/K":"{value}"}}}}"#);
        let context = context(&[("aws:username", variable), ("aws:PrincipalTag/k", key)]);
        assert_eq!(applies(&condition, &context), expected, "{operator} {value} {variable} {key}");
    }
}

#[test]
fn variables_are_text_without_the_version_that_has_them() {
    let condition = r#"{"StringEquals":{"a:x":"${aws:username}"}}"#;
    for version in ["", r#""Version":"2008-10-17","#] {
        let document = document(condition, version);
        let of = |x: &str| {
            let context = context(&[("a:x", x), ("aws:username", "ann")]);
            shown(&document.statements[0].applies(REQUEST, &context))
        };
        assert_eq!((of("ann"), of("${aws:username}")), ('-', '+'));
    }
}

#[test]
fn resources_and_actions_are_listed_or_all_but_listed() {
    let other = "arn:aws:bedrock:us-east-1::foundation-model/b";
    for (elements, action, resource, username, expected) in [
        (r#""Action":"BEDROCK:invoke*","Resource":"*""#, "bedrock:InvokeModel", other, "-", '+'),
        (r#""Action":"bedrock:Invoke","Resource":"*""#, "bedrock:InvokeModel", other, "-", '-'),
        (
            r#""NotAction":["iam:*","bedrock:*"],"Resource":"*""#,
            "bedrock:InvokeModel",
            other,
            "-",
            '-',
        ),
        (
            r#""NotAction":"bedrock:*","Resource":"*""#,
            "bedrock-mantle:CreateInference",
            other,
            "-",
            '+',
        ),
        (
            r#""Action":"*","Resource":"arn:aws:bedrock:*::foundation-model/a""#,
            "a:B",
            other,
            "-",
            '-',
        ),
        (
            r#""Action":"*","NotResource":"arn:aws:bedrock:*::foundation-model/a""#,
            "a:B",
            other,
            "-",
            '+',
        ),
        (
            r#""Action":"*","NotResource":["arn:aws:s3:::x","arn:aws:bedrock:*"]"#,
            "a:B",
            other,
            "-",
            '-',
        ),
        (
            r#""Action":"*","Resource":"arn:aws:bedrock:*::foundation-model/${aws:username}""#,
            "a:B",
            other,
            "b",
            '+',
        ),
        (
            r#""Action":"*","Resource":"arn:aws:bedrock:*::foundation-model/${aws:username}""#,
            "a:B",
            other,
            "?",
            '?',
        ),
        (
            r#""Action":"*","NotResource":"arn:aws:bedrock:*::foundation-model/${aws:username}""#,
            "a:B",
            other,
            "-",
            '-',
        ),
        (r#""Action":"*","Resource":"arn:aws:bedrock:*""#, "a:B", "*", "-", '-'),
    ] {
        let text =
            format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny",{elements}}}]}}"#);
        let document = Document::read(&text, PolicyType::ServiceControl).unwrap();
        let found = document.statements[0]
            .applies(Request { action, resource }, &context(&[("aws:username", username)]));
        assert_eq!(shown(&found), expected, "{elements} {resource} {username}");
    }
}
