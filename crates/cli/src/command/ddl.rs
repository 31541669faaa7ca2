//! `hoptrail ddl`: what the tables look like, for an engine or for people.

use store::Location;

use crate::args::{DdlArgs, Dialect};
use crate::command::print;
use crate::exit::{Exit, Failure};
use crate::place::location;

/// Prints it.
///
/// # Errors
/// If the location is none on S3.
pub fn run(args: &DdlArgs) -> Result<Exit, Failure> {
    match args.dialect {
        Dialect::Markdown => print(&tables::markdown::page())?,
        Dialect::Athena => {
            let location = location("--location", args.location.as_deref())?;
            let Location::S3 { .. } = location else {
                return Err(Failure::usage(format!(
                    "--location: expected s3://bucket/prefix, which Athena reads, found `{location}`"
                )));
            };
            let text = location.to_string();
            // Engines quote these each in their own way, and `$` begins a variable of the projection.
            if let Some(bad) = text.chars().find(|c| c.is_control() || "'\"`\\$".contains(*c)) {
                return Err(Failure::usage(format!(
                    "--location: expected a location without {bad:?}, which DDL cannot hold safely"
                )));
            }
            print(&tables::ddl::athena(&location.to_string()))?;
        }
    }
    Ok(Exit::Done)
}
