//! What the AWS CLI prints of profiles, throughput, deployments, models, and routers, taken as it is: aliases of
//! their ARNs, and their tags.

use std::collections::{BTreeMap, BTreeSet};

use bedrock::arn::Arn;
use bedrock::{Alias, Catalog};
use serde::Deserialize;

/// The `aws bedrock` commands whose output is read; so is that of the `get-` command of each.
const EXPECTED: &str = "expected the output of `aws bedrock list-inference-profiles`, \
     `list-provisioned-model-throughputs`, `list-custom-model-deployments`, `list-custom-models`, \
     `list-imported-models`, `list-prompt-routers`, or of the `get-` command of one of these";

/// How the tags of a resource may be given.
const TAGS_EXPECTED: &str = "the output of `aws bedrock list-tags-for-resource` does not name its resource: put it \
     behind that of the `get-` command of the resource, or add a resourceARN; or give the output of `aws \
     resourcegroupstaggingapi get-resources`";

/// An output that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CliOutputError {
    /// No JSON, or of another shape.
    #[error("{EXPECTED}")]
    Json(#[source] serde_json::Error),
    /// JSON of something else.
    #[error("{EXPECTED}; found none of them in document {0}")]
    Other(usize),
    /// What `catalog import` reads.
    #[error(
        "document {0}: foundation models have no aliases: give the file to `hoptrail catalog import`"
    )]
    FoundationModels(usize),
    /// A page, and not the last one.
    #[error("document {0}: nextToken: this is one page of several")]
    Page(usize),
    /// Tags, and nothing says whose.
    #[error("document {0}: {TAGS_EXPECTED}")]
    TagsOfNothing(usize),
}

/// What outputs say.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CliOutput {
    /// The ARNs of resources with what they denote.
    pub aliases: Vec<(String, Alias)>,
    /// The ARNs of resources with their tags.
    pub tags: Vec<(String, Tags)>,
}

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// One document: a list, the one resource of a `get-` command, or tags.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    #[serde(
        alias = "provisionedModelSummaries",
        alias = "modelDeploymentSummaries",
        alias = "modelSummaries",
        alias = "promptRouterSummaries"
    )]
    inference_profile_summaries: Option<Vec<Resource>>,
    #[serde(alias = "NextToken", alias = "PaginationToken")]
    next_token: Option<String>,
    #[serde(rename = "ResourceTagMappingList")]
    tagged: Option<Vec<Tagged>>,
    tags: Option<Vec<Tag>>,
    #[serde(rename = "resourceARN", alias = "resourceArn")]
    resource_arn: Option<String>,
    #[serde(flatten)]
    resource: Resource,
}

/// A resource of `get-resources` with its tags.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tagged {
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    #[serde(alias = "Key")]
    key: String,
    #[serde(alias = "Value", default)]
    value: String,
}

/// The fields of any of these resources.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    inference_profile_arn: Option<String>,
    provisioned_model_arn: Option<String>,
    custom_model_deployment_arn: Option<String>,
    prompt_router_arn: Option<String>,
    /// Of a custom or imported model its own, else that of the model behind the resource.
    model_arn: Option<String>,
    base_model_arn: Option<String>,
    foundation_model_arn: Option<String>,
    #[serde(default)]
    models: Vec<Model>,
    fallback_model: Option<Model>,
    #[serde(
        alias = "provisionedModelName",
        alias = "customModelDeploymentName",
        alias = "modelDeploymentName",
        alias = "promptRouterName"
    )]
    inference_profile_name: Option<String>,
    model_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Model {
    #[serde(default)]
    model_arn: String,
}

