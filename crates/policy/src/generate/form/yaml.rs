//! Texts of YAML: always in quotes, in which YAML reads what JSON writes; and lists of policies, with their units.

use super::{Deployment, FormFile, aws_cli, file_name, json};
use crate::generate::{GenerateError, Part};

/// A text in quotes.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A policy as a list names it.
pub(super) struct Listed<'a> {
    pub(super) name: &'a str,
    /// Its description.
    pub(super) about: &'a str,
    /// The path of its document.
    pub(super) file: &'a str,
}

/// A list of policies, which ends each `entry` with the units, and the documents in a folder beside it; controls are
/// none of the list's, and get commands.
pub(super) fn listed(
    (path, head): (&str, String),
    folder: &str,
    (parts, units): (&[Part], &[&str]),
    to: &Deployment,
    entry: impl Fn(&Listed<'_>) -> String,
) -> Result<Vec<FormFile>, GenerateError> {
    let mut list = head;
    let mut files = Vec::new();
    for part in parts {
        if let Part::Control(control) = part {
            files.push(aws_cli::control_file(control, to)?);
            continue;
        }
        let name = to.name(part);
        let (about, file) = (to.description(), format!("{folder}/{}", file_name(name)));
        list += &entry(&Listed { name, about: &about, file: &file });
        list.extend(units.iter().map(|unit| format!("        - {}\n", quoted(unit))));
        files.extend(json::compact_file(folder, part, to));
    }
    files.insert(0, FormFile { path: path.to_owned(), text: list });
    Ok(files)
}
