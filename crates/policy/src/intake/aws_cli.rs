//! A folder with what the AWS CLI prints, as it is: `aws organizations describe-organization`, `list-roots`,
//! `list-organizational-units-for-parent`, `list-accounts-for-parent`, `list-parents`, `describe-policy`,
//! `list-policies-for-target`, `list-targets-for-policy`.
//!
//! A list names only one of its two sides; the other one is in the name of its file:
//! `list-accounts-for-parent-ou-ab12-11111111.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bedrock::denial::PolicyType;
use serde::Deserialize;

use super::FileProblem;
use crate::document::Document;
use crate::evaluate::Policy;
use crate::organization::{Node, Organization, is_account};
use crate::problem::{Position, Problem};

const SERVICE_CONTROL_POLICY: &str = "SERVICE_CONTROL_POLICY";

/// An organization, and what of the folder was not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromFolder {
    /// The organization.
    pub organization: Organization,
    /// The policies that are no SCPs, with their types: none of them is simulated.
    pub other_policies: Vec<(String, String)>,
}

/// What the commands print; each has one member of these.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    organization: Option<OrganizationOutput>,
    roots: Option<Vec<NodeOutput>>,
    organizational_units: Option<Vec<NodeOutput>>,
    accounts: Option<Vec<NodeOutput>>,
    parents: Option<Vec<ParentOutput>>,
    policy: Option<PolicyOutput>,
    policies: Option<Vec<PolicySummary>>,
    targets: Option<Vec<TargetOutput>>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OrganizationOutput {
    id: String,
    master_account_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NodeOutput {
    id: String,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ParentOutput {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TargetOutput {
    target_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyOutput {
    policy_summary: PolicySummary,
    content: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicySummary {
    id: String,
    name: String,
    #[serde(rename = "Type")]
    policy_type: String,
}

/// What was read so far.
#[derive(Default)]
struct Reader {
    id: Option<String>,
    management_account: Option<String>,
    /// Names by node; which parent each has, and the file that says so.
    names: BTreeMap<String, Option<String>>,
    roots: BTreeSet<String>,
    parents: BTreeMap<String, (String, String)>,
    policies: BTreeMap<String, Arc<Policy>>,
    other_policies: BTreeMap<String, String>,
    /// Policies by node, with the file that says so.
    attached: BTreeMap<String, BTreeMap<String, String>>,
    /// Nodes whose policies are listed, and policies whose targets are.
    listed_nodes: BTreeSet<String>,
    listed_policies: BTreeSet<String>,
}

/// Reads the files of a folder, by their names below it.
///
/// # Errors
/// If a file is no output of these commands, is cut off by pages, lacks the other side in its name, contradicts
/// another one, or has a policy that is invalid; if a node, its policies, or a policy is missing.
pub fn read(files: &[(String, String)]) -> Result<FromFolder, FileProblem> {
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
        let output = serde_json::from_str::<Output>(text).map_err(|error| {
            let position = Position { line: error.line().max(1), column: error.column().max(1) };
            let found = error.to_string();
            let found = found.split(" at line ").next().unwrap_or_default();
            let expected = "the output of an `aws organizations` command";
            FileProblem::new(file, Problem::new(position, "", expected, found))
        })?;
        if output.next_token.is_some() {
            let found = "a page with NextToken after it";
            return Err(FileProblem::of_file(file, "the whole list", found));
        }
        let is_known = self.organization_of(&output)
            | self.nodes_of(file, &output)?
            | self.policies_of(file, &output)?;
        if is_known {
            return Ok(());
        }
        let expected = "the output of an `aws organizations` command: Organization, Roots, OrganizationalUnits, \
                        Accounts, Parents, Policy, Policies, or Targets";
        Err(FileProblem::of_file(file, expected, "none of these"))
    }

    fn organization_of(&mut self, output: &Output) -> bool {
        let Some(organization) = &output.organization else { return false };
        self.id = Some(organization.id.clone());
        self.management_account = Some(organization.master_account_id.clone());
        true
    }

    fn nodes_of(&mut self, file: &str, output: &Output) -> Result<bool, FileProblem> {
        if let Some(roots) = &output.roots {
            for root in roots {
                self.names.insert(root.id.clone(), root.name.clone());
                self.roots.insert(root.id.clone());
            }
            return Ok(true);
        }
        let children = output.organizational_units.as_ref().or(output.accounts.as_ref());
        if let Some(children) = children {
            // `list-accounts` has no parent, only names.
            let is_of_all =
                file_name(file).contains("list-accounts") && ids(file, is_parent).is_empty();
            let parent = if is_of_all { None } else { Some(one_id(file, "parent", is_parent)?) };
            for child in children {
                self.names.insert(child.id.clone(), child.name.clone());
                if let Some(parent) = &parent {
                    self.child(file, &child.id, parent)?;
                }
            }
            return Ok(true);
        }
        let Some(parents) = &output.parents else { return Ok(false) };
        let child = one_id(file, "child", is_child)?;
        self.names.entry(child.clone()).or_default();
        for parent in parents {
            self.child(file, &child, &parent.id)?;
        }
        Ok(true)
    }

    fn child(&mut self, file: &str, child: &str, parent: &str) -> Result<(), FileProblem> {
        let new = (parent.to_owned(), file.to_owned());
        match self.parents.insert(child.to_owned(), new) {
            Some((other, other_file)) if other != parent => {
                let expected = format!("{child} below {other}, as in {other_file}");
                Err(FileProblem::of_file(file, &expected, &format!("it below {parent}")))
            }
            _ => Ok(()),
        }
    }

    fn policies_of(&mut self, file: &str, output: &Output) -> Result<bool, FileProblem> {
        if let Some(PolicyOutput { policy_summary, content }) = &output.policy {
            self.policy(file, policy_summary, content)?;
            return Ok(true);
        }
        if let Some(policies) = &output.policies {
            let nodes = ids(file, is_node);
            // `list-policies` has no target.
            if nodes.is_empty()
                && file_name(file).contains("list-policies")
                && !file_name(file).contains("target")
            {
                return Ok(true);
            }
            let node = one_id(file, "target", is_node)?;
            for policy in policies {
                if policy.policy_type == SERVICE_CONTROL_POLICY {
                    let attached = self.attached.entry(node.clone()).or_default();
                    attached.insert(policy.id.clone(), file.to_owned());
                } else {
                    self.other_policies.insert(policy.name.clone(), policy.policy_type.clone());
                }
            }
            if policies.is_empty()
                || policies.iter().any(|it| it.policy_type == SERVICE_CONTROL_POLICY)
            {
                self.listed_nodes.insert(node);
            }
            return Ok(true);
        }
        let Some(targets) = &output.targets else { return Ok(false) };
        let policy = one_id(file, "policy", is_policy)?;
        for target in targets {
            let attached = self.attached.entry(target.target_id.clone()).or_default();
            attached.insert(policy.clone(), file.to_owned());
        }
        self.listed_policies.insert(policy);
        Ok(true)
    }

    fn policy(
        &mut self,
        file: &str,
        summary: &PolicySummary,
        content: &str,
    ) -> Result<(), FileProblem> {
        let PolicySummary { id, name, policy_type } = summary;
        if policy_type != SERVICE_CONTROL_POLICY {
            self.other_policies.insert(name.clone(), policy_type.clone());
            return Ok(());
        }
        let document =
            Document::read(content, PolicyType::ServiceControl).map_err(|mut problem| {
                problem.element =
                    format!("Policy.Content {}", problem.element).trim_end().to_owned();
                FileProblem::new(file, problem)
            })?;
        let policy = Policy { id: id.clone(), name: name.clone(), file: file.to_owned(), document };
        match self.policies.insert(id.clone(), Arc::new(policy)) {
            Some(other) => {
                let expected = format!("{id} once, as in {}", other.file);
                Err(FileProblem::of_file(file, &expected, "it again"))
            }
            None => Ok(()),
        }
    }

    fn finish(mut self) -> Result<FromFolder, FileProblem> {
        let of_folder = |expected: &str, found: &str| FileProblem::of_file(".", expected, found);
        let is_complete = |reader: &Reader, node: &String| {
            let by_targets =
                || reader.policies.keys().all(|id| reader.listed_policies.contains(id));
            reader.listed_nodes.contains(node) || !reader.policies.is_empty() && by_targets()
        };
        let mut nodes = Vec::new();
        for (id, name) in &self.names {
            let parent = self.parents.get(id).map(|(parent, _)| parent.clone());
            if parent.is_none() && !self.roots.contains(id) {
                let found = format!("none with {id} in it");
                return Err(of_folder(
                    "list-parents, or another list with its parent, of every node",
                    &found,
                ));
            }
            if !is_complete(&self, id) {
                let expected = format!(
                    "list-policies-for-target of {id}, with {id} in the name of the file, or list-targets-for-policy of \
                     every policy"
                );
                return Err(of_folder(&expected, "neither"));
            }
            let mut policies = Vec::new();
            for (policy, file) in self.attached.remove(id).unwrap_or_default() {
                if let Some(found) = self.policies.get(&policy) {
                    policies.push(Arc::clone(found));
                    continue;
                }
                let expected = format!("describe-policy of {policy}, which is attached to {id}");
                return Err(FileProblem::of_file(&file, &expected, "none in the folder"));
            }
            nodes.push(Node { id: id.clone(), name: name.clone(), parent, policies });
        }
        if let Some((node, policies)) = self.attached.pop_first() {
            let file = policies.into_values().next().unwrap_or_default();
            let expected = "policies of nodes that are listed";
            return Err(FileProblem::of_file(&file, expected, &format!("one of {node}")));
        }
        let organization =
            Organization::new(self.id, self.management_account, nodes).map_err(|fault| {
                of_folder(&format!("{}: {}", fault.node, fault.expected), &fault.found)
            })?;
        let other_policies = self.other_policies.into_iter().collect();
        Ok(FromFolder { organization, other_policies })
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
