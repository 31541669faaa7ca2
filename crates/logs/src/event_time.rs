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

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever was read before, times are those that the library reads: all days, and every byte damaged.
    #[test]
    fn time_ms_after_any_other_is_as_alone() {
        let mut times = EventTimes::default();
        let mut n_times = 0;
        let mut check = |text: &str| {
            let expected = value::time_ms(text, "t").ok();
            n_times += usize::from(expected.is_some());
            for _ in 0..2 {
                assert_eq!(times.time_ms(text, "t").ok(), expected, "{text}");
            }
        };
        for year in [2011, 2012, 2013, 2026, 2028, 2099, 2100, 2101] {
            for month in 0..14 {
                for day in 0..33 {
                    check(&format!("{year}-{month:02}-{day:02}T23:59:58Z"));
                    check(&format!("{year}-{month:02}-{day:02}T00:00:00Z"));
                }
            }
        }
        let text = "2026-08-01T12:34:56Z";
        for at in 0..text.len() {
            for byte in 0..0x80 {
                let mut damaged = text.to_owned();
                damaged.replace_range(at..=at, &char::from(byte).to_string());
                check(text);
                check(&damaged);
            }
            check(&text[..at]);
        }
        for second in ["60", "61", "00.5", "00+02:00"] {
            check(&format!("2026-08-01T23:59:{second}Z"));
        }
        assert!(n_times > 4000, "{n_times}");
    }
}
