//! A record that others are like: its bytes, where its fields are, and what else stood there.

use super::latest::Latest;
use super::{Known, Numbers, Slot};
use crate::scan::Scan;

/// A longer record is no skeleton, nor is one of more fields, and a longer value is not remembered.
const MAX_RECORD_BYTES: usize = 64 * 1024;
const MAX_FIELDS: usize = 64;
const MAX_VALUE_BYTES: usize = 2 * 1024;

/// How many other values of a field are remembered: callers take turns.
const MAX_OTHERS: usize = 16;

/// How many bytes are compared at once.
const PIECE_BYTES: usize = 32;

/// A record. Without fields, it is none.
#[derive(Debug, Default)]
pub(super) struct Skeleton {
    text: Box<str>,
    pub(super) fields: Vec<Field>,
    /// What stood in each field in other records.
    others: Vec<Latest<Other, MAX_OTHERS>>,
    /// Where the field that says who called ends.
    caller_end: Option<usize>,
}

/// A field of it, from behind the brace or comma before it to behind the brace or comma after it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) slot: Slot,
    /// The numbers of its value.
    pub(super) numbers: Numbers,
    /// Where it begins.
    pub(super) start: usize,
    /// How long the key is, with its quotes.
    pub(super) key_bytes: usize,
    /// How many bytes there are of the key, the colon, and what is blank.
    pub(super) before_value: usize,
    pub(super) value_bytes: usize,
    /// How many bytes there are of what is blank and the comma or brace.
    pub(super) behind_value: usize,
}

/// A value that was scanned.
#[derive(Debug)]
pub(super) struct Other {
    pub(super) text: Box<str>,
    pub(super) numbers: Numbers,
    /// Where it is first unlike the skeleton's, and the bytes there, if there are as many.
    unlike_at: usize,
    unlike: Option<u64>,
}

impl Skeleton {
    /// Takes a record that was glanced at as a skeleton. A long one gives none.
    pub(super) fn of(text: &str, known: &mut Known) -> Option<Self> {
        let mut fields = Vec::new();
        if text.len() > MAX_RECORD_BYTES {
            return Some(Skeleton::default());
        }
        let mut scan = Scan::new(text);
        scan.take(b'{')?;
        loop {
            let start = scan.at();
            let key = scan.key()?;
            scan.peek()?;
            let value_start = scan.at();
            let slot = Slot::of(key)?;
            let (value, numbers) = slot.value(&mut scan, known)?;
            let value_end = scan.at();
            let delimiter = scan.next()?;
            fields.push(Field {
                slot,
                numbers,
                start,
                key_bytes: key.len(),
                before_value: value_start - start,
                value_bytes: value.len(),
                behind_value: scan.at() - value_end,
            });
            if delimiter == b'}' {
                return Some(Skeleton::new(text, fields));
            }
        }
    }

    /// Takes a record of which these are the fields, all of them. Too many give none.
    pub(super) fn new(text: &str, fields: Vec<Field>) -> Self {
        if fields.len() > MAX_FIELDS {
            return Skeleton::default();
        }
        let is_next = |pair: &[Field]| pair[0].start + pair[0].n_bytes() == pair[1].start;
        debug_assert!(fields.windows(2).all(is_next), "fields lie side by side");
        let others = fields.iter().map(|_| Latest::default()).collect();
        let caller = fields.iter().rfind(|field| field.slot == Slot::Identity);
        let caller_end = caller.map(|field| field.start + field.n_bytes());
        Skeleton { text: text.into(), fields, others, caller_end }
    }

    /// How many bytes a record has in common with this one from the beginning.
    #[inline]
    pub(super) fn n_same_bytes(&self, record: &[u8]) -> usize {
        n_same_bytes(self.text.as_bytes(), record)
    }

    /// Whether a record with so many bytes in common is of the same caller.
    #[inline]
    pub(super) fn is_of_same_caller(&self, n_same_bytes: usize) -> bool {
        self.caller_end.is_some_and(|end| end <= n_same_bytes)
    }

    /// The bytes of the record at a place, if there are as many.
    #[inline]
    pub(super) fn few_bytes(&self, at: usize) -> Option<u64> {
        few_bytes(self.text.as_bytes(), at)
    }

