//! What `terraform show -json` prints of a plan or a state
//! (<https://developer.hashicorp.com/terraform/internals/json-format>, format version 1): policies,
//! attachments, organizational units, accounts, and the organization. What a plan does not know before it is
//! applied is an error, but for IDs: the configuration says which resource they are of.

mod resource;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bedrock::denial::PolicyType;

use self::resource::{PREFIX, Resource, modules, unit};
use super::at::{At, json};
use super::tree::Tree;
use super::{FULL_ACCESS_ID, FileProblem, FromFiles, SERVICE_CONTROL_POLICY};
use crate::evaluate::Policy;
use crate::organization::is_account;

/// The argument that a reference to the root ends with.
const ROOT_ID: &str = ".roots[0].id";

/// Whether a text is such an output, by its members.
pub fn is_output(text: &str) -> bool {
    let Ok(json) = json("", text) else { return false };
    let whole = At::whole("", &json);
    ["terraform_version", "format_version"].iter().any(|name| whole.member(name).is_some())
}

/// Reads a plan or a state.
///
/// # Errors
/// If it is neither, has no policy, a value is not known, a policy is invalid or not there, or the nodes are no
/// tree.
pub fn read(file: &str, text: &str) -> Result<FromFiles, FileProblem> {
    let json = json(file, text)?;
    let whole = At::whole(file, &json);
    let version = whole.need("format_version")?;
    if !version.text()?.starts_with("1.") {
        return Err(version.not("1.…"));
    }
    if whole.is_true("errored")? {
        return Err(whole.instead("a plan that is whole", "one that ended with an error"));
    }
    let planned = whole.member("planned_values");
    let is_plan = planned.is_some();
    let Some(values) = planned.or_else(|| whole.member("values")) else {
        return Err(whole.instead("planned_values (of a plan) or values (of a state)", "neither"));
    };
    let mut resources = Vec::new();
    let configuration = whole.member("configuration").and_then(|it| it.member("root_module"));
    modules(&values.need("root_module")?, configuration.as_ref(), "", &mut resources)?;
    // Data sources of a plan are in the state before it.
    let before = whole.member("prior_state").and_then(|it| it.member("values"));
    if let Some(before) = before.filter(|_| is_plan) {
        let mut known = Vec::new();
        modules(&before.need("root_module")?, configuration.as_ref(), "", &mut known)?;
        resources.extend(known.into_iter().filter(|resource| resource.is_data));
    }
    if !resources.iter().any(|it| it.kind == "policy") {
        return Err(whole.instead("a resource aws_organizations_policy", "none"));
    }
    Reader {
        resources,
        is_plan,
        policies: BTreeMap::new(),
        others: BTreeMap::new(),
        ids: BTreeMap::new(),
    }
    .organization(file)
}

struct Reader<'a> {
    resources: Vec<Resource<'a>>,
    is_plan: bool,
    /// SCPs by their ID or address.
    policies: BTreeMap<String, Arc<Policy>>,
    /// Policies of other types, by their ID or address: name and type.
    others: BTreeMap<String, (String, String)>,
    /// The ID of each resource by its address; the address itself, if it has none yet.
    ids: BTreeMap<String, String>,
}

