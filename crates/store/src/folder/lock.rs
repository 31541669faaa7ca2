//! The lock of a folder, at which writers wait for one another, in this process or in others.
//!
//! It is held while a condition is checked and a file that is written already gets its name. It is the
//! system's and goes with its holder, so that a writer that dies leaves nothing locked; its file stays. It
//! is a file and not the folder itself, because network file systems lock for writing only what is open for
//! writing.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::folder::key::LOCK;

/// What is done under it takes microseconds: a holder that keeps it longer is stopped.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const ASKED_EVERY: Duration = Duration::from_millis(5);

/// Takes the lock of a store's root. It is let go when the file is dropped.
pub(super) fn take(root: &Path) -> io::Result<File> {
    let path = root.join(LOCK);
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if begun.elapsed() < LONGEST_WAIT => sleep(ASKED_EVERY),
            Err(TryLockError::WouldBlock) => {
                let text =
                    format!("another process holds the lock {} all the time", path.display());
                return Err(io::Error::new(ErrorKind::TimedOut, text));
            }
            Err(TryLockError::Error(error)) => {
                let text = format!("the file system cannot lock {}: {error}", path.display());
                return Err(io::Error::new(error.kind(), text));
            }
        }
    }
}
