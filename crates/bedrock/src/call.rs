//! One Bedrock inference call, and the texts that calls share.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Deref, Index, IndexMut};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::cost::{Certainty, Counts, Latency, Said, UnitCounts};
use crate::interner::{Interner, InternerFull, TextId};
use crate::part::Part;

/// An event or request id. The usual UUID takes 16 bytes; anything else is kept as text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum CallId {
    /// A UUID in lower case with hyphens.
    Uuid([u8; 16]),
    /// Any other text.
    Text(Box<str>),
}

/// The length of a UUID as text.
pub const UUID_BYTES: usize = 36;

/// What an event of Bedrock's is to the tables.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum EventKind {
    /// An inference call.
    #[default]
    Call,
    /// A network activity event that tells of a refusal by the policy of a VPC endpoint. It is no call: the
    /// call has an event of its own, or none.
    Refusal,
    /// Any other event, which is counted by name.
    Other,
    /// A batch inference job was created. It has a row of its own, and is counted by name as well.
    BatchJob,
}

/// One inference call as logged, or another event of Bedrock's, of which less is read.
///
/// There is no field for prompts or completions, nor for anything else out of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Whether it is a call.
    pub kind: EventKind,
    /// When the request completed, in milliseconds since 1970 UTC.
    pub event_time_ms: i64,
    /// CloudTrail's `eventID`; of a call that only an invocation log has, [`CallId::of_entry`].
    pub event_id: CallId,
    /// `addendum.originalEventID`: the event that this record delivers again, amended.
    pub original_event_id: Option<Box<CallId>>,
    /// CloudTrail's `requestID`, the key to the model invocation log.
    pub request_id: Option<CallId>,
    /// Input tokens as CloudTrail counts them; cache reads and writes are not in it.
    pub input_tokens: Option<i64>,
    /// Output tokens as CloudTrail counts them.
    pub output_tokens: Option<i64>,
    /// How sure the record is of [`Attribute::ServiceTier`].
    pub tier_certainty: Option<Certainty>,
    /// The latency that was asked for or served.
    pub latency: Option<Said<Latency>>,
    /// What an invocation log counts, if the call was read from one; `None` if it was read from CloudTrail.
    pub logged: Option<Box<Logged>>,
    /// Whether the request names a guardrail, which is billed on its own.
    pub has_guardrail: bool,
    /// Everything that other calls may share, in the [`Texts`] that come with the call.
    pub attributes: Attributes,
}

/// What an entry of an invocation log counts, or several entries of one request. `U` holds the counts of other units.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logged<U = Box<UnitCounts>> {
    /// Tokens.
    pub counts: Counts,
    /// Other units than text tokens.
    pub units: Option<U>,
    /// How long the call took, in milliseconds.
    pub latency_ms: Option<i64>,
    /// How long it took until the first byte of a streamed answer, in milliseconds.
    pub first_byte_ms: Option<i64>,
}

impl<U: Deref<Target = UnitCounts> + From<UnitCounts>> Logged<U> {
    /// Whether anything that is billed was counted, or may have been.
    pub fn is_any(&self) -> bool {
        self.counts.is_any() || self.units.is_some()
    }

    /// Adds what another entry of the same request counts and this one does not.
    pub fn complete(&mut self, other: Self) {
        self.counts = self.counts.or(&other.counts);
        self.units = match (self.units.take(), other.units) {
            (Some(mine), Some(others)) if *mine != *others => Some(mine.or(&others).into()),
            (mine, others) => mine.or(others),
        };
        self.latency_ms = self.latency_ms.or(other.latency_ms);
        self.first_byte_ms = self.first_byte_ms.or(other.first_byte_ms);
    }
}

/// Which log a call was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallSource {
    /// CloudTrail.
    CloudTrail,
    /// A model invocation log.
    InvocationLog,
}

