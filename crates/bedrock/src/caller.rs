//! Who called, as far as the calls of one role differ in it.

use std::fmt;
use std::sync::Arc;

/// A caller's ARN and the name of its session. A role may have a session for each call, so that this is
/// no part of what calls have in common; the role's name is
/// ([`Said::principal_name`](crate::Said::principal_name)). Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Caller {
    /// The ARN, and the session's name behind it. An empty text is none.
    text: Arc<str>,
    arn_bytes: usize,
}

impl Caller {
    /// Holds both. An empty text says as little as none.
    pub fn new(arn: Option<&str>, session_name: Option<&str>) -> Self {
        let (arn, session_name) = (arn.unwrap_or_default(), session_name.unwrap_or_default());
        Caller { text: [arn, session_name].concat().into(), arn_bytes: arn.len() }
    }

    /// The ARN: of the session for an assumed role.
    pub fn arn(&self) -> Option<&str> {
        Some(&self.text[..self.arn_bytes]).filter(|arn| !arn.is_empty())
    }

    /// The session's name, where there is one.
    pub fn session_name(&self) -> Option<&str> {
        Some(&self.text[self.arn_bytes..]).filter(|name| !name.is_empty())
    }

    /// Where it lies in memory: the same for clones, and for no other that is held at the same time, but
    /// for those that say nothing.
    pub fn place(&self) -> usize {
        Arc::as_ptr(&self.text).addr()
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
        let both = (Some("arn"), Some("s"));
        for said in [both, (Some("arns"), None), (None, Some("arns")), (None, None)] {
            let caller = Caller::new(said.0, said.1);
            assert_eq!((caller.arn(), caller.session_name()), said);
            assert_eq!(caller == Caller::new(both.0, both.1), said == both);
            assert_eq!(caller.clone().place(), caller.place());
        }
        assert_eq!(Caller::new(Some(""), Some("")), Caller::default());
        assert_ne!(Caller::new(both.0, both.1).place(), Caller::new(both.0, both.1).place());
    }
}
