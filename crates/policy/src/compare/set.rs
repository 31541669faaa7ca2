//! Sets of small numbers.

/// A set of numbers below a bound, which all sets that meet have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Set {
    words: Vec<u64>,
}

const BITS: usize = u64::BITS as usize;

impl Set {
    /// None of the numbers.
    pub(super) fn empty(bound: usize) -> Self {
        Set { words: vec![0; bound.div_ceil(BITS)] }
    }

    /// All numbers.
    pub(super) fn full(bound: usize) -> Self {
        let mut set = Set::empty(bound);
        (0..bound).for_each(|number| set.insert(number));
        set
    }

    pub(super) fn insert(&mut self, number: usize) {
        self.words[number / BITS] |= 1 << (number % BITS);
    }

    pub(super) fn contains(&self, number: usize) -> bool {
        self.words[number / BITS] >> (number % BITS) & 1 == 1
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub(super) fn is_subset(&self, other: &Set) -> bool {
        self.words.iter().zip(&other.words).all(|(own, other)| own & !other == 0)
    }

    pub(super) fn meets(&self, other: &Set) -> bool {
        self.words.iter().zip(&other.words).any(|(own, other)| own & other != 0)
    }

    /// What both have.
    pub(super) fn and(&self, other: &Set) -> Set {
        let words = self.words.iter().zip(&other.words).map(|(own, other)| own & other);
        Set { words: words.collect() }
    }

    /// What at least one has.
    pub(super) fn or(&self, other: &Set) -> Set {
        let words = self.words.iter().zip(&other.words).map(|(own, other)| own | other);
        Set { words: words.collect() }
    }

    /// What the other one does not have.
    pub(super) fn minus(&self, other: &Set) -> Set {
        let words = self.words.iter().zip(&other.words).map(|(own, other)| own & !other);
        Set { words: words.collect() }
    }

    /// Its numbers, in ascending order.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        (0..self.words.len() * BITS).filter(|number| self.contains(*number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_sets() {
        let mut set = Set::empty(130);
        for number in [0, 64, 129] {
            set.insert(number);
        }
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 64, 129]);
        let full = Set::full(130);
        assert!(set.is_subset(&full) && !full.is_subset(&set));
        assert!(!full.minus(&set).meets(&set));
        assert_eq!(full.minus(&set).or(&set), full);
        assert_eq!(full.and(&set), set);
        assert!(Set::empty(130).is_empty() && Set::full(0).is_empty());
    }
}
