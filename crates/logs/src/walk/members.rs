//! Takes one JSON object apart into its members: keys, and values as their text.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::block::{self, BLOCK_BYTES, Block, Marks};
use super::{InString, Strings, Unsupported, is_blank};
use crate::value;

/// Gives each member of an object to `each`, which may end the walk: its key without escapes, and the
/// text of its value. Keys may repeat. Whether a value is JSON is for the caller to check; that strings
/// end and brackets balance in number is checked here.
///
/// # Errors
/// If the text is no object, if a key has control characters, or escapes that are no text, or if `each` says so.
pub(crate) fn members<'t>(
    object: &'t str,
    each: impl FnMut(&str, &'t str) -> Result<(), Unsupported>,
) -> Result<(), Unsupported> {
    if !object.starts_with('{') {
        return Err(Unsupported);
    }
    let mut members = Members { object, depth: 0, start: 1, each };
    #[cfg(target_arch = "x86_64")]
    if let Some(result) = super::x86::run_members(&mut members) {
        return result;
    }
    block::run_members(&mut members)
}

/// An object that is being taken apart.
pub(super) struct Members<'t, F> {
    object: &'t str,
    /// Open brackets.
    depth: u32,
    /// Where the current member begins.
    start: usize,
    each: F,
}

impl<'t, F: FnMut(&str, &'t str) -> Result<(), Unsupported>> Members<'t, F> {
    /// Goes through the object. How a block is looked at is the caller's: this is compiled once for
    /// each way.
    #[inline(always)]
    pub(super) fn run(
        &mut self,
        marks: impl Fn(&Block) -> Marks,
        equal: impl Fn(&Block, u8) -> u64,
        parity: impl Fn(u64) -> u64,
    ) -> Result<(), Unsupported> {
        let (blocks, rest) = self.object.as_bytes().as_chunks::<BLOCK_BYTES>();
        let mut last = [b' '; BLOCK_BYTES];
        last[..rest.len()].copy_from_slice(rest);
        let mut strings = InString::default();
        for (at, block) in (0..).step_by(BLOCK_BYTES).zip(blocks.iter().chain([&last])) {
            let marks = marks(block);
            let Strings { inside, .. } = strings.next(&marks, &parity)?;
            let (open, close) = (marks.open & !inside, marks.close & !inside);
            let closes = close.count_ones();
            if self.depth > closes + 1 {
                // All of the block is inside nested values.
                self.depth = self.depth - closes + open.count_ones();
                continue;
            }
            let mut brackets = open | close;
            let mut commas = equal(block, b',') & !inside;
            loop {
                let bracket = brackets & brackets.wrapping_neg();
                // The commas before the bracket, or all if there is none.
                let mut before = commas & bracket.wrapping_sub(1);
                commas ^= before;
                if self.depth != 1 {
                    before = 0;
                }
                while before != 0 {
                    self.member(at + before.trailing_zeros() as usize)?;
                    before &= before - 1;
                }
                if bracket == 0 {
                    break;
                }
                brackets ^= bracket;
                if bracket & open != 0 {
                    self.depth += 1;
                    continue;
                }
                self.depth = self.depth.checked_sub(1).ok_or(Unsupported)?;
                if self.depth == 0 {
                    return self.end(at + bracket.trailing_zeros() as usize);
                }
            }
        }
        Err(Unsupported)
    }

    /// Takes in the bracket that ends the object.
    fn end(&mut self, position: usize) -> Result<(), Unsupported> {
        if !trim(&self.object[1..position]).is_empty() {
            self.member(position)?;
        }
        let is_brace = self.object.as_bytes()[position] == b'}';
        let is_last = trim(&self.object[position + 1..]).is_empty();
        if is_brace && is_last { Ok(()) } else { Err(Unsupported) }
    }

    /// Gives the member that ends before a position.
    #[inline(always)]
    fn member(&mut self, end: usize) -> Result<(), Unsupported> {
        let bytes = &self.object.as_bytes()[..end];
        let start = skip_blanks(bytes, self.start);
        self.start = end + 1;
        if bytes.get(start) != Some(&b'"') {
            return Err(Unsupported);
        }
        let is_special = |byte: &u8| IS_SPECIAL[usize::from(*byte)];
        let mut key_end = start + 1;
        key_end += bytes[key_end..].iter().position(is_special).ok_or(Unsupported)?;
        let mut key = Cow::Borrowed(&self.object[start + 1..key_end]);
        if bytes[key_end] != b'"' {
            let text = &self.object[start..end];
            key_end = start + 1 + end_of_string(&text[1..]).ok_or(Unsupported)?;
            key = value::unescaped(&self.object[start..=key_end]).ok_or(Unsupported)?;
        }
        let colon = skip_blanks(bytes, key_end + 1);
        if bytes.get(colon) != Some(&b':') {
            return Err(Unsupported);
        }
        (self.each)(&key, trim(&self.object[colon + 1..end]))
    }
}

/// What ends the plain part of a string: its quote, an escape, or what is not allowed in it.
const IS_SPECIAL: [bool; 256] = {
    let mut is_special = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        is_special[byte] = true;
        byte += 1;
    }
    is_special[b'"' as usize] = true;
    is_special[b'\\' as usize] = true;
    is_special
};

#[inline(always)]
fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(|byte| is_blank(*byte)) {
        at += 1;
    }
    at
}

/// The position of the quote that ends a string, of which the first quote was taken.
fn end_of_string(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    })
}

/// Without JSON's white space around it. There is hardly ever any.
#[inline(always)]
fn trim(text: &str) -> &str {
    let is_trimmed = |byte: Option<&u8>| byte.is_none_or(|byte| !is_blank(*byte));
    let bytes = text.as_bytes();
    if is_trimmed(bytes.first()) && is_trimmed(bytes.last()) {
        return text;
    }
    text.trim_matches(|c: char| c.is_ascii() && is_blank(c as u8))
}
