//! Which records may be Bedrock's: those that hold one of its event sources as a string, or an escape
//! that may spell a letter of it.
//!
//! A quote that opens a string never stands behind a backslash, and the quotes inside a string always do.
//! So that policies and patterns which name Bedrock, as strings in a string, are no candidates. JSON has
//! no other escape for a letter than `\u`; a record with neither is none of Bedrock's.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::operation::begins_with_source;
use crate::walk::{self, Odd};

/// What all event sources of Bedrock begin with, with the quote before it.
const BEGINNING: &str = "\"bedrock";

static NEEDLE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(BEGINNING));
static ESCAPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\\u"));

/// Whether a record may be Bedrock's.
pub(crate) fn is_candidate(record: &[u8]) -> bool {
    ESCAPE.find(record).is_some() || has_event_source(record)
}

/// Whether a string in a record is an event source of Bedrock's.
fn has_event_source(record: &[u8]) -> bool {
    // That the quote opens a string is asked to save time only: a record that is parsed in vain is
    // skipped all the same.
    let is_opening = |at: usize| at.checked_sub(1).is_none_or(|before| record[before] != b'\\');
    let is_source = |at: usize| is_opening(at) && begins_with_source(&record[at + 1..]);
    NEEDLE.find_iter(record).any(is_source)
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
    let mut others = 0;
    walk::records(text, &mut |found| {
        let record = &text[found.range];
        if !found.has_source && !found.has_unicode_escapes {
            others += 1;
            return Ok(());
        }
        // Records are long: with vectors this takes two thirds of the standard library's time.
        let record = simdutf8::basic::from_utf8(record).map_err(|_| Odd)?;
        each(std::mem::take(&mut others), record)
    })?;
    Ok(others)
}
