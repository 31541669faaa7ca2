//! The page as HTML.

use askama::Template;

use crate::drawing::{DrawingError, Shape};
use crate::model::{DayState, Report};
use crate::section;
use crate::view::{Datum, Figure, Section};

/// Days that the head of the page names.
const NAMED_DAYS: usize = 10;

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// A drawing failed.
    #[error("a drawing of the page could not be made")]
    Drawing(#[from] DrawingError),
    /// The template failed.
    #[error("the page could not be written")]
    Template(#[from] askama::Error),
}

#[derive(Debug, Template)]
#[template(path = "page.html")]
struct Page<'a> {
    report: &'a Report,
    first: Datum,
    last: Datum,
    /// Days that are not built, in words.
    missing: Vec<Datum>,
    figures: Vec<Figure>,
    sections: Vec<Section>,
}

/// The page. The same report gives the same bytes.
///
/// # Errors
/// If a drawing cannot be made.
pub fn html(report: &Report) -> Result<String, PageError> {
    let day = |day: Option<&crate::model::Day>| {
        day.map_or_else(|| Datum::plain(""), |day| Datum::day(day.date))
    };
    let page = Page {
        report,
        first: day(report.days.first()),
        last: day(report.days.last()),
        missing: missing(report),
        figures: section::headline(report),
        sections: section::all(report)?,
    };
    Ok(page.render()?)
}

/// With commas between them.
fn missing(report: &Report) -> Vec<Datum> {
    let is_missing = |state| matches!(state, DayState::Missing | DayState::Interrupted);
    let days = report.days.iter().filter(|day| is_missing(day.state)).collect::<Vec<_>>();
    let named = days.iter().take(NAMED_DAYS).map(|day| day.date.to_string()).collect::<Vec<_>>();
    let mut named = vec![Datum::plain(named.join(", "))];
    if days.len() > NAMED_DAYS {
        let more = Datum::count((days.len() - NAMED_DAYS) as u64);
        named.extend([Datum::plain("and"), more, Datum::plain("more")]);
    }
    if days.is_empty() { Vec::new() } else { named }
}
