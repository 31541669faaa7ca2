//! Calls of a day on disk, in parts by what makes them the same call: each part can be deduplicated and
//! sorted on its own, and is small enough to be held.

use std::collections::HashMap;
use std::io;
use std::num::NonZeroU32;

use bedrock::cost::{Certainty, Latency, Said};
use bedrock::{
    Attribute, Attributes, Call, CallId, EventKind, InternerFull, Logged, TextId, Texts,
};
use serde::{Deserialize, Serialize};

use super::DayCall;
use super::entries::Request;
use super::identities::Identity;
use super::order::{SortKey, Sorted};
use crate::day::temporary::{TemporaryReader, TemporaryWriter};

/// Into how many parts the calls are divided. With ten million calls a part takes about 40 MB.
const PARTS: u128 = 64;

/// The calls that went to disk.
#[derive(Debug)]
pub(super) struct Spill {
    parts: Vec<TemporaryWriter>,
}

/// Sorted calls in a temporary file.
#[derive(Debug)]
pub(super) struct Run(TemporaryReader);

/// A part, in memory again: its calls as they were serialized.
#[derive(Debug, Default)]
struct Part {
    bytes: Vec<u8>,
    /// Where each call ends.
    ends: Vec<usize>,
    keys: Vec<SortKey>,
}

/// A call as it is serialized. What decides its order comes first, for [`Run::advance`].
#[derive(Serialize, Deserialize)]
struct SpilledCall<'a> {
    event_time_ms: i64,
    #[serde(borrow)]
    event_id: SpilledId<'a>,
    original_event_id: Option<SpilledId<'a>>,
    request_id: Option<SpilledId<'a>>,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    tier_certainty: Option<Certainty>,
    latency: Option<Said<Latency>>,
    logged: Option<Logged>,
    has_guardrail: bool,
    object: u32,
    index: u32,
    is_beside: bool,
    kind: EventKind,
    attributes: [SpilledText<'a>; Attribute::ALL.len()],
}

#[derive(Serialize, Deserialize)]
enum SpilledId<'a> {
    Uuid([u8; 16]),
    Text(&'a str),
}

#[derive(Serialize, Deserialize)]
enum SpilledText<'a> {
    None,
    /// A text that stayed in memory, by its id.
    Kept(NonZeroU32),
    Text(&'a str),
}

impl Spill {
    /// Makes the files.
    pub(super) fn begin() -> io::Result<Self> {
        let parts = (0..PARTS).map(|_| TemporaryWriter::begin()).collect::<io::Result<_>>()?;
        Ok(Spill { parts })
    }

    /// Writes calls, each to the part of its identity. `kept` says how many texts of each attribute stay
    /// in memory.
    pub(super) fn write(
        &mut self,
        calls: &[DayCall],
        texts: &Texts,
        kept: &[usize; Attribute::ALL.len()],
    ) -> io::Result<()> {
        for call in calls {
            let part = Identity::of(call.call.identity()).part(PARTS);
            self.parts[part].write(&SpilledCall::new(call, texts, kept))?;
        }
        Ok(())
    }

    /// Sorts each part as `sort` does, which gives the calls that are left in their order, and writes
    /// it to a file of its own. `texts` are those that stayed in memory.
    pub(super) fn into_runs(
        self,
        texts: &mut Texts,
        mut sort: impl FnMut(Vec<SortKey>) -> Sorted,
    ) -> io::Result<Vec<Run>> {
        let mut runs = Vec::new();
        for part in self.parts {
            let mut part = Part::read(part.read()?)?;
            let mut run = TemporaryWriter::begin()?;
            let Sorted { order, requests } = sort(std::mem::take(&mut part.keys));
            let completed = part.completed(&requests, texts)?;
            for key in order {
                match completed.get(&key.position) {
                    Some(call) => run.write_serialized(call)?,
                    None => run.write_serialized(part.call(key.position as usize))?,
                }
            }
            runs.push(Run(run.read()?));
        }
        Ok(runs)
    }
}

impl Part {
    fn read(mut calls: TemporaryReader) -> io::Result<Self> {
        let mut part = Part::default();
        while let Some(bytes) = calls.next_serialized()? {
            let call = postcard::from_bytes::<SpilledCall<'_>>(bytes).map_err(io::Error::other)?;
            let position = u32::try_from(part.keys.len()).map_err(io::Error::other)?;
            let SpilledCall { event_time_ms, object, index, is_beside, .. } = call;
            let original = call.original_event_id.map(SpilledId::id);
            let event_id = call.event_id.id();
            part.keys.push(SortKey {
                event_time_ms,
                identity: Identity::of(original.as_ref().unwrap_or(&event_id)),
                is_addendum: original.is_some(),
                event_id,
                kind: call.kind,
                counts_any: call.logged.as_ref().map(Logged::is_any),
                is_beside,
                object,
                index,
                position,
            });
            part.bytes.extend_from_slice(bytes);
            part.ends.push(part.bytes.len());
        }
        Ok(part)
    }

