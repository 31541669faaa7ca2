//! The condition operators, as one table (IAM user guide, "IAM JSON policy elements: Condition operators").

use std::cmp::Ordering;

/// What an operator compares, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// Texts; variables are replaced.
    Text { has_wildcards: bool, ignores_case: bool },
    /// ARNs, part by part; variables are replaced.
    Arn,
    /// Decimal numbers.
    Number(Order),
    /// Times: ISO 8601, or seconds since 1970.
    Date(Order),
    /// `true` or `false`.
    Bool,
    /// Bytes in base64, as texts.
    Binary,
    /// An address in a network.
    Address,
    /// Whether the key is there.
    Null,
}

/// How a value must compare with that of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A condition operator.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Operator {
    pub(crate) name: &'static str,
    pub(crate) comparison: Comparison,
    /// Whether it holds where the comparison does not, and where the key is absent.
    pub(crate) is_negated: bool,
}

const fn operator(name: &'static str, comparison: Comparison, is_negated: bool) -> Operator {
    Operator { name, comparison, is_negated }
}

const EXACT: Comparison = Comparison::Text { has_wildcards: false, ignores_case: false };
const ANY_CASE: Comparison = Comparison::Text { has_wildcards: false, ignores_case: true };
const LIKE: Comparison = Comparison::Text { has_wildcards: true, ignores_case: false };

/// All operators.
pub(crate) const OPERATORS: &[Operator] = &[
    operator("StringEquals", EXACT, false),
    operator("StringNotEquals", EXACT, true),
    operator("StringEqualsIgnoreCase", ANY_CASE, false),
    operator("StringNotEqualsIgnoreCase", ANY_CASE, true),
    operator("StringLike", LIKE, false),
    operator("StringNotLike", LIKE, true),
    operator("ArnEquals", Comparison::Arn, false),
    operator("ArnLike", Comparison::Arn, false),
    operator("ArnNotEquals", Comparison::Arn, true),
    operator("ArnNotLike", Comparison::Arn, true),
    operator("NumericEquals", Comparison::Number(Order::Equal), false),
    operator("NumericNotEquals", Comparison::Number(Order::Equal), true),
    operator("NumericLessThan", Comparison::Number(Order::Less), false),
    operator("NumericLessThanEquals", Comparison::Number(Order::LessOrEqual), false),
    operator("NumericGreaterThan", Comparison::Number(Order::Greater), false),
    operator("NumericGreaterThanEquals", Comparison::Number(Order::GreaterOrEqual), false),
    operator("DateEquals", Comparison::Date(Order::Equal), false),
    operator("DateNotEquals", Comparison::Date(Order::Equal), true),
    operator("DateLessThan", Comparison::Date(Order::Less), false),
    operator("DateLessThanEquals", Comparison::Date(Order::LessOrEqual), false),
    operator("DateGreaterThan", Comparison::Date(Order::Greater), false),
    operator("DateGreaterThanEquals", Comparison::Date(Order::GreaterOrEqual), false),
    operator("Bool", Comparison::Bool, false),
    operator("BinaryEquals", Comparison::Binary, false),
    operator("IpAddress", Comparison::Address, false),
    operator("NotIpAddress", Comparison::Address, true),
    operator("Null", Comparison::Null, false),
];

impl Order {
    pub(crate) fn holds(self, ordering: Ordering) -> bool {
        match self {
            Order::Equal => ordering.is_eq(),
            Order::Less => ordering.is_lt(),
            Order::LessOrEqual => ordering.is_le(),
            Order::Greater => ordering.is_gt(),
            Order::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// How the values of a key that may have several are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantifier {
    /// It has one value.
    One,
    /// `ForAllValues:`; also holds for none.
    All,
    /// `ForAnyValue:`; does not hold for none.
    Any,
}

/// An operator as a policy writes it: `ForAnyValue:StringLikeIfExists`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Test {
    pub(crate) operator: &'static Operator,
    pub(crate) quantifier: Quantifier,
    /// Whether it also holds where the key is absent.
    pub(crate) if_exists: bool,
}

impl Test {
    /// Reads the name of a test. `Err` says what was expected.
    pub(crate) fn read(name: &str) -> Result<Self, String> {
        let (quantifier, rest) = match name.split_once(':') {
            Some(("ForAllValues", rest)) => (Quantifier::All, rest),
            Some(("ForAnyValue", rest)) => (Quantifier::Any, rest),
            Some(_) => return Err("ForAllValues: or ForAnyValue: before an operator".to_owned()),
            None => (Quantifier::One, name),
        };
        let bare = rest.strip_suffix("IfExists");
        let base = bare.unwrap_or(rest);
        let Some(operator) = OPERATORS.iter().find(|operator| operator.name == base) else {
            let near = OPERATORS.iter().min_by_key(|it| strsim::levenshtein(it.name, base));
            let near = near.filter(|it| strsim::levenshtein(it.name, base) <= 3);
            let such = near.map_or("StringEquals", |near| near.name);
            return Err(format!("a condition operator, such as {such}"));
        };
        let is_null = operator.comparison == Comparison::Null;
        if is_null && bare.is_some() {
            return Err("Null without IfExists, which it cannot have".to_owned());
        }
        if is_null && quantifier == Quantifier::All {
            return Err("Null without ForAllValues, which AWS does not define for it".to_owned());
        }
        Ok(Test { operator, quantifier, if_exists: bare.is_some() })
    }
}
