//! SHA-256, as digest files and manifests use it: of whole texts and of streams, and its hexadecimal
//! form.

use std::fmt::{self, Write};
use std::io::{self, Read};

use ring::digest::{Context, SHA256, digest};

/// The SHA-256 of a text.
pub fn sha256(text: &[u8]) -> [u8; 32] {
    bytes_of(digest(&SHA256, text))
}

/// Bytes in hexadecimal, in small letters.
pub fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string never fails.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The bytes of a hexadecimal text; `None` if it is none.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of FIPS 180-2, appendix B.
    #[test]
    fn known_hashes() {
        for (text, expected) in [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
            ),
        ] {
            assert_eq!(to_hex(&sha256(text.as_bytes())), expected);
            let mut streamed = Hashed::new(text.as_bytes(), true);
            io::copy(&mut streamed, &mut io::sink()).expect("memory");
            assert_eq!(streamed.finish(), Some(sha256(text.as_bytes())));
        }
    }

    #[test]
    fn hexadecimal() {
        assert_eq!(from_hex("00fF1a"), Some(vec![0, 255, 26]));
        assert_eq!(from_hex(""), Some(Vec::new()));
        for other in ["0", "0g", "+1", "é", "0x00", " 0"] {
            assert_eq!(from_hex(other), None, "{other}");
        }
        let bytes = (0..=255).collect::<Vec<u8>>();
        assert_eq!(from_hex(&to_hex(&bytes)), Some(bytes));
    }
}
