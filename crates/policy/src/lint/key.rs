//! Condition keys that AWS does not list.

use super::subject::Subject;
use super::{Findings, edit};
use crate::json::{Node, Value};
use crate::key;
use crate::problem::cut;

/// Looks for unknown keys, wherever they stand.
pub(super) fn check_names(root: &Node, found: &mut Findings) {
    let statements = edit::member(root, "Statement").unwrap_or(root);
    let is_list = matches!(statements.value, Value::List(_));
    for (index, statement) in statements.one_or_many().iter().enumerate() {
        let Some(Value::Object(operators)) =
            edit::member(statement, "Condition").map(|it| &it.value)
        else {
            continue;
        };
        for (operator, keys) in operators {
            let Value::Object(keys) = &keys.value else { continue };
            for (name, node) in keys {
                let Some(message) = unknown(name) else { continue };
                let index = if is_list { format!("[{index}]") } else { String::new() };
                let path = format!("Statement{index}.Condition.{operator}.{name}");
                found.add("unknown-condition-key", node.position, &path, message, None);
            }
        }
    }
}

/// What is wrong with a key, if it is one that should be known.
fn unknown(name: &str) -> Option<String> {
    let meant = meant(name)?;
    let name = cut(name);
    Some(match meant.as_slice() {
        [] => format!("AWS does not list the key `{name}`"),
        meant => {
            format!("AWS does not list the key `{name}`: did you mean {}?", meant.join(" or "))
        }
    })
}

/// The keys that a name was meant to be which is none; of a placeholder, that is not known.
fn meant(name: &str) -> Option<Vec<String>> {
    key::meant(name).filter(|_| super::placeholder::of_text(name).is_empty())
}

/// Shows what an unknown key does.
pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for part in &subject.parts {
        for clause in part.clauses.iter().filter(|it| unknown(it.key()).is_some()) {
            let meant = meant(clause.key()).unwrap_or_default();
            let Some(near) = meant.first().map(String::as_str) else { continue };
            let repaired = subject.repaired(part, |node| {
                let values = edit::take_condition(node, &clause.operator, clause.key());
                if let Some(values) = values {
                    edit::set_condition(node, &clause.operator, near, values);
                }
            });
            let proof = repaired.and_then(|repaired| {
                let repair = format!("the key is {near}");
                subject.prove_by_states(part, &repaired, near, &[], &repair)
            });
            found.prove("unknown-condition-key", clause.node.position, proof.as_ref());
        }
    }
}
