//! Text as UTF-8, whatever it came as: UTF-8 or UTF-16, with or without a byte order mark.
//!
//! What is no text (a byte that is no UTF-8, half a surrogate pair) becomes [`NOT_TEXT`]: an escape that
//! JSON allows in strings, and that is no text there either. So the document is still taken apart into its
//! records, and only the record with the escape is rejected.

use std::cell::Cell;
use std::io::{self, Read};

use crate::object::Unreadable;

/// What is given for bytes that are no text. No program writes half a surrogate pair in this mixture of cases.
pub(crate) const NOT_TEXT: &str = "\\uDcFf";

/// How a text is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

/// What tells the encodings apart, in bytes.
const HEAD_BYTES: usize = 4;

const CHUNK_BYTES: usize = 64 * 1024;

impl Encoding {
    /// The encoding of a text that begins so, and the length of its byte order mark. Without a mark, the
    /// first character tells: in all that is read it is ASCII.
    fn of(head: &[u8]) -> (Self, usize) {
        match head {
            [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
            [0xff, 0xfe, ..] => (Encoding::Utf16Le, 2),
            [0xfe, 0xff, ..] => (Encoding::Utf16Be, 2),
            [first, 0, ..] if *first != 0 => (Encoding::Utf16Le, 0),
            [0, second, ..] if *second != 0 => (Encoding::Utf16Be, 0),
            _ => (Encoding::Utf8, 0),
        }
    }
}

/// The text if it is UTF-8 from end to end, without its byte order mark.
pub(crate) fn utf8(text: &[u8]) -> Option<&str> {
    match Encoding::of(text) {
        (Encoding::Utf8, mark) => simdutf8::basic::from_utf8(&text[mark..]).ok(),
        _ => None,
    }
}

/// A text as UTF-8, in pieces.
pub(crate) struct Utf8<'c, R> {
    text: R,
    encoding: Option<Encoding>,
    /// What is read into.
    chunk: Vec<u8>,
    /// What was read and is not decoded yet.
    bytes: Vec<u8>,
    /// What was decoded, and how much of it was given.
    decoded: Vec<u8>,
    given: usize,
    is_end: bool,
    /// Whether there was something that is no text.
    has_not_text: &'c Cell<bool>,
}

impl<'c, R: Read> Utf8<'c, R> {
    /// Decodes a text. The cell is set before what is no text is given.
    pub(crate) fn new(text: R, has_not_text: &'c Cell<bool>) -> Self {
        let (chunk, bytes, decoded) = (vec![0; CHUNK_BYTES], Vec::new(), Vec::new());
        Utf8 { text, encoding: None, chunk, bytes, decoded, given: 0, is_end: false, has_not_text }
    }

    fn read_chunk(&mut self) -> io::Result<()> {
        let count = self.text.read(&mut self.chunk)?;
        self.bytes.extend_from_slice(&self.chunk[..count]);
        self.is_end = count == 0;
        Ok(())
    }

    /// Decodes what can be decoded of what was read.
    fn decode(&mut self) -> io::Result<()> {
        self.decoded.clear();
        self.given = 0;
        let encoding = match self.encoding {
            Some(encoding) => encoding,
            None if self.bytes.len() < HEAD_BYTES && !self.is_end => return Ok(()),
            None => {
                let (encoding, mark) = Encoding::of(&self.bytes);
                self.bytes.drain(..mark);
                *self.encoding.insert(encoding)
            }
        };
        let n_decoded = match encoding {
            Encoding::Utf8 => self.decode_utf8(),
            Encoding::Utf16Le => self.decode_utf16(u16::from_le_bytes),
            Encoding::Utf16Be => self.decode_utf16(u16::from_be_bytes),
        };
        self.bytes.drain(..n_decoded);
        if self.is_end && !self.bytes.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, Unreadable::TruncatedUtf16));
        }
        Ok(())
    }

    fn decode_utf8(&mut self) -> usize {
        if simdutf8::basic::from_utf8(&self.bytes).is_ok() {
            self.decoded.extend_from_slice(&self.bytes);
            return self.bytes.len();
        }
        let mut n_decoded = 0;
        for chunk in self.bytes.utf8_chunks() {
            self.decoded.extend_from_slice(chunk.valid().as_bytes());
            n_decoded += chunk.valid().len();
            let invalid = chunk.invalid();
            let may_go_on = !self.is_end && n_decoded + invalid.len() == self.bytes.len();
            if invalid.is_empty()
                || may_go_on && str::from_utf8(invalid).is_err_and(|e| e.error_len().is_none())
            {
                continue;
            }
            n_decoded += invalid.len();
            self.decoded.extend_from_slice(NOT_TEXT.as_bytes());
            self.has_not_text.set(true);
        }
        n_decoded
    }

    fn decode_utf16(&mut self, unit: impl Fn([u8; 2]) -> u16) -> usize {
        let (pairs, _half) = self.bytes.as_chunks::<2>();
        let mut n_units = pairs.len();
        let is_high = |pair: &[u8; 2]| (0xd800..0xdc00).contains(&unit(*pair));
        if !self.is_end && pairs.last().is_some_and(is_high) {
            n_units -= 1;
        }
        for c in char::decode_utf16(pairs[..n_units].iter().map(|pair| unit(*pair))) {
            match c {
                Ok(c) => {
                    let text = &mut [0; 4];
                    self.decoded.extend_from_slice(c.encode_utf8(text).as_bytes());
                }
                Err(_) => {
                    self.decoded.extend_from_slice(NOT_TEXT.as_bytes());
                    self.has_not_text.set(true);
                }
            }
        }
        2 * n_units
    }
}

impl<R: Read> Read for Utf8<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.decoded.len() && !self.is_end {
            self.read_chunk()?;
            self.decode()?;
        }
        let count = out.len().min(self.decoded.len() - self.given);
        out[..count].copy_from_slice(&self.decoded[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}
