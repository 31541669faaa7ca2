//! Athena's DDL: one external table for each table, with partition projection where it has days, and views.

use std::fmt::Write as _;

use super::{DT_DOC, FIRST_DAY, comment, create_views, quoted};
use crate::table::{TableSpec, all};
use crate::view::Parameters;

/// The statements that create the tables over a location (`s3://bucket/prefix`), each ended by a
/// semicolon. Athena runs one statement at a time.
pub fn athena(location: &str, parameters: &Parameters) -> String {
    let location = location.trim_end_matches('/');
    let tables = all().into_iter().map(|table| create_table(&table, location));
    tables.chain(create_views(parameters)).collect::<Vec<_>>().join("\n")
}

fn create_table(table: &TableSpec, location: &str) -> String {
    let name = table.name;
    let mut columns = String::new();
    for (index, column) in table.columns.iter().enumerate() {
        let comma = if index + 1 < table.columns.len() { "," } else { "" };
        let (name, kind) = (column.name, column.kind.athena());
        let doc = quoted(column.doc);
        // Writing into a string cannot fail.
        let _ = writeln!(columns, "  `{name}` {kind} COMMENT {doc}{comma}");
    }
    let folder = format!("{location}/{name}/");
    let comment = quoted(&comment(table));
    let folder_text = quoted(&folder);
    let (partition, properties) = match table.is_by_day {
        true => (format!("PARTITIONED BY (`dt` string COMMENT '{DT_DOC}')\n"), projection(&folder)),
        false => (String::new(), String::new()),
    };
    format!(
        "\
CREATE EXTERNAL TABLE IF NOT EXISTS `{name}` (
{columns})
COMMENT {comment}
{partition}STORED AS PARQUET
LOCATION {folder_text}{properties};
"
    )
}

/// The properties by which Athena knows the days of a table without being told of each.
fn projection(folder: &str) -> String {
    let template = quoted(&format!("{folder}dt=${{dt}}/"));
    format!(
        "
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '{FIRST_DAY},NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = {template}
)"
    )
}
