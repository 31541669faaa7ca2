//! Takes JSON apart at the speed of memory, without parsing it: a trail's file into its records, an
//! object into its members.
//!
//! Most records are of other services, and nothing but their number is wanted. The walk therefore looks
//! at 64 bytes at a time, and at few characters only: quotes, backslashes, brackets, and strings that
//! are event sources of Bedrock. It knows exactly what is inside a string and how deep each bracket is
//! nested, whatever strings hold.
//!
//! **Input.** [`records`] takes `{"Records":[{…},{…}]}` with white space anywhere: `Records` first and
//! alone, all elements objects. Anything else is [`Unsupported`], which is no verdict: the strict reader
//! ([`document`](crate::document)) then reads the document from its beginning and names the error.
//!
//! **Promise.** Of a document that is JSON, it gives the same records as the strict reader, byte for
//! byte. Of one that is not JSON, it takes only those whose strings end, whose brackets balance in
//! number, whose records are separated by single commas and begin and end with braces, and that ends
//! right after its list. Other errors inside a record may go unnoticed here: bad literals, commas, colons
//! or escapes, control characters, bytes that are no UTF-8, `]` for `}` below the record's own braces.
//! The caller has to check strictly what it makes use of.

mod block;
mod members;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::ops::Range;

use block::{BLOCK_BYTES, Block, Marks};
pub(crate) use members::members;

/// What all event sources of Bedrock begin with, and where they are looked for.
const NAME: &[u8; NAME_BYTES] = b"bedrock";
const NAME_BYTES: usize = 7;

/// The text is not of the usual shape, or no JSON; the strict reader has to say which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unsupported;

/// Where a record is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its bytes, from brace to brace.
    pub(crate) range: Range<usize>,
    /// Whether it may hold a string that is an event source of Bedrock's; false only if it holds none.
    pub(crate) has_source: bool,
    /// Whether it may hold a character written as an escape of its code (`\u`); false only if it holds none.
    pub(crate) has_unicode_escapes: bool,
}

/// Gives each record of a document to `each`, which may end the walk.
///
/// # Errors
/// If the document is not supported, or `each` says so. Records may have been given before.
pub(crate) fn records(
    text: &[u8],
    each: &mut dyn FnMut(Found) -> Result<(), Unsupported>,
) -> Result<(), Unsupported> {
    let list = list_start(text).ok_or(Unsupported)?;
    let mut walk = Walk::new(text, list, each);
    #[cfg(target_arch = "x86_64")]
    if let Some(result) = x86::run(&mut walk) {
        return result;
    }
    block::run(&mut walk)
}

/// The position behind the bracket that opens the list of records.
fn list_start(text: &[u8]) -> Option<usize> {
    let mut rest = text;
    for token in ["{", "\"Records\"", ":", "["] {
        rest = trim_start(rest).strip_prefix(token.as_bytes())?;
    }
    Some(text.len() - rest.len())
}

/// JSON's white space is less than ASCII's.
fn is_blank(byte: u8) -> bool {
    b" \t\r\n".contains(&byte)
}

fn trim_start(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| is_blank(**byte)).count();
    &text[blanks..]
}

fn trim(text: &[u8]) -> &[u8] {
    let text = trim_start(text);
    let blanks = text.iter().rev().take_while(|byte| is_blank(**byte)).count();
    &text[..text.len() - blanks]
}

/// The bytes that follow the backslash of an escape, and whether the first byte of the next block
/// does (the lowest bit; `escape` is the same of this block). A backslash that is escaped itself escapes
/// nothing: in a row of them, every second one does.
#[inline(always)]
fn escaped(backslashes: u64, escape: u64) -> (u64, u64) {
    const EVEN: u64 = 0x5555_5555_5555_5555;
    let first = backslashes & !escape;
    let behind = first << 1 | escape;
    // A row that begins at an odd position: adding its first bit carries to the bit behind the row.
    let odd_starts = first & !EVEN & !behind;
    let (carried, overflow) = odd_starts.overflowing_add(first);
    ((EVEN ^ carried << 1) & behind, overflow.into())
}

