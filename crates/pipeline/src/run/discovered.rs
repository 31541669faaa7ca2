//! What runs discovered about opaque ARNs, kept at the destination.

use bedrock::Aliases;
use bedrock::alias::AliasFileError;
use bytes::Bytes;
use store::Store;

use crate::error::Error;
use crate::run::kept::{self, Kept};

/// Adds what runs have discovered about opaque ARNs, and kept at a destination.
///
/// # Errors
/// If the destination cannot be read, or what is kept there is corrupt.
pub async fn add_discovered_aliases(
    destination: &dyn Store,
    aliases: &mut Aliases,
) -> Result<(), Error> {
    kept::load(destination, aliases).await
}

impl Kept for Aliases {
    const KEY: &'static str = "_hoptrail/aliases.csv";

    fn add(&mut self, text: &[u8]) -> Result<(), Error> {
        self.add_discovered_csv(text).map_err(corrupt)
    }

    fn text(&self) -> Result<Bytes, Error> {
        let text = self.discovered_csv();
        text.map(Bytes::from).map_err(|source| corrupt(AliasFileError::Csv(source)))
    }
}

fn corrupt(source: AliasFileError) -> Error {
    Error::DiscoveredFile { key: Aliases::KEY.to_owned(), source }
}
