//! Rules about profiles: exemptions by `bedrock:InferenceProfileArn`, and resources without profiles.

use std::collections::BTreeSet;

use super::part::{Clause, Part};
use super::request::request_for;
use super::subject::{Profile, Subject};
use super::trial::Trial;
use super::value::placeholder_value;
use super::{Findings, edit, global, placeholder};
use crate::document::Effect;
use crate::evaluate::Verdict;
use crate::glob::{Glob, symbols};
use crate::leg::LegKind;
use crate::operation::INVOKE_MODEL;
use crate::operator::Quantifier;
use crate::problem::cut;

const KEY: &str = "bedrock:InferenceProfileArn";

/// Profiles that are tried for a pattern.
const MAX_PROFILES: usize = 3;

/// Looks at what Denies make of profiles.
pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for part in subject.of_effect(Effect::Deny) {
        without_profiles(subject, part, found);
        for clause in part.tests(KEY).filter(|it| !it.is_null()) {
            if clause.condition.test.quantifier != Quantifier::One {
                continue;
            }
            if clause.is_negated() {
                if !unguarded(subject, part, clause, found) {
                    without_application_profiles(subject, part, clause, found);
                }
                pinned(subject, part, clause, found);
            } else {
                global::by_name(subject, part, clause, found);
            }
        }
        global::by_resource(subject, part, found);
    }
}

/// Calls through profiles that a pattern matches: each of some profiles from every Region.
pub(super) fn calls_of(subject: &Subject<'_>, text: &str, glob: &Glob) -> Vec<Vec<Trial>> {
    if !placeholder::of_text(text).is_empty() {
        return Vec::new();
    }
    let account = text.split(':').nth(4).unwrap_or_default();
    let mut found = Vec::<Vec<Trial>>::new();
    for Profile { id, region } in subject.profiles() {
        let trial = Trial::converse(id, region).of_account(account);
        if !glob.is_match(&subject.profile_arn(&trial)) {
            continue;
        }
        let n_found = found.len();
        match found.last_mut() {
            Some(same) if same[0].model_ref == *id => same.push(trial),
            _ if n_found == MAX_PROFILES => break,
            _ => found.push(vec![trial]),
        }
    }
    found
}

/// Calls through application profiles that a pattern matches, from every Region.
fn calls_of_application(subject: &Subject<'_>, glob: &Glob) -> Vec<Vec<Trial>> {
    let mut regions = BTreeSet::new();
    let first = subject.profiles().iter().filter(|it| regions.insert(it.region.as_str()));
    let trials = first.map(|Profile { id, region }| {
        Trial::converse(id, region).through_application_profile(&subject.partition(region))
    });
    let trials = trials.filter(|it| glob.is_match(&it.model_ref)).collect::<Vec<_>>();
    if trials.is_empty() { Vec::new() } else { vec![trials] }
}

/// An exemption whose profiles are denied themselves, from wherever they are called.
fn unguarded(subject: &Subject<'_>, part: &Part, clause: &Clause, found: &mut Findings) -> bool {
    let Some(alone) = subject.unchanged(part).map(|it| subject.levels(&it.alone, false)) else {
        return false;
    };
    let is_denied = |trial: &Trial| {
        let legs = subject.legs(trial, &alone).unwrap_or_default();
        let is_of_profile =
            |kind: LegKind| matches!(kind, LegKind::Profile | LegKind::ApplicationProfile);
        legs.iter().any(|leg| is_of_profile(leg.kind) && leg.verdict == Verdict::Denied)
    };
    let denied = clause.globs().find_map(|(text, glob)| {
        let mut calls = calls_of(subject, text, glob);
        if calls.is_empty() {
            calls = calls_of_application(subject, glob);
        }
        let is_denied = |of_profile: &Vec<Trial>| of_profile.iter().all(is_denied);
        (!calls.is_empty() && calls.iter().all(is_denied)).then_some((text, calls))
    });
    let Some((text, calls)) = denied else { return false };
    let repaired =
        subject.repaired(part, |node| edit::set_condition(node, "Null", KEY, edit::text("false")));
    let repair = format!("Null tests that {KEY} is there");
    let proof = repaired.and_then(|repaired| {
        let trials = calls.iter().flatten();
        trials.into_iter().find_map(|trial| subject.prove_call(part, trial, &repaired, &repair))
    });
    let message =
        format!("calls through `{}` are denied, too: the leg of a profile has no {KEY}", cut(text));
    found.add("profile-key-unguarded", clause.node.position, &clause.path, message, proof);
    true
}

/// An exemption that lets profiles through, but no application profile over them.
fn without_application_profiles(
    subject: &Subject<'_>,
    part: &Part,
    clause: &Clause,
    found: &mut Findings,
) {
    const PATTERN: &str = "arn:*:bedrock:*:*:application-inference-profile/*";
    let Some(alone) = subject.unchanged(part).map(|it| subject.levels(&it.alone, false)) else {
        return;
    };
    let repaired = subject.repaired(part, |node| {
        if let Some(values) = edit::values_mut(node, &clause.operator, clause.key()) {
            edit::push(values, PATTERN);
        }
    });
    let Some(repaired) = repaired else { return };
    let trials = clause.globs().flat_map(|(text, glob)| calls_of(subject, text, glob)).flatten();
    let proof = trials.into_iter().find_map(|trial| {
        let partition = subject.partition(&trial.region);
        let over = trial.through_application_profile(&partition);
        let is_split = subject.verdict(&trial, &alone) == Some(Verdict::Allowed)
            && subject.verdict(&over, &alone) == Some(Verdict::Denied);
        let repair = format!("{KEY} has {PATTERN}, too");
        is_split.then(|| subject.prove_call(part, &over, &repaired, &repair))?
    });
    let Some(proof) = proof else { return };
    let message = "exempts system-defined profiles, but no application profiles over them";
    let id = "application-profiles-not-covered";
    found.add(id, clause.node.position, &clause.path, message, Some(proof));
}

