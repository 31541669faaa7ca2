//! Who called, as far as the calls of one role differ in it.

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

/// A caller's ARN and the name of its session. A role may have a session for each call, so that this is
/// no part of what calls have in common; the role's name is
/// ([`Said::principal_name`](crate::Said::principal_name)). Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Caller {
    /// Of all that follows, worked out where the text is made: whoever looks for a caller among others
    /// need not read it.
    hash: u64,
    arn_bytes: usize,
    session_start: usize,
    /// The ARN, and behind it the session's name unless the ARN ends with that. An empty text is none.
    text: Arc<str>,
}

impl Caller {
    /// Holds both. An empty text says as little as none.
    pub fn new(arn: Option<&str>, session_name: Option<&str>) -> Self {
        let (arn, session_name) = (arn.unwrap_or_default(), session_name.unwrap_or_default());
        let arn_bytes = arn.len();
        let (text, session_start) = match arn.strip_suffix(session_name) {
            Some(before) => (Arc::from(arn), before.len()),
            None => ([arn, session_name].concat().into(), arn_bytes),
        };
        let hash = FxBuildHasher.hash_one((arn_bytes, session_start, &text));
        Caller { hash, arn_bytes, session_start, text }
    }

    /// The ARN: of the session for an assumed role.
    pub fn arn(&self) -> Option<&str> {
        Some(&self.text[..self.arn_bytes]).filter(|arn| !arn.is_empty())
    }

    /// The session's name, where there is one.
    pub fn session_name(&self) -> Option<&str> {
        Some(&self.text[self.session_start..]).filter(|name| !name.is_empty())
    }

    /// What its texts take.
    pub fn n_bytes(&self) -> usize {
        self.text.len()
    }

    /// Where it lies in memory: the same for clones, and for no other that is held at the same time, but
    /// for those that say nothing.
    pub fn place(&self) -> usize {
        Arc::as_ptr(&self.text).addr()
    }
}

/// One that says nothing.
impl Default for Caller {
    fn default() -> Self {
        Caller::new(None, None)
    }
}

impl Hash for Caller {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (arn, session_name) = (self.arn(), self.session_name());
        f.debug_struct("Caller").field("arn", &arn).field("session_name", &session_name).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_comes_back() {
        let all = [
            (Some("role/s"), Some("s")),
            (Some("role/"), Some("s")),
            (Some("role/s"), None),
            (None, Some("role/s")),
            (Some("role/s"), Some("role/s")),
            (None, None),
        ];
        for (place, said) in all.into_iter().enumerate() {
            let caller = Caller::new(said.0, said.1);
            assert_eq!((caller.arn(), caller.session_name()), said);
            for (other, also_said) in all.into_iter().enumerate() {
                assert_eq!(caller == Caller::new(also_said.0, also_said.1), place == other);
            }
            assert_eq!(caller.clone().place(), caller.place());
        }
        assert_eq!(Caller::new(Some(""), Some("")), Caller::default());
        let again = || Caller::new(Some("role/s"), Some("s"));
        assert_ne!(again().place(), again().place());
    }
}
