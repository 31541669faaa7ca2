//! What changed policies would have done to calls that were logged.
//!
//! A log says what became of a call, and that is a fact: a call that ran had been authorized, whatever a
//! simulation says. From the fact ([`Evidence`]), and from the verdicts of the policies without and with the
//! change, follows a [`Class`]. Calls that agree in all that the policies look at are judged once
//! ([`Judge::judge`]); [`Totals`] adds them up, and [`Audit`] says how well the policies explain the log.

mod audit;
mod class;
mod decider;
mod evidence;
mod implied;
mod judge;
mod time;
mod totals;

pub use audit::{Audit, Audited, LegAudit, OutcomeAudit, PolicyAudit};
pub use class::{Class, Verdicts, classify};
pub use decider::Decider;
pub use evidence::{Evidence, LoggedDenial};
pub use judge::{Judge, Judged, Subject};
pub use time::TimeCuts;
pub use totals::{ClassTotal, Counted, Example, Totals};
