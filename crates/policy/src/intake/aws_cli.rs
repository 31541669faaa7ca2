//! A folder with what the AWS CLI prints, as it is: `aws organizations describe-organization`, `list-roots`,
//! `list-organizational-units-for-parent`, `list-accounts-for-parent`, `list-parents`, `describe-policy`,
//! `list-policies-for-target`, `list-targets-for-policy`.
//!
//! A list names only one of its two sides; the other one is in the name of its file:
//! `list-accounts-for-parent-ou-ab12-11111111.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bedrock::denial::PolicyType;

use super::at::{At, json};
use super::{FileProblem, FromFiles, SERVICE_CONTROL_POLICY};
use crate::evaluate::Policy;
use crate::organization::{Node, Organization, is_account};
use crate::problem::{Position, Problem};

/// The members that outputs have.
const OUTPUTS: [&str; 8] = [
    "Organization",
    "Roots",
    "OrganizationalUnits",
    "Accounts",
    "Parents",
    "Policy",
    "Policies",
    "Targets",
];

/// Where something is said.
#[derive(Debug, Clone, Default)]
struct Place {
    file: String,
    position: Position,
    path: String,
}

impl Place {
    fn of(at: &At<'_>) -> Self {
        Place { file: at.file.to_owned(), position: at.position(), path: at.path.clone() }
    }

    fn problem(&self, expected: &str, found: &str) -> FileProblem {
        let Place { file, position, path } = self;
        FileProblem::new(file, Problem::new(*position, path, expected, found))
    }
}

/// What was read so far.
#[derive(Default)]
struct Reader {
    id: Option<String>,
    management_account: Option<String>,
    /// Names by node; which parent each has, and where that is said.
    names: BTreeMap<String, (Option<String>, Place)>,
    roots: BTreeSet<String>,
    parents: BTreeMap<String, (String, Place)>,
    policies: BTreeMap<String, Arc<Policy>>,
    other_policies: BTreeMap<String, String>,
    /// Policies by node, with where that is said.
    attached: BTreeMap<String, BTreeMap<String, Place>>,
    /// Nodes whose policies are listed, and policies whose targets are.
    listed_nodes: BTreeSet<String>,
    listed_policies: BTreeSet<String>,
    /// Why nobody is subject to SCPs.
    switched_off: Option<String>,
}

/// Reads the files of a folder, by their names below it.
///
/// # Errors
/// If a file is no output of these commands, is cut off by pages, lacks the other side in its name, contradicts
/// another one, or has a policy that is invalid; if a node, its policies, or a policy is missing.
pub fn read(files: &[(String, String)]) -> Result<FromFiles, FileProblem> {
    let mut reader = Reader::default();
    for (file, text) in files {
        reader.file(file, text)?;
    }
    reader.finish()
}

impl Reader {
    fn file(&mut self, file: &str, text: &str) -> Result<(), FileProblem> {
        // Some shells write a byte order mark before what they redirect.
        let text = text.trim_start_matches('\u{feff}');
        if !text.trim_start().starts_with('{') {
            let expected = "the output of an `aws organizations` command (an object)";
            return Err(FileProblem::of_file(file, expected, "something else"));
        }
        let json = json(file, text)?;
        let output = At::whole(file, &json);
        output.members()?;
        if let Some(token) = output.member("NextToken") {
            return Err(token.instead("the whole list", "a page with NextToken after it"));
        }
        let is_known =
            self.organization_of(&output)? | self.nodes_of(&output)? | self.policies_of(&output)?;
        if is_known {
            return Ok(());
        }
        let (last, others) = OUTPUTS
            .split_last()
            .map_or(("", "".to_owned()), |(last, others)| (*last, others.join(", ")));
        let expected = format!("the output of an `aws organizations` command: {others}, or {last}");
        Err(output.instead(&expected, "none of these"))
    }

