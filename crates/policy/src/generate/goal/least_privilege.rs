//! An identity-based policy of what a principal has called, and of nothing else.

use std::collections::BTreeSet;

use bedrock::arn::Arn;
use bedrock::denial::PolicyType;

use crate::generate::grants::Grants;
use crate::generate::{
    Expected, GenerateError, Goal, Ground, MatrixCall, Part, Place, Way, policy,
};
use crate::known::KeyState;
use crate::leg::{Call, Certainty, Knowledge, Leg, Legs};
use crate::operation::Operation;
use crate::simulate::Simulation;

/// What a principal has called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PastCall {
    /// The name of the operation.
    pub operation: String,
    /// The model identifier.
    pub model_ref: String,
    /// The source Region.
    pub region: String,
    /// Whether the call carried an API key.
    pub has_api_key: bool,
}

/// Allows what was called.
#[derive(Debug, Clone)]
pub struct LeastPrivilege {
    account: String,
    grants: Grants,
    legs: Vec<Leg>,
    calls: Vec<MatrixCall>,
    n_calls: usize,
    /// Calls that nothing is allowed for, with the reason.
    left_out: BTreeSet<String>,
}

impl LeastPrivilege {
    /// A policy of past calls of an account.
    ///
    /// # Errors
    /// If there is none whose legs are known.
    pub fn new(
        past: &BTreeSet<PastCall>,
        account: &str,
        knowledge: Knowledge<'_>,
    ) -> Result<Self, GenerateError> {
        let (account, grants) = (account.to_owned(), Grants::default());
        let (legs, calls, left_out) = (Vec::new(), Vec::new(), BTreeSet::new());
        let mut found = LeastPrivilege { account, grants, legs, calls, n_calls: 0, left_out };
        for call in past {
            found.add(call, knowledge)?;
        }
        if found.n_calls == 0 {
            let why = found.left_out.iter().cloned().collect::<Vec<_>>().join("; ");
            return Err(GenerateError::goal(format!("no call could be allowed: {why}")));
        }
        Ok(found)
    }

    fn add(&mut self, past: &PastCall, knowledge: Knowledge<'_>) -> Result<(), GenerateError> {
        let PastCall { operation: name, model_ref, region, has_api_key } = past;
        let Some(operation) = Operation::find(name) else {
            self.left_out.insert(format!("{name} is not simulated"));
            return Ok(());
        };
        let has_api_key = *has_api_key;
        let call = Call {
            operation,
            model_ref,
            region,
            account: &self.account,
            has_api_key: Some(has_api_key),
        };
        let found = Legs::of(call, knowledge)?;
        if let Some(missing) = found.missing.filter(|it| Some(it.as_str()) != operation.missing) {
            self.left_out.insert(format!("{model_ref}: {missing}"));
            return Ok(());
        }
        self.n_calls += 1;
        for leg in found.legs {
            self.grants.add(&leg, &[leg.action]);
            self.legs.push(leg);
        }
        let read = knowledge.catalog.read(model_ref);
        let way = match (&read.profile_scope, &read.model) {
            _ if operation.is_mantle() => {
                Some((Way::Mantle, read.model.as_ref().unwrap_or(&read.text)))
            }
            (Some(scope), Some(model)) => Some((Way::Profile(scope.clone()), model)),
            (None, Some(model)) if Arn::parse(&read.text).is_none() => Some((Way::Direct, model)),
            _ => None,
        };
        let (way, model) = way.unwrap_or_else(|| (Way::Own(read.text.clone()), &read.text));
        let (model, region) = (model.clone(), region.clone());
        let is_other_model = false;
        let call = MatrixCall {
            way,
            model,
            is_other_model,
            is_of_catalog: false,
            region,
            operation,
            has_api_key,
        };
        if !self.calls.contains(&call) {
            self.calls.push(call);
        }
        Ok(())
    }

    fn has(&self, leg: &Leg) -> bool {
        let profile = |leg: &Leg| match &leg.inference_profile_arn {
            KeyState::Values(values) => values.first().cloned(),
            _ => None,
        };
        self.legs.iter().any(|known| {
            known.action == leg.action
                && known.resource == leg.resource
                && profile(known) == profile(leg)
        })
    }
}

impl Goal for LeastPrivilege {
    fn name(&self) -> &'static str {
        "bedrock-least-privilege"
    }

    fn sentence(&self) -> String {
        let n = self.n_calls;
        let calls =
            if n == 1 { "the kind of call".to_owned() } else { format!("the {n} kinds of calls") };
        format!("allows {calls} that were logged, and no other")
    }

    fn parts(&self, _ground: &Ground<'_>) -> Result<Vec<Part>, GenerateError> {
        let document = self.grants.document()?;
        Ok(vec![Part::New(policy(self.name(), document), PolicyType::IdentityBased)])
    }

    fn expected(&self, _call: &MatrixCall, place: &Place, before: &Simulation<'_>) -> Expected {
        if place.account != self.account || before.legs.is_empty() {
            return Expected::Unchanged;
        }
        let required = before.legs.iter().filter(|it| it.leg.certainty == Certainty::Required);
        let is_allowed = required.into_iter().all(|it| self.has(&it.leg));
        match (is_allowed, before.legs.iter().all(|it| self.has(&it.leg))) {
            (true, true) => Expected::Allowed,
            (true, false) => Expected::Open,
            (false, _) => Expected::Denied,
        }
    }

    fn calls(&self, _ground: &Ground<'_>) -> Vec<MatrixCall> {
        self.calls.clone()
    }

    fn notes(&self) -> Vec<String> {
        let left_out = self.left_out.iter();
        let mut notes =
            left_out.map(|why| format!("nothing is allowed for a call: {why}")).collect::<Vec<_>>();
        notes.push(
            "what was not called in these days is denied: take enough of them, and no test run alone"
                .to_owned(),
        );
        notes
    }

    fn exemptions(&self) -> Vec<String> {
        let profiles = self.legs.iter().filter_map(|leg| match &leg.inference_profile_arn {
            KeyState::Values(values) => values.first().cloned(),
            _ => None,
        });
        profiles.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn is_of_identity(&self) -> bool {
        true
    }
}
