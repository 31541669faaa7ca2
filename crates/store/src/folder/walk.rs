//! Walking a folder in the order in which S3 lists: by the UTF-8 bytes of the whole key.
//!
//! A folder's entries are sorted with a `/` after the names of folders, so that `a.b` comes before
//! what is in `a`. Only the folders from the root to the current one are held. What is known to
//! lie before the start, or outside the prefix, is not read. The sizes and times of a folder's files are
//! those of the moment when the walk came to the folder.

use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{fs, io, vec};

use crate::error::Error;
use crate::folder::is_absent;
use crate::folder::key::{self, TEMPORARY};
use crate::folder::read::Stamp;
use crate::store::{ListRequest, ObjectMeta};

/// Where a walk stands.
#[derive(Debug)]
pub(super) struct Walk {
    delimiter: bool,
    or_empty: bool,
    after: Option<String>,
    /// From the folder of the prefix to the current one.
    stack: Vec<Frame>,
    next: Option<Item>,
}

/// What a walk finds.
#[derive(Debug)]
pub(super) enum Item {
    File(ObjectMeta),
    /// With a `/` at its end. Only found with a delimiter.
    Folder(String),
}

/// A folder whose entries are not yet all taken.
#[derive(Debug)]
struct Frame {
    path: PathBuf,
    /// Empty, or ends with `/`.
    key: String,
    /// Whether the walk came here by a link, on its way from where it began.
    is_linked: bool,
    entries: vec::IntoIter<Entry>,
}

#[derive(Debug)]
struct Entry {
    /// With a `/` at the end of a folder's.
    name: String,
    /// If it is not `name`.
    real_name: Option<OsString>,
    kind: Kind,
    /// Of a file that was looked at while its folder was read, which is cheaper than by its path.
    stamp: Option<Stamp>,
}

/// What an entry is, if it can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Folder,
    LinkedFolder,
    File,
    LinkedFile,
}

impl Walk {
    /// Begins a walk over what is asked for.
    pub(super) fn begin(root: &Path, request: &ListRequest) -> Result<Self, Error> {
        let &ListRequest { ref prefix, delimiter, or_empty, .. } = request;
        let after = request.after().map(str::to_owned);
        let mut walk = Self { delimiter, or_empty, after, stack: Vec::new(), next: None };
        let (folder, name) = prefix.split_at(prefix.rfind('/').map_or(0, |slash| slash + 1));
        let path = match folder.strip_suffix('/') {
            None => root.to_owned(),
            Some(inner) if key::refusal(inner).is_none() => root.join(inner),
            // No key of a folder begins like this.
            Some(_) => return Ok(walk),
        };
        if !walk.enter(path, folder.to_owned(), name, false)? && !root.is_dir() {
            return Err(Error::FolderNotFound { path: root.to_owned() });
        }
        Ok(walk)
    }

    /// The next file or folder.
    pub(super) fn next(&mut self) -> Result<Option<Item>, Error> {
        if let Some(item) = self.next.take() {
            return Ok(Some(item));
        }
        while let Some(frame) = self.stack.last_mut() {
            let Some(entry) = frame.entries.next() else {
                self.stack.pop();
                continue;
            };
            let key = [frame.key.as_str(), &entry.name].concat();
            if let Some(stamp) = entry.stamp {
                return Ok(Some(Item::File(stamp.meta(key))));
            }
            let path = entry.path(&frame.path);
            if !key.ends_with('/') {
                match fs::metadata(&path) {
                    Ok(metadata) if metadata.is_file() => {
                        return Ok(Some(Item::File(Stamp::of(&metadata).meta(key))));
                    }
                    // A pipe or the like, or gone meanwhile.
                    Ok(_) => {}
                    Err(error) if is_absent(&error) => {}
                    Err(source) => return Err(Error::Unreadable { path, source }),
                }
            } else if !self.delimiter {
                // Without a link, no folder holds itself.
                let is_linked = frame.is_linked || entry.kind == Kind::LinkedFolder;
                if !is_linked || !self.leads_back(&path)? {
                    self.enter(path, key, "", is_linked)?;
                }
            } else if self.or_empty || holds_files(&path) {
                return Ok(Some(Item::Folder(key)));
            }
        }
        Ok(None)
    }

    /// Gives back what `next` gave, to be given again.
    pub(super) fn put_back(&mut self, item: Item) {
        self.next = Some(item);
    }

