//! An identity-based policy for a model or a profile: both actions, on every leg.

use std::collections::BTreeSet;

use bedrock::arn::Arn;
use bedrock::denial::PolicyType;
use bedrock::{ModelRef, TargetType};

use super::exempt::Exempted;
use crate::generate::draft::INVOKE_ACTIONS;
use crate::generate::grants::Grants;
use crate::generate::{
    Expected, GenerateError, Goal, Ground, MatrixCall, Part, Place, Way, policy,
};
use crate::leg::{Call, Knowledge, Legs};
use crate::operation::Operation;
use crate::simulate::Simulation;

/// Allows one model or profile from some Regions.
#[derive(Debug, Clone)]
pub struct IdentityPolicy {
    reference: ModelRef,
    regions: BTreeSet<String>,
    grants: Grants,
}

impl IdentityPolicy {
    /// A policy for a model ID, a profile ID, or the ARN of an application profile; without an account, for
    /// those of any.
    ///
    /// # Errors
    /// If the reference is of another kind, or what an application profile is of is not known.
    pub fn new(
        reference: &str,
        regions: BTreeSet<String>,
        account: Option<&str>,
        knowledge: Knowledge<'_>,
    ) -> Result<Self, GenerateError> {
        let read = knowledge.catalog.read(reference);
        let is_expected = matches!(
            read.target_type,
            TargetType::FoundationModel
                | TargetType::GeoProfile
                | TargetType::GlobalProfile
                | TargetType::ApplicationProfile
        );
        let is_complete =
            read.target_type != TargetType::ApplicationProfile || Arn::parse(&read.text).is_some();
        if !is_expected || !is_complete {
            return Err(GenerateError::goal(format!(
                "expected a model ID, a profile ID, or the ARN of an application profile, found `{reference}`"
            )));
        }
        let mut grants = Grants::default();
        for region in &regions {
            for operation in ["Converse", "ConverseStream"].into_iter().filter_map(Operation::find)
            {
                let call = Call {
                    operation,
                    model_ref: &read.text,
                    region,
                    account: account.unwrap_or("*"),
                    has_api_key: Some(false),
                };
                let found = Legs::of(call, knowledge)?;
                if let Some(missing) = found.missing {
                    return Err(GenerateError::goal(format!("{reference}: {missing}")));
                }
                for leg in &found.legs {
                    grants.add(leg, &INVOKE_ACTIONS);
                }
            }
        }
        Ok(IdentityPolicy { reference: read, regions, grants })
    }

    /// How the matrix calls what is allowed.
    fn way(&self) -> Way {
        match self.reference.target_type {
            TargetType::ApplicationProfile => Way::Own(self.reference.text.clone()),
            _ => match &self.reference.profile_scope {
                Some(scope) => Way::Profile(scope.clone()),
                None => Way::Direct,
            },
        }
    }
}

impl Goal for IdentityPolicy {
    fn name(&self) -> &'static str {
        "bedrock-invoke"
    }

    fn sentence(&self) -> String {
        let regions = self.regions.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        format!("allows {} from {regions}, with streaming", self.reference.text)
    }

    fn parts(&self, _ground: &Ground<'_>) -> Result<Vec<Part>, GenerateError> {
        let document = self.grants.document()?;
        Ok(vec![Part::New(policy(self.name(), document), PolicyType::IdentityBased)])
    }

    fn expected(&self, call: &MatrixCall, _place: &Place, _before: &Simulation<'_>) -> Expected {
        let is_model = match &self.reference.model {
            Some(model) => *model == call.model,
            None => matches!(call.way, Way::Own(_)),
        };
        let is_asked = is_model
            && call.way == self.way()
            && self.regions.contains(&call.region)
            && !call.has_api_key
            && call.operation.action.starts_with("bedrock:InvokeModel");
        if is_asked { Expected::Allowed } else { Expected::Denied }
    }

    fn calls(&self, ground: &Ground<'_>) -> Vec<MatrixCall> {
        let model = self.reference.model.as_ref().unwrap_or(&ground.scene.model);
        let calls = self.regions.iter().filter_map(|it| MatrixCall::new(self.way(), model, it));
        let stream = Operation::find("InvokeModelWithResponseStream");
        let with_stream = |call: MatrixCall| {
            let streaming = stream.map(|operation| MatrixCall { operation, ..call.clone() });
            std::iter::once(call).chain(streaming)
        };
        calls.flat_map(with_stream).collect()
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            "the SCPs of the account have to allow the same: --org tries both together".to_owned(),
        ];
        if self.reference.target_type.is_system_profile() {
            notes.push(
                "the model is allowed in any Region, but through this profile only: AWS decides where its calls run"
                    .to_owned(),
            );
        }
        notes
    }

    fn exemptions(&self) -> Vec<String> {
        let exempted = match (self.reference.target_type, &self.reference.profile_id) {
            (TargetType::ApplicationProfile, _) => {
                Exempted::ApplicationProfile(self.reference.text.clone())
            }
            (_, Some(id)) => Exempted::Profile(id.clone()),
            (_, None) => return Vec::new(),
        };
        exempted.patterns(None)
    }

    fn is_of_identity(&self) -> bool {
        true
    }
}
