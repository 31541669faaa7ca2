//! Global profiles that are denied by what they are called.

use super::part::{Clause, Part};
use super::profile::calls_of;
use super::subject::Subject;
use super::trial::{Trial, verdict_of};
use super::{Findings, Proof, edit};
use crate::evaluate::Verdict;
use crate::glob::{Glob, symbols};
use crate::json::Node;

/// Global profiles that are denied by their ARN, but not below an application profile.
pub(super) fn by_name(subject: &Subject<'_>, part: &Part, clause: &Clause, found: &mut Findings) {
    let globs = clause.globs().flat_map(|(text, glob)| calls_of_global(subject, text, glob));
    let trials = globs.collect::<Vec<_>>();
    let without_name = |node: &mut Node| {
        edit::take_condition(node, &clause.operator, clause.key());
        let unspecified = edit::text("unspecified");
        edit::set_condition(node, "StringEquals", "aws:RequestedRegion", unspecified);
    };
    let repair = "it tests aws:RequestedRegion for unspecified instead";
    if let Some(proof) = bypass(subject, part, &trials, &without_name, repair) {
        let message = "global profiles are denied by their names only";
        let id = "global-by-profile-name";
        found.add(id, clause.node.position, &clause.path, message, Some(proof));
    }
}

/// The same by the resource.
pub(super) fn by_resource(subject: &Subject<'_>, part: &Part, found: &mut Findings) {
    const MODELS: &str = "arn:*:bedrock:::foundation-model/*";
    if part.resource_element() != "Resource" {
        return;
    }
    for entry in
        part.entries("Resource").iter().filter(|it| it.text.contains("inference-profile/global."))
    {
        let trials = calls_of_global(subject, entry.text, &Glob::resource(&symbols(entry.text)));
        let with_models = |node: &mut Node| {
            if let Some(resources) = edit::member_mut(node, "Resource") {
                edit::push(resources, MODELS);
            }
        };
        let repair = format!("Resource has {MODELS}, too");
        if let Some(proof) = bypass(subject, part, &trials, &with_models, &repair) {
            let message = "global profiles are denied by their names only";
            let path = part.element("Resource");
            found.add("global-by-profile-name", entry.position, &path, message, Some(proof));
            return;
        }
    }
}

fn calls_of_global(subject: &Subject<'_>, text: &str, glob: &Glob) -> Vec<Trial> {
    let calls = calls_of(subject, text, glob).into_iter().flatten();
    calls.filter(|trial| trial.model_ref.starts_with("global.")).collect()
}

/// A call through an application profile over what is denied, which passes.
fn bypass(
    subject: &Subject<'_>,
    part: &Part,
    trials: &[Trial],
    change: &dyn Fn(&mut Node),
    repair: &str,
) -> Option<Proof> {
    let levels = subject.levels(&subject.document, false);
    let repaired = subject.repaired(part, change)?;
    trials.iter().take(40).find_map(|trial| {
        let over = trial.through_application_profile(&subject.partition(&trial.region));
        let legs = subject.legs(trial, &levels)?;
        let by_this = legs.iter().any(|leg| leg.decided_by.contains(&part.place));
        let is_split = by_this
            && verdict_of(&legs) == Verdict::Denied
            && subject.verdict(&over, &levels) == Some(Verdict::Allowed);
        is_split.then(|| subject.prove_call(part, &over, &repaired, repair))?
    })
}
