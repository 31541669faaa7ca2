//! Reads the files of this machine on the workers, many small ones at a time.
//!
//! A file costs little more than to open it, so that handing each to a worker and back by itself would
//! cost as much as reading it. A batch of files goes to a worker, which reads and decodes one after the
//! other.

use std::collections::VecDeque;
use std::io::{self, BufReader, Read};

use futures::stream::{FuturesUnordered, StreamExt};
use logs::Unreadable;
use store::{LocalFile, LocalFiles, LocalReader};
use tokio::sync::mpsc::Receiver;

use crate::error::Error;
use crate::outcome::progress::Progress;
use crate::source::fetch::{BYTE_UNIT, Decoder, Fetcher, ReadObject, sentence, unreadable};
use crate::source::list::ListedObject;
use crate::work::{Buffers, with_buffers};

/// The most files of a batch.
const BATCH_OBJECTS: usize = 32;

/// A batch that is as large gets no more files: there is enough to do to wake a worker for.
const BATCH_BYTES: u64 = 1 << 20;

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
        let (mut files, decoder) = (reader.files(), self.decoder);
        let max_whole_bytes = u64::from(units) * BYTE_UNIT;
        let read = move |listed: ListedObject| {
            let reading = read_file(&mut files, decoder, &listed.meta.key, max_whole_bytes);
            ReadObject { listed, reading }
        };
        self.workers.run(move || batch.objects.into_iter().map(read).collect()).await
    }
}

/// Reads a file on this thread. One that has grown beyond what was reserved for it since it was listed
/// is streamed, as are large ones.
fn read_file<D: Decoder>(
    files: &mut LocalFiles,
    decoder: D,
    key: &str,
    max_whole_bytes: u64,
) -> Result<D::Reading, Unreadable> {
    let mut file = files.open(key).map_err(|error| unreadable(&error))?;
    if file.size_bytes() > max_whole_bytes {
        return decoder.stream(BufReader::with_capacity(CHUNK_BYTES, Streamed(file)));
    }
    with_buffers(|Buffers { body, scratch }| {
        let body = file.read_rest(body).map_err(|error| unreadable(&error))?;
        decoder.whole(body, scratch)
    })
}

/// A file whose errors are sentences.
struct Streamed<'f>(LocalFile<'f>);

