//! Every form that a `modelId` can have, as one table. Reading one never fails: what has no
//! known form is `TargetType::Unknown`.
//!
//! The forms are those that the patterns `InvokeModelIdentifier` and `ConversationalModelId` of the
//! Bedrock service models admit (botocore 1.44.5), and the spellings that clients put around them.

use percent_encoding::percent_decode_str;

use serde::{Deserialize, Serialize};

use crate::arn::Arn;
use crate::region::is_region_shaped;

/// What kind of resource a call was addressed to, in the order of the names, which is that of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TargetType {
    /// An application inference profile, a customer's own.
    ApplicationProfile,
    /// A custom model or a deployment of one.
    CustomModel,
    /// A foundation model, by id or ARN.
    FoundationModel,
    /// A system profile of a geography (`us.`, `eu.`, ...).
    GeoProfile,
    /// A system profile without geography (`global.`).
    GlobalProfile,
    /// An imported model.
    ImportedModel,
    /// A SageMaker endpoint of the Bedrock Marketplace.
    MarketplaceEndpoint,
    /// A prompt of prompt management, which names the model inside.
    Prompt,
    /// A prompt router, which chooses the model for each call.
    PromptRouter,
    /// Provisioned throughput.
    Provisioned,
    /// No known form, or no reference at all.
    Unknown,
}

/// What a resource's id says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    /// A model id.
    Model,
    /// A system profile's id.
    Profile,
    /// The base model's id, then an id of its own.
    BaseModel,
    /// Nothing but itself.
    Nothing,
}

/// One form of ARN.
struct ArnForm {
    service: &'static str,
    resource_type: &'static str,
    target_type: TargetType,
    names: Names,
}

const fn form(
    service: &'static str,
    resource_type: &'static str,
    target_type: TargetType,
    names: Names,
) -> ArnForm {
    ArnForm { service, resource_type, target_type, names }
}

/// The forms of ARN. A profile's type is refined by its scope.
const ARN_FORMS: &[ArnForm] = &[
    form("bedrock", "foundation-model", TargetType::FoundationModel, Names::Model),
    form("bedrock", "inference-profile", TargetType::GeoProfile, Names::Profile),
    form(
        "bedrock",
        "application-inference-profile",
        TargetType::ApplicationProfile,
        Names::Nothing,
    ),
    form("bedrock", "provisioned-model", TargetType::Provisioned, Names::Nothing),
    form("bedrock", "custom-model", TargetType::CustomModel, Names::BaseModel),
    form("bedrock", "custom-model-deployment", TargetType::CustomModel, Names::Nothing),
    form("bedrock", "imported-model", TargetType::ImportedModel, Names::Nothing),
    form("bedrock", "prompt", TargetType::Prompt, Names::Nothing),
    form("bedrock", "prompt-router", TargetType::PromptRouter, Names::Nothing),
    form("bedrock", "default-prompt-router", TargetType::PromptRouter, Names::Nothing),
    form("sagemaker", "endpoint", TargetType::MarketplaceEndpoint, Names::Nothing),
];

/// The scopes that were seen; the list is open, see [`ModelRef::read`].
const KNOWN_SCOPES: &[&str] = &["us", "eu", "apac", "jp", "au", "ca", "in", "us-gov", "global"];

/// Words that clients and gateways put before a reference (`litellm_proxy/bedrock/us-east-2/...`).
const CLIENT_PREFIXES: &[&str] =
    &["bedrock", "bedrock_converse", "bedrock_mantle", "converse", "invoke", "litellm_proxy"];

/// A model reference, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelRef {
    /// The model identifier without encoding and without what clients put around it: the key for
    /// aliases.
    pub text: String,
    /// What the call was addressed to.
    pub target_type: TargetType,
    /// `us`, `eu`, `global`, ...; system profiles only.
    pub profile_scope: Option<String>,
    /// A system profile's id (`us.anthropic.claude-...`), or the opaque id of an application profile.
    pub profile_id: Option<String>,
    /// The model id that the reference spells out, scope removed; `None` if it is opaque.
    pub model: Option<String>,
}

impl ModelRef {
    /// Reads a model identifier. `is_provider` knows the providers of the catalog (`anthropic`, `zai`).
    ///
    /// A bare id has a scope if its first part is no provider and either its second part is one or
    /// the first part is a known scope: AWS's own pattern leaves the scopes open (`[a-z-]{2,8}.`).
    pub fn read(text: &str, is_provider: impl Fn(&str) -> bool) -> Self {
        let text = without_client_parts(&decoded(text.trim()));
        if text.starts_with("arn:") {
            Self::read_arn(text, is_provider)
        } else {
            Self::read_id(text, is_provider)
        }
    }

