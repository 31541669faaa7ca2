//! What an identity-based policy has to allow: the legs of calls, as few statements as tell them apart.

use std::collections::{BTreeMap, BTreeSet};

use bedrock::arn::Arn;
use bedrock::denial::PolicyType;

use super::draft::{PROFILE_KEY, document, object, statement, text, texts};
use crate::document::Document;
use crate::known::KeyState;
use crate::leg::Leg;
use crate::problem::Problem;

/// Resources, by the profile that has to be called for them, and by the actions that are allowed on them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Grants {
    actions: BTreeMap<(Option<String>, String), BTreeSet<String>>,
}

impl Grants {
    /// Allows a leg, with other actions beside its own.
    pub(crate) fn add(&mut self, leg: &Leg, actions: &[&str]) {
        let profile = match &leg.inference_profile_arn {
            KeyState::Values(values) => values.first().cloned(),
            _ => None,
        };
        let resource = match Arn::parse(&leg.resource).filter(|_| profile.is_some()) {
            // The profile says which calls are meant, and AWS where they run, which `*` follows.
            Some(arn) => format!("arn:{}:{}:*::{}", arn.partition, arn.service, arn.resource),
            None => leg.resource.clone(),
        };
        let all = self.actions.entry((profile, resource)).or_default();
        all.extend(actions.iter().map(|action| (*action).to_owned()));
    }

    /// The policy: a statement for each profile and each set of actions.
    ///
    /// # Errors
    /// If it cannot be read back.
    pub(crate) fn document(&self) -> Result<Document, Problem> {
        let mut groups = BTreeMap::<(Option<&String>, &BTreeSet<String>), Vec<&String>>::new();
        for ((profile, resource), actions) in &self.actions {
            groups.entry((profile.as_ref(), actions)).or_default().push(resource);
        }
        let mut n_of = BTreeMap::<&str, usize>::new();
        let statements = groups.into_iter().map(|((profile, actions), resources)| {
            let name = match profile {
                Some(_) => "ModelsThroughProfile",
                None if resources.iter().all(|it| it.contains("inference-profile/")) => "Profiles",
                None if resources == ["*"] => "ApiKeys",
                None => "Models",
            };
            let n = n_of.entry(name).or_default();
            *n += 1;
            let sid = if *n == 1 { name.to_owned() } else { format!("{name}{n}") };
            let (actions, resources) = (texts(actions), texts(resources));
            match profile {
                None => statement(&sid, "Allow", [("Action", actions), ("Resource", resources)]),
                Some(arn) => {
                    let condition = object([("ArnLike", object([(PROFILE_KEY, text(arn))]))]);
                    let elements =
                        [("Action", actions), ("Resource", resources), ("Condition", condition)];
                    statement(&sid, "Allow", elements)
                }
            }
        });
        document(statements.collect(), PolicyType::IdentityBased)
    }
}
