//! Rows come back from a stream as they were made, and are what they should be.

use bedrock::{Attribute, Call, EventKind, Texts};
use jiff::civil::date;
use logs::Reading;
use readings::{Given, MAX_ROW_EVENTS, Reader, Row, Writer, rows_of, rows_of_log};
use testkit::Dice;

use crate::generate::{day, event, log, made_with, object, reading};
use crate::reference::{expected, shown, shown_row};

pub(crate) fn stream(rows: &[Row]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &made_with()).expect("a stream");
    for row in rows {
        writer.write(row).expect("a row");
    }
    writer.finish().expect("a stream")
}

fn read(stream: &[u8]) -> Vec<Row> {
    let reader = Reader::new(stream, &made_with()).expect("a stream");
    reader.collect::<Result<_, _>>().expect("rows")
}

#[test]
fn rows_of_random_readings_are_those_of_the_slow_reference() {
    for seed in 0..400 {
        let mut dice = Dice::new(seed);
        let (mut rows, mut expected_rows) = (Vec::new(), Vec::new());
        let range = date(2026, 10, 4)..=date(2026, 10, 6);
        let days = [date(2026, 10, 4), date(2026, 10, 5), date(2026, 10, 6)];
        for _ in 0..dice.below(6) {
            let object = object(&mut dice);
            // Days outside the range are among them.
            let mut read_for = (0..dice.below(3)).map(|_| day(&mut dice, 4)).collect::<Vec<_>>();
            read_for.sort_unstable();
            read_for.dedup();
            let own = days.iter().copied().filter(|day| read_for.contains(day)).collect::<Vec<_>>();
            match dice.below(4) {
                0 => {
                    let log =
                        if dice.below(3) == 0 { Err("cut".into()) } else { Ok(log(&mut dice)) };
                    rows.extend(rows_of_log(&object, &log, &own));
                    expected_rows.extend(own.iter().map(|day| {
                        let row = format!("{day} late false {object:?} part 0 of 1");
                        vec![row, format!("log: {log:?}")]
                    }));
                }
                1 => {
                    let reason = "it is gone".to_owned();
                    rows.extend(rows_of(&object, Err(reason), |_| false, &own, &range));
                    expected_rows.extend(own.iter().map(|day| {
                        let row = format!("{day} late false {object:?} part 0 of 1");
                        vec![row, "trail, unreadable: it is gone".to_owned()]
                    }));
                }
                _ => {
                    let reading = reading(&mut dice);
                    expected_rows.extend(expected(&object, &reading, &read_for, &days));
                    let is_read_for = |day| read_for.contains(&day);
                    rows.extend(rows_of(&object, Ok(reading), is_read_for, &own, &range));
                }
            }
        }
        let of = |rows: &[Row]| rows.iter().map(shown_row).collect::<Vec<_>>();
        assert_eq!(of(&rows), expected_rows, "seed {seed}");
        let found = read(&stream(&rows));
        assert_eq!(of(&found), expected_rows, "seed {seed}");
        for row in &found {
            if let Given::Trail(Ok(part)) = &row.given {
                check_texts(&part.reading, &part.beside);
            }
        }
    }
}

/// Each text is there once, and some event refers to it.
fn check_texts(reading: &Reading, beside: &[Call]) {
    let calls = &reading.calls;
    for attribute in Attribute::ALL {
        let events = calls.rows.iter().chain(beside).chain(&calls.others);
        let mut used = events
            .filter_map(|event| calls.texts.get(&event.attributes, attribute))
            .collect::<Vec<_>>();
        used.sort_unstable();
        used.dedup();
        let mut all = calls.texts[attribute].iter().collect::<Vec<_>>();
        all.sort_unstable();
        assert_eq!(all, used, "{attribute:?}");
    }
}

#[test]
fn stream_is_a_function_of_its_rows() {
    let bytes = |seed| {
        let mut dice = Dice::new(seed);
        let (object, reading) = (object(&mut dice), reading(&mut dice));
        let range = date(2026, 10, 4)..=date(2026, 10, 7);
        stream(&rows_of(&object, Ok(reading), |_| true, &[], &range))
    };
    assert_eq!(bytes(7), bytes(7));
}

#[test]
fn row_ends_after_its_most_events_and_the_next_part_goes_on() {
    let mut dice = Dice::new(1);
    let mut texts = Texts::default();
    let time_ms = 1_791_158_400_000 + 43_200_000;
    let mut events = |kind, count| {
        let model = event(&mut dice, &mut texts, kind, false);
        vec![Call { event_time_ms: time_ms, ..model }; count]
    };
    let (rows, others) = (events(EventKind::Call, MAX_ROW_EVENTS - 1), events(EventKind::Other, 2));
    let calls = bedrock::Calls { rows, others, texts };
    let expected = [&calls.rows, &calls.others].map(|events| shown(&events[0], 0, &calls.texts));
    let reading = Reading { calls, ..Reading::default() };
    let day = date(2026, 10, 5);
    let rows = rows_of(&object(&mut dice), Ok(reading), |_| true, &[day], &(day..=day));
    let found = read(&stream(&rows));
    let numbers = found.iter().map(|row| (row.dt, row.part, row.parts)).collect::<Vec<_>>();
    assert_eq!(numbers, [(day, 0, 2), (day, 1, 2)]);
    let mut all = [Vec::<u32>::new(), Vec::new()];
    for row in &found {
        let Given::Trail(Ok(part)) = &row.given else { panic!("a part of a trail") };
        let calls = &part.reading.calls;
        assert!(calls.rows.len() + calls.others.len() <= MAX_ROW_EVENTS);
        let lists = [(&calls.rows, &part.places), (&calls.others, &part.other_places)];
        for ((all, expected), (events, places)) in all.iter_mut().zip(&expected).zip(lists) {
            assert_eq!(events.len(), places.len());
            all.extend(places);
            if let Some(event) = events.last() {
                assert_eq!(shown(event, 0, &calls.texts), *expected);
            }
        }
    }
    let places = |count: usize| (0..).take(count).collect::<Vec<u32>>();
    assert!(all == [places(MAX_ROW_EVENTS - 1), places(2)], "each event once");
}

#[test]
fn part_of_a_log_has_the_entries_behind_those_of_the_parts_before() {
    let mut dice = Dice::new(3);
    let mut log = log(&mut dice);
    let entry = log.entries.pop().expect("an entry");
    log.entries = (0..100_001)
        .map(|n| logs::invocation::InvocationEntry { timestamp_ms: n, ..entry.clone() })
        .collect();
    let day = date(2026, 10, 5);
    let found = read(&stream(&rows_of_log(&object(&mut dice), &Ok(log), &[day])));
    for (part, row) in found.iter().enumerate() {
        assert_eq!((row.part as usize, row.parts), (part, 2));
        let Given::InvocationLog(Ok(log)) = &row.given else { panic!("a part of a log") };
        assert_eq!(log.entries.len(), [100_000, 1][part]);
        for (index, entry) in log.entries.iter().enumerate() {
            assert_eq!(entry.timestamp_ms as usize, index + part * MAX_ROW_EVENTS);
        }
    }
}
