//! Files of the destination, on their way there or back. A large one is not held: it lies in a temporary
//! file, which has no name and is gone with the process, however that ends.

use std::fs::File;
use std::io::{self, Write};

use bedrock::CallId;
use bedrock::billing::BillLine;
use bytes::Bytes;
use jiff::civil::Date;
use logs::hash::{Sha256, to_hex};
use md5::{Digest, Md5};
use store::Store;
use tables::bill::{self, BillError, Export};
use tables::contexts::{ContextQuestion, DayContexts, event_ids_of_rows};
use tables::query::{Answering, add_file};
use tables::read::{Footer, ReadError};
use tempfile::{SpooledData, SpooledTempFile, spooled_tempfile};
use tokio::task::spawn_blocking;

use crate::error::Error;

/// The largest file that is held: that of a million calls.
const MAX_HELD_BYTES: usize = 64 << 20;

/// A file that is being written.
#[derive(Debug)]
pub(crate) struct Spool {
    content: SpooledTempFile,
    n_bytes: u64,
    sha256: Sha256,
    md5: Md5,
}

/// A file that was written.
#[derive(Debug)]
pub(crate) struct Spooled {
    content: Content,
    /// How long it is.
    pub(crate) n_bytes: u64,
    /// The SHA-256 of its content, in hexadecimal.
    pub(crate) sha256: String,
    /// The MD5 of its content, in hexadecimal.
    pub(crate) md5: String,
}

#[derive(Debug)]
enum Content {
    Held(Bytes),
    OnDisk(File),
}

impl Spool {
    pub(crate) fn begin() -> Self {
        Self::holding(MAX_HELD_BYTES)
    }

    fn holding(max_bytes: usize) -> Self {
        Spool {
            content: spooled_tempfile(max_bytes),
            n_bytes: 0,
            sha256: Sha256::default(),
            md5: Md5::new(),
        }
    }

    pub(crate) fn end(self) -> Spooled {
        let content = match self.content.into_inner() {
            SpooledData::InMemory(content) => Content::Held(Bytes::from(content.into_inner())),
            SpooledData::OnDisk(file) => Content::OnDisk(file),
        };
        let (sha256, md5) = (to_hex(&self.sha256.finish()), to_hex(&self.md5.finalize()));
        Spooled { content, n_bytes: self.n_bytes, sha256, md5 }
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.content.write(bytes)?;
        self.sha256.update(&bytes[..written]);
        self.md5.update(&bytes[..written]);
        self.n_bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.content.flush()
    }
}

impl Spooled {
    /// Fetches a file of the destination; `None` if there is none.
    ///
    /// # Errors
    /// If the destination cannot be read, or a temporary file cannot be written.
    pub(crate) async fn fetch(destination: &dyn Store, key: &str) -> Result<Option<Self>, Error> {
        Ok(Self::fetch_tagged(destination, key).await?.map(|(file, _)| file))
    }

    /// As [`Spooled::fetch`], with its `ETag`.
    ///
    /// # Errors
    /// As [`Spooled::fetch`].
    pub(crate) async fn fetch_tagged(
        destination: &dyn Store,
        key: &str,
    ) -> Result<Option<(Self, String)>, Error> {
        let (mut body, etag) = match destination.get(key).await {
            Ok(object) => (object.body, object.meta.etag.unwrap_or_default()),
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(Error::Destination(error)),
        };
        let mut spool = Spool::begin();
        while let Some(chunk) = body.chunk().await.map_err(Error::Destination)? {
            // What is held does not hold up the runtime.
            if spool.n_bytes + chunk.len() as u64 <= MAX_HELD_BYTES as u64 {
                spool.write_all(&chunk).map_err(Error::Temporary)?;
                continue;
            }
            let write = move || spool.write_all(&chunk).map(|()| spool);
            let written = spawn_blocking(write).await.map_err(|_| Error::Worker)?;
            spool = written.map_err(Error::Temporary)?;
        }
        Ok(Some((spool.end(), etag)))
    }

    /// What it holds, to be written elsewhere.
    pub(crate) fn into_content(self) -> store::Content {
        match self.content {
            Content::Held(bytes) => bytes.into(),
            Content::OnDisk(file) => file.into(),
        }
    }

