//! Published forms of SCPs against calls: which are allowed, and which legs are denied by which statement. The
//! documents follow those that AWS and others publish for cross-Region inference, with shorter lists of other
//! services' actions.

use bedrock::{Aliases, Catalog, Regions};
use policy::{Call, Caller, Knowledge, Level, Levels, Operation, Principal, Verdict, simulate};

use crate::world::{FULL_ACCESS, level};

const ACCOUNT: &str = "111122223333";
const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const OVER_US: &str =
    "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/over0us00000";
const OVER_GLOBAL: &str =
    "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/over0global0";

/// Reference and source Region, in the order of the columns below.
const CALLS: [(&str, &str); 6] = [
    ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us-east-1"),
    ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "eu-central-1"),
    ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", "us-east-1"),
    (OVER_US, "us-east-1"),
    (OVER_GLOBAL, "us-east-1"),
    (SONNET, "us-east-2"),
];

fn catalog() -> Catalog {
    let models =
        format!("model_id,canonical_id,provider,name\n{SONNET},,Anthropic,Claude Sonnet 4.5\n");
    let profiles = format!(
        "profile_id,source_region,destination_regions\n\
         us.{SONNET},us-east-1,us-east-1;us-east-2;us-west-2\n\
         eu.{SONNET},eu-central-1,eu-central-1;eu-north-1;eu-west-1;eu-west-3\n\
         global.{SONNET},us-east-1,ALL_COMMERCIAL\n"
    );
    Catalog::parse(&models, &profiles).unwrap()
}

fn aliases() -> Aliases {
    let mut aliases = Aliases::default();
    for (arn, model) in [(OVER_US, CALLS[0].0), (OVER_GLOBAL, CALLS[2].0)] {
        aliases.add_csv(&format!("model_ref,model\n{arn},{model}\n")).unwrap();
    }
    aliases
}

/// Verdict and denied legs of each call: `D profile us-east-1 Sid, ...`.
fn outcomes(policies: &[&str]) -> Vec<String> {
    let unit = [&[FULL_ACCESS], policies].concat();
    of_levels(vec![level("r", &[FULL_ACCESS]), level("ou", &unit)])
}

fn of_levels(levels: Vec<Level>) -> Vec<String> {
    let (catalog, regions, aliases) = (catalog(), Regions::embedded(), aliases());
    let knowledge = Knowledge { catalog: &catalog, regions: &regions, aliases: &aliases };
    let levels = Levels::new(levels);
    let principal = Principal::parse("arn:aws:iam::111122223333:role/App").unwrap();
    let outcome = |(model_ref, region): (&str, &str)| {
        let operation = Operation::find("Converse").unwrap();
        let call =
            Call { operation, model_ref, region, account: ACCOUNT, has_api_key: Some(false) };
        let caller = Caller {
            account: ACCOUNT,
            principal: Some(&principal),
            organization_id: None,
            organization_path: None,
            given: &[],
        };
        let found = simulate(call, caller, &levels, knowledge).unwrap();
        let denied = found.legs.iter().filter(|it| it.decision.verdict == Verdict::Denied);
        let denied = denied.map(|it| {
            let sid = match it.decision.reasons[0].statement {
                Some((_, statement)) => {
                    statement.sid.clone().unwrap_or_else(|| statement.index.to_string())
                }
                None => "implicit".to_owned(),
            };
            format!(" {} {} {sid}", it.leg.kind.as_str(), it.leg.requested_region)
        });
        let verdict = match found.verdict {
            Verdict::Allowed => "A",
            Verdict::Denied => "D",
            Verdict::Indeterminate => "?",
        };
        format!("{verdict}{}", denied.collect::<Vec<_>>().join(","))
    };
    CALLS.into_iter().map(outcome).collect()
}

/// What Control Tower attaches for the control AWS-GR_REGION_DENY (Control Tower reference, "Region deny
/// control").
fn region_deny(more_actions: &str, more_exemptions: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Condition":{{"StringNotEquals":{{"aws:RequestedRegion":["us-east-1"]}},
        "ArnNotLike":{{"aws:PrincipalARN":["arn:aws:iam::*:role/AWSControlTowerExecution"]{more_exemptions}}}}},"Resource":"*",
        "Effect":"Deny","NotAction":["a4b:*","iam:*","kms:*","sts:*","s3:ListAllMyBuckets"{more_actions}],"Sid":"GRREGIONDENY"}}]}}"#
    )
}

