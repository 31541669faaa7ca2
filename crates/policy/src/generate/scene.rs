//! What a matrix is made of: a model, another one, three Regions, and two geographies that the catalog has
//! profiles for.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use bedrock::alias::Alias;
use bedrock::catalog::Destinations;
use bedrock::{Aliases, Catalog, Regions};

use super::GenerateError;
use super::call::{MatrixCall, Way};
use crate::leg::partition;
use crate::operation::Operation;

/// The models, Regions, and geographies of a matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// The partition.
    pub partition: String,
    /// The source Region.
    pub region: String,
    /// Another source Region of the geography.
    pub second: Option<String>,
    /// A source Region of another geography.
    pub outside: Option<String>,
    /// The scope of the profile in the source Region.
    pub geography: Option<String>,
    /// Another scope.
    pub other_geography: Option<String>,
    /// Whether the model has a global profile.
    pub has_global: bool,
    /// The model.
    pub model: String,
    /// Another model with a profile of the geography.
    pub other_model: Option<String>,
}

/// What a scene must have.
pub struct Wanted<'a> {
    /// Source Regions, the one that is preferred first.
    pub regions: Vec<String>,
    /// The scope of profiles.
    pub geography: Option<String>,
    /// Whether a model may be the model of the scene.
    pub is_model: &'a dyn Fn(&str) -> bool,
    /// Whether a model may be the other one.
    pub is_other: &'a dyn Fn(&str) -> bool,
}

impl std::fmt::Debug for Wanted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Wanted");
        let shown = shown.field("regions", &self.regions).field("geography", &self.geography);
        shown.finish_non_exhaustive()
    }
}

impl Default for Wanted<'_> {
    fn default() -> Self {
        let (regions, geography) = (Vec::new(), None);
        Wanted { regions, geography, is_model: &|_| true, is_other: &|_| true }
    }
}

/// A model as it can be called in a Region.
struct Candidate<'c> {
    model: &'c str,
    /// The scopes of its profiles there that send calls to other Regions, `global` apart.
    scopes: BTreeSet<&'c str>,
    /// Those whose profiles stay there, or whose destinations AWS does not publish.
    other_scopes: BTreeSet<&'c str>,
    has_global: bool,
}

impl Scene {
    /// Chooses a scene: of the Regions and models that fit, those of which the matrix has most rows; of equal
    /// ones, the first Region and the first model.
    ///
    /// # Errors
    /// If nothing in the catalog fits.
    pub fn choose(
        wanted: &Wanted<'_>,
        catalog: &Catalog,
        regions: &Regions,
    ) -> Result<Self, GenerateError> {
        let sources = if wanted.regions.is_empty() {
            regions.codes().map(str::to_owned).collect()
        } else {
            wanted.regions.clone()
        };
        let mut best: Option<(usize, Scene)> = None;
        for region in &sources {
            let all = candidates(region, catalog).collect::<Vec<_>>();
            for candidate in &all {
                if !(wanted.is_model)(candidate.model) {
                    continue;
                }
                let scene = Scene::of(candidate, &all, region, wanted, catalog, regions);
                let Some(scene) = scene else { continue };
                // Destinations that are known tell more than those that are only possible.
                let is_published =
                    scene.geography.as_deref().is_some_and(|it| candidate.scopes.contains(it));
                let n = scene.n_features() + usize::from(is_published);
                if best.as_ref().is_none_or(|(most, _)| n > *most) {
                    best = Some((n, scene));
                }
            }
        }
        best.map(|(_, scene)| scene).ok_or_else(|| {
            let profile = wanted.geography.as_ref();
            let profile = profile.map(|it| format!(" with a profile {it}.")).unwrap_or_default();
            let regions = match wanted.regions.as_slice() {
                [] => "any Region".to_owned(),
                some => some.join(", "),
            };
            GenerateError::goal(format!(
                "the catalog has no such model{profile} in {regions}: nothing can be tried"
            ))
        })
    }

    /// The Region that most profiles of a scope begin in.
    pub fn main_region(scope: &str, catalog: &Catalog) -> Option<String> {
        let mut n_profiles = BTreeMap::<&str, usize>::new();
        for (id, by_source) in catalog.profiles() {
            if id.split_once('.').is_some_and(|(head, _)| head == scope) {
                for region in by_source.keys() {
                    *n_profiles.entry(region).or_default() += 1;
                }
            }
        }
        let most = n_profiles.into_iter().max_by_key(|(region, n)| (*n, Reverse(*region)));
        most.map(|(region, _)| region.to_owned())
    }

