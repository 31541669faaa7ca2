//! Reads objects into readings: what each object gives to each day, as rows of an Arrow stream, from which days
//! are built elsewhere.

mod cutter;
mod invocation_logs;
mod rows;
mod shard;

pub use self::shard::read_shard;

use std::io::Write;
use std::pin::pin;

use bedrock::{Aliases, JobStates, Knowledge};
use logs::Reading;
use store::{Guard, Store};
use tokio::sync::mpsc;

use crate::dates::{DayRange, days_of_delivery};
use crate::day::collect::{Collected, Learned, ObjectRecord};
use crate::error::Error;
use crate::omit::Omitted;
use crate::outcome::Outcome;
use crate::outcome::counts::check_sum;
use crate::outcome::progress::Progress;
use crate::read::cutter::Cutter;
use crate::read::rows::{Given, Rows};
use crate::run::kept;
use crate::settings::Settings;
use crate::source::fetch::{Fetcher, ReadObject};
use crate::source::filter::Filter;
use crate::source::health::Health;
use crate::source::keys::{Keys, list_given};
use crate::source::lines::Lines;
use crate::source::list::{LISTED_AHEAD, Listed, ListedObject};
use crate::source::trail::TrailDecoder;
use crate::source::{OpenLogs, Source};
use crate::sums::Sums;
use crate::work::{Workers, run_waiting};

/// Objects on their way to being fetched. One at a time would cost a turn of the I/O thread each.
const SENT_AHEAD: usize = 256;

/// Where is read, and what was learned is kept.
#[derive(Debug, Clone, Copy)]
pub struct ReadEndpoints<'a> {
    /// The trail.
    pub source: Source<'a>,
    /// The model invocation logs, if they are read too: all of them around the days.
    pub invocation_logs: Option<&'a OpenLogs>,
    /// The destination of the days, if aliases and states of batch jobs are kept there.
    pub destination: Option<&'a dyn Store>,
}

/// Where readings are written.
pub enum ReadTo<'a> {
    /// A stream.
    Stream(Box<dyn Write + Send>),
    /// An object, which is there whole or not at all.
    Object {
        /// Its store.
        store: &'a dyn Store,
        /// Its key.
        key: &'a str,
    },
}

impl std::fmt::Debug for ReadTo<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReadTo::Stream(_) => f.write_str("Stream"),
            ReadTo::Object { key, .. } => f.debug_tuple("Object").field(key).finish(),
        }
    }
}

/// What is written of what is read.
#[derive(Debug)]
pub enum ReadForm {
    /// What each object gives to each day, to build days from.
    Readings,
    /// The calls as they are, with what they mean as far as this is known, and what earlier runs learned.
    Calls(Box<Knowledge>),
}

/// What was read.
#[derive(Debug, Clone)]
pub struct ReadOutcome {
    /// Objects, records, and what is wrong with them, as those of a run that builds no day.
    pub run: Outcome,
    /// Keys that were given and left out, because they are not of the range or not asked for.
    pub left_out: u64,
    /// Rows that were written: of calls, as many as they are.
    pub rows: u64,
}

