//! The Landing Zone Accelerator: entries of `serviceControlPolicies` in `organization-config.yaml`, and the
//! documents that they name.

use super::yaml::quoted;
use super::{Deployment, FormFile, aws_cli, file_name, json};
use crate::generate::{GenerateError, Part};

const FOLDER: &str = "service-control-policies";

pub(super) fn files(parts: &[Part], to: &Deployment) -> Result<Vec<FormFile>, GenerateError> {
    let units = to.unit_names("--form lza")?;
    let mut entries =
        "# Add this to organization-config.yaml.\nserviceControlPolicies:\n".to_owned();
    let mut files = Vec::new();
    for part in parts {
        if let Part::Control(control) = part {
            files.push(aws_cli::control_file(control, to)?);
            continue;
        }
        let name = to.name(part);
        let file = format!("{FOLDER}/{}", file_name(name));
        entries += &format!(
            "  - name: {}\n    description: {}\n    policy: {}\n    type: customerManaged\n    deploymentTargets:\n      \
             organizationalUnits:\n",
            quoted(name),
            quoted(&to.description()),
            quoted(&file)
        );
        for unit in &units {
            entries += &format!("        - {}\n", quoted(unit));
        }
        files.extend(json::compact_file(FOLDER, part, to));
    }
    files.insert(0, FormFile { path: "organization-config.yaml".to_owned(), text: entries });
    Ok(files)
}