    fn organization_of(&mut self, output: &At<'_>) -> Result<bool, FileProblem> {
        let Some(organization) = output.member("Organization") else { return Ok(false) };
        let id = organization.need("Id")?;
        let account = organization.need("MasterAccountId")?;
        if !is_account(account.text()?) {
            return Err(account.not("an account ID (12 digits)"));
        }
        for (known, new) in [(&mut self.id, id), (&mut self.management_account, account)] {
            let text = new.text()?;
            match known {
                Some(known) if known != text => {
                    return Err(new.instead(&format!("{known}, as in another file"), text));
                }
                _ => *known = Some(text.to_owned()),
            }
        }
        if let Some(features) = organization.member("FeatureSet") {
            match features.text()? {
                "ALL" => {}
                "CONSOLIDATED_BILLING" => {
                    let why = "the organization has consolidated billing only, no SCPs";
                    self.switched_off = Some(why.to_owned());
                }
                _ => return Err(features.not("ALL or CONSOLIDATED_BILLING")),
            }
        }
        Ok(true)
    }

    fn root(&mut self, root: &At<'_>) -> Result<(), FileProblem> {
        let id = root.need("Id")?.text()?;
        self.name(id, root.text_of("Name")?, root);
        self.roots.insert(id.to_owned());
        let Some(types) = root.member("PolicyTypes") else { return Ok(()) };
        let mut is_on = false;
        for policy_type in types.list()? {
            let status = policy_type.need("Status")?;
            if policy_type.need("Type")?.text()? == SERVICE_CONTROL_POLICY {
                if status.text()? != "ENABLED" {
                    return Err(status.not("ENABLED: the list of a moment later"));
                }
                is_on = true;
            }
        }
        if !is_on {
            let why = format!(
                "SCPs are not switched on: the root's PolicyTypes lack {SERVICE_CONTROL_POLICY}"
            );
            self.switched_off = Some(why);
        }
        Ok(())
    }

    fn name(&mut self, id: &str, name: Option<&str>, at: &At<'_>) {
        let known = self.names.entry(id.to_owned()).or_insert_with(|| (None, Place::of(at)));
        known.0 = name.map(str::to_owned).or(known.0.take());
    }

    fn nodes_of(&mut self, output: &At<'_>) -> Result<bool, FileProblem> {
        if let Some(roots) = output.member("Roots") {
            for root in roots.list()? {
                self.root(&root)?;
            }
            return Ok(true);
        }
        let file = output.file;
        let children = output.member("OrganizationalUnits").or(output.member("Accounts"));
        if let Some(children) = children {
            // `list-accounts` has no parent, only names.
            let is_of_all =
                file_name(file).contains("list-accounts") && ids(file, is_parent).is_empty();
            let parent = if is_of_all { None } else { Some(one_id(file, "parent", is_parent)?) };
            let mut in_list = BTreeSet::new();
            for child in children.list()? {
                let id = child.need("Id")?;
                if !is_child(id.text()?) {
                    return Err(id.not("the ID of an organizational unit or an account"));
                }
                if !in_list.insert(id.text()?) {
                    return Err(id.instead("each child once", &format!("{} again", id.text()?)));
                }
                self.name(id.text()?, child.text_of("Name")?, &child);
                if let Some(parent) = &parent {
                    self.child(&id, id.text()?, parent)?;
                }
            }
            return Ok(true);
        }
        let Some(parents) = output.member("Parents") else { return Ok(false) };
        let child = one_id(file, "child", is_child)?;
        self.name(&child, None, &parents);
        for parent in parents.list()? {
            let id = parent.need("Id")?;
            self.child(&id, &child, id.text()?)?;
        }
        Ok(true)
    }

    fn child(&mut self, at: &At<'_>, child: &str, parent: &str) -> Result<(), FileProblem> {
        match self.parents.insert(child.to_owned(), (parent.to_owned(), Place::of(at))) {
            Some((other, place)) if other != parent => {
                let expected = format!("{child} below {other}, as in {}", place.file);
                Err(at.instead(&expected, &format!("it below {parent}")))
            }
            _ => Ok(()),
        }
    }

