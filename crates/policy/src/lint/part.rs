//! A statement as the rules see it: what was read, and the tree that it was read from.

use super::edit;
use crate::condition::{Condition, Literal};
use crate::document::{Effect, Statement};
use crate::glob::Glob;
use crate::json::{Node, Value};
use crate::operator::Comparison;
use crate::problem::Position;

/// A statement.
pub(super) struct Part {
    /// Its place among the statements that can be read.
    pub(super) place: usize,
    /// Its path in the text.
    pub(super) path: String,
    pub(super) node: Node,
    pub(super) statement: Statement,
    pub(super) clauses: Vec<Clause>,
}

/// A test of a key.
pub(super) struct Clause {
    /// The operator, as written.
    pub(super) operator: String,
    pub(super) path: String,
    /// The values.
    pub(super) node: Node,
    pub(super) condition: Condition,
}

/// A text of a list, or the only one.
pub(super) struct Entry<'a> {
    pub(super) position: Position,
    pub(super) text: &'a str,
}

impl Part {
    pub(super) fn new(place: usize, path: String, node: Node, statement: &Statement) -> Self {
        let mut clauses = Vec::new();
        let mut conditions = statement.conditions().iter();
        let of = |node: &Node| match &node.value {
            Value::Object(members) => members.clone(),
            _ => Vec::new(),
        };
        let operators = edit::member(&node, "Condition").map(of).unwrap_or_default();
        for (operator, keys) in operators {
            for (key, node) in of(&keys) {
                let Some(condition) = conditions.next().cloned() else { continue };
                let path = element(&path, &format!("Condition.{operator}.{key}"));
                clauses.push(Clause { operator: operator.clone(), path, node, condition });
            }
        }
        Part { place, path, node, statement: statement.clone(), clauses }
    }

    pub(super) fn is_deny(&self) -> bool {
        self.statement.effect == Effect::Deny
    }

    /// The path of an element of it.
    pub(super) fn element(&self, name: &str) -> String {
        element(&self.path, name)
    }

    /// The texts of an element.
    pub(super) fn entries(&self, name: &str) -> Vec<Entry<'_>> {
        edit::member(&self.node, name).map(entries).unwrap_or_default()
    }

    /// The name of its element with actions.
    pub(super) fn action_element(&self) -> &'static str {
        if self.statement.is_not_action() { "NotAction" } else { "Action" }
    }

    /// The name of its element with resources.
    pub(super) fn resource_element(&self) -> &'static str {
        if edit::member(&self.node, "NotResource").is_some() { "NotResource" } else { "Resource" }
    }

    /// Whether it is about an action, whatever the resource.
    pub(super) fn is_about(&self, action: &str) -> bool {
        let mut entries = self.entries(self.action_element()).into_iter();
        let is_listed = entries.any(|it| Glob::action(it.text).is_match(action));
        is_listed != self.statement.is_not_action()
    }

    /// Whether it is about a service that is not Bedrock.
    pub(super) fn is_about_others(&self) -> bool {
        ["ec2:RunInstances", "dynamodb:GetItem"].iter().any(|action| self.is_about(action))
    }

    /// The tests of a key.
    pub(super) fn tests<'p>(&'p self, key: &'p str) -> impl Iterator<Item = &'p Clause> {
        self.clauses.iter().filter(move |it| it.condition.key.eq_ignore_ascii_case(key))
    }

    /// Whether it only applies where a key is there.
    pub(super) fn needs(&self, key: &str) -> bool {
        self.tests(key).any(|it| {
            it.is_null() && it.condition.values.iter().all(|value| *value == Literal::Null(false))
        })
    }

    /// How it is called.
    pub(super) fn name(&self) -> String {
        match &self.statement.sid {
            Some(sid) if !sid.is_empty() => sid.clone(),
            _ if self.path.is_empty() => "the statement".to_owned(),
            _ => self.path.clone(),
        }
    }
}

impl Clause {
    pub(super) fn key(&self) -> &str {
        &self.condition.key
    }

    pub(super) fn is_null(&self) -> bool {
        self.condition.test.operator.comparison == Comparison::Null
    }

    pub(super) fn is_negated(&self) -> bool {
        self.condition.test.operator.is_negated
    }

    pub(super) fn is_arn(&self) -> bool {
        self.condition.test.operator.comparison == Comparison::Arn
    }

    /// Its values as texts, with where they are.
    pub(super) fn entries(&self) -> Vec<Entry<'_>> {
        entries(&self.node)
    }

    /// The patterns of its values that have no variables and match something, with what they are written as.
    pub(super) fn globs(&self) -> impl Iterator<Item = (&str, &Glob)> {
        let Condition { values, texts, .. } = &self.condition;
        texts.iter().zip(values).filter_map(|(text, value)| match value {
            Literal::Pattern(pattern) => Some((text.as_str(), pattern.glob()?)),
            _ => None,
        })
    }
}

fn element(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn entries(node: &Node) -> Vec<Entry<'_>> {
    let texts = node.one_or_many().iter().filter_map(|node| match &node.value {
        Value::Text(text) => Some(Entry { position: node.position, text }),
        _ => None,
    });
    texts.collect()
}
