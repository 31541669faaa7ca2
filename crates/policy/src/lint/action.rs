//! Rules about actions: unknown ones, streams, exemptions.

use super::part::Part;
use super::subject::Subject;
use super::{Findings, edit};
use crate::action;
use crate::document::Effect;
use crate::evaluate::Verdict;
use crate::glob::Glob;
use crate::json::{Node, Value};
use crate::lint::request::request_for;
use crate::operation::{INVOKE_MODEL, Operation};
use crate::problem::cut;

pub(super) const STREAM: &str = "bedrock:InvokeModelWithResponseStream";

/// Looks for actions of Bedrock that AWS does not list, wherever they stand.
pub(super) fn check_names(root: &Node, found: &mut Findings) {
    let statements = edit::member(root, "Statement").unwrap_or(root);
    let is_list = matches!(statements.value, Value::List(_));
    for (index, statement) in statements.one_or_many().iter().enumerate() {
        for name in ["Action", "NotAction"] {
            let Some(node) = edit::member(statement, name) else { continue };
            for node in node.one_or_many() {
                let Value::Text(text) = &node.value else { continue };
                let Some(message) = unknown(text) else { continue };
                let index = if is_list { format!("[{index}]") } else { String::new() };
                let path = format!("Statement{index}.{name}");
                found.add("unknown-action", node.position, &path, message, None);
            }
        }
    }
}

/// What is wrong with an action, if it is one of Bedrock that is not known.
fn unknown(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let is_judged = action::services().contains(action::service(&lower))
        && lower.contains(':')
        && super::placeholder::of_text(text).is_empty();
    if !is_judged || action::matching(text).next().is_some() {
        return None;
    }
    let text = cut(text);
    if text.contains(['*', '?']) {
        return Some(format!("`{text}` matches no action that AWS lists"));
    }
    Some(match meant(text) {
        Some(meant)
            if Operation::find(text.split(':').next_back().unwrap_or_default()).is_some() =>
        {
            format!("`{text}` is an operation and no action: it is authorized as {meant}")
        }
        Some(meant) => format!("AWS does not list the action `{text}`: did you mean {meant}?"),
        None => format!("AWS does not list the action `{text}`"),
    })
}

/// The action that may be meant by one that is not known.
fn meant(text: &str) -> Option<&'static str> {
    let name = text.split(':').next_back().unwrap_or_default();
    let of_operation = Operation::find(name).map(|operation| operation.action);
    of_operation.or_else(|| action::nearest(text))
}

/// Looks at what statements do with actions.
pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for part in &subject.parts {
        prove_unknown(subject, part, found);
        stream_missing(subject, part, found);
    }
    for part in subject.of_effect(Effect::Deny) {
        over_exemption(subject, part, found);
    }
}

fn prove_unknown(subject: &Subject<'_>, part: &Part, found: &mut Findings) {
    let name = part.action_element();
    for entry in part.entries(name) {
        let Some(meant) = unknown(entry.text).and_then(|_| meant(entry.text)) else { continue };
        let repaired = subject.repaired(part, |node| {
            let rename = |text: &str| if text == entry.text { meant } else { text }.to_owned();
            if let Some(actions) = edit::member_mut(node, name) {
                edit::change(actions, &rename);
            }
        });
        let repaired = repaired.as_ref().zip(repaired.as_ref().and_then(|it| it.part(part)));
        let proof = repaired.and_then(|(repaired, new)| {
            // A NotAction spares what it names: the request is one of the statement as it is.
            let of = if new.is_about(meant) { &new } else { part };
            let asked = request_for(of, &[], &[meant]).filter(|it| it.action == meant)?;
            subject.prove_request(part, &asked, repaired, &format!("{name} has {meant}"))
        });
        found.prove("unknown-action", entry.position, proof.as_ref());
    }
}

fn stream_missing(subject: &Subject<'_>, part: &Part, found: &mut Findings) {
    let (name, is_not) = (part.action_element(), part.statement.is_not_action());
    if part.is_about(INVOKE_MODEL) == is_not || part.is_about(STREAM) != is_not {
        return;
    }
    let mut entries = part.entries(name).into_iter();
    let Some(entry) = entries.find(|it| Glob::action(it.text).is_match(INVOKE_MODEL)) else {
        return;
    };
    let asked = request_for(part, &[], if is_not { &[STREAM] } else { &[INVOKE_MODEL] });
    let Some(mut asked) = asked else { return };
    if ![STREAM, INVOKE_MODEL].contains(&asked.action.as_str()) {
        return;
    }
    asked.action = INVOKE_MODEL.to_owned();
    let of_invoke = asked.verdict(&subject.levels(&subject.document, !part.is_deny()));
    asked.action = STREAM.to_owned();
    let add = |node: &mut Node| {
        if let Some(actions) = edit::member_mut(node, name) {
            edit::push(actions, STREAM);
        }
    };
    let Some(repaired) = subject.repaired(part, add) else { return };
    let repair = format!("{name} has {STREAM}, too");
    let Some(proof) = subject.prove_whole(part, &asked, &repaired, &repair) else { return };
    if proof.repaired_verdict != of_invoke {
        return;
    }
    let message = match (is_not, proof.verdict) {
        (true, _) => "exempts calls of models, but not those that stream",
        (false, Verdict::Denied) => "allows calls of models, but not those that stream",
        (false, _) => "denies calls of models, but not those that stream",
    };
    found.add("stream-missing", entry.position, &part.element(name), message, Some(proof));
}

fn over_exemption(subject: &Subject<'_>, part: &Part, found: &mut Findings) {
    const NARROW: &str = "bedrock:InvokeModel*";
    if !part.statement.is_not_action() {
        return;
    }
    for entry in part.entries("NotAction") {
        let is_wide =
            entry.text.contains('*') && entry.text.to_ascii_lowercase().starts_with("bedrock:");
        let others = action::matching(entry.text).filter(|it| ![INVOKE_MODEL, STREAM].contains(it));
        let others = others.collect::<Vec<_>>();
        let runs_models = Glob::action(entry.text).is_match(INVOKE_MODEL);
        let Some(other) = others.first().filter(|_| is_wide && runs_models) else { continue };
        let other = others.iter().find(|it| **it == "bedrock:InvokeAgent").unwrap_or(other);
        let narrow = |text: &str| if text == entry.text { NARROW } else { text }.to_owned();
        let repaired = subject.repaired(part, |node| {
            if let Some(actions) = edit::member_mut(node, "NotAction") {
                edit::change(actions, &narrow);
            }
        });
        let proof = repaired.and_then(|repaired| {
            let asked = request_for(&repaired.part(part)?, &[], &[other])?;
            let repair = format!("NotAction has {NARROW} in its place");
            (asked.action == *other)
                .then(|| subject.prove_whole(part, &asked, &repaired, &repair))?
        });
        // Without one, another statement denies what this one exempts.
        let Some(proof) = proof else { continue };
        let message = format!(
            "`{}` exempts {} actions besides those that run models",
            cut(entry.text),
            others.len()
        );
        found.add(
            "over-exemption",
            entry.position,
            &part.element("NotAction"),
            message,
            Some(proof),
        );
    }
}
