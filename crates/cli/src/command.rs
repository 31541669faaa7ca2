//! The commands, one module each.

pub mod ddl;
pub mod explain;
pub mod plan;
pub mod prices;
pub mod run;
pub mod verify;

use std::io::{self, Write};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::{Exit, Failure};

/// Writes data to stdout.
///
/// # Errors
/// If stdout cannot be written. A reader that has seen enough (`| head`) is no error.
pub fn print(text: &str) -> io::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Signals that ask the command to end.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Waits for a future until a signal comes; then the future is dropped where it stands.
    ///
    /// # Errors
    /// [`Failure::Signal`] if a signal came first.
    pub async fn or<T>(&mut self, future: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            done = future => Ok(done),
            _ = self.interrupt.recv() => Err(Failure::Signal(Exit::Interrupted)),
            _ = self.terminate.recv() => Err(Failure::Signal(Exit::Terminated)),
        }
    }
}

/// Runs `work` on the I/O thread. Signals do nothing but what `work` lets them do.
///
/// # Errors
/// If the runtime or the signal handlers cannot be set up; those of `work`.
pub fn block_on<T>(
    work: impl AsyncFnOnce(&mut Signals) -> Result<T, Failure>,
) -> Result<T, Failure> {
    /// How long writes to a disk that have begun are waited for at the end.
    const LAST_WRITES: Duration = Duration::from_secs(2);
    /// Calls of a file system at a time: enough to wait for one over a network, few enough to be had.
    const BLOCKING_THREADS: usize = 8;
    // One thread: the requests of one S3 client cost half as much when they are not spread.
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
