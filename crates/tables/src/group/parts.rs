//! Numbers what some meanings have in common.

use std::hash::{BuildHasher, Hash, RandomState};

use bedrock::Meaning;
use hashbrown::HashTable;

/// Meanings by a part of them, which is held as the number of a meaning that has it. Texts are in it, which
/// callers choose: their hash is keyed.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// For each part, a meaning that has it.
    examples: Vec<usize>,
    /// The numbers of the parts.
    numbers: HashTable<usize>,
    hasher: RandomState,
}

impl Parts {
    /// The number of a meaning's part. `part` is always the same.
    pub(super) fn number<'m, P: Hash + Eq>(
        &mut self,
        meaning: usize,
        meanings: &'m [Meaning],
        part: fn(&'m Meaning) -> P,
    ) -> usize {
        let Parts { examples, numbers, hasher } = self;
        let of_number = |number: usize| part(&meanings[examples[number]]);
        let found = part(&meanings[meaning]);
        let hash = hasher.hash_one(&found);
        if let Some(number) = numbers.find(hash, |number| of_number(*number) == found) {
            return *number;
        }
        let number = examples.len();
        numbers.insert_unique(hash, number, |number| hasher.hash_one(of_number(*number)));
        examples.push(meaning);
        number
    }

    /// All parts, in the order of their numbers.
    pub(super) fn parts<'m, P>(
        &self,
        meanings: &'m [Meaning],
        part: fn(&'m Meaning) -> P,
    ) -> Vec<P> {
        self.examples.iter().map(|meaning| part(&meanings[*meaning])).collect()
    }
}
