//! Shorter policies: what each step does, what none may do, and how long policies are when they are saved.

use bedrock::denial::PolicyType;
use policy::Document;
use policy::compare::{Comparison, compare};
use policy::minify::{
    Minified, Options, Pipeline, Proof, Size, StepKind, minify, saved_size, without_white_space,
};
use serde_json::{Value, json};
use testkit::Dice;

use crate::compare::{brute_force, case, check_witness, document};

const OPTIONS: Options =
    Options { policy_type: PolicyType::ServiceControl, pipeline: Pipeline::Api, drops_sids: false };

fn minified(text: &str, options: Options) -> Minified {
    let found = minify(text, options).unwrap_or_else(|it| panic!("{text}: {it}"));
    assert_eq!(found.proof, Proof::Equal, "{text}");
    let n_saved = found.steps.iter().map(|step| step.n_saved).sum::<usize>();
    assert_eq!(found.before.n_characters - found.after.n_characters, n_saved, "{text}");
    found
}

fn of_statements(statements: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":{statements}}}"#)
}

/// The steps that saved something.
fn steps(found: &Minified) -> Vec<StepKind> {
    found.steps.iter().filter(|step| step.n_saved > 0).map(|step| step.kind).collect()
}

/// What a step saves, and how the statements look before and after.
const STEPS: &[(&[StepKind], &str, &str)] = &[
    (
        &[],
        r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#,
        r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#,
    ),
    (
        &[StepKind::WhiteSpace],
        "{ \"Sid\" : \"a  b\",\r\n\t\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\" }",
        r#"{"Sid":"a  b","Effect":"Deny","Action":"*","Resource":"*"}"#,
    ),
    (
        &[StepKind::Escapes],
        r#"{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::a\/\u00e4\u003c\"\\"}"#,
        r#"{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::a/ä<\"\\"}"#,
    ),
    (
        &[StepKind::DuplicateEntries],
        r#"{"Effect":"Deny","NotAction":["s3:Get","S3:get","iam:*"],"Resource":["arn:aws:s3:::b","arn:aws:s3:::B","arn:aws:s3:::b"]}"#,
        r#"{"Effect":"Deny","NotAction":["s3:Get","iam:*"],"Resource":["arn:aws:s3:::b","arn:aws:s3:::B"]}"#,
    ),
    (
        &[StepKind::CoveredEntries],
        r#"{"Effect":"Deny","NotAction":["s3:GetObject","s3:get*","iam:*"],"NotResource":["arn:aws:s3:::a*","arn:aws:s3:::ab","arn:aws:s3:::B"],
           "Condition":{"StringNotLike":{"aws:RequestedRegion":["us-east-1","us-*","eu-west-1"]},"NumericLessThan":{"aws:MultiFactorAuthAge":["5","60"]},
           "NotIpAddress":{"aws:SourceIp":["10.0.0.0/8","10.1.2.3","192.0.2.0/24"]}}}"#,
        r#"{"Effect":"Deny","NotAction":["s3:get*","iam:*"],"NotResource":["arn:aws:s3:::a*","arn:aws:s3:::B"],"Condition":{"StringNotLike":{"aws:RequestedRegion":["us-*","eu-west-1"]},"NumericLessThan":{"aws:MultiFactorAuthAge":"60"},"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8","192.0.2.0/24"]}}}"#,
    ),
    // The shorter of two patterns that match the same.
    (
        &[StepKind::CoveredEntries],
        r#"{"Effect":"Deny","Action":["s3:a**","s3:a*","iam:a","IAM:B"],"Resource":"*"}"#,
        r#"{"Effect":"Deny","Action":["s3:a*","iam:a","IAM:B"],"Resource":"*"}"#,
    ),
    (
        &[StepKind::EmptyConditions],
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{}}}"#,
        r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#,
    ),
    (
        &[StepKind::EmptyConditions],
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{}}"#,
        r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#,
    ),
    (
        &[StepKind::RepeatedStatements, StepKind::SingleStatement],
        r#"[{"Effect":"Deny","Action":["a:b","a:c"],"Resource":"*"},{"Resource":"*","Action":["a:C","a:b"],"Effect":"Deny","Sid":"x"}]"#,
        r#"{"Resource":"*","Action":["a:C","a:b"],"Effect":"Deny","Sid":"x"}"#,
    ),
    (
        &[StepKind::CoveredStatements, StepKind::SingleStatement],
        r#"[{"Effect":"Allow","Action":"iam:*","Resource":"*"},{"Effect":"Deny","Action":"a:b","Resource":"*"},{"Effect":"Deny","NotAction":"c:*","Resource":"*"}]"#,
        r#"{"Effect":"Deny","NotAction":"c:*","Resource":"*"}"#,
    ),
    (
        &[StepKind::JoinedStatements, StepKind::SingleStatement],
        r#"[{"Effect":"Deny","Action":"a:b","Resource":"*"},{"Effect":"Deny","Action":["a:c","a:d"],"Resource":["*"]}]"#,
        r#"{"Effect":"Deny","Action":["a:b","a:c","a:d"],"Resource":"*"}"#,
    ),
    (
        &[StepKind::JoinedStatements, StepKind::SingleStatement],
        r#"[{"Effect":"Allow","Action":"s3:a","Resource":"arn:aws:s3:::a"},{"Sid":"s","Effect":"Allow","Action":"s3:a","Resource":"arn:aws:s3:::b"}]"#,
        r#"{"Sid":"s","Effect":"Allow","Action":"s3:a","Resource":["arn:aws:s3:::a","arn:aws:s3:::b"]}"#,
    ),
    (
        &[StepKind::JoinedStatements, StepKind::SingleStatement],
        r#"[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"a"}}},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"AWS:requestedRegion":"b"}}}]"#,
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":["a","b"]}}}"#,
    ),
    (
        &[StepKind::SingleEntries, StepKind::SingleStatement],
        r#"[{"Effect":"Deny","Action":["*"],"Resource":["*"],"Condition":{"Bool":{"aws:SecureTransport":[false]}}}]"#,
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":false}}}"#,
    ),
    // What is the same but for names stays, unless the names go.
    (
        &[],
        r#"[{"Sid":"a","Effect":"Deny","Action":"a:b","Resource":"*"},{"Sid":"b","Effect":"Deny","Action":"a:b","Resource":"*"}]"#,
        r#"[{"Sid":"a","Effect":"Deny","Action":"a:b","Resource":"*"},{"Sid":"b","Effect":"Deny","Action":"a:b","Resource":"*"}]"#,
    ),
    // What does not become shorter, or would not say the same.
    (
        &[],
        r#"[{"Effect":"Deny","NotAction":"a:*","Resource":"*"},{"Effect":"Deny","NotAction":["a:*","b:*"],"Resource":"arn:aws:s3:::x","Condition":{"Null":{"aws:SourceVpc":"true"}}},{"Effect":"Allow","Action":"*","Resource":"*"}]"#,
        r#"[{"Effect":"Deny","NotAction":"a:*","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"}]"#,
    ),
];

