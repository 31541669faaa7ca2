//! `ListObjectsV2`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Bound;

use hyper::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::bucket::{STANDARD, Stored};
use crate::made_up::MadeUpTrail;
use crate::request::Head;
use crate::response::{Answer, error, escape, xml};

/// What S3's `encoding-type=url` leaves as it is; a space becomes `+`.
const URL: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/').remove(b' ');

/// What is listed.
#[derive(Clone, Copy)]
pub(crate) enum Objects<'a> {
    Stored(&'a BTreeMap<String, Stored>),
    MadeUp(&'a MadeUpTrail),
}

/// An object in a page.
struct Entry<'a> {
    key: Cow<'a, str>,
    etag: &'a str,
    size_bytes: u64,
    storage_class: &'a str,
}

impl<'a> Objects<'a> {
    /// The objects from a key on, in the order of their keys.
    fn from(self, bound: Bound<&str>) -> Box<dyn Iterator<Item = Entry<'a>> + 'a> {
        match self {
            Objects::Stored(objects) => {
                let entry = |(key, stored): (&'a String, &'a Stored)| Entry {
                    key: Cow::Borrowed(key),
                    etag: &stored.etag,
                    size_bytes: stored.size_bytes,
                    storage_class: stored.storage_class,
                };
                Box::new(objects.range::<str, _>((bound, Bound::Unbounded)).map(entry))
            }
            Objects::MadeUp(trail) => Box::new(trail.from(bound).map(|key| Entry {
                key: Cow::Owned(key),
                etag: "0123456789abcdef0123456789abcdef",
                size_bytes: MadeUpTrail::SIZE_BYTES,
                storage_class: STANDARD,
            })),
        }
    }
}

/// A page of the listing that `head` asks for, of at most `cap` entries.
pub(crate) fn list(head: &Head, objects: Objects<'_>, cap: usize) -> Answer {
    let prefix = head.query("prefix").unwrap_or_default();
    let delimiter = head.query("delimiter").filter(|delimiter| !delimiter.is_empty());
    let url = match head.query("encoding-type") {
        None => false,
        Some("url") => true,
        Some(_) => return invalid("Invalid Encoding Method specified in Request"),
    };
    let Ok(max_keys) = head.query("max-keys").unwrap_or("1000").parse::<usize>() else {
        return invalid("Provided max-keys not an integer or within integer range");
    };
    let after = match head.query("continuation-token") {
        Some(token) => match decode_token(token) {
            Some(after) => Some(after),
            None => return invalid("The continuation token provided is incorrect"),
        },
        None => head.query("start-after").map(str::to_owned),
    };

    let limit = max_keys.min(cap).min(1000);
    let page = Page::collect(objects, prefix, delimiter, after.as_deref(), limit);

    let text = |text: &str| match url {
        true => utf8_percent_encode(text, URL).to_string().replace(' ', "+"),
        false => escape(text),
    };
    let mut out = String::with_capacity(256 + page.keys.len() * 256);
    out.push_str(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">",
    );
    element(&mut out, "Name", &escape(&head.bucket));
    element(&mut out, "Prefix", &text(prefix));
    if let Some(delimiter) = delimiter {
        element(&mut out, "Delimiter", &text(delimiter));
    }
    if let Some(start_after) = head.query("start-after") {
        element(&mut out, "StartAfter", &text(start_after));
    }
    if url {
        element(&mut out, "EncodingType", "url");
    }
    element(&mut out, "MaxKeys", &max_keys.to_string());
    element(&mut out, "KeyCount", &(page.keys.len() + page.prefixes.len()).to_string());
    element(&mut out, "IsTruncated", if page.next.is_some() { "true" } else { "false" });
    if let Some(next) = &page.next {
        element(&mut out, "NextContinuationToken", &encode_token(next));
    }
    for object in page.keys {
        out.push_str("<Contents>");
        element(&mut out, "Key", &text(&object.key));
        element(&mut out, "LastModified", "2026-01-01T00:00:00.000Z");
        element(&mut out, "ETag", &format!("&quot;{}&quot;", object.etag));
        element(&mut out, "Size", &object.size_bytes.to_string());
        element(&mut out, "StorageClass", object.storage_class);
        out.push_str("</Contents>");
    }
    for prefix in page.prefixes {
        out.push_str("<CommonPrefixes>");
        element(&mut out, "Prefix", &text(&prefix));
        out.push_str("</CommonPrefixes>");
    }
    out.push_str("</ListBucketResult>");
    xml(out)
}

struct Page<'a> {
    keys: Vec<Entry<'a>>,
    prefixes: Vec<String>,
    /// The last entry, if there are more after it.
    next: Option<String>,
}

impl<'a> Page<'a> {
    fn collect(
        objects: Objects<'a>,
        prefix: &str,
        delimiter: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Self {
        let mut page = Self { keys: Vec::new(), prefixes: Vec::new(), next: None };
        let mut last: Option<String> = None;
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        // A page that ended with a common prefix goes on after all that lies under it.
        let skipped = after.filter(|after| delimiter.is_some_and(|d| after.ends_with(d)));
        let mut range = objects.from(from);
        while let Some(object) = range.next() {
            let key = &*object.key;
            let Some(rest) = key.strip_prefix(prefix) else { break };
            if skipped
                .is_some_and(|skipped| skipped.len() > prefix.len() && key.starts_with(skipped))
            {
                continue;
            }
            if page.keys.len() + page.prefixes.len() == limit {
                page.next = last;
                break;
            }
            let cut = delimiter.and_then(|d| Some(rest.find(d)? + d.len()));
            let Some(cut) = cut else {
                last = Some(key.to_owned());
                page.keys.push(object);
                continue;
            };
            let common = key[..prefix.len() + cut].to_owned();
            // No key is longer than 1,024 bytes, so this is after all that lies under it.
            let end = format!("{common}\u{10ffff}");
            range = objects.from(Bound::Excluded(&end));
            page.prefixes.push(common.clone());
            last = Some(common);
        }
        page
    }
}

fn element(out: &mut String, name: &str, value: &str) {
    write!(out, "<{name}>{value}</{name}>").expect("a String takes all");
}

fn invalid(message: &str) -> Answer {
    error(StatusCode::BAD_REQUEST, "InvalidArgument", message)
}

/// Hexadecimal, so that nobody is tempted to read a key into it.
fn encode_token(last: &str) -> String {
    last.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn decode_token(token: &str) -> Option<String> {
    let bytes = token.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    });
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()
}
