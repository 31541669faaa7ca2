//! Holds what was read until its day is built: calls by day, objects, what they taught.

mod day_state;
mod part;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bedrock::alias::DiscoveredAlias;
use bedrock::day::{day_at_midnight, day_of};
use bedrock::region::is_region_shaped;
use bedrock::{Attribute, Call, CallSource, Calls, EventKind, JobStatus};
use jiff::civil::Date;
use logs::Reading;
use logs::invocation::MetadataCounts;
use logs::layout::Delivery;

use crate::dates::{DayRange, is_read_for};
use crate::day::manifest::{Elsewhere, LateObject, Manifest};
use crate::digests::Status;
use crate::error::Error;
use crate::omit::Omitted;
use crate::outcome::{MAX_LISTED, ObjectProblem, Objects, Records};
use crate::source::fetch::ReadObject;
use crate::source::list::ListedObject;

pub(crate) use self::day_state::DayState;
use self::day_state::Placing;
pub(crate) use self::part::DayPart;

/// What was read so far.
#[derive(Debug)]
pub(crate) struct Collected {
    range: Option<DayRange>,
    late_window_minutes: i64,
    /// The days that are built, until they are taken.
    days: BTreeMap<Date, DayState>,
    /// With any layout every day is built.
    takes_every_day: bool,
    /// Whether the requests of calls are kept, to tell which entries of invocation logs are without one.
    pub(crate) keeps_requests: bool,
    omitted: Omitted,
    /// Objects without a day of their own, which gave no call to any either.
    unplaced: Vec<Arc<ObjectRecord>>,
    /// Sums over objects, with their problems.
    pub(crate) objects: Objects,
    /// Sums over records.
    pub(crate) records: Records,
    /// What was learned for other days too since it was last taken.
    pub(crate) learned: Learned,
    /// What of request metadata was not taken as it is.
    pub(crate) metadata: MetadataCounts,
    /// Events that look like inference under unknown names.
    pub(crate) unknown_operations: BTreeMap<String, u64>,
    /// Records that are no calls, by the Region in the key of their object. Where that names none, events of
    /// Bedrock's count by their own Region, and `unknown` has the others, whose records are not read.
    pub(crate) skipped_by_region: BTreeMap<String, u64>,
    /// Events of Bedrock's that are no calls and have no usable ID or time.
    pub(crate) events_without_id: u64,
    /// Events of Bedrock's that are no calls, of days that their object is not read for.
    pub(crate) events_left: u64,
    /// Calls on days outside the range.
    pub(crate) out_of_range: BTreeMap<Date, u64>,
    /// Calls of days that are not built, or were built before.
    pub(crate) left: u64,
    /// Objects with calls of a day that was taken or is not built, and that it does not know of.
    pub(crate) late: BTreeMap<Date, BTreeSet<LateObject>>,
}

/// What objects say that is not about their own days alone.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    /// What opaque ARNs denote.
    pub(crate) aliases: Vec<DiscoveredAlias>,
    /// The states of batch jobs, by their IDs.
    pub(crate) job_states: Vec<(Box<str>, JobStatus)>,
}

/// An object with its counts.
#[derive(Debug, Clone)]
pub(crate) struct ObjectRecord {
    /// Its key, relative to the source.
    pub(crate) key: Arc<str>,
    /// What its key says of its delivery.
    pub(crate) delivery: Option<Delivery>,
    /// Its size as stored, in bytes.
    pub(crate) size_bytes: u64,
    /// Why it is unreadable, if it is.
    pub(crate) unreadable: Option<String>,
    /// What the digest files say of it, if they were asked and it could be read.
    pub(crate) digest_status: Option<Status>,
    /// Its rejected records, the first of them as sentences, and what else is null in its calls.
    pub(crate) rejections: Vec<String>,
    /// Token counts of its calls that cannot be used.
    pub(crate) rejected_counts: u64,
    /// Its records.
    pub(crate) records: u64,
    /// Its calls, of any day.
    pub(crate) calls: u64,
    /// Its records that are no calls.
    pub(crate) skipped: u64,
    /// Its calls that cannot be used.
    pub(crate) rejected: u64,
}

impl Collected {
    /// Nothing yet. Days are taken in after [`Collected::begin`]; with `takes_every_day`, all are. With
    /// `keeps_requests`, days know which requests their calls are. What is `omitted` is not held.
    pub(crate) fn new(
        range: Option<DayRange>,
        late_window_minutes: i64,
        takes_every_day: bool,
        keeps_requests: bool,
        omitted: Omitted,
    ) -> Self {
        Collected {
            range,
            late_window_minutes,
            days: BTreeMap::new(),
            takes_every_day,
            keeps_requests,
            omitted,
            unplaced: Vec::new(),
            objects: Objects::default(),
            records: Records::default(),
            learned: Learned::default(),
            metadata: MetadataCounts::default(),
            unknown_operations: BTreeMap::new(),
            skipped_by_region: BTreeMap::new(),
            events_without_id: 0,
            events_left: 0,
            out_of_range: BTreeMap::new(),
            left: 0,
            late: BTreeMap::new(),
        }
    }

