//! Why a day cannot be held.

use jiff::civil::Date;

use super::Holder;

/// Why a day cannot be held.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Another run holds it.
    #[error(
        "another run holds {day} in {location}: {holder}; it gives its lease `{}` back when the day is \
         published; to wait for it: --wait-lock",
        super::key(*day)
    )]
    Held {
        /// The day.
        day: Date,
        /// The destination.
        location: String,
        /// Who holds it.
        holder: Box<Holder>,
    },
    /// A run of hoptrail 0.1 holds all days.
    #[error(
        "another run, of an older version, is writing to {location}: {holder}; to wait for it: --wait-lock"
    )]
    HeldByOldVersion {
        /// The destination.
        location: String,
        /// Who holds it.
        holder: Box<Holder>,
    },
    /// The lease was not renewed in time, or another run has taken it over.
    #[error(
        "this run no longer holds {day} in {location}: it did not renew its lease in time (was it paused?); \
         what it was writing is left to the next run"
    )]
    Lost {
        /// The day.
        day: Date,
        /// The destination.
        location: String,
    },
    /// A run that had lost its lease, and did not notice, wrote the day while this one built it.
    #[error(
        "{day} in {location} was written by another run while this one built it; this one has written nothing \
         of it: run again"
    )]
    Overtaken {
        /// The day.
        day: Date,
        /// The destination.
        location: String,
    },
    /// The service cannot be relied on.
    #[error(
        "runs cannot be kept apart in {location}: {reason}; if only one run writes there at a time: --no-lease"
    )]
    Service {
        /// The destination.
        location: String,
        /// Why.
        reason: &'static str,
    },
    /// The destination cannot be read.
    #[error("the destination cannot be read")]
    Read(#[source] store::Error),
    /// The destination cannot be written, or knows no conditional writes.
    #[error("the destination cannot be written")]
    Write(#[source] store::Error),
    /// The lease cannot be written as JSON.
    #[error("the lease cannot be encoded")]
    Encode(#[source] serde_json::Error),
}
