//! What is held of one day, and where an object stands in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bedrock::{Attribute, Call, CallId, CallSource, Calls, EventKind, Texts};
use jiff::civil::Date;

use super::ObjectRecord;
use crate::day::calls::{DayCalls, Identity};
use crate::day::manifest::{Elsewhere, LateObject};
use crate::error::Error;
use crate::omit::Omitted;

/// What a day is built from.
#[derive(Debug, Default)]
pub(crate) struct DayState {
    /// Its objects; a call's object is a place in this list.
    pub(crate) objects: Vec<Arc<ObjectRecord>>,
    /// Its calls.
    pub(crate) calls: DayCalls,
    /// How many there are, duplicates included.
    pub(crate) n_calls: u64,
    /// The requests of calls that CloudTrail tells of, by the key of an entry of theirs, each with its call, if they
    /// are kept.
    pub(crate) requests: Vec<(Identity, Identity)>,
    /// The ARNs of the batch jobs that its events create.
    pub(crate) jobs: BTreeSet<Box<str>>,
    /// Objects that are not read for the day and had calls of it.
    pub(crate) late_objects: BTreeSet<LateObject>,
    /// Objects delivered on the day with calls of days that they are not read for.
    pub(crate) calls_elsewhere: BTreeMap<String, Elsewhere>,
    /// The places of those objects that readings hold in several parts.
    pub(super) parts: BTreeMap<Box<str>, u32>,
}

/// The keys that entries of the request of a call may have, if CloudTrail tells of it: entries may lack the account, the
/// Region, or both.
fn requests_of(call: &Call, texts: &Texts) -> Vec<Identity> {
    let request_id = call.request_id.as_ref();
    let Some(id) = request_id.filter(|_| call.source() == CallSource::CloudTrail) else {
        return Vec::new();
    };
    let id = id.to_string();
    let text = |attribute| texts.get(&call.attributes, attribute);
    let (account, region) = (text(Attribute::AccountId), text(Attribute::SourceRegion));
    let mut keys = Vec::with_capacity(4);
    for (account, region) in [(account, region), (None, region), (account, None), (None, None)] {
        let key = Identity::of(&CallId::of_entry(account, region, &id));
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// Where an object stands in the days that it belongs to.
#[derive(Debug, Default)]
pub(super) struct Placing {
    /// Days with the object's number in each; `None` where it was before. There are few.
    pub(super) numbers: Vec<(Date, Option<u32>)>,
    /// Whether the object is read for a day, of the days that were asked for.
    pub(super) covered: Vec<(Date, bool)>,
    /// How many calls there are of each day that the object is not read for.
    pub(super) elsewhere: BTreeMap<Date, u64>,
}

impl Placing {
    /// The object's number in a day; `None` if the day has it already, because it was fetched for it
    /// before its turn came.
    pub(super) fn place(
        &mut self,
        day: Date,
        state: &mut DayState,
        record: &Arc<ObjectRecord>,
        calls: &Calls,
        is_covered: bool,
    ) -> Option<u32> {
        if let Some((_, number)) = self.numbers.iter().find(|(known, _)| *known == day) {
            return *number;
        }
        let is_new = is_covered || state.late_objects.insert(LateObject::of(record));
        let number = is_new.then(|| {
            state.objects.push(Arc::clone(record));
            state.calls.begin_object(calls);
            u32::try_from(state.objects.len() - 1).expect("memory ends before 2^32 objects")
        });
        self.numbers.push((day, number));
        number
    }

    /// The object's number in a day that it was placed in.
    pub(super) fn number(&self, day: Date) -> Option<u32> {
        self.numbers.iter().find(|(known, _)| *known == day)?.1
    }

    pub(super) fn is_covered(&mut self, day: Date, is_covered: impl FnOnce(Date) -> bool) -> bool {
        if let Some((_, known)) = self.covered.iter().find(|(known, _)| *known == day) {
            return *known;
        }
        let is_covered = is_covered(day);
        self.covered.push((day, is_covered));
        is_covered
    }
}

impl LateObject {
    pub(super) fn of(record: &ObjectRecord) -> Self {
        LateObject { key: record.key.as_ref().to_owned(), bytes: record.size_bytes }
    }
}

impl DayState {
    /// Nothing yet of a day; what is omitted is not going to be held.
    pub(super) fn without(omitted: Omitted) -> Self {
        DayState { calls: DayCalls::without(omitted), ..DayState::default() }
    }

    /// Adds a call with its number in an object that was placed.
    pub(super) fn add_call(
        &mut self,
        (call, index): (&Call, u32),
        calls: &Calls,
        number: u32,
        keeps_requests: bool,
    ) -> Result<(), Error> {
        self.n_calls += 1;
        if keeps_requests {
            let id = Identity::of(call.identity());
            let requests = requests_of(call, &calls.texts);
            self.requests.extend(requests.into_iter().map(|request| (request, id)));
        }
        Ok(self.calls.add(call, &calls.texts, index, number)?)
    }

    /// Adds an event that is no call, with its number in an object that was placed.
    pub(super) fn add_event(
        &mut self,
        (event, index): (&Call, u32),
        calls: &Calls,
        number: u32,
    ) -> Result<(), Error> {
        if event.kind == EventKind::BatchJob {
            let arn = calls.texts.get(&event.attributes, Attribute::JobArn);
            self.jobs.extend(arn.map(Box::from));
        }
        Ok(self.calls.add(event, &calls.texts, index, number)?)
    }
}
