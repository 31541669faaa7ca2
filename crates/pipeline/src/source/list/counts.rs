//! What a listing counts while it goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::civil::Date;
use logs::layout::Delivery;
use store::Store;

use crate::dates::{DayRange, days_of_delivery};
use crate::error::Error;
use crate::outcome::{MAX_LISTED, ObjectProblem};
use crate::source::found::TrailFound;
use crate::source::shown;

/// The most ends of names that are told apart.
const MAX_SUFFIXES: usize = 20;

/// What a listing counts while it goes on.
#[derive(Debug, Default)]
pub(crate) struct ListCounts {
    /// Pages that were asked for.
    pub lists: AtomicU64,
    /// Objects that were given on.
    pub sent: AtomicU64,
    /// Days that the same folders were listed for before, with the late window in minutes.
    before: Option<(DayRange, i64)>,
    has_skipped: AtomicBool,
    listing: Mutex<Listing>,
    /// The keys of objects whose names are their keys below one of several sources, by name.
    unnamed: Mutex<BTreeMap<String, String>>,
}

/// What a listing counted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listing {
    /// Objects that are no log files, are of no day, or are in a folder of digests, insights and so on.
    pub skipped: u64,
    /// The first of them by key.
    pub skipped_example: Option<String>,
    /// Their number by the end of their names.
    pub skipped_suffixes: BTreeMap<String, u64>,
    /// Objects whose name another object has, which comes before by key.
    pub copies: u64,
    /// Those of another size.
    pub copies_of_other_size: Vec<ObjectProblem>,
    differing: Vec<Differing>,
    /// Accounts that keys name.
    pub accounts: BTreeSet<String>,
    /// Regions that keys name.
    pub regions: BTreeSet<String>,
    /// Whether a key did not name both.
    pub has_unnamed: bool,
    /// Two objects of one name that are no copies, because the name does not say what they are: the first
    /// by name.
    pub same_name: Option<[String; 3]>,
    /// The first and the last day of each trail, by its prefix.
    days: BTreeMap<String, (Date, Date)>,
}

/// A copy of an object that is of another size: both by their keys and sizes in bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Differing {
    copy: (String, u64),
    first: (String, u64),
}

impl ListCounts {
    /// Nothing yet; what was listed `before` is not counted once more.
    pub(super) fn after(before: Option<DayRange>, late_window_minutes: i64) -> Self {
        let before = before.map(|days| (days, late_window_minutes));
        ListCounts { before, ..ListCounts::default() }
    }

    /// Whether the days before had the same object.
    fn was_counted(&self, delivery: Option<Delivery>) -> bool {
        self.before.is_some_and(|(days, window)| {
            delivery.is_none_or(|of| days_of_delivery(of, days, window).next().is_some())
        })
    }

    fn listing(&self) -> MutexGuard<'_, Listing> {
        self.listing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an object that is no log file.
    pub(super) fn skip(&self, key: &str, delivery: Option<Delivery>) {
        self.has_skipped.store(true, Ordering::Relaxed);
        if !self.was_counted(delivery) {
            self.leave_uncounted(key);
        }
    }

    /// Counts an object that may be a log file and is of no day. It is no sign that a folder has been understood.
    pub(super) fn leave(&self, key: &str) {
        if !self.was_counted(None) {
            self.leave_uncounted(key);
        }
    }

    fn leave_uncounted(&self, key: &str) {
        let mut listing = self.listing();
        listing.skipped += 1;
        if listing.skipped_example.as_deref().is_none_or(|example| key < example) {
            listing.skipped_example = Some(key.to_owned());
        }
        let file = key.rsplit('/').next().unwrap_or_default();
        let suffix = match file.rsplit_once('.') {
            _ if file.is_empty() => "folder markers".to_owned(),
            _ if file.starts_with("._") => "._*".to_owned(),
            Some((_, suffix)) => format!(".{suffix}"),
            None => file.to_owned(),
        };
        let suffixes = &mut listing.skipped_suffixes;
        if suffixes.len() < MAX_SUFFIXES || suffixes.contains_key(&suffix) {
            *suffixes.entry(suffix).or_default() += 1;
        }
    }

    /// Whether there was an object that is no log file.
    pub(super) fn has_skipped(&self) -> bool {
        self.has_skipped.load(Ordering::Relaxed)
    }

