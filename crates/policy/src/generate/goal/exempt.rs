//! Lets calls through profiles pass a Region deny, and nothing else: the statement that denies gets an
//! exemption by profile beside its other conditions.

use std::sync::Arc;

use bedrock::arn::Arn;

use crate::document::Effect;
use crate::evaluate::{Policy, ReasonEffect, Verdict};
use crate::generate::change::{is_region_deny, spare_profiles};
use crate::generate::draft::{INVOKE, PROFILE_KEY, object, statement, text};
use crate::generate::{
    Expected, GenerateError, Goal, Ground, MatrixCall, Part, Place, Way, matrix,
};
use crate::glob::{Glob, symbols};
use crate::json::Node;
use crate::known::KeyState;
use crate::leg::LegKind;
use crate::simulate::Simulation;

/// Which calls pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exempted {
    /// Those through the system-defined profiles of a scope: `us`, `eu`, `global`.
    Scope(String),
    /// Those through one system-defined profile.
    Profile(String),
    /// Those through any application profile, but for calls that end at the model without a Region.
    ApplicationProfiles,
    /// Those through one application profile: its ARN.
    ApplicationProfile(String),
}

/// Lets calls through profiles pass.
#[derive(Debug, Clone)]
pub struct Exempt {
    /// Which.
    pub exempted: Vec<Exempted>,
    /// The source Regions that they have to pass from; if there are none, every one that is not itself denied.
    pub regions: Vec<String>,
}

impl Exempted {
    /// The pattern of the profiles' ARNs, from any Region and by any account.
    pub fn pattern(&self) -> String {
        match self {
            Exempted::Scope(scope) => format!("arn:*:bedrock:*:*:inference-profile/{scope}.*"),
            Exempted::Profile(id) => format!("arn:*:bedrock:*:*:inference-profile/{id}"),
            Exempted::ApplicationProfiles => {
                "arn:*:bedrock:*:*:application-inference-profile/*".to_owned()
            }
            Exempted::ApplicationProfile(arn) => arn.clone(),
        }
    }

    fn in_words(&self) -> String {
        match self {
            Exempted::Scope(scope) => format!("profiles {scope}."),
            Exempted::Profile(id) => id.clone(),
            Exempted::ApplicationProfiles => "application profiles".to_owned(),
            Exempted::ApplicationProfile(arn) => {
                let id = Arn::parse(arn).map_or(arn.as_str(), |it| it.resource_id());
                format!("the application profile {id}")
            }
        }
    }

    fn has(&self, call: &MatrixCall) -> bool {
        match (self, &call.way) {
            (Exempted::Scope(own), Way::Profile(scope)) => own == scope,
            (Exempted::Profile(id), Way::Profile(scope)) => {
                *id == format!("{scope}.{}", call.model)
            }
            (Exempted::ApplicationProfiles, way) => way.is_application_profile(),
            (Exempted::ApplicationProfile(arn), Way::Own(own)) => arn == own,
            _ => false,
        }
    }
}

impl Exempt {
    fn has_global(&self) -> bool {
        self.exempted.contains(&Exempted::Scope("global".to_owned()))
    }

    /// Whether a call is one that has to pass.
    pub(crate) fn is_asked(&self, call: &MatrixCall, before: &Simulation<'_>) -> bool {
        // An action without the key of profiles is not told apart by profile.
        let has_key = call.operation.action.starts_with("bedrock:InvokeModel");
        let is_global = call.way.is_global() && call.way.is_application_profile();
        has_key
            && (!is_global || self.has_global())
            && self.exempted.iter().any(|it| it.has(call))
            && (self.regions.contains(&call.region) || may_begin(before))
    }

    /// What must not pass with application profiles: what they are of is not in their ARNs. Where global
    /// profiles may be called, it is about application profiles alone.
    pub(crate) fn guard(&self, has_open_global: bool) -> Option<Node> {
        let has_all = self.exempted.contains(&Exempted::ApplicationProfiles);
        if !has_all || self.has_global() {
            return None;
        }
        const SID: &str = "DenyGlobalThroughApplicationProfiles";
        let elements =
            [("Action", text(INVOKE)), ("Resource", text("arn:*:bedrock:::foundation-model/*"))];
        if !has_open_global {
            return Some(statement(SID, "Deny", elements));
        }
        let pattern = Exempted::ApplicationProfiles.pattern();
        let condition = object([("ArnLike", object([(PROFILE_KEY, text(pattern))]))]);
        let [action, resource] = elements;
        Some(statement(SID, "Deny", [action, resource, ("Condition", condition)]))
    }
}

/// Whether no Region deny is about the source Region: the profile itself is there, and has no key of profiles.
/// What else denies it stands in the way of the goal.
fn may_begin(before: &Simulation<'_>) -> bool {
    let of_profile = [LegKind::Profile, LegKind::ApplicationProfile];
    let legs = before.legs.iter().filter(|it| of_profile.contains(&it.leg.kind));
    let undone = legs.filter(|it| it.decision.verdict != Verdict::Allowed);
    let mut reasons = undone.flat_map(|it| &it.decision.reasons);
    !reasons.any(|it| it.statement.is_some_and(|(_, statement)| is_region_deny(statement)))
}

