//! Fetches objects and has them read: bounded by requests and by bytes in flight.

use std::collections::{BTreeSet, VecDeque};
use std::io::BufRead;

use bytes::Bytes;
use futures::stream::{FuturesUnordered, StreamExt};
use logs::{Reading, Scratch, Unreadable};
use store::{Object, ObjectMeta, Store};
use tokio::sync::mpsc::Receiver;
use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};

use crate::error::{Error, sentence};
use crate::outcome::progress::Progress;
use crate::settings::Settings;
use crate::source::health::Health;
use crate::source::list::ListedObject;
use crate::work::{ChunkReader, Workers, run_waiting, with_scratch};

/// Reads a body, whole on a worker, or while it arrives.
pub(crate) trait Decoder: Clone + Send + 'static {
    /// What an object held.
    type Reading: Send + 'static;

    /// Reads a whole body of an object of this name. `scratch` is kept from one to the next.
    ///
    /// # Errors
    /// If the object is unreadable.
    fn whole(
        &self,
        name: &str,
        body: &[u8],
        scratch: &mut Scratch,
    ) -> Result<Self::Reading, Unreadable>;

    /// Reads a body of an object of this name as a stream.
    ///
    /// # Errors
    /// If the object is unreadable.
    fn stream(&self, name: &str, body: impl BufRead) -> Result<Self::Reading, Unreadable>;
}

/// Fetches and reads objects.
#[derive(Debug)]
pub(crate) struct Fetcher<'a, D> {
    store: &'a dyn Store,
    settings: &'a Settings,
    workers: &'a Workers,
    decoder: D,
    health: &'a Health,
    requests: Semaphore,
    /// In units of [`BYTE_UNIT`], because a semaphore counts no more than 2^29 on small machines.
    bytes: Semaphore,
    byte_units: u32,
    /// Streamed bodies at a time: each has a thread of its own, and some chunks.
    streams: Semaphore,
}

/// An object with what it held.
#[derive(Debug)]
pub(crate) struct ReadObject<R> {
    /// The object.
    pub(crate) listed: ListedObject,
    /// What it held, or why it could not be read.
    pub(crate) reading: Result<R, Unreadable>,
}

impl ReadObject<Reading> {
    /// How many calls it holds.
    pub(crate) fn n_calls(&self) -> u64 {
        self.reading.as_ref().map_or(0, |reading| reading.calls.rows.len() as u64)
    }
}

impl<R> ReadObject<R> {
    /// Whether the checks of its compression fail, as after damage on its way.
    fn may_be_damaged(&self) -> bool {
        matches!(self.reading, Err(Unreadable::Empty | Unreadable::Gzip(_) | Unreadable::Zstd(_)))
    }
}

/// What became of an object.
enum Fetched<'f, R> {
    Whole(Whole<'f>),
    /// It was read while it was fetched.
    Read(ReadObject<R>),
}

/// A body that waits for a worker.
struct Whole<'f> {
    listed: ListedObject,
    body: Result<Bytes, Unreadable>,
    /// What the body counts, until it has been read.
    bytes: Permit<'f>,
}

type Permit<'f> = Result<SemaphorePermit<'f>, AcquireError>;

const BYTE_UNIT: u64 = 4096;

/// The most bodies that go to a worker together.
const BATCH_OBJECTS: usize = 32;

/// Bodies that are as large together get no more: there is enough to do to wake a worker for.
const BATCH_BYTES: usize = 1 << 20;

/// Objects larger than this share of the bytes in flight are streamed.
const STREAMED_SHARE: u64 = 4;

impl<'a, D: Decoder> Fetcher<'a, D> {
    /// A fetcher within the settings' bounds.
    pub(crate) fn new(
        store: &'a dyn Store,
        settings: &'a Settings,
        workers: &'a Workers,
        decoder: D,
        health: &'a Health,
    ) -> Self {
        let byte_units = (settings.bytes_in_flight / BYTE_UNIT).clamp(1, 1 << 28);
        let byte_units = u32::try_from(byte_units).unwrap_or(1 << 28);
        Fetcher {
            store,
            settings,
            workers,
            decoder,
            health,
            requests: Semaphore::new(settings.requests_in_flight.max(1)),
            bytes: Semaphore::new(byte_units as usize),
            byte_units,
            streams: Semaphore::new(settings.threads.max(1)),
        }
    }

    /// How many objects may be on their way at once, fetched ones that wait for a worker included.
    fn objects_in_flight(&self) -> usize {
        self.settings.requests_in_flight.max(1) + 4 * self.settings.threads.max(1)
    }

    fn is_streamed(&self, size_bytes: u64) -> bool {
        size_bytes > self.settings.bytes_in_flight / STREAMED_SHARE
    }

    /// What the body of an object counts.
    fn units(&self, size_bytes: u64) -> u32 {
        let units = u32::try_from(size_bytes.div_ceil(BYTE_UNIT)).unwrap_or(u32::MAX);
        units.clamp(1, self.byte_units)
    }

