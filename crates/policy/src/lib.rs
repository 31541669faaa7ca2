//! What AWS policies say of a Bedrock call.
//!
//! One call through an inference profile is authorized several times: for the profile, for the model in the
//! source Region, and for the model wherever the profile may send it. This crate takes a call apart into these
//! *legs* ([`leg`]), reads policies ([`document`]) and who is subject to which ([`organization`]), and decides
//! on each leg ([`split`], [`evaluate`]). What is not known of a request stays unknown: a verdict is `allowed`,
//! `denied`, or `indeterminate`, and never one of the first two where a value that is not known could change
//! it.
//!
//! Nothing here reads a file, opens a connection, or looks at the clock.

pub mod action;
pub mod compare;
mod condition;
mod decimal;
pub mod document;
pub mod evaluate;
pub mod generate;
mod glob;
pub mod intake;
mod json;
pub mod key;
mod known;
pub mod leg;
pub mod lint;
pub mod logged;
pub mod minify;
pub mod operation;
mod operator;
pub mod organization;
pub mod principal;
pub mod problem;
pub mod replay;
pub mod simulate;
pub mod split;
mod template;
mod yaml;

pub use document::{Document, Effect, Request, Statement};
pub use evaluate::{Decision, Level, Policy, Reason, ReasonEffect, Verdict};
pub use intake::FileProblem;
pub use known::{Context, KeyState, Truth};
pub use leg::{Call, Certainty, Knowledge, Leg, LegKind, Legs};
pub use logged::LoggedRequest;
pub use operation::{OPERATIONS, Operation};
pub use organization::Organization;
pub use principal::Principal;
pub use problem::{Position, Problem};
pub use simulate::{Caller, DecidedLeg, Simulation, decide_legs, legs_of, simulate};
pub use split::Levels;
