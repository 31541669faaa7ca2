//! That there was nothing to read in a range, with what is needed to see why.

use serde::Serialize;

use crate::dates::DayRange;

/// What was looked at when nothing was found, and what is near.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NothingFound {
    /// The days of the range.
    pub range: String,
    /// How many prefixes were looked at, and the first of them.
    pub prefixes: usize,
    /// The first prefixes that were looked at.
    pub examples: Vec<String>,
    /// The first and the last delivery day that exists near, with its prefix.
    pub near: Vec<String>,
}

impl NothingFound {
    /// Says that there was nothing in a range.
    pub(crate) fn new(
        range: DayRange,
        examples: Vec<String>,
        prefixes: usize,
        near: Vec<String>,
    ) -> Self {
        NothingFound { range: range.to_string(), prefixes, examples, near }
    }
}

impl std::fmt::Display for NothingFound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let NothingFound { range, prefixes, examples, near } = self;
        let plural = if *prefixes == 1 { "" } else { "es" };
        write!(f, "no objects delivered on {range}; looked at {prefixes} prefix{plural}")?;
        if !examples.is_empty() {
            write!(f, ", such as {}", examples.join(", "))?;
        }
        match near.as_slice() {
            [] => write!(f, "; there are no log files in them at all"),
            near => write!(f, "; there are log files on {}", near.join(", ")),
        }
    }
}
