//! Fields of a call, typed one by one, with all that is wrong with them.

use super::json::Json;

/// The paths of the fields that cannot be used, and how many counts cannot.
#[derive(Debug, Default)]
pub(crate) struct Complaints(pub(crate) Vec<String>, pub(crate) u64);

impl Complaints {
    /// A string. Absent, null and empty are nothing.
    pub(crate) fn text(&mut self, value: Option<&Json>, path: &str) -> Option<Box<str>> {
        match value {
            None | Some(Json::Null) => None,
            Some(Json::Text(Some(text))) if text.is_empty() => None,
            Some(Json::Text(Some(text))) => Some(text.as_str().into()),
            Some(_) => self.complain(path),
        }
    }

    /// A string that may not be absent.
    pub(crate) fn required(&mut self, record: &Json, name: &str) -> Box<str> {
        match record.get(name).and_then(Json::as_text) {
            Some(text) if !text.is_empty() => text.into(),
            _ => self.complain(name).unwrap_or_default(),
        }
    }

    /// A whole number that is not negative and fits 63 bits, or a string of one. Without it the call can
    /// be used.
    pub(crate) fn count(&mut self, value: Option<&Json>) -> Option<i64> {
        let number = match value {
            None | Some(Json::Null) => return None,
            Some(Json::Text(Some(text))) if text.is_empty() => return None,
            Some(Json::Number(number)) => number.as_str(),
            Some(Json::Text(Some(text))) => text.as_str(),
            Some(_) => "",
        };
        let count = whole_number(number);
        self.1 += u64::from(count.is_none());
        count
    }

    /// True or false, or a string of one.
    pub(crate) fn boolean(&mut self, value: Option<&Json>, path: &str) -> Option<bool> {
        match value {
            None | Some(Json::Null) => None,
            Some(Json::Bool(value)) => Some(*value),
            Some(Json::Text(Some(text))) if text == "true" => Some(true),
            Some(Json::Text(Some(text))) if text == "false" => Some(false),
            Some(_) => self.complain(path),
        }
    }

    /// An object; an empty one if it is absent.
    pub(crate) fn object(&mut self, value: Option<&Json>, path: &str) -> Json {
        match value {
            None | Some(Json::Null) => {}
            Some(object) if object.is_object() => return object.clone(),
            Some(_) => self.0.push(path.to_owned()),
        }
        Json::Object(Vec::new())
    }

    /// An object, or the JSON of one as a string; an empty one if it is absent or such a string is empty.
    pub(crate) fn element(&mut self, value: Option<&Json>, path: &str) -> Json {
        if let Some(Json::Text(Some(text))) = value {
            match Json::parse(text.trim().as_bytes()) {
                None if text.trim().is_empty() => return self.object(None, path),
                Some(Json::Null) => return self.object(None, path),
                Some(object @ Json::Object(_)) => return self.object(Some(&object), path),
                _ => {}
            }
        }
        self.object(value, path)
    }

    /// A time from 2013 to 2100.
    pub(crate) fn time_ms(&mut self, text: &str, path: &str) -> i64 {
        let begin_ms = time_ms("2013-01-01T00:00:00Z").expect("a time");
        let end_ms = time_ms("2101-01-01T00:00:00Z").expect("a time");
        match time_ms(text) {
            Some(ms) if begin_ms <= ms && ms < end_ms => ms,
            _ => self.complain(path).unwrap_or_default(),
        }
    }

    fn complain<T>(&mut self, path: &str) -> Option<T> {
        self.0.push(path.to_owned());
        None
    }
}

/// The value of a decimal number, written out digit by digit, if nothing but zeros is behind its point.
fn whole_number(number: &str) -> Option<i64> {
    let lower = number.to_ascii_lowercase();
    let (mantissa, exponent) = lower.split_once('e').unwrap_or((&lower, "0"));
    let exponent = exponent.parse::<i64>().ok()?;
    let is_negative = mantissa.starts_with('-');
    let mantissa = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    if whole.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    if digits.bytes().all(|b| b == b'0') {
        return Some(0);
    }
    if is_negative || exponent.abs() > 1_000_000_000 {
        return None;
    }
    let point = i64::try_from(whole.len()).expect("short") + exponent;
    let before_point = usize::try_from(point).unwrap_or_default().min(digits.len());
    if point < 0 || digits[before_point..].bytes().any(|b| b != b'0') {
        return None;
    }
    let mut value = 0_i64;
    for at in 0..point {
        let digit = digits.as_bytes().get(usize::try_from(at).expect("not negative"));
        value = value.checked_mul(10)?.checked_add(i64::from(digit.map_or(0, |d| d - b'0')))?;
        if value == 0 && at > i64::try_from(digits.len()).expect("short") {
            break;
        }
    }
    (value <= 1 << 40).then_some(value)
}

/// Milliseconds since 1970 of a time such as `2026-08-01T12:00:00.123+02:00`. What is finer than a
/// millisecond is cut off.
pub(crate) fn time_ms(text: &str) -> Option<i64> {
    let (date, time) = text.split_once('T')?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let february = if leap(year) { 29 } else { 28 };
    let month_days = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let index = usize::try_from(month).ok()?.checked_sub(1)?;
    if day < 1 || day > *month_days.get(index)? {
        return None;
    }
    let mut days = month_days[..index].iter().sum::<i64>() + day - 1;
    if year >= 1970 {
        days += (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum::<i64>();
    } else {
        days -= (year..1970).map(|year| if leap(year) { 366 } else { 365 }).sum::<i64>();
    }

    let (time, offset_minutes) = if let Some(time) = time.strip_suffix('Z') {
        (time, 0)
    } else {
        let at = time.rfind(['+', '-'])?;
        let [hours, minutes] = numbers(&time[at + 1..], ':', [2, 2])?;
        let sign = if time[at..].starts_with('-') { -1 } else { 1 };
        if hours > 23 || minutes > 59 {
            return None;
        }
        (&time[..at], sign * (hours * 60 + minutes))
    };
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    if fraction.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let ms = format!("{fraction:0<3}")[..3].parse::<i64>().ok()?;
    let minutes = days * 1440 + hour * 60 + minute - offset_minutes;
    Some((minutes * 60 + second) * 1000 + ms)
}

/// Numbers of fixed widths with a separator between them.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i64; N]> {
    let parts = text.split(separator).collect::<Vec<_>>();
    if parts.len() != N {
        return None;
    }
    let mut found = [0; N];
    for (index, part) in parts.iter().enumerate() {
        if part.len() != widths[index] || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        found[index] = part.parse().ok()?;
    }
    Some(found)
}
