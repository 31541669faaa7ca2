//! Patterns of ARNs that match nothing.

use super::part::{Clause, Entry, Part};
use super::registry::Severity;
use super::request::request_for;
use super::subject::{Repaired, Subject};
use super::value::{concrete, placeholder_value};
use super::{Findings, Proof, edit, placeholder};
use crate::condition::Literal;
use crate::glob::{Glob, symbols, witnesses};
use crate::key::{self, KeyType};
use crate::known::KeyState;
use crate::operation::INVOKE_MODEL;
use crate::operator::Comparison;
use crate::problem::cut;

/// The steps of the search for an ARN that a pattern matches.
const MAX_STEPS: usize = 5_000_000;

/// The forms of the ARNs that a key can have.
fn forms(key: &str) -> &'static [&'static str] {
    match key {
        "bedrock:inferenceprofilearn" => &[
            "arn:*:bedrock:*-*:????????????:inference-profile/*",
            "arn:*:bedrock:*-*:????????????:application-inference-profile/*",
        ],
        "aws:principalarn" => &[
            "arn:*:iam::????????????:role/*",
            "arn:*:iam::????????????:user/*",
            "arn:*:iam::????????????:root",
            "arn:*:sts::????????????:federated-user/*",
        ],
        _ => &[],
    }
}

/// Looks at patterns.
pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for part in &subject.parts {
        for clause in part.clauses.iter().filter(|it| !it.is_null()) {
            never_matches(subject, part, clause, found);
        }
        let name = part.resource_element();
        for entry in part.entries(name) {
            never_matches_resource(subject, part, &entry, found);
        }
    }
}

fn never_matches(subject: &Subject<'_>, part: &Part, clause: &Clause, found: &mut Findings) {
    let comparison = clause.condition.test.operator.comparison;
    let of_arns = key::find(clause.key()).is_some_and(|it| it.key_type == KeyType::Arn);
    let is_text = matches!(comparison, Comparison::Text { .. });
    if !(clause.is_arn() || is_text && of_arns) {
        return;
    }
    let forms = forms(&clause.condition.key_in_lower_case);
    let forms = forms.iter().filter_map(|form| Glob::arn(&symbols(form))).collect::<Vec<_>>();
    for (entry, value) in clause.entries().iter().zip(&clause.condition.values) {
        let Literal::Pattern(pattern) = value else { continue };
        let has_variables = pattern.keys().next().is_some();
        if has_variables || !placeholder::of_text(entry.text).is_empty() {
            continue;
        }
        // Of a wildcard as text, another rule speaks.
        let is_plain = matches!(comparison, Comparison::Text { has_wildcards: false, .. });
        let why = match pattern.glob() {
            None => "has fewer than six parts, which ARN operators compare one by one",
            Some(_) if is_plain && entry.text.contains('*') => continue,
            Some(glob) if !forms.is_empty() && is_empty(glob, &forms) => "matches no value of it",
            Some(_) => continue,
        };
        let proof = corrected(entry.text).and_then(|new| {
            let repaired = renamed(subject, part, &clause.path, entry.text, &new)?;
            let value = [KeyState::value(concrete(&new, &placeholder_value))];
            subject.prove_by_states(part, &repaired, clause.key(), &value, &format!("it is {new}"))
        });
        let message = format!("`{}` {why}", cut(entry.text));
        found.add("arn-pattern-never-matches", entry.position, &clause.path, message, proof);
    }
}

/// Whether a pattern matches no ARN of these forms; `false` if that is not sure.
fn is_empty(glob: &Glob, forms: &[Glob]) -> bool {
    let found = witnesses(&[glob], forms, MAX_STEPS);
    found.is_some_and(|texts| !texts.iter().any(|text| glob.is_match(text)))
}

/// What may have been meant by a pattern that matches nothing.
fn corrected(text: &str) -> Option<String> {
    let parts = text.split(':').collect::<Vec<_>>();
    match parts.as_slice() {
        ["*"] => Some("*:*:*:*:*:*".to_owned()),
        ["arn", partition, "sts", region, account, resource] => {
            let role = resource.strip_prefix("assumed-role/")?.split('/').next()?;
            Some(format!("arn:{partition}:iam:{region}:{account}:role/{role}"))
        }
        ["arn", partition, service, region, resource] if resource.contains('/') => {
            Some(format!("arn:{partition}:{service}:{region}:*:{resource}"))
        }
        ["arn", partition, "bedrock", region, _, rest @ ..] => {
            let region = if region.is_empty() { "*" } else { region };
            Some(format!("arn:{partition}:bedrock:{region}:*:{}", rest.join(":")))
        }
        ["arn", ..] => None,
        _ if text.contains('.') && !text.contains(['/', ' ']) => {
            Some(format!("arn:*:bedrock:*:*:inference-profile/{text}"))
        }
        _ => None,
    }
}

