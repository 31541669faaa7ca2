//! Decides what three values leave open, by trying every value that could matter.
//!
//! Two statements may exclude each other (one denies with a tag, another without it): each alone is unknown,
//! and still no value lets the request pass. For each open key, *witnesses* are enough: for every value there
//! is one on which the same conditions hold. Keys for which that is not sure stay open, which is always right.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use bedrock::denial::PolicyType;

use crate::condition::{Condition, Literal};
use crate::document::{Request, Statement};
use crate::evaluate::{Decision, Level, Reason, ReasonEffect, Verdict, decide};
use crate::glob::{Glob, symbols, witnesses_of_lists};
use crate::key::{self, Key, KeyType, KeyValues};
use crate::known::{Context, KeyState};
use crate::operator::{Comparison, Quantifier};

/// The most combinations of witnesses that are tried.
const MAX_COMBINATIONS: usize = 1_024;

/// The most steps of the search for the witnesses of a key: tenths of a second. A key whose patterns take more stays
/// open.
const MAX_STEPS: usize = 2_000_000;

/// What was found for a key, or that it takes too long.
type Witnesses = Option<Arc<[String]>>;

/// All policies that a principal is subject to.
#[derive(Debug)]
pub struct Levels {
    levels: Vec<Level>,
    /// Why there may be others, of which nothing is known.
    missing: Option<String>,
    /// The types of policies of which there may be others: no Allow among them proves nothing.
    incomplete: BTreeSet<&'static str>,
    /// Levels that may apply, or not.
    elsewhere: Option<Box<Levels>>,
    /// Keys of conditions and variables, in lower case, with what the table says of each.
    keys: Vec<(String, Option<&'static Key>)>,
    /// The keys that have witnesses.
    with_witnesses: BTreeSet<String>,
    /// The witnesses that were needed so far, by key and by what its value is like.
    witnesses: Mutex<BTreeMap<(String, Vec<String>), Witnesses>>,
}

impl Levels {
    /// Prepares policies.
    pub fn new(levels: Vec<Level>) -> Self {
        let mut keys = BTreeSet::new();
        let mut of_variables = BTreeSet::new();
        for statement in statements(&levels) {
            keys.extend(statement.conditions().iter().map(|it| it.key.to_ascii_lowercase()));
            of_variables.extend(statement.variable_keys().map(str::to_ascii_lowercase));
            if statement.names_principals() {
                let keys = ["aws:principalarn", "aws:principalaccount"].map(str::to_owned);
                of_variables.extend(keys);
            }
        }
        // What a variable or a Principal makes of a value is not covered by witnesses of the key.
        let has_witnesses = |key: &&String| {
            !of_variables.contains(*key) && conditions(&levels, key).all(has_witnesses)
        };
        let is_single = |key: &&String| {
            key::find(key).is_some_and(|key| {
                key.values == KeyValues::One
                    && matches!(key.key_type, KeyType::Text | KeyType::Arn | KeyType::Bool)
            })
        };
        let with_witnesses = keys.iter().filter(is_single).filter(has_witnesses);
        let with_witnesses = with_witnesses.cloned().collect();
        keys.extend(of_variables);
        let keys = keys.into_iter().map(|key| (key.clone(), key::find(&key))).collect();
        Levels {
            levels,
            missing: None,
            incomplete: BTreeSet::new(),
            elsewhere: None,
            keys,
            with_witnesses,
            witnesses: Mutex::default(),
        }
    }

    /// Says that there may be other levels; without them, nothing is allowed for sure.
    pub fn without(mut self, missing: &str) -> Self {
        self.missing = Some(match self.missing {
            Some(other) => format!("{other}; {missing}"),
            None => missing.to_owned(),
        });
        self
    }

    /// Says that there may be other policies of a type: what the known ones do not allow, these may.
    pub fn without_policies(mut self, policy_type: PolicyType, missing: &str) -> Self {
        self.incomplete.insert(policy_type.as_str());
        self.without(missing)
    }

    /// Adds levels that may apply, or not: where they do not allow, nothing is allowed for sure.
    pub fn with_elsewhere(mut self, levels: Vec<Level>) -> Self {
        if !levels.is_empty() {
            let levels = Levels::new(levels);
            let is_new = |key: &&(String, _)| !self.keys.iter().any(|(known, _)| *known == key.0);
            let new = levels.keys.iter().filter(is_new).cloned().collect::<Vec<_>>();
            self.keys.extend(new);
            self.elsewhere = Some(Box::new(levels));
        }
        self
    }

    /// Why there may be other levels.
    pub fn missing(&self) -> Option<&str> {
        self.missing.as_deref()
    }

