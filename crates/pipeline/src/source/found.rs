//! What a search found, and what it did not look into.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use logs::layout::{KeyParts, LogKind};
use rustc_hash::FxHashMap;
use serde::Serialize;
use store::Store;

use crate::error::Error;
use crate::settings::Settings;
use crate::source::shown;

/// How many folders are named that were not searched. The rest is counted.
const MAX_NAMED: usize = 10_000;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Discovery {
    /// Whether these are the folders of the source.
    pub extent: Extent,
    /// The Regions' folders, in the order of their prefixes.
    pub regions: Vec<RegionFolder>,
    /// Folders of other layouts, in the order of their prefixes.
    pub others: Vec<OtherFolder>,
    /// The folders of those of several sources that have nothing of the kind.
    pub without: Vec<String>,
    /// What was not searched.
    pub not_searched: NotSearched,
    /// The accounts of the trails, those alone that are asked for.
    pub accounts: BTreeSet<String>,
    /// Accounts that are not asked for.
    pub other_accounts: BTreeSet<String>,
    /// The Regions of the trails, asked for or not.
    pub region_names: BTreeSet<String>,
    /// Listings that were made, a page each.
    pub lists: u64,
    /// Whether the search ended at its limit.
    pub has_reached_limit: bool,
    /// What listings of Regions' folders showed, by prefix: later ones ask for no more than they need.
    pub shown: Mutex<FxHashMap<String, Shown>>,
}

/// Whether folders are all that a source has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Extent {
    /// They were searched for: what they lack, the source lacks.
    #[default]
    Searched,
    /// They are given, and are all.
    GivenAll,
    /// They are given, and are some: that nothing is in them says nothing of the source.
    GivenPart,
}

/// What the last listing of a Region's folder showed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Shown {
    /// Keys of a day, rounded up.
    pub keys_of_day: u64,
    /// Whether there is nothing after its days.
    pub has_no_rest: bool,
}

/// A Region's folder of a trail, with the days below it as `YYYY/MM/DD/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RegionFolder {
    /// Its prefix, relative to the source, with a `/` at its end.
    pub prefix: String,
    /// The account, if its folder is above.
    pub account: Option<String>,
    /// Whose log it is: `CloudTrail`, …
    pub log: &'static str,
    /// The Region.
    pub region: String,
}

/// A folder of another layout.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OtherFolder {
    /// Its prefix, relative to the source: empty, or with a `/` at its end.
    pub prefix: String,
    /// Whether folders below it carry the days; else its files do, by their names.
    pub has_days: bool,
    /// Whether its files are called as those of a trail.
    pub is_named: bool,
}

/// Folders that were not searched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NotSearched {
    /// How many.
    pub count: u64,
    /// The first of them, by prefix, each with the reason: 10,000 at most.
    pub folders: BTreeMap<String, String>,
}

/// A trail, or a folder of another layout that is read as one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TrailFound {
    /// What is above its accounts, relative to the source; empty for the source itself.
    pub prefix: String,
    /// Its accounts, as far as keys name them.
    pub accounts: BTreeSet<String>,
    /// Its Regions, as far as keys name them.
    pub regions: BTreeSet<String>,
    /// The first day of delivery that was listed.
    pub first_day: Option<String>,
    /// The last day of delivery that was listed.
    pub last_day: Option<String>,
}

impl NotSearched {
    pub(super) fn add(&mut self, prefix: String, reason: &str) {
        self.count += 1;
        self.name(prefix, reason.to_owned());
    }

    /// Names the folders as a user would write them.
    pub(super) fn show(&mut self, store: &dyn Store) {
        if store.several().is_some() {
            let folders = std::mem::take(&mut self.folders).into_iter();
            self.folders = folders.map(|(prefix, why)| (shown(store, &prefix), why)).collect();
        }
    }

    fn name(&mut self, prefix: String, reason: String) {
        self.folders.insert(prefix, reason);
        if self.folders.len() > MAX_NAMED {
            self.folders.pop_last();
        }
    }
}

