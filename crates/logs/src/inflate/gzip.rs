//! Inflates gzip under a cap: one member, or all of them.
//!
//! A CloudTrail object is a single gzip member. Bytes after it are how forged records can be appended
//! to a log file (aws/aws-cli#10324), so that they make the object unreadable. Who has written or merged
//! the files may ask for all members ([`Members::All`]), which are one text then, under the same cap.
//!
//! A body that is whole is inflated in one call ([`inflate`]); one that arrives bit by bit, or that is
//! too large to be held, is a stream ([`Member`]). The stream is the judge of all that is not plain.

mod one_call;

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

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

/// How a member begins.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// True if a body begins as gzip does. The name is no guide: some clients inflate on the way.
pub fn is_gzip(body: &[u8]) -> bool {
    body.starts_with(&GZIP_MAGIC)
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
    /// The current member. `None` only while the next one is begun.
    decoder: Option<GzDecoder<R>>,
    members: Members,
    n_members: u64,
    left_bytes: u64,
    cap_bytes: u64,
}

impl<R: BufRead> Member<R> {
    /// Reads a member from `body`.
    pub fn new(body: R, members: Members, cap_bytes: u64) -> Self {
        let decoder = Some(GzDecoder::new(body));
        Member { decoder, members, n_members: 1, left_bytes: cap_bytes, cap_bytes }
    }

    /// The members that were begun.
    pub(crate) fn n_members(&self) -> u64 {
        self.n_members
    }

    /// Begins what follows the member that has ended. Returns whether there is anything.
    fn next_member(&mut self) -> io::Result<bool> {
        let Some(decoder) = &mut self.decoder else { return Ok(false) };
        let rest = decoder.get_mut().fill_buf()?;
        if rest.is_empty() {
            return Ok(false);
        }
        // No more than one byte is sure to be there.
        if self.members == Members::One || rest[0] != GZIP_MAGIC[0] {
            return Err(GzipError::TrailingBytes.into());
        }
        self.n_members += 1;
        let body = self.decoder.take().map(GzDecoder::into_inner);
        self.decoder = body.map(GzDecoder::new);
        Ok(true)
    }
}

impl<R: BufRead> Read for Member<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // One byte over the cap is asked for, so that a body of exactly the cap is let through.
        let most = usize::try_from(self.left_bytes.saturating_add(1)).unwrap_or(usize::MAX);
        let most = most.min(out.len());
        loop {
            let Some(decoder) = &mut self.decoder else { return Ok(0) };
            let count = match decoder.read(&mut out[..most]) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
                Err(error) => return Err(GzipError::from_io(&error).into()),
            };
            let Some(left_bytes) = self.left_bytes.checked_sub(count as u64) else {
                return Err(GzipError::OverCap { cap_bytes: self.cap_bytes }.into());
            };
            self.left_bytes = left_bytes;
            if count > 0 || most == 0 || !self.next_member()? {
                return Ok(count);
            }
        }
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
