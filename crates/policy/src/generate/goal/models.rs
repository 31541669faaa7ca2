//! Approved models only: by their IDs, through profiles, through application profiles, at the mantle endpoint.

use bedrock::Catalog;
use bedrock::catalog::Lookup;

use crate::generate::draft::{BATCH, INVOKE, MANTLE, object, scp, statement, text, texts};
use crate::generate::{Expected, GenerateError, Goal, Ground, MatrixCall, Part, Place};
use crate::glob::{Glob, symbols};
use crate::simulate::Simulation;

/// Resources that are authorized besides the model, and say nothing of it.
const BESIDE_MODELS: [&str; 3] = [
    "arn:*:bedrock:*:*:*inference-profile/*",
    "arn:*:bedrock:*:*:model-invocation-job/*",
    "arn:*:bedrock:*:*:project/*",
];

/// Denies all models but those of a list.
#[derive(Debug, Clone)]
pub struct ApprovedModels {
    /// Model IDs, also with wildcards: `anthropic.*`.
    models: Vec<String>,
    /// The same as the mantle endpoint writes them.
    at_mantle: Vec<String>,
}

impl ApprovedModels {
    /// Models by their IDs or by patterns of IDs.
    ///
    /// # Errors
    /// If one is a profile, an ARN, or none that the catalog has.
    pub fn new(models: &[String], catalog: &Catalog) -> Result<Self, GenerateError> {
        let mut at_mantle = Vec::new();
        for model in models {
            if model.chars().all(|c| c == '*') {
                return Err(GenerateError::goal(format!(
                    "expected the models to approve, found `{model}`: where all are, no policy is needed"
                )));
            }
            let is_known = catalog.models().iter().any(|it| matches(model, &it.id));
            if model.contains([':', '/']) && model.starts_with("arn:") || !is_known {
                let meant = catalog.meant(model);
                let meant = match meant.first() {
                    Some(meant) => format!("; did you mean `{meant}`?"),
                    None => String::new(),
                };
                return Err(GenerateError::goal(format!(
                    "expected a model ID of the catalog without a scope, or a pattern such as anthropic.*, found \
                     `{model}`{meant}"
                )));
            }
            let other = other_ids(model, catalog);
            for id in std::iter::once(model.clone()).chain(other) {
                if !at_mantle.contains(&id) {
                    at_mantle.push(id);
                }
            }
        }
        Ok(ApprovedModels { models: models.to_vec(), at_mantle })
    }

    /// Whether a model is approved.
    pub fn has(&self, model: &str) -> bool {
        self.models.iter().any(|pattern| matches(pattern, model))
    }
}

fn matches(pattern: &str, model: &str) -> bool {
    Glob::text(&symbols(pattern), true, false).is_match(model)
}

/// The mantle endpoint writes some IDs without their ends (`openai.gpt-oss-120b` for
/// `openai.gpt-oss-120b-1:0`).
fn other_ids(model: &str, catalog: &Catalog) -> Vec<String> {
    let Lookup::Exact(known) = catalog.model(model) else { return Vec::new() };
    let without_minor = model.split_once(':').map(|(head, _)| head);
    let without_major = without_minor.and_then(|head| head.rsplit_once('-')).map(|(head, _)| head);
    let heads = without_minor.into_iter().chain(without_major);
    let is_same = |id: &&str| matches!(catalog.model(id), Lookup::Exact(it) if it.id == known.id);
    heads.filter(is_same).map(str::to_owned).collect()
}

impl Goal for ApprovedModels {
    fn name(&self) -> &'static str {
        "bedrock-approved-models"
    }

    fn sentence(&self) -> String {
        format!("denies all models but {}, whichever way they are called", self.models.join(", "))
    }

    fn parts(&self, _ground: &Ground<'_>) -> Result<Vec<Part>, GenerateError> {
        let models =
            self.models.iter().map(|model| format!("arn:*:bedrock:*::foundation-model/{model}"));
        let spared = models.chain(BESIDE_MODELS.map(str::to_owned));
        let of_runtime = statement(
            "DenyOtherBedrockModels",
            "Deny",
            [("Action", texts([BATCH, INVOKE])), ("NotResource", texts(spared))],
        );
        let has_wildcards = self.at_mantle.iter().any(|it| it.contains(['*', '?']));
        let operator = if has_wildcards { "StringNotLike" } else { "StringNotEquals" };
        let of_mantle = statement(
            "DenyOtherMantleModels",
            "Deny",
            [
                ("Action", text(MANTLE)),
                ("Resource", text("*")),
                (
                    "Condition",
                    object([(
                        operator,
                        object([("bedrock-mantle:Model", texts(self.at_mantle.iter()))]),
                    )]),
                ),
            ],
        );
        Ok(vec![Part::scp(self.name(), scp(vec![of_runtime, of_mantle])?)])
    }

    fn expected(&self, call: &MatrixCall, _place: &Place, _before: &Simulation<'_>) -> Expected {
        if self.has(&call.model) { Expected::Unchanged } else { Expected::Denied }
    }

    fn notes(&self) -> Vec<String> {
        vec![
            "profiles are spared because each call through one is authorized for its models, too".to_owned(),
            "custom, imported, and provisioned models, and prompt routers, are denied as models that are not of the \
             list"
                .to_owned(),
        ]
    }
}
