//! Athena's DDL: one external table for each table, with partition projection, and views.

use std::fmt::Write as _;

use crate::table::{TableSpec, all};

/// The first day of the partition projection: Bedrock became generally available in September 2023.
const FIRST_DAY: &str = "2023-09-28";

/// The views, which compute what the tables do not store: shares.
const VIEWS: &[(&str, &str)] = &[
    (
        "routing_share",
        "\
SELECT dt, account_id, source_region, target_type, profile_scope, model_id, model_name, inference_region, residency,
  SUM(succeeded_calls) AS succeeded_calls,
  CAST(SUM(succeeded_calls) AS double) / SUM(SUM(succeeded_calls)) OVER (
    PARTITION BY dt, account_id, source_region, target_type, profile_scope, model_id) AS share
FROM routing_distribution
WHERE inference_region IS NOT NULL
GROUP BY dt, account_id, source_region, target_type, profile_scope, model_id, model_name, inference_region, residency
HAVING SUM(succeeded_calls) > 0",
    ),
    (
        "residency_exceptions",
        "\
SELECT dt, event_time, event_id, account_id, principal_name, source_region, inference_region,
  profile_id, model_id, model_ref
FROM invocations
WHERE residency = 'other_jurisdiction'",
    ),
];

/// The statements that create the tables over a location (`s3://bucket/prefix`), each ended by a
/// semicolon. Athena runs one statement at a time.
pub fn athena(location: &str) -> String {
    let location = location.trim_end_matches('/');
    let tables = all().into_iter().map(|table| create_table(&table, location));
    let views =
        VIEWS.iter().map(|(name, query)| format!("CREATE OR REPLACE VIEW {name} AS\n{query};\n"));
    tables.chain(views).collect::<Vec<_>>().join("\n")
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
    let comment = quoted(&format!("{} One row: {}.", table.doc, table.grain));
    let folder_text = quoted(&folder);
    let template = quoted(&format!("{folder}dt=${{dt}}/"));
    format!(
        "\
CREATE EXTERNAL TABLE IF NOT EXISTS `{name}` (
{columns})
COMMENT {comment}
PARTITIONED BY (`dt` string COMMENT 'The UTC day of event_time, YYYY-MM-DD.')
STORED AS PARQUET
LOCATION {folder_text}
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '{FIRST_DAY},NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = {template}
);
"
    )
}

/// A string literal, without the characters that engines quote or store each in their own way.
fn quoted(text: &str) -> String {
    let text = text.replace('×', "x").replace('\'', "");
    format!("'{text}'")
}