impl Reader<'_> {
    fn organization(mut self, file: &str) -> Result<FromFiles, FileProblem> {
        for resource in &self.resources {
            let id = resource.values.text_of("id")?.unwrap_or(resource.address);
            self.ids.insert(resource.address.to_owned(), id.to_owned());
        }
        let mut tree = Tree::of_file(file);
        let mut switched_off = None;
        for resource in &self.resources {
            if resource.kind == "organization" {
                switched_off = of_organization(resource, &mut tree)?;
            }
        }
        for resource in &self.resources {
            match resource.kind {
                "policy" => {
                    let policy = self.policy(resource)?;
                    let id = self.ids[resource.address].clone();
                    match policy {
                        Ok(policy) => drop(self.policies.insert(id, Arc::new(policy))),
                        Err(other) => drop(self.others.insert(id, other)),
                    }
                }
                "organizational_unit" | "account" => {
                    let id = &self.ids[resource.address];
                    let parent = self.target(resource, "parent_id")?;
                    let name = resource.values.text_of("name")?;
                    // An account need not say what it is below.
                    tree.node(id, name, parent.as_deref(), &resource.at)?;
                    if resource.kind == "account" && !is_account(id) {
                        tree.account_without_id(id);
                    }
                }
                "organizational_units" => {
                    let parent = resource.values.text_of("parent_id")?;
                    for child in resource.values.list_of("children")? {
                        let id = child.need("id")?.text()?;
                        tree.node(id, child.text_of("name")?, parent, &child)?;
                    }
                }
                _ => {}
            }
        }
        let other_policies = self.attach(&mut tree)?;
        let mut organization = tree.finish()?;
        if let Some(why) = switched_off {
            organization = organization.switched_off(&why);
        }
        let what = if self.is_plan { "plan" } else { "state" };
        let notes = vec![format!(
            "only the policies of the Terraform {what} are simulated, beside FullAWSAccess at every node: others may be \
             attached"
        )];
        Ok(FromFiles { organization, other_policies, notes })
    }

    /// Attaches the SCPs; the policies of other types that are attached.
    fn attach(&self, tree: &mut Tree) -> Result<Vec<(String, String)>, FileProblem> {
        let mut others = BTreeSet::new();
        for resource in self.resources.iter().filter(|it| it.kind == "policy_attachment") {
            let [policy, target] =
                ["policy_id", "target_id"].map(|name| self.target(resource, name));
            let (policy, target) = (policy?, target?);
            let [Some(policy), Some(target)] = [&policy, &target] else {
                let missing = if policy.is_none() { "policy_id" } else { "target_id" };
                return Err(self.unknown(resource, missing));
            };
            if policy == FULL_ACCESS_ID {
                tree.node(target, None, None, &resource.at)?;
                continue;
            }
            if let Some(other) = self.others.get(policy) {
                others.insert(other.clone());
                continue;
            }
            let Some(found) = self.policies.get(policy) else {
                let at = resource.values.member("policy_id").unwrap_or_else(|| resource.at.clone());
                let expected = format!("{}: a policy of the file", resource.address);
                return Err(at.instead(&expected, policy));
            };
            let is_node =
                target.starts_with("r-") || target.starts_with("ou-") || is_account(target);
            if !is_node && !tree.has(target) {
                let at = resource.values.member("target_id").unwrap_or_else(|| resource.at.clone());
                return Err(at.not("r-…, ou-…, or an account ID"));
            }
            tree.node(target, None, None, &resource.at)?;
            tree.attach(target, found);
        }
        Ok(others.into_iter().collect())
    }

    /// A policy, or the name and type of one that is no SCP.
    fn policy(
        &self,
        resource: &Resource<'_>,
    ) -> Result<Result<Policy, (String, String)>, FileProblem> {
        let name = resource.values.text_of("name")?.unwrap_or(resource.address).to_owned();
        let policy_type = resource.values.text_of("type")?.unwrap_or(SERVICE_CONTROL_POLICY);
        if policy_type != SERVICE_CONTROL_POLICY {
            return Ok(Err((name, policy_type.to_owned())));
        }
        let Some(content) = resource.values.member("content") else {
            return Err(self.unknown(resource, "content"));
        };
        content.text()?;
        let document = content.document(PolicyType::ServiceControl)?;
        let [id, file] = [&self.ids[resource.address], content.file].map(str::to_owned);
        Ok(Ok(Policy { id, name, file, document }))
    }

    /// That a value is missing: a plan does not know it, or a state lacks it.
    fn unknown(&self, resource: &Resource<'_>, name: &str) -> FileProblem {
        let expected = format!("{name} of {}", resource.address);
        let found =
            if self.is_plan { "a value that is known only after it is applied" } else { "none" };
        resource.values.instead(&expected, found)
    }

    /// The ID that an argument has, or the address of the only resource that it refers to; `None` if it has
    /// neither.
    fn target(&self, resource: &Resource<'_>, name: &str) -> Result<Option<String>, FileProblem> {
        if let Some(value) = resource.values.member(name) {
            return Ok(Some(value.text_or_number()?.to_owned()));
        }
        let Some(argument) = resource.expressions.as_ref().and_then(|it| it.member(name)) else {
            return Ok(None);
        };
        let references = argument.list_of("references")?;
        let references = references.iter().map(At::text).collect::<Result<Vec<_>, _>>()?;
        let own =
            |text: &&&str| text.starts_with(PREFIX) || text.starts_with("data.aws_organizations_");
        if references.is_empty() || !references.iter().all(|text| own(&text)) {
            return Err(self.unknown(resource, name));
        }
        let units = references.iter().map(|text| unit(text)).collect::<BTreeSet<_>>();
        let is_root = references.iter().any(|text| text.ends_with(ROOT_ID));
        let of_id = references.iter().filter_map(|text| text.strip_suffix(".id"));
        let of_id = of_id.map(|it| format!("{}{it}", resource.module)).collect::<Vec<_>>();
        let is_id = is_root || !of_id.is_empty();
        let units =
            units.iter().map(|unit| format!("{}{unit}", resource.module)).collect::<Vec<_>>();
        let of_unit = self.resources.iter().filter(|it| units.contains(&it.unit));
        let mut found = of_unit.collect::<Vec<_>>();
        // One of several, by its index.
        if let ([address], [_, _, ..]) = (of_id.as_slice(), found.as_slice()) {
            found.retain(|it| it.address == address);
        }
        match (units.as_slice(), found.as_slice()) {
            ([_], [one]) if is_root && one.kind == "organization" => Ok(Some(
                one.values
                    .list_of("roots")?
                    .first()
                    .map_or(Ok(None), |it| it.text_of("id"))?
                    .unwrap_or(super::tree::ROOT)
                    .to_owned(),
            )),
            ([_], [one]) if is_id && one.kind != "organization" => {
                Ok(Some(self.ids[one.address].clone()))
            }
            _ => Err(self.unknown(resource, name)),
        }
    }
}

