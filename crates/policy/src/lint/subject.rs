//! A document as the rules see it: its statements as they were read, each with the tree that it was read from.

use std::cell::OnceCell;

use bedrock::denial::PolicyType;
use bedrock::{Aliases, Catalog};

use super::part::Part;
use super::structure::readable_type;
use super::{Options, edit};
use crate::document::{Document, Effect};
use crate::evaluate::{Level, Policy};
use crate::json::{Node, Value};
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
