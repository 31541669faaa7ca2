//! Documents that are read, and those that are not: an error names the line, the element, what was expected,
//! and what was found.

use std::fmt::Write as _;

use bedrock::denial::PolicyType;
use policy::{Document, Effect};

use crate::world::FULL_ACCESS;

fn problem(text: &str, policy_type: PolicyType) -> String {
    match Document::read(text, policy_type) {
        Ok(_) => "read".to_owned(),
        Err(problem) => problem.to_string(),
    }
}

fn of_statement(elements: &str) -> String {
    let text = format!("{{\n\"Statement\": [\n{{{elements}}}\n]}}");
    problem(&text, PolicyType::ServiceControl)
}

#[test]
fn statements_keep_their_order_and_lines() {
    let text = r#"{
  "Version": "2012-10-17", "Id": "x",
  "Statement": [
    {"Sid": "First", "Effect": "Deny", "Action": "iam:*", "Resource": "*"},
    {
      "Effect": "Allow",
      "NotAction": ["sts:*"], "NotResource": "arn:aws:s3:::a", "Condition": {}
    }, {"Effect": "Allow", "Action": "*", "Resource": ["*"]}
  ]
}"#;
    let document = Document::read(text, PolicyType::ServiceControl).unwrap();
    let found = document
        .statements
        .iter()
        .map(|it| (it.index, it.position.line, it.position.column, it.sid.as_deref(), it.effect));
    let expected = [
        (0, 4, 5, Some("First"), Effect::Deny),
        (1, 5, 5, None, Effect::Allow),
        (2, 8, 8, None, Effect::Allow),
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert_eq!(
        Document::read(FULL_ACCESS, PolicyType::ServiceControl).unwrap().statements.len(),
        1
    );
}

#[test]
fn texts_that_are_no_json_are_named_as_what_they_are() {
    for (text, expected) in [
        ("", "line 1, column 1: expected one JSON document, found nothing"),
        (" \n", "line 2, column 1: expected one JSON document, found nothing"),
        ("\u{feff}{}", "line 1, column 1: expected JSON, found a byte order mark before it"),
        ("{\n// why\n}", "line 2, column 1: expected one JSON document, found a comment: `// why`"),
        (
            "{\"Statement\": [1,]}",
            "line 1, column 18: expected one JSON document, found a trailing comma",
        ),
        ("{} {}", "line 1, column 4: expected one JSON document, found trailing characters"),
        (
            "{\"a\": ",
            "line 1, column 6: expected one JSON document, found EOF while parsing a value",
        ),
        ("[]", "line 1, column 1: expected a policy document (an object), found an empty list"),
        ("\"{}\"", "line 1, column 1: expected a policy document (an object), found `{}`"),
    ] {
        assert_eq!(problem(text, PolicyType::ServiceControl), expected, "{text}");
    }
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    let deep = format!("{{\"Statement\": {deep}}}");
    let found = problem(&deep, PolicyType::ServiceControl);
    assert!(
        found.ends_with("expected at most 32 levels of lists and objects, found more"),
        "{found}"
    );
    // Deep enough for a stack to end, if there were recursion before the check.
    assert_ne!(problem(&"[".repeat(200_000), PolicyType::ServiceControl), "read");
    let large = format!("{{{}}}", " ".repeat(50_000_000));
    let expected = "line 1, column 1: expected at most 16 MiB, found 50000002 bytes";
    assert_eq!(problem(&large, PolicyType::ServiceControl), expected);
}

