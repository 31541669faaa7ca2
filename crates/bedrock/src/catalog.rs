//! The catalog: models with their names and providers, system profiles with their destinations.
//!
//! Names are those that AWS prints (model cards, `ListFoundationModels`), destinations those of
//! `GetInferenceProfile`; each row of `config/models.csv` and `config/inference_profiles.csv` names its
//! source.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde::Deserialize;

use crate::fingerprint::Fingerprint;
use crate::model_ref::ModelRef;

/// The models that ship with hoptrail.
pub const EMBEDDED_MODELS: &str = include_str!("../../../config/models.csv");
/// The system profiles that ship with hoptrail.
pub const EMBEDDED_PROFILES: &str = include_str!("../../../config/inference_profiles.csv");

/// How `config/inference_profiles.csv` writes the destinations of a global profile, which AWS does
/// not enumerate.
const ALL_COMMERCIAL: &str = "ALL_COMMERCIAL";

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
}

/// What the catalog has for a model id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// The id itself.
    Exact(&'a Model),
    /// The only model with this id apart from date, minor version and context length.
    Base(&'a Model),
    /// Several models with this id apart from date and version.
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
    by_base: BTreeMap<String, BTreeSet<usize>>,
    providers: BTreeSet<String>,
    profiles: BTreeMap<String, BTreeMap<String, Destinations>>,
    fingerprint: Fingerprint,
}

#[derive(Deserialize)]
struct ModelRow {
    model_id: String,
    canonical_id: String,
    provider: String,
    name: String,
}

#[derive(Deserialize)]
struct ProfileRow {
    profile_id: String,
    source_region: String,
    destination_regions: String,
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

    /// Reads `models.csv` (at least `model_id,canonical_id,provider,name`; an empty canonical id
    /// means the id itself) and `inference_profiles.csv` (at least
    /// `profile_id,source_region,destination_regions`, Regions divided by `;`).
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

    fn add_model(&mut self, row: &ModelRow) {
        if self.by_id.contains_key(&row.model_id) {
            return;
        }
        self.models.push(Model {
            id: row.model_id.clone(),
            provider: row.provider.clone(),
            name: (!row.name.is_empty()).then(|| row.name.clone()),
        });
        self.add_id(&row.model_id, self.models.len() - 1);
    }

    fn add_id(&mut self, id: &str, model: usize) {
        self.by_id.insert(id.to_owned(), model);
        self.by_base.entry(Base::of(id).name.to_owned()).or_default().insert(model);
        if let Some((provider, _)) = id.split_once('.') {
            self.providers.insert(provider.to_owned());
        }
    }

    /// Reads a model reference with this catalog's providers.
    pub fn read(&self, text: &str) -> ModelRef {
        ModelRef::read(text, |head| self.providers.contains(head))
    }

    /// Looks a model id up, scope removed: the id itself, else the only model with the same id apart
    /// from date, version and context length. A different major version (`-v2`) is a different
    /// model, and there are no prefix matches and no defaults.
    pub fn model(&self, id: &str) -> Lookup<'_> {
        if let Some(&index) = self.by_id.get(id) {
            return Lookup::Exact(&self.models[index]);
        }
        let base = Base::of(id);
        let Some(candidates) = self.by_base.get(base.name) else { return Lookup::Unknown };
        let mut candidates = candidates.iter().map(|&index| &self.models[index]);
        match (candidates.next(), candidates.next()) {
            (Some(model), None) if base.admits(&Base::of(&model.id)) => Lookup::Base(model),
            (Some(_), Some(_)) => Lookup::Ambiguous,
            _ => Lookup::Unknown,
        }
    }

    /// A system profile's destinations by source Region; `None` if the catalog lacks the profile.
    /// Absence is no proof that it does not exist: access differs per account.
    pub fn profile(&self, profile_id: &str) -> Option<&BTreeMap<String, Destinations>> {
        self.profiles.get(profile_id)
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
            id.split_once('.').is_some_and(|(_, model)| model == model_id)
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
                let mut regions = list.split(';').map(str::to_owned).collect::<Vec<_>>();
                regions.sort();
                Destinations::Regions(regions.into())
            }
        }
    }
}

/// A model id without its optional parts: `-YYYYMMDD`, `-vN`, and what follows a colon (`:M` and the
/// context length).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Base<'a> {
    name: &'a str,
    version: Option<&'a str>,
}

impl<'a> Base<'a> {
    fn of(id: &'a str) -> Self {
        let id = id.split_once(':').map_or(id, |(head, _)| head);
        let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let (rest, version) = match id.rsplit_once("-v") {
            Some((rest, version)) if !version.is_empty() && all_digits(version) => {
                (rest, Some(version))
            }
            _ => (id, None),
        };
        let name = match rest.rsplit_once('-') {
            Some((name, date)) if date.len() == 8 && all_digits(date) => name,
            _ => rest,
        };
        Base { name, version }
    }

    /// An optional part may be left out, but two different versions are two models: Titan Text
    /// Embeddings v1 and V2 differ in price.
    fn admits(&self, other: &Base<'_>) -> bool {
        match (self.version, other.version) {
            (Some(mine), Some(other)) => mine == other,
            _ => true,
        }
    }
}
