//! Texts by number, and keys of such numbers by place.

use std::hash::{BuildHasher, Hash, RandomState};

use rustc_hash::FxBuildHasher;

use super::Places;

/// The number of null.
pub(super) const NULL: u32 = 0;

/// Texts of a column by number, from 1 on. Callers choose some of them; therefore, the hash has a key.
#[derive(Debug, Default)]
pub(super) struct Codes {
    texts: Vec<Box<str>>,
    places: Places,
    state: RandomState,
}

impl Codes {
    /// The number of a text.
    pub(super) fn code(&mut self, text: &str) -> u32 {
        let (texts, state) = (&self.texts, &self.state);
        let hash = |text: &str| state.hash_one(text);
        let entry = self.places.entry(
            hash(text),
            |place| &*texts[*place as usize] == text,
            |place| hash(&texts[*place as usize]),
        );
        let place = *entry.or_insert(number(texts.len())).get();
        if place as usize == self.texts.len() {
            self.texts.push(text.into());
        }
        place + 1
    }

    /// The text of a number.
    pub(super) fn text(&self, code: u32) -> Option<&str> {
        let place = code.checked_sub(1)?;
        self.texts.get(place as usize).map(|text| &**text)
    }

    /// Takes in the texts of another column: the numbers here, by the numbers there.
    pub(super) fn absorb(&mut self, other: &Codes) -> Vec<u32> {
        std::iter::once(NULL).chain(other.texts.iter().map(|text| self.code(text))).collect()
    }
}

/// Keys of as many numbers each, by place.
#[derive(Debug, Default)]
pub(super) struct Keys {
    width: usize,
    numbers: Vec<u32>,
    n_keys: usize,
    places: Places,
}

impl Keys {
    pub(super) fn new(width: usize) -> Self {
        Keys { width, ..Keys::default() }
    }

    /// The key at a place.
    pub(super) fn get(&self, place: usize) -> &[u32] {
        &self.numbers[place * self.width..(place + 1) * self.width]
    }

    /// The place of a key, and whether it is new.
    pub(super) fn place_of(&mut self, key: &[u32]) -> (usize, bool) {
        let (numbers, width) = (&self.numbers, self.width);
        let at = |place: &u32| &numbers[*place as usize * width..(*place as usize + 1) * width];
        let entry = self.places.entry(hash(key), |place| at(place) == key, |place| hash(at(place)));
        let place = *entry.or_insert(number(self.n_keys)).get() as usize;
        let is_new = place == self.n_keys;
        if is_new {
            self.numbers.extend_from_slice(key);
            self.n_keys += 1;
        }
        (place, is_new)
    }
}

fn hash(key: &[u32]) -> u64 {
    let mut hasher = FxBuildHasher.build_hasher();
    for number in key {
        number.hash(&mut hasher);
    }
    std::hash::Hasher::finish(&hasher)
}

/// A place as it is kept: there are fewer than 2^32 texts and contexts, because a file of a day has fewer rows.
fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_keys_have_one_place_each() {
        let (mut codes, mut other) = (Codes::default(), Codes::default());
        assert_eq!(["a", "b", "a"].map(|text| codes.code(text)), [1, 2, 1]);
        assert_eq!(["c", "b"].map(|text| other.code(text)), [1, 2]);
        assert_eq!(codes.absorb(&other), [NULL, 3, 2]);
        assert_eq!([0, 1, 3, 4].map(|code| codes.text(code)), [None, Some("a"), Some("c"), None]);

        let mut keys = Keys::new(2);
        let found = [[1, 0], [0, 1], [1, 0]].map(|key| keys.place_of(&key));
        assert_eq!(found, [(0, true), (1, true), (0, false)]);
        assert_eq!(keys.get(1), [0, 1]);
        let mut none = Keys::new(0);
        assert_eq!([none.place_of(&[]), none.place_of(&[])], [(0, true), (0, false)]);
    }
}