/// Reads the objects of keys, which are lines of JSON, and writes what they give to the days of the range, in
/// no order. An object that cannot be read is a row of readings that says why.
///
/// # Errors
/// If a line is not as expected, the source fails as a whole, or the readings cannot be written: then a stream
/// has no end marker.
pub async fn read(
    endpoints: ReadEndpoints<'_>,
    keys: Lines,
    (to, form): (ReadTo<'_>, ReadForm),
    settings: &Settings,
    progress: &Progress,
) -> Result<ReadOutcome, Error> {
    let workers = Workers::start(settings.threads)?;
    let range = settings.range.ok_or(Error::NoRange)?;
    let job = Job { endpoints, settings, workers: &workers, progress, range };
    let (writer, file): (Box<dyn Write + Send>, _) = match to {
        ReadTo::Stream(writer) => (writer, None),
        ReadTo::Object { store, key } => {
            let file = tempfile::tempfile().map_err(Error::Temporary)?;
            let writer = file.try_clone().map_err(Error::Temporary)?;
            (Box::new(writer), Some((file, store, key)))
        }
    };
    let form = with_learned(form, endpoints.destination).await?;
    let cutter = Cutter::new(settings, range, endpoints.invocation_logs.is_some());
    let (rows, given) = Rows::new(settings);
    let write = rows.bound.clone();
    let mut writing = pin!(run_waiting(move || cutter.write_stream(given, writer, form, &write)));
    let reading = async {
        let source = endpoints.source.store;
        let list = async |sender| list_given(keys, source, settings, sender).await;
        let mut read = job.read(list, &rows).await?;
        read.logs = invocation_logs::read(&job, &rows, |_| true).await?;
        rows.end();
        Ok::<_, Error>(read)
    };
    let mut read = tokio::select! {
        biased;
        // It ends early only if it fails.
        written = &mut writing => return Err(written?.err().unwrap_or(Error::Worker)),
        read = reading => read?,
    };
    let n_rows = writing.await??;
    if let Some((file, store, key)) = file {
        store.put_if(key, file.into(), &Guard::default()).await.map_err(Error::Write)?;
    }
    keep(endpoints.destination, std::mem::take(&mut read.collected.learned)).await?;
    Ok(read.outcome(&job, n_rows))
}

/// What is read with.
#[derive(Debug, Clone, Copy)]
struct Job<'a> {
    endpoints: ReadEndpoints<'a>,
    settings: &'a Settings,
    workers: &'a Workers,
    progress: &'a Progress,
    range: DayRange,
}

/// What was read.
#[derive(Debug)]
struct Read {
    listed: Listed,
    /// What each day is read from.
    sums: Sums,
    /// What was counted, and what was learned. It holds no day.
    collected: Collected,
    left_without_name: u64,
    logs: Option<crate::outcome::InvocationLog>,
}

impl Job<'_> {
    /// Reads the objects that `list` gives, and gives them to `rows`.
    async fn read(
        &self,
        list: impl AsyncFnOnce(mpsc::Sender<ListedObject>) -> Result<Listed, Error>,
        rows: &Rows,
    ) -> Result<Read, Error> {
        let Job { settings, workers, progress, range, .. } = *self;
        let Settings { kind, limits, late_window_minutes, .. } = *settings;
        let source = self.endpoints.source.store;
        let (listed_to, listed) = mpsc::channel(LISTED_AHEAD);
        let (to_fetch, fetched) = mpsc::channel(SENT_AHEAD);
        let keys = settings.request_metadata.clone();
        let decoder = TrailDecoder { takes_any: false, kind, limits, keys };
        let health = Health::new(source, "the source", kind, true);
        let fetcher = Fetcher::new(source, settings, workers, decoder, &health);
        let filter = Filter::new(settings);
        let outside = Keys::new(source, settings);
        let mut collected =
            Collected::new(Some(range), late_window_minutes, false, false, Omitted::default());
        let reading = fetcher.read_all(fetched, progress, |mut object| {
            filter.apply(&mut object);
            count(&mut collected, &object)?;
            let key = outside.outside(&object.listed.key());
            rows.send(Given::Trail { key, read: Box::new(object) });
            health.check(false)
        });
        let mut sums = Sums::default();
        let add = |object: &ListedObject| {
            let days = object.delivery.into_iter();
            let days = days.flat_map(|of| days_of_delivery(of, range, late_window_minutes));
            days.for_each(|day| sums.add_object(day, &object.meta));
        };
        let sending = send(listed, to_fetch, rows, progress, add);
        let ((), (), listed) =
            futures::future::try_join3(reading, sending, list(listed_to)).await?;
        health.check(true)?;
        collected.objects.archived = health.n_archived();
        let left_without_name = filter.seen().without_name;
        Ok(Read { listed, sums, collected, left_without_name, logs: None })
    }
}

