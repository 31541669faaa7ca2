//! A fault for every rule, and a document beside it that is nearly the same and has none.

use bedrock::denial::PolicyType;
use bedrock::{Aliases, Catalog, Regions};
use policy::lint::{
    Finding, Goal, Options, RULES, Severity, lint, lint_document, too_many_policies,
};
use policy::{Document, Knowledge, Verdict};
use proptest::prelude::*;

use crate::world::FULL_ACCESS;

const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const US: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const GLOBAL: &str = "global.anthropic.claude-sonnet-4-5-20250929-v1:0";

/// A rule with a document that it finds something in, and one that it does not.
struct Case {
    rule: &'static str,
    policy_type: PolicyType,
    goals: &'static [(&'static str, &'static str)],
    /// A statement, or a whole text if it does not begin with an `Effect`.
    fault: &'static str,
    clean: &'static str,
    /// The verdict that a call proves; `None` where none can.
    proof: Option<Verdict>,
}

const SCP: PolicyType = PolicyType::ServiceControl;
const IDENTITY: PolicyType = PolicyType::IdentityBased;
const DENIED: Option<Verdict> = Some(Verdict::Denied);
const ALLOWED: Option<Verdict> = Some(Verdict::Allowed);

const fn case(
    rule: &'static str,
    fault: &'static str,
    clean: &'static str,
    proof: Option<Verdict>,
) -> Case {
    Case { rule, policy_type: SCP, goals: &[], fault, clean, proof }
}

