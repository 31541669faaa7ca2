//! The name of a statement that decides, by itself.

use crate::evaluate::Reason;

/// A statement that decides, or a level none of whose statements allows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decider {
    /// The type of the policy: `service_control_policy`, …
    pub kind: &'static str,
    /// `explicit`, `implicit`, `allow`, `open`, or `logged` for what only the log tells of.
    pub effect: &'static str,
    /// The node that the policy is attached to.
    pub node: Option<String>,
    /// The policy.
    pub policy: Option<String>,
    /// The place of the statement, from 0.
    pub statement: Option<usize>,
    /// Its name.
    pub sid: Option<String>,
    /// The file of the policy.
    pub file: Option<String>,
    /// The line of the statement.
    pub line: Option<usize>,
}

impl Decider {
    /// A policy that only the log tells of.
    pub(super) fn logged(kind: &'static str, id: Option<&str>) -> Self {
        Decider {
            kind,
            effect: "logged",
            node: None,
            policy: id.map(str::to_owned),
            statement: None,
            sid: None,
            file: None,
            line: None,
        }
    }
}

impl From<&Reason<'_>> for Decider {
    fn from(reason: &Reason<'_>) -> Self {
        let (policy, statement) = reason.statement.unzip();
        Decider {
            kind: reason.level.policy_type.as_str(),
            effect: reason.effect.as_str(),
            node: reason.level.node.clone(),
            policy: policy.map(|policy| policy.name.clone()),
            statement: statement.map(|statement| statement.index),
            sid: statement.and_then(|statement| statement.sid.clone()),
            file: policy.map(|policy| policy.file.clone()),
            line: statement.map(|statement| statement.position.line),
        }
    }
}
