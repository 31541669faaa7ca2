//! Envelopes, opened one after another. The keys are those of the programs' own documents.

use super::json::Json;
use super::slow::{Expected, Why};

const RECORD: [&str; 3] = ["eventVersion", "eventSource", "eventID"];
const OTHER_LOG: [&str; 3] = ["eventId", "digestStartTime", "schemaType"];
const LISTS: [(&str, Option<&str>); 4] = [
    ("Records", None),
    ("logEvents", Some("message")),
    ("events", Some("message")),
    ("Events", Some("CloudTrailEvent")),
];
pub(crate) const VALUES: [&str; 9] = [
    "CloudTrailEvent",
    "detail",
    "event.original",
    "original",
    "event",
    "_raw",
    "message",
    "_source",
    "result",
];

/// What an object is.
enum Kind {
    Record,
    List,
    /// What is in it, under which key: a value, or the values of a text, which may be no JSON.
    Envelope(&'static str, Option<Vec<Json>>),
    Broken(&'static str),
    LogLine,
    Unknown,
}

/// Reads a value that is some envelopes deep. Whether it is anything that is known.
pub(super) fn value(value: &Json, depth: usize, expected: &mut Expected) -> Result<bool, Why> {
    match value {
        Json::Array(items) => {
            items.iter().for_each(|item| element(item, is_envelope(item), None, depth, expected));
            Ok(true)
        }
        Json::Object(fields) => {
            let (mut list, mut has_record_key, mut others) = (None, false, Vec::new());
            for (key, value) in fields {
                let key = key.as_deref().ok_or(Why::NotJson)?;
                match LISTS.iter().find(|(name, _)| *name == key) {
                    Some((name, _)) if list == Some(*name) => return Err(Why::DuplicateList),
                    Some(_) if list.is_some() => return Err(Why::TwoShapes),
                    Some((name, holds)) if holds.is_none() || !has_record_key => {
                        list = Some(*name);
                        let items = match value {
                            Json::Array(items) => items,
                            Json::Text(None) => return Err(Why::NotJson),
                            _ => return Err(Why::NoRecords),
                        };
                        let first = items.first().is_some_and(is_envelope);
                        for item in items {
                            element(item, first || holds.is_some(), *holds, depth, expected);
                        }
                    }
                    _ => {
                        has_record_key |= RECORD.contains(&key);
                        others.push((Some(key.to_owned()), value.clone()));
                    }
                }
            }
            if list.is_none() {
                return Ok(object(value, None, depth, expected));
            }
            let others = kind(&Json::Object(others), 0);
            match has_record_key || matches!(others, Kind::Envelope(..)) {
                true => Err(Why::TwoShapes),
                false => Ok(true),
            }
        }
        _ => Err(Why::NoRecords),
    }
}

fn is_envelope(element: &Json) -> bool {
    matches!(kind(element, 0), Kind::Envelope(..) | Kind::Broken(_) | Kind::LogLine)
}

fn element(
    element: &Json,
    is_envelope: bool,
    holds: Option<&str>,
    depth: usize,
    expected: &mut Expected,
) {
    if is_envelope {
        object(element, holds, depth, expected);
    } else {
        expected.add(element);
    }
}

/// Reads an object that may be an envelope. Whether it is anything that is known.
fn object(record: &Json, holds: Option<&str>, depth: usize, expected: &mut Expected) -> bool {
    match (kind(record, 0), holds) {
        (Kind::Record, _) => expected.add(record),
        (Kind::List, _) => inside("record", Some(vec![record.clone()]), depth, expected),
        (Kind::Envelope(key, values), _) => inside(key, values, depth, expected),
        (Kind::Broken(key), _) => expected.reject(key),
        (Kind::LogLine, _) => {
            expected.skip();
            return false;
        }
        (Kind::Unknown, Some(key)) => expected.reject(key),
        (Kind::Unknown, None) => {
            expected.add(record);
            return false;
        }
    }
    true
}

fn inside(key: &str, values: Option<Vec<Json>>, depth: usize, expected: &mut Expected) {
    let Some(values) = values.filter(|_| depth < 8) else { return expected.reject(key) };
    for inner in values {
        if value(&inner, depth + 1, expected).is_err() {
            return expected.reject(key);
        }
    }
}

fn kind(record: &Json, depth: usize) -> Kind {
    let Json::Object(fields) = record else { return Kind::Record };
    if fields.iter().any(|(key, _)| key.is_none()) {
        return Kind::Record;
    }
    let has = |keys: &[&str]| {
        fields.iter().any(|(key, _)| key.as_deref().is_some_and(|key| keys.contains(&key)))
    };
    if has(&RECORD) {
        return Kind::Record;
    }
    let is_list = |(key, value): &(Option<String>, Json)| {
        let is_key = LISTS.iter().any(|(name, _)| Some(*name) == key.as_deref());
        is_key && matches!(value, Json::Array(_))
    };
    if fields.iter().any(is_list) {
        return Kind::List;
    }
    let mut otherwise = if has(&OTHER_LOG) { Kind::Record } else { Kind::Unknown };
    for key in VALUES {
        match record.get(key) {
            Some(value @ Json::Object(_))
                if depth < 8 && !matches!(kind(value, depth + 1), Kind::Unknown) =>
            {
                return Kind::Envelope(key, Some(vec![value.clone()]));
            }
            Some(Json::Text(None)) => return Kind::Broken(key),
            Some(Json::Text(Some(text))) if text.trim_start().starts_with(['{', '[']) => {
                return Kind::Envelope(key, Json::parse_all(text.as_bytes()));
            }
            Some(Json::Text(Some(_))) => otherwise = Kind::LogLine,
            _ => {}
        }
    }
    otherwise
}