/// An exemption of one Region or account.
fn pinned(subject: &Subject<'_>, part: &Part, clause: &Clause, found: &mut Findings) {
    let entries = clause.entries();
    let pinned = entries.iter().filter_map(|entry| {
        let parts = entry.text.splitn(6, ':').collect::<Vec<_>>();
        let [_, _, "bedrock", region, account, _] = parts.as_slice() else { return None };
        let is_literal = |text: &str| !text.is_empty() && !text.contains(['*', '?', '$']);
        let region = is_literal(region).then_some(*region);
        let account = is_literal(account).then_some(*account);
        let is_replaced = placeholder::of_text(entry.text).is_empty();
        (is_replaced && (region.is_some() || account.is_some())).then_some((entry, region, account))
    });
    let pinned = pinned.collect::<Vec<_>>();
    let Some((entry, region, account)) = pinned.first() else { return };
    let free = |text: &str| {
        let mut parts = text.splitn(6, ':').collect::<Vec<_>>();
        if let [_, _, "bedrock", region, account, _] = parts.as_mut_slice() {
            (*region, *account) = ("*", "*");
        }
        parts.join(":")
    };
    let repaired = subject.repaired(part, |node| {
        if let Some(values) = edit::values_mut(node, &clause.operator, clause.key()) {
            edit::change(values, &free);
        }
    });
    let proof = repaired.and_then(|repaired| {
        let new = free(entry.text);
        let glob = Glob::arn(&symbols(&new))?;
        let trials = calls_of(subject, &new, &glob).into_iter().flatten();
        let own = trials.map(|trial| match region {
            // From the Region that is named, another account calls.
            Some(region) if trial.region == *region => trial.of_account("999988887777"),
            _ => trial,
        });
        let repair = format!("it is {new}");
        own.into_iter().find_map(|trial| subject.prove_call(part, &trial, &repaired, &repair))
    });
    let only = match (region, account) {
        (Some(region), Some(account)) => format!("{region} and of {account}"),
        (Some(region), None) => (*region).to_owned(),
        (None, account) => format!("the account {}", account.unwrap_or_default()),
    };
    let others = match pinned.len() - 1 {
        0 => String::new(),
        n => format!(" (and {n} more)"),
    };
    let message = format!("`{}`{others} exempts only calls from {only}", cut(entry.text));
    found.add("profile-pinned", entry.position, &clause.path, message, proof);
}

/// A Deny of all but some models, which denies every profile.
fn without_profiles(subject: &Subject<'_>, part: &Part, found: &mut Findings) {
    const PATTERNS: [&str; 2] = [
        "arn:*:bedrock:*:*:inference-profile/*",
        "arn:*:bedrock:*:*:application-inference-profile/*",
    ];
    let entries = part.entries("NotResource");
    let models = entries.iter().find(|it| it.text.contains(":foundation-model/"));
    let has_profiles = entries.iter().any(|it| it.text.contains("inference-profile"));
    let Some(entry) = models.filter(|_| !has_profiles && part.is_about(INVOKE_MODEL)) else {
        return;
    };
    let repaired = subject.repaired(part, |node| {
        if let Some(resources) = edit::member_mut(node, "NotResource") {
            PATTERNS.iter().for_each(|pattern| edit::push(resources, pattern));
        }
    });
    let Some(repaired) = repaired else { return };
    let repair = format!("NotResource has {}, too", PATTERNS.join(" and "));
    // Through a profile of a model that is listed, if the list is of models that are known.
    let text = placeholder::of_text(entry.text)
        .iter()
        .fold(entry.text.to_owned(), |text, found| text.replace(found, &placeholder_value(found)));
    let glob = Glob::resource(&symbols(&text));
    let own = subject.profiles().iter().filter(|it| {
        let model = it.id.split_once('.').map_or("", |(_, model)| model);
        let partition = subject.partition(&it.region);
        glob.is_match(&format!("arn:{partition}:bedrock:{}::foundation-model/{model}", it.region))
    });
    let trials = own.take(20).map(|it| Trial::converse(&it.id, &it.region));
    let of_call =
        trials.into_iter().find_map(|trial| subject.prove_call(part, &trial, &repaired, &repair));
    let proof = of_call.or_else(|| {
        let profile = subject.profiles().first()?;
        let mut asked = request_for(part, &[], &[INVOKE_MODEL])?;
        asked.resource = subject.profile_arn(&Trial::converse(&profile.id, &profile.region));
        subject.prove_request(part, &asked, &repaired, &repair)
    });
    let Some(proof) = proof else { return };
    let message = "lists models but no profiles: every call through a profile is denied";
    let path = part.element("NotResource");
    found.add("notresource-without-profiles", entry.position, &path, message, Some(proof));
}
