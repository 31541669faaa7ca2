//! A document as the rules see it: its statements as they were read, each with the tree that it was read from.

use std::cell::OnceCell;

use bedrock::denial::PolicyType;
use bedrock::{Aliases, Catalog};

use super::structure::readable_type;
use super::{Options, edit};
use crate::condition::{Condition, Literal};
use crate::document::{Document, Effect, Statement};
use crate::evaluate::{Level, Policy};
use crate::glob::Glob;
use crate::json::{Node, Value};
use crate::operator::Comparison;
use crate::problem::Position;
use crate::split::Levels;

/// Allows everything.
const FULL_ACCESS: &str = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
const FULL_ACCESS_OF_ENDPOINT: &str =
    r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#;

/// Scopes of system-defined profiles.
const SCOPES: [&str; 9] = ["us", "eu", "apac", "jp", "au", "ca", "in", "us-gov", "global"];

/// A document that can be read, or the part of one that can.
pub(super) struct Subject<'a> {
    pub(super) options: &'a Options<'a>,
    /// The tree of the document.
    pub(super) readable: Node,
    pub(super) document: Document,
    pub(super) parts: Vec<Part>,
    profiles: OnceCell<Vec<Profile>>,
}

/// A system-defined profile in a source Region.
pub(super) struct Profile {
    pub(super) id: String,
    pub(super) region: String,
}

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

/// A document without a fault: as a whole, and one of its statements only.
pub(super) struct Repaired {
    pub(super) whole: Document,
    pub(super) alone: Document,
}

impl<'a> Subject<'a> {
    pub(super) fn new(
        options: &'a Options<'a>,
        readable: Node,
        document: Document,
        parts: Vec<Part>,
    ) -> Self {
        Subject { options, readable, document, parts, profiles: OnceCell::new() }
    }

    /// The levels of a document: beside a policy that allows everything, or alone.
    pub(super) fn levels(&self, document: &Document, is_alone: bool) -> Levels {
        let policy_type = readable_type(self.options.policy_type);
        let policy = |name: &str, document: &Document| {
            let [id, name, file] = [name, name, name].map(str::to_owned);
            std::sync::Arc::new(Policy { id, name, file, document: document.clone() })
        };
        let mut policies = vec![policy("document", document)];
        if !is_alone {
            let full = match policy_type {
                PolicyType::VpcEndpoint => FULL_ACCESS_OF_ENDPOINT,
                _ => FULL_ACCESS,
            };
            policies.extend(Document::read(full, policy_type).map(|full| policy("full", &full)));
        }
        Levels::new(vec![Level { policy_type, node: None, policies }])
    }

    /// The document with a change of one statement.
    pub(super) fn repaired(&self, part: &Part, change: impl Fn(&mut Node)) -> Option<Repaired> {
        let mut root = self.readable.clone();
        let statements = edit::member_mut(&mut root, "Statement")?;
        let Value::List(nodes) = &mut statements.value else { return None };
        change(nodes.get_mut(part.place)?);
        self.read(root, part)
    }

    /// The document as it is.
    pub(super) fn unchanged(&self, part: &Part) -> Option<Repaired> {
        self.repaired(part, |_| {})
    }

    /// The document with another version.
    pub(super) fn with_variables(&self, part: &Part) -> Option<Repaired> {
        let mut root = self.readable.clone();
        edit::set(&mut root, "Version", edit::text("2012-10-17"));
        self.read(root, part)
    }

    fn read(&self, root: Node, part: &Part) -> Option<Repaired> {
        let policy_type = readable_type(self.options.policy_type);
        let whole = Document::of_node(&root, policy_type).ok()?;
        let mut alone = root;
        let statements = edit::member_mut(&mut alone, "Statement")?;
        let Value::List(nodes) = &mut statements.value else { return None };
        let only = nodes.get(part.place)?.clone();
        *nodes = vec![only];
        let alone = Document::of_node(&alone, policy_type).ok()?;
        Some(Repaired { whole, alone })
    }

    /// Whether variables are variables.
    pub(super) fn has_variables(&self) -> bool {
        edit::member(&self.readable, "Version")
            .is_some_and(|it| it.value == Value::Text("2012-10-17".to_owned()))
    }

    /// The statements with an effect.
    pub(super) fn of_effect(&self, effect: Effect) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(move |part| part.statement.effect == effect)
    }

    pub(super) fn catalog(&self) -> &Catalog {
        self.options.knowledge.catalog
    }

    /// The system-defined profiles of the catalog, in each of their source Regions.
    pub(super) fn profiles(&self) -> &[Profile] {
        self.profiles.get_or_init(|| {
            let ids =
                self.catalog().models().iter().flat_map(|model| {
                    SCOPES.iter().map(move |scope| format!("{scope}.{}", model.id))
                });
            let with_regions = ids.filter_map(|id| Some((self.catalog().profile(&id)?, id)));
            let of = |(by_source, id): (&std::collections::BTreeMap<String, _>, String)| {
                let regions = by_source.keys().cloned().collect::<Vec<_>>();
                regions.into_iter().map(move |region| Profile { id: id.clone(), region })
            };
            with_regions.flat_map(of).collect()
        })
    }

    /// The aliases, with one more.
    pub(super) fn aliases_with(&self, arn: &str, model: &str) -> Aliases {
        let mut aliases = self.options.knowledge.aliases.clone();
        aliases.add(arn, bedrock::Alias { model: Some(model.to_owned()), name: None });
        aliases
    }
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
