//! The policies of one role or user, with what of them is missing.

use std::fmt;
use std::sync::Arc;

use bedrock::denial::PolicyType;

use super::FileProblem;
use super::at::At;
use crate::evaluate::{Level, Policy};
use crate::split::Levels;

/// The policies of a role or a user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    policies: Vec<Arc<Policy>>,
    /// What is missing of the policies.
    missing: Vec<String>,
    /// The permissions boundary, if there is one: it may be missing, too.
    boundary: Option<Vec<Arc<Policy>>>,
    missing_boundary: Option<String>,
    /// Whether identity-based policies do not apply: to the root user.
    is_exempt: bool,
    is_not_found: bool,
}

/// Who has policies, by what finds him in a list of roles and users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holder<'a> {
    /// A role, by its path and name.
    Role(&'a str),
    /// The role of a session, by its name: the path is not in the ARN of the session.
    Session(&'a str),
    /// A user, by its path and name.
    User(&'a str),
    Root,
    FederatedUser,
}

impl fmt::Display for Holder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Holder::Role(name) | Holder::Session(name) => write!(f, "the role {name}"),
            Holder::User(name) => write!(f, "the user {name}"),
            Holder::Root => f.write_str("the root user"),
            Holder::FederatedUser => f.write_str("the user of a federated session"),
        }
    }
}

impl Identity {
    /// Of whom nothing is known: nobody's policies are those of somebody else.
    pub(crate) fn not_found(holder: &Holder<'_>, file: &str) -> Self {
        match holder {
            Holder::Root => Identity { is_exempt: true, ..Identity::default() },
            _ => {
                Identity::unknown(&format!("{holder} is not in {file}: its policies are not known"))
            }
        }
    }

    /// Of whom nothing is known, for a reason.
    pub fn unknown(why: &str) -> Self {
        Identity { missing: vec![why.to_owned()], is_not_found: true, ..Identity::default() }
    }

    pub(crate) fn lacks(&mut self, what: &str) {
        self.missing.push(format!("{what} is not in the file"));
    }

    /// Adds a policy, or that it cannot be read: a file has many, and most of them are of no concern.
    pub(crate) fn add(&mut self, name: &str, policy: Result<Policy, FileProblem>) {
        match policy {
            Ok(policy) => {
                if !self.policies.iter().any(|known| known.id == policy.id) {
                    self.policies.push(Arc::new(policy));
                }
            }
            Err(problem) => self.missing.push(format!("{name} cannot be read: {problem}")),
        }
    }

    /// Adds an inline policy: `PolicyName` and `PolicyDocument`.
    pub(crate) fn add_inline(&mut self, policy: &At<'_>) -> Result<(), FileProblem> {
        let name = policy.need("PolicyName")?.text()?;
        let document = policy.need("PolicyDocument")?;
        let document = super::authorization_details::document(&document, PolicyType::IdentityBased);
        let (id, file) = (format!("{}#{}", policy.file, policy.path), policy.file.to_owned());
        let found = document.map(|document| Policy { id, name: name.to_owned(), file, document });
        self.add(&format!("the inline policy {name}"), found);
        Ok(())
    }

    pub(crate) fn set_boundary(&mut self, arn: &str, policy: Option<Result<Policy, FileProblem>>) {
        let (policies, missing) = match policy {
            Some(Ok(policy)) => (vec![Arc::new(policy)], None),
            Some(Err(problem)) => (
                Vec::new(),
                Some(format!("the permissions boundary {arn} cannot be read: {problem}")),
            ),
            None => {
                (Vec::new(), Some(format!("the permissions boundary {arn} is not in the file")))
            }
        };
        self.boundary = Some(policies);
        self.missing_boundary = missing;
    }

    /// Whether something is known of whom it is about.
    pub fn is_known(&self) -> bool {
        !self.is_not_found
    }

    /// Its policies, in their order.
    pub fn policies(&self) -> &[Arc<Policy>] {
        &self.policies
    }

    /// What of its policies is not known; `None` if all is known.
    pub fn missing(&self) -> Option<String> {
        let all = self.missing.iter().chain(&self.missing_boundary);
        let all = all.map(String::as_str).collect::<Vec<_>>();
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// The levels of its policies beside others: those of the same type are added to them.
    pub fn add_to(&self, levels: &mut Vec<Level>) {
        if self.is_exempt {
            levels.retain(|level| level.policy_type != PolicyType::IdentityBased);
            return;
        }
        let identity = (PolicyType::IdentityBased, Some(&self.policies));
        for (policy_type, policies) in
            [identity, (PolicyType::PermissionsBoundary, self.boundary.as_ref())]
        {
            let Some(policies) = policies else { continue };
            let known = levels.iter_mut().find(|level| level.policy_type == policy_type);
            match known {
                Some(level) if policy_type == PolicyType::IdentityBased => {
                    level.policies.extend(policies.iter().cloned());
                }
                _ => levels.push(Level { policy_type, node: None, policies: policies.clone() }),
            }
        }
    }

    /// Says what is missing.
    #[must_use]
    pub fn mark(&self, levels: Levels) -> Levels {
        let mut levels = levels;
        for missing in &self.missing {
            levels = levels.without_policies(PolicyType::IdentityBased, missing);
        }
        if let Some(missing) = &self.missing_boundary {
            levels = levels.without_policies(PolicyType::PermissionsBoundary, missing);
        }
        levels
    }
}
