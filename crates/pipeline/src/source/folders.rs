//! Folders of a source as JSON Lines: each line can be listed for itself, and all lines together have each
//! object that a listing of the source has, once.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;

use futures::future::{Either, select};
use logs::layout::{KeyParts, is_account, is_region_shaped};
use serde::{Deserialize, Serialize};
use store::Store;
use tokio::sync::mpsc;

use crate::error::{Error, LineError};
use crate::settings::Settings;
use crate::source::found::{Discovery, Extent, OtherFolder, RegionFolder};
use crate::source::keys::Keys;
use crate::source::lines::Lines;
use crate::source::list::{LISTED_AHEAD, ListedObject, groups, list_found};

/// A line: one folder, or several that may have objects of the same names, of which one each is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    layout: Option<OtherLayout>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    folders: Option<Vec<OneFolder>>,
    /// Whether these are all folders of the source. Where nothing is found in the days of any of them, it is
    /// looked for beside the days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    is_all: Option<bool>,
}

/// A folder, as it is written outside of the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct OneFolder {
    folder: String,
    /// What it has, if it is none of `<log>/<Region>/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    layout: Option<OtherLayout>,
}

/// What a folder has that is none of `<log>/<Region>/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OtherLayout {
    /// The days of a Region.
    Region,
    /// Folders by day.
    Days,
    /// Folders by day, with files that are named like those of a trail.
    NamedDays,
    /// Files that are named like those of a trail.
    NamedFiles,
}

/// The lines of the folders that were found.
///
/// Objects are looked for until there is one: where there is none, what is beside the days is read, and only
/// all folders together tell that. Folders of files that are named like a trail's are listed, because Regions'
/// folders may have objects of the same names.
///
/// # Errors
/// If a folder cannot be listed.
pub(crate) async fn lines_of(
    source: &dyn Store,
    settings: &Settings,
    found: &Discovery,
) -> Result<String, Error> {
    let keys = Keys::new(source, settings);
    let region = |folder: &RegionFolder| {
        let is_known = region_folder(folder.prefix.clone(), settings, None).is_some();
        let layout = (!is_known).then_some(OtherLayout::Region);
        OneFolder::new(&keys, &folder.prefix, layout)
    };
    let other = |folder: &OtherFolder| {
        let layout = match (folder.has_days, folder.is_named) {
            (true, false) => OtherLayout::Days,
            (true, true) => OtherLayout::NamedDays,
            (false, _) => OtherLayout::NamedFiles,
        };
        OneFolder::new(&keys, &folder.prefix, Some(layout))
    };
    let part = |regions: &[RegionFolder], others: Vec<OtherFolder>| {
        let (regions, extent) = (regions.to_vec(), Extent::GivenPart);
        Arc::new(Discovery { regions, others, extent, ..Discovery::default() })
    };
    let mut lines = Vec::new();
    if !has_objects(source, settings, part(&found.regions, found.others.clone())).await? {
        let folders = found.regions.iter().map(region).chain(found.others.iter().map(other));
        lines.push(Line { is_all: Some(true), ..Line::of(folders.collect()) });
        return Ok(text_of(&lines));
    }
    let (named, unnamed): (Vec<_>, Vec<_>) =
        found.others.iter().cloned().partition(|folder| folder.is_named);
    let names = match named.as_slice() {
        [] => BTreeSet::new(),
        _ => trails_of_names(source, settings, part(&[], named.clone())).await?,
    };
    let mut mixed = named.iter().map(other).collect::<Vec<_>>();
    for group in groups(&found.regions) {
        let folders = group.iter().map(|folder| region(folder));
        match group.iter().any(|folder| may_have(folder, &names)) {
            true => mixed.extend(folders),
            false => lines.push(Line::of(folders.collect())),
        }
    }
    lines.extend(unnamed.iter().map(|folder| Line::of(vec![other(folder)])));
    if !mixed.is_empty() {
        lines.push(Line::of(mixed));
    }
    Ok(text_of(&lines))
}

fn text_of(lines: &[Line]) -> String {
    let lines = lines.iter().map(|line| serde_json::to_string(line).unwrap_or_default() + "\n");
    lines.collect()
}

impl Line {
    fn of(mut folders: Vec<OneFolder>) -> Self {
        match folders.pop() {
            Some(OneFolder { folder, layout }) if folders.is_empty() => {
                Line { folder: Some(folder), layout, ..Line::default() }
            }
            last => {
                folders.extend(last);
                Line { folders: Some(folders), ..Line::default() }
            }
        }
    }

    /// Its folders; what is wrong, if it has none, or is of two forms.
    fn into_folders(self) -> Result<Vec<OneFolder>, String> {
        match self {
            Line { folder: Some(folder), layout, folders: None, .. } => {
                Ok(vec![OneFolder { folder, layout }])
            }
            Line { folder: None, layout: None, folders: Some(folders), .. } => Ok(folders),
            Line { folder: None, folders: None, .. } => {
                Err("found neither `folder` nor `folders`".to_owned())
            }
            _ => Err("found `folders` beside `folder` or `layout`".to_owned()),
        }
    }
}

impl OneFolder {
    fn new(keys: &Keys<'_>, prefix: &str, layout: Option<OtherLayout>) -> Self {
        OneFolder { folder: keys.outside(prefix), layout }
    }
}

