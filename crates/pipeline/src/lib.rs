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

pub mod calls;
pub mod collect;
pub mod day;
pub mod digests;
pub mod discover;
pub mod error;
pub mod fetch;
pub mod join;
pub mod learnt;
pub mod lease;
pub mod list;
pub mod manifest;
pub mod outcome;
mod pass;
pub mod plan;
pub mod prepare;
pub mod price;
pub mod progress;
pub mod publish;
pub mod replace;
mod rows;
pub mod run;
pub mod schedule;
pub mod settings;
mod spool;
pub mod tally;
pub mod trail;
pub mod verify;
pub mod work;

pub use day::DayRange;
pub use error::Error;
pub use outcome::Outcome;
pub use plan::{Plan, plan};
pub use progress::Progress;
pub use run::run;
pub use settings::{Layout, Settings};
pub use verify::verify;
