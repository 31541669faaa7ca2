//! What the records before said, so that what stands in a record again is not taken apart again.
//!
//! Most calls of an object differ from one before in a time, two ids and some counts; all else is the
//! same byte for byte, in the same order. So that a record is laid against one that was read before, the
//! [`Skeleton`]: where the bytes are the same, so are the fields. Where they differ, the value is
//! compared with what stood there in other records, and scanned strictly if it is new. Of who called and of
//! the counts, which are new most of the time, only what is unlike an object before is scanned ([`mold`]).
//! Callers that call again and again have a skeleton each ([`skeletons`]).
//!
//! **What it promises.** A [`Glance`] at a record is had only if the record is JSON, and then its raw
//! values are those that [`Fields`](crate::field::Fields) gives.
//! The values that make a context are known by number: same numbers, same bytes, same context. What is
//! not plain (escapes in a key, no object where there should be one, values too long to be remembered)
//! gives none, which is no verdict: such a record has to be read in full.

mod identities;
mod latest;
mod mold;
mod skeleton;
mod skeletons;
#[cfg(test)]
mod tests;
mod texts;

use std::sync::Arc;

use bedrock::{Caller, Context};
use rustc_hash::FxHashMap;

use crate::field::Fields;
use crate::record::{ADDITIONAL_EVENT_DATA, IDENTITY, RECORD, REQUEST_PARAMETERS};
use crate::scan::Scan;
use identities::{Identities, Principal};
use mold::Molds;
use skeleton::{Field, Skeleton};
use skeletons::Skeletons;
use texts::Texts;

/// How many keys of a record that is like the skeleton may be others, or elsewhere.
const MAX_CHANGES: usize = 6;

/// After how many records in a row that are not like the skeleton another one is made.
const MAX_MISFITS: usize = 2;

/// How much may be remembered, so that a long stream holds no more than this.
const MAX_BYTES: usize = 4 << 20;

/// The numbers of all values that make a context: those of the record, of its `requestParameters` and of
/// its `additionalEventData`. Absent ones are 0, and so are those that make no context.
pub(crate) type Key = [u32; N_TOP + N_REQUEST + N_ADDITIONAL];
const N_TOP: usize = RECORD.len();
const N_REQUEST: usize = REQUEST_PARAMETERS.len();
const N_ADDITIONAL: usize = ADDITIONAL_EVENT_DATA.len();

/// The number of a value, or those of its fields.
type Numbers = [u32; N_REQUEST];

/// What a record says at first glance.
#[derive(Debug)]
pub(crate) struct Glance<'a> {
    /// What makes its context. In the place of the `userIdentity` is the number of what that says, the
    /// caller's ARN and session apart: those make no context.
    pub(crate) key: Key,
    /// The number of its `userIdentity`.
    identity: u32,
    /// Its fields.
    pub(crate) fields: Fields<'a, N_TOP>,
    /// The counts in its `additionalEventData`.
    pub(crate) input_tokens: Option<&'a str>,
    pub(crate) output_tokens: Option<&'a str>,
}

/// What a field is for. The numbers are places in [`RECORD`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    /// It makes the context.
    Part(u8),
    /// `userIdentity`: who called makes the context, but for ARN and session.
    Identity,
    /// `requestParameters`: what it is asked for makes the context.
    Request(u8),
    /// `additionalEventData`: what it is asked for makes the context, but for the counts.
    Additional(u8),
    /// It is the call's own.
    Own(u8),
    /// It was not asked for.
    Other,
}

/// The records that were read, as far as they are remembered.
#[derive(Debug, Default)]
pub(crate) struct Recall {
    skeletons: Skeletons,
    /// How many records in a row were not like the one that was chosen.
    n_misfits: usize,
    known: Known,
    contexts: FxHashMap<Key, Arc<Context>>,
}

/// How a record is like the skeleton that it was laid against.
struct Likeness {
    /// How many keys are others, or elsewhere.
    n_changes: usize,
    /// The record's own fields, if its caller is another one that was known.
    fields: Option<Vec<Field>>,
}

/// What was numbered.
#[derive(Debug, Default)]
struct Known {
    texts: Texts,
    identities: Identities,
    /// Of `additionalEventData`.
    additional: Molds<N_ADDITIONAL>,
}

