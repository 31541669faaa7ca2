//! Whether a change leaves a call as it was, although neither verdict is certain: what is open is the same before and
//! after, so that the fact before is the fact after.

use std::ptr;

use bedrock::denial::PolicyType;

use crate::document::Effect;
use crate::evaluate::{Decision, Reason, Verdict};
use crate::leg::Certainty;
use crate::simulate::{DecidedLeg, Simulation};

/// Whether a call that is allowed before is allowed after.
pub(super) fn stays_allowed(before: &Simulation<'_>, after: &Simulation<'_>) -> bool {
    let of_leg = |(before, after): (&DecidedLeg<'_>, &DecidedLeg<'_>)| {
        use Verdict::{Allowed, Denied, Indeterminate};
        match (before.decision.verdict, after.decision.verdict) {
            (_, Allowed) => true,
            // A call that ran although the leg is denied was not asked for it.
            (Denied, _) => before.leg.certainty == Certainty::Possible,
            (Indeterminate, Indeterminate) => is_allowed_as_well(&before.decision, &after.decision),
            _ => false,
        }
    };
    after.missing.is_none()
        && before.legs.len() == after.legs.len()
        && before.legs.iter().zip(&after.legs).all(of_leg)
}

/// Whether a call that is denied before is denied after.
pub(super) fn stays_denied(before: &Simulation<'_>, after: &Simulation<'_>) -> bool {
    let of_leg = |(before, after): (&DecidedLeg<'_>, &DecidedLeg<'_>)| {
        use Verdict::{Allowed, Denied, Indeterminate};
        match (before.decision.verdict, after.decision.verdict) {
            (Allowed, _) | (_, Denied) => true,
            (Indeterminate, Indeterminate) => is_denied_as_well(&before.decision, &after.decision),
            _ => false,
        }
    };
    before.missing.is_none()
        && after.missing.is_none()
        && before.legs.len() == after.legs.len()
        && before.legs.iter().zip(&after.legs).all(of_leg)
}

/// What an indeterminate decision hangs on: the Denies, and the Allows of each level that has none for certain.
struct Hangs<'r, 'a> {
    denies: Vec<&'r Reason<'a>>,
    allows: Vec<&'r Reason<'a>>,
}

impl<'r, 'a> Hangs<'r, 'a> {
    fn of(decision: &'r Decision<'a>) -> Self {
        let is_deny = |reason: &&Reason<'_>| {
            reason.statement.is_some_and(|(_, statement)| statement.effect == Effect::Deny)
        };
        let (denies, allows) = decision.reasons.iter().partition(is_deny);
        Hangs { denies, allows }
    }

    /// The levels that hang on an Allow.
    fn levels(&self) -> impl Iterator<Item = (PolicyType, Option<&'a str>)> {
        self.allows.iter().map(|reason| level_of(reason))
    }

    fn allows_of<'s>(
        &'s self,
        level: (PolicyType, Option<&'s str>),
    ) -> impl Iterator<Item = &'r Reason<'a>> + 's {
        self.allows.iter().copied().filter(move |reason| level_of(reason) == level)
    }
}

fn is_allowed_as_well(before: &Decision<'_>, after: &Decision<'_>) -> bool {
    let [before, after] = [before, after].map(Hangs::of);
    let has_allows = |level| {
        let mut of_before = before.allows_of(level).peekable();
        // A level that allowed for certain says nothing of what may allow now.
        of_before.peek().is_some()
            && of_before.all(|reason| after.allows.iter().any(|it| is_same(it, reason)))
    };
    after.denies.iter().all(|reason| before.denies.iter().any(|it| is_same(it, reason)))
        && after.levels().all(has_allows)
}

fn is_denied_as_well(before: &Decision<'_>, after: &Decision<'_>) -> bool {
    let [before, after] = [before, after].map(Hangs::of);
    let has_no_more = |level| {
        let mut of_after = after.allows_of(level).peekable();
        // A level without an Allow that hangs on something allows for certain now.
        of_after.peek().is_some()
            && of_after.all(|reason| before.allows.iter().any(|it| is_same(it, reason)))
    };
    before.denies.iter().all(|reason| after.denies.iter().any(|it| is_same(it, reason)))
        && before.levels().all(has_no_more)
}

fn level_of<'a>(reason: &Reason<'a>) -> (PolicyType, Option<&'a str>) {
    (reason.level.policy_type, reason.level.node.as_deref())
}

/// Whether both are one statement of one policy at one node: the policies that a change leaves alone are shared.
fn is_same(one: &Reason<'_>, other: &Reason<'_>) -> bool {
    let statement = |reason: &Reason<'_>| {
        reason.statement.map(|(policy, statement)| (ptr::from_ref(policy), statement.index))
    };
    level_of(one) == level_of(other) && statement(one) == statement(other)
}
