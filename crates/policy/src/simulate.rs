//! A call against the policies that its caller is subject to: every leg, and what the call comes to.

use bedrock::arn::Arn;

use crate::document::Request;
use crate::evaluate::{Decision, Verdict};
use crate::key::Key;
use crate::known::{Context, KeyState};
use crate::leg::{
    Call, Certainty, ImpossibleCall, Knowledge, Leg, LegKind, Legs, check_partition, partition,
};
use crate::principal::Principal;
use crate::split::Levels;

/// What is known of a request besides what is called.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// The account.
    pub account: &'a str,
    /// Who calls; `None` if that is not known.
    pub principal: Option<&'a Principal>,
    /// The ID of the account's organization, if it is known.
    pub organization_id: Option<&'a str>,
    /// The account's value of `aws:PrincipalOrgPaths`, if it is known.
    pub organization_path: Option<&'a str>,
    /// The keys that were given, which beat all that is implied.
    pub given: &'a [(String, KeyState)],
}

/// A leg with its verdict.
#[derive(Debug, Clone)]
pub struct DecidedLeg<'a> {
    /// The leg.
    pub leg: Leg,
    /// The decision.
    pub decision: Decision<'a>,
}

/// A call with its verdict.
#[derive(Debug, Clone)]
pub struct Simulation<'a> {
    /// Denied if a required leg is denied; allowed if every leg is allowed and none is missing.
    pub verdict: Verdict,
    /// The legs.
    pub legs: Vec<DecidedLeg<'a>>,
    /// Why there may be other legs, or other policies.
    pub missing: Option<String>,
    /// The policies.
    pub levels: &'a Levels,
}

/// Decides on a call.
///
/// # Errors
/// If the call cannot be.
pub fn simulate<'a>(
    call: Call<'_>,
    caller: Caller<'_>,
    levels: &'a Levels,
    knowledge: Knowledge<'_>,
) -> Result<Simulation<'a>, ImpossibleCall> {
    Ok(decide_legs(legs_of(call, caller.principal, knowledge)?, caller, levels))
}

/// The legs of a call by a principal.
///
/// # Errors
/// If the call cannot be.
pub fn legs_of(
    call: Call<'_>,
    principal: Option<&Principal>,
    knowledge: Knowledge<'_>,
) -> Result<Legs, ImpossibleCall> {
    if let Some(principal) = principal {
        check_partition(&principal.arn, partition(call.region, knowledge.regions))?;
    }
    Legs::of(call, knowledge)
}

/// Decides on the legs of a call.
pub fn decide_legs<'a>(legs: Legs, caller: Caller<'_>, levels: &'a Levels) -> Simulation<'a> {
    let Legs { legs, missing, model } = legs;
    let decide = |leg: Leg| {
        let mut context = Context::default();
        for (key, known) in levels.known_keys() {
            context.set(key, state((key, known), &leg, model.as_deref(), caller));
        }
        let request = Request { action: leg.action, resource: &leg.resource };
        let decision = levels.decide(request, &context);
        DecidedLeg { leg, decision }
    };
    let legs = legs.into_iter().map(decide).collect::<Vec<_>>();
    let is_denied = |leg: &DecidedLeg<'_>| {
        leg.leg.certainty == Certainty::Required && leg.decision.verdict == Verdict::Denied
    };
    let missing = match (missing, levels.missing()) {
        (Some(legs), Some(levels)) => Some(format!("{levels}; {legs}")),
        (legs, levels) => legs.or(levels.map(str::to_owned)),
    };
    let is_allowed = |leg: &DecidedLeg<'_>| leg.decision.verdict == Verdict::Allowed;
    let verdict = if legs.iter().any(is_denied) {
        Verdict::Denied
    } else if missing.is_none() && legs.iter().all(is_allowed) {
        Verdict::Allowed
    } else {
        Verdict::Indeterminate
    };
    Simulation { verdict, legs, missing, levels }
}

/// What is known of a key, by its name in lower case: what was given, what the leg implies, what the caller
/// implies.
fn state(
    (key, known): (&str, Option<&Key>),
    leg: &Leg,
    model: Option<&str>,
    caller: Caller<'_>,
) -> KeyState {
    if let Some((_, given)) = caller.given.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)) {
        return given.clone();
    }
    if known.is_some_and(|known| !known.is_of(leg.action)) {
        return KeyState::Absent;
    }
    let of_text = |text: Option<&str>| text.map_or(KeyState::Unknown, KeyState::value);
    let resource_account =
        Arn::parse(&leg.resource).map(|arn| arn.account).filter(|it| !it.is_empty());
    let is_of_caller = resource_account == Some(caller.account);
    match key {
        "aws:requestedregion" => KeyState::value(&leg.requested_region),
        "bedrock:inferenceprofilearn" => leg.inference_profile_arn.clone(),
        "bedrock:bearertokentype" | "bedrock-mantle:bearertokentype" => KeyState::Present,
        "bedrock-mantle:model" => of_text(model),
        // Prompt routers are not simulated.
        "bedrock:promptrouterarn" => KeyState::Absent,
        "aws:principalaccount" => KeyState::value(caller.account),
        "aws:principalorgid" => of_text(caller.organization_id),
        "aws:principalorgpaths" => of_text(caller.organization_path),
        "aws:resourceaccount" => of_text(resource_account),
        "aws:resourceorgid" if is_of_caller => of_text(caller.organization_id),
        "aws:resourceorgpaths" if is_of_caller => of_text(caller.organization_path),
        // Only requests that a service makes as itself have these.
        "aws:principalisawsservice" => KeyState::value("false"),
        "aws:principalservicename"
        | "aws:principalservicenameslist"
        | "aws:sourcearn"
        | "aws:sourceaccount"
        | "aws:sourceorgid"
        | "aws:sourceorgpaths" => KeyState::Absent,
        "aws:currenttime" | "aws:epochtime" | "aws:securetransport" => KeyState::Present,
        _ if key.starts_with("aws:resourcetag/") && has_no_tags(leg) => KeyState::Absent,
        _ => caller.principal.and_then(|it| it.state(key)).unwrap_or(KeyState::Unknown),
    }
}

/// Whether the resource is of a kind that cannot be tagged: foundation models and system profiles.
fn has_no_tags(leg: &Leg) -> bool {
    leg.kind == LegKind::Profile || leg.resource.contains(":foundation-model/")
}
