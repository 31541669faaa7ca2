//! Calls through every profile that the catalog has of a scope. Policies may treat every model and every source
//! Region differently, so testing one of each proves nothing about the others.

use std::collections::BTreeSet;

use super::call::{MatrixCall, Way};
use super::ground::Ground;
use crate::leg::partition;

/// Every profile of a scope, from each Region that calls through it begin in.
pub(crate) fn of_scope(scope: &str, ground: &Ground<'_>) -> Vec<MatrixCall> {
    calls(ground, &|own, _| own == scope, Way::Profile)
}

/// Every profile, from the Regions of the scene.
pub(crate) fn of_scene(ground: &Ground<'_>) -> Vec<MatrixCall> {
    let regions = ground.scene.regions();
    calls(ground, &|_, region| regions.contains(&region), Way::Profile)
}

/// Application profiles over every profile of the scene's geography, and of global ones; and the global ones,
/// which are to stay as they are.
pub(crate) fn of_application_profiles(ground: &Ground<'_>) -> Vec<MatrixCall> {
    let regions = ground.scene.regions();
    let is_there = |region: &str| regions.contains(&region);
    let geography = ground.scene.geography.as_deref();
    let is_below = |scope: &str, region: &str| {
        is_there(region) && (scope == "global" || Some(scope) == geography)
    };
    let is_global = |scope: &str, region: &str| is_there(region) && scope == "global";
    let mut found = calls(ground, &is_below, Way::Over);
    found.extend(calls(ground, &is_global, Way::Profile));
    found
}

fn calls(
    ground: &Ground<'_>,
    is_wanted: &dyn Fn(&str, &str) -> bool,
    way: fn(String) -> Way,
) -> Vec<MatrixCall> {
    let mut found = Vec::new();
    for (id, by_source) in ground.catalog.profiles() {
        let Some((scope, model)) = id.split_once('.') else { continue };
        let is_own = |region: &&String| {
            partition(region, ground.regions) == ground.scene.partition && is_wanted(scope, region)
        };
        for region in by_source.keys().filter(is_own) {
            let call = MatrixCall::new(way(scope.to_owned()), model, region);
            found.extend(call.map(|call| MatrixCall { is_of_catalog: true, ..call }));
        }
    }
    found
}

/// Calls that are there once, the first of those that differ in nothing that AWS sees.
pub(crate) fn distinct(calls: Vec<MatrixCall>) -> Vec<MatrixCall> {
    let mut seen = BTreeSet::new();
    let is_new = |call: &MatrixCall| {
        let MatrixCall { way, model, region, operation, has_api_key, .. } = call;
        seen.insert((way.clone(), model.clone(), region.clone(), operation.name, *has_api_key))
    };
    let mut is_new = is_new;
    calls.into_iter().filter(|call| is_new(call)).collect()
}
