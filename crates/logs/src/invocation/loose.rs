//! JSON of any shape, of which a few values are taken. Whatever else stands there is skipped, and a
//! value of another type than expected is no error of the parser's: it fails one entry, not the object.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::shortened::{CUT, MAX_STRING_BYTES};
use crate::reject::Rejection;
use crate::value::{COUNT, Unescaped, whole_number};

/// What takes the fields of an object, or the items of an array.
pub(super) trait Parts: Default {
    /// Takes the value of a key, or skips it.
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;

    /// Takes the items of an array, or skips them.
    fn items<'de, A: SeqAccess<'de>>(&mut self, items: A) -> Result<(), A::Error> {
        skip_items(items)
    }
}

/// A value of any type, with what was taken of it if it is an object or an array.
#[derive(Debug)]
pub(super) struct Loose<T> {
    pub(super) kind: &'static str,
    pub(super) parts: T,
}

/// A value that is no object and no array, or only its type.
#[derive(Debug, Default)]
pub(super) enum Scalar {
    /// Absent or null.
    #[default]
    Nothing,
    Text(Box<str>),
    Count(i64),
    Other(&'static str),
}

/// Skips the value of a key.
pub(super) fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(drop)
}

fn skip_items<'de, A: SeqAccess<'de>>(mut items: A) -> Result<(), A::Error> {
    while items.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

impl<T: Default> Default for Loose<T> {
    fn default() -> Self {
        Loose { kind: "null", parts: T::default() }
    }
}

impl<T> Loose<T> {
    /// What was taken of an object; of nothing, if there is none.
    ///
    /// # Errors
    /// If there is something else.
    pub(super) fn object(self, field: &'static str) -> Result<T, Rejection> {
        match self.kind {
            "an object" | "null" => Ok(self.parts),
            kind => Err(Rejection { field, expected: "an object", found: kind.to_owned() }),
        }
    }
}

impl Scalar {
    /// A string; an empty one is none.
    ///
    /// # Errors
    /// If it is of another type, or too long for a name. The text is not quoted.
    pub(super) fn text(self, field: &'static str) -> Result<Option<Box<str>>, Rejection> {
        const EXPECTED: &str = "a string";
        let found = match self {
            Scalar::Nothing => return Ok(None),
            Scalar::Text(text) if text.is_empty() => return Ok(None),
            Scalar::Text(text) if text.ends_with(CUT) => {
                format!("one of more than {MAX_STRING_BYTES} bytes")
            }
            Scalar::Text(text) => return Ok(Some(text)),
            Scalar::Count(_) => "a number".to_owned(),
            Scalar::Other(kind) => kind.to_owned(),
        };
        Err(Rejection { field, expected: EXPECTED, found })
    }

    /// A count, or a string of one.
    ///
    /// # Errors
    /// If it is anything else. The text is not quoted.
    pub(super) fn count(&self, field: &'static str) -> Result<Option<i64>, Rejection> {
        let found = match self {
            Scalar::Nothing => return Ok(None),
            Scalar::Count(count) => return Ok(Some(*count)),
            Scalar::Text(text) => match whole_number(text) {
                Some(count) => return Ok(Some(count)),
                None => "another string",
            },
            Scalar::Other("a number") => "another number",
            Scalar::Other(kind) => kind,
        };
        Err(Rejection { field, expected: COUNT, found: found.to_owned() })
    }
}

impl<'de, T: Parts> Deserialize<'de> for Loose<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor(PhantomData))
    }
}

struct LooseVisitor<T>(PhantomData<T>);

impl<T: Parts> LooseVisitor<T> {
    fn nothing_of<E>(kind: &'static str) -> Result<Loose<T>, E> {
        Ok(Loose { kind, parts: T::default() })
    }
}

impl<'de, T: Parts> Visitor<'de> for LooseVisitor<T> {
    type Value = Loose<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut parts = T::default();
        while let Some(Unescaped(key)) = map.next_key::<Unescaped<'de>>()? {
            parts.field(&key, &mut map)?;
        }
        Ok(Loose { kind: "an object", parts })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        let mut parts = T::default();
        parts.items(items)?;
        Ok(Loose { kind: "an array", parts })
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Self::nothing_of("a string")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Self::nothing_of("a boolean")
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Self::nothing_of("a number")
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Self::nothing_of("a number")
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Self::nothing_of("a number")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Self::nothing_of("null")
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        while map.next_key::<IgnoredAny>()?.is_some() {
            skip(&mut map)?;
        }
        Ok(Scalar::Other("an object"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Scalar, A::Error> {
        skip_items(items).map(|()| Scalar::Other("an array"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.into()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Scalar, E> {
        Ok(Scalar::Other("a boolean"))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
        Ok(i64::try_from(number).map_or(Scalar::Other("a number"), Scalar::Count))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Scalar, E> {
        Ok(Scalar::Other("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Scalar, E> {
        Ok(Scalar::Other("a number"))
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Nothing)
    }
}
