//! The table `accounts` at the destination: one file without a day, in no manifest.

use bedrock::Accounts;
use bytes::Bytes;
use store::{Store, read_at_most};
use tables::layout::file_key;
use tables::read::ReadError;
use tokio::task::spawn_blocking;

use crate::error::{Error, sentence};
use crate::run::kept::replace;

/// A larger file is not one of ours: a million accounts have 100 MB.
const MAX_BYTES: u64 = 256 << 20;

/// What there is.
pub(crate) enum Found {
    /// No list was ever given.
    Nothing,
    /// The table, and its size in bytes.
    Table(Accounts, u64),
    /// Something else, and why it is not the table.
    Unreadable(String),
}

/// The key of the file.
pub(crate) fn key() -> String {
    file_key(tables::ACCOUNTS.name)
}

/// Writes the table, unless it is there with the same content. Of two runs that write it at once, one has the
/// last word: the table is that of one list.
///
/// # Errors
/// If it cannot be written.
pub(crate) async fn write(destination: &dyn Store, accounts: &Accounts) -> Result<(), Error> {
    let file = tables::accounts::write(accounts, Vec::new()).map_err(Error::Accounts)?;
    let file = Bytes::from(file);
    replace(destination, &key(), MAX_BYTES, |_| Ok(file.clone())).await
}

/// Reads it.
///
/// # Errors
/// If the destination cannot be read.
pub(crate) async fn read(destination: &dyn Store) -> Result<Found, Error> {
    let found = read_at_most(destination, &key(), MAX_BYTES).await.map_err(Error::Destination)?;
    let Some((meta, file)) = found else { return Ok(Found::Nothing) };
    let bytes = meta.size_bytes;
    let Some(file) = file else {
        let reason = format!("expected {MAX_BYTES} bytes at most, found {bytes}");
        return Ok(Found::Unreadable(reason));
    };
    let read = spawn_blocking(move || tables::accounts::read(&file));
    let read = read.await.map_err(|_| Error::Worker)?;
    Ok(read.map_or_else(
        |error: ReadError| Found::Unreadable(sentence(&error)),
        |accounts| Found::Table(accounts, bytes),
    ))
}
