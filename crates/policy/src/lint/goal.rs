//! Rules that need to know what is wanted: by `--goal`, or by the profiles that an Allow names.

use super::part::Part;
use super::region::KEY;
use super::subject::Subject;
use super::trial::{Trial, TriedLeg};
use super::{Findings, Goal, edit, placeholder};
use crate::document::Effect;
use crate::evaluate::Verdict;
use crate::json::Node;
use crate::leg::LegKind;
use crate::operation::INVOKE_MODEL;
use crate::problem::Position;

/// Looks at the legs of what is wanted.
pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    let goals = match subject.options.goals {
        [] => named(subject),
        goals => goals.iter().map(|goal| (goal.clone(), None)).collect(),
    };
    let has_allow = subject.of_effect(Effect::Allow).next().is_some();
    let levels = subject.levels(&subject.document, has_allow);
    for (goal, account) in goals {
        let trial = Trial::converse(&goal.profile, &goal.region);
        let trial = trial.of_account(account.as_deref().unwrap_or_default());
        let Some(legs) = subject.legs(&trial, &levels) else { continue };
        let denied = |kind: LegKind| {
            let denied = legs.iter().filter(|it| it.verdict == Verdict::Denied);
            denied.filter(|it| it.kind == kind).collect::<Vec<_>>()
        };
        for (kind, id) in [
            (LegKind::DestinationModel, "destination-missing"),
            (LegKind::GlobalModel, "unspecified-missing"),
        ] {
            let legs = denied(kind);
            if !legs.is_empty() {
                missing(subject, &trial, &legs, id, found);
            }
        }
    }
}

/// The profiles that an Allow names, each from the Region of its ARN or from the first that has it, with the
/// account of the ARN.
fn named(subject: &Subject<'_>) -> Vec<(Goal, Option<String>)> {
    let mut goals = Vec::new();
    for part in subject.of_effect(Effect::Allow).filter(|it| it.is_about(INVOKE_MODEL)) {
        if part.resource_element() != "Resource" {
            continue;
        }
        for entry in part.entries("Resource") {
            let parts = entry.text.splitn(6, ':').collect::<Vec<_>>();
            let [_, _, "bedrock", region, account, resource] = parts.as_slice() else { continue };
            let Some(id) = resource.strip_prefix("inference-profile/") else { continue };
            if id.contains(['*', '?', '$']) || !placeholder::of_text(entry.text).is_empty() {
                continue;
            }
            let Some(by_source) = subject.catalog().profile(id) else { continue };
            let is_given = by_source.contains_key(*region);
            let region =
                if is_given { Some(*region) } else { by_source.keys().next().map(String::as_str) };
            let Some(region) = region else { continue };
            let goal = Goal { profile: id.to_owned(), region: region.to_owned() };
            if !goals.iter().any(|(known, _)| *known == goal) {
                goals.push((goal, Some((*account).to_owned())));
            }
        }
    }
    goals
}

/// Says where the statement that refuses some legs should spare them.
fn missing(
    subject: &Subject<'_>,
    trial: &Trial,
    legs: &[&TriedLeg],
    id: &str,
    found: &mut Findings,
) {
    let denying = legs.iter().flat_map(|leg| leg.decided_by.iter());
    let denying = denying.filter_map(|place| subject.parts.get(*place));
    let mut regions = legs.iter().map(|leg| leg.requested_region.as_str()).collect::<Vec<_>>();
    regions.dedup();
    let (regions, values) = (regions.join(", "), regions);
    let models = match id {
        "unspecified-missing" => "the model without a Region, `unspecified`".to_owned(),
        _ => format!("the model in {regions}"),
    };
    let what = |part: &str| format!("{}: {part} {models}", trial.words());
    match denying.into_iter().next() {
        Some(part) => {
            let clause = part.tests(KEY).find(|it| it.is_negated());
            let (position, path) = match clause {
                Some(clause) => (clause.node.position, clause.path.clone()),
                None => (part.node.position, part.path.clone()),
            };
            let repaired = clause.and_then(|clause| {
                subject.repaired(part, |node| {
                    if let Some(node) = edit::values_mut(node, &clause.operator, clause.key()) {
                        values.iter().for_each(|region| edit::push(node, region));
                    }
                })
            });
            let proof = repaired.and_then(|repaired| {
                let repair = format!("{KEY} has {regions}, too");
                subject.prove_call(part, trial, &repaired, &repair)
            });
            let message = what(&format!("{} denies", part.name()));
            found.add(id, position, &path, message, proof);
        }
        None => not_allowed(subject, trial, legs, id, &what("no statement allows"), found),
    }
}

fn not_allowed(
    subject: &Subject<'_>,
    trial: &Trial,
    legs: &[&TriedLeg],
    id: &str,
    message: &str,
    found: &mut Findings,
) {
    let allows = subject.of_effect(Effect::Allow).filter(|part| {
        part.is_about(INVOKE_MODEL)
            && part.entries("Resource").iter().any(|it| it.text.contains(":foundation-model/"))
    });
    let add = |node: &mut Node| {
        if let Some(resources) = edit::member_mut(node, "Resource") {
            legs.iter().for_each(|leg| edit::push(resources, &leg.resource));
        }
        // The Region may be tested beside the resource.
        let Some(condition) = edit::member_mut(node, "Condition") else { return };
        for operator in ["StringEquals", "StringLike"] {
            if let Some(values) =
                edit::member_mut(condition, operator).and_then(|keys| edit::member_mut(keys, KEY))
            {
                legs.iter().for_each(|leg| edit::push(values, &leg.requested_region));
            }
        }
    };
    let proven = allows.filter_map(|part: &Part| {
        let repaired = subject.repaired(part, add)?;
        let repair = format!("{} has the models there, too", part.name());
        Some((part, subject.prove_call(part, trial, &repaired, &repair)?))
    });
    match proven.into_iter().next() {
        Some((part, proof)) => {
            let position =
                edit::member(&part.node, "Resource").map_or(part.node.position, |it| it.position);
            found.add(id, position, &part.element("Resource"), message, Some(proof));
        }
        None => {
            let start = Position { line: 1, column: 1 };
            let position = subject.parts.first().map_or(start, |part| part.node.position);
            found.add(id, position, "Statement", message, None);
        }
    }
}
