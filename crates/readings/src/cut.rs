//! Cuts what an object held into rows, one for each day that it gives to.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use bedrock::day::{day_at_midnight, day_of};
use bedrock::region::is_region_shaped;
use bedrock::{Attribute, Call, CallSource, Calls, EventKind, TextId, Texts};
use jiff::civil::Date;
use logs::Reading;
use logs::invocation::InvocationReading;

use crate::row::{Given, Object, Row, TrailPart};

/// How many calls and other events, or entries, a row has at most: a value of Arrow, and a row of an engine,
/// has to stay far below 2 GiB.
pub const MAX_ROW_EVENTS: usize = 100_000;

/// A row whose texts are longer than this ends, in bytes.
const MAX_TEXT_BYTES: usize = 256 << 20;

/// What an object of a trail, or an invocation log whose entries are calls, gives to days: a row for each of
/// `days`, which are those of the `range` that it is read for by its delivery, and one for each other day of
/// the range that it has calls, refusals, or batch jobs of. `is_read_for` says of any day, in the range or not,
/// whether the object is read for it. With more events than [`MAX_ROW_EVENTS`], a day gets several parts.
pub fn rows_of(
    object: &Object,
    reading: Result<Reading, String>,
    is_read_for: impl Fn(Date) -> bool,
    days: &[Date],
    range: &RangeInclusive<Date>,
) -> Vec<Row> {
    let reading = match reading {
        Ok(reading) => reading,
        Err(reason) => {
            return days
                .iter()
                .map(|day| row(object, *day, false, (0, 1), Given::Trail(Err(reason.clone()))))
                .collect();
        }
    };
    let (facts, shares) = divide(&reading.calls, is_read_for, days, range);
    let mut rows = Vec::new();
    for (day, share) in shares {
        let parts = share.cut(&reading.calls);
        let n_parts = number(parts.len());
        for (part, cut) in (0..).zip(parts) {
            let given = Given::Trail(Ok(Box::new(part_of(&reading, &facts, cut))));
            rows.push(row(object, day, !days.contains(&day), (part, n_parts), given));
        }
    }
    rows
}

/// What a model invocation log gives to the days that it may have entries for: all of it to each of `days`, in
/// parts of [`MAX_ROW_EVENTS`] entries.
pub fn rows_of_log(
    object: &Object,
    reading: &Result<InvocationReading, String>,
    days: &[Date],
) -> Vec<Row> {
    let mut rows = Vec::new();
    for day in days {
        let reading = match reading {
            Ok(reading) => reading,
            Err(reason) => {
                let given = Given::InvocationLog(Err(reason.clone()));
                rows.push(row(object, *day, false, (0, 1), given));
                continue;
            }
        };
        let n_parts = reading.entries.len().div_ceil(MAX_ROW_EVENTS).max(1);
        for part in 0..n_parts {
            let entries = reading.entries.iter().skip(part * MAX_ROW_EVENTS).take(MAX_ROW_EVENTS);
            let given = Given::InvocationLog(Ok(InvocationReading {
                records: reading.records,
                skipped: reading.skipped,
                rejected: reading.rejected,
                entries: entries.cloned().collect(),
                rejections: reading.rejections.clone(),
                metadata: reading.metadata,
                rejected_values: reading.rejected_values,
                notes: reading.notes.clone(),
            }));
            rows.push(row(object, *day, false, (number(part), number(n_parts)), given));
        }
    }
    rows
}

fn row(object: &Object, dt: Date, is_late: bool, (part, parts): (u32, u32), given: Given) -> Row {
    Row { dt, is_late, object: object.clone(), part, parts, given }
}

fn number(index: usize) -> u32 {
    u32::try_from(index).expect("memory ends before 2^32 events")
}

/// What an object has of all days.
#[derive(Debug, Default)]
struct Facts {
    calls_by_day: BTreeMap<Date, u64>,
    others_by_day: BTreeMap<Date, u64>,
    others_by_region: BTreeMap<String, u64>,
    elsewhere: BTreeMap<Date, u64>,
}

/// Which events of an object a day has, by their places.
#[derive(Debug, Default)]
struct Share {
    calls: Vec<usize>,
    beside: Vec<usize>,
    others: Vec<usize>,
}

