//! A folder that iam-collect wrote (cloud-copilot/iam-collect, 0.1.206, 2026-07; `docs/Storage.md` there):
//! `aws/<partition>/organizations/<o-…>/{metadata,ous,accounts}.json` and `scps/<p-…>/{metadata,policy}.json`;
//! `aws/<partition>/accounts/<id>/iam/{role,user,group,policy}/<path%2fname>/….json`. Names of folders are in
//! lower case; empty values have no file.

mod identities;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bedrock::denial::PolicyType;

use super::at::{At, json};
use super::{FileProblem, Folder, FromFiles, SERVICE_CONTROL_POLICY};
use crate::evaluate::Policy;
use crate::json::Node as Json;
use crate::organization::{Node, Organization, is_account};
use crate::problem::{Position, Problem};

pub use identities::{has_identities, identity};

/// The folder of the organization, with `/` at its end, if there is one.
///
/// # Errors
/// If there are several.
pub fn organization_folder<'a>(folder: &Folder<'a>) -> Result<Option<&'a str>, FileProblem> {
    let mut found = folder.names.iter().filter_map(|name| name.strip_suffix("ous.json"));
    let mut found = found.by_ref().filter(|base| base.is_empty() || base.ends_with('/'));
    match (found.next(), found.next()) {
        (Some(one), Some(other)) => {
            let expected = "one organization: give the folder of one of them";
            Err(FileProblem::of_folder(expected, &format!("{one} and {other}")))
        }
        (one, _) => Ok(one),
    }
}

/// Reads the organization.
///
/// # Errors
/// If a file is missing or has another shape, a policy is invalid, or the nodes are no tree.
pub fn read(folder: &Folder<'_>) -> Result<FromFiles, FileProblem> {
    let Some(base) = organization_folder(folder)? else {
        return Err(FileProblem::of_folder("ous.json of an organization", "none"));
    };
    let mut reader = Reader { folder, base, policies: BTreeMap::new(), others: BTreeSet::new() };
    let (file, metadata) = reader.file("metadata.json")?;
    let metadata = At::whole(&file, &metadata);
    let id = metadata.need("id")?.text()?.to_owned();
    let account = metadata.need("rootAccountId")?;
    if !is_account(account.text()?) {
        return Err(account.not("an account ID (12 digits)"));
    }
    let management_account = Some(account.text()?.to_owned());
    let is_on = match metadata.member("features") {
        Some(features) => features.is_true(SERVICE_CONTROL_POLICY)?,
        None => true,
    };
    let mut places = BTreeMap::new();
    let mut nodes = reader.nodes("ous.json", "parent", &mut places)?;
    if folder.has(&format!("{base}accounts.json")) {
        nodes.extend(reader.nodes("accounts.json", "ou", &mut places)?);
    }
    let organization = Organization::new(Some(id), management_account, nodes);
    let organization = organization.map_err(|fault| {
        let (file, position) = places.get(&fault.node).cloned().unwrap_or_default();
        let file = if file.is_empty() { format!("{base}ous.json") } else { file };
        FileProblem::new(&file, Problem::new(position, &fault.node, &fault.expected, &fault.found))
    })?;
    let organization = if is_on {
        organization
    } else {
        let why = format!(
            "SCPs are not switched on: the features in metadata.json lack {SERVICE_CONTROL_POLICY}"
        );
        organization.switched_off(&why)
    };
    let others = reader.others.into_iter().map(|name| (name, "RESOURCE_CONTROL_POLICY".to_owned()));
    Ok(FromFiles { organization, other_policies: others.collect(), notes: Vec::new() })
}

struct Reader<'a> {
    folder: &'a Folder<'a>,
    base: &'a str,
    /// By their ARNs.
    policies: BTreeMap<String, Arc<Policy>>,
    /// The names of RCPs.
    others: BTreeSet<String>,
}

impl Reader<'_> {
    fn file(&self, name: &str) -> Result<(String, Json), FileProblem> {
        let file = format!("{}{name}", self.base);
        if !self.folder.has(&file) {
            return Err(FileProblem::of_folder(&file, "none"));
        }
        let json = json(&file, &self.folder.read(&file)?)?;
        Ok((file, json))
    }

    /// The nodes of a file, each below what its member `parent` says.
    fn nodes(
        &mut self,
        name: &str,
        parent: &str,
        places: &mut BTreeMap<String, (String, Position)>,
    ) -> Result<Vec<Node>, FileProblem> {
        let (file, json) = self.file(name)?;
        let mut nodes = Vec::new();
        for (id, node) in At::whole(&file, &json).members()? {
            let above = node.text_of(parent)?;
            if is_account(id) != (parent == "ou") || above.is_none() != id.starts_with("r-") {
                let expected = if parent == "ou" {
                    "an account with its ou"
                } else {
                    "r-…, or ou-… with its parent"
                };
                return Err(node.instead(expected, id));
            }
            let mut policies = Vec::new();
            for arn in node.list_of("scps")? {
                policies.push(self.scp(&arn)?);
            }
            for arn in node.list_of("rcps")? {
                let name = self.name("rcps", policy_id(&arn)?)?;
                if name != super::RCP_FULL_ACCESS {
                    self.others.insert(name);
                }
            }
            places.insert(id.to_owned(), (file.clone(), node.position()));
            let name = self.name("ous", id)?;
            let (id, parent) = (id.to_owned(), above.map(str::to_owned));
            nodes.push(Node { name: (name != id).then_some(name), id, parent, policies });
        }
        Ok(nodes)
    }

    fn scp(&mut self, arn: &At<'_>) -> Result<Arc<Policy>, FileProblem> {
        if let Some(known) = self.policies.get(arn.text()?) {
            return Ok(Arc::clone(known));
        }
        let id = policy_id(arn)?;
        let file = format!("{}scps/{}/policy.json", self.base, id.to_lowercase());
        if !self.folder.has(&file) {
            return Err(arn.instead(&format!("the policy in {file}"), "no such file"));
        }
        let json = json(&file, &self.folder.read(&file)?)?;
        let document = At::whole(&file, &json).document(PolicyType::ServiceControl)?;
        let (id, name) = (id.to_owned(), self.name("scps", id)?);
        let policy = Arc::new(Policy { id, name, file, document });
        self.policies.insert(arn.text()?.to_owned(), Arc::clone(&policy));
        Ok(policy)
    }

    /// The name in the metadata of a policy or a node; its ID, if there are none.
    fn name(&self, kind: &str, id: &str) -> Result<String, FileProblem> {
        let file = format!("{kind}/{}/metadata.json", id.to_lowercase());
        if !self.folder.has(&format!("{}{file}", self.base)) {
            return Ok(id.to_owned());
        }
        let (file, json) = self.file(&file)?;
        Ok(At::whole(&file, &json).text_of("name")?.unwrap_or(id).to_owned())
    }
}

/// The ID in the ARN of a policy.
fn policy_id<'a>(arn: &At<'a>) -> Result<&'a str, FileProblem> {
    let id = arn.text()?.rsplit('/').next().filter(|id| id.starts_with("p-"));
    id.ok_or_else(|| arn.not("the ARN of a policy (…/p-…)"))
}
