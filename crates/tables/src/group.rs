//! Counts calls: over the Regions, by what they cost, and over the references that no model was found
//! for.

mod costs;
mod destinations;
mod parts;
mod ranks;
mod sums;

use std::collections::BTreeSet;
use std::sync::Arc;

use bedrock::resolve::Unresolved;
use bedrock::{Attribute, Meaning, Outcome, TextId};
use rustc_hash::FxHashMap;

pub use self::costs::AttributedRows;
use self::costs::{CostParts, Costs};
use self::destinations::{ProfileRoute, destination_rows};
use self::parts::Parts;
use self::ranks::Ranks;
use crate::invocations::Invocation;
use crate::merge::GroupRow;
use crate::model_costs::CostRow;
use crate::profile_destinations::DestinationRow;
use crate::references::References;
use crate::routing_distribution::{Counts, RoutingKey, RoutingRow};
use crate::unresolved_models::UnresolvedRow;

const HOUR_MS: i64 = 3_600_000;

/// Counts calls by the ids of their texts, which costs no comparison of texts.
///
/// Rows of groups are made by [`Groups::take`], after which ids may mean other texts. Until then, what is
/// referred to may grow, and what is there has to stay.
#[derive(Debug, Default)]
pub struct Groups {
    /// For each meaning that was met, what groups tell apart of it.
    meanings: Vec<Option<MeaningParts>>,
    routes: Parts,
    routing: FxHashMap<RoutingIds, Counts>,
    costs: Costs,
    unresolved: FxHashMap<UnresolvedIds, Seen>,
}

/// What was counted, as rows in the orders of their tables.
#[derive(Debug)]
pub struct GroupRows {
    /// The rows of `routing_distribution`.
    pub routing: Vec<RoutingRow>,
    /// The rows of `model_costs`.
    pub costs: Vec<CostRow>,
    /// The rows of `attributed_costs`.
    pub attributed: AttributedRows,
    /// The rows of `unresolved_models`.
    pub unresolved: Vec<UnresolvedRow>,
    /// The rows of `profile_destinations`.
    pub destinations: Vec<DestinationRow>,
}

