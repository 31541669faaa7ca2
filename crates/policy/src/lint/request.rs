//! A single request that a statement applies to, made from the statement itself.

use std::collections::{BTreeMap, BTreeSet};

use bedrock::arn::Arn;
use bedrock::denial::UNSPECIFIED_REGION;

use super::Proof;
use super::part::Part;
use super::subject::{Repaired, Subject};
use super::trial::{ACCOUNT, differ, ordinary_state};
use super::value::{candidates, concrete, placeholder_value, preferred, with_variables};
use crate::document::{Request, Statement};
use crate::evaluate::Verdict;
use crate::known::{Context, KeyState, Truth};
use crate::split::Levels;

const MODEL: &str = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0";

/// Actions that are tried first.
const ACTIONS: [&str; 7] = [
    "bedrock:InvokeModel",
    "bedrock-mantle:CreateInference",
    "bedrock:InvokeModelWithResponseStream",
    "bedrock:CallWithBearerToken",
    "ec2:RunInstances",
    "dynamodb:GetItem",
    "iam:CreateRole",
];

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) action: String,
    pub(super) resource: String,
    /// By their names in lower case.
    pub(super) keys: BTreeMap<String, KeyState>,
}

impl Asked {
    fn context(&self) -> Context {
        let mut context = Context::default();
        for (key, state) in &self.keys {
            context.set(key, state.clone());
        }
        context
    }

    /// The same on a resource of the Region that is requested.
    fn in_requested_region(&self) -> Option<Self> {
        let Some(KeyState::Values(regions)) = self.keys.get("aws:requestedregion") else {
            return None;
        };
        let region = match regions.first()?.as_str() {
            UNSPECIFIED_REGION => "",
            region => region,
        };
        let mut parts = self.resource.splitn(6, ':').collect::<Vec<_>>();
        *parts.get_mut(3)? = region;
        Some(Asked { resource: parts.join(":"), ..self.clone() })
    }

    /// The verdict of levels. Keys that only others ask for are those of an ordinary request.
    pub(super) fn verdict(&self, levels: &Levels) -> Verdict {
        let mut context = self.context();
        for key in levels.keys().filter(|key| !self.keys.contains_key(*key)) {
            context.set(key, self.implied(key));
        }
        let request = Request { action: &self.action, resource: &self.resource };
        levels.decide(request, &context).verdict
    }

    fn implied(&self, key: &str) -> KeyState {
        let is_of = |it: &crate::key::Key| it.is_of(&self.action);
        if crate::key::find(key).is_some_and(|it| !is_of(it)) {
            return KeyState::Absent;
        }
        let region = Arn::parse(&self.resource).map(|arn| arn.region).filter(|it| !it.is_empty());
        let first = preferred(key, region.unwrap_or("us-east-1")).into_iter().next();
        first.or_else(|| ordinary_state(key)).unwrap_or(KeyState::Absent)
    }

    pub(super) fn words(&self) -> String {
        let keys = self.keys.iter().map(|(key, state)| {
            let name =
                crate::key::find(key).map_or(key.as_str(), |known| match known.key.contains('*') {
                    true => key.as_str(),
                    false => known.key.as_str(),
                });
            match state {
                KeyState::Values(values) => format!("{name} {}", values.join(", ")),
                KeyState::Absent => format!("no {name}"),
                _ => format!("some {name}"),
            }
        });
        let keys = keys.collect::<Vec<_>>().join("; ");
        let keys = if keys.is_empty() { keys } else { format!(" ({keys})") };
        format!("{} on {}{keys}", self.action, self.resource)
    }
}

impl Subject<'_> {
    /// The verdicts on a request with a fault and without it, if they differ.
    pub(super) fn prove_request(
        &self,
        part: &Part,
        asked: &Asked,
        repaired: &Repaired,
        repair: &str,
    ) -> Option<Proof> {
        let unchanged = self.unchanged(part)?;
        let pairs = [(&unchanged.whole, &repaired.whole), (&unchanged.alone, &repaired.alone)];
        pairs.into_iter().find_map(|(document, repaired)| {
            let of = |document| asked.verdict(&self.levels(document, !part.is_deny()));
            differ(asked.words(), of(document), repair, of(repaired))
        })
    }

    /// The same, for the document as a whole only.
    pub(super) fn prove_whole(
        &self,
        part: &Part,
        asked: &Asked,
        repaired: &Repaired,
        repair: &str,
    ) -> Option<Proof> {
        let of = |document| asked.verdict(&self.levels(document, !part.is_deny()));
        differ(asked.words(), of(&self.document), repair, of(&repaired.whole))
    }

    /// The same for a request that the statement without the fault applies to.
    pub(super) fn prove_by_repaired(
        &self,
        part: &Part,
        repaired: &Repaired,
        repair: &str,
    ) -> Option<Proof> {
        let asked = request_for(&repaired.part(part)?, &[], &[])?;
        self.prove_request(part, &asked, repaired, repair)
    }

    /// The same for a request on which all but the tests of a key hold: with the values of that key that tell
    /// both documents apart, those given first.
    pub(super) fn prove_by_states(
        &self,
        part: &Part,
        repaired: &Repaired,
        key: &str,
        first: &[KeyState],
        repair: &str,
    ) -> Option<Proof> {
        let new = repaired.part(part)?;
        let mut node = new.node.clone();
        for clause in new.tests(key) {
            super::edit::take_condition(&mut node, &clause.operator, clause.key());
        }
        let rest = self.repaired(part, |old| *old = node.clone())?.part(part)?;
        let asked = request_for(&rest, &[], &[])?;
        let clauses = part.tests(key).chain(new.tests(key)).collect::<Vec<_>>();
        let region = Arn::parse(&asked.resource).map(|arn| arn.region).filter(|it| !it.is_empty());
        let key = key.to_ascii_lowercase();
        let (states, _) = candidates(&key, &clauses, region.unwrap_or("us-east-1"));
        first.iter().cloned().chain(states).find_map(|state| {
            let mut asked = asked.clone();
            asked.keys.insert(key.clone(), state);
            self.prove_request(part, &asked, repaired, repair)
        })
    }
}

