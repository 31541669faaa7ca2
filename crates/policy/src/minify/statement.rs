//! Statements that are there twice, that others cover, or that can be one.

use std::collections::BTreeMap;

use super::{Draft, entry_text};
use crate::compare::{Comparison, compare};
use crate::document::Document;
use crate::json::{Node, Value};
use crate::operator::{Quantifier, Test};

/// The most statements that are compared with each other; a policy of the largest size has fewer.
const MAX_STATEMENTS: usize = 200;

/// What a statement says without its Sid, in an order of its own: the texts of each element.
type Elements = Vec<(Vec<String>, Vec<String>)>;

impl Draft {
    /// Drops all Sids.
    pub(super) fn drop_sids(&mut self) {
        for statement in self.statements() {
            if let Value::Object(members) = &mut statement.value {
                members.retain(|(name, _)| name != "Sid");
            }
        }
    }

    /// Drops statements that say what another one says. Those with a Sid stay.
    pub(super) fn drop_repeated(&mut self) {
        let mut by_elements = BTreeMap::<Elements, Vec<usize>>::new();
        for (place, statement) in self.statements().iter().enumerate() {
            by_elements.entry(elements(statement)).or_default().push(place);
        }
        let mut dropped = Vec::new();
        for places in by_elements.values() {
            let is_named = |place: &&usize| has_sid(&self.statements_ref()[**place]);
            let (named, unnamed) = places.iter().partition::<Vec<_>, _>(is_named);
            let n_kept = usize::from(named.is_empty());
            dropped.extend(unnamed.into_iter().skip(n_kept).copied());
        }
        self.remove(&dropped);
    }

    /// Drops statements without which the document says the same.
    pub(super) fn drop_covered_statements(&mut self) {
        let mut place = 0;
        while place < self.statements_ref().len() {
            let n_statements = self.statements_ref().len();
            if !(2..=MAX_STATEMENTS).contains(&n_statements) {
                return;
            }
            let mut without = self.clone();
            without.remove(&[place]);
            let has_sid = has_sid(&self.statements_ref()[place]);
            if !has_sid && self.proves_equal(&self.clone(), &without) {
                self.remove(&[place]);
            } else {
                place += 1;
            }
        }
    }

    /// Makes one of two statements, where both together say what the one says.
    pub(super) fn join_statements(&mut self) {
        if self.statements_ref().len() > MAX_STATEMENTS {
            return;
        }
        let mut first = 0;
        while first < self.statements_ref().len() {
            let mut second = first + 1;
            while second < self.statements_ref().len() {
                match self.joined(first, second) {
                    Some(joined) => {
                        if let Some(statement) = self.statements().get_mut(first) {
                            *statement = joined;
                        }
                        self.remove(&[second]);
                    }
                    None => second += 1,
                }
            }
            first += 1;
        }
    }

    /// A list of one statement becomes the statement.
    pub(super) fn unwrap_statement(&mut self) {
        if let Some(node) = self.statement_node()
            && let Value::List(nodes) = &mut node.value
            && nodes.len() == 1
            && let Some(only) = nodes.pop()
        {
            *node = only;
        }
    }

    fn remove(&mut self, places: &[usize]) {
        let Some(node) = self.statement_node() else { return };
        if let Value::List(nodes) = &mut node.value {
            let mut place = 0;
            nodes.retain(|_| {
                place += 1;
                !places.contains(&(place - 1))
            });
        }
    }

