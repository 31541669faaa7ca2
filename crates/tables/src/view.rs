//! A view: a question that the tables answer, with its SQL. [`VIEWS`] is the registry that DDL and
//! documentation derive from.
//!
//! The SQL is what Athena, Spark, and DuckDB have in common and answer alike, to the last digit:
//! - no division of decimals, and doubles only as the quotient of two whole numbers;
//! - sums of counts are cast to `bigint`, because DuckDB's are wider;
//! - ranks with a tie-break instead of `max_by`, nearest ranks instead of percentiles;
//! - no two-argument `log`, no implicit casts, no alias of a column in the same `SELECT`'s `WHERE`;
//! - `dt` is in every view, unchanged, so that a filter on it prunes the days that are read.

mod cost;
mod focus;
mod footprint;
mod health;
mod parameters;
mod refusals;
mod routing;

pub(crate) use footprint::DIRECT_SQL;
pub use parameters::{ApprovedRegions, ApprovedRegionsError, Parameters};

use crate::accounts::ACCOUNT_NAME;
use crate::column::Type;

/// A view.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// The view's name.
    pub name: &'static str,
    /// What one row is.
    pub grain: &'static str,
    /// What the view is for, in a sentence.
    pub doc: &'static str,
    /// The columns in their order; `dt` is the first.
    pub columns: &'static [ViewColumn],
    /// The query. See [`View::query`] for the one with parameters put in.
    sql: &'static str,
    /// A question that the view answers.
    pub example: Example,
}

/// A query on a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example {
    /// The query.
    pub query: &'static str,
    /// What it gives on the sample of the repository, as a table in Markdown. `scripts/check-views` has engines
    /// compare it, and renews it with `UPDATE=1`.
    pub result: &'static str,
}

/// The example of a view, which is in two files with its name.
macro_rules! example {
    ($name:literal) => {
        $crate::view::Example {
            query: include_str!(concat!("examples/", $name, ".sql")),
            result: include_str!(concat!("examples/", $name, ".md")),
        }
    };
}
use example;

/// A column of a view. It may be null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewColumn {
    /// Lower case, snake case; of `focus_1_2` as FOCUS writes it.
    pub name: &'static str,
    /// The column's type.
    pub kind: Type,
    /// One sentence.
    pub doc: &'static str,
}

/// Every view, in the order of the documentation.
pub static VIEWS: &[View] = &[
    routing::ROUTING_SHARE,
    routing::ROUTING_SPREAD,
    routing::RESIDENCY_EXCEPTIONS,
    cost::DAILY_MODEL_COST,
    cost::CHARGEBACK,
    refusals::DENIALS_BY_REGION,
    refusals::THROTTLING,
    footprint::REGION_FOOTPRINT,
    footprint::OUTSIDE_APPROVED_REGIONS,
    routing::LATENCY_BY_REGION,
    routing::DESTINATION_USE,
    health::UNRESOLVED,
    health::INGEST_HEALTH,
    focus::FOCUS_1_2,
];

/// The partition, which every view has.
const DT: ViewColumn = column("dt", Type::Text, "The UTC day, YYYY-MM-DD.");

const fn column(name: &'static str, kind: Type, doc: &'static str) -> ViewColumn {
    ViewColumn { name, kind, doc }
}

const fn text(name: &'static str) -> ViewColumn {
    column(name, Type::Text, "As in invocations.")
}

/// What [`JOIN`](crate::accounts::JOIN) adds; in the SQL of a view it is `{account_names}`.
const ACCOUNT_NAME_COLUMN: ViewColumn = column(
    ACCOUNT_NAME,
    Type::Text,
    "The name of the account, as in accounts; null if it is not known.",
);
const OU: ViewColumn = column("ou", Type::Text, "Its organizational unit, as in accounts.");

const fn count(name: &'static str, doc: &'static str) -> ViewColumn {
    column(name, Type::Count, doc)
}

impl View {
    /// The query of the view, a `SELECT` without a semicolon.
    pub fn query(&self, parameters: &Parameters) -> String {
        parameters.put_into(self.sql)
    }
}
