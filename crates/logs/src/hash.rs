//! SHA-256, as digest files and manifests use it: of whole texts and of streams, and its hexadecimal
//! form.

use std::fmt;
use std::io::{self, Read};

use ring::digest::{Context, SHA256, digest};

/// The SHA-256 of a text.
pub fn sha256(text: &[u8]) -> [u8; 32] {
    bytes_of(digest(&SHA256, text))
}

/// Bytes in hexadecimal, in small letters.
pub fn to_hex(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

/// The bytes of a hexadecimal text; `None` if it is none.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    hex::decode(text).ok()
}

/// A text that comes in pieces, to be hashed.
#[derive(Clone)]
pub struct Sha256(Context);

impl Default for Sha256 {
    fn default() -> Self {
        Sha256(Context::new(&SHA256))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha256")
    }
}

impl Sha256 {
    /// Adds a piece behind those that came before.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The hash of all pieces as one text.
    pub fn finish(self) -> [u8; 32] {
        bytes_of(self.0.finish())
    }
}

/// A reader that hashes what goes through it, if it is asked to.
pub(crate) struct Hashed<R> {
    text: R,
    hash: Option<Sha256>,
}

impl<R: Read> Hashed<R> {
    pub(crate) fn new(text: R, is_asked: bool) -> Self {
        Hashed { text, hash: is_asked.then(Sha256::default) }
    }

    /// What goes through.
    pub(crate) fn inner(&self) -> &R {
        &self.text
    }

    /// The hash of all that went through.
    pub(crate) fn finish(self) -> Option<[u8; 32]> {
        self.hash.map(Sha256::finish)
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.text.read(out)?;
        if let Some(hash) = &mut self.hash {
            hash.update(&out[..count]);
        }
        Ok(count)
    }
}

fn bytes_of(hash: ring::digest::Digest) -> [u8; 32] {
    hash.as_ref().try_into().expect("SHA-256 has 32 bytes")
}