impl Repaired {
    /// The changed statement.
    pub(super) fn part(&self, part: &Part) -> Option<Part> {
        let node = super::edit::member(&self.alone.source, "Statement")?.one_or_many().first()?;
        let statement = self.alone.statements.first()?;
        Some(Part::new(part.place, part.path.clone(), node.clone(), statement))
    }
}

/// A request that a statement applies to, with some keys as given.
pub(super) fn request_for(
    part: &Part,
    fixed: &[(&str, KeyState)],
    actions: &[&str],
) -> Option<Asked> {
    let of_statement = part.entries(part.action_element());
    let concrete_actions = of_statement.iter().flat_map(|entry| {
        let known = crate::action::matching(entry.text).next().map(str::to_owned);
        known.into_iter().chain([entry.text.replace('*', "Example").replace('?', "E")])
    });
    let tried = actions.iter().chain(&ACTIONS).map(|it| (*it).to_owned()).chain(concrete_actions);
    let tried = tried.filter(|action| part.is_about(action)).collect::<Vec<_>>();
    let resources = part.entries(part.resource_element());
    let resources = resources.iter().flat_map(|entry| {
        [with_variables(entry.text).as_str(), entry.text].map(|it| concrete(it, &placeholder_value))
    });
    let resources = resources.filter(|text| text != "example").collect::<Vec<_>>();
    let by_action = |action: &str| match action {
        _ if action.starts_with("bedrock-mantle:Create") => {
            format!("arn:aws:bedrock-mantle:us-east-1:{ACCOUNT}:project/default")
        }
        _ if action.starts_with("bedrock:InvokeModel") => MODEL.to_owned(),
        _ => "*".to_owned(),
    };
    tried.into_iter().take(40).find_map(|action| {
        let own = [by_action(&action), "*".to_owned(), MODEL.to_owned()];
        resources.iter().cloned().chain(own).find_map(|resource| {
            let keys = keys_for(part, fixed, &resource, &action)?;
            let asked = Asked { action: action.clone(), resource, keys };
            let tried = [asked.in_requested_region(), Some(asked)];
            tried.into_iter().flatten().find(|asked| applies(&part.statement, asked))
        })
    })
}

fn applies(statement: &Statement, asked: &Asked) -> bool {
    let request = Request { action: &asked.action, resource: &asked.resource };
    statement.applies(request, &asked.context()) == Truth::True
}

/// Values of keys on which all conditions of a statement hold.
fn keys_for(
    part: &Part,
    fixed: &[(&str, KeyState)],
    resource: &str,
    action: &str,
) -> Option<BTreeMap<String, KeyState>> {
    let mut keys = BTreeMap::new();
    for (key, state) in fixed {
        keys.insert(key.to_ascii_lowercase(), state.clone());
    }
    for variable in part.statement.variable_keys().map(str::to_ascii_lowercase) {
        keys.entry(variable).or_insert_with(|| KeyState::value("example"));
    }
    let of_clauses = part.clauses.iter().map(|it| it.condition.key_in_lower_case.clone());
    let region = Arn::parse(resource).map(|arn| arn.region).filter(|it| !it.is_empty());
    for key in of_clauses.collect::<BTreeSet<_>>() {
        if keys.contains_key(&key) {
            continue;
        }
        let clauses = part.tests(&key).collect::<Vec<_>>();
        let mut context = Context::default();
        for (key, state) in &keys {
            context.set(key, state.clone());
        }
        let is_lacking =
            crate::key::find(&key).is_some_and(|it| !it.is_of(action)).then_some(KeyState::Absent);
        let candidates = match is_lacking {
            Some(absent) => vec![absent],
            None => candidates(&key, &clauses, region.unwrap_or("us-east-1")).0,
        };
        let state = candidates.into_iter().find(|state| {
            context.set(&key, state.clone());
            clauses.iter().all(|it| it.condition.holds(&context) == Truth::True)
        })?;
        keys.insert(key, state);
    }
    Some(keys)
}