fn deny(sid: &str, rest: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"{sid}","Effect":"Deny",{rest}}}]}}"#)
}

#[test]
fn published_forms_do_to_each_call_what_they_do() {
    const INVOKE: &str =
        r#""Action":["bedrock:InvokeModel","bedrock:InvokeModelWithResponseStream"]"#;
    let of_accounts = r#""Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1","eu-west-2"],"aws:PrincipalAccount":["111122223333","444455556666"]}}"#;
    let rows: Vec<(&str, Vec<String>, &str)> = vec![
        ("Region deny of Control Tower", vec![region_deny("", "")], "DDDDDD"),
        ("the same without bedrock:*", vec![region_deny(r#","bedrock:*""#, "")], "AAAAAA"),
        (
            "exempted actions, and an SCP by accounts",
            vec![
                region_deny(r#","bedrock:InvokeModel","bedrock:InvokeModelWithResponseStream""#, ""),
                deny("ByAccount", &format!("{INVOKE},{of_accounts}")),
            ],
            "AAAAAA",
        ),
        (
            "two statements that enable global",
            vec![r#"{"Version":"2012-10-17","Statement":[
                {"Sid":"Others","Effect":"Deny","NotAction":["bedrock:*","iam:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["ap-southeast-2","us-east-1","us-west-2"]}}},
                {"Sid":"Bedrock","Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["ap-southeast-2","us-east-1","us-west-2","unspecified"]}}}]}"#.to_owned()],
            "DDADAD",
        ),
        (
            "no profile but us.",
            vec![deny("NonUs", r#""Action":"bedrock:*","Resource":"*","Condition":{"Null":{"bedrock:InferenceProfileArn":"false"},"ArnNotLike":{"bedrock:InferenceProfileArn":["arn:aws:bedrock:*:*:inference-profile/us.*"]}}"#)],
            "ADDDDA",
        ),
        (
            "no global profile, by its name",
            vec![deny("NoGlobal", r#""Action":"bedrock:*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"unspecified"},"ArnLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:*:inference-profile/global.*"}}"#)],
            "AADAAA",
        ),
        (
            "us-east-2 for the profile of another model only",
            vec![deny("OneModel", r#""Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"us-east-2"},"ArnNotLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:*:inference-profile/us.anthropic.claude-3-5-sonnet-20241022-v2:0"}}"#)],
            "DAADAD",
        ),
        (
            "Region deny with an exemption of eu. from eu-central-1",
            vec![deny("OutsideEu", r#""NotAction":["cloudfront:*","route53:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-central-1","us-east-1"]},"ArnNotLike":{"aws:PrincipalARN":["arn:aws:iam::*:role/Role1AllowedToBypassThisSCP"],"bedrock:InferenceProfileArn":["arn:aws:bedrock:eu-central-1:*:inference-profile/eu.*"]}}"#)],
            "DADDDD",
        ),
        (
            "approved Regions and unspecified",
            vec![deny("Approved", r#""Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1","us-east-2","us-west-2","unspecified"]}}"#)],
            "ADAAAA",
        ),
        (
            "Region deny without Invoke*, and one with us. and global.",
            vec![r#"{"Version":"2012-10-17","Statement":[
                {"Effect":"Deny","NotAction":["iam:*","bedrock:Invoke*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["ap-southeast-2","us-east-1"]}}},
                {"Sid":"UnlessCris","Effect":"Deny","Action":["bedrock:Invoke*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["ap-southeast-2","us-east-1"]},"ArnNotLike":{"bedrock:InferenceProfileArn":["arn:aws:bedrock:*:*:inference-profile/us.*","arn:aws:bedrock:*:*:inference-profile/global.*"]}}}]}"#.to_owned()],
            "ADADDD",
        ),
        // Forms that cover application profiles, and some that do not what they seem to do.
        ("exemption of us.", vec![region_deny("", r#","bedrock:InferenceProfileArn":["arn:aws:bedrock:*:*:inference-profile/us.*"]"#)], "ADDDDD"),
        (
            "exemption of us. and application profiles",
            vec![region_deny("", r#","bedrock:InferenceProfileArn":["arn:aws:bedrock:*:*:inference-profile/us.*","arn:aws:bedrock:*:*:application-inference-profile/*"]"#)],
            "ADDAAD",
        ),
        (
            "the same without the Region-less model",
            vec![
                region_deny("", r#","bedrock:InferenceProfileArn":["arn:aws:bedrock:*:*:inference-profile/us.*","arn:aws:bedrock:*:*:application-inference-profile/*"]"#),
                deny("NoGlobal", r#""Action":"bedrock:InvokeModel*","Resource":"arn:aws:bedrock:::foundation-model/*""#),
            ],
            "ADDADD",
        ),
        ("no global, by the Region", vec![deny("NoGlobal", r#""Action":"bedrock:InvokeModel*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"unspecified"}}"#)], "AADADA"),
        ("no direct calls", vec![deny("Direct", r#""Action":"bedrock:InvokeModel*","Resource":"arn:aws:bedrock:*::foundation-model/*","Condition":{"Null":{"bedrock:InferenceProfileArn":"true"}}"#)], "AAAAAD"),
        ("approved models without profiles", vec![deny("Models", r#""Action":"bedrock:*","NotResource":["arn:aws:bedrock:*:*:foundation-model/anthropic.*"]"#)], "DDDDDA"),
        ("negated test of a key that the profile lacks", vec![deny("Claude", r#""Action":"bedrock:InvokeModel","Resource":"*","Condition":{"StringNotLike":{"bedrock:InferenceProfileArn":["arn:aws:bedrock:*:*:inference-profile/us.anthropic.claude-*","arn:aws:bedrock:*:*:application-inference-profile/*"]}}"#)], "DDDDDD"),
    ];
    for (name, policies, expected) in rows {
        let policies = policies.iter().map(String::as_str).collect::<Vec<_>>();
        let found = outcomes(&policies);
        let verdicts = found.iter().map(|it| it.chars().next().unwrap()).collect::<String>();
        assert_eq!(verdicts, expected, "{name}: {found:#?}");
    }
}

#[test]
fn denied_legs_and_their_statements_are_named() {
    let all = "destination_model us-east-2 GRREGIONDENY, destination_model us-west-2 GRREGIONDENY";
    let eu = "destination_model eu-north-1 GRREGIONDENY, destination_model eu-west-1 GRREGIONDENY, destination_model eu-west-3 GRREGIONDENY";
    let expected = [
        format!("D {all}"),
        format!(
            "D profile eu-central-1 GRREGIONDENY, source_model eu-central-1 GRREGIONDENY, {eu}"
        ),
        "D global_model unspecified GRREGIONDENY".to_owned(),
        format!("D {all}"),
        "D global_model unspecified GRREGIONDENY".to_owned(),
        "D source_model us-east-2 GRREGIONDENY".to_owned(),
    ];
    assert_eq!(outcomes(&[&region_deny("", "")]), expected);

    let claude = deny(
        "Claude",
        r#""Action":"bedrock:InvokeModel","Resource":"*","Condition":{"ArnNotLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:*:inference-profile/us.*"}}"#,
    );
    assert_eq!(outcomes(&[&claude])[0], "D profile us-east-1 Claude");
}

/// Identity policies that grant what is required, and not what is only possible.
#[test]
fn possible_leg_that_is_denied_makes_a_call_indeterminate() {
    let allow = |resources: &str| {
        format!(
            r#"{{"Statement":{{"Effect":"Allow","Action":"bedrock:*","Resource":{resources}}}}}"#
        )
    };
    // The system-defined profile below an application profile.
    let without_profile = allow(
        r#"["arn:aws:bedrock:*:*:application-inference-profile/*","arn:aws:bedrock:*::foundation-model/*"]"#,
    );
    let found = of_levels(vec![level("r", &[&without_profile])]);
    assert_eq!(found[3], "? profile us-east-1 implicit");
    assert_eq!(found[5], "A");
    // A model that is required and denied is denied, whatever is possible.
    let only_profiles = allow(r#""arn:aws:bedrock:*:*:*inference-profile/*""#);
    assert!(
        of_levels(vec![level("r", &[&only_profiles])])[3]
            .starts_with("D source_model us-east-1 implicit")
    );
}
