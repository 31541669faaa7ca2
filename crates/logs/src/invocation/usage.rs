//! The split of cache writes, out of the `usage` of a completion.
//!
//! An entry counts all cache writes in one, but those that are kept for an hour are dearer. The split
//! stands only in what the model answered: `usage.cacheDetails[{ttl, inputTokens}]` in the words of
//! Converse, `usage.cache_creation.ephemeral_{5m,1h}_input_tokens` in Anthropic's. In a streamed answer,
//! which is logged as an array, `usage` may stand in several pieces; the last one that splits holds.

use serde::de::{MapAccess, SeqAccess};

use super::loose::{Loose, Parts, Scalar, skip};

/// Cache writes by their time to live, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CacheWrites {
    pub(super) five_minutes: i64,
    pub(super) one_hour: i64,
}

/// A whole answer, or the array of the pieces of a streamed one.
#[derive(Debug, Default)]
pub(super) struct Body(Piece);

/// One piece of an answer: `usage` stands in it, or in one of these.
#[derive(Debug, Default)]
struct Piece(Option<CacheWrites>);

const WRAPPERS: &[&str] = &["metadata", "message", "output", "response"];

/// What is wrapped.
#[derive(Debug, Default)]
struct Wrapped(Option<CacheWrites>);

#[derive(Debug, Default)]
struct Usage(Option<CacheWrites>);

/// Anthropic's `cache_creation`.
#[derive(Debug, Default)]
struct CacheCreation {
    five_minutes: Scalar,
    one_hour: Scalar,
}

/// Converse's `cacheDetails`.
#[derive(Debug)]
struct CacheDetails(Option<CacheWrites>);

#[derive(Debug, Default)]
struct CacheDetail {
    ttl: Scalar,
    input_tokens: Scalar,
}

impl Body {
    /// The part of the cache writes that is kept for an hour, if the split adds up to all of them.
    pub(super) fn one_hour_of(&self, cache_write: Option<i64>) -> Option<i64> {
        let writes = self.0.0?;
        let sum = writes.five_minutes.checked_add(writes.one_hour)?;
        (Some(sum) == cache_write).then_some(writes.one_hour)
    }
}

impl Parts for Body {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        self.0.field(key, map)
    }

    fn items<'de, A: SeqAccess<'de>>(&mut self, mut items: A) -> Result<(), A::Error> {
        while let Some(piece) = items.next_element::<Loose<Piece>>()? {
            self.0.0 = piece.parts.0.or(self.0.0);
        }
        Ok(())
    }
}

impl Parts for Piece {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let found = match key {
            "usage" => map.next_value::<Loose<Usage>>()?.parts.0,
            _ if WRAPPERS.contains(&key) => map.next_value::<Loose<Wrapped>>()?.parts.0,
            _ => return skip(map),
        };
        self.0 = found.or(self.0);
        Ok(())
    }
}

impl Parts for Wrapped {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "usage" => self.0 = map.next_value::<Loose<Usage>>()?.parts.0,
            _ => return skip(map),
        }
        Ok(())
    }
}

impl Parts for Usage {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let found = match key {
            "cacheDetails" => {
                let details = map.next_value::<Loose<CacheDetails>>()?;
                if details.kind == "an array" { details.parts.0 } else { None }
            }
            "cache_creation" => map.next_value::<Loose<CacheCreation>>()?.parts.writes(),
            _ => return skip(map),
        };
        self.0 = found.or(self.0);
        Ok(())
    }
}

impl Parts for CacheCreation {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "ephemeral_5m_input_tokens" => self.five_minutes = map.next_value()?,
            "ephemeral_1h_input_tokens" => self.one_hour = map.next_value()?,
            _ => return skip(map),
        }
        Ok(())
    }
}

impl CacheCreation {
    fn writes(&self) -> Option<CacheWrites> {
        let (five_minutes, one_hour) = (tokens(&self.five_minutes)?, tokens(&self.one_hour)?);
        Some(CacheWrites { five_minutes, one_hour })
    }
}

impl Default for CacheDetails {
    fn default() -> Self {
        CacheDetails(Some(CacheWrites { five_minutes: 0, one_hour: 0 }))
    }
}

impl Parts for CacheDetails {
    fn field<'de, A: MapAccess<'de>>(&mut self, _: &str, map: &mut A) -> Result<(), A::Error> {
        skip(map)
    }

    fn items<'de, A: SeqAccess<'de>>(&mut self, mut items: A) -> Result<(), A::Error> {
        while let Some(detail) = items.next_element::<Loose<CacheDetail>>()? {
            self.0 = self.0.and_then(|writes| detail.parts.added_to(writes));
        }
        Ok(())
    }
}

impl Parts for CacheDetail {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "ttl" => self.ttl = map.next_value()?,
            "inputTokens" => self.input_tokens = map.next_value()?,
            _ => return skip(map),
        }
        Ok(())
    }
}

impl CacheDetail {
    /// `None` if this cannot be understood: then the split is not known.
    fn added_to(&self, mut writes: CacheWrites) -> Option<CacheWrites> {
        let Scalar::Text(ttl) = &self.ttl else { return None };
        let sum = match ttl.as_ref() {
            "5m" => &mut writes.five_minutes,
            "1h" => &mut writes.one_hour,
            _ => return None,
        };
        *sum = sum.checked_add(tokens(&self.input_tokens)?)?;
        Some(writes)
    }
}

/// A count, if it is one. The split is an extra: what cannot be used does not fail the entry.
fn tokens(scalar: &Scalar) -> Option<i64> {
    scalar.count("usage").ok().flatten()
}
