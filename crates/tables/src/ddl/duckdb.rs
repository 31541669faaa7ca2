//! DuckDB's DDL: views over the files, and the views over them.

use super::create_views;
use crate::column::Type;
use crate::table::{TableSpec, all};
use crate::view::Parameters;

/// The statements that make the tables over a location (a folder, or `s3://bucket/prefix`) views of a DuckDB
/// database, each ended by a semicolon.
pub fn duckdb(location: &str, parameters: &Parameters) -> String {
    let location = location.trim_end_matches('/');
    let tables = all().into_iter().map(|table| create_table(&table, location));
    tables.chain(create_views(parameters)).collect::<Vec<_>>().join("\n")
}

/// A view with the columns of a table. The second part of its union gives every column its type, whether
/// the files are older than the column or there are none at all. Times lose their zone, which is UTC: else
/// DuckDB would cut hours and days by the clock of the session.
fn create_table(table: &TableSpec, location: &str) -> String {
    let name = table.name;
    let dt = table.is_by_day.then_some(("dt", Type::Text));
    let columns =
        table.columns.iter().map(|column| (column.name, column.kind)).chain(dt).collect::<Vec<_>>();
    let selected = columns.iter().map(|(name, kind)| match kind {
        Type::Time => format!("{name} AT TIME ZONE 'UTC' AS {name}"),
        _ => (*name).to_owned(),
    });
    let nulls = columns.iter().map(|(name, kind)| {
        let kind = match kind {
            Type::Time => "timestamptz",
            kind => kind.duckdb(),
        };
        format!("CAST(NULL AS {kind}) AS {name}")
    });
    let (selected, nulls) =
        (selected.collect::<Vec<_>>().join(",\n  "), nulls.collect::<Vec<_>>().join(",\n    "));
    let (files, partition) = match table.is_by_day {
        true => (
            format!("{name}/*/*.parquet"),
            "hive_partitioning = true,\n    hive_types_autocast = false, ",
        ),
        false => (format!("{name}/*.parquet"), ""),
    };
    format!(
        "\
CREATE OR REPLACE VIEW {name} AS
SELECT
  {selected}
FROM (
  SELECT * FROM read_parquet('{location}/{files}', {partition}union_by_name = true, allow_empty = true)
  UNION ALL BY NAME
  SELECT
    {nulls}
  WHERE false
);
"
    )
}
