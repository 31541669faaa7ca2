//! Counts what calls cost, by model and by caller.

use std::sync::Arc;

use bedrock::cost::CostBasis;
use bedrock::{Attribute, CostGaps, Meaning, TextId, Texts};
use rustc_hash::FxHashMap;

use super::parts::Parts;
use super::ranks::Ranks;
use super::sums::Sums;
use crate::attributed_costs::Caller;
use crate::invocations::Invocation;
use crate::model_costs::{Called, CostRow, CostSums, ModelCostKey};
use crate::references::References;

/// What calls cost, by the ids of what they have in common.
#[derive(Debug, Default)]
pub(super) struct Costs {
    called: Parts,
    profile_tags: Parts,
    /// The numbers of the groups of `model_costs`.
    models: FxHashMap<ModelIds, u32>,
    /// Their sums, by number.
    model_sums: Vec<CostSums>,
    /// The places of the groups of `attributed_costs` in `sums`, which are too large to be moved about in a map.
    places: FxHashMap<CostIds, u32>,
    sums: Sums,
}

/// What costs are told apart by of a meaning.
#[derive(Debug, Clone, Copy)]
pub(super) struct CostParts {
    /// The number of its [`Called`].
    called: usize,
    /// The number of its [`profile_tags`].
    profile_tags: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct ModelIds {
    account_id: Option<TextId>,
    source_region: Option<TextId>,
    called: usize,
    principal_name: Option<TextId>,
    service_tier: Option<TextId>,
    cost_basis: Option<CostBasis>,
    cost_gap: CostGaps,
}

/// Of a group of `model_costs`, by its number, what a caller had. There may be as many as calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct CostIds {
    model: u32,
    session_name: Option<TextId>,
    request_metadata: Option<TextId>,
    profile_tags: u32,
}

/// The tags of the profile that calls with a meaning went to.
fn profile_tags(meaning: &Meaning) -> Option<&str> {
    meaning.resolution.tags.as_deref()
}

impl Costs {
    /// The numbers of what a meaning has in common with others.
    pub(super) fn parts(&mut self, number: usize, meanings: &[Meaning]) -> CostParts {
        CostParts {
            called: self.called.number(number, meanings, Called::of),
            profile_tags: self.profile_tags.number(number, meanings, profile_tags),
        }
    }

    /// Adds a call.
    pub(super) fn add_call(&mut self, row: &Invocation, parts: CostParts, succeeded: bool) {
        let id = |attribute| row.attributes[attribute];
        let of_model = ModelIds {
            account_id: id(Attribute::AccountId),
            source_region: id(Attribute::SourceRegion),
            called: parts.called,
            principal_name: id(Attribute::PrincipalName),
            service_tier: id(Attribute::ServiceTier),
            cost_basis: row.figure.cost.map(|cost| cost.basis),
            cost_gap: row.figure.gaps,
        };
        // There are fewer calls than that, and fewer meanings.
        let next = self.models.len() as u32;
        let model = *self.models.entry(of_model).or_insert(next);
        if model == next {
            self.model_sums.push(CostSums::default());
        }
        self.model_sums[model as usize].add_call(succeeded, row);
        let ids = CostIds {
            model,
            session_name: id(Attribute::SessionName),
            request_metadata: id(Attribute::RequestMetadata),
            profile_tags: parts.profile_tags as u32,
        };
        let next = self.sums.len() as u32;
        match *self.places.entry(ids).or_insert(next) {
            place if place == next => self.sums.push(succeeded, row),
            place => self.sums.add_call(place as usize, succeeded, row),
        }
    }

    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.sums.len()
    }

    /// The rows of `model_costs` and of `attributed_costs`, in their orders.
    pub(super) fn rows(
        self,
        References { texts, meanings, .. }: References<'_>,
        price_version: &str,
    ) -> (Vec<CostRow>, AttributedRows) {
        let Costs { called, profile_tags: tags, models, model_sums, places, sums } = self;
        let models = rank_models(&models, &called, texts, meanings);
        let rank = |attribute, id: fn(&CostIds) -> Option<TextId>| {
            Ranks::of_texts(places.keys().map(id), &texts[attribute])
        };
        let sessions = rank(Attribute::SessionName, |ids| ids.session_name);
        let metadata = rank(Attribute::RequestMetadata, |ids| ids.request_metadata);
        let tags = Ranks::of_parts(tags.parts(meanings, profile_tags), |tags| tags.map(Arc::from));

        let ranked = places.iter().map(|(ids, place)| {
            let ranks = CallerRanks {
                model: models.rank(ids.model as usize),
                session: sessions.rank_of(ids.session_name),
                metadata: metadata.rank_of(ids.request_metadata),
                tags: tags.rank(ids.profile_tags as usize),
            };
            (ranks, *place)
        });
        let mut ranked = ranked.collect::<Vec<_>>();
        drop(places);
        ranked.sort_unstable_by_key(|(ranks, _)| *ranks);
        let price_version = Arc::from(price_version);
        let of_models = model_rows(&models, &model_sums, &price_version);
        let rows = AttributedRows {
            ranked: ranked.into_iter(),
            models,
            sessions,
            metadata,
            tags,
            sums,
            price_version,
        };
        (of_models, rows)
    }
}