/// What calls share: texts as logged, an empty one counting as none.
///
/// To add one: a variant here, in [`Attribute::ALL`], and perhaps in [`Attribute::rarely_repeats`];
/// `logs::record` reads it, a column of `tables` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Attribute {
    /// The account that the event was delivered to, twelve digits (`recipientAccountId`).
    AccountId,
    /// Where the request was sent (`awsRegion`).
    SourceRegion,
    /// Where it ran, if the record says so (`additionalEventData.inferenceRegion`): absent if it ran in the
    /// source Region, and if it failed.
    InferenceRegion,
    /// `Converse`, `InvokeModel`, …
    EventName,
    /// The model reference as the caller sent it.
    ModelRef,
    /// Who called: `AssumedRole`, `IAMUser`, `AWSService`, …
    PrincipalType,
    /// The caller's ARN: of the session for an assumed role.
    PrincipalArn,
    /// The role or user without its session.
    PrincipalName,
    /// The session's name, where there is one.
    SessionName,
    /// Whether the call carried a bearer token (a Bedrock API key): `true`, `false`.
    ApiKey,
    /// The caller's address, or the name of an AWS service (`sourceIPAddress`).
    SourceIp,
    /// The caller's user agent.
    UserAgent,
    /// The VPC endpoint that the request came through.
    VpcEndpointId,
    /// The error code; absent on success.
    ErrorCode,
    /// The error message.
    ErrorMessage,
    /// The service tier.
    ServiceTier,
    /// The event source; only of events that are counted by name.
    EventSource,
    /// `Management`, `Data`, or `NetworkActivity`; only of events with an error code.
    EventCategory,
    /// Where it ran as the invocation log says (`inferenceRegion`), if CloudTrail does not.
    LogInferenceRegion,
    /// The model that a prompt router or a prompt invoked, as the invocation log says.
    InvokedModel,
    /// The ARN of a batch inference job; only of events that create one (`responseElements.jobArn`).
    JobArn,
    /// The name that its creator gave to the job.
    JobName,
    /// What is said of the caller beside its names, as [`part`](crate::part) writes it: all sessions of a role
    /// have the same, as a rule.
    Caller,
    /// What is said of the connection, as [`part`](crate::part) writes it.
    Connection,
    /// What the invocation log has of the request metadata that was asked for, as [`pairs`](crate::pairs) are
    /// written. No record of CloudTrail has it.
    RequestMetadata,
}

const N_ATTRIBUTES: usize = Attribute::ALL.len();

impl Attribute {
    /// Every attribute, in the order of the variants.
    pub const ALL: [Attribute; 25] = [
        Attribute::AccountId,
        Attribute::SourceRegion,
        Attribute::InferenceRegion,
        Attribute::EventName,
        Attribute::ModelRef,
        Attribute::PrincipalType,
        Attribute::PrincipalArn,
        Attribute::PrincipalName,
        Attribute::SessionName,
        Attribute::ApiKey,
        Attribute::SourceIp,
        Attribute::UserAgent,
        Attribute::VpcEndpointId,
        Attribute::ErrorCode,
        Attribute::ErrorMessage,
        Attribute::ServiceTier,
        Attribute::EventSource,
        Attribute::EventCategory,
        Attribute::LogInferenceRegion,
        Attribute::InvokedModel,
        Attribute::JobArn,
        Attribute::JobName,
        Attribute::Caller,
        Attribute::Connection,
        Attribute::RequestMetadata,
    ];

    /// Whether most calls may have a value of their own, such as a session for each request, and nothing is grouped
    /// by them. Such texts are appended, not interned.
    pub fn rarely_repeats(self) -> bool {
        matches!(self, Attribute::PrincipalArn | Attribute::SourceIp)
    }

    /// Whether its texts hold several values.
    fn is_of_several(self) -> bool {
        matches!(self, Attribute::Caller | Attribute::Connection | Attribute::RequestMetadata)
    }
}

/// The attributes of one call: for each the id of its text, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Attributes([Option<TextId>; N_ATTRIBUTES]);

impl Index<Attribute> for Attributes {
    type Output = Option<TextId>;
    fn index(&self, attribute: Attribute) -> &Self::Output {
        &self.0[attribute as usize]
    }
}

impl IndexMut<Attribute> for Attributes {
    fn index_mut(&mut self, attribute: Attribute) -> &mut Self::Output {
        &mut self.0[attribute as usize]
    }
}

/// The texts that the attributes of some calls refer to, by attribute.
#[derive(Debug, Clone, Default)]
pub struct Texts([Interner; N_ATTRIBUTES]);

impl Index<Attribute> for Texts {
    type Output = Interner;
    fn index(&self, attribute: Attribute) -> &Interner {
        &self.0[attribute as usize]
    }
}

impl IndexMut<Attribute> for Texts {
    fn index_mut(&mut self, attribute: Attribute) -> &mut Interner {
        &mut self.0[attribute as usize]
    }
}

/// How much of a text of a call is kept. A `modelId` has at most 2,048 characters (`InvokeModelIdentifier` in
/// the Bedrock API reference), but CloudTrail logs the one that was sent; it cuts error messages itself, at
/// 1 KB (CloudTrail user guide, "CloudTrail record contents").
pub const MAX_TEXT_CHARS: usize = 2048;

