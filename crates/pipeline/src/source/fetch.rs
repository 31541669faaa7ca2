//! Fetches objects and has them read: bounded by requests and by bytes in flight.

mod local;

use std::io::BufRead;

use bytes::Bytes;
use futures::stream::{FuturesUnordered, StreamExt};
use logs::{Scratch, Unreadable};
use store::Store;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::Receiver;

use crate::error::Error;
use crate::outcome::progress::Progress;
use crate::settings::Settings;
use crate::source::list::ListedObject;
use crate::work::{Buffers, ChunkReader, Workers, with_buffers};

/// Reads a body, whole or while it arrives; runs on a worker.
pub(crate) trait Decoder: Copy + Send + 'static {
    /// What an object held.
    type Reading: Send + 'static;

    /// Reads a whole body. `scratch` is kept from one to the next.
    ///
    /// # Errors
    /// If the object is unreadable.
    fn whole(&self, body: &[u8], scratch: &mut Scratch) -> Result<Self::Reading, Unreadable>;

    /// Reads a body as a stream.
    ///
    /// # Errors
    /// If the object is unreadable.
    fn stream(&self, body: impl BufRead) -> Result<Self::Reading, Unreadable>;
}

/// Fetches and reads objects.
#[derive(Debug)]
pub(crate) struct Fetcher<'a, D> {
    store: &'a dyn Store,
    settings: &'a Settings,
    workers: &'a Workers,
    decoder: D,
    requests: Semaphore,
    /// In units of [`BYTE_UNIT`], because a semaphore counts no more than 2^29 on small machines.
    bytes: Semaphore,
    byte_units: u32,
}

/// An object with what it held.
#[derive(Debug)]
pub(crate) struct ReadObject<R> {
    /// The object.
    pub listed: ListedObject,
    /// What it held, or why it could not be read.
    pub reading: Result<R, Unreadable>,
}

const BYTE_UNIT: u64 = 4096;

/// Objects larger than this share of the bytes in flight are streamed.
const STREAMED_SHARE: u64 = 4;

impl<'a, D: Decoder> Fetcher<'a, D> {
    /// A fetcher within the settings' bounds.
    pub(crate) fn new(
        store: &'a dyn Store,
        settings: &'a Settings,
        workers: &'a Workers,
        decoder: D,
    ) -> Self {
        let byte_units = (settings.bytes_in_flight / BYTE_UNIT).clamp(1, 1 << 28);
        let byte_units = u32::try_from(byte_units).unwrap_or(1 << 28);
        Fetcher {
            store,
            settings,
            workers,
            decoder,
            requests: Semaphore::new(settings.requests_in_flight.max(1)),
            bytes: Semaphore::new(byte_units as usize),
            byte_units,
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

    /// Fetches an object and has it read.
    ///
    /// # Errors
    /// If the place as a whole cannot be reached or a worker dies. What concerns the object alone
    /// makes the object unreadable.
    async fn read(&self, listed: ListedObject) -> Result<ReadObject<D::Reading>, Error> {
        let size_bytes = listed.meta.size_bytes;
        let reading = if self.is_streamed(size_bytes) {
            self.read_streamed(&listed.meta.key).await?
        } else {
            let units = self.units(size_bytes);
            // The semaphores are never closed.
            let _bytes = self.bytes.acquire_many(units).await;
            match self.fetch_whole(&listed.meta.key).await {
                Ok(body) => {
                    let decoder = self.decoder;
                    let read = move || {
                        with_buffers(|Buffers { scratch, .. }| decoder.whole(&body, scratch))
                    };
                    self.workers.run(read).await?
                }
                Err(error) => Err(unreadable(&error)),
            }
        };
        Ok(ReadObject { listed, reading })
    }

    /// Reads every object that comes, many at a time, and gives each to `take` as it is done.
    ///
    /// # Errors
    /// If the place as a whole cannot be reached or a worker dies.
    pub(crate) async fn read_all(
        &self,
        objects: Receiver<ListedObject>,
        progress: &Progress,
        take: impl FnMut(ReadObject<D::Reading>),
    ) -> Result<(), Error> {
        match self.store.local() {
            Some(reader) => self.read_files(&reader, objects, progress, take).await,
            None => self.fetch_all(objects, progress, take).await,
        }
    }

    /// Reads objects that come from afar.
    async fn fetch_all(
        &self,
        mut objects: Receiver<ListedObject>,
        progress: &Progress,
        mut take: impl FnMut(ReadObject<D::Reading>),
    ) -> Result<(), Error> {
        let mut in_flight = FuturesUnordered::new();
        let mut is_open = true;
        while is_open || !in_flight.is_empty() {
            tokio::select! {
                object = objects.recv(), if is_open && in_flight.len() < self.objects_in_flight() => {
                    match object {
                        Some(object) => {
                            in_flight.push(self.read(object));
                        }
                        None => is_open = false,
                    }
                }
                Some(read) = in_flight.next() => {
                    let read = read?;
                    progress.read(read.listed.meta.size_bytes);
                    take(read);
                }
            }
        }
        Ok(())
    }

    async fn fetch_whole(&self, key: &str) -> Result<Bytes, store::Error> {
        let _request = self.requests.acquire().await;
        self.store.get(key).await?.body.collect().await
    }

    async fn read_streamed(&self, key: &str) -> Result<Result<D::Reading, Unreadable>, Error> {
        let _request = self.requests.acquire().await;
        let mut body = match self.store.get(key).await {
            Ok(object) => object.body,
            Err(error) => return Ok(Err(unreadable(&error))),
        };
        let (chunks, reader) = ChunkReader::new();
        let decoder = self.decoder;
        let reading = self.workers.run(move || decoder.stream(reader));
        let feeding = async move {
            loop {
                let chunk = match body.chunk().await {
                    Ok(Some(chunk)) => Ok(chunk),
                    Ok(None) => return,
                    Err(error) => Err(sentence(&error)),
                };
                // A reader that is gone has seen enough: it met an error.
                if chunks.send(chunk).await.is_err() {
                    return;
                }
            }
        };
        let (reading, ()) = futures::future::join(reading, feeding).await;
        reading
    }
}

fn unreadable(error: &store::Error) -> Unreadable {
    Unreadable::Body(sentence(error))
}

/// An error with what lies beneath it, in one line.
fn sentence(error: &store::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
