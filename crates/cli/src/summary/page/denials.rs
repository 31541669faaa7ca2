//! What denied calls, in sentences that say what to do.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use bedrock::Knowledge;
use bedrock::catalog::Destinations;
use bedrock::denial::UNSPECIFIED_REGION;
use tables::query::{Answer, Cell, Row};

use super::{count, sum, wrapped};
use crate::escape::escaped;
use crate::number::{counted, grouped};
use crate::policy_type;

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

/// The place of the caller among them.
const CALLER: usize = KEYS.len() - 1;

/// How many sentences are shown.
const SHOWN: usize = 4;

/// Denials that one change of policies would allow: callers apart.
#[derive(Debug)]
struct Kind<'a> {
    row: &'a Row,
    calls: u64,
    callers: BTreeSet<&'a str>,
}

/// Writes the sentences, most calls first: first those about Regions, which policies for Regions bring about. `calls` is
/// how many calls were denied: there may be more denied requests, which only VPC endpoints saw.
pub(super) fn write(out: &mut String, answer: &Answer, calls: u64, knowledge: &Knowledge) {
    if answer.rows.is_empty() {
        return;
    }
    let mut kinds = Vec::<Kind<'_>>::new();
    for row in &answer.rows {
        let of_row = count(answer, row, "denied_calls");
        let same = |kind: &&mut Kind<'_>| kind.row[..CALLER] == row[..CALLER];
        match kinds.iter_mut().find(same) {
            Some(kind) => {
                kind.calls += of_row;
                kind.callers.extend(text(row, CALLER));
            }
            None => {
                kinds.push(Kind {
                    row,
                    calls: of_row,
                    callers: text(row, CALLER).into_iter().collect(),
                });
            }
        }
    }
    kinds.sort_by_key(|kind| {
        let is_about_a_region = text(kind.row, 0).is_some() && text(kind.row, 2).is_some();
        (!is_about_a_region, Reverse(kind.calls))
    });
    let requests = sum(answer, "denied_calls").saturating_sub(calls);
    let others = match requests {
        0 => String::new(),
        n => format!(" and {} that only VPC endpoints saw", counted(n, "request")),
    };
    let _ = writeln!(out, "\nDenied: {}{others}\n", counted(calls, "call"));
    for kind in kinds.iter().take(SHOWN) {
        let _ = writeln!(out, "{}", wrapped(&escaped(&sentence(kind, knowledge))));
    }
    if kinds.len() > SHOWN {
        let more = grouped((kinds.len() - SHOWN) as u64);
        let _ = writeln!(out, "  and {more} more: hoptrail show denials");
    }
}

fn text(row: &Row, place: usize) -> Option<&str> {
    match &row[place] {
        Cell::Text(text) => Some(text),
        _ => None,
    }
}

/// `SCP p-regions01 denies us-west-2 to us.amazon.nova-pro-v1:0 from us-east-1 (app, 4 calls)`, and what to do.
fn sentence(kind: &Kind<'_>, knowledge: &Knowledge) -> String {
    let row = kind.row;
    let calls = counted(kind.calls, "call");
    let who = match (kind.callers.first(), kind.callers.len()) {
        (Some(caller), 1) => format!("{caller}, {calls}"),
        (Some(_), n) => format!("{}, {calls}", counted(n as u64, "caller")),
        _ => calls,
    };
    let policy = policy_type::with_arn(text(row, 0), text(row, 1));
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
    if text(row, 3) == Some("profile") {
        return format!("{policy} denies the profile {model}{from} ({who})");
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
