//! What a reader keeps from one object to the next.

use crate::record::RecordReader;

/// Memory to inflate into and to read records with. Keep one for each thread: the next object is read
/// faster. Nothing of one object is seen in the reading of another.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) text: Vec<u8>,
    pub(crate) reader: RecordReader,
}

impl Scratch {
    /// The size of the buffer, in bytes.
    pub fn capacity_bytes(&self) -> usize {
        self.text.capacity()
    }

    /// Gives the buffer back if it is larger than so many bytes.
    pub fn shrink(&mut self, max_bytes: usize) {
        if self.text.capacity() > max_bytes {
            self.text = Vec::new();
        }
    }
}

/// With a buffer, whatever is in it.
impl From<Vec<u8>> for Scratch {
    fn from(text: Vec<u8>) -> Self {
        Scratch { text, reader: RecordReader::default() }
    }
}
