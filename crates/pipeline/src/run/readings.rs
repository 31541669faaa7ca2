//! Readings that days are built from, in place of listing and fetching a source: a stream of any number of days,
//! which is parted by day in temporary files first.

mod whole;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::fs::File;
use std::io::{Read, Seek};
use std::sync::Arc;

use jiff::civil::Date;
use readings::{Given, MadeWith, Object, ReadError, Reader, Row, Writer};
use store::{ObjectMeta, Store};
use tokio::sync::mpsc;

use crate::dates::DayRange;
use crate::day::collect::Learned;
use crate::day::manifest::Sources;
use crate::error::{Error, sentence};
use crate::settings::Settings;
use crate::shards::{ShardFile, Shards};
use crate::source::keys::Keys;
use crate::sums::Sums;
use crate::work::{ChunkReader, run_waiting};

pub(crate) use whole::{Parts, check_sources};

/// Rows go to the pass together until they have so many events: to hand over each by itself costs more than
/// to take in a small one.
const BATCH_EVENTS: usize = 4096;

/// Readings, and what they are to add up to.
pub enum Readings {
    /// A stream of any number of days.
    Stream {
        /// An Arrow IPC stream of rows, as `hoptrail read` writes it.
        rows: Box<dyn Read + Send>,
        /// What each day is read from.
        sums: Sums,
    },
    /// A folder that all shards of a reading wrote to.
    Shards(Arc<dyn Store>),
}

/// The readings of a range, by day.
pub(crate) struct ByDay {
    sums: Sums,
    days: Days,
    shards: Option<Shards>,
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
    made_with: MadeWith,
    rows: DayRows,
}

/// Where the rows of a day are.
enum DayRows {
    Stream(Option<Box<Reader<Box<dyn Read + Send>>>>),
    Files(Vec<ShardFile>),
}

impl Readings {
    /// Parts them by day. Those of a single day are not held: they are read when the day is.
    ///
    /// # Errors
    /// If they were made with something else, are cut off, hold rows of days outside the range, or are not whole.
    pub(super) async fn by_day(
        self,
        source: &dyn Store,
        settings: &Settings,
        range: DayRange,
    ) -> Result<ByDay, Error> {
        let made_with = made_with(settings);
        let (rows, sums) = match self {
            Readings::Stream { rows, sums } => (rows, sums),
            Readings::Shards(store) => {
                let shards = Shards::open(store, (&source.location(), &made_with), range).await?;
                return Ok(ByDay::of_shards(shards));
            }
        };
        let opened = run_waiting(move || Reader::new(rows, &made_with)).await?;
        let reader = opened.map_err(Error::ReadReadings)?;
        let has_invocation_logs = reader.has_invocation_logs();
        if range.from() == range.to() {
            let days = Days::from([(range.from(), reader)]);
            let learned = Learned::default();
            return Ok(ByDay { sums, days, shards: None, has_invocation_logs, learned });
        }
        let (sender, mut objects) = mpsc::channel::<Vec<(Date, ObjectMeta)>>(1);
        let made_with = MadeWith { has_invocation_logs, ..self::made_with(settings) };
        let parting =
            async { run_waiting(move || part(reader, &made_with, range, &sender)).await? };
        let counting = async {
            let (mut found, keys) = (Sums::default(), Keys::new(source, settings));
            while let Some(objects) = objects.recv().await {
                for (day, meta) in objects {
                    let listed = keys.listed(meta);
                    let listed = listed.map_err(|what| Error::Readings { day, what })?;
                    found.add_object(day, &listed.meta);
                }
            }
            Ok::<_, Error>(found)
        };
        let ((days, learned), found) = futures::future::try_join(parting, counting).await?;
        // All of it is checked before the first day is published.
        for day in range.days() {
            check_sources(day, &sums.sources(day), &found.sources(day))?;
        }
        Ok(ByDay { sums, days, shards: None, has_invocation_logs, learned })
    }
}

impl ByDay {
    fn of_shards(shards: Shards) -> Self {
        ByDay {
            sums: shards.sums.clone(),
            days: Days::new(),
            has_invocation_logs: shards.have_invocation_logs(),
            shards: Some(shards),
            learned: Learned::default(),
        }
    }

    /// Those of a day; they are read once.
    pub(super) fn of(&mut self, day: Date, settings: &Settings) -> DayReadings {
        let has_invocation_logs = self.has_invocation_logs;
        DayReadings {
            day,
            expected: self.sums.sources(day),
            has_invocation_logs,
            made_with: MadeWith { has_invocation_logs, ..made_with(settings) },
            rows: match &self.shards {
                Some(shards) => DayRows::Files(shards.files(day)),
                None => DayRows::Stream(self.days.remove(&day).map(Box::new)),
            },
        }
    }
}

impl DayReadings {
    /// Gives the rows to `rows`, many at a time, from a thread of its own.
    pub(super) async fn read(self, rows: mpsc::Sender<Vec<Row>>) -> Result<(), Error> {
        match self.rows {
            DayRows::Stream(None) => Ok(()),
            DayRows::Stream(Some(reader)) => {
                run_waiting(move || give(*reader, &rows)).await?.map(drop)
            }
            DayRows::Files(files) => {
                for file in files {
                    read_file(&file, self.made_with.clone(), rows.clone()).await?;
                }
                Ok(())
            }
        }
    }
}

