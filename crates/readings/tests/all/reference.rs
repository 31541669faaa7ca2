//! What rows should hold, worked out slowly: each event is looked at for each day, each text is looked up.

use std::collections::BTreeMap;
use std::fmt::Write;

use bedrock::{Attribute, Call, EventKind, Texts};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use logs::Reading;
use readings::{Given, Object, Row, TrailPart};

/// An event in words, with its texts in the place of their ids.
pub(crate) fn shown(call: &Call, place: usize, texts: &Texts) -> String {
    let mut shown =
        format!("#{place} {:?}", Call { attributes: Default::default(), ..call.clone() });
    for attribute in Attribute::ALL {
        let text = call.attributes[attribute].map(|id| texts[attribute].get(id));
        write!(shown, " {attribute:?}={text:?}").expect("text");
    }
    shown
}

fn utc(time_ms: i64) -> Date {
    let time = Timestamp::from_millisecond(time_ms).expect("a time");
    TimeZone::UTC.to_datetime(time).date()
}

/// A row in words.
pub(crate) fn shown_row(row: &Row) -> Vec<String> {
    let mut shown = vec![format!(
        "{} late {} {:?} part {} of {}",
        row.dt, row.is_late, row.object, row.part, row.parts
    )];
    match &row.given {
        Given::Trail(Ok(part)) => shown.extend(shown_part(part)),
        Given::Trail(Err(reason)) => shown.push(format!("trail, unreadable: {reason}")),
        Given::InvocationLog(given) => shown.push(format!("log: {given:?}")),
    }
    shown
}

fn shown_part(part: &TrailPart) -> Vec<String> {
    let calls = &part.reading.calls;
    let list = |name: &str, events: &[Call], places: &[u32]| {
        assert_eq!(events.len(), places.len(), "a place for each of {name}");
        let events = events.iter().zip(places);
        let shown = |(event, place): (&Call, &u32)| {
            format!("{name} {}", shown(event, *place as usize, &calls.texts))
        };
        events.map(shown).collect::<Vec<_>>()
    };
    let mut all = vec![shown_rest(&part.reading)];
    let TrailPart { calls_by_day, others_by_day, others_by_region, elsewhere, .. } = part;
    all.push(format!("{calls_by_day:?} {others_by_day:?} {others_by_region:?} {elsewhere:?}"));
    all.extend(list("call", &calls.rows, &part.places));
    all.extend(list("beside", &part.beside, &part.beside_places));
    all.extend(list("other", &calls.others, &part.other_places));
    all
}

/// Everything of a reading but its events.
fn shown_rest(reading: &Reading) -> String {
    let Reading {
        records,
        skipped,
        rejected,
        calls: _,
        events_without_id,
        rejections,
        rejected_counts,
        notes,
        metadata,
        discovered,
        job_states,
        unknown_operations,
        sha256,
    } = reading;
    format!(
        "{records} {skipped} {rejected} {events_without_id} {rejections:?} {rejected_counts} {notes:?} \
         {metadata:?} {discovered:?} {job_states:?} {unknown_operations:?} {sha256:?}"
    )
}

/// The rows that an object should give, in words. None has more than one part.
pub(crate) fn expected(
    object: &Object,
    reading: &Reading,
    read_for: &[Date],
    range: &[Date],
) -> Vec<Vec<String>> {
    let calls = &reading.calls;
    let is_kept = |event: &Call| matches!(event.kind, EventKind::Refusal | EventKind::BatchJob);
    let (mut by_day, mut others, mut elsewhere, mut regions) =
        (BTreeMap::new(), BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for call in &calls.rows {
        *by_day.entry(utc(call.event_time_ms)).or_insert(0) += 1;
    }
    for event in &calls.others {
        *others.entry(utc(event.event_time_ms)).or_insert(0) += 1;
        let region = calls.texts.get(&event.attributes, Attribute::SourceRegion);
        if let Some(region @ ("us-east-1" | "eu-west-1")) = region {
            *regions.entry(region.to_owned()).or_insert(0) += 1;
        }
    }
    for event in calls.rows.iter().chain(calls.others.iter().filter(|event| is_kept(event))) {
        let day = utc(event.event_time_ms);
        if !read_for.contains(&day) {
            *elsewhere.entry(day).or_insert(0) += 1;
        }
    }
    let is_log = calls.rows.iter().any(|call| call.logged.is_some());
    let near = |call: &Call, day: Date| {
        let hour = 60 * 60 * 1000;
        let is_of = utc(call.event_time_ms) == day;
        let is_before = utc(call.event_time_ms - hour) == day;
        is_log && !is_of && (is_before || utc(call.event_time_ms + hour) == day)
    };
    let is_of = |event: &Call, day: Date| utc(event.event_time_ms) == day;
    let mut rows = Vec::new();
    for day in range {
        let has_events = calls.rows.iter().any(|call| is_of(call, *day))
            || calls.others.iter().any(|event| is_kept(event) && is_of(event, *day));
        let is_late = !read_for.contains(day);
        if is_late && !has_events {
            continue;
        }
        let list = |name: &str, events: &[Call], has: &dyn Fn(&Call) -> bool| {
            let events = events.iter().enumerate().filter(|(_, event)| has(event));
            let shown = |(place, event)| format!("{name} {}", shown(event, place, &calls.texts));
            events.map(shown).collect::<Vec<_>>()
        };
        let mut row = vec![format!("{day} late {is_late} {object:?} part 0 of 1")];
        row.push(shown_rest(reading));
        row.push(format!("{by_day:?} {others:?} {regions:?} {elsewhere:?}"));
        row.extend(list("call", &calls.rows, &|call| is_of(call, *day)));
        row.extend(list("beside", &calls.rows, &|call| near(call, *day)));
        row.extend(list("other", &calls.others, &|event| is_of(event, *day)));
        rows.push(row);
    }
    rows
}
