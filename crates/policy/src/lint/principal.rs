//! Rules about principals that a condition names.

use super::part::{Clause, Part};
use super::registry::Severity;
use super::request::request_for;
use super::subject::Subject;
use super::value::{concrete, placeholder_value};
use super::{Findings, edit, placeholder};
use crate::known::KeyState;
use crate::operation::INVOKE_MODEL;
use crate::problem::cut;

const KEY: &str = "aws:PrincipalArn";

/// Parts of the names of roles that AWS and landing zones make without a path, and exempt from everything.
const WELL_KNOWN: [&str; 7] = [
    "AWSControlTower",
    "aws-controltower",
    "stacksets-exec-",
    "AWSCloudFormationStackSet",
    "OrganizationAccountAccessRole",
    "AWSAccelerator",
    "AWSServiceRoleFor",
];

/// The start of the names of roles of IAM Identity Center.
const IDENTITY_CENTER: &str = "AWSReservedSSO_";

/// Looks at conditions on principals.
pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for part in &subject.parts {
        for clause in part.tests(KEY).filter(|it| !it.is_null()) {
            if part.is_deny() && clause.is_negated() {
                exempts_all(subject, part, clause, found);
            }
            without_path(subject, part, clause, found);
        }
    }
}

/// Whether a pattern is one of somebody's own, and not of what runs the landing zone.
fn is_own(text: &str) -> bool {
    !WELL_KNOWN.iter().any(|name| text.contains(name)) && placeholder_free(text)
}

fn placeholder_free(text: &str) -> bool {
    placeholder::of_text(text).is_empty() && !text.contains("${")
}

fn exempts_all(subject: &Subject<'_>, part: &Part, clause: &Clause, found: &mut Findings) {
    if !part.is_about_others() || !part.is_about(INVOKE_MODEL) {
        return;
    }
    let entries = clause.entries();
    let own = entries.iter().filter(|entry| is_own(entry.text)).collect::<Vec<_>>();
    let Some(first) = own.first() else { return };
    let repaired = subject.repaired(part, |node| {
        edit::take_condition(node, &clause.operator, clause.key());
    });
    let proof = repaired.and_then(|repaired| {
        let principal = KeyState::value(concrete(first.text, &placeholder_value));
        let others = ["ec2:RunInstances", "dynamodb:GetItem"];
        let asked = request_for(&repaired.part(part)?, &[(KEY, principal)], &others)?;
        let asked = request_with(asked, &others)?;
        subject.prove_request(part, &asked, &repaired, "no principal is exempt")
    });
    let others = match own.len() - 1 {
        0 => String::new(),
        n => format!(" (and {n} more)"),
    };
    let message = format!("`{}`{others} is exempt for every service", cut(first.text));
    found.add("exempt-principal-exempts-all", first.position, &clause.path, message, proof);
}

/// The request with one of these actions, which is asked for the others' resource, too.
fn request_with(
    mut asked: super::request::Asked,
    actions: &[&str],
) -> Option<super::request::Asked> {
    if !actions.contains(&asked.action.as_str()) {
        asked.action = (*actions.first()?).to_owned();
        asked.resource = "*".to_owned();
    }
    Some(asked)
}

fn without_path(subject: &Subject<'_>, part: &Part, clause: &Clause, found: &mut Findings) {
    let entries = clause.entries();
    let own = entries.iter().filter(|entry| {
        let name = role_without_path(entry.text);
        let is_judged =
            |name: &str| name.starts_with(IDENTITY_CENTER) || part.is_deny() && clause.is_negated();
        is_own(entry.text) && name.is_some_and(is_judged)
    });
    let own = own.collect::<Vec<_>>();
    let of_center = own.iter().find(|it| it.text.contains(IDENTITY_CENTER));
    let Some(first) = of_center.or_else(|| own.first()) else { return };
    let Some((head, name)) = first.text.rsplit_once('/') else { return };
    let path = if of_center.is_some() { "aws-reserved/sso.amazonaws.com" } else { "team" };
    let new = format!("{head}/*/{name}");
    let repaired = subject.repaired(part, |node| {
        if let Some(values) = edit::values_mut(node, &clause.operator, clause.key()) {
            edit::push(values, &new);
        }
    });
    let proof = repaired.and_then(|repaired| {
        let role = concrete(&format!("{head}/{path}/{name}"), &placeholder_value);
        let repair = format!("{new} is a value, too");
        subject.prove_by_states(part, &repaired, KEY, &[KeyState::value(role)], &repair)
    });
    let others = match own.len() - 1 {
        0 => String::new(),
        n => format!(" (and {n} more)"),
    };
    let message = match of_center {
        Some(_) => format!(
            "`{}`{others} matches no role of IAM Identity Center, which are below {path}/",
            cut(first.text)
        ),
        None => format!("`{}`{others} matches the role only if it has no path", cut(first.text)),
    };
    found.add("role-pattern-without-path", first.position, &clause.path, message, proof);
    if of_center.is_none() {
        found.lower(Severity::Note);
    }
}

/// The name of a role in a pattern that has no path.
fn role_without_path(text: &str) -> Option<&str> {
    let resource = text.splitn(6, ':').nth(5)?;
    let name = resource.strip_prefix("role/")?;
    (!name.is_empty() && !name.contains(['/', ':']) && !name.starts_with('*')).then_some(name)
}
