//! What a call means: model, Region, outcome, denial. It is worked out once for all calls that agree in
//! what it depends on.

use std::cmp::Ordering;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::alias::Aliases;
use crate::call::{Attribute, Attributes, Texts};
use crate::catalog::{Catalog, Destinations};
use crate::denial::{Denial, Leg, PolicyType};
use crate::discount::Discounts;
use crate::error_reason::ErrorReason;
use crate::model_ref::TargetType;
use crate::outcome::Outcome;
use crate::price::PriceBook;
use crate::region::{Regions, Residency, UNKNOWN_REGION};
use crate::resolve::{Resolution, ResolvedModel, resolve};

/// Everything that meaning is drawn from.
#[derive(Debug, Clone)]
pub struct Knowledge {
    /// Models and profiles.
    pub catalog: Catalog,
    /// Regions and jurisdictions.
    pub regions: Regions,
    /// What opaque references denote.
    pub aliases: Aliases,
    /// What tokens cost.
    pub prices: PriceBook,
    /// What was negotiated of the prices, if a file says so.
    pub discounts: Option<Discounts>,
}

/// What tells two states of [`Knowledge`] apart: a fingerprint of each part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Models and profiles.
    pub catalog: String,
    /// Regions and jurisdictions.
    pub regions: String,
    /// Prices.
    pub prices: String,
    /// The user's aliases.
    pub aliases: String,
    /// The discount file, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discounts: Option<String>,
}

/// What a call means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// How the call ended.
    pub outcome: Outcome,
    /// The reference, resolved.
    pub resolution: Resolution,
    /// Where the call ran; `None` if it did not run or that is not known.
    pub inference_region: Option<String>,
    /// What `inference_region` rests on.
    pub basis: Basis,
    /// Where it ran, seen from where it was sent.
    pub residency: Option<Residency>,
    /// Whether an account has to enable the inference Region before it can use it; `None` if it did not run,
    /// or that is not known.
    pub is_opt_in: Option<bool>,
    /// Where the profile may send calls from the source Region, in the order of the codes; `None` if no profile was
    /// called, or the catalog does not say. Many profiles share a list.
    pub declared: Option<Arc<[String]>>,
    /// Whether it ran in a Region of [`Meaning::declared`]; `None` if it did not run, or that is not known.
    pub is_declared: Option<bool>,
    /// The refusal, for denied calls.
    pub denial: Option<Denial>,
    /// Which of the resources that a cross-Region call is checked for was denied, for denied calls.
    pub leg: Option<Leg>,
    /// What the denied resource denotes, for denied calls whose record names no model.
    pub denied_model: Option<Resolution>,
    /// Why the call was refused or failed, if its code or message says.
    pub error_reason: Option<ErrorReason>,
}

/// What the meaning of a call depends on: calls with equal keys mean the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct MeaningKey<'a> {
    /// See [`Attribute::ErrorCode`].
    pub error_code: Option<&'a str>,
    /// See [`Attribute::ErrorMessage`].
    pub error_message: Option<&'a str>,
    /// See [`Attribute::ModelRef`].
    pub model_ref: Option<&'a str>,
    /// See [`Attribute::SourceRegion`].
    pub source_region: Option<&'a str>,
    /// See [`Attribute::InferenceRegion`].
    pub logged_inference_region: Option<&'a str>,
    /// See [`Attribute::LogInferenceRegion`].
    pub entry_inference_region: Option<&'a str>,
    /// See [`Attribute::InvokedModel`].
    pub invoked_model: Option<&'a str>,
}

/// What the inference Region rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Basis {
    /// The record says it.
    Logged,
    /// CloudTrail does not say it, and the invocation log does.
    InvocationLog,
    /// The call succeeded and the record does not say it, so it was served where it was sent
    /// (AWS Machine Learning Blog on cross-Region inference: the field is absent if the request was
    /// not re-routed).
    Source,
    /// There is none.
    None,
}

impl<'a> MeaningKey<'a> {
    /// The attributes that a key is made of.
    pub const ATTRIBUTES: [Attribute; 7] = [
        Attribute::ErrorCode,
        Attribute::ErrorMessage,
        Attribute::ModelRef,
        Attribute::SourceRegion,
        Attribute::InferenceRegion,
        Attribute::LogInferenceRegion,
        Attribute::InvokedModel,
    ];

    /// The key of a call.
    pub fn of(attributes: &Attributes, texts: &'a Texts) -> Self {
        let text = |attribute| texts.get(attributes, attribute);
        let [error_code, error_message, model_ref, source_region, regions @ .., invoked_model] =
            Self::ATTRIBUTES.map(text);
        let [logged_inference_region, entry_inference_region] = regions;
        MeaningKey {
            error_code,
            error_message,
            model_ref,
            source_region,
            logged_inference_region,
            entry_inference_region,
            invoked_model,
        }
    }
}

impl Knowledge {
    /// What ships with hoptrail; there are no aliases and no discounts in it.
    pub fn embedded() -> Self {
        Knowledge {
            catalog: Catalog::embedded(),
            regions: Regions::embedded(),
            aliases: Aliases::default(),
            prices: PriceBook::embedded(),
            discounts: None,
        }
    }

    /// The versions of all of it.
    pub fn versions(&self) -> Versions {
        Versions {
            catalog: self.catalog.version(),
            regions: self.regions.version(),
            prices: self.prices.version(),
            aliases: self.aliases.version(),
            discounts: self.discounts.as_ref().map(Discounts::version),
        }
    }

