//! Rules about operators: what they make of absent keys, of wildcards, and of variables.

use super::part::{Clause, Part};
use super::subject::Subject;
use super::{Findings, edit, placeholder};
use crate::action;
use crate::document::Effect;
use crate::key;
use crate::known::KeyState;
use crate::operator::{Comparison, Quantifier};
use crate::problem::cut;

/// Keys that an ordinary request may lack; those that end with `/` have a name of a tag behind them.
const OPTIONAL: [&str; 20] = [
    "aws:calledvia",
    "aws:federatedprovider",
    "aws:multifactorauthage",
    "aws:multifactorauthpresent",
    "aws:principaltag/",
    "aws:requesttag/",
    "aws:resourcetag/",
    "aws:sourceidentity",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:sourcevpce",
    "aws:username",
    "aws:vpcsourceip",
    "bedrock:guardrailidentifier",
    "bedrock:modelarn",
    "bedrock:projectarn",
    "bedrock:promptrouterarn",
    "bedrock:servicetier",
    "bedrock-mantle:servicetier",
];

/// Looks at operators.
pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for part in subject.of_effect(Effect::Deny) {
        for clause in part.clauses.iter().filter(|it| !part.needs(it.key())) {
            for_all_values(subject, part, clause, found);
            negated(subject, part, clause, found);
        }
    }
    for part in &subject.parts {
        for clause in &part.clauses {
            wildcard_as_text(subject, part, clause, found);
        }
        variables(subject, part, found);
    }
}

fn for_all_values(subject: &Subject<'_>, part: &Part, clause: &Clause, found: &mut Findings) {
    // Of a negated one, it may well be meant that it holds where the key is absent.
    if clause.condition.test.quantifier != Quantifier::All || clause.is_negated() {
        return;
    }
    let any = clause.operator.replacen("ForAllValues", "ForAnyValue", 1);
    let repaired = subject
        .repaired(part, |node| edit::change_operator(node, &clause.operator, &any, clause.key()));
    let proof = repaired.and_then(|repaired| {
        let absent = [KeyState::Absent];
        subject.prove_by_states(part, &repaired, clause.key(), &absent, &format!("it is {any}"))
    });
    let message = format!("also holds for requests without {}", clause.key());
    found.add("forallvalues-in-deny", clause.node.position, &clause.path, message, proof);
}

fn negated(subject: &Subject<'_>, part: &Part, clause: &Clause, found: &mut Findings) {
    let test = clause.condition.test;
    let key = &clause.condition.key_in_lower_case;
    let is_optional = OPTIONAL.iter().any(|optional| match optional.strip_suffix('/') {
        Some(_) => key.starts_with(optional),
        None => key == optional,
    });
    let is_optional = is_optional || is_of_some_actions(part, key);
    let is_plain = clause.is_negated() && !test.if_exists && test.quantifier == Quantifier::One;
    if !is_plain || !is_optional {
        return;
    }
    let repaired = subject.repaired(part, |node| {
        edit::set_condition(node, "Null", clause.key(), edit::text("false"));
    });
    let proof = repaired.and_then(|repaired| {
        let (absent, repair) =
            ([KeyState::Absent], format!("Null tests that {} is there", clause.key()));
        subject.prove_by_states(part, &repaired, clause.key(), &absent, &repair)
    });
    let message = format!("requests without {} are denied, too", clause.key());
    found.add(
        "negated-operator-on-optional-key",
        clause.node.position,
        &clause.path,
        message,
        proof,
    );
}

/// Whether some of the actions of a statement lack a key that the others always have.
fn is_of_some_actions(part: &Part, key: &str) -> bool {
    const ALWAYS: [&str; 3] =
        ["bedrock:bearertokentype", "bedrock-mantle:bearertokentype", "bedrock-mantle:model"];
    let Some(known) = key::find(key).filter(|_| ALWAYS.contains(&key)) else { return false };
    let service = action::service(key);
    let of_service = action::all().iter().filter(|it| action::service(it) == service);
    of_service.into_iter().any(|it| part.is_about(it) && !known.is_of(it))
}

fn wildcard_as_text(subject: &Subject<'_>, part: &Part, clause: &Clause, found: &mut Findings) {
    let comparison = clause.condition.test.operator.comparison;
    if !matches!(comparison, Comparison::Text { has_wildcards: false, .. }) {
        return;
    }
    let entries = clause.entries();
    let wild = entries
        .iter()
        .filter(|it| has_wildcard(it.text) && placeholder::of_text(it.text).is_empty());
    let wild = wild.collect::<Vec<_>>();
    let Some(first) = wild.first() else { return };
    let like =
        clause.operator.replacen("EqualsIgnoreCase", "Like", 1).replacen("Equals", "Like", 1);
    let repaired = subject
        .repaired(part, |node| edit::change_operator(node, &clause.operator, &like, clause.key()));
    let proof = repaired.and_then(|repaired| {
        subject.prove_by_states(
            part,
            &repaired,
            clause.key(),
            &[],
            &format!("the operator is {like}"),
        )
    });
    let message = format!("`{}` is compared as it is, without a wildcard", cut(first.text));
    found.add("wildcard-as-text", first.position, &clause.path, message, proof);
}

/// Whether a text has a wildcard that is not in a variable.
fn has_wildcard(text: &str) -> bool {
    let outside = text.split("${").enumerate().map(|(index, part)| match index {
        0 => part,
        _ => part.split_once('}').map_or("", |(_, rest)| rest),
    });
    // A question mark is part of addresses of pages.
    outside
        .into_iter()
        .any(|part| part.contains('*') || part.contains('?') && !text.contains("://"))
}

fn variables(subject: &Subject<'_>, part: &Part, found: &mut Findings) {
    if subject.has_variables() {
        return;
    }
    let name = part.resource_element();
    let of_resources = part.entries(name).into_iter().map(|it| (it, part.element(name)));
    let of_clauses = part.clauses.iter().filter(|it| !it.is_null());
    let of_clauses = of_clauses
        .flat_map(|clause| clause.entries().into_iter().map(|it| (it, clause.path.clone())));
    let first = of_resources.chain(of_clauses).find(|(entry, _)| {
        entry.text.contains("${") && placeholder::of_text(entry.text).is_empty()
    });
    let Some((entry, path)) = first else { return };
    let proof = subject
        .with_variables(part)
        .and_then(|repaired| subject.prove_by_repaired(part, &repaired, "Version is 2012-10-17"));
    let message = format!("`{}` is a plain text without Version 2012-10-17", cut(entry.text));
    found.add("variables-without-version", entry.position, &path, message, proof);
}
