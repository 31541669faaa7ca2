//! Nested values as CloudTrail Lake and Athena print them: `{type=IAMUser, username=ada}`.
//!
//! Nothing in such a text is quoted. So a value that holds `, ` or `=` cannot be told from two members, and
//! a text with one is not read: better no record than a wrong one.

use serde_json::{Map, Value};

use super::columns::original_name;

/// The most objects in one another.
const MAX_DEPTH: usize = 32;

/// The same object as JSON; `None` if it can be read in more than one way, or in none.
pub(super) fn to_json(text: &str) -> Option<String> {
    let mut rest = text;
    let object = object(&mut rest, 0)?;
    rest.is_empty().then(|| Value::Object(object).to_string())
}

/// Reads an object at the beginning of `rest`, and takes it off.
fn object(rest: &mut &str, depth: usize) -> Option<Map<String, Value>> {
    if depth == MAX_DEPTH {
        return None;
    }
    let mut members = Map::new();
    *rest = rest.strip_prefix('{')?;
    if let Some(behind) = rest.strip_prefix('}') {
        *rest = behind;
        return Some(members);
    }
    loop {
        let (key, behind) = rest.split_once('=')?;
        let is_key = |c: char| c.is_ascii_alphanumeric() || "_-.:/".contains(c);
        if key.is_empty() || !key.chars().all(is_key) {
            return None;
        }
        *rest = behind;
        let value = value(rest, depth + 1)?;
        // A key twice is a value that looks like a member.
        if members.insert(original_name(key).to_owned(), value).is_some() {
            return None;
        }
        if let Some(behind) = rest.strip_prefix('}') {
            *rest = behind;
            return Some(members);
        }
        *rest = rest.strip_prefix(", ")?;
    }
}

fn value(rest: &mut &str, depth: usize) -> Option<Value> {
    match rest.as_bytes().first()? {
        b'{' => match json_object(rest) {
            Some(value) => Some(value),
            None => object(rest, depth).map(Value::Object),
        },
        // Lists are not looked into.
        b'[' => {
            let end = end_of_list(rest)?;
            let list = rest[..end].to_owned();
            *rest = &rest[end..];
            Some(list.into())
        }
        _ => {
            let end = rest.find('}').into_iter().chain(rest.find(", ")).min()?;
            let text = &rest[..end];
            *rest = &rest[end..];
            match text {
                "null" => Some(Value::Null),
                _ if text.contains(['=', '{']) => None,
                _ => Some(text.into()),
            }
        }
    }
}

/// A value that is JSON, as values of maps are.
fn json_object(rest: &mut &str) -> Option<Value> {
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
    let value = values.next()?.ok()?;
    *rest = &rest[values.byte_offset()..];
    Some(value)
}

/// Where the list ends with which a text begins.
fn end_of_list(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}