    /// Goes into a folder, for the entries whose names begin with `name`. False if it is not there.
    fn enter(
        &mut self,
        path: PathBuf,
        key: String,
        name: &str,
        is_linked: bool,
    ) -> Result<bool, Error> {
        let read = || -> io::Result<Vec<Entry>> {
            let mut entries = Vec::new();
            for entry in fs::read_dir(&path)? {
                let wants = |found: &str| found.starts_with(name) && self.wants(&key, found);
                entries.extend(Entry::new(&entry?, wants)?);
            }
            Ok(entries)
        };
        match read() {
            Ok(mut entries) => {
                entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
                self.stack.push(Frame { path, key, is_linked, entries: entries.into_iter() });
                Ok(true)
            }
            Err(error) if is_absent(&error) => Ok(false),
            Err(source) => Err(Error::Unreadable { path, source }),
        }
    }

    /// Whether a link has led back to a folder where we are: its files are listed there.
    fn leads_back(&self, folder: &Path) -> Result<bool, Error> {
        /// What a folder is, by whatever path it is reached.
        fn id(path: &Path) -> Result<Option<(u64, u64)>, Error> {
            match fs::metadata(path) {
                Ok(metadata) => Ok(Some((metadata.dev(), metadata.ino()))),
                Err(error) if is_absent(&error) => Ok(None),
                Err(source) => Err(Error::Unreadable { path: path.to_owned(), source }),
            }
        }
        let Some(target) = id(folder)? else { return Ok(false) };
        for frame in &self.stack {
            if id(&frame.path)? == Some(target) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether an entry, or something in it, is greater than `after`.
    fn wants(&self, folder: &str, name: &str) -> bool {
        let Some(after) = self.after.as_deref() else { return true };
        // What `after` has beyond the folder's key decides; if it has not even that, all or nothing.
        let Some(after) = after.strip_prefix(folder) else { return folder > after };
        name > after || (!self.delimiter && name.ends_with('/') && after.starts_with(name))
    }
}

impl Kind {
    /// `None` for what is never listed: links that lead nowhere, pipes and the like.
    fn of(entry: &fs::DirEntry) -> io::Result<Option<Self>> {
        let file_type = entry.file_type()?;
        if !file_type.is_symlink() {
            let file = file_type.is_file().then_some(Self::File);
            return Ok(if file_type.is_dir() { Some(Self::Folder) } else { file });
        }
        match fs::metadata(entry.path()) {
            Ok(metadata) if metadata.is_dir() => Ok(Some(Self::LinkedFolder)),
            Ok(metadata) => Ok(metadata.is_file().then_some(Self::LinkedFile)),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
            Err(_) => Ok(None),
        }
    }
}

impl Entry {
    /// `None` for what is never listed, unfinished files among it, and for names that are not wanted.
    fn new(entry: &fs::DirEntry, wants: impl FnOnce(&str) -> bool) -> io::Result<Option<Self>> {
        let Some(kind) = Kind::of(entry)? else { return Ok(None) };
        let (mut name, real_name) = match entry.file_name().into_string() {
            Ok(name) => (name, None),
            Err(real_name) => (real_name.to_string_lossy().into_owned(), Some(real_name)),
        };
        let is_unfinished = name.starts_with(TEMPORARY);
        if matches!(kind, Kind::Folder | Kind::LinkedFolder) {
            name.push('/');
        }
        if is_unfinished || !wants(&name) {
            return Ok(None);
        }
        // An error comes again, with the path of the file, when it is the entry's turn.
        let metadata = if kind == Kind::File { entry.metadata().ok() } else { None };
        let stamp = metadata.filter(fs::Metadata::is_file).map(|metadata| Stamp::of(&metadata));
        Ok(Some(Self { name, real_name, kind, stamp }))
    }

    fn path(&self, folder: &Path) -> PathBuf {
        match &self.real_name {
            Some(real_name) => folder.join(real_name),
            None => folder.join(self.name.trim_end_matches('/')),
        }
    }
}

/// Whether there is a file in a folder or below it: S3 knows no empty folders. One that cannot be
/// read counts as full, so that reading it gives the error.
fn holds_files(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return true };
    let mut folders = Vec::new();
    for entry in entries.flatten() {
        let is_unfinished =
            || entry.file_name().as_encoded_bytes().starts_with(TEMPORARY.as_bytes());
        match Kind::of(&entry) {
            Ok(None) => {}
            Ok(Some(Kind::Folder)) => folders.push(entry.path()),
            // A link to a folder may lead back here: it counts as full.
            Ok(Some(_)) | Err(_) if !is_unfinished() => return true,
            Ok(Some(_)) | Err(_) => {}
        }
    }
    folders.iter().any(|folder| holds_files(folder))
}
