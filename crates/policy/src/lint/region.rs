//! Rules about the values of `aws:RequestedRegion`.

use bedrock::TargetType;
use bedrock::denial::UNSPECIFIED_REGION;

use super::part::{Clause, Part};
use super::subject::Subject;
use super::trial::Trial;
use super::{Findings, edit, placeholder};
use crate::evaluate::Verdict;
use crate::glob::{Glob, symbols};
use crate::known::KeyState;
use crate::operation::INVOKE_MODEL;
use crate::operator::Comparison;
use crate::problem::cut;

pub(super) const KEY: &str = "aws:RequestedRegion";

/// Looks at conditions on the Region.
pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for part in &subject.parts {
        for clause in part.tests(KEY).filter(|it| !it.is_null()) {
            values(subject, part, clause, found);
            if part.is_deny() && clause.is_negated() {
                extra(subject, part, clause, found);
            }
        }
    }
}

fn values(subject: &Subject<'_>, part: &Part, clause: &Clause, found: &mut Findings) {
    let regions = subject.options.knowledge.regions;
    let Comparison::Text { has_wildcards, ignores_case } =
        clause.condition.test.operator.comparison
    else {
        return;
    };
    for entry in clause.entries() {
        let text = entry.text;
        let is_other_rule = text.contains('*') && !has_wildcards || text.contains("${");
        if is_other_rule || !placeholder::of_text(text).is_empty() {
            continue;
        }
        let glob = Glob::text(&symbols(text), has_wildcards, ignores_case);
        let mut known = regions.codes().chain([UNSPECIFIED_REGION]);
        if known.any(|code| glob.is_match(code)) {
            continue;
        }
        let meant = match text {
            "global" | "" => Some(UNSPECIFIED_REGION.to_owned()),
            _ => regions.meant(text).into_iter().next(),
        };
        let proof = meant.as_ref().and_then(|meant| {
            let rename = |old: &str| if old == text { meant } else { old }.to_owned();
            let repaired = subject.repaired(part, |node| {
                if let Some(values) = edit::values_mut(node, &clause.operator, clause.key()) {
                    edit::change(values, &rename);
                }
            })?;
            let value = [KeyState::value(meant)];
            subject.prove_by_states(part, &repaired, KEY, &value, &format!("it is {meant}"))
        });
        let meant = meant.map(|meant| format!(": did you mean {meant}?")).unwrap_or_default();
        let message = format!("`{}` is no Region that is known{meant}", cut(text));
        found.add("requested-region-value", entry.position, &clause.path, message, proof);
    }
}

fn extra(subject: &Subject<'_>, part: &Part, clause: &Clause, found: &mut Findings) {
    let entries = clause.entries();
    let Some(entry) = entries.iter().find(|it| it.text == UNSPECIFIED_REGION) else { return };
    let goals = subject.options.goals;
    let is_global = |profile: &str| {
        let read = subject.catalog().read(profile);
        // What an application profile is over may not be known.
        !matches!(read.target_type, TargetType::GeoProfile | TargetType::FoundationModel)
    };
    let message = if goals.is_empty() {
        if !part.is_about_others() || !part.is_about(INVOKE_MODEL) {
            return;
        }
        "lets every global profile through, and whatever else has no Region, from every Region of the list"
    } else if goals.iter().any(|goal| is_global(&goal.profile)) {
        return;
    } else {
        "lets every global profile through, which no goal asks for"
    };
    let repaired = subject.repaired(part, |node| {
        if let Some(values) = edit::values_mut(node, &clause.operator, clause.key()) {
            edit::take(values, UNSPECIFIED_REGION);
        }
    });
    let proof = repaired.and_then(|repaired| {
        let levels = subject.levels(&subject.document, false);
        let globals = subject.profiles().iter().filter(|it| {
            it.id.starts_with("global.") && clause.condition.texts.contains(&it.region)
        });
        let trials = globals.take(3).map(|it| Trial::converse(&it.id, &it.region));
        let mut allowed =
            trials.filter(|it| subject.verdict(it, &levels) == Some(Verdict::Allowed));
        let repair = format!("{KEY} does not have {UNSPECIFIED_REGION}");
        subject.prove_call(part, &allowed.next()?, &repaired, &repair)
    });
    found.add("unspecified-extra", entry.position, &clause.path, message, proof);
}
