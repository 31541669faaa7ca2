//! Sets of requests: a statement applies to those whose action, resource, and keys are each of certain classes.
//! What remains of such sets without others is found exactly, by taking them apart.

use super::set::Set;
use crate::glob::product::{Budget, OverBudget};

/// The most parts of a remainder that are listed; one is enough to tell documents apart.
const MAX_PARTS: usize = 4_096;

/// Requests: one set of classes for each dimension, none of which is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) sets: Vec<Set>,
}

impl Area {
    /// `None` if a set is empty.
    pub(super) fn new(sets: Vec<Set>) -> Option<Self> {
        (!sets.iter().any(Set::is_empty)).then_some(Area { sets })
    }

    fn pairs<'a>(&'a self, other: &'a Area) -> impl Iterator<Item = (&'a Set, &'a Set)> {
        self.sets.iter().zip(&other.sets)
    }

    fn is_within(&self, other: &Area) -> bool {
        self.pairs(other).all(|(own, other)| own.is_subset(other))
    }

    fn meets(&self, other: &Area) -> bool {
        self.pairs(other).all(|(own, other)| own.meets(other))
    }

    /// What both have.
    pub(super) fn and(&self, other: &Area) -> Option<Area> {
        Area::new(self.pairs(other).map(|(own, other)| own.and(other)).collect())
    }

    /// Itself without another one that it meets, as parts that do not meet each other.
    fn without(mut self, other: &Area) -> Vec<Area> {
        let mut parts = Vec::new();
        for dimension in 0..self.sets.len() {
            let (own, others) = (&self.sets[dimension], &other.sets[dimension]);
            let (outside, inside) = (own.minus(others), own.and(others));
            if !outside.is_empty() {
                let mut part = self.clone();
                part.sets[dimension] = outside;
                parts.push(part);
            }
            self.sets[dimension] = inside;
        }
        parts
    }
}

/// What areas have that none of the others has, as parts; empty if and only if there is nothing. Parts of one
/// area do not meet each other.
pub(super) fn remainder(
    areas: &[Area],
    others: &[&Area],
    budget: &mut Budget,
) -> Result<Vec<Area>, OverBudget> {
    let mut found = Vec::new();
    for area in areas {
        let mut open = vec![(area.clone(), 0)];
        while let Some((part, n_before)) = open.pop() {
            let others = &others[n_before..];
            budget.take(1 + others.len() * part.sets.len())?;
            if others.iter().any(|other| part.is_within(other)) {
                continue;
            }
            let Some(next) = others.iter().position(|other| part.meets(other)) else {
                if found.len() < MAX_PARTS {
                    found.push(part);
                }
                continue;
            };
            let n_before = n_before + next + 1;
            open.extend(part.without(others[next]).into_iter().map(|part| (part, n_before)));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use testkit::Dice;

    use super::*;

    const SIZE: usize = 4;

    fn area(dice: &mut Dice) -> Option<Area> {
        let set = |bits: u64| {
            let mut set = Set::empty(SIZE);
            (0..SIZE).filter(|it| bits >> it & 1 == 1).for_each(|it| set.insert(it));
            set
        };
        Area::new((0..3).map(|_| set(dice.below(16) | dice.below(16))).collect())
    }

    fn has(area: &Area, point: [usize; 3]) -> bool {
        area.sets.iter().zip(point).all(|(set, class)| set.contains(class))
    }

    #[test]
    fn remainder_has_the_points_that_it_should() {
        let mut n_empty = 0;
        for seed in 0..500 {
            let dice = &mut Dice::new(seed);
            let (n_areas, n_others) = (1 + dice.index(2), dice.index(6));
            let areas = (0..n_areas).filter_map(|_| area(dice)).collect::<Vec<_>>();
            let others = (0..n_others).filter_map(|_| area(dice)).collect::<Vec<_>>();
            let others = others.iter().collect::<Vec<_>>();
            let found = remainder(&areas, &others, &mut Budget(100_000)).unwrap();
            n_empty += usize::from(found.is_empty());
            for point in 0..SIZE.pow(3) {
                let point = [point % SIZE, point / SIZE % SIZE, point / SIZE / SIZE];
                let expected = areas.iter().any(|area| has(area, point))
                    && !others.iter().any(|area| has(area, point));
                assert_eq!(found.iter().any(|part| has(part, point)), expected, "{seed}");
            }
        }
        assert!((50..450).contains(&n_empty), "{n_empty}");
    }
}
