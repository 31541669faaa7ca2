//! What runs learn and keep at the destination for later runs: texts that only grow.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use bytes::Bytes;
use store::{Condition, Guard, ObjectMeta, Put, Store, read_at_most};

use crate::error::Error;

/// A larger file is not one of ours: a million aliases have 250 MB.
const MAX_BYTES: u64 = 256 << 20;
/// How often a run tries to write one.
const MAX_TRIES: u64 = 200;
/// The longest pause after the first try; up to ten times as long later.
const LONGEST_PAUSE_MS: u64 = 50;

/// Something that is kept.
pub(crate) trait Kept {
    /// Where, relative to the destination.
    const KEY: &'static str;

    /// Adds what a file says.
    ///
    /// # Errors
    /// If it is corrupt.
    fn add(&mut self, text: &[u8]) -> Result<(), Error>;

    /// All that is known now, as a file: the same for the same, in whichever order it came.
    ///
    /// # Errors
    /// None in practice.
    fn text(&self) -> Result<Bytes, Error>;
}

/// Adds what earlier runs have kept.
///
/// # Errors
/// If it cannot be read. A destination without it is new, and no error.
pub(crate) async fn load<K: Kept>(destination: &dyn Store, kept: &mut K) -> Result<(), Error> {
    let found = read(destination, K::KEY, MAX_BYTES).await?;
    found.map_or(Ok(()), |(_, text)| kept.add(&text))
}

/// Keeps what is known now, together with what other runs have kept meanwhile, which is known from then on.
///
/// # Errors
/// If it cannot be written.
pub(crate) async fn merge<K: Kept>(destination: &dyn Store, kept: &mut K) -> Result<(), Error> {
    replace(destination, K::KEY, MAX_BYTES, |found| {
        found.map_or(Ok(()), |text| kept.add(text))?;
        kept.text()
    })
    .await
}

/// Writes a file on the condition that nobody else has written it since it was read; `content` makes what it is
/// to be of what it is, again for each try. The same content is not written again.
///
/// # Errors
/// If it cannot be written, or what is there has more than `max_bytes`.
pub(crate) async fn replace(
    destination: &dyn Store,
    key: &str,
    max_bytes: u64,
    mut content: impl FnMut(Option<&Bytes>) -> Result<Bytes, Error>,
) -> Result<(), Error> {
    for tries in 1.. {
        let found = read(destination, key, max_bytes).await?;
        let condition = match &found {
            None => Condition::Absent,
            Some((meta, _)) => Condition::Unchanged { etag: meta.etag.clone().unwrap_or_default() },
        };
        let content = content(found.as_ref().map(|(_, found)| found))?;
        if found.is_some_and(|(_, found)| found == content) {
            return Ok(());
        }
        let guard = Guard::of(condition);
        match destination.put_if(key, content.clone().into(), &guard).await {
            Ok(Put::Done { .. }) => return Ok(()),
            // Another run was faster. All that are at it take turns of different lengths.
            Ok(Put::ConditionFailed) if tries < MAX_TRIES => {
                let pause = RandomState::new().hash_one(tries) % (LONGEST_PAUSE_MS * tries.min(10));
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
            Ok(Put::ConditionFailed) => {
                return Err(Error::Contended { key: key.to_owned(), tries });
            }
            // Leases are off, and nobody else writes; or the run ends at its first lease.
            Err(store::Error::NotConditional { .. }) => {
                return destination.put(key, content).await.map_err(Error::Write);
            }
            Err(error) => return Err(Error::Write(error)),
        }
    }
    Ok(())
}

async fn read(
    destination: &dyn Store,
    key: &str,
    max: u64,
) -> Result<Option<(ObjectMeta, Bytes)>, Error> {
    let found = read_at_most(destination, key, max).await;
    let Some((meta, text)) = found.map_err(Error::Destination)? else { return Ok(None) };
    let bytes = meta.size_bytes;
    match text {
        Some(text) => Ok(Some((meta, text))),
        None => Err(Error::TooLarge { key: key.to_owned(), bytes, max }),
    }
}
