//! The rules, as one table.

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; it may well be meant.
    Note,
    /// It probably does not do what is meant.
    Warning,
    /// AWS refuses it, or it does not do what it says.
    Error,
}

/// A rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub id: &'static str,
    /// How bad its findings are; some are less bad.
    pub severity: Severity,
    /// What it finds.
    pub finds: &'static str,
    /// Why that is a fault.
    pub reason: &'static str,
    /// Where that is documented, or who has met it.
    pub source: &'static str,
}

impl Severity {
    /// `note`, `warning`, or `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

impl Rule {
    /// The rule of a name.
    pub fn find(id: &str) -> Option<&'static Rule> {
        RULES.iter().find(|rule| rule.id == id)
    }
}

const CROSS_REGION: &str = "Bedrock user guide, Geographic / Global cross-Region inference";
const OPERATORS: &str = "IAM user guide, Condition operators";
const GRAMMAR: &str = "IAM user guide, Grammar of the JSON policy language";
const REFERENCE: &str = "Service Authorization Reference, Amazon Bedrock";
const SCPS: &str = "AWS Organizations user guide, SCP evaluation";
const QUOTAS: &str = "AWS Organizations quotas 2026-05; IAM quotas";
const CONTROL_TOWER: &str = "AWS Control Tower controls reference, Region deny controls";

const fn rule(
    id: &'static str,
    severity: Severity,
    finds: &'static str,
    reason: &'static str,
    source: &'static str,
) -> Rule {
    Rule { id, severity, finds, reason, source }
}

