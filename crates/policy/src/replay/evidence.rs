//! What the log says of the authorization of a call.

use bedrock::denial::PolicyType;

/// What the log says of the authorization of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// It was authorized: it ran, was throttled, or failed later.
    Authorized,
    /// A policy of this type refused it.
    RefusedBy(PolicyType),
    /// It was refused, and what refused it is not named.
    Refused,
    /// It was refused, but by no policy: for lack of access to the model, of a subscription, of a payment.
    RefusedOtherwise,
    /// It failed, and may have done so before anything was authorized: the request was not valid.
    Unclear,
}

/// What the log says of a refusal. Every value may be missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LoggedDenial<'a> {
    /// The leg, in the words of the column `leg` of `denials`.
    pub leg: Option<&'a str>,
    /// The action.
    pub action: Option<&'a str>,
    /// The resource.
    pub resource: Option<&'a str>,
    /// The type of the policy, in the words of the column `policy_type`.
    pub policy_type: Option<&'a str>,
    /// The policy.
    pub policy_arn: Option<&'a str>,
}

/// Why a request may have failed before it was authorized.
const BEFORE: [&str; 4] = ["validation", "invalid_model", "needs_profile", "legacy"];

/// Why a request was refused by no policy.
const NO_POLICY: [&str; 3] = ["model_access", "marketplace", "payment"];

const POLICY_TYPES: [PolicyType; 8] = [
    PolicyType::ServiceControl,
    PolicyType::ResourceControl,
    PolicyType::IdentityBased,
    PolicyType::ResourceBased,
    PolicyType::PermissionsBoundary,
    PolicyType::Session,
    PolicyType::VpcEndpoint,
    PolicyType::RoleTrust,
];

impl Evidence {
    /// From the columns `outcome` and `error_reason` of `invocations`, and `policy_type` of `denials`.
    pub fn of(outcome: &str, error_reason: Option<&str>, policy_type: Option<&str>) -> Self {
        let has_reason = |reasons: &[&str]| error_reason.is_some_and(|it| reasons.contains(&it));
        match outcome {
            "succeeded" | "throttled" => Evidence::Authorized,
            "denied" => {
                let known = POLICY_TYPES.into_iter().find(|it| Some(it.as_str()) == policy_type);
                match known {
                    Some(policy_type) => Evidence::RefusedBy(policy_type),
                    None if has_reason(&NO_POLICY) => Evidence::RefusedOtherwise,
                    None => Evidence::Refused,
                }
            }
            "failed" if !has_reason(&BEFORE) => Evidence::Authorized,
            _ => Evidence::Unclear,
        }
    }
}

impl LoggedDenial<'_> {
    /// The ID of the policy: the last part of its ARN.
    pub fn policy_id(&self) -> Option<&str> {
        self.policy_arn?.rsplit('/').next().filter(|id| !id.is_empty())
    }
}
