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
        text.push_str(&escaped(&head));
        text.push('\n');
        let element = match finding.element.as_str() {
            "" => String::new(),
            element => format!("{element}: "),
        };
        below(&mut text, &format!("{element}{}", finding.message));
        if let Some(Proof { call, verdict, repair, repaired_verdict }) = &finding.proof {
            below(&mut text, &format!("{}: {call}", verdict.as_str()));
            below(&mut text, &format!("{} if {repair}", repaired_verdict.as_str()));
        }
    }
    text
}

/// A paragraph for each rule.
pub(super) fn rules(rules: &[&Rule]) -> String {
    let mut text = String::new();
    for rule in rules {
        text += &format!("{}: {}\n", rule.id, rule.severity.as_str());
        below(&mut text, &format!("Finds {}.", rule.finds));
        below(&mut text, &format!("Why: {}.", rule.reason));
        below(&mut text, &format!("Source: {}.", rule.source));
    }
    text
}

/// A line below its head, and what does not fit below that.
fn below(text: &mut String, new: &str) {
    const INDENT: usize = 4;
    let width = width().map(|width| width.saturating_sub(INDENT));
    for (index, new) in wrapped(&escaped(new), width).lines().enumerate() {
        text.push_str(if index == 0 { "  " } else { "    " });
        text.push_str(new);
        text.push('\n');
    }
}
