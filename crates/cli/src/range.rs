//! From options to whole UTC days and durations.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use pipeline::{DayRange, Shard};

use crate::args::DayArgs;
use crate::exit::Failure;

/// The days that were asked for; `None` if none were.
///
/// # Errors
/// If a day is invalid, or `--from` is after `--to`.
pub(crate) fn days(args: &DayArgs, now: Timestamp) -> Result<Option<DayRange>, Failure> {
    let today = TimeZone::UTC.to_datetime(now).date();
    let yesterday = today.saturating_sub(1.day());
    let (from, to) = if let Some(day) = &args.day {
        let day = day_of("--day", day, today)?;
        (day, day)
    } else if let Some(from) = &args.from {
        let from = day_of("--from", from, today)?;
        let to = args.to.as_deref().map_or(Ok(from), |to| day_of("--to", to, today))?;
        (from, to)
    } else if let Some(last) = args.last {
        if !(1..=36_500).contains(&last) {
            return Err(Failure::usage(format!("--last: expected 1 to 36500 days, found {last}")));
        }
        (yesterday.saturating_sub(i64::from(last - 1).days()), yesterday)
    } else {
        return Ok(None);
    };
    let range = DayRange::new(from, to);
    range.map(Some).ok_or_else(|| {
        Failure::usage(format!("--from {from} is after --to {to}: expected the earlier day first"))
    })
}

/// Takes the days from the environment if no option gives them: `HOPTRAIL_DAY`, else `HOPTRAIL_FROM` and
/// `HOPTRAIL_TO`, else `HOPTRAIL_LAST`. Clap cannot do it: it would report a conflict between an option
/// and another option's variable.
///
/// # Errors
/// If `HOPTRAIL_LAST` is not a number.
pub(crate) fn complete_from_environment(args: &mut DayArgs) -> Result<(), Failure> {
    if args.from.is_some() || args.day.is_some() || args.last.is_some() {
        return Ok(());
    }
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    args.day = variable("HOPTRAIL_DAY");
    if args.day.is_none() {
        args.from = variable("HOPTRAIL_FROM");
        args.to = variable("HOPTRAIL_TO").filter(|_| args.from.is_some());
    }
    if args.day.is_none() && args.from.is_none() {
        let last = variable("HOPTRAIL_LAST").map(|text| {
            text.parse::<u32>().map_err(|_| {
                Failure::usage(format!("HOPTRAIL_LAST: expected a number of days, found `{text}`"))
            })
        });
        args.last = last.transpose()?;
    }
    Ok(())
}

/// One UTC day.
///
/// # Errors
/// If it is invalid.
pub(crate) fn day(option: &str, text: &str, now: Timestamp) -> Result<Date, Failure> {
    day_of(option, text, TimeZone::UTC.to_datetime(now).date())
}

fn day_of(option: &str, text: &str, today: Date) -> Result<Date, Failure> {
    let days_ago = |days: i64| today.saturating_sub(days.days());
    let relative = text.strip_suffix('d').and_then(|days| days.parse::<u16>().ok());
    let day = match (text, relative) {
        ("today", _) => Some(today),
        ("yesterday", _) => Some(days_ago(1)),
        (_, Some(days)) => Some(days_ago(i64::from(days))),
        // A date alone, because a time of day would be ignored.
        _ if text.len() == 10 => text.parse::<Date>().ok(),
        _ => None,
    };
    day.ok_or_else(|| {
        let expected = "YYYY-MM-DD, today, yesterday, or a number of days ago, such as 7d";
        Failure::usage(format!("{option}: expected {expected}, found `{text}`"))
    })
}

/// Minutes of a duration such as `6h`, `90m`, or `2d`.
///
/// # Errors
/// If it is invalid.
pub(crate) fn minutes(option: &str, text: &str) -> Result<i64, Failure> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[number.len()..] {
        "m" => Some(1),
        "h" => Some(60),
        "d" => Some(24 * 60),
        _ => None,
    };
    let minutes = number.parse::<u16>().ok().zip(factor).map(|(n, factor)| i64::from(n) * factor);
    minutes.filter(|minutes| *minutes <= 60 * 24 * 60).ok_or_else(|| {
        let expected = "a duration such as 6h, 90m, or 2d, at most 60d";
        Failure::usage(format!("{option}: expected {expected}, found `{text}`"))
    })
}

/// A number of days such as `30d`; `0` is none.
///
/// # Errors
/// If it is invalid.
pub(crate) fn days_back(option: &str, text: &str) -> Result<u16, Failure> {
    let number = if text == "0" { Some(text) } else { text.strip_suffix('d') };
    let days = number.and_then(|number| number.parse::<u16>().ok()).filter(|days| *days <= 366);
    days.ok_or_else(|| {
        let expected = "a number of days such as 30d, at most 366d, or 0 for never";
        Failure::usage(format!("{option}: expected {expected}, found `{text}`"))
    })
}

/// A shard such as `0/365`. Where no shell fills numbers in, each may be the name of a variable of the environment.
///
/// # Errors
/// If it is invalid, or a variable is not set.
pub(crate) fn shard(option: &str, text: &str) -> Result<Shard, Failure> {
    shard_in(option, text, |name| std::env::var(name).ok())
}

