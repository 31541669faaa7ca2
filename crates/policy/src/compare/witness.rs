//! A request for a part of a difference: the shortest that can be had, checked by evaluating both documents.

use std::collections::{BTreeMap, BTreeSet};

use super::area::Area;
use super::class::{Choice, Cost};
use super::example::{self, OTHER_VALUES};
use super::space::{Kind, Open, Space};
use super::{Outcome, Witness};
use crate::condition::{Condition, Literal, Pattern};
use crate::document::{Document, Effect, Request, Statement};
use crate::known::{Context, KeyState, Truth};

/// The most parts of a difference for which a request is looked for.
const MAX_PARTS: usize = 64;

/// The most requests that are tried for a part.
const MAX_REQUESTS: usize = 512;

/// The most examples of one key, or of the resource, that are tried.
const MAX_CHOICES: usize = 8;

pub(super) struct Search<'a> {
    pub(super) space: &'a Space<'a>,
    pub(super) old: &'a Document,
    pub(super) new: &'a Document,
}

/// What is tried for a part.
struct Candidates {
    action: String,
    resources: Vec<String>,
    keys: Vec<OfKey>,
}

/// The states of a key that are tried.
struct OfKey {
    key: String,
    states: Vec<KeyState>,
    /// Whether the difference hangs on the key.
    is_shown: bool,
}

impl Search<'_> {
    /// The shortest request of the parts for which the documents differ in the way that is looked for.
    pub(super) fn find(
        &self,
        mut parts: Vec<Area>,
        is_asked: impl Fn(Outcome, Outcome) -> bool,
    ) -> Option<Witness> {
        parts.sort_by_cached_key(|part| self.cost(part));
        parts.iter().take(MAX_PARTS).find_map(|part| self.of_part(part, &is_asked))
    }

    /// What the shortest request of a part costs. What is not known comes last.
    fn cost(&self, part: &Area) -> Cost {
        const OPEN: u32 = 100_000;
        let mut cost = Cost::default();
        for (dimension, kind) in self.space.kinds.iter().enumerate() {
            let is_full = self.is_full(part, dimension);
            let is_open = matches!(kind, Kind::Open(_));
            match self.space.dimensions[dimension].choices(&part.sets[dimension]).first() {
                _ if is_open && is_full => {}
                _ if is_open => cost.rank += OPEN,
                Some(best) if !is_full || !matches!(kind, Kind::Key(_)) => {
                    cost.rank += best.cost.rank;
                    cost.n_characters += best.cost.n_characters;
                }
                _ => {}
            }
        }
        cost
    }

    fn is_full(&self, part: &Area, dimension: usize) -> bool {
        part.sets[dimension] == self.space.dimensions[dimension].all()
    }

    fn of_part(
        &self,
        part: &Area,
        is_asked: &impl Fn(Outcome, Outcome) -> bool,
    ) -> Option<Witness> {
        let Candidates { action, resources, keys } = self.candidates(part);
        let mut places = vec![0; keys.len() + 1];
        for _ in 0..MAX_REQUESTS {
            let resource = resources.get(places[0])?;
            let mut context = Context::default();
            for (OfKey { key, states, .. }, place) in keys.iter().zip(&places[1..]) {
                context.set(key, states.get(*place)?.clone());
            }
            let request = Request { action: &action, resource };
            let outcomes =
                (self.old.outcome(request, &context), self.new.outcome(request, &context));
            if let (Some((old, old_statement)), Some((new, new_statement))) = outcomes
                && is_asked(old, new)
            {
                let shown = keys.iter().filter(|of_key| of_key.is_shown);
                let state = |of_key: &OfKey| {
                    (self.spelling(&of_key.key), context.state(&of_key.key).clone())
                };
                return Some(Witness {
                    keys: shown.map(state).collect(),
                    action,
                    resource: resource.clone(),
                    old,
                    old_statement,
                    new,
                    new_statement,
                });
            }
            // The next combination, as a number with a digit for each choice.
            let lengths =
                std::iter::once(resources.len()).chain(keys.iter().map(|it| it.states.len()));
            let mut is_last = true;
            for (place, length) in places.iter_mut().zip(lengths) {
                *place += 1;
                if *place < length {
                    is_last = false;
                    break;
                }
                *place = 0;
            }
            if is_last {
                return None;
            }
        }
        None
    }

    fn candidates(&self, part: &Area) -> Candidates {
        let open = self.space.kinds.iter().enumerate().filter_map(|(dimension, kind)| match kind {
            Kind::Open(open) if !self.is_full(part, dimension) => Some(*open),
            _ => None,
        });
        let open = open.collect::<Vec<_>>();
        let open_keys = open.iter().flat_map(|open| keys_of(*open)).collect::<BTreeSet<_>>();
        let mut action = String::new();
        let mut resources = Vec::new();
        let mut keys = BTreeMap::new();
        for (dimension, kind) in self.space.kinds.iter().enumerate() {
            let set = &part.sets[dimension];
            let choices = self.space.dimensions[dimension].choices(set);
            match kind {
                Kind::Action => {
                    action = choices.first().map(|it| it.text().to_owned()).unwrap_or_default();
                }
                Kind::Resource => resources = resources_of(&choices, &action, &open),
                Kind::Key(key) => {
                    let is_shown = !self.is_full(part, dimension) || open_keys.contains(key);
                    let n_choices = if open_keys.contains(key) { MAX_CHOICES } else { 1 };
                    let states = choices.iter().take(n_choices).map(|it| it.state.clone());
                    let states = if is_shown { states.collect() } else { vec![KeyState::Absent] };
                    keys.insert(key.clone(), OfKey { key: key.clone(), states, is_shown });
                }
                Kind::Open(_) => {}
            }
        }
        for key in all_keys(self.old).chain(all_keys(self.new)) {
            if keys.contains_key(&key) {
                continue;
            }
            let is_shown = open_keys.contains(&key);
            let states = if is_shown { states_of(&key, &open) } else { vec![KeyState::Absent] };
            keys.insert(key.clone(), OfKey { key, states, is_shown });
        }
        Candidates { action, resources, keys: keys.into_values().collect() }
    }

    /// A key as a document writes it.
    fn spelling(&self, key: &str) -> String {
        let statements = self.old.statements.iter().chain(&self.new.statements);
        let of_statement = |statement: &'_ Statement| {
            let of_conditions = statement.conditions().iter().map(|it| it.key.clone());
            of_conditions.chain(statement.variable_keys().map(str::to_owned)).collect::<Vec<_>>()
        };
        let mut spellings = statements.flat_map(of_statement);
        spellings.find(|it| it.eq_ignore_ascii_case(key)).unwrap_or_else(|| key.to_owned())
    }
}

