//! Lines of an input, read on a thread of their own.

use std::io::{BufRead, Read};
use std::thread;

use tokio::sync::mpsc;

use crate::error::{Error, LineError};

/// Lines that are handed over at once: one by one would take longer than reading them.
const BATCH: usize = 1000;

/// The bytes of them, if they are long: as many, and one line more.
const BATCH_BYTES: usize = 1 << 20;

/// Batches that wait: one is read while another one is worked on.
const AHEAD: usize = 2;

/// The longest line. One of a thousand accounts with all their Regions' folders has 2 MB.
const MAX_BYTES: u64 = 64 << 20;

/// Lines with their numbers, counted from 1.
type Batch = Vec<(u64, Vec<u8>)>;

/// The lines of an input that are not empty.
#[derive(Debug)]
pub struct Lines {
    batches: mpsc::Receiver<Result<Batch, Error>>,
}

impl Lines {
    /// The lines of a reader. The thread ends with it, or with the first batch that nobody takes any more.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn of(reader: impl BufRead + Send + 'static) -> Result<Self, Error> {
        let (sender, batches) = mpsc::channel(AHEAD);
        let read = move || {
            let mut reader = Numbered { reader, line: 0, is_at_end: false };
            while !reader.is_at_end {
                let batch = reader.batch();
                let is_last = batch.is_err();
                if sender.blocking_send(batch).is_err() || is_last {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("lines".to_owned());
        thread.spawn(read).map_err(|_| Error::Worker)?;
        Ok(Lines { batches })
    }

    /// The next lines; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Result<Batch, Error>> {
        self.batches.recv().await
    }
}

struct Numbered<R> {
    reader: R,
    line: u64,
    is_at_end: bool,
}

impl<R: BufRead> Numbered<R> {
    /// The next lines.
    fn batch(&mut self) -> Result<Batch, Error> {
        let (mut batch, mut all_bytes) = (Vec::new(), 0);
        while batch.len() < BATCH && all_bytes < BATCH_BYTES {
            let mut text = Vec::new();
            let read = self.reader.by_ref().take(MAX_BYTES).read_until(b'\n', &mut text);
            let n_bytes = read.map_err(Error::Lines)?;
            if n_bytes == 0 {
                self.is_at_end = true;
                break;
            }
            self.line += 1;
            all_bytes += n_bytes;
            if n_bytes as u64 == MAX_BYTES {
                let reason = format!("expected less than {MAX_BYTES} bytes");
                return Err(Error::Line(LineError { line: self.line, reason }));
            }
            if !text.trim_ascii().is_empty() {
                batch.push((self.line, text));
            }
        }
        Ok(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &'static [u8]) -> Vec<(u64, String)> {
        let mut lines = Lines::of(std::io::BufReader::new(text)).expect("a thread");
        let mut all = Vec::new();
        testkit::block_on(async {
            while let Some(batch) = lines.next().await {
                all.extend(batch.expect("it can be read"));
            }
        });
        let text = |(line, text): (u64, Vec<u8>)| {
            (line, String::from_utf8(text).expect("text").trim().to_owned())
        };
        all.into_iter().map(text).collect()
    }

    #[test]
    fn lines_have_their_numbers() {
        let line = |number, text: &str| (number, text.to_owned());
        assert_eq!(all(b"a\n\n \r\nb\r\nc"), [line(1, "a"), line(4, "b"), line(5, "c")]);
        assert_eq!(all(b""), []);
        assert_eq!(all(b"\n\n"), []);
        let many = "x\n".repeat(BATCH * (AHEAD + 3) + 1).leak().as_bytes();
        let found = all(many);
        let n_lines = many.len() / 2;
        assert_eq!((found.len(), found[n_lines - 1].0), (n_lines, n_lines as u64));
    }
}