    /// The levels.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// Whether others are the same policies at the same nodes.
    pub fn is_same(&self, other: &Levels) -> bool {
        let is_same_level = |(one, other): (&Level, &Level)| {
            let mut policies = one.policies.iter().zip(&other.policies);
            (one.policy_type, &one.node) == (other.policy_type, &other.node)
                && one.policies.len() == other.policies.len()
                && policies.all(|(one, other)| Arc::ptr_eq(one, other))
        };
        // Where levels are missing, the change may be in them.
        self.missing.is_none()
            && other.missing.is_none()
            && self.levels.len() == other.levels.len()
            && self.levels.iter().zip(&other.levels).all(is_same_level)
    }

    /// The same by type, if there are several types: the missing levels are of SCPs.
    pub(crate) fn by_type(&self) -> Vec<(PolicyType, Levels)> {
        let types = self.levels.iter().map(|level| level.policy_type);
        let of_missing = self.missing.as_ref().map(|_| PolicyType::ServiceControl);
        let types = types.chain(of_missing).collect::<BTreeSet<_>>();
        if types.len() < 2 {
            return Vec::new();
        }
        let of_type = |policy_type: PolicyType| {
            let levels = self.levels.iter().filter(|level| level.policy_type == policy_type);
            let levels = Levels::new(levels.cloned().collect());
            let missing = self.missing.clone();
            let missing = missing.filter(|_| policy_type == PolicyType::ServiceControl);
            (policy_type, Levels { missing, ..levels })
        };
        types.into_iter().map(of_type).collect()
    }

    /// The conditions on a key, by its name in lower case.
    pub(crate) fn conditions_of<'a>(
        &'a self,
        key: &'a str,
    ) -> impl Iterator<Item = &'a Condition> + 'a {
        conditions(&self.levels, key)
    }

    /// The keys that the policies ask for, in lower case.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.known_keys().map(|(key, _)| key)
    }

    /// The same with what the table says of each.
    pub(crate) fn known_keys(&self) -> impl Iterator<Item = (&str, Option<&'static Key>)> {
        self.keys.iter().map(|(key, known)| (key.as_str(), *known))
    }

    /// Decides on one request.
    pub fn decide(&self, request: Request<'_>, context: &Context) -> Decision<'_> {
        let found = self.decide_known(request, context);
        if found.verdict != Verdict::Allowed {
            return found;
        }
        let elsewhere = self.elsewhere.as_ref().map(|it| it.decide_known(request, context));
        if let Some(other) = elsewhere.filter(|other| other.verdict != Verdict::Allowed) {
            let Decision { verdict, mut reasons, mut unknown } = other;
            if verdict == Verdict::Denied {
                reasons.retain(denies);
                unknown.clear();
            }
            for reason in &mut reasons {
                reason.effect = ReasonEffect::Open;
            }
            return Decision { verdict: Verdict::Indeterminate, reasons, unknown };
        }
        match self.missing {
            Some(_) => Decision { verdict: Verdict::Indeterminate, reasons: Vec::new(), ..found },
            None => found,
        }
    }

    /// Decides in three values.
    fn decide_open(&self, request: Request<'_>, context: &Context) -> Decision<'_> {
        let mut found = decide(&self.levels, request, context);
        let is_open = |reason: &Reason<'_>| {
            reason.effect == ReasonEffect::Implicit
                && self.incomplete.contains(reason.level.policy_type.as_str())
        };
        if found.verdict == Verdict::Denied && found.reasons.iter().any(is_open) {
            found.reasons.retain(|reason| !is_open(reason));
            if !found.reasons.iter().any(denies) {
                found.verdict = Verdict::Indeterminate;
            }
        }
        found
    }

    fn decide_known(&self, request: Request<'_>, context: &Context) -> Decision<'_> {
        let open = self.decide_open(request, context);
        if open.verdict != Verdict::Indeterminate {
            return open;
        }
        let mut states = Vec::new();
        let mut n_combinations = 1_usize;
        for key in open.unknown.iter().map(|key| key.to_ascii_lowercase()).collect::<BTreeSet<_>>()
        {
            let state = context.state(&key);
            let like = if let KeyState::Like(like) = state { like.as_slice() } else { &[] };
            let Some(values) = self.witnesses_of(&key, like) else { continue };
            let absent = (*state == KeyState::Unknown).then_some(KeyState::Absent);
            let of_key = values.iter().map(KeyState::value).chain(absent).collect::<Vec<_>>();
            if n_combinations * of_key.len() <= MAX_COMBINATIONS {
                n_combinations *= of_key.len();
                states.push((key, of_key));
            }
        }
        if states.is_empty() {
            return open;
        }
        self.decide_by_witnesses(request, context, &states).unwrap_or(open)
    }

    /// The decision, if it is the same for every combination.
    fn decide_by_witnesses(
        &self,
        request: Request<'_>,
        context: &Context,
        states: &[(String, Vec<KeyState>)],
    ) -> Option<Decision<'_>> {
        let mut all: Option<Decision<'_>> = None;
        let mut places = vec![0; states.len()];
        let mut context = context.clone();
        loop {
            for ((key, states), place) in states.iter().zip(&places) {
                context.set(key, states[*place].clone());
            }
            let one = self.decide_open(request, &context);
            match &mut all {
                _ if one.verdict == Verdict::Indeterminate => return None,
                Some(all) if all.verdict != one.verdict => return None,
                Some(all) => {
                    let is_new = |reason: &Reason<'_>| !all.reasons.iter().any(|it| it.is(reason));
                    let new = one.reasons.into_iter().filter(is_new).collect::<Vec<_>>();
                    all.reasons.extend(new);
                    all.unknown.extend(one.unknown);
                }
                None => all = Some(one),
            }
            // The next combination, as a number with a digit for each key.
            let mut digit = 0;
            while digit < places.len() {
                places[digit] += 1;
                if places[digit] < states[digit].1.len() {
                    break;
                }
                places[digit] = 0;
                digit += 1;
            }
            if digit == places.len() {
                return all;
            }
        }
    }

    fn witnesses_of(&self, key: &str, like: &[String]) -> Witnesses {
        if !self.with_witnesses.contains(key) {
            return None;
        }
        // What another thread has found is as good, even if that thread has ended since.
        let mut known = self.witnesses.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.entry((key.to_owned(), like.to_vec()));
        found.or_insert_with(|| self.find_witnesses(key, like)).clone()
    }

    fn find_witnesses(&self, key: &str, like: &[String]) -> Witnesses {
        if key::find(key).is_some_and(|key| key.key_type == KeyType::Bool) {
            return Some(["true", "false"].map(str::to_owned).into());
        }
        let within = like.iter().map(|text| Glob::text(&symbols(text), true, false));
        let within = within.collect::<Vec<_>>();
        // What matches none of these texts does not tell them apart.
        let is_open =
            |glob: &&Glob| within.is_empty() || within.iter().any(|within| !glob.is_apart(within));
        // A condition asks whether one of its values matches; which one does not matter.
        let lists = conditions(&self.levels, key)
            .map(|condition| globs(condition).filter(is_open).collect::<BTreeSet<_>>())
            .collect::<BTreeSet<_>>();
        let lists = lists.into_iter().filter(|list| !list.is_empty());
        let lists = lists.map(|list| list.into_iter().collect()).collect::<Vec<Vec<&Glob>>>();
        if lists.is_empty()
            && let Some(first) = like.iter().find(|text| !text.contains(['*', '?']))
        {
            return Some([first.clone()].into());
        }
        witnesses_of_lists(&lists, &within, MAX_STEPS).map(Into::into)
    }
}

