//! The skeletons of an object's records: one for any record, and one for each caller that calls again.
//!
//! Records of one caller have most in common: an identity, which is nearly half of a record, an agent, often
//! an address and a model. Every record may be laid against every skeleton, so that none is the wrong one.

use super::skeleton::{Skeleton, few_bytes};

/// How many callers have a skeleton of their own.
const MAX_CALLERS: usize = 32;

/// After how many records in a row of other callers all of them are forgotten: other objects have other
/// callers, and to look for those of before costs more than they save.
const MAX_STRANGERS: usize = 4;

/// A longer record is not remembered for its caller.
const MAX_BYTES: usize = 8 * 1024;

/// Some skeletons, of which one is chosen.
#[derive(Debug)]
pub(super) struct Skeletons {
    /// The first is for records of any caller.
    all: Vec<Skeleton>,
    chosen: usize,
    /// Which of the callers is forgotten next.
    next: usize,
    /// How many records in a row were of none of them.
    n_strangers: usize,
}

impl Default for Skeletons {
    fn default() -> Self {
        Skeletons { all: vec![Skeleton::default()], chosen: 0, next: 0, n_strangers: 0 }
    }
}

impl Skeletons {
    /// Chooses one of the same caller, or the first, and gives how many bytes the record has in common with
    /// it from the beginning.
    pub(super) fn choose(&mut self, record: &[u8]) -> usize {
        // Most callers make several requests in a row.
        let n_same_bytes = self.chosen().n_same_bytes(record);
        if self.all.len() == 1 || self.chosen().is_of_same_caller(n_same_bytes) {
            return n_same_bytes;
        }
        // Where the last one is unlike the record, one of its caller is not.
        let unlike = few_bytes(record, n_same_bytes);
        for (place, skeleton) in self.all.iter().enumerate() {
            if skeleton.few_bytes(n_same_bytes) == unlike {
                let n_same_bytes = skeleton.n_same_bytes(record);
                if skeleton.is_of_same_caller(n_same_bytes) {
                    self.chosen = place;
                    self.n_strangers = 0;
                    return n_same_bytes;
                }
            }
        }
        self.chosen = 0;
        self.n_strangers += 1;
        if self.n_strangers >= MAX_STRANGERS {
            self.all.truncate(1);
            (self.next, self.n_strangers) = (0, 0);
        }
        self.chosen().n_same_bytes(record)
    }

    pub(super) fn chosen(&self) -> &Skeleton {
        &self.all[self.chosen]
    }

    pub(super) fn chosen_mut(&mut self) -> &mut Skeleton {
        &mut self.all[self.chosen]
    }

    /// Takes one of another caller. A long one would be too much to remember.
    pub(super) fn add_caller(&mut self, skeleton: Skeleton) {
        if skeleton.n_bytes() > MAX_BYTES {
            return;
        }
        if self.all.len() <= MAX_CALLERS {
            self.all.push(skeleton);
        } else {
            self.all[1 + self.next] = skeleton;
            self.next = (self.next + 1) % MAX_CALLERS;
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
    fn choose(skeletons: &mut Skeletons, caller: &str) -> (usize, usize) {
        let n_same_bytes = skeletons.choose(record(caller, 9).as_bytes());
        (skeletons.chosen, n_same_bytes)
    }

    #[test]
    fn the_one_of_the_caller_is_chosen() {
        let mut skeletons = Skeletons::default();
        assert_eq!(choose(&mut skeletons, "first"), (0, 0));
        *skeletons.chosen_mut() = skeleton(&record("first", 1));
        for caller in ["second", "second-b", "s"] {
            skeletons.add_caller(skeleton(&record(caller, 1)));
        }
        let until_id = |caller: &str| record(caller, 9).len() - r#"9"}"#.len();
        for (caller, place) in
            [("s", 3), ("second", 1), ("second", 1), ("first", 0), ("second-b", 2)]
        {
            assert_eq!(choose(&mut skeletons, caller), (place, until_id(caller)), "{caller}");
        }
        let until_caller = r#"{"n":1,"userIdentity":{"arn":""#.len();
        assert_eq!(choose(&mut skeletons, "third"), (0, until_caller));
        // What is like one only until the end of its caller's name is of another.
        assert_eq!(choose(&mut skeletons, "second-").0, 0);
        // Without a caller, there is none to choose.
        assert_eq!(skeletons.choose(br#"{"n":1}"#), r#"{"n":1"#.len());
        assert_eq!(skeletons.chosen, 0);
    }

    #[test]
    fn callers_that_are_gone_are_forgotten() {
        let mut skeletons = Skeletons::default();
        *skeletons.chosen_mut() = skeleton(&record("first", 1));
        skeletons.add_caller(skeleton(&record("second", 1)));
        let strangers = |skeletons: &mut Skeletons, n_strangers: usize| {
            for number in 0..n_strangers {
                assert_eq!(choose(skeletons, &format!("stranger {number}")).0, 0);
            }
        };
        strangers(&mut skeletons, MAX_STRANGERS - 1);
        assert_eq!(choose(&mut skeletons, "second").0, 1);
        strangers(&mut skeletons, MAX_STRANGERS - 1);
        assert_eq!(choose(&mut skeletons, "first").0, 0);
        assert_eq!(choose(&mut skeletons, "second").0, 1, "the first is no stranger");
        strangers(&mut skeletons, MAX_STRANGERS);
        assert_eq!(choose(&mut skeletons, "second").0, 0);
    }

    #[test]
    fn some_callers_are_remembered() {
        let mut skeletons = Skeletons::default();
        let name = |number: usize| format!("caller {number} of some");
        for number in 0..MAX_CALLERS + 2 {
            skeletons.add_caller(skeleton(&record(&name(number), 1)));
        }
        let is_known = |number: &usize| choose(&mut skeletons, &name(*number)).0 > 0;
        let known = (0..MAX_CALLERS + 2).filter(is_known);
        assert!(known.eq(2..MAX_CALLERS + 2), "all but the first ones");
        let long = "x".repeat(MAX_BYTES);
        skeletons.add_caller(skeleton(&record(&long, 1)));
        assert_eq!(choose(&mut skeletons, &long).0, 0, "not remembered");
    }
}
