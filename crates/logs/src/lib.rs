//! Turns the bytes of AWS log files into calls. AWS's field names are known here and nowhere else.
//!
//! Bytes come in, a [`Reading`] goes out; the caller owns the reading of files and objects. Reading
//! never fails as a whole: an object is read or [`Unreadable`], a record is a call, skipped, or
//! rejected, and all are counted. Bodies of requests and responses are never held.

pub mod account_list;
pub mod batch_output;
pub mod cli_output;
pub mod digest;
mod discover;
mod document;
mod encoding;
mod envelope;
mod event_time;
pub mod hash;
mod identity;
mod inflate;
pub mod invocation;
pub mod layout;
mod memo;
mod object;
mod operation;
mod record;
mod reject;
mod scratch;
mod value;
mod walk;

pub use inflate::gzip;
pub use inflate::zstd::ZstdError;
pub use object::{Limits, Reading, Shape, Unreadable, read_stream, read_whole};
pub use reject::Rejection;
pub use scratch::Scratch;
