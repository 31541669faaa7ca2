//! A package for Customizations for AWS Control Tower: `manifest.yaml` (versions 2021-03-15 and 2020-01-01) and
//! files of policies (aws-solutions/aws-control-tower-customizations, `source/src/cfct/validation`).
//! Organizational units are named, nested ones with colons; accounts are not in it.

use std::sync::Arc;

use bedrock::denial::PolicyType;

use super::at::At;
use super::tree::{ROOT, Tree};
use super::{FileProblem, Folder, FromFiles};
use crate::document::Document;
use crate::evaluate::Policy;
use crate::problem::Problem;
use crate::yaml::{self, Tags};

/// What parts the names of nested units.
const DELIMITER: char = ':';

/// The manifest of a package.
pub const MANIFEST: &str = "manifest.yaml";

/// The template of one, which somebody has to fill in.
pub const TEMPLATE: &str = "manifest.yaml.j2";

/// Reads a package. `base` is the folder of the manifest: empty, or with `/` at its end.
///
/// # Errors
/// If the manifest has another shape, names a file that is not there, or a policy is invalid.
pub fn read(folder: &Folder<'_>, base: &str) -> Result<FromFiles, FileProblem> {
    let file = format!("{base}{MANIFEST}");
    let text = folder.read(&file)?;
    let yaml = yaml::read(&text, Tags::Refused);
    let yaml = yaml.map_err(|problem| FileProblem::new(&file, problem))?;
    let manifest = At::whole(&file, &yaml);
    let version = manifest.need("version")?;
    let mut reader = Reader {
        folder,
        base,
        tree: Tree::of_file(&file),
        rcps: Vec::new(),
        n_others: 0,
        n_scps: 0,
    };
    // The root is there, whether or not something is attached to it.
    reader.tree.node(ROOT, None, None, &manifest)?;
    reader.tree.root = Some(ROOT.to_owned());
    match version.text()? {
        "2021-03-15" => {
            for resource in manifest.list_of("resources")? {
                reader.resource(&resource)?;
            }
        }
        "2020-01-01" => {
            for policy in manifest.list_of("organization_policies")? {
                let units = policy.need("apply_to_accounts_in_ou")?;
                reader.scp(&policy, "policy_file", &units)?;
            }
            reader.n_others = manifest.list_of("cloudformation_resources")?.len();
        }
        _ => return Err(version.not("2021-03-15 or 2020-01-01")),
    }
    if reader.n_scps == 0 {
        return Err(manifest.instead("a resource with deploy_method scp", "none"));
    }
    let mut notes = Vec::new();
    if reader.n_others > 0 {
        notes.push(format!(
            "{} of the package are not read: stack sets",
            super::counted(reader.n_others, "resource")
        ));
    }
    notes.push(
        "only the policies of the CfCT package are simulated, beside FullAWSAccess at every node: others may be attached"
            .to_owned(),
    );
    let other_policies =
        reader.rcps.into_iter().map(|name| (name, super::RESOURCE_CONTROL_POLICY.to_owned()));
    Ok(FromFiles {
        organization: reader.tree.finish()?,
        other_policies: other_policies.collect(),
        notes,
    })
}

struct Reader<'a> {
    folder: &'a Folder<'a>,
    base: &'a str,
    tree: Tree,
    rcps: Vec<String>,
    n_scps: usize,
    /// Resources that are no policies.
    n_others: usize,
}

impl Reader<'_> {
    fn resource(&mut self, resource: &At<'_>) -> Result<(), FileProblem> {
        let method = resource.need("deploy_method")?;
        match method.text()? {
            "scp" => {}
            "rcp" => {
                self.rcps.push(resource.need("name")?.text()?.to_owned());
                return Ok(());
            }
            "stack_set" => {
                self.n_others += 1;
                return Ok(());
            }
            _ => return Err(method.not("scp, rcp, or stack_set")),
        }
        let targets = resource.need("deployment_targets")?;
        if let Some(accounts) =
            targets.member("accounts").filter(|it| it.list().is_ok_and(|it| !it.is_empty()))
        {
            return Err(accounts.not("organizational_units: CfCT attaches SCPs to nothing else"));
        }
        self.scp(resource, "resource_file", &targets.need("organizational_units")?)
    }

    fn scp(&mut self, resource: &At<'_>, member: &str, units: &At<'_>) -> Result<(), FileProblem> {
        self.n_scps += 1;
        let name = resource.need("name")?.text()?;
        let at = resource.need(member)?;
        let named = at.text()?;
        let lower = named.to_lowercase();
        if lower.starts_with("s3:") || lower.starts_with("http") {
            return Err(at.not("a file of the package"));
        }
        let file = super::normal(&format!("{}{named}", self.base));
        if !self.folder.has(&file) {
            let found = match self.folder.has(&format!("{file}.j2")) {
                true => format!("its template {file}.j2 only"),
                false => format!("no {file}"),
            };
            return Err(at.instead("a file of the package", &found));
        }
        let text = self.folder.read(&file)?;
        // What a template leaves open must not be evaluated as text.
        if let Some(place) = text.find("{{") {
            let (line, column) = super::line_and_column(&text, place);
            let found: String = text[place..].chars().take(40).collect();
            let position = crate::problem::Position { line, column };
            let problem =
                Problem::new(position, "", "a file without open variables", &format!("`{found}`"));
            return Err(FileProblem::new(&file, problem));
        }
        let document = Document::read(&text, PolicyType::ServiceControl);
        let document = document.map_err(|problem| FileProblem::new(&file, problem))?;
        let [id, name] = [named, name].map(str::to_owned);
        let policy = Arc::new(Policy { id, name, file, document });
        for unit in units.list()? {
            let node = self.unit(&unit)?;
            self.tree.attach(&node, &policy);
        }
        Ok(())
    }

    /// A unit by its name, with those that it is in; the root.
    fn unit(&mut self, at: &At<'_>) -> Result<String, FileProblem> {
        let parts = at.text()?.split(DELIMITER).map(str::trim).filter(|part| !part.is_empty());
        let parts = parts.collect::<Vec<_>>();
        if parts.is_empty() {
            return Err(at.not("the name of an organizational unit"));
        }
        let mut above = ROOT.to_owned();
        if parts == [ROOT] {
            return Ok(above);
        }
        for n_parts in 1..=parts.len() {
            let id = parts[..n_parts].join(&DELIMITER.to_string());
            self.tree.node(&id, None, Some(&above), at)?;
            above = id;
        }
        Ok(above)
    }
}
