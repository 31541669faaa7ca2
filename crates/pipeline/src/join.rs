//! Joins calls with what the model invocation log counted for them, by account, Region, and request id.
//!
//! The log has no event id; CloudTrail's `requestID` is its `requestId`. Where either record lacks the account or the
//! Region, what both say decides, if only one entry fits. Both sides may lack a partner:
//! a log that is off in some accounts, a trail that is. What is left over is counted.

use std::cmp::{Ordering, Reverse};
use std::collections::hash_map::{Entry, HashMap};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead};
use std::sync::Arc;

use bedrock::cost::{Latency, Said, UnitCounts};
use bedrock::{Attribute, Call, CallId, InternerFull, Logged, TextId, Texts};
use futures::stream::{self, StreamExt};
use jiff::ToSpan;
use jiff::civil::Date;
use logs::invocation::{InvocationEntry, InvocationReading, MetadataKeys};
use logs::layout::{Delivery, LogKind};
use logs::{Limits, Scratch, Unreadable};
use store::Store;
use tokio::sync::mpsc;

use crate::dates::day_of;
use crate::day::manifest::{LogSet, LogSources};
use crate::error::{Error, sentence};
use crate::outcome::{InvocationLog, LeftOver, MAX_LISTED, ObjectProblem};
use crate::run::Job;
use crate::settings::{Layout, Settings};
use crate::source::discover::search;
use crate::source::fetch::{Decoder, Fetcher, ReadObject};
use crate::source::health::Health;
use crate::source::list::{LISTED_AHEAD, ListCounts, ListedObject, Selection, list_any, list_days};
use crate::source::{OpenLogs, roots, shown};

/// Locations that are listed at the same time: the requests of all have a bound of their own.
const LISTED_AT_ONCE: usize = 16;

/// The attributes that calls take from their entries.
pub(crate) const TAKEN_TEXTS: [Attribute; 3] =
    [Attribute::LogInferenceRegion, Attribute::InvokedModel, Attribute::RequestMetadata];

/// What the invocation logs counted, by request.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    entries: Vec<Counted>,
    /// The first entry of each request id, which leads to the others of it.
    by_id: HashMap<CallId, u32>,
    /// What [`Counted::texts`] refers to.
    texts: Texts,
    /// What is not counted by an earlier pass.
    counts: InvocationLog,
    n_unreadable: u64,
}

/// What one entry counted.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    pub(crate) logged: Logged<Arc<UnitCounts>>,
    pub(crate) is_stream: bool,
    pub(crate) tier: Option<Said<&'static str>>,
    pub(crate) latency: Option<Said<Latency>>,
    /// The texts of [`TAKEN_TEXTS`], in their order, among [`Requests::texts`].
    pub(crate) texts: [Option<TextId>; TAKEN_TEXTS.len()],
    timestamp_ms: i64,
    account_id: Option<Arc<str>>,
    region: Option<Arc<str>>,
    model_ref: Option<Arc<str>>,
    /// The next entry of this request id.
    next: Option<u32>,
    /// Its object and its index there, which decide between two entries of one request.
    position: (Arc<str>, u32),
    met: Met,
}

/// Which of the entries of one request goes before: the one that counts anything, then the later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Precedence(Reverse<(bool, i64)>);

impl Precedence {
    /// That of an entry of this time, which counts anything or nothing.
    pub(crate) fn of(counts_any: bool, timestamp_ms: i64) -> Self {
        Precedence(Reverse((counts_any, timestamp_ms)))
    }
}

/// What repeats from entry to entry, each held once: accounts and references, and what is known of other units.
#[derive(Debug, Default)]
struct Shared {
    texts: HashMap<Box<str>, Arc<str>>,
    units: HashMap<UnitCounts, Arc<UnitCounts>>,
}

impl Shared {
    fn text(&mut self, text: Option<Box<str>>) -> Option<Arc<str>> {
        let text = text?;
        let held = self.texts.entry(text).or_insert_with_key(|text| Arc::from(text.as_ref()));
        Some(Arc::clone(held))
    }

    fn units(&mut self, units: UnitCounts) -> Arc<UnitCounts> {
        Arc::clone(self.units.entry(units).or_insert_with_key(|units| Arc::new(*units)))
    }
}

/// Whether the logs of other passes of a run have an object too.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Met {
    /// An earlier pass read it.
    pub(crate) before: bool,
    /// A later pass may read it.
    pub(crate) later: bool,
}

/// What the passes of a run counted.
#[derive(Debug, Default)]
pub(crate) struct LogCounts {
    total: Option<InvocationLog>,
    /// Entries without a call so far that later passes may have one for.
    open: HashMap<RequestKey, Counted>,
}

