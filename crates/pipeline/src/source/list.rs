//! Lists the objects to read, in parallel and page by page: nothing is held but the pages in flight, and
//! what is needed to read an object once that is there under several keys.

mod copies;
mod counts;
mod region;
mod tree;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use jiff::ToSpan;
use jiff::civil::Date;
use logs::layout::{Delivery, FileClass, KeyParts, LogKind, is_in_sibling_folder};
use rustc_hash::FxHashMap;
use store::{ListPage, ListRequest, ObjectMeta, Pages, Store};
use tokio::sync::mpsc::Sender;

use crate::dates::{DayRange, days_of_delivery, late_days};
use crate::error::Error;
use crate::settings::{Layout, Settings};
use crate::source::discover::discover;
use crate::source::found::{Discovery, Extent, Shown, TrailFound};
use crate::source::shown;

pub(crate) use counts::{ListCounts, Listing};
pub(crate) use region::groups;

/// How many objects wait between the listing and whoever takes them: those of one page, which are held
/// anyway.
pub(crate) const LISTED_AHEAD: usize = 1024;

/// An object to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedObject {
    /// The object. Its key is its name: what is below its trail, from wherever the trail is read.
    pub meta: ObjectMeta,
    /// Where the source has it.
    pub at: At,
    /// What its key says of its delivery; `None` if it says nothing.
    pub delivery: Option<Delivery>,
    /// Whether it is read only because a day that it was not delivered for has calls of it.
    pub is_late: bool,
}

/// Where the source has an object, seen from its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum At {
    /// The name is the key.
    Name,
    /// The key is the name below this prefix.
    Below(Arc<str>),
    /// The key.
    Key(Box<str>),
    /// The first of these keys that is there.
    OneOf(Arc<[String]>),
}

/// Which objects of a kind of logs are listed.
#[derive(Clone, Copy)]
pub(crate) struct Selection<'a> {
    /// The kind.
    pub kind: LogKind,
    /// The first day of delivery.
    pub first: Date,
    /// The last day of delivery.
    pub last: Date,
    /// Whether a delivery between these days is wanted.
    pub wanted: &'a (dyn Fn(Delivery) -> bool + Sync),
}

impl std::fmt::Debug for Selection<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} from {} to {}", self.kind, self.first, self.last)
    }
}

/// What a listing found.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub(crate) discovery: Arc<Discovery>,
    pub(crate) lists: u64,
    pub(crate) listing: Listing,
    /// The trails that were found, in the order of their prefixes.
    pub(crate) trails: Vec<TrailFound>,
    /// Values of `--account` and `--source-region` that keys show nothing of, as far as keys tell.
    pub(crate) unmatched: Vec<String>,
    /// Whether some keys do not say their account and Region.
    pub(crate) has_unnamed: bool,
    /// Keys that were given and are not of the range, or not asked for.
    pub(crate) left_out: u64,
}

impl Listed {
    /// What is known of folders in which nothing was listed.
    pub(crate) fn of_folders(
        source: &dyn Store,
        settings: &Settings,
        discovery: Discovery,
    ) -> Self {
        let mut trails = discovery.trails();
        trails.values_mut().for_each(|trail| trail.prefix = shown(source, &trail.prefix));
        let has_unnamed = !discovery.others.is_empty();
        Listed {
            lists: discovery.lists,
            trails: trails.into_values().collect(),
            unmatched: unmatched(settings, &discovery, &Listing::default()),
            has_unnamed,
            discovery: Arc::new(discovery),
            ..Listed::default()
        }
    }

    /// Adds what was listed for later days in the same folders.
    pub(crate) fn add(&mut self, later: Listed) {
        self.lists += later.lists - later.discovery.lists;
        self.listing.add(later.listing);
        for (trail, later) in self.trails.iter_mut().zip(later.trails) {
            trail.first_day = trail.first_day.take().or(later.first_day);
            trail.last_day = later.last_day.or(trail.last_day.take());
        }
        self.unmatched.retain(|value| later.unmatched.contains(value));
        self.has_unnamed |= later.has_unnamed;
    }

    /// That nothing at all is of the accounts, or of the Regions, that are asked for, if keys say so.
    pub(crate) fn nothing_matches(&self, source: &dyn Store, settings: &Settings) -> Option<Error> {
        let Listing { accounts, regions, .. } = &self.listing;
        let is_unmatched = |option: &str, asked: &BTreeSet<String>, there: &BTreeSet<String>| {
            let is_missing = |value: &String| self.unmatched.contains(&format!("{option} {value}"));
            !asked.is_empty() && asked.iter().all(is_missing) && !there.is_empty()
        };
        let error = |option, asked: &BTreeSet<String>, there: &BTreeSet<String>| {
            Error::nothing_matches(option, asked, source.location(), there)
        };
        if self.has_unnamed {
            None
        } else if is_unmatched("--account", &settings.accounts, accounts) {
            Some(error("--account", &settings.accounts, accounts))
        } else if is_unmatched("--source-region", &settings.regions, regions) {
            Some(error("--source-region", &settings.regions, regions))
        } else {
            None
        }
    }
}

