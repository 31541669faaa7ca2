//! UTC days: ranges of them, the day of a time, the days that an object is read for.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use logs::layout::Delivery;

const MINUTES_PER_DAY: i64 = 24 * 60;

/// Whole UTC days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRange {
    from: Date,
    to: Date,
}

impl DayRange {
    /// A range; `None` if `from` is after `to`.
    pub fn new(from: Date, to: Date) -> Option<Self> {
        (from <= to).then_some(DayRange { from, to })
    }

    /// The first day.
    pub(crate) fn from(&self) -> Date {
        self.from
    }

    /// The last day.
    pub(crate) fn to(&self) -> Date {
        self.to
    }

    /// Whether a day is in the range.
    pub(crate) fn contains(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }

    /// So many days right before it.
    pub(crate) fn before(&self, days: i64) -> DayRange {
        let from = self.from.saturating_sub(days.days());
        DayRange { from, to: self.from.saturating_sub(1.day()).max(from) }
    }

    /// The days, in order.
    pub(crate) fn days(&self) -> impl Iterator<Item = Date> + use<> {
        let to = self.to;
        self.from.series(1.day()).take_while(move |day| *day <= to)
    }
}

/// One of some slices of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 0.
    pub index: u32,
    /// How many there are.
    pub count: u32,
}

impl std::fmt::Display for DayRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.from == self.to {
            write!(f, "{}", self.from)
        } else {
            write!(f, "{} to {}", self.from, self.to)
        }
    }
}

/// The UTC day of a time in milliseconds since 1970.
pub(crate) fn day_of(time_ms: i64) -> Date {
    // Records outside the years 2013 to 2100 were rejected before.
    let time = Timestamp::from_millisecond(time_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    TimeZone::UTC.to_datetime(time).date()
}

/// How many days after a day its late objects may have been delivered.
pub(crate) fn late_days(late_window_minutes: i64) -> i64 {
    (late_window_minutes.max(0) + MINUTES_PER_DAY - 1) / MINUTES_PER_DAY
}

/// Whether an object is read for a day: that of its delivery, or one before in whose late window it was
/// delivered.
///
/// A name without a time counts as inside the window: nothing is lost.
pub(crate) fn is_read_for(delivery: Delivery, day: Date, late_window_minutes: i64) -> bool {
    let Ok(span) = delivery.day.since(day) else { return false };
    is_in_window(delivery, i64::from(span.get_days()), late_window_minutes)
}

/// As [`is_read_for`], for the day that is so many days before that of the delivery.
fn is_in_window(delivery: Delivery, days_before: i64, late_window_minutes: i64) -> bool {
    match days_before {
        0 => true,
        days if days < 0 => false,
        days => {
            let minute = delivery.minute.unwrap_or(0);
            (days - 1) * MINUTES_PER_DAY + minute < late_window_minutes
        }
    }
}

/// The days of a range that an object is read for, in order. Empty if it need not be read.
pub(crate) fn days_of_delivery(
    delivery: Delivery,
    range: DayRange,
    late_window_minutes: i64,
) -> impl Iterator<Item = Date> {
    (0..=late_days(late_window_minutes))
        .rev()
        .filter(move |before| is_in_window(delivery, *before, late_window_minutes))
        .filter_map(move |before| delivery.day.checked_sub(before.days()).ok())
        .filter(move |day| range.contains(*day))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn delivery_is_read_for_the_day_before_up_to_the_minute_of_the_window() {
        let range = DayRange::new(date(2026, 10, 5), date(2026, 10, 7)).expect("in order");
        for (day, minute, window, expected) in [
            (6, Some(359), 360, &[5, 6][..]),
            (6, Some(360), 360, &[6]),
            (6, None, 360, &[5, 6]),
            (5, Some(0), 360, &[5]),
            (8, Some(359), 360, &[7]),
            (8, Some(360), 360, &[]),
            (8, Some(0), 0, &[]),
            (8, Some(60), 48 * 60, &[6, 7]),
            (4, Some(0), 360, &[]),
        ] {
            let delivery = Delivery { day: date(2026, 10, day), minute };
            let found = days_of_delivery(delivery, range, window).map(Date::day);
            assert_eq!(found.collect::<Vec<_>>(), expected, "{day} {minute:?} {window}");
        }
    }
}
