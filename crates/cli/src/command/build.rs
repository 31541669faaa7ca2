//! `hoptrail build`: a run that takes readings in place of its source.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use pipeline::{Readings, Sums};
use store::{Location, S3Options};

use crate::args::{BuildArgs, OutputArgs, ReadingsArgs};
use crate::command::run::{self, Work};
use crate::exit::{Exit, Failure};
use crate::location;
use crate::messages::Messages;

/// What is built from.
#[derive(Debug, Clone)]
pub(crate) enum ReadingsInput {
    /// A stream on stdin, with the file that says what its days are built from.
    Stream { sums: PathBuf },
    /// A folder that shards wrote to.
    Folder { location: Location, options: Box<S3Options> },
}

/// Builds days.
///
/// # Errors
/// As those of a run, and if the readings cannot be used.
pub(crate) fn run(
    args: BuildArgs,
    output: &OutputArgs,
    messages: &Messages,
) -> Result<Exit, Failure> {
    let BuildArgs { readings: ReadingsArgs { readings, sums }, run } = args;
    let input = match (readings.as_str(), sums) {
        ("-", Some(sums)) => ReadingsInput::Stream { sums },
        ("-", None) => {
            return Err(Failure::usage(
                "--readings - needs --sums, the file that `plan --sums` wrote: what the days are to be built from is not known",
            ));
        }
        (_, Some(_)) => {
            return Err(Failure::usage(
                "--sums is for --readings -: what shards wrote has the sums beside it",
            ));
        }
        (uri, None) => {
            let location = location::required("--readings", Some(uri))?;
            ReadingsInput::Folder {
                location,
                options: Box::new(location::source_options(&run.aws)),
            }
        }
    };
    run::run(run, Work::Build(input), output, messages)
}

impl ReadingsInput {
    /// Opens the readings.
    ///
    /// # Errors
    /// If the sums cannot be read or are invalid, or the folder cannot be reached.
    pub(super) async fn open(
        &self,
        requests_in_flight: usize,
        messages: &Messages,
    ) -> Result<Readings, Failure> {
        match self {
            ReadingsInput::Stream { sums } => {
                let text = fs::read_to_string(sums)
                    .with_context(|| format!("--sums: {} cannot be read", sums.display()))?;
                let invalid =
                    |error| Failure::usage(format!("--sums: {}: {error}", sums.display()));
                let sums = Sums::parse(&text).map_err(invalid)?;
                Ok(Readings::Stream { rows: Box::new(std::io::stdin()), sums })
            }
            ReadingsInput::Folder { location, options } => {
                let what = "the readings";
                let store =
                    location::open_source(what, location, options, requests_in_flight, messages);
                Ok(Readings::Shards(store.await?))
            }
        }
    }
}
