//! A template of AWS `CloudFormation`: the database, tables, and views for Athena, in the Glue Data Catalog.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use super::{DT_DOC, FIRST_DAY, comment, plain};
use crate::table::{TableSpec, all};
use crate::view::{Parameters, VIEWS, View};

/// The template, in JSON. Views name the database, so that it is no parameter of the stack.
pub fn cloudformation(location: &str, database: &str, parameters: &Parameters) -> String {
    let location = location.trim_end_matches('/');
    let mut resources = Map::new();
    resources.insert(
        "Database".to_owned(),
        json!({
            "Type": "AWS::Glue::Database",
            "Properties": {
                "CatalogId": { "Ref": "AWS::AccountId" },
                "DatabaseInput": {
                    "Name": database,
                    "Description": "Amazon Bedrock inference calls: where they ran, and what they cost.",
                },
            },
        }),
    );
    for table in all() {
        let name = format!("Table{}", resource_name(table.name));
        resources.insert(name, resource(&table_input(&table, location)));
    }
    for view in VIEWS {
        let name = format!("View{}", resource_name(view.name));
        resources.insert(name, resource(&view_input(view, database, parameters)));
    }
    let template = json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": format!("The tables and views of hoptrail over {location}/"),
        "Resources": resources,
    });
    format!("{template:#}\n")
}

/// `routing_share` as `RoutingShare`.
fn resource_name(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    words.collect()
}

fn resource(table_input: &Value) -> Value {
    json!({
        "Type": "AWS::Glue::Table",
        "Properties": {
            "CatalogId": { "Ref": "AWS::AccountId" },
            "DatabaseName": { "Ref": "Database" },
            "TableInput": table_input,
        },
    })
}

fn table_input(table: &TableSpec, location: &str) -> Value {
    let folder = format!("{location}/{}/", table.name);
    let columns = table.columns.iter().map(|column| {
        json!({ "Name": column.name, "Type": column.kind.athena(), "Comment": plain(column.doc) })
    });
    let (parameters, partition_keys) = match table.is_by_day {
        true => (
            json!({
                "EXTERNAL": "TRUE",
                "classification": "parquet",
                "projection.enabled": "true",
                "projection.dt.type": "date",
                "projection.dt.format": "yyyy-MM-dd",
                "projection.dt.range": format!("{FIRST_DAY},NOW"),
                "projection.dt.interval": "1",
                "projection.dt.interval.unit": "DAYS",
                "storage.location.template": format!("{folder}dt=${{dt}}/"),
            }),
            json!([{ "Name": "dt", "Type": "string", "Comment": DT_DOC }]),
        ),
        false => (json!({ "EXTERNAL": "TRUE", "classification": "parquet" }), json!([])),
    };
    json!({
        "Name": table.name,
        "Description": comment(table),
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
        "PartitionKeys": partition_keys,
        "StorageDescriptor": {
            "Columns": columns.collect::<Vec<_>>(),
            "Location": folder,
            "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
            "SerdeInfo": {
                "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
            },
        },
    })
}

/// A view as Athena stores it: its definition is JSON in Base64, of which Trino wants every key. Glue has names
/// in lower case only.
fn view_input(view: &View, database: &str, parameters: &Parameters) -> Value {
    let columns = view.columns.iter().map(|column| {
        let name = column.name.to_ascii_lowercase();
        json!({ "Name": name, "Type": column.kind.athena(), "Comment": plain(column.doc) })
    });
    let of_trino = view.columns.iter().map(
        |column| json!({ "name": column.name.to_ascii_lowercase(), "type": column.kind.trino() }),
    );
    let definition = json!({
        "originalSql": view.query(parameters),
        "catalog": "awsdatacatalog",
        "schema": database,
        "columns": of_trino.collect::<Vec<_>>(),
        "owner": "hoptrail",
        "runAsInvoker": false,
        "properties": {},
    });
    json!({
        "Name": view.name,
        "Description": plain(&format!("{} One row: {}.", view.doc, view.grain)),
        "TableType": "VIRTUAL_VIEW",
        "Parameters": { "presto_view": "true", "comment": "Presto View" },
        "PartitionKeys": [],
        "StorageDescriptor": {
            "Columns": columns.collect::<Vec<_>>(),
            "Location": "",
            "SerdeInfo": {},
        },
        "ViewOriginalText": format!("/* Presto View: {} */", BASE64.encode(definition.to_string())),
        "ViewExpandedText": "/* Presto View */",
    })
}
