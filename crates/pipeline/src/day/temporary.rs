//! Records in temporary files, which have no names: they are gone with the process, however it ends.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};

use serde::{Deserialize, Serialize};

/// What is read and written at once: many files are open together.
const BUFFER_BYTES: usize = 64 * 1024;

/// A file of records that is being written. Each is prefixed by its length.
#[derive(Debug)]
pub(crate) struct TemporaryWriter {
    file: BufWriter<File>,
    record: Vec<u8>,
}

/// A file of records that is being read.
#[derive(Debug)]
pub(crate) struct TemporaryReader {
    file: BufReader<File>,
    record: Vec<u8>,
}

impl TemporaryWriter {
    /// Makes a file.
    ///
    /// # Errors
    /// If a temporary file cannot be made.
    pub(crate) fn begin() -> io::Result<Self> {
        let file = BufWriter::with_capacity(BUFFER_BYTES, tempfile::tempfile()?);
        Ok(TemporaryWriter { file, record: Vec::new() })
    }

    /// Writes a record behind the others.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn write(&mut self, record: &impl Serialize) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.record);
        buffer.clear();
        self.record = postcard::to_extend(record, buffer).map_err(io::Error::other)?;
        let TemporaryWriter { file, record } = self;
        write_with_length(file, record)
    }

    /// Writes a record that is serialized already.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn write_serialized(&mut self, record: &[u8]) -> io::Result<()> {
        write_with_length(&mut self.file, record)
    }

    /// Reads the records from the first one on.
    ///
    /// # Errors
    /// If the file cannot be written or read.
    pub(crate) fn read(self) -> io::Result<TemporaryReader> {
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        let file = BufReader::with_capacity(BUFFER_BYTES, file);
        Ok(TemporaryReader { file, record: self.record })
    }
}

fn write_with_length(file: &mut impl Write, record: &[u8]) -> io::Result<()> {
    let length = u32::try_from(record.len()).map_err(io::Error::other)?;
    file.write_all(&length.to_le_bytes())?;
    file.write_all(record)
}

impl TemporaryReader {
    /// The next record as it was serialized; `None` after the last one.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(crate) fn next_serialized(&mut self) -> io::Result<Option<&[u8]>> {
        if self.file.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let mut length = [0; 4];
        self.file.read_exact(&mut length)?;
        self.record.resize(u32::from_le_bytes(length) as usize, 0);
        self.file.read_exact(&mut self.record)?;
        Ok(Some(&self.record))
    }

    /// Goes back to the first record.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(crate) fn restart(&mut self) -> io::Result<()> {
        self.file.rewind()
    }

    /// The record that was read last, as it was serialized.
    pub(crate) fn serialized(&self) -> &[u8] {
        &self.record
    }

    /// The next record; `None` after the last one.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(crate) fn next<'a, R: Deserialize<'a>>(&'a mut self) -> io::Result<Option<R>> {
        let record = self.next_serialized()?;
        record.map(|record| postcard::from_bytes(record).map_err(io::Error::other)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_written_come_back() {
        let records = (0..5000u32).map(|n| (n, "x".repeat(n as usize % 100))).collect::<Vec<_>>();
        let mut writer = TemporaryWriter::begin().expect("a temporary file");
        for record in &records {
            writer.write(record).expect("room");
        }
        let mut reader = writer.read().expect("a temporary file");
        let mut copies = TemporaryWriter::begin().expect("a temporary file");
        while let Some(record) = reader.next_serialized().expect("readable") {
            copies.write_serialized(record).expect("room");
        }
        let mut reader = copies.read().expect("a temporary file");
        let mut found = Vec::new();
        while let Some((number, text)) = reader.next::<(u32, &str)>().expect("readable") {
            found.push((number, text.to_owned()));
        }
        assert_eq!(found, records);
    }
}
