//! Calls of a day on disk, in parts by what makes them the same call: each part can be deduplicated
//! and sorted on its own, and holds few enough to be held.

use std::fs::File;
use std::hash::BuildHasher;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};

use bedrock::Call;
use rustc_hash::FxBuildHasher;

use super::StoredCall;

/// Into how many parts the calls are divided. With ten million calls a part takes 40 MB.
const PARTS: usize = 16;

/// Calls in temporary files, which have no names: they are gone with the process, however it ends.
#[derive(Debug)]
pub(super) struct Spill {
    parts: Vec<BufWriter<File>>,
}

/// Sorted calls in a temporary file.
#[derive(Debug)]
pub(super) struct Run {
    file: BufReader<File>,
}

impl Spill {
    /// Makes the files.
    pub(super) fn begin() -> io::Result<Self> {
        let part = |_| Ok(BufWriter::new(tempfile::tempfile()?));
        Ok(Spill { parts: (0..PARTS).map(part).collect::<io::Result<_>>()? })
    }

    /// Writes calls, each to the part of its identity.
    pub(super) fn write(&mut self, calls: &[StoredCall], whole: &[Call]) -> io::Result<()> {
        for call in calls {
            let hash = FxBuildHasher.hash_one(call.identity(whole));
            // The upper bits of this hash are the mixed ones.
            let part = (hash >> 32) as usize % PARTS;
            self.parts[part].write_all(&call.to_bytes())?;
        }
        Ok(())
    }

    /// The parts, one after the other.
    pub(super) fn into_parts(self) -> impl Iterator<Item = io::Result<Vec<StoredCall>>> {
        self.parts.into_iter().map(|part| {
            let mut file = part.into_inner().map_err(io::IntoInnerError::into_error)?;
            let bytes = file.stream_position()?;
            file.rewind()?;
            let mut run = Run { file: BufReader::new(file) };
            let mut calls = Vec::with_capacity(bytes as usize / StoredCall::BYTES);
            while let Some(call) = run.next()? {
                calls.push(call);
            }
            Ok(calls)
        })
    }
}

impl Run {
    /// Writes sorted calls to a file.
    pub(super) fn write(calls: impl Iterator<Item = StoredCall>) -> io::Result<Self> {
        let mut file = BufWriter::new(tempfile::tempfile()?);
        for call in calls {
            file.write_all(&call.to_bytes())?;
        }
        let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(Run { file: BufReader::with_capacity(64 * 1024, file) })
    }

    /// The next call of the file.
    pub(super) fn next(&mut self) -> io::Result<Option<StoredCall>> {
        if self.file.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let mut bytes = [0; StoredCall::BYTES];
        self.file.read_exact(&mut bytes)?;
        Ok(Some(StoredCall::from_bytes(&bytes)))
    }
}
