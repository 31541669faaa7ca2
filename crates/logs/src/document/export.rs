//! Exports of CloudWatch Logs to S3 (`create-export-task`): lines of a time, a blank, and the message.

use std::io::BufRead;

use jiff::Timestamp;

use super::{Found, Seen, json};
use crate::envelope::begins_as_json;
use crate::object::Unreadable;

/// Whether a line begins with a time and a blank.
pub(super) fn is_line(line: &str) -> bool {
    message(line).is_some()
}

/// What follows the time of a line.
fn message(line: &str) -> Option<&str> {
    let (time, message) = line.split_once(' ')?;
    let is_time = time.ends_with('Z') && time.parse::<Timestamp>().is_ok();
    is_time.then_some(message)
}

/// Gives the records of an export. A line without a time goes on with a message, which is no record then,
/// or is one itself.
///
/// # Errors
/// If reading fails, or no line has JSON.
pub(super) fn read(
    mut text: impl BufRead,
    each: &mut dyn FnMut(Found<'_>),
) -> Result<Seen, Unreadable> {
    let mut seen = Seen::default();
    let mut line = String::new();
    while text.read_line(&mut line).map_err(|error| Unreadable::of_io(&error))? > 0 {
        let message = message(&line).unwrap_or(&line).trim();
        if begins_as_json(message) {
            seen.is_any = true;
            json::read_text(message, "record", each);
        } else if !message.is_empty() {
            each(Found::LogLine);
        }
        line.clear();
    }
    if seen.is_any { Ok(seen) } else { Err(Unreadable::NeitherGzipNorJson) }
}