#[test]
fn documents_that_are_not_understood_are_not_read() {
    for (text, expected) in [
        (
            "{}",
            "line 1, column 1: expected a policy document with Statement, found an empty object",
        ),
        (
            r#"{"Rules":[]}"#,
            "line 1, column 1: expected a policy document with Statement, found an object with `Rules`",
        ),
        (
            r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#,
            r#"line 1, column 1: expected a policy document with Statement, found a bare statement; put it into {"Version":"2012-10-17","Statement":[…]}"#,
        ),
        (
            r#"{"NotAction":["iam:*"]}"#,
            r#"line 1, column 1: expected a policy document with Statement, found a fragment of a statement that begins with NotAction; add Effect and what else it lacks, and put it into {"Version":"2012-10-17","Statement":[…]}"#,
        ),
        (
            r#"{"Statement":[],"Version":"2012-10-17"}"#,
            "line 1, column 14: Statement: expected at least one statement, found an empty list",
        ),
        (
            r#"{"Version":"2012-10-18","Statement":[]}"#,
            "line 1, column 12: Version: expected 2012-10-17 or 2008-10-17, found `2012-10-18`",
        ),
        (
            r#"{"Statement":[],"Statement":[]}"#,
            "line 1, column 29: expected each member once, found a second `Statement`",
        ),
        (
            r#"{"Statement":"x"}"#,
            "line 1, column 14: Statement: expected a statement (an object), found `x`",
        ),
        (
            r#"{"Statement":[],"statement":[]}"#,
            "line 1, column 29: expected Version, Id, or Statement, found `statement`",
        ),
    ] {
        assert_eq!(problem(text, PolicyType::ServiceControl), expected, "{text}");
    }
}