    fn read_arn(text: String, is_provider: impl Fn(&str) -> bool) -> Self {
        let Some(arn) = Arn::parse(&text) else { return Self::unknown(text) };
        let kind = arn.resource_type();
        let known = |form: &&ArnForm| form.service == arn.service && form.resource_type == kind;
        let Some(form) = ARN_FORMS.iter().find(known) else { return Self::unknown(text) };
        let id = arn.resource_id();
        if id.is_empty() {
            return Self::unknown(text);
        }
        let opaque = |profile_id: Option<&str>| ModelRef {
            text: text.clone(),
            target_type: form.target_type,
            profile_scope: None,
            profile_id: profile_id.map(str::to_owned),
            model: None,
        };
        match form.names {
            Names::Model => {
                let (scope, model) = split_scope(id, is_provider);
                ModelRef {
                    profile_scope: scope.map(str::to_owned),
                    model: Some(model.to_owned()),
                    ..opaque(None)
                }
            }
            // The ARN's type says that this is a profile; therefore, the first part is a scope whatever
            // it is called.
            Names::Profile => match id.split_once('.') {
                Some((scope, model)) if !is_provider(scope) && model.contains('.') => {
                    Self::profile(&text, scope, model, id)
                }
                _ => ModelRef { profile_id: Some(id.to_owned()), ..Self::unknown(text) },
            },
            Names::BaseModel => match id.rsplit_once('/') {
                Some((base, _)) if base.contains('.') => {
                    ModelRef { model: Some(base.to_owned()), ..opaque(None) }
                }
                _ => opaque(None),
            },
            Names::Nothing => {
                opaque((form.target_type == TargetType::ApplicationProfile).then_some(id))
            }
        }
    }

    fn read_id(text: String, is_provider: impl Fn(&str) -> bool) -> Self {
        if let Some((base, own)) = text.rsplit_once('/')
            && is_custom_model_id(own)
            && base.split_once('.').is_some_and(|(head, _)| is_provider(head))
        {
            let model = Some(base.to_owned());
            return ModelRef { target_type: TargetType::CustomModel, model, ..Self::unknown(text) };
        }
        let (scope, model) = split_scope(&text, &is_provider);
        match scope {
            Some(scope) => Self::profile(&text, scope, model, &text),
            None if model.split_once('.').is_some_and(|(head, _)| is_provider(head)) => ModelRef {
                target_type: TargetType::FoundationModel,
                model: Some(text.clone()),
                ..Self::unknown(text)
            },
            None => Self::unknown(text),
        }
    }

    fn profile(text: &str, scope: &str, model: &str, id: &str) -> Self {
        let target_type =
            if scope == "global" { TargetType::GlobalProfile } else { TargetType::GeoProfile };
        ModelRef {
            text: text.to_owned(),
            target_type,
            profile_scope: Some(scope.to_owned()),
            profile_id: Some(id.to_owned()),
            model: Some(model.to_owned()),
        }
    }

    fn unknown(text: String) -> Self {
        ModelRef {
            text,
            target_type: TargetType::Unknown,
            profile_scope: None,
            profile_id: None,
            model: None,
        }
    }
}

impl TargetType {
    /// Whether it names no model, but has one chosen when it is called.
    pub fn chooses_model(self) -> bool {
        matches!(self, TargetType::Prompt | TargetType::PromptRouter)
    }

    /// Whether it is a system-defined inference profile, whose Regions AWS decides.
    pub fn is_system_profile(self) -> bool {
        matches!(self, TargetType::GeoProfile | TargetType::GlobalProfile)
    }

    /// The value of the column `target_type`.
    pub fn as_str(self) -> &'static str {
        match self {
            TargetType::FoundationModel => "foundation_model",
            TargetType::GeoProfile => "geo_profile",
            TargetType::GlobalProfile => "global_profile",
            TargetType::ApplicationProfile => "application_profile",
            TargetType::Provisioned => "provisioned",
            TargetType::CustomModel => "custom_model",
            TargetType::ImportedModel => "imported_model",
            TargetType::Prompt => "prompt",
            TargetType::PromptRouter => "prompt_router",
            TargetType::MarketplaceEndpoint => "marketplace_endpoint",
            TargetType::Unknown => "unknown",
        }
    }
}

/// Splits `us.anthropic.claude-x` into `us` and `anthropic.claude-x`. Names may contain dots
/// (`deepseek.v3.2`); therefore, the parts alone do not show it.
fn split_scope(id: &str, is_provider: impl Fn(&str) -> bool) -> (Option<&str>, &str) {
    let Some((head, rest)) = id.split_once('.') else { return (None, id) };
    let Some((next, _)) = rest.split_once('.') else { return (None, id) };
    let is_scope = !is_provider(head)
        && is_scope_shaped(head)
        && (is_provider(next) || KNOWN_SCOPES.contains(&head));
    if is_scope { (Some(head), rest) } else { (None, id) }
}

/// AWS's pattern for the head of a profile id, which admits scopes that do not exist yet.
pub(crate) fn is_scope_shaped(head: &str) -> bool {
    (2..=8).contains(&head.len()) && head.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

/// Twelve characters of `[a-z0-9]`: the own id of a custom model.
fn is_custom_model_id(id: &str) -> bool {
    id.len() == 12 && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// Removes percent-encoding, also where it was applied twice.
fn decoded(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..2 {
        if !text.contains('%') {
            break;
        }
        match percent_decode_str(&text).decode_utf8() {
            Ok(decoded) => text = decoded.into_owned(),
            Err(_) => break,
        }
    }
    text
}

/// Removes what gateways put before a model identifier, and CloudWatch's `+latency-optimized` after it.
fn without_client_parts(text: &str) -> String {
    let mut rest = text;
    while !rest.starts_with("arn:")
        && let Some((first, tail)) = rest.split_once('/')
        && (CLIENT_PREFIXES.contains(&first) || is_region_shaped(first))
    {
        rest = tail;
    }
    if !rest.starts_with("arn:")
        && let Some((id, _)) = rest.split_once('+')
    {
        rest = id;
    }
    rest.to_owned()
}
