//! hoptrail's own `org.json`: nodes, accounts, and files of policies.
//!
//! ```json
//! {"organization_id": "o-…", "management_account": "999988887777",
//!  "nodes": [{"id": "r-ab12", "parent": null, "policies": ["FullAWSAccess.json"]}],
//!  "accounts": [{"id": "111122223333", "parent": "r-ab12", "policies": ["FullAWSAccess.json"]}]}
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::evaluate::Policy;
use crate::json::{Node as Json, Value};
use crate::organization::{Node, Organization, is_account};
use crate::problem::{Position, Problem};

/// What an `org.json` says; the policies are names of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnOrganization {
    id: Option<String>,
    management_account: Option<String>,
    nodes: Vec<OwnNode>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct OwnNode {
    position: Position,
    id: String,
    name: Option<String>,
    parent: Option<String>,
    policies: Vec<String>,
}

/// Whether a text is an `org.json`, by its members.
pub fn is_own(text: &str) -> bool {
    let Ok(Json { value: Value::Object(members), .. }) = Json::read(text) else { return false };
    members.iter().any(|(name, _)| name == "nodes" || name == "accounts")
}

impl OwnOrganization {
    /// Reads an `org.json`.
    ///
    /// # Errors
    /// If it is no JSON, or has another shape.
    pub fn read(text: &str) -> Result<Self, Problem> {
        const MEMBERS: [&str; 4] = ["organization_id", "management_account", "nodes", "accounts"];
        let json = Json::read(text)?;
        let members = json.members("", "an organization (an object)")?;
        let mut found = OwnOrganization { id: None, management_account: None, nodes: Vec::new() };
        for (name, node) in members {
            match name.as_str() {
                "organization_id" => found.id = optional_text(node, name, "an ID (o-…) or null")?,
                "management_account" => {
                    let expected = "an account ID (a text of 12 digits) or null";
                    found.management_account = optional_text(node, name, expected)?;
                    if !found.management_account.as_deref().is_none_or(is_account) {
                        return Err(node.problem(name, expected));
                    }
                }
                "nodes" | "accounts" => {
                    let Value::List(nodes) = &node.value else {
                        return Err(node.problem(name, "a list"));
                    };
                    for (index, node) in nodes.iter().enumerate() {
                        let path = format!("{name}[{index}]");
                        found.nodes.push(OwnNode::read(node, &path, name == "accounts")?);
                    }
                }
                _ => {
                    let expected = MEMBERS.join(", ");
                    return Err(Problem::new(node.position, "", &expected, &format!("`{name}`")));
                }
            }
        }
        if !members.iter().any(|(name, _)| name == "nodes") {
            return Err(Problem::new(json.position, "", "nodes", "none"));
        }
        Ok(found)
    }

    /// The files of the policies, each once.
    pub fn files(&self) -> BTreeSet<&str> {
        self.nodes.iter().flat_map(|node| &node.policies).map(String::as_str).collect()
    }

    /// The organization, with the policies by their files.
    ///
    /// # Errors
    /// If the nodes are no tree, or a policy is not there.
    pub fn with_policies(
        self,
        policies: &BTreeMap<String, Arc<Policy>>,
    ) -> Result<Organization, Problem> {
        let positions = self.nodes.iter().map(|node| (node.id.clone(), node.position));
        let positions = positions.collect::<BTreeMap<_, _>>();
        let mut nodes = Vec::with_capacity(self.nodes.len());
        for OwnNode { position, id, name, parent, policies: files } in self.nodes {
            let policy = |file: &String| {
                let missing = || Problem::new(position, &id, "a policy that was read", file);
                policies.get(file).cloned().ok_or_else(missing)
            };
            let policies = files.iter().map(policy).collect::<Result<_, _>>()?;
            nodes.push(Node { id, name, parent, policies });
        }
        Organization::new(self.id, self.management_account, nodes).map_err(|fault| {
            let position = positions.get(&fault.node).copied();
            let position = position.unwrap_or(Position { line: 1, column: 1 });
            Problem::new(position, &fault.node, &fault.expected, &fault.found)
        })
    }
}

impl OwnNode {
    fn read(json: &Json, path: &str, is_of_accounts: bool) -> Result<Self, Problem> {
        let members = json.members(path, "an object with id, parent, and policies")?;
        for (name, node) in members {
            if !["id", "name", "parent", "policies"].contains(&name.as_str()) {
                let expected = "id, name, parent, or policies";
                return Err(Problem::new(node.position, path, expected, &format!("`{name}`")));
            }
        }
        let find = |name: &str| {
            let found = members.iter().find(|(found, _)| found == name).map(|(_, node)| node);
            found.ok_or_else(|| Problem::new(json.position, path, name, "none"))
        };
        let id_path = format!("{path}.id");
        let expected =
            if is_of_accounts { "an account ID (a text of 12 digits)" } else { "r-… or ou-…" };
        let id = find("id")?;
        let text = id.text(&id_path, expected)?;
        let is_node = text.starts_with("r-") || text.starts_with("ou-");
        if if is_of_accounts { !is_account(text) } else { !is_node } {
            return Err(id.problem(&id_path, expected));
        }
        let parent = find("parent")?;
        let parent_path = format!("{path}.parent");
        let parent_text = optional_text(parent, &parent_path, "the ID of a node, or null")?;
        if is_of_accounts && parent_text.is_none() {
            return Err(parent.problem(&parent_path, "the ID of a node"));
        }
        let policies_path = format!("{path}.policies");
        let policies = find("policies")?;
        let Value::List(files) = &policies.value else {
            return Err(policies.problem(&policies_path, "a list of files"));
        };
        let file = |file: &Json| file.text(&policies_path, "a file").map(str::to_owned);
        let name = members.iter().find(|(found, _)| found == "name").map(|(_, node)| node);
        let name = name.map(|name| optional_text(name, &format!("{path}.name"), "a text or null"));
        Ok(OwnNode {
            position: json.position,
            id: text.to_owned(),
            name: name.transpose()?.flatten(),
            parent: parent_text,
            policies: files.iter().map(file).collect::<Result<_, _>>()?,
        })
    }
}

fn optional_text(node: &Json, path: &str, expected: &str) -> Result<Option<String>, Problem> {
    match &node.value {
        Value::Null => Ok(None),
        _ => Ok(Some(node.text(path, expected)?.to_owned())),
    }
}
