//! Folders that carry a day, as one table:
//!
//! | layout | folders |
//! |---|---|
//! | CloudTrail, Firehose | `2026/09/14/`, with or without hours below |
//! | not padded | `2026/9/4/` |
//! | Hive, in parts | `year=2026/month=09/day=14/` |
//! | Hive, whole | `dt=2026-09-14/`, under any name before the `=` |
//! | whole | `2026-09-14/`, `20260914/` |

use jiff::civil::Date;

/// What the folders from one on say of a date.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DateFolder {
    /// Nothing yet.
    #[default]
    None,
    /// A year.
    Year(i16),
    /// A year and a month.
    Month(i16, i8),
    /// A day.
    Day(Date),
}

/// CloudTrail began in 2013; what begins with another number is no year of a log.
const YEARS: std::ops::RangeInclusive<i16> = 2006..=2199;

impl DateFolder {
    /// What is known in a folder of this name inside; `None` if the name says no more of the date.
    pub fn child(self, name: &str) -> Option<Self> {
        let (key, value) = name.split_once('=').unwrap_or(("", name));
        let is_part = |part: &str| key.is_empty() || key.eq_ignore_ascii_case(part);
        match self {
            DateFolder::None if is_part("year") && value.len() == 4 => {
                number(value).filter(|year| YEARS.contains(year)).map(DateFolder::Year)
            }
            DateFolder::None => whole_date(value).map(DateFolder::Day),
            DateFolder::Year(year) if is_part("month") && value.len() <= 2 => {
                let month = i8::try_from(number(value)?).ok()?;
                (1..=12).contains(&month).then_some(DateFolder::Month(year, month))
            }
            DateFolder::Month(year, month) if is_part("day") && value.len() <= 2 => {
                let day = i8::try_from(number(value)?).ok()?;
                Date::new(year, month, day).ok().map(DateFolder::Day)
            }
            _ => None,
        }
    }

    /// Whether a folder may hold something of the days from one to another.
    pub fn may_hold(self, first: Date, last: Date) -> bool {
        match self {
            DateFolder::None => true,
            DateFolder::Year(year) => (first.year()..=last.year()).contains(&year),
            DateFolder::Month(year, month) => {
                let of = |day: Date| (day.year(), day.month());
                (of(first)..=of(last)).contains(&(year, month))
            }
            DateFolder::Day(day) => (first..=last).contains(&day),
        }
    }
}

/// The folder of a day below a Region's folder: `2026/08/01/`.
pub fn day_folder(day: Date) -> String {
    format!("{:04}/{:02}/{:02}/", day.year(), day.month(), day.day())
}

/// `2026-09-14`, also with an hour after it, or `20260914`.
fn whole_date(text: &str) -> Option<Date> {
    let date = match text.as_bytes() {
        [_, _, _, _, b'-', _, _, b'-', _, _, rest @ ..]
            if rest.first().is_none_or(|next| b"-T _".contains(next)) =>
        {
            let text = text.get(..10)?;
            (number(&text[..4])?, number(&text[5..7])?, number(&text[8..])?)
        }
        [_, _, _, _, _, _, _, _] if text.is_ascii() => {
            (number(&text[..4])?, number(&text[4..6])?, number(&text[6..])?)
        }
        _ => return None,
    };
    let (year, month, day) = date;
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    YEARS.contains(&year).then_some(date)
}

/// Digits only: a number may have a sign, a part of a date has none.
fn number(text: &str) -> Option<i16> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// What the folders of a path say together.
    fn date_of(path: &str) -> Option<DateFolder> {
        path.split('/').try_fold(DateFolder::None, DateFolder::child)
    }

    #[test]
    fn folders_of_every_layout_carry_their_day() {
        for path in [
            "2026/09/04",
            "2026/9/4",
            "year=2026/month=09/day=04",
            "year=2026/month=9/day=4",
            "dt=2026-09-04",
            "event_date=2026-09-04",
            "dt=2026-09-04-10",
            "2026-09-04",
            "20260904",
            "dt=20260904",
        ] {
            assert_eq!(date_of(path), Some(DateFolder::Day(date(2026, 9, 4))), "{path}");
        }
        for path in [
            "2026/13",
            "2026/00",
            "2026/+1",
            "1999",
            "02026",
            "month=09",
            "day=04",
            "2026/02/30",
            "2026-9-4",
            "é026",
            "2026é9-04",
            "20261301",
            "year=dt=2026-09-04",
        ] {
            assert_eq!(date_of(path), None, "{path}");
        }
        assert_eq!(date_of("2026"), Some(DateFolder::Year(2026)));
        assert_eq!(date_of("year=2026/9"), Some(DateFolder::Month(2026, 9)));
    }

    #[test]
    fn folder_that_cannot_hold_a_day_of_the_range_is_pruned() {
        let (first, last) = (date(2026, 9, 29), date(2026, 10, 2));
        for (path, expected) in [
            ("2025", false),
            ("2026", true),
            ("2026/08", false),
            ("2026/10", true),
            ("2026/09/28", false),
            ("2026/09/29", true),
            ("2026/10/03", false),
        ] {
            let found = date_of(path).map(|known| known.may_hold(first, last));
            assert_eq!(found, Some(expected), "{path}");
        }
    }
}
