//! Tells two texts of data apart: catalog, Regions, prices, aliases.

use std::fmt;

/// A 64-bit FNV-1a hash (Fowler, Noll, Vo; RFC 9923) over texts in their order, written in
/// hexadecimal. It tells data apart; it does not protect against somebody who wants them to look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(u64);

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

impl Fingerprint {
    /// The fingerprint of a text.
    pub fn of(text: &str) -> Self {
        Fingerprint(fnv1a(OFFSET, text.as_bytes()))
    }

    /// The fingerprint of all texts before and of one more.
    #[must_use]
    pub fn and(self, text: &str) -> Self {
        // A byte that no text contains keeps "a" before "bc" apart from "ab" before "c".
        Fingerprint(fnv1a(fnv1a(self.0, &[0xff]), text.as_bytes()))
    }
}

/// That of no text at all.
impl Default for Fingerprint {
    fn default() -> Self {
        Fingerprint(OFFSET)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

fn fnv1a(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_vectors() {
        assert_eq!(fnv1a(OFFSET, b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(OFFSET, b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(OFFSET, b"foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(Fingerprint::of("a").to_string(), "af63dc4c8601ec8c");
    }

    #[test]
    fn where_a_text_ends_counts() {
        let both = |first: &str, second: &str| Fingerprint::of(first).and(second);
        assert_ne!(both("a", "bc"), both("ab", "c"));
        assert_ne!(both("a", ""), Fingerprint::of("a"));
    }
}
