//! Customizations for AWS Control Tower: `manifest.yaml` of the schema 2021-03-15 and the documents beside it.
//! `CfCT` deploys SCPs to organizational units only, by their names, and sends a document with its white space
//! (each line break as two characters); therefore, the documents have none.

use super::yaml::{Listed, listed, quoted};
use super::{Deployment, FormFile};
use crate::generate::{GenerateError, Part};

pub(super) fn files(parts: &[Part], to: &Deployment) -> Result<Vec<FormFile>, GenerateError> {
    let region = to.home_region("--form cfct")?;
    let units = to.unit_names("--form cfct")?;
    let head = format!("---\nregion: {}\nversion: 2021-03-15\nresources:\n", quoted(region));
    let list = ("manifest.yaml", head);
    listed(list, "policies", (parts, &units), to, |Listed { name, about, file }| {
        format!(
            "  - name: {}\n    description: {}\n    resource_file: {}\n    deploy_method: scp\n    \
             deployment_targets:\n      organizational_units:\n",
            quoted(name),
            quoted(about),
            quoted(file)
        )
    })
}