    /// How long the record is.
    pub(super) fn n_bytes(&self) -> usize {
        self.text.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// How many bytes the rest of a record has in common with the field at a place and those behind it.
    #[inline]
    pub(super) fn n_same_bytes_from(&self, place: usize, rest: &[u8]) -> usize {
        let field = self.fields.get(place);
        field.map_or(0, |field| n_same_bytes(&self.text.as_bytes()[field.start..], rest))
    }

    /// The place of the field with a key, from a place on.
    pub(super) fn place(&self, key: &str, from: usize) -> Option<usize> {
        let is_key = |field: &Field| self.text[field.start..][..field.key_bytes] == *key;
        self.fields.get(from..)?.iter().position(is_key).map(|at| from + at)
    }

    /// The value that stood at a place in another record, if the rest of a record begins with it. That is
    /// first unlike the skeleton's value at `unlike_at`, if this is known.
    #[inline]
    pub(super) fn other(
        &self,
        place: usize,
        rest: &[u8],
        unlike_at: Option<usize>,
    ) -> Option<&Other> {
        let field = &self.fields[place];
        // Both are values with an end of their own, so that where one is unlike the skeleton's, so is
        // the other. Few have to be read.
        let unlike_at = match unlike_at {
            Some(at) => at.min(field.value_bytes),
            None => n_same_bytes(self.value(field), rest),
        };
        let unlike = few_bytes(rest, unlike_at);
        let is_here = |other: &&Other| {
            other.unlike_at == unlike_at
                && (other.unlike.is_none() || other.unlike == unlike)
                && rest.starts_with(other.text.as_bytes())
        };
        self.others[place].iter().find(is_here)
    }

    /// What stands in a field of the skeleton itself.
    fn value(&self, field: &Field) -> &[u8] {
        &self.text.as_bytes()[field.start + field.before_value..][..field.value_bytes]
    }

    /// Remembers a value that stood at a place. A number is not: a longer one that begins like it would be
    /// taken for broken.
    pub(super) fn remember(&mut self, place: usize, value: &str, numbers: Numbers) {
        if !value.starts_with(['"', '{', '[']) || value.len() > MAX_VALUE_BYTES {
            return;
        }
        let unlike_at = n_same_bytes(self.value(&self.fields[place]), value.as_bytes());
        let unlike = few_bytes(value.as_bytes(), unlike_at);
        self.others[place].push(Other { text: value.into(), numbers, unlike_at, unlike });
    }
}

impl Field {
    /// How long it is.
    #[inline]
    pub(super) fn n_bytes(&self) -> usize {
        self.before_value + self.value_bytes + self.behind_value
    }
}

/// The bytes at a place, if there are as many.
#[inline]
pub(super) fn few_bytes(text: &[u8], at: usize) -> Option<u64> {
    text.get(at..)?.first_chunk::<8>().map(|few| u64::from_le_bytes(*few))
}

/// How many bytes two texts have in common from the beginning.
#[inline]
pub(super) fn n_same_bytes(a: &[u8], b: &[u8]) -> usize {
    let pieces = a.as_chunks::<PIECE_BYTES>().0.iter().zip(b.as_chunks::<PIECE_BYTES>().0);
    let mut at = PIECE_BYTES * pieces.take_while(|(a, b)| a == b).count();
    let words = a[at..].as_chunks::<8>().0.iter().zip(b[at..].as_chunks::<8>().0);
    for (a, b) in words {
        let differing = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if differing != 0 {
            return at + differing.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + a[at..].iter().zip(&b[at..]).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place of the first value that is not an event's own.
    const PLACE: usize = 1;

    #[test]
    fn what_stood_in_another_record_is_found() {
        let (mut known, before) = (Known::default(), r#"{"eventID":"e","awsRegion":"#);
        let record = |value: &str| format!(r#"{before}{value},"n":1}}"#);
        for own in ["\"us-east-1\"", "\"us-east-11\"", "\"u\"", "{\"a\":[1]}", "null", "12"] {
            let mut skeleton = Skeleton::of(&record(own), &mut known).expect("a record");
            let others =
                ["\"us-east-2\"", "\"us-east\"", "\"us-west-2\"", "\"é\"", "{\"a\":[2]}", "{}"];
            for other in others {
                skeleton.remember(PLACE, other, Numbers::default());
            }
            for value in
                others.into_iter().chain([own, "\"us-east-3\"", "\"us\"", "{\"a\":[21]}", "1"])
            {
                let record = record(value);
                let rest = &record.as_bytes()[before.len()..];
                let same = n_same_bytes(skeleton.value(&skeleton.fields[PLACE]), rest);
                // Where the values are the same, more may be.
                let unlike_at = if value == own { same + 5 } else { same };
                for unlike_at in [None, Some(unlike_at)] {
                    let found = skeleton.other(PLACE, rest, unlike_at).map(|other| &*other.text);
                    assert_eq!(found, Some(value).filter(|value| others.contains(value)), "{own}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_skeleton() {
        let with_fields = |n_fields: usize| {
            let fields = (0..n_fields).map(|number| format!("\"k{number}\":1"));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        };
        let is_none = |record: &str| {
            Skeleton::of(record, &mut Known::default()).expect("a record").is_empty()
        };
        assert!(!is_none(&with_fields(MAX_FIELDS)) && is_none(&with_fields(MAX_FIELDS + 1)));
        let long = |n_bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(n_bytes - 8));
        assert!(!is_none(&long(MAX_RECORD_BYTES)) && is_none(&long(MAX_RECORD_BYTES + 1)));
    }

    #[test]
    fn so_many_others_are_remembered() {
        let record = r#"{"eventID":"e","awsRegion":"r"}"#;
        let mut skeleton = Skeleton::of(record, &mut Known::default()).expect("a record");
        let value = |number: usize| format!("\"{number}\"");
        for number in 0..MAX_OTHERS + 2 {
            skeleton.remember(PLACE, &value(number), Numbers::default());
        }
        let is_known =
            |number: usize| skeleton.other(PLACE, value(number).as_bytes(), None).is_some();
        let forgotten = (0..MAX_OTHERS + 2).filter(|number| !is_known(*number));
        assert!(forgotten.eq(0..2), "the first ones");
        skeleton.remember(PLACE, "12", Numbers::default());
        assert!(skeleton.other(PLACE, b"123", None).is_none(), "no number");
    }
}
