//! The columns of readings, and what their schema says of them.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use serde::{Deserialize, Serialize};

use crate::made_with::MadeWith;

/// The version of the rows and of what is packed in them.
pub const FORMAT: u32 = 2;

/// The key of the schema's metadata.
pub(crate) const METADATA: &str = "hoptrail.readings";

/// What the metadata says, as JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) format: u32,
    pub(crate) made_with: MadeWith,
}

/// The columns, in their order. An engine needs them to cut and sort rows; it may look at them, and never at
/// `payload`. All are nullable: Spark refuses batches whose fields say otherwise.
pub(crate) const COLUMNS: [(&str, DataType); 16] = [
    ("dt", DataType::Utf8),
    ("source", DataType::Utf8),
    ("is_late", DataType::Boolean),
    ("key", DataType::Utf8),
    ("bytes", DataType::Int64),
    ("etag", DataType::Utf8),
    ("delivery_day", DataType::Utf8),
    ("unreadable", DataType::Utf8),
    ("records", DataType::Int64),
    ("calls", DataType::Int64),
    ("skipped", DataType::Int64),
    ("rejected", DataType::Int64),
    ("sha256", DataType::Utf8),
    ("part", DataType::Int32),
    ("parts", DataType::Int32),
    ("payload", DataType::Binary),
];

/// The values of the column `source`.
pub(crate) const CLOUDTRAIL: &str = "cloudtrail";
pub(crate) const INVOCATION_LOG: &str = "invocation_log";

/// The schema of readings that were made with this.
///
/// # Errors
/// None in practice: all of it can be written as JSON.
pub(crate) fn schema(made_with: &MadeWith) -> serde_json::Result<SchemaRef> {
    let fields = COLUMNS.map(|(name, data_type)| Field::new(name, data_type, true));
    let metadata = Metadata { format: FORMAT, made_with: made_with.clone() };
    let metadata = HashMap::from([(METADATA.to_owned(), serde_json::to_string(&metadata)?)]);
    Ok(Arc::new(Schema::new_with_metadata(fields.to_vec(), metadata)))
}
