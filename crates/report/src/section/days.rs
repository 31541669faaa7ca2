//! Which days the page rests on.

use super::{WIDTH, command};
use crate::drawing::charts::grid;
use crate::drawing::{Drawing, DrawingError, Label, Mark};
use crate::model::{Day, DayState, Report};
use crate::number::grouped;
use crate::view::{Datum, LegendItem, Part, Table};

/// The states of days, with their classes.
const STATES: [(DayState, &str, &str); 4] = [
    (DayState::Built, "day-built", "built"),
    (DayState::Partial, "day-partial", "built, with rejected records or unreadable objects"),
    (DayState::Missing, "day-missing", "not built"),
    (DayState::Interrupted, "day-interrupted", "being replaced"),
];

pub(super) fn part(report: &Report) -> Result<Part, DrawingError> {
    Ok(Part {
        heading: "What the page rests on".to_owned(),
        note: "The days of the range, both ends included, with what was read for them. Days that are not \
               built count nowhere.",
        drawings: vec![strip(&report.days)?],
        tables: vec![table(&report.days)],
        is_wide: false,
        command: command(report, "ingest --by dt"),
    })
}

fn state(day: &Day) -> (&'static str, &'static str) {
    let known = STATES.iter().find(|(state, ..)| *state == day.state);
    known.map_or(("", ""), |(_, class, words)| (*class, *words))
}

fn strip(days: &[Day]) -> Result<Drawing, DrawingError> {
    const HEIGHT: u32 = 32;
    let cells = grid(days.len(), 1, (WIDTH as f32, HEIGHT as f32))?;
    let mark = |(day, shape): (&Day, _)| {
        let (class, words) = state(day);
        let title = format!("{}: {words}; rejected records: {}", day.date, grouped(day.rejected));
        Mark { shape, class: class.to_owned(), title, value: day.rejected.to_string() }
    };
    let dates = days.iter().map(|day| day.date).collect::<Vec<_>>();
    let used = STATES.iter().filter(|(state, ..)| days.iter().any(|day| day.state == *state));
    let legend = used.map(|(_, class, words)| LegendItem {
        class: (*class).to_owned(),
        text: (*words).to_owned(),
    });
    Ok(Drawing {
        caption: String::new(),
        width: WIDTH,
        height: HEIGHT + 22,
        label: "Strip of the days of the range: built, partial, or missing; the table has each"
            .to_owned(),
        left: 0,
        top: 0,
        marks: days.iter().zip(cells).map(mark).collect(),
        texts: Label::ends_of_days(&dates, WIDTH, HEIGHT),
        legend: legend.collect(),
    })
}

fn table(days: &[Day]) -> Table {
    let measures = |day: &Day| {
        [day.written, day.objects, day.unreadable_objects, day.records, day.rejected]
            .map(Datum::count)
    };
    let row = |day: &Day| {
        let names = [Datum::day(day.date), Datum::plain(state(day).1)];
        names.into_iter().chain(measures(day)).collect::<Vec<_>>()
    };
    let sum = |of: fn(&Day) -> u64| Datum::count(days.iter().map(of).sum());
    let total = [
        Datum::plain("total"),
        Datum::plain(""),
        sum(|day| day.written),
        sum(|day| day.objects),
        sum(|day| day.unreadable_objects),
        sum(|day| day.records),
        sum(|day| day.rejected),
    ];
    let heads = ["day", "state", "calls", "objects", "unreadable", "records", "rejected"];
    Table {
        caption: "Days".to_owned(),
        heads: heads.map(str::to_owned).into(),
        n_names: 2,
        rows: days.iter().map(row).collect(),
        others: None,
        total: Some(total.into()),
    }
}
