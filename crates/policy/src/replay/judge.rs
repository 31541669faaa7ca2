//! One request, as several calls made it: simulated once, and judged for each thing that the log says of them.

use std::collections::BTreeSet;
use std::ptr;

use bedrock::denial::PolicyType;

use super::audit::Audited;
use super::class::{Class, Verdicts, classify};
use super::evidence::{Evidence, LoggedDenial};
use super::implied::{stays_allowed, stays_denied};
use crate::evaluate::{Reason, ReasonEffect, Verdict};
use crate::leg::{Certainty, Legs};
use crate::simulate::{Caller, DecidedLeg, Simulation, decide_legs};
use crate::split::Levels;

/// The policies that a caller is subject to, without and with the change.
#[derive(Debug)]
pub struct Subject {
    /// Without it.
    before: Levels,
    /// With it; `None` if that is the same.
    after: Option<Levels>,
    /// Those without it by type, if they are of several.
    by_type: Vec<(PolicyType, Levels)>,
    /// Whether SCPs do not apply to the caller.
    is_exempt: bool,
}

/// A request with the verdicts of the policies.
#[derive(Debug)]
pub struct Judge<'a> {
    subject: &'a Subject,
    before: Simulation<'a>,
    after: Option<Simulation<'a>>,
    by_type: Vec<(PolicyType, Simulation<'a>)>,
}

/// What becomes of calls.
#[derive(Debug, Clone)]
pub struct Judged<'a> {
    /// What the change does to them.
    pub class: Class,
    /// What decides on that: what denies, what denied before, or what is open.
    pub reasons: Vec<Reason<'a>>,
    /// The keys that an undecided class hangs on.
    pub unknown: BTreeSet<String>,
    /// Why an undecided class may hang on more.
    pub missing: Option<String>,
    /// How well the unchanged policies explain what was logged.
    pub audited: Audited,
}

impl Subject {
    /// The policies of a caller. `after` may be the same policies as `before`.
    pub fn new(before: Levels, after: Option<Levels>, is_exempt: bool) -> Self {
        let after = after.filter(|after| !before.is_same(after));
        let by_type = before.by_type();
        Subject { before, after, by_type, is_exempt }
    }

    /// Whether the change concerns the caller.
    pub fn is_changed(&self) -> bool {
        self.after.is_some()
    }

    /// Simulates a request by its legs.
    pub fn judge<'a>(&'a self, legs: &Legs, caller: Caller<'_>) -> Judge<'a> {
        let of = |levels: &'a Levels| decide_legs(legs.clone(), caller, levels);
        Judge {
            subject: self,
            before: of(&self.before),
            after: self.after.as_ref().map(of),
            by_type: self.by_type.iter().map(|(kind, levels)| (*kind, of(levels))).collect(),
        }
    }
}

impl<'a> Judge<'a> {
    /// What the unchanged policies say.
    pub fn before(&self) -> &Simulation<'a> {
        &self.before
    }

    /// What the policies say with the change.
    pub fn after(&self) -> &Simulation<'a> {
        self.after.as_ref().unwrap_or(&self.before)
    }

    /// What the unchanged policies of one type say; `None` if none were given.
    pub(super) fn of_type(&self, policy_type: PolicyType) -> Option<(Verdict, &Simulation<'a>)> {
        if policy_type == PolicyType::ServiceControl && self.subject.is_exempt {
            return Some((Verdict::Allowed, &self.before));
        }
        if !self.by_type.is_empty() {
            let found = self.by_type.iter().find(|(kind, _)| *kind == policy_type);
            return found.map(|(_, simulation)| (simulation.verdict, simulation));
        }
        let before = &self.subject.before;
        // Levels that are missing are those of SCPs.
        let of_missing = before.missing().map(|_| PolicyType::ServiceControl);
        let mut types = before.levels().iter().map(|level| level.policy_type).chain(of_missing);
        types.next().filter(|first| *first == policy_type)?;
        Some((self.before.verdict, &self.before))
    }

    /// Judges calls that made the request, of which the log says this.
    pub fn judge(&self, evidence: Evidence, denial: LoggedDenial<'_>) -> Judged<'a> {
        let refusing = match evidence {
            Evidence::RefusedBy(policy_type) => self.of_type(policy_type),
            _ => None,
        };
        let after = self.after.as_ref();
        let class = classify(
            evidence,
            Verdicts {
                before: self.before.verdict,
                of_refusing: refusing.map(|(verdict, _)| verdict),
                after: after.map(|after| after.verdict),
                stays_allowed: after.is_none_or(|after| stays_allowed(&self.before, after)),
                stays_denied: after.is_none_or(|after| stays_denied(&self.before, after)),
            },
        );
        let refusing = refusing.map_or(&self.before, |(_, simulation)| simulation);
        let reasons = match class {
            Class::NewlyDenied | Class::StillDenied => denying(self.after()),
            Class::NewlyAllowed => denying(&self.before),
            Class::Contradiction if evidence == Evidence::Authorized => denying(&self.before),
            Class::Contradiction => allowing(refusing),
            Class::StillAllowed => allowing(self.after()),
            Class::Undecided => open(self.after()),
        };
        let is_open = class == Class::Undecided;
        let legs = self.after().legs.iter().filter(|_| is_open);
        let unknown = legs.flat_map(|leg| leg.decision.unknown.iter().cloned()).collect();
        let missing = self.after().missing.clone().filter(|_| is_open);
        let audited = Audited::of(self, evidence, denial);
        Judged { class, reasons, unknown, missing, audited }
    }
}

/// What denies the required legs.
pub(super) fn denying<'a>(found: &Simulation<'a>) -> Vec<Reason<'a>> {
    let is_denied = |leg: &&DecidedLeg<'_>| {
        leg.leg.certainty == Certainty::Required && leg.decision.verdict == Verdict::Denied
    };
    let denied = found.legs.iter().filter(is_denied);
    let denying = denied.flat_map(|leg| leg.decision.reasons.iter().copied());
    // What is open besides changes nothing.
    each_once(denying.filter(|reason| reason.effect != ReasonEffect::Open))
}

/// What allows the legs at the level that is nearest to the caller.
fn allowing<'a>(found: &Simulation<'a>) -> Vec<Reason<'a>> {
    let is_allowed = |leg: &&DecidedLeg<'_>| leg.decision.verdict == Verdict::Allowed;
    let allowed = found.legs.iter().filter(is_allowed);
    each_once(allowed.filter_map(|leg| leg.decision.reasons.last().copied()))
}

/// What the legs hang on that are not allowed.
fn open<'a>(found: &Simulation<'a>) -> Vec<Reason<'a>> {
    let is_open = |leg: &&DecidedLeg<'_>| leg.decision.verdict != Verdict::Allowed;
    let open = found.legs.iter().filter(is_open);
    each_once(open.flat_map(|leg| leg.decision.reasons.iter().copied()))
}

fn each_once<'a>(reasons: impl Iterator<Item = Reason<'a>>) -> Vec<Reason<'a>> {
    let mut found = Vec::<Reason<'a>>::new();
    for reason in reasons {
        let of = |it: &Reason<'_>| {
            let statement = it.statement.map(|(_, statement)| ptr::from_ref(statement));
            (it.effect, ptr::from_ref(it.level), statement)
        };
        if !found.iter().any(|known| of(known) == of(&reason)) {
            found.push(reason);
        }
    }
    found
}