    /// Begins a day: what is read from now on is held for it.
    pub(crate) fn begin(&mut self, day: Date) {
        let omitted = self.omitted;
        self.days.entry(day).or_insert_with(|| DayState::without(omitted));
    }

    /// Takes a day out, to build it.
    pub(crate) fn take(&mut self, day: Date) -> Option<DayState> {
        self.days.remove(&day)
    }

    /// Takes a day back that cannot be built yet.
    pub(crate) fn restore_day(&mut self, day: Date, state: DayState) {
        self.days.insert(day, state);
    }

    /// The days that are held and have objects.
    pub(crate) fn days_with_objects(&self) -> impl Iterator<Item = Date> {
        let has_objects = |(_, state): &(&Date, &DayState)| !state.objects.is_empty();
        self.days.iter().filter(has_objects).map(|(day, _)| *day)
    }

    /// Whether a day has a late object already.
    pub(crate) fn has_late(&self, day: Date, late: &LateObject) -> bool {
        self.days.get(&day).is_some_and(|state| state.late_objects.contains(late))
    }

    /// Puts objects that belong to no day into the first one, so that every object stands somewhere.
    pub(crate) fn assign_unplaced(&mut self) {
        let first_day = self.days.keys().next().copied();
        let first = self.range.map(|range| range.from()).or(first_day);
        let Some(first) = first.filter(|_| !self.unplaced.is_empty()) else { return };
        self.begin(first);
        let state = self.days.get_mut(&first);
        state.into_iter().for_each(|state| state.objects.append(&mut self.unplaced));
    }

    /// Takes in an object, which was read for `days`, with what the digests say of it. Calls outside the
    /// range are counted and let go.
    ///
    /// # Errors
    /// If calls are too many to be held and cannot be written to a temporary file.
    pub(crate) fn add(
        &mut self,
        read: ReadObject<Reading>,
        days: &[Date],
        manifests: &BTreeMap<Date, Option<Manifest>>,
        digest_status: Option<Status>,
    ) -> Result<(), Error> {
        let record = ObjectRecord { digest_status, ..ObjectRecord::new(&read.listed) };
        let n_calls = read.n_calls();
        let (record, calls) = self.add_object(record, read.reading, n_calls);
        self.count_skipped(&record, regions_of(&calls));
        let mut placing = Placing::default();
        for day in days {
            if let Some(state) = self.days.get_mut(day) {
                placing.place(*day, state, &record, &calls, !read.listed.is_late);
                if record.unreadable.is_some() {
                    // It gave nothing that the day would have to keep.
                    state.late_objects.remove(&LateObject::of(&record));
                }
            }
        }
        for (index, call) in (0u32..).zip(&calls.rows) {
            let day = day_of(call.event_time_ms);
            let is_covered = self.is_covered(day, &record, &mut placing);
            if self.range.is_some_and(|range| !range.contains(day)) {
                *self.out_of_range.entry(day).or_default() += 1;
                continue;
            }
            if self.takes_every_day {
                self.begin(day);
            }
            let is_wanted = !read.listed.is_late || days.contains(&day);
            let Some(state) = self.days.get_mut(&day).filter(|_| is_wanted) else {
                self.left += 1;
                if !is_covered && is_wanted {
                    self.add_late(day, &record, manifests);
                }
                continue;
            };
            let Some(number) = placing.place(day, state, &record, &calls, is_covered) else {
                self.left += 1;
                continue;
            };
            state.add_call((call, index), &calls, number, self.keeps_requests)?;
        }
        self.add_beside(&calls, &placing)?;
        self.add_others(&calls, &record, &mut placing, manifests)?;
        if placing.numbers.is_empty() && self.takes_every_day {
            self.unplaced.push(record);
            return Ok(());
        }
        let own_day = record.delivery.map(|delivery| delivery.day);
        if let Some(state) = own_day.and_then(|day| self.days.get_mut(&day))
            && !placing.elsewhere.is_empty()
        {
            let (bytes, calls) = (record.size_bytes, placing.elsewhere);
            let elsewhere = Elsewhere { bytes, days: calls.keys().copied().collect(), calls };
            state.calls_elsewhere.insert(record.key.as_ref().to_owned(), elsewhere);
        }
        Ok(())
    }

