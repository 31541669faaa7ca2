//! The organization: its nodes, which SCPs are attached to which, and who is subject to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bedrock::denial::PolicyType;

use crate::evaluate::{Level, Policy};

/// The SCPs that AWS attaches to a node at most (AWS Organizations quotas, 2026-05).
const MAX_POLICIES: usize = 10;

/// The organizational units that AWS allows below each other.
const MAX_UNITS: usize = 5;

/// A root, an organizational unit, or an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// `r-…`, `ou-…`, or an account ID.
    pub id: String,
    /// Its name, if it is known.
    pub name: Option<String>,
    /// The node above; `None` for the root.
    pub parent: Option<String>,
    /// The SCPs that are attached to it.
    pub policies: Vec<Arc<Policy>>,
}

/// An organization.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Organization {
    /// Its ID (`o-…`), if it is known.
    pub id: Option<String>,
    /// The management account, which SCPs do not apply to, if it is known.
    pub management_account: Option<String>,
    nodes: BTreeMap<String, Node>,
    /// The only node, if every account is subject to it: a document without an organization.
    everyone: Option<Node>,
    /// Why no account is subject to SCPs, if they are switched off.
    switched_off: Option<String>,
    /// What is not known, if these are not all nodes and policies.
    partial: Option<Partial>,
}

/// What is not known of an organization of which a file has a part only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Partial {
    /// The nodes of which it is not known what they are below.
    loose: BTreeSet<String>,
    /// The nodes that are accounts, the IDs of which are not known.
    accounts: BTreeSet<String>,
    /// The organizational unit of the accounts of which it is not known.
    unit: Option<String>,
}

/// The SCPs that an account is subject to.
#[derive(Debug, Clone, Default)]
pub struct Scps {
    /// Those that apply, the root first.
    pub levels: Vec<Level>,
    /// Those that apply if the account is below nodes of which that is not known.
    pub elsewhere: Vec<Level>,
}

/// What cannot be of an organization.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{node}: expected {expected}, found {found}")]
pub struct Fault {
    /// The node.
    pub node: String,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
}

impl Fault {
    pub(crate) fn new(node: &str, expected: &str, found: &str) -> Self {
        let [node, expected, found] = [node, expected, found].map(str::to_owned);
        Fault { node, expected, found }
    }
}

impl Organization {
    /// An organization of which only one node is known, which every account is below.
    pub fn of_everyone(name: &str, policies: Vec<Arc<Policy>>) -> Self {
        let node = Node { id: name.to_owned(), name: None, parent: None, policies };
        Organization { everyone: Some(node), ..Organization::default() }
    }

    /// An organization of these nodes.
    ///
    /// # Errors
    /// If a node is there twice, has a parent that is not there or is itself below it, or has more policies
    /// than AWS attaches; if there is not one root; if organizational units are more than five deep.
    pub fn new(
        id: Option<String>,
        management_account: Option<String>,
        nodes: Vec<Node>,
    ) -> Result<Self, Fault> {
        let mut organization = Organization { id, management_account, ..Organization::default() };
        for node in nodes {
            let id = node.id.clone();
            if organization.nodes.insert(id.clone(), node).is_some() {
                return Err(Fault::new(&id, "each node once", "it twice"));
            }
        }
        organization.check()?;
        Ok(organization)
    }

    /// Says that nobody is subject to its SCPs, and why.
    #[must_use]
    pub fn switched_off(mut self, why: &str) -> Self {
        self.switched_off = Some(why.to_owned());
        self
    }

    /// Why nobody is subject to its SCPs, if they are switched off.
    pub fn why_switched_off(&self) -> Option<&str> {
        self.switched_off.as_deref()
    }

    /// Says that it may have other nodes and policies; of which nodes it is not known what they are below, and
    /// which are accounts whose IDs are not known.
    #[must_use]
    pub fn partial(mut self, loose: BTreeSet<String>, accounts: BTreeSet<String>) -> Self {
        self.partial = Some(Partial { loose, accounts, unit: None });
        self
    }

    /// Whether it may have other nodes and policies.
    pub fn is_partial(&self) -> bool {
        self.partial.is_some()
    }

