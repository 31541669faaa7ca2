//! What folders are called that AWS makes.

/// Twelve digits. Account ids may begin with zeros.
pub fn is_account(name: &str) -> bool {
    name.len() == 12 && name.bytes().all(|b| b.is_ascii_digit())
}

/// `o-` and an id.
pub fn is_organization(name: &str) -> bool {
    name.strip_prefix("o-").is_some_and(|id| {
        !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

/// What CloudTrail writes beside `CloudTrail/`, and what other services write into an account's folder of
/// `AWSLogs/`, each by the documentation of the service that writes it.
const OTHER_LOGS: &[(&str, &str)] = &[
    ("CloudTrail", "CloudTrail's log files"),
    ("CloudTrail-NetworkActivity", "network activity events"),
    ("CloudTrail-Digest", "digest files"),
    ("CloudTrail-Insight", "Insights events"),
    ("CloudTrail-Aggregated", "aggregated events"),
    ("BedrockModelInvocationLogs", "model invocation logs"),
    ("Config", "AWS Config"),
    ("elasticloadbalancing", "load balancers' access logs"),
    ("vpcflowlogs", "VPC flow logs"),
    ("vpcdnsquerylogs", "Route 53 Resolver query logs"),
    ("transitgatewayflowlogs", "transit gateway flow logs"),
    ("WAFLogs", "AWS WAF"),
    ("network-firewall", "AWS Network Firewall"),
    ("GuardDuty", "Amazon GuardDuty"),
    ("SecurityHub", "AWS Security Hub"),
    ("redshift", "Amazon Redshift"),
    ("CloudFront", "Amazon CloudFront"),
    ("globalaccelerator", "AWS Global Accelerator"),
    ("vpclattice", "Amazon VPC Lattice"),
    ("VerifiedAccess", "AWS Verified Access"),
    ("verifiedaccess", "AWS Verified Access"),
];

/// Whether a folder is called as one that a service writes into an account's folder of `AWSLogs/`.
pub fn is_other_service(name: &str) -> bool {
    OTHER_LOGS.iter().any(|(known, _)| *known == name)
}

/// What is in a folder of this name in an account's folder.
pub fn reason_of_sibling(name: &str) -> &'static str {
    let known = OTHER_LOGS.iter().find(|(known, _)| *known == name);
    known.map_or("another folder of an account", |(_, what)| what)
}

/// Whether a folder is one into which Firehose puts what it could not deliver (Firehose developer guide,
/// "Handle data delivery failures": `processing-failed`, `format-conversion-failed`, …).
pub fn is_error_output(name: &str) -> bool {
    name.ends_with("-failed") || name == "errors"
}

/// Whether a key is in a folder of CloudTrail's own that holds no log files.
pub fn is_in_sibling_folder(key: &str) -> bool {
    const SIBLINGS: &[&str] = &["CloudTrail-Digest", "CloudTrail-Insight", "CloudTrail-Aggregated"];
    key.split('/').any(|name| SIBLINGS.contains(&name))
}
