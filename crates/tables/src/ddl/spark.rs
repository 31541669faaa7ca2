//! Spark's DDL: external tables whose days are found by their folders, and the views over them.

use super::{DT_DOC, comment, create_views, quoted};
use crate::table::{TableSpec, all};
use crate::view::Parameters;

/// The statements that create the tables over a location (a folder, or `s3://bucket/prefix`), each ended by a
/// semicolon.
pub fn spark(location: &str, parameters: &Parameters) -> String {
    let location = location.trim_end_matches('/');
    // A table keeps that its days are looked for in the folders and not in a metastore, which would have to be told
    // of each; a view keeps the time zone that it was created with: hours and days are UTC's.
    let settings =
        ["SET spark.sql.hive.manageFilesourcePartitions = false;\n", "SET TIME ZONE 'UTC';\n"];
    let tables = all().into_iter().map(|table| create_table(&table, location));
    let statements =
        settings.map(str::to_owned).into_iter().chain(tables).chain(create_views(parameters));
    statements.collect::<Vec<_>>().join("\n")
}

fn create_table(table: &TableSpec, location: &str) -> String {
    let name = table.name;
    let mut columns = table
        .columns
        .iter()
        .map(|column| {
            let (name, kind, doc) = (column.name, column.kind.athena(), quoted(column.doc));
            format!("  `{name}` {kind} COMMENT {doc}")
        })
        .collect::<Vec<_>>();
    if table.is_by_day {
        columns.push(format!("  `dt` string COMMENT '{DT_DOC}'"));
    }
    let columns = columns.join(",\n");
    let partition = if table.is_by_day { "PARTITIONED BY (`dt`)\n" } else { "" };
    let (comment, folder) = (quoted(&comment(table)), quoted(&format!("{location}/{name}/")));
    format!(
        "\
CREATE TABLE IF NOT EXISTS `{name}` (
{columns})
USING parquet
{partition}COMMENT {comment}
LOCATION {folder};
"
    )
}
