//! Objects that are given by their keys, as JSON Lines, in place of a listing.

use std::str::FromStr;
use std::sync::Arc;

use logs::layout::{FileClass, KeyParts, is_in_sibling_folder};
use serde::{Deserialize, Serialize};
use store::{Location, ObjectMeta, Store};
use tokio::sync::mpsc::Sender;

use crate::dates::days_of_delivery;
use crate::error::{Error, LineError};
use crate::settings::{Layout, Settings};
use crate::source::found::{Discovery, Extent};
use crate::source::lines::Lines;
use crate::source::list::{ListCounts, Listed, ListedObject, named};
use crate::source::{roots, shown};

/// A line of keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyLine {
    /// The whole key in the bucket; of a folder, the path below it; of several sources, the URI.
    pub(crate) key: String,
    /// The size in bytes.
    pub(crate) size: u64,
    /// The `ETag`, empty if the store has none.
    pub(crate) etag: String,
}

impl KeyLine {
    /// Writes it as a line of JSON.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        // Texts and a number are JSON in any case, and a vector takes them.
        let _ = serde_json::to_writer(&mut *out, self);
        out.push(b'\n');
    }
}

/// How the keys of a source are written outside of it, and which of them can be read.
#[derive(Debug, Clone)]
pub(crate) struct Keys<'a> {
    source: &'a dyn Store,
    settings: &'a Settings,
    roots: Vec<Root>,
    /// Whether it is a folder alone, in which no name begins with `/`.
    is_folder: bool,
}

/// What keys of a source begin with.
#[derive(Debug, Clone)]
struct Root {
    /// Outside of it: the prefix in the bucket, or the location of one of several sources.
    outside: String,
    /// In the store: empty, or the folder of one of several sources.
    inside: String,
}

impl<'a> Keys<'a> {
    pub(crate) fn new(source: &'a dyn Store, settings: &'a Settings) -> Self {
        if source.several().is_some() {
            let root = |inside: String| Root { outside: shown(source, &inside), inside };
            let roots = roots(source).into_iter().map(root).collect();
            return Keys { source, settings, roots, is_folder: false };
        }
        let location = location(source);
        let is_folder = matches!(location, Some(Location::Folder(_)));
        let outside = match location {
            Some(Location::S3 { prefix, .. }) => prefix,
            _ => String::new(),
        };
        Keys { source, settings, roots: vec![Root { outside, inside: String::new() }], is_folder }
    }

    /// A key or folder of the store as it is written outside.
    pub(crate) fn outside(&self, key: &str) -> String {
        let root = self.roots.iter().find(|root| key.starts_with(&root.inside));
        root.map_or_else(
            || key.to_owned(),
            |root| [&root.outside, &key[root.inside.len()..]].concat(),
        )
    }

    /// A key or folder that is given, as the store has it.
    ///
    /// # Errors
    /// A sentence, if it is outside of the source.
    pub(crate) fn inside(&self, key: &str) -> Result<String, String> {
        let is_several = self.source.several().is_some();
        let is_whole =
            |below: &str| below.starts_with("s3://") || (self.is_folder && below.starts_with('/'));
        let inside = self.roots.iter().find_map(|root| {
            let below = key.strip_prefix(&root.outside)?;
            (!is_whole(below)).then(|| [&root.inside, below].concat())
        });
        let is_above = key.split('/').any(|name| name == "..");
        inside.filter(|_| !is_above).ok_or_else(|| {
            let expected = match self.roots.as_slice() {
                [only] if !is_several && only.outside.is_empty() => {
                    let what = if self.is_folder { "a path below it" } else { "a key" };
                    format!("{what}, and no URI")
                }
                roots => {
                    let roots = roots.iter().map(|root| format!("`{}`", root.outside));
                    format!("one that begins with {}", roots.collect::<Vec<_>>().join(" or "))
                }
            };
            let source = self.source.location();
            format!("`{key}` is outside of {source}: expected {expected}, without `..`")
        })
    }

    /// A line for an object that was listed.
    pub(crate) fn line(&self, object: &ListedObject) -> KeyLine {
        KeyLine {
            key: self.outside(&object.key()),
            size: object.meta.size_bytes,
            etag: object.meta.etag.clone().unwrap_or_default(),
        }
    }

