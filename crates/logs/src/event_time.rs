//! The times of events. Those of one object are nearly all on one day, so that only the day of the first
//! is worked out.

use crate::reject::Rejection;
use crate::value;

/// How CloudTrail writes a time: to the second, in UTC.
const FORM: &[u8; 20] = b"0000-00-00T00:00:00Z";

/// The length of `2026-08-01T`.
const DATE_BYTES: usize = 11;

/// Reads times, and remembers the day of the last one.
#[derive(Debug, Default)]
pub(crate) struct EventTimes {
    /// `2026-08-01T`.
    date: [u8; DATE_BYTES],
    /// The beginning of that day, in milliseconds since 1970 UTC.
    start_ms: i64,
}

impl EventTimes {
    /// A time, in milliseconds since 1970 UTC.
    ///
    /// # Errors
    /// If the text is no time, or one that no record can have.
    pub(crate) fn time_ms(&mut self, text: &str, field: &'static str) -> Result<i64, Rejection> {
        let time_of_day = time_of_day_ms(text);
        match time_of_day {
            Some((date, ms)) if *date == self.date => Ok(self.start_ms + ms),
            _ => {
                let time_ms = value::time_ms(text, field)?;
                if let Some((date, ms)) = time_of_day {
                    (self.date, self.start_ms) = (*date, time_ms - ms);
                }
                Ok(time_ms)
            }
        }
    }
}

/// The date of a time in CloudTrail's form, and the milliseconds since that day began.
fn time_of_day_ms(text: &str) -> Option<(&[u8; DATE_BYTES], i64)> {
    let text = <&[u8; FORM.len()]>::try_from(text.as_bytes()).ok()?;
    let is_form = text.iter().zip(FORM).all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        _ => byte == form,
    });
    let two = |at: usize| i64::from(text[at] - b'0') * 10 + i64::from(text[at + 1] - b'0');
    if !is_form || two(11) > 23 || two(14) > 59 || two(17) > 59 {
        return None;
    }
    let seconds = (two(11) * 60 + two(14)) * 60 + two(17);
    Some((text.first_chunk()?, seconds * 1000))
}
