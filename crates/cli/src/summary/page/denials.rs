//! What denied calls, in sentences that say what to do.

use std::fmt::Write as _;

use bedrock::Knowledge;
use bedrock::catalog::Destinations;
use bedrock::denial::UNSPECIFIED_REGION;
use tables::query::{Answer, Cell, Row};

use super::{count, sum, wrapped};
use crate::escape::escaped;
use crate::number::{counted, grouped};

/// What denials are told apart by.
pub(super) const KEYS: [&str; 7] = [
    "policy_type",
    "policy_arn",
    "blocked_region",
    "leg",
    "model_ref",
    "source_region",
    "principal_name",
];

/// How many sentences are shown.
const SHOWN: usize = 4;

/// Writes the sentences, most calls first: first those about Regions, which policies for Regions bring about.
pub(super) fn write(out: &mut String, answer: &Answer, knowledge: &Knowledge) {
    if answer.rows.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nDenied: {}\n", counted(sum(answer, "denied_calls"), "request"));
    let mut rows = answer.rows.iter().collect::<Vec<_>>();
    // Stable: within both, the order is that of the answer.
    rows.sort_by_key(|row| text(row, 0).is_none() || text(row, 2).is_none());
    for row in rows.iter().take(SHOWN) {
        let _ = writeln!(out, "{}", wrapped(&escaped(&sentence(answer, row, knowledge))));
    }
    if rows.len() > SHOWN {
        let more = grouped((rows.len() - SHOWN) as u64);
        let _ = writeln!(out, "  and {more} more kinds: hoptrail show denials");
    }
}

fn text(row: &Row, place: usize) -> Option<&str> {
    match &row[place] {
        Cell::Text(text) => Some(text),
        _ => None,
    }
}

/// `SCP p-regions01 denies us-west-2 to us.amazon.nova-pro-v1:0 from us-east-1 (app, 4 calls)`, and what to do.
fn sentence(answer: &Answer, row: &Row, knowledge: &Knowledge) -> String {
    let calls = counted(count(answer, row, "denied_calls"), "call");
    let who = match text(row, 6) {
        Some(principal) => format!("{principal}, {calls}"),
        None => calls,
    };
    let policy = text(row, 0).map_or("A policy that is not named", policy);
    let name = text(row, 1).and_then(|arn| arn.rsplit('/').next());
    let policy = name.map_or_else(|| policy.to_owned(), |name| format!("{policy} {name}"));
    let source = text(row, 5);
    let from = source.map(|source| format!(" from {source}")).unwrap_or_default();
    let reference = text(row, 4).unwrap_or("an unknown model");
    let model = reference.rsplit('/').next().unwrap_or(reference);
    let Some(blocked) = text(row, 2) else {
        return format!("{policy} denies {model}{from} ({who})");
    };
    if blocked == UNSPECIFIED_REGION {
        return format!(
            "{policy} denies the global leg to {model}{from} ({who}; it has to allow `unspecified` as \
             aws:RequestedRegion)"
        );
    }
    let also = others(reference, source, blocked, knowledge);
    let also = if also.is_empty() {
        String::new()
    } else {
        format!("; the profile also needs {}", also.join(", "))
    };
    format!("{policy} denies {blocked} to {model}{from} ({who}{also})")
}

/// The other Regions that a profile may send calls of a Region to.
fn others(
    reference: &str,
    source: Option<&str>,
    blocked: &str,
    knowledge: &Knowledge,
) -> Vec<String> {
    let id = reference.rsplit('/').next().unwrap_or(reference);
    let by_source = knowledge.catalog.profile(id);
    match source.and_then(|source| by_source?.get(source)) {
        Some(Destinations::Regions(regions)) => {
            regions.iter().filter(|region| *region != blocked).cloned().collect()
        }
        _ => Vec::new(),
    }
}

/// How people call a kind of policy.
fn policy(policy_type: &str) -> &str {
    match policy_type {
        "service_control_policy" => "SCP",
        "resource_control_policy" => "RCP",
        "identity_based_policy" => "An identity-based policy",
        "resource_based_policy" => "A resource-based policy",
        "permissions_boundary" => "A permissions boundary",
        "session_policy" => "A session policy",
        "vpc_endpoint_policy" => "A VPC endpoint policy",
        "role_trust_policy" => "A role trust policy",
        other => other,
    }
}
