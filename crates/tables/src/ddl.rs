//! The tables and views in the languages of query engines.

mod athena;
mod cloudformation;
mod duckdb;
mod spark;

pub use athena::athena;
pub use cloudformation::cloudformation;
pub use duckdb::duckdb;
pub use spark::spark;

use crate::table::TableSpec;
use crate::view::{Parameters, VIEWS};

/// The first day of the partition projection: Bedrock became generally available in September 2023.
const FIRST_DAY: &str = "2023-09-28";

/// What `dt` is in every table.
const DT_DOC: &str = "The UTC day of event_time, YYYY-MM-DD.";

/// The statements that create the views, each ended by a semicolon.
fn create_views(parameters: &Parameters) -> impl Iterator<Item = String> {
    VIEWS.iter().map(|view| {
        format!("CREATE OR REPLACE VIEW {} AS\n{};\n", view.name, view.query(parameters))
    })
}

/// A text without the characters that engines quote or store each in their own way.
fn plain(text: &str) -> String {
    text.replace('×', "x").replace('\'', "")
}

/// What a table is for, and what a row is.
fn comment(table: &TableSpec) -> String {
    plain(&format!("{} One row: {}.", table.doc, table.grain))
}

/// A string literal of a [`plain`] text.
fn quoted(text: &str) -> String {
    format!("'{}'", plain(text))
}
