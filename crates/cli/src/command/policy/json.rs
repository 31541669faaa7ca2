//! A simulated call as an object of JSON lines.

use policy::{KeyState, Reason, Simulation, Verdict};
use serde::Serialize;

use super::calls::AskedCall;
use super::change;

#[derive(Serialize)]
struct CallObject<'a> {
    id: Option<&'a str>,
    model_ref: &'a str,
    region: &'a str,
    account: &'a str,
    verdict: &'static str,
    /// The verdict without the changes of the options; null without changes.
    before: Option<&'static str>,
    legs: Vec<LegObject<'a>>,
    /// Why there may be other legs or policies.
    missing: Option<&'a str>,
    /// What would have to change; null if the call is allowed.
    change: Option<String>,
}

#[derive(Serialize)]
struct LegObject<'a> {
    leg: &'static str,
    certainty: &'static str,
    action: &'static str,
    resource: &'a str,
    requested_region: &'a str,
    inference_profile_arn: Option<&'a str>,
    verdict: &'static str,
    decided_by: Vec<ReasonObject<'a>>,
    /// The keys that the verdict hangs on.
    unknown: Vec<&'a str>,
}

/// A statement, or a level without one, that decides.
#[derive(Serialize)]
pub(super) struct ReasonObject<'a> {
    kind: &'static str,
    effect: &'static str,
    node: Option<&'a str>,
    policy: Option<&'a str>,
    statement: Option<usize>,
    sid: Option<&'a str>,
    file: Option<&'a str>,
    line: Option<usize>,
}

/// The object of a call, on one line.
///
/// # Errors
/// None in practice: texts and numbers can be written.
pub(super) fn line(
    call: &AskedCall,
    found: &Simulation<'_>,
    before: Option<Verdict>,
) -> serde_json::Result<String> {
    let legs = found.legs.iter().map(|decided| LegObject {
        leg: decided.leg.kind.as_str(),
        certainty: decided.leg.certainty.as_str(),
        action: decided.leg.action,
        resource: &decided.leg.resource,
        requested_region: &decided.leg.requested_region,
        inference_profile_arn: match &decided.leg.inference_profile_arn {
            KeyState::Values(values) => values.first().map(String::as_str),
            _ => None,
        },
        verdict: decided.decision.verdict.as_str(),
        decided_by: decided.decision.reasons.iter().map(reason).collect(),
        unknown: decided.decision.unknown.iter().map(String::as_str).collect(),
    });
    let object = CallObject {
        id: call.id.as_deref(),
        model_ref: &call.model_ref,
        region: &call.region,
        account: &call.account,
        verdict: found.verdict.as_str(),
        before: before.map(Verdict::as_str),
        legs: legs.collect(),
        missing: found.missing.as_deref(),
        change: change::sentence(found),
    };
    Ok(serde_json::to_string(&object)? + "\n")
}

/// A reason of a decision.
pub(super) fn reason<'a>(reason: &Reason<'a>) -> ReasonObject<'a> {
    let (policy, statement) = reason.statement.unzip();
    ReasonObject {
        kind: reason.level.policy_type.as_str(),
        effect: reason.effect.as_str(),
        node: reason.level.node.as_deref(),
        policy: policy.map(|policy| policy.name.as_str()),
        statement: statement.map(|statement| statement.index),
        sid: statement.and_then(|statement| statement.sid.as_deref()),
        file: policy.map(|policy| policy.file.as_str()),
        line: statement.map(|statement| statement.position.line),
    }
}
