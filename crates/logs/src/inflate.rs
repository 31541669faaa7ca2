//! The only module that inflates: gzip, zstd, or plain bodies, told apart by how they begin, under a cap.

pub mod gzip;
pub(crate) mod zstd;

use std::io::{self, BufRead, Read};

use crate::object::{Limits, Unreadable};

use gzip::{Member, Members};
use zstd::Frames;

/// A body with its first bytes, which were looked at, in front of the others again.
type Body<R> = io::Chain<io::Cursor<Vec<u8>>, R>;

/// A body as the stream of its text.
#[expect(clippy::large_enum_variant, reason = "there is one for each object, on the stack")]
#[derive(Debug)]
pub(crate) enum Inflated<'l, R> {
    /// Gzip.
    Gzip(Member<Body<R>>),
    /// Zstd.
    Zstd(Frames<Body<R>>),
    /// Neither.
    Plain(Capped<'l, Body<R>>),
}

/// What tells the formats apart.
const MAGIC_BYTES: u64 = 4;

impl<'l, R: BufRead> Inflated<'l, R> {
    /// Looks at the beginning of a body.
    ///
    /// # Errors
    /// If there are no bytes, or reading fails.
    pub(crate) fn new(
        mut body: R,
        members: Members,
        limits: &'l Limits,
    ) -> Result<Self, Unreadable> {
        let mut head = Vec::new();
        body.by_ref()
            .take(MAGIC_BYTES)
            .read_to_end(&mut head)
            .map_err(|error| Unreadable::Body(error.to_string()))?;
        if head.is_empty() {
            return Err(Unreadable::Empty);
        }
        let (is_gzip, is_zstd) = (gzip::is_gzip(&head), zstd::is_zstd(&head));
        let body = io::Cursor::new(head).chain(body);
        if is_gzip {
            return Ok(Inflated::Gzip(Member::new(body, members, limits.inflated_bytes)));
        }
        if is_zstd {
            let frames = Frames::new(body, limits.inflated_bytes);
            return frames.map(Inflated::Zstd).map_err(|error| Unreadable::Body(error.to_string()));
        }
        Ok(Inflated::Plain(Capped { body, left_bytes: limits.inflated_bytes, limits }))
    }

    /// Whether more than one gzip member was begun.
    pub(crate) fn has_several_members(&self) -> bool {
        matches!(self, Inflated::Gzip(member) if member.n_members() > 1)
    }
}

impl<R: BufRead> Read for Inflated<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Inflated::Gzip(member) => member.read(out),
            Inflated::Zstd(frames) => frames.read(out),
            Inflated::Plain(body) => body.read(out),
        }
    }
}

/// A plain body under the cap.
#[derive(Debug)]
pub(crate) struct Capped<'l, R> {
    body: R,
    left_bytes: u64,
    limits: &'l Limits,
}

impl<R: BufRead> Read for Capped<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.body.read(out)?;
        match self.left_bytes.checked_sub(count as u64) {
            Some(left_bytes) => {
                self.left_bytes = left_bytes;
                Ok(count)
            }
            None => {
                let error = Unreadable::OverCap { cap_bytes: self.limits.inflated_bytes };
                Err(io::Error::new(io::ErrorKind::InvalidData, error))
            }
        }
    }
}