/// Divides the events of an object among the days that it gives to.
fn divide(
    calls: &Calls,
    is_read_for: impl Fn(Date) -> bool,
    days: &[Date],
    range: &RangeInclusive<Date>,
) -> (Facts, BTreeMap<Date, Share>) {
    let mut facts = Facts::default();
    let mut shares = days.iter().map(|day| (*day, Share::default())).collect::<BTreeMap<_, _>>();
    for (place, call) in calls.rows.iter().enumerate() {
        let day = day_of(call.event_time_ms);
        *facts.calls_by_day.entry(day).or_default() += 1;
        if !is_read_for(day) {
            *facts.elsewhere.entry(day).or_default() += 1;
        }
        if range.contains(&day) {
            shares.entry(day).or_default().calls.push(place);
        }
    }
    for event in &calls.others {
        let day = day_of(event.event_time_ms);
        *facts.others_by_day.entry(day).or_default() += 1;
        let region = calls.texts.get(&event.attributes, Attribute::SourceRegion);
        if let Some(region) = region.filter(|region| is_region_shaped(region)) {
            *facts.others_by_region.entry(region.to_owned()).or_default() += 1;
        }
        // Other events bring no object into a day: they are counted where it is read anyway.
        if !matches!(event.kind, EventKind::Refusal | EventKind::BatchJob) {
            continue;
        }
        if !is_read_for(day) {
            *facts.elsewhere.entry(day).or_default() += 1;
        }
        if range.contains(&day) {
            shares.entry(day).or_default();
        }
    }
    for (place, event) in calls.others.iter().enumerate() {
        if let Some(share) = shares.get_mut(&day_of(event.event_time_ms)) {
            share.others.push(place);
        }
    }
    let is_log = |call: &Call| call.source() == CallSource::InvocationLog;
    if calls.rows.first().is_some_and(is_log) {
        for (place, call) in calls.rows.iter().enumerate() {
            let day = day_at_midnight(call.event_time_ms);
            if let Some(share) = day.and_then(|day| shares.get_mut(&day)) {
                share.beside.push(place);
            }
        }
    }
    (facts, shares)
}

/// The events of a part, with texts of their own.
#[derive(Debug, Default)]
struct Cut {
    calls: Calls,
    beside: Vec<Call>,
    places: Vec<u32>,
    beside_places: Vec<u32>,
    other_places: Vec<u32>,
    /// The new ids of texts, by attribute and by the old ones.
    ids: [Vec<Option<TextId>>; Attribute::ALL.len()],
}

impl Share {
    /// The parts of a day: at least one.
    fn cut(&self, calls: &Calls) -> Vec<Cut> {
        let mut parts = Vec::new();
        let mut cut = Cut::default();
        let next = |parts: &mut Vec<Cut>, cut: &mut Cut| {
            if cut.is_full() {
                parts.push(std::mem::take(cut));
            }
        };
        for place in &self.calls {
            next(&mut parts, &mut cut);
            let call = cut.renumbered(&calls.rows[*place], &calls.texts);
            cut.calls.rows.push(call);
            cut.places.push(number(*place));
        }
        for place in &self.beside {
            next(&mut parts, &mut cut);
            let call = cut.renumbered(&calls.rows[*place], &calls.texts);
            cut.beside.push(call);
            cut.beside_places.push(number(*place));
        }
        for place in &self.others {
            next(&mut parts, &mut cut);
            let event = cut.renumbered(&calls.others[*place], &calls.texts);
            cut.calls.others.push(event);
            cut.other_places.push(number(*place));
        }
        parts.push(cut);
        parts
    }
}

impl Cut {
    fn is_full(&self) -> bool {
        let events = self.calls.rows.len() + self.beside.len() + self.calls.others.len();
        events >= MAX_ROW_EVENTS || self.calls.texts.text_bytes() >= MAX_TEXT_BYTES
    }

    /// An event that refers to the texts of the part.
    fn renumbered(&mut self, event: &Call, texts: &Texts) -> Call {
        let mut event = event.clone();
        for attribute in Attribute::ALL {
            let Some(old) = event.attributes[attribute] else { continue };
            let ids = &mut self.ids[attribute as usize];
            if ids.is_empty() {
                ids.resize(texts[attribute].len(), None);
            }
            let new = ids[old.index()].unwrap_or_else(|| {
                let new = self.calls.texts[attribute].intern(texts[attribute].get(old));
                new.expect("texts of a part are fewer than those of its object")
            });
            ids[old.index()] = Some(new);
            event.attributes[attribute] = Some(new);
        }
        event
    }
}

/// A part, with everything else that the object held.
fn part_of(reading: &Reading, facts: &Facts, cut: Cut) -> TrailPart {
    let Cut { calls, beside, places, beside_places, other_places, ids: _ } = cut;
    let Facts { calls_by_day, others_by_day, others_by_region, elsewhere } = facts;
    TrailPart {
        reading: Reading {
            records: reading.records,
            skipped: reading.skipped,
            rejected: reading.rejected,
            calls,
            events_without_id: reading.events_without_id,
            rejections: reading.rejections.clone(),
            rejected_counts: reading.rejected_counts,
            notes: reading.notes.clone(),
            metadata: reading.metadata,
            discovered: reading.discovered.clone(),
            job_states: reading.job_states.clone(),
            unknown_operations: reading.unknown_operations.clone(),
            sha256: reading.sha256,
        },
        places,
        other_places,
        beside,
        beside_places,
        calls_by_day: calls_by_day.clone(),
        others_by_day: others_by_day.clone(),
        others_by_region: others_by_region.clone(),
        elsewhere: elsewhere.clone(),
    }
}