    /// Works out what the calls with a key mean.
    pub fn meaning(&self, key: MeaningKey<'_>) -> Meaning {
        let (outcome, reason) = Outcome::and_reason_of(key.error_code);
        let (inference_region, basis) = inference_region(key, outcome);
        let residency = match (key.source_region, inference_region) {
            (Some(source), Some(inference)) => self.regions.residency(source, inference),
            _ => None,
        };
        let mut denial = (outcome == Outcome::Denied)
            .then(|| Denial::read(key.error_message.unwrap_or_default()));
        let error_reason = ErrorReason::of(outcome, reason, key.error_message, denial.as_ref());
        if let Some(denial) = &mut denial {
            // The only such code that names a reason is that of a VPC endpoint policy.
            denial.deny_by(reason.map(|_| PolicyType::VpcEndpoint));
        }
        let denied_model = match (key.model_ref, &denial) {
            (None, Some(denial)) => self.denied_model(denial),
            _ => None,
        };
        let mut resolution = resolve(key.model_ref, &self.catalog, &self.aliases);
        if let Some(invoked) = key.invoked_model {
            resolution.invoke(invoked, &self.catalog, &self.aliases);
        }
        let declared = self.declared(&resolution, key.source_region);
        let is_declared = match (&declared, inference_region) {
            (Some(declared), Some(region)) => self.is_declared(declared, region),
            _ => None,
        };
        Meaning {
            outcome,
            resolution,
            inference_region: inference_region.map(str::to_owned),
            basis,
            residency,
            is_opt_in: inference_region.and_then(|region| self.regions.is_opt_in(region)),
            declared,
            is_declared,
            leg: denial.as_ref().and_then(|denial| denial.leg(key.source_region)),
            denied_model,
            error_reason,
            denial,
        }
    }

    /// Where the catalog says that a profile may send calls from a Region.
    fn declared(
        &self,
        resolution: &Resolution,
        source_region: Option<&str>,
    ) -> Option<Arc<[String]>> {
        let profile = self.catalog.profile(resolution.system_profile.as_deref()?)?;
        match profile.get(source_region?)? {
            Destinations::Regions(regions) => Some(Arc::clone(regions)),
            Destinations::AllCommercial => Some(Arc::clone(self.regions.commercial())),
            Destinations::NotPublished => None,
        }
    }

    /// Whether a Region is declared. Of a global profile, AWS declares all commercial Regions, of which a new one may
    /// not be known.
    fn is_declared(&self, declared: &Arc<[String]>, region: &str) -> Option<bool> {
        let is_there = declared.iter().any(|declared| declared == region);
        let is_open = Arc::ptr_eq(declared, self.regions.commercial());
        (is_there || !is_open || self.regions.get(region).is_some()).then_some(is_there)
    }

    /// What the denied resource denotes, if that is a model or profile. A model that was denied may have been
    /// called through a profile, which it does not name: then the target type is unknown. But only a global
    /// profile needs the model without a Region.
    fn denied_model(&self, denial: &Denial) -> Option<Resolution> {
        let leg = denial.leg(Some(""))?;
        let resolution = resolve(denial.resource.as_deref(), &self.catalog, &self.aliases);
        match leg {
            Leg::Profile => Some(resolution),
            Leg::GlobalModel => Some(Resolution {
                target_type: TargetType::GlobalProfile,
                profile_scope: Some("global".to_owned()),
                ..resolution
            }),
            Leg::SourceModel | Leg::DestinationModel => {
                Some(Resolution { target_type: TargetType::Unknown, ..resolution })
            }
        }
    }
}

/// A call that failed has no inference Region unless a log gives one: it is never defaulted.
fn inference_region(key: MeaningKey<'_>, outcome: Outcome) -> (Option<&str>, Basis) {
    match (key.logged_inference_region, key.entry_inference_region, key.source_region) {
        (Some(logged), ..) => (Some(logged), Basis::Logged),
        // It ran somewhere, perhaps elsewhere than in the source Region.
        (None, Some(UNKNOWN_REGION), _) => (None, Basis::None),
        (None, Some(entry), _) => (Some(entry), Basis::InvocationLog),
        (None, None, Some(source)) if outcome == Outcome::Succeeded => {
            (Some(source), Basis::Source)
        }
        _ => (None, Basis::None),
    }
}

impl Meaning {
    /// The model that was called, if it is known.
    pub fn model(&self) -> Option<&ResolvedModel> {
        self.resolution.model.as_ref().ok()
    }

    /// What a denied call was addressed to, taken from the denied resource where its record names no model.
    pub fn denied_resolution(&self) -> &Resolution {
        self.denied_model.as_ref().unwrap_or(&self.resolution)
    }

    /// The same, of a denied call of which a network activity event tells that the policy of a VPC endpoint
    /// denied it. A policy that the message names stays.
    #[must_use]
    pub fn denied_by_endpoint(mut self) -> Self {
        if let Some(denial) = &mut self.denial {
            denial.deny_by(Some(PolicyType::VpcEndpoint));
            self.error_reason = Some(ErrorReason::Policy);
        }
        self
    }
}

/// The order of the texts, which is that of the tables.
impl Ord for Basis {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for Basis {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Basis {
    /// The value of the column `inference_region_basis`.
    pub fn as_str(self) -> &'static str {
        match self {
            Basis::Logged => "logged",
            Basis::InvocationLog => "invocation_log",
            Basis::Source => "source",
            Basis::None => "none",
        }
    }
}
