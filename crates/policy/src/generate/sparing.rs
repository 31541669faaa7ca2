//! Region denies that spare calls: which statements deny what is asked for, and from which source Regions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::call::MatrixCall;
use super::change::{is_region_deny, spare_profiles};
use super::draft::REGION_KEY;
use super::ground::Ground;
use super::{GenerateError, Goal, Part, matrix};
use crate::document::{Effect, Statement};
use crate::evaluate::{Policy, Reason, ReasonEffect, Verdict};
use crate::glob::{Glob, symbols};
use crate::json::Node;
use crate::known::KeyState;
use crate::leg::{Leg, LegKind};
use crate::operation::BEARER_TOKEN;
use crate::simulate::Simulation;

/// A goal that lets calls pass Region denies.
pub(crate) trait Sparing: Goal {
    /// Whether a call is one that has to pass.
    fn asks(&self, call: &MatrixCall, before: &Simulation<'_>) -> bool;

    /// Whether a call is not to pass, and would if those from its Region were spared.
    fn would_open(&self, _call: &MatrixCall, _before: &Simulation<'_>) -> bool {
        false
    }

    /// The patterns of profiles that a statement has to spare; from these source Regions only, if there are some.
    fn patterns(&self, from: Option<&Sources>) -> Vec<String>;

    /// A statement that denies what the patterns would open besides the goal. `has_open_global` says whether
    /// global profiles may be called.
    fn guard(&self, _has_open_global: bool) -> Option<Node> {
        None
    }
}

/// The source Regions that a statement spares calls from.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// Those of calls that have to pass.
    pub(crate) asked: BTreeSet<String>,
    /// Those that it allows: its values, which may have wildcards.
    pub(crate) allowed: BTreeSet<String>,
}

/// What one statement denies.
#[derive(Default)]
struct Denies {
    sources: Sources,
    /// Whether it denies what has to pass.
    is_asked: bool,
    /// Whether sparing calls from every Region would open calls that are not to pass.
    would_open: bool,
}

/// The policies whose Region denies deny what is asked for, each with an exemption by profile.
///
/// # Errors
/// If a call cannot be, or what is written cannot be read back.
pub(crate) fn changed_denies(
    goal: &dyn Sparing,
    ground: &Ground<'_>,
) -> Result<Vec<Part>, GenerateError> {
    let globs = goal.patterns(None);
    let globs = globs.iter().filter_map(|it| Glob::arn(&symbols(it))).collect::<Vec<_>>();
    let mut found = Vec::<(Arc<Policy>, BTreeMap<usize, Denies>)>::new();
    let (mut opens_global, mut has_open_global) = (false, false);
    for place in &ground.places {
        let levels = ground.levels(place, &[], false);
        for call in matrix::calls(goal, ground, place) {
            let before = ground.simulate(&call, place, &levels)?;
            if call.way.is_global() {
                let is_denied = before.legs.iter().any(|it| {
                    it.leg.kind == LegKind::GlobalModel && it.decision.verdict == Verdict::Denied
                });
                opens_global |= is_denied && call.way.is_application_profile();
                has_open_global |= !is_denied;
            }
            let (is_asked, would_open) =
                (goal.asks(&call, &before), goal.would_open(&call, &before));
            if !is_asked && !would_open {
                continue;
            }
            for leg in &before.legs {
                let KeyState::Values(arns) = &leg.leg.inference_profile_arn else { continue };
                if !arns.iter().any(|arn| globs.iter().any(|glob| glob.is_match(arn))) {
                    continue;
                }
                for (reason, policy, statement) in region_denies(&leg.decision.reasons) {
                    let mut attached = reason.level.policies.iter();
                    let Some(policy) = attached.find(|it| it.id == policy.id) else { continue };
                    let denies = of_statement(&mut found, policy, statement);
                    denies.is_asked |= is_asked;
                    denies.would_open |= would_open;
                    if is_asked {
                        denies.sources.asked.insert(call.region.clone());
                    }
                }
            }
        }
    }
    let guard = goal.guard(has_open_global).filter(|_| opens_global);
    let mut parts = Vec::new();
    for (policy, mut statements) in found {
        statements.retain(|_, denies| denies.is_asked);
        if statements.is_empty() {
            continue;
        }
        let mut document = policy.document.clone();
        for (index, denies) in &statements {
            let patterns = goal.patterns(Some(&denies.sources).filter(|_| denies.would_open));
            document = spare_profiles(&document, &[*index], &patterns, Vec::new())?;
        }
        let more = guard.iter().cloned().collect();
        document = spare_profiles(&document, &[], &[], more)?;
        parts.push(Part::Changed {
            policy,
            document,
            statements: statements.into_keys().collect(),
        });
    }
    Ok(parts)
}

/// The statements among reasons that deny because of a Region.
pub(crate) fn region_denies<'r, 'a>(
    reasons: &'r [Reason<'a>],
) -> impl Iterator<Item = (&'r Reason<'a>, &'a Policy, &'a Statement)> {
    reasons.iter().filter_map(|reason| {
        let (policy, statement) = reason.statement?;
        let is_deny = statement.effect == Effect::Deny
            && reason.effect != ReasonEffect::Allow
            && is_region_deny(statement);
        is_deny.then_some((reason, policy, statement))
    })
}

/// Whether something that stays denies a call besides its Region: an SCP that approves models denies one of the
/// catalog, or one that is against API keys denies a call with one.
pub(crate) fn is_denied_otherwise(call: &MatrixCall, before: &Simulation<'_>) -> bool {
    let stays = |leg: &Leg| call.is_of_catalog || leg.action == BEARER_TOKEN;
    let legs = before.legs.iter().filter(|it| stays(&it.leg));
    let mut reasons = legs.flat_map(|it| &it.decision.reasons);
    let is_other = |reason: &Reason<'_>| match reason.effect {
        ReasonEffect::Implicit => true,
        ReasonEffect::Explicit => !reason.statement.is_some_and(|(_, it)| is_region_deny(it)),
        ReasonEffect::Allow | ReasonEffect::Open => false,
    };
    reasons.any(is_other)
}

/// Whether a Region deny leaves a Region out: it is among the values of a negated test, and not among those of
/// another.
pub(crate) fn allows_region(statement: &Statement, region: &str) -> bool {
    let is_among = |values: &[String]| {
        values.iter().any(|value| Glob::text(&symbols(value), true, false).is_match(region))
    };
    let negated = statement.values_of(true, REGION_KEY);
    let other = statement.values_of(false, REGION_KEY);
    negated.is_some_and(is_among) || other.is_some_and(|values| !is_among(values))
}

fn of_statement<'f>(
    found: &'f mut Vec<(Arc<Policy>, BTreeMap<usize, Denies>)>,
    policy: &Arc<Policy>,
    statement: &Statement,
) -> &'f mut Denies {
    let known = found.iter().position(|(known, _)| known.id == policy.id);
    let place = known.unwrap_or_else(|| {
        found.push((Arc::clone(policy), BTreeMap::new()));
        found.len() - 1
    });
    found[place].1.entry(statement.index).or_insert_with(|| {
        let values = statement.values_of(true, REGION_KEY).unwrap_or_default().iter();
        let allowed = values.filter(|it| it.contains('-')).cloned().collect();
        Denies { sources: Sources { allowed, ..Sources::default() }, ..Denies::default() }
    })
}
