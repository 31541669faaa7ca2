//! How well the policies explain what was logged.

use bedrock::denial::PolicyType;

use super::evidence::{Evidence, LoggedDenial};
use super::judge::{Judge, denying};
use crate::evaluate::{Reason, ReasonEffect, Verdict};
use crate::leg::{Leg, LegKind};
use crate::simulate::Simulation;

/// Whether the policies explain the outcome of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutcomeAudit {
    /// They say the same.
    Reproduced,
    /// They say something else.
    Contradicted,
    /// They say nothing for certain.
    Open,
    /// What the log says cannot be held against the policies that were given: a policy of another type refused,
    /// none is named, or it is not known whether the call was authorized.
    NotComparable,
}

/// Whether the policies deny the leg that the log says was denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LegAudit {
    /// They deny it.
    Reproduced,
    /// They do not, or not for certain.
    Other,
}

/// Whether the policy that the log names is among those that deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyAudit {
    /// It is.
    Deciding,
    /// It applies to the caller, but does not deny.
    Other,
    /// No policy with this ID applies to the caller.
    NotThere,
}

/// How well the policies explain what was logged of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audited {
    /// Of the outcome.
    pub outcome: OutcomeAudit,
    /// Of the leg, for comparable refusals that name one.
    pub leg: Option<LegAudit>,
    /// Of the policy, for comparable refusals that name one.
    pub policy: Option<PolicyAudit>,
}

/// The same for many calls, as numbers of calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Audit {
    /// Calls whose outcome can be compared.
    pub outcomes: u64,
    /// Of these, those that the policies reproduce.
    pub reproduced: u64,
    /// Those that they contradict.
    pub contradicted: u64,
    /// Those that they leave open.
    pub open: u64,
    /// Refusals among the comparable calls that name a leg.
    pub legs: u64,
    /// Of these, those whose leg the policies deny.
    pub legs_reproduced: u64,
    /// Refusals among the comparable calls that name a policy.
    pub policies: u64,
    /// Of these, those whose policy is among those that deny.
    pub policies_deciding: u64,
    /// Those whose policy does not apply to the caller, by its ID.
    pub policies_not_there: u64,
    /// Calls that cannot be compared.
    pub not_comparable: u64,
}

impl Audited {
    pub(super) fn of(judge: &Judge<'_>, evidence: Evidence, denial: LoggedDenial<'_>) -> Self {
        let not_comparable =
            Audited { outcome: OutcomeAudit::NotComparable, leg: None, policy: None };
        let expects = |verdict: Verdict, expected: Verdict| match verdict {
            Verdict::Indeterminate => OutcomeAudit::Open,
            found if found == expected => OutcomeAudit::Reproduced,
            _ => OutcomeAudit::Contradicted,
        };
        match evidence {
            Evidence::Authorized => {
                let outcome = expects(judge.before().verdict, Verdict::Allowed);
                Audited { outcome, leg: None, policy: None }
            }
            Evidence::RefusedBy(policy_type) => match judge.of_type(policy_type) {
                Some((verdict, found)) => Audited {
                    outcome: expects(verdict, Verdict::Denied),
                    leg: leg(found, verdict, denial),
                    policy: policy(found, policy_type, denial),
                },
                None => not_comparable,
            },
            Evidence::Refused | Evidence::RefusedOtherwise | Evidence::Unclear => not_comparable,
        }
    }
}

/// Whether the logged leg is denied.
fn leg(found: &Simulation<'_>, verdict: Verdict, denial: LoggedDenial<'_>) -> Option<LegAudit> {
    denial.leg?;
    // Of who is not subject to such policies, no leg is denied.
    let mut legs = found.legs.iter().filter(|_| verdict != Verdict::Allowed);
    let is_denied = legs.any(|decided| {
        is_logged(&decided.leg, denial) && decided.decision.verdict == Verdict::Denied
    });
    Some(if is_denied { LegAudit::Reproduced } else { LegAudit::Other })
}

fn is_logged(leg: &Leg, denial: LoggedDenial<'_>) -> bool {
    // The table has one word for the legs of both kinds of profiles.
    let kind = match leg.kind {
        LegKind::ApplicationProfile => LegKind::Profile.as_str(),
        kind => kind.as_str(),
    };
    Some(kind) == denial.leg && denial.resource.is_none_or(|logged| logged == leg.resource)
}

/// Whether the policy that the log names denies, on the logged leg if there is one.
fn policy(
    found: &Simulation<'_>,
    policy_type: PolicyType,
    denial: LoggedDenial<'_>,
) -> Option<PolicyAudit> {
    let id = denial.policy_id()?;
    let is_named = |reason: &Reason<'_>| {
        let policy = reason.statement.map(|(policy, _)| policy);
        reason.level.policy_type == policy_type
            && policy.is_some_and(|policy| policy.id == id || policy.name == id)
    };
    let on_leg = found.legs.iter().filter(|decided| is_logged(&decided.leg, denial));
    let on_leg = on_leg.filter(|decided| decided.decision.verdict == Verdict::Denied);
    let on_leg = on_leg.flat_map(|decided| &decided.decision.reasons);
    let mut on_leg = on_leg.filter(|reason| reason.effect != ReasonEffect::Open).peekable();
    let is_deciding = match on_leg.peek() {
        Some(_) => on_leg.any(is_named),
        None => denying(found).iter().any(is_named),
    };
    if is_deciding {
        return Some(PolicyAudit::Deciding);
    }
    let mut policies = found.levels.levels().iter().flat_map(|level| &level.policies);
    let is_there = policies.any(|policy| policy.id == id || policy.name == id);
    Some(if is_there { PolicyAudit::Other } else { PolicyAudit::NotThere })
}

impl Audit {
    /// Adds so many calls.
    pub fn add(&mut self, audited: Audited, calls: u64) {
        let of = |is_it: bool| if is_it { calls } else { 0 };
        let Audited { outcome, leg, policy } = audited;
        self.outcomes += of(outcome != OutcomeAudit::NotComparable);
        self.reproduced += of(outcome == OutcomeAudit::Reproduced);
        self.contradicted += of(outcome == OutcomeAudit::Contradicted);
        self.open += of(outcome == OutcomeAudit::Open);
        self.not_comparable += of(outcome == OutcomeAudit::NotComparable);
        self.legs += of(leg.is_some());
        self.legs_reproduced += of(leg == Some(LegAudit::Reproduced));
        self.policies += of(policy.is_some());
        self.policies_deciding += of(policy == Some(PolicyAudit::Deciding));
        self.policies_not_there += of(policy == Some(PolicyAudit::NotThere));
    }
}
