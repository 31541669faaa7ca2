//! Writing a file so that it is there whole, or not at all, also after a power cut.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tempfile::NamedTempFile;

use crate::content::Content;
use crate::folder::key::TEMPORARY;
use crate::folder::{is_absent, parent, read};
use crate::guard::Condition;

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

/// A file that is written and synced, and has no name yet that anybody reads.
#[derive(Debug)]
pub(super) struct Written(NamedTempFile);

/// Writes a file that can be placed at `path`. Makes the folders above it.
pub(super) fn begin(path: &Path, content: &Content, unsynced: &Unsynced) -> io::Result<Written> {
    let folder = parent(path);
    let mut temporary = match create_temporary(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            unsynced.make_folder(folder)?;
            create_temporary(path)?
        }
        created => created?,
    };
    all(temporary.as_file_mut(), content)?;
    // Some errors come out only then.
    temporary.as_file().sync_all()?;
    Ok(Written(temporary))
}

impl Written {
    /// Gives the file its name if the condition holds, and returns its `etag` then. Under the lock of the
    /// store; the folder is to be synced afterwards.
    pub(super) fn place(self, path: &Path, condition: &Condition) -> io::Result<Option<String>> {
        let present = present(path)?;
        if !is_met(condition, present.as_ref()) {
            return Ok(None);
        }
        let etag = set_later_time(self.0.as_file(), present.as_ref())?;
        self.0.persist(path).map_err(|error| error.error)?;
        Ok(Some(etag))
    }
}

/// Whether the condition holds for what is at `path`.
pub(super) fn holds(path: &Path, condition: &Condition) -> io::Result<bool> {
    Ok(is_met(condition, present(path)?.as_ref()))
}

fn present(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_met(condition: &Condition, present: Option<&Metadata>) -> bool {
    let present = present.filter(|present| present.is_file()).map(read::etag);
    match condition {
        Condition::Any => true,
        Condition::Absent => present.is_none(),
        Condition::Unchanged { etag } => present.as_ref() == Some(etag),
    }
}

/// Gives a file a later time than that of the one that it replaces, if it has none, and returns the `etag`
/// that it has with it. By the system's coarse clock, two writes of one size in short succession could look
/// like one, and by a clock that was set back, like an earlier one.
fn set_later_time(file: &File, present: Option<&Metadata>) -> io::Result<String> {
    let written = file.metadata()?;
    let Some(present) = present else { return Ok(read::etag(&written)) };
    if written.modified()? > present.modified()? {
        return Ok(read::etag(&written));
    }
    let mut step = Duration::from_nanos(1);
    loop {
        file.set_modified(present.modified()? + step)?;
        let etag = read::etag(&file.metadata()?);
        if etag != read::etag(present) {
            return Ok(etag);
        }
        // The file system keeps coarser times.
        step *= 10;
    }
}

/// Deletes a file, durably.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    sync_folder(parent(path))
}

