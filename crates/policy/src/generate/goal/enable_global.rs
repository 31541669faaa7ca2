//! Global profiles from given Regions, and from no others.

use std::collections::BTreeSet;

use crate::evaluate::Verdict;
use crate::generate::draft::{
    BATCH, INVOKE, PROFILE_KEY, REGION_KEY, object, scp, statement, text, texts,
};
use crate::generate::sparing::{Sources, Sparing, changed_denies, is_denied_otherwise};
use crate::generate::{
    Expected, GenerateError, Goal, Ground, MatrixCall, Outcome, Part, Place, Way, catalog_calls,
    matrix,
};
use crate::operation::Operation;
use crate::simulate::Simulation;

/// Allows global cross-Region inference from these Regions only.
#[derive(Debug, Clone)]
pub struct EnableGlobal {
    /// The source Regions.
    pub regions: BTreeSet<String>,
}

impl EnableGlobal {
    fn is_asked(&self, call: &MatrixCall) -> bool {
        call.way == Way::Profile("global".to_owned())
            && !call.is_batch()
            && self.regions.contains(&call.region)
    }

    /// Whether a call is global from another Region.
    fn is_elsewhere(&self, call: &MatrixCall) -> bool {
        call.way.is_global() && !self.regions.contains(&call.region)
    }

    /// Denies global inference from all other Regions.
    fn limit(&self) -> Result<Part, GenerateError> {
        let from_here = self.regions.iter().map(|region| format!("arn:*:bedrock:{region}:*:*"));
        let invoke = statement(
            "DenyBedrockGlobalFromElsewhere",
            "Deny",
            [
                ("Action", text(INVOKE)),
                ("Resource", text("arn:*:bedrock:::foundation-model/*")),
                ("Condition", object([("ArnNotLike", object([(PROFILE_KEY, texts(from_here))]))])),
            ],
        );
        // Jobs have no key of profiles, but the profile is in the source Region.
        let batch = statement(
            "DenyGlobalBatchJobsFromElsewhere",
            "Deny",
            [
                ("Action", text(BATCH)),
                ("Resource", text("arn:*:bedrock:*:*:inference-profile/global.*")),
                (
                    "Condition",
                    object([(
                        "StringNotEquals",
                        object([(REGION_KEY, texts(self.regions.iter()))]),
                    )]),
                ),
            ],
        );
        Ok(Part::scp(self.name(), scp(vec![invoke, batch])?))
    }
}

impl Goal for EnableGlobal {
    fn name(&self) -> &'static str {
        "bedrock-global-regions"
    }

    fn sentence(&self) -> String {
        let regions = self.regions.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        format!("lets global profiles be called from {regions} only")
    }

    fn parts(&self, ground: &Ground<'_>) -> Result<Vec<Part>, GenerateError> {
        let mut parts = changed_denies(self, ground)?;
        // Where global is open from elsewhere, no exemption closes it.
        let mut is_open = false;
        for place in &ground.places {
            let levels = ground.levels(place, &parts, false);
            for call in matrix::calls(self, ground, place) {
                if self.is_elsewhere(&call) && self.expects_denied(&call) {
                    let after = Outcome::of(&ground.simulate(&call, place, &levels)?);
                    is_open |= !after.is(Verdict::Denied);
                }
            }
        }
        if is_open {
            parts.push(self.limit()?);
        }
        Ok(parts)
    }

    fn expected(&self, call: &MatrixCall, _place: &Place, before: &Simulation<'_>) -> Expected {
        if self.asks(call, before) {
            Expected::Allowed
        } else if self.is_asked(call) {
            Expected::Open
        } else if self.is_elsewhere(call) && self.expects_denied(call) {
            Expected::Denied
        } else {
            Expected::Unchanged
        }
    }

    /// The given Regions, and all others that global profiles are called from.
    fn calls(&self, ground: &Ground<'_>) -> Vec<MatrixCall> {
        let profile = format!("global.{}", ground.scene.model);
        let sources = ground.catalog.profile(&profile).into_iter().flat_map(|it| it.keys());
        let all = self.regions.iter().chain(sources).collect::<BTreeSet<_>>();
        let global = Way::Profile("global".to_owned());
        let calls = all.into_iter();
        calls
            .filter_map(|region| MatrixCall::new(global.clone(), &ground.scene.model, region))
            .collect()
    }

    fn catalog_calls(&self, ground: &Ground<'_>) -> Vec<MatrixCall> {
        catalog_calls::of_scope("global", ground)
    }

    fn nothing_to_change(&self) -> String {
        let regions = self.regions.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        format!("global profiles can be called from {regions}, and from no other Region, already")
    }

    fn notes(&self) -> Vec<String> {
        vec![
            "`unspecified` is not added to the Regions of a statement: it would be open to every service that a \
             request without a Region goes to"
                .to_owned(),
            "a batch job through an application profile over a global one is not told apart by its source Region"
                .to_owned(),
        ]
    }

    fn exemptions(&self) -> Vec<String> {
        let pattern =
            |region: &String| format!("arn:*:bedrock:{region}:*:inference-profile/global.*");
        self.regions.iter().map(pattern).collect()
    }
}

impl Sparing for EnableGlobal {
    fn asks(&self, call: &MatrixCall, before: &Simulation<'_>) -> bool {
        self.is_asked(call) && !is_denied_otherwise(call, before)
    }

    fn patterns(&self, _from: Option<&Sources>) -> Vec<String> {
        self.exemptions()
    }
}

impl EnableGlobal {
    /// A job through an application profile over a global one has neither the key of profiles nor a resource
    /// that says that it is global.
    fn expects_denied(&self, call: &MatrixCall) -> bool {
        let batch = Operation::find("CreateModelInvocationJob");
        !(Some(call.operation) == batch && call.way.is_application_profile())
    }
}
