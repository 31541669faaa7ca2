//! Fetches objects and has them read: bounded by requests and by bytes in flight.

use bytes::Bytes;
use logs::{Reading, Unreadable};
use store::Store;
use tokio::sync::Semaphore;

use crate::error::Error;
use crate::list::ListedObject;
use crate::settings::Settings;
use crate::work::{ChunkReader, Workers, read_whole};

/// Fetches and reads objects.
#[derive(Debug)]
pub struct Fetcher<'a> {
    store: &'a dyn Store,
    settings: &'a Settings,
    workers: &'a Workers,
    requests: Semaphore,
    /// In units of [`BYTE_UNIT`], because a semaphore counts no more than 2^29 on small machines.
    bytes: Semaphore,
    byte_units: u32,
}

/// An object with what it held.
#[derive(Debug)]
pub struct ReadObject {
    /// The object.
    pub listed: ListedObject,
    /// What it held, or why it could not be read.
    pub reading: Result<Reading, Unreadable>,
}

const BYTE_UNIT: u64 = 4096;

/// Objects larger than this share of the bytes in flight are streamed.
const STREAMED_SHARE: u64 = 4;

impl<'a> Fetcher<'a> {
    /// A fetcher within the settings' bounds.
    pub fn new(store: &'a dyn Store, settings: &'a Settings, workers: &'a Workers) -> Self {
        let byte_units = (settings.bytes_in_flight / BYTE_UNIT).clamp(1, 1 << 28);
        let byte_units = u32::try_from(byte_units).unwrap_or(1 << 28);
        Fetcher {
            store,
            settings,
            workers,
            requests: Semaphore::new(settings.requests_in_flight.max(1)),
            bytes: Semaphore::new(byte_units as usize),
            byte_units,
        }
    }

    /// How many objects may be on their way at once, fetched ones that wait for a worker included.
    pub fn objects_in_flight(&self) -> usize {
        self.settings.requests_in_flight.max(1) + 4 * self.settings.threads.max(1)
    }

    /// Fetches an object and has it read.
    ///
    /// # Errors
    /// If the place as a whole cannot be reached or a worker dies. What concerns the object alone
    /// makes the object unreadable.
    pub async fn read(&self, listed: ListedObject) -> Result<ReadObject, Error> {
        let size_bytes = listed.meta.size_bytes;
        let is_streamed = size_bytes > self.settings.bytes_in_flight / STREAMED_SHARE;
        let reading = if is_streamed {
            self.read_streamed(&listed.meta.key).await?
        } else {
            let units = u32::try_from(size_bytes.div_ceil(BYTE_UNIT)).unwrap_or(u32::MAX);
            let units = units.clamp(1, self.byte_units);
            // The semaphores are never closed.
            let _bytes = self.bytes.acquire_many(units).await;
            match self.fetch_whole(&listed.meta.key).await {
                Ok(body) => {
                    let (shape, limits) = (self.settings.shape(), self.settings.limits);
                    self.workers.run(move || read_whole(&body, shape, &limits)).await?
                }
                Err(error) => Err(unreadable(&error)),
            }
        };
        Ok(ReadObject { listed, reading })
    }

    async fn fetch_whole(&self, key: &str) -> Result<Bytes, store::Error> {
        let _request = self.requests.acquire().await;
        self.store.get(key).await?.body.collect().await
    }

    async fn read_streamed(&self, key: &str) -> Result<Result<Reading, Unreadable>, Error> {
        let _request = self.requests.acquire().await;
        let mut body = match self.store.get(key).await {
            Ok(object) => object.body,
            Err(error) => return Ok(Err(unreadable(&error))),
        };
        let (chunks, reader) = ChunkReader::new();
        let (shape, limits) = (self.settings.shape(), self.settings.limits);
        let reading = self.workers.run(move || logs::read_stream(reader, shape, &limits));
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
