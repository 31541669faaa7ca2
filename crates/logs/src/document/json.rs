//! JSON values one after another, taken apart into the texts of their records.

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use super::{Found, Seen, columns};
use crate::envelope::{self, List, MAX_DEPTH, Opened, WITHIN_MAX_DEPTH};
use crate::reject::Rejection;
use crate::value::Unescaped;

/// The error texts of the visitor, which [`Unreadable`](crate::Unreadable) turns into its own.
const NO_RECORDS: &str = "no `Records`";
pub(crate) const DUPLICATE_LIST: &str = "duplicate key ";
pub(crate) const TWO_SHAPES: &str = "two shapes";

/// Gives the records of a text of JSON values. `T` is the text of a value: borrowed from a slice, owned
/// from a stream.
///
/// # Errors
/// If the text is no JSON, or has no records at all. Records may have been given until there.
pub(super) fn read<'de, R, T>(
    deserializer: &mut serde_json::Deserializer<R>,
    each: &mut dyn FnMut(Found<'_>),
) -> Result<Seen, serde_json::Error>
where
    R: serde_json::de::Read<'de>,
    T: Deserialize<'de> + Borrow<RawValue>,
{
    let mut values = Values { depth: 0, seen: Seen::default(), each };
    values.read::<_, T>(deserializer)?;
    match values.seen {
        Seen { is_any: true, .. } => Ok(values.seen),
        _ => Err(Error::custom(NO_RECORDS)),
    }
}

/// Gives the records of a text that should be a record: one, in envelopes, or several.
pub(super) fn read_text(text: &str, field: &'static str, each: &mut dyn FnMut(Found<'_>)) {
    Values { depth: 0, seen: Seen::default(), each }.inside(field, text);
}

/// What is done with values, some envelopes deep.
struct Values<'f> {
    depth: usize,
    seen: Seen,
    each: &'f mut dyn FnMut(Found<'_>),
}

impl Values<'_> {
    fn read<'de, R, T>(
        &mut self,
        deserializer: &mut serde_json::Deserializer<R>,
    ) -> Result<(), serde_json::Error>
    where
        R: serde_json::de::Read<'de>,
        T: Deserialize<'de> + Borrow<RawValue>,
    {
        loop {
            Value::<T> { values: self, raw: PhantomData }.deserialize(&mut *deserializer)?;
            match deserializer.end() {
                Ok(()) => return Ok(()),
                Err(error) if !error.is_syntax() => return Err(error),
                Err(_) => {}
            }
        }
    }

    /// Takes an object that may be an envelope. `holds` is the key that it must have if it is no record.
    fn object(&mut self, text: &str, holds: Option<&'static str>) {
        match envelope::open(text) {
            Opened::Envelope(key, inside) => self.inside(key, &inside),
            Opened::List => self.inside("record", text),
            Opened::Broken(field) => {
                let found = "a string with broken escapes".to_owned();
                self.reject(Rejection { field, expected: "a record as text", found });
            }
            Opened::Record => {
                self.seen.is_any = true;
                (self.each)(Found::Record(text));
            }
            Opened::SmallLetters => {
                self.seen.is_any = true;
                match columns::restored(text) {
                    Ok(record) => (self.each)(Found::Record(&record)),
                    Err(rejection) => self.reject(rejection),
                }
            }
            Opened::LogLine => (self.each)(Found::LogLine),
            Opened::Unknown => match holds {
                Some(field) => {
                    let found = "nothing".to_owned();
                    self.reject(Rejection { field, expected: "a record as text", found });
                }
                // The reader of records skips it, or rejects what is no object.
                None => (self.each)(Found::Record(text)),
            },
        }
    }

    /// Reads what is in an envelope.
    fn inside(&mut self, field: &'static str, text: &str) {
        self.seen.is_any = true;
        if !envelope::begins_as_json(text) {
            return (self.each)(Found::LogLine);
        }
        if self.depth == MAX_DEPTH {
            let (expected, found) = (WITHIN_MAX_DEPTH, "another envelope".to_owned());
            return self.reject(Rejection { field, expected, found });
        }
        let depth = self.depth + 1;
        let mut inner = Values { depth, seen: Seen::default(), each: &mut *self.each };
        let deserializer = &mut serde_json::Deserializer::from_str(text);
        if let Err(error) = inner.read::<_, &RawValue>(deserializer) {
            let found = match error.is_data() {
                true => "another shape".to_owned(),
                false => format!("no JSON at line {}, column {}", error.line(), error.column()),
            };
            self.reject(Rejection { field, expected: "a record as JSON", found });
        }
    }

    fn reject(&mut self, rejection: Rejection) {
        self.seen.is_any = true;
        (self.each)(Found::Rejected(rejection));
    }
}