impl Read for Streamed<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out).map_err(|error| io::Error::other(sentence(&error)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::io::BufRead;
    use std::path::Path;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use logs::Scratch;
    use store::{Folder, ObjectMeta};
    use tokio::sync::mpsc;

    use super::*;
    use crate::settings::Settings;
    use crate::work::Workers;

    /// Gives the content as it came, and counts.
    #[derive(Debug, Clone, Copy)]
    struct Plain(&'static Counters);

    #[derive(Debug, Default)]
    struct Counters {
        reading: AtomicUsize,
        most_reading: AtomicUsize,
    }

    #[derive(Debug, PartialEq, Eq)]
    enum Came {
        Whole(Vec<u8>),
        Streamed(Vec<u8>),
    }

    impl Decoder for Plain {
        type Reading = Came;

        fn whole(&self, body: &[u8], _: &mut Scratch) -> Result<Came, Unreadable> {
            let Plain(Counters { reading, most_reading }) = self;
            most_reading.fetch_max(reading.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(std::time::Duration::from_micros(200));
            reading.fetch_sub(1, Ordering::SeqCst);
            Ok(Came::Whole(body.to_vec()))
        }

        fn stream(&self, mut body: impl BufRead) -> Result<Came, Unreadable> {
            let mut content = Vec::new();
            let read = body.read_to_end(&mut content);
            read.map_err(|error| Unreadable::Body(error.to_string()))?;
            Ok(Came::Streamed(content))
        }
    }

    /// Reads the files, which are listed with these sizes, and tells what came of each, and how many
    /// were read at once.
    fn read(
        root: &Path,
        settings: &Settings,
        listed: &[(&str, u64)],
    ) -> (BTreeMap<String, Result<Came, String>>, usize) {
        let counters: &Counters = Box::leak(Box::default());
        let store = Folder::open(root).unwrap();
        let workers = Workers::start(settings.threads).unwrap();
        let fetcher = Fetcher::new(&store, settings, &workers, Plain(counters));
        let progress = Progress::default();
        let (sender, receiver) = mpsc::channel(3);
        let mut came = BTreeMap::new();
        let listing = async {
            let sender = sender;
            for (key, size_bytes) in listed {
                let meta =
                    ObjectMeta { key: (*key).to_owned(), size_bytes: *size_bytes, etag: None };
                sender.send(ListedObject { meta, delivery: None, is_late: false }).await.unwrap();
            }
        };
        let take = |read: ReadObject<Came>| {
            let reading = read.reading.map_err(|error| error.to_string());
            assert!(came.insert(read.listed.meta.key, reading).is_none(), "an object came twice");
        };
        let reading = fetcher.read_all(receiver, &progress, take);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let ((), read) = runtime.block_on(async { futures::future::join(listing, reading).await });
        read.unwrap();
        let snapshot = progress.snapshot();
        assert_eq!(snapshot.read_objects, listed.len() as u64);
        assert_eq!(snapshot.read_bytes, listed.iter().map(|(_, bytes)| bytes).sum::<u64>());
        (came, counters.most_reading.load(Ordering::SeqCst))
    }

    #[test]
    fn every_file_comes_once_and_no_more_are_read_at_once_than_asked() {
        let root = tempfile::tempdir().unwrap();
        let keys: Vec<_> = (0..300).map(|n| format!("{n:03}")).collect();
        for key in &keys {
            fs::write(root.path().join(key), key.repeat(1000)).unwrap();
        }
        let listed: Vec<_> = keys.iter().map(|key| (key.as_str(), 3000)).collect();
        for (threads, requests_in_flight) in [(1, 64), (4, 64), (4, 2), (4, 1)] {
            let settings = Settings { threads, requests_in_flight, ..Settings::new(None) };
            let (came, most_reading) = read(root.path(), &settings, &listed);
            assert_eq!(came.len(), 300);
            for (key, came) in came {
                assert_eq!(came, Ok(Came::Whole(key.repeat(1000).into_bytes())));
            }
            assert!(most_reading <= threads.min(requests_in_flight), "{most_reading} at once");
        }
    }

    #[test]
    fn what_is_larger_than_its_share_or_has_grown_is_streamed() {
        let root = tempfile::tempdir().unwrap();
        let content = |size_bytes: u64| vec![b'x'; size_bytes as usize];
        let sizes = [("empty", 0), ("small", 100), ("large", 10_000), ("larger", 1 << 20)];
        for (key, size_bytes) in sizes.into_iter().chain([("grown", 50_000), ("shrunk", 10)]) {
            fs::write(root.path().join(key), content(size_bytes)).unwrap();
        }
        let settings = Settings { bytes_in_flight: 32 << 10, threads: 2, ..Settings::new(None) };
        let mut listed = sizes.to_vec();
        listed.extend([("grown", 5000), ("shrunk", 7000)]);
        let (came, _) = read(root.path(), &settings, &listed);
        assert_eq!(came["empty"], Ok(Came::Whole(content(0))));
        assert_eq!(came["small"], Ok(Came::Whole(content(100))));
        assert_eq!(came["large"], Ok(Came::Streamed(content(10_000))));
        assert_eq!(came["larger"], Ok(Came::Streamed(content(1 << 20))));
        assert_eq!(came["grown"], Ok(Came::Streamed(content(50_000))));
        assert_eq!(came["shrunk"], Ok(Came::Whole(content(10))));
    }

    #[test]
    fn what_cannot_be_read_is_unreadable_alone() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("there"), "x").unwrap();
        let (came, _) = read(root.path(), &Settings::new(None), &[("gone", 5), ("there", 1)]);
        assert_eq!(came["there"], Ok(Came::Whole(b"x".to_vec())));
        let gone = format!("`{}` does not exist", root.path().join("gone").display());
        assert_eq!(came["gone"], Err(gone));
    }
}
