//! The catalog: models with their names and providers, system profiles with their destinations.
//!
//! Names are those that AWS prints (model cards, `ListFoundationModels`), destinations those of
//! `GetInferenceProfile`; each row of `config/models.csv` and `config/inference_profiles.csv` names its
//! source.

mod check;
pub(crate) mod meant;
pub(crate) mod nearest;
mod table;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::civil::Date;
use serde::Deserialize;

pub use check::{Tables, require_destinations};
pub use meant::nearest;
pub(crate) use table::hint;
pub use table::{Difference, File, Finding, Problem, Row, Table};

use crate::fingerprint::Fingerprint;
use crate::model_id::{Dropped, ModelId};
use crate::model_ref::ModelRef;

/// The models that ship with hoptrail.
pub const EMBEDDED_MODELS: &str = include_str!("../../../config/models.csv");
/// The system profiles that ship with hoptrail.
pub const EMBEDDED_PROFILES: &str = include_str!("../../../config/inference_profiles.csv");

/// How `config/inference_profiles.csv` writes the destinations of a global profile, which AWS does
/// not enumerate.
pub(crate) const ALL_COMMERCIAL: &str = "ALL_COMMERCIAL";

/// A foundation model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The canonical id. Ids that only add a context length (`:48k`), and the other ids of the
    /// mantle endpoint, share the canonical id of the model.
    pub id: String,
    /// `Anthropic`, ...
    pub provider: String,
    /// The name that AWS prints; `None` where none is known. Names are not unique.
    pub name: Option<String>,
    /// Regions in which the model can be called by its id.
    pub on_demand_regions: BTreeSet<String>,
    /// Regions in which the model can be called through a profile only.
    pub profile_only_regions: BTreeSet<String>,
}

/// What the catalog has for a model id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// The id itself.
    Exact(&'a Model),
    /// The only model with this id apart from the parts that had to be dropped, see
    /// [`Catalog::model`].
    Base(&'a Model),
    /// Several models with this id apart from these parts.
    Ambiguous,
    /// Nothing.
    Unknown,
}

/// The Regions that a profile may send a request to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destinations {
    /// These, in the order of their codes. Most profiles have one of a few dozen lists.
    Regions(Arc<[String]>),
    /// All commercial Regions, a growing set.
    AllCommercial,
    /// AWS does not print them.
    NotPublished,
}

/// A catalog file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: expected CSV with the columns {expected}")]
pub struct CatalogError {
    /// `models.csv` or `inference_profiles.csv`.
    pub file: &'static str,
    /// The header that was expected.
    pub expected: &'static str,
    /// What the CSV reader says, with the line.
    #[source]
    pub source: csv::Error,
}

/// Models and system profiles.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    models: Vec<Model>,
    by_id: BTreeMap<String, usize>,
    /// The ids by their names (see [`ModelId`]).
    by_name: BTreeMap<String, Vec<String>>,
    providers: BTreeSet<String>,
    profiles: BTreeMap<String, BTreeMap<String, Destinations>>,
    newest: Option<Date>,
    fingerprint: Fingerprint,
}

#[derive(Deserialize)]
struct ModelRow {
    model_id: String,
    canonical_id: String,
    provider: String,
    name: String,
    #[serde(default)]
    on_demand_regions: String,
    #[serde(default)]
    profile_only_regions: String,
    #[serde(default)]
    source: String,
}

#[derive(Deserialize)]
struct ProfileRow {
    profile_id: String,
    source_region: String,
    destination_regions: String,
    #[serde(default)]
    source: String,
}