    /// What it says of itself, if it is a table.
    ///
    /// # Errors
    /// If it is none.
    pub(crate) fn footer(&self) -> Result<Footer, ReadError> {
        match &self.content {
            Content::Held(bytes) => tables::read::footer(bytes),
            Content::OnDisk(file) => tables::read::footer(file),
        }
    }

    /// Gives questions about one table the file of a day. Call it on the workers.
    ///
    /// # Errors
    /// If it is no file of their table, or damaged.
    pub(crate) fn answer(
        self,
        questions: &mut [&mut Answering],
        day: Date,
    ) -> Result<(), ReadError> {
        match self.content {
            Content::Held(bytes) => add_file(questions, bytes, day),
            Content::OnDisk(file) => add_file(questions, file, day),
        }
    }

    /// Gives the lines of a file of a bill to `take`. Call it on the workers.
    ///
    /// # Errors
    /// If it is no bill, or damaged.
    pub(crate) fn bill(
        self,
        with_principals: bool,
        take: impl FnMut(BillLine),
    ) -> Result<Export, BillError> {
        match self.content {
            Content::Held(bytes) => bill::read(bytes, with_principals, take),
            Content::OnDisk(file) => bill::read(file, with_principals, take),
        }
    }

    /// Groups the calls of a day, whose file of `invocations` this is. Call it on the workers.
    ///
    /// # Errors
    /// If a file is not of its table, or damaged.
    pub(crate) fn contexts(
        &self,
        question: &ContextQuestion,
        day: Date,
        denials: Option<Spooled>,
    ) -> Result<DayContexts, ReadError> {
        let mut found = DayContexts::new(question);
        match denials.map(|file| file.content) {
            Some(Content::Held(bytes)) => found.add_denials(question, bytes)?,
            Some(Content::OnDisk(file)) => found.add_denials(question, file)?,
            None => {}
        }
        match &self.content {
            Content::Held(bytes) => found.add_calls(question, day, bytes.clone())?,
            Content::OnDisk(file) => {
                // Reading moves the place in a file that both share, and goes on only after it was set.
                let file = file.try_clone().map_err(|source| ReadError::NotParquet {
                    size_bytes: self.n_bytes,
                    source: source.into(),
                })?;
                found.add_calls(question, day, file)?;
            }
        }
        Ok(found)
    }

    /// Gives the event IDs of some rows of a file of the table `invocations`, which are in order, to `take`. Call
    /// it on the workers.
    ///
    /// # Errors
    /// If it is no such file, or damaged.
    pub(crate) fn event_ids_of_rows(
        self,
        rows: &[u64],
        take: impl FnMut(Option<&str>),
    ) -> Result<(), ReadError> {
        if rows.is_empty() {
            return Ok(());
        }
        match self.content {
            Content::Held(bytes) => event_ids_of_rows(bytes, rows, take),
            Content::OnDisk(file) => event_ids_of_rows(file, rows, take),
        }
    }

    /// Gives the event ids of a file of the table `invocations` to `take`, in the order of its rows. Call
    /// it on the workers.
    ///
    /// # Errors
    /// If it is no such file, or damaged.
    pub(crate) fn event_ids(self, take: impl FnMut(CallId)) -> Result<(), ReadError> {
        match self.content {
            Content::Held(bytes) => tables::read::event_ids(bytes, take),
            Content::OnDisk(file) => tables::read::event_ids(file, take),
        }
    }

    /// The same with the times and the requests of the calls.
    ///
    /// # Errors
    /// As [`Spooled::event_ids`].
    pub(crate) fn event_and_request_ids(
        self,
        take: impl FnMut(i64, Option<CallId>, Option<CallId>),
    ) -> Result<(), ReadError> {
        match self.content {
            Content::Held(bytes) => tables::read::event_and_request_ids(bytes, take),
            Content::OnDisk(file) => tables::read::event_and_request_ids(file, take),
        }
    }
}

