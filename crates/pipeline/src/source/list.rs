//! Lists the objects to read, in parallel and page by page: nothing is held but the pages in flight.

use std::sync::atomic::{AtomicU64, Ordering};

use futures::stream::{FuturesUnordered, StreamExt};
use jiff::ToSpan;
use jiff::civil::Date;
use logs::layout::{Delivery, LogKind, day_folder, is_in_sibling_folder};
use store::{ListPage, ListRequest, ObjectMeta, Pages, Store};
use tokio::sync::mpsc::Sender;

use crate::dates::{days_of_delivery, late_days};
use crate::error::Error;
use crate::settings::{Layout, Settings};
use crate::source::discover::{Discovery, RegionFolder, discover};

/// How many objects wait between the listing and whoever takes them: those of one page, which are held
/// anyway.
pub(crate) const LISTED_AHEAD: usize = 1024;

/// An object to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedObject {
    /// The object.
    pub meta: ObjectMeta,
    /// What its key says of its delivery; `None` if it says nothing.
    pub delivery: Option<Delivery>,
    /// Whether it is read only because a day that it was not delivered for has calls of it.
    pub is_late: bool,
}

/// What a listing counted.
#[derive(Debug, Default)]
pub(crate) struct ListCounts {
    /// Pages that were asked for.
    pub lists: AtomicU64,
    /// Objects that are no log files, or are in a folder of digests, insights and so on.
    pub skipped: AtomicU64,
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

/// A stretch of days of one Region's folder that is still to be listed.
#[derive(Debug, Clone)]
struct Stretch {
    prefix: String,
    /// Only keys after this one.
    start_after: String,
    /// Where to go on, after a page without keys.
    token: Option<String>,
    from: Date,
    to: Date,
}

/// What a listing found.
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
    objects: Sender<ListedObject>,
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

/// Gives the objects of the Regions' folders that a range is built from to `objects`.
///
/// One listing covers all days of a folder, because most folders have few objects. Where a page does
/// not hold them, the days that are left are split in two and listed at the same time, so that a folder
/// with many objects is no slower than its share.
///
/// # Errors
/// If a folder cannot be listed.
pub(crate) async fn list_days(
    store: &dyn Store,
    settings: &Settings,
    selection: Selection<'_>,
    folders: &[RegionFolder],
    counts: &ListCounts,
    objects: &Sender<ListedObject>,
) -> Result<(), Error> {
    let Selection { kind, first, last, wanted } = selection;
    let mut folders = folders.iter().map(|folder| Stretch::of_days(&folder.prefix, first, last));
    let mut waiting = Vec::new();
    let mut in_flight = FuturesUnordered::new();
    loop {
        while in_flight.len() < settings.requests_in_flight
            && let Some(stretch) = waiting.pop().or_else(|| folders.next())
        {
            in_flight.push(list_page(store, stretch, counts));
        }
        let Some(listed) = in_flight.next().await else { return Ok(()) };
        let (stretch, page) = listed.map_err(Error::List)?;
        let last_key = page.objects.last().map(|object| object.key.clone());
        let mut is_past = false;
        for meta in page.objects {
            let delivery = kind.delivery(&meta.key);
            is_past |= delivery.is_some_and(|delivery| delivery.day > stretch.to);
            let is_wanted = |delivery: &Delivery| delivery.day <= stretch.to && wanted(*delivery);
            if !delivery.as_ref().is_some_and(is_wanted) {
                continue;
            }
            if !kind.is_log_file(&meta.key) {
                counts.skipped.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            if objects.send(ListedObject { meta, delivery, is_late: false }).await.is_err() {
                return Ok(());
            }
        }
        if page.next.is_some() && !is_past {
            waiting.extend(stretch.rest(kind, last_key, page.next));
        }
    }
}

/// Gives every log file below the source to `objects`, whatever its key.
///
/// # Errors
/// If the source cannot be listed.
pub(crate) async fn list_any(
    store: &dyn Store,
    kind: LogKind,
    counts: &ListCounts,
    objects: &Sender<ListedObject>,
) -> Result<(), Error> {
    let mut pages = Pages::new(store, ListRequest::all(""));
    while let Some(page) = pages.next().await.map_err(Error::List)? {
        counts.lists.fetch_add(1, Ordering::Relaxed);
        for meta in page.objects {
            if !kind.is_log_file(&meta.key) || is_in_sibling_folder(&meta.key) {
                counts.skipped.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            let delivery = kind.delivery(&meta.key);
            if objects.send(ListedObject { meta, delivery, is_late: false }).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

async fn list_page(
    store: &dyn Store,
    stretch: Stretch,
    counts: &ListCounts,
) -> Result<(Stretch, ListPage), store::Error> {
    counts.lists.fetch_add(1, Ordering::Relaxed);
    let mut request = ListRequest::all(&stretch.prefix).start_after(&stretch.start_after);
    request.token.clone_from(&stretch.token);
    let page = store.list(&request).await?;
    Ok((stretch, page))
}

impl Stretch {
    fn of_days(prefix: &str, from: Date, to: Date) -> Self {
        // The day's folder without its last slash sorts right before everything in it.
        let start_after = format!("{prefix}{}", day_folder(from).trim_end_matches('/'));
        Stretch { prefix: prefix.to_owned(), start_after, token: None, from, to }
    }

    /// What is left after a page that ended with a key: the rest of the first half of the days that
    /// are left, and their second half.
    fn rest(self, kind: LogKind, last_key: Option<String>, token: Option<String>) -> Vec<Stretch> {
        let Some(last_key) = last_key else { return vec![Stretch { token, ..self }] };
        let reached = kind.delivery(&last_key).map_or(self.from, |delivery| delivery.day);
        let days = i64::from(self.to.since(reached).map_or(0, |span| span.get_days()));
        if days < 1 {
            return vec![Stretch { start_after: last_key, token: None, from: reached, ..self }];
        }
        let middle = reached.saturating_add((days / 2).days());
        let second = Self::of_days(&self.prefix, middle.saturating_add(1.day()), self.to);
        let first =
            Stretch { start_after: last_key, token: None, from: reached, to: middle, ..self };
        vec![second, first]
    }
}
