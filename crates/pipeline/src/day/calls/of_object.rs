//! The calls of one object, packed by the worker that read them: there they are in its cache, and what
//! they have in common is counted up and down by one thread only.

use std::sync::Arc;

use bedrock::{Call, Caller, Context};
use rustc_hash::FxHashMap;

use super::{KEPT_WHOLE, StoredCall};

/// The calls of one object, in its order.
#[derive(Debug, Default)]
pub struct ObjectCalls {
    /// The numbers of contexts and callers are places in the lists here, and so is that of a call which
    /// is kept whole. The object has no number yet.
    calls: Vec<StoredCall>,
    whole: Vec<Call>,
    pub(super) contexts: Vec<Arc<Context>>,
    pub(super) callers: Vec<Caller>,
}

/// Things of one object by where they lie: it holds nearly each of its things once, so that none is
/// compared by its texts.
struct Places<T> {
    all: Vec<T>,
    numbers: FxHashMap<usize, u32>,
}

impl ObjectCalls {
    /// Packs the calls of an object.
    pub fn new(calls: Vec<Call>) -> Self {
        let mut whole = Vec::new();
        let (mut contexts, mut callers) = (Places::new(), Places::new());
        let pack = |(index, call): (u32, Call)| {
            let context = contexts.number_of(&call.context, Arc::as_ptr(&call.context).addr());
            let caller = callers.number_of(&call.caller, call.caller.place());
            let stored = StoredCall { context, caller, index, ..StoredCall::of(&call) };
            if stored.input_tokens != KEPT_WHOLE {
                return stored;
            }
            let output_tokens = u32::try_from(whole.len()).unwrap_or(u32::MAX);
            whole.push(call);
            StoredCall { output_tokens, ..stored }
        };
        let calls = (0..).zip(calls).map(pack).collect();
        ObjectCalls { calls, whole, contexts: contexts.all, callers: callers.all }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// The calls.
    pub fn iter(&self) -> impl Iterator<Item = &StoredCall> {
        self.calls.iter()
    }

    /// A call of these that is kept whole.
    pub(super) fn kept_whole(&self, call: &StoredCall) -> Option<&Call> {
        call.kept_whole(&self.whole)
    }
}

impl<T: Clone> Places<T> {
    fn new() -> Self {
        Places { all: Vec::new(), numbers: FxHashMap::default() }
    }

    /// The number of a thing that lies at a place.
    fn number_of(&mut self, thing: &T, place: usize) -> u32 {
        let all = &mut self.all;
        *self.numbers.entry(place).or_insert_with(|| {
            all.push(thing.clone());
            u32::try_from(all.len() - 1).unwrap_or(u32::MAX)
        })
    }
}