/// What one request is: its id, the account, and the Region.
type RequestKey = (CallId, Option<Arc<str>>, Option<Arc<str>>);

/// The logs around a range of days, not yet read.
#[derive(Debug, Default)]
pub(crate) struct ListedLogs {
    objects: Vec<ListedObject>,
    /// By the days that they are about; those whose names say none are about any.
    by_day: BTreeMap<Option<Date>, LogSet>,
    /// Whether a location may fail without the others.
    may_lack: bool,
    /// Locations that could not be opened or listed, and why.
    not_read: Vec<ObjectProblem>,
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
    fn add(&mut self, object: ListedObject, settings: &Settings) {
        for day in days_about(object.delivery, settings) {
            self.by_day.entry(day).or_default().add(&object);
        }
        self.objects.push(object);
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
            days.into_iter().flatten().map(&met).fold(Met::default(), |all, of_day| Met {
                before: all.before || of_day.before,
                later: all.later || of_day.later,
            })
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
        requests.merge_duplicates();
        requests.counts.locations_not_read.clone_from(&self.not_read);
        requests.counts.unreadable_objects.sort_by(|a, b| a.key.cmp(&b.key));
        requests.counts.unreadable_objects.truncate(MAX_LISTED);
        Ok(requests)
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

#[derive(Debug, Clone)]
struct InvocationDecoder {
    limits: Limits,
    keys: MetadataKeys,
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

impl Requests {
    /// Takes in what an object held.
    ///
    /// # Errors
    /// If there are too many texts.
    fn add(
        &mut self,
        read: ReadObject<InvocationReading>,
        met: Met,
        shared: &mut Shared,
    ) -> Result<(), InternerFull> {
        let key = Arc::<str>::from(read.listed.meta.key.as_str());
        let of_counts = &mut InvocationLog::default();
        let counts = if met.before { of_counts } else { &mut self.counts };
        counts.objects += 1;
        counts.bytes += read.listed.meta.size_bytes;
        let problem = |reason: String| ObjectProblem { key: key.as_ref().to_owned(), reason };
        let reading = match read.reading {
            Ok(reading) => reading,
            Err(reason) => {
                self.n_unreadable += 1;
                counts.unreadable += 1;
                counts.unreadable_objects.push(problem(reason.to_string()));
                return Ok(());
            }
        };
        counts.entries += reading.entries.len() as u64;
        counts.rejected += reading.rejected;
        counts.metadata.add(reading.metadata);
        counts.rejected_values += reading.rejected_values;
        if reading.rejected + reading.rejected_values > 0 {
            let values = match reading.rejected_values {
                0 => String::new(),
                count => format!(", {count} values"),
            };
            let sentences = [reading.rejections, reading.notes].concat().join("; ");
            let reason = format!("{}{values} rejected: {sentences}", reading.rejected);
            counts.unreadable_objects.push(problem(reason));
        }
        for (index, entry) in (0u32..).zip(reading.entries) {
            self.add_entry(entry, (Arc::clone(&key), index), met, shared)?;
        }
        Ok(())
    }

    fn add_entry(
        &mut self,
        entry: InvocationEntry,
        position: (Arc<str>, u32),
        met: Met,
        shared: &mut Shared,
    ) -> Result<(), InternerFull> {
        let is_stream = entry.is_stream();
        let taken = [&entry.inference_region, &entry.invoked_model, &entry.metadata];
        let mut ids = [None; TAKEN_TEXTS.len()];
        for ((id, attribute), text) in ids.iter_mut().zip(TAKEN_TEXTS).zip(taken) {
            *id = text.as_deref().map(|text| self.texts[attribute].intern(text)).transpose()?;
        }
        let logged = Logged {
            counts: entry.tokens,
            units: entry.units.map(|units| shared.units(*units)),
            latency_ms: entry.latency_ms,
            first_byte_ms: entry.first_byte_ms,
        };
        let mut counted = Counted {
            logged,
            is_stream,
            tier: entry.tier,
            latency: entry.latency,
            texts: ids,
            timestamp_ms: entry.timestamp_ms,
            account_id: shared.text(entry.account_id),
            region: shared.text(entry.region),
            model_ref: shared.text(entry.model_ref),
            next: None,
            position,
            met,
        };
        let next = u32::try_from(self.entries.len()).expect("memory ends before 2^32 entries");
        match self.by_id.entry(entry.request_id) {
            Entry::Vacant(vacant) => {
                vacant.insert(next);
            }
            Entry::Occupied(mut occupied) => counted.next = Some(occupied.insert(next)),
        }
        self.entries.push(counted);
        Ok(())
    }

    /// Makes one entry of those of a request: what the first does not say in the order of [`Counted::order`], the
    /// next one does. Only then is the order known.
    fn merge_duplicates(&mut self) {
        let Requests { entries, by_id, counts, .. } = self;
        by_id.values_mut().for_each(|head| *head = merged(entries, *head, &mut counts.duplicates));
    }

    /// The entries of one request id, with their numbers.
    fn of_id(&self, head: Option<u32>) -> impl Iterator<Item = (u32, &Counted)> {
        let with_number = |number: u32| (number, &self.entries[number as usize]);
        let next = move |(_, entry): &(u32, &Counted)| entry.next.map(with_number);
        std::iter::successors(head.map(with_number), next)
    }

    /// These entries, of one object.
    #[cfg(test)]
    pub(crate) fn of_entries(entries: Vec<InvocationEntry>) -> Self {
        let (mut requests, mut shared) = (Requests::default(), Shared::default());
        for (index, entry) in (0..).zip(entries) {
            let position = ("log".into(), index);
            let added = requests.add_entry(entry, position, Met::default(), &mut shared);
            added.expect("few texts");
        }
        requests.merge_duplicates();
        requests
    }

    /// The entry of a call, by its number: the only one that says no other account or Region than the call, or of
    /// several the one that says the same as the call.
    pub(crate) fn entry_of(&self, call: &Call, texts: &Texts) -> Option<u32> {
        let head = *self.by_id.get(call.request_id.as_ref()?)?;
        let place = [Attribute::AccountId, Attribute::SourceRegion]
            .map(|attribute| texts.get(&call.attributes, attribute));
        let mut fitting = self.of_id(Some(head)).filter(|(_, entry)| entry.fits(place));
        let (first, _) = fitting.next()?;
        if fitting.next().is_none() {
            return Some(first);
        }
        let mut same = self.of_id(Some(head)).filter(|(_, entry)| entry.place() == place);
        same.next().map(|(number, _)| number)
    }

    /// What an entry counted.
    pub(crate) fn entry(&self, number: u32) -> &Counted {
        &self.entries[number as usize]
    }
}

/// Merges those entries of one request id that are of one request, and counts duplicates. Gives the first of the chain
/// of what is left.
fn merged(entries: &mut [Counted], head: u32, duplicates: &mut u64) -> u32 {
    let next = |number: &u32| entries[*number as usize].next;
    let mut numbers = std::iter::successors(Some(head), next).collect::<Vec<_>>();
    if numbers.len() == 1 {
        return head;
    }
    numbers.sort_unstable_by(|a, b| {
        let [a, b] = [a, b].map(|number| &entries[*number as usize]);
        a.place().cmp(&b.place()).then_with(|| a.order(b))
    });
    let mut kept = Vec::<u32>::new();
    for number in numbers {
        let entry = entries[number as usize].clone();
        match kept.last().map(|last| &mut entries[*last as usize]) {
            Some(first) if first.place() == entry.place() => {
                // A pass before counted it, if it had both.
                let are_old = first.met.before && entry.met.before;
                *duplicates += u64::from(!are_old);
                first.merge(entry);
            }
            _ => kept.push(number),
        }
    }
    let mut next = None;
    for number in kept.into_iter().rev() {
        entries[number as usize].next = next;
        next = Some(number);
    }
    next.unwrap_or(head)
}

impl LogCounts {
    /// Adds what a pass read, and which entries calls took. What calls of a later pass may still take is
    /// counted with that.
    pub(crate) fn add(
        &mut self,
        requests: &Requests,
        joined: &[u32],
        calls_without_entry: u64,
        is_built: impl Fn(Date) -> bool,
    ) {
        let mut is_joined = vec![false; requests.entries.len()];
        for entry in joined {
            is_joined[*entry as usize] = true;
        }
        let mut counts = requests.counts.clone();
        counts.calls_without_entry = calls_without_entry;
        let mut left_over = Vec::new();
        let of_id = |(id, head): (_, &u32)| {
            requests.of_id(Some(*head)).map(move |(number, entry)| (number, id, entry))
        };
        let mut by_number = requests.by_id.iter().flat_map(of_id).collect::<Vec<_>>();
        by_number.sort_unstable_by_key(|(number, ..)| *number);
        for (number, id, entry) in by_number {
            let key = (id.clone(), entry.account_id.clone(), entry.region.clone());
            // All others that an earlier pass had were counted by it.
            if entry.met.before && self.open.remove(&key).is_none() {
                continue;
            }
            if is_joined[number as usize] {
                counts.joined += 1;
            } else if entry.met.later {
                self.open.insert(key, entry.clone());
            } else {
                left_over.push(entry);
            }
        }
        counts.leave(left_over, is_built);
        match &mut self.total {
            Some(total) => total.add(counts),
            None => self.total = Some(counts),
        }
    }

    /// All that was counted; `None` if no pass had logs to read. An entry of a day that was not built
    /// belongs to another run.
    pub(crate) fn end(self, is_built: impl Fn(Date) -> bool) -> Option<InvocationLog> {
        let mut total = self.total?;
        total.leave(self.open.values(), is_built);
        total.left_over.sort_by_key(|left_over| Reverse(left_over.entries));
        Some(total)
    }
}

impl InvocationLog {
    /// Counts entries that no call took.
    fn leave<'c>(
        &mut self,
        entries: impl IntoIterator<Item = &'c Counted>,
        is_built: impl Fn(Date) -> bool,
    ) {
        let mut left_over = BTreeMap::<(Option<&str>, Option<&str>), u64>::new();
        for entry in entries {
            if is_built(day_of(entry.timestamp_ms)) {
                self.without_call += 1;
                let key = (entry.account_id.as_deref(), entry.model_ref.as_deref());
                *left_over.entry(key).or_default() += 1;
            } else {
                self.other_days += 1;
            }
        }
        let text = |text: Option<&str>| text.map(str::to_owned);
        let left_over = left_over.into_iter().map(|((account_id, model_ref), entries)| LeftOver {
            account_id: text(account_id),
            model_ref: text(model_ref),
            entries,
        });
        self.add_left_over(left_over.collect());
    }

    fn add_left_over(&mut self, others: Vec<LeftOver>) {
        for other in others {
            let key = |left: &LeftOver| (left.account_id.clone(), left.model_ref.clone());
            match self.left_over.binary_search_by_key(&key(&other), key) {
                Ok(known) => self.left_over[known].entries += other.entries,
                Err(place) => self.left_over.insert(place, other),
            }
        }
    }

    /// Adds what another pass counted.
    fn add(&mut self, other: InvocationLog) {
        self.objects += other.objects;
        self.bytes += other.bytes;
        self.unreadable += other.unreadable;
        self.entries += other.entries;
        self.rejected += other.rejected;
        self.metadata.add(other.metadata);
        self.rejected_values += other.rejected_values;
        self.duplicates += other.duplicates;
        self.joined += other.joined;
        self.without_call += other.without_call;
        self.other_days += other.other_days;
        self.calls_without_entry += other.calls_without_entry;
        self.add_left_over(other.left_over);
        let theirs = [other.unreadable_objects, other.locations_not_read];
        for (mine, theirs) in
            [&mut self.unreadable_objects, &mut self.locations_not_read].into_iter().zip(theirs)
        {
            mine.extend(theirs);
            mine.sort_by(|a, b| (&a.key, &a.reason).cmp(&(&b.key, &b.reason)));
            mine.dedup();
        }
        self.unreadable_objects.truncate(MAX_LISTED);
    }
}

impl Counted {
    /// One of its texts.
    pub(crate) fn text<'r>(&self, requests: &'r Requests, attribute: Attribute) -> Option<&'r str> {
        let at = TAKEN_TEXTS.iter().position(|taken| *taken == attribute)?;
        self.texts[at].map(|id| requests.texts[attribute].get(id))
    }

