//! Inflates zstd, which archives of trails are often recompressed with: all frames of a body, one after
//! another, are one text.
//!
//! A frame says how much of its text must be held to go on (its window). The library refuses more than
//! 128 MiB, and takes no memory before it is written to.

use std::fmt;
use std::io::{self, BufRead, Read};

use zstd::stream::read::Decoder;

/// Why a zstd body cannot be inflated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZstdError {
    /// The body ends inside a frame.
    #[error("truncated zstd: the body ends inside a frame")]
    Truncated,
    /// A frame is damaged, or is none.
    #[error("damaged zstd: {0}")]
    Damaged(String),
    /// The inflated body is larger than the cap.
    #[error("inflates to more than the cap of {cap_bytes} bytes")]
    OverCap {
        /// The cap, in bytes.
        cap_bytes: u64,
    },
}

/// How a frame begins (RFC 8878, section 3.1.1).
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// True if a body begins as zstd does.
pub(crate) fn is_zstd(body: &[u8]) -> bool {
    body.starts_with(&ZSTD_MAGIC)
}

/// The frames of a body as a stream: an error of the kind [`ZstdError`] at the first byte over the cap.
pub(crate) struct Frames<R> {
    decoder: Decoder<'static, R>,
    left_bytes: u64,
    cap_bytes: u64,
}

impl<R> fmt::Debug for Frames<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frames").field("left_bytes", &self.left_bytes).finish_non_exhaustive()
    }
}

impl<R: BufRead> Frames<R> {
    /// Reads frames from `body`.
    ///
    /// # Errors
    /// If the library cannot get its memory.
    pub(crate) fn new(body: R, cap_bytes: u64) -> io::Result<Self> {
        Ok(Frames { decoder: Decoder::with_buffer(body)?, left_bytes: cap_bytes, cap_bytes })
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // One byte over the cap is asked for, so that a body of exactly the cap is let through.
        let most = usize::try_from(self.left_bytes.saturating_add(1)).unwrap_or(usize::MAX);
        let most = most.min(out.len());
        let count = match self.decoder.read(&mut out[..most]) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => return Err(ZstdError::of_io(&error).into()),
        };
        let Some(left_bytes) = self.left_bytes.checked_sub(count as u64) else {
            return Err(ZstdError::OverCap { cap_bytes: self.cap_bytes }.into());
        };
        self.left_bytes = left_bytes;
        Ok(count)
    }
}

impl ZstdError {
    fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => ZstdError::Truncated,
            _ => ZstdError::Damaged(error.to_string()),
        }
    }
}

impl From<ZstdError> for io::Error {
    fn from(error: ZstdError) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }
}
