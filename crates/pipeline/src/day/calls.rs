//! The calls of one day, held small: 64 bytes each, and on disk where they are too many.
//!
//! A call's ids are UUIDs and its token counts fit 32 bits; one that is otherwise is kept whole beside
//! the others. What calls have in common is held once, under a number.

mod distinct;
mod identities;
mod numbered;
mod of_object;
mod order;
mod spill;

use std::io;
use std::sync::Arc;

use bedrock::{Call, CallId, Caller, Context};

pub use distinct::{Distinct, Rules, SortedCalls};
pub use identities::{Identities, Identity};
use numbered::Numbered;
pub use of_object::ObjectCalls;
use spill::Spill;

/// A call with where it was read. The numbers are those of one [`DayCalls`], or of one [`ObjectCalls`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredCall {
    /// When the request completed, in milliseconds since 1970 UTC.
    pub event_time_ms: i64,
    event_id: [u8; 16],
    request_id: [u8; 16],
    /// What it has in common with others.
    pub context: u32,
    /// Who called.
    pub caller: u32,
    /// The object's number.
    pub object: u32,
    /// The call's number in its object.
    pub index: u32,
    /// [`KEPT_WHOLE`] for a call that does not fit.
    input_tokens: u32,
    /// The place among the whole ones for a call that does not fit.
    output_tokens: u32,
}

/// Stands for a count that the log does not have.
const NO_TOKENS: u32 = u32::MAX;
/// Stands in the place of the input tokens of a call that is kept whole.
const KEPT_WHOLE: u32 = u32::MAX - 1;
/// Calls of a day beyond which they are written to disk, a part of them at a time.
const MAX_HELD: usize = 1 << 20;

/// The calls of one day, in the order of arrival.
#[derive(Debug, Default)]
pub struct DayCalls {
    held: Vec<StoredCall>,
    whole: Vec<Call>,
    contexts: Numbered<Arc<Context>>,
    callers: Numbered<Caller>,
    spill: Option<Spill>,
    max_held: Option<usize>,
}

/// What the calls of a day refer to.
#[derive(Debug)]
pub struct References {
    /// Calls that are kept whole.
    whole: Vec<Call>,
    /// What calls have in common, by number.
    pub contexts: Vec<Arc<Context>>,
    /// Who called, by number.
    pub callers: Vec<Caller>,
}

impl DayCalls {
    /// The same with another bound on what is held in memory, in calls.
    #[must_use]
    pub fn holding(max_held: usize) -> Self {
        DayCalls { max_held: Some(max_held), ..DayCalls::default() }
    }

    /// Begins with another object, whose calls are added next.
    pub fn begin_object(&mut self, calls: &ObjectCalls) {
        self.contexts.begin_object(calls.contexts.len());
        self.callers.begin_object(calls.callers.len());
    }

    /// Adds a call of the object that was begun last, which has this number.
    ///
    /// # Errors
    /// If the calls are too many to be held and cannot be written to a temporary file.
    pub fn add(&mut self, calls: &ObjectCalls, call: &StoredCall, object: u32) -> io::Result<()> {
        let mut stored = StoredCall {
            context: self.contexts.number_of(&calls.contexts, call.context),
            caller: self.callers.number_of(&calls.callers, call.caller),
            object,
            ..*call
        };
        if let Some(call) = calls.kept_whole(call) {
            stored.output_tokens = u32::try_from(self.whole.len()).unwrap_or(u32::MAX);
            self.whole.push(call.clone());
        }
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
}

impl StoredCall {
    /// The length on disk.
    const BYTES: usize = 64;

    /// What a call says itself, without numbers. One that has to be kept whole says that, and when it was.
    fn of(call: &Call) -> Self {
        let stored = StoredCall {
            event_time_ms: call.event_time_ms,
            event_id: [0; 16],
            request_id: [0; 16],
            context: 0,
            caller: 0,
            object: 0,
            index: 0,
            input_tokens: KEPT_WHOLE,
            output_tokens: 0,
        };
        let packed = || {
            let Call { event_id: CallId::Uuid(event_id), original_event_id: None, .. } = call
            else {
                return None;
            };
            let Some(CallId::Uuid(request_id)) = call.request_id else { return None };
            let input_tokens = packed_tokens(call.input_tokens)?;
            let output_tokens = packed_tokens(call.output_tokens)?;
            let event_id = *event_id;
            Some(StoredCall { event_id, request_id, input_tokens, output_tokens, ..stored })
        };
        packed().unwrap_or(stored)
    }

