//! The documents themselves.

use super::{Deployment, FormFile, aws_cli, file_name, readable};
use crate::generate::{GenerateError, Part};

pub(super) fn files(parts: &[Part], to: &Deployment) -> Result<Vec<FormFile>, GenerateError> {
    let mut files = Vec::new();
    for part in parts {
        files.push(match part {
            Part::Control(control) => aws_cli::control_file(control, to)?,
            Part::New(..) | Part::Changed { .. } => FormFile {
                path: file_name(to.name(part)),
                text: part
                    .document()
                    .map(|it| format!("{}\n", readable(it, part.policy_type())))
                    .unwrap_or_default(),
            },
        });
    }
    Ok(files)
}

/// A document that goes as it is to AWS, where each character counts.
pub(super) fn compact_file(folder: &str, part: &Part, to: &Deployment) -> Option<FormFile> {
    let document = part.document()?;
    let path = format!("{folder}/{}", file_name(to.name(part)));
    Some(FormFile { path, text: document.to_json(None) })
}
