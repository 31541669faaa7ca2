//! A file of a day, with what the manifest says of it. A large one is not held, but lies in a temporary
//! file until it is put in its place.

use std::fs::File;
use std::io::{self, Write};

use bytes::Bytes;
use jiff::civil::Date;
use logs::hash::{Sha256, to_hex};
use store::Store;
use tables::{Referred, Table, TableWriter};
use tempfile::{SpooledData, SpooledTempFile, spooled_tempfile};

use crate::error::Error;
use crate::manifest::Output;

/// The largest file that is held: that of some million calls.
const MAX_HELD_BYTES: usize = 64 << 20;

/// A file while it is encoded.
#[derive(Debug)]
pub(crate) struct Encoding {
    content: SpooledTempFile,
    n_bytes: u64,
    hash: Sha256,
}

/// One file of a day.
#[derive(Debug)]
pub struct TableFile {
    /// The table.
    pub table: &'static str,
    /// What the manifest says of it.
    pub output: Output,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Held(Bytes),
    /// It has no name: it is gone with the process, however that ends.
    OnDisk(File),
}

impl Encoding {
    pub(crate) fn begin() -> Self {
        Self::holding(MAX_HELD_BYTES)
    }

    fn holding(max_bytes: usize) -> Self {
        let content = spooled_tempfile(max_bytes);
        Encoding { content, n_bytes: 0, hash: Sha256::default() }
    }

    /// Ends the file of a table.
    pub(crate) fn end(self, table: &'static str, day: Date, rows: u64) -> TableFile {
        let output = Output {
            key: tables::layout::part_key(table, day),
            bytes: self.n_bytes,
            rows,
            sha256: to_hex(&self.hash.finish()),
        };
        let content = match self.content.into_inner() {
            SpooledData::InMemory(content) => Content::Held(Bytes::from(content.into_inner())),
            SpooledData::OnDisk(file) => Content::OnDisk(file),
        };
        TableFile { table, output, content }
    }
}

impl Write for Encoding {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.content.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.n_bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.content.flush()
    }
}

impl TableFile {
    /// Encodes rows.
    ///
    /// # Errors
    /// If that cannot be done.
    pub(super) fn encode<R: Sync>(
        table: &'static Table<R>,
        day: Date,
        referred: Referred<'_>,
        rows: &[R],
    ) -> Result<Self, Error> {
        let encode = |source| Error::Encode { day: day.to_string(), source };
        let mut writer = TableWriter::new(table, referred, Encoding::begin()).map_err(encode)?;
        writer.write(rows).map_err(encode)?;
        Ok(writer.finish().map_err(encode)?.end(table.name, day, rows.len() as u64))
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// If the destination cannot be written.
    pub(crate) async fn put(self, destination: &dyn Store) -> Result<(), store::Error> {
        match self.content {
            Content::Held(bytes) => destination.put(&self.output.key, bytes).await,
            Content::OnDisk(file) => destination.put_file(&self.output.key, file).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use store::{Memory, read_if_there};

    use super::*;

    #[test]
    fn a_file_is_the_same_held_or_on_disk() {
        let content = (0..100_000u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>();
        let (day, store) = (date(2026, 10, 1), Memory::new());
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        for (max_bytes, is_held) in [(0, false), (399_999, false), (400_000, true)] {
            let mut encoding = Encoding::holding(max_bytes);
            for piece in content.chunks(7001) {
                encoding.write_all(piece).expect("a temporary file");
            }
            let file = encoding.end("t", day, 3);
            assert_eq!(matches!(file.content, Content::Held(_)), is_held, "{max_bytes}");
            let output = file.output.clone();
            assert_eq!((output.bytes, output.rows), (400_000, 3));
            assert_eq!(output.sha256, Output::hash(&content));
            runtime.block_on(async {
                file.put(&store).await.expect("memory");
                let found = read_if_there(&store, &output.key).await.expect("memory");
                assert!(found.is_some_and(|(_, found)| found == content), "{max_bytes}");
            });
        }
    }
}
