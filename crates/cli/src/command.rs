//! The commands, one module each.

pub mod ddl;
pub mod explain;
pub mod plan;
pub mod prices;
pub mod run;

use std::io::{self, Write};

use crate::exit::Exit;

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

/// Runs a future on the I/O thread until it is done or a signal comes.
///
/// # Errors
/// If the runtime or the signal handlers cannot be set up.
pub fn block_on<T>(future: impl Future<Output = T>) -> io::Result<Result<T, Exit>> {
    use tokio::signal::unix::{SignalKind, signal};

    // One thread: the requests of one S3 client cost half as much when they are not spread.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            done = future => Ok(Ok(done)),
            interrupted = tokio::signal::ctrl_c() => interrupted.map(|()| Err(Exit::Interrupted)),
            _ = terminate.recv() => Ok(Err(Exit::Terminated)),
        }
    })
}
