//! From the I/O thread to the worker threads and back: the one function that crosses.

use std::cell::RefCell;
use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::thread;

use bytes::{Buf, Bytes};
use logs::Scratch;
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::{mpsc, oneshot};

use crate::error::Error;

thread_local! {
    /// Each worker uses its scratch again and again.
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::default());
}

/// A scratch that grew larger is given back, so that one large object does not count for ever.
const MAX_KEPT_BYTES: usize = 32 << 20;

/// The threads for everything that computes.
#[derive(Debug, Clone)]
pub(crate) struct Workers {
    pool: Arc<ThreadPool>,
}

/// A body that is read while it arrives.
#[derive(Debug)]
pub(crate) struct ChunkReader {
    chunks: mpsc::Receiver<Result<Bytes, String>>,
    chunk: Bytes,
}

impl Workers {
    /// Starts the threads.
    ///
    /// # Errors
    /// If the system has none.
    pub(crate) fn start(threads: usize) -> Result<Self, Error> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads.max(1))
            .thread_name(|index| format!("worker-{index}"))
            .build()
            .map_err(Error::Threads)?;
        Ok(Workers { pool: Arc::new(pool) })
    }

    /// Runs `task` on a worker. The runtime never computes, and the workers never wait: neither for a
    /// socket nor for a file.
    ///
    /// # Errors
    /// If the task panics.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (done, result) = oneshot::channel();
        self.pool.spawn(move || {
            // The receiver is gone if the run was given up.
            let _ = done.send(task());
        });
        result.await.map_err(|_| Error::Worker)
    }
}

/// Runs `task`, which computes and waits in turn, on a thread of its own: on a worker, it would keep
/// others from being computed while it waits, and on one of the runtime's threads for file system calls,
/// it could keep the calls that it waits for from being made. Whoever calls bounds how many there are at
/// a time.
///
/// # Errors
/// If the system has no thread, or the task panics.
pub(crate) async fn run_waiting<T: Send + 'static>(
    task: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let (done, result) = oneshot::channel();
    let run = move || {
        // The receiver is gone if the run was given up.
        let _ = done.send(task());
    };
    thread::Builder::new().name("stream".to_owned()).spawn(run).map_err(|_| Error::Worker)?;
    result.await.map_err(|_| Error::Worker)
}

/// Lends the worker's own scratch to `read`.
pub(crate) fn with_scratch<T>(read: impl FnOnce(&mut Scratch) -> T) -> T {
    SCRATCH.with_borrow_mut(|scratch| {
        let result = read(scratch);
        scratch.shrink(MAX_KEPT_BYTES);
        result
    })
}

impl ChunkReader {
    /// A reader and the channel that feeds it. The channel holds a few chunks, which bounds what a
    /// streamed body takes.
    pub(crate) fn new() -> (mpsc::Sender<Result<Bytes, String>>, Self) {
        const CHUNKS: usize = 4;
        let (sender, chunks) = mpsc::channel(CHUNKS);
        (sender, ChunkReader { chunks, chunk: Bytes::new() })
    }
}

impl Read for ChunkReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(out.len());
        out[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for ChunkReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.chunk.is_empty() {
            match self.chunks.blocking_recv() {
                Some(Ok(chunk)) => self.chunk = chunk,
                Some(Err(error)) => return Err(io::Error::other(error)),
                None => break,
            }
        }
        Ok(&self.chunk)
    }

    fn consume(&mut self, count: usize) {
        self.chunk.advance(count);
    }
}
