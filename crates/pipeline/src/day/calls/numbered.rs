//! What calls have in common, each held once under a number.

use std::hash::{BuildHasher, Hash};

use rustc_hash::{FxBuildHasher, FxHashMap};

/// Things by number, in the order in which they came first.
#[derive(Debug)]
pub(super) struct Numbered<T> {
    all: Vec<T>,
    /// By their hashes, which take less than the things. Of two with one hash, which is a freak, the
    /// second gets a number in each object.
    numbers: FxHashMap<u64, u32>,
    /// The numbers of the things of the object that is being added, by theirs there.
    of_object: Vec<Option<u32>>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Numbered { all: Vec::new(), numbers: FxHashMap::default(), of_object: Vec::new() }
    }
}

impl<T: Clone + Eq + Hash> Numbered<T> {
    /// Begins with another object, which has so many things.
    pub(super) fn begin_object(&mut self, n_things: usize) {
        self.of_object.clear();
        self.of_object.resize(n_things, None);
    }

    /// The number of one of the things of the object that was begun.
    pub(super) fn number_of(&mut self, things: &[T], thing: u32) -> u32 {
        let thing = thing as usize;
        if let Some(number) = self.of_object[thing] {
            return number;
        }
        let number = self.add(&things[thing]);
        self.of_object[thing] = Some(number);
        number
    }

    fn add(&mut self, thing: &T) -> u32 {
        let next = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(FxBuildHasher.hash_one(thing)).or_insert(next);
        if number != next && self.all[number as usize] == *thing {
            return number;
        }
        self.all.push(thing.clone());
        next
    }

    /// All, and lets go what only adding needs, which is large.
    pub(super) fn into_all(self) -> Vec<T> {
        self.all
    }
}

#[cfg(test)]
mod tests {
    use std::hash::Hasher;

    use super::*;

    /// A thing that has the hash of every other one.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Freak(char);

    impl Hash for Freak {
        fn hash<H: Hasher>(&self, _: &mut H) {}
    }

    /// The names of all, if two objects have these things, the second in another order.
    fn names<T: Clone + Eq + Hash + std::fmt::Debug>(things: &[T], numbers: &[u32]) -> Vec<T> {
        let mut numbered = Numbered::default();
        let turned = things.iter().rev().cloned().collect::<Vec<_>>();
        let (mut found, mut expected) = (Vec::new(), Vec::new());
        for things in [things, &turned] {
            numbered.begin_object(things.len());
            for number in numbers {
                found.push(numbered.number_of(things, *number));
                expected.push(things[*number as usize].clone());
            }
        }
        let all = numbered.into_all();
        assert!(found.iter().map(|number| &all[*number as usize]).eq(&expected), "{found:?}");
        all
    }

    #[test]
    fn each_thing_has_its_number() {
        let (things, numbers) = (['a', 'b', 'c', 'b'], [1, 0, 1, 2, 3, 0]);
        assert_eq!(names(&things, &numbers), ['b', 'a', 'c'], "each once");
        names(&things.map(Freak), &numbers);
    }
}
