//! What the records before said, so that what stands in a record again is not taken apart again.
//!
//! Most calls of an object differ from one before in a time, two ids and some counts; all else is the
//! same byte for byte, in the same order. So that a record is laid against one that was read before, the
//! [`Skeleton`]: where the bytes are the same, so are the fields. Where they differ, the value is
//! compared with what stood there in other records, and scanned strictly if it is new. Of who called and of
//! the counts, which are new most of the time, only what is unlike an object before is scanned ([`mold`]).
//!
//! **What it promises.** A [`Glance`] at a record is had only if the record is JSON, and then its raw
//! values are those that [`Fields`](crate::field::Fields) gives.
//! The values that make a context are known by number: same numbers, same bytes, same context. What is
//! not plain (escapes in a key, no object where there should be one, values too long to be remembered)
//! gives none, which is no verdict: such a record has to be read in full.

mod identities;
mod mold;
mod skeleton;
mod texts;

use std::sync::Arc;

use bedrock::{Caller, Context};
use rustc_hash::FxHashMap;

use crate::field::Fields;
use crate::record::{ADDITIONAL_EVENT_DATA, IDENTITY, RECORD, REQUEST_PARAMETERS};
use crate::scan::Scan;
use identities::{Identities, Principal};
use mold::Molds;
use skeleton::Skeleton;
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

/// The records of one object, as far as they are remembered.
#[derive(Debug, Default)]
pub(crate) struct Recall {
    skeleton: Skeleton,
    /// How many records in a row were not like it.
    n_misfits: usize,
    known: Known,
    contexts: FxHashMap<Key, Arc<Context>>,
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
        let n_changes = self.fields(text, glance)?;
        self.n_misfits = if n_changes > MAX_CHANGES { self.n_misfits + 1 } else { 0 };
        if self.n_misfits >= MAX_MISFITS || self.skeleton.is_empty() {
            self.n_misfits = 0;
            self.skeleton = Skeleton::of(text, &mut self.known)?;
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

    /// Reads all fields, and gives the number of those whose keys are not the skeleton's.
    fn fields<'a>(&mut self, text: &'a str, glance: &mut Glance<'a>) -> Option<usize> {
        let mut scan = Scan::new(text);
        scan.take(b'{')?;
        let mut n_changes = 0;
        // The place of the skeleton's field that is expected next.
        let mut place = 0;
        loop {
            let alike = self.skeleton.lay(place, scan.rest());
            for field in &self.skeleton.fields[place..place + alike.n_fields] {
                let value = scan.skip(field.before_value, field.value_bytes);
                glance.put(field.slot, value, &field.numbers);
                scan.skip(field.behind_value, 0);
            }
            place += alike.n_fields;
            if alike.n_fields > 0 && place == self.skeleton.fields.len() {
                return scan.is_at_end().then_some(n_changes);
            }
            if let Some(n_bytes) = alike.n_value_bytes {
                let field = &self.skeleton.fields[place];
                let slot = field.slot;
                scan.skip(field.before_value, 0);
                self.value(&mut scan, slot, Some((place, Some(n_bytes))), glance)?;
                place += 1;
            } else {
                n_changes += 1;
                let key = scan.key()?;
                let found = self.skeleton.place(key, place);
                self.value(&mut scan, Slot::of(key)?, found.map(|found| (found, None)), glance)?;
                place = found.map_or(place, |found| found + 1);
            }
            match scan.next()? {
                b',' => {}
                b'}' => return scan.is_at_end().then_some(n_changes),
                _ => return None,
            }
        }
    }

    /// Reads a value. `like` is the place of the skeleton's field with the same key, and how many bytes of
    /// its value are the same.
    fn value<'a>(
        &mut self,
        scan: &mut Scan<'a>,
        slot: Slot,
        like: Option<(usize, Option<usize>)>,
        glance: &mut Glance<'a>,
    ) -> Option<()> {
        scan.peek()?;
        let like = like.filter(|_| slot.comes_again());
        if let Some((place, n_bytes)) = like
            && let Some(other) = self.skeleton.other(place, scan.rest(), n_bytes)
        {
            glance.put(slot, scan.skip(0, other.text.len()), &other.numbers);
            return Some(());
        }
        let n_known = self.known.len();
        let (value, numbers) = match slot {
            Slot::Additional(_) => (glance.additional(scan, &mut self.known)?, Numbers::default()),
            _ => slot.value(scan, &mut self.known)?,
        };
        // What is new may never come again, such as the session of each call.
        if let Some((place, _)) = like
            && self.known.len() == n_known
        {
            self.skeleton.remember(place, value, numbers);
        }
        glance.put(slot, value, &numbers);
        Some(())
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
