//! The types of policies, as options name them.

use bedrock::denial::PolicyType;
use clap::ValueEnum;

/// A type of policy. The variants have no doc comments, because clap would list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyKind {
    Scp,
    Rcp,
    Identity,
    Boundary,
    Session,
    Endpoint,
}

impl From<PolicyKind> for PolicyType {
    fn from(kind: PolicyKind) -> Self {
        match kind {
            PolicyKind::Scp => PolicyType::ServiceControl,
            PolicyKind::Rcp => PolicyType::ResourceControl,
            PolicyKind::Identity => PolicyType::IdentityBased,
            PolicyKind::Boundary => PolicyType::PermissionsBoundary,
            PolicyKind::Session => PolicyType::Session,
            PolicyKind::Endpoint => PolicyType::VpcEndpoint,
        }
    }
}
