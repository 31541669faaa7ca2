//! How large policies are, and may be.

use bedrock::denial::PolicyType;

use crate::document::Document;

/// The size of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Characters without white space.
    pub compact: usize,
    /// The same in bytes of UTF-8.
    pub bytes: usize,
    /// Characters as printed, two blanks a level.
    pub indented: usize,
    /// What AWS takes at most.
    pub limit: usize,
}

/// The characters that a policy may have (AWS Organizations and IAM quotas, 2026-05). Organizations counts
/// white space unless the console saves a policy; IAM does not count it.
pub fn limit(policy_type: PolicyType) -> usize {
    match policy_type {
        PolicyType::ServiceControl => 10_240,
        PolicyType::ResourceControl => 5_120,
        _ => 6_144,
    }
}

impl Size {
    /// The size of a document of a type.
    pub fn of(document: &Document, policy_type: PolicyType) -> Self {
        let (compact, indented) = (document.to_json(None), document.to_json(Some(2)));
        Size {
            compact: compact.chars().count(),
            bytes: compact.len(),
            indented: indented.chars().count(),
            limit: limit(policy_type),
        }
    }

    /// Whether AWS takes it without white space.
    pub fn is_within_limit(self) -> bool {
        self.bytes <= self.limit
    }
}
