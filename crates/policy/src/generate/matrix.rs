//! The proof of a result: what each call comes to before and after, and what the goal says it has to come to.

use std::collections::BTreeSet;

use super::call::MatrixCall;
use super::catalog_calls::distinct;
use super::ground::{Ground, Place};
use super::{GenerateError, Goal, Part};
use crate::evaluate::Verdict;
use crate::leg::Certainty;
use crate::operation::Operation;
use crate::simulate::{DecidedLeg, Simulation};

/// What a call comes to, whether AWS asks for the legs that are only possible or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// If it asks for the required legs alone.
    pub required: Verdict,
    /// If it asks for all of them.
    pub all: Verdict,
}

/// What a call has to come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The goal is that it is allowed.
    Allowed,
    /// The goal is that it is denied.
    Denied,
    /// The goal is not about it: it is what it was.
    Unchanged,
    /// It depends on what AWS asks for.
    Open,
}

/// A call with what it comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The call.
    pub call: MatrixCall,
    /// The account that calls.
    pub account: String,
    /// As it is.
    pub before: Outcome,
    /// As it would be.
    pub after: Outcome,
    /// As it has to be.
    pub expected: Expected,
    /// The condition keys that it hangs on afterwards.
    pub unknown: BTreeSet<String>,
}

/// All calls that were tried.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matrix {
    /// The calls, account by account.
    pub cells: Vec<Cell>,
}

impl Outcome {
    /// Denied if a leg is denied, allowed if each is allowed. What is not simulated of an operation besides its
    /// legs does not count.
    pub(crate) fn of(found: &Simulation<'_>) -> Self {
        let of = |legs: Vec<&DecidedLeg<'_>>| {
            let is = |verdict| move |leg: &&DecidedLeg<'_>| leg.decision.verdict == verdict;
            if legs.iter().any(is(Verdict::Denied)) {
                Verdict::Denied
            } else if !legs.is_empty() && legs.iter().all(is(Verdict::Allowed)) {
                Verdict::Allowed
            } else {
                Verdict::Indeterminate
            }
        };
        let required = found.legs.iter().filter(|it| it.leg.certainty == Certainty::Required);
        Outcome { required: of(required.collect()), all: of(found.legs.iter().collect()) }
    }

    /// Whether it comes to this either way.
    pub fn is(self, verdict: Verdict) -> bool {
        self.required == verdict && self.all == verdict
    }
}

impl Cell {
    /// Whether the call comes to what the goal says.
    pub fn holds(&self) -> bool {
        match self.expected {
            Expected::Allowed => self.after.is(Verdict::Allowed),
            Expected::Denied => self.after.is(Verdict::Denied),
            Expected::Unchanged => self.after == self.before,
            Expected::Open => true,
        }
    }

    /// Whether it is allowed after and was not before.
    pub fn is_opened(&self) -> bool {
        self.before != self.after && self.after.required == Verdict::Allowed
    }

    /// Whether it was allowed before and is not after.
    pub fn is_closed(&self) -> bool {
        self.before != self.after && self.before.required == Verdict::Allowed
    }
}

impl Matrix {
    /// Whether every call comes to what the goal says.
    pub fn holds(&self) -> bool {
        !self.cells.is_empty() && self.cells.iter().all(Cell::holds)
    }

    /// The accounts, in their order.
    pub fn accounts(&self) -> Vec<&str> {
        let mut accounts = self.cells.iter().map(|cell| cell.account.as_str()).collect::<Vec<_>>();
        accounts.dedup();
        accounts
    }

    /// Whether anything differs after.
    pub fn has_changes(&self) -> bool {
        self.cells.iter().any(|cell| cell.before != cell.after)
    }
}

/// Tries parts of a result on every call and every account.
///
/// # Errors
/// If a call cannot be.
pub fn prove(
    goal: &dyn Goal,
    ground: &Ground<'_>,
    parts: &[Part],
) -> Result<Matrix, GenerateError> {
    let standing = goal.standing()?;
    let mut cells = Vec::new();
    for place in &ground.places {
        let before_levels = ground.levels(place, &standing, goal.is_of_identity());
        let after_levels = ground.levels(place, parts, goal.is_of_identity());
        for call in calls(goal, ground, place) {
            let before = ground.simulate(&call, place, &before_levels)?;
            let after = ground.simulate(&call, place, &after_levels)?;
            let unknown = after.legs.iter().flat_map(|it| &it.decision.unknown).cloned().collect();
            let after = Outcome::of(&after);
            let expected = goal.expected(&call, place, &before);
            let (before, account) = (Outcome::of(&before), place.account.clone());
            cells.push(Cell { call, account, before, after, expected, unknown });
        }
    }
    Ok(Matrix { cells })
}

/// The calls of a matrix, each of which there is with and without streaming; one that the goal and every matrix
/// have is there once.
pub(crate) fn calls<G: Goal + ?Sized>(
    goal: &G,
    ground: &Ground<'_>,
    place: &Place,
) -> Vec<MatrixCall> {
    let mut calls = goal.calls(ground);
    let is_of_place = |call: &MatrixCall| match &call.way {
        super::Way::Own(arn) => arn.contains(&format!(":{}:", place.account)),
        _ => true,
    };
    calls.retain(is_of_place);
    calls.extend(ground.scene.calls());
    calls.extend(goal.catalog_calls(ground));
    let mut calls = distinct(calls);
    let is_converse = |call: &&MatrixCall| call.operation.name == "Converse";
    let stream = Operation::find("ConverseStream").into_iter();
    let twins = stream.flat_map(|operation| {
        let calls = calls.iter().filter(is_converse);
        calls.map(move |call| MatrixCall { operation, ..call.clone() })
    });
    let twins = twins.collect::<Vec<_>>();
    calls.extend(twins);
    distinct(calls)
}
