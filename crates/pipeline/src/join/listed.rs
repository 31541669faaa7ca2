//! The model invocation logs around days: listed, and read once.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead};

use futures::stream::{self, StreamExt};
use jiff::ToSpan;
use jiff::civil::Date;
use logs::invocation::{InvocationReading, MetadataKeys};
use logs::layout::{Delivery, LogKind};
use logs::{Limits, Scratch, Unreadable};
use store::Store;
use tokio::sync::mpsc;

use super::{Met, Requests, Shared};
use crate::day::manifest::{LogSet, LogSources};
use crate::error::{Error, sentence};
use crate::outcome::{MAX_LISTED, ObjectProblem};
use crate::run::Job;
use crate::settings::{Layout, Settings};
use crate::source::discover::search;
use crate::source::fetch::{Decoder, Fetcher, ReadObject};
use crate::source::health::Health;
use crate::source::list::{LISTED_AHEAD, ListCounts, ListedObject, Selection, list_any, list_days};
use crate::source::{OpenLogs, roots, shown};

/// Locations that are listed at the same time: the requests of all have a bound of their own.
const LISTED_AT_ONCE: usize = 16;

/// The logs around a range of days, not yet read.
#[derive(Debug, Default)]
pub(crate) struct ListedLogs {
    objects: Vec<ListedObject>,
    /// By the days that they are about; those whose names say none are about any.
    by_day: BTreeMap<Option<Date>, LogSet>,
    /// Whether a location may fail without the others.
    may_lack: bool,
    /// Locations that could not be opened or listed, and why.
    pub(crate) not_read: Vec<ObjectProblem>,
}

