//! The resources of a plan or a state, of all its modules, with what the configuration says of their arguments.

use crate::intake::FileProblem;
use crate::intake::at::At;

/// What the policies of AWS Organizations are in Terraform.
pub(super) const PREFIX: &str = "aws_organizations_";

/// A resource or a data source.
pub(super) struct Resource<'a> {
    /// With its module and its index.
    pub(super) address: &'a str,
    /// The address without an index.
    pub(super) unit: String,
    pub(super) kind: &'a str,
    pub(super) is_data: bool,
    pub(super) at: At<'a>,
    pub(super) values: At<'a>,
    /// Which resources its arguments refer to, where a plan has its configuration.
    pub(super) expressions: Option<At<'a>>,
    /// The address of its module, with a dot at its end.
    pub(super) module: String,
}

/// The resources of a module and of those below it.
pub(super) fn modules<'a>(
    module: &At<'a>,
    configuration: Option<&At<'a>>,
    prefix: &str,
    found: &mut Vec<Resource<'a>>,
) -> Result<(), FileProblem> {
    let configured =
        configuration.map(|it| it.list_of("resources")).transpose()?.unwrap_or_default();
    for at in module.list_of("resources")? {
        let kind = at.need("type")?.text()?;
        let Some(kind) = kind.strip_prefix(PREFIX) else { continue };
        let address = at.need("address")?.text()?;
        let is_data = at.need("mode")?.text()? == "data";
        let name = at.need("name")?.text()?;
        let local = format!("{}{PREFIX}{kind}.{name}", if is_data { "data." } else { "" });
        let mut expressions = None;
        for it in &configured {
            if it.text_of("address")? == Some(&local) {
                expressions = it.member("expressions");
            }
        }
        let unit = format!("{prefix}{local}");
        let (values, module) = (at.need("values")?, prefix.to_owned());
        found.push(Resource { address, unit, kind, is_data, at, values, expressions, module });
    }
    for child in module.list_of("child_modules")? {
        let address = child.need("address")?.text()?;
        let name = address.rsplit("module.").next().unwrap_or_default();
        let name = name.split('[').next().unwrap_or_default();
        let call =
            configuration.and_then(|it| it.member("module_calls")?.member(name)?.member("module"));
        modules(&child, call.as_ref(), &format!("{address}."), found)?;
    }
    Ok(())
}

/// The resource of a reference: `aws_organizations_policy.deny` of `aws_organizations_policy.deny.id`.
pub(super) fn unit(reference: &str) -> &str {
    let parts = if reference.starts_with("data.") { 3 } else { 2 };
    let end =
        reference.match_indices('.').nth(parts - 1).map_or(reference.len(), |(place, _)| place);
    reference[..end].split('[').next().unwrap_or_default()
}
