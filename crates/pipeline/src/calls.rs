//! The calls of one day, held small: 72 bytes each, and on disk where they are too many.
//!
//! A call's ids are UUIDs and its token counts fit 32 bits; one that is otherwise is kept whole beside
//! the others. What calls have in common is held once, under a number. The caller's address is held apart
//! from it: a fifth of all calls may have one of their own, and there would be as many contexts.

mod distinct;
mod spill;

use std::hash::Hash;
use std::sync::Arc;

use bedrock::{Call, CallId, Context};
use rustc_hash::FxHashMap;

pub use distinct::{Distinct, Identities, Rules, SortedCalls};
use spill::Spill;

/// A call with where it was read. The numbers are those of one [`DayCalls`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredCall {
    /// When the request completed, in milliseconds since 1970 UTC.
    pub event_time_ms: i64,
    event_id: [u8; 16],
    request_id: [u8; 16],
    /// What it has in common with others.
    pub context: u32,
    /// The object's number.
    pub object: u32,
    /// The call's number in its object.
    pub index: u32,
    input_tokens: u32,
    output_tokens: u32,
    /// The number of the caller's address; [`NO_ADDRESS`] if there is none.
    address: u32,
    /// The place of a call that does not fit among the whole ones; [`FITS`] for all others.
    whole: u32,
}

/// Stands for a count that the log does not have.
const NO_TOKENS: u32 = u32::MAX;
/// Stands for an address that the log does not have.
const NO_ADDRESS: u32 = u32::MAX;
/// Stands for a call that is not kept whole.
const FITS: u32 = u32::MAX;
/// Calls of a day beyond which they are written to disk, a part of them at a time.
const MAX_HELD: usize = 1 << 20;

/// The calls of one day, in the order of arrival.
#[derive(Debug, Default)]
pub struct DayCalls {
    held: Vec<StoredCall>,
    whole: Vec<Call>,
    contexts: Vec<Arc<Context>>,
    numbers: FxHashMap<Arc<Context>, u32>,
    addresses: Vec<Arc<str>>,
    address_numbers: FxHashMap<Arc<str>, u32>,
    /// The contexts of the object that is being added, by where they lie: an object holds each of its
    /// contexts once, so that few are compared by their texts.
    of_object: FxHashMap<usize, (u32, u32)>,
    spill: Option<Spill>,
    max_held: Option<usize>,
}

/// What the calls of a day refer to.
#[derive(Debug)]
pub struct References {
    /// Calls that are kept whole.
    whole: Vec<Call>,
    /// What calls have in common, by number, without the caller's address.
    pub contexts: Vec<Arc<Context>>,
    addresses: Vec<Arc<str>>,
}

impl DayCalls {
    /// The same with another bound on what is held in memory, in calls.
    #[must_use]
    pub fn holding(max_held: usize) -> Self {
        DayCalls { max_held: Some(max_held), ..DayCalls::default() }
    }

    /// Begins with another object: addresses of contexts are those of one object only.
    pub fn begin_object(&mut self) {
        self.of_object.clear();
    }

    /// Adds a call of the object that was begun last. `object` and `index` are its number and the call's
    /// number in it.
    ///
    /// # Errors
    /// If the calls are too many to be held and cannot be written to a temporary file.
    pub fn add(&mut self, call: &Call, object: u32, index: u32) -> std::io::Result<()> {
        let (context, address) = self.numbers_of(&call.context);
        let place = StoredCall { context, address, object, index, ..StoredCall::nowhere(call) };
        let stored = place.pack(call).unwrap_or_else(|| {
            let whole = u32::try_from(self.whole.len()).unwrap_or(FITS - 1);
            self.whole.push(call.clone());
            StoredCall { whole, ..place }
        });
        self.held.push(stored);
        if self.held.len() >= self.max_held.unwrap_or(MAX_HELD) {
            let spill = match &mut self.spill {
                Some(spill) => spill,
                None => self.spill.insert(Spill::begin()?),
            };
            spill.write(&self.held, &self.whole)?;
            self.held.clear();
        }
        Ok(())
    }

    /// The numbers of a context and of its address.
    fn numbers_of(&mut self, context: &Arc<Context>) -> (u32, u32) {
        let place = Arc::as_ptr(context).addr();
        if let Some(numbers) = self.of_object.get(&place) {
            return *numbers;
        }
        let mut own = Context::clone(context);
        let address = own.source_ip.take().map_or(NO_ADDRESS, |address| {
            numbered(Arc::from(address), &mut self.addresses, &mut self.address_numbers)
        });
        let numbers = (numbered(Arc::new(own), &mut self.contexts, &mut self.numbers), address);
        self.of_object.insert(place, numbers);
        numbers
    }
}

/// The number of a thing, which is the next one if it is new.
fn numbered<T: ?Sized + Eq + Hash>(
    thing: Arc<T>,
    things: &mut Vec<Arc<T>>,
    numbers: &mut FxHashMap<Arc<T>, u32>,
) -> u32 {
    let next = u32::try_from(things.len()).unwrap_or(u32::MAX);
    *numbers.entry(thing).or_insert_with_key(|thing| {
        things.push(Arc::clone(thing));
        next
    })
}

impl StoredCall {
    /// The length on disk.
    const BYTES: usize = 68;

    /// The same with what the call itself has; `None` if that has to be kept whole.
    fn pack(self, call: &Call) -> Option<Self> {
        let Call { event_id: CallId::Uuid(event_id), original_event_id: None, .. } = call else {
            return None;
        };
        let Some(CallId::Uuid(request_id)) = call.request_id else { return None };
        Some(StoredCall {
            event_id: *event_id,
            request_id,
            input_tokens: packed_tokens(call.input_tokens)?,
            output_tokens: packed_tokens(call.output_tokens)?,
            ..self
        })
    }

