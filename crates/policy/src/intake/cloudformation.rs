//! A `CloudFormation` template, JSON or YAML: `AWS::Organizations::Policy` with its targets, organizational
//! units, and accounts. Functions that need more than the template are errors that name the resource.

mod function;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bedrock::denial::PolicyType;

use self::function::Functions;
use super::at::{At, json};
use super::tree::{ROOT, Tree};
use super::{FileProblem, FromFiles, SERVICE_CONTROL_POLICY};
use crate::document::Document;
use crate::evaluate::Policy;
use crate::json::{Node as Json, Value};
use crate::organization::is_account;
use crate::problem::Problem;
use crate::yaml::{self, Tags};

/// What the resources are of.
const PREFIX: &str = "AWS::Organizations::";

/// Whether a text is a template, by its members.
pub fn is_template(text: &str) -> bool {
    let Ok(json) = value("", text) else { return false };
    let Value::Object(members) = &json.value else { return false };
    let is_object = |node: &Json| matches!(node.value, Value::Object(_));
    members.iter().any(|(name, node)| name == "Resources" && is_object(node))
}

/// JSON, if the text begins like that; otherwise YAML.
fn value(file: &str, text: &str) -> Result<Json, FileProblem> {
    if text.trim_start().starts_with('{') {
        return json(file, text);
    }
    yaml::read(text, Tags::CloudFormation).map_err(|problem| FileProblem::new(file, problem))
}

/// Reads a template.
///
/// # Errors
/// If it is none, has no policy, a function cannot be resolved, a policy is invalid, or the nodes are no tree.
pub fn read(file: &str, text: &str) -> Result<FromFiles, FileProblem> {
    let json = value(file, text)?;
    let whole = At::whole(file, &json);
    let mut functions = Functions::of(&whole)?;
    let mut tree = Tree::of_file(file);
    let (mut resources, mut units) = (Vec::new(), BTreeSet::new());
    for (name, resource) in whole.need("Resources")?.members()? {
        if name.starts_with("Fn::") {
            return Err(resource.instead("resources by their names", name));
        }
        let kind = resource.need("Type")?.text()?;
        let Some(kind) = kind.strip_prefix(PREFIX) else { continue };
        if let Some(condition) = resource.member("Condition") {
            let found = format!("a condition ({condition})", condition = condition.node);
            return Err(condition.instead(&format!("{name} in any case"), &found));
        }
        if ["OrganizationalUnit", "Account"].contains(&kind) {
            units.insert(name);
        }
        resources.push((name, kind, resource));
    }
    let mut reader = Reader {
        tree: &mut tree,
        functions: &mut functions,
        units,
        others: BTreeMap::new(),
        n_policies: 0,
    };
    for (name, kind, resource) in &resources {
        reader.resource(name, kind, resource)?;
    }
    if reader.n_policies == 0 {
        return Err(whole.instead("a resource AWS::Organizations::Policy", "none"));
    }
    let other_policies = reader.others.into_iter().collect();
    let mut notes = functions.notes();
    notes.push(
        "only the policies of the CloudFormation template are simulated, beside FullAWSAccess at every node: others may \
         be attached"
            .to_owned(),
    );
    Ok(FromFiles { organization: tree.finish()?, other_policies, notes })
}

struct Reader<'a, 'f> {
    tree: &'a mut Tree,
    functions: &'a mut Functions<'f>,
    /// The resources that are nodes.
    units: BTreeSet<&'a str>,
    others: BTreeMap<String, String>,
    n_policies: usize,
}

impl Reader<'_, '_> {
    fn resource(&mut self, name: &str, kind: &str, at: &At<'_>) -> Result<(), FileProblem> {
        let Some(properties) = at.member("Properties") else { return Ok(()) };
        match kind {
            "Policy" => self.policy(name, &properties),
            "OrganizationalUnit" => {
                let unit = self.text(name, &properties.need("Name")?)?;
                let parent = properties.need("ParentId")?;
                let parent = self.node(name, &parent)?;
                self.tree.node(name, Some(&unit), Some(&parent), at)
            }
            "Account" => {
                let parents = properties.list_of("ParentIds")?;
                let parent = parents.first().map(|parent| self.node(name, parent)).transpose()?;
                let account = self.text(name, &properties.need("AccountName")?)?;
                self.tree.account_without_id(name);
                self.tree.node(name, Some(&account), parent.as_deref(), at)
            }
            _ => Ok(()),
        }
    }

    fn policy(&mut self, resource: &str, properties: &At<'_>) -> Result<(), FileProblem> {
        self.n_policies += 1;
        let name = self.text(resource, &properties.need("Name")?)?;
        let policy_type = self.text(resource, &properties.need("Type")?)?;
        if policy_type != SERVICE_CONTROL_POLICY {
            self.others.insert(name, policy_type);
            return Ok(());
        }
        let content = properties.need("Content")?;
        let resolved = self.functions.resolve(resource, &content)?;
        let at = At { node: &resolved, ..content };
        let document = at.document(PolicyType::ServiceControl)?;
        check_variables(&document, resource, &at)?;
        let [id, file] = [resource, at.file].map(str::to_owned);
        let policy = Arc::new(Policy { id, name, file, document });
        let targets = properties.list_of("TargetIds")?;
        if targets.is_empty() {
            self.functions.note(format!("{resource} has no TargetIds: it is attached to nothing"));
        }
        for target in targets {
            let node = self.node(resource, &target)?;
            if !self.units.contains(node.as_str()) {
                self.tree.node(&node, None, None, &target)?;
            }
            self.tree.attach(&node, &policy);
        }
        Ok(())
    }

    fn text(&mut self, resource: &str, at: &At<'_>) -> Result<String, FileProblem> {
        let resolved = self.functions.resolve(resource, at)?;
        At { node: &resolved, ..at.clone() }.text_or_number().map(str::to_owned)
    }

    /// A node: an ID, a unit or an account of the template, or the root of its organization.
    fn node(&mut self, resource: &str, at: &At<'_>) -> Result<String, FileProblem> {
        if let Some(unit) = function::of_resource(at.node).filter(|unit| self.units.contains(unit))
        {
            return Ok(unit.to_owned());
        }
        if function::is_root_id(at.node) {
            return Ok(ROOT.to_owned());
        }
        let id = self.text(resource, at)?;
        let is_node = id.starts_with("r-") || id.starts_with("ou-") || is_account(&id);
        if is_node {
            return Ok(id);
        }
        Err(at.not("r-…, ou-…, an account ID, or a resource of the template"))
    }
}

/// Text that was not replaced must not be evaluated as if it were.
fn check_variables(document: &Document, resource: &str, at: &At<'_>) -> Result<(), FileProblem> {
    let text = document.to_json(None);
    let Some(place) = text.find("${AWS::") else { return Ok(()) };
    let found: String = text[place..].chars().take_while(|c| *c != '}').collect();
    let expected = format!("{resource}: text in Fn::Sub");
    let problem = Problem::new(at.position(), &at.path, &expected, &format!("{found}}}"));
    Err(FileProblem::new(at.file, problem))
}
