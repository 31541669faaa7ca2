//! Rules about Allow: what it cannot do, and what it lacks.

use bedrock::denial::PolicyType;

use super::part::{Clause, Part};
use super::request::request_for;
use super::subject::Subject;
use super::trial::Trial;
use super::{Findings, edit};
use crate::action;
use crate::condition::{Form, Literal, Pattern};
use crate::document::Effect;
use crate::evaluate::Verdict;
use crate::known::KeyState;
use crate::leg::LegKind;
use crate::operation::INVOKE_MODEL;
use crate::operator::Quantifier;

const PROFILE_KEY: &str = "bedrock:InferenceProfileArn";

/// Regions in which an Allow is tried.
const REGIONS: [&str; 5] = ["us-east-1", "us-west-2", "eu-west-1", "ap-southeast-2", "unspecified"];

/// Looks at Allows.
pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    if subject.options.policy_type == PolicyType::ServiceControl {
        cannot_lift(subject, found);
    }
    for part in subject.of_effect(Effect::Allow).filter(|it| it.is_about(INVOKE_MODEL)) {
        for clause in &part.clauses {
            let key = &clause.condition.key_in_lower_case;
            if key == "bedrock:inferenceprofilearn" && needs_key(clause) {
                needs_profile(subject, part, clause, found);
            } else if key.starts_with("aws:resourcetag/") && needs_key(clause) {
                needs_tag(subject, part, clause, found);
            }
        }
    }
}

/// Whether a test does not hold without its key.
fn needs_key(clause: &Clause) -> bool {
    let test = clause.condition.test;
    if clause.is_null() {
        return clause.condition.values.iter().all(|value| *value == Literal::Null(false));
    }
    let is_plain = test.quantifier == Quantifier::Any
        || test.quantifier == Quantifier::One && !clause.is_negated();
    is_plain && !test.if_exists
}

/// Allows of Bedrock alone, in a document that denies what they allow.
fn cannot_lift(subject: &Subject<'_>, found: &mut Findings) {
    let is_of_bedrock = |part: &Part| {
        let services = action::services();
        let is_one = |text: &str| services.contains(action::service(&text.to_ascii_lowercase()));
        !part.statement.is_not_action() && part.entries("Action").iter().all(|it| is_one(it.text))
    };
    let is_full = |part: &Part| part.is_about_others() && part.clauses.is_empty();
    let allows = subject.of_effect(Effect::Allow).collect::<Vec<_>>();
    // An allow list of services may well deny some of what it allows.
    if !allows.iter().all(|part| is_of_bedrock(part) || is_full(part)) {
        return;
    }
    if subject.of_effect(Effect::Deny).next().is_none() && allows.iter().all(|it| is_of_bedrock(it))
    {
        let Some(part) = allows.first() else { return };
        let message = "changes nothing beside FullAWSAccess, and lifts no Deny of another SCP (an identity-based policy is of \
                       another type)";
        found.add("allow-cannot-lift-deny", part.node.position, &part.path, message, None);
        return;
    }
    let levels = subject.levels(&subject.document, false);
    for part in allows.into_iter().filter(|part| is_of_bedrock(part)) {
        let tried = REGIONS.iter().filter_map(|region| {
            let region = [("aws:RequestedRegion", KeyState::value(*region))];
            request_for(part, &region, &[]).filter(|it| it.verdict(&levels) == Verdict::Denied)
        });
        let proven = tried.into_iter().find_map(|asked| {
            let denying = subject.of_effect(Effect::Deny).filter(|it| it.is_about_others());
            denying.into_iter().find_map(|deny| {
                let name = deny.action_element();
                let actions = edit::member(&part.node, "Action")?.clone();
                let spared =
                    part.entries("Action").iter().map(|it| it.text.to_owned()).collect::<Vec<_>>();
                let repaired = subject.repaired(deny, |node| {
                    if name == "NotAction" {
                        if let Some(node) = edit::member_mut(node, name) {
                            spared.iter().for_each(|text| edit::push(node, text));
                        }
                    } else {
                        edit::remove(node, name);
                        edit::set(node, "NotAction", actions.clone());
                    }
                })?;
                let repair = format!("{} does not deny these actions", deny.name());
                Some((deny, subject.prove_whole(deny, &asked, &repaired, &repair)?))
            })
        });
        let Some((deny, proof)) = proven else { continue };
        let message =
            format!("does not lift the Deny of {}, line {}", deny.name(), deny.node.position.line);
        found.add("allow-cannot-lift-deny", part.node.position, &part.path, message, Some(proof));
    }
}

fn needs_profile(subject: &Subject<'_>, part: &Part, clause: &Clause, found: &mut Findings) {
    let levels = subject.levels(&subject.document, true);
    let is_resource = |arn: &str| {
        part.resource_element() == "Resource"
            && part.entries("Resource").iter().any(|entry| {
                let pattern = Pattern::read(entry.text, Form::Resource, subject.has_variables());
                pattern.is_ok_and(|it| it.glob().is_some_and(|glob| glob.is_match(arn)))
            })
    };
    let is_named = |arn: &str| {
        clause.is_null()
            || clause.globs().next().is_none()
            || clause.globs().any(|(_, it)| it.is_match(arn))
    };
    let found_profile = subject.profiles().iter().find_map(|profile| {
        let accounts = clause.condition.texts.iter().filter_map(|it| it.split(':').nth(4));
        accounts.chain([""]).find_map(|account| {
            let trial = Trial::converse(&profile.id, &profile.region).of_account(account);
            let arn = subject.profile_arn(&trial);
            (is_resource(&arn) && is_named(&arn)).then_some(trial)
        })
    });
    let Some(trial) = found_profile else { return };
    let Some(legs) = subject.legs(&trial, &levels) else { return };
    let is_refused = |leg: &super::trial::TriedLeg| {
        leg.kind == LegKind::Profile && leg.verdict == Verdict::Denied
    };
    if !legs.iter().any(is_refused) {
        return;
    }
    let repaired = subject.repaired(part, |node| {
        edit::take_condition(node, &clause.operator, clause.key());
    });
    let proof = repaired.and_then(|repaired| {
        let repair = format!("{} does not test {PROFILE_KEY}", part.name());
        subject.prove_call(part, &trial, &repaired, &repair)
    });
    let message = format!("does not allow the profile itself, whose leg has no {PROFILE_KEY}");
    found.add("allow-needs-key", clause.node.position, &clause.path, message, proof);
}

fn needs_tag(subject: &Subject<'_>, part: &Part, clause: &Clause, found: &mut Findings) {
    let Some(profile) = subject.profiles().first() else { return };
    let Some(model) = subject.catalog().read(&profile.id).model else { return };
    let trial = Trial::converse(&model, &profile.region);
    let repaired = subject.repaired(part, |node| {
        edit::take_condition(node, &clause.operator, clause.key());
    });
    let proof = repaired.and_then(|repaired| {
        let repair = format!("{} does not test {}", part.name(), clause.key());
        let levels = subject.levels(&subject.document, true);
        let is_refused = subject.verdict(&trial, &levels) == Some(Verdict::Denied);
        is_refused.then(|| subject.prove_call(part, &trial, &repaired, &repair))?
    });
    let message =
        "does not allow foundation models and system-defined profiles, which have no tags";
    if proof.is_some() {
        found.add("allow-needs-key", clause.node.position, &clause.path, message, proof);
    }
}
