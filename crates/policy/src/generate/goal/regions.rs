//! Inference in these Regions only, whichever way a model is called.

use std::collections::BTreeSet;

use bedrock::catalog::Destinations;
use bedrock::{Catalog, Regions};

use crate::generate::draft::{
    BATCH, INVOKE, MANTLE, REGION_KEY, object, scp, statement, text, texts,
};
use crate::generate::{
    Expected, GenerateError, Goal, Ground, MatrixCall, Part, Place, catalog_calls,
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
    /// The profiles whose destinations AWS does not publish, each with the source Region.
    unpublished: BTreeSet<(String, String)>,
}

impl OnlyRegions {
    /// Some Regions.
    pub fn of(regions: BTreeSet<String>, catalog: &Catalog) -> Self {
        let (mut covered, mut unpublished) = (BTreeSet::new(), BTreeSet::new());
        for (id, by_source) in catalog.profiles() {
            for (source, destinations) in by_source {
                let key = (id.to_owned(), source.clone());
                match destinations {
                    Destinations::Regions(list) if list.iter().all(|it| regions.contains(it)) => {
                        covered.insert(key);
                    }
                    Destinations::NotPublished => {
                        unpublished.insert(key);
                    }
                    Destinations::Regions(_) | Destinations::AllCommercial => {}
                }
            }
        }
        OnlyRegions { regions, geography: None, covered, unpublished }
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
}

/// The profile that is called, or that is below, with the source Region.
fn of_source(scope: &str, call: &MatrixCall) -> (String, String) {
    (format!("{scope}.{}", call.model), call.region.clone())
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
        if !self.regions.contains(&call.region) {
            return Expected::Denied;
        }
        match call.way.scope() {
            // It is denied if AWS sends it elsewhere.
            Some(scope) if self.unpublished.contains(&of_source(scope, call)) => Expected::Open,
            Some(scope) if !self.covered.contains(&of_source(scope, call)) => Expected::Denied,
            _ => Expected::Unchanged,
        }
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