    /// The account and the Region.
    fn place(&self) -> [Option<&str>; 2] {
        [self.account_id.as_deref(), self.region.as_deref()]
    }

    /// Whether a call of this account and Region may be its call: what both say is the same.
    fn fits(&self, place: [Option<&str>; 2]) -> bool {
        self.place()
            .into_iter()
            .zip(place)
            .all(|(mine, its)| mine.zip(its).is_none_or(|(mine, its)| mine == its))
    }

    /// The order of entries of one request: by their [`Precedence`], then by the keys of their objects. The order of
    /// arrival never decides.
    fn order(&self, other: &Counted) -> Ordering {
        let precedence = |it: &Counted| Precedence::of(it.logged.is_any(), it.timestamp_ms);
        let by_precedence = precedence(self).cmp(&precedence(other));
        by_precedence.then_with(|| self.position.cmp(&other.position))
    }

    /// Adds what another entry of its request says and it does not.
    fn merge(&mut self, other: Counted) {
        self.logged.complete(other.logged);
        self.is_stream |= other.is_stream;
        self.tier = Said::surer(self.tier, other.tier);
        self.latency = Said::surer(self.latency, other.latency);
        for (mine, others) in self.texts.iter_mut().zip(other.texts) {
            *mine = mine.or(others);
        }
        self.model_ref = self.model_ref.take().or(other.model_ref);
        self.met.before |= other.met.before;
        self.met.later |= other.met.later;
    }
}
