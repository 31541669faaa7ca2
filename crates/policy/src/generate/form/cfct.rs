//! Customizations for AWS Control Tower: `manifest.yaml` of the schema 2021-03-15 and the documents beside it.
//! `CfCT` deploys SCPs to organizational units only, by their names, and sends a document with its white space
//! (each line break as two characters); therefore, the documents have none.

use super::yaml::quoted;
use super::{Deployment, FormFile, aws_cli, file_name, json};
use crate::generate::{GenerateError, Part};

const FOLDER: &str = "policies";

pub(super) fn files(parts: &[Part], to: &Deployment) -> Result<Vec<FormFile>, GenerateError> {
    let region = to.home_region("--form cfct")?;
    let units = to.unit_names("--form cfct")?;
    let mut manifest =
        format!("---\nregion: {}\nversion: 2021-03-15\nresources:\n", quoted(region));
    let mut files = Vec::new();
    for part in parts {
        if let Part::Control(control) = part {
            files.push(aws_cli::control_file(control, to)?);
            continue;
        }
        let name = to.name(part);
        let file = format!("{FOLDER}/{}", file_name(name));
        manifest += &format!(
            "  - name: {}\n    description: {}\n    resource_file: {}\n    deploy_method: scp\n    \
             deployment_targets:\n      organizational_units:\n",
            quoted(name),
            quoted(&to.description()),
            quoted(&file)
        );
        for unit in &units {
            manifest += &format!("        - {}\n", quoted(unit));
        }
        files.extend(json::compact_file(FOLDER, part, to));
    }
    files.insert(0, FormFile { path: "manifest.yaml".to_owned(), text: manifest });
    Ok(files)
}
