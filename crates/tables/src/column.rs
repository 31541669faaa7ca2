//! A column: its name, what it holds, and how it is taken out of a row, or out of what the row refers
//! to.

use arrow::datatypes::{DataType, Field, TimeUnit};
use bedrock::{Attribute, CallId, CostGaps, Meaning, Part};

use crate::map;

/// Decimal digits behind the point of a sum of money, in US dollars.
pub const MONEY_SCALE: i8 = 12;
pub(crate) const MONEY_PRECISION: u8 = 38;

/// A column of a table whose rows are `R`.
pub struct Column<R> {
    /// Lower case, snake case.
    pub name: &'static str,
    /// One sentence for the documentation and for Athena's column comment.
    pub doc: &'static str,
    /// False if every row has a value.
    pub nullable: bool,
    /// How the value is taken out of a row.
    pub value: Value<R>,
}

/// How a value is taken out of a row.
pub enum Value<R> {
    /// Text.
    Text(fn(&R) -> Option<&str>),
    /// One of a few texts, by its place among them.
    OneOf(&'static [&'static str], fn(&R) -> Option<usize>),
    /// Why a cost is not full, written as text; none is null.
    Gaps(fn(&R) -> CostGaps),
    /// An id, written as text.
    Id(fn(&R) -> Option<&CallId>),
    /// A whole number.
    Count(fn(&R) -> Option<i64>),
    /// Milliseconds since 1970 UTC.
    Time(fn(&R) -> Option<i64>),
    /// True or false.
    Flag(fn(&R) -> Option<bool>),
    /// US dollars, in units of 10^-12.
    Money(fn(&R) -> Option<i128>),
    /// The text of an attribute.
    Attribute(Attribute),
    /// An attribute whose texts are `true` and `false`, as true and false.
    AttributeFlag(Attribute),
    /// One of the values that an attribute holds.
    Part(Part),
    /// One that is `true` or `false`, as true and false.
    PartFlag(Part),
    /// An attribute whose texts are [`pairs`](bedrock::pairs), as a map.
    AttributeMap(Attribute),
    /// A text of [`pairs`](bedrock::pairs), as a map.
    Map(fn(&R) -> Option<&str>),
    /// Text that the row's meaning decides.
    Meaning(fn(&Meaning) -> Option<&str>),
    /// A whole number that the row's meaning decides.
    MeaningCount(fn(&Meaning) -> Option<i64>),
    /// True or false, as the row's meaning decides.
    MeaningFlag(fn(&Meaning) -> Option<bool>),
    /// The key of the row's object.
    ObjectKey,
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// UTF-8 text. Ids and account numbers are text too.
    Text,
    /// A signed 64-bit number.
    Count,
    /// A time in milliseconds, UTC: Athena reads no nanoseconds.
    Time,
    /// A boolean.
    Flag,
    /// A decimal number of 38 digits, 12 of them behind the point.
    Money,
    /// Texts by text, in the order of the keys.
    Map,
    /// A quotient, as a 64-bit float. Views alone have some: a table stores what can be added up.
    Ratio,
}

/// A column that may be null.
pub const fn optional<R>(name: &'static str, value: Value<R>, doc: &'static str) -> Column<R> {
    Column { name, doc, nullable: true, value }
}

/// A column that is never null.
pub const fn required<R>(name: &'static str, value: Value<R>, doc: &'static str) -> Column<R> {
    Column { name, doc, nullable: false, value }
}

impl<R> Clone for Column<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Column<R> {}

impl<R> Clone for Value<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Value<R> {}

/// Columns of a table with those of another one behind them, `N` in all.
pub(crate) const fn with_those_of<R, const N: usize>(
    own: &[Column<R>],
    others: &[Column<R>],
) -> [Column<R>; N] {
    assert!(own.len() + others.len() == N, "all columns");
    let mut columns = [own[0]; N];
    let mut place = 0;
    while place < N {
        columns[place] = if place < own.len() { own[place] } else { others[place - own.len()] };
        place += 1;
    }
    columns
}

impl<R> Column<R> {
    /// The column's type.
    pub fn kind(&self) -> Type {
        match self.value {
            Value::Text(_)
            | Value::OneOf(..)
            | Value::Gaps(_)
            | Value::Id(_)
            | Value::Attribute(_)
            | Value::Part(_)
            | Value::Meaning(_)
            | Value::ObjectKey => Type::Text,
            Value::Count(_) | Value::MeaningCount(_) => Type::Count,
            Value::Time(_) => Type::Time,
            Value::Flag(_)
            | Value::AttributeFlag(_)
            | Value::PartFlag(_)
            | Value::MeaningFlag(_) => Type::Flag,
            Value::Money(_) => Type::Money,
            Value::AttributeMap(_) | Value::Map(_) => Type::Map,
        }
    }

    pub(crate) fn field(&self) -> Field {
        Field::new(self.name, self.kind().arrow(), self.nullable)
    }
}

impl Type {
    pub(crate) fn arrow(self) -> DataType {
        match self {
            Type::Text => DataType::Utf8,
            Type::Count => DataType::Int64,
            Type::Time => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
            Type::Flag => DataType::Boolean,
            Type::Money => DataType::Decimal128(MONEY_PRECISION, MONEY_SCALE),
            Type::Map => DataType::Map(map::entries(), false),
            Type::Ratio => DataType::Float64,
        }
    }

    /// How many columns of Parquet it takes.
    pub(crate) fn leaves(self) -> usize {
        match self {
            Type::Map => map::LEAVES.len(),
            _ => 1,
        }
    }

    /// The type's name in Athena's DDL.
    pub fn athena(self) -> &'static str {
        match self {
            Type::Text => "string",
            Type::Count => "bigint",
            Type::Time => "timestamp",
            Type::Flag => "boolean",
            Type::Money => "decimal(38,12)",
            Type::Map => "map<string,string>",
            Type::Ratio => "double",
        }
    }

    /// The type's name in Trino, as Athena stores it for the columns of a view.
    pub(crate) fn trino(self) -> &'static str {
        match self {
            Type::Text => "varchar",
            // That is the precision of the times that Athena reads.
            Type::Time => "timestamp(3)",
            Type::Map => "map(varchar,varchar)",
            kind => kind.athena(),
        }
    }

    /// The type's name in DuckDB's SQL.
    pub(crate) fn duckdb(self) -> &'static str {
        match self {
            Type::Text => "varchar",
            Type::Map => "map(varchar, varchar)",
            kind => kind.athena(),
        }
    }
}

impl<R> std::fmt::Debug for Value<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Value::Text(_) => "Text",
            Value::OneOf(..) => "OneOf",
            Value::Gaps(_) => "Gaps",
            Value::Id(_) => "Id",
            Value::Count(_) => "Count",
            Value::Time(_) => "Time",
            Value::Flag(_) => "Flag",
            Value::Money(_) => "Money",
            Value::Attribute(_) => "Attribute",
            Value::AttributeFlag(_) => "AttributeFlag",
            Value::Part(_) => "Part",
            Value::PartFlag(_) => "PartFlag",
            Value::AttributeMap(_) => "AttributeMap",
            Value::Map(_) => "Map",
            Value::Meaning(_) => "Meaning",
            Value::MeaningCount(_) => "MeaningCount",
            Value::MeaningFlag(_) => "MeaningFlag",
            Value::ObjectKey => "ObjectKey",
        })
    }
}

impl<R> std::fmt::Debug for Column<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.name, self.kind())
    }
}
