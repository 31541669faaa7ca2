//! One field of a digest file: what it should be, or an error that names it.

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::DigestError;
use crate::hash::from_hex;
use crate::reject::Rejection;

/// A text that is not empty.
pub(super) fn text(name: &str, value: Option<&RawValue>) -> Result<String, DigestError> {
    let text = value.and_then(|value| serde_json::from_str::<String>(value.get()).ok());
    let text = text.filter(|text| !text.is_empty());
    text.ok_or_else(|| error(name, "a text that is not empty", value))
}

/// A time with its offset from UTC.
pub(super) fn time(name: &str, value: Option<&RawValue>) -> Result<Timestamp, DigestError> {
    let time = text(name, value)?.parse();
    time.map_err(|_| error(name, "a time such as `2026-08-01T10:00:00Z`", value))
}

/// A text that can only be this one.
pub(super) fn exactly(
    name: &str,
    expected: &'static str,
    value: Option<&RawValue>,
) -> Result<(), DigestError> {
    let found = text(name, value)?;
    if found == expected { Ok(()) } else { Err(error(name, expected, value)) }
}

/// Bytes in hexadecimal, as they are written.
pub(super) fn hex(name: &str, value: Option<&RawValue>) -> Result<String, DigestError> {
    let text = text(name, value)?;
    match from_hex(&text) {
        Some(_) => Ok(text),
        None => Err(error(name, "bytes in hexadecimal", value)),
    }
}

/// A SHA-256 in hexadecimal.
pub(super) fn hash(name: &str, value: Option<&RawValue>) -> Result<[u8; 32], DigestError> {
    let bytes = from_hex(&text(name, value)?);
    let hash = bytes.and_then(|bytes| bytes.try_into().ok());
    hash.ok_or_else(|| error(name, "a SHA-256 of 64 hexadecimal digits", value))
}

/// Says that a field is not what it should be.
pub(super) fn error(name: &str, expected: &'static str, value: Option<&RawValue>) -> DigestError {
    let found = match value.map(RawValue::get) {
        None => "nothing".to_owned(),
        // What is shown of a text is as long as everywhere.
        Some(value) => match serde_json::from_str::<String>(value) {
            Ok(text) => Rejection::of_text("", expected, &text).found,
            Err(_) => json_type(value).to_owned(),
        },
    };
    DigestError::Field { field: name.to_owned(), expected, found }
}

fn json_type(value: &str) -> &'static str {
    match value.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "a boolean",
        Some(b'"') => "a text that is not Unicode",
        _ => "a number",
    }
}
