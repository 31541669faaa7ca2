//! The lists of a statement: entries that are there twice, or that others cover, and lists of one.

use super::Draft;
use crate::condition::{Form, Literal, Pattern};
use crate::glob::{Glob, inclusion};
use crate::json::{Node, Value};
use crate::operator::Test;

/// The most entries of a list that are compared with each other; a policy of the largest size has fewer.
const MAX_ENTRIES: usize = 2_000;

/// What a list has.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Actions,
    Resources,
    Values(Test),
    /// Who calls: only texts that are the same are the same.
    Principals,
}

/// An entry, as far as it is known what it covers.
enum Entry {
    Action(Glob),
    Resource(Pattern),
    Value(Literal, Test),
}

impl Entry {
    fn covers(&self, other: &Entry) -> bool {
        match (self, other) {
            (Entry::Action(own), Entry::Action(other)) => inclusion::covers(own, other),
            (Entry::Resource(own), Entry::Resource(other)) => own.covers(other),
            (Entry::Value(own, test), Entry::Value(other, _)) => {
                own.covers(other, test.operator.comparison)
            }
            _ => false,
        }
    }
}

impl Draft {
    /// Drops entries that are there before.
    pub(super) fn drop_duplicates(&mut self) {
        self.for_each_list(&mut |kind, node, _| {
            let Value::List(nodes) = &mut node.value else { return };
            let mut seen = std::collections::BTreeSet::new();
            nodes.retain(|node| {
                let text = node.to_json(None);
                // Actions mind no case.
                seen.insert(if matches!(kind, Kind::Actions) { text.to_lowercase() } else { text })
            });
        });
    }

    /// Drops entries that match nothing that another one does not match. Of two that match the same, the
    /// shorter one stays, or else the first.
    pub(super) fn drop_covered(&mut self) {
        self.for_each_list(&mut |kind, node, has_variables| {
            let Value::List(nodes) = &mut node.value else { return };
            if nodes.len() < 2 || nodes.len() > MAX_ENTRIES {
                return;
            }
            let entry = |node: &Node| entry(kind, node, has_variables);
            let Some(entries) = nodes.iter().map(entry).collect::<Option<Vec<_>>>() else { return };
            let length = |place: usize| nodes[place].to_json(None).chars().count();
            let is_dropped = |place: usize| {
                (0..entries.len()).any(|other| {
                    place != other
                        && entries[other].covers(&entries[place])
                        && (!entries[place].covers(&entries[other])
                            || (length(other), other) < (length(place), place))
                })
            };
            let dropped = (0..entries.len()).map(is_dropped).collect::<Vec<_>>();
            let mut dropped = dropped.into_iter();
            nodes.retain(|_| dropped.next() != Some(true));
        });
    }

    /// Writes lists of one entry as this entry.
    pub(super) fn unwrap_lists(&mut self) {
        self.for_each_list(&mut |_, node, _| {
            if let Value::List(nodes) = &mut node.value
                && nodes.len() == 1
                && let Some(only) = nodes.pop()
            {
                *node = only;
            }
        });
    }

    /// Drops conditions that test nothing.
    pub(super) fn drop_empty_conditions(&mut self) {
        let is_empty =
            |node: &Node| matches!(&node.value, Value::Object(members) if members.is_empty());
        for statement in self.statements() {
            let Value::Object(members) = &mut statement.value else { continue };
            for (name, node) in members.iter_mut() {
                if let ("Condition", Value::Object(operators)) = (name.as_str(), &mut node.value) {
                    operators.retain(|(_, keys)| !is_empty(keys));
                }
            }
            members.retain(|(name, node)| name != "Condition" || !is_empty(node));
        }
    }

    /// All lists, and single entries in the place of one.
    fn for_each_list(&mut self, f: &mut impl FnMut(Kind, &mut Node, bool)) {
        let has_variables = self.has_variables();
        for statement in self.statements() {
            let Value::Object(members) = &mut statement.value else { continue };
            for (name, node) in members {
                match (name.as_str(), &mut node.value) {
                    ("Action" | "NotAction", _) => f(Kind::Actions, node, has_variables),
                    ("Resource" | "NotResource", _) => f(Kind::Resources, node, has_variables),
                    ("Principal", Value::Object(kinds)) => {
                        for (_, node) in kinds {
                            f(Kind::Principals, node, has_variables);
                        }
                    }
                    ("Condition", Value::Object(operators)) => {
                        for (operator, keys) in operators {
                            let Ok(test) = Test::read(operator) else { continue };
                            let Value::Object(keys) = &mut keys.value else { continue };
                            for (_, node) in keys {
                                f(Kind::Values(test), node, has_variables);
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

fn entry(kind: Kind, node: &Node, has_variables: bool) -> Option<Entry> {
    let text = super::entry_text(node)?;
    match kind {
        Kind::Actions => Some(Entry::Action(Glob::action(&text))),
        Kind::Resources => {
            Pattern::read(&text, Form::Resource, has_variables).ok().map(Entry::Resource)
        }
        Kind::Values(test) => {
            let literal = Literal::read(&text, test.operator.comparison, has_variables).ok()?;
            Some(Entry::Value(literal, test))
        }
        Kind::Principals => None,
    }
}
