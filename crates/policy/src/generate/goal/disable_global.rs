//! No global profile, under whatever name: the model without a Region is denied.

use crate::generate::draft::{scp, statement, text};
use crate::generate::{
    Expected, GenerateError, Goal, Ground, MatrixCall, Part, Place, catalog_calls,
};
use crate::simulate::Simulation;

/// Denies global cross-Region inference, also through application profiles and batch jobs.
#[derive(Debug, Clone, Default)]
pub struct DisableGlobal;

impl Goal for DisableGlobal {
    fn name(&self) -> &'static str {
        "deny-bedrock-global"
    }

    fn sentence(&self) -> String {
        "denies global cross-Region inference, also through application profiles and in batch jobs"
            .to_owned()
    }

    fn parts(&self, _ground: &Ground<'_>) -> Result<Vec<Part>, GenerateError> {
        let statement = statement(
            "DenyBedrockGlobal",
            "Deny",
            [
                ("Action", text("bedrock:*")),
                ("Resource", text("arn:*:bedrock:::foundation-model/*")),
            ],
        );
        Ok(vec![Part::scp(self.name(), scp(vec![statement])?)])
    }

    fn expected(&self, call: &MatrixCall, _place: &Place, _before: &Simulation<'_>) -> Expected {
        if call.way.is_global() { Expected::Denied } else { Expected::Unchanged }
    }

    fn catalog_calls(&self, ground: &Ground<'_>) -> Vec<MatrixCall> {
        catalog_calls::of_scope("global", ground)
    }

    fn notes(&self) -> Vec<String> {
        vec![
            "the statement names the model without a Region, not the profile: a condition on \
             inference-profile/global.* would let application profiles over global ones pass"
                .to_owned(),
        ]
    }
}
