//! Who called, by what a `userIdentity` says.
//!
//! Few callers make most calls of an object, or each call comes from a session of its own. So that a value
//! is held to be known again only when it comes for the second time: the first time, its hash is.

use std::collections::hash_map::Entry;
use std::hash::BuildHasher;

use bedrock::{Caller, Session};
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::mold::Molds;
use super::texts::{MAX_TEXT_BYTES, Texts};
use crate::field::Fields;
use crate::identity::{IDENTITY, Identity, N_TELLING, identity_of, telling};
use crate::scan::Scan;

/// The identities that were read, by number. The number 0 is that of an absent one.
#[derive(Debug)]
pub(super) struct Identities {
    molds: Molds<N_TELLING>,
    /// By the hash of the value.
    seen: FxHashMap<u64, Seen>,
    /// What only the session says, and the number of the principal.
    sessions: Vec<(Session, u32)>,
    /// The same at addresses, by the hash of number and address. An object holds nearly every caller once.
    callers: FxHashMap<u64, (u32, Caller)>,
    /// The principals, and their numbers by those of their types and names.
    principals: Vec<Principal>,
    principal_numbers: FxHashMap<[u32; 2], u32>,
    n_bytes: usize,
}

/// What an identity gives to a context.
#[derive(Debug, Default)]
pub(crate) struct Principal {
    kind: Option<Box<str>>,
    name: Option<Box<str>>,
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
            molds: Molds::default(),
            seen: FxHashMap::default(),
            sessions: vec![(Session::default(), 0)],
            callers: FxHashMap::default(),
            principals: vec![Principal::default()],
            principal_numbers: FxHashMap::from_iter([([0; 2], 0)]),
            n_bytes: 0,
        }
    }
}

impl Principal {
    /// Its type and its name, as in an [`Identity`].
    pub(crate) fn texts(&self) -> (Option<&str>, Option<&str>) {
        (self.kind.as_deref(), self.name.as_deref())
    }
}

impl Identities {
    /// What they take.
    pub(super) fn n_bytes(&self) -> usize {
        self.n_bytes
    }

    /// How many there are. A value that was seen again has one number only.
    pub(super) fn len(&self) -> usize {
        self.sessions.len()
    }

    /// The number of the principal of an identity: of its type and its name.
    pub(super) fn principal_number(&self, number: u32) -> u32 {
        self.sessions[number as usize].1
    }

    /// The principal of an identity.
    pub(super) fn principal(&self, number: u32) -> &Principal {
        &self.principals[self.principal_number(number) as usize]
    }

    /// The caller with an identity at an address.
    pub(super) fn caller(&mut self, number: u32, address: Option<&str>) -> Caller {
        let caller = || self.sessions[number as usize].0.at(address);
        match self.callers.entry(FxBuildHasher.hash_one((number, address))) {
            Entry::Occupied(known) => match known.get() {
                (same, caller) if *same == number && caller.address() == address => caller.clone(),
                // Of two with one hash, which is a freak, the second is made each time.
                _ => caller(),
            },
            Entry::Vacant(place) => {
                let caller = caller();
                self.n_bytes += caller.own_bytes() + size_of::<(u64, u32, Caller)>();
                place.insert((number, caller)).1.clone()
            }
        }
    }

    /// Goes over a value, and gives its text and its number. Nothing if it cannot be read.
    pub(super) fn read<'a>(
        &mut self,
        scan: &mut Scan<'a>,
        texts: &mut Texts,
    ) -> Option<(&'a str, u32)> {
        let (value, telling) = self.molds.take(scan, |scan| {
            let (value, fields) = scan.fields(IDENTITY)?;
            Some((value, telling(&Fields::of(IDENTITY, fields)).ok()?))
        })?;
        let hash = FxBuildHasher.hash_one(value);
        if let Some(Seen::Again(known, number)) = self.seen.get(&hash)
            && **known == *value
        {
            return Some((value, *number));
        }
        let identity = identity_of(&telling).ok()?;
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
        let principal = self.add_principal(identity, texts)?;
        let number = u32::try_from(self.sessions.len()).ok()?;
        let session = identity.session();
        let texts = [&identity.arn, &identity.session_name].into_iter().flatten();
        self.n_bytes += texts.map(|text| text.len()).sum::<usize>();
        self.n_bytes += size_of::<(u64, Seen, Session, u32)>();
        self.sessions.push((session, principal));
        Some(number)
    }

    fn add_principal(&mut self, identity: &Identity<'_>, texts: &mut Texts) -> Option<u32> {
        let [kind, name] = [&identity.kind, &identity.name].map(Option::as_deref);
        let next = u32::try_from(self.principals.len()).ok()?;
        match self.principal_numbers.entry([texts.number_of(kind)?, texts.number_of(name)?]) {
            Entry::Occupied(known) => Some(*known.get()),
            Entry::Vacant(place) => {
                self.n_bytes += [kind, name].into_iter().flatten().map(str::len).sum::<usize>();
                self.n_bytes += size_of::<(Principal, [u32; 2], u32)>();
                let [kind, name] = [kind, name].map(|text| text.map(Box::from));
                self.principals.push(Principal { kind, name });
                Some(*place.insert(next))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_comes_again_has_one_number() {
        let (mut identities, mut texts) = (Identities::default(), Texts::default());
        let mut read = |value: &str| {
            let (text, number) = identities.read(&mut Scan::new(value), &mut texts)?;
            assert_eq!(text, value);
            let caller = |identities: &mut Identities| identities.caller(number, Some("192.0.2.1"));
            let (first, again) = (caller(&mut identities), caller(&mut identities));
            assert_eq!(first.place(), again.place());
            let principal = identities.principal_number(number);
            Some((number, principal, first.session_name().unwrap_or_default().to_owned()))
        };
        let session = |name: &str| {
            let arn = format!("arn:aws:sts::111122223333:assumed-role/app/{name}");
            format!(r#"{{"type":"AssumedRole","arn":"{arn}"}}"#)
        };
        let (s, t) = (session("s"), session("t"));
        let found = [&s, &s, &t, &s, &s, &t, &t].map(|value| read(value).expect("an identity"));
        let found = found.each_ref().map(|(number, _, name)| (*number, name.as_str()));
        let expected = [(1, "s"), (2, "s"), (3, "t"), (2, "s"), (2, "s"), (4, "t"), (4, "t")];
        assert_eq!(found, expected);
        assert_eq!(read("null"), Some((5, 0, String::new())), "says what an absent one says");
        assert_eq!(read(&s).map(|found| found.1), read(&t).map(|found| found.1), "one role");
        for broken in ["\"me\"", "{\"arn\":5}", "{", r#"{"\u0061rn":"x"}"#] {
            assert_eq!(read(broken), None, "{broken}");
        }
    }
}
