//! What a run would list, fetch and write, with nothing fetched.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use store::{Store, list_folders};
use tables::INVOCATIONS;
use tokio::sync::mpsc;

use crate::dates::DayRange;
use crate::error::Error;
use crate::outcome::progress::Progress;
use crate::outcome::{NothingFound, ObjectProblem};
use crate::settings::Settings;
use crate::source::found::{NotSearched, TrailFound};
use crate::source::list::{LISTED_AHEAD, Listed, ListedObject, list_all};
use crate::source::nothing_found::nothing_found;

/// What a run would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Where would be read.
    pub source: String,
    /// The days that would be written; `None` if all that there are.
    pub range: Option<String>,
    /// Regions' folders of the trails.
    pub prefixes: u64,
    /// Their accounts.
    pub accounts: u64,
    /// Their Regions.
    pub regions: u64,
    /// The trails that were found.
    pub trails: Vec<TrailFound>,
    /// Folders that were not looked into.
    pub not_searched: NotSearched,
    /// Whether the search for trails ended at its limit.
    pub has_reached_search_limit: bool,
    /// Accounts and Regions that are asked for and were not found.
    pub unmatched: Vec<String>,
    /// Files that are no log files.
    pub skipped: u64,
    /// Objects that are copies of others.
    pub copies: u64,
    /// Those of another size than the object that would be read; the first 100.
    pub copies_of_other_size: Vec<ObjectProblem>,
    /// Objects that would be fetched: as many GET requests.
    pub objects: u64,
    /// Their bytes as stored.
    pub bytes: u64,
    /// Those of `objects` that are in an archive (`GLACIER`, `DEEP_ARCHIVE`) and must be restored first.
    pub archived_objects: u64,
    /// Their bytes as stored.
    pub archived_bytes: u64,
    /// Objects by the day of their delivery; an empty day where the key has none.
    pub objects_by_delivery_day: BTreeMap<String, u64>,
    /// Days of the range that are published at the destination already and would be replaced; `None` if
    /// no destination was named.
    pub replaced_days: Option<Vec<String>>,
    /// LIST requests that the plan made, and that a run makes too.
    pub list_requests: u64,
    /// What was looked at, if nothing was found.
    pub nothing_found: Option<NothingFound>,
}

impl Plan {
    /// Whether a run could not do all that is asked for.
    pub fn is_partial(&self) -> bool {
        self.has_reached_search_limit
            || !self.unmatched.is_empty()
            || !self.copies_of_other_size.is_empty()
    }
}

/// Lists what a run would read.
///
/// # Errors
/// If the source cannot be listed or holds no trail.
pub async fn plan(
    source: &dyn Store,
    settings: &Settings,
    progress: &Progress,
) -> Result<Plan, Error> {
    let (sender, mut receiver) = mpsc::channel::<ListedObject>(LISTED_AHEAD);
    let mut plan = Plan {
        source: source.location(),
        range: settings.range.map(|range| range.to_string()),
        ..Plan::default()
    };
    let listing = list_all(source, settings, sender);
    let counting = async {
        while let Some(object) = receiver.recv().await {
            progress.listed(object.meta.size_bytes);
            plan.objects += 1;
            plan.bytes += object.meta.size_bytes;
            if object.meta.is_archived {
                plan.archived_objects += 1;
                plan.archived_bytes += object.meta.size_bytes;
            }
            let day = object.delivery.map(|delivery| delivery.day.to_string()).unwrap_or_default();
            *plan.objects_by_delivery_day.entry(day).or_default() += 1;
        }
    };
    let (listed, ()) = futures::future::join(listing, counting).await;
    let listed = listed?;
    progress.all_listed();
    if let Some(error) = listed.nothing_matches(source, settings) {
        return Err(error);
    }
    if plan.objects == 0 {
        plan.nothing_found = nothing_found(source, settings, &listed).await?;
    }
    let Listed { discovery, lists, listing, trails, unmatched, has_unnamed } = listed;
    plan.list_requests = lists;
    plan.prefixes = (discovery.regions.len() + discovery.others.len()) as u64;
    let names = |of: fn(&TrailFound) -> &BTreeSet<String>| {
        trails.iter().flat_map(of).collect::<BTreeSet<_>>().len() as u64
    };
    (plan.accounts, plan.regions) = (names(|trail| &trail.accounts), names(|trail| &trail.regions));
    plan.trails = trails;
    plan.not_searched = discovery.not_searched.clone();
    plan.has_reached_search_limit = discovery.has_reached_limit;
    // What records say is not known before they are read.
    plan.unmatched = if has_unnamed { Vec::new() } else { unmatched };
    plan.skipped = listing.skipped;
    plan.copies = listing.copies;
    plan.copies_of_other_size = listing.copies_of_other_size;
    Ok(plan)
}

/// The days of a range that are published at a destination already.
///
/// # Errors
/// If it cannot be listed.
pub async fn days_at(
    destination: &dyn Store,
    range: Option<DayRange>,
) -> Result<Vec<String>, Error> {
    let table = format!("{}/", INVOCATIONS.name);
    let folders = list_folders(destination, &table).await.map_err(Error::Destination)?;
    let days = folders.iter().filter_map(|folder| {
        let day = folder.trim_end_matches('/').rsplit_once("dt=")?.1;
        let is_in_range =
            |day: &str| day.parse().is_ok_and(|day| range.is_none_or(|range| range.contains(day)));
        is_in_range(day).then(|| day.to_owned())
    });
    Ok(days.collect())
}
