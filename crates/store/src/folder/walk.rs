//! Walking a folder in the order in which S3 lists: by the UTF-8 bytes of the whole key.
//!
//! A folder's entries are sorted with a `/` after the names of folders, so that `a.b` comes before
//! what is in `a`. Only the folders from the start to the current one are held. Folders before the
//! start or outside the prefix are not read, which is why this is not `walkdir`: that reads a folder
//! before it asks whether to, and a page of a month would read all days before it.

use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{fs, io, vec};

use crate::error::Error;
use crate::folder::key::{self, TEMPORARY};
use crate::folder::{is_absent, read};
use crate::store::{ListRequest, ObjectMeta};

/// The rest of a listing.
#[derive(Debug)]
pub(super) struct Walk {
    delimiter: bool,
    or_empty: bool,
    after: Option<String>,
    /// From the folder of the prefix to the current one.
    stack: Vec<Frame>,
    peeked: Option<Item>,
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
    /// Device and number: what the folder is, by whatever path it is reached.
    id: (u64, u64),
    entries: vec::IntoIter<Entry>,
}

#[derive(Debug)]
struct Entry {
    /// With a `/` at the end of a folder's.
    name: String,
    /// If it is not `name`.
    real_name: Option<OsString>,
}

impl Walk {
    /// Begins a walk over what is asked for.
    pub(super) fn begin(root: &Path, request: &ListRequest) -> Result<Self, Error> {
        let &ListRequest { ref prefix, delimiter, or_empty, .. } = request;
        let after = request.after().map(str::to_owned);
        let mut walk = Self { delimiter, or_empty, after, stack: Vec::new(), peeked: None };
        let (folder, name) = prefix.split_at(prefix.rfind('/').map_or(0, |slash| slash + 1));
        let path = match folder.strip_suffix('/') {
            None => root.to_owned(),
            Some(inner) if key::invalid(inner).is_none() => root.join(inner),
            // No key of a folder begins like this.
            Some(_) => return Ok(walk),
        };
        if !leads_back(root, folder) {
            walk.enter(path, folder.to_owned(), name)?;
        }
        if walk.stack.is_empty() && !root.is_dir() {
            return Err(Error::folder_not_found(root.to_owned()));
        }
        Ok(walk)
    }

    /// Whether there is nothing more to come.
    pub(super) fn is_done(&mut self) -> Result<bool, Error> {
        if self.peeked.is_none() {
            self.peeked = self.next()?;
        }
        Ok(self.peeked.is_none())
    }

    /// The next file or folder.
    pub(super) fn next(&mut self) -> Result<Option<Item>, Error> {
        if let Some(item) = self.peeked.take() {
            return Ok(Some(item));
        }
        while let Some(frame) = self.stack.last_mut() {
            let Some(entry) = frame.entries.next() else {
                self.stack.pop();
                continue;
            };
            let key = [frame.key.as_str(), &entry.name].concat();
            let path = match entry.real_name {
                Some(real_name) => frame.path.join(real_name),
                None => frame.path.join(entry.name.trim_end_matches('/')),
            };
            if !key.ends_with('/') {
                match if_there(&path, fs::metadata(&path))? {
                    Some(metadata) if metadata.is_file() => {
                        return Ok(Some(Item::File(read::meta(key, &metadata))));
                    }
                    // Replaced or gone meanwhile.
                    _ => {}
                }
            } else if !self.delimiter {
                self.enter(path, key, "")?;
            } else if self.or_empty || holds_files(&path) {
                return Ok(Some(Item::Folder(key)));
            }
        }
        Ok(None)
    }

    /// Goes into a folder, if it is there, for the entries whose names begin with `name`. One that a
    /// link has led back to is skipped: its files are listed where we are in it already.
    fn enter(&mut self, path: PathBuf, key: String, name: &str) -> Result<(), Error> {
        let Some(metadata) = if_there(&path, fs::metadata(&path))? else { return Ok(()) };
        let id = (metadata.dev(), metadata.ino());
        if self.stack.iter().any(|frame| frame.id == id) {
            return Ok(());
        }
        let read = || -> io::Result<Vec<Entry>> {
            let mut entries = Vec::new();
            for entry in fs::read_dir(&path)? {
                let wants = |found: &str| found.starts_with(name) && self.wants(&key, found);
                entries.extend(Entry::new(&entry?)?.filter(|entry| wants(&entry.name)));
            }
            entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
            Ok(entries)
        };
        if let Some(entries) = if_there(&path, read())? {
            self.stack.push(Frame { path, key, id, entries: entries.into_iter() });
        }
        Ok(())
    }

    /// Whether an entry, or something in it, is greater than `after`.
    fn wants(&self, folder: &str, name: &str) -> bool {
        let Some(after) = self.after.as_deref() else { return true };
        // What `after` has beyond the folder's key decides; if it has not even that, all or nothing.
        let Some(after) = after.strip_prefix(folder) else { return folder > after };
        name > after || (!self.delimiter && name.ends_with('/') && after.starts_with(name))
    }
}

/// Whether a link on the way to a folder leads back to one that is above it: whoever looks into one folder after
/// the other would never come to an end.
fn leads_back(root: &Path, folder: &str) -> bool {
    let id = |path: &Path| fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
    let mut above = vec![id(root)];
    folder.match_indices('/').any(|(slash, _)| {
        let id = id(&root.join(&folder[..slash]));
        let is_above = id.is_some() && above.contains(&id);
        above.push(id);
        is_above
    })
}

impl Entry {
    /// `None` for what is never listed: links that lead nowhere, pipes and the like, unfinished files.
    fn new(entry: &fs::DirEntry) -> io::Result<Option<Self>> {
        let mut file_type = entry.file_type()?;
        if file_type.is_symlink() {
            file_type = match fs::metadata(entry.path()) {
                Ok(metadata) => metadata.file_type(),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
                Err(_) => return Ok(None),
            };
        }
        let (mut name, real_name) = match entry.file_name().into_string() {
            Ok(name) => (name, None),
            Err(real_name) => (real_name.to_string_lossy().into_owned(), Some(real_name)),
        };
        if name.starts_with(TEMPORARY) || !(file_type.is_file() || file_type.is_dir()) {
            return Ok(None);
        }
        if file_type.is_dir() {
            name.push('/');
        }
        Ok(Some(Self { name, real_name }))
    }
}

/// Whether there is a file in a folder or below it: S3 knows no empty folders. One that cannot be
/// read counts as full, so that reading it gives the error.
fn holds_files(folder: &Path) -> bool {
    let first = Walk::begin(folder, &ListRequest::default()).and_then(|mut walk| walk.next());
    !matches!(first, Ok(None) | Err(Error::FolderNotFound { .. }))
}

/// `None` if there is nothing under a path.
fn if_there<T>(path: &Path, result: io::Result<T>) -> Result<Option<T>, Error> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(source) => Err(Error::Unreadable { path: path.to_owned(), source }),
    }
}
