//! One sentence that says what would have to change for a call to be allowed, or to be decided.

use std::collections::BTreeSet;

use policy::{
    Certainty, DecidedLeg, Effect, KeyState, LegKind, Reason, ReasonEffect, Simulation, Verdict,
};

use crate::policy_type;

/// The sentence; `None` if the call is allowed.
pub(super) fn sentence(found: &Simulation<'_>) -> Option<String> {
    match found.verdict {
        Verdict::Allowed => None,
        Verdict::Denied => Some(of_denied(found)),
        Verdict::Indeterminate => Some(of_indeterminate(found)),
    }
}

fn of_denied(found: &Simulation<'_>) -> String {
    let is_denied = |decided: &&DecidedLeg<'_>| {
        decided.leg.certainty == Certainty::Required && decided.decision.verdict == Verdict::Denied
    };
    let legs = found.legs.iter().filter(is_denied).collect::<Vec<_>>();
    let mut parts = Vec::<String>::new();
    for reason in legs.iter().flat_map(|decided| &decided.decision.reasons) {
        let of_reason = legs
            .iter()
            .filter(|decided| decided.decision.reasons.iter().any(|other| is_same(other, reason)));
        let of_reason = of_reason.copied().collect::<Vec<_>>();
        let part = match reason.effect {
            ReasonEffect::Explicit => of_deny(reason, &of_reason),
            ReasonEffect::Implicit => of_implicit(reason, &of_reason),
            ReasonEffect::Allow | ReasonEffect::Open => continue,
        };
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    let is_explicit = |decided: &&DecidedLeg<'_>| {
        decided.decision.reasons.iter().any(|reason| reason.effect == ReasonEffect::Explicit)
    };
    let end = if legs.iter().any(is_explicit) { "; no Allow elsewhere lifts a Deny" } else { "" };
    let open = of_open(found).map(|open| format!(" {open}")).unwrap_or_default();
    format!("To allow it, {}{end}.{open}", parts.join(", and "))
}

/// What would deny a denied call, too, depending on what is not known.
fn of_open(found: &Simulation<'_>) -> Option<String> {
    let required = found.legs.iter().filter(|it| it.leg.certainty == Certainty::Required);
    let (mut denies, mut allows) = (Vec::new(), Vec::new());
    let mut keys = BTreeSet::new();
    for DecidedLeg { decision, .. } in required {
        keys.extend(decision.unknown.iter().map(String::as_str));
        for reason in decision.reasons.iter().filter(|it| it.effect == ReasonEffect::Open) {
            let is_deny = reason.statement.is_some_and(|(_, it)| it.effect == Effect::Deny);
            let named = if is_deny { &mut denies } else { &mut allows };
            let name = statement_name(reason);
            if !named.contains(&name) {
                named.push(name);
            }
        }
    }
    let verb = |named: &[String], one: &'static str, several: &'static str| {
        if named.len() == 1 { one } else { several }
    };
    let mut parts = Vec::new();
    if !denies.is_empty() {
        parts.push(format!(
            "{} {} it, too,",
            denies.join(" and "),
            verb(&denies, "denies", "deny")
        ));
    }
    if !allows.is_empty() {
        parts.push(format!("{} {} it", allows.join(" and "), verb(&allows, "allows", "allow")));
    }
    let keys = keys.into_iter().collect::<Vec<_>>().join(", ");
    (!parts.is_empty()).then(|| {
        format!(
            "Whether {} depends on {keys} (--context KEY=VALUE, --absent KEY, --present KEY).",
            parts.join(" and ")
        )
    })
}

fn is_same(one: &Reason<'_>, other: &Reason<'_>) -> bool {
    let of = |reason: &Reason<'_>| {
        let place = reason.statement.map(|(policy, it)| (policy.id.clone(), it.position));
        (reason.effect, reason.level.policy_type, reason.level.node.clone(), place)
    };
    of(one) == of(other)
}

/// What a Deny has to spare.
fn of_deny(reason: &Reason<'_>, legs: &[&DecidedLeg<'_>]) -> String {
    let Some((_, statement)) = reason.statement else { return String::new() };
    let who = statement_name(reason);
    let spared = statement.values_of(true, "aws:RequestedRegion");
    let regions = legs.iter().map(|decided| decided.leg.requested_region.as_str());
    let regions = regions.collect::<BTreeSet<_>>();
    let is_by_region = spared.is_some_and(|spared| {
        regions.iter().all(|region| !spared.iter().any(|known| known == region))
    });
    if !is_by_region {
        return format!("{who} must not deny {}", resources(legs));
    }
    let regions = regions.into_iter().collect::<Vec<_>>().join(" and ");
    let them = if regions.contains(" and ") { "them" } else { "it" };
    let add =
        format!("{who} must spare {regions}: add {them} to the values of aws:RequestedRegion");
    // An exemption by profile reaches only the legs that carry the key.
    match profile(legs) {
        Some(arn) => format!(
            "{add}, or exempt the profile there (ArnNotLike, bedrock:InferenceProfileArn, {arn})"
        ),
        None => add,
    }
}

