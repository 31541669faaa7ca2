//! Rows that are no table of a destination, as the bytes of a Parquet file.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray, TimestampMillisecondArray};
use arrow::datatypes::{Field, Schema};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::column::Type;

/// The values of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlainValues {
    /// Texts.
    Texts(Vec<Option<String>>),
    /// Whole numbers.
    Counts(Vec<Option<i64>>),
    /// Milliseconds since 1970 UTC.
    Times(Vec<Option<i64>>),
}

/// Encodes columns of the same length.
///
/// # Errors
/// If the columns are not of one length.
pub fn write(columns: Vec<(&str, PlainValues)>) -> Result<Vec<u8>, ParquetError> {
    let (mut fields, mut arrays) = (Vec::new(), Vec::<ArrayRef>::new());
    for (name, values) in columns {
        let (kind, array): (_, ArrayRef) = match values {
            PlainValues::Texts(texts) => (Type::Text, Arc::new(StringArray::from(texts))),
            PlainValues::Counts(counts) => (Type::Count, Arc::new(Int64Array::from(counts))),
            PlainValues::Times(times) => {
                let times = TimestampMillisecondArray::from(times).with_timezone("UTC");
                (Type::Time, Arc::new(times))
            }
        };
        fields.push(Field::new(name, kind.arrow(), true));
        arrays.push(array);
    }
    let schema = Arc::new(Schema::new(fields));
    let options = RecordBatchOptions::new().with_row_count(arrays.first().map(|it| it.len()));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options)?;
    let compression = Compression::ZSTD(ZstdLevel::default());
    let created_by = format!("hoptrail {}", env!("CARGO_PKG_VERSION"));
    let properties =
        WriterProperties::builder().set_created_by(created_by).set_compression(compression);
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties.build()))?;
    writer.write(&batch)?;
    writer.into_inner()
}
