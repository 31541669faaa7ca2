//! The run: plan, fetch, work, dedup, publish. The only place where tokio meets rayon.
//!
//! ```text
//! discover → list ──objects──► fetch ──bytes──► work (rayon) ──readings──► collect ─┐
//!                                                             learnt aliases, calls │
//!                         put ◄── encode (rayon) ◄── dedup, meaning, group ◄── days ┘
//! ```
//!
//! Reading never fails as a whole: an object that cannot be had or read is *unreadable*, and is
//! counted. What ends a run is a place that cannot be listed or written.

#![expect(unreachable_pub, reason = "modules have become private, one step before their items do")]

mod dates;
mod day;
mod digests;
mod error;
mod join;
mod lease;
mod outcome;
mod plan;
mod run;
mod settings;
mod source;
mod verify;
mod work;

pub use dates::DayRange;
pub use error::Error;
pub use lease::{Holder, Lease};
pub use outcome::progress::{Progress, Snapshot};
pub use outcome::{
    Complaint, Denied, DigestOutcome, InvocationLog, ModelCost, Outcome, Place, Route,
    UnresolvedReference,
};
pub use plan::{Plan, days_at, plan};
pub use run::{Source, run};
pub use settings::{Layout, Settings};
pub use verify::{ChangedDay, SourceCheck, Verification, verify};