/// Removes unfinished files of writers of `path`.
pub(super) fn remove_unfinished(path: &Path) -> io::Result<()> {
    let prefix = prefix(path);
    for entry in fs::read_dir(parent(path))? {
        let (entry, prefix) = (entry?, prefix.as_encoded_bytes());
        let name = entry.file_name();
        // What `tempfile` adds is letters and digits; a longer key's name goes on with another `-`.
        let is_ours = |rest: &[u8]| rest.iter().all(u8::is_ascii_alphanumeric);
        if name.as_encoded_bytes().strip_prefix(prefix).is_some_and(is_ours) {
            match fs::remove_file(entry.path()) {
                Err(error) if !is_absent(&error) => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Whether files can be made in a folder.
pub(super) fn probe(folder: &Path) -> io::Result<()> {
    create_temporary(&folder.join("probe"))?.close()
}

/// Writes all content to a file.
fn all(file: &mut File, content: &Content) -> io::Result<()> {
    /// For a long write Linux looks for large pieces of free memory, and those may take it ten times as
    /// long to come by as small ones that were in use just now.
    const PIECE_BYTES: usize = 256 << 10;
    match content {
        Content::Bytes(bytes) => {
            bytes.chunks(PIECE_BYTES).try_for_each(|piece| file.write_all(piece))
        }
        Content::File(content) => {
            // Its own position: the file may be written again from its beginning.
            let size_bytes = content.metadata()?.len();
            let mut from = 0;
            while from < size_bytes {
                let mut piece =
                    vec![
                        0;
                        PIECE_BYTES.min(usize::try_from(size_bytes - from).unwrap_or(PIECE_BYTES))
                    ];
                content.read_exact_at(&mut piece, from)?;
                file.write_all(&piece)?;
                from += piece.len() as u64;
            }
            Ok(())
        }
    }
}

/// What the names of files begin with that are written to become `path`.
fn prefix(path: &Path) -> OsString {
    let mut prefix = OsString::from(TEMPORARY);
    // A long name would leave no room for what is added to it.
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    prefix.push(&*String::from_utf8_lossy(&name[..name.len().min(100)]));
    prefix.push("-");
    prefix
}

/// A file that is never listed, and that is gone when it is dropped.
pub(super) fn create_temporary(path: &Path) -> io::Result<NamedTempFile> {
    // As the system would make it, and not for its owner alone.
    let permissions = Permissions::from_mode(0o666);
    let prefix = prefix(path);
    tempfile::Builder::new().prefix(&prefix).permissions(permissions).tempfile_in(parent(path))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a file as a store does, and returns its `etag`; `None` if the condition does not hold.
    fn put(
        path: &Path,
        text: &'static str,
        condition: &Condition,
        unsynced: &Unsynced,
    ) -> Option<String> {
        let content = Content::from(bytes::Bytes::from_static(text.as_bytes()));
        let etag = begin(path, &content, unsynced).unwrap().place(path, condition).unwrap();
        unsynced.sync(parent(path)).unwrap();
        etag
    }

    #[test]
    fn every_folder_that_was_made_is_synced_by_whoever_writes_into_it() {
        let root = tempfile::tempdir().unwrap();
        let unsynced = Unsynced::default();
        let left = || unsynced.folders().iter().cloned().collect::<Vec<_>>();
        let path = |key: &str| root.path().join(key);
        let replace = |key: &str| put(&path(key), "2", &Condition::Any, &unsynced);

        replace("a/b/1");
        assert_eq!(left(), [""; 0].map(PathBuf::from));
        // Made by a writer that has not come to its sync, or that failed.
        unsynced.make_folder(&path("a/c/d")).unwrap();
        unsynced.make_folder(&path("e")).unwrap();
        assert_eq!(left(), [root.path().to_owned(), path("a"), path("a/c")]);
        replace("a/c/d/1");
        assert_eq!(left(), [""; 0].map(PathBuf::from));
        unsynced.make_folder(&path("e/f")).unwrap();
        replace("a/2");
        assert_eq!(left(), [path("e")], "another's folder is not this writer's to sync");
        assert_eq!(fs::read(path("a/2")).unwrap(), b"2");
    }

    #[test]
    fn a_replacement_is_later_whatever_the_clock_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "1").unwrap();
        let future = std::time::SystemTime::now() + Duration::from_secs(1 << 20);
        File::options().write(true).open(&path).unwrap().set_modified(future).unwrap();
        let unsynced = Unsynced::default();
        let mut present = fs::metadata(&path).unwrap();
        for content in ["2", "3", "4"] {
            let condition = Condition::Unchanged { etag: read::etag(&present) };
            let etag = put(&path, content, &condition, &unsynced);
            let replaced = fs::metadata(&path).unwrap();
            assert!(replaced.modified().unwrap() > present.modified().unwrap());
            assert_eq!(etag, Some(read::etag(&replaced)));
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
            present = replaced;
        }
    }

    #[test]
    fn unfinished_files_of_one_object_are_removed_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let [ours, other] = ["a", "a-b"].map(|name| folder.path().join(name));
        let kept = [&ours, &ours, &other].map(|path| create_temporary(path).unwrap());
        let names = kept.map(|temporary| temporary.keep().unwrap().1);
        remove_unfinished(&ours).unwrap();
        assert_eq!(names.map(|name| name.exists()), [false, false, true]);
        remove_unfinished(&folder.path().join("absent/x")).unwrap_err();
    }
}
