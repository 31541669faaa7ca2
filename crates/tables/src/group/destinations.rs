//! Where profiles may send calls, and where they did.

use std::collections::BTreeMap;
use std::sync::Arc;

use bedrock::{Attribute, Meaning, TextId};
use rustc_hash::FxHashMap;

use super::RoutingIds;
use super::parts::Parts;
use crate::profile_destinations::{DestinationKey, DestinationRow};
use crate::references::References;
use crate::routing_distribution::{Counts, Route};

/// The place of the outcome in [`bedrock::Outcome::ALL`].
const SUCCEEDED: usize = 0;

/// The way that calls take, with the profile that decides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ProfileRoute<'m> {
    pub(super) route: Route<&'m str>,
    profile: Option<&'m str>,
    /// They depend on the source Region too.
    declared: Option<&'m [String]>,
}

impl<'m> ProfileRoute<'m> {
    pub(super) fn of(meaning: &'m Meaning) -> Self {
        let profile = meaning.resolution.system_profile.as_deref();
        ProfileRoute { route: Route::of(meaning), profile, declared: meaning.declared.as_deref() }
    }
}

/// Whether a Region is declared, and the calls that succeeded there.
type Use = (Option<bool>, i64);

/// The rows of what was counted by the hour, in the order of their table.
#[expect(
    clippy::iter_over_hash_type,
    reason = "sums have no order, and maps put the rows in theirs"
)]
pub(super) fn destination_rows(
    routing: &FxHashMap<RoutingIds, Counts>,
    routes: &Parts,
    References { texts, meanings, .. }: References<'_>,
) -> Vec<DestinationRow> {
    let examples = routes.parts(meanings, |meaning| meaning);
    // Without the hour they are few.
    let mut succeeded = FxHashMap::<(Option<TextId>, Option<TextId>, usize), i64>::default();
    for (ids, counts) in routing {
        if examples[ids.route].resolution.system_profile.is_some() {
            let calls = succeeded.entry((ids.account_id, ids.source_region, ids.route));
            *calls.or_default() += counts.by_outcome[SUCCEEDED];
        }
    }
    let text = |attribute, id: Option<TextId>| id.map(|id| texts[attribute].get(id));
    let mut profiles = BTreeMap::<_, BTreeMap<&str, Use>>::new();
    for ((account, source, route), calls) in succeeded {
        let meaning = examples[route];
        let Some(profile) = &meaning.resolution.system_profile else { continue };
        let account = text(Attribute::AccountId, account);
        let source = text(Attribute::SourceRegion, source);
        let uses = profiles.entry((account, profile.as_str(), source)).or_insert_with(|| {
            let declared = meaning.declared.iter().flat_map(|regions| regions.iter());
            declared.map(|region| (region.as_str(), (Some(true), 0))).collect()
        });
        if let (Some(region), true) = (&meaning.inference_region, calls > 0) {
            uses.entry(region).or_insert((meaning.is_declared, 0)).1 += calls;
        }
    }
    let rows = profiles.into_iter().flat_map(|((account, profile, source), uses)| {
        let [account, source] = [account, source].map(|text| text.map(Arc::<str>::from));
        let profile = Arc::<str>::from(profile);
        uses.into_iter().map(move |(region, (is_declared, succeeded_calls))| DestinationRow {
            key: DestinationKey {
                account_id: account.clone(),
                profile_id: Arc::clone(&profile),
                source_region: source.clone(),
                destination_region: region.into(),
            },
            is_declared,
            succeeded_calls,
        })
    });
    rows.collect()
}