impl Catalog {
    /// The catalog that ships with hoptrail.
    ///
    /// # Panics
    /// Never in a released build: a test reads the embedded files.
    #[expect(clippy::expect_used, reason = "a test reads the embedded files")]
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED_MODELS, EMBEDDED_PROFILES).expect("config/*.csv is well-formed")
    }

    /// Reads `models.csv` (at least `model_id,canonical_id,provider,name`; an empty canonical id means the id
    /// itself; `on_demand_regions` and `profile_only_regions` if they are known) and `inference_profiles.csv`
    /// (at least `profile_id,source_region,destination_regions`, Regions divided by `;`).
    ///
    /// # Errors
    /// If one of the texts is no CSV with these columns.
    pub fn parse(models: &str, profiles: &str) -> Result<Self, CatalogError> {
        let fingerprint = Fingerprint::of(models).and(profiles);
        let mut catalog = Catalog { fingerprint, ..Catalog::default() };
        let mut rows = Vec::new();
        for row in csv::Reader::from_reader(models.as_bytes()).deserialize::<ModelRow>() {
            rows.push(row.map_err(|source| CatalogError {
                file: "models.csv",
                expected: "model_id,canonical_id,provider,name",
                source,
            })?);
        }
        catalog.newest = rows.iter().filter_map(|row| newest_date(&row.source)).max();
        // Canonical ids first, so that the other ids find them.
        for row in &rows {
            if row.canonical_id.is_empty() || row.canonical_id == row.model_id {
                catalog.add_model(row);
            }
        }
        for row in &rows {
            match catalog.by_id.get(&row.canonical_id) {
                Some(&index) => catalog.add_id(&row.model_id, index),
                None => catalog.add_model(row),
            }
        }
        let mut lists = HashMap::new();
        for row in csv::Reader::from_reader(profiles.as_bytes()).deserialize::<ProfileRow>() {
            let row = row.map_err(|source| CatalogError {
                file: "inference_profiles.csv",
                expected: "profile_id,source_region,destination_regions",
                source,
            })?;
            catalog.newest = catalog.newest.max(newest_date(&row.source));
            let list = lists.entry(row.destination_regions);
            let destinations = list.or_insert_with_key(|text| Destinations::parse(text)).clone();
            let by_source = catalog.profiles.entry(row.profile_id).or_default();
            by_source.insert(row.source_region, destinations);
        }
        Ok(catalog)
    }

    /// The fingerprint of both files.
    pub fn version(&self) -> String {
        self.fingerprint.to_string()
    }

    /// The newest date that the source of a model or profile names; of a month, its first day.
    pub fn newest(&self) -> Option<Date> {
        self.newest
    }

    fn add_model(&mut self, row: &ModelRow) {
        if self.by_id.contains_key(&row.model_id) {
            return;
        }
        self.models.push(Model {
            id: row.model_id.clone(),
            provider: row.provider.clone(),
            name: (!row.name.is_empty()).then(|| row.name.clone()),
            on_demand_regions: regions(&row.on_demand_regions).collect(),
            profile_only_regions: regions(&row.profile_only_regions).collect(),
        });
        self.add_id(&row.model_id, self.models.len() - 1);
    }

    fn add_id(&mut self, id: &str, model: usize) {
        self.by_id.insert(id.to_owned(), model);
        let name = ModelId::parse(id).name.to_owned();
        self.by_name.entry(name).or_default().push(id.to_owned());
        if let Some((provider, _)) = id.split_once('.') {
            self.providers.insert(provider.to_owned());
        }
    }

    /// All models.
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// The canonical id that is most like a text.
    pub fn nearest(&self, id: &str) -> Option<&str> {
        nearest::nearest(id, self.models.iter().map(|model| model.id.as_str()))
    }

    /// Reads a model reference with this catalog's providers.
    pub fn read(&self, text: &str) -> ModelRef {
        ModelRef::read(text, |head| self.providers.contains(head))
    }

    /// Looks a model id up, scope removed: the id itself, else the model that is left when the least
    /// is dropped from both ids: the context length (`:48k`), then `:0`, then `-v1`, then the date.
    /// The first step that leaves any model decides. A different version (`-v2`) is a different
    /// model, and there are no prefix matches and no defaults.
    pub fn model(&self, id: &str) -> Lookup<'_> {
        if let Some(&index) = self.by_id.get(id) {
            return Lookup::Exact(&self.models[index]);
        }
        let asked = ModelId::parse(id);
        let mut least = Dropped::Date;
        let mut found = BTreeSet::new();
        for known in self.by_name.get(asked.name).into_iter().flatten() {
            let Some(dropped) = asked.dropped(&ModelId::parse(known)) else { continue };
            if dropped < least {
                least = dropped;
                found.clear();
            }
            if dropped == least {
                found.insert(self.by_id[known]);
            }
        }
        let first = found.pop_first().map(|index| &self.models[index]);
        match first {
            Some(_) if !found.is_empty() => Lookup::Ambiguous,
            Some(model) if !asked.has_other_version(&ModelId::parse(&model.id)) => {
                Lookup::Base(model)
            }
            _ => Lookup::Unknown,
        }
    }

    /// The only model that has a dated name without its provider (`claude-3-haiku-20240307`). A date
    /// says which model is meant; a name without one may be that of a later model some day.
    pub fn model_of_dated_name(&self, name: &str) -> Option<&Model> {
        let asked = ModelId::parse(name);
        asked.date?;
        let has_name = |known: &&str| {
            let known = without_head(known).map(ModelId::parse);
            known.is_some_and(|id| {
                (id.name, id.date) == (asked.name, asked.date) && !asked.has_other_version(&id)
            })
        };
        let mut found = self.by_id.iter().filter(|(id, _)| has_name(&id.as_str()));
        let (_, &index) = found.next()?;
        found.all(|(_, &other)| other == index).then(|| &self.models[index])
    }

    /// The ids of the models that a text may mean which is no id of the catalog: those with the same
    /// name apart from provider, scope, date, version and what clients write around it; if there are none,
    /// those whose name begins with its words (`mistral-large`).
    pub fn candidates(&self, text: &str) -> BTreeSet<&str> {
        let text = text.rsplit('/').next().unwrap_or_default().to_lowercase().replace('@', "-");
        let text = text.split('[').next().unwrap_or_default();
        let text = text.strip_suffix("-latest").unwrap_or(text);
        let names = std::iter::successors(Some(text), |name| without_head(name));
        let name_of = |text| ModelId::parse(text).name;
        // Other clouds write the version before the date.
        let names = names.flat_map(|text| [name_of(text), name_of(name_of(text))]);
        let names = names.collect::<BTreeSet<_>>();
        let named = |is_meant: &dyn Fn(&str) -> bool| {
            let is_meant = |id: &&String| {
                without_head(id).is_some_and(|name| is_meant(ModelId::parse(name).name))
            };
            let found = self.by_id.keys().filter(is_meant);
            found.map(|id| self.models[self.by_id[id]].id.as_str()).collect::<BTreeSet<_>>()
        };
        let same = named(&|name| names.contains(name));
        if !same.is_empty() {
            return same;
        }
        let begins = |name: &str, words: &&str| {
            name.strip_prefix(*words).is_some_and(|rest| !words.is_empty() && rest.starts_with('-'))
        };
        named(&|name| names.iter().any(|words| begins(name, words)))
    }

    /// A system profile's destinations by source Region; `None` if the catalog lacks the profile.
    /// Absence is no proof that it does not exist: access differs per account.
    pub fn profile(&self, profile_id: &str) -> Option<&BTreeMap<String, Destinations>> {
        self.profiles.get(profile_id)
    }

    /// All system profiles with their destinations by source Region, in the order of their ids.
    pub fn profiles(&self) -> impl Iterator<Item = (&str, &BTreeMap<String, Destinations>)> {
        self.profiles.iter().map(|(id, by_source)| (id.as_str(), by_source))
    }

    /// The system profiles through which a model can be called in a Region.
    pub fn profiles_of(&self, model_id: &str, source_region: &str) -> Vec<&str> {
        let found = self.profiles.iter().filter(|(id, by_source)| {
            without_head(id) == Some(model_id) && by_source.contains_key(source_region)
        });
        found.map(|(id, _)| id.as_str()).collect()
    }

    /// The only profile of a model that sends requests from a source Region to exactly these
    /// Regions. This is how the geography of an application profile is found, for which AWS prints
    /// the destinations only.
    pub fn profile_with_destinations(
        &self,
        model_id: &str,
        source_region: &str,
        regions: &BTreeSet<&str>,
    ) -> Option<&str> {
        let mut found = self.profiles.iter().filter(|(id, by_source)| {
            without_head(id) == Some(model_id)
                && matches!(by_source.get(source_region), Some(Destinations::Regions(list))
                    if list.iter().map(String::as_str).collect::<BTreeSet<_>>() == *regions)
        });
        let (id, _) = found.next()?;
        found.next().is_none().then_some(id)
    }
}

