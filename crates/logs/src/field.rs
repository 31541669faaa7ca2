//! Fields of a JSON object, borrowed from its text and typed one by one.
//!
//! Only the fields that are asked for are looked at. A key that stands twice counts as JSON parsers
//! commonly have it: the last one holds. Numbers and booleans may come as strings, because CloudWatch
//! Logs and CloudTrail Lake write them so.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, Visitor};

use crate::reject::Rejection;
use crate::scan::Scan;

/// What a count is, in words.
pub(crate) const COUNT: &str = "a whole number from 0 to 2^63 - 1";

/// The times that a record may have, in milliseconds since 1970 UTC: CloudTrail began in 2013.
const TIMES_MS: std::ops::Range<i64> = 1_356_998_400_000..4_133_980_800_000;

/// The values of `N` keys of one JSON object, as their text.
#[derive(Debug)]
pub struct Fields<'a, const N: usize> {
    names: &'static [&'static str; N],
    values: [Option<&'a str>; N],
}

/// An object's key, borrowed where it has no escapes.
pub(crate) struct Key<'a>(pub(crate) Cow<'a, str>);

impl<'a, const N: usize> Fields<'a, N> {
    /// Reads an object's text; `None` if it is no object. All of it is checked, also what is not asked
    /// for.
    pub fn read(text: &'a str, names: &'static [&'static str; N]) -> Option<Self> {
        let mut values = [None; N];
        let mut scan = Scan::new(text);
        scan.take(b'{')?;
        if scan.peek()? == b'}' {
            return Some(Fields { names, values });
        }
        loop {
            let key = unescaped(scan.key()?)?;
            let value = scan.value()?;
            if let Some(index) = names.iter().position(|name| is_same(name, &key)) {
                values[index] = Some(value);
            }
            if scan.peek()? == b'}' {
                return Some(Fields { names, values });
            }
            scan.take(b',')?;
        }
    }

    /// Fields that were read.
    pub(crate) fn of(names: &'static [&'static str; N], values: [Option<&'a str>; N]) -> Self {
        Fields { names, values }
    }

    /// No fields yet.
    pub(crate) fn none(names: &'static [&'static str; N]) -> Self {
        Fields { names, values: [None; N] }
    }

    /// Takes the value of the key at a place.
    #[inline]
    pub(crate) fn put(&mut self, place: usize, value: &'a str) {
        self.values[place] = Some(value);
    }

    /// The text of the field at a place; `None` if it is absent or null.
    #[inline]
    pub(crate) fn at(&self, place: usize) -> Option<&'a str> {
        self.values[place].filter(|text| *text != "null")
    }

    /// A field's text; `None` if it is absent or null.
    pub fn raw(&self, name: &'static str) -> Option<&'a str> {
        debug_assert!(self.names.contains(&name), "{name} was not asked for");
        let index = self.names.iter().position(|known| is_same(known, name))?;
        self.at(index)
    }
}

/// The place of a name, for a constant.
///
/// # Panics
/// If it is not among the names, which fails the compilation then.
pub(crate) const fn place(names: &[&str], name: &str) -> usize {
    let mut place = 0;
    loop {
        let (known, name) = (names[place].as_bytes(), name.as_bytes());
        let mut at = 0;
        while at < name.len() && at < known.len() && known[at] == name[at] {
            at += 1;
        }
        if at == name.len() && at == known.len() {
            return place;
        }
        place += 1;
    }
}

/// A string.
///
/// # Errors
/// If the value is of another type or its escapes are no text. Absent and null are `None`.
pub fn text<'a>(
    raw: Option<&'a str>,
    field: &'static str,
) -> Result<Option<Cow<'a, str>>, Rejection> {
    const EXPECTED: &str = "a string";
    let Some(raw) = raw else { return Ok(None) };
    if !raw.starts_with('"') {
        return Err(Rejection { field, expected: EXPECTED, found: kind(raw).to_owned() });
    }
    match unescaped(raw) {
        Some(text) => Ok(Some(text)),
        None => {
            let found = "a string with broken escapes".to_owned();
            Err(Rejection { field, expected: EXPECTED, found })
        }
    }
}

