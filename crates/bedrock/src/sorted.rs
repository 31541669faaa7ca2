//! Lookup in sorted rows.

use std::cmp::Ordering;

/// The rows that `compare` says are equal to what is looked for, in rows that are in its order.
pub(crate) fn equal_range<T>(rows: &[T], compare: impl Fn(&T) -> Ordering) -> &[T] {
    let start = rows.partition_point(|row| compare(row).is_lt());
    let rows = &rows[start..];
    &rows[..rows.partition_point(|row| compare(row).is_eq())]
}
