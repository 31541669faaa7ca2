//! What a run would list, fetch and write, with nothing fetched.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use jiff::ToSpan;
use logs::layout::LogKind;
use serde::Serialize;
use store::{Store, list_folders};
use tables::INVOCATIONS;
use tokio::sync::mpsc;

use crate::day::{DayRange, days_of_delivery, late_days};
use crate::discover::{Discovery, discover};
use crate::error::{Error, NothingFound};
use crate::list::{ListCounts, ListedObject, Selection, list_any, list_days};
use crate::progress::Progress;
use crate::settings::{Layout, Settings};

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
    /// Objects by the day of their delivery; an empty day where the key has none.
    pub objects_by_delivery_day: BTreeMap<String, u64>,
    /// Days of the range that stand at the destination already and would be replaced; `None` if no
    /// destination was named.
    pub replaced_days: Option<Vec<String>>,
    /// LIST requests that the plan took, and that a run takes again.
    pub list_requests: u64,
    /// What was looked at, if nothing was found.
    pub nothing_found: Option<NothingFound>,
}

/// How many prefixes are named when nothing is found.
const EXAMPLES: usize = 3;

/// How many objects are on their way from the listing to whoever takes them.
pub(crate) const LISTED_AHEAD: usize = 1024;

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

/// The days of a range that stand at a destination already.
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

/// What a listing took and met.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub(crate) discovery: Discovery,
    pub(crate) lists: u64,
    pub(crate) skipped: u64,
}

/// Finds what there is to read and gives it to `objects`.
pub(crate) async fn list_all(
    source: &dyn Store,
    root_path: &str,
    settings: &Settings,
    objects: mpsc::Sender<ListedObject>,
) -> Result<Listed, Error> {
    let kind = LogKind::CloudTrail;
    let counts = ListCounts::default();
    let mut discovery = Discovery::default();
    match (settings.layout, settings.range) {
        (Layout::Any, _) => list_any(source, kind, &counts, &objects).await?,
        (Layout::Trail, Some(range)) => {
            discovery = discover(source, settings, root_path, kind).await?;
            let window = settings.late_window_minutes;
            let wanted = |delivery| days_of_delivery(delivery, range, window).next().is_some();
            let selection = Selection {
                kind,
                first: range.from(),
                last: range.to().saturating_add(late_days(window).days()),
                wanted: &wanted,
            };
            list_days(source, settings, selection, &discovery.folders, &counts, &objects).await?;
        }
        (Layout::Trail, None) => return Err(Error::NoRange),
    }
    let lists = discovery.lists + counts.lists.load(Ordering::Relaxed);
    let skipped = counts.skipped.load(Ordering::Relaxed);
    Ok(Listed { discovery, lists, skipped })
}

/// Says where was looked, and what lies near.
pub(crate) async fn nothing_found(
    source: &dyn Store,
    settings: &Settings,
    discovery: &Discovery,
) -> Result<Option<NothingFound>, Error> {
    let Some(range) = settings.range else { return Ok(None) };
    let folders = &discovery.folders;
    let location = format!("{}/", source.location().trim_end_matches('/'));
    let examples = folders.iter().take(EXAMPLES);
    let examples = examples.map(|folder| format!("{location}{}", folder.prefix)).collect();
    let mut near = Vec::new();
    for folder in folders.iter().take(EXAMPLES) {
        for last in [false, true] {
            if let Some(day) = outermost_day(source, &folder.prefix, last).await? {
                near.push(day);
            }
        }
    }
    near.sort();
    near.dedup();
    let near = match near.as_slice() {
        [] => Vec::new(),
        [only] => vec![only.clone()],
        [first, .., last] => vec![first.clone(), last.clone()],
    };
    Ok(Some(NothingFound::new(range, examples, folders.len(), near)))
}

/// The first or the last day of a Region's folder that has a folder: `2026-08-01`.
async fn outermost_day(
    source: &dyn Store,
    prefix: &str,
    last: bool,
) -> Result<Option<String>, Error> {
    let mut folder = prefix.to_owned();
    for _ in 0..3 {
        let folders = list_folders(source, &folder).await.map_err(Error::List)?;
        let next = if last { folders.last() } else { folders.first() };
        let Some(next) = next else { return Ok(None) };
        folder.clone_from(next);
    }
    let day = folder[prefix.len()..].trim_end_matches('/').replace('/', "-");
    Ok(Some(day))
}
