//! Who called and from where, as far as the calls of one role differ in it.

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

/// A caller's ARN, the name of its session, and its address. A role may have a session for each call, and a
/// session many addresses, so that this is no part of what calls have in common; the role's name is:
/// [`Said::principal_name`](crate::Said::principal_name). Cheap to clone.
#[derive(Clone)]
pub struct Caller(Arc<Inner>);

struct Inner {
    /// Of all, worked out where the texts are made: whoever looks for a caller among others need not read
    /// them.
    hash: u64,
    session: Session,
    /// Empty if there is none.
    address: Box<str>,
}

/// What callers share that differ in their addresses only: an ARN, and the name of the session. Cheap to
/// clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    hash: u64,
    arn_end: u32,
    name_start: u32,
    /// The ARN; behind it the session's name, unless the ARN ends with that. An empty text is none.
    text: Arc<str>,
}

impl Caller {
    /// Holds all three. An empty text says as little as none.
    ///
    /// # Panics
    /// If the ARN is 4 GiB long.
    pub fn new(arn: Option<&str>, session_name: Option<&str>, address: Option<&str>) -> Self {
        Session::new(arn, session_name).at(address)
    }

    /// The ARN: of the session for an assumed role.
    pub fn arn(&self) -> Option<&str> {
        self.0.session.arn()
    }

    /// The session's name, where there is one.
    pub fn session_name(&self) -> Option<&str> {
        self.0.session.name()
    }

    /// The address, or the name of an AWS service (`sourceIPAddress`).
    pub fn address(&self) -> Option<&str> {
        present(&self.0.address)
    }

    /// What it takes in memory, apart from the ARN and the session, which it may share with others.
    pub fn own_bytes(&self) -> usize {
        size_of::<Inner>() + self.0.address.len()
    }

    /// Where it lies in memory: the same for clones, and for no other that is held at the same time.
    pub fn place(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

impl Session {
    /// Holds both. An empty text says as little as none.
    ///
    /// # Panics
    /// If the ARN is 4 GiB long.
    pub fn new(arn: Option<&str>, name: Option<&str>) -> Self {
        let [arn, name] = [arn, name].map(Option::unwrap_or_default);
        let (name_start, text) = match arn.strip_suffix(name) {
            Some(before) => (before.len(), Arc::from(arn)),
            None => (arn.len(), [arn, name].concat().into()),
        };
        let [arn_end, name_start] = [arn.len(), name_start]
            .map(|end| u32::try_from(end).expect("a record is no longer than 64 MiB"));
        let hash = FxBuildHasher.hash_one((arn_end, name_start, &text));
        Session { hash, arn_end, name_start, text }
    }

    fn arn(&self) -> Option<&str> {
        present(&self.text[..self.arn_end as usize])
    }

    fn name(&self) -> Option<&str> {
        present(&self.text[self.name_start as usize..])
    }

    /// The caller at an address.
    #[must_use]
    pub fn at(&self, address: Option<&str>) -> Caller {
        let (session, address) = (self.clone(), Box::from(address.unwrap_or_default()));
        let hash = FxBuildHasher.hash_one((session.hash, &address));
        Caller(Arc::new(Inner { hash, session, address }))
    }
}

fn present(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

impl PartialEq for Caller {
    fn eq(&self, other: &Self) -> bool {
        let (mine, others) = (&*self.0, &*other.0);
        mine.hash == others.hash && mine.address == others.address && mine.session == others.session
    }
}

impl Eq for Caller {}

/// One that says nothing.
impl Default for Session {
    fn default() -> Self {
        Session::new(None, None)
    }
}

/// One that says nothing.
impl Default for Caller {
    fn default() -> Self {
        Caller::new(None, None, None)
    }
}

impl Hash for Caller {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("arn", &self.arn()).field("name", &self.name()).finish()
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("arn", &self.arn())
            .field("session_name", &self.session_name())
            .field("address", &self.address())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_comes_back() {
        let texts = [None, Some("role/s"), Some("role/"), Some("s"), Some("10.0.0.1")];
        let all = texts.iter().flat_map(|arn| {
            let pairs = texts.iter().flat_map(|name| texts.iter().map(move |at| (*name, *at)));
            pairs.map(|(name, at)| (*arn, name, at))
        });
        let all = all.collect::<Vec<_>>();
        for (place, &(arn, name, address)) in all.iter().enumerate() {
            let caller = Caller::new(arn, name, address);
            assert_eq!(
                (caller.arn(), caller.session_name(), caller.address()),
                (arn, name, address)
            );
            for (other, &(arn, name, address)) in all.iter().enumerate() {
                assert_eq!(caller == Caller::new(arn, name, address), place == other);
            }
            assert_eq!(Session::new(arn, name).at(address), caller);
            assert_eq!(caller.clone().place(), caller.place());
        }
        assert_eq!(Caller::new(Some(""), Some(""), Some("")), Caller::default());
        let again = || Caller::new(Some("role/s"), Some("s"), None);
        assert_ne!(again().place(), again().place());
    }
}