#[test]
fn steps_save_what_they_should() {
    for (expected_steps, before, after) in STEPS {
        let found = minified(&of_statements(before), OPTIONS);
        assert_eq!(found.text, of_statements(after));
        let saving = steps(&found);
        for step in *expected_steps {
            assert!(saving.contains(step), "{step:?} of {saving:?}: {before}");
        }
        assert_eq!(minified(&found.text, OPTIONS).text, found.text, "a second time");
    }
}

#[test]
fn names_go_only_when_asked() {
    let text = of_statements(
        r#"[{"Sid":"a","Effect":"Deny","Action":"a:b","Resource":"*"},{"Sid":"b","Effect":"Deny","Action":"a:c","Resource":"*"}]"#,
    );
    assert_eq!(minified(&text, OPTIONS).text, text);
    let found = minified(&text, Options { drops_sids: true, ..OPTIONS });
    assert_eq!(
        found.text,
        of_statements(r#"{"Effect":"Deny","Action":["a:b","a:c"],"Resource":"*"}"#)
    );
}

/// Documents, and shorter ones that are wrong.
const WRONG: &[(&str, &str, &str)] = &[
    (
        "the union of two NotAction lists",
        r#"[{"Effect":"Deny","NotAction":"iam:*","Resource":"*"},{"Effect":"Deny","NotAction":"s3:*","Resource":"*"}]"#,
        r#"{"Effect":"Deny","NotAction":["iam:*","s3:*"],"Resource":"*"}"#,
    ),
    (
        "the union of two NotResource lists",
        r#"[{"Effect":"Deny","Action":"s3:*","NotResource":"arn:aws:s3:::a"},{"Effect":"Deny","Action":"s3:*","NotResource":"arn:aws:s3:::b"}]"#,
        r#"{"Effect":"Deny","Action":"s3:*","NotResource":["arn:aws:s3:::a","arn:aws:s3:::b"]}"#,
    ),
    (
        "the union of the values of a negated operator",
        r#"[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-east-1"}}},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-west-2"}}}]"#,
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1","us-west-2"]}}}"#,
    ),
    (
        "an entry that only looks covered",
        r#"{"Effect":"Deny","NotAction":["bedrock:Invoke*","bedrock:InvocationLogs","iam:*"],"Resource":"*"}"#,
        r#"{"Effect":"Deny","NotAction":["bedrock:Invoke*","iam:*"],"Resource":"*"}"#,
    ),
    (
        "? covers one character, not several",
        r#"{"Effect":"Deny","Action":["s3:Get?","s3:GetObject"],"Resource":"*"}"#,
        r#"{"Effect":"Deny","Action":"s3:Get?","Resource":"*"}"#,
    ),
    (
        "a wildcard in StringEquals is text",
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-*","us-east-1"]}}}"#,
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-*"}}}"#,
    ),
    (
        "arn:* covers nothing in an ARN operator",
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":["arn:*","arn:aws:iam::*:role/A"]}}}"#,
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:*"}}}"#,
    ),
    (
        "a wildcard of an ARN operator stays within its part",
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":["arn:aws:iam:*:role/A","arn:aws:iam::111122223333:role/A"]}}}"#,
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam:*:role/A"}}}"#,
    ),
    (
        "resources mind case",
        r#"{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::Data","arn:aws:s3:::data"]}"#,
        r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::data"}"#,
    ),
    (
        "values mind case",
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":["Red","red"]}}}"#,
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"red"}}}"#,
    ),
    (
        "a condition that was dropped",
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"Null":{"bedrock:InferenceProfileArn":"true"}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*"}"#,
    ),
    (
        "IfExists that was dropped",
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEqualsIfExists":{"aws:RequestedRegion":"us-east-1"}}}"#,
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}}"#,
    ),
    (
        "conditions of two statements in one",
        r#"[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/a":"x"}}},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/b":"y"}}}]"#,
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/a":"x","aws:PrincipalTag/b":"y"}}}"#,
    ),
    (
        "actions and resources joined at once",
        r#"[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::a/*"},{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"}]"#,
        r#"{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":["arn:aws:s3:::a/*","arn:aws:s3:::b/*"]}"#,
    ),
    (
        "an Allow that a Deny seems to make superfluous",
        r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*"}]"#,
        r#"{"Effect":"Deny","Action":"iam:*","Resource":"*"}"#,
    ),
    (
        "a Deny that no Allow needs, which counts beside other policies",
        r#"[{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*"}]"#,
        r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#,
    ),
    (
        "the Region-less model is in no Region of a pattern",
        r#"{"Effect":"Deny","Action":"bedrock:InvokeModel","Resource":["arn:aws:bedrock:*-*::foundation-model/*","arn:aws:bedrock:::foundation-model/*"]}"#,
        r#"{"Effect":"Deny","Action":"bedrock:InvokeModel","Resource":"arn:aws:bedrock:*-*::foundation-model/*"}"#,
    ),
    (
        "ForAnyValue in place of ForAllValues",
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}}"#,
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}}}"#,
    ),
    (
        "two conditions of any value are not one",
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"aws:TagKeys":"a"},"ForAnyValue:StringLike":{"aws:TagKeys":"b*"}}}"#,
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ForAnyValue:StringLike":{"aws:TagKeys":["a","b*"]}}}"#,
    ),
    (
        "the lesser of two numbers",
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NumericLessThan":{"aws:MultiFactorAuthAge":["60","300"]}}}"#,
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NumericLessThan":{"aws:MultiFactorAuthAge":"60"}}}"#,
    ),
    (
        "Null beside a pattern of everything",
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotLike":{"aws:PrincipalTag/team":"*"}}}"#,
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Null":{"aws:PrincipalTag/team":"false"}}}"#,
    ),
    (
        "a variable in place of what it can be",
        r#"{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::home/${aws:username}/*","arn:aws:s3:::home/shared/*"]}"#,
        r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::home/${aws:username}/*"}"#,
    ),
    (
        "an empty list matches nothing",
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":[]}}}"#,
        r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#,
    ),
];

#[test]
fn wrong_minifications_are_refuted_by_a_request() {
    assert!(WRONG.len() >= 20);
    for (what, right, wrong) in WRONG {
        let [right, wrong] = [right, wrong].map(|it| of_statements(it));
        assert!(wrong.len() < right.len(), "{what}");
        let Comparison::Different(found) = compare(&document(&right), &document(&wrong)) else {
            panic!("{what} is not refuted");
        };
        let [old, new] = [&right, &wrong].map(|it| serde_json::from_str::<Value>(it).unwrap());
        for witness in found.witnesses() {
            assert_ne!(witness.old, witness.new, "{what}");
            check_witness(witness, &old, &new);
        }
        // Nor does hoptrail come to it.
        assert_ne!(minified(&right, OPTIONS).text, wrong, "{what}");
    }
}

/// Whether the names of the statements are the same.
fn sids(text: &str) -> Vec<String> {
    let mut sids =
        document(text).statements.into_iter().filter_map(|it| it.sid).collect::<Vec<_>>();
    sids.sort();
    sids
}

/// A random document with a few names in it.
fn with_sids(dice: &mut Dice, mut document: Value) -> Value {
    for (index, statement) in document["Statement"].as_array_mut().unwrap().iter_mut().enumerate() {
        if dice.below(3) == 0 {
            statement["Sid"] = format!("s{index}").into();
        }
    }
    document
}

#[test]
fn thousand_random_policies_become_no_longer_and_stay_equal() {
    let (mut n_shorter, mut by_step) = (0, [0; StepKind::ALL.len()]);
    for seed in 0..1_000 {
        let dice = &mut Dice::new(seed);
        let case = case(dice);
        // The changed documents have repeated statements and entries, and lists that were split.
        let text = with_sids(dice, case.new).to_string();
        let found = minified(&text, OPTIONS);
        assert!(found.text.len() <= text.len());
        n_shorter += usize::from(found.text.len() < text.len());
        assert_eq!(sids(&found.text), sids(&text));
        for (count, step) in by_step.iter_mut().zip(&found.steps) {
            *count += usize::from(step.n_saved > 0);
        }
    }
    assert!(n_shorter > 500, "{n_shorter}");
    // All but white space, escapes and names, of which there are none.
    assert!(by_step[3..].iter().all(|count| *count >= 20), "{by_step:?}");
}

/// The same, by the second evaluator and all requests.
#[test]
fn shorter_policies_decide_as_the_longer_ones_by_brute_force() {
    for seed in 2_000..2_020 {
        let mut case = case(&mut Dice::new(seed));
        case.old = case.new;
        let found = minified(&case.old.to_string(), OPTIONS);
        case.new = serde_json::from_str(&found.text).unwrap();
        assert!(brute_force(&case).is_empty(), "{:#}\n{:#}", case.old, case.new);
    }
}

#[test]
fn policy_that_is_too_large_to_compare_says_so() {
    let patterns = |first: &str| {
        let pattern = |it: usize| format!("\"s:*{first}{}{}\"", "?".repeat(20 + it), it % 10);
        (0..12).map(pattern).collect::<Vec<_>>().join(",")
    };
    let text = of_statements(&format!(
        r#"[{{"Effect":"Deny","Action":[{0},{0}],"Resource":["*"]}}]"#,
        patterns("a")
    ));
    let found = minify(&text, OPTIONS).unwrap();
    assert_eq!(found.proof, Proof::StepByStep(Comparison::TooLarge));
    assert!(found.after.n_characters < found.before.n_characters);
}

/// A Region deny as Control Tower's, with a list of actions of this length.
fn region_deny(n_actions: usize, others: &[&str], regions: &[&str], roles: &[&str]) -> Value {
    let actions = (0..n_actions).map(|it| format!("service{it:02}:*"));
    let actions = actions.chain(others.iter().map(|it| (*it).to_owned())).collect::<Vec<_>>();
    let roles = roles.iter().map(|role| format!("arn:aws:iam::*:role/{role}")).collect::<Vec<_>>();
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "REGIONDENY", "Effect": "Deny", "NotAction": actions, "Resource": "*",
            "Condition": {
                "StringNotEquals": {"aws:RequestedRegion": regions},
                "ArnNotLike": {"aws:PrincipalARN": roles},
            },
        }],
    })
}

/// As Python's `json.dumps` writes it: a blank behind each comma and colon that is not within quotes.
fn spaced(compact: &str) -> String {
    let mut text = String::new();
    let mut is_quoted = false;
    for character in compact.chars() {
        text.push(character);
        is_quoted ^= character == '"';
        if !is_quoted && matches!(character, ',' | ':') {
            text.push(' ');
        }
    }
    text
}

/// The figures are those of Python's `json.dumps`, and of its `replace` as `CfCT` calls it, for documents as the
/// published ones are.
#[test]
fn sizes_are_exact_for_each_way_to_write_and_to_save() {
    let four = ["Admin", "Audit", "Deploy", "Rescue"];
    let invoke = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"];
    let of_four = ["us-east-1", "us-east-2", "us-west-1", "us-west-2"];
    let mut profiles = region_deny(40, &["bedrock:Invoke*"], &["us-east-1"], &["Admin"]);
    profiles["Statement"].as_array_mut().unwrap().push(json!({
        "Sid": "PROFILES", "Effect": "Deny", "Action": invoke, "Resource": "*",
        "Condition": {
            "StringNotEquals": {"aws:RequestedRegion": ["us-east-1"]},
            "ArnNotLike": {"bedrock:InferenceProfileArn": "arn:aws:bedrock:*:*:inference-profile/us.*"},
        },
    }));
    for (document, [compact, dumps, two, four, cfct]) in [
        (region_deny(86, &[], &["us-east-1"], &["Admin"]), [1442, 1544, 2402, 3242, 1671]),
        (
            region_deny(86, &["bedrock:*"], &["us-east-1"], &["Admin"]),
            [1454, 1557, 2423, 3271, 1685],
        ),
        (
            region_deny(86, &[], &["ap-northeast-1", "ap-northeast-3"], &four),
            [1550, 1656, 2562, 3450, 1787],
        ),
        (region_deny(86, &invoke, &of_four, &four), [1626, 1736, 2682, 3610, 1871]),
        (profiles, [1099, 1172, 1822, 2442, 1285]),
    ] {
        let text = document.to_string();
        let document = Document::read(&text, PolicyType::ServiceControl).unwrap();
        let of = |text: &str, pipeline| {
            let size = saved_size(text, PolicyType::ServiceControl, pipeline).unwrap();
            assert_eq!(size.n_characters, size.n_bytes);
            size.n_characters
        };
        let [indented_two, indented_four] = [2, 4].map(|indent| document.to_json(Some(indent)));
        for (written, as_it_is) in [
            (&text, compact),
            (&spaced(&text), dumps),
            (&indented_two, two),
            (&indented_four, four),
        ] {
            assert_eq!(of(written, Pipeline::Api), as_it_is);
            for pipeline in [Pipeline::Console, Pipeline::Terraform, Pipeline::Lza] {
                assert_eq!(of(written, pipeline), compact);
            }
            let found = minified(written, OPTIONS);
            assert_eq!(found.before.n_characters, as_it_is);
            // Lists of one, of Region, role, or statement, are all that is left to save.
            assert!(compact - found.after.n_characters <= 6);
        }
        assert_eq!(of(&indented_four, Pipeline::Cfct), cfct);
        assert_eq!(of(&indented_two, Pipeline::Cfct), cfct);
        assert_eq!(of(&spaced(&text), Pipeline::Cfct), dumps);
    }
}

/// IAM does not count white space, and Terraform writes some characters longer.
#[test]
fn size_depends_on_the_type_and_on_what_saves_it() {
    let text = include_str!("../../../../tests/fixtures/policies/region-deny.json");
    for (pipeline, n_characters) in [
        (Pipeline::Console, 401),
        (Pipeline::Api, 900),
        (Pipeline::Terraform, 416),
        (Pipeline::Lza, 401),
        (Pipeline::Cfct, 476),
    ] {
        let expected = Size { n_characters, n_bytes: n_characters + 1 };
        assert_eq!(saved_size(text, PolicyType::ServiceControl, pipeline), Ok(expected));
        let of_iam = saved_size(text, PolicyType::IdentityBased, pipeline).unwrap();
        let expected = if pipeline == Pipeline::Terraform { 416 } else { 401 };
        assert_eq!(of_iam.n_characters, expected, "{pipeline:?}");
    }
    assert_eq!(without_white_space(text), document(text).to_json(None));
}
