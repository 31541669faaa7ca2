//! Finds the Regions' folders of every trail below a source, by listing folders in parallel.

use std::collections::BTreeSet;

use futures::stream::{FuturesUnordered, StreamExt};
use logs::layout::{Child, Level, LogKind};
use store::{Store, list_folders_or_empty};

use crate::error::Error;
use crate::settings::Settings;

/// The most folders that are looked into above `AWSLogs/`.
const MAX_FOLDERS_ABOVE: usize = 10_000;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Discovery {
    /// The Regions' folders, in the order of their prefixes.
    pub folders: Vec<RegionFolder>,
    /// Folders beside the trails that were skipped: digests, insights, other logs.
    pub siblings: u64,
    /// Folders beside `AWSLogs/` that were not looked into.
    pub not_searched: u64,
    /// Listings that were made, a page at least each.
    pub lists: u64,
}

/// A Region's folder of a trail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RegionFolder {
    /// Its prefix, relative to the source, with a `/` at its end.
    pub prefix: String,
}

impl Discovery {
    /// How many accounts and Regions the folders belong to.
    pub(crate) fn accounts_and_regions(&self) -> (u64, u64) {
        let mut accounts = BTreeSet::new();
        let mut regions = BTreeSet::new();
        for folder in &self.folders {
            let mut names = folder.prefix.trim_end_matches('/').rsplit('/');
            regions.extend(names.next());
            accounts.extend(names.nth(1));
        }
        (accounts.len() as u64, regions.len() as u64)
    }
}

/// A folder to look into.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Folder {
    prefix: String,
    level: Level,
}

/// Finds the Regions' folders. `root_path` is the path of the source itself, whose last name shows
/// the level of the source.
///
/// Above `AWSLogs/` the search goes level by level and stops at the first level that has one: what
/// is beside it may be a whole data lake. How many folders were left is counted.
///
/// # Errors
/// If a folder cannot be listed, or there is no trail.
pub(crate) async fn discover(
    store: &dyn Store,
    settings: &Settings,
    root_path: &str,
    kind: LogKind,
) -> Result<Discovery, Error> {
    let mut discovery = Discovery::default();
    let level = Level::of_path(root_path, kind);
    let mut folders = vec![Folder { prefix: String::new(), level }];
    let mut seen_at_root = Vec::new();
    let mut n_above = 0;
    while !folders.is_empty() {
        let found = look_into(store, settings, folders, kind).await?;
        discovery.lists += found.lists;
        discovery.siblings += found.siblings;
        discovery.folders.extend(found.regions);
        if seen_at_root.is_empty() {
            seen_at_root = found.names;
        }
        let (above, inside): (Vec<_>, Vec<_>) =
            found.folders.into_iter().partition(|folder| folder.level == Level::AboveLogs);
        if inside.is_empty() && discovery.folders.is_empty() {
            n_above += above.len();
            if n_above > MAX_FOLDERS_ABOVE {
                let location = store.location();
                return Err(Error::TooManyFolders { location, limit: MAX_FOLDERS_ABOVE });
            }
            folders = above;
        } else {
            discovery.not_searched += above.len() as u64;
            folders = inside;
        }
    }
    if discovery.folders.is_empty() && settings.accounts.is_empty() && settings.regions.is_empty() {
        let location = store.location();
        let (folder, found) = (kind.folder(), list_of_names(&seen_at_root));
        return Err(Error::NoLogs { location, folder, found });
    }
    discovery.folders.sort();
    Ok(discovery)
}

/// What a level of folders holds.
#[derive(Default)]
struct Found {
    folders: Vec<Folder>,
    regions: Vec<RegionFolder>,
    names: Vec<String>,
    siblings: u64,
    lists: u64,
}

async fn look_into(
    store: &dyn Store,
    settings: &Settings,
    folders: Vec<Folder>,
    kind: LogKind,
) -> Result<Found, Error> {
    let mut found = Found::default();
    let mut waiting = folders.into_iter();
    let mut in_flight = FuturesUnordered::new();
    loop {
        while in_flight.len() < settings.requests_in_flight
            && let Some(folder) = waiting.next()
        {
            in_flight.push(async move {
                let children = list_folders_or_empty(store, &folder.prefix).await;
                (folder.level, children)
            });
        }
        let Some((level, children)) = in_flight.next().await else { break };
        found.lists += 1;
        for prefix in children.map_err(Error::List)? {
            found.add(settings, level, prefix, kind);
        }
    }
    found.names.sort();
    Ok(found)
}

impl Found {
    fn add(&mut self, settings: &Settings, parent: Level, prefix: String, kind: LogKind) {
        let name = prefix.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
        match parent.child(&name, kind) {
            Child::Level(Level::Account) if !Settings::admits(&settings.accounts, &name) => {}
            Child::Level(level) => self.folders.push(Folder { prefix, level }),
            Child::Region if !Settings::admits(&settings.regions, &name) => {}
            Child::Region => self.regions.push(RegionFolder { prefix }),
            Child::Sibling => self.siblings += 1,
        }
        self.names.push(name);
    }
}

fn list_of_names(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let unique = names.iter().collect::<BTreeSet<_>>();
    if unique.is_empty() {
        return "no folders".to_owned();
    }
    let shown = unique.iter().take(SHOWN).map(|name| format!("`{name}/`")).collect::<Vec<_>>();
    let more = unique.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!(" and {more} more folders") } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}
