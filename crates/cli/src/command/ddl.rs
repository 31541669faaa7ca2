//! `hoptrail ddl`: the definition of the tables, for a query engine or for people.

use store::Location;

use crate::args::{DdlArgs, Dialect};
use crate::command::print;
use crate::exit::{Exit, Failure};
use crate::location;

/// Prints it.
///
/// # Errors
/// If the location is not on S3.
pub(crate) fn run(args: &DdlArgs) -> Result<Exit, Failure> {
    match args.dialect {
        Dialect::Markdown => print(&tables::markdown::page())?,
        Dialect::Athena => {
            let location = location::required("--location", args.location.as_deref())?;
            let Location::S3 { bucket, .. } = &location else {
                return Err(Failure::usage(format!(
                    "--location: expected s3://bucket/prefix, found `{location}`"
                )));
            };
            if bucket.starts_with("arn:") {
                return Err(Failure::usage(format!(
                    "--location: expected s3://bucket/prefix with a bucket or the alias of an access \
                     point, which is all that Athena reads, found `{location}`"
                )));
            }
            let text = location.to_string();
            // Engines differ in how they quote these, and `$` begins a variable of the projection.
            if let Some(bad) = text.chars().find(|c| c.is_control() || "'\"`\\$".contains(*c)) {
                return Err(Failure::usage(format!(
                    "--location: expected a location without {bad:?}, which cannot be quoted safely"
                )));
            }
            print(&tables::ddl::athena(&location.to_string()))?;
        }
    }
    Ok(Exit::Done)
}
