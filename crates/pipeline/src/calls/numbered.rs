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
    /// The things of the object that is being added, by where they lie: an object holds nearly
    /// each of its things once, so that few are compared by their texts.
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

    fn names<T: Clone + Eq + Hash>(things: &[(T, usize)]) -> Vec<T> {
        let mut numbered = Numbered::default();
        let mut number = |objects: &[(T, usize)]| {
            numbered.begin_object();
            let numbers = objects.iter().map(|(thing, place)| numbered.number_of(thing, *place));
            numbers.collect::<Vec<_>>()
        };
        // Another object's things lie where those of the first lay.
        let elsewhere = things.iter().map(|(thing, place)| (thing.clone(), place + 1));
        let numbers = [number(things), number(&elsewhere.collect::<Vec<_>>())].concat();
        let all = numbered.into_all();
        let again = numbers.iter().map(|number| all[*number as usize].clone());
        let expected = things.iter().chain(things).map(|(thing, _)| thing.clone());
        assert!(again.eq(expected));
        all
    }

    #[test]
    fn each_thing_has_its_number() {
        let things = [('a', 1), ('b', 2), ('a', 1), ('c', 3), ('b', 9)];
        assert_eq!(names(&things), ['a', 'b', 'c'], "each once");
        names(&things.map(|(thing, place)| (Freak(thing), place)));
    }
}
