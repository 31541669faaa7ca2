//! Which days answers are about, and what they rest on, for every command that asks the tables.

use jiff::Timestamp;
use jiff::civil::Date;
use pipeline::{Basis, DayRange};

use crate::args::DayArgs;
use crate::exit::Failure;
use crate::messages::Messages;
use crate::range;

/// How many days a message names.
const NAMED_DAYS: usize = 10;

/// The days that were asked for; `None` for all that are published.
///
/// # Errors
/// If a day is invalid.
pub(crate) fn days(args: &DayArgs) -> Result<Option<DayRange>, Failure> {
    let mut days = args.clone();
    range::complete_from_environment(&mut days)?;
    range::days(&days, Timestamp::now())
}

/// The days in words.
pub(crate) fn described(range: Option<DayRange>) -> String {
    match range {
        None => "no day".to_owned(),
        Some(range) if range.from() == range.to() => range.from().to_string(),
        Some(range) => format!("{} to {}", range.from(), range.to()),
    }
}

/// How many they are.
pub(crate) fn n_days(range: DayRange) -> u64 {
    let span = range.to().since(range.from()).map_or(0, |span| span.get_days());
    u64::try_from(span).unwrap_or_default() + 1
}

/// None of the days is published.
pub(crate) fn nothing_published(range: Option<DayRange>, dest: &str) -> Failure {
    let days = range.map(|range| format!(" for these days ({})", described(Some(range))));
    let days = days.unwrap_or_default();
    Failure::Nothing(format!("nothing is published{days} in {dest}: `hoptrail run` builds days"))
}

/// Names the days and files that answers lack.
pub(crate) fn warn_of_gaps(basis: &Basis, messages: &Messages) {
    for (what, days) in [
        ("days that are not built", &basis.missing),
        ("days of them that a run is replacing, or was", &basis.interrupted),
        (
            "days built without objects or records that cannot be read (see show ingest)",
            &basis.partial,
        ),
    ] {
        if !days.is_empty() {
            messages.warn(&format!("{what}: {}", listed(days)));
        }
    }
    warn_of_files(basis, messages);
}

/// Names the days and files that answers lack which others are compared with.
pub(crate) fn warn_of_gaps_before(basis: &Basis, messages: &Messages) {
    if !basis.missing.is_empty() {
        let missing = listed(&basis.missing);
        messages.warn(&format!("days that are not built, of those compared with: {missing}"));
    }
    warn_of_files(basis, messages);
}

fn warn_of_files(basis: &Basis, messages: &Messages) {
    for (key, reason) in &basis.unreadable {
        messages.warn(&format!("{key}: {reason}; its rows are missing: see `hoptrail verify`"));
    }
}

fn listed(days: &[Date]) -> String {
    let named = days.iter().take(NAMED_DAYS).map(ToString::to_string).collect::<Vec<_>>();
    let more = days.len().saturating_sub(NAMED_DAYS);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", named.join(", "))
}
