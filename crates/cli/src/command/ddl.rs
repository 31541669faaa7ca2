//! `hoptrail ddl`: the definition of the tables and views, for a query engine or for people.

use store::Location;
use tables::view::Parameters;

use crate::args::{DdlArgs, Dialect};
use crate::command::print;
use crate::exit::{Exit, Failure};
use crate::messages::Messages;
use crate::region::did_you_mean;
use crate::{approved, location};

/// Prints it.
///
/// # Errors
/// If the location is not on S3 where only that will do, or an option is not as expected.
pub(crate) fn run(args: &DdlArgs, messages: &Messages) -> Result<Exit, Failure> {
    let parameters = parameters(args, messages)?;
    let location = || location::required("--location", args.location.as_deref());
    let text = match args.dialect {
        Dialect::Markdown => tables::markdown::page(),
        Dialect::Athena => tables::ddl::athena(&on_s3(&location()?)?, &parameters),
        Dialect::Spark => tables::ddl::spark(&anywhere(location()?)?, &parameters),
        Dialect::Cloudformation => {
            let database = database(&args.database)?;
            tables::ddl::cloudformation(&on_s3(&location()?)?, database, &parameters)
        }
        Dialect::Duckdb => tables::ddl::duckdb(&anywhere(location()?)?, &parameters),
    };
    print(&text)?;
    Ok(Exit::Done)
}

/// The name of a database that Athena can be asked for without quotes.
fn database(name: &str) -> Result<&str, Failure> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    match !name.is_empty() && name.chars().all(fits) {
        true => Ok(name),
        false => Err(Failure::usage(format!(
            "--database: expected lower-case letters, digits, and underscores, found `{name}`"
        ))),
    }
}

/// What is put into the views.
fn parameters(args: &DdlArgs, messages: &Messages) -> Result<Parameters, Failure> {
    let approved_regions = args.approved_regions.as_deref();
    let approved_regions =
        approved_regions.map(|text| approved::regions(text, messages)).transpose()?;
    if let Some(payer) = &args.payer
        && !(payer.len() == 12 && payer.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return Err(Failure::usage(format!("--payer: expected 12 digits, found `{payer}`")));
    }
    Ok(Parameters { approved_regions, payer: args.payer.clone() })
}

/// A location on S3 as text, for services of AWS.
fn on_s3(location: &Location) -> Result<String, Failure> {
    let Location::S3 { bucket, .. } = location else {
        let meant = did_you_mean(&location.meant().into_iter().collect::<Vec<_>>());
        return Err(Failure::usage(format!(
            "--location: expected s3://bucket/prefix, found `{location}`{meant}"
        )));
    };
    if bucket.starts_with("arn:") {
        return Err(Failure::usage(format!(
            "--location: expected s3://bucket/prefix with a bucket or the alias of an access \
             point, which is all that Athena reads, found `{location}`"
        )));
    }
    quotable(location.to_string(), "'\"`\\$")
}

/// A location on S3 or the absolute path of a folder, as text.
fn anywhere(location: Location) -> Result<String, Failure> {
    match location {
        // Whoever queries the views may be in another folder.
        Location::Folder(path) => {
            let path = std::path::absolute(&path).map_err(|error| {
                Failure::usage(format!("--location: {}: {error}", path.display()))
            })?;
            let Some(text) = path.to_str() else {
                return Err(Failure::usage(format!(
                    "--location: expected a path in UTF-8, found `{}`",
                    path.display()
                )));
            };
            quotable(text.to_owned(), "'\"`\\$*?[]{}")
        }
        location => quotable(on_s3(&location)?, "*?[]{}"),
    }
}

/// Engines differ in how they quote these, `$` begins a variable of the projection, and `*` a pattern.
fn quotable(text: String, unsafe_characters: &str) -> Result<String, Failure> {
    match text.chars().find(|c| c.is_control() || unsafe_characters.contains(*c)) {
        Some(bad) => Err(Failure::usage(format!(
            "--location: expected a location without {bad:?}, which cannot be quoted safely"
        ))),
        None => Ok(text),
    }
}
