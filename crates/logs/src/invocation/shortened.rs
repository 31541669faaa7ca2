//! A JSON text as a stream, its long strings cut: what a parser holds of it is bounded, whatever it
//! holds, and wherever a prompt may be.
//!
//! Half a surrogate pair (`\ud83d` alone), which a model may well write, would fail the parser. No name
//! that is read has a letter that is written as a pair, so that halves and pairs are both replaced.

use std::io::{self, BufRead, Read};

/// The part of a string that is let through, in bytes as written. A model id has at most 2,048
/// characters, which take six bytes each where all are escaped.
pub(super) const MAX_STRING_BYTES: usize = 16 * 1024;

/// What stands at the end of a string that was cut. It needs no escape in JSON.
pub(super) const CUT: char = '\u{7f}';

/// The text of `inner` with its strings cut.
#[derive(Debug)]
pub(super) struct Shortened<R> {
    inner: R,
    place: Place,
}

/// Where in the JSON a stream stands.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// Between strings.
    Outside,
    /// In a string, of which so many bytes were let through.
    Inside { passed_bytes: usize, escape: Escape },
    /// In the rest of a string that was cut; just behind a backslash or not.
    Rest { escaped: bool },
}

/// Where in an escape a stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    No,
    /// Behind the backslash.
    Begun,
    /// So many digits of `\u` are missing.
    Digits(u8),
    /// Behind `\ud`.
    DigitsAfterD,
}

impl<R: BufRead> Shortened<R> {
    pub(super) fn new(inner: R) -> Self {
        Shortened { inner, place: Place::Outside }
    }
}

impl<R: BufRead> Read for Shortened<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let text = self.inner.fill_buf()?;
            if text.is_empty() || out.is_empty() {
                return Ok(0);
            }
            let (mut n_read, mut n_written) = (0, 0);
            for &byte in text {
                if n_written == out.len() {
                    break;
                }
                n_read += 1;
                if let Some(byte) = self.place.step(byte) {
                    out[n_written] = byte;
                    n_written += 1;
                }
            }
            self.inner.consume(n_read);
            if n_written > 0 {
                return Ok(n_written);
            }
        }
    }
}

impl Place {
    /// Goes one byte on, and says what to let through.
    fn step(&mut self, byte: u8) -> Option<u8> {
        match *self {
            Place::Outside => {
                if byte == b'"' {
                    *self = Place::Inside { passed_bytes: 0, escape: Escape::No };
                }
                Some(byte)
            }
            Place::Inside { escape, .. } if byte == b'"' && escape != Escape::Begun => {
                *self = Place::Outside;
                Some(byte)
            }
            Place::Inside { passed_bytes, escape } => {
                // A string is not cut within a character.
                let begins = escape == Escape::No && !is_continuation(byte);
                if begins && passed_bytes >= MAX_STRING_BYTES && byte >= b' ' {
                    *self = Place::Rest { escaped: byte == b'\\' };
                    return u8::try_from(CUT).ok();
                }
                let (escape, byte) = escape.step(byte);
                *self = Place::Inside { passed_bytes: passed_bytes + 1, escape };
                Some(byte)
            }
            Place::Rest { escaped: false } if byte == b'"' => {
                *self = Place::Outside;
                Some(byte)
            }
            Place::Rest { escaped } => {
                *self = Place::Rest { escaped: !escaped && byte == b'\\' };
                // A control character may not stand in a string: the parser is to see it.
                (byte < b' ').then_some(byte)
            }
        }
    }
}

impl Escape {
    /// Goes one byte on within a string, and says what to let through for it.
    fn step(self, byte: u8) -> (Self, u8) {
        match (self, byte) {
            (Escape::No, b'\\') => (Escape::Begun, byte),
            (Escape::Begun, b'u') => (Escape::Digits(4), byte),
            (Escape::Digits(4), b'd' | b'D') => (Escape::DigitsAfterD, byte),
            // A surrogate begins with d8 to df.
            (Escape::DigitsAfterD, b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                (Escape::Digits(2), b'0')
            }
            (Escape::DigitsAfterD, _) => (Escape::Digits(2), byte),
            (Escape::Digits(missing @ 2..), _) => (Escape::Digits(missing - 1), byte),
            _ => (Escape::No, byte),
        }
    }
}

/// True for a byte of UTF-8 that begins no character.
fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn shortened(text: &str, capacity: usize) -> String {
        let mut out = String::new();
        let inner = BufReader::with_capacity(capacity, text.as_bytes());
        Shortened::new(inner).read_to_string(&mut out).expect("text");
        out
    }

    #[test]
    fn long_strings_are_cut_between_characters() {
        for piece in ["x", "é", "\u{1f980}", "\\\"", "\\\\", "\\u00e9", "\\ud83e\\udd80"] {
            for before in ["", "x", "xy", "xyz", "xyzä"] {
                let long = format!("{before}{}", piece.repeat(MAX_STRING_BYTES + 1));
                let text = format!("[\"{long}\",{{\"{long}\":\"next\"}}]");
                let found = shortened(&text, 100);
                assert!(found.len() < 2 * MAX_STRING_BYTES + 50, "{piece}");
                let items = serde_json::from_str::<Vec<Value>>(&found).expect("JSON");
                assert!(items[0].as_str().expect("text").ends_with(CUT), "{piece}");
                assert_eq!(items[1].as_object().expect("object").len(), 1);
                assert!(found.ends_with(":\"next\"}]"), "{piece}");
            }
        }
    }

    #[test]
    fn surrogates_are_replaced() {
        let text = r#"["\ud83e\udd80","\uD83E","\ud0a0\u00d8ud8","\\ud83e"]"#;
        let expected = r#"["\ud03e\ud080","\uD03E","\ud0a0\u00d8ud8","\\ud83e"]"#;
        assert_eq!(shortened(text, 10), expected);
    }

    #[test]
    fn length_control_characters_and_ends_are_seen() {
        let whole = format!("\"{}\"", "x".repeat(MAX_STRING_BYTES));
        assert_eq!(shortened(&whole, 1000), whole);
        let long = "x".repeat(MAX_STRING_BYTES + 10);
        assert!(shortened(&format!("\"{long}\n\""), 10).ends_with("\u{7f}\n\""));
        assert!(shortened(&format!("\"{long}"), 10).ends_with(CUT));
    }

    proptest! {
        #[test]
        fn short_string_comes_through(text in "[\"\\\\u0-9a-cé{}:,\\[\\] ]{0,200}", capacity in 1_usize..50) {
            prop_assert_eq!(shortened(&text, capacity), text);
        }
    }
}
