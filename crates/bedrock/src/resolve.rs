//! From a model identifier to a model: the catalog if it names one, aliases if it is opaque.

use serde::{Deserialize, Serialize};

use crate::alias::Aliases;
use crate::catalog::{Catalog, Lookup};
use crate::model_ref::{ModelRef, TargetType};

/// How many aliases may follow one another (deployment → custom model → base model).
const MAX_ALIASES: usize = 4;

/// What a model identifier denotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// What the call was addressed to.
    pub target_type: TargetType,
    /// The scope of the system profile, also of the one below an application profile.
    pub profile_scope: Option<String>,
    /// The id of the system profile, or of the application profile itself.
    pub profile_id: Option<String>,
    /// The id of the system profile that decides where calls may run, also of the one below an application
    /// profile.
    pub system_profile: Option<String>,
    /// The name that an alias gives.
    pub alias_name: Option<String>,
    /// The tags of what the call was addressed to, as [`pairs`](crate::pairs) are written.
    pub tags: Option<String>,
    /// The model, or why there is none.
    pub model: Result<ResolvedModel, Unresolved>,
    /// Whether a log tells that this model was invoked. A prompt router invokes one of several, of which an alias
    /// names but one.
    pub is_invoked: bool,
}

/// The model that a model identifier denotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedModel {
    /// The canonical foundation model id.
    pub id: String,
    /// The provider's name.
    pub provider: String,
    /// The name that AWS prints, where known.
    pub name: Option<String>,
    /// How it was found.
    pub matched: Match,
}

/// How a model was found in the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Match {
    /// By its id.
    Exact,
    /// By its id apart from date, version and context length, or by its dated name without provider.
    Base,
}

/// Why no model is known for a model identifier, in the order of the names, which is that of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Unresolved {
    /// Aliases lead in a circle, or through too many steps.
    AliasLoop,
    /// The catalog has several such models apart from date and version.
    Ambiguous,
    /// The model identifier is opaque and has no alias.
    NoAlias,
    /// The record names no model.
    NoReference,
    /// The catalog has no such model.
    NotInCatalog,
    /// The reference has no form that is known.
    UnknownForm,
}

impl Match {
    /// The value of the column `model_match`; `none` is no match.
    pub fn as_str(self) -> &'static str {
        match self {
            Match::Exact => "exact",
            Match::Base => "base",
        }
    }
}

impl Unresolved {
    /// The value of the column `reason`.
    pub fn as_str(self) -> &'static str {
        match self {
            Unresolved::NoReference => "no_reference",
            Unresolved::UnknownForm => "unknown_form",
            Unresolved::NoAlias => "no_alias",
            Unresolved::AliasLoop => "alias_loop",
            Unresolved::NotInCatalog => "not_in_catalog",
            Unresolved::Ambiguous => "ambiguous",
        }
    }

    /// What the user can do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Unresolved::NoReference => "the record names no model; nothing can be done",
            Unresolved::UnknownForm => "add an alias for it (--aliases FILE)",
            Unresolved::NoAlias => {
                "add an alias (--aliases FILE), for application profiles the output of \
                 `aws bedrock list-inference-profiles --type-equals APPLICATION`"
            }
            Unresolved::AliasLoop => "alias cycle: fix the aliases (--aliases FILE)",
            Unresolved::NotInCatalog => {
                "a newer catalog may have it (`hoptrail catalog import`, --catalog DIR)"
            }
            Unresolved::Ambiguous => "add an alias with the full ID (--aliases FILE)",
        }
    }
}

impl Resolution {
    /// Takes the model that a prompt router or a prompt invoked for a call, as a log tells: it is another one for
    /// each call, which no alias can know. What was called stays.
    pub fn invoke(&mut self, model_ref: &str, catalog: &Catalog, aliases: &Aliases) {
        if self.target_type.chooses_model() {
            let invoked = resolve(Some(model_ref), catalog, aliases);
            self.profile_scope = invoked.profile_scope;
            self.system_profile = invoked.system_profile;
            self.model = invoked.model;
            self.is_invoked = true;
        }
    }
}

/// Resolves a model identifier as logged.
pub fn resolve(text: Option<&str>, catalog: &Catalog, aliases: &Aliases) -> Resolution {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        return Resolution {
            target_type: TargetType::Unknown,
            profile_scope: None,
            profile_id: None,
            system_profile: None,
            alias_name: None,
            tags: None,
            model: Err(Unresolved::NoReference),
            is_invoked: false,
        };
    };
    let first = catalog.read(text);
    let mut resolution = Resolution {
        target_type: first.target_type,
        profile_scope: first.profile_scope.clone(),
        profile_id: first.profile_id.clone(),
        system_profile: None,
        alias_name: None,
        tags: aliases.tags(&first.text).map(str::to_owned),
        model: Err(Unresolved::AliasLoop),
        is_invoked: false,
    };
    let mut reference = first;
    for _ in 0..=MAX_ALIASES {
        resolution.profile_scope =
            resolution.profile_scope.or_else(|| reference.profile_scope.clone());
        if reference.target_type.is_system_profile() && resolution.system_profile.is_none() {
            resolution.system_profile.clone_from(&reference.profile_id);
        }
        let lookup = reference.model.as_deref().map(|id| catalog.model(id));
        if let Some(found @ (Lookup::Exact(_) | Lookup::Base(_))) = lookup {
            resolution.model = found_model(found);
            return resolution;
        }
        // An alias may also name a model that the catalog does not have.
        let Some(alias) = aliases.get(&reference.text) else {
            let is_bare = reference.target_type == TargetType::Unknown;
            let named = is_bare.then(|| catalog.model_of_dated_name(&reference.text)).flatten();
            resolution.model = match named {
                Some(model) => found_model(Lookup::Base(model)),
                None => Err(reason(&reference, lookup)),
            };
            return resolution;
        };
        resolution.alias_name = resolution.alias_name.or(alias.name);
        let Some(model) = alias.model else {
            resolution.model = Err(reason(&reference, lookup));
            return resolution;
        };
        reference = catalog.read(&model);
    }
    resolution
}

fn found_model(lookup: Lookup<'_>) -> Result<ResolvedModel, Unresolved> {
    let (model, matched) = match lookup {
        Lookup::Exact(model) => (model, Match::Exact),
        Lookup::Base(model) => (model, Match::Base),
        Lookup::Ambiguous => return Err(Unresolved::Ambiguous),
        Lookup::Unknown => return Err(Unresolved::NotInCatalog),
    };
    Ok(ResolvedModel {
        id: model.id.clone(),
        provider: model.provider.clone(),
        name: model.name.clone(),
        matched,
    })
}

fn reason(reference: &ModelRef, lookup: Option<Lookup<'_>>) -> Unresolved {
    match lookup {
        Some(Lookup::Ambiguous) => Unresolved::Ambiguous,
        Some(_) => Unresolved::NotInCatalog,
        None if reference.target_type == TargetType::Unknown => Unresolved::UnknownForm,
        None => Unresolved::NoAlias,
    }
}
