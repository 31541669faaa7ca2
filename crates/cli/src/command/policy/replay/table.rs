//! The rows of a replay as texts by column, for CSV and Parquet.

use jiff::Timestamp;
use policy::replay::{ClassTotal, Decider};
use tables::column::Type;

use super::Found;

/// The columns behind those that rows are told apart by.
const COLUMNS: [&str; 11] = [
    "class",
    "calls",
    "callers",
    "accounts",
    "models",
    "first_seen",
    "last_seen",
    "examples",
    "decided_by",
    "unknown",
    "missing",
];

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Text(Option<String>),
    Count(i64),
    /// Milliseconds since 1970 UTC.
    Time(Option<i64>),
}

/// The names of the columns.
pub(super) fn columns(found: &Found<'_>) -> Vec<&'static str> {
    found.by.iter().map(|by| by.column()).chain(COLUMNS).collect()
}

/// What a column has.
pub(super) fn kind_of(column: &str) -> Type {
    match column {
        "calls" | "callers" | "accounts" | "models" => Type::Count,
        "first_seen" | "last_seen" => Type::Time,
        _ => Type::Text,
    }
}

/// The rows, a cell for each column.
pub(super) fn rows(found: &Found<'_>) -> Vec<Vec<Cell>> {
    let row = |labels: &[Option<&str>], class: policy::replay::Class, total: &ClassTotal<'_>| {
        let labels = labels.iter().map(|label| Cell::Text(label.map(str::to_owned)));
        let count = |number: usize| Cell::Count(i64::try_from(number).unwrap_or(i64::MAX));
        let text = |text: String| Cell::Text(Some(text).filter(|text| !text.is_empty()));
        let of_class = [
            Cell::Text(Some(class.as_str().to_owned())),
            Cell::Count(i64::try_from(total.calls).unwrap_or(i64::MAX)),
            count(total.callers.len()),
            count(total.accounts.len()),
            count(total.models.len()),
            Cell::Time(total.first_ms),
            Cell::Time(total.last_ms),
            text(total.examples.iter().map(|it| it.event_id).collect::<Vec<_>>().join(" ")),
            text(deciders(total).map(|(it, _)| name(it)).collect::<Vec<_>>().join("; ")),
            text(
                most_first(&total.unknown)
                    .map(|(key, _)| key.as_str())
                    .collect::<Vec<_>>()
                    .join(" "),
            ),
            text(
                most_first(&total.missing)
                    .map(|(it, _)| it.as_str())
                    .collect::<Vec<_>>()
                    .join("; "),
            ),
        ];
        labels.chain(of_class).collect()
    };
    found.totals.rows().map(|(labels, class, total)| row(labels, class, total)).collect()
}

/// What decides, that of the most calls first.
pub(super) fn deciders<'t>(total: &'t ClassTotal<'_>) -> impl Iterator<Item = (&'t Decider, u64)> {
    most_first(&total.deciders)
}

/// The entries of the most calls first.
pub(super) fn most_first<K: Ord>(
    all: &std::collections::BTreeMap<K, u64>,
) -> impl Iterator<Item = (&K, u64)> {
    let mut sorted = all.iter().map(|(key, calls)| (key, *calls)).collect::<Vec<_>>();
    sorted.sort_by_key(|(_, calls)| std::cmp::Reverse(*calls));
    sorted.into_iter()
}

/// A statement by what finds it.
pub(super) fn name(decider: &Decider) -> String {
    let kind = crate::policy_type::bare(decider.kind);
    let at = decider.node.as_ref().map(|node| format!(" at {node}")).unwrap_or_default();
    let (policy, statement) = (decider.policy.as_deref(), decider.statement);
    match (decider.effect, policy, statement) {
        ("logged", Some(policy), _) => format!("{kind} {policy}, which the log names"),
        ("logged", None, _) => {
            format!("{}, as the log says", crate::policy_type::in_sentence(decider.kind))
        }
        (_, Some(policy), Some(statement)) => {
            let sid = decider.sid.as_deref().filter(|sid| !sid.is_empty());
            let sid = sid.map_or_else(|| format!("statement {statement}"), str::to_owned);
            let line = decider.line.map(|line| format!(", line {line}")).unwrap_or_default();
            let at = decider.node.as_ref().map(|node| format!(", at {node}")).unwrap_or_default();
            format!("{sid} of {policy}{line}{at}")
        }
        _ => format!("no {kind}{at} allows it"),
    }
}

/// A time of RFC 3339.
pub(super) fn time(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |time| time.to_string())
}