    /// Reads every object that comes, many at a time, and gives each to `take` as it is done.
    ///
    /// Small bodies that have arrived while the workers were busy go to a worker together: to hand each
    /// to one and back by itself costs as much as to read it. A body that cannot be inflated may have
    /// been cut or damaged on its way, and is fetched once more.
    ///
    /// # Errors
    /// If a worker dies, and those of `take`.
    pub(crate) async fn read_all(
        &self,
        mut objects: Receiver<ListedObject>,
        progress: &Progress,
        mut take: impl FnMut(ReadObject<D::Reading>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut take = |read: ReadObject<D::Reading>| {
            progress.read(read.listed.meta.size_bytes);
            take(read)
        };
        let mut fetching = FuturesUnordered::new();
        let mut waiting = VecDeque::new();
        let mut reading = FuturesUnordered::new();
        let mut fetched_again = BTreeSet::new();
        let mut is_open = true;
        loop {
            while reading.len() < self.batches_in_flight()
                && let Some(batch) = next_batch(&mut waiting)
            {
                reading.push(self.read_batch(batch));
            }
            if !is_open && fetching.is_empty() && reading.is_empty() {
                return Ok(());
            }
            let n_in_flight = fetching.len() + waiting.len();
            let done = tokio::select! {
                object = objects.recv(), if is_open && n_in_flight < self.objects_in_flight() => {
                    match object {
                        Some(object) => fetching.push(self.fetch(object)),
                        None => is_open = false,
                    }
                    continue;
                }
                Some(fetched) = fetching.next() => match fetched? {
                    Fetched::Whole(whole) => {
                        waiting.push_back(whole);
                        continue;
                    }
                    Fetched::Read(read) => vec![read],
                },
                Some(batch) = reading.next() => batch?,
            };
            for read in done {
                if read.may_be_damaged() && fetched_again.insert(read.listed.key()) {
                    fetching.push(self.fetch(read.listed));
                } else {
                    take(read)?;
                }
            }
        }
    }

    /// Enough for no worker to wait for the I/O thread.
    fn batches_in_flight(&self) -> usize {
        2 * self.settings.threads.max(1)
    }

    /// Fetches an object; one that is large, or has grown since it was listed and would take more memory
    /// than is reserved for it, is read while it is fetched.
    async fn fetch(&self, listed: ListedObject) -> Result<Fetched<'_, D::Reading>, Error> {
        let ObjectMeta { size_bytes, .. } = &listed.meta;
        let keys = listed.keys();
        if !self.is_streamed(*size_bytes) {
            let units = self.units(*size_bytes);
            // The semaphores are never closed.
            let bytes = self.bytes.acquire_many(units).await;
            let body = match self.fetch_whole(&keys, u64::from(units) * BYTE_UNIT).await {
                Ok(None) => None,
                Ok(Some(body)) => {
                    self.health.fetched(&listed);
                    Some(Ok(body))
                }
                Err(error) => Some(Err(self.unreadable(&listed, error))),
            };
            if let Some(body) = body {
                return Ok(Fetched::Whole(Whole { listed, body, bytes }));
            }
        }
        let reading = self.read_streamed(&listed, &keys).await?;
        Ok(Fetched::Read(ReadObject { listed, reading }))
    }

    async fn read_batch(
        &self,
        batch: Vec<Whole<'_>>,
    ) -> Result<Vec<ReadObject<D::Reading>>, Error> {
        let taken = batch.into_iter().map(|whole| ((whole.listed, whole.body), whole.bytes));
        let (bodies, _bytes): (Vec<_>, Vec<_>) = taken.unzip();
        let decoder = self.decoder.clone();
        let read = move |(listed, body): (ListedObject, Result<Bytes, _>)| {
            let name = &listed.meta.key;
            let reading =
                body.and_then(|body| with_scratch(|scratch| decoder.whole(name, &body, scratch)));
            ReadObject { listed, reading }
        };
        self.workers.run(move || bodies.into_iter().map(read).collect()).await
    }

    /// The body of an object; `None` if it is larger than that.
    async fn fetch_whole(
        &self,
        keys: &[String],
        max_bytes: u64,
    ) -> Result<Option<Bytes>, store::Error> {
        let _request = self.requests.acquire().await;
        let object = self.get(keys).await?;
        if object.meta.size_bytes > max_bytes {
            return Ok(None);
        }
        object.body.collect().await.map(Some)
    }

    /// The object of the first key that is there.
    async fn get(&self, keys: &[String]) -> Result<Object, store::Error> {
        let mut rest = keys.iter();
        loop {
            let key = rest.next().map_or("", String::as_str);
            match self.store.get(key).await {
                Err(error) if error.is_not_found() && rest.len() > 0 => {}
                found => return found,
            }
        }
    }