    fn of(
        candidate: &Candidate<'_>,
        all: &[Candidate<'_>],
        region: &str,
        wanted: &Wanted<'_>,
        catalog: &Catalog,
        regions: &Regions,
    ) -> Option<Self> {
        let Candidate { model, scopes, other_scopes, has_global } = candidate;
        let geography = match &wanted.geography {
            Some(asked) if asked == "global" => {
                has_global.then_some(())?;
                scopes.iter().next().copied()
            }
            Some(asked) => {
                Some(scopes.get(asked.as_str()).or(other_scopes.get(asked.as_str())).copied()?)
            }
            None => scopes.iter().next().copied(),
        };
        let own = partition(region, regions);
        // Those that are asked for tell more than those where everything may be denied.
        let other_regions = || {
            let asked = wanted.regions.iter().map(String::as_str);
            let codes = asked.chain(regions.codes()).filter(|code| *code != region);
            codes.filter(|code| partition(code, regions) == own)
        };
        let has = |scope: &str, code: &str| {
            let known = catalog.profile(&format!("{scope}.{model}"));
            matches!(known.and_then(|it| it.get(code)), Some(Destinations::Regions(_)))
        };
        // One that calls from the first may run in, if it is a source, too.
        let is_destination = |scope: &str, code: &str| {
            let known = catalog.profile(&format!("{scope}.{model}"));
            matches!(known.and_then(|it| it.get(region)),
                Some(Destinations::Regions(list)) if list.iter().any(|it| it == code))
        };
        let second = geography.and_then(|scope| {
            let mut sources = other_regions().filter(|code| has(scope, code));
            let mut near = other_regions().filter(|code| has(scope, code));
            near.find(|code| is_destination(scope, code)).or_else(|| sources.next())
        });
        // No profile of the geography begins outside of it.
        let other = other_regions().find_map(|code| {
            if geography.is_some_and(|scope| has(scope, code)) {
                return None;
            }
            let ids = catalog.profiles_of(model, code).into_iter();
            let mut scopes = ids.filter_map(|id| id.split_once('.')).map(|(scope, _)| scope);
            let is_other =
                |scope: &&str| *scope != "global" && Some(*scope) != geography && has(scope, code);
            scopes.find(is_other).map(|scope| (code, scope))
        });
        let is_other = |it: &Candidate<'_>| {
            it.model != *model
                && (wanted.is_other)(it.model)
                && geography.is_none_or(|scope| {
                    it.scopes.contains(scope) || it.other_scopes.contains(scope)
                })
        };
        // The one that a pattern would first take for the model.
        let n_common = |it: &Candidate<'_>| {
            it.model.chars().zip(model.chars()).take_while(|(a, b)| a == b).count()
        };
        let others = all.iter().filter(|it| is_other(it));
        let other_model = others.max_by_key(|it| (n_common(it), Reverse(it.model)));
        let other_model = other_model.map(|it| it.model.to_owned());
        Some(Scene {
            partition: own.to_owned(),
            region: region.to_owned(),
            second: second.map(str::to_owned),
            outside: other.map(|(code, _)| code.to_owned()),
            geography: geography.map(str::to_owned),
            other_geography: other.map(|(_, scope)| scope.to_owned()),
            has_global: *has_global,
            model: (*model).to_owned(),
            other_model,
        })
    }

    /// Its source Regions.
    pub(crate) fn regions(&self) -> Vec<&str> {
        let others = self.second.iter().chain(&self.outside);
        std::iter::once(&self.region).chain(others).map(String::as_str).collect()
    }

    fn n_features(&self) -> usize {
        let has = [
            self.second.is_some(),
            self.outside.is_some(),
            self.geography.is_some(),
            self.has_global,
            self.other_model.is_some(),
        ];
        has.into_iter().filter(|it| *it).count()
    }

    /// Makes known what the application profiles of the matrix are of.
    pub(crate) fn add_aliases(&self, account: &str, catalog: &Catalog, aliases: &mut Aliases) {
        let mut calls = self.calls();
        for (id, by_source) in catalog.profiles() {
            let Some((scope, model)) = id.split_once('.') else { continue };
            let regions = self.regions().into_iter().filter(|it| by_source.contains_key(*it));
            let over = |region| MatrixCall::new(Way::Over(scope.to_owned()), model, region);
            calls.extend(regions.filter_map(over));
        }
        for call in calls {
            if let Some(model) = call.below() {
                let alias = Alias { model: Some(model), name: None };
                aliases.add(&call.model_ref(&self.partition, account), alias);
            }
        }
    }

    /// The calls of every matrix.
    pub fn calls(&self) -> Vec<MatrixCall> {
        let home = &self.region;
        let second = self.second.iter();
        let outside = self.outside.iter();
        let geography = self.geography.iter();
        let global = self.has_global.then(|| "global".to_owned());
        let mut calls = Vec::new();
        let mut add =
            |way: Way, region: &str| calls.extend(MatrixCall::new(way, &self.model, region));
        for region in std::iter::once(home).chain(second.clone()).chain(outside.clone()) {
            add(Way::Direct, region);
        }
        for scope in geography.clone() {
            for region in std::iter::once(home).chain(second.clone()) {
                add(Way::Profile(scope.clone()), region);
            }
        }
        for (scope, region) in self.other_geography.iter().zip(outside.clone()) {
            add(Way::Profile(scope.clone()), region);
            add(Way::Over(scope.clone()), region);
        }
        if let Some(scope) = &global {
            for region in std::iter::once(home).chain(outside.clone()) {
                add(Way::Profile(scope.clone()), region);
                add(Way::Over(scope.clone()), region);
            }
        }
        add(Way::OverModel, home);
        for scope in geography.clone() {
            add(Way::Over(scope.clone()), home);
        }
        for region in std::iter::once(home).chain(outside.clone()) {
            add(Way::Mantle, region);
        }
        let mut more = self.of_other_model();
        more.extend(variants(&calls, home, self));
        calls.extend(more);
        calls
    }

    /// What the other model is called by.
    fn of_other_model(&self) -> Vec<MatrixCall> {
        let Some(model) = &self.other_model else { return Vec::new() };
        let mut ways = vec![Way::Direct, Way::OverModel, Way::Mantle];
        if let Some(scope) = &self.geography {
            ways.extend([Way::Profile(scope.clone()), Way::Over(scope.clone())]);
        }
        let calls = ways.into_iter().filter_map(|way| MatrixCall::new(way, model, &self.region));
        let mut calls =
            calls.map(|call| MatrixCall { is_other_model: true, ..call }).collect::<Vec<_>>();
        let direct = calls.first().cloned();
        let batch = Operation::find("CreateModelInvocationJob");
        calls.extend(direct.zip(batch).map(|(call, operation)| MatrixCall { operation, ..call }));
        calls
    }
}

