//! Statements that do nothing, and entries that change nothing.

use std::collections::BTreeSet;

use super::part::{Clause, Entry, Part};
use super::subject::Subject;
use super::value::{candidates, covers};
use super::{Findings, edit, placeholder};
use crate::action;
use crate::condition::{Form, Literal, Pattern};
use crate::glob::Glob;
use crate::key;
use crate::known::{Context, KeyState, Truth};
use crate::problem::cut;

/// Entries beyond which a list is not compared with itself: no document that AWS takes has as many.
const MAX_ENTRIES: usize = 400;

/// Looks for what has no effect.
pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for part in &subject.parts {
        never_applies(subject, part, found);
        redundant_entries(subject, part, found);
    }
    let mut seen = BTreeSet::new();
    for part in &subject.parts {
        let mut node = part.node.clone();
        edit::remove(&mut node, "Sid");
        if !seen.insert(node.to_json(None)) {
            let message = format!("{} repeats a statement above it", part.name());
            found.add("redundant", part.node.position, &part.path, message, None);
        }
    }
}

fn never_applies(subject: &Subject<'_>, part: &Part, found: &mut Findings) {
    let keys = part.clauses.iter().map(|it| it.condition.key_in_lower_case.clone());
    for key in keys.collect::<BTreeSet<_>>() {
        let clauses = part.tests(&key).collect::<Vec<_>>();
        let Some(last) = clauses.last() else { continue };
        let Some(why) = contradiction(part, &key, &clauses) else { continue };
        let repaired = subject.repaired(part, |node| {
            edit::take_condition(node, &last.operator, last.key());
        });
        let proof = repaired.and_then(|repaired| {
            let repair = format!("{} does not test {}", last.operator, last.key());
            subject.prove_by_repaired(part, &repaired, &repair)
        });
        found.add("never-applies", last.node.position, &last.path, why, proof);
        return;
    }
}

/// Why no value of a key makes its tests hold.
fn contradiction(part: &Part, key: &str, clauses: &[&Clause]) -> Option<String> {
    let holds = |state: KeyState| {
        let mut context = Context::default();
        context.set(key, state);
        clauses.iter().all(|it| it.condition.holds(&context) != Truth::False)
    };
    let name = clauses.first()?.key();
    if is_of_no_action(part, key) && !holds(KeyState::Absent) {
        return Some(format!("no request for these actions has {name}"));
    }
    let is_alone = clauses.len() == 1 && !clauses[0].is_null();
    let texts = clauses.iter().flat_map(|it| it.entries());
    let mut has_placeholders = texts.map(|it| !placeholder::of_text(it.text).is_empty());
    if is_alone || has_placeholders.any(|it| it) {
        return None;
    }
    let (states, is_complete) = candidates(key, clauses, "us-east-1");
    let is_none = is_complete && !states.into_iter().any(holds);
    is_none.then(|| match clauses {
        [_] => format!("every request has {name}"),
        _ => format!("its tests of {name} exclude each other"),
    })
}

/// Whether AWS lists a key for none of the actions of a statement, all of which are known.
fn is_of_no_action(part: &Part, key: &str) -> bool {
    let Some(key) = key::find(key) else { return false };
    let entries = part.entries("Action");
    let services = action::services();
    let is_known = |text: &str| services.contains(action::service(&text.to_ascii_lowercase()));
    if entries.is_empty() || !entries.iter().all(|it| is_known(it.text)) {
        return false;
    }
    let mut actions = entries.iter().flat_map(|it| action::matching(it.text)).peekable();
    actions.peek().is_some() && !actions.any(|action| key.is_of(action))
}

fn redundant_entries(subject: &Subject<'_>, part: &Part, found: &mut Findings) {
    let name = part.action_element();
    let actions = part.entries(name);
    let globs = actions.iter().map(|it| Some(Glob::action(it.text))).collect::<Vec<_>>();
    covered(&actions, &globs, true, &part.element(name), found);
    let name = part.resource_element();
    let resources = part.entries(name);
    let globs = resources.iter().map(|it| {
        let pattern = Pattern::read(it.text, Form::Resource, subject.has_variables());
        pattern.ok().and_then(|pattern| pattern.glob().cloned())
    });
    covered(&resources, &globs.collect::<Vec<_>>(), false, &part.element(name), found);
    for clause in &part.clauses {
        let entries = clause.entries();
        if entries.len() != clause.condition.values.len() {
            continue;
        }
        let globs = clause.condition.values.iter().map(|value| match value {
            Literal::Pattern(pattern) => pattern.glob().cloned(),
            _ => None,
        });
        covered(&entries, &globs.collect::<Vec<_>>(), false, &clause.path, found);
    }
}

/// Entries of a list that another one covers; of two that are equal, the later one.
fn covered(
    entries: &[Entry<'_>],
    globs: &[Option<Glob>],
    ignores_case: bool,
    path: &str,
    found: &mut Findings,
) {
    if entries.len() > MAX_ENTRIES {
        return;
    }
    for (place, entry) in entries.iter().enumerate() {
        let covering = entries.iter().enumerate().find(|(other_place, other)| {
            if *other_place == place || !may_cover(other.text, entry.text, ignores_case) {
                return false;
            }
            let same = if ignores_case {
                other.text.eq_ignore_ascii_case(entry.text)
            } else {
                other.text == entry.text
            };
            if same {
                return *other_place < place;
            }
            match (globs.get(*other_place), globs.get(place)) {
                (Some(Some(wide)), Some(Some(narrow))) => covers(wide, narrow),
                _ => false,
            }
        });
        if let Some((_, other)) = covering {
            let message = format!("`{}` is covered by `{}`", cut(entry.text), cut(other.text));
            found.add("redundant", entry.position, path, message, None);
        }
    }
}

/// Whether a pattern may cover another, as far as its start without wildcards tells.
fn may_cover(wide: &str, narrow: &str, ignores_case: bool) -> bool {
    let start = wide.split(['*', '?', '$']).next().unwrap_or_default();
    let same = |a: &str| if ignores_case { a.eq_ignore_ascii_case(start) } else { a == start };
    let of_narrow = narrow.split(['*', '?', '$']).next().unwrap_or_default();
    of_narrow.get(..start.len()).is_some_and(same)
}
