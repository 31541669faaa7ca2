//! Changes of documents: what a proof has in place of a fault.

use std::collections::BTreeSet;

use crate::json::{Node, Value};
use crate::problem::Position;

/// Calls a function with path, position, and text of every text, names of members included.
pub(super) fn each_text(node: &Node, path: &str, of: &mut impl FnMut(&str, Position, &str)) {
    match &node.value {
        Value::Text(text) => of(path, node.position, text),
        Value::List(nodes) => {
            let is_of_statements = path == "Statement";
            for (index, node) in nodes.iter().enumerate() {
                let path =
                    if is_of_statements { format!("{path}[{index}]") } else { path.to_owned() };
                each_text(node, &path, of);
            }
        }
        Value::Object(members) => {
            for (name, node) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                of(&path, node.position, name);
                each_text(node, &path, of);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A member of an object.
pub(super) fn member<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    let Value::Object(members) = &node.value else { return None };
    members.iter().find(|(found, _)| found == name).map(|(_, node)| node)
}

pub(super) fn member_mut<'a>(node: &'a mut Node, name: &str) -> Option<&'a mut Node> {
    let Value::Object(members) = &mut node.value else { return None };
    members.iter_mut().find(|(found, _)| found == name).map(|(_, node)| node)
}

/// A text.
pub(super) fn text(text: &str) -> Node {
    Node { position: Position::default(), value: Value::Text(text.to_owned()) }
}

/// An object of one member.
fn object(name: &str, node: Node) -> Node {
    let value = Value::Object(vec![(name.to_owned(), node)]);
    Node { position: Position::default(), value }
}

/// Puts a member into an object, in place of one of this name.
pub(super) fn set(node: &mut Node, name: &str, new: Node) {
    if let Some(old) = member_mut(node, name) {
        *old = new;
    } else if let Value::Object(members) = &mut node.value {
        members.push((name.to_owned(), new));
    }
}

/// Takes a member out of an object.
pub(super) fn remove(node: &mut Node, name: &str) {
    if let Value::Object(members) = &mut node.value {
        members.retain(|(found, _)| found != name);
    }
}

/// Adds a text to a list, or to one text that becomes a list.
pub(super) fn push(node: &mut Node, new: &str) {
    if let Value::Text(_) = &node.value {
        let first = node.clone();
        node.value = Value::List(vec![first]);
    }
    if let Value::List(nodes) = &mut node.value {
        nodes.push(text(new));
    }
}

/// Changes every text of a list, or the only one.
pub(super) fn change(node: &mut Node, with: &impl Fn(&str) -> String) {
    match &mut node.value {
        Value::Text(text) => *text = with(text),
        Value::List(nodes) => nodes.iter_mut().for_each(|node| change(node, with)),
        Value::Object(members) => members.iter_mut().for_each(|(_, node)| change(node, with)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Takes a text out of a list. A list that has no other is left as it is.
pub(super) fn take(node: &mut Node, text: &str) {
    if let Value::List(nodes) = &mut node.value
        && nodes.len() > 1
    {
        nodes.retain(|node| !matches!(&node.value, Value::Text(found) if found == text));
    }
}

/// The values of a key of a condition.
pub(super) fn values_mut<'a>(
    statement: &'a mut Node,
    operator: &str,
    key: &str,
) -> Option<&'a mut Node> {
    member_mut(member_mut(member_mut(statement, "Condition")?, operator)?, key)
}

/// Adds a test of a key to the conditions of a statement, in place of one with the same operator.
pub(super) fn set_condition(statement: &mut Node, operator: &str, key: &str, values: Node) {
    let Some(condition) = member_mut(statement, "Condition") else {
        set(statement, "Condition", object(operator, object(key, values)));
        return;
    };
    match member_mut(condition, operator) {
        Some(keys) => set(keys, key, values),
        None => set(condition, operator, object(key, values)),
    }
}

/// Takes a test of a key out of the conditions of a statement, and gives its values.
pub(super) fn take_condition(statement: &mut Node, operator: &str, key: &str) -> Option<Node> {
    let values = values_mut(statement, operator, key)?.clone();
    let condition = member_mut(statement, "Condition")?;
    let keys = member_mut(condition, operator)?;
    remove(keys, key);
    if matches!(&keys.value, Value::Object(members) if members.is_empty()) {
        remove(condition, operator);
    }
    Some(values)
}

/// The same test with another operator.
pub(super) fn change_operator(statement: &mut Node, from: &str, to: &str, key: &str) {
    if let Some(values) = take_condition(statement, from, key) {
        set_condition(statement, to, key, values);
    }
}

/// Takes out what begins at a position; `false` if nothing below the node does, or if it is the only one of
/// a list.
pub(super) fn remove_at(node: &mut Node, position: Position) -> bool {
    match &mut node.value {
        Value::Object(members) => {
            let n = members.len();
            members.retain(|(_, node)| node.position != position);
            members.len() < n || members.iter_mut().any(|(_, node)| remove_at(node, position))
        }
        Value::List(nodes) => {
            let n = nodes.len();
            if n > 1 {
                nodes.retain(|node| node.position != position);
            }
            nodes.len() < n || nodes.iter_mut().any(|node| remove_at(node, position))
        }
        _ => false,
    }
}

/// The first of members with the same name, everywhere.
pub(super) fn without_repeated(node: &Node) -> Node {
    let value = match &node.value {
        Value::Object(members) => {
            let mut names = BTreeSet::new();
            let first = members.iter().filter(|(name, _)| names.insert(name));
            Value::Object(
                first.map(|(name, node)| (name.clone(), without_repeated(node))).collect(),
            )
        }
        Value::List(nodes) => Value::List(nodes.iter().map(without_repeated).collect()),
        other => other.clone(),
    };
    Node { position: node.position, value }
}
