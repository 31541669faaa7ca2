//! Takes rows of readings in place of what is listed and fetched.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use logs::Unreadable;
use logs::invocation::InvocationReading;
use logs::layout::LogKind;
use readings::{Given, MAX_ROW_EVENTS, Object, Row, TrailPart};
use tokio::sync::mpsc;

use super::Scheduler;
use super::tasks::Tasks;
use crate::day::collect::DayPart;
use crate::day::manifest::{LateObject, Sources};
use crate::error::Error;
use crate::join::{LogRows, Met, days_of_log};
use crate::outcome::counts::check_sum;
use crate::run::readings::{DayReadings, Parts, check_sources, meta_of};
use crate::run::schedule::Reason;
use crate::run::state::Job;
use crate::source::fetch::ReadObject;
use crate::source::found::Discovery;
use crate::source::keys::Keys;
use crate::source::list::{At, Listed, ListedObject, find_folders};

/// What the rows of a day came to so far.
#[derive(Debug)]
pub(super) struct TakenRows {
    day: Date,
    /// What its objects are to be.
    expected: Sources,
    /// Objects that are not read for the day by their delivery.
    late: BTreeSet<LateObject>,
    parts: Parts,
    /// The model invocation logs among them, if these were read.
    logs: Option<LogRows>,
}

impl TakenRows {
    pub(super) fn new(readings: &DayReadings) -> Self {
        let DayReadings { day, expected, has_invocation_logs, .. } = readings;
        let logs = has_invocation_logs.then(LogRows::default);
        let (late, parts) = (BTreeSet::new(), Parts::default());
        TakenRows { day: *day, expected: expected.clone(), late, parts, logs }
    }

    fn fault(&self, what: String) -> Error {
        Error::Readings { day: self.day, what }
    }

    /// That nothing is missing, and nothing there twice. `found` are the objects that are read for the day.
    fn check(&self, found: &Sources) -> Result<(), Error> {
        self.parts.check().map_err(|what| self.fault(what))?;
        check_sources(self.day, &self.expected, found)
    }
}

impl Scheduler<'_, '_> {
    /// Begins with the readings of a day: it is held for them whether it is built in the end or not.
    pub(super) fn begin_rows(&mut self) {
        if let Some(readings) = &self.request.readings {
            let (day, rows) = (readings.day, TakenRows::new(readings));
            self.rows = Some(rows);
            self.build(day, Reason::New);
        }
    }

    /// Takes in what has come by the end of the readings.
    pub(super) fn take_other_rows(&mut self, tasks: &mut Tasks<'_>) -> Result<(), Error> {
        while let Ok(rows) = tasks.rows.try_recv() {
            self.take_rows(rows)?;
        }
        Ok(())
    }

    /// Takes in rows that came together.
    pub(super) fn take_rows(&mut self, rows: Vec<Row>) -> Result<(), Error> {
        let keys = Keys::new(self.job.endpoints.source.store, self.job.settings);
        rows.into_iter().try_for_each(|row| self.take_row(row, &keys))
    }

    /// Takes in what an object gives to the day.
    fn take_row(&mut self, row: Row, keys: &Keys<'_>) -> Result<(), Error> {
        let Some(rows) = &mut self.rows else { return Ok(()) };
        let is_in_no_sum = row.is_in_no_sum();
        let Row { dt, is_late, object, part, parts, given } = row;
        if dt != rows.day {
            return Err(rows.fault(format!("expected rows of {}, found one of {dt}", rows.day)));
        }
        let is_first = rows.parts.add(&object.key, (part, parts), is_in_no_sum);
        let is_first = is_first.map_err(|what| rows.fault(what))?;
        let given = match given {
            Given::Trail(given) => given,
            Given::InvocationLog(given) => return self.take_log((object, part), given),
        };
        let listed = keys.listed(meta_of(object)).map_err(|what| rows.fault(what))?;
        let listed = ListedObject { is_late, ..listed };
        if is_first {
            self.take_object(&listed, given.is_err())?;
        }
        let mut digest_status = None;
        if let Ok(part) = &given {
            check_part(&listed, part, parts)?;
            if let Some(sha256) = part.reading.sha256.filter(|_| is_first) {
                digest_status = self.state.compare_with_digest(&listed.meta.key, &sha256);
            }
        }
        let part = DayPart { listed, day: dt, parts, given };
        self.collected.add_part(part, &self.state.manifests, digest_status)
    }

