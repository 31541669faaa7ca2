//! What denies a goal and is no part of its result: no SCP that is added lifts it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::change::{managed_by_control_tower, spare_profiles, spare_regions, statement_text};
use super::{Expected, GenerateError, Goal, Ground, Part, matrix};
use crate::document::Document;
use crate::evaluate::{Policy, Reason, ReasonEffect, Verdict};
use crate::known::KeyState;
use crate::leg::{Certainty, Leg};

/// A statement that denies what the goal is to allow, or a node where none allows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The node, in an organization.
    pub node: Option<String>,
    /// The statement; `None` where none allows.
    pub statement: Option<ObstacleStatement>,
    /// What it denies: calls by their labels, with the legs.
    pub denies: Vec<String>,
}

/// A statement that has to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObstacleStatement {
    /// The policy.
    pub policy: Arc<Policy>,
    /// Its place in the document.
    pub index: usize,
    /// As it is.
    pub text: String,
    /// As it would have to be, if adding to it is enough.
    pub changed: Option<String>,
    /// What tells that Control Tower manages the policy.
    pub managed: Option<String>,
}

/// What one statement denies.
struct Found {
    node: Option<String>,
    statement: Option<(Arc<Policy>, usize)>,
    legs: Vec<Leg>,
    denies: Vec<String>,
}

/// The obstacles of a result.
///
/// # Errors
/// If a call cannot be.
pub(crate) fn find(
    goal: &dyn Goal,
    ground: &Ground<'_>,
    parts: &[Part],
) -> Result<Vec<Obstacle>, GenerateError> {
    let standing = goal.standing()?;
    let mut all = Vec::<Found>::new();
    for place in &ground.places {
        let before_levels = ground.levels(place, &standing, goal.is_of_identity());
        let levels = ground.levels(place, parts, goal.is_of_identity());
        for call in matrix::calls(goal, ground, place) {
            let before = ground.simulate(&call, place, &before_levels)?;
            if goal.expected(&call, place, &before) != Expected::Allowed {
                continue;
            }
            let found = ground.simulate(&call, place, &levels)?;
            for leg in found.legs.iter().filter(|it| it.decision.verdict == Verdict::Denied) {
                for reason in &leg.decision.reasons {
                    // What is open besides is in nobody's way for sure.
                    if is_of(parts, reason) || reason.effect == ReasonEffect::Open {
                        continue;
                    }
                    let possible = match leg.leg.certainty {
                        Certainty::Required => "",
                        Certainty::Possible => " (possible)",
                    };
                    let denied = format!(
                        "{} from {}: {}{possible} {}",
                        call.label(),
                        call.region,
                        leg.leg.kind.as_str(),
                        leg.leg.requested_region
                    );
                    add(&mut all, parts, reason, &leg.leg, denied);
                }
            }
        }
    }
    all.into_iter().map(|found| found.obstacle(goal, parts)).collect()
}

/// Whether a statement is new with the result. One that the result changes is not: it denied before, and what
/// it denies still is beyond the change.
fn is_of(parts: &[Part], reason: &Reason<'_>) -> bool {
    let Some((policy, statement)) = reason.statement else { return reason.level.node.is_none() };
    parts.iter().any(|part| match part {
        Part::New(new, _) => new.document == policy.document,
        Part::Control(control) => control.policy.document == policy.document,
        Part::Changed { policy: old, .. } => {
            old.id == policy.id && statement.index >= old.document.statements.len()
        }
    })
}

/// The policy of a reason as it is, without the changes of a result.
fn unchanged(parts: &[Part], reason: &Reason<'_>, changed: &Policy) -> Arc<Policy> {
    let old = parts.iter().find_map(|part| match part {
        Part::Changed { policy, .. } if policy.id == changed.id => Some(Arc::clone(policy)),
        _ => None,
    });
    old.unwrap_or_else(|| {
        let mut shared = reason.level.policies.iter();
        let shared = shared.find(|it| std::ptr::eq(it.as_ref(), changed));
        shared.map_or_else(|| Arc::new(changed.clone()), Arc::clone)
    })
}

fn add(all: &mut Vec<Found>, parts: &[Part], reason: &Reason<'_>, leg: &Leg, denied: String) {
    let node = reason.level.node.clone();
    let statement = reason
        .statement
        .map(|(policy, statement)| (unchanged(parts, reason, policy), statement.index));
    let is_same = |it: &&mut Found| match (&it.statement, &statement) {
        (Some((known, index)), Some((policy, other))) => known.id == policy.id && index == other,
        (None, None) => it.node == node,
        _ => false,
    };
    let found = match all.iter_mut().find(is_same) {
        Some(known) => known,
        None => {
            all.push(Found { node, statement, legs: Vec::new(), denies: Vec::new() });
            let last = all.len() - 1;
            &mut all[last]
        }
    };
    found.legs.push(leg.clone());
    if !found.denies.contains(&denied) {
        found.denies.push(denied);
    }
}

impl Found {
    fn obstacle(self, goal: &dyn Goal, parts: &[Part]) -> Result<Obstacle, GenerateError> {
        let Found { node, statement, legs, denies } = self;
        let statement = match statement {
            None => None,
            Some((policy, index)) => {
                let document = &policy.document;
                // What the result changes of it has to change as well.
                let known = parts.iter().find_map(|part| match part {
                    Part::Changed { policy: old, document, .. } if old.id == policy.id => {
                        Some(document)
                    }
                    _ => None,
                });
                let known = known.unwrap_or(document);
                let changed = changed(known, index, &legs, &goal.exemptions())?;
                Some(ObstacleStatement {
                    text: statement_text(document, index),
                    changed: changed.map(|it| statement_text(&it, index)),
                    managed: managed_by_control_tower(&policy),
                    policy,
                    index,
                })
            }
        };
        Ok(Obstacle { node, statement, denies })
    }
}

/// The document with a statement that spares the legs: those that carry the key by profile, the others by
/// Region, if the statement tests that.
fn changed(
    document: &Document,
    index: usize,
    legs: &[Leg],
    exemptions: &[String],
) -> Result<Option<Document>, GenerateError> {
    let carries_key = |leg: &Leg| matches!(leg.inference_profile_arn, KeyState::Values(_));
    let (with_key, without_key) = legs.iter().partition::<Vec<_>, _>(|leg| carries_key(leg));
    let is_exempted = !with_key.is_empty() && !exemptions.is_empty();
    let regions = if is_exempted { without_key } else { legs.iter().collect() };
    let regions = regions.iter().map(|leg| leg.requested_region.clone()).collect::<BTreeSet<_>>();
    let mut found = document.clone();
    if is_exempted {
        found = spare_profiles(&found, &[index], exemptions, Vec::new())?;
    }
    if regions.is_empty() {
        return Ok(Some(found));
    }
    let regions = regions.into_iter().collect::<Vec<_>>();
    Ok(spare_regions(&found, index, &regions)?)
}
