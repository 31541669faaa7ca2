//! A log file's text, taken apart into the texts of its records.

use std::borrow::Borrow;
use std::fmt;
use std::io::Read;
use std::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use crate::value::Unescaped;

/// What a log file may look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// As CloudTrail delivers it: one object with `Records`.
    Trail,
    /// Also a bare array, records one after another (one per line, say), and the output of
    /// `aws cloudtrail lookup-events`.
    Any,
}

/// Keys by which an object that stands alone is taken for a record: of CloudTrail, or of the other
/// logs that are skipped (aggregated events, digests, model invocation logs).
const LONE_RECORD_KEYS: &[&str] =
    &["eventVersion", "eventSource", "eventID", "eventId", "digestStartTime", "schemaType"];

/// The error texts of the visitor, which `object` turns into its own.
const NO_RECORDS: &str = "no `Records`";
pub(crate) const TWO_RECORDS: &str = "duplicate key `Records`";

/// Gives the text of each record in a whole file to `each`.
///
/// # Errors
/// If the text is no JSON or has another shape. Records may have been given until there.
pub(crate) fn read_slice(
    text: &[u8],
    shape: Shape,
    each: &mut dyn FnMut(&str),
) -> Result<(), serde_json::Error> {
    read::<_, &RawValue>(&mut serde_json::Deserializer::from_slice(text), shape, each)
}

/// The same for a file that is read as a stream; one record at a time is held.
///
/// # Errors
/// As [`read_slice`], or if reading fails.
pub(crate) fn read_stream(
    text: impl Read,
    shape: Shape,
    each: &mut dyn FnMut(&str),
) -> Result<(), serde_json::Error> {
    read::<_, Box<RawValue>>(&mut serde_json::Deserializer::from_reader(text), shape, each)
}

fn read<'de, R, T>(
    deserializer: &mut serde_json::Deserializer<R>,
    shape: Shape,
    each: &mut dyn FnMut(&str),
) -> Result<(), serde_json::Error>
where
    R: serde_json::de::Read<'de>,
    T: Deserialize<'de> + Borrow<RawValue>,
{
    loop {
        let document = Document::<T> { shape, each, raw: PhantomData };
        document.deserialize(&mut *deserializer)?;
        match deserializer.end() {
            Ok(()) => return Ok(()),
            Err(error) if shape == Shape::Trail || !error.is_syntax() => return Err(error),
            Err(_) => {}
        }
    }
}

/// One JSON value of a file. `T` is the text of a value: borrowed from a slice, owned from a stream.
struct Document<'f, T> {
    shape: Shape,
    each: &'f mut dyn FnMut(&str),
    raw: PhantomData<T>,
}

/// The array of records.
struct Records<'f, T> {
    each: &'f mut dyn FnMut(&str),
    raw: PhantomData<T>,
}

/// The events of `aws cloudtrail lookup-events`, each of which holds a record as a string.
struct LookupEvents<'f>(&'f mut dyn FnMut(&str));

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LookupEvent {
    cloud_trail_event: String,
}

impl<'de, T: Deserialize<'de> + Borrow<RawValue>> DeserializeSeed<'de> for Document<'_, T> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.shape {
            Shape::Trail => deserializer.deserialize_map(self),
            Shape::Any => deserializer.deserialize_any(self),
        }
    }
}

impl<'de, T: Deserialize<'de> + Borrow<RawValue>> Visitor<'de> for Document<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `Records`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        Records::<T> { each: self.each, raw: PhantomData }.visit_seq(seq)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = false;
        let mut lone = LoneRecord::default();
        while let Some(Unescaped(key)) = map.next_key::<Unescaped<'de>>()? {
            match (key.as_ref(), self.shape) {
                ("Records", _) if seen => return Err(A::Error::custom(TWO_RECORDS)),
                ("Records", _) => {
                    seen = true;
                    map.next_value_seed(Records::<T> { each: self.each, raw: PhantomData })?;
                }
                ("Events", Shape::Any) if !lone.is_record => {
                    seen = true;
                    map.next_value_seed(LookupEvents(self.each))?;
                }
                (_, Shape::Any) if !seen => {
                    lone.add(&key, map.next_value::<T>()?.borrow());
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        match (seen, lone.is_record) {
            (true, _) => Ok(()),
            (false, true) => {
                (self.each)(&lone.text());
                Ok(())
            }
            (false, false) => Err(A::Error::custom(NO_RECORDS)),
        }
    }
}

