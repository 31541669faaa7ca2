//! Who called, by what a `userIdentity` says.
//!
//! Few callers make most calls of an object, or each call comes from a session of its own. So that a value
//! is held to be known again only when it comes for the second time: the first time, its hash is.

use std::collections::hash_map::Entry;
use std::hash::BuildHasher;

use bedrock::Caller;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::texts::{MAX_TEXT_BYTES, Texts};
use crate::field::Fields;
use crate::identity::{IDENTITY, Identity, identity_of};
use crate::scan::Scan;

/// Type and name of who called, without ARN and session.
pub(super) type Principal = [Option<Box<str>>; 2];

/// The identities that were read, by number. The number 0 is that of an absent one.
#[derive(Debug)]
pub(super) struct Identities {
    /// By the hash of the value.
    seen: FxHashMap<u64, Seen>,
    /// What only the session says, and the number of the principal.
    callers: Vec<(Caller, u32)>,
    principals: Vec<Principal>,
    /// By the numbers of their texts.
    principal_numbers: FxHashMap<[u32; 2], u32>,
    n_bytes: usize,
}

/// How often a value was seen.
#[derive(Debug)]
enum Seen {
    Once,
    /// With its number.
    Again(Box<str>, u32),
}

impl Default for Identities {
    fn default() -> Self {
        Identities {
            seen: FxHashMap::default(),
            callers: vec![(Caller::default(), 0)],
            principals: vec![Principal::default()],
            principal_numbers: FxHashMap::from_iter([([0; 2], 0)]),
            n_bytes: 0,
        }
    }
}

impl Identities {
    /// What they take.
    pub(super) fn n_bytes(&self) -> usize {
        self.n_bytes
    }

    /// How many there are. A value that was seen again has one number only.
    pub(super) fn len(&self) -> usize {
        self.callers.len()
    }

    /// The session with a number, and the number of its principal.
    pub(super) fn caller(&self, number: u32) -> &(Caller, u32) {
        &self.callers[number as usize]
    }

    /// The principal with a number.
    pub(super) fn principal(&self, number: u32) -> &Principal {
        &self.principals[number as usize]
    }

    /// Goes over a value, and gives its text and its number. Nothing if it cannot be read.
    pub(super) fn read<'a>(
        &mut self,
        scan: &mut Scan<'a>,
        texts: &mut Texts,
    ) -> Option<(&'a str, u32)> {
        let (value, fields) = scan.fields(IDENTITY)?;
        let hash = FxBuildHasher.hash_one(value);
        if let Some(Seen::Again(known, number)) = self.seen.get(&hash)
            && **known == *value
        {
            return Some((value, *number));
        }
        let identity = identity_of(&Fields::of(IDENTITY, fields)).ok()?;
        let number = self.add(&identity, texts)?;
        match self.seen.entry(hash) {
            Entry::Vacant(place) => {
                place.insert(Seen::Once);
            }
            Entry::Occupied(mut place) => {
                // Of two with one hash, which is a freak, the second is read each time.
                if matches!(place.get(), Seen::Once) && value.len() <= MAX_TEXT_BYTES {
                    place.insert(Seen::Again(value.into(), number));
                    self.n_bytes += value.len();
                }
            }
        }
        Some((value, number))
    }

    fn add(&mut self, identity: &Identity<'_>, texts: &mut Texts) -> Option<u32> {
        let (kind, name) = (identity.kind.as_deref(), identity.name.as_deref());
        let key = [texts.number_of(kind)?, texts.number_of(name)?];
        let next = u32::try_from(self.principals.len()).ok()?;
        let principal = *self.principal_numbers.entry(key).or_insert_with(|| {
            self.principals.push([kind.map(Box::from), name.map(Box::from)]);
            next
        });
        let number = u32::try_from(self.callers.len()).ok()?;
        let caller = identity.caller();
        self.n_bytes += caller.n_bytes() + size_of::<(u64, Seen)>();
        self.callers.push((caller, principal));
        Some(number)
    }
}
