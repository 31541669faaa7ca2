//! Where metrics go: stdout, or a file.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;

/// A form of metrics and where it goes: `emf`, `prometheus=FILE`, ...
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct MetricsOutput {
    pub(super) form: Form,
    /// `None` is stdout.
    pub(super) file: Option<PathBuf>,
}

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Emf,
    Prometheus,
    Json,
}

impl MetricsOutput {
    /// What of several outputs cannot be, in words: two forms on stdout, or in one file.
    pub(crate) fn conflict(outputs: &[MetricsOutput]) -> Option<String> {
        if outputs.iter().filter(|output| output.is_on_stdout()).count() > 1 {
            return Some("expected one form on stdout, and the others with =FILE".to_owned());
        }
        let mut files = outputs.iter().filter_map(|output| output.file.as_deref());
        let is_twice = |file: &&Path| outputs.iter().filter(|other| other.is_to(file)).count() > 1;
        let file = files.find(is_twice)?;
        Some(format!("expected a file for each form, found {} twice", file.display()))
    }

    /// Whether it goes to this file, by its name.
    pub(crate) fn is_to(&self, file: &Path) -> bool {
        let parts = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        self.file.as_deref().is_some_and(|own| parts(own) == parts(file))
    }

    /// Whether it goes to stdout.
    pub(crate) fn is_on_stdout(&self) -> bool {
        self.file.is_none()
    }
}

impl FromStr for MetricsOutput {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (form, file) = match text.split_once('=') {
            Some((_, "" | "-")) => {
                return Err("expected a file after `=`; stdout is without `=`".to_owned());
            }
            Some((form, file)) => (form, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let is_read =
            file.as_ref().is_none_or(|file| file.extension().is_some_and(|it| it == "prom"));
        if form == "prometheus" && !is_read {
            // The collector passes over all others.
            return Err("expected a file whose name ends in .prom".to_owned());
        }
        let form = match form {
            "emf" => Form::Emf,
            "prometheus" => Form::Prometheus,
            "json" => Form::Json,
            _ => {
                return Err(
                    "expected emf, prometheus, or json, or one of them with =FILE".to_owned()
                );
            }
        };
        Ok(MetricsOutput { form, file })
    }
}

impl TryFrom<String> for MetricsOutput {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_files_are_read() {
        let read = |text: &str| text.parse::<MetricsOutput>();
        assert_eq!(read("emf").unwrap(), MetricsOutput { form: Form::Emf, file: None });
        let file = Some(PathBuf::from("/var/a=b.prom"));
        let expected = MetricsOutput { form: Form::Prometheus, file };
        assert_eq!(read("prometheus=/var/a=b.prom").unwrap(), expected);
        for text in ["", "EMF", "json=", "statsd=x", "=x"] {
            assert!(read(text).unwrap_err().starts_with("expected "), "{text}");
        }
    }
}