/// The organization's IDs and its root; why it has no SCPs, if it has none.
fn of_organization(
    resource: &Resource<'_>,
    tree: &mut Tree,
) -> Result<Option<String>, FileProblem> {
    let values = &resource.values;
    tree.organization_id = values.text_of("id")?.map(str::to_owned);
    tree.management_account = match values.member("master_account_id") {
        Some(account) if !is_account(account.text()?) => {
            return Err(account.not("an account ID (12 digits)"));
        }
        account => account.map(|it| it.text()).transpose()?.map(str::to_owned),
    };
    if values.text_of("feature_set")? == Some("CONSOLIDATED_BILLING") {
        return Ok(Some("the organization has consolidated billing only, no SCPs".to_owned()));
    }
    let roots = values.list_of("roots")?;
    for root in &roots {
        let id = root.need("id")?.text()?;
        tree.node(id, root.text_of("name")?, None, root)?;
        tree.root = Some(id.to_owned());
    }
    let enabled = values.member("enabled_policy_types");
    let enabled = enabled.map(|it| it.list()).transpose()?.unwrap_or_default();
    let enabled = enabled.iter().map(At::text).collect::<Result<Vec<_>, _>>()?;
    let mut types = Vec::new();
    for policy_type in roots
        .iter()
        .map(|root| root.list_of("policy_types"))
        .collect::<Result<Vec<_>, _>>()?
        .concat()
    {
        let kind = policy_type.need("type")?.text()?;
        let status = policy_type.need("status")?;
        if kind == SERVICE_CONTROL_POLICY && status.text()? != "ENABLED" {
            return Err(status.not("ENABLED: the output of a moment later"));
        }
        types.push(kind);
    }
    // The arguments are what will be; a data source has the root's types only.
    let is_said =
        !enabled.is_empty() || roots.iter().any(|root| root.member("policy_types").is_some());
    let is_on = !is_said
        || enabled.contains(&SERVICE_CONTROL_POLICY)
        || types.contains(&SERVICE_CONTROL_POLICY);
    let why = format!(
        "SCPs are not switched on: the organization's policy types lack {SERVICE_CONTROL_POLICY}"
    );
    Ok((!is_on).then_some(why))
}
