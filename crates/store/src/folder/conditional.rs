//! Writing a file on a condition, so that one of many writers wins, in this process or in others.
//!
//! Conditional writes wait for one another at a lock file in the folder of what they write. The lock is
//! the system's and goes with its holder, so that a writer that dies leaves nothing locked; the file
//! stays. It is a file and not the folder itself, because network file systems lock for writing only
//! what is open for writing.
//!
//! What is written is synced, because some errors come out only then; its folder is not.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::folder::key::LOCK;
use crate::folder::write::{self, Unsynced};
use crate::folder::{is_absent, parent, read};
use crate::store::{Condition, Put};

/// Writes a file whole if the condition holds.
pub(super) fn replace_if(
    unsynced: &Unsynced,
    path: &Path,
    bytes: &[u8],
    condition: &Condition,
) -> io::Result<Put> {
    let folder = parent(path);
    unsynced.make_folder(folder)?;
    // Let go when it is dropped.
    let _lock = lock(folder)?;
    let present = match fs::metadata(path) {
        Ok(metadata) => Some(metadata),
        Err(error) if is_absent(&error) => None,
        Err(error) => return Err(error),
    };
    let present_etag = present.as_ref().filter(|present| present.is_file()).map(read::etag);
    let holds = match condition {
        Condition::Absent => present_etag.is_none(),
        Condition::Unchanged { etag } => present_etag.as_ref() == Some(etag),
    };
    if !holds {
        return Ok(Put::ConditionFailed);
    }
    let mut temporary = write::create_temporary(folder)?;
    temporary.write_all(bytes)?;
    let etag = set_new_time(temporary.as_file(), present.as_ref())?;
    temporary.as_file().sync_all()?;
    let placed = match condition {
        // Does not replace what an unconditional write, which takes no lock, has put there meanwhile.
        Condition::Absent => temporary.persist_noclobber(path),
        Condition::Unchanged { .. } => temporary.persist(path),
    };
    match placed {
        Ok(_) => Ok(Put::Done { etag }),
        Err(error) if is_taken(&error.error, path) => Ok(Put::ConditionFailed),
        Err(error) => Err(error.error),
    }
}

fn lock(folder: &Path) -> io::Result<File> {
    let path = folder.join(LOCK);
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    file.lock()?;
    Ok(file)
}

/// Gives a file a later time than that of the one that it replaces, and returns the `etag` that it has
/// with it. By the system's coarse clock, two writes of one size in short succession could look like
/// one, and by a clock that was set back, like an earlier one.
fn set_new_time(file: &File, present: Option<&Metadata>) -> io::Result<String> {
    let mut time = SystemTime::now();
    if let Some(present) = present {
        time = time.max(present.modified()? + Duration::from_nanos(1));
    }
    let present = present.map(read::etag);
    let mut step = Duration::from_micros(1);
    loop {
        file.set_modified(time)?;
        let etag = read::etag(&file.metadata()?);
        if present.as_ref() != Some(&etag) {
            return Ok(etag);
        }
        // The file system keeps coarser times.
        time += step;
        step *= 10;
    }
}

/// Whether a file was not placed because one is already there.
fn is_taken(error: &io::Error, path: &Path) -> bool {
    let is_file = || fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    error.kind() == ErrorKind::AlreadyExists && is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replacement_is_later_whatever_the_clock_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "1").unwrap();
        let future = SystemTime::now() + Duration::from_secs(1 << 20);
        File::options().write(true).open(&path).unwrap().set_modified(future).unwrap();
        let unsynced = Unsynced::default();
        let mut present = fs::metadata(&path).unwrap();
        for content in ["2", "3", "4"] {
            let condition = Condition::Unchanged { etag: read::etag(&present) };
            let put = replace_if(&unsynced, &path, content.as_bytes(), &condition).unwrap();
            let replaced = fs::metadata(&path).unwrap();
            assert!(replaced.modified().unwrap() > present.modified().unwrap());
            assert_eq!(put, Put::Done { etag: read::etag(&replaced) });
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
            present = replaced;
        }
    }
}
