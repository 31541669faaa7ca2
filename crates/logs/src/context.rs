//! What many calls share, held once for all calls of an object, and for the objects after it.
//!
//! The texts of a record are compared as they stand in it. Only those that no call before had are copied.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::hash::BuildHasher;
use std::sync::Arc;

use bedrock::{Context, Said};
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::recall::Recall;

/// So many contexts are held for the objects to come at most, which is some megabytes.
const MAX_HELD: usize = 4096;

/// The contexts of calls, each held once: of one object, and of those before that were read with the same.
#[derive(Debug, Default)]
pub struct Contexts {
    pub(crate) known: Known,
    /// The same by what makes them, where that is remembered.
    pub(crate) recall: Recall,
}

/// The contexts by the hash of what they say. Two with one hash are a freak, and the second is not held
/// then.
#[derive(Debug, Default)]
pub(crate) struct Known(FxHashMap<u64, Arc<Context>>);

/// A context as it stands in a record.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) account_id: Text<'a>,
    pub(crate) source_region: Text<'a>,
    pub(crate) logged_inference_region: Text<'a>,
    pub(crate) event_name: &'a str,
    pub(crate) model_ref: Text<'a>,
    pub(crate) principal_type: Option<&'a str>,
    pub(crate) principal_name: Option<&'a str>,
    pub(crate) api_key: Option<bool>,
    pub(crate) user_agent: Text<'a>,
    pub(crate) vpc_endpoint_id: Text<'a>,
    pub(crate) error_code: Text<'a>,
    pub(crate) error_message: Text<'a>,
    pub(crate) service_tier: Text<'a>,
}

pub(crate) type Text<'a> = Option<Cow<'a, str>>;

impl Contexts {
    /// Begins with another object. What was held for those before stays, if it is not too much.
    pub(crate) fn begin_object(&mut self) {
        if self.known.0.len() > MAX_HELD {
            *self = Contexts::default();
        }
    }
}

impl Known {
    /// The context that says the same.
    pub(crate) fn hold(&mut self, draft: &Draft<'_>) -> Arc<Context> {
        let said = draft.said();
        let context = || Arc::new(Context::new(&said));
        match self.0.entry(FxBuildHasher.hash_one(said)) {
            Entry::Occupied(known) if known.get().said() == said => Arc::clone(known.get()),
            Entry::Occupied(_) => context(),
            Entry::Vacant(place) => Arc::clone(place.insert(context())),
        }
    }
}

impl Draft<'_> {
    fn said(&self) -> Said<'_> {
        Said {
            account_id: self.account_id.as_deref(),
            source_region: self.source_region.as_deref(),
            logged_inference_region: self.logged_inference_region.as_deref(),
            event_name: self.event_name,
            model_ref: self.model_ref.as_deref(),
            principal_type: self.principal_type,
            principal_name: self.principal_name,
            api_key: self.api_key,
            user_agent: self.user_agent.as_deref(),
            vpc_endpoint_id: self.vpc_endpoint_id.as_deref(),
            error_code: self.error_code.as_deref(),
            error_message: self.error_message.as_deref(),
            service_tier: self.service_tier.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(
        service_tier: &str,
        user_agent: Option<&str>,
        api_key: Option<bool>,
    ) -> Draft<'static> {
        let text = |text: &str| Some(Cow::Owned(text.to_owned()));
        Draft {
            account_id: text("a"),
            source_region: text("r"),
            logged_inference_region: text("l"),
            event_name: "Converse",
            model_ref: text("m"),
            principal_type: Some("k"),
            principal_name: Some("n"),
            api_key,
            user_agent: user_agent.and_then(text),
            vpc_endpoint_id: text("v"),
            error_code: text("c"),
            error_message: text("e"),
            service_tier: text(service_tier),
        }
    }

    #[test]
    fn the_same_is_held_once() {
        let mut contexts = Known::default();
        let first = contexts.hold(&draft("t", Some("agent"), None));
        assert!(Arc::ptr_eq(&first, &contexts.hold(&draft("t", Some("agent"), None))));
        for other in [
            draft("t", None, None),
            draft("t", Some("agent"), Some(false)),
            draft("ta", Some("gent"), None),
        ] {
            assert_ne!(first, contexts.hold(&other));
        }
    }

    #[test]
    fn too_many_are_forgotten() {
        let mut contexts = Contexts::default();
        for number in 0..=MAX_HELD {
            contexts.begin_object();
            contexts.known.hold(&draft(&number.to_string(), None, None));
        }
        assert_eq!(contexts.known.0.len(), MAX_HELD + 1);
        contexts.begin_object();
        assert_eq!(contexts.known.0.len(), 0);
    }
}
