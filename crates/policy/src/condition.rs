//! Conditions: one test of one key against the values of a policy.

mod covered;

use ipnet::IpNet;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::decimal::Decimal;
use crate::glob::{Glob, Symbol, inclusion};
use crate::known::{Context, KeyState, Truth};
use crate::operator::{Comparison, Quantifier, Test};
use crate::template::{Resolved, Template};

/// A test of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) test: Test,
    /// As the policy writes it.
    pub(crate) key: String,
    pub(crate) key_in_lower_case: String,
    pub(crate) values: Vec<Literal>,
    /// The values as the policy writes them.
    pub(crate) texts: Vec<String>,
}

/// A value of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Literal {
    Pattern(Pattern),
    Number(Decimal),
    Date(Timestamp),
    /// In lower case.
    Bool(&'static str),
    Binary(String),
    Address(IpNet),
    Null(bool),
}

/// What a pattern is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Resource,
    Arn,
    Text { has_wildcards: bool, ignores_case: bool },
}

/// A pattern that may have variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    template: Template,
    form: Form,
    /// Without variables: the pattern, or that it matches nothing.
    fixed: Option<Option<Glob>>,
}

/// What a pattern is for a call.
enum Current<'a> {
    Fixed(&'a Glob),
    Resolved(Glob),
    MatchesNothing,
    Unresolvable,
    Unknown { keys: BTreeSet<String>, needed: BTreeSet<String> },
}

/// Whether a pattern matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Matched {
    pub(crate) truth: Truth,
    /// The keys without which a variable would have no value, and the statement would not apply.
    pub(crate) needed: BTreeSet<String>,
}

impl Pattern {
    /// Reads a pattern. `Err` is a variable without an end.
    pub(crate) fn read(text: &str, form: Form, has_variables: bool) -> Result<Self, ()> {
        let template = Template::read(text, has_variables)?;
        let fixed = template.plain().map(|symbols| form.glob(symbols));
        Ok(Pattern { template, form, fixed })
    }

    /// The pattern, if it has no variables and matches something.
    pub(crate) fn glob(&self) -> Option<&Glob> {
        self.fixed.as_ref()?.as_ref()
    }

    /// The characters, if it has no variables.
    pub(crate) fn plain(&self) -> Option<&[Symbol]> {
        self.template.plain()
    }

    /// The characters, with one value in place of every variable.
    pub(crate) fn with_variables(&self, value: &str) -> Vec<Symbol> {
        self.template.with_variables(value)
    }

    /// Whether it matches all that another one matches. Of a pattern with variables, that is known of the same
    /// pattern only.
    pub(crate) fn covers(&self, other: &Pattern) -> bool {
        let globs = self.glob().zip(other.glob());
        self == other || globs.is_some_and(|(own, other)| inclusion::covers(own, other))
    }

    /// The keys of its variables.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.template.keys()
    }

    fn current(&self, context: &Context) -> Current<'_> {
        match &self.fixed {
            Some(Some(glob)) => return Current::Fixed(glob),
            Some(None) => return Current::MatchesNothing,
            None => {}
        }
        match self.template.resolve(context) {
            Resolved::Unresolvable => Current::Unresolvable,
            Resolved::Unknown { keys, needed } => Current::Unknown { keys, needed },
            Resolved::Symbols(symbols) => match self.form.glob(&symbols) {
                Some(glob) => Current::Resolved(glob),
                None => Current::MatchesNothing,
            },
        }
    }

    /// Whether it matches a text; `None` if the statement does not apply, because a variable has no value.
    pub(crate) fn is_match(&self, text: &str, context: &Context) -> Option<Matched> {
        let (truth, needed) = match self.current(context) {
            Current::Fixed(glob) => (glob.is_match(text).into(), BTreeSet::new()),
            Current::Resolved(glob) => (glob.is_match(text).into(), BTreeSet::new()),
            Current::MatchesNothing => (Truth::False, BTreeSet::new()),
            Current::Unresolvable => return None,
            Current::Unknown { keys, needed } => (Truth::Unknown(keys), needed),
        };
        Some(Matched { truth, needed })
    }
}