/// Gives the rows of a file that a shard wrote.
async fn read_file(
    file: &ShardFile,
    made_with: MadeWith,
    rows: mpsc::Sender<Vec<Row>>,
) -> Result<(), Error> {
    let ShardFile { store, key, rows: expected } = file;
    let mut body = store.get(key).await.map_err(Error::FetchReadings)?.body;
    let (chunks, reader) = ChunkReader::new();
    let reading = run_waiting(move || {
        let reader = Reader::new(reader, &made_with).map_err(Error::ReadReadings)?;
        give(reader, &rows)
    });
    let feeding = async move {
        while let Some(chunk) = body.chunk().await.map_err(Error::FetchReadings)? {
            // A reader that is gone has met an error, which is returned.
            if chunks.send(Ok(chunk)).await.is_err() {
                break;
            }
        }
        Ok::<_, Error>(())
    };
    let (read, fed) = futures::future::join(reading, feeding).await;
    fed?;
    // Users need to know the file: its shard is to be read again.
    let found = read?.map_err(|error| match error {
        Error::ReadReadings(error) => {
            let what = format!("`{key}`: {}", sentence(&error));
            Error::Shards { location: store.location(), what }
        }
        error => error,
    })?;
    if found != *expected {
        let what = format!("`{key}`: expected {expected} rows, found {found}");
        return Err(Error::Shards { location: store.location(), what });
    }
    Ok(())
}

/// Gives the rows of a stream, and says how many there are.
fn give(
    reader: impl Iterator<Item = Result<Row, ReadError>>,
    rows: &mpsc::Sender<Vec<Row>>,
) -> Result<u64, Error> {
    let (mut batch, mut n_events, mut n_rows) = (Vec::new(), 0, 0);
    for row in reader {
        let row = row.map_err(Error::ReadReadings)?;
        n_rows += 1;
        n_events += 1 + row.n_events();
        batch.push(row);
        if n_events >= BATCH_EVENTS {
            n_events = 0;
            // The receiver is gone if the pass failed, and that error is returned.
            if rows.blocking_send(std::mem::take(&mut batch)).is_err() {
                return Ok(n_rows);
            }
        }
    }
    let _ = rows.blocking_send(batch);
    Ok(n_rows)
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

/// Writes the rows of each day to a file of its own, which has no name, and gives the objects that each is read for
/// by their delivery to `objects`.
fn part(
    rows: Reader<Box<dyn Read + Send>>,
    made_with: &MadeWith,
    range: DayRange,
    objects: &mpsc::Sender<Vec<(Date, ObjectMeta)>>,
) -> Result<(Days, Learned), Error> {
    let mut files = BTreeMap::<Date, (Writer<File>, Parts)>::new();
    let (mut learned, mut batch) = (Learned::default(), Vec::new());
    for row in rows {
        let row = row.map_err(Error::ReadReadings)?;
        let fault = |what: String| Error::Readings { day: row.dt, what };
        if !range.contains(row.dt) {
            return Err(fault(format!("expected rows of {range}, found one of {}", row.dt)));
        }
        let (file, parts) = match files.entry(row.dt) {
            Entry::Occupied(file) => file.into_mut(),
            Entry::Vacant(vacant) => {
                let file = tempfile::tempfile().map_err(Error::Temporary)?;
                let writer = Writer::new(file, made_with).map_err(Error::PartReadings)?;
                vacant.insert((writer, Parts::default()))
            }
        };
        let is_first = parts.add(&row.object.key, (row.part, row.parts), row.is_in_no_sum());
        let is_first = is_first.map_err(fault)?;
        if let Given::Trail(given) = &row.given {
            if let Ok(part) = given {
                learned.aliases.extend(part.reading.discovered.iter().cloned());
                learned.job_states.extend(part.reading.job_states.iter().cloned());
            }
            if is_first && !row.is_late {
                batch.push((row.dt, meta_of(row.object.clone())));
            }
        }
        if batch.len() == BATCH_EVENTS {
            // The receiver is gone only if the run is.
            let _ = objects.blocking_send(std::mem::take(&mut batch));
        }
        file.write(&row).map_err(Error::PartReadings)?;
    }
    let _ = objects.blocking_send(batch);
    let read = |(day, (writer, parts)): (Date, (Writer<File>, Parts))| {
        parts.check().map_err(|what| Error::Readings { day, what })?;
        let mut file = writer.finish().map_err(Error::PartReadings)?;
        file.rewind().map_err(Error::Temporary)?;
        let file: Box<dyn Read + Send> = Box::new(file);
        Ok((day, Reader::new(file, made_with).map_err(Error::ReadReadings)?))
    };
    let days = files.into_iter().map(read).collect::<Result<_, Error>>()?;
    Ok((days, learned))
}

/// An object as a listing gives it.
pub(crate) fn meta_of(object: Object) -> ObjectMeta {
    let Object { key, size_bytes, etag, .. } = object;
    ObjectMeta { key, size_bytes, etag, is_archived: false }
}

impl fmt::Debug for Readings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Readings::Stream { sums, .. } => f.debug_tuple("Stream").field(sums).finish(),
            Readings::Shards(store) => f.debug_tuple("Shards").field(store).finish(),
        }
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
