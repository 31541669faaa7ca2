//! Questions as SQL that Athena, Spark, and DuckDB answer as [`Answering`](super::Answering) does. It is the same for
//! all, apart from keys of maps.

use jiff::civil::Date;

use super::subject::{spec, type_in};
use super::{Aggregate, Filter, Key, Measure, Question};
use crate::accounts::JOIN;
use crate::column::Type;
use crate::view::{ApprovedRegions, DIRECT_SQL};

/// What the key of all rows without a row of their own is.
pub const OTHERS: &str = "others";

/// Who answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Engine {
    /// Amazon Athena.
    #[default]
    Athena,
    /// Spark SQL.
    Spark,
    /// DuckDB, whose `element_at` of a map gives a list.
    DuckDb,
}

impl Engine {
    /// The function that gives what a map has for a key, or null.
    fn element_at(self) -> &'static str {
        match self {
            Engine::Athena | Engine::Spark => "element_at",
            Engine::DuckDb => "map_extract_value",
        }
    }
}

/// The question about the days from `days.0` to `days.1`, both included, as a statement without a semicolon.
pub fn select(question: &Question, days: (Date, Date), engine: Engine) -> String {
    let (from, to) = days;
    let mut conditions = vec![format!("dt BETWEEN '{from}' AND '{to}'")];
    conditions.extend(question.filters.iter().map(condition));
    conditions.extend(question.outside.iter().map(ApprovedRegions::outside));
    let keys = question.keys.iter().map(|key| match key {
        Key::Day | Key::Column(_) | Key::Account(_) => key.name(),
        Key::IsDirect => format!("{DIRECT_SQL} AS {}", key.name()),
        Key::Entry { column, key: entry } => {
            format!("{}({column}, {}) AS {}", engine.element_at(), literal(entry), key.name())
        }
    });
    let measures =
        question.measures.iter().map(|it| format!("{} AS {}", expression(question, it), it.name));
    let columns = keys.chain(measures).collect::<Vec<_>>().join(",\n  ");
    let conditions = conditions.join("\n  AND ");
    let groups = (1..=question.keys.len()).map(|place| place.to_string()).collect::<Vec<_>>();
    let groups = match groups.as_slice() {
        [] => String::new(),
        groups => format!("\nGROUP BY {}", groups.join(", ")),
    };
    let table = question.table;
    let names = if question.names_accounts() { format!("\n{JOIN}") } else { String::new() };
    let answer = format!("SELECT\n  {columns}\nFROM {table}{names}\nWHERE {conditions}{groups}");
    match question.top {
        None => format!("{answer}\nORDER BY {}", order(question)),
        Some(top) => with_others(question, &answer, top),
    }
}

/// The first rows of an answer, and one of all others.
fn with_others(question: &Question, answer: &str, top: usize) -> String {
    let columns = question.columns().join(", ");
    let keys = (0..question.keys.len())
        .map(|place| if place == 0 { literal(OTHERS) } else { "NULL".to_owned() });
    let sums = question.measures.iter().map(|measure| match measure.of {
        Aggregate::First(_) => format!("MIN({})", measure.name),
        Aggregate::Last(_) => format!("MAX({})", measure.name),
        Aggregate::UpperEnd(least, most) => upper_end(least, most),
        Aggregate::Rows | Aggregate::RowsWith(..) => count(measure.name),
        Aggregate::Sum(column) => sum(question, column),
    });
    let others = keys.chain(sums).collect::<Vec<_>>().join(", ");
    let order = order(question);
    format!(
        "\
WITH answer AS (
{answer}
), ranked AS (
SELECT {columns}, row_number() OVER (ORDER BY {order}) AS place FROM answer
), shown AS (
SELECT {columns}, place FROM ranked WHERE place <= {top}
UNION ALL
SELECT {others}, {top} + 1 FROM ranked WHERE place > {top} HAVING COUNT(*) > 0
)
SELECT {columns} FROM shown ORDER BY place"
    )
}

fn order(question: &Question) -> String {
    let names = question.columns();
    let direction = if question.sort.is_descending { " DESC" } else { "" };
    let first = format!("{}{direction} NULLS LAST", names[question.sort.place]);
    let keys = { 0..question.keys.len() }.filter(|key| *key != question.sort.place);
    let keys = keys.map(|key| format!("{} NULLS LAST", names[key]));
    std::iter::once(first).chain(keys).collect::<Vec<_>>().join(", ")
}

fn expression(question: &Question, measure: &Measure) -> String {
    match measure.of {
        Aggregate::Rows => "COUNT(*)".to_owned(),
        Aggregate::RowsWith(column, text) => {
            count(&format!("CASE WHEN {column} = {} THEN 1 ELSE 0 END", literal(text)))
        }
        Aggregate::Sum(column) => sum(question, column),
        Aggregate::First(column) => format!("MIN({column})"),
        Aggregate::Last(column) => format!("MAX({column})"),
        Aggregate::UpperEnd(least, most) => upper_end(least, most),
    }
}

/// A sum of counts: of another type than its column in one of the engines.
fn count(of: &str) -> String {
    format!("CAST(SUM({of}) AS bigint)")
}

fn upper_end(least: &str, most: &str) -> String {
    format!("CASE WHEN COUNT({most}) > 0 THEN SUM(COALESCE({most}, {least})) END")
}

/// Decimals add up to a decimal of the same size.
fn sum(question: &Question, column: &str) -> String {
    match type_in(&spec(question.table), column) {
        Some(Type::Money) => format!("SUM({column})"),
        _ => count(column),
    }
}

fn condition(filter: &Filter) -> String {
    let values = filter.values.iter().map(|value| literal(value)).collect::<Vec<_>>().join(", ");
    let of = |column: &&str| format!("{column} IN ({values})");
    match filter.columns.as_slice() {
        [column] => of(column),
        columns => format!("({})", columns.iter().map(of).collect::<Vec<_>>().join(" OR ")),
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
