//! What is known of a condition key when a call is authorized, and three truth values.

use std::collections::{BTreeMap, BTreeSet};

/// What is known of a condition key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyState {
    /// The request does not have it.
    Absent,
    /// It has these values; most keys have one.
    Values(Vec<String>),
    /// The request has it, with a value that is not known.
    Present,
    /// The request has it, with a value that is not known, but matches one of these texts with `*` and `?`.
    Like(Vec<String>),
    /// Nothing is known of it.
    Unknown,
}

impl KeyState {
    /// One value.
    pub fn value(text: impl Into<String>) -> Self {
        KeyState::Values(vec![text.into()])
    }
}

/// Whether a statement, or a part of one, applies. The keys that it hangs on are with it, as the policies write
/// them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    /// It does not.
    False,
    /// It does.
    True,
    /// That depends on these keys.
    Unknown(BTreeSet<String>),
}

impl Truth {
    /// It depends on a key.
    pub(crate) fn of_key(key: &str) -> Self {
        Truth::Unknown(BTreeSet::from([key.to_owned()]))
    }

    /// A variable without a value takes the statement away: it applies only if these keys are there.
    pub(crate) fn needs(keys: BTreeSet<String>) -> Self {
        if keys.is_empty() { Truth::True } else { Truth::Unknown(keys) }
    }

    /// Both.
    pub(crate) fn and(self, other: impl FnOnce() -> Truth) -> Self {
        match self {
            Truth::False => Truth::False,
            Truth::True => other(),
            Truth::Unknown(mut keys) => match other() {
                Truth::False => Truth::False,
                Truth::True => Truth::Unknown(keys),
                Truth::Unknown(others) => {
                    keys.extend(others);
                    Truth::Unknown(keys)
                }
            },
        }
    }

    /// At least one.
    pub(crate) fn or(self, other: impl FnOnce() -> Truth) -> Self {
        self.not().and(|| other().not()).not()
    }

    /// The contrary.
    pub(crate) fn not(self) -> Self {
        match self {
            Truth::False => Truth::True,
            Truth::True => Truth::False,
            unknown @ Truth::Unknown(_) => unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(flag: bool) -> Self {
        if flag { Truth::True } else { Truth::False }
    }
}

/// The states of condition keys for one authorization, by their names in lower case. A key that is not in it is
/// unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    states: BTreeMap<String, KeyState>,
}

impl Context {
    /// What is known of a key, in any case.
    pub fn state(&self, key: &str) -> &KeyState {
        self.state_of_lower(&key.to_ascii_lowercase())
    }

    /// What is known of a key, by its name in lower case.
    pub(crate) fn state_of_lower(&self, key: &str) -> &KeyState {
        const UNKNOWN: &KeyState = &KeyState::Unknown;
        self.states.get(key).unwrap_or(UNKNOWN)
    }

    /// Says what is known of a key.
    pub fn set(&mut self, key: &str, state: KeyState) {
        self.states.insert(key.to_ascii_lowercase(), state);
    }
}