/// One JSON value.
struct Value<'v, 'f, T> {
    values: &'v mut Values<'f>,
    raw: PhantomData<T>,
}

/// An array of a list's elements.
struct Elements<'v, 'f, T> {
    values: &'v mut Values<'f>,
    list: &'static List,
    raw: PhantomData<T>,
}

/// The list of an array without a key.
const LONE_ARRAY: &List = &List { key: "", holds: None };

impl<'de, T: Deserialize<'de> + Borrow<RawValue>> DeserializeSeed<'de> for Value<'_, '_, T> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de> + Borrow<RawValue>> Visitor<'de> for Value<'_, '_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `Records`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        self.values.seen.is_any = true;
        Elements::<T> { values: self.values, list: LONE_ARRAY, raw: PhantomData }.visit_seq(seq)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let values = self.values;
        let mut list = None::<&List>;
        let mut lone = LoneObject::default();
        while let Some(Unescaped(key)) = map.next_key::<Unescaped<'de>>()? {
            match envelope::list(&key) {
                Some(found) if list.is_some_and(|list| list.key == found.key) => {
                    return Err(A::Error::custom(format!("{DUPLICATE_LIST}{}", found.key)));
                }
                Some(_) if list.is_some() => return Err(A::Error::custom(TWO_SHAPES)),
                Some(found) if found.holds.is_none() || !lone.is_record => {
                    list = Some(found);
                    values.seen.is_any = true;
                    values.seen.has_records |= values.depth == 0 && found.holds.is_none();
                    map.next_value_seed(Elements::<T> { values, list: found, raw: PhantomData })?;
                }
                _ if list.is_some() && !envelope::is_known_key(&key) => {
                    map.next_value::<IgnoredAny>()?;
                }
                _ => lone.add(&key, map.next_value::<T>()?.borrow()),
            }
        }
        let is_record = lone.is_record;
        let object = lone.text();
        if list.is_none() {
            values.object(&object, None);
        } else if is_record || matches!(envelope::open(&object), Opened::Envelope(..)) {
            return Err(A::Error::custom(TWO_SHAPES));
        }
        Ok(())
    }
}

/// The fields of an object that may turn out to be a record or an envelope.
#[derive(Default)]
struct LoneObject {
    fields: String,
    is_record: bool,
}

impl LoneObject {
    fn add(&mut self, key: &str, value: &RawValue) {
        self.is_record |= envelope::is_record_key(key);
        let comma = if self.fields.is_empty() { "" } else { "," };
        let key = serde_json::Value::from(key);
        self.fields.push_str(&format!("{comma}{key}:{value}"));
    }

    fn text(self) -> String {
        format!("{{{}}}", self.fields)
    }
}

impl<'de, T: Deserialize<'de> + Borrow<RawValue>> DeserializeSeed<'de> for Elements<'_, '_, T> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de> + Borrow<RawValue>> Visitor<'de> for Elements<'_, '_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut is_first = true;
        let mut are_envelopes = self.list.holds.is_some();
        while let Some(element) = seq.next_element::<T>()? {
            let element = element.borrow().get();
            // For `Records` the first element decides, because `walk` looks into no more.
            if self.list.holds.is_none() && (is_first || self.list.key.is_empty()) {
                are_envelopes = envelope::is_envelope(element);
            }
            is_first = false;
            match are_envelopes {
                true => self.values.object(element, self.list.holds),
                false => (self.values.each)(Found::Record(element)),
            }
        }
        Ok(())
    }
}
