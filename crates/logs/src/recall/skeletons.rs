//! Which record another is laid against: one of the same caller, if that calls again and again, or any.
//!
//! Records of one caller have most in common: an identity, which is nearly half of a record, an agent, often
//! an address and a model. Every record may be laid against every skeleton, so that none is the wrong one.

use super::latest::Latest;
use super::skeleton::{Skeleton, few_bytes};

/// How many callers have a skeleton of their own.
const MAX_CALLERS: usize = 32;

/// After how many records in a row of other callers all of them are forgotten: other objects have other
/// callers, and to look for those of before costs more than they save.
const MAX_STRANGERS: usize = 4;

/// A longer record is not remembered for its caller.
const MAX_BYTES: usize = 8 * 1024;

/// Some skeletons, of which one is chosen.
#[derive(Debug, Default)]
pub(super) struct Skeletons {
    /// For records of any caller.
    any: Skeleton,
    callers: Latest<Skeleton, MAX_CALLERS>,
    /// The place of a caller's, if that is chosen.
    chosen: Option<usize>,
    /// How many records in a row were of no caller that has one.
    n_strangers: usize,
}

impl Skeletons {
    /// Chooses one of the same caller, or the one for any, and gives how many bytes the record has in common
    /// with it from the beginning.
    pub(super) fn choose(&mut self, record: &[u8]) -> usize {
        // Most callers make several requests in a row.
        let mut n_same_bytes = self.chosen().n_same_bytes(record);
        if self.callers.is_empty() {
            return n_same_bytes;
        }
        if !self.chosen().is_of_same_caller(n_same_bytes) {
            // Where the last one is unlike the record, one of its caller is not.
            let unlike = few_bytes(record, n_same_bytes);
            let is_of_same_caller = |skeleton: &Skeleton| {
                skeleton.few_bytes(n_same_bytes) == unlike
                    && skeleton.is_of_same_caller(skeleton.n_same_bytes(record))
            };
            self.chosen = self.callers.iter().position(is_of_same_caller);
            n_same_bytes = self.chosen().n_same_bytes(record);
        }
        if self.chosen().is_of_same_caller(n_same_bytes) {
            self.n_strangers = 0;
        } else if self.n_strangers + 1 < MAX_STRANGERS {
            self.n_strangers += 1;
        } else {
            self.callers = Latest::default();
            self.n_strangers = 0;
        }
        n_same_bytes
    }

    pub(super) fn chosen(&self) -> &Skeleton {
        self.chosen.map_or(&self.any, |place| &self.callers[place])
    }

    pub(super) fn chosen_mut(&mut self) -> &mut Skeleton {
        match self.chosen {
            Some(place) => &mut self.callers[place],
            None => &mut self.any,
        }
    }

    /// Takes one of another caller. A long one would be too much to remember.
    pub(super) fn add_caller(&mut self, skeleton: Skeleton) {
        if skeleton.n_bytes() <= MAX_BYTES {
            self.callers.push(skeleton);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Known;
    use super::*;

    fn record(caller: &str, id: usize) -> String {
        format!(r#"{{"n":1,"userIdentity":{{"arn":"{caller}"}},"eventID":"{id}"}}"#)
    }

    fn skeleton(record: &str) -> Skeleton {
        Skeleton::of(record, &mut Known::default()).expect("a record")
    }

    /// The place of the one that is chosen for a caller, and how much of the record is like it.
    fn choose(skeletons: &mut Skeletons, caller: &str) -> (Option<usize>, usize) {
        let n_same_bytes = skeletons.choose(record(caller, 9).as_bytes());
        (skeletons.chosen, n_same_bytes)
    }

    #[test]
    fn the_one_of_the_caller_is_chosen() {
        let mut skeletons = Skeletons::default();
        assert_eq!(choose(&mut skeletons, "first"), (None, 0));
        *skeletons.chosen_mut() = skeleton(&record("first", 1));
        for caller in ["second", "second-b", "s"] {
            skeletons.add_caller(skeleton(&record(caller, 1)));
        }
        let until_id = |caller: &str| record(caller, 9).len() - r#"9"}"#.len();
        for (caller, place) in [
            ("s", Some(2)),
            ("second", Some(0)),
            ("second", Some(0)),
            ("first", None),
            ("second-b", Some(1)),
        ] {
            assert_eq!(choose(&mut skeletons, caller), (place, until_id(caller)), "{caller}");
        }
        let until_caller = r#"{"n":1,"userIdentity":{"arn":""#.len();
        assert_eq!(choose(&mut skeletons, "third"), (None, until_caller));
        // What is like one only until the end of its caller's name is of another.
        assert_eq!(choose(&mut skeletons, "second-").0, None);
        // Without a caller, there is none to choose.
        assert_eq!(skeletons.choose(br#"{"n":1}"#), r#"{"n":1"#.len());
        assert_eq!(skeletons.chosen, None);
    }

    #[test]
    fn callers_that_are_gone_are_forgotten() {
        let mut skeletons = Skeletons::default();
        *skeletons.chosen_mut() = skeleton(&record("first", 1));
        skeletons.add_caller(skeleton(&record("second", 1)));
        let strangers = |skeletons: &mut Skeletons, n_strangers: usize| {
            for number in 0..n_strangers {
                assert_eq!(choose(skeletons, &format!("stranger {number}")).0, None);
            }
        };
        // The first is no stranger, nor is one that calls again.
        for (caller, place) in [("second", Some(0)), ("first", None), ("first", None)] {
            assert_eq!(choose(&mut skeletons, caller).0, place);
            strangers(&mut skeletons, MAX_STRANGERS - 1);
        }
        assert_eq!(choose(&mut skeletons, "second").0, Some(0));
        strangers(&mut skeletons, MAX_STRANGERS);
        assert_eq!(choose(&mut skeletons, "second").0, None);
    }

    #[test]
    fn some_callers_are_remembered() {
        let mut skeletons = Skeletons::default();
        let name = |number: usize| format!("caller {number} of some");
        for number in 0..MAX_CALLERS + 2 {
            skeletons.add_caller(skeleton(&record(&name(number), 1)));
        }
        let is_known = |number: &usize| choose(&mut skeletons, &name(*number)).0.is_some();
        let known = (0..MAX_CALLERS + 2).filter(is_known);
        assert!(known.eq(2..MAX_CALLERS + 2), "all but the first ones");
        let long = "x".repeat(MAX_BYTES);
        skeletons.add_caller(skeleton(&record(&long, 1)));
        assert_eq!(choose(&mut skeletons, &long).0, None, "not remembered");
    }
}