    /// The statement that says what two say, if it is shorter and proven to say the same.
    fn joined(&mut self, first: usize, second: usize) -> Option<Node> {
        let statements = self.statements_ref();
        let (one, other) = (&statements.get(first)?.clone(), &statements.get(second)?.clone());
        if has_sid(one) && has_sid(other) {
            return None;
        }
        let path = only_difference(&elements(one), &elements(other))?;
        let may_be_joined = match path.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["Action" | "Resource"] => true,
            ["Condition", operator, _] => Test::read(operator)
                .is_ok_and(|test| !test.operator.is_negated && test.quantifier != Quantifier::All),
            _ => false,
        };
        if !may_be_joined {
            return None;
        }
        let mut joined = one.clone();
        add_entries(&mut joined, other, &path)?;
        if let (Value::Object(members), Value::Object(others)) = (&mut joined.value, &other.value)
            && !has_sid(one)
        {
            let sid = others.iter().find(|(name, _)| name == "Sid").cloned();
            members.splice(0..0, sid);
        }
        let length = |node: &Node| node.to_json(None).len();
        let is_shorter = length(&joined) < length(one) + length(other);
        let both = self.with_statements(vec![one.clone(), other.clone()]);
        let alone = self.with_statements(vec![joined.clone()]);
        (is_shorter && self.proves_equal(&both, &alone)).then_some(joined)
    }

    /// Whether two drafts say the same, proven.
    fn proves_equal(&mut self, one: &Draft, other: &Draft) -> bool {
        if self.is_too_large {
            return false;
        }
        let read = |draft: &Draft| Document::of_node(&draft.node, draft.policy_type);
        let (Ok(one), Ok(other)) = (read(one), read(other)) else { return false };
        let found = compare(&one, &other);
        self.is_too_large |= found == Comparison::TooLarge;
        found == Comparison::Equal
    }
}

fn has_sid(statement: &Node) -> bool {
    let Value::Object(members) = &statement.value else { return false };
    members.iter().any(|(name, _)| name == "Sid")
}

fn elements(statement: &Node) -> Elements {
    let Value::Object(members) = &statement.value else { return Vec::new() };
    let mut found = Vec::new();
    for (name, node) in members {
        let path = |rest: &[&str]| {
            std::iter::once(name.as_str()).chain(rest.iter().copied()).map(str::to_owned).collect()
        };
        match (name.as_str(), &node.value) {
            ("Sid", _) => {}
            ("Condition", Value::Object(operators)) => {
                for (operator, keys) in operators {
                    let Value::Object(keys) = &keys.value else { continue };
                    for (key, values) in keys {
                        let key = key.to_ascii_lowercase();
                        found.push((path(&[operator, &key]), texts(values, false)));
                    }
                }
            }
            ("Principal", Value::Object(kinds)) => {
                found.extend(kinds.iter().map(|(kind, it)| (path(&[kind]), texts(it, false))));
            }
            (name, _) => {
                let minds_no_case = matches!(name, "Action" | "NotAction");
                found.push((path(&[]), texts(node, minds_no_case)));
            }
        }
    }
    found.sort();
    found
}

fn texts(node: &Node, minds_no_case: bool) -> Vec<String> {
    let text = |node: &Node| {
        let text = entry_text(node)?;
        Some(if minds_no_case { text.to_lowercase() } else { text })
    };
    let mut texts = node.one_or_many().iter().filter_map(text).collect::<Vec<_>>();
    texts.sort();
    texts.dedup();
    texts
}

/// The path of the only element that differs; `None` if there are none or several.
fn only_difference(one: &Elements, other: &Elements) -> Option<Vec<String>> {
    if one.len() != other.len() {
        return None;
    }
    let mut found = None;
    for ((path, texts), (other_path, other_texts)) in one.iter().zip(other) {
        if path != other_path || (texts != other_texts && found.is_some()) {
            return None;
        }
        if texts != other_texts {
            found = Some(path.clone());
        }
    }
    found
}

/// Adds the entries of another statement to an element.
fn add_entries(statement: &mut Node, other: &Node, path: &[String]) -> Option<()> {
    let (Value::Object(members), Value::Object(others)) = (&mut statement.value, &other.value)
    else {
        return None;
    };
    let (name, rest) = path.split_first()?;
    let is_named = |found: &str| found.eq_ignore_ascii_case(name);
    let (_, own) = members.iter_mut().find(|(found, _)| is_named(found))?;
    let (_, other) = others.iter().find(|(found, _)| is_named(found))?;
    if !rest.is_empty() {
        return add_entries(own, other, rest);
    }
    let mut nodes = own.one_or_many().to_vec();
    for node in other.one_or_many() {
        if !nodes.iter().any(|known| known.value == node.value) {
            nodes.push(node.clone());
        }
    }
    own.value = Value::List(nodes);
    Some(())
}
