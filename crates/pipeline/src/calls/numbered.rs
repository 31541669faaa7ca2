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
    /// The things of the object that is being added, by where they lie: an object holds each of its
    /// things once, so that few are compared by their texts.
    of_object: FxHashMap<usize, u32>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Numbered { all: Vec::new(), numbers: FxHashMap::default(), of_object: FxHashMap::default() }
    }
}

impl<T: Clone + Eq + Hash> Numbered<T> {
    /// Begins with another object: the places where things lie are those of one object only.
    pub(super) fn begin_object(&mut self) {
        self.of_object.clear();
    }

    /// The number of a thing that lies at a place.
    pub(super) fn number_of(&mut self, thing: &T, place: usize) -> u32 {
        if let Some(number) = self.of_object.get(&place) {
            return *number;
        }
        let next = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let mut number = *self.numbers.entry(FxBuildHasher.hash_one(thing)).or_insert(next);
        if number == next || self.all[number as usize] != *thing {
            self.all.push(thing.clone());
            number = next;
        }
        self.of_object.insert(place, number);
        number
    }

    /// All, and lets go what only adding needs, which is large.
    pub(super) fn into_all(self) -> Vec<T> {
        self.all
    }
}
