//! Inference in these Regions only, whichever way a model is called.

use std::collections::BTreeSet;

use bedrock::catalog::Destinations;
use bedrock::{Catalog, Regions};

use crate::generate::draft::{
    BATCH, INVOKE, MANTLE, REGION_KEY, object, scp, statement, text, texts,
};
use crate::generate::{
    Expected, GenerateError, Goal, Ground, MatrixCall, Part, Place, Way, catalog_calls,
};
use crate::simulate::Simulation;

/// Denies inference outside of Regions: direct, through a profile that may send a call elsewhere, and global.
#[derive(Debug, Clone)]
pub struct OnlyRegions {
    /// The Regions.
    pub regions: BTreeSet<String>,
    /// The geography that they are of, if that was asked for.
    pub geography: Option<String>,
    /// The profiles that send calls to these Regions alone, each with the source Region.
    covered: BTreeSet<(String, String)>,
}

impl OnlyRegions {
    /// Some Regions.
    pub fn of(regions: BTreeSet<String>, catalog: &Catalog) -> Self {
        let by_source = catalog.profiles().flat_map(|(id, by_source)| {
            by_source.iter().map(move |(source, destinations)| (id, source, destinations))
        });
        let stays = by_source.filter(|(_, _, destinations)| match destinations {
            Destinations::Regions(list) => list.iter().all(|region| regions.contains(region)),
            Destinations::AllCommercial | Destinations::NotPublished => false,
        });
        let covered = stays.map(|(id, source, _)| (id.to_owned(), source.clone())).collect();
        OnlyRegions { regions, geography: None, covered }
    }

    /// The Regions of a geography: those that its profiles send calls to from elsewhere, and those of the same
    /// jurisdictions that its calls may begin in. A Region whose own calls alone may stay in it (`ca-central-1`
    /// for `us.`) is none of them.
    ///
    /// # Errors
    /// If the catalog knows of none.
    pub fn of_geography(
        scope: &str,
        catalog: &Catalog,
        regions: &Regions,
    ) -> Result<Self, GenerateError> {
        let (mut others, mut own) = (BTreeSet::new(), BTreeSet::new());
        for (id, by_source) in catalog.profiles() {
            if id.split_once('.').is_none_or(|(head, _)| head != scope) {
                continue;
            }
            for (source, destinations) in by_source {
                let Destinations::Regions(list) = destinations else { continue };
                for region in list.iter() {
                    if region == source { &mut own } else { &mut others }.insert(region.clone());
                }
            }
        }
        let jurisdictions =
            others.iter().filter_map(|it| regions.jurisdiction(it)).collect::<BTreeSet<_>>();
        let is_inside = |region: &String| {
            regions.jurisdiction(region).is_some_and(|it| jurisdictions.contains(it))
        };
        let own = own.into_iter().filter(is_inside).collect::<Vec<_>>();
        let found = others.into_iter().chain(own).collect::<BTreeSet<_>>();
        if found.is_empty() {
            return Err(GenerateError::goal(format!(
                "expected a geography whose Regions the catalog knows, such as us or eu, found `{scope}`"
            )));
        }
        Ok(OnlyRegions { geography: Some(scope.to_owned()), ..Self::of(found, catalog) })
    }

    /// Whether every Region that a profile may send a call to is one of them; without a known list, no.
    fn covers(&self, scope: &str, call: &MatrixCall) -> bool {
        self.covered.contains(&(format!("{scope}.{}", call.model), call.region.clone()))
    }
}

impl Goal for OnlyRegions {
    fn name(&self) -> &'static str {
        "bedrock-regions"
    }

    fn sentence(&self) -> String {
        let regions = self.regions.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        format!("denies inference outside of {regions}, whichever way a model is called")
    }

    fn parts(&self, _ground: &Ground<'_>) -> Result<Vec<Part>, GenerateError> {
        let statement = statement(
            "DenyBedrockOutsideRegions",
            "Deny",
            [
                ("Action", texts([BATCH, INVOKE, MANTLE])),
                ("Resource", text("*")),
                (
                    "Condition",
                    object([(
                        "StringNotEquals",
                        object([(REGION_KEY, texts(self.regions.iter()))]),
                    )]),
                ),
            ],
        );
        Ok(vec![Part::scp(self.name(), scp(vec![statement])?)])
    }

    fn expected(&self, call: &MatrixCall, _place: &Place, _before: &Simulation<'_>) -> Expected {
        let is_inside = self.regions.contains(&call.region)
            && match &call.way {
                Way::Profile(scope) | Way::Over(scope) => self.covers(scope, call),
                _ => true,
            };
        if is_inside { Expected::Unchanged } else { Expected::Denied }
    }

    fn catalog_calls(&self, ground: &Ground<'_>) -> Vec<MatrixCall> {
        catalog_calls::of_scene(ground)
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            "a profile with one destination outside of the Regions is denied whole; global profiles are, because \
             their calls end at `unspecified`"
                .to_owned(),
        ];
        if let Some(scope) = &self.geography {
            notes.push(format!(
                "the Regions are those that the catalog has as destinations of profiles {scope}.; AWS adds some now \
                 and then: generate it again after `hoptrail catalog import`"
            ));
        }
        notes
    }
}
