//! The chapters of the page, one module each.

mod approved;
mod cost;
mod days;
mod denials;
mod flow;
mod gaps;
mod headline;
mod hours;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

pub(crate) use headline::headline;

use crate::drawing::DrawingError;
use crate::model::Report;
use crate::view::Section;

/// The width of a drawing.
const WIDTH: u32 = 560;

/// The chapters, in the order of the page.
///
/// # Errors
/// If something cannot be drawn.
pub(crate) fn all(report: &Report) -> Result<Vec<Section>, DrawingError> {
    let routing = [flow::part(report)?, flow::exceptions(report), hours::heat(report)?];
    let routing = routing.into_iter().chain([hours::shares(report)?]).collect();
    let cost = cost::parts(report)?;
    let (denials, gaps) = (vec![denials::part(report)?], gaps::parts(report));
    let days = vec![days::part(report)?];
    let section = |id, heading, parts| Section { id, heading, parts };
    let mut sections = vec![section("routing", "Where calls ran", routing)];
    if let Some(regions) = &report.approved {
        let part = approved::part(report, regions)?;
        sections.push(section("approved", "Outside the approved Regions", vec![part]));
    }
    sections.extend([
        section("cost", "What they cost", cost),
        section("denials", "What was denied", denials),
        section("gaps", "What is not known", gaps),
        section("days", "Days", days),
    ]);
    Ok(sections)
}

/// The command that prints the figures of a part.
fn command(report: &Report, question: &str) -> String {
    format!("hoptrail show {question} {} --format csv", report.show_options)
}

/// The UTC day of a time; `None` beyond what a calendar has.
fn day_of(ms: i64) -> Option<Date> {
    let time = Timestamp::from_millisecond(ms).ok()?;
    Some(TimeZone::UTC.to_datetime(time).date())
}

/// A profile scope in words.
fn scope_name(scope: Option<&str>) -> &str {
    scope.unwrap_or("no scope")
}

/// A Region in words.
fn region_name(region: Option<&str>) -> &str {
    region.unwrap_or("unknown")
}

/// What a column of a name is where the row is the total of all, or all others.
fn blank(n: usize) -> impl Iterator<Item = crate::view::Datum> {
    std::iter::repeat_n(crate::view::Datum::plain(""), n)
}