    /// Says in which organizational unit the accounts are of which it does not say that: the ID or the name of
    /// a node.
    ///
    /// # Errors
    /// If it says where every account is, or has no such node.
    pub fn place(&mut self, unit: &str) -> Result<(), Fault> {
        let units = || self.nodes.values().filter(|node| !is_account(&node.id));
        let by_name = || units().filter(|node| node.name.as_deref() == Some(unit));
        let found =
            match (self.nodes.get(unit).filter(|node| !is_account(&node.id)), by_name().count()) {
                (Some(node), _) => Some(node.id.clone()),
                (None, 1) => by_name().next().map(|node| node.id.clone()),
                (None, _) => None,
            };
        let known = units().map(|node| node.id.as_str()).collect::<Vec<_>>().join(", ");
        let Some(partial) = &mut self.partial else {
            let expected = "no unit: the organization says where its accounts are";
            return Err(Fault::new("organization", expected, &format!("`{unit}`")));
        };
        let none = || {
            Fault::new("organization", &format!("one of its units ({known})"), &format!("`{unit}`"))
        };
        partial.unit = Some(found.ok_or_else(none)?);
        Ok(())
    }

    fn check(&self) -> Result<(), Fault> {
        let mut roots = self.nodes.values().filter(|node| node.parent.is_none());
        let Some(root) = roots.next() else {
            return Err(Fault::new("organization", "a root: a node without a parent", "none"));
        };
        if let Some(second) = roots.next() {
            let expected = format!("one root, which is {}", root.id);
            return Err(Fault::new(&second.id, &expected, "a second node without a parent"));
        }
        for node in self.nodes.values() {
            check_policies(node)?;
            let mut above = node;
            let mut n_above = 0;
            while let Some(parent) = &above.parent {
                let Some(next) = self.nodes.get(parent) else {
                    let found = format!("{parent}, which is not there");
                    return Err(Fault::new(&above.id, "a parent among the nodes", &found));
                };
                if is_account(&next.id) {
                    let found = format!("the account {parent}");
                    return Err(Fault::new(
                        &above.id,
                        "a root or an organizational unit as parent",
                        &found,
                    ));
                }
                n_above += 1;
                if n_above > self.nodes.len() {
                    return Err(Fault::new(&node.id, "nodes that end at a root", "a cycle"));
                }
                above = next;
            }
            if node.id.starts_with("ou-") && n_above > MAX_UNITS {
                let expected = format!("at most {MAX_UNITS} organizational units below each other");
                return Err(Fault::new(&node.id, &expected, &n_above.to_string()));
            }
        }
        Ok(())
    }

    /// The policies that are attached somewhere, each once, in the order of the nodes.
    pub fn policies(&self) -> Vec<&Arc<Policy>> {
        let mut found = Vec::<&Arc<Policy>>::new();
        for policy in self.nodes.values().chain(&self.everyone).flat_map(|node| &node.policies) {
            if !found.contains(&policy) {
                found.push(policy);
            }
        }
        found
    }