    async fn read_streamed(
        &self,
        listed: &ListedObject,
        keys: &[String],
    ) -> Result<Result<D::Reading, Unreadable>, Error> {
        let _stream = self.streams.acquire().await;
        let _request = self.requests.acquire().await;
        let mut body = match self.get(keys).await {
            Ok(object) => object.body,
            Err(error) => return Ok(Err(self.unreadable(listed, error))),
        };
        let (chunks, reader) = ChunkReader::new();
        let decoder = self.decoder.clone();
        let name = listed.meta.key.clone();
        let reading = run_waiting(move || decoder.stream(&name, reader));
        let feeding = async move {
            loop {
                let chunk = match body.chunk().await {
                    Ok(Some(chunk)) => Ok(chunk),
                    Ok(None) => return self.health.fetched(listed),
                    Err(error) => {
                        let text = sentence(&error);
                        self.health.failed(listed, error);
                        let _ = chunks.send(Err(text)).await;
                        return;
                    }
                };
                // A reader that is gone has seen enough: it met an error.
                if chunks.send(chunk).await.is_err() {
                    return self.health.fetched(listed);
                }
            }
        };
        let (reading, ()) = futures::future::join(reading, feeding).await;
        reading
    }

    /// Why an object is unreadable that cannot be fetched.
    fn unreadable(&self, listed: &ListedObject, error: store::Error) -> Unreadable {
        let reason = Unreadable::Body(sentence(&error));
        self.health.failed(listed, error);
        reason
    }
}

fn next_batch<'f>(waiting: &mut VecDeque<Whole<'f>>) -> Option<Vec<Whole<'f>>> {
    let mut batch = Vec::new();
    let mut sum_bytes = 0;
    while sum_bytes < BATCH_BYTES
        && batch.len() < BATCH_OBJECTS
        && let Some(whole) = waiting.pop_front()
    {
        sum_bytes += whole.body.as_ref().map_or(0, Bytes::len);
        batch.push(whole);
    }
    (!batch.is_empty()).then_some(batch)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use logs::layout::LogKind;
    use store::Folder;
    use testkit::block_on;
    use tokio::sync::mpsc;

    use super::*;
    use crate::source::list::At;

    /// Gives the content as it came.
    #[derive(Debug, Clone, Copy)]
    struct Plain;

    #[derive(Debug, PartialEq, Eq)]
    enum Came {
        Whole(Vec<u8>),
        Streamed(Vec<u8>),
    }

    impl Decoder for Plain {
        type Reading = Came;

        fn whole(&self, _: &str, body: &[u8], _: &mut Scratch) -> Result<Came, Unreadable> {
            Ok(Came::Whole(body.to_vec()))
        }

        fn stream(&self, _: &str, mut body: impl BufRead) -> Result<Came, Unreadable> {
            let mut content = Vec::new();
            let read = body.read_to_end(&mut content);
            read.map_err(|error| Unreadable::Body(error.to_string()))?;
            Ok(Came::Streamed(content))
        }
    }

    #[test]
    fn object_larger_than_its_share_or_grown_is_streamed() {
        let root = tempfile::tempdir().expect("a folder");
        let settings = Settings { bytes_in_flight: 32 << 10, threads: 2, ..Settings::new(None) };
        let content = |size_bytes: u64| vec![b'x'; size_bytes as usize];
        // With its size as listed, and as it is.
        let sizes = [
            ("empty", 0, 0),
            ("small", 100, 100),
            ("large", 10_000, 10_000),
            ("larger", 3 << 20, 3 << 20),
            ("grown", 5000, 50_000),
            ("shrunk", 7000, 10),
        ];
        let (sender, receiver) = mpsc::channel(sizes.len());
        for (key, listed_bytes, size_bytes) in sizes {
            fs::write(root.path().join(key), content(size_bytes)).expect("written");
            let meta = ObjectMeta {
                key: key.to_owned(),
                size_bytes: listed_bytes,
                etag: None,
                is_archived: false,
            };
            let listed = ListedObject { meta, at: At::Name, delivery: None, is_late: false };
            sender.try_send(listed).expect("room");
        }
        drop(sender);
        let store = Folder::open(root.path()).expect("a folder");
        let workers = Workers::start(settings.threads).expect("threads");
        let health = Health::new(&store, "the source", LogKind::CloudTrail, true);
        let fetcher = Fetcher::new(&store, &settings, &workers, Plain, &health);
        let (progress, mut came) = (Progress::default(), BTreeMap::new());
        let take = |read: ReadObject<Came>| {
            let came = came.insert(read.listed.meta.key, read.reading.expect("readable"));
            assert_eq!(came, None, "an object came twice");
            Ok(())
        };
        block_on(fetcher.read_all(receiver, &progress, take)).expect("readable");
        assert_eq!(progress.snapshot().read_objects, sizes.len() as u64);
        for (key, _, size_bytes) in sizes {
            let is_whole = ["empty", "small", "shrunk"].contains(&key);
            let expected = if is_whole { Came::Whole } else { Came::Streamed };
            assert_eq!(came[key], expected(content(size_bytes)), "{key}");
        }
    }
}
