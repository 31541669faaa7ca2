//! What objects give to days, as rows, and the rows as a stream of Arrow: the cut between reading objects and
//! building days.
//!
//! One process reads objects and cuts each [`Reading`](logs::Reading) into a [`Row`] for each day that it gives
//! to ([`rows_of`]). A [`Writer`] makes an Arrow IPC stream of them, which an engine may cut, move, and sort as
//! it likes: it needs the plain columns only. Another process reads the rows back ([`Reader`]) and builds days.
//! What a call is made of is in one column, `payload`, packed.

mod calls;
mod cut;
mod made_with;
mod payload;
mod reader;
mod row;
mod schema;
mod writer;

pub use calls::CallsWriter;
pub use cut::{MAX_ROW_EVENTS, rows_of, rows_of_log};
pub use made_with::MadeWith;
pub use reader::{ReadError, Reader};
pub use row::{Given, Object, Row, TrailPart};
pub use schema::FORMAT;
pub use writer::{WriteError, Writer};
