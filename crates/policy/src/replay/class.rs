//! From a fact and two verdicts to what a change does to a call.

use bedrock::denial::PolicyType;

use super::evidence::Evidence;
use crate::evaluate::Verdict;

/// What a change of policies does to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It was authorized, and is.
    StillAllowed,
    /// It was authorized, and is not any more.
    NewlyDenied,
    /// An SCP refused it, and none does any more. Without the identity-based policies of the caller, it is not known
    /// whether these allow it.
    NewlyAllowed,
    /// It was refused, and is.
    StillDenied,
    /// That depends on what is not known.
    Undecided,
    /// The log says something else than the unchanged policies: they are not those of the time, or what is assumed
    /// of the call is wrong.
    Contradiction,
}

impl Class {
    /// All of them.
    pub const ALL: [Class; 6] = [
        Class::StillAllowed,
        Class::NewlyDenied,
        Class::NewlyAllowed,
        Class::StillDenied,
        Class::Undecided,
        Class::Contradiction,
    ];

    /// `still_allowed`, …
    pub fn as_str(self) -> &'static str {
        match self {
            Class::StillAllowed => "still_allowed",
            Class::NewlyDenied => "newly_denied",
            Class::NewlyAllowed => "newly_allowed",
            Class::StillDenied => "still_denied",
            Class::Undecided => "undecided",
            Class::Contradiction => "contradiction",
        }
    }
}

/// What the policies say of a call, without and with the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdicts {
    /// Without the change.
    pub before: Verdict,
    /// Without the change, by the policies of the type that the log says refused alone; `None` if none of them were
    /// given.
    pub of_refusing: Option<Verdict>,
    /// With the change; `None` if it does not concern the caller.
    pub after: Option<Verdict>,
    /// Whether the change cannot turn an authorized call into a refused one, whatever is not known.
    pub stays_allowed: bool,
    /// Whether it cannot turn a refused call into an authorized one, whatever is not known.
    pub stays_denied: bool,
}

/// What the change does to the call.
pub fn classify(evidence: Evidence, verdicts: Verdicts) -> Class {
    use Verdict::{Allowed, Denied, Indeterminate};
    let Verdicts { before, of_refusing, after, stays_allowed, stays_denied } = verdicts;
    match evidence {
        Evidence::Authorized => match (before, after) {
            (Denied, _) => Class::Contradiction,
            (_, None | Some(Allowed)) => Class::StillAllowed,
            (_, Some(Denied)) => Class::NewlyDenied,
            (_, Some(Indeterminate)) if stays_allowed => Class::StillAllowed,
            (_, Some(Indeterminate)) => Class::Undecided,
        },
        Evidence::RefusedBy(_) if of_refusing == Some(Allowed) => Class::Contradiction,
        // No change of SCPs lifts what another policy refuses.
        Evidence::RefusedBy(by) if by != PolicyType::ServiceControl => Class::StillDenied,
        Evidence::RefusedBy(_) => match after {
            None | Some(Denied) => Class::StillDenied,
            Some(Allowed) => Class::NewlyAllowed,
            Some(Indeterminate) if stays_denied => Class::StillDenied,
            Some(Indeterminate) => Class::Undecided,
        },
        Evidence::Refused => match (before, after) {
            // Something else refused it, which the change does not concern.
            (Allowed, _) | (_, None | Some(Denied)) => Class::StillDenied,
            _ if stays_denied => Class::StillDenied,
            (Denied, Some(Allowed)) => Class::NewlyAllowed,
            _ => Class::Undecided,
        },
        Evidence::RefusedOtherwise => Class::StillDenied,
        Evidence::Unclear => match (before, after.unwrap_or(before)) {
            (Allowed, Allowed) => Class::StillAllowed,
            (Allowed, Denied) => Class::NewlyDenied,
            (Denied, Allowed) => Class::NewlyAllowed,
            (Denied, Denied) => Class::StillDenied,
            _ => Class::Undecided,
        },
    }
}