/// Reads the output, or several of them one after the other: the ARN of each resource with what it denotes
/// and its name, and the tags of resources. A profile that lists no model is left out. Tags alone are those of the
/// resource of the document before, unless they name another one.
///
/// AWS lists one model ARN per destination Region of a profile, and for a global profile one without Region beside
/// that of the source Region. From this the system profile below an application profile is found:
/// global if an ARN has no Region, else the only profile of the catalog with these destinations, else
/// the model alone. An imported model, and a router that may choose between models, have a name only.
///
/// # Errors
/// If the text is no such output, or one page of several without the last one.
pub fn read(text: &str, catalog: &Catalog) -> Result<CliOutput, CliOutputError> {
    let mut all = CliOutput::default();
    let (mut n_documents, mut is_page, mut before) = (0, false, None);
    for output in serde_json::Deserializer::from_str(text).into_iter::<Output>() {
        let output = output.map_err(CliOutputError::Json)?;
        n_documents += 1;
        is_page = output.next_token.is_some_and(|token| !token.is_empty());
        if let Some(tagged) = output.tagged {
            all.tags.extend(tagged.into_iter().map(|of| (of.resource_arn, by_key(of.tags))));
            continue;
        }
        if let (Some(tags), None) = (output.tags, output.resource.arn()) {
            let arn = output.resource_arn.or_else(|| before.take());
            let arn = arn.ok_or(CliOutputError::TagsOfNothing(n_documents))?;
            all.tags.push((arn, by_key(tags)));
            continue;
        }
        let is_list = output.inference_profile_summaries.is_some();
        let found = output.inference_profile_summaries.unwrap_or_default();
        if !is_list && output.resource.arn().is_none() {
            return Err(CliOutputError::Other(n_documents));
        }
        before = output.resource.arn().map(str::to_owned);
        let found = if is_list { found } else { vec![output.resource] };
        for resource in found {
            let arn = resource.arn().ok_or(CliOutputError::Other(n_documents))?.to_owned();
            if Arn::parse(&arn).is_some_and(|arn| arn.resource_type() == "foundation-model") {
                return Err(CliOutputError::FoundationModels(n_documents));
            }
            all.aliases.extend(resource.alias(catalog).map(|alias| (arn, alias)));
        }
    }
    match (n_documents, is_page) {
        (0, _) => Err(CliOutputError::Other(1)),
        (_, true) => Err(CliOutputError::Page(n_documents)),
        _ => Ok(all),
    }
}

fn by_key(tags: Vec<Tag>) -> Tags {
    tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

impl Resource {
    /// Its own ARN.
    fn arn(&self) -> Option<&str> {
        let own = [
            &self.inference_profile_arn,
            &self.provisioned_model_arn,
            &self.custom_model_deployment_arn,
            &self.prompt_router_arn,
            &self.model_arn,
        ];
        own.into_iter().find_map(|arn| arn.as_deref())
    }

    /// What it denotes; `None` if nothing at all.
    fn alias(self, catalog: &Catalog) -> Option<Alias> {
        let model = if self.inference_profile_arn.is_some() {
            Some(self.profile(catalog)?)
        } else if self.provisioned_model_arn.is_some() {
            // A custom model's ARN does not always say which model it is made of.
            self.foundation_model_arn.or(self.model_arn)
        } else if self.custom_model_deployment_arn.is_some() {
            self.model_arn
        } else if self.prompt_router_arn.is_some() {
            self.only_model()
        } else {
            self.base_model_arn
        };
        let name = self.inference_profile_name.or(self.model_name);
        let (model, name) =
            (model.filter(|arn| !arn.is_empty()), name.filter(|name| !name.is_empty()));
        (model.is_some() || name.is_some()).then_some(Alias { model, name })
    }

    /// The system profile below a profile, or else its model.
    fn profile(&self, catalog: &Catalog) -> Option<String> {
        let arns = self.models.iter().filter_map(|model| Arn::parse(&model.model_arn));
        let regions = arns.clone().map(|arn| arn.region).collect::<BTreeSet<_>>();
        let model = arns.map(|arn| arn.resource_id()).next()?;
        if regions.contains("") {
            return Some(format!("global.{model}"));
        }
        let own = self.inference_profile_arn.as_deref().and_then(Arn::parse);
        let source_region = own.map_or("", |arn| arn.region);
        let several = regions.len() > 1;
        let system = several
            .then(|| catalog.profile_with_destinations(model, source_region, &regions))
            .flatten();
        Some(system.unwrap_or(model).to_owned())
    }

    /// The model of a router that has but one to choose.
    fn only_model(&self) -> Option<String> {
        let all = self.models.iter().chain(&self.fallback_model);
        let arns = all.map(|model| model.model_arn.as_str()).collect::<BTreeSet<_>>();
        arns.first().filter(|_| arns.len() == 1).map(|arn| (*arn).to_owned())
    }
}
