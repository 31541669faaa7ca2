//! Calls by class.

use std::collections::{BTreeMap, BTreeSet};

use super::class::Class;
use super::decider::Decider;
use super::evidence::{Evidence, LoggedDenial};
use super::judge::Judged;

/// How many examples a total has.
const MAX_EXAMPLES: usize = 3;

/// Calls that agree in all that counts.
#[derive(Debug, Clone, Copy)]
pub struct Counted<'a> {
    /// How many.
    pub calls: u64,
    /// The time of the first one, in milliseconds since 1970 UTC.
    pub first_ms: i64,
    /// The time of the last one.
    pub last_ms: i64,
    /// The event ID of the first one.
    pub first_event: Option<&'a str>,
    /// Who called.
    pub caller: Option<&'a str>,
    /// The account.
    pub account: Option<&'a str>,
    /// The model.
    pub model: Option<&'a str>,
    /// What the log says of their authorization.
    pub evidence: Evidence,
    /// What it says of their refusal.
    pub denial: LoggedDenial<'a>,
}

/// A call of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Example<'a> {
    /// Its time, in milliseconds since 1970 UTC.
    pub time_ms: i64,
    /// Its event ID.
    pub event_id: &'a str,
}

/// The calls of a class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClassTotal<'a> {
    /// How many.
    pub calls: u64,
    /// Who called.
    pub callers: BTreeSet<&'a str>,
    /// Their accounts.
    pub accounts: BTreeSet<&'a str>,
    /// What they called.
    pub models: BTreeSet<&'a str>,
    /// The time of the first one, in milliseconds since 1970 UTC.
    pub first_ms: Option<i64>,
    /// The time of the last one.
    pub last_ms: Option<i64>,
    /// Some of them, the first ones of different kinds.
    pub examples: Vec<Example<'a>>,
    /// What decides, with the calls of each.
    pub deciders: BTreeMap<Decider, u64>,
    /// The keys that undecided calls hang on, with the calls of each.
    pub unknown: BTreeMap<String, u64>,
    /// Why undecided calls may hang on more, with the calls of each.
    pub missing: BTreeMap<String, u64>,
}

/// Totals by what they are told apart by, and by class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals<'a> {
    rows: BTreeMap<(Vec<Option<&'a str>>, Class), ClassTotal<'a>>,
}

impl<'a> Totals<'a> {
    /// Adds calls, in the order of their first ones.
    pub fn add(&mut self, labels: Vec<Option<&'a str>>, counted: Counted<'a>, judged: &Judged<'_>) {
        self.rows.entry((labels, judged.class)).or_default().add(counted, judged);
    }

    /// The totals in their order: by what they are told apart by, then by class.
    pub fn rows(&self) -> impl Iterator<Item = (&[Option<&'a str>], Class, &ClassTotal<'a>)> {
        self.rows.iter().map(|((labels, class), total)| (labels.as_slice(), *class, total))
    }

    /// How many calls of a class there are.
    pub fn calls(&self, class: Class) -> u64 {
        self.rows().filter(|(_, found, _)| *found == class).map(|(_, _, total)| total.calls).sum()
    }
}

impl<'a> ClassTotal<'a> {
    /// Adds the calls of another total of the class.
    pub fn absorb(&mut self, other: &ClassTotal<'a>) {
        self.calls += other.calls;
        self.callers.extend(&other.callers);
        self.accounts.extend(&other.accounts);
        self.models.extend(&other.models);
        self.first_ms = [self.first_ms, other.first_ms].into_iter().flatten().min();
        self.last_ms = self.last_ms.max(other.last_ms);
        self.examples.extend(&other.examples);
        self.examples.sort_unstable();
        self.examples.truncate(MAX_EXAMPLES);
        for (decider, calls) in &other.deciders {
            *self.deciders.entry(decider.clone()).or_default() += calls;
        }
        for (into, from) in
            [(&mut self.unknown, &other.unknown), (&mut self.missing, &other.missing)]
        {
            for (text, calls) in from {
                *into.entry(text.clone()).or_default() += calls;
            }
        }
    }

    fn add(&mut self, counted: Counted<'a>, judged: &Judged<'_>) {
        let Counted { calls, first_ms, last_ms, .. } = counted;
        self.calls += calls;
        self.callers.extend(counted.caller);
        self.accounts.extend(counted.account);
        self.models.extend(counted.model);
        self.first_ms = Some(self.first_ms.map_or(first_ms, |known| known.min(first_ms)));
        self.last_ms = Some(self.last_ms.map_or(last_ms, |known| known.max(last_ms)));
        if let Some(event_id) = counted.first_event
            && self.examples.len() < MAX_EXAMPLES
        {
            self.examples.push(Example { time_ms: first_ms, event_id });
        }
        for reason in &judged.reasons {
            *self.deciders.entry(Decider::from(reason)).or_default() += calls;
        }
        if judged.reasons.is_empty()
            && judged.class == Class::StillDenied
            && let Evidence::RefusedBy(policy_type) = counted.evidence
        {
            let logged = Decider::logged(policy_type.as_str(), counted.denial.policy_id());
            *self.deciders.entry(logged).or_default() += calls;
        }
        for key in &judged.unknown {
            *self.unknown.entry(key.clone()).or_default() += calls;
        }
        if let Some(missing) = &judged.missing {
            *self.missing.entry(missing.clone()).or_default() += calls;
        }
    }
}