impl ListedObject {
    /// The key under which the source has it, or the first under which it may.
    pub(crate) fn key(&self) -> String {
        match &self.at {
            At::Name => self.meta.key.clone(),
            At::Below(above) => [above, self.meta.key.as_str()].concat(),
            At::Key(key) => key.as_ref().to_owned(),
            At::OneOf(keys) => keys.first().unwrap_or(&self.meta.key).clone(),
        }
    }

    /// The keys under which the source may have it, in the order in which they are tried.
    pub(crate) fn keys(&self) -> Vec<String> {
        match &self.at {
            At::OneOf(keys) => keys.to_vec(),
            _ => vec![self.key()],
        }
    }
}

/// Finds the folders that are listed day by day.
///
/// # Errors
/// As those of [`discover`].
pub(crate) async fn find_folders(
    source: &dyn Store,
    settings: &Settings,
) -> Result<Discovery, Error> {
    match (settings.layout, settings.range) {
        (Layout::Any, _) => Ok(Discovery::default()),
        (_, Some(_)) => discover(source, settings, settings.kind).await,
        (_, None) => Err(Error::NoRange),
    }
}

/// Finds what there is to read and gives it to `objects`.
pub(crate) async fn list_all(
    source: &dyn Store,
    settings: &Settings,
    objects: Sender<ListedObject>,
) -> Result<Listed, Error> {
    let discovery = Arc::new(find_folders(source, settings).await?);
    list_found(source, settings, discovery, None, objects).await
}

/// Gives what there is to read in folders that were found to `objects`. What was listed for days `before`
/// too is not counted once more.
pub(crate) async fn list_found(
    source: &dyn Store,
    settings: &Settings,
    discovery: Arc<Discovery>,
    before: Option<DayRange>,
    objects: Sender<ListedObject>,
) -> Result<Listed, Error> {
    let kind = settings.kind;
    let counts = ListCounts::after(before, settings.late_window_minutes);
    match (settings.layout, settings.range) {
        (Layout::Any, _) => list_any(source, "", settings, kind, &counts, &objects).await?,
        (_, Some(range)) => {
            let window = settings.late_window_minutes;
            let wanted = |delivery| days_of_delivery(delivery, range, window).next().is_some();
            let (first, last) = delivery_days(settings, range);
            let selection = Selection { kind, first, last, wanted: &wanted };
            list_days(source, settings, selection, &discovery, &counts, &objects).await?;
        }
        (_, None) => return Err(Error::NoRange),
    }
    let lists = discovery.lists + counts.lists.load(Ordering::Relaxed);
    let listing = counts.into_listing(source);
    listing.check_names(source)?;
    let mut trails = discovery.trails();
    listing.complete(&mut trails);
    for trail in trails.values_mut() {
        trail.prefix = shown(source, &trail.prefix);
    }
    let unmatched = match discovery.extent {
        Extent::Searched => unmatched(settings, &discovery, &listing),
        Extent::GivenAll | Extent::GivenPart => Vec::new(),
    };
    let has_unnamed = settings.layout == Layout::Any
        || discovery.others.iter().any(|folder| !folder.is_named)
        || listing.has_unnamed;
    let trails = trails.into_values().collect();
    Ok(Listed { discovery, lists, listing, trails, unmatched, has_unnamed, left_out: 0 })
}

/// The first and the last day of delivery of what a range is read from.
pub(crate) fn delivery_days(settings: &Settings, range: DayRange) -> (Date, Date) {
    let first = match settings.kind {
        LogKind::ModelInvocation => range.from().saturating_sub(1.day()),
        _ => range.from(),
    };
    (first, range.to().saturating_add(late_days(settings.late_window_minutes).days()))
}

/// The values of filters that nothing was found of.
fn unmatched(settings: &Settings, discovery: &Discovery, listing: &Listing) -> Vec<String> {
    let missing = |option: &str, asked: &BTreeSet<String>, there: [&BTreeSet<String>; 2]| {
        let is_missing = |value: &&String| !there.iter().any(|there| there.contains(*value));
        let missing = asked.iter().filter(is_missing);
        missing.map(|value| format!("{option} {value}")).collect::<Vec<_>>()
    };
    let accounts = [&discovery.accounts, &listing.accounts];
    let regions = [&discovery.region_names, &listing.regions];
    let mut all = missing("--account", &settings.accounts, accounts);
    all.extend(missing("--source-region", &settings.regions, regions));
    all
}

/// Gives the objects of a trail that a range is built from to `objects`, each once.
///
/// # Errors
/// If a folder cannot be listed.
pub(crate) async fn list_days(
    store: &dyn Store,
    settings: &Settings,
    selection: Selection<'_>,
    discovery: &Discovery,
    counts: &ListCounts,
    objects: &Sender<ListedObject>,
) -> Result<(), Error> {
    let shown = &discovery.shown;
    let lister = Lister { store, settings, selection, counts, objects, shown };
    let held = lister.list_others(&discovery.others).await?;
    lister.list_regions(&discovery.regions, held).await?;
    match discovery.extent {
        Extent::GivenPart => Ok(()),
        Extent::Searched | Extent::GivenAll => {
            lister.look_before_the_days(&discovery.regions).await
        }
    }
}