impl Destinations {
    fn parse(text: &str) -> Self {
        match text {
            "" => Destinations::NotPublished,
            ALL_COMMERCIAL => Destinations::AllCommercial,
            list => {
                let mut regions = regions(list).collect::<Vec<_>>();
                regions.sort();
                Destinations::Regions(regions.into())
            }
        }
    }
}

impl Model {
    /// Whether the model can be called by its id in a Region; `None` if the catalog does not say.
    pub fn is_on_demand_in(&self, region: &str) -> Option<bool> {
        let is_known =
            self.on_demand_regions.contains(region) || self.profile_only_regions.contains(region);
        is_known.then(|| self.on_demand_regions.contains(region))
    }
}

/// The newest `YYYY-MM-DD` or `YYYY-MM` in a text.
fn newest_date(text: &str) -> Option<Date> {
    let words = text.split(|c: char| !c.is_ascii_digit() && c != '-');
    let dates = words.filter_map(|word| match word.len() {
        10 => word.parse().ok(),
        7 => format!("{word}-01").parse::<Date>().ok(),
        _ => None,
    });
    dates.max()
}

/// The Regions of a field, divided by `;`.
fn regions(text: &str) -> impl Iterator<Item = String> {
    text.split(';').filter(|region| !region.is_empty()).map(str::to_owned)
}

/// What follows the first dot: an id without its provider, or a profile's id without its scope.
fn without_head(id: &str) -> Option<&str> {
    id.split_once('.').map(|(_, rest)| rest)
}
