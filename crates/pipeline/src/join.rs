//! Joins calls with what the model invocation log counted for them, by account, Region, and request id.
//!
//! The log has no event id; CloudTrail's `requestID` is its `requestId`. Where either record lacks the account or the
//! Region, what both say decides, if only one entry fits. Both sides may lack a partner:
//! a log that is off in some accounts, a trail that is. What is left over is counted.

mod counts;
mod listed;
mod rows;

use std::cmp::{Ordering, Reverse};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use bedrock::cost::{Latency, Said, UnitCounts};
use bedrock::{Attribute, Call, CallId, InternerFull, Logged, TextId, Texts};
use logs::invocation::{InvocationEntry, InvocationReading};

use crate::outcome::{InvocationLog, ObjectProblem};
use crate::source::fetch::ReadObject;

pub(crate) use counts::LogCounts;
pub(crate) use listed::{InvocationDecoder, ListedLogs, days_of_log, list_logs};
pub(crate) use rows::LogRows;

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

impl Met {
    /// Of two days that an object is about.
    pub(crate) fn or(self, other: Met) -> Met {
        Met { before: self.before || other.before, later: self.later || other.later }
    }
}

impl InvocationLog {
    /// Counts an object with what it held, and names it if something is wrong with that.
    pub(crate) fn count(&mut self, read: &ReadObject<InvocationReading>) {
        let key = &read.listed.meta.key;
        let problem = |reason: String| ObjectProblem { key: key.clone(), reason };
        self.objects += 1;
        self.bytes += read.listed.meta.size_bytes;
        let reading = match &read.reading {
            Ok(reading) => reading,
            Err(reason) => {
                self.unreadable += 1;
                self.unreadable_objects.push(problem(reason.to_string()));
                return;
            }
        };
        self.entries += reading.entries.len() as u64;
        self.rejected += reading.rejected;
        self.metadata.add(reading.metadata);
        self.rejected_values += reading.rejected_values;
        if reading.rejected + reading.rejected_values > 0 {
            let values = match reading.rejected_values {
                0 => String::new(),
                count => format!(", {count} values"),
            };
            let sentences = [&reading.rejections[..], &reading.notes].concat().join("; ");
            let reason = format!("{}{values} rejected: {sentences}", reading.rejected);
            self.unreadable_objects.push(problem(reason));
        }
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
        self.add_part(read, (0, met), shared)
    }

    /// Takes in a part of what an object held, whose first entry is the one of this index there. The first part
    /// counts the object.
    ///
    /// # Errors
    /// If there are too many texts.
    fn add_part(
        &mut self,
        read: ReadObject<InvocationReading>,
        (first_index, met): (u32, Met),
        shared: &mut Shared,
    ) -> Result<(), InternerFull> {
        let key = Arc::<str>::from(read.listed.meta.key.as_str());
        let entries = if first_index == 0 {
            self.count(read, met)
        } else {
            let entries = read.reading.map(|reading| reading.entries).unwrap_or_default();
            if !met.before {
                self.counts.entries += entries.len() as u64;
            }
            entries
        };
        for (index, entry) in (first_index..).zip(entries) {
            self.add_entry(entry, (Arc::clone(&key), index), met, shared)?;
        }
        Ok(())
    }

    /// Counts an object with what it held, and gives its entries.
    fn count(&mut self, read: ReadObject<InvocationReading>, met: Met) -> Vec<InvocationEntry> {
        let of_counts = &mut InvocationLog::default();
        let counts = if met.before { of_counts } else { &mut self.counts };
        counts.count(&read);
        self.n_unreadable += u64::from(read.reading.is_err());
        read.reading.map(|reading| reading.entries).unwrap_or_default()
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