/// Lists the folders of a discovery.
#[derive(Clone, Copy)]
struct Lister<'a> {
    store: &'a dyn Store,
    settings: &'a Settings,
    selection: Selection<'a>,
    counts: &'a ListCounts,
    objects: &'a Sender<ListedObject>,
    shown: &'a Mutex<FxHashMap<String, Shown>>,
}

impl Lister<'_> {
    /// Gives an object to whoever takes it; they may be gone, because they failed.
    async fn send(&self, object: ListedObject) {
        self.counts.sent.fetch_add(1, Ordering::Relaxed);
        let _ = self.objects.send(object).await;
    }

    async fn list(&self, request: ListRequest) -> Result<ListPage, Error> {
        self.counts.lists.fetch_add(1, Ordering::Relaxed);
        self.store.list(&request).await.map_err(Error::List)
    }

    /// The object of a key in any layout, if it is wanted. `trail` is the prefix of the trail that it is
    /// counted for.
    fn object(&self, meta: ObjectMeta, trail: &str) -> Option<ListedObject> {
        let kind = self.selection.kind;
        let delivery = kind.delivery(&meta.key);
        let (first, last) = (self.selection.first, self.selection.last);
        let is_wanted = |delivery: Delivery| {
            (first..=last).contains(&delivery.day) && (self.selection.wanted)(delivery)
        };
        match kind.class(&meta.key) {
            FileClass::Named | FileClass::Unknown => {}
            FileClass::OtherLog(_) | FileClass::NoLog => {
                if delivery.is_none_or(is_wanted) {
                    self.counts.skip(&meta.key, delivery);
                }
                return None;
            }
        }
        if delivery.is_none() {
            self.counts.leave(&meta.key);
            return None;
        }
        let parts = KeyParts::of(&meta.key, kind);
        self.counts.see(parts.account, parts.region);
        let is_asked_for =
            parts.account.is_none_or(|a| Settings::admits(&self.settings.accounts, a))
                && parts.region.is_none_or(|r| Settings::admits(&self.settings.regions, r));
        if !is_asked_for || !delivery.is_some_and(is_wanted) {
            return None;
        }
        self.counts.deliver(trail, delivery.map(|delivery| delivery.day));
        Some(named(self.store, self.counts, meta, kind, delivery))
    }
}

/// An object under its name.
pub(crate) fn named(
    store: &dyn Store,
    counts: &ListCounts,
    mut meta: ObjectMeta,
    kind: LogKind,
    delivery: Option<Delivery>,
) -> ListedObject {
    // Digests are told apart by where they are.
    let mut name = if kind == LogKind::Digest { None } else { kind.name(&meta.key) };
    if let (None, false, Some(several)) = (&name, kind == LogKind::Digest, store.several()) {
        let below = several.name_of(&meta.key);
        counts.name(&below, &meta.key);
        name = Some(below);
    }
    let at = match &name {
        Some(name) if *name != meta.key => match meta.key.strip_suffix(name) {
            Some(above) => At::Below(above.into()),
            None => At::Key(meta.key.as_str().into()),
        },
        _ => At::Name,
    };
    meta.key = name.unwrap_or(meta.key);
    ListedObject { meta, at, delivery, is_late: false }
}

/// Gives every log file below a folder of the source to `objects`, whatever its key.
///
/// # Errors
/// If the source cannot be listed.
pub(crate) async fn list_any(
    store: &dyn Store,
    root: &str,
    settings: &Settings,
    kind: LogKind,
    counts: &ListCounts,
    objects: &Sender<ListedObject>,
) -> Result<(), Error> {
    let mut copies = copies::Copies::default();
    let mut pages = Pages::new(store, ListRequest::all(root));
    while let Some(page) = pages.next().await.map_err(Error::List)? {
        counts.lists.fetch_add(1, Ordering::Relaxed);
        for meta in page.objects {
            // Whoever names one object knows what it is.
            let is_log = kind.is_log_file(&meta.key) && !is_in_sibling_folder(&meta.key);
            if !is_log && !store.is_one_object() {
                counts.skip(&meta.key, None);
                continue;
            }
            let parts = KeyParts::of(&meta.key, kind);
            counts.see(parts.account, parts.region);
            let is_asked_for =
                parts.account.is_none_or(|a| Settings::admits(&settings.accounts, a))
                    && parts.region.is_none_or(|r| Settings::admits(&settings.regions, r));
            if !is_asked_for {
                continue;
            }
            let delivery = parts.delivery;
            let object = named(store, counts, meta, kind, delivery);
            if copies.is_new(&object, counts) && objects.send(object).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}
