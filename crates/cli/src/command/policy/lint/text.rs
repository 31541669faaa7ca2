//! Findings and rules as people read them.

use policy::lint::{Proof, Rule};

use super::Found;
use crate::answer::table::width;
use crate::command::explain::wrapped;
use crate::escape::escaped;

/// A paragraph for each finding.
pub(super) fn findings(found: &[Found]) -> String {
    let mut text = String::new();
    for Found { file, finding } in found {
        let place = format!("{file}:{}:{}", finding.position.line, finding.position.column);
        let head = format!("{place}: {}: {}", finding.severity.as_str(), finding.rule.id);
        line(&mut text, &head);
        let element = match finding.element.as_str() {
            "" => String::new(),
            element => format!("{element}: "),
        };
        line(&mut text, &format!("  {element}{}", finding.message));
        if let Some(Proof { call, verdict, repair, repaired_verdict }) = &finding.proof {
            line(&mut text, &format!("  {}: {call}", verdict.as_str()));
            line(&mut text, &format!("  {} if {repair}", repaired_verdict.as_str()));
        }
    }
    text
}

/// A paragraph for each rule.
pub(super) fn rules(rules: &[&Rule]) -> String {
    let mut text = String::new();
    for rule in rules {
        line(&mut text, &format!("{}: {}", rule.id, rule.severity.as_str()));
        line(&mut text, &format!("  Finds {}.", rule.finds));
        line(&mut text, &format!("  Why: {}.", rule.reason));
        line(&mut text, &format!("  Source: {}.", rule.source));
    }
    text
}

fn line(text: &mut String, new: &str) {
    let new = wrapped(&escaped(new), width());
    text.push_str(&new);
    if !new.ends_with('\n') {
        text.push('\n');
    }
}