/// The patterns of a condition.
fn globs(condition: &Condition) -> impl Iterator<Item = &Glob> {
    condition.values.iter().filter_map(|literal| match literal {
        Literal::Pattern(pattern) => pattern.glob(),
        _ => None,
    })
}

/// Whether a reason of a denial is not only open.
fn denies(reason: &Reason<'_>) -> bool {
    matches!(reason.effect, ReasonEffect::Explicit | ReasonEffect::Implicit)
}

impl Reason<'_> {
    /// Whether both are the same.
    fn is(&self, other: &Reason<'_>) -> bool {
        let of = |reason: &Reason<'_>| {
            let statement = reason.statement.map(|(_, statement)| std::ptr::from_ref(statement));
            (reason.effect, std::ptr::from_ref(reason.level), statement)
        };
        of(self) == of(other)
    }
}

fn statements(levels: &[Level]) -> impl Iterator<Item = &Statement> {
    let policies = levels.iter().flat_map(|level| &level.policies);
    policies.flat_map(|policy| &policy.document.statements)
}

/// The conditions on a key.
fn conditions<'a>(levels: &'a [Level], key: &'a str) -> impl Iterator<Item = &'a Condition> {
    let conditions = statements(levels).flat_map(Statement::conditions);
    conditions.filter(move |condition| condition.key.eq_ignore_ascii_case(key))
}

/// Whether witnesses tell all that a condition tells: patterns of one value without variables, and presence.
fn has_witnesses(condition: &Condition) -> bool {
    let is_plain = |literal: &Literal| match literal {
        Literal::Pattern(pattern) => pattern.keys().next().is_none(),
        _ => false,
    };
    match condition.test.operator.comparison {
        Comparison::Null | Comparison::Bool => condition.test.quantifier != Quantifier::All,
        Comparison::Text { .. } | Comparison::Arn => {
            condition.test.quantifier == Quantifier::One && condition.values.iter().all(is_plain)
        }
        _ => false,
    }
}
