//! That there was nothing to read in a range, with what is needed to see why.

use std::collections::BTreeMap;

use serde::Serialize;

/// What was looked at when nothing was found, and what is near.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NothingFound {
    /// The days of the range.
    pub range: String,
    /// How many prefixes were looked at, and the first of them.
    pub prefixes: usize,
    /// The first prefixes that were looked at.
    pub examples: Vec<String>,
    /// The first and the last day that have a folder in these prefixes.
    pub near: Vec<String>,
    /// Files of the range that are no log files.
    pub skipped: u64,
    /// Their number by the end of their names.
    pub skipped_suffixes: BTreeMap<String, u64>,
}

impl std::fmt::Display for NothingFound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let NothingFound { range, prefixes, examples, near, skipped, skipped_suffixes } = self;
        let plural = if *prefixes == 1 { "" } else { "es" };
        // Where there are files, it would be wrong to say that there are no objects.
        let what = if *skipped == 0 { "objects" } else { "log files" };
        write!(f, "no {what} delivered on {range}; looked at {prefixes} prefix{plural}")?;
        if !examples.is_empty() {
            write!(f, ", such as {}", examples.join(", "))?;
        }
        if *skipped > 0 {
            let suffixes =
                skipped_suffixes.iter().map(|(suffix, files)| format!("{suffix}: {files}"));
            let suffixes = suffixes.collect::<Vec<_>>().join(", ");
            let are = if *skipped == 1 {
                "file there is no log file"
            } else {
                "files there are no log files"
            };
            write!(f, "; {skipped} {are} ({suffixes})")?;
        }
        match near.as_slice() {
            [] => write!(f, "; no folder there is one of a day"),
            [only] => write!(f, "; the only day with a folder there is {only}"),
            [first, .., last] => write!(f, "; the days with folders there are {first} to {last}"),
        }
    }
}
