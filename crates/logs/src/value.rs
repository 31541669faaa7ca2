//! Values of JSON as their text, typed one by one.
//!
//! Numbers and booleans may come as strings, because CloudWatch Logs and CloudTrail Lake write them so.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use memchr::memchr;
use serde::de::{Deserialize, Deserializer, IgnoredAny, Visitor};

use crate::reject::Rejection;
use crate::walk::{Unsupported, members};

/// The largest count of tokens that is believed. No context window comes near it, and sums over all calls of
/// an organization stay exact.
pub(crate) const MAX_COUNT: i64 = 1 << 40;

/// What a count is, in words.
pub(crate) const COUNT: &str = "a whole number from 0 to 2^40";

/// The times that a record may have, in milliseconds since 1970 UTC: CloudTrail began in 2013.
const TIMES_MS: std::ops::Range<i64> = 1_356_998_400_000..4_133_980_800_000;

/// A string of JSON, borrowed where it has no escapes.
pub(crate) struct Unescaped<'a>(pub(crate) Cow<'a, str>);

/// A value that is there: neither absent nor null.
pub(crate) fn present(raw: &str) -> Option<&str> {
    (raw != "null").then_some(raw)
}

/// Whether a text is one value of JSON.
pub(crate) fn is_json(raw: &str) -> bool {
    match plain(raw) {
        Some(_) => true,
        None => {
            matches!(raw, "true" | "false" | "null")
                || serde_json::from_str::<IgnoredAny>(raw).is_ok()
        }
    }
}

/// A string. One that is empty counts as none.
///
/// # Errors
/// If the value is of another type, or its escapes are no text.
pub(crate) fn text<'a>(
    raw: Option<&'a str>,
    field: &'static str,
) -> Result<Option<Cow<'a, str>>, Rejection> {
    const EXPECTED: &str = "a string";
    let Some(raw) = raw else { return Ok(None) };
    if !raw.starts_with('"') {
        return Err(Rejection { field, expected: EXPECTED, found: kind(raw).to_owned() });
    }
    match unescaped(raw) {
        Some(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        None => {
            let found = "a string with broken escapes".to_owned();
            Err(Rejection { field, expected: EXPECTED, found })
        }
    }
}

/// A string that must be there.
///
/// # Errors
/// As [`text`], or if there is none.
pub(crate) fn required<'a>(
    raw: Option<&'a str>,
    field: &'static str,
) -> Result<Cow<'a, str>, Rejection> {
    let found = || Rejection { field, expected: "a string", found: "nothing".to_owned() };
    text(raw, field)?.ok_or_else(found)
}

/// A count: a whole number from 0 to [`MAX_COUNT`], or a string of one. An empty string counts as none.
///
/// # Errors
/// If the value is anything else.
pub(crate) fn count(raw: Option<&str>, field: &'static str) -> Result<Option<i64>, Rejection> {
    let Some(raw) = raw else { return Ok(None) };
    let digits = match raw.as_bytes().first() {
        Some(b'"') => match text(Some(raw), field)? {
            Some(digits) => digits,
            None => return Ok(None),
        },
        Some(b'0'..=b'9' | b'-') => Cow::Borrowed(raw),
        _ => return Err(Rejection { field, expected: COUNT, found: kind(raw).to_owned() }),
    };
    match whole_number(&digits) {
        Some(count) => Ok(Some(count)),
        None => Err(Rejection::of_text(field, COUNT, &digits)),
    }
}

/// The count that a number is, however it is written: `1200`, `1200.0`, `1.2e3`.
pub(crate) fn whole_number(number: &str) -> Option<i64> {
    exact_number(number).filter(|count| *count <= MAX_COUNT)
}

