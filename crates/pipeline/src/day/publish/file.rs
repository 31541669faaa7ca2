//! A file of a day, with what the manifest says of it.

use jiff::civil::Date;
use tables::{References, Table};

use crate::day::manifest::Output;
use crate::day::spool::{Spool, Spooled};
use crate::error::Error;

/// One file of a day.
#[derive(Debug)]
pub(crate) struct TableFile {
    /// The table.
    pub(crate) table: &'static str,
    /// What the manifest says of it.
    pub(crate) output: Output,
    content: Spooled,
}

impl TableFile {
    /// Encodes rows.
    ///
    /// # Errors
    /// If that cannot be done.
    pub(super) fn encode<R: Sync>(
        table: &'static Table<R>,
        day: Date,
        references: References<'_>,
        rows: &[R],
    ) -> Result<Self, Error> {
        let encoded = tables::write(table, references, rows, Spool::begin());
        let encoded = encoded.map_err(|error| Error::of_table(day, error))?;
        Ok(TableFile::new(table.name, day, encoded, rows.len() as u64))
    }

    /// Of what was encoded.
    pub(crate) fn new(table: &'static str, day: Date, encoded: Spool, rows: u64) -> Self {
        let content = encoded.end();
        let output = Output {
            key: tables::layout::part_key(table, day),
            bytes: content.n_bytes,
            rows,
            sha256: content.sha256.clone(),
            md5: content.md5.clone(),
        };
        TableFile { table, output, content }
    }

    /// One of this key without rows.
    ///
    /// # Errors
    /// If that cannot be done.
    pub(crate) fn empty(table: &'static str, key: &str, day: Date) -> Result<Self, Error> {
        let encoded = tables::write_empty(table, Spool::begin());
        let encoded = encoded.map_err(|error| Error::of_table(day, error))?;
        let mut file = TableFile::new(table, day, encoded, 0);
        key.clone_into(&mut file.output.key);
        Ok(file)
    }

    /// What is to be written.
    pub(crate) fn content(self) -> store::Content {
        self.content.into_content()
    }
}
