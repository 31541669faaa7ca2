//! Readings made by dice: all fields, few different values, events about midnight.

use std::collections::BTreeMap;

use bedrock::alias::DiscoveredAlias;
use bedrock::call::CallId;
use bedrock::cost::{Certainty, Counts, Guardrail, Latency, Said, UnitCounts, tier_names};
use bedrock::price::Unit;
use bedrock::{Attribute, Attributes, Call, Calls, EventKind, JobStatus, Logged, Texts};
use jiff::civil::{Date, date};
use logs::Reading;
use logs::invocation::{InvocationEntry, InvocationReading, MetadataCounts};
use readings::{MadeWith, Object};
use testkit::Dice;

/// 2026-10-05 at midnight.
const MIDNIGHT_MS: i64 = 1_791_158_400_000;
const DAY_MS: i64 = 86_400_000;

pub(crate) fn made_with() -> MadeWith {
    MadeWith {
        hoptrail: "0.1.0".to_owned(),
        late_window_minutes: 360,
        reading: "log files, one member".to_owned(),
        request_metadata: vec!["team".to_owned()],
        omitted: Vec::new(),
        has_invocation_logs: false,
    }
}

pub(crate) fn object(dice: &mut Dice) -> Object {
    Object {
        key: format!("AWSLogs/{}.json.gz", dice.below(100)),
        size_bytes: dice.bits() >> 20,
        etag: some(dice, Dice::uuid),
        delivery_day: some(dice, |dice| day(dice, 4)),
    }
}

pub(crate) fn day(dice: &mut Dice, days: u64) -> Date {
    date(2026, 10, 4 + i8::try_from(dice.below(days)).expect("few"))
}

fn some<T>(dice: &mut Dice, make: impl FnOnce(&mut Dice) -> T) -> Option<T> {
    (dice.below(2) == 0).then(|| make(dice))
}

fn number(dice: &mut Dice) -> i64 {
    (dice.bits() >> dice.below(64)).cast_signed()
}

fn text(dice: &mut Dice) -> String {
    let texts = ["", "us-east-1", "eu-west-1", "ä€𝄞", "\0\n\"", "a", "default", "arn:aws:x"];
    (*dice.pick(&texts)).to_owned()
}

fn id(dice: &mut Dice) -> CallId {
    CallId::new(&if dice.below(4) == 0 { text(dice) } else { dice.uuid() })
}

/// A time of four days, often about midnight.
fn time_ms(dice: &mut Dice) -> i64 {
    let midnight = MIDNIGHT_MS + DAY_MS * (dice.below(4).cast_signed() - 1);
    let minutes = [-61, -60, -1, 0, 1, 59, 60, 61, 720];
    midnight + *dice.pick(&minutes) * 60_000
}

fn latency(dice: &mut Dice) -> Said<Latency> {
    let value = *dice.pick(&[Latency::Standard, Latency::Optimized]);
    Said { value, certainty: certainty(dice) }
}

fn certainty(dice: &mut Dice) -> Certainty {
    *dice.pick(&[Certainty::Requested, Certainty::Logged, Certainty::Resolved])
}

fn counts(dice: &mut Dice) -> Counts {
    let (input, output) = (some(dice, number), some(dice, number));
    Counts { input, output, ..Counts::default() }
}

fn units(dice: &mut Dice) -> Box<UnitCounts> {
    let mut units = UnitCounts::default();
    units.set(*dice.pick(&Unit::ALL), Some(dice.below(9).cast_signed()));
    units.guardrail = *dice.pick(&[Guardrail::None, Guardrail::Used, Guardrail::Counted]);
    Box::new(units)
}

