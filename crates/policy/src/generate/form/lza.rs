//! The Landing Zone Accelerator: entries of `serviceControlPolicies` in `organization-config.yaml`, and the
//! documents that they name.

use super::yaml::{Listed, listed, quoted};
use super::{Deployment, FormFile};
use crate::generate::{GenerateError, Part};

pub(super) fn files(parts: &[Part], to: &Deployment) -> Result<Vec<FormFile>, GenerateError> {
    let units = to.unit_names("--form lza")?;
    let head = "# Add this to organization-config.yaml.\nserviceControlPolicies:\n";
    let list = ("organization-config.yaml", head.to_owned());
    listed(list, "service-control-policies", (parts, &units), to, |Listed { name, about, file }| {
        format!(
            "  - name: {}\n    description: {}\n    policy: {}\n    type: customerManaged\n    deploymentTargets:\n      \
             organizationalUnits:\n",
            quoted(name),
            quoted(about),
            quoted(file)
        )
    })
}