    /// Takes note of the account and the Region that a key names.
    pub(super) fn see(&self, account: Option<&str>, region: Option<&str>) {
        let mut listing = self.listing();
        listing.has_unnamed |= account.is_none() || region.is_none();
        let see = |names: &mut BTreeSet<String>, name: Option<&str>| {
            if let Some(name) = name.filter(|name| !names.contains(*name)) {
                names.insert(name.to_owned());
            }
        };
        let Listing { accounts, regions, .. } = &mut *listing;
        see(accounts, account);
        see(regions, region);
    }

    /// Takes note of the day of an object of a trail.
    pub(super) fn deliver(&self, trail: &str, day: Option<Date>) {
        let Some(day) = day else { return };
        let mut listing = self.listing();
        match listing.days.get_mut(trail) {
            Some((first, last)) => (*first, *last) = ((*first).min(day), (*last).max(day)),
            None => drop(listing.days.insert(trail.to_owned(), (day, day))),
        }
    }

    /// Takes note of an object of one of several sources whose name is no trail's.
    pub(super) fn name(&self, name: &str, key: &str) {
        let mut unnamed = self.unnamed.lock().unwrap_or_else(PoisonError::into_inner);
        match unnamed.get_mut(name) {
            None => drop(unnamed.insert(name.to_owned(), key.to_owned())),
            Some(known) if known == key => {}
            Some(known) => {
                let (first, second) = if known.as_str() < key {
                    (known.as_str(), key)
                } else {
                    (key, known.as_str())
                };
                let found = [name, first, second].map(str::to_owned);
                let same_name = &mut self.listing().same_name;
                if same_name.as_ref().is_none_or(|least| found < *least) {
                    *same_name = Some(found);
                }
            }
        }
    }

    /// Counts a copy of an object, both by their keys and sizes.
    pub(super) fn copy(&self, first: (&str, u64), copy: (&str, u64), delivery: Option<Delivery>) {
        if self.was_counted(delivery) {
            return;
        }
        let mut listing = self.listing();
        listing.copies += 1;
        if first.1 != copy.1 {
            let [first, copy] = [first, copy].map(|(key, size_bytes)| (key.to_owned(), size_bytes));
            let differing = &mut listing.differing;
            differing.push(Differing { copy, first });
            if differing.len() > 2 * MAX_LISTED {
                differing.sort();
                differing.truncate(MAX_LISTED);
            }
        }
    }

    /// What was counted, with keys as a user would write them.
    pub(crate) fn into_listing(self, store: &dyn Store) -> Listing {
        let mut listing = self.listing.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut differing = std::mem::take(&mut listing.differing);
        differing.sort();
        differing.truncate(MAX_LISTED);
        let problems = differing.into_iter().map(|Differing { copy, first }| {
            let reason = format!(
                "{} bytes, and `{}`, which is read, has {}: objects of one name are one delivery",
                copy.1,
                shown(store, &first.0),
                first.1
            );
            ObjectProblem { key: shown(store, &copy.0), reason }
        });
        listing.copies_of_other_size = problems.collect();
        listing.skipped_example = listing.skipped_example.map(|key| shown(store, &key));
        listing
    }
}

impl Listing {
    /// That no two objects of several sources have one name that does not say what they are.
    pub(crate) fn check_names(&self, source: &dyn Store) -> Result<(), Error> {
        let Some([name, first, second]) = &self.same_name else { return Ok(()) };
        let [first, second] = [first, second].map(|key| shown(source, key));
        Err(Error::SameName { name: name.clone(), first, second })
    }

    /// Adds what was counted for later days in the same folders.
    pub(super) fn add(&mut self, later: Listing) {
        self.skipped += later.skipped;
        let examples = [self.skipped_example.take(), later.skipped_example];
        self.skipped_example = examples.into_iter().flatten().min();
        for (suffix, files) in later.skipped_suffixes {
            if self.skipped_suffixes.len() < MAX_SUFFIXES
                || self.skipped_suffixes.contains_key(&suffix)
            {
                *self.skipped_suffixes.entry(suffix).or_default() += files;
            }
        }
        self.copies += later.copies;
        self.copies_of_other_size.extend(later.copies_of_other_size);
        self.copies_of_other_size.sort_by(|a, b| a.key.cmp(&b.key));
        self.copies_of_other_size.truncate(MAX_LISTED);
        self.accounts.extend(later.accounts);
        self.regions.extend(later.regions);
        self.has_unnamed |= later.has_unnamed;
    }

    /// Adds what was listed to the trails that were found.
    pub(super) fn complete(&self, trails: &mut BTreeMap<String, TrailFound>) {
        for (prefix, (first, last)) in &self.days {
            if let Some(trail) = trails.get_mut(prefix) {
                trail.first_day = Some(first.to_string());
                trail.last_day = Some(last.to_string());
            }
        }
    }
}
