//! No direct calls: models run through profiles only.

use crate::generate::draft::{INVOKE, MANTLE, PROFILE_KEY, object, scp, statement, text, texts};
use crate::generate::{Expected, GenerateError, Goal, Ground, MatrixCall, Part, Place, Way};
use crate::simulate::Simulation;

/// Denies foundation models that are called without an inference profile.
#[derive(Debug, Clone, Default)]
pub struct ProfilesOnly {
    /// Whether calls to the mantle endpoint, which know no profiles, stay as they are.
    pub spares_mantle: bool,
}

impl Goal for ProfilesOnly {
    fn name(&self) -> &'static str {
        "bedrock-profiles-only"
    }

    fn sentence(&self) -> String {
        let mantle = if self.spares_mantle {
            ""
        } else {
            ", and calls to the mantle endpoint, which has none"
        };
        format!("denies foundation models that are called without a profile{mantle}")
    }

    fn parts(&self, _ground: &Ground<'_>) -> Result<Vec<Part>, GenerateError> {
        let mut actions = vec![INVOKE];
        let mut resources = vec!["arn:*:bedrock:*::foundation-model/*"];
        if !self.spares_mantle {
            // This action has no such key: `Null` is true.
            actions.push(MANTLE);
            resources.push("arn:*:bedrock-mantle:*:*:*");
        }
        let statement = statement(
            "DenyBedrockWithoutProfile",
            "Deny",
            [
                ("Action", texts(actions)),
                ("Resource", texts(resources)),
                ("Condition", object([("Null", object([(PROFILE_KEY, text("true"))]))])),
            ],
        );
        Ok(vec![Part::scp(self.name(), scp(vec![statement])?)])
    }

    fn expected(&self, call: &MatrixCall, _place: &Place, _before: &Simulation<'_>) -> Expected {
        match call.way {
            Way::Direct if !call.is_batch() => Expected::Denied,
            Way::Mantle if !self.spares_mantle => Expected::Denied,
            _ => Expected::Unchanged,
        }
    }

    fn notes(&self) -> Vec<String> {
        vec![
            "batch jobs stay as they are: their action has no key of profiles, so that no policy tells a job through \
             a profile from one without"
                .to_owned(),
            "custom, imported, and provisioned models stay as they are: they have no profiles".to_owned(),
        ]
    }
}