/// Lists the logs around a range of days.
///
/// Entries are delivered soon after the request, and may have been made on the other side of midnight
/// than the call completed: the logs of a late window before and after the range count too.
///
/// # Errors
/// If the logs cannot be listed. Of several locations, one that cannot be listed is no error: it is named.
pub(crate) async fn list_logs(source: &OpenLogs, settings: &Settings) -> Result<ListedLogs, Error> {
    let store = source.store.as_ref();
    let (not_read, may_lack) = (source.not_opened.clone(), source.may_lack);
    let mut logs = ListedLogs { not_read, may_lack, ..ListedLogs::default() };
    let list = async |root: String| (list_location(store, &root, settings).await, root);
    let mut listing = stream::iter(roots(store)).map(list).buffered(LISTED_AT_ONCE);
    while let Some((listed, root)) = listing.next().await {
        match listed {
            Ok(objects) => objects.into_iter().for_each(|object| logs.add(object, settings)),
            Err(error) if source.may_lack => {
                let (key, reason) = (shown(store, &root), sentence(&error));
                logs.not_read.push(ObjectProblem { key, reason });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(logs)
}

/// Lists the logs of a location.
async fn list_location(
    store: &dyn Store,
    root: &str,
    settings: &Settings,
) -> Result<Vec<ListedObject>, Error> {
    let kind = LogKind::ModelInvocation;
    let (sender, mut receiver) = mpsc::channel(LISTED_AHEAD);
    let counts = ListCounts::default();
    let listing = async {
        let sender = sender;
        match (settings.layout, settings.range) {
            (Layout::Trail | Layout::Auto, Some(range)) if !store.is_one_object() => {
                // Not every account that is asked for has such logs.
                let found = search(store, root, settings, kind).await?.with_logs()?;
                let near = |delivery| days_of_log(delivery, settings).any(|d| range.contains(d));
                let selection = Selection {
                    kind,
                    first: range.from().saturating_sub(1.day()),
                    last: range.to().saturating_add(1.day()),
                    wanted: &near,
                };
                list_days(store, settings, selection, &found, &counts, &sender).await
            }
            _ => list_any(store, root, settings, kind, &counts, &sender).await,
        }
    };
    let taking = async {
        let mut objects = Vec::new();
        while let Some(object) = receiver.recv().await {
            objects.push(object);
        }
        Ok(objects)
    };
    let ((), objects) = futures::future::try_join(listing, taking).await?;
    Ok(objects)
}

impl ListedLogs {
    pub(super) fn add(&mut self, object: ListedObject, settings: &Settings) {
        for day in days_about(object.delivery, settings) {
            self.by_day.entry(day).or_default().add(&object);
        }
        self.objects.push(object);
    }

    /// Takes note that a log of this delivery cannot be read.
    pub(super) fn add_unreadable(&mut self, delivery: Option<Delivery>, settings: &Settings) {
        for day in days_about(delivery, settings) {
            self.by_day.entry(day).or_default().add_unreadable();
        }
    }

    /// The locations that could not be opened or listed.
    pub(crate) fn not_read(&self) -> BTreeSet<String> {
        self.not_read.iter().map(|problem| problem.key.clone()).collect()
    }

    /// The logs around a day.
    pub(crate) fn sources(&self, day: Date) -> LogSources {
        let mut logs = LogSet::default();
        [Some(day), None]
            .iter()
            .filter_map(|day| self.by_day.get(day))
            .for_each(|of| logs.merge(of));
        logs.sources()
    }

    /// The logs around the days that are wanted.
    pub(crate) fn around<'a>(
        &'a self,
        settings: &'a Settings,
        is_wanted: impl Fn(Date) -> bool + 'a,
    ) -> impl Iterator<Item = &'a ListedObject> {
        self.objects.iter().filter(move |object| is_near(object, settings, &is_wanted))
    }

    /// Reads the logs around the days that are wanted, once. `take` looks at each.
    ///
    /// # Errors
    /// If the logs as a whole cannot be read, or a worker dies.
    pub(crate) async fn read(
        &mut self,
        job: &Job<'_>,
        store: &dyn Store,
        is_wanted: impl Fn(Date) -> bool,
        met: impl Fn(Date) -> Met,
        mut take: impl FnMut(&ReadObject<InvocationReading>) -> Result<(), Error>,
    ) -> Result<Requests, Error> {
        let Job { settings, workers, progress, .. } = *job;
        let met = |object: &ListedObject| {
            let days = object.delivery.map(|delivery| days_of_log(delivery, settings));
            days.into_iter().flatten().map(&met).fold(Met::default(), Met::or)
        };
        let wanted = |object: &ListedObject| is_near(object, settings, &is_wanted);
        let (sender, receiver) = mpsc::channel(LISTED_AHEAD);
        let sending = async {
            let sender = sender;
            for object in std::mem::take(&mut self.objects).into_iter().filter(wanted) {
                progress.listed(object.meta.size_bytes);
                // The receiver is gone if reading failed, and that error is returned.
                if sender.send(object).await.is_err() {
                    break;
                }
            }
            Ok(())
        };
        let (limits, keys) = (settings.limits, settings.request_metadata.clone());
        let decoder = InvocationDecoder { limits, keys };
        let (what, kind) = ("the location of the model invocation logs", LogKind::ModelInvocation);
        let health = Health::new(store, what, kind, !self.may_lack);
        let fetcher = Fetcher::new(store, settings, workers, decoder, &health);
        let mut requests = Requests::default();
        let mut shared = Shared::default();
        let by_day = &mut self.by_day;
        let reading = fetcher.read_all(receiver, progress, |read| {
            if read.reading.is_err() {
                for day in days_about(read.listed.delivery, settings) {
                    by_day.entry(day).or_default().add_unreadable();
                }
            }
            take(&read)?;
            let met = met(&read.listed);
            let added = requests.add(read, met, &mut shared);
            added.map_err(|full| Error::Temporary(io::Error::other(full)))?;
            health.check(false)
        });
        futures::future::try_join(sending, reading).await?;
        health.check(true)?;
        requests.finish(self);
        Ok(requests)
    }
}

impl Requests {
    /// Ends with what the logs count, once all of them are taken in.
    pub(super) fn finish(&mut self, logs: &ListedLogs) {
        self.merge_duplicates();
        self.counts.locations_not_read.clone_from(&logs.not_read);
        self.counts.unreadable_objects.sort_by(|a, b| a.key.cmp(&b.key));
        self.counts.unreadable_objects.truncate(MAX_LISTED);
    }
}

/// Whether a log may be about calls of a day that is wanted.
fn is_near(object: &ListedObject, settings: &Settings, is_wanted: &impl Fn(Date) -> bool) -> bool {
    let days = object.delivery.map(|delivery| days_of_log(delivery, settings));
    days.is_none_or(|mut days| days.any(is_wanted))
}

/// The days that a log is counted for; `None` is any.
fn days_about(
    delivery: Option<Delivery>,
    settings: &Settings,
) -> impl Iterator<Item = Option<Date>> {
    let days = delivery.into_iter().flat_map(|delivery| days_of_log(delivery, settings)).map(Some);
    days.chain(delivery.is_none().then_some(None))
}

/// The days whose calls a log may be about: that of its delivery, and those that it was delivered within a
/// late window of.
pub(crate) fn days_of_log(
    delivery: Delivery,
    settings: &Settings,
) -> impl Iterator<Item = Date> + use<> {
    const DAY: i64 = 24 * 60;
    let (minute, window) = (delivery.minute.unwrap_or(0), settings.late_window_minutes);
    let before = (minute < window).then(|| delivery.day.saturating_sub(1.day()));
    let after = (minute >= DAY - window).then(|| delivery.day.saturating_add(1.day()));
    [before, Some(delivery.day), after].into_iter().flatten()
}

/// Reads model invocation logs.
#[derive(Debug, Clone)]
pub(crate) struct InvocationDecoder {
    pub(crate) limits: Limits,
    /// The keys of request metadata that are taken.
    pub(crate) keys: MetadataKeys,
}

impl Decoder for InvocationDecoder {
    type Reading = InvocationReading;

    fn whole(
        &self,
        _: &str,
        body: &[u8],
        _: &mut Scratch,
    ) -> Result<InvocationReading, Unreadable> {
        logs::invocation::read(body, &self.limits, &self.keys)
    }

    fn stream(&self, _: &str, body: impl BufRead) -> Result<InvocationReading, Unreadable> {
        logs::invocation::read(body, &self.limits, &self.keys)
    }
}