/// A walk over the list of records.
struct Walk<'t, 'e> {
    text: &'t [u8],
    /// Where the list begins.
    at: usize,
    /// Where the current record begins.
    start: usize,
    /// What has to be between the last record and the next.
    separator: &'static [u8],
    /// Where the last record ended, or the list began.
    end: usize,
    /// The position of the last `\u`, or 0.
    unicode: usize,
    /// The position of the last string that is an event source of Bedrock, or 0.
    source: usize,
    each: &'e mut dyn FnMut(Found) -> Result<(), Unsupported>,
}

/// Where a walk is with regard to strings, at the end of a block.
#[derive(Clone, Copy, Default)]
struct InString {
    /// All bits set if the block ended inside a string.
    in_string: u64,
    /// The lowest bit set if the block ended with the backslash of an escape.
    escape: u64,
}

/// The strings of a block.
struct Strings {
    /// The quotes that begin and end strings.
    quotes: u64,
    /// The bytes of strings, from the first quote to the one before the last.
    inside: u64,
    /// The bytes that follow the backslash of an escape.
    escaped: u64,
}

impl InString {
    /// Finds the strings of the next block.
    ///
    /// # Errors
    /// If there is an escape outside of strings.
    #[inline(always)]
    fn next(
        &mut self,
        marks: &Marks,
        parity: &impl Fn(u64) -> u64,
    ) -> Result<Strings, Unsupported> {
        let (mut quotes, mut behind_escape) = (marks.quotes, 0);
        if marks.backslashes | self.escape != 0 {
            (behind_escape, self.escape) = escaped(marks.backslashes, self.escape);
            quotes &= !behind_escape;
            // This is checked here and not below, where it would be for all blocks: few have a backslash.
            if behind_escape & !(parity(quotes) ^ self.in_string) != 0 {
                return Err(Unsupported);
            }
        }
        let inside = parity(quotes) ^ self.in_string;
        self.in_string = (inside.cast_signed() >> 63).cast_unsigned();
        Ok(Strings { quotes, inside, escaped: behind_escape })
    }
}

/// What one block of a document has to know of the one before.
#[derive(Clone, Copy, Default)]
struct State {
    strings: InString,
    /// Its quotes that open strings.
    opening: u64,
    /// Open brackets in the list: 0 between records, 1 in a record.
    depth: u32,
}

impl<'t, 'e> Walk<'t, 'e> {
    fn new(
        text: &'t [u8],
        list: usize,
        each: &'e mut dyn FnMut(Found) -> Result<(), Unsupported>,
    ) -> Self {
        Walk { text, at: list, start: list, separator: b"", end: list, unicode: 0, source: 0, each }
    }

    /// Walks to the end of the document. How a block is looked at is the caller's: this is compiled
    /// once for each way.
    #[inline(always)]
    fn run(
        &mut self,
        marks: impl Fn(&Block) -> Marks,
        letters: impl Fn(&Block, u8) -> u64,
        parity: impl Fn(u64) -> u64,
    ) -> Result<(), Unsupported> {
        let (blocks, rest) = self.text[self.at..].as_chunks::<BLOCK_BYTES>();
        let mut state = State::default();
        let mut at = self.at;
        for block in blocks {
            if self.block(at, block, &mut state, &marks, &letters, &parity)? {
                return Ok(());
            }
            at += BLOCK_BYTES;
        }
        let mut last = [b' '; BLOCK_BYTES];
        last[..rest.len()].copy_from_slice(rest);
        let is_end = self.block(at, &last, &mut state, &marks, &letters, &parity)?;
        if is_end { Ok(()) } else { Err(Unsupported) }
    }

    /// Walks over one block, and tells whether the list ends in it.
    #[inline(always)]
    fn block(
        &mut self,
        at: usize,
        block: &Block,
        state: &mut State,
        marks: &impl Fn(&Block) -> Marks,
        letters: &impl Fn(&Block, u8) -> u64,
        parity: &impl Fn(u64) -> u64,
    ) -> Result<bool, Unsupported> {
        let marks = marks(block);
        let Strings { quotes, inside, escaped } = state.strings.next(&marks, parity)?;
        if escaped != 0 {
            let unicode = escaped & letters(block, b'u');
            if unicode != 0 {
                self.unicode = at + 63 - unicode.leading_zeros() as usize;
            }
        }
        let opening = quotes & inside;
        let names = opening << NAME_BYTES | state.opening >> (64 - NAME_BYTES);
        state.opening = opening;
        if names & marks.name_ends != 0 {
            self.names(at, names & marks.name_ends);
        }
        let (open, close) = (marks.open & !inside, marks.close & !inside);
        let closes = close.count_ones();
        // Those before the first one that closes.
        let opens_first = || (open & (close ^ close.wrapping_sub(1))).count_ones();
        if state.depth > closes || (state.depth > 0 && state.depth + opens_first() > closes) {
            // No record begins here, and whatever the order of the others, none ends.
            state.depth = state.depth + open.count_ones() - closes;
            return Ok(false);
        }
        match self.brackets(at, open, close, state.depth)? {
            Some(depth) => state.depth = depth,
            None => return Ok(true),
        }
        Ok(false)
    }

