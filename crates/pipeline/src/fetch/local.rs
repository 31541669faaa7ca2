//! Reads the files of this machine on the workers, many small ones at a time.
//!
//! A file costs little more than to open it, so that handing each to a worker and back by itself would
//! cost as much as reading it. A batch of files goes to a worker, which reads and decodes one after the
//! other.

use std::collections::VecDeque;
use std::io::{self, BufReader, Read};

use futures::stream::{FuturesUnordered, StreamExt};
use logs::Unreadable;
use store::{LocalFile, LocalReader};
use tokio::sync::mpsc::Receiver;

use crate::error::Error;
use crate::fetch::{BYTE_UNIT, Decoder, Fetcher, ReadObject, sentence, unreadable};
use crate::list::ListedObject;
use crate::progress::Progress;
use crate::work::{Buffers, with_buffers};

/// The most files of a batch.
const BATCH_OBJECTS: usize = 32;

/// A batch that is as large gets no more files: there is enough to do to wake a worker for.
const BATCH_BYTES: u64 = 256 << 10;

/// How much of a streamed file is read at once.
const CHUNK_BYTES: usize = 256 << 10;

/// Files that a worker reads one after the other.
#[derive(Debug, Default)]
struct Batch {
    objects: Vec<ListedObject>,
    /// The size of the largest of them that is read whole; only one is held at a time.
    largest_bytes: u64,
}

impl<D: Decoder> Fetcher<'_, D> {
    /// Reads every file that comes, and gives each to `take` as its batch is done.
    pub(super) async fn read_files(
        &self,
        reader: &LocalReader,
        mut objects: Receiver<ListedObject>,
        progress: &Progress,
        mut take: impl FnMut(ReadObject<D::Reading>),
    ) -> Result<(), Error> {
        let mut received = Vec::new();
        let mut waiting = VecDeque::new();
        let mut in_flight = FuturesUnordered::new();
        let mut is_open = true;
        loop {
            while in_flight.len() < self.batches_in_flight()
                && let Some(batch) = self.next_batch(&mut waiting)
            {
                in_flight.push(self.read_batch(reader, batch));
            }
            if !is_open && in_flight.is_empty() {
                return Ok(());
            }
            tokio::select! {
                count = objects.recv_many(&mut received, BATCH_OBJECTS),
                    if is_open && waiting.is_empty() =>
                {
                    is_open = count > 0;
                    for object in &received {
                        progress.listed(object.meta.size_bytes);
                    }
                    waiting.extend(received.drain(..));
                }
                Some(read) = in_flight.next() => {
                    for read in read? {
                        progress.read(read.listed.meta.size_bytes);
                        take(read);
                    }
                }
            }
        }
    }

    /// Enough for no worker to wait for the I/O thread. Each batch has one file open at most, which is
    /// what a request is to other stores.
    fn batches_in_flight(&self) -> usize {
        (4 * self.settings.threads.max(1)).min(self.settings.requests_in_flight.max(1))
    }

    fn next_batch(&self, waiting: &mut VecDeque<ListedObject>) -> Option<Batch> {
        let mut batch = Batch::default();
        let mut sum_bytes = 0;
        while sum_bytes < BATCH_BYTES
            && let Some(listed) = waiting.pop_front()
        {
            let size_bytes = listed.meta.size_bytes;
            sum_bytes += size_bytes;
            if !self.is_streamed(size_bytes) {
                batch.largest_bytes = batch.largest_bytes.max(size_bytes);
            }
            batch.objects.push(listed);
        }
        (!batch.objects.is_empty()).then_some(batch)
    }

    async fn read_batch(
        &self,
        reader: &LocalReader,
        batch: Batch,
    ) -> Result<Vec<ReadObject<D::Reading>>, Error> {
        let units = self.units(batch.largest_bytes);
        // The semaphore is never closed.
        let _bytes = self.bytes.acquire_many(units).await;
        let (reader, decoder) = (reader.clone(), self.decoder);
        let max_whole_bytes = u64::from(units) * BYTE_UNIT;
        let read = move |listed: ListedObject| {
            let reading = read_file(&reader, decoder, &listed.meta.key, max_whole_bytes);
            ReadObject { listed, reading }
        };
        self.workers.run(move || batch.objects.into_iter().map(read).collect()).await
    }
}

/// Reads a file on this thread. One that has grown beyond what was reserved for it since it was listed
/// is streamed, as are large ones.
fn read_file<D: Decoder>(
    reader: &LocalReader,
    decoder: D,
    key: &str,
    max_whole_bytes: u64,
) -> Result<D::Reading, Unreadable> {
    let mut file = reader.open(key).map_err(|error| unreadable(&error))?;
    if file.size_bytes() > max_whole_bytes {
        return decoder.stream(BufReader::with_capacity(CHUNK_BYTES, Streamed(file)));
    }
    with_buffers(|Buffers { body, scratch }| {
        file.read_rest(body).map_err(|error| unreadable(&error))?;
        decoder.whole(body, scratch)
    })
}

/// A file whose errors are sentences.
struct Streamed(LocalFile);

impl Read for Streamed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out).map_err(|error| io::Error::other(sentence(&error)))
    }
}
