//! The accounts, models, and Regions that a goal is tried on.

use bedrock::Knowledge;
use policy::generate::{Place, Scene, Wanted};

use super::failure;
use super::goals::Asked;
use super::ground::{self, EXAMPLE_ACCOUNT, Places};
use crate::args::GenerateCommonArgs;
use crate::exit::Failure;

/// The accounts that a goal is tried on.
///
/// # Errors
/// If the organization lacks one.
pub(super) fn places(asked: &Asked, places: &Places) -> Result<Vec<Place>, Failure> {
    if let Some(account) = &asked.account {
        let place = places.place(account)?;
        return Ok(vec![place.ok_or_else(|| {
            Failure::usage(format!(
                "expected an account of the organization that SCPs apply to, found {account}"
            ))
        })?]);
    }
    let Some(listed) = asked.listed.as_ref().filter(|_| !places.has_given()) else {
        return Ok(places.places.clone());
    };
    let mut accounts = places.accounts();
    if !places.has_organization() {
        accounts = listed.iter().take(1).cloned().collect();
        let others = [EXAMPLE_ACCOUNT, "444455556666", "777788889999"].map(str::to_owned);
        accounts.extend(others.into_iter().find(|it| !listed.contains(it)));
    }
    let mut found = Vec::new();
    for account in accounts {
        found.extend(places.place(&account)?.filter(|place| places.is_reached(place)));
    }
    Ok(ground::distinct(found, &|place| listed.contains(&place.account)))
}

/// What the calls are of: models and Regions that fit the goal, and the options.
///
/// # Errors
/// If the catalog has nothing that fits.
pub(super) fn choose(
    common: &GenerateCommonArgs,
    regions: &[String],
    asked: &Asked,
    places: &[Place],
    knowledge: &Knowledge,
) -> Result<Scene, Failure> {
    let catalog = &knowledge.catalog;
    let given = if regions.is_empty() { &asked.regions } else { regions };
    let mut sources = Vec::new();
    for region in given {
        if !sources.contains(region) && knowledge.regions.get(region).is_some() {
            sources.push(region.clone());
        }
    }
    let model = common.model.clone().or_else(|| asked.model.clone());
    let is_approved = |id: &str| asked.approved.as_ref().is_none_or(|it| it.has(id));
    let is_model = |id: &str| model.as_deref().map_or_else(|| is_approved(id), |own| own == id);
    let is_other = |id: &str| asked.approved.as_ref().is_none_or(|it| !it.has(id));
    let choose = |regions: Vec<String>| {
        let geography = asked.geography.clone();
        let (is_model, is_other) = (&is_model, &is_other);
        let wanted = Wanted { regions, geography, is_model, is_other };
        Scene::choose(&wanted, catalog, &knowledge.regions)
    };
    let main = || {
        let scope = asked.geography.as_deref().filter(|it| *it != "global").unwrap_or("us");
        Scene::main_region(scope, catalog).into_iter().collect::<Vec<_>>()
    };
    if sources.is_empty() {
        sources = allowed_regions(places);
        sources.retain(|region| knowledge.regions.get(region).is_some());
    }
    if sources.is_empty() {
        sources = main();
    }
    choose(sources).map_err(failure)
}

/// The Regions that Region denies spare, in the order of the documents.
pub(super) fn allowed_regions(places: &[Place]) -> Vec<String> {
    let policies = places.iter().flat_map(|place| &place.levels).flat_map(|level| &level.policies);
    let statements = policies.flat_map(|policy| &policy.document.statements);
    let spared = statements.filter_map(|it| it.values_of(true, "aws:RequestedRegion")).flatten();
    let mut regions = Vec::new();
    for region in spared.filter(|it| bedrock::region::is_region_shaped(it)) {
        if !regions.contains(region) {
            regions.push(region.clone());
        }
    }
    regions
}
