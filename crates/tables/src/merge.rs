//! Rows that count calls can be merged: those of one group, counted apart, become one.

use std::cmp::Ordering;

/// A row that counts the calls of a group.
pub trait GroupRow {
    /// The order of the groups, which is that of the rows of the table.
    fn compare_group(&self, other: &Self) -> Ordering;

    /// Whether two rows count calls of one group.
    fn same_group(&self, other: &Self) -> bool {
        self.compare_group(other).is_eq()
    }

    /// Adds what another row of the same group has counted.
    fn merge(&mut self, other: Self);
}

/// A sum in which nothing is not 0.
pub(crate) fn sum<T>(a: Option<T>, b: Option<T>, add: impl Fn(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(add(a, b)),
        (a, b) => a.or(b),
    }
}
