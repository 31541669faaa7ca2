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

use super::{ACCOUNT_ID, Key, OF_APPROVAL, OF_DIRECT, Question};
use crate::column::Type;
use crate::view::ApprovedRegions;

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

/// The rows that a question is about.
///
/// # Errors
/// If Arrow cannot filter a column.
pub(super) fn filtered(batch: RecordBatch, question: &Question) -> Result<RecordBatch, ArrowError> {
    let Question { filters, outside, .. } = question;
    if filters.is_empty() && outside.is_none() {
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
    let is_outside =
        |row: usize| outside.as_ref().is_none_or(|approved| is_outside(&batch, row, approved));
    let rows = (0..batch.num_rows()).map(|row| Some(is_outside(row) && passes(row)));
    filter_record_batch(&batch, &rows.collect::<BooleanArray>())
}

/// Whether a call ran, and in a Region that is not approved. One without an account has what holds for all.
fn is_outside(batch: &RecordBatch, row: usize, approved: &ApprovedRegions) -> bool {
    let [account, region] = OF_APPROVAL.map(|column| text(batch, column, row));
    region.is_some_and(|region| !approved.has(account.unwrap_or_default(), region))
}

fn text<'b>(batch: &'b RecordBatch, column: &str, row: usize) -> Option<&'b str> {
    let texts = batch[column].as_string::<i32>();
    texts.is_valid(row).then(|| texts.value(row))
}

/// Null where it is not known where a call was sent, and no profile is named.
fn is_direct(batch: &RecordBatch, row: usize) -> Option<bool> {
    let [scope, profile, source, ran_in] = OF_DIRECT.map(|column| text(batch, column, row));
    if scope.is_some() || profile.is_some() {
        return Some(false);
    }
    Some(source? == ran_in?)
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
        Key::IsDirect => {
            let rows = (0..batch.num_rows()).map(|row| is_direct(batch, row));
            Arc::new(rows.collect::<BooleanArray>())
        }
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