/// As [`shard`], with the variables of an environment.
fn shard_in(
    option: &str,
    text: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Shard, Failure> {
    let expected = |expected: &str, found: &str| {
        Failure::usage(format!("{option}: expected {expected}, found `{found}`"))
    };
    let invalid = || expected("I/N such as 0/365", text);
    let number = |text: &str| {
        if !is_variable(text) {
            return text.parse::<u32>().map_err(|_| invalid());
        }
        let value = variable(text).ok_or_else(|| {
            Failure::usage(format!("{option}: the environment variable {text} is not set"))
        })?;
        value.parse::<u32>().map_err(|_| expected(&format!("a number in {text}"), &value))
    };
    let (index, count) = text.split_once('/').ok_or_else(invalid)?;
    let (index, count) = (number(index)?, number(count)?);
    Shard::new(index, count).ok_or_else(|| {
        Failure::usage(match count.checked_sub(1) {
            None => format!("{option} {text}: N must be 1 or more"),
            Some(last) => format!("{option} {text}: I must be 0 to {last}, found {index}"),
        })
    })
}

/// Whether a text looks like the name of a variable of the environment.
fn is_variable(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The options are written `from to day last`.
    #[test]
    fn days_follow_from_the_options() {
        let now = "2026-11-20T00:30:00Z".parse::<Timestamp>().expect("a time");
        for (options, expected) in [
            ("- - - -", "none"),
            ("- - - 2", "2026-11-18 to 2026-11-19"),
            ("- - yesterday -", "2026-11-19"),
            ("7d today - -", "2026-11-13 to 2026-11-20"),
            ("2026-02-28 - - -", "2026-02-28"),
            ("2026-03-01 2026-02-28 - -", "--from 2026-03-01 is after --to 2026-02-28"),
            ("2026-02-30 - - -", "--from: expected YYYY-MM-DD"),
            ("2026-02-01T00:00Z - - -", "--from: expected"),
            ("- - - 0", "--last: expected"),
        ] {
            let mut options = options.split(' ').map(|option| (option != "-").then_some(option));
            let mut option = || options.next().flatten().map(str::to_owned);
            let (from, to, day, last) = (option(), option(), option(), option());
            let last = last.map(|last| last.parse().expect("a number"));
            let args = DayArgs { last, day, from, to };
            let found = match days(&args, now) {
                Ok(Some(range)) => range.to_string(),
                Ok(None) => "none".to_owned(),
                Err(failure) => failure.to_string(),
            };
            assert!(found.starts_with(expected), "{args:?}: {found}");
        }
    }

    #[test]
    fn duration_is_a_number_with_a_unit() {
        for (text, expected) in
            [("6h", Some(360)), ("90m", Some(90)), ("2d", Some(2880)), ("0h", Some(0))]
        {
            assert_eq!(minutes("--late-window", text).ok(), expected, "{text}");
        }
        for text in ["", "h", "6", "-1h", "6 h", "1w", "99d", "6é"] {
            assert!(minutes("--late-window", text).is_err(), "{text}");
        }
    }

    #[test]
    fn shard_is_an_index_below_a_number() {
        for (text, expected) in [
            ("0/1", "0/1"),
            ("364/365", "364/365"),
            ("3/3", "--shard 3/3: I must be 0 to 2"),
            ("0/0", "--shard 0/0: N must be 1 or more"),
            ("1", "--shard: expected I/N such as 0/365, found `1`"),
            ("-1/3", "--shard: expected I/N such as 0/365, found `-1/3`"),
            ("1/3/5", "--shard: expected I/N"),
            ("1/", "--shard: expected I/N"),
            ("", "--shard: expected I/N"),
        ] {
            let found = shard("--shard", text);
            let found = found.map_or_else(|failure| failure.to_string(), |shard| shard.to_string());
            assert!(found.starts_with(expected), "{text}: {found}");
        }
    }

    /// AWS Batch starts a container without a shell.
    #[test]
    fn shard_takes_variables_of_the_environment() {
        let variable = |name: &str| match name {
            "AWS_BATCH_JOB_ARRAY_INDEX" => Some("3".to_owned()),
            "AWS_BATCH_JOB_ARRAY_SIZE" => Some("31".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        for (text, expected) in [
            ("AWS_BATCH_JOB_ARRAY_INDEX/AWS_BATCH_JOB_ARRAY_SIZE", "3/31"),
            ("AWS_BATCH_JOB_ARRAY_INDEX/4", "3/4"),
            ("0/AWS_BATCH_JOB_ARRAY_SIZE", "0/31"),
            ("AWS_BATCH_JOB_ARRAY_INDEX/3", "I must be 0 to 2, found 3"),
            ("JOB_COMPLETION_INDEX/31", "the environment variable JOB_COMPLETION_INDEX is not set"),
            ("EMPTY/31", "expected a number in EMPTY, found ``"),
            ("lower/31", "expected I/N such as 0/365, found `lower/31`"),
            ("AWS_BATCH_JOB_ARRAY_INDEX", "expected I/N such as 0/365"),
        ] {
            let found = shard_in("--shard", text, variable);
            let found = found.map_or_else(|failure| failure.to_string(), |shard| shard.to_string());
            assert!(found.contains(expected), "{text}: {found}");
        }
    }

    #[test]
    fn days_back_are_a_number_of_days_or_0() {
        for (text, expected) in
            [("0", Some(0)), ("0d", Some(0)), ("30d", Some(30)), ("366d", Some(366))]
        {
            assert_eq!(days_back("--reopen", text).ok(), expected, "{text}");
        }
        for text in ["", "d", "30", "-1d", "367d", "30h", "never"] {
            assert!(days_back("--reopen", text).is_err(), "{text}");
        }
    }
}
