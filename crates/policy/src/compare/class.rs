//! Classes of actions, of resources, or of what a request has of a key: two of one class are the same to every
//! statement.

use std::collections::BTreeMap;

use super::set::Set;
use crate::known::KeyState;

/// The most examples of a class that are kept.
const MAX_CHOICES: usize = 8;

/// How good an example is: how far from what requests have, then how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Cost {
    pub(super) rank: u32,
    pub(super) n_characters: usize,
}

/// An example of a class. Actions and resources are values, too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Choice {
    pub(super) cost: Cost,
    pub(super) state: KeyState,
}

impl Choice {
    /// A value; a higher rank is worse.
    pub(super) fn value(text: &str, rank: u32) -> Self {
        let cost = Cost { rank, n_characters: text.chars().count() };
        Choice { cost, state: KeyState::value(text) }
    }

    /// No value.
    pub(super) fn absent(rank: u32) -> Self {
        Choice { cost: Cost { rank, n_characters: 0 }, state: KeyState::Absent }
    }

    /// The only value.
    pub(super) fn text(&self) -> &str {
        match &self.state {
            KeyState::Values(values) => values.first().map_or("", String::as_str),
            _ => "",
        }
    }
}

/// What requests can have of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dimension {
    /// The examples of each class, the best first.
    pub(super) classes: Vec<Vec<Choice>>,
    /// For each predicate, the classes that it holds for.
    pub(super) members: Vec<Set>,
}

/// Collects classes by the predicates that hold for them.
#[derive(Debug, Default)]
pub(super) struct Classes {
    by_predicates: BTreeMap<Set, Vec<Choice>>,
}

impl Classes {
    /// Adds an example, for which a set of predicates holds.
    pub(super) fn add(&mut self, predicates: Set, choice: Choice) {
        let choices = self.by_predicates.entry(predicates).or_default();
        if !choices.iter().any(|known| known.state == choice.state) {
            choices.push(choice);
            choices.sort();
            choices.truncate(MAX_CHOICES);
        }
    }

    pub(super) fn finish(self, n_predicates: usize) -> Dimension {
        let n_classes = self.by_predicates.len();
        let mut members = vec![Set::empty(n_classes); n_predicates];
        let mut classes = Vec::with_capacity(n_classes);
        for (class, (predicates, choices)) in self.by_predicates.into_iter().enumerate() {
            for predicate in predicates.iter() {
                members[predicate].insert(class);
            }
            classes.push(choices);
        }
        Dimension { classes, members }
    }
}

impl Dimension {
    /// Something that holds or does not, of which nothing else is known.
    pub(super) fn open() -> Self {
        let mut holds = Set::empty(2);
        holds.insert(1);
        let classes = vec![vec![Choice::absent(0)]; 2];
        Dimension { classes, members: vec![holds] }
    }

    pub(super) fn all(&self) -> Set {
        Set::full(self.classes.len())
    }

    /// The examples of some classes, the best first.
    pub(super) fn choices(&self, classes: &Set) -> Vec<&Choice> {
        let mut choices = classes.iter().filter_map(|class| self.classes.get(class));
        let mut choices = choices.by_ref().flatten().collect::<Vec<_>>();
        choices.sort();
        choices
    }
}
