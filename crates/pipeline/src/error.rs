//! What ends a run.

use bedrock::alias::AliasFileError;
use jiff::civil::Date;
use tables::WriteError;

use crate::day::DayRange;
use crate::lease::Holder;

/// What ends a run. An object that cannot be read does not.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The source cannot be listed.
    #[error("the source cannot be listed")]
    List(#[source] store::Error),
    /// The destination cannot be written.
    #[error("the destination cannot be written")]
    Write(#[source] store::Error),
    /// The destination cannot be read.
    #[error("the destination cannot be read")]
    Destination(#[source] store::Error),
    /// What is too large to be held, calls or a table, cannot be written to a temporary file, or read from
    /// it.
    #[error("temporary files cannot be used in {}", std::env::temp_dir().display())]
    Temporary(#[source] std::io::Error),
    /// A manifest cannot be written as JSON.
    #[error("the manifest of a day cannot be encoded")]
    Manifest(#[source] serde_json::Error),
    /// Another run writes to the destination.
    #[error(
        "another run is writing to {location}: {holder}; its lease `{}` holds until {:.0} unless it is \
         renewed; to wait for it: --wait-lock",
        crate::lease::LEASE_KEY, holder.until
    )]
    Held {
        /// The destination.
        location: String,
        /// Who holds it.
        holder: Box<Holder>,
    },
    /// Another run has taken over the destination, because this one did not renew its lease in time.
    #[error("another run has taken over {location}: this one did not renew its lease in time")]
    LeaseLost {
        /// The destination.
        location: String,
    },
    /// Days do not settle: each build of one opens another. This is a bug in hoptrail.
    #[error("the days do not settle after {passes} passes; please report this")]
    Unsettled {
        /// How many passes there were.
        passes: usize,
    },
    /// What earlier runs discovered is damaged.
    #[error("`{key}` at the destination is damaged; mend it or delete it")]
    DiscoveredFile {
        /// Its key.
        key: String,
        /// What is wrong with it.
        #[source]
        source: AliasFileError,
    },
    /// There are no logs of the kind that was expected.
    #[error(
        "no {folder} log files below {location}: expected \
         `AWSLogs/<account>/{folder}/<Region>/` there, found {found}; \
         a folder of another layout is read with `--layout any`"
    )]
    NoLogs {
        /// Where they were looked for.
        location: String,
        /// The folder's name that tells the kind.
        folder: &'static str,
        /// What is there instead.
        found: String,
    },
    /// There are too many folders above `AWSLogs/`.
    #[error(
        "more than {limit} folders below {location} without an `AWSLogs/`: \
         name a source that is nearer to it"
    )]
    TooManyFolders {
        /// The source.
        location: String,
        /// How many folders were looked into.
        limit: usize,
    },
    /// A range is needed.
    #[error("a range of days is needed to read a trail")]
    NoRange,
    /// A table that a manifest vouches for is damaged.
    #[error("`{key}` at the destination is damaged; build its day again with --force")]
    Standing {
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
    /// The threads cannot be started.
    #[error("the worker threads cannot be started")]
    Threads(#[source] rayon::ThreadPoolBuildError),
    /// A worker died. This is a bug in hoptrail.
    #[error("a worker thread ended early; please report this")]
    Worker,
}

impl Error {
    /// That of a table that cannot be written: to a temporary file, or at all.
    pub(crate) fn of_table(day: Date, error: WriteError) -> Self {
        match error {
            WriteError::Sink { source, .. } => Error::Temporary(source),
            source => Error::Encode { day: day.to_string(), source },
        }
    }
}

/// What was looked at when nothing was found, and what lies near.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct NothingFound {
    /// The days that were asked for.
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
    pub fn new(range: DayRange, examples: Vec<String>, prefixes: usize, near: Vec<String>) -> Self {
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

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::io;

    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_full_disk_is_told_with_its_folder() {
        let full = WriteError::Sink { table: "t", source: io::Error::other("full") };
        let error = Error::of_table(date(2026, 10, 1), full);
        let folder = std::env::temp_dir();
        let expected = format!("temporary files cannot be used in {}", folder.display());
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("full"));
    }
}
