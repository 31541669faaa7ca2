//! From policies to a verdict on one authorization, level by level.
//!
//! A Deny that applies denies. Without one, every level needs an Allow that applies. What hangs on keys that
//! are not known is indeterminate, and says on which.

use std::collections::BTreeSet;
use std::sync::Arc;

use bedrock::denial::PolicyType;

use crate::document::{Document, Effect, Request, Statement};
use crate::known::{Context, Truth};

/// A policy as it is attached somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its ID or its file: what an option of the command line calls it.
    pub id: String,
    /// Its name; the ID where it has none.
    pub name: String,
    /// The file that the document was read from.
    pub file: String,
    /// What it says.
    pub document: Document,
}

impl Policy {
    /// Whether it has an ID: that of AWS, or that in the name of its file.
    pub fn has_id(&self, id: &str) -> bool {
        let file = self.file.rsplit(['/', '\\']).next().unwrap_or_default();
        self.id == id || file.strip_suffix(".json") == Some(id)
    }
}

/// Policies at least one of which has to allow: the SCPs of a node, the policies of an identity, ...
#[derive(Debug, Clone)]
pub struct Level {
    /// Of which type they are.
    pub policy_type: PolicyType,
    /// The node that they are attached to, in an organization.
    pub node: Option<String>,
    /// The policies, in their order.
    pub policies: Vec<Arc<Policy>>,
}

/// What policies say of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// They allow it.
    Allowed,
    /// They deny it.
    Denied,
    /// That depends on what is not known.
    Indeterminate,
}

/// What a statement or a level does to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReasonEffect {
    /// A statement denies.
    Explicit,
    /// No statement of the level allows.
    Implicit,
    /// A statement allows.
    Allow,
    /// A statement would deny or allow, depending on what is not known.
    Open,
}

/// A statement, or a level without one, that decides.
#[derive(Debug, Clone, Copy)]
pub struct Reason<'a> {
    /// What it does.
    pub effect: ReasonEffect,
    /// Its level.
    pub level: &'a Level,
    /// The policy and the statement; `None` where none of the level allows.
    pub statement: Option<(&'a Policy, &'a Statement)>,
}

/// A verdict, with what it is made of.
#[derive(Debug, Clone)]
pub struct Decision<'a> {
    /// The verdict.
    pub verdict: Verdict,
    /// What decides. If denied, all that denies: the statements, the levels that do not allow, and then what would
    /// deny, too, depending on what is not known. If allowed, the first statement of each level that allows. If
    /// indeterminate, what it hangs on.
    pub reasons: Vec<Reason<'a>>,
    /// The keys that the open reasons hang on, as the policies write them.
    pub unknown: BTreeSet<String>,
}

impl Verdict {
    /// `allowed`, `denied`, or `indeterminate`.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Allowed => "allowed",
            Verdict::Denied => "denied",
            Verdict::Indeterminate => "indeterminate",
        }
    }
}

impl ReasonEffect {
    /// `explicit`, `implicit`, `allow`, or `open`.
    pub fn as_str(self) -> &'static str {
        match self {
            ReasonEffect::Explicit => "explicit",
            ReasonEffect::Implicit => "implicit",
            ReasonEffect::Allow => "allow",
            ReasonEffect::Open => "open",
        }
    }
}

/// What one level says.
#[derive(Default)]
struct OfLevel<'a> {
    denies: Vec<Reason<'a>>,
    allow: Option<Reason<'a>>,
    open_denies: Vec<Reason<'a>>,
    open_allows: Vec<Reason<'a>>,
    deny_keys: BTreeSet<String>,
    allow_keys: BTreeSet<String>,
}

/// Decides on one request with what is known of its keys, in three values.
pub(crate) fn decide<'a>(
    levels: &'a [Level],
    request: Request<'_>,
    context: &Context,
) -> Decision<'a> {
    let of_levels =
        levels.iter().map(|level| of_level(level, request, context)).collect::<Vec<_>>();
    let mut reasons = of_levels.iter().flat_map(|of| of.denies.iter().copied()).collect::<Vec<_>>();
    for (level, of) in levels.iter().zip(&of_levels) {
        if of.allow.is_none() && of.open_allows.is_empty() {
            let effect = ReasonEffect::Implicit;
            reasons.push(Reason { effect, level, statement: None });
        }
    }
    let is_denied = !reasons.is_empty();
    let mut unknown = BTreeSet::new();
    // Of a denial, too: who lifts it meets these next.
    for of in &of_levels {
        reasons.extend(&of.open_denies);
        unknown.extend(of.deny_keys.iter().cloned());
        if of.allow.is_none() {
            reasons.extend(&of.open_allows);
            unknown.extend(of.allow_keys.iter().cloned());
        }
    }
    if is_denied {
        return Decision { verdict: Verdict::Denied, reasons, unknown };
    }
    if !reasons.is_empty() {
        return Decision { verdict: Verdict::Indeterminate, reasons, unknown };
    }
    let reasons = of_levels.into_iter().filter_map(|of| of.allow).collect();
    Decision { verdict: Verdict::Allowed, reasons, unknown }
}

fn of_level<'a>(level: &'a Level, request: Request<'_>, context: &Context) -> OfLevel<'a> {
    let mut found = OfLevel::default();
    for policy in &level.policies {
        for statement in &policy.document.statements {
            let reason = |effect| Reason { effect, level, statement: Some((policy, statement)) };
            match (statement.applies(request, context), statement.effect) {
                (Truth::False, _) => {}
                (Truth::True, Effect::Deny) => found.denies.push(reason(ReasonEffect::Explicit)),
                (Truth::True, Effect::Allow) => {
                    found.allow = found.allow.or(Some(reason(ReasonEffect::Allow)));
                }
                (Truth::Unknown(keys), Effect::Deny) => {
                    found.open_denies.push(reason(ReasonEffect::Open));
                    found.deny_keys.extend(keys);
                }
                (Truth::Unknown(keys), Effect::Allow) => {
                    found.open_allows.push(reason(ReasonEffect::Open));
                    found.allow_keys.extend(keys);
                }
            }
        }
    }
    found
}
