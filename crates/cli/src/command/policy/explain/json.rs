//! An answer for programs.

use policy::{KeyState, Leg};
use serde::Serialize;

use super::answer::{Answer, DecidedLeg, LedCall, LookAlike};
use super::calls::is_named;
use super::named::Named;
use crate::command::explain::denial::DenialExplanation;

#[derive(Serialize)]
pub(super) struct AnswerObject<'a> {
    /// Whether a policy denied, as far as the text says.
    is_denial: bool,
    times: u64,
    denial: &'a DenialExplanation,
    /// What it is, if no policy denied.
    look_alike: Option<LookAlike>,
    event_id: Option<&'a str>,
    source_region: Option<&'a str>,
    account: Option<&'a str>,
    not_said: &'a [String],
    /// The calls that can have led there.
    calls: Vec<CallObject<'a>>,
    /// What the policies say of what the text names; null without policies.
    policies: Option<&'a Named>,
    notes: &'a [String],
    /// Commands that write the changed policy, one for each profile that can have been called.
    commands: &'a [String],
}

#[derive(Serialize)]
struct CallObject<'a> {
    operation: &'static str,
    model_ref: &'a str,
    source_region: &'a str,
    /// Null without policies, as all that they say.
    verdict: Option<&'static str>,
    legs: Vec<LegObject<'a>>,
    /// Why there may be other legs.
    missing: Option<&'a str>,
    change: Option<&'a str>,
}

#[derive(Serialize)]
struct LegObject<'a> {
    leg: &'static str,
    certainty: &'static str,
    action: &'static str,
    resource: &'a str,
    requested_region: &'a str,
    inference_profile_arn: Option<&'a str>,
    /// Whether the text names it.
    is_named: bool,
    verdict: Option<&'static str>,
    decided_by: Option<&'a [serde_json::Value]>,
}

pub(super) fn object(answer: &Answer) -> AnswerObject<'_> {
    let Answer { times, denial, record, source_region, account, .. } = answer;
    AnswerObject {
        is_denial: answer.is_denial(),
        times: *times,
        denial,
        look_alike: answer.look_alike,
        event_id: record.as_ref().map(|it| it.event_id.as_str()),
        source_region: source_region.as_deref(),
        account: account.as_deref(),
        not_said: &answer.not_said,
        calls: answer.calls.iter().map(|it| call(it, denial)).collect(),
        policies: answer.named.as_ref(),
        notes: &answer.notes,
        commands: &answer.commands,
    }
}

fn call<'a>(call: &'a LedCall, denial: &DenialExplanation) -> CallObject<'a> {
    let LedCall { led, decided } = call;
    let of_leg = |place: usize| decided.as_ref().map(|decided| &decided.legs[place]);
    let legs = led.legs.legs.iter().enumerate();
    CallObject {
        operation: led.operation.name,
        model_ref: &led.model_ref,
        source_region: &led.region,
        verdict: decided.as_ref().map(|it| it.verdict.as_str()),
        legs: legs.map(|(place, it)| leg(it, of_leg(place), is_named(it, denial))).collect(),
        missing: led.legs.missing.as_deref(),
        change: decided.as_ref().and_then(|it| it.change.as_deref()),
    }
}

fn leg<'a>(leg: &'a Leg, decided: Option<&'a DecidedLeg>, is_named: bool) -> LegObject<'a> {
    LegObject {
        leg: leg.kind.as_str(),
        certainty: leg.certainty.as_str(),
        action: leg.action,
        resource: &leg.resource,
        requested_region: &leg.requested_region,
        inference_profile_arn: match &leg.inference_profile_arn {
            KeyState::Values(values) => values.first().map(String::as_str),
            _ => None,
        },
        is_named,
        verdict: decided.map(|it| it.verdict.as_str()),
        decided_by: decided.map(|it| it.decided_by.as_slice()),
    }
}