#[cfg(test)]
mod tests {
    use bedrock::CallSource::{CloudTrail, InvocationLog};
    use bedrock::cost::{CostGap, Figure};
    use bedrock::{Attribute, Attributes, Knowledge, MeaningKey, Texts};
    use logs::hash::sha256;
    use store::{Guard, Memory, read_if_there};
    use tables::{INVOCATIONS, Invocation, References};
    use testkit::block_on;

    use super::*;

    #[test]
    fn file_is_the_same_held_or_on_disk() {
        let content = (0..100_000u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>();
        let store = Memory::new();
        for (max_bytes, is_held) in [(0, false), (399_999, false), (400_000, true)] {
            let mut spool = Spool::holding(max_bytes);
            for piece in content.chunks(7001) {
                spool.write_all(piece).expect("a temporary file");
            }
            let spooled = spool.end();
            assert_eq!(matches!(spooled.content, Content::Held(_)), is_held, "{max_bytes}");
            let hash = to_hex(&sha256(&content));
            assert_eq!((spooled.n_bytes, &spooled.sha256), (400_000, &hash));
            block_on(async {
                let written = spooled.into_content();
                store.put_if("x", written, &Guard::default()).await.expect("memory");
                let found = read_if_there(&store, "x").await.expect("memory");
                assert!(found.is_some_and(|(_, found)| found == content), "{max_bytes}");
                let fetched = Spooled::fetch(&store, "x").await.expect("memory").expect("there");
                assert_eq!((fetched.n_bytes, &fetched.sha256), (400_000, &hash));
                assert!(Spooled::fetch(&store, "y").await.expect("memory").is_none());
            });
        }
    }

    #[test]
    fn table_is_read_alike_held_or_on_disk() {
        for max_bytes in [0, 1 << 20] {
            let (mut texts, mut attributes) = (Texts::default(), Attributes::default());
            let name = Some("Converse");
            texts.set(&mut attributes, Attribute::EventName, name).expect("the first text");
            let account = Some("111122223333");
            texts.set(&mut attributes, Attribute::AccountId, account).expect("another text");
            let meanings = [Knowledge::embedded().meaning(MeaningKey::default())];
            let objects = ["a".into()];
            let references = References { texts: &texts, meanings: &meanings, objects: &objects };
            let ids = ["11111111-2222-4333-8444-555566667777", "a", "b"].map(CallId::new);
            let row = |(event_time_ms, event_id): (i64, &CallId)| Invocation {
                event_time_ms,
                event_id: event_id.clone(),
                source: if event_time_ms == 2 { InvocationLog } else { CloudTrail },
                request_id: (event_time_ms > 0).then(|| CallId::new("request")),
                usage: None,
                units: Default::default(),
                figure: Figure { cost: None, gaps: CostGap::NoCountInput.into() },
                latency_ms: None,
                first_byte_ms: None,
                attributes,
                meaning: 0,
                object: 0,
            };
            let rows = (0..).zip(&ids).map(row).collect::<Vec<_>>();
            let spool = Spool::holding(max_bytes);
            let table =
                tables::write(&INVOCATIONS, references, &rows, spool).expect("the rows fit");
            let table = table.end();
            let footer = table.footer().expect("a footer");
            assert_eq!((footer.table.as_str(), footer.rows), (INVOCATIONS.name, 3));
            let mut found = Vec::new();
            table.event_ids(|id| found.push(id)).expect("a table of invocations");
            assert_eq!(found, ids[..2], "the last one has no event");
            let spool = Spool::holding(max_bytes);
            let table =
                tables::write(&INVOCATIONS, references, &rows, spool).expect("the rows fit");
            let mut found = Vec::new();
            let take = |time_ms, event, request| found.push((time_ms, event, request));
            table.end().event_and_request_ids(take).expect("a table of invocations");
            let request = Some(CallId::of_entry(Some("111122223333"), None, "request"));
            let [first, second, _] = ids.clone().map(Some);
            assert_eq!(found, [(0, first, None), (1, second, request.clone()), (2, None, request)]);

            let mut spool = Spool::holding(max_bytes);
            spool.write_all(b"no table").expect("a temporary file");
            let other = spool.end();
            assert!(other.footer().is_err());
            assert!(other.event_ids(drop).is_err());
        }
    }
}