impl Document {
    /// What it says of a request by itself, and the first statement that says so; `None` if that is not known.
    fn outcome(&self, request: Request<'_>, context: &Context) -> Option<(Outcome, Option<usize>)> {
        for (effect, outcome) in [(Effect::Deny, Outcome::Denies), (Effect::Allow, Outcome::Allows)]
        {
            let mut is_open = false;
            for statement in self.statements.iter().filter(|it| it.effect == effect) {
                match statement.applies(request, context) {
                    Truth::True => return Some((outcome, Some(statement.index))),
                    Truth::False => {}
                    Truth::Unknown(_) => is_open = true,
                }
            }
            if is_open {
                return None;
            }
        }
        Some((Outcome::Neither, None))
    }
}

fn patterns_of(condition: &Condition) -> impl Iterator<Item = &Pattern> {
    condition.values.iter().filter_map(|literal| match literal {
        Literal::Pattern(pattern) => Some(pattern),
        _ => None,
    })
}

/// The keys that something hangs on, in lower case.
fn keys_of(open: Open<'_>) -> BTreeSet<String> {
    let lower = str::to_ascii_lowercase;
    let keys = match open {
        Open::Condition(condition) => {
            let variables = patterns_of(condition).flat_map(Pattern::keys).map(lower);
            variables.chain([condition.key_in_lower_case.clone()]).collect::<BTreeSet<_>>()
        }
        Open::Resources(statement) => {
            statement.resources().iter().flat_map(Pattern::keys).map(lower).collect()
        }
        Open::Principals => ["aws:principalarn", "aws:principalaccount"].map(str::to_owned).into(),
    };
    // Other names are placeholders that nobody replaced, which no request has.
    keys.into_iter().filter(|key| key.contains(':')).collect()
}

/// All keys of a document, in lower case.
fn all_keys(document: &Document) -> impl Iterator<Item = String> {
    let of_statement = |statement: &'_ Statement| {
        let of_conditions = statement.conditions().iter().map(|it| it.key_in_lower_case.clone());
        let of_variables = statement.variable_keys().map(str::to_ascii_lowercase);
        let principals =
            if statement.is_about_everyone() { BTreeSet::new() } else { keys_of(Open::Principals) };
        let all = of_conditions.chain(of_variables).chain(principals);
        all.filter(|key| key.contains(':')).collect::<BTreeSet<_>>()
    };
    document.statements.iter().flat_map(of_statement)
}

/// States of a key that no plain condition is about.
fn states_of(key: &str, open: &[Open<'_>]) -> Vec<KeyState> {
    let mut choices = example::values(key);
    for open in open {
        let Open::Condition(condition) = open else { continue };
        if condition.key_in_lower_case == key {
            choices.extend(condition.texts.iter().map(|it| Choice::value(it, example::WRITTEN)));
        }
    }
    choices.sort();
    let states = choices.into_iter().map(|it| it.state);
    states.take(MAX_CHOICES).chain([KeyState::Absent]).collect()
}

/// The resources that are tried: those that suit the action first, and what variables make of patterns.
fn resources_of(choices: &[&Choice], action: &str, open: &[Open<'_>]) -> Vec<String> {
    let mut choices = choices.to_vec();
    choices.sort_by_key(|it| it.cost.rank + example::resource_rank(action, it.text()));
    let mut texts = choices.iter().map(|it| it.text().to_owned()).collect::<Vec<_>>();
    let mut filled = Vec::new();
    for open in open {
        let Open::Resources(statement) = open else { continue };
        for value in OTHER_VALUES {
            let patterns = statement.resources().iter();
            filled.extend(patterns.map(|it| example::filled(&it.with_variables(value))));
        }
    }
    if filled.is_empty() {
        texts.truncate(1);
    } else {
        texts.truncate(MAX_CHOICES);
    }
    texts.extend(filled);
    texts
}
