//! Cuts what was read into rows and writes them, on a thread of its own.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io::Write;
use std::ops::RangeInclusive;

use bedrock::Calls;
use jiff::civil::Date;
use logs::Reading;
use logs::invocation::InvocationReading;
use readings::{CallsWriter, MadeWith, Object, Row, Writer, rows_of, rows_of_log};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::dates::{DayRange, days_of_delivery, is_read_for};
use crate::error::Error;
use crate::join::days_of_log;
use crate::omit::{Omitted, OmittedColumn};
use crate::read::ReadForm;
use crate::read::rows::{Bound, Given};
use crate::run::readings_made_with;
use crate::settings::Settings;
use crate::source::fetch::ReadObject;
use crate::source::list::ListedObject;

/// Cuts what was read into rows.
#[derive(Debug)]
pub(super) struct Cutter {
    settings: Settings,
    range: DayRange,
    made_with: MadeWith,
}

impl Cutter {
    /// For the days of a range, with or without model invocation logs.
    pub(super) fn new(settings: &Settings, range: DayRange, has_invocation_logs: bool) -> Self {
        let made_with = MadeWith { has_invocation_logs, ..readings_made_with(settings) };
        Cutter { settings: settings.clone(), range, made_with }
    }

    /// What the readings are made with.
    pub(super) fn made_with(&self) -> &MadeWith {
        &self.made_with
    }

    /// Writes all rows to one stream, until the end is given, and says how many.
    ///
    /// # Errors
    /// If they cannot be written, or are given up: then there is no end marker.
    pub(super) fn write_stream(
        &self,
        given: UnboundedReceiver<Given>,
        writer: impl Write,
        form: ReadForm,
        bound: &Bound,
    ) -> Result<u64, Error> {
        let mut n_rows = 0;
        match form {
            ReadForm::Readings => {
                let writer = Writer::new(writer, &self.made_with);
                let mut writer = writer.map_err(Error::WriteReadings)?;
                self.write(given, bound, |row| {
                    n_rows += 1;
                    writer.write(row).map_err(Error::WriteReadings)
                })?;
                writer.finish().map_err(Error::WriteReadings)?;
            }
            ReadForm::Calls(knowledge) => {
                let writer = CallsWriter::new(writer, *knowledge);
                let mut writer = writer.map_err(Error::WriteReadings)?;
                self.write(given, bound, |row| {
                    n_rows += writer.write(row).map_err(Error::WriteReadings)?;
                    Ok(())
                })?;
                writer.finish().map_err(Error::WriteReadings)?;
            }
        }
        Ok(n_rows)
    }

    /// Writes the rows of each day to a temporary file of its own, until the end is given, and says how many.
    ///
    /// # Errors
    /// As [`Cutter::write_stream`].
    pub(super) fn write_days(
        &self,
        given: UnboundedReceiver<Given>,
        bound: &Bound,
    ) -> Result<BTreeMap<Date, (File, u64)>, Error> {
        let mut days = BTreeMap::<Date, (Writer<File>, u64)>::new();
        self.write(given, bound, |row| {
            let (writer, n_rows) = match days.entry(row.dt) {
                Entry::Occupied(day) => day.into_mut(),
                Entry::Vacant(vacant) => {
                    let file = tempfile::tempfile().map_err(Error::Temporary)?;
                    let writer = Writer::new(file, &self.made_with);
                    vacant.insert((writer.map_err(Error::WriteReadings)?, 0))
                }
            };
            *n_rows += 1;
            writer.write(row).map_err(Error::WriteReadings)
        })?;
        let finish = |(day, (writer, n_rows)): (Date, (Writer<File>, u64))| {
            Ok((day, (writer.finish().map_err(Error::WriteReadings)?, n_rows)))
        };
        days.into_iter().map(finish).collect()
    }

    fn write(
        &self,
        mut given: UnboundedReceiver<Given>,
        bound: &Bound,
        mut write: impl FnMut(&Row) -> Result<(), Error>,
    ) -> Result<(), Error> {
        while let Some(given) = given.blocking_recv() {
            let size_bytes = match &given {
                Given::Trail { read, .. } => read.listed.meta.size_bytes,
                Given::Log(read) => read.listed.meta.size_bytes,
                Given::End => return Ok(()),
            };
            self.rows(given).iter().try_for_each(&mut write)?;
            bound.give_back(size_bytes);
        }
        Err(Error::Stopped)
    }

    /// The rows of an object.
    fn rows(&self, given: Given) -> Vec<Row> {
        match given {
            Given::Trail { key, read } => self.trail_rows(key, *read),
            Given::Log(read) => self.log_rows(*read),
            Given::End => Vec::new(),
        }
    }

    fn trail_rows(&self, key: String, read: ReadObject<Reading>) -> Vec<Row> {
        let ReadObject { listed, reading } = read;
        let (window, delivery) = (self.settings.late_window_minutes, listed.delivery);
        let days = delivery
            .into_iter()
            .flat_map(|delivery| days_of_delivery(delivery, self.range, window))
            .collect::<Vec<_>>();
        let is_own = |day| delivery.is_some_and(|delivery| is_read_for(delivery, day, window));
        let reading = reading.map_err(|reason| reason.to_string()).map(|mut reading| {
            strip(self.settings.omitted, &mut reading.calls);
            reading
        });
        rows_of(&object(key, &listed), reading, is_own, &days, &self.days())
    }

    fn log_rows(&self, read: ReadObject<InvocationReading>) -> Vec<Row> {
        let ReadObject { listed, reading } = read;
        let days = match listed.delivery {
            Some(delivery) => days_of_log(delivery, &self.settings)
                .filter(|day| self.range.contains(*day))
                .collect(),
            // Its name says no day.
            None => self.range.days().collect::<Vec<_>>(),
        };
        let mut reading = reading.map_err(|reason| reason.to_string());
        // Without orphans, entries only complete calls, whose callers CloudTrail names.
        let Settings { omitted, include_orphans, .. } = self.settings;
        let is_omitted = [OmittedColumn::PrincipalArn, OmittedColumn::SessionName]
            .into_iter()
            .any(|column| omitted.has(column));
        if let (Ok(reading), true, false) = (&mut reading, is_omitted, include_orphans) {
            reading.entries.iter_mut().for_each(|entry| entry.caller_arn = None);
        }
        rows_of_log(&object(listed.meta.key.clone(), &listed), &reading, &days)
    }

    fn days(&self) -> RangeInclusive<Date> {
        self.range.from()..=self.range.to()
    }
}

/// An object, of which rows say its key.
fn object(key: String, listed: &ListedObject) -> Object {
    Object {
        key,
        size_bytes: listed.meta.size_bytes,
        etag: listed.meta.etag.clone(),
        delivery_day: listed.delivery.map(|delivery| delivery.day),
    }
}

/// Lets go of what is omitted. Texts that no call refers to any more are in no row.
fn strip(omitted: Omitted, calls: &mut Calls) {
    let Calls { rows, others, texts } = calls;
    for event in rows.iter_mut().chain(others) {
        let redacted = omitted.strip(&mut event.attributes, texts);
        // Never more texts than before: what cannot be set is none, and quotes nothing.
        let _ = redacted.set(&mut event.attributes, texts);
    }
}
