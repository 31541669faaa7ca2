//! What a reader of a replay has to know beside its numbers, a sentence each.

use policy::replay::Class;

use super::Found;
use crate::number::{counted, grouped};

/// The sentences.
pub(super) fn of(found: &Found<'_>) -> Vec<String> {
    let calls = |class: Class| found.totals.calls(class);
    let mut notes = Vec::new();
    if calls(Class::NewlyAllowed) > 0 && !found.has_identity {
        notes.push(
            "newly_allowed: no SCP refuses these calls any more; the identity-based policies of the callers, \
             which were not given (--identity), may refuse them still."
                .to_owned(),
        );
    }
    if calls(Class::Contradiction) > 0 {
        notes.push(
            "contradiction: the log says something else than the unchanged policies. These are not the policies \
             of those days, or more was checked than is assumed: look at the examples with `hoptrail policy \
             simulate --event-id`."
                .to_owned(),
        );
    }
    notes
}

/// What the audit found.
pub(super) fn audit(found: &Found<'_>) -> String {
    let audit = &found.audit;
    let unchanged = if found.has_changes { "unchanged" } else { "attached" };
    let mut text = format!(
        "The {unchanged} policies reproduce {} of {} ({} contradicted, {} open).",
        grouped(audit.reproduced),
        counted(audit.outcomes, "logged outcome"),
        grouped(audit.contradicted),
        grouped(audit.open),
    );
    if audit.legs > 0 {
        text += &format!(
            " Of {} that name what was refused, they deny that in {}.",
            counted(audit.legs, "refusal"),
            grouped(audit.legs_reproduced)
        );
    }
    if audit.policies > 0 {
        text += &format!(
            " Of {} that name a policy, it is among those that deny in {}",
            counted(audit.policies, "refusal"),
            grouped(audit.policies_deciding)
        );
        text += &match audit.policies_not_there {
            0 => ".".to_owned(),
            n => format!("; in {}, none that applies has its ID.", grouped(n)),
        };
    }
    if audit.not_comparable > 0 {
        text += &format!(
            " {} cannot be compared: refused by policies that were not given or are not named, or not valid.",
            counted(audit.not_comparable, "call")
        );
    }
    text
}