impl Goal for Exempt {
    fn name(&self) -> &'static str {
        "bedrock-profiles"
    }

    fn sentence(&self) -> String {
        let what = self.exempted.iter().map(Exempted::in_words).collect::<Vec<_>>().join(", ");
        format!("lets calls through {what} pass where the Region of the model is denied")
    }

    fn parts(&self, ground: &Ground<'_>) -> Result<Vec<Part>, GenerateError> {
        let patterns = self.exemptions();
        let asked =
            |call: &MatrixCall, _: &Place, before: &Simulation<'_>| self.is_asked(call, before);
        changed_denies(self, ground, &asked, &patterns, &|is_open| self.guard(is_open))
    }

    fn expected(&self, call: &MatrixCall, _place: &Place, before: &Simulation<'_>) -> Expected {
        if self.is_asked(call, before) { Expected::Allowed } else { Expected::Unchanged }
    }

    fn calls(&self, ground: &Ground<'_>) -> Vec<MatrixCall> {
        own_calls(&self.exempted, ground)
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            "batch jobs stay as they are: their action has no key of profiles".to_owned(),
            "a new exemption reaches every account below the node that the policy is attached to"
                .to_owned(),
        ];
        if self.exempted.contains(&Exempted::ApplicationProfiles) {
            notes.push(
                "an application profile's ARN does not say what it is of: who may create one in an allowed Region \
                 decides where its calls run"
                    .to_owned(),
            );
        }
        notes
    }

    fn exemptions(&self) -> Vec<String> {
        self.exempted.iter().map(Exempted::pattern).collect()
    }
}

/// The calls through what is exempted that not every matrix has, from each Region that they may begin in.
pub(crate) fn own_calls(exempted: &[Exempted], ground: &Ground<'_>) -> Vec<MatrixCall> {
    let scene = &ground.scene;
    let mut calls = Vec::new();
    for it in exempted {
        let id = match it {
            Exempted::ApplicationProfiles => continue,
            Exempted::ApplicationProfile(arn) => {
                let region = Arn::parse(arn).map(|it| it.region).unwrap_or_default();
                calls.extend(MatrixCall::new(Way::Own(arn.clone()), &scene.model, region));
                continue;
            }
            Exempted::Scope(scope) if scope == "global" && scene.has_global => continue,
            Exempted::Scope(scope) if scene.geography.as_ref() == Some(scope) => continue,
            Exempted::Scope(scope) => {
                let (own, head) = (format!("{scope}.{}", scene.model), format!("{scope}."));
                let mut ids = ground.catalog.profiles().map(|(id, _)| id);
                let has_own = ground.catalog.profile(&own).is_some();
                let first = ids.find(|id| id.starts_with(&head)).map(str::to_owned);
                if has_own { Some(own) } else { first }
            }
            Exempted::Profile(id) => Some(id.clone()),
        };
        let Some((scope, model)) = id.as_ref().and_then(|it| it.split_once('.')) else { continue };
        let sources = id.as_ref().and_then(|id| ground.catalog.profile(id));
        for region in sources.into_iter().flat_map(|it| it.keys()) {
            let way = Way::Profile(scope.to_owned());
            let is_other_model = model != scene.model;
            let call = MatrixCall::new(way, model, region);
            calls.extend(call.map(|call| MatrixCall { is_other_model, ..call }));
        }
    }
    calls
}

/// The policies whose Region denies deny what is asked for, each with an exemption by profile.
///
/// # Errors
/// If a call cannot be, or what is written cannot be read back.
pub(crate) fn changed_denies(
    goal: &dyn Goal,
    ground: &Ground<'_>,
    is_asked: &dyn Fn(&MatrixCall, &Place, &Simulation<'_>) -> bool,
    patterns: &[String],
    guard: &dyn Fn(bool) -> Option<Node>,
) -> Result<Vec<Part>, GenerateError> {
    let globs = patterns.iter().filter_map(|it| Glob::arn(&symbols(it))).collect::<Vec<_>>();
    let mut found = Vec::<(Arc<Policy>, Vec<usize>)>::new();
    let (mut opens_global, mut has_open_global) = (false, false);
    for place in &ground.places {
        let levels = ground.levels(place, &[], false);
        for call in matrix::calls(goal, ground, place) {
            let before = ground.simulate(&call, place, &levels)?;
            if call.way.is_global() {
                let is_denied = before.legs.iter().any(|it| {
                    it.leg.kind == LegKind::GlobalModel && it.decision.verdict == Verdict::Denied
                });
                opens_global |= is_denied && call.way.is_application_profile();
                has_open_global |= !is_denied;
            }
            if !is_asked(&call, place, &before) {
                continue;
            }
            for leg in &before.legs {
                let KeyState::Values(arns) = &leg.leg.inference_profile_arn else { continue };
                if !arns.iter().any(|arn| globs.iter().any(|glob| glob.is_match(arn))) {
                    continue;
                }
                for reason in &leg.decision.reasons {
                    let Some((policy, statement)) = reason.statement else { continue };
                    let is_deny = statement.effect == Effect::Deny
                        && reason.effect != ReasonEffect::Allow
                        && is_region_deny(statement);
                    if is_deny {
                        let mut attached = reason.level.policies.iter();
                        let shared = attached.find(|it| it.id == policy.id);
                        shared.into_iter().for_each(|it| add(&mut found, it, statement.index));
                    }
                }
            }
        }
    }
    let guard = guard(has_open_global).filter(|_| opens_global);
    let change = |(policy, mut statements): (Arc<Policy>, Vec<usize>)| {
        statements.sort_unstable();
        let more = guard.iter().cloned().collect();
        let document = spare_profiles(&policy.document, &statements, patterns, more)?;
        Ok(Part::Changed { policy, document, statements })
    };
    found.into_iter().map(change).collect()
}

fn add(found: &mut Vec<(Arc<Policy>, Vec<usize>)>, policy: &Arc<Policy>, statement: usize) {
    match found.iter_mut().find(|(known, _)| known.id == policy.id) {
        Some((_, statements)) if statements.contains(&statement) => {}
        Some((_, statements)) => statements.push(statement),
        None => found.push((Arc::clone(policy), vec![statement])),
    }
}
