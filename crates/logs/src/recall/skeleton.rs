//! A record that others are like: its bytes, where its fields are, and what else stood there.

use super::{Known, Numbers, Slot};
use crate::scan::Scan;

/// A longer record is no skeleton, and a longer value is not remembered.
const MAX_RECORD_BYTES: usize = 64 * 1024;
const MAX_VALUE_BYTES: usize = 8 * 1024;

/// How many other values of a field are remembered: callers take turns.
const MAX_OTHERS: usize = 16;

/// How many bytes are compared at once.
const PIECE_BYTES: usize = 32;

/// A record. Without fields, it is none.
#[derive(Debug, Default)]
pub(super) struct Skeleton {
    text: Box<str>,
    pub(super) fields: Vec<Field>,
}

/// A field of it, from behind the brace or comma before it to behind the brace or comma after it.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) slot: Slot,
    /// The numbers of its value.
    pub(super) numbers: Numbers,
    /// Where it begins.
    start: usize,
    /// The key with its quotes.
    key: Box<str>,
    /// How many bytes there are of the key, the colon, and what is blank.
    pub(super) before_value: usize,
    pub(super) value_bytes: usize,
    /// How many bytes there are of what is blank and the comma or brace.
    pub(super) behind_value: usize,
    /// What stood there in other records, and which of them is forgotten next.
    others: Vec<Other>,
    next: usize,
}

/// A value that was scanned.
#[derive(Debug)]
pub(super) struct Other {
    pub(super) text: Box<str>,
    pub(super) numbers: Numbers,
}

/// How far a text is like the skeleton.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Alike {
    /// How many fields are the same.
    pub(super) n_fields: usize,
    /// How many bytes of the next one's value are the same, if it begins as far behind the same key.
    pub(super) n_value_bytes: Option<usize>,
}

impl Skeleton {
    /// Takes a record that was glanced at as a skeleton. A long one gives none.
    pub(super) fn of(text: &str, known: &mut Known) -> Option<Self> {
        let mut skeleton = Skeleton { text: text.into(), fields: Vec::new() };
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
            skeleton.fields.push(Field {
                slot,
                numbers,
                start,
                key: key.into(),
                before_value: value_start - start,
                value_bytes: value.len(),
                behind_value: scan.at() - value_end,
                others: Vec::new(),
                next: 0,
            });
            if delimiter == b'}' {
                return Some(skeleton);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Lays the beginning of a field against the field at a place.
    #[inline]
    pub(super) fn lay(&self, place: usize, rest: &[u8]) -> Alike {
        let mut alike = Alike { n_fields: 0, n_value_bytes: None };
        let Some(fields) = self.fields.get(place..).filter(|fields| !fields.is_empty()) else {
            return alike;
        };
        let mut n_bytes = n_same_bytes(&self.text.as_bytes()[fields[0].start..], rest);
        for field in fields {
            let bytes = field.before_value + field.value_bytes + field.behind_value;
            // Its counts differ, and what they stand in is read in a way of its own.
            if n_bytes < bytes || matches!(field.slot, Slot::Additional(_)) {
                alike.n_value_bytes = n_bytes.checked_sub(field.before_value);
                return alike;
            }
            n_bytes -= bytes;
            alike.n_fields += 1;
        }
        alike
    }

    /// The place of the field with a key, from a place on.
    pub(super) fn place(&self, key: &str, from: usize) -> Option<usize> {
        self.fields.get(from..)?.iter().position(|field| *field.key == *key).map(|at| from + at)
    }

    /// The value that stood at a place in another record, if the rest of a record begins with it. Where
    /// that is first unlike the skeleton's is looked at first, because others of a kind differ there.
    #[inline]
    pub(super) fn other(&self, place: usize, rest: &[u8], unlike_at: usize) -> Option<&Other> {
        let few = |text: &[u8]| {
            text.get(unlike_at..)?.first_chunk::<8>().map(|few| u64::from_le_bytes(*few))
        };
        let expected = few(rest);
        let is_here = |other: &&Other| {
            let text = other.text.as_bytes();
            few(text).is_none_or(|few| Some(few) == expected) && rest.starts_with(text)
        };
        self.fields[place].others.iter().find(is_here)
    }

    /// Remembers a value that stood at a place. A number is not: a longer one that begins like it would be
    /// taken for broken.
    pub(super) fn remember(&mut self, place: usize, value: &str, numbers: Numbers) {
        if !value.starts_with(['"', '{', '[']) || value.len() > MAX_VALUE_BYTES {
            return;
        }
        let field = &mut self.fields[place];
        let other = Other { text: value.into(), numbers };
        if field.others.len() < MAX_OTHERS {
            field.others.push(other);
        } else {
            field.others[field.next] = other;
            field.next = (field.next + 1) % MAX_OTHERS;
        }
    }
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