/// A count: a whole number from 0 to 2^63 - 1, or a string of one.
///
/// # Errors
/// If the value is anything else. Absent and null are `None`.
pub fn count(raw: Option<&str>, field: &'static str) -> Result<Option<i64>, Rejection> {
    let Some(raw) = raw else { return Ok(None) };
    let digits = match raw.as_bytes()[0] {
        b'"' => text(Some(raw), field)?.unwrap_or_default(),
        b'0'..=b'9' | b'-' => Cow::Borrowed(raw),
        _ => return Err(Rejection { field, expected: COUNT, found: kind(raw).to_owned() }),
    };
    match whole_number(&digits) {
        Some(count) => Ok(Some(count)),
        None => Err(Rejection::of_text(field, COUNT, &digits)),
    }
}

/// The count that a text of digits is.
pub(crate) fn whole_number(digits: &str) -> Option<i64> {
    digits.parse().ok().filter(|count| *count >= 0 && !digits.starts_with('+'))
}

/// A time, in milliseconds since 1970 UTC.
///
/// # Errors
/// If the text is no time, or one that no record can have.
pub fn time_ms(text: &str, field: &'static str) -> Result<i64, Rejection> {
    if let Some(time_ms) = plain_time_ms(text) {
        return Ok(time_ms);
    }
    let time = text
        .parse::<Timestamp>()
        .map_err(|_| Rejection::of_text(field, "a time such as 2026-08-01T12:00:00Z", text))?;
    let time_ms = time.as_millisecond();
    if !TIMES_MS.contains(&time_ms) {
        return Err(Rejection::of_text(field, "a time from 2013 to 2100", text));
    }
    Ok(time_ms)
}

/// A time as CloudTrail writes it, to the second and in UTC, from 2013 to 2099. Nothing for any other text,
/// nor on the last days of a month, so that it need not be known how long that is.
fn plain_time_ms(text: &str) -> Option<i64> {
    const FORM: &[u8; 20] = b"0000-00-00T00:00:00Z";
    let text = text.as_bytes().first_chunk::<20>().filter(|_| text.len() == FORM.len())?;
    let is_form = text.iter().zip(FORM).all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        _ => byte == form,
    });
    if !is_form {
        return None;
    }
    let two = |at: usize| i64::from(text[at] - b'0') * 10 + i64::from(text[at + 1] - b'0');
    let (year, month, day) = (two(0) * 100 + two(2), two(5), two(8));
    let (hour, minute, second) = (two(11), two(14), two(17));
    let is_plain = (2013..2100).contains(&year)
        && (1..=12).contains(&month)
        && (1..=28).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !is_plain {
        return None;
    }
    // Years that begin in March have their leap day at the end. Before 2100, every fourth one is a leap
    // year, and the months from March on have 30.6 days, rounded.
    let (years, months) =
        if month > 2 { (year - 2000, month - 3) } else { (year - 2001, month + 9) };
    let days_since_march_2000 = years * 365 + years / 4 + (months * 153 + 2) / 5 + day - 1;
    let days = days_since_march_2000 + MARCH_2000_DAYS;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000)
}

/// The first of March 2000, in days since 1970.
const MARCH_2000_DAYS: i64 = 11_017;

/// A boolean, or a string of one.
///
/// # Errors
/// If the value is anything else. Absent and null are `None`.
pub fn boolean(raw: Option<&str>, field: &'static str) -> Result<Option<bool>, Rejection> {
    let Some(raw) = raw else { return Ok(None) };
    let word = if raw.starts_with('"') { text(Some(raw), field)? } else { Some(raw.into()) };
    match word.as_deref() {
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        _ => Err(Rejection { field, expected: "true or false", found: kind(raw).to_owned() }),
    }
}

