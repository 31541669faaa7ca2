//! Which records may be Bedrock's: those that hold its name, or an escape that may spell it.
//!
//! The event sources of Bedrock contain the needle, and a spelling with escapes contains `\u`: JSON has
//! no other escape for a letter. A record with neither is none of Bedrock's.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::walk::{self, Odd};

static NEEDLE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("bedrock"));
static ESCAPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\\u"));

/// Whether a record may be Bedrock's.
pub(crate) fn is_candidate(record: &str) -> bool {
    NEEDLE.find(record.as_bytes()).is_some() || may_be_escaped(record)
}

/// Whether a letter in a record may be written as an escape.
pub(crate) fn may_be_escaped(record: &str) -> bool {
    ESCAPE.find(record.as_bytes()).is_some()
}

/// Walks over a document and gives each record that may be Bedrock's to `each`, with the number of
/// records before it that cannot be. Gives the number of those behind the last one.
///
/// # Errors
/// If the document is odd, or `each` says so. Records may have been given until there.
pub(crate) fn candidates(
    text: &[u8],
    each: &mut dyn FnMut(u64, &str) -> Result<(), Odd>,
) -> Result<u64, Odd> {
    let mut needle = NEEDLE.find(text);
    let mut others = 0;
    walk::records(text, &mut |found| {
        let range = found.range;
        if needle.is_some_and(|at| at < range.start) {
            needle = NEEDLE.find(&text[range.start..]).map(|at| range.start + at);
        }
        if !found.has_unicode_escapes && needle.is_none_or(|at| at >= range.end) {
            others += 1;
            return Ok(());
        }
        let record = str::from_utf8(&text[range]).map_err(|_| Odd)?;
        each(std::mem::take(&mut others), record)
    })?;
    Ok(others)
}
