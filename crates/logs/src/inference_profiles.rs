//! The output of `aws bedrock list-inference-profiles`, taken as it is.

use std::collections::BTreeSet;

use bedrock::arn::Arn;
use bedrock::{Alias, Catalog};
use serde::Deserialize;

/// An output that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "expected the output of `aws bedrock list-inference-profiles`: `inferenceProfileSummaries` with `inferenceProfileArn` and `models[].modelArn`"
)]
pub struct InferenceProfilesError(#[source] serde_json::Error);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    inference_profile_summaries: Vec<Summary>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    inference_profile_arn: String,
    #[serde(default)]
    inference_profile_name: Option<String>,
    #[serde(default)]
    models: Vec<Model>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Model {
    model_arn: String,
}

/// Reads the output: the ARN of each profile with what it stands for. Profiles that list no model
/// are left out.
///
/// AWS lists one model ARN per destination Region, and for a global profile one without Region beside
/// that of the source Region. From this the system profile below an application profile is found:
/// global if an ARN has no Region, else the only profile of the catalog with these destinations, else
/// the model alone.
///
/// # Errors
/// If the text is no such output.
pub fn aliases(
    text: &str,
    catalog: &Catalog,
) -> Result<Vec<(String, Alias)>, InferenceProfilesError> {
    let output = serde_json::from_str::<Output>(text).map_err(InferenceProfilesError)?;
    let alias = |summary: Summary| {
        let model = stands_for(&summary, catalog)?;
        let name = summary.inference_profile_name.filter(|name| !name.is_empty());
        Some((summary.inference_profile_arn, Alias { model, name }))
    };
    Ok(output.inference_profile_summaries.into_iter().filter_map(alias).collect())
}

fn stands_for(summary: &Summary, catalog: &Catalog) -> Option<String> {
    let arns = summary.models.iter().filter_map(|model| Arn::parse(&model.model_arn));
    let regions = arns.clone().map(|arn| arn.region).collect::<BTreeSet<_>>();
    let model = arns.map(|arn| arn.resource_id()).next()?;
    if regions.contains("") {
        return Some(format!("global.{model}"));
    }
    let source_region = Arn::parse(&summary.inference_profile_arn).map_or("", |arn| arn.region);
    let several = regions.len() > 1;
    let system = several
        .then(|| catalog.profile_with_destinations(model, source_region, &regions))
        .flatten();
    Some(system.unwrap_or(model).to_owned())
}
