//! The configurable Region deny of Control Tower, CT.MULTISERVICE.PV.1: parameters that spare the two actions
//! that run models, and the SCP beside it that denies them again but for profiles.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::exempt::{Exempt, own_calls};
use crate::evaluate::Policy;
use crate::generate::change::{OU_CONTROL_SID, spare_actions};
use crate::generate::draft::{
    INVOKE, INVOKE_ACTIONS, PROFILE_KEY, REGION_KEY, object, scp, statement, text, texts,
};
use crate::generate::sparing::Sparing;
use crate::generate::{
    Control, Expected, GenerateError, Goal, Ground, MatrixCall, Part, Place, policy,
};
use crate::simulate::Simulation;

/// The identifier of the control.
const IDENTIFIER: &str = "CT.MULTISERVICE.PV.1";

/// A few of the actions that the control spares, none of which is Bedrock's (Control Tower control reference,
/// "OU Region deny", 2026-11). AWS changes the list; the matrix does not depend on it.
const SPARED: [&str; 4] = ["iam:*", "organizations:*", "sts:*", "support:*"];

/// Lets calls through profiles pass the control.
#[derive(Debug, Clone)]
pub struct ControlTower {
    /// The Regions that the control allows.
    regions: BTreeSet<String>,
    /// What passes.
    exempt: Exempt,
    /// The policy of the control, if the organization has it.
    enabled: Option<Arc<Policy>>,
}

impl ControlTower {
    /// Parameters for a control, which the places of an organization may have already.
    ///
    /// # Errors
    /// If no Region is given, or others than the control has.
    pub fn new(
        regions: &BTreeSet<String>,
        exempt: Exempt,
        places: &[Place],
    ) -> Result<Self, GenerateError> {
        let mut attached = places.iter().flat_map(|it| &it.levels).flat_map(|it| &it.policies);
        let enabled = attached.find(|it| control_statement(it).is_some()).cloned();
        let known = enabled.as_ref().and_then(|policy| {
            let statement = policy.document.statements.get(control_statement(policy)?)?;
            Some(statement.values_of(true, REGION_KEY)?.iter().cloned().collect::<BTreeSet<_>>())
        });
        let regions = match known {
            Some(known) if !regions.is_empty() && known != *regions => {
                let known = known.into_iter().collect::<Vec<_>>().join(", ");
                return Err(GenerateError::goal(format!(
                    "expected the Regions that the enabled control allows: {known}"
                )));
            }
            Some(known) => known,
            None if regions.is_empty() => {
                return Err(GenerateError::goal(
                    "expected --allowed-region: the control has to have at least one".to_owned(),
                ));
            }
            None => regions.clone(),
        };
        Ok(ControlTower { regions, exempt, enabled })
    }

    /// Whether the organization has the control already.
    pub fn is_enabled(&self) -> bool {
        self.enabled.is_some()
    }

    /// The Regions that the control allows.
    pub fn regions(&self) -> &BTreeSet<String> {
        &self.regions
    }

    fn control(&self, spared: &[&str]) -> Result<Control, GenerateError> {
        let policy = match &self.enabled {
            Some(enabled) => {
                let statement = control_statement(enabled).unwrap_or_default();
                let changed = spare_actions(&enabled.document, statement, spared)?;
                let document = changed.unwrap_or_else(|| enabled.document.clone());
                Arc::new(Policy { document, ..Policy::clone(enabled) })
            }
            None => policy(IDENTIFIER, scp(vec![self.control_document(spared)])?),
        };
        let mut parameters = vec![("AllowedRegions", self.regions.iter().cloned().collect())];
        if !spared.is_empty() {
            let spared = spared.iter().map(|it| (*it).to_owned()).collect();
            parameters.push(("ExemptedActions", spared));
        }
        Ok(Control { identifier: IDENTIFIER, parameters, policy })
    }

    fn control_document(&self, spared: &[&str]) -> crate::json::Node {
        statement(
            OU_CONTROL_SID,
            "Deny",
            [
                ("NotAction", texts(spared.iter().copied().chain(SPARED))),
                ("Resource", text("*")),
                (
                    "Condition",
                    object([
                        ("StringNotEquals", object([(REGION_KEY, texts(self.regions.iter()))])),
                        (
                            "ArnNotLike",
                            object([(
                                "aws:PrincipalARN",
                                text("arn:*:iam::*:role/AWSControlTowerExecution"),
                            )]),
                        ),
                    ]),
                ),
            ],
        )
    }
}

/// The place of the control's statement in a policy.
fn control_statement(policy: &Policy) -> Option<usize> {
    let statements = &policy.document.statements;
    statements.iter().position(|it| it.sid.as_deref() == Some(OU_CONTROL_SID))
}

impl Goal for ControlTower {
    fn name(&self) -> &'static str {
        "bedrock-beside-region-deny"
    }

    fn sentence(&self) -> String {
        format!("beside {IDENTIFIER} with these parameters, {}", self.exempt.sentence())
    }

    fn standing(&self) -> Result<Vec<Part>, GenerateError> {
        match &self.enabled {
            Some(_) => Ok(Vec::new()),
            None => Ok(vec![Part::Control(self.control(&[])?)]),
        }
    }

    fn parts(&self, _ground: &Ground<'_>) -> Result<Vec<Part>, GenerateError> {
        let deny = statement(
            "DenyBedrockOutsideRegions",
            "Deny",
            [
                ("Action", text(INVOKE)),
                ("Resource", text("*")),
                (
                    "Condition",
                    object([
                        ("StringNotEquals", object([(REGION_KEY, texts(self.regions.iter()))])),
                        ("ArnNotLike", object([(PROFILE_KEY, texts(self.exemptions()))])),
                    ]),
                ),
            ],
        );
        let statements = std::iter::once(deny).chain(self.exempt.guard(false)).collect();
        // The SCP comes first: between the two, nothing is open.
        Ok(vec![
            Part::scp(self.name(), scp(statements)?),
            Part::Control(self.control(&INVOKE_ACTIONS)?),
        ])
    }

    fn expected(&self, call: &MatrixCall, _place: &Place, before: &Simulation<'_>) -> Expected {
        self.exempt.expects(call, before)
    }

    fn calls(&self, ground: &Ground<'_>) -> Vec<MatrixCall> {
        own_calls(&self.exempt.exempted, ground)
    }

    fn catalog_calls(&self, ground: &Ground<'_>) -> Vec<MatrixCall> {
        self.exempt.catalog_calls(ground)
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            "deploy the SCP first, and to the same organizational unit: without it, the two actions are open in every \
             Region"
                .to_owned(),
            "Control Tower needs landing zone 3.0 or later, no drift, and enrolled accounts; it may take an hour"
                .to_owned(),
            "the control spares the other actions that AWS lists, none of which is Bedrock's (2026-11); the matrix \
             stands on four of them"
                .to_owned(),
        ];
        if self.is_enabled() {
            notes.push(
                "an update replaces all parameters: add those that the control has besides (`aws controltower \
                 get-enabled-control`)"
                    .to_owned(),
            );
        }
        notes
    }

    fn exemptions(&self) -> Vec<String> {
        self.exempt.exemptions()
    }
}
