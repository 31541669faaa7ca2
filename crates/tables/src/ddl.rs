//! The tables and views in the languages of query engines.

mod athena;
mod duckdb;

pub use athena::athena;
pub use duckdb::duckdb;

use crate::view::{Parameters, VIEWS};

/// What `dt` is in every table.
const DT_DOC: &str = "The UTC day of event_time, YYYY-MM-DD.";

/// The statements that create the views, each ended by a semicolon.
fn create_views(parameters: &Parameters) -> impl Iterator<Item = String> {
    VIEWS.iter().map(|view| {
        format!("CREATE OR REPLACE VIEW {} AS\n{};\n", view.name, view.query(parameters))
    })
}

/// A string literal, without the characters that engines quote or store each in their own way.
fn quoted(text: &str) -> String {
    let text = text.replace('×', "x").replace('\'', "");
    format!("'{text}'")
}