/// All rules, by name.
pub const RULES: &[Rule] = &[
    rule(
        "allow-cannot-lift-deny",
        Severity::Warning,
        "an Allow of an SCP for calls that a Deny denies",
        "a Deny that applies wins over every Allow, wherever either is attached",
        SCPS,
    ),
    rule(
        "allow-needs-key",
        Severity::Warning,
        "an Allow whose condition needs a key that some legs of a call do not have",
        "the leg of a profile has no bedrock:InferenceProfileArn, and foundation models have no tags: they stay \
         refused",
        CROSS_REGION,
    ),
    rule(
        "application-profiles-not-covered",
        Severity::Note,
        "an exemption of system-defined profiles that leaves out application profiles over them",
        "the key has the ARN of the application profile then, which the pattern does not match",
        "reported of a CDK library's live tests; not documented by AWS",
    ),
    rule(
        "arn-pattern-never-matches",
        Severity::Error,
        "an ARN pattern that no value of its key, or no resource, can have",
        "ARN operators compare six parts one by one; roles are not named by their sessions; foundation models have no \
         account",
        OPERATORS,
    ),
    rule(
        "control-tower-managed",
        Severity::Note,
        "a policy that AWS Control Tower manages, told by its name or a Sid",
        "editing it is drift, which the next update undoes: change the control's parameters",
        CONTROL_TOWER,
    ),
    rule(
        "destination-missing",
        Severity::Warning,
        "a destination of a profile that is wanted, but not let through",
        "a call fails if any of its destinations is denied, also if it would not have been routed there",
        CROSS_REGION,
    ),
    rule(
        "duplicate-key",
        Severity::Error,
        "a member of an object that is there twice",
        "AWS refuses it, or one of the two is lost",
        GRAMMAR,
    ),
    rule(
        "element-not-allowed",
        Severity::Error,
        "an element, operator, or value that the policy language does not have there, or one that is lacking",
        "AWS refuses the document",
        GRAMMAR,
    ),
    rule(
        "exempt-principal-exempts-all",
        Severity::Note,
        "a principal that is exempt from a Deny of all services",
        "it is exempt for every service, not for Bedrock alone",
        "AWS blog on cross-Region inference in multi-account environments, 2025-03-27",
    ),
    rule(
        "forallvalues-in-deny",
        Severity::Warning,
        "ForAllValues in a Deny, without a test that the key is there",
        "it also holds for a key that is absent, so the Deny applies to every request without it",
        OPERATORS,
    ),
    rule(
        "global-by-profile-name",
        Severity::Warning,
        "global profiles that are denied by name only",
        "an application profile over a global profile has another name, and passes: test aws:RequestedRegion for \
         `unspecified`, or deny the model without a Region",
        CROSS_REGION,
    ),
    rule(
        "mantle-not-covered",
        Severity::Note,
        "bedrock: actions without those of bedrock-mantle:, which runs models, too",
        "the endpoints of bedrock-mantle have actions of their own, which bedrock:* does not match",
        "Service Authorization Reference, Amazon Bedrock Powered by AWS Mantle",
    ),
    rule(
        "negated-operator-on-optional-key",
        Severity::Note,
        "a negated operator in a Deny on a key that a request may lack",
        "it holds for an absent key, so the Deny applies to every request without it",
        OPERATORS,
    ),
    rule(
        "never-applies",
        Severity::Error,
        "a statement whose conditions cannot all hold",
        "it does nothing",
        OPERATORS,
    ),
    rule(
        "not-json",
        Severity::Error,
        "a text that is not one JSON document",
        "AWS refuses it; comments, trailing commas, and byte order marks are no JSON",
        "RFC 8259",
    ),
    rule(
        "notresource-without-profiles",
        Severity::Warning,
        "a Deny of all resources but some models, which lists no profiles",
        "a call through a profile is authorized for the profile, too: every such call is denied",
        CROSS_REGION,
    ),
    rule(
        "over-exemption",
        Severity::Warning,
        "a wildcard in the NotAction of a Deny that exempts more than running models",
        "bedrock:* and bedrock:Invoke* also exempt agents, flows, data automation, ...",
        REFERENCE,
    ),
    rule(
        "partition-pinned",
        Severity::Warning,
        "an ARN of one partition beside Regions of another",
        "ARNs there begin with another partition, which the pattern does not match",
        "IAM user guide, IAM identifiers",
    ),
    rule(
        "placeholder",
        Severity::Error,
        "a placeholder that nobody replaced; as a note, an account of AWS's documentation",
        "the text is taken as it is: `${Account}` is a variable without a value, and its statement never applies",
        "IAM user guide, Policy variables",
    ),
    rule(
        "profile-key-unguarded",
        Severity::Error,
        "a Deny of all but some profiles that denies these profiles, too",
        "the leg of a profile has no bedrock:InferenceProfileArn, so a negated operator holds there: add a Null test, \
         or a test of the Region",
        CROSS_REGION,
    ),
    rule(
        "profile-pinned",
        Severity::Note,
        "an exemption of profiles of one source Region or account only",
        "calls from other Regions or accounts are not exempt",
        CROSS_REGION,
    ),
    rule(
        "redundant",
        Severity::Note,
        "an entry that another one covers, or a statement that is there twice",
        "it changes nothing and takes up space",
        GRAMMAR,
    ),
    rule(
        "requested-region-value",
        Severity::Warning,
        "a value of aws:RequestedRegion that is no Region",
        "it is compared as a text with the code of a Region, or with `unspecified`",
        "IAM user guide, Global condition context keys",
    ),
    rule(
        "role-pattern-without-path",
        Severity::Warning,
        "a role of IAM Identity Center without its path; as a note, any exempt role without one",
        "aws:PrincipalArn has the path: roles of IAM Identity Center are below aws-reserved/sso.amazonaws.com/",
        "IAM user guide, Global condition context keys",
    ),
    rule(
        "size",
        Severity::Error,
        "a document that is larger than AWS takes; as a warning, one that is so with its white space",
        "Organizations counts white space unless a policy is saved in the console; IAM does not",
        QUOTAS,
    ),
    rule(
        "stream-missing",
        Severity::Warning,
        "bedrock:InvokeModel without bedrock:InvokeModelWithResponseStream",
        "streaming calls have an action of their own",
        REFERENCE,
    ),
    rule(
        "too-many-policies",
        Severity::Error,
        "more policies at a node than AWS attaches",
        "a root, a unit, or an account has at most 10 SCPs",
        QUOTAS,
    ),
    rule(
        "unknown-action",
        Severity::Warning,
        "an action of Bedrock that AWS does not list, or a pattern that matches none",
        "it matches no request: Converse is authorized as bedrock:InvokeModel",
        REFERENCE,
    ),
    rule(
        "unknown-condition-key",
        Severity::Warning,
        "a global key, or a key of Bedrock, that AWS does not list",
        "no request has it",
        REFERENCE,
    ),
    rule(
        "unspecified-extra",
        Severity::Note,
        "`unspecified` among the Regions of a Deny of all services, or without a goal that needs it",
        "it lets every global profile through, from every Region of the list; a condition on \
         bedrock:InferenceProfileArn would let only some through",
        CROSS_REGION,
    ),
    rule(
        "unspecified-missing",
        Severity::Warning,
        "a global profile that is wanted, but whose model without a Region is not let through",
        "aws:RequestedRegion is `unspecified` there, and the ARN has no Region",
        CROSS_REGION,
    ),
    rule(
        "variables-without-version",
        Severity::Error,
        "a policy variable in a document without the version 2012-10-17",
        "it is a plain text there",
        "IAM user guide, Policy variables",
    ),
    rule(
        "wildcard-as-text",
        Severity::Error,
        "a wildcard in the value of an operator that has none",
        "StringEquals compares `*` and `?` as they are: use StringLike",
        OPERATORS,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_in_order_and_say_everything() {
        assert_eq!(RULES.len(), 33);
        assert!(RULES.is_sorted_by(|a, b| a.id < b.id));
        for rule in RULES {
            assert!(![rule.finds, rule.reason, rule.source].contains(&""), "{}", rule.id);
            assert_eq!(Rule::find(rule.id), Some(rule));
        }
    }
}
