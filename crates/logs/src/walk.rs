//! A trail's file taken apart into its records at the speed of memory, without parsing them.
//!
//! Most records are none of Bedrock's, and of those nothing but their number is wanted. So that the walk
//! looks at 64 bytes at a time and at three things only: quotes, backslashes, brackets. It knows exactly
//! what is inside a string and how deep each bracket lies, whatever strings hold.
//!
//! **What it takes.** `{"Records":[{…},{…}]}` with white space anywhere: `Records` first and alone, all
//! elements objects. Anything else is [`Odd`], which is no verdict: the strict reader
//! ([`document`](crate::document)) then reads the document from its beginning and says what it is. So
//! that all errors, places in the text, other keys and other shapes are the strict reader's.
//!
//! **What it promises.** Of a document that is JSON, it gives the same records as the strict reader, byte
//! for byte. Of one that is not JSON, it takes only those whose strings end, whose brackets balance in
//! number, whose records stand between single commas and begin and end with braces, and that ends right
//! after its list. What else is wrong inside a record may go unnoticed here: bad literals, commas, colons
//! or escapes, control characters, bytes that are no UTF-8, `]` for `}` below the record's own braces.
//! The caller has to parse strictly what it makes use of.

mod block;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::ops::Range;

use block::{BLOCK_BYTES, Block, Marks};

/// The document is not of the plain shape, or not sound; the strict reader has to say which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Odd;

/// Where a record is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its bytes, from brace to brace.
    pub(crate) range: Range<usize>,
    /// Whether it may hold a character written as `\uXXXX`; false only if it holds none.
    pub(crate) has_unicode_escapes: bool,
}

/// Gives each record of a document to `each`, which may find it odd itself.
///
/// # Errors
/// If the document is odd. Records may have been given until there.
pub(crate) fn records(
    text: &[u8],
    each: &mut dyn FnMut(Found) -> Result<(), Odd>,
) -> Result<(), Odd> {
    let list = list_start(text).ok_or(Odd)?;
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

/// A walk over the list of records.
struct Walk<'t, 'e> {
    text: &'t [u8],
    /// The block that is next.
    at: usize,
    /// All bits set if the last block ended inside a string.
    in_string: u64,
    /// The lowest bit set if the last block ended with the backslash of an escape.
    escape: u64,
    /// Open brackets in the list: 0 between records, 1 in a record.
    depth: u32,
    /// Where the current record begins.
    start: usize,
    /// What has to stand between the last record and the next.
    separator: &'static [u8],
    /// Where the last record ended, or the list began.
    end: usize,
    /// The last place where a `\u` was seen.
    unicode: Option<usize>,
    each: &'e mut dyn FnMut(Found) -> Result<(), Odd>,
}

impl<'t, 'e> Walk<'t, 'e> {
    fn new(text: &'t [u8], list: usize, each: &'e mut dyn FnMut(Found) -> Result<(), Odd>) -> Self {
        Walk {
            text,
            at: list,
            in_string: 0,
            escape: 0,
            depth: 0,
            start: list,
            separator: b"",
            end: list,
            unicode: None,
            each,
        }
    }

    /// Walks to the end of the document. How a block is looked at is the caller's: this is compiled
    /// once for each way.
    #[inline(always)]
    fn run(
        &mut self,
        marks: impl Fn(&Block) -> Marks,
        letters: impl Fn(&Block, u8) -> u64,
        parity: impl Fn(u64) -> u64,
    ) -> Result<(), Odd> {
        let mut last = [b' '; BLOCK_BYTES];
        while let Some(rest) = self.text.get(self.at..).filter(|rest| !rest.is_empty()) {
            let block = rest.first_chunk().unwrap_or_else(|| {
                last[..rest.len()].copy_from_slice(rest);
                &last
            });
            let marks = marks(block);
            let mut quotes = marks.quotes;
            let mut escaped = 0;
            if marks.backslashes | self.escape != 0 {
                escaped = self.escaped(marks.backslashes);
                quotes &= !escaped;
                let unicode = escaped & letters(block, b'u');
                if unicode != 0 {
                    self.unicode = Some(self.at + 63 - unicode.leading_zeros() as usize);
                }
            }
            // A string's bits are those from its first quote to the one before its last.
            let strings = parity(quotes) ^ self.in_string;
            self.in_string = if strings >> 63 == 1 { u64::MAX } else { 0 };
            if escaped & !strings != 0 {
                return Err(Odd);
            }
            let (open, close) = (marks.open & !strings, marks.close & !strings);
            let closes = close.count_ones();
            if self.depth > closes {
                // Whatever their order, the record does not end here.
                self.depth += open.count_ones();
                self.depth -= closes;
            } else if self.brackets(open, close)?.is_some() {
                return Ok(());
            }
            self.at += BLOCK_BYTES;
        }
        Err(Odd)
    }

    /// The bytes that stand behind the backslash of an escape. A backslash that is escaped itself
    /// escapes nothing: in a row of them, every second one does.
    #[inline(always)]
    fn escaped(&mut self, backslashes: u64) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        let first = backslashes & !self.escape;
        let behind = first << 1 | self.escape;
        // A row that begins at an odd place: adding its first bit carries to the bit behind the row.
        let odd_starts = first & !EVEN & !behind;
        let (carried, overflow) = odd_starts.overflowing_add(first);
        self.escape = overflow.into();
        (EVEN ^ carried << 1) & behind
    }

    /// Goes through brackets one by one. Gives something at the end of the list.
    #[inline(never)]
    fn brackets(&mut self, open: u64, close: u64) -> Result<Option<()>, Odd> {
        let mut brackets = open | close;
        while brackets != 0 {
            let index = brackets.trailing_zeros();
            brackets &= brackets - 1;
            let at = self.at + index as usize;
            let byte = self.text[at];
            if open >> index & 1 == 1 {
                if self.depth == 0 {
                    if byte != b'{' || trim(&self.text[self.end..at]) != self.separator {
                        return Err(Odd);
                    }
                    self.start = at;
                }
                self.depth += 1;
                continue;
            }
            if self.depth == 0 {
                return if byte == b']' && self.ends(at) { Ok(Some(())) } else { Err(Odd) };
            }
            self.depth -= 1;
            if self.depth == 0 {
                if byte != b'}' {
                    return Err(Odd);
                }
                self.end = at + 1;
                self.separator = b",";
                let has_unicode_escapes = self.unicode.is_some_and(|place| place > self.start);
                (self.each)(Found { range: self.start..self.end, has_unicode_escapes })?;
            }
        }
        Ok(None)
    }

    /// Whether the document ends as it should with the list that ends at `list_end`.
    fn ends(&self, list_end: usize) -> bool {
        trim(&self.text[self.end..list_end]).is_empty() && trim(&self.text[list_end + 1..]) == b"}"
    }
}
