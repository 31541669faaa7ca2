//! What ends a run.

use std::collections::BTreeSet;

use bedrock::alias::AliasFileError;
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use tables::WriteError;

use crate::day::calls::HoldError;
use crate::lease::LeaseError;

/// What ends a run. An object that cannot be read does not.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The source cannot be listed.
    #[error("the source cannot be listed")]
    List(#[source] store::Error),
    /// A source fails as a whole while it is read. Days that were published before are complete.
    #[error(transparent)]
    SourceFailed(Box<SourceFailure>),
    /// The destination cannot be written.
    #[error("the destination cannot be written")]
    Write(#[source] store::Error),
    /// The destination cannot be read.
    #[error("the destination cannot be read")]
    Destination(#[source] store::Error),
    /// A table that was written cannot be read as one.
    #[error("a table at the destination cannot be read")]
    Answer(#[source] tables::read::ReadError),
    /// What is too large to be held, calls or a table, cannot be written to a temporary file, or read from
    /// it.
    #[error("temporary files cannot be used in {}", std::env::temp_dir().display())]
    Temporary(#[source] std::io::Error),
    /// A day's calls have more distinct texts than there are ids.
    #[error("a day's calls have too many distinct texts")]
    TooManyTexts(#[source] bedrock::InternerFull),
    /// A manifest cannot be written as JSON.
    #[error("the manifest of a day cannot be encoded")]
    Manifest(#[source] serde_json::Error),
    /// The destination is another run's, or its lease cannot be kept.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// Readings cannot be read, or were made with something else.
    #[error("the readings cannot be used")]
    ReadReadings(#[source] readings::ReadError),
    /// Readings of shards cannot be fetched.
    #[error("the readings cannot be fetched")]
    FetchReadings(#[source] store::Error),
    /// The readings of shards are not whole, or not of one kind.
    #[error("the readings in {location} cannot be used: {what}")]
    Shards {
        /// Where they are.
        location: String,
        /// What was expected and what was found.
        what: String,
    },
    /// Readings of several days cannot be written to a temporary file for each.
    #[error("the readings cannot be parted by day")]
    PartReadings(#[source] readings::WriteError),
    /// Readings of a day are not those that were expected. Nothing of it is published.
    #[error("the readings of {day} cannot be used: {what}")]
    Readings {
        /// The day.
        day: Date,
        /// What was expected and what was found.
        what: String,
    },
    /// Readings cannot be written.
    #[error(transparent)]
    WriteReadings(readings::WriteError),
    /// The caller wanted the run to end. Days that were published before are complete.
    #[error("the run was stopped")]
    Stopped,
    /// Counts contradict each other. This is a bug in hoptrail, and nothing is published with them.
    #[error("the counts of {of} do not add up: {reason}; please report this")]
    Counts {
        /// The object, the day, or the run.
        of: String,
        /// What was expected and what was found.
        reason: String,
    },
    /// A manifest is of a version that is not read any more.
    #[error(
        "`{key}` at the destination was built by version 1 of the tables (hoptrail 0.1), which this \
         version does not read: build into a new destination"
    )]
    Version1 {
        /// The manifest's key.
        key: String,
    },
    /// Each rebuild of a day makes another one necessary. This is a bug in hoptrail.
    #[error("rebuilding days did not converge after {passes} passes; please report this")]
    NotConverged {
        /// How many passes there were.
        passes: usize,
    },
    /// What earlier runs discovered is corrupt.
    #[error("`{key}` at the destination is corrupt; repair or delete it")]
    DiscoveredFile {
        /// Its key.
        key: String,
        /// What is wrong with it.
        #[source]
        source: AliasFileError,
    },
    /// A file at the destination is larger than one that hoptrail writes.
    #[error(
        "`{key}` at the destination has {bytes} bytes, expected {max} at most; repair or delete it"
    )]
    TooLarge {
        /// Its key.
        key: String,
        /// Its size.
        bytes: u64,
        /// How large it may be.
        max: u64,
    },
    /// Other runs replaced an object whenever this one was about to.
    #[error(
        "`{key}` at the destination cannot be written: other runs replaced it {tries} times meanwhile"
    )]
    Contended {
        /// Its key.
        key: String,
        /// How often.
        tries: u64,
    },
    /// There are no logs of the kind that was expected.
    #[error(
        "no {folder} log files below {location}: expected \
         `<account>/{folder}/<Region>/YYYY/MM/DD/` or files named like those of a trail somewhere there, \
         found {found} ({looked_at}); files of another layout are read with `--layout any`"
    )]
    NoLogs {
        /// Where they were looked for.
        location: String,
        /// The folder's name that shows the kind.
        folder: &'static str,
        /// What is there instead.
        found: String,
        /// How much was looked at.
        looked_at: String,
    },
    /// No account or no Region is one that is asked for.
    #[error("{option}: nothing below {location} matches {asked}; found {found}")]
    NothingMatches {
        /// The option.
        option: &'static str,
        /// Its values.
        asked: String,
        /// The source.
        location: String,
        /// What there is.
        found: String,
    },
    /// Two sources have an object of one name, and the name does not say that they are the same.
    #[error(
        "`{name}` is in two sources, as {first} and {second}, and its name is not that of a log file of a \
         trail: give one of the sources a `name` in the settings file"
    )]
    SameName {
        /// The object's name.
        name: String,
        /// One of the two.
        first: String,
        /// The other.
        second: String,
    },
    /// The outputs of batch jobs cannot be listed.
    #[error("the outputs of batch jobs (--batch-outputs) cannot be read")]
    BatchOutputs(#[source] store::Error),
    /// What is kept of batch jobs is corrupt.
    #[error(
        "`{key}` at the destination is corrupt: expected an ID and a state in line {line}; repair or delete it"
    )]
    JobStates {
        /// Its key.
        key: String,
        /// The line.
        line: usize,
    },
    /// A line of what is given is not as expected.
    #[error(transparent)]
    Line(#[from] LineError),
    /// Lines that are given cannot be read.
    #[error("the lines cannot be read")]
    Lines(#[source] std::io::Error),
    /// A range is needed.
    #[error("a range of days is needed to read a trail")]
    NoRange,
    /// A table that a manifest vouches for is corrupt.
    #[error("`{key}` at the destination is corrupt; rebuild its day with --force")]
    CorruptTable {
        /// Its key.
        key: String,
        /// What is wrong with it.
        #[source]
        source: Box<tables::read::ReadError>,
    },
    /// The tables cannot be encoded.
    #[error("the tables of {day} cannot be encoded")]
    Encode {
        /// The day.
        day: String,
        /// What is wrong.
        #[source]
        source: WriteError,
    },
    /// The table of accounts cannot be encoded.
    #[error("the table of accounts cannot be encoded")]
    Accounts(#[source] WriteError),
    /// The threads cannot be started.
    #[error("the worker threads cannot be started")]
    Threads(#[source] rayon::ThreadPoolBuildError),
    /// A worker died. This is a bug in hoptrail.
    #[error("a worker thread ended early; please report this")]
    Worker,
}

/// That a source fails as a whole, and not some objects of it.
#[derive(Debug, thiserror::Error)]
#[error("{what} cannot be read: {why}")]
pub struct SourceFailure {
    /// Which, in words.
    pub(crate) what: &'static str,
    /// How many objects failed, and the permission that is likely missing.
    pub(crate) why: String,
    /// The last error.
    pub(crate) source: store::Error,
}

/// A line of an input that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct LineError {
    /// Its number, counted from 1.
    pub line: u64,
    /// What was expected, and what was found.
    pub reason: String,
}

impl LineError {
    /// Reads a line as an object of JSON. What was found instead, if it is none, or lacks a field.
    pub(crate) fn object<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
        // An array would do for the fields in their order.
        if !text.trim_ascii_start().starts_with(b"{") {
            return Err("found no object of JSON".to_owned());
        }
        serde_json::from_slice(text).map_err(|error| {
            // Without its place: every line is number 1 to the reader.
            let text = error.to_string();
            let text = text.split(" at line ").next().unwrap_or_default();
            format!("found other JSON: {text}")
        })
    }
}

/// An error with its causes, in one line.
pub(crate) fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

impl Error {
    /// That the values of an option match nothing that is `there`.
    pub(crate) fn nothing_matches(
        option: &'static str,
        asked: &BTreeSet<String>,
        location: String,
        there: &BTreeSet<String>,
    ) -> Self {
        let (asked, found) = (list_of_names(asked), list_of_names(there));
        Error::NothingMatches { option, asked, location, found }
    }

    /// Whether nobody reads any more what was to be written.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Error::WriteReadings(error) if error.is_broken_pipe())
    }

    /// That of a table that cannot be written: to a temporary file, or at all.
    pub(crate) fn of_table(day: Date, error: WriteError) -> Self {
        match error {
            WriteError::Sink { source, .. } => Error::Temporary(source),
            source => Error::Encode { day: day.to_string(), source },
        }
    }
}

/// Names, the first of them one by one.
pub(crate) fn list_of_names(names: &BTreeSet<String>) -> String {
    const SHOWN: usize = 5;
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let shown = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>();
    let more = names.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}

impl From<HoldError> for Error {
    fn from(error: HoldError) -> Self {
        match error {
            HoldError::Temporary(source) => Error::Temporary(source),
            HoldError::Full(source) => Error::TooManyTexts(source),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::io;

    use jiff::civil::date;

    use super::*;

    #[test]
    fn full_disk_is_an_error_that_names_the_folder() {
        let full = WriteError::Sink { table: "t", source: io::Error::other("full") };
        let error = Error::of_table(date(2026, 10, 1), full);
        let folder = std::env::temp_dir();
        let expected = format!("temporary files cannot be used in {}", folder.display());
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("full"));
    }
}
