//! What people call kinds of policies.

/// A kind of policy, by the value of the column `policy_type`.
pub(crate) fn name(policy_type: &str) -> &str {
    match policy_type {
        "service_control_policy" => "SCP",
        "resource_control_policy" => "RCP",
        "identity_based_policy" => "An identity-based policy",
        "resource_based_policy" => "A resource-based policy",
        "permissions_boundary" => "A permissions boundary",
        "session_policy" => "A session policy",
        "vpc_endpoint_policy" => "A VPC endpoint policy",
        "role_trust_policy" => "A role trust policy",
        other => other,
    }
}

/// The same inside a sentence: `an SCP`, `a session policy`.
pub(crate) fn in_sentence(policy_type: &str) -> String {
    match name(policy_type).split_once(' ') {
        Some((article, kind)) => format!("{} {kind}", article.to_lowercase()),
        None => format!("an {}", name(policy_type)),
    }
}

/// The same without an article: `SCP`, `session policy`.
pub(crate) fn bare(policy_type: &str) -> &str {
    name(policy_type).split_once(' ').map_or(name(policy_type), |(_, kind)| kind)
}

/// The same with the name at the end of its ARN, where there is one: `SCP p-examplepol`.
pub(crate) fn with_arn(policy_type: Option<&str>, arn: Option<&str>) -> String {
    let name_of_arn = arn.and_then(|arn| arn.rsplit('/').next());
    match (policy_type, name_of_arn) {
        (None, _) => "A policy that is not named".to_owned(),
        (
            Some(policy_type @ ("service_control_policy" | "resource_control_policy")),
            Some(of_arn),
        ) => {
            format!("{} {of_arn}", name(policy_type))
        }
        (Some(policy_type), Some(of_arn)) => format!("The {} {of_arn}", bare(policy_type)),
        (Some(policy_type), None) => name(policy_type).to_owned(),
    }
}
