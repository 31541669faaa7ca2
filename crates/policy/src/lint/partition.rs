//! ARNs of another part of AWS than the Regions that are named beside them.

use std::collections::BTreeSet;

use super::part::{Clause, Entry, Part};
use super::pattern::{prove_with_resource, renamed};
use super::subject::Subject;
use super::value::{concrete, placeholder_value};
use super::{Findings, Proof};
use crate::condition::{Form, Pattern};
use crate::known::KeyState;
use crate::problem::cut;

/// Looks at ARNs with a partition in them.
pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    let partitions = partitions(subject);
    for part in &subject.parts {
        for clause in part.clauses.iter().filter(|it| !it.is_null()) {
            pinned_values(subject, part, clause, &partitions, found);
        }
        for entry in part.entries(part.resource_element()) {
            pinned_resource(subject, part, &entry, &partitions, found);
        }
    }
}

/// The partitions of the Regions that the document and the goals name.
fn partitions(subject: &Subject<'_>) -> BTreeSet<String> {
    let regions = subject.options.knowledge.regions;
    let of_goals = subject.options.goals.iter().map(|goal| goal.region.as_str());
    let tests = subject.parts.iter().flat_map(|part| part.tests("aws:RequestedRegion"));
    let of_clauses = tests.flat_map(|it| it.condition.texts.iter().map(String::as_str));
    let known = of_goals.chain(of_clauses).filter_map(|code| regions.get(code));
    known.map(|region| region.partition.clone()).filter(|it| !it.is_empty()).collect()
}

/// A partition that is named, but that an ARN is not of.
fn other_partition<'p>(text: &str, partitions: &'p BTreeSet<String>) -> Option<&'p String> {
    let own = text.strip_prefix("arn:")?.split(':').next()?;
    let is_literal = !own.contains(['*', '?', '$']) && !own.is_empty();
    partitions.iter().find(|partition| is_literal && *partition != own)
}

/// The same ARN of another partition, or of any.
fn of_partition(text: &str, partition: &str) -> String {
    let rest = text.splitn(3, ':').nth(2).unwrap_or_default();
    format!("arn:{partition}:{rest}")
}

fn pinned_values(
    subject: &Subject<'_>,
    part: &Part,
    clause: &Clause,
    partitions: &BTreeSet<String>,
    found: &mut Findings,
) {
    let entries = clause.entries();
    for entry in &entries {
        let Some(other) = other_partition(entry.text, partitions) else { continue };
        let same = of_partition(entry.text, other);
        if clause.globs().any(|(_, glob)| glob.is_match(&concrete(&same, &placeholder_value))) {
            continue;
        }
        let new = of_partition(entry.text, "*");
        let proof = renamed(subject, part, &clause.path, entry.text, &new).and_then(|repaired| {
            let value = [KeyState::value(concrete(&same, &placeholder_value))];
            subject.prove_by_states(part, &repaired, clause.key(), &value, &format!("it is {new}"))
        });
        add_pinned(entry, &clause.path, other, proof, found);
    }
}

fn pinned_resource(
    subject: &Subject<'_>,
    part: &Part,
    entry: &Entry<'_>,
    partitions: &BTreeSet<String>,
    found: &mut Findings,
) {
    let Some(other) = other_partition(entry.text, partitions) else { return };
    let same = concrete(&of_partition(entry.text, other), &placeholder_value);
    let covers = |text: &str| {
        let pattern = Pattern::read(text, Form::Resource, subject.has_variables());
        pattern.is_ok_and(|it| it.glob().is_some_and(|glob| glob.is_match(&same)))
    };
    let name = part.resource_element();
    if part.entries(name).iter().any(|it| covers(it.text)) {
        return;
    }
    let new = of_partition(entry.text, "*");
    let path = part.element(name);
    let proof = renamed(subject, part, &path, entry.text, &new)
        .and_then(|repaired| prove_with_resource(subject, part, &repaired, &same, &new));
    add_pinned(entry, &path, other, proof, found);
}

fn add_pinned(
    entry: &Entry<'_>,
    path: &str,
    other: &str,
    proof: Option<Proof>,
    found: &mut Findings,
) {
    let message = format!(
        "`{}` matches nothing in the partition {other}, whose Regions are named",
        cut(entry.text)
    );
    found.add("partition-pinned", entry.position, path, message, proof);
}
