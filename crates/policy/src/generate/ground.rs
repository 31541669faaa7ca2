//! What a goal is reached on: accounts with the SCPs above them, and what is known of models.

use std::sync::Arc;

use bedrock::denial::PolicyType;
use bedrock::{Aliases, Catalog, Regions};

use super::call::MatrixCall;
use super::scene::Scene;
use super::{GenerateError, Part};
use crate::evaluate::{Level, Policy};
use crate::known::KeyState;
use crate::leg::{Call, Knowledge};
use crate::principal::Principal;
use crate::simulate::{Caller, Simulation, simulate};
use crate::split::Levels;

/// An account, and what it is subject to.
#[derive(Debug, Clone)]
pub struct Place {
    /// The account.
    pub account: String,
    /// The SCPs above it, the root first.
    pub levels: Vec<Level>,
    /// The ID of its organization, if it is known.
    pub organization_id: Option<String>,
    /// Its value of `aws:PrincipalOrgPaths`, if it is known.
    pub organization_path: Option<String>,
}

/// What a goal is reached on.
#[derive(Debug)]
pub struct Ground<'a> {
    /// The accounts that it is tried on, at least one.
    pub places: Vec<Place>,
    /// The nodes that new SCPs are attached to; the root if there are none.
    pub targets: Vec<String>,
    /// Models and profiles.
    pub catalog: &'a Catalog,
    /// Regions.
    pub regions: &'a Regions,
    /// Application profiles, those of the matrix among them.
    pub aliases: Aliases,
    /// What the matrix is made of.
    pub scene: Scene,
    /// Who calls; `None` for a role of each account.
    pub principal: Option<Principal>,
    /// Condition keys that were given.
    pub given: Vec<(String, KeyState)>,
}

impl<'a> Ground<'a> {
    /// Ground for a matrix: the application profiles of the scene are known on it.
    pub fn new(
        places: Vec<Place>,
        scene: Scene,
        catalog: &'a Catalog,
        regions: &'a Regions,
        mut aliases: Aliases,
    ) -> Self {
        for place in &places {
            scene.add_aliases(&place.account, catalog, &mut aliases);
        }
        Ground {
            places,
            targets: Vec::new(),
            catalog,
            regions,
            aliases,
            scene,
            principal: None,
            given: Vec::new(),
        }
    }

    /// The levels of a place with parts of a result; with the level of an identity where that is asked for.
    pub(crate) fn levels(&self, place: &Place, parts: &[Part], is_of_identity: bool) -> Levels {
        let mut levels = place.levels.clone();
        let is_target = |level: &Level| {
            self.targets.is_empty()
                || level.node.as_ref().is_some_and(|node| self.targets.contains(node))
        };
        let mut of_identity = Vec::new();
        for part in parts {
            match part {
                Part::New(policy, PolicyType::IdentityBased) => {
                    of_identity.push(Arc::clone(policy));
                }
                Part::New(policy, _) => {
                    let level = levels.iter_mut().find(|level| is_target(level));
                    level.into_iter().for_each(|it| it.policies.push(Arc::clone(policy)));
                }
                Part::Control(control) => {
                    let attached = levels.iter_mut().flat_map(|level| &mut level.policies);
                    let mut enabled = attached.filter(|it| it.id == control.policy.id);
                    if let Some(enabled) = enabled.next() {
                        *enabled = Arc::clone(&control.policy);
                        continue;
                    }
                    let level = levels.iter_mut().find(|level| is_target(level));
                    level.into_iter().for_each(|it| it.policies.push(Arc::clone(&control.policy)));
                }
                Part::Changed { policy, document, .. } => {
                    let document = document.clone();
                    let changed = Arc::new(Policy { document, ..Policy::clone(policy) });
                    let attached = levels.iter_mut().flat_map(|level| &mut level.policies);
                    for it in attached.filter(|it| it.id == policy.id) {
                        *it = Arc::clone(&changed);
                    }
                }
            }
        }
        if is_of_identity {
            let (policy_type, policies) = (PolicyType::IdentityBased, of_identity);
            levels.push(Level { policy_type, node: None, policies });
        }
        Levels::new(levels)
    }

    /// What a call comes to.
    ///
    /// # Errors
    /// If the call cannot be.
    pub(crate) fn simulate<'l>(
        &self,
        call: &MatrixCall,
        place: &Place,
        levels: &'l Levels,
    ) -> Result<Simulation<'l>, GenerateError> {
        let role = format!("arn:{}:iam::{}:role/Application", self.scene.partition, place.account);
        let own = self.principal.as_ref().filter(|it| it.account == place.account).cloned();
        let principal = own.or_else(|| Principal::parse(&role));
        let caller = Caller {
            account: &place.account,
            principal: principal.as_ref(),
            organization_id: place.organization_id.as_deref(),
            organization_path: place.organization_path.as_deref(),
            given: &self.given,
        };
        let model_ref = call.model_ref(&self.scene.partition, &place.account);
        let asked = Call {
            operation: call.operation,
            model_ref: &model_ref,
            region: &call.region,
            account: &place.account,
            has_api_key: Some(call.has_api_key),
        };
        Ok(simulate(asked, caller, levels, self.knowledge())?)
    }

    /// What legs are derived from.
    pub(crate) fn knowledge(&self) -> Knowledge<'_> {
        Knowledge { catalog: self.catalog, regions: self.regions, aliases: &self.aliases }
    }
}