/// An event with texts, those that rarely repeat appended as a reader does.
pub(crate) fn event(dice: &mut Dice, texts: &mut Texts, kind: EventKind, is_log: bool) -> Call {
    let mut attributes = Attributes::default();
    for attribute in Attribute::ALL {
        attributes[attribute] = some(dice, text).map(|text| match attribute.rarely_repeats() {
            true => texts[attribute].append(&text).expect("few"),
            false => texts[attribute].intern(&text).expect("few"),
        });
    }
    let logged = Logged {
        counts: counts(dice),
        units: some(dice, units),
        latency_ms: some(dice, number),
        first_byte_ms: some(dice, number),
    };
    Call {
        kind,
        event_time_ms: time_ms(dice),
        event_id: id(dice),
        original_event_id: some(dice, |dice| Box::new(id(dice))),
        request_id: some(dice, id),
        input_tokens: some(dice, number),
        output_tokens: some(dice, number),
        tier_certainty: some(dice, certainty),
        latency: some(dice, latency),
        logged: is_log.then(|| Box::new(logged)),
        has_guardrail: dice.below(2) == 0,
        attributes,
    }
}

/// What an object of a trail held, or an invocation log whose entries are calls.
pub(crate) fn reading(dice: &mut Dice) -> Reading {
    let is_log = dice.below(3) == 0;
    let mut calls = Calls::default();
    for _ in 0..dice.below(12) {
        let call = event(dice, &mut calls.texts, EventKind::Call, is_log);
        calls.rows.push(call);
    }
    for _ in 0..dice.below(8) {
        let kinds = [EventKind::Other, EventKind::Other, EventKind::Refusal, EventKind::BatchJob];
        let kind = *dice.pick(&kinds);
        let event = event(dice, &mut calls.texts, kind, false);
        calls.others.push(event);
    }
    let (skipped, rejected) = (dice.below(1000), dice.below(3));
    let discovered = |dice: &mut Dice| DiscoveredAlias {
        model_ref: text(dice),
        model: text(dice),
        name: text(dice),
        event_time_ms: number(dice),
        event_id: text(dice),
    };
    Reading {
        records: calls.rows.len() as u64 + skipped + rejected,
        skipped,
        rejected,
        calls,
        events_without_id: dice.below(3),
        rejections: (0..dice.below(3)).map(|_| text(dice)).collect(),
        rejected_counts: dice.below(3),
        notes: (0..dice.below(3)).map(|_| text(dice)).collect(),
        metadata: MetadataCounts { cut: dice.below(3), not_strings: dice.below(3) },
        discovered: (0..dice.below(3)).map(|_| discovered(dice)).collect(),
        job_states: (0..dice.below(3))
            .map(|_| (text(dice).into(), *dice.pick(&[JobStatus::Submitted, JobStatus::Failed])))
            .collect(),
        unknown_operations: BTreeMap::from([(text(dice), dice.below(9))]),
        sha256: some(dice, |dice| [dice.bits().to_le_bytes()[0]; 32]),
    }
}

/// What a model invocation log held.
pub(crate) fn log(dice: &mut Dice) -> InvocationReading {
    let names = tier_names().collect::<Vec<_>>();
    let entries = (0..dice.below(6))
        .map(|_| InvocationEntry {
            request_id: id(dice),
            timestamp_ms: time_ms(dice),
            account_id: some(dice, text).map(String::into_boxed_str),
            region: some(dice, text).map(String::into_boxed_str),
            operation: some(dice, text).map(String::into_boxed_str),
            model_ref: some(dice, text).map(String::into_boxed_str),
            inference_region: some(dice, text).map(String::into_boxed_str),
            invoked_model: some(dice, text).map(String::into_boxed_str),
            tokens: counts(dice),
            units: some(dice, units),
            tier: some(dice, |dice| Said { value: *dice.pick(&names), certainty: certainty(dice) }),
            latency: some(dice, latency),
            latency_ms: some(dice, number),
            first_byte_ms: some(dice, number),
            error_code: some(dice, text).map(String::into_boxed_str),
            caller_arn: some(dice, text).map(String::into_boxed_str),
            metadata: some(dice, text).map(String::into_boxed_str),
        })
        .collect::<Vec<_>>();
    let (skipped, rejected) = (dice.below(5), dice.below(3));
    InvocationReading {
        records: entries.len() as u64 + skipped + rejected,
        skipped,
        rejected,
        entries,
        rejections: (0..dice.below(3)).map(|_| text(dice)).collect(),
        metadata: MetadataCounts { cut: dice.below(3), not_strings: dice.below(3) },
        rejected_values: dice.below(3),
        notes: (0..dice.below(3)).map(|_| text(dice)).collect(),
    }
}
