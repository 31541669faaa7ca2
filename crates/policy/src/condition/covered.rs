//! Whether one value of a condition makes another one superfluous.

use std::cmp::Ordering;

use super::{Condition, Literal};
use crate::glob::inclusion;
use crate::operator::{Comparison, Order};

impl Literal {
    /// Whether every value that matches the other one matches this one, too. Of a pattern with variables, that
    /// is known of the same pattern only.
    pub(crate) fn covers(&self, other: &Literal, comparison: Comparison) -> bool {
        match (self, other) {
            _ if self == other => true,
            (Literal::Pattern(own), Literal::Pattern(other)) => match (own.glob(), other.glob()) {
                (Some(own), Some(other)) => inclusion::covers(own, other),
                _ => false,
            },
            (Literal::Number(own), Literal::Number(other)) => {
                let Comparison::Number(order) = comparison else { return false };
                order.covers(own.cmp(other))
            }
            (Literal::Date(own), Literal::Date(other)) => {
                let Comparison::Date(order) = comparison else { return false };
                order.covers(own.cmp(other))
            }
            (Literal::Address(own), Literal::Address(other)) => own.contains(other),
            _ => false,
        }
    }
}

impl Order {
    /// Whether what compares so with one value does so with another one, by how these compare.
    fn covers(self, own_with_other: Ordering) -> bool {
        match self {
            Order::Equal => own_with_other.is_eq(),
            Order::Less | Order::LessOrEqual => own_with_other.is_ge(),
            Order::Greater | Order::GreaterOrEqual => own_with_other.is_le(),
        }
    }
}

impl Condition {
    /// Whether it holds for the same requests as another one of the same test, because the values of each are
    /// covered by those of the other.
    pub(crate) fn is_equivalent(&self, other: &Condition) -> bool {
        let are_covered = |own: &[Literal], others: &[Literal]| {
            let comparison = self.test.operator.comparison;
            own.iter().all(|own| others.iter().any(|other| other.covers(own, comparison)))
        };
        self.has_test_of(other)
            && are_covered(&self.values, &other.values)
            && are_covered(&other.values, &self.values)
    }
}