impl Recall {
    /// Looks at a record. `glance` was at none.
    pub(crate) fn look<'a>(&mut self, text: &'a str, glance: &mut Glance<'a>) -> Option<()> {
        if self.known.is_full() {
            *self = Recall::default();
        }
        let like = self.fields(text, glance)?;
        self.n_misfits = if like.n_changes > MAX_CHANGES { self.n_misfits + 1 } else { 0 };
        if self.n_misfits >= MAX_MISFITS || self.skeletons.chosen().is_empty() {
            self.n_misfits = 0;
            *self.skeletons.chosen_mut() = Skeleton::of(text, &mut self.known)?;
        } else if let Some(fields) = like.fields {
            self.skeletons.add_caller(Skeleton::new(text, fields));
        }
        glance.key[IDENTITY] = self.known.identities.principal_number(glance.identity);
        Some(())
    }

    /// The context of a key, if a call had it.
    pub(crate) fn context(&self, key: &Key) -> Option<&Arc<Context>> {
        self.contexts.get(key)
    }

    /// Remembers the context of a call.
    pub(crate) fn hold(&mut self, key: Key, context: &Arc<Context>) {
        self.contexts.insert(key, Arc::clone(context));
    }

    /// The principal that called in a record that was looked at.
    pub(crate) fn principal(&self, glance: &Glance<'_>) -> &Principal {
        self.known.identities.principal(glance.identity)
    }

    /// Who called in a record that was looked at, from an address.
    pub(crate) fn caller(&mut self, glance: &Glance<'_>, address: Option<&str>) -> Caller {
        self.known.identities.caller(glance.identity, address)
    }

    /// Reads all fields, and tells how the record is like the skeleton of its caller, or of any.
    fn fields<'a>(&mut self, text: &'a str, glance: &mut Glance<'a>) -> Option<Likeness> {
        let mut scan = Scan::new(text);
        scan.take(b'{')?;
        let n_same_bytes = self.skeletons.choose(text.as_bytes());
        let mut n_same_bytes = n_same_bytes.saturating_sub(scan.at());
        let mut like = Likeness { n_changes: 0, fields: None };
        // The place of the skeleton's field that is expected next.
        let mut place = 0;
        loop {
            let skeleton = self.skeletons.chosen();
            let first = place;
            for field in &skeleton.fields[first..] {
                // Its counts differ, and what they stand in is read in a way of its own.
                if n_same_bytes < field.n_bytes() || matches!(field.slot, Slot::Additional(_)) {
                    break;
                }
                if field.slot != Slot::Other {
                    let value = scan.ahead(field.before_value, field.value_bytes);
                    glance.put(field.slot, value, &field.numbers);
                }
                like.push(|| Field { start: scan.at(), ..*field });
                scan.advance(field.n_bytes());
                n_same_bytes -= field.n_bytes();
                place += 1;
            }
            if place > first && place == skeleton.fields.len() {
                return scan.is_at_end().then_some(like);
            }
            let start = scan.at();
            let next = skeleton.fields.get(place).copied();
            let next = next.filter(|next| next.before_value <= n_same_bytes);
            let (slot, key_bytes, before) = if let Some(next) = next {
                scan.advance(next.before_value);
                let n_value_bytes = n_same_bytes - next.before_value;
                (next.slot, next.key_bytes, Some((place, Some(n_value_bytes))))
            } else {
                like.n_changes += 1;
                let key = scan.key()?;
                let before = skeleton.place(key, place);
                (Slot::of(key)?, key.len(), before.map(|before| (before, None)))
            };
            place = before.map_or(place, |(before, _)| before + 1);
            scan.peek()?;
            let value_start = scan.at();
            let is_known = self.value(&mut scan, slot, before, glance)?;
            let value_end = scan.at();
            let delimiter = scan.next()?;
            // Where all before it is the same, a skeleton will be found by it.
            if is_known && slot == Slot::Identity && first == 0 && like.n_changes == 0 {
                like.fields = Some(self.skeletons.chosen().fields[..place - 1].to_vec());
            }
            like.push(|| Field {
                slot,
                numbers: glance.numbers(slot),
                start,
                key_bytes,
                before_value: value_start - start,
                value_bytes: value_end - value_start,
                behind_value: scan.at() - value_end,
            });
            match delimiter {
                b',' => {}
                b'}' => return scan.is_at_end().then_some(like),
                _ => return None,
            }
            n_same_bytes = self.skeletons.chosen().n_same_bytes_from(place, scan.rest());
        }
    }

    /// Reads a value, and tells whether it stood there in a record before. `before` is the place of the
    /// skeleton's field with the same key, and how many bytes of its value are the same.
    fn value<'a>(
        &mut self,
        scan: &mut Scan<'a>,
        slot: Slot,
        before: Option<(usize, Option<usize>)>,
        glance: &mut Glance<'a>,
    ) -> Option<bool> {
        let before = before.filter(|_| slot.comes_again());
        if let Some((place, n_bytes)) = before
            && let Some(other) = self.skeletons.chosen().other(place, scan.rest(), n_bytes)
        {
            glance.put(slot, scan.skip(0, other.text.len()), &other.numbers);
            return Some(true);
        }
        let n_known = self.known.len();
        let (value, numbers) = match slot {
            Slot::Additional(_) => (glance.additional(scan, &mut self.known)?, Numbers::default()),
            _ => slot.value(scan, &mut self.known)?,
        };
        // What is new may never come again, such as the session of each call.
        if let Some((place, _)) = before
            && self.known.len() == n_known
        {
            self.skeletons.chosen_mut().remember(place, value, numbers);
        }
        glance.put(slot, value, &numbers);
        Some(false)
    }
}

