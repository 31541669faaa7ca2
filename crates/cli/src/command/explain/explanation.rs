//! What is known of one model identifier.

use std::collections::BTreeMap;

use bedrock::arn::Arn;
use bedrock::catalog::{Destinations, Lookup};
use bedrock::cost::{CostGap, price_key};
use bedrock::discount::DiscountKey;
use bedrock::price::TokenKind;
use bedrock::resolve::{Resolution, Unresolved, resolve};
use bedrock::{Knowledge, TargetType, UsdPerMillion, cut};
use jiff::civil::Date;
use serde::Serialize;

use super::Context;
use crate::region::did_you_mean;

/// Instead of the Regions of a profile that may send calls to any commercial one.
pub(super) const ALL_COMMERCIAL: &str = "ALL_COMMERCIAL";

/// Why there is no price: by the catalog, the profile cannot be called from the Region.
pub(super) const NOT_CALLABLE: &str = "not_callable";

/// What is known of a model identifier.
#[derive(Debug, Serialize)]
pub(super) struct Explanation {
    pub(super) model_ref: String,
    pub(super) target_type: &'static str,
    pub(super) profile_scope: Option<String>,
    pub(super) profile_id: Option<String>,
    pub(super) alias_name: Option<String>,
    pub(super) model_id: Option<String>,
    pub(super) model_name: Option<String>,
    pub(super) model_provider: Option<String>,
    pub(super) model_match: &'static str,
    /// Why there is no model.
    pub(super) reason: Option<&'static str>,
    pub(super) hint: Option<&'static str>,
    /// The models that an identifier without model may mean.
    pub(super) candidates: Vec<String>,
    /// The ids that were meant, if this one is a slip.
    pub(super) did_you_mean: Vec<String>,
    /// What the user may not expect.
    pub(super) notes: Vec<String>,
    /// The Region of the ARN, else the one that was asked for.
    pub(super) source_region: Option<String>,
    /// Of a foundation model, see [`DirectCall`].
    pub(super) direct_call: Option<DirectCall>,
    /// The system profile whose destinations these are.
    pub(super) system_profile: Option<String>,
    /// Whether the system profile can be called from the source Region; null if the catalog does not say.
    pub(super) is_callable: Option<bool>,
    /// By source Region: Regions, or `ALL_COMMERCIAL`; null where AWS does not print them.
    pub(super) destinations: Option<BTreeMap<String, Option<Vec<String>>>>,
    /// The Regions from which the system profile can be called.
    #[serde(skip)]
    pub(super) callable_from: Vec<String>,
    /// The system profiles that the catalog has of the model, if it does not have this one.
    #[serde(skip)]
    pub(super) other_profiles: Vec<String>,
    /// On demand, in the standard tier.
    pub(super) prices: Prices,
}

/// Whether a model can be called by its id.
#[derive(Debug, Serialize)]
pub(super) struct DirectCall {
    /// The Region that this is about, that of the prices.
    pub(super) source_region: String,
    /// Null if the catalog does not say.
    pub(super) is_possible: Option<bool>,
    /// The system profiles through which it can be called there.
    pub(super) profiles: Vec<String>,
}

/// The prices of a model identifier.
#[derive(Debug, Serialize)]
pub(super) struct Prices {
    /// The Region whose prices these are, see [`price_region`].
    pub(super) source_region: String,
    pub(super) day: String,
    pub(super) routing: Option<&'static str>,
    /// By token kind, in US dollars per million tokens.
    pub(super) usd_per_million: BTreeMap<&'static str, String>,
    /// The same by what was negotiated; null without a discount file.
    pub(super) contracted_usd_per_million: Option<BTreeMap<&'static str, String>>,
    /// By unit, in US dollars; between the lowest and the highest price if it depends on more.
    pub(super) usd_per_unit: BTreeMap<&'static str, String>,
    /// Why there is none: as in the column `cost_gap`, or [`NOT_CALLABLE`].
    pub(super) reason: Option<String>,
}