    /// A call without anything but its time.
    fn nowhere(call: &Call) -> Self {
        StoredCall {
            event_time_ms: call.event_time_ms,
            event_id: [0; 16],
            request_id: [0; 16],
            context: 0,
            object: 0,
            index: 0,
            input_tokens: NO_TOKENS,
            output_tokens: NO_TOKENS,
            address: NO_ADDRESS,
            whole: FITS,
        }
    }

    fn kept_whole<'w>(&self, whole: &'w [Call]) -> Option<&'w Call> {
        (self.whole != FITS).then(|| &whole[self.whole as usize])
    }

    /// What makes two records the same call.
    fn identity(&self, whole: &[Call]) -> CallId {
        let call = self.kept_whole(whole);
        call.map_or(CallId::Uuid(self.event_id), |call| call.identity().clone())
    }

    fn event_id(&self, whole: &[Call]) -> CallId {
        let call = self.kept_whole(whole);
        call.map_or(CallId::Uuid(self.event_id), |call| call.event_id.clone())
    }

    fn is_addendum(&self, whole: &[Call]) -> bool {
        self.kept_whole(whole).is_some_and(|call| call.original_event_id.is_some())
    }

    fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..8].copy_from_slice(&self.event_time_ms.to_le_bytes());
        bytes[8..24].copy_from_slice(&self.event_id);
        bytes[24..40].copy_from_slice(&self.request_id);
        let numbers = [
            self.context,
            self.object,
            self.index,
            self.input_tokens,
            self.output_tokens,
            self.address,
            self.whole,
        ];
        for (place, number) in bytes[40..].chunks_exact_mut(4).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let number = |at: usize| {
            let mut number = [0; 4];
            number.copy_from_slice(&bytes[at..at + 4]);
            u32::from_le_bytes(number)
        };
        let id = |at: usize| {
            let mut id = [0; 16];
            id.copy_from_slice(&bytes[at..at + 16]);
            id
        };
        let mut time = [0; 8];
        time.copy_from_slice(&bytes[..8]);
        StoredCall {
            event_time_ms: i64::from_le_bytes(time),
            event_id: id(8),
            request_id: id(24),
            context: number(40),
            object: number(44),
            index: number(48),
            input_tokens: number(52),
            output_tokens: number(56),
            address: number(60),
            whole: number(64),
        }
    }
}

impl References {
    /// The ids of a call: of the event and of the request.
    pub fn ids(&self, stored: &StoredCall) -> (CallId, Option<CallId>) {
        match stored.kept_whole(&self.whole) {
            Some(call) => (call.event_id.clone(), call.request_id.clone()),
            None => (CallId::Uuid(stored.event_id), Some(CallId::Uuid(stored.request_id))),
        }
    }

    /// The address of a call's caller.
    pub fn source_ip(&self, stored: &StoredCall) -> Option<Arc<str>> {
        self.addresses.get(stored.address as usize).cloned()
    }

    /// The tokens of a call as CloudTrail counts them: of the input and of the output.
    pub fn tokens(&self, stored: &StoredCall) -> (Option<i64>, Option<i64>) {
        match stored.kept_whole(&self.whole) {
            Some(call) => (call.input_tokens, call.output_tokens),
            None => (unpacked_tokens(stored.input_tokens), unpacked_tokens(stored.output_tokens)),
        }
    }
}

/// `None` for a count that needs more than 32 bits.
fn packed_tokens(tokens: Option<i64>) -> Option<u32> {
    match tokens {
        None => Some(NO_TOKENS),
        Some(tokens) => u32::try_from(tokens).ok().filter(|tokens| *tokens != NO_TOKENS),
    }
}

fn unpacked_tokens(tokens: u32) -> Option<i64> {
    (tokens != NO_TOKENS).then(|| i64::from(tokens))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(event_id: &str, input_tokens: Option<i64>) -> Call {
        Call {
            event_time_ms: 1_790_000_000_123,
            event_id: CallId::new(event_id),
            original_event_id: None,
            request_id: Some(CallId::new("0a1b2c3d-0000-4000-8000-0123456789ab")),
            input_tokens,
            output_tokens: None,
            context: Arc::new(Context::default()),
        }
    }

    #[test]
    fn every_call_comes_back_as_it_was() {
        let uuid = "11111111-2222-4333-8444-555566667777";
        let none = Call { request_id: None, ..call(uuid, Some(7)) };
        let addendum = Call { original_event_id: Some(CallId::new("e")), ..call(uuid, None) };
        let tokens = [None, Some(0), Some(7), Some(-1), Some(i64::from(u32::MAX)), Some(i64::MAX)];
        let mut calls = tokens.map(|tokens| call(uuid, tokens)).to_vec();
        calls.extend([none, addendum, call("no uuid", Some(1))]);
        let mut day = DayCalls::default();
        for (index, call) in (0u32..).zip(&calls) {
            day.add(call, 3, index).unwrap();
        }
        let DayCalls { held, whole, contexts, addresses, .. } = day;
        assert_eq!((whole.len(), contexts.len()), (6, 1), "few are kept whole, contexts once");
        let references = References { whole, contexts, addresses };
        for (stored, call) in held.iter().zip(&calls) {
            let read = StoredCall::from_bytes(&stored.to_bytes());
            assert_eq!(read, *stored);
            assert_eq!(references.ids(&read), (call.event_id.clone(), call.request_id.clone()));
            assert_eq!(references.tokens(&read), (call.input_tokens, call.output_tokens));
            assert_eq!(read.identity(&references.whole), *call.identity());
            assert_eq!((read.event_time_ms, read.context, read.object), (call.event_time_ms, 0, 3));
        }
        assert_eq!(size_of::<StoredCall>(), 72);
    }
}
