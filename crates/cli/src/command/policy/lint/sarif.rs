//! Findings as SARIF 2.1.0, for what shows them beside the lines of a pull request.

use policy::lint::{Proof, RULES, Rule};
use serde::Serialize;
use serde_json::{Value, json};

use super::Found;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// A log of one run.
#[derive(Debug, Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Value,
    /// Columns count characters, as the messages on stderr do.
    column_kind: &'static str,
    results: Vec<Outcome>,
}

/// What SARIF calls a reporting descriptor.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    short_description: Message,
    full_description: Message,
    default_configuration: Value,
}

#[derive(Debug, Serialize)]
struct Message {
    text: String,
}

/// What SARIF calls a result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Value; 1],
}

/// The log of some findings.
///
/// # Errors
/// If it cannot be written as JSON.
pub(super) fn log(found: &[Found]) -> serde_json::Result<String> {
    let rules = RULES.iter().map(Descriptor::from).collect::<Vec<_>>();
    let version = env!("CARGO_PKG_VERSION");
    let tool = json!({"driver": {"name": "hoptrail", "version": version, "rules": rules}});
    let results = found.iter().map(Outcome::from).collect();
    let run = Run { tool, column_kind: "unicodeCodePoints", results };
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    Ok(serde_json::to_string_pretty(&log)? + "\n")
}

impl From<&Rule> for Descriptor {
    fn from(rule: &Rule) -> Self {
        let sentence = |text: &str| {
            let mut letters = text.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            Message { text: format!("{}{}.", first.collect::<String>(), letters.as_str()) }
        };
        Descriptor {
            id: rule.id,
            short_description: sentence(rule.finds),
            full_description: sentence(&format!(
                "{}: {} ({})",
                rule.finds, rule.reason, rule.source
            )),
            default_configuration: json!({"level": rule.severity.as_str()}),
        }
    }
}

impl From<&Found> for Outcome {
    fn from(Found { file, finding }: &Found) -> Self {
        let mut text = match finding.element.as_str() {
            "" => finding.message.clone(),
            element => format!("{element}: {}", finding.message),
        };
        if let Some(Proof { call, verdict, repair, repaired_verdict }) = &finding.proof {
            text += &format!(
                ". {}: {call}; {} if {repair}",
                verdict.as_str(),
                repaired_verdict.as_str()
            );
        }
        let location = json!({"physicalLocation": {
            "artifactLocation": {"uri": uri(file)},
            "region": {"startLine": finding.position.line, "startColumn": finding.position.column},
        }});
        Outcome {
            rule_id: finding.rule.id,
            rule_index: RULES.iter().position(|rule| rule == finding.rule).unwrap_or_default(),
            level: finding.severity.as_str(),
            message: Message { text },
            locations: [location],
        }
    }
}

/// A file as a reference: relative to where the program runs, or absolute.
fn uri(file: &str) -> String {
    if file == "-" {
        return "stdin".to_owned();
    }
    let scheme = if file.starts_with('/') { "file://" } else { "" };
    let mut uri = scheme.to_owned();
    for byte in file.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => {
                uri.push(char::from(byte));
            }
            _ => uri += &format!("%{byte:02X}"),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_references() {
        for (file, expected) in [
            ("scp/a.json", "scp/a.json"),
            ("/tmp/a b.json", "file:///tmp/a%20b.json"),
            ("-", "stdin"),
            ("ä:1.json", "%C3%A4%3A1.json"),
        ] {
            assert_eq!(uri(file), expected);
        }
    }
}
