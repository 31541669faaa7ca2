//! The model invocation logs that a day was built with: input as source objects are.

use std::collections::BTreeMap;

use logs::layout::DateFolder;
use serde::{Deserialize, Serialize};

use super::{SourceSet, Sources};
use crate::source::list::ListedObject;

/// The logs around a day, as its manifest keeps them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LogSources {
    /// All of them.
    #[serde(flatten)]
    pub all: Sources,
    /// How many of them could not be read.
    #[serde(default)]
    pub unreadable: u64,
    /// How many entries gave a call of the day its tokens.
    #[serde(default)]
    pub joined: u64,
    /// The folders that they are in, without dates, each with its number of objects. They are as names are:
    /// below the location, wherever that is, because a copy of the logs is the same input.
    #[serde(default)]
    pub folders: BTreeMap<String, u64>,
}

/// Builds a [`LogSources`] from objects, in any order.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogSet {
    all: SourceSet,
    folders: BTreeMap<String, u64>,
    unreadable: u64,
}

impl LogSources {
    /// How many could be read.
    pub(crate) fn readable(&self) -> u64 {
        self.all.objects.saturating_sub(self.unreadable)
    }
}

impl LogSet {
    /// Adds an object.
    pub(crate) fn add(&mut self, object: &ListedObject) {
        self.all.add(&object.meta);
        let folder = folder_of(&object.meta.key);
        match self.folders.get_mut(folder) {
            Some(objects) => *objects += 1,
            None => drop(self.folders.insert(folder.to_owned(), 1)),
        }
    }

    /// Takes note that one of the objects cannot be read.
    pub(crate) fn add_unreadable(&mut self) {
        self.unreadable += 1;
    }

    /// Adds the objects of another set.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.all.merge(&other.all);
        self.unreadable += other.unreadable;
        for (folder, objects) in &other.folders {
            *self.folders.entry(folder.clone()).or_default() += objects;
        }
    }

    /// What was added.
    pub(crate) fn sources(self) -> LogSources {
        let LogSet { all, folders, unreadable } = self;
        LogSources { all: all.sources(), unreadable, joined: 0, folders }
    }
}

/// The folder of a name, to where it says a date; `.` if there is none.
fn folder_of(name: &str) -> &str {
    let mut end = 0;
    for (at, _) in name.match_indices('/') {
        let folder = &name[end..at];
        if DateFolder::None.child(folder.trim_start_matches('/')).is_some() {
            break;
        }
        end = at;
    }
    if end == 0 { "." } else { &name[..end] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_ends_before_the_date() {
        for (name, folder) in [
            (
                "1/BedrockModelInvocationLogs/us-east-1/2026/10/05/04/a.json.gz",
                "1/BedrockModelInvocationLogs/us-east-1",
            ),
            ("logs/dt=2026-10-05/a.json", "logs"),
            ("2026/10/05/a.json", "."),
            ("exports/a.json", "exports"),
            ("a.json", "."),
        ] {
            assert_eq!(folder_of(name), folder, "{name}");
        }
    }
}
