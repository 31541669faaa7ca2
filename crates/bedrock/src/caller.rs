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

/// What callers share that differ in their addresses only.
#[derive(Clone, PartialEq, Eq)]
struct Session {
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
        let session = Session::new(arn.unwrap_or_default(), session_name.unwrap_or_default());
        Caller::of(session, address)
    }

    /// The same from another address.
    #[must_use]
    pub fn at(&self, address: Option<&str>) -> Self {
        Caller::of(self.0.session.clone(), address)
    }

    fn of(session: Session, address: Option<&str>) -> Self {
        let address = Box::from(address.unwrap_or_default());
        let hash = FxBuildHasher.hash_one((session.hash, &address));
        Caller(Arc::new(Inner { hash, session, address }))
    }

    /// The ARN: of the session for an assumed role.
    pub fn arn(&self) -> Option<&str> {
        let Session { text, arn_end, .. } = &self.0.session;
        present(&text[..*arn_end as usize])
    }

    /// The session's name, where there is one.
    pub fn session_name(&self) -> Option<&str> {
        let Session { text, name_start, .. } = &self.0.session;
        present(&text[*name_start as usize..])
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
    fn new(arn: &str, name: &str) -> Self {
        let (name_start, text) = match arn.strip_suffix(name) {
            Some(before) => (before.len(), Arc::from(arn)),
            None => (arn.len(), [arn, name].concat().into()),
        };
        let [arn_end, name_start] = [arn.len(), name_start]
            .map(|end| u32::try_from(end).expect("a record is no longer than 64 MiB"));
        let hash = FxBuildHasher.hash_one((arn_end, name_start, &text));
        Session { hash, arn_end, name_start, text }
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
            assert_eq!(Caller::new(arn, name, None).at(address), caller);
            assert_eq!(caller.clone().place(), caller.place());
        }
        assert_eq!(Caller::new(Some(""), Some(""), Some("")), Caller::default());
        let again = || Caller::new(Some("role/s"), Some("s"), None);
        assert_ne!(again().place(), again().place());
    }
}
