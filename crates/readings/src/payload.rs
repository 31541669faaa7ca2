//! The column `payload`: all that a row has and that no other column has, packed.
//!
//! It begins with the fingerprint of what the readings were made with, and ends with a CRC-32. Values follow one another, without
//! names: their order is that of the code here, and [`FORMAT`](crate::FORMAT) changes with it.

mod call;
mod entry;
mod log;
mod trail;

use bedrock::Fingerprint;
use serde::{Deserialize, Serialize};

pub(crate) use log::Log;
pub(crate) use trail::Trail;

/// The counts of an object, which have columns of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) records: u64,
    pub(crate) calls: u64,
    pub(crate) skipped: u64,
    pub(crate) rejected: u64,
}

/// Packs values one behind another.
#[derive(Debug)]
pub(crate) struct Packer(Vec<u8>);

/// Unpacks them again.
#[derive(Debug)]
pub(crate) struct Unpacker<'a>(&'a [u8]);

/// Why a payload cannot be unpacked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PayloadError {
    #[error("it was made with other options, or by another version")]
    MadeWith,
    #[error("its payload is corrupt: {0}")]
    Corrupt(#[from] postcard::Error),
    #[error("its payload is corrupt: {0}")]
    Wrong(&'static str),
}

impl Packer {
    /// Begins with what the readings were made with.
    pub(crate) fn new(made_with: Fingerprint) -> Self {
        Packer(made_with.to_string().into_bytes())
    }

    fn put(&mut self, value: &(impl Serialize + ?Sized)) -> postcard::Result<()> {
        self.0 = postcard::to_extend(value, std::mem::take(&mut self.0))?;
        Ok(())
    }

    /// What was packed, with a checksum behind it: tables are not to have what a disk or a transfer made of it.
    pub(crate) fn finish(self) -> Vec<u8> {
        let checksum = crc32fast::hash(&self.0).to_le_bytes();
        [self.0, checksum.to_vec()].concat()
    }
}

impl<'a> Unpacker<'a> {
    /// Begins with what the readings should have been made with.
    pub(crate) fn new(bytes: &'a [u8], made_with: Fingerprint) -> Result<Self, PayloadError> {
        let begin = made_with.to_string();
        if !bytes.starts_with(begin.as_bytes()) {
            return Err(PayloadError::MadeWith);
        }
        let (packed, checksum) =
            bytes.split_last_chunk().ok_or(PayloadError::Wrong("it is too short"))?;
        if crc32fast::hash(packed).to_le_bytes() != *checksum {
            return Err(PayloadError::Wrong("its checksum is another"));
        }
        packed.get(begin.len()..).map(Unpacker).ok_or(PayloadError::Wrong("it is too short"))
    }

    fn take<T: Deserialize<'a>>(&mut self) -> Result<T, PayloadError> {
        let (value, rest) = postcard::take_from_bytes(self.0)?;
        self.0 = rest;
        Ok(value)
    }

    /// Takes a list of values that were packed one by one, behind their number.
    fn take_all<T>(
        &mut self,
        mut take: impl FnMut(&mut Self) -> Result<T, PayloadError>,
    ) -> Result<Vec<T>, PayloadError> {
        let len = self.take::<u32>()?;
        // A value takes a byte at least: a number that is wrong allocates no more than that.
        let mut values = Vec::with_capacity((len as usize).min(self.0.len()));
        for _ in 0..len {
            values.push(take(self)?);
        }
        Ok(values)
    }

    /// Ends, if all was taken.
    pub(crate) fn finish(self) -> Result<(), PayloadError> {
        match self.0 {
            [] => Ok(()),
            _ => Err(PayloadError::Wrong("something follows its last value")),
        }
    }
}

/// A length, packed before a list.
fn length(len: usize) -> u32 {
    u32::try_from(len).expect("memory ends before 2^32 values")
}