/// Streaming, API keys, and batch jobs of what is called in any way.
fn variants(calls: &[MatrixCall], home: &str, scene: &Scene) -> Vec<MatrixCall> {
    let is_geographic = |call: &&MatrixCall| {
        call.region == home
            && matches!(&call.way, Way::Profile(scope) if scene.geography.as_ref() == Some(scope))
    };
    let mut found = Vec::new();
    let stream = Operation::find("InvokeModelWithResponseStream");
    let batch = Operation::find("CreateModelInvocationJob");
    let with = |call: &MatrixCall, operation: Option<&'static Operation>| {
        operation.map(|operation| MatrixCall { operation, ..call.clone() })
    };
    let of_home = |way: &Way| calls.iter().find(|it| it.way == *way && it.region == home);
    for call in calls.iter().filter(is_geographic).chain(of_home(&Way::Direct)) {
        found.extend(with(call, stream));
        found.push(MatrixCall { has_api_key: true, ..call.clone() });
    }
    if let Some(call) = of_home(&Way::Mantle) {
        found.push(MatrixCall { has_api_key: true, ..call.clone() });
    }
    for call in calls.iter().filter(|it| it.way == Way::Direct) {
        found.extend(with(call, batch));
    }
    let is_global = |it: &&MatrixCall| it.way == Way::Profile("global".to_owned());
    for call in calls.iter().filter(|it| is_geographic(it) || is_global(it)) {
        found.extend(with(call, batch));
    }
    found
}

fn candidates<'c>(region: &str, catalog: &'c Catalog) -> impl Iterator<Item = Candidate<'c>> {
    catalog.models().iter().filter_map(move |model| {
        let (mut scopes, mut other_scopes) = (BTreeSet::new(), BTreeSet::new());
        let mut has_global = false;
        for id in catalog.profiles_of(&model.id, region) {
            let destinations = catalog.profile(id).and_then(|it| it.get(region));
            match (id.split_once('.'), destinations) {
                (Some(("global", _)), _) => has_global = true,
                (Some((scope, _)), Some(Destinations::Regions(list))) if list.len() > 1 => {
                    scopes.insert(scope);
                }
                (Some((scope, _)), _) => {
                    other_scopes.insert(scope);
                }
                (None, _) => {}
            }
        }
        let is_there = has_global
            || !scopes.is_empty()
            || !other_scopes.is_empty()
            || model.on_demand_regions.contains(region)
            || model.profile_only_regions.contains(region);
        is_there.then_some(Candidate { model: &model.id, scopes, other_scopes, has_global })
    })
}