/// The document with another text in place of one.
pub(super) fn renamed(
    subject: &Subject<'_>,
    part: &Part,
    path: &str,
    old: &str,
    new: &str,
) -> Option<Repaired> {
    let rename = |text: &str| if text == old { new } else { text }.to_owned();
    let clause = part.clauses.iter().find(|it| it.path == path);
    subject.repaired(part, |node| {
        let node = match clause {
            Some(clause) => edit::values_mut(node, &clause.operator, clause.key()),
            None => edit::member_mut(node, part.resource_element()),
        };
        if let Some(node) = node {
            edit::change(node, &rename);
        }
    })
}

fn never_matches_resource(
    subject: &Subject<'_>,
    part: &Part,
    entry: &Entry<'_>,
    found: &mut Findings,
) {
    let text = entry.text;
    let n_parts = text.split(':').count();
    if text.starts_with('*') || text.contains("${") || !placeholder::of_text(text).is_empty() {
        return;
    }
    let path = part.element(part.resource_element());
    if n_parts < 6 {
        if text.starts_with("arn:") && text.ends_with('*') {
            let message = format!(
                "`{}` has fewer than six parts: AWS documents that its last wildcard matches the others, and some \
                 report that it does not",
                cut(text)
            );
            found.add("arn-pattern-never-matches", entry.position, &path, message, None);
            found.lower(Severity::Note);
        } else {
            let message = format!("`{}` is no ARN, and matches no resource", cut(text));
            found.add("arn-pattern-never-matches", entry.position, &path, message, None);
        }
        return;
    }
    let Some((form, why, new)) = form_of_resource(text) else { return };
    // Part by part: a wildcard that goes on behind a colon would find the rest of the pattern in a model's ID.
    let globs = [form.as_str(), text].map(|it| Glob::arn(&symbols(it)));
    let [Some(form), Some(own)] = globs else { return };
    if !is_empty(&own, &[form]) {
        return;
    }
    let proof = renamed(subject, part, &path, text, &new).and_then(|repaired| {
        prove_with_resource(subject, part, &repaired, &concrete(&new, &placeholder_value), &new)
    });
    let message = format!("`{}` matches no resource: {why}", cut(text));
    found.add("arn-pattern-never-matches", entry.position, &path, message, proof);
}

/// The form of the ARNs of a resource of Bedrock, why others do not match it, and what may have been meant.
fn form_of_resource(text: &str) -> Option<(String, &'static str, String)> {
    let parts = text.splitn(6, ':').collect::<Vec<_>>();
    let [_, partition, "bedrock", region, _, resource] = parts.as_slice() else { return None };
    let kind = resource.split('/').next()?;
    match kind {
        "foundation-model" => Some((
            "arn:*:bedrock:*::foundation-model/*".to_owned(),
            "foundation models have no account",
            format!("arn:{partition}:bedrock:{region}::{resource}"),
        )),
        "inference-profile" | "application-inference-profile" | "provisioned-model" => Some((
            format!("arn:*:bedrock:*-*:????????????:{kind}/*"),
            "it has a Region and an account",
            format!(
                "arn:{partition}:bedrock:{}:*:{resource}",
                if region.is_empty() { "*" } else { region }
            ),
        )),
        _ => None,
    }
}

/// The verdicts on a request for a resource.
pub(super) fn prove_with_resource(
    subject: &Subject<'_>,
    part: &Part,
    repaired: &Repaired,
    resource: &str,
    new: &str,
) -> Option<Proof> {
    let repair = format!("it is {new}");
    let of = [repaired.part(part).and_then(|it| request_for(&it, &[], &[INVOKE_MODEL]))];
    let of = of.into_iter().chain([request_for(part, &[], &[INVOKE_MODEL])]).flatten();
    of.into_iter().find_map(|mut asked| {
        asked.resource = resource.to_owned();
        subject.prove_request(part, &asked, repaired, &repair)
    })
}
