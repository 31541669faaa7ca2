//! How the files are encoded, stated once.

use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::column::Value;
use crate::map;
use crate::table::{SCHEMA_VERSION, Table};

/// Rows per row group: enough for Athena to read in one go, and few enough to bound what is held.
pub const ROW_GROUP_ROWS: usize = 128 * 1024;

/// The encoded bytes beyond which a row group ends, before it has all its rows.
pub(crate) const ROW_GROUP_BYTES: usize = 64 << 20;

/// Rows per page at most, and about as many bytes: what a reader decodes for a single row.
const PAGE_ROWS: usize = 16 * 1024;
const PAGE_BYTES: usize = 1 << 20;

/// The different texts of a column in a row group beyond which they are written as they are, in bytes.
const DICTIONARY_BYTES: usize = 1 << 20;

/// Rows of a whole file below which it is not compressed: setting up a compressor for each column would cost
/// more than the few bytes are worth.
const SMALL_FILE_ROWS: usize = 1000;

/// Entries of the footer.
pub(crate) const TABLE_KEY: &str = "hoptrail.table";
pub(crate) const SCHEMA_VERSION_KEY: &str = "hoptrail.schema_version";
pub(crate) const TOOL_VERSION_KEY: &str = "hoptrail.version";

/// How a file of so many rows is compressed.
pub(crate) fn compression(rows: usize) -> Compression {
    match rows {
        0..SMALL_FILE_ROWS => Compression::UNCOMPRESSED,
        _ => Compression::ZSTD(ZstdLevel::default()),
    }
}

/// The properties of a table's files.
pub(crate) fn properties<R>(table: &Table<R>, compression: Compression) -> WriterProperties {
    let entry = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
    let version = env!("CARGO_PKG_VERSION");
    let mut builder = WriterProperties::builder()
        .set_created_by(format!("hoptrail {version}"))
        .set_key_value_metadata(Some(vec![
            entry(TOOL_VERSION_KEY, version.to_owned()),
            entry(SCHEMA_VERSION_KEY, SCHEMA_VERSION.to_string()),
            entry(TABLE_KEY, table.name.to_owned()),
        ]))
        .set_compression(compression)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_data_page_size_limit(PAGE_BYTES)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES)
        // Few queries ask for a range of texts or tokens, and rows are not in their order: the pages of a
        // row group would all say the same.
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for column in table.columns {
        let path = ColumnPath::from(column.name);
        builder = match column.value {
            // Rows are in the order of their times, and queries ask for a part of a day.
            Value::Time(_) => builder
                .set_column_statistics_enabled(path.clone(), EnabledStatistics::Page)
                .set_column_dictionary_enabled(path, false),
            // No two rows have the same id, and ids have no order.
            Value::Id(_) => builder
                .set_column_statistics_enabled(path.clone(), EnabledStatistics::None)
                .set_column_dictionary_enabled(path, false),
            // Calls are in the order of their times, so that the least and the greatest of their texts tell
            // no row group from another; to find them, all would be compared.
            Value::Attribute(_) | Value::Part(_) | Value::Meaning(_) | Value::ObjectKey => {
                builder.set_column_statistics_enabled(path, EnabledStatistics::None)
            }
            // Maps have no order.
            Value::AttributeMap(_) | Value::Map(_) => {
                map::LEAVES.into_iter().fold(builder, |builder, leaf| {
                    let path = [column.name].into_iter().chain(leaf).map(str::to_owned);
                    let path = ColumnPath::new(path.collect());
                    builder.set_column_statistics_enabled(path, EnabledStatistics::None)
                })
            }
            // These hardly repeat.
            Value::Count(_) | Value::Money(_) => builder.set_column_dictionary_enabled(path, false),
            _ => builder,
        };
    }
    builder.build()
}
