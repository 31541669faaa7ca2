//! Writing a file so that it is there whole, or not at all, also after a power cut.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use crate::folder::key::TEMPORARY;
use crate::folder::parent;

/// Folders in which others were made that a power cut could still take away.
///
/// They are synced after the file is in its place, when the journals of most file systems have them
/// already, and not one by one as they are made. A writer that meets a folder that another writer has
/// made syncs what that one has not synced yet.
#[derive(Debug, Default)]
pub(super) struct Unsynced {
    /// Each with the number of folders that had been made when the last was made in it.
    folders: Mutex<BTreeMap<PathBuf, u64>>,
    n_made: AtomicU64,
}

impl Unsynced {
    /// Makes a folder and those above it, which [`Unsynced::sync`] makes durable.
    pub(super) fn make_folder(&self, path: &Path) -> io::Result<()> {
        if path.is_dir() {
            return Ok(());
        }
        // The root and the current folder are there, so this ends.
        let above = parent(path);
        self.make_folder(above)?;
        // Held while the folder is made: who sees it then sees also that it is not synced.
        let mut folders = self.folders();
        match fs::create_dir(path) {
            Ok(()) => {
                let n_made = self.n_made.fetch_add(1, Ordering::Relaxed);
                folders.insert(above.to_owned(), n_made);
                Ok(())
            }
            // Another writer was faster.
            Err(_) if path.is_dir() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Makes durable what was made, moved or deleted in a folder, and that folder itself.
    pub(super) fn sync(&self, folder: &Path) -> io::Result<()> {
        let above = |(path, _): &(&PathBuf, &u64)| folder.starts_with(path);
        let unsynced: Vec<_> = self
            .folders()
            .iter()
            .filter(above)
            .map(|(path, n_made)| (path.clone(), *n_made))
            .collect();
        if !unsynced.iter().any(|(path, _)| path == folder) {
            sync_folder(folder)?;
        }
        for (path, n_made) in unsynced {
            sync_folder(&path)?;
            let mut folders = self.folders();
            // Otherwise one more was made in it meanwhile.
            if folders.get(&path) == Some(&n_made) {
                folders.remove(&path);
            }
        }
        Ok(())
    }

    fn folders(&self) -> MutexGuard<'_, BTreeMap<PathBuf, u64>> {
        self.folders.lock().expect("no holder panics")
    }
}

/// Has a file filled beside its place, then moves it there. Makes the folders above it.
pub(super) fn replace(
    path: &Path,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
    unsynced: &Unsynced,
) -> io::Result<()> {
    let folder = parent(path);
    let (temporary, mut file) = match create_temporary(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            unsynced.make_folder(folder)?;
            create_temporary(folder)?
        }
        created => created?,
    };
    let written = fill(&mut file).and_then(|()| file.sync_all());
    drop(file);
    if let Err(error) = written.and_then(|()| fs::rename(&temporary, path)) {
        // The first error is the one to report; what is left behind is never listed.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    unsynced.sync(folder)
}

/// Deletes a file, durably.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    sync_folder(parent(path))
}

/// Whether files can be made in a folder.
pub(super) fn probe(folder: &Path) -> io::Result<()> {
    let (temporary, _) = create_temporary(folder)?;
    fs::remove_file(temporary)
}

/// Writes all bytes to a file.
pub(super) fn all(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    /// For a long write Linux looks for large pieces of free memory, and those may take it ten times as
    /// long to come by as small ones that were in use just now.
    const PIECE_BYTES: usize = 256 << 10;
    bytes.chunks(PIECE_BYTES).try_for_each(|piece| file.write_all(piece))
}

pub(super) fn create_temporary(folder: &Path) -> io::Result<(PathBuf, File)> {
    static N_CREATED: AtomicU64 = AtomicU64::new(0);
    loop {
        let n_created = N_CREATED.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{TEMPORARY}{}-{n_created}", process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            // Left behind by a process of the same number.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            result => return result.map(|file| (path, file)),
        }
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_that_was_made_is_synced_by_whoever_writes_into_it() {
        let root = tempfile::tempdir().unwrap();
        let unsynced = Unsynced::default();
        let left = || unsynced.folders().keys().cloned().collect::<Vec<_>>();
        let path = |key: &str| root.path().join(key);

        replace(&path("a/b/1"), |file| all(file, b"1"), &unsynced).unwrap();
        assert_eq!(left(), [""; 0].map(PathBuf::from));
        // Made by a writer that has not come to its sync, or that failed.
        unsynced.make_folder(&path("a/c/d")).unwrap();
        unsynced.make_folder(&path("e")).unwrap();
        assert_eq!(left(), [root.path().to_owned(), path("a"), path("a/c")]);
        replace(&path("a/c/d/1"), |file| all(file, b"1"), &unsynced).unwrap();
        assert_eq!(left(), [""; 0].map(PathBuf::from));
        unsynced.make_folder(&path("e/f")).unwrap();
        replace(&path("a/2"), |file| all(file, b"2"), &unsynced).unwrap();
        assert_eq!(left(), [path("e")], "another's folder is not this writer's to sync");
        assert_eq!(fs::read(path("a/2")).unwrap(), b"2");
    }
}
