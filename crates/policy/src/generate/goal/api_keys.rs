//! No Bedrock API keys.

use crate::generate::draft::{object, scp, statement, text, texts};
use crate::generate::{Expected, GenerateError, Goal, Ground, MatrixCall, Part, Place};
use crate::operation::{BEARER_TOKEN, MANTLE_BEARER_TOKEN};
use crate::simulate::Simulation;

/// Denies calls with API keys.
#[derive(Debug, Clone, Default)]
pub struct NoApiKeys {
    /// Whether long-term keys cannot be created either.
    pub denies_creation: bool,
}

impl Goal for NoApiKeys {
    fn name(&self) -> &'static str {
        "deny-bedrock-api-keys"
    }

    fn sentence(&self) -> String {
        let creation = if self.denies_creation { ", and to create long-term ones" } else { "" };
        format!("denies calls with Bedrock API keys, short-term and long-term{creation}")
    }

    fn parts(&self, _ground: &Ground<'_>) -> Result<Vec<Part>, GenerateError> {
        let mut statements = vec![statement(
            "DenyBedrockApiKeys",
            "Deny",
            [("Action", texts([BEARER_TOKEN, MANTLE_BEARER_TOKEN])), ("Resource", text("*"))],
        )];
        if self.denies_creation {
            statements.push(statement(
                "DenyNewBedrockApiKeys",
                "Deny",
                [
                    ("Action", text("iam:CreateServiceSpecificCredential")),
                    ("Resource", text("*")),
                    (
                        "Condition",
                        object([(
                            "StringEquals",
                            object([(
                                "iam:ServiceSpecificCredentialServiceName",
                                text("bedrock.amazonaws.com"),
                            )]),
                        )]),
                    ),
                ],
            ));
        }
        Ok(vec![Part::scp(self.name(), scp(statements)?)])
    }

    fn expected(&self, call: &MatrixCall, _place: &Place, _before: &Simulation<'_>) -> Expected {
        if call.has_api_key { Expected::Denied } else { Expected::Unchanged }
    }

    fn notes(&self) -> Vec<String> {
        if self.denies_creation {
            return Vec::new();
        }
        vec![
            "long-term keys can still be created, and are of no use; --creation denies that, too"
                .to_owned(),
        ]
    }
}