/// Sends objects to be fetched, no more than rows can be written of. `each` looks at them.
async fn send(
    mut listed: mpsc::Receiver<ListedObject>,
    to_fetch: mpsc::Sender<ListedObject>,
    rows: &Rows,
    progress: &Progress,
    mut each: impl FnMut(&ListedObject),
) -> Result<(), Error> {
    while let Some(object) = listed.recv().await {
        progress.found();
        progress.listed(object.meta.size_bytes);
        each(&object);
        rows.reserve(object.meta.size_bytes).await;
        // The receiver is gone if reading failed, and that error is returned.
        if to_fetch.send(object).await.is_err() {
            break;
        }
    }
    progress.all_listed();
    Ok(())
}

/// Counts an object that was read, and takes what it taught.
///
/// # Errors
/// If its counts do not add up.
fn count(collected: &mut Collected, read: &ReadObject<Reading>) -> Result<(), Error> {
    let mut record = ObjectRecord::new(&read.listed);
    match &read.reading {
        Err(reason) => record.unreadable = Some(reason.to_string()),
        Ok(reading) => {
            record.records = reading.records;
            record.calls = reading.calls.rows.len() as u64;
            record.skipped = reading.skipped;
            record.rejected = reading.rejected;
            record.rejections.clone_from(&reading.rejections);
            record.rejections.extend(reading.notes.iter().cloned());
            record.rejected_counts = reading.rejected_counts;
            collected.learned.aliases.extend(reading.discovered.iter().cloned());
            collected.learned.job_states.extend(reading.job_states.iter().cloned());
            let parts = [
                ("calls", record.calls),
                ("skipped", record.skipped),
                ("rejected", record.rejected),
            ];
            let of = || format!("`{}`", read.listed.meta.key);
            let checked = check_sum(("records", record.records), &parts);
            checked.map_err(|reason| Error::Counts { of: of(), reason })?;
        }
    }
    collected.count(&record);
    Ok(())
}

/// The same form, with the aliases that earlier runs learned.
async fn with_learned(
    mut form: ReadForm,
    destination: Option<&dyn Store>,
) -> Result<ReadForm, Error> {
    if let (ReadForm::Calls(knowledge), Some(destination)) = (&mut form, destination) {
        kept::load(destination, &mut knowledge.aliases).await?;
    }
    Ok(form)
}

/// Keeps at the destination what objects say of opaque ARNs and of states of batch jobs: builds begin after all
/// is read, and every day knows them.
async fn keep(destination: Option<&dyn Store>, learned: Learned) -> Result<(), Error> {
    let Some(destination) = destination else { return Ok(()) };
    let Learned { aliases, job_states } = learned;
    if !aliases.is_empty() {
        let mut known = Aliases::default();
        for alias in aliases {
            known.add_discovered(alias);
        }
        kept::merge(destination, &mut known).await?;
    }
    if !job_states.is_empty() {
        let mut known = JobStates::default();
        for (id, status) in job_states {
            known.add(&id, status);
        }
        kept::merge(destination, &mut known).await?;
    }
    Ok(())
}

impl Read {
    /// What it came to, as that of a run which built no day.
    fn outcome(self, job: &Job<'_>, rows: u64) -> ReadOutcome {
        let Read { listed, sums: _, collected, left_without_name, logs } = self;
        let run = Outcome {
            source: job.endpoints.source.store.location(),
            range: Some(job.range.to_string()),
            objects: collected.objects,
            records: collected.records,
            left_without_name,
            has_reached_search_limit: listed.discovery.has_reached_limit,
            invocation_log: logs,
            ..Outcome::default()
        };
        ReadOutcome { run, left_out: listed.left_out, rows }
    }
}
