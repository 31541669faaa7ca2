//! An organization that is put together from a file that has a part of it: nodes as they are named, and
//! policies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::at::At;
use super::{FULL_ACCESS_ID, FileProblem, full_access};
use crate::evaluate::Policy;
use crate::organization::{Node, Organization};
use crate::problem::{Position, Problem};

/// The root, where its ID is not known.
pub(crate) const ROOT: &str = "Root";

/// The nodes so far.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    nodes: BTreeMap<String, Growing>,
    pub(crate) organization_id: Option<String>,
    pub(crate) management_account: Option<String>,
    /// The root, if it is known which node that is.
    pub(crate) root: Option<String>,
    /// The file, where it is about no node.
    file: String,
}

#[derive(Debug, Default)]
struct Growing {
    position: Position,
    file: String,
    name: Option<String>,
    parent: Option<String>,
    policies: Vec<Arc<Policy>>,
    is_without_full_access: bool,
    is_account_without_id: bool,
}

impl Tree {
    pub(crate) fn of_file(file: &str) -> Self {
        Tree { file: file.to_owned(), ..Tree::default() }
    }

    /// Adds a node, or what is said of it here: `at` is where.
    ///
    /// # Errors
    /// If it has another parent already.
    pub(crate) fn node(
        &mut self,
        id: &str,
        name: Option<&str>,
        parent: Option<&str>,
        at: &At<'_>,
    ) -> Result<(), FileProblem> {
        let node = self.nodes.entry(id.to_owned()).or_insert_with(|| Growing {
            position: at.position(),
            file: at.file.to_owned(),
            ..Growing::default()
        });
        node.name = node.name.take().or_else(|| name.map(str::to_owned));
        match (&node.parent, parent) {
            (Some(known), Some(parent)) if known != parent => {
                return Err(at.instead(
                    &format!("{id} below {known}, as before"),
                    &format!("it below {parent}"),
                ));
            }
            (None, Some(parent)) => node.parent = Some(parent.to_owned()),
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        self.nodes.contains_key(id)
    }

    /// Attaches a policy to a node, once.
    pub(crate) fn attach(&mut self, id: &str, policy: &Arc<Policy>) {
        let node = self.nodes.entry(id.to_owned()).or_default();
        if !node.policies.iter().any(|known| known.id == policy.id) {
            node.policies.push(Arc::clone(policy));
        }
    }

    /// Says that a node does not have the policy that AWS attaches to each.
    pub(crate) fn without_full_access(&mut self, id: &str) {
        self.nodes.entry(id.to_owned()).or_default().is_without_full_access = true;
    }

    /// Says that a node is an account, the ID of which is not known.
    pub(crate) fn account_without_id(&mut self, id: &str) {
        self.nodes.entry(id.to_owned()).or_default().is_account_without_id = true;
    }

    /// The organization, with `FullAWSAccess` at each node that was not said to be without it. Nodes that are
    /// below none are below the root, without its being known what is between.
    ///
    /// # Errors
    /// If the nodes are no tree, or one has too many policies.
    pub(crate) fn finish(mut self) -> Result<Organization, FileProblem> {
        let root = self.root();
        self.nodes.entry(root.clone()).or_default();
        let full = full_access().map_err(|problem| FileProblem::new(&self.file, problem))?;
        let named =
            |parent: &Option<String>| parent.clone().filter(|it| !self.nodes.contains_key(it));
        let unlisted =
            self.nodes.values().filter_map(|node| named(&node.parent)).collect::<Vec<_>>();
        for id in unlisted {
            self.nodes.insert(id, Growing::default());
        }
        let places =
            self.nodes.iter().map(|(id, node)| (id.clone(), (node.file.clone(), node.position)));
        let places = places.collect::<BTreeMap<_, _>>();
        let (mut nodes, mut loose, mut accounts) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for (id, node) in self.nodes {
            let node_is_account = node.is_account_without_id;
            let Growing { name, mut parent, mut policies, is_without_full_access, .. } = node;
            if node_is_account {
                accounts.insert(id.clone());
            }
            if parent.is_none() && id != root {
                parent = Some(root.clone());
                loose.insert(id.clone());
            }
            if !is_without_full_access && !policies.iter().any(|it| it.id == FULL_ACCESS_ID) {
                policies.insert(0, Arc::clone(&full));
            }
            nodes.push(Node { id, name, parent, policies });
        }
        let found = Organization::new(self.organization_id, self.management_account, nodes);
        let found = found.map_err(|fault| {
            let (file, position) = places.get(&fault.node).cloned().unwrap_or_default();
            let file = if file.is_empty() { self.file } else { file };
            let position = position.max(Position { line: 1, column: 1 });
            FileProblem::new(
                &file,
                Problem::new(position, &fault.node, &fault.expected, &fault.found),
            )
        })?;
        Ok(found.partial(loose, accounts))
    }

    /// The ID of the root: said, or in the IDs of organizational units (`ou-ab12-…` is below `r-ab12`).
    fn root(&self) -> String {
        if let Some(root) = &self.root {
            return root.clone();
        }
        let ids =
            || self.nodes.iter().flat_map(|(id, node)| [Some(id), node.parent.as_ref()]).flatten();
        let of_unit = |id: &String| {
            let (root, _) = id.strip_prefix("ou-")?.split_once('-')?;
            Some(format!("r-{root}"))
        };
        let said = ids().find(|id| id.starts_with("r-") || *id == ROOT).cloned();
        said.or_else(|| ids().find_map(of_unit)).unwrap_or_else(|| ROOT.to_owned())
    }
}