impl Likeness {
    /// Takes a field of the record, if they are asked for.
    #[inline]
    fn push(&mut self, field: impl FnOnce() -> Field) {
        if let Some(fields) = &mut self.fields {
            fields.push(field());
        }
    }
}

impl Known {
    /// Whether no more should be remembered.
    fn is_full(&self) -> bool {
        self.texts.n_bytes() + self.identities.n_bytes() > MAX_BYTES
    }

    /// How many there are.
    fn len(&self) -> usize {
        self.texts.len() + self.identities.len()
    }
}

impl<'a> Glance<'a> {
    /// At no record yet.
    pub(crate) fn none() -> Self {
        let fields = Fields::none(RECORD);
        Glance { key: [0; _], identity: 0, fields, input_tokens: None, output_tokens: None }
    }

    /// Takes a value, in the place of one of the same key before. What `additionalEventData` gives was
    /// taken when it was read.
    #[inline]
    fn put(&mut self, slot: Slot, value: &'a str, numbers: &Numbers) {
        let index = match slot {
            Slot::Other => return,
            Slot::Part(index) => {
                self.key[usize::from(index)] = numbers[0];
                index
            }
            Slot::Identity => {
                self.identity = numbers[0];
                return self.fields.put(IDENTITY, value);
            }
            Slot::Request(index) => {
                self.key[N_TOP..N_TOP + N_REQUEST].copy_from_slice(numbers);
                index
            }
            Slot::Additional(index) | Slot::Own(index) => index,
        };
        self.fields.put(usize::from(index), value);
    }

    /// The numbers of the value that was taken last for a slot.
    fn numbers(&self, slot: Slot) -> Numbers {
        let mut numbers = Numbers::default();
        match slot {
            Slot::Part(index) => numbers[0] = self.key[usize::from(index)],
            Slot::Identity => numbers[0] = self.identity,
            Slot::Request(_) => numbers.copy_from_slice(&self.key[N_TOP..N_TOP + N_REQUEST]),
            Slot::Additional(_) | Slot::Own(_) | Slot::Other => {}
        }
        numbers
    }

    /// Reads `additionalEventData`: all but the counts makes the context.
    fn additional(&mut self, scan: &mut Scan<'a>, known: &mut Known) -> Option<&'a str> {
        let Known { texts, additional, .. } = known;
        let (value, found) = additional.take(scan, |scan| scan.fields(ADDITIONAL_EVENT_DATA))?;
        for (index, (name, found)) in ADDITIONAL_EVENT_DATA.iter().zip(found).enumerate() {
            match *name {
                "inputTokens" => self.input_tokens = found,
                "outputTokens" => self.output_tokens = found,
                _ => self.key[N_TOP + N_REQUEST + index] = texts.number_of(found)?,
            }
        }
        Some(value)
    }
}

impl Slot {
    /// What a key is for; nothing if it has escapes.
    fn of(key: &str) -> Option<Slot> {
        let name = key.strip_prefix('"')?.strip_suffix('"')?;
        if name.contains('\\') {
            return None;
        }
        let Some(index) = RECORD.iter().position(|known| *known == name) else {
            return Some(Slot::Other);
        };
        let index = u8::try_from(index).ok()?;
        Some(match name {
            "userIdentity" => Slot::Identity,
            "requestParameters" => Slot::Request(index),
            "additionalEventData" => Slot::Additional(index),
            "eventID" | "eventTime" | "requestID" | "addendum" | "sourceIPAddress" => {
                Slot::Own(index)
            }
            _ => Slot::Part(index),
        })
    }

    /// Whether its values are worth remembering. The others are new in each record, or nearly so.
    fn comes_again(self) -> bool {
        matches!(self, Slot::Part(_) | Slot::Identity | Slot::Request(_) | Slot::Other)
    }

    /// Reads a value and numbers what it gives to the context.
    fn value<'a>(self, scan: &mut Scan<'a>, known: &mut Known) -> Option<(&'a str, Numbers)> {
        let mut numbers = Numbers::default();
        let Known { texts, identities, .. } = known;
        let value = match self {
            Slot::Request(_) => {
                let (value, found) = scan.fields(REQUEST_PARAMETERS)?;
                for (number, found) in numbers.iter_mut().zip(found) {
                    *number = texts.number_of(found)?;
                }
                value
            }
            Slot::Identity => {
                let (value, number) = identities.read(scan, texts)?;
                numbers[0] = number;
                value
            }
            Slot::Part(_) => {
                let value = scan.value()?;
                numbers[0] = texts.number_of(Some(value))?;
                value
            }
            Slot::Additional(_) | Slot::Own(_) | Slot::Other => scan.value()?,
        };
        Some((value, numbers))
    }
}