    /// Takes in a model invocation log whose entries are calls, beside a trail. It is read for `days`, or for any
    /// if that is not known. Entries of other days are let go: they are those of other logs.
    ///
    /// # Errors
    /// As [`Collected::add`].
    pub(crate) fn add_log(
        &mut self,
        read: ReadObject<Reading>,
        days: Option<&[Date]>,
    ) -> Result<(), Error> {
        let n_calls = read.n_calls();
        let record = ObjectRecord::new(&read.listed);
        let (record, calls) = self.add_object(record, read.reading, n_calls);
        self.count_skipped(&record, regions_of(&calls));
        let mut placing = Placing::default();
        for day in days.into_iter().flatten() {
            if let Some(state) = self.days.get_mut(day) {
                placing.place(*day, state, &record, &calls, true);
            }
        }
        for (index, call) in (0u32..).zip(&calls.rows) {
            let day = day_of(call.event_time_ms);
            if self.takes_every_day && self.range.is_none_or(|range| range.contains(day)) {
                self.begin(day);
            }
            let is_any = days.is_none() || self.takes_every_day;
            let number = self.days.get_mut(&day).and_then(|state| match is_any {
                true => placing.place(day, state, &record, &calls, true),
                false => placing.number(day),
            });
            match self.days.get_mut(&day).zip(number) {
                Some((state, number)) => {
                    state.n_calls += 1;
                    state.calls.add(call, &calls.texts, index, number)?;
                }
                None => self.left += 1,
            }
        }
        self.add_beside(&calls, &placing)?;
        if placing.numbers.is_empty() && self.takes_every_day {
            self.unplaced.push(record);
        }
        Ok(())
    }

    /// Counts an object with what reading it gave, and gives its calls. It has `n_calls`, of any day.
    fn add_object<E: ToString>(
        &mut self,
        mut record: ObjectRecord,
        reading: Result<Reading, E>,
        n_calls: u64,
    ) -> (Arc<ObjectRecord>, Calls) {
        let calls = match reading {
            Ok(reading) => {
                record.calls = n_calls;
                self.add_reading(reading, &mut record)
            }
            Err(reason) => {
                record.unreadable = Some(reason.to_string());
                Calls::default()
            }
        };
        self.count(&record);
        (Arc::new(record), calls)
    }

    /// Takes in what an object held, and gives its calls.
    fn add_reading(&mut self, reading: Reading, record: &mut ObjectRecord) -> Calls {
        record.records = reading.records;
        record.skipped = reading.skipped;
        record.rejected = reading.rejected;
        record.rejections = reading.rejections;
        record.rejections.extend(reading.notes);
        record.rejected_counts = reading.rejected_counts;
        self.learned.aliases.extend(reading.discovered);
        self.learned.job_states.extend(reading.job_states);
        self.metadata.add(reading.metadata);
        self.events_without_id += reading.events_without_id;
        for (name, count) in reading.unknown_operations {
            *self.unknown_operations.entry(name).or_default() += count;
        }
        reading.calls
    }

    /// Whether an object is read for a day anyway. If not, its calls of the day are counted as those of
    /// another one.
    fn is_covered(&self, day: Date, record: &ObjectRecord, placing: &mut Placing) -> bool {
        let is_covered = placing.is_covered(day, |day| {
            let window = self.late_window_minutes;
            let is_own = |delivery| is_read_for(delivery, day, window);
            self.takes_every_day || record.delivery.is_some_and(is_own)
        });
        if !is_covered {
            *placing.elsewhere.entry(day).or_default() += 1;
        }
        is_covered
    }

    /// Has a day read an object that was delivered too late for it, unless it was built with that.
    fn add_late(
        &mut self,
        day: Date,
        record: &ObjectRecord,
        manifests: &BTreeMap<Date, Option<Manifest>>,
    ) {
        let known = manifests.get(&day).and_then(Option::as_ref);
        let late = LateObject::of(record);
        if known.is_none_or(|known| !known.late_objects.contains(&late)) {
            self.late.entry(day).or_default().insert(late);
        }
    }

    /// Takes in entries of invocation logs about midnight for the day on its other side, if their object is read for
    /// that: they are no calls of it, but may complete one.
    fn add_beside(&mut self, calls: &Calls, placing: &Placing) -> Result<(), Error> {
        if calls.rows.first().is_none_or(|call| call.source() == CallSource::CloudTrail) {
            return Ok(());
        }
        for (index, call) in (0u32..).zip(&calls.rows) {
            let Some(day) = day_at_midnight(call.event_time_ms) else { continue };
            if let Some((state, number)) = self.days.get_mut(&day).zip(placing.number(day)) {
                state.calls.add_beside(call, &calls.texts, index, number)?;
            }
        }
        Ok(())
    }