    /// Takes in what a model invocation log holds for the day, or a part of it.
    fn take_log(
        &mut self,
        (object, part): (Object, u32),
        given: Result<InvocationReading, String>,
    ) -> Result<(), Error> {
        let Some(rows) = &mut self.rows else { return Ok(()) };
        let settings = self.job.settings;
        let delivery = LogKind::ModelInvocation.delivery(&object.key);
        let meta = meta_of(object);
        let listed = ListedObject { meta, at: At::Name, delivery, is_late: false };
        let met = self.request.part.as_ref().map(|part| {
            let days = delivery.into_iter().flat_map(|delivery| days_of_log(delivery, settings));
            days.map(|day| part.met(day, settings.range)).fold(Met::default(), Met::or)
        });
        let first_index = part.saturating_mul(MAX_ROW_EVENTS as u32);
        let logs = rows.logs.get_or_insert_default();
        if let (true, Ok(reading)) = (settings.include_orphans, &given) {
            let reading = Ok::<_, Unreadable>(reading.calls());
            let days = delivery.map(|of| days_of_log(of, settings).collect::<Vec<_>>());
            let mut read = ReadObject { listed: listed.clone(), reading };
            self.filter.apply(&mut read);
            self.collected.add_log(read, days.as_deref())?;
        }
        logs.add(listed, given, (first_index, met.unwrap_or_default()), settings)
    }

    /// Counts an object as listed and read.
    fn take_object(&mut self, listed: &ListedObject, is_unreadable: bool) -> Result<(), Error> {
        let Some(rows) = &mut self.rows else { return Ok(()) };
        let (part, progress) = (self.request.part.as_ref(), self.job.progress);
        let window = self.job.settings.late_window_minutes;
        self.n_listed += 1;
        self.n_taken += 1;
        progress.found();
        progress.listed(listed.meta.size_bytes);
        progress.read(listed.meta.size_bytes);
        self.state.record_listed(&listed.meta.key);
        self.n_read_again += u64::from(part.is_some_and(|part| part.has_read(listed, window)));
        if listed.is_late {
            let (key, bytes) = (listed.meta.key.clone(), listed.meta.size_bytes);
            rows.late.insert(LateObject { key, bytes });
        } else if !self.schedule.add_read(listed, rows.day) {
            let key = &listed.meta.key;
            return Err(
                rows.fault(format!("`{key}` was not delivered for it, and is not said to be late"))
            );
        }
        if is_unreadable {
            self.unreadable_at.insert(rows.day, self.n_taken);
        }
        Ok(())
    }

    /// Checks that all rows are there, and has it decided whether the day is built.
    pub(super) fn check_rows(&mut self, listed: &Listed) -> Result<(), Error> {
        let Some(rows) = &mut self.rows else { return Ok(()) };
        let day = rows.day;
        rows.check(&self.schedule.sources(day))?;
        if let Some(logs) = rows.logs.take() {
            let (listed, requests) = logs.finish();
            self.logs = Some(listed);
            self.requests = Some(Arc::new(requests));
        }
        if !rows.late.is_empty() {
            self.request.late.entry(day).or_default().append(&mut rows.late);
        }
        self.state.discovery = Arc::clone(&listed.discovery);
        self.schedule.leave(day);
        Ok(())
    }

    /// Lets go of what was read for the day if it is not built.
    pub(super) fn leave_unchanged_rows(&mut self) {
        let Some(rows) = &self.rows else { return };
        if !self.schedule.is_built(rows.day)
            && let Some(state) = self.collected.take(rows.day)
        {
            self.collected.left += state.n_calls;
        }
    }
}

/// Reads the rows of a day. Where a day may need an object that they lack, the folders are found in which it may be.
pub(super) async fn read_rows(
    job: &Job<'_>,
    readings: DayReadings,
    needs_folders: bool,
    discovery: Arc<Discovery>,
    rows: mpsc::Sender<Vec<Row>>,
) -> Result<Listed, Error> {
    readings.read(rows).await?;
    let discovery = match needs_folders && discovery.is_empty() {
        true => Arc::new(find_folders(job.endpoints.source.store, job.settings).await?),
        false => discovery,
    };
    Ok(Listed { lists: discovery.lists, discovery, ..Listed::default() })
}

/// Checks that the counts of an object add up.
fn check_part(listed: &ListedObject, part: &TrailPart, parts: u32) -> Result<(), Error> {
    let TrailPart { reading, places, other_places, calls_by_day, .. } = part;
    let calls = calls_by_day.values().sum();
    let counts = [("calls", calls), ("skipped", reading.skipped), ("rejected", reading.rejected)];
    let (n_calls, n_others) = (reading.calls.rows.len(), reading.calls.others.len());
    let checked = check_sum(("records", reading.records), &counts)
        .and_then(|()| {
            check_sum(("calls of the part", n_calls as u64), &[("places", places.len() as u64)])
        })
        .and_then(|()| {
            let places = [("places", other_places.len() as u64)];
            check_sum(("other events of the part", n_others as u64), &places)
        });
    let of = || format!("`{}` in {parts} parts", listed.meta.key);
    checked.map_err(|reason| Error::Counts { of: of(), reason })
}