impl RegionFolder {
    /// What is above the part of a key that is its object's name.
    pub(super) fn above(&self) -> &str {
        let RegionFolder { prefix, account, log, region } = self;
        let account = account.as_ref().map_or(0, |account| account.len() + 1);
        let below = match account {
            0 => region.len() + 1,
            account => account + log.len() + region.len() + 2,
        };
        &prefix[..prefix.len() - below]
    }
}

impl Discovery {
    /// Whether no folder was found, or none looked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.regions.is_empty() && self.others.is_empty()
    }

    /// Adds what was found in another source.
    pub(super) fn add(&mut self, other: Discovery) {
        self.regions.extend(other.regions);
        self.others.extend(other.others);
        self.without.extend(other.without);
        self.not_searched.count += other.not_searched.count;
        for (prefix, reason) in other.not_searched.folders {
            self.not_searched.name(prefix, reason);
        }
        self.accounts.extend(other.accounts);
        self.other_accounts.extend(other.other_accounts);
        self.region_names.extend(other.region_names);
        self.lists += other.lists;
        self.has_reached_limit |= other.has_reached_limit;
    }

    /// Whether accounts or Regions were found, none of which is asked for.
    pub(super) fn is_filtered(&self) -> bool {
        (self.accounts.is_empty() && !self.other_accounts.is_empty())
            || !self.region_names.is_empty()
    }

    /// That no account or no Region of a trail is one that is asked for.
    pub(super) fn check_filters(
        &self,
        store: &dyn Store,
        settings: &Settings,
    ) -> Result<(), Error> {
        if !self.regions.is_empty() || !self.others.is_empty() {
            return Ok(());
        }
        let unmatched = |option, asked: &BTreeSet<String>, there: &BTreeSet<String>| {
            Err(Error::nothing_matches(option, asked, store.location(), there))
        };
        if self.accounts.is_empty() && !self.other_accounts.is_empty() {
            return unmatched("--account", &settings.accounts, &self.other_accounts);
        }
        if !self.region_names.is_empty() {
            return unmatched("--source-region", &settings.regions, &self.region_names);
        }
        Ok(())
    }

    /// The trails, by prefix.
    pub(crate) fn trails(&self) -> BTreeMap<String, TrailFound> {
        let mut trails = BTreeMap::<String, TrailFound>::new();
        for folder in &self.regions {
            let prefix = folder.above();
            let found = trails.entry(prefix.to_owned()).or_default();
            prefix.clone_into(&mut found.prefix);
            found.accounts.extend(folder.account.clone());
            found.regions.insert(folder.region.clone());
        }
        for folder in &self.others {
            let found = trails.entry(folder.prefix.clone()).or_default();
            folder.prefix.clone_into(&mut found.prefix);
        }
        trails
    }

    /// The keys under which an object of a name may be.
    pub(crate) fn keys_of(&self, name: &str, kind: LogKind) -> Vec<String> {
        let mut keys = vec![name.to_owned()];
        let KeyParts { account, log, region, delivery, rest } = KeyParts::of(name, kind);
        let (Some(log), Some(region), Some(delivery)) = (log, region, delivery) else {
            return keys;
        };
        let day = delivery.day;
        let (year, month, of_month) = (day.year(), day.month(), day.day());
        let folders = [
            format!("{year:04}/{month:02}/{of_month:02}/"),
            format!("{year}/{month}/{of_month}/"),
            format!("year={year:04}/month={month:02}/day={of_month:02}/"),
            format!("year={year}/month={month}/day={of_month}/"),
            format!("dt={day}/"),
            format!("restored/{year:04}/{month:02}/{of_month:02}/"),
            String::new(),
        ];
        let is_of = |folder: &&RegionFolder| {
            folder.log == log
                && folder.region == region
                && folder.account.as_deref().is_none_or(|known| Some(known) == account)
        };
        let prefixes = self.regions.iter().filter(is_of).map(|folder| &folder.prefix);
        let prefixes = prefixes.chain(self.others.iter().map(|folder| &folder.prefix));
        for prefix in prefixes {
            keys.extend(folders.iter().map(|folder| format!("{prefix}{folder}{rest}")));
        }
        keys
    }
}