/// Explains a model identifier.
pub(super) fn explain(model_ref: &str, context: Context<'_>) -> Explanation {
    let Context { region: asked, day, knowledge } = context;
    let catalog = &knowledge.catalog;
    let model_ref = cut(model_ref);
    let found = resolve(Some(model_ref), catalog, &knowledge.aliases);
    let of_arn = arn_region(model_ref, knowledge);
    let region = of_arn.as_deref().or(asked);
    let system_profile = system_profile(&found, knowledge);
    let by_source = system_profile.as_deref().and_then(|profile| catalog.profile(profile));
    let is_callable = is_callable(by_source, region);
    let price_region = price_region(model_ref, region, &found, knowledge);
    let prices = prices(&found, &price_region, day, is_callable, knowledge);
    let (model, reason) = match found.model {
        Ok(model) => (Some(model), None),
        Err(reason) => (None, Some(reason)),
    };
    let lacks_profile = system_profile.is_some() && by_source.is_none();
    Explanation {
        model_ref: model_ref.to_owned(),
        target_type: found.target_type.as_str(),
        profile_scope: found.profile_scope,
        profile_id: found.profile_id,
        candidates: match reason {
            None => Vec::new(),
            Some(_) => catalog.candidates(model_ref).into_iter().map(str::to_owned).collect(),
        },
        did_you_mean: if reason.is_some() || lacks_profile {
            catalog.meant(model_ref)
        } else {
            Vec::new()
        },
        notes: notes(of_arn.as_deref(), asked, knowledge),
        source_region: region.map(str::to_owned),
        direct_call: model
            .as_ref()
            .filter(|_| found.target_type == TargetType::FoundationModel)
            .map(|model| direct_call(&model.id, &price_region, knowledge)),
        alias_name: found.alias_name,
        model_match: model.as_ref().map_or("none", |model| model.matched.as_str()),
        other_profiles: model.as_ref().filter(|_| lacks_profile).map_or_else(Vec::new, |model| {
            catalog.profiles_of_model(&model.id).into_iter().map(str::to_owned).collect()
        }),
        model_id: model.as_ref().map(|model| model.id.clone()),
        model_name: model.as_ref().and_then(|model| model.name.clone()),
        model_provider: model.map(|model| model.provider),
        reason: reason.map(Unresolved::as_str),
        hint: reason.map(Unresolved::hint),
        is_callable,
        destinations: by_source.map(|by_source| destinations(by_source, region)),
        callable_from: by_source.map_or_else(Vec::new, |all| all.keys().cloned().collect()),
        system_profile,
        prices,
    }
}

/// The Region in an ARN.
pub(super) fn arn_region(model_ref: &str, knowledge: &Knowledge) -> Option<String> {
    let text = knowledge.catalog.read(model_ref).text;
    Arn::parse(&text).map(|arn| arn.region.to_owned()).filter(|region| !region.is_empty())
}

/// The system profile that decides where calls may run. An application profile has the destinations of the one below
/// it.
pub(super) fn system_profile(found: &Resolution, knowledge: &Knowledge) -> Option<String> {
    let (scope, model) = found.profile_scope.as_ref().zip(found.model.as_ref().ok())?;
    let written = found.profile_id.clone().filter(|id| knowledge.catalog.profile(id).is_some());
    Some(written.unwrap_or_else(|| format!("{scope}.{}", model.id)))
}

/// Whether a profile of the catalog can be called from a Region; `None` if either is not known.
pub(super) fn is_callable(
    by_source: Option<&BTreeMap<String, Destinations>>,
    region: Option<&str>,
) -> Option<bool> {
    by_source.zip(region).map(|(by_source, region)| by_source.contains_key(region))
}

fn destinations(
    by_source: &BTreeMap<String, Destinations>,
    region: Option<&str>,
) -> BTreeMap<String, Option<Vec<String>>> {
    let is_asked = |source: &str| region.is_none_or(|region| region == source);
    let chosen = by_source.iter().filter(|(source, _)| is_asked(source));
    chosen.map(|(source, found)| (source.clone(), regions(found))).collect()
}

/// What the user may not expect of the Region.
fn notes(of_arn: Option<&str>, asked: Option<&str>, knowledge: &Knowledge) -> Vec<String> {
    let mut notes = Vec::new();
    if let (Some(of_arn), Some(asked)) = (of_arn, asked)
        && of_arn != asked
    {
        notes.push(format!("the Region of the ARN is taken, {of_arn}, not --region {asked}"));
    }
    if let Some(region) = of_arn.or(asked).filter(|code| knowledge.regions.get(code).is_none()) {
        let meant = did_you_mean(&knowledge.regions.meant(region));
        notes.push(format!("the catalog has no Region `{region}`{meant}"));
    }
    notes
}

