//! Writing a file so that it is there whole, or not at all, also after a power cut.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use tempfile::NamedTempFile;

use crate::folder::key::TEMPORARY;
use crate::folder::parent;

/// Folders in which others were made that a power cut could still take away.
///
/// They are synced after the file has its name, when the journals of most file systems have them
/// already, and not one by one as they are made. A writer that meets a folder that another writer has
/// made syncs what that one has not synced yet.
#[derive(Debug, Default)]
pub(super) struct Unsynced(Mutex<BTreeSet<PathBuf>>);

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
                folders.insert(above.to_owned());
                Ok(())
            }
            // Another writer was faster.
            Err(_) if path.is_dir() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Makes durable what was made, moved or deleted in a folder, and that folder itself.
    pub(super) fn sync(&self, folder: &Path) -> io::Result<()> {
        sync_folder(folder)?;
        // Held meanwhile: who finds a folder no longer here may rely on it.
        let mut folders = self.folders();
        for above in folder.ancestors() {
            let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
            if folders.contains(above) {
                sync_folder(above)?;
                folders.remove(above);
            }
        }
        Ok(())
    }

    fn folders(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.0.lock().expect("no holder panics")
    }
}

/// Has a temporary file filled, then renames it. Makes the folders above it.
pub(super) fn replace(
    path: &Path,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
    unsynced: &Unsynced,
) -> io::Result<()> {
    let folder = parent(path);
    let mut temporary = match create_temporary(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            unsynced.make_folder(folder)?;
            create_temporary(folder)?
        }
        created => created?,
    };
    fill(temporary.as_file_mut())?;
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    unsynced.sync(folder)
}

/// Deletes a file, durably.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    sync_folder(parent(path))
}

/// Whether files can be made in a folder.
pub(super) fn probe(folder: &Path) -> io::Result<()> {
    create_temporary(folder)?.close()
}

/// Writes all bytes to a file.
pub(super) fn all(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    /// For a long write Linux looks for large pieces of free memory, and those may take it ten times as
    /// long to come by as small ones that were in use just now.
    const PIECE_BYTES: usize = 256 << 10;
    bytes.chunks(PIECE_BYTES).try_for_each(|piece| file.write_all(piece))
}

/// A file that is never listed, and that is gone when it is dropped.
pub(super) fn create_temporary(folder: &Path) -> io::Result<NamedTempFile> {
    // As for any new file, and not for its owner alone.
    let permissions = Permissions::from_mode(0o666);
    tempfile::Builder::new().prefix(TEMPORARY).permissions(permissions).tempfile_in(folder)
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
        let left = || unsynced.folders().iter().cloned().collect::<Vec<_>>();
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
