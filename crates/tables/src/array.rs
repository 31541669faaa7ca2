//! Rows into Arrow arrays, column by column.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Decimal128Builder, Int64Builder, StringBuilder,
    TimestampMillisecondBuilder,
};

use crate::column::{Column, Type, Value};

/// The values of a column.
pub fn array<R>(column: &Column<R>, rows: &[R]) -> ArrayRef {
    let capacity = rows.len();
    match column.value {
        Value::Text(get) => {
            let mut builder = StringBuilder::with_capacity(capacity, capacity * 16);
            rows.iter().for_each(|row| builder.append_option(get(row)));
            Arc::new(builder.finish())
        }
        Value::Id(get) => {
            let mut builder = StringBuilder::with_capacity(capacity, capacity * 36);
            for row in rows {
                match get(row) {
                    Some(id) => {
                        // Writing into the builder's own buffer cannot fail.
                        let _ = write!(builder, "{id}");
                        builder.append_value("");
                    }
                    None => builder.append_null(),
                }
            }
            Arc::new(builder.finish())
        }
        Value::Count(get) => {
            let mut builder = Int64Builder::with_capacity(capacity);
            rows.iter().for_each(|row| builder.append_option(get(row)));
            Arc::new(builder.finish())
        }
        Value::Time(get) => {
            let mut builder = TimestampMillisecondBuilder::with_capacity(capacity);
            rows.iter().for_each(|row| builder.append_option(get(row)));
            Arc::new(builder.finish().with_timezone("UTC"))
        }
        Value::Flag(get) => {
            let mut builder = BooleanBuilder::with_capacity(capacity);
            rows.iter().for_each(|row| builder.append_option(get(row)));
            Arc::new(builder.finish())
        }
        Value::Money(get) => {
            let mut builder =
                Decimal128Builder::with_capacity(capacity).with_data_type(Type::Money.arrow());
            rows.iter().for_each(|row| builder.append_option(get(row)));
            Arc::new(builder.finish())
        }
    }
}
