//! What many calls have in common, held in one piece: a trail has a context for every dozen calls or so,
//! and a memory block for each of its texts would take most of the time that a call takes.

use std::fmt;
use std::hash::{Hash, Hasher};

/// How many texts there are.
const TEXTS: usize = 12;

/// What many calls have in common, as logged. [`Context::said`] has all of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Context {
    /// One text behind the other, in the order of [`Said::texts`].
    text: Box<str>,
    /// Where each one ends.
    ends: [u32; TEXTS],
    /// A bit for each that is there.
    is_there: u16,
    api_key: Option<bool>,
}

/// What a context says. All texts are as CloudTrail writes them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Said<'a> {
    /// The account that the event was delivered to, twelve digits.
    pub account_id: Option<&'a str>,
    /// Where the request was sent.
    pub source_region: Option<&'a str>,
    /// Where it ran, if the record says so: absent when it stayed home and when it failed.
    pub logged_inference_region: Option<&'a str>,
    /// `Converse`, `InvokeModel`, ...
    pub event_name: &'a str,
    /// The model reference as the caller sent it.
    pub model_ref: Option<&'a str>,
    /// Who called: `AssumedRole`, `IAMUser`, `AWSService`, ...
    pub principal_type: Option<&'a str>,
    /// The role or user without its session.
    pub principal_name: Option<&'a str>,
    /// Whether the call carried a bearer token (a Bedrock API key), if the record says so.
    pub api_key: Option<bool>,
    /// The caller's user agent.
    pub user_agent: Option<&'a str>,
    /// The VPC endpoint that the request came through.
    pub vpc_endpoint_id: Option<&'a str>,
    /// The error code; absent on success.
    pub error_code: Option<&'a str>,
    /// The error message.
    pub error_message: Option<&'a str>,
    /// The service tier.
    pub service_tier: Option<&'a str>,
}

impl<'a> Said<'a> {
    /// All texts, in the order of the accessors of [`Context`]. A field that is added must be taken apart
    /// here.
    fn texts(&self) -> [Option<&'a str>; TEXTS] {
        let Said {
            account_id,
            source_region,
            logged_inference_region,
            event_name,
            model_ref,
            principal_type,
            principal_name,
            api_key: _,
            user_agent,
            vpc_endpoint_id,
            error_code,
            error_message,
            service_tier,
        } = *self;
        [
            account_id,
            source_region,
            logged_inference_region,
            Some(event_name),
            model_ref,
            principal_type,
            principal_name,
            user_agent,
            vpc_endpoint_id,
            error_code,
            error_message,
            service_tier,
        ]
    }
}

impl Context {
    /// Holds what is said.
    ///
    /// # Panics
    /// If it is 4 GiB long.
    pub fn new(said: &Said<'_>) -> Self {
        let texts = said.texts();
        let mut text = String::with_capacity(texts.iter().flatten().map(|text| text.len()).sum());
        let (mut ends, mut is_there) = ([0; TEXTS], 0);
        for (index, (found, end)) in texts.into_iter().zip(&mut ends).enumerate() {
            text.push_str(found.unwrap_or_default());
            *end = u32::try_from(text.len()).expect("a record is no longer than 64 MiB");
            is_there |= u16::from(found.is_some()) << index;
        }
        Context { text: text.into(), ends, is_there, api_key: said.api_key }
    }

    /// What it says.
    pub fn said(&self) -> Said<'_> {
        Said {
            account_id: self.account_id(),
            source_region: self.source_region(),
            logged_inference_region: self.logged_inference_region(),
            event_name: self.event_name(),
            model_ref: self.model_ref(),
            principal_type: self.principal_type(),
            principal_name: self.principal_name(),
            api_key: self.api_key,
            user_agent: self.user_agent(),
            vpc_endpoint_id: self.vpc_endpoint_id(),
            error_code: self.error_code(),
            error_message: self.error_message(),
            service_tier: self.service_tier(),
        }
    }

    fn text(&self, index: usize) -> Option<&str> {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        let is_there = self.is_there >> index & 1 == 1;
        is_there.then(|| &self.text[start as usize..self.ends[index] as usize])
    }

    /// [`Said::account_id`].
    pub fn account_id(&self) -> Option<&str> {
        self.text(0)
    }

    /// [`Said::source_region`].
    pub fn source_region(&self) -> Option<&str> {
        self.text(1)
    }

    /// [`Said::logged_inference_region`].
    pub fn logged_inference_region(&self) -> Option<&str> {
        self.text(2)
    }

    /// [`Said::event_name`].
    pub fn event_name(&self) -> &str {
        self.text(3).unwrap_or_default()
    }

    /// [`Said::model_ref`].
    pub fn model_ref(&self) -> Option<&str> {
        self.text(4)
    }

    /// [`Said::principal_type`].
    pub fn principal_type(&self) -> Option<&str> {
        self.text(5)
    }

    /// [`Said::principal_name`].
    pub fn principal_name(&self) -> Option<&str> {
        self.text(6)
    }

    /// [`Said::api_key`].
    pub fn api_key(&self) -> Option<bool> {
        self.api_key
    }

    /// [`Said::user_agent`].
    pub fn user_agent(&self) -> Option<&str> {
        self.text(7)
    }

    /// [`Said::vpc_endpoint_id`].
    pub fn vpc_endpoint_id(&self) -> Option<&str> {
        self.text(8)
    }

    /// [`Said::error_code`].
    pub fn error_code(&self) -> Option<&str> {
        self.text(9)
    }

    /// [`Said::error_message`].
    pub fn error_message(&self) -> Option<&str> {
        self.text(10)
    }

    /// [`Said::service_tier`].
    pub fn service_tier(&self) -> Option<&str> {
        self.text(11)
    }
}

impl Default for Context {
    fn default() -> Self {
        Context::new(&Said::default())
    }
}

/// The texts tell contexts apart nearly always, and equality does in any case.
impl Hash for Context {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.said().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No two fields say the same, and none says nothing.
    const ALL: Said<'_> = Said {
        account_id: Some("a"),
        source_region: Some("r"),
        logged_inference_region: Some("l"),
        event_name: "Converse",
        model_ref: Some("m"),
        principal_type: Some("kind"),
        principal_name: Some("é"),
        api_key: Some(true),
        user_agent: Some("agent"),
        vpc_endpoint_id: Some("v"),
        error_code: Some("c"),
        error_message: Some("e"),
        service_tier: Some("t"),
    };

    #[test]
    fn what_was_said_comes_back() {
        let absent = Said { event_name: "x", ..Said::default() };
        let empty = Said { model_ref: Some(""), service_tier: Some(""), ..absent };
        let some = Said { model_ref: None, error_code: None, ..ALL };
        for said in [ALL, absent, empty, some, Said::default()] {
            assert_eq!(Context::new(&said).said(), said);
        }
    }

    #[test]
    fn the_same_letters_may_say_something_else() {
        let all = Context::new(&ALL);
        for other in [
            Said { account_id: Some("ar"), source_region: Some(""), ..ALL },
            Said { account_id: None, source_region: Some("ar"), ..ALL },
            Said { error_message: Some("et"), service_tier: None, ..ALL },
            Said { error_message: Some("et"), service_tier: Some(""), ..ALL },
            Said { api_key: None, ..ALL },
        ] {
            assert_ne!(Context::new(&other), all);
        }
    }
}