/// The rows of `model_costs`, in their order. `sums` are those of the groups by number.
fn model_rows(
    models: &Ranks<Arc<ModelCostKey>>,
    sums: &[CostSums],
    price_version: &Arc<str>,
) -> Vec<CostRow> {
    let ranked = sums.iter().enumerate().map(|(number, sums)| (models.rank(number), *sums));
    let mut ranked = ranked.collect::<Vec<_>>();
    ranked.sort_unstable_by_key(|(rank, _)| *rank);
    let row = |(rank, sums)| CostRow {
        key: models.get(rank),
        caller: Caller::default(),
        sums,
        price_version: Arc::clone(price_version),
    };
    ranked.into_iter().map(row).collect()
}

/// The groups of `model_costs` in their order.
fn rank_models(
    models: &FxHashMap<ModelIds, u32>,
    called: &Parts,
    texts: &Texts,
    meanings: &[Meaning],
) -> Ranks<Arc<ModelCostKey>> {
    let rank = |attribute, id: fn(&ModelIds) -> Option<TextId>| {
        Ranks::of_texts(models.keys().map(id), &texts[attribute])
    };
    let accounts = rank(Attribute::AccountId, |ids| ids.account_id);
    let regions = rank(Attribute::SourceRegion, |ids| ids.source_region);
    let called =
        Ranks::of_parts(called.parts(meanings, Called::of), |called| Arc::new(called.owned()));
    let principals = rank(Attribute::PrincipalName, |ids| ids.principal_name);
    let tiers = rank(Attribute::ServiceTier, |ids| ids.service_tier);
    let ranked = models.iter().map(|(ids, number)| {
        let ranks = [
            accounts.rank_of(ids.account_id),
            regions.rank_of(ids.source_region),
            called.rank(ids.called),
            principals.rank_of(ids.principal_name),
            tiers.rank_of(ids.service_tier),
        ];
        (*number as usize, (ranks, ids.cost_basis, ids.cost_gap))
    });
    Ranks::new(ranked.collect(), models.len(), |(ranks, cost_basis, cost_gap)| {
        let [account, region, what, principal, tier] = ranks;
        Arc::new(ModelCostKey {
            account_id: accounts.get(account),
            source_region: regions.get(region),
            called: called.get(what),
            principal_name: principals.get(principal),
            service_tier: tiers.get(tier),
            cost_basis,
            cost_gap,
        })
    })
}

/// The rows of `attributed_costs`, in their order. They are made one at a time: there may be as many as calls.
#[derive(Debug, Clone)]
pub struct AttributedRows {
    /// Those that were not given, with their places in `sums`.
    ranked: std::vec::IntoIter<(CallerRanks, u32)>,
    models: Ranks<Arc<ModelCostKey>>,
    sessions: Ranks<Option<Arc<str>>>,
    metadata: Ranks<Option<Arc<str>>>,
    tags: Ranks<Option<Arc<str>>>,
    sums: Sums,
    price_version: Arc<str>,
}

/// The ranks of what tells rows of `attributed_costs` apart, in the order in which they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct CallerRanks {
    model: u32,
    session: u32,
    metadata: u32,
    tags: u32,
}

impl Iterator for AttributedRows {
    type Item = CostRow;

    fn next(&mut self) -> Option<CostRow> {
        let (CallerRanks { model, session, metadata, tags }, place) = self.ranked.next()?;
        Some(CostRow {
            key: self.models.get(model),
            caller: Caller {
                session_name: self.sessions.get(session),
                request_metadata: self.metadata.get(metadata),
                profile_tags: self.tags.get(tags),
            },
            sums: self.sums.get(place as usize),
            price_version: Arc::clone(&self.price_version),
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ranked.size_hint()
    }
}

impl ExactSizeIterator for AttributedRows {}