impl Form {
    fn glob(self, symbols: &[Symbol]) -> Option<Glob> {
        match self {
            Form::Resource => Some(Glob::resource(symbols)),
            Form::Arn => Glob::arn(symbols),
            Form::Text { has_wildcards, ignores_case } => {
                Some(Glob::text(symbols, has_wildcards, ignores_case))
            }
        }
    }
}

impl Literal {
    /// Reads a value of a policy. `Err` says what was expected.
    pub(crate) fn read(
        text: &str,
        comparison: Comparison,
        has_variables: bool,
    ) -> Result<Self, &'static str> {
        let pattern = |form| {
            let read = Pattern::read(text, form, has_variables);
            read.map(Literal::Pattern).map_err(|()| "a variable that ends with `}`")
        };
        match comparison {
            Comparison::Text { has_wildcards, ignores_case } => {
                pattern(Form::Text { has_wildcards, ignores_case })
            }
            Comparison::Arn => pattern(Form::Arn),
            Comparison::Number(_) => Decimal::parse(text).map(Literal::Number).ok_or("a number"),
            Comparison::Date(_) => date(text)
                .map(Literal::Date)
                .ok_or("a time, such as 2026-10-05T00:00:00Z, or seconds since 1970"),
            Comparison::Bool => {
                flag(text).map(|flag| Literal::Bool(flag_text(flag))).ok_or("true or false")
            }
            Comparison::Null => flag(text).map(Literal::Null).ok_or("true or false"),
            Comparison::Binary => Ok(Literal::Binary(text.to_owned())),
            Comparison::Address => {
                network(text).map(Literal::Address).ok_or("an IP address or a CIDR block")
            }
        }
    }

    /// Whether any value at all passes.
    fn is_everything(&self) -> bool {
        let Literal::Pattern(pattern) = self else { return false };
        pattern.glob().is_some_and(Glob::is_everything)
    }

    /// Whether a value of a request passes; `None` if a variable has no value.
    fn is_match(&self, value: &str, test: Test, context: &Context) -> Option<Truth> {
        let found = match (self, test.operator.comparison) {
            (Literal::Pattern(pattern), _) => {
                return pattern.is_match(value, context).map(|matched| matched.truth);
            }
            (Literal::Number(number), Comparison::Number(order)) => {
                Decimal::parse(value).is_some_and(|value| order.holds(value.cmp(number)))
            }
            (Literal::Date(time), Comparison::Date(order)) => {
                date(value).is_some_and(|value| order.holds(value.cmp(time)))
            }
            (Literal::Bool(flag), _) => value.eq_ignore_ascii_case(flag),
            (Literal::Binary(text), _) => value == text,
            (Literal::Address(network), _) => {
                value.parse::<IpAddr>().is_ok_and(|address| network.contains(&address))
            }
            // A literal is read by its comparison, and `Null` asks for no value.
            (Literal::Number(_) | Literal::Date(_) | Literal::Null(_), _) => false,
        };
        Some(found.into())
    }
}

impl Condition {
    /// Whether a value has a variable.
    pub(crate) fn has_variables(&self) -> bool {
        let mut patterns = self.values.iter().filter_map(|literal| match literal {
            Literal::Pattern(pattern) => Some(pattern),
            _ => None,
        });
        patterns.any(|pattern| pattern.keys().next().is_some())
    }

    /// Whether it tests the same key in the same way as another one.
    fn has_test_of(&self, other: &Condition) -> bool {
        let of = |it: &Condition| {
            let Test { operator, quantifier, if_exists } = it.test;
            (operator.comparison, operator.is_negated, quantifier, if_exists)
        };
        of(self) == of(other) && self.key_in_lower_case == other.key_in_lower_case
    }

    /// Whether it asks the same as another one, in whatever order.
    pub(crate) fn is_same(&self, other: &Condition) -> bool {
        self.has_test_of(other)
            && self.values.iter().all(|it| other.values.contains(it))
            && other.values.iter().all(|it| self.values.contains(it))
    }