    fn kept_whole<'w>(&self, whole: &'w [Call]) -> Option<&'w Call> {
        (self.input_tokens == KEPT_WHOLE).then(|| &whole[self.output_tokens as usize])
    }

    /// What makes two records the same call.
    fn identity(&self, whole: &[Call]) -> Identity {
        match self.kept_whole(whole) {
            Some(call) => Identity::of(call.identity()),
            None => Identity::of(&CallId::Uuid(self.event_id)),
        }
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
            self.caller,
            self.object,
            self.index,
            self.input_tokens,
            self.output_tokens,
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
            caller: number(44),
            object: number(48),
            index: number(52),
            input_tokens: number(56),
            output_tokens: number(60),
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
        Some(tokens) => u32::try_from(tokens).ok().filter(|tokens| *tokens < KEPT_WHOLE),
    }
}

fn unpacked_tokens(tokens: u32) -> Option<i64> {
    (tokens != NO_TOKENS).then(|| i64::from(tokens))
}

#[cfg(test)]
impl DayCalls {
    /// Adds a call as if its object had only that.
    fn add_one(&mut self, call: Call, object: u32, index: u32) -> io::Result<()> {
        let calls = ObjectCalls::new(vec![call]);
        self.begin_object(&calls);
        calls.iter().try_for_each(|call| self.add(&calls, &StoredCall { index, ..*call }, object))
    }
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
            caller: Caller::default(),
            context: Arc::new(Context::default()),
        }
    }

    #[test]
    fn every_call_comes_back_as_it_was() {
        let uuid = "11111111-2222-4333-8444-555566667777";
        let none = Call { request_id: None, ..call(uuid, Some(7)) };
        let addendum = Call { original_event_id: Some(CallId::new("e")), ..call(uuid, None) };
        let greatest = i64::from(u32::MAX);
        let tokens = [0, 7, -1, greatest - 2, greatest - 1, greatest, i64::MAX].map(Some);
        let mut calls = tokens.map(|tokens| call(uuid, tokens)).to_vec();
        let from = |address: &str| {
            let caller = Caller::new(None, None, Some(address));
            Call { caller, ..call(uuid, None) }
        };
        let odd = Call { request_id: None, ..from("2001:db8::1") };
        calls.extend([call(uuid, None), from("192.0.2.1"), from("2001:db8::1"), odd]);
        let by = |session: &str| {
            let caller = Caller::new(Some("arn"), Some(session), None);
            Call { caller, ..call(uuid, None) }
        };
        calls.extend([by("s"), by("t"), by("s")]);
        calls.extend([from("192.0.2.1"), none, addendum, call("no uuid", Some(1))]);
        let mut day = DayCalls::default();
        // Of two objects, the second of which has what the first has, and more.
        for calls in [&calls[..9], &calls] {
            let calls = ObjectCalls::new(calls.to_vec());
            day.begin_object(&calls);
            calls.iter().for_each(|call| day.add(&calls, call, 3).unwrap());
        }
        let calls = [&calls[..9], &calls].concat();
        let DayCalls { held, whole, contexts, callers, .. } = day;
        let (contexts, callers) = (contexts.into_all(), callers.into_all());
        assert_eq!((whole.len(), contexts.len()), (4 + 8, 1), "few are kept whole, contexts once");
        assert_eq!(callers.len(), 5, "each is held once, and that there is none");
        let references = References { whole, contexts, callers };
        for (stored, call) in held.iter().zip(&calls) {
            let read = StoredCall::from_bytes(&stored.to_bytes());
            assert_eq!(read, *stored);
            assert_eq!(references.ids(&read), (call.event_id.clone(), call.request_id.clone()));
            assert_eq!(references.tokens(&read), (call.input_tokens, call.output_tokens));
            assert_eq!(references.callers[read.caller as usize], call.caller);
            assert_eq!(read.identity(&references.whole), Identity::of(call.identity()));
            assert_eq!((read.event_time_ms, read.context, read.object), (call.event_time_ms, 0, 3));
        }
        assert_eq!(size_of::<StoredCall>(), 64);
    }
}