const CASES: &[Case] = &[
    case(
        "allow-cannot-lift-deny",
        r#"{"Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-east-1"}}},
           {"Effect":"Allow","Action":"bedrock:InvokeModel*","Resource":"*"}"#,
        r#"{"Effect":"Deny","NotAction":["iam:*","bedrock:InvokeModel*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-east-1"}}},
           {"Effect":"Allow","Action":"bedrock:InvokeModel*","Resource":"*"}"#,
        DENIED,
    ),
    Case {
        policy_type: IDENTITY,
        ..case(
            "allow-needs-key",
            r#"{"Effect":"Allow","Action":"bedrock:InvokeModel*","Resource":"*","Condition":{"ArnLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:*:inference-profile/us.*"}}}"#,
            r#"{"Effect":"Allow","Action":"bedrock:InvokeModel*","Resource":"arn:aws:bedrock:*::foundation-model/*","Condition":{"ArnLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:*:inference-profile/us.*"}}},
               {"Effect":"Allow","Action":"bedrock:InvokeModel*","Resource":"arn:aws:bedrock:*:*:inference-profile/us.*"}"#,
            DENIED,
        )
    },
    Case {
        policy_type: IDENTITY,
        ..case(
            "allow-needs-key",
            r#"{"Effect":"Allow","Action":"bedrock:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"ml"}}}"#,
            r#"{"Effect":"Allow","Action":"bedrock:*","Resource":"*","Condition":{"StringEqualsIfExists":{"aws:ResourceTag/team":"ml"}}}"#,
            DENIED,
        )
    },
    case(
        "allow-cannot-lift-deny",
        r#"{"Effect":"Allow","Action":["bedrock:*","bedrock-mantle:*"],"Resource":"*"}"#,
        r#"{"Effect":"Allow","Action":["bedrock:*","iam:*"],"Resource":"*"}"#,
        None,
    ),
    case(
        "allow-cannot-lift-deny",
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-east-1"}}},{"Effect":"Allow","Action":"bedrock:*","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"}"#,
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-east-1"}}},{"Effect":"Allow","Action":"bedrock:*","Resource":"*"},{"Effect":"Allow","Action":["iam:*","s3:*"],"Resource":"*"}"#,
        DENIED,
    ),
    // A guardrail may well deny some of what is allowed.
    case(
        "allow-cannot-lift-deny",
        r#"{"Effect":"Deny","NotAction":"iam:*","Resource":"*"},{"Effect":"Allow","Action":"bedrock:*","Resource":"*"}"#,
        r#"{"Effect":"Deny","Action":"bedrock:InvokeModel*","Resource":"arn:aws:bedrock:*::foundation-model/amazon.*"},{"Effect":"Allow","Action":"bedrock:*","Resource":"*"}"#,
        DENIED,
    ),
    case(
        "application-profiles-not-covered",
        r#"{"Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-east-1"},"ArnNotLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:*:inference-profile/us.*"}}}"#,
        r#"{"Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-east-1"},"ArnNotLike":{"bedrock:InferenceProfileArn":["arn:aws:bedrock:*:*:inference-profile/us.*","arn:aws:bedrock:*:*:application-inference-profile/*"]}}}"#,
        DENIED,
    ),
    case(
        "arn-pattern-never-matches",
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"ArnLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:inference-profile/us.*"}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"ArnLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:*:inference-profile/us.*"}}}"#,
        ALLOWED,
    ),
    case(
        "arn-pattern-never-matches",
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:sts::*:assumed-role/Admin/*"}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/Admin"}}}"#,
        DENIED,
    ),
    case(
        "arn-pattern-never-matches",
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"arn:aws:bedrock:*:210987654321:foundation-model/*"}"#,
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":["arn:aws:bedrock:*:*:foundation-model/*","arn:aws:bedrock:*:210987654321:inference-profile/*"]}"#,
        ALLOWED,
    ),
    case(
        "control-tower-managed",
        r#"{"Sid":"GRREGIONDENY","Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-east-1"}}}"#,
        r#"{"Sid":"GROUPS","Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-east-1"}}}"#,
        None,
    ),
    Case {
        goals: &[(US, "us-east-1")],
        ..case(
            "destination-missing",
            r#"{"Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1","us-east-2"]}}}"#,
            r#"{"Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1","us-east-2","us-west-2"]}}}"#,
            DENIED,
        )
    },
    Case {
        policy_type: IDENTITY,
        ..case(
            "destination-missing",
            r#"{"Effect":"Allow","Action":"bedrock:InvokeModel*","Resource":["arn:aws:bedrock:us-east-1:210987654321:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0","arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0","arn:aws:bedrock:us-east-2::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0"]}"#,
            r#"{"Effect":"Allow","Action":"bedrock:InvokeModel*","Resource":["arn:aws:bedrock:us-east-1:210987654321:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0","arn:aws:bedrock:us-*::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0"]}"#,
            DENIED,
        )
    },
    case(
        "duplicate-key",
        r#"{"Effect":"Deny","Action":"bedrock:InvokeAgent","Action":"bedrock:InvokeFlow","Resource":"*"}"#,
        r#"{"Effect":"Deny","Action":["bedrock:InvokeAgent","bedrock:InvokeFlow"],"Resource":"*"}"#,
        None,
    ),
    case(
        "element-not-allowed",
        r#"{"Effect":"Deny","Principal":"*","Action":"bedrock:InvokeAgent","Resource":"*"}"#,
        r#"{"Effect":"Deny","Action":"bedrock:InvokeAgent","Resource":"*"}"#,
        None,
    ),
    case(
        "exempt-principal-exempts-all",
        r#"{"Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*Bedrock"}}}"#,
        r#"{"Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/AWSControlTowerExecution"}}},
           {"Effect":"Deny","Action":"bedrock:InvokeAgent","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*Bedrock"}}}"#,
        ALLOWED,
    ),
    case(
        "exempt-principal-exempts-all",
        r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::210987654321:user/ops"}}}"#,
        r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::210987654321:user/ops"}}}"#,
        ALLOWED,
    ),
    case(
        "forallvalues-in-deny",
        r#"{"Effect":"Deny","Action":"bedrock:CreateInferenceProfile","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":"team"}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock:CreateInferenceProfile","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":"team"},"Null":{"aws:TagKeys":"false"}}}"#,
        DENIED,
    ),
    case(
        "forallvalues-in-deny",
        r#"{"Effect":"Deny","Action":"bedrock:InvokeAgent","Resource":"*","Condition":{"ForAllValues:StringLike":{"aws:CalledVia":"*.amazonaws.com"}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock:InvokeAgent","Resource":"*","Condition":{"ForAllValues:StringNotEquals":{"aws:CalledVia":"cloudformation.amazonaws.com"}}}"#,
        DENIED,
    ),
    case(
        "global-by-profile-name",
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"ArnLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:*:inference-profile/global.*"}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"ArnLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:*:inference-profile/global.*"}}},
           {"Effect":"Deny","Action":"bedrock:*","Resource":"arn:aws:bedrock:::foundation-model/*"}"#,
        ALLOWED,
    ),
    case(
        "global-by-profile-name",
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"arn:aws:bedrock:*:*:inference-profile/global.*"}"#,
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":["arn:aws:bedrock:*:*:inference-profile/global.*","arn:aws:bedrock:::foundation-model/*"]}"#,
        ALLOWED,
    ),
    case(
        "mantle-not-covered",
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}}"#,
        r#"{"Effect":"Deny","Action":["bedrock:*","bedrock-mantle:*"],"Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}}"#,
        ALLOWED,
    ),
    case(
        "mantle-not-covered",
        r#"{"Effect":"Deny","NotAction":"bedrock:*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}}"#,
        r#"{"Effect":"Deny","NotAction":"bedrock*:*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}}"#,
        DENIED,
    ),
    case(
        "negated-operator-on-optional-key",
        r#"{"Effect":"Deny","Action":"bedrock:InvokeModel*","Resource":"*","Condition":{"StringNotEquals":{"bedrock:ServiceTier":"flex"}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock:InvokeModel*","Resource":"*","Condition":{"StringNotEquals":{"bedrock:ServiceTier":"flex"},"Null":{"bedrock:ServiceTier":"false"}}}"#,
        DENIED,
    ),
    case(
        "negated-operator-on-optional-key",
        r#"{"Effect":"Deny","Action":"bedrock-mantle:*","Resource":"*","Condition":{"StringNotLike":{"bedrock-mantle:Model":"anthropic.*"}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock-mantle:CreateInference","Resource":"*","Condition":{"StringNotLike":{"bedrock-mantle:Model":"anthropic.*"}}}"#,
        DENIED,
    ),
    case(
        "never-applies",
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"us-east-1"},"StringLike":{"aws:RequestedRegion":"eu-*"}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":["us-east-1","eu-west-1"]},"StringLike":{"aws:RequestedRegion":"eu-*"}}}"#,
        ALLOWED,
    ),
    case(
        "never-applies",
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"Null":{"bedrock:InferenceProfileArn":"true"},"ArnLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:*:inference-profile/us.*"}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"Null":{"bedrock:InferenceProfileArn":"true"},"ArnNotLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:*:inference-profile/us.*"}}}"#,
        ALLOWED,
    ),
    case(
        "never-applies",
        r#"{"Effect":"Deny","Action":["bedrock:CreateModelInvocationJob","bedrock:Get*"],"Resource":"*","Condition":{"ArnLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:*:inference-profile/us.*"}}}"#,
        r#"{"Effect":"Deny","Action":["bedrock:CreateModelInvocationJob","bedrock:Invoke*"],"Resource":"*","Condition":{"ArnLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:*:inference-profile/us.*"}}}"#,
        ALLOWED,
    ),
    case(
        "never-applies",
        r#"{"Effect":"Deny","Action":"bedrock:GetGuardrail","Resource":"*","Condition":{"Null":{"bedrock:InferenceProfileArn":"false"}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock:GetGuardrail","Resource":"*","Condition":{"ArnNotLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:*:inference-profile/us.*"}}}"#,
        ALLOWED,
    ),
    case(
        "never-applies",
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"Null":{"aws:RequestedRegion":"true"}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"Null":{"aws:RequestedRegion":"false"}}}"#,
        ALLOWED,
    ),
    case(
        "not-json",
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\",\"Action\":\"bedrock:InvokeAgent\",\"Resource\":\"*\"},]}",
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\",\"Action\":\"bedrock:InvokeAgent\",\"Resource\":\"*\"}]}",
        None,
    ),
    case(
        "notresource-without-profiles",
        r#"{"Effect":"Deny","Action":"bedrock:Invoke*","NotResource":"arn:aws:bedrock:*::foundation-model/anthropic.*"}"#,
        r#"{"Effect":"Deny","Action":"bedrock:Invoke*","NotResource":["arn:aws:bedrock:*::foundation-model/anthropic.*","arn:aws:bedrock:*:*:inference-profile/*.anthropic.*"]}"#,
        DENIED,
    ),
    case(
        "notresource-without-profiles",
        r#"{"Effect":"Deny","Action":"bedrock:*","NotResource":"arn:aws:bedrock:*::foundation-model/<model>"}"#,
        r#"{"Effect":"Deny","Action":"bedrock:*","NotResource":["arn:aws:bedrock:*::foundation-model/*","arn:aws:bedrock:*:*:inference-profile/eu.*"]}"#,
        DENIED,
    ),
    case(
        "over-exemption",
        r#"{"Effect":"Deny","NotAction":["iam:*","bedrock:Invoke*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-east-1"}}}"#,
        r#"{"Effect":"Deny","NotAction":["iam:*","bedrock:InvokeModel*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-east-1"}}}"#,
        ALLOWED,
    ),
    // Another statement denies what the first exempts.
    case(
        "over-exemption",
        r#"{"Effect":"Deny","NotAction":["iam:*","bedrock:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-east-1"}}}"#,
        r#"{"Effect":"Deny","NotAction":["iam:*","bedrock:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-east-1"}}},
           {"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1","us-west-2"]}}}"#,
        ALLOWED,
    ),
    case(
        "partition-pinned",
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-gov-west-1"},"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*Admin"}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-gov-west-1"},"ArnNotLike":{"aws:PrincipalArn":"arn:*:iam::*:role/*Admin"}}}"#,
        DENIED,
    ),
    case(
        "placeholder",
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"arn:aws:bedrock:*:${Account}:inference-profile/*"}"#,
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"arn:aws:bedrock:*:${aws:PrincipalAccount}:inference-profile/*"}"#,
        ALLOWED,
    ),
    case(
        "profile-key-unguarded",
        r#"{"Effect":"Deny","Action":"bedrock:InvokeModel*","Resource":"*","Condition":{"ArnNotLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:*:inference-profile/us.*"}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock:InvokeModel*","Resource":"*","Condition":{"ArnNotLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:*:inference-profile/us.*"},"Null":{"bedrock:InferenceProfileArn":"false"}}},
           {"Effect":"Deny","Action":"bedrock:InvokeModel*","Resource":"arn:aws:bedrock:*::foundation-model/*","Condition":{"ArnNotLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:*:inference-profile/us.*"}}},
           {"Effect":"Deny","Action":"bedrock:InvokeModel*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-east-1"},"ArnNotLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:*:inference-profile/us.*"}}}"#,
        DENIED,
    ),
    case(
        "profile-key-unguarded",
        r#"{"Effect":"Deny","Action":"bedrock:InvokeModel*","Resource":"*","Condition":{"StringNotLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:*:application-inference-profile/*"}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock:InvokeModel*","Resource":"*","Condition":{"StringNotLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:*:application-inference-profile/*"},"Null":{"bedrock:InferenceProfileArn":"false"}}}"#,
        DENIED,
    ),
    case(
        "profile-pinned",
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"arn:aws:bedrock:*::foundation-model/*","Condition":{"ArnNotLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:us-east-1:*:inference-profile/us.*"}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"arn:aws:bedrock:*::foundation-model/*","Condition":{"ArnNotLike":{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:*:inference-profile/us.*"}}}"#,
        DENIED,
    ),
    case(
        "redundant",
        r#"{"Effect":"Deny","Action":["bedrock:InvokeAgent","bedrock:invoke*"],"Resource":"*"}"#,
        r#"{"Effect":"Deny","Action":["bedrock:InvokeAgent","bedrock:InvokeF*"],"Resource":"*"}"#,
        None,
    ),
    // `us-*` is a text here, and covers nothing.
    case(
        "redundant",
        r#"{"Effect":"Deny","Action":"bedrock:InvokeAgent","Resource":"*","Condition":{"StringLike":{"aws:RequestedRegion":["us-*","us-east-1"]}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock:InvokeAgent","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":["us-*","us-east-1"]}}}"#,
        None,
    ),
    case(
        "redundant",
        r#"{"Sid":"A","Effect":"Deny","Action":"bedrock:InvokeAgent","Resource":"*"},{"Sid":"B","Effect":"Deny","Action":"bedrock:InvokeAgent","Resource":"*"}"#,
        r#"{"Sid":"A","Effect":"Deny","Action":"bedrock:InvokeAgent","Resource":"*"},{"Sid":"B","Effect":"Deny","Action":"bedrock:InvokeFlow","Resource":"*"}"#,
        None,
    ),
    case(
        "requested-region-value",
        r#"{"Effect":"Deny","Action":"bedrock:InvokeAgent","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"us-east1"}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock:InvokeAgent","Resource":"*","Condition":{"StringLike":{"aws:RequestedRegion":["us-east-1","unspecified","eu-*"]}}}"#,
        ALLOWED,
    ),
    case(
        "role-pattern-without-path",
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/AWSReservedSSO_Admin_*"}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":["arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Admin_*","arn:aws:iam::*:role/*Other","arn:aws:iam::*:role/AWSControlTowerExecution"]}}}"#,
        DENIED,
    ),
    case(
        "stream-missing",
        r#"{"Effect":"Deny","Action":"bedrock:InvokeModel","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-east-1"}}}"#,
        r#"{"Effect":"Deny","Action":["bedrock:InvokeModel","bedrock:InvokeModelWith*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-east-1"}}}"#,
        ALLOWED,
    ),
    Case {
        policy_type: IDENTITY,
        ..case(
            "stream-missing",
            r#"{"Effect":"Allow","Action":"bedrock:InvokeModel","Resource":"*"}"#,
            r#"{"Effect":"Allow","Action":"bedrock:InvokeModel","Resource":"*"},{"Effect":"Allow","Action":"bedrock:InvokeModelWithResponseStream","Resource":"*"}"#,
            DENIED,
        )
    },
    case(
        "stream-missing",
        r#"{"Effect":"Deny","NotAction":["iam:*","bedrock:InvokeModel"],"Resource":"*"}"#,
        r#"{"Effect":"Deny","NotAction":["iam:*","bedrock:InvokeAgent"],"Resource":"*"}"#,
        DENIED,
    ),
    case(
        "unknown-action",
        r#"{"Effect":"Deny","Action":"bedrock:Converse","Resource":"*"}"#,
        r#"{"Effect":"Deny","Action":["bedrock:invokemodel","ec2:Converse","bedrock:*Agent"],"Resource":"*"}"#,
        ALLOWED,
    ),
    case(
        "unknown-action",
        r#"{"Effect":"Deny","NotAction":"bedrock:ConverseStream","Resource":"*"}"#,
        r#"{"Effect":"Deny","NotAction":"bedrock:Invoke*","Resource":"*"}"#,
        DENIED,
    ),
    case(
        "unknown-condition-key",
        r#"{"Effect":"Deny","Action":"bedrock:Invoke*","Resource":"*","Condition":{"ArnLike":{"aws:InferenceProfileArn":"arn:aws:bedrock:*:*:inference-profile/us.*"}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock:Invoke*","Resource":"*","Condition":{"ArnLike":{"BEDROCK:inferenceprofilearn":"arn:aws:bedrock:*:*:inference-profile/us.*"},"StringEquals":{"ec2:Foo":"x","aws:PrincipalTag/a":"b"}}}"#,
        ALLOWED,
    ),
    case(
        "unspecified-extra",
        r#"{"Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1","unspecified"]}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1","unspecified"]}}}"#,
        ALLOWED,
    ),
    Case {
        goals: &[(US, "us-east-1")],
        ..case(
            "unspecified-extra",
            r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1","unspecified"]}}}"#,
            r#"{"Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1","us-east-2"]}}}"#,
            ALLOWED,
        )
    },
    Case {
        goals: &[(GLOBAL, "us-east-1")],
        ..case(
            "unspecified-missing",
            r#"{"Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1"]}}}"#,
            r#"{"Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1","unspecified"]}}}"#,
            DENIED,
        )
    },
    Case {
        policy_type: IDENTITY,
        ..case(
            "unspecified-missing",
            r#"{"Effect":"Allow","Action":"bedrock:InvokeModel*","Resource":["arn:aws:bedrock:us-east-1:210987654321:inference-profile/global.anthropic.claude-sonnet-4-5-20250929-v1:0","arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0"]}"#,
            r#"{"Effect":"Allow","Action":"bedrock:InvokeModel*","Resource":["arn:aws:bedrock:us-east-1:210987654321:inference-profile/global.anthropic.claude-sonnet-4-5-20250929-v1:0","arn:aws:bedrock:*::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0"]}"#,
            DENIED,
        )
    },
    case(
        "variables-without-version",
        r#"{"Statement":{"Effect":"Deny","Action":"bedrock:*","Resource":"arn:aws:bedrock:*:${aws:PrincipalAccount}:inference-profile/*"}}"#,
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"bedrock:*","Resource":"arn:aws:bedrock:*:${aws:PrincipalAccount}:inference-profile/*"}}"#,
        ALLOWED,
    ),
    case(
        "wildcard-as-text",
        r#"{"Effect":"Deny","Action":"bedrock:InvokeAgent","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-*"}}}"#,
        r#"{"Effect":"Deny","Action":"bedrock:InvokeAgent","Resource":"*","Condition":{"StringNotLike":{"aws:RequestedRegion":"us-*"},"StringEquals":{"aws:PrincipalTag/a":"${*}"},"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}}}"#,
        DENIED,
    ),
];

struct Known {
    catalog: Catalog,
    regions: Regions,
    aliases: Aliases,
}

impl Known {
    fn new() -> Self {
        let models =
            format!("model_id,canonical_id,provider,name\n{SONNET},,Anthropic,Claude Sonnet 4.5\n");
        let profiles = format!(
            "profile_id,source_region,destination_regions\n\
             {US},us-east-1,us-east-1;us-east-2;us-west-2\n\
             {US},us-west-2,us-east-1;us-east-2;us-west-2\n\
             eu.{SONNET},eu-central-1,eu-central-1;eu-north-1;eu-west-1;eu-west-3\n\
             {GLOBAL},us-east-1,ALL_COMMERCIAL\n"
        );
        Known {
            catalog: Catalog::parse(&models, &profiles).unwrap(),
            regions: Regions::embedded(),
            aliases: Aliases::default(),
        }
    }

    fn lint(&self, text: &str, policy_type: PolicyType, goals: &[Goal]) -> Vec<Finding> {
        let Known { catalog, regions, aliases } = self;
        let knowledge = Knowledge { catalog, regions, aliases };
        lint(text, &Options { policy_type, name: "document", goals, knowledge })
    }
}

/// A document of statements, unless it is one already.
fn document(text: &str) -> String {
    if text.starts_with("{\"Effect") || text.starts_with("{\"Sid") {
        format!("{{\"Version\":\"2012-10-17\",\"Statement\":[{text}]}}")
    } else {
        text.to_owned()
    }
}

fn of_rule<'a>(found: &'a [Finding], rule: &str) -> Vec<&'a Finding> {
    found.iter().filter(|it| it.rule.id == rule).collect()
}

#[test]
fn every_rule_finds_its_fault_and_leaves_alone_what_is_nearly_the_same() {
    let known = Known::new();
    for Case { rule, policy_type, goals, fault, clean, proof } in CASES {
        let goals = goals.iter().map(|(profile, region)| {
            let [profile, region] = [profile, region].map(|it| (*it).to_owned());
            Goal { profile, region }
        });
        let goals = goals.collect::<Vec<_>>();
        let found = known.lint(&document(fault), *policy_type, &goals);
        let own = of_rule(&found, rule);
        assert!(!own.is_empty(), "{rule}: {fault}\n{found:#?}");
        let found_proof = own[0].proof.as_ref();
        assert_eq!(found_proof.map(|it| it.verdict), *proof, "{rule}: {fault}\n{own:#?}");
        assert!(found_proof.is_none_or(|it| it.verdict != it.repaired_verdict), "{rule}");
        let found = known.lint(&document(clean), *policy_type, &goals);
        assert!(of_rule(&found, rule).is_empty(), "{rule}: {clean}\n{found:#?}");
        let broken = ["not-json", "element-not-allowed", "duplicate-key"];
        let is_broken = found.iter().any(|it| broken.contains(&it.rule.id));
        assert!(!is_broken, "{rule}: {clean}\n{found:#?}");
    }
}

#[test]
fn what_a_goal_needs_is_not_extra() {
    let known = Known::new();
    let case = CASES.iter().find(|case| case.rule == "unspecified-extra").unwrap();
    let goal = Goal { profile: GLOBAL.to_owned(), region: "us-east-1".to_owned() };
    assert_eq!(
        of_rule(&known.lint(&document(case.fault), SCP, &[goal]), case.rule),
        [] as [&Finding; 0]
    );
}

#[test]
fn every_rule_has_a_case() {
    // Those two have tests of their own.
    for rule in RULES.iter().filter(|rule| !["size", "too-many-policies"].contains(&rule.id)) {
        assert!(CASES.iter().any(|case| case.rule == rule.id), "{}", rule.id);
    }
}

#[test]
fn full_access_has_no_fault() {
    let known = Known::new();
    for policy_type in [SCP, IDENTITY, PolicyType::PermissionsBoundary, PolicyType::Session] {
        assert_eq!(known.lint(FULL_ACCESS, policy_type, &[]), []);
        let goals = [(US, "us-east-1"), (GLOBAL, "us-east-1"), (SONNET, "us-east-1")];
        let goals =
            goals.map(|(profile, region)| Goal { profile: profile.into(), region: region.into() });
        assert_eq!(known.lint(FULL_ACCESS, policy_type, &goals), []);
    }
    let of_rcp = FULL_ACCESS.replace(r#""Action""#, r#""Principal":"*","Action""#);
    assert_eq!(known.lint(&of_rcp, PolicyType::ResourceControl, &[]), []);
    assert_eq!(known.lint(&of_rcp, PolicyType::VpcEndpoint, &[]), []);
    assert_eq!(
        of_rule(&known.lint(FULL_ACCESS, PolicyType::ResourceControl, &[]), "element-not-allowed")
            .len(),
        1
    );
}

/// The form of a Region deny that landing zones have, with the exemption of one geography.
#[test]
fn region_deny_of_a_landing_zone_has_notes_only() {
    let known = Known::new();
    let text = document(
        r#"{"Sid":"GRREGIONDENY","Effect":"Deny","NotAction":["a4b:*","iam:*","kms:*","organizations:*","s3:GetAccountPublic*","sts:*","support:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1"]},"ArnNotLike":{"aws:PrincipalARN":["arn:*:iam::*:role/AWSControlTowerExecution"]}}}"#,
    );
    let ids = |found: &[Finding]| found.iter().map(|it| it.rule.id).collect::<Vec<_>>();
    assert_eq!(ids(&known.lint(&text, SCP, &[])), ["control-tower-managed"]);
    let exempt = text.replace(
        r#""arn:*:iam::*:role/AWSControlTowerExecution"]"#,
        r#""arn:*:iam::*:role/AWSControlTowerExecution"],"bedrock:InferenceProfileArn":["arn:aws:bedrock:*:*:inference-profile/us.*"]"#,
    );
    let found = known.lint(&exempt, SCP, &[]);
    assert_eq!(ids(&found), ["control-tower-managed", "application-profiles-not-covered"]);
    assert!(found.iter().all(|it| it.severity == Severity::Note));
}

/// Policies that say what they mean: nothing of them is worse than a note, and these are the notes.
#[test]
fn good_policies_have_notes_only() {
    let known = Known::new();
    let model = "anthropic.claude-sonnet-4-5-20250929-v1:0";
    for (policy_type, text, expected) in [
        // Disables global profiles, by the Region and by the model.
        (SCP, r#"{"Effect":"Deny","Action":"bedrock:InvokeModel*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"unspecified"}}}"#.to_owned(), &[][..]),
        (SCP, r#"{"Effect":"Deny","Action":"bedrock:InvokeModel*","Resource":"arn:aws:bedrock:::foundation-model/*"}"#.to_owned(), &[]),
        (
            SCP,
            r#"{"Effect":"Deny","Action":"bedrock:InvokeModel*","Resource":"arn:aws:bedrock:us-east-1::foundation-model/*","Condition":{"StringEquals":{"aws:RequestedRegion":"unspecified"}}}"#.to_owned(),
            &[],
        ),
        // One geography, whichever way it is called.
        (SCP, r#"{"Effect":"Deny","Action":"bedrock:InvokeModel*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1","us-east-2","us-west-2"]}}}"#.to_owned(), &["mantle-not-covered"]),
        // No direct calls.
        (SCP, r#"{"Effect":"Deny","Action":"bedrock:InvokeModel*","Resource":"arn:*:bedrock:*::foundation-model/*","Condition":{"Null":{"bedrock:InferenceProfileArn":"true"}}}"#.to_owned(), &["mantle-not-covered"]),
        // No API keys.
        (SCP, r#"{"Effect":"Deny","Action":["bedrock:CallWithBearerToken","bedrock-mantle:CallWithBearerToken"],"Resource":"*"}"#.to_owned(), &[]),
        // Approved models, by profiles and at the other endpoint, too.
        (SCP, r#"{"Effect":"Deny","Action":"bedrock:InvokeModel*","NotResource":["arn:*:bedrock:*::foundation-model/anthropic.*","arn:*:bedrock:*:*:inference-profile/*.anthropic.*","arn:*:bedrock:*:*:application-inference-profile/*"]},
                 {"Effect":"Deny","Action":"bedrock-mantle:CreateInference","Resource":"*","Condition":{"StringNotLike":{"bedrock-mantle:Model":"anthropic.*"}}}"#.to_owned(), &[]),
        // Listed accounts.
        (SCP, r#"{"Effect":"Deny","Action":["bedrock:InvokeModel*","bedrock-mantle:CreateInference"],"Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalAccount":["210987654321"]}}}"#.to_owned(), &[]),
        (IDENTITY, format!(r#"{{"Effect":"Allow","Action":"bedrock:InvokeModel*","Resource":"arn:aws:bedrock:us-east-1:210987654321:inference-profile/us.{model}"}},
            {{"Effect":"Allow","Action":"bedrock:InvokeModel*","Resource":["arn:aws:bedrock:us-east-1::foundation-model/{model}","arn:aws:bedrock:us-east-2::foundation-model/{model}","arn:aws:bedrock:us-west-2::foundation-model/{model}"],"Condition":{{"ArnEquals":{{"bedrock:InferenceProfileArn":"arn:aws:bedrock:us-east-1:210987654321:inference-profile/us.{model}"}}}}}}"#), &[]),
        (IDENTITY, format!(r#"{{"Effect":"Allow","Action":"bedrock:InvokeModel*","Resource":"arn:aws:bedrock:us-east-1:210987654321:inference-profile/global.{model}"}},
            {{"Effect":"Allow","Action":"bedrock:InvokeModel*","Resource":["arn:aws:bedrock:us-east-1::foundation-model/{model}","arn:aws:bedrock:::foundation-model/{model}"],"Condition":{{"ArnEquals":{{"bedrock:InferenceProfileArn":"arn:aws:bedrock:us-east-1:210987654321:inference-profile/global.{model}"}}}}}}"#), &[]),
    ] {
        let found = known.lint(&document(&text), policy_type, &[]);
        let ids = found.iter().map(|it| it.rule.id).collect::<Vec<_>>();
        assert_eq!(ids, expected, "{text}: {found:#?}");
        assert!(found.iter().all(|it| it.severity == Severity::Note));
    }
}

#[test]
fn placeholders_of_every_kind_are_found_and_what_looks_like_them_is_not() {
    let known = Known::new();
    let of_resource = |resource: &str| {
        let text = document(&format!(
            r#"{{"Effect":"Deny","Action":"bedrock:InvokeAgent","Resource":"{resource}"}}"#
        ));
        let found = known.lint(&text, SCP, &[]);
        of_rule(&found, "placeholder").into_iter().map(|it| it.severity).collect::<Vec<_>>()
    };
    for resource in [
        "arn:aws:bedrock:*:${Account}:agent/*",
        "arn:aws:bedrock:*:<account-id>:agent/*",
        "arn:aws:bedrock:{example-region}:*:agent/*",
        "arn:aws:bedrock:*:*:{{Agent}}",
        "`arn:aws:bedrock:*:*:agent/x`",
        "arn:aws:bedrock:*::foundation-model/MODEL-NAME",
        "arn:aws:bedrock:REGION:*:agent/*",
        "...",
        "[Truncated]",
        "// all others",
    ] {
        assert_eq!(of_resource(resource), [Severity::Error], "{resource}");
    }
    assert_eq!(of_resource("arn:aws:bedrock:*:111122223333:agent/*"), [Severity::Note]);
    for resource in [
        "arn:aws:bedrock:*:${aws:PrincipalAccount}:agent/*",
        "arn:aws:s3:::bucket/${aws:username, 'none'}/${*}",
        "arn:aws:bedrock:*:210987654321:agent/*",
        "arn:aws:iam::*:role/REGIONAL-MODEL-NAMES",
        "arn:aws:s3:::a-111122223333",
        "arn:aws:s3:::111122223333b/*",
    ] {
        assert_eq!(of_resource(resource), [], "{resource}");
    }
}

/// What is no JSON is read as far as it goes, with its lines and columns.
#[test]
fn broken_documents_have_all_their_faults() {
    let known = Known::new();
    let text = "\u{feff}{\n  // draft\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\"Effect\": \"Deny\", \"Action\": [\"bedrock:Converse\", ...], \"Resource\": \"*\",},\n    [Truncated]\n  ],\n}\n";
    let found = known.lint(text, SCP, &[]);
    let found = found
        .iter()
        .map(|it| (it.position.line, it.position.column, it.rule.id))
        .collect::<Vec<_>>();
    let expected = [
        (1, 1, "not-json"),
        (2, 3, "placeholder"),
        (5, 35, "unknown-action"),
        (5, 55, "placeholder"),
        (6, 5, "placeholder"),
    ];
    assert_eq!(found, expected);

    let text = r#"{"Version":"2012-10-17","Extra":1,"Statement":[
{"Effect":"deny","Action":["bedrock:Converse",7],"Resource":"*","Bar":2,
 "Condition":{"StringFoo":{"a:b":"c"},"NumericEquals":{"a:c":"x"},"Bool":{"aws:SecureTransport":"no"}}},
{"Action":"*"},
"text",
{"Sid":"A","Effect":"Deny","Action":"bedrock:InvokeAgent","Resource":"*"},
{"Sid":"A","Effect":"Deny","Action":"bedrock:Converse","NotAction":"a:b","Resource":"*"}]}"#;
    let found = known.lint(text, SCP, &[]);
    let of_line = |line: usize| {
        let of = found.iter().filter(|it| it.position.line == line);
        of.map(|it| (it.rule.id, it.message.as_str())).collect::<Vec<_>>()
    };
    let not_allowed = "element-not-allowed";
    assert_eq!(of_line(1), [(not_allowed, "expected Version, Id, or Statement, found `Extra`")]);
    let ids = |line: usize| of_line(line).into_iter().map(|it| it.0).collect::<Vec<_>>();
    assert_eq!(ids(2), [not_allowed, "unknown-action", not_allowed, not_allowed], "{found:#?}");
    assert_eq!(ids(3), [not_allowed; 3], "{found:#?}");
    assert_eq!(
        of_line(4),
        [
            (not_allowed, "expected Effect, found none"),
            (not_allowed, "expected Resource or NotResource, found neither")
        ]
    );
    assert_eq!(ids(5), [not_allowed]);
    assert_eq!(ids(6), [""; 0]);
    assert_eq!(ids(7), [not_allowed, "unknown-action", not_allowed], "{found:#?}");
}

#[test]
fn bare_statement_is_named_and_looked_at() {
    let known = Known::new();
    let found =
        known.lint(r#"{"Effect":"Deny","Action":"bedrock:Converse","Resource":"*"}"#, SCP, &[]);
    let ids = found.iter().map(|it| it.rule.id).collect::<Vec<_>>();
    assert_eq!(ids, ["element-not-allowed", "unknown-action"]);
    assert!(found[0].message.contains("a bare statement; put it into"), "{found:#?}");
    for text in ["", "[]", "7", "{}", "null", "\"a\"", "{\"Statement\":[]}", "{\"Statement\":7}"] {
        let found = known.lint(text, SCP, &[]);
        assert_eq!(found.len(), 1, "{text}: {found:#?}");
        assert_eq!(found[0].severity, Severity::Error);
    }
}

#[test]
fn size_is_that_of_the_type_and_of_how_it_is_saved() {
    let known = Known::new();
    let of_length = |length: usize, white_space: usize| {
        let head = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"bedrock:InvokeAgent","Resource":"arn:aws:bedrock:*:*:agent/"#;
        let tail = r#""}}"#;
        let fill = "ä".repeat(length - head.len() - tail.len());
        format!("{head}{fill}{tail}{}", " ".repeat(white_space))
    };
    for (policy_type, limit, counts_white_space) in [
        (SCP, 10_240, true),
        (PolicyType::ResourceControl, 5_120, true),
        (IDENTITY, 6_144, false),
        (PolicyType::PermissionsBoundary, 6_144, false),
        (PolicyType::Session, 2_048, false),
    ] {
        let sizes = |text: &str| {
            let found = known.lint(text, policy_type, &[]);
            of_rule(&found, "size").into_iter().map(|it| it.severity).collect::<Vec<_>>()
        };
        assert_eq!(sizes(&of_length(limit, 0)), []);
        assert_eq!(sizes(&of_length(limit + 1, 0)), [Severity::Error]);
        let of_white_space = if counts_white_space { vec![Severity::Warning] } else { Vec::new() };
        assert_eq!(sizes(&of_length(limit, 1)), of_white_space);
    }
    let finding = too_many_policies("ou-1: expected at most 10 SCPs, found 11");
    assert_eq!((finding.rule.id, finding.severity), ("too-many-policies", Severity::Error));
}

/// A large document is looked at, but not compared with calls.
#[test]
fn hostile_documents_end() {
    let known = Known::new();
    let statement = r#"{"Effect":"Deny","Action":"bedrock:Converse","Resource":"*"}"#;
    let found = known.lint(&document(&[statement; 2_000].join(",")), SCP, &[]);
    assert_eq!(of_rule(&found, "unknown-action").len(), 2_000);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(of_rule(&known.lint(&deep, SCP, &[]), "not-json").len(), 1);
    let stars = "*a".repeat(400);
    let text = document(&format!(
        r#"{{"Effect":"Deny","Action":["bedrock:{stars}","bedrock:{stars}b"],"Resource":["{stars}","{stars}b"],"Condition":{{"ArnLike":{{"aws:PrincipalArn":["arn:aws:iam::*:{stars}","arn:aws:iam::*:{stars}b"]}}}}}}"#
    ));
    assert!(!known.lint(&text, SCP, &[]).is_empty());
}

#[test]
fn read_documents_have_the_same_faults() {
    let known = Known::new();
    let text = document(CASES[0].fault);
    let read = Document::read(&text, SCP).unwrap();
    let Known { catalog, regions, aliases } = &known;
    let knowledge = Knowledge { catalog, regions, aliases };
    let options = Options { policy_type: SCP, name: "document", goals: &[], knowledge };
    assert_eq!(lint_document(&read, &options), lint(&text, &options));
    let managed = lint_document(&read, &Options { name: "aws-guardrails-AbCdEf", ..options });
    assert_eq!(of_rule(&managed, "control-tower-managed").len(), 1);
}

/// Documents of pieces that rules look at, some of them broken.
fn documents() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        Just("bedrock:InvokeModel".to_owned()),
        Just("bedrock:*".to_owned()),
        Just("arn:aws:bedrock:*::foundation-model/*".to_owned()),
        Just("arn:aws:bedrock:*:*:inference-profile/us.*".to_owned()),
        Just("arn:aws:iam::*:role/${aws:username}".to_owned()),
        Just("unspecified".to_owned()),
        Just("us-*".to_owned()),
        Just("${".to_owned()),
        Just("<a>{b}`".to_owned()),
        "[a-z:*?${}<>/.]{0,12}",
        any::<String>(),
    ];
    let value = prop_oneof![
        text.clone().prop_map(|it| serde_json::Value::from(it).to_string()),
        prop::collection::vec(text, 0..3).prop_map(|it| serde_json::Value::from(it).to_string()),
        Just("true".to_owned()),
        Just("{}".to_owned()),
    ];
    let operators = [
        "StringEquals",
        "ArnNotLike",
        "Null",
        "ForAllValues:StringLike",
        "Bool",
        "NumericEquals",
        "Foo",
    ];
    let keys =
        ["aws:RequestedRegion", "bedrock:InferenceProfileArn", "aws:PrincipalArn", "aws:Foo", "x"];
    let condition = (
        prop::sample::select(operators.to_vec()),
        prop::sample::select(keys.to_vec()),
        value.clone(),
    )
        .prop_map(|(operator, key, value)| format!(r#"{{"{operator}":{{"{key}":{value}}}}}"#));
    let member = prop_oneof![
        prop::sample::select(&[r#""Effect":"Allow""#, r#""Effect":"Deny""#, r#""Sid":"A""#][..])
            .prop_map(str::to_owned),
        (
            prop::sample::select(
                &["Action", "NotAction", "Resource", "NotResource", "Principal", "Effect"][..]
            ),
            value
        )
            .prop_map(|(name, value)| format!(r#""{name}":{value}"#)),
        condition.prop_map(|it| format!(r#""Condition":{it}"#)),
    ];
    let statement =
        prop::collection::vec(member, 0..6).prop_map(|it| format!("{{{}}}", it.join(",")));
    prop::collection::vec(statement, 0..4)
        .prop_map(|it| format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, it.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_makes_it_fail(text in prop_oneof![documents(), any::<String>()], cut in any::<prop::sample::Index>()) {
        let known = Known::new();
        let cut = text.char_indices().nth(cut.index(text.len() + 1)).map_or(text.len(), |it| it.0);
        for text in [text.as_str(), &text[..cut]] {
            for policy_type in [SCP, IDENTITY, PolicyType::VpcEndpoint, PolicyType::ResourceControl] {
                let found = known.lint(text, policy_type, &[]);
                prop_assert!(found.iter().all(|it| it.position.line > 0 && it.position.column > 0));
                // What AWS refuses is an error, and the only reason to call it one of the structure.
                if policy_type != PolicyType::ResourceControl {
                    let broken = ["not-json", "element-not-allowed", "duplicate-key", "placeholder"];
                    let is_broken = found.iter().any(|it| broken.contains(&it.rule.id));
                    let structure = ["not-json", "element-not-allowed", "duplicate-key"];
                    let is_structure = found.iter().any(|it| structure.contains(&it.rule.id));
                    match Document::read(text, policy_type) {
                        Ok(_) => prop_assert!(!is_structure, "{text}: {found:#?}"),
                        Err(_) => prop_assert!(is_broken, "{text}"),
                    }
                }
            }
        }
    }
}
