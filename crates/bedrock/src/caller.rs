//! Who called and from where, as far as the calls of one role differ in it.

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

/// A caller's ARN, the name of its session, and its address. A role may have a session for each call, and a
/// session many addresses, so that this is no part of what calls have in common; the role's name is
/// ([`Said::principal_name`](crate::Said::principal_name)). Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Caller {
    /// Of all that follows, worked out where the text is made: whoever looks for a caller among others
    /// need not read it.
    hash: u64,
    arn_end: usize,
    session_start: usize,
    address_start: usize,
    /// The ARN; behind it the session's name, unless the ARN ends with that; the address. An empty text is
    /// none.
    text: Arc<str>,
}

impl Caller {
    /// Holds all three. An empty text says as little as none.
    pub fn new(arn: Option<&str>, session_name: Option<&str>, address: Option<&str>) -> Self {
        let [arn, session_name, address] =
            [arn, session_name, address].map(Option::unwrap_or_default);
        let arn_end = arn.len();
        let (session_start, behind_arn) = match arn.strip_suffix(session_name) {
            Some(before) => (before.len(), ""),
            None => (arn_end, session_name),
        };
        let text = Arc::from([arn, behind_arn, address].concat());
        let address_start = arn_end + behind_arn.len();
        let hash = FxBuildHasher.hash_one((arn_end, session_start, address_start, &text));
        Caller { hash, arn_end, session_start, address_start, text }
    }

    /// The same from another address.
    #[must_use]
    pub fn at(&self, address: Option<&str>) -> Self {
        Caller::new(self.arn(), self.session_name(), address)
    }

    /// The ARN: of the session for an assumed role.
    pub fn arn(&self) -> Option<&str> {
        present(&self.text[..self.arn_end])
    }

    /// The session's name, where there is one.
    pub fn session_name(&self) -> Option<&str> {
        present(&self.text[self.session_start..self.address_start])
    }

    /// The address, or the name of an AWS service (`sourceIPAddress`).
    pub fn address(&self) -> Option<&str> {
        present(&self.text[self.address_start..])
    }

    /// What its texts take.
    pub fn n_bytes(&self) -> usize {
        self.text.len()
    }

    /// Where it lies in memory: the same for clones, and for no other that is held at the same time.
    pub fn place(&self) -> usize {
        Arc::as_ptr(&self.text).addr()
    }
}

fn present(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// One that says nothing.
impl Default for Caller {
    fn default() -> Self {
        Caller::new(None, None, None)
    }
}

impl Hash for Caller {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
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
