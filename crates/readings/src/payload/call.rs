//! A call, packed.

use std::borrow::Cow;

use bedrock::cost::{Certainty, Latency, Said};
use bedrock::{Attribute, Attributes, Call, CallId, EventKind, Logged, TextId, Texts};
use serde::{Deserialize, Serialize};

use super::{Packer, PayloadError, Unpacker, length};

/// A call as it is packed, with its place in its object.
#[derive(Serialize, Deserialize)]
struct PackedCall<'a> {
    place: u32,
    kind: EventKind,
    event_time_ms: i64,
    #[serde(borrow)]
    event_id: PackedId<'a>,
    original_event_id: Option<PackedId<'a>>,
    request_id: Option<PackedId<'a>>,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    tier_certainty: Option<Certainty>,
    latency: Option<Said<Latency>>,
    logged: Option<Cow<'a, Logged>>,
    has_guardrail: bool,
    /// The numbers of its texts; 0 is none.
    attributes: [u32; Attribute::ALL.len()],
}

/// An ID as it is packed.
#[derive(Serialize, Deserialize)]
pub(super) enum PackedId<'a> {
    Uuid([u8; 16]),
    Text(&'a str),
}

impl<'a> PackedCall<'a> {
    fn new(call: &'a Call, place: u32) -> Self {
        let Call {
            kind,
            event_time_ms,
            event_id,
            original_event_id,
            request_id,
            input_tokens,
            output_tokens,
            tier_certainty,
            latency,
            logged,
            has_guardrail,
            attributes,
        } = call;
        PackedCall {
            place,
            kind: *kind,
            event_time_ms: *event_time_ms,
            event_id: PackedId::of(event_id),
            original_event_id: original_event_id.as_deref().map(PackedId::of),
            request_id: request_id.as_ref().map(PackedId::of),
            input_tokens: *input_tokens,
            output_tokens: *output_tokens,
            tier_certainty: *tier_certainty,
            latency: *latency,
            logged: logged.as_deref().map(Cow::Borrowed),
            has_guardrail: *has_guardrail,
            attributes: Attribute::ALL
                .map(|attribute| attributes[attribute].map_or(0, |id| id.number().get())),
        }
    }

    /// The call, and its place.
    fn call(self, texts: &Texts) -> Result<(Call, u32), PayloadError> {
        let mut attributes = Attributes::default();
        for (attribute, number) in Attribute::ALL.into_iter().zip(self.attributes) {
            let Some(index) = (number as usize).checked_sub(1) else { continue };
            let id = TextId::at(index).filter(|_| index < texts[attribute].len());
            let id = id.ok_or(PayloadError::Wrong("a call refers to a text that is not there"))?;
            attributes[attribute] = Some(id);
        }
        let call = Call {
            kind: self.kind,
            event_time_ms: self.event_time_ms,
            event_id: self.event_id.id(),
            original_event_id: self.original_event_id.map(|id| Box::new(id.id())),
            request_id: self.request_id.map(PackedId::id),
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            tier_certainty: self.tier_certainty,
            latency: self.latency,
            logged: self.logged.map(|logged| Box::new(logged.into_owned())),
            has_guardrail: self.has_guardrail,
            attributes,
        };
        Ok((call, self.place))
    }
}

impl<'a> PackedId<'a> {
    pub(super) fn of(id: &'a CallId) -> Self {
        match id {
            CallId::Uuid(bytes) => PackedId::Uuid(*bytes),
            CallId::Text(text) => PackedId::Text(text),
        }
    }

    pub(super) fn id(self) -> CallId {
        match self {
            PackedId::Uuid(bytes) => CallId::Uuid(bytes),
            PackedId::Text(text) => CallId::Text(text.into()),
        }
    }
}

impl Packer {
    /// Packs calls with their places.
    pub(super) fn put_calls(&mut self, calls: &[Call], places: &[u32]) -> postcard::Result<()> {
        self.put(&length(calls.len()))?;
        for (call, place) in calls.iter().zip(places) {
            self.put(&PackedCall::new(call, *place))?;
        }
        Ok(())
    }

    /// Packs the texts that they refer to.
    pub(super) fn put_texts(&mut self, texts: &Texts) -> postcard::Result<()> {
        for attribute in Attribute::ALL {
            self.put(&length(texts[attribute].len()))?;
            for text in texts[attribute].iter() {
                self.put(text)?;
            }
        }
        Ok(())
    }
}

impl Unpacker<'_> {
    /// Unpacks calls, and their places.
    pub(super) fn take_calls(
        &mut self,
        texts: &Texts,
    ) -> Result<(Vec<Call>, Vec<u32>), PayloadError> {
        let calls = self.take_all(|this| this.take::<PackedCall<'_>>()?.call(texts))?;
        Ok(calls.into_iter().unzip())
    }

    /// Unpacks texts, each of which is there once.
    pub(super) fn take_texts(&mut self) -> Result<Texts, PayloadError> {
        let mut texts = Texts::default();
        for attribute in Attribute::ALL {
            for _ in 0..self.take::<u32>()? {
                let added = texts[attribute].append(self.take()?);
                added.map_err(|_| PayloadError::Wrong("it has more texts than a row may have"))?;
            }
        }
        Ok(texts)
    }
}