    /// Whether it holds.
    pub(crate) fn holds(&self, context: &Context) -> Truth {
        let state = context.state_of_lower(&self.key_in_lower_case);
        if self.test.operator.comparison == Comparison::Null {
            return self.is_null(state);
        }
        let mut all_needed = BTreeSet::new();
        for literal in &self.values {
            let Literal::Pattern(pattern) = literal else { continue };
            match pattern.current(context) {
                Current::Unresolvable => return Truth::False,
                Current::Unknown { needed, .. } => all_needed.extend(needed),
                Current::Fixed(_) | Current::Resolved(_) | Current::MatchesNothing => {}
            }
        }
        let found = match state {
            KeyState::Absent => self.of_absent(),
            KeyState::Values(values) if values.is_empty() => self.of_absent(),
            KeyState::Values(values) => self.of_values(values, context),
            KeyState::Present | KeyState::Like(_) => self.of_any_value(),
            KeyState::Unknown => match (self.of_absent(), self.of_any_value()) {
                (absent, present) if absent == present => absent,
                _ => Truth::of_key(&self.key),
            },
        };
        found.and(|| Truth::needs(all_needed))
    }

    fn is_null(&self, state: &KeyState) -> Truth {
        let asks_for = |flag| self.values.contains(&Literal::Null(flag));
        let absent = match state {
            KeyState::Absent => true,
            KeyState::Values(values) => values.is_empty(),
            KeyState::Present | KeyState::Like(_) => false,
            KeyState::Unknown if asks_for(true) == asks_for(false) => true,
            KeyState::Unknown => return Truth::of_key(&self.key),
        };
        asks_for(absent).into()
    }

    fn of_absent(&self) -> Truth {
        let holds = match self.test.quantifier {
            _ if self.test.if_exists => true,
            Quantifier::All => true,
            Quantifier::Any => false,
            Quantifier::One => self.test.operator.is_negated,
        };
        holds.into()
    }

    /// For a value that is not known.
    fn of_any_value(&self) -> Truth {
        let is_negated = self.test.operator.is_negated;
        if self.values.is_empty() {
            return is_negated.into();
        }
        if self.values.iter().any(Literal::is_everything) {
            return (!is_negated).into();
        }
        Truth::of_key(&self.key)
    }

    fn of_values(&self, values: &[String], context: &Context) -> Truth {
        let of_value = |value: &String| {
            let matches = self.values.iter().fold(Truth::False, |found, literal| {
                let of_literal = || literal.is_match(value, self.test, context);
                found.or(|| of_literal().unwrap_or(Truth::False))
            });
            if self.test.operator.is_negated { matches.not() } else { matches }
        };
        let mut of_values = values.iter().map(of_value);
        match self.test.quantifier {
            Quantifier::All => of_values.fold(Truth::True, |all, one| all.and(|| one)),
            Quantifier::Any => of_values.fold(Truth::False, |any, one| any.or(|| one)),
            Quantifier::One if values.len() == 1 => of_values.next().unwrap_or(Truth::False),
            // AWS does not say what several values mean without `ForAllValues` or `ForAnyValue`.
            Quantifier::One => Truth::of_key(&self.key),
        }
    }
}

fn flag(text: &str) -> Option<bool> {
    [true, false].into_iter().find(|flag| text.eq_ignore_ascii_case(flag_text(*flag)))
}

fn flag_text(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// A time: RFC 3339, a day, a time without an offset (UTC), or seconds since 1970.
pub(crate) fn date(text: &str) -> Option<Timestamp> {
    const MIN_EPOCH_DIGITS: usize = 5;
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.len() >= MIN_EPOCH_DIGITS && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Timestamp::from_second(text.parse().ok()?).ok();
    }
    let of_civil = |time: DateTime| time.to_zoned(TimeZone::UTC).ok().map(|it| it.timestamp());
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    match text.len() {
        10 => of_civil(text.parse::<Date>().ok()?.to_datetime(jiff::civil::Time::midnight())),
        _ => {
            let without_zone = text.strip_suffix('Z').unwrap_or(text);
            of_civil(without_zone.parse().ok()?)
        }
    }
}
