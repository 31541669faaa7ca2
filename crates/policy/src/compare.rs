//! Compares two documents exactly: over all requests, not over samples.
//!
//! What a document says of a request depends on which patterns match its action and resource, and on which
//! conditions its keys fulfil. All requests on which these are the same are one *class*, and there are few of
//! them: `space` finds them for each thing for itself. A statement applies to an *area*, a set of classes of
//! each (`area`), and the documents are equal if and only if the areas of their statements come to the same.
//! Otherwise `witness` finds the shortest request on which they differ.
//!
//! What hangs on variables is not taken apart. It is the same where both documents have the same; if that is
//! not enough to tell that they are equal, and no request shows that they are not, the answer is open.

mod area;
mod class;
mod example;
mod key;
mod point;
mod set;
mod space;
mod witness;

use area::{Area, remainder};
use space::{Space, of_effect};
use witness::Search;

use crate::document::{Document, Effect};
use crate::glob::product::{Budget, OverBudget};
use crate::known::KeyState;

/// The most steps that the classes and their areas take: about a second.
const MAX_STEPS: usize = 5_000_000;

/// What a document says of a request by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// A statement denies it.
    Denies,
    /// A statement allows it, and none denies it.
    Allows,
    /// No statement applies.
    Neither,
}

/// A request on which two documents differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The action.
    pub action: String,
    /// The resource.
    pub resource: String,
    /// The condition keys that matter, each absent or with values. The others are absent, but whatever they
    /// are, the documents differ.
    pub keys: Vec<(String, KeyState)>,
    /// What the old document says of it.
    pub old: Outcome,
    /// The first statement of the old document that says so, from 0.
    pub old_statement: Option<usize>,
    /// What the new document says of it.
    pub new: Outcome,
    /// The first statement of the new document that says so, from 0.
    pub new_statement: Option<usize>,
}

/// The shortest request of each way in which two documents differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// The old document allows it, and the new one does not.
    pub only_old_allows: Option<Box<Witness>>,
    /// The new document allows it, and the old one does not.
    pub only_new_allows: Option<Box<Witness>>,
    /// The old document denies it, and the new one says nothing of it: another policy may allow it.
    pub only_old_denies: Option<Box<Witness>>,
    /// The new document denies it, and the old one says nothing of it.
    pub only_new_denies: Option<Box<Witness>>,
    /// Whether there may be a difference of another way, of which no request was found.
    pub may_have_others: bool,
}

/// How two documents compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// They say the same of every request.
    Equal,
    /// They differ.
    Different(Differences),
    /// No request was found on which they differ, and they were not shown to be equal: policy variables,
    /// callers, keys that are compared as things of several kinds, or several values of a key without
    /// `ForAllValues` or `ForAnyValue` decide.
    Open,
    /// The comparison takes too long.
    TooLarge,
}

impl Outcome {
    /// `denies`, `allows`, or `neither`.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Denies => "denies",
            Outcome::Allows => "allows",
            Outcome::Neither => "neither",
        }
    }
}

impl Differences {
    /// The requests, in the order of the fields.
    pub fn witnesses(&self) -> impl Iterator<Item = &Witness> {
        let Differences {
            only_old_allows, only_new_allows, only_old_denies, only_new_denies, ..
        } = self;
        let all = [only_old_allows, only_new_allows, only_old_denies, only_new_denies];
        all.into_iter().filter_map(|it| it.as_deref())
    }
}

/// Compares two documents of the same type: whether they deny the same, and allow the same, in every request.
pub fn compare(old: &Document, new: &Document) -> Comparison {
    compared(old, new, &mut Budget(MAX_STEPS)).unwrap_or(Comparison::TooLarge)
}

fn compared(old: &Document, new: &Document, budget: &mut Budget) -> Result<Comparison, OverBudget> {
    let statements = old.statements.iter().chain(&new.statements).collect::<Vec<_>>();
    let (space, areas) = Space::of(&statements, budget)?;
    let (old_areas, new_areas) = areas.split_at(old.statements.len());
    let of_old = |effect| of_effect(&old.statements, old_areas, effect);
    let of_new = |effect| of_effect(&new.statements, new_areas, effect);
    let (old_denies, old_allows) = (of_old(Effect::Deny), of_old(Effect::Allow));
    let (new_denies, new_allows) = (of_new(Effect::Deny), of_new(Effect::Allow));
    let mut only_denies = |denies: &[Area], others: [&Vec<Area>; 2]| {
        remainder(denies, &others.into_iter().flatten().collect::<Vec<_>>(), budget)
    };
    let only_old_denies = only_denies(&old_denies, [&new_denies, &new_allows])?;
    let only_new_denies = only_denies(&new_denies, [&old_denies, &old_allows])?;
    let mut only_allows = |allows: &[Area], denies: &[Area], other: [&[Area]; 2]| {
        let [other_allows, other_denies] = other;
        let all = denies.iter().chain(other_allows).collect::<Vec<_>>();
        let mut found = remainder(allows, &all, budget)?;
        budget.take(allows.len() * other_denies.len())?;
        let both = |allow: &'_ Area| {
            other_denies.iter().filter_map(|deny| allow.and(deny)).collect::<Vec<_>>()
        };
        let both = allows.iter().flat_map(both).collect::<Vec<_>>();
        found.extend(remainder(&both, &denies.iter().collect::<Vec<_>>(), budget)?);
        Ok(found)
    };
    let only_old_allows = only_allows(&old_allows, &old_denies, [&new_allows, &new_denies])?;
    let only_new_allows = only_allows(&new_allows, &new_denies, [&old_allows, &old_denies])?;
    let search = Search { space: &space, old, new };
    let mut differences = Differences::default();
    let mut is_equal = true;
    for (parts, old_is, new_is, found) in [
        (only_old_allows, Some(Outcome::Allows), None, &mut differences.only_old_allows),
        (only_new_allows, None, Some(Outcome::Allows), &mut differences.only_new_allows),
        (
            only_old_denies,
            Some(Outcome::Denies),
            Some(Outcome::Neither),
            &mut differences.only_old_denies,
        ),
        (
            only_new_denies,
            Some(Outcome::Neither),
            Some(Outcome::Denies),
            &mut differences.only_new_denies,
        ),
    ] {
        if parts.is_empty() {
            continue;
        }
        is_equal = false;
        let is_asked = |old: Outcome, new: Outcome| {
            old != new && old_is.is_none_or(|it| it == old) && new_is.is_none_or(|it| it == new)
        };
        *found = search.find(parts, is_asked).map(Box::new);
        differences.may_have_others |= found.is_none();
    }
    Ok(if is_equal {
        Comparison::Equal
    } else if differences.witnesses().next().is_some() {
        Comparison::Different(differences)
    } else {
        Comparison::Open
    })
}
