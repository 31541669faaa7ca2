//! Whether what is said of Bedrock is said of its endpoints of `bedrock-mantle`, too.

use super::part::Part;
use super::request::{Asked, request_for};
use super::subject::Subject;
use super::{Findings, edit};
use crate::document::Effect;
use crate::evaluate::Verdict;
use crate::json::{Node, Value};
use crate::known::KeyState;
use crate::lint::trial::ACCOUNT;
use crate::operation::{BEARER_TOKEN, INVOKE_MODEL, MANTLE_BEARER_TOKEN};

const CREATE_INFERENCE: &str = "bedrock-mantle:CreateInference";
const PROFILE_KEY: &str = "bedrock:InferenceProfileArn";

/// Looks for the first Deny that leaves `bedrock-mantle` out.
pub(super) fn check(subject: &Subject<'_>, found: &mut Findings) {
    for part in subject.of_effect(Effect::Deny) {
        if part.statement.is_not_action() {
            exempts_bedrock_only(subject, part, found);
        } else if denies_bedrock_only(subject, part, found) {
            return;
        }
    }
}

/// A Deny of calls that passes over the same calls to the other endpoint.
fn denies_bedrock_only(subject: &Subject<'_>, part: &Part, found: &mut Findings) -> bool {
    let pairs = [(INVOKE_MODEL, CREATE_INFERENCE), (BEARER_TOKEN, MANTLE_BEARER_TOKEN)];
    let pair = pairs.into_iter().find(|(own, other)| part.is_about(own) && !part.is_about(other));
    let Some((own, other)) = pair else { return false };
    let asked = request_for(part, &[(PROFILE_KEY, KeyState::Absent)], &[own]);
    let Some(asked) = asked.filter(|it| it.action == own) else { return false };
    // The other endpoint has no model without a Region.
    let has_model = asked.resource.contains(":foundation-model/")
        && !asked.resource.contains(":::foundation-model/");
    let is_of_model = own == BEARER_TOKEN || has_model;
    let has_region = asked.keys.get("aws:requestedregion") != Some(&KeyState::value("unspecified"));
    let levels = subject.levels(&subject.document, false);
    if !is_of_model || !has_region || asked.verdict(&levels) != Verdict::Denied {
        return false;
    }
    let mantle = of_mantle(&asked, other);
    let statement = denial(other, &asked, &mantle);
    let repaired = subject.repaired(part, |node| *node = statement.clone());
    let repair = match other {
        CREATE_INFERENCE => "another statement denies the model there",
        _ => "Action has bedrock-mantle:CallWithBearerToken",
    };
    let proof = repaired.and_then(|repaired| subject.prove_whole(part, &mantle, &repaired, repair));
    let Some(proof) = proof else { return false };
    let position = edit::member(&part.node, "Action").map_or(part.node.position, |it| it.position);
    let message = format!("says nothing of {other}, which is another service's action");
    found.add("mantle-not-covered", position, &part.element("Action"), message, Some(proof));
    true
}

/// The same call to the other endpoint.
fn of_mantle(asked: &Asked, action: &str) -> Asked {
    let mut keys = asked.keys.clone();
    keys.retain(|key, _| !key.starts_with("bedrock:"));
    let resource = match action {
        CREATE_INFERENCE => {
            let model = asked.resource.rsplit('/').next().unwrap_or_default();
            keys.insert("bedrock-mantle:model".to_owned(), KeyState::value(model));
            let region = match keys.get("aws:requestedregion") {
                Some(KeyState::Values(values)) => values.first().cloned(),
                _ => None,
            };
            let region = region.unwrap_or_else(|| "us-east-1".to_owned());
            let account = match keys.get("aws:principalaccount") {
                Some(KeyState::Values(values)) => values.first().cloned(),
                _ => None,
            };
            let account = account.unwrap_or_else(|| ACCOUNT.to_owned());
            format!("arn:aws:bedrock-mantle:{region}:{account}:project/default")
        }
        _ => {
            keys.insert("bedrock-mantle:bearertokentype".to_owned(), KeyState::Present);
            "*".to_owned()
        }
    };
    Asked { action: action.to_owned(), resource, keys }
}

/// A statement that denies the call.
fn denial(action: &str, asked: &Asked, mantle: &Asked) -> Node {
    let mut node =
        Node { position: crate::problem::Position::default(), value: Value::Object(Vec::new()) };
    for (name, value) in [("Effect", "Deny"), ("Action", action), ("Resource", "*")] {
        edit::set(&mut node, name, edit::text(value));
    }
    if let Some(KeyState::Values(values)) = mantle.keys.get("bedrock-mantle:model")
        && let Some(model) = values.first()
        && asked.action == INVOKE_MODEL
    {
        edit::set_condition(&mut node, "StringLike", "bedrock-mantle:Model", edit::text(model));
    }
    node
}

/// A Deny of all but Bedrock, which the other endpoint is not exempt from.
fn exempts_bedrock_only(subject: &Subject<'_>, part: &Part, found: &mut Findings) {
    let entries = part.entries("NotAction");
    let whole = entries.iter().find(|it| it.text.eq_ignore_ascii_case("bedrock:*"));
    let Some(entry) = whole.filter(|_| part.is_about(CREATE_INFERENCE)) else { return };
    let repaired = subject.repaired(part, |node| {
        if let Some(actions) = edit::member_mut(node, "NotAction") {
            edit::push(actions, "bedrock-mantle:*");
        }
    });
    let proof = repaired.and_then(|repaired| {
        let asked = request_for(part, &[], &[CREATE_INFERENCE])?;
        let asked = Some(asked).filter(|it| it.action == CREATE_INFERENCE)?;
        // Where another statement denies the same of Bedrock, nothing is exempt.
        let of_bedrock = Asked { action: INVOKE_MODEL.to_owned(), ..asked.clone() };
        let levels = subject.levels(&subject.document, false);
        if of_bedrock.verdict(&levels) != Verdict::Allowed {
            return None;
        }
        subject.prove_whole(part, &asked, &repaired, "NotAction has bedrock-mantle:*, too")
    });
    let message = "exempts bedrock:*, but not bedrock-mantle:*, which runs models, too";
    if proof.is_some() {
        found.add("mantle-not-covered", entry.position, &part.element("NotAction"), message, proof);
    }
}