    /// Takes in the events of an object that are no calls. They do not bring it into a day: they are counted in
    /// those days that it is read for. Only of refusals at VPC endpoints and of batch jobs none is lost: they have
    /// rows of their own, and reach their days as calls do.
    fn add_others(
        &mut self,
        calls: &Calls,
        record: &Arc<ObjectRecord>,
        placing: &mut Placing,
        manifests: &BTreeMap<Date, Option<Manifest>>,
    ) -> Result<(), Error> {
        for (index, event) in (0u32..).zip(&calls.others) {
            let day = day_of(event.event_time_ms);
            let is_in_range = self.range.is_none_or(|range| range.contains(day));
            let has_row = matches!(event.kind, EventKind::Refusal | EventKind::BatchJob);
            if has_row
                && !self.is_covered(day, record, placing)
                && is_in_range
                && placing.number(day).is_none()
            {
                self.add_late(day, record, manifests);
            }
            if self.takes_every_day && is_in_range {
                self.begin(day);
                let state = self.days.get_mut(&day);
                state.and_then(|state| placing.place(day, state, record, calls, true));
            }
            match (self.days.get_mut(&day), placing.number(day)) {
                (Some(state), Some(number)) if is_in_range => {
                    state.add_event((event, index), calls, number)?;
                }
                _ => self.events_left += 1,
            }
        }
        Ok(())
    }

    /// Counts the skipped records of an object by their Regions, of which its events of Bedrock's have these.
    fn count_skipped<'r>(
        &mut self,
        record: &ObjectRecord,
        regions: impl IntoIterator<Item = (&'r str, u64)>,
    ) {
        let mut add = |region: &str, records: u64| {
            if records > 0 {
                *self.skipped_by_region.entry(region.to_owned()).or_default() += records;
            }
        };
        if let Some(region) = region_of(&record.key) {
            return add(region, record.skipped);
        }
        let mut unknown = record.skipped;
        for (region, events) in regions {
            add(region, events);
            unknown = unknown.saturating_sub(events);
        }
        add("unknown", unknown);
    }

    /// Counts an object, and what is wrong with it.
    pub(crate) fn count(&mut self, record: &ObjectRecord) {
        self.records.records += record.records;
        self.records.calls += record.calls;
        self.records.skipped += record.skipped;
        self.records.rejected += record.rejected;
        self.objects.bytes += record.size_bytes;
        let problem =
            |reason: String| ObjectProblem { key: record.key.as_ref().to_owned(), reason };
        match &record.unreadable {
            Some(reason) => {
                self.objects.unreadable += 1;
                add_problem(&mut self.objects.unreadable_objects, problem(reason.clone()));
            }
            None => self.objects.read += 1,
        }
        if record.rejected + record.rejected_counts > 0 {
            let counts = match record.rejected_counts {
                0 => String::new(),
                count => format!(", {count} values"),
            };
            let sentences = record.rejections.join("; ");
            let reason = format!("{}{counts} rejected: {sentences}", record.rejected);
            let all = &mut self.objects.objects_with_rejected_records;
            add_problem(all, problem(reason));
        }
    }
}

/// The Regions of the events that are no calls, each with 1.
fn regions_of(calls: &Calls) -> impl Iterator<Item = (&str, u64)> {
    let region = |event: &Call| calls.texts.get(&event.attributes, Attribute::SourceRegion);
    let regions = calls.others.iter().filter_map(region);
    regions.filter(|text| is_region_shaped(text)).map(|region| (region, 1))
}

/// The Region that a key names, as a folder or in the name of the file.
fn region_of(key: &str) -> Option<&str> {
    key.rsplit(['/', '_']).find(|part| is_region_shaped(part))
}

/// Keeps the problems with the least keys, in their order.
fn add_problem(problems: &mut Vec<ObjectProblem>, problem: ObjectProblem) {
    let index = problems.partition_point(|known| known.key <= problem.key);
    if index < MAX_LISTED {
        problems.insert(index, problem);
        problems.truncate(MAX_LISTED);
    }
}

impl ObjectRecord {
    /// An object of which nothing but its key is known.
    #[cfg(test)]
    pub(crate) fn of_key(key: &str) -> Self {
        let meta = store::ObjectMeta {
            key: key.to_owned(),
            size_bytes: 0,
            etag: None,
            is_archived: false,
        };
        let at = crate::source::list::At::Name;
        ObjectRecord::new(&ListedObject { meta, at, delivery: None, is_late: false })
    }

    /// An object that was not read yet.
    pub(crate) fn new(listed: &ListedObject) -> Self {
        ObjectRecord {
            key: listed.meta.key.as_str().into(),
            delivery: listed.delivery,
            size_bytes: listed.meta.size_bytes,
            unreadable: None,
            digest_status: None,
            rejections: Vec::new(),
            rejected_counts: 0,
            records: 0,
            calls: 0,
            skipped: 0,
            rejected: 0,
        }
    }
}
