//! What runs discovered about opaque ARNs, kept at the destination for later runs.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use bedrock::Aliases;
use bedrock::alias::AliasFileError;
use bytes::Bytes;
use store::{Condition, Guard, ObjectMeta, Put, Store, read_at_most};

use crate::error::Error;

/// Where it is kept, relative to the destination.
pub(crate) const DISCOVERED_KEY: &str = "_hoptrail/aliases.csv";

/// A larger file is not one of ours: a million aliases have 250 MB.
const MAX_BYTES: u64 = 256 << 20;
/// How often a run tries to write it.
const MAX_TRIES: u64 = 200;
/// The longest pause after the first try; up to ten times as long later.
const LONGEST_PAUSE_MS: u64 = 50;

/// Adds what earlier runs discovered.
///
/// # Errors
/// If it cannot be read. A destination without it is new, and no error.
pub(crate) async fn load(destination: &dyn Store, aliases: &mut Aliases) -> Result<(), Error> {
    let found = read(destination).await?;
    found.map_or(Ok(()), |(_, text)| add(aliases, &text))
}

/// Keeps what is known now, together with what other runs have discovered meanwhile, which is known from then
/// on.
///
/// # Errors
/// If it cannot be written.
pub(crate) async fn merge(destination: &dyn Store, aliases: &mut Aliases) -> Result<(), Error> {
    for tries in 1.. {
        let found = read(destination).await?;
        let condition = match &found {
            None => Condition::Absent,
            Some((meta, text)) => {
                add(aliases, text)?;
                Condition::Unchanged { etag: meta.etag.clone().unwrap_or_default() }
            }
        };
        let text =
            aliases.discovered_csv().map_err(|source| corrupt(AliasFileError::Csv(source)))?;
        if found.is_some_and(|(_, found)| found == text) {
            return Ok(());
        }
        let (text, guard) = (Bytes::from(text), Guard::of(condition));
        let put = destination.put_if(DISCOVERED_KEY, text.clone().into(), &guard).await;
        match put {
            Ok(Put::Done { .. }) => return Ok(()),
            // Another run was faster. All that are at it take turns of different lengths.
            Ok(Put::ConditionFailed) if tries < MAX_TRIES => {
                let pause = RandomState::new().hash_one(tries) % (LONGEST_PAUSE_MS * tries.min(10));
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
            Ok(Put::ConditionFailed) => {
                return Err(Error::Contended { key: DISCOVERED_KEY.to_owned(), tries });
            }
            // Leases are off, or the run would have ended before: nobody else writes.
            Err(store::Error::NotConditional { .. }) => {
                return destination.put(DISCOVERED_KEY, text).await.map_err(Error::Write);
            }
            Err(error) => return Err(Error::Write(error)),
        }
    }
    Ok(())
}

async fn read(destination: &dyn Store) -> Result<Option<(ObjectMeta, Bytes)>, Error> {
    let found = read_at_most(destination, DISCOVERED_KEY, MAX_BYTES).await;
    let Some((meta, text)) = found.map_err(Error::Destination)? else { return Ok(None) };
    let bytes = meta.size_bytes;
    match text {
        Some(text) => Ok(Some((meta, text))),
        None => Err(Error::TooLarge { key: DISCOVERED_KEY.to_owned(), bytes, max: MAX_BYTES }),
    }
}

fn add(aliases: &mut Aliases, text: &[u8]) -> Result<(), Error> {
    aliases.add_discovered_csv(text).map_err(corrupt)
}

fn corrupt(source: AliasFileError) -> Error {
    Error::DiscoveredFile { key: DISCOVERED_KEY.to_owned(), source }
}
