//! Lets calls through profiles pass a Region deny, and nothing else: the statement that denies gets an
//! exemption by profile beside its other conditions.

use std::collections::BTreeSet;

use bedrock::arn::Arn;

use crate::evaluate::Verdict;
use crate::generate::change::is_region_deny;
use crate::generate::draft::{INVOKE, PROFILE_KEY, object, statement, text, texts};
use crate::generate::sparing::{
    Sources, Sparing, allows_region, changed_denies, is_denied_otherwise, region_denies,
};
use crate::generate::{
    Expected, GenerateError, Goal, Ground, MatrixCall, Part, Place, Way, catalog_calls,
};
use crate::json::Node;
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
    /// The patterns of the profiles' ARNs, by any account; from any Region, or from some.
    pub(crate) fn patterns(&self, from: Option<&Sources>) -> Vec<String> {
        let resource = match self {
            Exempted::Scope(scope) => format!("inference-profile/{scope}.*"),
            Exempted::Profile(id) => format!("inference-profile/{id}"),
            Exempted::ApplicationProfiles => "application-inference-profile/*".to_owned(),
            Exempted::ApplicationProfile(arn) => return vec![arn.clone()],
        };
        let mut regions = BTreeSet::new();
        match from {
            None => regions.extend(["*"]),
            Some(from) => {
                regions.extend(from.asked.iter().map(String::as_str));
                // System-defined profiles are known with all their source Regions, application profiles are not.
                if *self == Exempted::ApplicationProfiles {
                    regions.extend(from.allowed.iter().map(String::as_str));
                }
            }
        }
        let patterns = regions.iter().map(|it| format!("arn:*:bedrock:{it}:*:{resource}"));
        patterns.collect()
    }

    fn in_words(&self) -> String {
        match self {
            Exempted::Scope(scope) => format!("{scope}. profiles"),
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
    fn in_words(&self) -> String {
        self.exempted.iter().map(Exempted::in_words).collect::<Vec<_>>().join(", ")
    }

    fn has_global(&self) -> bool {
        self.exempted.contains(&Exempted::Scope("global".to_owned()))
    }

    /// What a call has to come to.
    pub(crate) fn expects(&self, call: &MatrixCall, before: &Simulation<'_>) -> Expected {
        if self.asks(call, before) {
            Expected::Allowed
        } else if self.has(call) && is_denied_otherwise(call, before) {
            Expected::Open
        } else {
            Expected::Unchanged
        }
    }

    /// Whether a call is through a profile that is exempted.
    fn has(&self, call: &MatrixCall) -> bool {
        // An action without the key of profiles is not told apart by profile.
        let has_key = call.operation.action.starts_with("bedrock:InvokeModel");
        let is_global = call.way.is_global() && call.way.is_application_profile();
        has_key && (!is_global || self.has_global()) && self.exempted.iter().any(|it| it.has(call))
    }
}

impl Sparing for Exempt {
    fn asks(&self, call: &MatrixCall, before: &Simulation<'_>) -> bool {
        let is_given = self.regions.contains(&call.region);
        self.has(call)
            && !is_denied_otherwise(call, before)
            && (is_given || may_begin(before) && is_allowed_source(call, before))
    }

    /// Where a statement denies the models alone, and not the profile in a Region that it does not allow, the
    /// exemption would let calls be sent from there.
    fn would_open(&self, call: &MatrixCall, before: &Simulation<'_>) -> bool {
        let is_given = self.regions.contains(&call.region);
        self.has(call) && may_begin(before) && !is_given && !is_allowed_source(call, before)
    }

    fn patterns(&self, from: Option<&Sources>) -> Vec<String> {
        self.exempted.iter().flat_map(|it| it.patterns(from)).collect()
    }

    /// What must not pass with application profiles: what they are of is not in their ARNs. Where global
    /// profiles may be called, it is about application profiles alone.
    fn guard(&self, has_open_global: bool) -> Option<Node> {
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
        let patterns = Exempted::ApplicationProfiles.patterns(None);
        let condition = object([("ArnLike", object([(PROFILE_KEY, texts(patterns))]))]);
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

/// Whether the source Region is one that the Region denies leave out which deny the call.
fn is_allowed_source(call: &MatrixCall, before: &Simulation<'_>) -> bool {
    let mut denies = before.legs.iter().flat_map(|it| region_denies(&it.decision.reasons));
    denies.all(|(_, _, statement)| allows_region(statement, &call.region))
}

impl Goal for Exempt {
    fn name(&self) -> &'static str {
        "bedrock-profiles"
    }

    fn sentence(&self) -> String {
        let what = self.in_words();
        format!("lets calls through {what} pass where the Region of the model is denied")
    }

    fn parts(&self, ground: &Ground<'_>) -> Result<Vec<Part>, GenerateError> {
        changed_denies(self, ground)
    }

    fn expected(&self, call: &MatrixCall, _place: &Place, before: &Simulation<'_>) -> Expected {
        self.expects(call, before)
    }

    fn calls(&self, ground: &Ground<'_>) -> Vec<MatrixCall> {
        own_calls(&self.exempted, ground)
    }

    fn catalog_calls(&self, ground: &Ground<'_>) -> Vec<MatrixCall> {
        let calls = self.exempted.iter().flat_map(|it| match it {
            Exempted::Scope(scope) => catalog_calls::of_scope(scope, ground),
            Exempted::ApplicationProfiles => catalog_calls::of_application_profiles(ground),
            Exempted::Profile(_) | Exempted::ApplicationProfile(_) => Vec::new(),
        });
        calls.collect()
    }

    fn nothing_to_change(&self) -> String {
        format!(
            "no policy denies calls through {} because of the Region of the model",
            self.in_words()
        )
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            "batch jobs stay as they are: their action has no key of profiles".to_owned(),
            "a new exemption reaches every account below the node that the policy is attached to"
                .to_owned(),
        ];
        if self.exempted.contains(&Exempted::ApplicationProfiles) {
            notes.push(
                "the ARN of an application profile does not name its model or source profile: whoever may create one in an \
                 allowed Region decides where its calls run"
                    .to_owned(),
            );
        }
        notes
    }

    fn exemptions(&self) -> Vec<String> {
        self.patterns(None)
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