/// Whether there is an object to read in the folders.
pub(crate) async fn has_objects(
    source: &dyn Store,
    settings: &Settings,
    folders: Arc<Discovery>,
) -> Result<bool, Error> {
    let (sender, mut receiver) = mpsc::channel::<ListedObject>(1);
    let listing = pin!(list_found(source, settings, folders, None, sender));
    let first = pin!(receiver.recv());
    match select(first, listing).await {
        Either::Left((first, _)) => Ok(first.is_some()),
        Either::Right((listed, first)) => {
            listed?;
            Ok(first.await.is_some())
        }
    }
}

/// The account, log, and Region of each object in folders of other layouts that has the name of a trail's.
type Names = BTreeSet<[String; 3]>;

async fn trails_of_names(
    source: &dyn Store,
    settings: &Settings,
    folders: Arc<Discovery>,
) -> Result<Names, Error> {
    let (sender, mut receiver) = mpsc::channel::<ListedObject>(LISTED_AHEAD);
    let listing = list_found(source, settings, folders, None, sender);
    let mut names = Names::new();
    let taking = async {
        while let Some(object) = receiver.recv().await {
            let KeyParts { account, log, region, .. } =
                KeyParts::of(&object.meta.key, settings.kind);
            if let (Some(account), Some(log), Some(region)) = (account, log, region) {
                names.insert([account, log, region].map(str::to_owned));
            }
        }
        Ok(())
    };
    futures::future::try_join(listing, taking).await?;
    Ok(names)
}

/// Whether a Region's folder may have objects of these names.
fn may_have(folder: &RegionFolder, names: &Names) -> bool {
    names.iter().any(|[account, log, region]| {
        folder.region == *region
            && folder.log == log
            && folder.account.as_ref().is_none_or(|known| known == account)
    })
}

/// Reads lines of folders. Those of accounts and Regions that are not asked for are left out.
///
/// # Errors
/// If the lines cannot be read, or one of them is no JSON, or names a folder outside of the source, or one that
/// is no Region's folder and says no other layout.
pub(crate) async fn given_folders(
    mut lines: Lines,
    source: &dyn Store,
    settings: &Settings,
) -> Result<Discovery, Error> {
    let keys = Keys::new(source, settings);
    let mut given = Discovery { extent: Extent::GivenPart, ..Discovery::default() };
    while let Some(batch) = lines.next().await {
        for (line, text) in batch? {
            let error = |reason: String| LineError { line, reason };
            let parsed = LineError::object::<Line>(&text);
            let is_all = parsed.as_ref().is_ok_and(|line| line.is_all == Some(true));
            let folders = parsed.and_then(Line::into_folders);
            let folders = folders.map_err(|found| error(format!("{EXPECTED}, {found}")))?;
            if is_all {
                given.extent = Extent::GivenAll;
            }
            for folder in folders {
                given.add_given(&keys, settings, &folder).map_err(error)?;
            }
        }
    }
    given.regions.sort();
    given.regions.dedup();
    given.others.sort();
    given.others.dedup();
    Ok(given)
}

const EXPECTED: &str = r#"expected {"folder": "…/<account>/CloudTrail/<Region>/"}, or another line of `hoptrail plan --output folders`"#;

impl Discovery {
    fn add_given(
        &mut self,
        keys: &Keys<'_>,
        settings: &Settings,
        given: &OneFolder,
    ) -> Result<(), String> {
        let OneFolder { folder, layout } = given;
        let mut prefix = keys.inside(folder)?;
        if !prefix.is_empty() && !prefix.ends_with('/') {
            prefix.push('/');
        }
        let (has_days, is_named) = match layout {
            None | Some(OtherLayout::Region) => {
                let region = region_folder(prefix, settings, *layout).ok_or_else(|| {
                    let expected = "expected `CloudTrail/<Region>/` at its end";
                    format!("`{folder}` is no Region's folder of a trail: {expected}")
                })?;
                let is_asked_for = Settings::admits(&settings.regions, &region.region)
                    && region
                        .account
                        .as_ref()
                        .is_none_or(|account| Settings::admits(&settings.accounts, account));
                self.regions.extend(is_asked_for.then_some(region));
                return Ok(());
            }
            Some(OtherLayout::Days) => (true, false),
            Some(OtherLayout::NamedDays) => (true, true),
            Some(OtherLayout::NamedFiles) => (false, true),
        };
        self.others.push(OtherFolder { prefix, has_days, is_named });
        Ok(())
    }
}

/// A Region's folder by what it and those above are called; `None` if it is called otherwise.
fn region_folder(
    prefix: String,
    settings: &Settings,
    layout: Option<OtherLayout>,
) -> Option<RegionFolder> {
    let mut names = prefix.strip_suffix('/')?.rsplit('/');
    let region = names.next().filter(|name| is_region_shaped(name))?.to_owned();
    if layout == Some(OtherLayout::Region) {
        let log = settings.kind.folder();
        return Some(RegionFolder { prefix, account: None, log, region });
    }
    let above = names.next()?;
    let log = settings.kind.folders().iter().find(|log| **log == above).copied()?;
    let account = names.next().filter(|name| is_account(name)).map(str::to_owned);
    Some(RegionFolder { prefix, account, log, region })
}
