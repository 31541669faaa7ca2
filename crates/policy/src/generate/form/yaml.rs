//! Texts of YAML: always in quotes, in which YAML reads what JSON writes.

/// A text in quotes.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