fn exact_number(number: &str) -> Option<i64> {
    let is_plain = number.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(count) = number.parse().ok().filter(|_| is_plain) {
        return Some(count);
    }
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let (sign, whole) = whole.split_at(usize::from(whole.starts_with('-')));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let exponent = exponent.parse::<i64>().ok()?;
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    // How many zeros follow the last digit that is none.
    let n_zeros = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    let n_zeros = n_zeros.checked_add(i64::try_from(digits.len() - significant.len()).ok()?)?;
    let scale = 10_i64.checked_pow(u32::try_from(n_zeros).ok()?)?;
    significant.parse::<i64>().ok()?.checked_mul(scale).filter(|_| sign.is_empty())
}

/// A time, in milliseconds since 1970 UTC.
///
/// # Errors
/// If the text is no time, or one that no record can have.
pub(crate) fn time_ms(text: &str, field: &'static str) -> Result<i64, Rejection> {
    let time = text
        .parse::<Timestamp>()
        .map_err(|_| Rejection::of_text(field, "a time such as 2026-08-01T12:00:00Z", text))?;
    let time_ms = time.as_millisecond();
    if !TIMES_MS.contains(&time_ms) {
        return Err(Rejection::of_text(field, "a time from 2013 to 2100", text));
    }
    Ok(time_ms)
}

/// A boolean, or a string of one, as `true` or `false`.
///
/// # Errors
/// If the value is anything else.
pub(crate) fn boolean(
    raw: Option<&str>,
    field: &'static str,
) -> Result<Option<&'static str>, Rejection> {
    let Some(raw) = raw else { return Ok(None) };
    let word = if raw.starts_with('"') { unescaped(raw) } else { Some(raw.into()) };
    match word.as_deref() {
        Some("true") => Ok(Some("true")),
        Some("false") => Ok(Some("false")),
        _ => Err(Rejection { field, expected: "true or false", found: kind(raw).to_owned() }),
    }
}

/// The members of an object: `each` takes a key with the text of its value, and says whether that is
/// JSON as far as it can tell.
///
/// # Errors
/// If the value is of another type, or no JSON.
pub(crate) fn object<'a>(
    raw: Option<&'a str>,
    field: &'static str,
    mut each: impl FnMut(&str, &'a str) -> bool,
) -> Result<(), Rejection> {
    let Some(raw) = raw else { return Ok(()) };
    let each = |key: &str, value: &'a str| each(key, value).then_some(()).ok_or(Unsupported);
    members(raw, each).map_err(|Unsupported| {
        let found = match raw.starts_with('{') {
            true => "an object that is no JSON, or with broken escapes in a key",
            false => kind(raw),
        };
        Rejection { field, expected: "an object", found: found.to_owned() }
    })
}

/// The text of an element that is an object. Exports of tables (Athena, pandas) have it as a string of JSON;
/// one that is empty, or null, is none.
pub(crate) fn element(raw: Option<&str>) -> Cow<'_, str> {
    let raw = raw.unwrap_or("{}");
    if !raw.starts_with('"') {
        return raw.into();
    }
    let text = unescaped(raw).unwrap_or(Cow::Borrowed(raw));
    match text.trim() {
        "" | "null" => "{}".into(),
        text if text.starts_with('{') => text.to_owned().into(),
        _ => raw.into(),
    }
}

/// Stores the value of a key; of a repeated key, the last value counts. Returns whether the value that it
/// replaces is JSON, because nobody else checks that one. Add `&& is_json(value)` unless whoever reads the
/// slot parses it in any case.
pub(crate) fn put<'a>(slot: &mut Option<&'a str>, value: &'a str) -> bool {
    let before = std::mem::replace(slot, present(value));
    before.is_none_or(is_json)
}

/// The JSON type of a value's text.
pub(crate) fn kind(raw: &str) -> &'static str {
    match raw.as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        Some(_) => "a number",
        None => "nothing",
    }
}

