//! A replay as one JSON object.

use policy::replay::{Audit, Class, ClassTotal, Decider};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::table::{deciders, most_first, time};
use super::{Found, notes};
use crate::exit::Failure;

#[derive(Serialize)]
struct DeciderObject<'a> {
    kind: &'a str,
    effect: &'a str,
    node: Option<&'a str>,
    policy: Option<&'a str>,
    statement: Option<usize>,
    sid: Option<&'a str>,
    file: Option<&'a str>,
    line: Option<usize>,
    calls: u64,
}

/// The object, with a line end.
///
/// # Errors
/// None in practice: texts and numbers can be written.
pub(super) fn of(found: &Found<'_>) -> Result<String, Failure> {
    let rows = found.totals.rows().map(|(labels, class, total)| row(found, labels, class, total));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let basis = found.basis;
    let calls =
        Class::ALL.map(|class| (class.as_str().to_owned(), found.totals.calls(class).into()));
    let object = json!({
        "from": basis.range.map(|range| range.from().to_string()),
        "to": basis.range.map(|range| range.to().to_string()),
        "days": basis.days,
        "has_changes": found.has_changes,
        "calls": found.calls,
        "requests": found.requests,
        "calls_by_class": calls.into_iter().collect::<Map<String, Value>>(),
        "rows": rows,
        "audit": audit(&found.audit),
        "notes": notes::of(found),
    });
    Ok(serde_json::to_string_pretty(&object)? + "\n")
}

fn row(
    found: &Found<'_>,
    labels: &[Option<&str>],
    class: Class,
    total: &ClassTotal<'_>,
) -> serde_json::Result<Value> {
    let by = found.by.iter().zip(labels);
    let mut object = by
        .map(|(by, label)| (by.column().to_owned(), (*label).into()))
        .collect::<Map<String, Value>>();
    let counted = |name: &str, all: &std::collections::BTreeMap<String, u64>| {
        let object = |(key, calls): (&String, u64)| json!({name: key, "calls": calls});
        most_first(all).map(object).collect::<Vec<_>>()
    };
    let decided_by =
        deciders(total).map(|(decider, calls)| serde_json::to_value(of_decider(decider, calls)));
    let examples = total.examples.iter().map(|it| it.event_id).collect::<Vec<_>>();
    for (name, value) in [
        ("class", json!(class.as_str())),
        ("calls", json!(total.calls)),
        ("callers", json!(total.callers.len())),
        ("accounts", json!(total.accounts.len())),
        ("models", json!(total.models.len())),
        ("first_seen", json!(total.first_ms.map(time))),
        ("last_seen", json!(total.last_ms.map(time))),
        ("examples", json!(examples)),
        ("decided_by", Value::Array(decided_by.collect::<Result<_, _>>()?)),
        ("unknown", json!(counted("key", &total.unknown))),
        ("missing", json!(counted("reason", &total.missing))),
    ] {
        object.insert(name.to_owned(), value);
    }
    Ok(Value::Object(object))
}

fn of_decider(decider: &Decider, calls: u64) -> DeciderObject<'_> {
    let Decider { kind, effect, node, policy, statement, sid, file, line } = decider;
    DeciderObject {
        kind,
        effect,
        node: node.as_deref(),
        policy: policy.as_deref(),
        statement: *statement,
        sid: sid.as_deref(),
        file: file.as_deref(),
        line: *line,
        calls,
    }
}

fn audit(audit: &Audit) -> Value {
    json!({
        "outcomes": audit.outcomes,
        "reproduced": audit.reproduced,
        "contradicted": audit.contradicted,
        "open": audit.open,
        "not_comparable": audit.not_comparable,
        "legs": audit.legs,
        "legs_reproduced": audit.legs_reproduced,
        "policies": audit.policies,
        "policies_deciding": audit.policies_deciding,
        "policies_not_there": audit.policies_not_there,
    })
}
