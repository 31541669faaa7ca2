//! A replay as a Parquet file on stdout.

use std::io::{self, Write};

use anyhow::Context;
use tables::column::Type;
use tables::plain::{PlainValues, write};

use super::Found;
use super::table::{Cell, columns, kind_of, rows};
use crate::exit::Failure;

/// Writes the rows.
///
/// # Errors
/// If stdout cannot be written to.
pub(super) fn print(found: &Found<'_>) -> Result<(), Failure> {
    let rows = rows(found);
    let column = |(place, name)| {
        let cells = rows.iter().map(|row: &Vec<Cell>| &row[place]);
        (name, values(cells, kind_of(name)))
    };
    let columns = columns(found).into_iter().enumerate().map(column).collect();
    let bytes = write(columns).context("could not encode the rows")?;
    match io::stdout().write_all(&bytes) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

/// A column, whose cells are of one kind.
fn values<'r>(cells: impl Iterator<Item = &'r Cell>, kind: Type) -> PlainValues {
    let number = |cell: &Cell| match cell {
        Cell::Count(count) => Some(*count),
        Cell::Time(ms) => *ms,
        Cell::Text(_) => None,
    };
    let text = |cell: &Cell| match cell {
        Cell::Text(text) => text.clone(),
        Cell::Count(_) | Cell::Time(_) => None,
    };
    match kind {
        Type::Count => PlainValues::Counts(cells.map(number).collect()),
        Type::Time => PlainValues::Times(cells.map(number).collect()),
        _ => PlainValues::Texts(cells.map(text).collect()),
    }
}
