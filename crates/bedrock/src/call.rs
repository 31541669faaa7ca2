//! One Bedrock inference call: the one fact that everything counts.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use crate::caller::Caller;
use crate::context::Context;
use crate::uuid;

/// An event or request id. The usual UUID takes 16 bytes; anything else is kept as text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum CallId {
    /// A UUID in lower case with hyphens.
    Uuid([u8; 16]),
    /// Any other text.
    Text(Box<str>),
}

/// One inference call as logged. What only this call has stands here; what many calls share stands
/// in the [`Context`].
///
/// There is no field for prompts or completions, nor for anything else out of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// When the request completed, in milliseconds since 1970 UTC.
    pub event_time_ms: i64,
    /// CloudTrail's `eventID`.
    pub event_id: CallId,
    /// `addendum.originalEventID`: the event that this record delivers again, amended.
    pub original_event_id: Option<CallId>,
    /// CloudTrail's `requestID`, the key to the model invocation log.
    pub request_id: Option<CallId>,
    /// Input tokens as CloudTrail counts them; cache reads and writes are not in it.
    pub input_tokens: Option<i64>,
    /// Output tokens as CloudTrail counts them.
    pub output_tokens: Option<i64>,
    /// The caller's ARN, session and address.
    pub caller: Caller,
    /// Everything else.
    pub context: Arc<Context>,
}

impl CallId {
    /// Packs an id.
    pub fn new(text: &str) -> Self {
        match uuid::bytes(text) {
            Some(bytes) => CallId::Uuid(bytes),
            None => CallId::Text(text.into()),
        }
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallId::Text(text) => f.write_str(text),
            CallId::Uuid(bytes) => {
                f.write_str(str::from_utf8(&uuid::text(bytes)).map_err(|_| fmt::Error)?)
            }
        }
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
        self.original_event_id.as_ref().unwrap_or(&self.event_id)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_are_packed_only_where_the_text_comes_back() {
        let uuid = "a1e5cace-56ad-37b9-be9d-d52d0f29a6a1";
        assert!(matches!(CallId::new(uuid), CallId::Uuid(_)));
        for text in ["", "EXAMPLE", "A1E5CACE-56AD-37B9-BE9D-D52D0F29A6A1", &uuid[1..]] {
            assert!(matches!(CallId::new(text), CallId::Text(_)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn ids_come_back(bytes: [u8; 16], text in "\\PC{0,40}|[0-9a-f-]{36}") {
            prop_assert_eq!(CallId::new(&text).to_string(), text.clone());
            let uuid = CallId::Uuid(bytes);
            prop_assert_eq!(CallId::new(&uuid.to_string()), uuid.clone());
            let texts = uuid.to_string().cmp(&text);
            prop_assert_eq!(uuid.cmp(&CallId::new(&text)), texts);
        }
    }
}
