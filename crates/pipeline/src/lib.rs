//! Runs the whole: list, fetch, read, count each call once, publish. Only here does tokio meet rayon.
//!
//! ```text
//! discover → list ──objects──► fetch ──bytes──► work (rayon) ──readings──► collect ─┐
//!                                                         discovered aliases, calls │
//!                         put ◄── encode (rayon) ◄── dedup, meaning, group ◄── days ┘
//! ```
//!
//! Reading never fails as a whole: an object that cannot be had or read is *unreadable*, and is
//! counted. What ends a run is a source that cannot be listed or fails as a whole, or a destination that cannot
//! be written.

mod accounts;
mod answer;
mod batch;
mod bill;
mod contexts;
mod dates;
mod day;
mod digests;
mod error;
mod join;
mod lease;
mod omit;
mod outcome;
mod plan;
mod preflight;
mod read;
mod run;
mod settings;
mod shards;
mod source;
mod sums;
mod verify;
mod work;

pub use answer::{Answered, Basis, answers, answers_with_accounts};
pub use bill::{BillFault, ReadBill, read_bill};
pub use contexts::contexts;
pub use dates::{DayRange, Shard};
pub use error::{Error, LineError, SourceFailure};
pub use omit::{Omitted, OmittedColumn};
pub use outcome::progress::{Finished, Progress, Snapshot};
pub use outcome::{
    BatchCost, BatchJobs, BatchOutputs, CostGapCount, Coverage, Denied, DigestOutcome,
    ErrorReasonCount, GapModel, InvocationLog, LogEvidence, ModelCost, NotReopened, NotSearched,
    ObjectProblem, OtherActivity, Outcome, RegionShare, RequestMetadata, Route, TrailFound,
    UnresolvedReference,
};
pub use plan::{
    ListOf, Plan, PlanEndpoints, PlanRequest, PlannedAction, PlannedDay, plan, plan_folders,
    plan_keys,
};
pub use preflight::{Missing, Need, Preflight, Requests, Statement, Tried, Try};
pub use read::{ReadEndpoints, ReadForm, ReadOutcome, ReadTo, read, read_shard};
pub use run::discovered::add_discovered_aliases;
pub use run::{Endpoints, Notice, Readings, build, run, settle};
pub use settings::{Layout, Settings};
pub use source::lines::Lines;
pub use source::{Callers, LogLocations, OpenLogs, STANDARD_INPUT, Source};
pub use sums::Sums;
pub use verify::{ChangedDay, Finding, FindingKind, LateCalls, SourceCheck, Verification, verify};