/// The first [`MAX_TEXT_CHARS`] characters of a text.
pub fn cut(text: &str) -> &str {
    // Nearly all texts are shorter in bytes already.
    if text.len() <= MAX_TEXT_CHARS {
        return text;
    }
    text.char_indices().nth(MAX_TEXT_CHARS).map_or(text, |(end, _)| &text[..end])
}

impl Texts {
    /// The text of one attribute of a call.
    ///
    /// # Panics
    /// If the attributes refer to other texts.
    #[inline]
    pub fn get(&self, attributes: &Attributes, attribute: Attribute) -> Option<&str> {
        attributes[attribute].map(|id| self[attribute].get(id))
    }

    /// One of the values that an attribute of a call holds.
    ///
    /// # Panics
    /// As [`Texts::get`].
    pub fn part(&self, attributes: &Attributes, part: Part) -> Option<&str> {
        part.of_text(self.get(attributes, part.attribute())?)
    }

    /// Interns a text of an attribute, [`cut`] if it is too long. Of those that hold several values, each is cut by
    /// itself.
    ///
    /// # Errors
    /// If there are too many texts.
    pub fn intern(
        &mut self,
        attribute: Attribute,
        text: Option<&str>,
    ) -> Result<Option<TextId>, InternerFull> {
        let kept = |text| if attribute.is_of_several() { text } else { cut(text) };
        text.map(|text| self[attribute].intern(kept(text))).transpose()
    }

    /// Interns a text and sets the attribute to it; an empty text counts as none.
    ///
    /// # Errors
    /// If there are too many texts.
    pub fn set(
        &mut self,
        attributes: &mut Attributes,
        attribute: Attribute,
        text: Option<&str>,
    ) -> Result<(), InternerFull> {
        attributes[attribute] = self.intern(attribute, text.filter(|text| !text.is_empty()))?;
        Ok(())
    }

    /// The length of all texts, in bytes.
    pub fn text_bytes(&self) -> usize {
        self.0.iter().map(Interner::text_bytes).sum()
    }
}

/// Calls with the texts that their attributes refer to.
#[derive(Debug, Clone, Default)]
pub struct Calls {
    /// The calls.
    pub rows: Vec<Call>,
    /// Events that are no calls.
    pub others: Vec<Call>,
    /// What the attributes of both refer to.
    pub texts: Texts,
}

impl CallId {
    /// Packs an id.
    pub fn new(text: &str) -> Self {
        let is_lower_case = || !text.bytes().any(|byte| byte.is_ascii_uppercase());
        match Uuid::try_parse_ascii(text.as_bytes()) {
            Ok(uuid) if text.len() == UUID_BYTES && is_lower_case() => {
                CallId::Uuid(uuid.into_bytes())
            }
            _ => CallId::Text(text.into()),
        }
    }

    /// What makes two entries of invocation logs the same call: one request of an account in a Region.
    pub fn of_entry(account_id: Option<&str>, region: Option<&str>, request_id: &str) -> Self {
        let [account_id, region] = [account_id, region].map(Option::unwrap_or_default);
        CallId::Text([account_id, "/", region, "/", request_id].concat().into())
    }

    /// The id as text, which is written to `buffer` if it is a UUID.
    pub fn as_text<'t>(&'t self, buffer: &'t mut [u8; UUID_BYTES]) -> &'t str {
        match self {
            CallId::Text(text) => text,
            CallId::Uuid(bytes) => Uuid::from_bytes(*bytes).hyphenated().encode_lower(buffer),
        }
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_text(&mut [0; UUID_BYTES]))
    }
}

/// The order of the texts: that of a packed UUID's bytes is the same.
impl Ord for CallId {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (CallId::Uuid(mine), CallId::Uuid(others)) => mine.cmp(others),
            (CallId::Text(mine), CallId::Text(others)) => mine.cmp(others),
            (mine, others) => mine.to_string().cmp(&others.to_string()),
        }
    }
}

impl PartialOrd for CallId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Call {
    /// What makes two records the same call: the id of the event that was first delivered.
    pub fn identity(&self) -> &CallId {
        self.original_event_id.as_deref().unwrap_or(&self.event_id)
    }

    /// Which log it was read from.
    pub fn source(&self) -> CallSource {
        match self.logged {
            None => CallSource::CloudTrail,
            Some(_) => CallSource::InvocationLog,
        }
    }
}

impl CallSource {
    /// The values of the column `call_source`, in the order of the variants.
    pub const NAMES: &[&str] = &["cloudtrail", "invocation_log"];
}
