//! A table: its name, its grain, its columns, its order. [`all`] is the registry that schemas, DDL and
//! documentation derive from.

use std::cmp::Ordering;
use std::io::Write;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use bedrock::Texts;

use crate::column::{Column, Type};
use crate::parquet::WriteError;
use crate::references::{References, Refers};

/// The version of the tables' schema. It rises when columns or tables are added, or a column's meaning changes.
pub const SCHEMA_VERSION: u32 = 7;

/// A table whose rows are `R`.
#[derive(Debug)]
pub struct Table<R: 'static> {
    /// The table's name and folder.
    pub name: &'static str,
    /// What one row is.
    pub grain: &'static str,
    /// What the table is for, in a sentence.
    pub doc: &'static str,
    /// Whether it has a file for each day, in a partition `dt`, or a single one.
    pub is_by_day: bool,
    /// The columns in their order, without the partition `dt`.
    pub columns: &'static [Column<R>],
    /// The order of the rows.
    pub order: fn(&R, &R) -> Ordering,
    /// What a row refers to.
    pub refers: Refers<R>,
}

/// What a table looks like, without its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSpec {
    /// The table's name and folder.
    pub name: &'static str,
    /// What one row is.
    pub grain: &'static str,
    /// What the table is for, in a sentence.
    pub doc: &'static str,
    /// Whether it has a file for each day, in a partition `dt`, or a single one.
    pub is_by_day: bool,
    /// The columns in their order, without the partition `dt`.
    pub columns: Vec<ColumnSpec>,
}

/// What a column looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSpec {
    /// The column's name.
    pub name: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// The column's type.
    pub kind: Type,
    /// Whether it may be null.
    pub nullable: bool,
}

/// Every table, in the order of the documentation.
pub fn all() -> Vec<TableSpec> {
    vec![
        crate::INVOCATIONS.spec(),
        crate::ROUTING_DISTRIBUTION.spec(),
        crate::MODEL_COSTS.spec(),
        crate::ATTRIBUTED_COSTS.spec(),
        crate::DENIALS.spec(),
        crate::UNRESOLVED_MODELS.spec(),
        crate::BATCH_JOBS.spec(),
        crate::OTHER_ACTIVITY.spec(),
        crate::PROFILE_DESTINATIONS.spec(),
        crate::INGEST.spec(),
        crate::ACCOUNTS.spec(),
    ]
}

/// Every table that has a file for each day, in the same order.
pub fn by_day() -> impl Iterator<Item = TableSpec> {
    all().into_iter().filter(|table| table.is_by_day)
}

/// Writes a file of a table without rows into a sink, which it gives back.
///
/// # Errors
/// As [`crate::write`].
///
/// # Panics
/// If there is no table of this name.
pub fn write_empty<W: Write + Send>(name: &str, sink: W) -> Result<W, WriteError> {
    fn empty<R: Sync, W: Write + Send>(table: &'static Table<R>, sink: W) -> Result<W, WriteError> {
        let references = References { texts: &Texts::default(), meanings: &[], objects: &[] };
        crate::write(table, references, &[], sink)
    }
    match name {
        name if name == crate::INVOCATIONS.name => empty(&crate::INVOCATIONS, sink),
        name if name == crate::ROUTING_DISTRIBUTION.name => {
            empty(&crate::ROUTING_DISTRIBUTION, sink)
        }
        name if name == crate::MODEL_COSTS.name => empty(&crate::MODEL_COSTS, sink),
        name if name == crate::ATTRIBUTED_COSTS.name => empty(&crate::ATTRIBUTED_COSTS, sink),
        name if name == crate::DENIALS.name => empty(&crate::DENIALS, sink),
        name if name == crate::UNRESOLVED_MODELS.name => empty(&crate::UNRESOLVED_MODELS, sink),
        name if name == crate::BATCH_JOBS.name => empty(&crate::BATCH_JOBS, sink),
        name if name == crate::OTHER_ACTIVITY.name => empty(&crate::OTHER_ACTIVITY, sink),
        name if name == crate::PROFILE_DESTINATIONS.name => {
            empty(&crate::PROFILE_DESTINATIONS, sink)
        }
        name if name == crate::INGEST.name => empty(&crate::INGEST, sink),
        name if name == crate::ACCOUNTS.name => empty(&crate::ACCOUNTS, sink),
        name => panic!("there is no table {name}"),
    }
}

impl<R> Table<R> {
    /// What the table looks like.
    pub fn spec(&self) -> TableSpec {
        let column = |column: &Column<R>| ColumnSpec {
            name: column.name,
            doc: column.doc,
            kind: column.kind(),
            nullable: column.nullable,
        };
        TableSpec {
            name: self.name,
            grain: self.grain,
            doc: self.doc,
            is_by_day: self.is_by_day,
            columns: self.columns.iter().map(column).collect(),
        }
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        let fields = self.columns.iter().map(Column::field).collect::<Vec<_>>();
        Arc::new(Schema::new(fields))
    }
}
