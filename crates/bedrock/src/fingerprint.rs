//! Tells two texts of data apart: catalog, Regions, prices, aliases.

use std::fmt;

use twox_hash::XxHash64;

/// XXH64 (the xxHash fast digest algorithm, `xxhash_spec.md`) over texts in their order: each text is
/// hashed with the hash of those before it as its seed. Written in hexadecimal. It distinguishes data; it
/// does not protect against somebody who wants them to look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint of a text.
    pub fn of(text: &str) -> Self {
        Self::default().and(text)
    }

    /// The fingerprint of all texts before and of one more. The default is that of no text at all.
    #[must_use]
    pub fn and(self, text: &str) -> Self {
        Fingerprint(XxHash64::oneshot(self.0, text.as_bytes()))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
