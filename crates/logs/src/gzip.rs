//! The only place that inflates: one gzip member, under a cap.
//!
//! A CloudTrail object is a single gzip member. Bytes after it are how forged records can be appended
//! to a log file (aws/aws-cli#10324), so that they make the object unreadable. Who has written or merged
//! the files may ask for all members ([`Members::All`]), which are one text then, under the same cap.
//!
//! A body that is whole is inflated in one call ([`inflate`]); one that arrives bit by bit, or that is
//! too large to be held, is a stream ([`Member`]). The stream is the judge of all that is not plain.

mod one_call;

use std::io::{self, BufRead, Read};

use flate2::bufread::{GzDecoder, MultiGzDecoder};

/// Why a gzip body cannot be inflated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GzipError {
    /// The body ends inside the member.
    #[error("truncated gzip: the body ends inside the member")]
    Truncated,
    /// The member is damaged.
    #[error("damaged gzip: {0}")]
    Damaged(String),
    /// Something follows the member.
    #[error(
        "bytes after the gzip member: a CloudTrail object is one member, so this may be forged"
    )]
    TrailingBytes,
    /// The inflated body is larger than the cap.
    #[error("inflates to more than the cap of {cap_bytes} bytes")]
    OverCap {
        /// The cap, in bytes.
        cap_bytes: u64,
    },
}

/// How many members a body may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Members {
    /// One, with nothing after it.
    One,
    /// One and any number after it, all sound, with nothing else between and after them. Their texts
    /// are one text.
    All,
}

/// True if a body begins as gzip does. The name is no guide: some clients inflate on the way.
pub fn is_gzip(body: &[u8]) -> bool {
    body.starts_with(&[0x1f, 0x8b])
}

/// The size that a body says its last member inflates to. It may lie, and it counts modulo 2^32.
pub fn stated_bytes(body: &[u8]) -> Option<u64> {
    body.last_chunk::<4>().map(|size| u32::from_le_bytes(*size).into())
}

/// Inflates a whole body into `scratch`, whose length never shrinks here: what lies behind the text
/// that is given back is of no meaning, and is kept so that it need not be cleared for the next body.
///
/// # Errors
/// If a member is truncated or damaged, if what follows is none of the `members`, or if the text is
/// larger than `cap_bytes`.
pub fn inflate<'s>(
    body: &[u8],
    scratch: &'s mut Vec<u8>,
    members: Members,
    cap_bytes: u64,
) -> Result<&'s [u8], GzipError> {
    if let Some(length) = one_call::inflate(body, scratch, cap_bytes) {
        return Ok(&scratch[..length]);
    }
    scratch.clear();
    match Member::new(body, members, cap_bytes).read_to_end(scratch) {
        Ok(_) => Ok(scratch),
        Err(error) => Err(GzipError::from_io(&error)),
    }
}

/// One gzip member, or all of them, as a stream: an error of the kind [`GzipError`] at the first byte
/// over the cap, and at the end if bytes follow.
#[derive(Debug)]
pub struct Member<R> {
    decoder: Decoder<R>,
    left_bytes: u64,
    cap_bytes: u64,
}

#[derive(Debug)]
enum Decoder<R> {
    One(GzDecoder<R>),
    /// It goes on until the body ends, so that nothing can follow.
    All(MultiGzDecoder<R>),
}

impl<R: BufRead> Member<R> {
    /// Reads a member from `body`.
    pub fn new(body: R, members: Members, cap_bytes: u64) -> Self {
        let decoder = match members {
            Members::One => Decoder::One(GzDecoder::new(body)),
            Members::All => Decoder::All(MultiGzDecoder::new(body)),
        };
        Member { decoder, left_bytes: cap_bytes, cap_bytes }
    }
}

impl<R: BufRead> Decoder<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Decoder::One(decoder) => decoder.read(out),
            Decoder::All(decoder) => decoder.read(out),
        }
    }

    fn body(&mut self) -> &mut R {
        match self {
            Decoder::One(decoder) => decoder.get_mut(),
            Decoder::All(decoder) => decoder.get_mut(),
        }
    }
}

impl<R: BufRead> Read for Member<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // One byte over the cap is asked for, so that a body of exactly the cap is let through.
        let most = usize::try_from(self.left_bytes.saturating_add(1)).unwrap_or(usize::MAX);
        let most = most.min(out.len());
        let count = match self.decoder.read(&mut out[..most]) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => return Err(GzipError::from_io(&error).into()),
        };
        let Some(left_bytes) = self.left_bytes.checked_sub(count as u64) else {
            return Err(GzipError::OverCap { cap_bytes: self.cap_bytes }.into());
        };
        self.left_bytes = left_bytes;
        if count == 0 && most > 0 && !self.decoder.body().fill_buf()?.is_empty() {
            return Err(GzipError::TrailingBytes.into());
        }
        Ok(count)
    }
}

impl GzipError {
    /// The gzip error inside an I/O error, or the best description of another one.
    pub fn from_io(error: &io::Error) -> Self {
        let own = error.get_ref().and_then(|inner| inner.downcast_ref::<GzipError>());
        match own {
            Some(own) => own.clone(),
            None if error.kind() == io::ErrorKind::UnexpectedEof => GzipError::Truncated,
            None => GzipError::Damaged(error.to_string()),
        }
    }
}