    fn policies_of(&mut self, output: &At<'_>) -> Result<bool, FileProblem> {
        if let Some(policy) = output.member("Policy") {
            self.policy(&policy)?;
            return Ok(true);
        }
        let file = output.file;
        if let Some(policies) = output.member("Policies") {
            let nodes = ids(file, is_node);
            // `list-policies` has no target.
            if nodes.is_empty()
                && file_name(file).contains("list-policies")
                && !file_name(file).contains("target")
            {
                return Ok(true);
            }
            let node = one_id(file, "target", is_node)?;
            let policies = policies.list()?;
            let mut has_scp = policies.is_empty();
            for policy in policies {
                let policy_type = policy.need("Type")?.text()?;
                if policy_type == SERVICE_CONTROL_POLICY {
                    let id = policy.need("Id")?;
                    let attached = self.attached.entry(node.clone()).or_default();
                    attached.insert(id.text()?.to_owned(), Place::of(&id));
                    has_scp = true;
                } else {
                    let name = policy.need("Name")?.text()?;
                    self.other(name, policy_type);
                }
            }
            if has_scp {
                self.listed_nodes.insert(node);
            }
            return Ok(true);
        }
        let Some(targets) = output.member("Targets") else { return Ok(false) };
        let policy = one_id(file, "policy", is_policy)?;
        for target in targets.list()? {
            let id = target.need("TargetId")?;
            let attached = self.attached.entry(id.text()?.to_owned()).or_default();
            attached.insert(policy.clone(), Place::of(&id));
        }
        self.listed_policies.insert(policy);
        Ok(true)
    }

    /// A policy that is no SCP.
    fn other(&mut self, name: &str, policy_type: &str) {
        if name != super::RCP_FULL_ACCESS {
            self.other_policies.insert(name.to_owned(), policy_type.to_owned());
        }
    }

    fn policy(&mut self, policy: &At<'_>) -> Result<(), FileProblem> {
        let summary = policy.need("PolicySummary")?;
        let id = summary.need("Id")?;
        let name = summary.need("Name")?.text()?.to_owned();
        let policy_type = summary.need("Type")?.text()?;
        if policy_type != SERVICE_CONTROL_POLICY {
            self.other(&name, policy_type);
            return Ok(());
        }
        let content = policy.need("Content")?;
        content.text()?;
        let document = content.document(PolicyType::ServiceControl)?;
        let (key, file) = (id.text()?.to_owned(), policy.file.to_owned());
        let new = Policy { id: key.clone(), name, file, document };
        match self.policies.insert(key.clone(), Arc::new(new)) {
            Some(other) => {
                Err(id.instead(&format!("{key} once, as in {}", other.file), "it again"))
            }
            None => Ok(()),
        }
    }

