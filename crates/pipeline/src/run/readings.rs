//! Readings that days are built from, in place of listing and fetching a source: a stream of any number of days,
//! which is parted by day in temporary files first.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::fs::File;
use std::io::{Read, Seek};

use jiff::civil::Date;
use readings::{Given, MadeWith, Reader, Row, Writer};
use tokio::sync::mpsc;

use crate::dates::DayRange;
use crate::day::collect::Learned;
use crate::day::manifest::Sources;
use crate::error::Error;
use crate::settings::Settings;
use crate::sums::Sums;
use crate::work::run_waiting;

/// Readings, and what they are to add up to.
pub struct Readings {
    /// An Arrow IPC stream of rows, as `hoptrail read` writes it.
    pub stream: Box<dyn Read + Send>,
    /// What each day is read from.
    pub sums: Sums,
}

/// The readings of a range, by day.
pub(crate) struct ByDay {
    sums: Sums,
    days: Days,
    has_invocation_logs: bool,
    /// What was learned while they were parted.
    pub(super) learned: Learned,
}

/// The readings of one day.
pub(crate) struct DayReadings {
    pub(super) day: Date,
    /// What its objects are to be.
    pub(super) expected: Sources,
    /// Whether model invocation logs are among them.
    pub(super) has_invocation_logs: bool,
    rows: Option<Reader<Box<dyn Read + Send>>>,
}

impl Readings {
    /// Parts them by day. Those of a single day are not held: they are read when the day is.
    ///
    /// # Errors
    /// If they were made with something else, are cut off, or hold rows of days outside the range.
    pub(super) async fn by_day(self, settings: &Settings, range: DayRange) -> Result<ByDay, Error> {
        let Readings { stream, sums } = self;
        let made_with = made_with(settings);
        run_waiting(move || {
            let reader = Reader::new(stream, &made_with).map_err(Error::ReadReadings)?;
            let has_invocation_logs = reader.has_invocation_logs();
            let (days, learned) = match range.from() == range.to() {
                true => (Days::from([(range.from(), reader)]), Learned::default()),
                false => part(reader, &MadeWith { has_invocation_logs, ..made_with }, range)?,
            };
            Ok(ByDay { sums, days, has_invocation_logs, learned })
        })
        .await?
    }
}

impl ByDay {
    /// Those of a day; they are read once.
    pub(super) fn of(&mut self, day: Date) -> DayReadings {
        DayReadings {
            day,
            expected: self.sums.sources(day),
            has_invocation_logs: self.has_invocation_logs,
            rows: self.days.remove(&day),
        }
    }
}

impl DayReadings {
    /// Gives each row to `rows`, in a thread of its own.
    pub(super) async fn read(self, rows: mpsc::Sender<Row>) -> Result<(), Error> {
        let Some(of_day) = self.rows else { return Ok(()) };
        run_waiting(move || {
            for row in of_day {
                // The receiver is gone if the pass failed, and that error is returned.
                if rows.blocking_send(row.map_err(Error::ReadReadings)?).is_err() {
                    break;
                }
            }
            Ok(())
        })
        .await?
    }
}

/// What readings are made with.
pub(crate) fn made_with(settings: &Settings) -> MadeWith {
    MadeWith {
        hoptrail: env!("CARGO_PKG_VERSION").to_owned(),
        late_window_minutes: settings.late_window_minutes,
        reading: settings.reading(),
        request_metadata: settings.request_metadata.iter().map(str::to_owned).collect(),
        omitted: settings.omitted.names().map(str::to_owned).collect(),
        has_invocation_logs: false,
    }
}

type Days = BTreeMap<Date, Reader<Box<dyn Read + Send>>>;

/// Writes the rows of each day to a file of its own, which has no name.
fn part(
    rows: Reader<Box<dyn Read + Send>>,
    made_with: &MadeWith,
    range: DayRange,
) -> Result<(Days, Learned), Error> {
    let mut files = BTreeMap::<Date, Writer<File>>::new();
    let mut learned = Learned::default();
    for row in rows {
        let row = row.map_err(Error::ReadReadings)?;
        if !range.contains(row.dt) {
            let what = format!("expected rows of {range}");
            return Err(Error::Readings { day: row.dt, what });
        }
        if let Given::Trail(Ok(part)) = &row.given {
            learned.aliases.extend(part.reading.discovered.iter().cloned());
            learned.job_states.extend(part.reading.job_states.iter().cloned());
        }
        let file = match files.entry(row.dt) {
            Entry::Occupied(file) => file.into_mut(),
            Entry::Vacant(vacant) => {
                let file = tempfile::tempfile().map_err(Error::Temporary)?;
                vacant.insert(Writer::new(file, made_with).map_err(Error::PartReadings)?)
            }
        };
        file.write(&row).map_err(Error::PartReadings)?;
    }
    let read = |(day, writer): (Date, Writer<File>)| {
        let mut file = writer.finish().map_err(Error::PartReadings)?;
        file.rewind().map_err(Error::Temporary)?;
        let file: Box<dyn Read + Send> = Box::new(file);
        Ok((day, Reader::new(file, made_with).map_err(Error::ReadReadings)?))
    };
    let days = files.into_iter().map(read).collect::<Result<_, Error>>()?;
    Ok((days, learned))
}

impl fmt::Debug for Readings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readings").field("sums", &self.sums).finish_non_exhaustive()
    }
}

impl fmt::Debug for DayReadings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DayReadings { day, expected, .. } = self;
        f.debug_struct("DayReadings")
            .field("day", day)
            .field("expected", expected)
            .finish_non_exhaustive()
    }
}
