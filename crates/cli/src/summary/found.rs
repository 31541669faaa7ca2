//! The trails that were found, and the folders that were not searched.

use std::fmt::Write as _;

use pipeline::{NotSearched, ObjectProblem, TrailFound};

use super::{JSON_SUMMARY, SHOWN_LINES, problems};
use crate::escape::escaped;
use crate::number::{counted, grouped};

/// How many folders that were not searched are named.
const SHOWN_FOLDERS: usize = 20;

/// The trails, by prefix.
pub(crate) fn trails(out: &mut String, trails: &[TrailFound]) {
    if trails.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nTrails: {}\n", grouped(trails.len() as u64));
    for trail in trails.iter().take(SHOWN_LINES) {
        let mut parts = Vec::new();
        if !trail.accounts.is_empty() {
            parts.push(counted(trail.accounts.len() as u64, "account"));
        }
        if !trail.regions.is_empty() {
            parts.push(counted(trail.regions.len() as u64, "Region"));
        }
        parts.push(match (&trail.first_day, &trail.last_day) {
            (Some(first), Some(last)) if first == last => first.clone(),
            (Some(first), Some(last)) => format!("{first} to {last}"),
            _ => "no objects of these days".to_owned(),
        });
        let _ = writeln!(out, "  {}  {}", escaped(shown(&trail.prefix)), parts.join(" · "));
    }
    super::more(out, trails.len(), JSON_SUMMARY);
}

fn shown(prefix: &str) -> &str {
    if prefix.is_empty() { "(the source)" } else { prefix }
}

/// The folders that were not searched, each with the reason.
pub(crate) fn not_searched(out: &mut String, folders: &NotSearched) {
    if folders.count == 0 {
        return;
    }
    let _ = writeln!(out, "\nNot searched: {}\n", counted(folders.count, "folder"));
    for (prefix, reason) in folders.folders.iter().take(SHOWN_FOLDERS) {
        let _ = writeln!(out, "  {}  {}", escaped(shown(prefix)), escaped(reason));
    }
    let hidden = folders.count.saturating_sub(SHOWN_FOLDERS as u64);
    if hidden > 0 {
        let _ = writeln!(out, "  and {} more (see {JSON_SUMMARY})", grouped(hidden));
    }
}

/// Copies whose size is another one.
pub(crate) fn copies(out: &mut String, copies: &[ObjectProblem]) {
    let title = "Copies of another size, not read";
    problems(out, title, copies, copies.len() as u64, JSON_SUMMARY);
}
