//! The UTC day of a time, and the other day that its record may be on.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// How far the times of a call's record and of its entry are apart at most: one of them may be that of its
/// beginning.
const MAX_APART_MS: i64 = 60 * 60 * 1000;

/// The UTC day of a time in milliseconds since 1970.
pub fn day_of(time_ms: i64) -> Date {
    // Records outside the years 2013 to 2100 were rejected before.
    let time = Timestamp::from_millisecond(time_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    TimeZone::UTC.to_datetime(time).date()
}

/// The day before or after that may have the record of an entry of this time.
pub fn day_at_midnight(time_ms: i64) -> Option<Date> {
    let near = [time_ms - MAX_APART_MS, time_ms + MAX_APART_MS].map(day_of);
    near.into_iter().find(|day| *day != day_of(time_ms))
}