impl From<GzipError> for io::Error {
    fn from(error: GzipError) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use testkit::gzip as member;

    use super::*;

    fn inflated(body: &[u8], cap_bytes: u64) -> Result<Vec<u8>, GzipError> {
        inflated_members(body, Members::One, cap_bytes)
    }

    fn inflated_members(
        body: &[u8],
        members: Members,
        cap_bytes: u64,
    ) -> Result<Vec<u8>, GzipError> {
        let mut scratch = b"old".to_vec();
        let found = inflate(body, &mut scratch, members, cap_bytes).map(<[u8]>::to_vec);
        // However little of the body is there at a time.
        for capacity in [1, 7, 4096] {
            let mut streamed = Vec::new();
            let body = BufReader::with_capacity(capacity, body);
            let again = Member::new(body, members, cap_bytes).read_to_end(&mut streamed);
            assert_eq!(found, again.map(|_| streamed).map_err(|error| GzipError::from_io(&error)));
        }
        found
    }

    #[test]
    fn one_member_comes_back() {
        let body = member(b"hello");
        assert!(is_gzip(&body) && !is_gzip(b"{}"));
        assert_eq!(inflated(&body, 5), Ok(b"hello".to_vec()));
        assert_eq!(inflated(&member(b""), 0), Ok(Vec::new()));
    }

    #[test]
    fn the_cap_holds() {
        assert_eq!(inflated(&member(b"hello"), 4), Err(GzipError::OverCap { cap_bytes: 4 }));
        let bomb = member(&vec![0; 50_000_000]);
        assert_eq!(inflated(&bomb, 1000), Err(GzipError::OverCap { cap_bytes: 1000 }));
    }

    #[test]
    fn what_follows_the_member_is_no_part_of_it() {
        for tail in [member(b"forged"), b"x".to_vec(), vec![0; 8]] {
            let body = [member(b"hello"), tail].concat();
            assert_eq!(inflated(&body, 100), Err(GzipError::TrailingBytes));
        }
    }

    #[test]
    fn all_members_are_one_text() {
        let all = |body: &[u8], cap_bytes| inflated_members(body, Members::All, cap_bytes);
        let (one, two, none) = (member(b"hello"), member(b", world"), member(b""));
        assert_eq!(all(&one, 5), Ok(b"hello".to_vec()));
        let body = [&one[..], &none, &two, &none, &none].concat();
        assert_eq!(all(&body, 12), Ok(b"hello, world".to_vec()));
        assert_eq!(all(&body, 11), Err(GzipError::OverCap { cap_bytes: 11 }));
        assert_eq!(inflated(&body, 12), Err(GzipError::TrailingBytes));
        // What ends a later member holds for it as for the first.
        for length in one.len() + none.len() + 1..one.len() + none.len() + two.len() {
            assert_eq!(all(&body[..length], 100), Err(GzipError::Truncated), "{length}");
        }
        for tail in [&b"x"[..], b"xxxxxxxxxxxxxxxxxx", &[0; 8], &[0; 512], &one[..1], b"\x1f\x8b"] {
            assert!(all(&[&body, tail].concat(), 100).is_err(), "{tail:?}");
            assert!(all(&[&one, tail, &two].concat(), 100).is_err(), "{tail:?}");
        }
    }

    #[test]
    fn a_flipped_bit_of_a_later_member_never_changes_the_text() {
        let (first, second) = (member(b"some text, "), member(b"and some more text"));
        let body = [&first[..], &second].concat();
        let mut n_noticed = 0;
        for bit in 0..body.len() * 8 {
            let mut damaged = body.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            match inflated_members(&damaged, Members::All, 1000) {
                Ok(found) => assert_eq!(found, b"some text, and some more text", "bit {bit}"),
                Err(_) => n_noticed += 1,
            }
        }
        assert!(n_noticed > body.len() * 4, "{n_noticed}");
    }

    #[test]
    fn a_checksum_of_the_header_counts() {
        let mut body = member(b"hello");
        body[3] = 1 << 1;
        let checksum = libdeflater::crc32(&body[..10]).to_le_bytes();
        let with = |checksum: [u8; 2]| [&body[..10], &checksum[..], &body[10..]].concat();
        assert_eq!(inflated(&with([checksum[0], checksum[1]]), 5), Ok(b"hello".to_vec()));
        let found = inflated(&with([checksum[0], !checksum[1]]), 5);
        assert!(matches!(found, Err(GzipError::Damaged(_))), "{found:?}");
    }

    #[test]
    fn a_cut_at_every_byte_is_noticed() {
        let body = member(b"some text that is long enough to have a body, a body, a body");
        for length in 0..body.len() {
            let found = inflated(&body[..length], 1000);
            assert_eq!(found, Err(GzipError::Truncated), "{length}");
        }
    }

    #[test]
    fn a_flipped_bit_never_changes_the_text() {
        let text = b"some text that is long enough to have a body, a body, a body";
        let body = member(text);
        for bit in 0..body.len() * 8 {
            let mut damaged = body.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            if let Ok(found) = inflated(&damaged, 1000) {
                assert_eq!(found, text, "bit {bit} of the header may not matter");
            }
        }
    }
}