#[test]
fn statements_that_are_not_understood_are_not_read() {
    let start = r#""Effect":"Deny","Action":"*","Resource":"*""#;
    for (elements, expected) in [
        (start.to_owned(), "read"),
        (
            format!(r#"{start},"Comment":"x""#),
            "column 56: Statement[0]: expected Sid, Effect, Action, NotAction, Resource, NotResource, or Condition, found `Comment`",
        ),
        (
            format!(r#"{start},"Action":"x:y""#),
            "column 55: Statement[0]: expected each member once, found a second `Action`",
        ),
        (
            format!(r#"{start},"NotAction":"x:y""#),
            "column 58: Statement[0]: expected Action or NotAction, found both",
        ),
        (
            format!(r#"{start},"NotResource":"x""#),
            "column 60: Statement[0]: expected Resource or NotResource, found both",
        ),
        (
            format!(r#"{start},"Principal":"*""#),
            "column 58: Statement[0].Principal: expected no Principal in a service control policy, found `*`",
        ),
        (
            r#""Action":"*","Resource":"*""#.to_owned(),
            "column 1: Statement[0]: expected Effect, found none",
        ),
        (
            r#""Effect":"deny","Action":"*","Resource":"*""#.to_owned(),
            "column 11: Statement[0].Effect: expected Allow or Deny, found `deny`",
        ),
        (
            r#""Effect":"Deny","Resource":"*""#.to_owned(),
            "column 1: Statement[0]: expected Action or NotAction, found neither",
        ),
        (
            r#""Effect":"Deny","Action":"*""#.to_owned(),
            "column 1: Statement[0]: expected Resource or NotResource, found neither",
        ),
        (
            r#""Effect":"Deny","Action":[],"Resource":"*""#.to_owned(),
            "column 27: Statement[0].Action: expected actions, such as bedrock:InvokeModel, or *, found an empty list",
        ),
        (
            r#""Effect":"Deny","Action":["*",7],"Resource":"*""#.to_owned(),
            "column 32: Statement[0].Action: expected actions, such as bedrock:InvokeModel, or *, found the number 7",
        ),
        (
            r#""Effect":"Deny","Action":"InvokeModel","Resource":"*""#.to_owned(),
            "column 27: Statement[0].Action: expected actions, such as bedrock:InvokeModel, or *, found `InvokeModel`",
        ),
        (r#""Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::a${b""#.to_owned(), "read"),
        (
            r#""Effect":"Deny","Action":"*","Resource":"""#.to_owned(),
            "column 42: Statement[0].Resource: expected ARNs, such as arn:aws:bedrock:*, or *, found ``",
        ),
        (
            format!(r#"{start},"Condition":[]"#),
            "column 58: Statement[0].Condition: expected an object of condition operators, found an empty list",
        ),
    ] {
        let expected =
            if expected == "read" { "read".to_owned() } else { format!("line 3, {expected}") };
        assert_eq!(of_statement(&elements), expected, "{elements}");
    }
    let twice = r#"{"Statement":[{"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    assert_eq!(
        problem(twice, PolicyType::ServiceControl),
        "line 1, column 72: Statement[1]: expected each Sid once, found a second `A`"
    );
    let open = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::a${b"}}"#;
    assert!(problem(open, PolicyType::ServiceControl).ends_with(
        "Statement.Resource: expected a variable that ends with `}`, found `arn:aws:s3:::a${b`"
    ));
}

/// AWS refuses these; read as patterns that match nothing, they would make a Deny of no effect.
#[test]
fn resources_that_are_no_arns_are_not_read() {
    let of = |element: &str, resource: &str, version: &str| {
        let text = format!(
            "{{{version}\n\"Statement\":[{{\"Effect\":\"Deny\",\"Action\":\"*\",\"{element}\":[\"*\",\n\"{resource}\"]}}]}}"
        );
        problem(&text, PolicyType::IdentityBased)
    };
    let (version, none) = ("\"Version\":\"2012-10-17\",", "");
    for resource in [
        "*",
        "arn:*",
        "arn:aws:bedrock*",
        "arn:aws:bedrock:*",
        "arn:aws:bedrock:*:*",
        "arn:aws:bedrock:*::foundation-model/*",
        "arn:aws:s3:::b",
        "arn:${aws:Partition}:s3:::b",
    ] {
        assert_eq!(of("Resource", resource, version), "read", "{resource}");
        assert_eq!(of("NotResource", resource, none), "read", "{resource}");
    }
    assert_eq!(of("Resource", "${aws:PrincipalTag/arn}", version), "read");
    for (resource, version) in [
        ("foundation-model/*", version),
        ("bedrock:*", version),
        ("ARN:aws:bedrock:*", version),
        ("arn", version),
        ("arn:aws:bedrock", version),
        ("arn:aws:bedrock:us-east-1::", version),
        ("arn:aws:bedrock:*:foundation-model/a", version),
        ("model/${aws:username}", version),
        ("**", version),
        // Without a version that has variables, these are texts.
        ("${aws:PrincipalTag/arn}", none),
    ] {
        for element in ["Resource", "NotResource"] {
            let expected = format!(
                "line 3, column 1: Statement[0].{element}: expected ARNs, such as arn:aws:bedrock:*, or *, found `{resource}`"
            );
            assert_eq!(of(element, resource, version), expected);
        }
    }
}

#[test]
fn principal_is_refused_by_the_name_of_its_policy() {
    let text = r#"{"Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}"#;
    for (policy_type, expected) in [
        (PolicyType::IdentityBased, "expected no Principal in an identity-based policy, found `*`"),
        (
            PolicyType::PermissionsBoundary,
            "expected no Principal in a permissions boundary, found `*`",
        ),
    ] {
        let found = problem(text, policy_type);
        assert!(found.ends_with(expected), "{found}");
    }
}

#[test]
fn conditions_that_are_not_understood_are_not_read() {
    for (condition, expected) in [
        (
            r#"{"StringEqual":{"a:b":"c"}}"#,
            "Condition: expected a condition operator, such as StringEquals, found `StringEqual`",
        ),
        (
            r#"{"stringequals":{"a:b":"c"}}"#,
            "Condition: expected a condition operator, such as StringEquals, found `stringequals`",
        ),
        (
            r#"{"ForSomeValues:StringEquals":{"a:b":"c"}}"#,
            "Condition: expected ForAllValues: or ForAnyValue: before an operator, found `ForSomeValues:StringEquals`",
        ),
        (
            r#"{"NullIfExists":{"a:b":"true"}}"#,
            "Condition: expected Null without IfExists, which it cannot have, found `NullIfExists`",
        ),
        (
            r#"{"ForAllValues:Null":{"a:b":"true"}}"#,
            "Condition: expected Null without ForAllValues, which AWS does not define for it, found `ForAllValues:Null`",
        ),
        (r#"{"Bool":{"a:b":"yes"}}"#, "Condition.Bool.a:b: expected true or false, found `yes`"),
        (r#"{"Null":{"a:b":"1"}}"#, "Condition.Null.a:b: expected true or false, found `1`"),
        (
            r#"{"NumericEquals":{"a:b":"1e3"}}"#,
            "Condition.NumericEquals.a:b: expected a number, found `1e3`",
        ),
        (
            r#"{"DateLessThan":{"a:b":"soon"}}"#,
            "Condition.DateLessThan.a:b: expected a time, such as 2026-10-05T00:00:00Z, or seconds since 1970, found `soon`",
        ),
        (
            r#"{"IpAddress":{"a:b":"<cidr>"}}"#,
            "Condition.IpAddress.a:b: expected an IP address or a CIDR block, found `<cidr>`",
        ),
        (
            r#"{"StringEquals":{"a:b":{}}}"#,
            "Condition.StringEquals.a:b: expected texts, numbers, or true and false, found an empty object",
        ),
        (
            r#"{"StringEquals":{"a:b":"1","a:b":"2"}}"#,
            "Condition.StringEquals: expected each member once, found a second `a:b`",
        ),
        (
            r#"{"StringEquals":{"Region":"1"}}"#,
            "Condition.StringEquals: expected a condition key, such as aws:RequestedRegion, found `Region`",
        ),
        (
            r#"{"StringEquals":"a:b"}"#,
            "Condition.StringEquals: expected an object of condition keys, found `a:b`",
        ),
    ] {
        let elements =
            format!(r#""Effect":"Deny","Action":"*","Resource":"*","Condition":{condition}"#);
        let found = of_statement(&elements);
        let (_, found) = found.split_once("Statement[0].").unwrap_or(("", &found));
        assert_eq!(found, expected, "{condition}");
    }
}

#[test]
fn endpoint_policies_need_principals() {
    let of = |principal: &str| {
        let text = format!(
            r#"{{"Statement":{{"Effect":"Allow",{principal}"Action":"*","Resource":"*"}}}}"#
        );
        problem(&text, PolicyType::VpcEndpoint)
    };
    assert_eq!(of(r#""Principal":"*","#), "read");
    assert_eq!(of(r#""Principal":{"AWS":["*","111122223333"],"Service":"x"},"#), "read");
    assert!(of("").ends_with("Statement: expected Principal, found none"));
    assert!(of(r#""Principal":{"Aws":"*"},"#).contains("found `Aws`"));
    assert!(of(r#""NotPrincipal":"*","#).contains("expected no NotPrincipal"));
}

#[test]
fn rcps_are_about_everyone() {
    let of = |principal: &str| {
        let text = format!(
            r#"{{"Statement":{{"Effect":"Deny",{principal}"Action":"s3:*","Resource":"*"}}}}"#
        );
        problem(&text, PolicyType::ResourceControl)
    };
    assert_eq!(of(r#""Principal":"*","#), "read");
    assert!(of("").ends_with("Statement: expected Principal, found none"));
    let of_account = of(r#""Principal":{"AWS":"*"},"#);
    assert!(
        of_account.ends_with("expected \"*\", as in every RCP, found an object"),
        "{of_account}"
    );
}

#[test]
fn ten_thousand_statements_are_read() {
    let mut text = r#"{"Statement":["#.to_owned();
    for index in 0..10_000 {
        let comma = if index == 0 { "" } else { "," };
        write!(
            text,
            r#"{comma}{{"Sid":"S{index}","Effect":"Deny","Action":"a:B","Resource":"*"}}"#
        )
        .unwrap();
    }
    text.push_str("]}");
    assert_eq!(Document::read(&text, PolicyType::ServiceControl).unwrap().statements.len(), 10_000);
}