/// What groups tell apart of a meaning.
#[derive(Debug, Clone, Copy)]
struct MeaningParts {
    /// The place of the outcome in [`Outcome::ALL`].
    outcome: Option<usize>,
    succeeded: bool,
    /// The number of its [`ProfileRoute`].
    route: usize,
    /// The numbers of what its costs are told apart by.
    costs: CostParts,
    unresolved: Option<Unresolved>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct RoutingIds {
    hour: i64,
    account_id: Option<TextId>,
    source_region: Option<TextId>,
    route: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct UnresolvedIds {
    model_ref: Option<TextId>,
    reason: Unresolved,
}

/// When and where calls were seen, and how many.
#[derive(Debug)]
struct Seen {
    calls: i64,
    first_ms: i64,
    last_ms: i64,
    accounts: BTreeSet<Option<TextId>>,
}

impl Groups {
    /// Counts calls.
    ///
    /// # Panics
    /// If one refers to a meaning that is not there.
    pub fn add(&mut self, rows: &[Invocation], references: References<'_>) {
        if self.meanings.len() < references.meanings.len() {
            self.meanings.resize(references.meanings.len(), None);
        }
        for row in rows {
            let parts = self.parts(row.meaning as usize, references.meanings);
            self.add_call(row, parts);
        }
    }

    fn parts(&mut self, number: usize, meanings: &[Meaning]) -> MeaningParts {
        if let Some(parts) = self.meanings[number] {
            return parts;
        }
        let meaning = &meanings[number];
        let parts = MeaningParts {
            outcome: Outcome::ALL.iter().position(|known| *known == meaning.outcome),
            succeeded: meaning.outcome == Outcome::Succeeded,
            route: self.routes.number(number, meanings, ProfileRoute::of),
            costs: self.costs.parts(number, meanings),
            unresolved: meaning.resolution.model.as_ref().err().copied(),
        };
        self.meanings[number] = Some(parts);
        parts
    }

    fn add_call(&mut self, row: &Invocation, parts: MeaningParts) {
        let id = |attribute| row.attributes[attribute];
        let (account_id, source_region) = (id(Attribute::AccountId), id(Attribute::SourceRegion));
        let time_ms = row.event_time_ms;

        let hour = time_ms.div_euclid(HOUR_MS);
        let ids = RoutingIds { hour, account_id, source_region, route: parts.route };
        self.routing.entry(ids).or_default().add_call(parts.outcome, row.usage.as_ref());

        self.costs.add_call(row, parts.costs, parts.succeeded);

        let Some(reason) = parts.unresolved else { return };
        let ids = UnresolvedIds { model_ref: id(Attribute::ModelRef), reason };
        let seen = self.unresolved.entry(ids).or_insert_with(|| Seen {
            calls: 0,
            first_ms: time_ms,
            last_ms: time_ms,
            accounts: BTreeSet::new(),
        });
        seen.calls += 1;
        seen.first_ms = seen.first_ms.min(time_ms);
        seen.last_ms = seen.last_ms.max(time_ms);
        seen.accounts.insert(account_id);
    }

    /// How many groups are held.
    pub fn len(&self) -> usize {
        self.routing.len() + self.costs.len() + self.unresolved.len()
    }

    /// Whether no call was counted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Makes rows of what was counted, and begins anew. `references` are those of the last calls.
    ///
    /// # Panics
    /// If calls refer to what is not there.
    pub fn take(&mut self, references: References<'_>, price_version: &str) -> GroupRows {
        let Groups { routes, routing, costs, unresolved, .. } = std::mem::take(self);
        let ((routing, (costs, attributed)), (unresolved, destinations)) = rayon::join(
            || {
                rayon::join(
                    || routing_rows(&routing, &routes, references),
                    || costs.rows(references, price_version),
                )
            },
            || {
                let destinations = destination_rows(&routing, &routes, references);
                (unresolved_rows(&unresolved, references), destinations)
            },
        );
        GroupRows { routing, costs, attributed, unresolved, destinations }
    }
}

fn routing_rows(
    routing: &FxHashMap<RoutingIds, Counts>,
    routes: &Parts,
    References { texts, meanings, .. }: References<'_>,
) -> Vec<RoutingRow> {
    let rank = |attribute, id: fn(&RoutingIds) -> Option<TextId>| {
        Ranks::of_texts(routing.keys().map(id), &texts[attribute])
    };
    let accounts = rank(Attribute::AccountId, |ids| ids.account_id);
    let regions = rank(Attribute::SourceRegion, |ids| ids.source_region);
    let routes =
        Ranks::of_parts(routes.parts(meanings, ProfileRoute::of), |of| Arc::new(of.route.owned()));

    let ranked = routing.iter().map(|(ids, counts)| {
        let account = accounts.rank_of(ids.account_id);
        let region = regions.rank_of(ids.source_region);
        ((ids.hour, account, region, routes.rank(ids.route)), counts)
    });
    let mut ranked = ranked.collect::<Vec<_>>();
    ranked.sort_unstable_by_key(|(ranks, _)| *ranks);
    let row = |((hour, account, region, route), counts): (_, &Counts)| RoutingRow {
        key: RoutingKey {
            event_hour_ms: hour * HOUR_MS,
            account_id: accounts.get(account),
            source_region: regions.get(region),
            route: routes.get(route),
        },
        counts: *counts,
    };
    let mut rows = Vec::<RoutingRow>::with_capacity(ranked.len());
    for next in ranked.into_iter().map(row) {
        // Profiles are not told apart here.
        match rows.last_mut().filter(|last| last.same_group(&next)) {
            Some(last) => last.merge(next),
            None => rows.push(next),
        }
    }
    rows
}

fn unresolved_rows(
    unresolved: &FxHashMap<UnresolvedIds, Seen>,
    References { texts, .. }: References<'_>,
) -> Vec<UnresolvedRow> {
    let model_refs = unresolved.keys().map(|ids| ids.model_ref);
    let model_refs = Ranks::of_texts(model_refs, &texts[Attribute::ModelRef]);
    let accounts = unresolved.values().flat_map(|seen| seen.accounts.iter().copied());
    let accounts = Ranks::of_texts(accounts, &texts[Attribute::AccountId]);

    let row = |(ids, seen): (&UnresolvedIds, &Seen)| UnresolvedRow {
        model_ref: model_refs.get(model_refs.rank_of(ids.model_ref)),
        reason: ids.reason,
        calls: seen.calls,
        first_seen_ms: seen.first_ms,
        last_seen_ms: seen.last_ms,
        accounts: seen.accounts.iter().map(|id| accounts.get(accounts.rank_of(*id))).collect(),
    };
    let mut rows = unresolved.iter().map(row).collect::<Vec<_>>();
    rows.sort_unstable_by(GroupRow::compare_group);
    rows
}