    /// The calls that several entries tell of, by their positions, as they are serialized.
    fn completed(
        &self,
        requests: &[Request],
        texts: &mut Texts,
    ) -> io::Result<HashMap<u32, Vec<u8>>> {
        let kept = Attribute::ALL.map(|attribute| texts[attribute].len());
        let mut completed = HashMap::new();
        for request in requests {
            let call = request.completed(|position| {
                let call = postcard::from_bytes::<SpilledCall<'_>>(self.call(position as usize));
                call.map_err(io::Error::other)?.call(texts).map_err(io::Error::other)
            })?;
            let bytes = postcard::to_stdvec(&SpilledCall::new(&call, texts, &kept));
            completed.insert(request.kept, bytes.map_err(io::Error::other)?);
            for (attribute, len) in Attribute::ALL.into_iter().zip(kept) {
                texts[attribute].truncate(len);
            }
        }
        Ok(completed)
    }

    fn call(&self, position: usize) -> &[u8] {
        let start = position.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[position]]
    }
}

impl Run {
    /// Goes back to before the first call.
    pub(super) fn restart(&mut self) -> io::Result<()> {
        self.0.restart()
    }

    /// Goes to the next call, and gives what decides its order.
    pub(super) fn advance(&mut self) -> io::Result<Option<(i64, CallId)>> {
        let Some(bytes) = self.0.next_serialized()? else { return Ok(None) };
        let (key, _) =
            postcard::take_from_bytes::<(i64, SpilledId<'_>)>(bytes).map_err(io::Error::other)?;
        Ok(Some((key.0, key.1.id())))
    }

    /// The call that it is at, whose texts are added to `texts`, behind those that stayed in memory.
    pub(super) fn take(&self, texts: &mut Texts) -> io::Result<DayCall> {
        let call = postcard::from_bytes::<SpilledCall<'_>>(self.0.serialized());
        call.map_err(io::Error::other)?.call(texts).map_err(io::Error::other)
    }
}

impl<'a> SpilledCall<'a> {
    fn new(call: &'a DayCall, texts: &'a Texts, kept: &[usize; Attribute::ALL.len()]) -> Self {
        let DayCall { call, object, index, is_beside } = call;
        SpilledCall {
            event_time_ms: call.event_time_ms,
            event_id: SpilledId::of(&call.event_id),
            original_event_id: call.original_event_id.as_deref().map(SpilledId::of),
            request_id: call.request_id.as_ref().map(SpilledId::of),
            input_tokens: call.input_tokens,
            output_tokens: call.output_tokens,
            tier_certainty: call.tier_certainty,
            latency: call.latency,
            logged: call.logged.as_deref().cloned(),
            has_guardrail: call.has_guardrail,
            object: *object,
            index: *index,
            is_beside: *is_beside,
            kind: call.kind,
            attributes: Attribute::ALL.map(|attribute| match call.attributes[attribute] {
                None => SpilledText::None,
                Some(id) if id.index() < kept[attribute as usize] => SpilledText::Kept(id.number()),
                Some(id) => SpilledText::Text(texts[attribute].get(id)),
            }),
        }
    }

    fn call(self, texts: &mut Texts) -> Result<DayCall, InternerFull> {
        let mut call = Call {
            kind: self.kind,
            event_time_ms: self.event_time_ms,
            event_id: self.event_id.id(),
            original_event_id: self.original_event_id.map(|id| Box::new(id.id())),
            request_id: self.request_id.map(SpilledId::id),
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            tier_certainty: self.tier_certainty,
            latency: self.latency,
            logged: self.logged.map(Box::new),
            has_guardrail: self.has_guardrail,
            attributes: Attributes::default(),
        };
        for (attribute, text) in Attribute::ALL.into_iter().zip(self.attributes) {
            call.attributes[attribute] = match text {
                SpilledText::None => None,
                SpilledText::Kept(number) => Some(TextId::of_number(number)),
                SpilledText::Text(text) if attribute.rarely_repeats() => {
                    Some(texts[attribute].append(text)?)
                }
                SpilledText::Text(text) => Some(texts[attribute].intern(text)?),
            };
        }
        let SpilledCall { object, index, is_beside, .. } = self;
        Ok(DayCall { call, object, index, is_beside })
    }
}

impl<'a> SpilledId<'a> {
    fn of(id: &'a CallId) -> Self {
        match id {
            CallId::Uuid(bytes) => SpilledId::Uuid(*bytes),
            CallId::Text(text) => SpilledId::Text(text),
        }
    }

    fn id(self) -> CallId {
        match self {
            SpilledId::Uuid(bytes) => CallId::Uuid(bytes),
            SpilledId::Text(text) => CallId::Text(text.into()),
        }
    }
}
