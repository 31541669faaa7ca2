//! A JSON text as a stream, its long strings cut: what a parser holds of it is bounded, whatever it
//! holds, and wherever a prompt may be.
//!
//! Half a surrogate pair (`\ud83d` alone), which a model may well write, would fail the parser: it is replaced by
//! Unicode's own character for what is no text.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};

/// The part of a string that is let through, in bytes as written. A model id has at most 2,048
/// characters, which take six bytes each where all are escaped.
pub(super) const MAX_STRING_BYTES: usize = 16 * 1024;

/// What stands at the end of a string that was cut. It needs no escape in JSON.
pub(super) const CUT: char = '\u{7f}';

/// What half a surrogate pair is replaced by, as an escape.
const REPLACEMENT: &[u8] = b"\\ufffd";

/// The length of `\u` with its digits.
const ESCAPE_BYTES: usize = 6;

/// The text of `inner` with its strings cut.
#[derive(Debug)]
pub(super) struct Shortened<R> {
    inner: R,
    place: Place,
    /// An escape that begins with `\u`, until it is whole, and if it is the first half of a pair, the other one.
    held: Vec<u8>,
    /// What is to be let through before anything else.
    ready: VecDeque<u8>,
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
    /// Behind `\u`, which is held with what follows.
    Held,
}

impl<R: BufRead> Shortened<R> {
    pub(super) fn new(inner: R) -> Self {
        Shortened { inner, place: Place::Outside, held: Vec::new(), ready: VecDeque::new() }
    }
}

impl<R: BufRead> Read for Shortened<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.ready.is_empty() {
                return self.ready.read(out);
            }
            let text = self.inner.fill_buf()?;
            if out.is_empty() {
                return Ok(0);
            }
            if text.is_empty() {
                // The end in an escape: the parser is to see it.
                if let Place::Inside { escape: escape @ Escape::Begun, .. } = &mut self.place {
                    *escape = Escape::No;
                    self.ready.push_back(b'\\');
                }
                self.ready.extend(self.held.drain(..));
                return self.ready.read(out);
            }
            let (mut n_read, mut n_written) = (0, 0);
            for &byte in text {
                if n_written == out.len() || !self.ready.is_empty() {
                    break;
                }
                n_read += 1;
                if let Some(byte) = step(&mut self.place, &mut self.held, &mut self.ready, byte) {
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

/// Goes one byte on, and says what to let through for it. Where that is more than a byte, it is `ready`.
fn step(place: &mut Place, held: &mut Vec<u8>, ready: &mut VecDeque<u8>, byte: u8) -> Option<u8> {
    match *place {
        Place::Outside => {
            if byte == b'"' {
                *place = Place::Inside { passed_bytes: 0, escape: Escape::No };
            }
            Some(byte)
        }
        Place::Inside { passed_bytes, escape: Escape::Held } => {
            held.push(byte);
            let (whole, n_taken) = settled(held)?;
            let behind = held.split_off(n_taken);
            held.clear();
            ready.extend(whole);
            let passed_bytes = passed_bytes + n_taken;
            *place = Place::Inside { passed_bytes, escape: Escape::No };
            for byte in behind {
                let passed = step(place, held, ready, byte);
                ready.extend(passed);
            }
            None
        }
        Place::Inside { escape, .. } if byte == b'"' && escape == Escape::No => {
            *place = Place::Outside;
            Some(byte)
        }
        Place::Inside { passed_bytes, escape } => {
            // A string is not cut within a character.
            let begins = escape == Escape::No && !is_continuation(byte);
            if begins && passed_bytes >= MAX_STRING_BYTES && byte >= b' ' {
                *place = Place::Rest { escaped: byte == b'\\' };
                return u8::try_from(CUT).ok();
            }
            let escape = match (escape, byte) {
                (Escape::No, b'\\') => {
                    // It is let through with what follows it.
                    *place = Place::Inside { passed_bytes, escape: Escape::Begun };
                    return None;
                }
                (Escape::Begun, b'u') => {
                    held.extend(b"\\u");
                    *place = Place::Inside { passed_bytes, escape: Escape::Held };
                    return None;
                }
                (Escape::Begun, _) => {
                    ready.extend([b'\\', byte]);
                    *place = Place::Inside { passed_bytes: passed_bytes + 2, escape: Escape::No };
                    return None;
                }
                _ => Escape::No,
            };
            *place = Place::Inside { passed_bytes: passed_bytes + 1, escape };
            Some(byte)
        }
        Place::Rest { escaped: false } if byte == b'"' => {
            *place = Place::Outside;
            Some(byte)
        }
        Place::Rest { escaped } => {
            *place = Place::Rest { escaped: !escaped && byte == b'\\' };
            // A control character may not stand in a string: the parser is to see it.
            (byte < b' ').then_some(byte)
        }
    }
}

/// What to let through for an escape that is held, and how much of what is held that is; `None` if more has to come.
fn settled(held: &[u8]) -> Option<(Vec<u8>, usize)> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let (first, second) = held.split_at(held.len().min(ESCAPE_BYTES));
    if !first[2..].iter().all(|byte| digit(byte).is_some()) {
        // Not JSON: the parser is to see it, up to the byte that is none of the escape.
        return Some((first[..first.len() - 1].to_vec(), first.len() - 1));
    }
    if first.len() < ESCAPE_BYTES {
        return None;
    }
    let unit = first[2..].iter().filter_map(digit).fold(0, |unit, digit| unit << 4 | digit);
    match unit {
        0xd800..=0xdbff => {}
        0xdc00..=0xdfff => return Some((REPLACEMENT.to_vec(), ESCAPE_BYTES)),
        _ => return Some((first.to_vec(), ESCAPE_BYTES)),
    }
    let is_low = second.iter().enumerate().all(|(place, byte)| match place {
        0 => *byte == b'\\',
        1 => *byte == b'u',
        2 => matches!(byte, b'd' | b'D'),
        3 => matches!(byte, b'c'..=b'f' | b'C'..=b'F'),
        _ => digit(byte).is_some(),
    });
    match (is_low, second.len()) {
        (true, ESCAPE_BYTES) => Some((held.to_vec(), held.len())),
        (true, _) => None,
        (false, _) => Some((REPLACEMENT.to_vec(), ESCAPE_BYTES)),
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
    fn halves_of_surrogate_pairs_are_replaced_and_pairs_come_through() {
        for (text, expected) in [
            (
                r#"["\ud83e\udd80","\uD83E","\ud0a0\u00d8ud8","\\ud83e"]"#,
                r#"["\ud83e\udd80","\ufffd","\ud0a0\u00d8ud8","\\ud83e"]"#,
            ),
            (r#""\ud83d\ud83e\udd80\udd80""#, r#""\ufffd\ud83e\udd80\ufffd""#),
            (
                r#""\ud83d\"x\ud83d\n\ud83d\u0041\ud83dé""#,
                r#""\ufffd\"x\ufffd\n\ufffd\u0041\ufffdé""#,
            ),
            (r#""\ud83d\\udd80","\udd80\ud83d""#, r#""\ufffd\\udd80","\ufffd\ufffd""#),
            // No JSON: the parser is to see it.
            (r#""\ud8"x","\uzz","\ud83"#, r#""\ud8"x","\uzz","\ud83"#),
        ] {
            for capacity in 1..30 {
                assert_eq!(shortened(text, capacity), expected);
            }
        }
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