    /// Looks for what may be event sources (`bedrock.amazonaws.com`, `bedrock-agentcore.amazonaws.com`) at the
    /// beginning of the strings in which the name may end. Inlined, because a call would have to
    /// spill the vectors: it is needed in every fiftieth block or so.
    #[inline(always)]
    fn names(&mut self, at: usize, mut ends: u64) {
        while ends != 0 {
            let end = at + ends.trailing_zeros() as usize + 1;
            ends &= ends - 1;
            let start = end - NAME_BYTES;
            let text = &self.text[start..];
            // Most that end with the same letter differ in the others.
            if text.first_chunk() == Some(NAME) && matches!(text.get(NAME_BYTES), Some(b'.' | b'-'))
            {
                self.source = start;
            }
        }
    }

    /// Goes through the brackets of a block in which a record ends or begins. `depth` is the number of
    /// open ones before: 0 between records, 1 in a record. Gives that after them, or nothing at the end
    /// of the list.
    #[inline(never)]
    fn brackets(
        &mut self,
        block: usize,
        open: u64,
        close: u64,
        depth: u32,
    ) -> Result<Option<u32>, Unsupported> {
        let Some((end, start)) = self.next_record(block, open, close, depth) else {
            return self.one_by_one(block, open, close, depth);
        };
        self.found(end)?;
        self.start = start;
        Ok(Some(open.count_ones()))
    }

    /// Where a record ends and where the next begins, if a block's brackets are what they nearly always
    /// are there: those that end all that is open, then those that begin.
    fn next_record(
        &self,
        block: usize,
        open: u64,
        close: u64,
        depth: u32,
    ) -> Option<(usize, usize)> {
        let first_open = open & open.wrapping_neg();
        if depth == 0 || close >= first_open || close.count_ones() != depth {
            return None;
        }
        let end = block + 63 - close.leading_zeros() as usize;
        let start = block + open.trailing_zeros() as usize;
        (self.text[end..=start] == *b"},{").then_some((end, start))
    }

    /// As [`Walk::brackets`], whatever they are.
    fn one_by_one(
        &mut self,
        block: usize,
        open: u64,
        close: u64,
        mut depth: u32,
    ) -> Result<Option<u32>, Unsupported> {
        let mut brackets = open | close;
        while brackets != 0 {
            let index = brackets.trailing_zeros();
            brackets &= brackets - 1;
            let at = block + index as usize;
            let byte = self.text[at];
            if open >> index & 1 == 1 {
                if depth == 0 {
                    if byte != b'{' || trim(&self.text[self.end..at]) != self.separator {
                        return Err(Unsupported);
                    }
                    self.start = at;
                }
                depth += 1;
                continue;
            }
            if depth == 0 {
                return if byte == b']' && self.ends(at) { Ok(None) } else { Err(Unsupported) };
            }
            depth -= 1;
            if depth == 0 {
                if byte != b'}' {
                    return Err(Unsupported);
                }
                self.found(at)?;
            }
        }
        Ok(Some(depth))
    }

    /// Gives the record that ends with the brace at a position.
    fn found(&mut self, brace: usize) -> Result<(), Unsupported> {
        self.end = brace + 1;
        self.separator = b",";
        (self.each)(Found {
            range: self.start..self.end,
            has_source: self.source > self.start,
            has_unicode_escapes: self.unicode > self.start,
        })
    }

    /// Whether the document ends as it should with the list that ends at `list_end`.
    fn ends(&self, list_end: usize) -> bool {
        trim(&self.text[self.end..list_end]).is_empty() && trim(&self.text[list_end + 1..]) == b"}"
    }
}
