//! What runs discovered about opaque ARNs, kept at the destination for later runs.

use bedrock::Aliases;
use bytes::Bytes;
use store::{Store, read_if_there};

use crate::error::Error;

/// Where it is kept, relative to the destination.
pub(crate) const DISCOVERED_KEY: &str = "_hoptrail/aliases.csv";

/// Adds what earlier runs discovered.
///
/// # Errors
/// If it cannot be read. A destination without it is new, and no error.
pub(crate) async fn load(destination: &dyn Store, aliases: &mut Aliases) -> Result<(), Error> {
    let found = read_if_there(destination, DISCOVERED_KEY).await.map_err(Error::Destination)?;
    let Some((_, text)) = found else { return Ok(()) };
    aliases
        .add_discovered_csv(&text)
        .map_err(|source| Error::DiscoveredFile { key: DISCOVERED_KEY.to_owned(), source })
}

/// Keeps what is known now, if there is anything.
///
/// # Errors
/// If it cannot be written.
pub(crate) async fn save(destination: &dyn Store, aliases: &Aliases) -> Result<(), Error> {
    if aliases.discovered().next().is_none() {
        return Ok(());
    }
    let text = aliases.discovered_csv().map_err(|source| Error::DiscoveredFile {
        key: DISCOVERED_KEY.to_owned(),
        source: bedrock::alias::AliasFileError::Csv(source),
    })?;
    destination.put(DISCOVERED_KEY, Bytes::from(text)).await.map_err(Error::Write)
}