/// The fields of an object that may turn out to be a record by itself.
#[derive(Default)]
struct LoneRecord {
    fields: String,
    is_record: bool,
}

impl LoneRecord {
    fn add(&mut self, key: &str, value: &RawValue) {
        self.is_record |= LONE_RECORD_KEYS.contains(&key);
        let comma = if self.fields.is_empty() { "" } else { "," };
        let key = serde_json::Value::from(key);
        self.fields.push_str(&format!("{comma}{key}:{value}"));
    }

    fn text(self) -> String {
        format!("{{{}}}", self.fields)
    }
}

impl<'de, T: Deserialize<'de> + Borrow<RawValue>> DeserializeSeed<'de> for Records<'_, T> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de> + Borrow<RawValue>> Visitor<'de> for Records<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(record) = seq.next_element::<T>()? {
            (self.each)(record.borrow().get());
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for LookupEvents<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for LookupEvents<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of events with `CloudTrailEvent`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(event) = seq.next_element::<LookupEvent>()? {
            (self.0)(event.cloud_trail_event.trim());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str, shape: Shape) -> Result<Vec<String>, String> {
        let mut whole = Vec::new();
        let found = read_slice(text.as_bytes(), shape, &mut |record| whole.push(record.to_owned()));
        let mut streamed = Vec::new();
        let again =
            read_stream(text.as_bytes(), shape, &mut |record| streamed.push(record.to_owned()));
        assert_eq!(found.is_ok(), again.is_ok(), "{text}");
        assert_eq!(whole, streamed, "{text}");
        found.map(|()| whole).map_err(|error| error.to_string())
    }

    fn check(text: &str, shape: Shape, expected: &[&str]) {
        let expected = expected.iter().map(|record| (*record).to_owned()).collect();
        assert_eq!(records(text, shape), Ok(expected), "{text}");
    }

    #[test]
    fn trail() {
        for shape in [Shape::Trail, Shape::Any] {
            check(
                "{\"Records\":[{\"a\":1},{\"b\":[\"}]\"]}]}\n",
                shape,
                &["{\"a\":1}", "{\"b\":[\"}]\"]}"],
            );
            check("{\"Records\":[]}", shape, &[]);
            check(
                " { \"x\" : {\"Records\":[1]} ,\n\"Records\" : [ 5 , {} ] , \"y\":[] } ",
                shape,
                &["5", "{}"],
            );
            for broken in
                ["", "{}", "{\"Records\":{}}", "{\"Records\":null}", "{\"Records\":[{}", "5"]
            {
                assert!(records(broken, shape).is_err(), "{broken}");
            }
            assert!(records("{\"Records\":[],\"Records\":[]}", shape).is_err());
        }
        for other in ["[{}]", "{\"eventID\":\"e\"}", "{\"Records\":[]}{\"Records\":[]}"] {
            assert!(records(other, Shape::Trail).is_err(), "{other}");
        }
    }

    #[test]
    fn any() {
        check("[{\"a\":1},{}]", Shape::Any, &["{\"a\":1}", "{}"]);
        check(
            "{\"eventID\":\"e\",\n \"x\" : [1, 2]}",
            Shape::Any,
            &["{\"eventID\":\"e\",\"x\":[1, 2]}"],
        );
        check(
            "{\"eventID\":\"a\"}\n{\"eventID\":\"b\"}\n",
            Shape::Any,
            &["{\"eventID\":\"a\"}", "{\"eventID\":\"b\"}"],
        );
        check(
            "{\"Events\":[{\"CloudTrailEvent\":\"{\\\"a\\\":1}\",\"ReadOnly\":\"true\"}]}",
            Shape::Any,
            &["{\"a\":1}"],
        );
        check("{\"k\\n\":1,\"eventID\":2}", Shape::Any, &["{\"k\\n\":1,\"eventID\":2}"]);
        assert!(records("{\"name\":\"package\"}", Shape::Any).is_err());
    }
}
