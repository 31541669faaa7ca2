//! The columns of a question, as files have them.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, MapArray, StringArray, StringBuilder, new_null_array,
};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Field, Schema};
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use bedrock::Accounts;

use super::{ACCOUNT_ID, Filter, Key};
use crate::column::Type;

/// A batch with all columns that a question reads: those that the file lacks are null.
///
/// # Errors
/// If Arrow takes the columns for inconsistent, which they are not.
pub(super) fn completed(
    batch: &RecordBatch,
    columns: &[(&'static str, Type)],
) -> Result<RecordBatch, ArrowError> {
    let (mut fields, mut arrays) = (Vec::new(), Vec::new());
    for (name, kind) in columns {
        let found = batch.column_by_name(name);
        let array =
            found.map_or_else(|| new_null_array(&kind.arrow(), batch.num_rows()), Arc::clone);
        fields.push(Field::new(*name, array.data_type().clone(), true));
        arrays.push(array);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
}

/// The rows that pass all filters.
///
/// # Errors
/// If Arrow cannot filter a column.
pub(super) fn filtered(batch: RecordBatch, filters: &[Filter]) -> Result<RecordBatch, ArrowError> {
    if filters.is_empty() {
        return Ok(batch);
    }
    let passes = |row: usize| {
        filters.iter().all(|filter| {
            filter.columns.iter().any(|column| {
                let texts = batch[*column].as_string::<i32>();
                texts.is_valid(row) && filter.values.iter().any(|value| value == texts.value(row))
            })
        })
    };
    let mask = (0..batch.num_rows()).map(|row| Some(passes(row))).collect::<BooleanArray>();
    filter_record_batch(&batch, &mask)
}

/// The values of a key in the rows of a batch of a day.
pub(super) fn key_values(
    batch: &RecordBatch,
    key: &Key,
    day: &str,
    accounts: &Accounts,
) -> ArrayRef {
    match key {
        Key::Day => Arc::new(StringArray::from_iter_values((0..batch.num_rows()).map(|_| day))),
        Key::Column(column) => Arc::clone(&batch[*column]),
        Key::Account(column) => {
            let name = |id| accounts.get(id).and_then(|account| column.of(account));
            let ids = batch[ACCOUNT_ID].as_string::<i32>().iter();
            Arc::new(ids.map(|id| id.and_then(name)).collect::<StringArray>())
        }
        Key::Entry { column, key } => Arc::new(entries(batch[*column].as_map(), key)),
    }
}

/// What maps have for a key.
fn entries(maps: &MapArray, key: &str) -> StringArray {
    let (keys, values) = (maps.keys().as_string::<i32>(), maps.values().as_string::<i32>());
    let mut found = StringBuilder::new();
    for row in 0..maps.len() {
        let [from, to] = [row, row + 1].map(|at| maps.value_offsets()[at] as usize);
        let entry = (from..to).filter(|_| maps.is_valid(row)).find(|at| keys.value(*at) == key);
        found.append_option(entry.filter(|at| values.is_valid(*at)).map(|at| values.value(at)));
    }
    found.finish()
}