fn direct_call(model_id: &str, region: &str, knowledge: &Knowledge) -> DirectCall {
    let is_possible = match knowledge.catalog.model(model_id) {
        Lookup::Exact(model) => model.is_on_demand_in(region),
        _ => None,
    };
    let profiles = knowledge.catalog.profiles_of(model_id, region);
    DirectCall {
        source_region: region.to_owned(),
        is_possible,
        profiles: profiles.into_iter().map(str::to_owned).collect(),
    }
}

/// The Region whose prices are shown: the given one, else the ARN's, else the first from which the
/// profile can be called, else us-east-1.
pub(crate) fn price_region(
    model_ref: &str,
    asked: Option<&str>,
    found: &Resolution,
    knowledge: &Knowledge,
) -> String {
    const DEFAULT: &str = "us-east-1";
    if let Some(asked) = asked {
        return asked.to_owned();
    }
    let sources = system_profile(found, knowledge);
    let sources = sources.as_deref().and_then(|id| knowledge.catalog.profile(id));
    let other_sources = sources.filter(|sources| !sources.contains_key(DEFAULT));
    let first = other_sources.and_then(|sources| sources.keys().next()).cloned();
    arn_region(model_ref, knowledge).or(first).unwrap_or_else(|| DEFAULT.to_owned())
}

/// The prices from a Region on a day, unless the profile cannot be called from there.
pub(super) fn prices(
    found: &Resolution,
    region: &str,
    day: Date,
    is_callable: Option<bool>,
    knowledge: &Knowledge,
) -> Prices {
    let mut prices = Prices {
        source_region: region.to_owned(),
        day: day.to_string(),
        routing: None,
        usd_per_million: BTreeMap::new(),
        contracted_usd_per_million: None,
        usd_per_unit: BTreeMap::new(),
        reason: None,
    };
    if is_callable == Some(false) {
        prices.reason = Some(NOT_CALLABLE.to_owned());
        return prices;
    }
    let card = price_key(found, Some(region), None).and_then(|key| {
        prices.routing = Some(key.routing.as_str());
        let card = knowledge.prices.rate_card(&knowledge.regions, &key, day);
        Ok((key, card.ok_or(CostGap::NoPrice)?))
    });
    match card {
        Err(reasons) => prices.reason = Some(reasons.to_string()),
        Ok((key, card)) => {
            let base = card.bands().first();
            let price = |kind: TokenKind| Some((kind, base?.price(kind)?));
            let list = TokenKind::ALL.into_iter().filter_map(price);
            let list = list.collect::<Vec<_>>();
            prices.usd_per_million =
                list.iter().map(|(kind, price)| (kind.as_str(), price.to_string())).collect();
            let provider = found.model.as_ref().map_or("", |model| &model.provider);
            let terms = knowledge.discounts.as_ref();
            let terms = terms.map(|all| all.terms(&DiscountKey::of_price(&key, provider), day));
            prices.contracted_usd_per_million = terms.map(|terms| {
                let contracted = |(kind, price): &(TokenKind, UsdPerMillion)| {
                    (kind.as_str(), terms.of_tokens(0, *kind).of_million(*price).to_string())
                };
                list.iter().map(contracted).collect()
            });
            let units = card.unit_prices().map(|(unit, [least, most])| {
                let text =
                    if least == most { least.to_string() } else { format!("{least} to {most}") };
                (unit.as_str(), text)
            });
            prices.usd_per_unit = units.collect();
        }
    }
    prices
}

/// The Regions, or [`ALL_COMMERCIAL`]; `None` where AWS does not print them.
pub(super) fn regions(destinations: &Destinations) -> Option<Vec<String>> {
    match destinations {
        Destinations::Regions(list) => Some(list.to_vec()),
        Destinations::AllCommercial => Some(vec![ALL_COMMERCIAL.to_owned()]),
        Destinations::NotPublished => None,
    }
}
