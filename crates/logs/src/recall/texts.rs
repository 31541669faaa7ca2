//! Texts by number: equal texts have the same number.

use std::collections::hash_map::Entry;
use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashMap};

/// Longer texts are not remembered.
pub(super) const MAX_TEXT_BYTES: usize = 8 * 1024;

/// The texts that were numbered.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// By their hashes, so that long texts are hashed once only.
    numbers: FxHashMap<u64, (Box<str>, u32)>,
    n_bytes: usize,
}

impl Texts {
    /// What they take.
    pub(super) fn n_bytes(&self) -> usize {
        self.n_bytes
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// The number of a text: 0 for none, and nothing if it is too long to be remembered, or has by chance
    /// the hash of another.
    pub(super) fn number_of(&mut self, text: Option<&str>) -> Option<u32> {
        let Some(text) = text else { return Some(0) };
        let next = u32::try_from(self.numbers.len() + 1).ok()?;
        match self.numbers.entry(FxBuildHasher.hash_one(text)) {
            Entry::Occupied(known) => {
                let (known, number) = known.get();
                (**known == *text).then_some(*number)
            }
            Entry::Vacant(_) if text.len() > MAX_TEXT_BYTES => None,
            Entry::Vacant(place) => {
                place.insert((text.into(), next));
                self.n_bytes += text.len() + size_of::<(u64, Box<str>, u32)>();
                Some(next)
            }
        }
    }
}