/// The profile of the legs as a pattern for any account, if each of them carries its ARN.
fn profile(legs: &[&DecidedLeg<'_>]) -> Option<String> {
    let mut found = None;
    for decided in legs {
        let KeyState::Values(values) = &decided.leg.inference_profile_arn else { return None };
        found = values.first();
    }
    let arn = bedrock::arn::Arn::parse(found?)?;
    Some(format!("arn:{}:{}:{}:*:{}", arn.partition, arn.service, arn.region, arn.resource))
}

fn of_implicit(reason: &Reason<'_>, legs: &[&DecidedLeg<'_>]) -> String {
    let kind = policy_type::in_sentence(reason.level.policy_type.as_str());
    match &reason.level.node {
        Some(node) => format!("{kind} at {node} must allow {}", resources(legs)),
        None => format!("{kind} must allow {}", resources(legs)),
    }
}

/// The actions of legs, each with its resources.
fn resources(legs: &[&DecidedLeg<'_>]) -> String {
    const MAX_NAMED: usize = 3;
    let mut by_action = Vec::<(&str, Vec<&str>)>::new();
    for DecidedLeg { leg, .. } in legs.iter().copied() {
        let resource = (leg.kind != LegKind::BearerToken).then_some(leg.resource.as_str());
        match by_action.iter_mut().find(|(known, _)| *known == leg.action) {
            Some((_, known)) => known.extend(resource.filter(|it| !known.contains(it))),
            None => by_action.push((leg.action, resource.into_iter().collect())),
        }
    }
    let named = by_action.iter().map(|(action, resources)| match resources.len() {
        0 => (*action).to_owned(),
        1..=MAX_NAMED => format!("{action} on {}", resources.join(" and ")),
        n => {
            let few = resources[..MAX_NAMED - 1].join(", ");
            format!("{action} on {few}, and {} others", n - (MAX_NAMED - 1))
        }
    });
    named.collect::<Vec<_>>().join(" and ")
}

fn of_indeterminate(found: &Simulation<'_>) -> String {
    let legs = found.legs.iter().filter(|decided| decided.decision.verdict != Verdict::Allowed);
    let mut parts = Vec::new();
    let keys = legs.clone().flat_map(|decided| &decided.decision.unknown).collect::<BTreeSet<_>>();
    if !keys.is_empty() {
        let keys = keys.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        parts.push(format!(
            "say what is known of {keys} (--context KEY=VALUE, --absent KEY, --present KEY)"
        ));
    }
    let is_possible = |decided: &DecidedLeg<'_>| {
        decided.leg.certainty == Certainty::Possible && decided.decision.verdict == Verdict::Denied
    };
    let possible = legs.filter(|decided| is_possible(decided)).collect::<Vec<_>>();
    if !possible.is_empty() {
        let are = if possible.len() == 1 { "is" } else { "are" };
        parts.push(format!(
            "find out whether AWS asks for {}, which {are} denied",
            resources(&possible)
        ));
    }
    if let Some(part) = of_elsewhere(found) {
        parts.push(part);
    }
    if let Some(missing) = &found.missing {
        parts.push(format!("complete what is missing: {missing}"));
    }
    format!("To decide it, {}.", parts.join(", and "))
}

/// At which nodes policies do not allow it, which the account may be below or not. They hang on no key.
fn of_elsewhere(found: &Simulation<'_>) -> Option<String> {
    let is_open = |decided: &&DecidedLeg<'_>| {
        decided.decision.verdict == Verdict::Indeterminate && decided.decision.unknown.is_empty()
    };
    let reasons = found.legs.iter().filter(is_open).flat_map(|decided| &decided.decision.reasons);
    let nodes = reasons.filter_map(|reason| reason.level.node.as_deref()).collect::<BTreeSet<_>>();
    let nodes = nodes.into_iter().collect::<Vec<_>>().join(" and ");
    (!nodes.is_empty()).then(|| {
        format!(
            "say which organizational unit the account is in (--unit NODE): SCPs at {nodes} do not allow it"
        )
    })
}

/// A statement by what finds it: its Sid or its place (from 1), its policy, its line, its node.
pub(super) fn statement_name(reason: &Reason<'_>) -> String {
    let at = reason.level.node.as_ref().map(|node| format!(" at {node}")).unwrap_or_default();
    let Some((policy, statement)) = reason.statement else {
        let kind = policy_type::bare(reason.level.policy_type.as_str());
        return format!("no {kind}{at} allows it");
    };
    let name = match statement.sid.as_deref().filter(|sid| !sid.is_empty()) {
        Some(sid) => sid.to_owned(),
        None => format!("statement {}", statement.index + 1),
    };
    format!("{name} of {}, line {},{at}", policy.name, statement.position.line)
        .trim_end_matches(',')
        .to_owned()
}