/// The text of a string; `None` if it is no string of JSON, or its escapes are no text.
#[inline]
pub(crate) fn unescaped(raw: &str) -> Option<Cow<'_, str>> {
    match plain(raw) {
        Some(text) => Some(Cow::Borrowed(text)),
        None if memchr(b'\\', raw.as_bytes()).is_some() => {
            serde_json::from_str::<Unescaped<'_>>(raw).ok().map(|Unescaped(text)| text)
        }
        None => None,
    }
}

/// The text of a string without escapes.
#[inline]
fn plain(raw: &str) -> Option<&str> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    // Not short-circuiting, which compilers make vectors of.
    let has_special =
        inner.bytes().fold(false, |found, byte| found | matches!(byte, b'"' | b'\\' | 0..0x20));
    (!has_special).then_some(inner)
}

impl<'de> Deserialize<'de> for Unescaped<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Unescaped<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Unescaped(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Unescaped(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_lenient_where_aws_is() {
        assert_eq!(count(Some("12"), "x"), Ok(Some(12)));
        assert_eq!(count(Some("\"12\""), "x"), Ok(Some(12)));
        assert_eq!(count(None, "x"), Ok(None));
        assert_eq!(count(Some("\"\""), "x"), Ok(None));
        for raw in ["-1", "1.5", "1e-3", "\"+1\"", "9223372036854775808", "true", "{}"] {
            assert!(count(Some(raw), "x").is_err(), "{raw}");
        }
        assert_eq!(boolean(Some("\"true\""), "x"), Ok(Some("true")));
        assert_eq!(boolean(Some(r#""tru\u0065""#), "x"), Ok(Some("true")));
        assert_eq!(boolean(Some("false"), "x"), Ok(Some("false")));
        assert!(boolean(Some("1"), "x").is_err());
        assert_eq!(text(Some(r#""a\n""#), "x"), Ok(Some(Cow::Borrowed("a\n"))));
        assert_eq!(text(Some(r#""""#), "x"), Ok(None));
        assert!(text(Some("1"), "x").is_err());
        assert!(text(Some(r#""\ud800""#), "x").is_err());
    }

    #[test]
    fn whole_number_is_one_however_it_is_written() {
        for (number, expected) in [
            ("1200.0", Some(1200)),
            ("1200.00000", Some(1200)),
            ("1.2e3", Some(1200)),
            ("12000E-1", Some(1200)),
            ("0.5e1", Some(5)),
            ("-0.0", Some(0)),
            ("0e99", Some(0)),
            ("1099511627776.0", Some(MAX_COUNT)),
            ("1099511627776", Some(MAX_COUNT)),
            ("1099511627777", None),
            ("1.099511627777e12", None),
            ("9223372036854775808.0", None),
            ("1e19", None),
            ("1e400", None),
            ("1e-400", None),
            ("-1.0", None),
            ("1200.5", None),
            ("", None),
            (".0", None),
            ("1,000", None),
            ("0einf", None),
        ] {
            assert_eq!(whole_number(number), expected, "{number}");
        }
    }

    #[test]
    fn is_json_agrees_with_serde() {
        for raw in [
            "\"a\"",
            "\"",
            "\"\"",
            "\"a\\n\"",
            "\"a\nb\"",
            "\"a\\q\"",
            "\"a\"b\"",
            "true",
            "tru",
            "null",
            "nul",
            "1",
            "01",
            "-",
            "[1,]",
            "[1]",
            "{\"a\":1}",
            "{\"a\"}",
            "",
            "\"ä\"",
            "\"\\ud800\"",
        ] {
            assert_eq!(is_json(raw), serde_json::from_str::<IgnoredAny>(raw).is_ok(), "{raw}");
        }
    }

    #[test]
    fn times_beyond_the_calendar_are_rejected() {
        assert_eq!(time_ms("2026-08-01T12:34:56Z", "t"), Ok(1_785_587_696_000));
        for text in ["2012-12-31T23:59:59Z", "2101-01-01T00:00:00Z", "2026-02-30T00:00:00Z", ""] {
            assert!(time_ms(text, "t").is_err(), "{text}");
        }
    }
}