    /// The object of a line, as a listing has it. Whether it is of the range is not looked at.
    ///
    /// # Errors
    /// If the line is no JSON, or lacks a field, or the key is outside of the source or no trail's.
    pub(crate) fn object(
        &self,
        line: u64,
        text: &[u8],
        counts: &ListCounts,
    ) -> Result<ListedObject, LineError> {
        let KeyLine { key, size, etag } = LineError::object(text).map_err(|found| {
            let expected = r#"expected {"key": "…", "size": N, "etag": "…"}"#;
            LineError { line, reason: format!("{expected}, {found}") }
        })?;
        let inside = self.inside(&key).map_err(|reason| LineError { line, reason })?;
        if let Some(why) = self.is_no_log(&inside) {
            let expected = match self.settings.layout {
                Layout::Any => "the name of a log file",
                Layout::Trail => "the name of a log file in a trail",
                Layout::Auto => {
                    "the name of a log file, with its day in the name or in the folders"
                }
            };
            return Err(LineError { line, reason: format!("`{key}` {why}: expected {expected}") });
        }
        // Some services put it in quotes, as it is in a header.
        let etag = etag.trim_matches('"');
        let meta = ObjectMeta {
            key: inside,
            size_bytes: size,
            etag: (!etag.is_empty()).then(|| etag.to_owned()),
            is_archived: false,
        };
        let kind = self.settings.kind;
        let delivery = kind.delivery(&meta.key);
        Ok(named(self.source, counts, meta, kind, delivery))
    }

    /// An object whose key is written as outside of the source, as a listing has it.
    ///
    /// # Errors
    /// A sentence, if it is outside of the source.
    pub(crate) fn listed(&self, mut meta: ObjectMeta) -> Result<ListedObject, String> {
        meta.key = self.inside(&meta.key)?;
        let kind = self.settings.kind;
        let delivery = kind.delivery(&meta.key);
        Ok(named(self.source, &ListCounts::default(), meta, kind, delivery))
    }

    /// Why a key is none of a log file that is listed.
    fn is_no_log(&self, key: &str) -> Option<String> {
        let Settings { kind, layout, .. } = *self.settings;
        if self.source.is_one_object() {
            return None;
        }
        let is_named = match kind.class(key) {
            FileClass::NoLog => return Some("is no log file".to_owned()),
            FileClass::OtherLog(log) => return Some(format!("is a log file of `{log}`")),
            FileClass::Named => true,
            FileClass::Unknown => false,
        };
        if is_in_sibling_folder(key) && (!is_named || layout == Layout::Any) {
            return Some("is in a folder of other files of CloudTrail".to_owned());
        }
        let is_right = match layout {
            Layout::Any => true,
            Layout::Trail => kind.name(key).is_some(),
            Layout::Auto => kind.delivery(key).is_some(),
        };
        (!is_right).then(|| "is of no trail".to_owned())
    }

    /// Whether a listing gives an object of these keys.
    fn is_wanted(&self, object: &ListedObject) -> bool {
        let Settings { range, kind, layout, late_window_minutes, .. } = *self.settings;
        let Settings { accounts, regions, .. } = self.settings;
        let parts = KeyParts::of(&object.meta.key, kind);
        let is_asked_for = parts.account.is_none_or(|a| Settings::admits(accounts, a))
            && parts.region.is_none_or(|r| Settings::admits(regions, r));
        let is_of_range = || {
            let of = object.delivery.zip(range);
            of.is_some_and(|(of, range)| {
                days_of_delivery(of, range, late_window_minutes).next().is_some()
            })
        };
        is_asked_for && (layout == Layout::Any || is_of_range())
    }
}

/// Where a store's keys begin.
fn location(source: &dyn Store) -> Option<Location> {
    let mut location = source.location();
    if source.is_one_object() {
        // The store has it under its name alone.
        location.truncate(location.rfind('/').map_or(0, |slash| slash + 1));
    }
    Location::from_str(&location).ok()
}

/// Gives the objects of keys to `objects`, as a listing would; those that are not of the range or not asked for
/// are counted. That an object is given twice, or one of several copies of another, is not seen.
///
/// # Errors
/// If the lines cannot be read, one of them is not as expected, or two objects of several sources have one name.
pub(crate) async fn list_given(
    mut lines: Lines,
    source: &dyn Store,
    settings: &Settings,
    objects: Sender<ListedObject>,
) -> Result<Listed, Error> {
    let keys = Keys::new(source, settings);
    let counts = ListCounts::default();
    let mut left_out = 0;
    while let Some(batch) = lines.next().await {
        for (line, text) in batch? {
            let object = keys.object(line, &text, &counts)?;
            if !keys.is_wanted(&object) {
                left_out += 1;
            } else if objects.send(object).await.is_err() {
                return Ok(Listed::default());
            }
        }
    }
    let listing = counts.into_listing(source);
    listing.check_names(source)?;
    let discovery = Discovery { extent: Extent::GivenPart, ..Discovery::default() };
    Ok(Listed { discovery: Arc::new(discovery), listing, left_out, ..Listed::default() })
}
