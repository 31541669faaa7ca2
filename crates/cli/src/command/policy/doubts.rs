//! What of the calls may be a slip: models, profiles, and condition keys that are not known. Each is named once.

use std::collections::BTreeSet;

use bedrock::catalog::Lookup;
use bedrock::{Knowledge, TargetType};

use super::calls::AskedCall;
use crate::messages::Messages;
use crate::region::did_you_mean;

/// More are not named: a file of calls can have any number.
const MAX_WARNINGS: usize = 20;

/// Looks at calls as they come.
pub(super) struct Doubts<'a> {
    knowledge: &'a Knowledge,
    messages: &'a Messages,
    /// References with their Regions, and keys, that were looked at.
    seen: BTreeSet<(String, String)>,
    n_warnings: usize,
}

impl<'a> Doubts<'a> {
    pub(super) fn new(knowledge: &'a Knowledge, messages: &'a Messages) -> Self {
        Doubts { knowledge, messages, seen: BTreeSet::new(), n_warnings: 0 }
    }

    /// Names what is not known of a call.
    pub(super) fn look_at(&mut self, call: &AskedCall) {
        for (key, _) in &call.given {
            if self.is_new(key, "")
                && let Some(meant) = policy::key::meant(key)
            {
                let meant = did_you_mean(&meant);
                self.warn(&format!("`{key}` is no condition key that is known{meant}"));
            }
        }
        if self.is_new(&call.model_ref, &call.region)
            && let Some(doubt) = self.of_reference(&call.model_ref, &call.region)
        {
            self.warn(&doubt);
        }
    }

    fn is_new(&mut self, text: &str, region: &str) -> bool {
        let known = (text.to_owned(), region.to_owned());
        !self.seen.contains(&known) && self.seen.insert(known)
    }

    fn warn(&mut self, message: &str) {
        match self.n_warnings {
            0..MAX_WARNINGS => self.messages.warn(message),
            MAX_WARNINGS => self.messages.warn("further warnings of this kind are left out"),
            _ => {}
        }
        self.n_warnings += 1;
    }

    fn of_reference(&self, model_ref: &str, region: &str) -> Option<String> {
        let catalog = &self.knowledge.catalog;
        let read = catalog.read(model_ref);
        let id = read.profile_id.as_deref().filter(|_| read.target_type.is_system_profile());
        if let Some(id) = id {
            return match catalog.profile(id) {
                None => {
                    let meant = did_you_mean(&catalog.meant(model_ref));
                    Some(format!(
                        "the catalog has no profile `{model_ref}`: it may send calls to every Region of its \
                         partition{meant}"
                    ))
                }
                Some(by_source) if !by_source.contains_key(region) => Some(format!(
                    "the catalog does not have {region} as a source Region of `{model_ref}`: it may send calls to \
                     every Region of its partition"
                )),
                Some(_) => None,
            };
        }
        let is_unknown_model = read.target_type == TargetType::FoundationModel
            && read.model.as_deref().is_some_and(|it| matches!(catalog.model(it), Lookup::Unknown));
        let meant = did_you_mean(&catalog.meant(model_ref));
        (is_unknown_model || !meant.is_empty()).then(|| {
            format!(
                "the catalog has no model `{model_ref}`: whether there is one is not known{meant}"
            )
        })
    }
}
