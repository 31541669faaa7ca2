//! Holds what was read until its day is published: calls by day, objects, what they taught.

use std::collections::BTreeMap;
use std::sync::Arc;

use bedrock::alias::LearntAlias;
use bedrock::{Call, Context};
use jiff::civil::Date;
use logs::Reading;
use logs::layout::Delivery;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::day::{DayRange, day_of};
use crate::fetch::ReadObject;

/// What was read so far.
#[derive(Debug, Default)]
pub struct Collected {
    /// Every object, in the order of arrival; its index is its number.
    pub objects: Vec<ObjectRecord>,
    /// The calls of the range by day, in the order of arrival.
    pub days: BTreeMap<Date, Vec<StoredCall>>,
    /// Every context, once.
    pub contexts: FxHashSet<Arc<Context>>,
    /// What was learnt about opaque ARNs.
    pub learnt: Vec<LearntAlias>,
    /// Events that look like inference under unknown names.
    pub unknown_operations: BTreeMap<String, u64>,
    /// Calls on days outside the range.
    pub out_of_range: BTreeMap<Date, u64>,
}

/// A call with where it was read.
#[derive(Debug, Clone)]
pub struct StoredCall {
    /// The call.
    pub call: Call,
    /// The object's number.
    pub object: u32,
    /// The call's number in its object.
    pub index: u32,
}

/// An object with its counts.
#[derive(Debug, Clone)]
pub struct ObjectRecord {
    /// Its key, relative to the source.
    pub key: Arc<str>,
    /// What its key says of its delivery.
    pub delivery: Option<Delivery>,
    /// Its size as stored, in bytes.
    pub size_bytes: u64,
    /// Why it is unreadable, if it is.
    pub unreadable: Option<String>,
    /// Its rejected records, the first of them as sentences.
    pub rejections: Vec<String>,
    /// Its records.
    pub records: u64,
    /// Its calls, of any day.
    pub calls: u64,
    /// Its calls on days of the range.
    pub calls_in_range: u64,
    /// Its records that are no calls.
    pub passed_over: u64,
    /// Its calls that cannot be used.
    pub rejected: u64,
}

impl Collected {
    /// Takes in an object. Calls outside `range` are counted and let go.
    pub fn add(&mut self, read: ReadObject<Reading>, range: Option<DayRange>) {
        let object = u32::try_from(self.objects.len()).unwrap_or(u32::MAX);
        let mut record = ObjectRecord::new(&read);
        if let Ok(reading) = read.reading {
            record.records = reading.records;
            record.passed_over = reading.passed_over;
            record.rejected = reading.rejected;
            record.calls = reading.calls.len() as u64;
            record.rejections = reading.rejections;
            self.learnt.extend(reading.learnt);
            for (name, count) in reading.unknown_operations {
                *self.unknown_operations.entry(name).or_default() += count;
            }
            record.calls_in_range = self.add_calls(reading.calls, object, range);
        }
        self.objects.push(record);
    }

    /// Adds the calls of the range and returns their number.
    fn add_calls(&mut self, calls: Vec<Call>, object: u32, range: Option<DayRange>) -> u64 {
        let mut in_range = 0;
        // An object holds each of its contexts once, so that few are compared by their texts.
        let mut known = FxHashMap::<usize, Arc<Context>>::default();
        for (index, mut call) in (0u32..).zip(calls) {
            let day = day_of(call.event_time_ms);
            if range.is_some_and(|range| !range.contains(day)) {
                *self.out_of_range.entry(day).or_default() += 1;
                continue;
            }
            let address = Arc::as_ptr(&call.context).addr();
            let context = known.entry(address).or_insert_with(|| {
                if let Some(context) = self.contexts.get(&call.context) {
                    return Arc::clone(context);
                }
                self.contexts.insert(Arc::clone(&call.context));
                Arc::clone(&call.context)
            });
            call.context = Arc::clone(context);
            in_range += 1;
            self.days.entry(day).or_default().push(StoredCall { call, object, index });
        }
        in_range
    }
}

/// The place of each object's key among all keys, by the object's number.
pub fn ranks(objects: &[ObjectRecord]) -> Vec<u32> {
    let mut order = (0u32..).take(objects.len()).collect::<Vec<_>>();
    order.sort_unstable_by_key(|object| &objects[*object as usize].key);
    let mut ranks = vec![0; objects.len()];
    for (rank, object) in (0u32..).zip(order) {
        ranks[object as usize] = rank;
    }
    ranks
}

impl ObjectRecord {
    fn new(read: &ReadObject<Reading>) -> Self {
        ObjectRecord {
            key: read.listed.meta.key.as_str().into(),
            delivery: read.listed.delivery,
            size_bytes: read.listed.meta.size_bytes,
            unreadable: read.reading.as_ref().err().map(ToString::to_string),
            rejections: Vec::new(),
            records: 0,
            calls: 0,
            calls_in_range: 0,
            passed_over: 0,
            rejected: 0,
        }
    }
}
