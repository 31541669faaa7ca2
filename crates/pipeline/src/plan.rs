//! What a run would list, fetch and write, with nothing fetched.

use std::collections::BTreeMap;

use serde::Serialize;
use store::{Store, list_folders};
use tables::INVOCATIONS;
use tokio::sync::mpsc;

use crate::dates::DayRange;
use crate::error::Error;
use crate::outcome::NothingFound;
use crate::outcome::progress::Progress;
use crate::settings::Settings;
use crate::source::list::{LISTED_AHEAD, ListedObject, list_all};
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
    /// Folders of digests, insights and other logs, skipped.
    pub sibling_folders: u64,
    /// Folders beside `AWSLogs/`, not looked into.
    pub folders_not_searched: u64,
    /// Objects that would be fetched: as many GET requests.
    pub objects: u64,
    /// Their bytes as stored.
    pub bytes: u64,
    /// Those of `objects` that are in an archive (GLACIER, DEEP_ARCHIVE) and must be restored first.
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

/// Lists what a run would read.
///
/// # Errors
/// If the source cannot be listed or holds no trail.
pub async fn plan(
    source: &dyn Store,
    root_path: &str,
    settings: &Settings,
    progress: &Progress,
) -> Result<Plan, Error> {
    let (sender, mut receiver) = mpsc::channel::<ListedObject>(LISTED_AHEAD);
    let mut plan = Plan {
        source: source.location(),
        range: settings.range.map(|range| range.to_string()),
        ..Plan::default()
    };
    let listing = list_all(source, root_path, settings, sender);
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
    plan.list_requests = listed.lists;
    plan.prefixes = listed.discovery.folders.len() as u64;
    plan.sibling_folders = listed.discovery.siblings;
    plan.folders_not_searched = listed.discovery.not_searched;
    (plan.accounts, plan.regions) = listed.discovery.accounts_and_regions();
    if plan.objects == 0 {
        plan.nothing_found = nothing_found(source, settings, &listed.discovery).await?;
    }
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