    fn finish(mut self) -> Result<FromFiles, FileProblem> {
        let of_folder = FileProblem::of_folder;
        let is_off = self.switched_off.is_some();
        let is_complete = |reader: &Reader, node: &String| {
            let by_targets =
                || reader.policies.keys().all(|id| reader.listed_policies.contains(id));
            is_off
                || reader.listed_nodes.contains(node)
                || !reader.policies.is_empty() && by_targets()
        };
        if self.roots.is_empty() {
            return Err(of_folder("the output of list-roots", "none"));
        }
        let mut nodes = Vec::new();
        for (id, (name, place)) in &self.names {
            let parent = self.parents.get(id).map(|(parent, _)| parent.clone());
            if parent.is_none() && !self.roots.contains(id) {
                let expected = "list-parents, or another list with its parent, of every node";
                return Err(place.problem(expected, &format!("none with {id} in it")));
            }
            if !is_complete(&self, id) {
                let expected = format!(
                    "list-policies-for-target of {id}, with {id} in the name of the file, or list-targets-for-policy of \
                     every policy"
                );
                return Err(place.problem(&expected, "neither"));
            }
            let mut policies = Vec::new();
            for (policy, place) in self.attached.remove(id).unwrap_or_default() {
                match self.policies.get(&policy) {
                    Some(found) => policies.push(Arc::clone(found)),
                    None if is_off => {}
                    None => {
                        let expected =
                            format!("describe-policy of {policy}, which is attached to {id}");
                        return Err(place.problem(&expected, "none in the folder"));
                    }
                }
            }
            nodes.push(Node { id: id.clone(), name: name.clone(), parent, policies });
        }
        if let Some((node, policies)) = self.attached.pop_first() {
            let place = policies.into_values().next().unwrap_or_default();
            return Err(
                place.problem("policies of nodes that are listed", &format!("one of {node}"))
            );
        }
        let organization =
            Organization::new(self.id, self.management_account, nodes).map_err(|fault| {
                let of_node = || self.names.get(&fault.node).map(|(_, place)| place);
                let place = self.parents.get(&fault.node).map(|(_, place)| place).or_else(of_node);
                match place {
                    Some(place) => {
                        let Place { file, position, .. } = place;
                        FileProblem::new(
                            file,
                            Problem::new(*position, &fault.node, &fault.expected, &fault.found),
                        )
                    }
                    None => of_folder(&format!("{}: {}", fault.node, fault.expected), &fault.found),
                }
            })?;
        let organization = match &self.switched_off {
            Some(why) => organization.switched_off(why),
            None => organization,
        };
        let other_policies = self.other_policies.into_iter().collect();
        Ok(FromFiles { organization, other_policies, notes: Vec::new() })
    }
}

fn file_name(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or_default()
}

fn is_root(id: &str) -> bool {
    id.strip_prefix("r-").is_some_and(|rest| (4..=32).contains(&rest.len()) && is_lower(rest))
}

fn is_unit(id: &str) -> bool {
    let Some((root, own)) = id.strip_prefix("ou-").and_then(|rest| rest.split_once('-')) else {
        return false;
    };
    (4..=32).contains(&root.len())
        && (8..=32).contains(&own.len())
        && is_lower(root)
        && is_lower(own)
}

fn is_lower(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

fn is_parent(id: &str) -> bool {
    is_root(id) || is_unit(id)
}

fn is_child(id: &str) -> bool {
    is_unit(id) || is_account(id)
}

fn is_node(id: &str) -> bool {
    is_parent(id) || is_account(id)
}

fn is_policy(id: &str) -> bool {
    id.strip_prefix("p-").is_some_and(|rest| {
        (8..=128).contains(&rest.len())
            && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

/// The IDs in the name of a file, or else in its path: runs of the name's words that are one.
fn ids(file: &str, is_id: fn(&str) -> bool) -> BTreeSet<String> {
    let stem = file.strip_suffix(".json").unwrap_or(file);
    for part in stem.rsplit('/') {
        let found = ids_of_name(part, is_id);
        if !found.is_empty() {
            return found;
        }
    }
    BTreeSet::new()
}

fn ids_of_name(name: &str, is_id: fn(&str) -> bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for part in name.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')) {
        let candidates = [part.to_owned()].into_iter().chain(part.split('_').map(str::to_owned));
        for candidate in candidates {
            let words = candidate.split('-').collect::<Vec<_>>();
            for from in 0..words.len() {
                for to in from + 1..=words.len().min(from + 3) {
                    let id = words[from..to].join("-");
                    if is_id(&id) {
                        found.insert(id);
                    }
                }
            }
        }
    }
    found
}

fn one_id(file: &str, what: &str, is_id: fn(&str) -> bool) -> Result<String, FileProblem> {
    let mut found = ids(file, is_id).into_iter();
    let expected = format!("the ID of the {what} in the name of the file");
    match (found.next(), found.next()) {
        (Some(id), None) => Ok(id),
        (None, _) => Err(FileProblem::of_file(file, &expected, "none")),
        (Some(first), Some(second)) => {
            Err(FileProblem::of_file(file, &expected, &format!("{first} and {second}")))
        }
    }
}