/// An object's fields.
///
/// # Errors
/// If the value is of another type. Absent and null are `None`.
pub fn object<'a, const N: usize>(
    raw: Option<&'a str>,
    field: &'static str,
    names: &'static [&'static str; N],
) -> Result<Option<Fields<'a, N>>, Rejection> {
    let Some(raw) = raw else { return Ok(None) };
    match Fields::read(raw, names) {
        Some(fields) => Ok(Some(fields)),
        None if raw.starts_with('{') => {
            let found = "an object that is no JSON, or with broken escapes in a key".to_owned();
            Err(Rejection { field, expected: "an object", found })
        }
        None => Err(Rejection { field, expected: "an object", found: kind(raw).to_owned() }),
    }
}

/// The JSON type of a value's text.
pub fn kind(raw: &str) -> &'static str {
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

/// Equality. Most names differ in their length or in their last letter, which is all that most
/// comparisons should cost.
fn is_same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.as_bytes().last() == b.as_bytes().last() && a == b
}

/// The text of a string that was scanned: between its quotes if it has no escapes.
fn unescaped(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str::<Key<'_>>(raw).ok().map(|Key(text)| text)
}

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str; 2] = &["a", "b"];

    fn raw<'a>(text: &'a str, name: &'static str) -> Option<&'a str> {
        Fields::read(text, NAMES).expect("an object").raw(name)
    }

    #[test]
    fn the_last_of_two_equal_keys_holds() {
        assert_eq!(raw(r#"{"a":1,"c":{"a":9},"a":2}"#, "a"), Some("2"));
        assert_eq!(raw(r#"{"\u0061":1}"#, "a"), Some("1"));
        assert_eq!(raw(r#"{"a":null}"#, "a"), None);
        assert_eq!(raw(r#"{"a":1}"#, "b"), None);
        for text in ["[]", "1", "\"a\"", "{", "{\"a\"}"] {
            assert!(Fields::read(text, NAMES).is_none(), "{text}");
        }
    }

    /// Plain times are those that the library reads: every day, and every place damaged.
    #[test]
    fn plain_times() {
        let mut n_plain = 0;
        let mut check = |text: &str| {
            let expected = text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond);
            if let Some(found) = plain_time_ms(text) {
                assert_eq!(Some(found), expected, "{text}");
                assert!(TIMES_MS.contains(&found), "{text}");
                n_plain += 1;
            }
        };
        for year in 2011..2103 {
            for month in 0..14 {
                for day in 0..33 {
                    check(&format!("{year}-{month:02}-{day:02}T23:59:58Z"));
                }
            }
        }
        let text = "2026-08-01T12:34:56Z";
        for at in 0..text.len() {
            for byte in 0..0x80 {
                let mut damaged = text.to_owned();
                damaged.replace_range(at..=at, &char::from(byte).to_string());
                check(&damaged);
            }
            check(&text[..at]);
        }
        check("2026-08-01T12:34:56Z ");
        assert!(n_plain > 87 * 12 * 28, "{n_plain}");
    }

    #[test]
    fn types_are_lenient_where_aws_is() {
        assert_eq!(count(Some("12"), "x"), Ok(Some(12)));
        assert_eq!(count(Some("\"12\""), "x"), Ok(Some(12)));
        assert_eq!(count(None, "x"), Ok(None));
        for raw in ["-1", "1.5", "1e3", "\"\"", "\"+1\"", "9223372036854775808", "true", "{}"] {
            assert!(count(Some(raw), "x").is_err(), "{raw}");
        }
        assert_eq!(boolean(Some("\"true\""), "x"), Ok(Some(true)));
        assert_eq!(boolean(Some(r#""tru\u0065""#), "x"), Ok(Some(true)));
        assert_eq!(boolean(Some("false"), "x"), Ok(Some(false)));
        assert!(boolean(Some("1"), "x").is_err());
        assert_eq!(text(Some(r#""a\n""#), "x"), Ok(Some(Cow::Borrowed("a\n"))));
        assert!(text(Some("1"), "x").is_err());
        assert!(text(Some(r#""\ud800""#), "x").is_err());
    }
}