    /// The accounts, by their IDs.
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        self.nodes.keys().map(String::as_str).filter(|id| is_account(id))
    }

    /// The nodes, by their IDs.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values().chain(&self.everyone)
    }

    /// Whether it is a document alone, without nodes and accounts.
    pub fn is_of_everyone(&self) -> bool {
        self.everyone.is_some()
    }

    /// The ID and name of the organizational unit or root that an account is directly below.
    pub fn parent(&self, account: &str) -> Option<&Node> {
        let parent = self.nodes.get(account).filter(|node| is_account(&node.id))?.parent.as_ref();
        self.nodes.get(parent?)
    }

    /// Whether it has an account.
    pub fn has_account(&self, account: &str) -> bool {
        self.everyone.is_some() || is_account(account) && self.nodes.contains_key(account)
    }

    /// The nodes from the root to an account; `None` if the organization does not have the account.
    fn path(&self, account: &str) -> Option<Vec<&Node>> {
        if let Some(node) = &self.everyone {
            return Some(vec![node]);
        }
        let account = self.nodes.get(account).filter(|node| is_account(&node.id));
        let unit = self.partial.as_ref().and_then(|partial| partial.unit.as_deref());
        let path = match (account, unit) {
            (Some(account), Some(unit)) if self.is_loose(&account.id) => {
                let mut path = self.path_to(unit);
                path.push(account);
                path
            }
            (Some(account), _) => self.path_to(&account.id),
            (None, Some(unit)) => self.path_to(unit),
            (None, None) => Vec::new(),
        };
        (!path.is_empty()).then_some(path)
    }

    /// A node and all above it, the root first.
    fn path_to(&self, node: &str) -> Vec<&Node> {
        let mut path = Vec::new();
        let mut next = self.nodes.get(node);
        while let Some(node) = next {
            path.push(node);
            next = node.parent.as_ref().and_then(|parent| self.nodes.get(parent));
        }
        path.reverse();
        path
    }

    fn is_loose(&self, node: &str) -> bool {
        self.partial.as_ref().is_some_and(|partial| partial.loose.contains(node))
    }

    /// The SCPs that an account is subject to; `None` if the organization does not have the account.
    pub fn scps(&self, account: &str) -> Option<Scps> {
        if self.switched_off.is_some() {
            return (self.is_partial() || self.is_member(account)).then(Scps::default);
        }
        let path = self.path(account);
        if self.partial.is_none() {
            return Some(Scps {
                levels: path?.into_iter().map(level).collect(),
                elsewhere: Vec::new(),
            });
        }
        let path = path.unwrap_or_default();
        let unit = self.partial.as_ref().and_then(|partial| partial.unit.as_deref());
        let is_placed =
            |node: &&Node| !self.is_loose(&node.id) || is_account(&node.id) && unit.is_some();
        let is_exact = !path.is_empty() && path.iter().all(is_placed);
        // A node is not below one that is below it.
        let is_below = |node: &Node| {
            let above = self.path_to(&node.id);
            path.iter().any(|it| it.parent.is_some() && above.iter().any(|above| above.id == it.id))
        };
        let is_unnamed = |node: &Node| {
            self.partial.as_ref().is_some_and(|partial| partial.accounts.contains(&node.id))
        };
        // An account without an ID may be this one, if it is in its unit.
        let may_be_it = |node: &Node| {
            let is_listed =
                path.last().is_some_and(|last| is_account(&last.id) || is_unnamed(last));
            let is_beside = path.last().is_some_and(|last| node.parent.as_ref() == Some(&last.id));
            is_unnamed(node) && !is_listed && (!is_exact || is_beside)
        };
        let elsewhere = self.nodes.values().filter(|node| {
            let is_in_path = path.iter().any(|it| it.id == node.id);
            let may_be_above = || {
                !is_exact
                    && !is_account(&node.id)
                    && !is_unnamed(node)
                    && !is_in_path
                    && !is_below(node)
            };
            may_be_it(node) || may_be_above()
        });
        let elsewhere = elsewhere.map(level).collect();
        Some(Scps { levels: path.into_iter().map(level).collect(), elsewhere })
    }

    /// Whether an account is known to be of the organization.
    pub fn is_member(&self, account: &str) -> bool {
        let is_placed = self.partial.as_ref().is_some_and(|partial| partial.unit.is_some());
        self.has_account(account)
            || is_placed
            || self.management_account.as_deref() == Some(account)
    }

    /// The levels of SCPs above an account, the root first; `None` if the organization does not have the
    /// account.
    pub fn levels(&self, account: &str) -> Option<Vec<Level>> {
        if self.switched_off.is_some() {
            return self.is_member(account).then(Vec::new);
        }
        Some(self.path(account)?.into_iter().map(level).collect())
    }

    /// The account's value of `aws:PrincipalOrgPaths`: `o-…/r-…/ou-…/`; `None` if it is not known.
    pub fn organization_path(&self, account: &str) -> Option<String> {
        if self.everyone.is_some() {
            return None;
        }
        let path = self.path(account)?;
        let above = path.iter().filter(|node| !is_account(&node.id)).map(|node| node.id.as_str());
        // A name is no ID, and what is not known to be below a node may be below others.
        let is_loose = |node: &Node| {
            let has_unit = self.partial.as_ref().is_some_and(|partial| partial.unit.is_some());
            self.is_loose(&node.id) && !(is_account(&node.id) && has_unit)
        };
        if path.iter().any(|node| is_loose(node)) || !above.clone().all(is_id) {
            return None;
        }
        let all = std::iter::once(self.id.as_deref()?).chain(above);
        Some(all.map(|id| format!("{id}/")).collect())
    }

    /// The nodes that a policy is attached to, by its ID, or by the name of its file without `.json`.
    pub fn nodes_with(&self, policy: &str) -> Vec<&str> {
        let has = |node: &&Node| node.policies.iter().any(|it| it.has_id(policy));
        let all = self.nodes.values().chain(&self.everyone);
        all.filter(has).map(|node| node.id.as_str()).collect()
    }

    fn node_mut(&mut self, node: &str) -> Result<&mut Node, Fault> {
        let found = match &mut self.everyone {
            Some(everyone) if everyone.id == node => Some(everyone),
            _ => self.nodes.get_mut(node),
        };
        found.ok_or_else(|| Fault::new(node, "the ID of a node", "none of the organization"))
    }

    /// Attaches a policy to a node.
    ///
    /// # Errors
    /// If the node is not there, has the policy or one with the same document already, or has as many as AWS
    /// attaches.
    pub fn attach(&mut self, node: &str, policy: Arc<Policy>) -> Result<(), Fault> {
        let node = self.node_mut(node)?;
        let text = policy.document.to_json(None);
        let is_it = |it: &&Arc<Policy>| it.id == policy.id || it.document.to_json(None) == text;
        if let Some(known) = node.policies.iter().find(is_it) {
            let found = format!("{}, which is attached as {}", policy.id, known.name);
            return Err(Fault::new(&node.id, "a policy that it does not have yet", &found));
        }
        node.policies.push(policy);
        check_policies(node)
    }

    /// Puts a policy in place of one that is attached to a node.
    ///
    /// # Errors
    /// If the node or the policy is not there.
    pub fn replace(
        &mut self,
        node: &str,
        replaced: &str,
        policy: Arc<Policy>,
    ) -> Result<(), Fault> {
        let node = self.node_mut(node)?;
        let place = place_of(node, replaced)?;
        node.policies[place] = policy;
        Ok(())
    }

    /// Detaches a policy from a node.
    ///
    /// # Errors
    /// If the node or the policy is not there.
    pub fn detach(&mut self, node: &str, policy: &str) -> Result<(), Fault> {
        let node = self.node_mut(node)?;
        let place = place_of(node, policy)?;
        node.policies.remove(place);
        Ok(())
    }
}

