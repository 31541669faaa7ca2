//! The commands, one module each.

pub(crate) mod basis;
pub(crate) mod build;
pub(crate) mod catalog;
pub(crate) mod ddl;
pub(crate) mod explain;
pub(crate) mod generate;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod prices;
pub(crate) mod read;
pub(crate) mod reconcile;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod show;
pub(crate) mod verify;

use std::io::{self, Write};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::{Exit, Failure};

/// Writes data to stdout.
///
/// # Errors
/// If stdout cannot be written to. A reader that has gone (`| head`) is not an error.
pub(crate) fn print(text: &str) -> io::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(io::Error::new(error.kind(), format!("stdout: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// The signals that end a command.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Waits for a future, or drops it when a signal comes.
    ///
    /// # Errors
    /// [`Failure::Signal`] if a signal came first.
    pub(crate) async fn or<T>(&mut self, future: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            done = future => Ok(done),
            _ = self.interrupt.recv() => Err(Failure::Signal(Exit::Interrupted)),
            _ = self.terminate.recv() => Err(Failure::Signal(Exit::Terminated)),
        }
    }
}

/// Runs `work` on the I/O thread. A signal ends only what `work` passes to [`Signals::or`].
///
/// # Errors
/// If the runtime or the signal handlers cannot be set up, and those of `work`.
pub(crate) fn block_on<T>(
    work: impl AsyncFnOnce(&mut Signals) -> Result<T, Failure>,
) -> Result<T, Failure> {
    /// How long to wait at the end for writes to a disk.
    const LAST_WRITES: Duration = Duration::from_secs(2);
    /// Concurrent file system calls: enough to hide the latency of a network file system.
    const BLOCKING_THREADS: usize = 8;
    // One thread, because requests of one S3 client cost half as much CPU there as on several.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()?;
    let done = runtime.block_on(async {
        let interrupt = signal(SignalKind::interrupt())?;
        let mut signals = Signals { interrupt, terminate: signal(SignalKind::terminate())? };
        work(&mut signals).await
    });
    runtime.shutdown_timeout(LAST_WRITES);
    done
}
