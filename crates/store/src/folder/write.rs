//! Writing a file so that it is there whole, or not at all, also after a power cut.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::folder::key::TEMPORARY;
use crate::folder::parent;

/// Writes a file beside its place, then moves it there. Makes the folders above it.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = parent(path);
    make_folder(folder)?;
    let (temporary, file) = create_temporary(folder)?;
    let written = fill(file, bytes).and_then(|()| fs::rename(&temporary, path));
    if let Err(error) = written {
        // The first error is the one to report; what is left behind is never listed.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    sync_folder(folder)
}

/// Deletes a file, durably.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    sync_folder(parent(path))
}

/// Makes a folder and those above it, durably.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    // The root and the current folder are there, so this ends.
    make_folder(parent(path))?;
    match fs::create_dir(path) {
        Ok(()) => sync_folder(parent(path)),
        // Another writer was faster.
        Err(_) if path.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether files can be made in a folder.
pub(super) fn probe(folder: &Path) -> io::Result<()> {
    let (temporary, _) = create_temporary(folder)?;
    fs::remove_file(temporary)
}

fn fill(mut file: File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
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

pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