fn level(node: &Node) -> Level {
    Level {
        policy_type: PolicyType::ServiceControl,
        node: Some(node.id.clone()),
        policies: node.policies.clone(),
    }
}

fn is_id(id: &str) -> bool {
    id.starts_with("r-") || id.starts_with("ou-")
}

fn check_policies(node: &Node) -> Result<(), Fault> {
    if node.policies.len() <= MAX_POLICIES {
        return Ok(());
    }
    let expected = format!("at most {MAX_POLICIES} SCPs, as many as AWS attaches");
    Err(Fault::new(&node.id, &expected, &node.policies.len().to_string()))
}

/// The only policy of a node that has this ID or name.
fn place_of(node: &Node, policy: &str) -> Result<usize, Fault> {
    let is_it = |it: &Arc<Policy>| it.id == policy || it.name == policy;
    let mut places = (0..node.policies.len()).filter(|place| is_it(&node.policies[*place]));
    let attached = node.policies.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(", ");
    let expected = format!("one of its policies ({attached})");
    match (places.next(), places.next()) {
        (Some(place), None) => Ok(place),
        (None, _) => Err(Fault::new(&node.id, &expected, &format!("`{policy}`"))),
        (Some(_), Some(_)) => Err(Fault::new(&node.id, &expected, &format!("several `{policy}`"))),
    }
}

/// Whether an ID is that of an account: 12 digits.
pub(crate) fn is_account(id: &str) -> bool {
    id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit())
}
